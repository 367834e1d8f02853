"""What the section of the page prints: texts, and the chart of the groups' lists."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass

import pandas as pd

from grouping.growth.crossings import LIMITS, MINIMUM, PLACES, of_limit
from grouping.growth.found import Found, group_lists
from grouping.growth.homes import WHY
from grouping.growth.lines import basis
from grouping.growth.sums import sums_table, ways_table
from grouping.growth.tables import SUM_WORDS, options
from grouping.growth.words import more_text, people_text, rate_text
from grouping.impact.disclosure.counts import HIDDEN, is_small
from grouping.plain_words import count, cut, minutes, option_title, plural, signed

WIDTH, LEFT, RIGHT, TOP, ROW = 900, 240, 690, 36, 24
"""Of the chart: its width, where lists begin and end, where the rows begin, and the height of one."""

LONGEST_NAME = 24
"""Letters of a group's name in the drawing; the table has it in full."""

STEP = 10_000
"""Patients between two lines of the scale."""


@dataclass(frozen=True)
class Mark:
    """One row of the chart, in units of the drawing."""

    group_id: str
    name: str
    y: int
    today: float
    then: float
    minimum: float
    text: str
    short: bool


@dataclass(frozen=True)
class Chart:
    """The chart: rows, scale and the facts for those who do not see it."""

    height: int
    rows: tuple[Mark, ...]
    scale: tuple[tuple[float, str], ...]
    preferred: float | None
    label: str
    width: int = WIDTH


@dataclass(frozen=True)
class View:
    """Texts of the section; lists of rows are ready to print."""

    known: bool
    today: str
    year: str
    last: str
    basis: str
    definitions: tuple[str, ...]
    chart: Chart | None
    groups: tuple[tuple[str, ...], ...]
    names: tuple[str, ...]
    ages: tuple[str, ...]
    age_rows: tuple[tuple[str, ...], ...]
    crossed: tuple[tuple[str, str, str, str, str], ...]
    lines: tuple[tuple[str, str], ...]
    options: tuple[tuple[str, ...], ...]
    option_heads: tuple[str, ...]
    option_holds: str
    sums: tuple[tuple[str, str, bool], ...]
    ways: tuple[tuple[str, str, str, str, str], ...]
    homes: tuple[tuple[str, str, str], ...]
    stated: tuple[str, ...]


def view_of(found: Found) -> View:
    """Make the texts."""
    if not found.known:
        return View(
            False, "", "", "", "", (), None, (), (), (), (), (), (), (), (), "", (), (), _homes(found), ()
        )  # fmt: skip
    groups = group_lists(found)
    return View(
        known=True,
        today=str(found.timeline.base),
        year=str(found.year),
        last=str(found.timeline.last),
        basis=basis(found),
        definitions=_definitions(found),
        chart=_chart(found, groups),
        groups=_groups(found, groups),
        names=tuple(str(name) for name in found.ground.groups["name"]),
        ages=tuple(age.words for age in found.ages),
        age_rows=_ages(found),
        crossed=_crossed(found),
        lines=_lines(found),
        options=_options(found),
        option_heads=_OPTION_HEADS,
        option_holds=_option_holds(found),
        sums=_sums(found),
        ways=_ways(found),
        homes=_homes(found),
        stated=_stated(found),
    )


# --- The groups --------------------------------------------------------------------------------------------------


def _limits(found: Found) -> dict[str, int]:
    """The minimum of each group in the year judged."""
    made = {}
    for group in found.ground.plan.groups:
        kind = str(found.ground.groups.at[group.group_id, "kind"]) if found.public else None
        made[group.group_id] = int(found.lists.limits(group, kind).minimum[found.at])
    return made


def _chart(found: Found, groups: pd.DataFrame) -> Chart:
    minimum, year = _limits(found), found.year
    today, then = groups[found.timeline.base], groups[year]
    least = min(*today, *then, *minimum.values())
    most = max(*today, *then, *minimum.values(), 1)
    low, high = STEP * math.floor(least / STEP), STEP * math.ceil(most / STEP)
    step = STEP * max(1, math.ceil((high - low) / STEP / 8))
    high = low + step * max(1, math.ceil((high - low) / step))

    def at(people: float) -> float:
        return round(LEFT + (RIGHT - LEFT) * (people - low) / (high - low), 1)

    rows = tuple(
        Mark(
            str(group_id),
            cut(str(found.ground.groups.at[group_id, "name"]), LONGEST_NAME),
            TOP + ROW * number + ROW // 2,
            at(today[group_id]),
            at(then[group_id]),
            at(minimum[str(group_id)]),
            f"{today[group_id]:,} → {then[group_id]:,}",
            bool(then[group_id] < minimum[str(group_id)]),
        )
        for number, group_id in enumerate(groups.index)
    )
    preferred = found.lists.case.run.rules.size.preferred_maximum
    below = sum(row.short for row in rows)
    label = (
        f"Chart of the lists of {plural(len(rows), 'group')} in {found.timeline.base} and {year}, and their minimums. "
        f"Below its minimum in {year}: {below}. The same figures are in the table below."
    )
    scale = tuple((at(people), f"{people:,}") for people in range(low, high + 1, step))
    return Chart(TOP + ROW * len(rows) + 16, rows, scale, at(preferred) if low < preferred <= high else None, label)


