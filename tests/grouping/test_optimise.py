from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from benchmarks.made_up import made_up_problem
from geodata.errors import NoPlan
from grouping.candidates import list_candidates
from grouping.optimise import solve_partition
from grouping.partition.clock import Clock
from grouping.partition.columns import Columns, SideRow
from grouping.partition.pricing import Relaxation
from grouping.partition.programme import state_programme
from grouping.partition.search import minimise
from grouping.problem import GroupingProblem
from tests.grouping.brute_force import all_plans, random_problem

QUICK = settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


def solved(problem: GroupingProblem) -> tuple[int, int, float] | None:
    try:
        solution = solve_partition(problem)
    except NoPlan as error:
        assert error.report.status == "infeasible"
        return None
    assert solution.status == "optimal"
    assert solution.gap == 0
    return solution.shortfall, solution.exceptions, solution.objective


def groups_of(problem: GroupingProblem) -> list[tuple[int, ...]]:
    number = {code: p for p, code in enumerate(problem.practice_codes)}
    return sorted(tuple(number[code] for code in group.members) for group in solve_partition(problem).plan.groups)


def assert_same(mine: tuple[int, int, float] | None, true: tuple[int, int, float] | None) -> None:
    assert (mine is None) == (true is None)
    if mine is not None and true is not None:
        assert mine[:2] == true[:2]
        assert mine[2] == pytest.approx(true[2], abs=2e-6)


def symmetric_problem(count: int = 8) -> GroupingProblem:
    """Every practice alike, all minutes zero: very many plans of exactly the same score."""
    base = random_problem(3, count)
    sites = len(base.site_codes)
    rules = base.rules.model_copy(
        update={
            "size": base.rules.size.model_copy(
                update={"minimum_urban": 8000, "minimum_rural": 8000, "hard_maximum": 16000}
            ),
            "access": base.rules.access.model_copy(
                update={"max_minutes_between_members": 0.0, "max_minutes_to_hub": 0.0}
            ),
            "exceptions": base.rules.exceptions.model_copy(update={"policy": "allowed", "at_most": -1}),
            "locality": base.rules.locality.model_copy(update={"rule": "free"}),
            "weights": base.rules.weights.model_copy(
                update={"outside_preferred": 0.0, "split_locality": 0.0, "change_of_group": 0.0}
            ),
        }
    )
    return replace(
        base,
        list_size=np.full(count, 4000, np.int64),
        rural_patients=np.zeros(count),
        timed_patients=np.full(count, 4000.0),
        patient_minutes=np.zeros((count, sites)),
        hub_allowed=np.ones(sites, bool),
        adjacency=~np.eye(count, dtype=bool),
        keep_together=("",) * count,
        rules=rules,
    )


def test_ties_are_broken_by_the_sorted_groups() -> None:
    problem = symmetric_problem()
    first = min(plan for value, plan in all_plans(problem) if value == (0, 0, 0.0))
    assert groups_of(problem) == first


def test_ties_among_random_problems_with_coarse_minutes() -> None:
    for seed in range(40):
        problem = random_problem(seed, 7)
        coarse = np.where(np.isinf(problem.patient_minutes), np.inf, 60_000.0)
        weights = problem.rules.weights.model_copy(
            update={"outside_preferred": 0.0, "split_locality": 0.0, "change_of_group": 0.0}
        )
        problem = replace(problem, patient_minutes=coarse, rules=problem.rules.model_copy(update={"weights": weights}))
        plans = all_plans(problem)
        if plans:
            assert groups_of(problem) == plans[0][1]


def relabelled(problem: GroupingProblem, order: np.ndarray) -> GroupingProblem:
    """The same problem with the practices in another order (and so with other codes)."""
    place = np.argsort(order)
    return replace(
        problem,
        list_size=problem.list_size[order],
        rural_patients=problem.rural_patients[order],
        timed_patients=problem.timed_patients[order],
        patient_minutes=problem.patient_minutes[order],
        site_owner=place[problem.site_owner],
        practice_to_site=problem.practice_to_site[order],
        between_practices=problem.between_practices[np.ix_(order, order)],
        adjacency=problem.adjacency[np.ix_(order, order)],
        locality=tuple(problem.locality[p] for p in order),
        current_group=tuple(problem.current_group[p] for p in order),
        keep_together=tuple(problem.keep_together[p] for p in order),
    )


@QUICK
@given(seed=st.integers(0, 10_000), shuffle=st.integers(0, 10_000))
def test_names_of_practices_change_nothing(seed: int, shuffle: int) -> None:
    problem = random_problem(seed, 8)
    order = np.random.default_rng(shuffle).permutation(8)
    mine, other = solved(problem), solved(relabelled(problem, order))
    assert_same(mine, other)


