"""The compiled loop that finds places for the patients of failed practices."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geodata.compiled import compiled

NO_PLACE = -1
"""In place of a practice: nobody within reach has room."""


@compiled
def place_patients(
    pair_area: NDArray[np.int64],
    pair_to: NDArray[np.int64],
    starts: NDArray[np.int64],
    failed: NDArray[np.int64],
    patients: NDArray[np.float64],
    places: NDArray[np.float64],
    out_failure: NDArray[np.int64],
    out_from: NDArray[np.int64],
    out_area: NDArray[np.int64],
    out_to: NDArray[np.int64],
    out_patients: NDArray[np.float64],
) -> int:  # pragma: no cover - compiled
    """Go through the pairs of area and practice in their order, and fill places as long as there are any.

    Parameters
    ----------
    pair_area, pair_to
        Pairs within reach, nearest first, ties already in their order.
    starts, failed
        The practices that fail together, ascending: `failed[starts[f]:starts[f + 1]]`.
    patients
        By practice and area, shape (P, A).
    places
        Patients that each practice could take, shape (P,); infinite for any number.
    out_failure, out_from, out_area, out_to, out_patients
        Filled: one record for each part of a row; `NO_PLACE` for who finds none.

    Returns
    -------
    How many records there are.
    """
    areas = patients.shape[1]
    written = 0
    for f in range(len(starts) - 1):
        a, b = starts[f], starts[f + 1]
        room = places.copy()
        left = np.empty((b - a, areas))
        waiting = 0
        for i in range(a, b):
            room[failed[i]] = 0.0
            for area in range(areas):
                left[i - a, area] = patients[failed[i], area]
                if left[i - a, area] > 0:
                    waiting += 1
        for k in range(len(pair_area)):
            if waiting == 0:
                break
            to, area = pair_to[k], pair_area[k]
            if room[to] <= 0:
                continue
            for i in range(b - a):
                wanted = left[i, area]
                if wanted <= 0 or room[to] <= 0:
                    continue
                if wanted <= room[to]:
                    given = wanted
                    left[i, area] = 0.0
                    waiting -= 1
                else:
                    given = room[to]
                    left[i, area] = wanted - given
                room[to] -= given
                out_failure[written], out_from[written], out_area[written] = f, failed[a + i], area
                out_to[written], out_patients[written] = to, given
                written += 1
        for i in range(b - a):
            for area in range(areas):
                if left[i, area] > 0:
                    out_failure[written], out_from[written], out_area[written] = f, failed[a + i], area
                    out_to[written], out_patients[written] = NO_PLACE, left[i, area]
                    written += 1
    return written
