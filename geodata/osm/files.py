"""Read the ways for cars or walkers from OpenStreetMap files, saved osmnx graphs and GeoPackages of lines."""

from __future__ import annotations

import ast
import bz2
import gzip
import math
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from pyproj import CRS, Transformer

from geodata.errors import Finding, InputProblems
from geodata.grid import BRITISH_NATIONAL_GRID
from geodata.osm.access import CAR, WALKER
from geodata.osm.blocks import is_pbf
from geodata.osm.lines import LineCollector, RoadLines
from geodata.osm.nodes import PER_DEGREE, NodeBatch, is_in
from geodata.osm.select import WGS84, Bounds, Selection, lonlat_box, select_roads
from geodata.osm.tags import (
    CLASS_INDEX,
    NODE_BLOCKED,
    NODE_PLAIN,
    READ_WAY,
    REVERSED,
    WAY_TAGS,
    YES,
    Mode,
    implies_one_way,
    node_kind,
    road_name,
)
from geodata.osm.ways import taken

if TYPE_CHECKING:
    import networkx as nx

OSM_SUFFIXES = (".osm.pbf", ".pbf", ".osm", ".osm.xml", ".osm.bz2", ".osm.gz")
PACKED = {
    b"<?xml": "OpenStreetMap XML",
    b"<osm": "OpenStreetMap XML",
    b"PK\x03\x04": "a zip archive",
    b"\x1f\x8b": "packed with gzip",
    b"BZh": "packed with bzip2",
    b"SQLite format 3": "a GeoPackage",
}
"""First bytes of files that are often saved under the wrong name."""

PBF_HEAD = b"\x0a\x09OSMHeader"
"""What a .osm.pbf file begins with, after the length of its first block (4 bytes)."""

LINE_LAYERS = ("network", "lines", "edges", "gis_osm_roads_free", "gis_osm_roads_free_1", "roads")
"""Layers taken without asking when a GeoPackage holds more than one: ours, GDAL's, osmnx's, Geofabrik's."""

TOUCH_M = 0.05
"""A road of a layer that ends this near another one, metres, meets it there."""

POINT_LAYERS = ("points", "nodes")
"""Layers of what stands on the roads: GDAL's and osmnx's."""

GEOFABRIK_CLASSES = {"unknown": "road"}
"""Geofabrik's names of classes where they differ from the tag; tracks are `track_grade1` to `track_grade5`."""

NODE_TAGS = {"highway", "barrier", "locked", *CAR.keys, *WALKER.keys}
NAME_TAGS = ("name", "ref")
NUMBER_COLUMNS = ("osm_id", "osmid", "osm_way_id", "way_id")
"""Columns that hold OpenStreetMap's number of a way: ours and GDAL's, osmnx's, others'."""

OPEN_TO = {"drive": "cars", "walk": "walkers"}


def read_lines(path: Path, bounds: Bounds | None = None, mode: Mode = "drive") -> RoadLines:
    """Read the ways of a file that cars, or walkers, may use.

    Parameters
    ----------
    path
        `.osm.pbf`, `.osm` (XML), `.graphml` (saved by osmnx) or `.gpkg`.
    bounds
        Only ways that touch this box (minx, miny, maxx, maxy in EPSG:27700).
    mode
        `drive` or `walk`.

    Raises
    ------
    InputProblems
        When the file is missing, of another kind, damaged, or holds no such way there.
    """
    demand_file(path)
    reader = _reader_for(path)
    with told_plainly(path):
        lines = reader(path, bounds, mode)
    if not len(lines.way_offset) - 1:
        raise InputProblems([_nothing_found(path, bounds, mode)])
    return lines


def _nothing_found(path: Path, bounds: Bounds | None, mode: Mode) -> Finding:
    what = "drivable road" if mode == "drive" else "way open to walkers"
    place = "in the area of the case" if bounds else "in it"
    fix = "Use an OpenStreetMap extract that covers the case and holds `highway` ways."
    return file_problem(path, f"The road file holds no {what} {place}.", fix)


