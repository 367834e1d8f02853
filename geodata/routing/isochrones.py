"""How far one gets: polygons of what lies within some minutes of each site, and the areas that do.

The polygons are for the eye. What a table or a count says comes from the times themselves (`areas_inside`).

How a polygon is made. The time at every node tells, for each road, from which place on it the site is within the
limit: a place is inside when its quickest allowed way is, in either direction, and roads are cut there. A time is
spread evenly along its road, as the matrices spread it, the delay at the junction included. Homes stand beside roads,
so each reached part is widened to both sides by the distance that the time left allows at the speed of the way to the
road, at most `WIDEST_M`, in the steps of `WIDTHS_M`. Then gaps narrower than twice `CLOSING_M` are closed, holes under
`HOLE_M2` filled, and the borders of all limits simplified together, so that each polygon exactly holds those before it.
Roads on which nobody can live (motorways, tunnels, ferries) and roads that are cut off are passed over.

Strips are united square by square, and squares that are reached whole are made once for all sites and limits. On 2
cores, five limits of a site take 0.5 s on the 5,700 roads of the Isle of Wight and 25 s where they cover 200,000 roads;
a single buffer around all lines would take fifty times as long, and a grid fine enough for lanes be no quicker.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geodata.place import BRITISH_NATIONAL_GRID
from geodata.roads.network import RoadNetwork
from geodata.routing.drawing import RoadPoints, RoadShapes
from geodata.routing.matrix import node_ms
from geodata.routing.snapping import joinable_roads
from geodata.travel import TravelTimes

MINUTES = (5.0, 10.0, 15.0, 20.0, 30.0)

ANY = ""
"""The code of the rows of the nearest of all sites: no point has an empty code, so that none can be taken for it."""

WIDEST_M = 200.0
"""No home further from a road than this is drawn inside. Most homes are nearer; what lies between two reached roads is
mostly inside anyway."""

WIDTHS_M = (WIDEST_M, 100.0, 50.0, 10.0)
"""From the widest strip to the narrowest, which stands for the road itself and asks for no time left."""

CLOSING_M = 50.0
HOLE_M2 = 200_000.0
"""Holes of 20 hectares and more are kept."""

IN_WORDS = (
    f"Isochrones are drawn along roads that people can live beside: open land more than {WIDEST_M:g} m from such a "
    f"road is left out, but for gaps narrower than {2 * CLOSING_M:g} m and holes under {HOLE_M2 / 10_000:g} hectares."
)
"""What a reader of the polygons must know; said wherever they are shown."""

SIMPLE_M = 5.0
"""How much simpler the lines of roads, and the borders, may be than they are; below the narrowest strip."""

SQUARE_M = 2000.0
GRID_M = 0.5
CORNERS = 4
"""Segments in a quarter of a round end."""

AT_ONCE = 8
"""Sites whose times at all nodes are held at a time."""


def isochrones(
    network: RoadNetwork,
    sites: RoadPoints,
    minutes: Sequence[float] = MINUTES,
    *,
    towards: bool = True,
    access_ms: NDArray[np.float64] | None = None,
    alone: Sequence[int] | None = None,
) -> gpd.GeoDataFrame:
    """Polygons of what lies within some minutes of each site, and of the nearest of them all.

    Parameters
    ----------
    network
        The roads.
    sites
        P sites. One that is joined to no road reaches nothing.
    minutes
        The limits.
    towards
        From home to the site; else from the site.
    access_ms
        Milliseconds that each site adds to every journey, shape (P,); by default the way between the road and the
        site and what every journey takes (parking), as the matrices count them.
    alone
        Positions of the sites that get polygons of their own; all by default.

    Returns
    -------
    EPSG:27700; one row for each such site in its order and each limit in ascending order, then the rows of the nearest
    of all: columns `site_code` (empty for the nearest of all), `minutes`, `nearest_of_all`, `km2` and multipolygons
    (empty where nothing is reached). The polygon of a limit holds those of the smaller limits of the same site.

    Raises
    ------
    ValueError
        A limit is not a positive number, or there is none.
    """
    limits = _limits(minutes)
    start = sites.access_ms(network) + network.journey_ms if access_ms is None else np.asarray(access_ms, dtype=float)
    strips = _Strips(network)
    every = range(len(sites.codes))
    wanted = np.isin(every, every if alone is None else list(alone))
    all_nodes = np.full(len(network.node_x), np.inf)
    shapes: list[NDArray[np.object_]] = []
    for low in range(0, len(sites.codes), AT_ONCE):
        which = np.arange(low, min(low + AT_ONCE, len(sites.codes)))
        some = sites.some(which)
        at_nodes = node_ms(network, some.snapped, towards=towards, limit_ms=limits[-1]) + start[which, None]
        for site, row in zip(which, at_nodes, strict=True):
            all_nodes = np.minimum(all_nodes, row)
            if wanted[site]:
                own = _Own.of(network, sites, start, np.array([site]), towards=towards)
                shapes.append(strips.polygons(_Reach.of(network, strips.roads, row, own, towards=towards), limits))
    everyone = _Own.of(network, sites, start, np.arange(len(sites.codes)), towards=towards)
    shapes.append(strips.polygons(_Reach.of(network, strips.roads, all_nodes, everyone, towards=towards), limits))
    geometry = np.concatenate(shapes)
    codes = [*(sites.codes[site] for site in np.flatnonzero(wanted)), ANY]
    columns = {
        "site_code": np.repeat(np.array(codes, dtype=object), len(limits)),
        "minutes": np.tile(limits / 60_000.0, len(shapes)),
        "nearest_of_all": np.repeat(np.arange(len(codes)) == len(codes) - 1, len(limits)),
        "km2": np.round(shapely.area(geometry) / 1e6, 3),
    }
    return gpd.GeoDataFrame(columns, geometry=geometry, crs=BRITISH_NATIONAL_GRID)


def areas_inside(times: TravelTimes, minutes: Sequence[float] = MINUTES) -> pd.DataFrame:
    """Areas within each limit of each site, by the time of the area itself and not by a polygon.

    Parameters
    ----------
    times
        The matrices.
    minutes
        The limits.

    Returns
    -------
    One row for each limit, site and area inside it, in the order of limits, then of the sites (the nearest of all
    last), then of the areas: columns `area_code`, `site_code` (empty for the nearest of all), `nearest_of_all`,
    `minutes_limit`, `minutes`.

    Raises
    ------
    ValueError
        A limit is not a positive number, or there is none.
    """
    limits = _limits(minutes) / 60_000.0
    nearest = times.area_to_site.min(axis=1, initial=np.inf)
    by_site = np.column_stack((times.area_to_site, nearest)).T
    inside = [np.nonzero(by_site <= limit) for limit in limits]
    at = np.repeat(np.arange(len(limits)), [len(site) for site, _ in inside])
    site, area = (np.concatenate(column) for column in zip(*inside, strict=True))
    return pd.DataFrame(
        {
            "area_code": np.array(times.area_codes, dtype=object)[area],
            "site_code": np.array([*times.site_codes, ANY], dtype=object)[site],
            "nearest_of_all": site == len(times.site_codes),
            "minutes_limit": limits[at],
            "minutes": by_site[site, area],
        }
    )


def _limits(minutes: Sequence[float]) -> NDArray[np.float64]:
    """The limits in milliseconds, each once, in ascending order."""
    limits = np.unique(np.asarray(minutes, dtype=float)) * 60_000.0
    if not len(limits) or not np.all(np.isfinite(limits) & (limits > 0)):
        raise ValueError("limits of time are numbers of minutes above 0")
    return limits


# ------------------------------------------------------------------------------------------------- how far each road is


@dataclass(frozen=True)
class _Own:
    """K sites, for those who share a road with one and pass no node between.

    Milliseconds that the site adds, and of the whole road in the direction in which a traveller goes who is at a lower
    share of it than the site, and at a higher one; `inf` where that is not allowed.
    """

    road: NDArray[np.int64]
    share: NDArray[np.float64]
    start: NDArray[np.float64]
    whole_low: NDArray[np.float64]
    whole_high: NDArray[np.float64]

    @classmethod
    def of(
        cls, network: RoadNetwork, sites: RoadPoints, start: NDArray[np.float64], which: NDArray, *, towards: bool
    ) -> _Own:
        which = which[sites.snapped.road[which] >= 0]
        road = sites.snapped.road[which]
        ahead, back = _open(network.road_ms_forward[road]), _open(network.road_ms_backward[road])
        low, high = (ahead, back) if towards else (back, ahead)
        return cls(road, sites.snapped.share[which], start[which], low, high)


@dataclass(frozen=True)
class _Reach:
    """How each of J roads is reached by its two ends.

    Milliseconds at the lower end for those who pass it, and of the whole road in their direction, `inf` where that is
    not allowed; the same for the higher end.
    """

    low: NDArray[np.float64]
    low_whole: NDArray[np.float64]
    high: NDArray[np.float64]
    high_whole: NDArray[np.float64]
    own: _Own

    @classmethod
    def of(
        cls, network: RoadNetwork, roads: NDArray[np.int64], at_nodes: NDArray[np.float64], own: _Own, *, towards: bool
    ) -> _Reach:
        ahead, back = _open(network.road_ms_forward[roads]), _open(network.road_ms_backward[roads])
        if towards:  # going home to site, the lower end is passed by those who drive backward
            at_low, at_high = at_nodes[network.arrive_backward[roads]], at_nodes[network.arrive_forward[roads]]
            return cls(at_low, back, at_high, ahead, own)
        # Coming from the site, a road may be entered from any copy of its end that allows the turn.
        at_low, at_high = at_nodes[network.road_from], at_nodes[network.road_to]
        forward, turned = network.turn_forward, at_nodes[network.turn_from]
        np.minimum.at(at_low, network.turn_road[forward], turned[forward])
        np.minimum.at(at_high, network.turn_road[~forward], turned[~forward])
        return cls(at_low[roads], ahead, at_high[roads], back, own)

    def shares(self, limit_ms: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Up to which share from the lower end, and from which share on, each road is within the limit."""
        return (
            _share(limit_ms - self.low, self.low_whole),
            1.0 - _share(limit_ms - self.high, self.high_whole),
        )


