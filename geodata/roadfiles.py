"""Read drivable ways from OpenStreetMap files, saved osmnx graphs, GeoPackages of lines, or through osmnx by name."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import osmium
import pyogrio
import shapely
from pyproj import Transformer

from geodata.errors import Finding, InputProblems
from geodata.osm import CLASS_INDEX, NODE_BLOCKED, NODE_PLAIN, REVERSED, drivable_way, node_kind
from geodata.place import BRITISH_NATIONAL_GRID
from geodata.roadlines import LineCollector, RoadLines

if TYPE_CHECKING:
    import networkx as nx

Bounds = tuple[float, float, float, float]

WGS84 = "EPSG:4326"
OSM_SUFFIXES = (".osm.pbf", ".pbf", ".osm", ".osm.xml", ".osm.bz2", ".osm.gz")
WAY_REACH_DEGREES = 0.3
"""No way for cars reaches further than this (about 20 km) from its first point into the box."""

LINE_LAYERS = ("network", "lines", "edges", "gis_osm_roads_free", "roads")
"""Layers taken without asking when a GeoPackage holds more than one: ours, GDAL's, osmnx's, Geofabrik's."""

# Tags asked of Overpass besides osmnx's own choice.
WANTED_TAGS = (
    "access", "area", "bridge", "dual_carriageway", "duration", "ferry", "highway", "interval", "junction", "lit",
    "maxspeed", "maxspeed:backward", "maxspeed:forward", "maxspeed:type", "motor_vehicle", "motorcar", "oneway",
    "oneway:motor_vehicle", "oneway:motorcar", "route", "service", "sidewalk", "source:maxspeed", "tunnel", "vehicle",
    "zone:maxspeed",
)  # fmt: skip


def read_lines(path: Path, bounds: Bounds | None = None) -> RoadLines:
    """Read the drivable ways of a file.

    Parameters
    ----------
    path
        `.osm.pbf`, `.osm` (XML), `.graphml` (saved by osmnx) or `.gpkg`.
    bounds
        Only ways that touch this box (minx, miny, maxx, maxy in EPSG:27700).

    Raises
    ------
    InputProblems
        When the file is missing, of another kind, damaged, or holds no drivable road there.
    """
    if not path.is_file():
        raise InputProblems(
            [_file_error(path, "There is no such road file.", "Check the name in case.toml, [roads] source.")]
        )
    if path.stat().st_size == 0:
        raise InputProblems([_file_error(path, "The road file is empty.", "Download or copy it again.")])
    reader = _reader_for(path)
    try:
        lines = reader(path, bounds)
    except InputProblems:
        raise
    except Exception as problem:  # damaged files fail in the libraries in many ways; each means the same to a planner
        text = " ".join(str(problem).split())[:200]
        raise InputProblems(
            [
                _file_error(
                    path,
                    f"The road file cannot be read: {text.rstrip('.')}.",
                    "Download or copy it again, or open it in QGIS to see what it is.",
                )
            ]
        ) from problem
    if not len(lines.way_offset) - 1:
        place = "in the area of the case" if bounds else "in it"
        raise InputProblems(
            [
                _file_error(
                    path,
                    f"The road file holds no drivable road {place}.",
                    "Use an OpenStreetMap extract that covers the case and holds `highway` ways.",
                )
            ]
        )
    return lines


def _reader_for(path: Path) -> Callable[[Path, Bounds | None], RoadLines]:
    name = path.name.lower()
    if name.endswith(OSM_SUFFIXES):
        return _read_osm
    if name.endswith(".graphml"):
        return _read_graphml
    if name.endswith(".gpkg"):
        return _read_geopackage
    raise InputProblems(
        [
            _file_error(
                path, "This kind of road file is not known.", "Use .osm.pbf, .osm, .graphml (saved by osmnx) or .gpkg."
            )
        ]
    )


def _file_error(path: Path | str, message: str, fix: str) -> Finding:
    name = path if isinstance(path, str) else path.name
    return Finding("error", name, message, fix, code="road-file")


# ----------------------------------------------------------------------------------------------- OpenStreetMap files


def _read_osm(path: Path, bounds: Bounds | None) -> RoadLines:
    lines, unlocated = _take_osm_file(path, bounds, None)
    if unlocated and not len(lines.way_offset) - 1:
        # Points that come after the ways or have negative numbers, as editors write them, are not in the library's
        # table: such files are small, and a plain dictionary holds their points.
        points = {
            node.id: (node.location.lon, node.location.lat)
            for node in osmium.FileProcessor(str(path), osmium.osm.NODE)
            if node.location.valid()
        }
        lines, _ = _take_osm_file(path, bounds, points)
    return lines


