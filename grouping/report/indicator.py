"""One figure that says something of a plan under a criterion, and which plans it favours."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from grouping.plain_words import count, is_missing, listed, minutes, percent

Direction = Literal["higher", "lower", ""]
Kind = Literal["people", "count", "minutes", "share", "reached", "area", "pounds"]
Value = float | str | None
"""A figure; text where it is hidden or is no single figure; None where it is not known for that option."""


@dataclass(frozen=True)
class Indicator:
    """One figure under a criterion.

    Parameters
    ----------
    key
        Name of the indicator, the same in every run.
    label
        What is counted, short.
    definition
        How it is worked out, and what it does not mean.
    direction
        `higher` or `lower` is better; empty where neither is.
    kind
        What the figure is, for its unit; `reached` is a share that is rounded down.
    source
        Inputs that it comes from.
    figures
        One for each option of the run, in their order.
    """

    key: str
    label: str
    definition: str
    direction: Direction
    kind: Kind
    source: str
    figures: tuple[Value, ...]


@dataclass(frozen=True)
class Criterion:
    """One of the six criteria.

    Parameters
    ----------
    key, name
        What it is called, in files and on the page.
    indicators
        What the inputs can tell.
    absent
        What is not assessed, a sentence each with its reason.
    """

    key: str
    name: str
    indicators: tuple[Indicator, ...]
    absent: tuple[str, ...]


def _share(value: float) -> str:
    """A share with one decimal; what is neither none nor all never reads like it."""
    told = percent(value, 1)
    if 0 < value < 1 and told in {"0.0%", "100.0%"}:
        return "under 0.1%" if value < 1 / 2 else "over 99.9%"
    return told


def _reached(value: float) -> str:
    """A share reached, rounded down as in the rollout: a target that is just missed never reads as reached."""
    return f"{math.floor(1000 * value + 1e-9) / 10:.1f}%"


UNITS: dict[str, Callable[[float], str]] = {
    "people": count,
    "count": count,
    "minutes": minutes,
    "share": _share,
    "reached": _reached,
    "area": lambda value: f"{value:,.1f} m²",
    "pounds": lambda value: f"£{value:,.0f}",
}
"""How a figure of each kind is printed."""


def cell(value: Value, kind: str) -> str:
    """A value as it stands in the table."""
    if isinstance(value, str):
        return value
    return "not known" if is_missing(value) else UNITS[kind](float(value))


def best_options(indicator: Indicator) -> tuple[int, ...]:
    """Positions of the options that an indicator favours; none where they cannot be compared.

    Two values are alike when they read the same: a difference that is not printed favours nobody. An option whose value
    is hidden or not known cannot be compared, and then nothing is said of any.
    """
    known = [value for value in indicator.figures if not isinstance(value, str) and not is_missing(value)]
    if not indicator.direction or len(known) < len(indicator.figures) or len(known) < 2:
        return ()
    best = min(known) if indicator.direction == "lower" else max(known)
    return tuple(
        position
        for position, value in enumerate(indicator.figures)
        if cell(value, indicator.kind) == cell(best, indicator.kind)
    )


def best_in_words(indicator: Indicator, titles: Sequence[str]) -> str:
    """Which options an indicator favours, in words; empty with a single option."""
    if len(indicator.figures) < 2:
        return ""
    if not indicator.direction:
        return "says nothing for or against"
    best = best_options(indicator)
    if not best:
        return "cannot be compared"
    if len(best) == len(titles):
        return "all alike"
    word = "lowest" if indicator.direction == "lower" else "highest"
    return f"{word}: {_together([titles[position] for position in best])}"


def _together(titles: Sequence[str]) -> str:
    """Titles in a few words: "Option 2", "Options 1 and 3, alike"."""
    if len(titles) == 1:
        return titles[0]
    numbers = [title.removeprefix("Option ") for title in titles]
    if all(number.isdigit() for number in numbers):
        return f"Options {listed(numbers)}, alike"
    return f"{listed(list(titles))}, alike"
