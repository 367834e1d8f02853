"""All orders in which a few groups can start, tried one by one."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MOST_ORDERS = 400_000
"""Orders that are tried; 8 groups and 4 waves have 390,625."""

Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Order:
    """A rule of order for groups: its kind, positions of groups, of those that come after, and of a wave."""

    kind: str
    groups: tuple[int, ...]
    after: tuple[int, ...]
    wave: int
    words: str


@dataclass(frozen=True)
class Puzzle:
    """Which order of groups is the best.

    Parameters
    ----------
    span
        W, the number of waves; as a position: not within them.
    patients, counts
        Of each group: its patients, and whether it counts as one at scale once it is.
    scaled, burden, later
        Of each group and start (0 to W): from when it is at scale; weighted patients who wait; patients times waves.
    targets, most_groups, most_patients
        Of each wave; None for none.
    orders
        Rules of order.
    told
        The start of each group in the schedule that is checked.
    """

    span: int
    patients: tuple[int, ...]
    counts: tuple[bool, ...]
    scaled: tuple[tuple[int, ...], ...]
    burden: tuple[tuple[int, ...], ...]
    later: tuple[tuple[int, ...], ...]
    targets: tuple[int | None, ...]
    most_groups: tuple[int | None, ...]
    most_patients: tuple[int | None, ...]
    orders: tuple[Order, ...]
    told: tuple[int, ...]

    @property
    def as_told(self) -> Ints:
        """The schedule that is checked, shape (1, G)."""
        return np.array([self.told], dtype=np.int64).reshape(1, len(self.patients))

    def worth(self, starts: Ints) -> Ints:
        """Shortfall, burden and lateness of schedules (N, G), shape (N, 3)."""
        short = np.zeros(len(starts), np.int64)
        at_scale = np.stack([np.array(row)[starts[:, g]] for g, row in enumerate(self.scaled)], axis=1)
        counted = np.array([n if told else 0 for n, told in zip(self.patients, self.counts, strict=True)])
        for wave, target in enumerate(self.targets):
            if target is not None:
                short += np.maximum(target - (at_scale <= wave) @ counted, 0)
        sums = [sum(np.array(row)[starts[:, g]] for g, row in enumerate(cost)) for cost in (self.burden, self.later)]
        return np.stack([short, *sums], axis=1)

    def allowed(self, starts: Ints) -> NDArray[np.bool_]:
        """Which schedules keep to capacity and order, shape (N,)."""
        fine = np.ones(len(starts), dtype=bool)
        people = np.array(self.patients)
        for wave in range(self.span):
            here = starts == wave
            if self.most_groups[wave] is not None:
                fine &= here.sum(axis=1) <= self.most_groups[wave]
            if self.most_patients[wave] is not None:
                fine &= here @ people <= self.most_patients[wave]
        for order in self.orders:
            fine &= ~broken(order, starts, self.span)
        return fine


def broken(order: Order, starts: Ints, span: int) -> NDArray[np.bool_]:
    """Which schedules (N, G) break a rule of order, shape (N,)."""
    mine = starts[:, list(order.groups)]
    if order.kind == "first":
        return (mine != 0).any(axis=1)
    if order.kind == "not-before":
        return (mine < order.wave).any(axis=1)
    if order.kind == "not-after":
        return (mine > order.wave).any(axis=1)
    if order.kind == "together":
        return (mine != mine[:, :1]).any(axis=1)
    later = starts[:, list(order.after)]
    return ((later < span) & (mine.max(axis=1, keepdims=True) >= later)).any(axis=1)


@dataclass(frozen=True)
class Best:
    """The least worth of all orders, in the turn of its three figures, and how many orders there are."""

    worth: tuple[int, ...]
    orders: int


def tried(puzzle: Puzzle) -> Best | None:
    """Try every order; None where there are too many, or none is allowed."""
    groups = len(puzzle.patients)
    number = (puzzle.span + 1) ** groups
    if number > MOST_ORDERS or not puzzle.span or not groups:
        return None
    at = np.arange(number, dtype=np.int64)
    starts = np.stack([(at // (puzzle.span + 1) ** g) % (puzzle.span + 1) for g in range(groups)], axis=1)
    starts = starts[puzzle.allowed(starts)]
    if not len(starts):
        return None
    worth = puzzle.worth(starts)
    first = worth[np.lexsort(worth.T[::-1])[0]]
    return Best(tuple(first.tolist()), number)
