"""Compiled loops that cut an undirected graph in parts and separators; arrays in, arrays out.

A graph is two arrays: the neighbours of node u are `neighbour[first[u]:first[u + 1]]`. A cell is a range `[low, high)`
of places in `order`: its nodes are `order[low:high]`, and `place` tells where each node stands. Cutting a cell arranges
its nodes anew inside the range: one side, the other side, and last the nodes of the separator.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geodata.compiled import compiled

LEAST_SIDE = 4
"""A cut is sought between the first and the last of so many parts of a cell along each direction."""


@compiled
def dissect(
    first: NDArray[np.int32],
    neighbour: NDArray[np.int32],
    order: NDArray[np.int32],
    place: NDArray[np.int32],
    along: NDArray[np.int32],
    low: int,
    high: int,
    stop: int,
) -> NDArray[np.int64]:  # pragma: no cover - compiled
    """Cut a cell again and again, until its parts are of at most `stop` nodes.

    Parameters
    ----------
    first, neighbour
        The graph.
    order, place
        Nodes by place, and place by node; changed in the range of the cell alone.
    along
        For each direction, the nodes of every cell in the order in which they lie along it, shape (directions, N);
        arranged together with `order`.
    low, high
        The cell.
    stop
        Parts of up to so many nodes are not cut; at least `LEAST_SIDE`.

    Returns
    -------
    These parts, shape (parts, 2).
    """
    left = [(0, 0)]
    left.clear()
    stack = [(low, high)]
    while len(stack) > 0:
        low, high = stack.pop()
        if high - low <= stop:
            left.append((low, high))
        else:
            for part in _cut(first, neighbour, order, place, along, low, high):
                stack.append(part)
    result = np.empty((len(left), 2), np.int64)
    for i in range(len(left)):
        result[i, 0] = left[i][0]
        result[i, 1] = left[i][1]
    return result


@compiled
def _cut(
    first: NDArray[np.int32],
    neighbour: NDArray[np.int32],
    order: NDArray[np.int32],
    place: NDArray[np.int32],
    along: NDArray[np.int32],
    low: int,
    high: int,
) -> list[tuple[int, int]]:  # pragma: no cover - compiled
    """Cut one cell in its connected pieces or, where it is one piece, in two sides and a separator."""
    nodes = high - low
    best_score = np.inf
    part = np.zeros(nodes, np.int32)
    parts = 2
    for direction in range(len(along)):
        row = along[direction, low:high]
        begin, head, mate = _local(first, neighbour, row, place, low)
        if direction == 0:
            piece, pieces = _pieces(begin, head)
            if pieces > 1:
                parts = pieces
                for i in range(nodes):
                    part[place[row[i]] - low] = piece[i]
                break
        limit = int(best_score * (nodes // 2)) if best_score < np.inf else len(head)
        side, size, edges = _least_cut(begin, head, mate, limit)
        if edges < 0:
            continue
        score = edges / min(size, nodes - size)
        if score < best_score:
            best_score = score
            found = _separate(begin, head, side)
            for i in range(nodes):
                part[place[row[i]] - low] = found[i]
    return _arrange(order, place, along, low, high, part, parts)


@compiled
def _local(
    first: NDArray[np.int32],
    neighbour: NDArray[np.int32],
    row: NDArray[np.int32],
    place: NDArray[np.int32],
    low: int,
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:  # pragma: no cover - compiled
    """Graph of the nodes of one cell, in the order of `row`: lists ascend; `mate` is an edge seen from its head."""
    nodes = len(row)
    own = np.empty(nodes, np.int32)
    for i in range(nodes):
        own[place[row[i]] - low] = i
    begin = np.zeros(nodes + 1, np.int32)
    for i in range(nodes):
        u = row[i]
        for k in range(first[u], first[u + 1]):
            if 0 <= place[neighbour[k]] - low < nodes:
                begin[i + 1] += 1
    for i in range(nodes):
        begin[i + 1] += begin[i]
    head = np.empty(begin[nodes], np.int32)
    mate = np.empty(begin[nodes], np.int32)
    filled = begin[:-1].copy()
    for i in range(nodes):
        u = row[i]
        for k in range(first[u], first[u + 1]):
            at = place[neighbour[k]] - low
            if 0 <= at < nodes:
                head[filled[own[at]]] = i
                filled[own[at]] += 1
    filled[:] = begin[:-1]
    for i in range(nodes):
        for k in range(begin[i], begin[i + 1]):
            j = head[k]
            if j > i:  # the smaller neighbours of j come first in its list, and i ascends
                mate[k] = filled[j]
                mate[filled[j]] = k
                filled[j] += 1
    return begin, head, mate


@compiled
def _pieces(
    begin: NDArray[np.int32], head: NDArray[np.int32]
) -> tuple[NDArray[np.int32], int]:  # pragma: no cover - compiled
    """Number of the connected piece of each node, and how many there are."""
    nodes = len(begin) - 1
    piece = np.full(nodes, -1, np.int32)
    queue = np.empty(nodes, np.int32)
    pieces = 0
    for root in range(nodes):
        if piece[root] >= 0:
            continue
        piece[root] = pieces
        queue[0] = root
        last = 1
        done = 0
        while done < last:
            u = queue[done]
            done += 1
            for k in range(begin[u], begin[u + 1]):
                v = head[k]
                if piece[v] < 0:
                    piece[v] = pieces
                    queue[last] = v
                    last += 1
        pieces += 1
    return piece, pieces


@compiled
def _arrange(
    order: NDArray[np.int32],
    place: NDArray[np.int32],
    along: NDArray[np.int32],
    low: int,
    high: int,
    part: NDArray[np.int32],
    parts: int,
) -> list[tuple[int, int]]:  # pragma: no cover - compiled
    """Put the parts of a cell one after the other, the separator (`part` = `parts`) last; ranges of the parts."""
    nodes = high - low
    start = np.zeros(parts + 2, np.int64)
    for i in range(nodes):
        start[part[i] + 1] += 1
    for p in range(parts + 1):
        start[p + 1] += start[p]
    moved = np.empty(nodes, np.int32)
    for direction in range(len(along)):
        filled = start.copy()
        for i in range(nodes):
            u = along[direction, low + i]
            p = part[place[u] - low]
            moved[filled[p]] = u
            filled[p] += 1
        along[direction, low:high] = moved
    filled = start.copy()
    for i in range(nodes):
        p = part[i]
        moved[filled[p]] = order[low + i]
        filled[p] += 1
    ranges = [(0, 0)]
    ranges.clear()
    for i in range(nodes):
        order[low + i] = moved[i]
        place[moved[i]] = low + i
    for p in range(parts):
        if start[p + 1] > start[p]:
            ranges.append((low + start[p], low + start[p + 1]))
    return ranges


@compiled
def _least_cut(
    begin: NDArray[np.int32], head: NDArray[np.int32], mate: NDArray[np.int32], limit: int
) -> tuple[NDArray[np.bool_], int, int]:  # pragma: no cover - compiled
    """Cut of fewest edges between the first and the last quarter of the nodes, which stand in the order of a direction.

    That is the greatest flow where every edge holds one unit (Ford and Fulkerson). In each pass every node is tried
    once, the neighbour that is furthest along first: a pass finds many ways that hardly wander. Of the two least cuts
    that are found, next to the first nodes and next to the last, the one with more equal sides.

    Returns
    -------
    tuple
        Whether each node is on the side of the first, nodes on that side, edges cut (-1 where above `limit`).
    """
    nodes = len(begin) - 1
    least = nodes // LEAST_SIDE
    flow = np.zeros(len(head), np.int8)
    seen = np.zeros(nodes, np.bool_)
    cursor = np.empty(nodes, np.int32)
    path = np.empty(nodes, np.int32)
    total = 0
    while True:
        seen[:least] = True
        seen[least:] = False
        for i in range(nodes):
            cursor[i] = begin[i + 1] - 1
        found = 0
        for source in range(least - 1, -1, -1):
            while _push(begin, head, mate, flow, seen, cursor, path, source, nodes - least):
                found += 1
        total += found
        if total > limit:
            return seen, 0, -1
        if found == 0:
            break
    reached = np.count_nonzero(seen)
    behind = _behind(begin, head, mate, flow, least)
    before = nodes - np.count_nonzero(behind)
    if abs(2 * reached - nodes) > abs(2 * before - nodes):
        return ~behind, before, total
    return seen, reached, total


@compiled
def _push(
    begin: NDArray[np.int32],
    head: NDArray[np.int32],
    mate: NDArray[np.int32],
    flow: NDArray[np.int8],
    seen: NDArray[np.bool_],
    cursor: NDArray[np.int32],
    path: NDArray[np.int32],
    source: int,
    sinks: int,
) -> bool:  # pragma: no cover - compiled
    """Another unit of flow from a source to any node from `sinks` on, over nodes not seen yet; whether it got there."""
    u = source
    depth = 0
    while True:
        k = cursor[u]
        if k >= begin[u]:
            cursor[u] -= 1
            v = head[k]
            if flow[k] < 1 and not seen[v]:
                path[depth] = k
                depth += 1
                if v >= sinks:
                    for i in range(depth):
                        flow[path[i]] += 1
                        flow[mate[path[i]]] -= 1
                    return True
                seen[v] = True
                u = v
        elif depth == 0:
            return False
        else:
            depth -= 1
            u = head[mate[path[depth]]]


@compiled
def _behind(
    begin: NDArray[np.int32], head: NDArray[np.int32], mate: NDArray[np.int32], flow: NDArray[np.int8], least: int
) -> NDArray[np.bool_]:  # pragma: no cover - compiled
    """Nodes from which edges with room lead to one of the last."""
    nodes = len(begin) - 1
    behind = np.zeros(nodes, np.bool_)
    queue = np.empty(nodes, np.int32)
    last = 0
    for i in range(nodes - least, nodes):
        behind[i] = True
        queue[last] = i
        last += 1
    done = 0
    while done < last:
        u = queue[done]
        done += 1
        for k in range(begin[u], begin[u + 1]):
            v = head[k]
            if not behind[v] and flow[mate[k]] < 1:
                behind[v] = True
                queue[last] = v
                last += 1
    return behind


@compiled
def _separate(
    begin: NDArray[np.int32], head: NDArray[np.int32], side: NDArray[np.bool_]
) -> NDArray[np.int32]:  # pragma: no cover - compiled
    """0 and 1 for the nodes of the two sides, 2 for the separator: the ends of cut edges on the side with fewer."""
    nodes = len(side)
    ends = np.zeros(2, np.int64)
    sizes = np.zeros(2, np.int64)
    touches = np.zeros(nodes, np.bool_)
    for u in range(nodes):
        at = 1 if side[u] else 0
        sizes[at] += 1
        for k in range(begin[u], begin[u + 1]):
            if side[head[k]] != side[u]:
                touches[u] = True
        if touches[u]:
            ends[at] += 1
    out = 0
    if ends[1] < ends[0] or (ends[1] == ends[0] and sizes[1] > sizes[0]):
        out = 1
    part = np.empty(nodes, np.int32)
    for u in range(nodes):
        at = 1 if side[u] else 0
        part[u] = 2 if touches[u] and at == out else at
    return part
