"""How many groups the rules allow, what makes them so many, and which change of a rule would make them few.

Everything is counted, nothing estimated; counting takes no memory and looks at some 20 million groups a second.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from grouping.candidates import borders_that_count, compatible_pairs, count_sets
from grouping.problem import GroupingProblem

BYTES_PER_SET = 300
"""Memory of a listed group, the search over it included (measured: 15 million groups, 4.6 GB)."""

DEFAULT_MEMORY = 1.5
"""Gigabytes that the list of groups and the search over it may take: 5 million groups, proven within a minute."""

MOST_COUNTED = 300_000_000
"""Groups are counted up to here (some ten seconds); beyond, it is only said that there are more."""

STEP_PATIENTS = 1_000
"""The hard maximum is lowered in steps of this."""


@dataclass(frozen=True)
class Change:
    """A rule that would make the list short enough: its name, the words, and the groups there would then be."""

    rule: str
    words: str
    groups: int


def sets_that_fit(memory: float) -> int:
    """How many groups a list may hold in so many gigabytes."""
    return max(1, int(memory * 1e9 / BYTES_PER_SET))


def how_many(groups: int, most: int = MOST_COUNTED) -> str:
    """A count in words; one above `most` stands for more."""
    return f"{groups:,} groups" if groups <= most else f"more than {most:,} groups"


def reasons(problem: GroupingProblem) -> list[str]:
    """What makes the list long, in plain words with the figures of this case."""
    size, count = problem.rules.size, max(len(problem.practice_codes), 1)
    near = borders_that_count(problem) & compatible_pairs(problem)
    neighbours = near.sum(axis=1)
    mean = float(problem.list_size.mean())
    crowded = np.argsort(-neighbours, kind="stable")[:3]
    lines = [
        f"Each practice has {near.sum() / count:.1f} neighbours on average with which it may share a group; most have "
        + ", ".join(f"{problem.practice_codes[p]} ({neighbours[p]})" for p in crowded)
        + ".",
        f"A group may have {size.largest:,} patients, and a practice has {mean:,.0f} on average: so a group may hold "
        f"{size.largest / max(mean, 1):.1f} average practices.",
    ]
    if problem.rules.contiguity.rule == "none":
        lines.append("Groups need not hang together (contiguity.rule is none), so any practices near enough may join.")
    limit = problem.rules.access.max_minutes_between_members
    if limit > 0:
        share = float(compatible_pairs(problem)[~np.eye(count, dtype=bool)].mean()) if count > 1 else 1.0
        lines.append(f"{share:.0%} of all pairs of practices are within the {limit:g} minutes between members.")
    else:
        lines.append("There is no limit on the minutes between members.")
    return lines


def changes(problem: GroupingProblem, most: int) -> list[Change]:
    """For each of three rules the mildest change that brings the list down to `most` groups, with the counted effect.

    Parameters
    ----------
    problem
        The problem, with more groups than `most`.
    most
        Groups a list may hold.
    """
    return [
        change for change in (_shorter_drive(problem, most), _smaller(problem, most), _inside(problem, most)) if change
    ]


def _shorter_drive(problem: GroupingProblem, most: int) -> Change | None:
    """Fewer minutes between members, in whole minutes."""
    limit = problem.rules.access.max_minutes_between_members
    drives = problem.between_practices[np.isfinite(problem.between_practices)]
    now = limit if limit > 0 else float(drives.max(initial=1.0))
    found = _mildest(
        problem, "access", 1, int(np.ceil(now)) - 1, most, lambda at: {"max_minutes_between_members": float(at)}
    )
    if found is None:
        return None
    at, groups = found
    words = f"at most {at} {f'instead of {limit:g} ' if limit > 0 else ''}minutes between members: {groups:,} groups"
    return Change("access.max_minutes_between_members", words, groups)


def _smaller(problem: GroupingProblem, most: int) -> Change | None:
    """A lower hard maximum, in whole thousands, never below a minimum."""
    size = problem.rules.size
    least = max(size.minimum_urban, size.minimum_rural, *(own.minimum for own in size.locality.values()), 1)
    if any(own.maximum > size.hard_maximum for own in size.locality.values()):
        return None

    def capped(at: int) -> dict[str, Any]:
        return {
            "hard_maximum": at * STEP_PATIENTS,
            "hard_maximum_rural": min(size.hard_maximum_rural, at * STEP_PATIENTS),
        }

    top = -(-size.largest // STEP_PATIENTS) - 1
    found = _mildest(problem, "size", -(-least // STEP_PATIENTS), top, most, capped)
    if found is None:
        return None
    at, groups = found
    words = f"a hard maximum of {at * STEP_PATIENTS:,} instead of {size.largest:,} patients: {groups:,} groups"
    return Change("size.hard_maximum", words, groups)


def _inside(problem: GroupingProblem, most: int) -> Change | None:
    """Groups inside localities."""
    if problem.rules.locality.rule == "inside" or not any(problem.locality):
        return None
    groups = count_sets(_with(problem, "locality", {"rule": "inside"}), most)
    if groups > most:
        return None
    return Change("locality.rule", f"groups inside localities: {groups:,} groups", groups)


def _mildest(
    problem: GroupingProblem, section: str, low: int, high: int, most: int, values: Any
) -> tuple[int, int] | None:
    """The largest whole number for which the list fits, found by halving, and the groups there are then."""
    fits = None
    while low <= high:
        middle = (low + high) // 2
        groups = count_sets(_with(problem, section, values(middle)), most)
        if groups <= most:
            fits, low = (middle, groups), middle + 1
        else:
            high = middle - 1
    return fits


def _with(problem: GroupingProblem, section: str, values: dict[str, Any]) -> GroupingProblem:
    """The problem under a changed rule."""
    own = getattr(problem.rules, section).model_copy(update=values)
    return replace(problem, rules=problem.rules.model_copy(update={section: own}))
