"""From which year to which lists are carried forward, and where the first of them comes from."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np

from geodata.place import Place
from grouping.programme.settings import GrowthSettings

_YEAR = re.compile(r"(?<!\d)(?:19|20|21)\d\d(?!\d)")
"""A year in a text such as `2016 Q1` or `2024-04-01`."""


@dataclass(frozen=True)
class Timeline:
    """The years of the lists.

    Parameters
    ----------
    years
        From the year of today's lists to the last one, every year; one year only where nothing is known of later.
    said
        Where the first year comes from, the end of a sentence.
    guessed
        Whether nobody has said the first year.
    projected
        Years that the projections speak of, all of them, rising.
    planned
        Years of the planned homes, rising.
    """

    years: tuple[int, ...]
    said: str
    guessed: bool
    projected: tuple[int, ...]
    planned: tuple[int, ...]

    @property
    def base(self) -> int:
        """Year of the lists of today; 0 where it is not known."""
        return self.years[0]

    @property
    def last(self) -> int:
        """The last year."""
        return self.years[-1]

    @property
    def moves(self) -> bool:
        """Whether there is a later year at all."""
        return len(self.years) > 1


def projected_years(place: Place) -> tuple[int, ...]:
    """Years of the table of projections, rising; none without the table."""
    table = place.projections
    return () if table is None else tuple(sorted({int(year) for year in table["year"].dropna()}))


def planned_years(place: Place) -> tuple[int, ...]:
    """Years of the planned homes, rising; none without any."""
    table = place.housing
    if table is None or "year" not in table:
        return ()
    return tuple(sorted({int(year) for year in table.loc[table["dwellings"] > 0, "year"].dropna()}))


def timeline_of(place: Place, settings: GrowthSettings) -> Timeline:
    """The years of a case.

    Where projections count, the last year is theirs; else that of the last planned homes; else, for homes of which no
    year is known, the year that the settings ask for.
    """
    projected, planned = projected_years(place), planned_years(place)
    base, said, guessed = _base(place, settings, projected, planned)
    ends = [year for year in (projected if settings.together != "housing" else ()) if year > base]
    ends = ends or [year for year in planned if year > base]
    undated = place.housing is not None and len(place.housing) > 0 and (settings.year or 0) > base > 0
    ends = ends or ([settings.year] if undated and settings.year else [])
    return Timeline(tuple(range(base, max(ends, default=base) + 1)), said, guessed, projected, planned)


def _base(
    place: Place, settings: GrowthSettings, projected: tuple[int, ...], planned: tuple[int, ...]
) -> tuple[int, str, bool]:
    """Year of the lists, where it comes from, and whether it is a guess."""
    if settings.base_year is not None:
        return settings.base_year, "as the settings of the programme say", False
    known = (*projected, *planned)
    dated = list_year(place)
    if dated and (not known or dated < max(known)):
        return dated, "the year that the case states for its table of practices", False
    if not known:
        year = settings.year - 1 if settings.year else 0
        return year, "one year before the year asked for" if year else "not known", True
    return min(known) - 1, "one year before anything is projected or planned, since no base_year is given", True


def list_year(place: Place) -> int | None:
    """The first year in the vintage of the practices table."""
    for source in place.sources:
        found = _YEAR.search(source.vintage) if source.table == "practices" else None
        if found:
            return int(found.group())
    return None


def position(timeline: Timeline, year: int) -> int:
    """Place of a year in the timeline, the nearest one where it lies outside."""
    return int(np.clip(year - timeline.base, 0, len(timeline.years) - 1))
