"""The public form of all tables of a run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pandas as pd

from grouping.impact.disclosure.counts import HIDDEN
from grouping.impact.disclosure.places import (
    PeopleText,
    TellPlaces,
    people_text_for,
    public_communities,
    public_list_changes,
    public_places,
    public_robust,
)
from grouping.impact.disclosure.populations import (
    public_inequality,
    public_list,
    public_people,
    public_scenarios,
    public_summary,
)
from grouping.impact.disclosure.printing import Decided
from grouping.impact.disclosure.prompts import public_mitigation, public_mitigation_sites

NOTES = (
    "Counts of 1 to 7 people are shown as *. So is any further count from which one of them could be worked out: from "
    "the same table, from other breakdowns, or from another option or scenario.",
    "All other counts of people are rounded to the nearest 5, so that they may not add up; list sizes of practices and "
    "groups are published figures and are exact. Shares are worked out from the rounded counts, in whole percent, and "
    "ranks from the figures as they are printed.",
    "Minutes are rounded to 0.1, for few people to whole ones where they could tell a hidden count, and are hidden for "
    "fewer than 8 people, and of communities for fewer than 50. The "
    "longest journey is given for everybody and for places with many people, not for single populations. Communities "
    "whose minutes are hidden are not listed among those that are worse off.",
)


@dataclass(frozen=True)
class PublicTables:
    """Tables that may be published.

    Parameters
    ----------
    tables
        As those given; `*` stands for what is hidden, None for what is not known. Counts are whole numbers, shares
        0-1 in whole percent.
    notes
        What was done, in plain sentences.
    hidden
        Table -> how many of its figures are hidden.
    people_text
        Writes the number of people of a sentence beside these tables.
    """

    tables: dict[str, pd.DataFrame]
    notes: tuple[str, ...]
    hidden: dict[str, int]
    people_text: PeopleText


def public_tables(
    tables: Mapping[str, pd.DataFrame], *, threshold: float = 30.0, tell_places: TellPlaces | None = None
) -> PublicTables:
    """Hide and round what would tell of single people.

    Parameters
    ----------
    tables
        The tables of an impact, exact.
    threshold
        Minutes beyond which a journey is long.
    tell_places
        Makes the table `places` anew, given how a number of people is written; without it the numbers of people in
        its sentences are left out.

    Returns
    -------
    The same tables for publication. The rule stands in `grouping.impact.disclosure`.
    """
    of = Decided(tables, threshold)
    text = people_text_for(of)
    made = _made(of, tell_places, text)
    public = {name: made[name] if name in made else tables[name].copy() for name in dict.fromkeys([*tables, *made])}
    hidden = {name: int((table.astype(object) == HIDDEN).sum().sum()) for name, table in public.items()}
    how_much = f"{sum(hidden.values()):,} figures in the tables of this pack are hidden."
    return PublicTables(public, (*NOTES, how_much), hidden, text)


def _made(of: Decided, tell_places: TellPlaces | None, text: PeopleText) -> dict[str, pd.DataFrame]:
    """The public form of every table there is; those that are worked out from printed figures come after them."""
    summary = public_summary(of)
    communities = public_communities(of) if "communities" in of.exact else None
    makers: dict[str, Callable[[], pd.DataFrame]] = {
        "people": lambda: public_people(of),
        "inequality": lambda: public_inequality(of, summary),
        "practices": lambda: public_list(of, "practices", "practice_code"),
        "groups": lambda: public_list(of, "groups", "group_id"),
        "scenarios": lambda: public_scenarios(of, summary),
        "mitigation": lambda: public_mitigation(of),
        "mitigation_sites": lambda: public_mitigation_sites(of),
    }
    made = {"summary": summary}
    if communities is not None:
        made["communities"] = communities.table
        makers["robust"] = lambda: public_robust(of, communities)
        makers["list_changes"] = lambda: public_list_changes(of, communities)
    made |= {name: make() for name, make in makers.items() if name in of.exact}
    if communities is not None and ("places" in of.exact or tell_places is not None):
        made["places"] = public_places(of, communities, tell_places, text)
    return made
