"""What an option means in figures: its groups, its areas, and the remarks a careful reader must see."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata.place import Place
from geodata.travel import TravelTimes
from grouping.impact.trips import Minutes, nearest_service
from grouping.journeys import Journeys, weighted_mean
from grouping.membership import main_locality, member_indices, rural_share
from grouping.plan import Before, Group, Plan, ServiceSites
from grouping.problem import GroupingProblem
from grouping.remarks import remarks
from grouping.result import AssessedOption, OptionPlan
from grouping.verify import Claims, Evidence, verify_plan

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

GRANTED = "Granted exception"
"""How the text of an exception begins that a planner has granted: it counts neither as shortfall nor as exception."""

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
    evidence: Evidence | None = None,
    before: Before | None = None,
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
    evidence
        The inputs as the verifier joins them, to be shared between options.
    before
        Plan whose hubs, or sites the nearest of which, give `minutes_hub_before`.
    by_hand
        Whether the plan may be partial and may break rules (breaches become notes).
    """
    journeys = journeys or Journeys.of(place, times, problem)
    rules = problem.rules
    hub = _hub_of_practice(option.plan, problem)
    to_hub = _minutes_to_hub(journeys, hub)
    travel = hub_travel(problem, journeys, hub)
    groups = _groups_table(option.plan, problem, place, travel)
    covered = hub >= 0
    rows = covered[journeys.practice]
    from_before = _before_minutes(before, problem, journeys, times)
    areas = _areas_table(journeys, rows, to_hub, from_before)
    headline = _headline(groups, journeys, rows, to_hub, travel.mean(covered))
    if from_before is not None:
        headline |= _change(journeys, rows, to_hub, from_before)
    short = not_granted(groups)
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
    evidence = evidence or Evidence(place, times, edges, rules, {})
    verification = verify_plan(claims, evidence, partial=by_hand)
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


def areas_of(
    plan: Plan, problem: GroupingProblem, journeys: Journeys, times: TravelTimes, *, before: Before | None = None
) -> pd.DataFrame:
    """Minutes of each area with a registered patient of the plan's practices, columns `AREA_COLUMNS`.

    Parameters
    ----------
    plan, problem, journeys, times, before
        As for `assess`.
    """
    hub = _hub_of_practice(plan, problem)
    before_minutes = _before_minutes(before, problem, journeys, times)
    return _areas_table(journeys, (hub >= 0)[journeys.practice], _minutes_to_hub(journeys, hub), before_minutes)


def score_plan(plan: Plan, problem: GroupingProblem, journeys: Journeys) -> float:
    """Score of any plan in minutes per patient (DESIGN: mean minutes to the hub plus penalties), partial ones too.

    Patients without a route are left out of the mean; practices the plan does not cover are left out of every total.
    """
    hub = _hub_of_practice(plan, problem)
    rows = hub[journeys.practice] >= 0
    mean = weighted_mean(_minutes_to_hub(journeys, hub)[rows], journeys.patients[rows])
    penalty = sum(_penalty(group, problem) for group in plan.groups)
    patients = int(problem.list_size[hub >= 0].sum())
    return problem.rules.weights.minutes * mean + penalty / patients


def best_hub(members: tuple[str, ...], problem: GroupingProblem) -> str:
    """The eligible member site that adds least to the score (ties: fewer patient-minutes, then the smaller code).

    Where no site of the members may be a hub, or none lies within the limits, that rule is left aside: it is then a
    breach, which is told elsewhere.
    """
    index = np.array([problem.practice_codes.index(code) for code in members])
    minutes = problem.patient_minutes[index].sum(axis=0)
    eligible = np.isin(problem.site_owner, index)
    decided = np.isin(np.arange(len(eligible)), problem.decided.hubs)
    for narrower in (decided, problem.hub_allowed, _within_limits(index, minutes, problem) & np.isfinite(minutes)):
        if (eligible & narrower).any():
            eligible &= narrower
    minutes = np.where(eligible, np.round(minutes, 3), np.inf)
    if not np.isfinite(minutes).any():  # no site is reached by everybody: any eligible one, the smallest code
        return problem.site_codes[int(np.argmax(eligible))]
    weights = problem.rules.weights
    scale = float(problem.timed_patients.sum()) / max(float(problem.list_size.sum()), 1.0)
    other = np.array([_hub_penalty(index, site, problem) for site in range(len(eligible))]) * scale
    reached = np.isfinite(minutes)
    cost = np.where(reached, weights.minutes * np.where(reached, minutes, 0.0) + other, np.inf)
    return problem.site_codes[int(np.lexsort((np.arange(len(cost)), minutes, np.round(cost, 3)))[0])]