def demand_file(path: Path) -> None:
    """Refuse a road file that is missing or empty.

    Raises
    ------
    InputProblems
        There is no such file, or there is nothing in it.
    """
    if not path.is_file():
        message = "There is no such road file."
        raise InputProblems([file_problem(path, message, "Check the name in case.toml, [roads] source.")])
    if path.stat().st_size == 0:
        raise InputProblems([file_problem(path, "The road file is empty.", "Download or copy it again.")])


def demand_osm_file(path: Path) -> None:
    """Refuse a road file that is missing, empty or no OpenStreetMap file.

    Raises
    ------
    InputProblems
        As said.
    """
    demand_file(path)
    if not path.name.lower().endswith(OSM_SUFFIXES):
        message = "This kind of road file cannot be cut."
        raise InputProblems([file_problem(path, message, "Use .osm.pbf or .osm (XML).")])


@contextmanager
def told_plainly(path: Path) -> Iterator[None]:
    """Turn whatever reading a damaged file raises into one message that a planner understands.

    Raises
    ------
    InputProblems
        Instead of any other exception.
    """
    try:
        yield
    except InputProblems:
        raise
    except Exception as problem:  # damaged files fail in the libraries in many ways; each means the same to a planner
        text = _look_inside(path) or " ".join(str(problem).split())[:200].rstrip(".")
        fix = _better_name(path) or "Download or copy it again, or open it in QGIS to see what it is."
        raise InputProblems([file_problem(path, f"The road file cannot be read: {text}.", fix)]) from problem


def _look_inside(path: Path) -> str:
    """What a file really is, where its first bytes belie its name."""
    start = _first_bytes(path)
    lower = start.lower()
    if lower.startswith((b"<!doctype html", b"<html")):
        return "it is a web page, not map data; the download was probably refused"
    if is_pbf(path):
        for magic, what in PACKED.items():
            if start.startswith(magic):
                return f"it is {what}, not a .osm.pbf file"
    elif path.name.lower().endswith(".gz") and not start.startswith(b"\x1f\x8b"):
        return "it is not packed with gzip, as its name says"
    elif path.name.lower().endswith(".bz2") and not start.startswith(b"BZh"):
        return "it is not packed with bzip2, as its name says"
    elif start[4:].startswith(PBF_HEAD):
        return "it is a .osm.pbf file under another name"
    return ""


