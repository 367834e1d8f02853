"""Among plans of exactly the same cost, the one whose sorted list of sorted member codes comes first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from grouping.partition.clock import Clock
from grouping.partition.columns import Columns, SideRow
from grouping.partition.programme import solve_programme
from grouping.partition.rows import without_negative
from grouping.partition.search import MOST_COLUMNS, Found, price_sums

MOST_STEPS = 20_000
"""Steps after which the search for an earlier plan of the same cost is given up."""


MOST_EQUALS = 20
"""Plans of the same cost that are collected by solving again."""


def first_of_equals(columns: Columns, reduced: NDArray[np.int64], slack: int, value: int) -> NDArray[np.int64] | None:
    """The plan of cost `value` that comes first by its sorted groups; None if the search was given up.

    Depth first: the smallest practice not yet covered takes its sets in the order of their codes. Each set uses up its
    reduced cost of the `slack` between `value` and the bound; states that led nowhere are remembered. Side rows may
    have negative coefficients, and the same set may be there more than once.

    Parameters
    ----------
    columns
        Sets that can be part of such a plan, practices numbered in the order of their codes.
    reduced
        Their reduced costs, all >= 0.
    slack
        `value` minus the bound the reduced costs refer to.
    value
        The cost looked for.
    """
    by_first = _by_smallest_member(columns)
    sets = [(sum(1 << p for p in columns.group(j)), int(reduced[j]), int(columns.cost[j])) for j in range(len(columns))]
    rows = [without_negative(columns, row) for row in columns.rows]
    use = [tuple(int(row.coefficient[j]) for row in rows) for j in range(len(columns))]
    limits = tuple(row.limit for row in rows)
    if any(limit < 0 for limit in limits):
        return None
    full = (1 << columns.practices) - 1
    dead: dict[tuple[int, tuple[int, ...], int], int] = {}
    steps = 0

    def search(covered: int, left: int, room: tuple[int, ...], cost: int) -> list[int] | None:
        nonlocal steps
        if covered == full:
            return [] if cost == value else None
        key = (covered, room, cost)
        if dead.get(key, -1) >= left:
            return None
        free = ~covered & full
        for same in by_first[(free & -free).bit_length() - 1]:
            ways = []
            for j in same:
                mask, price, own = sets[j]
                if price > left or mask & covered:
                    continue
                steps += 1
                if steps > MOST_STEPS:
                    raise TimeoutError
                rest = tuple(r - u for r, u in zip(room, use[j], strict=True))
                if rest and min(rest) < 0:
                    continue
                found = search(covered | mask, left - price, rest, cost + own)
                if found is not None:
                    ways.append([j, *found])
            if ways:
                return min(ways, key=lambda way: ([columns.group(j) for j in way], way))
        dead[key] = left
        return None

    try:
        found = search(0, slack, limits, 0)
    except TimeoutError:
        return None
    return None if found is None else np.array(found, np.int64)


def _by_smallest_member(columns: Columns) -> list[list[list[int]]]:
    """Positions of the sets that begin with each practice, in the order of their members; the same set in one list."""
    lists: list[dict[tuple[int, ...], list[int]]] = [{} for _ in range(columns.practices)]
    for j in sorted(range(len(columns)), key=columns.group):
        group = columns.group(j)
        lists[group[0]].setdefault(group, []).append(j)
    return [list(same.values()) for same in lists]


def first_by_solving(
    columns: Columns, names: Sequence[str], found: Found, plan: NDArray[np.int64], clock: Clock
) -> NDArray[np.int64] | None:
    """The same by solving the final programme again without the plans already known; None if it was given up.

    Parameters
    ----------
    columns
        Sets that can be part of such a plan.
    names
        Practice codes.
    found
        The search that led here.
    plan
        Positions of the plan found.
    clock
        The time limit.
    """
    if len(columns) > MOST_COLUMNS:
        return None
    price = (columns.cost - price_sums(columns, found.last.prices)) / 1000
    equals = [np.sort(plan)]
    for _ in range(MOST_EQUALS):
        known = tuple(
            SideRow(f"other_than_{n}", np.isin(np.arange(len(columns)), one).astype(np.int64), len(one) - 1)
            for n, one in enumerate(equals)
        )
        answer = solve_programme(
            replace(columns, rows=(*columns.rows, *known)), names, price, cuts=found.triples, closeness=0.0004,
            seconds=clock.limit(),
        )  # fmt: skip
        if answer.status == "stopped":
            return None
        if len(answer.chosen) == 0 or int(columns.cost[answer.chosen].sum()) > found.value:
            return min(equals, key=lambda one: sorted(columns.group(int(j)) for j in one))
        equals.append(np.sort(answer.chosen))
    return None
