"""The ways of an OpenStreetMap file that matter around a box, found without holding the file in memory."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import osmium
from numpy.typing import NDArray
from pyproj import Transformer

from geodata.osm.access import CAR, WALKER
from geodata.osm.nodes import PER_DEGREE, NodeBatch, NodeReader, each_once, is_in, is_pbf, joined
from geodata.osm.tags import WAY_TAGS, Way, WayReading, drivable_way, road_name
from geodata.osm.turn_rules import TurnRule, settle_turns, turn_rule
from geodata.place import BRITISH_NATIONAL_GRID

Bounds = tuple[float, float, float, float]

WGS84 = "EPSG:4326"
NODE_MARGIN_DEGREES = 0.03
"""A road that crosses the box has a node inside it or this near (2 to 3 km); ferries are found wherever they lie."""

WAY_REACH_DEGREES = 0.3
"""No way for cars reaches further than this (about 20 km) from its first point into the box."""

WAY_KEYS = ("highway", "route")
NODE_KEYS = ("highway", "barrier")
READ_TAGS = frozenset(WAY_TAGS)
TIMED_KEYS = frozenset((*CAR.timed_keys, *WALKER.timed_keys))
AT_SOME_HOURS = "ways with rules for some hours, which are not followed"
WAYS_AT_ONCE = 20_000
NODES_AT_ONCE = 50_000
RESTRICTION = ("type", "restriction")
TIMESTAMP = "osmosis_replication_timestamp"


@dataclass(frozen=True)
class Selection:
    """What a box needs of a file: W ways with `highway`, and ferries, in the order of the file.

    Parameters
    ----------
    key
        Numbers of the ways, shape (W,).
    way
        What each is to the traveller; None where it is closed to them.
    name
        Number and name of each, such as `B3157 Coast Road`.
    refs, offset
        Numbers of their nodes one after the other, shape (M,), and where each way begins in them, shape (W + 1,).
    at
        Where the nodes stand in `nodes`, shape (M,); -1 for those that the file lacks.
    nodes
        Positions of the nodes, sorted by key.
    node_tags
        Tags of those of the nodes that are barriers, signals, crossings and the like.
    timestamp
        Date of the data as ISO text; empty if nothing tells.
    turns
        Restricted turns: from way, node, to way, 1 where this is the only turn allowed.
    counts
        What is not followed, by reason.
    """

    key: NDArray[np.int64]
    way: list[Way | None]
    name: list[str]
    refs: NDArray[np.int64]
    offset: NDArray[np.int64]
    at: NDArray[np.int64]
    nodes: NodeBatch
    node_tags: dict[int, dict[str, str]]
    timestamp: str
    turns: list[tuple[int, int, int, int]]
    counts: dict[str, int]


@dataclass
class _Ways:
    """Ways as they are read, one after the other, and the restricted turns among them."""

    keys: array[int] = field(default_factory=lambda: array("q"))
    refs: array[int] = field(default_factory=lambda: array("q"))
    offset: array[int] = field(default_factory=lambda: array("q", [0]))
    ways: list[Way | None] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
    timed: array[int] = field(default_factory=lambda: array("b"))
    rules: list[TurnRule] = field(default_factory=list)
    newest: Any = None


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
    reader = NodeReader(path)
    inside = joined([_within(batch, box) for batch in reader.batches()])
    chosen = None if box is None else _touching(path, inside.key)
    dated = osmium.FileProcessor(str(path)).header.get(TIMESTAMP, "")
    found = _read_ways(_ways_and_turns(path) if turns else roads_and_ferries(path), chosen, read, also)
    refs, offset = _numbers(found.refs), _numbers(found.offset)
    used = each_once(refs)
    nodes = _only(inside, used)
    del inside
    if box is not None:
        nodes = joined([nodes, reader.find(used[~is_in(used, nodes.key)])])
    at = _position_of(nodes, refs)
    kept = np.arange(len(found.ways))
    if box is not None:
        near = _near(nodes, offset, at, box)
        size = np.diff(offset)
        kept = np.flatnonzero(near)
        refs, offset = refs[np.repeat(near, size)], np.concatenate(([0], np.cumsum(size[near])))
        nodes = _only(nodes, each_once(refs))
        at = _position_of(nodes, refs)
    key, way = _numbers(found.keys)[kept], [found.ways[i] for i in kept.tolist()]
    rows, counts = _turns(found.rules, key, way, refs, offset, nodes, whole_file=box is None)
    timed = sum(found.timed[i] for i in kept.tolist())
    return Selection(
        key=key,
        way=way,
        name=[found.names[i] for i in kept.tolist()],
        refs=refs,
        offset=offset,
        at=at,
        nodes=nodes,
        node_tags=_node_tags(path, nodes.key),
        timestamp=dated or _text_of(found.newest),
        turns=rows,
        counts=counts | ({AT_SOME_HOURS: timed} if timed else {}),
    )


def _text_of(moment: Any) -> str:
    """ISO text of the newest moment; the library gives 1970 where a file keeps no dates."""
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ") if moment and moment.year > 2000 else ""


def _turns(
    rules: list[TurnRule],
    key: NDArray[np.int64],
    way: list[Way | None],
    refs: NDArray[np.int64],
    offset: NDArray[np.int64],
    nodes: NodeBatch,
    *,
    whole_file: bool,
) -> tuple[list[tuple[int, int, int, int]], dict[str, int]]:
    """Settle the rules against the ways that were kept."""
    if not rules:
        return [], {}
    named = each_once(np.array([one for rule in rules for one in rule.ways], dtype=np.int64))
    ends = {
        int(key[i]): (int(refs[offset[i]]), int(refs[offset[i + 1] - 1]), way[i] is not None)
        for i in np.flatnonzero(is_in(key, named) & (np.diff(offset) > 0)).tolist()
    }
    via = np.array([node for rule in rules for node in rule.via], dtype=np.int64)
    there = set(via[is_in(via, nodes.key)].tolist())
    return settle_turns(rules, ends, there, whole_file=whole_file)


def _only(batch: NodeBatch, wanted: NDArray[np.int64]) -> NodeBatch:
    kept = is_in(batch.key, wanted)
    return NodeBatch(batch.key[kept], batch.x[kept], batch.y[kept])


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


def file_box(path: Path) -> Bounds | None:
    """The box that a `.osm.pbf` says it covers, longitude and latitude; None where it does not say."""
    if not is_pbf(path):
        return None
    box = osmium.FileProcessor(str(path)).header.box()
    if not box.valid():
        return None
    low, high = box.bottom_left, box.top_right
    return low.lon, low.lat, high.lon, high.lat


def _within(batch: NodeBatch, box: Bounds | None) -> NodeBatch:
    if box is None:
        return batch
    low_x, low_y = ((edge - NODE_MARGIN_DEGREES) * PER_DEGREE for edge in box[:2])
    high_x, high_y = ((edge + NODE_MARGIN_DEGREES) * PER_DEGREE for edge in box[2:])
    here = (batch.x >= low_x) & (batch.x <= high_x) & (batch.y >= low_y) & (batch.y <= high_y)
    return NodeBatch(batch.key[here], batch.x[here], batch.y[here])


def roads_and_ferries(path: Path) -> Iterator[Any]:
    """Every way of the file that may matter; each may be used only until the next is asked for."""
    return iter(osmium.FileProcessor(str(path), osmium.osm.WAY).with_filter(osmium.filter.KeyFilter(*WAY_KEYS)))


def _touching(path: Path, inside: NDArray[np.int64]) -> set[int]:
    """Numbers of the ways with a node inside, and of all ferries: they jump over any margin."""
    chosen: set[int] = set()
    keys, sizes, refs = array("q"), array("q"), array("q")

    def settle() -> None:
        hits = is_in(_numbers(refs), inside)
        way = np.repeat(_numbers(keys), _numbers(sizes))
        chosen.update(way[hits].tolist())

    for way in roads_and_ferries(path):
        before = len(refs)
        refs.extend([node.ref for node in way.nodes])
        keys.append(way.id)
        sizes.append(len(refs) - before)
        if way.tags.get("route") == "ferry":
            chosen.add(way.id)
        if len(keys) == WAYS_AT_ONCE:
            settle()
            keys, sizes, refs = array("q"), array("q"), array("q")
    settle()
    return chosen


def _ways_and_turns(path: Path) -> Iterator[Any]:
    """Every way that may matter and every restriction, in one pass; each may be used only until the next is asked."""
    # The two filters look at one kind of thing each and let the other pass.
    ways = osmium.filter.KeyFilter(*WAY_KEYS).enable_for(osmium.osm.WAY)
    turns = osmium.filter.TagFilter(RESTRICTION).enable_for(osmium.osm.RELATION)
    wanted = osmium.osm.WAY | osmium.osm.RELATION
    return iter(osmium.FileProcessor(str(path), wanted).with_filter(ways).with_filter(turns))


def _read_ways(things: Iterator[Any], chosen: set[int] | None, read: WayReading, also: WayReading | None) -> _Ways:
    found = _Ways()
    known: dict[tuple[tuple[str, str], ...], Way | None] = {}
    names: dict[str, str] = {}  # a street in twenty pieces has one name
    for thing in things:
        if thing.is_relation():
            rule = rule_of(thing)
            if chosen is None or chosen.issuperset(rule.ways):
                found.rules.append(rule)
            continue
        if chosen is not None and thing.id not in chosen:
            continue
        tags = {tag.k: tag.v for tag in thing.tags}
        # Few sets of tags come in many copies: each is read once.
        told = tuple([item for item in tags.items() if item[0] in READ_TAGS])
        try:
            way = known[told]
        except KeyError:
            way = known[told] = read(dict(told))
        if way is None and "highway" not in tags and not (also and also(tags)):
            continue
        name = road_name(tags) if way else ""
        found.keys.append(thing.id)
        found.ways.append(way)
        found.names.append(names.setdefault(name, name))
        found.timed.append(way is not None and not TIMED_KEYS.isdisjoint(tags))
        found.refs.extend([node.ref for node in thing.nodes])
        found.offset.append(len(found.refs))
        found.newest = max(found.newest, thing.timestamp) if found.newest else thing.timestamp
    return found


def rule_of(relation: osmium.osm.Relation) -> TurnRule:
    """What a restriction says."""
    members = [(member.type, member.ref, member.role) for member in relation.members]
    return turn_rule({tag.k: tag.v for tag in relation.tags}, members)


def _numbers(values: array[int]) -> NDArray[np.int64]:
    return np.frombuffer(values, np.int64) if len(values) else np.zeros(0, np.int64)


def _node_tags(path: Path, wanted: NDArray[np.int64]) -> dict[int, dict[str, str]]:
    kept: dict[int, dict[str, str]] = {}
    pending: dict[int, dict[str, str]] = {}

    def settle() -> None:
        keys = np.fromiter(pending, np.int64, len(pending))
        kept.update((key, pending[key]) for key in keys[is_in(keys, wanted)].tolist())
        pending.clear()

    for node in osmium.FileProcessor(str(path), osmium.osm.NODE).with_filter(osmium.filter.KeyFilter(*NODE_KEYS)):
        pending[node.id] = {tag.k: tag.v for tag in node.tags}
        if len(pending) == NODES_AT_ONCE:
            settle()
    settle()
    return kept
