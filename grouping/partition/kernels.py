"""Compiled loops over millions of sets; arrays in, arrays out, no rules.

A list of sets is two arrays: `members` (numbers of all sets, one set after the other, ascending inside a set) and
`starts` (where each set begins; one more entry than sets).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geodata.compiled import compiled


@compiled
def connected_sets(  # noqa: PLR0915 - one compiled loop, kept whole
    neighbours: NDArray[np.uint64],
    compatible: NDArray[np.uint64],
    sizes: NDArray[np.int64],
    maximum: int,
    at_most: int,
    members: NDArray[np.int16],
    starts: NDArray[np.int64],
    most: int = 0,
) -> tuple[int, int]:  # pragma: no cover - compiled
    """Visit every connected, pairwise compatible set of at most `maximum` patients exactly once.

    Sets grow from their smallest member. At each step a practice next to the set is taken in, and then shut out for
    the sets that are grown after it, so that no set is met twice. Both limits are inherited by subsets, so every step
    that is taken yields a set: the work is proportional to the sets found.

    Parameters
    ----------
    neighbours, compatible
        Bit sets of the practices adjacent to, and allowed together with, each practice: uint64, shape (P, words).
    sizes
        Patients, shape (P,).
    maximum
        Most patients of a set. A practice above it is passed over.
    at_most
        Stop when more sets than this are found.
    members, starts
        Filled when `starts` is not empty; otherwise the sets are only counted.
    most
        Most members of a set; 0 for any number.

    Returns
    -------
    tuple
        Sets and members found; the number of sets is above `at_most` if it stopped early.
    """
    count, words = neighbours.shape
    fill = len(starts) > 0
    allowed = np.zeros((count + 1, words), np.uint64)
    border = np.zeros((count + 1, words), np.uint64)
    chosen = np.zeros(words, np.uint64)
    path = np.zeros(count + 1, np.int64)
    found = 0
    written = 0
    one = np.uint64(1)
    for root in range(count):
        if sizes[root] > maximum:
            continue
        for w in range(words):
            chosen[w] = np.uint64(0)
            allowed[0, w] = compatible[root, w]
        for other in range(root + 1):
            allowed[0, other >> 6] &= ~(one << np.uint64(other & 63))
        for w in range(words):
            border[0, w] = neighbours[root, w] & allowed[0, w]
        depth = 0
        path[0] = root
        patients = sizes[root]
        chosen[root >> 6] |= one << np.uint64(root & 63)
        new = True
        while depth >= 0:
            if new:
                new = False
                if found >= at_most:
                    return found + 1, written
                if fill:
                    starts[found] = written
                    for w in range(words):
                        rest = chosen[w]
                        while rest:
                            low = rest & (~rest + one)
                            members[written] = w * 64 + _bit(low)
                            written += 1
                            rest ^= low
                else:
                    written += depth + 1
                found += 1
                if depth + 1 == most:
                    for w in range(words):
                        border[depth, w] = np.uint64(0)
            word = 0
            while word < words and border[depth, word] == 0:
                word += 1
            if word == words:
                last = path[depth]
                patients -= sizes[last]
                chosen[last >> 6] &= ~(one << np.uint64(last & 63))
                depth -= 1
                continue
            low = border[depth, word] & (~border[depth, word] + one)
            border[depth, word] ^= low
            allowed[depth, word] &= ~low
            practice = word * 64 + _bit(low)
            if patients + sizes[practice] > maximum:
                continue
            for w in range(words):
                allowed[depth + 1, w] = allowed[depth, w] & compatible[practice, w]
                border[depth + 1, w] = (border[depth, w] | neighbours[practice, w]) & allowed[depth + 1, w]
            depth += 1
            path[depth] = practice
            patients += sizes[practice]
            chosen[word] |= low
            new = True
    if fill:
        starts[found] = written
    return found, written


@compiled
def _bit(power: np.uint64) -> int:  # pragma: no cover - compiled
    """Position of the only bit set."""
    position = 0
    if power >= np.uint64(1) << np.uint64(32):
        position += 32
        power >>= np.uint64(32)
    if power >= np.uint64(1) << np.uint64(16):
        position += 16
        power >>= np.uint64(16)
    if power >= np.uint64(1) << np.uint64(8):
        position += 8
        power >>= np.uint64(8)
    if power >= np.uint64(16):
        position += 4
        power >>= np.uint64(4)
    if power >= np.uint64(4):
        position += 2
        power >>= np.uint64(2)
    if power >= np.uint64(2):
        position += 1
    return position


@compiled
def subtract_duals(
    members: NDArray[np.int16],
    starts: NDArray[np.int64],
    costs: NDArray[np.int64],
    duals: NDArray[np.int64],
    out: NDArray[np.int64],
) -> None:  # pragma: no cover - compiled
    """Cost of every set less the prices of its members: `out[j] = costs[j] - sum(duals[members of j])`."""
    for j in range(len(starts) - 1):
        value = costs[j]
        for i in range(starts[j], starts[j + 1]):
            value -= duals[members[i]]
        out[j] = value


@compiled
def subtract_cuts(
    members: NDArray[np.int16],
    starts: NDArray[np.int64],
    count: int,
    triples: NDArray[np.int64],
    prices: NDArray[np.int64],
    out: NDArray[np.int64],
) -> None:  # pragma: no cover - compiled
    """Take the price of each triple off every set that holds two or more of its three practices.

    A set that holds all three is met by each of the three pairs, so twice the price is put back. `triples` (C, 3) rise
    inside a row and by their rows; `count` is the number of practices.
    """
    pair = np.zeros((count, count), np.int64)
    touched = np.zeros(count, np.bool_)
    first = np.zeros(count + 1, np.int64)
    for c in range(len(triples)):
        x, y, z = triples[c]
        pair[x, y] += prices[c]
        pair[x, z] += prices[c]
        pair[y, z] += prices[c]
        touched[x] = touched[y] = touched[z] = True
        first[x + 1] += 1
    for p in range(count):
        first[p + 1] += first[p]
    inside = np.zeros(count, np.bool_)
    held = np.empty(count, np.int64)
    for j in range(len(starts) - 1):
        many = 0
        for i in range(starts[j], starts[j + 1]):
            p = np.int64(members[i])
            if touched[p]:
                held[many] = p
                many += 1
        if many < 2:
            continue
        total = np.int64(0)
        for i in range(many - 1):
            p = held[i]
            for k in range(i + 1, many):
                total += pair[p, held[k]]
        if many > 2 and total != 0:
            for i in range(many):
                inside[held[i]] = True
            for i in range(many - 2):
                for c in range(first[held[i]], first[held[i] + 1]):
                    if inside[triples[c, 1]] and inside[triples[c, 2]]:
                        total -= 2 * prices[c]
            for i in range(many):
                inside[held[i]] = False
        out[j] -= total


@compiled
def holding_two(
    members: NDArray[np.int16], starts: NDArray[np.int64], x: int, y: int, z: int
) -> NDArray[np.int64]:  # pragma: no cover - compiled
    """Positions of the sets that hold at least two of three practices."""
    found = np.empty(len(starts) - 1, np.int64)
    many = 0
    for j in range(len(starts) - 1):
        held = 0
        for i in range(starts[j], starts[j + 1]):
            p = members[i]
            if p in (x, y, z):
                held += 1
        if held >= 2:
            found[many] = j
            many += 1
    return found[:many].copy()


@compiled
def least_share(
    members: NDArray[np.int16],
    starts: NDArray[np.int64],
    costs: NDArray[np.int64],
    weights: NDArray[np.float64],
    out: NDArray[np.int64],
) -> None:  # pragma: no cover - compiled
    """Of every practice the least of its shares of a set's cost, shared out by weight and rounded down."""
    largest = np.int64(1) << np.int64(61)
    for p in range(len(out)):
        out[p] = largest
    for j in range(len(starts) - 1):
        total = 0.0
        for i in range(starts[j], starts[j + 1]):
            total += weights[members[i]]
        for i in range(starts[j], starts[j + 1]):
            p = members[i]
            share = np.int64(np.floor(costs[j] * (weights[p] / total)))
            out[p] = min(out[p], share)
    for p in range(len(out)):
        if out[p] == largest:
            out[p] = 0


