"""Ranking options by weighted marks, in exact fractions, with what is missing told as an interval and never as zero.

A mark that is missing for one option leaves its criterion out for all of them; the weights of the others are kept. What
the missing marks could do is told beside it: the total with every missing mark at the worst of the scale, and at the
best. Missing marks of two options have nothing to do with each other, so an option can stand anywhere between the rank
it has at its best with the others at their worst, and the reverse.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property


@dataclass(frozen=True)
class Mark:
    """What an option gets under a criterion.

    Parameters
    ----------
    value
        The mark; None where it is missing.
    low, high
        What it is at the least and at the most, with what is missing at worst and at best.
    """

    value: Fraction | None
    low: Fraction
    high: Fraction

    @classmethod
    def known(cls, value: Fraction) -> Mark:
        """A mark of which nothing is missing."""
        return cls(value, value, value)

    @property
    def sure(self) -> bool:
        """Whether nothing of it is missing."""
        return self.low == self.high


@dataclass(frozen=True)
class Ranking:
    """Options by their weighted marks.

    Parameters
    ----------
    options
        Their ids, in the order of the run.
    criteria
        Keys of the criteria.
    marks
        One line an option, one mark a criterion.
    weights
        One a criterion; shares that sum to 1.
    """

    options: tuple[str, ...]
    criteria: tuple[str, ...]
    marks: tuple[tuple[Mark, ...], ...]
    weights: tuple[Fraction, ...]

    @cached_property
    def counted(self) -> tuple[int, ...]:
        """Criteria with a mark for every option."""
        return tuple(c for c in range(len(self.criteria)) if all(line[c].value is not None for line in self.marks))

    @cached_property
    def left_out(self) -> tuple[int, ...]:
        """Criteria that are left out because a mark is missing."""
        return tuple(c for c in range(len(self.criteria)) if c not in self.counted)

    @cached_property
    def unsure(self) -> tuple[int, ...]:
        """Criteria with a weight under which something is missing."""
        return tuple(
            c for c in range(len(self.criteria)) if self.weights[c] and not all(line[c].sure for line in self.marks)
        )

    @cached_property
    def mass(self) -> Fraction:
        """The weight of all criteria that are counted, of 1."""
        return sum((self.weights[c] for c in self.counted), Fraction(0))

    @property
    def possible(self) -> bool:
        """Whether there is anything to rank by: several options, and a criterion with marks and a weight."""
        return len(self.options) > 1 and self.mass > 0

    @cached_property
    def table(self) -> tuple[tuple[Fraction, ...], ...]:
        """Marks of the criteria that are counted, one line an option."""
        told = [[line[c].value for c in self.counted] for line in self.marks]
        return tuple(tuple(value for value in line if value is not None) for line in told)

    @cached_property
    def totals(self) -> tuple[Fraction, ...]:
        """Weighted mean of the marks of each option, over the criteria that are counted.

        Raises
        ------
        ValueError
            There is nothing to rank by.
        """
        if not self.mass:
            message = "no criterion with a mark for every option has a weight"
            raise ValueError(message)
        shares = [self.weights[c] / self.mass for c in self.counted]
        return weighted(self.table, shares)

    @cached_property
    def ranks(self) -> tuple[int, ...]:
        """Rank of each option; those level share the better one, as in sport."""
        return ranks_of(self.totals)

    @cached_property
    def order(self) -> tuple[int, ...]:
        """Options from the first to the last; those level in the order of the run."""
        return tuple(sorted(range(len(self.options)), key=lambda i: (self.ranks[i], i)))

    @cached_property
    def first(self) -> tuple[int, ...]:
        """The options that come first: several where they are level."""
        return tuple(i for i in self.order if self.ranks[i] == 1)

    @cached_property
    def lows(self) -> tuple[Fraction, ...]:
        """Total over all criteria with everything that is missing at the worst."""
        return weighted([[mark.low for mark in line] for line in self.marks], self.weights)

    @cached_property
    def highs(self) -> tuple[Fraction, ...]:
        """Total over all criteria with everything that is missing at the best."""
        return weighted([[mark.high for mark in line] for line in self.marks], self.weights)

    @cached_property
    def best_ranks(self) -> tuple[int, ...]:
        """Rank with what is missing at the best for the option and at the worst for the others."""
        return tuple(
            1 + sum(self.lows[j] > self.highs[i] for j in range(len(self.options)) if j != i)
            for i in range(len(self.options))
        )

    @cached_property
    def worst_ranks(self) -> tuple[int, ...]:
        """Rank with what is missing at the worst for the option and at the best for the others."""
        return tuple(
            1 + sum(self.highs[j] > self.lows[i] for j in range(len(self.options)) if j != i)
            for i in range(len(self.options))
        )

    def certain(self, option: int) -> bool:
        """Whether the rank of an option holds whatever the missing marks are."""
        return self.best_ranks[option] == self.worst_ranks[option] == self.ranks[option]

    def missing(self) -> tuple[tuple[int, tuple[int, ...]], ...]:
        """Criteria with a weight under which something is missing, and the options it is missing for."""
        return tuple((c, tuple(i for i, line in enumerate(self.marks) if not line[c].sure)) for c in self.unsure)


def weighted(table: Sequence[Sequence[Fraction]], weights: Sequence[Fraction]) -> tuple[Fraction, ...]:
    """Sum of weight times mark of each line."""
    return tuple(sum((w * mark for w, mark in zip(weights, line, strict=True)), Fraction(0)) for line in table)


def ranks_of(totals: Sequence[Fraction]) -> tuple[int, ...]:
    """Ranks of totals, the largest first; those level share the better rank."""
    return tuple(1 + sum(other > total for other in totals) for total in totals)
