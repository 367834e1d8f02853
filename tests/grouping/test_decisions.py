"""Decisions: from blocks or a table to positions, every mistake told, and what they change in a run."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import openpyxl
import pytest

from geodata.case import read_case_settings
from geodata.errors import Finding, InputProblems
from geodata.load import load_place
from grouping.decisions import decide, positions_of
from grouping.pipeline import prepare, run_case
from grouping.problem import Decided, LockedGroup
from grouping.rules import RuleSet, load_rules
from grouping.runs import write_run
from grouping.verify.recheck import recheck
from tests.small_case import write_small_case

PLAN = (
    "practice_code,group_id,hub_site_code\n"
    "X00001,West,X00002-1\nX00002,West,\nX00003,West,\nX00004,East,\nX00005,East,\n"
)


def case(folder: Path, *blocks: str, **files: str) -> Path:
    """The small case with these decision blocks, and further files by name (a dot written as two underscores)."""
    write_small_case(folder)
    text = (folder / "case.toml").read_text(encoding="utf-8")
    more = "".join(f"[[rules.decisions]]\n{block}\n" for block in blocks)
    (folder / "case.toml").write_text(text.replace("[roads]", f"{more}[roads]"), encoding="utf-8")
    for name, content in files.items():
        (folder / name.replace("__", ".")).write_text(content, encoding="utf-8")
    return folder


def table_case(folder: Path, name: str) -> Path:
    """The small case that names a table of decisions."""
    write_small_case(folder)
    text = (folder / "case.toml").read_text(encoding="utf-8")
    named = f'set = "dorset-2017"\ndecisions = "{name}"'
    (folder / "case.toml").write_text(text.replace('set = "dorset-2017"', named), encoding="utf-8")
    return folder


def rules_of(folder: Path) -> RuleSet:
    rules = read_case_settings(folder).rules
    return load_rules(rules.set, rules.override, folder, rules.decisions)


def decided(folder: Path) -> Decided:
    place, rules = load_place(folder), rules_of(folder)
    found, findings = decide(rules, place.practices, place.sites, folder)
    assert not findings
    return found


def wrong(folder: Path) -> tuple[Finding, ...]:
    """What `prepare` refuses the case for; every error says what to do."""
    with pytest.raises(InputProblems) as caught:
        prepare(folder)
    assert all(finding.message and finding.fix for finding in caught.value.findings)
    return caught.value.findings


def test_every_kind_becomes_positions(tmp_path: Path) -> None:
    folder = case(
        tmp_path,
        'kind = "grant-exception"\npractices = ["X00008"]\nreason = "far away"',
        'kind = "no-exception"\npractices = ["x00001", "X00002"]',
        'kind = "together"\npractices = "X00002 X00001"',
        'kind = "apart"\npractices = ["X00001", "X00004", "X00006"]',
        'kind = "hub"\nsite = "X00007-2"',
        'kind = "not-hub"\nsite = "X00003-1"',
        'kind = "group"\npractices = ["X00005"]\nsite = "X00005-1"\nreason = "agreed"',
    )
    found = decided(folder)
    assert found.granted == (((7,), "far away"),)
    assert found.never_exception == (0, 1)
    assert found.together == ((0, 1),)
    assert found.apart == ((0, 3), (0, 5), (3, 5))
    assert found.locked == (LockedGroup((4,), 4, "agreed"),)
    problem = prepare(folder).problem
    assert [problem.site_codes[site] for site in found.hubs] == ["X00007-2"]
    assert problem.decided == found
    assert [code for code, may in zip(problem.site_codes, problem.hub_allowed, strict=True) if not may] == ["X00003-1"]


@pytest.mark.parametrize("ending", ["csv", "xlsx"])
def test_a_table_says_the_same_as_blocks(tmp_path: Path, ending: str) -> None:
    folder = table_case(tmp_path / "table", f"decided.{ending}")
    rows = [
        ["Decision", "Practices", "Site", "Reason", "Plan", "Except localities"],
        ["Grant exception", "X00006; x00007", "", "far away", "", ""],
        ["apart", "X00001 X00004", "", "", "", ""],
        ["plan", "", "", "stands", "plan.csv", "East Town; Hills"],
    ]
    if ending == "csv":
        text = "\n".join(",".join(row) for row in rows)
        (folder / "decided.csv").write_text(text + "\n", encoding="utf-8")
    else:
        book = openpyxl.Workbook()
        for row in rows:
            book.active.append(row)
        book.save(folder / "decided.xlsx")
    (folder / "plan.csv").write_text(PLAN, encoding="utf-8")
    blocks = case(
        tmp_path / "blocks",
        'kind = "grant-exception"\npractices = ["X00006", "X00007"]\nreason = "far away"',
        'kind = "apart"\npractices = ["X00001", "X00004"]',
        'kind = "plan"\nplan = "plan.csv"\nreason = "stands"\nexcept_localities = ["East Town", "Hills"]',
        plan__csv=PLAN,
    )
    assert decided(folder) == decided(blocks)
    assert rules_of(folder).decisions == rules_of(blocks).decisions
    assert [place.row for place in positions_of(read_case_settings(folder).rules.decisions, folder)] == [2, 3, 4]


def test_a_plan_is_locked_but_for_the_localities_left_out(tmp_path: Path) -> None:
    whole = decided(case(tmp_path / "whole", 'kind = "plan"\nplan = "plan.csv"', plan__csv=PLAN))
    assert [(group.members, group.hub) for group in whole.locked] == [((0, 1, 2), 1), ((3, 4), -1)]
    block = 'kind = "plan"\nplan = "plan.csv"\nexcept_localities = ["east town"]'
    part = decided(case(tmp_path / "part", block, plan__csv=PLAN))
    assert [group.members for group in part.locked] == [(0, 1, 2)]
    across = PLAN.replace("X00003,West", "X00003,East")  # one practice of the town is enough
    part = decided(case(tmp_path / "across", block, plan__csv=across))
    assert [group.members for group in part.locked] == [(0, 1)]


def test_decisions_of_a_rule_set_come_before_those_of_the_case(tmp_path: Path) -> None:
    folder = case(tmp_path, 'kind = "apart"\npractices = ["X00001", "X00002"]')
    own = '[[decisions]]\nkind = "together"\npractices = ["X00006", "X00007"]\n'
    (folder / "ours.toml").write_text(f'name = "ours"\nversion = "1"\ntitle = "Ours"\n{own}', encoding="utf-8")
    text = (folder / "case.toml").read_text(encoding="utf-8").replace("dorset-2017", "ours.toml")
    (folder / "case.toml").write_text(text, encoding="utf-8")
    assert [decision.kind for decision in rules_of(folder).decisions] == ["together", "apart"]


def test_faults_in_the_form_are_told_with_their_place(tmp_path: Path) -> None:
    blocks = 'kind = "grant-exception"\npractices = ["X00001"]', 'kind = "lock"', 'kind = "apart"\npractise = ["a"]'
    found = wrong(case(tmp_path / "blocks", *blocks))
    lines = (tmp_path / "blocks" / "case.toml").read_text(encoding="utf-8").splitlines()
    assert {f.file for f in found} == {"case.toml"}
    for number in (1, 2, 3):
        mine = [f for f in found if f"decision {number}" in f.message]
        assert mine
        assert {lines[f.row - 1] for f in mine} == {"[[rules.decisions]]"}
    assert any("needs a reason" in f.message for f in found)
    folder = table_case(tmp_path / "table", "d.csv")
    (folder / "d.csv").write_text("kind,practices\napart,X00001;X00002\nlocked,X00001\n", encoding="utf-8")
    (told,) = wrong(folder)
    assert (told.file, told.row, told.column, told.value) == ("d.csv", 3, "kind", "locked")


def test_unknown_codes_all_at_once_with_the_nearest(tmp_path: Path) -> None:
    folder = case(
        tmp_path,
        'kind = "apart"\npractices = ["X0001", "X00002", "Castle Road Surgery"]',
        'kind = "hub"\nsite = "X00007-3"',
        'kind = "plan"\nplan = "plans.csv"\nexcept_localities = ["Hils"]',
        'kind = "plan"\nplan = "bad.csv"',
        bad__csv="practice_code,group_id\nX00001,A\nX00001,B\n",
    )
    found = wrong(folder)
    by_value = {finding.value: finding for finding in found}
    assert "X00001" in by_value["X0001"].fix
    assert "X00003" in by_value["CASTLE ROAD SURGERY"].fix
    assert "X00007" in by_value["X00007-3"].fix
    assert "Hills" in by_value["Hils"].fix
    assert by_value["plans.csv"].column == "plan"
    assert any(finding.file == "bad.csv" and finding.row == 3 and "decision 4" in finding.message for finding in found)
    assert {finding.code for finding in found} == {"decision", "plan-file"}


GROUP_12 = 'kind = "group"\npractices = ["X00001", "X00002"]'


@pytest.mark.parametrize(
    ("blocks", "word"),
    [
        ((GROUP_12, 'kind = "group"\npractices = ["X00002", "X00003"]'), "X00002 stands in another locked group"),
        ((GROUP_12 + '\nsite = "X00001-1"', GROUP_12 + '\nsite = "X00002-1"'), "stands in another locked group"),
        ((GROUP_12, 'kind = "together"\npractices = ["X00002", "X00003"]'), "holds only X00002"),
        ((GROUP_12, 'kind = "apart"\npractices = ["X00002", "X00001"]'), "holds both"),
        ((GROUP_12, 'kind = "grant-exception"\npractices = ["X00001"]\nreason = "r"'), "never be used"),
        ((GROUP_12 + '\nsite = "X00001-1"', 'kind = "hub"\nsite = "X00002-1"'), "locked with the hub X00001-1"),
        ((GROUP_12 + '\nsite = "X00001-1"', 'kind = "not-hub"\nsite = "X00001-1"'), "locked with it as its hub"),
        ((GROUP_12 + '\nsite = "X00003-1"',), "belongs to X00003"),
        (('kind = "hub"\nsite = "X00007-1"', 'kind = "hub"\nsite = "X00007-2"'), "one hub"),
        (('kind = "hub"\nsite = "X00007-1"', 'kind = "not-hub"\nsite = "X00007-1"'), "is to be none"),
        (
            (
                'kind = "together"\npractices = ["X00001", "X00002"]',
                'kind = "together"\npractices = ["X00002", "X00003"]',
                'kind = "apart"\npractices = ["X00001", "X00003"]',
            ),
            "must also stay together",
        ),
        (
            (
                'kind = "grant-exception"\npractices = ["X00006", "X00007"]\nreason = "r"',
                'kind = "apart"\npractices = ["X00006", "X00007"]',
            ),
            "never be used",
        ),
        (
            (
                'kind = "grant-exception"\npractices = ["X00006"]\nreason = "r"',
                'kind = "no-exception"\npractices = ["X00006"]',
            ),
            "such a group is granted",
        ),
        (('kind = "apart"\npractices = ["X00001", "X00002"]\nsite = "X00001-1"',), "site means nothing"),
        (('kind = "grant-exception"\npractices = ["X00001", "X00007"]\nreason = "r"',), "never be used"),
    ],
)
@pytest.mark.parametrize("turned", [False, True])
def test_contradictions_are_told_whichever_comes_first(
    tmp_path: Path, blocks: tuple[str, ...], word: str, turned: bool
) -> None:
    found = wrong(case(tmp_path, *(reversed(blocks) if turned else blocks)))
    assert any(word in finding.message for finding in found)
    found = tuple(finding for finding in found if finding.severity == "error")
    assert {finding.file for finding in found} == {"case.toml"}
    assert all(finding.row for finding in found)


def test_a_tag_of_the_table_counts_as_together(tmp_path: Path) -> None:
    folder = case(tmp_path, 'kind = "apart"\npractices = ["X00006", "X00007"]')
    text = (folder / "practices.csv").read_text(encoding="utf-8").splitlines()
    tagged = [text[0] + ",keep_together", *(row + (",hill" if row[:6] > "X00005" else ",") for row in text[1:])]
    (folder / "practices.csv").write_text("\n".join(tagged) + "\n", encoding="utf-8")
    (told,) = wrong(folder)
    assert "keep_together" in told.fix


def test_a_grant_that_nobody_needs_is_a_warning(tmp_path: Path) -> None:
    block = 'kind = "grant-exception"\npractices = ["X00006", "X00007", "X00008"]\nreason = "r"'
    told = [f for f in prepare(case(tmp_path, block)).findings if f.code == "idle-decision"]
    assert [f.severity for f in told] == ["warning"]


def test_decisions_hold_in_every_option_and_reach_the_page(tmp_path: Path) -> None:
    folder = case(
        tmp_path / "case",
        'kind = "group"\npractices = ["X00004", "X00005"]\nreason = "They share a building"',
        'kind = "group"\npractices = ["X00006"]\nreason = "An island <of> its own"',
        'kind = "hub"\nsite = "X00002-1"\nreason = "New in 2015."',
    )
    run = run_case(folder, options=2)
    for option in run.options:
        groups = {group.members: group for group in option.option.plan.groups}
        assert {("X00004", "X00005"), ("X00006",)} <= set(groups)
        holding = next(group for members, group in groups.items() if "X00002" in members)
        assert holding.hub_site_code == "X00002-1"
        notes = set(option.notes.loc[option.notes["kind"] == "decision", "note"])
        assert "Hub by decision: X00002-1. Reason: New in 2015." in notes
        assert any(note.startswith("Locked") and note.endswith("They share a building.") for note in notes)
    write_run(run, tmp_path / "run", case_dir=folder)
    page = (tmp_path / "run" / "report.html").read_text(encoding="utf-8")
    assert "An island &lt;of&gt; its own" in page
    assert recheck(tmp_path / "run").agrees
    record = json.loads((tmp_path / "run" / "run.json").read_text(encoding="utf-8"))
    assert [decision["kind"] for decision in record["rules"]["decisions"]] == ["group", "group", "hub"]


def test_one_locality_is_planned_anew_while_the_rest_stands(tmp_path: Path) -> None:
    whole = PLAN + "X00006,Hills,\nX00007,Hills,\nX00008,Hills,\n"
    block = 'kind = "plan"\nplan = "plan.csv"\nexcept_localities = ["Hills"]\nreason = "Agreed in May"'
    folder = case(tmp_path, block, plan__csv=whole)
    ready = prepare(folder)
    assert np.array_equal([len(group.members) for group in ready.problem.decided.locked], [3, 2])
    (option,) = run_case(folder, options=1).options
    assert {("X00001", "X00002", "X00003"), ("X00004", "X00005")} <= {g.members for g in option.option.plan.groups}


def test_a_granted_exception_is_named_and_counts_for_nothing(tmp_path: Path) -> None:
    strict = '[rules.override.exceptions]\npolicy = "forbidden"\n'
    names = '"X00006", "X00007", "X00008"'
    block = f'kind = "grant-exception"\npractices = [{names}]\nreason = "Nobody else is near"'
    folder = case(tmp_path, block)
    text = (folder / "case.toml").read_text(encoding="utf-8")
    minimum = "[rules.override.size]\nminimum_rural = 26000\npreferred_minimum_rural = 26000\n"
    text = text.replace("[roads]", f"{strict}{minimum}[roads]")
    (folder / "case.toml").write_text(text, encoding="utf-8")
    (option,) = run_case(folder, options=1).options
    assert (option.headline["exceptions"], option.headline["shortfall"]) == (0, 0)
    notes = option.notes.loc[option.notes["kind"] == "decision", "note"].tolist()
    assert notes == [
        "Granted exception: 24,500 patients, 1,500 below the minimum of 26,000. Reason: Nobody else is near."
    ]
