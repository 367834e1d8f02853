"""Cut the roads around a case out of a large OpenStreetMap file, into a small file of the same kind."""

from __future__ import annotations

import hashlib
import math
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import osmium
from numpy.typing import NDArray
from osmium.osm.mutable import Node

from geodata.errors import Finding, InputProblems
from geodata.osm.blocks import is_pbf
from geodata.osm.files import demand_osm_file, file_problem, told_plainly
from geodata.osm.nodes import PER_DEGREE
from geodata.osm.select import Bounds, Selection, lonlat_box, select_roads
from geodata.osm.source import TIMESTAMP, roads_and_ferries, rule_of, turn_relations
from geodata.osm.tags import drivable_way, walkable_way

GENERATOR = "blueprint"


@dataclass(frozen=True)
class RoadCut:
    """What was cut.

    Parameters
    ----------
    file
        The file that was written.
    nodes, ways, relations
        What it holds; the relations are turn restrictions.
    bytes
        Its size.
    sha256
        Checksum of the file it was cut from.
    timestamp
        Date of the data as ISO text; empty if the source does not tell.
    """

    file: Path
    nodes: int
    ways: int
    relations: int
    bytes: int
    sha256: str
    timestamp: str

    def __str__(self) -> str:
        """What was cut, in plain words."""
        date = f", data of {self.timestamp[:10]}" if self.timestamp else ""
        return f"{self.ways:,} ways with {self.nodes:,} points ({self.bytes / 1e6:.1f} MB{date})"


def cut_roads(source: Path, bounds: Bounds, target: Path) -> RoadCut:
    """Write the roads around a box as a small `.osm.pbf`.

    The cut holds every way with `highway`, and every ferry for cars or walkers, that reaches the box or a margin of
    2 km, with all its points and tags; their nodes, with the tags of barriers, signals and crossings; and the turn
    restrictions among these ways. So reading the cut gives the network, for cars and for walkers and with the same
    restricted turns, that reading the source within the same box gives. Memory grows with what lies in the box, not
    with the source. The same source and box give the same bytes.

    Parameters
    ----------
    source
        `.osm.pbf` or OSM XML, of any size.
    bounds
        minx, miny, maxx, maxy in EPSG:27700, metres.
    target
        The `.osm.pbf` to write; it appears only when it is complete, and replaces one that is there.

    Raises
    ------
    InputProblems
        The source is missing, damaged or of another kind, has no drivable road in the box, or the target cannot be
        written.
    """
    source, target = Path(source), Path(target)
    demand_osm_file(source)
    with told_plainly(source):
        box = lonlat_box(bounds)
        _demand_overlap(source, box)
        found = select_roads(source, box, drivable_way, also=walkable_way, turns=False)
    if not (found.way_at >= 0).any():
        raise InputProblems([_outside(source)])
    with source.open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent, prefix=".cut-") as scratch:
            part = Path(scratch) / "cut.osm.pbf"
            with told_plainly(source):
                ways, relations = _write(source, found, box, part)
            part.replace(target)
    except OSError as problem:
        raise InputProblems([_unwritable(target, problem)]) from problem
    return RoadCut(target, len(found.nodes.key), ways, relations, target.stat().st_size, sha256, found.timestamp)


def covers(source: Path, bounds: Bounds) -> bool | None:
    """Whether the box that a `.osm.pbf` says it covers holds another one; None where it does not say.

    Parameters
    ----------
    source
        A road file.
    bounds
        minx, miny, maxx, maxy in EPSG:27700, metres: of the points of a case, without a margin.

    Raises
    ------
    InputProblems
        The file is missing, empty or damaged.
    """
    source = Path(source)
    demand_osm_file(source)
    with told_plainly(source):
        held = _file_box(source)
    if held is None:
        return None
    box = lonlat_box(bounds)
    return held[0] <= box[0] and held[1] <= box[1] and held[2] >= box[2] and held[3] >= box[3]


def _file_box(path: Path) -> Bounds | None:
    """The box that a `.osm.pbf` says it covers, longitude and latitude; None where it does not say."""
    if not is_pbf(path):
        return None
    box = osmium.FileProcessor(str(path)).header.box()
    if not box.valid():
        return None
    low, high = box.bottom_left, box.top_right
    return low.lon, low.lat, high.lon, high.lat


def _demand_overlap(source: Path, box: Bounds) -> None:
    """Refuse a file of another region before it is read."""
    held = _file_box(source)
    if held and (held[0] > box[2] or held[2] < box[0] or held[1] > box[3] or held[3] < box[1]):
        raise InputProblems([_outside(source, held)])


def _outside(source: Path, held: Bounds | None = None) -> Finding:
    message = "The road file holds no drivable road in the area of the case"
    if held:
        west, south, east, north = held
        message += f": it covers longitude {west:.2f} to {east:.2f} and latitude {south:.2f} to {north:.2f}"
    fix = "Use an OpenStreetMap extract that covers the case and holds `highway` ways."
    return file_problem(source, message + ".", fix)


def _unwritable(target: Path, problem: OSError) -> Finding:
    reason = problem.strerror or type(problem).__name__
    message = f"The cut of the roads cannot be written ({reason})."
    return file_problem(target, message, "Check that the folder may be written to and the disk is not full.")


def _write(source: Path, found: Selection, box: Bounds, part: Path) -> tuple[int, int]:
    header = osmium.io.Header()
    header.set("generator", GENERATOR)
    if (found.key[1:] > found.key[:-1]).all() and found.key[0] > 0 and found.nodes.key[0] > 0:
        header.set("sorting", "Type_then_ID")
    if found.timestamp:
        header.set(TIMESTAMP, found.timestamp)
    # Outwards to the next 1e-6 degree (0.1 m), so that the header covers the box it was cut to.
    low, high = (math.floor(edge * 1e6) / 1e6 for edge in box[:2]), (math.ceil(edge * 1e6) / 1e6 for edge in box[2:])
    header.add_box(osmium.osm.Box(*low, *high))
    held = set(found.key.tolist())
    junctions = _Junctions(found.nodes.key)
    relations = 0
    with osmium.SimpleWriter(str(part), header=header) as writer:
        for node in _nodes(found):
            writer.add_node(node)
        for way in roads_and_ferries(source):
            if way.id in held:
                writer.add_way(way)
        for relation in turn_relations(source):
            if rule_of(relation).is_whole(held, junctions):
                writer.add_relation(relation)
                relations += 1
    return len(held), relations


def _nodes(found: Selection) -> Iterator[Node]:
    nodes = found.nodes
    for key, x, y in zip(nodes.key.tolist(), nodes.x.tolist(), nodes.y.tolist(), strict=True):
        yield Node(id=key, location=(x / PER_DEGREE, y / PER_DEGREE), tags=nodes.tags.get(key))


class _Junctions:
    """The nodes of a cut, asked one by one without a set of all of them."""

    def __init__(self, keys: NDArray[np.int64]) -> None:
        self._keys = keys

    def __contains__(self, key: object) -> bool:
        at = np.searchsorted(self._keys, key)
        return bool(at < len(self._keys) and self._keys[at] == key)
