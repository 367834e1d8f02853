"""Roads that are closed: the road nearest to each of some points, in both directions."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from geodata.errors import Finding, InputProblems
from geodata.osm.tags import ROAD_CLASSES
from geodata.roads.network import RoadNetwork
from geodata.times.points import PointTable

NEAR_M = 50.0
"""A closure farther than this from every road is a mistake."""


@dataclass(frozen=True)
class Closures:
    """Which roads are closed, and what to call them.

    Parameters
    ----------
    roads
        Whether each road is closed, bool, shape (R,).
    named
        For each point of the file its id and the road that it closes, in words.
    """

    roads: NDArray[np.bool_]
    named: tuple[tuple[str, str], ...]


def close_roads(network: RoadNetwork, points: PointTable, *, only_near: bool = False) -> Closures:
    """Find the road nearest to each point: any road or ferry, also one that no home may be joined to.

    A road here runs from one junction to the next (or to where its class or limit changes). The two halves of a dual
    carriageway are two roads, and each needs a point of its own.

    Parameters
    ----------
    network
        The roads.
    points
        One point on each road to close.
    only_near
        Leave out points that have no road within 50 m.

    Raises
    ------
    InputProblems
        Naming every point that has no road within 50 m, unless these are left out.
    """
    closed, named, problems = np.zeros(len(network.road_from), dtype=bool), [], []
    low, high = _bounds(network)
    for i, name in enumerate(points.ids):
        x, y = points.x[i], points.y[i]
        beyond = np.maximum(np.maximum(low - (x, y), (x, y) - high), 0.0).max(axis=1)
        near = np.flatnonzero(beyond <= NEAR_M)
        metres = shapely.distance(_lines(network, near), shapely.Point(x, y))
        if not len(near) or metres.min() > NEAR_M:
            if not only_near:
                problems.append(_no_road(points, i, name))
            continue
        road = int(near[np.argmin(metres)])
        closed[road] = True
        named.append((name, road_in_words(network, road)))
    if problems:
        raise InputProblems(problems)
    return Closures(closed, tuple(named))


def road_in_words(network: RoadNetwork, road: int) -> str:
    """What to call a road: `Coast Road (secondary)`, or `a residential road without a name`."""
    kind = ROAD_CLASSES[network.road_class[road]].replace("_", " ")
    name = network.names[network.facts.name[road]]
    if kind == "ferry":
        return f"the ferry {name}" if name else "a ferry without a name"
    return f"{name} ({kind})" if name else f"a road without a name ({kind})"


def _bounds(network: RoadNetwork) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """South-west and north-east corner of the box around each road, shape (R, 2)."""
    start = network.geometry_offset[:-1]
    if not len(start):
        return np.zeros((0, 2)), np.zeros((0, 2))
    return np.minimum.reduceat(network.geometry_xy, start), np.maximum.reduceat(network.geometry_xy, start)


def _lines(network: RoadNetwork, roads: NDArray[np.int64]) -> NDArray[np.object_]:
    offset = network.geometry_offset
    return np.array([shapely.LineString(network.geometry_xy[offset[r] : offset[r + 1]]) for r in roads], dtype=object)


def _no_road(points: PointTable, i: int, name: str) -> Finding:
    return Finding(
        "error",
        points.file,
        f"No road lies within {NEAR_M:g} m of this point, so it is not clear which road is closed.",
        "Put the point onto the road that is closed.",
        row=int(points.rows[i]) if len(points.rows) else None,
        column="id",
        value=name,
        code="closure-without-road",
    )
