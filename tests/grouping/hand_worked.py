"""A place small enough to work every figure out by hand: three practices, four areas, four sites."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely import Point, box

from geodata.place import BRITISH_NATIONAL_GRID, Place
from geodata.travel import TravelMethod, TravelTimes
from grouping.problem import GroupingProblem, build_problem
from grouping.rules import RuleSet, load_rules

EDGES = pd.DataFrame({"practice_a": ["A", "B"], "practice_b": ["B", "C"], "reason": ["shared boundary"] * 2})


def hand_worked_place() -> Place:
    """A and B in town, C in the country; U1, U2 urban, R1 rural, X without a route and OUT not in the areas table."""
    practices = gpd.GeoDataFrame(
        {
            "name": ["Alpha", "Beta", "Gamma"],
            "locality": ["Town", "Town", "Country"],
            "list_size": [20_000, 12_000, 10_000],
            "main_site_code": ["A1", "B1", "C1"],
            "current_group": ["", "", ""],
            "keep_together": ["", "", ""],
        },
        index=pd.Index(["A", "B", "C"], name="practice_code"),
        geometry=[Point(0, 0), Point(1_000, 0), Point(5_000, 0)],
        crs=BRITISH_NATIONAL_GRID,
    )
    sites = gpd.GeoDataFrame(
        {
            "practice_code": ["A", "B", "B", "C"],
            "name": ["Alpha main", "Beta main", "Beta branch", "Gamma main"],
            "kind": ["main", "main", "branch", "main"],
        },
        index=pd.Index(["A1", "B1", "B2", "C1"], name="site_code"),
        geometry=[Point(0, 0), Point(1_000, 0), Point(3_000, 0), Point(5_000, 0)],
        crs=BRITISH_NATIONAL_GRID,
    )
    areas = gpd.GeoDataFrame(
        {
            "name": ["Country", "Town west", "Town east", "Islet"],
            "population": [9_000, 20_000, 12_000, 100],
            "rural": [True, False, False, True],
            "x": [5_000.0, 0.0, 1_000.0, 9_000.0],
            "y": [0.0] * 4,
        },
        index=pd.Index(["R1", "U1", "U2", "X"], name="area_code"),
        geometry=[box(4_000, -1, 6_000, 1), box(-500, -1, 500, 1), box(500, -1, 4_000, 1), box(8_000, -1, 9_500, 1)],
        crs=BRITISH_NATIONAL_GRID,
    )
    registrations = pd.DataFrame(
        [
            ("A", "U1", 18_000.0),
            ("A", "U2", 2_000.0),
            ("B", "R1", 2_000.0),
            ("B", "U2", 10_000.0),
            ("C", "OUT", 500.0),
            ("C", "R1", 9_400.0),
            ("C", "X", 100.0),
        ],
        columns=["practice_code", "area_code", "patients"],
    ).assign(basis="published")
    localities = gpd.GeoDataFrame(geometry=[], crs=BRITISH_NATIONAL_GRID)
    return Place("Hand-worked", practices, sites, areas, registrations, localities)


def hand_worked_times() -> TravelTimes:
    """Minutes chosen for easy sums; the islet has no road."""
    return TravelTimes(
        area_codes=("R1", "U1", "U2", "X"),
        site_codes=("A1", "B1", "B2", "C1"),
        area_to_site=np.array(
            [
                [12.0, 10.0, 6.0, 2.0],
                [1.0, 4.0, 8.0, 12.0],
                [4.0, 2.0, 5.0, 10.0],
                [np.inf] * 4,
            ]
        ),
        between_sites=np.array(
            [[0.0, 4.0, 8.0, 13.0], [5.0, 0.0, 5.0, 10.0], [8.0, 5.0, 0.0, 6.0], [12.0, 10.0, 6.0, 0.0]]
        ),
        area_snap_m=np.zeros(4),
        site_snap_m=np.zeros(4),
        method=TravelMethod("straight-line", "Minutes made up for a test."),
    )


def hand_worked_problem(rules: RuleSet | None = None) -> GroupingProblem:
    """The problem under `dorset-2017` without penalties unless other rules are given."""
    rules = rules or load_rules(
        "dorset-2017",
        override={"weights": {"outside_preferred": 0, "split_locality": 0, "change_of_group": 0}},
    )
    return build_problem(hand_worked_place(), hand_worked_times(), EDGES, rules)
