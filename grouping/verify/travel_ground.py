"""What the tables about travel should hold, derived once from the inputs and the plans for all checks."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from geodata.modes import PUBLIC_TRANSPORT, WALK, mode_times
from geodata.place import Place
from geodata.scenarios import ALL as SCENARIOS
from geodata.scenarios import timed_scenarios
from geodata.travel import TravelTimes
from grouping.plan import Before, Plan
from grouping.verify.evidence import Evidence
from grouping.verify.travel_people import Patients, communities_of, other_people, patients_of
from grouping.verify.travel_trips import Traveller, Trip, over, worst_first

UNTIMED = (WALK, PUBLIC_TRANSPORT)
"""Modes that a check without their minutes leaves alone."""

OTHER_RURAL = "other-rural"
"""The scenario that changes nobody's journey, only who counts as rural: nothing is ranked under it."""

KEY_POPULATIONS = ("all", "age_65_plus", "no_car", "most_deprived", "far_from_pharmacy")
"""Populations of which scenarios tell."""

INEQUALITY = (
    "option", "journey", "mode", "population", "other", "people", "people_compared_with", "mean",
    "mean_compared_with", "gap", "ratio", "gap_before", "gap_after",
)  # fmt: skip
LIVING = {
    "age_65_plus": "age_65_plus_unknown",
    "no_car": "no_car_unknown",
    "most_deprived": "deprived_unknown",
}
"""Populations counted in each community, and the part of whom it is not known."""

Key = tuple[str, str, str]
"""Option, journey, mode."""


@dataclass(frozen=True)
class Measured:
    """Minutes besides those by car as the case stands.

    Parameters
    ----------
    modes
        `walk` and `public-transport`, where there are any.
    scenarios
        Minutes by car under the scenarios that differ.

    Either is None where nothing was timed: what is told of it is then only checked against the other tables.
    """

    modes: Mapping[str, TravelTimes] | None = None
    scenarios: Mapping[str, TravelTimes] | None = None

    @classmethod
    def of(cls, place: Place, roads: Any, case_dir: Path, car: TravelTimes) -> Measured:
        """Time them anew (a few seconds on roads).

        Parameters
        ----------
        place, roads, case_dir
            As for `geodata.case_times.travel_times`.
        car
            Minutes by car as the case stands.
        """
        modes = mode_times(place, roads, Path(case_dir))
        both = {WALK: modes.walk, PUBLIC_TRANSPORT: modes.public_transport}
        scenarios = timed_scenarios(place, roads, Path(case_dir), car=car)
        return cls(
            {name: times for name, times in both.items() if times is not None},
            {one.name: one.times for one in scenarios if one.times is not None},
        )


@dataclass(frozen=True)
class Assumed:
    """Journeys and people under one scenario."""

    traveller: Traveller
    patients: Patients


