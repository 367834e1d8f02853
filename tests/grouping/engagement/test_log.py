from __future__ import annotations

import pandas as pd
import pytest

from geodata.errors import Finding
from grouping import engagement as part
from grouping.engagement import engagement_of
from grouping.engagement.days import day_of, day_words
from grouping.page import environment
from grouping.programme.public import public_ground
from tests.grouping.engagement.made_log import ground_with, inputs_of

CHANGED = "2017-05-03,option-1,,,GP,a,changed it,,yes\n"
ANSWERED = "2017-05-03,,J80001,,GP,b,,because,no\n"
OPEN = "2017-05-03,option-2,,Vale,GP,c,,,\n"


def _table(made: part.Engagement, name: str) -> pd.DataFrame:
    return next(one.table for one in made.tables if one.name == f"engagement-{name}")


def _problems(tmp_path, row: str) -> list[Finding]:
    return part.problems(ground_with(inputs_of(tmp_path, log=row)))


def _page(made: part.Engagement) -> str:
    template = environment().get_template("programme/engagement.html.j2")
    return template.render(engagement=made, ground=made.ground, public=made.ground.run.public)


def test_remarks_are_counted_by_what_became_of_them(tmp_path) -> None:
    made = engagement_of(ground_with(inputs_of(tmp_path, log=9 * CHANGED + 3 * ANSWERED + 2 * OPEN)))
    assert made.lines[0] == "14 remarks, 9 led to a change, 3 are answered, 2 still open."
    assert made.lines[1] == "Of these, 9 are about Option 1, 2 about other options and 3 about no option of this run."
    assert 2 <= len(made.lines) <= 4
    assert len(_table(made, "log")) == 14


def test_what_changed_counts_before_why_not(tmp_path) -> None:
    made = engagement_of(ground_with(inputs_of(tmp_path, log="2017-05-03,,,,GP,a,changed it,but not all,\n")))
    assert made.lines[0] == "1 remark, 1 led to a change, 0 are answered, 0 still open."


def test_without_a_log_that_is_said_and_nothing_is_invented() -> None:
    made = engagement_of(ground_with())
    assert made.lines == (
        "No remarks have been logged.", "Option 1: found by the search; no history is given for it.",
    )  # fmt: skip
    assert part.problems(ground_with()) == []
    assert "No history is told" in _page(made)


def test_days_are_read_both_ways_and_sorted(tmp_path) -> None:
    rows = "".join(
        f"{day},,,,GP,{said},x,,\n"
        for day, said in (("03/06/2017", "third"), ("", "last"), ("2017-05-31", "second"), ("1/5/2017", "first"))
    )
    made = engagement_of(ground_with(inputs_of(tmp_path, log=rows)))
    assert _table(made, "log")["said"].tolist() == ["first", "second", "third", "last"]
    assert _table(made, "log")["date"].tolist() == ["2017-05-01", "2017-05-31", "2017-06-03", ""]
    assert _page(made).index("1 May 2017") < _page(made).index("31 May 2017") < _page(made).index("no date")


@pytest.mark.parametrize("day", ["05/31/2017", "31.05/2017", "31/05/17", "May 2017", "2017-02-30", "2017"])
def test_other_days_are_errors(tmp_path, day: str) -> None:
    (finding,) = _problems(tmp_path, f"{day},,,,GP,a,x,,\n")
    assert (finding.severity, finding.file, finding.row, finding.column, finding.value, finding.code) == (
        "error", "engagement.csv", 2, "date", day, "bad-day",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("row", "column", "value", "guess"),
    [
        ("2017-05-03,option-7,,,GP,a,x,,", "option", "option-7", "option-"),
        ("2017-05-03,,J80013,,GP,a,x,,", "practice_code", "J80013", "Did you mean J8001"),
        ("2017-05-03,,,Coastt,GP,a,x,,", "place", "Coastt", "Did you mean Coast?"),
        ("2017-05-03,,,Atlantis,GP,a,x,,", "place", "Atlantis", "leave the cell empty"),
    ],
)
def test_what_is_not_in_the_run_is_a_warning(tmp_path, row: str, column: str, value: str, guess: str) -> None:
    (finding,) = _problems(tmp_path, row + "\n")
    assert (finding.severity, finding.column, finding.value, finding.code) == ("warning", column, value, "log-unknown")
    assert guess in finding.fix


@pytest.mark.parametrize("place", ["Coast", "coast", "Parish 07", "G02", "Harbour Road Surgery", "E01000003"])
def test_localities_areas_and_groups_are_places(tmp_path, place: str) -> None:
    """Groups of the made-up run are called as their first practice."""
    assert _problems(tmp_path, f"2017-05-03,B,j80001,{place},GP,a,x,,\n") == []


def test_options_may_be_called_as_people_do(tmp_path) -> None:
    rows = "".join(f"2017-05-03,{said},,,GP,a,x,,\n" for said in ("option-2", "Option 2", "2", "B", "option b"))
    made = engagement_of(ground_with(inputs_of(tmp_path, log=rows)))
    assert _table(made, "log")["option"].unique().tolist() == ["option-2"]


