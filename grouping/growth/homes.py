"""Planned homes: which of them bring people to the lists, from which year on, and why others do not."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata.place import Place
from grouping.growth.timeline import Timeline
from grouping.impact.growth import area_of, over_the_border

COUNTED, UNDATED, HELD, OUTSIDE, BUILT, LATER, SET_ASIDE = (
    "counted", "undated", "held", "outside", "built", "later", "set-aside"
)  # fmt: skip
WHY = {
    COUNTED: "counted from its year on",
    UNDATED: "counted in the last year only: no year is given",
    HELD: "not counted: the projection for its area is taken to hold these people",
    OUTSIDE: "not counted: nobody is registered there, or it is over the border",
    BUILT: "not counted: built by the year of the lists, so that its people are on them",
    LATER: "not counted: later than the last year",
    SET_ASIDE: "not counted: no later year is known",
}
"""What is said of a place, by its status."""


@dataclass(frozen=True)
class Homes:
    """Planned homes at H places.

    Parameters
    ----------
    table
        `name`, `dwellings`, `year` (NaN where not given), `people`, `status`, in the order of the place's table.
    area
        Position of the area of each place, -1 for none, shape (H,).
    people
        People of counted homes in each year and area, shape (Y, A).
    """

    table: pd.DataFrame
    area: NDArray[np.int64]
    people: NDArray[np.float64]

    def of_status(self, *wanted: str) -> float:
        """People of the places of these kinds."""
        return float(self.table.loc[self.table["status"].isin(wanted), "people"].sum())


def homes_of(
    place: Place,
    timeline: Timeline,
    registered: NDArray[np.float64],
    persons: float,
    held: NDArray[np.bool_],
) -> Homes | None:
    """The planned homes of a place; None without any.

    Parameters
    ----------
    place, timeline
        The place and the years wanted.
    registered
        Registered patients living in each area, shape (A,).
    persons
        People in each home.
    held
        Areas whose projection is taken to hold the planned homes, bool, shape (A,).

    Notes
    -----
    The people of a place are there from its year on. A place without a year counts in the last year only: that it is
    planned is known, when is not, and nothing shall be said to come earlier than is known.
    """
    given = place.housing
    if given is None or not len(given):
        return None
    dwellings = np.nan_to_num(given["dwellings"].to_numpy(dtype=float, na_value=np.nan))
    years = given["year"].to_numpy(dtype=float, na_value=np.nan) if "year" in given else np.full(len(given), np.nan)
    at = area_of(place, given)
    somebody = (at >= 0) & (registered[at] > 0) & ~over_the_border(place)[at]
    status = np.full(len(given), COUNTED, dtype=object)
    status[np.isnan(years)] = UNDATED
    status[years <= timeline.base] = BUILT
    status[years > timeline.last] = LATER
    status[(at >= 0) & held[at] & np.isin(status, (COUNTED, UNDATED, LATER))] = HELD
    status[~somebody] = OUTSIDE
    if not timeline.moves:
        status[np.isin(status, (COUNTED, UNDATED))] = SET_ASIDE
    people = np.zeros((len(timeline.years), len(place.areas)))
    for y, year in enumerate(timeline.years):
        there = (status == COUNTED) & (years <= year)
        if year == timeline.last:
            there |= status == UNDATED
        people[y] = np.bincount(at[there], dwellings[there], minlength=len(place.areas)) * persons
    table = pd.DataFrame(
        {
            "name": [str(name) for name in given["name"]],
            "dwellings": dwellings,
            "year": years,
            "people": dwellings * persons,
            "status": status,
        }
    )
    return Homes(table, at, people)
