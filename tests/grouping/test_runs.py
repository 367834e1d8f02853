"""A run folder is written whole or not at all, and holds text that a spreadsheet cannot run."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest

from geodata.errors import Finding, InputProblems
from geodata.tables.readers import sha256_of
from grouping.result import Run
from grouping.runs import refuse_foreign_folder, write_run
from grouping.writing import new_folder
from tests.grouping.made_run import made_run


def written(run: Run, folder: Path, **options: object) -> dict:
    (folder / "case").mkdir(exist_ok=True)
    write_run(run, folder / "out" / "run", case_dir=folder / "case", **options)
    return json.loads((folder / "out" / "run" / "run.json").read_text(encoding="utf-8"))


def left_behind(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_fails_half_way_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(RuntimeError), new_folder(tmp_path / "run", refuse=refuse_foreign_folder) as folder:
        (folder / "half.txt").write_text("half", encoding="utf-8")
        raise RuntimeError
    assert left_behind(tmp_path) == []


def test_what_fails_half_way_leaves_the_earlier_run(tmp_path: Path) -> None:
    written(made_run(), tmp_path)

    def fail(folder: Path) -> None:
        (folder / "half.txt").write_text("half", encoding="utf-8")
        raise OSError(28, "No space left on device")

    with pytest.raises(InputProblems, match="No space left"):
        written(made_run(), tmp_path, put_in=fail)
    assert left_behind(tmp_path / "out") == ["run"]
    assert (tmp_path / "out" / "run" / "report.html").is_file()


def test_a_second_run_takes_the_place_of_the_first_and_leaves_nothing_beside_it(tmp_path: Path) -> None:
    for _ in range(2):
        written(made_run(), tmp_path)
    assert left_behind(tmp_path / "out") == ["run"]


@pytest.mark.parametrize("there", ["file", "foreign"])
def test_what_is_not_a_run_is_not_touched(tmp_path: Path, there: str) -> None:
    out = tmp_path / "run"
    if there == "file":
        out.write_text("mine", encoding="utf-8")
    else:
        out.mkdir()
        (out / "mine.txt").write_text("mine", encoding="utf-8")
    with pytest.raises(InputProblems), new_folder(out, refuse=refuse_foreign_folder):
        raise AssertionError("the work must not begin")
    assert (out if there == "file" else out / "mine.txt").read_text(encoding="utf-8") == "mine"


def test_an_empty_folder_may_be_written_to(tmp_path: Path) -> None:
    (tmp_path / "run").mkdir()
    with new_folder(tmp_path / "run", refuse=refuse_foreign_folder) as folder:
        (folder / "a.txt").write_text("a", encoding="utf-8")
    assert left_behind(tmp_path / "run") == ["a.txt"]


def test_the_record_lists_what_the_run_wrote_and_not_what_was_put_in(tmp_path: Path) -> None:
    record = written(made_run(), tmp_path, put_in=lambda folder: (folder / "mine.txt").write_text("x", "utf-8"))
    run = tmp_path / "out" / "run"
    there = {path.relative_to(run).as_posix() for path in run.rglob("*") if path.is_file()}
    assert set(record["files"]) == there - {"run.json", "mine.txt"}
    assert all(sha256_of(run / name) == sha256 for name, sha256 in record["files"].items())
    assert record["case_folder"] == "../../case"
    assert record["findings"] == {"error": 0, "warning": 1, "note": 2}
    assert record["place"]["localities"] == 3
    assert "before.csv" not in record["files"]


def test_practices_without_locality_are_of_none(tmp_path: Path) -> None:
    run = made_run()
    practices = run.place.practices.copy()
    practices.loc["J80001", "locality"] = ""
    record = written(replace(run, place=replace(run.place, practices=practices)), tmp_path)
    assert record["place"]["localities"] == 3


def test_figures_that_are_not_known_are_null(tmp_path: Path) -> None:
    run = made_run()
    first = replace(run.options[0], headline=run.options[0].headline | {"mean_minutes_hub_rural": float("nan")})
    record = written(replace(run, options=(first,)), tmp_path)
    assert record["options"][0]["headline"]["mean_minutes_hub_rural"] is None


def test_no_name_is_run_as_a_formula_by_a_spreadsheet(tmp_path: Path) -> None:
    run = made_run()
    groups = run.options[0].groups.copy()
    groups.loc[0, ["name", "exception"]] = ["=1+1", "@SUM(A1)"]
    finding = Finding("note", "sites.csv", "+1", "-1", 2, "=col", "=cmd", "odd")
    run = replace(run, options=(replace(run.options[0], groups=groups),), findings=(finding,))
    written(run, tmp_path)
    folder = tmp_path / "out" / "run"
    table = pd.read_csv(folder / "options" / "option-1" / "groups.csv")
    assert list(table.loc[0, ["name", "exception"]]) == ["'=1+1", "'@SUM(A1)"]
    row = pd.read_csv(folder / "findings.csv").iloc[0]
    assert list(row[["message", "fix", "column", "value"]]) == ["'+1", "'-1", "'=col", "'=cmd"]


def test_the_plan_before_is_written(tmp_path: Path) -> None:
    run = made_run()
    record = written(replace(run, before=run.options[1].option.plan), tmp_path)
    assert "before.csv" in record["files"]
    before = (tmp_path / "out" / "run" / "before.csv").read_bytes()
    assert before == (tmp_path / "out" / "run" / "options" / "option-2" / "plan.csv").read_bytes()
