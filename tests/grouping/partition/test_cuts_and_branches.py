"""The search over lists small enough to try every plan, with its thresholds so low that it cuts, thins and branches."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations

import numpy as np
import pytest
from numpy.typing import NDArray

from grouping.partition import search as searching
from grouping.partition.clock import Clock
from grouping.partition.columns import Columns, SideRow
from grouping.partition.programme import Answer, solve_programme
from grouping.partition.search import NO_VALUE, minimise
from grouping.partition.ties import first_by_solving, first_of_equals

PRACTICES = 8
NAMES = tuple(f"P{p}" for p in range(PRACTICES))

THRESHOLDS = (
    {"FIRST_COLUMNS": 12, "FINAL_COLUMNS": 0, "CUT_ROUNDS": 0},  # branches at once
    {"FIRST_COLUMNS": 12, "FINAL_COLUMNS": 0, "CUT_ROUNDS": 2},
    {"FIRST_COLUMNS": 20, "FINAL_COLUMNS": 10, "CUT_ROUNDS": 12},  # cuts, then the final programme
    {"FIRST_COLUMNS": 2_500, "FINAL_COLUMNS": 5_000, "CUT_ROUNDS": 12},  # as it is
)

Chosen = tuple[int, ...]


def random_columns(seed: int, *, step: int = 1) -> Columns:
    """Most sets of one to four practices at costs for which fractions of sets are cheaper than any plan."""
    rng = np.random.default_rng(seed)
    sets = [one for size in (1, 2, 3, 4) for one in combinations(range(PRACTICES), size)]
    sets = [one for one in sets if len(one) == 1 or rng.random() < 0.6]
    cost = np.array([rng.integers(50, 80) if len(one) == 1 else rng.integers(12, 28) for one in sets], np.int64)
    rows: tuple[SideRow, ...] = ()
    if seed % 3 == 1:
        rows = (SideRow("most", rng.integers(0, 3, len(sets)), 4),)
        rows += (SideRow("at_least", -np.ones(len(sets), np.int64), -4),) if seed % 2 else ()
    return Columns(
        PRACTICES,
        np.array([p for one in sets for p in one], np.int16),
        np.concatenate(([0], np.cumsum([len(one) for one in sets]))).astype(np.int64),
        cost * step,
        rows,
    )


def all_plans(columns: Columns) -> list[tuple[int, Chosen]]:
    """Cost and positions of every plan that keeps the rows, the cheapest first."""
    groups = [columns.group(j) for j in range(len(columns))]
    found: list[tuple[int, Chosen]] = []

    def cover(left: frozenset[int], chosen: Chosen) -> None:
        if not left:
            ids = list(chosen)
            if all(row.coefficient[ids].sum() <= row.limit for row in columns.rows):
                found.append((int(columns.cost[ids].sum()), chosen))
            return
        for j, group in enumerate(groups):
            if group[0] == min(left) and left.issuperset(group):
                cover(left - set(group), (*chosen, j))

    cover(frozenset(range(PRACTICES)), ())
    return sorted(found)


def set_thresholds(monkeypatch: pytest.MonkeyPatch, values: dict[str, int]) -> None:
    for name, value in values.items():
        monkeypatch.setattr(searching, name, value)


@pytest.mark.parametrize("thresholds", THRESHOLDS, ids=lambda values: "-".join(map(str, values.values())))
def test_the_cheapest_plan_is_found_proven_and_nothing_as_good_is_thrown_away(
    thresholds: dict[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    set_thresholds(monkeypatch, thresholds)
    worked = 0
    for seed in range(24):
        step = (1, 1_000)[seed % 2]
        columns = random_columns(seed, step=step)
        plans = all_plans(columns)
        found = minimise(columns, NAMES, step=step)
        assert found.proven
        if not plans:
            assert found.plan is None
            continue
        best = plans[0][0]
        assert found.value == found.bound == best
        assert max(found.root.value, found.last.value) <= best
        assert tuple(found.plan.tolist()) in {tuple(sorted(plan)) for cost, plan in plans if cost == best}
        as_good = {j for cost, plan in plans if cost == best for j in plan}
        assert as_good <= set(found.remaining.tolist())
        worked += found.branches > 0 or found.cuts > 0
    assert worked >= 2 or thresholds["FINAL_COLUMNS"] == 5_000


@pytest.mark.parametrize("rounds", [0, 2])
def test_what_is_cut_short_claims_no_more_than_holds(rounds: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only a bound, only a good plan, or no time: the bound holds for every plan, and `proven` is said of the best."""
    unproven = 0
    for seed in range(24):
        columns = random_columns(seed)
        plans = all_plans(columns)
        best = plans[0][0] if plans else NO_VALUE
        worst = np.array(plans[-1][1]) if plans else None
        for first in (5, 10, 25):
            set_thresholds(monkeypatch, {"FIRST_COLUMNS": first, "FINAL_COLUMNS": 0, "CUT_ROUNDS": rounds})
            found = minimise(columns, NAMES, aim="plan", loose=0.5)
            assert found.bound <= best <= found.value
            assert found.value == best or not found.proven
            unproven += not found.proven
        for options in ({"aim": "bound"}, {"clock": Clock(0.0)}, {"clock": Clock(0.0), "known": worst}):
            found = minimise(columns, NAMES, **options)
            assert found.bound <= best <= found.value
            assert found.value == best or not found.proven
            unproven += not found.proven
    assert unproven > 20


