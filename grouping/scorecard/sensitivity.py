"""Which change of weights would change the ranking, in exact fractions.

Only the criteria that count can move (see `grouping.scorecard.ranking`); what is left out keeps its weight. For two
options with marks a and b under the criteria, and weights w, the lead of the first is D(w) = sum of w · (a - b). It is
linear in w, so that

- along one weight t, the others keeping their proportions, D has one zero at most (`one_weight`);
- the smallest change of all weights at which D is 0, or at which an option is level with the best of the others, is a
  linear programme (`least_change`), solved exactly;
- weights *beyond* the point where two are level are what exchanges them. Such weights are given in plain decimals
  (`trial`), and that they do exchange the two is checked with these very decimals before they are told.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from math import lcm

import numpy as np

from grouping.scorecard.exact import least
from grouping.scorecard.ranking import Ranking, weighted

Weights = tuple[Fraction, ...]

MOST_DECIMALS = 12
"""Decimals of a percentage after which weights are told as they are."""

STEPS = {1: 1, 2: 100, 3: 50}
"""Into how many equal parts the weight is shared out in `shares_of_first`, by the number of criteria."""

STEPS_ELSE = 20


@dataclass(frozen=True)
class Flip:
    """What one weight does to two options, the others keeping their proportions.

    Parameters
    ----------
    criterion
        Its position.
    above, below
        Positions of the options: the one that leads (or comes first in the run, where they are level), and the other.
    level
        The weight at which they are level.
    more
        Whether more than that exchanges them; else less does.
    trial
        Weights of all criteria, in plain decimals, with which they are exchanged.
    """

    criterion: int
    above: int
    below: int
    level: Fraction
    more: bool
    trial: Weights


@dataclass(frozen=True)
class Change:
    """The smallest change of all weights together with which an option passes others.

    Parameters
    ----------
    option
        The option that passes.
    against
        Those it passes: one, or all others.
    distance
        The sum over criteria of how much the weight changes (the L1 distance), up to where it is level; None where no
        weights do it.
    trial
        Weights of all criteria, in plain decimals, with which it is ahead; None where no weights do it.
    behind
        Of `against`, those it is behind or alike under every criterion: why there may be no such weights.
    """

    option: int
    against: tuple[int, ...]
    distance: Fraction | None
    trial: Weights | None = None
    behind: tuple[int, ...] = ()


@dataclass(frozen=True)
class FirstShare:
    """For how many ways of sharing out the weight an option comes first.

    Parameters
    ----------
    alone, level
        Ways in which it comes first alone, and first together with others.
    ways, parts
        All ways of sharing out the weight of the criteria in so many equal parts.
    """

    alone: int
    level: int
    ways: int
    parts: int


# ------------------------------------------------------------------------------------------------- one weight at a time


def one_weight(ranking: Ranking, criterion: int, above: int, below: int) -> Flip | None:
    """At which weight of a criterion two options change places, the others keeping their proportions.

    Parameters
    ----------
    ranking
        The ranking; `ranking.possible` holds.
    criterion
        Position of a criterion that counts.
    above, below
        Positions of the options. Where they are level now, the flip is told that puts `below` ahead, with a level at
        the weight of now.

    Returns
    -------
    Flip or None
        None where no weight of this criterion exchanges them.
    """
    mass = ranking.mass
    lead = _lead(ranking, above, below)
    at_none, at_all = (_dot(lead, along(ranking, criterion, end)) for end in (Fraction(0), mass))
    for more, end in ((True, at_all), (False, at_none)):
        if end >= 0:
            continue
        level = _zero(at_none, at_all) * mass
        start = along(ranking, criterion, level)
        goal = along(ranking, criterion, mass if more else Fraction(0))
        return Flip(
            criterion,
            above,
            below,
            level,
            more,
            trial(start, goal, _passed(ranking, criterion, level, more, above, below)),
        )
    return None


def _passed(
    ranking: Ranking, criterion: int, level: Fraction, more: bool, above: int, below: int
) -> Callable[[Weights], bool]:
    """Whether weights lie beyond a level and exchange two options."""
    exchanged = _passes(ranking, below, (above,))
    return lambda weights: ((weights[criterion] > level) == more) and weights[criterion] != level and exchanged(weights)


def _zero(start: Fraction, end: Fraction) -> Fraction:
    """Where a straight line from `start` at 0 to `end` at 1 is zero."""
    return start / (start - end)


def along(ranking: Ranking, criterion: int, weight: Fraction) -> Weights:
    """The weights with one of them set, the others that count keeping their proportions.

    Where all the weight lies on that criterion the others have no proportions, and share alike what it gives away.
    """
    now, mass = ranking.weights[criterion], ranking.mass
    others = [c for c in ranking.counted if c != criterion]
    made = list(ranking.weights)
    made[criterion] = weight
    for c in others:
        share = ranking.weights[c] / (mass - now) if now < mass else Fraction(1, len(others))
        made[c] = (mass - weight) * share
    if not others:
        made[criterion] = mass
    return tuple(made)


def first_flips(ranking: Ranking, criterion: int) -> tuple[Flip, ...]:
    """The nearest weights of a criterion, upwards and downwards, at which the first place is lost."""
    first = ranking.order[0]
    flips = [flip for other in ranking.order[1:] if (flip := one_weight(ranking, criterion, first, other))]
    upwards = [flip for flip in flips if flip.more]
    downwards = [flip for flip in flips if not flip.more]
    # of two at the same weight that of the option that is further ahead now: `flips` are in the order of the ranking
    nearest = [
        min(upwards, key=lambda flip: flip.level, default=None),
        max(downwards, key=lambda flip: flip.level, default=None),
    ]
    return tuple(flip for flip in nearest if flip is not None)


# ------------------------------------------------------------------------------------------------------ all weights


def least_change(ranking: Ranking, option: int, against: Sequence[int]) -> Change:
    """The smallest change of all weights with which an option is ahead of others.

    Minimises sum(up + down) over up, down >= 0 with w + up - down >= 0, sum(up) = sum(down), and
    (marks of the option - marks of the other) · (w + up - down) >= 0 for each other; strictly ahead it is beyond that
    point, on the way to weights with which it leads (they are there unless no weights do it).
    """
    others = tuple(j for j in against if j != option)
    behind = tuple(j for j in others if all(lead <= 0 for lead in _lead(ranking, option, j)))
    leads = [_of_counted(ranking, _lead(ranking, option, j)) for j in others]
    goal = _ahead(leads)
    if goal is None:
        return Change(option, others, None, None, behind)
    now = _of_counted(ranking, ranking.weights)
    n, one, zero = len(now), Fraction(1), Fraction(0)
    keep = [*(one for _ in now), *(-one for _ in now)]
    rows = [keep, [-value for value in keep]]
    rows += [[zero] * (n + c) + [one] + [zero] * (n - c - 1) for c in range(n)]
    rows += [[-value for value in lead] + list(lead) for lead in leads]
    limits = [zero, zero, *now, *(sum((a * w for a, w in zip(lead, now, strict=True)), zero) for lead in leads)]
    found = least([one] * (2 * n), rows, limits)
    if found is None:  # there are such weights, so there is a nearest
        message = "no weights were found that are known to be there"
        raise ValueError(message)
    start = _all(ranking, [w + up - down for w, up, down in zip(now, found[:n], found[n:], strict=True)])
    end = _all(ranking, [ranking.mass * value / sum(goal) for value in goal])
    done = trial(start, end, _passes(ranking, option, others))
    return Change(option, others, sum(found, zero), done, behind)


def _ahead(leads: Sequence[Sequence[Fraction]]) -> Weights | None:
    """Some weights with which every lead is above zero, not yet summing to anything; None where there are none."""
    n = len(leads[0])
    rows = [[-value for value in lead] for lead in leads]
    return least([Fraction(1)] * n, rows, [Fraction(-1)] * len(rows))


# -------------------------------------------------------------------------------------------------- plain decimals


def trial(start: Weights, goal: Weights, passed: Callable[[Weights], bool]) -> Weights:
    """Weights in as few decimals of a percentage as will do, just beyond `start` on the way to `goal`.

    Parameters
    ----------
    start
        Weights at which two options are level; they sum to 1.
    goal
        Weights with which they are exchanged; they sum to 1.
    passed
        Whether weights exchange them.
    """
    for decimals in range(1, MOST_DECIMALS + 1):
        # A step of a tenth of the way more: where a hundredth is lost in the rounding, it is in that of all decimals.
        for step in (decimals + 1, decimals):
            weights = _in_decimals(_between(start, goal, Fraction(1, 10**step)), decimals)
            if passed(weights):
                return weights
    return _between(start, goal, Fraction(1, 10**MOST_DECIMALS))


def _between(start: Weights, goal: Weights, part: Fraction) -> Weights:
    return tuple(a + part * (b - a) for a, b in zip(start, goal, strict=True))


def _in_decimals(weights: Weights, decimals: int) -> Weights:
    """Weights in so many decimals of a percentage that sum to 1 as before: those cut off most are rounded up."""
    unit = Fraction(1, 100 * 10**decimals)
    made = [unit * (weight // unit) for weight in weights]
    over = int((1 - sum(made, Fraction(0))) / unit)
    for c in sorted(range(len(made)), key=lambda c: (made[c] - weights[c], c))[:over]:
        made[c] += unit
    return tuple(made)


# -------------------------------------------------------------------------------------------------- all ways of sharing


def shares_of_first(ranking: Ranking) -> tuple[FirstShare, ...]:
    """For every option, in how many of all ways of sharing out the weight it comes first; counted exactly."""
    n = len(ranking.counted)
    parts = STEPS.get(n, STEPS_ELSE)
    ways = _ways(n, parts)
    totals = ways @ _whole(ranking, parts).T
    best = totals.max(axis=1)
    first = totals == best[:, None]
    alone = first.sum(axis=1) == 1
    return tuple(
        FirstShare(int((first[:, i] & alone).sum()), int((first[:, i] & ~alone).sum()), len(ways), parts)
        for i in range(len(ranking.options))
    )


def _ways(n: int, parts: int) -> np.ndarray:
    """All ways of sharing out whole parts among criteria, shape (number, n)."""
    chosen = list(combinations(range(parts + n - 1), n - 1))
    bars = np.array(chosen, dtype=np.int64).reshape(len(chosen), n - 1)
    edge = np.ones((len(bars), 1), dtype=np.int64)
    return np.diff(np.hstack([-edge, bars, (parts + n - 1) * edge]), axis=1) - 1


def _whole(ranking: Ranking, parts: int) -> np.ndarray:
    """The marks as whole numbers, in Python's own where 64 bits do not hold their sums."""
    scale = lcm(*(mark.denominator for line in ranking.table for mark in line))
    lines = [[int(mark * scale) for mark in line] for line in ranking.table]
    largest = max(abs(value) for line in lines for value in line)
    return np.array(lines, dtype=np.int64 if largest * parts < 2**62 else object)


