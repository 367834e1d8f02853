"""The quickest routes of single journeys, as the pieces of road they take."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from geodata.roads.graph import Attached
from geodata.roads.network import RoadNetwork
from geodata.routing.attach import arriving, leaving
from geodata.routing.snapping import Snapped

CELLS_AT_ONCE = 8_000_000
"""Searches run side by side as long as their tables of nodes stay below this size (12 bytes a cell)."""


@dataclass(frozen=True)
class Routes:
    """J journeys and the K pieces of road they are made of, journey by journey, not in the order of travel.

    Parameters
    ----------
    ms
        Milliseconds from road to road, shape (J,); `inf` where there is no route.
    journey
        Journey of each piece, shape (K,).
    road, forward
        Its road, and whether it is taken forward, shape (K,).
    share
        Share of the road that is taken: 1 but for the first and the last, shape (K,).
    """

    ms: NDArray[np.float64]
    journey: NDArray[np.int64]
    road: NDArray[np.int64]
    forward: NDArray[np.bool_]
    share: NDArray[np.float64]


Piece = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_], NDArray[np.float64]]
"""Journeys, roads, directions and shares."""


def routes_of(network: RoadNetwork, origins: Snapped, destinations: Snapped, *, limit_ms: float = np.inf) -> Routes:
    """Find the quickest route from each origin to the destination of the same number.

    The search runs from the side with fewer different places. Times are those of
    `geodata.routing.matrix.milliseconds_between`.

    Parameters
    ----------
    network
        The roads.
    origins, destinations
        J points each, joined to roads.
    limit_ms
        What takes longer counts as not reached.
    """
    ahead = len(_places(origins)[0]) <= len(_places(destinations)[0])
    first, index = _places(origins if ahead else destinations)
    starts = _some(leaving(network, origins) if ahead else arriving(network, destinations), first)
    ends = arriving(network, destinations) if ahead else leaving(network, origins)
    search = _Tree(network, starts, ahead=ahead, limit_ms=limit_ms)
    ms = np.full(len(origins.road), np.inf)
    pieces: list[Piece] = []
    at_once = max(CELLS_AT_ONCE // max(search.nodes, 1), 1)
    for low in range(0, len(first), at_once):
        journeys = np.flatnonzero((index >= low) & (index < low + at_once))
        pieces += _block(network, search, (low, index, journeys), ends, (origins, destinations), ms)
    along = _along(network, origins, destinations, ms, limit_ms)
    replaced = np.zeros(len(ms), dtype=bool)
    replaced[along[0]] = True
    journey, road, forward, share = (np.concatenate(parts) for parts in zip(along, *pieces, strict=True))
    kept = ~replaced[journey]
    kept[: len(along[0])] = True
    order = np.flatnonzero(kept)[np.argsort(journey[kept], kind="stable")]
    return Routes(ms, journey[order], road[order], forward[order], share[order])


def _places(points: Snapped) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The first point at each different place, and the place of each point."""
    both = np.column_stack((points.road.astype(float), points.share))
    _, first, index = np.unique(both, axis=0, return_index=True, return_inverse=True)
    return first, index.ravel()


def _some(ties: Attached, points: NDArray[np.int64]) -> Attached:
    size = np.diff(ties.offset)[points]
    offset = np.concatenate(([0], np.cumsum(size)))
    at = np.repeat(ties.offset[points] - offset[:-1], size) + np.arange(offset[-1])
    return Attached(offset, ties.node[at], ties.ms[at])


