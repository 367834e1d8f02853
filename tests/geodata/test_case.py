"""`case.toml`: what it may say, and what is said of mistakes in it."""

# ruff: noqa: E501 - in the lists of mistakes, one line a mistake reads best

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import ValidationError

from geodata.case import read_case_settings, settings_and_findings
from geodata.errors import Finding, InputProblems
from geodata.load import load_place
from geodata.starter import write_templates

TABLES = '[tables]\npractices = "p.csv"\nsites = "s.csv"\nareas = "a.csv"\n'


def case(folder: Path, text: str) -> Path:
    for name in ("p.csv", "s.csv", "a.csv", "roads.osm"):
        (folder / name).write_text("a,b\n1,2\n", encoding="utf-8")
    (folder / "case.toml").write_text(text, encoding="utf-8")
    return folder


def findings(folder: Path) -> tuple[Finding, ...]:
    with pytest.raises(InputProblems) as caught:
        read_case_settings(folder)
    return caught.value.findings


def test_the_short_form_and_its_defaults(tmp_path: Path) -> None:
    settings = read_case_settings(case(tmp_path, 'name = "Vale"\n' + TABLES))
    assert (settings.name, settings.made_up, settings.rules.set) == ("Vale", False, "dorset-2017")
    assert settings.roads.method == "straight-line"
    assert settings.roads.bridge_gaps_m == 15
    assert [spec.file for spec in settings.tables.sites] == ["s.csv"]
    assert settings.totals.patients is None


def test_the_long_form_a_list_and_the_file_itself(tmp_path: Path) -> None:
    text = (
        'schema_version = 1\nname = "Vale"\nmade_up = true\n[rules]\nset = "pcn"\n[rules.override.size]\n'
        'hard_maximum = 65000\n[roads]\nsource = "roads.osm"\nbridge_gaps_m = 0\n[roads.straight_line]\n'
        'speed_kmh_rural = 45\n[tables]\npractices = "p.csv"\nareas = { file = "a.csv", crs = "EPSG:4326" }\n'
        '[[tables.sites]]\nfile = "p.csv"\ndefaults = { kind = "main" }\n[[tables.sites]]\nfile = "s.csv"\n'
        'where = { status = ["A", "D"] }\ncolumns = { site_code = "code" }\nlicence = "OGL v3"\n[totals]\nsites = 3\n'
    )
    case(tmp_path, text)
    settings = read_case_settings(tmp_path / "case.toml")
    assert settings.roads.method == "roads"
    assert settings.roads.straight_line.speed_kmh_rural == 45
    assert settings.rules.override == {"size": {"hard_maximum": 65000}}
    assert [spec.file for spec in settings.tables.sites] == ["p.csv", "s.csv"]
    assert settings.tables.sites[1].where == {"status": ["A", "D"]}
    assert settings.totals.sites == 3


def test_settings_cannot_be_changed(tmp_path: Path) -> None:
    settings = read_case_settings(case(tmp_path, 'name = "Vale"\n' + TABLES))
    with pytest.raises(ValidationError):
        settings.name = "Other"


