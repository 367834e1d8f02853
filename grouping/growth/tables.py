"""The tables of growth that are handed over: full figures, a word for every column."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import pandas as pd

from grouping.growth.crossings import LIMITS, crossings_of
from grouping.growth.found import Found, group_lists
from grouping.growth.homes import WHY
from grouping.growth.rejudged import figures_table
from grouping.growth.sums import sums_table, ways_table
from grouping.growth.words import to_fives
from grouping.impact.disclosure.counts import as_count, is_small
from grouping.named_table import Column, Kind, NamedTable


def tables_of(found: Found) -> tuple[NamedTable, ...]:
    """All tables there is something for."""
    made = [practices(found), groups(found)]
    if found.known:
        made += [crossings(found), options(found), sums(found)]
        if found.forecast.residents is not None and found.forecast.homes is not None:
            made.append(ways(found))
    if found.forecast.homes is not None:
        made.append(homes(found))
    if found.stated is not None:
        made.append(stated(found))
    return tuple(made)


def _year(found: Found, year: int) -> str:
    return "today" if year == found.timeline.base else f"in {year}"


def practices(found: Found) -> NamedTable:
    """One row a practice, its list in every year."""
    ground, exact = found.ground, found.forecast.lists
    codes = list(ground.plan.practice_codes)
    if found.public:
        exact = pd.DataFrame(found.lists.whole.T, index=exact.index, columns=exact.columns)
    table = pd.DataFrame(
        {
            "practice_code": codes,
            "name": [str(ground.practices.at[code, "name"]) for code in codes],
            "group_id": [ground.group_of[code].group_id for code in codes],
            **{f"list_{year}": exact.loc[codes, year].to_numpy() for year in exact.columns},
        }
    )
    table[f"list_{exact.columns[0]}"] = ground.lists.to_numpy()
    columns = [
        Column("practice_code", "Practice code", "text"),
        Column("name", "Practice", "text"),
        Column("group_id", "Group", "text"),
        *(Column(f"list_{year}", f"List {_year(found, year)}", "people") for year in exact.columns),
    ]
    holds = "One row a practice: its registered patients today and as carried forward, not rounded."
    if found.public:
        holds = "One row a practice: its registered patients today and as carried forward, rounded to the nearest 5."
    return NamedTable("growth-practices", "Lists of practices by year", holds, table, tuple(columns))


def groups(found: Found) -> NamedTable:
    """One row a group: its list in every year, and the minimum that applies today and in the year judged."""
    ground, listed = found.ground, group_lists(found)
    rows, y = [], found.at
    for group in ground.plan.groups:
        known = ground.groups.loc[group.group_id]
        limits = found.lists.limits(group, str(known["kind"]) if found.public else None)
        row: dict[str, object] = {
            "group_id": group.group_id,
            "name": str(known["name"]),
            "kind_today": str(known["kind"]),
            "kind_then": "rural" if limits.rural[y] else "urban",
            "minimum_today": int(known["minimum"]),
            "minimum_then": int(limits.minimum[y]),
            "margin_today": int(known["margin"]),
            "margin_then": int(listed.at[group.group_id, listed.columns[y]] - limits.minimum[y]),
            **{f"list_{year}": int(listed.at[group.group_id, year]) for year in listed.columns},
        }
        members = [found.lists.case.problem.practice_codes.index(code) for code in group.members]
        for age in found.ages:
            now, then = (float(age.people[at, members].sum()) for at in (0, y))
            hidden = found.public and bool(is_small([now, then]).any())
            row[f"{age.key}_today"] = as_count(now, hidden) if found.public else now
            row[f"{age.key}_then"] = as_count(then, hidden) if found.public else then
        rows.append(row)
    when = f"in {found.year}" if found.known else "today"
    words: list[tuple[str, str, Kind]] = [
        ("group_id", "Group", "text"),
        ("name", "Name", "text"),
        ("kind_today", "Kind today", "text"),
        ("kind_then", f"Kind {when}", "text"),
        ("minimum_today", "Minimum today", "people"),
        ("minimum_then", f"Minimum {when}, by the rural share of then", "people"),
        ("margin_today", "Margin today: list less minimum", "people"),
        ("margin_then", f"Margin {when}: list less minimum", "people"),
        *((f"list_{year}", f"List {_year(found, year)}", "people") for year in listed.columns),
    ]
    for age in found.ages:
        words += [
            (f"{age.key}_today", f"Patients, {age.words}, today", "people"),
            (f"{age.key}_then", f"Patients, {age.words}, {when}", "people"),
        ]
    holds = "One row a group of the plan: its list by year (the sum of its practices’ lists in whole patients)."
    return _named("growth-groups", "Lists of groups by year", holds, rows, words)


def crossings(found: Found) -> NamedTable:
    """One row a group and line."""
    names = found.ground.groups["name"]
    rows = []
    for one in found.crossings or crossings_of(found.ground, found.lists):
        at = one.at
        lines = one.lines
        rows.append(
            {
                "group_id": one.group_id,
                "name": str(names[one.group_id]),
                "limit": one.limit,
                "line_today": np.nan if lines is None else float(lines[0]),
                "list_today": int(one.lists[0]),
                "state_today": one.state(0),
                "year": None if one.year is None else int(one.year),
                "line_then": np.nan if lines is None or at is None else float(lines[at]),
                "list_then": None if at is None else int(one.lists[at]),
                "list_last": int(one.lists[-1]),
                "state_last": one.state(-1),
                "words": one.words,
                "note": one.note,
            }
        )
    last = found.timeline.last
    words: list[tuple[str, str, Kind]] = [
        ("group_id", "Group", "text"),
        ("name", "Name", "text"),
        ("limit", "Line", "text"),
        ("line_today", "Line today, patients", "people"),
        ("list_today", "List today", "people"),
        ("state_today", "Side of the line today", "text"),
        ("year", "First year on the other side", "number"),
        ("line_then", "Line in that year, patients", "people"),
        ("list_then", "List in that year", "people"),
        ("list_last", f"List in {last}", "people"),
        ("state_last", f"Side of the line in {last}", "text"),
        ("words", "In words", "text"),
        ("note", "Remark", "text"),
    ]
    holds = "One row a group and line: " + "; ".join(LIMITS.values()) + ". Empty years: not crossed, or not known."
    return _named("growth-crossings", "When groups cross a line", holds, rows, words)


_OPTION_WORDS: tuple[tuple[str, str, Kind], ...] = (
    ("below_minimum", "Groups below their minimum", "number"),
    ("exceptions", "Exceptions that were not granted", "number"),
    ("shortfall", "Shortfall of these, patients", "people"),
    ("above_preferred", "Groups above the preferred maximum", "number"),
    ("above_maximum", "Groups above the hard maximum", "number"),
    ("smallest", "Smallest group", "people"),
    ("largest", "Largest group", "people"),
    ("mean_minutes", "Mean minutes to the hub", "minutes"),
    ("score", "Score", "score"),
)


def options(found: Found) -> NamedTable:
    """One row an option, today and in the year."""
    made = found.rejudged
    assert made is not None
    table = figures_table(made, found.lists, found.at)
    if found.public:
        for name in ("shortfall_then", "smallest_then", "largest_then"):
            table[name] = to_fives(table[name]).astype(int)
    for name in ("rank_now", "rank_then"):
        table[name] = table[name].astype(object)
    columns = [
        Column("option", "Option", "text"),
        Column("rank_now", "Rank today", "number"),
        Column("rank_then", f"Rank for the lists of {made.year}", "number"),
        *(
            Column(f"{key}_{suffix}", f"{words}, {when}", kind)
            for suffix, when in (("now", "today"), ("then", f"{made.year}"))
            for key, words, kind in _OPTION_WORDS
        ),
    ]
    passed = f" Not in the rank: {', '.join(made.passed_over)}." if made.passed_over else ""
    holds = (
        "One row an option: its figures today and for the lists and registrations of "
        f"{made.year}, groups and hubs unchanged. Ranked by {', then '.join(made.order)}, the least first; equal "
        f"figures share a rank.{passed}"
    )
    return NamedTable("growth-options", f"Options judged again for {made.year}", holds, table, tuple(columns))


SUM_WORDS: tuple[tuple[str, str], ...] = (
    ("residents_today", "Residents today of areas with a projection"),
    ("residents", "Residents projected for these areas"),
    ("residents_with_patients", "of which in areas with registered patients"),
    ("residents_more", "Residents more, as the tables say"),
    ("residents_more_without_patients", "of which in areas where nobody is registered: not counted"),
    ("residents_more_not_used", "of which set aside, since planned homes alone are counted"),
    ("patients_are_not_residents", "Because an area has more or fewer patients than residents"),
    ("patients_by_projection", "Patients more through projected residents"),
    ("homes_people", "People of all planned homes, as the tables say"),
    ("homes_counted", "of which counted by this year"),
    ("homes_held", "of which not counted: the projection is taken to hold them"),
    ("homes_outside", "of which not counted: nobody is registered there, or it is over the border"),
    ("homes_built", "of which not counted: built by the year of the lists"),
    ("homes_later", "of which later than this year"),
    ("homes_no_later_year", "of which not counted: no later year is known"),
    ("patients_today", "Patients today"),
    ("patients_projected_areas", "of which living in areas with a projection"),
    ("patients_more", "Patients more than today"),
    ("patients", "Patients then"),
    ("lists_whole", "Sum of the lists in whole patients"),
    ("rounding", "Rounding of lists to whole patients"),
)


def sums(found: Found) -> NamedTable:
    """One row a year: where every person of the tables went."""
    table = sums_table(found.lists)[["year", *(key for key, _ in SUM_WORDS)]]
    if found.public:
        for key, _ in SUM_WORDS:
            table[key] = to_fives(table[key]) if key != "patients_today" else table[key]
    columns = [Column("year", "Year", "number"), *(Column(key, words, "people") for key, words in SUM_WORDS)]
    holds = (
        "One row a year: residents and homes of the inputs, patients of the lists, and everything between them. "
        "Patients more are those through projected residents and the counted people of homes."
    )
    if found.public:
        holds += " Rounded to the nearest 5 each, so that sums can differ by a few."
    return NamedTable("growth-sums", "Where every person went", holds, table, tuple(columns))


def ways(found: Found) -> NamedTable:
    """One row a way of counting."""
    table = ways_table(found.ground, found.lists)
    if found.public:
        table["patients_more"] = to_fives(table["patients_more"])
    words: list[tuple[str, str, Kind]] = [
        ("way", "Setting", "text"),
        ("words", "What counts", "text"),
        ("taken", "Taken here", "text"),
        ("last_year", "Year", "number"),
        ("patients_more", "Patients more than today", "people"),
        ("below_minimum", "Groups below their minimum", "number"),
        ("above_maximum", "Groups above the hard maximum", "number"),
    ]
    holds = "One row a way of counting projected residents and planned homes, which may be the same people."
    return NamedTable("growth-ways", "Three ways of counting", holds, table, tuple(Column(*one) for one in words))


def homes(found: Found) -> NamedTable:
    """One row a place with planned homes."""
    made = found.forecast.homes
    assert made is not None
    table = made.table.assign(why=[WHY[status] for status in made.table["status"]]).drop(columns="status")
    table["year"] = pd.Series([None if np.isnan(y) else int(y) for y in table["year"]], dtype=object, index=table.index)
    words: list[tuple[str, str, Kind]] = [
        ("name", "Place", "text"),
        ("dwellings", "Homes", "amount"),
        ("year", "Year", "number"),
        ("people", "People", "people"),
        ("why", "Whether it counts", "text"),
    ]
    holds = f"One row a place with planned homes, {found.forecast.persons:g} people in each, and whether they count."
    return NamedTable("growth-homes", "Planned homes", holds, table, tuple(Column(*one) for one in words))


def stated(found: Found) -> NamedTable:
    """One row: a stated growth beside ours."""
    one = found.stated
    assert one is not None
    share = one.share
    row = {
        "stated_people": one.people,
        "stated_by": one.by,
        "year": one.year,
        "people": float(to_fives(one.residents)) if found.public else one.residents,
        "difference": float(to_fives(one.difference)) if found.public else one.difference,
        "share": round(share, 3) if found.public else share,
        "patients": float(to_fives(one.patients)) if found.public else one.patients,
        "held": float(to_fives(one.held)) if found.public else one.held,
    }
    words: list[tuple[str, str, Kind]] = [
        ("stated_people", "Stated: people more", "people"),
        ("stated_by", "Stated for", "number"),
        ("year", "Compared with", "number"),
        ("people", "People more by the tables of the case", "people"),
        ("difference", "Tables less stated", "people"),
        ("share", "Share of the stated growth that the tables hold", "share"),
        ("patients", "Patients more on the lists", "people"),
        ("held", "People of planned homes taken to be in the projection", "people"),
    ]
    holds = "A growth stated elsewhere beside that of the tables: residents of the areas of the case and counted homes."
    return _named("growth-stated", "Stated growth", holds, [row], words)


def _named(
    name: str, title: str, holds: str, rows: Iterable[dict[str, object]], words: list[tuple[str, str, Kind]]
) -> NamedTable:
    table = pd.DataFrame(list(rows), columns=[key for key, *_ in words])
    for key, _, kind in words:
        if kind != "text" and table[key].isna().any():
            table[key] = table[key].astype(object)
    return NamedTable(name, title, holds, table, tuple(Column(*one) for one in words))
