"""Dispensing practices: records in the report layout, and which practices they are."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata.errors import InputProblems
from geodata.published import dispensing, ods
from geodata.published.catalogue import read_catalogue
from geodata.published.cells import Origin

PRACTICES = pd.DataFrame(
    [
        ("J81001", "DR SMITH & PARTNERS", "DT1 1AA", "11J"),
        ("J81002", "THE SURGERY", "DT1 1AB", "11J"),
        ("J81003", "NEWLAND SURGERY", "DT9 4DL", "11J"),
        ("J81004", "BUTE HOUSE", "DT9 4DL", "11J"),
        ("J81005", "THE SURGERY", "DT3 3AA", "11J"),
        ("J81006", "THE SURGERY", "DT3 3AA", "11J"),
        ("J81007", "QUAY MEDICAL CENTRE", "DT4 4AA", "11J"),
        ("J81008", "OLD MILL PRACTICE", "DT5 5AA", "11J"),
        ("J81009", "OLD MILL PRACTICE", "DT6 6AA", "11J"),
        ("K81001", "HARBOUR SURGERY", "BA1 1AA", "11E"),
    ],
    columns=["practice_code", "name", "postcode", "commissioner"],
    dtype="str",
)
HEADINGS = ["Dispensing Practices Address Details", "Report For:", "Practice Name and Address"]


def report(folder: Path, parts: dict[str, list[str]]) -> None:
    book = openpyxl.Workbook()
    for commissioner, records in parts.items():
        book.active.append(["Dispensing Practices Address Details"])
        book.active.append(["Primary Care Trust:", commissioner])
        book.active.append(["Report For:", "January 2015"])
        book.active.append(["Practice Name and Address", None, None, None, "Total GP's", "Dispensing GP's"])
        for record in records:
            book.active.append([record, None, None, None, 4, None, 4])
    book.save(folder / "dispensing_2015-01-31.xlsx")


def read(folder: Path):
    (file,) = read_catalogue(folder).of("dispensing")
    return dispensing.read_dispensing(file)


def linked(records: list[tuple[str, str, str]], practices: pd.DataFrame = PRACTICES) -> pd.DataFrame:
    rows = pd.DataFrame(records, columns=["name", "postcode", "commissioner"], dtype="str")
    return dispensing.link_records(rows, practices)


def test_the_records_of_the_report(tmp_path: Path) -> None:
    report(
        tmp_path,
        {
            "Dorset Ccg (11J00)": ["Bute House, Grove Medical Ctr, Wootton Grove,Sherborne, Dorset, DT9 4DL"],
            "Bath And North East Somerset Ccg (11E00)": [
                "Harbour Surgery, Quay, Bath, BA1\n1AA",
                "Old School, Seaford",
            ],
        },
    )
    frame, (finding,) = read(tmp_path)
    assert frame.to_dict("records") == [
        {
            "name": "Bute House",
            "address": "Grove Medical Ctr, Wootton Grove, Sherborne, Dorset",
            "postcode": "DT9 4DL",
            "practice_code": "",
            "commissioner": "11J",
        },
        {
            "name": "Harbour Surgery",
            "address": "Quay, Bath",
            "postcode": "BA1 1AA",
            "practice_code": "",
            "commissioner": "11E",
        },
        {"name": "Old School", "address": "Seaford", "postcode": "", "practice_code": "", "commissioner": "11E"},
    ]
    assert (finding.code, finding.severity, finding.value, finding.row) == ("no-postcode", "note", "Old School", 11)


def test_a_table_with_codes_links_by_code(tmp_path: Path) -> None:
    text = "GPPractice,Practice Name,Address 1,Address 2,Postcode,Dispensing Practice\n"
    text += "j81001,Dr Smith,1 Mill Lane,Dorchester,DT1 1AA,Yes\nJ99999,Gone,2 Mill Lane,Dorchester,DT1 1AA,Yes\n"
    text += "J81002,The Surgery,3 Mill Lane,Dorchester,DT1 1AB,Yes\n"
    (tmp_path / "dispensing_practices.csv").write_text(text, encoding="utf-8")
    frame, findings = read(tmp_path)
    assert findings == []
    codes, counts = dispensing.link_dispensing(frame, PRACTICES)
    assert codes == {"J81001", "J81002"}
    assert counts == {"code": 2, "postcode": 0, "name": 0, "unlinked": 1}


def test_by_postcode_first_and_the_name_tells_who_shares_it() -> None:
    links = linked(
        [
            ("Drs Smith and Ptnrs", "dt11aa", "11J"),
            ("Anything Else", "DT1 1AB", "11J"),
            ("Bute House", "DT9 4DL", "11J"),
            ("The Newland Surg.", "DT9 4DL", "11J"),
            ("The Surgery", "DT3 3AA", "11J"),
            ("Grove Clinic", "DT9 4DL", "11J"),
            ("Newland and Long Street Surgery", "DT9 4DL", "11J"),
        ]
    )
    assert list(links["practice_code"]) == ["J81001", "J81002", "J81004", "J81003", "", "", "J81003"]
    assert list(links["how"]) == ["postcode"] * 4 + ["unlinked"] * 2 + ["postcode"]
    assert "2 practices share its postcode" in links["reason"][4]


def test_by_name_only_where_nobody_else_can_be_meant() -> None:
    links = linked(
        [
            ("Quay Medical Ctr", "DT4 9ZZ", "11J"),
            ("Quay Medical Ctr", "", "11J"),
            ("Quay Medical Centre", "BA1 9ZZ", "11E"),
            ("Old Mill Practice", "DT7 7AA", "11J"),
            ("The Surgery", "DT7 7AA", "11J"),
            ("Harbour Surgery", "BA1 9ZZ", ""),
            ("Harbour Surgery", "DT1 9ZZ", ""),
            ("Harbour Surgery", "BA2 2ZZ", "99X"),
        ]
    )
    assert list(links["practice_code"]) == ["J81007", "J81007", "", "", "", "K81001", "", "K81001"]
    assert "no practice near by has its name" in links["reason"][2]
    assert "several practices near by" in links["reason"][3]
    assert "too common" in links["reason"][4]


def test_branches_help_to_find_the_practice_and_order_does_not_matter() -> None:
    branches = pd.DataFrame([("J81001", "THE BRANCH", "DT2 2AA", "11J")], columns=list(PRACTICES.columns), dtype="str")
    both = pd.concat([PRACTICES, branches], ignore_index=True)
    records = [("Branch Clinic", "DT2 2AA", "11J"), ("Bute House", "DT9 4DL", "11J")]
    assert list(linked(records, both)["practice_code"]) == ["J81001", "J81004"]
    pd.testing.assert_frame_equal(linked(records, both), linked(records, both.iloc[::-1]))


CELLS = st.sampled_from(
    ["", ", DT1 1AA", "Primary Care Trust:", "The Surgery, DT9 4DL", "(11J00)", "x" * 200]
) | st.text(max_size=20)


@settings(max_examples=80, deadline=None)
@given(rows=st.lists(st.tuples(CELLS, CELLS), max_size=10))
def test_mangled_cells_never_break_reading_or_linking(rows: list[tuple[str, str]]) -> None:
    raw = pd.DataFrame(rows, columns=["record", "detail"], dtype="str", index=range(2, 2 + len(rows)))
    frame, findings = dispensing.parse_report(raw, Origin("report.xls", {}))
    table, more = dispensing.parse_table(
        raw.rename(columns={"record": "name", "detail": "practice_code"}), Origin("t", {})
    )
    for records in (frame, table):
        links = dispensing.link_records(records, PRACTICES)
        codes, counts = dispensing.link_dispensing(records, PRACTICES)
        assert len(links) == len(records) == sum(counts.values())
        assert codes <= set(PRACTICES["practice_code"])
        assert (links["how"].eq("unlinked") == links["practice_code"].eq("")).all()
    assert all(str(finding) for finding in [*findings, *more])


@settings(max_examples=25, deadline=None)
@given(content=st.binary(max_size=200), cut=st.integers(0, 6000))
def test_a_mangled_workbook_gives_findings_and_no_traceback(
    tmp_path_factory: pytest.TempPathFactory, content: bytes, cut: int
) -> None:
    folder = tmp_path_factory.mktemp("mangled")
    report(folder, {"Dorset Ccg (11J00)": ["Bute House, Sherborne, Dorset, DT9 4DL"]})
    (path,) = folder.iterdir()
    text = path.read_bytes()
    path.write_bytes(text[:cut] + content + text[cut + len(content) :])
    try:
        for file in read_catalogue(folder).of("dispensing"):
            dispensing.read_dispensing(file)
    except InputProblems as problems:
        assert problems.findings


@pytest.mark.real
def test_england_and_dorset_in_the_real_files(shared_data: Path) -> None:
    catalogue = read_catalogue(shared_data / "england")
    (file,) = catalogue.of("dispensing")
    records, findings = dispensing.read_dispensing(file)
    assert len(records) == 1055 and [f.code for f in findings] == ["no-postcode"]
    assert records["commissioner"].str.len().eq(3).all()
    (practices,) = [f for f in catalogue.of("practices") if "2016" in f.table.file]
    frame, _ = ods.read_practices(practices)
    now = frame[ods.open_practices(frame)[0]]
    codes, counts = dispensing.link_dispensing(records, now)
    assert counts == {"code": 0, "postcode": 1021, "name": 21, "unlinked": 13}
    assert len(codes) == 1040
    dorset = now[now["commissioner"] == "11J"]
    assert len(codes & set(dorset["practice_code"])) == 22
    assert records["commissioner"].eq("11J").sum() == 22
    # the same without the rest of England to compare with
    assert dispensing.link_dispensing(records, dorset)[0] == codes & set(dorset["practice_code"])
    then = frame[ods.open_practices(frame, date(2015, 1, 31))[0]]
    assert dispensing.link_dispensing(records, then)[1]["unlinked"] == 10
