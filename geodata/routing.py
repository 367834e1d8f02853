"""Shortest times from many places on roads to a few, in whole milliseconds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from geodata.network import RoadNetwork
from geodata.snapping import Snapped

BLOCK = 32
"""Destinations searched from at a time: memory stays at this many rows of one number per node."""


def milliseconds_between(network: RoadNetwork, origins: Snapped, destinations: Snapped) -> NDArray[np.float64]:
    """Drive times between points that are joined to roads, without the way to the road.

    The search starts at each destination and runs against the direction of travel, so that one search serves all
    origins. A destination enters the graph as a node of its own, tied to the ends of its road by the time from each.
    Two points on the same road may also be joined along it, where its direction allows.

    Parameters
    ----------
    network
        The roads.
    origins, destinations
        A and B points.

    Returns
    -------
    Milliseconds (whole numbers) from each origin to each destination, shape (A, B); `inf` where there is no route.
    """
    result = np.full((len(origins.road), len(destinations.road)), np.inf)
    out_from, out_to = _start(network, origins)
    joined = np.flatnonzero(destinations.road >= 0)
    graph = _against_travel(network, destinations, joined)
    nodes = len(network.node_x)
    start = np.where(origins.road >= 0, origins.road, 0)
    road_from, road_to = network.road_from[start], network.road_to[start]
    for low in range(0, len(joined), BLOCK):
        block = np.arange(low, min(low + BLOCK, len(joined)))
        # Each path has used exactly one edge that ties a destination, and those are 1 ms too long (see below).
        ms = dijkstra(graph, directed=True, indices=nodes + block) - 1.0
        via = np.minimum(ms[:, road_from] + out_from, ms[:, road_to] + out_to)
        result[:, joined[block]] = via.T
    direct = _along_one_road(network, origins, destinations)
    return np.minimum(result, direct)


def _parts(network: RoadNetwork, points: Snapped) -> tuple[NDArray[np.float64], ...]:
    """Milliseconds forward and backward along the whole road of each point, `inf` where not allowed or no road."""
    road = np.where(points.road >= 0, points.road, 0)
    joined = points.road >= 0
    ahead, back = network.road_ms_forward[road], network.road_ms_backward[road]
    return np.where(joined & (ahead >= 0), ahead, np.inf), np.where(joined & (back >= 0), back, np.inf)


def _start(network: RoadNetwork, points: Snapped) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Time from each point to the first and to the last node of its road."""
    ahead, back = _parts(network, points)
    return _share_of(back, points.share), _share_of(ahead, 1.0 - points.share)


def _share_of(whole: NDArray[np.float64], share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Whole milliseconds of a share of a road; `inf` stays `inf` even for a share of zero."""
    finite = np.isfinite(whole)
    return np.where(finite, np.rint(np.where(finite, whole, 0.0) * share), np.inf)


def _against_travel(network: RoadNetwork, destinations: Snapped, joined: NDArray[np.int64]) -> csr_array:
    """Graph of reversed edges with one more node per joined destination, numbered after the nodes."""
    nodes = len(network.node_x)
    ahead, back = _parts(network, destinations)
    to_point = _share_of(ahead, destinations.share)[joined], _share_of(back, 1.0 - destinations.share)[joined]
    road = destinations.road[joined]
    own = nodes + np.arange(len(joined))
    row = np.concatenate((network.edge_to, own, own))
    column = np.concatenate((network.edge_from, network.road_from[road], network.road_to[road]))
    # The sparse routines may drop a weight of zero, so that the ties carry 1 ms more, taken off again above.
    ms = np.concatenate((network.edge_ms.astype(float), to_point[0] + 1.0, to_point[1] + 1.0))
    usable = np.isfinite(ms)
    row, column, ms = row[usable], column[usable], ms[usable]
    order = np.lexsort((ms, column, row))
    row, column, ms = row[order], column[order], ms[order]
    # Of parallel edges only the quickest: the sparse matrix would add them up.
    first = np.ones(len(row), dtype=bool)
    first[1:] = (row[1:] != row[:-1]) | (column[1:] != column[:-1])
    size = nodes + len(joined)
    return csr_array((ms[first], (row[first], column[first])), shape=(size, size))


def _along_one_road(network: RoadNetwork, origins: Snapped, destinations: Snapped) -> NDArray[np.float64]:
    result = np.full((len(origins.road), len(destinations.road)), np.inf)
    a, b = np.nonzero((origins.road[:, None] == destinations.road[None, :]) & (origins.road[:, None] >= 0))
    ahead, back = _parts(network, origins)
    step = destinations.share[b] - origins.share[a]
    forward, backward = step >= 0, step <= 0
    along = np.full(len(a), np.inf)
    along[forward] = _share_of(ahead[a[forward]], step[forward])
    along[backward] = np.minimum(along[backward], _share_of(back[a[backward]], -step[backward]))
    result[a, b] = along
    return result
