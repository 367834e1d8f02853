"""Whether `second_layer.csv`, the groups of groups of an option, is what the rules and the inputs give."""

from __future__ import annotations

import math
from pathlib import Path

import networkx as nx
import pandas as pd

from grouping.plan import Plan
from grouping.verify.evidence import Evidence
from grouping.verify.record import Line, line
from grouping.verify.tables import Facts, facts_of, weighted_mean

FILE = "second_layer.csv"
NEEDED = ("partnership_id", "groups", "group_ids", "practices", "list_size", "minimum", "margin", "hub_site_code")
MINUTES_TOLERANCE = 0.002


def check_partnerships(option: dict, folder: Path, plan: Plan, evidence: Evidence) -> list[Line]:
    """Compare the partnerships of an option with its plan and the inputs; nothing where the rules ask for none.

    Parameters
    ----------
    option
        What `run.json` says of the option.
    folder
        The option's folder.
    plan, evidence
        Its plan, and the inputs.
    """
    said, rules = option.get("second_layer"), evidence.rules.second_layer
    if said is None and not (folder / FILE).is_file():
        return []
    claim = f"{FILE} is what its groups, the rules and the inputs give"
    if not isinstance(said, dict) or not rules.minimum:
        return [
            line(claim, ["the rules, run.json and the folder do not agree on whether there is one"], "", option["id"])
        ]
    try:
        table = pd.read_csv(folder / FILE, encoding="utf-8", keep_default_na=False, na_values=[""])
        of = {row.partnership_id: str(row.group_ids).split() for row in table.itertuples()}
        known = set(NEEDED) <= set(table.columns)
    except (OSError, ValueError, AttributeError):
        known = False
    if not known:
        return [line(claim, ["it cannot be read"], "", option["id"])]
    facts = facts_of(plan, evidence, None, partial=False)
    wrong = _partition_faults(of, facts)
    if not wrong:
        rows = {row.partnership_id: row for row in table.itertuples()}
        wrong = [fault for name, groups in of.items() for fault in _faults(rows[name], groups, facts)]
        short = (-table["margin"]).clip(lower=0)
        now = {"partnerships": len(table), "shortfall": int(short.sum()), "exceptions": int((short > 0).sum())}
        wrong += [
            f"{key}: written {said.get(key)}, the table gives {value}"
            for key, value in now.items()
            if said.get(key) != value
        ]
    return [line(claim, wrong, f"{len(table)} partnerships", option["id"])]


def _partition_faults(of: dict[str, list[str]], facts: Facts) -> list[str]:
    listed = sorted(group for groups in of.values() for group in groups)
    there = sorted(map(str, facts.groups.index))
    return [] if listed == there else ["it does not hold each group of the plan once"]


def _faults(row: object, groups: list[str], facts: Facts) -> list[str]:
    """What is wrong with one partnership."""
    name, rules, evidence = row.partnership_id, facts.rules.second_layer, facts.evidence
    inside = facts.groups.loc[groups]
    size, hubs = int(inside["list_size"].sum()), list(inside["hub_site_code"])
    drives = evidence.drive.loc[hubs, hubs].to_numpy(dtype=float)
    now = {
        "groups": len(groups),
        "practices": int(inside["practices"].sum()),
        "list_size": size,
        "minimum": rules.minimum,
        "margin": size - rules.minimum,
    }
    wrong = [
        f"{name} {key}: written {getattr(row, key)}, it has {value}"
        for key, value in now.items()
        if getattr(row, key) != value
    ]
    if rules.maximum and size > rules.maximum and len(groups) > 1:
        wrong.append(f"{name}: {size:,} patients, above {rules.maximum:,}")
    longest = float(drives.max())
    if rules.max_minutes_between_hubs and longest > rules.max_minutes_between_hubs + 1e-9:
        wrong.append(f"{name}: {longest:.1f} minutes between hubs")
    if not _connected(groups, facts):
        wrong.append(f"{name}: its groups do not touch")
    wrong += _hub_faults(row, groups, hubs, facts)
    return wrong


def _connected(groups: list[str], facts: Facts) -> bool:
    group_of = facts.members.set_index("practice_code")["group_id"].astype(str).to_dict()
    graph = nx.Graph()
    graph.add_nodes_from(groups)
    borders = facts.evidence.edges[["practice_a", "practice_b"]].itertuples(index=False)
    pairs = {(group_of.get(a), group_of.get(b)) for a, b in borders}
    graph.add_edges_from(pair for pair in pairs if set(pair) <= set(groups))
    return nx.is_connected(graph)


def _hub_faults(row: object, groups: list[str], hubs: list[str], facts: Facts) -> list[str]:
    """The hub is one of the groups' hubs, the one of fewest patient-minutes, and its minutes are as written."""
    name, hub, evidence = row.partnership_id, row.hub_site_code, facts.evidence
    if hub not in hubs:
        return [f"{name}: {hub} is the hub of none of its groups"]
    journeys = facts.journeys[facts.journeys["group_id"].astype(str).isin(groups)]
    codes = list(journeys["practice_code"].unique())
    totals = evidence.patient_minutes.loc[codes, hubs].sum()
    wrong = []
    if float(totals[hub]) > float(totals.min()) + 0.001 * len(codes):
        wrong.append(f"{name}: {totals.idxmin()} has fewer patient-minutes than {hub}")
    minutes = evidence.minutes_from_home(journeys["area_code"], pd.Series(hub, index=journeys.index))
    mean = weighted_mean(journeys.assign(to_hub=minutes), "to_hub")
    written = float(getattr(row, "mean_minutes_to_hub", math.nan))
    if not (abs(written - mean) <= MINUTES_TOLERANCE or (math.isnan(written) and math.isnan(mean))):
        wrong.append(f"{name}: {written} minutes to the hub written, the inputs give {mean:.3f}")
    return wrong
