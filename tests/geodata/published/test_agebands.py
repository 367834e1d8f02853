"""Age bands in column names and cells."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from geodata.published.agebands import Band, ages_of, band_of, find_bands, sex_of, whole


@pytest.mark.parametrize(
    ("name", "band"),
    [
        ("Male 0-4", Band("male", 0, 4)), ("FEMALE_95+", Band("female", 95, 150)), ("Age 7", Band("all", 7, 7)),
        ("0 to 4", Band("all", 0, 4)), ("65+", Band("all", 65, 150)), ("Total_All", Band("all", None, None)),
        ("Total_Male", Band("male", None, None)), ("Males aged 10-14", Band("male", 10, 14)),
        ("Female 75 plus", Band("female", 75, 150)),
        ("easting", None), ("addr1", None), ("c19", None), ("Practice Code", None), ("2022", None), ("Male 9-4", None),
        ("", None), ("PCO Code", None), ("Male 0-4 %", Band("male", 0, 4)),
    ],
)  # fmt: skip
def test_names_of_bands(name: str, band: Band | None) -> None:
    assert band_of(name) == band


def test_ages_in_cells_and_bands_with_gaps() -> None:
    assert [ages_of(text) for text in ("ALL", "0_4", "95+", "17", "", "soon", "65 AND OVER")] == [
        None, (0, 4), (95, 150), (17, 17), None, "unread", (65, 150),
    ]  # fmt: skip
    assert whole(find_bands(["Male 0-4", "Male 5-64", "Male 65+"]), "male")
    assert not whole(find_bands(["Male 0-4", "Male 6-64", "Male 65+"]), "male")
    assert not whole(find_bands(["Male 0-4", "Male 0-64", "Male 65+"]), "male")
    assert not whole(find_bands(["Male 0-4", "Male 5-64", "Male 65-74"]), "male")


def test_sexes_in_cells() -> None:
    assert [sex_of(text) for text in ("ALL", "male", "F", "", "Persons", "Indeterminate", "male and female", "?")] == [
        "all", "male", "female", "all", "all", "other", None, None,
    ]  # fmt: skip


@given(st.text(max_size=20))
def test_no_text_breaks_a_band(text: str) -> None:
    band = band_of(text)
    assert band is None or band.low is None or (band.high is not None and 0 <= band.low <= band.high)
    ages_of(text)
    sex_of(text)
