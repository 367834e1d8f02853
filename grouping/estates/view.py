"""Tables on buildings in the short form that a page prints: cells are texts, what is missing says so."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import pandas as pd

from grouping.estates import words
from grouping.estates.figures import AllFigures, EstateFigures, Sum
from grouping.estates.grades import FACET_WORDS, Grade
from grouping.estates.stated import Stated
from grouping.plain_words import UNKNOWN, count, percent

MOST_SITES = 250
"""Sites that the page prints; all of them are in the workbook."""

NO_FIGURE = "–"
"""Where a figure makes no sense, such as patients of a site of no practice."""


@dataclass(frozen=True)
class Shown:
    """A table as the page prints it; the first cell of a row is its header.

    `numbers` says which columns hold figures, `more` how many rows stand in the workbook alone.
    """

    caption: str
    head: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: tuple[bool, ...]
    more: int = 0

    @property
    def label(self) -> str:
        """Name of the region that scrolls."""
        return f"{self.caption.split(':')[0].split('.')[0]}, scrolls sideways"


@dataclass(frozen=True)
class _Column:
    """One column of a shown table; `cell` makes its text of a row."""

    head: str
    cell: Callable[[Any], str]
    number: bool = True
    wanted: bool = True


def _shown(caption: str, columns: Sequence[_Column], rows: Sequence[Any]) -> Shown:
    used = [one for one in columns if one.wanted]
    return Shown(
        caption,
        tuple(one.head for one in used),
        tuple(tuple(one.cell(row) for one in used) for row in rows),
        tuple(one.number for one in used),
    )


def groups_shown(figures: AllFigures, need: float | None) -> Shown:
    """A row a group: the short form of `estates-groups`."""
    whole = figures.whole
    area, cost = whole.floor_area.known > 0, whole.annual_cost.known > 0
    graded = whole.graded > 0
    columns = [
        _Column("Group", lambda one: f"{one.group_id} {one.name}".strip(), number=False),
        _Column("Sites", lambda one: count(one.sites)),
        _Column("Patients per site", lambda one: count(one.patients_per_site) if one.patients > 0 else NO_FIGURE),
        _Column("Floor area, m²", lambda one: _sum(one.floor_area), wanted=area),
        _Column("m² per 1,000 patients", _per_1000, wanted=area),
        _Column(f"Against {need or 0:g} m²", lambda one: _against(one, need), wanted=area and need is not None),
        _Column("£ a year", lambda one: _sum(one.annual_cost, "£"), wanted=cost),
        _Column("£ a year per m²", lambda one: _pounds(one.cost_per_m2), wanted=not math.isnan(whole.cost_per_m2)),
        _Column("Modern sites", lambda one: _of(one.modern, one), wanted=graded and whole.modern is not None),
        _Column("Need major investment", lambda one: _of(one.major, one), wanted=graded and whole.major is not None),
        _Column("Use of space", lambda one: percent(one.utilisation), wanted=not math.isnan(whole.utilisation)),
        _Column("Committed sites", lambda one: count(one.committed), wanted=whole.committed > 0),
    ]
    return _shown("Buildings by group: sums over the sites that tell a figure", columns, list(figures))


def stated_shown(stated: Sequence[Stated]) -> Shown:
    """The stated totals beside ours."""
    columns = [
        _Column("What is compared", lambda one: one.measure, number=False),
        _Column("Stated", lambda one: words.figure(one, one.stated)),
        _Column("Ours", lambda one: words.figure(one, one.ours)),
        _Column("Difference", _difference),
        _Column("Agrees", lambda one: {True: "yes", False: "no", None: UNKNOWN}[one.agrees], number=False),
        _Column("May be apart by", lambda one: one.tolerance, number=False),
        _Column("What could explain it", lambda one: one.explanation, number=False),
    ]
    return _shown("Figures on buildings stated in case.toml, beside the sites table", columns, stated)


def grades_shown(graded: Sequence[Grade], sites: int) -> Shown:
    """Sites by label."""
    columns = [
        _Column("Graded", lambda one: f"{FACET_WORDS[one.facet]}: {one.label}", number=False),
        _Column("Counts as", lambda one: one.counts_as or NO_FIGURE, number=False),
        _Column("Sites", lambda one: count(one.sites)),
        _Column("Share of sites", lambda one: percent(one.sites / sites, 1)),
        _Column("Floor area, m²", lambda one: _sum(one.floor_area), wanted=any(g.floor_area.known for g in graded)),
        _Column("£ a year", lambda one: _sum(one.annual_cost, "£"), wanted=any(g.annual_cost.known for g in graded)),
        _Column("Patients", lambda one: count(one.patients.total)),
    ]
    return _shown("Buildings by grade, in the planner’s own words", columns, graded)


def sites_shown(table: pd.DataFrame, *, public: bool) -> Shown:
    """Every site: the short form of `estates-sites`."""

    def told(*names: str) -> bool:
        return any(bool((table[name].notna() & (table[name] != "")).any()) for name in names)

    columns = [
        _Column("Site", lambda row: f"{row['site_code']} {row['name']}", number=False),
        _Column("Group", lambda row: row["group_id"] or NO_FIGURE, number=False),
        _Column("Patients", lambda row: _patients(row, public=public)),
        _Column("Floor area, m²", lambda row: count(row["floor_area_m2"]), wanted=told("floor_area_m2")),
        _Column("£ a year", lambda row: _pounds(row["annual_cost"]), wanted=told("annual_cost")),
        *(
            _Column(word, lambda row, facet=facet: row[facet] or UNKNOWN, number=False, wanted=told(facet))
            for facet, word in FACET_WORDS.items()
        ),
        _Column(
            "Scheme", _scheme, number=False, wanted=told("scheme", "scheme_year") or bool(table["committed"].any())
        ),
        _Column("Investment, £", lambda row: _pounds(row["investment_cost"]), wanted=told("investment_cost")),
    ]
    rows = table.reset_index().to_dict("records")
    return replace(_shown("Sites, a row each", columns, rows[:MOST_SITES]), more=len(rows[MOST_SITES:]))


# --- Cells ---------------------------------------------------------------------------------------------------------


def _whole(text: str) -> str:
    """A text that stays on one line."""
    return text.replace(" ", "\u00a0")


def _sum(found: Sum, unit: str = "") -> str:
    """A sum, with how many sites tell it where not all do."""
    if not found.known:
        return UNKNOWN
    return f"{unit}{found.total:,.0f}" + (
        "" if found.complete else f" {_whole(f'({found.known:,} of {found.sites:,} sites)')}"
    )


def _per_1000(one: EstateFigures) -> str:
    if not one.patients > 0:
        return NO_FIGURE
    if math.isnan(one.m2_per_1000):
        return UNKNOWN
    return f"{'' if one.own_floor_area.complete else 'at least '}{one.m2_per_1000:.1f}"


def _against(one: EstateFigures, need: float | None) -> str:
    """How the floor area stands against what is needed, in words."""
    if not one.patients > 0:
        return NO_FIGURE
    beyond = one.beyond(need)
    if math.isnan(beyond):
        return UNKNOWN
    if beyond < 0:
        return _whole(f"{-beyond:,.0f} m² less")
    return f"{'' if one.own_floor_area.complete else 'at least '}{_whole(f'{beyond:,.0f} m² more')}"


def _of(counted: int | None, one: EstateFigures) -> str:
    """A count of graded sites; with how many are graded where not all are."""
    if counted is None or not one.graded:
        return UNKNOWN
    return f"{counted:,}" + ("" if one.graded == one.sites else f" of {one.graded:,} graded")


def _difference(one: Stated) -> str:
    if math.isnan(one.ours):
        return UNKNOWN
    if abs(one.difference) < 1e-9:
        return "none"
    sign = "+" if one.difference > 0 else "−"
    if one.share:
        return f"{sign}{100 * abs(one.difference):.1f} points"
    return sign + words.figure(one, abs(one.difference))


def _pounds(value: float) -> str:
    return UNKNOWN if math.isnan(value) else f"£{value:,.0f}"


def _patients(row: dict[str, Any], *, public: bool) -> str:
    """Patients of a site; none of nobody's, and for the public none where a practice has several sites."""
    if not row["practice_code"]:
        return NO_FIGURE
    if math.isnan(row["patients"]):
        return "not published" if public else UNKNOWN
    return count(row["patients"])


def _scheme(row: dict[str, Any]) -> str:
    if not row["scheme"]:
        return "committed" if row["committed"] else NO_FIGURE
    year = "" if math.isnan(row["scheme_year"]) else f", {row['scheme_year']:.0f}"
    return f"{row['scheme']}{year}" + ("" if row["committed"] else " (not committed)")
