"""What a plan can be made small in, worked out for every candidate in whole units.

Every criterion of `objective.order` is a number per group. All are added up over the groups of a plan, but
`longest_practice`, of which the largest counts. The penalties of the score are weights on the same numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from grouping._kernels import (
    NO_ROUTE,
    crossing,
    farthest_to_hub,
    flagged,
    largest_flagged,
    main_labels,
    minutes_to_hub,
    outside_largest,
)

if TYPE_CHECKING:
    from grouping.candidates import Candidates
    from grouping.problem import GroupingProblem

UNITS = 1000
"""Cost units per patient-minute."""

MILLISECONDS = 60_000
"""Units of `longest_practice` per minute."""

SHARE_SLACK = 1e-9
"""A share or a mean at its limit is allowed from this far above it, so that the order of additions cannot decide."""

PENCE = 100
"""Units of a budget per pound."""

NO_ROAD_MINUTES = 1e6
"""Stands for the drive between two main sites that no road joins: longer than any, and still a number."""

COUNT_STEP = 1_000_000
"""Units of one group or one exception in a search, so that dual values keep six decimals as whole numbers."""

SHORTFALL_STEP = 1_000
"""Units of one patient or one pound in a search, for the same reason."""

STEP: Mapping[str, int] = {
    "shortfall": SHORTFALL_STEP,
    "exceptions": COUNT_STEP,
    "groups": COUNT_STEP,
    "score": 1,
    "minutes": 1,
    "worst_practice": 1,
    "longest_practice": 1,
    "outside_preferred": SHORTFALL_STEP,
    "split_locality": SHORTFALL_STEP,
    "change_of_group": SHORTFALL_STEP,
    "mixed_systems": SHORTFALL_STEP,
    "size_balance": SHORTFALL_STEP,
    "hub_cost": SHORTFALL_STEP,
    "fragile": SHORTFALL_STEP,
}
"""By what each criterion is multiplied for a search, which then knows that every sum is a multiple of it."""

LARGEST = frozenset({"longest_practice"})
"""Criteria of which the largest of a plan's groups counts, not the sum."""


def criterion(problem: GroupingProblem, listed: Candidates, name: str) -> NDArray[np.int64]:
    """One criterion of every candidate, int64, shape (N,).

    Parameters
    ----------
    problem
        The problem.
    listed
        Its candidates.
    name
        One of `grouping.rules.Criterion`: `shortfall` (patients), `exceptions` and `groups` (1 or 0), `score` and
        `minutes` (thousandths of a patient-minute), `worst_practice` (the same, as if everybody lived at the practice
        farthest from the hub), `outside_preferred`, `split_locality`, `change_of_group`, `mixed_systems`,
        `size_balance`, `fragile` (patients), `hub_cost` (pounds a year), `longest_practice` (milliseconds).

    Raises
    ------
    KeyError
        No criterion has this name.
    """
    return _CRITERIA[name](problem, listed)


def label_codes(labels: tuple[str, ...] | None, count: int) -> NDArray[np.int64]:
    """Each label as a number by its rank, -1 for empty text, int64, shape (count,)."""
    labels = labels or ("",) * count
    rank = {label: number for number, label in enumerate(sorted({label for label in labels if label}))}
    return np.array([rank.get(label, -1) for label in labels], np.int64)


def minute_units(problem: GroupingProblem) -> NDArray[np.int64]:
    """Patient-minutes as whole cost units, `NO_ROUTE` where there is none, int64, shape (P, S)."""
    routed = np.isfinite(problem.patient_minutes)
    return np.where(routed, np.rint(np.where(routed, problem.patient_minutes, 0.0) * UNITS), NO_ROUTE).astype(np.int64)


def units_per_minute(problem: GroupingProblem) -> float:
    """Cost units per minute of the score: 1000 x timed patients (x all patients if nobody is timed)."""
    return UNITS * (float(problem.timed_patients.sum()) or float(problem.list_size.sum()) or 1.0)


def penalty_units(problem: GroupingProblem) -> float:
    """Cost units of one patient affected at a weight of 1: penalties are per patient of all, minutes per timed one."""
    return units_per_minute(problem) / max(float(problem.list_size.sum()), 1.0)


def drives(problem: GroupingProblem) -> NDArray[np.float64]:
    """Minutes from main sites to sites, `NO_ROAD_MINUTES` where no road leads, float64, shape (P, S)."""
    return np.minimum(problem.practice_to_site, NO_ROAD_MINUTES)


def pounds(problem: GroupingProblem) -> NDArray[np.float64]:
    """Yearly cost of each site, float64, shape (S,)."""
    return np.zeros(len(problem.site_codes)) if problem.hub_cost is None else problem.hub_cost


def pence(problem: GroupingProblem) -> NDArray[np.int64]:
    """Yearly cost of each site in whole pence, int64, shape (S,)."""
    return np.rint(pounds(problem) * PENCE).astype(np.int64)


def patients_outside_preferred(problem: GroupingProblem, listed: Candidates) -> NDArray[np.int64]:
    """Patients above the preferred maximum or missing to the preferred minimum, int64, shape (N,)."""
    rules = problem.rules.size
    preferred = np.where(listed.rural, rules.preferred_minimum_rural, rules.preferred_minimum_urban)
    size = listed.list_size
    return np.maximum(size - rules.preferred_maximum, 0) + np.maximum(preferred - size, 0)


def patients_outside_largest(
    problem: GroupingProblem, listed: Candidates, labels: tuple[str, ...] | None
) -> NDArray[np.int64]:
    """Patients whose label is another than the largest of their group, int64, shape (N,); 0 without any label."""
    out = np.zeros(len(listed), np.int64)
    if labels is not None and any(labels):
        codes = label_codes(labels, len(problem.practice_codes))
        outside_largest(listed.members, listed.starts, problem.list_size, codes, out)
    return out


