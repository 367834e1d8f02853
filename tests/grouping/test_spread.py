"""Sets of options that differ as much as possible, against trying every set."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grouping.spread import Pool, exchange, smallest_pair

GROUPS = 12


def pool_of(plans: list[list[int]], sizes: list[int]) -> Pool:
    offset = np.concatenate(([0], np.cumsum([len(plan) for plan in plans]))).astype(np.int64)

    def same(plan: np.ndarray) -> np.ndarray:
        return np.isin(np.arange(GROUPS), plan)

    groups = np.array([group for plan in plans for group in plan], np.int64)
    return Pool(offset, groups, np.array(sizes, np.int64), 1000, same)


def value(pool: Pool, plans: list[np.ndarray]) -> tuple[int, int]:
    pairs = [pool.between(one, other) for one, other in combinations(plans, 2)]
    return min(pairs), sum(pairs)


def test_difference_is_of_the_patients_whose_group_is_in_one_plan_only() -> None:
    pool = pool_of([[0, 1, 2], [0, 3], [4, 5]], [100, 200, 300, *[10] * 9])
    plan = np.array([0, 1, 2])
    assert pool.changed(plan).tolist() == [400, 900, 1000]
    assert pool.between(plan, np.array([0, 3])) == 900
    assert smallest_pair(pool, [pool.plan(n) for n in range(3)]) == (900, frozenset({0, 1}))


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.lists(st.lists(st.integers(0, GROUPS - 1), min_size=2, max_size=5, unique=True), min_size=3, max_size=9),
    st.lists(st.integers(1, 90), min_size=GROUPS, max_size=GROUPS),
    st.integers(2, 4),
)
def test_no_single_exchange_is_better_and_what_is_fixed_stays(
    plans: list[list[int]], sizes: list[int], count: int
) -> None:
    pool = pool_of(plans, sizes)
    start = [pool.plan(n % len(pool)) for n in range(count)]
    free = list(range(1, count))
    found = exchange(pool, start, free)
    assert found[0].tolist() == start[0].tolist()
    assert value(pool, found) >= value(pool, start)
    for n in free:
        for k in range(len(pool)):
            other = [*found[:n], pool.plan(k), *found[n + 1 :]]
            assert value(pool, other) <= value(pool, found)


def test_the_smallest_difference_counts_before_the_sum() -> None:
    """A far plan beside a near copy has the larger sum, and is the poorer choice."""
    sizes = [300, 300, 400, *[100] * 9]
    plans = [[0, 1, 2], [0, 1, 3], [0, 4, 5], [0, 6, 7]]
    pool = pool_of(plans, sizes)
    found = exchange(pool, [pool.plan(0), pool.plan(1), pool.plan(2)], [1, 2])
    assert smallest_pair(pool, found)[0] == 700
    assert [plan.tolist() for plan in found] == [[0, 1, 2], [0, 6, 7], [0, 4, 5]]


@pytest.mark.parametrize("plans", [[], [[0, 1]]])
def test_nothing_to_exchange_leaves_the_set_as_it_is(plans: list[list[int]]) -> None:
    pool = pool_of(plans, [10] * GROUPS)
    alone = [np.array([2, 3])]
    assert exchange(pool, alone, [0]) == alone
    assert smallest_pair(pool, alone) == (1000, frozenset())
