"""Whether each group's hub is one it may have, the best of those, and all of them within the budget."""

from __future__ import annotations

import math

import pandas as pd

from grouping.verify.ledger import Fault, Ledger
from grouping.verify.tables import Facts

HUB_TOLERANCE = 0.001
"""Patient-minutes of two hubs may be told apart wrongly by so much a practice: they are compared in thousandths."""

SLACK = 1e-9


def check_hubs(ledger: Ledger, facts: Facts) -> None:
    """Each hub belongs to a member, may be a hub, is the one decided on, and is reached by everybody."""
    sites, groups = facts.evidence.sites, facts.groups
    group_of = facts.members.set_index("practice_code")["group_id"]
    named = {group_id for group_id, locked in facts.locked.items() if locked.hub}
    faults: list[Fault] = []
    for group_id, row in groups.iterrows():
        hub = row["hub_site_code"]
        if hub not in sites.index:
            faults.append((str(group_id), f"site {hub!r} is not in the inputs"))
        elif group_of.get(sites.at[hub, "owner"]) != group_id:
            faults.append((str(group_id), f"{hub} belongs to {sites.at[hub, 'owner']}, which is not a member"))
        elif sites.at[hub, "objection"]:
            faults.append((str(group_id), f"{hub} is {sites.at[hub, 'objection']}"))
    ledger.note_by_group(_hub_claim(facts), faults, f"{len(groups)} hubs", excused=facts.locked)
    _check_decided(ledger, facts)
    wrong = [
        (group_id, f"{groups.at[group_id, 'hub_site_code']}, where {facts.locked[group_id].hub} was decided")
        for group_id in sorted(named)
        if groups.at[group_id, "hub_site_code"] != facts.locked[group_id].hub
    ]
    if named:
        ledger.note_by_group("each locked group has the hub named for it", wrong, f"{len(named)} hubs")
    cut_off = facts.journeys[facts.journeys["timed"] & facts.journeys["minutes_hub"].isna()]
    lost = cut_off.groupby("group_id")["patients"].sum()
    ledger.note_by_group(
        "every patient who has a route to any site has one to the hub",
        [(str(group_id), f"{count:,.0f} patients without a route") for group_id, count in lost.items() if count > 0],
        "no patient cut off",
        excused=facts.locked,
    )


def _hub_claim(facts: Facts) -> str:
    hub = facts.rules.hub
    wanted = ["of a kind the rules allow"]
    if hub.minimum_floor_area_m2 > 0:
        wanted.append(f"of at least {hub.minimum_floor_area_m2:g} m2")
    if hub.conditions:
        wanted.append(f"in condition {' or '.join(hub.conditions)}")
    if facts.evidence.standing.not_hubs:
        wanted.append("not one decided against")
    return "each hub is a site of a member practice, " + ", ".join(wanted)


def _check_decided(ledger: Ledger, facts: Facts) -> None:
    """A site that must be a hub is the hub of its practice's group; no group holds two of them."""
    decided = facts.evidence.standing.hubs
    if not decided:
        return
    owners = facts.evidence.sites["owner"]
    faults = []
    for group_id, row in facts.groups.iterrows():
        practices = facts.practices_of(group_id)
        mine = sorted(site for site in decided if owners.get(site) in practices)
        if len(mine) > 1:
            faults.append((str(group_id), f"holds {len(mine)} of them: {', '.join(mine)}"))
        elif mine and row["hub_site_code"] != mine[0]:
            faults.append((str(group_id), f"{row['hub_site_code']} instead of {mine[0]}"))
    ledger.note_by_group(
        "each site that is decided or committed to be a hub is the hub of its group",
        faults,
        f"{len(decided)} sites",
        excused=facts.locked,
    )


def check_budget(ledger: Ledger, facts: Facts) -> None:
    """All hubs together cost no more than the budget."""
    budget = facts.rules.hub.budget
    if budget > 0:
        total = float(facts.groups["pounds"].sum())
        told = f"{total:,.0f} pounds a year"
        wrong = [told] if total > budget * (1 + SLACK) else []
        ledger.note("rule", f"all hubs together cost at most {budget:,.0f} pounds a year", wrong, told)


def possible_hubs(part: pd.DataFrame, facts: Facts) -> pd.DataFrame:
    """Sites that may be the hub of a group: patient-minutes and hub cost (patient-minutes too) by site code."""
    evidence, rules = facts.evidence, facts.rules
    practices, mains = list(part["practice_code"]), list(part["main_site_code"])
    sites = evidence.sites[evidence.sites["owner"].isin(practices)]
    decided = [site for site in sites.index if site in evidence.standing.hubs]
    if decided:
        sites = sites.loc[decided] if len(decided) == 1 else sites.iloc[:0]
    sites = sites[sites["objection"] == ""]
    minutes = evidence.patient_minutes.loc[practices, list(sites.index)].sum()
    longest = evidence.drive.loc[mains, list(sites.index)].max()
    timed, size = float(part["timed_patients"].sum()), float(part["list_size"].sum())
    keep = minutes.map(math.isfinite)
    if rules.access.max_minutes_to_hub > 0:
        keep &= longest <= rules.access.max_minutes_to_hub
    if rules.access.max_mean_minutes_to_hub > 0 and timed > 0:
        keep &= minutes / timed <= rules.access.max_mean_minutes_to_hub + SLACK
    everybody = evidence.practices
    scale = float(everybody["timed_patients"].sum()) / max(float(everybody["list_size"].sum()), 1.0)
    cost = rules.weights.minutes * minutes + rules.weights.hub_cost * sites["pounds"] * scale
    if rules.weights.worst_practice > 0:
        cost = cost + rules.weights.worst_practice * longest * size * scale
    table = pd.DataFrame({"minutes": minutes, "cost": cost}, index=sites.index, dtype=float)
    return table[keep.astype(bool)].sort_values(["cost", "minutes"], kind="stable")


def check_best_hubs(ledger: Ledger, facts: Facts) -> None:
    """No other site that could be the group's hub adds less to the score."""
    weights = facts.rules.weights
    plain = weights.minutes > 0 and weights.worst_practice == 0 and weights.hub_cost == 0
    faults = []
    for group_id, part in facts.members.groupby("group_id"):
        locked = facts.locked.get(str(group_id))
        if locked is not None and locked.hub:
            continue
        possible, hub = possible_hubs(part, facts), part["hub"].iloc[0]
        if hub not in possible.index:
            continue  # a hub that may be none is told as such
        best, own = possible.iloc[0], possible.loc[hub]
        slack = HUB_TOLERANCE * len(part) * (1.0 if weights.minutes == 0 else weights.minutes)
        if own["cost"] > best["cost"] + slack:
            faults.append((str(group_id), f"{best.name} {_less(plain)} {hub}"))
            continue
        level = possible[(possible["cost"] - own["cost"]).abs() <= SLACK * max(1.0, abs(own["cost"]))]
        if not plain and own["minutes"] > level["minutes"].min() + HUB_TOLERANCE * len(part):
            faults.append((str(group_id), f"{level['minutes'].idxmin()} costs the same and has fewer patient-minutes"))
    ledger.note_by_group("each hub is the best its group may have", faults, "no better one")


def _less(plain: bool) -> str:
    return "has fewer patient-minutes than" if plain else "adds less to the score than"
