"""Puts the questions about sites together: asked, checked for travel, re-derived, then told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from geodata.errors import VerificationFailed
from grouping.estates.buildings import buildings
from grouping.named_table import NamedTable
from grouping.site_choice.choose import Choice, choose
from grouping.site_choice.facts import question_of
from grouping.site_choice.protections import protections_of, together
from grouping.site_choice.tables import money_table, named_tables, site_table
from grouping.site_choice.travel import Further, further_of
from grouping.site_choice.view import View, view_of
from grouping.site_choice.words import INVEST, Why, answer_lines
from grouping.verify.site_floor import SiteClaims, verify_site_choice

if TYPE_CHECKING:
    from grouping.programme.ground import Ground


@dataclass(frozen=True)
class SiteChoice:
    """Questions about sites: which to invest in, which to consider further. Nothing is decided about any of them.

    Parameters
    ----------
    lines
        The answer in plain sentences: how many questions, who would travel further, then money.
    tables
        In full: people, communities, sites, money, checks.
    choice
        What came out, as arrays.
    further
        Who would travel further, and the impact check behind it.
    checks
        The claims that were re-derived.
    view
        What the page prints.
    """

    lines: tuple[str, ...]
    tables: tuple[NamedTable, ...]
    choice: Choice
    further: Further
    checks: pd.DataFrame
    view: View


def site_choice_of(ground: Ground) -> SiteChoice | None:
    """Ask which sites to invest in and which to consider further.

    Parameters
    ----------
    ground
        The plan, the case behind it, and what the planner says.

    Returns
    -------
    None where nobody asked (`look`), where the case is not at hand, and always for the public.

    Raises
    ------
    VerificationFailed
        The independent check disagrees with a claim.
    """
    said = ground.settings.site_options
    if not said.look or ground.run.public or ground.ready is None:
        return None
    facts = buildings(ground).reindex(ground.ready.place.sites.index)
    question = question_of(ground, facts)
    protections = protections_of(ground, facts, question)
    choice = choose(question, together(protections, len(question.site_codes)))
    further = further_of(ground, choice)
    why = Why(choice, facts, protections, ground.settings.estates.judged_by)
    sites = site_table(ground, why)
    money = money_table(sites, question.budget)
    checks = verify_site_choice(_claims(ground, sites, further), ground.ready.place, ground.ready.times)
    refuse_broken(checks)
    considered = sites[sites["decision"] == "consider further"]
    running = float(considered["annual_cost"].sum()), int(considered["annual_cost"].isna().sum())
    invested = float(sites.loc[sites["decision"] == INVEST, "investment"].sum())
    lines = answer_lines(choice, further, running, invested)
    view = view_of(ground, choice, further, sites, money, checks)
    return SiteChoice(lines, named_tables(sites, further, money, checks), choice, further, checks, view)


def refuse_broken(checks: pd.DataFrame) -> None:
    """Stop before anything is written where the check disagrees (`VerificationFailed`)."""
    wrong = checks[~checks["agrees"].astype(bool)]
    if len(wrong):
        raise VerificationFailed(
            "site options: " + "; ".join(f"{row.claim}: {row.detail}" for row in wrong.itertuples())
        )


def _claims(ground: Ground, sites: pd.DataFrame, further: Further) -> SiteClaims:
    cars = further.people[further.people["mode"] == "car"]
    everybody = cars[cars["population"] == "all"]
    said, estates = ground.settings.site_options, ground.settings.estates
    return SiteClaims(
        sites=sites,
        plan=ground.plan,
        budget=said.budget,
        cost_per_m2=said.cost_per_m2,
        beyond_minutes=said.beyond_minutes,
        longer_minutes=said.longer_minutes,
        protect=tuple(said.protect),
        protect_sites=tuple(said.protect_sites),
        judged_by=estates.judged_by,
        major=tuple(estates.major),
        longer=float(everybody["longer"].iloc[0]) if len(everybody) else 0.0,
        longer_5=float(everybody["longer_5"].iloc[0]) if len(everybody) else 0.0,
    )


def template_tables(ground: Ground) -> dict[str, pd.DataFrame]:
    """None: what is asked stands in `[site_options]` of `programme.toml`, what a building needs in the sites table."""
    return {}