def test_a_bound_that_is_enough_and_a_plan_that_is_good_end_a_search() -> None:
    for seed in range(12):
        columns = random_columns(seed)
        plans = all_plans(columns)
        if not plans:
            continue
        best = plans[0][0]
        good = minimise(columns, NAMES, good=best + 20)
        assert best <= good.value <= best + 20
        assert good.bound <= best
        assert minimise(columns, NAMES, enough=best + 1).value == best
        beyond = minimise(columns, NAMES, good=best - 1)
        assert beyond.proven
        assert beyond.value == best


def test_a_programme_that_was_stopped_settles_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    stopped = Answer(np.empty(0, np.int64), "stopped", -np.inf)
    monkeypatch.setattr(searching, "solve_programme", lambda *_, **__: stopped)
    unproven = 0
    for seed in range(12):
        columns = random_columns(seed)
        plans = all_plans(columns)
        if not plans:
            continue
        for known in (None, np.array(plans[-1][1])):
            found = minimise(columns, NAMES, known=known)
            assert found.bound <= plans[0][0] <= found.value
            assert found.value == plans[0][0] or not found.proven
            unproven += not found.proven
    assert unproven > 5


def test_cuts_leave_every_plan_in_the_final_programme() -> None:
    triples = list(combinations(range(PRACTICES), 3))
    for seed in range(12):
        columns = random_columns(seed)
        plans = all_plans(columns)
        answer = solve_programme(columns, NAMES, columns.cost.astype(float), cuts=triples)
        assert answer.status == ("optimal" if plans else "infeasible")
        if plans:
            assert int(columns.cost[answer.chosen].sum()) == plans[0][0]


def first_by_codes(columns: Columns, plans: list[tuple[int, Chosen]], cost: int) -> list[tuple[int, ...]]:
    return min(sorted(columns.group(j) for j in plan) for own, plan in plans if own == cost)


def as_groups(columns: Columns, plan: NDArray[np.int64]) -> list[tuple[int, ...]]:
    return sorted(columns.group(int(j)) for j in plan)


def test_of_plans_that_cost_the_same_the_first_by_codes_is_taken_either_way() -> None:
    several = 0
    for seed in range(24):
        columns = random_columns(seed)
        columns = columns.take(np.random.default_rng(seed).permutation(len(columns)))  # not in the order of the codes
        plans = all_plans(columns)
        if not plans:
            continue
        several += sum(cost == plans[0][0] for cost, _ in plans) > 1
        expected = first_by_codes(columns, plans, plans[0][0])
        found = minimise(columns, NAMES)
        rest = columns.take(found.remaining)
        first = first_of_equals(rest, found.reduced, found.value - found.last.value, found.value)
        assert first is not None
        assert as_groups(rest, first) == expected
        mine = np.flatnonzero(np.isin(found.remaining, found.plan))
        first = first_by_solving(rest, NAMES, found, mine, Clock())
        assert first is not None
        assert as_groups(rest, first) == expected
    assert several >= 3


def test_only_plans_of_exactly_the_cost_looked_for_are_taken() -> None:
    for seed in range(6):
        columns = random_columns(seed)
        plans = all_plans(columns)
        for cost in sorted({cost for cost, _ in plans})[:3]:  # without prices every reduced cost is the cost
            first = first_of_equals(columns, columns.cost, cost + 5, cost)
            if first is not None:  # not given up
                assert as_groups(columns, first) == first_by_codes(columns, plans, cost)


def test_a_known_plan_that_breaks_a_row_is_not_taken() -> None:
    columns = random_columns(0)
    plans = all_plans(columns)
    shut = np.isin(np.arange(len(columns)), plans[0][1]).astype(np.int64)
    columns = replace(columns, rows=(SideRow("not_this", shut, len(plans[0][1]) - 1),))
    found = minimise(columns, NAMES, known=np.array(plans[0][1]))
    assert found.value == min(cost for cost, plan in plans if set(plan) != set(plans[0][1]))
