"""What the inputs say about a plan, derived by long tables: nothing here is shared with the optimiser."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd

from grouping.plan import Before, Plan, ServiceSites
from grouping.rules import RuleSet
from grouping.verify.decided import Locked
from grouping.verify.evidence import Evidence

RURAL_SLACK = 1e-9
"""A rural share counts as reaching the threshold from this far below (the definition says so)."""


@dataclass(frozen=True)
class Facts:
    """What follows from a plan and the inputs.

    Parameters
    ----------
    evidence
        The inputs.
    members
        One row per practice of the plan.
    journeys
        One row per practice and area.
    groups
        One row per group, by `group_id`.
    locked
        Groups of the plan that stand by decision, by `group_id`.
    partial
        Whether the plan may leave practices out.
    """

    evidence: Evidence
    members: pd.DataFrame
    journeys: pd.DataFrame
    groups: pd.DataFrame
    locked: dict[str, Locked]
    partial: bool

    @property
    def rules(self) -> RuleSet:
        """The rule set."""
        return self.evidence.rules

    def practices_of(self, group_id: object) -> frozenset[str]:
        """Codes of a group's members."""
        return frozenset(self.members.loc[self.members["group_id"] == group_id, "practice_code"])


def facts_of(plan: Plan, evidence: Evidence, before: Before | None, *, partial: bool) -> Facts:
    """Derive everything the checks read about a plan."""
    members = members_table(plan, evidence)
    journeys = journeys_table(members, evidence, before)
    locked = {}
    for group in plan.groups:
        decision = evidence.standing.locked_as(frozenset(group.members))
        if decision is not None:
            locked[group.group_id] = decision
    groups = derive_groups(members, journeys, evidence)
    return Facts(evidence, members, journeys, groups, locked, partial)


def members_table(plan: Plan, evidence: Evidence) -> pd.DataFrame:
    """One row per practice of the plan: its group, the group's hub, and what the practices table says of it."""
    rows = [
        {"group_id": group.group_id, "practice_code": code, "hub": group.hub_site_code}
        for group in plan.groups
        for code in group.members
    ]
    table = pd.DataFrame(rows, columns=["group_id", "practice_code", "hub"])
    return table.merge(evidence.practices.rename_axis("practice_code").reset_index(), on="practice_code", how="inner")


def journeys_table(members: pd.DataFrame, evidence: Evidence, before: Before | None) -> pd.DataFrame:
    """One row per practice and area: patients, whether timed, minutes to the own practice, the hub, the hub before."""
    own = members[["practice_code", "group_id", "hub"]]
    table = evidence.registrations.merge(own, on="practice_code", how="inner")
    table["minutes_hub"] = evidence.minutes_from_home(table["area_code"], table["hub"])
    if isinstance(before, ServiceSites):
        table["minutes_hub_before"] = _nearest_service(table, evidence, before)
        return table
    hub_before = {code: group.hub_site_code for group in (before.groups if before else ()) for code in group.members}
    table["hub_before"] = table["practice_code"].map(hub_before).astype(object)
    table["minutes_hub_before"] = evidence.minutes_from_home(table["area_code"], table["hub_before"])
    return table


def _nearest_service(table: pd.DataFrame, evidence: Evidence, services: ServiceSites) -> pd.Series:
    """Minutes to the nearest site that serves the patients of each row, one site after the other."""
    nearest = pd.Series(math.nan, index=table.index, dtype=float)
    pairs = [(site, None) for site in services.everybody]
    pairs += [(site, code) for code, sites in services.of_practice.items() for site in sites]
    for site, code in pairs:
        here = table if code is None else table[table["practice_code"] == code]
        minutes = evidence.minutes_from_home(here["area_code"], pd.Series(site, index=here.index, dtype=object))
        nearest = nearest.combine(pd.Series(minutes, index=here.index).reindex(table.index), np.fmin)
    return nearest


def weighted_mean(table: pd.DataFrame, column: str) -> float:
    """Mean of a column over the patients for whom it is known; NaN if for nobody."""
    known = table[table[column].notna()]
    total = known["patients"].sum()
    return float((known[column] * known["patients"]).sum() / total) if total > 0 else math.nan


