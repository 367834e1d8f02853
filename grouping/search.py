"""Find the cheapest plan over a list of sets and prove it, one objective at a time.

The chain: the linear relaxation over the whole list gives a bound (`grouping.pricing`); the sets closest to it, given
to the final programme (`grouping.programme`), give a plan; sets that cannot be in a better plan are discarded by their
reduced cost; cuts raise the bound; and what remains is settled by the final programme, or, where too much remains, by
branching on whether two practices share a group.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from grouping.pricing import Bound, Columns, Relaxation
from grouping.programme import solve_programme

FIRST_COLUMNS = 2_500
"""Sets given to the programme that looks for a first good plan."""

FINAL_COLUMNS = 5_000
"""So few sets are settled by the final programme at once; more are first thinned by cuts."""

MOST_COLUMNS = 30_000
"""The final programme never gets more sets than this; beyond, the search branches."""

FIRST_NODES = 300
"""Branch-and-bound nodes spent on a first good plan (a count, not a time, so that runs repeat exactly)."""

CUT_ROUNDS = 12


class Clock:
    """Seconds left of an optional time limit."""

    def __init__(self, seconds: float | None = None) -> None:
        self._end = None if seconds is None else time.monotonic() + seconds

    def left(self) -> float:
        """Seconds left, infinite without a limit."""
        return float("inf") if self._end is None else self._end - time.monotonic()

    @property
    def over(self) -> bool:
        """Whether the time is used up."""
        return self.left() <= 0

    def limit(self) -> float | None:
        """Seconds left for a solver, None without a limit."""
        return None if self._end is None else max(self.left(), 0.0)


@dataclass
class Found:
    """The cheapest plan found, and what is proven about it.

    `plan` holds positions in the list that was searched (None if no plan is known), `value` its cost, `bound` what no plan can
    undercut, both in whole units. `proven` says that the search is complete: the plan is a cheapest one, or there is none.
    `remaining` are the positions that can be part of a plan as cheap as this one, `reduced` their reduced costs and `base` the
    bound those refer to.
    """

    plan: NDArray[np.int64] | None
    value: int
    bound: int
    proven: bool
    remaining: NDArray[np.int64]
    reduced: NDArray[np.int64]
    base: int
    columns: int = 0
    cuts: int = 0
    rounds: int = 0
    branches: int = 0
    root_bound: int = 0
    notes: list[str] = field(default_factory=list)


NO_VALUE = 1 << 62


@dataclass
class _Search:
    """State of one search; see `minimise`."""

    columns: Columns
    names: Sequence[str]
    step: int
    clock: Clock
    enough: int | None
    plan: NDArray[np.int64] | None = None
    value: int = NO_VALUE
    used: int = 0
    cuts: int = 0
    rounds: int = 0
    branches: int = 0

    def up(self, bound: int) -> int:
        """A bound on an objective that only takes multiples of `step`."""
        return -(-bound // self.step) * self.step

    def offer(self, plan: NDArray[np.int64]) -> bool:
        """Take a plan if it is one, keeps the side rows and is cheaper."""
        covered = np.concatenate([self.columns.members[self.columns.starts[j] : self.columns.starts[j + 1]] for j in plan])
        if len(covered) != self.columns.practices or len(np.unique(covered)) != len(covered):
            return False
        if any(int(row.coefficient[plan].sum()) > row.limit for row in self.columns.rows):
            return False
        value = int(self.columns.cost[plan].sum())
        if value >= self.value:
            return False
        self.plan, self.value = np.sort(plan), value
        return True

    def settled(self, bound: int) -> bool:
        """Whether nothing better than the best plan (or than `enough`) is left to find."""
        return self.up(bound) >= self.value or (self.enough is not None and self.up(bound) >= self.enough)

    def programme(
        self, ids: NDArray[np.int64], columns: Columns, relaxed: Bound, relax: Relaxation, nodes: int | None
    ) -> bool:
        """Solve the programme over some sets (`ids`: their positions in the whole list); whether it was solved to its end."""
        price = columns.cost - _price_sums(columns, relaxed.prices)
        unit = max(self.step, 1000)
        answer = solve_programme(
            columns, self.names, price / unit, cuts=relax.cuts, closeness=0.4 * self.step / unit,
            seconds=self.clock.limit(), nodes=nodes,
        )  # fmt: skip
        self.used = max(self.used, len(ids))
        if len(answer.chosen):
            self.offer(ids[answer.chosen])
        return answer.status in {"optimal", "infeasible"}


def _price_sums(columns: Columns, prices: NDArray[np.int64]) -> NDArray[np.int64]:
    """Sum of the prices of each set's members."""
    return np.add.reduceat(prices[columns.members], columns.starts[:-1])


def minimise(
    columns: Columns,
    names: Sequence[str],
    *,
    step: int = 1,
    known: NDArray[np.int64] | None = None,
    start: NDArray[np.int64] | None = None,
    enough: int | None = None,
    clock: Clock | None = None,
) -> Found:
    """Find and prove a cheapest plan.

    Parameters
    ----------
    columns
        The sets to choose from, with cost and side rows.
    names
        Practice codes.
    step
        All costs are multiples of this (a bound is rounded up to one).
    known
        A plan to start from.
    start
        Sets to start the relaxation with.
    enough
        Stop as soon as the bound reaches this value.
    clock
        The time limit.
    """
    search = _Search(columns, names, step, clock or Clock(), enough)
    if known is not None:
        search.offer(np.asarray(known, np.int64))
    everything = np.arange(len(columns))
    relax = Relaxation(columns)
    for ids in (start, search.plan):
        if ids is not None:
            relax.add(ids)
    proven, bound, ids, relaxed, root = _settle(search, everything, relax, depth=0)
    slack = search.value - relaxed.value
    left = relaxed.reduced <= slack
    return Found(
        search.plan, search.value, min(bound, search.value), proven, ids[left], relaxed.reduced[left], relaxed.value,
        search.used, search.cuts, search.rounds, search.branches, root,
    )  # fmt: skip


