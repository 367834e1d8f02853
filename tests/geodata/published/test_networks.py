"""Primary Care Networks: layouts, dates, and which relationships are current."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata.errors import InputProblems
from geodata.published import networks
from geodata.published.catalogue import read_catalogue
from geodata.published.cells import Origin

CCG = [
    "Partner\nOrganisation\nCode", "Partner\nName", "Practice\nParent\nCCG Code", "Practice\nParent\nCCG Name",
    "PCN Code", "PCN Name", "PCN Parent\nCCG Code", "PCN Parent\nCCG Name", "Practice to PCN\nRelationship\nStart Date",
    "Practice to PCN\nRelationship\nEnd Date", "Practice CCG and PCN\nCCG Match",
]  # fmt: skip
SUB_ICB = [name.replace("CCG", "Sub ICB Loc") for name in CCG]
SUB_ICB_LONG = [name.replace("CCG", "Sub ICB Location") for name in CCG]
DETAILS = ["PCN Code", "PCN Name", "Current\nSub ICB Loc Code", "Sub ICB\nLocation Name", "Open Date", "Close Date"]


def member(code: str, network: str = "U42510", started: object = "20191001", ended: object = None) -> list[object]:
    name = f"NETWORK {network}"
    return [code, "MILL LANE", "11J", "NHS DORSET", network, name, "11J", "NHS DORSET", started, ended, "True"]


def workbook(folder: Path, header: list[str], rows: list[list[object]]) -> None:
    book = openpyxl.Workbook()
    book.active.title = "PCNDetails"
    book.active.append(DETAILS)
    book.active.append(["U42510", "BLANDFORD PCN", "11J", "NHS DORSET", "20191001", None])
    sheet = book.create_sheet("PCN Core Partner Details")
    for row in [header, *rows]:
        sheet.append(row)
    book.save(folder / "ePCN.xlsx")


def read(folder: Path, kind: str = "networks"):
    (file,) = read_catalogue(folder).of(kind)
    return (networks.read_networks if kind == "networks" else networks.read_practice_map)(file)


@pytest.mark.parametrize("header", [CCG, SUB_ICB, SUB_ICB_LONG])
def test_header_cells_with_line_breaks_and_either_name_of_the_commissioner(tmp_path: Path, header: list[str]) -> None:
    workbook(tmp_path, header, [member("J81001"), member("j81002 ", ended="20201130")])
    frame, findings = read(tmp_path)
    assert findings == []
    assert frame.to_dict("list") == {
        "practice_code": ["J81001", "J81002"],
        "network_code": ["U42510"] * 2,
        "network_name": ["NETWORK U42510"] * 2,
        "commissioner": ["11J"] * 2,
        "started": ["20191001"] * 2,
        "ended": ["", "20201130"],
    }


@pytest.mark.parametrize(
    "day", [20191001, "20191001", 20191001.0, datetime(2019, 10, 1), date(2019, 10, 1), 43739, "01/10/2019"]
)
def test_dates_of_a_workbook(tmp_path: Path, day: object) -> None:
    workbook(tmp_path, CCG, [member("J81001", started=day), member("J81002", ended=day)])
    frame, findings = read(tmp_path)
    assert findings == []
    assert frame["started"][0] == "20191001" and frame["ended"][1] == "20191001"


def test_a_csv_with_dates_as_decimals(tmp_path: Path) -> None:
    header = [" ".join(name.split()) for name in CCG]
    text = pd.DataFrame([member("J81001", ended="20201130.0"), member("J81002")], columns=header).to_csv(index=False)
    (tmp_path / "pcn_members_2022-05.csv").write_text(text, encoding="utf-8")
    frame, findings = read(tmp_path)
    assert findings == [] and list(frame["ended"]) == ["20201130", ""]


def test_only_open_relationships_are_current(tmp_path: Path) -> None:
    rows = [
        member("J81001", ended="20201130"),
        member("J81001", "U00001", "20201201"),
        member("J81002", started="20220401"),
    ]
    workbook(tmp_path, CCG, rows)
    frame, _ = read(tmp_path)
    now, findings = networks.current(frame)
    assert findings == []
    assert dict(zip(now["practice_code"], now["network_code"], strict=True)) == {"J81001": "U00001", "J81002": "U42510"}
    then, _ = networks.current(frame, date(2020, 6, 30))
    assert dict(zip(then["practice_code"], then["network_code"], strict=True)) == {"J81001": "U42510"}
    assert len(networks.current(frame, date(2016, 1, 1))[0]) == 0
    last, first = (networks.current(frame, day)[0] for day in (date(2020, 11, 30), date(2020, 12, 1)))
    assert list(last["network_code"]) == [] and list(first["network_code"]) == ["U00001"], "of the days themselves"


def test_two_networks_are_told_as_well_as_three(tmp_path: Path) -> None:
    workbook(tmp_path, CCG, [member("J81001", "U00001"), member("J81001", "U00002")])
    now, (finding,) = networks.current(read(tmp_path)[0])
    assert list(now["network_code"]) == ["U00001"] and finding.value == "J81001"


def test_a_practice_in_two_networks_is_told_and_the_later_start_wins_then_the_smaller_code(tmp_path: Path) -> None:
    rows = [member("J81001", "U00003", "20200101"), member("J81001", "U00002", "20210101")]
    rows += [member("J81001", "U00001", "20210101"), member("J81002")]
    workbook(tmp_path, CCG, rows)
    frame, _ = read(tmp_path)
    now, (finding,) = networks.current(frame, file="ePCN.xlsx")
    assert list(now["network_code"]) == ["U00001", "U42510"]
    assert (finding.file, finding.value, finding.code) == ("ePCN.xlsx", "J81001", "two-networks")
    turned, _ = networks.current(frame.iloc[::-1])
    assert list(turned["network_code"]) == ["U00001", "U42510"]


def test_malformed_rows_are_told(tmp_path: Path) -> None:
    rows = [
        member("J81001"),
        member("", "U42510"),
        member("J81003", ""),
        member("J81004", started="soon"),
        member("J81001"),
    ]
    workbook(tmp_path, CCG, rows)
    frame, findings = read(tmp_path)
    assert list(frame["practice_code"]) == ["J81001", "J81004"]
    assert {(f.row, f.code) for f in findings} == {
        (3, "malformed-code"), (4, "malformed-code"), (5, "bad-date"), (6, "duplicate-row"),
    }  # fmt: skip
    assert [f.column for f in findings if f.code == "bad-date"] == ["Practice to PCN Relationship Start Date"]


@pytest.mark.parametrize("word", ["SUB_ICB_LOCATION", "CCG"])
def test_the_practice_map(tmp_path: Path, word: str) -> None:
    header = "PUBLICATION,EXTRACT_DATE,PRACTICE_CODE,PRACTICE_NAME,PRACTICE_POSTCODE,"
    header += f"ONS_{word}_CODE,{word}_CODE,{word}_NAME,"
    header += "ONS_ICB_CODE,ICB_CODE,ICB_NAME,COMM_REGION_CODE,COMM_REGION_NAME,PCN_CODE,PCN_NAME"
    above = "E38000045,11J,NHS DORSET,E54000041,QVV,NHS DORSET ICB,Y58,SOUTH WEST"
    rows = [
        f"GP_PRAC_PAT_LIST,01APR2023,J81001,MILL LANE,DT1 1AA,{above},U42510,BLANDFORD PCN",
        f"GP_PRAC_PAT_LIST,01APR2023,J81002,THE QUAY,DT1 1AB,{above},U,UNALLOCATED",
        f"GP_PRAC_PAT_LIST,01APR2023,J81003,THE HILL,DT1 1AC,{above},U99999,Unallocated",
    ]
    (tmp_path / "gp-reg-pat-prac-map.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    frame, findings = read(tmp_path, "practice_map")
    assert findings == []
    assert frame.to_dict("list") == {
        "practice_code": ["J81001", "J81002", "J81003"],
        "network_code": ["U42510", "", ""],
        "network_name": ["BLANDFORD PCN", "", ""],
        "commissioner": ["11J"] * 3,
        "board": ["QVV"] * 3,
    }


def test_of_a_practice_that_stands_in_the_map_twice_the_last_row_counts(tmp_path: Path) -> None:
    header = "PUBLICATION,EXTRACT_DATE,PRACTICE_CODE,PRACTICE_NAME,PRACTICE_POSTCODE,ONS_CCG_CODE,CCG_CODE,CCG_NAME,"
    header += "ONS_ICB_CODE,ICB_CODE,ICB_NAME,COMM_REGION_CODE,COMM_REGION_NAME,PCN_CODE,PCN_NAME"
    start = "GP_PRAC_PAT_LIST,01APR2023,J81001,MILL LANE,DT1 1AA,E38000045,11J,NHS DORSET,E54000041,QVV,NHS DORSET ICB,"
    rows = [f"{start}Y58,SOUTH WEST,{code},{code} PCN" for code in ("U00001", "U00002")]
    (tmp_path / "map.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    frame, findings = read(tmp_path, "practice_map")
    assert list(frame["network_code"]) == ["U00002"]
    assert [(f.row, f.code) for f in findings] == [(2, "duplicate-code")]


CELLS = st.sampled_from(
    ["", "J81001", "U42510", "20191001", "20191001.0", "43739", "UNALLOCATED", "99999999"]
) | st.text(max_size=8)


@settings(max_examples=60, deadline=None)
@given(rows=st.lists(st.lists(CELLS, min_size=6, max_size=6), max_size=10), missing=st.integers(0, 5))
def test_mangled_rows_never_break_the_parsers(rows: list[list[str]], missing: int) -> None:
    names = ["practice_code", "network_code", "network_name", "commissioner", "started", "ended"]
    raw = pd.DataFrame(rows, columns=names, dtype="str", index=range(2, 2 + len(rows))).drop(columns=names[missing])
    frame, findings = networks.parse_networks(raw, Origin("ePCN.xlsx", {}))
    for when in (None, date(2020, 1, 1)):
        now, more = networks.current(frame, when)
        assert now["practice_code"].is_unique
        findings += more
    mapped, more = networks.parse_practice_map(raw, Origin("map.csv", {}))
    assert mapped["practice_code"].is_unique
    assert all(str(finding) for finding in [*findings, *more])


@settings(max_examples=25, deadline=None)
@given(content=st.binary(max_size=200), cut=st.integers(0, 8000))
def test_a_mangled_workbook_gives_findings_and_no_traceback(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, cut: int
) -> None:
    folder = tmp_path_factory.mktemp("mangled")
    workbook(folder, CCG, [member("J81001")])
    text = (folder / "ePCN.xlsx").read_bytes()
    (folder / "ePCN.xlsx").write_bytes(text[:cut] + content + text[cut + len(content) :])
    try:
        for file in read_catalogue(folder).of("networks"):
            networks.read_networks(file)
    except InputProblems as problems:
        assert problems.findings


@pytest.mark.real
def test_dorset_in_the_real_files(shared_data: Path) -> None:
    for folder in ("england", "dorset"):
        (file,) = read_catalogue(shared_data / folder).of("networks")
        frame, findings = networks.read_networks(file)
        dorset = frame[frame["commissioner"] == "11J"]
        assert findings == []
        assert len(frame) == (7359 if folder == "england" else 82)
        assert (len(dorset), dorset["ended"].ne("").sum(), dorset["network_code"].nunique()) == (82, 9, 18)
        now, findings = networks.current(frame)
        assert findings == []
        assert len(now[now["commissioner"] == "11J"]) == 73
