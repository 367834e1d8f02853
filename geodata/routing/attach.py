"""Tie points that are joined to roads to the nodes of the graph."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geodata.roads.graph import Attached
from geodata.roads.network import RoadNetwork
from geodata.routing.snapping import Snapped


def leaving(network: RoadNetwork, points: Snapped) -> Attached:
    """Nodes that can be reached first from each point, along its road.

    A point at the very end of a road stands on the node, from which every road can be taken.

    Parameters
    ----------
    network
        The roads.
    points
        P points joined to them; those that are joined to none get no tie.
    """
    point = np.flatnonzero(points.road >= 0)
    road, share = points.road[point], points.share[point]
    first, last = share <= 0.0, share >= 1.0
    return _gathered(
        len(points.road),
        (point, network.arrive_forward[road], _part(network.road_ms_forward[road], 1.0 - share)),
        (point, network.arrive_backward[road], _part(network.road_ms_backward[road], share)),
        (point[first], network.road_from[road[first]], np.zeros(first.sum(), dtype=np.int64)),
        (point[last], network.road_to[road[last]], np.zeros(last.sum(), dtype=np.int64)),
    )


def arriving(network: RoadNetwork, points: Snapped) -> Attached:
    """Nodes from which each point can be reached along its road; the parameters are those of `leaving`.

    Where turns are restricted, a road is entered from the copies of its end that allow it as well.
    """
    point = np.flatnonzero(points.road >= 0)
    road, share = points.road[point], points.share[point]
    first, last = share <= 0.0, share >= 1.0
    zeros = (np.zeros(first.sum(), dtype=np.int64), np.zeros(last.sum(), dtype=np.int64))
    ties = [
        (point, network.road_from[road], _part(network.road_ms_forward[road], share)),
        (point, network.road_to[road], _part(network.road_ms_backward[road], 1.0 - share)),
        (point[first], network.road_from[road[first]], zeros[0]),
        (point[last], network.road_to[road[last]], zeros[1]),
    ]
    if len(network.turn_road):
        ties += _through_copies(network, point, road, share)
    return _gathered(len(points.road), *ties)


def _through_copies(
    network: RoadNetwork, point: NDArray[np.int64], road: NDArray[np.int64], share: NDArray[np.float64]
) -> list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]]:
    """Ties from the copies of nodes: by the roads they may take, and for points that stand on the node itself."""
    which, turn = _matches(road, network.turn_road)
    forward = network.turn_forward[turn]
    ms = np.where(
        forward,
        _part(network.road_ms_forward[road[which]], share[which]),
        _part(network.road_ms_backward[road[which]], 1.0 - share[which]),
    )
    ties = [(point[which], network.turn_from[turn], ms)]
    copies = np.unique(network.turn_from)
    for on_node, node in ((share <= 0.0, network.road_from[road]), (share >= 1.0, network.road_to[road])):
        here = np.flatnonzero(on_node)
        which, copy = _matches(node[here], network.copy_of[copies])
        ties.append((point[here[which]], copies[copy], np.zeros(len(which), dtype=np.int64)))
    return ties


def _matches(wanted: NDArray[np.int64], values: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """All pairs (i, j) with wanted[i] == values[j]."""
    order = np.argsort(values, kind="stable")
    low = np.searchsorted(values[order], wanted, side="left")
    count = np.searchsorted(values[order], wanted, side="right") - low
    which = np.repeat(np.arange(len(wanted)), count)
    step = np.arange(len(which)) - np.repeat(np.cumsum(count) - count, count)
    return which, order[low[which] + step]


def _part(whole: NDArray[np.int64], share: NDArray[np.float64]) -> NDArray[np.int64]:
    """Whole milliseconds of a share of a road; -1 where it cannot be taken."""
    return np.where(whole >= 0, np.rint(whole * share), -1).astype(np.int64)


def _gathered(count: int, *ties: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]) -> Attached:
    point, node, ms = (np.concatenate([tie[i] for tie in ties]) for i in range(3))
    usable = ms >= 0
    point, node, ms = point[usable], node[usable], ms[usable]
    order = np.lexsort((ms, node, point))
    offset = np.searchsorted(point[order], np.arange(count + 1))
    return Attached(offset.astype(np.int64), node[order].astype(np.int64), ms[order])