def means_by_area(table: pd.DataFrame, column: str) -> pd.Series:
    """The same mean for each area; NaN where it is known for nobody."""
    known = table[table[column].notna()]
    weight = known.groupby("area_code")["patients"].sum()
    total = (known[column] * known["patients"]).groupby(known["area_code"]).sum()
    return (total / weight).where(weight > 0).reindex(table["area_code"].unique())


def main_locality(part: pd.DataFrame) -> str:
    """The locality most of the patients are registered in (ties: the smaller name); empty if none is known."""
    labelled = part[part["locality"] != ""]
    if labelled.empty:
        return ""
    sizes = labelled.groupby("locality")["list_size"].sum()
    return str(sorted(sizes.index[sizes == sizes.max()])[0])


def limits_of(rules: RuleSet, kind: str, locality: str) -> tuple[int, int]:
    """Fewest and most patients of a group of that kind in that main locality."""
    size = rules.size
    minimum = size.minimum_rural if kind == "rural" else size.minimum_urban
    maximum = size.hard_maximum_rural if kind == "rural" and size.hard_maximum_rural else size.hard_maximum
    own = size.locality.get(locality)
    return (own.minimum if own and own.minimum else minimum, own.maximum if own and own.maximum else maximum)


def longest_drive(part: pd.DataFrame, hub: str, evidence: Evidence) -> float:
    """Longest minutes from a member's main site to the hub; infinite without a route, NaN if there is no such hub."""
    if hub not in evidence.drive.columns:
        return math.nan
    return float(evidence.drive.loc[part["main_site_code"], hub].max())


def derive_groups(members: pd.DataFrame, journeys: pd.DataFrame, evidence: Evidence) -> pd.DataFrame:
    """Figures of each group by `group_id`, unrounded: the columns of `groups.csv` that are numbers, and more."""
    rules, decisions = evidence.rules, evidence.standing
    of_group = dict(iter(journeys.groupby("group_id")))
    rows = []
    for group_id, part in members.groupby("group_id", sort=True):
        hub = part["hub"].iloc[0]
        listed = int(part["list_size"].sum())
        share = float(part["rural_patients"].sum() / listed) if listed else 0.0
        kind = "rural" if share >= rules.rurality.threshold - RURAL_SLACK else "urban"
        locality = main_locality(part)
        minimum, maximum = limits_of(rules, kind, locality)
        granted = decisions.reason_granted(frozenset(part["practice_code"]))
        longest = longest_drive(part, hub, evidence)
        rows.append(
            {
                "group_id": group_id,
                "hub_site_code": hub,
                "practices": len(part),
                "sites": int(evidence.place.sites["practice_code"].isin(part["practice_code"]).sum()),
                "list_size": listed,
                "rural_share": share,
                "kind": kind,
                "main_locality": locality,
                "minimum": minimum,
                "maximum": maximum,
                "margin": listed - minimum,
                "granted": granted,
                "shortfall": max(minimum - listed, 0) if granted is None else 0,
                "vulnerable": int(part["vulnerable"].sum()),
                "loss": _loss(part, rules),
                "localities": int(part.loc[part["locality"] != "", "locality"].nunique()),
                "pounds": float(evidence.sites["pounds"].get(hub, 0.0)),
                "mean_minutes_to_hub": weighted_mean(of_group[group_id], "minutes_hub")
                if group_id in of_group
                else math.nan,
                "longest": longest,
                "max_practice_minutes": longest if math.isfinite(longest) else math.nan,
            }
        )
    return pd.DataFrame(rows).set_index("group_id")


def _loss(part: pd.DataFrame, rules: RuleSet) -> float:
    """Patients of the practice that `resilience.loss_of` thinks away; NaN where the group holds none such."""
    thought_away = part if rules.resilience.loss_of == "any" else part[part["vulnerable"].astype(bool)]
    return float(thought_away["list_size"].max()) if len(thought_away) else math.nan


def _affected(part: pd.DataFrame, column: str) -> int:
    """Patients of a group who are not in its largest part by `column`; practices without a label are not counted."""
    labelled = part[part[column].fillna("") != ""]
    if labelled.empty:
        return 0
    sizes = labelled.groupby(column)["list_size"].sum()
    return int(sizes.sum() - sizes.max())


