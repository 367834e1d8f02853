"""One count of people: whether it is small, and how it is printed."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

HIDDEN = "*"
"""What stands for a count that is hidden."""

BASE = 5
"""Counts are rounded to the nearest so many. NHS Digital, Disclosure control methodology for HES and ECDS, 2018."""

SOMEBODY = 0.5
"""Estimates are not whole: from here on a count rounds to one person at least."""

SMALL = 7.5
"""Below this a count rounds to seven people at most."""


def is_small(count: ArrayLike) -> NDArray[np.bool_]:
    """Which counts are 1 to 7 people; NaN is not."""
    count = np.asarray(count, dtype=float)
    return (count >= SOMEBODY) & (count < SMALL)


def rounded(count: ArrayLike) -> NDArray[np.float64]:
    """Counts to the nearest 5; halves go up, and less than half a person is nought."""
    count = np.asarray(count, dtype=float)
    return np.where(count < SOMEBODY, 0.0, BASE * np.floor(count / BASE + 0.5))


def whole(count: float) -> object:
    """A published count as a whole number; None for what is not known."""
    return None if math.isnan(count) else math.floor(count + 0.5)


def as_count(count: float, hidden: bool) -> object:
    """A derived count as it is printed; None for what is not known."""
    if math.isnan(count):
        return None
    return HIDDEN if hidden else int(rounded(count))


def as_minutes(minutes: float, shown: bool, in_whole: bool = False) -> object:
    """Minutes to 0.1 or to whole ones, halves up; None for what is not known."""
    if math.isnan(minutes):
        return None
    if not shown:
        return HIDDEN
    return float(math.floor(minutes + 0.5)) if in_whole else math.floor(minutes * 10 + 0.5) / 10


def percent(part: float, people: float) -> float:
    """Whole percent of rounded counts, as printed."""
    return math.floor(100.0 * part / people + 0.5)


def percent_interval(
    count: NDArray[np.float64], people: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Least and most people that a printed share can stand for, by counts and people as they are."""
    printed = rounded(people)
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.floor(100.0 * rounded(count) / printed + 0.5)
    return printed * (share - 0.5) / 100.0 - BASE / 2, printed * (share + 0.5) / 100.0 + BASE / 2
