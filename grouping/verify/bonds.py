"""Whether groups hang together, and who is with whom: borders, localities, decisions."""

from __future__ import annotations

import networkx as nx

from grouping.verify.ledger import Ledger
from grouping.verify.tables import Facts


def check_bonds(ledger: Ledger, facts: Facts) -> None:
    """Contiguity, localities, practices kept together and apart, locked groups."""
    if facts.rules.contiguity.rule == "catchments":
        _check_contiguity(ledger, facts)
    _check_tags(ledger, facts)
    _check_localities(ledger, facts)
    _check_decisions(ledger, facts)


def _check_contiguity(ledger: Ledger, facts: Facts) -> None:
    limit = facts.rules.contiguity.max_minutes_over_border
    graph = nx.Graph()
    graph.add_nodes_from(facts.members["practice_code"])
    graph.add_edges_from(facts.evidence.borders)
    faults = []
    for group_id, part in facts.members.groupby("group_id"):
        pieces = nx.number_connected_components(graph.subgraph(part["practice_code"]))
        if pieces > 1:
            faults.append((str(group_id), f"{pieces} separate parts"))
    across = f", across borders of at most {limit:g} minutes" if limit > 0 else ""
    ledger.note_by_group(
        f"each group is contiguous: its catchments touch{across}", faults, "all in one part", excused=facts.locked
    )


def _check_tags(ledger: Ledger, facts: Facts) -> None:
    tagged = facts.members[facts.members["keep_together"] != ""]
    if tagged.empty:
        return
    counts = tagged.groupby("keep_together")["group_id"].nunique()
    split = tagged[tagged["keep_together"].isin(counts.index[counts > 1])]
    pairs = split[["group_id", "keep_together"]].drop_duplicates()
    ledger.note_by_group(
        "practices that must stay together share a group",
        [(str(group_id), f"the practices tagged {tag!r} are split") for group_id, tag in pairs.to_numpy()],
        f"{len(counts)} tags held",
        excused=facts.locked,
    )


def _check_localities(ledger: Ledger, facts: Facts) -> None:
    if facts.rules.locality.rule == "inside":
        crossing = [(str(g), "crosses one") for g, row in facts.groups.iterrows() if row["localities"] > 1]
        ledger.note_by_group("no group crosses a locality boundary", crossing, "none does", excused=facts.locked)


def _check_decisions(ledger: Ledger, facts: Facts) -> None:
    decisions = facts.evidence.standing
    group_of = facts.members.set_index("practice_code")["group_id"].to_dict()
    if decisions.together:
        faults = []
        for together in decisions.together:
            groups = sorted({str(group_of[code]) for code in together if code in group_of})
            if len(groups) > 1:
                faults += [(group_id, f"{', '.join(sorted(together))} are split") for group_id in groups]
        ledger.note_by_group(
            "practices decided to be together share a group",
            faults,
            f"{len(decisions.together)} decisions held",
            excused=facts.locked,
        )
    if decisions.apart:
        faults = [
            (str(group_of[a]), f"holds {a} and {b}")
            for a, b in decisions.apart
            if a in group_of and group_of[a] == group_of.get(b)
        ]
        ledger.note_by_group(
            "no two practices decided to be apart share a group",
            faults,
            f"{len(decisions.apart)} pairs apart",
            excused=facts.locked,
        )
    if decisions.locked:
        _check_locked(ledger, facts, group_of)


def _check_locked(ledger: Ledger, facts: Facts, group_of: dict[str, object]) -> None:
    """Every group that was locked is in the plan; a partial plan may leave all of it out."""
    standing = {facts.practices_of(group_id) for group_id in facts.locked}
    wrong, faults = [], []
    for locked in facts.evidence.standing.locked:
        groups = sorted({str(group_of[code]) for code in locked.members if code in group_of})
        if locked.members in standing or (facts.partial and not groups):
            continue
        wrong.append(f"{', '.join(sorted(locked.members))} are not a group of their own")
        faults += [(group_id, f"is not the group decided with {min(locked.members)}") for group_id in groups]
    ledger.note("rule", "each locked group stands as decided", wrong, f"{len(standing)} locked groups", faults)
