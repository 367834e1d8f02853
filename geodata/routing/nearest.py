"""The nearest sites of many points, in one sweep over the roads instead of one search for every site.

All sites start at once. Each node keeps the k quickest sites that reach it, each once; what is not among them cannot be
among the k quickest of any place behind the node, so it is not carried on.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geodata.compiled import compiled
from geodata.roads.graph import Attached, Graph
from geodata.roads.network import RoadNetwork
from geodata.routing.attach import arriving, leaving
from geodata.routing.matrix import times_along_one_road
from geodata.routing.snapping import Snapped

NONE = -1
"""Stands for no site."""

Candidates = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]
"""Points, sites, and milliseconds from the one to the other."""


def nearest(
    network: RoadNetwork,
    points: Snapped,
    sites: Snapped,
    k: int = 2,
    *,
    towards: bool = True,
    limit_ms: float = np.inf,
    point_ms: NDArray[np.int64] | None = None,
    site_ms: NDArray[np.int64] | None = None,
    together: tuple[NDArray[np.int64], NDArray[np.int64]] | None = None,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The k nearest sites of each point by time; of two as near, the one that comes first.

    The answer is that of sorting the whole matrix of times.

    Parameters
    ----------
    network
        The roads.
    points, sites
        P points and S sites joined to them.
    k
        How many sites to find for each point.
    towards
        Journeys run from the points to the sites; else from the sites to the points.
    limit_ms
        Sites further than this are not found.
    point_ms, site_ms
        Whole milliseconds that each journey of a point, and each to a site, takes beside the roads, such as the way to
        the road; shape (P,) and (S,). They count in the order and in the answer.
    together
        Pairs (points, sites) at one place: 0 ms apart.

    Returns
    -------
    tuple
        Positions of the sites, -1 where there are fewer than k in reach, int64; and their milliseconds, `inf` there;
        both of shape (P, k), the nearest first.

    Raises
    ------
    ValueError
        k is less than 1.
    """
    if k < 1:
        raise ValueError("the number of nearest sites must be at least 1")
    count, own = len(points.road), _or_zero(point_ms, len(points.road))
    extra = _or_zero(site_ms, len(sites.road))
    ends, starts = (arriving, leaving) if towards else (leaving, arriving)
    site, ms = _labels(network.graph(), ends(network, sites), extra, k, towards=towards, limit_ms=limit_ms)
    along = _along(network, points, sites, extra, towards=towards)
    found = [_through_nodes(starts(network, points), site, ms), along]
    point, which, total = (np.concatenate([part[i] for part in found]) for i in range(3))
    total = total + own[point]
    if together is not None:
        zero = np.zeros(len(together[0]), dtype=np.int64)
        point, which = np.append(point, together[0]), np.append(which, together[1])
        total = np.append(total, zero)
    within = total <= limit_ms
    return _first_of_each((point[within], which[within], total[within]), count, k)


def _or_zero(ms: NDArray[np.int64] | None, count: int) -> NDArray[np.int64]:
    return np.zeros(count, dtype=np.int64) if ms is None else np.asarray(ms, dtype=np.int64)


