from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from grouping.partition import every
from grouping.partition.columns import Columns, SideRow
from grouping.partition.every import NearPlans, best_plans, count_plans, every_plan, tight_bound
from grouping.partition.pricing import Bound, shared_bound
from grouping.partition.rows import without_negative
from grouping.partition.search import minimise

QUICK = settings(max_examples=40, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))

Plan = tuple[int, tuple[int, ...]]


def columns_of(
    practices: int, sets: Sequence[Sequence[int]], cost: Sequence[int], rows: tuple[SideRow, ...] = ()
) -> Columns:
    members = np.array([p for group in sets for p in sorted(group)], np.int16)
    starts = np.concatenate(([0], np.cumsum([len(group) for group in sets]))).astype(np.int64)
    return Columns(practices, members, starts, np.array(cost, np.int64), rows)


def random_columns(seed: int, *, rows: bool = False, dear: int = 60) -> Columns:
    """Sets over 3-9 practices: some practices in few sets, the same set more than once, rows of both signs."""
    rng = np.random.default_rng(seed)
    practices = int(rng.integers(3, 10))
    wanted = int(rng.integers(practices, 60))
    sets = [np.flatnonzero(rng.random(practices) < rng.uniform(0.1, 0.6)) for _ in range(wanted)]
    sets = [group for group in sets if len(group)]
    if rng.random() < 0.8:
        sets += [np.array([p]) for p in range(practices)]
    cost = rng.integers(0, dear, len(sets))
    limits: tuple[SideRow, ...] = ()
    if rows:
        use = rng.integers(0, 4, len(sets))
        either = rng.integers(-3, 4, len(sets))
        fewest = int(rng.integers(1, practices))
        limits = (
            SideRow("at_most", use.astype(np.int64), int(rng.integers(0, 8))),
            SideRow("either", either.astype(np.int64), int(rng.integers(-6, 4))),
            SideRow("at_least_so_many_groups", np.full(len(sets), -1, np.int64), -fewest),
        )
    return columns_of(practices, sets, cost, limits)


def all_plans(columns: Columns) -> list[Plan]:
    """Every exact cover that obeys the rows, by trying: cost, groups by their smallest member."""
    sets = [columns.group(j) for j in range(len(columns))]
    found: list[Plan] = []

    def extend(chosen: list[int], covered: set[int]) -> None:
        free = [p for p in range(columns.practices) if p not in covered]
        if not free:
            rows = columns.rows
            if all(sum(int(row.coefficient[j]) for j in chosen) <= row.limit for row in rows):
                found.append((sum(int(columns.cost[j]) for j in chosen), tuple(chosen)))
            return
        for j, group in enumerate(sets):
            if group[0] == free[0] and not covered & set(group):
                extend([*chosen, j], covered | set(group))

    extend([], set())
    return sorted(found, key=lambda plan: (plan[0], [sets[j] for j in plan[1]], plan[1]))


def as_plans(near: NearPlans) -> list[Plan]:
    return [(int(near.cost[n]), tuple(int(j) for j in near.plan(n))) for n in range(len(near))]


def bound_of(columns: Columns) -> Bound:
    return shared_bound(columns)


