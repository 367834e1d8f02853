"""A smallest set of rules that conflict, a smallest set of practices it shows at, and the least changes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace

import pandas as pd

from geodata.errors import InputProblems
from grouping.conflict.changes import Change, Relaxation, number_of
from grouping.conflict.listing import universe_of
from grouping.conflict.plans import NotPlaced, Plans
from grouping.conflict.rules import DecisionInForce, RuleInForce, rules_in_force
from grouping.conflict.search import OutOfTime, Smallest, smallest_conflict
from grouping.conflict.told import Conflict, ConflictRule, conflict_lines
from grouping.conflict.words import Names, rule_sentence
from grouping.partition.clock import Clock
from grouping.problem import GroupingProblem

SECONDS = 60.0
"""Time an explanation may take unless another is given."""

FOR_PRACTICES, FOR_RULES = 0.2, 0.5
"""Shares of the time left that the search for a smallest set of practices, then of rules, may take."""


def explain_conflict(
    problem: GroupingProblem,
    *,
    sites: pd.DataFrame | None = None,
    names: Mapping[str, str] | None = None,
    decisions: Sequence[DecisionInForce] | None = None,
    seconds: float | None = SECONDS,
    progress: Callable[[str, str], None] | None = None,
) -> Conflict | None:
    """Explain why no plan obeys the rules of a problem.

    Parameters
    ----------
    problem
        A problem without a plan.
    sites
        Table of sites, indexed by code, in the order of the problem; without it all rules about which site may be a
        hub count as one.
    names
        Names of practices and sites by code, for the text.
    decisions
        The decisions one by one; without them as the problem holds them.
    seconds
        Time for all of it; None for as long as it takes. What was not settled in time is said so.
    progress
        Told of each stage.

    Returns
    -------
    The explanation; None if there is a plan after all, or nothing could be settled in time.
    """
    say = progress or (lambda stage, detail: None)
    words = Names(problem, names or {})
    rules = rules_in_force(problem, sites, decisions)
    say("Explaining", f"which of {len(rules)} rules conflict")
    clock = Clock(seconds)
    plans = _without_plan(problem, rules, clock)
    if plans is None:
        return None
    say("Explaining", "which practices cannot all be given a group")
    plans.clock = Clock(_share(clock, FOR_PRACTICES))
    practices = _practices(plans)
    say("Explaining", f"which of {len(rules)} rules conflict")
    plans.clock = Clock(_share(clock, FOR_RULES))
    found = smallest_conflict(range(len(rules)), plans.fulfilled, _single(plans))
    plans.clock = clock
    relaxations = []
    for number in found.members:
        say("Explaining", f"the least change of {rules[number].key}")
        relaxations.append(Change(plans, number, words, sites, clock).least())
    return _told(plans, found, practices, tuple(relaxations), words)


def _without_plan(problem: GroupingProblem, rules: tuple[RuleInForce, ...], clock: Clock) -> Plans | None:
    """What answers which rules leave a plan; None if all together do, or that could not be settled in time."""
    try:
        plans = Plans(universe_of(problem, rules), clock)
        return plans if plans.plan(plans.everything) is None else None
    except (OutOfTime, InputProblems):
        return None


def _told(
    plans: Plans, found: Smallest, practices: Smallest, relaxations: tuple[Relaxation, ...], words: Names
) -> Conflict:
    """The explanation with its text."""
    rules, codes = plans.universe.rules, plans.universe.problem.practice_codes
    conflict = Conflict(
        tuple(
            ConflictRule(rules[n].key, number_of(rules[n], rules[n].value), rule_sentence(rules[n], words))
            for n in found.members
        ),
        smallest=found.proven,
        irreducible=found.irreducible,
        practices=tuple(codes[p] for p in practices.members),
        practices_smallest=practices.proven,
        relaxations=relaxations,
        not_looked_at=plans.universe.remarks,
        text=(),
    )
    return replace(conflict, text=tuple(conflict_lines(conflict, words)))


def _share(clock: Clock, share: float) -> float | None:
    left = clock.limit()
    return None if left is None else left * share


def _practices(plans: Plans) -> Smallest:
    """A smallest set of practices that cannot all be given a group, else those left out of the closest plan."""
    count = len(plans.universe.problem.practice_codes)

    def placed(wanted: frozenset[int]) -> frozenset[int] | None:
        try:
            return plans.placed(wanted, plans.everything)
        except NotPlaced:
            return None

    left_out: frozenset[int] = frozenset()
    with suppress(OutOfTime):
        left_out = plans.closest()
    found = smallest_conflict(range(count), placed, [left_out])
    if found.proven or found.irreducible:
        plans.stuck.append(frozenset(found.members))
        return found
    return Smallest(tuple(sorted(left_out)), irreducible=False, proven=False)


def _single(plans: Plans) -> Iterator[frozenset[int]]:
    """The rules without any one of which there is a plan, as far as time allows."""
    for number in sorted(plans.everything):
        with suppress(OutOfTime):
            if plans.plan(plans.everything - {number}) is not None:
                yield frozenset({number})
