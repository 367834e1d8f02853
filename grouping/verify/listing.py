"""Every set of practices that could be a group, listed anew: grown step by step, sets as Python's whole numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geodata.errors import Finding, InputProblems
from grouping.verify.ground import Ground

SETS_A_SECOND = 60_000
"""Sets that are grown and scored in a second: measured on two cores, for telling how long a long list would take."""

DEEP_LIMIT = 3_000_000
"""Sets that the deep check lists unless told otherwise: about a minute and 2 GB."""


def grown_sets(ground: Ground, at_most: int) -> list[int]:
    """Bit sets of all sets that hang together and keep what every part of a set keeps too.

    These are the largest size, the number of practices, the minutes between members, localities and who is to be apart.
    Sets of k + 1 practices are made from those of k by adding a neighbour; each is kept once. Practices of locked
    groups are in no other set; locked groups come last.

    Raises
    ------
    InputProblems
        There are more sets than `at_most`.
    """
    locked = [members for members, _ in ground.locked]
    free = set(range(len(ground.codes))).difference(*locked)
    near, beside = _compatible(ground, free), _beside(ground, free)
    largest, most = ground.largest, ground.rules.size.most_practices or len(ground.codes)
    size = [int(patients) for patients in ground.list_size]
    found = [1 << p for p in sorted(free) if size[p] > largest]
    level = {1 << p: (size[p], beside[p], near[p]) for p in sorted(free) if size[p] <= largest}
    members = 1
    while level:
        found += level
        if len(found) > at_most:
            raise InputProblems([too_many(len(found), at_most, f"more than {at_most:,}")])
        level = _next_level(level, size, near, beside, largest) if members < most else {}
        members += 1
    return found + [sum(1 << p for p in one) for one in locked]


Grown = dict[int, tuple[int, int, int]]
"""By bit set: patients, bit set of the neighbours of its members, bit set of those who may be with all of them."""


def _next_level(level: Grown, size: list[int], near: list[int], beside: list[int], largest: int) -> Grown:
    grown: Grown = {}
    for mask, (patients, around, allowed) in level.items():
        rest = around & allowed & ~mask
        while rest:
            bit = rest & -rest
            rest ^= bit
            if mask | bit in grown:
                continue
            p = bit.bit_length() - 1
            if patients + size[p] <= largest:
                grown[mask | bit] = (patients + size[p], around | beside[p], allowed & near[p])
    return grown


def _compatible(ground: Ground, free: set[int]) -> list[int]:
    """Bit set of those who may share a group with each practice."""
    limit, inside = ground.rules.access.max_minutes_between_members, ground.rules.locality.rule == "inside"
    apart = {frozenset(pair) for pair in ground.apart}

    def may(a: int, b: int) -> bool:
        labels = {ground.locality[a], ground.locality[b]} - {""}
        return (
            not (limit > 0 and ground.between[a, b] > limit)
            and not (inside and len(labels) > 1)
            and frozenset((a, b)) not in apart
        )

    return [sum(1 << b for b in free if b != a and may(a, b)) if a in free else 0 for a in range(len(ground.codes))]


def _beside(ground: Ground, free: set[int]) -> list[int]:
    """Bit set of the neighbours of each practice: all where groups need not hang together."""
    if ground.borders is None:
        everybody = sum(1 << p for p in free)
        return [everybody & ~(1 << p) for p in range(len(ground.codes))]
    beside = [0] * len(ground.codes)
    for a, b in ground.borders:
        if a in free and b in free and a != b:
            beside[a] |= 1 << b
            beside[b] |= 1 << a
    return beside


def too_many(count: int, at_most: int, said: str) -> Finding:
    """What to say of a list that is too long for the deep check."""
    minutes = max(1, round(count / SETS_A_SECOND / 60))
    message = (
        f"the deep check would list {said} groups once more; for {count:,} that takes {minutes:,} minutes or longer."
    )
    fix = f"Allow it with --deep-limit {max(2 * at_most, count)}, or verify without --deep."
    return Finding("error", "", message, fix, code="deep-too-long")


def members_matrix(sets: list[int], practices: int) -> NDArray[np.uint8]:
    """1 where a practice is in a set: shape (sets, practices)."""
    width = -(-practices // 8)
    packed = np.frombuffer(b"".join(mask.to_bytes(width, "little") for mask in sets), np.uint8).reshape(-1, width)
    return np.unpackbits(packed, axis=1, bitorder="little")[:, :practices]
