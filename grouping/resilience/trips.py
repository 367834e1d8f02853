"""How the way to routine care changes for the patients who find a place."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grouping.resilience.placing import Placing

LONGER_MINUTES = 5.0
"""A way to routine care counts as longer from more than this on: our default."""


@dataclass(frozen=True)
class Trips:
    """The patients placed, by failure, all arrays of shape (F,); means are NaN where nobody is counted.

    Parameters
    ----------
    placed
        Patients who find a place.
    same_group
        Those of them who find it in the group that their practice was in.
    receiving
        Practices that take some.
    before, after
        Mean minutes to routine care of the placed patients with a route before and after.
    before_rural, after_rural
        The same for homes in rural areas.
    before_older, after_older
        The same for patients aged 65 or over, estimated: each home counts by its area's share of such residents.
    longer
        Patients whose way grows by more than `LONGER_MINUTES`.
    beyond_before, beyond_after
        Patients further than the threshold of the rule set.
    """

    placed: NDArray[np.float64]
    same_group: NDArray[np.float64]
    receiving: NDArray[np.int64]
    before: NDArray[np.float64]
    after: NDArray[np.float64]
    before_rural: NDArray[np.float64]
    after_rural: NDArray[np.float64]
    before_older: NDArray[np.float64]
    after_older: NDArray[np.float64]
    longer: NDArray[np.float64]
    beyond_before: NDArray[np.float64]
    beyond_after: NDArray[np.float64]


def trips_of(placing: Placing) -> Trips:
    """The journeys of the patients who find a place.

    Parameters
    ----------
    placing
        Where the patients go.
    """
    facts, patients = placing.facts, placing.patients
    threshold = facts.problem.rules.impact.threshold_minutes
    known = placing.placed & np.isfinite(placing.before)
    before, after = np.where(known, placing.before, 0.0), np.where(known, placing.after, 0.0)
    group = facts.group_at
    home = placing.placed & (group[placing.to] == group[placing.origin])

    def means(weights: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        weights = np.where(known, weights, 0.0)
        people = placing.total(weights)
        return tuple(
            np.divide(placing.total(weights * part), people, out=np.full(len(people), np.nan), where=people > 0)
            for part in (before, after)
        )

    def counted(which: NDArray[np.bool_]) -> NDArray[np.float64]:
        return placing.total(np.where(known & which, patients, 0.0))

    everybody = means(patients)
    rural = means(np.where(facts.rural[placing.area], patients, 0.0))
    older = means(patients * np.nan_to_num(facts.older[placing.area]))
    return Trips(
        placing.total(np.where(placing.placed, patients, 0.0)),
        placing.total(np.where(home, patients, 0.0)),
        (placing.received() > 0).sum(axis=1),
        *everybody,
        *rural,
        *older,
        counted(after - before > LONGER_MINUTES),
        counted(before > threshold),
        counted(after > threshold),
    )
