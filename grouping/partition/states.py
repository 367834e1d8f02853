"""The states a plan passes through while it is put together: a graph in which every path is a plan.

A plan is put together in a fixed order: the first practice not yet covered takes a set that holds it. The practices
covered so far are a *state*. Many ways lead to one state, and all of them have the same ways on; so states and the
steps between them are kept once, from "nobody covered" to "all covered".

Each step uses something of several *budgets*: reduced cost (at most limit - bound), real cost (at most the limit), and
the side rows. A state knows the least of each budget that leads to it and, looking back from the end, the least that
leads on; a step is kept only if the sum fits every budget. A state is not entered at all if what is left cannot be
covered within the reduced cost that remains: every practice needs a set that fits, and practices that are never in a
set together need different ones, whose reduced costs add up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from geodata.compiled import compiled
from grouping.partition.columns import Columns

FAR = 1 << 61
"""More than any budget."""

TURNS = 2_000_000
"""Steps of a walk between two looks at whether to stop."""

SLICE = 4_000
"""States worked on between two looks at whether to stop."""


class TooMany(Exception):
    """The graph outgrew its limit, or somebody asked to stop."""


@dataclass(frozen=True)
class Steps:
    """Sets as steps of a sweep, sorted by first practice and reduced cost (S steps, B budgets, W words of 64 bits).

    Parameters
    ----------
    practices
        P, how many there are. From here on they are numbered in the order of the sweep.
    column
        Position of each step's set in the columns given, shape (S,).
    mask
        Its practices as bits, shape (S, W).
    near
        Practices that share some set with one of its practices, shape (S, W).
    use
        What it takes of each budget, shape (S, B): the reduced cost first, the real cost second. Only the real cost
        may be negative.
    first
        Where the steps of each practice begin, shape (P + 1,).
    holding, holding_first
        The steps that hold each practice, by reduced cost, and where each practice's begin, shape (P + 1,).
    together
        Practices that share some set with each practice, as bits, shape (P, W).
    """

    practices: int
    column: NDArray[np.int64]
    mask: NDArray[np.uint64]
    near: NDArray[np.uint64]
    use: NDArray[np.int64]
    first: NDArray[np.int64]
    holding: NDArray[np.int32]
    holding_first: NDArray[np.int64]
    together: NDArray[np.uint64]

    @property
    def sets(self) -> tuple[NDArray, ...]:
        """What the compiled loops read."""
        return self.mask, self.near, self.use, self.holding, self.holding_first, self.together


@dataclass(frozen=True)
class Graph:
    """N states and the steps between them.

    The steps of state n are `step[begin[n]:end[n]]`, in the order of the least real cost of a plan they lead to; they
    lead to the states `to`. `after` is the least use of each budget from a state on, shape (N, B). `order` has the
    states that steps begin in, each before those it leads to. State 0 is the start, `last` the end, -1 if no plan fits.
    """

    order: NDArray[np.int64]
    after: NDArray[np.int64]
    begin: NDArray[np.int64]
    end: NDArray[np.int64]
    step: NDArray[np.int32]
    to: NDArray[np.int32]
    last: int

    def __len__(self) -> int:
        """How many states."""
        return len(self.begin)


def shared_sets(columns: Columns) -> NDArray[np.float64]:
    """How many sets each two practices share, shape (P, P); on the diagonal how many hold each."""
    owner = np.repeat(np.arange(len(columns)), columns.lengths())
    ones = np.ones(len(owner))
    held = csr_array((ones, (owner, columns.members)), shape=(len(columns), columns.practices))
    return np.asarray((held.T @ held).todense(), np.float64)


def steps_of(columns: Columns, use: NDArray[np.int64], order: NDArray[np.int64], shared: NDArray[np.float64]) -> Steps:
    """The sets as steps of a sweep over the practices in this order (see `Steps` for `use`, `shared_sets`)."""
    count = columns.practices
    place = np.empty(count, np.int64)
    place[order] = np.arange(count)
    at = place[columns.members.astype(np.int64)]
    owner = np.repeat(np.arange(len(columns)), columns.lengths())
    bits = _bits(count)
    mask = np.bitwise_or.reduceat(bits[at], columns.starts[:-1], axis=0)
    together = np.array(
        [np.bitwise_or.reduce(bits[row], axis=0, initial=np.uint64(0)) for row in shared[np.ix_(order, order)] > 0]
    )
    near = np.bitwise_or.reduceat(together[at], columns.starts[:-1], axis=0)
    first = np.minimum.reduceat(at, columns.starts[:-1])
    by = np.lexsort((np.arange(len(columns)), use[:, 0], first)).astype(np.int64)
    number = np.empty(len(columns), np.int64)
    number[by] = np.arange(len(columns))
    holding = np.lexsort((number[owner], use[owner, 0], at))
    return Steps(
        practices=count,
        column=by,
        mask=np.ascontiguousarray(mask[by]),
        near=np.ascontiguousarray(near[by]),
        use=np.ascontiguousarray(use[by]),
        first=np.searchsorted(first[by], np.arange(count + 1)).astype(np.int64),
        holding=number[owner[holding]].astype(np.int32),
        holding_first=np.searchsorted(at[holding], np.arange(count + 1)).astype(np.int64),
        together=np.ascontiguousarray(together),
    )


def _bits(count: int) -> NDArray[np.uint64]:
    """Each of `count` numbers as a bit set, shape (count, words)."""
    bits = np.zeros((count, max(1, (count + 63) // 64)), np.uint64)
    every = np.arange(count)
    bits[every, every >> 6] = np.uint64(1) << (every & 63).astype(np.uint64)
    return bits


def that_fit(steps: Steps, room: int) -> NDArray[np.int64]:
    """Columns (positions, ascending) beside which all others can still be covered within `room` of reduced cost.

    As far as a look at what each practice needs at least tells.
    """
    fits = np.zeros(len(steps.column), bool)
    _probe(steps.sets, room, fits)
    return np.sort(steps.column[fits])


def unfold(
    steps: Steps,
    room: NDArray[np.int64],
    *,
    most_states: int,
    most_steps: int,
    stop: Callable[[], bool] = lambda: False,
) -> Graph:
    """The graph of all plans within the budgets.

    Parameters
    ----------
    steps
        The sets as steps.
    room
        The budgets, shape (B,).
    most_states, most_steps
        Limits of the graph.
    stop
        Asked now and then; true gives the work up.

    Raises
    ------
    TooMany
        The graph outgrew its limits, or `stop` said so.
    """
    grow = _Growing(steps, room.astype(np.int64))
    turns = []
    for practice in range(steps.practices):
        waiting = _chained(int(grow.head[practice]), grow.chain)
        low, high, done = int(steps.first[practice]), int(steps.first[practice + 1]), 0
        while done < len(waiting):
            if stop() or grow.count[0] > most_states or grow.count[1] > most_steps:
                raise TooMany
            grow.reserve(high - low)
            until = min(done + SLICE, len(waiting))
            done = _expand(waiting, done, until, low, high, steps.sets, grow.room, *grow.graph)
        turns.append(waiting)
    return grow.finished(np.concatenate(turns))


class _Growing:
    """The buffers of a graph while it grows."""

    def __init__(self, steps: Steps, room: NDArray[np.int64]) -> None:
        size, words, budgets = 1 << 12, steps.mask.shape[1], steps.use.shape[1]
        self.given, self.room = steps, room
        self.key = np.zeros((size, words), np.uint64)
        self.before = np.zeros((size, budgets), np.int64)
        self.begin, self.end = np.zeros(size, np.int64), np.zeros(size, np.int64)
        self.chain = np.full(size, -1, np.int64)
        self.head = np.full(steps.practices + 1, -1, np.int64)
        self.head[0] = 0
        self.table = np.full(4 * size, -1, np.int32)
        self.step, self.to = np.empty(size, np.int32), np.empty(size, np.int32)
        self.count = np.array([1, 0], np.int64)  # states, steps
        _enter_all(self.key, 1, self.table)

    @property
    def graph(self) -> tuple[NDArray, ...]:
        """What the compiled loop fills."""
        return (
            self.key, self.before, self.begin, self.end, self.chain, self.head, self.table, self.step, self.to,
            self.count,
        )  # fmt: skip

    def reserve(self, more: int) -> None:
        """Make room for at least one more state's steps."""
        states, steps = int(self.count[0]) + more, int(self.count[1]) + more
        if states > len(self.key):
            for name in ("key", "before", "begin", "end", "chain"):
                setattr(self, name, _longer(getattr(self, name), max(2 * len(self.key), states)))
        if 2 * states > len(self.table):
            self.table = np.full(1 << (4 * states).bit_length(), -1, np.int32)
            _enter_all(self.key, int(self.count[0]), self.table)
        if steps > len(self.step):
            self.step, self.to = (_longer(array, max(2 * len(self.step), steps)) for array in (self.step, self.to))

    def finished(self, turns: NDArray[np.int64]) -> Graph:
        """The graph with what every state still needs, without the steps that fit no plan."""
        states, last = int(self.count[0]), int(self.head[-1])
        after = np.full((states, len(self.room)), FAR, np.int64)
        if last >= 0:
            after[last] = 0
        use, begin, end = self.given.use, self.begin[:states], self.end[:states]
        left = _look_back(turns, begin, end, self.step, self.to, use, self.room, self.before, after)
        fits = last >= 0 and bool((after[0] <= self.room).all())
        step, to = self.step[:left].copy(), self.to[:left].copy()
        owner = np.repeat(turns, end[turns] - begin[turns])
        by = np.lexsort((step, use[step, 1] + after[to, 1], begin[owner]))
        return Graph(turns, after, begin.copy(), end.copy(), step[by], to[by], last if fits else -1)


