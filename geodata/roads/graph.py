"""A directed graph in whole milliseconds, and points tied to its nodes: what every way of searching works on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

CLOSED = -1
"""Milliseconds of an edge that is there but cannot be used."""


@dataclass(frozen=True)
class Graph:
    """E directed edges between N nodes; edges may be parallel, of no length, or closed.

    Parameters
    ----------
    nodes
        N.
    tail, head
        Nodes each edge leaves and reaches, int64, shape (E,).
    ms
        Milliseconds, int64, shape (E,); `CLOSED` where the edge cannot be used now.
    x, y
        Where the nodes lie, metres, shape (N,); only the order in which a hierarchy takes them depends on it.
    """

    nodes: int
    tail: NDArray[np.int64]
    head: NDArray[np.int64]
    ms: NDArray[np.int64]
    x: NDArray[np.float64]
    y: NDArray[np.float64]


@dataclass(frozen=True)
class Attached:
    """P points, each tied to some nodes (or none).

    Parameters
    ----------
    offset
        Where the ties of each point begin in the other arrays, int64, shape (P + 1,).
    node
        Nodes, int64, shape (K,).
    ms
        Milliseconds between the point and the node, int64, at least 0, shape (K,).
    """

    offset: NDArray[np.int64]
    node: NDArray[np.int64]
    ms: NDArray[np.int64]

    @classmethod
    def at_nodes(cls, nodes: NDArray[np.int64]) -> Attached:
        """Points that are nodes themselves.

        Parameters
        ----------
        nodes
            Node of each point, shape (P,).
        """
        count = len(nodes)
        return cls(np.arange(count + 1), np.asarray(nodes, dtype=np.int64), np.zeros(count, dtype=np.int64))

    @property
    def points(self) -> int:
        """How many points there are."""
        return len(self.offset) - 1
