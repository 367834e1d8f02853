"""The draft of the equality section: what it says from data, and that it leaves the rest open."""

from __future__ import annotations

import re

import pytest

from grouping.impact.equality import (
    IN_PART,
    NOT_ANSWERED,
    OPEN_QUESTIONS,
    equality_draft,
    equality_markdown,
    markdown_text,
)
from grouping.impact.words import signed_minutes
from tests.grouping.impact.made_impact import ABOUT, made_impact
from tests.grouping.made_run import HOSTILE_NAMES

PROTECTED = (
    *("Age", "Disability", "Gender reassignment", "Marriage and civil partnership", "Pregnancy and maternity", "Race"),
    *("Religion or belief", "Sex", "Sexual orientation"),
)


def draft_of(**made: object):
    return equality_draft(made_impact(**made), ABOUT)


def part(draft, heading: str):
    return next(part for part in draft.parts if part.heading.startswith(heading))


def test_lists_every_protected_characteristic_and_answers_none_of_them_for_people() -> None:
    rows = part(draft_of(), "Questions that data cannot answer").rows
    groups = [row[0] for row in rows]
    assert groups[:9] == list(PROTECTED)
    assert {"Carers", "Digital exclusion", "Seldom heard groups"} <= set(groups)
    assert len(rows) == len(OPEN_QUESTIONS)
    assert all(row[1].endswith("?") for row in rows)
    assert all(row[3] == "" for row in rows)
    in_part = {row[0] for row in rows if row[2] == IN_PART}
    assert in_part == {"Age", "People without a car", "People on low incomes", "Rural communities"}
    assert {row[2] for row in rows} == {IN_PART, NOT_ANSWERED}


def test_what_the_inputs_do_not_hold_is_not_said_to_be_answered() -> None:
    impact = made_impact()
    table = impact.tables["people"]
    table.loc[table["population"] == "no_car", ["people", "rural", "urban"]] = None
    rows = part(equality_draft(impact, ABOUT), "Questions that data cannot answer").rows
    assert {row[0]: row[2] for row in rows}["People without a car"] == NOT_ANSWERED


def test_the_gap_stands_with_its_definition() -> None:
    gaps = part(draft_of(), "Differences between populations")
    assert "minus the mean minutes" in gaps.paragraphs[0]
    given = made_impact().tables["inequality"]
    row = given[(given["option"] == "option-1") & (given["journey"] == "hub") & (given["mode"] == "car")].iloc[0]
    assert gaps.rows[0][:3] == ("Aged 75 and over", "All registered patients", "Option 1")
    assert gaps.rows[0][3:5] == (f"{row['mean']:.1f}", f"{row['mean_compared_with']:.1f}")
    assert gaps.rows[0][5] == f"{row['ratio']:.2f}"
    assert gaps.columns[6:] == ("Gap", "Gap before", "Gap after")
    assert gaps.rows[0][6:] == tuple(signed_minutes(row[name]) for name in ("gap", "gap_before", "gap_after"))
    assert "among people who have the journey before and after" in gaps.paragraphs[0]


def test_a_gap_without_a_before_stands_alone() -> None:
    assert part(draft_of(baseline=False), "Differences between populations").columns[6:] == ("Gap",)


def test_people_without_a_car_are_told_of_by_public_transport_first_and_by_car_as_a_lift() -> None:
    draft = draft_of()
    headings = [one.heading for one in draft.parts]
    without = "Households without a car: journeys to the hub by public transport and on foot"
    assert headings.index(without) < headings.index("Journeys to the hub by car")
    label = "In a household without a car"
    journeys = {row[0] for row in part(draft, "Journeys to the hub").rows}
    assert f"{label} (by car: a lift or a taxi)" in journeys
    assert label not in journeys
    gaps = [row[0] for row in part(draft, "Differences between populations").rows if row[2] == "Option 1"]
    assert gaps[1:] == [f"{label} ({how})" for how in ("by public transport", "on foot", "by car: a lift or a taxi")]


def test_every_part_with_travel_figures_says_the_journey_the_mode_and_that_no_site_closes() -> None:
    draft = draft_of()
    for heading in ("Households", "Journeys", "Differences", "Mitigation"):
        one = part(draft, heading)
        said = " ".join(one.paragraphs)
        assert "Grouping practices closes no site." in said, heading
        assert "to the hub" in said, heading
        assert "by car" in said or "by public transport and on foot" in said, heading


def test_a_scenario_stands_at_the_top_and_nothing_is_as_it_stands() -> None:
    text = equality_markdown(draft_of(scenario="winter"))
    assert "Scenario: Winter roads. All figures are for it" in text.split("## 1")[0]
    assert "Every road slower by its class." in text.split("## 1")[0]
    assert "stands" not in text.replace("The case as it stands", "")
    assert "Scenario:" not in equality_markdown(draft_of())


def test_who_is_left_out_is_said() -> None:
    impact = made_impact(partial=True)
    said = part(equality_draft(impact, ABOUT), "What is considered").paragraphs
    assert any("the others are in no figure here" in sentence for sentence in said)


def test_without_a_before_no_change_is_claimed() -> None:
    draft = draft_of(baseline=False)
    journeys = part(draft, "Journeys to the hub")
    assert "Change of the mean" not in journeys.columns
    assert "a level, not a change" in equality_markdown(draft)


def test_without_public_transport_it_says_so() -> None:
    said = part(draft_of(transport=False), "Households without a car").paragraphs
    assert any("not in the inputs" in sentence for sentence in said)


def test_markdown_has_the_status_first_and_tables_of_even_rows() -> None:
    text = equality_markdown(draft_of(public=True))
    lines = text.splitlines()
    assert lines[0] == "# Equality impact assessment, travel section (draft): Made-up Vale"
    assert lines[2] == "**Draft for discussion. Not a decision. Grouping practices closes no site.**"
    assert "1 to 7 people" in text
    blocks = re.findall(r"(?:^\|.*\n)+", text, flags=re.M)
    assert len(blocks) >= 5
    for block in blocks:
        assert len({len(re.findall(r"(?<!\\)\|", line)) for line in block.splitlines()}) == 1


def test_mitigation_is_asked_never_proposed() -> None:
    points = part(draft_of(), "Mitigation to ask about").points
    assert points
    assert all("?" in point for point in points)


@pytest.mark.parametrize("name", HOSTILE_NAMES)
def test_hostile_names_are_plain_text_in_markdown(name: str) -> None:
    text = equality_markdown(draft_of(names=(name,) * 4, communities=4))
    assert markdown_text(name) in text
    assert "<img" not in text
    assert "<script" not in text
    assert "<!--" not in text


@pytest.mark.parametrize(
    ("given", "written"),
    [
        ("1. first", "1\\. first"),
        ("- item", "\\- item"),
        ("a|b", "a\\|b"),
        ("two\nlines", "two lines"),
        ("[x](y)", "\\[x\\](y)"),
        ("12.5", "12.5"),
        ("a & b", "a &amp; b"),
    ],
)
def test_marks_of_markdown_are_escaped(given: str, written: str) -> None:
    assert markdown_text(given) == written
