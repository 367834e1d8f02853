"""An independent check that re-derives every claim about a plan from the input tables.

Nothing here is shared with the optimiser or with `assess`: long tables and networkx instead of arrays and bit masks, so
that a mistake there cannot hide here. Two kinds of claim are checked:

- `figure`: a number that was written must be what the inputs give;
- `rule`: the plan must obey the rule set. For a plan made by hand a broken rule is a *breach*: reported, not refused.

Tables are derived in `tables`, figures checked in `figures`, rules in `rules`.
"""

from __future__ import annotations

import pandas as pd

from geodata.place import Place
from geodata.travel import TravelTimes
from grouping.rules import RuleSet
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
from grouping.verify.rules import check_best_hubs, check_rules
from grouping.verify.tables import derive_groups, journeys_table, members_table


def verify(
    claims: Claims,
    place: Place,
    times: TravelTimes,
    edges: pd.DataFrame,
    rules: RuleSet,
    *,
    partial: bool = False,
) -> pd.DataFrame:
    """Re-derive what is claimed about a plan.

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

    Returns
    -------
    DataFrame
        One row per claim: `kind` (figure or rule), `claim`, `agrees` (bool), `detail` (text), `faults` (the groups that
        break a rule: id and what is wrong).
    """
    ledger = Ledger()
    members = members_table(claims.plan, place)
    check_partition(ledger, claims.plan, place, partial)
    if members.empty:
        return ledger.table()
    journeys = journeys_table(members, place, times, claims.before)
    derived = derive_groups(members, journeys, place, times, rules)
    check_group_figures(ledger, claims.groups, derived)
    check_exceptions_named(ledger, claims.groups, derived)
    check_area_figures(ledger, claims.areas, journeys)
    check_totals(ledger, claims, derived, members, journeys, rules)
    if claims.headline is not None:
        check_headline(ledger, claims.headline, derived, journeys, with_before=claims.before is not None)
    check_rules(ledger, derived, members, place, times, edges, rules, journeys)
    if not partial:
        check_best_hubs(ledger, members, place, times, rules, journeys)
    return ledger.table()
