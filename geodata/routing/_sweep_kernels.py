"""Compiled loops that answer from a hierarchy; arrays in, arrays out. See `_hierarchy_kernels` for nodes and arcs."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geodata.compiled import compiled
from geodata.routing._hierarchy_kernels import INF


@compiled
def mark_above(
    parent: NDArray[np.int32], node: NDArray[np.int32], mark: NDArray[np.bool_]
) -> None:  # pragma: no cover - compiled
    """Mark nodes and all above them."""
    for i in range(len(node)):
        u = node[i]
        while u >= 0 and not mark[u]:
            mark[u] = True
            u = parent[u]


@compiled
def keep_arcs(
    begin: NDArray[np.int32],
    head: NDArray[np.int32],
    weight: NDArray[np.int32],
    kept: NDArray[np.int32],
    place: NDArray[np.int32],
    first: NDArray[np.int32],
    to: NDArray[np.int32],
    time: NDArray[np.int32],
) -> None:  # pragma: no cover - compiled
    """Arcs of the nodes `kept` (with all nodes above them) alone, counted by their place among these."""
    total = 0
    first[0] = 0
    for i in range(len(kept)):
        u = kept[i]
        for k in range(begin[u], begin[u + 1]):
            to[total] = place[head[k]]
            time[total] = weight[k]
            total += 1
        first[i + 1] = total


@compiled
def search(
    begin: NDArray[np.int32],
    head: NDArray[np.int32],
    parent: NDArray[np.int32],
    weight: NDArray[np.int32],
    offset: NDArray[np.int64],
    node: NDArray[np.int32],
    tie: NDArray[np.int64],
    turn: NDArray[np.int64],
    lanes: int,
    place: NDArray[np.int32],
    first: NDArray[np.int32],
    to: NDArray[np.int32],
    time: NDArray[np.int32],
    end_offset: NDArray[np.int64],
    end_place: NDArray[np.int32],
    end_tie: NDArray[np.int64],
    limit: float,
    row_step: int,
    column_step: int,
    out: NDArray[np.float64],
) -> None:  # pragma: no cover - compiled
    """Times from some points to all ends.

    `lanes` points are searched from at a time; their numbers lie side by side, so that one instruction adds several.

    Parameters
    ----------
    begin, head, parent, weight
        The hierarchy; `weight` is the time along the arcs upwards, in the direction of the search.
    offset, node, tie
        Ties of all points: where those of each point begin, their nodes and milliseconds.
    turn
        Points to search from, in this order: best if neighbours follow each other.
    lanes
        Points at a time.
    place, first, to, time
        The nodes above the ends: place of each node among them (-1), and their arcs with the time downwards.
    end_offset, end_place, end_tie
        Ties of the ends; nodes by place.
    limit
        Longer times are `inf`, as are those that reach `INF`.
    row_step, column_step, out
        The time from point a to end b goes to `out[a * row_step + b * column_step]`; `inf` where there is no way.
    """
    nodes = len(parent)
    where = np.full(nodes, -1, np.int32)
    chain = np.empty(nodes, np.int32)
    given = np.full(len(first) - 1, -1, np.int32)
    label = np.empty((len(first) - 1, lanes), np.int32)
    best = np.empty(lanes, np.int64)
    for low in range(0, len(turn), lanes):
        points = turn[low : low + lanes]
        count = _climb(parent, offset, node, points, where, chain)
        above = _rise(begin, head, weight, offset, node, tie, points, where, chain[:count], lanes)
        for i in range(count):
            if place[chain[i]] >= 0:
                given[place[chain[i]]] = i
        _fall(first, to, time, given, above, label)
        for i in range(count):
            where[chain[i]] = -1
            if place[chain[i]] >= 0:
                given[place[chain[i]]] = -1
        for b in range(len(end_offset) - 1):
            best[:] = INF
            for k in range(end_offset[b], end_offset[b + 1]):
                for lane in range(len(points)):
                    best[lane] = min(best[lane], label[end_place[k], lane] + end_tie[k])
            for lane in range(len(points)):
                at = points[lane] * row_step + b * column_step
                out[at] = best[lane] if best[lane] < INF and best[lane] <= limit else np.inf


@compiled
def _climb(
    parent: NDArray[np.int32],
    offset: NDArray[np.int64],
    node: NDArray[np.int32],
    points: NDArray[np.int64],
    where: NDArray[np.int32],
    chain: NDArray[np.int32],
) -> int:  # pragma: no cover - compiled
    """Nodes of some points and all above them, ascending, and where each stands in this row; how many there are."""
    count = 0
    for a in points:
        for k in range(offset[a], offset[a + 1]):
            u = node[k]
            while u >= 0 and where[u] < 0:
                where[u] = 0
                chain[count] = u
                count += 1
                u = parent[u]
    chain[:count].sort()
    for i in range(count):
        where[chain[i]] = i
    return count


@compiled
def _rise(
    begin: NDArray[np.int32],
    head: NDArray[np.int32],
    weight: NDArray[np.int32],
    offset: NDArray[np.int64],
    node: NDArray[np.int32],
    tie: NDArray[np.int64],
    points: NDArray[np.int64],
    where: NDArray[np.int32],
    chain: NDArray[np.int32],
    lanes: int,
) -> NDArray[np.int32]:  # pragma: no cover - compiled
    """Times from each point to the nodes above it along arcs upwards, shape (nodes of `chain`, lanes)."""
    label = np.full((len(chain), lanes), INF, np.int32)
    for lane in range(len(points)):
        a = points[lane]
        for k in range(offset[a], offset[a + 1]):
            i = where[node[k]]
            label[i, lane] = min(label[i, lane], np.int32(tie[k]))
    for i in range(len(chain)):
        own = label[i]
        u = chain[i]
        for k in range(begin[u], begin[u + 1]):
            t = weight[k]
            other = label[where[head[k]]]
            for lane in range(lanes):  # as many as `lanes` says: a number known beforehand would not be vectorised
                value = np.int32(own[lane] + t)
                other[lane] = value if value < other[lane] else other[lane]
    return label


@compiled
def _fall(
    first: NDArray[np.int32],
    to: NDArray[np.int32],
    time: NDArray[np.int32],
    given: NDArray[np.int32],
    above: NDArray[np.int32],
    label: NDArray[np.int32],
) -> None:  # pragma: no cover - compiled
    """Times to all nodes above the ends, from the highest down; `given` says which have a time already, in `above`."""
    lanes = label.shape[1]
    for i in range(len(first) - 2, -1, -1):
        own = label[i]
        if given[i] >= 0:
            own[:] = above[given[i]]
        else:
            own[:] = INF
        for k in range(first[i], first[i + 1]):
            t = time[k]
            other = label[to[k]]
            for lane in range(lanes):
                value = np.int32(other[lane] + t)
                own[lane] = value if value < own[lane] else own[lane]
