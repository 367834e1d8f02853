"""Restricted turns: a road that may not be left in every direction arrives at a copy of its junction."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Dart = tuple[int, bool]
"""A road and whether it is taken forward."""


@dataclass(frozen=True)
class Turns:
    """What restricted turns add to a network; arrays as in `geodata.roads.network.RoadNetwork`.

    Parameters
    ----------
    arrive_forward, arrive_backward
        Node each road arrives at, shape (R,).
    turn_from, turn_road, turn_forward
        Roads that leave from copies of junctions, shape (K,).
    copy_of
        Junction each node is or is a copy of, shape (N + C,).
    applied, unclear
        How many restrictions took effect, and how many name ways that do not meet there as they should.
    """

    arrive_forward: NDArray[np.int64]
    arrive_backward: NDArray[np.int64]
    turn_from: NDArray[np.int64]
    turn_road: NDArray[np.int64]
    turn_forward: NDArray[np.bool_]
    copy_of: NDArray[np.int64]
    applied: int
    unclear: int


def restrict_turns(
    nodes: int,
    road_from: NDArray[np.int64],
    road_to: NDArray[np.int64],
    allowed: NDArray[np.bool_],
    end_way: NDArray[np.int64],
    restriction: NDArray[np.int64],
) -> Turns:
    """Copy the junctions at which turns are restricted.

    A road whose driver may not turn into some others arrives at a copy of the junction, from which only the roads that
    remain leave. Every other road passes the junction itself. So the search needs to know nothing of turns.

    A driver who may not turn would otherwise go on to the next junction, turn round in the road there and come back; so
    nobody turns round at the junctions next to a restricted one, unless there is no other way on.

    Parameters
    ----------
    nodes
        N.
    road_from, road_to
        Nodes at the ends, shape (R,).
    allowed
        Whether each road may be taken forward and back, shape (2, R).
    end_way
        OpenStreetMap's number of the way at the first and at the last piece of each road, shape (2, R).
    restriction
        From way, node, to way, 1 if this is the only turn allowed; shape (T, 4).
    """
    arrive_forward, arrive_backward = road_to.copy(), road_from.copy()
    forbidden, applied, unclear = _forbidden(road_from, road_to, allowed, end_way, restriction)
    turn_from: list[int] = []
    turn_road: list[int] = []
    turn_forward: list[bool] = []
    copy_of = list(range(nodes))
    leaving = _leaving(road_from, road_to, allowed, {copied[1] for copied in forbidden})
    for (road, forward), node in sorted(forbidden):
        copy = len(copy_of)
        copy_of.append(node)
        (arrive_forward if forward else arrive_backward)[road] = copy
        for further, ahead in leaving[node]:
            if (further, ahead) not in forbidden[(road, forward), node]:
                turn_from.append(copy)
                turn_road.append(further)
                turn_forward.append(ahead)
    return Turns(
        arrive_forward,
        arrive_backward,
        np.array(turn_from, dtype=np.int64),
        np.array(turn_road, dtype=np.int64),
        np.array(turn_forward, dtype=bool),
        np.array(copy_of, dtype=np.int64),
        applied,
        unclear,
    )


def _forbidden(
    road_from: NDArray[np.int64],
    road_to: NDArray[np.int64],
    allowed: NDArray[np.bool_],
    end_way: NDArray[np.int64],
    restriction: NDArray[np.int64],
) -> tuple[dict[tuple[Dart, int], set[Dart]], int, int]:
    """Roads that may not be taken, by the road a driver comes from and the node."""
    forbidden: dict[tuple[Dart, int], set[Dart]] = defaultdict(set)
    applied = unclear = 0
    if not len(restriction):
        return forbidden, applied, unclear
    leaving = _leaving(road_from, road_to, allowed, set(restriction[:, 1].tolist()))
    arriving = _leaving(road_to, road_from, allowed, set(restriction[:, 1].tolist()))
    for from_way, node, to_way, only in restriction.tolist():
        # The first piece of a road lies at the node it leaves from, the last one at the node it arrives at.
        sources = [(r, ahead) for r, ahead in arriving[node] if end_way[1 if ahead else 0, r] == from_way]
        targets = [(r, ahead) for r, ahead in leaving[node] if end_way[0 if ahead else 1, r] == to_way]
        if len(sources) != 1 or len(targets) != 1:
            unclear += 1
            continue
        if only:
            back = (sources[0][0], not sources[0][1])
            forbidden[sources[0], node].update(set(leaving[node]) - {targets[0], back})
        else:
            forbidden[sources[0], node].add(targets[0])
        applied += 1
    _forbid_turning_round(forbidden, road_from, road_to, allowed)
    return forbidden, applied, unclear


def _forbid_turning_round(
    forbidden: dict[tuple[Dart, int], set[Dart]],
    road_from: NDArray[np.int64],
    road_to: NDArray[np.int64],
    allowed: NDArray[np.bool_],
) -> None:
    first = _leaving(road_from, road_to, allowed, {node for _, node in forbidden})
    darts = sorted({dart for darts in first.values() for dart in darts})
    ends = {dart: int(road_to[dart[0]] if dart[1] else road_from[dart[0]]) for dart in darts}
    further = _leaving(road_from, road_to, allowed, set(ends.values()))
    for dart in darts:
        back, already = (dart[0], not dart[1]), forbidden.get((dart, ends[dart]), set())
        on = set(further[ends[dart]]) - already
        if back in on and on != {back}:
            forbidden[dart, ends[dart]].add(back)


def _leaving(
    start: NDArray[np.int64], end: NDArray[np.int64], allowed: NDArray[np.bool_], wanted: set[int]
) -> dict[int, list[Dart]]:
    """The roads that may be taken from each wanted node; with the ends exchanged, those that arrive there."""
    found: dict[int, list[Dart]] = defaultdict(list)
    nodes = np.fromiter(wanted, dtype=np.int64, count=len(wanted))
    for ahead, at, open_ in ((True, start, allowed[0]), (False, end, allowed[1])):
        for road in np.flatnonzero(np.isin(at, nodes) & open_).tolist():
            found[int(at[road])].append((road, ahead))
    return found
