"""Sets below a price limit, found without listing the others: a search that can be stopped and gone on with.

The cost of a set T with the hub s is at least

    limit(T, s) = sum over members p of value[p, s]  +  shape(patients of T)

where `value` is additive (minutes less prices) and `shape` a convex, piecewise linear function of the patients (rates
for each patient below or above some sizes). For one hub at a time the connected sets that hold the hub's practice are
grown practice by practice. A branch is left out when even the best possible rest, a practice at the edge counted in
part (the fractional knapsack, solved greedily because the practices are sorted by value per patient), cannot bring it
down to the threshold. So all sets at or below the threshold are found, each exactly once, under the hub for which its
limit is least.

The sets are written into a buffer; when it is full the search returns, and the next call goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geodata.compiled import compiled
from grouping.partition.kernels import _bit as bit_position

MOST_STEPS = 4_000_000
"""Steps after which the compiled search returns for a moment, so that a clock can be asked."""


@dataclass(frozen=True)
class Space:
    """What sets there are: connected, compatible, at most `maximum` patients, with a hub of their own.

    Parameters
    ----------
    neighbours, compatible
        Bit sets, uint64, shape (P, words), as for `kernels.connected_sets`.
    sizes
        Patients, int64, shape (P,).
    maximum, most_members
        Most patients and most members of a set (0 members: no limit).
    minutes
        Cost of practice p with hub s in whole units, int64, shape (P, S); -1 where s cannot be its hub.
    owner
        Practice of each site, int64, shape (S,); -1 for a site that cannot be a hub.
    rural, threshold
        Patients of the second kind, float64, shape (P,), and the share from which a set is of it.
    margin
        Units by which a limit may be off through rounding; sets are looked for this far above a threshold.
    """

    neighbours: NDArray[np.uint64]
    compatible: NDArray[np.uint64]
    sizes: NDArray[np.int64]
    maximum: int
    minutes: NDArray[np.int64]
    owner: NDArray[np.int64]
    rural: NDArray[np.float64]
    threshold: float
    most_members: int = 0
    margin: float = 64.0

    def sites(self) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Possible hubs by practice: `sites[starts[p]:starts[p + 1]]`."""
        allowed = np.flatnonzero(self.owner >= 0)
        order = np.argsort(self.owner[allowed], kind="stable")
        counts = np.bincount(self.owner[allowed], minlength=len(self.sizes))
        return np.concatenate(([0], np.cumsum(counts))).astype(np.int64), allowed[order].astype(np.int64)


@dataclass(frozen=True)
class Shape:
    """Units for each patient below `below[., k]` and above `above[., k]`, and units once for a set below `below[., 0]`.

    Rows of the sizes: 0 a kind that is not clear (the lower of both limits), 1 the first kind (urban), 2 the second.
    """

    below: NDArray[np.float64]
    below_rate: NDArray[np.float64]
    above: NDArray[np.float64]
    above_rate: NDArray[np.float64]
    fixed: float = 0.0


@dataclass(frozen=True)
class Chunk:
    """Some sets found for one hub's practice (`members`, `starts` as everywhere) and their lower limits, float64."""

    members: NDArray[np.int16]
    starts: NDArray[np.int64]
    limit: NDArray[np.float64]

    def __len__(self) -> int:
        """How many sets."""
        return len(self.limit)


