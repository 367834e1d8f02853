"""Networks straight from arrays, and an independent way of putting points into them as nodes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geodata.roads.facts import RoadFacts
from geodata.roads.network import RoadNetwork
from geodata.routing.snapping import Snapped


def plain_network(
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    road_from: NDArray[np.int64],
    road_to: NDArray[np.int64],
    ahead: NDArray[np.int64],
    back: NDArray[np.int64],
) -> RoadNetwork:
    """Straight roads with these milliseconds; -1 where a direction may not be taken."""
    roads = len(road_from)
    none, no = np.zeros(0, dtype=np.int64), np.zeros(roads, dtype=bool)
    two, unknown = np.zeros((2, roads), dtype=np.int16), np.full(roads, np.nan)
    ends = np.stack((road_from, road_to), axis=1).ravel()
    return RoadNetwork(
        node_x=np.asarray(x, dtype=float),
        node_y=np.asarray(y, dtype=float),
        node_in_main=np.ones(len(x), dtype=bool),
        road_from=road_from,
        road_to=road_to,
        road_ms_forward=ahead,
        road_ms_backward=back,
        road_length_m=np.hypot(x[road_from] - x[road_to], y[road_from] - y[road_to]),
        road_class=np.zeros(roads, dtype=np.int8),
        road_source=np.zeros(roads, dtype=np.int8),
        road_joinable=np.ones(roads, dtype=bool),
        geometry_xy=np.column_stack((x[ends], y[ends])),
        geometry_offset=np.arange(roads + 1) * 2,
        arrive_forward=road_to,
        arrive_backward=road_from,
        turn_from=none,
        turn_road=none,
        turn_forward=none.astype(bool),
        copy_of=np.arange(len(x)),
        facts=RoadFacts(
            allowed=np.stack((ahead, back)) >= 0,
            limit_kmh=np.full((2, roads), np.nan),
            built_up=no,
            dual=no,
            roundabout=no,
            toll=no,
            signals=two,
            mini_roundabouts=two,
            gates=two,
            junction=two.astype(np.int8),
            crossing_s=unknown,
            wait_s=unknown,
            ferry_share=np.zeros(roads),
            way_id=np.zeros(roads, dtype=np.int64),
            name=np.zeros(roads, dtype=np.int64),
        ),
    )


def on_roads(road: list[int], share: list[float]) -> Snapped:
    """Points on roads; where they lie in metres matters to no search."""
    zero = np.zeros(len(road))
    return Snapped(np.array(road, dtype=np.int64), np.array(share, dtype=float), zero, zero, zero)


def at_first_ends(roads: NDArray[np.int64]) -> Snapped:
    """Points that stand where these roads begin."""
    zero = np.zeros(len(roads))
    return Snapped(roads, zero, zero, zero, zero)


@dataclass(frozen=True)
class Split:
    """A graph in which every point is a node: origin i is `nodes + i`, destination j is `nodes + origins + j`."""

    nodes: int
    origins: int
    destinations: int
    edges: list[tuple[int, int, int]]

    @property
    def size(self) -> int:
        return self.nodes + self.origins + self.destinations

    @property
    def starts(self) -> list[int]:
        return list(range(self.nodes, self.nodes + self.origins))

    @property
    def ends(self) -> list[int]:
        return list(range(self.nodes + self.origins, self.size))


def split(network: RoadNetwork, origins: Snapped, destinations: Snapped) -> Split:
    """Put the points into a plain network, one after the other."""
    first, last = network.road_from.tolist(), network.road_to.tolist()
    ahead, back = network.road_ms_forward.tolist(), network.road_ms_backward.tolist()
    edges = []
    for road in range(len(first)):
        edges += [(first[road], last[road], ahead[road]), (last[road], first[road], back[road])]
    here = list(zip(origins.road.tolist(), origins.share.tolist(), strict=True))
    there = list(zip(destinations.road.tolist(), destinations.share.tolist(), strict=True))
    for number, (road, share) in enumerate(here):
        node = len(network.node_x) + number
        edges += [(node, last[road], _part(ahead[road], 1 - share)), (node, first[road], _part(back[road], share))]
        edges += [(node, end, 0) for end, at in ((first[road], 0.0), (last[road], 1.0)) if share == at]
    for number, (road, share) in enumerate(there):
        node = len(network.node_x) + len(here) + number
        edges += [(first[road], node, _part(ahead[road], share)), (last[road], node, _part(back[road], 1 - share))]
        edges += [(end, node, 0) for end, at in ((first[road], 0.0), (last[road], 1.0)) if share == at]
        for start, (other, begun) in enumerate(here):
            ends = (len(network.node_x) + start, node)
            if other == road and share >= begun:
                edges.append((*ends, _part(ahead[road], share - begun)))
            if other == road and share <= begun:
                edges.append((*ends, _part(back[road], begun - share)))
    usable = [edge for edge in edges if edge[2] >= 0]
    return Split(len(network.node_x), len(here), len(there), usable)


def _part(whole: int, share: float) -> int:
    return round(whole * share) if whole >= 0 else -1
