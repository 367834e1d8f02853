"""One look at OpenStreetMap files of every kind: nodes, ways and restricted turns, batch by batch.

A `.osm.pbf` is taken apart block by block (`geodata.osm.blocks`), everything else is read by the OpenStreetMap library,
so that a whole country never stands in memory. The library itself offers no filter by place, and its sets of numbers
take memory by the largest number (about 1.5 GB for today's nodes), not by how many are kept.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import compress, islice
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from geodata.errors import Finding, InputProblems
from geodata.osm.blocks import NODES, RELATIONS, WAYS, BlockFile, OtherPacking, Pairs, is_pbf
from geodata.osm.nodes import NODE_KEYS, PER_DEGREE, NodeBatch, is_in, joined, node_groups
from geodata.osm.protobuf import as_numbers
from geodata.osm.turn_rules import TurnRule, turn_rule
from geodata.osm.ways import (
    FERRY,
    NAME_KEYS,
    READ_TAGS,
    RESTRICTION,
    TIMED_KEYS,
    WAY_KEYS,
    Near,
    WayBatch,
    restrictions_of,
    taken,
    ways_of,
)

if TYPE_CHECKING:
    import osmium

Box = tuple[float, float, float, float]
"""Lowest longitude and latitude, highest longitude and latitude, degrees."""

TIMESTAMP = "osmosis_replication_timestamp"
WAYS_AT_ONCE = 20_000
NODES_AT_ONCE = 200_000


class Source(Protocol):
    """An OpenStreetMap file; each of the questions may be asked again.

    They raise `ValueError` or `RuntimeError` where the file is damaged.
    """

    timestamp: str
    """Date of the data as ISO text; empty if the head of the file does not tell."""

    def nodes(self, box: Box | None = None) -> Iterator[NodeBatch]:
        """All nodes, or those in a box, with the tags that matter to roads."""

    def find(self, wanted: NDArray[np.int64]) -> NodeBatch:
        """The nodes with these keys (sorted), sorted by key, each once; those the file lacks are left out."""

    def ways(self, near: Near | None = None) -> Iterator[WayBatch]:
        """The ways that may be roads or ferries: all of them, or those that are near, and all ferries."""

    def restrictions(self) -> Iterator[TurnRule]:
        """Every restriction on turning."""


def open_source(path: Path) -> Source:
    """Open a file.

    Parameters
    ----------
    path
        `.osm.pbf`, or any other kind that the library reads (slower: each thing passes through Python).

    Raises
    ------
    ValueError, RuntimeError
        The file is damaged or of another kind.
    """
    if is_pbf(path):
        try:
            return BlockSource(path)
        except OtherPacking:
            pass
    return LibrarySource(path)


class BlockSource:
    """A `.osm.pbf`, taken apart block by block; from the second time on only the blocks that are needed."""

    def __init__(self, path: Path) -> None:
        self._file = BlockFile(path)
        self.timestamp = self._file.timestamp
        self._key_range: dict[int, tuple[int, int]] = {}  # smallest and largest key in each block of nodes

    def nodes(self, box: Box | None = None) -> Iterator[NodeBatch]:
        """As in `Source`."""
        ranges = {}
        for number, block in self._file.holding(NODES):
            groups = list(node_groups(block))
            keys = np.concatenate([group.places.key for group in groups])
            if len(keys):
                ranges[number] = int(keys.min()), int(keys.max())
            for group in groups:
                inside = _within(group.places, box)
                if inside.any():
                    yield group.only(inside)
        self._key_range = ranges

    def find(self, wanted: NDArray[np.int64]) -> NodeBatch:
        """As in `Source`."""
        if not len(wanted):
            return joined([])
        if not self._key_range:
            for _ in self.nodes((0.0, 0.0, 0.0, 0.0)):
                pass
        lows, highs = np.array(list(self._key_range.values()), dtype=np.int64).reshape(-1, 2).T
        first = np.minimum(np.searchsorted(wanted, lows), len(wanted) - 1)
        holds = (wanted[first] >= lows) & (wanted[first] <= highs)
        numbers = np.array(list(self._key_range), dtype=np.int64)[holds].tolist()
        return joined(
            [
                group.only(is_in(group.places.key, wanted))
                for _, block in self._file.holding(NODES, numbers)
                for group in node_groups(block)
            ]
        )

    def ways(self, near: Near | None = None) -> Iterator[WayBatch]:
        """As in `Source`."""
        for _, block in self._file.holding(WAYS):
            yield from ways_of(block, near, dated=not self.timestamp)

    def restrictions(self) -> Iterator[TurnRule]:
        """As in `Source`."""
        for _, block in self._file.holding(RELATIONS):
            yield from restrictions_of(block)


class LibrarySource:
    """Any file that the OpenStreetMap library reads."""

    def __init__(self, path: Path) -> None:
        self._path = path
        header = _osmium().FileProcessor(str(path)).header
        if header.has_multiple_object_versions:
            raise InputProblems([_history(path)])
        self.timestamp: str = header.get(TIMESTAMP, "")

    def nodes(self, box: Box | None = None) -> Iterator[NodeBatch]:
        """As in `Source`."""
        places = self._places()
        while rows := list(islice(places, NODES_AT_ONCE)):
            table = np.array([row[:3] for row in rows], dtype=np.int64).reshape(-1, 3)
            tags = {row[0]: row[3] for row in rows if row[3]}
            batch = NodeBatch(table[:, 0].copy(), table[:, 1].astype(np.int32), table[:, 2].astype(np.int32), tags)
            yield batch.only(_within(batch, box)) if box else batch

    def _places(self) -> Iterator[tuple[int, int, int, dict[str, str]]]:
        keys = [key.decode() for key in NODE_KEYS]
        osmium = _osmium()
        for node in osmium.FileProcessor(str(self._path), osmium.osm.NODE):
            place, tags = node.location, node.tags
            if place.valid():
                told = any(key in tags for key in keys) if tags else False
                yield node.id, place.x, place.y, {tag.k: tag.v for tag in tags} if told else {}

    def find(self, wanted: NDArray[np.int64]) -> NodeBatch:
        """As in `Source`."""
        if not len(wanted):
            return joined([])
        return joined([batch.only(is_in(batch.key, wanted)) for batch in self.nodes()])

    def ways(self, near: Near | None = None) -> Iterator[WayBatch]:
        """As in `Source`."""
        rows = _WayRows()
        for way in roads_and_ferries(self._path):
            rows.add(way)
            if len(rows.keys) == WAYS_AT_ONCE:
                yield rows.batch(near)
                rows = _WayRows()
        yield rows.batch(near)

    def restrictions(self) -> Iterator[TurnRule]:
        """As in `Source`."""
        for relation in turn_relations(self._path):
            yield rule_of(relation)


@dataclass
class _WayRows:
    """Ways as the library hands them over."""

    keys: array[int] = field(default_factory=lambda: array("q"))
    refs: array[int] = field(default_factory=lambda: array("q"))
    offset: array[int] = field(default_factory=lambda: array("q", [0]))
    tags: list[Pairs] = field(default_factory=list)
    naming: list[Pairs] = field(default_factory=list)
    timed: list[bool] = field(default_factory=list)
    seconds: list[int] = field(default_factory=list)

    def add(self, way: osmium.osm.Way) -> None:
        tags = {tag.k: tag.v for tag in way.tags}
        self.keys.append(way.id)
        self.refs.extend([node.ref for node in way.nodes])
        self.offset.append(len(self.refs))
        self.tags.append(tuple([item for item in tags.items() if item[0] in READ_TAGS]))
        self.naming.append(tuple([item for item in tags.items() if item[0] in NAME_KEYS]))
        self.timed.append(not TIMED_KEYS.isdisjoint(tags))
        self.seconds.append(int(way.timestamp.timestamp()))

    def batch(self, near: Near | None) -> WayBatch:
        refs, offset = as_numbers(self.refs), as_numbers(self.offset)
        kept = np.ones(len(self.keys), dtype=bool)
        if near is not None:
            kept = near(refs, offset) | np.array([FERRY in tags for tags in self.tags], dtype=bool)
            refs, offset = taken(refs, offset, kept)
        return WayBatch(
            key=as_numbers(self.keys)[kept],
            refs=refs,
            offset=offset,
            tags=list(compress(self.tags, kept)),
            naming=list(compress(self.naming, kept)),
            timed=np.array(self.timed, dtype=bool)[kept],
            seconds=np.array(self.seconds, dtype=np.int64)[kept],
        )


def _history(path: Path) -> Finding:
    message = "The road file holds the history of the data: each road as often as it was changed."
    fix = "Make a file of one date from it (`osmium time-filter`), or download a plain extract."
    return Finding("error", path.name, message, fix, code="road-file")


def _osmium() -> ModuleType:
    """The OpenStreetMap library, which only files of other kinds need."""
    import osmium  # noqa: PLC0415

    return osmium


def roads_and_ferries(path: Path) -> Iterator[osmium.osm.Way]:
    """Every way of the file that may matter, by the library; each may be used only until the next is asked for."""
    osmium = _osmium()
    return iter(osmium.FileProcessor(str(path), osmium.osm.WAY).with_filter(osmium.filter.KeyFilter(*WAY_KEYS)))


def turn_relations(path: Path) -> Iterator[osmium.osm.Relation]:
    """Every restriction on turning of the file, by the library; likewise."""
    osmium = _osmium()
    return iter(osmium.FileProcessor(str(path), osmium.osm.RELATION).with_filter(osmium.filter.TagFilter(RESTRICTION)))


def _within(places: NodeBatch, box: Box | None) -> NDArray[np.bool_]:
    if box is None:
        return np.ones(len(places.key), dtype=bool)
    low_x, low_y, high_x, high_y = (edge * PER_DEGREE for edge in box)
    return (places.x >= low_x) & (places.x <= high_x) & (places.y >= low_y) & (places.y <= high_y)


def rule_of(relation: osmium.osm.Relation) -> TurnRule:
    """What a restriction says."""
    members = [(member.type, member.ref, member.role) for member in relation.members]
    return turn_rule({tag.k: tag.v for tag in relation.tags}, members)
