"""What the command prints says what was found, and no more."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from rich.console import Console

from geodata.errors import Finding
from grouping.result import Run
from grouping.say import EXAMPLES_SHOWN, say_findings, say_recheck, say_run
from grouping.verify.recheck import Recheck
from tests.grouping.made_run import made_run, scored_run


def printed(run: Run, capsys: pytest.CaptureFixture[str], wanted: int = 1) -> str:
    say_run(run, Path("out"), as_json=False, wanted=wanted)
    return capsys.readouterr().out


def test_a_run_is_told_option_by_option(capsys: pytest.CaptureFixture[str]) -> None:
    lines = printed(made_run(), capsys).splitlines()
    first, second, third = (next(line for line in lines if f"option-{i}:" in line) for i in (1, 2, 3))
    assert "5 groups of" in first
    assert "score 9.250, verified" in first
    assert "(+0.110 minutes, 1.2%; 31% of patients with other companions), verified" in second
    assert "(+0.220 minutes, 2.4%; 7% of patients" in third
    assert "the next best, as none that really differs lies within 10%)" in third
    assert any("exception: " in line and "short of the minimum" in line for line in lines)
    assert "proven: no plan scores better (gap 0.0000%)" in lines[1]
    assert "1 exception, 9,350 patients short of a minimum in all" in lines[1]
    assert "1 warning about the inputs" in lines[-2]
    assert "not in the plan" not in "".join(lines)


def test_an_option_that_the_check_does_not_bear_out_is_called_so(capsys: pytest.CaptureFixture[str]) -> None:
    run = made_run()
    doubtful = replace(run, options=(replace(run.options[0], verified=False), *run.options[1:]))
    text = printed(doubtful, capsys)
    assert text.count(", NOT verified") == 1
    assert text.count(", verified") == 2


def test_a_search_cut_short_is_not_called_proven(capsys: pytest.CaptureFixture[str]) -> None:
    run = made_run()
    text = printed(replace(run, solver=replace(run.solver, status="feasible", gap=0.0162)), capsys)
    assert "not proven: the search was stopped, a better plan may exist, by up to 1.62% of the score" in text
    assert "no plan scores better" not in text


def test_fewer_options_than_wanted_are_told_with_the_reason(capsys: pytest.CaptureFixture[str]) -> None:
    run = made_run()
    run = replace(run, solver=replace(run.solver, explanation=("First.", "There is no further plan.")))
    assert "3 of 5 options: There is no further plan." in printed(run, capsys, wanted=5)
    assert "of 3 options" not in printed(run, capsys, wanted=3)


def test_a_plan_by_hand_names_whom_it_leaves_out(capsys: pytest.CaptureFixture[str]) -> None:
    text = printed(scored_run(), capsys)
    assert "2 practices with 10,650 patients are not in the plan" in text
    assert "proven" not in text


@pytest.mark.parametrize("more", [0, 3])
def test_of_many_findings_alike_the_first_are_shown_and_the_rest_counted(more: int) -> None:
    alike = [Finding("warning", "a.csv", f"odd {i}", code="odd") for i in range(EXAMPLES_SHOWN + more)]
    error = Finding("error", "b.csv", "[red]wrong[/red]", "Mend it.", 4, "list_size", "", "bad")
    console = Console(record=True, width=200, file=io.StringIO())
    say_findings(console, [*alike, error])
    text = console.export_text()
    assert "1 problem in the inputs. Nothing was written." in text
    assert "1. b.csv, row 4, column list_size, value ''" in text
    assert "[red]wrong[/red]" in text
    assert text.count("odd ") == EXAMPLES_SHOWN
    assert ("... and 3 more of this kind" in text) == (more > 0)


def recheck_of(by_hand: bool, *lines: tuple[str, str, str, bool, str]) -> Recheck:
    return Recheck(pd.DataFrame(lines, columns=["option", "kind", "claim", "agrees", "detail"]), by_hand)


@pytest.mark.parametrize(("by_hand", "mark"), [(True, "breach"), (False, "WRONG ")])
def test_a_broken_rule_is_a_breach_of_a_plan_by_hand_only(
    capsys: pytest.CaptureFixture[str], by_hand: bool, mark: str
) -> None:
    lines = [("a", "rule", "small enough", False, "too large"), ("b", "figure", "sizes", True, "")]
    say_recheck(recheck_of(by_hand, *lines), as_json=False)
    text = capsys.readouterr().out
    assert f"  {mark}  a: small enough - too large" in text
    assert "ok      b: 1 claims re-derived" in text
    assert ("Every figure agrees" in text) == by_hand
    assert ("does NOT agree" in text) != by_hand
