"""Plans made by hand: read whole or refused with every line that is wrong."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from geodata.errors import InputProblems
from grouping.plan import Group, Plan
from grouping.plan_file import read_plan, write_plan
from tests.grouping.hand_worked import hand_worked_place


def plan_file(folder: Path, text: str, encoding: str = "utf-8") -> Path:
    path = folder / "plan.csv"
    path.write_text(text, encoding=encoding)
    return path


def findings_of(path: Path) -> list:
    with pytest.raises(InputProblems) as problems:
        read_plan(path, hand_worked_place(), lambda members: "A1")
    return list(problems.value.findings)


def test_a_plan_comes_back_as_it_was_written(tmp_path: Path) -> None:
    plan = Plan.from_groups([(["B", "A"], "B1"), (["C"], "C1")])
    write_plan(plan, tmp_path / "plan.csv")
    assert (tmp_path / "plan.csv").read_bytes() == (
        b"practice_code,group_id,hub_site_code\nA,G01,B1\nB,G01,B1\nC,G02,C1\n"
    )
    assert read_plan(tmp_path / "plan.csv", hand_worked_place()) == plan


def test_an_open_hub_is_chosen_and_excel_csv_is_read(tmp_path: Path) -> None:
    text = "Practice_Code,Group_ID\r\nA,North\r\nB,North\r\n"
    plan = read_plan(plan_file(tmp_path, text, "utf-8-sig"), hand_worked_place(), lambda members: "B2")
    assert [(g.group_id, g.members, g.hub_site_code) for g in plan.groups] == [("North", ("A", "B"), "B2")]


def test_the_practices_of_a_case_tell_todays_groups(tmp_path: Path) -> None:
    text = "practice_code,name,current_group\nA,The Surgery,North\nB,Another,North\n"
    plan = read_plan(plan_file(tmp_path, text), hand_worked_place(), lambda members: "B2")
    assert [(g.group_id, g.members, g.hub_site_code) for g in plan.groups] == [("North", ("A", "B"), "B2")]
    both = "practice_code,group_id,current_group\nA,New,North\n"
    assert [
        g.group_id for g in read_plan(plan_file(tmp_path, both), hand_worked_place(), lambda members: "A1").groups
    ] == ["New"]


def test_a_practice_in_no_group_today_is_left_out_and_nobody_in_one_is_told(tmp_path: Path) -> None:
    text = "practice_code,name,current_group\nA,The Surgery,North\nB,Another,\n"
    plan = read_plan(plan_file(tmp_path, text), hand_worked_place(), lambda members: "A1")
    assert [group.members for group in plan.groups] == [("A",)]
    (finding,) = findings_of(plan_file(tmp_path, "practice_code,current_group\nA,\nB,\n"))
    assert finding.column == "current_group"
    (finding,) = findings_of(plan_file(tmp_path, "practice_code,group_id\nA,North\nB,\n"))
    assert (finding.row, finding.column) == (3, "group_id")


def test_every_wrong_line_is_told_at_once(tmp_path: Path) -> None:
    text = "practice_code,group_id,hub_site_code\nA,G1,A1\nAA,G1,A1\nA,G2,\nB,,\nC,G1,C1\nC,G3,NOWHERE\n"
    findings = findings_of(plan_file(tmp_path, text))
    told = {(finding.row, finding.column, finding.value) for finding in findings}
    assert told == {
        (3, "practice_code", "AA"),
        (4, "practice_code", "A"),
        (5, "group_id", ""),
        (6, "hub_site_code", "C1"),
        (7, "practice_code", "C"),
        (7, "hub_site_code", "NOWHERE"),
    }
    assert all(finding.file == "plan.csv" and finding.fix for finding in findings)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "missing"),
        ("practice;group\nA;1\n", "missing"),
        ("practice_code,group_id\n", "no line"),
    ],
)
def test_a_file_that_is_no_plan_is_refused(tmp_path: Path, text: str, message: str) -> None:
    assert message in findings_of(plan_file(tmp_path, text))[0].message


def test_a_missing_or_foreign_file_is_refused(tmp_path: Path) -> None:
    assert "does not exist" in findings_of(tmp_path / "absent.csv")[0].message
    assert "not UTF-8" in findings_of(plan_file(tmp_path, "practice_code,group_id\nA,Gr\xfcn\n", "cp1252"))[0].message
    assert "cannot be read" in findings_of(tmp_path)[0].message


def test_semicolons_other_spellings_and_small_letters_are_read(tmp_path: Path) -> None:
    text = "Practice Code;Group ID;Hub site code\na;North Dorset & Co;b1\n\n b ;North Dorset & Co;\n"
    plan = read_plan(plan_file(tmp_path, text, "utf-8-sig"), hand_worked_place())
    assert [(g.group_id, g.members, g.hub_site_code) for g in plan.groups] == [("North Dorset & Co", ("A", "B"), "B1")]


@pytest.mark.parametrize(
    "line", ['"{}"', "{}"], ids=["in one column of a spreadsheet, saved with quotation marks", "as copied"]
)
def test_text_that_was_pasted_into_another_program_is_read(tmp_path: Path, line: str) -> None:
    lines = [line.format(text) for text in ("practice_code,group_id,hub_site_code", "A,G1,B1", "B,G1,B1")]
    path = tmp_path / "plan.csv"
    path.write_bytes("\r\n".join(["", *lines, ""]).encode("utf-8-sig"))
    assert read_plan(path, hand_worked_place()) == Plan((Group("G1", ("A", "B"), "B1"),))
    path.write_bytes("\r\n".join(["", *lines, line.format("NOBODY,G1,B1")]).encode())
    assert [finding.row for finding in findings_of(path)] == [5]


@pytest.mark.parametrize("mark", ["\u2028", "\x85", "\x0b", "\x1c"])
def test_only_ends_of_lines_end_a_line(tmp_path: Path, mark: str) -> None:
    """Codes may hold characters that some programs take for the end of a line."""
    place = hand_worked_place()
    place = replace(place, practices=place.practices.rename(index={"A": f"A{mark}1"}))
    plan = Plan((Group("G1", (f"A{mark}1", "B"), "B1"),))
    write_plan(plan, tmp_path / "plan.csv")
    assert read_plan(tmp_path / "plan.csv", place) == plan


def test_rows_are_counted_as_a_spreadsheet_does(tmp_path: Path) -> None:
    findings = findings_of(plan_file(tmp_path, "practice_code,group_id\nA,G1\n\nNOBODY,G1\n"))
    assert [finding.row for finding in findings] == [4]


def test_lines_of_empty_cells_are_passed_over_and_a_hub_alone_is_not(tmp_path: Path) -> None:
    findings = findings_of(plan_file(tmp_path, "practice_code,group_id,hub_site_code\nA,G1,\n,,\n,,A1\n,G2,\n"))
    assert {(finding.row, finding.column) for finding in findings} == {
        (4, "practice_code"),
        (4, "group_id"),
        (5, "practice_code"),
    }


def test_a_plan_is_written_sorted_whatever_its_order(tmp_path: Path) -> None:
    plan = Plan((Group("Z", ("A", "C"), "A1"), Group("M", ("B",), "B1")))
    write_plan(plan, tmp_path / "plan.csv")
    rows = (tmp_path / "plan.csv").read_text(encoding="utf-8").splitlines()[1:]
    assert rows == ["A,Z,A1", "B,M,B1", "C,Z,A1"]


def test_a_group_called_like_a_formula_is_refused(tmp_path: Path) -> None:
    findings = findings_of(plan_file(tmp_path, "practice_code,group_id\nA,=1+1\nB,North\n"))
    assert [(finding.row, finding.column, finding.value) for finding in findings] == [(2, "group_id", "=1+1")]
