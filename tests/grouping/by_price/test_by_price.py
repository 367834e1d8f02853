"""Without a list of all groups: the same plan, the same proof, in less memory; and honest words where it is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.made_up import made_up_problem
from geodata.errors import NoPlan
from grouping.by_price import solve, solve_by_price, stream
from grouping.by_price.lists import distinct, join
from grouping.candidates import Candidates, count_sets, list_candidates
from grouping.how_many import changes, sets_that_fit
from grouping.near import near_plans
from grouping.optimise import Solution, solve_partition
from grouping.options import find_options
from grouping.partition import chunks
from grouping.partition.clock import Clock
from grouping.problem import Decided, GroupingProblem, LockedGroup
from tests.grouping.brute_force import random_problem

GIGABYTES_PER_GROUP = 3e-7


def plain(problem: GroupingProblem) -> Solution | None:
    try:
        return solve_partition(problem)
    except NoPlan:
        return None


def in_little_memory(problem: GroupingProblem, groups: int) -> Solution | None:
    try:
        return solve_partition(problem, memory=groups * GIGABYTES_PER_GROUP)
    except NoPlan:
        return None


def same(problem: GroupingProblem, groups: int) -> bool:
    """Whether both ways agree; True as the result tells that the second way was really taken."""
    listed, searched = plain(problem), in_little_memory(problem, groups)
    if listed is None or searched is None:
        assert listed is None
        assert searched is None
        return False
    assert searched.plan == listed.plan
    assert searched.cost == listed.cost
    assert searched.held == listed.held
    assert searched.objective == pytest.approx(searched.bound, abs=1e-12)
    assert searched.status == listed.status == "optimal"
    return "searched" in searched.certificate


@pytest.mark.parametrize("start", range(0, 60, 10))
def test_random_problems_in_almost_no_memory_have_the_same_plan(start: int) -> None:
    taken = [same(random_problem(seed, 8 + seed % 3), 40) for seed in range(start, start + 10)]
    assert any(taken)


def test_a_county_in_a_tenth_of_its_list_has_the_same_plan_and_the_same_near_plans() -> None:
    problem = made_up_problem(3, practices=48)
    whole = count_sets(problem)
    assert same(problem, whole // 3)
    searched = in_little_memory(problem, whole // 3)
    listed = plain(problem)
    assert searched is not None
    assert listed is not None
    assert len(searched.candidates) < len(listed.candidates)
    assert searched.whole_within >= 0
    # What is told to be covered really is: the plans within it are the same ones.
    first, second = (near_plans(one, searched.whole_within) for one in (listed, searched))
    assert second.complete
    assert first.cost.tolist() == second.cost.tolist()


def test_an_oversize_practice_a_locked_group_and_a_granted_one_are_not_forgotten() -> None:
    problem = made_up_problem(3, practices=40)
    base = plain(problem)
    assert base is not None
    number = {code: p for p, code in enumerate(problem.practice_codes)}
    sizes = problem.list_size.copy()
    sizes[5] = 90_000
    lock = tuple(sorted(number[code] for code in base.plan.groups[0].members))
    free = [p for p in range(40) if p not in lock and p != 5]
    granted = next((p,) for p in free)
    problem = replace(
        problem,
        list_size=sizes,
        decided=Decided(locked=(LockedGroup(lock, -1, "stands"),), granted=((granted, "alone by the sea"),)),
    )
    assert same(problem, count_sets(problem) // 2)


@pytest.mark.parametrize(
    "changed",
    [
        {"groups": {"fewest": 6, "most": 6}},
        {"hub": {"budget": 400.0}},
        {"objective": {"order": ("groups", "shortfall", "exceptions", "score")}},
        {"exceptions": {"policy": "forbidden"}},
        {"contiguity": {"rule": "none"}, "access": {"max_minutes_between_members": 14.0}},
        {"weights": {"size_balance": 0.5, "worst_practice": 0.2}},
        {"size": {"most_practices": 5, "fewest_practices": 2}},
        {"resilience": {"loss_of": "any", "keeps_share": 0.6}},
        {"resilience": {"loss_of": "any"}, "weights": {"fragile": 2.0}},
        {
            "resilience": {"loss_of": "any"},
            "objective": {"order": ("shortfall", "exceptions", "fragile", "score")},
        },
    ],
    ids="-".join,
)
def test_other_rules_and_orders_too(changed: dict) -> None:
    problem = made_up_problem(6, practices=18)
    rules = problem.rules
    for section, values in changed.items():
        rules = rules.model_copy(update={section: getattr(rules, section).model_copy(update=values)})
    problem = replace(problem, rules=rules, hub_cost=np.full(len(problem.site_codes), 50.0))
    assert same(problem, max(count_sets(problem) // 4, 144)) or plain(problem) is None


def test_where_there_is_no_plan_that_is_proven_over_all_groups() -> None:
    problem = made_up_problem(2, practices=24)
    access = problem.rules.access.model_copy(update={"max_minutes_between_members": 9.0})
    exceptions = problem.rules.exceptions.model_copy(update={"policy": "forbidden"})
    problem = replace(problem, rules=problem.rules.model_copy(update={"access": access, "exceptions": exceptions}))
    assert plain(problem) is None
    with pytest.raises(NoPlan) as raised:
        solve_partition(problem, memory=30 * GIGABYTES_PER_GROUP)
    assert raised.value.report.status == "infeasible"


def test_a_stopped_search_keeps_a_valid_bound_and_says_that_it_is_only_a_bound() -> None:
    problem = made_up_problem(1, practices=40, graph="delaunay")
    best = solve_partition(problem)
    clock = Clock()

    def stop_at_the_first_search(stage: str, detail: str) -> None:
        if "search 1 over all groups" in detail:
            clock.stop()

    cut = solve_partition(problem, memory=2000 * GIGABYTES_PER_GROUP, clock=clock, progress=stop_at_the_first_search)
    assert cut.status == "feasible"
    assert cut.bound <= best.objective + 1e-12
    assert cut.objective >= best.objective - 1e-12
    assert cut.whole_within < 0
    assert not cut.certificate["proven"]
    assert any("only a bound" in line for line in cut.explanation)
    assert not any(line.startswith("Proven means") for line in cut.explanation)


def test_the_explanation_tells_why_and_every_counted_change_is_right() -> None:
    problem = made_up_problem(1, practices=30, graph="delaunay")
    most = 2000
    solution = solve_partition(problem, memory=most * GIGABYTES_PER_GROUP)
    text = " ".join(solution.explanation)
    assert f"{count_sets(problem):,} groups hang together" in text
    assert "neighbours on average" in text
    found = changes(problem, most)
    assert found
    for change in found:
        assert change.words in text
        assert f"{change.groups:,} groups" in change.words
        assert change.groups <= most
    minutes = next(change for change in found if change.rule.startswith("access"))
    at = float(minutes.words.split()[2])
    for limit, fits in ((at, True), (at + 1, False)):
        access = problem.rules.access.model_copy(update={"max_minutes_between_members": limit})
        other = replace(problem, rules=problem.rules.model_copy(update={"access": access}))
        assert (count_sets(other) <= most) is fits
        if fits:
            assert count_sets(other) == minutes.groups


def test_options_claim_no_proof_beyond_what_was_searched() -> None:
    problem = made_up_problem(3, practices=40)
    solution = in_little_memory(problem, count_sets(problem) // 8)
    assert solution is not None
    options, report = find_options(problem, count=5, solution=solution)
    assert options[0].plan == solution.plan
    for line in report.explanation:
        if line.startswith("Option ") and "(proven)" in line:
            band = float(line.split("within ")[1].split("%")[0]) / 100
            assert band <= solution.whole_within


def test_the_same_search_gives_the_same_result() -> None:
    problem = made_up_problem(5, practices=40)
    first, second = (solve_by_price(problem, most=1500) for _ in range(2))
    assert first.solution.plan == second.solution.plan
    assert first.bounds == second.bounds
    assert first.steps == second.steps
    np.testing.assert_array_equal(first.solution.candidates.members, second.solution.candidates.members)


def test_joined_lists_keep_every_group_once() -> None:
    problem = made_up_problem(1, practices=20)
    listed = list_candidates(problem)
    half = np.arange(len(listed)) % 2 == 0
    both: Candidates = join([listed.keep(half), listed.keep(~half)])
    assert len(both) == len(listed)
    again = distinct(problem, join([both, listed]))
    assert len(again) == len(listed)
    assert {again.group(j) for j in range(len(again))} == {listed.group(j) for j in range(len(listed))}
    np.testing.assert_array_equal(np.sort(again.cost), np.sort(listed.cost))


def test_memory_is_counted_in_gigabytes() -> None:
    assert sets_that_fit(1.5) == 5_000_000
    assert sets_that_fit(0.0) == 1


def test_milder_rules_make_the_list_fit_and_the_next_step_would_not() -> None:
    problem = made_up_problem(1, practices=40, graph="delaunay")
    most = count_sets(problem) // 3
    found = {change.rule: change for change in changes(problem, most)}
    assert set(found) == {"access.max_minutes_between_members", "size.hard_maximum", "locality.rule"}
    largest = int(found["size.hard_maximum"].words.split()[4].replace(",", ""))
    for maximum, fits in ((largest, True), (largest + 1000, False)):
        size = problem.rules.size.model_copy(update={"hard_maximum": maximum})
        other = replace(problem, rules=problem.rules.model_copy(update={"size": size}))
        assert (count_sets(other) <= most) is fits
    locality = problem.rules.locality.model_copy(update={"rule": "inside"})
    inside = replace(problem, rules=problem.rules.model_copy(update={"locality": locality}))
    assert count_sets(inside) == found["locality.rule"].groups


def test_where_a_search_takes_too_long_its_knapsack_limit_gives_a_bound_that_holds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    problem = made_up_problem(1, practices=40, graph="delaunay")
    best = solve_partition(problem)
    monkeypatch.setattr(chunks, "MOST_STEPS", 5)
    monkeypatch.setattr(stream, "STEPS_PER_HUB", 5)
    cut = in_little_memory(problem, 2000)
    assert cut is not None
    assert cut.status == "feasible"
    assert 0 < cut.bound <= best.objective <= cut.objective + 1e-12
    assert cut.certificate["ended_by"] == "memory"
    assert any("only a bound" in line for line in cut.explanation)


@pytest.mark.parametrize("gap", ["score", "minutes"])
def test_a_plan_not_proven_over_the_groups_kept_is_not_proven_over_all(
    gap: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The prices alone leave a gap here, and what would close it ran out of time."""
    problem = random_problem(4, 9)
    order = tuple(dict.fromkeys(("shortfall", "exceptions", gap, "score")))
    objective = problem.rules.objective.model_copy(update={"order": order})
    problem = replace(problem, rules=problem.rules.model_copy(update={"objective": objective}))
    whole = solve_by_price(problem, most=40)
    assert whole.complete
    unchanged = solve._solve
    monkeypatch.setattr(solve, "_solve", lambda stream: replace(unchanged(stream), status="feasible"))
    cut = solve_by_price(problem, most=40)
    assert gap not in cut.proven
    assert not cut.complete
    assert cut.bounds[gap] < whole.bounds[gap]
    assert all(cut.bounds[name] <= whole.bounds[name] for name in order)
