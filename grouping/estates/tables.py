"""The tables on buildings that are handed over: figures in full, what is not known is empty."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from grouping.estates.buildings import FACETS, WORDS
from grouping.estates.grades import FACET_WORDS
from grouping.named_table import Column, NamedTable

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from grouping.estates.figures import AllFigures, EstateFigures
    from grouping.estates.grades import Grade
    from grouping.estates.stated import Stated

SITE_COLUMNS = (
    Column("site_code", "Site code", "text"),
    Column("name", "Site", "text"),
    Column("kind", "Kind of site", "text"),
    Column("practice_code", "Practice code", "text", "Empty: the site of no practice."),
    Column("group_id", "Group", "text"),
    Column("floor_area_m2", "Floor area, m²", "amount"),
    Column("annual_cost", "Cost, £ a year", "amount"),
    Column("cost_per_m2", "£ a year per m²", "ratio"),
    Column(
        "patients",
        "Patients of the practice",
        "people",
        "Those whose nearest own site it is by car, by the registrations; homes that are not timed are shared alike.",
    ),
    Column("m2_per_1000", "m² per 1,000 patients", "ratio"),
    Column("condition", "Condition", "text", "In the planner's own scale."),
    Column("suitability", "Suitability", "text", "In the planner's own scale."),
    Column("quality", "Quality", "text", "In the planner's own scale."),
    Column("utilisation", "Use of space", "text", "As the sites table gives it: a share or a word."),
    Column("tenure", "Tenure", "text"),
    Column("modern", "Modern", "text", "By the labels of [estates] in programme.toml."),
    Column("major", "Needs major investment", "text", "By the labels of [estates] in programme.toml."),
    Column("committed", "Committed", "text", "yes: the sites table says so, or names a scheme and does not say no."),
    Column("scheme", "Scheme", "text"),
    Column("scheme_year", "Year of the scheme", "number"),
    Column("investment_cost", "Cost of investment, £", "amount"),
)

GROUP_COLUMNS = (
    Column("group_id", "Group", "text", "Empty: no group."),
    Column("name", "Name", "text"),
    Column("sites", "Sites", "number"),
    Column("patients", "Patients", "people", "On the lists of the practices; empty for sites of no practice."),
    Column("patients_per_site", "Patients per site", "people", "Sites of practices only."),
    Column("floor_area_m2", "Floor area, m²", "amount", "Over the sites that give it."),
    Column("floor_area_known", "Sites with a floor area", "number"),
    Column(
        "m2_per_1000",
        "m² per 1,000 patients",
        "ratio",
        "Floor area of sites of practices; the least it can be where one of them gives none.",
    ),
    Column("m2_beyond_need", "m² beyond what is needed", "amount", "By m2_per_1000 of programme.toml; below 0: short."),
    Column("annual_cost", "Cost, £ a year", "amount", "Over the sites that give it."),
    Column("annual_cost_known", "Sites with a cost", "number"),
    Column("cost_per_m2", "£ a year per m²", "ratio", "Over the sites that give both."),
    Column("graded", "Sites with a grade", "number", "A label of the facet that says what is modern."),
    Column("modern", "Modern sites", "number"),
    Column("major", "Sites that need major investment", "number"),
    Column("utilisation", "Use of space", "share", "Mean over the sites that give a share, weighted by floor area."),
    Column("committed", "Committed sites", "number"),
    Column("schemes", "Sites with a named scheme", "number"),
    Column("investment_cost", "Cost of investment, £", "amount", "Over the sites that give it."),
    Column("investment_cost_known", "Sites with a cost of investment", "number"),
)

TOTAL_COLUMNS = (
    Column("measure", "What is compared", "text"),
    Column("stated", "Stated in case.toml", None),
    Column("ours", "In the sites table", None),
    Column("difference", "Difference", None, "Ours minus the stated figure."),
    Column("tolerance", "May be apart by", "text"),
    Column("agrees", "Within it", "text", "yes, no or not known."),
    Column("known", "Sites that tell it", "number"),
    Column("sites", "Sites in all", "number"),
    Column("explanation", "What could explain it", "text"),
)

GRADE_COLUMNS = (
    Column("facet", "What is graded", "text"),
    Column("label", "Label", "text", "In the planner's own words."),
    Column("counts_as", "Counts as", "text", "By [estates] of programme.toml."),
    Column("sites", "Sites", "number"),
    Column("share_of_sites", "Share of all sites", "share"),
    Column("floor_area_m2", "Floor area, m²", "amount", "Over the sites that give it."),
    Column("floor_area_known", "Sites with a floor area", "number"),
    Column("annual_cost", "Cost, £ a year", "amount", "Over the sites that give it."),
    Column("annual_cost_known", "Sites with a cost", "number"),
    Column("patients", "Patients", "people", "Of the practices, by their nearest own site."),
)


def sites_table(table: pd.DataFrame) -> NamedTable:
    """Every site; columns that no site fills are left out."""
    made = table.reset_index()
    area = made["floor_area_m2"].where(made["floor_area_m2"] > 0)
    made["cost_per_m2"] = made["annual_cost"] / area
    made["m2_per_1000"] = 1000 * made["floor_area_m2"] / made["patients"].where(made["patients"] > 0)
    made["scheme_year"] = _whole(made["scheme_year"])
    for name in ("modern", "major", "committed"):
        made[name] = pd.Series([_yes_no(value) for value in made[name]], dtype=object)
    for name in WORDS:
        made[name] = made[name].astype(object).where(made[name] != "", None)
    always = ("site_code", "name", "kind", "practice_code", "group_id", "floor_area_m2")
    columns = [one for one in SITE_COLUMNS if one.key in always or made[one.key].notna().any()]
    if not (table[[*FACETS, "scheme"]] != "").any(axis=None) and not table["committed"].any():
        columns = [one for one in columns if one.key != "committed"]
    return _named("estates-sites", "Buildings", "One row a site: what is known of the building.", made, columns)


def groups_table(figures: AllFigures, m2_per_1000: float | None) -> NamedTable:
    """Every group, what belongs to none, and all sites; columns that say nothing are left out."""
    made = pd.DataFrame([_figures_row(one, m2_per_1000) for one in figures], dtype=object)
    always = ("group_id", "name", "sites", "patients", "patients_per_site")
    columns = [one for one in GROUP_COLUMNS if one.key in always or _says_something(made, one.key)]
    holds = (
        "One row a group: its buildings together. Sums are over the sites that tell a figure, and these are counted."
    )
    return _named("estates-groups", "Buildings by group", holds, made, columns)


def totals_table(stated: Sequence[Stated]) -> NamedTable:
    """The stated totals beside ours."""
    rows = [
        {
            "measure": one.measure,
            "stated": _plain(one.stated),
            "ours": _plain(one.ours),
            "difference": _plain(one.difference),
            "tolerance": one.tolerance,
            "agrees": "not known" if one.agrees is None else "yes" if one.agrees else "no",
            "known": one.known,
            "sites": one.sites,
            "explanation": one.explanation,
        }
        for one in stated
    ]
    holds = (
        "One row a figure stated under [totals] of case.toml, what the sites table holds, and what could explain a gap."
    )
    return _named("estates-totals", "Stated totals", holds, pd.DataFrame(rows, dtype=object), TOTAL_COLUMNS)


def grades_table(graded: Iterable[Grade], sites: int) -> NamedTable:
    """Sites by label."""
    rows = [
        {
            "facet": FACET_WORDS[one.facet],
            "label": one.label,
            "counts_as": one.counts_as,
            "sites": one.sites,
            "share_of_sites": one.sites / sites,
            "floor_area_m2": one.floor_area.total,
            "floor_area_known": one.floor_area.known,
            "annual_cost": one.annual_cost.total,
            "annual_cost_known": one.annual_cost.known,
            "patients": one.patients.total,
        }
        for one in graded
    ]
    holds = "One row a label of a facet, in the planner's own scale: the sites that have it."
    return _named("estates-conditions", "Buildings by grade", holds, pd.DataFrame(rows), GRADE_COLUMNS)


def _figures_row(one: EstateFigures, m2_per_1000: float | None) -> dict[str, object]:
    return {
        "group_id": one.group_id,
        "name": one.name,
        "sites": one.sites,
        "patients": one.patients,
        "patients_per_site": one.patients_per_site,
        "floor_area_m2": one.floor_area.total,
        "floor_area_known": one.floor_area.known,
        "m2_per_1000": one.m2_per_1000,
        "m2_beyond_need": one.beyond(m2_per_1000),
        "annual_cost": one.annual_cost.total,
        "annual_cost_known": one.annual_cost.known,
        "cost_per_m2": one.cost_per_m2,
        "graded": one.graded,
        "modern": one.modern,
        "major": one.major,
        "utilisation": one.utilisation,
        "committed": one.committed,
        "schemes": one.schemes,
        "investment_cost": one.investment.total,
        "investment_cost_known": one.investment.known,
    }


def _says_something(made: pd.DataFrame, key: str) -> bool:
    """Whether any row tells a figure; a count of what nobody tells is 0 everywhere."""
    values = pd.to_numeric(made[key], errors="coerce")
    return bool((values.notna() & (values != 0)).any())


def _plain(value: float) -> float | int:
    """A whole number without decimals."""
    return int(value) if float(value).is_integer() else float(value)


def _named(name: str, title: str, holds: str, made: pd.DataFrame, columns: Iterable[Column]) -> NamedTable:
    columns = tuple(columns)
    return NamedTable(name, title, holds, made[[one.key for one in columns]], columns)


def _whole(values: pd.Series) -> pd.Series:
    return pd.Series([None if pd.isna(value) else int(value) for value in values], values.index, dtype=object)


def _yes_no(value: object) -> str | None:
    return None if value is None else "yes" if value else "no"
