"""The least change of one rule that leaves a plan, all other rules kept, and the best plan there would then be."""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from geodata.errors import InputProblems, NoPlan
from grouping.conflict.concerned import concerned_groups, groups_named
from grouping.conflict.plans import COUNTED, FEWER, NUMERIC, Plans
from grouping.conflict.rules import KEEPS_SHARE, MAXIMUMS, MINIMUMS, RuleInForce, loosened
from grouping.conflict.search import OutOfTime
from grouping.conflict.sets import Universe, measured, sets_as_list
from grouping.conflict.words import Names, change_sentence, setting_lines
from grouping.criteria import PENCE
from grouping.optimise import Solution, solve_partition
from grouping.partition.clock import Clock
from grouping.problem import GroupingProblem

SHOWN_GROUPS = 3
"""Groups named for each change."""

STEPS_DOWN = 3
"""Steps to the next smaller change before the rest is halved."""

TO_HUB = ("access.max_minutes_to_hub", "access.max_mean_minutes_to_hub")
"""Limits that also decide which hubs, of which cost, there are to choose from."""

MOST_TENTHS = 10_000_000
"""Tenths of a minute up to which the least limit is looked for."""

ROW_OF = {
    "exceptions": "exceptions_at_most",
    "locality.most_crossing": "most_crossing",
    "groups.fewest": "fewest_groups",
    "groups.most": "most_groups",
    "hub.budget": "hub_budget",
}


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


@dataclass
class Change:
    """Looks for the least change of one rule that leaves a plan, all other rules of the case kept."""

    plans: Plans
    number: int
    words: Names
    sites: pd.DataFrame | None
    clock: Clock

    @property
    def rule(self) -> RuleInForce:
        """The rule."""
        return self.plans.universe.rules[self.number]

    def least(self) -> Relaxation:
        """The least change by which there is a plan, or that no change of this rule alone leaves one."""
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
        allowed = self.plans.universe.any_site.copy()
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
        if self.rule.key in TO_HUB and any(rule.key == "hub.budget" for rule in plans.universe.rules):
            return self._by_tenths()
        best, exact, steps, low = self._used(plan), False, 0, 0
        values = self._values(best)  # by their size as a change; those before `low` leave no plan
        try:
            while (high := bisect_left(values, self._change(best))) > low:
                at = high - 1 if steps < STEPS_DOWN else (low + high) // 2
                plan = plans.plan(everything, {self.number: self._value(values[at])})
                steps += 1
                if plan is None:
                    low = at + 1
                else:  # groups that stay exceptions may be far beyond the value that does
                    best = min(self._used(plan), self._value(values[at]), key=self._change)
            exact = not self._may_rise_again
        except OutOfTime:
            pass
        after = _rounded(self.rule, best) if math.isfinite(best) else None
        problem = loosened(plans.universe.problem, self.rule, after)
        return self._told(after, restores=True, exact=exact, problem=problem)

    def _by_tenths(self) -> Relaxation:
        """The least limit in tenths of a minute: with a budget, the hub that is near enough may cost too much."""
        plans, below, step = self.plans, math.floor(self.rule.value * 10), 10

        def none(tenths: int) -> bool:
            return plans.plan(plans.everything, {self.number: tenths / 10}) is None

        while none(below + step):
            below, step = below + step, step * 2
            if step > MOST_TENTHS:
                return self._told(None, restores=True, exact=True, problem=loosened(plans.universe.problem, self.rule))
        above = below + step
        while above - below > 1:
            middle = (below + above) // 2
            below, above = (middle, above) if none(middle) else (below, middle)
        problem = loosened(plans.universe.problem, self.rule, above / 10)
        return self._told(above / 10, restores=True, exact=True, problem=problem)

    @property
    def _may_rise_again(self) -> bool:
        """Whether a smaller change of a minimum may do where a greater does not: exceptions need no share of it."""
        held = {rule.key: rule.value for rule in self.plans.universe.rules}
        return self.rule.key in MINIMUMS and KEEPS_SHARE in held and held.get("exceptions", -1) != 0

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
        governed = np.ones(len(values), bool)
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
        before = number_of(self.rule, self.rule.value)
        sentence = change_sentence(self.rule, after, restores, self.words, words)
        if not restores or problem is None:
            return Relaxation(self.rule.key, before, after, restores, exact, sentence)
        setting = setting_lines(self.rule, after, self.words, words)
        try:
            plan = self._best(problem, after)
        except NoPlan:  # a practice above the maximum is excused from other rules until the maximum is raised
            return self._told(None, restores=None, exact=False)
        return Relaxation(self.rule.key, before, after, restores, exact, sentence, setting, plan)

    def _best(self, problem: GroupingProblem, after: float | None) -> PlanSummary | None:
        """The best plan of the changed problem, as far as time allows; NoPlan where there is proven to be none."""
        left = self.clock.limit()
        try:
            solution = solve_partition(problem, time_limit=None if left is None else max(left, 5.0))
        except InputProblems:
            return None
        except NoPlan as error:
            if error.report.status == "infeasible":
                raise
            return None
        return self._summary(problem, solution, after)

    def _summary(self, problem: GroupingProblem, solution: Solution, after: float | None) -> PlanSummary:
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
            tuple(concerned_groups(universe, self.number, self.words, after)),
            tuple(tuple(problem.practice_codes[p] for p in group) for group in few),
        )


def _far(rule: RuleInForce) -> float:
    return 0 if rule.key in FEWER else 1e12


def _rounded(rule: RuleInForce, value: float) -> float:
    """A value as one would write it: minutes rounded up to a tenth, shares to a thousandth, counts whole."""
    if rule.key.startswith(("access.", "contiguity.")):
        return math.ceil(value * 10 - 1e-6) / 10
    if rule.key == KEEPS_SHARE:
        return math.floor(value * 1000 + 1e-6) / 1000
    if rule.key == "practices.most_vulnerable_share":
        return math.ceil(value * 1000 - 1e-6) / 1000
    return int(value) if rule.key in FEWER else math.ceil(value - 1e-9)


def number_of(rule: RuleInForce, value: float) -> float | None:
    """The value of a rule that has a number, None for the others."""
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
