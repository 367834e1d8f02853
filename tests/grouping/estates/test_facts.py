"""Sums by group and in all, by hand: what is missing is counted and never 0, and nothing is read into a label."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grouping.estates import Estates, buildings, estates_of
from grouping.estates.figures import all_figures
from grouping.named_table import csv_bytes
from tests.grouping.estates.made_estates import estates_ground

FULL = {
    "floor_area_m2": [1_000.0, 400.0, 200.0, 500.0, 300.0],
    "annual_cost": [200_000.0, 100_000.0, 20_000.0, 100_000.0, 60_000.0],
    "condition": ["A", "B", "D", "A", "C"],
    "tenure": ["owned", "leased", "leased", "owned", ""],
    "scheme": ["", "", "extension", "", ""],
    "scheme_year": [np.nan, np.nan, 2028.0, np.nan, np.nan],
    "investment_cost": [np.nan, np.nan, 450_000.0, np.nan, np.nan],
}


def gaps(**changed: list[object]) -> dict[str, list[object]]:
    """The columns with single ones replaced."""
    return {**FULL, **changed}


def table_of(estates: Estates, name: str) -> pd.DataFrame:
    return next(one.table for one in estates.tables if one.name == name)


def test_sums_of_groups_of_nobody_and_of_all() -> None:
    """Town: 1,600 m² for 32,000 patients are 50 m² for 1,000; the clinic of nobody is not set against patients."""
    estates = estates_of(estates_ground(FULL, modern=("A",), major=("D",)))
    town, country = estates.figures.groups
    (nobody,) = estates.figures.others
    whole = estates.figures.whole
    assert (town.sites, town.floor_area.total, town.annual_cost.total, town.m2_per_1000) == (3, 1_600, 320_000, 50)
    assert (town.cost_per_m2, town.modern, town.major, town.schemes, town.committed) == (200, 1, 1, 1, 1)
    assert town.patients_per_site == pytest.approx(32_000 / 3)
    assert (country.m2_per_1000, country.cost_per_m2, country.investment.known) == (50, 200, 0)
    assert (nobody.sites, nobody.floor_area.total) == (1, 300)
    assert math.isnan(nobody.m2_per_1000)
    assert (whole.sites, whole.floor_area.total, whole.annual_cost.total) == (5, 2_400, 480_000)
    assert whole.m2_per_1000 == 1_000 * 2_100 / 42_000
    assert estates.lines == (
        "The 5 sites have 2,400 m² of floor area, and they cost £480,000 a year. That is 50.0 m² of practices’ floor "
        "area for every 1,000 patients and £200 a year for every m².",
        "Of the 5 sites whose condition is known, 2 (40.0%) are modern (A) and 1 (20.0%) is in need of major "
        "investment (D).",
        "Among the groups, floor area for every 1,000 patients reaches from 50.0 m² (G01) to 50.0 m² (G02).",
    )


def test_what_is_missing_is_counted_and_never_zero() -> None:
    estates = estates_of(estates_ground(gaps(floor_area_m2=[1_000, np.nan, 200, np.nan, 300])))
    town, country = estates.figures.groups
    assert (town.floor_area.total, town.floor_area.known, town.floor_area.lacking) == (1_200, 2, 1)
    assert math.isnan(country.floor_area.total)
    assert math.isnan(country.m2_per_1000)
    assert town.cost_per_m2 == pytest.approx(220_000 / 1_200)  # only of sites that tell both
    assert estates.lines[0].startswith("The floor area of 3 of 5 sites is known: these have 1,500 m²")
    assert "at least 28.6 m² of practices’ floor area" in estates.lines[0]
    rows = {row[0]: row for row in estates.shown["groups"].rows}
    head = estates.shown["groups"].head
    assert rows["G01 Town"][head.index("Floor area, m²")] == "1,200 (2\u00a0of\u00a03\u00a0sites)"
    assert rows["G01 Town"][head.index("m² per 1,000 patients")] == "at least 37.5"
    assert rows["G02 Country"][head.index("Floor area, m²")] == "not known"
    assert rows["Sites of no practice"][head.index("m² per 1,000 patients")] == "–"
    told = table_of(estates, "estates-groups").set_index("group_id")
    assert told.loc["G01", ["floor_area_m2", "floor_area_known"]].tolist() == [1_200, 2]
    assert b"\nG02,Country,1,10000.0,10000.0,,0," in csv_bytes(table_of(estates, "estates-groups"))


def test_too_little_is_told_only_where_every_site_gives_its_floor_area() -> None:
    """60 m² for 1,000: Town needs 1,920 and Country 600."""

    def cells(areas: list[float]) -> list[str]:
        shown = estates_of(estates_ground(gaps(floor_area_m2=areas), m2_per_1000=60)).shown["groups"]
        return [row[shown.head.index("Against 60 m²")].replace("\u00a0", " ") for row in shown.rows[:2]]

    assert cells([1_000, 400, 200, 700, 300]) == ["320 m² less", "100 m² more"]
    assert cells([1_000, np.nan, 200, np.nan, 300]) == ["not known", "not known"]
    assert cells([2_000, np.nan, 200, 600, 300]) == ["at least 280 m² more", "0 m² more"]
    line = estates_of(estates_ground(FULL, m2_per_1000=60)).lines[-1]
    assert line.endswith("2 of 2 groups have less than the 60 m² that programme.toml asks for.")


def test_without_labels_it_is_said_what_to_write_and_nothing_is_guessed() -> None:
    estates = estates_of(estates_ground(FULL))
    assert estates.figures.whole.modern is None
    assert estates.lines[1] == (
        "Which grades count as modern or in need of major investment is not said, and nothing is guessed. The sites "
        'table holds condition A (2), B (1), C (1), D (1). Write modern = ["..."] and major = ["..."] under [estates] '
        "in programme.toml, with the grades that count."
    )
    assert "modern" not in table_of(estates, "estates-groups")
    assert "modern" not in table_of(estates, "estates-sites")
    one = estates_of(estates_ground(gaps(suitability=["1", "", "", "", ""]), modern=("A",))).lines[1]
    assert one.startswith(
        "Of the 5 sites whose condition is known, 2 (40.0%) are modern (A). Which grades count as in need"
    )
    assert 'Write major = ["..."]' in one
    assert "judged_by" in one


def test_sites_by_label_in_the_planners_order() -> None:
    estates = estates_of(
        estates_ground(
            gaps(condition=["good", "Poor", "", "good", "so-so"]), scale=("Good", "Fair", "Poor"), modern=("good",)
        )
    )
    told = table_of(estates, "estates-conditions")
    of = told[told["facet"] == "Condition"].set_index("label")
    assert of.index.tolist() == ["Good", "Poor", "so-so", "not known"]
    assert of["sites"].tolist() == [2, 1, 1, 1]
    assert of["counts_as"].tolist() == ["modern", "", "", ""]
    assert of.loc["Good", ["floor_area_m2", "annual_cost", "patients"]].tolist() == [1_500, 300_000, 30_000]
    assert told[told["facet"] == "Tenure"]["label"].tolist() == ["leased", "owned", "not known"]


def test_use_of_space_may_be_words_shares_or_both() -> None:
    estates = estates_of(estates_ground(gaps(utilisation=["0.5", "100%", "over-used", "", "1.2"])))
    told = table_of(estates, "estates-conditions")
    of = told[told["facet"] == "Use of space"].set_index("label")["sites"].to_dict()
    assert of == {"over-used": 1, "given as a share": 3, "not known": 1}
    assert estates.figures.groups[0].utilisation == pytest.approx((1_000 * 0.5 + 400 * 1.0) / 1_400)


def test_practices_outside_a_partial_plan_are_counted_apart() -> None:
    figures = estates_of(estates_ground(FULL, partial=True)).figures
    outside, nobody = figures.others
    assert (outside.name, outside.sites, outside.patients) == ("Practices of no group of the plan", 1, 10_000)
    assert (nobody.name, nobody.sites) == ("Sites of no practice", 1)
    assert figures.whole.patients == 42_000


def test_a_table_that_says_nothing_of_buildings_takes_two_sentences_and_no_table() -> None:
    estates = estates_of(estates_ground({"committed": [True, None, None, None, None]}))
    assert not estates.known
    assert len(estates.lines) == 2
    assert "columns such as floor_area_m2" in estates.lines[1]
    assert estates.tables == ()
    assert estates.shown == {}


def test_only_a_cost_is_told_as_well() -> None:
    lines = estates_of(estates_ground({"annual_cost": [1.0, 2.0, 3.0, 4.0, 5.0]})).lines
    assert lines == ("No site tells its floor area, and the 5 sites cost £15 a year.",)


amounts = st.one_of(st.none(), st.floats(0, 5_000))


@settings(max_examples=60, deadline=None)
@given(st.lists(amounts, min_size=5, max_size=5), st.lists(st.sampled_from(["A", "D", ""]), min_size=5, max_size=5))
def test_groups_and_what_is_apart_sum_to_the_whole(areas: list[float | None], labels: list[str]) -> None:
    columns = {"floor_area_m2": [np.nan if area is None else area for area in areas], "condition": labels}
    ground = estates_ground(columns, modern=("A",), major=("D",))
    figures = all_figures(ground, buildings(ground))
    parts = (*figures.groups, *figures.others)
    whole = figures.whole
    assert sum(one.sites for one in parts) == whole.sites == 5
    assert (
        sum(one.floor_area.known for one in parts) == whole.floor_area.known == sum(area is not None for area in areas)
    )
    assert sum(one.graded for one in parts) == whole.graded == sum(label != "" for label in labels)
    assert sum(one.modern or 0 for one in parts) == whole.modern
    assert whole.modern + whole.major <= whole.graded
    known = [area for area in areas if area is not None]
    assert math.isnan(whole.floor_area.total) if not known else whole.floor_area.total == pytest.approx(sum(known))
