"""What lies behind the groups on a map: main roads as lines, and how far one gets from each hub, on a coarse grid.

All of it is for the eye. What a table says of minutes comes from the travel times themselves.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy import ndimage

from geodata.case_times import network_of_case
from geodata.catchments import area_polygons
from geodata.homes import homes_of
from geodata.osm.tags import ROAD_CLASSES
from geodata.place import Place
from geodata.roads.network import RoadNetwork
from geodata.routing.matrix import milliseconds_between
from geodata.routing.snapping import snap
from geodata.travel import points_of
from grouping.prepared import Prepared

LIMITS = (10, 20, 30)
"""Minutes for which the reach of a hub is drawn."""

KINDS = (
    ("trunk", ("motorway", "motorway_link", "trunk", "trunk_link")),
    ("primary", ("primary", "primary_link")),
    ("secondary", ("secondary", "secondary_link")),
)
"""Kinds of road that are drawn, the most important first, with the classes of OpenStreetMap that each takes in."""

MOST_POINTS = 11_000
"""Points of all roads together, about 80 KB on a page; where there are more, the least important kind is left out."""

TOLERANCES_M = (40.0, 80.0, 150.0)
"""How far a drawn road may lie from the road: the first with which all kinds fit."""

MARGIN_M = 6_000.0
"""Roads are drawn this far beyond the place."""

MOST_CELLS = 30_000
"""Cells of the grid, so that the reach of a hub takes about 1 KB on a page."""

CELL_M = 250.0
"""Cells are never smaller, and a whole multiple of this."""

BESIDE_M = 900.0
"""Cells whose middle lies further than this from every road are outside, whatever the minutes."""

OPENSTREETMAP = "© OpenStreetMap contributors"


@dataclass(frozen=True)
class Reach:
    """Which cells of a grid lie within some minutes of each hub.

    Parameters
    ----------
    west, north
        The outer corner of the first cell, metres in EPSG:27700.
    cell_m
        Width and height of a cell.
    limits
        Minutes, ascending.
    land
        Cells that lie in the place and near a road, shape (rows, columns), the first row in the north. No line is drawn
        between others: the sea is no border of a reach.
    classes
        By site code the position of the first limit that each cell is within, `len(limits)` beyond all and off the
        land; int8, shape (rows, columns).
    """

    west: float
    north: float
    cell_m: float
    limits: tuple[int, ...]
    land: NDArray[np.bool_]
    classes: dict[str, NDArray[np.int8]]


@dataclass(frozen=True)
class Backdrop:
    """Roads behind a map and the reach of its hubs.

    Parameters
    ----------
    roads
        By kind, the most important first: lines in metres, simplified.
    reach
        How far one gets from the hubs.
    attribution
        Whose data the roads are; empty for made-up ones.
    """

    roads: dict[str, NDArray[np.object_]]
    reach: Reach
    attribution: str


def backdrop_of(ready: Prepared, site_codes: Iterable[str]) -> Backdrop | None:
    """The roads of a case as a backdrop, with the reach of some sites; None where no roads were used.

    Parameters
    ----------
    ready
        The case.
    site_codes
        The hubs.
    """
    if ready.times.method.estimate or not len(ready.place.areas):
        return None
    network = network_of_case(ready.place, ready.settings.roads, ready.case_dir)
    attribution = "" if ready.place.made_up else f"Roads {OPENSTREETMAP}"
    return Backdrop(
        main_roads(network, _frame(ready.place, MARGIN_M)), reach_of(network, ready.place, site_codes), attribution
    )


def _frame(place: Place, margin_m: float) -> tuple[float, float, float, float]:
    """The box around homes, sites and outlines (minx, miny, maxx, maxy), metres."""
    points = points_of(place)
    homes = homes_of(place, points)
    boxes = np.array(
        [
            shapely.total_bounds(place.areas.geometry.to_numpy()),
            shapely.total_bounds(shapely.points(np.append(homes.x, points.site_x), np.append(homes.y, points.site_y))),
        ]
    )
    west, south = np.nanmin(boxes[:, :2], axis=0) - margin_m
    east, north = np.nanmax(boxes[:, 2:], axis=0) + margin_m
    return float(west), float(south), float(east), float(north)


def main_roads(network: RoadNetwork, within: tuple[float, float, float, float]) -> dict[str, NDArray[np.object_]]:
    """Main roads of a network inside a box, joined to long lines and simplified; few enough for a page.

    Parameters
    ----------
    network
        The roads.
    within
        minx, miny, maxx, maxy, metres.
    """
    for tolerance in TOLERANCES_M:
        found = {kind: _lines_of(network, classes, within, tolerance) for kind, classes in KINDS}
        sizes = np.cumsum([shapely.get_num_coordinates(lines).sum() for lines in found.values()])
        if sizes[-1] <= MOST_POINTS:
            break
    return {kind: lines for (kind, lines), size in zip(found.items(), sizes, strict=True) if size <= MOST_POINTS}


def _lines_of(
    network: RoadNetwork, classes: tuple[str, ...], within: tuple[float, float, float, float], tolerance: float
) -> NDArray[np.object_]:
    wanted = np.isin(network.road_class, [ROAD_CLASSES.index(name) for name in classes])
    size = np.diff(network.geometry_offset)
    if not wanted.any():
        return np.zeros(0, dtype=object)
    which = np.repeat(np.arange(int(wanted.sum())), size[wanted])
    lines = shapely.linestrings(network.geometry_xy[np.repeat(wanted, size)], indices=which)
    lines = shapely.clip_by_rect(shapely.MultiLineString(list(lines)), *within)
    parts = shapely.get_parts(shapely.line_merge(lines))
    simple = shapely.simplify(parts[shapely.get_type_id(parts) == shapely.GeometryType.LINESTRING], tolerance)
    return simple[shapely.length(simple) > 2 * tolerance]


def reach_of(network: RoadNetwork, place: Place, site_codes: Iterable[str]) -> Reach:
    """How far one gets to each site: the minutes from the middle of each cell, counted as those of an area.

    Parameters
    ----------
    network
        The roads.
    place
        The place; the grid covers it.
    site_codes
        The sites.
    """
    west, south, east, north = _frame(place, 0.0)
    cell = max(CELL_M, CELL_M * np.ceil(np.sqrt((east - west) * (north - south) / MOST_CELLS) / CELL_M))
    # whole cells of the national grid, so that the picture does not move with a single point
    west, south = np.floor(np.array([west, south]) / cell) * cell
    east, north = np.ceil(np.array([east, north]) / cell) * cell
    columns, rows = round((east - west) / cell) or 1, round((north - south) / cell) or 1
    x, y = np.meshgrid(west + (np.arange(columns) + 0.5) * cell, north - (np.arange(rows) + 0.5) * cell)
    codes = sorted(set(site_codes))
    spots = place.sites.geometry.loc[codes]
    middles = snap(network, x.ravel(), y.ravel(), BESIDE_M)
    ends = snap(network, spots.x.to_numpy(), spots.y.to_numpy())
    ms = milliseconds_between(network, middles, ends, limit_ms=LIMITS[-1] * 60_000.0)
    legs = [np.rint(points.distance_m / network.access_kmh * 3600.0) for points in (middles, ends)]
    minutes = (ms + legs[0][:, None] + legs[1][None, :] + network.journey_ms) / 60_000.0
    by_site = np.searchsorted(LIMITS, minutes.T, side="left").astype(np.int8).reshape(len(codes), rows, columns)
    inside = shapely.STRtree(area_polygons(place.areas)).query(shapely.points(x.ravel(), y.ravel()), "intersects")[0]
    land = np.zeros(rows * columns, dtype=bool)
    land[inside] = True
    land = (land & (middles.road >= 0)).reshape(rows, columns)
    classes = {
        code: np.where(land, _calm(found), np.int8(len(LIMITS))) for code, found in zip(codes, by_site, strict=True)
    }
    return Reach(float(west), float(north), float(cell), LIMITS, land, classes)


def _calm(classes: NDArray[np.int8]) -> NDArray[np.int8]:
    """The same picture without specks: each cell takes the middle value of the nine around it."""
    return ndimage.median_filter(classes, size=3, mode="nearest")
