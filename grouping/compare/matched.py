"""Which groups of different plans are mostly the same: they carry one letter and one colour on every map.

Groups are taken together plan by plan. For each plan the groups are assigned to the letters there are so that as many
patients as possible are shared (Hungarian method, `scipy.optimize.linear_sum_assignment`); a group that shares less
than half of the smaller one's patients with its letter starts a letter of its own. Names of groups play no part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from string import ascii_uppercase

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.optimize import linear_sum_assignment

from grouping import maps
from grouping.plan import Plan

LEAST_SHARED = 0.5
"""Least share of the smaller group's patients that two groups of one letter have in common."""


def matched_groups(plans: Sequence[Plan], patients: Mapping[str, float]) -> list[dict[str, int]]:
    """Number of the letter of each group, per plan.

    Parameters
    ----------
    plans
        The plans.
    patients
        Patients of each practice that counts.

    Returns
    -------
    Per plan group id -> number from 0; those of the first plan follow the order of the smallest practice codes.
    """
    letters: list[list[tuple[str, ...]]] = []  # the groups that carry each letter so far
    found = []
    for plan in plans:
        groups = sorted(plan.groups, key=lambda group: group.members)
        members = [group.members for group in groups]
        numbers = _assigned(members, letters, patients)
        for k, number in enumerate(numbers):
            if number < 0:
                letters.append([])
                numbers[k] = len(letters) - 1
        for number, group in zip(numbers, members, strict=True):
            letters[number].append(group)
        found.append({group.group_id: number for group, number in zip(groups, numbers, strict=True)})
    return found


def letter(number: int) -> str:
    """A, B, ... Z, AA, AB, ..."""
    before, last = divmod(number, len(ascii_uppercase))
    return (letter(before - 1) if before else "") + ascii_uppercase[last]


def matched_colours(
    polygons: Sequence[NDArray[np.object_]], numbers: Sequence[Sequence[int]], how_many: int
) -> list[int]:
    """Position in the palette for each letter, so that letters that touch in any plan look different if possible.

    Parameters
    ----------
    polygons
        Areas of each plan.
    numbers
        Letter of each area of each plan, -1 for none.
    how_many
        Number of letters.
    """
    touch: list[set[int]] = [set() for _ in range(how_many)]
    for shapes, number in zip(polygons, numbers, strict=True):
        label = np.asarray(number)
        left, right = shapely.STRtree(shapes).query(shapes, predicate="intersects")
        for a, b in np.unique(np.column_stack((label[left], label[right])), axis=0).tolist():
            if a != b and min(a, b) >= 0:
                touch[a].add(b)
    colours = [-1] * how_many
    for one in sorted(range(how_many), key=lambda k: (-len(touch[k]), k)):
        beside = [colours[other] for other in sorted(touch[one])]
        # first of all none that touches it has the colour; then the colour is used little, so that few look alike
        colours[one] = min(range(len(maps.PALETTE)), key=lambda p: (beside.count(p), colours.count(p), p))
    return colours


def _assigned(
    members: Sequence[tuple[str, ...]], letters: Sequence[Sequence[tuple[str, ...]]], patients: Mapping[str, float]
) -> list[int]:
    """The letter of each group, -1 for a new one."""
    numbers = [-1] * len(members)
    if not letters:
        return numbers
    shared = np.array([[_shared(group, others, patients) for others in letters] for group in members])
    rows, columns = linear_sum_assignment(shared, maximize=True)
    for row, column in zip(rows.tolist(), columns.tolist(), strict=True):
        if shared[row, column] > 0:
            numbers[row] = column
    return numbers


def _shared(group: tuple[str, ...], others: Sequence[tuple[str, ...]], patients: Mapping[str, float]) -> float:
    """Patients shared with the groups of a letter, summed over those with which enough is shared."""
    return sum(_shared_with(group, other, patients) for other in others)


def _shared_with(one: tuple[str, ...], other: tuple[str, ...], patients: Mapping[str, float]) -> float:
    def listed(codes: set[str]) -> float:
        return sum(patients.get(code, 0.0) for code in sorted(codes))

    both = listed(set(one) & set(other))
    smaller = min(listed(set(one)), listed(set(other)))
    return both if both > 0 and both >= LEAST_SHARED * smaller else 0.0
