"""A small sound case, broken in many ways: each time the file, row, column, value and fix are named."""

# ruff: noqa: E501 - in the lists of mistakes, one line a mistake reads best

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import openpyxl
import pytest

from geodata.errors import Finding, InputProblems
from geodata.load import load_place

PRACTICES = [
    ["practice_code", "name", "list_size", "locality", "vulnerability"],
    ["P01", "Mill Lane", "9000", "North Vale", "3"],
    ["P02", "The Quay", "12,000", "South Vale", "succeeding"],
    ["P03", "Old School", "6000.0", "South Vale", ""],
    ["P04", "Chalk Pits", "3000", "North Vale", "yes"],
]
SITES = [
    ["site_code", "practice_code", "name", "kind", "postcode", "x", "y"],
    ["P01", "P01", "Mill Lane", "main", "", "371000", "91000"],
    ["P02", "P02", "The Quay", "main", "", "375000", "87000"],
    ["P03", "P03", "Old School", "Main surgery", "", "373000", "85000"],
    ["P03B", "P03", "Church Hall", "branch", "dt9 9zz", "", ""],
    ["P04", "P04", "Chalk Pits", "main", "", "377000", "91000"],
]
POSTCODES = [["Postcode", "Eastings", "Northings"], ["DT99ZZ", "374000", "84000"], ["DT99ZY", "0", "0"]]
REGISTRATIONS = [
    ["practice_code", "area_code", "patients"],
    ["P01", "A01", "5000"],
    ["P01", "A02", "4000"],
    ["P02", "A03", "6000"],
    ["P02", "A04", "6000"],
    ["P03", "A05", "3000"],
    ["P03", "A06", "3000"],
    ["P04", "A07", "1500"],
    ["P04", "A08", "1500"],
]
AGES = [["9001", ""], ["500", "501"], ["1", "1"], ["", "9"]]
LOCALITY_OF = [["practice_code", "locality"], ["P01", "North Vale"], ["P02", "South Vale"], ["P03", "South Vale"]]
LOCALITY_OF += [["P04", "North Vale"]]
ADJACENCY = [["practice_a", "practice_b"], ["P01", "P02"], ["P02", "P03"], ["P01", "P04"]]
CASE = """schema_version = 1
name = "Made-up Vale"
made_up = true
[roads]
method = "straight-line"
[tables]
practices = "practices.csv"
sites = "sites.csv"
areas = "areas.geojson"
registrations = "registrations.csv"
localities = "localities.geojson"
locality_of = "locality_of.csv"
postcodes = "postcodes.csv"
adjacency = "adjacency.csv"
[totals]
patients = 30000
practices = 4
sites = 5
"""


def square(x: float, y: float, side: float) -> list[list[list[float]]]:
    return [[[x, y], [x + side, y], [x + side, y + side], [x, y + side], [x, y]]]


def feature(properties: dict[str, object], rings: list[list[list[float]]]) -> dict[str, object]:
    return {
        "type": "Feature",
        "properties": properties,
        "geometry": {"type": "Polygon", "coordinates": rings},
    }


def collection(features: list[dict[str, object]]) -> dict[str, object]:
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::27700"}}
    return {"type": "FeatureCollection", "crs": crs, "features": features}


