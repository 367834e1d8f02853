"""Tables are found and read as text wherever they lie, in bounded memory, and damaged ones are told."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import geopandas as gpd
import openpyxl
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geodata.errors import InputProblems
from geodata.published import archives
from geodata.published.tables import FoundTable, find_tables

TEXT = "code,name,patients\nJ81012,A,5000\nJ81013,B,600\n"


def find(folder: Path) -> dict[str, FoundTable]:
    tables, findings = find_tables(folder)
    assert findings == []
    return {table.label: table for table in tables}


def codes(folder: Path) -> list[str]:
    return [finding.code for finding in find_tables(folder)[1]]


def write(path: Path, text: str, encoding: str = "utf-8") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode(encoding))
    return path


# --- Text --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "cp1252"])
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_text_in_all_its_forms(encoding: str, delimiter: str, newline: str, tmp_path: Path):
    text = "code,name,size\nJ81012,Café “X” – y,5000\n\nJ81013, B ,600.0\n"
    text = text.replace(",", delimiter).replace("\n", newline)
    if encoding == "utf-16-le":
        text = "\ufeff" + text
    write(tmp_path / "x.csv", text, encoding)
    tables, findings = find_tables(tmp_path)
    assert [f.code for f in findings] == (["wrong-encoding"] if encoding == "cp1252" else [])
    frame = tables[0].read({"code": 0, "size": 2, "name": 1})
    assert frame.to_dict("list") == {
        "code": ["J81012", "J81013"],
        "size": ["5000", "600"],
        "name": ["Café “X” – y", "B"],
    }
    assert frame.index.tolist() == [2, 4]
    assert frame.index.name == "row"


def test_windows_letters_far_down_in_the_file(tmp_path: Path):
    body = "".join(f"J{i:05},plain\n" for i in range(60_000))
    write(tmp_path / "x.csv", "code,name\n" + body + "J99999,Café\n", "cp1252")
    table = find(tmp_path)["x.csv"]
    assert table.read({"name": 1, "code": 0}, only=("code", ["J99999"])).to_numpy().tolist() == [["Café", "J99999"]]


def test_rows_are_counted_as_a_spreadsheet_counts_them(tmp_path: Path):
    text = (
        'Title\n\ncode,name,size\nA1,"two\nlines",1\n\nA2,short\nA3,"long",3,more\n,,\n'
        'A4,"say ""hi""",4\n"","  ",\nA5,x,5\n'
    )
    write(tmp_path / "x.csv", text)
    table = find(tmp_path)["x.csv"]
    assert table.header == ("code", "name", "size")
    assert table.header_row == 3
    frame = table.read({"code": 0, "name": 1, "size": 2})
    assert frame.index.tolist() == [4, 6, 7, 9, 11]
    assert frame["size"].tolist() == ["1", "", "3", "4", "5"]
    assert frame.loc[9, "name"] == 'say "hi"'
    assert table.read({"code": 0}, only=("code", [" a2 ", "A5"])).index.tolist() == [6, 11]


def test_a_line_that_names_the_separator(tmp_path: Path):
    write(tmp_path / "x.csv", "sep=;\ncode;name\nJ81012;A, B\n")
    table = find(tmp_path)["x.csv"]
    assert table.header == ("code", "name")
    assert table.read({"name": 1}).to_dict() == {"name": {3: "A, B"}}


def test_columns_beyond_the_record_are_empty(tmp_path: Path):
    write(tmp_path / "x.csv", TEXT)
    frame = find(tmp_path)["x.csv"].read({"code": 0, "nothing": 9})
    assert frame["nothing"].tolist() == ["", ""]
    assert find(tmp_path)["x.csv"].read({"code": 0, "nothing": 9}, only=("nothing", ["x"])).empty


