"""Which counts of people by group must be hidden on a public page, over all options together.

The rules are those of `grouping.impact.disclosure`, for one column of a table of groups:

1. a count of 1 to 7 people is hidden, and one where 1 to 7 people of the group are left over;
2. what is hidden under one option is hidden under every other where a group differs by fewer than 8 of these people;
3. of two groups that differ by the practices of a small one, of whatever option, the larger is hidden;
4. no option has a single hidden count: the groups of an option add up to a figure that is printed elsewhere.

All other counts are rounded to the nearest 5, so that what two overlapping groups tell by subtraction is known no
better than rounding lets it be.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from grouping.impact.disclosure.counts import SMALL, SOMEBODY, as_count, is_small

Members = Sequence[NDArray[np.int64]]
"""Positions of the practices of each group of an option."""


def printed_counts(
    people: NDArray[np.float64], patients: NDArray[np.float64], options: Sequence[Members]
) -> list[list[object]]:
    """Counts by group as they are printed: whole numbers, `*` for what is hidden, None for what is not known.

    Parameters
    ----------
    people
        People of the population in each practice, shape (P,); NaN where it is not known.
    patients
        All registered patients of each practice, shape (P,).
    options
        The groups of each option; all options whose tables are published.
    """
    counts = [np.array([people[group].sum() for group in groups], dtype=float) for groups in options]
    hidden = hidden_counts(people, patients, options)
    return [
        [as_count(float(value), bool(star)) for value, star in zip(of, stars, strict=True)]
        for of, stars in zip(counts, hidden, strict=True)
    ]


def hidden_counts(
    people: NDArray[np.float64], patients: NDArray[np.float64], options: Sequence[Members]
) -> list[NDArray[np.bool_]]:
    """Which counts are hidden, one array an option; the parameters are those of `printed_counts`."""
    counts = [np.array([people[group].sum() for group in groups], dtype=float) for groups in options]
    rests = [np.array([(patients - people)[group].sum() for group in groups], dtype=float) for groups in options]
    hidden = [is_small(count) | is_small(rest) for count, rest in zip(counts, rests, strict=True)]
    small = [flags.copy() for flags in hidden]
    before = -1
    while before != (now := sum(int(stars.sum()) for stars in hidden)):
        before = now
        for count, stars in zip(counts, hidden, strict=True):
            _hide_a_second(count, stars)
        _hide_alike(people, options, hidden)
        _hide_differences(len(people), options, hidden, small)
    return hidden


def _hide_a_second(counts: NDArray[np.float64], hidden: NDArray[np.bool_]) -> None:
    """Where one count of an option is hidden, hide the smallest other that has anybody."""
    if hidden.sum() != 1:
        return
    others = np.where(~hidden & (counts >= SOMEBODY), counts, np.inf)
    if np.isfinite(others).any():
        hidden[int(np.argmin(others))] = True


def _hide_alike(people: NDArray[np.float64], options: Sequence[Members], hidden: list[NDArray[np.bool_]]) -> None:
    """Hide the counts of groups that hold the people of a hidden one, with fewer than 8 people more or less."""
    inside = [_memberships(groups, len(people)) for groups in options]
    each = np.nan_to_num(people)
    stars = [own[flags] for own, flags in zip(inside, hidden, strict=True)]
    taken = np.concatenate(stars) if stars else np.zeros((0, len(people)), dtype=bool)
    if not len(taken):
        return
    for own, flags in zip(inside, hidden, strict=True):
        for k, group in enumerate(own):
            shared, apart = (taken & group) @ each, (taken ^ group) @ each
            flags[k] |= bool(((shared >= SOMEBODY) & (apart < SMALL)).any())


def _hide_differences(
    practices: int, options: Sequence[Members], hidden: list[NDArray[np.bool_]], small: Sequence[NDArray[np.bool_]]
) -> None:
    """Hide the larger of two printed groups that differ by exactly the practices of a small one."""
    inside = [_memberships(groups, practices) for groups in options]
    few = [row for own, flags in zip(inside, small, strict=True) for row in own[flags]]
    printed = {row.tobytes() for own, flags in zip(inside, hidden, strict=True) for row in own[~flags]}
    for own, flags in zip(inside, hidden, strict=True):
        for at, group in enumerate(own):
            flags[at] |= any((group[one]).all() and (group & ~one).tobytes() in printed for one in few)


def _memberships(groups: Members, practices: int) -> NDArray[np.bool_]:
    """Whether each practice is in each group, shape (G, P)."""
    inside = np.zeros((len(groups), practices), dtype=bool)
    for row, group in zip(inside, groups, strict=True):
        row[group] = True
    return inside
