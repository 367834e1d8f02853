"""The deep check finds every group anew, proves the bound anew, and notices every false step of a proof."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from itertools import combinations
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from geodata.errors import InputProblems, NoPlan
from grouping.agreement import agreement_table
from grouping.candidates import Candidates, list_candidates
from grouping.cli import app
from grouping.near import near_plans
from grouping.optimise import Solution, solve_partition
from grouping.pipeline import run_case
from grouping.problem import GroupingProblem
from grouping.runs import write_run
from grouping.verify.compared import Nearly
from grouping.verify.deep import check_deep
from grouping.verify.listing import grown_sets
from grouping.verify.programme import Prices, Row, best_plan, bound_of, own_prices
from grouping.verify.recheck import DEEP, recheck
from grouping.verify.scored import list_groups
from tests.grouping.brute_force import Definitions, every_plan
from tests.grouping.random_problems import mixed_problem, random_problem
from tests.grouping.verify.grounds import ground_of
from tests.small_case import write_small_case

MINUTE_CRITERIA = ("score", "minutes", "worst_practice", "longest_practice")


def solved(problem: GroupingProblem, candidates: Candidates | None = None) -> Solution | None:
    try:
        return solve_partition(problem, candidates=candidates)
    except NoPlan:
        return None


@cache
def solvable(make: Callable, count: int, number: int) -> tuple[int, GroupingProblem, Solution]:
    """The number-th random problem that has a plan: its seed, itself, its solution."""
    seed = 0 if number == 0 else solvable(make, count, number - 1)[0] + 1
    while True:
        problem = make(seed, count)
        solution = solved(problem)
        if solution is not None:
            return seed, problem, solution
        seed += 1


def listed_units(problem: GroupingProblem) -> float:
    """Whole units in a minute per patient."""
    return 1000.0 * float(problem.timed_patients.sum())


def deep(problem: GroupingProblem, solution: Solution, proof: dict | None = None, **solver: object) -> pd.DataFrame:
    said = {"candidates": len(solution.candidates), "objective": solution.objective, "bound": solution.bound}
    proof = json.loads(json.dumps(solution.proof)) if proof is None else proof
    return check_deep(proof or None, solution.plan, ground_of(problem), said | solver).table()


def wrong(table: pd.DataFrame) -> dict[str, str]:
    lines = table[~table["agrees"]]
    return dict(zip(lines["claim"], lines["detail"], strict=True))


# ------------------------------------------------------------------------------------------------------------ the list


@pytest.mark.parametrize("seed", range(25))
@pytest.mark.parametrize("make", [random_problem, mixed_problem])
def test_the_groups_listed_are_those_of_the_definitions_and_so_are_their_figures(seed: int, make: Callable) -> None:
    problem = make(seed, 7)
    definitions, listed = Definitions(problem), list_groups(ground_of(problem), 10_000)
    mine = {
        (tuple(int(p) for p in np.flatnonzero(listed.members[j])), int(listed.hub[j])): j for j in range(len(listed))
    }
    true = {
        (group, worth.hub): worth
        for length in range(1, 8)
        for group in combinations(range(7), length)
        for worth in definitions.worths(group)
        if not (problem.rules.exceptions.limit == 0 and worth.criteria["exceptions"])
        or any(group == locked.members for locked in problem.decided.locked)
    }
    assert set(mine) == set(true)
    for key, worth in true.items():
        adds = {name: int(values[mine[key]]) for name, values in listed.adds.items()}
        assert adds["crossing"] == worth.crosses
        for name, value in worth.criteria.items():
            assert adds[name] == pytest.approx(value, abs=2 if name in MINUTE_CRITERIA else 0), (key, name)


def test_a_list_that_is_too_long_is_refused_with_how_long_it_would_take() -> None:
    ground = ground_of(random_problem(3, 9))
    sets = len(grown_sets(ground, 10_000))
    assert sets > 20
    with pytest.raises(InputProblems, match="--deep-limit"):
        grown_sets(ground, 20)


# ----------------------------------------------------------------------------------------------------------- the bound


@pytest.mark.parametrize("number", range(8))
def test_any_prices_prove_a_bound_below_the_best_plan_and_good_ones_leave_the_best_plan(number: int) -> None:
    seed, problem, _ = solvable(random_problem, 8, number)
    plans = every_plan(problem)
    listed = list_groups(ground_of(problem), 10_000)
    cost, rng = listed.adds["score"], np.random.default_rng(seed)
    limit = problem.rules.exceptions.limit
    rows = [] if limit is None else [Row("exceptions_at_most", listed.adds["exceptions"], limit)]
    best = min(round(plan.score * listed_units(problem)) for plan in plans)
    free = best_plan(listed.members, cost, rows, seconds=30.0)
    assert free.status == "optimal"
    least = int(cost[free.chosen].sum())
    assert least == pytest.approx(best, abs=8)
    for _ in range(10):
        prices = Prices(
            rng.integers(-10_000, 4 * int(cost.max()) // 8 + 10_000, 8),
            tuple(int(price) for price in -rng.integers(0, 1_000_000, len(rows))),
            (((0, 1, 2), -int(rng.integers(0, 100_000))),),
        )
        proven = bound_of(listed.members, cost, rows, prices)
        assert proven.bound <= least
        assert proven.reduced.min() >= 0
        assert (proven.reduced[free.chosen] <= least - proven.bound).all()
    own = bound_of(listed.members, cost, rows, own_prices(listed.members, cost, rows, free.chosen))
    assert own.bound <= least
    assert own.bound >= 0.8 * least


@pytest.mark.parametrize("make", [random_problem, mixed_problem])
@pytest.mark.parametrize("number", range(20))
def test_what_the_optimiser_proves_is_proven_again(number: int, make: Callable) -> None:
    _, problem, solution = solvable(make, 9, number)
    table = deep(problem, solution)
    assert table["agrees"].all(), wrong(table)
    assert len(table) >= 3 + 2 * len(problem.rules.objective.order)


@pytest.mark.parametrize("number", range(5))
def test_without_the_prices_of_the_run_own_ones_prove_the_same(number: int) -> None:
    _, problem, solution = solvable(random_problem, 9, number)
    table = check_deep(None, solution.plan, ground_of(problem), {"candidates": len(solution.candidates)}).table()
    assert list(wrong(table).values()) == ["proof.json is missing"]
    assert table["claim"].str.startswith("no plan that keeps the rules").sum() == 3


# ------------------------------------------------------------------------------------------------ plans nearly as good


def nearly(problem: GroupingProblem, solution: Solution, tolerance: float) -> Nearly:
    """What a run would say of the plans nearly as good."""
    near = near_plans(solution, tolerance)
    table = agreement_table(problem, solution, near, {}).table
    return Nearly(len(near), tolerance, table)


@pytest.mark.parametrize("make", [random_problem, mixed_problem])
@pytest.mark.parametrize("number", range(8))
def test_plans_nearly_as_good_are_counted_anew_and_so_is_who_is_together(number: int, make: Callable) -> None:
    _, problem, solution = solvable(make, 9, number)
    said = nearly(problem, solution, 0.05)
    solver = {"candidates": len(solution.candidates), "objective": solution.objective, "bound": solution.bound}

    def check(of: Nearly) -> pd.DataFrame:
        return check_deep(solution.proof, solution.plan, ground_of(problem), solver, nearly=of).table()

    table = check(said)
    assert table["agrees"].all(), wrong(table)
    assert f"{said.plans:,} counted anew" in set(table["detail"])
    assert wrong(check(replace(said, plans=said.plans + 1)))
    share = said.agreement.assign(together_share=said.agreement["together_share"] * 0.9)
    assert list(wrong(check(replace(said, agreement=share)))) == ["who is together in which share of these plans"]
    together = said.agreement[said.agreement["together_share"] > 0]
    if len(together):
        told = wrong(check(replace(said, agreement=said.agreement.drop(together.index[0]))))
        assert any("and not listed" in detail for detail in told.values())


@pytest.mark.parametrize("number", range(4))
def test_a_plan_exactly_at_the_limit_is_counted_too(number: int) -> None:
    """Without any tolerance the best plan uses up all there is between the bound and the limit."""
    _, problem, solution = solvable(random_problem, 9, number)
    said = nearly(problem, solution, 0.0)
    solver = {"candidates": len(solution.candidates), "objective": solution.objective, "bound": solution.bound}
    table = check_deep(solution.proof, solution.plan, ground_of(problem), solver, nearly=said).table()
    assert table["agrees"].all(), wrong(table)
    assert f"{said.plans:,} counted anew" in set(table["detail"])


# ------------------------------------------------------------------------------------------------------ planted faults


def a_problem() -> tuple[GroupingProblem, Solution]:
    """A problem with a shortfall, an exception and a score to prove."""
    for seed in range(3_000, 3_200):
        problem = random_problem(seed, 9)
        solution = solved(problem)
        if solution is not None and solution.shortfall > 0 and len(solution.plan.groups) > 2:
            return problem, solution
    raise AssertionError("no such problem")


PROBLEM, SOLUTION = a_problem()


def test_the_problem_of_the_planted_faults_is_proven_without_them() -> None:
    assert deep(PROBLEM, SOLUTION)["agrees"].all()


def score_stage(proof: dict) -> dict:
    return next(stage for stage in proof["stages"] if stage["criterion"] == "score")


def _price(proof: dict) -> None:
    prices = score_stage(proof)["prices"]
    prices[min(prices)] += 50_000


def _prices_and_their_sum(proof: dict) -> None:
    _price(proof)
    score_stage(proof)["bound_of_prices"] += 50_000


def _lost_price(proof: dict) -> None:
    score_stage(proof)["prices"].popitem()


def _bound(proof: dict) -> None:
    score_stage(proof)["bound"] += 50_000


def _value(proof: dict) -> None:
    proof["stages"][0]["value"] -= proof["stages"][0]["step"]


def _step(proof: dict) -> None:
    proof["stages"][0]["step"] = 1


def _row(proof: dict) -> None:
    score_stage(proof)["rows"].append({"name": "at_most_nothing", "limit": 0, "price": -7})


def _positive_cut(proof: dict) -> None:
    codes = list(score_stage(proof)["prices"])[:3]
    score_stage(proof)["cuts"].append({"practices": codes, "price": 1_000_000})
    score_stage(proof)["bound_of_prices"] += 1_000_000


def _positive_row(proof: dict) -> None:
    row = score_stage(proof)["rows"][-1]
    row["price"] = 1_000
    score_stage(proof)["bound_of_prices"] += 1_000 * row["limit"]


def _other_limit(proof: dict) -> None:
    """A limit that is lower than the one held proves more, if it is believed."""
    row = score_stage(proof)["rows"][-1]
    row["limit"] -= 1
    row["price"] = -1_000
    score_stage(proof)["bound_of_prices"] -= 1_000 * row["limit"]


def _no_three(proof: dict) -> None:
    """A cut over one practice named three times: no group holds two of them, so every plan would cost less."""
    code = min(score_stage(proof)["prices"])
    score_stage(proof)["cuts"].append({"practices": [code, code, code], "price": 0})


def _stage_lost(proof: dict) -> None:
    proof["stages"].pop(0)


def _not_a_number(proof: dict) -> None:
    score_stage(proof)["prices"][min(score_stage(proof)["prices"])] = "many"


def _huge(proof: dict) -> None:
    prices = score_stage(proof)["prices"]
    prices[min(prices)], prices[max(prices)] = 2**62, 2**62


@pytest.mark.parametrize(
    ("tamper", "claim"),
    [
        (_price, "bear out its bound: minutes per patient"),
        (_prices_and_their_sum, "bear out its bound: minutes per patient"),
        (_lost_price, "bear out its bound: minutes per patient"),
        (_positive_cut, "bear out its bound: minutes per patient"),
        (_row, "bear out its bound: minutes per patient"),
        (_positive_row, "bear out its bound: minutes per patient"),
        (_other_limit, "bear out its bound: minutes per patient"),
        (_no_three, "bear out its bound: minutes per patient"),
        (_not_a_number, "bear out its bound: minutes per patient"),
        (_huge, "bear out its bound: minutes per patient"),
        (_bound, "speaks of this plan: minutes per patient"),
        (_value, "speaks of this plan: patients missing"),
        (_step, "speaks of this plan: patients missing"),
        (_stage_lost, "has a stage for each criterion"),
    ],
)
def test_a_proof_that_was_tampered_with_is_noticed(tamper: Callable, claim: str) -> None:
    proof = copy.deepcopy(SOLUTION.proof)
    tamper(proof)
    told = wrong(deep(PROBLEM, SOLUTION, proof))
    assert any(claim in line for line in told), told
    assert not any(line.startswith("no plan that keeps the rules") for line in told), (
        "the plan is the best all the same"
    )


@pytest.mark.parametrize(
    ("tamper", "said"),
    [
        (_positive_row, "is above 0"),
        (_other_limit, "the limit held_exceptions is"),
        (_no_three, "is no cut that holds"),
    ],
)
def test_what_is_no_price_is_called_so(tamper: Callable, said: str) -> None:
    proof = copy.deepcopy(SOLUTION.proof)
    tamper(proof)
    assert any(said in detail for detail in wrong(deep(PROBLEM, SOLUTION, proof)).values())


@pytest.mark.parametrize(("key", "off"), [("objective", 0.01), ("bound", 0.01), ("bound", -0.01)])
def test_a_record_that_says_other_than_the_proof_is_noticed(key: str, off: float) -> None:
    told = wrong(deep(PROBLEM, SOLUTION, **{key: getattr(SOLUTION, key) + off}))
    assert [key in detail for detail in told.values()] == [True]


def test_a_group_that_the_listing_lost_is_noticed_and_so_is_the_better_plan_it_allows() -> None:
    listed = list_candidates(PROBLEM)
    keep = np.ones(len(listed), bool)
    keep[SOLUTION.chosen[np.argmax(np.diff(listed.starts)[SOLUTION.chosen])]] = False
    worse = solved(PROBLEM, listed.keep(keep))
    assert worse is not None
    told = wrong(deep(PROBLEM, worse))
    assert f"the run lists {len(listed) - 1} groups, listed anew there are {len(listed)}" in told.values()
    assert any("there is a plan with" in detail for detail in told.values())


def test_a_wrong_cost_is_noticed() -> None:
    """One group of the best plan seems dearer than it is: it is passed over, or the score is told too high."""
    listed = list_candidates(PROBLEM)
    cost = listed.cost.copy()
    cost[SOLUTION.chosen[0]] += 1_000_000
    misled = solved(PROBLEM, replace(listed, cost=cost))
    told = wrong(deep(PROBLEM, misled))
    assert any("minutes per patient" in claim or "scores better" in claim for claim in told), told


def test_a_plan_that_is_not_the_best_is_shown_a_better_one() -> None:
    """The bound is no higher than before; the plan is another, and says of itself that it is the best."""
    plans = [plan for plan in every_plan(PROBLEM) if plan.groups != tuple(sorted(map(tuple, groups_of(SOLUTION))))]
    second = plans[0]
    codes, sites = PROBLEM.practice_codes, PROBLEM.site_codes
    from_groups = [
        ([codes[p] for p in group], sites[hub]) for group, hub in zip(second.groups, second.hubs, strict=True)
    ]
    told = wrong(deep(PROBLEM, replace(SOLUTION, plan=SOLUTION.plan.from_groups(from_groups))))
    assert any("there is a plan with" in detail for detail in told.values()), told


def groups_of(solution: Solution) -> list[list[int]]:
    number = {code: p for p, code in enumerate(PROBLEM.practice_codes)}
    return [sorted(number[code] for code in group.members) for group in solution.plan.groups]


def test_a_plan_with_a_group_that_the_rules_forbid_is_noticed() -> None:
    everybody = [(list(PROBLEM.practice_codes), PROBLEM.site_codes[0])]
    told = wrong(deep(PROBLEM, replace(SOLUTION, plan=SOLUTION.plan.from_groups(everybody))))
    assert told["the groups of the plan are among those listed"] == "G01 are not"


def test_a_search_cut_short_by_time_claims_no_more_than_its_prices_prove() -> None:
    proof = copy.deepcopy(SOLUTION.proof)
    stage = score_stage(proof)
    stage["proven"], stage["bound"] = False, stage["bound"] - 10_000
    per_minute = proof["cost_units_per_minute"]
    assert deep(PROBLEM, SOLUTION, proof, bound=stage["bound"] / per_minute)["agrees"].all()
    stage["prices"] = dict.fromkeys(stage["prices"], 0)
    stage["rows"], stage["cuts"], stage["bound_of_prices"] = [], [], 0
    settled = deep(PROBLEM, SOLUTION, proof, bound=stage["bound"] / per_minute)
    assert settled["agrees"].all(), "an integer programme settles what the prices do not"
    stage["bound"] = SOLUTION.cost + 10_000
    told = wrong(deep(PROBLEM, SOLUTION, proof, bound=SOLUTION.objective))
    assert [detail.startswith("there is a plan with") for detail in told.values()] == [True]


@pytest.mark.parametrize("number", range(3))
def test_a_run_that_searched_without_a_list_is_proven_too(number: int) -> None:
    _, problem, _ = solvable(random_problem, 9, number)
    solution = solve_partition(problem, memory=1e-6)
    assert solution.certificate["searched"]
    solver = {"candidates": len(solution.candidates), "objective": solution.objective, "bound": solution.bound}
    solver |= {"status": solution.status, "certificate": solution.certificate}
    table = check_deep(None, solution.plan, ground_of(problem), solver).table()
    assert table["agrees"].all(), wrong(table)
    assert table["claim"].str.contains("scores better|minutes per patient").any()
    false = check_deep(None, solution.plan, ground_of(problem), solver | {"bound": solution.objective * 1.1}).table()
    assert not false["agrees"].all()


# -------------------------------------------------------------------------------------------------------- a run folder


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("deep")
    case = write_small_case(home / "case")
    return write_run(run_case(case, options=2), home / "run", case_dir=case)


def test_a_run_is_proven_again_from_its_case(run: Path) -> None:
    result = recheck(run, deep=True)
    assert result.agrees, result.lines[~result.lines["agrees"]].to_string()
    assert (result.lines["option"] == DEEP).sum() == 14


def test_the_command_prints_each_step_of_the_deep_check(run: Path) -> None:
    answer = CliRunner().invoke(app, ["verify", str(run), "--deep"])
    assert answer.exit_code == 0, answer.output
    assert "groups listed anew" in answer.output
    assert "scores better" in answer.output


def test_the_command_refuses_a_list_that_is_too_long_before_it_begins(run: Path) -> None:
    answer = CliRunner().invoke(app, ["verify", str(run), "--deep-limit", "5"])
    assert answer.exit_code == 1
    assert "--deep-limit" in answer.output
    assert "Traceback" not in answer.output


@pytest.mark.slow
def test_the_demonstration_is_proven_again(tmp_path: Path) -> None:
    assert CliRunner().invoke(app, ["demo", "--out", str(tmp_path / "demo"), "--options", "1"]).exit_code == 0
    result = recheck(tmp_path / "demo", deep=True)
    assert result.agrees, result.lines[~result.lines["agrees"]].to_string()