@pytest.mark.parametrize("text", ['a,b\n1,"2\n3,4\n5,6\n', 'a,b\n1,x\n2,"3" 4\n5,"6\n'])
def test_quotation_marks_that_do_not_match_are_told(text: str, tmp_path: Path):
    write(tmp_path / "x.csv", text)
    table = find_tables(tmp_path)[0][0]
    with pytest.raises(InputProblems) as problem:
        table.read({"a": 0, "b": 1})
    assert problem.value.findings[0].code == "bad-quotes"
    assert problem.value.findings[0].file == "x.csv"


def test_a_quotation_mark_inside_a_word_is_a_letter(tmp_path: Path):
    write(tmp_path / "x.csv", 'a,b\n1,12" pipe\n2,x\n')
    assert find(tmp_path)["x.csv"].read({"b": 1})["b"].tolist() == ['12" pipe', "x"]


def test_only_matches_without_blanks_and_case(tmp_path: Path):
    write(tmp_path / "x.csv", "postcode,x\nDT1  1AA,1\ndt11ab,2\nDT1 1AD,3\n")
    table = find(tmp_path)["x.csv"]
    assert table.read({"x": 1, "pc": 0}, only=("pc", ["DT11AA", "Dt1 1aB"]))["x"].tolist() == ["1", "2"]
    assert table.read({"x": 1, "pc": 0}, only=("pc", [])).empty


def test_a_file_that_is_gone_when_it_is_read(tmp_path: Path):
    path = write(tmp_path / "x.csv", TEXT)
    table = find(tmp_path)["x.csv"]
    path.unlink()
    with pytest.raises(InputProblems):
        table.read({"code": 0})


def test_a_title_of_two_cells_is_not_taken_for_the_header(tmp_path: Path):
    write(tmp_path / "x.csv", "Staff of the practices,April 2022\n\nname,room,floor,phone\nA,B,ground,none\n")
    (table,) = find(tmp_path).values()
    assert (table.header_row, table.header) == (3, ("name", "room", "floor", "phone"))


def test_hidden_sheets_are_passed_over(tmp_path: Path):
    book = openpyxl.Workbook()
    for sheet in (book.active, book.create_sheet("Old")):
        sheet.append(["code", "patients"])
        sheet.append(["J81012", 5000])
    book["Old"].sheet_state = "hidden"
    book.save(tmp_path / "x.xlsx")
    assert list(find(tmp_path)) == ["x.xlsx, sheet Sheet"]


def test_an_empty_selection_and_a_header_without_rows(tmp_path: Path):
    write(tmp_path / "x.csv", "code,name\n")
    table = find(tmp_path)["x.csv"]
    assert table.read({"code": 0, "name": 1}).columns.tolist() == ["code", "name"]
    assert len(table.read({"code": 0})) == 0


# --- Where tables lie ----------------------------------------------------------------------------------------------


def test_what_is_passed_over_without_a_word(tmp_path: Path):
    write(tmp_path / "b.csv", TEXT)
    write(tmp_path / "sub" / "a.csv", TEXT)
    write(tmp_path / ".hidden.csv", TEXT)
    write(tmp_path / "~$book.xlsx", "lock")
    write(tmp_path / ".git" / "x.csv", TEXT)
    write(tmp_path / "case" / "case.toml", "")
    write(tmp_path / "case" / "practices.csv", TEXT)
    write(tmp_path / "run" / "run.json", "{}")
    write(tmp_path / "run" / "deep" / "groups.csv", TEXT)
    write(tmp_path / "guide.pdf", "%PDF-1.4")
    write(tmp_path / "READ-ME.md", "a, b\nc, d\n")
    write(tmp_path / "manifest.json", '{"url": "x", "hash": "y"}')
    assert list(find(tmp_path)) == ["b.csv", "sub/a.csv"]


