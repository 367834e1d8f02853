"""The ways of an OpenStreetMap file that matter around a box, found without holding the file in memory."""

from __future__ import annotations

from array import array
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pyproj import Transformer

from geodata.grid import BRITISH_NATIONAL_GRID
from geodata.osm.blocks import Pairs
from geodata.osm.nodes import PER_DEGREE, NodeBatch, each_once, is_in, joined
from geodata.osm.protobuf import as_numbers
from geodata.osm.source import Source, open_source
from geodata.osm.tags import Way, WayReading, drivable_way, road_name
from geodata.osm.turn_rules import settle_turns
from geodata.osm.ways import WayBatch, taken

Bounds = tuple[float, float, float, float]

WGS84 = "EPSG:4326"
NODE_MARGIN_DEGREES = 0.03
"""A road that crosses the box has a node inside it or this near (2 to 3 km); ferries are found wherever they lie."""

WAY_REACH_DEGREES = 0.3
"""No way for cars reaches further than this (about 20 km) from its first point into the box."""

AT_SOME_HOURS = "ways with rules for some hours, which are not followed"


@dataclass(frozen=True)
class Selection:
    """What a box needs of a file: W ways with `highway`, and ferries, in the order of the file.

    Parameters
    ----------
    key
        Numbers of the ways, shape (W,).
    ways, way_at
        What the ways are to the traveller, each different kind once, and which of them each way is, shape (W,); -1 for
        those that are closed to them.
    names, name_at
        Numbers and names, such as `B3157 Coast Road`, and which of them each way has, shape (W,).
    refs, offset
        Numbers of their nodes one after the other, shape (M,), and where each way begins in them, shape (W + 1,).
    at
        Where the nodes stand in `nodes`, shape (M,); -1 for those that the file lacks.
    nodes
        Positions of the nodes, sorted by key, and the tags of barriers, signals, crossings and the like.
    timestamp
        Date of the data as ISO text; empty if nothing tells.
    turns
        Restricted turns: from way, node, to way, 1 where this is the only turn allowed.
    counts
        What is not followed, by reason.
    """

    key: NDArray[np.int64]
    ways: tuple[Way, ...]
    way_at: NDArray[np.int64]
    names: tuple[str, ...]
    name_at: NDArray[np.int64]
    refs: NDArray[np.int64]
    offset: NDArray[np.int64]
    at: NDArray[np.int64]
    nodes: NodeBatch
    timestamp: str
    turns: list[tuple[int, int, int, int]]
    counts: dict[str, int]


CLOSED, LEFT_OUT = -1, -2
"""Instead of a position among the ways: not open to the traveller; of no concern at all."""


@dataclass
class _Ways:
    """Ways as they are read, batch by batch."""

    keys: array[int] = field(default_factory=lambda: array("q"))
    refs: array[int] = field(default_factory=lambda: array("q"))
    offset: array[int] = field(default_factory=lambda: array("q", [0]))
    ways: list[Way] = field(default_factory=list)
    way_at: array[int] = field(default_factory=lambda: array("q"))
    names: list[str] = field(default_factory=list)
    name_at: array[int] = field(default_factory=lambda: array("q"))
    timed: array[int] = field(default_factory=lambda: array("q"))
    newest: int = 0

    def read(self, tags: dict[str, str], read: WayReading, also: WayReading | None) -> int:
        """Position of what these tags mean among the ways."""
        way = read(tags)
        if way is not None:
            self.ways.append(way)
            return len(self.ways) - 1
        return CLOSED if "highway" in tags or (also and also(tags)) else LEFT_OUT

    def add(self, batch: WayBatch, way_at: NDArray[np.int64], name_at: NDArray[np.int64]) -> None:
        """Take over the ways of a batch that are of any concern."""
        kept = way_at != LEFT_OUT
        refs, offset = taken(batch.refs, batch.offset, kept)
        self.offset.frombytes((offset[1:] + len(self.refs)).tobytes())
        self.refs.frombytes(refs.tobytes())
        self.keys.frombytes(batch.key[kept].tobytes())
        self.way_at.frombytes(way_at[kept].tobytes())
        self.name_at.frombytes(name_at[kept].tobytes())
        self.timed.frombytes((batch.timed & (way_at >= 0))[kept].astype(np.int64).tobytes())
        self.newest = max(self.newest, int(batch.seconds[kept].max(initial=0)))


def lonlat_box(bounds: Bounds) -> Bounds:
    """A box in EPSG:27700 as the box in longitude and latitude around it."""
    return Transformer.from_crs(BRITISH_NATIONAL_GRID, WGS84, always_xy=True).transform_bounds(*bounds)


