"""Points inside areas: read from tables of many kinds, checked against their areas, and used in the minutes."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geodata.errors import Finding, InputProblems
from geodata.load import load_place
from geodata.place import Place
from geodata.straight_line import straight_line_times
from geodata.tables import blocks
from tests.geodata.test_load import case, told
from tests.real_cases import write_dorset_2016_case, write_isle_of_wight_case

POINTS = "area_code,x,y,weight\nE2,376100,88000,100\nE1,371000,91500,300\nE1,373000,91500,100\nE2,375900,88000,100\n"
BOXES = {"E1": (370_000, 90_000, 374_000, 93_000), "E2": (374_000, 86_000, 378_000, 90_000)}


def points_of(place: Place) -> list[tuple[str, float, float, float]]:
    assert place.area_points is not None
    return list(place.area_points.itertuples(index=False, name=None))


def problems(folder: Path) -> list[Finding]:
    with pytest.raises(InputProblems) as caught:
        load_place(folder)
    return [finding for finding in caught.value.findings if finding.severity == "error"]


def found(place: Place, code: str) -> Finding:
    return next(finding for finding in place.findings if finding.code == code)


def test_points_are_sorted_and_weighted(tmp_path: Path) -> None:
    place = load_place(case(tmp_path, area_points=POINTS))
    assert points_of(place) == [
        ("E1", 371_000.0, 91_500.0, 300.0),
        ("E1", 373_000.0, 91_500.0, 100.0),
        ("E2", 375_900.0, 88_000.0, 100.0),
        ("E2", 376_100.0, 88_000.0, 100.0),
    ]
    assert list(place.area_points.columns) == ["area_code", "x", "y", "weight"]
    assert {source.table: source.rows for source in place.sources}["area_points"] == 4


def test_without_the_table_nothing_is_there(tmp_path: Path) -> None:
    place = load_place(case(tmp_path))
    assert place.area_points is None
    assert not {code for code in told(place) if "point" in code}


def test_the_order_of_the_rows_does_not_matter(tmp_path: Path) -> None:
    head, *rows = POINTS.splitlines(keepends=True)
    first = load_place(case(tmp_path, area_points=POINTS))
    again = load_place(case(tmp_path, area_points=head + "".join(reversed(rows))))
    pd.testing.assert_frame_equal(first.area_points, again.area_points)


def test_straight_line_minutes_are_the_weighted_mean(tmp_path: Path) -> None:
    """By hand: the minutes of each point are those of an area with that point."""
    place = load_place(case(tmp_path, area_points=POINTS))
    times = straight_line_times(place)
    alone = []
    for x in (371_000.0, 373_000.0):
        areas = place.areas.copy()
        areas.loc["E1", "x"] = x
        alone.append(straight_line_times(replace(place, areas=areas, area_points=None)).area_to_site[0])
    sites = slice(0, 3)  # the fourth lies between the areas: a moved area makes it urban
    assert times.area_to_site[0, sites] == pytest.approx(0.75 * alone[0][sites] + 0.25 * alone[1][sites])
    single = straight_line_times(replace(place, area_points=None))
    assert (times.between_sites == single.between_sites).all()
    assert "4 points stand for the homes of 2 areas (areas with several: 2)" in times.method.sentence
    assert "weighted mean" not in single.method.sentence


def test_areas_in_blocks_give_the_same_minutes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = load_place(case(tmp_path, area_points=POINTS))
    whole = straight_line_times(place)
    monkeypatch.setattr("geodata.straight_line.AREAS_AT_ONCE", 1)
    assert (straight_line_times(place).area_to_site == whole.area_to_site).all()


def test_longitude_and_latitude_postcodes_and_shapes_are_placed(tmp_path: Path) -> None:
    expected = load_place(case(tmp_path, area_points=POINTS)).area_points
    shapes = gpd.GeoSeries(shapely.points([[376_100, 88_000], [371_000, 91_500], [373_000, 91_500], [375_900, 88_000]]))
    frame = gpd.GeoDataFrame(
        {"lsoa21cd": ["E2", "E1", "E1", "E2"], "pop": [100, 300, 100, 100]}, geometry=shapes, crs="EPSG:27700"
    )
    frame.to_file(tmp_path / "layer.gpkg", layer="points")
    in_degrees = frame.to_crs("EPSG:4326")
    text = pd.DataFrame({"LSOA21CD": frame["lsoa21cd"], "Long": in_degrees.geometry.x, "Lat": in_degrees.geometry.y})
    text["Households"] = frame["pop"]
    text.to_csv(tmp_path / "degrees.csv", index=False)
    postcodes = "pcds,lsoa21cd,persons\nDT1 1AA,E2,100\ndt1 1ab,E1,300\nDT11AC,E1,100\nDT1 1AD,E2,100\n"
    (tmp_path / "by_postcode.csv").write_text(postcodes, encoding="utf-8")
    directory = "postcode,easting,northing\nDT11AA,376100,88000\nDT11AB,371000,91500\nDT1 1AC,373000,91500\n"
    directory += "DT1  1AD,375900,88000\nDT11AZ,1,2\n"
    for extra, files in (
        ('area_points = "layer.gpkg"\n', {}),
        ('area_points = "degrees.csv"\n', {}),
        ('area_points = "by_postcode.csv"\n', {"postcodes": directory}),
    ):
        place = load_place(case(tmp_path, extra, **files))
        assert list(place.area_points["area_code"]) == list(expected["area_code"]), extra
        assert np.allclose(place.area_points[["x", "y"]], expected[["x", "y"]], atol=0.01), extra
        assert list(place.area_points["weight"]) == list(expected["weight"]), extra


def test_files_by_output_area_are_joined(tmp_path: Path) -> None:
    """As published: a look-up of output areas, their population-weighted centroids, and their population."""
    lookup = "OA21CD,LSOA21CD\nO1,E1\nO2,E1\nO3,E2\nO9,W9\n"
    (tmp_path / "centroids.csv").write_text(
        "OBJECTID,OA21CD,x,y\n1,O9,1,1\n2,O1,371000,91500\n3,O2,373000,91500\n4,O3,376000,88000\n", encoding="utf-8"
    )
    (tmp_path / "people.csv").write_text("OA21CD,Population\nO1,300\nO2,100\nO3,250\n", encoding="utf-8")
    (tmp_path / "lookup.csv").write_text(lookup, encoding="utf-8")
    extra = '[[tables.area_points]]\nfile = "lookup.csv"\n[[tables.area_points]]\nfile = "centroids.csv"\njoin = true\n'
    extra += '[[tables.area_points]]\nfile = "people.csv"\njoin = true\n'
    place = load_place(case(tmp_path, extra))
    assert points_of(place) == [
        ("E1", 371_000.0, 91_500.0, 300.0),
        ("E1", 373_000.0, 91_500.0, 100.0),
        ("E2", 376_000.0, 88_000.0, 250.0),
    ]
    outside = found(place, "points-outside-case")
    assert (outside.severity, outside.row, outside.column, outside.value) == ("note", 5, "LSOA21CD", "W9")


def test_points_without_weight_count_alike_and_are_told(tmp_path: Path) -> None:
    place = load_place(case(tmp_path, area_points="area_code,x,y\nE1,371000,91500\nE2,376000,88000\n"))
    assert list(place.area_points["weight"]) == [1.0, 1.0]
    alike = found(place, "points-alike")
    assert (alike.severity, alike.file, alike.column) == ("note", "area_points.csv", "weight")


def test_rows_of_nobody_are_left_out_and_counted(tmp_path: Path) -> None:
    rows = "E1,371000,91500,0\nE1,371000,91500,5\nE2,376000,88000,\nE7,376000,88000,4\n"
    place = load_place(case(tmp_path, area_points="area_code,x,y,weight\n" + rows))
    assert points_of(place) == [("E1", 371_000.0, 91_500.0, 5.0)]
    assert found(place, "points-of-nobody").row == 2
    empty = found(place, "points-without-weight")
    assert (empty.severity, empty.row, empty.message[:18]) == ("warning", 4, "1 point has no wei")
    without = found(place, "areas-without-points")
    assert (without.severity, without.value) == ("note", "E2")
    assert without.message == "1 of 2 areas has no point in this table and uses its own point: E2."
    assert "1 point in 1 area not of this case" in found(place, "points-outside-case").message


@pytest.mark.parametrize(("lost", "severity"), [(2, "note"), (3, "warning")])
def test_more_than_half_of_the_points_without_a_place_are_a_warning(tmp_path: Path, lost: int, severity: str) -> None:
    text = "area_code,x,y\nE1,371000,91500\nE2,376000,88000\n" + "E1,,\n" * lost
    finding = found(load_place(case(tmp_path, area_points=text)), "points-not-placed")
    assert (finding.severity, finding.row, finding.column) == (severity, 4, "x")
    assert finding.message.startswith(f"{lost} of {lost + 2} points have no place")


def test_an_area_without_points_keeps_its_own(tmp_path: Path) -> None:
    place = load_place(case(tmp_path, area_points="area_code,x,y,weight\nE1,371000,91500,9\nE1,371200,91500,1\n"))
    times = straight_line_times(place).area_to_site
    own = straight_line_times(replace(place, area_points=None)).area_to_site
    assert (times[1] == own[1]).all()
    assert (times[0] != own[0]).any()


@pytest.mark.parametrize(
    ("text", "code", "row", "column", "value", "words"),
    [
        ("area_code,x,y,weight\nE1,371000,91500,-3\n", "negative", 2, "weight", "-3", "Correct the number"),
        ("area_code,x,y,pop\nE1,371000,91500,*\n", "not-a-number", 2, "pop", "*", "suppressed"),
        ("area_code,x,y,weight\nE1,371000,91500,\nE2,376000,88000,\n", "empty-value", 2, "weight", "", "count alike"),
        ("area_code,x,y,weight\n,371000,91500,3\n", "empty-value", 2, "area_code", "", "delete the row"),
        ("code2,x,y\nE1,371000,91500\n", "missing-column", 1, "area_code", "code2", "area_points = {"),
        ("area_code,weight\nE1,3\n", "no-location", 1, None, None, "postcode"),
        ("area_code,x,y\nE1,-2.4,50.7\nE2,-2.3,50.6\n", "wrong-crs", 2, "x", "-2.4, 50.7", 'crs = "EPSG:4326"'),
        ("area_code,lon,lat\nE1,371000,91500\n", "wrong-crs", 2, "lon", "371000, 91500", "name the columns x and y"),
        ("area_code,lon,lat\nE1,50.72,-2.41\n", "swapped-coordinates", 2, "lon", "50.72, -2.41", "Exchange"),
        ("area_code,x,y\nE1,91500,371000\n", "swapped-coordinates", 2, "x", "91500, 371000", "Exchange"),
        ("area_code,x,y\nE1,376000,88000\nE2,571500,91500\nE1,600000,88000\n", "points-elsewhere", 3, "x",
         "571500, 91500", "area_code holds the area"),
        ("area_code,x,y\nW1,371000,91500\n", "no-match", 2, "area_code", "W1", "same year"),
        ("area_code,postcode\nE1,DT1 1AA\n", "no-postcode-table", 2, "postcode", "DT1 1AA", "Code-Point"),
        ("area_code,x,y\nE1,0,0\n", "no-location", 2, "x", "0", "filled in"),
    ],
)  # fmt: skip
def test_mistakes_are_named(
    tmp_path: Path, text: str, code: str, row: int, column: str | None, value: str | None, words: str
) -> None:
    (finding,) = problems(case(tmp_path, area_points=text))
    assert (finding.code, finding.file, finding.row, finding.column, finding.value) == (
        code, "area_points.csv", row, column, value,
    )  # fmt: skip
    assert words in finding.fix


def test_a_postcode_table_that_cannot_be_read_is_the_only_mistake(tmp_path: Path) -> None:
    folder = case(tmp_path, area_points="area_code,postcode\nE1,DT1 1AA\n", postcodes="")
    assert [(finding.file, finding.code) for finding in problems(folder)] == [("postcodes.csv", "empty-file")]


def test_a_file_that_is_missing_is_told_once(tmp_path: Path) -> None:
    (finding,) = problems(case(tmp_path, 'area_points = "points.csv"\n'))
    assert (finding.code, finding.value) == ("missing-file", "points.csv")


def test_points_far_from_their_area_are_a_warning(tmp_path: Path) -> None:
    near = "area_code,x,y\nE1,371000,91500\nE1,371000,91600\nE1,371000,93500\nE2,376000,88000\n"
    by_point = load_place(case(tmp_path, area_points=near + "E2,386100,88000\n"))
    far = found(by_point, "point-far-from-area")
    assert (far.severity, far.row, far.value) == ("warning", 6, "386100, 88000")
    assert far.message == "The point lies 10 km from the point of area E2."
    assert len(by_point.area_points) == 5
    for x in (385_900, 386_000):
        assert "point-far-from-area" not in told(load_place(case(tmp_path, area_points=f"{near}E2,{x},88000\n")))
    frame = gpd.GeoDataFrame(
        {"area_code": list(BOXES), "population": [1, 2], "rural_urban": ["A1", "E1"]},
        geometry=[shapely.box(*bounds) for bounds in BOXES.values()],
        crs="EPSG:27700",
    )
    frame.to_file(tmp_path / "areas.gpkg")
    polygons = 'areas = "areas.gpkg"\n'
    place = load_place(case(tmp_path, polygons, area_points=near + "E2,380100,88000\nE2,379900,88000\n"))
    assert [f.row for f in place.findings if f.code == "point-far-from-area"] == [6]
    assert found(place, "point-far-from-area").message == "The point lies 2 km outside the area E2."


def test_a_file_in_blocks_says_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Long files are read a block at a time: rows, findings and their numbers stay the same."""
    rows = [f"E{1 + i % 2},{371_000 + i % 50 if i % 2 == 0 else 376_000},{91_500 if i % 2 == 0 else 88_000},{i % 7}\n"
            for i in range(3_000)]  # fmt: skip
    rows[5] = "\n"
    rows[2_500] = '"E2",376000,"88000",0\n'
    rows += ["W1,371000,91500,1\n", "E2,390000,88000,2\n"]
    text = "sep=,\narea_code,x,y,weight\n" + "".join(rows)
    folder = case(tmp_path, area_points=text)
    whole = load_place(folder)
    monkeypatch.setattr(blocks, "BLOCK_BYTES", 777)
    parts = load_place(folder)
    pd.testing.assert_frame_equal(whole.area_points, parts.area_points)
    assert whole.findings == parts.findings
    assert whole.sources == parts.sources
    (folder / "area_points.csv").write_text(text.replace("E2,390000,88000,2", "E2,390000,88000,two"), encoding="utf-8")
    (finding,) = problems(folder)
    assert (finding.row, finding.value) == (3_004, "two")


