"""The blocks of a `.osm.pbf`: where they lie, what each holds, its texts and the tags that refer to them.

The OpenStreetMap library hands things over one by one, and every node, tag and reference becomes a Python object, at a
second or more for a million of them. Here the columns of a block become arrays at once. Files that are packed in a way
that only the library reads are left to it (`geodata.osm.source`). Format: wiki.openstreetmap.org/wiki/PBF_Format.
"""

from __future__ import annotations

import zlib
from array import array
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from geodata.osm.protobuf import DamagedFile, Rows, fields, messages, signed64

LARGEST_HEADER = 64 * 1024
LARGEST_BLOCK = 32 * 1024 * 1024
"""Limits of the format, bytes; a file beyond them is damaged or no such file."""

# Numbers of the fields in the format's definition (fileformat.proto, osmformat.proto).
HEAD_TYPE, HEAD_SIZE = 1, 3
BLOB_RAW, BLOB_RAW_SIZE, BLOB_ZLIB = 1, 2, 3
FILE_NEEDS, FILE_IS, FILE_DATE = 4, 5, 32
BLOCK_STRINGS, BLOCK_GROUP, BLOCK_GRAIN, BLOCK_DATE_GRAIN, BLOCK_LAT_OFFSET, BLOCK_LON_OFFSET = 1, 2, 17, 18, 19, 20
STRING = 1
GROUP_NODES, GROUP_DENSE, GROUP_WAYS, GROUP_RELATIONS = 1, 2, 3, 4
THING_ID, THING_KEYS, THING_VALUES = 1, 2, 3
UNDERSTOOD = {b"OsmSchema-V0.6", b"DenseNodes"}
SORTED = b"Sort.Type_then_ID"

NODES, WAYS, RELATIONS = 1, 2, 4
"""What a block may hold, as a set of bits, in the order of a sorted file."""
KINDS = {GROUP_NODES: NODES, GROUP_DENSE: NODES, GROUP_WAYS: WAYS, GROUP_RELATIONS: RELATIONS}

NOT_BLOCKS = "its blocks are damaged, or it is not a .osm.pbf file"
CUT_OFF = "it ends in the middle of a block; the download was probably cut off"
NOT_UNPACKED = "a block cannot be unpacked"

Pairs = tuple[tuple[str, str], ...]
"""Tags in the order of the file."""


class OtherPacking(Exception):
    """The blocks are packed, or made, in a way that only the library reads (lz4, zstd, history)."""


def is_pbf(path: Path) -> bool:
    """Whether the name says that the file is packed in blocks."""
    return path.name.lower().endswith(".pbf")


