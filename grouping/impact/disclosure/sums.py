"""Second figures: hide more cells of a sum until each hidden one could be anything from 1 to 7."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grouping.impact.disclosure.counts import SMALL, SOMEBODY

MOVE = 7.0
"""So many people can be moved out of a cell that protects another one."""

ROOMY = 15.0
"""A second figure of this size can take and give seven people and stays a figure above the small ones."""


@dataclass(frozen=True)
class Sum:
    """A total and its parts, as positions of cells.

    Parameters
    ----------
    total, parts
        Positions.
    bound
        The parts may come to more than the total (mixed communities among the rural ones).
    """

    total: int
    parts: NDArray[np.int64]
    bound: bool = False


@dataclass(frozen=True)
class Split:
    """A figure and its rural, urban and not known sides; one hidden side hides the others."""

    whole: int
    sides: NDArray[np.int64]


@dataclass(frozen=True)
class Cells:
    """One measure of one block of tables (an option, scenario, journey and mode).

    Parameters
    ----------
    value
        Exact counts, NaN where there is none, shape (N,).
    sensitive
        Counts of 1 to 7, or what is left of the people is, bool, shape (N,).
    known
        Published exactly, never hidden, bool, shape (N,).
    coarse
        Printed so coarsely that seven people more or less are not seen, bool, shape (N,).
    """

    value: NDArray[np.float64]
    sensitive: NDArray[np.bool_]
    known: NDArray[np.bool_]
    coarse: NDArray[np.bool_]

    @property
    def there(self) -> NDArray[np.bool_]:
        """Cells that hold somebody; NaN does not."""
        return self.value >= SOMEBODY

    @property
    def can_hide(self) -> NDArray[np.bool_]:
        """Cells that may become a second figure."""
        return self.there & ~self.known & ~self.coarse


def protect(
    cells: Cells,
    hidden: NDArray[np.bool_],
    sums: Sequence[Sum],
    splits: Sequence[Split],
    wanted: NDArray[np.int64],
) -> None:
    """Hide second figures, in place, until nothing more needs hiding.

    Parameters
    ----------
    cells
        The exact counts.
    hidden
        What is hidden already, bool, shape (N,).
    sums, splits
        What an attacker can add up.
    wanted
        How much a reader wants each cell, shape (N,); those wanted least are hidden first.
    """
    work = _Work(cells, hidden, cells.can_hide, cells.there, wanted)
    while True:
        before = int(hidden.sum())
        for split in splits:
            _split(split, work)
        for one in sums:
            _sum(one, work)
        if int(hidden.sum()) == before:
            return


@dataclass(frozen=True)
class _Work:
    cells: Cells
    hidden: NDArray[np.bool_]
    can_hide: NDArray[np.bool_]
    there: NDArray[np.bool_]
    wanted: NDArray[np.int64]


def _split(split: Split, work: _Work) -> None:
    """Hide sides of a figure: all of them where the whole is printed, else one that moves with the whole."""
    hidden, can_hide = work.hidden, work.can_hide
    whole_hidden = bool(hidden[split.whole])
    if not whole_hidden and not hidden[split.sides].any():
        return
    sides = split.sides[work.there[split.sides]]
    if len(sides) == 1:
        # one side is the whole
        hidden[sides] |= can_hide[sides]
        hidden[split.whole] |= can_hide[split.whole]
    elif not whole_hidden:
        hidden[sides] |= can_hide[sides]
    elif not hidden[sides].any():
        partner = _partner(sides[can_hide[sides]], work.cells.value, work.wanted)
        if partner is not None:
            hidden[partner] = True


def _sum(one: Sum, work: _Work) -> None:
    """Hide second figures of one sum."""
    hidden, value = work.hidden, work.cells.value
    total_hidden = bool(hidden[one.total])
    if not total_hidden and not hidden[one.parts].any():
        return
    parts = one.parts[work.there[one.parts]]
    coarse = bool(work.cells.coarse[parts].any())
    while True:
        inside = parts[hidden[parts]]
        if coarse or (len(inside) if total_hidden else _room(value[inside], work.cells.sensitive[inside])):
            return
        partner = _partner(parts[work.can_hide[parts] & ~hidden[parts]], value, work.wanted)
        if partner is None:
            hidden[one.total] |= work.can_hide[one.total]
            return
        hidden[partner] = True


def _room(inside: NDArray[np.float64], sensitive: NDArray[np.bool_]) -> bool:
    """Whether each sensitive part can be anything from 1 to 7 while the other hidden parts make up for it.

    Where none is sensitive, all are second figures of another sum and must be able to give and take as well.
    """
    if len(inside) < 2:
        return False
    others = inside.sum() - inside - SOMEBODY * (len(inside) - 1)
    need = np.where(inside < SMALL, SMALL - inside, MOVE)
    judged = sensitive if sensitive.any() else np.ones_like(sensitive)
    return bool((others >= need)[judged].all())


def _partner(candidates: NDArray[np.int64], value: NDArray[np.float64], wanted: NDArray[np.int64]) -> int | None:
    """Of the parts that are wanted least the smallest that is roomy, else the largest of all; ties: the first."""
    if not len(candidates):
        return None
    roomy = candidates[value[candidates] >= ROOMY]
    if len(roomy):
        return int(roomy[np.lexsort((np.arange(len(roomy)), value[roomy], wanted[roomy]))[0]])
    return int(candidates[np.argmax(value[candidates])])