def _take_osm_file(
    path: Path, bounds: Bounds | None, points: dict[int, tuple[float, float]] | None
) -> tuple[RoadLines, bool]:
    """Read the ways of a file; also says whether drivable ways were left out because none of their points is known."""
    collector = LineCollector(WGS84)
    box = _lonlat_box(bounds)
    # The locations of all nodes stay in the library's compact table (16 bytes each); Python sees ways of the box only.
    wanted = osmium.filter.KeyFilter("highway", "barrier", "route")
    processor = osmium.FileProcessor(str(path)).with_locations().with_filter(wanted)
    if points is not None:
        for node in osmium.FileProcessor(str(path), osmium.osm.NODE).with_filter(wanted):
            _take_osm_node(collector, node)
    newest, unlocated = "", False
    for thing in processor:
        if thing.is_node():
            _take_osm_node(collector, thing)
        elif thing.is_way():
            unlocated |= _take_osm_way(collector, thing, box, points)
            if thing.timestamp.year > 2000:
                newest = max(newest, thing.timestamp.strftime("%Y-%m-%dT%H:%M:%SZ"))
    timestamp = processor.header.get("osmosis_replication_timestamp", "") or newest
    return collector.finish(path.name, timestamp), unlocated


def _take_osm_node(collector: LineCollector, node: Any) -> None:
    kind = node_kind(_tags(node))
    if kind != NODE_PLAIN:
        collector.node_kind[node.id] = kind


def _tags(thing: Any) -> dict[str, str]:
    return {tag.k: tag.v for tag in thing.tags}


def _take_osm_way(
    collector: LineCollector, thing: Any, box: Bounds | None, points: dict[int, tuple[float, float]] | None
) -> bool:
    """Add a way if cars may use it; True if they may but its points are not known."""
    if box and _far_outside(thing, box):
        return False
    tags = _tags(thing)
    way = drivable_way(tags)
    if way is None:
        if "highway" in tags:
            # A drivable road that ends on a path or a private road ends there for a reason.
            collector.sealed_keys.update(node.ref for node in thing.nodes)
            collector.count("ways not open to cars")
        return False
    pieces = _located_pieces(thing, points)
    for keys, x, y in pieces:
        if box and (max(x) < box[0] or min(x) > box[2] or max(y) < box[1] or min(y) > box[3]):
            continue
        for part in _cut_at_barriers(collector, keys):
            collector.add(part[0], x[part[1]], y[part[1]], way)
    return not pieces


def _far_outside(thing: Any, box: Bounds) -> bool:
    """Quick rejection by the first point, so that a file of a whole country is passed over fast."""
    if not len(thing.nodes):
        return True
    first = thing.nodes[0].location
    if not first.valid():
        return False
    return (
        first.lon < box[0] - WAY_REACH_DEGREES
        or first.lon > box[2] + WAY_REACH_DEGREES
        or first.lat < box[1] - WAY_REACH_DEGREES
        or first.lat > box[3] + WAY_REACH_DEGREES
    )


def _located_pieces(
    thing: Any, points: dict[int, tuple[float, float]] | None
) -> list[tuple[list[int], list[float], list[float]]]:
    """Points of a way; where the extract lacks a node, the way falls into pieces."""
    pieces: list[tuple[list[int], list[float], list[float]]] = [([], [], [])]
    for node in thing.nodes:
        if points is None:
            place = node.location
            place = (place.lon, place.lat) if place.valid() else None
        else:
            place = points.get(node.ref)
        if place is not None:
            pieces[-1][0].append(node.ref)
            pieces[-1][1].append(place[0])
            pieces[-1][2].append(place[1])
        elif pieces[-1][0]:
            pieces.append(([], [], []))
    return [piece for piece in pieces if len(piece[0]) > 1]


def _cut_at_barriers(collector: LineCollector, keys: list[int]) -> list[tuple[list[int], slice]]:
    """Cut a way where a barrier stops cars: each side gets a point of its own, and no gap is closed there."""
    blocked = [i for i, key in enumerate(keys) if collector.node_kind.get(key) == NODE_BLOCKED]
    if not blocked:
        return [(keys, slice(None))]
    collector.count("barriers")
    keys = list(keys)
    cuts = [0, *(i for i in blocked if 0 < i < len(keys) - 1), len(keys) - 1]
    parts = []
    for start, stop in pairwise(cuts):
        part = keys[start : stop + 1]
        for end in (0, -1):
            if collector.node_kind.get(part[end]) == NODE_BLOCKED:
                part[end] = collector.fresh_keys(1)[0]
                collector.sealed_keys.add(part[end])
        parts.append((part, slice(start, stop + 1)))
    return parts