def group_headline(derived: pd.DataFrame) -> dict[str, float]:
    """Figures of the whole plan that follow from its groups."""
    short = derived[derived["shortfall"] > 0]
    kinds = derived["kind"].value_counts()
    return {
        "groups": len(derived),
        "urban_groups": int(kinds.get("urban", 0)),
        "rural_groups": int(kinds.get("rural", 0)),
        "practices": int(derived["practices"].sum()),
        "exceptions": len(short),
        "shortfall": int(short["shortfall"].sum()),
        "smallest": int(derived["list_size"].min()),
        "largest": int(derived["list_size"].max()),
        "longest_practice_minutes": float(derived["max_practice_minutes"].max()),
    }


def _by_setting(journeys: pd.DataFrame) -> list[tuple[str, pd.DataFrame]]:
    """All, rural and urban patients with the ending of their figures' names."""
    rural = journeys["rural"].astype("boolean")  # unknown outside the areas of the case
    return [("", journeys), ("_rural", journeys[rural.fillna(False)]), ("_urban", journeys[~rural.fillna(True)])]


def _share(part: pd.DataFrame, which: pd.Series) -> float:
    total = part["patients"].sum()
    return float(part.loc[which, "patients"].sum() / total) if total > 0 else math.nan


def journey_headline(journeys: pd.DataFrame) -> dict[str, float]:
    """Figures of the whole plan that follow from its journeys."""
    figures: dict[str, float] = {
        "patients_without_route": float(journeys.loc[journeys["minutes_hub"].isna(), "patients"].sum()),
        "patients_estimated": float(journeys.loc[journeys["basis"] == "estimated", "patients"].sum()),
    }
    for ending, part in _by_setting(journeys):
        mean_key = f"mean_minutes_hub{ending}" if ending else "mean_minutes_to_hub"
        figures |= {
            f"patients{ending}": float(part["patients"].sum()),
            mean_key: weighted_mean(part, "minutes_hub"),
            f"mean_minutes_routine{ending}": weighted_mean(part, "minutes_routine"),
        }
        for limit in (10, 15, 20, 30, 45):
            figures[f"share_within_{limit}_minutes{ending}"] = _share(part, part["minutes_hub"] <= limit)
    return figures


def before_headline(journeys: pd.DataFrame) -> dict[str, float]:
    """Before and now of the patients who have both journeys; longer and shorter mean by more than a minute."""
    figures: dict[str, float] = {}
    for ending, part in _by_setting(journeys.dropna(subset=["minutes_hub", "minutes_hub_before"])):
        change = part["minutes_hub"] - part["minutes_hub_before"]
        figures |= {
            f"patients_compared{ending}": float(part["patients"].sum()),
            f"mean_minutes_before{ending}": weighted_mean(part, "minutes_hub_before"),
            f"mean_minutes_compared{ending}": weighted_mean(part, "minutes_hub"),
            f"share_longer{ending}": _share(part, change > 1.0),
            f"share_shorter{ending}": _share(part, change < -1.0),
        }
    return figures


def penalty_of(part: pd.DataFrame, row: pd.Series, rules: RuleSet) -> float:
    """Penalties of one group in minutes times patients, to be divided by all patients."""
    weights, size = rules.weights, rules.size
    floor = size.preferred_minimum_rural if row["kind"] == "rural" else size.preferred_minimum_urban
    total = weights.outside_preferred * (
        max(row["list_size"] - size.preferred_maximum, 0) + max(floor - row["list_size"], 0)
    )
    total += weights.split_locality * _affected(part, "locality")
    total += weights.change_of_group * _affected(part, "current_group")
    total += weights.mixed_systems * _affected(part, "clinical_system")
    middle = size.target if size.target else (size.preferred_minimum_urban + size.preferred_maximum) // 2
    total += weights.size_balance * abs(row["list_size"] - middle)
    left = row["list_size"] - row["loss"]  # NaN, and so below nothing, where no practice is thought away
    if row["minimum"] > 1 and left < row["minimum"]:
        total += weights.fragile * row["list_size"]
    if weights.worst_practice > 0:
        total += weights.worst_practice * row["longest"] * row["list_size"]
    return total + weights.hub_cost * row["pounds"]


def score_of(facts: Facts) -> float:
    """Score in minutes per patient: what a minute to the hub counts, and the penalties over all patients."""
    penalty = sum(
        penalty_of(part, facts.groups.loc[group_id], facts.rules)
        for group_id, part in facts.members.groupby("group_id")
    )
    minutes = weighted_mean(facts.journeys, "minutes_hub")
    return facts.rules.weights.minutes * minutes + penalty / float(facts.members["list_size"].sum())