def _longer(array: NDArray, size: int) -> NDArray:
    """The same with room for more."""
    other = np.empty((size, *array.shape[1:]), array.dtype)
    other[: len(array)] = array
    return other


def _chained(head: int, chain: NDArray[np.int64]) -> NDArray[np.int64]:
    """The states of a chain, the first one that came first."""
    return _follow(head, chain)[::-1].copy()


@compiled
def _follow(head: int, chain: NDArray[np.int64]) -> NDArray[np.int64]:  # pragma: no cover - compiled
    count = 0
    state = head
    while state >= 0:
        count += 1
        state = chain[state]
    out = np.empty(count, np.int64)
    state = head
    for n in range(count):
        out[n] = state
        state = chain[state]
    return out


@compiled
def _place(key: NDArray[np.uint64], keys: NDArray[np.uint64], table: NDArray[np.int32]) -> int:  # pragma: no cover
    """Where in the table this key stands, or the empty place where it would."""
    mix = np.uint64(0x9E3779B97F4A7C15)
    value = np.uint64(0)
    for w in range(len(key)):
        value = (value ^ key[w]) * mix
        value ^= value >> np.uint64(31)
    last = np.uint64(len(table) - 1)
    at = value & last
    while True:
        state = table[at]
        if state < 0:
            return np.int64(at)
        same = True
        for w in range(len(key)):
            if keys[state, w] != key[w]:
                same = False
                break
        if same:
            return np.int64(at)
        at = (at + np.uint64(1)) & last


