"""GP practices and branches of the ODS: layouts, dates, duplicates, and what counts as open."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata.errors import InputProblems
from geodata.published import ods
from geodata.published.catalogue import read_catalogue
from geodata.published.cells import Origin

ORIGIN = Origin("epraccur.csv", {})


def practice_line(
    code: str,
    *,
    name: str = "MILL LANE SURGERY",
    postcode: str = "DT1 1AA",
    opened: str = "19740401",
    closed: str = "",
    status: str = "A",
    commissioner: str = "11J",
    setting: str = "4",
    width: int = 27,
) -> str:
    cells = [code, name, "Y57", "Q70", "THE SURGERY", "1 MILL LANE", "", "DORCHESTER", "DORSET", postcode]
    cells += [opened, closed, status, "B", commissioner, "20130401", "", "01305 000000", "", "", "", "0", "", "11J", ""]
    cells += [setting, ""]
    return ",".join(f'"{cell}"' for cell in cells[:width])


def branch_line(code: str, parent: str, *, closed: str = "", postcode: str = "DT2 7AA") -> str:
    cells = [
        code,
        "THE BRANCH",
        "Y57",
        "Q70",
        "HIGH STREET",
        "",
        "",
        "PUDDLETOWN",
        "DORSET",
        postcode,
        "20040401",
        closed,
    ]
    cells += ["", "", parent, "20040401", closed, "", "", "", "", "0", "", "J", "", "", ""]
    return ",".join(f'"{cell}"' for cell in cells)


def others(number: int = 12) -> list[str]:
    return [practice_line(f"J82{i:03d}") for i in range(number)]


def read(folder: Path, lines: list[str], kind: str = "practices", name: str = "epraccur.csv"):
    (folder / name).write_text("\r\n".join(lines) + "\r\n", encoding="utf-8")
    (file,) = read_catalogue(folder).of(kind)
    return (ods.read_practices if kind == "practices" else ods.read_branches)(file)


@pytest.mark.parametrize("width", [27, 26])
def test_a_file_without_header_is_read_by_its_order(tmp_path: Path, width: int) -> None:
    frame, findings = read(tmp_path, [practice_line("J81001", width=width), *others()])
    first = frame.set_index("practice_code").loc["J81001"]
    assert findings == []
    assert first["name"] == "MILL LANE SURGERY"
    assert first["address"] == "THE SURGERY, 1 MILL LANE, DORCHESTER, DORSET"
    assert (first["postcode"], first["opened"], first["closed"]) == ("DT1 1AA", "19740401", "")
    assert (first["status"], first["commissioner"], first["board"], first["setting"]) == ("A", "11J", "Q70", "4")


def test_a_headed_export_reads_the_same(tmp_path: Path) -> None:
    header = "Organisation Code,Name,National Grouping,High Level Health Geography,Address Line 1,Address Line 2,"
    header += "Address Line 3,Address Line 4,Address Line 5,Postcode,Open Date,Close Date,Status Code,"
    header += "Organisation Sub-Type Code,Commissioner,Join Provider/Purchaser Date,Left Provider/Purchaser Date,"
    header += "Contact Telephone Number,Null,Null,Null,Amended Record Indicator,Null,Provider/Purchaser,Null,"
    header += "Prescribing Setting,Null"
    for name in ("plain", "headed"):
        (tmp_path / name).mkdir()
    plain, _ = read(tmp_path / "plain", others())
    frame, findings = read(tmp_path / "headed", [header, *others()])
    assert findings == []
    pd.testing.assert_frame_equal(frame, plain)


def test_todays_export_with_words_and_roles_reads_the_same(tmp_path: Path) -> None:
    lines = [practice_line(f"J81{i:03d}", status="ACTIVE", setting="RO177|RO76") for i in range(12)]
    lines += [
        practice_line("J81901", status="INACTIVE", closed="20200331", setting="RO76"),
        practice_line("Y00902", status="ACTIVE", setting="RO177|RO80"),
    ]
    (tmp_path / "export.csv").write_text("\n".join(lines), encoding="utf-8")
    (file,) = read_catalogue(tmp_path).of("practices")
    frame, findings = ods.read_practices(file)
    assert not findings
    is_open, reasons = ods.open_practices(frame)
    assert is_open.sum() == 12
    by_code = reasons.set_axis(frame["practice_code"])
    assert by_code["J81901"] == "closed 2020-03-31"
    assert "role RO177|RO80" in by_code["Y00902"]


def test_codes_postcodes_and_dates_in_other_spellings(tmp_path: Path) -> None:
    line = practice_line(" j81001 ", postcode="dt11aa", opened="2016-02-29", closed="30/09/2021", status="Closed")
    line = line.replace('"Q70"', '" q70"').replace('"11J","2013', '"11j00","2013')
    frame, findings = read(tmp_path, [line, *others()])
    first = frame.set_index("practice_code").loc["J81001"]
    assert (first["postcode"], first["opened"], first["closed"], first["status"]) == (
        "DT1 1AA", "20160229", "20210930", "C",
    )  # fmt: skip
    assert (first["board"], first["commissioner"]) == ("Q70", "11J")
    assert findings == []


def test_a_malformed_code_is_told_with_its_row_and_left_out(tmp_path: Path) -> None:
    frame, (finding,) = read(tmp_path, [*others(3), practice_line("TOTAL"), *others(12)[3:]])
    assert len(frame) == 12
    assert (finding.severity, finding.row, finding.value, finding.code) == ("warning", 4, "TOTAL", "malformed-code")
    assert finding.column == "column 1" and finding.file == "epraccur.csv" and finding.fix


def test_bad_dates_and_statuses_are_told_and_do_no_harm(tmp_path: Path) -> None:
    lines = [practice_line("J81001", opened="19740231"), practice_line("J81002", status="Z", closed="20200101")]
    frame, findings = read(tmp_path, [*lines, *others()])
    frame = frame.set_index("practice_code")
    assert frame.at["J81001", "opened"] == "" and frame.at["J81001", "status"] == "A"
    assert frame.at["J81002", "status"] == "C"
    assert [(f.row, f.value, f.code) for f in findings] == [(1, "19740231", "bad-date"), (2, "Z", "bad-status")]


def test_of_a_repeated_code_the_open_row_is_kept_else_the_last(tmp_path: Path) -> None:
    lines = [
        practice_line("J81001", name="OPEN"),
        practice_line("J81001", name="SHUT", status="C", closed="20150930"),
        practice_line("J81002", name="EARLIER", status="C", closed="20140930"),
        practice_line("J81002", name="LATER", status="C", closed="20150930"),
    ]
    frame, findings = read(tmp_path, [*lines, *others()])
    frame = frame.set_index("practice_code")
    assert frame.at["J81001", "name"] == "OPEN" and frame.at["J81002", "name"] == "LATER"
    assert [(f.row, f.value, f.code) for f in findings] == [
        (2, "J81001", "duplicate-code"), (3, "J81002", "duplicate-code"),
    ]  # fmt: skip
    assert "row 1 is used" in findings[0].message


def test_many_findings_of_one_kind_are_counted(tmp_path: Path) -> None:
    lines = [practice_line(f"BAD{i}") for i in range(60)]
    _, findings = read(tmp_path, [*[practice_line(f"J83{i:03d}") for i in range(400)], *lines])
    assert len(findings) == 21 and "40 more rows" in findings[-1].message


def test_many_repeated_codes_are_counted(tmp_path: Path) -> None:
    frame, findings = read(tmp_path, [*others(25), *others(25)])
    assert len(frame) == 25 and len(findings) == 21
    assert findings[-1].message.startswith("5 more rows repeat a code")


def test_open_at_the_files_own_date_means_status_and_setting(tmp_path: Path) -> None:
    lines = [
        practice_line("J81001"),
        practice_line("J81002", status="C", closed="20150930"),
        practice_line("J81003", status="D"),
        practice_line("J81004", status="P"),
        practice_line("J81005", setting="0"),
        practice_line("J81006", setting="10"),
        practice_line("J81007", setting="77"),
        practice_line("J81008", setting=""),
        practice_line("J81009", setting="10", status="C", closed="20150930"),
    ]
    frame, findings = read(tmp_path, [*lines, *others()])
    assert findings == []
    is_open, reasons = ods.open_practices(frame)
    told = dict(zip(frame["practice_code"], reasons, strict=True))
    assert list(is_open) == [reason == "" for reason in reasons]
    assert [told[f"J8100{i}"] for i in range(1, 10)] == [
        "",
        "closed 2015-09-30",
        "dormant",
        "proposed",
        "prescribing setting 0 (other), not a GP practice",
        "prescribing setting 10 (hospital service), not a GP practice",
        "prescribing setting 77, not a GP practice",
        "prescribing setting not told, not known to be a GP practice",
        "closed 2015-09-30",
    ]


def test_open_at_an_earlier_date_goes_by_the_dates(tmp_path: Path) -> None:
    lines = [
        practice_line("J81001", opened="20160401"),
        practice_line("J81002", status="C", closed="20210930"),
        practice_line("J81003", status="C", closed="20160229"),
        practice_line("J81004", status="D"),
        practice_line("J81005", opened="20160229"),
        practice_line("J81006", status="C"),
        practice_line("J81007", status="P"),
    ]
    frame, _ = read(tmp_path, [*lines, *others()])
    assert ods.newest_date(frame) == date(2021, 9, 30)
    _, reasons = ods.open_practices(frame, date(2016, 2, 29))
    told = dict(zip(frame["practice_code"], reasons, strict=True))
    assert [told[f"J8100{i}"] for i in range(1, 8)] == [
        "opened 2016-04-01, after 2016-02-29", "", "closed 2016-02-29", "", "", "closed", "proposed",
    ]  # fmt: skip
    later = ods.open_practices(frame, date(2024, 1, 1))[1]
    assert list(later) == list(ods.open_practices(frame)[1])


def test_the_files_own_date_may_be_given(tmp_path: Path) -> None:
    lines = [practice_line("J81001", status="C", closed="20210930"), practice_line("J81002", status="D")]
    frame, _ = read(tmp_path, [*lines, *others()])
    day, before, after = date(2021, 12, 31), date(2021, 9, 30), date(2022, 2, 1)
    judged = [ods.open_practices(frame, day, as_of=own)[1].to_list()[:2] for own in (before, day, after)]
    assert judged == [["closed 2021-09-30", "dormant"], ["closed 2021-09-30", "dormant"], ["closed 2021-09-30", ""]]


def test_a_table_without_prescribing_settings_says_so() -> None:
    raw = pd.DataFrame({"practice_code": ["J81001", "J81002"], "status": ["A", "A"]}, dtype="str")
    frame, (finding,) = ods.parse_practices(raw, ORIGIN)
    assert finding.code == "no-prescribing-setting"
    assert ods.open_practices(frame)[0].all()


def test_branches_have_their_parent_and_a_status_from_their_dates(tmp_path: Path) -> None:
    lines = [branch_line("J81001001", "J81001"), branch_line("J81001002", "j81001", closed="20160630")]
    lines += [branch_line("J81002001", "NONE")]
    lines += [branch_line(f"J82{i:03d}001", f"J82{i:03d}") for i in range(12)]
    frame, (finding,) = read(tmp_path, lines, "branches", "ebranchs.csv")
    assert list(frame["practice_code"][:3]) == ["J81001", "J81001", ""]
    assert list(frame["status"][:3]) == ["A", "C", "A"]
    assert (finding.row, finding.code, finding.column) == (3, "branch-without-parent", "column 15")
    assert list(ods.open_branches(frame)[1][:2]) == ["", "closed 2016-06-30"]


CELLS = st.sampled_from(
    ["", "A81001", "J81001", "4", "A", "20160229", "2016", "*", "\u0661", "NaN", "=1+1", "  "]
) | st.text(max_size=12)


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.lists(CELLS, min_size=9, max_size=9), max_size=8), missing=st.integers(0, 8))
def test_mangled_cells_never_break_the_parsers(rows: list[list[str]], missing: int) -> None:
    names = ["practice_code", "site_code", "name", "postcode", "opened", "closed", "status", "commissioner", "setting"]
    raw = pd.DataFrame(rows, columns=names, dtype="str", index=range(2, 2 + len(rows))).drop(columns=names[missing])
    frame, findings = ods.parse_practices(raw, ORIGIN)
    branches, more = ods.parse_branches(raw, ORIGIN)
    assert frame["practice_code"].is_unique and branches["site_code"].is_unique
    assert frame["status"].isin(list("ACDP")).all()
    for when in (None, date(2016, 2, 29)):
        is_open, reasons = ods.open_practices(frame, when)
        assert (is_open == (reasons == "")).all()
        ods.open_branches(branches, when)
    assert all(str(finding) and finding.severity != "error" for finding in [*findings, *more])


@settings(max_examples=40, deadline=None)
@given(content=st.binary(max_size=300), cut=st.integers(0, 3000))
def test_a_mangled_file_gives_findings_and_no_traceback(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, cut: int
) -> None:
    folder = tmp_path_factory.mktemp("mangled")
    whole = "\r\n".join(others(20)).encode()
    (folder / "epraccur.csv").write_bytes(whole[:cut] + content + whole[cut:])
    try:
        for file in read_catalogue(folder).of("practices"):
            ods.read_practices(file)
    except InputProblems as problems:
        assert problems.findings


@pytest.mark.real
def test_dorset_in_the_real_files(shared_data: Path) -> None:
    catalogue = read_catalogue(shared_data / "england")
    for year, expected in ((2016, 99), (2022, 73)):
        (file,) = [f for f in catalogue.of("practices") if str(year) in f.table.file]
        frame, findings = ods.read_practices(file)
        is_open, _ = ods.open_practices(frame)
        assert findings == []
        assert (is_open & frame["commissioner"].eq("11J")).sum() == expected
        if year == 2016:
            assert (frame["status"].value_counts()[list("ACDP")] == [11598, 957, 361, 6]).all()
            dorset = frame[is_open & frame["commissioner"].eq("11J") & frame["practice_code"].ne("J81623")]
        else:
            then, _ = ods.open_practices(frame, date(2016, 2, 29))
            earlier = set(frame.loc[then & frame["commissioner"].eq("11J"), "practice_code"])
            # all that the file of 2016 calls active, and one that was dormant then and is closed now
            assert earlier == {*dorset["practice_code"], "J81623", "J81026"}
    (branches,) = catalogue.of("branches")
    frame, findings = ods.read_branches(branches)
    mine = frame[frame["practice_code"].isin(dorset["practice_code"])]
    assert len(frame) == 2702 and findings == []
    assert len(mine) == 53 and mine["status"].eq("A").all()
    assert len(dorset) + len(mine) == 151
    assert pd.concat([dorset["postcode"], mine["postcode"]]).nunique() == 136


@pytest.mark.real
def test_a_headed_cut_of_the_branch_file(shared_data: Path) -> None:
    (file,) = read_catalogue(shared_data / "dorset").of("branches")
    frame, findings = ods.read_branches(file)
    assert len(frame) == 53 and findings == []
    assert frame["practice_code"].str.fullmatch(r"J8\d{4}|Y\d{5}").all()
