"""The hatch of a colour as long lines, to be cut to the shape of an area.

Browsers print a repeated tile as a picture of dots, large and coarse; lines stay lines, and a PDF stays small.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grouping.maps.hatches import Hatch

TILE = 40
"""Side of the tile of a hatch, in drawing units."""

Point = tuple[float, float]


@dataclass(frozen=True)
class Lines:
    """A hatch over a box.

    Parameters
    ----------
    path
        SVG path data.
    width
        Of the lines, in drawing units; of the dots their diameter.
    dots
        Whether only a dot stands at the start of each line and every `TILE` units along it.
    """

    path: str
    width: float
    dots: bool = False


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


def hatch_over(hatch: Hatch, path_data: str) -> Lines | None:
    """The lines of a hatch over the box round an area; None for a plain ground or an area that is not drawn.

    Strokes of a tile go level, upright, or up or down at 45 degrees, so that they meet those of the next tile; each
    family of lines is drawn once from edge to edge.
    """
    families = sorted({family for start, end in strokes(hatch.lines) for family in _family(start, end)})
    points = path_points(path_data)
    if not families or not points:
        return None
    corners = np.concatenate(points)
    box = (*corners.min(axis=0).astype(int).tolist(), *corners.max(axis=0).astype(int).tolist())
    pieces = [piece for kind, offset, along in families for piece in _drawn(kind, offset, along, box)]
    return Lines("".join(pieces), hatch.width, dots=all(kind == "dot" for kind, _, _ in families))


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


def _drawn(kind: str, offset: int, along: int, box: tuple[int, int, int, int]) -> Iterator[str]:
    left, top, right, bottom = box
    wide = right - left
    if kind == "upright":
        yield from (f"M{x} {top}V{bottom}" for x in _steps(offset, left, right))
    elif kind == "falling":  # y - x is the same along the line
        yield from (f"M{left} {left + at}l{wide} {wide}" for at in _steps(offset, top - right, bottom - left))
    elif kind == "rising":  # y + x is
        yield from (f"M{left} {at - left}l{wide}-{wide}" for at in _steps(offset, top + left, bottom + right))
    else:
        start = left if kind == "level" else _steps(along, left, right + TILE)[0]
        yield from (f"M{start} {y}H{right}" for y in _steps(offset, top, bottom))


def _steps(offset: int, low: int, high: int) -> range:
    """From the first place at or above `low` that lies on the lattice of the tiles, up to `high`."""
    return range(low + (offset - low) % TILE, high + 1, TILE)