@compiled
def _enter_all(keys: NDArray[np.uint64], count: int, table: NDArray[np.int32]) -> None:  # pragma: no cover
    """Enter the first states into an empty table."""
    for state in range(count):
        table[_place(keys[state], keys, table)] = state


@compiled
def _has(key: NDArray[np.uint64], number: int) -> bool:  # pragma: no cover - compiled
    return (key[number >> 6] >> np.uint64(number & 63)) & np.uint64(1) != np.uint64(0)


@compiled
def _fitting(
    practice: int, begin: int, key: NDArray[np.uint64], room: int, sets: tuple
) -> int:  # pragma: no cover - compiled
    """Place, from `begin` on, of the cheapest set that holds this practice and none covered; -1 if above `room`."""
    mask, _, use, holding, holding_first, _ = sets
    for e in range(begin, holding_first[practice + 1]):
        j = holding[e]
        if use[j, 0] > room:
            return -1
        free = True
        for w in range(len(key)):
            if key[w] & mask[j, w]:
                free = False
                break
        if free:
            return e
    return -1


@compiled
def _all_fitting(
    key: NDArray[np.uint64], room: int, sets: tuple, fit: NDArray[np.int64], need: NDArray[np.int64]
) -> bool:  # pragma: no cover - compiled
    """The cheapest fitting set of every uncovered practice (`fit`) and its reduced cost (`need`); False if none."""
    _, _, use, holding, holding_first, _ = sets
    for practice in range(len(need)):
        need[practice] = 0
        if _has(key, practice):
            continue
        e = _fitting(practice, holding_first[practice], key, room, sets)
        if e < 0:
            return False
        fit[practice] = e
        need[practice] = use[holding[e], 0]
    return True


