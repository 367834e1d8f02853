"""What is wrong in the planner's tables of a rollout is told row by row, all at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from grouping.rollout import problems, rollout_of
from tests.grouping.rollout.grounds import ground_with


def told(folder: Path, tables: dict[str, str], rollout: str = "") -> list[tuple[str, str]]:
    return [(finding.severity, str(finding)) for finding in problems(ground_with(folder, tables, rollout))]


def test_nothing_is_wrong_without_tables(tmp_path: Path) -> None:
    assert problems(ground_with(tmp_path)) == []


def test_settings_that_cannot_be(tmp_path: Path) -> None:
    found = told(tmp_path, {}, 'first_year = "next year"\nready_shares = [0.5, 0.75]')
    assert [severity for severity, _ in found] == ["error", "error"]
    assert "2027/28" in found[0][1]
    assert "must fall" in found[1][1]
    assert rollout_of(ground_with(tmp_path, {}, 'first_year = "next year"')).waves[0].name == "2017/18"


def test_an_idle_first_year_is_a_warning(tmp_path: Path) -> None:
    found = told(tmp_path, {"waves": "wave\n2024/25\n"}, 'first_year = "2027/28"')
    assert [severity for severity, _ in found] == ["warning"]


def test_unknown_practices_and_waves_with_what_was_probably_meant(tmp_path: Path) -> None:
    found = told(
        tmp_path,
        {
            "waves": "wave,target_share\n2024/25,\n2025/26,0.5\n2025-26,0.4\n",
            "readiness": "practice_code,ready_from\nJ8001,2024/25\nJ80002,2024/2\n",
            "milestones": "milestone,wave,target_share\nSkill mix,2042/25,1\n",
            "order": "kind,practices,after,wave\nfirst,J80001 X80002,,\nnot after,J80003,,\nbefore,J80004,,2024/25\n",
        },
    )
    texts = [text for _, text in found]
    assert any("waves.csv, row 4" in text and "same as that of row 3" in text for text in texts)
    assert any("waves.csv, row 4" in text and "lower than" in text for text in texts)
    assert any("readiness.csv, row 2" in text and "no practice with the code J8001" in text for text in texts)
    assert any("readiness.csv, row 3" in text and "Did you mean 2024/25?" in text for text in texts)
    assert any("milestones.csv, row 2" in text and "no wave" in text for text in texts)
    assert any("order.csv, row 2" in text and "Did you mean J80002?" in text for text in texts)
    assert any("order.csv, row 3" in text and "needs a wave" in text for text in texts)
    assert any("order.csv, row 4" in text and "which practices come after" in text for text in texts)
    assert any("order.csv, row 4" in text and "does not use the column wave" in text for text in texts)
    assert len(texts) == 9


@pytest.mark.parametrize(
    ("rows", "named", "words"),
    [
        ("first,J80001,,\nnot before,J80002,,2018/19\n", (2, 3), "contradict each other"),
        ("before,J80001,J80004,\nbefore,J80006,J80005,\nbefore,J80005,J80003,\n", (2, 3, 4), "contradict each other"),
        ("before,J80001,J80002,\n", (2,), "stand on both sides"),
        ("together,J80001 J80004,,\nbefore,J80003,J80007,\n", (2, 3), "contradict each other"),
        (
            "first,J80001,,\nfirst,J80004,,\nnot after,J80001,,2017/18\nnot before,J80004,,2019/20\n",
            (3, 5),
            "contradict",
        ),
    ],
)
def test_contradictions_name_every_row_that_takes_part(
    rows: str, named: tuple[int, ...], words: str, tmp_path: Path
) -> None:
    found = told(tmp_path, {"order": f"kind,practices,after,wave\n{rows}"})
    assert len(found) == 1
    severity, text = found[0]
    assert severity == "error"
    assert words in text
    message = text.split(": ", 1)[1]
    assert all(f"row {row} (" in message for row in named)
    assert sum(f"row {row} (" in message for row in range(2, 7)) == len(named)


def test_two_contradictions_are_told_in_one_go(tmp_path: Path) -> None:
    rows = "first,J80001,,\nnot before,J80001,,2018/19\nbefore,J80004,J80005,\nbefore,J80005,J80004,\n"
    found = told(tmp_path, {"order": f"kind,practices,after,wave\n{rows}"})
    assert len(found) == 2
    assert "row 2 (" in found[0][1] and "row 3 (" in found[0][1]
    assert "row 4 (" in found[1][1] and "row 5 (" in found[1][1]


def test_more_groups_that_must_go_first_than_may_start(tmp_path: Path) -> None:
    tables = {
        "waves": "wave,most_groups\n2024/25,1\n2025/26,\n",
        "order": "kind,practices\nfirst,J80001\nfirst,J80005\n",
    }
    found = told(tmp_path, tables)
    assert len(found) == 1
    assert "at most 1 group may start in 2024/25" in found[0][1]
    assert "row 2 (" in found[0][1] and "row 3 (" in found[0][1]


def test_a_row_that_contradicts_is_set_aside_and_said_to_be(tmp_path: Path) -> None:
    order = "kind,practices,after,wave\nfirst,J80001,,\nnot before,J80001,,2018/19\n"
    rollout = rollout_of(ground_with(tmp_path, {"order": order}))
    assert rollout.start["G01"] == 0
    assert any("row 3" in note and "set aside" in note and "row 2" in note for note in rollout.notes)


def test_tables_made_for_other_waves_are_told_once_and_never_with_a_wrong_year(tmp_path: Path) -> None:
    found = problems(
        ground_with(
            tmp_path,
            {
                "waves": "wave,target_share\n2026/27,20%\n2027/28,\n",
                "milestones": "milestone,wave,target_share\nA,2017/18,20%\nA,2018/19,0.4\n",
                "readiness": "practice_code,ready_from\nJ80001,2017/18\nJ80002,later\nJ80003,2018/19\n",
            },
        )
    )
    assert [finding.file for finding in found] == ["milestones.csv", "readiness.csv"]
    assert "2017/18 and 2018/19" in found[0].message
    assert "2026/27, 2027/28" in found[0].fix
    assert "take the line milestones out" in found[0].fix
    assert not any("Did you mean" in finding.fix for finding in found)
    (one,) = problems(
        ground_with(
            tmp_path,
            {
                "waves": "wave\n2026/27\n2027/28\n",
                "readiness": "practice_code,ready_from\nJ80001,2026/27\nJ80003,2017/18\n",
            },
        )
    )
    assert (one.value, one.row) == ("2017/18", 3)
    assert one.fix.startswith("The waves are: 2026/27, 2027/28.")


def test_rules_that_contradict_each_other_name_their_group(tmp_path: Path) -> None:
    order = "kind,practices,after,wave\nfirst,J80001,,\nnot before,J80002,,2018/19\n"
    ((_, text),) = told(tmp_path, {"order": order})
    group = ground_with(tmp_path).group_of["J80001"].group_id
    assert text.count(f"group {group}") == 2


def test_rows_that_say_the_same_are_one_rule(tmp_path: Path) -> None:
    """Thousands of rows for the practices of one group: one contradiction, by the first rows of both kinds."""
    rows = "first,J80001,,\nfirst,J80002,,\n" * 1_000 + "not before,J80001,,2018/19\n" * 1_000
    found = told(tmp_path, {"order": f"kind,practices,after,wave\n{rows}"})
    assert len(found) == 1
    assert "row 2 (" in found[0][1] and "row 2002 (" in found[0][1]
    rollout = rollout_of(ground_with(tmp_path, {"order": f"kind,practices,after,wave\n{rows}"}))
    assert rollout.start["G01"] == 0