@QUICK
@given(
    seed=st.integers(0, 10_000), what=st.sampled_from(["between", "hub", "maximum", "minimum", "exceptions", "edges"])
)
def test_relaxing_a_limit_never_worsens(seed: int, what: str) -> None:
    problem = random_problem(seed, 8)
    rules = problem.rules
    sections = {
        "between": ("access", {"max_minutes_between_members": 0.0}),
        "hub": ("access", {"max_minutes_to_hub": 0.0}),
        "maximum": ("size", {"hard_maximum": rules.size.hard_maximum + 6000}),
        "minimum": ("size", {"minimum_urban": 0, "minimum_rural": 0}),
        "exceptions": ("exceptions", {"policy": "allowed", "at_most": -1}),
    }
    if what == "edges":
        looser = replace(problem, adjacency=~np.eye(8, dtype=bool))
    else:
        section, values = sections[what]
        changed = getattr(rules, section).model_copy(update=values)
        looser = replace(problem, rules=rules.model_copy(update={section: changed}))
    strict, free = solved(problem), solved(looser)
    if strict is not None:
        assert free is not None
        assert (free[0], free[1], round(free[2], 5)) <= (strict[0], strict[1], round(strict[2], 5))


def test_no_plan_names_the_practice_and_the_rules() -> None:
    problem = random_problem(1, 6)
    lonely = problem.adjacency.copy()
    lonely[2, :] = lonely[:, 2] = False
    exceptions = problem.rules.exceptions.model_copy(update={"policy": "forbidden"})
    rules = problem.rules.model_copy(update={"exceptions": exceptions})
    sizes = problem.list_size.copy()
    sizes[2] = 1500
    problem = replace(problem, adjacency=lonely, list_size=sizes, rules=rules, keep_together=("",) * 6)
    with pytest.raises(NoPlan) as caught:
        solve_partition(problem)
    text = str(caught.value)
    assert "P02" in text
    assert "no adjacent practice" in text
    assert "exceptions" in text
    assert caught.value.report.status == "infeasible"


def test_no_time_still_gives_a_plan_with_an_honest_gap() -> None:
    problem = made_up_problem(0)
    best = solve_partition(problem)
    hurried = solve_partition(problem, time_limit=0.01)
    assert hurried.plan.practice_codes == problem.practice_codes
    assert hurried.status == "feasible"
    assert (hurried.shortfall, hurried.exceptions) >= (best.shortfall, best.exceptions)
    assert 0 <= hurried.gap <= 1
    if (hurried.shortfall, hurried.exceptions) == (best.shortfall, best.exceptions):
        assert hurried.bound <= best.objective


@pytest.mark.parametrize("graph", ["gabriel", "delaunay"])
def test_a_county_is_proven_and_repeats_exactly(graph: str) -> None:
    problem = made_up_problem(2, graph=graph)
    first, second = solve_partition(problem), solve_partition(problem)
    assert first.status == "optimal"
    assert first.plan == second.plan
    assert first.plan.practice_codes == problem.practice_codes
    assert first.explanation == second.explanation


def test_a_proof_by_the_relaxation_alone_is_confirmed_by_the_final_programme() -> None:
    solution = solve_partition(random_problem(7, 6))
    assert solution.programme_columns > 0
    assert solution.report().columns == solution.programme_columns


def test_the_written_programme_can_be_read(tmp_path) -> None:
    problem = random_problem(7, 6)
    listed = list_candidates(problem)
    columns = Columns(6, listed.members, listed.starts, listed.cost)
    programme, _ = state_programme(columns, problem.practice_codes, listed.cost.astype(float))
    programme.writeLP(str(tmp_path / "plan.lp"))
    text = (tmp_path / "plan.lp").read_text(encoding="utf-8")
    assert "cover_0_P00" in text
    assert "group_0_P00" in text


def test_the_bound_is_a_bound_in_whole_numbers() -> None:
    """Prices of practices must explain the bound: no set costs less than its members' prices."""
    problem = made_up_problem(4)
    listed = list_candidates(problem)
    bound = Relaxation(Columns(96, listed.members, listed.starts, listed.cost)).solve()
    prices = np.add.reduceat(bound.prices[listed.members], listed.starts[:-1])
    np.testing.assert_array_equal(listed.cost - prices, bound.reduced)
    assert bound.reduced.min() >= 0
    assert bound.value == bound.prices.sum()