@dataclass(frozen=True)
class Ground:
    """What is derived once for all tables."""

    evidence: Evidence
    plans: Mapping[str, Plan]
    before: Before | None
    measured: Measured

    @cached_property
    def kept(self) -> dict[str, Any]:
        """Room for what a further check derives once."""
        return {}

    @cached_property
    def patients(self) -> Patients:
        """Who travels."""
        return patients_of(self.evidence)

    @cached_property
    def communities(self) -> pd.DataFrame:
        """The community of each area with a patient."""
        return communities_of(self.evidence.place, sorted(self.patients.rows["area_code"].unique()))

    @cached_property
    def community(self) -> pd.Series:
        """The community of each row."""
        return self.patients.rows["area_code"].map(self.communities["community"])

    @cached_property
    def travellers(self) -> dict[str, Traveller]:
        """By mode."""
        car = Traveller(self.evidence, self.before)
        return {"car": car} | {mode: car.timed(times) for mode, times in (self.measured.modes or {}).items()}

    def derived(self, cells: pd.DataFrame) -> list[bool]:
        """Which rows of a table (columns `mode`, perhaps `scenario`) can be derived, or should not be there."""
        left = cells["mode"].isin(UNTIMED if self.measured.modes is None else ())
        if "scenario" in cells and self.measured.scenarios is None:
            left |= cells["scenario"].isin(SCENARIOS)
        return (~left).tolist()

    @cached_property
    def trips(self) -> dict[Key, Trip]:
        """Every trip; options that cover the same practices share the routine journey."""
        made: dict[tuple, Trip] = {}
        found = {}
        for option, plan in self.plans.items():
            for mode, traveller in self.travellers.items():
                key = (mode, frozenset(plan.practice_codes))
                if key not in made:
                    made[key] = traveller.trip("routine", plan)
                found[option, "routine", mode] = made[key]
                found[option, "hub", mode] = traveller.trip("hub", plan)
        return found

    @cached_property
    def sums(self) -> dict[Key, pd.DataFrame]:
        """What each trip sums up to for each population."""
        made = {trip: trip.summed(self.patients.people) for trip in dict.fromkeys(self.trips.values())}
        return {key: made[trip] for key, trip in self.trips.items()}

    @cached_property
    def places(self) -> dict[Key, pd.DataFrame]:
        """What each trip means for each community, the worst first; without those where nobody is counted."""
        patients, found = self.patients.rows["patients"], {}
        for key, trip in self.trips.items():
            table = trip.places(self.community, patients)
            found[key] = self.worst_first(table[table["people"] > 0], trip)
        return found

    def worst_first(self, places: pd.DataFrame, trip: Trip) -> pd.DataFrame:
        """Communities from the worst to the best by the rules of the run."""
        least = float(self.evidence.rules.impact.least_people)
        return worst_first(places, compared=trip.compared, least_people=least)

    @cached_property
    def assumed(self) -> dict[str, Assumed]:
        """Every scenario that can be derived anew, the case as it stands first."""
        car = self.travellers["car"]
        found = {"": Assumed(car, self.patients)}
        timed = self.measured.scenarios or {}
        found |= {name: Assumed(car.timed(times), self.patients) for name, times in timed.items()}
        found |= {name: Assumed(car, people) for name, people in other_people(self.evidence, self.patients).items()}
        return found

    @cached_property
    def stressed(self) -> dict[str, dict[str, pd.DataFrame]]:
        """Scenario -> option -> journey to the hub by car for each community, the worst first."""
        found: dict[str, dict[str, pd.DataFrame]] = {}
        for name, one in self.assumed.items():
            for option, plan in self.plans.items() if name != OTHER_RURAL else ():
                trip = one.traveller.trip("hub", plan)
                table = trip.places(self.community, one.patients.rows["patients"])
                found.setdefault(name, {})[option] = self.worst_first(table, trip)
        return found

    @cached_property
    def about(self) -> pd.DataFrame:
        """By community: its `areas` and its `setting`."""
        return self.communities.drop_duplicates("community").set_index("community")

    @cached_property
    def summary(self) -> pd.DataFrame:
        """Figures by population and setting, of the case as it stands and of the scenarios."""
        made = {trip: summary_of(trip, self.patients) for trip in dict.fromkeys(self.trips.values())}
        parts = [
            made[trip].assign(option=option, scenario="", journey=journey, mode=mode)
            for (option, journey, mode), trip in self.trips.items()
        ]
        for scenario, one in self.assumed.items():
            for option, plan in self.plans.items() if scenario else ():
                own = summary_of(one.traveller.trip("hub", plan), one.patients, KEY_POPULATIONS)
                parts.append(own.assign(option=option, scenario=scenario, journey="hub", mode="car"))
        return pd.concat(parts, ignore_index=True)

    @cached_property
    def inequality(self) -> pd.DataFrame:
        """Each population against the others; `other` is their key."""
        rows = []
        for (option, journey, mode), trip in self.trips.items():
            sums = self.sums[option, journey, mode]
            mean = over(sums["minutes"], sums["routed"])
            paired = {f"gap_{name}": over(sums[name], sums["people_compared"]) for name in ("before", "after")}
            for one, other in self.patients.against.items():
                rows.append(
                    {
                        **{"option": option, "journey": journey, "mode": mode, "population": one, "other": other},
                        "people": sums["people"][one],
                        "people_compared_with": sums["people"][other],
                        "mean": mean[one],
                        "mean_compared_with": mean[other],
                        "gap": mean[one] - mean[other],
                        "ratio": mean[one] / mean[other] if mean[other] > 0 else math.nan,
                        **{name: both[one] - both[other] for name, both in paired.items() if trip.compared},
                    }
                )
        return pd.DataFrame(rows, columns=INEQUALITY)

    @cached_property
    def by_practice(self) -> pd.DataFrame:
        """Figures of each practice that a plan covers."""
        rows, names = self.patients.rows, self.evidence.place.practices["name"]
        known = rows[rows["setting"] != "not known"].groupby("practice_code")["patients"].sum()
        rural = rows[rows["setting"] == "rural"].groupby("practice_code")["patients"].sum()
        parts = []
        for (option, journey, mode), trip in self.trips.items():
            group = group_of(self.plans[option])
            table = _means(trip.places(rows["practice_code"], rows["patients"]), sorted(group))
            table = table.rename_axis("practice_code").reset_index()
            code = table["practice_code"]
            share = code.map(rural).fillna(0.0) / code.map(known.where(known > 0))
            setting = (share >= 0.5).map({True: "rural", False: "urban"}).where(share.notna(), "not known")
            own = {"option": option, "journey": journey, "mode": mode, "setting": setting}
            parts.append(table.assign(**own, group_id=code.map(group), name=code.map(names)))
        return pd.concat(parts, ignore_index=True)

    @cached_property
    def by_group(self) -> pd.DataFrame:
        """Figures of each group."""
        rows, parts = self.patients.rows, []
        for (option, journey, mode), trip in self.trips.items():
            plan = self.plans[option]
            table = trip.places(rows["practice_code"].map(group_of(plan)), rows["patients"])
            table = _means(table, [one.group_id for one in plan.groups]).rename_axis("group_id")
            parts.append(table.reset_index().assign(option=option, journey=journey, mode=mode))
        return pd.concat(parts, ignore_index=True)

    @cached_property
    def by_community(self) -> pd.DataFrame:
        """Figures of each community, and who lives there."""
        made: dict[tuple, pd.DataFrame] = {}
        parts = []
        for key, table in self.places.items():
            covered = self.plans[key[0]].practice_codes
            if covered not in made:
                made[covered] = self.trips[key].counted(self.patients.people).groupby(self.community).sum()
            own = pd.DataFrame({name: _living(made[covered], name, rest) for name, rest in LIVING.items()})
            whole = table.join(self.about).join(own).rename_axis("community").reset_index()
            parts.append(whole.assign(option=key[0], journey=key[1], mode=key[2]))
        return pd.concat(parts, ignore_index=True)


