"""Shortest times by scipy: one search from each point of the smaller side. The reference for every other engine."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from geodata.roads.graph import Attached, Graph

AT_ONCE = 32
"""Points searched from at a time: memory stays at this many rows of one number per node."""

IN_MEMORY_BYTES = 256 * 2**20
"""A table of times that is larger than this, and comes column by column, is kept in a temporary file."""

NO_ROUTE = -1


class Search:
    """Searches on one graph.

    Parameters
    ----------
    graph
        The graph; closed edges are left out.
    """

    def __init__(self, graph: Graph) -> None:
        usable = graph.ms >= 0
        self._nodes = graph.nodes
        self._tail, self._head, self._ms = graph.tail[usable], graph.head[usable], graph.ms[usable]

    def between(self, starts: Attached, ends: Attached, *, limit_ms: float = np.inf) -> NDArray[np.float64]:
        """Milliseconds from each start to each end, shape (A, B); `inf` where there is no route.

        Parameters
        ----------
        starts, ends
            A and B points tied to nodes.
        limit_ms
            What takes longer counts as not reached.
        """
        result = np.empty((starts.points, ends.points))
        for rows, ms in self.row_blocks(starts, ends, limit_ms=limit_ms):
            result[rows] = ms
        return result

    def row_blocks(
        self, starts: Attached, ends: Attached, *, limit_ms: float = np.inf, rows: int = 1024
    ) -> Iterator[tuple[slice, NDArray[np.float64]]]:
        """The same block by block, in the order of the starts.

        Parameters
        ----------
        starts, ends, limit_ms
            As in `between`.
        rows
            Starts in a block.
        """
        if starts.points <= ends.points:
            for part, ms in self._searched(starts, forward=True, limit_ms=limit_ms, rows=rows):
                yield part, _at_points(ms, ends, limit_ms)
            return
        with _table(ends.points, starts.points) as table:
            for part, ms in self._searched(ends, forward=False, limit_ms=limit_ms, rows=AT_ONCE):
                found = _at_points(ms, starts, limit_ms)
                table[part] = np.where(np.isfinite(found), found, NO_ROUTE)
            for low in range(0, starts.points, rows):
                part = slice(low, min(low + rows, starts.points))
                block = table[:, part].T.astype(float)
                yield part, np.where(block == NO_ROUTE, np.inf, block)

    def to_all(self, points: Attached, *, towards: bool, limit_ms: float = np.inf) -> NDArray[np.float64]:
        """Milliseconds between every node and each point, shape (P, N); `inf` where there is no route.

        Parameters
        ----------
        points
            P points tied to nodes.
        towards
            From the nodes to the points; else from the points to the nodes.
        limit_ms
            What takes longer counts as not reached.
        """
        result = np.empty((points.points, self._nodes))
        for part, ms in self._searched(points, forward=not towards, limit_ms=limit_ms, rows=AT_ONCE):
            result[part] = ms
        return result

    def _searched(
        self, points: Attached, *, forward: bool, limit_ms: float, rows: int
    ) -> Iterator[tuple[slice, NDArray[np.float64]]]:
        """Search from each point, forward or against the direction of travel; a point is a node of its own."""
        matrix = self._matrix(points, forward=forward)
        for low in range(0, points.points, rows):
            block = np.empty((min(rows, points.points - low), self._nodes))
            for first in range(0, len(block), AT_ONCE):
                some = np.arange(first, min(first + AT_ONCE, len(block)))
                found = dijkstra(matrix, indices=self._nodes + low + some, limit=limit_ms)
                block[some] = found[:, : self._nodes]
            yield slice(low, low + len(block)), block

    def _matrix(self, points: Attached, *, forward: bool) -> csr_array:
        tail, head = (self._tail, self._head) if forward else (self._head, self._tail)
        own = self._nodes + np.repeat(np.arange(points.points), np.diff(points.offset))
        row, column = np.concatenate((tail, own)), np.concatenate((head, points.node))
        ms = np.concatenate((self._ms, points.ms)).astype(float)  # a stored 0 is an edge of no length, not a gap
        order = np.lexsort((ms, column, row))
        row, column, ms = row[order], column[order], ms[order]
        # Of parallel edges only the quickest: the sparse matrix would add them up.
        first = np.ones(len(row), dtype=bool)
        first[1:] = (row[1:] != row[:-1]) | (column[1:] != column[:-1])
        size = self._nodes + points.points
        return csr_array((ms[first], (row[first], column[first])), shape=(size, size))


def _at_points(ms: NDArray[np.float64], points: Attached, limit_ms: float) -> NDArray[np.float64]:
    """From times at nodes, shape (S, N), to times at points, shape (S, P)."""
    result = np.full((len(ms), points.points), np.inf)
    tied = np.flatnonzero(np.diff(points.offset))
    if len(tied):
        result[:, tied] = np.minimum.reduceat(ms[:, points.node] + points.ms, points.offset[tied], axis=1)
    return np.where(result <= limit_ms, result, np.inf)


@contextmanager
def _table(rows: int, columns: int) -> Iterator[NDArray[np.int64]]:
    """A table of whole numbers, in memory or, where it is large, in a temporary file."""
    if rows * columns * 8 <= IN_MEMORY_BYTES:
        yield np.empty((rows, columns), dtype=np.int64)
        return
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        table = np.lib.format.open_memmap(Path(folder) / "times.npy", "w+", np.int64, (rows, columns))
        yield table
        del table  # Windows cannot remove a file that is still open
