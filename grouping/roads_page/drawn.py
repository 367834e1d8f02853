"""Roads as lines for a page: chosen, simplified and packed so that a county stays a small file.

A page need not show every bend: lines are simplified within a few metres, and where there are still too many, the least
important roads are left out, the shortest first. What is left out is counted, so that the page can say so.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from geodata.osm.tags import ROAD_CLASSES
from geodata.roads.network import RoadNetwork
from geodata.speeds import FERRY, SPEED_SOURCES
from grouping.maps.parts import DEGREE_UNITS, to_degrees

CUT_OFF, CLOSED = len(SPEED_SOURCES), len(SPEED_SOURCES) + 1
"""Kinds of drawn roads beside the sources of speed: outside the main part; in it, and not usable now."""

Bounds = tuple[float, float, float, float]

TOLERANCES_M = (2.0, 5.0, 10.0)
MOST_POINTS = 450_000
MOST_ROADS = 100_000
"""About 5 MB of coordinates and 3 MB of facts: a county with its service roads. A browser shows them in about 3 s."""


@dataclass(frozen=True)
class LeftOut:
    """Roads of one class that are not drawn: position in `ROAD_CLASSES`, how many, and kilometres."""

    road_class: int
    roads: int
    km: float


@dataclass(frozen=True)
class DrawnRoads:
    """K roads as they are drawn.

    Parameters
    ----------
    road
        Which roads of the network, shape (K,).
    kind
        Position in `SPEED_SOURCES`, or `CUT_OFF`, or `CLOSED`; shape (K,).
    xy, offset
        Their points, metres, shape (M, 2), and where each road begins in them, shape (K + 1,).
    tolerance_m
        Lines lie within this distance of the roads.
    left_out
        What is not drawn of the part shown.
    """

    road: NDArray[np.int64]
    kind: NDArray[np.int64]
    xy: NDArray[np.float64]
    offset: NDArray[np.int64]
    tolerance_m: float
    left_out: tuple[LeftOut, ...]

    def of_kind(self, kind: int) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.int64]]:
        """Roads of one kind, their points, and how many points each has."""
        chosen = self.kind == kind
        size = np.diff(self.offset)
        return self.road[chosen], self.xy[np.repeat(chosen, size)], size[chosen]


def road_kinds(network: RoadNetwork) -> NDArray[np.int64]:
    """How each road is drawn, shape (R,): by its source of speed, or as cut off, or as closed."""
    inside = network.node_in_main[network.road_from] & network.node_in_main[network.road_to]
    usable = (network.road_ms_forward >= 0) | (network.road_ms_backward >= 0)
    return np.where(~inside, CUT_OFF, np.where(usable, network.road_source, CLOSED)).astype(np.int64)


def drawn_roads(
    network: RoadNetwork,
    within: Bounds | None = None,
    *,
    most_points: int = MOST_POINTS,
    most_roads: int = MOST_ROADS,
    tolerances_m: tuple[float, ...] = TOLERANCES_M,
) -> DrawnRoads:
    """Choose and simplify the roads of a map.

    Parameters
    ----------
    network
        The roads.
    within
        Only roads that touch this box (minx, miny, maxx, maxy, metres).
    most_points, most_roads
        Limits.
    tolerances_m
        How much may be simplified: the first that keeps all roads within the limits, else the last, and the least
        important roads are left out. Ferries, and what is closed or cut off, are drawn before all others (where very
        much is cut off, as roads of its class).
    """
    lines = _lines(network)
    shown = np.arange(len(lines)) if within is None else np.flatnonzero(_touching(lines, within))
    kind = road_kinds(network)
    for tolerance in tolerances_m:
        simple = shapely.simplify(lines[shown], tolerance, preserve_topology=False)
        size = shapely.get_num_coordinates(simple)
        if size.sum() <= most_points and len(shown) <= most_roads:
            break
    order = _importance(network, kind, shown, most_first=most_roads // 4)
    fits = (np.cumsum(size[order]) <= most_points) & (np.arange(len(order)) < most_roads)
    kept = np.sort(order[fits])
    xy = shapely.get_coordinates(simple[kept])
    offset = np.concatenate(([0], np.cumsum(size[kept]))).astype(np.int64)
    left = _left_out(network, shown[np.sort(order[~fits])])
    return DrawnRoads(shown[kept], kind[shown[kept]], xy, offset, tolerance, left)


def _lines(network: RoadNetwork) -> NDArray[np.object_]:
    if not len(network.road_from):
        return np.zeros(0, dtype=object)
    which = np.repeat(np.arange(len(network.road_from)), np.diff(network.geometry_offset))
    return shapely.linestrings(network.geometry_xy, indices=which)


def _touching(lines: NDArray[np.object_], within: Bounds) -> NDArray[np.bool_]:
    west, south, east, north = shapely.bounds(lines).T.reshape(4, -1)
    return (west <= within[2]) & (east >= within[0]) & (south <= within[3]) & (north >= within[1])


def _importance(
    network: RoadNetwork, kind: NDArray[np.int64], shown: NDArray[np.int64], *, most_first: int
) -> NDArray[np.int64]:
    """Positions in `shown`, the most important road first; of one class the longest first."""
    first = (kind[shown] == CLOSED) | (network.road_class[shown] == FERRY)
    cut_off = kind[shown] == CUT_OFF
    if cut_off.sum() <= most_first:  # else hardly anything of the part that is used could be drawn
        first |= cut_off
    rank = np.where(first, -1, network.road_class[shown])
    return np.lexsort((shown, -network.road_length_m[shown], rank))


def _left_out(network: RoadNetwork, roads: NDArray[np.int64]) -> tuple[LeftOut, ...]:
    number = np.bincount(network.road_class[roads], minlength=len(ROAD_CLASSES))
    km = np.bincount(network.road_class[roads], network.road_length_m[roads], minlength=len(ROAD_CLASSES)) / 1000.0
    return tuple(LeftOut(int(c), int(number[c]), round(float(km[c]), 1)) for c in np.flatnonzero(number))


# ------------------------------------------------------------------------------------------------------------- packing


def packed_lines(xy: NDArray[np.float64], size: NDArray[np.int64]) -> str:
    """Lines as text for the script of a page: x, y, then differences, in 1/100,000 degree, one line after the other.

    Parameters
    ----------
    xy
        Points of all lines, metres, shape (M, 2).
    size
        How many points each line has.
    """
    units = np.round(to_degrees(xy) * DEGREE_UNITS).astype(np.int64).reshape(-1, 2)
    return packed(_steps(units, size).ravel())


def packed(numbers: NDArray[np.integer]) -> str:
    """Whole numbers as text with blanks between them: quicker to write and to read than a list."""
    return " ".join(map(str, numbers.tolist()))


def still_lines(xy: NDArray[np.float64], size: NDArray[np.int64], origin: NDArray[np.float64], scale: float) -> str:
    """Lines as SVG path data in whole drawing units; lines that shrink to a point are left out."""
    units = np.round((xy - origin) * [scale, -scale]).astype(np.int64).reshape(-1, 2)
    steps = _steps(units, size)
    pieces = []
    begin = 0
    for count in size.tolist():
        line = steps[begin : begin + count].tolist()
        begin += count
        moves = [f"{dx} {dy}" for dx, dy in line[1:] if dx or dy]
        if moves:
            pieces.append(f"M{line[0][0]} {line[0][1]}l{' '.join(moves).replace(' -', '-')}")
    return "".join(pieces)


def _steps(units: NDArray[np.int64], size: NDArray[np.int64]) -> NDArray[np.int64]:
    """Differences from point to point; the first point of each line as it is."""
    if not len(units):
        return units
    steps = np.diff(units, axis=0, prepend=np.zeros((1, 2), dtype=np.int64))
    first = np.cumsum(size) - size
    steps[first] = units[first]
    return steps


def merged(xy: NDArray[np.float64], size: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """Lines that follow each other as one line, so that the dashes of a drawing run on; points and sizes."""
    if not len(size):
        return xy, size
    lines = shapely.linestrings(xy, indices=np.repeat(np.arange(len(size)), size))
    joined = shapely.get_parts(shapely.line_merge(shapely.multilinestrings(lines)))
    return shapely.get_coordinates(joined), shapely.get_num_coordinates(joined)
