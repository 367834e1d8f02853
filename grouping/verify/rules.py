"""Whether a plan obeys the rule set."""

from __future__ import annotations

import math

import networkx as nx
import pandas as pd

from geodata.place import Place
from geodata.travel import TravelTimes
from grouping.rules import RuleSet
from grouping.verify.ledger import Ledger
from grouping.verify.tables import owner_of_site

HUB_TOLERANCE = 0.001
"""Patient-minutes of two hubs may be told apart wrongly by so much a practice: they are compared in thousandths."""


def check_rules(
    ledger: Ledger,
    derived: pd.DataFrame,
    members: pd.DataFrame,
    place: Place,
    times: TravelTimes,
    edges: pd.DataFrame,
    rules: RuleSet,
    journeys: pd.DataFrame,
) -> None:
    """Every rule of the set, one claim each."""
    _check_sizes(ledger, derived, rules)
    _check_access(ledger, members, times, rules)
    _check_hubs(ledger, derived, members, place, rules, journeys)
    _check_contiguity(ledger, members, edges)
    _check_tags(ledger, members, rules)


def _check_sizes(ledger: Ledger, derived: pd.DataFrame, rules: RuleSet) -> None:
    short = derived[derived["margin"] < 0]
    allowed = 0 if rules.exceptions.policy == "forbidden" else rules.exceptions.at_most
    too_many = allowed >= 0 and len(short) > allowed
    faults = [(str(g), f"{-int(r['margin']):,} short of {int(r['minimum']):,}") for g, r in short.iterrows()]
    named = ", ".join(f"{group_id}: {what}" for group_id, what in faults)
    ledger.note(
        "rule",
        "each group reaches its minimum, or is an exception the rules allow",
        [f"{len(short)} below the minimum where {allowed} are allowed ({named})"] if too_many else [],
        f"{len(derived) - len(short)} reach it" + (f"; exceptions: {named}" if named else ""),
        faults if too_many else [],
    )
    over = derived[(derived["list_size"] > rules.size.hard_maximum) & (derived["practices"] > 1)]
    alone = derived[(derived["list_size"] > rules.size.hard_maximum) & (derived["practices"] == 1)]
    ledger.note_by_group(
        f"no group above {rules.size.hard_maximum:,} patients",
        [(str(g), f"{int(r['list_size']):,} patients") for g, r in over.iterrows()],
        "none" + (f"; a single practice above it stands alone: {', '.join(alone.index)}" if len(alone) else ""),
    )


def _check_access(ledger: Ledger, members: pd.DataFrame, times: TravelTimes, rules: RuleSet) -> None:
    sites = pd.DataFrame(times.between_sites, index=list(times.site_codes), columns=list(times.site_codes))
    limit = rules.access.max_minutes_between_members
    if limit > 0:
        faults, longest = [], 0.0
        for group_id, part in members.groupby("group_id"):
            mains = list(part["main_site_code"])
            worst = max((float(sites.loc[a, b]) for a in mains for b in mains if a != b), default=0.0)
            longest = max(longest, worst)
            if worst > limit + 1e-9:
                faults.append((str(group_id), f"{worst:.1f} minutes" if math.isfinite(worst) else "no route"))
        ledger.note_by_group(
            f"at most {limit:g} minutes between any two members' main sites", faults, f"longest {longest:.1f} minutes"
        )
    limit = rules.access.max_minutes_to_hub
    if limit > 0:
        faults = []
        for row in members.itertuples():
            minutes = float(sites.loc[row.main_site_code, row.hub])
            if minutes > limit + 1e-9:
                faults.append((row.group_id, f"{row.practice_code} {minutes:.1f} minutes"))
        ledger.note_by_group(f"at most {limit:g} minutes from a member's main site to the hub", faults, "none longer")


