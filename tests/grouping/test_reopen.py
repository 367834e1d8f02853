"""A run folder made into a `Run` again: the same page, and a refusal where the inputs have changed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from geodata.errors import InputProblems
from grouping.pipeline import run_case, score_case
from grouping.reopen import reopen
from grouping.report import render_report
from grouping.runs import write_run
from tests.small_case import write_small_case


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reopen")
    case = write_small_case(folder / "case")
    run = run_case(case, options=2)
    write_run(run, folder / "run", case_dir=case)
    plan = folder / "run" / "options" / "option-1" / "plan.csv"
    open_hubs = pd.read_csv(plan, dtype=str).assign(hub_site_code="")
    open_hubs.to_csv(folder / "today.csv", index=False)
    compared = run_case(case, options=2, before=folder / "today.csv")
    write_run(compared, folder / "compared", case_dir=case)
    write_run(score_case(case, folder / "today.csv"), folder / "scored", case_dir=case)
    return folder


@pytest.mark.parametrize("name", ["run", "compared", "scored"])
def test_the_page_of_a_run_opened_again_is_the_page_it_had(small: Path, name: str) -> None:
    told = []
    run = reopen(small / name, progress=lambda stage, detail: told.append(stage))
    assert render_report(run) == (small / name / "report.html").read_text(encoding="utf-8")
    assert told[0] == "Reading the run"


def test_everything_but_the_search_is_derived_again(small: Path) -> None:
    again = reopen(small / "compared")
    record = json.loads((small / "compared" / "run.json").read_text(encoding="utf-8"))
    assert again.run_id == record["run_id"]
    assert [option.headline for option in again.options] == [option["headline"] for option in record["options"]]
    assert again.near is not None and again.near.record() == record["near_optimal"]
    assert len(again.near) == record["near_optimal"]["plans"]
    assert again.solver is not None and again.solver.certificate == record["solver"]["certificate"]
    assert again.impact is not None and "today.csv" in again.impact.baseline
    assert [finding.code for finding in again.findings].count("before-hubs") == 1


def _moved(small: Path, tmp_path: Path, name: str = "run") -> Path:
    for part in ("case", name):
        shutil.copytree(small / part, tmp_path / part)
    return tmp_path / name


def test_a_file_that_has_changed_since_is_named(small: Path, tmp_path: Path) -> None:
    run = _moved(small, tmp_path)
    practices = tmp_path / "case" / "practices.csv"
    practices.write_text(practices.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    with pytest.raises(InputProblems) as refused:
        reopen(run)
    assert [finding.file for finding in refused.value.findings] == ["practices.csv"]
    assert reopen(run, anyway=True).options[0].option.option_id == "option-1"


def test_a_plan_that_was_edited_is_told(small: Path, tmp_path: Path) -> None:
    run = _moved(small, tmp_path)
    first, second = (run / "options" / f"option-{number}" / "plan.csv" for number in (1, 2))
    first.write_text(second.read_text(encoding="utf-8"), encoding="utf-8")
    with pytest.raises(InputProblems, match="or a plan of the run"):
        reopen(run)


def test_what_is_no_run_or_has_lost_its_case_is_told(small: Path, tmp_path: Path) -> None:
    with pytest.raises(InputProblems, match=r"holds no run\.json"):
        reopen(tmp_path)
    shutil.copytree(small / "run", tmp_path / "run")
    with pytest.raises(InputProblems, match="is not where it was"):
        reopen(tmp_path / "run")
    again = reopen(tmp_path / "run", case_dir=small / "case")
    assert again.place.name == reopen(small / "run").place.name
