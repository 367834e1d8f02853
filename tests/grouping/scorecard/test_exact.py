"""The exact linear programmes agree with HiGHS."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import linprog

from grouping.scorecard.exact import least

small = st.integers(-5, 5)


@st.composite
def programmes(draw: st.DrawFn) -> tuple[list[int], list[list[int]], list[int]]:
    """Costs of at least 0, so that a least value is there, and limits of either sign."""
    n, m = draw(st.integers(1, 4)), draw(st.integers(1, 6))
    cost = draw(st.lists(st.integers(0, 5), min_size=n, max_size=n))
    rows = draw(st.lists(st.lists(small, min_size=n, max_size=n), min_size=m, max_size=m))
    return cost, rows, draw(st.lists(small, min_size=m, max_size=m))


@settings(max_examples=300, deadline=None)
@given(programmes())
def test_the_least_cost_is_that_of_highs_and_the_limits_hold(programme: tuple) -> None:
    cost, rows, limits = programme
    found = least(
        [Fraction(c) for c in cost], [[Fraction(a) for a in row] for row in rows], [Fraction(b) for b in limits]
    )
    reference = linprog(cost, A_ub=np.array(rows), b_ub=np.array(limits), method="highs")
    assert (found is None) == (reference.status == 2)
    if found is not None:
        assert all(value >= 0 for value in found)
        assert all(
            sum(a * x for a, x in zip(row, found, strict=True)) <= b for row, b in zip(rows, limits, strict=True)
        )
        assert float(sum(c * x for c, x in zip(cost, found, strict=True))) == pytest.approx(reference.fun, abs=1e-7)


def test_a_worked_example() -> None:
    # least x + y with x + 2y >= 4 and 3x + y >= 6: x = 8/5, y = 6/5
    rows = [[Fraction(-1), Fraction(-2)], [Fraction(-3), Fraction(-1)]]
    assert least([Fraction(1)] * 2, rows, [Fraction(-4), Fraction(-6)]) == (Fraction(8, 5), Fraction(6, 5))


def test_a_cost_without_a_least_value_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="no least value"):
        least([Fraction(-1)], [[Fraction(-1)]], [Fraction(0)])
