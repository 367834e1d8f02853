"""Groups as the search by price finds them: scored by handfuls, the best of them held."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from grouping.by_price.lists import join
from grouping.by_price.stage import Stage
from grouping.candidates import Candidates, score
from grouping.partition.pricing import Bound
from grouping.problem import GroupingProblem

HANDFUL = 2_000
"""Groups that are scored at once."""


class Bag:
    """Groups at or below a threshold, scored by handfuls; never many more than it may hold."""

    def __init__(self, problem: GroupingProblem, stage: Stage, prices: Bound, threshold: int, most: int) -> None:
        self._problem, self._stage, self._prices, self._most = problem, stage, prices, most
        self._waiting: list[tuple[NDArray[np.int16], NDArray[np.int64]]] = []
        self._waits = 0
        self.parts: list[tuple[Candidates, NDArray[np.int64]]] = []
        self.held = 0
        self.least = 0
        self.threshold = threshold

    def put(self, members: NDArray[np.int16], starts: NDArray[np.int64]) -> None:
        """Take sets; they are scored once there is a handful."""
        if len(starts) > 1:
            self._waiting.append((members, starts))
            self._waits += len(starts) - 1
        if self._waits >= HANDFUL:
            self.flush()

    def flush(self) -> None:
        """Score what waits."""
        if not self._waiting:
            return
        members = np.concatenate([part for part, _ in self._waiting])
        lengths = np.concatenate([np.diff(starts) for _, starts in self._waiting])
        self._waiting, self._waits = [], 0
        starts = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
        listed = score(self._problem, members, starts)
        self.put_listed(listed.keep(~listed.granted))  # granted groups are among those that stand apart

    def put_listed(self, listed: Candidates) -> None:
        """Take groups already scored."""
        listed = listed.keep(self._stage.possible(self._problem, listed))
        reduced = self._stage.reduced(self._problem, listed, self._prices)
        self.least = min(self.least, int(reduced.min(initial=0)))
        keep = reduced <= self.threshold
        if keep.any():
            self.parts.append((listed.keep(keep), reduced[keep]))
            self.held += int(keep.sum())

    def best_only(self, *, strictly: bool = False) -> None:
        """Keep the best, and from now on take none that is worse."""
        if self.held > (1 if strictly else 4) * self._most:
            values = np.concatenate([reduced for _, reduced in self.parts])
            self._drop_above(int(np.partition(values, self._most - 1)[self._most - 1]))

    def _drop_above(self, threshold: int) -> None:
        self.threshold = min(self.threshold, threshold)
        kept = [(listed, reduced, reduced <= self.threshold) for listed, reduced in self.parts]
        self.parts = [(listed.keep(keep), reduced[keep]) for listed, reduced, keep in kept if keep.any()]
        self.held = sum(len(reduced) for _, reduced in self.parts)

    def candidates(self) -> Candidates:
        """All that is held, as one list; there must be some."""
        return join([listed for listed, _ in self.parts])