@pytest.mark.parametrize(
    ("text", "code", "row", "column", "fix"),
    [
        (TABLES, "missing-key", None, "name", 'name = "'),
        ('name = ""\n' + TABLES, "wrong-value", 1, "name", "between the quotes"),
        ('nam = "x"\nname = "x"\n' + TABLES, "unknown-key", 1, "nam", "Did you mean name?"),
        ('name = "x"\nmade_up = "yes"\n' + TABLES, "wrong-type", 2, "made_up", "true or false"),
        ('schema_version = 7\nname = "x"\n' + TABLES, "schema-version", 1, "schema_version", "schema_version = 1"),
        ('name = "x"\n[roads]\nmethod = "road"\n' + TABLES, "wrong-value", 3, "roads.method", "'roads'"),
        ('name = "x"\n[roads]\nmethod = "roads"\n' + TABLES, "roads-source", 2, "roads.source", "straight-line"),
        ('name = "x"\n[roads]\nsource = "roads.osm"\nplace = "Y"\n' + TABLES, "roads-source", 3, "roads.source", "Take"),
        ('name = "x"\n[roads]\nsource = "road.osm"\n' + TABLES, "missing-file", 3, "roads.source", "roads.osm"),
        ('name = "x"\n[roads]\nbridge_gaps_m = -1\n' + TABLES, "wrong-value", 3, "roads.bridge_gaps_m", "at least 0"),
        ('name = "x"\n[roads]\nspeed_factor = 0.05\n' + TABLES, "wrong-value", 3, "roads.speed_factor", "at least 0.1"),
        ('name = "x"\n[roads]\nspeed_factor = 3.5\n' + TABLES, "wrong-value", 3, "roads.speed_factor", "at most 3"),
        ('name = "x"\n[rules]\nset = "own.toml"\n' + TABLES, "missing-file", 3, "rules.set", "Copy"),
        ('name = "x"\n[totals]\nsites = 1.5\n' + TABLES, "wrong-type", 3, "totals.sites", "whole number"),
        ('name = "x"\n[tables]\npractices = "p.csv"\nsites = "s.csv"\n', "missing-table", 2, "tables.areas", "areas.csv"),
        ('name = "x"\n' + TABLES + "[tables.localities]\nfil = 'a.csv'\n", "missing-key", 6, "tables.localities.file", "file ="),
        ('name = "x"\n' + TABLES + "localities = 5\n", "wrong-type", 6, "tables.localities", "file name"),
        ('name = "x"\n' + TABLES + 'postcodes = { file = "a.csv", crs = 27700 }\n', "wrong-type", 6, "tables.postcodes.crs", "text"),
        ('name = "x"\n' + TABLES + 'wards = "a.csv"\n', "unknown-key", 6, "tables.wards", "Known keys"),
    ],
)  # fmt: skip
def test_mistakes_name_line_key_and_fix(
    tmp_path: Path, text: str, code: str, row: int | None, column: str, fix: str
) -> None:
    found = [f for f in findings(case(tmp_path, text)) if f.code == code]
    assert [(f.file, f.row, f.column) for f in found] == [("case.toml", row, column)]
    assert fix in found[0].fix


def idle(folder: Path, roads: str) -> list[Finding]:
    settings, told = settings_and_findings(case(folder, f'name = "x"\n[roads]\n{roads}\n' + TABLES))
    assert settings is not None
    return [finding for finding in told if finding.code == "idle-setting"]


def test_settings_of_roads_on_straight_lines_are_warned_of_by_name(tmp_path: Path) -> None:
    every = 'method = "straight-line"\nprofile = "winter"\nspeeds = "s.toml"\nspeed_factor = 0.9\nferries = "off"\n'
    (tmp_path / "s.toml").write_text('[profile.winter-on]\nbased_on = "winter"\n', encoding="utf-8")
    (told,) = idle(tmp_path, every + 'closed = "c.csv"')
    assert (told.severity, told.row, told.column) == ("warning", 4, "roads.profile")
    for key in ("profile", "speeds", "speed_factor", "ferries", "closed"):
        assert key in told.message and key in told.fix
    (told,) = idle(tmp_path, "speed_factor = 0.9")
    assert "profile" not in told.message, "only what is set is named"
    assert idle(tmp_path, 'method = "straight-line"\nspeed_factor = 1\nferries = "on"') == []
    assert idle(tmp_path, 'source = "roads.osm"\nspeed_factor = 0.9') == []


def test_all_mistakes_are_told_at_once(tmp_path: Path) -> None:
    text = (
        'schema_version = 2\nnaem = "x"\nmade_up = "no"\n[roads]\nmethod = "bus"\n[tables]\npractices = 4\n'
        'sites = ["s.csv", { file = "b.csv", colums = { a = "b" } }]\nareas = { file = "a.csv", crs = "EPSG:0" }\n'
        '[tables.postcodes]\nfile = "x.csv"\nwhere = { a = [1, { b = 1 }] }\n[totals]\npatients = "many"\n'
    )
    told = {f.column for f in findings(case(tmp_path, text))}
    assert told == {
        "schema_version", "name", "naem", "made_up", "roads.method", "tables.practices", "tables.sites[2].colums",
        "tables.sites[2].file", "tables.areas.crs", "tables.postcodes.where.a[2]", "tables.postcodes.file",
        "totals.patients",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("data", "row", "fix"),
    [
        (b'name = "x\n', 1, "straight quotes"),
        ('name = \u201cx\u201d\n'.encode(), 1, "curly quotes"),
        (b'name = "x"\nfile = "C:\\data\\p.csv"\n', 2, "forward slashes"),
        (b'name = "x"\nname = "y"\n', 2, "twice"),
        (b'name = "x"\n# caf\xe9\n', 2, "UTF-8"),
    ],
)  # fmt: skip
def test_unreadable_text_names_the_line(tmp_path: Path, data: bytes, row: int, fix: str) -> None:
    (tmp_path / "case.toml").write_bytes(data)
    (finding,) = findings(tmp_path)
    assert (finding.file, finding.row) == ("case.toml", row)
    assert fix in finding.fix