def select_roads(
    path: Path,
    box: Bounds | None,
    read: WayReading = drivable_way,
    *,
    also: WayReading | None = None,
    turns: bool = True,
) -> Selection:
    """Find the ways around a box, with their nodes.

    Memory grows with what lies in the box, not with the file: positions are read block by block and kept only inside
    the box, ways are asked whether they touch one of them, and the few nodes of these ways that lie outside are read in
    a last look.

    Parameters
    ----------
    path
        An OpenStreetMap file. Nodes may come after the ways and have negative numbers, as editors write them.
    box
        Longitude and latitude; None for the whole file.
    read
        What the tags of a way are to the traveller.
    also
        Ferries that are open by this reading are found as well, with None as what they are.
    turns
        Whether restricted turns are wanted.

    Raises
    ------
    ValueError, RuntimeError
        The file is damaged or of another kind.
    """
    source = open_source(path)
    inside = joined(list(source.nodes(_with_margin(box) if box else None)))
    touching = partial(_touching, inside.key) if box else None
    found = _read_ways(source.ways(touching), read, also)
    refs, offset = as_numbers(found.refs), as_numbers(found.offset)
    used = each_once(refs)
    nodes = inside.only(is_in(inside.key, used))
    del inside
    if box is not None:
        nodes = joined([nodes, source.find(used[~is_in(used, nodes.key)])])
    at = _position_of(nodes, refs)
    kept = np.ones(len(found.keys), dtype=bool)
    if box is not None:
        kept = _near(nodes, offset, at, box)
        refs, offset = taken(refs, offset, kept)
        nodes = nodes.only(is_in(nodes.key, each_once(refs)))
        at = _position_of(nodes, refs)
    key, way_at, name_at = (as_numbers(values)[kept] for values in (found.keys, found.way_at, found.name_at))
    rows, counts = _turns(source, key, way_at >= 0, refs, offset, nodes, box) if turns else ([], {})
    timed = int(np.count_nonzero(as_numbers(found.timed)[kept]))
    return Selection(
        key=key,
        ways=tuple(found.ways),
        way_at=way_at,
        names=tuple(found.names),
        name_at=name_at,
        refs=refs,
        offset=offset,
        at=at,
        nodes=nodes,
        timestamp=source.timestamp or _text_of(found.newest),
        turns=rows,
        counts=counts | ({AT_SOME_HOURS: timed} if timed else {}),
    )


def _with_margin(box: Bounds) -> Bounds:
    margin = NODE_MARGIN_DEGREES
    return box[0] - margin, box[1] - margin, box[2] + margin, box[3] + margin


def _touching(inside: NDArray[np.int64], refs: NDArray[np.int64], offset: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which ways have a node inside."""
    hits = np.append(0, np.cumsum(is_in(refs, inside)))
    return hits[offset[1:]] > hits[offset[:-1]]


def _text_of(seconds: int) -> str:
    """ISO text of a moment; the library gives 1970 where a file keeps no dates."""
    moment = datetime.fromtimestamp(seconds, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment.year > 2000 else ""


def _turns(
    source: Source,
    key: NDArray[np.int64],
    is_open: NDArray[np.bool_],
    refs: NDArray[np.int64],
    offset: NDArray[np.int64],
    nodes: NodeBatch,
    box: Bounds | None,
) -> tuple[list[tuple[int, int, int, int]], dict[str, int]]:
    """Settle the restrictions against the ways that were kept."""
    held = set(key.tolist()) if box else set()
    rules = [rule for rule in source.restrictions() if box is None or held.issuperset(rule.ways)]
    if not rules:
        return [], {}
    named = each_once(np.array([one for rule in rules for one in rule.ways], dtype=np.int64))
    ends = {
        int(key[i]): (int(refs[offset[i]]), int(refs[offset[i + 1] - 1]), bool(is_open[i]))
        for i in np.flatnonzero(is_in(key, named) & (np.diff(offset) > 0)).tolist()
    }
    via = np.array([node for rule in rules for node in rule.via], dtype=np.int64)
    there = set(via[is_in(via, nodes.key)].tolist())
    return settle_turns(rules, ends, there, whole_file=box is None)


def _position_of(nodes: NodeBatch, refs: NDArray[np.int64]) -> NDArray[np.int64]:
    if not len(nodes.key):
        return np.full(len(refs), -1, dtype=np.int64)
    at = np.searchsorted(nodes.key, refs)
    at[at == len(nodes.key)] = 0
    return np.where(nodes.key[at] == refs, at, -1)


def _near(nodes: NodeBatch, offset: NDArray[np.int64], at: NDArray[np.int64], box: Bounds) -> NDArray[np.bool_]:
    """Which ways reach the box or its margin, and begin near it: a ferry between two other shores only passes."""
    near = np.zeros(len(offset) - 1, dtype=bool)
    filled = np.flatnonzero(np.diff(offset))
    if not len(filled) or not len(nodes.key):
        return near
    first = at[offset[filled]]
    touching, begins = np.ones((2, len(filled)), dtype=bool)
    for values, low, high in ((nodes.x, box[0], box[2]), (nodes.y, box[1], box[3])):
        place = values[at] / PER_DEGREE
        lowest = np.minimum.reduceat(np.where(at < 0, np.inf, place), offset[filled])
        highest = np.maximum.reduceat(np.where(at < 0, -np.inf, place), offset[filled])
        touching = touching & (lowest <= high + NODE_MARGIN_DEGREES) & (highest >= low - NODE_MARGIN_DEGREES)
        start = place[offset[filled]]
        begins &= (first < 0) | ((start >= low - WAY_REACH_DEGREES) & (start <= high + WAY_REACH_DEGREES))
    near[filled] = touching & begins
    return near


def _read_ways(batches: Iterable[WayBatch], read: WayReading, also: WayReading | None) -> _Ways:
    found = _Ways()
    known: dict[Pairs, int] = {}
    names: dict[Pairs, int] = {}
    for batch in batches:
        # Few sets of tags come in many copies, and a street in twenty pieces has one name: each is read once.
        for tags in batch.tags:
            if tags not in known:
                known[tags] = found.read(dict(tags), read, also)
        for naming in batch.naming:
            if naming not in names:
                names[naming] = len(found.names)
                found.names.append(road_name(dict(naming)))
        way_at = np.array([known[tags] for tags in batch.tags], dtype=np.int64)
        name_at = np.array([names[naming] for naming in batch.naming], dtype=np.int64)
        found.add(batch, way_at, name_at)
    return found
