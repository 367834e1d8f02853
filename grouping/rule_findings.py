"""Rules that cannot do what they say, because what they read is not in the tables."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

import numpy as np
import pandas as pd

from geodata.errors import Finding
from geodata.place import Place
from grouping.problem import committed_sites, hubs_allowed, site_owners
from grouping.rules import RuleSet

NAMED = 5
"""Codes spelled out in one message."""


def rule_findings(place: Place, rules: RuleSet) -> tuple[Finding, ...]:
    """Warn of rules that have no effect, or another one than it seems, for lack of data.

    Parameters
    ----------
    place
        The place.
    rules
        The rule set that is used on it.

    Returns
    -------
    tuple
        A warning for each rule that reads a column nobody has filled in, or only in part; for names in rules that do
        not occur; for committed sites that cannot be hubs as the rules stand.
    """
    return (*_without_data(place, rules), *_unknown_names(place, rules), *_committed(place, rules))


def _without_data(place: Place, rules: RuleSet) -> Iterator[Finding]:
    for rule, table, column, noun, gap in _needs(rules):
        frame = place.practices if table == "practices" else place.sites
        known = _known(frame, column)
        if known.all():
            continue
        count = int((~known).sum())
        if not known.any():
            message = f"{rule} is set, but no {table[:-1]} has a {noun}, so {gap.none}"
            fix = f"Fill in the column {column} of the {table} table, or take the rule back."
            yield Finding("warning", "", message, fix, None, column, None, "rule-without-data")
        elif gap.some:
            who = ", ".join(str(code) for code in frame.index[~known][:NAMED]) + (" ..." if count > NAMED else "")
            message = f"{rule} is set, and {count} of {len(frame)} {table} have no {noun}: {gap.some}"
            fix = f"Fill in the column {column} of the {table} table."
            yield Finding("warning", "", message, fix, None, column, who, "rule-with-gaps")


class _Gap:
    """What it means when nothing is known, and when some of it is not (empty: nothing worth telling)."""

    def __init__(self, none: str, some: str) -> None:
        self.none, self.some = none, some


NO_HUB = _Gap("no site can be a hub and there is no plan.", "none of them can be a hub.")
NO_COST = _Gap("every hub costs nothing and the rule has no effect.", "each counts as costing nothing.")
NO_LABEL = _Gap("the rule has no effect.", "they count in no group as moved or mixed.")
NO_PLACE = _Gap("the rule has no effect.", "they fit into a group of any locality.")
NOT_RATED = _Gap("nobody counts as vulnerable and the rule has no effect.", "they do not count as vulnerable.")
NOT_SAID = _Gap("no site is committed and the rule has no effect.", "")


def _needs(rules: RuleSet) -> Iterator[tuple[str, str, str, str, _Gap]]:
    """Each rule in force that reads a column which may be empty: its name, table, column, a noun, what a gap means."""
    weights, order = rules.weights, rules.objective.order
    if rules.hub.minimum_floor_area_m2 > 0:
        yield "hub.minimum_floor_area_m2", "sites", "floor_area_m2", "floor area", NO_HUB
    if rules.hub.conditions:
        yield "hub.conditions", "sites", "condition", "condition", NO_HUB
    if rules.hub.committed == "hub":
        yield "hub.committed", "sites", "committed", "yes or no under committed", NOT_SAID
    for rule, states in (
        ("hub.budget", rules.hub.budget > 0),
        ("weights.hub_cost", weights.hub_cost > 0),
        ("hub_cost in objective.order", "hub_cost" in order),
    ):
        if states:
            yield rule, "sites", "annual_cost", "yearly cost", NO_COST
    for name, column, noun in (
        ("change_of_group", "current_group", "group of today"),
        ("mixed_systems", "clinical_system", "clinical system"),
    ):
        if getattr(weights, name) > 0:
            yield f"weights.{name}", "practices", column, noun, NO_LABEL
        elif name in order:
            yield f"{name} in objective.order", "practices", column, noun, NO_LABEL
    if rules.locality.rule == "inside":
        yield "locality.rule", "practices", "locality", "locality", NO_PLACE
    if rules.locality.most_crossing >= 0:
        yield "locality.most_crossing", "practices", "locality", "locality", NO_PLACE
    if rules.practices.most_vulnerable_share < 1:
        yield "practices.most_vulnerable_share", "practices", "vulnerability", "vulnerability rating", NOT_RATED
    if rules.resilience.loss_of == "vulnerable":
        for rule, states in (
            ("resilience.keeps_share", rules.resilience.keeps_share > 0),
            ("weights.fragile", weights.fragile > 0),
            ("fragile in objective.order", "fragile" in order),
        ):
            if states:
                yield rule, "practices", "vulnerability", "vulnerability rating", NOT_RATED


def _known(frame: pd.DataFrame, column: str) -> np.ndarray:
    """Whether each row says something in that column."""
    if column not in frame:
        return np.zeros(len(frame), bool)
    return np.array([not (pd.isna(value) or str(value).strip() == "") for value in frame[column]], bool)


def _unknown_names(place: Place, rules: RuleSet) -> Iterator[Finding]:
    """Localities and conditions that are named in rules and occur nowhere."""
    localities = _texts(place.practices, "locality")
    conditions = {text.casefold() for text in _texts(place.sites, "condition")}
    for name in sorted(rules.size.locality):
        if name not in localities:
            yield _unknown(f"size.locality.{name}", name, "locality", "practices", localities)
    for name in rules.hub.conditions:
        if conditions and name.strip().casefold() not in conditions:
            yield _unknown("hub.conditions", name, "condition", "sites", _texts(place.sites, "condition"))


def _texts(frame: pd.DataFrame, column: str) -> set[str]:
    """The texts that stand in a column."""
    return {str(value).strip() for value in frame[column][_known(frame, column)]} if column in frame else set()


def _unknown(rule: str, name: str, noun: str, table: str, there: set[str]) -> Finding:
    near = get_close_matches(name.casefold(), [text.casefold() for text in sorted(there)], 1)
    spelled = [text for text in sorted(there) if near and text.casefold() == near[0]]
    fix = f"Write {spelled[0]!r}, if that is meant." if spelled else f"There are: {', '.join(sorted(there)) or 'none'}."
    message = f"{rule} names a {noun} that none of the {table} has, so it has no effect."
    return Finding("warning", "", message, fix, None, noun, name, "rule-unknown-name")


def _committed(place: Place, rules: RuleSet) -> Iterator[Finding]:
    """Practices with two committed sites, and committed sites that may not be a hub."""
    if rules.hub.committed != "hub":
        return
    practices, sites = place.practices.sort_index(), place.sites.sort_index()
    owner, own = site_owners(practices, sites)
    allowed, committed = hubs_allowed(sites, own, rules), committed_sites(sites)
    for practice in np.unique(owner[committed]):
        codes = [str(sites.index[s]) for s in committed if owner[s] == practice]
        if len(codes) > 1:
            message = (
                f"hub.committed makes {' and '.join(codes)} hubs of the group of practice {practices.index[practice]}, "
                "but a group has one hub, so the practice fits into no group."
            )
            fix = "Mark only one of them as committed, or set hub.committed to ignore and decide on each hub by name."
            code = str(practices.index[practice])
            yield Finding("warning", "", message, fix, None, "committed", code, "two-committed-sites")
    for s in committed[~allowed[committed]]:
        message = (
            f"hub.committed makes site {sites.index[s]} a hub, but other rules on hubs (kind, floor area, condition or "
            f"a decision) do not allow it to be one, so practice {practices.index[owner[s]]} fits into no group."
        )
        fix = "Change those rules so that the site fits, or do not mark it as committed."
        yield Finding("warning", "", message, fix, None, "committed", str(sites.index[s]), "committed-not-allowed")
