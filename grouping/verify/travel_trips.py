"""Journeys and what follows from them, derived anew: one long table a journey, summed by whom it is asked about."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import pandas as pd

from geodata.travel import TravelTimes
from grouping.plan import Before, Plan, ServiceSites
from grouping.verify.evidence import Evidence

WITHIN = (10, 15, 20, 30, 45)
LONGER = (5, 10, 15, 20)
HAIR = 1e-9
"""Minutes that differ by less are the same."""

CHANGES = (
    "people_compared", "mean_before", "mean_after", "mean_change", "median_before", "p90_before",
    *(f"longer_{k}" for k in LONGER), "shorter_5", "newly_beyond", "no_longer_beyond", "lost_route", "gained_route",
    "change_in_patient_minutes",
)  # fmt: skip
APART = ("kept_no_site", "kept_no_site_before", "kept_no_site_after", "kept_no_site_longer_5")
"""Of those whose practice keeps no site."""

FIGURES = (
    "people", "no_route", "mean", "median", "p90", "longest", *(f"within_{k}" for k in WITHIN), "beyond", *CHANGES,
    *APART,
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class Trip:
    """One journey of all rows of the registrations under one plan.

    Parameters
    ----------
    table
        One row per practice and area: `counted` (bool), `after` and `before` (minutes, NaN without a route).
    compared
        Whether there is a "before".
    threshold
        Minutes beyond which a journey is long.
    """

    table: pd.DataFrame
    compared: bool
    threshold: float

    @cached_property
    def facts(self) -> pd.DataFrame:
        """What is true of one person of each row: 1 or 0, or minutes; all 0 where the plan covers nobody."""
        after, before = self.table["after"], self.table["before"]
        routed, had = after.notna(), before.notna()
        both, change = routed & had, after - before
        long_after, long_before = after > self.threshold + HAIR, before > self.threshold + HAIR
        facts = {
            "people": routed | ~routed,
            "no_route": ~routed,
            "routed": routed,
            "minutes": after.fillna(0.0),
            "beyond": long_after,
            **{f"within_{k}": after <= k + HAIR for k in WITHIN},
            "had": had,
            "minutes_then": before.fillna(0.0),
            "people_compared": both,
            "before": before.where(both, 0.0),
            "after": after.where(both, 0.0),
            "change_in_patient_minutes": change.where(both, 0.0),
            **{f"longer_{k}": change > k + HAIR for k in LONGER},
            "shorter_5": change < -5 - HAIR,
            "newly_beyond": both & long_after & ~long_before,
            "no_longer_beyond": both & long_before & ~long_after,
            "lost_route": had & ~routed,
            "gained_route": routed & ~had,
        }
        return self.counted(pd.DataFrame(facts).astype(float))

    def counted(self, table: pd.DataFrame) -> pd.DataFrame:
        """A table of the rows with 0 where the plan covers nobody."""
        covered = self.table["counted"]
        return table if covered.all() else table.mul(covered.astype(float), axis=0)

    def summed(self, people: pd.DataFrame) -> pd.DataFrame:
        """Sums of all facts over the people of each population (column of `people`), one row a population."""
        return people.T.dot(self.facts)

    def by(self, label: pd.Series, patients: pd.Series) -> pd.DataFrame:
        """Sums of all facts over the patients with each label, and the `longest` journey of any of them."""
        sums = self.facts.mul(patients, axis=0).groupby(label).sum()
        there = self.table["counted"] & (patients > 0)
        sums["longest"] = self.table["after"].where(there).groupby(label).max()
        return sums

    def figures(self, people: pd.DataFrame) -> pd.DataFrame:
        """`FIGURES` of each population; `median+` and so on are as right where a share is met to a hair."""
        sums = self.summed(people)
        counted = self.counted(people)
        after, before = self.table["after"], self.table["before"]
        table = {name: sums[name] for name in ("people", "no_route", "beyond", *CHANGES) if name in sums}
        table["mean"] = over(sums["minutes"], sums["routed"])
        table |= {f"within_{k}": over(sums[f"within_{k}"], sums["people"]) for k in WITHIN}
        table["longest"] = _longest(after, counted)
        _put_quantiles(table, after, counted, "")
        for name, of in (("before", "before"), ("after", "after"), ("change", "change_in_patient_minutes")):
            table[f"mean_{name}"] = over(sums[of], sums["people_compared"])
        _put_quantiles(table, before.where(after.notna()), counted, "_before")
        # without site options every practice keeps what it has: nobody is apart
        nobody = {"kept_no_site_longer_5": 0.0 if self.compared else math.nan, "kept_no_site": 0.0}
        found = pd.DataFrame(table).assign(**dict.fromkeys(APART, math.nan) | nobody)
        if not self.compared:
            found[[*CHANGES, "median_before+", "p90_before+"]] = math.nan
        return found

    def places(self, label: pd.Series, patients: pd.Series) -> pd.DataFrame:
        """What a table by place says of the patients with each label.

        Returns
        -------
        DataFrame
            By label: `people`, `no_route`, `minutes` and `longest` of all with a route, `beyond`; of those with both
            journeys `people_compared`, `minutes_before`, `minutes_after`, `change` and `newly_beyond`, NaN where there
            is nothing to compare with; `lost_route`.
        """
        sums = self.by(label, patients)
        table = sums[["people", "no_route", "beyond", "longest", "lost_route"]].copy()
        table["minutes"] = over(sums["minutes"], sums["routed"])
        paired = {"minutes_before": "before", "minutes_after": "after", "change": "change_in_patient_minutes"}
        for name, of in paired.items():
            table[name] = over(sums[of], sums["people_compared"]) if self.compared else math.nan
        for name in ("newly_beyond", "people_compared"):
            table[name] = sums[name] if self.compared else math.nan
        return table


def over(part: pd.Series, whole: pd.Series) -> pd.Series:
    """A quotient, NaN where there is nobody."""
    return part / whole.where(whole > 0)


def _put_quantiles(table: dict[str, pd.Series], minutes: pd.Series, people: pd.DataFrame, ending: str) -> None:
    """The fewest minutes within which a share of the people with a route are; `+` with a hair more than the share."""
    order = minutes.dropna().sort_values(kind="stable")
    so_far = people.loc[order.index].cumsum().to_numpy()
    whole = so_far[-1] if len(order) else np.zeros(people.shape[1])
    for name, share in (("median", 0.5), ("p90", 0.9)):
        for mark, hair in (("", -HAIR), ("+", HAIR)):
            # so many rows, the nearest first, are passed before the share is reached
            passed = (so_far < share * whole * (1.0 + hair)).sum(axis=0)
            found = [
                order.iloc[min(rows, len(order) - 1)] if somebody > 0 else math.nan
                for rows, somebody in zip(passed, whole, strict=True)
            ]
            table[f"{name}{ending}{mark}"] = pd.Series(found, index=people.columns, dtype=float)


def _longest(minutes: pd.Series, people: pd.DataFrame) -> pd.Series:
    """Going from the farthest row to the nearest: the first in which anybody of a population lives."""
    order = minutes.dropna().sort_values(ascending=False, kind="stable")
    there = people.loc[order.index].to_numpy() > 0
    first = there.argmax(axis=0) if len(order) else np.zeros(people.shape[1], dtype=int)
    found = [order.iloc[row] if len(order) and there[row, k] else math.nan for k, row in enumerate(first)]
    return pd.Series(found, index=people.columns, dtype=float)


@dataclass(frozen=True)
class Traveller:
    """Makes the journeys of plans by the minutes of one mode, or of one scenario.

    Parameters
    ----------
    evidence
        The inputs with these minutes.
    before
        What the hub is compared with, or None.
    """

    evidence: Evidence
    before: Before | None

    def timed(self, times: TravelTimes) -> Traveller:
        """The same with other minutes."""
        return Traveller(replace(self.evidence, times=times), self.before)

    @property
    def threshold(self) -> float:
        """Minutes beyond which a journey is long."""
        return self.evidence.rules.impact.threshold_minutes

    def trip(self, journey: str, plan: Plan) -> Trip:
        """The `routine` journey or that to the `hub` under a plan."""
        rows = self.evidence.registrations
        hub = {code: group.hub_site_code for group in plan.groups for code in group.members}
        if journey == "routine":
            after = before = rows["minutes_routine"]
        else:
            after, before = self._to_hub(hub), self._hub_before
        counted = rows["practice_code"].isin(list(hub))
        table = pd.DataFrame({"counted": counted, "after": after, "before": before}, index=rows.index)
        return Trip(table, journey == "routine" or self.before is not None, self.threshold)

    def _to_hub(self, hub_of: Mapping[str, str]) -> pd.Series:
        rows = self.evidence.registrations
        hub = rows["practice_code"].map(hub_of).astype(object)
        return pd.Series(self.evidence.minutes_from_home(rows["area_code"], hub), index=rows.index)

    @cached_property
    def _hub_before(self) -> pd.Series:
        before, rows = self.before, self.evidence.registrations
        if before is None:
            return pd.Series(math.nan, index=rows.index)
        if not isinstance(before, ServiceSites):
            return self._to_hub({code: group.hub_site_code for group in before.groups for code in group.members})
        nearest = pd.Series(math.nan, index=rows.index)
        for code, part in rows.groupby("practice_code"):
            serving = [site for site in before.serving(code) if site in self.evidence.home.columns]
            if serving:
                nearest[part.index] = self.minutes(part["area_code"], serving).min(axis=1)
        return nearest

    def minutes(self, areas: pd.Series, sites: Sequence[str]) -> pd.DataFrame:
        """Minutes from the home of some rows to some sites (columns), NaN without a route."""
        found = self.evidence.home[list(sites)].reindex(areas)
        return found.set_axis(areas.index, axis=0)


def worst_first(places: pd.DataFrame, *, compared: bool, least_people: float) -> pd.DataFrame:
    """Communities from the worst to the best: the largest change, or minutes; then the minutes, then the name.

    Those where fewer than `least_people` live come after all others, those that cannot be judged at the very end.

    Returns
    -------
    DataFrame
        The same rows with `judged` (what decides), `ranked` (bool) and `rank`.
    """
    judged = places["change"] if compared else places["minutes"]
    known = judged.notna()
    order = pd.DataFrame(
        {
            "unknown": ~known,
            "few": places["people"] < least_people,
            "judged": -judged.round(6).where(known, 0.0),
            "minutes": -places["minutes"].round(6).where(known, 0.0),
            "name": places.index,
        },
        index=places.index,
    )
    order["minutes"] = order["minutes"].fillna(math.inf)
    ranked = places.loc[order.sort_values(list(order.columns), kind="stable").index].copy()
    ranked["judged"], ranked["ranked"] = judged, ~order["few"]
    ranked["rank"] = np.arange(1, len(ranked) + 1)
    return ranked
