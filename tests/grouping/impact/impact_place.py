"""A place on one straight road, so that every minute is a difference of two kilometres.

Cars drive 60 km/h without a detour: a kilometre is a minute. On foot 4.8 km/h: a kilometre is 12.5 minutes. Buses run
as `BUSES` says.

    km 0     1    2    5    6    10    20       28   34       42   46   60
       A1    U1   U2   B1   U3   R1    R2, C1   C2   H1       D1   R3   X (an islet: no road)

Practices A and B are in town, C (with a branch) and D in the country; H1 is a clinic of nobody.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
from shapely import points

from geodata.case import CaseSettings
from geodata.place import BRITISH_NATIONAL_GRID, FurtherColumn, Place
from geodata.straight_line import straight_line_times
from geodata.travel import TravelTimes
from grouping.impact.before import Baseline
from grouping.plan import Group, Plan
from grouping.prepared import Prepared
from grouping.problem import build_problem
from grouping.rules import load_rules

EAST, NORTH = 400_000.0, 100_000.0

SITES = {  # km, practice, kind, name
    "A1": (0, "A", "main", "Alpha"),
    "B1": (5, "B", "main", "Beta"),
    "C1": (20, "C", "main", "Gamma"),
    "C2": (28, "C", "branch", "Gamma branch"),
    "D1": (42, "D", "main", "Delta"),
    "H1": (34, "", "community", "Halfway clinic"),
}
AREAS = {  # km, class, ward, name, residents, of them 65 and over, share without a car, decile, carers
    "R1": (10, "D1", "Edge", "", 1_000, 300, 0.10, 8, 0),
    "R2": (20, "E1", "", "Dale", 1_000, 250, 0.05, 8, 100),
    "R3": (46, "E1", "", "", 1_000, 400, 0.10, 3, 0),
    "U1": (1, "C1", "Harbour", "Quay", 1_000, 100, 0.30, 1, 50),
    "U2": (2, "C1", "Harbour", "Pier", 1_000, 200, 0.20, 2, 0),
    "U3": (6, "C1", "Edge", "Mill End", 1_000, 200, 0.10, 5, 0),
    "X": (60, "E1", "", "Islet", 100, 50, np.nan, 2, 0),
}
REGISTERED = {
    ("A", "R1"): 100,
    ("A", "U1"): 600,
    ("A", "U2"): 300,
    ("B", "R2"): 200,
    ("B", "U2"): 200,
    ("B", "U3"): 400,
    ("C", "R1"): 100,
    ("C", "R2"): 400,
    ("C", "R3"): 100,
    ("D", "OUT"): 40,  # lives outside the inputs
    ("D", "R3"): 300,
    ("D", "X"): 60,
}
BUSES = {
    ("R1", "A1"): 40,
    ("R1", "C1"): 50,
    ("R2", "B1"): 60,
    ("R2", "C1"): 4,
    ("R3", "D1"): 20,
    ("U1", "A1"): 5,
    ("U1", "B1"): 12,
    ("U1", "H1"): 70,
    ("U2", "A1"): 8,
    ("U2", "B1"): 10,
    ("U2", "H1"): 68,
    ("U3", "A1"): 15,
    ("U3", "B1"): 6,
}
OLDER_OF_C = 340  # practice C's own count of patients aged 65 and over; the other practices gave none
PHARMACIES = {"By the quay": 1.0, "At Dale": 21.6}  # the second one is exactly 1.6 km from R2

NEAR = Plan((Group("G01", ("A", "B"), "A1"), Group("G02", ("C", "D"), "D1")))
FAR = Plan((Group("G01", ("A", "B", "C"), "H1"), Group("G02", ("D",), "D1")))
SPLIT = Plan((Group("G01", ("A", "B"), "B1"), Group("G02", ("C", "D"), "C1")))
TODAY = Plan((Group("N1", ("A", "B"), "B1"), Group("N2", ("C",), "C1"), Group("N3", ("D",), "D1")))
TODAY_OF_SOME = Plan((Group("N1", ("B",), "B1"), Group("N2", ("C",), "C1")))

BEFORE = Baseline(plan=TODAY, sites=(), sites_of={}, sentence="Before: today's networks.")
PARTLY = Baseline(plan=TODAY_OF_SOME, sites=(), sites_of={}, sentence="Before: some of today's networks.")
SERVICES = Baseline(plan=None, sites=("C1",), sites_of={"A": ("A1",)}, sentence="Before: where they run today.")

SETTINGS = {
    "name": "One road",
    "roads": {
        "method": "straight-line",
        "straight_line": {
            "detour_factor_urban": 1.0,
            "detour_factor_rural": 1.0,
            "speed_kmh_urban": 60.0,
            "speed_kmh_rural": 60.0,
        },
    },
}


def east(km: float | Sequence[float]) -> np.ndarray:
    """Easting in metres of kilometres along the road."""
    return EAST + 1_000.0 * np.asarray(km, dtype=float)


def on_the_road(km: Sequence[float]) -> np.ndarray:
    """Points of kilometres along the road."""
    return points(east(km), np.full(len(km), NORTH))


def one_road_place(*, islet: bool = True, buses: bool = True) -> Place:
    """The place; without the islet, straight lines and the road say the same."""
    areas = {code: row for code, row in AREAS.items() if islet or code != "X"}
    registered = {key: people for key, people in REGISTERED.items() if islet or key[1] != "X"}
    codes = ["A", "B", "C", "D"]
    lists = [sum(people for (code, _), people in registered.items() if code == own) for own in codes]
    km, classes, wards, names, residents, older, no_car, deciles, carers = zip(*areas.values(), strict=True)
    site_km, owners, kinds, called = zip(*SITES.values(), strict=True)
    return Place(
        name="One road",
        practices=gpd.GeoDataFrame(
            {
                "name": ["Alpha", "Beta", "Gamma", "Delta"],
                "locality": ["Town", "Town", "Country", "Country"],
                "list_size": lists,
                "main_site_code": ["A1", "B1", "C1", "D1"],
                "age_65_plus": [np.nan, np.nan, OLDER_OF_C, np.nan],
            },
            index=pd.Index(codes, name="practice_code"),
            geometry=on_the_road([0, 5, 20, 42]),
            crs=BRITISH_NATIONAL_GRID,
        ),
        sites=gpd.GeoDataFrame(
            {"practice_code": owners, "name": called, "kind": kinds, "postcode": ""},
            index=pd.Index(list(SITES), name="site_code"),
            geometry=on_the_road(site_km),
            crs=BRITISH_NATIONAL_GRID,
        ),
        areas=gpd.GeoDataFrame(
            {
                "name": names,
                "ward": wards,
                "population": np.array(residents, dtype=float),
                "population_65_plus": np.array(older, dtype=float),
                "rural_urban": classes,
                "rural": [not one.startswith("C") for one in classes],
                "deprivation_decile": np.array(deciles, dtype=float),
                "no_car_share": no_car,
                "further_1": np.array(carers, dtype=float),
                "x": east(km),
                "y": NORTH,
            },
            index=pd.Index(list(areas), name="area_code"),
            geometry=on_the_road(km),
            crs=BRITISH_NATIONAL_GRID,
        ),
        registrations=pd.DataFrame(
            [(practice, area, float(people)) for (practice, area), people in registered.items()],
            columns=["practice_code", "area_code", "patients"],
        ).assign(basis="published"),
        localities=gpd.GeoDataFrame(geometry=[], crs=BRITISH_NATIONAL_GRID),
        made_up=True,
        public_transport=_bus_table() if buses else None,
        pharmacies=_named_points(PHARMACIES),
        settlements=_named_points({"Farthing": 45.0, "Dalehead": 21.0}),
        # in five years: half as many again in U1, half as many in U3, everybody else as today
        projections=pd.DataFrame(
            {
                "area_code": list(areas),
                "year": 2031,
                "population": np.array(residents) * [{"U1": 1.5, "U3": 0.5}.get(code, 1.0) for code in areas],
            }
        ),
        # 200 homes in R3, with two people each by the rules below: 400 beside the 400 patients of today
        housing=pd.DataFrame({"name": ["Farthing field"], "x": east([46]), "y": NORTH, "dwellings": 200, "year": 2031}),
        further=(FurtherColumn("Carers", "further_1", "count"),),
    )


def _bus_table() -> pd.DataFrame:
    rows = [(area, site, float(minutes), True) for (area, site), minutes in BUSES.items()]
    return pd.DataFrame(rows, columns=["area_code", "site_code", "minutes", "reachable"])


def _named_points(named: Mapping[str, float]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {"name": list(named)}, geometry=on_the_road(list(named.values())), crs=BRITISH_NATIONAL_GRID
    )


def one_road(folder: Path = Path(), *, islet: bool = True, buses: bool = True) -> Prepared:
    """The place, prepared; the islet is reached by nobody's car."""
    place = one_road_place(islet=islet, buses=buses)
    return prepared(place, without_road=("X",) if islet else (), folder=folder)


