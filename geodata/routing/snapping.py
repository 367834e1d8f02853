"""Join points to the nearest place along the nearest road."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from geodata.roads.network import RoadNetwork


@dataclass(frozen=True)
class Snapped:
    """P points joined to roads of the main part of a network.

    Parameters
    ----------
    road
        Road each point is joined to, -1 where none is near enough; shape (P,).
    share
        Place along the road as a share of its length, from its first node, shape (P,).
    distance_m
        Metres from the point to that place in a straight line (to the nearest road even where none is near enough;
        `inf` where there is no road at all), shape (P,).
    x, y
        The place on the road, metres, shape (P,).
    """

    road: NDArray[np.int64]
    share: NDArray[np.float64]
    distance_m: NDArray[np.float64]
    x: NDArray[np.float64]
    y: NDArray[np.float64]

    def some(self, which: NDArray[np.int64] | slice) -> Snapped:
        """Some of the points, in the order asked for."""
        return Snapped(self.road[which], self.share[which], self.distance_m[which], self.x[which], self.y[which])


def joinable_roads(network: RoadNetwork) -> NDArray[np.int64]:
    """Roads that points may be joined to: in the main part, and no motorway, tunnel or ferry."""
    inside = network.node_in_main[network.road_from] & network.node_in_main[network.road_to]
    return np.flatnonzero(inside & network.road_joinable)


def snap(network: RoadNetwork, x: NDArray[np.float64], y: NDArray[np.float64], limit_m: float = np.inf) -> Snapped:
    """Join each point to the nearest place along the nearest road; of two as near, the first of the network.

    Parameters
    ----------
    network
        The roads.
    x, y
        Points, metres in EPSG:27700, shape (P,).
    limit_m
        Points further from every road than this are joined to none.
    """
    x, y = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    roads = joinable_roads(network)
    if not len(roads) or not len(x):
        return Snapped(np.full(len(x), -1), np.zeros(len(x)), np.full(len(x), np.inf), x.copy(), y.copy())
    lines = _lines(network, roads)
    points = shapely.points(x, y)
    which, hit = shapely.STRtree(lines).query_nearest(points, all_matches=True)
    nearest = np.full(len(x), len(roads), dtype=np.int64)
    np.minimum.at(nearest, which, hit)
    line = lines[nearest]
    along = shapely.line_locate_point(line, points)
    foot = shapely.line_interpolate_point(line, along)
    length = shapely.length(line)
    share = np.divide(along, length, out=np.zeros(len(x)), where=length > 0)
    distance = shapely.distance(foot, points)
    road = np.where(distance <= limit_m, roads[nearest], -1)
    return Snapped(road, np.clip(share, 0.0, 1.0), distance, shapely.get_x(foot), shapely.get_y(foot))


def _lines(network: RoadNetwork, roads: NDArray[np.int64]) -> NDArray[np.object_]:
    size = np.diff(network.geometry_offset)
    wanted = np.zeros(len(size), dtype=bool)
    wanted[roads] = True
    points = network.geometry_xy[np.repeat(wanted, size)]
    return shapely.linestrings(points, indices=np.repeat(np.arange(len(roads)), size[roads]))
