"""A plan file with a column about single people is refused like any other table."""

from __future__ import annotations

from pathlib import Path

import pytest

from geodata.errors import InputProblems
from grouping.plan_file import read_plan
from tests.grouping.hand_worked import hand_worked_place


def test_a_plan_with_dates_of_birth_is_refused_and_tells_none(tmp_path: Path) -> None:
    text = "practice_code,group_id,DOB\nA,G,1950-02-01\nB,G,1951-03-04\n"
    (tmp_path / "plan.csv").write_text(text, encoding="utf-8")
    with pytest.raises(InputProblems) as problems:
        read_plan(tmp_path / "plan.csv", hand_worked_place())
    assert [(one.code, one.column) for one in problems.value.findings] == [("personal-data", "DOB")]
    assert "195" not in str(problems.value)
