"""The command as a planner uses it: exit codes, messages, files, and a check that notices tampering."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from grouping.assess import AREA_COLUMNS, GROUP_COLUMNS
from grouping.cli import app
from tests.small_case import write_small_case


def call(*words: object):
    return CliRunner().invoke(app, [str(word) for word in words])


@pytest.fixture(scope="module")
def case(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_small_case(tmp_path_factory.mktemp("cli") / "case")


@pytest.fixture(scope="module")
def run_folder(case: Path) -> Path:
    out = case.parent / "run"
    done = call("run", case, "--out", out, "--options", 3)
    assert done.exit_code == 0, done.output + done.stderr
    return out


def test_a_run_holds_what_other_tools_rely_on(run_folder: Path) -> None:
    record = json.loads((run_folder / "run.json").read_text(encoding="utf-8"))
    assert record["schema_version"] == 1
    assert record["case"] == "Small case"
    assert record["rules"]["name"] == "dorset-2017"
    assert record["rules"]["size"]["minimum_rural"] == 20_000
    assert {source["table"] for source in record["inputs"]} == {"practices", "sites", "areas", "registrations"}
    assert all(len(source["sha256"]) == 64 and source["rows"] > 0 for source in record["inputs"])
    solver = record["solver"]
    assert solver["status"] == "optimal"
    assert solver["gap"] == pytest.approx(0, abs=1e-6)
    assert solver["candidates"] >= solver["columns"] > 0
    assert solver["seconds"]
    assert [option["id"] for option in record["options"]] == ["option-1", "option-2", "option-3"]
    assert all(set(option) >= {"id", "objective", "groups", "verified"} for option in record["options"])
    assert all(option["verified"] for option in record["options"])
    for option in record["options"]:
        folder = run_folder / "options" / option["id"]
        plan = pd.read_csv(folder / "plan.csv")
        groups = pd.read_csv(folder / "groups.csv")
        areas = pd.read_csv(folder / "areas.csv")
        assert list(plan.columns) == ["practice_code", "group_id", "hub_site_code"]
        assert list(groups.columns) == list(GROUP_COLUMNS)
        assert list(areas.columns) == list(AREA_COLUMNS)
        assert len(plan) == 8
        assert len(groups) == option["groups"]
        assert groups["list_size"].sum() == 102_500
        assert areas["patients"].sum() == pytest.approx(102_500)
        assert (groups["margin"] == groups["list_size"] - groups["minimum"]).all()
    matrix = pd.read_parquet(run_folder / "minutes_area_to_site.parquet")
    assert list(matrix.columns) == ["from", "to", "minutes", "reachable", "snap_from_m", "snap_to_m"]
    assert len(matrix) == 42 * 9
    assert len(pd.read_parquet(run_folder / "minutes_between_sites.parquet")) == 81
    assert (run_folder / "adjacency.csv").is_file()
    assert (run_folder / "report.html").stat().st_size > 10_000


def test_a_second_run_gives_identical_tables(case: Path, run_folder: Path) -> None:
    again = case.parent / "again"
    assert call("run", case, "--out", again, "--options", 3).exit_code == 0
    tables = sorted(
        path.relative_to(run_folder) for path in run_folder.rglob("*") if path.suffix in {".csv", ".parquet"}
    )
    assert len(tables) > 8
    for table in tables:
        assert (again / table).read_bytes() == (run_folder / table).read_bytes(), table


def test_verify_agrees_and_notices_tampering(run_folder: Path) -> None:
    done = call("verify", run_folder)
    assert done.exit_code == 0, done.output
    assert "Every figure agrees" in done.output

    tampered = run_folder.parent / "tampered"
    shutil.copytree(run_folder, tampered)
    groups = tampered / "options" / "option-1" / "groups.csv"
    table = pd.read_csv(groups)
    table.loc[0, "list_size"] += 1
    table.to_csv(groups, index=False)
    done = call("verify", tampered)
    assert done.exit_code == 1
    assert "WRONG" in done.output
    assert "list_size" in done.output


def test_verify_notices_a_changed_input(case: Path, run_folder: Path) -> None:
    other = write_small_case(case.parent / "other", list_sizes={"X00001": 16_500})
    done = call("verify", run_folder, "--case", other, "--json")
    assert done.exit_code == 1
    lines = json.loads(done.stdout)["lines"]
    assert any(not line["agrees"] and "practices.csv" in line["detail"] for line in lines)


def test_score_gives_a_plan_by_hand_the_same_figures(case: Path, run_folder: Path) -> None:
    plan = run_folder / "options" / "option-1" / "plan.csv"
    out = case.parent / "scored"
    done = call("score", case, "--plan", plan, "--out", out)
    assert done.exit_code == 0, done.output + done.stderr
    for table in ("plan.csv", "groups.csv", "areas.csv"):
        ours = (out / "options" / "scored" / table).read_bytes()
        assert ours == (run_folder / "options" / "option-1" / table).read_bytes()
    found = json.loads((run_folder / "run.json").read_text(encoding="utf-8"))["options"][0]["objective"]
    scored = json.loads((out / "run.json").read_text(encoding="utf-8"))
    assert scored["options"][0]["objective"] == pytest.approx(found, abs=1e-6)
    assert call("verify", out).exit_code == 0


def test_score_names_breaches_and_refuses_nothing(case: Path) -> None:
    plan = case.parent / "odd.csv"
    plan.write_text("practice_code,group_id\nX00001,Far\nX00008,Far\nX00002,Small\n", encoding="utf-8")
    done = call("score", case, "--plan", plan, "--out", case.parent / "odd")
    assert done.exit_code == 0, done.output + done.stderr
    assert "breach, Far" in done.stdout
    assert "below minimum: Mill Lane Practice (X00002)" in done.stdout
    assert "5 practices with 64,000 patients are not in the plan" in done.stdout


def test_problems_give_exit_code_1_and_leave_nothing(case: Path) -> None:
    broken = write_small_case(case.parent / "broken", list_sizes={"X00003": -5})
    out = case.parent / "never"
    done = call("run", broken, "--out", out)
    assert done.exit_code == 1
    assert "practices.csv, row 4, column list_size, value '-5'" in done.stderr
    assert "Fix:" in done.stderr
    assert "Traceback" not in done.stderr
    assert not out.exists()
    assert not [path for path in case.parent.iterdir() if path.name.startswith(".never")]


def test_no_plan_is_told_with_a_reason(case: Path) -> None:
    strict = write_small_case(case.parent / "strict")
    toml = strict / "case.toml"
    rules = (
        '[rules.override.exceptions]\npolicy = "forbidden"\n[rules.override.access]\nmax_minutes_between_members = 1\n'
    )
    toml.write_text(toml.read_text(encoding="utf-8") + rules, encoding="utf-8")
    done = call("run", strict, "--out", case.parent / "none")
    assert done.exit_code == 1
    assert "No plan" in done.stderr
    assert not (case.parent / "none").exists()
    done = call("run", strict, "--out", case.parent / "none", "--json")
    assert json.loads(done.stdout)["problems"][0]["code"] == "no-plan"


def test_a_folder_with_other_files_is_left_alone(case: Path) -> None:
    mine = case.parent / "mine"
    mine.mkdir()
    (mine / "thesis.docx").write_text("precious", encoding="utf-8")
    done = call("run", case, "--out", mine)
    assert done.exit_code == 1
    assert "not a run" in done.stderr
    assert (mine / "thesis.docx").read_text(encoding="utf-8") == "precious"


def test_an_earlier_run_is_replaced(case: Path) -> None:
    out = case.parent / "twice"
    assert call("run", case, "--out", out, "--options", 2).exit_code == 0
    assert call("run", case, "--out", out, "--options", 1).exit_code == 0
    assert [path.name for path in (out / "options").iterdir()] == ["option-1"]


@pytest.mark.parametrize(
    "words", [("run",), ("run", "x", "--nonsense"), ("nonsense",), ("run", "x", "--out", "y", "--seed", "a")]
)
def test_wrong_use_gives_exit_code_2(words: tuple[str, ...]) -> None:
    assert call(*words).exit_code == 2


def test_init_check_and_run_on_the_templates(tmp_path: Path) -> None:
    case = tmp_path / "new"
    assert call("init", case).exit_code == 0
    done = call("check", case)
    assert done.exit_code == 0, done.stderr
    assert "practices" in done.output
    done = call("run", case, "--out", tmp_path / "run")
    assert done.exit_code == 0, done.stderr
    assert "proven, only 1 plan" in done.output
    again = call("init", case)
    assert again.exit_code == 1
    assert "Fix:" in again.stderr


def test_check_as_json(case: Path) -> None:
    record = json.loads(call("check", case, "--json").stdout)
    assert record["practices"] == 8
    assert record["patients"] == 102_500


def test_rule_sets_are_listed() -> None:
    done = call("rules")
    assert done.exit_code == 0
    assert "dorset-2017" in done.output


def test_fewer_options_than_wanted_are_explained(case: Path) -> None:
    done = call("run", case, "--out", case.parent / "many", "--options", 60)
    assert done.exit_code == 0, done.output + done.stderr
    assert " of 60 options: " in done.stdout


def test_the_plan_before_is_kept_checked_and_shown(case: Path) -> None:
    before = case.parent / "today.csv"
    before.write_text("practice_code;group_id\nx00001;Old town\nX00002;Old town\nX00006;N/A\n", encoding="utf-8")
    out = case.parent / "with-before"
    done = call("run", case, "--out", out, "--options", 1, "--before", before)
    assert done.exit_code == 0, done.output + done.stderr
    assert list(pd.read_csv(out / "before.csv", keep_default_na=False)["group_id"]) == ["Old town", "Old town", "N/A"]
    findings = pd.read_csv(out / "findings.csv")
    partial = findings[findings["code"] == "before-is-partial"].iloc[0]
    assert (partial["severity"], partial["file"]) == ("warning", "today.csv")
    assert "5 of 8 practices, with 62,500 patients" in partial["message"]
    assert "before and in this option" in (out / "report.html").read_text(encoding="utf-8")
    assert call("verify", out).exit_code == 0

    areas = out / "options" / "option-1" / "areas.csv"
    table = pd.read_csv(areas)
    table["minutes_hub_before"] -= 1
    table.to_csv(areas, index=False)
    done = call("verify", out)
    assert done.exit_code == 1
    assert "minutes_hub_before of each area" in done.output


def test_verify_notices_a_changed_headline(run_folder: Path) -> None:
    tampered = run_folder.parent / "headline"
    shutil.copytree(run_folder, tampered)
    record = json.loads((tampered / "run.json").read_text(encoding="utf-8"))
    record["options"][0]["headline"]["share_within_15_minutes"] = 0.99
    (tampered / "run.json").write_text(json.dumps(record), encoding="utf-8")
    done = call("verify", tampered)
    assert done.exit_code == 1
    assert "share_within_15_minutes: written 0.99" in done.output


def test_groups_by_hand_may_have_any_name(case: Path) -> None:
    plan = case.parent / "names.csv"
    rows = "X00001,North & East\nX00008,North & East\nX00002,N/A\n"
    plan.write_text("practice_code,group_id\n" + rows, encoding="utf-8")
    out = case.parent / "names"
    done = call("score", case, "--plan", plan, "--out", out)
    assert done.exit_code == 0, done.output + done.stderr
    assert "breach, North & East: Not met: each group is contiguous" in done.stdout
    assert call("verify", out).exit_code == 0


def test_rules_and_seed_of_the_command_line_are_used_and_recorded(case: Path, run_folder: Path) -> None:
    out = case.parent / "pcn"
    done = call("run", case, "--out", out, "--options", 1, "--rules", "pcn", "--seed", 7)
    assert done.exit_code == 0, done.output + done.stderr
    record = json.loads((out / "run.json").read_text(encoding="utf-8"))
    assert (record["rules"]["name"], record["seed"], record["command"]) == ("pcn", 7, "run")

    plan = run_folder / "options" / "option-1" / "plan.csv"
    scored = case.parent / "scored-pcn"
    done = call("score", case, "--plan", plan, "--out", scored, "--rules", "pcn", "--before", plan)
    assert done.exit_code == 0, done.output + done.stderr
    record = json.loads((scored / "run.json").read_text(encoding="utf-8"))
    assert (record["rules"]["name"], record["command"]) == ("pcn", "score")
    assert record["options"][0]["headline"]["share_longer"] == 0.0, "before and now are the same plan"
    assert (scored / "before.csv").read_bytes() == plan.read_bytes()

    done = call("check", case, "--rules", "nonsense")
    assert done.exit_code == 1
    assert "no such rule set" in done.stderr


def test_verify_finds_a_case_that_has_moved(case: Path, run_folder: Path, tmp_path: Path) -> None:
    shutil.copytree(run_folder, tmp_path / "run")
    done = call("verify", tmp_path / "run")
    assert done.exit_code == 1
    assert "--case" in done.stderr
    assert call("verify", tmp_path / "run", "--case", case).exit_code == 0


def test_the_demonstration_carries_its_case_along(tmp_path: Path) -> None:
    done = call("demo", "--out", tmp_path / "demo", "--options", 1)
    assert done.exit_code == 0, done.output + done.stderr
    record = json.loads((tmp_path / "demo" / "run.json").read_text(encoding="utf-8"))
    assert [option["id"] for option in record["options"]] == ["option-1"]
    assert record["case_folder"] == "case"
    assert (tmp_path / "demo" / "case" / "case.toml").is_file()
    assert not (tmp_path / "demo" / "case" / ".cache").exists()
    assert not any(name.startswith("case/") for name in record["files"])
