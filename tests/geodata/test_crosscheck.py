"""Tables against each other: the totals that a planner expects."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from geodata.case import TableSpec, Totals
from geodata.crosscheck import check_buildings, check_totals
from geodata.tables.readers import FilePart
from geodata.tables.schemas import Table, combine


@pytest.mark.parametrize(
    ("name", "expected", "found", "agrees"),
    [
        ("patients", 30_000, 30_300, True),
        ("patients", 30_000, 30_301, False),
        ("patients", 30_000, 29_699, False),
        ("practices", 200, 200, True),
        ("practices", 200, 201, False),
        ("sites", 500, 499, False),
    ],
)
def test_patients_may_be_quoted_rounded_but_counts_are_exact(
    name: str, expected: int, found: int, agrees: bool
) -> None:
    read = {"patients": 0, "practices": 0, "sites": 0} | {name: found}
    sites = pd.DataFrame(index=range(read["sites"]))
    (finding,) = check_totals(Totals(**{name: expected}), read["patients"], read["practices"], sites)
    assert finding.code == ("total-agrees" if agrees else "total-differs")
    assert finding.severity == ("note" if agrees else "warning")
    assert f"{found:,}" in finding.message
    assert f"{expected:,}" in finding.message


@pytest.mark.parametrize(
    ("expected", "agrees", "words"),
    [
        (500, True, "The sites hold 500 m² of floor area; case.toml expects 500 m². 1 site of 3 gives none."),
        (505, True, "The sites hold 500 m² of floor area; case.toml expects 505 m². 1 site of 3 gives none."),
        (506, False, "The sites hold 500 m² of floor area, but case.toml expects 506 m² (-6). 1 site of 3 gives none."),
    ],
)
def test_floor_area_may_be_quoted_rounded_and_what_is_missing_is_counted(
    expected: float, agrees: bool, words: str
) -> None:
    sites = pd.DataFrame({"floor_area_m2": [200.0, np.nan, 300.0]})
    (finding,) = check_totals(Totals(floor_area_m2=expected), 0, 0, sites)
    assert finding.message == words
    assert finding.code == ("total-agrees" if agrees else "total-differs")
    assert finding.column == "totals.floor_area_m2"


def test_a_cost_that_no_site_gives_is_not_a_cost_of_nothing() -> None:
    (finding,) = check_totals(Totals(annual_cost=10_700_000), 0, 0, pd.DataFrame(index=range(3)))
    assert (finding.code, finding.severity) == ("total-differs", "warning")
    assert finding.message == "The sites table gives no annual cost, but case.toml expects 10,700,000 pounds of it."
    assert finding.value == "10700000"


def test_shares_of_buildings_are_left_to_the_programme() -> None:
    totals = Totals(modern_share=0.4, major_investment_share=0.1)
    assert check_totals(totals, 0, 0, pd.DataFrame({"condition": ["A"]})) == []


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("0.85", None),
        ("85%", None),
        ("1.5", None),
        ("150%", None),
        ("over-used", None),
        ("", None),
        ("85", "out-of-range"),
        ("1.51", "out-of-range"),
        ("151%", "out-of-range"),
        ("-0.2", "negative"),
    ],
)
def test_use_of_space_is_a_share_a_percentage_or_a_word(text: str, code: str | None) -> None:
    findings = check_buildings(_sites(text))
    assert [finding.code for finding in findings] == ([] if code is None else [code])
    if code == "out-of-range":
        assert "divide by 100" in findings[0].fix
        assert findings[0].value == text


def _sites(utilisation: str) -> Table:
    cells = {"site_code": np.array(["S1"], dtype=object), "utilisation": np.array([utilisation], dtype=object)}
    part = FilePart("sites.csv", TableSpec(file="sites.csv"), cells, {}, np.array([2]))
    return combine("sites", [part], complete=True)[0]
