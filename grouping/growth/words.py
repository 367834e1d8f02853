"""Figures and reasons of growth as they are said, in tables, sentences and on the page."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from grouping.impact.disclosure.counts import BASE
from grouping.plain_words import UNKNOWN, is_missing, signed


def to_fives(people: ArrayLike) -> NDArray[np.float64]:
    """Numbers of people to the nearest 5, halves away from nought; NaN stays."""
    people = np.asarray(people, dtype=float)
    return np.sign(people) * BASE * np.floor(np.abs(people) / BASE + 0.5)


def people_text(people: object, *, public: bool = False) -> str:
    """A number of people in words; to the nearest 5 for the public."""
    if is_missing(people):
        return UNKNOWN
    value = float(to_fives(float(people))) if public else float(people)
    return f"{round(value) or 0:,}"


def more_text(people: object, *, public: bool = False) -> str:
    """A number of people with its sign."""
    if is_missing(people):
        return UNKNOWN
    value = float(to_fives(float(people))) if public else float(people)
    return signed(value) if round(value) else "no change"


def rate_text(more: float, today: float) -> str:
    """A change in percent with its sign, one decimal."""
    if not today or not math.isfinite(more):
        return UNKNOWN
    change = round(100.0 * more / today, 1)
    return f"{'−' if change < 0 else '+'}{abs(change):.1f}%"
