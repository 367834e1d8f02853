"""A small case on roads with two ferries, made on disk for the tests of modes and scenarios."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import geopandas as gpd
import pandas as pd

from geodata.place import Place
from tests.geodata.osm_files import write_pbf

EAST, NORTH = 400_000.0, 100_000.0
GRID = "EPSG:27700"

# A horseshoe of 18 km round a bay, a ferry and a footpath across its mouth, and an island behind a second ferry.
NODES = {
    1: (0, 0), 2: (0, 6000), 3: (6000, 6000), 4: (6000, 0), 5: (9000, 0), 6: (12_000, 0),
}  # fmt: skip
FERRY = {"route": "ferry", "motor_vehicle": "yes", "foot": "yes", "duration": "00:06", "interval": "00:10"}
ROAD = (10, [1, 2, 3, 4], {"highway": "primary", "name": "Bay Road"})
ACROSS = (11, [1, 4], FERRY | {"name": "Bay Ferry"})
OVER = (12, [4, 5], FERRY | {"name": "Island Ferry"})
ISLAND = (13, [5, 6], {"highway": "primary"})
WAYS = (ROAD, ACROSS, OVER, ISLAND)

MAINLAND, OPPOSITE, ISLE = (0, 500), (6000, 500), (11_000, 0)


def write_roads(folder: Path, ways: Sequence[tuple[int, list[int], dict[str, str]]] = WAYS, **nodes: object) -> Path:
    """Write `roads.osm.pbf` into a folder, with more `nodes` where they are given; returns the folder."""
    every = {key: (EAST + x, NORTH + y) for key, (x, y) in (NODES | nodes.get("nodes", {})).items()}
    write_pbf(folder / "roads.osm.pbf", every, ways)
    return folder


def road_settings(**given: object) -> SimpleNamespace:
    """The `[roads]` settings of the case."""
    facts = {"method": "roads", "source": "roads.osm.pbf", "place": None, "bridge_gaps_m": 0.0, "straight_line": None}
    return SimpleNamespace(**facts | given)


def place_at(
    areas: Sequence[tuple[float, float]], sites: Sequence[tuple[float, float]], rural: Sequence[bool] | None = None
) -> Place:
    """A place with areas and sites at these metres from the south-west corner."""
    area_x, area_y = [EAST + x for x, _ in areas], [NORTH + y for _, y in areas]
    area_frame = gpd.GeoDataFrame(
        {"x": area_x, "y": area_y, "rural": list(rural) if rural else [False] * len(areas)},
        index=[f"E{i:03}" for i in range(len(areas))],
        geometry=gpd.points_from_xy(area_x, area_y),
        crs=GRID,
    )
    site_frame = gpd.GeoDataFrame(
        {"name": "site"},
        index=[f"S{i:03}" for i in range(len(sites))],
        geometry=gpd.points_from_xy([EAST + x for x, _ in sites], [NORTH + y for _, y in sites]),
        crs=GRID,
    )
    nothing = gpd.GeoDataFrame(geometry=[], crs=GRID)
    return Place("Test", nothing, site_frame, area_frame, pd.DataFrame(), nothing)