@compiled
def broken_triples(
    members: NDArray[np.int16],
    starts: NDArray[np.int64],
    weights: NDArray[np.float64],
    shared: NDArray[np.float64],
    split: NDArray[np.int64],
    linked: NDArray[np.bool_],
    above: float,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:  # pragma: no cover - compiled
    """Triples (rising) of `split` practices, two or more of which are held by sets of total weight over `above`.

    `shared` (P, P) is the weight of the sets that hold both of a pair, `linked` (P, P) where it counts. Sets that hold
    two of a triple weigh as much as its three pairs, less twice the sets that hold all three. A triple over 1 has at
    least two linked pairs, so only those are looked at.
    """
    count = len(shared)
    first = np.zeros(count + 1, np.int64)
    for m in members:
        first[m + 1] += 1
    for p in range(count):
        first[p + 1] += first[p]
    owner = np.empty(len(members), np.int64)
    at = first[:-1].copy()
    for c in range(len(starts) - 1):
        for i in range(starts[c], starts[c + 1]):
            owner[at[members[i]]] = c
            at[members[i]] += 1
    holds = np.zeros((len(starts) - 1, count), np.bool_)
    for c in range(len(starts) - 1):
        for i in range(starts[c], starts[c + 1]):
            holds[c, members[i]] = True
    found = np.empty((1024, 3), np.int64)
    totals = np.empty(1024)
    many = 0
    for a in range(len(split)):
        x = split[a]
        for b in range(a + 1, len(split)):
            y = split[b]
            for d in range(b + 1, len(split)):
                z = split[d]
                if np.int64(linked[x, y]) + np.int64(linked[x, z]) + np.int64(linked[y, z]) < 2:
                    continue
                total = shared[x, y] + shared[x, z] + shared[y, z]
                if total <= above:
                    continue
                for i in range(first[x], first[x + 1]):
                    if holds[owner[i], y] and holds[owner[i], z]:
                        total -= 2.0 * weights[owner[i]]
                if total <= above:
                    continue
                if many == len(found):
                    more = np.empty((2 * many, 3), np.int64)
                    more[:many] = found
                    found = more
                    further = np.empty(2 * many)
                    further[:many] = totals
                    totals = further
                found[many] = x, y, z
                totals[many] = total
                many += 1
    return found[:many].copy(), totals[:many].copy()


@compiled
def pair_sums(
    members: NDArray[np.int16], starts: NDArray[np.int64], matrix: NDArray, out: NDArray
) -> None:  # pragma: no cover - compiled
    """Sum of the matrix over every pair of each set's members, each pair once, and over its members' diagonal."""
    for j in range(len(starts) - 1):
        total = matrix[0, 0] - matrix[0, 0]
        for i in range(starts[j], starts[j + 1]):
            for k in range(i, starts[j + 1]):
                total += matrix[members[i], members[k]]
        out[j] = total
