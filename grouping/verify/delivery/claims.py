"""What is checked: the finished tables of a programme beside the run it was made of and what the planner says."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pandas as pd

from grouping.verify.evidence import Evidence

if TYPE_CHECKING:
    from grouping.programme.ground import Ground

NAMED_AT_MOST = 5
"""Rows named in one claim."""

SLACK = 1e-6
"""What the adding of fractions may leave over."""

Row = dict[str, Any]
Pair = tuple[str, object, object]
"""Where, what is told, and what was derived."""


@dataclass(frozen=True)
class Claims:
    """The tables of a programme and what they must follow from.

    Parameters
    ----------
    ground
        The run, one of its options, and what the planner says; of a public programme the public ones.
    tables
        The finished tables, by name.
    """

    ground: Ground
    tables: Mapping[str, pd.DataFrame]

    @property
    def public(self) -> bool:
        """Whether what must not leave the house is no longer in it."""
        return self.ground.run.public

    def rows(self, name: str) -> list[Row]:
        """The rows of a finished table; none where there is no such table."""
        table = self.tables.get(name)
        return [] if table is None else table.to_dict("records")

    @cached_property
    def evidence(self) -> Evidence:
        """The inputs, joined as the check of a run joins them."""
        run = self.ground.run
        return Evidence(run.place, run.times, run.adjacency, run.rules, {})

    @cached_property
    def members(self) -> dict[str, tuple[str, ...]]:
        """Practices of each group of the plan."""
        return {group.group_id: tuple(group.members) for group in self.ground.plan.groups}

    @cached_property
    def group_of(self) -> dict[str, str]:
        """Group of each practice of the plan."""
        return {code: group_id for group_id, codes in self.members.items() for code in codes}

    @cached_property
    def lists(self) -> dict[str, int]:
        """Registered patients of every practice of the place."""
        return {str(code): int(size) for code, size in self.ground.run.place.practices["list_size"].items()}

    @cached_property
    def vulnerable(self) -> frozenset[str]:
        """Practices rated as vulnerable, by the limit of the planner or of the rule set."""
        practices = self.ground.run.place.practices
        if "vulnerability" not in practices:
            return frozenset()
        own = self.ground.settings.resilience.vulnerable_up_to
        limit = self.ground.run.rules.practices.vulnerable_up_to if own is None else own
        return frozenset(str(code) for code, rating in practices["vulnerability"].items() if float(rating) <= limit)

    def patients(self, codes: Iterable[str]) -> int:
        """Registered patients of some practices."""
        return sum(self.lists[code] for code in codes)

    def said(self, name: str) -> list[Row] | None:
        """What the planner's table says: the text of every cell, by column; None where there is no such table."""
        table = self.ground.inputs.table(name)
        if table is None:
            return None
        return [{column: table.text(i, column).strip() for column in table.raw} for i in range(len(table))]


# ------------------------------------------------------------------------------------------------------- small things


def is_missing(value: object) -> bool:
    """Whether a cell says nothing."""
    return value is None or value is pd.NA or value == "" or (isinstance(value, float) and math.isnan(value))


def same(told: object, derived: object, slack: float = SLACK) -> bool:
    """Whether two cells say the same: both nothing, the same text, or figures that differ by rounding alone."""
    if is_missing(told) or is_missing(derived):
        return is_missing(told) and is_missing(derived)
    if isinstance(told, str) or isinstance(derived, str):
        return str(told).strip() == str(derived).strip()
    apart = abs(float(told) - float(derived))
    return apart <= slack * max(1.0, abs(float(derived)))


def differing(pairs: Iterable[Pair], slack: float = SLACK) -> list[str]:
    """What does not agree, in words; the first few and how many more."""
    return first_few(
        f"{where}: told {shown(told)}, derived {shown(derived)}"
        for where, told, derived in pairs
        if not same(told, derived, slack)
    )


def first_few(wrong: Iterable[str]) -> list[str]:
    """The first few of a list of faults, and how many more there are."""
    wrong = list(wrong)
    more = len(wrong) - NAMED_AT_MOST
    return [*wrong[:NAMED_AT_MOST], *([f"and {more} more"] if more > 0 else [])]


def shown(value: object) -> str:
    """A cell as it is named in a fault."""
    if is_missing(value):
        return "nothing"
    if isinstance(value, Fraction):
        value = float(value)
    return f"{value:,.6g}" if isinstance(value, float) and not value.is_integer() else f"{value}"


def count(number: int, one: str) -> str:
    """A number with its word: `1 group`, `23 groups`."""
    return (
        f"{number:,} {one}"
        if number == 1
        else f"{number:,} {one[:-1]}ies"
        if one.endswith("y")
        else f"{number:,} {one}s"
    )


def wave_at(names: Sequence[str], text: object) -> int | None:
    """Which wave a text names, whatever its blanks, capitals and strokes; None for none."""
    if is_missing(text):
        return None
    wanted = _wave_name(text)
    return next((at for at, name in enumerate(names) if _wave_name(name) == wanted), None)


def _wave_name(text: object) -> str:
    plain = re.sub(r"\s*[-\u2010-\u2015/\\]\s*", "/", " ".join(str(text).casefold().split()))
    return re.sub(r"^(\d{4})/\d\d(\d\d)$", r"\1/\2", plain)


def fraction(text: str) -> Fraction:
    """The number a cell says, as people write it (`30,000`, `£1.50`)."""
    return Fraction(text.replace("£", "").replace(",", "").strip())
