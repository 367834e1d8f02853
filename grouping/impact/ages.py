"""Age bands of patients: the practices' own counts placed on the areas where their patients live.

Residents tell where people of an age live, practices how many of them they have. A practice's count is spread over its
areas in proportion to the residents of that age expected there, and never beyond the patients of an area: an area that
is full keeps its patients, and the rest is scaled on (proportional fitting with a cap). Wider bands come first, so that
within every row 85 and over is part of 75 and over, that part of 65 and over, and no child is any of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

UNKNOWN, RESIDENTS, COUNT = 0, 1, 2
"""Where the figure of a row comes from: nowhere, the residents of its area, the practice's own count."""

NESTED = 3
"""The first so many bands are nested, each a part of the one before; the band after them shares nobody with them."""

LEFT_OVER = 1e-6
"""People; less than this is what is left of adding fractions."""


@dataclass(frozen=True)
class PlacedAges:
    """People of B age bands in R rows.

    Parameters
    ----------
    people
        Shape (B, R), NaN where not known.
    basis
        `UNKNOWN`, `RESIDENTS` or `COUNT`, shape (B, R).
    unplaced
        People of the practices' counts for whom there was no room, because the counts contradict each other or the
        list, shape (B,).
    """

    people: NDArray[np.float64]
    basis: NDArray[np.int64]
    unplaced: NDArray[np.float64]


def fill(expected: NDArray[np.float64], room: NDArray[np.float64], total: float) -> NDArray[np.float64]:
    """Spread people over rows in proportion to what is expected there, no row above its room.

    Parameters
    ----------
    expected
        Weights, 0 or above, shape (R,).
    room
        The most each row can hold, 0 or above, shape (R,).
    total
        People to spread; what is above the sum of the room finds no place.

    Returns
    -------
    Shape (R,); sums to `total`, or to the room if that is less. What rows with an expectation cannot hold goes to the
    others in proportion to their room.
    """
    total = min(total, float(room.sum()))
    people = np.zeros(len(room))
    open_rows = (expected > 0) & (room > 0)
    while open_rows.any():
        left = total - people.sum()
        # A weight can be tiny beside the rest: the share comes first, so that nothing overflows.
        part = expected[open_rows] / expected[open_rows].max()
        offered = left * (part / part.sum())
        full = offered >= room[open_rows]
        if not full.any():
            people[open_rows] = offered
            return people
        at = np.flatnonzero(open_rows)[full]
        people[at] = room[at]
        open_rows[at] = False
    rest, spare = total - people.sum(), room - people
    if rest > 0 and spare.sum() > 0:
        people = np.minimum(people + spare * min(1.0, rest / spare.sum()), room)
    return people


def place_ages(
    patients: NDArray[np.float64],
    practice: NDArray[np.int64],
    shares: NDArray[np.float64],
    counts: NDArray[np.float64],
) -> PlacedAges:
    """People of each age band in each row.

    Parameters
    ----------
    patients
        Shape (R,).
    practice
        Index into the practices, -1 for none of them, shape (R,).
    shares
        Share of each band among the residents of the row's area, NaN if not known, shape (B, R); the first `NESTED`
        bands from the widest to the narrowest, the others share nobody with these.
    counts
        Patients of each band in each practice, on the scale of `patients`, NaN if not known, shape (B, P).
    """
    people, basis = np.full(shares.shape, np.nan), np.zeros(shares.shape, dtype=np.int64)
    unplaced = np.zeros(len(shares))
    order = np.argsort(practice, kind="stable")
    bounds = np.flatnonzero(np.diff(practice[order])) + 1
    for rows in np.split(order, bounds) if len(order) else ():
        own = counts[:, practice[rows[0]]] if practice[rows[0]] >= 0 else np.full(len(shares), np.nan)
        people[:, rows], basis[:, rows], left = _one_practice(patients[rows], shares[:, rows], own)
        unplaced += left
    return PlacedAges(people, basis, np.where(unplaced > LEFT_OVER, unplaced, 0.0))


def _one_practice(
    patients: NDArray[np.float64], shares: NDArray[np.float64], counts: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.int64], NDArray[np.float64]]:
    people, basis, unplaced = (
        np.full(shares.shape, np.nan),
        np.zeros(shares.shape, dtype=np.int64),
        np.zeros(len(shares)),
    )
    room, taken = patients.copy(), np.zeros(len(patients))
    for band, share in enumerate(shares):
        within = room if band < NESTED else patients - taken
        resident = np.minimum(share * patients, within)
        count = counts[band]
        if np.isnan(count) and band < NESTED:
            # A narrower band with a count must find room in this one, whatever the residents say.
            least = np.nanmax(np.append(counts[band + 1 : NESTED], 0.0))
            count = least if least > np.nansum(resident) else count
        if np.isnan(count):
            people[band], basis[band] = resident, np.where(np.isnan(resident), UNKNOWN, RESIDENTS)
        else:
            people[band], basis[band] = _spread(patients, share, within, float(count)), COUNT
            unplaced[band] = max(0.0, count - people[band].sum())
        if band < NESTED:
            room, taken = np.fmin(room, people[band]), np.fmax(taken, people[band])
    return people, basis, unplaced


def _spread(
    patients: NDArray[np.float64], share: NDArray[np.float64], room: NDArray[np.float64], count: float
) -> NDArray[np.float64]:
    """A practice's count over its rows; rows whose area gives no share take the practice's own share first."""
    people, known, total = np.zeros(len(patients)), ~np.isnan(share), float(patients.sum())
    if not known.all() and total > 0:
        people[~known] = np.minimum(patients[~known] * min(1.0, count / total), room[~known])
    people[known] = fill((share * patients)[known], room[known], max(0.0, count - people.sum()))
    rest, spare = count - people.sum(), np.where(known, 0.0, room - people)
    if rest > LEFT_OVER and spare.sum() > 0:
        people += spare * min(1.0, rest / spare.sum())
    return np.minimum(people, room)
