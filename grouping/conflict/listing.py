"""Which groups to look at when rules conflict: as many rules set aside as the list can bear."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from grouping.candidates import Candidates, count_sets, list_candidates
from grouping.conflict.rules import MAXIMUMS, RuleInForce, any_site, loosened
from grouping.conflict.sets import Universe, measured, sets_as_list
from grouping.problem import Decided, GroupingProblem

MOST_SETS = 1_600_000
"""Groups looked at altogether when rules conflict."""

LEVELS = (0.0, 3.0, 2.0, 1.5, 1.25, 1.1)
"""How far a limit is stretched when setting it aside altogether (0) gives too many groups."""

WIDENING = (MAXIMUMS, ("access.max_minutes_between_members",), ("contiguity.rule",))
"""Rules without which a list of groups can grow beyond any memory; maximums are stretched together."""


def universe_of(problem: GroupingProblem, rules: Sequence[RuleInForce], *, at_most: int = MOST_SETS) -> Universe:
    """List the groups worth looking at when rules are set aside, as many as `at_most` allows.

    If all groups that obey no rule at all can be listed, these. Else those that obey the widening rules (the maximum,
    the minutes between members, the borders), and those that break one or two of them, as far as there is room; what
    was not looked at is told in `remarks`.

    Raises
    ------
    InputProblems
        Even the groups that obey the widening rules are too many.
    """
    free = problem
    for rule in rules:
        if not any(rule.key in keys for keys in WIDENING):
            free = loosened(free, rule)
    free = replace(free, hub_allowed=any_site(problem, rules), decided=Decided())
    widening = [tuple(rule for rule in rules if rule.key in keys) for keys in WIDENING]
    frames, remarks = _frames(free, [one for one in widening if one], at_most)
    listed = [list_candidates(frame) for frame in frames]
    listed.append(sets_as_list(problem, [lock.members for rule in rules for lock in rule.decided.locked]))
    return measured(problem, tuple(rules), _first_of_equals(_joined(listed)), remarks)


def _frames(
    free: GroupingProblem, widening: Sequence[tuple[RuleInForce, ...]], at_most: int
) -> tuple[list[GroupingProblem], tuple[str, ...]]:
    """Problems whose groups are to be listed, and what is in none of them."""
    whole = free
    for rule in itertools.chain.from_iterable(widening):
        whole = loosened(whole, rule)
    if count_sets(whole, at_most) <= at_most:
        return [whole], ()
    frames, remarks = [free], []
    base = count_sets(free, at_most)
    left = at_most - base
    for place, together in enumerate(widening):
        room = max(left, 0) // (len(widening) - place)
        for frame, remark in _stretches(free, together):
            more = count_sets(frame, room + base) - base
            if more <= room:
                frames.append(frame)
                left -= more
                remarks += [remark] if remark else []
                break
        else:
            remarks.append(_BEYOND[together[0].key])
    if len(frames) > 2:
        remarks.append("groups that go beyond two of these at once: maximum, minutes between members, borders")
    return frames, tuple(remarks)


_BEYOND = {
    "size.hard_maximum": "groups above their maximum",
    "access.max_minutes_between_members": "groups with members further apart than allowed",
    "contiguity.rule": "groups that do not hang together",
}


def _stretches(free: GroupingProblem, together: tuple[RuleInForce, ...]) -> Iterator[tuple[GroupingProblem, str]]:
    """The problem with widening rules set aside, or stretched less and less; and what that leaves out."""
    first = together[0]
    if first.key == "contiguity.rule":
        yield loosened(free, first), ""
        step = free.adjacency.astype(np.int64)
        wider = free.adjacency | (step @ step > 0)
        np.fill_diagonal(wider, False)
        for limit in (np.inf, 30.0, 20.0, 15.0, 10.0):
            near = free.adjacency | (wider & (free.between_practices <= limit))
            within = "" if limit == np.inf else f" and the drive over it is at most {limit:g} minutes"
            yield replace(free, adjacency=near), f"groups with a gap, unless it is one practice wide{within}"
        return
    for level in LEVELS:
        frame = free
        for rule in together:
            frame = loosened(frame, rule, rule.value * level if level else None)
        to = first.value * level
        what = "patients" if first.key in MAXIMUMS else "minutes between two members"
        yield frame, f"groups of more than {to:,.0f} {what}" if level else ""


def _joined(lists: Sequence[Candidates]) -> Candidates:
    """Several lists, one after the other."""
    first = lists[0]
    ends = np.cumsum([0, *(len(one.members) for one in lists)])
    starts = [one.starts[:-1] + end for one, end in zip(lists, ends, strict=False)]
    arrays = {
        name: np.concatenate([getattr(one, name) for one in lists])
        for name in ("members", "list_size", "rural", "shortfall", "hub", "cost", "locked", "granted")
    }
    return replace(first, starts=np.concatenate([*starts, ends[-1:]]).astype(np.int64), set_of=None, **arrays)


def _first_of_equals(listed: Candidates) -> Candidates:
    """Each set of practices once: sets are told apart by two sums of random numbers of their members."""
    drawn = np.random.default_rng(20_17).integers(0, 1 << 62, (int(listed.members.max(initial=0)) + 1, 2))
    owner = np.repeat(np.arange(len(listed)), np.diff(listed.starts))
    marks = np.zeros((len(listed), 2), np.int64)
    for column in range(2):
        np.add.at(marks[:, column], owner, drawn[listed.members, column])
    order = np.lexsort((np.arange(len(listed)), marks[:, 1], marks[:, 0]))
    again = np.zeros(len(listed), bool)
    again[order[1:]] = (marks[order[1:]] == marks[order[:-1]]).all(axis=1)
    return listed.keep(~again)