def chain_problem(
    sizes: list[int], hubs: dict[tuple[int, int], float], **section: dict[str, object]
) -> GroupingProblem:
    """Practices in a row, each next to the following only, one site each; `hubs` are minutes from practice to site."""
    count = len(sizes)
    base = symmetric_problem(count)
    minutes = np.full((count, count), 20.0)
    np.fill_diagonal(minutes, 0.0)
    for (practice, site), value in hubs.items():
        minutes[practice, site] = value
    rules = base.rules.model_copy(
        update={name: getattr(base.rules, name).model_copy(update=values) for name, values in section.items()}
    )
    line = np.eye(count, k=1, dtype=bool)
    return replace(
        base,
        list_size=np.array(sizes, np.int64),
        timed_patients=np.array(sizes, float),
        patient_minutes=minutes * np.array(sizes, float)[:, None],
        site_codes=tuple(f"S{i}" for i in range(count)),
        site_owner=np.arange(count),
        hub_allowed=np.ones(count, bool),
        practice_to_site=minutes,
        between_practices=np.maximum(minutes, minutes.T),
        adjacency=line | line.T,
        rules=rules,
    )


def test_of_equal_shortfalls_fewer_exceptions_go_before_a_better_score() -> None:
    """20 | 5 + 25 is one group 10 short; 20 + 5 | 25 is two that are 5 short each, with much shorter drives."""
    sizes = {"minimum_urban": 30_000, "minimum_rural": 30_000, "hard_maximum": 45_000}
    near = {(1, 0): 1.0, (1, 2): 60.0, (2, 1): 60.0}
    problem = chain_problem([20_000, 5_000, 25_000], near, size=sizes)
    solution = solve_partition(problem)
    assert groups_of(problem) == [(0,), (1, 2)]
    assert (solution.shortfall, solution.exceptions) == (10_000, 1)


def test_no_plan_names_a_tag_that_holds_too_many_patients() -> None:
    sizes = {"hard_maximum": 45_000}
    problem = chain_problem([20_000, 15_000, 25_000], {}, size=sizes)
    problem = replace(problem, keep_together=("t", "", "t"))
    with pytest.raises(NoPlan) as caught:
        solve_partition(replace(problem, list_size=np.array([20_000, 15_000, 26_000])))
    assert "the practices tagged 't' have 46,000 patients, above the hard maximum" in str(caught.value)
    with pytest.raises(NoPlan) as caught:
        solve_partition(problem)
    assert "no allowed group holds them all" in str(caught.value)


def test_no_plan_names_a_practice_whose_neighbours_are_too_far() -> None:
    problem = chain_problem(
        [9_000, 9_000, 2_000],
        {(0, 1): 5.0, (1, 0): 5.0},
        access={"max_minutes_between_members": 10.0},
        exceptions={"policy": "forbidden"},
    )
    with pytest.raises(NoPlan) as caught:
        solve_partition(problem)
    assert "P02: every adjacent practice is more than 10 minutes away, and its 2,000 patients are below" in str(
        caught.value
    )


def three_pairs() -> Columns:
    """Three practices, each pair or each alone at one price: half of every pair is cheaper than any plan."""
    members = np.array([0, 1, 2, 0, 1, 0, 2, 1, 2], np.int16)
    starts = np.array([0, 1, 2, 3, 5, 7, 9], np.int64)
    return Columns(3, members, starts, np.full(6, 2_000_000, np.int64))


def test_a_cut_raises_the_bound_to_what_a_plan_costs() -> None:
    relaxation = Relaxation(three_pairs())
    assert relaxation.solve().value == pytest.approx(3_000_000, abs=10)
    relaxation.cut([(0, 1, 2)])
    assert relaxation.solve().value == pytest.approx(4_000_000, abs=10)


def test_a_bound_cut_short_is_weak_and_still_a_bound() -> None:
    problem = made_up_problem(4)
    listed = list_candidates(problem)
    best = Relaxation(Columns(96, listed.members, listed.starts, listed.cost)).solve()
    short = Relaxation(Columns(96, listed.members, listed.starts, listed.cost)).solve(clock=Clock(0.0))
    prices = np.add.reduceat(short.prices[listed.members], listed.starts[:-1])
    np.testing.assert_array_equal(listed.cost - prices, short.reduced)
    assert short.reduced.min() >= 0
    assert short.value == short.prices.sum() < best.value


def test_a_known_plan_that_breaks_a_limit_is_not_taken() -> None:
    columns = three_pairs()
    alone = SideRow("few_groups", np.ones(6, np.int64), 2)
    cheap = np.array([1, 1, 1, 2_000, 2_000, 2_000], np.int64)
    found = minimise(replace(columns, cost=cheap, rows=(alone,)), ("A", "B", "C"), known=np.array([0, 1, 2]))
    assert found.value == 2_001
    assert len(found.plan) == 2
    assert minimise(replace(columns, cost=cheap), ("A", "B", "C"), known=np.array([0, 1, 2])).value == 3
