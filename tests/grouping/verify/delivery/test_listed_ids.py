"""Groups of a plan made by hand have the names people give networks: blanks, commas and semicolons are no trouble."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from grouping.pipeline import score_case
from grouping.programme.assemble import programme_of
from grouping.programme.job import open_ground
from grouping.runs import write_run
from grouping.verify.delivery.listed_ids import ids_in
from tests.grouping.verify.delivery.programmes import write_planners_files

NAMES = ("HEATON, MOOR & NORRIS PCN", "HEATON", "MOOR; NORRIS")


@pytest.mark.parametrize("between", ["; ", ", "])
def test_ids_are_read_whatever_stands_in_them(between: str) -> None:
    for listed in ([], [NAMES[1]], list(NAMES), [NAMES[2], NAMES[0]]):
        assert ids_in(between.join(listed), NAMES, between) == listed
    assert ids_in(f"nobody{between}HEATON", NAMES, between) == ["nobody", "HEATON"]
    assert ids_in(None, NAMES, between) == []


def test_a_programme_of_a_plan_with_such_names_agrees(tmp_path: Path) -> None:
    case = write_planners_files(tmp_path).parent / "case"
    (case / "programme.toml").write_text("", encoding="utf-8")
    codes = pd.read_csv(case / "practices.csv", dtype=str)["practice_code"]
    plan = pd.DataFrame({"practice_code": codes, "group_id": [NAMES[i % 3] for i in range(len(codes))]})
    plan.to_csv(tmp_path / "plan.csv", index=False)
    write_run(score_case(case, tmp_path / "plan.csv"), tmp_path / "scored", case_dir=case)
    programme = programme_of(open_ground(tmp_path / "scored"))
    assert {one.part for one in programme.checks} >= {"rollout", "resilience"}
    assert [one for one in programme.checks if not one.agrees] == []
