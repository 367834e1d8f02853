"""The tables of the questions about sites, in full."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from grouping.impact.columns import column_words
from grouping.impact.site_options import CONSIDER
from grouping.named_table import Column, NamedTable
from grouping.site_choice.protections import NAMED
from grouping.site_choice.travel import Further
from grouping.site_choice.words import DECISIONS, INVEST, QUESTIONS, Why

if TYPE_CHECKING:
    from grouping.programme.ground import Ground

SITE_COLUMNS = (
    Column("site_code", "Site code", "text"),
    Column("name", "Site", "text"),
    Column("practice_code", "Practice code", "text"),
    Column("practice", "Practice", "text"),
    Column("group_id", "Group", "text"),
    Column("decision", "What is asked", "text", "consider further, invest in or keep; nothing is decided about it"),
    Column("why", "Why", "text"),
    Column("judged", "Label of the building", "text", "as in the sites table, by the facet that [estates] names"),
    Column("needs", "Needs major investment", "text", "by the labels of [estates]"),
    Column("committed", "Committed scheme", "text"),
    Column("protected_by", "Protected by", "text", "rules of [site_options] that keep it off the list"),
    Column("patients", "Patients whose nearest site of their practice it is", "people", "whole patients, by car"),
    Column("minutes_mean", "Minutes longer, mean", "minutes", "if sites considered further are not used"),
    Column("minutes_max", "Minutes longer, most", "minutes", "the same, of the patients it hits most"),
    Column("investment", "Cost of putting it right (pounds)", "amount", "as stated, else floor area x cost_per_m2"),
    Column("annual_cost", "Running costs today (pounds a year)", "amount"),
)  # fmt: skip
MONEY_COLUMNS = (
    Column("item", "What", "text"),
    Column("sites", "Sites", "number"),
    Column("amount", "Pounds", "amount", "of those sites of which it is known"),
    Column("not_known", "Sites of which it is not known", "number"),
)
CHECK_COLUMNS = (
    Column("kind", "Kind", "text"),
    Column("claim", "Claim", "text"),
    Column("agrees", "Holds", "text"),
    Column("detail", "What was found", "text"),
)
LONGER = {
    "longer": Column("longer", "Further than today (people)", "people", "any longer at all; by car only"),
    "longer_share": Column("longer_share", "Further than today (share)", "share", "of the population; by car only"),
}  # fmt: skip


def site_table(ground: Ground, why: Why) -> pd.DataFrame:
    """One row a site: what is asked, why, patients, minutes, money."""
    choice, facts = why.choice, why.facts
    question = choice.question
    names = ground.ready.place.practices["name"]
    sites = range(len(question.site_codes))
    minutes = [_minutes(why, site) for site in sites]
    made = pd.DataFrame(
        {
            "site_code": list(question.site_codes),
            "name": facts["name"].tolist(),
            "practice_code": facts["practice_code"].tolist(),
            "practice": [str(names.get(code, "")) for code in facts["practice_code"]],
            "group_id": facts["group_id"].tolist(),
            "decision": [why.decision(site) for site in sites],
            "why": [why.why(site) for site in sites],
            "judged": facts[why.facet].tolist(),
            "needs": [{True: "yes", False: "no"}.get(value, "not known") for value in facts["major"].tolist()],
            "committed": ["yes" if value else "no" for value in facts["committed"]],
            "protected_by": [", ".join(_protection(name) for name in why.protected_by(site)) for site in sites],
            "patients": np.where(question.owner >= 0, question.patients_of_site, np.nan),
            "minutes_mean": [mean for mean, _ in minutes],
            "minutes_max": [most for _, most in minutes],
            "investment": question.cost,
            "annual_cost": facts["annual_cost"].to_numpy(dtype=float),
        }
    )
    order = {decision: i for i, decision in enumerate(DECISIONS)}
    made["order"] = made["decision"].map(order)
    return made.sort_values(["order", "site_code"], kind="stable").drop(columns="order").reset_index(drop=True)


def _protection(name: str) -> str:
    return "named by the planner" if name == NAMED else name


def _minutes(why: Why, site: int) -> tuple[float, float]:
    """Mean and most minutes longer of the patients of a site considered further; NaN for all others."""
    choice = why.choice
    if not choice.considered[site]:
        return np.nan, np.nan
    rows = choice.question.rows_of_site[site]
    if not len(rows):
        return np.nan, np.nan
    more = choice.added[rows]
    return float(np.average(more, weights=choice.question.patients[rows])), float(more.max())


def money_table(sites: pd.DataFrame, budget: float) -> pd.DataFrame:
    """What it would cost; running costs are those of today, not savings."""
    put_right, further = sites[sites["decision"] == INVEST], sites[sites["decision"] == CONSIDER]
    left = sites[in_question(sites) & (sites["decision"] != INVEST)]
    spent = float(put_right["investment"].sum())
    rows = [
        ("Investment in buildings that are put right", len(put_right), spent, 0),
        ("Budget", None, budget, None),
        ("Budget that is left", None, budget - spent, None),
        ("Investment that the budget does not cover", len(left), *_known(left["investment"])),
        ("Running costs today of the sites considered further, a year", len(further), *_known(further["annual_cost"])),
        ("Investment that the sites considered further would need", len(further), *_known(further["investment"])),
    ]
    made = pd.DataFrame(rows, columns=[column.key for column in MONEY_COLUMNS])
    for column in ("sites", "not_known"):
        made[column] = pd.Series([row[1 if column == "sites" else 3] for row in rows], dtype=object)
    return made


def in_question(sites: pd.DataFrame) -> pd.Series:
    """Sites of practices that need major investment and have no committed scheme, of the table of sites."""
    return (sites["needs"] == "yes") & (sites["committed"] == "no") & (sites["practice_code"] != "")


def _known(values: pd.Series) -> tuple[float, int]:
    """Sum of what is known (NaN where nothing is), and how many are not."""
    gaps = int(values.isna().sum())
    return (float(values.sum()) if gaps < len(values) or not len(values) else float("nan")), gaps


def named_tables(
    sites: pd.DataFrame, further: Further, money: pd.DataFrame, checks: pd.DataFrame
) -> tuple[NamedTable, ...]:
    """The tables with their words, who would travel further before what it costs."""
    shown = checks[["kind", "claim", "agrees", "detail"]].copy()
    shown["agrees"] = ["yes" if agrees else "no" for agrees in checks["agrees"]]
    told = f"{QUESTIONS} Journeys are those of routine care, to the nearest usable site of the own practice."
    return (
        NamedTable(
            "site_choice-people", "Sites, who would travel further",
            f"One row a population and way of travelling, if the sites considered further could not be used. {told}",
            further.people, _words(further.people),
        ),
        NamedTable(
            "site_choice-communities", "Sites, communities",
            f"One row a community where somebody would travel further by car, the largest change first. {told}",
            further.communities, _words(further.communities),
        ),
        NamedTable("site_choice-sites", "Sites, questions", f"One row a site. {QUESTIONS}", sites, SITE_COLUMNS),
        NamedTable(
            "site_choice-money", "Sites, money",
            f"What the investment would cost, and what the sites considered further cost to run today. {QUESTIONS}",
            money, MONEY_COLUMNS,
        ),
        NamedTable(
            "site_choice-checks", "Sites, checks",
            "One row a claim about these questions that an independent check re-derived from the inputs.",
            shown, CHECK_COLUMNS,
        ),
    )  # fmt: skip


def _words(table: pd.DataFrame) -> tuple[Column, ...]:
    return tuple(LONGER.get(key) or Column(key, *column_words(key)) for key in map(str, table.columns))
