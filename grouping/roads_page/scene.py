"""The map of the roads: each by the source of its speed, how points are joined to them, and what lies within minutes.

Colour never speaks alone: every source of speed has its own line as well, isochrones carry their minutes, sites are
squares and origins are circles.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geodata.osm.tags import KMH_PER_MPH, ROAD_CLASSES
from geodata.road_times import FAR_M
from geodata.roads.network import RoadNetwork
from geodata.routing.drawing import SOURCE_WORDS, RoadPoints
from grouping.maps.parts import (
    DEGREE_UNITS,
    MapFrame,
    MapLayer,
    delta_rings,
    render_frame,
    svg_path,
    to_degrees,
)
from grouping.roads_page.drawn import (
    CLOSED,
    CUT_OFF,
    Bounds,
    DrawnRoads,
    drawn_roads,
    merged,
    packed,
    packed_lines,
    still_lines,
)

DRAWING_WIDTH = 2_000
STILL_POINTS = 60_000
MOST_ORIGINS = 4_000
"""Origins drawn at most; those furthest from a road come first."""

MAIN_CLASSES = ROAD_CLASSES.index("secondary_link")
LEAST_SPAN_M = 4_000.0

BAND_COLOURS = ("#e3a72f", "#efc465", "#f6dc9b", "#faecc6", "#fdf6e4")
"""From near to far; light enough for the lines of the roads on them. More limits than five share the last."""


@dataclass(frozen=True)
class LineStyle:
    """How the lines of one kind are drawn: words, colour, dashes in pixels, width in pixels."""

    words: str
    colour: str
    dashes: str
    width: float


LINE_STYLES = (
    LineStyle(SOURCE_WORDS["maxspeed"], "#0b4f8a", "", 2.2),
    LineStyle(SOURCE_WORDS["named limit"], "#00695c", "12 3", 2.2),
    LineStyle(SOURCE_WORDS["class, built-up"], "#a34700", "5 3", 1.8),
    LineStyle(SOURCE_WORDS["class, rural"], "#7b2d8b", "2 3", 2.0),
    LineStyle(SOURCE_WORDS["ferry"], "#263238", "10 4 2 4", 2.2),
    LineStyle("cut off from the rest: not used", "#c4161c", "", 4.5),
    LineStyle("closed, or a ferry that does not run", "#17222c", "2 5", 4.5),
)
"""By source of speed, then `CUT_OFF` and `CLOSED`; contrast to white at least 4.5 to 1."""


@dataclass(frozen=True)
class ShownPoints:
    """P points of the page: origins or sites.

    Parameters
    ----------
    points
        Codes, places, and where they are joined to the roads.
    names
        What each is called; may be empty.
    word
        What one of them is, such as `area`.
    """

    points: RoadPoints
    names: tuple[str, ...]
    word: str = "point"

    @property
    def metres(self) -> NDArray[np.float64]:
        """Metres to the nearest road; `inf` where there is none."""
        return self.points.snapped.distance_m

    @property
    def joined(self) -> NDArray[np.bool_]:
        """Whether each is joined to a road."""
        return self.points.snapped.road >= 0

    def __len__(self) -> int:
        return len(self.points.codes)


@dataclass(frozen=True)
class RoadScene:
    """Everything that is drawn.

    Parameters
    ----------
    network
        The roads as they were timed.
    origins, sites
        Where journeys begin and end.
    nearest_minutes
        From each origin to its nearest site; `inf` where there is no way; NaN where not known; shape (A,).
    isochrones
        What `geodata.routing.isochrones.isochrones` gives, or None.
    outlines
        Outlines of the areas, metres; may be empty.
    back
        Whether journeys run from the sites to the origins.
    homes
        The points that were timed where an origin is an area with several; None where origins are points themselves.
    """

    network: RoadNetwork
    origins: ShownPoints
    sites: ShownPoints
    nearest_minutes: NDArray[np.float64]
    isochrones: gpd.GeoDataFrame | None
    outlines: NDArray[np.object_]
    back: bool = False
    homes: ShownPoints | None = None

    @property
    def starts(self) -> ShownPoints:
        """The points that are joined to roads and drawn: the homes, or else the origins."""
        return self.origins if self.homes is None else self.homes

    @property
    def bounds(self) -> Bounds:
        """The box of the points and outlines, or of the roads where there are none; at least 4 km wide."""
        points = np.concatenate([np.column_stack((one.points.x, one.points.y)) for one in (self.starts, self.sites)])
        shapes = np.concatenate((shapely.points(points), self.outlines)) if len(points) else self.outlines
        if len(shapes):
            west, south, east, north = shapely.total_bounds(shapes)
        else:
            (west, south), (east, north) = self.network.geometry_xy.min(axis=0), self.network.geometry_xy.max(axis=0)
        more_x, more_y = (max(LEAST_SPAN_M - (high - low), 0.0) / 2 for low, high in ((west, east), (south, north)))
        return float(west - more_x), float(south - more_y), float(east + more_x), float(north + more_y)

    @property
    def span_m(self) -> float:
        """The longer side of the box."""
        west, south, east, north = self.bounds
        return max(east - west, north - south)


def band_colour(position: int) -> str:
    """Fill of the limit at this position, the smallest first."""
    return BAND_COLOURS[min(position, len(BAND_COLOURS) - 1)]


def isochrone_limits(scene: RoadScene) -> list[float]:
    """Minutes of the isochrones, ascending."""
    return [] if scene.isochrones is None else sorted({float(value) for value in scene.isochrones["minutes"]})


# ----------------------------------------------------------------------------------------------------- data of the map


def map_data(scene: RoadScene, drawn: DrawnRoads) -> dict[str, object]:
    """Everything the script of the page draws, as plain values for `grouping.escape.script_data`."""
    network = scene.network
    west, south, east, north = scene.bounds
    corners = to_degrees(np.array([[west, south], [east, north], [west, north], [east, south]]))
    low, high = corners.min(axis=0), corners.max(axis=0)
    names, name_at = np.unique(network.facts.name[drawn.road], return_inverse=True)
    name_of = dict(zip(drawn.road.tolist(), name_at.tolist(), strict=True))
    kinds = [kind for kind in range(len(LINE_STYLES)) if (drawn.kind == kind).any()]
    return {
        "units": DEGREE_UNITS,
        "bounds": [[low[1], low[0]], [high[1], high[0]]],
        "farM": FAR_M,
        "styles": [[style.words, style.colour, style.dashes, style.width] for style in LINE_STYLES],
        "mainClasses": MAIN_CLASSES,
        "classes": [class_words(name) for name in ROAD_CLASSES],
        "names": [network.names[name] for name in names],
        "roads": {str(kind): _roads_of(network, drawn, kind, name_of) for kind in kinds},
        "land": [shape for shape in delta_rings(_rough(scene.outlines, scene.span_m)) if shape],
        "limits": isochrone_limits(scene),
        "bandColours": [band_colour(position) for position in range(len(isochrone_limits(scene)))],
        "around": _around(scene),
        "words": [scene.starts.word, scene.sites.word],
        # minutes are those of the origins: a point inside an area has none of its own
        "origins": _points_of(scene.starts, scene.nearest_minutes if scene.homes is None else None, MOST_ORIGINS),
        "sites": _points_of(scene.sites, None, MOST_ORIGINS),
        "gaps": [
            [key, round(gap["length_m"], 1), *_latlon(gap["easting"], gap["northing"])]
            for key in ("bridges", "open_gaps")
            for gap in network.summary.get(key, ())
        ],
    }


CLASS_WORDS = {
    "trunk": "trunk road",
    "primary": "A road",
    "secondary": "B road",
    "tertiary": "through road",
    "unclassified": "minor road or lane",
    "residential": "residential street",
    "living_street": "home zone",
    "service": "service road",
    "pedestrian": "pedestrian street",
}


def class_words(name: str) -> str:
    """A class of OpenStreetMap in plain words, with its own name where the words differ from it."""
    if name.endswith("_link"):
        return f"slip road ({name})"
    return f"{CLASS_WORDS[name]} ({name})" if name in CLASS_WORDS else name


def _roads_of(network: RoadNetwork, drawn: DrawnRoads, kind: int, name_of: dict[int, int]) -> dict[str, str]:
    """The roads of one kind, column by column, as packed numbers."""
    road, xy, size = drawn.of_kind(kind)
    ahead, back = network.road_ms_forward[road] >= 0, network.road_ms_backward[road] >= 0
    kmh = np.where(ahead | back, network.road_kmh[road], 0.0)
    limit = np.where(ahead, network.facts.limit_kmh[0, road], network.facts.limit_kmh[1, road])
    flags = (ahead != back) + 2 * network.facts.toll[road] + 4 * network.facts.built_up[road]
    flags = flags + 8 * network.road_source[road].astype(np.int64)  # cut off and closed roads have one as well
    return {
        "size": packed(size),
        "xy": packed_lines(xy, size),
        "cls": packed(network.road_class[road]),
        "name": packed(np.array([name_of[one] for one in road.tolist()], dtype=np.int64)),
        "kmh": packed(np.rint(kmh).astype(np.int64)),
        "limit": packed(np.nan_to_num(np.rint(limit / KMH_PER_MPH)).astype(np.int64)),
        "flags": packed(flags.astype(np.int64)),
        "metres": packed(np.rint(network.road_length_m[road]).astype(np.int64)),
        "way": packed(network.facts.way_id[road]),
    }


def _rough(shapes: NDArray[np.object_], span_m: float) -> NDArray[np.object_]:
    """Outlines with less detail, each by itself: only to find one's way by."""
    return shapely.simplify(shapes, float(np.clip(span_m / 2_000, 2.0, 100.0))) if len(shapes) else shapes


