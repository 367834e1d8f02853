"""The nodes of an OpenStreetMap file: where they lie, and the tags of those that matter to roads."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from geodata.osm.blocks import (
    GROUP_DENSE,
    GROUP_NODES,
    KINDS,
    NODES,
    THING_ID,
    THING_KEYS,
    THING_VALUES,
    Block,
    Tags,
)
from geodata.osm.protobuf import DamagedFile, Rows, fields, messages, varints, zigzag

PER_DEGREE = 10_000_000
"""Positions are whole numbers of 1e-7 degree, as the library holds them: nothing is lost by rounding."""

NODE_KEYS = (b"highway", b"barrier")
"""Tags that make a node matter to roads: what lets traffic wait, and what stops it."""

# Numbers of the fields in the format's definition (osmformat.proto).
NODE_LAT, NODE_LON, NODE_TAGS = 8, 9, 10

NodeTags = dict[int, dict[str, str]]


@dataclass(frozen=True)
class NodeBatch:
    """Positions of N nodes.

    Parameters
    ----------
    key
        Numbers of the nodes, int64, shape (N,), in the order of the file.
    x, y
        Longitude and latitude in units of 1e-7 degree, int32, shape (N,).
    tags
        By the number of the node, the tags of those that have one of `NODE_KEYS`.
    """

    key: NDArray[np.int64]
    x: NDArray[np.int32]
    y: NDArray[np.int32]
    tags: NodeTags = field(default_factory=dict)

    def only(self, kept: NDArray[np.bool_]) -> NodeBatch:
        """Some of the nodes."""
        key = self.key[kept]
        tags = self.tags
        if tags:
            tagged = np.fromiter(tags, np.int64, len(tags))
            tags = {number: tags[number] for number in tagged[is_in(tagged, np.sort(key))].tolist()}
        return NodeBatch(key, self.x[kept], self.y[kept], tags)


def is_in(values: NDArray[np.int64], keys: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which values are among sorted keys (numpy's own test hashes, which is slow for numbers that come in rows)."""
    if not len(keys):
        return np.zeros(len(values), dtype=bool)
    at = np.searchsorted(keys, values)
    at[at == len(keys)] = 0
    return keys[at] == values


def each_once(values: NDArray[np.int64]) -> NDArray[np.int64]:
    """The different values, sorted."""
    ordered = np.sort(values)
    return ordered[np.append(True, ordered[1:] != ordered[:-1])] if len(ordered) else ordered


def joined(batches: list[NodeBatch]) -> NodeBatch:
    """One batch sorted by key; of a node that comes twice, the last."""
    if not batches:
        return NodeBatch(np.zeros(0, np.int64), np.zeros(0, np.int32), np.zeros(0, np.int32))
    key = np.concatenate([batch.key for batch in batches])
    x = np.concatenate([batch.x for batch in batches])
    y = np.concatenate([batch.y for batch in batches])
    tags: NodeTags = {}
    for batch in batches:
        tags |= batch.tags
    if len(key) > 1 and not (key[1:] > key[:-1]).all():
        order = np.argsort(key, kind="stable")
        last = np.append(key[order][1:] != key[order][:-1], True)
        order = order[last]
        key, x, y = key[order], x[order], y[order]
    return NodeBatch(key, x, y, tags)


# ------------------------------------------------------------------------------------------------------ out of a block


@dataclass(frozen=True)
class NodeGroup:
    """Nodes that lie together in a block.

    Parameters
    ----------
    places
        Where they lie; those that lie nowhere (removed ones) are left out.
    row
        Which of the group they are, shape (N,).
    numbers
        Numbers of all nodes of the group, shape (G,).
    read_tags
        Gives the tags of all nodes of the group.
    """

    places: NodeBatch
    row: NDArray[np.int64]
    numbers: NDArray[np.int64]
    read_tags: Callable[[], Tags]

    def only(self, kept: NDArray[np.bool_]) -> NodeBatch:
        """Some of the nodes, with their tags."""
        if not kept.any():
            return joined([])
        tags = self.read_tags()
        tagged = tags.things_with(NODE_KEYS)
        tagged = tagged[is_in(tagged, self.row[kept])]
        shared = {pairs: dict(pairs) for pairs in tags.pairs(tagged)}
        told = {
            key: shared[pairs] for key, pairs in zip(self.numbers[tagged].tolist(), tags.pairs(tagged), strict=True)
        }
        return replace(self.places.only(kept), tags=told)


def node_groups(block: Block) -> Iterator[NodeGroup]:
    """The nodes of a block.

    Raises
    ------
    DamagedFile
        The bytes are not what the format says.
    """
    for number, group in block.groups:
        if KINDS.get(number) != NODES:
            continue
        key, y, x, read_tags = _dense(block, group) if number == GROUP_DENSE else _plain(block, group)
        x, y = _in_units(x, block.grain, block.offset_x), _in_units(y, block.grain, block.offset_y)
        row = np.flatnonzero((np.abs(x) <= 180 * PER_DEGREE) & (np.abs(y) <= 90 * PER_DEGREE))
        places = NodeBatch(key[row], x[row].astype(np.int32), y[row].astype(np.int32))
        yield NodeGroup(places, row, key, read_tags)


Columns = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64], Callable[[], Tags]]
"""Numbers, latitudes and longitudes in the units of the file, and how to read the tags."""


def _dense(block: Block, group: bytes) -> Columns:
    columns: dict[int, bytes] = {}
    for number, value in fields(group):
        if number == GROUP_DENSE and isinstance(value, bytes):
            columns = {field: item for field, item in fields(value) if isinstance(item, bytes)}
    key, y, x = (np.cumsum(zigzag(varints(columns.get(n, b"")))) for n in (THING_ID, NODE_LAT, NODE_LON))
    if not len(key) == len(y) == len(x):
        raise DamagedFile("a block holds more nodes than positions")
    return key, y, x, partial(_dense_tags, block, columns.get(NODE_TAGS, b""), len(key))


def _dense_tags(block: Block, data: bytes, nodes: int) -> Tags:
    """Tags as one row of key, value, key, value ... in which nought ends those of each node; no row: no tags."""
    row = varints(data)
    if not len(row):
        return Tags(block, row, row, np.zeros(nodes + 1, np.int64))
    end = np.flatnonzero(row == 0)
    size = np.diff(end, prepend=-1) - 1
    if len(end) != nodes or end[-1] != len(row) - 1 or (size % 2).any():
        raise DamagedFile
    pairs = row[row != 0].reshape(-1, 2)
    return Tags(block, pairs[:, 0], pairs[:, 1], np.append(0, np.cumsum(size // 2)))


def _plain(block: Block, group: bytes) -> Columns:
    wanted = (THING_ID, THING_KEYS, THING_VALUES, NODE_LAT, NODE_LON)
    rows = Rows.of(group, *messages(group, GROUP_NODES), wanted)
    if not all(rows.stop[field].all() for field in (THING_ID, NODE_LAT, NODE_LON)):
        raise DamagedFile("a node has no position")
    key, y, x = (zigzag(rows.held[field].astype(np.uint64)) for field in (THING_ID, NODE_LAT, NODE_LON))
    return key, y, x, partial(Tags.of, block, rows)


def _in_units(values: NDArray[np.int64], grain: int, offset: int) -> NDArray[np.int64]:
    """From the file's own units to 1e-7 degree, cut off towards zero as the library does."""
    nano = values * np.int64(grain) + np.int64(offset)
    return np.sign(nano) * (np.abs(nano) // 100)
