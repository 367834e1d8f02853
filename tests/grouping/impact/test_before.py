"""What hub journeys are compared with: a plan, a table of sites, or a run."""

from __future__ import annotations

import json
from pathlib import Path

import openpyxl
import pytest

from geodata.errors import Finding, InputProblems
from grouping.impact.before import read_baseline
from tests.grouping.hand_worked import hand_worked_place

PLACE = hand_worked_place()


def first_site(members: tuple[str, ...]) -> str:
    return f"{members[0]}1"


def written(folder: Path, text: str, name: str = "before.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def told(path: Path) -> list[Finding]:
    with pytest.raises(InputProblems) as problems:
        read_baseline(path, PLACE, first_site)
    return list(problems.value.findings)


# --- A plan ------------------------------------------------------------------------------------------------------


def test_a_plan_with_its_hubs(tmp_path: Path) -> None:
    text = "practice_code,group_id,hub_site_code\nA,North,B2\nB,North,B2\nC,South,C1\n"
    before = read_baseline(written(tmp_path, text), PLACE, first_site)
    groups = [(group.group_id, group.members, group.hub_site_code) for group in before.plan.groups]
    assert groups == [("North", ("A", "B"), "B2"), ("South", ("C",), "C1")]
    assert (before.sites, before.sites_of, before.findings) == ((), {}, ())
    assert before.sentence == (
        "Before: the hubs of the plan in before.csv, with 2 groups of 3 practices and 42,000 registered patients."
    )


def test_open_hubs_are_chosen_and_whom_it_leaves_out_is_told(tmp_path: Path) -> None:
    before = read_baseline(written(tmp_path, "practice_code;current_group\nA;North\nB;North\n"), PLACE, first_site)
    assert [group.hub_site_code for group in before.plan.groups] == ["A1"]
    assert before.sentence.endswith("It leaves out 1 practice with 10,000 patients: for them nothing is compared.")
    # a hub that nobody named is no fact about where services run
    assert " The plan names no hub for its group: for it the site that is nearest" in before.sentence
    hubs, partial = before.findings
    assert (hubs.severity, hubs.code, hubs.column) == ("warning", "before-hubs", "hub_site_code")
    assert (partial.severity, partial.code, partial.value) == ("warning", "before-is-partial", "C")


def test_only_the_hubs_that_the_plan_leaves_open_are_told(tmp_path: Path) -> None:
    text = "practice_code,group_id,hub_site_code\nA,North,B2\nB,North,B2\nC,South,\n"
    before = read_baseline(written(tmp_path, text), PLACE, first_site)
    assert [group.hub_site_code for group in before.plan.groups] == ["B2", "C1"]
    assert "names no hub for 1 of 2 groups" in before.sentence
    (finding,) = before.findings
    assert finding.code == "before-hubs"


def test_a_plan_in_a_workbook_keeps_its_row_numbers(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    for row in (["Practice Code", "Group ID"], ["A", "North"], [], ["B", "North"], ["ZZ", "North"]):
        book.active.append(row)
    path = tmp_path / "before.xlsx"
    book.save(path)
    (finding,) = told(path)
    assert (finding.file, finding.row, finding.value) == ("before.xlsx", 5, "ZZ")
    book.active.delete_rows(5)
    book.save(path)
    assert read_baseline(path, PLACE, first_site).plan.practice_codes == ("A", "B")


def test_the_first_option_of_a_run(tmp_path: Path) -> None:
    folder = tmp_path / "earlier"
    for option, hub in (("option-1", "B1"), ("option-2", "A1")):
        (folder / "options" / option).mkdir(parents=True)
        text = f"practice_code,group_id,hub_site_code\nA,G01,{hub}\nB,G01,{hub}\nC,G02,C1\n"
        written(folder / "options" / option, text, "plan.csv")
    record = {"options": [{"id": "option-1"}, {"id": "option-2"}]}
    (folder / "run.json").write_text(json.dumps(record), encoding="utf-8")
    for path in (folder, folder / "run.json"):
        before = read_baseline(path, PLACE, first_site)
        assert before.plan.group_of["A"].hub_site_code == "B1"
        assert "the plan option-1 of the run in the folder earlier, with 2 groups" in before.sentence


@pytest.mark.parametrize(
    "record", ["", "[]", "{}", '{"options": []}', '{"options": [{"id": "../../other"}]}', '{"options": [{"id": ".."}]}']
)
def test_a_run_without_a_plan_is_told(tmp_path: Path, record: str) -> None:
    written(tmp_path, "practice_code,group_id\nA,G\n", "plan.csv")
    folder = tmp_path / "run" / "options"
    folder.mkdir(parents=True)
    written(folder.parent, record, "run.json")
    written(folder.parent, "practice_code,group_id\nA,G\n", "plan.csv")
    (finding,) = told(folder.parent)
    assert finding.message == "The run holds no plan that can be read."


def test_another_folder_is_told(tmp_path: Path) -> None:
    (finding,) = told(tmp_path)
    assert "not a run" in finding.message
    written(tmp_path, 'name = "x"\n', "case.toml")
    (finding,) = told(tmp_path)
    assert finding.message == "This folder is a case, not a run."
    assert "current_group" in finding.fix


# --- Sites -------------------------------------------------------------------------------------------------------


def test_sites_for_everybody_in_any_order(tmp_path: Path) -> None:
    before = read_baseline(written(tmp_path, "Site_Code\tName\nc1\tGamma\nA1\tAlpha\n"), PLACE, first_site)
    assert (before.plan, before.sites, before.sites_of, before.findings) == (None, ("A1", "C1"), {}, ())
    assert before.sentence == (
        "Before: hub services as they run today at 2 sites named in before.csv; patients go to the nearest that serves"
        " them."
    )


def test_sites_for_the_patients_of_a_practice(tmp_path: Path) -> None:
    text = "site_code,practice_code\nA1,\nB2,B\nC1,C\nB1,C\nA1,C\n"
    before = read_baseline(written(tmp_path, text), PLACE, first_site)
    assert before.sites == ("A1",)
    assert before.sites_of == {"B": ("B2",), "C": ("B1", "C1")}
    assert before.sentence.endswith("1 of them serve everybody, 3 only the patients of certain practices.")


def test_practices_without_any_site_are_told(tmp_path: Path) -> None:
    before = read_baseline(written(tmp_path, "site_code,practice_code\nB2,B\n"), PLACE, first_site)
    assert (before.sites, before.sites_of) == ((), {"B": ("B2",)})
    (finding,) = before.findings
    assert (finding.code, finding.value) == ("before-is-partial", "A, C")
    assert "2 practices with 30,000 patients no site is named" in before.sentence


def test_every_wrong_row_is_told_at_once(tmp_path: Path) -> None:
    text = "site_code,practice_code\nA1,\nA1,\nCC1,\n,B\nC1,CC\n"
    findings = told(written(tmp_path, text))
    assert [(finding.row, finding.column) for finding in findings] == [
        (3, "site_code"),
        (4, "site_code"),
        (5, "site_code"),
        (6, "practice_code"),
    ]
    assert findings[1].fix == "Did you mean C1?"


# --- Neither -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "said"),
    [
        ("practice_code,name", "neither a plan nor a table of sites"),
        ("practice_code,group_id,site_code", "read either way"),
        ("group_id,hub_site_code", "no column practice_code"),
    ],
)
def test_columns_that_do_not_decide(tmp_path: Path, header: str, said: str) -> None:
    (finding,) = told(written(tmp_path, f"{header}\n" + ",".join(["A"] * (header.count(",") + 1)) + "\n"))
    assert said in finding.message
    assert (finding.row, finding.code) == (1, "before-file")
    assert "practice_code, group_id" in finding.fix


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    (finding,) = told(tmp_path / "nothing.csv")
    assert (finding.file, finding.code) == ("nothing.csv", "missing-file")