class HubSearch:
    """All sets whose limit with one hub is at or below a threshold, chunk by chunk.

    Parameters
    ----------
    space, shape
        The sets and their limits.
    prices
        Whole units per practice, int64, shape (P,), taken off the value of a set.
    base
        Units added to every set.
    hub
        The site.
    threshold
        Sets up to here are wanted; may be lowered while the search goes on, never raised.
    buffer
        Most sets of a chunk.
    """

    def __init__(
        self,
        space: Space,
        shape: Shape,
        prices: NDArray[np.int64],
        hub: int,
        threshold: float,
        *,
        base: float = 0.0,
        buffer: int = 20_000,
    ) -> None:
        count, words = space.neighbours.shape
        self.threshold = threshold
        self.steps = 0
        self._space, self._shape, self._hub, self._base = space, shape, hub, base
        self._value = np.maximum(space.minutes[:, hub], 0) - prices
        fits = space.minutes[:, hub] >= 0
        self._order = np.lexsort((np.arange(count), self._value / np.maximum(space.sizes, 1)))
        self._order = self._order[fits[self._order]].astype(np.int64)
        self._site_starts, self._sites = space.sites()
        root = int(space.owner[hub])
        self._state = np.array([0, 1, 0], np.int64)
        self._path = np.zeros(count + 1, np.int64)
        self._sums = np.zeros((count + 1, 2), np.int64)
        self._rural = np.zeros(count + 1)
        self._allowed = np.zeros((count + 1, words), np.uint64)
        self._border = np.zeros((count + 1, words), np.uint64)
        self._members = np.empty(buffer * 16 + count, np.int16)
        self._starts = np.empty(buffer + 1, np.int64)
        self._limit = np.empty(buffer)
        if root < 0 or not fits[root] or space.sizes[root] > space.maximum:
            self._state[0] = -1
            return
        self._path[0] = root
        self._sums[0] = self._value[root], space.sizes[root]
        self._rural[0] = space.rural[root]
        bits = np.zeros(words * 64, bool)
        bits[:count] = fits
        bits[root] = False
        self._allowed[0] = np.packbits(bits, bitorder="little").view("<u8").astype(np.uint64) & space.compatible[root]
        self._border[0] = self._allowed[0] & space.neighbours[root]

    @property
    def done(self) -> bool:
        """Whether nothing is left to be searched."""
        return bool(self._state[0] < 0)

    def __iter__(self) -> Iterator[Chunk]:
        """Go on until the buffer is full, `MOST_STEPS` steps are made, or nothing is left."""
        while not self.done:
            space, shape = self._space, self._shape
            found = _next_sets(
                space.neighbours, space.compatible, space.sizes, space.maximum, space.most_members or len(self._path),
                space.rural, space.threshold, space.minutes, self._value, self._order, self._hub, self._site_starts,
                self._sites,
                shape.below, shape.below_rate, shape.above, shape.above_rate, shape.fixed, self._base,
                float(self.threshold) + space.margin, MOST_STEPS, self._state, self._path, self._sums, self._rural,
                self._allowed, self._border, self._members, self._starts, self._limit,
            )  # fmt: skip
            self.steps = int(self._state[2])
            end = int(self._starts[found]) if found else 0
            yield Chunk(self._members[:end].copy(), self._starts[: found + 1].copy(), self._limit[:found].copy())


def knapsack_limit(space: Space, shape: Shape, prices: NDArray[np.int64], hub: int, base: float = 0.0) -> float:
    """A lower limit of every set with this hub, without looking at any: infinite where there is none."""
    search = HubSearch(space, shape, prices, hub, np.inf, base=base, buffer=1)
    if search.done:
        return np.inf
    return base + _limit_below(
        search._allowed[0], search._sums[0, 0], search._sums[0, 1], space.sizes, space.maximum,
        search._value, search._order, shape.below, shape.below_rate, shape.above, shape.above_rate,
    )  # fmt: skip


@compiled
def _shape_of(
    size: float,
    kind: int,
    below: NDArray[np.float64],
    below_rate: NDArray[np.float64],
    above: NDArray[np.float64],
    above_rate: NDArray[np.float64],
) -> float:  # pragma: no cover - compiled
    """The convex function of the patients."""
    total = 0.0
    for k in range(len(below_rate)):
        if size < below[kind, k]:
            total += below_rate[k] * (below[kind, k] - size)
    for k in range(len(above_rate)):
        if size > above[kind, k]:
            total += above_rate[k] * (size - above[kind, k])
    return total


@compiled
def _limit_below(
    allowed: NDArray[np.uint64],
    value: int,
    size: int,
    sizes: NDArray[np.int64],
    maximum: int,
    values: NDArray[np.int64],
    order: NDArray[np.int64],
    below: NDArray[np.float64],
    below_rate: NDArray[np.float64],
    above: NDArray[np.float64],
    above_rate: NDArray[np.float64],
) -> float:  # pragma: no cover - compiled
    """Least of a set and everything that can grow from it, the last practice counted in part."""
    total = float(value)
    patients = float(size)
    one = np.uint64(1)
    for at in range(len(order)):
        p = order[at]
        if not (allowed[p >> 6] >> np.uint64(p & 63)) & one:
            continue
        if sizes[p] <= 0:
            total += min(float(values[p]), 0.0)
            continue
        rate = values[p] / sizes[p]
        rest = float(sizes[p])
        while rest > 0:
            slope = 0.0
            until = float(maximum)
            for k in range(len(below_rate)):
                if patients < below[0, k]:
                    slope -= below_rate[k]
                    until = min(until, below[0, k])
            for k in range(len(above_rate)):
                if patients >= above[0, k]:
                    slope += above_rate[k]
                else:
                    until = min(until, above[0, k])
            if rate + slope >= 0 or until <= patients:
                return total + _shape_of(patients, 0, below, below_rate, above, above_rate)
            step = min(rest, until - patients)
            total += rate * step
            patients += step
            rest -= step
    return total + _shape_of(patients, 0, below, below_rate, above, above_rate)


