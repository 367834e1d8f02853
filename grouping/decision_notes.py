"""What was decided about a group, with the reason, in the words its readers see."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from grouping.plain_words import listed
from grouping.plan import Group
from grouping.problem import GroupingProblem
from grouping.rules import Decision


def decision_notes(index: NDArray[np.int64], group: Group, row: object, problem: GroupingProblem) -> list[str]:
    """One note for each decision that concerns a group.

    Parameters
    ----------
    index
        Positions of the group's practices, int64.
    group, row
        The group, and its row of the group table (`list_size`, `minimum`).
    problem
        The problem, with what is decided and the decisions of its rule set.
    """
    members = tuple(sorted(int(p) for p in index))
    notes = [_granted(row, reason) for granted, reason in problem.decided.granted if tuple(sorted(granted)) == members]
    for lock in problem.decided.locked:
        if tuple(sorted(lock.members)) == members:
            notes.append(_with_reason("Locked: these practices form a group by decision", lock.reason))
    codes = {problem.practice_codes[p] for p in members}
    sites = {code for code, owner in zip(problem.site_codes, problem.site_owner, strict=True) if int(owner) in members}
    for decision in problem.rules.decisions:
        notes += [_with_reason(what, decision.reason) for what in _others(decision, codes, sites, group)]
    return list(dict.fromkeys(notes))


def _granted(row: object, reason: str) -> str:
    size, least = int(row.list_size), int(row.minimum)
    if size >= least:
        return _with_reason("An exception was granted to this group, but it reaches its minimum without it", reason)
    what = f"Granted exception: {size:,} patients, {least - size:,} below the minimum of {least:,}"
    return _with_reason(what, reason)


def _others(decision: Decision, codes: set[str], sites: set[str], group: Group) -> Iterator[str]:
    """What the other kinds of decision say about a group."""
    named = {code.strip().upper() for code in decision.practices}
    site = decision.site.strip().upper()
    if decision.kind == "together" and named <= codes:
        yield f"Kept together by decision: {listed(sorted(named))}"
    elif decision.kind == "apart" and len(named & codes) == 1:  # more of them: a breach, told as such
        yield f"By decision {listed(sorted(named & codes))} shares no group with {listed(sorted(named - codes))}"
    elif decision.kind == "no-exception" and named & codes:
        yield f"By decision {listed(sorted(named & codes))} may be in no group below its minimum"
    elif decision.kind == "hub" and site == group.hub_site_code:
        yield f"Hub by decision: {site}"
    elif decision.kind == "not-hub" and site in sites:
        yield f"By decision {site} is not the hub"


def _with_reason(what: str, reason: str) -> str:
    reason = reason.strip()
    return f"{what}. Reason: {reason}{'' if reason.endswith(('.', '!', '?')) else '.'}" if reason else f"{what}."