# -------------------------------------------------------------------------------------------------------------- small


def _lead(ranking: Ranking, above: int, below: int) -> Weights:
    """Marks of one option less those of another, one a criterion; 0 where the criterion is left out."""
    made = [Fraction(0)] * len(ranking.criteria)
    for at, c in enumerate(ranking.counted):
        made[c] = ranking.table[above][at] - ranking.table[below][at]
    return tuple(made)


def _dot(lead: Sequence[Fraction], weights: Sequence[Fraction]) -> Fraction:
    return weighted([lead], weights)[0]


def _passes(ranking: Ranking, option: int, against: Sequence[int]) -> Callable[[Weights], bool]:
    """Whether weights put an option ahead of all of `against`."""
    leads = [_lead(ranking, option, j) for j in against]
    return lambda weights: min(weights) >= 0 and all(_dot(lead, weights) > 0 for lead in leads)


def _of_counted(ranking: Ranking, values: Sequence[Fraction]) -> Weights:
    return tuple(values[c] for c in ranking.counted)


def _all(ranking: Ranking, values: Sequence[Fraction]) -> Weights:
    """Weights of the criteria that count, with those of the others as they are."""
    made = list(ranking.weights)
    for c, value in zip(ranking.counted, values, strict=True):
        made[c] = value
    return tuple(made)
