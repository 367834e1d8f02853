"""How much any two options differ: patients whose companions change, as a table and as lines to print."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import pandas as pd

from grouping.options import different_share
from grouping.problem import GroupingProblem
from grouping.result import OptionPlan

COLUMNS = ("option_a", "option_b", "different_share", "patients")
"""Columns of `option_differences.csv`."""


def option_differences(problem: GroupingProblem, options: Sequence[OptionPlan]) -> pd.DataFrame:
    """For any two options the patients whose companions change, and their share of all patients.

    Companions change when the group of a patient's practice is not the same set of practices in both options.
    """
    total = int(problem.list_size.sum())
    rows = []
    for one, other in combinations(options, 2):
        share = different_share(problem, _groups(one), _groups(other))
        rows.append((one.option_id, other.option_id, round(share, 6), round(share * total)))
    return pd.DataFrame(rows, columns=list(COLUMNS)).astype({"different_share": float, "patients": "int64"})


def _groups(option: OptionPlan) -> list[tuple[str, ...]]:
    return [group.members for group in option.plan.groups]


def difference_lines(table: pd.DataFrame) -> list[str]:
    """The table as a small triangle: the share of patients with other companions between any two options."""
    if table.empty:
        return []
    share = {(row.option_a, row.option_b): row.different_share for row in table.itertuples()}
    names = list(dict.fromkeys([*table["option_a"], *table["option_b"]]))
    wide = max(len(name) for name in names)
    lines = ["  Patients with other companions, between any two options:"]
    lines.append("    " + " " * wide + "".join(f"  {name:>{wide}}" for name in names[:-1]))
    for n, name in enumerate(names[1:], start=1):
        cells = "".join(f"  {share[other, name]:>{wide}.0%}" for other in names[:n])
        lines.append(f"    {name:<{wide}}{cells}")
    return lines