@compiled
def _next_sets(  # noqa: PLR0915 - one compiled loop, kept whole
    neighbours: NDArray[np.uint64],
    compatible: NDArray[np.uint64],
    sizes: NDArray[np.int64],
    maximum: int,
    most_members: int,
    rural: NDArray[np.float64],
    rural_from: float,
    minutes: NDArray[np.int64],
    values: NDArray[np.int64],
    order: NDArray[np.int64],
    hub: int,
    site_starts: NDArray[np.int64],
    sites: NDArray[np.int64],
    below: NDArray[np.float64],
    below_rate: NDArray[np.float64],
    above: NDArray[np.float64],
    above_rate: NDArray[np.float64],
    fixed: float,
    base: float,
    threshold: float,
    most_steps: int,
    state: NDArray[np.int64],
    path: NDArray[np.int64],
    sums: NDArray[np.int64],
    countryside: NDArray[np.float64],
    allowed: NDArray[np.uint64],
    border: NDArray[np.uint64],
    members: NDArray[np.int16],
    starts: NDArray[np.int64],
    limit: NDArray[np.float64],
) -> int:  # pragma: no cover - compiled
    """Fill the buffer with sets at or below the threshold; returns how many. `state`: depth, new, steps made."""
    words = neighbours.shape[1]
    one = np.uint64(1)
    found = 0
    written = 0
    depth = state[0]
    new = state[1] == 1
    until = state[2] + most_steps
    while depth >= 0:
        if new:
            if found >= len(limit) or written + depth + 1 > len(members) or state[2] >= until:
                break
            new = False
            state[2] += 1
            least = base + _limit_below(
                allowed[depth], sums[depth, 0], sums[depth, 1], sizes, maximum, values, order, below, below_rate,
                above, above_rate,
            )  # fmt: skip
            if least > threshold:
                depth -= 1
                continue
            share = countryside[depth] / max(sums[depth, 1], 1)
            kind = 0
            if share > rural_from + 1e-6:
                kind = 2
            elif share < rural_from - 1e-6:
                kind = 1
            own = base + sums[depth, 0] + _shape_of(sums[depth, 1], kind, below, below_rate, above, above_rate)
            if len(below_rate) and sums[depth, 1] < below[kind, 0]:
                own += fixed
            if own <= threshold and _is_best_hub(path, depth, minutes, hub, site_starts, sites):
                starts[found] = written
                for d in range(depth + 1):
                    p = path[d]
                    at = written + d
                    while at > written and members[at - 1] > p:
                        members[at] = members[at - 1]
                        at -= 1
                    members[at] = p
                written += depth + 1
                limit[found] = own
                found += 1
                starts[found] = written
        word = 0
        while word < words and border[depth, word] == 0:
            word += 1
        if word == words:
            depth -= 1
            continue
        low = border[depth, word] & (~border[depth, word] + one)
        border[depth, word] ^= low
        allowed[depth, word] &= ~low
        practice = word * 64 + bit_position(low)
        if sums[depth, 1] + sizes[practice] > maximum or depth + 1 >= most_members:
            continue
        for w in range(words):
            allowed[depth + 1, w] = allowed[depth, w] & compatible[practice, w]
            border[depth + 1, w] = (border[depth, w] | neighbours[practice, w]) & allowed[depth + 1, w]
        sums[depth + 1, 0] = sums[depth, 0] + values[practice]
        sums[depth + 1, 1] = sums[depth, 1] + sizes[practice]
        countryside[depth + 1] = countryside[depth] + rural[practice]
        depth += 1
        path[depth] = practice
        new = True
    state[0] = depth
    state[1] = 1 if new else 0
    return found


@compiled
def _is_best_hub(
    path: NDArray[np.int64],
    depth: int,
    minutes: NDArray[np.int64],
    hub: int,
    site_starts: NDArray[np.int64],
    sites: NDArray[np.int64],
) -> bool:  # pragma: no cover - compiled
    """Whether no other hub of the set costs less (or as much with a smaller number): so each set is met once."""
    mine = np.int64(0)
    for d in range(depth + 1):
        mine += minutes[path[d], hub]
    for d in range(depth + 1):
        for at in range(site_starts[path[d]], site_starts[path[d] + 1]):
            other = sites[at]
            if other == hub:
                continue
            total = np.int64(0)
            fits = True
            for e in range(depth + 1):
                value = minutes[path[e], other]
                if value < 0:
                    fits = False
                    break
                total += value
                if total > mine:
                    fits = False
                    break
            if fits and (total < mine or other < hub):
                return False
    return True
