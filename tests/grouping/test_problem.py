from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely.geometry import Point

from geodata.place import BRITISH_NATIONAL_GRID, Place
from geodata.travel import TravelMethod, TravelTimes
from grouping.optimise import solve_partition
from grouping.problem import Decided, build_problem
from grouping.rules import Decision, RuleSet, load_rules

CRS = BRITISH_NATIONAL_GRID
RULES = load_rules("dorset-2017")


def frame(index: str, codes: list[str], points: list[tuple[float, float]], **columns: object) -> gpd.GeoDataFrame:
    data = pd.DataFrame({index: codes, **columns}).set_index(index)
    return gpd.GeoDataFrame(data, geometry=[Point(*p) for p in points], crs=CRS)


@pytest.fixture
def place() -> Place:
    practices = frame(
        "practice_code", ["A", "B", "C"], [(0, 0), (10_000, 0), (20_000, 0)],
        name=["a", "b", "c"], locality=[" East", "", "West "], list_size=[1000, 2000, 3000],
        main_site_code=["A1", "B1", "C1"], current_group=["x", None, ""], keep_together=["", "", ""],
    )  # fmt: skip
    sites = frame(
        "site_code", ["A1", "A2", "B1", "C1", "H1"], [(0, 0), (1, 0), (10_000, 0), (20_000, 0), (19_000, 0)],
        practice_code=["A", "A", "B", "C", ""], name=list("abcde"),
        kind=["main", "mobile", "main", "main", "community"],
    )  # fmt: skip
    areas = frame(
        "area_code", ["E1", "E2", "E3"], [(0, 0), (10_000, 0), (20_000, 0)],
        rural=[False, True, True], population=[1, 1, 1], x=[0.0, 10_000.0, 20_000.0], y=[0.0, 0.0, 0.0],
    )  # fmt: skip
    registrations = pd.DataFrame(
        {
            "practice_code": ["A", "A", "A", "B", "B", "C"],
            "area_code": ["E1", "E2", "FAR", "E2", "E3", "FAR"],
            "patients": [600.0, 300.0, 100.0, 1500.0, 500.0, 3000.0],
            "basis": "published",
        }
    )
    localities = gpd.GeoDataFrame({"name": []}, geometry=[], crs=CRS).set_index("name")
    return Place("test", practices, sites, areas, registrations, localities)


@pytest.fixture
def times() -> TravelTimes:
    area_to_site = np.array(
        [[1.0, 1.5, 12.0, 25.0, 24.0], [13.0, 13.0, 2.0, 14.0, np.inf], [np.inf, np.inf, np.inf, np.inf, np.inf]]
    )
    between = np.array(
        [
            [0, 1, 11, 22, 21],
            [1, 0, 11, 22, 21],
            [12, 12, 0, 11, 10],
            [24, 24, 13, 0, 1],
            [23, 23, 12, 1, 0],
        ],
        float,
    )
    return TravelTimes(
        ("E1", "E2", "E3"), ("A1", "A2", "B1", "C1", "H1"), area_to_site, between, np.zeros(3), np.zeros(5),
        TravelMethod("roads", "made by hand"),
    )  # fmt: skip


EDGES = pd.DataFrame({"practice_a": ["A", "B", "C"], "practice_b": ["B", "C", "Z"], "reason": ["edge", "edge", "edge"]})


def test_patients_minutes_and_routes(place: Place, times: TravelTimes) -> None:
    problem = build_problem(place, times, EDGES, RULES)
    assert problem.practice_codes == ("A", "B", "C")
    np.testing.assert_allclose(problem.timed_patients, [900, 1500, 0])  # E3 reaches nothing, FAR is nowhere
    np.testing.assert_allclose(problem.patient_minutes[0, :4], [600 + 3900, 900 + 3900, 7200 + 600, 15_000 + 4200])
    assert np.isinf(problem.patient_minutes[0, 4])  # 300 patients of A in E2 cannot get to H1
    np.testing.assert_allclose(problem.patient_minutes[2], 0)


def test_rural_shares_are_exact(place: Place, times: TravelTimes) -> None:
    problem = build_problem(place, times, EDGES, RULES)
    assert problem.rural_patients[0] == pytest.approx(1000 / 3)
    assert problem.rural_patients[1] == 2000.0  # all of them, to the last patient
    assert problem.rural_patients[2] == 3000.0  # none located: the nearest area, E3, is rural


def test_hubs_and_owners(place: Place, times: TravelTimes) -> None:
    problem = build_problem(place, times, EDGES, RULES)
    np.testing.assert_array_equal(problem.site_owner, [0, 0, 1, 2, 2])
    np.testing.assert_array_equal(problem.hub_allowed, [True, False, True, True, False])
    anything = RULES.model_copy(update={"hub": RULES.hub.model_copy(update={"kinds": ()})})
    np.testing.assert_array_equal(build_problem(place, times, EDGES, anything).hub_allowed, [True] * 4 + [False])
    named = RULES.model_copy(update={"hub": RULES.hub.model_copy(update={"kinds": ("community",)})})
    np.testing.assert_array_equal(build_problem(place, times, EDGES, named).hub_allowed, [False] * 4 + [True])


