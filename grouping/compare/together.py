"""Which practices are together in all plans, in some, or in none."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from geodata.catchments import LEFT_OUT
from grouping.compare.comparison import Comparison

ALL, SOME, NONE = "all", "some", "none"

COLUMNS = ("practice_a", "name_a", "practice_b", "name_b", "neighbours", "plans_together", "plans", "together_in")
"""Columns of `together.csv`."""

RANK = {SOME: 0, ALL: 1, NONE: 2}
"""What is open to discussion comes first."""


@dataclass(frozen=True)
class Core:
    """Practices that share a group in every plan: codes, and their patients."""

    codes: tuple[str, ...]
    patients: float


def together_table(comparison: Comparison) -> pd.DataFrame:
    """Pairs of practices that are together in some plan, and all pairs of neighbours.

    Returns
    -------
    pandas.DataFrame
        Columns `COLUMNS`; `neighbours` says whether their catchments touch, `plans_together` in how many of `plans`
        plans they share a group, `together_in` is `all`, `some` or `none`. What differs comes first, then by code.
    """
    names = comparison.place.practices["name"].astype(str).to_dict()
    borders = neighbours(comparison)
    number = len(comparison.plans)
    rows = []
    for k, one in enumerate(comparison.codes):
        for other in comparison.codes[k + 1 :]:
            times = sum(other in partition[one] for partition in comparison.partitions)
            if times or (one, other) in borders:
                said = ALL if times == number else SOME if times else NONE
                rows.append((one, names[one], other, names[other], (one, other) in borders, times, number, said))
    rows.sort(key=lambda row: (RANK[row[-1]], not row[4], row[0], row[2]))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def neighbours(comparison: Comparison) -> set[tuple[str, str]]:
    """Pairs of practices compared whose catchments touch, in any of the runs; the smaller code first."""
    known = set(comparison.codes)
    found = set()
    for one in comparison.plans:
        table = one.run.adjacency
        if "reason" in table:
            table = table[table["reason"] != LEFT_OUT]
        for a, b in zip(table["practice_a"].astype(str), table["practice_b"].astype(str), strict=True):
            if a in known and b in known:
                found.add((min(a, b), max(a, b)))
    return found


def always_together(comparison: Comparison) -> tuple[Core, ...]:
    """The largest sets of practices that no plan separates, of two or more; those with most patients first."""
    sets: dict[frozenset[str], None] = {}
    for code in comparison.codes:
        sets[frozenset.intersection(*(partition[code] for partition in comparison.partitions))] = None
    cores = [
        Core(tuple(sorted(members)), sum(comparison.patients[code] for code in sorted(members)))
        for members in sets
        if len(members) > 1
    ]
    return tuple(sorted(cores, key=lambda core: (-core.patients, core.codes)))
