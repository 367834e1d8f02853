"""How easily each group breaks: counted over all failures, and over those of vulnerable practices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from grouping.resilience.effects import Groups
from grouping.resilience.placing import Placing

ORDER = (
    "Ranked first by the number of vulnerable practices whose failure alone would break the group (the most first), "
    "then by the margin after the worst single failure as a share of the minimum (the lowest first), then by the "
    "patients without a place (the most first), then by the number of the group."
)
"""How groups are ranked, as it is told."""


SHARE_SLACK = 1e-9
"""Of a margin as a share of the minimum: less is no difference."""


@dataclass(frozen=True)
class Outcome:
    """Failures of one kind: where patients go, and the groups after."""

    placing: Placing
    after: Groups


def fragility_of(single: Outcome, pairs: Outcome, before: Groups) -> pd.DataFrame:
    """One row per group in the order of fragility.

    A failure *breaks* a group if it brings it below its minimum or above its hard maximum, or leaves it without a
    practice; one that already was beyond a limit is broken if it gets further beyond it.

    Parameters
    ----------
    single, pairs
        Failures of one practice, and of two.
    before
        The groups as planned.

    Returns
    -------
    Columns `rank`, `group` (position), `below_own`, `below_other`, `above_own`, `above_other` (numbers of single
    failures of its own members and of others), `vulnerable_breaks`, `pair_breaks`, `worst` (position of the failure of
    the lowest margin), `margin_after`, `minimum_after`, `margin_share_after`, `gone_after`, `without_place` (most
    patients without a place when one of its own practices fails), `vulnerable_share` (of its patients, NaN where
    nothing is rated), `worst_vulnerable` (position of the failure of a vulnerable practice
    that costs the group most of its margin, -1 where none costs it any) and `margin_share_vulnerable`.
    """
    facts = single.placing.facts
    failing = np.array([members[0] for members in single.placing.failures.sets], dtype=np.int64)
    own = facts.member[failing]
    below, above = single.after.below(before), single.after.above(before)
    risky = facts.vulnerable[failing]
    share = single.after.margin_share
    worst, groups = share.argmin(axis=0), np.arange(len(facts.groups))
    worst_vulnerable = np.where(risky[:, None], share, np.inf).argmin(axis=0)
    share_vulnerable = share[worst_vulnerable, groups]
    harmed = risky.any() & (share_vulnerable < before.margin_share[0] - SHARE_SLACK)
    without = np.where(own, single.placing.without[:, None], 0.0).max(axis=0, initial=0.0)
    table = pd.DataFrame(
        {
            "group": groups,
            "below_own": (below & own).sum(axis=0),
            "below_other": (below & ~own).sum(axis=0),
            "above_own": (above & own).sum(axis=0),
            "above_other": (above & ~own).sum(axis=0),
            "vulnerable_breaks": ((below | above) & risky[:, None]).sum(axis=0),
            "pair_breaks": pairs.after.broken(before).sum(axis=0),
            "worst": worst,
            "margin_after": single.after.margin[worst, groups],
            "minimum_after": single.after.minimum[worst, groups],
            "margin_share_after": share[worst, groups],
            "gone_after": single.after.gone[worst, groups],
            "without_place": without,
            "vulnerable_share": _vulnerable_share(single),
            "worst_vulnerable": np.where(harmed, worst_vulnerable, -1),
            "margin_share_vulnerable": np.where(harmed, share_vulnerable, np.nan),
        }
    )
    order = np.lexsort(
        (groups, -np.round(table["without_place"], 6), table["margin_share_after"], -table["vulnerable_breaks"])
    )
    ranked = table.iloc[order].reset_index(drop=True)
    ranked.insert(0, "rank", np.arange(1, len(ranked) + 1))
    return ranked


def _vulnerable_share(single: Outcome) -> NDArray[np.float64]:
    """Share of the patients of each group whose practice is vulnerable, NaN where nothing is rated."""
    facts = single.placing.facts
    if not (facts.rated & facts.of_plan).any():
        return np.full(len(facts.groups), np.nan)
    lists = facts.problem.list_size.astype(np.float64)
    member = facts.member.astype(np.float64)
    total = lists @ member
    return np.divide((lists * facts.vulnerable) @ member, total, out=np.zeros_like(total), where=total > 0)


def broken_patients(single: Outcome, before: Groups) -> int:
    """Patients in groups that would stand below their minimum after some single failure of a member."""
    facts = single.placing.facts
    failing = np.array([members[0] for members in single.placing.failures.sets], dtype=np.int64)
    weak = (single.after.below(before) & facts.member[failing]).any(axis=0)
    return int(facts.problem.list_size[facts.member[:, weak].any(axis=1)].sum())
