"""Findings written and read again, and files that somebody has been at."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geodata.errors import Finding
from geodata.findings_csv import read_findings, write_findings
from geodata.load import load_place
from tests.small_case import write_small_case

TEXT = st.text(st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30)
FINDINGS = st.builds(
    Finding,
    severity=st.sampled_from(["warning", "note"]),
    file=TEXT | st.just(""),
    message=TEXT,
    fix=TEXT | st.just(""),
    row=st.none() | st.integers(0, 10**6),
    column=st.none() | TEXT,
    value=st.none() | TEXT,
    code=TEXT,
)
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@QUICK
@given(findings=st.lists(FINDINGS, max_size=5))
def test_what_was_written_is_read_again(findings: list[Finding], tmp_path: Path) -> None:
    path = tmp_path / "record.csv"
    write_findings(findings, path)
    assert read_findings(path) == findings


@QUICK
@given(data=st.binary(max_size=300))
def test_any_bytes_give_findings_and_no_traceback(data: bytes, tmp_path: Path) -> None:
    path = tmp_path / "record.csv"
    path.write_bytes(data)
    assert all(finding.severity != "error" for finding in read_findings(path))


def test_rows_that_cannot_be_understood_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "record.csv"
    write_findings([Finding("error", "a.csv", "It was wrong.", code="old")], path)
    with path.open("a", encoding="utf-8") as handle:
        handle.write("grave,b.csv,,,,Something,,x\n\n")
    found = read_findings(path)
    assert [finding.severity for finding in found] == ["warning", "warning"]
    assert "1 of its 2 rows" in found[1].message


def test_a_row_beyond_any_table_is_no_row(tmp_path: Path) -> None:
    path = tmp_path / "record.csv"
    path.write_text(f"severity,file,row,message\nnote,a.csv,{'9' * 30},Odd.\n", encoding="utf-8")
    assert read_findings(path) == [Finding("note", "a.csv", "Odd.")]


def test_a_record_saved_by_a_spreadsheet_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "record.csv"
    finding = Finding("warning", "a.csv", "Look, here.", "Mend it.", 7, "list_size", "-3", "bad-number")
    write_findings([finding], path)
    assert path.read_text(encoding="utf-8").splitlines()[0] == "severity,file,row,column,value,message,fix,code"
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n"))
    assert read_findings(path) == [finding]
    path.write_text(path.read_text(encoding="utf-8-sig").rstrip() + ",one cell too many\n", encoding="utf-8")
    (told,) = read_findings(path)
    assert told.code == "unreadable-record" and "1 of its 1 rows" in told.message


@pytest.mark.parametrize("text", ["severity,message,code\nnote,Cut on a Monday.,cut\n"])
def test_a_case_shows_its_record(tmp_path: Path, text: str) -> None:
    case = write_small_case(tmp_path / "case")
    (case / "record.csv").write_text(text, encoding="utf-8")
    settings_file = case / "case.toml"
    settings_file.write_text('record = "record.csv"\n' + settings_file.read_text(encoding="utf-8"), encoding="utf-8")
    assert "Cut on a Monday." in {finding.message for finding in load_place(case).findings}


@pytest.mark.parametrize(
    ("roads", "told"), [('method = "straight-line"', True), ('source = "named-since.osm.pbf"', False)]
)
def test_no_file_of_roads_is_told_only_until_one_is_named(tmp_path: Path, roads: str, told: bool) -> None:
    case = write_small_case(tmp_path / "case")
    (case / "named-since.osm.pbf").write_bytes(b"")
    (case / "record.csv").write_text("severity,message,code\nnote,No roads.,no-roads\n", encoding="utf-8")
    settings = (case / "case.toml").read_text(encoding="utf-8").replace('method = "straight-line"', roads)
    (case / "case.toml").write_text('record = "record.csv"\n' + settings, encoding="utf-8")
    assert ("No roads." in {finding.message for finding in load_place(case).findings}) is told
