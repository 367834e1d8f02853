"""Whether every number in the sentences of "find my place" is one that the minutes and the people give.

The wording is not checked: only that each sentence speaks of its community's minutes, its change and its hub, and holds
no number that is none of theirs.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import pandas as pd

from grouping.escape import visible
from grouping.verify.record import Line
from grouping.verify.travel_cells import as_written, compare, read_sheet
from grouping.verify.travel_ground import Ground, group_of
from grouping.verify.travel_trips import Trip

PLACES = ("community", "mode", "option", "sentence")
BY = {"car": "by car", "walk": "on foot", "public-transport": "by public transport"}
DAYS = ("today", "before")
"""What the hub services are compared with: sites that run today, or a plan of before."""

ENDS = {"low": 0.05, "high": 0.95}
"""Shares of the people with a route between whose minutes a range in brackets lies."""

SAME = 1.0
"""A change of fewer minutes is about the same as today."""

HAIR = 1e-6
NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")


def check_places(folder: Path, ground: Ground, called: Mapping[str, str]) -> Line:
    """Check the sentences of `places` against the minutes and people of the communities.

    Parameters
    ----------
    folder
        The pack.
    ground
        What is derived once.
    called
        Option -> its title.
    """
    sheet = read_sheet(folder, "places", PLACES)
    modes = _told_modes(ground)
    names = sorted(ground.about.index)
    keys = [(name, mode, option) for name in names for mode in modes for option in ("", *ground.plans)]
    compare(sheet, pd.DataFrame(keys, columns=list(PLACES[:3])), PLACES[:3], rows=ground.derived(sheet.cells))
    spelt = dict(zip(as_written(pd.Series(names, dtype=object)), names, strict=True))
    if "places" not in ground.kept:
        told = [(option, mode) for mode in modes for option in ("", *ground.plans)]
        ground.kept["places"] = {(option, mode): _facts_of(ground, option, mode) for option, mode in told}
    facts = ground.kept["places"]
    rows = zip(*(sheet.cells[column] for column in PLACES), strict=True)
    for number, (name, mode, option, sentence) in enumerate(rows):
        own = facts.get((option, mode))
        if own is not None and name in spelt:
            for fault in own.faults(spelt[name], sentence, called.get(option, option)):
                sheet.wrong.append(f"{sheet.at(number, 'sentence')}: {fault}")
    return sheet.line("travel: find my place", f"{len(keys):,} sentences, every number in them")


def _told_modes(ground: Ground) -> list[str]:
    """By car, and without one: by public transport if there is any, else on foot."""
    without = [mode for mode in ("public-transport", "walk") if mode in ground.travellers]
    return ["car", *without[:1]]


@dataclass(frozen=True)
class Told:
    """What the sentences about one option (or about today) by one mode can say, by community.

    Parameters
    ----------
    mode
        Mode of the journeys.
    main
        The journey the sentence must speak of: `minutes`, `change`.
    more
        All figures that it may hold, minutes and people.
    hub
        Name of the hub of most people; empty where two are as good, or for today.
    names
        Names that may stand in it, whose digits are none of its figures.
    """

    mode: str
    main: pd.DataFrame
    more: pd.DataFrame
    hub: pd.Series
    names: tuple[str, ...]

    @cached_property
    def figures(self) -> dict[str, list[float]]:
        """All figures by community."""
        rows = self.more.itertuples(name=None)
        return {name: [value for value in row if not math.isnan(value)] for name, *row in rows}

    @cached_property
    def must(self) -> dict[str, tuple[float, float]]:
        """Minutes and change by community."""
        return {name: (minutes, change) for name, minutes, change in self.main.itertuples(name=None)}

    def faults(self, community: str, sentence: str, title: str) -> Iterator[str]:
        """What is wrong with the sentence about a community."""
        minutes, change = self.must.get(community, (math.nan, math.nan))
        if community in self.must:
            words = [f"no route {BY[self.mode]}"] if math.isnan(minutes) else _minutes(minutes, BY[self.mode])
            if not any(said in sentence for said in words):
                yield f"it should say {words[0].strip()!r}"
            longer = [] if math.isnan(change) else [f"{said} {day}" for said in _longer(change) for day in DAYS]
            if longer and not any(said in sentence for said in longer):
                yield f"it should say {longer[0].strip()!r}"
            hub = self.hub.get(community, "")
            if hub and hub not in sentence:
                yield f"it should name {hub!r}"
        said = sentence.removeprefix(visible(title))
        for name in (visible(community), *self.names):
            said = said.replace(name, "")
        said = re.sub(r"\(group [^)]*\)", "", said)
        known = {0, 1, *(whole for value in self.figures.get(community, []) for whole in _wholes(value))}
        for text in NUMBER.findall(said):
            if float(text.replace(",", "")) not in known:
                yield f"{text} is no figure of this community"


def _wholes(value: float) -> set[int]:
    """A figure in whole numbers; both where it lies on a half."""
    return {math.floor(abs(value) + 0.5 + hair) for hair in (-HAIR, 0.0, HAIR)}


def _minutes(minutes: float, by: str) -> list[str]:
    """Minutes in words."""
    texts = {0: "less than 1 minute", 1: "1 minute"}
    return [f" {texts.get(whole, f'{whole} minutes')} {by}".rstrip() for whole in sorted(_wholes(minutes))]


def _longer(change: float) -> list[str]:
    same = ["about the same as"] if abs(change) < SAME + HAIR else []
    way = "longer" if change > 0 else "shorter"
    return same + [f"{said} {way} than" for said in _minutes(change, "") if abs(change) > SAME - HAIR]


def _facts_of(ground: Ground, option: str, mode: str) -> Told:
    patients = ground.patients.rows["patients"]
    plan = ground.plans[option or next(iter(ground.plans))]
    parts, modes = [], [one for one in (mode, "walk") if one in ground.travellers]
    for one in dict.fromkeys(modes):
        for journey in ("routine", "hub"):
            trip = ground.trips[option or next(iter(ground.plans)), journey, one]
            trip = trip if option else _today(trip)
            table = trip.places(ground.community, patients)
            parts.append(table.join(_range(trip, ground.community, patients)).add_prefix(f"{journey} {one} "))
    more = pd.concat(parts, axis=1)
    journey = "hub" if option else "routine"
    main = more[[f"{journey} {mode} minutes", f"{journey} {mode} change"]]
    main = main[more[f"{journey} {mode} people"] > 0]
    names = ground.evidence.place.sites["name"].astype(str).map(visible)
    hub = {group.group_id: names.get(group.hub_site_code, "") for group in plan.groups}
    of = ground.patients.rows["practice_code"].map(group_of(plan))
    groups = patients.groupby([ground.community, of]).sum().unstack(fill_value=0.0)
    most = groups.round(6).idxmax(axis=1).map(hub).where(_clear(groups), "") if option and len(groups.columns) else None
    more = more.join(groups.add_prefix("group ")) if option else more
    longest_first = tuple(sorted({name for name in hub.values() if name}, key=len, reverse=True))
    return Told(mode, main, more, pd.Series(dtype=object) if most is None else most, longest_first)


def _clear(groups: pd.DataFrame) -> pd.Series:
    """Communities in which one group has more people than any other."""
    most = groups.max(axis=1)
    return groups.ge(most - HAIR, axis=0).sum(axis=1) == 1


def _today(trip: Trip) -> Trip:
    """The journeys before, of everybody, whether or not the plan covers the practice."""
    table = trip.table.assign(counted=True, after=trip.table["before"], before=math.nan)
    return Trip(table, False, trip.threshold)


def _range(trip: Trip, label: pd.Series, patients: pd.Series) -> pd.DataFrame:
    """Minutes within which the nearest and all but the farthest few of each community are."""
    rows = pd.DataFrame({"label": label, "minutes": trip.table["after"], "people": patients})
    rows = rows[trip.table["counted"] & rows["minutes"].notna() & (patients > 0)].sort_values(["label", "minutes"])
    so_far, whole = rows.groupby("label")["people"].cumsum(), rows.groupby("label")["people"].transform("sum")
    found = {}
    for name, share in ENDS.items():
        for mark, hair in (("", -HAIR), ("+", HAIR)):
            reached = rows[so_far >= (share * whole * (1.0 + hair)).clip(upper=whole * (1.0 - 1e-12))]
            found[name + mark] = reached.drop_duplicates("label").set_index("label")["minutes"]
    return pd.DataFrame(found)