def test_minutes_between_practices_take_the_longer_way(place: Place, times: TravelTimes) -> None:
    problem = build_problem(place, times, EDGES, RULES)
    np.testing.assert_allclose(problem.between_practices, [[0, 12, 24], [12, 0, 13], [24, 13, 0]])
    np.testing.assert_allclose(problem.practice_to_site[1], [12, 12, 0, 11, 10])


def test_edges_and_labels(place: Place, times: TravelTimes) -> None:
    problem = build_problem(place, times, EDGES, RULES)
    np.testing.assert_array_equal(problem.adjacency, [[0, 1, 0], [1, 0, 1], [0, 1, 0]])
    assert problem.locality == ("East", "", "West")
    assert problem.current_group == ("x", "", "")


def test_order_of_rows_changes_nothing(place: Place, times: TravelTimes) -> None:
    turned = replace(
        place,
        practices=place.practices.iloc[::-1],
        sites=place.sites.iloc[::-1],
        areas=place.areas.iloc[::-1],
        registrations=place.registrations.iloc[::-1].reset_index(drop=True),
    )
    one = build_problem(place, times, EDGES, RULES)
    other = build_problem(turned, times, EDGES.iloc[::-1], RULES)
    np.testing.assert_allclose(one.patient_minutes, other.patient_minutes)
    assert solve_partition(one).plan == solve_partition(other).plan


def test_the_problem_can_be_solved(place: Place, times: TravelTimes) -> None:
    small = load_rules("dorset-2017", {"size": {
        "minimum_urban": 3000, "minimum_rural": 2500, "preferred_minimum_urban": 3000, "preferred_minimum_rural": 3000,
        "preferred_maximum": 5000, "hard_maximum": 5500,
    }})  # fmt: skip
    solution = solve_partition(build_problem(place, times, EDGES, small))
    assert [group.members for group in solution.plan.groups] == [("A", "B"), ("C",)]
    assert solution.plan.groups[0].hub_site_code == "B1"
    assert solution.objective == pytest.approx((7200 + 600 + 3000) / 2400)


def hub_rules(**values: object) -> RuleSet:
    return load_rules("dorset-2017", {"hub": {"kinds": [], **values}})


def test_vulnerable_systems_and_costs(place: Place, times: TravelTimes) -> None:
    practices = place.practices.assign(vulnerability=[2.0, 3.0, np.nan], clinical_system=["One ", "", None])
    sites = place.sites.assign(annual_cost=[1000.0, np.nan, 0.0, 20.5, 7.0])
    filled = replace(place, practices=practices, sites=sites)
    problem = build_problem(filled, times, EDGES, RULES)
    np.testing.assert_array_equal(problem.vulnerable, [True, False, False])
    assert problem.clinical_system == ("One", "", "")
    np.testing.assert_array_equal(problem.hub_cost, [1000, 0, 0, 20.5, 7])
    wider = load_rules("dorset-2017", {"practices": {"vulnerable_up_to": 3}})
    np.testing.assert_array_equal(build_problem(filled, times, EDGES, wider).vulnerable, [True, True, False])


def test_without_these_columns_nobody_is_vulnerable_and_nothing_costs(place: Place, times: TravelTimes) -> None:
    problem = build_problem(place, times, EDGES, RULES)
    assert not problem.vulnerable.any()
    assert problem.clinical_system == ("", "", "")
    assert not problem.hub_cost.any()
    assert problem.decided == Decided()


def test_a_hub_needs_floor_area_and_condition_that_are_known(place: Place, times: TravelTimes) -> None:
    sites = place.sites.assign(floor_area_m2=[300.0, 299.9, np.nan, 800.0, 900.0], condition=["B", "a ", "A", "", "A"])
    filled = replace(place, sites=sites)

    def allowed(**values: object) -> list[bool]:
        return build_problem(filled, times, EDGES, hub_rules(**values)).hub_allowed.tolist()

    assert allowed() == [True, True, True, True, False]  # H1 belongs to nobody
    assert allowed(minimum_floor_area_m2=300) == [True, False, False, True, False]
    assert allowed(conditions=["A"]) == [False, True, True, False, False]
    assert allowed(conditions=["a", " b"]) == [True, True, True, False, False]
    assert allowed(kinds=["main", "community"], minimum_floor_area_m2=300) == [True, False, False, True, True]
    bare = build_problem(place, times, EDGES, hub_rules(minimum_floor_area_m2=1))
    assert not bare.hub_allowed.any()  # no site says how large it is


def test_a_site_decided_against_is_no_hub(place: Place, times: TravelTimes) -> None:
    against = Decision(kind="not-hub", site=" b1 ")
    rules = RULES.model_copy(update={"decisions": (against,)})
    np.testing.assert_array_equal(
        build_problem(place, times, EDGES, rules).hub_allowed, [True, False, False, True, False]
    )


def test_committed_sites_join_the_hubs_that_are_decided(place: Place, times: TravelTimes) -> None:
    yes = np.array([None, True, False, True, None], dtype=object)
    filled = replace(place, sites=place.sites.assign(committed=yes))
    some = Decided(hubs=(0,), apart=((0, 1),))
    assert build_problem(filled, times, EDGES, RULES, some).decided == some
    joined = build_problem(filled, times, EDGES, hub_rules(committed="hub"), some).decided
    assert joined == replace(some, hubs=(0, 1, 3))
    assert build_problem(place, times, EDGES, hub_rules(committed="hub")).decided.hubs == ()
