"""Single cells of published tables: dates, counts, codes and postcodes in all their spellings."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geodata.published import cells
from geodata.published.cells import Origin, parse_count, parse_date, tidy_commissioner, tidy_postcode


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("", ""), ("20191001", "20191001"), ("20191001.0", "20191001"), ("2019-10-01", "20191001"),
        ("2019-10-01 00:00:00", "20191001"), ("2019-10-01T00:00:00Z", "20191001"), ("01/10/2019", "20191001"),
        ("01OCT2019", "20191001"), ("01-Oct-19", "20191001"), ("1 October 2019", "20191001"), ("43739", "20191001"),
        ("43739.0", "20191001"), ("NULL", ""), ("20191301", None), ("soon", None),
        ("29990101", None), ("18000101", None), ("2019", None), ("00000000", None),
    ],
)  # fmt: skip
def test_dates_in_all_spellings(text: str, day: str | None) -> None:
    assert parse_date(text) == day


@pytest.mark.parametrize(
    ("text", "number"),
    [("0", 0), ("8450", 8450), (" 8,450 ", 8450), ("1,234,567", 1234567), ("12.0", 12), ("12.", 12)],
)
def test_counts(text: str, number: int) -> None:
    assert parse_count(text) == number


@pytest.mark.parametrize("text", ["", "*", "-", "\u2013", "[c]", "N/A", "<5", "< 7", "suppressed"])
def test_withheld_counts(text: str) -> None:
    assert math.isnan(parse_count(text))


@pytest.mark.parametrize("text", ["-3", "12.5", "1,23", "about 5", "\u0661", "inf", "1e9", "9" * 40])
def test_what_is_no_count(text: str) -> None:
    assert parse_count(text) == -math.inf


def test_postcodes_and_commissioners() -> None:
    assert [tidy_postcode(text) for text in ("dt11aa", " DT1  1AA ", "W1A 1AA", "NONE", "")] == [
        "DT1 1AA", "DT1 1AA", "W1A 1AA", "NONE", "",
    ]  # fmt: skip
    assert [tidy_commissioner(text) for text in ("11j00", "11J", "D9Y0V", "07L00", "")] == [
        "11J",
        "11J",
        "D9Y0V",
        "07L",
        "",
    ]


@given(st.text())
def test_no_text_breaks_a_cell(text: str) -> None:
    day = parse_date(text)
    assert day is None or day == "" or (len(day) == 8 and day.isdigit())
    number = parse_count(text)
    assert math.isnan(number) or number == -math.inf or 0 <= number < 1e12
    tidy_postcode(text)


def test_many_rows_are_told_singly_up_to_a_number_then_counted() -> None:
    values = pd.Series([f"x{i}" for i in range(25)], index=range(2, 27))
    findings = cells.tell(
        Origin("f.csv", {"opened": "Open Date"}), "warning", values, "{value} is odd.", "Mend.", "odd", column="opened"
    )
    assert [f.row for f in findings] == [*range(2, 22), None]
    assert findings[0].message == "x0 is odd." and findings[0].column == "Open Date"
    assert findings[-1].message.startswith("5 more rows")
