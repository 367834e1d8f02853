"""The definitions, written down a second time and tried on every partition of a few practices.

Nothing here comes from the optimiser: only the data classes are shared. Every definition follows the words of the
method page one by one, without a thought for speed.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from grouping.problem import GroupingProblem
from tests.grouping.random_problems import mixed_problem, random_problem

__all__ = ["Definitions", "Whole", "all_plans", "every_plan", "mixed_problem", "near_plans", "random_problem"]

Best = tuple[int, int, float]
Group = tuple[int, ...]

UNITS = 1000
"""Criteria in minutes are compared in whole thousandths, as the optimiser does: then equal means equal."""


@dataclass(frozen=True)
class Worth:
    """A group with one of its possible hubs: what it adds to each criterion of a plan, and to the limits of a plan."""

    hub: int
    score: float
    criteria: dict[str, int]
    pounds: float
    crosses: int


class Definitions:
    """What a group is worth, straight from the words of the method page."""

    def __init__(self, problem: GroupingProblem) -> None:
        self.problem = problem
        self.rules = problem.rules
        self.count = len(problem.practice_codes)
        self.all_timed = float(problem.timed_patients.sum())
        self.all_patients = float(problem.list_size.sum())
        self.worths = cache(self._worths)

    # ------------------------------------------------------------------------------------------- what a group is

    def size(self, group: Group) -> int:
        return sum(int(self.problem.list_size[p]) for p in group)

    def rural(self, group: Group) -> bool:
        share = sum(float(self.problem.rural_patients[p]) for p in group) / self.size(group)
        return share >= self.rules.rurality.threshold - 1e-9

    def main_locality(self, group: Group) -> str:
        """The label with most patients, the smaller label of equals, '' if nobody has one."""
        patients = self._by_label(group, self.problem.locality)
        return min(patients, key=lambda label: (-patients[label], label)) if patients else ""

    def minimum(self, group: Group) -> int:
        own = self.rules.size.locality.get(self.main_locality(group))
        if own is not None and own.minimum > 0:
            return own.minimum
        return self.rules.size.minimum_rural if self.rural(group) else self.rules.size.minimum_urban

    def maximum(self, group: Group) -> int:
        own = self.rules.size.locality.get(self.main_locality(group))
        if own is not None and own.maximum > 0:
            return own.maximum
        if self.rural(group) and self.rules.size.hard_maximum_rural > 0:
            return self.rules.size.hard_maximum_rural
        return self.rules.size.hard_maximum

    def shortfall(self, group: Group) -> int:
        if any(group == tuple(sorted(granted)) for granted, _ in self.problem.decided.granted):
            return 0
        return max(0, self.minimum(group) - self.size(group))

    def _by_label(self, group: Group, labels: tuple[str, ...]) -> Counter[str]:
        patients: Counter[str] = Counter()
        for p in group:
            if labels[p]:
                patients[labels[p]] += int(self.problem.list_size[p])
        return patients

    def _minority(self, group: Group, labels: tuple[str, ...] | None) -> int:
        """Patients who have a label that is not the largest one's."""
        if labels is None:
            return 0
        patients = self._by_label(group, labels)
        return sum(patients.values()) - max(patients.values(), default=0)

    # ------------------------------------------------------------------------------------------ what it may be

    def allowed(self, group: Group) -> bool:
        """Whether a group may be in a plan at all, as far as its practices decide."""
        decided = self.problem.decided
        if any(group == locked.members for locked in decided.locked):
            return True
        if any(p in locked.members for locked in decided.locked for p in group):
            return False
        return (
            self._size_allowed(group)
            and self._near_enough(group)
            and self._connected(group)
            and self._localities_allowed(group)
            and self._vulnerable_allowed(group)
            and self._loss_allowed(group)
            and self._decisions_allowed(group)
        )

    def _size_allowed(self, group: Group) -> bool:
        size = self.rules.size
        if len(group) > 1 and self.size(group) > self.maximum(group):
            return False
        if size.most_practices and len(group) > size.most_practices:
            return False
        oversize = len(group) == 1 and self.size(group) > self.maximum(group)
        return oversize or len(group) >= size.fewest_practices

    def _near_enough(self, group: Group) -> bool:
        limit = self.rules.access.max_minutes_between_members
        return not limit or all(self.problem.between_practices[p, q] <= limit for p in group for q in group if p != q)

    def _connected(self, group: Group) -> bool:
        if self.rules.contiguity.rule == "none":
            return True
        seen, todo = {group[0]}, [group[0]]
        while todo:
            here = todo.pop()
            for there in group:
                if there not in seen and self._border(here, there):
                    seen.add(there)
                    todo.append(there)
        return len(seen) == len(group)

    def _border(self, p: int, q: int) -> bool:
        limit = self.rules.contiguity.max_minutes_over_border
        counts = not limit or self.problem.between_practices[p, q] <= limit
        return bool(self.problem.adjacency[p, q]) and bool(counts)

    def _localities(self, group: Group) -> set[str]:
        return {self.problem.locality[p] for p in group} - {""}

    def _localities_allowed(self, group: Group) -> bool:
        return self.rules.locality.rule != "inside" or len(self._localities(group)) <= 1

    def _vulnerable_allowed(self, group: Group) -> bool:
        if self.problem.vulnerable is None:
            return True
        share = sum(bool(self.problem.vulnerable[p]) for p in group) / len(group)
        return share <= self.rules.practices.most_vulnerable_share + 1e-9

    def left(self, group: Group) -> int | None:
        """Patients left when the practice thought away has gone, and nobody stays; None where there is none."""
        if self.rules.resilience.loss_of == "any":
            lost = list(group)
        else:
            lost = [p for p in group if self.problem.vulnerable is not None and self.problem.vulnerable[p]]
        return self.size(group) - max(int(self.problem.list_size[p]) for p in lost) if lost else None

    def _loss_allowed(self, group: Group) -> bool:
        """Exceptions, oversize practices and groups without a minimum (0 or 1) are not asked."""
        left, minimum = self.left(group), self.minimum(group)
        if left is None or minimum <= 1 or self.size(group) < minimum:
            return True
        if len(group) == 1 and self.size(group) > self.maximum(group):
            return True
        return left / minimum >= self.rules.resilience.keeps_share - 1e-9

    def _decisions_allowed(self, group: Group) -> bool:
        decided, tags = self.problem.decided, self.problem.keep_together
        tagged = [tuple(p for p in range(self.count) if tags[p] == tag) for tag in sorted(set(tags) - {""})]
        for together in (*tagged, *decided.together):
            inside = sum(p in group for p in together)
            if 0 < inside < len(together):
                return False
        if any(p in group and q in group for p, q in decided.apart):
            return False
        return not (self.shortfall(group) > 0 and any(p in group for p in decided.never_exception))

    # ------------------------------------------------------------------------------------------------- its hub

    def eligible_hubs(self, group: Group) -> list[int]:
        problem = self.problem
        own = [s for s in range(len(problem.site_codes)) if problem.site_owner[s] in group]
        for locked in problem.decided.locked:
            if group == locked.members:
                return [locked.hub if locked.hub >= 0 else self._best_of_locked(group, own)]
        fixed = [s for s in own if s in problem.decided.hubs]
        if len(fixed) > 1:
            return []
        return [s for s in (fixed or own) if problem.hub_allowed[s] and self._reached(group, s)]

    def _reached(self, group: Group, site: int) -> bool:
        return math.isfinite(self.patient_minutes(group, site)) and self._within_limits(group, site)

    def _within_limits(self, group: Group, site: int) -> bool:
        access = self.rules.access
        if access.max_minutes_to_hub and self.longest(group, site) > access.max_minutes_to_hub:
            return False
        timed = sum(float(self.problem.timed_patients[p]) for p in group)
        mean = self.patient_minutes(group, site) / timed if timed else 0.0
        return not access.max_mean_minutes_to_hub or mean <= access.max_mean_minutes_to_hub + 1e-9

    def _best_of_locked(self, group: Group, own: list[int]) -> int:
        """Each rule about hubs holds as long as it leaves a site; then the hub of least cost."""
        sites = [s for s in own if s in self.problem.decided.hubs] or own
        sites = [s for s in sites if self.problem.hub_allowed[s]] or sites
        return min([s for s in sites if self._reached(group, s)] or sites, key=lambda s: self._rank(group, s))

    def _rank(self, group: Group, site: int) -> tuple[float, float, int]:
        """Least cost, then fewest patient-minutes, then the smaller code."""
        return self._units(self.hub_score(group, site)), round(self.patient_minutes(group, site), 3), site

    def patient_minutes(self, group: Group, site: int) -> float:
        return sum(float(self.problem.patient_minutes[p, site]) for p in group)

    def longest(self, group: Group, site: int) -> float:
        return max(float(self.problem.practice_to_site[p, site]) for p in group)

    def pounds(self, site: int) -> float:
        return 0.0 if self.problem.hub_cost is None else float(self.problem.hub_cost[site])

    def hub_score(self, group: Group, site: int) -> float:
        """Minutes per patient that a hub costs."""
        weights = self.rules.weights
        per_all = weights.worst_practice * self.longest(group, site) * self.size(group)
        per_all += weights.hub_cost * self.pounds(site)
        return weights.minutes * self.patient_minutes(group, site) / self.all_timed + per_all / self.all_patients

    def hubs(self, group: Group) -> list[int]:
        """The hub of least cost; with a budget, every hub that no other undercuts both in cost and in pounds."""

        ranked = sorted(self.eligible_hubs(group), key=lambda site: self._rank(group, site))
        if not self.rules.hub.budget:
            return ranked[:1]
        return [s for n, s in enumerate(ranked) if all(self.pounds(s) < self.pounds(t) for t in ranked[:n])]

    # ---------------------------------------------------------------------------------------- what it is worth

    def _units(self, minutes_per_patient: float) -> int:
        return round(minutes_per_patient * self.all_timed * UNITS)

    def _worths(self, group: Group) -> tuple[Worth, ...]:
        return tuple(self._worth(group, hub) for hub in self.hubs(group)) if self.allowed(group) else ()

    def _worth(self, group: Group, hub: int) -> Worth:
        problem, rules, size = self.problem, self.rules, self.size(group)
        preferred = rules.size.preferred_minimum_rural if self.rural(group) else rules.size.preferred_minimum_urban
        middle = rules.size.target or (rules.size.preferred_minimum_urban + rules.size.preferred_maximum) // 2
        longest, shortfall = self.longest(group, hub), self.shortfall(group)
        letters = {
            "outside_preferred": max(0, size - rules.size.preferred_maximum) + max(0, preferred - size),
            "split_locality": self._minority(group, problem.locality),
            "change_of_group": self._minority(group, problem.current_group),
            "mixed_systems": self._minority(group, problem.clinical_system),
            "worst_practice": longest * size,
            "size_balance": abs(size - middle),
            "hub_cost": self.pounds(hub),
            "fragile": self._fragile(group),
        }
        minutes = self.patient_minutes(group, hub)
        score = rules.weights.minutes * minutes / self.all_timed
        score += sum(getattr(rules.weights, name) * value for name, value in letters.items()) / self.all_patients
        criteria = {name: round(value) for name, value in letters.items()} | {
            "worst_practice": round(letters["worst_practice"] * UNITS),
            "shortfall": shortfall,
            "exceptions": int(shortfall > 0),
            "score": self._units(score),
            "minutes": round(minutes * UNITS),
            "longest_practice": round(longest * 60_000),
            "groups": 1,
        }
        return Worth(hub, score, criteria, self.pounds(hub), int(len(self._localities(group)) > 1))

    def _fragile(self, group: Group) -> int:
        """All patients of a group whose loss leaves it below its minimum."""
        left, minimum = self.left(group), self.minimum(group)
        return self.size(group) if left is not None and minimum > 1 and left < minimum else 0

    def value(self, group: Group) -> Best | None:
        """Shortfall, exceptions and score of a group (minutes per patient of the whole plan); None if not allowed."""
        worths = self.worths(group)
        if not worths:
            return None
        return worths[0].criteria["shortfall"], worths[0].criteria["exceptions"], worths[0].score

    def hub_minutes(self, group: Group) -> tuple[float, int]:
        """Patient-minutes to the hub, and the hub; infinite where there is none."""
        hubs = self.hubs(group)
        return (self.patient_minutes(group, hubs[0]), hubs[0]) if hubs else (math.inf, -1)

    # ----------------------------------------------------------------------------------------- a plan as a whole

    def plan_allowed(self, worths: list[Worth]) -> bool:
        rules = self.rules
        limit = 0 if rules.exceptions.policy == "forbidden" else rules.exceptions.at_most
        exceptions = sum(worth.criteria["exceptions"] for worth in worths)
        crossing = sum(worth.crosses for worth in worths)
        return (
            (limit < 0 or exceptions <= limit)
            and (rules.locality.most_crossing < 0 or crossing <= rules.locality.most_crossing)
            and len(worths) >= rules.groups.fewest
            and (not rules.groups.most or len(worths) <= rules.groups.most)
            and (not rules.hub.budget or sum(worth.pounds for worth in worths) <= rules.hub.budget)
        )

    def in_order(self, worths: list[Worth]) -> tuple[int, ...]:
        """The criteria of a plan, in the order in which they are minimised."""
        return tuple(self.plan_criterion(worths, name) for name in self.rules.objective.order)

    def plan_criterion(self, worths: list[Worth], name: str) -> int:
        values = [worth.criteria[name] for worth in worths]
        return max(values) if name == "longest_practice" else sum(values)


