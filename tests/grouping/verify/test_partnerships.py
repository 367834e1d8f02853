"""Groups of groups are checked against the groups they are made of."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from grouping.pipeline import prepare, run_case
from grouping.run_folder import plan_of
from grouping.runs import write_run
from grouping.verify.evidence import Evidence
from grouping.verify.partnerships import FILE, check_partnerships
from grouping.verify.recheck import recheck
from tests.small_case import write_small_case


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("partnerships")
    case = write_small_case(home / "case")
    layer = "\n[rules.override.second_layer]\nminimum = 50000\nmaximum = 80000\nmax_minutes_between_hubs = 40.0\n"
    path = case / "case.toml"
    path.write_text(path.read_text(encoding="utf-8") + layer, encoding="utf-8")
    write_run(run_case(case, options=1), home / "run", case_dir=case)
    return home


@pytest.fixture(scope="module")
def evidence(home: Path) -> Evidence:
    return prepare(home / "case").evidence


def faults(home: Path, evidence: Evidence, tmp_path: Path, change: Callable = lambda table: table, **said: int) -> str:
    record = json.loads((home / "run" / "run.json").read_text(encoding="utf-8"))["options"][0]
    folder = home / "run" / "options" / "option-1"
    change(pd.read_csv(folder / FILE)).to_csv(tmp_path / FILE, index=False)
    record["second_layer"] |= said
    ((_, _, _, agrees, detail),) = check_partnerships(record, tmp_path, plan_of(folder / "plan.csv"), evidence)
    return "" if agrees else detail


def test_partnerships_as_the_run_has_formed_them_agree(home: Path, evidence: Evidence, tmp_path: Path) -> None:
    assert faults(home, evidence, tmp_path) == ""
    assert recheck(home / "run").agrees


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("list_size", 1_000, "list_size: written 1000"),
        ("margin", 5, "margin: written 5"),
        ("minimum", 40_000, "minimum: written 40000"),
        ("practices", 9, "practices: written 9"),
        ("hub_site_code", "X00099-1", "is the hub of none of its groups"),
        ("mean_minutes_to_hub", 1.0, "1.0 minutes to the hub written"),
        ("group_ids", "G01", "each group of the plan once"),
    ],
)
def test_a_false_cell_is_noticed(
    home: Path, evidence: Evidence, tmp_path: Path, column: str, value: object, said: str
) -> None:
    def change(table: pd.DataFrame) -> pd.DataFrame:
        table[column] = table[column].astype(object)
        table.loc[table.index[-1], column] = value
        return table

    assert said in faults(home, evidence, tmp_path, change)


def test_totals_in_the_record_and_a_damaged_table_are_noticed(home: Path, evidence: Evidence, tmp_path: Path) -> None:
    assert "exceptions: written 7" in faults(home, evidence, tmp_path, exceptions=7)
    assert faults(home, evidence, tmp_path, lambda table: table.drop(columns="margin")) == "it cannot be read"


def test_a_table_that_the_rules_do_not_ask_for_is_noticed(home: Path, evidence: Evidence, tmp_path: Path) -> None:
    (tmp_path / FILE).write_text("partnership_id\n", encoding="utf-8")
    plan = plan_of(home / "run" / "options" / "option-1" / "plan.csv")
    ((*_, agrees, detail),) = check_partnerships({"id": "option-1"}, tmp_path, plan, evidence)
    assert not agrees
    assert "do not agree" in detail
