"""Close small gaps between parts of a road network that a faulty or clipped file leaves unconnected."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

POINT_PREFERENCE_M = 1.0
"""A gap ends at a point of the road rather than between two, if that makes it longer by no more than this."""

SUSPECT_M = 50.0
LARGE_PART_M = 5000.0
"""A gap up to 50 m that stays open between two parts of at least 5 km of road each is told."""

COMPARED_AT_ONCE = 200_000
"""Pairs of a loose end and a piece of road that are compared in one block: it bounds the memory of a large country."""

ROW_OF_CELLS = 2**32
NEXT_CELLS = np.add.outer(np.arange(-1, 2, dtype=np.int64) * ROW_OF_CELLS, np.arange(-1, 2)).ravel()
"""Numbers of cells of a grid: row by row, and from a cell to itself and the eight around it."""


@dataclass(frozen=True)
class Segments:
    """Pieces of road between two neighbouring points, before they are chained.

    Parameters
    ----------
    x, y
        Points, metres, shape (K,).
    tail, head
        Points at the ends, shape (S,).
    way
        Way each piece belongs to, shape (S,).
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    tail: NDArray[np.int64]
    head: NDArray[np.int64]
    way: NDArray[np.int64]


@dataclass(frozen=True)
class Bridge:
    """A gap that was closed: metres east and north (EPSG:27700) of its middle, and its length."""

    easting: float
    northing: float
    length_m: float


@dataclass(frozen=True)
class GapsClosed:
    """What closing gaps gave.

    Parameters
    ----------
    segments
        The pieces with the closed gaps appended; the way of a gap is that of the road it starts from.
    is_gap
        Whether each piece is a closed gap, shape (S,).
    bridges
        The gaps that were closed, the shortest first.
    suspects
        Gaps between two large parts that are longer than the tolerance and stay open.
    """

    segments: Segments
    is_gap: NDArray[np.bool_]
    bridges: tuple[Bridge, ...]
    suspects: tuple[Bridge, ...]


def label_parts(points: int, tail: NDArray[np.int64], head: NDArray[np.int64]) -> NDArray[np.int32]:
    """Label of the connected part each point belongs to, ignoring directions; shape (points,)."""
    graph = coo_array((np.ones(len(tail), dtype=np.int8), (tail, head)), shape=(points, points)).tocsr()
    return connected_components(graph, directed=False)[1]


def close_gaps(
    segments: Segments,
    allowed: NDArray[np.bool_],
    sealed: NDArray[np.bool_],
    tolerance_m: float,
) -> GapsClosed:
    """Join parts of the network whose ends lie within the tolerance.

    A gap runs from a loose end of a road to the nearest point along a road of another part; every loose end is joined
    at most once. A part without any loose end (a ring) is joined once, from the nearest of its points.

    Parameters
    ----------
    segments
        The pieces of road.
    allowed
        Whether a gap may be closed from or to the piece, shape (S,): not to bridges, tunnels, motorways and ferries.
    sealed
        Points that end for a reason, shape (K,).
    tolerance_m
        Longest gap to close; 0 closes none.

    """
    is_gap = np.zeros(len(segments.tail), dtype=bool)
    nothing = GapsClosed(segments, is_gap, (), ())
    part = label_parts(len(segments.x), segments.tail, segments.head)
    if tolerance_m <= 0 or not len(segments.tail) or np.all(part[segments.tail] == part[segments.tail[0]]):
        return nothing
    ends = _loose_ends(segments, part, allowed, sealed)
    targets = np.flatnonzero(allowed)
    if not len(ends) or not len(targets):
        return nothing
    reach_m = max(tolerance_m, SUSPECT_M)
    targets = targets[_in_question(segments, part, ends, targets, reach_m)]
    pairs = _pairs(segments, part, ends, targets, reach_m)
    end, target, gap_m = _nearest_per_end(segments, part, pairs)
    near = gap_m <= tolerance_m
    suspects = _suspects(segments, part, end[~near], target[~near], gap_m[~near])
    if not near.any():
        return GapsClosed(segments, is_gap, (), suspects)
    return _insert(segments, (end[near], target[near]), suspects)


def _loose_ends(
    segments: Segments, part: NDArray[np.int32], allowed: NDArray[np.bool_], sealed: NDArray[np.bool_]
) -> NDArray[np.int64]:
    points = len(segments.x)
    degree = np.bincount(segments.tail, minlength=points) + np.bincount(segments.head, minlength=points)
    usable = np.zeros(points, dtype=bool)
    usable[segments.tail[allowed]] = True
    usable[segments.head[allowed]] = True
    loose = degree == 1
    has_end = np.zeros(part.max() + 1, dtype=bool)
    has_end[part[loose]] = True
    return np.flatnonzero((loose | ~has_end[part]) & usable & ~sealed & (degree > 0))


