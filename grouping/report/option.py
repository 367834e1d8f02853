"""What the page says about one option: its groups, their members, and the journeys."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from geodata.place import Place
from geodata.travel import TravelTimes
from grouping import maps
from grouping.impact.disclosure.counts import HIDDEN
from grouping.plain_words import UNKNOWN, count, is_missing, minutes, option_title, percent, plural, signed
from grouping.report.group_figures import Figure, GroupFigures, Kind, all_figures
from grouping.report.group_section import (
    GroupSection,
    PracticeView,
    Surroundings,
    group_section,
    growth_sentences,
    rural_words,
    told_before,
)
from grouping.result import AssessedOption, Run

MINUTE_LIMITS = maps.MINUTE_CLASSES


@dataclass(frozen=True)
class GroupView:
    """One group with everything the page says of it."""

    group_id: str
    letters: str
    name: str
    colour: str
    kind: str
    rural_share: str
    practices: int
    sites: int
    site_words: str
    list_size: int
    minimum: int
    margin: int
    outside_preferred: str
    bar: float
    mark: float
    hub: str
    mean_minutes: float
    longest_minutes: float
    exception: str
    notes: tuple[tuple[str, str], ...]
    section: GroupSection

    @property
    def members(self) -> tuple[PracticeView, ...]:
        """Its practices."""
        return self.section.members


@dataclass(frozen=True)
class FigureTable:
    """A table with one row a group: its caption, heads, and a line of cells for each group."""

    caption: str
    heads: tuple[tuple[str, bool], ...]
    rows: tuple[tuple[str, ...], ...]


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
    more: tuple[FigureTable, ...]
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


def option_views(run: Run, colours: Sequence[dict[str, int]], figures: GroupFigures) -> list[OptionView]:
    """Gather what is shown about every option.

    Parameters
    ----------
    run
        The run.
    colours
        Palette number of each group, one for each option.
    figures
        The figures of the groups of all options (`grouping.report.group_figures.all_figures`).
    """
    around = Surroundings(run)
    return [
        _view(option, colour, same, figures, around)
        for option, colour, same in zip(run.options, colours, told_before(run.options), strict=True)
    ]


def option_view(option: AssessedOption, run: Run, colours: dict[str, int]) -> OptionView:
    """What is shown about one option alone; `colours` is the palette number of each group."""
    (same,) = told_before([option])
    return _view(option, colours, same, all_figures(replace(run, options=(option,))), Surroundings(run))


def _view(
    option: AssessedOption,
    colours: dict[str, int],
    same: Mapping[str, tuple[str, str] | None],
    figures: GroupFigures,
    around: Surroundings,
) -> OptionView:
    run, headline = around.run, option.headline
    lead = (
        f"{plural(int(headline['groups']), 'group')} of {count(headline['smallest'])} to {count(headline['largest'])} "
        f"patients; {minutes(headline.get('mean_minutes_to_hub'))} minutes to the hub on average."
    )
    title = option_title(option.option.option_id)
    table = _journeys(run.place, run.times, option)
    groups = _group_views(option, colours, same, figures, around)
    return OptionView(
        option_id=option.option.option_id,
        title=title,
        lead=lead,
        groups=groups,
        more=more_tables(title, figures, figures.tables[option.option.option_id]),
        hub_journeys=_hub_rows(headline, 0 if run.public else 1),
        routine_journeys=_routine_rows(headline, table, 0 if run.public else 1),
        far_areas=_far_areas(option, run.place),
        change_journeys=_change_rows(headline, 0 if run.public else 1) if run.before is not None else (),
        verified=option.verified,
        verification=tuple(
            (str(row.claim), bool(row.agrees), str(row.detail)) for row in option.verification.itertuples()
        ),
        left_out=tuple((r.practice_code, r.name, r.list_size) for r in option.left_out.itertuples())
        if len(option.option.plan.groups)
        else (),
    )


def _group_views(
    option: AssessedOption,
    colours: dict[str, int],
    same: Mapping[str, tuple[str, str] | None],
    figures: GroupFigures,
    around: Surroundings,
) -> tuple[GroupView, ...]:
    place, own = around.place, figures.tables[option.option.option_id]
    largest = max(int(option.groups["list_size"].max()), int(option.groups["minimum"].max()))
    notes: dict[str, list[tuple[str, str]]] = {}
    for row in option.notes.itertuples():
        notes.setdefault(row.group_id, []).append((NOTE_WORDS.get(row.kind, row.kind.capitalize()), row.note))
    groups = {group.group_id: group for group in option.option.plan.groups}
    grows = {
        figure.key.removeprefix("list_"): figure.head.replace("List", "Registered", 1)
        for figure in figures.of("people")
        if figure.key.startswith("list_")
    }
    letters = maps.group_letters(list(option.groups["group_id"]))
    views = []
    for row in option.groups.itertuples():
        grown = growth_sentences(own.loc[row.group_id], grows)
        section = group_section(groups[row.group_id], row, option, around, grown, same[row.group_id])
        views.append(
            GroupView(
                group_id=row.group_id,
                letters=letters[row.group_id],
                name=row.name,
                colour=maps.PALETTE[colours[row.group_id]],
                kind=row.kind,
                rural_share=rural_words(row.rural_share, row.kind, around.run),
                practices=row.practices,
                sites=row.sites,
                site_words=_site_words(own.loc[row.group_id]),
                list_size=int(row.list_size),
                minimum=int(row.minimum),
                margin=int(row.margin),
                outside_preferred=_outside_words(int(own.at[row.group_id, "outside_preferred"]), int(row.margin)),
                bar=round(100 * row.list_size / largest, 1),
                mark=round(100 * row.minimum / largest, 1),
                hub=str(place.sites.at[row.hub_site_code, "name"]),
                mean_minutes=row.mean_minutes_to_hub,
                longest_minutes=row.max_practice_minutes,
                exception=row.exception,
                notes=tuple(notes.get(row.group_id, ())),
                section=section,
            )
        )
    return tuple(views)


def _site_words(figures: pd.Series) -> str:
    """How many of the sites are main ones; nothing where all are."""
    return f"{int(figures['main_sites'])} main" if figures["branch_sites"] else ""


def _outside_words(outside: int, margin: int) -> str:
    """How far the list lies outside the preferred sizes; nothing where it is inside, or below the minimum anyhow."""
    if outside > 0:
        return f"{count(outside)} above preferred"
    return f"{count(-outside)} below preferred" if outside < 0 <= margin else ""


# ------------------------------------------------------------------------------------------------ tables of figures

MORE = (("people", "the people of each group"), ("practices", "the practices and sites of each group"))
"""The tables beside the one of the groups, and what they are about."""

BESIDE = ("_share", "_unknown", "vulnerable_patients", "not_rated", "systems_used", "minimum_", "margin_")
"""Figures that stand in the cell of another figure, by what their names hold."""


def _has_column(figure: Figure) -> bool:
    return not any(part in figure.key for part in BESIDE)


def more_tables(title: str, figures: GroupFigures, table: pd.DataFrame) -> tuple[FigureTable, ...]:
    """The figures that do not fit into the table of the groups, in tables of their own.

    Parameters
    ----------
    title
        The option.
    figures
        What the columns are.
    table
        The figures of the option.
    """
    made = []
    for part, about in MORE:
        heads = [figure for figure in figures.of(part) if _has_column(figure)]
        if heads:
            rows = tuple(tuple(_cell(figure, row) for figure in heads) for row in table.to_dict("records"))
            named = tuple((_head(figure), figure.kind != "text") for figure in heads)
            made.append(FigureTable(f"{title}: {about}", named, rows))
    return tuple(made)


def column_words(figures: GroupFigures) -> tuple[tuple[str, str, str], ...]:
    """Head, meaning and source of every column of the tables of groups."""
    return tuple(
        (_head(figure), figure.meaning.rstrip("."), figure.source) for figure in figures.columns if _has_column(figure)
    )


def _head(figure: Figure) -> str:
    return f"{figure.head} (margin)" if figure.key.startswith("list_") and figure.part == "people" else figure.head


def _cell(figure: Figure, row: Mapping[str, object]) -> str:
    """One cell: the figure, and what belongs beside it."""
    value = shown(row[figure.key], figure.kind)
    beside = []
    if f"{figure.key}_share" in row and value not in (HIDDEN, UNKNOWN):
        beside.append(shown(row[f"{figure.key}_share"], "share"))
    growth = figure.key.removeprefix("list_")
    if f"margin_{growth}" in row:
        beside.append(shown(row[f"margin_{growth}"], "signed"))
        if row[f"minimum_{growth}"] != row["minimum"]:
            beside.append(f"minimum then {count(row[f'minimum_{growth}'])}")
    if figure.key == "vulnerable":
        beside += [f"{count(row['vulnerable_patients'])} patients"] if row["vulnerable"] else []
        beside += [f"{count(row['not_rated'])} not rated"] if row["not_rated"] else []
    if row.get(f"{figure.key}_unknown", 0):
        beside.append(f"{plural(int(row[f'{figure.key}_unknown']), 'site')} without")
    return f"{value} ({'; '.join(beside)})" if beside else value


def shown(value: object, kind: Kind) -> str:
    """A figure as the page prints it."""
    if isinstance(value, str):
        return value
    if is_missing(value) or pd.isna(value):
        return UNKNOWN
    if kind == "signed":
        return signed(value)
    if kind == "minutes":
        return minutes(value)
    if kind == "share":
        return percent(value)
    if kind == "money":
        return f"£{float(value):,.2f}" if abs(float(value)) < 1_000 else f"£{count(value)}"
    return count(value)


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


def _hub_rows(figures: dict[str, object], digits: int) -> tuple[TravelRow, ...]:
    """Journeys to the hub, from the figures of the option."""
    means = ("mean_minutes_to_hub", "mean_minutes_hub_rural", "mean_minutes_hub_urban")
    rows = [TravelRow("Mean minutes", tuple(minutes(figures.get(key)) for key in means))]
    rows += [
        TravelRow(
            f"Within {limit} minutes",
            tuple(percent(figures.get(f"share_within_{limit}_minutes{part}"), digits) for part in PARTS),
        )
        for limit in MINUTE_LIMITS
    ]
    return (*rows, _counted(figures))


def _change_rows(figures: dict[str, object], digits: int) -> tuple[TravelRow, ...]:
    """Journeys to the hub before and in this option, of the patients who have both."""
    rows = (
        ("Mean minutes before", "mean_minutes_before", minutes),
        ("Mean minutes in this option", "mean_minutes_compared", minutes),
        ("More than a minute longer", "share_longer", lambda share: percent(share, digits)),
        ("More than a minute shorter", "share_shorter", lambda share: percent(share, digits)),
        ("Patients compared", "patients_compared", count),
    )
    return tuple(
        TravelRow(label, tuple(shape(figures.get(f"{key}{part}")) for part in PARTS)) for label, key, shape in rows
    )


def _routine_rows(figures: dict[str, object], table: pd.DataFrame, digits: int) -> tuple[TravelRow, ...]:
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
        for name, part in zip(PARTS, parts, strict=True):  # who has no route is not within any number of minutes
            total = part["patients"].sum()
            own = part.loc[part["routine"] <= limit, "patients"].sum() / total if total else None
            shares.append(percent(figures.get(f"share_routine_within_{limit}_minutes{name}", own), digits))
        rows.append(TravelRow(f"Within {limit} minutes", tuple(shares)))
    return tuple(rows)


def _parts(table: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    return table, table[table["rural"] == 1.0], table[table["rural"] == 0.0]


def _counted(figures: dict[str, object]) -> TravelRow:
    """The patients of the practices that the plan covers; what a public option does not hold is not made up for."""
    return TravelRow("Registered patients", tuple(count(figures.get(f"patients{part}")) for part in PARTS))


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