def test_a_remark_nobody_answered_is_a_warning(tmp_path) -> None:
    (finding,) = _problems(tmp_path, "2017-05-03,,,,GP,a,,,yes\n")
    assert (finding.severity, finding.row, finding.code) == ("warning", 2, "log-open")
    assert "Nobody has answered this yet" in finding.message


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("2017-05-03,,,,Dr Jane Smith,a,x,,", "role"),
        ("2017-05-03,,,,GP,write to jane@example.org,x,,", "said"),
        ("2017-05-03,,,,GP,a,ring 01929 422 123,,", "changed"),
        ("2017-05-03,,,,GP,a,,patient 943 476 5919 was told,", "why_not"),
        ("2017-05-03,,,07700 900123,GP,a,x,,", "place"),
    ],
)
def test_who_a_person_is_never_stands_in_the_log_nor_in_the_message(tmp_path, row: str, column: str) -> None:
    found = _problems(tmp_path, row + "\n")
    (error,) = [finding for finding in found if finding.severity == "error"]
    assert (error.row, error.column, error.value, error.code) == (2, column, None, "person-in-log")
    assert "role" in error.fix
    said = " ".join(map(str, found))
    assert not any(secret in said for secret in ("Jane Smith,", "jane@", "422", "5919", "900123"))


def test_a_text_that_names_somebody_is_a_warning_and_never_published(tmp_path) -> None:
    row = "2017-05-03,,,,GP,Mrs Jones cannot drive,x,,yes\n"
    (finding,) = _problems(tmp_path, row)
    assert (finding.severity, finding.value, finding.code) == ("warning", None, "person-named")
    made = engagement_of(ground_with(inputs_of(tmp_path, log=row), public=True))
    assert made.log.remarks == ()


def test_the_public_is_told_what_is_marked_and_that_there_is_more(tmp_path) -> None:
    log = (
        "2017-05-03,,,,GP,published one,x,,yes\n2017-05-03,,,,GP,secret one,x,,no\n2017-05-03,,,,GP,unmarked one,,y,\n"
    )
    history = "option-1,today,2017-01-01,secret reason,\n"
    inside = ground_with(inputs_of(tmp_path, log=log, history=history), today=True)
    made = engagement_of(public_ground(inside))
    assert made.lines[0] == "1 remark, 1 led to a change, 0 are answered, 0 still open."
    assert made.lines[-1] == "Only remarks marked for publication are told here; others are left out."
    one = inputs_of(tmp_path, log=log.rsplit("2017", 1)[0], history=history)
    fewer = engagement_of(public_ground(ground_with(one, today=True)))
    assert fewer.lines == made.lines  # how many there are beside it would tell of each new one
    everything = _page(made) + "".join(one.table.to_csv() for one in made.tables)
    assert "published one" in everything
    assert not any(word in everything for word in ("secret", "unmarked"))
    assert "public" not in _table(made, "log")
    assert "Option 1: its history is not published." in made.lines
    told = engagement_of(inside)
    assert _table(told, "log")["public"].tolist() == ["yes", "no", "no"]


def test_the_page_escapes_what_was_said(tmp_path) -> None:
    log = '2017-05-03,,,<b>Coast</b>,GP <i>x</i>,"<script>alert(1)</script>",{{ 7 * 7 }},,yes\n'
    page = _page(engagement_of(ground_with(inputs_of(tmp_path, log=log))))
    assert "<script>" not in page
    assert "<b>" not in page
    assert "<i>" not in page
    assert "{{ 7 * 7 }}" in page


def test_the_template_has_one_row_as_an_example_and_can_be_read(tmp_path) -> None:
    tables = part.template_tables(ground_with(today=True))
    assert set(tables) == {"engagement", "history"}
    for name, table in tables.items():
        assert len(table) == 1
        table.to_csv(tmp_path / f"{name}.csv", index=False)
    log, history = ((tmp_path / f"{name}.csv").read_text().split("\n", 1)[1] for name in ("engagement", "history"))
    ground = ground_with(inputs_of(tmp_path, log=log, history=history), today=True)
    assert [(finding.severity, finding.code) for finding in part.problems(ground)] == [("note", "log-example")] * 2
    made = engagement_of(ground)
    assert made.lines == engagement_of(ground_with()).lines
    assert made.links == {}
    assert engagement_of(ground_with()).chains == {"option-1": (), "option-2": (), "option-3": ()}
    assert set(part.template_tables(ground_with())) == {"engagement"}


def test_places_that_the_run_does_not_know_are_told_together(tmp_path) -> None:
    rows = "".join(f"2017-05-03,,,{place},GP,a,x,,\n" for place in ("Atlantis", "Coast", "Lyonesse", "Coastt"))
    guessed, strange = sorted(_problems(tmp_path, rows), key=lambda finding: -(finding.row or 0))
    assert (guessed.row, guessed.value) == (5, "Coastt")
    assert "Atlantis and Lyonesse" in strange.message
    assert "Coast," not in strange.message


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("31/05/2017", "31 May 2017"), ("31.05.2017", "31 May 2017"), ("31 May 2017", "31 May 2017"),
        ("31-May-17", "31 May 2017"), ("1st September 2026", "1 September 2026"), ("3 Sept 2026", "3 September 2026"),
        ("03/04/17", "no date"), ("31 Juny 2017", "no date"), ("31/02/2017", "no date"), ("31.05/2017", "no date"),
    ],
)  # fmt: skip
def test_days_as_planners_and_spreadsheets_write_them(written: str, day: str) -> None:
    assert day_words(day_of(written)) == day
