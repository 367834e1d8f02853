"""Five questions for a locality to talk about, each made from a fact of its groups."""

from __future__ import annotations

from collections.abc import Sequence

from grouping.plain_words import count, listed, minutes, plural
from grouping.report.locality_rows import CommunityRow, LocalGroup, LocalOption

HOW_MANY = 5
THIN = 0.05
"""A margin below this share of the minimum is thin: our choice, about what one small practice more or less would do."""


def questions(
    options: Sequence[LocalOption],
    open_borders: Sequence[tuple[str, str, str]],
    communities: Sequence[CommunityRow],
    locality: str,
) -> tuple[str, ...]:
    """Five questions, the most pressing facts first.

    Parameters
    ----------
    options
        What each option means for the locality.
    open_borders
        Practice, neighbour and how often they are together, the most open first.
    communities
        Its communities, those with the longest journeys first.
    locality
        Its name.
    """
    groups = [group for option in options for group in option.groups]
    kinds = (
        _short(groups),
        _border(open_borders),
        _far(communities),
        _threshold(groups),
        _thin(groups),
        _across(groups, locality),
        _hub(groups),
        ["Is a practice, a building or a new estate missing from this picture, or has something changed since?"],
        ["What do the practices here do together already, and what should stay as it is?"],
        ["Who would find the hub hard to reach without a car, and what would help them?"],
        ["What would patients notice first, and whom should be asked before anything is decided?"],
    )
    found = [question for kind in kinds for question in kind[:1]]
    return tuple(found[:HOW_MANY])


def _short(groups: Sequence[LocalGroup]) -> list[str]:
    """A group below its minimum."""
    below = sorted((one for one in groups if one.group.margin < 0), key=lambda one: (one.group.margin, one.called))
    return [
        f"{one.called} ({_members(one)}) stays {count(-one.group.margin)} patients short of its minimum of "
        f"{count(one.group.minimum)}. Should it stand as a rural exception, and for what reason; or who else would fit?"
        if one.group.kind == "rural"
        else f"{one.called} ({_members(one)}) stays {count(-one.group.margin)} patients short of its minimum of "
        f"{count(one.group.minimum)}. Should it stand as an exception, and for what reason; or who else would fit?"
        for one in below
    ]


def _border(open_borders: Sequence[tuple[str, str, str]]) -> list[str]:
    return [
        f"{here} and {there} are together in {share} of the plans nearly as good as the best. What speaks for working "
        "together, and what against?"
        for here, there, share in open_borders
    ]


def _far(communities: Sequence[CommunityRow]) -> list[str]:
    known = [row for row in communities if row.longest == row.longest]
    return [
        f"From {row.name} the hub is up to {minutes(row.longest)} minutes away by car, depending on the option: the "
        "longest way of all communities here. Which services should be nearer to them, and at which site?"
        for row in known
    ]


def _threshold(groups: Sequence[LocalGroup]) -> list[str]:
    return [
        f"{one.called} is close to the line between urban and rural. {note} Which of the two describes it better?"
        for one in groups
        for kind, note in one.group.notes
        if kind == "Near the rural threshold"
    ]


def _thin(groups: Sequence[LocalGroup]) -> list[str]:
    thin = [one for one in groups if 0 <= one.group.margin < THIN * one.group.minimum]
    thin.sort(key=lambda one: (one.group.margin, one.called))
    return [
        f"{one.called} is only {count(one.group.margin)} patients above its minimum. Which of its lists could shrink, "
        "and would the group still hold?"
        for one in thin
    ]


def _across(groups: Sequence[LocalGroup], locality: str) -> list[str]:
    mixed = sorted((one for one in groups if one.others), key=lambda one: (-len(one.others), one.called))
    return [
        f"In {one.called} {listed([member.name for member in one.ours[:3]])} would work with "
        f"{plural(len(one.others), 'practice')} from outside {locality}. Are there ties already: shared staff, "
        "patients, buses, schools?"
        for one in mixed
    ]


def _hub(groups: Sequence[LocalGroup]) -> list[str]:
    return [
        f"The hub of {one.called} would be {one.group.hub}. Is there room and parking, do buses stop there, and is "
        "another site better known?"
        for one in groups
    ]


def _members(one: LocalGroup) -> str:
    names = [member.name for member in one.group.members]
    return listed(names) if len(names) <= 4 else f"{', '.join(names[:3])} and {len(names) - 3} more"
