"""Where the patients of failed practices go, by travel time and room."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from grouping.resilience.facts import Facts
from grouping.resilience.failures import Failures
from grouping.resilience.kernels import NO_PLACE, place_patients

SLACK_MINUTES = 1e-9
"""Minutes are made of whole milliseconds: what lies on the limit is within it."""


@dataclass(frozen=True)
class Placing:
    """Who goes where: N records, each a part of the patients of one practice in one area.

    Parameters
    ----------
    facts, failures
        What it was made from.
    failure
        Position of the failure, ascending, shape (N,).
    origin, area
        The failed practice and the home, positions, shape (N,).
    to
        The practice that takes them, or `NO_PLACE`, shape (N,).
    patients
        How many, shape (N,).
    """

    facts: Facts
    failures: Failures
    failure: NDArray[np.int64]
    origin: NDArray[np.int64]
    area: NDArray[np.int64]
    to: NDArray[np.int64]
    patients: NDArray[np.float64]

    @cached_property
    def placed(self) -> NDArray[np.bool_]:
        """Records of patients who find a place, bool, shape (N,)."""
        return self.to != NO_PLACE

    @cached_property
    def before(self) -> NDArray[np.float64]:
        """Minutes to the nearest site of the failed practice, NaN without a route, shape (N,)."""
        minutes = self.facts.minutes[self.area, self.origin]
        return np.where(np.isfinite(minutes), minutes, np.nan)

    @cached_property
    def after(self) -> NDArray[np.float64]:
        """Minutes to the nearest site of the practice that takes them, NaN for who finds no place, shape (N,)."""
        return np.where(self.placed, self.facts.minutes[self.area, self.to], np.nan)

    def total(self, weights: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sum of something by failure, shape (F,)."""
        return np.bincount(self.failure, weights, minlength=len(self.failures))

    @cached_property
    def without(self) -> NDArray[np.float64]:
        """Patients without a place by failure, shape (F,)."""
        return self.total(np.where(self.placed, 0.0, self.patients))

    @cached_property
    def not_timed(self) -> NDArray[np.float64]:
        """Patients whose home is not timed by failure, shape (F,)."""
        return self.failures.failed(len(self.facts.codes)).astype(np.float64) @ self.facts.not_timed

    def received(self, which: NDArray[np.bool_] | None = None) -> NDArray[np.float64]:
        """Patients that each practice takes, shape (F, P).

        Parameters
        ----------
        which
            Records that are counted; None for all.
        """
        counted = self.placed if which is None else self.placed & which
        practices = len(self.facts.codes)
        at = self.failure[counted] * practices + self.to[counted]
        sums = np.bincount(at, self.patients[counted], minlength=len(self.failures) * practices)
        return sums.reshape(len(self.failures), practices)


def order_of_pairs(facts: Facts, within_minutes: float) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of area and practice within reach: nearest first, ties by practice, then by area.

    Returns
    -------
    tuple
        Areas and practices, positions, int64, one entry a pair.
    """
    area, practice = np.nonzero(facts.minutes <= within_minutes + SLACK_MINUTES)
    order = np.lexsort((area, practice, facts.minutes[area, practice]))
    return area[order].astype(np.int64), practice[order].astype(np.int64)


def placing_of(
    facts: Facts, failures: Failures, pairs: tuple[NDArray[np.int64], NDArray[np.int64]], *, unlimited: bool = False
) -> Placing:
    """Find places for everybody's patients (the model stands in `grouping.resilience`).

    Parameters
    ----------
    facts, failures
        The plan, and which practices fail.
    pairs
        As `order_of_pairs` gives them.
    unlimited
        Whether every practice has room for everybody.
    """
    failed = np.array([p for members in failures.sets for p in members], dtype=np.int64)
    starts = np.cumsum([0, *(len(members) for members in failures.sets)]).astype(np.int64)
    places = np.full(len(facts.codes), np.inf) if unlimited else facts.places
    # each record empties a row, fills a practice, or is what is left of a row
    most = int((facts.patients > 0).sum(axis=1)[failed].sum()) + len(failures) * len(facts.codes)
    whole = [np.empty(most, np.int64) for _ in range(4)]
    patients = np.empty(most)
    written = place_patients(*pairs, starts, failed, facts.patients, places, *whole, patients)
    return Placing(facts, failures, *(held[:written] for held in whole), patients[:written])