@compiled
def _sum_apart(
    need: NDArray[np.int64], room: int, sets: tuple, left: NDArray[np.int64], who: NDArray[np.int64]
) -> int:  # pragma: no cover - compiled
    """Needs of practices never in a set together, the largest first, added up until above `room`."""
    together = sets[5]
    count = 0
    for practice in range(len(need)):
        if need[practice] > 0:
            left[count] = need[practice]
            who[count] = practice
            count += 1
    total = 0
    while total <= room and count > 0:
        most = 0
        for n in range(1, count):
            if left[n] > left[most]:
                most = n
        total += left[most]
        chosen = who[most]
        kept = 0
        for n in range(count):
            if not _has(together[chosen], who[n]):
                left[kept] = left[n]
                who[kept] = who[n]
                kept += 1
        count = kept
    return total


@compiled
def _probe(sets: tuple, room: int, fits: NDArray[np.bool_]) -> None:  # pragma: no cover - compiled
    """Which sets leave something that can be covered within `room`."""
    mask, use, count = sets[0], sets[2], len(sets[4]) - 1
    fit, need = np.zeros(count, np.int64), np.zeros(count, np.int64)
    left, who = np.zeros(count, np.int64), np.zeros(count, np.int64)
    for j in range(len(mask)):
        rest = room - use[j, 0]
        covered = rest >= 0 and _all_fitting(mask[j], rest, sets, fit, need)
        fits[j] = covered and _sum_apart(need, rest, sets, left, who) <= rest


@compiled
def _expand(  # noqa: PLR0915 - one compiled loop, kept whole
    waiting: NDArray[np.int64],
    done: int,
    until: int,
    low: int,
    high: int,
    sets: tuple,
    room: NDArray[np.int64],
    key: NDArray[np.uint64],
    before: NDArray[np.int64],
    begin: NDArray[np.int64],
    end: NDArray[np.int64],
    chain: NDArray[np.int64],
    head: NDArray[np.int64],
    table: NDArray[np.int32],
    step: NDArray[np.int32],
    to: NDArray[np.int32],
    count: NDArray[np.int64],
) -> int:  # pragma: no cover - compiled
    """Take every step from some waiting states; returns how many of them are done (fewer when a buffer is full)."""
    mask, near, use, holding, _, _ = sets
    words, budgets, practices = key.shape[1], use.shape[1], len(head) - 1
    child, spent = np.zeros(words, np.uint64), np.zeros(budgets, np.int64)
    fit, need = np.zeros(practices, np.int64), np.zeros(practices, np.int64)
    needs = np.zeros(practices, np.int64)
    left, who = np.zeros(practices, np.int64), np.zeros(practices, np.int64)
    one = np.uint64(1)
    states, steps = count[0], count[1]
    while done < until:
        more = high - low
        if states + more > len(key) or steps + more > len(step) or 2 * (states + more) > len(table):
            break
        state = waiting[done]
        done += 1
        begin[state] = steps
        end[state] = steps
        if not _all_fitting(key[state], room[0] - before[state, 0], sets, fit, need):
            continue
        for j in range(low, high):
            rest = room[0] - before[state, 0] - use[j, 0]
            if rest < 0:
                break
            free = True
            for w in range(words):
                if key[state, w] & mask[j, w]:
                    free = False
                    break
            if not free:
                continue
            for b in range(budgets):
                spent[b] = before[state, b] + use[j, b]
                if b != 1 and spent[b] > room[b]:
                    free = False
            if not free:
                continue
            for w in range(words):
                child[w] = key[state, w] | mask[j, w]
            place = _place(child, key, table)
            other = table[place]
            if other >= 0:
                for b in range(budgets):
                    before[other, b] = min(before[other, b], spent[b])
            else:
                for practice in range(practices):
                    needs[practice] = 0 if _has(child, practice) else need[practice]
                for w in range(words):
                    rim = near[j, w] & ~child[w]
                    while rim and free:
                        low_bit = rim & (~rim + one)
                        rim ^= low_bit
                        practice = 64 * w + _number(low_bit)
                        if need[practice] > rest:
                            free = False
                            break
                        held = holding[fit[practice]]
                        for v in range(words):
                            if mask[held, v] & mask[j, v]:
                                e = _fitting(practice, fit[practice] + 1, child, rest, sets)
                                if e < 0:
                                    free = False
                                else:
                                    needs[practice] = use[holding[e], 0]
                                break
                if not free or _sum_apart(needs, rest, sets, left, who) > rest:
                    continue
                other = np.int32(states)
                states += 1
                table[place] = other
                for w in range(words):
                    key[other, w] = child[w]
                for b in range(budgets):
                    before[other, b] = spent[b]
                first = 0
                while first < practices and _has(child, first):
                    first += 1
                chain[other] = head[first]
                head[first] = other
            step[steps] = j
            to[steps] = other
            steps += 1
        end[state] = steps
    count[0], count[1] = states, steps
    return done


