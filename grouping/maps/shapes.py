"""Shapes of a run that every drawing shares: areas, the group each goes with, outlines, where letters stand."""

from __future__ import annotations

from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geodata.catchments import area_polygons
from geodata.place import Place
from grouping.maps.parts import simplified
from grouping.plan import Plan
from grouping.result import AssessedOption, Run

MINUTE_CLASSES = (10, 15, 20, 30, 45)
MINUTE_COLOURS = ("#e4f0f6", "#b9d8e8", "#82b4d2", "#4b88b5", "#24598c", "#132e55")
"""Six steps from light to dark, so that they keep their order in greyscale."""

NO_ROUTE_COLOUR = "#cfcfcf"


def drawn_areas(areas: gpd.GeoDataFrame) -> NDArray[np.object_]:
    """Polygons of the areas, simplified without opening gaps between neighbours.

    Parameters
    ----------
    areas
        The place's areas; areas known only as points are drawn as the cells around their points.

    Returns
    -------
    numpy.ndarray
        Geometries in metres, shape (areas,). Detail below about 1/2000 of the width of the place is dropped.
    """
    polygons = area_polygons(areas)
    if not len(polygons):
        return polygons
    west, south, east, north = shapely.total_bounds(polygons)
    return simplified(polygons, max(east - west, north - south))


def group_of_area(place: Place, plan: Plan) -> pd.Series:
    """Group whose practices have most registrations in each area (ties: the smaller group id).

    Returns
    -------
    pandas.Series
        Index `area_code` in the order of `place.areas`; empty text where no practice of the plan has a patient.
    """
    group_of = {code: group.group_id for code, group in plan.group_of.items()}
    table = place.registrations.assign(
        group_id=place.registrations["practice_code"].map(group_of),
        patients=pd.to_numeric(place.registrations["patients"], errors="coerce"),  # hidden ones count for nothing here
    )
    table = table.dropna(subset=["group_id"])
    sums = table.groupby(["area_code", "group_id"], as_index=False)["patients"].sum()
    sums["patients"] = sums["patients"].round(6)
    sums = sums[sums["patients"] > 0].sort_values(["area_code", "patients", "group_id"], ascending=[True, False, True])
    winner = sums.drop_duplicates("area_code").set_index("area_code")["group_id"]
    return winner.reindex(place.areas.index).fillna("")


def minute_class(minutes: float) -> int:
    """Position of the class of minutes: 0 for at most 10, ..., 5 for more than 45, -1 without a route."""
    if not np.isfinite(minutes):
        return -1
    return int(np.searchsorted(MINUTE_CLASSES, minutes, side="left"))


def everything(place: Place, polygons: NDArray[np.object_]) -> NDArray[np.object_]:
    """All shapes a map must hold: the areas and the sites."""
    return np.concatenate([polygons, place.sites.geometry.to_numpy()])


def drawn_localities(place: Place) -> NDArray[np.object_]:
    """Locality polygons, simplified together where they fit together."""
    if not len(place.localities):
        return np.zeros(0, dtype=object)
    geometry = place.localities.geometry.to_numpy()
    geometry = np.where(shapely.is_valid(geometry), geometry, shapely.make_valid(geometry))
    west, south, east, north = shapely.total_bounds(geometry)
    polygonal = np.array([_only_polygons(shape) for shape in geometry], dtype=object)
    # drawn as broken lines: half the detail of the areas is enough
    return simplified(polygonal, 2 * max(east - west, north - south))


def _only_polygons(shape: shapely.Geometry) -> shapely.Geometry:
    parts = [part for part in shapely.get_parts(shape) if part.geom_type in {"Polygon", "MultiPolygon"}]
    return shapely.union_all(parts) if parts else shapely.Polygon()


@dataclass(frozen=True)
class GroupShapes:
    """Where the groups of an option lie.

    Parameters
    ----------
    of_area
        Group id of each area, empty where it goes with none; shape (areas,).
    outlines
        By group id the union of its areas, empty where it has none.
    middles
        By group id where its letters stand, metres: the widest spot of its largest part, else its hub.
    """

    of_area: NDArray[np.object_]
    outlines: dict[str, shapely.Geometry]
    middles: dict[str, tuple[float, float]]


def group_shapes(run: Run, polygons: NDArray[np.object_]) -> tuple[GroupShapes, ...]:
    """Join the areas of the groups of every option, once for all drawings.

    Parameters
    ----------
    run
        The run.
    polygons
        What `drawn_areas` returns.
    """
    return tuple(_shapes_of(option, run.place, polygons) for option in run.options)


def _shapes_of(option: AssessedOption, place: Place, polygons: NDArray[np.object_]) -> GroupShapes:
    of_area = group_of_area(place, option.option.plan).to_numpy()
    outlines, middles = {}, {}
    for group_id, hub in zip(option.groups["group_id"], option.groups["hub_site_code"], strict=True):
        outlines[group_id] = dissolved(polygons[of_area == group_id])
        middles[group_id] = _middle(outlines[group_id], place.sites.geometry[hub])
    return GroupShapes(of_area, outlines, middles)


def _middle(outline: shapely.Geometry, hub: shapely.Point) -> tuple[float, float]:
    parts = [part for part in shapely.get_parts(outline) if part.geom_type == "Polygon" and not part.is_empty]
    if not parts:
        return float(hub.x), float(hub.y)
    largest = max(parts, key=lambda part: part.area)
    spot = shapely.get_point(shapely.maximum_inscribed_circle(largest, tolerance=50.0), 0)
    return float(spot.x), float(spot.y)


def dissolved(polygons: NDArray[np.object_]) -> shapely.Geometry:
    """Several polygons as one shape; an empty one where there are none."""
    return shapely.union_all(polygons) if len(polygons) else shapely.Polygon()
