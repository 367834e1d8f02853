"""The two journeys of every patient, before and after: to the own practice, and to the hub. Never subtracted.

*Routine care*: from home to the nearest usable site of the own practice. Grouping changes nothing about it; only a site
option does. Where a practice keeps no site, its patients use the nearest site of their group, and are counted apart.
*Hub services*: from home to the hub of the group in the plan, against the hub of a plan before or the nearest of the
sites where such services run today; without either there is no "before".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata.travel import TravelTimes
from grouping.plan import Plan

Journey = Literal["routine", "hub"]
MODES = ("car", "public-transport", "walk")


@dataclass(frozen=True)
class Trip:
    """One journey by one mode of all R rows of the registrations.

    Parameters
    ----------
    journey
        `routine` or `hub`.
    mode
        `car`, `walk` or `public-transport`.
    after
        Minutes under the option, NaN without a route, shape (R,).
    before
        Minutes before, NaN without a route or without a "before" for that practice, shape (R,); None without any.
    counted
        Rows of the practices that the plan covers, bool, shape (R,).
    apart
        Rows of practices that keep no site: routine care at the sites of their group, bool, shape (R,).
    """

    journey: Journey
    mode: str
    after: NDArray[np.float64]
    before: NDArray[np.float64] | None
    counted: NDArray[np.bool_]
    apart: NDArray[np.bool_]

    @property
    def compared(self) -> NDArray[np.bool_]:
        """Counted rows with minutes before and after, shape (R,)."""
        if self.before is None:
            return np.zeros(len(self.after), dtype=bool)
        return self.counted & np.isfinite(self.before) & np.isfinite(self.after)


def hub_by_car(trips: Iterable[Trip]) -> Trip:
    """The journey that options are judged by, of those of one option."""
    return next(trip for trip in trips if (trip.journey, trip.mode) == ("hub", "car"))


class Minutes:
    """Minutes from the home of each row to every site, by one mode.

    Homes that were not timed and a site of nobody (-1) are without a route, not an error.

    Parameters
    ----------
    times
        The matrix.
    area_codes
        Home of each row, shape (R,).
    """

    def __init__(self, times: TravelTimes, area_codes: Sequence[str] | pd.Series) -> None:
        matrix = np.where(np.isfinite(times.area_to_site), times.area_to_site, np.nan)
        # a row and a column without a route at the end, for which -1 stands
        self._table = np.pad(matrix, ((0, 1), (0, 1)), constant_values=np.nan)
        self._row = pd.Index(times.area_codes, dtype=object).get_indexer(pd.Index(area_codes, dtype=object))
        self.site_codes = times.site_codes
        self._column = {code: i for i, code in enumerate(times.site_codes)}

    def columns(self, sites: Iterable[str]) -> NDArray[np.int64]:
        """Positions of sites, -1 for one that the matrix does not hold."""
        return np.array([self._column.get(code, -1) for code in sites], dtype=np.int64)

    def to_site(self, site: NDArray[np.int64]) -> NDArray[np.float64]:
        """Minutes of each row to a site of its own, by position (-1: none), shape (R,)."""
        return self._table[self._row, site]

    def to_every_site(self, rows: NDArray[np.int64]) -> NDArray[np.float64]:
        """Minutes of some rows to every site, shape (len(rows), S)."""
        return self._table[self._row[rows], :-1]

    def to_nearest(self, rows: NDArray[np.int64], sites: NDArray[np.int64]) -> NDArray[np.float64]:
        """Minutes of some rows to the nearest of some sites, NaN where none is reached, shape (len(rows),)."""
        reached = self._table[np.ix_(self._row[rows], sites)] if len(sites) else np.full((len(rows), 1), np.nan)
        nearest = np.where(np.isnan(reached), np.inf, reached).min(axis=1, initial=np.inf)
        return np.where(np.isfinite(nearest), nearest, np.nan)


def routine_minutes(
    minutes: Minutes, practice: NDArray[np.int64], sites_of: Sequence[Sequence[str]]
) -> NDArray[np.float64]:
    """Minutes of each row to the nearest of the sites its practice's patients may use.

    Parameters
    ----------
    minutes
        By one mode.
    practice
        Position of the practice of each row, shape (R,).
    sites_of
        Usable sites of each practice.

    Returns
    -------
    Shape (R,); NaN without a route.
    """
    nearest = np.full(len(practice), np.nan)
    for rows, sites in zip(rows_by_practice(practice, len(sites_of)), sites_of, strict=True):
        nearest[rows] = minutes.to_nearest(rows, minutes.columns(sites))
    return nearest


def rows_by_practice(practice: NDArray[np.int64], count: int) -> list[NDArray[np.int64]]:
    """The rows of each practice."""
    order = np.argsort(practice, kind="stable")
    ends = np.searchsorted(practice[order], np.arange(count + 1))
    return [order[ends[k] : ends[k + 1]] for k in range(count)]


@dataclass(frozen=True)
class UsableSites:
    """Which sites the patients of each practice may use; fixed before anything is compared.

    Parameters
    ----------
    own
        Sites of each practice, shape (P,).
    fallback
        Sites of the group of a practice that keeps none, empty for all others, shape (P,).
    """

    own: tuple[tuple[str, ...], ...]
    fallback: tuple[tuple[str, ...], ...]

    @property
    def all(self) -> tuple[tuple[str, ...], ...]:
        """What the patients of each practice use, shape (P,)."""
        return tuple(own or other for own, other in zip(self.own, self.fallback, strict=True))

    @property
    def without(self) -> NDArray[np.bool_]:
        """Practices that keep no site, shape (P,)."""
        return np.array([not own for own in self.own], dtype=bool)


def usable_sites(
    sites: pd.DataFrame, practice_codes: Sequence[str], usable: frozenset[str] | None = None, plan: Plan | None = None
) -> UsableSites:
    """The sites that patients may use.

    Parameters
    ----------
    sites
        Sites of the place (`practice_code`); one of nobody serves no routine care.
    practice_codes
        P practices.
    usable
        Codes of the sites that can be used; None is all.
    plan
        The plan in whose groups patients of a practice without a site are received.
    """
    mine: dict[str, list[str]] = {code: [] for code in practice_codes}
    for site, owner in zip(sites.index, sites["practice_code"], strict=True):
        if owner in mine and (usable is None or site in usable):
            mine[owner].append(str(site))
    members = {} if plan is None else {code: group.members for code, group in plan.group_of.items()}
    fallback = tuple(
        () if mine[code] else tuple(site for other in members.get(code, ()) for site in mine.get(other, ()))
        for code in practice_codes
    )
    return UsableSites(tuple(tuple(mine[code]) for code in practice_codes), fallback)


def hub_positions(plan: Plan, minutes: Minutes, practice_codes: Sequence[str]) -> NDArray[np.int64]:
    """Position of the hub of each practice among the sites of `minutes`, -1 where the plan names none, shape (P,)."""
    group_of = plan.group_of
    hubs = [group_of[code].hub_site_code if code in group_of else "" for code in practice_codes]
    return minutes.columns(hubs)


def nearest_service(
    minutes: Minutes,
    practice: NDArray[np.int64],
    practice_codes: Sequence[str],
    sites: Sequence[str],
    sites_of: Mapping[str, Sequence[str]],
) -> NDArray[np.float64]:
    """Minutes of each row to the nearest site where hub services run today.

    Parameters
    ----------
    minutes, practice, practice_codes
        As for `routine_minutes`.
    sites
        Sites that everybody may use.
    sites_of
        Further sites that serve the patients of one practice.

    Returns
    -------
    Shape (R,); NaN without a route.
    """
    return routine_minutes(minutes, practice, [(*sites, *sites_of.get(code, ())) for code in practice_codes])
