"""The questions about sites answered by trying every list: sharing nothing with the programme but the data."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator

import numpy as np

from grouping.site_choice.question import Question

Sites = frozenset[int]


def every_list(sites: list[int]) -> Iterator[Sites]:
    """All subsets."""
    for size in range(len(sites) + 1):
        yield from map(frozenset, itertools.combinations(sites, size))


def own_sites(question: Question, row: int) -> list[int]:
    """Sites of the practice of a row that it has a way to."""
    mine = [s for s in range(len(question.site_codes)) if question.owner[s] == question.practice[row] >= 0]
    return [s for s in mine if math.isfinite(question.minutes[row, s])]


def minutes_of(question: Question, row: int, without: Sites = frozenset()) -> float:
    """Minutes of a row to its nearest site outside a list."""
    return min((question.minutes[row, s] for s in own_sites(question, row) if s not in without), default=math.inf)


def home_site(question: Question, row: int) -> int:
    """Today's site of a row, -1 without any."""
    return min(own_sites(question, row), key=lambda s: (question.minutes[row, s], s), default=-1)


def patients_at(question: Question, sites: Sites) -> float:
    """Patients whose site today is on the list."""
    return sum(question.patients[r] for r in range(len(question.patients)) if home_site(question, r) in sites)


def _codes(question: Question, sites: Sites) -> tuple[int, ...]:
    return tuple(0 if s in sites else 1 for s in range(len(question.site_codes)))


def best_investment(question: Question) -> Sites:
    """Stage 1."""
    may = [s for s in range(len(question.site_codes)) if question.needs[s] and question.owner[s] >= 0]
    may = [s for s in may if question.asked[s] and math.isfinite(question.cost[s])]

    def worth(sites: Sites) -> tuple:
        cost = sum(question.cost[s] for s in sites)
        return (-patients_at(question, sites), cost, len(sites), _codes(question, sites))

    within = (sites for sites in every_list(may) if sum(question.cost[s] for s in sites) <= question.budget)
    return min(within, key=worth)


def keeps_sound(question: Question, invested: Sites, sites: Sites) -> bool:
    """Whether everybody whose site is on the list comes to a sound one of the own practice."""
    for r in range(len(question.patients)):
        if question.patients[r] <= 0 or home_site(question, r) not in sites:
            continue
        there = minutes_of(question, r, sites)
        at = [s for s in own_sites(question, r) if s not in sites and question.minutes[r, s] == there]
        if not any(question.sound[s] or s in invested for s in at):
            return False
    return True


def keeps_floor(question: Question, sites: Sites) -> bool:
    """Whether a list keeps the access floor and leaves every practice a site."""
    for p in range(len(question.practice_codes)):
        own = [s for s in range(len(question.site_codes)) if question.owner[s] == p]
        if own and all(s in sites for s in own):
            return False
    before: dict[int, list[tuple[float, float, float]]] = {}
    for r in range(len(question.patients)):
        today, then = minutes_of(question, r), minutes_of(question, r, sites)
        if question.patients[r] <= 0 or math.isinf(today):
            continue
        if math.isinf(then) or then - today > question.longer:
            return False
        if then > question.beyond and then > today:
            return False
        before.setdefault(int(question.area[r]), []).append((question.patients[r], today, then))
    for rows in before.values():
        people = sum(n for n, _, _ in rows)
        mean, after = (sum(n * pair[i] for n, *pair in rows) / people for i in (0, 1))
        if after > question.beyond + 1e-9 and after > mean + 1e-9:
            return False
    return True


def best_questions(question: Question, invested: Sites) -> Sites:
    """Stage 2."""
    left = [s for s in range(len(question.site_codes)) if question.needs[s] and question.owner[s] >= 0]
    left = [s for s in left if question.asked[s] and s not in invested]

    def worth(sites: Sites) -> tuple:
        rows = [r for r in range(len(question.patients)) if question.patients[r] > 0 and home_site(question, r) >= 0]
        more = sum(question.patients[r] * (minutes_of(question, r, sites) - minutes_of(question, r)) for r in rows)
        return (-patients_at(question, sites), more, len(sites), _codes(question, sites))

    good = (
        sites for sites in every_list(left) if keeps_floor(question, sites) and keeps_sound(question, invested, sites)
    )
    return min(good, key=worth)


def largest_part(sites: Sites, holds: Callable[[Sites], bool]) -> Sites:
    """Stage 3: the one largest part of a list for which something holds."""
    good = [part for part in every_list(sorted(sites)) if holds(part)]
    together = frozenset().union(*good)
    assert together in good, "there is no largest part"
    return together


def as_sites(mask: np.ndarray) -> Sites:
    """Positions of a mask."""
    return frozenset(int(s) for s in np.flatnonzero(mask))
