"""Dates and codes as a planner writes them in the command."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from geodata.cut.asked import codes_asked, parse_when
from geodata.cut.record import count, listed
from geodata.errors import InputProblems


@pytest.mark.parametrize(
    ("text", "day"),
    [
        (None, None), ("2016", date(2016, 7, 1)), (" 2022-05 ", date(2022, 5, 15)), ("2022-5-1", date(2022, 5, 1)),
    ],
)  # fmt: skip
def test_a_year_or_a_month_is_taken_in_its_middle(text: str | None, day: date | None) -> None:
    assert parse_when(text) == day


@pytest.mark.parametrize("text", ["", "May 2022", "2022-13", "2022-02-30", "22"])
def test_what_is_no_date_is_refused(text: str) -> None:
    with pytest.raises(InputProblems, match="not a date"):
        parse_when(text)


def test_codes_in_any_case_and_from_a_file_count_once(tmp_path: Path) -> None:
    assert codes_asked(["11j, QVV", "11J"], None) == ("11J", "QVV")
    assert codes_asked([], "j81012;J81013 j81012") == ("J81012", "J81013")
    table = tmp_path / "practices.csv"
    table.write_text('practice_code,name\nj81012,"Mill Lane"\n"J81014",The Quay\n', encoding="utf-8")
    assert codes_asked(["11J"], str(table)) == ("11J", "J81012", "J81014")


def test_a_name_stays_one_name_and_is_no_code() -> None:
    assert codes_asked(["Isle of Wight, 11j"], None) == ("Isle of Wight", "11J")
    assert codes_asked(["Dorset"], None) == ("Dorset",)
    assert codes_asked(["QVV 11J d9y0v"], None) == ("QVV", "11J", "D9Y0V")


def test_lines_that_are_no_codes_are_told(tmp_path: Path) -> None:
    table = tmp_path / "practices.csv"
    table.write_text("practice_code,name\nJ81012,Mill Lane\nMill Lane,J81013\n", encoding="utf-8")
    with pytest.raises(InputProblems) as error:
        codes_asked([], str(table))
    (finding,) = error.value.findings
    assert finding.value == "MILL LANE"


def test_numbers_with_their_words() -> None:
    assert [count(n, "practice") for n in (0, 1, 1200)] == ["0 practices", "1 practice", "1,200 practices"]
    assert count(2, "branch", "branches") == "2 branches"
    assert (listed("abc", 3), listed("abcd", 3)) == ("a, b, c", "a, b, c and 1 more")
