"""Orders tried one by one and places found by deferred acceptance, against brute force and by hand."""

from __future__ import annotations

import itertools
from collections import defaultdict
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grouping.verify.delivery.claims import fraction, same, wave_at
from grouping.verify.delivery.placing import DUST, Homes, placed
from grouping.verify.delivery.schedules import Order, Puzzle, broken, tried


def _puzzle(orders: tuple[Order, ...] = (), most: int | None = 1) -> Puzzle:
    """Groups of 10, 20 and 30 patients, all ready; two waves that want 30 and 60 patients."""
    patients = (10, 20, 30)
    return Puzzle(
        span=2,
        patients=patients,
        counts=(True, True, True),
        scaled=((0, 1, 2),) * 3,
        burden=((0, 0, 0),) * 3,
        later=tuple((0, n, 2 * n) for n in patients),
        targets=(30, 60),
        most_groups=(most, None),
        most_patients=(None, None),
        orders=orders,
        told=(1, 1, 0),
    )


def test_the_best_order_is_found() -> None:
    assert tried(_puzzle()).worth == (0, 0, 30)  # the group of 30 first, the others in the second wave
    assert tried(_puzzle()).orders == 27
    must = Order("first", (0,), (), -1, "the smallest first")
    assert tried(_puzzle((must,))).worth == (20, 0, 50)
    assert tried(_puzzle(most=3)).worth == (0, 0, 0)


@pytest.mark.parametrize(
    ("order", "kept"),
    [
        (Order("first", (0,), (), -1, ""), lambda s: s[0] == 0),
        (Order("not-before", (0, 1), (), 1, ""), lambda s: s[0] >= 1 and s[1] >= 1),
        (Order("not-after", (2,), (), 1, ""), lambda s: s[2] <= 1),
        (Order("together", (0, 2), (), -1, ""), lambda s: s[0] == s[2]),
        (Order("before", (0, 1), (2,), -1, ""), lambda s: s[2] == 3 or (s[0] < s[2] and s[1] < s[2])),
    ],
)
def test_rules_of_order_mean_what_they_say(order: Order, kept: object) -> None:
    starts = list(itertools.product(range(4), repeat=3))
    assert broken(order, np.array(starts), 3).tolist() == [not kept(one) for one in starts]


def _homes(near: dict, patients: dict, places: dict) -> Homes:
    homes = Homes(None)
    ways = {area: {code: minutes for minutes, code in row} for area, row in near.items()}
    homes.__dict__.update(near=near, patients=patients, places=places, minutes=ways)
    return homes


def test_the_nearer_patient_keeps_the_place() -> None:
    """Ten live 4 minutes from B, ten live 2 minutes from it; B has room for twelve, C, farther, for all."""
    near = {"far": [(4.0, "B"), (9.0, "C")], "near": [(2.0, "B"), (8.0, "C")]}
    moved = placed(_homes(near, {"A": {"far": 10.0, "near": 10.0}}, {"B": 12.0, "C": 99.0}), ("A",))
    assert {(one.area, one.to): one.patients for one in moved} == {
        ("near", "B"): 10.0,
        ("far", "B"): 2.0,
        ("far", "C"): 8.0,
    }


def test_who_finds_no_room_within_reach_is_told() -> None:
    moved = placed(_homes({"x": [(4.0, "B")]}, {"A": {"x": 10.0}}, {"B": 3.0}), ("A",))
    assert {one.to: one.patients for one in moved} == {"B": 3.0, "": 7.0}
    free = placed(_homes({"x": [(4.0, "B")]}, {"A": {"x": 10.0}}, {"B": 3.0}), ("A",), unlimited=True)
    assert {one.to: one.patients for one in free} == {"B": 10.0}


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_nobody_is_lost_and_no_two_would_rather_have_each_other(data: st.DataObject) -> None:
    codes, areas = ["A", "B", "C", "D"], ["e", "f", "g"]
    minute = st.integers(1, 6)
    ways = {area: {code: float(data.draw(minute)) for code in codes} for area in areas}
    near = {area: sorted((m, code) for code, m in row.items() if m <= 5) for area, row in ways.items()}
    failed = ("A", "B") if data.draw(st.booleans()) else ("A",)
    patients = {code: {area: float(data.draw(st.integers(0, 9))) for area in areas} for code in failed}
    places = {code: float(data.draw(st.integers(0, 12))) for code in codes}
    moved = placed(_homes(near, patients, places), failed)
    held: dict[str, float] = defaultdict(float)
    for one in moved:
        held[one.to] += one.patients
        assert one.to not in failed
        assert not one.to or ways[one.area][one.to] <= 5
    assert sum(held.values()) == pytest.approx(sum(sum(row.values()) for row in patients.values()))
    assert all(held[code] <= places[code] + DUST for code in codes)
    for one in moved:
        now = ways[one.area][one.to] if one.to else np.inf
        for minutes, code in near[one.area]:
            if minutes >= now or code in failed:
                continue
            farthest = max((ways[other.area][code] for other in moved if other.to == code), default=0.0)
            assert held[code] >= places[code] - DUST  # no room ...
            assert farthest <= minutes  # ... and nobody from farther away has a place there


def test_cells_are_compared_as_what_they_say() -> None:
    assert same(None, float("nan")) and same("", None) and not same(0, None)
    assert same(1.0, Fraction(1)) and not same("1", 2)
    assert fraction("£30,000.50") == Fraction(60001, 2)
    assert [wave_at(["2027/28", "2028/29"], text) for text in ("2028-29", " 2027 / 28", "2028/2029", "later")] == [
        1, 0, 1, None,
    ]  # fmt: skip
