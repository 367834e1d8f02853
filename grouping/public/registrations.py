"""Where patients live, as a public page may rest on it: small counts gone, the others rounded.

Whatever is worked out from this table (the group of an area, its minutes, people of a group) tells no more than the
table does, however it is added up or subtracted: that is why it is made first, and everything else from it.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from grouping.impact.disclosure.counts import BASE, SMALL

BASES = (BASE, 10, 20, 50, 100)
"""What counts are rounded to: the first that leaves room for the small ones."""

MOST_SMALL = 7.0
"""A count that is gone was at most so many people."""


def public_registrations(registrations: pd.DataFrame, list_sizes: pd.Series) -> pd.DataFrame:
    """The registrations without counts of fewer than 8 people, the others rounded and scaled to the lists.

    The list size of a practice is published. Less the counts that are left it would tell what is gone, so they are
    rounded to 5, or more coarsely, until each count that is gone could be anything from 1 to 7. What is gone is made up
    for by the other areas of the practice, in proportion.

    Parameters
    ----------
    registrations
        `practice_code`, `area_code`, `patients`, `basis`, completed: they sum to the list of each practice.
    list_sizes
        Registered patients of each practice, index `practice_code`.

    Returns
    -------
    The rows that are left, in their order, with whole-five patients scaled to the list size.
    """
    patients = registrations["patients"].to_numpy(dtype=float)
    public = np.zeros(len(patients))
    for code, rows in registrations.groupby("practice_code", sort=False).indices.items():
        public[rows] = _of_practice(patients[rows], float(list_sizes.get(code, patients[rows].sum())))
    made = registrations.assign(patients=public)
    return made[public > 0].reset_index(drop=True)


def _of_practice(patients: NDArray[np.float64], listed: float) -> NDArray[np.float64]:
    """The public counts of one practice, 0 for those that are gone."""
    gone = patients < SMALL
    counted = np.where(gone, 0.0, patients)
    if gone.all():
        return counted
    for base in BASES:
        public = np.where(gone, 0.0, np.maximum(base * np.floor(counted / base + 0.5), base))
        if _leaves_room(public[~gone], base, int((patients[gone] > 0).sum()), listed):
            break
    return public * (listed / public.sum())


def _leaves_room(public: NDArray[np.float64], base: int, gone: int, listed: float) -> bool:
    """Whether each count that is gone could be anything from 1 to 7, by the list size and the rounded counts."""
    rest, slack = listed - public.sum(), len(public) * base / 2
    least, most = rest - slack, rest + slack
    return gone == 0 or (most >= MOST_SMALL and least <= 1.0 + MOST_SMALL * (gone - 1))