def prepared(
    place: Place, *, without_road: Sequence[str] = (), folder: Path = Path(), least_people: int = 50
) -> Prepared:
    """A place by straight lines made ready, with some areas that no road reaches."""
    settings = CaseSettings.model_validate(SETTINGS)
    impact = {"persons_per_dwelling": 2.0, "worst": 3, "least_people": least_people}
    rules = load_rules("dorset-2017", override={"impact": impact})
    return timed(place, _cut_off(straight_line_times(place, settings.roads.straight_line), without_road), rules, folder)


def timed(place: Place, times: TravelTimes, rules: object, folder: Path = Path()) -> Prepared:
    """A place with drive times of one's own made ready."""
    codes = list(place.practices.index)
    edges = pd.DataFrame({"practice_a": codes[:-1], "practice_b": codes[1:], "reason": "shared boundary"})
    return Prepared(
        case_dir=folder,
        settings=CaseSettings.model_validate(SETTINGS),
        loaded=place,
        place=place,
        times=times,
        edges=edges,
        all_edges=edges,
        rules=rules,
        problem=build_problem(place, times, edges, rules),
        findings=(),
    )


def _cut_off(times: TravelTimes, areas: Sequence[str]) -> TravelTimes:
    minutes = times.area_to_site.copy()
    minutes[np.isin(times.area_codes, list(areas))] = np.inf
    return replace(times, area_to_site=minutes)
