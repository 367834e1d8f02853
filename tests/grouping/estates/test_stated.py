"""Stated totals beside the sites table: tolerances, what is missing, and what could explain a gap."""

from __future__ import annotations

import numpy as np
import pytest

from grouping.estates import estates_of
from grouping.estates.stated import Stated
from tests.grouping.estates.made_estates import estates_ground
from tests.grouping.estates.test_facts import FULL, gaps


def stated_of(totals: dict[str, float], columns: dict, **settings: object) -> tuple[Stated, ...]:
    return estates_of(estates_ground(columns, totals=totals, **settings)).stated


def test_all_that_is_stated_is_compared_in_one_order_and_nothing_else() -> None:
    totals = {
        "patients": 42_000,
        "major_investment_share": 0.2,
        "sites": 5,
        "annual_cost": 480_000,
        "modern_share": 0.4,
    }
    found = stated_of({**totals, "floor_area_m2": 2_400}, FULL, modern=("A",), major=("D",))
    assert [one.key for one in found] == [
        "sites",
        "floor_area_m2",
        "annual_cost",
        "modern_share",
        "major_investment_share",
    ]
    assert [one.agrees for one in found] == [True] * 5
    assert stated_of({"patients": 42_000, "practices": 3}, FULL) == ()


@pytest.mark.parametrize(
    ("stated", "agrees"), [(2_400, True), (2_376.3, True), (2_376.0, False), (2_424.2, True), (2_425, False)]
)
def test_floor_area_may_differ_by_one_percent_of_what_is_stated(stated: float, agrees: bool) -> None:
    (one,) = stated_of({"floor_area_m2": stated}, FULL)
    assert one.agrees is agrees
    assert one.difference == pytest.approx(2_400 - stated)


def test_a_gap_is_explained_by_how_large_the_missing_sites_would_have_to_be() -> None:
    """2,100 of 3,000 m² are known, two sites give none: 450 m² each would explain it, the others have 700."""
    columns = gaps(floor_area_m2=[1_000, np.nan, np.nan, 500, 600])
    (one,) = stated_of({"floor_area_m2": 3_000}, columns)
    assert (one.agrees, one.known, one.sites) == (False, 3, 5)
    assert one.explanation == (
        "2 sites give none. They explain the gap if they have 450 m² on average; the others have 700 m²."
    )


def test_an_agreement_with_missing_sites_is_doubted() -> None:
    (one,) = stated_of({"annual_cost": 420_000}, gaps(annual_cost=[200_000, 100_000, 20_000, 100_000, np.nan]))
    assert one.agrees is True
    assert one.explanation == "They agree although 1 site gives none: the stated total may leave out the same sites."


def test_more_than_stated_looks_at_sites_of_nobody() -> None:
    (one,) = stated_of({"floor_area_m2": 2_100}, FULL)
    assert one.agrees is False
    assert one.explanation == (
        "Ours is more than stated. One site belongs to no practice, with 300 m²: perhaps the stated total leaves "
        "them out."
    )


def test_less_than_stated_with_every_site_known() -> None:
    (one,) = stated_of({"floor_area_m2": 3_000}, FULL)
    assert one.explanation.startswith("Every site gives a figure. Look for missing sites")


def test_a_total_without_any_figure_of_ours_is_neither_right_nor_wrong() -> None:
    estates = estates_of(estates_ground({"condition": ["A"] * 5}, totals={"floor_area_m2": 2_400}))
    (one,) = estates.stated
    assert one.agrees is None
    assert estates.shown["stated"].rows[0][1:5] == ("2,400 m²", "not known", "not known", "not known")


def test_numbers_of_sites_are_exact() -> None:
    (one,) = stated_of({"sites": 4}, FULL)
    assert (one.agrees, one.difference) == (False, 1)
    assert "One site belongs to no practice: without them ours are 4." in one.explanation


def test_shares_without_labels_name_the_line_to_write() -> None:
    (one,) = stated_of({"modern_share": 0.4}, FULL)
    assert one.agrees is None
    assert one.explanation == "Which labels count is not said: write modern under [estates] in programme.toml."


def test_a_share_among_known_labels_with_the_reach_of_the_unknown_ones() -> None:
    """Two of four labels are A; with the fifth site it is from 40% to 60%. By floor area 1,500 of 2,000 m²."""
    columns = gaps(condition=["A", "B", "", "A", "C"])
    (one,) = stated_of({"modern_share": 0.55}, columns, modern=("A",))
    assert (one.ours, one.agrees, one.known) == (0.5, False, 4)
    assert one.explanation == (
        "2 of 4 sites with a label. 1 site has none: with all sites the share is from 40.0% to 60.0%, and the stated "
        "one lies between these. By floor area it is 68.2%."
    )
    (far,) = stated_of({"modern_share": 0.9}, columns, modern=("A",))
    assert "does not lie between" in far.explanation


@pytest.mark.parametrize(("stated", "agrees"), [(0.41, True), (0.39, True), (0.415, False), (0.4, True)])
def test_shares_may_differ_by_one_percentage_point(stated: float, agrees: bool) -> None:
    (one,) = stated_of({"modern_share": stated}, FULL, modern=("A",))
    assert one.agrees is agrees


def test_the_sentence_says_how_many_agree_and_names_the_others() -> None:
    totals = {"sites": 5, "floor_area_m2": 3_000, "modern_share": 0.4}
    estates = estates_of(estates_ground(FULL, totals=totals))
    assert estates.lines[2] == (
        "Of 3 figures on buildings stated in case.toml, 1 agrees with the sites table. Apart: floor area 2,400 m², "
        "stated 3,000 m². Not to be compared: share of sites that are modern."
    )
    assert estates_of(estates_ground(FULL, totals={"sites": 5})).lines[2] == (
        "The one figure on buildings stated in case.toml agrees with the sites table within its tolerance."
    )