cells = st.one_of(
    st.sampled_from(
        ["E1", "E2", "e1 ", "W1", "", "371000", "91500", "-1", "0", "nan", "inf", "1e9", "DT1 1AA", "50.7"]
    ),
    st.text(max_size=6),
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    header=st.lists(
        st.sampled_from(["area_code", "x", "y", "lon", "lat", "postcode", "weight", "point", "junk"]), max_size=6
    ),
    rows=st.lists(st.lists(cells, max_size=6), max_size=5),
)
def test_mangled_tables_are_read_or_refused(tmp_path: Path, header: list[str], rows: list[list[str]]) -> None:
    lines = [header, *rows]
    text = "\n".join(",".join('"' + cell.replace('"', '""') + '"' for cell in line) for line in lines)
    folder = case(tmp_path, postcodes="postcode,easting,northing\nDT11AA,371000,91500\n")
    toml = folder / "case.toml"
    toml.write_text(toml.read_text(encoding="utf-8") + 'area_points = "area_points.csv"\n', encoding="utf-8")
    (folder / "area_points.csv").write_text(text, encoding="utf-8")
    try:
        place = load_place(folder)
    except InputProblems as problem:
        assert all(finding.message for finding in problem.findings)
    else:
        assert place.area_points is not None
        assert (place.area_points["weight"] > 0).all()
        assert np.isfinite(place.area_points[["x", "y", "weight"]].to_numpy()).all()
        assert set(place.area_points["area_code"]) <= {"E1", "E2"}


