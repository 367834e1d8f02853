from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from grouping import engagement as part
from grouping.engagement import engagement_of
from grouping.engagement.difference import difference_of
from grouping.options import different_share
from grouping.page import environment
from grouping.pipeline import prepare, run_case
from grouping.plan import Group, Plan
from grouping.plan_file import write_plan
from grouping.programme.ground import Ground
from tests.grouping.engagement.made_log import ground_with, inputs_of
from tests.small_case import write_small_case


def _table(made: part.Engagement, name: str) -> pd.DataFrame:
    return next(one.table for one in made.tables if one.name == f"engagement-{name}")


def _page(made: part.Engagement) -> str:
    template = environment().get_template("programme/engagement.html.j2")
    return template.render(engagement=made, ground=made.ground, public=made.ground.run.public)


def test_option_2_from_option_1_by_hand(tmp_path) -> None:
    """J80003 and J80004 change places: six practices of 71,200 of 166,500 patients; three hubs move."""
    ground = ground_with(
        inputs_of(tmp_path, history="option-2,option-1,2017-05-03,The coast asked for it,\n"), option=2
    )
    assert part.problems(ground) == []
    made = engagement_of(ground)
    history = _table(made, "history").set_index("option").loc["option-2"]
    assert history["came_from"] == "Option 1"
    assert (history["date"], history["reason"]) == ("2017-05-03", "The coast asked for it")
    assert (history["practices_changed"], history["patients_changed"]) == (6, 71_200)
    assert history["share_changed"] == pytest.approx(71_200 / 166_500)
    assert history["hubs_moved"].count("from") == 3
    assert "from Quay Health Centre to Harbour Road Surgery" in history["hubs_moved"]
    assert (history["smallest_before"], history["largest_now"]) == (10_650, 62_300)
    assert history["mean_minutes_now"] == ground.run.options[1].headline["mean_minutes_to_hub"]
    changes = _table(made, "changes").set_index("practice_code")
    assert list(changes.index) == ["J80001", "J80006", "J80002", "J80003", "J80007", "J80004"]
    pier = changes.loc["J80003"]
    assert pier["companions_before"] == "Harbour Road Surgery (J80001); Quay Health Centre (J80002)"
    assert pier["companions_now"] == "Riverside Medical Centre (J80006); Market Place Surgery (J80007)"
    assert changes.loc["J80001", "lost"] == "Pier Medical Practice (J80003)"
    assert changes.loc["J80001", "gained"] == "Chestnut Avenue Practice (J80004)"
    assert made.lines[-1] == (
        "Option 2 came from Option 1. Against Option 1 6 practices with 71,200 patients (42.8%) changed companions; "
        "2 of them, with 21,000 patients, went to another group, the others had somebody join or leave."
    )
    found = made.links["option-2"].difference
    assert found.moved == ("J80003", "J80004")
    assert "3 groups of the same practices as before; 2 new" in _page(made)


def test_from_today_without_hubs(tmp_path) -> None:
    made = engagement_of(ground_with(inputs_of(tmp_path, history="option-1,today,,,\n"), today=True))
    found = made.links["option-1"].difference
    assert (found.patients, found.total) == (71_200, 104_200)
    assert (found.unchanged, found.new, found.gone) == (("G04", "G05"), ("G01", "G02"), ("Coast", "Vale"))
    assert found.hubs is None
    assert found.only_now == ("J80005",)
    row = _table(made, "history").iloc[-1]
    assert row["hubs_moved"] is None
    assert row["mean_minutes_before"] is None
    assert row["groups_before"] == 4
    assert "not known" in _page(made)


def test_chains_stand_in_order_and_others_are_found_by_the_search(tmp_path) -> None:
    history = "option-3,option-1,2017-06-01,,\noption-1,today,2017-05-01,,\n"
    made = engagement_of(ground_with(inputs_of(tmp_path, history=history), option=3, today=True))
    assert made.view.chain == ("today’s groups", "Option 1", "Option 3")
    assert "Option 3 came from Option 1, which came from today’s groups." in made.lines[1]
    assert made.view.others[1] == "Option 2: found by the search; no history is given for it."
    page = _page(made)
    assert page.index("Option 1 came from today’s groups, 1 May 2017") < page.index(
        "Option 3 came from Option 1, 1 June"
    )
    assert _table(made, "history")["option"].tolist() == ["option-2", "option-1", "option-3"]


