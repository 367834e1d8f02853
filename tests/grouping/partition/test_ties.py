from __future__ import annotations

import numpy as np
import pytest

from grouping.partition.columns import Columns, SideRow
from grouping.partition.pricing import shared_bound
from grouping.partition.ties import first_of_equals
from tests.grouping.partition.test_every import all_plans, columns_of, random_columns


def first(columns: Columns, value: int) -> tuple[int, ...] | None:
    bound = shared_bound(columns)
    found = first_of_equals(columns, bound.reduced, value - bound.value, value)
    return None if found is None else tuple(int(j) for j in found)


def test_a_set_that_takes_too_much_may_be_made_up_for_by_a_later_one() -> None:
    """The row allows 0: {0} takes 2, and only {1} gives 2 back."""
    row = SideRow("balance", np.array([2, -2, 0, 3], np.int64), 0)
    columns = columns_of(2, [(0,), (1,), (0, 1), (1,)], [1, 1, 2, 1], (row,))
    assert first(columns, 2) == (0, 1)


def test_at_least_so_many_groups() -> None:
    sets = [(0,), (1,), (2,), (0, 1), (1, 2), (0, 1, 2)]
    fewest = SideRow("fewest_groups", np.full(len(sets), -1, np.int64), -2)
    columns = columns_of(3, sets, [1, 1, 1, 2, 2, 3], (fewest,))
    assert first(columns, 3) == (0, 1, 2)
    two = SideRow("most_groups", np.ones(len(sets), np.int64), 2)
    columns = columns_of(3, sets, [1, 1, 1, 2, 2, 3], (fewest, two))
    assert first(columns, 3) == (0, 4)


@pytest.mark.parametrize("block", range(3))
def test_the_first_by_its_groups_of_all_plans_of_a_cost(block: int) -> None:
    several = 0
    for seed in range(60 * block, 60 * block + 60):
        columns = random_columns(seed, rows=True, dear=3)
        plans = all_plans(columns)
        if not plans:
            assert first(columns, 5) is None
            continue
        value = plans[0][0]
        equal = [groups for cost, groups in plans if cost == value]
        groups = first(columns, value)
        assert groups is not None
        assert [columns.group(j) for j in groups] == [columns.group(j) for j in equal[0]]
        assert all(int(row.coefficient[list(groups)].sum()) <= row.limit for row in columns.rows)
        several += len(equal) > 1
    assert several > 5
