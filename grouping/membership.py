"""Small facts about the members of a group, read from the problem's arrays."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from grouping.plan import Group
from grouping.problem import GroupingProblem


def member_indices(group: Group, problem: GroupingProblem) -> NDArray[np.int64]:
    """Positions of a group's practices in the problem."""
    return np.array([problem.practice_codes.index(code) for code in group.members], dtype=np.int64)


def rural_share(index: NDArray[np.int64], problem: GroupingProblem) -> float:
    """Share of the practices' registered patients who live in rural areas."""
    listed = problem.list_size[index].sum()
    return float(problem.rural_patients[index].sum() / listed) if listed else 0.0


def main_locality(index: NDArray[np.int64], problem: GroupingProblem) -> str:
    """The locality most of the practices' patients are registered in (ties: the smaller name); may be empty."""
    totals: dict[str, int] = {}
    for i in index:
        if problem.locality[i]:
            totals[problem.locality[i]] = totals.get(problem.locality[i], 0) + int(problem.list_size[i])
    return min(totals, key=lambda label: (-totals[label], label)) if totals else ""
