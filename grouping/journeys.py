"""From every home to every site: registrations joined with minutes, the raw material of all travel figures."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata.place import Place
from geodata.travel import TravelTimes
from grouping.problem import GroupingProblem


@dataclass(frozen=True)
class Journeys:
    """One row per practice and area with registered patients: the raw material of every travel figure.

    Parameters
    ----------
    practice, area
        Index into the problem's practices and position in `area_codes`, shape (rows,).
    patients
        Registered patients, shape (rows,).
    rural
        1 rural, 0 urban, NaN where the area is not in the inputs, shape (rows,).
    routine
        Minutes to the practice's own nearest site, NaN without a route, shape (rows,).
    to_site
        Minutes to every site, NaN without a route, shape (rows, sites).
    area_codes
        All areas with a registered patient, inside or outside the case's areas, sorted.
    estimated
        Whether the registration is estimated, shape (rows,).
    """

    practice: NDArray[np.int64]
    area: NDArray[np.int64]
    patients: NDArray[np.float64]
    rural: NDArray[np.float64]
    routine: NDArray[np.float64]
    to_site: NDArray[np.float64]
    area_codes: tuple[str, ...]
    estimated: NDArray[np.bool_]

    @classmethod
    def of(cls, place: Place, times: TravelTimes, problem: GroupingProblem) -> Journeys:
        """Join the registrations with the minutes once; every option is then array arithmetic."""
        table = place.registrations
        practice = pd.Index(problem.practice_codes).get_indexer(table["practice_code"])
        codes = tuple(sorted(table["area_code"].unique()))
        row = pd.Index(times.area_codes).get_indexer(table["area_code"])
        minutes = np.full((len(table), len(times.site_codes)), np.nan)
        minutes[row >= 0] = times.area_to_site[row[row >= 0]]
        minutes[~np.isfinite(minutes)] = np.nan
        own = problem.site_owner[None, :] == practice[:, None]
        own &= (place.sites["practice_code"] != "").to_numpy()[None, :]
        # a site of nobody can be a hub, but nobody's routine care happens there
        routine = np.min(np.where(own & ~np.isnan(minutes), minutes, np.inf), axis=1, initial=np.inf)
        rural = table["area_code"].map(place.areas["rural"].astype(float)).to_numpy(dtype=float)
        return cls(
            practice=practice,
            area=pd.Index(codes).get_indexer(table["area_code"]),
            patients=table["patients"].to_numpy(dtype=float),
            rural=rural,
            routine=np.where(np.isfinite(routine), routine, np.nan),
            to_site=minutes,
            area_codes=codes,
            estimated=(table["basis"] == "estimated").to_numpy(),
        )


def weighted_mean(values: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """Mean of the known values; NaN where nothing is known."""
    known = ~np.isnan(values)
    total = weights[known].sum()
    return float((values[known] * weights[known]).sum() / total) if total > 0 else math.nan