def may_have_hub(members: NDArray[np.int64], problem: GroupingProblem) -> bool:
    """Whether some site of these practices may be their hub: allowed, reached by all, within the limits of minutes."""
    minutes = problem.patient_minutes[members].sum(axis=0)
    sites = np.isin(problem.site_owner, members) & problem.hub_allowed & np.isfinite(minutes)
    return bool((sites & _within_limits(members, minutes, problem)).any())


def _within_limits(
    index: NDArray[np.int64], minutes: NDArray[np.float64], problem: GroupingProblem
) -> NDArray[np.bool_]:
    """Sites that keep the limits of minutes to the hub for these practices, shape (S,)."""
    access = problem.rules.access
    near = np.ones(len(problem.site_codes), dtype=bool)
    if access.max_minutes_to_hub > 0:
        near &= (problem.practice_to_site[index] <= access.max_minutes_to_hub).all(axis=0)
    if access.max_mean_minutes_to_hub > 0:
        timed = float(problem.timed_patients[index].sum())
        near &= minutes <= access.max_mean_minutes_to_hub * timed + 1e-9
    return near


@dataclass(frozen=True)
class HubTravel:
    """Journeys to the hub, added up by practice: patients with a route and their minutes, shape (P,)."""

    patients: NDArray[np.float64]
    minutes: NDArray[np.float64]

    def mean(self, practices: NDArray) -> float:
        """Mean minutes over the patients of these practices (positions or a mask); NaN where nobody has a route."""
        patients = self.patients[practices].sum()
        return float(self.minutes[practices].sum() / patients) if patients > 0 else math.nan


def hub_travel(problem: GroupingProblem, journeys: Journeys, hub: NDArray[np.int64]) -> HubTravel:
    """Journeys from home to the hub of each practice.

    They are added by practice first, as the problem adds them: a page that holds these sums gives the same means to
    the last bit (`templates/report/try_figures.js`). Where somebody has no route the problem holds infinity, and the
    journeys themselves are added, without those patients.

    Parameters
    ----------
    problem, journeys
        The problem and its joined registrations.
    hub
        Position of the hub of each practice, -1 for none, shape (P,).
    """
    practices, site = np.arange(len(hub)), np.maximum(hub, 0)
    whole = np.isfinite(problem.patient_minutes[practices, site])
    minutes = _minutes_to_hub(journeys, hub)
    known = ~np.isnan(minutes)
    of, patients = journeys.practice[known], journeys.patients[known]

    def either(all_timed: NDArray[np.float64], weights: NDArray[np.float64]) -> NDArray[np.float64]:
        added = np.where(whole, all_timed, np.bincount(of, weights, minlength=len(hub)))
        return np.where(hub >= 0, added, 0.0)

    return HubTravel(
        either(problem.timed_patients, patients),
        either(problem.patient_minutes[practices, site], patients * minutes[known]),
    )


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


def _before_minutes(
    before: Before | None, problem: GroupingProblem, journeys: Journeys, times: TravelTimes
) -> NDArray[np.float64] | None:
    if before is None:
        return None
    if isinstance(before, ServiceSites):
        homes = np.array(journeys.area_codes, dtype=object)[journeys.area]
        served = (problem.practice_codes, before.everybody, before.of_practice)
        return nearest_service(Minutes(times, homes), journeys.practice, *served)
    return _minutes_to_hub(journeys, _hub_of_practice(before, problem))


def _outside_largest(labels: list[str], sizes: NDArray[np.int64]) -> int:
    """Patients who are not in the largest part; practices without a label are not counted."""
    totals: dict[str, int] = {}
    for label, size in zip(labels, sizes, strict=True):
        if label:
            totals[label] = totals.get(label, 0) + int(size)
    return sum(totals.values()) - max(totals.values(), default=0)


def _penalty(group: Group, problem: GroupingProblem) -> float:
    """Penalty of one group in minutes times patients."""
    index = member_indices(group, problem)
    size, weights = problem.rules.size, problem.rules.weights
    listed = int(problem.list_size[index].sum())
    rural = rural_share(index, problem) >= problem.rules.rurality.threshold - 1e-9
    floor = size.preferred_minimum_rural if rural else size.preferred_minimum_urban
    outside = max(listed - size.preferred_maximum, 0) + max(floor - listed, 0)
    sizes = problem.list_size[index]
    total = weights.outside_preferred * outside + weights.size_balance * abs(listed - size.middle)
    for weight, labels in (
        (weights.split_locality, problem.locality),
        (weights.change_of_group, problem.current_group),
        (weights.mixed_systems, problem.clinical_system or ("",) * len(problem.locality)),
    ):
        total += weight * _outside_largest([labels[i] for i in index], sizes)
    if weights.fragile > 0 and _fragile(index, problem, rural=rural):
        total += weights.fragile * listed
    return total + _hub_penalty(index, problem.site_codes.index(group.hub_site_code), problem)


