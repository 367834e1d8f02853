"""The figures of one journey for any set of people: means, quantiles, shares, and who travels further.

Definitions. People without a route are counted, and enter no mean and no quantile. A quantile is the smallest number
of minutes within which at least that share of the people with a route are (nothing is interpolated). A share within so
many minutes is one of *all* people, so that who has no route is not within it. Before and after are compared for people
with both. Patients of a practice that keeps no site are counted apart: they are in no figure of how minutes change, and
have their own; that they lose a route is counted with all others.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from grouping.impact.trips import Trip

WITHIN = (10, 15, 20, 30, 45)
"""Minutes of the cumulative curve; the columns `within_10`, ... of the tables."""

LONGER = (5, 10, 15, 20)
"""People whose journey grows by more than so many minutes; the columns `longer_5`, ..."""

LEVEL_COLUMNS = ("people", "no_route", "mean", "median", "p90", "longest", *(f"within_{m}" for m in WITHIN), "beyond")
CHANGE_COLUMNS = (
    "people_compared",
    "mean_before",
    "mean_after",
    "mean_change",
    "median_before",
    "p90_before",
    *(f"longer_{m}" for m in LONGER),
    "shorter_5",
    "newly_beyond",
    "no_longer_beyond",
    "lost_route",
    "gained_route",
    "change_in_patient_minutes",
)
APART_COLUMNS = ("kept_no_site", "kept_no_site_before", "kept_no_site_after", "kept_no_site_longer_5")
"""People whose practice keeps no site, their mean minutes before and after, and those of them 5 minutes longer."""

MEASURES = (*LEVEL_COLUMNS, *CHANGE_COLUMNS, *APART_COLUMNS)

CLOSE = 1e-9
"""Minutes that differ by less are the same: what is left of adding fractions."""


def beyond(minutes: NDArray[np.float64], threshold: float) -> NDArray[np.bool_]:
    """Which journeys are longer than the threshold; one without a route (NaN) is not."""
    return minutes > threshold + CLOSE


def weighted_quantiles(
    minutes: NDArray[np.float64], people: NDArray[np.float64], shares: Sequence[float]
) -> NDArray[np.float64]:
    """Smallest minutes within which at least a share of the people are.

    Parameters
    ----------
    minutes
        Shape (R,); NaN rows are left out.
    people
        People of each row in P populations, shape (R, P).
    shares
        Q shares, above 0 and at most 1.

    Returns
    -------
    Minutes, NaN for a population without anybody who has a route, shape (Q, P).
    """
    known = np.flatnonzero(~np.isnan(minutes))
    order = known[np.argsort(minutes[known], kind="stable")]
    found = np.full((len(shares), people.shape[1]), np.nan)
    if not len(order):
        return found
    reached = np.cumsum(people[order], axis=0)
    total, at = reached[-1], minutes[order]
    for p in np.flatnonzero(total > 0):
        # a hair less than the share, so that adding fractions in another order does not move the quantile
        wanted = np.array(shares) * total[p] * (1.0 - 1e-12)
        found[:, p] = at[np.minimum(np.searchsorted(reached[:, p], wanted), len(at) - 1)]
    return found


def measure(trip: Trip, people: NDArray[np.float64], threshold: float) -> dict[str, NDArray[np.float64]]:
    """All figures of one journey for P sets of people.

    Parameters
    ----------
    trip
        The journey.
    people
        People of each row in each set, shape (R, P); rows that the plan does not cover count nowhere.
    threshold
        Minutes beyond which a journey counts as long.

    Returns
    -------
    Each of `MEASURES`, shape (P,): people (estimates are not whole numbers), minutes, shares 0-1; NaN where it cannot
    be told, all of `CHANGE_COLUMNS` without a "before".
    """
    weight = np.where(trip.counted[:, None], people, 0.0)
    figures = _level(trip.after, weight, threshold)
    if trip.before is None:
        figures |= {name: np.full(people.shape[1], np.nan) for name in CHANGE_COLUMNS}
    else:
        figures |= _change(trip.before, trip.after, np.where(trip.apart[:, None], 0.0, weight), threshold)
        figures |= _routes(trip.before, trip.after, weight)
    figures |= _apart(trip, np.where(trip.apart[:, None], weight, 0.0))
    return {name: figures[name] for name in MEASURES}


def _level(minutes: NDArray[np.float64], weight: NDArray[np.float64], threshold: float) -> dict[str, NDArray]:
    """How long the journey is. Comparisons with NaN are false: who has no route is within nothing."""
    known = ~np.isnan(minutes)
    total = weight.sum(axis=0)
    figures = {
        "people": total,
        "no_route": weight[~known].sum(axis=0),
        "mean": weighted_means(minutes, weight),
        "longest": _longest(minutes, weight),
        "beyond": weight[beyond(minutes, threshold)].sum(axis=0),
    }
    figures["median"], figures["p90"] = weighted_quantiles(minutes, weight, (0.5, 0.9))
    for limit in WITHIN:
        within = weight[minutes <= limit + CLOSE].sum(axis=0)
        figures[f"within_{limit}"] = np.divide(within, total, out=np.full(len(total), np.nan), where=total > 0)
    return figures


def _change(
    before: NDArray[np.float64], after: NDArray[np.float64], weight: NDArray[np.float64], threshold: float
) -> dict[str, NDArray]:
    """How the journey changes, for those who have it before and after."""
    had, has = ~np.isnan(before), ~np.isnan(after)
    both = had & has
    compared = np.where(both[:, None], weight, 0.0)
    change = np.where(both, after - before, 0.0)
    people = compared.sum(axis=0)
    more_minutes = (compared * change[:, None]).sum(axis=0)
    long_before, long_after = beyond(before, threshold), beyond(after, threshold)
    figures = {
        "people_compared": people,
        "mean_before": weighted_means(before, compared),
        "mean_after": weighted_means(after, compared),
        "mean_change": np.divide(more_minutes, people, out=np.full(len(people), np.nan), where=people > 0),
        "shorter_5": compared[change < -5 - CLOSE].sum(axis=0),
        "newly_beyond": compared[~long_before & long_after].sum(axis=0),
        "no_longer_beyond": compared[long_before & ~long_after].sum(axis=0),
        "change_in_patient_minutes": more_minutes,
    }
    figures["median_before"], figures["p90_before"] = weighted_quantiles(before, compared, (0.5, 0.9))
    for limit in LONGER:
        figures[f"longer_{limit}"] = compared[change > limit + CLOSE].sum(axis=0)
    return figures


def _routes(before: NDArray[np.float64], after: NDArray[np.float64], weight: NDArray[np.float64]) -> dict[str, NDArray]:
    """Who loses a route and who gains one, those whose practice keeps no site among them."""
    had, has = ~np.isnan(before), ~np.isnan(after)
    return {"lost_route": weight[had & ~has].sum(axis=0), "gained_route": weight[~had & has].sum(axis=0)}


def _apart(trip: Trip, weight: NDArray[np.float64]) -> dict[str, NDArray]:
    """The figures of those whose practice keeps no site."""
    figures = {name: np.full(weight.shape[1], np.nan) for name in APART_COLUMNS}
    figures["kept_no_site"] = weight.sum(axis=0)
    if trip.before is not None:
        both = np.where(trip.compared[:, None], weight, 0.0)
        longer = trip.compared & (np.where(trip.compared, trip.after - trip.before, 0.0) > 5 + CLOSE)
        figures["kept_no_site_before"] = weighted_means(trip.before, both)
        figures["kept_no_site_after"] = weighted_means(trip.after, both)
        figures["kept_no_site_longer_5"] = weight[longer].sum(axis=0)
    return figures


def weighted_means(minutes: NDArray[np.float64], weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """Mean minutes of P populations over the rows with a route, NaN without any, shape (P,)."""
    known = ~np.isnan(minutes)
    part = weight[known]
    total = part.sum(axis=0)
    sums = minutes[known] @ part
    return np.divide(sums, total, out=np.full(weight.shape[1], np.nan), where=total > 0)


def _longest(minutes: NDArray[np.float64], weight: NDArray[np.float64]) -> NDArray[np.float64]:
    known = ~np.isnan(minutes)
    there = weight[known] > 0
    longest = np.where(there, minutes[known, None], -np.inf).max(axis=0, initial=-np.inf)
    return np.where(np.isfinite(longest), longest, np.nan)
