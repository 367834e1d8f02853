"""A generated county of Dorset's size, for measuring: about 200,000 junctions, 452 areas and 131 sites."""

from __future__ import annotations

from dataclasses import fields

import geopandas as gpd
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata.osm.lines import RoadLines
from geodata.osm.tags import CLASS_INDEX, Way
from geodata.place import BRITISH_NATIONAL_GRID, Place

COLUMNS, ROWS, SPACING_M = 620, 350, 140.0
AREAS, SITES = 452, 131
LEFT_OUT = 0.25
"""Share of the streets of the full grid that are not there: real junctions have three roads more often than four."""


def made_up_lines(seed: int) -> RoadLines:
    """Streets on a shaken grid with main roads among them, each with one bend; every twelfth street is one-way."""
    rng = np.random.default_rng(seed)
    junctions = COLUMNS * ROWS
    place = np.arange(junctions).reshape(ROWS, COLUMNS)
    tail = np.concatenate((place[:, :-1].ravel(), place[:-1].ravel()))
    head = np.concatenate((place[:, 1:].ravel(), place[1:].ravel()))
    line = np.concatenate((tail[: ROWS * (COLUMNS - 1)] // COLUMNS, tail[ROWS * (COLUMNS - 1) :] % COLUMNS))
    kept = (line % 20 == 0) | (rng.random(len(tail)) >= LEFT_OUT)
    tail, head, line = tail[kept], head[kept], line[kept]
    x = 350_000.0 + place.ravel() % COLUMNS * SPACING_M + rng.uniform(-40, 40, junctions)
    y = 80_000.0 + place.ravel() // COLUMNS * SPACING_M + rng.uniform(-40, 40, junctions)
    bend_x = (x[tail] + x[head]) / 2 + rng.uniform(-15, 15, len(tail))
    bend_y = (y[tail] + y[head]) / 2 + rng.uniform(-15, 15, len(tail))
    points = junctions + len(tail)
    return RoadLines(
        x=np.append(x, bend_x),
        y=np.append(y, bend_y),
        node_kind=np.zeros(points, dtype=np.int8),
        sealed=np.zeros(points, dtype=bool),
        way_point=np.column_stack((tail, np.arange(junctions, points), head)).ravel(),
        way_offset=np.arange(len(tail) + 1) * 3,
        way=_ways(line, rng),
        source="made-up county",
    )


def _ways(line: NDArray[np.int64], rng: np.random.Generator) -> dict[str, NDArray]:
    """Every fortieth line of the grid a primary road, every twentieth a tertiary one, streets and lanes between."""
    plain = Way(road_class=0)
    way = {field.name: np.full(len(line), getattr(plain, field.name)) for field in fields(Way)}
    lanes = np.where(rng.random(len(line)) < 0.5, CLASS_INDEX["residential"], CLASS_INDEX["unclassified"])
    way["road_class"] = np.select(
        [line % 40 == 0, line % 20 == 0], [CLASS_INDEX["primary"], CLASS_INDEX["tertiary"]], lanes
    )
    way["backward"] = (line % 20 == 0) | (rng.random(len(line)) >= 1 / 12)
    return way


def made_up_points(seed: int) -> Place:
    """Areas and sites anywhere in the county; nothing else of a case is needed for travel times."""
    rng = np.random.default_rng(seed + 1)
    x = 350_000.0 + rng.uniform(0, (COLUMNS - 1) * SPACING_M, AREAS + SITES)
    y = 80_000.0 + rng.uniform(0, (ROWS - 1) * SPACING_M, AREAS + SITES)
    points = gpd.GeoDataFrame({"x": x, "y": y}, geometry=gpd.points_from_xy(x, y), crs=BRITISH_NATIONAL_GRID)
    areas = points.iloc[:AREAS].set_axis([f"A{i:03d}" for i in range(AREAS)])
    sites = points.iloc[AREAS:].set_axis([f"S{i:03d}" for i in range(SITES)])
    nothing = gpd.GeoDataFrame(geometry=[], crs=BRITISH_NATIONAL_GRID)
    return Place("made-up county", nothing, sites, areas, pd.DataFrame(), nothing, made_up=True)