def _fragile(index: NDArray[np.int64], problem: GroupingProblem, *, rural: bool) -> bool:
    """Whether a group is below its minimum once the practice that `resilience.loss_of` thinks away has gone."""
    lists = lost = problem.list_size[index]
    if problem.rules.resilience.loss_of == "vulnerable":
        lost = lists[:0] if problem.vulnerable is None else lists[problem.vulnerable[index]]
    minimum = problem.rules.minimum_for(rural=rural, locality=main_locality(index, problem))
    return minimum > 1 and lost.size > 0 and int(lists.sum() - lost.max()) < minimum


def _hub_penalty(index: NDArray[np.int64], site: int, problem: GroupingProblem) -> float:
    """What a group's hub adds to its penalty besides its patients' minutes."""
    weights = problem.rules.weights
    total = 0.0
    if weights.worst_practice > 0:
        longest = float(problem.practice_to_site[index, site].max())
        total += weights.worst_practice * longest * int(problem.list_size[index].sum())
    if weights.hub_cost > 0 and problem.hub_cost is not None:
        total += weights.hub_cost * float(problem.hub_cost[site])
    return total


def _group_names(plan: Plan, problem: GroupingProblem, place: Place) -> list[str]:
    """Name by the locality most patients are registered in (else the hub's), numbered where two share it."""
    names = []
    for group in plan.groups:
        index = member_indices(group, problem)
        names.append(main_locality(index, problem) or f"Around {place.sites.loc[group.hub_site_code, 'name']}")
    seen: dict[str, int] = {}
    numbered = []
    for name in names:
        seen[name] = seen.get(name, 0) + 1
        numbered.append(f"{name} {seen[name]}" if names.count(name) > 1 else name)
    return numbered


def _groups_table(plan: Plan, problem: GroupingProblem, place: Place, travel: HubTravel) -> pd.DataFrame:
    rules, granted = problem.rules, dict(problem.decided.granted)
    owner_count = place.sites["practice_code"].value_counts()
    rows = []
    for group, name in zip(plan.groups, _group_names(plan, problem, place), strict=True):
        index = member_indices(group, problem)
        listed = int(problem.list_size[index].sum())
        share = rural_share(index, problem)
        kind = "rural" if share >= rules.rurality.threshold - 1e-9 else "urban"
        minimum = rules.minimum_for(rural=kind == "rural", locality=main_locality(index, problem))
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
                _exception_text(group, listed, minimum, kind, place, granted.get(tuple(index))),
                group.hub_site_code,
                round(travel.mean(index), 3),
                round(float(to_site.max()), 3) if np.isfinite(to_site).all() else math.nan,
            )
        )
    return pd.DataFrame(rows, columns=list(GROUP_COLUMNS))


def _exception_text(group: Group, listed: int, minimum: int, kind: str, place: Place, reason: str | None) -> str:
    """What is said of a group below its minimum; one that was granted carries its reason."""
    if listed >= minimum:
        return ""
    names = [f"{place.practices.loc[code, 'name']} ({code})" for code in group.members]
    who = names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
    verb = "has" if len(names) == 1 else "together have"
    said = (
        f"{who} {verb} {listed:,} registered patients, {minimum - listed:,} short of the {kind} minimum of {minimum:,}"
    )
    return said if reason is None else f"{GRANTED}: {said}. Reason: {reason}"


def not_granted(groups: pd.DataFrame) -> pd.Series:
    """Which groups are below their minimum without a granted exception, bool."""
    return (groups["margin"] < 0) & ~groups["exception"].astype(str).str.startswith(GRANTED)


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
    """Share of all patients; one without a route is not within any number of minutes (NaN compares as false)."""
    total = patients.sum()
    return float(patients[minutes <= limit].sum() / total) if total > 0 else math.nan


def _parts(rural: NDArray[np.float64]) -> dict[str, NDArray[np.bool_]]:
    """All, rural and urban patients, as masks over the registrations."""
    return {"all": np.ones(len(rural), dtype=bool), "rural": rural == 1.0, "urban": rural == 0.0}


def _headline(
    groups: pd.DataFrame, journeys: Journeys, rows: NDArray[np.bool_], to_hub: NDArray[np.float64], mean: float
) -> dict[str, object]:
    minutes, patients, rural = to_hub[rows], journeys.patients[rows], journeys.rural[rows]
    short = not_granted(groups)
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
        "mean_minutes_to_hub": mean,
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