def _lonlat_box(bounds: Bounds | None) -> Bounds | None:
    if bounds is None:
        return None
    return Transformer.from_crs(BRITISH_NATIONAL_GRID, WGS84, always_xy=True).transform_bounds(*bounds)


# ----------------------------------------------------------------------------------------------------- osmnx graphs


def _read_graphml(path: Path, bounds: Bounds | None) -> RoadLines:
    import osmnx  # noqa: PLC0415 - takes seconds to import and few cases need it

    graph = osmnx.load_graphml(path)
    return lines_from_graph(graph, path.name, bounds)


def download_lines(place: str) -> RoadLines:
    """Download the drivable roads of a named place through osmnx (Nominatim and Overpass).

    Parameters
    ----------
    place
        Name as OpenStreetMap knows it, such as `Dorset, England`.

    Raises
    ------
    InputProblems
        When there is no network, no such place, or no road in it.
    """
    import osmnx  # noqa: PLC0415 - takes seconds to import and few cases need it

    kept = osmnx.settings.useful_tags_way, osmnx.settings.use_cache
    try:
        osmnx.settings.useful_tags_way = sorted({*kept[0], *WANTED_TAGS})
        osmnx.settings.use_cache = False  # it would write into the working directory; the case has its own cache
        graph = osmnx.graph_from_place(place, network_type="drive", simplify=False, retain_all=True)
    except Exception as problem:  # requests, osmnx and the services fail in many ways; all mean the same here
        text = " ".join(str(problem).split()).rstrip(".")
        reason = text if len(text) <= 120 else type(problem).__name__  # network faults tell addresses, not reasons
        raise InputProblems(
            [
                Finding(
                    "error",
                    "case.toml",
                    f"The roads of this place could not be downloaded ({reason}).",
                    "Check the network connection and the spelling of the place, or download an OpenStreetMap extract "
                    "of the county (.osm.pbf) once and name it in [roads] source.",
                    column="roads.place",
                    value=place,
                    code="road-download",
                )
            ]
        ) from problem
    finally:
        osmnx.settings.useful_tags_way, osmnx.settings.use_cache = kept
    lines = lines_from_graph(graph, place, None)
    if not len(lines.way_offset) - 1:
        raise InputProblems([_file_error("case.toml", f"{place!r} holds no drivable road.", "Name a larger place.")])
    return lines


def lines_from_graph(graph: nx.MultiDiGraph, source: str, bounds: Bounds | None = None) -> RoadLines:
    """Drivable ways of an osmnx graph, simplified or not, in any coordinate reference system.

    Where osmnx has merged ways of several classes or limits into one edge, the lesser class and the lower limit count.
    """
    crs = graph.graph.get("crs", WGS84)
    collector = LineCollector(crs)
    for node, data in graph.nodes(data=True):
        kind = node_kind({k: str(v) for k, v in data.items() if k in {"highway", "barrier", "access"}})
        if kind != NODE_PLAIN:
            collector.node_kind[node] = kind
    box = _box_in(bounds, crs)
    seen: set[tuple] = set()
    for tail, head, data in graph.edges(data=True):
        if data.get("geometry") is not None:
            points = [(p[0], p[1]) for p in data["geometry"].coords]
        else:
            points = [(graph.nodes[n]["x"], graph.nodes[n]["y"]) for n in (tail, head)]
        tags = {key: _one_value(key, value) for key, value in data.items() if key not in {"geometry", "length"}}
        tags = {key: value for key, value in tags.items() if value}
        if tags.get("oneway", "").lower() in REVERSED:
            tags["oneway"] = "yes"  # osmnx has already turned the edge round
        way = drivable_way(tags)
        if way is None:
            collector.count("ways not open to cars")
            continue
        x, y = [p[0] for p in points], [p[1] for p in points]
        if box and (max(x) < box[0] or min(x) > box[2] or max(y) < box[1] or min(y) > box[3]):
            continue
        # osmnx holds a two-way road twice, once in each direction.
        shape = tuple(points)
        if way.backward and (head, tail, shape[::-1]) in seen:
            continue
        seen.add((tail, head, shape))
        keys = [tail, *collector.fresh_keys(len(points) - 2), head]
        collector.add(keys, x, y, way)
    return collector.finish(source, str(graph.graph.get("created_date", "")))


def _one_value(key: str, value: object) -> str:
    if isinstance(value, list | tuple | set):
        texts = sorted(str(item) for item in value)
        if key == "highway":
            return max(texts, key=lambda name: CLASS_INDEX.get(name, -1))
        return ";".join(texts) if key == "maxspeed" else texts[0]
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    return str(value)