# --- Real files --------------------------------------------------------------------------------------------------


@pytest.mark.real
def test_postcodes_of_dorset_move_times_of_areas(shared_data: Path, tmp_path: Path) -> None:
    folder = tmp_path / "dorset"
    write_dorset_2016_case(shared_data, folder)
    before = load_place(folder)
    for name in ("codepoint_open_2025-05.csv", "postcode_to_oa_lsoa_2022-05.csv"):
        shutil.copyfile(shared_data / "dorset" / name, folder / name)
    toml = folder / "case.toml"
    more = '\n[tables.postcodes]\nfile = "codepoint_open_2025-05.csv"\n'
    more += '[tables.area_points]\nfile = "postcode_to_oa_lsoa_2022-05.csv"\n'
    toml.write_text(toml.read_text(encoding="utf-8") + more, encoding="utf-8")
    place = load_place(folder)
    assert place.area_points["area_code"].nunique() == len(place.areas) == 452
    assert 20_000 < len(place.area_points) < 30_000
    gone = found(place, "points-not-placed")
    assert gone.severity == "note"
    # The areas' own points are the means of their postcodes.
    mean = place.area_points.groupby("area_code")[["x", "y"]].mean()
    assert (np.hypot(*(mean - place.areas[["x", "y"]]).to_numpy().T) < 300).mean() > 0.9
    single, many = straight_line_times(before), straight_line_times(place)
    moved = np.abs(many.area_to_site - single.area_to_site)
    assert 0 < moved.mean() < 0.5
    assert np.isfinite(many.area_to_site).all()


