"""Options that differ as much as possible: exchange single ones until the smallest difference no longer grows.

The difference between two plans is the number of patients whose companions change. Of a set of options the smallest
difference between any two is made large first, then the sum of all: a set with one near-copy in it is a poor choice,
whatever else it holds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

Positions = NDArray[np.int64]


@dataclass(frozen=True)
class Pool:
    """K plans to choose from, as positions in a list of groups.

    Parameters
    ----------
    offset, groups
        Plan k has the groups `groups[offset[k]:offset[k + 1]]`.
    sizes
        Patients of every group of the list.
    patients
        Patients of all.
    same
        For a plan: which groups of the list are groups of it, bool.
    """

    offset: NDArray[np.int64]
    groups: NDArray[np.int64]
    sizes: NDArray[np.int64]
    patients: int
    same: Callable[[Positions], NDArray[np.bool_]]

    def __len__(self) -> int:
        """Plans to choose from."""
        return len(self.offset) - 1

    def plan(self, index: int) -> Positions:
        """Groups of one plan, ascending."""
        return np.sort(self.groups[self.offset[index] : self.offset[index + 1]])

    def changed(self, plan: Positions) -> NDArray[np.int64]:
        """Patients whose companions change between a plan and each one of the pool, int64, shape (K,)."""
        if not len(self):
            return np.empty(0, np.int64)
        kept = np.where(self.same(plan), self.sizes, 0)
        return self.patients - np.add.reduceat(kept[self.groups], self.offset[:-1])

    def between(self, plan: Positions, other: Positions) -> int:
        """Patients whose companions change between two plans."""
        return self.patients - int(self.sizes[other[self.same(plan)[other]]].sum())


def smallest_pair(pool: Pool, chosen: Sequence[Positions]) -> tuple[int, frozenset[int]]:
    """The smallest difference between any two plans, in patients, and the plans it is between."""
    differ = {(a, b): pool.between(chosen[a], chosen[b]) for a, b in combinations(range(len(chosen)), 2)}
    if not differ:
        return pool.patients, frozenset()
    smallest = min(differ.values())
    return smallest, frozenset(n for pair, value in differ.items() if value == smallest for n in pair)


def exchange(pool: Pool, chosen: Sequence[Positions], free: Sequence[int]) -> list[Positions]:
    """Exchange plans for others of the pool as long as that makes the set differ more.

    Parameters
    ----------
    pool
        What there is to choose from.
    chosen
        The set so far.
    free
        Which of them may be exchanged.

    Returns
    -------
    list
        The set, in the same order. No exchange of a single plan makes its smallest difference larger, or its sum of
        differences with the smallest one no smaller.
    """
    plans = list(chosen)
    if not len(pool) or len(plans) < 2:
        return plans
    changed = [pool.changed(plan) for plan in plans]
    pair = np.zeros((len(plans), len(plans)), np.int64)
    for a, b in combinations(range(len(plans)), 2):
        pair[a, b] = pair[b, a] = pool.between(plans[a], plans[b])
    while True:
        value = _value(pair, range(len(plans)))
        best: tuple[tuple[int, int], int, int] | None = None
        for n in free:
            others = [m for m in range(len(plans)) if m != n]
            least, total = _value(pair, others)
            nearest = np.minimum(np.min([changed[m] for m in others], axis=0), least)
            summed = np.sum([changed[m] for m in others], axis=0) + total
            at = int(np.lexsort((np.arange(len(pool)), -summed, -nearest))[0])
            reached = (int(nearest[at]), int(summed[at]))
            if reached > value and (best is None or reached > best[0]):
                best = (reached, n, at)
        if best is None:
            return plans
        _, n, at = best
        plans[n] = pool.plan(at)
        changed[n] = pool.changed(plans[n])
        for m in range(len(plans)):
            pair[n, m] = pair[m, n] = pool.between(plans[n], plans[m]) if m != n else 0


def _value(pair: NDArray[np.int64], some: Sequence[int]) -> tuple[int, int]:
    """Smallest difference and sum of the differences among some plans."""
    values = [int(pair[a, b]) for a, b in combinations(some, 2)]
    return (min(values), sum(values)) if values else (int(np.iinfo(np.int64).max), 0)
