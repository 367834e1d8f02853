"""Planned homes and projected residents: read, placed, and told of where they do not fit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from geodata.errors import Finding, InputProblems
from geodata.load import load_place
from geodata.place import Place
from tests.geodata.test_load import case

HOMES = "name,area_code,dwellings,year,x,y\nQuay Field,,120,2030,376010,87010\n,e1,30,,,\n"
PROJECTIONS = "area_code,year,population\nE2,2035,3300\nE1,2030,4100\nE1,2035,4200\nE2,2030,3100\n"


def problems(folder: Path) -> list[Finding]:
    with pytest.raises(InputProblems) as caught:
        load_place(folder)
    return [finding for finding in caught.value.findings if finding.severity == "error"]


def only(place: Place, code: str) -> Finding:
    (told,) = [finding for finding in place.findings if finding.code == code]
    return told


# --- Planned homes -----------------------------------------------------------------------------------------------


def test_homes_stand_at_their_place_or_at_the_point_of_their_area(tmp_path: Path) -> None:
    place = load_place(case(tmp_path, housing=HOMES))
    assert place.housing is not None
    assert list(place.housing.columns) == ["name", "x", "y", "dwellings", "year"]
    assert place.housing.fillna(-1).to_numpy().tolist() == [
        ["", 371500, 91500, 30, -1],  # the point of E1
        ["Quay Field", 376010, 87010, 120, 2030],
    ]
    assert [(s.file, s.rows) for s in place.sources if s.table == "housing"] == [("housing.csv", 2)]


def test_area_codes_alone_or_a_place_alone_are_enough(tmp_path: Path) -> None:
    place = load_place(case(tmp_path, housing="LSOA21CD,Homes\nE2,7\n"))
    assert place.housing is not None
    assert place.housing[["x", "y", "dwellings"]].to_numpy().tolist() == [[376000, 88000, 7]]
    place = load_place(case(tmp_path, housing="dwellings,lon,lat\n7,-2.34,50.68\n"))
    assert place.housing is not None and place.housing["dwellings"].sum() == 7


def test_an_own_place_counts_before_the_area_and_the_area_before_a_lost_postcode(tmp_path: Path) -> None:
    rows = "area_code,dwellings,x,y,postcode\nE1,1,376010,87010,\nE1,2,,,DT1 1AA\nE1,3,,,DT9 9ZZ\nNO,4,,,DT1 1AA\n"
    codes = "postcode,easting,northing\nDT1 1AA,372000,92000\n"
    place = load_place(case(tmp_path, housing=rows, postcodes=codes))
    assert place.housing is not None
    at = dict(zip(place.housing["dwellings"], place.housing["x"], strict=True))
    assert at == {1: 376010, 2: 372000, 3: 371500, 4: 372000}


def test_homes_of_other_areas_and_far_away_are_left_out_with_their_number(tmp_path: Path) -> None:
    place = load_place(case(tmp_path, housing=HOMES + "Else,E9,1200,,,\nLondon,,55,,530000,180000\n"))
    assert place.housing is not None and place.housing["dwellings"].sum() == 150
    other, far = only(place, "homes-not-in-case"), only(place, "far-left-out")
    assert (other.severity, other.row, other.value) == ("warning", 4, "E9") and "1,200 planned homes" in other.message
    assert (far.severity, far.row) == ("note", 5) and "with 55 planned homes" in far.message


def test_no_area_of_the_case_is_an_error(tmp_path: Path) -> None:
    (told,) = problems(case(tmp_path, housing="area_code,dwellings\nE8,1\nE9,2\n"))
    assert (told.code, told.file, told.row, told.column) == ("no-match", "housing.csv", 2, "area_code")


@pytest.mark.parametrize(
    ("row", "code", "column"),
    [
        ("A,E1,-5,2030,,", "negative", "dwellings"),
        ("A,E1,,2030,,", "empty-value", "dwellings"),
        ("A,E1,many,2030,,", "not-a-number", "dwellings"),
        ("A,E1,5,20300,,", "out-of-range", "year"),
        ("A,E1,5,soon,,", "not-a-number", "year"),
        ("A,,5,2030,,", "no-location", "x"),
        ("A,,5,2030,376010,", "half-location", "y"),
        ("A,,5,2030,87010,376010", "swapped-coordinates", "x"),
    ],
)
def test_a_wrong_row_of_homes_is_told(tmp_path: Path, row: str, code: str, column: str) -> None:
    (told,) = problems(case(tmp_path, housing=HOMES + row + "\n"))
    assert (told.file, told.row, told.column, told.code) == ("housing.csv", 4, column, code)
    assert told.fix


@pytest.mark.parametrize(
    ("text", "code"), [("name,dwellings\nA,3\n", "no-location"), ("name,x,y\nA,1,2\n", "missing-column")]
)
def test_a_table_of_homes_needs_a_place_and_a_number(tmp_path: Path, text: str, code: str) -> None:
    assert code in {f.code for f in problems(case(tmp_path, housing=text))}


# --- Projections -------------------------------------------------------------------------------------------------


def test_projections_are_sorted_by_area_and_year(tmp_path: Path) -> None:
    place = load_place(case(tmp_path, projections=PROJECTIONS))
    assert place.projections is not None
    assert place.projections["year"].dtype == np.int64
    assert list(place.projections.itertuples(index=False, name=None)) == [
        ("E1", 2030, 4100),
        ("E1", 2035, 4200),
        ("E2", 2030, 3100),
        ("E2", 2035, 3300),
    ]
    assert not {f.code for f in place.findings} & {"without-projection", "unlikely-growth", "projections-outside-case"}


def test_other_areas_are_left_out_and_gaps_are_told_by_year(tmp_path: Path) -> None:
    text = PROJECTIONS.replace("E2,2030,3100\n", "E9,2030,5\n")
    place = load_place(case(tmp_path, projections=text))
    assert place.projections is not None and len(place.projections) == 3
    assert only(place, "projections-outside-case").severity == "note"
    told = only(place, "without-projection")
    assert (told.severity, told.value) == (
        "warning",
        "E2",
    ) and "1 of 2 areas have no projection for 2030" in told.message


def test_figures_in_thousands_are_warned_of(tmp_path: Path) -> None:
    place = load_place(case(tmp_path, projections="area_code,year,population\nE1,2030,4.1\nE2,2030,3.1\n"))
    assert only(place, "unlikely-growth").column == "population"


@pytest.mark.parametrize(
    ("row", "code", "column"),
    [
        ("E1,2030,4100", "duplicate-code", "area_code"),
        ("E1,,4100", "empty-value", "year"),
        ("E1,2040.5,4100", "not-whole", "year"),
        ("E1,3030,4100", "out-of-range", "year"),
        ("E1,2040,-1", "negative", "population"),
        ("E1,2040,*", "not-a-number", "population"),
        (",2040,1", "empty-value", "area_code"),
    ],
)
def test_a_wrong_row_of_projections_is_told(tmp_path: Path, row: str, code: str, column: str) -> None:
    (told,) = problems(case(tmp_path, projections=PROJECTIONS + row + "\n"))
    assert (told.file, told.row, told.column, told.code) == ("projections.csv", 6, column, code)


def test_a_column_for_each_year_and_other_areas_are_errors(tmp_path: Path) -> None:
    told = problems(case(tmp_path, projections="area_code,2030,2035\nE1,1,2\n"))
    assert {f.code for f in told} == {"missing-column"} and all("rows" in f.fix for f in told)
    (one,) = problems(case(tmp_path, projections="area_code,year,population\nE8,2030,1\n"))
    assert (one.code, one.column) == ("no-match", "area_code")
