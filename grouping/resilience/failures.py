"""Which practices fail: each of the plan alone, and each vulnerable one together with its nearest neighbour."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grouping.resilience.facts import Facts


@dataclass(frozen=True)
class Failures:
    """Sets of practices that fail together.

    Parameters
    ----------
    sets
        Positions of practices, ascending within each set, shape (F,).
    cause
        For a pair: the vulnerable practice and its neighbour, in that order; for a single practice itself.
    minutes
        Minutes between the main sites of a pair (the longer direction); 0 for a single practice.
    """

    sets: tuple[tuple[int, ...], ...]
    cause: tuple[tuple[int, ...], ...]
    minutes: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.sets)

    def failed(self, practices: int) -> NDArray[np.bool_]:
        """Whether a practice fails, bool, shape (F, P)."""
        held = np.zeros((len(self.sets), practices), dtype=bool)
        for f, members in enumerate(self.sets):
            held[f, list(members)] = True
        return held


def single_failures(facts: Facts) -> Failures:
    """Every practice of the plan, alone, by code."""
    sets = tuple((int(p),) for p in np.flatnonzero(facts.of_plan))
    return Failures(sets, sets, np.zeros(len(sets)))


def pair_failures(facts: Facts) -> Failures:
    """Every vulnerable practice of the plan with the practice of the plan nearest to it.

    Nearest in minutes between main sites, the longer of the two directions; ties go to the smaller code. Two vulnerable
    practices that are nearest to each other are one pair. A practice from which no other can be reached is in none.
    """
    between = facts.problem.between_practices
    sets: dict[tuple[int, ...], tuple[int, int]] = {}
    for p in np.flatnonzero(facts.of_plan & facts.vulnerable):
        others = np.where(facts.of_plan, between[p], np.inf)
        others[p] = np.inf
        q = int(np.argmin(others))
        if np.isfinite(others[q]):
            sets.setdefault(tuple(sorted((int(p), q))), (int(p), q))
    minutes = np.array([between[p, q] for p, q in sets.values()], dtype=np.float64)
    return Failures(tuple(sets), tuple(sets.values()), minutes)
