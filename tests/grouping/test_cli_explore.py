"""`blueprint explore` as a planner uses it: tables, words, JSON, and what goes wrong."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from grouping.cli import app
from tests.small_case import PRACTICES, write_small_case

CODES = [practice[0] for practice in PRACTICES]


def call(*words: object):
    return CliRunner().invoke(app, ["explore", *(str(word) for word in words)])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_case(tmp_path_factory.mktemp("explore") / "case")


def test_the_best_plans_are_listed(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "best.csv"
    done = call("best", folder, "--count", 4, "--out", out)
    assert done.exit_code == 0, done.output + done.stderr
    table = pd.read_csv(out)
    assert list(table) == ["plan", "score", "behind_best", "groups", "different_share", *CODES]
    assert 1 <= len(table) <= 4
    assert table["score"].is_monotonic_increasing
    assert f"score {table['score'].iloc[0]:.4f}" in done.output
    assert str(out) in done.output


def test_agreement_is_told_in_words_and_as_json(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "agreement.csv"
    done = call("agreement", folder, "--within", 30, "--out", out)
    assert done.exit_code == 0, done.output + done.stderr
    table = pd.read_csv(out)
    assert set(table["practice_a"]) <= set(CODES)
    assert table["together_share"].between(0, 1).all()
    assert "pairs of neighbours" in done.output
    spoken = call("agreement", folder, "--within", 30, "--json")
    record = json.loads(spoken.stdout)
    assert len(record["rows"]) == len(table)
    assert record["lines"][0] == done.output.splitlines()[-len(record["lines"]) - 1]


def test_a_frontier_between_two_criteria(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "frontier.csv"
    done = call("frontier", folder, "--between", "score", "longest-practice", "--out", out)
    assert done.exit_code == 0, done.output + done.stderr
    table = pd.read_csv(out)
    assert list(table) == ["point", "score", "longest_practice", "groups", "proven"]
    assert table["proven"].all()
    assert table["longest_practice"].is_monotonic_decreasing


def test_prices_of_rules_and_of_a_pair(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "prices.csv"
    done = call("prices", folder, "--out", out)
    assert done.exit_code == 0, done.output + done.stderr
    table = pd.read_csv(out)
    assert {"size.hard_maximum", "access.max_minutes_between_members", "size.minimum_urban"} <= set(table["rule"])
    for sentence in table["sentence"]:
        assert sentence in done.output
    pair = call("prices", folder, "--pair", CODES[0].lower(), CODES[1])
    assert pair.exit_code == 0, pair.output + pair.stderr
    assert PRACTICES[0][1] in pair.output
    assert PRACTICES[1][1] in pair.output


def test_a_run_tells_what_is_nearly_as_good(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "run"
    done = CliRunner().invoke(app, ["run", str(folder), "--out", str(out), "--options", "3", "--all-plans"])
    assert done.exit_code == 0, done.output + done.stderr
    record = json.loads((out / "run.json").read_text(encoding="utf-8"))
    near = record["near_optimal"]
    plans = pq.read_table(out / "near_plans.parquet").to_pandas()
    assert near["tolerance"] == 0.01
    assert near["complete"]
    assert near["plans"] == len(plans)
    assert near["sentence"] in done.output
    assert plans["behind_best"].max() <= 0.01
    agreement = pd.read_csv(out / "agreement.csv")
    for row in agreement.itertuples():
        assert row.together_share == pytest.approx((plans[row.practice_a] == plans[row.practice_b]).mean(), abs=1e-6)
    options = record["options"]
    differences = pd.read_csv(out / "option_differences.csv")
    assert len(differences) == len(options) * (len(options) - 1) // 2
    assert differences["different_share"].iloc[0] == pytest.approx(options[1]["different_from_best"], abs=1e-6)
    assert {"agreement.csv", "option_differences.csv", "near_plans.parquet"} <= set(record["files"])
    assert "Patients with other companions, between any two options" in done.output
    checked = CliRunner().invoke(app, ["verify", str(out)])
    assert checked.exit_code == 0, checked.output


def test_unknown_practices_are_told_with_the_nearest(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "prices.csv"
    done = call("prices", folder, "--pair", "X0001", "ZZZ", "--out", out, "--json")
    assert done.exit_code == 1
    problems = json.loads(done.stdout)["problems"]
    assert [problem["value"] for problem in problems] == ["X0001", "ZZZ"]
    assert "X00001" in problems[0]["fix"]
    assert not out.exists()
    twice = call("prices", folder, "--pair", CODES[0], CODES[0])
    assert twice.exit_code == 1
    assert "twice the same practice" in twice.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("frontier", "--between", "score", "beauty"), "beauty"),
        (("frontier", "--between", "score", "score"), "two different"),
        (("best", "--out", "table.xlsx"), ".csv"),
        (("agreement", "--within", "-1"), "--within"),
    ],
)
def test_wrong_use_is_exit_code_2(folder: Path, words: tuple[str, ...], message: str) -> None:
    done = call(words[0], folder, *words[1:])
    assert done.exit_code == 2
    assert message in done.stderr


def test_a_table_never_replaces_a_file_of_the_case(folder: Path) -> None:
    before = (folder / "practices.csv").read_bytes()
    done = call("best", folder, "--out", folder / "practices.csv")
    assert done.exit_code == 2
    assert (folder / "practices.csv").read_bytes() == before


def test_a_file_that_cannot_be_written_is_told(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    done = call("best", folder, "--count", 1, "--out", tmp_path / "file" / "best.csv")
    assert done.exit_code == 1
    assert "cannot be written" in done.stderr


def test_a_missing_case_is_told(tmp_path: Path) -> None:
    done = call("agreement", tmp_path / "nowhere")
    assert done.exit_code == 1
    assert "Nothing was written" in done.stderr
