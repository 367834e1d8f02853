"""Arithmetic without rounding of the machine: texts as fractions, halves rounded upwards, whole parts that add up."""

from __future__ import annotations

import math
from collections.abc import Sequence
from fractions import Fraction


def as_fraction(text: str) -> Fraction:
    """A number as people write it (`30,000`, `£1.50`) as the exact fraction it says.

    Raises
    ------
    ValueError
        The text is no number.
    """
    return Fraction(text.strip().removeprefix("£").strip().replace(",", ""))


def half_up(value: Fraction, digits: int = 0) -> Fraction:
    """A figure of at least 0 rounded to so many decimals; a half goes upwards."""
    scale = 10**digits
    return Fraction(math.floor(value * scale + Fraction(1, 2)), scale)


def written(value: Fraction, digits: int = 0) -> str:
    """A figure with commas and so many decimals, halves upwards; made from whole numbers only."""
    scaled = abs(half_up(abs(value), digits)) * 10**digits
    whole, rest = divmod(int(scaled), 10**digits)
    sign = "−" if value < 0 and scaled else ""
    return f"{sign}{whole:,}" + (f".{rest:0{digits}d}" if digits else "")


def whole_parts(parts: Sequence[Fraction]) -> list[int]:
    """Whole numbers for the parts of a sum that add up to the sum, rounded with halves upwards.

    Method of largest remainders: every part without its decimals; what is left over goes, one each, to the parts with
    the largest decimals (ties: the earlier part).

    Parameters
    ----------
    parts
        Figures of at least 0.
    """
    floors = [math.floor(part) for part in parts]
    left = int(half_up(sum(parts, Fraction()))) - sum(floors)
    order = sorted(range(len(parts)), key=lambda k: (floors[k] - parts[k], k))
    for k in order[:left]:
        floors[k] += 1
    return floors


def plain_number(value: Fraction | None) -> int | float | None:
    """A fraction for a table: a whole number where it is one, else the nearest number the machine has."""
    if value is None:
        return None
    return int(value) if value.denominator == 1 else float(value)
