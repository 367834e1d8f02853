"""Compiled loops that take nodes with at most two neighbours out of an undirected graph; arrays in, arrays out.

More than half the junctions of a road network are dead ends or bends. Taken first, they cost a hierarchy next to nothing,
and what is left is a smaller graph to cut.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geodata._compiled import compiled


@compiled
def take_out_simple(
    first: NDArray[np.int32], neighbour: NDArray[np.int32], degree: NDArray[np.int32]
) -> NDArray[np.int32]:  # pragma: no cover - compiled
    """Nodes with at most two neighbours, taken out one after the other until none is left; changes the lists.

    The two neighbours of a node that is taken out become neighbours of each other. In one round no two neighbours are
    taken out, so that a long chain of nodes ends up as a low tree.

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
