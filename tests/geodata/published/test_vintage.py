"""From when a table is: dates in cells and names."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geodata.published.vintage import UNDATED, Vintage, newest, of_codes, of_columns, of_names, when_of


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("04JAN2021", "2021-01-04"),
        ("2021-01-04", "2021-01-04"),
        ("2021-01-04T00:00:00", "2021-01-04"),
        ("01/04/2016", "2016-04-01"),
        ("1/4/2016", "2016-04-01"),
        ("20160104", "2016-01-04"),
        ("20160104.0", "2016-01-04"),
        ("April 2021", "2021-04"),
        ("October-23", "2023-10"),
        ("Sept 2019", "2019-09"),
        ("2016Q1", "2016 Q1"),
        ("2016Q3", "2016 Q3"),
        ("patient_list_size_2016Q1", "2016 Q1"),
        ("ONSPD_MAY_2025_UK", "2025-05"),
        ("epraccur_2016-02", "2016-02"),
        ("gp-reg-pat-prac-lsoa-all-april-21", "2021-04"),
        ("dispensing_practices_2015-01-31", "2015-01-31"),
        ("codepo_gb", "undated"),
        ("epraccur_2022", "2022"),
        ("Mid-2022 LSOA 2021", "2022"),
        ("sapelsoaquinaryage20112022", "undated"),
        ("LSOA_(2011)_to_LSOA_(2021)_to_Local_Authority_District_(2022)", "2022"),
        ("Lower_layer_Super_Output_Areas_(December_2021)_Boundaries_EW_BGC_(V3)", "2021-12"),
        ("31/31/2016", "2016"),
        ("J81012", "undated"),
        ("01642 679681", "undated"),
        ("maypole house", "undated"),
        ("", "undated"),
    ],
)
def test_dates_in_all_their_spellings(text: str, said: str):
    assert str(when_of(text)) == said


def test_the_most_precise_date_counts_and_of_equals_the_latest():
    assert str(when_of("2011 areas, published March 2022")) == "2022-03"
    assert str(when_of("lookup 2011 to 2021")) == "2021"


def test_the_newest_of_cells():
    found = newest(["19740401", "", "20160104", "not a date", "20151109"])
    assert str(found) == "2016-01-04"
    assert found.told == "content"
    assert newest(["", "x"]) == UNDATED


def test_names_are_asked_from_the_nearest_outwards():
    assert str(of_names("Sheet1", "ab", "codepo_gb", "Codepoint 2024-08")) == "2024-08"


def test_column_names_tell_the_year_of_counts_and_of_codes():
    assert str(of_columns(["lsoa11_code", "pop2017", "pop65_2019"])) == "2019"
    assert of_columns(["LSOA21CD", "name"]) == UNDATED
    assert str(of_codes(["LSOA code (2011)", "Local Authority District code (2019)"])) == "2019"
    assert str(of_codes(["WD23CD", "WD23NM", "FID"])) == "2023"
    assert str(of_codes(["lsoa11_code"])) == "2011"


def test_a_span_in_words():
    assert str(Vintage(date(2016, 4, 1), date(2017, 3, 31), "name")) == "2016-04-01 to 2017-03-31"
    assert str(Vintage(date(2016, 2, 1), date(2016, 4, 30), "name")) == "2016-02-01 to 2016-04-30"


def test_days_from_a_span():
    quarter = when_of("2016Q1")
    assert quarter.days_from(date(2016, 2, 10)) == 0
    assert quarter.days_from(date(2016, 4, 10)) == 10
    assert quarter.days_from(date(2015, 12, 30)) == 2
    assert UNDATED.days_from(date(2016, 1, 1)) is None


@given(st.text(max_size=40))
def test_any_text_is_a_date_or_none(text: str):
    found = when_of(text)
    assert (found.first is None) == (found.last is None)
    assert found.first is None or found.first <= found.last


@given(st.dates(date(1990, 1, 1), date(2060, 12, 31)), st.sampled_from(["%Y-%m-%d", "%d/%m/%Y", "%Y%m%d", "%d %B %Y"]))
def test_a_day_is_read_back(day: date, form: str):
    assert str(when_of(day.strftime(form))) == day.isoformat()
