"""Scattered catchments brought into one piece each, so that practices lie beside each other as on a flat map.

In a dense city a practice is the most chosen one in areas here and there, and far out every area has some practice with
three patients more than the next. Catchments in twenty pieces touch everywhere: 27 neighbours a practice were measured,
where a flat map has fewer than six. Here every catchment keeps its best piece, and what is scattered goes to the
catchments around it. Arrays in, arrays out: A areas, C catchments.
"""

from __future__ import annotations

import heapq
from collections.abc import Sequence

import networkx as nx
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components

NOBODY = -1
"""Owner of an area that no catchment has reached."""

Pair = tuple[int, int]


def in_one_piece(
    owner: NDArray[np.int64],
    touching: NDArray[np.int64],
    patients: csr_array,
    metres: NDArray[np.float64],
) -> NDArray[np.int64]:
    """Give every catchment its best piece, and all other areas to the catchments around them.

    The best piece of a catchment is the one with most of its patients (ties: nearer to the site, then the smaller
    area). Then the catchments grow into the areas left, always by the strongest claim of all: most patients of the
    catchment in an area beside it (ties: nearer site, smaller catchment, smaller area). Land without any best piece
    (an island) goes as a whole to the catchment with the most patients there.

    Parameters
    ----------
    owner
        Catchment of each area, int64, shape (A,).
    touching
        Pairs of areas that share a boundary, int64, shape (E, 2).
    patients
        Patients of each catchment by area, shape (A, C).
    metres
        From each area's point to each catchment's site, shape (A, C).

    Returns
    -------
    numpy.ndarray
        Catchment of each area, int64, shape (A,): the areas of a catchment are connected wherever its land is.
    """
    kept = _best_pieces(owner, touching, patients, metres)
    grown = _grow(np.where(kept, owner, NOBODY), touching, patients, metres)
    land = _parts(len(owner), touching)
    for part in np.unique(land[grown == NOBODY]):
        there = np.flatnonzero(land == part)
        count = np.asarray(patients[there].sum(axis=0)).ravel().round(6)
        near = metres[there].min(axis=0).round(3)
        grown[there] = np.lexsort((near, -count))[0]
    return grown


def share_out(
    owner: NDArray[np.int64], landless: Sequence[int], nearest: NDArray[np.int64], metres: NDArray[np.float64]
) -> tuple[NDArray[np.int64], dict[int, int]]:
    """Give catchments without an area those nearest to their site; nobody's last area is taken.

    Parameters
    ----------
    owner
        Catchment of each area, int64, shape (A,).
    landless
        Catchments that own no area, in the order in which they choose.
    nearest
        The catchment whose site is nearest to each area, int64, shape (A,).
    metres
        From each area's point to each catchment's site, shape (A, C).

    Returns
    -------
    tuple
        The owners, and for each catchment that still has no area the one whose land it stands on (and shares).
    """
    owner, shares = owner.copy(), {}
    held = np.bincount(owner, minlength=metres.shape[1])
    for catchment in landless:
        by_distance = np.lexsort((np.arange(len(owner)), metres[:, catchment].round(3)))
        own = by_distance[nearest[by_distance] == catchment]
        for area in own if (held[owner[own]] > 1).any() else by_distance:
            if held[owner[area]] > 1:
                held[owner[area]] -= 1
                owner[area] = catchment
                held[catchment] += 1
                if nearest[area] != catchment:
                    break
        if held[catchment] == 0:
            shares[catchment] = int(owner[by_distance[0]])
    return owner, shares


def flat(contact: dict[Pair, float]) -> list[Pair]:
    """The pairs that can be drawn on a flat map without crossing; of two that cross, the longer boundary stays.

    Boundaries within a tolerance can cross where four areas meet at sharp angles. Pairs are taken in the order of their
    contact, longest first; one that cannot be drawn beside those already taken is passed over.

    Parameters
    ----------
    contact
        Length of the common boundary of each pair, in metres.

    Notes
    -----
    Planarity by Boyer and Myrvold's method (networkx). It is inherited by subsets, so the longest run of pairs that
    stays planar is found by halving.
    """
    waiting = sorted(contact, key=lambda pair: (-round(contact[pair], 3), pair))
    taken: list[Pair] = []
    while waiting:
        low, high = 0, len(waiting)
        while low < high:
            middle = (low + high + 1) // 2
            if nx.check_planarity(nx.Graph([*taken, *waiting[:middle]]))[0]:
                low = middle
            else:
                high = middle - 1
        taken += waiting[:low]
        waiting = waiting[low + 1 :]
    return sorted(taken)


def _parts(count: int, touching: NDArray[np.int64]) -> NDArray[np.int64]:
    graph = coo_array((np.ones(len(touching), np.int8), (touching[:, 0], touching[:, 1])), shape=(count, count))
    return connected_components(graph, directed=False)[1].astype(np.int64)


def _best_pieces(
    owner: NDArray[np.int64], touching: NDArray[np.int64], patients: csr_array, metres: NDArray[np.float64]
) -> NDArray[np.bool_]:
    """Whether each area lies in the best piece of its catchment."""
    within = touching[owner[touching[:, 0]] == owner[touching[:, 1]]]
    piece = _parts(len(owner), within)
    areas = np.arange(len(owner))
    count = np.bincount(piece, weights=np.asarray(patients[areas, owner]).ravel()).round(6)
    near = np.full(len(count), np.inf)
    np.minimum.at(near, piece, metres[areas, owner].round(3))
    whose = np.empty(len(count), np.int64)
    whose[piece] = owner
    ranked = np.lexsort((near, -count, whose))  # pieces are numbered by their smallest area
    best = ranked[np.unique(whose[ranked], return_index=True)[1]]
    return np.isin(piece, best)


def _grow(
    owner: NDArray[np.int64], touching: NDArray[np.int64], patients: csr_array, metres: NDArray[np.float64]
) -> NDArray[np.int64]:
    """Let catchments grow into the areas of nobody, the strongest claim first."""
    owner, counts = owner.copy(), patients.todok()
    beside: list[list[int]] = [[] for _ in owner]
    for a, b in touching.tolist():
        beside[a].append(b)
        beside[b].append(a)
    claims: list[tuple[float, float, int, int]] = []

    def claim(area: int, catchment: int) -> None:
        there = round(float(counts[area, catchment]), 6)
        heapq.heappush(claims, (-there, round(float(metres[area, catchment]), 3), catchment, area))

    for area in np.flatnonzero(owner == NOBODY).tolist():
        for catchment in sorted({int(owner[other]) for other in beside[area]} - {NOBODY}):
            claim(area, catchment)
    while claims:
        _, _, catchment, area = heapq.heappop(claims)
        if owner[area] != NOBODY:
            continue
        owner[area] = catchment
        for other in beside[area]:
            if owner[other] == NOBODY:
                claim(other, catchment)
    return owner
