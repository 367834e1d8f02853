"""When rules leave no plan: a smallest set of them that conflict, whom it concerns, and what would restore a plan.

`explain_conflict` finds (1) a smallest set of rules that no plan obeys at once, (2) a smallest set of practices that
cannot all be given a group under the rules, and (3) for each rule of the first the least change that, made alone,
leaves a plan, with the best plan there would then be. `why_not` says what stands against one group somebody asks for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import Any

import pandas as pd

from geodata.errors import Finding, InputProblems
from grouping.conflict_changes import SHOWN_GROUPS, Change, Relaxation, number_of
from grouping.conflict_listing import universe_of
from grouping.conflict_plans import NotPlaced, Plans
from grouping.conflict_rules import MINIMUMS, DecisionInForce, RuleInForce, rules_in_force
from grouping.conflict_search import OutOfTime, Smallest, smallest_conflict
from grouping.conflict_sets import Universe, measured, sets_as_list
from grouping.conflict_words import Names, concerned_groups, rule_sentence
from grouping.decisions import Part
from grouping.partition.clock import Clock
from grouping.problem import GroupingProblem

SECONDS = 60.0
"""Time an explanation may take unless another is given."""

FOR_PRACTICES, FOR_RULES = 0.2, 0.5
"""Shares of the time left that the search for a smallest set of practices, then of rules, may take."""


@dataclass(frozen=True)
class ConflictRule:
    """One rule of a conflict: its name in the rule set, its value (None for yes or no), and what it says."""

    rule: str
    value: float | None
    sentence: str


@dataclass(frozen=True)
class Conflict:
    """Why there is no plan.

    Parameters
    ----------
    rules
        Rules that cannot hold together.
    smallest, irreducible
        Whether it is proven that no smaller set of rules conflicts; whether at least each of them is needed.
    practices
        Codes of practices that cannot all be given a group under all rules of the case.
    practices_smallest
        Whether it is proven that any smaller number of practices can.
    relaxations
        For each of the rules, the least change that restores a plan.
    not_looked_at
        Groups outside the proof, in words; empty where every group was looked at.
    text
        All of this for a planner, line by line.
    """

    rules: tuple[ConflictRule, ...]
    smallest: bool
    irreducible: bool
    practices: tuple[str, ...]
    practices_smallest: bool
    relaxations: tuple[Relaxation, ...]
    not_looked_at: tuple[str, ...]
    text: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)


@dataclass(frozen=True)
class Breach:
    """A rule that a group breaks, with its figures in words."""

    rule: str
    sentence: str


def in_force(parts: Sequence[Part]) -> list[DecisionInForce]:
    """Written decisions as `explain_conflict` takes them."""
    return [
        DecisionInForce(
            part.position.number, part.decision.kind, part.decided, part.decision.reason.strip(), part.not_hub
        )
        for part in parts
    ]


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
    try:
        universe = universe_of(problem, rules)
        plans = Plans(universe, clock)
        if plans.plan(plans.everything) is not None:
            return None
    except (OutOfTime, InputProblems):
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
    told = tuple(
        ConflictRule(rules[n].key, number_of(rules[n], rules[n].value), rule_sentence(rules[n], words))
        for n in found.members
    )
    codes = tuple(problem.practice_codes[p] for p in practices.members)
    conflict = Conflict(
        told, found.proven, found.irreducible, codes, practices.proven, tuple(relaxations), universe.remarks, ()
    )
    return replace(conflict, text=tuple(_text(conflict, words)))


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


def why_not(
    problem: GroupingProblem,
    practices: Sequence[str],
    *,
    sites: pd.DataFrame | None = None,
    names: Mapping[str, str] | None = None,
    decisions: Sequence[DecisionInForce] | None = None,
) -> tuple[Breach, ...]:
    """Which rules a group of just these practices would break, with figures; none if it is allowed.

    Parameters
    ----------
    practices
        Codes of practices of the problem.
    problem, sites, names, decisions
        As for `explain_conflict`. That a group is below its minimum is told also where exceptions are allowed.
    """
    members = tuple(sorted({problem.practice_codes.index(code) for code in practices}))
    rules = _with_minimums(problem, rules_in_force(problem, sites, decisions))
    universe = measured(problem, rules, sets_as_list(problem, [members]))
    words = Names(problem, names or {})
    locking = [number for number, one in universe.locked_as.items() if bool(one[0])]
    if locking:
        return ()
    numbers = [n for n in range(len(rules)) if _breaks(universe, n)]
    lines = [Breach(rules[n].key, concerned_groups(universe, n, words)[0]) for n in numbers]
    hubs = frozenset(n for n, rule in enumerate(rules) if rule.about_hubs)
    if not numbers and not universe.allowed(hubs)[0][0]:
        lines.append(Breach("hub", "No site of these practices can be the hub under the rules about hubs together."))
    return tuple(lines)


def why_lines(
    problem: GroupingProblem, practices: Sequence[str], breaches: Sequence[Breach], names: Mapping[str, str]
) -> list[str]:
    """What `why_not` found, for a planner, line by line."""
    words = Names(problem, names)
    index = {code: p for p, code in enumerate(problem.practice_codes)}
    who = words.listed(sorted(index[code] for code in set(practices)))
    if not breaches:
        return [f"No rule stands against {who} as a group by itself; other groups fit the whole plan better."]
    lines = [f"{who} as a group:", *(f"  - {one.sentence}" for one in breaches)]
    if all("minimum" in one.rule for one in breaches) and problem.rules.exceptions.limit != 0:
        lines.append("Exceptions are allowed, so it could stand as one; plans with less shortfall come before it.")
    return lines


def idle_grants(
    problem: GroupingProblem, parts: Sequence[Part], sites: pd.DataFrame | None = None
) -> tuple[Finding, ...]:
    """Granted exceptions that can never be used because the group breaks another rule, or that nobody needs.

    Parameters
    ----------
    problem
        The problem made with these decisions.
    parts
        The decisions one by one.
    sites
        As for `explain_conflict`.
    """
    findings = []
    without = replace(problem, decided=replace(problem.decided, granted=()))
    for part in parts:
        for members, _ in part.decided.granted:
            codes = [problem.practice_codes[p] for p in members]
            cell = {"row": part.position.row, "column": "practices", "value": ", ".join(codes)}
            start, file = f"decision {part.position.number}: ", part.position.file
            breaches = why_not(without, codes, sites=sites, decisions=in_force(parts))
            for one in breaches:
                if "minimum" not in one.rule:
                    message = f"{start}the exception granted here can never be used. {one.sentence}"
                    fix = 'Change that rule, or write kind = "group" to let the group stand whatever it breaks.'
                    findings.append(Finding("error", file, message, fix, code="decision", **cell))
            if not breaches:
                size = int(problem.list_size[list(members)].sum())
                message = f"{start}with {size:,} patients this group needs no exception."
                findings.append(
                    Finding("warning", file, message, "Take the decision out.", code="idle-decision", **cell)
                )
    return tuple(findings)


def _with_minimums(problem: GroupingProblem, rules: tuple[RuleInForce, ...]) -> tuple[RuleInForce, ...]:
    """The rules with the minimums, which count for nothing while any number of exceptions is allowed."""
    if any(rule.key in MINIMUMS for rule in rules):
        return rules
    forbidden = problem.rules.exceptions.model_copy(update={"policy": "forbidden"})
    strict = replace(problem, rules=problem.rules.model_copy(update={"exceptions": forbidden}))
    return tuple(rule for rule in rules_in_force(strict) if rule.key in MINIMUMS) + rules


def _breaks(universe: Universe, number: int) -> bool:
    """Whether the only group of a universe breaks a rule by itself."""
    rule = universe.rules[number]
    if rule.key in MINIMUMS:
        return bool(universe.below(number)[0])
    if rule.about_hubs:
        return not universe.allowed(frozenset({number}))[0][0]
    if rule.key == "contiguity.max_minutes_over_border" and not universe.facts["hangs_together"][0]:
        return False
    if rule.key == "decision" and rule.decided.never_exception:
        minimums = [n for n, one in enumerate(universe.rules) if one.key in MINIMUMS]
        held = universe.holding(rule.decided.never_exception)[0] > 0
        return bool(held and any(universe.below(n)[0] for n in minimums))
    return bool(universe.broken(number)[0])


# --------------------------------------------------------------------------------------------------------------- text


def _text(conflict: Conflict, words: Names) -> Iterator[str]:
    count = len(conflict.rules)
    among = " (among the groups looked at, see the last line)" if conflict.not_looked_at else ""
    if count == 1:
        yield f"This rule alone leaves no plan{among}:"
    elif conflict.smallest:
        yield f"These {count} rules cannot hold together, and no smaller set of rules conflicts{among}:"
    elif conflict.irreducible:
        yield f"These {count} rules cannot hold together; without any one of them the others can:"
    else:
        yield f"These {count} rules cannot hold together (time ran out before a smaller set could be ruled out):"
    yield from (f"  {n}. {rule.sentence}" for n, rule in enumerate(conflict.rules, start=1))
    yield from _practices_text(conflict, words)
    able = [one for one in conflict.relaxations if one.restores]
    if able:
        yield (
            "A plan there is again with this change:"
            if len(able) == 1
            else ("Any one of these changes by itself leaves a plan again:")
        )
        for letter, one in zip("abcdefghijklmnopqrstuvwxyz", able, strict=False):
            yield f"  {letter}) {one.sentence}{'' if one.exact else ' A smaller change may do: time ran out.'}"
            yield from (f"     {line}" for line in _plan_text(one))
    else:
        yield "No change of a single one of these rules leaves a plan: two or more have to be changed."
    for one in conflict.relaxations:
        if not one.restores:
            yield f"  -  {one.sentence}"
    if conflict.not_looked_at:
        yield "Not looked at, because there are too many: " + "; ".join(conflict.not_looked_at) + "."


def _further(rule: str, more: int) -> str:
    if rule == "exceptions":
        return f"{more} more {'group stays' if more == 1 else 'groups stay'} below the minimum."
    needs = "group needs" if more == 1 else "groups need"
    return f"{more} more {needs} the changed rule too: it holds for all groups, not only for these."


def _practices_text(conflict: Conflict, words: Names) -> Iterator[str]:
    codes = conflict.practices
    if not codes:
        return
    who = words.practices(codes)
    if len(codes) == 1:
        yield f"It shows at one practice, for which the rules allow no group at all: {who}."
    elif conflict.practices_smallest:
        both = "both" if len(codes) == 2 else "all"
        yield f"It shows at these {len(codes)} practices, which cannot {both} be given a group: {who}."
        yield "  Any smaller number of practices could be given groups, if the others were left out."
    else:
        verb = "stays" if len(codes) == 1 else "stay"
        yield f"In the closest plan found, {verb} without a group: {who}."


def _plan_text(one: Relaxation) -> Iterator[str]:
    if one.plan is None:
        yield "What the best plan would then be was not settled."
    else:
        plan = one.plan
        below = (
            "none below its minimum"
            if not plan.exceptions
            else (
                f"{plan.exceptions} below {'its minimum' if plan.exceptions == 1 else 'their minimums'}"
                f" by {plan.shortfall:,} patients"
            )
        )
        best = "The best plan then has" if plan.proven else "The best plan found in time then has"
        yield f"{best} {plan.groups} groups, {below}, and a score of {plan.score:.2f} minutes per patient."
        yield from plan.concerned[:SHOWN_GROUPS]
        if len(plan.concerned) > SHOWN_GROUPS:
            yield _further(one.rule, len(plan.concerned) - SHOWN_GROUPS)
    if one.setting:
        yield "In case.toml: " + ", ".join(one.setting)
    for codes in one.plan.grants if one.plan else ():
        practices = ", ".join(f'"{code}"' for code in codes)
        yield f'Or for this group alone: [[rules.decisions]], kind = "grant-exception", practices = [{practices}],'
        yield '  reason = "..."'