def _box_in(bounds: Bounds | None, crs: object) -> Bounds | None:
    if bounds is None:
        return None
    return Transformer.from_crs(BRITISH_NATIONAL_GRID, crs, always_xy=True).transform_bounds(*bounds)


# ------------------------------------------------------------------------------------------------ GeoPackage of lines


def _read_geopackage(path: Path, bounds: Bounds | None) -> RoadLines:
    layer = _line_layer(path)
    info = pyogrio.read_info(path, layer=layer)
    columns = {str(name).lower(): str(name) for name in info["fields"]}
    if "highway" not in columns and "fclass" not in columns:
        raise InputProblems(
            [
                Finding(
                    "error",
                    path.name,
                    f"Layer {layer!r} has no column `highway`; it has {', '.join(columns) or 'none'}.",
                    "Export the roads from OpenStreetMap with their `highway` tag (and `oneway`, `maxspeed`).",
                    column="highway",
                    code="road-file",
                )
            ]
        )
    if not info["crs"]:
        raise InputProblems(
            [
                _file_error(
                    path,
                    f"Layer {layer!r} does not say its coordinate system.",
                    "Save it with one, such as EPSG:27700.",
                )
            ]
        )
    frame = pyogrio.read_dataframe(path, layer=layer, bbox=_box_in(bounds, info["crs"]), fid_as_index=True)
    frame = frame.sort_index()
    frame = frame[frame.geometry.notna() & ~frame.geometry.is_empty].explode(index_parts=False)
    frame = frame[frame.geom_type == "LineString"]
    rows = _row_tags(frame, columns)
    coordinates = shapely.get_coordinates(frame.geometry.array)
    sizes = shapely.get_num_coordinates(frame.geometry.array)
    keys = _shared_points(coordinates)
    collector = LineCollector(info["crs"])
    start = 0
    for tags, size in zip(rows, sizes, strict=True):
        stop = start + int(size)
        way = drivable_way(tags)
        if way is None:
            collector.count("ways not open to cars")
        else:
            piece = coordinates[start:stop]
            collector.add(keys[start:stop].tolist(), piece[:, 0].tolist(), piece[:, 1].tolist(), way)
        start = stop
    return collector.finish(path.name)


def _line_layer(path: Path) -> str:
    layers = [
        str(name)
        for name, kind in pyogrio.list_layers(path)
        if kind is None or "Line" in str(kind) or kind == "Unknown"
    ]
    for name in LINE_LAYERS:
        if name in layers:
            return name
    if len(layers) == 1:
        return layers[0]
    message = (
        f"The GeoPackage has several layers of lines: {', '.join(layers)}."
        if layers
        else "The GeoPackage has no layer of lines."
    )
    raise InputProblems([_file_error(path, message, "Name the layer of roads `network`.")])


def _row_tags(frame: Any, columns: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags of each feature, from its columns and from the `other_tags` that GDAL writes."""
    wanted = {name: column for name, column in columns.items() if name in {*WANTED_TAGS, "other_tags", "fclass"}}
    wanted |= {tag: columns[tag.replace(":", "_")] for tag in WANTED_TAGS if tag.replace(":", "_") in columns}
    values = {name: frame[column].tolist() for name, column in wanted.items()}
    rows = []
    for position in range(len(frame)):
        tags = {name: _one_value(name, column[position]) for name, column in values.items()}
        tags = {name: value for name, value in tags.items() if value and value != "nan"}
        rows.append(_plain_tags(tags))
    return rows


def _plain_tags(tags: dict[str, str]) -> dict[str, str]:
    other = tags.pop("other_tags", "")
    if other:
        for pair in other.strip('"').split('","'):
            name, arrow, value = pair.partition('"=>"')
            if arrow:
                tags.setdefault(name, value.replace('\\"', '"'))
    fclass = tags.pop("fclass", "")
    if fclass:  # Geofabrik's shapes: oneway F (forward), T (backward), B (both); maxspeed 0 for unknown
        tags.setdefault("highway", fclass)
        tags["oneway"] = {"F": "yes", "T": "-1", "B": "no"}.get(tags.get("oneway", ""), "")
        if tags.get("maxspeed") in {"0", "0.0"}:
            del tags["maxspeed"]
    return tags


def _shared_points(coordinates: np.ndarray) -> np.ndarray:
    """Number points so that equal coordinates (to about a centimetre) share a number."""
    degrees = len(coordinates) and np.abs(coordinates).max() <= 360.0
    scaled = np.rint(coordinates * (1e7 if degrees else 1e2)).astype(np.int64)
    if not len(scaled):
        return np.zeros(0, dtype=np.int64)
    _, position = np.unique(scaled, axis=0, return_inverse=True)
    return position.ravel().astype(np.int64)
