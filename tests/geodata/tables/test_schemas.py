"""Many findings of one kind are counted, except those of which each changes the result."""

from __future__ import annotations

import pytest

from geodata.errors import Finding
from geodata.tables.schemas import MOST_ALIKE, cap_findings, parse_number


def made(count: int, code: str, severity: str = "warning") -> list[Finding]:
    return [Finding(severity, "p.csv", f"Row {i}.", row=i, column="c", code=code) for i in range(count)]


def test_as_many_as_are_listed_are_not_counted() -> None:
    alike = made(MOST_ALIKE, "odd")
    assert cap_findings(alike) == alike


def test_one_more_is_counted() -> None:
    told = cap_findings(made(MOST_ALIKE + 1, "odd"))
    assert told[:-1] == made(MOST_ALIKE, "odd")
    assert told[-1].message.startswith(f"{MOST_ALIKE + 1} rows have this mistake")
    assert (told[-1].severity, told[-1].file, told[-1].column, told[-1].code) == ("warning", "p.csv", "c", "odd")


def test_every_unusual_factor_is_told() -> None:
    alike = made(MOST_ALIKE + 5, "scaling-factor")
    assert cap_findings(alike) == alike


def test_errors_come_first_and_nothing_twice() -> None:
    note, warning, error = (*made(1, "a", "note"), *made(1, "b"), *made(1, "c", "error"))
    assert cap_findings([note, warning, error, note, error]) == [error, warning, note]


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("9431", 9431.0), ("9,431", 9431.0), ("1,234,567.5", 1234567.5), ("£1,200", 1200.0), (" 12. ", 12.0),
        (".5", 0.5), ("-3", -3.0), ("1e3", 1000.0), ("12,5", None), ("1234,567", None), ("1,2345", None),
        ("", None), ("inf", None), ("nan", None), ("1e999", None), ("0x10", None), ("1_000", None), ("12 000", None),
    ],
)  # fmt: skip
def test_numbers_as_people_write_them(text: str, number: float | None) -> None:
    assert parse_number(text) == number
