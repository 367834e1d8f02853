"""Sets to choose from, their cost, and the limits on a choice as a whole: what every step of the search reads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Triple = tuple[int, int, int]


@dataclass(frozen=True)
class SideRow:
    """A limit on a plan as a whole: `sum(coefficient of chosen sets) <= limit`, in whole numbers."""

    name: str
    coefficient: NDArray[np.int64]
    limit: int


@dataclass(frozen=True)
class Columns:
    """Sets to choose from (`members`, `starts` as in `Candidates`), their cost in whole units, and the side rows."""

    practices: int
    members: NDArray[np.int16]
    starts: NDArray[np.int64]
    cost: NDArray[np.int64]
    rows: tuple[SideRow, ...] = ()

    def __len__(self) -> int:
        """How many sets."""
        return len(self.cost)

    def lengths(self) -> NDArray[np.int64]:
        """Members per set."""
        return np.diff(self.starts)

    def group(self, index: int) -> tuple[int, ...]:
        """Practice indices of one set, ascending."""
        return tuple(int(p) for p in self.members[self.starts[index] : self.starts[index + 1]])

    def take(self, ids: NDArray[np.int64]) -> Columns:
        """Only these sets, in this order."""
        lengths = self.lengths()[ids]
        starts = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
        at = np.repeat(self.starts[ids] - starts[:-1], lengths) + np.arange(starts[-1])
        rows = tuple(SideRow(row.name, row.coefficient[ids], row.limit) for row in self.rows)
        return Columns(self.practices, self.members[at], starts, self.cost[ids], rows)

    def incidence(self) -> NDArray[np.bool_]:
        """Dense matrix sets x practices; only for small selections."""
        matrix = np.zeros((len(self), self.practices), bool)
        matrix[np.repeat(np.arange(len(self)), self.lengths()), self.members] = True
        return matrix