class BlockFile:
    """The blocks of a file, read as often as asked; what was found out about a block is remembered.

    Parameters
    ----------
    path
        A `.osm.pbf`.

    Raises
    ------
    DamagedFile
        The bytes are not those of a `.osm.pbf`, or the last block is not whole.
    OtherPacking
        The head of the file, or the first block, is of a kind that only the library understands.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._place, self._size, self._kinds = array("q"), array("q"), array("b")
        self._in_order = False
        self.timestamp = ""
        """Date of the data as ISO text; empty if the head of the file does not tell."""
        with path.open("rb") as file:
            for kind, size in _block_heads(file):
                if kind == b"OSMHeader":
                    self._read_head(_unpacked(_exactly(file, size)))
                elif kind == b"OSMData":
                    if not self._place:
                        _packing(fields(_exactly(file, size)))
                        file.seek(-size, 1)
                    self._place.append(file.tell())
                    self._size.append(size)
                    self._kinds.append(NODES | WAYS | RELATIONS)  # until it was looked into

    def holding(self, kind: int, only: Iterable[int] | None = None) -> Iterator[tuple[int, Block]]:
        """Number and content of each block that holds things of this kind.

        Parameters
        ----------
        kind
            `NODES`, `WAYS` or `RELATIONS`.
        only
            Numbers of the blocks to look into; None for all.
        """
        with self._path.open("rb") as file:
            for number in range(len(self._place)) if only is None else only:
                if not self._kinds[number] & kind:
                    continue
                file.seek(self._place[number])
                block = Block.of(_unpacked(_exactly(file, self._size[number])))
                self._kinds[number] = block.kinds
                if block.kinds & kind:
                    yield number, block
                elif self._in_order and block.kinds > kind:
                    return  # another kind has begun: no more of this one

    def _read_head(self, data: bytes) -> None:
        for number, value in fields(data):
            if number == FILE_NEEDS and value not in UNDERSTOOD:
                raise OtherPacking
            if number == FILE_IS and value == SORTED:
                self._in_order = True
            if number == FILE_DATE and isinstance(value, int) and 0 < value < 2**32:
                self.timestamp = datetime.fromtimestamp(value, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _block_heads(file: BinaryIO) -> Iterator[tuple[bytes, int]]:
    """Kind and size of each block; the file then stands at its first byte."""
    end = file.seek(0, 2)
    file.seek(0)
    while head := file.read(4):
        size = int.from_bytes(head, "big")
        if len(head) < 4 or size > LARGEST_HEADER:
            raise DamagedFile(NOT_BLOCKS)
        kind, length = b"", -1
        for number, value in fields(_exactly(file, size)):
            if number == HEAD_TYPE and isinstance(value, bytes):
                kind = value
            elif number == HEAD_SIZE and isinstance(value, int):
                length = value
        if not kind or not 0 <= length <= LARGEST_BLOCK:
            raise DamagedFile(NOT_BLOCKS)
        start = file.tell()
        if start + length > end:
            raise DamagedFile(CUT_OFF)
        yield kind, length
        file.seek(start + length)


def _exactly(file: BinaryIO, size: int) -> bytes:
    data = file.read(size)
    if len(data) < size:
        raise DamagedFile(CUT_OFF)
    return data


def _packing(blob: Iterable[tuple[int, bytes | int]]) -> tuple[int, bytes]:
    """How a block is packed (`BLOB_RAW`, `BLOB_ZLIB`), and its bytes."""
    found = {number: value for number, value in blob if number != BLOB_RAW_SIZE}
    for number in (BLOB_RAW, BLOB_ZLIB):
        value = found.get(number)
        if isinstance(value, bytes):
            return number, value
    if found:
        raise OtherPacking("it is packed in several ways")
    raise DamagedFile("a block holds nothing")


def _unpacked(blob: bytes) -> bytes:
    packing, data = _packing(fields(blob))
    if packing == BLOB_RAW:
        return data
    try:
        unpacker = zlib.decompressobj()
        data = unpacker.decompress(data, LARGEST_BLOCK)
    except zlib.error as problem:
        raise DamagedFile(NOT_UNPACKED) from problem
    if not unpacker.eof:
        raise DamagedFile(NOT_UNPACKED)
    return data


@dataclass(frozen=True)
class Block:
    """One block, unpacked.

    Parameters
    ----------
    groups
        Number of the field (`GROUP_...`) and bytes of each group; the things of a group are of one kind.
    strings
        The texts that tags and roles refer to by number.
    grain, offset_x, offset_y
        Units of positions, 1e-9 degree.
    date_grain
        Units of dates, milliseconds.
    """

    groups: list[tuple[int, bytes]]
    strings: bytes
    grain: int
    offset_x: int
    offset_y: int
    date_grain: int

    @classmethod
    def of(cls, data: bytes) -> Block:
        """Take a block apart."""
        groups: list[tuple[int, bytes]] = []
        strings = b""
        units = {BLOCK_GRAIN: 100, BLOCK_LON_OFFSET: 0, BLOCK_LAT_OFFSET: 0, BLOCK_DATE_GRAIN: 1000}
        for number, value in fields(data):
            if number == BLOCK_GROUP and isinstance(value, bytes):
                groups.append((next(fields(value), (0, b""))[0], value))
            elif number == BLOCK_STRINGS and isinstance(value, bytes):
                strings = value
            elif number in units and isinstance(value, int):
                units[number] = signed64(value)
        return cls(groups, strings, *units.values())

    @cached_property
    def kinds(self) -> int:
        """Everything that it holds, as bits."""
        return sum({KINDS.get(number, 0) for number, _ in self.groups})

    @cached_property
    def _words(self) -> list[bytes]:
        start, stop = messages(self.strings, STRING)
        return [self.strings[a:b] for a, b in zip(start.tolist(), stop.tolist(), strict=True)]

    def numbers_of(self, words: Collection[bytes]) -> NDArray[np.uint64]:
        """Numbers of those of its texts that are among some words."""
        return np.array([number for number, word in enumerate(self._words) if word in words], dtype=np.uint64)

    def text(self, number: int) -> str:
        """The text of a number.

        Raises
        ------
        DamagedFile
            There is none.
        """
        try:
            return self._words[number].decode("utf-8")
        except (IndexError, UnicodeDecodeError) as problem:
            raise DamagedFile from problem


@dataclass(frozen=True)
class Tags:
    """Tags of W things of a block, K in all, as numbers of texts.

    Parameters
    ----------
    block
        Holds the texts.
    key, value
        Shape (K,).
    offset
        Where the tags of each thing begin, shape (W + 1,).
    """

    block: Block
    key: NDArray[np.uint64]
    value: NDArray[np.uint64]
    offset: NDArray[np.int64]

    @classmethod
    def of(cls, block: Block, things: Rows) -> Tags:
        """The tags of nodes, ways or relations, which all keep them in the same two fields."""
        every = np.arange(len(things.held[THING_ID]))
        key, offset = things.packed(THING_KEYS, every)
        value, also = things.packed(THING_VALUES, every)
        if not np.array_equal(offset, also):
            raise DamagedFile
        return cls(block, key, value, offset)

    def things_with(self, keys: Collection[bytes], values: Collection[bytes] | None = None) -> NDArray[np.int64]:
        """Numbers of the things with any of these keys, and any of these values for it, in order."""
        hit = np.isin(self.key, self.block.numbers_of(keys))
        if values is not None:
            hit &= np.isin(self.value, self.block.numbers_of(values))
        thing = np.searchsorted(self.offset, np.flatnonzero(hit), side="right") - 1
        return thing[np.append(True, thing[1:] != thing[:-1])] if len(thing) else thing

    def pairs(self, things: NDArray[np.int64], keys: Collection[bytes] | None = None) -> list[Pairs]:
        """The tags of some things as text, those of the given keys or all; equal ones are one object."""
        wanted = self.block.numbers_of(keys) if keys is not None else None
        start, size = self.offset[things], np.diff(self.offset)[things]
        end = np.cumsum(size)
        at = np.repeat(start - (end - size), size) + np.arange(size.sum())
        if wanted is not None:
            keep = np.isin(self.key[at], wanted)
            end, at = np.append(0, np.cumsum(keep))[end], at[keep]
        numbers = list(zip(self.key[at].tolist(), self.value[at].tolist(), strict=True))
        known: dict[tuple[tuple[int, int], ...], Pairs] = {}
        found, first = [], 0
        for last in end.tolist():
            told = tuple(numbers[first:last])
            if told not in known:
                known[told] = tuple((self.block.text(key), self.block.text(value)) for key, value in told)
            found.append(known[told])
            first = last
        return found