def _around(scene: RoadScene) -> list[dict[str, object]]:
    """Isochrones by the site they are around: its code, and for each limit minutes, outline and place of the words."""
    if scene.isochrones is None:
        return []
    found = []
    tolerance = float(np.clip(scene.span_m / 4_000, 5.0, 50.0))
    for code, rows in _by_site(scene.isochrones):
        shapes = shapely.simplify(rows.geometry.to_numpy(), tolerance, preserve_topology=False)
        bands = [
            [float(minutes), rings, _label(shape, number)]
            for number, (minutes, shape, rings) in enumerate(
                zip(rows["minutes"], shapes, delta_rings(shapes), strict=True)
            )
        ]
        found.append({"code": code, "bands": bands})
    return found


def _by_site(isochrones: gpd.GeoDataFrame) -> list[tuple[str, gpd.GeoDataFrame]]:
    """Rows by site, those of the nearest of all first, then in their order."""
    grouped = isochrones.groupby(["nearest_of_all", "site_code"], sort=False)
    parts = [(of_all, str(code), rows) for (of_all, code), rows in grouped]
    return [(code, rows) for _, code, rows in sorted(parts, key=lambda part: not part[0])]


def _label(shape: shapely.Geometry, number: int) -> list[float] | None:
    """Where the words of an outline stand: on its largest part, at another bearing for each limit."""
    parts = [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon" and not part.is_empty]
    if not parts:
        return None
    ring = shapely.get_coordinates(max(parts, key=lambda part: part.area).exterior)
    bearing = math.radians(40.0 * number - 80.0)
    x, y = ring[np.argmax(ring @ [math.sin(bearing), math.cos(bearing)])]
    return _latlon(x, y)


def _points_of(shown: ShownPoints, minutes: NDArray[np.float64] | None, most: int) -> dict[str, object]:
    """Points column by column; where there are too many, those furthest from a road."""
    order = np.lexsort((np.arange(len(shown)), -shown.metres))[:most]
    which = np.sort(order)
    snapped = shown.points.snapped
    spots = to_degrees(np.column_stack((shown.points.x, shown.points.y))[which].reshape(-1, 2))
    feet = to_degrees(np.column_stack((snapped.x, snapped.y))[which].reshape(-1, 2))
    return {
        "code": [shown.points.codes[i] for i in which],
        "name": [shown.names[i] for i in which],
        "lat": np.round(spots[:, 1], 5).tolist(),
        "lon": np.round(spots[:, 0], 5).tolist(),
        "footLat": np.round(feet[:, 1], 5).tolist(),
        "footLon": np.round(feet[:, 0], 5).tolist(),
        "metres": np.round(shown.metres[which], 1).tolist(),
        "joined": shown.joined[which].astype(int).tolist(),
        "minutes": [] if minutes is None else np.round(minutes[which], 1).tolist(),
        "reached": [] if minutes is None else np.isfinite(minutes[which]).astype(int).tolist(),
    }


def _latlon(x: float, y: float) -> list[float]:
    lon, lat = to_degrees(np.array([[x, y]]))[0]
    return [round(float(lat), 5), round(float(lon), 5)]


# ------------------------------------------------------------------------------------------------------ static drawing


@dataclass(frozen=True)
class DrawnLines:
    """Lines of one kind in the static drawing: SVG path data of main roads and of the others."""

    style: LineStyle
    main: str
    minor: str

    @property
    def dashes(self) -> str:
        """Dashes of the style in drawing units, long enough to be seen on paper."""
        return " ".join(f"{2.2 * float(part):g}" for part in self.style.dashes.split())


@dataclass(frozen=True)
class RoadsDrawing:
    """The static map; lengths in drawing units, shapes as SVG path data.

    Parameters
    ----------
    width, height
        Size.
    land
        Outlines of the areas.
    bands
        Minutes, fill and outline of the isochrones of the nearest site, the widest first.
    lines
        Roads by kind.
    legs, far_legs
        From points to their roads: up to 500 m, and further.
    origins
        Dots of the origins, to be drawn with round ends.
    sites
        Middle of each site.
    scale_km, scale_length
        The scale bar.
    left_out_km
        Kilometres of minor road that the static map leaves out.
    """

    width: int
    height: int
    land: str
    bands: tuple[tuple[float, str, str], ...]
    lines: tuple[DrawnLines, ...]
    legs: str
    far_legs: str
    origins: str
    sites: tuple[tuple[int, int], ...]
    scale_km: int
    scale_length: int
    left_out_km: float


def draw(scene: RoadScene) -> RoadsDrawing:
    """Draw the static map."""
    west, south, east, north = scene.bounds
    margin = 0.03 * scene.span_m
    span = east - west + 2 * margin
    scale = DRAWING_WIDTH / span
    origin = np.array([west - margin, north + margin])
    box = (west - margin, south - margin, east + margin, north + margin)
    roads = drawn_roads(
        scene.network, box, most_points=STILL_POINTS, tolerances_m=(0.7 / scale, 1.5 / scale, 3.0 / scale)
    )

    def spots(x: NDArray[np.float64], y: NDArray[np.float64]) -> list[list[int]]:
        return np.round((np.column_stack((x, y)) - origin) * [scale, -scale]).astype(np.int64).tolist()

    near_legs, far_legs = [], []
    for shown in (scene.starts, scene.sites):
        joined, at, on = shown.joined, shown.points, shown.points.snapped
        starts, ends = spots(at.x[joined], at.y[joined]), spots(on.x[joined], on.y[joined])
        for (x, y), (to_x, to_y), metres in zip(starts, ends, shown.metres[joined], strict=True):
            (far_legs if metres > FAR_M else near_legs).append(f"M{x} {y}L{to_x} {to_y}")
    scale_km = max((km for km in (1, 2, 5, 10, 20, 50) if km * 1_000 <= span / 4), default=1)
    return RoadsDrawing(
        DRAWING_WIDTH,
        round((north - south + 2 * margin) * scale),
        "".join(svg_path(shape, origin, scale) for shape in _rough(scene.outlines, scene.span_m)),
        _still_bands(scene, origin, scale),
        _still_kinds(scene.network, roads, origin, scale),
        "".join(near_legs),
        "".join(far_legs),
        "".join(f"M{x} {y}h0" for x, y in spots(scene.starts.points.x, scene.starts.points.y)),
        tuple((x, y) for x, y in spots(scene.sites.points.x, scene.sites.points.y)),
        scale_km,
        round(scale_km * 1_000 * scale),
        round(sum(part.km for part in roads.left_out), 1),
    )


def _still_bands(scene: RoadScene, origin: NDArray[np.float64], scale: float) -> tuple[tuple[float, str, str], ...]:
    if scene.isochrones is None or not len(scene.isochrones):
        return ()
    rows = _by_site(scene.isochrones)[0][1]
    shapes = shapely.simplify(rows.geometry.to_numpy(), 1.0 / scale, preserve_topology=False)
    bands = [
        (float(minutes), band_colour(position), svg_path(shape, origin, scale))
        for position, (minutes, shape) in enumerate(zip(rows["minutes"], shapes, strict=True))
    ]
    return tuple(reversed(bands))


def _still_kinds(
    network: RoadNetwork, roads: DrawnRoads, origin: NDArray[np.float64], scale: float
) -> tuple[DrawnLines, ...]:
    found = []
    for kind, style in enumerate(LINE_STYLES):
        road, xy, size = roads.of_kind(kind)
        main = network.road_class[road] <= MAIN_CLASSES
        paths = [
            still_lines(*merged(xy[np.repeat(chosen, size)], size[chosen]), origin, scale) for chosen in (main, ~main)
        ]
        if any(paths):
            found.append(DrawnLines(style, *paths))
    return tuple(found)


# ------------------------------------------------------------------------------------------------------ Folium's frame


def folium_frame(scene: RoadScene, drawn: DrawnRoads) -> MapFrame:
    """Render the frame of the map with Folium: map, layers, layer list, scale; no tiles, no names."""
    west, south, east, north = scene.bounds
    centre = tuple(_latlon((west + east) / 2, (south + north) / 2))
    layers = [MapLayer(key, title) for key, title in _layers(scene, drawn)]
    return render_frame("roads", centre, layers, "startRoadsMap", max_zoom=18)


def _layers(scene: RoadScene, drawn: DrawnRoads) -> list[tuple[str, str]]:
    """Layers from bottom to top, with the names shown in the layer list; only those with something in them."""
    gaps = [*scene.network.summary.get("bridges", ()), *scene.network.summary.get("open_gaps", ())]
    begin, end = ("end", "begin") if scene.back else ("begin", "end")
    layers = [("land", "Outlines of the areas")] if len(scene.outlines) else []
    layers += [("bands", f"Within minutes of a {scene.sites.word}")] if isochrone_limits(scene) else []
    for kind, style in enumerate(LINE_STYLES):
        if (drawn.kind == kind).any():
            words = "Roads: " + style.words if kind not in {CUT_OFF, CLOSED} else style.words.capitalize()
            layers.append((f"roads{kind}", words))
    layers += [("legs", "Ways from points to their road")] if len(scene.starts) or len(scene.sites) else []
    layers += [("origins", f"Where journeys {begin} ({scene.starts.word}s)")] if len(scene.starts) else []
    layers += [("gaps", "Gaps in the road file")] if gaps else []
    return layers + ([("sites", f"Where journeys {end} ({scene.sites.word}s)")] if len(scene.sites) else [])
