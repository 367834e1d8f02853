"""Checks every part of a programme, and stops where a claim does not agree."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol

from geodata.errors import VerificationFailed
from grouping.verify.delivery.claims import Claims
from grouping.verify.delivery.engagement import check_engagement
from grouping.verify.delivery.estates import check_estates
from grouping.verify.delivery.growth import check_growth
from grouping.verify.delivery.resilience import check_resilience
from grouping.verify.delivery.resources import check_resources
from grouping.verify.delivery.rollout import check_rollout
from grouping.verify.delivery.scorecard import check_scorecard
from grouping.verify.delivery.sites import check_sites
from grouping.verify.delivery.told import Check
from grouping.verify.ledger import Ledger

if TYPE_CHECKING:
    from grouping.named_table import NamedTable
    from grouping.programme.ground import Ground

PARTS: dict[str, Callable[[Ledger, Claims], None]] = {
    "rollout": check_rollout,
    "resources": check_resources,
    "growth": check_growth,
    "estates": check_estates,
    "site_choice": check_sites,
    "scorecard": check_scorecard,
    "resilience": check_resilience,
    "engagement": check_engagement,
}
"""The check of each part, in the order of the page."""


class Claimed(Protocol):
    """What can be checked: a programme, or any tables beside the ground they were made on."""

    @property
    def ground(self) -> Ground:
        """The run, the option and what the planner says."""

    @property
    def tables(self) -> Sequence[NamedTable]:
        """The finished tables of the parts."""


def checks_of(programme: Claimed) -> tuple[Check, ...]:
    """Derive the claims of a programme again.

    Parameters
    ----------
    programme
        The programme with its finished tables. Of a public one only what it shows is checked, on the public ground.

    Returns
    -------
    tuple
        One line a claim, in the order of the parts; parts without tables have none.
    """
    claims = Claims(programme.ground, {table.name: table.table for table in programme.tables})
    found = []
    for part, check in PARTS.items():
        if not any(name.startswith(f"{part}-") for name in claims.tables):
            continue
        ledger = Ledger()
        check(ledger, claims)
        found += [Check(part, str(row["claim"]), bool(row["agrees"]), str(row["detail"])) for row in ledger.rows]
    return tuple(found)


def refuse_disagreement(checks: Sequence[Check]) -> None:
    """Stop before anything is written.

    Raises
    ------
    VerificationFailed
        A claim does not agree; all that do not are named.
    """
    wrong = [f"{one.part}: {one.claim}: {one.detail}" for one in checks if not one.agrees]
    if wrong:
        raise VerificationFailed("; ".join(wrong))
