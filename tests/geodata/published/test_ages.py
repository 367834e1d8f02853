"""Population by age: which columns are ages, and which of them add up to everybody from an age on."""

from __future__ import annotations

import pytest

from geodata.published.ages import age_columns

SINGLE = ["LSOA Code", "All Ages", *map(str, range(90)), "90+"]
BOTH = ["LSOA Code", *(f"{sex}{age}" for sex in "FM" for age in range(91))]


def test_single_years_from_an_age_on() -> None:
    ages = age_columns(SINGLE)
    assert ages is not None
    assert ages.from_age(65) == tuple(range(2 + 65, 2 + 91))
    assert ages.from_age(0) == tuple(range(2, 2 + 91))


def test_the_last_single_year_is_open_and_both_sexes_are_added() -> None:
    ages = age_columns(BOTH)
    assert ages is not None
    assert ages.from_age(75) == (*range(1 + 75, 1 + 91), *range(1 + 91 + 75, 1 + 182))


def test_single_years_beside_bands_count_nobody_twice() -> None:
    ages = age_columns(["LSOA", "0", "0 to 64", "64", "65", "65 to 74", "75+"])
    assert ages is not None
    assert (ages.from_age(0), ages.from_age(65)) == ((2, 5, 6), (5, 6))


@pytest.mark.parametrize("header", [["LSOA", "10", "11"], ["LSOA", "Decile", "Score"]])
def test_a_few_numbers_are_no_ages(header: list[str]) -> None:
    assert age_columns(header) is None


@pytest.mark.parametrize(
    ("header", "children"),
    [
        (SINGLE, tuple(range(2, 2 + 16))),
        (BOTH, (*range(1, 1 + 16), *range(1 + 91, 1 + 91 + 16))),
        (["LSOA", "0 to 4", "5 to 9", "10 to 14", "15 to 19", "20+"], (1, 2, 3)),
        (["LSOA", "0 to 14", "0 to 15", "15", "16 to 64", "65+"], (2,)),
        (["LSOA", "0 to 17", "18 to 64", "65+"], None),
    ],
)
def test_children_are_under_16_or_under_15_where_bands_end_there(
    header: list[str], children: tuple[int, ...] | None
) -> None:
    ages = age_columns(header)
    assert ages is not None
    assert ages.children() == children


def test_bands_that_straddle_an_age_or_leave_a_gap_tell_nothing() -> None:
    ages = age_columns(["LSOA", "0 to 59", "60 to 69", "75 to 84", "85+"])
    assert ages is not None
    assert ages.from_age(65) is None and ages.from_age(0) is None
    assert ages.from_age(75) == (3, 4)
