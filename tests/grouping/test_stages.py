"""Criteria in any order, and the prices that prove each: against every plan tried, and added up a second time."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.made_up import made_up_problem
from geodata.errors import NoPlan
from grouping.candidates import list_candidates, plan_rows
from grouping.cli_shared import progress, standing_line
from grouping.criteria import STEP, criterion
from grouping.optimise import Solution, solve_partition
from grouping.partition.clock import Clock
from grouping.problem import GroupingProblem
from grouping.stages import Standing
from tests.grouping.brute_force import every_plan, random_problem

ORDERS = (
    ("shortfall", "exceptions", "longest_practice", "score"),
    ("longest_practice", "shortfall", "exceptions", "score"),
    ("score", "shortfall", "exceptions"),
    ("groups", "shortfall", "exceptions", "score"),
    ("shortfall", "exceptions", "minutes", "score", "groups"),
    ("split_locality", "shortfall", "exceptions", "score", "longest_practice"),
    ("shortfall", "change_of_group", "exceptions", "score"),
    ("size_balance", "shortfall", "exceptions", "score", "outside_preferred"),
    ("shortfall", "exceptions", "worst_practice", "score"),
)


def with_order(problem: GroupingProblem, order: tuple[str, ...]) -> GroupingProblem:
    objective = problem.rules.objective.model_copy(update={"order": order})
    return replace(problem, rules=problem.rules.model_copy(update={"objective": objective}))


def in_milliseconds(problem: GroupingProblem) -> GroupingProblem:
    """Minutes in whole units, so that the words and the units say the same."""
    return replace(
        problem,
        practice_to_site=np.round(problem.practice_to_site * 60_000) / 60_000,
        patient_minutes=np.round(problem.patient_minutes, 3),
    )


def values_of(solution: Solution) -> tuple[int, ...]:
    return tuple(stage["value"] // stage["step"] for stage in solution.proof["stages"])


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: "-".join(order[:3]))
def test_each_criterion_is_least_with_those_before_it_held(order: tuple[str, ...]) -> None:
    planned = 0
    for seed in range(12):
        problem = with_order(in_milliseconds(random_problem(seed, 6)), order)
        plans = every_plan(problem)
        if not plans:
            with pytest.raises(NoPlan):
                solve_partition(problem)
            continue
        solution = solve_partition(problem)
        assert solution.status == "optimal"
        assert [stage["criterion"] for stage in solution.certificate["stages"]] == list(order)
        for name, mine, best in zip(order, values_of(solution), plans[0].values, strict=True):
            # what is weighed in minutes is rounded once a group on either side
            room = 12 if name in {"score", "minutes", "worst_practice"} else 0
            assert abs(mine - best) <= room, (seed, name)
        planned += 1
    assert planned >= 5


def test_the_order_decides_between_plans() -> None:
    """The same practices: fewest groups first, or the score first."""
    problem = made_up_problem(3, practices=24)
    score_first = solve_partition(with_order(problem, ("shortfall", "exceptions", "score")))
    groups_first = solve_partition(with_order(problem, ("shortfall", "exceptions", "groups", "score")))
    assert len(groups_first.plan.groups) < len(score_first.plan.groups)
    assert groups_first.objective > score_first.objective
    assert groups_first.held["groups"] == len(groups_first.plan.groups)


def test_the_longest_drive_is_least_and_no_lower_one_has_a_plan() -> None:
    problem = with_order(made_up_problem(1, practices=30), ("shortfall", "exceptions", "longest_practice", "score"))
    solution = solve_partition(problem)
    listed = list_candidates(problem)
    drives = criterion(problem, listed, "longest_practice")
    assert solution.held["longest_practice"] == drives[solution.chosen].max()
    free = solve_partition(with_order(problem, ("shortfall", "exceptions", "score")))
    assert drives[free.chosen].max() > solution.held["longest_practice"]
    assert free.objective < solution.objective
    lower = listed.keep(drives < solution.held["longest_practice"])
    try:
        without = solve_partition(with_order(problem, ("shortfall", "exceptions", "score")), candidates=lower)
    except NoPlan:
        return
    assert (without.shortfall, without.exceptions) > (solution.shortfall, solution.exceptions)


def recomputed(problem: GroupingProblem, solution: Solution) -> list[int]:
    """The bound of each stage's prices, all reduced costs checked, as the words of `grouping.certificate` say."""
    proof = json.loads(json.dumps(solution.proof))
    listed = list_candidates(problem)
    place = {code: p for p, code in enumerate(problem.practice_codes)}
    own = {row.name: row.coefficient for row in plan_rows(problem, listed)}
    holds = np.zeros((len(listed), len(place)), bool)
    holds[np.repeat(np.arange(len(listed)), np.diff(listed.starts)), listed.members] = True
    stays = np.ones(len(listed), bool)
    bounds = []
    for stage in proof["stages"]:
        value = criterion(problem, listed, stage["criterion"])
        own[f"held_{stage['criterion']}"] = value
        if stage["bound_of_prices"] is None:
            assert stage["criterion"] == "longest_practice"
            stays &= value <= stage["value"]
            continue
        assert stage["step"] == STEP[stage["criterion"]]
        reduced = value * stage["step"]
        bound = sum(stage["prices"].values())
        for code, price in stage["prices"].items():
            reduced = reduced - price * holds[:, place[code]]
        for row in stage["rows"]:
            assert row["price"] <= 0
            reduced = reduced - row["price"] * own[row["name"]]
            bound += row["price"] * row["limit"]
        for cut in stage["cuts"]:
            assert cut["price"] < 0
            held = holds[:, [place[code] for code in cut["practices"]]].sum(axis=1)
            reduced = reduced - cut["price"] * (held >= 2)
            bound += cut["price"]
        assert reduced[stays].min() >= 0
        assert bound == stage["bound_of_prices"] <= stage["value"]
        assert np.isin(solution.chosen, np.flatnonzero(stays)).all()
        stays &= reduced <= stage["value"] - bound
        bounds.append(bound)
    return bounds


