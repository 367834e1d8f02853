"""Shortest times again and again on one road graph: a customizable contraction hierarchy.

The order of the nodes and the arcs between them depend on which roads there are, not on how long they take: they are
built once (`Hierarchy.build`). Other speeds, or roads closed, are a new set of times on the same arcs (`weigh`), and a
table of times between many places is a few sweeps over them (`between`). Answers are those of Dijkstra's algorithm, to
the millisecond. (Dibbelt, Strasser and Wagner, "Customizable contraction hierarchies", 2016; sweeps restricted to the
places asked for: Delling, Goldberg and Werneck, "Faster batched shortest paths in road networks", 2011.)

Inside, times are 32-bit: an edge, a tie or a journey of 2**30 - 1 ms (12 days and 10 hours) or more is refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geodata.roads.graph import CLOSED, Attached
from geodata.routing._hierarchy_kernels import (
    INF,
    arcs_below,
    branch_tops,
    children_first,
    count_arcs,
    customise,
    fill_arcs,
    find_arcs,
    longest_journey,
    parents,
    weigh_edges,
)
from geodata.routing._sides import Side, node_numbers, search_between
from geodata.routing.ordering import WORTH_A_THREAD, dissection_order, neighbour_lists, side_by_side

VERSION = 1
"""Of the file that `Hierarchy.save` writes."""

MOST_ARCS = 2**31 - 2
BRANCHES = 8
"""Branches of at most this share of the nodes are weighed side by side."""


@dataclass(frozen=True, eq=False)
class Hierarchy:
    """What does not depend on the times: order of the nodes and arcs between them.

    Nodes inside are counted by rank, the lowest first; every arc leads to a higher node.

    Parameters
    ----------
    rank
        Rank of each node, int32, shape (N,).
    first, head
        Arcs `first[u]:first[u + 1]` of the node of rank u lead to the ranks `head`, ascending; int32, shapes (N + 1,)
        and (M,).
    edge_arc
        Arc of each edge, -1 for an edge from a node to itself; int32, shape (E,).
    edge_rises
        Whether the edge leads along its arc upwards, shape (E,).
    """

    rank: NDArray[np.int32]
    first: NDArray[np.int32]
    head: NDArray[np.int32]
    edge_arc: NDArray[np.int32]
    edge_rises: NDArray[np.bool_]

    @classmethod
    def build(
        cls,
        nodes: int,
        tail: NDArray[np.int64],
        head: NDArray[np.int64],
        x: NDArray[np.float64],
        y: NDArray[np.float64],
        *,
        arcs_at_most: int | None = None,
    ) -> Hierarchy | None:
        """Order the nodes and lay the arcs. The same graph always gives the same arrays.

        Parameters
        ----------
        nodes
            N.
        tail, head
            Nodes each directed edge leaves and reaches, closed ones too, shape (E,).
        x, y
            Where the nodes lie, in any unit, shape (N,); they decide how good the order is, not whether it is right.
        arcs_at_most
            Give up where more arcs would be needed, as in a dense grid; before they take any memory.

        Returns
        -------
        The hierarchy, or None where it would have too many arcs.

        Raises
        ------
        ValueError
            Where an edge has an end that is not a node, or the arrays differ in length.
        """
        tail, head = node_numbers(tail, nodes), node_numbers(head, nodes)
        if len(tail) != len(head) or len(x) != nodes or len(y) != nodes:
            raise ValueError("edges need a tail and a head each, and nodes an x and a y each")
        limit = MOST_ARCS if arcs_at_most is None else min(arcs_at_most, MOST_ARCS)
        first, neighbour = neighbour_lists(nodes, tail, head)
        order = dissection_order(first, neighbour, np.asarray(x, dtype=float), np.asarray(y, dtype=float))
        rank, parent = _ranked(first, neighbour, order)
        ranked = neighbour_lists(nodes, rank[tail], rank[head])
        count, total = count_arcs(*ranked, parent, limit)
        if total > limit:
            return None
        begin = np.zeros(nodes + 1, dtype=np.int32)
        np.cumsum(count, out=begin[1:])
        arc_head = np.empty(total, dtype=np.int32)
        fill_arcs(*ranked, parent, begin, arc_head)
        a, b = rank[tail], rank[head]
        return cls(rank, begin, arc_head, find_arcs(begin, arc_head, np.minimum(a, b), np.maximum(a, b)), a < b)

    @property
    def nodes(self) -> int:
        """How many nodes there are."""
        return len(self.rank)

    @property
    def arcs(self) -> int:
        """How many arcs there are."""
        return len(self.head)

    @cached_property
    def parent(self) -> NDArray[np.int32]:
        """Lowest higher neighbour of each node by rank, -1 for none, shape (N,)."""
        parent = np.full(self.nodes, -1, dtype=np.int32)
        some = self.first[1:] > self.first[:-1]
        parent[some] = self.head[self.first[:-1][some]]
        return parent

    @cached_property
    def _below(self) -> tuple[NDArray[np.int32], NDArray[np.int32], NDArray[np.int32]]:
        return arcs_below(self.first, self.head)

    @cached_property
    def _branches(self) -> tuple[list[list[int]], list[list[int]]]:
        """Ranges of rank that can be weighed side by side, and those that come after, one after the other."""
        if self.nodes < WORTH_A_THREAD:
            return [], [[0, self.nodes]]
        tops = branch_tops(self.parent, self.nodes // BRANCHES)
        starts = np.append(tops[:, 0], self.nodes)
        ends = np.insert(tops[:, 1], 0, 0)
        between = np.column_stack((ends, starts))
        return _merged(tops, self.nodes // BRANCHES), between[ends < starts].tolist()

    def weigh(self, ms: ArrayLike) -> WeighedHierarchy:
        """Times on the arcs.

        Parameters
        ----------
        ms
            Whole milliseconds of each edge, `CLOSED` (-1) where it cannot be used, shape (E,).

        Raises
        ------
        ValueError
            Where a time is not whole, is below -1, or is 2**30 - 1 ms or more.
        """
        ms = np.asarray(ms)
        if ms.shape != self.edge_arc.shape:
            raise ValueError(f"{len(self.edge_arc):,} edges need as many times, not {ms.size:,}")
        if ms.dtype.kind not in "iu" and ms.size:
            raise ValueError("times of edges must be whole milliseconds")
        if ms.size and (ms.min() < CLOSED or ms.max() >= INF):
            raise ValueError(f"times of edges must be at least 0 ms (or {CLOSED}: closed) and below {INF:,} ms")
        ms = ms.astype(np.int64, copy=False)
        up, down = self._edges_alone(ms)
        alone, after = self._branches
        arrays = self.first, self.head, *self._below, up, down
        side_by_side(lambda branch: customise(*arrays, *branch), alone)
        for low, high in after:
            customise(*arrays, low, high)
        return WeighedHierarchy(self, ms, up, down)

    def _edges_alone(self, ms: NDArray[np.int64]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Times along the arcs, upwards and downwards, by single edges."""
        up, down = np.empty(self.arcs, dtype=np.int32), np.empty(self.arcs, dtype=np.int32)
        weigh_edges(ms, self.edge_arc, self.edge_rises, up, down)
        return up, down

    def save(self, path: Path) -> None:
        """Write the hierarchy to an `.npz` file; the same hierarchy gives the same bytes."""
        arrays = {field.name: getattr(self, field.name) for field in fields(self)}
        unfinished = path.with_name(path.name + ".unfinished")
        try:
            with unfinished.open("wb") as file:
                np.savez(file, version=np.array(VERSION), **arrays)
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)

    @classmethod
    def load(cls, path: Path) -> Hierarchy:
        """Read a hierarchy that `save` has written.

        Raises
        ------
        ValueError
            Where the file was written by another version.
        """
        with np.load(path, allow_pickle=False) as stored:
            if "version" not in stored or int(stored["version"]) != VERSION:
                raise ValueError(f"{path.name} holds no hierarchy of version {VERSION}")
            return cls(*(stored[field.name] for field in fields(cls)))


