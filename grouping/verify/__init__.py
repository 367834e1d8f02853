"""An independent check that re-derives every claim about a plan from the input tables.

Nothing here is shared with the optimiser or with `assess`: long tables and networkx instead of arrays and bit masks, so
that a mistake there cannot hide here. Two kinds of claim are checked:

- `figure`: a number that was written must be what the inputs give;
- `rule`: the plan must obey the rule set. For a plan made by hand a broken rule is a *breach*: reported, not refused.

What the inputs say is joined once (`evidence`, with the decisions in `decided`), what follows about a plan derived in
`tables`; figures are checked in `figures`, rules in `rules` and the modules it names. `deep` proves the bound anew.
"""

from __future__ import annotations

import pandas as pd

from geodata.place import Place
from geodata.travel import TravelTimes
from grouping.rules import RuleSet
from grouping.verify.evidence import Evidence
from grouping.verify.figures import (
    Claims,
    check_area_figures,
    check_exceptions_named,
    check_group_figures,
    check_headline,
    check_partition,
    check_totals,
)
from grouping.verify.ledger import Ledger
from grouping.verify.rules import check_rules
from grouping.verify.tables import facts_of

__all__ = ["Claims", "Evidence", "verify", "verify_plan"]


def verify(
    claims: Claims,
    place: Place,
    times: TravelTimes,
    edges: pd.DataFrame,
    rules: RuleSet,
    *,
    partial: bool = False,
) -> pd.DataFrame:
    """Re-derive what is claimed about a plan (see `verify_plan`), from inputs that are joined for it alone.

    Parameters
    ----------
    claims
        The plan with its tables and totals, as written or about to be written.
    place
        The place with completed registrations.
    times
        Minutes areas x sites and sites x sites.
    edges
        Adjacency as `practice_a, practice_b`.
    rules
        The rule set with all values.
    partial
        Whether the plan may leave practices out.
    """
    return verify_plan(claims, Evidence(place, times, edges, rules, {}), partial=partial)


def verify_plan(claims: Claims, evidence: Evidence, *, partial: bool = False) -> pd.DataFrame:
    """Re-derive what is claimed about a plan.

    Parameters
    ----------
    claims
        The plan with its tables and totals, as written or about to be written.
    evidence
        The inputs, joined once for all plans.
    partial
        Whether the plan may leave practices out.

    Returns
    -------
    DataFrame
        One row per claim: `kind` (figure or rule), `claim`, `agrees` (bool), `detail` (text), `faults` (the groups that
        break a rule: id and what is wrong).
    """
    ledger = Ledger()
    check_partition(ledger, claims.plan, evidence.place, partial)
    facts = facts_of(claims.plan, evidence, claims.before, partial=partial)
    if facts.members.empty:
        return ledger.table()
    check_group_figures(ledger, claims.groups, facts.groups)
    check_exceptions_named(ledger, claims.groups, facts.groups)
    check_area_figures(ledger, claims.areas, facts.journeys)
    check_totals(ledger, claims, facts)
    if claims.headline is not None:
        with_before = claims.before is not None
        check_headline(ledger, claims.headline, facts.groups, facts.journeys, with_before=with_before)
    check_rules(ledger, facts)
    return ledger.table()
