"""Whether a plan obeys the rule set: every rule one claim, in words a planner reads on the page."""

from __future__ import annotations

from grouping.verify.access import check_access
from grouping.verify.bonds import check_bonds
from grouping.verify.hubs import check_best_hubs, check_budget, check_hubs
from grouping.verify.ledger import Ledger
from grouping.verify.sizes import check_after_loss, check_number_of_groups, check_practices, check_sizes
from grouping.verify.tables import Facts


def check_rules(ledger: Ledger, facts: Facts) -> None:
    """Check every rule that is in force.

    What a group breaks that stands by decision is named in the detail of the claim and not held against the plan.
    """
    check_sizes(ledger, facts)
    check_practices(ledger, facts)
    check_after_loss(ledger, facts)
    check_access(ledger, facts)
    check_hubs(ledger, facts)
    check_bonds(ledger, facts)
    check_number_of_groups(ledger, facts)
    check_budget(ledger, facts)
    if not facts.partial and facts.rules.hub.budget <= 0:
        check_best_hubs(ledger, facts)