@pytest.mark.parametrize(
    ("history", "row", "column", "value", "code"),
    [
        ("option-1,option-2,,,\noption-2,option-1,,,\n", 3, "came_from", "option-1", "history-circle"),
        ("option-1,option-1,,,\n", 2, "came_from", "option-1", "history-circle"),
        ("option-3,option-1,,,\noption-1,2,,,\noption-2,option-1,,,\n", 4, "came_from", "option-1", "history-circle"),
        ("option-1,option-9,,,\n", 2, "came_from", "option-9", "history-plan"),
        ("option-9,option-1,,,\n", 2, "option", "option-9", "history-plan"),
        ("today,option-1,,,\n", 2, "option", "today", "history-plan"),
        ("option-1,today,,,\n", 2, "came_from", "today", "history-plan"),
        ("option-1,drafts/may.csv,,,\n", 2, "came_from", "drafts/may.csv", "history-plan"),
        ("option-1,option-2,,,\nOption 1,option-3,,,\n", 3, "option", "Option 1", "history-twice"),
        ("option-1,option-2,5 May,,\n", 2, "date", "5 May", "bad-day"),
        ("option-1,option-2,,Dr Smith (jane@example.org) said so,\n", 2, "reason", None, "person-in-log"),
    ],
)
def test_what_is_wrong_is_told_once(tmp_path, history: str, row: int, column: str, value: str, code: str) -> None:
    (finding,) = part.problems(ground_with(inputs_of(tmp_path, history=history)))
    assert (finding.severity, finding.file, finding.row, finding.column, finding.value, finding.code) == (
        "error", "history.csv", row, column, value, code,
    )  # fmt: skip
    assert finding.fix


def test_a_circle_is_left_even_where_nobody_checked(tmp_path) -> None:
    history = "option-1,option-2,,,\noption-2,option-1,,,\n"
    made = engagement_of(ground_with(inputs_of(tmp_path, history=history)))
    assert made.chains["option-1"] == ("option-2", "option-1")


# ------------------------------------------------------------------------------------------------ plans from files


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Ground:
    case = write_small_case(tmp_path_factory.mktemp("history") / "case")
    run = run_case(case, options=2)
    return Ground(run, run.options[0], ready=prepare(case))


def test_a_plan_of_the_run_written_as_a_file_has_the_same_figures(tmp_path, small: Ground) -> None:
    """The second option as a file: measured like it, and different from the first by as much."""
    write_plan(small.run.options[1].option.plan, tmp_path / "may.csv")
    history = "option-1,may.csv,2017-05-03,,\noption-2,option-1,,,\n"
    ground = replace(small, inputs=inputs_of(tmp_path, history=history))
    assert part.problems(ground) == []
    made = engagement_of(ground)
    link = made.links["option-1"]
    assert link.before.figures == made.links["option-2"].now.figures
    groups = [[group.members for group in one.option.plan.groups] for one in small.run.options[:2]]
    assert link.difference.share == pytest.approx(different_share(small.ready.problem, *groups))
    assert "the plan may.csv" in made.lines[1]


def test_open_hubs_and_a_partial_plan(tmp_path, small: Ground) -> None:
    """Two groups without hubs, one practice left out: hubs are the best ones, the practice is not compared."""
    codes = list(small.plan.practice_codes)
    rows = "".join(f"{code},{'east' if k > 3 else 'west'}\n" for k, code in enumerate(codes[:-1]))
    (tmp_path / "drafts").mkdir()
    (tmp_path / "drafts" / "may.csv").write_text("practice_code,group_id\n" + rows, encoding="utf-8")
    ground = replace(small, inputs=inputs_of(tmp_path, history="option-1,drafts\\may.csv,,,\n"))
    assert part.problems(ground) == []
    link = engagement_of(ground).links["option-1"]
    assert link.difference.only_now == (codes[-1],)
    assert link.before.figures.groups == 2
    assert link.before.figures.mean_minutes > 0
    assert link.difference.hubs is not None


