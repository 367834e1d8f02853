"""A change of places that is claimed happens with those weights, and does not happen short of them."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from itertools import pairwise, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from grouping.scorecard.judged import Judged
from grouping.scorecard.ranking import Ranking
from grouping.scorecard.sensitivity import Weights, along, first_flips, least_change, one_weight, shares_of_first
from grouping.scorecard.words import beyond, mark
from tests.grouping.scorecard.cards import ranking


@st.composite
def rankings(draw: st.DrawFn) -> Ranking:
    """Two to four options under two to six criteria; some marks missing, some weights 0, ties likely."""
    options, criteria = draw(st.integers(2, 4)), draw(st.integers(2, 6))
    mark = st.one_of(st.integers(0, 10), st.integers(0, 10), st.integers(0, 10), st.none())
    line = st.lists(mark, min_size=criteria, max_size=criteria)
    lines = draw(st.lists(line, min_size=options, max_size=options))
    lines[0][0] = lines[0][0] or 3
    for each in lines:
        each[0] = 5 if each[0] is None else each[0]
    weights = draw(st.lists(st.integers(0, 5), min_size=criteria, max_size=criteria))
    weights[0] = weights[0] or 1
    return ranking(lines, weights)


def totals(made: Ranking, weights: Weights) -> tuple[Fraction, ...]:
    """Totals with other weights, as a planner who writes them into the table would get them."""
    whole = sum(weights, Fraction(0))
    return replace(made, weights=tuple(weight / whole for weight in weights)).totals


def moved(made: Ranking, weights: Weights) -> Fraction:
    """The sum of the changes of all weights."""
    return sum((abs(a - b) for a, b in zip(weights, made.weights, strict=True)), Fraction(0))


def test_a_worked_flip() -> None:
    # leads 6-4 under the first, 3-8 under the second; level where 2 t = 5 (1 - t): at 5/7
    made = ranking([[6, 3], [4, 8]], [3, 1])
    flip = one_weight(made, 0, 0, 1)
    assert (flip.level, flip.more) == (Fraction(5, 7), False)
    assert beyond(flip.level, more=False, limit=made.mass) == "below 71.4%"
    other = one_weight(made, 1, 0, 1)
    assert (other.level, other.more) == (Fraction(2, 7), True)
    assert beyond(other.level, more=True, limit=made.mass) == "above 28.6%"
    change = least_change(made, 1, (0,))
    assert change.distance == 2 * (Fraction(3, 4) - Fraction(5, 7))


def test_weights_to_try_have_few_decimals_where_the_others_have_many() -> None:
    """Level at 19/300 of the second criterion: the others repeat for ever, and rounding must not eat the lead."""
    marks = [[6, 8, 7, Fraction(11, 2), 7, None], [6, 6, 7, Fraction(13, 2), 6, None]]
    made = ranking(marks, [25, 25, 15, 20, 10, 5])
    flip = one_weight(made, 1, 0, 1)
    assert (flip.level, flip.more) == (Fraction(19, 300), False)
    assert all((1_000 * weight).denominator == 1 for weight in flip.trial)
    after = totals(made, flip.trial)
    assert after[1] - after[0] > Fraction(1, 1_000)


@pytest.mark.parametrize(
    ("value", "scale", "told"),
    [("6.465", 10, "6.47"), ("6.125", 10, "6.13"), ("0.0625", 1, "0.063"), ("7", 10, "7.00")],
)
def test_halves_are_rounded_upwards(value: str, scale: int, told: str) -> None:
    assert mark(Fraction(value), Fraction(scale)) == told


def test_no_weight_changes_what_is_ahead_or_alike_everywhere() -> None:
    made = ranking([[6, 8, 5], [6, 5, 5]], [1, 1, 1])
    assert all(one_weight(made, c, 0, 1) is None for c in range(3))
    change = least_change(made, 1, (0,))
    assert change.distance is None
    assert change.behind == (0,)
    assert Judged("scores", made).nearest is None


def test_level_under_all_weights_but_one_is_never_exchanged() -> None:
    # without the second criterion they are level, with it the first leads: at 0 they are level, never exchanged
    made = ranking([[6, 8], [6, 5]], [1, 1])
    assert one_weight(made, 1, 0, 1) is None
    assert one_weight(made, 0, 0, 1) is None


def test_an_option_in_the_middle_never_comes_first() -> None:
    made = ranking([[10, 0], [0, 10], [4, 4]], [2, 1])
    change = least_change(made, 2, (0, 1))
    assert (change.distance, change.behind) == (None, ())  # behind neither everywhere, yet always behind one of them
    assert [one.alone for one in shares_of_first(made)] == [50, 50, 0]


def test_a_shared_first_place_is_told_as_such() -> None:
    made = ranking([[6, 4], [4, 6]], [1, 1])
    flip = one_weight(made, 0, 0, 1)
    assert (flip.level, flip.more) == (Fraction(1, 2), False)
    assert least_change(made, 1, (0,)).distance == 0
    assert len(Judged("scores", made).to_first) == 2


def test_the_others_share_alike_where_all_weight_lay_on_one() -> None:
    made = ranking([[6, 4, 0], [4, 6, 0]], [1, 0, 0])
    assert along(made, 0, Fraction(1, 2)) == (Fraction(1, 2), Fraction(1, 4), Fraction(1, 4))


@settings(max_examples=200, deadline=None)
@given(rankings())
def test_one_weight_flips_just_beyond_its_level_and_not_just_before(made: Ranking) -> None:
    order = made.order
    little = Fraction(1, 10**6)
    for above, below in pairwise(order):
        for c in made.counted:
            flip = one_weight(made, c, above, below)
            if flip is None:
                for weight in (Fraction(0), made.mass / 3, made.mass):  # the ends and between: never exchanged
                    found = totals(made, along(made, c, weight))
                    assert found[below] <= found[above]
                continue
            now, end = made.weights[c], made.mass if flip.more else Fraction(0)
            level = totals(made, along(made, c, flip.level))
            assert level[above] == level[below]
            past = totals(made, along(made, c, flip.level + little * (end - flip.level)))
            assert past[below] > past[above]
            short = totals(made, along(made, c, flip.level + little * (now - flip.level)))
            assert short[below] < short[above] or flip.level == now
            tried = totals(made, flip.trial)
            assert tried[below] > tried[above]
            assert sum(flip.trial) == 1
            assert min(flip.trial) >= 0


@settings(max_examples=200, deadline=None)
@given(rankings())
def test_the_printed_side_of_a_flip_is_true(made: Ranking) -> None:
    """ "Above 34.4%" holds for every weight above the figure that is printed."""
    first, second = made.order[:2]
    for c in made.counted:
        flip = one_weight(made, c, first, second)
        if flip is not None:
            side, figure = beyond(flip.level, more=flip.more, limit=made.mass).split()
            printed = Fraction(figure.removesuffix("%")) / 100
            assert side == ("above" if flip.more else "below")
            beyond_it = printed + (1 if flip.more else -1) * Fraction(1, 10**15)
            found = totals(made, along(made, c, beyond_it))
            assert found[second] > found[first]


@settings(max_examples=100, deadline=None)
@given(rankings())
def test_the_first_place_holds_between_the_flips_of_a_weight(made: Ranking) -> None:
    first = made.order[0]
    for c in made.counted:
        flips = {flip.more: flip.level for flip in first_flips(made, c)}
        low, high = flips.get(False, Fraction(0)), flips.get(True, made.mass)
        for part in range(5):
            found = totals(made, along(made, c, low + Fraction(part, 4) * (high - low)))
            assert found[first] == max(found)
        for flip in first_flips(made, c):
            tried = totals(made, flip.trial)
            assert tried[first] < max(tried)


@settings(max_examples=150, deadline=None)
@given(rankings())
def test_the_smallest_change_of_all_weights_is_that_of_highs_and_does_it(made: Ranking) -> None:
    for option in range(len(made.options)):
        others = tuple(j for j in range(len(made.options)) if j != option)
        change = least_change(made, option, others)
        if change.distance is None:
            for weights in corners_and_middle(made):
                found = totals(made, weights)
                assert any(found[j] >= found[option] for j in others)
            continue
        assert float(change.distance) == pytest.approx(least_by_highs(made, option, others), abs=1e-6)
        tried = totals(made, change.trial)
        assert all(tried[option] > tried[j] for j in others)
        if not made.left_out:
            assert moved(made, change.trial) >= change.distance


def corners_and_middle(made: Ranking) -> list[Weights]:
    """Weights all on one criterion that counts, and on two or three of them."""
    found = []
    for parts in product((0, 1, 2), repeat=len(made.counted)):
        if any(parts):
            weights = list(made.weights)
            for c, part in zip(made.counted, parts, strict=True):
                weights[c] = made.mass * Fraction(part, sum(parts))
            found.append(tuple(weights))
    return found


def least_by_highs(made: Ranking, option: int, others: tuple[int, ...]) -> float:
    """The same linear programme, in floating point."""
    now = np.array([float(made.weights[c]) for c in made.counted])
    table = np.array([[float(mark) for mark in line] for line in made.table])
    n = len(now)
    lead = np.array([table[option] - table[j] for j in others])
    found = linprog(
        np.ones(2 * n),
        A_ub=np.hstack([-lead, lead]),
        b_ub=lead @ now,
        A_eq=np.hstack([np.ones(n), -np.ones(n)])[None, :],
        b_eq=[0],
        bounds=[(0, None)] * n + [(0, weight) for weight in now],
        method="highs",
    )
    return float(found.fun)


@settings(max_examples=60, deadline=None)
@given(rankings())
def test_the_nearest_change_is_the_smallest_that_costs_the_first_place(made: Ranking) -> None:
    nearest = Judged("scores", made).nearest
    first = made.order[0]
    single = [flip for c in made.counted for flip in first_flips(made, c)]
    if nearest is None:
        assert single == []
        return
    assert all(nearest.distance <= 2 * abs(flip.level - made.weights[flip.criterion]) for flip in single)
    tried = totals(made, nearest.trial)
    assert tried[nearest.option] > tried[first]


def test_the_ways_of_sharing_out_are_counted_one_by_one() -> None:
    made = ranking([[10, 0, 3], [0, 10, 4], [4, 4, 5]], [1, 1, 1])
    found = shares_of_first(made)
    parts, alone, level, ways = found[0].parts, [0, 0, 0], [0, 0, 0], 0
    for a in range(parts + 1):
        for b in range(parts + 1 - a):
            ways += 1
            each = [a * line[0] + b * line[1] + (parts - a - b) * line[2] for line in made.table]
            first = [i for i in range(3) if each[i] == max(each)]
            for i in first:
                (alone if len(first) == 1 else level)[i] += 1
    assert [one.alone for one in found] == alone
    assert [one.level for one in found] == level
    assert found[0].ways == ways == 1326


def test_marks_too_fine_for_64_bits_are_counted_just_as_exactly() -> None:
    fine = Fraction(1, 3**50)
    made = ranking([["5", "5"], [str(5 + fine), "5"]], [1, 1])
    found = shares_of_first(made)
    assert [(one.alone, one.level) for one in found] == [(0, 1), (100, 1)]
