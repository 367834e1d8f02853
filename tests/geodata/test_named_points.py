"""Pharmacies and settlements: read in every form, located, and told of where they cannot be."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.geometry import Point, box

from geodata.errors import Finding, InputProblems
from geodata.load import load_place
from geodata.place import BRITISH_NATIONAL_GRID, Place
from tests.geodata.test_load import case

PHARMACIES = "name,x,y\nQuay Pharmacy,376010,87010\n<b>Mill,371010,91010\n"
BOTH = pytest.mark.parametrize("table", ["pharmacies", "settlements"])


def named(place: Place, table: str) -> list[tuple[str, float, float]]:
    frame = getattr(place, table)
    assert str(frame.crs) == BRITISH_NATIONAL_GRID
    return [(name, round(point.x), round(point.y)) for name, point in zip(frame["name"], frame.geometry, strict=True)]


def problems(folder: Path) -> list[Finding]:
    with pytest.raises(InputProblems) as caught:
        load_place(folder)
    return [finding for finding in caught.value.findings if finding.severity == "error"]


def only(place: Place, code: str) -> Finding:
    (told,) = [finding for finding in place.findings if finding.code == code]
    return told


@BOTH
def test_names_and_points_sorted_with_their_source(tmp_path: Path, table: str) -> None:
    place = load_place(case(tmp_path, **{table: PHARMACIES}))
    assert named(place, table) == [("<b>Mill", 371010, 91010), ("Quay Pharmacy", 376010, 87010)]
    assert [(s.file, s.rows) for s in place.sources if s.table == table] == [(f"{table}.csv", 2)]


def test_without_the_tables_nothing_is_there(tmp_path: Path) -> None:
    place = load_place(case(tmp_path))
    assert (place.pharmacies, place.settlements, place.housing, place.projections) == (None, None, None, None)


def test_the_names_of_published_columns_are_known(tmp_path: Path) -> None:
    one = "PHARMACY_TRADING_NAME,POST_CODE\nQuay,dt1 1aa\n"
    two = "NAME1,GEOMETRY_X,GEOMETRY_Y\nQuay,376010,87010\n"
    codes = "postcode,easting,northing\nDT1 1AA,376010,87010\n"
    place = load_place(case(tmp_path, pharmacies=one, settlements=two, postcodes=codes))
    assert named(place, "pharmacies") == named(place, "settlements") == [("Quay", 376010, 87010)]


def test_a_layer_of_outlines_in_degrees_gives_points_inside_them(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame({"BUA22NM": ["Quay"]}, geometry=[box(376000, 87000, 377000, 88000)], crs="EPSG:27700")
    frame.to_crs("EPSG:4326").to_file(tmp_path / "towns.gpkg")
    place = load_place(case(tmp_path, 'settlements = "towns.gpkg"\n'))
    assert place.settlements is not None
    assert place.settlements.geometry[0].distance(Point(376500, 87500)) < 100
    assert "1 settlements are drawn as outlines" in only(place, "outline-point").message


def test_the_rest_of_the_country_is_left_out_and_told_once(tmp_path: Path) -> None:
    far = "".join(f"London {number},{530000 + number},180000\n" for number in range(30))
    place = load_place(case(tmp_path, pharmacies=PHARMACIES + far))
    assert len(named(place, "pharmacies")) == 2
    told = only(place, "far-left-out")
    assert (told.severity, told.row, told.value) == ("note", 4, "London 0")
    assert "30 of 32 pharmacies" in told.message


def test_a_list_of_another_county_is_an_error(tmp_path: Path) -> None:
    (told,) = problems(case(tmp_path, pharmacies="name,x,y\nA,530000,180000\nB,530000,180000\n"))
    assert (told.code, told.row) == ("no-match", 2)


def test_places_of_no_known_postcode_are_left_out_and_told_once(tmp_path: Path) -> None:
    rows = "name,postcode,x,y\nQuay,,376010,87010\nMill,DT1 1AA,,\nOld,DT9 9ZZ,,\nGone,DT9 9ZY,,\n"
    codes = "postcode,easting,northing\nDT1 1AA,371010,91010\nDT9 9ZY,0,0\n"
    place = load_place(case(tmp_path, pharmacies=rows, postcodes=codes))
    assert [name for name, *_ in named(place, "pharmacies")] == ["Mill", "Quay"]
    told = only(place, "postcode-left-out")
    assert (told.severity, told.row, told.value) == ("warning", 4, "DT9 9ZZ")
    assert "2 of 4 pharmacies" in told.message


def test_without_a_table_of_postcodes_that_is_told_once(tmp_path: Path) -> None:
    rows = "name,postcode\n" + "".join(f"P{number},DT1 1A{number}\n" for number in range(9))
    (told,) = problems(case(tmp_path, pharmacies=rows))
    assert (told.code, told.row) == ("no-postcode-table", 2) and told.message.startswith("9 rows")


MISTAKES = {
    "swapped": ("name,x,y\nQuay,87010,376010\n", "swapped-coordinates", 2),
    "one of several swapped": (PHARMACIES + "Hall,91010,371010\n", "swapped-coordinates", 4),
    "minus lost": ("name,lon,lat\nQuay,2.34,50.68\nMill,-2.40,50.72\n", "lost-minus", 2),
    "degrees read as metres": ("name,x,y\nQuay,-2.34,50.68\nMill,-2.40,50.72\n", "wrong-crs", 2),
    "zero": (PHARMACIES + "Hall,0,0\n", "zero-location", 4),
    "half": (PHARMACIES + "Hall,371010,\n", "half-location", 4),
    "off the map": (PHARMACIES + "Hall,9371010,91010\n", "outside-britain", 4),
    "text": (PHARMACIES + "Hall,abc,91010\n", "not-a-number", 4),
    "nowhere": (PHARMACIES + "Hall,,\n", "no-location", 4),
    "no place at all": ("name,town\nQuay,Weymouth\n", "no-location", 1),
    "no name at all": ("id,x,y\n1,376010,87010\n", "missing-column", 1),
}


@BOTH
@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_with_file_row_and_fix(tmp_path: Path, table: str, mistake: str) -> None:
    text, code, row = MISTAKES[mistake]
    (told,) = problems(case(tmp_path, **{table: text}))
    assert (told.file, told.code, told.row) == (f"{table}.csv", code, row)
    assert told.fix


def test_all_mistakes_of_all_tables_are_told_in_one_go(tmp_path: Path) -> None:
    tables = {"pharmacies": MISTAKES["swapped"][0], "settlements": MISTAKES["zero"][0], "sites": "a,b\n1,2\n"}
    assert {f.file for f in problems(case(tmp_path, **tables))} == {f"{name}.csv" for name in tables}


def test_a_settlement_needs_its_name_a_pharmacy_does_not(tmp_path: Path) -> None:
    rows = PHARMACIES + ",371010,91020\n"
    assert named(load_place(case(tmp_path, pharmacies=rows)), "pharmacies")[0] == ("", 371010, 91020)
    (told,) = problems(case(tmp_path, settlements=rows))
    assert (told.code, told.row, told.column) == ("empty-value", 4, "name")


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(order=st.permutations(range(5)))
def test_the_order_of_rows_and_the_same_row_twice_do_not_matter(tmp_path: Path, order: list[int]) -> None:
    rows = ["A,376010,87010\n", "B,371010,91010\n", "A,376010,87010\n", "A,375010,87010\n", "Far,530000,180000\n"]
    text = "name,x,y\n" + "".join(rows[number] for number in order)
    place = load_place(case(tmp_path, pharmacies=text))
    assert named(place, "pharmacies") == [("A", 375010, 87010), ("A", 376010, 87010), ("B", 371010, 91010)]
