"""Residents of every area in every year: straight lines between the years that the projections speak of."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata.place import Place
from grouping.growth.timeline import Timeline


@dataclass(frozen=True)
class Residents:
    """Residents of A areas in Y years, of all ages or of one.

    Parameters
    ----------
    people
        Shape (Y, A); NaN where nothing is projected for the area.
    known
        Areas with a resident at least today and a projection for a later year, bool, shape (A,).
    own_start
        Areas whose residents of the first year are those of the projections, not of the areas table, bool, shape (A,).
    filled
        Areas without a row of their own in some projected year, bool, shape (A,).
    """

    people: NDArray[np.float64]
    known: NDArray[np.bool_]
    own_start: NDArray[np.bool_]
    filled: NDArray[np.bool_]

    @property
    def factor(self) -> NDArray[np.float64]:
        """Residents over those of the first year, 1 where not known, shape (Y, A)."""
        today = np.where(self.known, self.people[0], 1.0)
        return np.where(self.known, self.people / today, 1.0)


def residents_of(place: Place, timeline: Timeline, column: str = "population") -> Residents | None:
    """Residents by year.

    Parameters
    ----------
    place
        With projections.
    timeline
        The years wanted.
    column
        Of the projections and of the areas: `population`, or residents of an age.

    Returns
    -------
    None where the projections have no such column, or no year after the first of the timeline.

    Notes
    -----
    The residents of the first year are those of the projections where these reach back so far (a straight line between
    their years), for then both figures are of one source; else those of the areas table. Between years an area follows
    a straight line; a year without a row of its own is passed over; after its last row it stays as it is.
    """
    table = place.projections
    later = [year for year in timeline.projected if year > timeline.base]
    if table is None or column not in table or not later or not timeline.moves:
        return None
    areas = place.areas
    today = _numbers(areas[column]) if column in areas else np.full(len(areas), np.nan)
    wide = table.drop_duplicates(["area_code", "year"]).pivot(index="area_code", columns="year", values=column)
    wide = wide.reindex(index=areas.index, columns=list(timeline.projected))
    given = np.array([_numbers(wide[year]) for year in timeline.projected])
    years = np.array(timeline.projected, dtype=float)
    people = np.full((len(timeline.years), len(areas)), np.nan)
    own_start = np.zeros(len(areas), dtype=bool)
    for a in range(len(areas)):
        rows = np.isfinite(given[:, a])
        if not (rows & (years > timeline.base)).any():
            continue
        own_start[a] = bool((rows & (years <= timeline.base)).any())
        knots, values = years[rows], given[rows, a]
        if not own_start[a]:
            knots, values = np.append(timeline.base, knots), np.append(today[a], values)
        people[:, a] = np.interp(timeline.years, knots, values)
    known = np.isfinite(people).all(axis=0) & (people[0] >= 1.0)
    filled = known & np.isnan(given[years > timeline.base]).any(axis=0)
    return Residents(people, known, own_start, filled)


def _numbers(column: pd.Series) -> NDArray[np.float64]:
    return pd.to_numeric(column).to_numpy(dtype=float, na_value=np.nan)
