"""`blueprint compare` on run folders: what is named, what is refused, and what --anyway says."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from geodata.errors import InputProblems
from grouping.cli import app
from grouping.compare.named import named_plans
from grouping.pipeline import run_case, score_case
from grouping.runs import write_run
from tests.small_case import write_small_case


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with two options, the scored plan of its second one, one of another rule set, and one of other lists."""
    folder = tmp_path_factory.mktemp("compare")
    case = write_small_case(folder / "case")
    write_run(run_case(case, options=2), folder / "run", case_dir=case)
    plan = folder / "run" / "options" / "option-2" / "plan.csv"
    write_run(score_case(case, plan), folder / "scored", case_dir=case)
    write_run(score_case(case, plan, rules="pcn"), folder / "pcn", case_dir=case)
    other = write_small_case(folder / "other-case", list_sizes={"X00001": 16_500})
    partial = pd.read_csv(plan, dtype=str)
    partial[partial["practice_code"] != "X00005"].to_csv(folder / "partial.csv", index=False)
    write_run(score_case(other, folder / "partial.csv"), folder / "other", case_dir=other)
    return folder


def _compare(small: Path, *words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["compare", *words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, " ".join(result.stderr.split())


def test_options_of_one_run(small: Path, tmp_path: Path) -> None:
    code, out, _ = _compare(small, str(small / "run"), "--out", str(tmp_path / "out"))
    assert code == 0 and "Two plans are compared: Option 1 and Option 2; made from the same inputs" in out
    assert "Grouping practices closes no site." in out
    record = json.loads((tmp_path / "out" / "compare.json").read_text(encoding="utf-8"))
    assert record["same_inputs"] and record["practices_compared"] == 8 and record["patients_compared"] == 102_500
    assert [plan["run"] for plan in record["plans"]] == ["run", "run"]
    differences = pd.read_csv(small / "run" / "option_differences.csv")
    share = 1 - record["alike"][0]["share_same_companions"]
    assert share == pytest.approx(differences["different_share"].iloc[0], abs=1e-6)
    practices = pd.read_csv(tmp_path / "out" / "practices.csv")
    minutes = pd.read_csv(small / "run" / "impact" / "practices.csv").query("journey == 'hub' and mode == 'car'")
    held = {(row.option, row.practice_code): row.mean for row in minutes.itertuples()}
    for row in practices.itertuples():
        assert row.hub_minutes == pytest.approx(held[row.plan.lower().replace(" ", "-"), row.practice_code], abs=1e-3)


def test_a_plan_is_itself_however_it_is_named(small: Path, tmp_path: Path) -> None:
    words = (f"{small / 'run'}:option-2", str(small / "run" / "options" / "option-2"), str(small / "scored"))
    code, out, _ = _compare(small, *words, "--out", str(tmp_path / "out"), "--json")
    record = json.loads(out)
    assert code == 0
    titles = ["Option 2 of run", "Option 2 of run (2)", "Scored plan of scored"]
    assert [plan["title"] for plan in record["plans"]] == titles
    assert all(pair["share_same_companions"] == 1 and pair["other_hub"] == 0 for pair in record["alike"])
    first, second = (
        {key: shown for key, shown in plan["figures"].items() if not key.startswith("changed")}
        for plan in record["plans"][:2]
    )
    assert first == second and len(first) > 10
    assert "In the figures compared there is no difference between the plans." in record["answer"]


def test_another_rule_set_is_allowed_and_said(small: Path, tmp_path: Path) -> None:
    code, out, _ = _compare(small, f"{small / 'run'}:option-2", str(small / "pcn"), "--out", str(tmp_path / "out"))
    assert code == 0 and "The plans were made under different rule sets" in out
    rules = pd.read_csv(tmp_path / "out" / "rules.csv").set_index(["rule", "plan"])["value"]
    assert rules["size.minimum_rural", "Option 2 of run"] == "20,000"
    assert rules["size.minimum_rural", "Scored plan of pcn"] == "30,000"
    page = (tmp_path / "out" / "compare.html").read_text(encoding="utf-8")
    assert "Fewest registered patients of a rural group" in page and "Where the rule sets differ" in page


def test_other_inputs_are_refused_with_every_table_named(small: Path, tmp_path: Path) -> None:
    code, _, said = _compare(small, str(small / "run"), str(small / "other"), "--out", str(tmp_path / "out"))
    assert code == 1 and not (tmp_path / "out").exists()
    assert (
        "1 problem" in said and "not made from the same inputs: practices (" in said and "and registrations (" in said
    )
    assert "--anyway" in said and "Traceback" not in said


def test_other_inputs_are_compared_when_told(small: Path, tmp_path: Path) -> None:
    words = (str(small / "run"), str(small / "other"), "--anyway", "--out", str(tmp_path / "out"))
    code, out, _ = _compare(small, *words)
    assert code == 0 and "what differs: practices and registrations" in out
    assert "One practice" not in out and "1 practice is not in all of these plans" in out
    record = json.loads((tmp_path / "out" / "compare.json").read_text(encoding="utf-8"))
    assert record["practices_left_out"] == ["X00005"] and record["practices_compared"] == 7
    assert [one["table"] for one in record["inputs_that_differ"]] == ["practices", "registrations"]
    assert all(not one["alone"] and not one["shared"] for one in record["best_at"])
    page = (tmp_path / "out" / "compare.html").read_text(encoding="utf-8")
    banner = page[page.index('class="banner"') : page.index('class="masthead"')]
    assert "Different inputs:" in banner and "practices" in banner and "registrations" in banner


def test_inputs_that_have_changed_since_are_refused(small: Path, tmp_path: Path) -> None:
    for part in ("case", "run"):
        shutil.copytree(small / part, tmp_path / part)
    practices = tmp_path / "case" / "practices.csv"
    practices.write_text(practices.read_text(encoding="utf-8").replace("16000", "16100"), encoding="utf-8")
    code, _, said = _compare(small, str(tmp_path / "run"), "--out", str(tmp_path / "out"))
    assert code == 1 and "this file is not the one that the run was made from" in said
    code, out, _ = _compare(small, str(tmp_path / "run"), "--anyway", "--out", str(tmp_path / "out"))
    assert code == 0 and "What run was made from has changed since" in out


def test_a_case_that_has_moved_is_named_for_all_runs(small: Path, tmp_path: Path) -> None:
    for part in ("run", "scored"):
        shutil.copytree(small / part, tmp_path / part)
    words = (f"{tmp_path / 'run'}:Option-2", str(tmp_path / "scored"), "--out", str(tmp_path / "out"))
    code, _, said = _compare(small, *words)
    assert code == 1 and said.count("is not where it was (../case, seen from the run)") == 2 and "--case" in said
    code, _, said = _compare(small, *words, "--case", str(small / "other-case"))
    assert code == 1 and "this file is not the one that the run was made from" in said
    assert not (tmp_path / "out").exists()
    code, out, said = _compare(small, *words, "--case", str(small / "case"))
    assert code == 0 and "both plans hold the same groups" in out, said


def test_a_comparison_in_a_run_is_refused(small: Path) -> None:
    code, _, said = _compare(small, str(small / "run"), "--out", str(small / "run" / "compared"))
    assert code == 1 and "the next run written there would take the comparison away" in said
    assert not (small / "run" / "compared").exists()


def test_public_names_no_run_and_hides_counts_beside_those_of_another(small: Path, tmp_path: Path) -> None:
    words = (str(small / "run"), str(small / "scored"), "--public", "--out", str(tmp_path / "out"))
    code, _, said = _compare(small, *words)
    assert code == 0, said
    record = json.loads((small / "run" / "run.json").read_text(encoding="utf-8"))
    private = [record["run_id"], *(one["sha256"] for one in record["inputs"] if one["table"] != "areas")]
    written = "".join(path.read_text(encoding="utf-8") for path in (tmp_path / "out").iterdir())
    assert not any(word[:12] in written for word in private)
    assert "Public version." in written and "Counts of people that are worked out are left out" in written
    figures = pd.read_csv(tmp_path / "out" / "figures.csv")["figure"]
    assert not figures.str.startswith("beyond").any() and "mean_all_all" in set(figures)


def test_a_foreign_folder_is_left_alone(small: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    code, _, said = _compare(small, str(small / "run"), "--out", str(tmp_path))
    assert code == 1 and "holds files that are not a comparison" in said
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["scored"], "this is one plan only"),
        (["run:option-9"], "this run has no option-9"),
        (["run/options/option-9"], "this run has no option-9"),
        (["nowhere", "run"], "there is no such folder"),
        (["case", "run"], "this is a case, not a run of it"),
        (["run/run.json", "run"], "this is a file, not a run folder"),
        (["run:option-1"], "this is one plan only"),
        (["run"] * 6, "6 plans are named"),
    ],
)
def test_what_cannot_be_compared_is_said(small: Path, words: list[str], said: str) -> None:
    with pytest.raises(InputProblems, match=said):
        named_plans([str(small / word) for word in words])


def test_a_run_alone_stands_for_all_its_options_and_beside_others_for_the_first(small: Path) -> None:
    run = str(small / "run")
    assert [one.option_id for one in named_plans([run])] == ["option-1", "option-2"]
    assert [one.option_id for one in named_plans([run, str(small / "scored")])] == ["option-1", "scored"]
    both = named_plans([run, f"{run}:option-2"])
    assert [one.option_id for one in both] == ["option-1", "option-2"] and both[0].folder == both[1].folder
