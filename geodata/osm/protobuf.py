"""Protocol buffers: the fields of one message, and of very many at the same time.

The second way is what makes reading an OpenStreetMap file quick. All messages are looked at together, the first field
of each, then the second field of each, and so on: the work is done on arrays and not on single numbers.
Format: protobuf.dev/programming-guides/encoding.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LONGEST = 10
"""Bytes of the longest number."""

NUMBER, FIXED_8, CONTENT, FIXED_4 = 0, 1, 2, 5
"""Kinds of field: a number of any length, eight bytes, as many bytes as it says, four bytes."""


class DamagedFile(ValueError):
    """The bytes are not what the format says."""

    def __init__(self, message: str = "a block is damaged") -> None:
        super().__init__(message)


# ----------------------------------------------------------------------------------------------------------- one by one


def fields(data: bytes) -> Iterator[tuple[int, bytes | int]]:
    """Number and content of each field of a message: bytes, or a whole number without sign.

    Fields of a fixed width are passed over.
    """
    at, end = 0, len(data)
    while at < end:
        tag, start, at = _field(data, at)
        if tag & 7 == NUMBER:
            yield tag >> 3, start
        elif tag & 7 == CONTENT:
            yield tag >> 3, data[start:at]


def messages(data: bytes, number: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where each of the messages begins and ends that lie in the fields of this number."""
    wanted = number << 3 | CONTENT
    starts, stops = array("q"), array("q")
    at, end = 0, len(data)
    while at < end:
        if data[at] == wanted and at + 1 < end and data[at + 1] < 0x80:  # nearly always: few bytes, told by one
            tag, start = wanted, at + 2
            at = start + data[at + 1]
        else:
            tag, start, at = _field(data, at)
        if tag == wanted:
            starts.append(start)
            stops.append(at)
    if at > end:
        raise DamagedFile
    return as_numbers(starts), as_numbers(stops)


def _field(data: bytes, at: int) -> tuple[int, int, int]:
    """The tag of the field that begins here, where its bytes begin (or the number it holds), and where it ends."""
    tag, at = _varint(data, at)
    kind = tag & 7
    if kind == NUMBER:
        return tag, *_varint(data, at)
    if kind == CONTENT:
        size, at = _varint(data, at)
    else:
        size = {FIXED_8: 8, FIXED_4: 4}.get(kind, -1)
    if size < 0 or at + size > len(data):
        raise DamagedFile
    return tag, at, at + size


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """The number that begins here, and where it ends."""
    try:
        value = data[at]
        if value < 0x80:
            return value, at + 1
        value &= 0x7F
        for more in range(1, LONGEST):
            byte = data[at + more]
            value |= (byte & 0x7F) << 7 * more
            if byte < 0x80:
                return value & 0xFFFF_FFFF_FFFF_FFFF, at + more + 1
    except IndexError:
        pass
    raise DamagedFile


def signed64(value: int) -> int:
    """A whole number with the sign that its highest bit tells."""
    return value - 2**64 if value >= 2**63 else value


def as_numbers(values: array[int]) -> NDArray[np.int64]:
    """A row of whole numbers (`array("q")`) as an array, without copying."""
    return np.frombuffer(values, np.int64) if len(values) else np.zeros(0, np.int64)


# --------------------------------------------------------------------------------------------------------- many at once


@dataclass(frozen=True)
class Rows:
    """Fields of W messages of one kind.

    Parameters
    ----------
    data
        The bytes the messages lie in.
    held
        By the number of a field, the whole number that it holds in each message, or where its bytes begin; 0 where it
        is missing; int64, shape (W,).
    stop
        Likewise, where it ends; 0 where it is missing; int64, shape (W,).
    """

    data: NDArray[np.uint8]
    held: dict[int, NDArray[np.int64]]
    stop: dict[int, NDArray[np.int64]]

    @classmethod
    def of(cls, data: bytes, start: NDArray[np.int64], stop: NDArray[np.int64], wanted: tuple[int, ...]) -> Rows:
        """Read the wanted fields of the messages that lie in `data` from `start` to `stop`."""
        raw = np.frombuffer(data + bytes(LONGEST), dtype=np.uint8)  # so that no number runs over the end
        held, ends = ({number: np.zeros(len(start), np.int64) for number in wanted} for _ in range(2))
        row = np.flatnonzero(start < stop)
        at, last = start[row], stop[row]
        while len(row):
            tag, at = _varints_at(raw, at)
            number, kind = tag >> 3, tag & 7
            value, at = _varints_at(raw, at)
            is_content = kind == CONTENT
            size = np.where(is_content, value, 0)
            end = at + size
            if not (is_content | (kind == NUMBER)).all() or (size < 0).any() or ((end > last) | (end < at)).any():
                raise DamagedFile
            value = np.where(is_content, at, value)
            for one in wanted:
                here = number == one
                if here.any():
                    held[one][row[here]], ends[one][row[here]] = value[here], end[here]
            more = end < last
            row, at, last = row[more], end[more], last[more]
        return cls(raw, held, ends)

    def packed(self, number: int, row: NDArray[np.int64]) -> tuple[NDArray[np.uint64], NDArray[np.int64]]:
        """The numbers packed into a field of some messages, one message after the other, and where each begins.

        Shapes (K,) and (len(row) + 1,).
        """
        start = self.held[number][row]
        size = self.stop[number][row] - start
        end = np.cumsum(size)
        chosen = self.data[np.repeat(start - (end - size), size) + np.arange(size.sum())]
        if (chosen[end[size > 0] - 1] >= 0x80).any():
            raise DamagedFile
        offset = np.searchsorted(np.flatnonzero(chosen < 0x80), np.append(0, end))
        return varints(chosen), offset


def _varints_at(raw: NDArray[np.uint8], at: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The numbers that begin at these places, with the sign that their highest bit tells, and where each ends."""
    byte = raw[at]
    value, end = (byte & 0x7F).astype(np.int64), at + 1
    longer = np.flatnonzero(byte >= 0x80)
    for more in range(1, LONGEST):
        if not len(longer):
            break
        byte = raw[end[longer]]
        value[longer] |= (byte & 0x7F).astype(np.int64) << 7 * more
        end[longer] += 1
        longer = longer[byte >= 0x80]
    if len(longer):
        raise DamagedFile
    return value, end


def varints(data: bytes | NDArray[np.uint8]) -> NDArray[np.uint64]:
    """All numbers of a packed field at once: seven bits a byte, the lowest first, the eighth says that more follow."""
    raw = np.frombuffer(data, dtype=np.uint8)
    last = np.flatnonzero(raw < 0x80)
    if not len(raw):
        return np.zeros(0, dtype=np.uint64)
    if not len(last) or last[-1] != len(raw) - 1:
        raise DamagedFile
    first = np.concatenate(([0], last[:-1] + 1))
    length = last - first + 1
    longest = int(length.max())
    if longest > LONGEST:
        raise DamagedFile
    value = (raw[first] & 0x7F).astype(np.uint64)
    for more in range(1, longest):
        longer = np.flatnonzero(length > more)
        value[longer] |= (raw[first[longer] + more] & np.uint8(0x7F)).astype(np.uint64) << np.uint64(7 * more)
    return value


def zigzag(value: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Whole numbers with sign: 0, 1, 2, 3 stand for 0, -1, 1, -2."""
    return (value >> np.uint64(1)).astype(np.int64) ^ -(value & np.uint64(1)).astype(np.int64)