def _settle(
    search: _Search, ids: NDArray[np.int64], relax: Relaxation, depth: int
) -> tuple[bool, int, NDArray[np.int64], Bound, int]:
    """Work on one list of sets until nothing better is left in it: (complete, bound, sets left, their bound, first bound)."""
    best_bound = -NO_VALUE
    root = None
    for turn in range(CUT_ROUNDS + 1):
        before = relax.rounds
        relaxed = relax.solve(seconds_left=search.clock.left)
        search.rounds += relax.rounds - before
        root = relaxed.value if root is None else root
        best_bound = max(best_bound, search.up(relaxed.value))
        if relaxed.whole:
            search.offer(ids[relaxed.support])
        if search.settled(relaxed.value):
            return True, best_bound, ids, relaxed, root
        if search.clock.over:
            return False, best_bound, ids, relaxed, root
        if turn == 0:
            if _look(search, ids, relax, relaxed):
                return True, search.value, ids, relaxed, root
        ids, relax, relaxed = _thin(search, ids, relax, relaxed)
        if search.settled(relaxed.value):
            return True, best_bound, ids, relaxed, root
        if len(ids) <= FINAL_COLUMNS:
            break
        raised = relaxed.value - best_bound if turn else 1
        added = relax.tighten(relaxed)
        search.cuts += added
        if not added or raised < 0:
            break
    if len(ids) <= MOST_COLUMNS:
        done = search.programme(ids, relax.columns, relaxed, relax, None)
        return done, (search.value if done else best_bound), ids, relaxed, root
    return (*_branch(search, ids, relax, relaxed, best_bound, depth), ids, relaxed, root)


def _look(search: _Search, ids: NDArray[np.int64], relax: Relaxation, relaxed: Bound) -> bool:
    """Solve the programme over the most promising sets; whether that already settles the whole list.

    It does when the plan found is no further above the bound than the sets left out are.
    """
    reduced = relaxed.reduced
    if len(ids) <= FIRST_COLUMNS:
        chosen = np.arange(len(ids))
        horizon = NO_VALUE
    else:
        horizon = int(np.partition(reduced, FIRST_COLUMNS)[FIRST_COLUMNS])
        chosen = np.flatnonzero(reduced < horizon)
        if len(chosen) < FIRST_COLUMNS:
            # Many sets share the same reduced cost: those in the pool are the ones the relaxation picked.
            chosen = np.unique(np.concatenate((chosen, relax.pool[reduced[relax.pool] <= horizon][:FIRST_COLUMNS])))
    if search.plan is not None:
        place = np.searchsorted(ids, search.plan)
        inside = (place < len(ids)) & (ids[np.minimum(place, len(ids) - 1)] == search.plan)
        chosen = np.unique(np.concatenate((chosen, place[inside])))
    nodes = None if horizon == NO_VALUE else FIRST_NODES
    done = search.programme(ids[chosen], relax.columns.take(chosen), relaxed, relax, nodes)
    if horizon == NO_VALUE:
        return done
    return done and search.value - relaxed.value <= horizon


def _thin(
    search: _Search, ids: NDArray[np.int64], relax: Relaxation, relaxed: Bound
) -> tuple[NDArray[np.int64], Relaxation, Bound]:
    """Discard the sets that can be in no plan as cheap as the best."""
    keep = relaxed.reduced <= search.value - relaxed.value
    if keep.sum() > 0.8 * len(ids):
        return ids, relax, relaxed
    number = np.cumsum(keep) - 1
    stays = keep[relaxed.support]
    thinner = Bound(
        relaxed.value, relaxed.reduced[keep], number[relaxed.support[stays]], relaxed.weights[stays], relaxed.prices
    )
    return ids[keep], relax.narrowed(keep), thinner


def _branch(
    search: _Search, ids: NDArray[np.int64], relax: Relaxation, relaxed: Bound, bound: int, depth: int
) -> tuple[bool, int]:
    """Split the list by whether two practices share a group, and settle both halves."""
    support = relax.columns.take(relaxed.support)
    matrix = support.incidence()
    shared = (matrix * relaxed.weights[:, None]).T @ matrix
    np.fill_diagonal(shared, 0.0)
    away = np.where((shared > 1e-6) & (shared < 1 - 1e-6), np.abs(shared - 0.5), np.inf)
    a, b = np.unravel_index(int(np.argmin(away)), away.shape)
    if not np.isfinite(away[a, b]):
        return False, bound
    flag = np.zeros(relax.columns.practices, np.int64)
    flag[[a, b]] = 1
    held = _price_sums(relax.columns, flag)
    complete, lowest = True, NO_VALUE
    for half in (held != 1, held != 2):
        search.branches += 1
        done, below, *_ = _settle(search, ids[half], relax.narrowed(half), depth + 1)
        complete &= done
        lowest = min(lowest, below)
        if search.clock.over:
            return False, bound
        if search.settled(bound):
            return True, search.value
    return complete, max(bound, min(lowest, search.value))