def _in_question(
    segments: Segments, part: NDArray[np.int32], ends: NDArray[np.int64], targets: NDArray[np.int64], reach_m: float
) -> NDArray[np.bool_]:
    """Which pieces may lie within reach of a loose end of another part.

    Nearly all roads are of one part. Of that part only those pieces count that begin in a cell of the grid next to a
    loose end of another part, and the few that are so long that they could come near from further away.
    """
    tail, head = segments.tail[targets], segments.head[targets]
    main = np.argmax(np.bincount(part[segments.tail]))
    strays = ends[part[ends] != main]
    cell_m = 4 * reach_m
    long = np.hypot(segments.x[head] - segments.x[tail], segments.y[head] - segments.y[tail]) > cell_m - reach_m
    cell = _cell(segments, tail, cell_m)
    marked = np.unique(np.add.outer(_cell(segments, strays, cell_m), NEXT_CELLS))
    return (part[tail] != main) | long | np.isin(cell, marked)


def _cell(segments: Segments, points: NDArray[np.int64], cell_m: float) -> NDArray[np.int64]:
    """Number of the cell that each point lies in."""
    column, row = (np.floor(values[points] / cell_m).astype(np.int64) for values in (segments.x, segments.y))
    return row * ROW_OF_CELLS + column


def _pairs(
    segments: Segments,
    part: NDArray[np.int32],
    ends: NDArray[np.int64],
    targets: NDArray[np.int64],
    tolerance_m: float,
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Loose ends and the pieces of other parts within reach of them, with the metres between.

    The ends stand sorted from west to east, so that each piece is compared with the strip of ends it lies beside.
    """
    ends = ends[np.argsort(segments.x[ends], kind="stable")]
    tail, head = segments.x[segments.tail[targets]], segments.x[segments.head[targets]]
    first = np.searchsorted(segments.x[ends], np.minimum(tail, head) - tolerance_m)
    beside = np.searchsorted(segments.x[ends], np.maximum(tail, head) + tolerance_m, side="right") - first
    block = np.cumsum(beside) // COMPARED_AT_ONCE
    found = []
    for rows in np.split(np.arange(len(targets)), np.flatnonzero(np.diff(block)) + 1):
        target = np.repeat(rows, beside[rows])
        at = np.arange(len(target)) - np.repeat(np.cumsum(beside[rows]) - beside[rows], beside[rows]) + first[target]
        end, target = ends[at], targets[target]
        other = part[end] != part[segments.tail[target]]
        end, target = end[other], target[other]
        gap_m = _metres_between(segments, end, target)
        near = gap_m <= tolerance_m
        found.append((end[near], target[near], gap_m[near]))
    end, target, gap_m = (np.concatenate(each) for each in zip(*found, strict=True))
    return end, target, gap_m


def _metres_between(segments: Segments, point: NDArray[np.int64], piece: NDArray[np.int64]) -> NDArray[np.float64]:
    """Metres from each point to the nearest place along the piece beside it, shape (P,)."""
    tail, head = segments.tail[piece], segments.head[piece]
    east, north = segments.x[head] - segments.x[tail], segments.y[head] - segments.y[tail]
    off_east, off_north = segments.x[point] - segments.x[tail], segments.y[point] - segments.y[tail]
    squared = east * east + north * north
    along = (off_east * east + off_north * north) / np.where(squared > 0, squared, 1.0)
    along = np.clip(along, 0.0, 1.0)
    return np.hypot(off_east - along * east, off_north - along * north)


def _nearest_per_end(
    segments: Segments,
    part: NDArray[np.int32],
    pairs: tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]],
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Keep the nearest road of another part for each loose end, and one join for a part that has no end."""
    end, target, gap_m = pairs
    degree = np.bincount(segments.tail, minlength=len(part)) + np.bincount(segments.head, minlength=len(part))
    ring = degree[end] != 1
    owner = np.where(ring, len(part) + part[end], end)
    order = np.lexsort((target, end, gap_m, owner))
    first = np.ones(len(order), dtype=bool)
    first[1:] = owner[order][1:] != owner[order][:-1]
    kept = order[first]
    kept = kept[np.lexsort((target[kept], end[kept], gap_m[kept]))]
    return end[kept], target[kept], gap_m[kept]


def _suspects(
    segments: Segments,
    part: NDArray[np.int32],
    end: NDArray[np.int64],
    target: NDArray[np.int64],
    gap_m: NDArray[np.float64],
) -> tuple[Bridge, ...]:
    """Gaps left open between parts that both hold so much road that the gap is more likely a fault of the file."""
    length = np.hypot(
        segments.x[segments.head] - segments.x[segments.tail], segments.y[segments.head] - segments.y[segments.tail]
    )
    total = np.bincount(part[segments.tail], weights=length, minlength=int(part.max()) + 1)
    large = (total[part[end]] >= LARGE_PART_M) & (total[part[segments.tail[target]]] >= LARGE_PART_M)
    return tuple(
        Bridge(round(float(segments.x[e]), 1), round(float(segments.y[e]), 1), round(float(gap), 1))
        for e, gap in zip(end[large], gap_m[large], strict=True)
    )


def _insert(
    segments: Segments, joins: tuple[NDArray[np.int64], NDArray[np.int64]], suspects: tuple[Bridge, ...]
) -> GapsClosed:
    first_new = len(segments.x)
    new: list[tuple[float, float]] = []
    splits: dict[int, list[tuple[float, int]]] = {}
    links: dict[tuple[int, int], None] = {}
    bridges = []
    for end, target in zip(joins[0].tolist(), joins[1].tolist(), strict=True):
        share, foot = _foot(segments, end, target)
        joint = _point_nearby(segments, end, target, foot)
        if joint is None:
            joint = first_new + len(new)
            new.append(foot)
            splits.setdefault(target, []).append((share, joint))
        if (joint, end) in links:
            continue  # two loose ends that face each other
        links[end, joint] = None
        start = float(segments.x[end]), float(segments.y[end])
        stop = new[joint - first_new] if joint >= first_new else (float(segments.x[joint]), float(segments.y[joint]))
        gap = float(np.hypot(stop[0] - start[0], stop[1] - start[1]))
        bridges.append(Bridge(round((stop[0] + start[0]) / 2, 1), round((stop[1] + start[1]) / 2, 1), round(gap, 1)))
    head = segments.head.copy()
    more: list[tuple[int, int, int]] = []
    for target, points in splits.items():
        chain = [int(segments.tail[target]), *(joint for _, joint in sorted(points)), int(head[target])]
        head[target] = chain[1]
        more += [(start, stop, int(segments.way[target])) for start, stop in pairwise(chain[1:])]
    way_at = np.zeros(first_new, dtype=np.int64)
    way_at[segments.head] = segments.way
    way_at[segments.tail] = segments.way
    more += [(end, joint, int(way_at[end])) for end, joint in links]
    added, places = np.array(more, dtype=np.int64).reshape(-1, 3), np.array(new, dtype=np.float64).reshape(-1, 2)
    result = Segments(
        np.concatenate((segments.x, places[:, 0])),
        np.concatenate((segments.y, places[:, 1])),
        np.concatenate((segments.tail, added[:, 0])),
        np.concatenate((head, added[:, 1])),
        np.concatenate((segments.way, added[:, 2])),
    )
    is_gap = np.arange(len(result.tail)) >= len(result.tail) - len(links)
    return GapsClosed(result, is_gap, tuple(bridges), suspects)


def _point_nearby(segments: Segments, end: int, target: int, foot: tuple[float, float]) -> int | None:
    """End of the piece that is hardly further away than its nearest point, if there is one."""
    corners = np.array([segments.tail[target], segments.head[target]])
    gap = np.hypot(foot[0] - segments.x[end], foot[1] - segments.y[end])
    far = np.hypot(segments.x[corners] - segments.x[end], segments.y[corners] - segments.y[end])
    best = int(np.argmin(far))
    return int(corners[best]) if far[best] <= gap + POINT_PREFERENCE_M else None


def _foot(segments: Segments, end: int, target: int) -> tuple[float, tuple[float, float]]:
    """Nearest point along a piece: its share of the length and its place."""
    ax, ay = segments.x[segments.tail[target]], segments.y[segments.tail[target]]
    bx, by = segments.x[segments.head[target]], segments.y[segments.head[target]]
    dx, dy = bx - ax, by - ay
    squared = dx * dx + dy * dy
    raw = ((segments.x[end] - ax) * dx + (segments.y[end] - ay) * dy) / squared if squared else 0.0
    share = float(min(max(raw, 0.0), 1.0))
    return share, (float(ax + share * dx), float(ay + share * dy))
