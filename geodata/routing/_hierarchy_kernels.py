"""Compiled loops of the hierarchy; arrays in, arrays out.

Nodes are counted by rank, the lowest first. The arcs of node u are `first[u]:first[u + 1]`; they lead to nodes of
higher rank, `head`, ascending. `up[k]` is the time along arc k from the lower node to the higher one, `down[k]` the
time back. The lowest higher neighbour of a node is its parent; every arc leads to an ancestor.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geodata.compiled import compiled

INF = (1 << 30) - 1
"""No way, in 32-bit milliseconds: twice this still fits, so that sums need no check."""


@compiled
def parents(first: NDArray[np.int32], neighbour: NDArray[np.int32]) -> NDArray[np.int32]:  # pragma: no cover - compiled
    """Parent of each node in the elimination tree, -1 for a root (J. W. H. Liu, 1986: with shortened paths)."""
    nodes = len(first) - 1
    parent = np.full(nodes, -1, np.int32)
    short = np.full(nodes, -1, np.int32)
    for u in range(nodes):
        for k in range(first[u], first[u + 1]):
            v = neighbour[k]
            while v < u:
                above = short[v]
                short[v] = u
                if above < 0:
                    parent[v] = u
                    break
                v = above
    return parent


@compiled
def children_first(parent: NDArray[np.int32]) -> NDArray[np.int32]:  # pragma: no cover - compiled
    """Nodes in an order in which every node comes right after all that lie below it."""
    nodes = len(parent)
    child = np.full(nodes, -1, np.int32)
    sibling = np.full(nodes, -1, np.int32)
    root = -1
    for u in range(nodes - 1, -1, -1):
        above = parent[u]
        if above < 0:
            sibling[u] = root
            root = u
        else:
            sibling[u] = child[above]
            child[above] = u
    order = np.empty(nodes, np.int32)
    count = 0
    u = root
    while u >= 0:
        while child[u] >= 0:
            below = child[u]
            child[u] = -1
            u = below
        order[count] = u
        count += 1
        u = sibling[u] if sibling[u] >= 0 else parent[u]
    return order


@compiled
def count_arcs(
    first: NDArray[np.int32], neighbour: NDArray[np.int32], parent: NDArray[np.int32], at_most: int
) -> tuple[NDArray[np.int64], int]:  # pragma: no cover - compiled
    """Arcs of each node and in all, counted without storing any; stops above `at_most`.

    The lower neighbours of u are met by climbing from its lower neighbours in the graph towards u.
    """
    nodes = len(parent)
    count = np.zeros(nodes, np.int64)
    met = np.full(nodes, -1, np.int32)
    total = 0
    for u in range(nodes):
        met[u] = u
        for k in range(first[u], first[u + 1]):
            v = neighbour[k]
            while v < u and met[v] != u:
                met[v] = u
                count[v] += 1
                total += 1
                v = parent[v]
        if total > at_most:
            break
    return count, total


@compiled
def fill_arcs(
    first: NDArray[np.int32],
    neighbour: NDArray[np.int32],
    parent: NDArray[np.int32],
    begin: NDArray[np.int32],
    head: NDArray[np.int32],
) -> None:  # pragma: no cover - compiled
    """Write the head of every arc; `begin` says where the arcs of each node begin, shape (N + 1,)."""
    nodes = len(parent)
    filled = begin[:-1].copy()
    met = np.full(nodes, -1, np.int32)
    for u in range(nodes):
        met[u] = u
        for k in range(first[u], first[u + 1]):
            v = neighbour[k]
            while v < u and met[v] != u:
                met[v] = u
                head[filled[v]] = u
                filled[v] += 1
                v = parent[v]


@compiled
def find_arcs(
    begin: NDArray[np.int32], head: NDArray[np.int32], low: NDArray[np.int32], high: NDArray[np.int32]
) -> NDArray[np.int32]:  # pragma: no cover - compiled
    """Arc between each pair of nodes, -1 where both are the same node."""
    found = np.empty(len(low), np.int32)
    for e in range(len(low)):
        if low[e] == high[e]:
            found[e] = -1
            continue
        a, b = begin[low[e]], begin[low[e] + 1]
        while a < b:
            middle = (a + b) >> 1
            if head[middle] < high[e]:
                a = middle + 1
            else:
                b = middle
        found[e] = a
    return found


@compiled
def arcs_below(
    begin: NDArray[np.int32], head: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:  # pragma: no cover - compiled
    """Arcs that lead to each node: where those of each begin, the arcs, and where the list that an arc is in ends."""
    nodes = len(begin) - 1
    start = np.zeros(nodes + 1, np.int32)
    for k in range(len(head)):
        start[head[k] + 1] += 1
    for u in range(nodes):
        start[u + 1] += start[u]
    filled = start[:-1].copy()
    arc = np.empty(len(head), np.int32)
    stop = np.empty(len(head), np.int32)
    for u in range(nodes):
        for k in range(begin[u], begin[u + 1]):
            arc[filled[head[k]]] = k
            stop[filled[head[k]]] = begin[u + 1]
            filled[head[k]] += 1
    return start, arc, stop


@compiled
def weigh_edges(
    ms: NDArray[np.int64],
    arc: NDArray[np.int32],
    rising: NDArray[np.bool_],
    up: NDArray[np.int32],
    down: NDArray[np.int32],
) -> None:  # pragma: no cover - compiled
    """Least time of the open edges along every arc."""
    up[:] = INF
    down[:] = INF
    for e in range(len(ms)):
        k = arc[e]
        value = ms[e]
        if k >= 0 and value >= 0:
            if rising[e]:
                up[k] = min(np.int64(up[k]), value)
            else:
                down[k] = min(np.int64(down[k]), value)


@compiled
def customise(
    begin: NDArray[np.int32],
    head: NDArray[np.int32],
    start: NDArray[np.int32],
    below: NDArray[np.int32],
    stop: NDArray[np.int32],
    up: NDArray[np.int32],
    down: NDArray[np.int32],
    low: int,
    high: int,
) -> None:  # pragma: no cover - compiled
    """Times along the arcs of the nodes `low` to `high` over any lower nodes, whose arcs are done already.

    The arcs of a lower neighbour w of u that come after the one to u close the triangles over w: each leads to a
    neighbour of u.
    """
    at = np.empty(len(begin), np.int32)
    for u in range(low, high):
        for k in range(begin[u], begin[u + 1]):
            at[head[k]] = k
        for i in range(start[u], start[u + 1]):
            j = below[i]
            to, back = down[j], up[j]
            for k in range(j + 1, stop[i]):
                t = at[head[k]]
                up[t] = min(up[t], to + up[k])
                down[t] = min(down[t], down[k] + back)


@compiled
def branch_tops(parent: NDArray[np.int32], at_most: int) -> NDArray[np.int64]:  # pragma: no cover - compiled
    """Greatest branches of the tree that have at most so many nodes, as ranges of rank, shape (branches, 2)."""
    nodes = len(parent)
    size = np.ones(nodes, np.int32)
    for u in range(nodes):
        if parent[u] >= 0:
            size[parent[u]] += size[u]
    tops = np.empty((nodes, 2), np.int64)
    count = 0
    for u in range(nodes):
        if size[u] <= at_most and (parent[u] < 0 or size[parent[u]] > at_most):
            tops[count, 0] = u + 1 - size[u]
            tops[count, 1] = u + 1
            count += 1
    return tops[:count].copy()


@compiled
def longest_journey(
    begin: NDArray[np.int32],
    head: NDArray[np.int32],
    parent: NDArray[np.int32],
    open_up: NDArray[np.int32],
    open_down: NDArray[np.int32],
    up: NDArray[np.int32],
    down: NDArray[np.int32],
) -> int:  # pragma: no cover - compiled
    """Milliseconds that no quickest journey exceeds.

    Nodes with a way to the root of their tree and back are no further apart than the greatest of either way together.
    A journey leaves each other node at most once, and once the nodes around the root; `open_up` and `open_down` are the
    times of single edges.
    """
    nodes = len(parent)
    leaving = np.zeros(nodes, np.int64)
    for u in range(nodes):
        for k in range(begin[u], begin[u + 1]):
            if open_up[k] < INF:
                leaving[u] = max(leaving[u], np.int64(open_up[k]))
            if open_down[k] < INF:
                leaving[head[k]] = max(leaving[head[k]], np.int64(open_down[k]))
    root = np.empty(nodes, np.int32)
    to = np.full(nodes, INF, np.int32)
    back = np.full(nodes, INF, np.int32)
    far_to = np.zeros(nodes, np.int64)
    far_back = np.zeros(nodes, np.int64)
    rest = np.zeros(nodes, np.int64)
    edge = np.zeros(nodes, np.int64)
    for u in range(nodes - 1, -1, -1):
        if parent[u] < 0:
            root[u] = u
            to[u] = 0
            back[u] = 0
        else:
            root[u] = root[parent[u]]
        for k in range(begin[u], begin[u + 1]):
            to[u] = min(to[u], up[k] + to[head[k]])
            back[u] = min(back[u], down[k] + back[head[k]])
        r = root[u]
        edge[r] = max(edge[r], leaving[u])
        if to[u] < INF and back[u] < INF:
            far_to[r] = max(far_to[r], np.int64(to[u]))
            far_back[r] = max(far_back[r], np.int64(back[u]))
        else:
            rest[r] += leaving[u]
    return (far_to + far_back + rest + edge).max()