@compiled
def _number(power: np.uint64) -> int:  # pragma: no cover - compiled
    """Position of the only bit set."""
    position = 0
    for width in (32, 16, 8, 4, 2, 1):
        if power >> np.uint64(width):
            position += width
            power >>= np.uint64(width)
    return position


@compiled
def _look_back(
    turns: NDArray[np.int64],
    begin: NDArray[np.int64],
    end: NDArray[np.int64],
    step: NDArray[np.int32],
    to: NDArray[np.int32],
    use: NDArray[np.int64],
    room: NDArray[np.int64],
    before: NDArray[np.int64],
    after: NDArray[np.int64],
) -> int:  # pragma: no cover - compiled
    """What every state still needs; and only the steps that fit stay, moved together. Returns how many."""
    budgets = use.shape[1]
    for n in range(len(turns) - 1, -1, -1):
        state = turns[n]
        left = begin[state]
        for e in range(begin[state], end[state]):
            fits = True
            for b in range(budgets):
                if before[state, b] + use[step[e], b] + after[to[e], b] > room[b]:
                    fits = False
                    break
            if not fits:
                continue
            for b in range(budgets):
                after[state, b] = min(after[state, b], use[step[e], b] + after[to[e], b])
            step[left], to[left] = step[e], to[e]
            left += 1
        end[state] = left
    written = 0
    for n in range(len(turns)):
        state = turns[n]
        start = begin[state]
        begin[state] = written
        for e in range(start, end[state]):
            step[written], to[written] = step[e], to[e]
            written += 1
        end[state] = written
    return written


def count_paths(steps: Steps, graph: Graph, room: NDArray[np.int64], stop: Callable[[], bool]) -> int:
    """How many plans there are within the budgets; `TooMany` if asked to stop or if there are more than `FAR`."""
    if graph.last < 0:
        return 0
    most, ways = np.full(graph.after.shape, -FAR, np.int64), np.zeros(len(graph), np.int64)
    most[graph.last], ways[graph.last] = 0, 1
    _look_on(graph.order, graph.begin, graph.end, graph.step, graph.to, steps.use, most, ways)
    deep, budgets = steps.practices + 2, steps.use.shape[1]
    place, at = np.zeros(deep, np.int64), np.zeros(deep, np.int64)
    spent, found = np.zeros((deep, budgets), np.int64), np.zeros(1, np.int64)
    depth, at[0], place[0] = 0, 0, graph.begin[0]
    arrays = (graph.after, graph.begin, graph.end, graph.step, graph.to)
    while depth >= 0:
        if stop() or found[0] >= FAR:
            raise TooMany
        depth = _tally(arrays, steps.use, room.astype(np.int64), most, ways, TURNS, depth, place, at, spent, found)
    return int(found[0])


