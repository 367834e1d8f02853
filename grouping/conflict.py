"""When rules leave no plan: a smallest set of them that conflict, whom it concerns, and what would restore a plan.

`explain_conflict` finds (1) a smallest set of rules that no plan obeys at once, (2) a smallest set of practices that
cannot all be given a group under the rules, and (3) for each rule of the first the least change that, made alone,
leaves a plan, with the best plan there would then be. `why_not` says what stands against one group somebody asks for.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from geodata.errors import Finding, InputProblems, NoPlan
from grouping.conflict_plans import COUNTED, FEWER, NUMERIC, NotPlaced, Plans
from grouping.conflict_search import OutOfTime, Smallest, smallest_conflict
from grouping.conflict_sets import (
    MAXIMUMS,
    MINIMUMS,
    DecisionInForce,
    RuleInForce,
    Universe,
    loosened,
    measured,
    rules_in_force,
    sets_as_list,
    universe_of,
)
from grouping.conflict_words import Names, change_sentence, concerned_groups, groups_named, rule_sentence, setting_lines
from grouping.criteria import PENCE
from grouping.decisions import Part
from grouping.optimise import Solution, solve_partition
from grouping.partition.clock import Clock
from grouping.problem import GroupingProblem

SECONDS = 60.0
"""Time an explanation may take unless another is given."""

FOR_PRACTICES, FOR_RULES = 0.25, 0.5
"""Shares of the time left that the search for a smallest set of practices, then of rules, may take."""

SHOWN_GROUPS = 3
"""Groups named for each change."""

STEPS_DOWN = 3
"""Steps to the next smaller change before the rest is halved."""

ROW_OF = {
    "exceptions": "exceptions_at_most",
    "locality.most_crossing": "most_crossing",
    "groups.fewest": "fewest_groups",
    "groups.most": "most_groups",
    "hub.budget": "hub_budget",
}


@dataclass(frozen=True)
class ConflictRule:
    """One rule of a conflict: its name in the rule set, its value (None for yes or no), and what it says."""

    rule: str
    value: float | None
    sentence: str


@dataclass(frozen=True)
class PlanSummary:
    """The best plan under a changed rule: its figures, and the groups that need the change, the worst first, in words.

    `grants` holds the codes of its exceptions, where these are what was changed.
    """

    groups: int
    shortfall: int
    exceptions: int
    score: float
    proven: bool
    concerned: tuple[str, ...]
    grants: tuple[tuple[str, ...], ...] = ()


@dataclass(frozen=True)
class Relaxation:
    """The least change of one rule that by itself leaves a plan.

    Parameters
    ----------
    rule
        Name of the rule.
    before, after
        Its value now, and the one that leaves a plan; None where it is only kept or dropped.
    restores
        Whether there is such a change; None if that could not be settled.
    exact
        Whether any smaller change is proven to leave no plan.
    sentence
        The change in words.
    setting
        What to write in `case.toml`, line by line.
    plan
        The best plan there would then be; None without one.
    """

    rule: str
    before: float | None
    after: float | None
    restores: bool | None
    exact: bool
    sentence: str
    setting: tuple[str, ...] = ()
    plan: PlanSummary | None = None


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
        relaxations.append(_Change(plans, number, words, sites, clock).least())
    told = tuple(
        ConflictRule(rules[n].key, _number(rules[n], rules[n].value), rule_sentence(rules[n], words))
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

    found = smallest_conflict(range(count), placed, [plans.left_out])
    if found.proven or found.irreducible:
        plans.stuck.append(frozenset(found.members))
        return found
    return Smallest(tuple(sorted(plans.left_out)), irreducible=False, proven=False)


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


why_not_alone = why_not


def idle_grants(problem: GroupingProblem, parts: Sequence[Part]) -> tuple[Finding, ...]:
    """Granted exceptions that can never be used because the group breaks another rule, or that nobody needs.

    Parameters
    ----------
    problem
        The problem made with these decisions.
    parts
        The decisions one by one.
    """
    findings = []
    without = replace(problem, decided=replace(problem.decided, granted=()))
    for part in parts:
        for members, _ in part.decided.granted:
            codes = [problem.practice_codes[p] for p in members]
            cell = {"row": part.position.row, "column": "practices", "value": ", ".join(codes)}
            start, file = f"decision {part.position.number}: ", part.position.file
            breaches = why_not(without, codes)
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
        minimums = frozenset(n for n, one in enumerate(universe.rules) if one.key in MINIMUMS)
        return not universe.allowed(minimums | {number})[0][0]
    return bool(universe.broken(number)[0])


# ------------------------------------------------------------------------------------------------------ least changes


@dataclass
class _Change:
    """Looks for the least change of one rule that leaves a plan, all other rules of the case kept."""

    plans: Plans
    number: int
    words: Names
    sites: pd.DataFrame | None
    clock: Clock

    @property
    def rule(self) -> RuleInForce:
        return self.plans.universe.rules[self.number]

    def least(self) -> Relaxation:
        try:
            if self.rule.key in NUMERIC:
                return self._numeric()
            return self._dropped()
        except OutOfTime:
            return self._told(None, restores=None, exact=False)

    def _dropped(self) -> Relaxation:
        plans = self.plans
        if plans.plan(plans.everything - {self.number}) is None:
            return self._told(None, restores=False, exact=True)
        for words, sites in _site_choices(self.rule, plans.universe.problem, self.sites):
            other = replace(self.rule, sites=sites)
            rules = tuple(other if n == self.number else one for n, one in enumerate(plans.universe.rules))
            changed = Plans(replace(plans.universe, rules=rules, known_hubs={}), self.clock)
            if changed.plan(plans.everything) is not None:
                problem = replace(
                    plans.universe.problem, hub_allowed=self._hubs_with(np.array(sites), np.array(self.rule.sites))
                )
                return self._told(None, restores=True, exact=True, problem=problem, words=words)
        return self._told(None, restores=True, exact=True, problem=loosened(plans.universe.problem, self.rule))

    def _hubs_with(self, after: np.ndarray, before: np.ndarray) -> np.ndarray:
        """Sites that may be a hub when this rule allows more of them and all others stay."""
        allowed = self.plans.universe.facts_of_sites()
        for number, rule in enumerate(self.plans.universe.rules):
            if number != self.number and rule.sites is not None:
                allowed &= np.array(rule.sites)
            if rule.not_hub >= 0:
                allowed[rule.not_hub] = False
        return allowed & (after | before)

    def _numeric(self) -> Relaxation:
        """Go down from a plan to the next smaller change, until none leaves a plan."""
        plans, everything = self.plans, self.plans.everything
        plan = plans.plan(everything - {self.number})
        if plan is None:
            return self._told(None, restores=False, exact=True)
        best, exact, steps, low = self._used(plan), False, 0, 0
        values = self._values(best)  # by their size as a change; those before `low` leave no plan
        try:
            while (high := bisect_left(values, self._change(best))) > low:
                at = high - 1 if steps < STEPS_DOWN else (low + high) // 2
                plan = plans.plan(everything, {self.number: self._value(values[at])})
                steps += 1
                if plan is None:
                    low = at + 1
                else:
                    best = self._used(plan)
            exact = True
        except OutOfTime:
            pass
        after = _rounded(self.rule, best)
        problem = loosened(plans.universe.problem, self.rule, after)
        return self._told(after, restores=True, exact=exact, problem=problem)

    def _change(self, value: float) -> float:
        """A value as the size of a change: the smaller, the less it relaxes the rule."""
        if self.rule.key == "hub.budget":
            return round(value * PENCE)
        return -value if self.rule.key in FEWER else value

    def _value(self, change: float) -> float:
        if self.rule.key == "hub.budget":
            return change / PENCE
        return -change if self.rule.key in FEWER else change

    def _used(self, plan: np.ndarray) -> float:
        """The value of the rule that a plan needs."""
        universe = self.plans.universe
        if self.rule.key in COUNTED:
            return self._counted(universe.take(plan))
        values = self.plans.needs(self.number)[plan]
        governed = np.isfinite(values)
        if self.rule.key in {*MINIMUMS, *MAXIMUMS}:
            governed = universe.governed(self.number)[plan]
        if self.rule.key in MINIMUMS:
            governed &= ~universe.facts["granted"][plan]
        if self.rule.key in MAXIMUMS:
            governed &= universe.facts["count"][plan] > 1
        if self.rule.key == "size.fewest_practices":
            governed &= ~universe.facts["oversize"][plan]
        for numbers in universe.locked_as.values():
            governed &= ~numbers[plan] | (self.rule.key in MINIMUMS)
        held = np.append(values[governed], self.rule.value)
        return float(held.min() if self.rule.key in FEWER else held.max())

    def _counted(self, few: Universe) -> float:
        _, rows = few.allowed(self.plans.everything, {self.number: _far(self.rule)})
        row = next(row for row in rows if row.name == ROW_OF[self.rule.key])
        total = abs(int(row.coefficient.sum()))
        return total / PENCE if self.rule.key == "hub.budget" else float(total)

    def _values(self, best: float) -> Sequence[float]:
        """Changes of the rule that could do, the smallest first, up to the one that does."""
        rule, universe = self.rule, self.plans.universe
        if rule.key in COUNTED:
            return range(int(self._change(rule.value)) + 1, int(self._change(best)) + 1)
        ok, _ = universe.allowed(self.plans.everything - {self.number})
        values = self.plans.needs(self.number)[ok]
        changes = np.unique(-values if rule.key in FEWER else values).astype(float)
        return changes[(changes > self._change(rule.value)) & (changes <= self._change(best))].tolist()

    def _told(
        self,
        after: float | None,
        *,
        restores: bool | None,
        exact: bool,
        problem: GroupingProblem | None = None,
        words: str = "",
    ) -> Relaxation:
        before = _number(self.rule, self.rule.value)
        sentence = change_sentence(self.rule, after, restores, self.words, words)
        if not restores or problem is None:
            return Relaxation(self.rule.key, before, after, restores, exact, sentence)
        setting = setting_lines(self.rule, after, self.words, words)
        plan = self._best(problem)
        return Relaxation(self.rule.key, before, after, restores, exact, sentence, setting, plan)

    def _best(self, problem: GroupingProblem) -> PlanSummary | None:
        """The best plan of the changed problem, as far as time allows."""
        left = self.clock.limit()
        try:
            solution = solve_partition(problem, time_limit=None if left is None else max(left, 5.0))
        except (NoPlan, InputProblems):
            return None
        return self._summary(problem, solution)

    def _summary(self, problem: GroupingProblem, solution: Solution) -> PlanSummary:
        index = {code: p for p, code in enumerate(problem.practice_codes)}
        sets = [tuple(sorted(index[code] for code in group.members)) for group in solution.plan.groups]
        old = self.plans.universe
        universe = measured(old.problem, old.rules, sets_as_list(old.problem, sets))
        few = groups_named(universe, self.number, SHOWN_GROUPS) if self.rule.key == "exceptions" else []
        return PlanSummary(
            len(sets),
            solution.shortfall,
            solution.exceptions,
            round(solution.objective, 4),
            solution.status == "optimal",
            tuple(concerned_groups(universe, self.number, self.words)),
            tuple(tuple(problem.practice_codes[p] for p in group) for group in few),
        )


def _far(rule: RuleInForce) -> float:
    return 0 if rule.key in FEWER else 1e12


def _rounded(rule: RuleInForce, value: float) -> float:
    """A value as one would write it: minutes rounded up to a tenth, shares to a thousandth, counts whole."""
    if rule.key.startswith(("access.", "contiguity.")):
        return math.ceil(value * 10 - 1e-6) / 10
    if rule.key == "practices.most_vulnerable_share":
        return math.ceil(value * 1000 - 1e-6) / 1000
    return int(value) if rule.key in FEWER else math.ceil(value - 1e-9)


def _number(rule: RuleInForce, value: float) -> float | None:
    return value if rule.key in NUMERIC else None


def _site_choices(
    rule: RuleInForce, problem: GroupingProblem, sites: pd.DataFrame | None
) -> Iterator[tuple[str, tuple[bool, ...]]]:
    """Smaller changes of a rule about sites than to drop it: a word to add to it, or a smaller floor area."""
    if sites is None or rule.sites is None:
        return
    allowed, hub = np.array(rule.sites), problem.rules.hub
    if rule.key == "hub.minimum_floor_area_m2" and "floor_area_m2" in sites:
        areas = sites["floor_area_m2"].astype(float).to_numpy()
        for area in sorted({float(one) for one in areas[areas < hub.minimum_floor_area_m2]}, reverse=True):
            yield f"{area:g}", tuple((allowed | (areas >= area)).tolist())
    for key, column, given in (("hub.kinds", "kind", hub.kinds), ("hub.conditions", "condition", hub.conditions)):
        if rule.key == key and column in sites:
            words = sites[column].fillna("").astype(str).str.strip()
            own = sites["practice_code"].fillna("").astype(str) != ""
            for word in sorted(set(words) - {"", *given}):
                more = (words == word) & (own | (word == "community")) if column == "kind" else words == word
                yield word, tuple((allowed | more.to_numpy()).tolist())


# --------------------------------------------------------------------------------------------------------------- text


def _text(conflict: Conflict, words: Names) -> Iterator[str]:
    count = len(conflict.rules)
    among = " (among the groups looked at, see the last line)" if conflict.not_looked_at else ""
    if count == 1:
        yield "This rule alone leaves no plan:"
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
            more = len(plan.concerned) - SHOWN_GROUPS
            yield f"{more} more of its groups need the changed rule too: it holds for all groups, not only these."
    if one.setting:
        yield "In case.toml: " + ", ".join(one.setting)
    for codes in one.plan.grants if one.plan else ():
        practices = ", ".join(f'"{code}"' for code in codes)
        yield f'Or for this group alone: [[rules.decisions]], kind = "grant-exception", practices = [{practices}],'
        yield '  reason = "..."'
