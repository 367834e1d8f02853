"""What an option means in figures: its groups, its areas, and the remarks a careful reader must see."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata.place import Place
from geodata.travel import TravelTimes
from grouping.journeys import Journeys, weighted_mean
from grouping.membership import member_indices, rural_share
from grouping.plan import Group, Plan
from grouping.problem import GroupingProblem
from grouping.remarks import remarks
from grouping.result import AssessedOption, OptionPlan
from grouping.verify import Claims, verify

GROUP_COLUMNS = (
    "group_id",
    "name",
    "kind",
    "practices",
    "sites",
    "list_size",
    "rural_share",
    "minimum",
    "margin",
    "exception",
    "hub_site_code",
    "mean_minutes_to_hub",
    "max_practice_minutes",
)
AREA_COLUMNS = ("area_code", "patients", "minutes_routine", "minutes_hub", "minutes_hub_before")
NOTICED_MINUTES = 1.0
"""A journey to the hub counts as longer or shorter than before from this difference on."""

CURVE_MINUTES = (10, 15, 20, 30, 45)
"""Thresholds of the cumulative curve of minutes to the hub."""


def assess(
    option: OptionPlan,
    problem: GroupingProblem,
    place: Place,
    times: TravelTimes,
    edges: pd.DataFrame,
    *,
    journeys: Journeys | None = None,
    before: Plan | None = None,
    by_hand: bool = False,
) -> AssessedOption:
    """Compute every figure shown about an option and let the verifier re-derive them.

    Parameters
    ----------
    option
        The option; every group names its hub.
    problem, place, times, edges
        What it was made from; `place` with completed registrations.
    journeys
        The joined registrations, to be shared between options.
    before
        Plan whose hubs give `minutes_hub_before`.
    by_hand
        Whether the plan may be partial and may break rules (breaches become notes).
    """
    journeys = journeys or Journeys.of(place, times, problem)
    rules = problem.rules
    hub = _hub_of_practice(option.plan, problem)
    to_hub = _minutes_to_hub(journeys, hub)
    groups = _groups_table(option.plan, problem, place, journeys, to_hub)
    covered = hub >= 0
    rows = covered[journeys.practice]
    from_before = _before_minutes(before, problem, journeys)
    areas = _areas_table(journeys, rows, to_hub, from_before)
    headline = _headline(groups, journeys, rows, to_hub)
    if from_before is not None:
        headline |= _change(journeys, rows, to_hub, from_before)
    short = groups["margin"] < 0
    claims = Claims(
        plan=option.plan,
        groups=groups,
        areas=areas,
        objective=option.objective,
        shortfall=int(-groups.loc[short, "margin"].sum()),
        exceptions=int(short.sum()),
        headline=headline,
        before=before,
    )
    verification = verify(claims, place, times, edges, rules, partial=by_hand)
    binding = verification if not by_hand else verification[verification["kind"] == "figure"]
    notes = remarks(option.plan, groups, problem, journeys, verification if by_hand else None)
    left_out = place.practices.loc[~covered, ["name", "list_size"]].rename_axis("practice_code").reset_index()
    return AssessedOption(
        option=option,
        groups=groups,
        areas=areas,
        notes=notes,
        headline=headline,
        verified=bool(binding["agrees"].all()),
        verification=verification,
        left_out=pd.DataFrame(left_out),
    )


def score_plan(plan: Plan, problem: GroupingProblem, journeys: Journeys) -> float:
    """Score of any plan in minutes per patient (DESIGN: mean minutes to the hub plus penalties), partial ones too.

    Patients without a route are left out of the mean; practices the plan does not cover are left out of every total.
    """
    hub = _hub_of_practice(plan, problem)
    rows = hub[journeys.practice] >= 0
    mean = weighted_mean(_minutes_to_hub(journeys, hub)[rows], journeys.patients[rows])
    penalty = sum(_penalty(member_indices(group, problem), problem) for group in plan.groups)
    patients = int(problem.list_size[hub >= 0].sum())
    return mean + penalty / patients


def best_hub(members: tuple[str, ...], problem: GroupingProblem) -> str:
    """The eligible member site with the least patient-minutes (ties: the smaller code).

    Where no site of the members may be a hub, or none lies within the limit from every main site, that rule is left
    aside: it is then a breach, which is told elsewhere.
    """
    index = [problem.practice_codes.index(code) for code in members]
    minutes = problem.patient_minutes[index].sum(axis=0)
    limit = problem.rules.access.max_minutes_to_hub
    near = (problem.practice_to_site[index] <= limit).all(axis=0) if limit > 0 else True
    eligible = np.isin(problem.site_owner, index)
    for narrower in (problem.hub_allowed, near & np.isfinite(minutes)):
        if (eligible & narrower).any():
            eligible &= narrower
    cost = np.where(eligible, np.round(minutes, 3), np.inf)
    if not np.isfinite(cost).any():  # no site is reached by everybody: any eligible one, the smallest code
        return problem.site_codes[int(np.argmax(eligible))]
    return problem.site_codes[int(np.argmin(cost))]


# ------------------------------------------------------------------------------------------------------------- pieces


def _hub_of_practice(plan: Plan, problem: GroupingProblem) -> NDArray[np.int64]:
    """Position of the hub of each practice, -1 where the plan leaves the practice out."""
    hub = np.full(len(problem.practice_codes), -1, dtype=np.int64)
    for group in plan.groups:
        hub[member_indices(group, problem)] = problem.site_codes.index(group.hub_site_code)
    return hub


def _minutes_to_hub(journeys: Journeys, hub: NDArray[np.int64]) -> NDArray[np.float64]:
    chosen = hub[journeys.practice]
    minutes = journeys.to_site[np.arange(len(chosen)), np.maximum(chosen, 0)]
    return np.where(chosen >= 0, minutes, np.nan)


def _before_minutes(before: Plan | None, problem: GroupingProblem, journeys: Journeys) -> NDArray[np.float64] | None:
    if before is None:
        return None
    return _minutes_to_hub(journeys, _hub_of_practice(before, problem))


def _outside_largest(labels: list[str], sizes: NDArray[np.int64]) -> int:
    """Patients who are not in the largest part; practices without a label are not counted."""
    totals: dict[str, int] = {}
    for label, size in zip(labels, sizes, strict=True):
        if label:
            totals[label] = totals.get(label, 0) + int(size)
    return sum(totals.values()) - max(totals.values(), default=0)


def _penalty(index: NDArray[np.int64], problem: GroupingProblem) -> float:
    """Penalty of one group in patient-minutes."""
    size, weights = problem.rules.size, problem.rules.weights
    listed = int(problem.list_size[index].sum())
    rural = rural_share(index, problem) >= problem.rules.rurality.threshold - 1e-9
    floor = size.preferred_minimum_rural if rural else size.preferred_minimum_urban
    outside = max(listed - size.preferred_maximum, 0) + max(floor - listed, 0)
    sizes = problem.list_size[index]
    split = _outside_largest([problem.locality[i] for i in index], sizes)
    moved = _outside_largest([problem.current_group[i] for i in index], sizes)
    return weights.outside_preferred * outside + weights.split_locality * split + weights.change_of_group * moved


def _group_names(plan: Plan, problem: GroupingProblem, place: Place) -> list[str]:
    """Name by the locality most patients are registered in (else the hub's), numbered where two share it."""
    names = []
    for group in plan.groups:
        index = member_indices(group, problem)
        totals: dict[str, int] = {}
        for i in index:
            label = problem.locality[i]
            totals[label] = totals.get(label, 0) + int(problem.list_size[i])
        totals.pop("", None)
        largest = min(totals, key=lambda label: (-totals[label], label)) if totals else ""
        names.append(largest or f"Around {place.sites.loc[group.hub_site_code, 'name']}")
    seen: dict[str, int] = {}
    numbered = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        numbered.append(f"{name} {seen[name]}" if names.count(name) > 1 else name)
    return numbered


def _groups_table(
    plan: Plan, problem: GroupingProblem, place: Place, journeys: Journeys, to_hub: NDArray[np.float64]
) -> pd.DataFrame:
    rules = problem.rules
    owner_count = place.sites["practice_code"].value_counts()
    rows = []
    for group, name in zip(plan.groups, _group_names(plan, problem, place), strict=True):
        index = member_indices(group, problem)
        listed = int(problem.list_size[index].sum())
        share = rural_share(index, problem)
        kind = "rural" if share >= rules.rurality.threshold - 1e-9 else "urban"
        minimum = rules.size.minimum_rural if kind == "rural" else rules.size.minimum_urban
        own = np.isin(journeys.practice, index)
        to_site = problem.practice_to_site[index, problem.site_codes.index(group.hub_site_code)]
        rows.append(
            (
                group.group_id,
                name,
                kind,
                len(index),
                int(owner_count.reindex(list(group.members)).fillna(0).sum()),
                listed,
                round(share, 6),
                minimum,
                listed - minimum,
                _exception_text(group, listed, minimum, kind, place),
                group.hub_site_code,
                round(weighted_mean(to_hub[own], journeys.patients[own]), 3),
                round(float(to_site.max()), 3) if np.isfinite(to_site).all() else math.nan,
            )
        )
    return pd.DataFrame(rows, columns=list(GROUP_COLUMNS))


def _exception_text(group: Group, listed: int, minimum: int, kind: str, place: Place) -> str:
    if listed >= minimum:
        return ""
    names = [f"{place.practices.loc[code, 'name']} ({code})" for code in group.members]
    who = names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
    verb = "has" if len(names) == 1 else "together have"
    return (
        f"{who} {verb} {listed:,} registered patients, {minimum - listed:,} short of the {kind} minimum of {minimum:,}"
    )


def _areas_table(
    journeys: Journeys,
    rows: NDArray[np.bool_],
    to_hub: NDArray[np.float64],
    before: NDArray[np.float64] | None,
) -> pd.DataFrame:
    """One row per area with a registered patient; minutes weighted over the area's own registrations."""
    n = len(journeys.area_codes)
    area, patients = journeys.area[rows], journeys.patients[rows]

    def mean_by_area(minutes: NDArray[np.float64]) -> NDArray[np.float64]:
        known = ~np.isnan(minutes)
        weight = np.bincount(area[known], patients[known], minlength=n)
        total = np.bincount(area[known], (patients * np.where(known, minutes, 0.0))[known], minlength=n)
        return np.where(weight > 0, total / np.where(weight > 0, weight, 1.0), np.nan)

    table = pd.DataFrame(
        {
            "area_code": journeys.area_codes,
            "patients": np.bincount(area, patients, minlength=n).round(6),
            "minutes_routine": mean_by_area(journeys.routine[rows]).round(3),
            "minutes_hub": mean_by_area(to_hub[rows]).round(3),
            "minutes_hub_before": np.full(n, np.nan) if before is None else mean_by_area(before[rows]).round(3),
        }
    )
    present = np.bincount(area, minlength=n) > 0
    return table[present].reset_index(drop=True)


def _share_within(minutes: NDArray[np.float64], patients: NDArray[np.float64], limit: float) -> float:
    known = ~np.isnan(minutes)
    total = patients[known].sum()
    return float(patients[known & (minutes <= limit)].sum() / total) if total > 0 else math.nan


def _parts(rural: NDArray[np.float64]) -> dict[str, NDArray[np.bool_]]:
    """All, rural and urban patients, as masks over the registrations."""
    return {"all": np.ones(len(rural), dtype=bool), "rural": rural == 1.0, "urban": rural == 0.0}


def _headline(
    groups: pd.DataFrame, journeys: Journeys, rows: NDArray[np.bool_], to_hub: NDArray[np.float64]
) -> dict[str, object]:
    minutes, patients, rural = to_hub[rows], journeys.patients[rows], journeys.rural[rows]
    short = groups["margin"] < 0
    parts = _parts(rural)
    headline: dict[str, object] = {
        "groups": len(groups),
        "urban_groups": int((groups["kind"] == "urban").sum()),
        "rural_groups": int((groups["kind"] == "rural").sum()),
        "practices": int(groups["practices"].sum()),
        "exceptions": int(short.sum()),
        "shortfall": int(-groups.loc[short, "margin"].sum()),
        "smallest": int(groups["list_size"].min()),
        "largest": int(groups["list_size"].max()),
        "mean_minutes_to_hub": weighted_mean(minutes, patients),
        "mean_minutes_hub_rural": weighted_mean(minutes[parts["rural"]], patients[parts["rural"]]),
        "mean_minutes_hub_urban": weighted_mean(minutes[parts["urban"]], patients[parts["urban"]]),
        "mean_minutes_routine": weighted_mean(journeys.routine[rows], patients),
        "mean_minutes_routine_rural": weighted_mean(journeys.routine[rows][parts["rural"]], patients[parts["rural"]]),
        "mean_minutes_routine_urban": weighted_mean(journeys.routine[rows][parts["urban"]], patients[parts["urban"]]),
        "longest_practice_minutes": float(groups["max_practice_minutes"].max()),
        "patients": float(patients.sum()),
        "patients_rural": float(patients[parts["rural"]].sum()),
        "patients_urban": float(patients[parts["urban"]].sum()),
        "patients_without_route": float(patients[np.isnan(minutes)].sum()),
        "patients_estimated": float(patients[journeys.estimated[rows]].sum()),
    }
    for limit in CURVE_MINUTES:
        for part, mask in parts.items():
            suffix = "" if part == "all" else f"_{part}"
            headline[f"share_within_{limit}_minutes{suffix}"] = _share_within(minutes[mask], patients[mask], limit)
    return headline


def _change(
    journeys: Journeys, rows: NDArray[np.bool_], to_hub: NDArray[np.float64], before: NDArray[np.float64]
) -> dict[str, object]:
    """Journeys to the hub before and now, of the patients for whom both are known."""
    both = rows & ~np.isnan(to_hub) & ~np.isnan(before)
    figures: dict[str, object] = {}
    for part, mask in _parts(journeys.rural[both]).items():
        suffix = "" if part == "all" else f"_{part}"
        patients, now, then = journeys.patients[both][mask], to_hub[both][mask], before[both][mask]
        figures |= {
            f"patients_compared{suffix}": float(patients.sum()),
            f"mean_minutes_before{suffix}": weighted_mean(then, patients),
            f"mean_minutes_compared{suffix}": weighted_mean(now, patients),
            f"share_longer{suffix}": weighted_mean((now - then > NOTICED_MINUTES).astype(float), patients),
            f"share_shorter{suffix}": weighted_mean((then - now > NOTICED_MINUTES).astype(float), patients),
        }
    return figures