def test_text_from_windows_editors_is_read(tmp_path: Path) -> None:
    for encoding in ("utf-8-sig", "utf-16"):
        case(tmp_path, "")
        (tmp_path / "case.toml").write_bytes(('name = "Vale é"\r\n' + TABLES).encode(encoding))
        assert read_case_settings(tmp_path).name == "Vale é"


FURTHER = '"Households without broadband" = { column = "no_broadband", kind = "share" }\n'


def test_columns_to_break_impact_down_by(tmp_path: Path) -> None:
    text = f'name = "Vale"\n{TABLES}[impact.columns]\n{FURTHER}Carers = {{ column = "c", kind = "count" }}\n'
    asked = read_case_settings(case(tmp_path, text)).impact.columns
    assert list(asked) == ["Households without broadband", "Carers"]
    assert [(about.column, about.kind) for about in asked.values()] == [("no_broadband", "share"), ("c", "count")]
    assert read_case_settings(case(tmp_path, f'name = "Vale"\n{TABLES}')).impact.columns == {}


@pytest.mark.parametrize(
    ("line", "code", "key", "fix"),
    [
        ('"No kind" = { column = "c" }', "missing-key", "impact.columns.No kind.kind", 'kind = "share"'),
        ('"A. b" = { column = "c", kind = "percent" }', "wrong-value", "impact.columns.A. b.kind", "'share', 'count'"),
        ('Short = "c"', "wrong-type", "impact.columns.Short", '{ column = "no_broadband", kind = "share" }'),
        ('"" = { column = "c", kind = "share" }', "wrong-value", "impact.columns.", "between the quotes"),
        ('"E" = { column = "", kind = "share" }', "wrong-value", "impact.columns.E.column", "between the quotes"),
        ('"U" = { column = "c", kind = "share", unit = 1 }', "unknown-key", "impact.columns.U.unit", "column, kind"),
    ],
)
def test_mistakes_in_these_columns_name_their_line(tmp_path: Path, line: str, code: str, key: str, fix: str) -> None:
    text = f'name = "Vale"\n{TABLES}[impact.columns]\n{FURTHER}{line}\n'
    (told,) = findings(case(tmp_path, text))
    assert (told.code, told.column, told.row) == (code, key, 8)
    assert fix in told.fix


def test_impact_must_be_a_section(tmp_path: Path) -> None:
    assert [f.code for f in findings(case(tmp_path, f'impact = 3\nname = "Vale"\n{TABLES}'))] == ["wrong-type"]
    text = f'name = "Vale"\n{TABLES}[impact]\ncolumns = "c"\ncolum = 1\n'
    told = {f.column: f for f in findings(case(tmp_path, text))}
    assert "[impact.columns]" in told["impact.columns"].fix
    assert told["impact.colum"].fix == "Did you mean columns?"


def test_no_case_there(tmp_path: Path) -> None:
    assert [f.code for f in findings(tmp_path / "nowhere")] == ["no-case-folder"]
    assert [f.code for f in findings(tmp_path)] == ["no-case-file"]
    (tmp_path / "case.toml").mkdir()
    assert [f.code for f in findings(tmp_path)] == ["no-case-file"]


def test_the_templates_load_as_they_are(tmp_path: Path) -> None:
    written = write_templates(tmp_path / "new" / "case")
    assert {path.name for path in written} >= {"case.toml", "practices.csv", "sites.csv", "areas.csv", "READ-ME.txt"}
    place = load_place(tmp_path / "new" / "case")
    assert place.made_up
    assert [f for f in place.findings if f.severity != "note"] == []
    assert place.list_total == place.registrations["patients"].sum()


def test_templates_overwrite_nothing(tmp_path: Path) -> None:
    (tmp_path / "sites.csv").write_text("mine", encoding="utf-8")
    with pytest.raises(InputProblems) as caught:
        write_templates(tmp_path)
    assert [f.file for f in caught.value.findings] == ["sites.csv"]
    assert [path.name for path in tmp_path.iterdir()] == ["sites.csv"]
    assert (tmp_path / "sites.csv").read_text(encoding="utf-8") == "mine"
