"""More patients: projected residents and planned housing, by hand and for any inputs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point

from geodata.errors import InputProblems
from geodata.place import Place, SourceFile
from grouping.impact.growth import Growth, growth_factors
from grouping.journeys import Journeys
from tests.grouping.hand_worked import hand_worked_place, hand_worked_problem, hand_worked_times

AREAS = ("R1", "U1", "U2", "X")
"""Residents 9,000, 20,000, 12,000, 100; patients R1 11,400 (B, C), U1 18,000 (A), U2 12,000 (A, B), X 100, OUT 500."""

SOURCES = (
    SourceFile("projections", "people-to-come.csv", "0" * 64, 1),
    SourceFile("housing", "homes-to-come.csv", "0" * 64, 1),
)
NAN = float("nan")


def projections(*rows: tuple[str, int, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["area_code", "year", "population"])


def housing(*rows: tuple[str, float, float, float, float]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["name", "x", "y", "dwellings", "year"])


def place(areas: dict[str, list] | None = None, **tables: pd.DataFrame) -> Place:
    bare = hand_worked_place()
    return replace(bare, areas=bare.areas.assign(**(areas or {})), sources=SOURCES, **tables)


def journeys(of: Place) -> Journeys:
    return Journeys.of(of, hand_worked_times(), hand_worked_problem())


def grown(of: Place, kind: str, **more: object) -> Growth:
    return growth_factors(of, journeys(of), kind, **more)


def in_areas(of: Place, growth: Growth) -> dict[str, float]:
    """Patients added in each area where there are any."""
    rows = journeys(of)
    added = np.bincount(rows.area, rows.patients * (growth.factor - 1.0), minlength=len(rows.area_codes))
    return {code: round(float(n), 6) for code, n in zip(rows.area_codes, added, strict=True) if abs(n) > 1e-9}


# --- Projected residents -----------------------------------------------------------------------------------------


def test_patients_grow_as_the_residents_of_their_area() -> None:
    case = place(projections=projections(("U1", 2030, 1.0), ("R1", 2035, 10_800.0), ("U1", 2035, 18_000.0)))
    growth = grown(case, "projected")
    # R1: 10,800 of 9,000 residents, one fifth more of 11,400; U1: a tenth fewer of 18,000
    assert in_areas(case, growth) == {"R1": 2_280.0, "U1": -1_800.0}
    assert growth.people_added == pytest.approx(480)
    assert growth.sentence == (
        "Residents as projected for 2035: the patients of each area grow or shrink as its residents do, and who they "
        "are stays as it is. +480 patients on 42,000 (+1.1%). 3 areas have no projection; their 12,600 patients stay "
        "as today."
    )
    (missing,) = growth.findings
    assert (missing.severity, missing.code, missing.file) == ("note", "projection-missing", "people-to-come.csv")
    assert "OUT, U2, X" in missing.message


def test_a_year_can_be_asked_for() -> None:
    case = place(projections=projections(("R1", 2030, 9_900.0), ("R1", 2035, 10_800.0)))
    assert in_areas(case, grown(case, "projected", year=2030)) == {"R1": 1_140.0}
    with pytest.raises(InputProblems) as caught:
        grown(case, "projected", year=2031)
    (finding,) = caught.value.findings
    assert finding.code == "projection-year"
    assert "2030, 2035" in finding.message


def test_an_area_without_residents_today_has_no_factor() -> None:
    case = place(
        {"population": [0.0, NAN, 12_000.0, 100.0]}, projections=projections(("R1", 2035, 5.0), ("U1", 2035, 5.0))
    )
    growth = grown(case, "projected")
    assert in_areas(case, growth) == {}
    assert growth.people_added == 0
    assert "+0 patients on 42,000 (+0.0%)" in growth.sentence


def test_an_unlikely_projection_is_told() -> None:
    growth = grown(place(projections=projections(("R1", 2035, 90_000.0))), "projected")
    (odd,) = (finding for finding in growth.findings if finding.severity == "warning")
    assert odd.code == "projection-factor"
    assert "R1" in odd.message


# --- Planned housing ---------------------------------------------------------------------------------------------


def test_new_homes_bring_patients_to_the_area_that_holds_them() -> None:
    case = place(housing=housing(("Meadow End", 5_900.0, 0.5, 500.0, 2030.0), ("Quay", 0.0, 0.0, 1_000.0, NAN)))
    growth = grown(case, "housing")
    # 500 x 2.4 = 1,200 on 11,400 in R1; 1,000 x 2.4 = 2,400 on 18,000 in U1
    assert in_areas(case, growth) == {"R1": 1_200.0, "U1": 2_400.0}
    assert growth.people_added == 3_600.0
    rows = journeys(case)
    in_r1 = growth.factor[np.array(rows.area_codes)[rows.area] == "R1"]
    assert in_r1 == pytest.approx([1 + 1_200 / 11_400] * 2)  # B and C alike: in proportion to their patients
    assert growth.sentence == (
        "Planned housing: 1,500 homes at 2 places with 2.4 people each (average household size, Census 2021, England "
        "and Wales) give 3,600 more patients. All of them register with the practices of the area, in proportion to "
        "their patients there, and who they are is as in the area today."
    )
    assert growth.findings == ()


def test_people_in_each_home_can_be_set() -> None:
    growth = grown(place(housing=housing(("Quay", 0.0, 0.0, 1_000.0, NAN))), "housing", persons_per_dwelling=2.0)
    assert growth.people_added == 2_000.0
    assert "Census" not in growth.sentence


def test_homes_outside_every_polygon_go_to_the_nearest_area() -> None:
    case = place(housing=housing(("Far field", 5_000.0, 900.0, 10.0, NAN)))
    assert in_areas(case, grown(case, "housing")) == {"R1": 24.0}


def test_homes_on_the_point_of_an_area_belong_to_it() -> None:
    case = place({"x": [5_000.0, 0.0, 300.0, 9_000.0]}, housing=housing(("By code", 300.0, 0.0, 10.0, NAN)))
    assert in_areas(case, grown(case, "housing")) == {"U2": 24.0}  # though the point of U2 lies in the polygon of U1


def test_areas_of_points_take_the_nearest() -> None:
    case = place(housing=housing(("Between", 3_500.0, 0.0, 10.0, NAN)))
    assert in_areas(case, grown(case, "housing")) == {"U2": 24.0}  # inside the polygon of U2
    points = replace(case, areas=case.areas.set_geometry([Point(x, 0) for x in case.areas["x"]], crs=case.areas.crs))
    assert in_areas(points, grown(points, "housing")) == {"R1": 24.0}  # 1,500 m from R1, 2,500 m from U2


def test_homes_can_name_their_area() -> None:
    table = housing(("Quay", 0.0, 0.0, 10.0, NAN), ("Meadow End", NAN, NAN, 20.0, NAN)).assign(area_code=["", "R1"])
    case = place(housing=table)
    assert in_areas(case, grown(case, "housing")) == {"U1": 24.0, "R1": 48.0}


def test_homes_of_a_later_year_are_left_out() -> None:
    rows = ("Soon", 0.0, 0.0, 10.0, 2028.0), ("Late", 0.0, 0.0, 100.0, 2040.0), ("Some day", 0.0, 0.0, 5.0, NAN)
    growth = grown(place(housing=housing(*rows)), "housing", year=2030)
    assert growth.people_added == 36.0
    assert "up to 2030" in growth.sentence


def test_homes_where_nobody_is_registered_are_told_and_not_counted() -> None:
    case = place({"neighbour": [False, False, True, False]}, housing=housing(
        ("Over the border", 1_000.0, 0.0, 50.0, NAN), ("", 9_000.0, 0.0, 10.0, NAN), ("Quay", 0.0, 0.0, 5.0, NAN)
    ))  # fmt: skip
    without_x = replace(case, registrations=case.registrations[case.registrations["area_code"] != "X"])
    growth = grown(without_x, "housing")
    assert in_areas(without_x, growth) == {"U1": 12.0}
    assert growth.people_added == 12.0
    assert "2 places with 60 homes in areas without a registered patient or over the border" in growth.sentence
    (told,) = growth.findings
    assert (told.code, told.file) == ("housing-not-counted", "homes-to-come.csv")
    assert "Over the border, a place without a name" in told.message


def test_homes_where_few_are_registered_are_counted_and_told() -> None:
    case = place({"population": [50_000.0, 20_000.0, 12_000.0, 100.0]}, housing=housing(("A", 5e3, 0.0, 5.0, NAN)))
    growth = grown(case, "housing")
    assert growth.people_added == 12.0
    assert [finding.code for finding in growth.findings] == ["housing-few-patients"]


@pytest.mark.parametrize("kind", ["projected", "housing"])
def test_without_the_table_there_is_no_scenario(kind: str) -> None:
    with pytest.raises(InputProblems, match="There is no table of"):
        grown(place(), kind)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(-3_000, 12_000), st.floats(-5, 5), st.one_of(st.just(NAN), st.floats(0, 5_000))),
        min_size=1,
        max_size=8,
    ),
    st.floats(0.5, 5),
)
def test_every_new_patient_arrives_once(rows: list[tuple[float, float, float]], persons: float) -> None:
    case = place(housing=housing(*((f"Place {k}", x, y, homes, NAN) for k, (x, y, homes) in enumerate(rows))))
    growth = grown(case, "housing", persons_per_dwelling=persons)
    # every area of the case has patients, so nothing is left out
    expected = float(np.nansum([homes for *_, homes in rows])) * persons
    assert growth.people_added == pytest.approx(expected)
    assert sum(in_areas(case, growth).values()) == pytest.approx(expected, abs=1e-4)
    assert (growth.factor >= 1).all()
    assert growth.findings == ()


@settings(max_examples=40, deadline=None)
@given(st.dictionaries(st.sampled_from([*AREAS, "OUT", "else"]), st.floats(0, 50_000), min_size=1))
def test_projected_patients_add_up(table: dict[str, float]) -> None:
    case = place(projections=projections(*((code, 2035, people) for code, people in sorted(table.items()))))
    growth, rows = grown(case, "projected"), journeys(case)
    assert (rows.patients * growth.factor).sum() == pytest.approx(42_000 + growth.people_added)
    codes = np.array(rows.area_codes)[rows.area]
    for code, factor in zip(codes, growth.factor, strict=True):
        residents = case.areas["population"].get(code)
        assert factor == pytest.approx(table[code] / residents if code in table and residents else 1.0)
