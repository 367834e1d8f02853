"""A plan at once, for a search that is out of time: cheap groups first, then again with those that were left wanting.

Sets are taken in rising order of what they cost above the prices of their practices, per practice, as long as they
share no practice with one taken before. Practices that end up in dear groups get a higher price and so an earlier turn;
what was added to a price fades ("squeaky wheel optimisation", Joslin and Clements, Journal of Artificial Intelligence
Research 10, 1999). The best of all turns is kept. Nothing is drawn at random and nothing is proven.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geodata.compiled import compiled
from grouping.partition.columns import Columns
from grouping.partition.pricing import shared_bound

TURNS = 150
"""How often a plan is built anew."""

RAISED, KEPT = 0.3, 0.95
"""Share of what a group costs above its prices that its practices get, and what is left of that one turn later. Of 36
pairs with three ways to weigh a set, this one left the fewest patients short on four counties."""

NEAREST = 150
"""Sets kept for each practice, those that cost least above the prices per patient."""


def greedy_plan(columns: Columns, weights: NDArray[np.int64]) -> NDArray[np.int64]:
    """Sets that cover every practice once, cheap but not the cheapest.

    Parameters
    ----------
    columns
        The sets; each practice has one by itself, so that the rest can always be filled up.
    weights
        Weight of each practice (its patients), int64, shape (P,).

    Returns
    -------
    Positions of the sets, int64. Of side rows those with a limit of 0 and more are kept in mind, as far as that is
    possible: the caller must check.
    """
    rows = [n for n, row in enumerate(columns.rows) if row.limit >= 0 and row.coefficient.min(initial=0) >= 0]
    patients = np.maximum(np.add.reduceat(weights[columns.members], columns.starts[:-1]), 1).astype(np.float64)
    shared = shared_bound(columns)
    near = _near(columns, shared.reduced / patients)
    few = columns.take(near)
    use = np.array([few.rows[n].coefficient for n in rows], np.int64).reshape(len(rows), len(few))
    room = np.array([few.rows[n].limit for n in rows], np.int64)
    lengths = few.lengths()
    above = (few.cost - np.add.reduceat(shared.prices[few.members], few.starts[:-1])).astype(np.float64)
    raised = np.zeros(columns.practices)
    best, least = np.empty(0, np.int64), None
    for _ in range(TURNS):
        turn = np.argsort((above - np.add.reduceat(raised[few.members], few.starts[:-1])) / lengths, kind="stable")
        plan = _fill(few.members, few.starts, turn, columns.practices, use, room)
        cost = int(few.cost[plan].sum())
        if least is None or cost < least:
            best, least = plan, cost
        chosen = few.take(plan)
        raised *= KEPT
        raised[chosen.members] += RAISED * np.repeat(np.maximum(above[plan], 0.0) / lengths[plan], lengths[plan])
    return np.sort(near[best])


def _near(columns: Columns, measure: NDArray[np.float64]) -> NDArray[np.int64]:
    """Of each practice the sets of least measure, and every set of one practice."""
    order = np.argsort(measure, kind="stable")
    wanted = np.diff(columns.starts) == 1
    _first_of_each(columns.members, columns.starts, order, columns.practices, NEAREST, wanted)
    return np.flatnonzero(wanted)


@compiled
def _first_of_each(
    members: NDArray[np.int16],
    starts: NDArray[np.int64],
    order: NDArray[np.int64],
    count: int,
    most: int,
    wanted: NDArray[np.bool_],
) -> None:  # pragma: no cover - compiled
    """Mark every set that is among the first `most` of one of its practices, in the order given."""
    seen = np.zeros(count, np.int64)
    for j in order:
        few = False
        for i in range(starts[j], starts[j + 1]):
            if seen[members[i]] < most:
                few = True
        if few:
            wanted[j] = True
            for i in range(starts[j], starts[j + 1]):
                seen[members[i]] += 1


@compiled
def _fill(
    members: NDArray[np.int16],
    starts: NDArray[np.int64],
    order: NDArray[np.int64],
    count: int,
    use: NDArray[np.int64],
    room: NDArray[np.int64],
) -> NDArray[np.int64]:  # pragma: no cover - compiled
    """Take each set in turn that shares no practice with those taken and fits into what is left of the rows."""
    covered = np.zeros(count, np.bool_)
    left = room.copy()
    chosen = np.empty(count, np.int64)
    taken = 0
    for j in order:
        fits = True
        for i in range(starts[j], starts[j + 1]):
            if covered[members[i]]:
                fits = False
                break
        if not fits:
            continue
        for r in range(len(left)):
            if use[r, j] > left[r]:
                fits = False
        if not fits:
            continue
        for r in range(len(left)):
            left[r] -= use[r, j]
        for i in range(starts[j], starts[j + 1]):
            covered[members[i]] = True
        chosen[taken] = j
        taken += 1
    return chosen[:taken]
