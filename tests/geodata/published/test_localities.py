"""Localities of a planner: polygons with a name, or a table of practices."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geodata.errors import InputProblems
from geodata.published.localities import read_localities
from tests.geodata.published.published_files import put, put_layer, put_workbook


def drawn(**columns: list[object]) -> gpd.GeoDataFrame:
    count = len(next(iter(columns.values())))
    shapes = [shapely.box(400_000 + 1000 * i, 90_000, 401_000 + 1000 * i, 91_000) for i in range(count)]
    return gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:27700")


@pytest.mark.parametrize(
    ("columns", "taken"),
    [
        ({"id": [1, 2], "Locality": ["Poole Bay", "Purbeck"], "Name": ["x", "y"]}, "Locality"),
        ({"fid_1": [1, 2], "NAME": ["Poole Bay", "Purbeck"]}, "NAME"),
        ({"WD23CD": ["E05000001", "E05000002"], "WD23NM": ["Poole Bay", "Purbeck"]}, "WD23NM"),
        ({"code": [1, 2], "planning_group": ["Poole Bay", "Purbeck"]}, "planning_group"),
    ],
)
def test_the_column_of_names_is_found_and_said(tmp_path: Path, columns: dict[str, list[object]], taken: str) -> None:
    path = put_layer(tmp_path, "localities.gpkg", drawn(**columns), layer="localities")
    localities, findings = read_localities(path)
    assert localities.polygons is not None
    assert localities.assignment is None
    assert localities.polygons["name"].tolist() == ["Poole Bay", "Purbeck"]
    assert localities.polygons.crs == "EPSG:27700"
    assert localities.name_column == taken
    assert [f.code for f in findings] == ["name-column"]
    assert taken in findings[0].message


def test_a_named_column_pieces_and_nameless_outlines(tmp_path: Path) -> None:
    frame = drawn(name=["a", "b", "c", "d"], area=["North", "North", "", "South"])
    path = put_layer(tmp_path, "localities.geojson", frame.to_crs("EPSG:4326"))
    localities, findings = read_localities(path, "Area")
    assert localities.polygons["name"].tolist() == ["North", "South"]
    assert localities.polygons.area.tolist() == pytest.approx([2e6, 1e6], rel=1e-3)
    assert {f.code for f in findings} == {"no-name", "joined-outlines"}


@pytest.mark.parametrize(
    ("columns", "wanted", "code"),
    [
        ({"name": ["a"]}, "locality", "missing-column"),
        ({"north": ["abc"], "south": ["def"]}, None, "no-name-column"),
        ({"name": [""]}, None, "no-localities"),
    ],
)
def test_polygons_that_cannot_be_used(tmp_path: Path, columns: dict, wanted: str | None, code: str) -> None:
    path = put_layer(tmp_path, "localities.gpkg", drawn(**columns), layer="l")
    with pytest.raises(InputProblems) as problem:
        read_localities(path, wanted)
    assert code in {finding.code for finding in problem.value.findings}


def test_two_layers_need_a_choice(tmp_path: Path) -> None:
    path = put_layer(tmp_path, "l.gpkg", drawn(name=["a"]), layer="old")
    drawn(name=["b"]).to_file(path, layer="new")
    with pytest.raises(InputProblems, match="several layers"):
        read_localities(path)
    assert read_localities(path, layer="new")[0].polygons["name"].tolist() == ["b"]


@pytest.mark.parametrize(
    ("header", "taken"),
    [
        ("practice_code,locality", "locality"),
        ("GP Practice Code,Practice Name,Locality Name", "Locality Name"),
        ("ODS Code,Practice name,Planning area", "Planning area"),
        ("code,group", "group"),
    ],
)
def test_a_table_of_practices(tmp_path: Path, header: str, taken: str) -> None:
    middle = ",The Surgery" if header.count(",") == 2 else ""
    path = put(tmp_path, "localities.csv", f"{header}\nj81012{middle},  Poole   Bay\nJ81013{middle},Purbeck\n")
    localities, findings = read_localities(path)
    assert localities.polygons is None
    assert localities.assignment.to_dict("list") == {
        "practice_code": ["J81012", "J81013"],
        "locality": ["Poole Bay", "Purbeck"],
    }
    assert localities.name_column == taken
    assert [f.code for f in findings] == ["name-column"]


def test_a_workbook_with_titles_above(tmp_path: Path) -> None:
    rows = [["Our localities"], [], ["Practice Code", "Locality"], ["J81012", "Poole Bay"], ["J81013", None]]
    path = put_workbook(tmp_path, "l.xlsx", {"About": [["Words"]], "Localities": rows})
    localities, findings = read_localities(path)
    assert localities.assignment["locality"].tolist() == ["Poole Bay"]
    assert [(f.code, f.row, f.value) for f in findings if f.severity == "warning"] == [("no-locality", 5, "J81013")]


def test_practices_in_two_localities_and_odd_codes_are_told(tmp_path: Path) -> None:
    rows = "J81012,North\nJ81012,South\nJ81013,North\nJ81013,North\nJ81014,North\nPoole,South\n"
    path = put(tmp_path, "l.csv", "practice_code,locality\n" + rows)
    localities, findings = read_localities(path)
    assert localities.assignment.set_index("practice_code")["locality"].to_dict()["J81012"] == "North"
    assert {(f.code, f.value) for f in findings if f.severity == "warning"} == {
        ("duplicate-code", "J81012"),
        ("bad-code", "POOLE"),
    }


@pytest.mark.parametrize("text", ["", "a,b\n1,2\n", "practice_code,x,y\nJ81012,a,b\nJ81013,c,d\n", "{}"])
def test_files_that_are_no_localities(tmp_path: Path, text: str) -> None:
    path = put(tmp_path, "l.csv", text)
    with pytest.raises(InputProblems):
        read_localities(path)


def test_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(InputProblems, match="no such file"):
        read_localities(tmp_path / "nowhere.gpkg")


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(text=st.text(alphabet=st.sampled_from('Jj81012,;\n\t"{}[]:locality name'), max_size=120))
def test_mangled_files_end_in_problems(tmp_path: Path, text: str) -> None:
    (tmp_path / "l.csv").write_text(text, encoding="utf-8")
    try:
        localities, _ = read_localities(tmp_path / "l.csv")
    except InputProblems:
        return
    assert localities.polygons is not None or localities.assignment["practice_code"].is_unique
