"""The hatch of a colour as long lines, to be cut to the shapes of areas.

Browsers print a repeated tile as a picture of dots, large and coarse, one for every shape; lines stay lines, and a PDF
stays small.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from grouping.maps.hatches import HATCHES, Hatch

TILE = 40
"""Side of the tile of a hatch, in drawing units."""

Point = tuple[float, float]
Box = tuple[int, int, int, int]
"""Left, top, right, bottom."""


@dataclass(frozen=True)
class Lines:
    """A hatch over a box.

    Parameters
    ----------
    path
        SVG path data: all lines, or for dots one row of them (lines of no length with round ends) from 0, 0.
    width
        Of the lines, in drawing units; of the dots their diameter.
    rows
        Where each row of dots begins; empty for lines. Rows are repeated, because a line with gaps is printed as
        thousands of circles.
    """

    path: str
    width: float
    rows: tuple[tuple[int, int], ...] = ()


def strokes(tile: str) -> Iterator[tuple[Point, Point]]:
    """Straight strokes of the path data of a tile (`M`, `L`, `H`, `V`, `h`), each from where to where.

    Several pairs of numbers after `M` or `L` go on as lines, as in SVG.
    """
    here = (0.0, 0.0)
    for letter, written in re.findall(r"([MLHVh])([^MLHVh]*)", tile):
        numbers = [float(number) for number in re.findall(r"-?[\d.]+", written)]
        if letter in "ML":
            stops = list(zip(numbers[::2], numbers[1::2], strict=True))
        elif letter == "V":
            stops = [(here[0], numbers[0])]
        else:
            stops = [(numbers[0] + (here[0] if letter == "h" else 0.0), here[1])]
        for position, there in enumerate(stops):
            if letter != "M" or position:
                yield here, there
            here = there


def path_points(path_data: str) -> list[NDArray[np.float64]]:
    """Corners of each line or ring of the path data of a still map (`M x y l dx dy ...`), shape (corners, 2)."""
    pieces = (re.findall(r"-?\d+", piece) for piece in path_data.split("M")[1:])
    # the first pair of each is a place, the others are steps
    return [np.cumsum(np.array(numbers, dtype=float).reshape(-1, 2), axis=0) for numbers in pieces]


def hatch_lines(hatch: Hatch, box: Box) -> Lines | None:
    """The lines of a hatch over a box; None for a plain ground.

    Strokes of a tile go level, upright, or up or down at 45 degrees, so that they meet those of the next tile; each
    family of lines is drawn once from edge to edge.
    """
    families = sorted({family for start, end in strokes(hatch.lines) for family in _family(start, end)})
    if not families:
        return None
    if all(kind == "dot" for kind, _, _ in families):
        left, top, right, bottom = box
        rows = [(_steps(along, left, right + TILE)[0], y) for _, at, along in families for y in _steps(at, top, bottom)]
        return Lines("M0 0h0" + f"m{TILE} 0h0" * ((right - left) // TILE), hatch.width, tuple(rows))
    return Lines("".join(piece for family in families for piece in _drawn(*family, box)), hatch.width)


class Hatched(Protocol):
    """What is filled with a hatch."""

    @property
    def hatch(self) -> int:
        """The number of its hatch (position in `HATCHES`)."""
        ...

    @property
    def path(self) -> str:
        """Its outline as SVG path data."""
        ...


@dataclass(frozen=True)
class Ground:
    """All that one hatch covers on a map: its number, its colour, and the outlines as SVG path data."""

    hatch: int
    colour: str
    path: str


def grounds(groups: Iterable[Hatched]) -> tuple[Ground, ...]:
    """Put together what has the same hatch: neighbours differ, so that the outlines in one ground stay apart."""
    paths: dict[int, str] = {}
    for group in groups:
        if group.path:
            paths[group.hatch] = paths.get(group.hatch, "") + group.path
    return tuple(Ground(number, HATCHES[number].colour, paths[number]) for number in sorted(paths))


def _family(start: Point, end: Point) -> Iterator[tuple[str, int, int]]:
    """Which lines a stroke belongs to: how they go, where they cross the left edge, and for dots where they begin."""
    (x, y), dx, dy = start, end[0] - start[0], end[1] - start[1]
    if not dx and not dy:
        yield "dot", round(y) % TILE, round(x) % TILE
    elif not dy:
        yield "level", round(y) % TILE, 0
    elif not dx:
        yield "upright", round(x) % TILE, 0
    elif abs(dx) == abs(dy):
        falls = dx * dy > 0
        yield "falling" if falls else "rising", round(y - x if falls else y + x) % TILE, 0


def _drawn(kind: str, offset: int, _along: int, box: Box) -> Iterator[str]:
    left, top, right, bottom = box
    wide = right - left
    if kind == "upright":
        yield from (f"M{x} {top}V{bottom}" for x in _steps(offset, left, right))
    elif kind == "falling":  # y - x is the same along the line
        yield from (f"M{left} {left + at}l{wide} {wide}" for at in _steps(offset, top - right, bottom - left))
    elif kind == "rising":  # y + x is
        yield from (f"M{left} {at - left}l{wide}-{wide}" for at in _steps(offset, top + left, bottom + right))
    else:
        yield from (f"M{left} {y}H{right}" for y in _steps(offset, top, bottom))


def _steps(offset: int, low: int, high: int) -> range:
    """From the first place at or above `low` that lies on the lattice of the tiles, up to `high`."""
    return range(low + (offset - low) % TILE, high + 1, TILE)
