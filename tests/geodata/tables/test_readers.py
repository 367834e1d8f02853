"""One file of a table: every format gives the same text, rows as a spreadsheet counts, and clear findings."""

from __future__ import annotations

import hashlib
from pathlib import Path

import geopandas as gpd
import numpy as np
import openpyxl
import pandas as pd
import pytest
from shapely.geometry import Point, Polygon

from geodata.case import TableSpec
from geodata.errors import Finding
from geodata.tables.readers import FilePart, read_table

HEADER = ["practice_code", "name", "list_size"]
ROWS = [["007", "Mill, Lane", "9,431"], ["J81012", "Café", "12O5"]]


def read(folder: Path, file: str, table: str = "practices", **spec: object) -> tuple[FilePart, list[Finding]]:
    part, findings, source = read_table(folder, table, TableSpec(file=file, **spec))
    assert part is not None, [str(f) for f in findings]
    assert source is not None
    assert source.rows == len(part.rows)
    return part, findings


def refused(folder: Path, file: str, table: str = "practices", **spec: object) -> Finding:
    part, findings, source = read_table(folder, table, TableSpec(file=file, **spec))
    assert part is None
    assert source is None
    (finding,) = findings
    assert finding.severity == "error"
    assert finding.file == file
    assert finding.fix
    return finding


def cells(part: FilePart) -> list[list[str]]:
    return [[part.columns[name][i] for name in HEADER] for i in range(len(part.rows))]


# --- CSV ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("mark", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_csv_in_the_forms_that_spreadsheets_write(tmp_path: Path, encoding: str, mark: str, end: str) -> None:
    quoted = [[f'"{cell}"' for cell in row] for row in [HEADER, *ROWS]]
    (tmp_path / "p.csv").write_bytes(end.join(mark.join(row) for row in quoted).encode(encoding))
    part, findings = read(tmp_path, "p.csv")
    assert cells(part) == ROWS
    assert list(part.rows) == [2, 3]
    assert [f.code for f in findings] == (["wrong-encoding"] if encoding == "cp1252" else [])


def test_rows_are_counted_as_a_spreadsheet_does(tmp_path: Path) -> None:
    text = 'practice_code,name,list_size\n\nA,"two\nlines",1\n,,\n  B , spaces\u00a0 , 2\n\n'
    (tmp_path / "p.csv").write_text(text, encoding="utf-8")
    part, _ = read(tmp_path, "p.csv")
    assert list(part.rows) == [3, 5]
    assert cells(part) == [["A", "two\nlines", "1"], ["B", "spaces", "2"]]


