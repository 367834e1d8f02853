"""What failures do to groups: their lists, and the minimum and maximum that then apply."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from grouping.resilience.facts import Facts
from grouping.resilience.placing import Placing

SLACK = 1e-6
"""Patients: registrations are scaled, and a list that is exactly at a limit may lie a hair beside it."""

RURAL_SLACK = 1e-9
"""As everywhere a rural share is held against its threshold."""


@dataclass(frozen=True)
class Groups:
    """Groups in each of F states, all arrays of shape (F, G).

    Parameters
    ----------
    lists
        Registered patients.
    rural_share
        Share of them who live in rural areas; 0 for a group without patients.
    minimum, maximum
        What applies by the rural share and the locality of most of its patients in that state.
    gone
        Whether no practice is left.
    preferred_maximum
        The largest size preferred, the same everywhere.
    """

    lists: NDArray[np.float64]
    rural_share: NDArray[np.float64]
    minimum: NDArray[np.float64]
    maximum: NDArray[np.float64]
    gone: NDArray[np.bool_]
    preferred_maximum: float

    @cached_property
    def margin(self) -> NDArray[np.float64]:
        """Patients above the minimum, negative below it."""
        return self.lists - self.minimum

    @cached_property
    def margin_share(self) -> NDArray[np.float64]:
        """The margin as a share of the minimum (-1 for a group that is gone); infinite where there is no minimum."""
        share = np.divide(self.margin, self.minimum, out=np.full(self.lists.shape, np.inf), where=self.minimum > 0)
        return np.where(self.gone, -1.0, share)

    def below(self, before: Groups) -> NDArray[np.bool_]:
        """Groups below their minimum, and further below it than before, or gone."""
        return self.gone | ((self.margin < -SLACK) & (self.margin < before.margin - SLACK))

    def other_minimum(self, before: Groups) -> NDArray[np.bool_]:
        """Groups to which another minimum applies than before, by their rural share or locality."""
        return self.minimum != before.minimum

    def above(self, before: Groups) -> NDArray[np.bool_]:
        """Groups above their hard maximum, and further above it than before."""
        beyond = self.lists - self.maximum
        return (beyond > SLACK) & (beyond > before.lists - before.maximum + SLACK)

    def above_preferred(self, before: Groups) -> NDArray[np.bool_]:
        """Groups above the preferred maximum and larger than before."""
        return (self.lists > self.preferred_maximum + SLACK) & (self.lists > before.lists + SLACK)

    def broken(self, before: Groups) -> NDArray[np.bool_]:
        """Groups brought below their minimum or above their hard maximum, or left without a practice."""
        return self.below(before) | self.above(before)


def groups_before(facts: Facts) -> Groups:
    """The groups as planned, arrays of shape (1, G)."""
    nobody = np.zeros((1, len(facts.codes)))
    return _groups(facts, nobody, nobody, nobody.astype(bool))


def groups_after(placing: Placing) -> Groups:
    """The groups after each failure.

    Parameters
    ----------
    placing
        Where the patients go.
    """
    facts = placing.facts
    rural = placing.received(facts.rural[placing.area])
    after = _groups(facts, placing.received(), rural, placing.failures.failed(len(facts.codes)))
    # a group without practices has no rural share: it is told against the minimum it had
    return replace(after, minimum=np.where(after.gone, groups_before(facts).minimum, after.minimum))


def _groups(
    facts: Facts, received: NDArray[np.float64], rural_received: NDArray[np.float64], failed: NDArray[np.bool_]
) -> Groups:
    """Lists and limits with what practices receive (F, P) and which have failed (F, P)."""
    problem, member = facts.problem, facts.member.astype(np.float64)
    of_practice = np.where(failed, 0.0, problem.list_size + received)
    lists = of_practice @ member
    countryside = np.where(failed, 0.0, problem.rural_patients + rural_received) @ member
    share = np.divide(countryside, lists, out=np.zeros_like(lists), where=lists > 0)
    rural = share >= problem.rules.rurality.threshold - RURAL_SLACK
    minimum, maximum = _limits(facts, of_practice, rural)
    gone = (~failed).astype(np.float64) @ member < 0.5
    return Groups(lists, share, minimum, maximum, gone, float(problem.rules.size.preferred_maximum))


def _limits(
    facts: Facts, of_practice: NDArray[np.float64], rural: NDArray[np.bool_]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Minimum and maximum of each group in each state, shape (F, G)."""
    rules = facts.problem.rules
    minimum = np.where(rural, rules.minimum_for(rural=True), rules.minimum_for(rural=False)).astype(np.float64)
    maximum = np.where(rural, rules.maximum_for(rural=True), rules.maximum_for(rural=False)).astype(np.float64)
    if not rules.size.locality:
        return minimum, maximum
    labels = sorted({label for label in facts.problem.locality if label})
    most = _most_patients(facts, of_practice, labels)
    for at, label in enumerate(labels):
        here = most == at
        for kind in (True, False):
            chosen = here & (rural == kind)
            minimum[chosen] = rules.minimum_for(rural=kind, locality=label)
            maximum[chosen] = rules.maximum_for(rural=kind, locality=label)
    return minimum, maximum


def _most_patients(facts: Facts, of_practice: NDArray[np.float64], labels: list[str]) -> NDArray[np.int64]:
    """Position of the locality that most patients of a group are registered in (ties: the smaller name), (F, G)."""
    best = np.zeros((len(of_practice), facts.member.shape[1]))
    most = np.full(best.shape, -1, dtype=np.int64)
    for at, label in enumerate(labels):
        here = np.array([own == label for own in facts.problem.locality])
        patients = of_practice @ (facts.member & here[:, None]).astype(np.float64)
        larger = patients > best + SLACK
        best[larger], most[larger] = patients[larger], at
    return most