def _groups(found: Found, groups: pd.DataFrame) -> tuple[tuple[str, ...], ...]:
    minimum, rows = _limits(found), []
    for group_id in groups.index:
        today, then = int(groups.at[group_id, found.timeline.base]), int(groups.at[group_id, found.year])
        margin = then - minimum[group_id]
        said = signed(margin) + (" (short)" if margin < 0 else "")
        now = int(found.ground.groups.at[group_id, "minimum"])
        rows.append(
            (str(group_id), count(today), count(then), more_text(then - today), rate_text(then - today, today),
             count(now), count(minimum[group_id]), said)
        )  # fmt: skip
    return tuple(rows)


def _ages(found: Found) -> tuple[tuple[str, ...], ...]:
    rows, codes = [], found.lists.case.problem.practice_codes
    for group in found.ground.plan.groups:
        members, row = [codes.index(code) for code in group.members], [group.group_id]
        for age in found.ages:
            now, then = (float(age.people[y, members].sum()) for y in (0, found.at))
            if found.public and bool(is_small([now, then]).any()):
                row.append(HIDDEN)
                continue
            texts = [people_text(people, public=found.public) for people in (now, then)]
            row.append(f"{texts[0]} → {texts[1]}")
        rows.append(tuple(row))
    return tuple(rows) if found.ages else ()


# --- Lines -------------------------------------------------------------------------------------------------------


def _crossed(found: Found) -> tuple[tuple[str, str, str, str, str], ...]:
    names = found.ground.groups["name"]
    crossed = [one for one in found.crossings if one.year is not None]
    crossed.sort(key=lambda one: (one.year or 0, list(LIMITS).index(one.limit), one.group_id))
    return tuple(
        (
            str(one.year),
            one.group_id,
            str(names[one.group_id]),
            LIMITS[one.limit].split(":")[0],
            f"{one.words}: {one.note}" if one.note else one.words,
        )
        for one in crossed
    )


def _lines(found: Found) -> tuple[tuple[str, str], ...]:
    """How many groups are on the wrong side of every line, today and at the end; and what is not known."""
    rows = []
    for limit, words in LIMITS.items():
        lines = of_limit(found.crossings, limit)
        known = [one for one in lines if one.above is not None]
        bad = "below" if limit == MINIMUM else "above"
        if not lines:
            if not found.public:
                rows.append((words, _why_no_capacity(limit)))
            continue
        now = [one.group_id for one in known if one.state(0) == bad]
        then = [one.group_id for one in known if one.state(-1) == bad]
        said = f"{_named(now)} {bad} today, {_named(then)} in {found.timeline.last}"
        if len(known) < len(lines):
            said += f"; not known for {plural(len(lines) - len(known), 'group')}"
        rows.append((words, said))
    return tuple(rows)


def _why_no_capacity(limit: str) -> str:
    if limit == PLACES:
        return "not known: no table of places is given (tables.capacity of programme.toml)"
    return "not known: no floor area for 1,000 patients is given (estates.m2_per_1000 of programme.toml)"


def _named(groups: list[str]) -> str:
    if not groups:
        return "no group"
    return f"{plural(len(groups), 'group')} ({', '.join(groups)})"


# --- Options -----------------------------------------------------------------------------------------------------

_OPTION_HEADS = (
    "Rank", "Below minimum", "Exceptions", "Above preferred maximum", "Above hard maximum", "Smallest group",
    "Largest group", "Mean minutes to hub",
)  # fmt: skip


_CRITERIA = {
    "shortfall": "patients missing to the minimums",
    "exceptions": "groups below their minimum that were not granted",
    "score": "the score of the rule set",
    "minutes": "minutes to the hub",
    "groups": "the number of groups",
    "longest_practice": "the longest way of a practice to its hub",
}


def _options(found: Found) -> tuple[tuple[str, ...], ...]:
    """One row an option, each figure today and then."""
    rows = []
    for row in options(found).table.to_dict("records"):
        cells = [option_title(str(row["option"]))]
        for key, text in (
            ("rank", str), ("below_minimum", count), ("exceptions", count), ("above_preferred", count),
            ("above_maximum", count), ("smallest", count), ("largest", count), ("mean_minutes", minutes),
        ):  # fmt: skip
            now, then = row[f"{key}_now"], row[f"{key}_then"]
            cells.append("not told" if now is None else f"{text(now)} → {text(then)}")
        rows.append(tuple(cells))
    return tuple(rows)


def _option_holds(found: Found) -> str:
    made = found.rejudged
    if made is None:
        return ""
    said = f"Ranked by {', then '.join(_CRITERIA[name] for name in made.order)}, the least first."
    if made.passed_over:
        said += f" Criteria of the rule set that are not in the rank: {', '.join(made.passed_over)}."
    return said


