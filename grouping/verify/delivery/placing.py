"""Where patients of failed practices go, found by deferred acceptance.

In rounds, every part of a practice's patients asks the nearest practice first; a practice keeps the nearest up to its
places and sends the others on, who ask the next one (Gale and Shapley, "College admissions and the stability of
marriage", American Mathematical Monthly 69, 1962). What comes out has no pair that would both rather have each other:
nobody could be placed nearer at a practice with room, or in the place of somebody who lives farther away. Since both
sides go by the same minutes, with ties in one order, there is no other such placing.
"""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from grouping.verify.delivery.claims import Claims

DUST = 1e-6
"""Parts of a patient that subtracting fractions leaves over."""

ON_THE_LIMIT = 1e-9
"""Minutes are made of whole milliseconds: what lies on the limit is within it."""


Ask = tuple[float, str, str, int]
"""Minutes, area, practice that failed, and which of its choices this is: who asks for a place, the nearest first."""


@dataclass(frozen=True)
class Moved:
    """Some patients of a practice in an area: where they go (empty: nowhere), before and after, in minutes."""

    origin: str
    area: str
    to: str
    patients: float
    before: float
    after: float


@dataclass(frozen=True)
class Homes:
    """Patients by practice and area, and the practices within reach of each area."""

    claims: Claims

    @cached_property
    def minutes(self) -> dict[str, dict[str, float]]:
        """Minutes from each area to the nearest site of each practice that it has a way to."""
        owners = self.claims.ground.run.place.sites["practice_code"].fillna("").astype(str)
        home = self.claims.evidence.home
        owned = [code for code in home.columns if owners.get(code, "") in self.claims.lists]
        nearest = home[owned].T.groupby([owners[code] for code in owned]).min().T
        codes = [str(code) for code in nearest.columns]
        return {
            str(area): {code: float(m) for code, m in zip(codes, row, strict=True) if math.isfinite(m)}
            for area, row in zip(nearest.index, nearest.to_numpy(), strict=True)
        }

    @cached_property
    def near(self) -> dict[str, list[tuple[float, str]]]:
        """Practices within reach of each area, the nearest first, ties by code."""
        limit = self.claims.ground.settings.resilience.within_minutes + ON_THE_LIMIT
        return {area: sorted((m, code) for code, m in row.items() if m <= limit) for area, row in self.minutes.items()}

    @cached_property
    def patients(self) -> dict[str, dict[str, float]]:
        """Patients of each practice by area, of homes that can be timed."""
        table = self.claims.evidence.registrations
        table = table[table["timed"] & (table["patients"] > 0)]
        found: dict[str, dict[str, float]] = defaultdict(dict)
        for (code, area), number in table.groupby(["practice_code", "area_code"])["patients"].sum().items():
            found[str(code)][str(area)] = float(number)
        return found

    @cached_property
    def not_timed(self) -> dict[str, float]:
        """Patients of each practice whose home cannot be timed."""
        table = self.claims.evidence.registrations
        return table[~table["timed"]].groupby("practice_code")["patients"].sum().to_dict()

    @cached_property
    def places(self) -> dict[str, float]:
        """How many patients more each practice could take: as the planner says, else a share of its list."""
        share = self.claims.ground.settings.resilience.spare_share
        found = {code: math.floor(share * size + 1e-9) for code, size in self.claims.lists.items()}
        for row in self.claims.said("capacity") or []:
            if row.get("places") and row["practice_code"] in found:
                found[row["practice_code"]] = int(float(row["places"].replace(",", "")))
        return {code: float(number) for code, number in found.items()}

    @cached_property
    def rural(self) -> frozenset[str]:
        """Rural areas."""
        areas = self.claims.ground.run.place.areas["rural"]
        return frozenset(str(code) for code, told in areas.items() if not _unknown(told) and bool(told))


def _unknown(value: object) -> bool:
    return value is None or (isinstance(value, float | np.floating) and math.isnan(value)) or str(value) == "<NA>"


def placed(homes: Homes, failed: tuple[str, ...], *, unlimited: bool = False) -> list[Moved]:
    """Where the patients of practices that fail together go.

    Parameters
    ----------
    homes
        Who lives where.
    failed
        Codes of practices.
    unlimited
        Whether every practice has room for everybody.
    """
    held: dict[str, dict[Ask, float]] = defaultdict(dict)
    nowhere: dict[tuple[str, str], float] = defaultdict(float)
    asking = {(origin, area, 0): n for origin in failed for area, n in homes.patients.get(origin, {}).items()}
    while asking:
        sent: dict[tuple[str, str, int], float] = defaultdict(float)
        asked = set()
        for (origin, area, after), number in asking.items():
            at, choices = after, homes.near.get(area, [])
            while at < len(choices) and choices[at][1] in failed:
                at += 1
            if at >= len(choices):
                nowhere[origin, area] += number
                continue
            minutes, to = choices[at]
            ask = (minutes, area, origin, at)
            held[to][ask] = held[to].get(ask, 0.0) + number
            asked.add(to)
        for to in asked:
            for (_, area, origin, at), number in _sent_on(held[to], math.inf if unlimited else homes.places[to]):
                sent[origin, area, at + 1] += number
        asking = sent
    moved = [
        Moved(origin, area, to, number, homes.minutes.get(area, {}).get(origin, math.nan), minutes)
        for to, rows in held.items()
        for (minutes, area, origin, _), number in rows.items()
    ]
    moved += [
        Moved(origin, area, "", number, homes.minutes.get(area, {}).get(origin, math.nan), math.nan)
        for (origin, area), number in nowhere.items()
    ]
    return [one for one in moved if one.patients > DUST]


def _sent_on(held: dict[Ask, float], places: float) -> list[tuple[Ask, float]]:
    """Those for whom there is no place, the farthest first; they are taken out of `held`."""
    over = math.fsum(held.values()) - places
    gone: list[tuple[Ask, float]] = []
    for ask in sorted(held, reverse=True) if over > DUST else ():
        sent = min(held[ask], over)
        gone.append((ask, sent))
        over -= sent
        held[ask] -= sent
        if held[ask] <= 0:
            del held[ask]
        if over <= DUST:
            break
    return gone
