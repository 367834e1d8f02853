"""What `[estates]` says against the sites table, all told in one go."""

from __future__ import annotations

from grouping.estates import problems, template_tables
from grouping.input_check.kinds import effects
from tests.grouping.estates.made_estates import estates_ground

GRADED = {"condition": ["A", "B", "C", "A", ""]}


def test_nothing_said_is_no_problem() -> None:
    assert problems(estates_ground()) == []
    assert problems(estates_ground(GRADED, modern=("a",), major=("C",), scale=("A", "B", "C"))) == []


def test_a_label_cannot_count_as_both() -> None:
    (found,) = problems(estates_ground(GRADED, modern=("A", "B"), major=("b", "C")))
    assert (found.severity, found.file, found.column, found.value) == ("error", "programme.toml", "estates.major", "b")


def test_labels_that_no_site_has_are_told_with_those_that_there_are() -> None:
    found = problems(estates_ground(GRADED, modern=("A1",), major=("E",)))
    assert [(one.severity, one.column, one.value) for one in found] == [
        ("warning", "estates.modern", "A1"),
        ("warning", "estates.major", "E"),
    ]
    assert all(one.fix.endswith("The sites have A (2), B (1), C (1).") for one in found)


def test_labels_of_a_column_that_is_not_there_lead_to_the_one_that_is() -> None:
    (found,) = problems(estates_ground({"suitability": ["A"] * 5}, modern=("A",)))
    assert 'judged_by = "suitability"' in found.fix


def test_labels_beyond_the_scale_and_schemes_that_are_not_committed() -> None:
    columns = {**GRADED, "scheme": ["wing", "", "", "", ""], "committed": [False, None, None, None, None]}
    found = problems(estates_ground(columns, scale=("A", "B")))
    assert [one.code for one in found] == ["estates-labels", "scheme-not-committed"]
    assert "C" in found[0].message
    assert found[1].value == "wing"
    assert {one.code for one in found} <= set(effects())


def test_for_the_public_nothing_is_asked_of_columns_that_are_gone() -> None:
    assert problems(estates_ground(GRADED, modern=("X",), public=True)) == []


def test_there_is_no_table_of_its_own() -> None:
    assert template_tables(estates_ground()) == {}
