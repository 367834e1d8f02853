"""What the inputs say before any plan is looked at: joined once, used for every option."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd

from geodata.place import Place
from geodata.travel import TravelTimes
from grouping.rules import RuleSet
from grouping.verify.decided import PlanRows, Standing, standing


@dataclass(frozen=True)
class Evidence:
    """A place with its minutes, borders, rules and decisions, and the tables the checks read.

    Parameters
    ----------
    place
        The place with completed registrations.
    times
        Minutes areas x sites and sites x sites.
    edges
        Adjacent practices as `practice_a, practice_b`.
    rules
        The rule set.
    plans
        Lines of the plan files that decisions name (see `verify.decided.read_decided_plans`).
    """

    place: Place
    times: TravelTimes
    edges: pd.DataFrame
    rules: RuleSet
    plans: Mapping[str, PlanRows]

    @cached_property
    def standing(self) -> Standing:
        """What planners have decided."""
        return standing(self.rules, self.place, self.plans)

    @cached_property
    def home(self) -> pd.DataFrame:
        """Minutes from each area (rows) to each site (columns), NaN without a route."""
        times = self.times
        wide = pd.DataFrame(times.area_to_site, index=list(times.area_codes), columns=list(times.site_codes))
        return wide.where(np.isfinite(wide))

    @cached_property
    def drive(self) -> pd.DataFrame:
        """Minutes from each site (rows) to each site (columns), infinite without a route."""
        times = self.times
        return pd.DataFrame(times.between_sites, index=list(times.site_codes), columns=list(times.site_codes))

    @cached_property
    def registrations(self) -> pd.DataFrame:
        """One row per practice and area: patients, basis, `timed`, `minutes_routine`, `rural`."""
        known = self.place.registrations["practice_code"].isin(self.place.practices.index)
        table = self.place.registrations[known].reset_index(drop=True)
        timed = self.home.index[self.home.notna().any(axis=1)]
        table["timed"] = table["area_code"].isin(timed)
        owners = self.place.sites["practice_code"].fillna("").reindex(self.home.columns)
        nearest = self.home.T.groupby(owners.to_numpy()).min().T
        table["minutes_routine"] = _looked_up(nearest, table["area_code"], table["practice_code"])
        table["rural"] = table["area_code"].map(self.place.areas["rural"].astype(bool))
        return table

    @cached_property
    def between(self) -> pd.DataFrame:
        """Minutes between the main sites of practices, the longer of the two directions."""
        mains = self.practices["main_site_code"]
        one_way = self.drive.loc[mains, mains].to_numpy(dtype=float)
        return pd.DataFrame(np.maximum(one_way, one_way.T), index=mains.index, columns=mains.index)

    @cached_property
    def borders(self) -> list[tuple[str, str]]:
        """Pairs of practices whose border counts by the rules."""
        limit = self.rules.contiguity.max_minutes_over_border
        pairs = list(self.edges[["practice_a", "practice_b"]].itertuples(index=False, name=None))
        known = self.between.index
        if limit > 0:
            pairs = [(a, b) for a, b in pairs if a in known and b in known and self.between.at[a, b] <= limit]
        return pairs

    def minutes_from_home(self, areas: pd.Series, sites: pd.Series) -> np.ndarray:
        """Minutes from each area to the site beside it, NaN without a route."""
        return _looked_up(self.home, areas, sites)

    @cached_property
    def rural_patients(self) -> pd.Series:
        """Registered patients living in rural areas per practice, from the located registrations scaled to the list.

        A practice with nobody in an area of the case counts as its main site's nearest area does.
        """
        lists = self.place.practices["list_size"].astype(int)
        located = self.registrations[self.registrations["rural"].notna()]
        total = located.groupby("practice_code")["patients"].sum()
        rural = located[located["rural"].astype(bool)].groupby("practice_code")["patients"].sum()
        share = rural.reindex(total.index).fillna(0.0) / total
        nowhere = {
            code: float(self._nearest_area_is_rural(code))
            for code in sorted(set(lists.index) - set(total.index[total > 0]))
        }
        share = pd.concat([share[total > 0], pd.Series(nowhere, dtype=float)])
        return (share.reindex(lists.index) * lists).rename("rural_patients")

    def _nearest_area_is_rural(self, practice_code: str) -> bool:
        site, areas = self.place.practices.geometry.loc[practice_code], self.place.areas
        metres = ((areas["x"] - site.x) ** 2 + (areas["y"] - site.y) ** 2).map(math.sqrt)
        nearest = sorted(metres.index[metres <= metres.min()])
        return bool(nearest) and bool(areas.at[nearest[0], "rural"])

    @cached_property
    def practices(self) -> pd.DataFrame:
        """What is known of each practice: list, rural and timed patients, labels, `vulnerable`, main site."""
        table = self.place.practices
        known = pd.DataFrame(index=table.index)
        known["list_size"] = table["list_size"].astype(int)
        known["main_site_code"] = table["main_site_code"]
        for column in ("locality", "current_group", "keep_together", "clinical_system"):
            texts = table[column] if column in table else pd.Series("", index=table.index)
            known[column] = texts.fillna("").astype(str).str.strip()
        grade = table["vulnerability"] if "vulnerability" in table else pd.Series(math.nan, index=table.index)
        known["vulnerable"] = grade.astype(float) <= self.rules.practices.vulnerable_up_to
        known["rural_patients"] = self.rural_patients
        timed = self.registrations[self.registrations["timed"]].groupby("practice_code")["patients"].sum()
        known["timed_patients"] = timed.reindex(table.index).fillna(0.0)
        return known

    @cached_property
    def patient_minutes(self) -> pd.DataFrame:
        """Minutes from home, times patients, of all timed patients of a practice (rows) to a site (columns).

        Infinite where one of them has no route.
        """
        timed = self.registrations[self.registrations["timed"] & (self.registrations["patients"] > 0)]
        rows = {
            code: self.home.loc[part["area_code"]]
            .mul(part["patients"].to_numpy(), axis=0)
            .sum(axis=0, skipna=False)
            .fillna(math.inf)
            for code, part in timed.groupby("practice_code")
        }
        table = pd.DataFrame(rows, index=self.home.columns).T
        return table.reindex(self.place.practices.index).fillna(0.0)

    @cached_property
    def sites(self) -> pd.DataFrame:
        """Of each site: `owner`, `kind`, `pounds`, and `objection`: why it may not be a hub, or nothing."""
        sites = self.place.sites
        table = pd.DataFrame(index=sites.index)
        own = sites["practice_code"].fillna("").astype(str)
        table["owner"] = [self._owner(code) for code in sites.index]
        table["kind"] = sites["kind"].astype(str)
        table["pounds"] = sites["annual_cost"].fillna(0.0).astype(float) if "annual_cost" in sites else 0.0
        table["objection"] = [self._objection(code, own[code]) for code in sites.index]
        return table

    def _owner(self, site_code: str) -> str:
        """The practice of a site; a site of nobody belongs to the practice whose main site is nearest."""
        site = self.place.sites.loc[site_code]
        if site["practice_code"]:
            return str(site["practice_code"])
        metres = self.place.practices.geometry.distance(site.geometry)
        return sorted(metres.index[metres <= metres.min()])[0]

    def _objection(self, code: str, own: str) -> str:
        site, hub = self.place.sites.loc[code], self.rules.hub
        if hub.kinds and site["kind"] not in hub.kinds:
            return f"a {site['kind']} site"
        if not own and "community" not in hub.kinds:
            return "a site of no practice"
        area = site.get("floor_area_m2", math.nan)
        if hub.minimum_floor_area_m2 > 0 and not float(math.nan if area is None else area) >= hub.minimum_floor_area_m2:
            return f"of {'unknown size' if pd.isna(area) else f'{float(area):g} m2'}"
        if hub.conditions:
            condition = site.get("condition", "")
            condition = "" if condition is None or pd.isna(condition) else str(condition).strip()
            if condition.casefold() not in {wanted.strip().casefold() for wanted in hub.conditions}:
                return f"in condition {condition}" if condition else "in a condition nobody has stated"
        return "decided against" if code in self.standing.not_hubs else ""


def _looked_up(wide: pd.DataFrame, rows: pd.Series, columns: pd.Series) -> np.ndarray:
    """The value of each pair of labels, NaN where the table has none."""
    at_row, at_column = wide.index.get_indexer(rows), wide.columns.get_indexer(columns)
    values = wide.to_numpy(dtype=float)
    if values.size == 0:
        return np.full(len(rows), math.nan)
    return np.where((at_row >= 0) & (at_column >= 0), values[at_row, at_column], math.nan)