@dataclass(frozen=True)
class Whole:
    """A plan: its criteria in their order, its score in minutes per patient, its groups sorted, and their hubs."""

    values: tuple[int, ...]
    score: float
    groups: tuple[Group, ...]
    hubs: tuple[int, ...]


def every_plan(problem: GroupingProblem) -> list[Whole]:
    """Every plan that obeys the rules, the best first; equal values by their sorted groups."""
    definitions = Definitions(problem)
    found = []
    for groups in _partitions(definitions):
        for worths in _choices([definitions.worths(group) for group in groups]):
            if definitions.plan_allowed(worths):
                score, hubs = sum(worth.score for worth in worths), tuple(worth.hub for worth in worths)
                found.append(Whole(definitions.in_order(worths), score, groups, hubs))
    return sorted(found, key=lambda plan: (plan.values, plan.groups, plan.hubs))


def _choices(worths: list[tuple[Worth, ...]]) -> Iterator[list[Worth]]:
    if not worths:
        yield []
        return
    for rest in _choices(worths[1:]):
        for worth in worths[0]:
            yield [worth, *rest]


def _partitions(definitions: Definitions) -> Iterator[tuple[Group, ...]]:
    """All partitions into groups that may be in a plan, each group after the one with a smaller first member.

    Only the sets that can be completed to a partition are entered, so the work goes with the partitions there are.
    """
    count = definitions.count
    starting: list[list[tuple[int, Group]]] = [[] for _ in range(count)]
    for mask in range(1, 1 << count):
        group = tuple(p for p in range(count) if mask >> p & 1)
        if definitions.worths(group):
            starting[group[0]].append((mask, group))

    def next_groups(left: int) -> list[tuple[int, Group]]:
        return [(mask, group) for mask, group in starting[(left & -left).bit_length() - 1] if mask & left == mask]

    @cache
    def completable(left: int) -> bool:
        return left == 0 or any(completable(left & ~mask) for mask, _ in next_groups(left))

    def grow(left: int, groups: tuple[Group, ...]) -> Iterator[tuple[Group, ...]]:
        if left == 0:
            yield groups
            return
        for mask, group in next_groups(left):
            if completable(left & ~mask):
                yield from grow(left & ~mask, (*groups, group))

    yield from grow((1 << count) - 1, ())


def all_plans(problem: GroupingProblem) -> list[tuple[Best, list[Group]]]:
    """Every plan as (shortfall, exceptions, score) and groups, the best of these first; equal values by the groups."""
    place = {name: n for n, name in enumerate(problem.rules.objective.order)}
    found = [
        ((plan.values[place["shortfall"]], plan.values[place["exceptions"]], plan.score), list(plan.groups))
        for plan in every_plan(problem)
    ]
    return sorted(found, key=lambda one: (one[0][0], one[0][1], round(one[0][2], 9), one[1]))


def near_plans(problem: GroupingProblem, plans: list[Whole], tolerance: float) -> list[Whole]:
    """The plans as good as the best in all that goes before the score, with a score at most `tolerance` above it."""
    before = problem.rules.objective.order.index("score")
    held = [plan for plan in plans if plan.values[:before] == plans[0].values[:before]]
    best = min(plan.values[before] for plan in held)
    return [plan for plan in held if plan.values[before] <= math.floor(best * (1 + tolerance))]