def _first_bytes(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(2048).lstrip(b"\xef\xbb\xbf \t\r\n")
    except OSError:
        return b""


def _better_name(path: Path) -> str:
    """What to rename a sound OpenStreetMap file to that has the wrong ending; empty for any other."""
    start = _first_bytes(path)
    kinds = {b"<?xml": ".osm", b"<osm": ".osm", b"\x1f\x8b": ".osm.gz", b"BZh": ".osm.bz2"}
    ending = next((ending for magic, ending in kinds.items() if start.startswith(magic)), "")
    ending = ".osm.pbf" if start[4:].startswith(PBF_HEAD) else ending
    stem = re.sub(r"(\.osm)?(\.pbf|\.xml|\.gz|\.bz2)?$", "", path.name, flags=re.IGNORECASE)
    if not ending or path.name.lower().endswith((ending, f"{ending}.xml")):
        return ""
    return f"Rename it to {stem}{ending}, and name it so where it is used."


def _reader_for(path: Path) -> Callable[[Path, Bounds | None, Mode], RoadLines]:
    name = path.name.lower()
    if name.endswith(OSM_SUFFIXES):
        return _read_osm
    if name.endswith(".graphml"):
        return _read_graphml
    if name.endswith(".gpkg"):
        return _read_geopackage
    raise InputProblems(
        [
            file_problem(
                path, "This kind of road file is not known.", "Use .osm.pbf, .osm, .graphml (saved by osmnx) or .gpkg."
            )
        ]
    )


def file_problem(path: Path | str, message: str, fix: str) -> Finding:
    """An error about a road file."""
    name = path if isinstance(path, str) else path.name
    return Finding("error", name, message, fix, code="road-file")


# ----------------------------------------------------------------------------------------------- OpenStreetMap files


def _read_osm(path: Path, bounds: Bounds | None, mode: Mode) -> RoadLines:
    box = lonlat_box(bounds) if bounds else None
    found = _as_of_now(select_roads(path, box, READ_WAY[mode], turns=mode == "drive"), _removed(path))
    collector = LineCollector(WGS84)
    collector.restrictions = found.turns
    for key, tags in found.nodes.tags.items():
        kind = node_kind(tags, mode)
        if kind != NODE_PLAIN:
            collector.node_kind[key] = kind
    closed = found.way_at < 0
    if closed.any():
        # A drivable road that ends on a path or a private road ends there for a reason.
        collector.seal(taken(found.refs, found.offset, closed)[0])
        collector.count(f"ways not open to {OPEN_TO[mode]}", int(np.count_nonzero(closed)))
    _add_ways(collector, found, box)
    collector.counts |= found.counts
    return collector.finish(path.name, found.timestamp)


def _removed(path: Path) -> set[int]:
    """Numbers of the ways that an editor (JOSM) has marked as removed and still keeps in its file."""
    name = path.name.lower()
    removed: set[int] = set()
    if is_pbf(path):
        return removed
    from xml.etree import ElementTree  # noqa: PLC0415 - only files of editors need it

    opened = gzip.open if name.endswith(".gz") else bz2.open if name.endswith(".bz2") else open
    with opened(path, "rb") as file:
        if b"JOSM" not in file.read(2048):
            return removed
        file.seek(0)
        for _, element in ElementTree.iterparse(file):
            if element.tag == "way" and (element.get("action") == "delete" or element.get("visible") == "false"):
                removed.add(int(element.get("id", 0)))
            element.clear()
    return removed


def _as_of_now(found: Selection, removed: set[int]) -> Selection:
    """Without removed ways, and of a way that a file put together by hand holds twice only the last."""
    last = np.zeros(len(found.key), dtype=bool)
    last[len(found.key) - 1 - np.unique(found.key[::-1], return_index=True)[1]] = True
    kept = last & ~np.isin(found.key, np.array(sorted(removed), dtype=np.int64))
    if kept.all():
        return found
    refs, offset = taken(found.refs, found.offset, kept)
    return replace(
        found,
        key=found.key[kept],
        way_at=found.way_at[kept],
        name_at=found.name_at[kept],
        refs=refs,
        offset=offset,
        at=taken(found.at, found.offset, kept)[0],
    )


def _add_ways(collector: LineCollector, found: Selection, box: Bounds | None) -> None:
    """Add the open ways, in pieces where the extract lacks a node, and cut where a barrier stops the traveller."""
    way = np.repeat(np.arange(len(found.key)), np.diff(found.offset))
    point = np.flatnonzero((found.at >= 0) & (found.way_at[way] >= 0))
    if not len(point):
        return
    begins = np.append(True, (np.diff(point) > 1) | (np.diff(way[point]) > 0))
    offset = np.append(np.flatnonzero(begins), len(point))
    kept = np.diff(offset) > 1
    if box:
        kept &= _reaching(box, found.nodes, found.at[point], offset)
    point, offset = taken(point, offset, kept)
    key, point, offset = _cut_at_barriers(collector, found.refs[point], point, offset)
    at, way = found.at[point], way[point[offset[:-1]]]
    collector.add_many(
        key,
        found.nodes.x[at] / PER_DEGREE,
        found.nodes.y[at] / PER_DEGREE,
        np.diff(offset),
        [found.ways[i] for i in found.way_at[way].tolist()],
        found.key[way],
        [found.names[i] for i in found.name_at[way].tolist()],
    )


def _reaching(box: Bounds, nodes: NodeBatch, at: NDArray[np.int64], offset: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which rows of nodes (none of them empty) reach a box."""
    reaching = np.ones(len(offset) - 1, dtype=bool)
    for values, low, high in ((nodes.x, box[0], box[2]), (nodes.y, box[1], box[3])):
        place = values[at] / PER_DEGREE
        reaching &= np.maximum.reduceat(place, offset[:-1]) >= low
        reaching &= np.minimum.reduceat(place, offset[:-1]) <= high
    return reaching


def _cut_at_barriers(
    collector: LineCollector, key: NDArray[np.int64], point: NDArray[np.int64], offset: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Cut ways where a barrier stops the traveller: each side gets a point of its own, and no gap is closed there.

    Returns the keys, the points they belong to and where each way begins: a barrier within a way is there twice.
    """
    kinds = collector.node_kind.items()
    blocked = is_in(key, np.array(sorted(number for number, kind in kinds if kind == NODE_BLOCKED), dtype=np.int64))
    if not blocked.any():
        return key, point, offset
    ways = np.unique(np.searchsorted(offset, np.flatnonzero(blocked), side="right"))
    collector.count("barriers", len(ways))
    within = blocked.copy()
    within[offset[:-1]] = within[offset[1:] - 1] = False
    both = np.repeat(np.arange(len(key)), 1 + within)
    begins = np.zeros(len(key), dtype=bool)
    begins[offset[:-1]] = True
    begins = begins[both] | np.append(False, both[1:] == both[:-1])
    key, point, blocked = key[both], point[both], blocked[both]
    key[blocked] = collector.fresh_keys(int(np.count_nonzero(blocked)))
    collector.seal(key[blocked])
    return key, point, np.append(np.flatnonzero(begins), len(key))


# ----------------------------------------------------------------------------------------------------- osmnx graphs


def _read_graphml(path: Path, bounds: Bounds | None, mode: Mode) -> RoadLines:
    import osmnx  # noqa: PLC0415 - takes seconds to import and few cases need it

    graph = osmnx.load_graphml(path)
    return lines_from_graph(graph, path.name, bounds, mode)


def lines_from_graph(
    graph: nx.MultiDiGraph, source: str, bounds: Bounds | None = None, mode: Mode = "drive"
) -> RoadLines:
    """Ways of an osmnx graph, simplified or not, in any coordinate reference system.

    Where osmnx has merged ways of several classes or limits into one edge, the lesser class and the lower limit count,
    and it is one-way if a piece of it is.
    """
    crs = graph.graph.get("crs", WGS84)
    collector = LineCollector(crs)
    for node, data in graph.nodes(data=True):
        kind = node_kind({k: str(v) for k, v in data.items() if k in NODE_TAGS}, mode)
        if kind != NODE_PLAIN:
            collector.node_kind[node] = kind
    box = _box_in(bounds, crs)
    seen: set[tuple] = set()
    for tail, head, data in graph.edges(data=True):
        if data.get("geometry") is not None:
            points = [(p[0], p[1]) for p in data["geometry"].coords]
        else:
            points = [(graph.nodes[n]["x"], graph.nodes[n]["y"]) for n in (tail, head)]
        tags = _edge_tags(data)
        if mode == "drive" and _is_wrong_way(tags):
            continue
        way = READ_WAY[mode](tags)
        if way is None:
            collector.count(f"ways not open to {OPEN_TO[mode]}")
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
        collector.add(keys, x, y, way, way_id=_number_of(data.get("osmid")), name=road_name(tags))
    return collector.finish(source, str(graph.graph.get("created_date", "")))


def _edge_tags(data: Mapping[str, object]) -> dict[str, str]:
    """Tags of an edge, as they would stand on a way drawn from its tail to its head."""
    tags = {key: _one_value(key, value) for key, value in data.items() if key not in {"geometry", "length"}}
    tags = {key: value for key, value in tags.items() if value}
    one_way = tags.get("oneway", "").lower()
    if one_way in REVERSED:
        tags["oneway"] = "yes"  # osmnx has already turned the edge round
    elif one_way == "false" and implies_one_way(tags):
        del tags["oneway"]  # osmnx writes False where no tag was, and knows little that is implied
    if tags.get("reversed") == "True":
        tags = {_other_side(key): value for key, value in tags.items()}
    return tags


def _other_side(key: str) -> str:
    for one, other in ((":forward", ":backward"), (":backward", ":forward")):
        if key.endswith(one):
            return key.removesuffix(one) + other
    return key


def _is_wrong_way(tags: Mapping[str, str]) -> bool:
    """Whether an edge is the copy that osmnx made of a motorway or the like for the wrong direction."""
    return tags.get("reversed") == "True" and not tags.get("oneway") and implies_one_way(tags)


def _one_value(key: str, value: object) -> str:
    """One text for the value of a tag; of a list that osmnx made while merging ways, what is safest to assume."""
    if isinstance(value, str) and value.startswith("[") and value.endswith("]"):
        value = _list_in(value)
    if isinstance(value, list | tuple | set):
        texts = sorted(str(item) for item in value if item is not None)
        if key == "highway":
            return max(texts, key=lambda name: CLASS_INDEX.get(name, -1), default="")
        if key == "oneway":
            return next((text for text in texts if text.lower() in YES | REVERSED), texts[0] if texts else "")
        if key == "reversed":
            return texts[0] if len(set(texts)) == 1 else ""  # drawn partly one way and partly the other
        return ";".join(texts) if key == "maxspeed" else next(iter(texts), "")
    if value is None or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)  # a column of whole numbers with gaps: `oneway` 1.0 is 1
    return str(value)


def _list_in(text: str) -> object:
    """The list that a text stands for, as osmnx writes lists into GeoPackages; else the text."""
    try:
        return ast.literal_eval(text)
    except (ValueError, SyntaxError):
        return text


def _number_of(value: object) -> int:
    """OpenStreetMap's number of a way, the smallest where several were merged; 0 if there is none."""
    if isinstance(value, float):
        value = int(value) if math.isfinite(value) else ""
    numbers = [int(number) for number in re.findall(r"(?<![\d.])-?\d{1,18}(?![\d.])", str(value))]
    return min(numbers, default=0)


def _box_in(bounds: Bounds | None, crs: object) -> Bounds | None:
    if bounds is None:
        return None
    return Transformer.from_crs(BRITISH_NATIONAL_GRID, crs, always_xy=True).transform_bounds(*bounds)


# ------------------------------------------------------------------------------------------------ GeoPackage of lines


def _read_geopackage(path: Path, bounds: Bounds | None, mode: Mode) -> RoadLines:
    import pyogrio  # noqa: PLC0415 - brings pandas, which the other kinds of file do without
    import shapely  # noqa: PLC0415

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
                file_problem(
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
    degrees = CRS.from_user_input(info["crs"]).is_geographic
    roads = np.array(["highway" in tags for tags in rows], dtype=bool)
    lines = _with_meeting_points(shapely.force_2d(frame.geometry.array), roads, TOUCH_M / (1e5 if degrees else 1.0))
    coordinates, sizes = shapely.get_coordinates(lines), shapely.get_num_coordinates(lines)
    places, node_tags = _points_beside(path, info["crs"], bounds)
    keys = _shared_points(np.concatenate((coordinates, places)))
    collector = LineCollector(info["crs"])
    for key, tags in zip(keys[len(coordinates) :].tolist(), node_tags, strict=True):
        kind = node_kind(tags, mode)
        if kind != NODE_PLAIN:
            collector.node_kind[key] = kind
    seen: set[tuple] = set()
    start = 0
    for tags, number, size in zip(rows, _way_numbers(frame, columns), sizes, strict=True):
        stop = start + int(size)
        way = READ_WAY[mode](tags)
        if mode == "drive" and _is_wrong_way(tags):
            pass  # the layer was written by osmnx: the right way is there too
        elif way is None:
            if "highway" in tags:  # as in an OpenStreetMap file: a road that ends on a path ends there for a reason
                collector.seal(keys[start:stop])
            collector.count(f"ways not open to {OPEN_TO[mode]}")
        else:
            ends = tuple(keys[start:stop].tolist())
            # osmnx writes a two-way road twice, once in each direction, unless it is asked for undirected edges.
            if not (way.backward and (number, ends[::-1]) in seen):
                seen.add((number, ends))
                key, point, offset = _cut_at_barriers(
                    collector, keys[start:stop], np.arange(start, stop), np.array([0, stop - start])
                )
                for low, high in pairwise(offset.tolist()):
                    x, y = coordinates[point[low:high]].T.tolist()
                    collector.add(key[low:high].tolist(), x, y, way, way_id=number, name=road_name(tags))
        start = stop
    return collector.finish(path.name)


def _with_meeting_points(lines: np.ndarray, roads: np.ndarray, reach: float) -> np.ndarray:
    """The lines, with a point more wherever another road ends on them between two of their points.

    Layers that were drawn, cut or simplified in a GIS lack the points that OpenStreetMap has at each junction.
    """
    import shapely  # noqa: PLC0415 - as above

    lines, at = np.array(lines), np.flatnonzero(roads)
    if not len(at):
        return lines
    ends = np.concatenate([shapely.get_point(lines[at], place) for place in (0, -1)])
    which, hit = shapely.STRtree(lines[at]).query(ends, predicate="dwithin", distance=reach)
    other = which % len(at) != hit
    which, hit = which[other], hit[other]
    apart = shapely.distance(ends[which], shapely.extract_unique_points(lines[at])[hit]) > 0
    for line in np.unique(hit[apart]).tolist():
        meeting = shapely.get_coordinates(ends[np.unique(which[apart & (hit == line)])])
        points = shapely.get_coordinates(lines[at[line]])
        along = np.append(0.0, np.cumsum(np.hypot(*np.diff(points, axis=0).T)))
        place = shapely.line_locate_point(lines[at[line]], shapely.points(meeting))
        lines[at[line]] = shapely.linestrings(np.insert(points, np.searchsorted(along, place), meeting, axis=0))
    return lines


def _points_beside(path: Path, crs: object, bounds: Bounds | None) -> tuple[np.ndarray, list[dict[str, str]]]:
    """Signals, barriers and the like that GDAL (layer `points`) and osmnx (layer `nodes`) write beside the lines."""
    import pyogrio  # noqa: PLC0415 - as above
    import shapely  # noqa: PLC0415 - as above

    nothing = (np.zeros((0, 2)), [])
    layer = next((str(name) for name, _ in pyogrio.list_layers(path) if name in POINT_LAYERS), None)
    if layer is None:
        return nothing
    info = pyogrio.read_info(path, layer=layer)
    columns = {str(name).lower(): str(name) for name in info["fields"]}
    said = [columns[name] for name in ("highway", "barrier") if name in columns]
    if not said or info["crs"] != crs:
        return nothing
    where = " OR ".join(f'"{name}" IS NOT NULL' for name in said)
    frame = pyogrio.read_dataframe(path, layer=layer, bbox=_box_in(bounds, crs), where=where, fid_as_index=True)
    frame = frame.sort_index()
    frame = frame[frame.geometry.notna() & ~frame.geometry.is_empty & (frame.geom_type == "Point")]
    return shapely.get_coordinates(frame.geometry.array), _row_tags(
        frame, columns, (*NODE_TAGS, "traffic_signals:direction")
    )


def _line_layer(path: Path) -> str:
    import pyogrio  # noqa: PLC0415 - as above

    layers = [
        str(name)
        for name, kind in pyogrio.list_layers(path)
        if kind is None or "Line" in str(kind) or kind == "Unknown"
    ]
    for name in LINE_LAYERS:
        if name in layers:
            return name
    if len(layers) > 1:  # of several, the only one that holds roads
        layers = [name for name in layers if _holds_roads(path, name)] or layers
    if len(layers) == 1:
        return layers[0]
    message = (
        f"The GeoPackage has several layers of lines: {', '.join(layers)}."
        if layers
        else "The GeoPackage has no layer of lines."
    )
    raise InputProblems([file_problem(path, message, "Name the layer of roads `network`.")])


def _holds_roads(path: Path, layer: str) -> bool:
    import pyogrio  # noqa: PLC0415 - as above

    return not {"highway", "fclass"}.isdisjoint(
        str(name).lower() for name in pyogrio.read_info(path, layer=layer)["fields"]
    )


def _row_tags(
    frame: Any, columns: Mapping[str, str], tags: tuple[str, ...] = (*WAY_TAGS, *NAME_TAGS, "reversed")
) -> list[dict[str, str]]:
    """Tags of each feature, from its columns and from the `other_tags` that GDAL writes."""
    wanted = {name: column for name, column in columns.items() if name in {*tags, "other_tags", "fclass"}}
    wanted |= {tag: columns[tag.replace(":", "_")] for tag in tags if tag.replace(":", "_") in columns}
    values = {name: frame[column].tolist() for name, column in wanted.items()}
    rows = []
    for position in range(len(frame)):
        tags = {name: _one_value(name, column[position]) for name, column in values.items()}
        tags = {name: value for name, value in tags.items() if value and value != "nan"}
        rows.append(_edge_tags(_plain_tags(tags)) if "reversed" in wanted else _plain_tags(tags))
    return rows


def _way_numbers(frame: Any, columns: Mapping[str, str]) -> list[int]:
    column = next((columns[name] for name in NUMBER_COLUMNS if name in columns), None)
    return [0] * len(frame) if column is None else [_number_of(value) for value in frame[column].tolist()]


def _plain_tags(tags: dict[str, str]) -> dict[str, str]:
    other = tags.pop("other_tags", "")
    if other:
        for pair in other.strip('"').split('","'):
            name, arrow, value = pair.partition('"=>"')
            if arrow:
                tags.setdefault(name, value.replace('\\"', '"'))
    fclass = tags.pop("fclass", "")
    return _geofabrik_tags(tags, fclass) if fclass else tags


def _geofabrik_tags(tags: dict[str, str], fclass: str) -> dict[str, str]:
    """Tags for a row of Geofabrik's roads.

    Bridge and tunnel are T or F, oneway F (forward), T (backward) or B (both), maxspeed 0 where unknown; tracks are
    told by grade.
    """
    tags.setdefault("highway", "track" if fclass.startswith("track_") else GEOFABRIK_CLASSES.get(fclass, fclass))
    tags["oneway"] = {"F": "yes", "T": "-1", "B": "no"}.get(tags.get("oneway", "").upper(), tags.get("oneway", ""))
    for key in ("bridge", "tunnel"):
        tags[key] = {"T": "yes", "F": "no"}.get(tags.get(key, "").upper(), tags.get(key, ""))
    if tags.get("maxspeed") in {"0", "0.0"}:
        del tags["maxspeed"]
    return {key: value for key, value in tags.items() if value}


def _shared_points(coordinates: np.ndarray) -> np.ndarray:
    """Number points so that equal coordinates (to about a centimetre) share a number."""
    degrees = len(coordinates) and np.abs(coordinates).max() <= 360.0
    scaled = np.rint(coordinates * (1e7 if degrees else 1e2)).astype(np.int64)
    if not len(scaled):
        return np.zeros(0, dtype=np.int64)
    _, position = np.unique(scaled, axis=0, return_inverse=True)
    return position.ravel().astype(np.int64)
