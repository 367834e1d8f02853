"""Lists by year, by hand and for any tables: what moves them, and that every person of the tables is accounted for."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grouping.growth import ListGrowth, growth_of
from grouping.growth.forecast import Case, forecast_of
from grouping.growth.lists import lists_of
from grouping.growth.sums import sums_table
from grouping.impact.growth import growth_factors
from grouping.programme.settings import GrowthSettings
from tests.grouping.growth.made_ground import NAN, case_of, ground, housing, place, projections

TO_COME = projections(("R1", 2035, 10_800.0), ("U1", 2035, 18_000.0))
"""A fifth more in R1 (patients: B 2,000, C 9,400), a tenth fewer in U1 (patients: A 18,000)."""


def table(made: ListGrowth, name: str) -> pd.DataFrame:
    return next(one.table for one in made.tables if one.name == f"growth-{name}")


def sums(made: ListGrowth, year: int) -> pd.Series:
    return table(made, "sums").set_index("year").loc[year]


# --- Projected residents -----------------------------------------------------------------------------------------


def test_practices_grow_with_the_residents_of_the_areas_their_patients_live_in() -> None:
    made = growth_of(ground(place(projections=TO_COME)))
    assert made.known
    assert made.years == tuple(range(2025, 2036))
    assert made.lists[2025].to_dict() == {"A": 20_000.0, "B": 12_000.0, "C": 10_000.0}
    assert made.lists[2035].to_dict() == pytest.approx({"A": 18_200.0, "B": 12_400.0, "C": 11_880.0})
    assert made.lists[2030].to_dict() == pytest.approx({"A": 19_100.0, "B": 12_200.0, "C": 10_940.0})
    assert made.lines[0] == (
        "Lists grow from 42,000 patients in 2025 to 42,480 in 2035 (+480, +1.1%), by projected residents."
    )


def test_between_projected_years_lists_follow_straight_lines() -> None:
    rows = projections(("R1", 2027, 9_900.0), ("R1", 2031, 9_000.0))
    made = growth_of(ground(place(projections=rows)))
    c = [10_000, 10_470, 10_940, 10_705, 10_470, 10_235, 10_000]  # 9,400 patients in R1: +10% by 2027, back by 2031
    assert made.lists.loc["C"].tolist() == pytest.approx(c)


def test_an_area_passes_over_a_year_without_a_row_and_stays_after_its_last() -> None:
    rows = projections(("R1", 2027, 9_900.0), ("U1", 2029, 24_000.0))
    made = growth_of(ground(place(projections=rows)))
    assert made.lists.loc["C"].tolist() == pytest.approx([10_000, 10_470, 10_940, 10_940, 10_940])
    assert made.lists.at["A", 2027] == pytest.approx(20_000 + 18_000 * 0.1)
    assert any("2 areas without a row in some projected year" in line for line in made.view.definitions)


def test_projections_that_reach_back_to_the_lists_are_their_own_start() -> None:
    rows = projections(("R1", 2023, 9_500.0), ("R1", 2027, 10_500.0), ("R1", 2029, 11_000.0))
    made = growth_of(ground(place(projections=rows)))
    assert made.years[0] == 2025
    assert made.lists.at["C", 2029] == pytest.approx(600 + 9_400 * 1.1)  # 11,000 on 10,000 of 2025, not on 9,000


def test_the_year_of_the_lists_is_said_else_that_of_the_practices_table_else_guessed() -> None:
    of = place(projections=TO_COME)
    assert growth_of(ground(of, base_year=2030)).years[0] == 2030
    assert growth_of(ground(of)).years[0] == 2025
    assert growth_of(ground(place(projections=TO_COME, vintage="invented"))).years == (2034, 2035)


def test_at_every_projected_year_the_factors_are_those_of_the_scenario() -> None:
    rows = projections(("R1", 2030, 9_900.0), ("U1", 2030, 19_000.0), ("R1", 2035, 9_100.0), ("U1", 2035, 17_000.0))
    at = ground(place(projections=rows))
    case = Case.of(at)
    forecast = forecast_of(case, GrowthSettings())
    for year in (2030, 2035):
        there = growth_factors(case.place, case.journeys, "projected", year=year)
        assert forecast.more[forecast.years.index(year)] + 1.0 == pytest.approx(there.factor)


# --- Planned homes -----------------------------------------------------------------------------------------------

HOMES = housing(
    ("Meadow End", 5_900.0, 0.5, 500.0, 2028.0),
    ("Quay", 0.0, 0.0, 100.0, NAN),
    ("Long built", 0.0, 0.0, 7.0, 2025.0),
    ("Mill", 0.0, 0.0, 50.0, 2030.0),
)


def test_homes_bring_people_from_their_year_on_and_without_a_year_in_the_last_only() -> None:
    made = growth_of(ground(place(housing=HOMES), persons_per_dwelling=2.0))
    assert made.years == (2025, 2026, 2027, 2028, 2029, 2030)
    total = made.lists.sum().tolist()
    assert total == pytest.approx([42_000, 42_000, 42_000, 43_000, 43_000, 43_300])
    # 1,000 people in R1: B has 2,000 of its 11,400 patients, C 9,400
    assert made.lists.at["B", 2028] == pytest.approx(12_000 + 1_000 * 2_000 / 11_400)
    assert made.lists.at["A", 2030] == pytest.approx(20_300)
    why = table(made, "homes").set_index("name")["why"]
    assert why["Meadow End"] == "counted from its year on"
    assert why["Quay"].startswith("counted in the last year only")
    assert why["Long built"].startswith("not counted: built")


def test_homes_in_projected_areas_are_not_added_unless_asked_for() -> None:
    of = place(projections=TO_COME, housing=HOMES.assign(x=[5_900.0, 1_000.0, 0.0, 0.0]))
    alone = growth_of(ground(of))
    # R1 and U1 are projected, U2 is not: only the 240 people of Quay there count
    assert alone.lists[2035].sum() == pytest.approx(42_480 + 240)
    assert sums(alone, 2035)["homes_held"] == pytest.approx(550 * 2.4)
    both, homes = (growth_of(ground(of, together=way)) for way in ("both", "housing"))
    assert both.lists[2035].sum() == pytest.approx(42_480 + 650 * 2.4)
    assert homes.years[-1] == 2030
    assert homes.lists[2030].sum() == pytest.approx(42_000 + 650 * 2.4)
    assert "counted twice" in both.lines[-1]
    ways = table(alone, "ways").set_index("way")["patients_more"]
    assert ways.to_dict() == pytest.approx({"projections": 720.0, "housing": 1_560.0, "both": 2_040.0})


def test_homes_over_the_border_or_where_nobody_is_registered_are_not_counted() -> None:
    far = housing(("Over", 1_000.0, 0.0, 50.0, 2030.0), ("Nobody", 9_000.0, 0.0, 10.0, 2030.0))
    of = place({"neighbour": [False, False, True, False]}, housing=far)
    of = replace(of, registrations=of.registrations[of.registrations["area_code"] != "X"])
    made = growth_of(ground(of))
    assert made.lists[2030].tolist() == made.lists[2025].tolist()
    assert sums(made, 2030)["homes_outside"] == pytest.approx(144.0)


# --- No houses, no change ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("together", ["projections", "housing", "both"])
def test_homes_without_dwellings_change_nothing_to_the_last_bit(together: str) -> None:
    of = place(projections=projections(("R1", 2035, 9_000.0), ("U1", 2035, 20_000.0)))
    empty = replace(of, housing=housing(("Nothing yet", 0.0, 0.0, 0.0, 2030.0), ("Unsaid", 1_000.0, 0.0, NAN, 2030.0)))
    made = growth_of(ground(empty, together=together, base_year=2025))
    for year in made.years:
        assert made.lists[year].tolist() == [20_000.0, 12_000.0, 10_000.0]


@settings(max_examples=40, deadline=None)
@given(st.floats(4_001, 5_999), st.floats(-0.9, 0.9), st.floats(0, 3_000))
def test_moving_a_house_within_its_area_changes_nothing(x: float, y: float, dwellings: float) -> None:
    lists = []
    for point in ((5_000.0, 0.0), (x, y)):
        case = case_of(place(housing=housing(("House", *point, dwellings, 2030.0))))
        lists.append(forecast_of(case, GrowthSettings()).lists)
    assert lists[0].equals(lists[1])


def test_without_tables_there_is_the_base_year_only() -> None:
    for of in (place(), place(projections=TO_COME.iloc[:0], housing=HOMES.iloc[:0])):
        made = growth_of(ground(of))
        assert not made.known
        assert made.years == (2025,)
        assert made.lists[2025].tolist() == [20_000.0, 12_000.0, 10_000.0]
        assert len(made.lines) == 2
        assert "tables.projections" in made.lines[1]


# --- Sums --------------------------------------------------------------------------------------------------------

AREAS = st.sampled_from(["R1", "U1", "U2", "X", "OUT"])
ROWS = st.dictionaries(st.tuples(AREAS, st.sampled_from([2023, 2025, 2027, 2030])), st.floats(0, 40_000), max_size=8)
PLACES = st.lists(
    st.tuples(st.floats(-3_000, 12_000), st.floats(0, 900), st.sampled_from([NAN, 2024.0, 2027.0, 2030.0, 2040.0])),
    max_size=5,
)


@settings(max_examples=60, deadline=None)
@given(ROWS, PLACES, st.sampled_from(["projections", "housing", "both"]), st.booleans())
def test_every_person_of_the_tables_is_accounted_for(rows: dict, homes: list, together: str, border: bool) -> None:
    of = place(
        {"neighbour": [False, False, border, False]},
        projections=projections(*((a, y, p) for (a, y), p in sorted(rows.items()))) if rows else None,
        housing=housing(*((f"P{k}", x, 0.0, n, y) for k, (x, n, y) in enumerate(homes))) if homes else None,
    )
    case = case_of(of)
    lists = lists_of(forecast_of(case, GrowthSettings(together=together)))
    table = sums_table(lists)
    people = 2.4 * sum(n for _, n, _ in homes)
    for row in table.fillna(0.0).to_dict("records"):
        assert row["homes_people"] == pytest.approx(people)
        parts = ("counted", "held", "outside", "built", "later", "no_later_year")
        assert sum(row[f"homes_{part}"] for part in parts) == pytest.approx(people, abs=1e-6)
        assert row["residents_more"] == pytest.approx(row["residents"] - row["residents_today"], abs=1e-6)
        assert row["patients_by_projection"] == pytest.approx(
            row["residents_more"]
            - row["residents_more_without_patients"]
            - row["residents_more_not_used"]
            + row["patients_are_not_residents"],
            abs=1e-5,
        )
        then = row["patients_today"] + row["patients_by_projection"] + row["homes_counted"]
        assert row["patients"] == pytest.approx(then, abs=1e-5)
        assert row["lists_whole"] == pytest.approx(row["patients"] + row["rounding"], abs=1e-6)
        year = int(row["year"])
        told = [p for (a, y), p in rows.items() if y == year and a != "OUT"]
        known = lists.forecast.residents
        if told and known is not None and len(told) == known.known.sum() and year > 2025 and not known.filled.any():
            assert row["residents"] == pytest.approx(sum(told))
    assert (lists.forecast.lists.to_numpy() >= -1e-6).all()


def test_patients_for_each_resident_make_the_difference_between_residents_and_patients() -> None:
    row = sums(growth_of(ground(place(projections=TO_COME))), 2035)
    assert row["residents_today"] == 29_000
    assert row["residents"] == 28_800
    assert row["residents_more"] == -200  # 1,800 more, 2,000 fewer
    # 11,400 patients of 9,000 residents: 480 more than the 1,800; 18,000 of 20,000: 200 fewer to lose
    assert row["patients_are_not_residents"] == pytest.approx(480 + 200)
    assert row["patients_by_projection"] == pytest.approx(480)
    assert row["patients_projected_areas"] == 29_400


def test_a_stated_growth_stands_beside_ours() -> None:
    of = place({"neighbour": [False, True, False, False]}, projections=TO_COME)
    made = growth_of(ground(of, stated_people=3_600, stated_by=2035))
    row = table(made, "stated").iloc[0]
    # U1 lies over the border: the stated growth does not speak of it
    assert (row["people"], row["difference"], row["share"]) == (1_800, -1_800, 0.5)
    assert row["patients"] == pytest.approx(480)
    assert any("50.0% of it" in line for line in made.view.stated)
    later = growth_of(ground(of, stated_people=3_600, stated_by=2040))
    assert table(later, "stated")["year"].item() == 2035
    assert any("do not speak of 2040" in line for line in later.view.stated)


# --- Ages --------------------------------------------------------------------------------------------------------


def test_patients_of_an_age_grow_with_the_residents_of_that_age() -> None:
    rows = projections(("R1", 2035, 9_000.0, 3_600.0), ("U1", 2035, 20_000.0, NAN), ages=("population_65_plus",))
    of = place({"population_65_plus": [1_800.0, 2_000.0, 1_200.0, 10.0]}, projections=rows)
    made = growth_of(ground(of))
    groups = table(made, "groups").set_index("group_id")
    # B and C: 20% of R1 (11,400), 10% of U2 (10,000) and X; those in R1 double, of OUT nothing is known
    now = 0.2 * 11_400 + 0.1 * 10_000 + 0.1 * 100
    assert groups.at["G02", "age_65_plus_today"] == pytest.approx(now)
    assert groups.at["G02", "age_65_plus_then"] == pytest.approx(now + 0.2 * 11_400)
    assert groups.at["G01", "age_65_plus_then"] == pytest.approx(groups.at["G01", "age_65_plus_today"])
    assert groups.at["G02", "list_2035"] == 22_000


def test_nobody_is_more_than_everybody() -> None:
    rows = projections(("R1", 2035, 9_000.0, 9_000.0), ages=("population_65_plus",))
    of = place({"population_65_plus": [1_000.0, 2_000.0, 1_200.0, 10.0]}, projections=rows)
    made = growth_of(ground(of))
    case = Case.of(ground(of))
    in_r1 = float(case.journeys.patients[np.array(case.journeys.area_codes)[case.journeys.area] == "R1"].sum())
    groups = table(made, "groups").set_index("group_id")
    assert groups.at["G02", "age_65_plus_then"] == pytest.approx(in_r1 + 1_000 + 10)
