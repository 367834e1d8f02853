"""Figures of one journey, worked out by hand and against plain loops."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grouping.impact.measures import (
    APART_COLUMNS,
    CHANGE_COLUMNS,
    LONGER,
    MEASURES,
    WITHIN,
    measure,
    weighted_quantiles,
)
from grouping.impact.trips import Trip

NAN = math.nan


def trip(
    after: list[float],
    before: list[float] | None = None,
    counted: list[bool] | None = None,
    apart: list[bool] | None = None,
) -> Trip:
    rows = len(after)
    return Trip(
        "hub",
        "car",
        np.array(after),
        None if before is None else np.array(before),
        np.ones(rows, dtype=bool) if counted is None else np.array(counted),
        np.zeros(rows, dtype=bool) if apart is None else np.array(apart),
    )


def one(journey: Trip, people: list[float], threshold: float = 30.0) -> dict[str, float]:
    figures = measure(journey, np.array(people)[:, None], threshold)
    assert tuple(figures) == MEASURES
    return {name: float(value[0]) for name, value in figures.items()}


def test_the_level_by_hand() -> None:
    # 100 people 8 minutes away, 50 at 12, 30 at 31, 20 without a route
    figures = one(trip([8.0, 12.0, 31.0, NAN]), [100, 50, 30, 20])
    assert figures["people"] == 200
    assert figures["no_route"] == 20
    # (100 x 8 + 50 x 12 + 30 x 31) / 180 = (800 + 600 + 930) / 180
    assert figures["mean"] == pytest.approx(2330 / 180)
    # half of 180 is 90: the first 100 people reach it; 90% is 162: 100 + 50 = 150 do not, 180 do
    assert (figures["median"], figures["p90"], figures["longest"]) == (8, 31, 31)
    # of all 200 people: 100 within 10, 150 within 15, 20 and 30, 180 within 45
    assert [figures[f"within_{m}"] for m in WITHIN] == [0.5, 0.75, 0.75, 0.75, 0.9]
    assert figures["beyond"] == 30
    assert all(math.isnan(figures[name]) for name in (*CHANGE_COLUMNS, *APART_COLUMNS[1:]))
    assert figures["kept_no_site"] == 0


def test_the_change_by_hand() -> None:
    before = [10.0, 20.0, 28.0, 35.0, NAN, 9.0, 12.0]
    after = [15.0, 26.0, 31.0, 29.0, 7.0, NAN, 33.0]
    people = [100, 40, 30, 20, 10, 5, 1]
    figures = one(trip(after, before), people)
    # both known: the first four and the last, 191 people
    assert figures["people_compared"] == 191
    # 100 x 5 + 40 x 6 + 30 x 3 - 20 x 6 + 1 x 21 = 500 + 240 + 90 - 120 + 21
    assert figures["change_in_patient_minutes"] == pytest.approx(731)
    assert figures["mean_change"] == pytest.approx(731 / 191)
    # more than 5 minutes: the 40 and the 1; exactly 5 is not more than 5
    assert [figures[f"longer_{m}"] for m in LONGER] == [41, 1, 1, 1]
    assert figures["shorter_5"] == 20
    assert figures["newly_beyond"] == 31  # 28 -> 31, and 12 -> 33
    assert figures["no_longer_beyond"] == 20
    assert (figures["lost_route"], figures["gained_route"]) == (5, 10)
    assert figures["mean_after"] - figures["mean_before"] == pytest.approx(figures["mean_change"])
    # before, of the 191: half is 95.5, reached by the 1 at 12? 100 people stand at 10
    assert figures["median_before"] == 10


def test_patients_of_a_practice_that_keeps_no_site_have_figures_of_their_own() -> None:
    # apart: 40 people 10 -> 16, 30 people 20 -> 25 (no more than 5), 20 lose their route, 7 gain one
    before = [10.0, 10.0, 20.0, 12.0, NAN, 29.0]
    after = [12.0, 16.0, 25.0, NAN, 9.0, 40.0]
    figures = one(trip(after, before, apart=[False, True, True, True, True, True]), [100, 40, 30, 20, 7, 2])
    assert (figures["people"], figures["no_route"], figures["longest"]) == (199, 20, 40)
    # the level is that of all: (1,200 + 640 + 750 + 63 + 80) / 179
    assert figures["mean"] == pytest.approx(2_733 / 179)
    assert figures["beyond"] == 2
    # the change is that of the 100 alone
    assert (figures["people_compared"], figures["mean_before"], figures["mean_after"]) == (100, 10, 12)
    assert (figures["mean_change"], figures["change_in_patient_minutes"]) == (2, 200)
    assert (figures["lost_route"], figures["gained_route"]) == (20, 7)  # counted with all others
    nobody = ("newly_beyond", "shorter_5", *(f"longer_{limit}" for limit in LONGER))
    assert all(figures[name] == 0 for name in nobody)
    # apart: 40, 30 and 2 people have both journeys: 400 + 600 + 58 before, 640 + 750 + 80 after
    assert figures["kept_no_site"] == 99
    assert figures["kept_no_site_before"] == pytest.approx(1_058 / 72)
    assert figures["kept_no_site_after"] == pytest.approx(1_470 / 72)
    assert figures["kept_no_site_longer_5"] == 42


def test_rows_that_the_plan_leaves_out_count_nowhere() -> None:
    figures = one(trip([8.0, 99.0], [8.0, 1.0], [True, False]), [10, 1000])
    assert (figures["people"], figures["longest"], figures["people_compared"]) == (10, 8, 10)


def test_nobody_has_no_mean() -> None:
    figures = one(trip([8.0, NAN]), [0, 7])
    assert (figures["people"], figures["no_route"]) == (7, 7)
    assert all(math.isnan(figures[name]) for name in ("mean", "median", "p90", "longest"))
    assert figures["within_45"] == 0
    assert math.isnan(one(trip([8.0]), [0])["within_10"])


minutes = st.one_of(st.just(NAN), st.integers(0, 60).map(float))
rows = st.lists(st.tuples(minutes, minutes, st.integers(0, 50).map(float)), min_size=1, max_size=12)


@given(rows)
def test_every_figure_equals_a_plain_loop_over_single_people(table: list[tuple[float, float, float]]) -> None:
    before, after, people = ([row[k] for row in table] for k in range(3))
    figures = one(trip(after, before), people)
    everybody = [(b, a) for b, a, n in table for _ in range(int(n))]
    timed = sorted(a for _, a in everybody if not math.isnan(a))
    both = [(b, a) for b, a in everybody if not math.isnan(a) and not math.isnan(b)]
    assert figures["people"] == len(everybody)
    assert figures["no_route"] == len(everybody) - len(timed)
    if timed:
        assert figures["mean"] == pytest.approx(sum(timed) / len(timed))
        assert figures["median"] == timed[math.ceil(len(timed) * 0.5) - 1]
        assert figures["p90"] == timed[math.ceil(len(timed) * 0.9 - 1e-9) - 1]
        assert figures["longest"] == timed[-1]
    for limit in WITHIN:
        if everybody:
            assert figures[f"within_{limit}"] == pytest.approx(sum(m <= limit for m in timed) / len(everybody))
    for limit in LONGER:
        assert figures[f"longer_{limit}"] == sum(a - b > limit for b, a in both)
    assert figures["newly_beyond"] == sum(b <= 30 < a for b, a in both)
    assert figures["no_longer_beyond"] == sum(a <= 30 < b for b, a in both)
    assert figures["change_in_patient_minutes"] == pytest.approx(sum(a - b for b, a in both))
    # nobody is lost: compared, lost, gained, and without a route before and after
    never = sum(math.isnan(a) and math.isnan(b) for b, a in everybody)
    parts = figures["people_compared"] + figures["lost_route"] + figures["gained_route"] + never
    assert parts == pytest.approx(figures["people"])


people = st.one_of(st.just(0.0), st.floats(0.001, 100))


@given(st.lists(st.tuples(minutes, people), min_size=1, max_size=20), st.floats(0.01, 1.0))
def test_a_quantile_reaches_its_share_and_no_smaller_one_does(table: list[tuple[float, float]], share: float) -> None:
    at, people = np.array([m for m, _ in table]), np.array([p for _, p in table])
    found = float(weighted_quantiles(at, people[:, None], (share,))[0, 0])
    known = ~np.isnan(at)
    total = people[known].sum()
    if total == 0:
        assert math.isnan(found)
        return
    assert people[known & (at <= found)].sum() >= share * total * (1 - 1e-9)
    assert people[known & (at < found)].sum() < share * total * (1 + 1e-9)
