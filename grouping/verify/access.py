"""Whether journeys inside a group keep the limits."""

from __future__ import annotations

import math

from grouping.verify.ledger import NONE, Fault, Ledger
from grouping.verify.tables import Facts

SLACK = 1e-9


def check_access(ledger: Ledger, facts: Facts) -> None:
    """Minutes between members, from a member to the hub, and from home to the hub on average."""
    access = facts.rules.access
    if access.max_minutes_between_members > 0:
        _check_between(ledger, facts, access.max_minutes_between_members)
    if access.max_minutes_to_hub > 0:
        _check_to_hub(ledger, facts, access.max_minutes_to_hub)
    if access.max_mean_minutes_to_hub > 0:
        _check_mean(ledger, facts, access.max_mean_minutes_to_hub)


def _check_between(ledger: Ledger, facts: Facts, limit: float) -> None:
    drive = facts.evidence.drive
    faults: list[Fault] = []
    longest = 0.0
    for group_id, part in facts.members.groupby("group_id"):
        mains = list(part["main_site_code"])
        between = drive.loc[mains, mains].to_numpy(dtype=float, copy=True)
        for place in range(len(mains)):
            between[place, place] = 0.0
        worst = float(between.max())
        longest = max(longest, worst)
        if worst > limit + SLACK:
            faults.append((str(group_id), f"{worst:.1f} minutes" if math.isfinite(worst) else "no route"))
    ledger.note_by_group(
        f"at most {limit:g} minutes between any two members' main sites",
        faults,
        f"longest {longest:.1f} minutes",
        excused=facts.locked,
    )


def _check_to_hub(ledger: Ledger, facts: Facts, limit: float) -> None:
    drive = facts.evidence.drive
    faults: list[Fault] = []
    for row in facts.members.itertuples():
        if row.hub not in drive.columns:
            continue  # told among the hubs
        minutes = float(drive.at[row.main_site_code, row.hub])
        if minutes > limit + SLACK:
            faults.append((row.group_id, f"{row.practice_code} {minutes:.1f} minutes"))
    ledger.note_by_group(
        f"at most {limit:g} minutes from a member's main site to the hub", faults, "none longer", excused=facts.locked
    )


def _check_mean(ledger: Ledger, facts: Facts, limit: float) -> None:
    means = facts.groups["mean_minutes_to_hub"]
    off = means[means > limit + SLACK]
    ledger.note_by_group(
        f"at most {limit:g} minutes from home to the hub on average over a group's patients",
        [(str(group_id), f"{minutes:.2f} minutes") for group_id, minutes in off.items()],
        f"longest {means.max():.2f} minutes" if means.notna().any() else NONE,
        excused=facts.locked,
    )
