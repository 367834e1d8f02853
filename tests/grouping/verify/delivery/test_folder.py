"""`blueprint verify` on the folder of a programme: what was changed by hand is told with its place."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from grouping.cli import app
from tests.grouping.verify.delivery.programmes import write_planners_files


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("checked folders")
    write_planners_files(folder)
    for name, more in (("programme", ()), ("public", ("--public",))):
        done = CliRunner().invoke(app, ["programme", str(folder / "run"), "--out", str(folder / name), *more])
        assert done.exit_code == 0, done.output
    return folder


def _verify(*words: object) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["verify", *map(str, words)])
    assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
    return done.exit_code, " ".join((done.stdout + done.stderr).split())


def test_a_programme_as_it_was_written_agrees(folder: Path) -> None:
    code, said = _verify(folder / "programme")
    assert code == 0, said
    assert "the files are as they were written" in said
    assert "claims re-derived from the inputs, all agree" in said
    assert "WRONG" not in said


def test_a_changed_cell_is_told_with_row_column_and_both_values(folder: Path) -> None:
    made = folder / "changed"
    shutil.copytree(folder / "programme", made)
    path = made / "tables" / "rollout-groups.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    columns, cells = lines[0].split(","), lines[2].split(",")
    at, group = columns.index("patients"), cells[0]
    was, cells[at] = cells[at], "12345"
    path.write_text("\n".join([*lines[:2], ",".join(cells), *lines[3:]]) + "\n", encoding="utf-8")
    code, said = _verify(made)
    assert code == 1
    assert "tables/rollout-groups.csv was changed" in said
    assert f"rollout-groups - row 3 ({group}), patients: written 12345, made anew {was}" in said
    assert "The programme does NOT agree with its inputs." in said


def test_a_run_made_again_since_is_told_in_one_line(folder: Path) -> None:
    made = folder / "of an earlier run"
    shutil.copytree(folder / "programme", made)
    record = json.loads((made / "programme.json").read_text(encoding="utf-8"))
    (made / "programme.json").write_text(json.dumps(record | {"run_id": "0123456789ab"}), encoding="utf-8")
    code, said = _verify(made, "--json")
    assert code == 1
    lines = json.loads(said)["lines"]
    (wrong,) = [line for line in lines if not line["agrees"]]
    assert "made again since: then 0123456789ab" in wrong["detail"]
    assert len(lines) == 3


def test_a_planners_file_changed_since_is_told(folder: Path) -> None:
    said_file = folder / "case" / "said.csv"
    before = said_file.read_text(encoding="utf-8")
    said_file.write_text(before.replace("We can go first", "We would go first"), encoding="utf-8")
    try:
        code, said = _verify(folder / "programme", "--json")
    finally:
        said_file.write_text(before, encoding="utf-8")
    assert code == 1
    wrong = {line["claim"]: line["detail"] for line in json.loads(said)["lines"] if not line["agrees"]}
    assert "said.csv was changed" in wrong["the planner's files are those of the programme"]
    assert "said: written We can go first, made anew We would go first" in wrong["engagement-log"]


def test_a_public_programme_names_no_folder_and_is_verified_beside_its_run(folder: Path) -> None:
    record = json.loads((folder / "public" / "programme.json").read_text(encoding="utf-8"))
    assert (record["run_folder"], record["settings_path"]) == ("", "")
    code, said = _verify(folder / "public")
    assert code == 1
    assert "--run" in said
    code, said = _verify(folder / "public", "--run", folder / "run")
    assert code == 0, said


def test_a_programme_that_lost_its_run_says_so(folder: Path, tmp_path: Path) -> None:
    shutil.copytree(folder / "programme", tmp_path / "alone")
    code, said = _verify(tmp_path / "alone")
    assert code == 1
    assert "not where it was" in said
    code, said = _verify(tmp_path / "alone", "--run", folder / "run", "--settings", folder / "case")
    assert code == 0, said


def test_deep_is_for_runs_and_run_is_for_programmes(folder: Path) -> None:
    assert _verify(folder / "programme", "--deep")[0] == 2
    assert _verify(folder / "run", "--run", folder / "run")[0] == 2