def _labels(
    graph: Graph, sites: Attached, extra: NDArray[np.int64], k: int, *, towards: bool, limit_ms: float
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The k quickest sites of every node and their milliseconds, shape (N, k); `NONE` where there are fewer."""
    usable = graph.ms >= 0
    tail, head, ms = graph.tail[usable], graph.head[usable], graph.ms[usable]
    behind, ahead = (head, tail) if towards else (tail, head)
    order = np.argsort(behind, kind="stable")
    offset = np.searchsorted(behind[order], np.arange(graph.nodes + 1)).astype(np.int64)
    owner = np.repeat(np.arange(sites.points), np.diff(sites.offset))
    most = np.iinfo(np.int64).max if np.isinf(limit_ms) else int(limit_ms)
    return _sweep(
        offset,
        ahead[order].astype(np.int64),
        ms[order].astype(np.int64),
        sites.node,
        sites.ms + extra[owner],
        owner,
        max(sites.points, 1),
        k,
        most,
    )


@compiled
def _sweep(
    offset: NDArray[np.int64],
    onward: NDArray[np.int64],
    step_ms: NDArray[np.int64],
    start_node: NDArray[np.int64],
    start_ms: NDArray[np.int64],
    start_site: NDArray[np.int64],
    sites: int,
    k: int,
    most: int,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:  # pragma: no cover - compiled
    """Dijkstra's search from all sites at once, with k labels of different sites a node.

    Labels are settled in the order of milliseconds, then of the site: both stand in one number of the heap.
    """
    nodes = len(offset) - 1
    site = np.full((nodes, k), -1, dtype=np.int64)
    ms = np.full((nodes, k), -1, dtype=np.int64)
    settled = np.zeros(nodes, dtype=np.int64)
    key = np.empty(max(2 * len(start_node), 1024), dtype=np.int64)
    place = np.empty(len(key), dtype=np.int64)
    size = 0
    for i in range(len(start_node)):
        if start_ms[i] <= most:
            _push(key, place, size, start_ms[i] * sites + start_site[i], start_node[i])
            size += 1
    while size > 0:
        best, node = key[0], place[0]
        size -= 1
        _sink(key, place, size)
        here, this = best // sites, best % sites
        if not _is_open(site, settled, node, this, k):
            continue
        site[node, settled[node]], ms[node, settled[node]] = this, here
        settled[node] += 1
        for edge in range(offset[node], offset[node + 1]):
            there = here + step_ms[edge]
            if there > most or not _is_open(site, settled, onward[edge], this, k):
                continue
            if size == len(key):
                key, place = _doubled(key), _doubled(place)
            _push(key, place, size, there * sites + this, onward[edge])
            size += 1
    return site, ms


@compiled
def _is_open(
    site: NDArray[np.int64], settled: NDArray[np.int64], node: int, this: int, k: int
) -> bool:  # pragma: no cover - compiled
    """Whether a node still wants this site."""
    known = False
    for i in range(settled[node]):
        known = known or site[node, i] == this
    return settled[node] < k and not known


@compiled
def _doubled(values: NDArray[np.int64]) -> NDArray[np.int64]:  # pragma: no cover - compiled
    longer = np.empty(2 * len(values), dtype=np.int64)
    longer[: len(values)] = values
    return longer


@compiled
def _push(
    key: NDArray[np.int64], place: NDArray[np.int64], size: int, new: int, node: int
) -> None:  # pragma: no cover - compiled
    """Add an entry to a heap of `size` entries."""
    at = size
    while at > 0:
        above = (at - 1) // 2
        if key[above] <= new:
            break
        key[at], place[at] = key[above], place[above]
        at = above
    key[at], place[at] = new, node


@compiled
def _sink(key: NDArray[np.int64], place: NDArray[np.int64], size: int) -> None:  # pragma: no cover - compiled
    """Put the last entry where the first was; `size` entries are left."""
    last, node = key[size], place[size]
    at = 0
    while True:
        below = 2 * at + 1
        if below >= size:
            break
        if below + 1 < size and key[below + 1] < key[below]:
            below += 1
        if key[below] >= last:
            break
        key[at], place[at] = key[below], place[below]
        at = below
    key[at], place[at] = last, node


def _through_nodes(points: Attached, site: NDArray[np.int64], ms: NDArray[np.int64]) -> Candidates:
    """What the nodes that a point is tied to know."""
    owner = np.repeat(np.arange(points.points), np.diff(points.offset))
    tie, rank = np.nonzero(site[points.node] != NONE)
    node = points.node[tie]
    return owner[tie], site[node, rank], points.ms[tie] + ms[node, rank]


def _along(
    network: RoadNetwork, points: Snapped, sites: Snapped, extra: NDArray[np.int64], *, towards: bool
) -> Candidates:
    """Sites on the road of a point, reached along it."""
    if towards:
        point, site, ms = times_along_one_road(network, points, sites)
    else:
        site, point, ms = times_along_one_road(network, sites, points)
    open_way = np.isfinite(ms)
    point, site = point[open_way], site[open_way]
    return point, site, ms[open_way].astype(np.int64) + extra[site]


def _first_of_each(found: Candidates, count: int, k: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """The k best different sites of each point."""
    index, best = np.full((count, k), NONE, dtype=np.int64), np.full((count, k), np.inf)
    point, site, ms = found
    order = np.lexsort((ms, site, point))
    point, site, ms = point[order], site[order], ms[order]
    new = np.ones(len(point), dtype=bool)
    new[1:] = (point[1:] != point[:-1]) | (site[1:] != site[:-1])
    point, site, ms = point[new], site[new], ms[new]
    order = np.lexsort((site, ms, point))
    point, site, ms = point[order], site[order], ms[order]
    rank = np.arange(len(point)) - np.searchsorted(point, point)
    kept = rank < k
    index[point[kept], rank[kept]] = site[kept]
    best[point[kept], rank[kept]] = ms[kept]
    return index, best