def test_excel_hint_of_the_separator_is_understood(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("sep=;\npractice_code;name;list_size\nA;b,c,d,e,f;3\n", encoding="utf-8")
    part, _ = read(tmp_path, "p.csv")
    assert cells(part) == [["A", "b,c,d,e,f", "3"]]
    assert list(part.rows) == [3]


def test_short_rows_are_filled_and_long_ones_named(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("practice_code,name,list_size\nA,b\nC,d,5,,\nE,f,1,200\n", encoding="utf-8")
    part, findings = read(tmp_path, "p.csv")
    assert cells(part) == [["A", "b", ""], ["C", "d", "5"], ["E", "f", "1"]]
    assert [(f.code, f.row, f.value) for f in findings] == [("too-many-cells", 4, "200")]


def test_title_above_the_header_and_header_row(tmp_path: Path) -> None:
    text = "Practices of the county\n,\npractice_code,name,list_size\nA,b,3\n"
    (tmp_path / "p.csv").write_text(text, encoding="utf-8")
    assert "header_row = 3" in refused(tmp_path, "p.csv").fix
    part, _ = read(tmp_path, "p.csv", header_row=3)
    assert cells(part) == [["A", "b", "3"]]
    assert list(part.rows) == [4]
    assert refused(tmp_path, "p.csv", header_row=30).code == "no-header"


def test_files_without_a_header(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("J81012,Mill,A,9431\nJ81013,Quay,C,x,too,many\n", encoding="utf-8")
    finding = refused(tmp_path, "p.csv")
    assert (finding.code, finding.row) == ("no-header", 1)
    assert "header_row = 0" in finding.fix
    columns = {"practice_code": "1", "name": "2", "list_size": "4"}
    part, _ = read(tmp_path, "p.csv", header_row=0, columns=columns, where={"3": "A"})
    assert cells(part) == [["J81012", "Mill", "9431"]]
    assert list(part.rows) == [1]


def test_checksum_and_source(tmp_path: Path) -> None:
    data = b"practice_code,name,list_size\nA,b,3\n"
    (tmp_path / "p.csv").write_bytes(data)
    spec = TableSpec(file="p.csv", vintage="2016", licence="OGL v3", attribution="Contains NHS data")
    _, _, source = read_table(tmp_path, "practices", spec)
    assert source is not None
    assert source.sha256 == hashlib.sha256(data).hexdigest()
    assert (source.table, source.rows, source.vintage, source.licence) == ("practices", 1, "2016", "OGL v3")


# --- Columns -----------------------------------------------------------------------------------------------------


def test_aliases_in_any_spelling(tmp_path: Path) -> None:
    header = "Organisation Code,PRACTICE NAME,Registered patients,65+,Post-Code,extra\nA,b,3,1,x,y\n"
    (tmp_path / "p.csv").write_text(header, encoding="utf-8")
    part, findings = read(tmp_path, "p.csv")
    assert part.spelling == {
        "practice_code": "Organisation Code",
        "name": "PRACTICE NAME",
        "list_size": "Registered patients",
        "age_65_plus": "65+",
    }
    assert [(f.severity, f.code) for f in findings] == [("note", "unused-columns")]
    assert "Post-Code, extra" in findings[0].message


def test_mapping_beats_names_and_may_use_a_column_twice(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text("code,name,x,y,easting\nA,b,1,2,3\n", encoding="utf-8")
    columns = {"site_code": "code", "practice_code": "code", "x": "easting", "y": ""}
    part, _ = read(tmp_path, "s.csv", "sites", columns=columns, defaults={"kind": "main"})
    told = {name: values[0] for name, values in part.columns.items()}
    assert told == {"site_code": "A", "practice_code": "A", "name": "b", "x": "3", "kind": "main"}


def test_defaults_fill_empty_cells(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text("site_code,kind\nA,\nB,branch\n", encoding="utf-8")
    part, _ = read(tmp_path, "s.csv", "sites", defaults={"kind": "main", "floor_area_m2": 90, "committed": True})
    assert list(part.columns["kind"]) == ["main", "branch"]
    assert list(part.columns["floor_area_m2"]) == ["90", "90"]
    assert list(part.columns["committed"]) == ["true", "true"]


def test_where_keeps_rows_and_their_numbers(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text(
        "practice_code,name,list_size,Status,n\nA,a,1,A,4\nB,b,2,C,4\nC,c,3,A,5\n", encoding="utf-8"
    )
    part, findings = read(tmp_path, "p.csv", where={"status": "A"}, where_not={"n": [5, 6]})
    assert list(part.columns["practice_code"]) == ["A"]
    assert list(part.rows) == [2]
    assert part.left_out == {"B", "C"}
    assert findings == []


def test_two_columns_of_one_name_matter_only_if_used(tmp_path: Path) -> None:
    (tmp_path / "p.csv").write_text("practice_code,name,list_size,List Size,z,z\nA,a,1,2,3,4\n", encoding="utf-8")
    _, findings = read(tmp_path, "p.csv")
    assert [(f.code, f.column) for f in findings if f.severity == "error"] == [("duplicate-column", "List Size")]


def test_a_misspelt_optional_column_is_a_warning(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("area_code,x,y,deprivation_decil\nA,1,2,3\n", encoding="utf-8")
    _, findings = read(tmp_path, "a.csv", "areas")
    assert [(f.severity, f.code, f.column) for f in findings] == [("warning", "misspelt-column", "deprivation_decil")]


# --- Excel -------------------------------------------------------------------------------------------------------


def workbook(path: Path, **sheets: list[list[object]]) -> None:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)


def test_excel_keeps_text_and_numbers(tmp_path: Path) -> None:
    rows: list[list[object]] = [HEADER, ["007", "Mill, Lane", 9431], [None, None, None], ["B", True, 9431.5], []]
    workbook(tmp_path / "p.xlsx", Data=rows)
    part, findings = read(tmp_path, "p.xlsx")
    assert cells(part) == [["007", "Mill, Lane", "9431"], ["B", "true", "9431.5"]]
    assert list(part.rows) == [2, 4]
    assert findings == []


def test_excel_sheets_by_name_and_number(tmp_path: Path) -> None:
    workbook(tmp_path / "p.xlsx", Notes=[["read me"]], Data=[HEADER, ["A", "b", 3]])
    for sheet in ("data", "Data", 2):
        assert cells(read(tmp_path, "p.xlsx", sheet=sheet)[0]) == [["A", "b", "3"]]
    finding = refused(tmp_path, "p.xlsx", sheet="Dta")
    assert (finding.code, finding.value) == ("missing-sheet", "Dta")
    assert "Notes, Data" in finding.fix
    workbook(tmp_path / "q.xlsx", Data=[HEADER, ["A", "b", 3]], Notes=[["read me"]])
    assert [f.code for f in read(tmp_path, "q.xlsx")[1]] == ["first-sheet"]


@pytest.mark.parametrize("title", [[], [["Our practices"]], [["Our practices"], ["", "made in May"]], [["a", "b"]]])
def test_a_first_sheet_without_a_table_names_the_others(tmp_path: Path, title: list[list[str]]) -> None:
    workbook(tmp_path / "p.xlsx", About=title, Data=[HEADER, ["A", "b", 3]], Old=[HEADER])
    finding = refused(tmp_path, "p.xlsx")
    assert finding.code == "wrong-sheet"
    assert "(About) holds no table" in finding.message
    assert "Data, Old" in finding.message
    assert 'sheet = "Data"' in finding.fix
    assert cells(read(tmp_path, "p.xlsx", sheet="Data")[0]) == [["A", "b", "3"]]
    named = read_table(tmp_path, "practices", TableSpec(file="p.xlsx", sheet="About"))[1]
    assert "wrong-sheet" not in [finding.code for finding in named], "who names a sheet means it"


def test_excel_that_holds_no_table(tmp_path: Path) -> None:
    workbook(tmp_path / "empty.xlsx", Data=[])
    assert refused(tmp_path, "empty.xlsx").code == "empty-file"
    workbook(tmp_path / "header.xlsx", Data=[HEADER])
    assert refused(tmp_path, "header.xlsx").code == "header-only"
    (tmp_path / "locked.xlsx").write_bytes(b"\xd0\xcf\x11\xe0" + bytes(600))
    assert "password" in refused(tmp_path, "locked.xlsx").message
    (tmp_path / "cut.xlsx").write_bytes((tmp_path / "header.xlsx").read_bytes()[:900])
    assert refused(tmp_path, "cut.xlsx").code == "unreadable-file"
    (tmp_path / "old.xls").write_bytes(b"\xd0\xcf\x11\xe0" + bytes(600))
    assert ".xlsx" in refused(tmp_path, "old.xls").fix


# --- Layers ------------------------------------------------------------------------------------------------------


def frame() -> gpd.GeoDataFrame:
    squares = [Polygon([(x, 0), (x + 1e3, 0), (x + 1e3, 1e3), (x, 1e3)]) for x in (370e3, 371e3)]
    codes = {"LSOA11CD": ["E1", "E2"], "pop2020": [1500, 2500], "no_car_share": [0.25, np.nan]}
    return gpd.GeoDataFrame(codes, geometry=squares, crs="EPSG:27700")


@pytest.mark.parametrize("file", ["a.gpkg", "a.geojson", "a.shp", "a.parquet", "a.fgb"])
def test_layers_in_every_format(tmp_path: Path, file: str) -> None:
    made = frame()
    if file.endswith("parquet"):
        made.to_parquet(tmp_path / file)
    else:
        made.rename(columns={"no_car_share": "no_car"}).to_file(tmp_path / file)
    part, findings = read(tmp_path, file, "areas")
    order = np.argsort(part.columns["area_code"])  # FlatGeobuf sorts by place
    assert [part.columns["area_code"][i] for i in order] == ["E1", "E2"]
    assert [part.columns["population"][i] for i in order] == ["1500", "2500"]
    assert [part.columns["no_car_share"][i] for i in order] == ["0.25", ""]
    assert part.geometry is not None
    assert part.geometry[order[0]].equals(made.geometry.iloc[0])
    assert "27700" in str(part.crs) or "British National Grid" in str(part.crs)
    assert sorted(part.rows) == [2, 3]
    assert findings == []


def test_layers_by_name(tmp_path: Path) -> None:
    frame().to_file(tmp_path / "a.gpkg", layer="lsoa")
    frame().to_file(tmp_path / "a.gpkg", layer="oa")
    finding = refused(tmp_path, "a.gpkg", "areas")
    assert finding.code == "missing-layer"
    assert "lsoa, oa" in finding.fix
    assert refused(tmp_path, "a.gpkg", "areas", layer="ward").value == "ward"
    assert len(read(tmp_path, "a.gpkg", "areas", layer="OA")[0].rows) == 2
    frame().to_file(tmp_path / "a.gpkg", layer="areas")
    assert len(read(tmp_path, "a.gpkg", "areas")[0].rows) == 2


def test_a_shapefile_with_parts_missing(tmp_path: Path) -> None:
    frame()[["LSOA11CD", "geometry"]].to_file(tmp_path / "a.shp")
    (tmp_path / "a.prj").unlink()
    assert read(tmp_path, "a.shp", "areas")[0].crs is None
    (tmp_path / "a.dbf").unlink()
    assert "a.dbf" in refused(tmp_path, "a.shp", "areas").message


def test_layers_without_features_or_sense(tmp_path: Path) -> None:
    frame().iloc[:0].to_file(tmp_path / "a.gpkg")
    assert refused(tmp_path, "a.gpkg", "areas").code == "header-only"
    (tmp_path / "b.gpkg").write_bytes(b"SQLite format 3\x00" + bytes(200))
    assert refused(tmp_path, "b.gpkg", "areas").code == "unreadable-file"
    (tmp_path / "c.geojson").write_text('{"type": "FeatureCollection", "features": []}', encoding="utf-8")
    assert refused(tmp_path, "c.geojson", "areas").code == "header-only"
    (tmp_path / "d.geojson").write_text('{"a": 1}', encoding="utf-8")
    assert refused(tmp_path, "d.geojson", "areas").code == "bad-json"
    (tmp_path / "e.parquet").write_bytes(b"PAR1 nothing")
    assert refused(tmp_path, "e.parquet", "areas").code == "unreadable-file"


def test_parquet_without_geometry(tmp_path: Path) -> None:
    table = pd.DataFrame({"OrganisationCode": ["A"], "LSOA11CD": ["E1"], "Patient": [7]})
    table.to_parquet(tmp_path / "r.parquet")
    part, _ = read(tmp_path, "r.parquet", "registrations")
    assert {name: values[0] for name, values in part.columns.items()} == {
        "practice_code": "A",
        "area_code": "E1",
        "patients": "7",
    }


def test_a_layer_of_points_keeps_them(tmp_path: Path) -> None:
    points = gpd.GeoDataFrame({"code": ["A"]}, geometry=[Point(-2.4, 50.7)], crs="EPSG:4326")
    points.to_file(tmp_path / "s.geojson")
    part, _ = read(tmp_path, "s.geojson", "sites")
    assert part.geometry is not None
    assert (part.geometry[0].x, part.geometry[0].y) == (-2.4, 50.7)


# --- The real files ----------------------------------------------------------------------------------------------


@pytest.mark.real
@pytest.mark.parametrize("place", ["isle-of-wight", "dorset"])
def test_real_files_are_understood_by_their_own_names(shared_data: Path, place: str) -> None:
    folder = shared_data / place
    expected = {"isle-of-wight": (17, 142_716, 6, 89), "dorset": (98, None, 53, 452)}[place]
    practices, _ = read(folder, "practices_2016Q1.csv")
    assert len(practices.rows) == expected[0]
    if expected[1]:
        assert sum(int(text) for text in practices.columns["list_size"]) == expected[1]
    assert {"practice_code", "name", "age_65_plus", "age_75_plus"} <= set(practices.columns)
    branches, _ = read(
        folder, "branches_2017-08.csv", "sites", columns={"site_code": "code", "practice_code": "parent"}
    )
    assert len(branches.rows) == expected[2]
    assert {"x", "y", "lon", "lat", "postcode"} <= set(branches.columns)
    areas, findings = read(folder, "lsoa11.gpkg", "areas")
    assert len(areas.rows) == expected[3]
    assert areas.spelling["rural_urban"] == "ruc11_code"
    assert areas.spelling["population"] == "pop2020"
    assert areas.spelling["deprivation_decile"] == "IMD_decile"
    registrations, _ = read(folder, "practice_lsoa_registrations_2022.csv", "registrations")
    assert set(registrations.columns) == {"practice_code", "area_code", "patients"}
    assert {f.severity for f in findings} <= {"note"}
