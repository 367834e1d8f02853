"""In which order a hierarchy takes the nodes of a road graph: nested dissection by inertial flow.

Dead ends and bends come first. What is left is cut in two along the fewest roads between the first and the last
quarter of its nodes, seen from four directions; of the four cuts, the one with the fewest roads for the size of its
smaller side is taken. One end of every cut road stands above both sides, and each side is cut in the same way. (Schild
and Sommer, "On balanced separators in road networks", SEA 2015.)
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from os import cpu_count
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geodata.routing._neighbour_kernels import SMALL, list_neighbours, order_small, take_out_simple
from geodata.routing._ordering_kernels import dissect

DIRECTIONS = ((1.0, 0.0), (0.0, 1.0), (1.0, 1.0), (1.0, -1.0))
"""Ways in which nodes are lined up: eastwards, northwards, and along the two diagonals."""

SHARES = (2, 4, 8)
"""A graph is cut in parts of at most half its nodes, these side by side in quarters, and so on."""

WORTH_A_THREAD = 4096
"""Nodes below which parts are not ordered side by side."""

THREADS = 4
"""At most so many parts at a time."""


def neighbour_lists(
    nodes: int, tail: NDArray[np.integer], head: NDArray[np.integer]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Different neighbours of each node, ascending, whichever way the edges lead.

    Parameters
    ----------
    nodes
        N.
    tail, head
        Ends of the edges, shape (E,); parallel edges count once, an edge from a node to itself not at all.

    Returns
    -------
    tuple
        Where the list of each node begins, shape (N + 1,), and all lists one after the other.
    """
    return list_neighbours(nodes, np.asarray(tail, dtype=np.int32), np.asarray(head, dtype=np.int32))


def dissection_order(
    first: NDArray[np.int32], neighbour: NDArray[np.int32], x: NDArray[np.float64], y: NDArray[np.float64]
) -> NDArray[np.int32]:
    """Nodes in the order in which a hierarchy takes them, the least important first.

    The order is the same on every computer, however many parts are worked on at a time.

    Parameters
    ----------
    first, neighbour
        Lists of neighbours (see `neighbour_lists`).
    x, y
        Where the nodes lie, shape (N,). Places that are equal or unknown (NaN) make the order worse, not wrong.
    """
    left = neighbour.copy()
    degree = np.diff(first)
    simple = take_out_simple(first, left, degree)
    core = np.flatnonzero(degree >= 0)
    inner_first, inner = _rest(first, left, degree, core)
    order = np.arange(len(core), dtype=np.int32)
    place = order.copy()
    graph = inner_first, inner, order, place
    along = _lined_up(x[core], y[core])
    cells = np.array([[0, len(core)]])
    for stop in (len(core) // share for share in SHARES):
        if stop >= WORTH_A_THREAD:
            cells = np.concatenate(side_by_side(partial(_cut_to, graph, along, stop), cells))
    side_by_side(lambda cell: order_small(*graph, _cut_to(graph, along, SMALL, cell)), cells)
    return np.concatenate((simple, core[order].astype(np.int32)))


def _cut_to(
    graph: tuple[NDArray[np.int32], ...], along: NDArray[np.int32], stop: int, cell: NDArray[np.int64]
) -> NDArray[np.int64]:
    """The parts of at most `stop` nodes that a cell is cut in."""
    return dissect(*graph, along, cell[0], cell[1], stop)


def side_by_side(work: Callable[[Any], Any], jobs: Iterable[Any]) -> list[Any]:
    """Do jobs that let other threads run, a few at a time; their results, or the first error.

    Parameters
    ----------
    work
        What to do with each job. Jobs must not write to the same numbers.
    jobs
        The jobs.
    """
    jobs = list(jobs)
    workers = min(THREADS, cpu_count() or 1, len(jobs))
    if workers <= 1:
        return [work(job) for job in jobs]
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(work, jobs))


def _rest(
    first: NDArray[np.int32], left: NDArray[np.int32], degree: NDArray[np.int32], core: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Lists of neighbours among the nodes `core` alone, which are numbered anew."""
    own = np.full(len(degree), -1, dtype=np.int32)
    own[core] = np.arange(len(core), dtype=np.int32)
    size = degree[core]
    begin = np.zeros(len(core) + 1, dtype=np.int32)
    np.cumsum(size, out=begin[1:])
    at = np.repeat(first[core] - begin[:-1], size) + np.arange(begin[-1])
    return begin, own[left[at]]


def _lined_up(x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.int32]:
    """Nodes in the order in which they lie along each direction, shape (directions, N); ties by number."""
    x, y = (np.nan_to_num(values, nan=0.0, posinf=0.0, neginf=0.0) for values in (x, y))
    return np.stack([np.argsort(a * x + b * y, kind="stable") for a, b in DIRECTIONS]).astype(np.int32)
