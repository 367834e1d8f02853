"""Real cases run as they were cut, without an edit: Dorset and the Isle of Wight, of 2016 and of 2022."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from grouping.cli import app

pytestmark = [pytest.mark.real, pytest.mark.slow]

ISLAND_2022 = ",".join(f"J840{n}" for n in ("03", "04", "05", "07", "08", "11", "12", "13", "15", "16", "17", "19"))


@pytest.mark.parametrize(
    ("asked", "year", "practices"), [("11J", 2016, 98), ("11J", 2022, 73), ("10L", 2016, 17), (ISLAND_2022, 2022, 12)]
)
def test_a_case_runs_as_it_was_cut(shared_data: Path, tmp_path: Path, asked: str, year: int, practices: int) -> None:
    files = shared_data / "england"
    words = ["init", tmp_path / "case", "--commissioner", asked, "--date", year, "--files", files]
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == 0, done.output + done.stderr
    words = ["run", tmp_path / "case", "--out", tmp_path / "run", "--options", 1]
    done = CliRunner().invoke(app, [str(word) for word in words])
    assert done.exit_code == 0, done.output + done.stderr
    record = json.loads((tmp_path / "run" / "run.json").read_text(encoding="utf-8"))
    assert record["place"]["practices"] == practices
    assert record["solver"]["status"] == "optimal"
    assert record["options"][0]["verified"]