@pytest.mark.parametrize(("seed", "graph"), [(2, "gabriel"), (3, "gabriel"), (5, "gabriel")])
def test_the_prices_add_up_to_the_bound_over_every_group(seed: int, graph: str) -> None:
    problem = made_up_problem(seed, practices=60, graph=graph)
    solution = solve_partition(problem)
    bounds = recomputed(problem, solution)
    assert 0.97 * solution.cost <= bounds[-1] <= solution.cost


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: "-".join(order[:3]))
def test_the_prices_add_up_in_every_order(order: tuple[str, ...]) -> None:
    problem = with_order(made_up_problem(3, practices=24), order)
    solution = solve_partition(problem)
    assert solution.status == "optimal"
    assert recomputed(problem, solution)


def test_prices_of_a_search_cut_short_still_add_up() -> None:
    problem = made_up_problem(2, practices=60)
    solution = solve_partition(problem, clock=Clock(0.0))
    assert solution.status == "feasible"
    assert recomputed(problem, solution)
    assert 0 < solution.bound < solution.objective


def grouped(problem: GroupingProblem, **groups: int) -> GroupingProblem:
    return replace(
        problem, rules=problem.rules.model_copy(update={"groups": problem.rules.groups.model_copy(update=groups)})
    )


def test_a_least_number_of_groups_binds_and_is_proven() -> None:
    problem = made_up_problem(3, practices=24)
    free = solve_partition(problem)
    number = len(free.plan.groups) + 1
    more = grouped(problem, fewest=number)
    solution = solve_partition(more)
    assert len(solution.plan.groups) >= number
    assert solution.status == "optimal"
    assert (solution.shortfall, solution.exceptions, solution.objective) > (
        free.shortfall,
        free.exceptions,
        free.objective,
    )
    recomputed(more, solution)


def test_limits_on_the_plan_that_leave_none_are_told_as_such() -> None:
    problem = grouped(made_up_problem(3, practices=12), fewest=13)
    with pytest.raises(NoPlan) as caught:
        solve_partition(problem)
    assert caught.value.report.status == "infeasible"
    assert "the limits on a plan as a whole (fewest groups) leave none" in str(caught.value)


def test_a_stopped_clock_is_told_from_a_proof() -> None:
    problem = grouped(made_up_problem(3, practices=12), fewest=13)
    clock = Clock()
    clock.stop()
    with pytest.raises(NoPlan) as caught:
        solve_partition(problem, clock=clock)
    assert caught.value.report.status == "stopped"
    assert "not proven that there is none" in str(caught.value)


def test_the_certificate_speaks_of_every_stage() -> None:
    problem = made_up_problem(2)
    solution = solve_partition(problem)
    told = json.loads(json.dumps(solution.report().certificate))
    assert told["groups_listed"] == len(solution.candidates)
    assert told["proven"] is True
    assert told["ended_by"] is None
    before = told["groups_listed"]
    for stage in told["stages"]:
        assert stage["proven"]
        assert stage["bound"] == stage["value"] >= stage["bound_of_prices"]
        assert before >= stage["groups_before"] >= stage["groups_after"] > 0
        before = stage["groups_before"]
    score = told["stages"][-1]
    assert score["value"] == pytest.approx(solution.objective)
    assert score["groups_after"] < score["groups_before"]
    assert score["solver_bound"] == pytest.approx(score["value"], abs=1e-4)


def test_a_live_line_hears_bounds_that_rise_to_the_best() -> None:
    class Line:
        def __init__(self) -> None:
            self.seen: list[Standing] = []

        def __call__(self, stage: str, detail: str) -> None: ...

        def live(self, standing: Standing) -> None:
            self.seen.append(standing)

    line = Line()
    solution = solve_partition(made_up_problem(1), progress=line)
    score = [one for one in line.seen if one.stage == "score"]
    assert score
    assert all(one.bound <= solution.objective + 1e-9 for one in score)
    assert all(one.best >= solution.objective - 1e-9 for one in score)
    assert all(0 <= one.gap <= 1 for one in score)
    assert score[-1].unit == "minutes per patient"


def test_a_live_line_is_readable() -> None:
    line = standing_line(Standing("score", 12_345, best=9.4, bound=9.35, unit="minutes per patient"))
    assert line == "score, 12,345 groups: bound 9.350, best 9.400, gap 0.53% (0.050)"
    assert standing_line(Standing("shortfall", 7, bound=0, unit="patients")) == "shortfall, 7 groups: bound 0"


def test_off_a_terminal_lines_about_one_search_are_rare(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    standing = Standing("score", 12_345, best=9.4, bound=9.35, unit="minutes per patient")
    with progress() as tell:
        tell("score", "proving")
        for _ in range(50):
            tell.live(standing)
        monkeypatch.setattr("grouping.cli_shared.QUIET_SECONDS", 0.0)
        tell.live(standing)
    lines = capsys.readouterr().err.splitlines()
    assert [line.strip()[:13] for line in lines] == ["score: provin", "score, 12,345"]