@pytest.mark.parametrize("block", range(4))
@pytest.mark.parametrize("rows", [False, True])
def test_lists_what_trying_finds(block: int, *, rows: bool) -> None:
    some = 0
    for seed in range(30 * block, 30 * block + 30):
        columns = random_columns(seed, rows=rows, dear=60 if seed % 3 else 4)
        plans = all_plans(columns)
        limit = plans[len(plans) // 2][0] if plans else 100
        near = every_plan(columns, bound_of(columns), limit)
        assert near.complete
        assert near.limit == limit
        assert as_plans(near) == [plan for plan in plans if plan[0] <= limit]
        assert count_plans(columns, bound_of(columns), limit) == len(near)
        some += len(near) > 3
    assert some > 5


@QUICK
@given(st.integers(0, 10**6), st.integers(1, 30), st.booleans())
def test_the_cheapest_are_kept_when_there_are_too_many(seed: int, at_most: int, rows: bool) -> None:
    columns = random_columns(seed, rows=rows, dear=5)
    plans = all_plans(columns)
    limit = plans[-1][0] + 3 if plans else 50
    near = every_plan(columns, bound_of(columns), limit, at_most=at_most)
    assert as_plans(near) == plans[:at_most]
    assert near.complete == (len(plans) <= at_most)
    assert sum(plan[0] <= near.limit for plan in plans) <= len(near)
    dearer = [plan[0] for plan in plans[at_most:]]
    assert near.limit == min([limit, *(cost - 1 for cost in dearer)]) or near.limit == int(near.cost[-1])


@QUICK
@given(st.integers(0, 10**6), st.integers(1, 8))
def test_best_plans_in_order(seed: int, count: int) -> None:
    columns = random_columns(seed, rows=seed % 2 == 0, dear=3)
    plans = all_plans(columns)
    near = best_plans(columns, bound_of(columns), count, most=1000)
    assert as_plans(near) == plans[:count]


@QUICK
@given(st.integers(0, 10**6))
def test_any_valid_bound_gives_the_same_plans(seed: int) -> None:
    columns = random_columns(seed, rows=True)
    plans = all_plans(columns)
    limit = plans[len(plans) // 3][0] if plans else 30
    none = np.empty(0, np.int64)
    nothing_known = Bound(0, columns.cost.copy(), none, np.empty(0), np.zeros(columns.practices, np.int64))
    expected = [plan for plan in plans if plan[0] <= limit]
    assert as_plans(every_plan(columns, nothing_known, limit)) == expected
    names = [f"P{p}" for p in range(columns.practices)]
    assert as_plans(every_plan(columns, minimise(columns, names).root, limit)) == expected


@QUICK
@given(st.integers(0, 10**6))
def test_a_tight_bound_keeps_every_set_that_is_needed(seed: int) -> None:
    columns = random_columns(seed, rows=True)
    plans = all_plans(columns)
    limit = plans[len(plans) // 2][0] if plans else 30
    ids, bound = tight_bound(columns, bound_of(columns), limit)
    place = {int(j): n for n, j in enumerate(ids)}
    assert len(bound.reduced) == len(ids)
    assert (bound.reduced >= 0).all()
    for cost, groups in plans:
        if cost <= limit:
            assert bound.value + sum(int(bound.reduced[place[j]]) for j in groups) <= cost


def test_ties_are_in_the_order_of_their_groups_even_when_they_cannot_all_be_held(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    pairs = [(p, q) for p in range(8) for q in range(p + 1, 8)]
    columns = columns_of(8, pairs, [5] * len(pairs))
    plans = all_plans(columns)
    assert len(plans) == 105
    near = every_plan(columns, bound_of(columns), 30, at_most=10)
    assert as_plans(near) == plans[:10]
    assert near.limit == 19
    assert not near.complete
    cheaper = replace(columns, cost=columns.cost - np.array([pair == (2, 5) for pair in pairs], np.int64))
    monkeypatch.setattr(every, "TIES", 3)
    few = every_plan(cheaper, bound_of(cheaper), 30, at_most=20)
    cheap = [plan for plan in all_plans(cheaper) if plan[0] == 19]
    assert len(cheap) == 15
    assert as_plans(few)[:15] == cheap
    assert few.cost.tolist() == [19] * 15 + [20] * 5
    assert few.limit == 19


def test_a_limit_below_every_plan_and_a_practice_in_no_set() -> None:
    columns = columns_of(3, [(0, 1), (2,), (0,), (1, 2)], [5, 6, 7, 8])
    none = every_plan(columns, bound_of(columns), 10)
    assert (len(none), none.complete, none.limit) == (0, True, 10)
    assert as_plans(every_plan(columns, bound_of(columns), 11)) == [(11, (0, 1))]
    uncovered = columns_of(3, [(0, 1), (0,)], [5, 7])
    assert len(every_plan(uncovered, bound_of(uncovered), 10**6)) == 0
    assert count_plans(uncovered, bound_of(uncovered), 99) == 0


def grid_columns(width: int, height: int, seed: int) -> Columns:
    """Dominoes, triples in a row and single fields on a grid: many plans, compact sets."""
    rng = np.random.default_rng(seed)
    at = np.arange(width * height).reshape(height, width)
    sets = [(int(p),) for p in at.ravel()]
    for length in (2, 3):
        sets += [tuple(map(int, row[x : x + length])) for row in at for x in range(width - length + 1)]
        sets += [tuple(map(int, col[y : y + length])) for col in at.T for y in range(height - length + 1)]
    cost = [100 + int(rng.integers(0, 30)) for _ in sets]
    return columns_of(width * height, sets, cost)


def test_more_than_64_practices_and_the_same_number_by_another_route() -> None:
    """Counted by dynamic programming over the fields in reading order, with what is covered of the next rows."""
    columns = grid_columns(3, 24, 3)
    limit = minimise(columns, [f"P{p}" for p in range(72)]).value + 14
    sets = [columns.group(j) for j in range(len(columns))]
    share = min(int(cost) / len(group) for cost, group in zip(columns.cost, sets, strict=True))
    waiting: dict[tuple[frozenset[int], int], int] = {(frozenset(), 0): 1}
    for field in range(72):
        after: dict[tuple[frozenset[int], int], int] = {}
        for (ahead, cost), ways in waiting.items():
            if field in ahead:
                state = (ahead - {field}, cost)
                after[state] = after.get(state, 0) + ways
                continue
            for j, group in enumerate(sets):
                total = cost + int(columns.cost[j])
                rest = 72 - field - len(ahead) - len(group)
                if group[0] == field and not ahead & set(group) and total + share * rest <= limit:
                    state = (ahead | set(group[1:]), total)
                    after[state] = after.get(state, 0) + ways
        waiting = after
    number = sum(ways for (_, cost), ways in waiting.items() if cost <= limit)
    near = every_plan(columns, bound_of(columns), limit)
    assert near.complete
    assert len(near) == number > 20
    assert count_plans(columns, bound_of(columns), limit) == number
    for n in range(len(near)):
        members = np.concatenate([columns.group(int(j)) for j in near.plan(n)])
        assert sorted(members.tolist()) == list(range(72))
        assert int(columns.cost[near.plan(n)].sum()) == near.cost[n]


def test_asked_to_stop_it_says_up_to_where_it_is_complete() -> None:
    columns = grid_columns(4, 12, 1)
    full = every_plan(columns, bound_of(columns), 1870, at_most=10**6)
    assert full.complete
    assert len(full) > 100
    short = 0
    for allowed in (0, 3, 30, 100, 200, 300, 400):
        asked = 0

        def stop(allowed: int = allowed) -> bool:
            nonlocal asked
            asked += 1
            return asked > allowed

        near = every_plan(columns, bound_of(columns), 1870, at_most=10**6, stop=stop)
        assert as_plans(near) == [plan for plan in as_plans(full) if plan[0] <= near.limit]
        assert near.complete == (near.limit == 1870)
        short += not near.complete
    assert short >= 3


def test_a_graph_that_outgrows_its_limit_lowers_the_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    columns = grid_columns(4, 12, 1)
    full = every_plan(columns, bound_of(columns), 1870, at_most=10**6)
    monkeypatch.setattr(every, "MOST_STATES", 200)
    near = every_plan(columns, bound_of(columns), 1870, at_most=10**6)
    assert not near.complete
    assert 0 < len(near) < len(full)
    assert as_plans(near) == [plan for plan in as_plans(full) if plan[0] <= near.limit]
    assert count_plans(columns, bound_of(columns), 1870) is None


@QUICK
@given(st.integers(0, 10**6))
def test_a_row_without_negative_coefficients_says_the_same(seed: int) -> None:
    columns = random_columns(seed, rows=True)
    free = replace(columns, rows=())
    for row in columns.rows:
        other = without_negative(columns, row)
        assert (other.coefficient >= 0).all()
        for _, groups in all_plans(free):
            chosen = list(groups)
            assert (row.coefficient[chosen].sum() <= row.limit) == (other.coefficient[chosen].sum() <= other.limit)