def areas() -> dict[str, object]:
    made = []
    for i in range(8):
        properties = {
            "area_code": f"A0{i + 1}",
            "population": 3000 + i,
            "population_65_plus": 700,
            "population_75_plus": 300,
            "rural_urban": ["C1", "Rural town and fringe", "RLF1", "urban"][i % 4],
            "deprivation_decile": i + 1,
            "no_car_share": 0.1,
        }
        made.append(feature(properties, square(370000 + 2000 * (i % 4), 90000 - 4000 * (i // 4), 2000)))
    return collection(made)


def localities() -> dict[str, object]:
    north = feature({"name": "North Vale"}, square(369000, 88000, 10000))
    south = feature({"name": "South Vale"}, square(369000, 78000, 10000))
    return collection([north, south])


def read_rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8", newline="") as text:
        return list(csv.reader(text))


def write_rows(path: Path, rows: list[list[str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as handle:
        csv.writer(handle).writerows(rows)


def write_json(path: Path, data: object) -> None:
    path.write_text(json.dumps(data), encoding="utf-8")


@pytest.fixture
def case(tmp_path: Path) -> Path:
    """The sound case."""
    folder = tmp_path / "case"
    folder.mkdir()
    (folder / "case.toml").write_text(CASE, encoding="utf-8")
    write_rows(folder / "practices.csv", PRACTICES)
    write_rows(folder / "sites.csv", SITES)
    write_rows(folder / "registrations.csv", REGISTRATIONS)
    write_rows(folder / "locality_of.csv", LOCALITY_OF)
    write_rows(folder / "postcodes.csv", POSTCODES)
    write_rows(folder / "adjacency.csv", ADJACENCY)
    write_json(folder / "areas.geojson", areas())
    write_json(folder / "localities.geojson", localities())
    return folder


def problems(folder: Path) -> tuple[Finding, ...]:
    with pytest.raises(InputProblems) as caught:
        load_place(folder)
    return caught.value.findings


def errors(folder: Path) -> list[Finding]:
    return [finding for finding in problems(folder) if finding.severity == "error"]


# --- Ways to break it --------------------------------------------------------------------------------------------


def set_cell(file: str, row: int, column: str, value: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        rows = read_rows(folder / file)
        rows[row - 1][rows[0].index(column)] = value
        write_rows(folder / file, rows)

    return change


def add_row(file: str, *cells: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        rows = read_rows(folder / file)
        write_rows(folder / file, [*rows, list(cells)])

    return change


def drop_row(file: str, row: int) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        rows = read_rows(folder / file)
        del rows[row - 1]
        write_rows(folder / file, rows)

    return change


def rename(file: str, old: str, new: str) -> Callable[[Path], None]:
    return set_cell(file, 1, old, new)


def raw(file: str, data: bytes) -> Callable[[Path], None]:
    return lambda folder: (folder / file).write_bytes(data)


def area(number: int, **properties: object) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        data = json.loads((folder / "areas.geojson").read_text(encoding="utf-8"))
        data["features"][number]["properties"] |= properties
        write_json(folder / "areas.geojson", data)

    return change


def shape(file: str, number: int, geometry: object) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        data = json.loads((folder / file).read_text(encoding="utf-8"))
        data["features"][number]["geometry"] = geometry
        write_json(folder / file, data)

    return change


def declare(file: str, crs: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        data = json.loads((folder / file).read_text(encoding="utf-8"))
        data["crs"]["properties"]["name"] = crs
        write_json(folder / file, data)

    return change


def toml(old: str, new: str) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        text = (folder / "case.toml").read_text(encoding="utf-8")
        assert old in text
        (folder / "case.toml").write_text(text.replace(old, new), encoding="utf-8")

    return change


def scaled_registrations(factor: float) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        rows = [[p, a, str(float(n) * factor)] for p, a, n in REGISTRATIONS[1:]]
        write_rows(folder / "registrations.csv", [REGISTRATIONS[0], *rows])

    return change


def both(*changes: Callable[[Path], None]) -> Callable[[Path], None]:
    def change(folder: Path) -> None:
        for one in changes:
            one(folder)

    return change


def titled_workbook(folder: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    for row in (["Practices of the county"], ["as of January"], *PRACTICES):
        sheet.append(row)
    book.save(folder / "practices.xlsx")
    toml('"practices.csv"', '"practices.xlsx"')(folder)


def web_mercator(folder: Path) -> None:
    rows = [row[:5] + (["-270000", "6570000"] if row[5] else ["", ""]) for row in SITES[1:]]
    write_rows(folder / "sites.csv", [SITES[0], *rows])


def degrees(folder: Path) -> None:
    rows = [row[:5] + (["-2.35", "50.7"] if row[5] else ["", ""]) for row in SITES[1:]]
    write_rows(folder / "sites.csv", [SITES[0], *rows])


def east_of_greenwich(folder: Path) -> None:
    rows = [[*row, "", ""] for row in SITES]
    rows[0][-2:], rows[1][-4:] = ["lon", "lat"], ["", "", "2.4", "50.72"]
    write_rows(folder / "sites.csv", rows)


UNCLOSED = {"type": "Polygon", "coordinates": [square(0, 0, 1)[0][:4]]}


@dataclass
class Break:
    """One way to break the case, and what must be said of it."""

    how: Callable[[Path], None]
    file: str
    code: str
    fix: str
    row: int | None = None
    column: str | None = None
    value: str | None = None


BREAKS: dict[str, Break] = {
    "missing column": Break(
        rename("practices.csv", "list_size", "lst_size"),
        "practices.csv", "missing-column", 'columns = { list_size = "lst_size" }', 1, "list_size", "lst_size",
    ),
    "duplicate practice": Break(
        add_row("practices.csv", "P02", "Again", "5000", "South Vale", ""),
        "practices.csv", "duplicate-code", "Keep one of the two rows", 6, "practice_code", "P02",
    ),
    "duplicate site": Break(
        add_row("sites.csv", "P03B", "P03", "Twice", "branch", "", "374000", "85000"),
        "sites.csv", "duplicate-code", "Keep one", 7, "site_code", "P03B",
    ),
    "empty code": Break(
        set_cell("sites.csv", 3, "site_code", ""), "sites.csv", "empty-value", "Fill the cell in", 3, "site_code", "",
    ),
    "negative list": Break(
        set_cell("practices.csv", 2, "list_size", "-9000"),
        "practices.csv", "negative", "Correct the number", 2, "list_size", "-9000",
    ),
    "letter in a number": Break(
        set_cell("practices.csv", 3, "list_size", "12O5"),
        "practices.csv", "not-a-number", "letters O", 3, "list_size", "12O5",
    ),
    "list not whole": Break(
        set_cell("practices.csv", 3, "list_size", "120.5"),
        "practices.csv", "not-whole", "without decimals", 3, "list_size", "120.5",
    ),
    "decimal comma": Break(
        set_cell("practices.csv", 3, "list_size", "12000,5"),
        "practices.csv", "not-a-number", "decimals after a point", 3, "list_size", "12000,5",
    ),
    "infinite list": Break(
        set_cell("practices.csv", 3, "list_size", "inf"),
        "practices.csv", "not-a-number", "digits", 3, "list_size", "inf",
    ),
    "unknown vulnerability": Break(
        set_cell("practices.csv", 3, "vulnerability", "fine"),
        "practices.csv", "unknown-word", "1 to 5", 3, "vulnerability", "fine",
    ),
    "practice without site": Break(
        drop_row("sites.csv", 6), "practices.csv", "practice-without-site", "Add its main site", 5, "practice_code", "P04",
    ),
    "several sites and none main": Break(
        set_cell("sites.csv", 4, "kind", "branch"), "sites.csv", "no-main-site", "Write main", 4, "kind", "branch",
    ),
    "two main sites": Break(
        set_cell("sites.csv", 5, "kind", "main"), "sites.csv", "two-main-sites", "write branch", 5, "kind", "main",
    ),
    "unknown kind": Break(
        set_cell("sites.csv", 5, "kind", "kiosk"), "sites.csv", "unknown-word", "main, branch", 5, "kind", "kiosk",
    ),
    "site of an unknown practice": Break(
        set_cell("sites.csv", 5, "practice_code", "P33"),
        "sites.csv", "unknown-practice", "nearest code is P03", 5, "practice_code", "P33",
    ),
    "branch of nobody": Break(
        set_cell("sites.csv", 5, "practice_code", ""),
        "sites.csv", "site-without-practice", "practice's code", 5, "practice_code", "",
    ),
    "site outside the area": Break(
        set_cell("sites.csv", 2, "y", "391000"), "sites.csv", "outside-area", "Correct the coordinates", 2, "x",
        "371000, 391000",
    ),
    "site outside Great Britain": Break(
        set_cell("sites.csv", 2, "x", "3710000"), "sites.csv", "outside-britain", "crs", 2, "x", "3710000, 91000",
    ),
    "site north of Great Britain": Break(
        set_cell("sites.csv", 2, "y", "1391000"), "sites.csv", "outside-britain", "crs", 2, "x", "371000, 1391000",
    ),
    "site 31 km from the nearest area": Break(
        set_cell("sites.csv", 2, "y", "122000"), "sites.csv", "outside-area", "Correct", 2, "x", "371000, 122000",
    ),
    "longitude without its minus": Break(
        east_of_greenwich, "sites.csv", "lost-minus", "Write -2.4", 2, "lon", "2.4, 50.72",
    ),
    "swapped columns": Break(
        both(set_cell("sites.csv", 2, "x", "91000"), set_cell("sites.csv", 2, "y", "371000")),
        "sites.csv", "swapped-coordinates", "Exchange", 2, "x", "91000, 371000",
    ),
    "all sites in degrees": Break(degrees, "sites.csv", "wrong-crs", 'crs = "EPSG:4326"', 2, "x", "-2.35, 50.7"),
    "all sites in web map metres": Break(
        web_mercator, "sites.csv", "wrong-crs", 'crs = "EPSG:3857"', 2, "x", "-270000, 6570000",
    ),
    "one site in degrees": Break(
        both(set_cell("sites.csv", 2, "x", "-2.4"), set_cell("sites.csv", 2, "y", "50.7")),
        "sites.csv", "wrong-crs", "lon and lat", 2, "x", "-2.4",
    ),
    "coordinates zero": Break(
        both(set_cell("sites.csv", 2, "x", "0"), set_cell("sites.csv", 2, "y", "0")),
        "sites.csv", "zero-location", "postcode", 2, "x", "0, 0",
    ),
    "half a location": Break(set_cell("sites.csv", 2, "y", ""), "sites.csv", "half-location", "both", 2, "y", ""),
    "no location": Break(set_cell("sites.csv", 5, "postcode", ""), "sites.csv", "no-location", "postcode", 5, "x", ""),
    "unknown postcode": Break(
        set_cell("sites.csv", 5, "postcode", "DT9 9ZX"),
        "sites.csv", "unknown-postcode", "give x and y", 5, "postcode", "DT9 9ZX",
    ),
    "postcode without a place": Break(
        set_cell("sites.csv", 5, "postcode", "DT9 9ZY"),
        "sites.csv", "unknown-postcode", "give x and y", 5, "postcode", "DT9 9ZY",
    ),
    "no postcode table": Break(
        toml('postcodes = "postcodes.csv"\n', ""),
        "sites.csv", "no-postcode-table", "tables.postcodes", 5, "postcode", "dt9 9zz",
    ),
    "areas declared in degrees": Break(
        declare("areas.geojson", "urn:ogc:def:crs:OGC:1.3:CRS84"),
        "areas.geojson", "wrong-crs", 'crs = "EPSG:27700"', None, "geometry", "370000, 86000, 378000, 92000",
    ),
    "polygon not closed": Break(
        shape("areas.geojson", 2, UNCLOSED), "areas.geojson", "polygon-not-closed", "Repeat the first point", 4, "geometry",
    ),
    "locality not closed": Break(
        shape("localities.geojson", 1, UNCLOSED),
        "localities.geojson", "polygon-not-closed", "Repeat the first point", 3, "geometry",
    ),
    "empty geometry": Break(
        shape("areas.geojson", 0, None), "areas.geojson", "empty-geometry", "Draw it", 2, "geometry", "A01",
    ),
    "line instead of polygon": Break(
        shape("localities.geojson", 0, {"type": "LineString", "coordinates": [[370000, 90000], [371000, 90000]]}),
        "localities.geojson", "wrong-geometry", "repair", 2, "geometry", "North Vale",
    ),
    "area without population": Break(
        area(3, population=None), "areas.geojson", "empty-value", "0 if nobody", 5, "population", "",
    ),
    "unknown class": Break(
        area(3, rural_urban="Z9"), "areas.geojson", "unknown-word", "ONS class", 5, "rural_urban", "Z9",
    ),
    "decile eleven": Break(
        area(3, deprivation_decile=11), "areas.geojson", "out-of-range", "from 1 to 10", 5, "deprivation_decile", "11",
    ),
    "share as percentage": Break(
        area(3, no_car_share=12), "areas.geojson", "out-of-range", "divide by 100", 5, "no_car_share", "12",
    ),
    "duplicate area": Break(
        area(3, area_code="A01"), "areas.geojson", "duplicate-code", "Keep one", 5, "area_code", "A01",
    ),
    "unknown locality": Break(
        set_cell("practices.csv", 2, "locality", "Nort Vale"),
        "practices.csv", "unknown-locality", "nearest name is North Vale", 2, "locality", "Nort Vale",
    ),
    "two localities for one practice": Break(
        add_row("locality_of.csv", "P01", "South Vale"),
        "locality_of.csv", "duplicate-code", "Keep one", 6, "practice_code", "P01",
    ),
    "neighbour unknown": Break(
        add_row("adjacency.csv", "P01", "P0X"),
        "adjacency.csv", "unknown-practice", "nearest code", 5, "practice_b", "P0X",
    ),
    "negative registrations": Break(
        set_cell("registrations.csv", 4, "patients", "-6000"),
        "registrations.csv", "negative", "Correct", 4, "patients", "-6000",
    ),
    "suppressed registrations": Break(
        set_cell("registrations.csv", 4, "patients", "*"),
        "registrations.csv", "not-a-number", "suppressed", 4, "patients", "*",
    ),
    "duplicate registrations": Break(
        add_row("registrations.csv", "P01", "A01", "10"),
        "registrations.csv", "duplicate-code", "add their patients together", 10, "practice_code", "P01 / A01",
    ),
    "registrations of other practices": Break(
        both(*(set_cell("registrations.csv", row, "practice_code", f"X{row}") for row in range(2, 10))),
        "registrations.csv", "no-match", "same kind", 2, "practice_code", "X2",
    ),
    "registrations of other areas": Break(
        both(*(set_cell("registrations.csv", row, "area_code", f"X{row}") for row in range(2, 10))),
        "registrations.csv", "no-match", "LSOA 2011", 2, "area_code", "X2",
    ),
    "registrations that do not sum": Break(
        scaled_registrations(0.01), "registrations.csv", "registrations-sum", "all patients", None, "patients", "300",
    ),
    "empty file": Break(raw("sites.csv", b""), "sites.csv", "empty-file", "Save it again"),
    "header only": Break(raw("sites.csv", b"site_code,practice_code,name,kind,x,y\n"), "sites.csv", "header-only", "rows"),
    "zero bytes inside": Break(
        raw("practices.csv", b"practice_code,name,list_size\nP01,a\x00b,3\n"), "practices.csv", "wrong-encoding", "CSV UTF-8", 2,
    ),
    "undecodable": Break(
        raw("practices.csv", b"practice_code,name,list_size\nP01,a\x81b,3\n"),
        "practices.csv", "wrong-encoding", "CSV UTF-8", 2, None, "P01,a\x81b,3",
    ),
    "workbook called csv": Break(raw("sites.csv", b"PK\x03\x04abc"), "sites.csv", "wrong-format", ".xlsx"),
    "web page": Break(raw("sites.csv", b"<!DOCTYPE html><html>"), "sites.csv", "wrong-format", "Download"),
    "open quotation mark": Break(
        raw("practices.csv", b'practice_code,name,list_size\nP01,"Mill,3\nP02,b,4\n'),
        "practices.csv", "bad-quotes", "not closed", 2, None, 'P01,"Mill,3',
    ),
    "comma in a name": Break(
        raw("practices.csv", b"practice_code,name,list_size\nP01,a,9000\nP02,b,12000\nP03,c,6000\nP04,d,3,000\n"),
        "practices.csv", "too-many-cells", "quotation marks", 5, None, "000",
    ),
    "title above the header": Break(titled_workbook, "practices.xlsx", "header-not-first", "header_row = 3", 3),
    "a folder for a file": Break(
        both(lambda folder: (folder / "sites.csv").unlink(), lambda folder: (folder / "sites.csv").mkdir()),
        "sites.csv", "unreadable-file", "inside it",
    ),
    "broken geojson": Break(
        raw("areas.geojson", b'{"type": "FeatureCollection",\n "features": [{'), "areas.geojson", "bad-json", "cut off", 2,
    ),
    "not a workbook": Break(
        both(raw("practices.xlsx", b"hello"), toml('"practices.csv"', '"practices.xlsx"')),
        "practices.xlsx", "unreadable-file", "Open it in Excel",
    ),
    "unknown format": Break(
        both(raw("practices.docx", b"hello"), toml('"practices.csv"', '"practices.docx"')),
        "practices.docx", "unknown-format", ".csv", None, None, "practices.docx",
    ),
    "missing file": Break(
        toml('"sites.csv"', '"sights.csv"'), "case.toml", "missing-file", "sites.csv", 8, "tables.sites.file", "sights.csv",
    ),
    "unknown key": Break(
        toml("made_up = true", "madeup = true"), "case.toml", "unknown-key", "made_up", 3, "madeup", "true",
    ),
    "unknown coordinate system": Break(
        toml('sites = "sites.csv"', 'sites = { file = "sites.csv", crs = "EPSG:2770x" }'),
        "case.toml", "wrong-crs", "EPSG:27700", 8, "tables.sites.crs", "EPSG:2770x",
    ),
    "mapping to an absent column": Break(
        toml('sites = "sites.csv"', 'sites = { file = "sites.csv", columns = { kind = "kynd" } }'),
        "sites.csv", "missing-column", "nearest column in the file is kind", 1, "kynd",
    ),
    "mapping of an unknown column": Break(
        toml('sites = "sites.csv"', 'sites = { file = "sites.csv", columns = { knd = "kind" } }'),
        "case.toml", "unknown-column", "kind", None, "tables.sites.columns", "knd",
    ),
    "where on an absent column": Break(
        toml('sites = "sites.csv"', 'sites = { file = "sites.csv", where = { statu = "A" } }'),
        "sites.csv", "missing-column", "columns of the file are", 1, "statu",
    ),
    "where that leaves nothing": Break(
        toml('sites = "sites.csv"', 'sites = { file = "sites.csv", where = { kind = "none" } }'),
        "sites.csv", "nothing-left", "values asked for", None, None, "kind = none",
    ),
}  # fmt: skip


def matching(findings: list[Finding], wanted: Break) -> list[Finding]:
    return [
        f
        for f in findings
        if (f.file, f.code, f.row, f.column) == (wanted.file, wanted.code, wanted.row, wanted.column)
    ]


def test_the_sound_case_has_no_findings_but_notes(case: Path) -> None:
    place = load_place(case)
    assert [f for f in place.findings if f.severity != "note"] == []
    assert place.list_total == 30000


@pytest.mark.parametrize("name", BREAKS)
def test_broken_input_is_named(case: Path, name: str) -> None:
    wanted = BREAKS[name]
    wanted.how(case)
    found = errors(case)
    hits = matching(found, wanted)
    assert hits, [str(f) for f in found]
    assert wanted.fix in hits[0].fix
    if wanted.value is not None:
        assert hits[0].value == wanted.value
    assert all(f.message and f.fix for f in found)
    assert len(found) == 1, "a mistake in one table must not raise errors about the others"


def test_many_mistakes_at_once_are_all_told(case: Path) -> None:
    together = [
        "duplicate practice", "letter in a number", "unknown vulnerability", "unknown locality",
        "practice without site", "duplicate site", "site outside the area", "unknown postcode",
        "polygon not closed", "decile eleven", "share as percentage", "unknown class",
        "negative registrations", "suppressed registrations", "duplicate registrations",
        "two localities for one practice", "neighbour unknown", "locality not closed", "unknown key",
    ]  # fmt: skip
    shifted = {"decile eleven": 4, "share as percentage": 5, "unknown class": 6}
    for name in together:
        wanted = BREAKS[name]
        if name in shifted:
            number = shifted[name]
            column = wanted.column
            value = {"deprivation_decile": 11, "no_car_share": 12, "rural_urban": "Z9"}[column]
            area(number, **{column: value})(case)
        elif name == "suppressed registrations":
            set_cell("registrations.csv", 5, "patients", "*")(case)
        elif name == "duplicate site":
            add_row("sites.csv", "P01", "P03", "Twice", "branch", "", "374000", "85000")(case)
        else:
            wanted.how(case)
    found = errors(case)
    kinds = {(f.file, f.code) for f in found}
    assert {(BREAKS[name].file, BREAKS[name].code) for name in together} <= kinds
    assert len(found) == len(together), [str(f) for f in found]


def test_a_case_that_is_not_there(tmp_path: Path) -> None:
    (finding,) = errors(tmp_path / "nowhere")
    assert finding.code == "no-case-folder"
    assert "blueprint init" in finding.fix


def test_windows_text_is_read_with_a_warning(case: Path) -> None:
    (case / "practices.csv").write_bytes(
        "practice_code,name,list_size\nP01,a,9000\nP02,Café,12000\nP03,c,6000\nP04,d,3000\n".encode("cp1252")
    )
    place = load_place(case)
    assert place.practices.at["P02", "name"] == "Café"
    (warning,) = [f for f in place.findings if f.severity == "warning"]
    assert (warning.file, warning.row, warning.value) == ("practices.csv", 3, "P02,Café,12000")


def test_a_practice_without_list_is_left_out_with_its_sites_and_registrations(case: Path) -> None:
    set_cell("practices.csv", 5, "list_size", "")(case)
    place = load_place(case)
    assert list(place.practices.index) == ["P01", "P02", "P03"]
    assert "P04" not in set(place.sites["practice_code"])
    warnings = {f.column if f.code == "total-differs" else f.code: f for f in place.findings if f.severity == "warning"}
    assert warnings["no-list-size"].row == 5
    assert "3,000 patients" in warnings["practices-not-in-case"].message
    assert "27,000" in warnings["totals.patients"].message


def test_a_site_within_30_km_of_the_areas_is_believed(case: Path) -> None:
    set_cell("sites.csv", 2, "y", "120000")(case)
    assert load_place(case).sites.geometry.loc["P01"].y == 120000


def test_where_most_areas_are_misplaced_the_sites_are_not_blamed(case: Path) -> None:
    rows = [[f"A0{i}", "371000", "1391000", "3000", "urban"] for i in range(1, 8)]
    rows.append(["A08", "471000", "291000", "3000", "urban"])  # on the map, but far from every site
    write_rows(case / "areas.csv", [["area_code", "x", "y", "population", "rural_urban"], *rows])
    toml('"areas.geojson"', '"areas.csv"')(case)
    assert {(f.file, f.code) for f in errors(case)} == {("areas.csv", "outside-britain")}


def test_half_read_registrations_are_not_compared_with_the_lists(case: Path) -> None:
    BREAKS["suppressed registrations"].how(case)
    assert not {f.code for f in problems(case)} & {"scaling-factor", "scaling-range"}


def test_parts_that_exceed_the_whole_are_warned_of(case: Path) -> None:
    old = [[*row, *ages] for row, ages in zip(PRACTICES[1:], AGES, strict=True)]
    write_rows(case / "practices.csv", [[*PRACTICES[0], "age_65_plus", "age_75_plus"], *old])
    area(2, population_65_plus=3003)(case)
    area(4, population_75_plus=701)(case)
    warned = {(f.file, f.row, f.column) for f in load_place(case).findings if f.code == "part-exceeds-whole"}
    assert warned == {
        ("practices.csv", 2, "age_65_plus"),
        ("practices.csv", 3, "age_75_plus"),
        ("areas.geojson", 4, "population_65_plus"),
        ("areas.geojson", 6, "population_75_plus"),
    }


def test_an_area_without_class_is_urban_and_warned_of(case: Path) -> None:
    area(1, rural_urban="")(case)
    place = load_place(case)
    assert not place.areas.at["A02", "rural"]
    (warning,) = [f for f in place.findings if f.severity == "warning"]
    assert (warning.code, warning.file, warning.row) == ("no-class", "areas.geojson", 3)
    assert warning.message.startswith("1 areas")


def test_a_practice_missing_from_the_assignment_table_is_warned_of(case: Path) -> None:
    drop_row("locality_of.csv", 5)(case)
    (warning,) = [f for f in load_place(case).findings if f.severity == "warning"]
    assert (warning.code, warning.file) == ("practice-without-locality", "locality_of.csv")
    assert "P04" in warning.message


def test_registrations_of_nobody_are_dropped(case: Path) -> None:
    add_row("registrations.csv", "P01", "A08", "0")(case)
    table = load_place(case).registrations
    assert len(table) == len(REGISTRATIONS) - 1
    assert (table["patients"] > 0).all()


def test_borders_of_practices_left_out_are_left_out(case: Path) -> None:
    where = '{ file = "practices.csv", where_not = { practice_code = "P04" } }'
    toml('practices = "practices.csv"', f"practices = {where}")(case)
    place = load_place(case)
    pairs = list(place.adjacency.itertuples(index=False, name=None))
    assert pairs == [("P01", "P02"), ("P02", "P03")]


@pytest.mark.parametrize(("size", "flagged"), [("999", True), ("1000", False)])
def test_a_list_is_small_below_a_thousand(case: Path, size: str, flagged: bool) -> None:
    set_cell("practices.csv", 5, "list_size", size)(case)
    assert ("small-list" in {f.code for f in load_place(case).findings}) == flagged


def test_small_lists_are_kept_and_flagged(case: Path) -> None:
    set_cell("practices.csv", 5, "list_size", "800")(case)
    place = load_place(case)
    assert place.practices.at["P04", "list_size"] == 800
    codes = {f.code for f in place.findings}
    assert {"small-list", "scaling-factor"} <= codes


def test_registrations_outside_are_counted(case: Path) -> None:
    add_row("registrations.csv", "P01", "W01", "100")(case)
    add_row("registrations.csv", "Z99", "A01", "7")(case)
    place = load_place(case)
    told = {f.code: f for f in place.findings if f.severity == "warning"}
    assert "1 row with 100 patients" in told["areas-not-in-case"].message
    assert "1 row with 7 patients" in told["practices-not-in-case"].message
    assert place.registrations["patients"].sum() == 30100


def test_an_assignment_table_may_know_more_practices(case: Path) -> None:
    add_row("locality_of.csv", "Q77", "North Vale")(case)
    (warning,) = [f for f in load_place(case).findings if f.severity == "warning"]
    assert (warning.file, warning.row, warning.value) == ("locality_of.csv", 6, "Q77")


def test_registrations_by_sex_are_recognised(case: Path) -> None:
    rows = [[*row, sex] for row in REGISTRATIONS[1:] for sex in ("ALL", "FEMALE")]
    write_rows(case / "registrations.csv", [[*REGISTRATIONS[0], "SEX"], *rows])
    assert all('where = { SEX = "ALL" }' in f.fix for f in errors(case))
    toml('"registrations.csv"', '{ file = "registrations.csv", where = { SEX = "ALL" } }')(case)
    assert load_place(case).registrations["patients"].sum() == 30000


def test_a_lone_branch_is_taken_as_the_main_site(case: Path) -> None:
    set_cell("sites.csv", 6, "kind", "branch")(case)
    place = load_place(case)
    assert place.practices.at["P04", "main_site_code"] == "P04"
    assert place.sites.at["P04", "kind"] == "main"
    assert "lone-site-main" in {f.code for f in place.findings}


def test_an_outline_that_crosses_itself_is_mended_and_noted(case: Path) -> None:
    bow_tie = [[[370000, 90000], [372000, 92000], [372000, 90000], [370000, 92000], [370000, 90000]]]
    shape("areas.geojson", 0, {"type": "Polygon", "coordinates": bow_tie})(case)
    place = load_place(case)
    assert place.areas.geometry.is_valid.all()
    assert place.areas.geometry.loc["A01"].area == pytest.approx(2e6), "both wings are kept, and no more ground"
    (note,) = [f for f in place.findings if f.code == "mended-geometry"]
    assert note.message.startswith("1 outline that crosses itself was mended (row ")


def test_many_rows_alike_are_counted_not_listed(case: Path) -> None:
    rows = [["P01", f"A{i:03}", "x"] for i in range(500)]
    write_rows(case / "registrations.csv", [REGISTRATIONS[0], *rows])
    found = [f for f in errors(case) if f.code == "not-a-number"]
    assert len(found) == 21
    assert "500 rows" in found[-1].message


def test_findings_are_the_same_on_a_second_run(case: Path) -> None:
    for name in ("letter in a number", "duplicate registrations", "decile eleven"):
        BREAKS[name].how(case)
    assert problems(case) == problems(case)