def _check_hubs(
    ledger: Ledger,
    derived: pd.DataFrame,
    members: pd.DataFrame,
    place: Place,
    rules: RuleSet,
    journeys: pd.DataFrame,
) -> None:
    owners = owner_of_site(place)
    group_of = members.set_index("practice_code")["group_id"]
    faults = []
    for group_id, row in derived.iterrows():
        hub = row["hub_site_code"]
        if hub not in owners:
            faults.append((str(group_id), f"site {hub!r} is not in the inputs"))
        elif group_of.get(owners[hub]) != group_id:
            faults.append((str(group_id), f"{hub} belongs to {owners[hub]}, which is not a member"))
        elif rules.hub.kinds and place.sites.at[hub, "kind"] not in rules.hub.kinds:
            faults.append((str(group_id), f"{hub} is a {place.sites.at[hub, 'kind']} site"))
    ledger.note_by_group(
        "each hub is a site of a member practice, of a kind the rules allow", faults, f"{len(derived)} hubs"
    )
    cut_off = journeys[journeys["timed"] & journeys["minutes_hub"].isna()]
    lost = cut_off.groupby("group_id")["patients"].sum()
    ledger.note_by_group(
        "every patient who has a route to any site has one to the hub",
        [(str(g), f"{n:,.0f} patients without a route") for g, n in lost.items()],
        "no patient cut off",
    )


def check_best_hubs(
    ledger: Ledger,
    members: pd.DataFrame,
    place: Place,
    times: TravelTimes,
    rules: RuleSet,
    journeys: pd.DataFrame,
) -> None:
    """No other site that could be the group's hub has fewer patient-minutes."""
    kinds, limit = rules.hub.kinds, rules.access.max_minutes_to_hub
    open_to = [
        (site, owner)
        for site, owner in owner_of_site(place).items()
        if (not kinds or place.sites.at[site, "kind"] in kinds)
        and (place.sites.at[site, "practice_code"] or "community" in kinds)
    ]
    home = pd.DataFrame(times.area_to_site, index=list(times.area_codes), columns=list(times.site_codes))
    drive = pd.DataFrame(times.between_sites, index=list(times.site_codes), columns=list(times.site_codes))
    faults = []
    for group_id, part in members.groupby("group_id"):
        timed = journeys[(journeys["group_id"] == group_id) & journeys["timed"]]
        total = home.loc[timed["area_code"]].mul(timed["patients"].to_numpy(), axis=0).sum()
        practices = set(part["practice_code"])
        possible = [
            (float(total[site]), site)
            for site, owner in open_to
            if owner in practices and (limit <= 0 or drive.loc[part["main_site_code"], site].max() <= limit)
        ]
        best, hub = min(possible, default=(math.inf, "")), part["hub"].iloc[0]
        own = next((minutes for minutes, site in possible if site == hub), math.inf)
        if own > best[0] + HUB_TOLERANCE * len(part):
            faults.append((str(group_id), f"{best[1]} has fewer patient-minutes than {hub}"))
    ledger.note_by_group("each hub is the best its group may have", faults, "no better one")


def _check_contiguity(ledger: Ledger, members: pd.DataFrame, edges: pd.DataFrame) -> None:
    graph = nx.Graph()
    graph.add_nodes_from(members["practice_code"])
    graph.add_edges_from(edges[["practice_a", "practice_b"]].itertuples(index=False))
    faults = []
    for group_id, part in members.groupby("group_id"):
        pieces = nx.number_connected_components(graph.subgraph(part["practice_code"]))
        if pieces > 1:
            faults.append((str(group_id), f"{pieces} separate parts"))
    ledger.note_by_group("each group is contiguous: its catchments touch", faults, "all in one part")


def _check_tags(ledger: Ledger, members: pd.DataFrame, rules: RuleSet) -> None:
    tagged = members[members["keep_together"].fillna("") != ""]
    if not tagged.empty:
        counts = tagged.groupby("keep_together")["group_id"].nunique()
        split = tagged[tagged["keep_together"].isin(counts.index[counts > 1])]
        pairs = split[["group_id", "keep_together"]].drop_duplicates()
        ledger.note_by_group(
            "practices that must stay together share a group",
            [(str(group_id), f"the practices tagged {tag!r} are split") for group_id, tag in pairs.to_numpy()],
            f"{len(counts)} tags held",
        )
    if rules.locality.rule == "inside":
        labelled = members[members["locality"].fillna("") != ""]
        counts = labelled.groupby("group_id")["locality"].nunique()
        crossing = [(str(group_id), "crosses one") for group_id in counts.index[counts > 1]]
        ledger.note_by_group("no group crosses a locality boundary", crossing, "none does")