def test_members_of_archives_are_tables(tmp_path: Path):
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("deep/c.csv", TEXT)
    with zipfile.ZipFile(tmp_path / "all.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("Data/b.csv", TEXT)
        archive.writestr("Data/a.csv", TEXT)
        archive.writestr("__MACOSX/Data/._a.csv", "x")
        archive.writestr("empty.csv", "")
        archive.writestr("inner.zip", inner.getvalue())
        archive.writestr("Doc/licence.txt", "You may use it.")
    tables = find(tmp_path)
    assert list(tables) == ["all.zip/Data/a.csv", "all.zip/Data/b.csv", "all.zip/inner.zip/deep/c.csv"]
    for table in tables.values():
        assert table.path == tmp_path / "all.zip"
        assert table.read({"size": 2, "code": 0}, only=("code", ["J81013"]))["size"].tolist() == ["600"]


def test_workbooks_and_parquet_in_archives(tmp_path: Path):
    book, parquet = io.BytesIO(), io.BytesIO()
    sheet = openpyxl.Workbook()
    sheet.active.append(["code", "name"])
    sheet.active.append(["J81012", 5])
    sheet.save(book)
    pd.DataFrame({"code": ["J81012"], "n": [5.0]}).to_parquet(parquet)
    with zipfile.ZipFile(tmp_path / "all.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.xlsx", book.getvalue())
        archive.writestr("x.parquet", parquet.getvalue())
    tables = find(tmp_path)
    assert {table.form for table in tables.values()} == {"excel", "parquet"}
    for table in tables.values():
        assert table.read({"code": 0, "n": 1}).to_numpy().tolist() == [["J81012", "5"]]


def shapefile_archive(folder: Path, frame: gpd.GeoDataFrame) -> Path:
    frame.to_file(folder / "areas.shp")
    target = folder / "boundaries.zip"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in sorted(folder.glob("areas.*")):
            archive.write(part, f"inside/{part.name}")
            part.unlink()
    return target


SQUARES = gpd.GeoDataFrame(
    {"LSOA21CD": ["E01000001", "E01000002", "E01000003"], "FID": [1, 2, 3]},
    geometry=[shapely.box(x, 100_000, x + 100, 100_100) for x in (400_000, 400_100, 500_000)],
    crs="EPSG:27700",
)


@pytest.mark.parametrize("nested", [False, True])
def test_shapefiles_in_archives(nested: bool, tmp_path: Path):
    path = shapefile_archive(tmp_path, SQUARES)
    if nested:
        data = path.read_bytes()
        path.unlink()
        with zipfile.ZipFile(tmp_path / "outer.zip", "w") as archive:
            archive.writestr("boundaries.zip", data)
    (table,) = find(tmp_path).values()
    assert table.geometry == "polygon"
    assert table.header == ("LSOA21CD", "FID")
    shapes = table.read_shapes({"code": 0}, only=("code", ["E01000003", "E01000001"]))
    assert shapes["code"].tolist() == ["E01000001", "E01000003"]
    assert shapes.index.tolist() == [2, 4]
    assert shapes.geometry.iloc[1].bounds == (500_000, 100_000, 500_100, 100_100)
    assert table.read({"code": 0})["code"].tolist() == SQUARES["LSOA21CD"].tolist()


@pytest.mark.parametrize("form", ["gpkg", "geojson", "parquet"])
@pytest.mark.parametrize("crs", ["EPSG:27700", "EPSG:4326"])
def test_layers_come_out_on_the_national_grid(form: str, crs: str, tmp_path: Path):
    frame = SQUARES.to_crs(crs)
    path = tmp_path / f"areas.{form}"
    frame.to_parquet(path) if form == "parquet" else frame.to_file(path)
    (table,) = find(tmp_path).values()
    assert table.geometry == "polygon"
    shapes = table.read_shapes({"code": 0})
    assert shapes.crs.to_epsg() == 27700
    assert shapes.geometry.iloc[0].centroid.distance(SQUARES.geometry.iloc[0].centroid) < 5
    near = table.read_shapes({"code": 0}, bounds=(399_000, 99_000, 400_150, 101_000))
    assert near["code"].tolist() == ["E01000001", "E01000002"]
    assert table.read_shapes({"code": 0}, only=("code", [])).empty


@pytest.mark.filterwarnings("ignore:'crs' was not provided")
def test_a_layer_without_a_system_is_noted_and_judged_by_its_numbers(tmp_path: Path):
    shapefile_archive(tmp_path, SQUARES.set_crs(None, allow_override=True))
    tables, findings = find_tables(tmp_path)
    assert [(f.code, f.severity) for f in findings] == [("no-crs", "note")]
    assert tables[0].read_shapes({"code": 0}).geometry.iloc[0].bounds[0] == 400_000


def test_a_geopackage_in_an_archive(gpkg: bytes, tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "b (1).zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("Data dir/areas.gpkg", gpkg)
    (table,) = find(tmp_path).values()
    assert len(table.read_shapes({"code": 0}, only=("code", ["E01000002"]))) == 1


def test_a_shapefile_without_its_table(tmp_path: Path):
    SQUARES.to_file(tmp_path / "areas.shp")
    (tmp_path / "areas.dbf").unlink()
    assert codes(tmp_path) == ["shapefile-part"]


# --- Archives that are refused -------------------------------------------------------------------------------------


def test_archives_that_swell_beyond_reason(tmp_path: Path):
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros.csv", b"0," * 15_000_000)
        archive.writestr("good.csv", TEXT)
    tables, findings = find_tables(tmp_path)
    assert [table.file for table in tables] == ["bomb.zip/good.csv"]
    assert [(f.code, f.file) for f in findings] == [("zip-bomb", "bomb.zip/zeros.csv")]


def test_workbooks_that_swell_beyond_reason(tmp_path: Path):
    (tmp_path / "bomb.xlsx").write_bytes(SEEDS["xlsx"])
    with zipfile.ZipFile(tmp_path / "bomb.xlsx", "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet9.xml", b"0" * 30_000_000)
    assert codes(tmp_path) == ["zip-bomb"]


def test_archives_that_are_too_large_altogether(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(archives, "MAX_ARCHIVE_BYTES", 10)
    with zipfile.ZipFile(tmp_path / "bomb.zip", "w") as archive:
        archive.writestr("x.csv", TEXT)
    assert codes(tmp_path) == ["zip-bomb"]


def test_archives_with_a_password(tmp_path: Path):
    path = tmp_path / "secret.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.csv", TEXT)
    data = bytearray(path.read_bytes())
    data[6] |= 1
    data[data.index(b"PK\x01\x02") + 8] |= 1
    path.write_bytes(data)
    tables, findings = find_tables(tmp_path)
    assert tables == []
    assert [(f.code, f.file) for f in findings] == [("zip-encrypted", "secret.zip")]


def test_archives_packed_in_an_unknown_way(tmp_path: Path):
    path = tmp_path / "x.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("x.csv", TEXT)
    data = bytearray(path.read_bytes())
    for mark, offset in ((b"PK\x03\x04", 8), (b"PK\x01\x02", 10)):
        data[data.index(mark) + offset : data.index(mark) + offset + 2] = struct.pack("<H", 9)
    path.write_bytes(data)
    assert codes(tmp_path) == ["zip-packing"]


@pytest.mark.parametrize("suffix", ["csv", "zip", "xlsx", "xls", "parquet", "gpkg", "geojson"])
def test_files_that_are_no_more_than_a_head(suffix: str, tmp_path: Path):
    heads = {"zip": b"PK\x03\x04", "xlsx": b"PK\x03\x04", "xls": b"\xd0\xcf\x11\xe0", "parquet": b"PAR1"}
    heads |= {"gpkg": b"SQLite format 3\x00", "geojson": b'{"type": "FeatureCollection", "features": [', "csv": b""}
    (tmp_path / f"x.{suffix}").write_bytes(heads[suffix])
    tables, findings = find_tables(tmp_path)
    assert tables == []
    assert [f.severity for f in findings] == ["warning"]
    assert "passed over" in findings[0].message


def test_a_web_page_instead_of_a_table(tmp_path: Path):
    write(tmp_path / "epraccur.csv", "<!DOCTYPE html><html><body>Not, found</body></html>\na,b\n")
    assert codes(tmp_path) == ["wrong-format"]


# --- Workbooks -----------------------------------------------------------------------------------------------------


def test_cells_of_a_workbook_as_text(tmp_path: Path):
    book = openpyxl.Workbook()
    page = book.active
    page["B3"], page["C3"], page["D3"] = "Code", "Started\nday", "Size"
    page["B4"], page["C4"], page["D4"] = "J81012", pd.Timestamp("2019-10-01"), 12.0
    page["B6"], page["D6"] = " J81013 ", 12.5
    hidden = book.create_sheet("hidden")
    hidden.sheet_state = "hidden"
    hidden.append(["a", "b"])
    book.save(tmp_path / "x.xlsx")
    table = find(tmp_path)["x.xlsx, sheet Sheet"]
    assert table.header == ("", "Code", "Started day", "Size")
    assert table.header_row == 3
    frame = table.read({"code": 1, "day": 2, "size": 3})
    assert frame.to_dict("index") == {
        4: {"code": "J81012", "day": "2019-10-01", "size": "12"},
        6: {"code": "J81013", "day": "", "size": "12.5"},
    }
    assert table.read({"code": 1}, only=("code", ["j81013"])).index.tolist() == [6]


@pytest.mark.parametrize("dimension", [False, True])
def test_only_the_beginning_of_large_sheets_is_looked_at(dimension: bool, tmp_path: Path):
    book = openpyxl.Workbook(write_only=not dimension)
    for name in ("Notes", "2021", "2022"):
        page = book.create_sheet(name)
        page.append(["Title of the sheet"])
        page.append(["LSOA Code", *(f"age {i}" for i in range(60))])
        for i in range(2500 if name != "Notes" else 1):
            page.append([f"E01{i:06}", *range(60)])
    book.save(tmp_path / "x.xlsx")
    tables = find(tmp_path)
    assert [table.sheet for table in tables.values()] == ["Notes", "2021", "2022"]
    for table in tables.values():
        assert table.header[:2] == ("LSOA Code", "age 0")
    frame = tables["x.xlsx, sheet 2022"].read({"code": 0, "last": 60})
    assert len(frame) == 2500
    assert frame.loc[2502].tolist() == ["E01002499", "59"]


# --- Real files ------------------------------------------------------------------------------------------------------


@pytest.mark.real
def test_the_real_files_of_england(shared_data: Path):
    tables = {table.label: table for table in find_tables(shared_data / "england")[0]}
    practices = tables["epraccur_2022.csv"].read({"code": 0, "setting": 25})
    assert len(practices) == 14_963
    assert practices.index[-1] == 14_963
    rows = tables["practice_lsoa11_registrations_2022.parquet"]
    wanted = practices["code"][practices["code"].str.startswith("J8")]
    began = time.perf_counter()
    kept = rows.read({"practice": 0, "patients": 3}, only=("practice", set(wanted)))
    assert time.perf_counter() - began < 5  # takes 0.05 s; a slow machine may be loaded
    assert kept["practice"].isin(wanted).all()
    whole = rows.read({"practice": 0, "patients": 3})
    assert len(whole) == 865_965
    assert kept["patients"].astype(int).sum() == whole[whole["practice"].isin(wanted)]["patients"].astype(int).sum()
    report = tables["dispensing_practices_2015-01-31.xls, sheet Sheet1"].with_header(0).read({"a": 1})
    assert report.loc[4, "a"] == "Practice Name and Address"
    assert report.index[-1] == 1563


# --- Memory --------------------------------------------------------------------------------------------------------


READ_ONE = """
import resource, sys
from pathlib import Path
from geodata.published.tables import find_tables
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
(table,) = find_tables(Path(sys.argv[1]))[0]
frame = table.read({"code": 0, "x": 3, "y": 4}, only=("code", ["AB1999999", "AB0000007"]))
assert frame.index.tolist() == [9, 2_000_001], frame
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before)
"""


@pytest.mark.parametrize("packed", [False, True])
def test_two_million_rows_in_bounded_memory(packed: bool, tmp_path: Path):
    filler = "x" * 40
    text = "postcode,a,b,easting,northing\n" + "".join(
        f"AB{i:07},{filler},{filler},369000,90000\n" for i in range(2_000_000)
    )
    if packed:
        with zipfile.ZipFile(tmp_path / "big.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
            archive.writestr("big.csv", text)
    else:
        write(tmp_path / "big.csv", text)
    assert len(text) > 200e6
    del text
    done = subprocess.run(
        [sys.executable, "-c", READ_ONE, str(tmp_path)], capture_output=True, text=True, check=False, timeout=120
    )
    assert done.returncode == 0, done.stderr
    unit = 1 if sys.platform == "darwin" else 1024
    assert int(done.stdout) * unit < 120e6


# --- Mangled files -------------------------------------------------------------------------------------------------


def seeds() -> dict[str, bytes]:
    out = {"csv": TEXT.encode() * 3}
    book = openpyxl.Workbook()
    book.active.append(["code", "name"])
    book.active.append(["J81012", "A"])
    data = io.BytesIO()
    book.save(data)
    out["xlsx"] = data.getvalue()
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.csv", TEXT * 20)
        archive.writestr("y.xlsx", out["xlsx"])
    out["zip"] = data.getvalue()
    data = io.BytesIO()
    pd.DataFrame({"code": ["J81012"] * 9, "n": range(9)}).to_parquet(data)
    out["parquet"] = data.getvalue()
    return out


SEEDS = seeds()


@pytest.fixture(scope="module")
def gpkg(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("seed") / "x.gpkg"
    SQUARES.to_file(path)
    return path.read_bytes()


def mangle(data: bytes, changes: list[tuple[float, int]], keep: float) -> bytes:
    mangled = bytearray(data)
    for at, value in changes:
        mangled[int(at * (len(mangled) - 1))] = value
    return bytes(mangled[: max(1, int(keep * len(mangled)))])


CHANGES = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 255)), max_size=12)
KEEP = st.one_of(st.just(1.0), st.floats(0, 1))
SLACK = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def read_all(folder: Path) -> None:
    """Everything is found and read, or told."""
    tables, findings = find_tables(folder)
    for table in tables:
        try:
            table.read({"first": 0}, only=("first", ["J81012"]))
            if table.header_row and table.header:
                table.read({name or str(i): i for i, name in enumerate(dict.fromkeys(table.header))})
            if table.geometry:
                table.read_shapes({})
        except InputProblems as problem:
            assert problem.findings
    assert all(finding.message and finding.file for finding in findings)


@pytest.mark.parametrize("form", ["csv", "xlsx", "zip", "parquet", "gpkg"])
@SLACK
@given(changes=CHANGES, keep=KEEP)
def test_mangled_files_are_read_or_told(
    form: str, changes: list, keep: float, gpkg: bytes, tmp_path_factory: pytest.TempPathFactory
):
    folder = tmp_path_factory.mktemp("mangled")
    (folder / f"x.{form}").write_bytes(mangle(SEEDS.get(form, gpkg), changes, keep))
    read_all(folder)


@SLACK
@given(
    data=st.binary(max_size=300),
    head=st.sampled_from([b"", b"PK\x03\x04", b"PAR1", b"\xd0\xcf\x11\xe0", b'{"features":']),
)
def test_any_bytes_are_read_or_told(data: bytes, head: bytes, tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("bytes")
    (folder / "x.csv").write_bytes(head + data)
    read_all(folder)


@SLACK
@given(text=st.text(alphabet='ab1,;"\n\r\t é|', max_size=120))
def test_any_text_is_read_or_told(text: str, tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("text")
    write(folder / "x.csv", text)
    read_all(folder)
