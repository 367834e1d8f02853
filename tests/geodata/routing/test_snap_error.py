"""How far off times are because points are joined to roads: beside a graph in which every point is a real node."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from geodata.roads import read_roads
from geodata.roads.network import RoadNetwork
from geodata.routing.matrix import milliseconds_between
from geodata.routing.snapping import snap

POINTS = 300
NEAR_ROAD_M = 100.0
"""Homes and surgeries lie this near to a road; further out, the nearest junction would do worse still."""


@dataclass(frozen=True)
class Foot:
    """Where points meet their nearest road: found segment by segment, without any of the program's searches."""

    road: NDArray[np.int64]
    along: NDArray[np.float64]
    distance_m: NDArray[np.float64]


def feet(network: RoadNetwork, x: NDArray[np.float64], y: NDArray[np.float64]) -> Foot:
    size = np.diff(network.geometry_offset)
    of_point = np.repeat(np.arange(len(size)), size)
    first = np.flatnonzero(of_point[1:] == of_point[:-1])
    a, b = network.geometry_xy[first], network.geometry_xy[first + 1]
    length = np.hypot(*(b - a).T)
    road = of_point[first]
    before = np.cumsum(length) - length
    before -= before[np.searchsorted(road, road)]
    whole = np.bincount(road, weights=length)
    main = network.node_in_main
    usable = network.road_joinable & main[network.road_from] & main[network.road_to]
    kept = np.flatnonzero(usable[road])
    a, step, length, road, before = a[kept], (b - a)[kept], length[kept], road[kept], before[kept]
    nearest, part, distance = np.empty(len(x), dtype=np.int64), np.empty(len(x)), np.empty(len(x))
    for i, place in enumerate(np.column_stack((x, y))):
        t = np.clip(((place - a) * step).sum(axis=1) / length**2, 0.0, 1.0)
        off = np.hypot(*(a + t[:, None] * step - place).T)
        nearest[i] = np.argmin(off)
        part[i], distance[i] = t[nearest[i]], off[nearest[i]]
    along = (before[nearest] + part * length[nearest]) / whole[road[nearest]]
    return Foot(road[nearest], np.clip(along, 0.0, 1.0), distance)


def fully_split_seconds(network: RoadNetwork, foot: Foot) -> NDArray[np.float64]:
    """Seconds between all feet: each a node that cuts its road in two, times not rounded anywhere."""
    assert not len(network.turn_road)  # the file holds no restricted turns; nodes are all there is
    nodes = len(network.node_x)
    edges: list[tuple[int, int, float]] = []
    for road, (first, last) in enumerate(zip(network.road_from.tolist(), network.road_to.tolist(), strict=True)):
        here = np.flatnonzero(foot.road == road)
        here = here[np.argsort(foot.along[here], kind="stable")]
        stops = [first, *(nodes + here).tolist(), last]
        cuts = [0.0, *foot.along[here].tolist(), 1.0]
        for i in range(len(stops) - 1):
            share = cuts[i + 1] - cuts[i]
            for whole, tail, head in (
                (int(network.road_ms_forward[road]), stops[i], stops[i + 1]),
                (int(network.road_ms_backward[road]), stops[i + 1], stops[i]),
            ):
                if whole >= 0:
                    edges.append((tail, head, whole * share / 1000.0))
    quickest: dict[tuple[int, int], float] = {}
    for tail, head, seconds in edges:
        quickest[tail, head] = min(seconds, quickest.get((tail, head), np.inf))
    ends = np.array(list(quickest))
    size = nodes + len(foot.road)
    graph = csr_array((np.array(list(quickest.values())), (ends[:, 0], ends[:, 1])), shape=(size, size))
    return dijkstra(graph, indices=np.arange(nodes, size))[:, nodes:]


def nearest_junction_seconds(
    network: RoadNetwork, x: NDArray[np.float64], y: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Seconds between the junctions nearest to the points, as a simpler program would have them, and metres to them."""
    nodes = np.flatnonzero(network.node_in_main)
    off = np.hypot(network.node_x[nodes] - x[:, None], network.node_y[nodes] - y[:, None])
    junction = nodes[np.argmin(off, axis=1)]
    size = len(network.node_x)
    order = np.lexsort((network.edge_ms, network.edge_to, network.edge_from))
    tail, head, ms = network.edge_from[order], network.edge_to[order], network.edge_ms[order]
    first = np.append(True, (tail[1:] != tail[:-1]) | (head[1:] != head[:-1]))
    graph = csr_array((ms[first] / 1000.0, (tail[first], head[first])), shape=(size, size))
    return dijkstra(graph, indices=junction)[:, junction], off.min(axis=1)


@pytest.mark.real
def test_points_on_roads_are_within_three_seconds_of_a_fully_split_graph(shared_data: Path) -> None:
    network = read_roads(shared_data / "osm" / "rutland-latest.osm.pbf")
    main = network.node_in_main
    rng = np.random.default_rng(4)
    low = network.node_x[main].min(), network.node_y[main].min()
    high = network.node_x[main].max(), network.node_y[main].max()
    x, y = rng.uniform(low, high, (14 * POINTS, 2)).T
    foot = feet(network, x, y)
    kept = np.flatnonzero(foot.distance_m <= NEAR_ROAD_M)[:POINTS]
    assert len(kept) == POINTS
    x, y, foot = x[kept], y[kept], Foot(foot.road[kept], foot.along[kept], foot.distance_m[kept])

    points = snap(network, x, y)
    pairs = ~np.eye(POINTS, dtype=bool)
    legs = points.distance_m / network.access_kmh * 3.6
    ours = milliseconds_between(network, points, points) / 1000.0 + legs[:, None] + legs
    own_legs = foot.distance_m / network.access_kmh * 3.6
    exact = fully_split_seconds(network, foot) + own_legs[:, None] + own_legs
    assert np.isfinite(exact).all()
    error = np.abs(ours - exact)[pairs]

    by_junction, metres = nearest_junction_seconds(network, x, y)
    crude = np.abs(by_junction + own_legs[:, None] + own_legs - exact)[pairs]
    beeline = metres / network.access_kmh * 3.6
    walked = np.abs(by_junction + beeline[:, None] + beeline - exact)[pairs]
    for name, off in (("along the road", error), ("nearest junction", crude), ("  and the way to it", walked)):
        print(f"{name}: 90th percentile {np.quantile(off, 0.9):.3f} s, largest {off.max():.3f} s")  # shown with -s
    assert np.quantile(error, 0.9) <= 3.0
    assert error.max() <= 3.0
    assert np.quantile(crude, 0.9) > 20.0
    assert np.quantile(walked, 0.9) > 20.0