@pytest.mark.real
def test_output_areas_of_dorset_as_points(shared_data: Path, tmp_path: Path) -> None:
    """Outlines of output areas give a point each; a look-up tells the area, and postcodes stand for households."""
    folder = tmp_path / "dorset"
    write_dorset_2016_case(shared_data, folder)
    look_up = pd.read_csv(shared_data / "dorset" / "postcode_to_oa_lsoa_2022-05.csv", dtype=str)
    live = look_up[look_up["doterm"].isna()]
    live.groupby(["oa11cd", "lsoa11cd"]).size().rename("households").reset_index().to_csv(
        folder / "oa_lookup.csv", index=False
    )
    shutil.copyfile(shared_data / "dorset" / "wards_lsoa_oa_2011.gpkg", folder / "oa.gpkg")
    more = '\n[[tables.area_points]]\nfile = "oa_lookup.csv"\n'
    more += '[[tables.area_points]]\nfile = "oa.gpkg"\nlayer = "oa"\njoin = true\n'
    toml = folder / "case.toml"
    toml.write_text(toml.read_text(encoding="utf-8") + more, encoding="utf-8")
    place = load_place(folder)
    assert len(place.area_points) > 2_300
    assert place.area_points["area_code"].nunique() == 452
    assert "point-far-from-area" not in told(place)


@pytest.mark.real
def test_a_table_of_all_england_serves_the_isle_of_wight(shared_data: Path, tmp_path: Path) -> None:
    """Of a whole country's points only those of the case are kept: here one an area, at its own point."""
    folder = tmp_path / "wight"
    write_isle_of_wight_case(shared_data, folder)
    shutil.copyfile(shared_data / "england" / "lsoa11_2020.parquet", folder / "england.parquet")
    toml = folder / "case.toml"
    more = '\n[tables.area_points]\nfile = "england.parquet"\n'
    more += 'columns = { weight = "pop2020" }\n'
    toml.write_text(toml.read_text(encoding="utf-8") + more, encoding="utf-8")
    place = load_place(folder)
    assert list(place.area_points["area_code"]) == list(place.areas.index)
    assert len(place.areas) == 89
    assert place.area_points["weight"].sum() == place.areas["population"].sum()
    assert "32,755 points in 32,755 areas" in found(place, "points-outside-case").message
    own = straight_line_times(replace(place, area_points=None))
    assert np.abs(straight_line_times(place).area_to_site - own.area_to_site).max() < 0.1
