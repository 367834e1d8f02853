"""The two rankings, each with what would change it: by the planner's scores, and by what the inputs measure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import pairwise
from typing import Literal

from grouping.scorecard.measured import MarkedCriterion
from grouping.scorecard.names import FULL
from grouping.scorecard.ranking import Mark, Ranking
from grouping.scorecard.said import BEST, WORST, Score, Weights
from grouping.scorecard.sensitivity import (
    Change,
    FirstShare,
    Flip,
    first_flips,
    least_change,
    one_weight,
    shares_of_first,
)

Basis = Literal["scores", "figures"]

BASES: dict[Basis, str] = {"scores": "the planner’s scores", "figures": "what the inputs measure"}
"""What a ranking goes by."""


@dataclass(frozen=True)
class Pair:
    """Two options that follow each other: what each weight does to them, and all weights together."""

    above: int
    below: int
    flips: Mapping[int, Flip | None]
    change: Change


@dataclass(frozen=True)
class Judged:
    """A ranking and what would change it.

    Parameters
    ----------
    basis
        What it goes by.
    ranking
        The ranking. Everything else is only there where `ranking.possible`.
    """

    basis: Basis
    ranking: Ranking

    @property
    def words(self) -> str:
        """What it goes by."""
        return BASES[self.basis]

    @property
    def scale(self) -> Fraction:
        """The best mark there is."""
        return BEST if self.basis == "scores" else Fraction(1)

    @cached_property
    def first(self) -> dict[int, tuple[Flip, ...]]:
        """For each criterion that counts, the weights of it at which the first place is lost."""
        return {c: first_flips(self.ranking, c) for c in self.ranking.counted}

    @cached_property
    def pairs(self) -> tuple[Pair, ...]:
        """Neighbours in the ranking, from the first to the last."""
        order = self.ranking.order
        return tuple(self._pair(above, below) for above, below in pairwise(order))

    def _pair(self, above: int, below: int) -> Pair:
        flips = {c: one_weight(self.ranking, c, above, below) for c in self.ranking.counted}
        return Pair(above, below, flips, least_change(self.ranking, below, (above,)))

    @cached_property
    def to_first(self) -> tuple[Change, ...]:
        """For each option that does not come first alone: the smallest change of weights with which it does."""
        everybody = range(len(self.ranking.options))
        alone = self.ranking.first if len(self.ranking.first) == 1 else ()
        return tuple(least_change(self.ranking, i, everybody) for i in self.ranking.order if i not in alone)

    @cached_property
    def nearest(self) -> Change | None:
        """The smallest change of weights with which the first place goes to another option; None where none does it."""
        first = self.ranking.order[0]
        found = [least_change(self.ranking, other, (first,)) for other in self.ranking.order[1:]]
        done = [(change.distance, at) for at, change in enumerate(found) if change.distance is not None]
        return found[min(done)[1]] if done else None

    @cached_property
    def shares(self) -> tuple[FirstShare, ...]:
        """In how many of all ways of sharing out the weight each option comes first."""
        return shares_of_first(self.ranking)


def judged_by_scores(options: Sequence[str], scores: Sequence[Score], weights: Weights) -> Judged | None:
    """The ranking by the planner's scores; None where there are none or nothing to rank."""
    if not scores or len(options) < 2:
        return None
    marks = tuple(tuple(_mean_mark(scores, option, key) for key in FULL) for option in options)
    return Judged("scores", Ranking(tuple(options), tuple(FULL), marks, weights.shares))


def _mean_mark(scores: Sequence[Score], option: str, criterion: str) -> Mark:
    given = given_scores(scores, option, criterion)
    return Mark.known(mean(given)) if given else Mark(None, WORST, BEST)


def given_scores(scores: Sequence[Score], option: str, criterion: str) -> list[Fraction]:
    """The scores of an option under a criterion."""
    return [one.score for one in scores if (one.option, one.criterion) == (option, criterion)]


def mean(values: Sequence[Fraction]) -> Fraction:
    """The mean, as a fraction."""
    return sum(values, Fraction(0)) / len(values)


def judged_by_figures(options: Sequence[str], criteria: Sequence[MarkedCriterion], weights: Weights) -> Judged | None:
    """The ranking by what the inputs measure; None where there is nothing to rank."""
    if len(options) < 2:
        return None
    marks = tuple(tuple(one.marks[i] for one in criteria) for i in range(len(options)))
    return Judged("figures", Ranking(tuple(options), tuple(one.key for one in criteria), marks, weights.shares))
