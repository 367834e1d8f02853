"""The ways of an OpenStreetMap file that may be roads or ferries, and its restrictions on turning."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geodata.osm.access import CAR, WALKER
from geodata.osm.blocks import (
    GROUP_RELATIONS,
    GROUP_WAYS,
    THING_ID,
    THING_KEYS,
    THING_VALUES,
    Block,
    Pairs,
    Tags,
)
from geodata.osm.protobuf import DamagedFile, Rows, messages, zigzag
from geodata.osm.tags import WAY_TAGS
from geodata.osm.turn_rules import TurnRule, turn_rule

WAY_KEYS = ("highway", "route")
FERRY = ("route", "ferry")
RESTRICTION = ("type", "restriction")
NAME_KEYS = ("name", "ref")
READ_TAGS = frozenset(WAY_TAGS)
TIMED_KEYS = frozenset((*CAR.timed_keys, *WALKER.timed_keys))
"""Tags whose rules hold at some hours only."""

# Numbers of the fields in the format's definition (osmformat.proto).
THING_FACTS, FACTS_DATE, WAY_REFS, MEMBER_ROLES, MEMBER_NUMBERS, MEMBER_KINDS = 4, 2, 8, 8, 9, 10
MEMBER_LETTERS = "nwr"

Near = Callable[[NDArray[np.int64], NDArray[np.int64]], NDArray[np.bool_]]
"""Of ways, given by the numbers of their nodes and where each begins in them: which of them are wanted."""


@dataclass(frozen=True)
class WayBatch:
    """W ways with M nodes, in the order of the file.

    Parameters
    ----------
    key
        Their numbers, shape (W,).
    refs, offset
        Numbers of their nodes one after the other, shape (M,), and where each way begins in them, shape (W + 1,).
    tags
        The tags that a reading of a way looks at (`WAY_TAGS`); W tuples, of which equal ones may be one object.
    naming
        Likewise, the tags that name it.
    timed
        Whether it has a rule for some hours, shape (W,).
    seconds
        When it was last changed, since 1970; nought where the file does not tell; shape (W,).
    """

    key: NDArray[np.int64]
    refs: NDArray[np.int64]
    offset: NDArray[np.int64]
    tags: list[Pairs]
    naming: list[Pairs]
    timed: NDArray[np.bool_]
    seconds: NDArray[np.int64]


def ways_of(block: Block, near: Near | None, *, dated: bool) -> Iterator[WayBatch]:
    """The ways of a block that have one of `WAY_KEYS`.

    Parameters
    ----------
    block
        As unpacked.
    near
        Which of them are wanted; ferries are in any case. None for all.
    dated
        Whether it is wanted when they were changed.

    Raises
    ------
    DamagedFile
        The bytes are not what the format says.
    """
    for number, group in block.groups:
        if number != GROUP_WAYS:
            continue
        wanted = (THING_ID, THING_KEYS, THING_VALUES, THING_FACTS, WAY_REFS)
        rows = Rows.of(group, *messages(group, GROUP_WAYS), wanted)
        tags = Tags.of(block, rows)
        way = tags.things_with(_packed(WAY_KEYS))
        refs, offset = _nodes_of(rows, way)
        if near is not None:
            wanted_too = np.isin(way, tags.things_with({FERRY[0].encode()}, {FERRY[1].encode()}))
            kept = near(refs, offset) | wanted_too
            way = way[kept]
            refs, offset = taken(refs, offset, kept)
        if len(way):
            yield WayBatch(
                key=rows.held[THING_ID][way],
                refs=refs,
                offset=offset,
                tags=tags.pairs(way, _packed(READ_TAGS)),
                naming=tags.pairs(way, _packed(NAME_KEYS)),
                timed=np.isin(way, tags.things_with(_packed(TIMED_KEYS))),
                seconds=_dates(block, group, rows, way) if dated else np.zeros(len(way), np.int64),
            )


def taken(
    values: NDArray[np.int64], offset: NDArray[np.int64], kept: NDArray[np.bool_]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The rows of values of some things only, and where each then begins."""
    size = np.diff(offset)
    return values[np.repeat(kept, size)], np.append(0, np.cumsum(size[kept]))


def _packed(words: Iterable[str]) -> frozenset[bytes]:
    return frozenset(word.encode() for word in words)


def _nodes_of(rows: Rows, way: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Numbers of the nodes of some ways: each is told by its difference from the one before."""
    value, offset = rows.packed(WAY_REFS, way)
    return _running(zigzag(value), offset), offset


def _running(difference: NDArray[np.int64], offset: NDArray[np.int64]) -> NDArray[np.int64]:
    """Sums that begin anew at each offset."""
    total = np.append(0, np.cumsum(difference))
    return total[1:] - np.repeat(total[offset[:-1]], np.diff(offset))


def _dates(block: Block, group: bytes, rows: Rows, way: NDArray[np.int64]) -> NDArray[np.int64]:
    facts = Rows.of(group, rows.held[THING_FACTS][way], rows.stop[THING_FACTS][way], (FACTS_DATE,))
    return facts.held[FACTS_DATE] * block.date_grain // 1000


def restrictions_of(block: Block) -> Iterator[TurnRule]:
    """The restrictions on turning of a block.

    Raises
    ------
    DamagedFile
        The bytes are not what the format says.
    """
    for number, group in block.groups:
        if number != GROUP_RELATIONS:
            continue
        wanted = (THING_ID, THING_KEYS, THING_VALUES, MEMBER_ROLES, MEMBER_NUMBERS, MEMBER_KINDS)
        rows = Rows.of(group, *messages(group, GROUP_RELATIONS), wanted)
        tags = Tags.of(block, rows)
        of_type = tags.things_with({RESTRICTION[0].encode()}, {RESTRICTION[1].encode()})
        role, offset = rows.packed(MEMBER_ROLES, of_type)
        member, also = rows.packed(MEMBER_NUMBERS, of_type)
        kind, third = rows.packed(MEMBER_KINDS, of_type)
        if not (np.array_equal(offset, also) and np.array_equal(offset, third)) or (kind > 2).any():
            raise DamagedFile
        member = _running(zigzag(member), offset)
        members = [
            (MEMBER_LETTERS[k], m, block.text(r))
            for k, m, r in zip(kind.tolist(), member.tolist(), role.tolist(), strict=True)
        ]
        ends = offset.tolist()
        for pairs, first, last in zip(tags.pairs(of_type), ends[:-1], ends[1:], strict=True):
            yield turn_rule(dict(pairs), members[first:last])
