"""Lists of later years from projections, planned homes and registrations: area by area, with plain dictionaries."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import pandas as pd
from shapely.geometry import Point

from grouping.verify.delivery.claims import Claims, is_missing


@dataclass(frozen=True)
class Ahead:
    """What is added to a patient of each area by a year.

    Parameters
    ----------
    claims
        The run and the settings of growth.
    base, last
        Year of today's lists, and the last year.
    """

    claims: Claims
    base: int
    last: int

    @cached_property
    def registrations(self) -> pd.DataFrame:
        """Patients by practice and area."""
        return self.claims.evidence.registrations[["practice_code", "area_code", "patients", "rural"]]

    @cached_property
    def registered(self) -> dict[str, float]:
        """Registered patients of each area."""
        return self.registrations.groupby("area_code")["patients"].sum().to_dict()

    @cached_property
    def knots(self) -> dict[str, list[tuple[int, float]]]:
        """Residents of each area with a projection for a later year: year and people, the first not after today."""
        table = self.claims.ground.run.place.projections
        if table is None or "population" not in table or self.last <= self.base:
            return {}
        rows: dict[str, dict[int, float]] = {}
        for area, year, people in table[["area_code", "year", "population"]].itertuples(index=False):
            if not is_missing(people) and not is_missing(year):
                rows.setdefault(str(area), {}).setdefault(int(year), float(people))
        today, found = self.claims.ground.run.place.areas["population"], {}
        for area, known in rows.items():
            if area not in today.index or max(known) <= self.base:
                continue
            if min(known) > self.base and not is_missing(today[area]):
                known[self.base] = float(today[area])
            if min(known) <= self.base and _between(sorted(known.items()), self.base) >= 1.0:
                found[area] = sorted(known.items())
        return found

    @cached_property
    def homes(self) -> list[tuple[str, float | None, float]]:
        """Area, year (None: not said) and people of the planned homes that can bring people to a list."""
        place, settings = self.claims.ground.run.place, self.claims.ground.settings.growth
        if place.housing is None or self.last <= self.base:
            return []
        persons = settings.persons_per_dwelling or self.claims.ground.run.rules.impact.persons_per_dwelling
        over = place.areas["neighbour"].to_dict() if "neighbour" in place.areas else {}
        found = []
        for row in place.housing.to_dict("records"):
            area = self._area(row)
            if not self.registered.get(area, 0) > 0 or over.get(area, False) is True or bool(over.get(area, False)):
                continue
            if settings.together == "projections" and area in self.knots:
                continue
            year = None if is_missing(row.get("year")) else float(row["year"])
            if year is None or self.base < year <= self.last:
                dwellings = 0.0 if is_missing(row["dwellings"]) else float(row["dwellings"])
                found.append((area, year, dwellings * persons))
        return found

    def _area(self, row: dict) -> str:
        """The area of a place: the one it names or whose point it is, else the polygon around it, else the nearest."""
        areas = self.claims.ground.run.place.areas
        if not is_missing(row.get("area_code")) and row["area_code"] in areas.index:
            return str(row["area_code"])
        if is_missing(row.get("x")) or is_missing(row.get("y")):
            return ""
        metres = ((areas["x"] - row["x"]) ** 2 + (areas["y"] - row["y"]) ** 2).map(math.sqrt)
        nearest = metres.index[metres <= metres.min()]
        if len(nearest) and metres.min() == 0:
            return str(nearest[0])
        around = areas.index[areas.geometry.intersects(Point(row["x"], row["y"]))]
        chosen = around if len(around) else nearest
        return str(chosen[0]) if len(chosen) else ""

    def more(self, area: str, year: int) -> float:
        """Patients more for each patient who lives in an area today."""
        added = 0.0
        if self.claims.ground.settings.growth.together != "housing" and area in self.knots:
            added += _between(self.knots[area], year) / _between(self.knots[area], self.base) - 1.0
        return added + self._people.get((area, year), 0.0) / (self.registered.get(area) or 1.0)

    @cached_property
    def _people(self) -> dict[tuple[str, int], float]:
        found: dict[tuple[str, int], float] = {}
        for area, year, people in self.homes:
            for there in range(self.base, self.last + 1):
                if (there == self.last) if year is None else (year <= there):
                    found[area, there] = found.get((area, there), 0.0) + people
        return found

    def rows(self, year: int) -> pd.DataFrame:
        """The registrations of a year: `practice_code`, `patients`, `rural`."""
        factor = {area: 1.0 + self.more(area, year) for area in self.registered}
        table = self.registrations
        return table.assign(patients=table["patients"] * table["area_code"].map(factor))

    def lists(self, year: int) -> dict[str, float]:
        """Patients of every practice in a year."""
        more = self.rows(year)["patients"] - self.registrations["patients"]
        added = more.groupby(self.registrations["practice_code"]).sum()
        return {code: size + float(added.get(code, 0.0)) for code, size in self.claims.lists.items()}

    def rural_shares(self, year: int) -> dict[str, float]:
        """Share of the patients of every practice who live in rural areas."""
        evidence = self.claims.evidence
        now = (evidence.rural_patients / evidence.practices["list_size"].where(lambda size: size > 0)).fillna(0.0)
        if year == self.base:
            return now.to_dict()
        rows = self.rows(year)
        rows = rows[rows["rural"].notna()]
        total = rows.groupby("practice_code")["patients"].sum()
        rural = rows[rows["rural"].astype(bool)].groupby("practice_code")["patients"].sum()
        return {
            code: float(rural.get(code, 0.0)) / float(total[code]) if total.get(code, 0.0) > 0 else float(share)
            for code, share in now.items()
        }


def _between(knots: list[tuple[int, float]], year: int) -> float:
    """A straight line between the years that are known; before the first and after the last as there."""
    if year <= knots[0][0]:
        return knots[0][1]
    for (a, low), (b, high) in pairwise(knots):
        if year <= b:
            return low + (high - low) * (year - a) / (b - a)
    return knots[-1][1]