@compiled
def _look_on(
    order: NDArray[np.int64],
    begin: NDArray[np.int64],
    end: NDArray[np.int64],
    step: NDArray[np.int32],
    to: NDArray[np.int32],
    use: NDArray[np.int64],
    most: NDArray[np.int64],
    ways: NDArray[np.int64],
) -> None:  # pragma: no cover - compiled
    """The most of each budget that can be used from a state on, and in how many ways it leads to the end."""
    for n in range(len(order) - 1, -1, -1):
        state = order[n]
        for e in range(begin[state], end[state]):
            ways[state] = min(ways[state] + ways[to[e]], FAR)
            for b in range(use.shape[1]):
                most[state, b] = max(most[state, b], use[step[e], b] + most[to[e], b])


@compiled
def _tally(
    graph: tuple,
    use: NDArray[np.int64],
    room: NDArray[np.int64],
    most: NDArray[np.int64],
    ways: NDArray[np.int64],
    turns: int,
    depth: int,
    place: NDArray[np.int64],
    at: NDArray[np.int64],
    spent: NDArray[np.int64],
    found: NDArray[np.int64],
) -> int:  # pragma: no cover - compiled
    """As `walk`, but only count; where every way on fits, all of them are counted at once."""
    after, begin, end, step, to = graph
    budgets = use.shape[1]
    while depth >= 0 and turns > 0 and found[0] < FAR:
        turns -= 1
        e = place[depth]
        if e == end[at[depth]]:
            depth -= 1
            continue
        place[depth] += 1
        j, other = step[e], to[e]
        if spent[depth, 1] + use[j, 1] + after[other, 1] > room[1]:
            depth -= 1
            continue
        fits, all_fit = True, True
        for b in range(budgets):
            spent[depth + 1, b] = spent[depth, b] + use[j, b]
            fits = fits and spent[depth + 1, b] + after[other, b] <= room[b]
            # The reduced cost (budget 0) is no limit of its own: a plan within the real cost is within it.
            all_fit = all_fit and (b == 0 or spent[depth + 1, b] + most[other, b] <= room[b])
        if fits and all_fit:
            found[0] += ways[other]
        elif fits:
            depth += 1
            at[depth] = other
            place[depth] = begin[other]
    return depth


@compiled
def walk(
    graph: tuple,
    use: NDArray[np.int64],
    room: NDArray[np.int64],
    last: int,
    most: int,
    turns: int,
    depth: int,
    place: NDArray[np.int64],
    at: NDArray[np.int64],
    spent: NDArray[np.int64],
    path: NDArray[np.int32],
    filled: NDArray[np.int64],
    out: NDArray[np.int32],
    starts: NDArray[np.int64],
) -> int:  # pragma: no cover - compiled
    """Go through the plans within the budgets, the least real cost of each state first; can be taken up again.

    Parameters
    ----------
    graph
        `after`, `begin`, `end`, `step`, `to` of a `Graph`.
    use, room, last
        As there.
    most
        Return when so many plans are found.
    turns
        Return after so many steps.
    depth, place, at, spent, path
        Where the walk stands: depth, next step and state of each depth, use up to each depth, steps taken.
    filled
        Plans and steps found so far.
    out, starts
        Filled when `starts` is not empty; otherwise plans are only counted. The walk returns when either is full.

    Returns
    -------
    int
        The depth; -1 when the walk is over.
    """
    after, begin, end, step, to = graph
    budgets = use.shape[1]
    fill = len(starts) > 0
    while depth >= 0 and filled[0] < most and turns > 0:
        turns -= 1
        e = place[depth]
        if e == end[at[depth]]:
            depth -= 1
            continue
        if fill and (filled[0] + 2 > len(starts) or filled[1] + depth + 1 > len(out)):
            break
        place[depth] += 1
        j, other = step[e], to[e]
        if spent[depth, 1] + use[j, 1] + after[other, 1] > room[1]:
            depth -= 1  # what follows here costs no less
            continue
        fits = True
        for b in range(budgets):
            spent[depth + 1, b] = spent[depth, b] + use[j, b]
            if spent[depth + 1, b] + after[other, b] > room[b]:
                fits = False
                break
        if not fits:
            continue
        path[depth] = j
        if other == last:
            if fill:
                for n in range(depth + 1):
                    out[filled[1] + n] = path[n]
                starts[filled[0] + 1] = filled[1] + depth + 1
            filled[0] += 1
            filled[1] += depth + 1
        else:
            depth += 1
            at[depth] = other
            place[depth] = begin[other]
    return depth
