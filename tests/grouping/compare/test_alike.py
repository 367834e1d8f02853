"""How alike plans are: worked out by hand, and what must hold for any two plans."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grouping.compare.alike import companions_kept, how_alike, same_companions, same_in_all
from grouping.compare.comparison import companions
from grouping.plan import Plan
from tests.grouping.compare.made_comparison import comparison_of

CODES = tuple("PQRSTU")
PATIENTS = {"P": 10.0, "Q": 20.0, "R": 30.0}


def _partition(*groups: str) -> dict[str, frozenset[str]]:
    return {code: frozenset(group) for group in groups for code in group}


def test_counted_by_hand() -> None:
    together, apart = _partition("PQR"), _partition("PQ", "R")
    # every practice of PQR loses a companion or all of them
    assert same_companions(together, apart, PATIENTS) == 0
    # P: 20 of 50 patients; Q: 10 of 40; R: none of 30
    assert companions_kept(together, apart, PATIENTS) == pytest.approx((10 * 0.4 + 20 * 0.25 + 30 * 0.0) / 60)
    assert same_companions(_partition("PQ", "R"), _partition("P", "Q", "R"), PATIENTS) == 30


def test_options_of_the_made_up_run() -> None:
    comparison = comparison_of()
    first, _, _ = how_alike(comparison)
    # options 1 and 2 share the groups {5}, {8, 9, 10} and {11, 12}; the last two have another hub
    assert first.same == 62_300 + (8_900 + 7_350 + 6_100) + (5_900 + 4_750)
    assert first.same_share == pytest.approx(95_300 / 166_500)
    assert first.other_hub == 2
    assert same_in_all(comparison) == 62_300


@st.composite
def _plans(draw: st.DrawFn) -> tuple[dict[str, frozenset[str]], dict[str, frozenset[str]], dict[str, float]]:
    def partition() -> dict[str, frozenset[str]]:
        label = {code: draw(st.integers(0, 3)) for code in CODES}
        return {code: frozenset(c for c in CODES if label[c] == label[code]) for code in CODES}

    patients = {code: float(draw(st.integers(1, 50_000))) for code in CODES}
    return partition(), partition(), patients


@given(_plans())
def test_symmetric_and_never_more_than_all(
    made: tuple[dict[str, frozenset[str]], dict[str, frozenset[str]], dict[str, float]],
) -> None:
    one, other, patients = made
    total = sum(patients.values())
    assert same_companions(one, other, patients) == same_companions(other, one, patients)
    assert companions_kept(one, other, patients) == pytest.approx(companions_kept(other, one, patients))
    # who has the same companions keeps all of them
    assert same_companions(one, other, patients) / total <= companions_kept(one, other, patients) + 1e-12
    assert companions_kept(one, other, patients) <= 1 + 1e-12
    assert (companions_kept(one, other, patients) > 1 - 1e-12) == (one == other)
    assert companions_kept(one, one, patients) == pytest.approx(1) and same_companions(one, one, patients) == total


def test_only_the_practices_asked_for_are_companions() -> None:
    plan = Plan.from_groups([(("P", "Q", "X"), "P"), (("R",), "R")])
    assert companions(plan, ("P", "Q", "R")) == _partition("PQ", "R")
