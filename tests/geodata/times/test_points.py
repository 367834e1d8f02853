"""Points of any kind: what is read, and what is said of a file that cannot be right."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st
from pyproj import Transformer

from geodata.errors import InputProblems
from geodata.times.points import read_points
from tests.geodata.osm_files import lonlat

IDS, X, Y = ["a1", "b 2", "ü3"], [400_000.0, 400_500.25, 401_000.0], [100_000.0, 100_100.0, 99_000.0]


def table() -> pd.DataFrame:
    return pd.DataFrame({"id": IDS, "easting": X, "northing": Y})


def csv(folder: Path, text: str, name: str = "points.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def problems(path: Path, crs: str | None = None):
    with pytest.raises(InputProblems) as raised:
        read_points(path, crs)
    return raised.value.findings


def only(path: Path, crs: str | None = None):
    found = [finding for finding in problems(path, crs) if finding.severity == "error"]
    assert len(found) == 1, found
    return found[0]


def test_eastings_and_northings_state_their_own_system(tmp_path: Path) -> None:
    points = read_points(csv(tmp_path, table().to_csv(index=False)))
    assert points.ids == tuple(IDS)
    assert points.x.tolist() == X
    assert points.y.tolist() == Y
    assert len(points.sha256) == 64
    assert points.findings == ()


def test_longitude_and_latitude_by_any_name(tmp_path: Path) -> None:
    for east, north in (("lon", "lat"), ("Longitude", "Latitude"), ("lng", "lat")):
        places = [lonlat(x, y) for x, y in zip(X, Y, strict=True)]
        frame = pd.DataFrame({"Site code": IDS, north: [p[1] for p in places], east: [p[0] for p in places]})
        points = read_points(csv(tmp_path, frame.to_csv(index=False)))
        assert points.ids == tuple(IDS)
        assert points.x == pytest.approx(X, abs=0.01)
        assert points.y == pytest.approx(Y, abs=0.01)


def test_x_and_y_need_a_stated_system_and_the_message_offers_it(tmp_path: Path) -> None:
    path = csv(tmp_path, "id,x,y\na,400000,100000\nb,400100,100100\n")
    finding = only(path)
    assert finding.code == "no-crs"
    assert "British National Grid" in finding.message
    assert "--crs EPSG:27700" in finding.fix
    assert finding.column == "x"
    assert read_points(path, "EPSG:27700").x.tolist() == [400_000, 400_100]
    degrees = csv(tmp_path, "id,x,y\na,-1.9,50.8\n")
    assert "Call them lon and lat" in only(degrees).fix
    assert "lat and lon" in only(csv(tmp_path, "id,x,y\na,50.8,-1.9\n")).fix
    assert "3857" in only(csv(tmp_path, "id,x,y\na,-211000,6590000\n")).fix


def test_x_and_y_in_another_system(tmp_path: Path) -> None:
    to_web = Transformer.from_crs("EPSG:27700", "EPSG:3857", always_xy=True)
    east, north = to_web.transform(X, Y)
    frame = pd.DataFrame({"id": IDS, "x": east, "y": north})
    assert read_points(csv(tmp_path, frame.to_csv(index=False)), "EPSG:3857").x == pytest.approx(X, abs=0.01)
    stated = frame.assign(crs="EPSG:3857", id=IDS)
    stated.loc[2, ["x", "y", "crs"]] = [X[2], Y[2], "27700"]
    assert read_points(csv(tmp_path, stated.to_csv(index=False))).x == pytest.approx(X, abs=0.01)


@pytest.mark.parametrize("suffix", [".xlsx", ".parquet", ".gpkg", ".geojson", ".geoparquet"])
def test_every_kind_of_file_reads_the_same(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"points{suffix}"
    frame = gpd.GeoDataFrame(table(), geometry=gpd.points_from_xy(X, Y), crs="EPSG:27700")
    if suffix == ".xlsx":
        table().to_excel(path, index=False)
    elif suffix == ".parquet":
        table().to_parquet(path, index=False)
    elif suffix == ".geoparquet":
        frame[["id", "geometry"]].to_crs("EPSG:4326").to_parquet(path)
    elif suffix == ".geojson":
        frame[["id", "geometry"]].to_crs("EPSG:4326").to_file(path)
    else:
        frame[["id", "geometry"]].to_file(path)
    points = read_points(path)
    assert points.ids == tuple(IDS)
    assert points.x == pytest.approx(X, abs=0.05)
    assert points.y == pytest.approx(Y, abs=0.05)


def test_one_layer_or_sheet_of_several_is_named_after_the_file(tmp_path: Path) -> None:
    path = tmp_path / "places.gpkg"
    frame = gpd.GeoDataFrame({"id": IDS}, geometry=gpd.points_from_xy(X, Y), crs="EPSG:27700")
    frame.to_file(path, layer="clinics")
    frame.iloc[:1].to_file(path, layer="homes")
    finding = only(path)
    assert finding.code == "missing-layer"
    assert f"{path}/clinics" in finding.fix
    assert len(read_points(path / "homes")) == 1
    assert len(read_points(path / "Clinics")) == 3
    wrong = only(path / "shops")
    assert wrong.value == "shops"
    assert "clinics, homes" in wrong.fix
    book = tmp_path / "places.xlsx"
    with pd.ExcelWriter(book) as writer:
        table().to_excel(writer, sheet_name="clinics", index=False)
        table().iloc[1:].to_excel(writer, sheet_name="homes", index=False)
    assert len(read_points(book / "homes")) == 2
    first = read_points(book)
    assert len(first) == 3
    assert "/NAME" in first.findings[0].fix


def test_all_problems_are_told_at_once_with_row_column_value_and_fix(tmp_path: Path) -> None:
    path = csv(
        tmp_path,
        "id,lon,lat\n,-1.9,50.8\na,-1.9,50.8\na,-1.8,50.8\nb,fifty,50.8\nc,50.8,-1.9\nd,2.45,50.7\ne,-1.9,\n"
        'f,,\ng,0,0\nh,30,10\ni,"-1,9",50.8\n',
    )
    found = {(finding.row, finding.code): finding for finding in problems(path)}
    assert set(found) == {
        (2, "empty-value"),
        (4, "duplicate-code"),
        (5, "not-a-number"),
        (6, "swapped-coordinates"),
        (7, "lost-minus"),
        (8, "half-location"),
        (9, "no-location"),
        (10, "zero-location"),
        (11, "outside-britain"),
        (12, "not-a-number"),
    }
    assert all(finding.file == str(path) and finding.fix and finding.column for finding in found.values())
    assert found[4, "duplicate-code"].value == "a"
    assert "row 3" in found[4, "duplicate-code"].message
    assert found[5, "not-a-number"].value == "fifty"
    assert found[6, "swapped-coordinates"].value == "50.8, -1.9"
    assert found[7, "lost-minus"].fix == "Write -2.45."
    assert found[8, "half-location"].column == "lat"
    assert found[9, "no-location"].fix == "Fill in lon and lat."


def test_a_whole_column_that_is_wrong_is_told_once(tmp_path: Path) -> None:
    rows = "\n".join(f"p{i},50.{i},-1.9" for i in range(1, 9))
    finding = only(csv(tmp_path, f"id,lon,lat\n{rows}\n"))
    assert finding.code == "swapped-coordinates"
    assert "8 of 8 rows" in finding.message


def test_grid_numbers_under_the_wrong_name(tmp_path: Path) -> None:
    assert only(csv(tmp_path, "id,lon,lat\na,400000,100000\n")).fix == "Call the columns easting and northing."
    assert "lon and lat" in only(csv(tmp_path, "id,easting,northing\na,-1.9,50.8\n")).fix
    assert "EPSG:3857" in only(csv(tmp_path, "id,easting,northing\na,-211000,6590000\n")).fix
    assert "27700" in only(csv(tmp_path, "id,x,y\na,400000,100000\n"), "EPSG:4326").fix


def test_columns_that_are_missing(tmp_path: Path) -> None:
    nameless = only(csv(tmp_path, "ident,easting,northing\na,400000,100000\n"))
    assert (nameless.code, nameless.row) == ("missing-column", 1)
    assert "(ident?)" in nameless.fix
    half = only(csv(tmp_path, "id,easting,nothing\na,400000,100000\n"))
    assert half.code == "no-location"
    assert "rename nothing to northing" in half.fix
    assert "--crs" in only(csv(tmp_path, "id,colour\na,red\n")).fix


def test_postcodes_alone_are_told_what_they_lack(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("id,Postcode\na,LE15 6QT\n", encoding="utf-8")
    with pytest.raises(InputProblems) as caught:
        read_points(tmp_path / "a.csv")
    assert "Postcodes alone are not enough" in caught.value.findings[0].fix


def test_layers_that_cannot_be_used(tmp_path: Path) -> None:
    def saved(shapes: list, crs: str | None) -> Path:
        path = tmp_path / "layer.gpkg"
        path.unlink(missing_ok=True)
        gpd.GeoDataFrame({"id": range(len(shapes))}, geometry=shapes, crs=crs).to_file(path, layer="points")
        return path

    point = shapely.Point(400_000, 100_000)
    wrong = only(saved([shapely.LineString([(400_000, 100_000), (400_100, 100_000)]), point], "EPSG:27700"))
    assert (wrong.code, wrong.row) == ("wrong-geometry", 2)
    assert only(saved([point, None], "EPSG:27700")).code == "empty-geometry"
    assert read_points(saved([shapely.MultiPoint([point])], "EPSG:27700")).x.tolist() == [400_000]
    assert only(saved([shapely.MultiPoint([point, (400_009, 100_000)])], "EPSG:27700")).code == "wrong-geometry"
    assert only(saved([point], "EPSG:4326")).code == "wrong-crs"
    outline = read_points(saved([point.buffer(10)], "EPSG:27700"))
    assert outline.x[0] == pytest.approx(400_000, abs=10)
    assert [finding.code for finding in outline.findings] == ["outline-site"]
    silent = tmp_path / "silent.parquet"
    gpd.GeoDataFrame({"id": ["a"]}, geometry=[point]).to_parquet(silent)
    assert only(silent).code == "no-crs"
    assert read_points(silent, "EPSG:27700").x.tolist() == [400_000]


@pytest.mark.parametrize(
    ("name", "text", "code"),
    [
        ("no.csv", None, "missing-file"),
        ("empty.csv", "", "empty-file"),
        ("head.csv", "id,easting,northing\n", "header-only"),
        ("title.csv", "Our points\nid,easting,northing\na,400000,100000\n", "header-not-first"),
        ("bare.csv", "J81012,400000,100000\n", "no-header"),
        ("quote.csv", 'id,easting,northing\n"a,400000,100000\n', "bad-quotes"),
        ("points.docx", "id", "unknown-format"),
        ("book.xlsx", "no workbook", "unreadable-file"),
        ("points.parquet", "PAR1", "unreadable-file"),
        ("points.geojson", "{", "bad-json"),
        ("old.xls", "x", "old-excel"),
    ],
)
def test_files_that_cannot_be_read_speak_of_no_case(tmp_path: Path, name: str, text: str | None, code: str) -> None:
    path = tmp_path / name
    if text is not None:
        path.write_text(text, encoding="utf-8")
    found = problems(path)
    assert [finding.code for finding in found] == [code]
    told = f"{found[0].message} {found[0].fix}"
    assert "case" not in told, told
    assert found[0].fix


def test_a_system_nobody_knows(tmp_path: Path) -> None:
    path = csv(tmp_path, "id,x,y\na,400000,100000\n")
    assert only(path, "EPSG:1").code == "wrong-crs"
    stated = csv(tmp_path, "id,x,y,crs\na,400000,100000,EPSG:1\n")
    assert (only(stated).row, only(stated).column, only(stated).value) == (2, "crs", "EPSG:1")


@given(
    st.lists(
        st.tuples(st.floats(150_000, 650_000), st.floats(20_000, 1_200_000)),
        min_size=1,
        max_size=12,
    )
)
def test_points_come_back_as_they_were_written(tmp_path_factory: pytest.TempPathFactory, places: list) -> None:
    folder = tmp_path_factory.mktemp("points")
    rows = "".join(f"p{i},{x!r},{y!r}\n" for i, (x, y) in enumerate(places))
    points = read_points(csv(folder, f"id,easting,northing\n{rows}"))
    assert np.array_equal(points.x, [x for x, _ in places])
    assert np.array_equal(points.y, [y for _, y in places])
