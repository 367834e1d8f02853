"""The two sides of a table of times from a hierarchy, and the search from the points of one to those of the other."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from geodata.roads.graph import Attached
from geodata.routing._hierarchy_kernels import INF
from geodata.routing._sweep_kernels import keep_arcs, mark_above, search
from geodata.routing.ordering import THREADS, side_by_side

if TYPE_CHECKING:
    from geodata.routing.hierarchy import Hierarchy

LANES = 32
"""Points searched from at a time, at most ..."""

LABEL_BYTES = 1 << 26
"""... and fewer where their numbers would take more than this much memory (of each thread), down to ..."""

FEWEST_LANES = 8

WORTH_A_THREAD = 2_000_000
"""Arcs to meet in all below which threads do not pay."""


@dataclass(frozen=True, eq=False)
class Side:
    """The starts or the ends of a table, and the nodes of the hierarchy above them.

    Parameters
    ----------
    hierarchy
        Order and arcs.
    offset, node, tie
        Ties of the points: where those of each point begin, shape (P + 1,); ranks of the nodes, and milliseconds.
    """

    hierarchy: Hierarchy
    offset: NDArray[np.int64]
    node: NDArray[np.int32]
    tie: NDArray[np.int64]

    @classmethod
    def of(cls, hierarchy: Hierarchy, points: Attached, part: slice = slice(None)) -> Side:
        """Some points of a graph, checked.

        Parameters
        ----------
        hierarchy
            Order and arcs.
        points
            Points tied to nodes.
        part
            Those meant; all unless given.

        Raises
        ------
        ValueError
            Where a node does not exist, or a tie takes 2**30 - 1 ms or more.
        """
        low, high, _ = part.indices(points.points)
        offset = np.asarray(points.offset[low : high + 1], dtype=np.int64)
        ties = slice(offset[0], offset[-1])
        node = hierarchy.rank[node_numbers(points.node[ties], hierarchy.nodes)]
        tie = np.asarray(points.ms[ties], dtype=np.int64)
        if tie.size and (tie.min() < 0 or tie.max() >= INF):
            raise ValueError(f"times between a point and its node must be at least 0 ms and below {INF:,} ms")
        return cls(hierarchy, offset - offset[0], node, tie)

    def without_ties(self) -> Side:
        """The same points at no distance from their nodes."""
        return replace(self, tie=np.zeros_like(self.tie))

    @property
    def points(self) -> int:
        """How many points there are."""
        return len(self.offset) - 1

    @cached_property
    def above(self) -> NDArray[np.int32]:
        """The nodes of the points and all above them, ascending."""
        mark = np.zeros(self.hierarchy.nodes, dtype=np.bool_)
        mark_above(self.hierarchy.parent, self.node, mark)
        return np.flatnonzero(mark).astype(np.int32)

    @cached_property
    def place(self) -> NDArray[np.int32]:
        """Place of each node of the hierarchy in `above`, -1 for none."""
        place = np.full(self.hierarchy.nodes, -1, dtype=np.int32)
        place[self.above] = np.arange(len(self.above), dtype=np.int32)
        return place

    @cached_property
    def arcs(self) -> int:
        """Arcs of the nodes above."""
        first = self.hierarchy.first
        return int((first[self.above + 1] - first[self.above]).sum())

    @cached_property
    def turn(self) -> NDArray[np.int64]:
        """The points in an order in which those that share much of the way up follow each other."""
        some = self.offset[1:] > self.offset[:-1]
        lowest = np.full(self.points, -1, dtype=np.int64)
        lowest[some] = self.node[self.offset[:-1][some]]
        return np.argsort(lowest, kind="stable")

    def lanes(self, points: int) -> int:
        """From how many of so many points on the other side to search at a time."""
        lanes = LANES
        while lanes > FEWEST_LANES and lanes * len(self.above) * 4 > LABEL_BYTES:
            lanes //= 2
        return max(1, min(lanes, points))

    def effort(self, points: int) -> int:
        """Arcs met in the sweeps to this side from so many points on the other."""
        return -(-points // self.lanes(points)) * self.arcs

    @cached_property
    def _swept(self) -> list[tuple[NDArray[np.int32], ...]]:
        return []

    def swept(self, weight: NDArray[np.int32]) -> tuple[NDArray[np.int32], ...]:
        """Arcs of the nodes above, counted by place: where they begin, heads and times; kept for the next search.

        Parameters
        ----------
        weight
            Milliseconds along the arcs downwards in the direction of the search.
        """
        for made_of, *arrays in self._swept:
            if made_of is weight:
                return tuple(arrays)
        tree = self.hierarchy
        first = np.empty(len(self.above) + 1, dtype=np.int32)
        to, time = np.empty(self.arcs, dtype=np.int32), np.empty(self.arcs, dtype=np.int32)
        keep_arcs(tree.first, tree.head, weight, self.above, self.place, first, to, time)
        self._swept.append((weight, first, to, time))
        return first, to, time


def search_between(
    near: Side,
    far: Side,
    rising: NDArray[np.int32],
    falling: NDArray[np.int32],
    limit_ms: float,
    out: NDArray[np.float64],
) -> None:
    """Fill a table of times.

    Parameters
    ----------
    near
        Points to search from, several at a time.
    far
        Points to search to.
    rising, falling
        Milliseconds along the arcs upwards and downwards in the direction of the search: the other way round where
        the search runs against travel.
    limit_ms
        Longer times are `inf`.
    out
        Where to write the times, shape (points of `near`, points of `far`); a whole table or a whole one turned over.
    """
    tree = near.hierarchy
    lanes = far.lanes(near.points)
    flat = out.reshape(-1) if out.flags.c_contiguous else out.T.reshape(-1)
    steps = tuple(step // out.itemsize for step in out.strides)
    upwards = tree.first, tree.head, tree.parent, rising, near.offset, near.node, near.tie
    downwards = far.place, *far.swept(falling), far.offset, far.place[far.node], far.tie
    groups = -(-near.points // lanes)
    jobs = min(THREADS, groups) if far.effort(near.points) >= WORTH_A_THREAD else 1
    parts = np.array_split(np.arange(groups), max(jobs, 1))
    turns = [near.turn[part[0] * lanes : (part[-1] + 1) * lanes] for part in parts if part.size]
    side_by_side(lambda turn: search(*upwards, turn, lanes, *downwards, float(limit_ms), *steps, flat), turns)


def node_numbers(nodes: ArrayLike, count: int) -> NDArray[np.int64]:
    """Node numbers as 64-bit numbers, checked.

    Raises
    ------
    ValueError
        Where one is not from 0 to `count` - 1.
    """
    numbers = np.asarray(nodes, dtype=np.int64)
    if numbers.size and (numbers.min() < 0 or numbers.max() >= count):
        raise ValueError(f"nodes must be numbered from 0 to {count - 1:,}")
    return numbers