def group_of(plan: Plan) -> dict[str, str]:
    """The group of each practice of a plan."""
    return {code: group.group_id for group in plan.groups for code in group.members}


def summary_of(trip: Trip, patients: Patients, keys: tuple[str, ...] = ()) -> pd.DataFrame:
    """Figures of each population in each setting in which anybody of it is counted."""
    people = patients.by_setting
    if keys:
        people = people.loc[:, people.columns.get_level_values("population").isin(keys)]
    table = trip.figures(people).reset_index()
    return table[(table["people"] > 0) | (table["setting"] == "all")]


def _means(table: pd.DataFrame, codes: list[str]) -> pd.DataFrame:
    """Figures of practices or groups, those without a patient too."""
    table = table.reindex(codes)
    nobody = ["people", "no_route"] + (["people_compared"] if table["people_compared"].notna().any() else [])
    table[nobody] = table[nobody].fillna(0.0)
    return table.rename(columns={"minutes": "mean", "minutes_before": "mean_before", "minutes_after": "mean_after"})


def _living(counted: pd.DataFrame, key: str, rest: str) -> pd.Series:
    """People of a population in each community; NaN where the inputs do not say it of anybody who lives there."""
    if key not in counted:
        return pd.Series(math.nan, index=counted.index)
    if rest not in counted:
        return counted[key]
    return counted[key].where(counted["all"] - counted[rest] > 1e-6)
