"""What stands in the way of asking about sites, or makes the answer weaker: told before anything is worked out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from geodata.errors import Finding
from geodata.tables.columns import nearest
from grouping.estates.buildings import buildings, has_label
from grouping.plain_words import plural
from grouping.programme.settings import PROGRAMME_FILE
from grouping.site_choice.facts import cost_of

if TYPE_CHECKING:
    import pandas as pd

    from grouping.programme.ground import Ground

CODE, REMARK = "site-choice", "site-choice-remark"
SWITCH_OFF = "or set look = false in [site_options]"


def problems(ground: Ground) -> list[Finding]:
    """What is wrong with `[site_options]` of `programme.toml` for this case; nothing where they are not asked for."""
    if not ground.settings.site_options.look or ground.run.public:
        return []
    facts = buildings(ground)
    found = _protected_sites(ground)
    unasked = _cannot_be_asked(ground, facts)
    return found + (unasked or _remarks(ground, facts))


def _said(ground: Ground, severity: str, key: str, message: str, fix: str, value: str | None = None) -> Finding:
    code = CODE if severity == "error" else REMARK
    return Finding(severity, ground.inputs.file or PROGRAMME_FILE, message, fix, None, key, value, code)


def _protected_sites(ground: Ground) -> list[Finding]:
    known = [str(code) for code in ground.run.place.sites.index]
    found = []
    for code in dict.fromkeys(ground.settings.site_options.protect_sites):
        if code not in known:
            close = nearest(code, known)
            fix = f"Did you mean {close}?" if close else "Use the code that the table of sites has."
            found.append(
                _said(ground, "error", "site_options.protect_sites", "This site is not in the case.", fix, code)
            )
    return found


def _cannot_be_asked(ground: Ground, facts: pd.DataFrame) -> list[Finding]:
    """Why nothing can be asked at all."""
    said, found = ground.settings.estates, []
    facet = said.judged_by
    if ground.ready is None:
        message = "Questions about sites need the case behind the run; they are left out."
        fix = "Make the programme from the folder of a run whose case is there."
        return [_said(ground, "warning", "site_options.look", message, fix)]
    if not (facts[facet] != "").any():
        message = f"No site has a {facet}, so nobody can say which buildings need major investment."
        fix = f"Fill in the column {facet} of the sites table, {SWITCH_OFF}."
        found.append(_said(ground, "error", "site_options.look", message, fix))
    if not said.major:
        message = "It is not said which buildings need major investment: major is empty in [estates]."
        fix = f'Write your own labels, such as major = ["D"], {SWITCH_OFF}.'
        found.append(_said(ground, "error", "estates.major", message, fix))
    return found


def _remarks(ground: Ground, facts: pd.DataFrame) -> list[Finding]:
    """What makes the answer weaker."""
    said, facet = ground.settings.site_options, ground.settings.estates.judged_by
    found = [
        _said(
            ground, "warning", "estates.major", f"No site has this {facet}.", "Check the spelling of the label.", label
        )
        for label in ground.settings.estates.major
        if not has_label(facts[facet], label).any()
    ]
    needs = np.array([value is True for value in facts["major"]]) & ~facts["committed"].to_numpy(dtype=bool)
    own = (facts["practice_code"] != "").to_numpy()
    priced = np.isfinite(cost_of(facts, said.cost_per_m2))
    unpriced = int((needs & own & ~priced).sum())
    if not (needs & own).any():
        message = "No site of a practice needs major investment without a committed scheme: there is nothing to ask."
        found.append(_said(ground, "note", "site_options.look", message, "Nothing has to be done."))
    elif said.budget <= 0:
        message = "The budget is nothing, so no site is invested in."
        found.append(_said(ground, "warning", "site_options.budget", message, "Write budget in pounds."))
    elif unpriced:
        message = f"What it would cost to put them right is not known for {plural(unpriced, 'site')}: none is chosen."
        fix = "Give investment_cost in the sites table, or floor_area_m2 there and cost_per_m2 in [site_options]."
        found.append(_said(ground, "warning", "site_options.cost_per_m2", message, fix))
    unknown = int((own & np.array([value is None for value in facts["major"]])).sum())
    if unknown:
        message = f"The {facet} of {plural(unknown, 'site')} is not known: they are kept, and nobody is sent there."
        found.append(_said(ground, "warning", "site_options.look", message, f"Fill in {facet} in the sites table."))
    listed = facts.loc[own, "dispensing"]
    if "dispensing" in said.protect and all(value is None for value in listed):
        message = "Which practices dispense medicines is not in the inputs, so none is protected for it."
        fix = "Give the column dispensing in the practices table, or name their sites in protect_sites."
        found.append(_said(ground, "warning", "site_options.protect", message, fix))
    return found