def patients_off_middle(problem: GroupingProblem, listed: Candidates) -> NDArray[np.int64]:
    """Distance of each group's size from the one aimed at, in patients, int64, shape (N,)."""
    return np.abs(listed.list_size - problem.rules.size.middle)


def longest_drive(problem: GroupingProblem, listed: Candidates) -> NDArray[np.float64]:
    """Minutes from the farthest main site to the hub, float64, shape (N,)."""
    out = np.empty(len(listed))
    farthest_to_hub(listed.members, listed.starts, listed.hub, drives(problem), out)
    return out


def main_locality(
    problem: GroupingProblem, members: NDArray[np.int16], starts: NDArray[np.int64]
) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Each set's main locality as a position in the sorted names (-1 for none), and the names."""
    out = np.empty(len(starts) - 1, np.int64)
    codes = label_codes(problem.locality, len(problem.practice_codes))
    main_labels(members, starts, problem.list_size, codes, out)
    return out, tuple(sorted({label for label in problem.locality if label}))


def crosses_localities(problem: GroupingProblem, listed: Candidates) -> NDArray[np.int64]:
    """1 for a group with practices of two or more localities, else 0, int64, shape (N,)."""
    out = np.empty(len(listed), np.int64)
    crossing(listed.members, listed.starts, label_codes(problem.locality, len(problem.practice_codes)), out)
    return out


def vulnerable_members(
    problem: GroupingProblem, members: NDArray[np.int16], starts: NDArray[np.int64]
) -> NDArray[np.int64]:
    """How many members of each set count as vulnerable, int64."""
    out = np.zeros(len(starts) - 1, np.int64)
    if problem.vulnerable is not None:
        flagged(members, starts, problem.vulnerable, out)
    return out


def size_limits(
    problem: GroupingProblem,
    members: NDArray[np.int16],
    starts: NDArray[np.int64],
    rural: NDArray[np.bool_],
    which: str,
) -> NDArray[np.int64]:
    """The `minimum` or `maximum` of each set by its kind and its main locality, in patients, int64."""
    of = getattr(problem.rules, f"{which}_for")
    by_kind = np.array([of(rural=False), of(rural=True)], np.int64)
    if not problem.rules.size.locality:
        return by_kind[rural.astype(np.int8)]
    main, names = main_locality(problem, members, starts)
    table = np.array([[of(rural=kind, locality=name) for name in (*names, "")] for kind in (False, True)], np.int64)
    return table[rural.astype(np.int8), main]  # -1, no main locality, is the last column


def largest_losses(
    problem: GroupingProblem, members: NDArray[np.int16], starts: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Patients each set loses with the practice that `resilience.loss_of` thinks away, int64; -1 if it holds none."""
    out = np.full(len(starts) - 1, -1, np.int64)
    flag = problem.vulnerable
    if problem.rules.resilience.loss_of == "any":
        flag = np.ones(len(problem.practice_codes), bool)
    if flag is not None:
        largest_flagged(members, starts, problem.list_size, flag, out)
    return out


def kept_shares(size: NDArray[np.int64], loss: NDArray[np.int64], minimum: NDArray[np.int64]) -> NDArray[np.float64]:
    """Share of its minimum each set is left with after a loss, float64, shape (N,).

    Infinite where nobody is lost, and where there is no minimum to speak of (0 or 1 patients).
    """
    asked = (loss >= 0) & (minimum > 1)
    return np.where(asked, (size - loss) / np.maximum(minimum, 1), np.inf)


def fragile_patients(problem: GroupingProblem, listed: Candidates) -> NDArray[np.int64]:
    """All patients of a group that is below its minimum after its largest loss, else 0; int64, shape (N,)."""
    minimum = size_limits(problem, listed.members, listed.starts, listed.rural, "minimum")
    loss = largest_losses(problem, listed.members, listed.starts)
    return np.where(kept_shares(listed.list_size, loss, minimum) < 1, listed.list_size, 0)


def _minutes(problem: GroupingProblem, listed: Candidates) -> NDArray[np.int64]:
    out = np.empty(len(listed), np.int64)
    minutes_to_hub(listed.members, listed.starts, listed.hub, minute_units(problem), out)
    return out


def _whole(values: NDArray[np.float64]) -> NDArray[np.int64]:
    return np.rint(values).astype(np.int64)


_CRITERIA: Mapping[str, Callable[[GroupingProblem, Candidates], NDArray[np.int64]]] = {
    "shortfall": lambda problem, listed: listed.shortfall,
    "exceptions": lambda problem, listed: listed.exception.astype(np.int64),
    "groups": lambda problem, listed: np.ones(len(listed), np.int64),
    "score": lambda problem, listed: listed.cost,
    "minutes": _minutes,
    "outside_preferred": patients_outside_preferred,
    "split_locality": lambda problem, listed: patients_outside_largest(problem, listed, problem.locality),
    "change_of_group": lambda problem, listed: patients_outside_largest(problem, listed, problem.current_group),
    "mixed_systems": lambda problem, listed: patients_outside_largest(problem, listed, problem.clinical_system),
    "worst_practice": lambda problem, listed: _whole(longest_drive(problem, listed) * listed.list_size * UNITS),
    "size_balance": patients_off_middle,
    "hub_cost": lambda problem, listed: _whole(pounds(problem))[listed.hub],
    "fragile": fragile_patients,
    "longest_practice": lambda problem, listed: _whole(longest_drive(problem, listed) * MILLISECONDS),
}
