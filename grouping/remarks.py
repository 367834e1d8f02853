"""Remarks a careful reader must see beside a group's figures."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from grouping.decision_notes import decision_notes
from grouping.journeys import Journeys
from grouping.membership import main_locality, member_indices
from grouping.plan import Plan
from grouping.problem import GroupingProblem
from grouping.rules import RuleSet

NOTE_COLUMNS = ("group_id", "kind", "note")

ESTIMATE_ERROR = 0.25
"""How far an estimated rural share of a practice may be off, 0-1: our assumption, no source settles it."""


def remarks(
    plan: Plan,
    groups: pd.DataFrame,
    problem: GroupingProblem,
    journeys: Journeys,
    verification: pd.DataFrame | None,
) -> pd.DataFrame:
    """Remarks on each group: oversize, near the rural threshold, decided by estimates, breaches of a hand-made plan.

    Parameters
    ----------
    plan, groups, problem, journeys
        The plan with its group table, and what they were made from.
    verification
        The verifier's table when the plan was made by hand: broken rules become notes.

    Returns
    -------
    DataFrame
        Columns `group_id`, `kind`, `note`, sorted.
    """
    rules = problem.rules
    rows: list[tuple[str, str, str]] = []
    by_locality = rural_localities(problem)
    for group, row in zip(plan.groups, groups.itertuples(), strict=True):
        index = member_indices(group, problem)
        locality = main_locality(index, problem)
        rows += [(group.group_id, kind, note) for kind, note in _size_notes(row, rules, locality)]
        rows += [(group.group_id, kind, note) for kind, note in _rurality_notes(row, rules, locality)]
        estimated = _estimate_note(index, row, problem, journeys)
        if estimated:
            rows.append((group.group_id, "estimated", estimated))
        rows += [(group.group_id, "decision", note) for note in decision_notes(index, group, row, problem)]
        second = _second_definition(index, row, problem, by_locality)
        if second:
            rows.append((group.group_id, "second-definition", second))
    if verification is not None:
        broken = verification[(verification["kind"] == "rule") & ~verification["agrees"]]
        for claim in broken.itertuples():
            rows += [(group_id, "breach", f"Not met: {claim.claim} ({what}).") for group_id, what in claim.faults]
    return pd.DataFrame(sorted(rows), columns=list(NOTE_COLUMNS))


def _size_notes(row: object, rules: RuleSet, locality: str) -> list[tuple[str, str]]:
    most = rules.maximum_for(rural=row.kind == "rural", locality=locality)
    if row.list_size <= most or row.practices > 1:
        return []
    note = f"A single practice of {row.list_size:,} patients, above the maximum of {most:,}: it stands alone."
    return [("oversize", note)]


def _rurality_notes(row: object, rules: RuleSet, locality: str) -> list[tuple[str, str]]:
    if abs(row.rural_share - rules.rurality.threshold) > rules.rurality.near_threshold:
        return []
    urban, rural = (rules.minimum_for(rural=kind, locality=locality) for kind in (False, True))
    return [
        (
            "near-threshold",
            f"Rural share {row.rural_share:.1%} is within {rules.rurality.near_threshold * 100:g} points of the"
            f" threshold: as urban the minimum is {urban:,} (margin {_signed(row.list_size - urban)}), as rural"
            f" {rural:,} (margin {_signed(row.list_size - rural)}).",
        )
    ]


def _estimate_note(index: NDArray[np.int64], row: object, problem: GroupingProblem, journeys: Journeys) -> str:
    """Say so where patients whose homes are estimated could turn the minimum that applies.

    They could if the group's kind changes when each practice's estimated rural share is off by `ESTIMATE_ERROR`.
    """
    own = np.isin(journeys.practice, index)
    guessed = own & journeys.estimated
    rules, locality = problem.rules, main_locality(index, problem)
    same = rules.minimum_for(rural=True, locality=locality) == rules.minimum_for(rural=False, locality=locality)
    if not guessed.any() or row.list_size == 0 or same:
        return ""
    known = np.setdiff1d(index, journeys.practice[guessed])
    low = high = float(problem.rural_patients[known].sum())
    for practice in np.unique(journeys.practice[guessed]):
        mine = guessed & (journeys.practice == practice)
        patients = float(journeys.patients[mine].sum())
        share = float(journeys.patients[mine & (journeys.rural == 1.0)].sum()) / patients
        low += patients * max(share - ESTIMATE_ERROR, 0.0)
        high += patients * min(share + ESTIMATE_ERROR, 1.0)
    low, high = low / row.list_size, high / row.list_size
    if not low < problem.rules.rurality.threshold <= high:
        return ""
    return (
        f"The homes of {journeys.patients[guessed].sum():,.0f} of {row.list_size:,} patients are estimated, and that"
        f" could decide which minimum applies: if the estimate is off by up to {ESTIMATE_ERROR * 100:g} points, the"
        f" rural share lies between {low:.0%} and {high:.0%}."
    )


def rural_localities(problem: GroupingProblem) -> dict[str, bool]:
    """Second definition of rural: a locality whose practices' patients mostly live in rural areas."""
    listed: dict[str, float] = {}
    rural: dict[str, float] = {}
    for i, label in enumerate(problem.locality):
        if label:
            listed[label] = listed.get(label, 0.0) + float(problem.list_size[i])
            rural[label] = rural.get(label, 0.0) + float(problem.rural_patients[i])
    return {label: rural[label] >= problem.rules.rurality.threshold * listed[label] for label in listed}


def _second_definition(
    index: NDArray[np.int64], row: object, problem: GroupingProblem, by_locality: dict[str, bool]
) -> str:
    labelled = [i for i in index if problem.locality[i]]
    if not labelled or len(labelled) < len(index):
        return ""
    rural = sum(int(problem.list_size[i]) for i in labelled if by_locality[problem.locality[i]])
    kind = "rural" if rural >= problem.rules.rurality.threshold * row.list_size else "urban"
    if kind == row.kind:
        return ""
    minimum = problem.rules.minimum_for(rural=kind == "rural", locality=main_locality(index, problem))
    return (
        f"By the second definition (rural localities instead of rural homes) this group would be {kind}: minimum"
        f" {minimum:,}, margin {_signed(row.list_size - minimum)}."
    )


def _signed(number: int) -> str:
    """A whole number with its sign, a true minus for a reader's eye."""
    return f"{number:+,}".replace("-", "\u2212")
