"""Merge pieces of road that meet where nothing but the road goes on: the times are those of the whole."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from geodata.roads.gaps import Segments


@dataclass(frozen=True)
class Chains:
    """Merged pieces, road by road.

    Parameters
    ----------
    dart
        Pieces in the order of each road, as 2 x piece (+ 1 where it is taken backwards), shape (D,).
    offset
        Where each road begins in `dart`, shape (R + 1,).
    """

    dart: NDArray[np.int64]
    offset: NDArray[np.int64]


def chain_pieces(
    segments: Segments, natures: NDArray[np.int64], allowed: NDArray[np.bool_], kept: NDArray[np.bool_]
) -> Chains:
    """Merge pieces of one nature across points where two of them meet.

    Each piece is two darts, one a direction. A dart's successor is the dart that continues it across a point of
    degree 2; following successors by repeated doubling finds the last dart of every chain and the steps to it.

    Parameters
    ----------
    segments
        S pieces.
    natures
        Equal numbers may be merged, shape (2, S).
    allowed
        Whether each direction may be taken, shape (2, S): a one-way road runs the way it may be driven.
    kept
        Points at which nothing is merged, shape (K,).
    """
    count = 2 * len(segments.tail)
    tail = np.empty(count, dtype=np.int64)
    tail[0::2], tail[1::2] = segments.tail, segments.head
    nature = np.empty(count, dtype=np.int64)
    nature[0::2], nature[1::2] = natures
    following = np.arange(count)
    order = np.argsort(tail, kind="stable")
    degree = np.bincount(tail, minlength=len(segments.x))
    start = np.cumsum(degree) - degree
    two = np.flatnonzero((degree == 2) & ~kept)
    a, b = order[start[two]], order[start[two] + 1]
    same = (nature[a ^ 1] == nature[b]) & (nature[b ^ 1] == nature[a]) & ((a ^ 1) != b)
    a, b = a[same], b[same]
    following[a ^ 1], following[b ^ 1] = b, a
    last, steps = _follow(_open_rings(following, tail))
    return _one_direction(last, steps, allowed)


def _follow(following: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    last = following.copy()
    steps = (following != np.arange(len(following))).astype(np.int64)
    for _ in range(max(len(following), 2).bit_length()):
        further = last[last]
        if np.array_equal(further, last):
            break
        steps = steps + steps[last]
        last = further
    return last, steps


def _open_rings(following: NDArray[np.int64], tail: NDArray[np.int64]) -> NDArray[np.int64]:
    """Break rings that have no junction at all at their point with the smallest number."""
    own = np.arange(len(following))
    last, _ = _follow(following)
    ringed = np.flatnonzero(following[last] != last)
    if not len(ringed):
        return following
    graph = csr_array((np.ones(len(ringed), dtype=np.int8), (ringed, following[ringed])), shape=(len(following),) * 2)
    label = connected_components(graph, directed=False)[1]
    smallest = np.full(label.max() + 1, np.iinfo(np.int64).max)
    np.minimum.at(smallest, label[ringed], tail[ringed])
    cut = ringed[tail[following[ringed]] == smallest[label[ringed]]]
    result = following.copy()
    result[cut] = own[cut]
    return result


def _one_direction(last: NDArray[np.int64], steps: NDArray[np.int64], allowed: NDArray[np.bool_]) -> Chains:
    """Keep one of the two directions of every chain: the allowed one, else that of the smaller last dart."""
    order = np.lexsort((-steps, last))
    ends, begin = np.unique(last[order], return_index=True)
    first = order[begin]
    partner = last[first ^ 1]
    # The partner chain runs the other way; its last dart is the reverse of our first.
    open_here = allowed[ends & 1, ends >> 1]
    open_there = allowed[partner & 1, partner >> 1]
    keep = (open_here & ~open_there) | ((open_here == open_there) & (ends <= partner))
    size = np.diff(np.append(begin, len(order)))
    kept = order[np.repeat(keep, size)]
    return Chains(kept, np.concatenate(([0], np.cumsum(size[keep]))))
