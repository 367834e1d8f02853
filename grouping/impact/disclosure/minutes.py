"""When minutes may be printed: never for a few people, and never where they would tell a hidden count."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grouping.impact.disclosure.cells import SHARES, Counts
from grouping.impact.disclosure.counts import SMALL
from grouping.impact.disclosure.decide import Hidden
from grouping.impact.disclosure.sums import MOVE
from grouping.impact.measures import LONGER, WITHIN

HALF_STEP = 0.05
"""Minutes are printed to 0.1."""

FINE = 2_000.0
"""With so many people a mean to 0.1 minutes cannot tell seven of them: the means of two parts and of the whole give the
ratio of the parts, to about 0.1 in the minutes by which the parts differ (20, say)."""

WHOLE = 200.0
"""Likewise for a mean in whole minutes."""

MANY = 200.0
"""The longest journey may be one person's: it is printed only for a place or a group of so many people."""


@dataclass(frozen=True)
class Shown:
    """What is printed of the minutes of some rows; every array is bool, shape (n,).

    Parameters
    ----------
    mean, median, p90
        Of the people with a route.
    whole
        In whole minutes only.
    change
        Figures before and after, of the people compared.
    """

    mean: NDArray[np.bool_]
    median: NDArray[np.bool_]
    p90: NDArray[np.bool_]
    change: NDArray[np.bool_]
    whole: NDArray[np.bool_]


def shown_minutes(
    counts: Counts,
    hidden: Hidden,
    at: tuple[NDArray[np.int64], NDArray[np.int64]],
    means: Mapping[str, NDArray[np.float64]],
    *,
    threshold: float,
    longest: float,
) -> Shown:
    """Decide which minutes of some rows are printed.

    Parameters
    ----------
    counts, hidden
        Every count and which are hidden.
    at
        Block and cell of each row, shapes (n,).
    means
        `after`, mean minutes of those with a route, and `before`, of those compared; shapes (n,).
    threshold
        Minutes beyond which a journey is long.
    longest
        The longest journey of everybody, which is printed.
    """
    people, no_route = (np.nan_to_num(counts.value[name][at]) for name in ("people", "no_route"))
    routed = people - no_route
    enough = (routed >= SMALL) & ~hidden["people"][at]
    unsure = np.logical_or.reduce([hidden[name][at] for name in ("no_route", "gained_route", "people_compared")])
    enough &= ~unsure | (routed >= WHOLE)
    mean = enough.copy()
    median, p90 = enough & (routed / 2 >= SMALL), enough & (routed / 10 >= SMALL)
    for limit, beyond, which in _beyonds(counts, hidden, at, routed, threshold):
        least, most = _possible(means["after"], routed, limit, longest)
        want_low, want_high = _wanted(beyond, routed)
        mean &= ~which | ((least <= want_low) & (most >= want_high))
        median &= ~which | (np.abs(beyond - routed / 2) > MOVE)
        p90 &= ~which | (np.abs(beyond - routed / 10) > MOVE)
    compared = counts.value["people_compared"][at]
    change = mean & (np.nan_to_num(compared) >= SMALL)
    for limit in LONGER:
        which = hidden[f"longer_{limit}"][at]
        change &= ~which | ((means["after"] - HALF_STEP) * np.nan_to_num(compared) >= limit * SMALL)
    which = hidden["shorter_5"][at]
    change &= ~which | ((means["before"] - HALF_STEP) * np.nan_to_num(compared) >= 5 * SMALL)
    return Shown(mean, median & mean, p90 & mean, change, unsure & (routed < FINE))


def _beyonds(
    counts: Counts,
    hidden: Hidden,
    at: tuple[NDArray[np.int64], NDArray[np.int64]],
    routed: NDArray[np.float64],
    threshold: float,
):
    """Limits in minutes, the people beyond each, and in which rows that number must not be found."""
    for limit, share in zip(WITHIN, SHARES, strict=True):
        within = counts.value[share][at]
        if not np.isnan(within).all():
            yield float(limit), routed - np.nan_to_num(within), hidden[share][at]
    for name in ("beyond", "newly_beyond"):
        value = counts.value[name][at]
        yield threshold, np.nan_to_num(value), hidden[name][at]


def _possible(
    mean: NDArray[np.float64], routed: NDArray[np.float64], limit: float, longest: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Least and most people who can be beyond a limit, given the mean (Markov's inequality from both ends)."""
    mean = np.nan_to_num(mean)
    most = np.minimum(routed, (mean - HALF_STEP) * routed / limit)
    if longest <= limit:
        return np.zeros_like(routed), most
    return np.maximum(0.0, (mean + HALF_STEP - limit) * routed / (longest - limit)), most


def _wanted(
    beyond: NDArray[np.float64], routed: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """What a hidden number beyond must be able to be: 1 to 7, or 1 to 7 within, or seven more or fewer."""
    small, nearly_all = beyond < SMALL, routed - beyond < SMALL
    low = np.where(small, 1.0, np.where(nearly_all, routed - MOVE, beyond - MOVE))
    high = np.where(small, MOVE, np.where(nearly_all, routed - 1.0, beyond + MOVE))
    return np.maximum(low, 0.0), np.minimum(high, routed)
