"""The definitions, written down a second time and tried on every partition of a few practices.

Nothing here comes from the optimiser: only the data classes are shared.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator
from functools import lru_cache

import numpy as np

from grouping.problem import GroupingProblem
from grouping.rules import RuleSet

Best = tuple[int, int, float]


class Definitions:
    """What a group is worth, straight from the words of the method page."""

    def __init__(self, problem: GroupingProblem) -> None:
        self.problem = problem
        self.count = len(problem.practice_codes)
        self.value = lru_cache(maxsize=None)(self._value)

    def _connected(self, group: tuple[int, ...]) -> bool:
        seen, todo = {group[0]}, [group[0]]
        while todo:
            here = todo.pop()
            for there in group:
                if there not in seen and self.problem.adjacency[here, there]:
                    seen.add(there)
                    todo.append(there)
        return len(seen) == len(group)

    def _allowed(self, group: tuple[int, ...]) -> bool:
        problem, rules = self.problem, self.problem.rules
        if sum(int(problem.list_size[p]) for p in group) > rules.size.hard_maximum and len(group) > 1:
            return False
        limit = rules.access.max_minutes_between_members
        if limit and any(problem.between_practices[p, q] > limit for p in group for q in group if p != q):
            return False
        for p in range(self.count):
            tag = problem.keep_together[p]
            if tag and p not in group and any(problem.keep_together[q] == tag for q in group):
                return False
        if rules.locality.rule == "inside" and len({problem.locality[p] for p in group} - {""}) > 1:
            return False
        return self._connected(group)

    def hub_minutes(self, group: tuple[int, ...]) -> tuple[float, int]:
        """Patient-minutes to the best hub, and the hub; infinite where there is none."""
        problem, limit = self.problem, self.problem.rules.access.max_minutes_to_hub
        best = (math.inf, -1)
        for site in range(len(problem.site_codes)):
            if problem.site_owner[site] not in group or not problem.hub_allowed[site]:
                continue
            if limit and any(problem.practice_to_site[p, site] > limit for p in group):
                continue
            best = min(best, (sum(float(problem.patient_minutes[p, site]) for p in group), site))
        return best

    def _value(self, group: tuple[int, ...]) -> Best | None:
        """Shortfall, exceptions and score of a group (minutes per patient of the whole plan); None if not allowed."""
        problem, rules = self.problem, self.problem.rules
        if not self._allowed(group):
            return None
        minutes, hub = self.hub_minutes(group)
        if hub < 0 or math.isinf(minutes):
            return None
        size = sum(int(problem.list_size[p]) for p in group)
        rural = sum(float(problem.rural_patients[p]) for p in group) / size >= rules.rurality.threshold - 1e-9
        minimum = rules.size.minimum_rural if rural else rules.size.minimum_urban
        preferred = rules.size.preferred_minimum_rural if rural else rules.size.preferred_minimum_urban
        weights = rules.weights
        penalty = weights.outside_preferred * (max(0, size - rules.size.preferred_maximum) + max(0, preferred - size))
        penalty += weights.split_locality * self._minority(group, problem.locality)
        penalty += weights.change_of_group * self._minority(group, problem.current_group)
        score = minutes / float(problem.timed_patients.sum()) + penalty / float(problem.list_size.sum())
        shortfall = max(0, minimum - size)
        return shortfall, int(shortfall > 0), score

    def _minority(self, group: tuple[int, ...], labels: tuple[str, ...]) -> int:
        patients: Counter[str] = Counter()
        for p in group:
            if labels[p]:
                patients[labels[p]] += int(self.problem.list_size[p])
        return sum(patients.values()) - max(patients.values(), default=0)

    def plan_value(self, plan: list[tuple[int, ...]]) -> Best | None:
        """Shortfall, exceptions and score of a plan; None if it breaks a rule."""
        values = [self.value(group) for group in plan]
        if any(value is None for value in values):
            return None
        shortfall, exceptions, score = (sum(column) for column in zip(*values, strict=True))
        limit = self.problem.rules.exceptions.at_most
        if self.problem.rules.exceptions.policy == "forbidden":
            limit = 0
        return None if limit >= 0 and exceptions > limit else (shortfall, exceptions, score)


def partitions(items: tuple[int, ...]) -> Iterator[list[tuple[int, ...]]]:
    """All partitions of some practices."""
    if not items:
        yield []
        return
    first, rest = items[0], items[1:]
    for mask in range(1 << len(rest)):
        group = (first, *(p for i, p in enumerate(rest) if mask >> i & 1))
        left = tuple(p for i, p in enumerate(rest) if not mask >> i & 1)
        for other in partitions(left):
            yield [group, *other]


def all_plans(problem: GroupingProblem) -> list[tuple[Best, list[tuple[int, ...]]]]:
    """Every plan that obeys the rules, the best first; equal values by their sorted groups."""
    definitions = Definitions(problem)
    found = []
    for plan in partitions(tuple(range(definitions.count))):
        value = definitions.plan_value(plan)
        if value is not None:
            found.append((value, sorted(plan)))
    return sorted(found, key=lambda one: (one[0][0], one[0][1], round(one[0][2], 9), one[1]))


def best_by_subsets(problem: GroupingProblem) -> Best | None:
    """The best value by dynamic programming over subsets, with the number of exceptions as a state."""
    definitions = Definitions(problem)
    count = definitions.count
    full = (1 << count) - 1
    worth = {}
    for mask in range(1, full + 1):
        value = definitions.value(tuple(p for p in range(count) if mask >> p & 1))
        if value is not None:
            worth[mask] = value
    limit = problem.rules.exceptions.at_most if problem.rules.exceptions.policy == "allowed" else 0
    limit = count if limit < 0 else limit
    by_first: dict[int, list[int]] = {}
    for mask in worth:
        by_first.setdefault(mask & -mask, []).append(mask)
    best: list[dict[int, tuple[int, float]]] = [{} for _ in range(full + 1)]
    best[0][0] = (0, 0.0)
    for covered in range(full):
        if not best[covered]:
            continue
        free = full & ~covered
        for mask in by_first.get(free & -free, []):
            if mask & covered:
                continue
            shortfall, exception, score = worth[mask]
            target = best[covered | mask]
            for used, (so_far, cost) in best[covered].items():
                if used + exception > limit:
                    continue
                value = (so_far + shortfall, cost + score)
                if used + exception not in target or value < target[used + exception]:
                    target[used + exception] = value
    ends = [(shortfall, used, score) for used, (shortfall, score) in best[full].items()]
    return min(ends) if ends else None


def random_problem(seed: int, count: int) -> GroupingProblem:
    """A small problem with a random mixture of all rules."""
    rng = np.random.default_rng(seed)
    xy = rng.uniform(0, 30, (count, 2))
    distance = np.hypot(*(xy[:, None] - xy[None]).transpose(2, 0, 1))
    adjacency = np.triu((distance < rng.uniform(8, 25)) & (rng.random((count, count)) < 0.9), 1)
    adjacency |= adjacency.T
    lists = rng.integers(500, 9000, count).astype(np.int64)
    if rng.random() < 0.25:
        lists[rng.integers(count)] = 25_000
    shares = rng.choice([0.0, 1.0, -1.0], count)
    shares = np.where(shares < 0, rng.random(count), shares)
    owner = np.sort(np.r_[np.arange(count), rng.integers(0, count, count // 3)]).astype(np.int64)
    sites = xy[owner] + rng.normal(0, 2, (len(owner), 2))
    minutes = np.hypot(*(xy[:, None] - sites[None]).transpose(2, 0, 1)) + rng.uniform(0, 3, (count, len(owner)))
    timed = lists * np.where(rng.random(count) < 0.2, rng.random(count), 1.0)
    patient_minutes = minutes * timed[:, None]
    if rng.random() < 0.3:
        patient_minutes[rng.random(patient_minutes.shape) < 0.1] = np.inf
    between = np.maximum(distance, distance.T) * rng.uniform(1.0, 1.3)
    if rng.random() < 0.2:
        i, j = rng.integers(count, size=2)
        between[i, j] = between[j, i] = np.inf if i != j else 0.0
    tags = [""] * count
    if rng.random() < 0.3:
        for p in rng.choice(count, 2, replace=False):
            tags[p] = "together"
    return GroupingProblem(
        practice_codes=tuple(f"P{i:02d}" for i in range(count)),
        list_size=lists,
        rural_patients=shares * lists,
        timed_patients=timed,
        patient_minutes=patient_minutes,
        site_codes=tuple(f"S{i:02d}" for i in range(len(owner))),
        site_owner=owner,
        hub_allowed=rng.random(len(owner)) < rng.choice([0.7, 0.95, 1.0]),
        practice_to_site=minutes,
        between_practices=between,
        adjacency=adjacency,
        locality=tuple(rng.choice(["", "A", "B", "C"], count, p=[0.1, 0.3, 0.3, 0.3]).tolist()),
        current_group=tuple(rng.choice(["", "X", "Y"], count).tolist()),
        keep_together=tuple(tags),
        rules=random_rules(rng),
    )


def random_rules(rng: np.random.Generator) -> RuleSet:
    """Rules that bind on lists of a few thousand."""
    policy = rng.choice(["allowed", "allowed", "capped", "forbidden"])
    return RuleSet.model_validate(
        {
            "name": "random",
            "version": "1",
            "title": "random",
            "size": {
                "minimum_urban": int(rng.integers(6000, 11000)),
                "minimum_rural": int(rng.integers(3000, 7000)),
                "preferred_minimum_urban": 11_000,
                "preferred_minimum_rural": 8_000,
                "preferred_maximum": 14_000,
                "hard_maximum": int(rng.integers(14_000, 22_000)),
            },
            "rurality": {"threshold": float(rng.choice([0.3, 0.5, 0.7]))},
            "access": {
                "max_minutes_between_members": float(rng.choice([0, 15, 20, 30])),
                "max_minutes_to_hub": float(rng.choice([0, 0, 12, 20])),
            },
            "exceptions": {
                "policy": "forbidden" if policy == "forbidden" else "allowed",
                "at_most": int(rng.integers(0, 3)) if policy == "capped" else -1,
            },
            "locality": {"rule": str(rng.choice(["free", "free", "inside"]))},
            "weights": {
                "outside_preferred": float(rng.choice([0.0, 1.0])),
                "split_locality": float(rng.choice([0.0, 0.5, 3.0])),
                "change_of_group": float(rng.choice([0.0, 0.7])),
            },
        }
    )
