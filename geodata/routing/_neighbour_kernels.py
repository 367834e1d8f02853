"""Compiled loops on lists of neighbours in an undirected graph; arrays in, arrays out.

A graph is two arrays: the neighbours of node u are `neighbour[first[u]:first[u + 1]]`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geodata.compiled import compiled

SMALL = 64
"""Cells of up to so many nodes are ordered by degree: the neighbours of a node fit the bits of one number."""


@compiled
def list_neighbours(
    nodes: int, tail: NDArray[np.int32], head: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:  # pragma: no cover - compiled
    """Different neighbours of each node, ascending, whichever way the edges lead; a node is not its own neighbour."""
    size = np.zeros(nodes + 1, np.int32)
    for e in range(len(tail)):
        if tail[e] != head[e]:
            size[tail[e] + 1] += 1
            size[head[e] + 1] += 1
    start = np.cumsum(size).astype(np.int32)
    filled = start[:-1].copy()
    mixed = np.empty(start[nodes], np.int32)
    for e in range(len(tail)):
        if tail[e] != head[e]:
            mixed[filled[tail[e]]] = head[e]
            filled[tail[e]] += 1
            mixed[filled[head[e]]] = tail[e]
            filled[head[e]] += 1
    filled[:] = start[:-1]
    sorted_ = np.empty(start[nodes], np.int32)
    for u in range(nodes):  # u ascends, so that it stands last in a list that has it already
        for k in range(start[u], start[u + 1]):
            v = mixed[k]
            if filled[v] == start[v] or sorted_[filled[v] - 1] != u:
                sorted_[filled[v]] = u
                filled[v] += 1
    first = np.zeros(nodes + 1, np.int32)
    for u in range(nodes):
        first[u + 1] = first[u] + filled[u] - start[u]
    neighbour = np.empty(first[nodes], np.int32)
    for u in range(nodes):
        neighbour[first[u] : first[u + 1]] = sorted_[start[u] : filled[u]]
    return first, neighbour


@compiled
def take_out_simple(
    first: NDArray[np.int32], neighbour: NDArray[np.int32], degree: NDArray[np.int32]
) -> NDArray[np.int32]:  # pragma: no cover - compiled
    """Nodes with at most two neighbours, taken out one after the other until none is left; changes the lists.

    The two neighbours of a node that is taken out become neighbours of each other. In one round no two neighbours are
    taken out, so that a long chain of nodes ends up as a low tree. More than half the junctions of a road network go:
    dead ends and bends cost a hierarchy next to nothing, and what is left is a smaller graph to cut.

    Parameters
    ----------
    first
        Where the list of each node begins, shape (N + 1,).
    neighbour
        Different neighbours of each node; afterwards the first `degree[u]` entries of a list are those left.
    degree
        Neighbours of each node, shape (N,); afterwards -1 for a node that was taken out.

    Returns
    -------
    The nodes taken out, in order.
    """
    nodes = len(degree)
    taken = np.empty(nodes, np.int32)
    count = 0
    turn = np.empty(nodes, np.int32)
    later = np.empty(nodes, np.int32)
    blocked = np.full(nodes, -1, np.int32)
    waiting = np.zeros(nodes, np.bool_)
    turns = 0
    for u in range(nodes):
        if degree[u] <= 2:
            turn[turns] = u
            turns += 1
            waiting[u] = True
    step = 0
    while turns > 0:
        laters = 0
        for i in range(turns):
            u = turn[i]
            if blocked[u] == step:
                later[laters] = u
                laters += 1
                continue
            taken[count] = u
            count += 1
            size = degree[u]
            degree[u] = -1
            if size == 2:
                _join(first, neighbour, degree, u, neighbour[first[u]], neighbour[first[u] + 1])
            elif size == 1:
                _drop(first, neighbour, degree, neighbour[first[u]], u)
            for k in range(first[u], first[u] + size):
                other = neighbour[k]
                blocked[other] = step
                if degree[other] <= 2 and not waiting[other]:
                    waiting[other] = True
                    later[laters] = other
                    laters += 1
        turn, later, turns = later, turn, laters
        step += 1
    return taken[:count]


@compiled
def _join(
    first: NDArray[np.int32], neighbour: NDArray[np.int32], degree: NDArray[np.int32], u: int, a: int, b: int
) -> None:  # pragma: no cover - compiled
    """Make a and b, the neighbours of u, neighbours of each other instead."""
    if degree[a] > degree[b]:
        a, b = b, a
    for k in range(first[a], first[a] + degree[a]):
        if neighbour[k] == b:
            _drop(first, neighbour, degree, a, u)
            _drop(first, neighbour, degree, b, u)
            return
    for k in range(first[a], first[a] + degree[a]):
        if neighbour[k] == u:
            neighbour[k] = b
            break
    for k in range(first[b], first[b] + degree[b]):
        if neighbour[k] == u:
            neighbour[k] = a
            break


@compiled
def _drop(
    first: NDArray[np.int32], neighbour: NDArray[np.int32], degree: NDArray[np.int32], a: int, u: int
) -> None:  # pragma: no cover - compiled
    """Strike u from the list of a."""
    last = first[a] + degree[a] - 1
    for k in range(first[a], last + 1):
        if neighbour[k] == u:
            neighbour[k] = neighbour[last]
            break
    degree[a] -= 1


@compiled
def order_small(
    first: NDArray[np.int32],
    neighbour: NDArray[np.int32],
    order: NDArray[np.int32],
    place: NDArray[np.int32],
    cells: NDArray[np.int64],
) -> None:  # pragma: no cover - compiled
    """Order the nodes of cells of at most `SMALL` nodes by degree; see `dissect` for the graph and the cells."""
    for i in range(len(cells)):
        _by_degree(first, neighbour, order, place, cells[i, 0], cells[i, 1])


@compiled
def _by_degree(
    first: NDArray[np.int32],
    neighbour: NDArray[np.int32],
    order: NDArray[np.int32],
    place: NDArray[np.int32],
    low: int,
    high: int,
) -> None:  # pragma: no cover - compiled
    """Order a small cell: always the node with the fewest neighbours next, those outside the cell counted too.

    Neighbours inside and outside are bits of two numbers. Where more than 64 lie outside, some share a bit: the order
    may then be a little worse, never wrong.
    """
    nodes = high - low
    inside = np.zeros(nodes, np.uint64)
    outside = np.zeros(nodes, np.uint64)
    one = np.uint64(1)
    for i in range(nodes):
        u = order[low + i]
        for k in range(first[u], first[u + 1]):
            j = place[neighbour[k]] - low
            if 0 <= j < nodes:
                inside[i] |= one << np.uint64(j)
            else:
                outside[i] |= one << np.uint64(neighbour[k] & 63)
    node = order[low:high].copy()
    done = np.zeros(nodes, np.bool_)
    for step in range(nodes):
        best = -1
        fewest = 200
        for i in range(nodes):
            if not done[i]:
                size = _bits(inside[i]) + _bits(outside[i])
                if size < fewest:
                    fewest = size
                    best = i
        done[best] = True
        order[low + step] = node[best]
        own = inside[best]
        for j in range(nodes):
            bit = one << np.uint64(j)
            if own & bit:
                inside[j] = (inside[j] | own) & ~bit & ~(one << np.uint64(best))
                outside[j] |= outside[best]
    for i in range(nodes):
        place[order[low + i]] = low + i


@compiled
def _bits(value: np.uint64) -> int:  # pragma: no cover - compiled
    """How many bits are set."""
    count = 0
    while value:
        value &= value - np.uint64(1)
        count += 1
    return count
