"""Every group the rules allow, listed and scored.

A candidate is a set of practices that is connected (adjacent catchments), has at most `size.hard_maximum` patients, no
two main sites further apart than `access.max_minutes_between_members`, holds all practices of a keep-together tag or
none, obeys the locality rule, and has a site that can be its hub. A single practice above the hard maximum is a
candidate by itself. A set below its minimum is a candidate with a shortfall, unless exceptions are forbidden.

Costs are whole numbers: thousandths of a patient-minute. Sums of them are exact in any order, so ties are real ties
and bounds can be compared without tolerance. Rounding moves a score by less than 1e-6 minutes per patient.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from geodata.errors import Finding, InputProblems
from grouping._kernels import NO_ROUTE, outside_largest, score_sets
from grouping.partition.kernels import connected_sets
from grouping.problem import GroupingProblem

UNITS = 1000
"""Cost units per patient-minute."""

RURAL_SLACK = 1e-9
"""A rural share counts as reaching the threshold from this far below, so that the order of additions cannot decide."""

MOST_CANDIDATES = 20_000_000
"""Default limit of the list. The list takes about 1.5 GB, the search over 15 million groups was measured at 4.6 GB."""


@dataclass(frozen=True)
class Candidates:
    """All candidates, in a fixed order, over N sets.

    Parameters
    ----------
    members
        Practice indices of all sets, one set after the other, ascending inside a set: int16.
    starts
        Where each set begins in `members`, with the end of the last: int64, shape (N + 1,).
    list_size
        Registered patients, int64, shape (N,).
    rural
        Whether the group is rural, bool, shape (N,).
    shortfall
        Patients missing to the minimum of its kind, 0 for a regular group: int64, shape (N,).
    hub
        Site index of the best hub (least patient-minutes; ties: the smaller site code), int32, shape (N,).
    cost
        Patient-minutes to the hub plus penalties, in units of 1/1000 patient-minute, int64, shape (N,).
    units_per_minute
        Cost units that make one minute per patient of the score.
    """

    members: NDArray[np.int16]
    starts: NDArray[np.int64]
    list_size: NDArray[np.int64]
    rural: NDArray[np.bool_]
    shortfall: NDArray[np.int64]
    hub: NDArray[np.int32]
    cost: NDArray[np.int64]
    units_per_minute: float

    def __len__(self) -> int:
        """Candidates listed."""
        return len(self.list_size)

    @property
    def exception(self) -> NDArray[np.bool_]:
        """Whether each candidate is below its minimum."""
        return self.shortfall > 0

    def group(self, index: int) -> tuple[int, ...]:
        """Practice indices of one candidate, ascending."""
        return tuple(int(p) for p in self.members[self.starts[index] : self.starts[index + 1]])

    def keep(self, mask: NDArray[np.bool_]) -> Candidates:
        """Only the candidates where `mask` is True, in the same order."""
        lengths = np.diff(self.starts)
        return replace(
            self,
            members=self.members[np.repeat(mask, lengths)],
            starts=np.concatenate(([0], np.cumsum(lengths[mask]))).astype(np.int64),
            list_size=self.list_size[mask],
            rural=self.rural[mask],
            shortfall=self.shortfall[mask],
            hub=self.hub[mask],
            cost=self.cost[mask],
        )

    def containing(self, count: int) -> NDArray[np.int64]:
        """How many candidates hold each of `count` practices, int64, shape (count,)."""
        return np.bincount(self.members, minlength=count)


def list_candidates(problem: GroupingProblem, *, at_most: int = MOST_CANDIDATES) -> Candidates:
    """List and score every candidate.

    Parameters
    ----------
    problem
        The problem.
    at_most
        Most connected sets to list. They are counted before any memory is taken.

    Raises
    ------
    InputProblems
        More sets than `at_most`: the message says which rules make the list shorter.
    """
    members, starts = _connected(problem, at_most)
    count = len(starts) - 1
    lists = problem.list_size
    size, rural_patients = np.empty(count, np.int64), np.empty(count)
    hub, cost = np.empty(count, np.int32), np.empty(count, np.int64)
    site_starts, sites = _sites_of(problem)
    tags = _codes(problem.keep_together)
    limit = problem.rules.access.max_minutes_to_hub
    near = problem.practice_to_site <= limit if limit > 0 else np.ones(problem.practice_to_site.shape, bool)
    score_sets(
        members, starts, lists, problem.rural_patients, tags, np.bincount(tags[tags >= 0], minlength=1),
        minute_units(problem), near, site_starts, sites, size, rural_patients, hub, cost,
    )  # fmt: skip
    share = np.divide(rural_patients, size, out=np.zeros(count), where=size > 0)
    rural = share >= problem.rules.rurality.threshold - RURAL_SLACK
    rules = problem.rules.size
    shortfall = np.maximum(np.where(rural, rules.minimum_rural, rules.minimum_urban) - size, 0)
    cost += _penalties(problem, members, starts, size, rural)
    listed = Candidates(members, starts, size, rural, shortfall, hub, cost, units_per_minute(problem))
    keep = hub >= 0
    if problem.rules.exceptions.limit == 0:
        keep &= shortfall == 0
    return listed if keep.all() else listed.keep(keep)


def count_sets(problem: GroupingProblem, at_most: int = MOST_CANDIDATES) -> int:
    """How many connected sets there are to list, without listing them; `at_most` + 1 stands for more than `at_most`."""
    return _connected_sets(problem, at_most, np.empty(0, np.int16), np.empty(0, np.int64))[0]


def units_per_minute(problem: GroupingProblem) -> float:
    """Cost units per minute of the score: 1000 x timed patients (x all patients if nobody is timed)."""
    return UNITS * (float(problem.timed_patients.sum()) or float(problem.list_size.sum()) or 1.0)


def minute_units(problem: GroupingProblem) -> NDArray[np.int64]:
    """Patient-minutes as whole cost units, `NO_ROUTE` where there is none, int64, shape (P, S)."""
    routed = np.isfinite(problem.patient_minutes)
    return np.where(routed, np.rint(np.where(routed, problem.patient_minutes, 0.0) * UNITS), NO_ROUTE).astype(np.int64)


def _penalties(
    problem: GroupingProblem,
    members: NDArray[np.int16],
    starts: NDArray[np.int64],
    size: NDArray[np.int64],
    rural: NDArray[np.bool_],
) -> NDArray[np.int64]:
    """Weight x patients affected / all patients, in cost units, rounded once per candidate."""
    rules, weights = problem.rules.size, problem.rules.weights
    preferred = np.where(rural, rules.preferred_minimum_rural, rules.preferred_minimum_urban)
    outside = np.maximum(size - rules.preferred_maximum, 0) + np.maximum(preferred - size, 0)
    total = weights.outside_preferred * outside.astype(np.float64)
    for weight, labels in (
        (weights.split_locality, problem.locality),
        (weights.change_of_group, problem.current_group),
    ):
        if weight > 0 and any(labels):
            moved = np.empty(len(size), np.int64)
            outside_largest(members, starts, problem.list_size, _codes(labels), moved)
            total += weight * moved
    per_patient = units_per_minute(problem) / max(float(problem.list_size.sum()), 1.0)
    return np.rint(total * per_patient).astype(np.int64)


def _connected(problem: GroupingProblem, at_most: int) -> tuple[NDArray[np.int16], NDArray[np.int64]]:
    """All connected sets within the limits that subsets inherit, and the oversize practices."""
    lists, maximum = problem.list_size, problem.rules.size.hard_maximum
    sets, entries = _connected_sets(problem, at_most, np.empty(0, np.int16), np.empty(0, np.int64))
    if sets > at_most:
        raise InputProblems([_too_many(problem, at_most)])
    oversize = np.flatnonzero(lists > maximum).astype(np.int16)
    members = np.empty(entries + len(oversize), np.int16)
    starts = np.empty(sets + 1 + len(oversize), np.int64)
    _connected_sets(problem, at_most, members[:entries], starts[: sets + 1])
    members[entries:] = oversize
    starts[sets + 1 :] = entries + 1 + np.arange(len(oversize))
    return members, starts


def _connected_sets(
    problem: GroupingProblem, at_most: int, members: NDArray[np.int16], starts: NDArray[np.int64]
) -> tuple[int, int]:
    """Count the connected sets and their members, and fill the two arrays unless they are empty."""
    neighbours, compatible = _bits(problem.adjacency), _bits(compatible_pairs(problem))
    maximum = problem.rules.size.hard_maximum
    return connected_sets(neighbours, compatible, problem.list_size, maximum, at_most, members, starts)


def compatible_pairs(problem: GroupingProblem) -> NDArray[np.bool_]:
    """Which pairs of practices may share a group at all, bool, shape (P, P)."""
    limit = problem.rules.access.max_minutes_between_members
    count = len(problem.practice_codes)
    compatible = problem.between_practices <= limit if limit > 0 else np.ones((count, count), bool)
    if problem.rules.locality.rule == "inside":
        labels = _codes(problem.locality)
        compatible &= (labels[:, None] == labels) | (labels[:, None] < 0) | (labels < 0)
    return compatible


def _too_many(problem: GroupingProblem, at_most: int) -> Finding:
    neighbours = problem.adjacency.sum() / max(len(problem.practice_codes), 1)
    message = (
        f"more than {at_most:,} groups obey the rules, too many to list (each practice has {neighbours:.1f} neighbours "
        f"on average, a group may have {problem.rules.size.hard_maximum:,} patients)"
    )
    fix = (
        "Lower size.hard_maximum or access.max_minutes_between_members, set locality.rule to inside, "
        "or take edges out of the adjacency table."
    )
    return Finding("error", "", message, fix, code="too-many-candidates")


def _bits(matrix: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """Rows of a square bool matrix as bit sets, shape (P, words)."""
    count = len(matrix)
    padded = np.zeros((count, -(-max(count, 1) // 64) * 64), bool)
    padded[:, :count] = matrix
    return np.packbits(padded, axis=1, bitorder="little").view("<u8").astype(np.uint64)


def _codes(labels: tuple[str, ...]) -> NDArray[np.int64]:
    """Each label as a number by its rank, -1 for empty text."""
    rank = {label: number for number, label in enumerate(sorted({label for label in labels if label}))}
    return np.array([rank.get(label, -1) for label in labels], np.int64)


def _sites_of(problem: GroupingProblem) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Possible hubs by owning practice: `sites[starts[p]:starts[p + 1]]`."""
    allowed = np.flatnonzero(problem.hub_allowed)
    owner = problem.site_owner[allowed]
    order = np.argsort(owner, kind="stable")
    counts = np.bincount(owner, minlength=len(problem.practice_codes))
    return np.concatenate(([0], np.cumsum(counts))).astype(np.int64), allowed[order].astype(np.int64)
