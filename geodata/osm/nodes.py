"""Where the nodes of an OpenStreetMap file lie, batch by batch, so that a whole country never stands in memory.

The OpenStreetMap library offers no filter by place, and its sets of numbers take memory by the largest number (about
1.5 GB for today's nodes), not by how many are kept. Handing each node to Python costs more than a second per million.
So the positions in a `.osm.pbf` are taken straight from its blocks, which hold them as three columns of differences;
everything else about a file is left to the library. Format: wiki.openstreetmap.org/wiki/PBF_Format.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
import osmium
from numpy.typing import NDArray

PER_DEGREE = 10_000_000
"""Positions are whole numbers of 1e-7 degree, as the library holds them: nothing is lost by rounding."""

LARGEST_HEADER = 64 * 1024
LARGEST_BLOCK = 32 * 1024 * 1024
"""Limits of the format, bytes; a file beyond them is damaged or no such file."""

BATCH = 200_000

# Numbers of the fields in the format's definition (fileformat.proto, osmformat.proto).
HEADER_TYPE, HEADER_SIZE = 1, 3
BLOB_RAW, BLOB_RAW_SIZE, BLOB_ZLIB = 1, 2, 3
BLOCK_GROUP, BLOCK_GRANULARITY, BLOCK_LAT_OFFSET, BLOCK_LON_OFFSET = 2, 17, 19, 20
GROUP_NODES, GROUP_DENSE = 1, 2
NODE_ID, NODE_LAT, NODE_LON = 1, 8, 9
SORTED = b"Sort.Type_then_ID"


@dataclass(frozen=True)
class NodeBatch:
    """Positions of N nodes.

    Parameters
    ----------
    key
        Numbers of the nodes, int64, shape (N,), in the order of the file.
    x, y
        Longitude and latitude in units of 1e-7 degree, int32, shape (N,).
    """

    key: NDArray[np.int64]
    x: NDArray[np.int32]
    y: NDArray[np.int32]


class OtherPacking(Exception):
    """The blocks are packed in a way that only the library reads (lz4, zstd)."""


class DamagedFile(ValueError):
    """The bytes are not what the format says."""


class NodeReader:
    """Reads the node positions of one file, as often as asked; the second time only the blocks that are needed.

    Parameters
    ----------
    path
        `.osm.pbf`, or any other kind that the library reads (slower: each node passes through Python).
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._blocks: list[tuple[int, int, int, int]] = []  # place, size, smallest and largest key
        self._known = False
        self._by_library = not is_pbf(path)

    def batches(self) -> Iterator[NodeBatch]:
        """All nodes, batch by batch.

        Raises
        ------
        ValueError
            The bytes are not those of a `.osm.pbf`.
        RuntimeError
            The library cannot read the file.
        """
        if not self._by_library:
            try:
                yield from self._from_blocks()
            except OtherPacking:  # told by the first block of data, before anything was yielded
                self._by_library = True
            else:
                return
        yield from _from_library(self._path)

    def find(self, wanted: NDArray[np.int64]) -> NodeBatch:
        """The nodes with these keys, sorted by key, each once; those the file lacks are left out.

        Parameters
        ----------
        wanted
            Sorted keys, shape (M,).
        """
        if not len(wanted):
            return joined([])
        found = []
        for batch in self._around(wanted) if self._known and not self._by_library else self.batches():
            here = is_in(batch.key, wanted)
            if here.any():
                found.append(NodeBatch(batch.key[here], batch.x[here], batch.y[here]))
        return joined(found)

    def _around(self, wanted: NDArray[np.int64]) -> Iterator[NodeBatch]:
        with self._path.open("rb") as file:
            for place, size, low, high in self._blocks:
                first = np.searchsorted(wanted, low)
                if first < len(wanted) and wanted[first] <= high:
                    file.seek(place)
                    yield _positions(_unpacked(_exactly(file, size)))[0]

    def _from_blocks(self) -> Iterator[NodeBatch]:
        blocks: list[tuple[int, int, int, int]] = []
        in_order = False
        with self._path.open("rb") as file:
            for kind, size in _block_heads(file):
                place = file.tell()
                data = _exactly(file, size)
                if kind == b"OSMHeader":
                    in_order = SORTED in _unpacked(data)
                if kind != b"OSMData":
                    continue
                batch, others = _positions(_unpacked(data))
                if len(batch.key):
                    blocks.append((place, size, int(batch.key.min()), int(batch.key.max())))
                    yield batch
                elif others and in_order:
                    break  # the ways have begun: no node comes after them
        self._blocks, self._known = blocks, True


