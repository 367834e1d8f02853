"""All plans nearly as good as the best, against every plan there is; and what is told when not all were listed."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest

from benchmarks.made_up import made_up_problem
from geodata.errors import NoPlan
from grouping.near import (
    Near,
    OwnTime,
    cost_limit,
    k_best,
    near_plans,
    percent,
    rank_lines,
    rank_table,
    standalone,
    write_near,
)
from grouping.optimise import Solution, solve_partition
from grouping.partition.clock import Clock
from grouping.problem import GroupingProblem
from tests.grouping.brute_force import every_plan
from tests.grouping.random_problems import mixed_problem, random_problem

SEEDS = range(48)


@cache
def case(seed: int, count: int = 6) -> tuple[GroupingProblem, Solution] | None:
    problem = mixed_problem(seed, count)
    try:
        return problem, solve_partition(problem)
    except NoPlan:
        return None


ROUNDING = 12
"""Units by which the cost of a plan of six groups may differ: minutes and penalties are rounded once or twice each."""


def by_definition(
    problem: GroupingProblem, tolerance: float, *, margin: int = 0
) -> dict[tuple[tuple[int, ...], ...], int]:
    """Every partition within the tolerance with the cost of its cheapest hubs."""
    plans = every_plan(problem)
    at = problem.rules.objective.order.index("score")
    held = plans[0].values[:at]
    limit = cost_limit(plans[0].values[at], tolerance) + margin
    found: dict[tuple[tuple[int, ...], ...], int] = {}
    for plan in plans:
        if plan.values[:at] == held and plan.values[at] <= limit:
            found[plan.groups] = min(plan.values[at], found.get(plan.groups, limit))
    return found


def as_partitions(near: Near, solution: Solution) -> list[tuple[tuple[int, ...], ...]]:
    listed = solution.candidates
    return [tuple(listed.group(int(j)) for j in near.plan(k)) for k in range(len(near))]


@pytest.fixture(scope="module")
def county() -> tuple[GroupingProblem, Solution]:
    problem = made_up_problem(3)
    return problem, solve_partition(problem)


@pytest.mark.parametrize("tolerance", [0.0, 0.01, 0.05, 0.3])
def test_all_plans_within_a_tolerance_are_those_of_the_definition(tolerance: float) -> None:
    checked = several = 0
    for seed in SEEDS:
        solved = case(seed)
        if solved is None:
            continue
        problem, solution = solved
        near = near_plans(solution, tolerance)
        surely, perhaps = (by_definition(problem, tolerance, margin=margin) for margin in (-ROUNDING, ROUNDING))
        found = as_partitions(near, solution)
        assert set(surely) <= set(found) <= set(perhaps)
        assert all(abs(perhaps[groups] - cost) <= ROUNDING for groups, cost in zip(found, near.cost, strict=True))
        assert len(found) == len(set(found)) == near.counted
        assert near.complete
        assert near.covered == tolerance
        assert near.cost.tolist() == sorted(near.cost.tolist())
        checked += 1
        several += len(found) > 1
    assert checked >= 20
    assert several > 0 or tolerance == 0.0


def test_a_cap_keeps_the_best_and_says_what_is_covered() -> None:
    capped = 0
    for seed in SEEDS:
        problem = random_problem(seed, 6)
        first = problem.rules.objective.model_copy(update={"order": ("score", "shortfall", "exceptions")})
        problem = replace(problem, rules=problem.rules.model_copy(update={"objective": first}))
        expected = by_definition(problem, 3.0) if every_plan(problem) else {}
        if len(expected) < 4:
            continue
        solution = solve_partition(problem)
        near = near_plans(solution, 3.0, at_most=2, count=True)
        assert not near.complete
        assert near.counted == len(expected)
        assert near.covered is not None
        assert near.covered < 3.0
        limit, found = cost_limit(solution.cost, near.covered), set(as_partitions(near, solution))
        assert {groups for groups, cost in expected.items() if cost <= limit - ROUNDING} <= found
        assert found <= {groups for groups, cost in expected.items() if cost <= limit + ROUNDING}
        assert len(found) <= 2
        assert f"there are {len(expected):,} within 300%" in near.sentence
        capped += 1
    assert capped >= 3


def test_the_best_plans_one_after_the_other() -> None:
    checked = 0
    for seed in SEEDS:
        solved = case(seed)
        if solved is None:
            continue
        problem, solution = solved
        near = k_best(solution, 5)
        costs = sorted(by_definition(problem, 10.0).values())
        assert near.cost.tolist() == pytest.approx(costs[:5], abs=ROUNDING)
        checked += 1
    assert checked >= 15


def test_without_time_only_the_best_plan_is_told(county: tuple[GroupingProblem, Solution]) -> None:
    _, solution = county
    near = near_plans(solution, 0.01, clock=Clock(0.0))
    assert near.covered is None
    assert near.stopped
    assert not near.complete
    assert near.cost.tolist() == [solution.cost]
    assert sorted(near.plan(0)) == sorted(solution.chosen)
    assert "in time" in near.sentence
    assert "found in time" in near.phrase


def test_own_time_ends_with_the_time_around_it() -> None:
    outer = Clock(None)
    own = OwnTime(1000.0, outer)
    assert not own.over
    assert 0 < own.left() <= 1000.0
    outer.stop()
    assert own.over
    assert own.stopped
    assert own.left() == 0
    assert OwnTime(0.0, Clock(None)).over


def test_an_unproven_best_plan_is_not_called_the_best(county: tuple[GroupingProblem, Solution]) -> None:
    _, solution = county
    near = near_plans(replace(solution, status="feasible"), 0.001)
    assert "the best plan found" in near.sentence
    assert "the best plan found" in near.phrase
    assert near.record()["plans"] == len(near)
    json.dumps(near.record())


def test_where_the_list_is_not_whole_no_more_is_claimed_than_it_covers(
    county: tuple[GroupingProblem, Solution],
) -> None:
    _, solution = county
    partly = near_plans(replace(solution, whole_within=0.001), 0.002)
    assert not partly.complete
    assert partly.covered == pytest.approx(0.001)
    assert len(partly) == len(near_plans(solution, 0.001))
    nothing = near_plans(replace(solution, whole_within=-1.0), 0.002)
    assert nothing.covered is None
    assert not k_best(replace(solution, whole_within=-1.0), 3).proven


def test_the_table_of_plans(county: tuple[GroupingProblem, Solution], tmp_path: Path) -> None:
    problem, solution = county
    near = near_plans(solution, 0.003)
    assert len(near) > 3
    small, groups = standalone(near, solution.candidates)
    write_near(small, groups, problem.practice_codes, tmp_path / "near.parquet")
    table = pq.read_table(tmp_path / "near.parquet").to_pandas()
    assert list(table) == ["plan", "score", "behind_best", *problem.practice_codes]
    assert table["plan"].tolist() == list(range(1, len(near) + 1))
    assert (table[list(problem.practice_codes)].dtypes == np.int16).all()
    assert table["score"].is_monotonic_increasing
    assert table["behind_best"].iloc[0] == 0.0
    assert table["behind_best"].max() <= 0.003
    for row, partition in zip(table.itertuples(), as_partitions(near, solution), strict=True):
        numbers = np.array(row[4:])
        assert [tuple(np.flatnonzero(numbers == n)) for n in range(1, numbers.max() + 1)] == list(partition)
        assert row.score * solution.candidates.units_per_minute == pytest.approx(near.cost[row.Index])
    write_near(small, groups, problem.practice_codes, tmp_path / "again.parquet")
    assert (tmp_path / "again.parquet").read_bytes() == (tmp_path / "near.parquet").read_bytes()


def test_the_table_by_rank(county: tuple[GroupingProblem, Solution]) -> None:
    problem, solution = county
    near = k_best(solution, 4)
    table = rank_table(near, solution.candidates, problem.list_size, problem.practice_codes)
    assert table["different_share"].iloc[0] == 0
    first, second = (set(groups) for groups in as_partitions(near, solution)[:2])
    kept = sum(int(problem.list_size[list(group)].sum()) for group in first & second)
    assert table["different_share"].iloc[1] == pytest.approx(1 - kept / problem.list_size.sum())
    lines = rank_lines(near, table, most=2)
    assert "The 4 best plans (in this order, proven)" in lines[0]
    assert "2 more" in lines[-1]


@pytest.mark.parametrize(
    ("share", "text"), [(0.01, "1%"), (0.0043999, "0.43%"), (0.1, "10%"), (0.00001, "0%"), (0.025, "2.5%")]
)
def test_percentages_are_never_rounded_up(share: float, text: str) -> None:
    assert percent(share) == text


def test_a_limit_never_lies_beyond_the_tolerance() -> None:
    assert cost_limit(999, 0.001) == 999
    assert cost_limit(1_000, 0.0019) == 1_001
    assert cost_limit(1_000, 0.0) == 1_000
