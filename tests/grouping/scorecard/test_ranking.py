"""Totals, ranks, and what missing marks do to them."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from grouping.scorecard.ranking import Ranking, ranks_of, weighted
from tests.grouping.scorecard.cards import ranking

marks = st.one_of(st.integers(0, 10), st.none())


@st.composite
def rankings(draw: st.DrawFn) -> Ranking:
    """Two or three options under two or three criteria, some marks missing."""
    options, criteria = draw(st.integers(2, 3)), draw(st.integers(2, 3))
    lines = draw(st.lists(st.lists(marks, min_size=criteria, max_size=criteria), min_size=options, max_size=options))
    weights = draw(st.lists(st.integers(0, 4), min_size=criteria, max_size=criteria).filter(any))
    return ranking(lines, weights)


def test_totals_are_weighted_means() -> None:
    made = ranking([[6, 8], [7, 5]], [3, 1])
    assert made.totals == (Fraction(26, 4), Fraction(26, 4))
    assert made.ranks == (1, 1)
    assert made.first == (0, 1)
    assert ranking([[6, 8], [7, 5], [1, 1]], [1, 1]).ranks == (1, 2, 3)


def test_those_level_share_the_better_rank() -> None:
    assert ranks_of([Fraction(5), Fraction(7), Fraction(5), Fraction(1)]) == (2, 1, 2, 4)


def test_a_criterion_missing_for_one_option_is_left_out_for_all() -> None:
    made = ranking([[6, 8, 10], [7, 5, None]], [1, 1, 2])
    assert made.counted == (0, 1)
    assert made.left_out == (2,)
    assert made.totals == (Fraction(7), Fraction(6))  # not (8.5, 3): the missing mark is not 0
    assert made.lows == (Fraction(17, 2), Fraction(3))
    assert made.highs == (Fraction(17, 2), Fraction(8))
    assert made.certain(0)
    assert made.certain(1)  # even 10 would not be enough


def test_a_rank_is_not_certain_where_the_missing_mark_decides() -> None:
    made = ranking([[6, 8], [7, None]], [1, 1])
    assert made.ranks == (2, 1)
    assert (made.best_ranks[0], made.worst_ranks[0]) == (1, 2)
    assert not made.certain(0)
    assert not made.certain(1)
    assert made.missing() == ((1, (1,)),)


def test_a_missing_mark_without_weight_changes_nothing() -> None:
    made = ranking([[6, None], [7, 3]], [1, 0])
    assert made.ranks == (2, 1)
    assert made.certain(0)
    assert made.missing() == ()


def test_a_rank_among_the_criteria_that_count_may_differ_from_that_with_all() -> None:
    # the third option lacks the second criterion; without it the first leads, with it the second does
    made = ranking([[7, 1], [6, 10], [0, None]], [1, 1])
    assert made.ranks[0] == 1
    assert (made.best_ranks[0], made.worst_ranks[0]) == (2, 3)
    assert not made.certain(0)


def test_nothing_can_be_ranked_without_a_common_criterion_that_weighs() -> None:
    assert not ranking([[None, 5], [4, None]], [1, 1]).possible
    assert not ranking([[3, 5], [4, None]], [0, 1]).possible
    assert not ranking([[3, 5]], [1, 1]).possible


@settings(max_examples=150, deadline=None)
@given(rankings())
def test_the_ranks_it_can_have_are_those_of_all_fillings(made: Ranking) -> None:
    """Every missing mark at the worst or at the best, in all combinations: no rank lies outside, both ends occur."""
    holes = [(i, c) for i, line in enumerate(made.marks) for c, mark in enumerate(line) if mark.value is None]
    seen: list[tuple[int, ...]] = []
    for filling in product((Fraction(0), Fraction(10)), repeat=len(holes)):
        filled = dict(zip(holes, filling, strict=True))
        lines = [[filled.get((i, c), mark.value) for c, mark in enumerate(line)] for i, line in enumerate(made.marks)]
        seen.append(ranks_of(weighted(lines, made.weights)))
    for i in range(len(made.options)):
        assert min(ranks[i] for ranks in seen) == made.best_ranks[i]
        assert max(ranks[i] for ranks in seen) == made.worst_ranks[i]