# --- Sums --------------------------------------------------------------------------------------------------------

_MAIN = ("residents_more", "homes_people", "patients_by_projection", "patients_today", "patients_more", "patients")


def _sums(found: Found) -> tuple[tuple[str, str, bool], ...]:
    """What there is of the sums of the year judged: words, people, and whether it is a main line."""
    row = sums_table(found.lists).iloc[found.at]
    made = []
    for key, words in SUM_WORDS:
        value = float(row[key])
        if math.isnan(value) or (key not in _MAIN and abs(value) < 0.5):
            continue
        plus = key in ("residents_more", "patients_by_projection", "patients_more", "patients_are_not_residents",
                       "rounding", "residents_more_without_patients", "residents_more_not_used")  # fmt: skip
        text = more_text(value, public=found.public) if plus else people_text(value, public=found.public)
        made.append((words, text, key in _MAIN))
    return tuple(made)


def _ways(found: Found) -> tuple[tuple[str, str, str, str, str], ...]:
    if found.forecast.residents is None or found.forecast.homes is None:
        return ()
    table = ways_table(found.ground, found.lists)
    return tuple(
        (
            str(row.words),
            str(row.taken),
            more_text(float(row.patients_more), public=found.public),
            count(row.below_minimum),
            count(row.above_maximum),
        )
        for row in table.itertuples()
    )


def _homes(found: Found) -> tuple[tuple[str, str, str], ...]:
    """Planned homes by whether they count: words, homes, people."""
    homes = found.forecast.homes
    if homes is None:
        return ()
    places = Counter(homes.table["status"])
    made = []
    for status, words in WHY.items():
        if places[status]:
            own = homes.table[homes.table["status"] == status]
            where = f"{count(own['dwellings'].sum())} homes at {plural(places[status], 'place')}"
            made.append((words, where, people_text(own["people"].sum(), public=found.public)))
    return tuple(made)


def _stated(found: Found) -> tuple[str, ...]:
    one, public = found.stated, found.public
    if one is None:
        return ()
    said = (
        f"Stated: {one.people:+,} people by {one.by}. The tables of the case hold "
        f"{more_text(one.residents, public=public)} by {one.year} (residents projected for its areas, and people of "
        "homes that are counted)"
    )
    if round(one.difference):
        said += f": {more_text(one.difference, public=public)} against the stated figure"
    said += f", {100 * one.share:.1f}% of it." if math.isfinite(one.share) else "."
    also = f"On the lists that is {more_text(one.patients, public=public)} patients."
    if one.held:
        held = people_text(one.held, public=public)
        also += f" {held} people of planned homes are not in this figure: the projection is taken to hold them."
    if one.by != one.year:
        also += f" The tables do not speak of {one.by}; the nearest year they know is compared."
    return said, also


def _definitions(found: Found) -> tuple[str, ...]:
    """How it was worked out, for a reader who wants to challenge it."""
    timeline, forecast = found.timeline, found.forecast
    said = [
        f"The lists of today are taken as those of {timeline.base}: {timeline.said}. Nothing is said of years after "
        f"{timeline.last}."
    ]
    if forecast.uses_projections and forecast.residents is not None:
        later = [str(year) for year in timeline.projected if year > timeline.base]
        said.append(
            f"Residents are projected for {', '.join(later)}; between these years and today each area follows a "
            "straight line. A practice’s patients in an area grow or shrink as the residents of the area do, and "
            "patients in areas without a projection stay as today."
        )
        if forecast.residents.own_start.any():
            said.append(
                f"Growth is counted from the projected residents of {timeline.base}: the projections reach back so far."
            )
        else:
            said.append(f"Growth is counted from the residents of the areas table, taken as those of {timeline.base}.")
        if forecast.residents.filled.any():
            said.append(
                f"{plural(int(forecast.residents.filled.sum()), 'area', start=True)} without a row in some projected "
                "year: passed over in that year, unchanged after the last one."
            )
    if forecast.homes is not None:
        said.append(
            f"Planned homes have {forecast.persons:g} people each, who come in the year of the homes and register with "
            "the practices of the area in proportion to their patients there. Homes without a year count in the last "
            "year only."
        )
    if found.ages:
        said.append(
            "Patients of an age grow as the residents of that age in their area are projected to; today’s numbers are "
            "the practices’ own where given, else by the residents of the area."
        )
    maximum = found.lists.case.run.rules.size
    said.append(
        "Minimum: by the rural share of the patients of that year. "
        f"Preferred maximum: {maximum.preferred_maximum:,}. Hard maximum: that of the rule set. Crossings are "
        "found by whole lists of every year, to the year. Groups, hubs and minutes are those of the run."
    )
    if found.public:
        said.append(
            "Worked out from public registrations, without small counts, and rounded to the nearest 5: years and "
            "figures can differ a little from those the commissioner works with."
        )
    return tuple(said)
