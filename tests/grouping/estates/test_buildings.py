"""What is known of every site: patients by the nearest own one, labels, and nothing made up."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from grouping.estates import buildings
from grouping.estates.buildings import labels, patients_by_site, utilisation_share
from grouping.programme.ground import Ground
from tests.grouping.estates.made_estates import SITES, estates_ground


def test_patients_go_with_the_nearest_site_of_their_own_practice() -> None:
    """2,000 of Beta live nearer to its branch; the community site, nearest of all, is nobody's."""
    table = buildings(estates_ground())
    assert table["patients"].tolist()[:4] == [20_000, 10_000, 2_000, 10_000]
    assert np.isnan(table.at["N1", "patients"])


def test_patients_who_cannot_be_timed_are_shared_like_the_others() -> None:
    """Beta: 3,000 to its branch, 6,000 to its main site and 3,000 nobody knows where: a third of the list each time."""
    ground = estates_ground()
    rows = [("B", "R1", 3_000.0), ("B", "U2", 6_000.0), ("B", "OUT", 1_000.0), ("B", "X", 2_000.0)]
    patients = patients_by_site(_registered(ground, rows).run.place, ground.run.times)
    assert patients[["B1", "B2"]].tolist() == [8_000, 4_000]


def test_where_nobody_can_be_timed_all_are_at_the_main_site() -> None:
    ground = estates_ground()
    patients = patients_by_site(_registered(ground, [("B", "X", 10.0)]).run.place, ground.run.times)
    assert patients[["B1", "B2"]].tolist() == [12_000, 0]
    assert patients["A1"] == 20_000


def test_of_two_sites_as_near_the_first_code_is_taken() -> None:
    ground = estates_ground()
    level = replace(ground.run.times, area_to_site=np.ones((4, 5)))
    assert patients_by_site(ground.run.place, level)[["B1", "B2"]].tolist() == [12_000, 0]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.sampled_from("ABC"), st.sampled_from(["R1", "U1", "U2", "X", "OUT"]), st.floats(0.5, 5_000))),
    st.lists(st.one_of(st.floats(0, 90), st.just(np.inf)), min_size=20, max_size=20),
)
def test_no_patient_is_lost_or_made_up(rows: list[tuple[str, str, float]], minutes: list[float]) -> None:
    ground = estates_ground()
    place = _registered(ground, list({row[:2]: row for row in rows}.values())).run.place
    times = replace(ground.run.times, area_to_site=np.array(minutes).reshape(4, 5))
    patients = patients_by_site(place, times)
    of = patients.groupby(place.sites["practice_code"]).sum()
    assert of[["A", "B", "C"]].tolist() == pytest.approx([20_000, 12_000, 10_000])
    assert (patients >= 0).all()


def test_what_no_column_says_is_not_known() -> None:
    table = buildings(estates_ground())
    assert (
        table[["floor_area_m2", "annual_cost", "investment_cost", "scheme_year", "utilisation_share"]]
        .isna()
        .all(axis=None)
    )
    assert (table[["condition", "suitability", "quality", "utilisation", "tenure", "scheme"]] == "").all(axis=None)
    assert [*table["modern"], *table["major"], *table["dispensing"]] == [None] * 15
    assert not table["committed"].any()


def test_groups_and_sites_of_no_group() -> None:
    assert buildings(estates_ground())["group_id"].tolist() == ["G01", "G01", "G01", "G02", ""]
    assert buildings(estates_ground(partial=True))["group_id"].tolist() == ["G01", "G01", "G01", "", ""]


def test_modern_and_major_follow_the_labels_and_the_column_that_is_named() -> None:
    columns = {"condition": ["A", "b ", "C", "", "D"], "suitability": ["D", "D", "A", "A", ""]}
    by_condition = buildings(estates_ground(columns, modern=("a", "B"), major=("D",)))
    assert by_condition["modern"].tolist() == [True, True, False, None, False]
    assert by_condition["major"].tolist() == [False, False, False, None, True]
    by_suitability = buildings(estates_ground(columns, judged_by="suitability", modern=("A",)))
    assert by_suitability["modern"].tolist() == [False, False, True, True, None]
    assert by_suitability["major"].tolist() == [None] * 5


def test_a_grade_with_a_sign_is_another_grade() -> None:
    table = buildings(estates_ground({"condition": ["B", "B+", "B-", "C/D", "C"]}, modern=("B",), major=("C",)))
    assert table["modern"].tolist() == [True, False, False, False, False]
    assert table["major"].tolist() == [False, False, False, False, True]


@pytest.mark.parametrize(
    ("committed", "scheme", "expected"),
    [(True, "", True), (None, "new building", True), (False, "new building", False), (None, "", False)],
)
def test_a_named_scheme_commits_unless_the_table_says_no(committed: bool | None, scheme: str, expected: bool) -> None:
    columns: dict[str, list[Any]] = {
        "committed": [committed, None, None, None, None],
        "scheme": [scheme, "", "", "", ""],
    }
    assert buildings(estates_ground(columns))["committed"].tolist() == [expected, False, False, False, False]


def test_for_the_public_only_published_lists_stand_beside_a_site() -> None:
    """Beta has two sites: how its list is shared is worked out from where patients live."""
    patients = buildings(estates_ground(public=True))["patients"]
    assert patients[["A1", "C1"]].tolist() == [20_000, 10_000]
    assert patients[["B1", "B2", "N1"]].isna().all()


@pytest.mark.parametrize(("text", "share"), [("0.85", 0.85), ("85%", 0.85), ("120 %", 1.2), ("1", 1.0), ("0", 0.0)])
def test_use_of_space_as_a_share(text: str, share: float) -> None:
    assert utilisation_share(text) == pytest.approx(share)


@pytest.mark.parametrize("text", ["", "over-used", "F", "n/k", "%"])
def test_use_of_space_as_a_word(text: str) -> None:
    assert np.isnan(utilisation_share(text))


def test_labels_stand_in_the_order_of_the_scale_and_others_after_it() -> None:
    texts = pd.Series(["poor", "Good", "good ", "", "unseen", "fair"])
    assert labels(texts, ("Good", "Fair", "Poor", "Bad")) == ["Good", "Fair", "Poor", "unseen"]
    assert labels(texts) == ["fair", "Good", "poor", "unseen"]


def test_the_sites_stand_in_the_order_of_the_place() -> None:
    assert tuple(buildings(estates_ground()).index) == SITES


def _registered(ground: Ground, rows: list[tuple[str, str, float]]) -> Ground:
    registrations = pd.DataFrame(rows, columns=["practice_code", "area_code", "patients"]).assign(basis="published")
    return replace(ground, run=replace(ground.run, place=replace(ground.run.place, registrations=registrations)))
