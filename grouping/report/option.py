"""What the page says about one option: its groups, their members, and the journeys."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from geodata.place import Place
from geodata.travel import TravelTimes
from grouping import maps
from grouping.plain_words import (
    count,
    minutes,
    option_title,
    percent,
    plural,
)
from grouping.result import AssessedOption, Run

MINUTE_LIMITS = maps.MINUTE_CLASSES


@dataclass(frozen=True)
class PracticeView:
    """One practice in the list of a group's members."""

    code: str
    name: str
    list_size: int
    locality: str
    sites: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class GroupView:
    """One group with everything the page says of it."""

    group_id: str
    name: str
    colour: str
    kind: str
    rural_share: float
    practices: int
    sites: int
    list_size: int
    minimum: int
    margin: int
    bar: float
    mark: float
    hub: str
    mean_minutes: float
    longest_minutes: float
    exception: str
    notes: tuple[tuple[str, str], ...]
    members: tuple[PracticeView, ...]


@dataclass(frozen=True)
class TravelRow:
    """One row of the table of journeys: what is counted, then all, rural and urban patients, as text."""

    label: str
    cells: tuple[str, str, str]


@dataclass(frozen=True)
class FarArea:
    """One of the areas furthest from the hub."""

    name: str
    code: str
    setting: str
    group: str
    to_hub: float
    to_practice: float


@dataclass(frozen=True)
class OptionView:
    """One option as the page shows it."""

    option_id: str
    title: str
    lead: str
    groups: tuple[GroupView, ...]
    hub_journeys: tuple[TravelRow, ...]
    routine_journeys: tuple[TravelRow, ...]
    far_areas: tuple[FarArea, ...]
    change_journeys: tuple[TravelRow, ...]
    verified: bool
    verification: tuple[tuple[str, bool, str], ...]
    left_out: tuple[tuple[str, str, float], ...]


NOTE_WORDS = {
    "oversize": "Oversize",
    "near-threshold": "Near the rural threshold",
    "estimated": "Estimated homes",
    "breach": "Rule not met",
    "decision": "Decided",
    "second-definition": "Other rural definition",
}


def option_view(option: AssessedOption, run: Run, colours: dict[str, int]) -> OptionView:
    """Gather what is shown about one option; `colours` is the palette number of each group."""
    figures = option.headline
    plan = option.option.plan
    headline = (
        f"{plural(int(figures['groups']), 'group')} of {count(figures['smallest'])} to {count(figures['largest'])} "
        f"patients; {minutes(figures.get('mean_minutes_to_hub'))} minutes to the hub on average."
    )
    title = option_title(option.option.option_id)
    table = _journeys(run.place, run.times, option)
    return OptionView(
        option_id=option.option.option_id,
        title=title,
        lead=headline,
        groups=_group_views(option, run, colours),
        hub_journeys=_hub_rows(figures, table),
        routine_journeys=_routine_rows(figures, table),
        far_areas=_far_areas(option, run.place),
        change_journeys=_change_rows(figures) if run.before is not None else (),
        verified=option.verified,
        verification=tuple(
            (str(row.claim), bool(row.agrees), str(row.detail)) for row in option.verification.itertuples()
        ),
        left_out=tuple((r.practice_code, r.name, r.list_size) for r in option.left_out.itertuples())
        if len(plan.groups)
        else (),
    )


def _group_views(option: AssessedOption, run: Run, colours: dict[str, int]) -> tuple[GroupView, ...]:
    place = run.place
    largest = max(int(option.groups["list_size"].max()), int(option.groups["minimum"].max()))
    notes: dict[str, list[tuple[str, str]]] = {}
    for row in option.notes.itertuples():
        notes.setdefault(row.group_id, []).append((NOTE_WORDS.get(row.kind, row.kind.capitalize()), row.note))
    own_sites = {
        code: tuple(zip(part["name"].astype(str), part["kind"].astype(str), strict=True))
        for code, part in place.sites.groupby("practice_code")
    }
    members = {group.group_id: group.members for group in option.option.plan.groups}
    views = []
    for row in option.groups.itertuples():
        practices = tuple(
            PracticeView(
                code,
                str(place.practices.at[code, "name"]),
                int(place.practices.at[code, "list_size"]),
                _plain(place.practices.at[code, "locality"]),
                own_sites.get(code, ()),
            )
            for code in members[row.group_id]
        )
        views.append(
            GroupView(
                group_id=row.group_id,
                name=row.name,
                colour=maps.PALETTE[colours[row.group_id]],
                kind=row.kind,
                rural_share=row.rural_share,
                practices=row.practices,
                sites=row.sites,
                list_size=int(row.list_size),
                minimum=int(row.minimum),
                margin=int(row.margin),
                bar=round(100 * row.list_size / largest, 1),
                mark=round(100 * row.minimum / largest, 1),
                hub=str(place.sites.at[row.hub_site_code, "name"]),
                mean_minutes=row.mean_minutes_to_hub,
                longest_minutes=row.max_practice_minutes,
                exception=row.exception,
                notes=tuple(notes.get(row.group_id, ())),
                members=practices,
            )
        )
    return tuple(views)


