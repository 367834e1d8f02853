"""The optimiser against the definitions tried on every partition: same best value, same infeasibility, same near plans.

The problems mix every kind of rule and decision (`random_problems.mixed_problem`); that the mixture has each of them in
the way of a plan and not in its way, with a plan and without one, is a test of its own.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from itertools import combinations
from typing import get_args

import numpy as np
import pytest

from geodata.errors import NoPlan
from grouping.candidates import list_candidates
from grouping.criteria import criterion
from grouping.near import near_plans as list_near_plans
from grouping.optimise import Solution, solve_partition
from grouping.problem import GroupingProblem
from grouping.rules import Criterion
from tests.grouping.brute_force import Definitions, Group, Whole, Worth, all_plans, every_plan, near_plans
from tests.grouping.random_problems import WITHOUT, mixed_problem, random_problem, stated

TOLERANCE = 0.05
PLAIN, MIXED, LARGER = 240, 500, 20
CLOSE = 50
"""Cost units by which whole numbers may differ: each group of a plan is rounded once or a few times on its own."""

COUNTED = {
    "shortfall", "exceptions", "groups", "outside_preferred", "split_locality", "change_of_group", "mixed_systems",
    "size_balance", "hub_cost", "fragile", "longest_practice",
}  # fmt: skip


def mixed_size(seed: int) -> int:
    return 4 + seed % 6


@cache
def mixed(seed: int) -> GroupingProblem:
    return mixed_problem(seed, mixed_size(seed))


@cache
def plans_of(seed: int) -> list[Whole]:
    return every_plan(mixed(seed))


def solved(problem: GroupingProblem) -> Solution | None:
    try:
        solution = solve_partition(problem)
    except NoPlan as error:
        assert error.report.status == "infeasible"
        return None
    assert solution.status == "optimal"
    assert solution.gap == 0
    return solution


def worths_of(problem: GroupingProblem, definitions: Definitions, solution: Solution) -> list[Worth]:
    """What the groups of the plan found are worth by the definitions; fails if one of them is not allowed."""
    found = []
    for group in solution.plan.groups:
        members = tuple(problem.practice_codes.index(code) for code in group.members)
        site = problem.site_codes.index(group.hub_site_code)
        worth = [one for one in definitions.worths(members) if one.hub == site]
        assert worth, (members, site, definitions.worths(members))
        found.append(worth[0])
    return found


def assert_as_good(problem: GroupingProblem, solution: Solution, best: Whole) -> None:
    """The plan obeys every rule and reaches the best value of each criterion in its turn."""
    definitions = Definitions(problem)
    worths = worths_of(problem, definitions, solution)
    assert definitions.plan_allowed(worths)
    order = problem.rules.objective.order
    for name, mine, true in zip(order, definitions.in_order(worths), best.values, strict=True):
        assert abs(mine - true) <= (0 if name in COUNTED else CLOSE), (name, mine, true)
    assert solution.shortfall == best.values[order.index("shortfall")]
    assert solution.exceptions == best.values[order.index("exceptions")]
    assert solution.objective == pytest.approx(best.score, abs=2e-6)
    assert list(solution.held) == list(order[: order.index("score")])
    for name, held in solution.held.items():
        assert abs(held - best.values[order.index(name)]) <= (0 if name in COUNTED else CLOSE)


def compare_best(problem: GroupingProblem, plans: list[Whole]) -> Solution | None:
    solution = solved(problem)
    assert (solution is None) == (not plans)
    if solution is not None:
        assert_as_good(problem, solution, plans[0])
        assert_first_of_equals(problem, solution, plans)
    return solution


def assert_first_of_equals(problem: GroupingProblem, solution: Solution, plans: list[Whole]) -> None:
    """Of plans with exactly the same values the one whose sorted groups come first."""
    about = [
        plan for plan in plans if all(abs(a - b) <= CLOSE for a, b in zip(plan.values, plans[0].values, strict=True))
    ]
    if all(plan.values == plans[0].values for plan in about):
        mine = tuple(solution.candidates.group(int(j)) for j in solution.chosen)
        assert tuple(sorted(mine)) == plans[0].groups


def compare_near(problem: GroupingProblem, plans: list[Whole], solution: Solution) -> int:
    """All plans within the tolerance are listed, once each with its best hubs, and no other; returns how many."""
    near = list_near_plans(solution, TOLERANCE)
    assert near.complete
    listed = solution.candidates
    mine = [tuple(sorted(listed.group(int(j)) for j in near.plan(k))) for k in range(len(near))]
    true: dict[tuple[Group, ...], int] = {}
    score = problem.rules.objective.order.index("score")
    for plan in near_plans(problem, plans, TOLERANCE):
        true[plan.groups] = min(plan.values[score], true.get(plan.groups, plan.values[score]))
    assert len(set(mine)) == len(mine)
    assert set(mine) == set(true)
    for groups, cost in zip(mine, near.cost, strict=True):
        assert abs(int(cost) - true[groups]) <= CLOSE
    return len(true)


@pytest.mark.parametrize("block", range(12))
def test_the_plain_rules_agree_with_every_partition_tried(block: int) -> None:
    for seed in range(block, PLAIN, 12):
        problem = random_problem(seed, 4 + seed % 6 if seed % 10 else 9)
        compare_best(problem, every_plan(problem))


@pytest.mark.parametrize("block", range(10))
def test_every_group_that_is_allowed_is_listed_with_its_worth(block: int) -> None:
    """And no other; but one below its minimum need not be there where no exception is allowed."""
    for seed in range(block, 100, 10):
        problem = mixed(seed)
        definitions, listed = Definitions(problem), list_candidates(problem)
        mine = {(listed.group(j), int(listed.hub[j])): j for j in range(len(listed))}
        groups = (
            group
            for length in range(1, definitions.count + 1)
            for group in combinations(range(definitions.count), length)
        )
        true = {(group, worth.hub): worth for group in groups for worth in definitions.worths(group)}
        needed = {
            key
            for key, worth in true.items()
            if problem.rules.exceptions.limit != 0 or not worth.criteria["exceptions"]
        }
        assert len(mine) == len(listed)
        assert needed <= set(mine) <= set(true)
        for name in get_args(Criterion):
            values = criterion(problem, listed, name)
            for key, j in mine.items():
                close = 0 if name in COUNTED else 5
                assert abs(int(values[j]) - true[key].criteria[name]) <= close, (seed, key, name)


@pytest.mark.parametrize("block", range(20))
def test_all_rules_mixed_agree_with_every_partition_tried(block: int) -> None:
    for seed in range(block, MIXED, 20):
        compare_best(mixed(seed), plans_of(seed))


@pytest.mark.parametrize("block", range(20))
def test_all_plans_within_five_percent_are_listed(block: int) -> None:
    for seed in range(block, MIXED, 20):
        plans = plans_of(seed)
        if plans:
            solution = solved(mixed(seed))
            assert solution is not None
            assert compare_near(mixed(seed), plans, solution) >= 1


@pytest.mark.parametrize("seed", range(2085, 2085 + LARGER))
def test_ten_and_eleven_practices_agree(seed: int) -> None:
    problem = mixed_problem(seed, 10 + seed % 2)
    plans = every_plan(problem)
    solution = compare_best(problem, plans)
    if solution is not None:
        compare_near(problem, plans, solution)


def test_the_plain_problems_cover_all_cases() -> None:
    problems = [random_problem(seed, 4 + seed % 6 if seed % 10 else 9) for seed in range(PLAIN)]
    assert sum(np.isinf(p.patient_minutes).any() for p in problems) > 30
    assert sum(any(p.keep_together) for p in problems) > 30
    assert sum((p.list_size > p.rules.size.hard_maximum).any() for p in problems) > 30
    assert {p.rules.exceptions.limit for p in problems} >= {None, 0, 1, 2}
    outcomes = [all_plans(problem) for problem in problems[:60]]
    assert any(not plans for plans in outcomes)
    assert any(plans and plans[0][0][1] > 0 for plans in outcomes)
    assert any(plans and plans[0][0][1] == 0 for plans in outcomes)


def test_half_of_the_mixed_problems_have_a_plan() -> None:
    feasible = [seed for seed in range(MIXED) if plans_of(seed)]
    assert 0.4 < len(feasible) / MIXED < 0.7
    assert sum(len(plans_of(seed)) > 10 for seed in feasible) > 50
    assert sum(len(near_plans(mixed(seed), plans_of(seed), TOLERANCE)) > 1 for seed in feasible) > 40


@pytest.mark.parametrize("kind", sorted(WITHOUT))
def test_the_mixture_has_each_rule_in_the_way_and_not_in_the_way(kind: str) -> None:
    """In the way: without the rule the best plan is another one, or there is one at all."""
    seen: Counter[str] = Counter()
    for seed in range(MIXED):
        if kind not in stated(mixed(seed)):
            continue
        plans, without = plans_of(seed), every_plan(WITHOUT[kind](mixed(seed)))
        same = [(plan.groups, plan.hubs) for plan in plans[:1]] == [(plan.groups, plan.hubs) for plan in without[:1]]
        seen["not in the way" if same else "in the way"] += 1
        seen["a plan" if plans else "no plan"] += 1
        if len(seen) == 4 and min(seen.values()) >= 3:
            return
    pytest.fail(f"{kind}: {dict(seen)}")


def test_exceptions_are_allowed_forbidden_and_capped_with_and_without_a_plan() -> None:
    seen = Counter((mixed(seed).rules.exceptions.limit, bool(plans_of(seed))) for seed in range(MIXED))
    for limit in (None, 0, 1, 2):
        assert seen[limit, True] >= 5, limit
        assert seen[limit, False] >= 5, limit