def _open(ms: NDArray[np.int64]) -> NDArray[np.float64]:
    return np.where(ms >= 0, ms, np.inf).astype(float)


def _share(left: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share of a road that the time left allows, 0 to 1; nothing where the road is not allowed or not reached."""
    usable = np.isfinite(whole) & (left > 0)
    return np.minimum(np.divide(left, whole, out=np.zeros(len(left)), where=usable), 1.0)


# -------------------------------------------------------------------------------------------------------- to polygons


class _Strips:
    """Strips along the roads that homes may stand at; those of whole roads and of whole squares are made once."""

    def __init__(self, network: RoadNetwork) -> None:
        usable = (network.road_ms_forward >= 0) | (network.road_ms_backward >= 0)
        self.roads = joinable_roads(network)
        self.roads = self.roads[usable[self.roads]]
        self._shapes = RoadShapes(network)
        self._metres_per_ms = network.access_kmh / 3600.0
        self._squares: dict[int, shapely.Geometry] = {}

    @cached_property
    def _whole(self) -> NDArray[np.object_]:
        """Widest strip of every road."""
        return _strip(self._shapes.whole(self.roads), WIDEST_M)

    @cached_property
    def _square(self) -> NDArray[np.int64]:
        """Square that each road belongs to, by the middle of its bounds."""
        west, south, east, north = shapely.bounds(self._whole).T
        place = np.column_stack(((west + east) // (2 * SQUARE_M), (south + north) // (2 * SQUARE_M)))
        return np.unique(place, axis=0, return_inverse=True)[1].ravel()

    def polygons(self, reach: _Reach, limits: NDArray[np.float64]) -> NDArray[np.object_]:
        """Multipolygons of the limits, each holding those before it."""
        if not len(self.roads):
            return np.repeat(shapely.MultiPolygon(), len(limits))
        return _nested([self._closed(reach, limit) for limit in limits])

    def _closed(self, reach: _Reach, limit_ms: float) -> shapely.Geometry:
        return shapely.buffer(shapely.union_all(self._reached(reach, limit_ms)), -CLOSING_M, quad_segs=CORNERS)

    def _reached(self, reach: _Reach, limit_ms: float) -> NDArray[np.object_]:
        """Strips along all that is reached, each wider by the closing, which is taken off the union again."""
        strips = []
        done = np.zeros(len(self.roads), dtype=bool)
        for width in WIDTHS_M:
            left = limit_ms - (0.0 if width == WIDTHS_M[-1] else width / self._metres_per_ms)
            to_low, from_high = reach.shares(left)
            whole = (to_low >= from_high) & ~done
            if width == WIDEST_M:
                strips.append(self._whole_roads(whole))
            else:
                strips.append(_strip(self._shapes.whole(self.roads[whole]), width))
            first, last = (
                np.flatnonzero(~whole & ~done & (to_low > 0)),
                np.flatnonzero(~whole & ~done & (from_high < 1)),
            )
            parts = [
                (self.roads[first], np.zeros(len(first)), to_low[first]),
                (self.roads[last], from_high[last], np.ones(len(last))),
                _along_own(reach.own, left),
            ]
            strips.append(
                _strip(self._shapes.cut(*(np.concatenate(column) for column in zip(*parts, strict=True))), width)
            )
            done |= whole
        return np.concatenate(strips)

    def _whole_roads(self, whole: NDArray[np.bool_]) -> NDArray[np.object_]:
        """Widest strips of these roads: by whole squares where all their roads are among them."""
        size = np.bincount(self._square)
        full = np.bincount(self._square[whole], minlength=len(size)) == size
        single = whole & ~full[self._square]
        return np.concatenate((self._whole[single], [self._square_strip(square) for square in np.flatnonzero(full)]))

    def _square_strip(self, square: int) -> shapely.Geometry:
        if square not in self._squares:
            self._squares[square] = shapely.union_all(self._whole[self._square == square])
        return self._squares[square]


def _along_own(own: _Own, left_ms: float) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Parts of the sites' own roads within the time left."""
    left = left_ms - own.start
    begin, end = own.share - _share(left, own.whole_low), own.share + _share(left, own.whole_high)
    some = end > begin
    return own.road[some], np.maximum(begin, 0.0)[some], np.minimum(end, 1.0)[some]


def _strip(lines: NDArray[np.object_], width: float) -> NDArray[np.object_]:
    return shapely.buffer(shapely.simplify(lines, SIMPLE_M), width + CLOSING_M, quad_segs=CORNERS)


def _nested(shapes: list[shapely.Geometry]) -> NDArray[np.object_]:
    """The same shapes, simpler and without small holes, each holding those before it to the last digit.

    All borders together cut the plane into faces; each face belongs to the first shape it lies in. Faces that meet
    share their points, also after they are simplified together, so that unions of them are nested exactly.
    """
    borders = shapely.union_all(shapely.boundary(np.array(shapes)), grid_size=GRID_M)
    faces = shapely.get_parts(shapely.polygonize(shapely.get_parts(borders)))
    band = np.full(len(faces), len(shapes))
    inner = shapely.point_on_surface(faces)
    for number in reversed(range(len(shapes))):
        shapely.prepare(shapes[number])
        band[shapely.contains_properly(shapes[number], inner)] = number
    # Later shapes hold earlier ones but for roundings, so that the first shape a face lies in decides.
    bands = np.array([_united(faces[band == number]) for number in range(len(shapes))])
    bands = shapely.coverage_simplify(bands, SIMPLE_M)
    return np.array([_without_small_holes(_united(bands[: n + 1])) for n in range(len(shapes))])


def _united(faces: NDArray[np.object_]) -> shapely.Geometry:
    there = faces[~shapely.is_empty(faces)]
    return shapely.coverage_union_all(there) if len(there) else shapely.MultiPolygon()


def _without_small_holes(shape: shapely.Geometry) -> shapely.MultiPolygon:
    parts = shapely.get_parts(shape)
    parts = parts[shapely.get_type_id(parts) == shapely.GeometryType.POLYGON]
    filled = np.array([_filled(part) for part in parts], dtype=object)
    if not len(filled):
        return shapely.MultiPolygon()
    # What lay in a hole that is filled now is part of what surrounds it.
    mended = np.flatnonzero(shapely.get_num_interior_rings(filled) < shapely.get_num_interior_rings(parts))
    outer, inner = shapely.STRtree(filled).query(filled[mended], predicate="contains")
    keep = np.ones(len(filled), dtype=bool)
    keep[inner[inner != mended[outer]]] = False
    return shapely.normalize(shapely.MultiPolygon(list(filled[keep])))


def _filled(part: shapely.Polygon) -> shapely.Polygon:
    rings = [ring for ring in part.interiors if shapely.Polygon(ring).area >= HOLE_M2]
    return shapely.Polygon(part.exterior, rings)