def _plain(value: object) -> str:
    return "" if value is None or (isinstance(value, float) and math.isnan(value)) else str(value)


# ------------------------------------------------------------------------------------------------------- journeys


def _journeys(place: Place, times: TravelTimes, option: AssessedOption) -> pd.DataFrame:
    """Patients and minutes of routine care, one row per practice and area of the practices the plan covers.

    Columns `patients`, `routine` (minutes to the practice's nearest own site, NaN without a route) and `rural`
    (1, 0, or NaN for a home outside the areas of the case).
    """
    covered = set(option.option.plan.practice_codes)
    table = place.registrations[place.registrations["practice_code"].isin(covered)]
    row = pd.Index(times.area_codes).get_indexer(table["area_code"])
    routine = np.full(len(table), np.nan)
    site_at = pd.Index(times.site_codes)
    practice = table["practice_code"].to_numpy()
    for code, sites in place.sites[place.sites["practice_code"] != ""].groupby("practice_code").groups.items():
        mine = np.flatnonzero((practice == code) & (row >= 0))
        if len(mine):
            columns = site_at.get_indexer(pd.Index(sites))
            routine[mine] = times.area_to_site[np.ix_(row[mine], columns)].min(axis=1)
    routine[~np.isfinite(routine)] = np.nan
    return pd.DataFrame(
        {
            "patients": table["patients"].to_numpy(dtype=float),
            "routine": routine,
            "rural": table["area_code"].map(place.areas["rural"].astype(float)).to_numpy(dtype=float),
        }
    )


PARTS = ("", "_rural", "_urban")


def _hub_rows(figures: dict[str, object], table: pd.DataFrame) -> tuple[TravelRow, ...]:
    """Journeys to the hub, from the figures of the option."""
    means = ("mean_minutes_to_hub", "mean_minutes_hub_rural", "mean_minutes_hub_urban")
    rows = [TravelRow("Mean minutes", tuple(minutes(figures.get(key)) for key in means))]
    rows += [
        TravelRow(
            f"Within {limit} minutes",
            tuple(percent(figures.get(f"share_within_{limit}_minutes{part}"), 1) for part in PARTS),
        )
        for limit in MINUTE_LIMITS
    ]
    return (*rows, _counted(table))


def _change_rows(figures: dict[str, object]) -> tuple[TravelRow, ...]:
    """Journeys to the hub before and in this option, of the patients who have both."""
    rows = (
        ("Mean minutes before", "mean_minutes_before", minutes),
        ("Mean minutes in this option", "mean_minutes_compared", minutes),
        ("More than a minute longer", "share_longer", lambda share: percent(share, 1)),
        ("More than a minute shorter", "share_shorter", lambda share: percent(share, 1)),
        ("Patients compared", "patients_compared", count),
    )
    return tuple(
        TravelRow(label, tuple(shape(figures.get(f"{key}{part}")) for part in PARTS)) for label, key, shape in rows
    )


def _routine_rows(figures: dict[str, object], table: pd.DataFrame) -> tuple[TravelRow, ...]:
    """Journeys for routine care: to the patient's own practice, its nearest site."""
    parts = _parts(table)
    timed = [part[part["routine"].notna()] for part in parts]
    keys = ("mean_minutes_routine", "mean_minutes_routine_rural", "mean_minutes_routine_urban")
    means = []
    for key, part in zip(keys, timed, strict=True):
        total = part["patients"].sum()
        own = (part["patients"] * part["routine"]).sum() / total if total else None
        means.append(minutes(figures.get(key, own)))
    rows = [TravelRow("Mean minutes", tuple(means))]
    for limit in MINUTE_LIMITS:
        shares = []
        for part in parts:  # who has no route is not within any number of minutes
            total = part["patients"].sum()
            shares.append(percent(part.loc[part["routine"] <= limit, "patients"].sum() / total if total else None, 1))
        rows.append(TravelRow(f"Within {limit} minutes", tuple(shares)))
    return tuple(rows)


def _parts(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    return table, table[table["rural"] == 1.0], table[table["rural"] == 0.0]


def _counted(table: pd.DataFrame) -> TravelRow:
    return TravelRow("Registered patients", tuple(count(part["patients"].sum()) for part in _parts(table)))


def _far_areas(option: AssessedOption, place: Place) -> tuple[FarArea, ...]:
    """The ten areas with the longest journey to their hub (ties: the smaller code)."""
    table = option.areas[option.areas["minutes_hub"].notna() & option.areas["area_code"].isin(place.areas.index)]
    table = table.sort_values(["minutes_hub", "area_code"], ascending=[False, True]).head(10)
    belongs = maps.group_of_area(place, option.option.plan)
    return tuple(
        FarArea(
            name=_plain(place.areas.at[row.area_code, "name"]),
            code=row.area_code,
            setting="rural" if place.areas.at[row.area_code, "rural"] else "urban",
            group=belongs[row.area_code],
            to_hub=row.minutes_hub,
            to_practice=row.minutes_routine,
        )
        for row in table.itertuples()
    )
