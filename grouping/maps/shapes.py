"""Shapes of a run that every drawing shares: areas, the group each goes with, colours, where letters stand."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geodata.catchments import area_polygons
from geodata.place import Place
from grouping.maps.parts import simplified
from grouping.plan import Plan
from grouping.result import AssessedOption

PALETTE = ("#8fc1e6", "#f4b183", "#9bd3a6", "#e5a6c8", "#dccf6e", "#b7a6e0", "#8fd3cf", "#c9b79c")
"""Light fills on which dark letters keep a contrast of at least 7 to 1; neighbours never share one."""

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
    table = place.registrations.assign(group_id=place.registrations["practice_code"].map(group_of))
    table = table.dropna(subset=["group_id"])
    sums = table.groupby(["area_code", "group_id"], as_index=False)["patients"].sum()
    sums["patients"] = sums["patients"].round(6)
    sums = sums[sums["patients"] > 0].sort_values(["area_code", "patients", "group_id"], ascending=[True, False, True])
    winner = sums.drop_duplicates("area_code").set_index("area_code")["group_id"]
    return winner.reindex(place.areas.index).fillna("")


def group_colours(polygons: NDArray[np.object_], groups: Sequence[str], ids: Sequence[str]) -> dict[str, int]:
    """Position in the palette for every group, so that groups whose areas touch look different if at all possible.

    Parameters
    ----------
    polygons, groups
        Areas and the group of each, shape (areas,).
    ids
        All group ids.
    """
    graph = nx.Graph()
    graph.add_nodes_from(ids)
    label = np.asarray(groups, dtype=object)
    left, right = shapely.STRtree(polygons).query(polygons, predicate="intersects")
    for a, b in zip(label[left], label[right], strict=True):
        if a and b and a != b:
            graph.add_edge(a, b)
    colours: dict[str, int] = {}
    for group_id in sorted(ids, key=lambda key: (-graph.degree[key], key)):
        taken = {colours[other] for other in graph[group_id] if other in colours}
        used = [sum(colour == position for colour in colours.values()) for position in range(len(PALETTE))]
        # of the colours no neighbour has, the one used least, so that few groups look alike
        free = [position for position in range(len(PALETTE)) if position not in taken] or range(len(PALETTE))
        colours[group_id] = min(free, key=lambda position: (used[position], position))
    return colours


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
    return simplified(polygonal, max(east - west, north - south))


def _only_polygons(shape: shapely.Geometry) -> shapely.Geometry:
    parts = [part for part in shapely.get_parts(shape) if part.geom_type in {"Polygon", "MultiPolygon"}]
    return shapely.union_all(parts) if parts else shapely.Polygon()


def label_points(
    polygons: NDArray[np.object_], belongs: NDArray[np.object_], ids: list[str], place: Place, option: AssessedOption
) -> list[tuple[float, float]]:
    """Where the letters of each group stand, in metres: the widest spot of its largest part, else its hub."""
    points = []
    hubs = dict(zip(option.groups["group_id"], option.groups["hub_site_code"], strict=True))
    for group_id in ids:
        parts = shapely.get_parts(dissolved(polygons[belongs == group_id]))
        parts = [part for part in parts if part.geom_type == "Polygon" and not part.is_empty]
        if parts:
            largest = max(parts, key=lambda part: part.area)
            spot = shapely.get_point(shapely.maximum_inscribed_circle(largest, tolerance=50.0), 0)
        else:
            spot = place.sites.geometry[hubs[group_id]]
        points.append((float(spot.x), float(spot.y)))
    return points


def dissolved(polygons: NDArray[np.object_]) -> shapely.Geometry:
    """Several polygons as one shape; an empty one where there are none."""
    return shapely.union_all(polygons) if len(polygons) else shapely.Polygon()
