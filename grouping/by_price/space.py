"""What the search by price needs to know of a problem: minutes, sizes, borders, and the groups it does not grow."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from grouping._kernels import NO_ROUTE
from grouping.by_price.stage import Stage
from grouping.candidates import (
    Candidates,
    apart_from_the_rest,
    borders_that_count,
    compatible_pairs,
    growth,
    penalty_units,
    score,
    standing_groups,
)
from grouping.criteria import minute_units
from grouping.partition.chunks import Shape, Space
from grouping.partition.pricing import Bound
from grouping.partition.search import NO_VALUE
from grouping.problem import GroupingProblem

FORBIDDEN = 1e9
"""Units for each patient below the minimum where no group may be below it."""


def space_of(problem: GroupingProblem, weight: float) -> Space:
    """What groups there are, as `partition.chunks` reads it; a minute counts `weight`."""
    neighbours, compatible, lists = growth(problem)
    units = minute_units(problem)
    limit = problem.rules.access.max_minutes_to_hub
    out = units >= NO_ROUTE
    if limit > 0:
        out |= problem.practice_to_site > limit
    minutes = np.where(out, -1, np.floor(weight * np.where(out, 0, units))).astype(np.int64)
    return Space(
        neighbours, compatible, lists, problem.rules.size.largest, minutes,
        np.where(problem.hub_allowed, problem.site_owner, -1), problem.rural_patients,
        problem.rules.rurality.threshold, problem.rules.size.most_practices, 64.0 if weight else 0.5,
    )  # fmt: skip


def shape_of(problem: GroupingProblem, stage: Stage, prices: Bound, apart: Candidates) -> tuple[Shape, float]:
    """What a group costs at least for its size alone, and what every group costs at least."""
    weights, per_patient = problem.rules.weights, penalty_units(problem)
    of_score = stage.name == "score"
    missing, once, base = 0.0, 0.0, 0.0
    outside = weights.outside_preferred * per_patient * of_score
    balance = weights.size_balance * per_patient * of_score
    names = [row.name.removeprefix("held_") for row in stage.rows(problem, apart)]
    units = [-float(price) for price in prices.row_prices.tolist()]
    for name, unit in zip([stage.name, *names], [float(stage.step), *units], strict=True):
        missing += unit * (name == "shortfall")
        once += unit * (name in {"exceptions", "exceptions_at_most"})
        outside += unit * (name == "outside_preferred")
        balance += unit * (name == "size_balance")
        base += unit * ((name in {"groups", "most_groups"}) - (name == "fewest_groups"))
    none_below = any(name in {"shortfall", "exceptions"} and most == 0 for name, most in stage.held)
    if none_below or problem.rules.exceptions.limit == 0:
        missing = FORBIDDEN
    return _rates(problem, missing, outside, balance, once), base


def _rates(problem: GroupingProblem, missing: float, outside: float, balance: float, once: float) -> Shape:
    """Rates by sizes: below the minimum, outside the preferred range, away from the middle."""
    size = problem.rules.size
    own = [limits.minimum for limits in size.locality.values() if limits.minimum]
    urban, rural = min([size.minimum_urban, *own]), min([size.minimum_rural, *own])
    preferred = size.preferred_minimum_urban, size.preferred_minimum_rural
    below = [
        [min(urban, rural), min(preferred), size.middle],
        [urban, preferred[0], size.middle],
        [rural, preferred[1], size.middle],
    ]
    above = [[size.preferred_maximum, size.middle]] * 3
    return Shape(
        np.array(below, np.float64), np.array([missing, outside, balance]),
        np.array(above, np.float64), np.array([outside, balance]), once,
    )  # fmt: skip


def groups_apart(problem: GroupingProblem) -> Candidates:
    """Groups the search does not grow: practices above every maximum, locked groups, and those with a grant."""
    locked = standing_groups(problem)
    granted = [np.array(sorted(set(members)), np.int16) for members, _ in problem.decided.granted]
    granted = [
        members for members in {tuple(one.tolist()): one for one in granted}.values() if _grows(problem, members)
    ]
    sets = [*granted, *apart_from_the_rest(problem, locked)]
    starts = np.cumsum([0, *(len(members) for members in sets)]).astype(np.int64)
    listed = score(problem, np.concatenate([np.empty(0, np.int16), *sets]), starts, locked)
    return listed.keep(listed.granted | listed.locked | (listed.list_size > problem.rules.size.largest))


def _grows(problem: GroupingProblem, members: NDArray[np.int16]) -> bool:
    """Whether a set of practices is one that the search would grow."""
    size = problem.rules.size
    lists = growth(problem)[2][members]
    if lists.sum() > size.largest or (size.most_practices and len(members) > size.most_practices):
        return False
    if not compatible_pairs(problem)[np.ix_(members, members)][~np.eye(len(members), dtype=bool)].all():
        return False
    near, reached = borders_that_count(problem)[np.ix_(members, members)], np.arange(len(members)) == 0
    for _ in members:
        reached = reached | near[reached].any(axis=0)
    return bool(reached.all())


def nearest_bound(problem: GroupingProblem) -> int:
    """A bound that needs no search: everybody goes to the nearest hub that may share a group with their practice.

    Locked groups and practices above every maximum may go anywhere.
    """
    space = space_of(problem, problem.rules.weights.minutes)
    compatible = compatible_pairs(problem) | np.eye(len(problem.practice_codes), dtype=bool)
    usable = (space.minutes >= 0) & (space.owner >= 0) & compatible[:, space.owner]
    usable[space.sizes > space.maximum] = False
    least = np.where(usable, space.minutes, NO_VALUE).min(axis=1, initial=NO_VALUE)
    return int(least[least < NO_VALUE].sum())
