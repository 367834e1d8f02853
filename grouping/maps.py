"""The maps of a run: shapes for the page, static drawings for paper, and the frame that Folium makes.

The geometry of the areas is embedded once and shared by all options: an option is a list that says which group each
area goes with. Borders between groups follow from it in the browser. Nothing here puts a name into a script: names
travel as data (`grouping.escape.script_data`) and are shown as text.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geodata.catchments import area_polygons
from geodata.place import Place
from grouping.map_parts import (
    DEGREE_UNITS,
    MapFrame,
    MapLayer,
    delta_rings,
    render_frame,
    simplified,
    svg_path,
    to_degrees,
)
from grouping.plan import Plan
from grouping.result import AssessedOption, Run

PALETTE = ("#8fc1e6", "#f4b183", "#9bd3a6", "#e5a6c8", "#dccf6e", "#b7a6e0", "#8fd3cf", "#c9b79c")
"""Light fills on which dark letters keep a contrast of at least 7 to 1; neighbours never share one."""

MINUTE_CLASSES = (10, 15, 20, 30, 45)
MINUTE_COLOURS = ("#e4f0f6", "#b9d8e8", "#82b4d2", "#4b88b5", "#24598c", "#132e55")
"""Six steps from light to dark, so that they keep their order in greyscale."""

NO_ROUTE_COLOUR = "#cfcfcf"
LETTER_HEIGHT = 38
"""Height of the letters of a static drawing, in drawing units."""

DRAWING_WIDTH = 2_000
"""Width of the static drawing in its own units; heights follow the shape of the place."""


# -------------------------------------------------------------------------------------------------------------- shapes


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


# ----------------------------------------------------------------------------------------------------- data of the map


def map_data(run: Run, polygons: NDArray[np.object_], colours: Sequence[dict[str, int]]) -> dict[str, object]:
    """Everything the script of the page draws, as plain values for `grouping.escape.script_data`.

    Parameters
    ----------
    run
        The run.
    polygons
        What `drawn_areas` returns.
    colours
        What `group_colours` returns, one per option.
    """
    place = run.place
    west, south, east, north = shapely.total_bounds(_everything(place, polygons))
    corners = to_degrees(np.array([[west, south], [east, north], [west, north], [east, south]]))
    low, high = corners.min(axis=0), corners.max(axis=0)
    sites = place.sites
    codes = list(place.practices.index)
    spots = to_degrees(shapely.get_coordinates(sites.geometry.to_numpy()))
    owner = pd.Index(codes).get_indexer(sites["practice_code"])
    return {
        "units": DEGREE_UNITS,
        "bounds": [[low[1], low[0]], [high[1], high[0]]],
        "palette": PALETTE,
        "minuteClasses": MINUTE_CLASSES,
        "minuteColours": MINUTE_COLOURS,
        "noRoute": NO_ROUTE_COLOUR,
        "estimate": run.times.method.estimate,
        "areas": [
            [code, _text(name), _flag(rural), shape]
            for code, name, rural, shape in zip(
                place.areas.index, place.areas["name"], place.areas["rural"], delta_rings(polygons), strict=True
            )
        ],
        "localities": [
            [str(name), shape]
            for name, shape in zip(place.localities.index, delta_rings(_drawn_localities(place)), strict=True)
        ],
        "practices": [
            [code, _text(row.name), int(row.list_size), _text(row.locality)]
            for code, row in zip(
                codes, place.practices[["name", "list_size", "locality"]].itertuples(False), strict=True
            )
        ],
        "sites": [
            [code, _text(name), kind, int(position), round(lat, 5), round(lon, 5)]
            for code, name, kind, position, (lon, lat) in zip(
                sites.index, sites["name"], sites["kind"], owner, spots, strict=True
            )
        ],
        "options": [
            _option_data(option, place, polygons, colour, codes)
            for option, colour in zip(run.options, colours, strict=True)
        ],
    }


def _option_data(
    option: AssessedOption, place: Place, polygons: NDArray[np.object_], colours: dict[str, int], codes: list[str]
) -> dict[str, object]:
    """One option: the group of every area and practice, minutes by area, and the groups themselves."""
    ids = list(option.groups["group_id"])
    belongs = group_of_area(place, option.option.plan)
    group_of = option.option.plan.group_of
    minutes = option.areas.set_index("area_code").reindex(place.areas.index)
    site_at = pd.Index(place.sites.index)
    members = {group.group_id: group.members for group in option.option.plan.groups}
    groups = []
    labels = to_degrees(np.array(_label_points(polygons, belongs.to_numpy(), ids, place, option)))
    for row, (lon, lat) in zip(option.groups.itertuples(), labels, strict=True):
        groups.append(
            {
                "id": row.group_id,
                "name": row.name,
                "colour": colours[row.group_id],
                "kind": row.kind,
                "size": int(row.list_size),
                "minimum": int(row.minimum),
                "margin": int(row.margin),
                "exception": row.exception,
                "minutes": _one_decimal(row.mean_minutes_to_hub),
                "longest": _one_decimal(row.max_practice_minutes),
                "hub": int(site_at.get_loc(row.hub_site_code)),
                "members": [codes.index(code) for code in members[row.group_id]],
                "label": [round(lat, 5), round(lon, 5)],
            }
        )
    return {
        "id": option.option.option_id,
        "groups": groups,
        "practiceGroup": [ids.index(group_of[code].group_id) if code in group_of else -1 for code in codes],
        "areaGroup": [ids.index(group_id) if group_id else -1 for group_id in belongs],
        "areaHub": [_one_decimal(value) for value in minutes["minutes_hub"]],
        "areaRoutine": [_one_decimal(value) for value in minutes["minutes_routine"]],
    }


def _everything(place: Place, polygons: NDArray[np.object_]) -> NDArray[np.object_]:
    return np.concatenate([polygons, place.sites.geometry.to_numpy()])


def _drawn_localities(place: Place) -> NDArray[np.object_]:
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


def _label_points(
    polygons: NDArray[np.object_], belongs: NDArray[np.object_], ids: list[str], place: Place, option: AssessedOption
) -> list[tuple[float, float]]:
    """Where the letters of each group stand, in metres: the widest spot of its largest part, else its hub."""
    points = []
    hubs = dict(zip(option.groups["group_id"], option.groups["hub_site_code"], strict=True))
    for group_id in ids:
        parts = shapely.get_parts(_dissolved(polygons[belongs == group_id]))
        parts = [part for part in parts if part.geom_type == "Polygon" and not part.is_empty]
        if parts:
            largest = max(parts, key=lambda part: part.area)
            spot = shapely.get_point(shapely.maximum_inscribed_circle(largest, tolerance=50.0), 0)
        else:
            spot = place.sites.geometry[hubs[group_id]]
        points.append((float(spot.x), float(spot.y)))
    return points


def _dissolved(polygons: NDArray[np.object_]) -> shapely.Geometry:
    return shapely.union_all(polygons) if len(polygons) else shapely.Polygon()


def _one_decimal(value: float) -> float | None:
    return round(float(value), 1) if np.isfinite(value) else None


def _text(value: object) -> str:
    return "" if value is None or (isinstance(value, float) and np.isnan(value)) else str(value)


def _flag(value: object) -> int | None:
    return None if pd.isna(value) else int(bool(value))


# ------------------------------------------------------------------------------------------------------ static drawing


@dataclass(frozen=True)
class DrawnGroup:
    """One group of a static drawing, in drawing units.

    Parameters
    ----------
    group_id, colour, path
        Its letters, fill and outline.
    spot, label
        The middle of its area, and where its letters stand: beside it where the middle is crowded.
    hub
        Its hub.
    """

    group_id: str
    colour: str
    path: str
    spot: tuple[int, int]
    label: tuple[int, int]
    hub: tuple[int, int]

    @property
    def apart(self) -> bool:
        """Whether the letters stand so far from the area that a line must join them."""
        return math.hypot(self.label[0] - self.spot[0], self.label[1] - self.spot[1]) > LETTER_HEIGHT


@dataclass(frozen=True)
class DrawnOption:
    """One option of a static drawing."""

    option_id: str
    groups: tuple[DrawnGroup, ...]


@dataclass(frozen=True)
class Drawing:
    """The static maps of a run: what all options share, drawn once, and what differs.

    Parameters
    ----------
    width, height
        Size in drawing units.
    land, localities
        Outlines as SVG path data.
    sites
        Position and kind of each site.
    options
        The groups of each option.
    scale_km, scale_length
        Length of the scale bar, in kilometres and in drawing units.
    main_sites
        Where each practice has its main site.
    """

    width: int
    height: int
    land: str
    localities: str
    sites: tuple[tuple[int, int, str], ...]
    options: tuple[DrawnOption, ...]
    scale_km: int
    scale_length: int
    main_sites: dict[str, tuple[int, int]]


def draw(run: Run, polygons: NDArray[np.object_], colours: Sequence[dict[str, int]]) -> Drawing:
    """Draw the static maps; the parameters are those of `map_data`."""
    place = run.place
    west, south, east, north = shapely.total_bounds(_everything(place, polygons))
    margin = 0.02 * max(east - west, north - south, 1_000.0)
    span_m = max(east - west, 1.0) + 2 * margin
    scale = DRAWING_WIDTH / span_m
    origin = np.array([west - margin, north + margin])

    def path(geometry: shapely.Geometry) -> str:
        return svg_path(geometry, origin, scale)

    def spot(x: float, y: float) -> tuple[int, int]:
        return round((x - origin[0]) * scale), round((origin[1] - y) * scale)

    options = []
    for option, colour in zip(run.options, colours, strict=True):
        belongs = group_of_area(place, option.option.plan).to_numpy()
        ids = list(option.groups["group_id"])
        middles = [spot(*point) for point in _label_points(polygons, belongs, ids, place, option)]
        hubs = [spot(hub.x, hub.y) for hub in place.sites.geometry.loc[option.groups["hub_site_code"]]]
        labels = _letters_apart(middles, hubs, ids)
        groups = tuple(
            DrawnGroup(
                group_id,
                PALETTE[colour[group_id]],
                path(_dissolved(polygons[belongs == group_id])),
                middle,
                label,
                hub,
            )
            for group_id, middle, label, hub in zip(ids, middles, labels, hubs, strict=True)
        )
        options.append(DrawnOption(option.option.option_id, groups))
    scale_km = max((km for km in (1, 2, 5, 10, 20, 50) if km * 1_000 <= span_m / 4), default=1)
    return Drawing(
        DRAWING_WIDTH,
        round((max(north - south, 1.0) + 2 * margin) * scale),
        path(_dissolved(polygons)),
        "".join(path(shape) for shape in _drawn_localities(place)),
        tuple(
            (*spot(point.x, point.y), kind)
            for point, kind in zip(place.sites.geometry, place.sites["kind"], strict=True)
        ),
        tuple(options),
        scale_km,
        round(scale_km * 1_000 * scale),
        {str(code): spot(point.x, point.y) for code, point in place.practices.geometry.items()},
    )


def _letters_apart(
    middles: list[tuple[int, int]], hubs: list[tuple[int, int]], ids: list[str]
) -> list[tuple[int, int]]:
    """Put the letters of each group near the middle of its area, where they cover no others and no hub.

    One after the other: the spot with the least cost among the middle and five rings round it. The page's script does
    the same at every zoom.
    """
    placed: list[tuple[int, int]] = []
    wide = 0.62 * LETTER_HEIGHT * max((len(group_id) for group_id in ids), default=3) + 14
    rings = [(0.0, 0.0)] + [
        (1.5 * r * math.cos(math.pi * k / 8), r * math.sin(math.pi * k / 8))
        for r in (0.9, 1.5, 2.3, 3.2, 4.3)
        for k in range(16)
    ]
    for x, y in middles:

        def cost(step: tuple[float, float], x: int = x, y: int = y) -> float:
            at_x, at_y = x + step[0] * LETTER_HEIGHT, y + step[1] * LETTER_HEIGHT
            letters = sum(abs(at_x - px) < wide and abs(at_y - py) < 1.15 * LETTER_HEIGHT for px, py in placed)
            marks = sum(abs(at_x - px) < wide / 2 + 18 and abs(at_y - py) < LETTER_HEIGHT / 2 + 18 for px, py in hubs)
            return 100 * letters + 1.5 * marks + math.hypot(*step)

        step = min(rings, key=cost)
        placed.append((round(x + step[0] * LETTER_HEIGHT), round(y + step[1] * LETTER_HEIGHT)))
    return placed


# ------------------------------------------------------------------------------------------------------ Folium's frame


LAYERS = (
    ("areas", "Areas"),
    ("borders", "Group borders"),
    ("localities", "Localities"),
    ("sites", "Practice sites"),
    ("hubs", "Hubs"),
    ("labels", "Group labels"),
)
"""Layers of the map from bottom to top, with the names shown in its layer list."""


def folium_frame(run: Run) -> MapFrame:
    """Render the frame of the interactive map with Folium: map, layers, layer list, scale; no tiles, no names."""
    localities = len(run.place.localities) > 0
    layers = [MapLayer(key, title, show=key != "localities" or localities) for key, title in LAYERS]
    return render_frame("blueprint", _middle(run.place), layers, "startBlueprintMap", max_zoom=16, min_zoom=6)


def _middle(place: Place) -> tuple[float, float]:
    west, south, east, north = shapely.total_bounds(place.sites.geometry.to_numpy())
    lon, lat = to_degrees(np.array([[(west + east) / 2, (south + north) / 2]]))[0]
    return round(float(lat), 5), round(float(lon), 5)
