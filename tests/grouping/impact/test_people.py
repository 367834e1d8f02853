"""Populations: hand-worked figures, and what must hold for any inputs."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point

from geodata.place import BRITISH_NATIONAL_GRID, FurtherColumn, Place
from grouping.impact.ages import COUNT, RESIDENTS, UNKNOWN, fill, place_ages
from grouping.impact.people import People, Population, class_name, people_of
from grouping.journeys import Journeys
from tests.grouping.hand_worked import hand_worked_place, hand_worked_problem, hand_worked_times

PRACTICES = ("A", "B", "C")
AREAS = ("R1", "U1", "U2", "X")  # population 9,000, 20,000, 12,000 and 100
ROWS = ("A-U1", "A-U2", "B-R1", "B-U2", "C-OUT", "C-R1", "C-X")
PATIENTS = [18_000.0, 2_000.0, 2_000.0, 10_000.0, 500.0, 9_400.0, 100.0]
NAN = float("nan")


def place(areas: dict[str, list] | None = None, practices: dict[str, list] | None = None, **fields: object) -> Place:
    """The hand-worked place with these columns (areas in the order of `AREAS`)."""
    bare = hand_worked_place()
    return replace(
        bare, areas=bare.areas.assign(**(areas or {})), practices=bare.practices.assign(**(practices or {})), **fields
    )


def journeys(of: Place) -> Journeys:
    return Journeys.of(of, hand_worked_times(), hand_worked_problem())


def people(of: Place, **more: object) -> People:
    return people_of(of, journeys(of), PRACTICES, **more)


def by_row(population: Population) -> dict[str, float]:
    return {row: round(float(n), 6) for row, n in zip(ROWS, population.patients, strict=True) if n}


def absent(of: People) -> dict[str, str]:
    return dict(of.absent)


SIXTY_FIVE = {"population_65_plus": [2_700.0, 3_000.0, 2_400.0, NAN]}  # shares 0.30, 0.15, 0.20, not known


def pharmacies(*points: tuple[float, float]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"name": [""] * len(points)}, geometry=[Point(*at) for at in points], crs=BRITISH_NATIONAL_GRID
    )


# --- Residents' shares -------------------------------------------------------------------------------------------


def test_the_share_of_residents_is_carried_to_patients() -> None:
    found = people(place(SIXTY_FIVE))
    # 18,000 x 0.15, 2,000 x 0.20, 2,000 x 0.30, 10,000 x 0.20, 9,400 x 0.30
    old = {"A-U1": 2_700.0, "A-U2": 400.0, "B-R1": 600.0, "B-U2": 2_000.0, "C-R1": 2_820.0}
    assert by_row(found.of("age_65_plus")) == old
    assert by_row(found.of("age_65_plus_unknown")) == {"C-OUT": 500.0, "C-X": 100.0}
    assert found.of("under_65").patients.sum() == pytest.approx(42_000 - 8_520 - 600)
    # 41,400 of 42,000 = 98.6%
    assert found.of("age_65_plus").carried == (
        "For 98.6% of patients the share among the residents of the area where they live; not known for 1.4% of "
        "patients."
    )


def test_more_old_residents_than_residents_count_as_all() -> None:
    found = people(place({"population_65_plus": [99_000.0, 0.0, 0.0, 0.0]}))
    assert by_row(found.of("age_65_plus")) == {"B-R1": 2_000.0, "C-R1": 9_400.0}


def test_what_is_not_in_the_inputs_is_said() -> None:
    found = people(place())
    assert found.populations[0].key == "all"
    assert {one.family for one in found.populations} == {"all", "setting"}
    assert absent(found) == {
        "Aged 65 and over": "not in the inputs: the areas table has no column population_65_plus",
        "Aged 75 and over": "not in the inputs: the areas table has no column population_75_plus",
        "Aged 85 and over": "not in the inputs: the areas table has no column population_85_plus",
        "Children": "not in the inputs: the areas table has no column population_children",
        "In a household without a car": "not in the inputs: the areas table has no column no_car_share",
        "Deprivation deciles": "not in the inputs: the areas table has no column deprivation_decile",
        "Most deprived fifth of areas": "not in the inputs: the areas table has no column deprivation_decile",
        "Rural-urban classes": "not in the inputs: the areas table has no column rural_urban",
        "More than 1.6 km from a pharmacy": "not in the inputs: there is no table of pharmacies",
    }
    assert found.family("age_65_plus") == ()
    with pytest.raises(KeyError):
        found.of("age_65_plus")


def test_old_residents_without_all_residents_are_no_share() -> None:
    found = people(place(SIXTY_FIVE | {"population": [NAN, 0.0, NAN, NAN]}))
    assert absent(found)["Aged 65 and over"] == (
        "not in the inputs: the areas table has no column population, of which population_65_plus would be a share"
    )


def test_households_without_a_car_are_taken_as_people() -> None:
    found = people(place({"no_car_share": [0.1, 0.5, NAN, 1.0]}))
    # 18,000 x 0.5, 2,000 x 0.1, 9,400 x 0.1, 100 x 1
    assert by_row(found.of("no_car")) == {"A-U1": 9_000.0, "B-R1": 200.0, "C-R1": 940.0, "C-X": 100.0}
    assert by_row(found.of("no_car_unknown")) == {"A-U2": 2_000.0, "B-U2": 10_000.0, "C-OUT": 500.0}
    assert "households" in found.of("no_car").carried
    assert "taken as the share of people" in found.of("has_car").carried


# --- Practices' counts -------------------------------------------------------------------------------------------


def test_a_practice_count_decides_how_many_and_residents_where() -> None:
    found = people(place(SIXTY_FIVE, {"age_65_plus": [4_000.0, NAN, 3_000.0]}))
    old = by_row(found.of("age_65_plus"))
    # A: residents expect 2,700 and 400; 4,000 / 3,100 of each
    assert old["A-U1"] == pytest.approx(2_700 * 4_000 / 3_100)
    assert old["A-U2"] == pytest.approx(400 * 4_000 / 3_100)
    # B has no count: residents' share
    assert (old["B-R1"], old["B-U2"]) == (600.0, 2_000.0)
    # C: where residents are not known its own 30%, so that 3,000 - 150 - 30 are left for the one area known
    assert (old["C-OUT"], old["C-X"], old["C-R1"]) == (150.0, 30.0, 2_820.0)
    assert found.family("age_65_plus")[-1].key == "under_65"  # nobody is left unknown
    # A and C: 30,000 of 42,000
    assert found.of("age_65_plus").carried == (
        "For 71.4% of patients the practice's own count, spread over the areas where its patients live as residents "
        "of that age are; for 28.6% of patients the share among the residents of the area where they live."
    )


def test_no_row_has_more_old_people_than_people() -> None:
    found = people(place(SIXTY_FIVE, {"age_65_plus": [19_000.0, NAN, NAN]}))
    # 19,000 x 400 / 3,100 = 2,452 are more than the 2,000 of A-U2, which keeps 2,000; 17,000 are left for A-U1
    assert by_row(found.of("age_65_plus"))["A-U1"] == 17_000.0
    assert by_row(found.of("age_65_plus"))["A-U2"] == 2_000.0


def test_a_count_is_scaled_from_the_list_to_the_registrations() -> None:
    found = people(place({}, {"age_65_plus": [2_000.0, 0.0, 0.0], "list_size": [10_000, 12_000, 10_000]}))
    # a fifth of the list is 4,000 of 20,000 registered; no residents are known, so in proportion to patients
    assert by_row(found.of("age_65_plus")) == {"A-U1": 3_600.0, "A-U2": 400.0}


def test_counts_alone_are_spread_over_all_patients_of_the_practice() -> None:
    found = people(place({}, {"age_children": [NAN, NAN, 2_000.0]}))
    assert by_row(found.of("children")) == {"C-OUT": 100.0, "C-R1": 1_880.0, "C-X": 20.0}
    assert found.of("children_unknown").patients.sum() == 32_000


def test_older_bands_are_part_of_younger_ones_and_no_child_is_old() -> None:
    areas = {
        "population_65_plus": [900.0, 2_000.0, 1_200.0, 10.0],  # a tenth everywhere
        "population_75_plus": [0.0, 2_000.0, 0.0, 0.0],  # only in U1
        "population_children": [9_000.0, 20_000.0, 12_000.0, 100.0],
    }
    found = people(place(areas, {"age_65_plus": [2_000.0, NAN, NAN], "age_75_plus": [1_900.0, NAN, NAN]}))
    # A, 65+: 1,800 in U1 and 200 in U2. 75+: all 1,900 expected in U1, where 1,800 find room; 100 go to U2.
    assert [by_row(found.of("age_65_plus"))[row] for row in ("A-U1", "A-U2")] == [1_800.0, 200.0]
    assert [by_row(found.of("age_75_plus"))[row] for row in ("A-U1", "A-U2")] == [1_800.0, 100.0]
    assert by_row(found.of("children"))["A-U1"] == 16_200.0  # all are children but the 1,800


def test_a_contradiction_between_counts_is_said() -> None:
    found = people(place(SIXTY_FIVE, {"age_65_plus": [1_000.0, NAN, NAN], "age_75_plus": [1_400.0, NAN, NAN]}))
    assert sum(by_row(found.of("age_75_plus")).values()) == pytest.approx(1_000)
    assert "400 people of the practices' counts contradict their other counts or lists" in found.of("under_75").carried


def test_a_narrow_count_raises_the_wider_share_of_residents() -> None:
    found = people(place(SIXTY_FIVE, {"age_75_plus": [6_200.0, NAN, NAN]}))
    # residents expect 3,100 of 65+ in A, but 6,200 are 75 and over: twice as many in either row
    assert [by_row(found.of("age_65_plus"))[row] for row in ("A-U1", "A-U2")] == [5_400.0, 800.0]
    assert found.of("age_75_plus").patients.sum() == pytest.approx(6_200)


def test_fill_keeps_to_the_room() -> None:
    expected, room = np.array([1.0, 1.0, 2.0, 0.0]), np.array([10.0, 100.0, 100.0, 50.0])
    # 60: 15, 15, 30; the first holds 10, the other 50 go 1 : 2
    assert fill(expected, room, 60.0) == pytest.approx([10, 50 / 3, 100 / 3, 0])
    # 230: all with an expectation are full at 210, the rest goes where room is
    assert fill(expected, room, 230.0) == pytest.approx([10, 100, 100, 20])
    assert fill(expected, room, 1_000.0) == pytest.approx(room)
    assert fill(expected, room, 0.0) == pytest.approx(np.zeros(4))


# --- Areas' attributes -------------------------------------------------------------------------------------------


def test_deciles_and_the_most_deprived_fifth() -> None:
    found = people(place({"deprivation_decile": [2.0, 1.0, 10.0, NAN]}))
    assert by_row(found.of("decile_1")) == {"A-U1": 18_000.0}
    assert by_row(found.of("decile_2")) == {"B-R1": 2_000.0, "C-R1": 9_400.0}
    assert by_row(found.of("decile_10")) == {"A-U2": 2_000.0, "B-U2": 10_000.0}
    assert by_row(found.of("decile_unknown")) == {"C-OUT": 500.0, "C-X": 100.0}
    assert len(found.family("deprivation")) == 11
    assert found.of("most_deprived").patients.sum() == 29_400
    assert found.of("less_deprived").patients.sum() == 12_000


def test_rural_urban_classes_have_their_names() -> None:
    found = people(place({"rural_urban": ["d1", "C1", "C1", ""]}))
    assert [(one.key, one.label) for one in found.family("rural_urban")] == [
        ("class_1", "C1 Urban city and town"),
        ("class_2", "D1 Rural town and fringe"),
        ("class_unknown", "Rural-urban class: not known"),
    ]
    assert found.of("class_2").patients.sum() == 11_400
    # an area without a class: neither rural nor urban
    assert by_row(found.of("setting_unknown")) == {"C-OUT": 500.0, "C-X": 100.0}


@pytest.mark.parametrize(
    ("text", "hamlets", "label"),
    [
        ("E1", False, "E1 Rural village and dispersed"),
        ("E1", True, "E1 Rural village"),
        ("F1", True, "F1 Rural hamlets and isolated dwellings"),
        ("rsf1", False, "RSF1 Smaller rural, further from a major town or city"),
        ("Rural  town and fringe ", False, "Rural town and fringe"),
        ("=cmd()|<script>", False, "=cmd()|<script>"),
    ],
)
def test_class_names(text: str, hamlets: bool, label: str) -> None:
    assert class_name(text, with_hamlets=hamlets) == label


def test_no_class_anywhere_is_not_urban() -> None:
    found = people(place({"rural_urban": [""] * 4, "rural": [False] * 4}))
    assert np.isnan(found.setting).all()
    assert absent(found)["Rural and urban"] == "not in the inputs: the areas table has no column rural_urban"


def test_another_definition_of_rural() -> None:
    rural = np.array([1.0, 0, 0, 0, NAN, 1.0, 1.0])
    found = people(place(), rural=rural)
    assert by_row(found.of("rural")) == {"A-U1": 18_000.0, "C-R1": 9_400.0, "C-X": 100.0}
    assert by_row(found.of("setting_unknown")) == {"C-OUT": 500.0}
    assert np.array_equal(found.setting, rural, equal_nan=True)
    assert "definition of rural" in found.of("rural").carried


# --- Pharmacies, further columns ---------------------------------------------------------------------------------


def test_far_from_a_pharmacy_is_more_than_1600_metres() -> None:
    # areas at x = 5,000 (R1), 0 (U1), 1,000 (U2), 9,000 (X); pharmacies at -1,600 and 6,601: U1 exactly 1,600 m away
    found = people(place(pharmacies=pharmacies((-1_600, 0), (6_601, 0))))
    assert by_row(found.of("near_pharmacy")) == {"A-U1": 18_000.0}
    assert by_row(found.of("far_from_pharmacy")) == {
        "A-U2": 2_000.0,
        "B-R1": 2_000.0,
        "B-U2": 10_000.0,
        "C-R1": 9_400.0,
        "C-X": 100.0,
    }
    assert by_row(found.of("dispensing_unknown")) == {"C-OUT": 500.0}


def test_several_points_count_by_their_weight() -> None:
    points = pd.DataFrame(
        [("U1", 0.0, 0.0, 3.0), ("U1", 0.0, 2_000.0, 1.0), ("elsewhere", 0.0, 9_000.0, 50.0)],
        columns=["area_code", "x", "y", "weight"],
    )
    found = people(place(pharmacies=pharmacies((0, 0)), area_points=points))
    assert by_row(found.of("far_from_pharmacy"))["A-U1"] == 4_500.0  # a quarter of the weight
    assert "A-U2" not in by_row(found.of("far_from_pharmacy"))  # without points of its own: the area's, 1,000 m away


def test_an_empty_table_of_pharmacies_says_nothing() -> None:
    assert "More than 1.6 km from a pharmacy" in absent(people(place(pharmacies=pharmacies())))


def test_further_columns() -> None:
    areas = {
        "further_1": [0.5, 0.25, NAN, 0.0],
        "further_2": [900.0, 0.0, 24_000.0, 0.0],
        "further_3": ["Coast", "Town", "town", ""],
        "further_4": [NAN] * 4,
    }
    further = (
        FurtherColumn("Carers", "further_1", "share"),
        FurtherColumn("Veterans", "further_2", "count"),
        FurtherColumn("Place", "further_3", "class"),
        FurtherColumn("Nothing", "further_4", "share"),
    )
    found = people(place(areas, further=further))
    assert by_row(found.of("further_1")) == {"A-U1": 4_500.0, "B-R1": 1_000.0, "C-R1": 4_700.0}
    assert by_row(found.of("further_1_unknown")) == {"A-U2": 2_000.0, "B-U2": 10_000.0, "C-OUT": 500.0}
    # 900 of 9,000 residents; 24,000 of 12,000 count as all
    assert by_row(found.of("further_2")) == {"A-U2": 2_000.0, "B-R1": 200.0, "B-U2": 10_000.0, "C-R1": 940.0}
    assert [one.label for one in found.family("further_3")] == ["Place: Coast", "Place: Town", "Place: not known"]
    assert found.of("further_3_class_2").patients.sum() == 30_000
    assert absent(found)["Nothing"].startswith("not in the inputs")


# --- Growth, and what must always hold ---------------------------------------------------------------------------


def test_growth_keeps_every_share() -> None:
    made = place(SIXTY_FIVE, {"age_65_plus": [4_000.0, NAN, 3_000.0]})
    factor = np.array([2.0, 1.0, 0.5, 1.0, 1.0, 1.0, 0.0])
    before, after = people(made), people(made, growth=factor)
    assert after.patients.sum() == 42_000 + 18_000 - 1_000 - 100
    for one in before.populations:
        assert after.of(one.key).patients == pytest.approx(one.patients * factor)


@pytest.mark.parametrize("growth", [np.ones(3), np.full(7, -1.0), np.full(7, np.nan)])
def test_a_factor_that_cannot_be_is_refused(growth: np.ndarray) -> None:
    with pytest.raises(ValueError, match="growth"):
        people(place(), growth=growth)


def share() -> st.SearchStrategy[float]:
    return st.one_of(st.just(NAN), st.floats(0, 1), st.sampled_from([0.0, 1.0, 1e-9]))


def number(most: float) -> st.SearchStrategy[float]:
    return st.one_of(st.just(NAN), st.floats(0, most), st.integers(0, int(most)).map(float))


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_bands_are_nested_and_counts_are_met(data: st.DataObject) -> None:
    rows, practices = data.draw(st.integers(1, 8)), 3
    practice = np.array(data.draw(st.lists(st.integers(-1, practices - 1), min_size=rows, max_size=rows)))
    patients = np.array(data.draw(st.lists(st.floats(0, 5_000), min_size=rows, max_size=rows)))
    shares = np.array(data.draw(st.lists(st.lists(share(), min_size=rows, max_size=rows), min_size=4, max_size=4)))
    counts = np.array(
        data.draw(st.lists(st.lists(number(9_000), min_size=practices, max_size=practices), min_size=4, max_size=4))
    )
    placed = place_ages(patients, practice, shares, counts)
    assert np.nanmin(np.nan_to_num(placed.people)) >= 0
    oldest_first = [placed.people[2], placed.people[1], placed.people[0], patients]
    for k, narrow in enumerate(oldest_first):
        for wide in oldest_first[k + 1 :]:
            both = ~np.isnan(narrow) & ~np.isnan(wide)
            assert (narrow[both] <= wide[both] + 1e-6).all()
    assert (np.nan_to_num(placed.people[3]) + np.nan_to_num(placed.people[0]) <= patients + 1e-6).all()
    assert ((placed.basis == UNKNOWN) == np.isnan(placed.people)).all()
    missed = np.zeros(4)
    for p in range(practices):
        here = practice == p
        for band in range(4):
            if here.any() and not np.isnan(counts[band, p]):
                assert (placed.basis[band, here] == COUNT).all()
                short = counts[band, p] - placed.people[band, here].sum()
                assert short >= -1e-6
                missed[band] += max(short, 0.0)
            elif here.any() and band == 3:
                assert (placed.basis[band, here] != COUNT).all()
    assert missed[3] == pytest.approx(placed.unplaced[3], abs=1e-5)
    # 65 and over comes first: only the list itself can be too short for it
    for p in range(practices):
        here = practice == p
        if here.any() and not np.isnan(counts[0, p]):
            assert placed.people[0, here].sum() == pytest.approx(min(counts[0, p], patients[here].sum()), abs=1e-6)
    assert (placed.basis[:, practice == -1] <= RESIDENTS).all()


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_every_family_divides_all_patients(data: st.DataObject) -> None:
    def four(one: st.SearchStrategy) -> list:
        return data.draw(st.lists(one, min_size=4, max_size=4))

    bands = ("65_plus", "75_plus", "85_plus", "children")
    areas = {f"population_{band}": four(number(20_000)) for band in bands}
    areas |= {
        "no_car_share": four(share()),
        "deprivation_decile": four(st.one_of(st.just(NAN), st.integers(1, 10).map(float))),
        "rural_urban": four(st.sampled_from(["", "C1", "c1", "E1", "Rural", "<b>"])),
        "further_1": four(share()),
        "further_2": four(st.sampled_from(["", "one", "One", "two"])),
    }
    practices = {f"age_{band}": data.draw(st.lists(number(20_000), min_size=3, max_size=3)) for band in bands}
    growth = np.array(data.draw(st.lists(st.floats(0, 3), min_size=7, max_size=7)))
    further = (FurtherColumn("Share", "further_1", "share"), FurtherColumn("Class", "further_2", "class"))
    found = people(place(areas, practices, pharmacies=pharmacies((500, 0)), further=further), growth=growth)
    assert found.patients == pytest.approx(np.array(PATIENTS) * growth)
    keys = [one.key for one in found.populations]
    assert len(set(keys)) == len(keys)
    for family in {one.family for one in found.populations}:
        parts = np.array([one.patients for one in found.family(family)])
        assert (parts >= 0).all()
        assert parts.sum(axis=0) == pytest.approx(found.patients, abs=1e-6), family
    for one in found.populations:
        assert one.carried.endswith(".")
    assert {label for label, _ in found.absent}.isdisjoint({one.label for one in found.populations})