def test_today_has_exceptions_but_no_minutes(small: Ground, tmp_path) -> None:
    """Harbour Street and Mill Lane have 31,000 patients, above the urban minimum; Castle Road alone has 14,000."""
    practices = small.run.place.practices.copy()
    practices["current_group"] = [
        {"X00001": "Quay", "X00002": "Quay", "X00003": "Castle"}.get(k, "") for k in practices.index
    ]
    run = replace(small.run, place=replace(small.run.place, practices=practices))
    ground = replace(small, run=run, inputs=inputs_of(tmp_path, history="option-1,today,,,\n"))
    figures = engagement_of(ground).links["option-1"].before.figures
    assert (figures.mean_minutes, figures.groups, figures.exceptions) == (None, 2, 1)
    assert (figures.smallest, figures.largest) == (14_000, 31_000)


def test_without_the_case_only_lists_are_known_of_a_file(tmp_path, small: Ground) -> None:
    write_plan(small.run.options[1].option.plan, tmp_path / "may.csv")
    ground = replace(small, ready=None, inputs=inputs_of(tmp_path, history="option-1,may.csv,,,\n"))
    figures = engagement_of(ground).links["option-1"].before.figures
    assert (figures.mean_minutes, figures.exceptions) == (None, None)
    assert figures.smallest == small.run.options[1].headline["smallest"]


def test_a_file_that_is_no_plan_is_told_with_its_own_rows(tmp_path, small: Ground) -> None:
    (tmp_path / "may.csv").write_text(f"practice_code,group_id\n{small.plan.practice_codes[0]},a\nX9,a\n", "utf-8")
    ground = replace(small, inputs=inputs_of(tmp_path, history="option-1,may.csv,,,\n"))
    (finding,) = part.problems(ground)
    assert (finding.file, finding.row, finding.column, finding.value) == ("may.csv", 3, "practice_code", "X9")


def test_for_the_public_a_file_is_an_earlier_draft(tmp_path, small: Ground) -> None:
    write_plan(small.run.options[1].option.plan, tmp_path / "may.csv")
    inputs = inputs_of(tmp_path, history="option-1,may.csv,2017-05-03,Asked for,yes\n")
    ground = replace(small, ready=None, run=replace(small.run, public=True), inputs=replace(inputs, folder=None))
    made = engagement_of(ground)
    everything = _page(made) + "".join(one.table.to_csv() for one in made.tables) + " ".join(made.lines)
    assert "an earlier draft" in everything
    assert "may.csv" not in everything
    assert made.links["option-1"].difference is None


def test_a_history_whose_reason_names_somebody_is_never_published(tmp_path, small: Ground) -> None:
    inputs = inputs_of(tmp_path, history="option-1,option-2,2017-05-03,Mrs Jones asked for it,yes\n")
    ground = replace(small, ready=None, run=replace(small.run, public=True), inputs=replace(inputs, folder=None))
    made = engagement_of(ground)
    assert made.links == {}
    assert "Jones" not in _page(made) + "".join(one.table.to_csv() for one in made.tables)
    inside = engagement_of(replace(small, inputs=inputs))
    assert "Mrs Jones asked for it" in _page(inside)


# ----------------------------------------------------------------------------------------------------- differences

PLANS = st.lists(st.integers(0, 3), min_size=6, max_size=6)
PATIENTS = {f"P{k}": 1_000 * (k + 1) for k in range(6)}


def _plan(labels: list[int]) -> Plan:
    groups = {label: [f"P{k}" for k in range(6) if labels[k] == label] for label in sorted(set(labels))}
    return Plan(tuple(Group(f"G{label}", tuple(codes), f"{codes[0]}-1") for label, codes in groups.items()))


@given(PLANS, PLANS)
def test_differences_are_the_same_both_ways(one: list[int], other: list[int]) -> None:
    there, back = difference_of(_plan(one), _plan(other), PATIENTS), difference_of(_plan(other), _plan(one), PATIENTS)
    assert [change.code for change in there.changes] == [change.code for change in back.changes]
    assert there.patients == back.patients
    assert len(there.new) == len(back.gone)
    members = {group.group_id: group.members for group in _plan(other).groups}
    moved = sum(PATIENTS[code] for key in there.new for code in members[key])
    assert moved == there.patients  # whoever is in a new group has other companions, and nobody else


@given(PLANS)
def test_a_plan_against_itself_has_no_difference(one: list[int]) -> None:
    found = difference_of(_plan(one), _plan(one), PATIENTS)
    assert (found.changes, found.new, found.gone, found.hubs) == ((), (), (), ())