def is_pbf(path: Path) -> bool:
    """Whether the name says that the file is packed in blocks."""
    return path.name.lower().endswith(".pbf")


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
    if len(key) > 1 and not (key[1:] > key[:-1]).all():
        order = np.argsort(key, kind="stable")
        last = np.append(key[order][1:] != key[order][:-1], True)
        order = order[last]
        key, x, y = key[order], x[order], y[order]
    return NodeBatch(key, x, y)


def _from_library(path: Path) -> Iterator[NodeBatch]:
    rows: list[tuple[int, int, int]] = []
    for node in osmium.FileProcessor(str(path), osmium.osm.NODE):
        place = node.location
        if place.valid():
            rows.append((node.id, place.x, place.y))
        if len(rows) == BATCH:
            yield _batch_of(rows)
            rows = []
    if rows:
        yield _batch_of(rows)


def _batch_of(rows: list[tuple[int, int, int]]) -> NodeBatch:
    table = np.array(rows, dtype=np.int64).reshape(-1, 3)
    return NodeBatch(table[:, 0].copy(), table[:, 1].astype(np.int32), table[:, 2].astype(np.int32))


# ------------------------------------------------------------------------------------------------- blocks of the file


def _block_heads(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Kind and size of each block; the file then stands at its first byte."""
    while head := file.read(4):
        size = int.from_bytes(head, "big")
        if len(head) < 4 or size > LARGEST_HEADER:
            raise DamagedFile("its blocks are damaged, or it is not a .osm.pbf file")
        kind, length = b"", -1
        for number, value in _fields(_exactly(file, size)):
            if number == HEADER_TYPE and isinstance(value, bytes):
                kind = value
            elif number == HEADER_SIZE and isinstance(value, int):
                length = value
        if not kind or not 0 <= length <= LARGEST_BLOCK:
            raise DamagedFile("its blocks are damaged, or it is not a .osm.pbf file")
        start = file.tell()
        yield kind, length
        file.seek(start + length)


def _exactly(file: BinaryIO, size: int) -> bytes:
    data = file.read(size)
    if len(data) < size:
        raise DamagedFile("it ends in the middle of a block; the download was probably cut off")
    return data


def _unpacked(blob: bytes) -> bytes:
    raw: bytes | None = None
    packed: bytes | None = None
    others = False
    for number, value in _fields(blob):
        if number == BLOB_RAW and isinstance(value, bytes):
            raw = value
        elif number == BLOB_ZLIB and isinstance(value, bytes):
            packed = value
        else:
            others |= number != BLOB_RAW_SIZE
    if raw is not None:
        return raw
    if packed is None:
        if others:
            raise OtherPacking
        raise DamagedFile("a block holds nothing")
    try:
        unpacker = zlib.decompressobj()
        data = unpacker.decompress(packed, LARGEST_BLOCK)
    except zlib.error as problem:
        raise DamagedFile("a block cannot be unpacked") from problem
    if not unpacker.eof:
        raise DamagedFile("a block cannot be unpacked")
    return data


def _positions(block: bytes) -> tuple[NodeBatch, bool]:
    """Nodes of a block, and whether it holds anything else."""
    groups: list[bytes] = []
    grain, offset_x, offset_y = 100, 0, 0
    for number, value in _fields(block):
        if number == BLOCK_GROUP and isinstance(value, bytes):
            groups.append(value)
        elif isinstance(value, int):
            if number == BLOCK_GRANULARITY:
                grain = value
            elif number == BLOCK_LON_OFFSET:
                offset_x = _signed64(value)
            elif number == BLOCK_LAT_OFFSET:
                offset_y = _signed64(value)
    keys, xs, ys = [], [], []
    others = False
    for group in groups:
        number, value = next(_fields(group), (0, b""))  # a group holds things of one kind only
        if number == GROUP_DENSE and isinstance(value, bytes):
            key, y, x = _dense(value)
        elif number == GROUP_NODES:
            key, y, x = _plain_nodes(group)
        else:
            others |= number != 0
            continue
        x, y = _in_units(x, grain, offset_x), _in_units(y, grain, offset_y)
        real = (np.abs(x) <= 180 * PER_DEGREE) & (np.abs(y) <= 90 * PER_DEGREE)  # removed nodes lie nowhere
        keys.append(key[real])
        xs.append(x[real].astype(np.int32))
        ys.append(y[real].astype(np.int32))
    if not keys:
        return joined([]), others
    return NodeBatch(np.concatenate(keys), np.concatenate(xs), np.concatenate(ys)), others


def _dense(data: bytes) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    columns = {number: value for number, value in _fields(data) if isinstance(value, bytes)}
    key, y, x = (np.cumsum(_zigzag(_varints(columns.get(n, b"")))) for n in (NODE_ID, NODE_LAT, NODE_LON))
    if not len(key) == len(y) == len(x):
        raise DamagedFile("a block holds more nodes than positions")
    return key, y, x


def _plain_nodes(group: bytes) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    rows = []
    for number, value in _fields(group):
        if number == GROUP_NODES and isinstance(value, bytes):
            row = {field: item for field, item in _fields(value) if isinstance(item, int)}
            try:
                rows.append([row[NODE_ID], row[NODE_LAT], row[NODE_LON]])
            except KeyError as problem:
                raise DamagedFile("a node has no position") from problem
    table = _zigzag(np.array(rows, dtype=np.uint64).reshape(-1, 3))
    return table[:, 0], table[:, 1], table[:, 2]


def _in_units(values: NDArray[np.int64], grain: int, offset: int) -> NDArray[np.int64]:
    """From the file's own units to 1e-7 degree, cut off towards zero as the library does."""
    nano = values * np.int64(grain) + np.int64(offset)
    return np.sign(nano) * (np.abs(nano) // 100)


# ------------------------------------------------------------------------------------------------- protocol buffers


def _fields(data: bytes) -> Iterator[tuple[int, bytes | int]]:
    """Number and content of each field of a message: bytes, or a whole number without sign."""
    at, end = 0, len(data)
    while at < end:
        tag, at = _varint(data, at)
        kind = tag & 7
        if kind == 0:
            value, at = _varint(data, at)
            yield tag >> 3, value
            continue
        size = {1: 8, 5: 4}.get(kind, -1)
        if kind == 2:
            size, at = _varint(data, at)
        if size < 0 or at + size > end:
            raise DamagedFile("a block is damaged")
        if kind == 2:
            yield tag >> 3, data[at : at + size]
        at += size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    value = shift = 0
    while at < len(data) and shift < 70:
        byte = data[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value & 0xFFFF_FFFF_FFFF_FFFF, at
        shift += 7
    raise DamagedFile("a block is damaged")


def _varints(data: bytes) -> NDArray[np.uint64]:
    """All numbers of a packed field at once: seven bits a byte, the lowest first, the eighth says that more follow."""
    raw = np.frombuffer(data, dtype=np.uint8)
    if not len(raw):
        return np.zeros(0, dtype=np.uint64)
    last = np.flatnonzero(raw < 0x80)
    if not len(last) or last[-1] != len(raw) - 1:
        raise DamagedFile("a block is damaged")
    first = np.concatenate(([0], last[:-1] + 1))
    length = last - first + 1
    longest = int(length.max())
    if longest > 10:
        raise DamagedFile("a block is damaged")
    value = (raw[first] & 0x7F).astype(np.uint64)
    for more in range(1, longest):
        longer = np.flatnonzero(length > more)
        value[longer] |= (raw[first[longer] + more] & np.uint8(0x7F)).astype(np.uint64) << np.uint64(7 * more)
    return value


def _zigzag(value: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Whole numbers with sign: 0, 1, 2, 3 stand for 0, -1, 1, -2."""
    return (value >> np.uint64(1)).astype(np.int64) ^ -(value & np.uint64(1)).astype(np.int64)


def _signed64(value: int) -> int:
    return value - 2**64 if value >= 2**63 else value