@dataclass(frozen=True, eq=False)
class WeighedHierarchy:
    """A hierarchy with times on its arcs.

    Parameters
    ----------
    hierarchy
        Order and arcs.
    ms
        Milliseconds of each edge, `CLOSED` where it cannot be used, shape (E,).
    up, down
        Milliseconds along each arc to the higher node and back to the lower one, over any lower nodes; 2**30 - 1 where
        there is no way. int32, shape (M,).
    """

    hierarchy: Hierarchy
    ms: NDArray[np.int64]
    up: NDArray[np.int32]
    down: NDArray[np.int32]

    def between(self, starts: Attached, ends: Attached, *, limit_ms: float = np.inf) -> NDArray[np.float64]:
        """Shortest times from every start to every end.

        Parameters
        ----------
        starts, ends
            A and B points. The time from a point to its node, or from the node to it, is part of the answer. Two
            points are never joined but over nodes: a way along one road between them is the caller's.
        limit_ms
            Longer times are `inf`.

        Returns
        -------
        Whole milliseconds, shape (A, B); `inf` where there is no way, as for a point without nodes.

        Raises
        ------
        ValueError
            Where a node does not exist, or a tie or a journey takes 2**30 - 1 ms or more.
        """
        for _, rows in self.row_blocks(starts, ends, limit_ms=limit_ms, rows=max(1, starts.points)):
            return rows
        return np.empty((0, ends.points))

    def row_blocks(
        self, starts: Attached, ends: Attached, *, limit_ms: float = np.inf, rows: int = 1024
    ) -> Iterator[tuple[slice, NDArray[np.float64]]]:
        """The same as `between` in blocks of starts, so that memory stays bounded.

        Parameters
        ----------
        starts, ends, limit_ms
            See `between`.
        rows
            Starts of a block.

        Yields
        ------
        tuple
            Which starts these are, and their times, shape (rows, B).
        """
        arrival = Side.of(self.hierarchy, ends)
        for low in range(0, starts.points, rows):
            block = slice(low, min(low + rows, starts.points))
            yield block, self._table(Side.of(self.hierarchy, starts, block), arrival, limit_ms)

    def _table(self, departure: Side, arrival: Side, limit_ms: float) -> NDArray[np.float64]:
        """Search from the side for which the sweeps are shorter."""
        out = np.empty((departure.points, arrival.points))
        if arrival.effort(departure.points) <= departure.effort(arrival.points):
            search_between(departure, arrival, self.up, self.down, limit_ms, out)
        else:
            search_between(arrival, departure, self.down, self.up, limit_ms, out.T)
        if limit_ms >= INF and np.isinf(out).any():
            self._refuse_too_long(departure, arrival, out)
        return out

    def _refuse_too_long(self, departure: Side, arrival: Side, table: NDArray[np.float64]) -> None:
        """Make sure that `inf` means that there is no way, not that the way is longer than the numbers go."""
        longest = self._longest + departure.tie.max(initial=0) + arrival.tie.max(initial=0)
        if longest < INF:
            return
        any_way = self._reaching._table(departure.without_ties(), arrival.without_ties(), INF - 1)
        if (np.isinf(table) & np.isfinite(any_way)).any():
            raise ValueError(f"some journeys take {INF:,} ms or more (12 days): times this long cannot be worked out")

    @cached_property
    def _longest(self) -> int:
        """Milliseconds that no journey between nodes exceeds."""
        tree = self.hierarchy
        if not tree.nodes:
            return 0
        edges = tree._edges_alone(self.ms)
        return int(longest_journey(tree.first, tree.head, tree.parent, *edges, self.up, self.down))

    @cached_property
    def _reaching(self) -> WeighedHierarchy:
        """The same roads, each without any length."""
        return self.hierarchy.weigh(np.minimum(self.ms, 0))


def _ranked(
    first: NDArray[np.int32], neighbour: NDArray[np.int32], order: NDArray[np.int32]
) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Rank of each node and parent of each rank, the order changed so that every branch of the tree is one range.

    That changes no arc, and nodes that are worked on after each other lie next to each other in memory.
    """
    size = np.diff(first)
    tail = np.repeat(np.arange(len(order)), size)
    rank = np.empty(len(order), dtype=np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    parent = parents(*neighbour_lists(len(order), rank[tail], rank[neighbour]))
    turn = children_first(parent)
    later = np.empty_like(turn)
    later[turn] = np.arange(len(turn), dtype=np.int32)
    above = parent[turn]
    return later[rank], np.where(above >= 0, later[above], np.int32(-1))


def _merged(tops: NDArray[np.int64], at_most: int) -> list[list[int]]:
    """Branches that follow each other directly, as one range while it has at most so many nodes."""
    ranges: list[list[int]] = []
    for low, high in tops.tolist():
        if ranges and ranges[-1][1] == low and high - ranges[-1][0] <= at_most:
            ranges[-1][1] = high
        else:
            ranges.append([low, high])
    return ranges
