"""Which areas are one community, and the figures of each, worked by hand."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from shapely import Point

from geodata.place import BRITISH_NATIONAL_GRID, Place
from grouping.impact.communities import COLUMNS, OUTSIDE, Communities, communities_of, community_table, figures
from grouping.impact.people import People, Population
from grouping.impact.trips import Trip
from tests.grouping.hand_worked import hand_worked_place

COMMUNITIES = Communities(
    names=("Corfe", OUTSIDE, "Town"),
    of_area=np.array([0, 0, 2, 1]),
    areas=(("a1", "a2"), ("a4",), ("a3",)),
    setting=("mixed", "not known", "urban"),
)
AREA = np.array([0, 1, 1, 2, 2, 3])
PATIENTS = np.array([100.0, 300.0, 100.0, 500.0, 50.0, 20.0])
BEFORE = np.array([10.0, 20.0, 28.0, 5.0, 12.0, np.nan])
AFTER = np.array([14.0, 22.0, 34.0, 5.0, np.nan, np.nan])


def trip(after=AFTER, before=BEFORE, counted=None) -> Trip:
    rows = np.ones(len(after), dtype=bool)
    return Trip("hub", "car", after, before, rows if counted is None else counted, ~rows)


def people(patients=PATIENTS, **parts) -> People:
    """Everybody, and some populations by key."""
    everybody = Population("all", "All", "all", patients, "")
    others = (Population(key, key, key, np.array(part, dtype=float), "") for key, part in parts.items())
    return People(patients, np.full(len(patients), np.nan), (everybody, *others), ())


def table(of=None, who=None) -> pd.DataFrame:
    made = community_table("option-1", of or trip(), who or people(), COMMUNITIES, 30.0, area=AREA)
    return made.set_index("community", drop=False)


def place_with(**columns: list) -> Place:
    """The hand-worked place (areas R1, U1, U2, X) with other texts in its areas."""
    place = hand_worked_place()
    return replace(place, areas=place.areas.assign(**columns))


# ------------------------------------------------------------------------------------------------------ figures


def test_figures_worked_by_hand() -> None:
    made = table()

    assert list(made.columns) == list(COLUMNS)
    corfe = made.loc["Corfe"]
    assert corfe["areas"] == "a1 a2"
    assert corfe["people"] == corfe["people_compared"] == 100 + 300 + 100
    # (100 x 10 + 300 x 20 + 100 x 28) / 500 = 9,800 / 500; (100 x 14 + 300 x 22 + 100 x 34) / 500 = 11,400 / 500
    assert corfe["minutes_before"] == pytest.approx(19.6)
    assert corfe["minutes_after"] == corfe["minutes"] == pytest.approx(22.8)
    assert corfe["change"] == pytest.approx(3.2)
    assert corfe["longest"] == 34
    assert (corfe["newly_beyond"], corfe["beyond"], corfe["no_route"]) == (100, 100, 0)


def test_people_who_lose_their_route_are_counted_and_enter_no_mean() -> None:
    town = table().loc["Town"]

    # 500 people keep their 5 minutes, 50 with 12 minutes have no route any more: compared are the 500
    assert (town["people"], town["no_route"], town["people_compared"]) == (550, 50, 500)
    assert (town["minutes"], town["minutes_before"], town["minutes_after"], town["change"]) == (5, 5, 5, 0)


def test_a_community_without_any_route_has_people_but_no_minutes_and_stands_last() -> None:
    made = table()

    assert list(made.index) == ["Corfe", "Town", OUTSIDE]
    assert list(made["rank"]) == [1, 2, 3]
    outside = made.loc[OUTSIDE]
    assert (outside["people"], outside["no_route"], outside["beyond"]) == (20, 20, 0)
    assert outside["people_compared"] == 0
    assert made.loc[OUTSIDE, ["minutes", "minutes_before", "minutes_after", "change", "longest"]].isna().all()


def test_without_a_baseline_only_the_level_is_told_and_ranked() -> None:
    made = table(trip(before=None))

    nothing = ["people_compared", "minutes_before", "minutes_after", "change", "newly_beyond"]
    assert made[nothing].isna().all().all()
    # all with a route: (100 x 14 + 300 x 22 + 100 x 34) / 500 and 500 x 5 / 500
    assert list(made["minutes"].iloc[:2]) == pytest.approx([22.8, 5.0])
    assert list(made.index[:2]) == ["Corfe", "Town"]


def test_moving_nothing_changes_nothing_and_equal_changes_rank_by_minutes() -> None:
    minutes = np.array([0.1, 0.2, 0.3, 0.7, 1.1, 2.3])
    made = table(trip(minutes, minutes))

    assert (made["change"] == 0.0).all()
    assert list(made.index) == [OUTSIDE, "Town", "Corfe"]


def test_what_is_equal_in_all_ranks_by_name() -> None:
    assert list(table(trip(np.full(6, 7.0), np.full(6, 5.0))).index) == ["Corfe", OUTSIDE, "Town"]


def test_only_practices_that_the_plan_covers_are_counted() -> None:
    made = table(trip(counted=np.array([True, False, True, False, False, False])))

    assert list(made.index) == ["Corfe"]
    # (100 x 14 + 100 x 34) / 200
    assert made.loc["Corfe", "minutes"] == pytest.approx(24.0)
    assert made.loc["Corfe", "people"] == 200


def test_a_gained_route_is_a_level_without_a_change() -> None:
    made = table(trip(AFTER, np.array([np.nan] * 3 + [5.0, 5.0, np.nan])))

    assert made.loc["Corfe", ["minutes_before", "minutes_after", "change"]].isna().all()
    assert (made.loc["Corfe", "minutes"], made.loc["Corfe", "people_compared"]) == (pytest.approx(22.8), 0)


def test_who_had_no_journey_before_is_in_the_minutes_and_not_in_the_change() -> None:
    made = table(trip(AFTER, np.array([np.nan, 20.0, 28.0, 5.0, 12.0, np.nan])))

    corfe = made.loc["Corfe"]
    # 300 people 20 -> 22 and 100 people 28 -> 34: 8,800 and 10,000 over 400; with 100 people at 14 it is 11,400 / 500
    assert (corfe["minutes"], corfe["people_compared"]) == (pytest.approx(22.8), 400)
    assert (corfe["minutes_before"], corfe["minutes_after"]) == (22, 25)
    assert corfe["change"] == pytest.approx(3)


@pytest.mark.parametrize("baseline", [True, False])
def test_places_of_fewer_people_than_are_ranked_come_after_all_others(baseline: bool) -> None:
    # everybody has a route: Corfe 500 people, Town 550, outside 20
    after = np.array([14.0, 22.0, 34.0, 5.0, 5.0, 60.0])
    journey = trip(after, np.full(6, 5.0) if baseline else None)
    usual = community_table("o", journey, people(), COMMUNITIES, 30.0, area=AREA)
    made = {
        least: list(
            community_table("o", journey, people(), COMMUNITIES, 30.0, area=AREA, least_people=least)["community"]
        )
        for least in (20, 21, 501, 551)
    }

    assert list(usual["community"]) == [OUTSIDE, "Corfe", "Town"]
    # of exactly 20 people is not of fewer than 20
    assert made == {
        20: [OUTSIDE, "Corfe", "Town"],
        21: ["Corfe", "Town", OUTSIDE],
        501: ["Town", OUTSIDE, "Corfe"],
        551: [OUTSIDE, "Corfe", "Town"],
    }


def test_who_lives_there_is_counted_where_it_is_known_and_never_guessed() -> None:
    who = people(
        age_65_plus=[50, 100, 0, 10, 0, 3],
        no_car=[10, 20, 5, 100, 0, 0],
        no_car_unknown=[0, 0, 0, 0, 0, 20],
    )
    made = table(who=who)

    assert dict(made["age_65_plus"]) == {"Corfe": 150, "Town": 10, OUTSIDE: 3}
    assert made.loc["Corfe", "no_car"] == 35
    assert np.isnan(made.loc[OUTSIDE, "no_car"])
    assert made["most_deprived"].isna().all()


_MINUTES = st.one_of(st.just(float("nan")), st.floats(0, 90))


@given(
    st.lists(
        st.tuples(st.integers(0, 3), st.floats(0, 5_000), _MINUTES, _MINUTES, st.booleans()), min_size=1, max_size=12
    ),
    st.booleans(),
)
def test_people_are_conserved_and_no_figure_leaves_its_bounds(rows: list, baseline: bool) -> None:
    area, patients, before, after, counted = (np.array(column) for column in zip(*rows, strict=True))
    of = Trip("hub", "car", after, before if baseline else None, counted, np.zeros(len(rows), dtype=bool))

    worked = figures(of, patients, COMMUNITIES, area, 30.0)

    assert worked.people.sum() == pytest.approx(patients[counted].sum())
    assert worked.no_route.sum() == pytest.approx(patients[counted & np.isnan(after)].sum())
    assert worked.beyond.sum() == pytest.approx(patients[counted & (after > 30 + 1e-9)].sum())
    assert (worked.newly_beyond <= worked.beyond + 1e-6).all()
    assert (worked.no_route + worked.beyond <= worked.people + 1e-6).all()
    told = ~np.isnan(worked.minutes)
    assert (worked.minutes[told] <= worked.longest[told] + 1e-6).all()
    assert worked.compared.sum() == pytest.approx(
        patients[counted & ~np.isnan(before) & ~np.isnan(after)].sum() if baseline else 0
    )
    if worked.change is None:
        assert np.isnan([worked.minutes_before, worked.minutes_after]).all()
        return
    known = worked.compared > 0
    for of_compared in (worked.minutes_before, worked.minutes_after, worked.change):
        assert (np.isnan(of_compared) == ~known).all()
    difference = worked.minutes_after[known] - worked.minutes_before[known]
    assert worked.change[known] == pytest.approx(difference, abs=1e-6)
    # where all with a route are compared, their minutes are those of everybody
    everybody = known & np.isclose(worked.compared, worked.people - worked.no_route, rtol=1e-12, atol=0)
    assert worked.minutes[everybody] == pytest.approx(worked.minutes_after[everybody], rel=1e-6, abs=1e-6)


# ------------------------------------------------------------------------------------------- which areas are one


def test_areas_of_a_ward_are_one_community() -> None:
    place = place_with(ward=["Hills", "Quay", "Quay", "Hills"])

    found = communities_of(place, ("R1", "U1", "U2", "X"))

    assert found.names == ("Hills", "Quay")
    assert found.areas == (("R1", "X"), ("U1", "U2"))
    assert found.setting == ("rural", "urban")
    assert list(found.of_area) == [0, 1, 1, 0]


def test_a_ward_with_rural_and_urban_areas_is_mixed() -> None:
    found = communities_of(place_with(ward=["Quay", "Quay", "Quay", ""]), ("R1", "U1"))

    assert (found.names, found.setting) == (("Quay",), ("mixed",))


def test_without_wards_equal_names_of_areas_stay_apart() -> None:
    place = place_with(name=["Newtown", "Newtown", "Town  east ", "Islet"])

    found = communities_of(place, ("R1", "U1", "U2", "X"))

    assert found.names == ("Islet", "Newtown (R1)", "Newtown (U1)", "Town east")


def test_an_area_does_not_slip_into_a_ward_of_its_name() -> None:
    place = place_with(ward=["Newtown", "", "", ""], name=["a", "Newtown", "b", "c"])

    assert communities_of(place, ("R1", "U1")).names == ("Newtown", "Newtown (U1)")


def test_areas_without_a_name_count_to_the_nearest_settlement() -> None:
    # areas lie at 5,000 (R1), 0 (U1), 1,000 (U2) and 9,000 metres (X); settlements at 400 and at 8,000
    settlements = gpd.GeoDataFrame(
        {"name": ["Weston", "Easton"]}, geometry=[Point(400, 0), Point(8_000, 0)], crs=BRITISH_NATIONAL_GRID
    )
    place = replace(place_with(name=["", "", "", "Islet"]), settlements=settlements)

    found = communities_of(place, ("R1", "U1", "U2", "X"))

    assert found.names == ("Islet", "near Easton", "near Weston")
    assert found.areas == (("X",), ("R1",), ("U1", "U2"))


def test_without_a_name_or_settlements_the_code_has_to_do() -> None:
    assert communities_of(place_with(name=["", None, "Town", "Islet"]), ("R1", "U1")).names == ("R1", "U1")


def test_areas_that_the_inputs_do_not_hold_are_one_community() -> None:
    place = place_with(name=["Country", "West", OUTSIDE, "Islet"])

    found = communities_of(place, ("E9", "U1", "U2", "W9"))

    assert found.names == (OUTSIDE, f"{OUTSIDE} (U2)", "West")
    assert found.areas[0] == ("E9", "W9")
    assert found.setting[0] == "not known"