class _Tree:
    """Searches from places, with a memory of the way; against the direction of travel where `ahead` is False."""

    def __init__(self, network: RoadNetwork, starts: Attached, *, ahead: bool, limit_ms: float) -> None:
        self.ahead, self.limit_ms = ahead, limit_ms
        self.nodes = len(network.node_x)
        tail, head = (network.edge_from, network.edge_to) if ahead else (network.edge_to, network.edge_from)
        own = self.nodes + np.repeat(np.arange(starts.points), np.diff(starts.offset))
        row, column = np.concatenate((tail, own)), np.concatenate((head, starts.node))
        ms = np.concatenate((network.edge_ms, starts.ms)).astype(float)
        edge = np.concatenate((np.arange(len(tail)), np.full(len(own), -1)))
        order = np.lexsort((edge, ms, column, row))
        row, column, ms, edge = row[order], column[order], ms[order], edge[order]
        # Of parallel edges only the quickest: the sparse matrix would add them up.
        kept = np.ones(len(row), dtype=bool)
        kept[1:] = (row[1:] != row[:-1]) | (column[1:] != column[:-1])
        self._size = self.nodes + starts.points
        self._key, self._edge = row[kept] * self._size + column[kept], edge[kept]
        self._matrix = csr_array((ms[kept], (row[kept], column[kept])), shape=(self._size, self._size))

    def search(self, low: int, count: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Milliseconds and the node before each node, from some places, shape (count, nodes + places)."""
        places = self.nodes + low + np.arange(count)
        return dijkstra(self._matrix, indices=places, limit=self.limit_ms, return_predecessors=True)

    def edge_between(self, before: NDArray[np.int64], after: NDArray[np.int64]) -> NDArray[np.int64]:
        """The edge by which a node was reached."""
        return self._edge[np.searchsorted(self._key, before * self._size + after)]


def _block(
    network: RoadNetwork,
    search: _Tree,
    which: tuple[int, NDArray[np.int64], NDArray[np.int64]],
    ends: Attached,
    points: tuple[Snapped, Snapped],
    ms: NDArray[np.float64],
) -> list[Piece]:
    """Routes of the journeys of some places; fills their milliseconds in."""
    low, index, journeys = which
    found, before = search.search(low, int(index[journeys].max()) - low + 1)
    row = index[journeys] - low
    ties = _some(ends, journeys)
    owner = np.repeat(np.arange(len(journeys)), np.diff(ties.offset))
    total = found[row[owner], ties.node] + ties.ms
    order = np.lexsort((ties.node, total, owner))
    order = order[np.isfinite(total[order]) & (total[order] <= search.limit_ms)]
    _, first = np.unique(owner[order], return_index=True)
    best = order[first]
    journeys, row = journeys[owner[best]], row[owner[best]]
    ms[journeys] = total[best]
    node = ties.node[best]
    origins, destinations = points
    near, far = (_left, _reached) if search.ahead else (_reached, _left)
    near_points, far_points = (origins, destinations) if search.ahead else (destinations, origins)
    pieces = [far(network, far_points, journeys, node, ties.ms[best])]
    while len(journeys):
        previous = before[row, node].astype(np.int64)
        at_start = previous >= search.nodes
        tie_ms = found[row[at_start], node[at_start]]
        pieces.append(near(network, near_points, journeys[at_start], node[at_start], tie_ms))
        journeys, row, node, previous = (part[~at_start] for part in (journeys, row, node, previous))
        edge = search.edge_between(previous, node)
        pieces.append((journeys, network.edge_road[edge], network.edge_forward[edge], np.ones(len(edge))))
        node = previous
    return pieces


def _left(
    network: RoadNetwork, points: Snapped, journeys: NDArray[np.int64], node: NDArray[np.int64], ms: NDArray
) -> Piece:
    """The piece from each origin to its first node, told from the node and the time (`geodata.routing.attach`)."""
    road, share = points.road[journeys], points.share[journeys]
    ahead = (node == network.arrive_forward[road]) & _takes(network.road_ms_forward[road], 1.0 - share, ms)
    back = (node == network.arrive_backward[road]) & _takes(network.road_ms_backward[road], share, ms)
    part = np.where(ahead, 1.0 - share, np.where(back, share, 0.0))
    return journeys, road, ahead | ~back, part


def _reached(
    network: RoadNetwork, points: Snapped, journeys: NDArray[np.int64], node: NDArray[np.int64], ms: NDArray
) -> Piece:
    """The piece from the last node to each destination (see `geodata.routing.attach.arriving`)."""
    road, share = points.road[journeys], points.share[journeys]
    junction = network.copy_of[node]
    ahead = (junction == network.road_from[road]) & _takes(network.road_ms_forward[road], share, ms)
    back = (junction == network.road_to[road]) & _takes(network.road_ms_backward[road], 1.0 - share, ms)
    part = np.where(ahead, share, np.where(back, 1.0 - share, 0.0))
    return journeys, road, ahead | ~back, part


def _takes(whole: NDArray[np.int64], share: NDArray[np.float64], ms: NDArray) -> NDArray[np.bool_]:
    return (whole >= 0) & (np.rint(whole * share) == ms)


def _along(
    network: RoadNetwork,
    origins: Snapped,
    destinations: Snapped,
    ms: NDArray[np.float64],
    limit_ms: float,
) -> Piece:
    """Journeys that are quicker along their one road than by way of its ends; fills their milliseconds in."""
    road = origins.road
    step = destinations.share - origins.share
    ahead, back = network.road_ms_forward[road], network.road_ms_backward[road]
    same = (road >= 0) & (road == destinations.road)
    onward = np.where(same & (step >= 0) & (ahead >= 0), np.rint(ahead * step), np.inf)
    along = np.minimum(onward, np.where(same & (step <= 0) & (back >= 0), np.rint(back * -step), np.inf))
    chosen = np.flatnonzero((along < ms) & (along <= limit_ms))
    ms[chosen] = along[chosen]
    return chosen, road[chosen], onward[chosen] <= along[chosen], np.abs(step[chosen])
