"""The tables of the page about travel, as texts: what stands in each cell, nothing about how it looks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from grouping.impact.answer import by_option
from grouping.impact.columns import LONGER, WITHIN
from grouping.impact.words import (
    BY,
    NONE,
    change_cell,
    figures,
    has_change,
    headline_populations,
    is_fewer,
    label_by,
    minutes_cell,
    no_route_words,
    number_of,
    people_cell,
    ratio_cell,
    scenario_title,
    share_cell,
)
from grouping.plain_words import is_missing, option_title

if TYPE_CHECKING:
    from grouping.impact.result import Impact

SETTINGS = ("all", "rural", "urban")
MOST = 5
"""Practices that gain most, and as many that lose most, are listed."""


@dataclass(frozen=True)
class Table:
    """A table of texts.

    Parameters
    ----------
    caption
        What it holds.
    columns
        Header of each column; the first one names the rows.
    rows
        Texts, as many in each as there are columns.
    numbers
        Position of the first column of figures.
    spans
        A header row above: words and how many columns they stand over; empty without one.
    every_assumption
        Whether its figures are for more than the scenario of the page.
    """

    caption: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: int = 1
    spans: tuple[tuple[str, int], ...] = ()
    every_assumption: bool = False


Shown = Callable[[object], str]


def overview(impact: Impact) -> Table:
    """The options side by side: the figures that the answer speaks of."""
    options = impact.option_ids
    lines: list[tuple[str, str, str, str, Shown]] = [
        ("Registered patients counted", "people", "all", "all", people_cell),
        ("Mean minutes to the hub by car", "mean", "all", "all", minutes_cell),
        ("… people in rural areas", "mean", "rural", "all", minutes_cell),
        ("… people in urban areas", "mean", "urban", "all", minutes_cell),
        (f"People beyond {impact.threshold:g} minutes", "beyond", "all", "all", people_cell),
        ("… of them aged 75 and over", "beyond", "all", "age_75_plus", people_cell),
        (label_by("no_car", "… of them in households without a car", "car"), "beyond", "all", "no_car", people_cell),
    ]
    if has_change(impact):
        rows_of_all = figures(impact, "hub", "car", setting="all")
        if fewer_compared(impact, rows_of_all[rows_of_all["population"] == "all"].to_dict("records")):
            lines.append(("People compared with before", "people_compared", "all", "all", people_cell))
        lines += [(f"People longer by more than {m} minutes", f"longer_{m}", "all", "all", people_cell) for m in LONGER]
        lines += [
            ("People shorter by more than 5 minutes", "shorter_5", "all", "all", people_cell),
            (f"People newly beyond {impact.threshold:g} minutes", "newly_beyond", "all", "all", people_cell),
        ]
    rows = []
    for label, column, setting, population, shown in lines:
        values = by_option(impact, "hub", "car", column, setting, population)
        if values:
            rows.append((label, *(shown(values.get(option)) for option in options)))
    return Table("Journeys to the hub by car, the options side by side", ("What", *_titles(options)), tuple(rows))


def _titles(options: Iterable[str]) -> tuple[str, ...]:
    return tuple(option_title(option) for option in options)


# ---------------------------------------------------------------------------------------------- one journey, one mode


def level_table(impact: Impact, option: str, journey: str, mode: str) -> Table:
    """How long a journey is, by population; rural and urban side by side."""
    measures = (
        ("People", "people", people_cell),
        ("Mean minutes", "mean", minutes_cell),
        ("Median", "median", minutes_cell),
        ("Nine in ten within", "p90", minutes_cell),
    )
    return _by_setting(impact, option, journey, mode, measures, "minutes")


def reach_table(impact: Impact, option: str, journey: str, mode: str) -> Table:
    """How many are near and how many far, by population; rural and urban side by side."""
    near = min(WITHIN, key=lambda m: abs(m - 30))
    measures = (
        ("Longest minutes", "longest", minutes_cell),
        (f"Within {near} minutes", f"within_{near}", share_cell),
        (f"People beyond {impact.threshold:g} minutes", "beyond", people_cell),
        (no_route_words(impact), "no_route", people_cell),
    )
    return _by_setting(impact, option, journey, mode, measures, "near and far")


def longer_table(impact: Impact, option: str, journey: str, mode: str) -> Table:
    """For how many people a journey grows, by population; rural and urban side by side."""
    measures = tuple((f"Longer by over {m} minutes", f"longer_{m}", people_cell) for m in LONGER)
    return _by_setting(impact, option, journey, mode, measures, "people whose journey grows")


def before_table(impact: Impact, option: str, journey: str, mode: str) -> Table:
    """Mean minutes before and after of the people compared, by population; rural and urban side by side."""
    table = figures(impact, journey, mode)
    table = table[table["option"] == option]
    measures: tuple[tuple[str, str, Shown], ...] = (
        ("Mean before", "mean_before", minutes_cell),
        ("Mean after", "mean_after", minutes_cell),
        ("Change of the mean, minutes", "mean_change", change_cell),
    )
    if fewer_compared(impact, table.to_dict("records")):
        measures = (("People compared", "people_compared", people_cell), *measures)
    return _by_setting(impact, option, journey, mode, measures, "before and after, of the people compared")


def fewer_compared(impact: Impact, rows: Iterable[dict[str, object]]) -> bool:
    """Whether in some row fewer people are compared than there are; a hidden number may be fewer."""
    return any(is_fewer(row["people_compared"], row["people"], public=impact.public) for row in rows)


def change_table(impact: Impact, option: str, journey: str, mode: str) -> Table:
    """What else changes, by population; rural and urban side by side."""
    measures = (
        ("Shorter by over 5 minutes", "shorter_5", people_cell),
        (f"Newly beyond {impact.threshold:g}", "newly_beyond", people_cell),
        (f"No longer beyond {impact.threshold:g}", "no_longer_beyond", people_cell),
    )
    return _by_setting(impact, option, journey, mode, measures, "what else changes")


def _by_setting(
    impact: Impact, option: str, journey: str, mode: str, measures: Sequence[tuple[str, str, Shown]], what: str
) -> Table:
    table = figures(impact, journey, mode)
    table = table[table["option"] == option]
    settings = [name for name in (*SETTINGS, "not known") if (table["setting"] == name).any()]
    found = {(row["population"], row["setting"]): row for row in table.to_dict("records")}
    rows = []
    for key, label in headline_populations(impact):
        if (key, "all") not in found:
            continue
        cells = [
            shown(found[(key, setting)][column]) if (key, setting) in found else people_cell(None)
            for _, column, shown in measures
            for setting in settings
        ]
        rows.append((label_by(key, label, mode), *cells))
    to = "to the hub" if journey == "hub" else "to the own practice"
    return Table(
        f"{option_title(option)}: {what}, from home {to} {BY[mode]}",
        ("Population", *([name.capitalize() for name in settings] * len(measures))),
        tuple(rows),
        spans=tuple((words, len(settings)) for words, _, _ in measures),
    )


def curve_table(impact: Impact) -> Table:
    """The figures of the cumulative curves."""
    rows = []
    for option in impact.option_ids:
        table = figures(impact, "hub", "car")
        table = table[(table["option"] == option) & (table["population"] == "all")]
        rows += [
            (option_title(option), str(row["setting"]), *(share_cell(row[f"within_{m}"]) for m in WITHIN))
            for row in table.to_dict("records")
        ]
    columns = ("Option", "Setting", *(f"Within {m} minutes" for m in WITHIN))
    return Table("Share of people within so many minutes of the hub by car", columns, tuple(rows), numbers=2)


# --------------------------------------------------------------------------------------------------------- inequality


def inequality_tables(impact: Impact) -> list[Table]:
    """One table for each mode: populations in the rows, gap and ratio of each option, and with a before both gaps."""
    table = impact.tables["inequality"]
    words = ("Gap, minutes", "Ratio", *(("Gap before", "Gap after") if has_change(impact) else ()))
    made = []
    for mode in dict(impact.modes):
        part = table[(table["journey"] == "hub") & (table["mode"] == mode)]
        found = {(row["population"], row["compared_with"], row["option"]): row for row in part.to_dict("records")}
        pairs = dict.fromkeys(
            (row["population"], row["compared_with"], row["label"]) for row in part.to_dict("records")
        )
        rows = []
        for population, against, label in pairs:
            cells: list[str] = []
            for option in impact.option_ids:
                row = found.get((population, against, option), {})
                cells += [change_cell(row.get("gap")), ratio_cell(row.get("ratio"))]
                cells += [change_cell(row.get(name)) for name in ("gap_before", "gap_after")[: len(words) - 2]]
            rows.append((label_by(population, label, mode), against, *cells))
        if rows:
            made.append(
                Table(
                    f"Difference of the mean minutes to the hub {BY[mode]}, by population",
                    ("Population", "Compared with", *(words * len(impact.option_ids))),
                    tuple(rows),
                    numbers=2,
                    spans=tuple((title, len(words)) for title in _titles(impact.option_ids)),
                )
            )
    return made


# --------------------------------------------------------------------------------------------------------- communities


def community_table_of(impact: Impact, option: str, journey: str = "hub", mode: str = "car") -> Table:
    """The worst communities under one option."""
    table = impact.tables["communities"]
    table = table[(table["option"] == option) & (table["journey"] == journey) & (table["mode"] == mode)]
    table = table[[number_of(rank) <= impact.worst and number_of(rank) > 0 for rank in table["rank"]]]
    compared = has_change(impact) or journey == "routine"
    ranked = sorted(table.to_dict("records"), key=lambda row: number_of(row["rank"]))
    if compared:
        ranked = [row for row in ranked if number_of(row["change"]) > 0]
    some = compared and fewer_compared(impact, ranked)
    rows = [_community(row, compared, some) for row in ranked]
    columns = ("Community", "Setting", "Mean minutes", *(("People compared",) if some else ()))
    columns += ("Before", "After", "Change", "Newly beyond") if compared else ()
    columns += ("Longest", f"Beyond {impact.threshold:g}", no_route_words(impact))
    who = ("People", "65 and over", "No car", "Most deprived fifth")
    what = "whose mean journey grows most" if compared else "with the longest mean journey"
    to = "to the hub" if journey == "hub" else "to the own practice"
    caption = f"{option_title(option)}: communities {what}, {to} {BY[mode]}, worst first"
    return Table(caption, (*columns, *who), tuple(rows), numbers=2)


def _community(row: dict[str, object], compared: bool, some: bool) -> tuple[str, ...]:
    changes = (minutes_cell(row["minutes"]), *((people_cell(row["people_compared"]),) if some else ()))
    if compared:
        before, after = (minutes_cell(row[name]) for name in ("minutes_before", "minutes_after"))
        changes += (before, after, change_cell(row["change"]), people_cell(row["newly_beyond"]))
    people = (
        people_cell(row[name]) for name in ("beyond", "no_route", "people", "age_65_plus", "no_car", "most_deprived")
    )
    return (str(row["community"]), str(row["setting"]), *changes, minutes_cell(row["longest"]), *people)


# -------------------------------------------------------------------------------------------------------------- stress


def scenario_table(impact: Impact) -> Table | None:
    """How the options rank under each assumption."""
    table = impact.tables.get("scenarios")
    if table is None or not len(table):
        return None
    found = {(row["scenario"], row["option"]): row for row in table.to_dict("records")}
    titles = dict(zip(table["scenario"], table["title"], strict=True))
    options = impact.option_ids
    rows = []
    for scenario, title in titles.items():
        lines = [found.get((scenario, option), {}) for option in options]
        means = [_ranked(minutes_cell(row.get("mean")), row.get("rank_mean")) for row in lines]
        beyond = [_ranked(people_cell(row.get("beyond")), row.get("rank_beyond")) for row in lines]
        rows.append((str(title), *means, *beyond))
    return Table(
        "Journeys to the hub by car under each assumption; in brackets the rank among the options, 1 is the least",
        ("Assumption", *_titles(options), *_titles(options)),
        tuple(rows),
        spans=(("Mean minutes", len(options)), (f"People beyond {impact.threshold:g} minutes", len(options))),
        every_assumption=True,
    )


def _ranked(cell: str, rank: object) -> str:
    place = people_cell(rank)
    return cell if place == NONE else f"{cell} ({place})"


def rank_changes(impact: Impact) -> list[tuple[str, str]]:
    """Title of an assumption and what changes in the ranks under it."""
    table = impact.tables.get("scenarios")
    if table is None:
        return []
    said: dict[str, list[str]] = {}
    for title, words in zip(table["title"], table["rank_changes"], strict=True):
        if words and not is_missing(words):
            said.setdefault(str(title), []).append(str(words).strip(" ."))
    return [(title, "; ".join(dict.fromkeys(words)) + ".") for title, words in said.items()]


def robust_rows(impact: Impact) -> Table | None:
    """Communities that are worse off under every assumption, and under which options; the worst first."""
    table = impact.tables.get("robust")
    if table is None or not len(table):
        return None
    table = table[[str(value).strip().lower() in {"true", "yes", "1"} for value in table["robust"]]]
    by_community: dict[str, dict[str, dict[str, object]]] = {}
    for row in table.to_dict("records"):
        by_community.setdefault(str(row["community"]), {})[str(row["option"])] = row
    worst = sorted(by_community, key=lambda name: -max(number_of(row["base"]) for row in by_community[name].values()))
    rows = []
    for name in worst[: impact.worst]:
        first = next(iter(by_community[name].values()))
        cells = [_spread(by_community[name].get(option), impact) for option in impact.option_ids]
        rows.append((name, str(first["setting"]), people_cell(first["people"]), *cells))
    what = "change of the mean minutes" if has_change(impact) else "mean minutes"
    title = scenario_title(impact)
    now = f"under the assumption “{title}”" if title else "as things stand"
    number = len(by_community)
    listed = f"the {impact.worst} worst of {number}" if number > impact.worst else f"{number} in all"
    return Table(
        f"Communities that are worse off under every assumption tried, {listed}: {what} to the hub by car {now}, and "
        "in brackets the least and the most under any assumption tried",
        ("Community", "Setting", "People", *_titles(impact.option_ids)),
        tuple(rows),
        numbers=2,
        every_assumption=True,
    )


def _spread(row: dict[str, object] | None, impact: Impact) -> str:
    """What stands in a cell for a community and an option; a dash where it is not worse off throughout."""
    if row is None:
        return NONE
    shown = change_cell if has_change(impact) else minutes_cell
    return f"{shown(row['base'])} ({shown(row['least'])} to {shown(row['most'])})"


# ------------------------------------------------------------------------------------------------ practices and groups


def practice_tables(impact: Impact, option: str) -> list[Table]:
    """Practices and groups whose patients gain or lose most; without a "before", those with the longest journeys.

    Those of whose patients nobody can be compared stand last, with how long their journey is.
    """
    compared = has_change(impact)
    made = []
    for name, word, key in (("practices", "Practice", "practice_code"), ("groups", "Group", "group_id")):
        table = impact.tables[name]
        table = table[(table["option"] == option) & (table["journey"] == "hub") & (table["mode"] == "car")]
        rows = _extremes(table, "change" if compared else "mean", both=compared)
        alone = _only_level(table) if compared else []
        rows += alone
        some = compared and fewer_compared(impact, rows)
        kind = "kind" if "kind" in table.columns else "setting"
        cells = tuple(
            (
                str(row["name"] or row[key]),
                str(row[key]),
                str(row[kind]),
                people_cell(row["people"]),
                minutes_cell(row["mean"]),
                *((people_cell(row["people_compared"]),) if some else ()),
                *((minutes_cell(row["mean_before"]), minutes_cell(row["mean_after"])) if compared else ()),
                *((change_cell(row["change"]),) if compared else ()),
            )
            for row in rows
        )
        minutes_words = ("Mean before", "Mean after", "Change") if compared else ()
        columns = (word, "Code", "Setting", "People", "Mean minutes", *(("People compared",) if some else ()))
        what = "whose patients would lose or gain most" if compared else "whose patients would travel longest"
        last = "; last, those whose patients cannot be compared" if alone else ""
        caption = f"{option_title(option)}: {name} {what}, to the hub by car{last}"
        made.append(Table(caption, (*columns, *minutes_words), cells, numbers=3))
    return made


def _only_level(table: pd.DataFrame) -> list[dict[str, object]]:
    """The longest journeys among the rows of whom nobody can be compared."""
    alone = [
        row for row in table.to_dict("records") if not isinstance(row["change"], str) and is_missing(row["change"])
    ]
    return sorted(alone, key=lambda row: -number_of(row["mean"]))[: 2 * MOST]


def site_table(impact: Impact, option: str) -> Table | None:
    """The few existing sites that together lie near most people beyond the threshold."""
    table = impact.tables.get("mitigation_sites")
    rows = () if table is None else table[table["option"] == option].to_dict("records")
    if not len(rows):
        return None
    cells = tuple(
        (
            str(row["site"] or row["site_code"]),
            str(row["kind"]),
            str(row["of_practice"]),
            people_cell(row["people_added"]),
            people_cell(row["people_in_all"]),
        )
        for row in rows
    )
    caption = (
        f"{option_title(option)}: existing sites that together lie within {impact.threshold:g} minutes of most people "
        "beyond it, one after another"
    )
    columns = ("Site", "Kind", "Of practice", "People it adds", "With those before it")
    return Table(caption, columns, cells, numbers=3)


def _extremes(table: pd.DataFrame, column: str, *, both: bool) -> list[dict[str, object]]:
    """The rows with the largest values, and those with the smallest where `both`, from the largest down."""
    known = [
        row for row in table.to_dict("records") if not isinstance(row[column], str) and not is_missing(row[column])
    ]
    known.sort(key=lambda row: -row[column])
    if not both:
        return known[: 2 * MOST]
    losing = [row for row in known[:MOST] if row[column] > 0]
    gaining = [row for row in known[-MOST:] if row[column] < 0]
    return losing + [row for row in gaining if row not in losing]
