"""In which area, and so in which authority, points lie: inside a polygon, else nearest to an area's point."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import ArrayLike
from scipy.spatial import cKDTree

_CARRIED = ("authority_code", "authority", "commissioner", "board", "rural_urban")


def whereabouts(points: ArrayLike, areas: pd.DataFrame) -> pd.DataFrame:
    """Say for each point which area it lies in.

    Parameters
    ----------
    points
        Easting and northing in metres on EPSG:27700, shape (n, 2); NaN for an unknown place.
    areas
        Index `area_code` with `x` and `y`, or `geometry` (polygons), or both, as `areas.combine_areas` gives them.

    Returns
    -------
    pandas.DataFrame
        One row per point, in their order: `area_code` ("" where nothing can be said), `how` (`inside`: the point lies
        in the area's polygon; `nearest`: the area whose point is nearest), `distance_m` (0 inside; else to the
        area's point), and `authority_code`, `authority`, `commissioner`, `board`, `rural_urban` of that area.
    """
    place = np.asarray(points, dtype=np.float64).reshape(-1, 2)
    n = len(place)
    row = np.full(n, -1, dtype=np.int64)
    how = np.full(n, "", dtype=object)
    distance = np.full(n, np.nan)
    known = np.asarray(np.isfinite(place).all(axis=1))
    if known.any() and "geometry" in areas:
        _inside(place, areas, known, row, how, distance)
    rest = known & (row < 0)
    if rest.any() and {"x", "y"} <= set(areas.columns):
        middle = areas[["x", "y"]].to_numpy(dtype=np.float64)
        there = np.flatnonzero(np.isfinite(middle).all(axis=1))
        if len(there):
            apart, nearest = cKDTree(middle[there]).query(place[rest])
            row[rest], how[rest], distance[rest] = there[nearest], "nearest", apart
    codes = areas.index.to_numpy(dtype=object)
    found = row >= 0
    out = pd.DataFrame({"area_code": np.where(found, codes[np.maximum(row, 0)], "") if len(codes) else [""] * n})
    out["how"], out["distance_m"] = how, distance
    for column in _CARRIED:
        values = areas[column].to_numpy(dtype=object) if column in areas else np.full(len(areas), "", dtype=object)
        out[column] = np.where(found, values[np.maximum(row, 0)], "") if len(values) else ""
    return out


def _inside(
    place: np.ndarray, areas: pd.DataFrame, known: np.ndarray, row: np.ndarray, how: np.ndarray, distance: np.ndarray
) -> None:
    shapes = np.asarray(gpd.GeoSeries(areas["geometry"]).array, dtype=object)
    there = np.flatnonzero([shape is not None and not shape.is_empty for shape in shapes])
    if not len(there):
        return
    tree = shapely.STRtree(shapes[there])
    which = np.flatnonzero(known)
    hit, polygon = tree.query(shapely.points(place[which]), predicate="intersects")
    order = np.lexsort((there[polygon], hit))[::-1]  # on a shared edge the first area counts
    row[which[hit[order]]] = there[polygon[order]]
    how[which[hit]], distance[which[hit]] = "inside", 0.0
