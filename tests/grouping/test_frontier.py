"""The frontier between two criteria, against every plan there is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.made_up import made_up_problem
from grouping.criteria import LARGEST, criterion
from grouping.frontier import NAMES, Frontier, find_frontier, frontier_lines
from grouping.optimise import solve_partition
from grouping.partition.clock import Clock
from grouping.problem import GroupingProblem
from tests.grouping.brute_force import Definitions, every_plan
from tests.grouping.test_near import ROUNDING, SEEDS, case

PAIRS = [
    ("score", "change_of_group"),
    ("score", "longest_practice"),
    ("minutes", "outside_preferred"),
    ("longest_practice", "split_locality"),
    ("shortfall", "minutes"),
    ("size_balance", "minutes"),
    ("hub_cost", "score"),
    ("score", "fragile"),
]


def by_definition(problem: GroupingProblem, first: str, second: str) -> list[tuple[int, int]]:
    """Values of the plans that no other beats in both, earlier criteria of the order held at their best."""
    definitions = Definitions(problem)
    order = problem.rules.objective.order
    places = [order.index(name) for name in (first, second) if name in order]
    earlier = min(places) if places else order.index("score")
    plans = every_plan(problem)
    kept = [plan for plan in plans if plan.values[:earlier] == plans[0].values[:earlier]]
    points = set()
    for plan in kept:
        worths = [
            next(worth for worth in definitions.worths(group) if worth.hub == hub)
            for group, hub in zip(plan.groups, plan.hubs, strict=True)
        ]
        points.add((definitions.plan_criterion(worths, first), definitions.plan_criterion(worths, second)))
    return sorted(p for p in points if not any(q != p and q[0] <= p[0] and q[1] <= p[1] for q in points))


def close(found: int, expected: int, name: str) -> bool:
    return abs(found - expected) <= (ROUNDING if name in {"score", "minutes", "worst_practice"} else 0)


@pytest.mark.parametrize(("first", "second"), PAIRS)
def test_all_points_are_found_and_proven(first: str, second: str) -> None:
    checked = several = 0
    for seed in SEEDS:
        solved = case(seed)
        if solved is None:
            continue
        problem, solution = solved
        expected = by_definition(problem, first, second)
        found = find_frontier(problem, solution, first, second, most=200)
        assert found.complete
        values = [(point.first, point.second) for point in found.points]
        if len(values) != len(expected):  # plans a rounding apart, one of which the other beats
            assert {"score", "minutes"} & {first, second}
            assert all(any(close(a, c, first) and close(b, d, second) for c, d in values) for a, b in expected)
            continue
        for (a, b), (c, d) in zip(values, expected, strict=True):
            assert close(a, c, first)
            assert close(b, d, second)
        assert all(point.proven for point in found.points)
        checked += 1
        several += len(expected) > 1
    assert checked >= 18
    assert several >= 1


@pytest.fixture(scope="module")
def county() -> GroupingProblem:
    return made_up_problem(3, practices=40)


def test_too_many_points_are_spread_over_the_range_and_it_is_said(county: GroupingProblem) -> None:
    solution = solve_partition(county)
    few = find_frontier(county, solution, "score", "size_balance", most=3)
    many = find_frontier(county, solution, "score", "size_balance", most=6)
    assert len(few.points) == 3
    assert not few.complete
    assert "spread over the whole range" in few.sentence
    assert len(many.points) > 3
    assert few.points[0] == many.points[0]
    assert few.points[-1] == many.points[-1]
    assert [point.first for point in many.points] == sorted(point.first for point in many.points)
    assert [point.second for point in many.points] == sorted((p.second for p in many.points), reverse=True)
    assert few.points[0].first_shown == pytest.approx(solution.objective)


def test_plans_of_the_points_have_the_values_that_are_told(county: GroupingProblem) -> None:
    solution = solve_partition(county)
    found = find_frontier(county, solution, "score", "longest_practice", most=5)
    listed = solution.candidates
    position = {listed.group(j): j for j in range(len(listed))}
    number = {code: p for p, code in enumerate(county.practice_codes)}
    for point in found.points:
        chosen = [position[tuple(number[code] for code in group.members)] for group in point.plan.groups]
        for name, told in (("score", point.first), ("longest_practice", point.second)):
            values = criterion(county, listed, name)[chosen]
            assert told == (values.max() if name in LARGEST else values.sum())
    table = found.table
    assert list(table) == ["point", "score", "longest_practice", "groups", "proven"]
    assert len(table) == len(found.points)
    lines = frontier_lines(found)
    assert any("Held at their best: shortfall" in line for line in lines)
    assert sum(f"{point.first_shown:,.3f}" in line for point in found.points for line in lines) >= len(found.points)


def test_nothing_to_choose_is_said(county: GroupingProblem) -> None:
    county = replace(county, current_group=("",) * len(county.practice_codes))
    found = find_frontier(county, solve_partition(county), "score", "change_of_group")
    assert len(found.points) == 1
    assert "nothing to choose" in found.sentence


def test_without_time_it_is_not_called_complete(county: GroupingProblem) -> None:
    found = find_frontier(county, solve_partition(county), "score", "size_balance", clock=Clock(0.0))
    assert isinstance(found, Frontier)
    assert not found.complete
    assert found.stopped


def test_wrong_names_are_refused(county: GroupingProblem) -> None:
    solution = solve_partition(county)
    with pytest.raises(ValueError, match="two different ones"):
        find_frontier(county, solution, "score", "score")
    with pytest.raises(ValueError, match="longest_practice"):
        find_frontier(county, solution, "score", "beauty")
    assert "score" in NAMES
