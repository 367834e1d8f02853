"""Every plan up to a limit of cost, exactly: all of them, or the cheapest ones where there are too many.

1. Sets that cannot be in such a plan are left out: by their reduced cost (the bound is first raised by cuts), and by a
   look at what the rest of the practices would need beside them.
2. The practices are put into an order that sweeps across the map, and the graph of all states a plan passes through is
   made (`states`), for a small part of the way to the limit first, then for more, until it holds enough plans.
3. The plans are read off the graph. Costs and side rows are summed up from the sets themselves, in whole numbers.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from grouping.partition.clock import Clock
from grouping.partition.columns import Columns
from grouping.partition.pricing import Bound, Relaxation
from grouping.partition.rows import without_negative
from grouping.partition.states import (
    FAR,
    TURNS,
    Graph,
    Steps,
    TooMany,
    count_paths,
    shared_sets,
    steps_of,
    that_fit,
    unfold,
    walk,
)

MOST_STATES = 8_000_000
"""States of a graph; the limit is lowered rather than that there be more (about 1 GB with 128 practices)."""

MOST_STEPS = 60_000_000
"""Steps of a graph, for the same reason (8 bytes each)."""

CUT_ROUNDS = 14
"""Rounds of cuts that raise the bound before plans are looked for."""

FIRST_PART = 0.0625
"""How far of the way from the bound to the limit the first graph reaches."""

MOST_GRAPHS = 20
"""Graphs after which no further one is tried."""

TELLING = 1_500
"""States of a graph from which on it tells which order of the practices is the best for larger ones."""

ENOUGH = 2.0
"""How many times the plans wanted a graph should hold."""

TIES = 1_000_000
"""Plans of exactly the same cost among which the first by their codes are looked for."""

Stop = Callable[[], bool]


def _never() -> bool:
    return False


@dataclass(frozen=True)
class NearPlans:
    """Plans by cost, those of the same cost by their groups.

    Parameters
    ----------
    limit
        Every plan that costs no more than this is here.
    complete
        Whether that is the limit asked for. If not, there were more plans than asked for, or they could not all be
        found in the time or memory given; plans that cost more than `limit` may then be missing.
    cost
        Cost of each plan in whole units, ascending, shape (K,).
    offset
        Where each plan begins in `groups`, shape (K + 1,).
    groups
        Positions in the columns given, each plan's groups by their smallest member.
    """

    limit: int
    complete: bool
    cost: NDArray[np.int64]
    offset: NDArray[np.int64]
    groups: NDArray[np.int64]

    def __len__(self) -> int:
        """How many plans."""
        return len(self.cost)

    def plan(self, index: int) -> NDArray[np.int64]:
        """Positions of one plan's groups."""
        return self.groups[self.offset[index] : self.offset[index + 1]]

    def costing(self, cost: int) -> NearPlans:
        """Those of exactly this cost."""
        a, b = (int(np.searchsorted(self.cost, cost, side=side)) for side in ("left", "right"))
        offset = self.offset[a : b + 1] - self.offset[a]
        return NearPlans(cost, False, self.cost[a:b], offset, self.groups[self.offset[a] : self.offset[b]])

    def followed_by(self, others: NearPlans) -> NearPlans:
        """These and then dearer ones, of which some are missing."""
        return NearPlans(
            self.limit, False, np.concatenate((self.cost, others.cost)),
            np.concatenate((self.offset, self.offset[-1] + others.offset[1:])),
            np.concatenate((self.groups, others.groups)),
        )  # fmt: skip

    def first(self, count: int) -> NearPlans:
        """The first plans only."""
        if count >= len(self):
            return self
        limit = min(self.limit, int(self.cost[count]) - 1)
        cut = int(self.offset[count])
        return NearPlans(limit, False, self.cost[:count], self.offset[: count + 1], self.groups[:cut])


def every_plan(columns: Columns, bound: Bound, limit: int, *, at_most: int = 200_000, stop: Stop = _never) -> NearPlans:
    """All plans that cost no more than a limit; the cheapest `at_most` where there are more.

    Parameters
    ----------
    columns
        The sets to choose from, with side rows. Coefficients may be negative (a row "at least" is one "at most" with
        all signs turned).
    bound
        What is known: a plan costs at least `value` plus the `reduced` costs of its sets. Any valid bound will do, also
        `pricing.shared_bound`; it is raised here.
    limit
        Largest cost, in whole units.
    at_most
        Most plans to return. `limit` of the answer says up to where they are complete.
    stop
        Asked a few times a second; when it says true, what is complete by then is returned.
    """
    search = _Sweep(columns, bound, limit, stop)
    search.reach_for(at_most)
    return search.answer(at_most)


def best_plans(columns: Columns, bound: Bound, count: int, *, most: int, stop: Stop = _never) -> NearPlans:
    """The `count` cheapest plans among those that cost no more than `most`, ties by their groups.

    Parameters
    ----------
    columns, bound, stop
        As in `every_plan`.
    count
        How many plans.
    most
        Largest cost. `complete` of the answer says whether there are no more plans up to it than those given.
    """
    return every_plan(columns, bound, most, at_most=count, stop=stop)


def count_plans(columns: Columns, bound: Bound, limit: int, *, stop: Stop = _never) -> int | None:
    """How many plans cost no more than a limit, without listing them; None if it could not be finished.

    Parameters
    ----------
    columns, bound, limit, stop
        As in `every_plan`.
    """
    search = _Sweep(columns, bound, limit, stop)
    search.reach_for(None)
    if search.limit < limit:
        return None
    if search.steps is None or search.graph is None:
        return 0
    try:
        return count_paths(search.steps, search.graph, search.room(limit), stop)
    except TooMany:
        return None


def tight_bound(
    columns: Columns, bound: Bound, limit: int, *, rounds: int = CUT_ROUNDS, stop: Stop = _never
) -> tuple[NDArray[np.int64], Bound]:
    """The sets that can be in a plan up to a limit, and a better bound over them.

    Parameters
    ----------
    columns, bound, limit, stop
        As in `every_plan`.
    rounds
        Rounds of cuts.

    Returns
    -------
    tuple
        Positions of the sets, ascending; the bound over these (its arrays are theirs).
    """
    ids = np.flatnonzero(bound.reduced <= limit - bound.value)
    best = _part(bound, ids)
    relax, clock = Relaxation(columns.take(ids)), _Asked(stop)
    for turn in range(rounds + 1):
        if len(ids) == 0 or stop():
            break
        solved = relax.solve(clock=clock)
        if solved.value > best.value:
            best = solved
        if turn == rounds or not relax.tighten(solved):
            break
        keep = solved.reduced <= limit - solved.value
        if keep.sum() < 0.8 * len(ids):
            ids, relax, best = ids[keep], relax.narrowed(keep), _part(best, np.flatnonzero(keep))
    keep = np.flatnonzero(best.reduced <= limit - best.value)
    return ids[keep], _part(best, keep)


def _part(bound: Bound, ids: NDArray[np.int64]) -> Bound:
    """The same bound over some of its sets (without the relaxation's solution)."""
    none = np.empty(0, np.int64)
    return replace(bound, reduced=bound.reduced[ids], support=none, weights=none.astype(float))


@dataclass(frozen=True)
class _Reached:
    """What a graph that reaches this part of the way held."""

    part: float
    plans: int
    states: int

    def further(self, last: _Reached, at_most: int | None) -> float:
        """How far the next one should reach."""
        step = self.part
        if last.part > 0 and self.states > last.states:
            growth = np.log(self.states / last.states) / (self.part - last.part)
            step = min(step, np.log(max(MOST_STATES / self.states, 1.1)) / growth)
        if at_most is not None and 10 <= last.plans < self.plans:
            growth = np.log(self.plans / last.plans) / (self.part - last.part)
            step = min(step, np.log(max(ENOUGH * at_most / self.plans, 1.1)) / growth)
        return min(1.0, self.part + max(float(step), 0.01))


class _Asked(Clock):
    """A clock that is over when a function says so."""

    def __init__(self, stop: Stop) -> None:
        super().__init__()
        self._ask = stop

    @property
    def over(self) -> bool:
        """Whether to stop."""
        return self._ask()


class _Sweep:
    """Graphs that reach further and further, and the plans in the last one."""

    def __init__(self, columns: Columns, bound: Bound, limit: int, stop: Stop) -> None:
        self.asked, self.stop = limit, stop
        self.whole, self.bound = tight_bound(columns, bound, limit, stop=stop)
        self.columns = columns.take(self.whole)
        self.rows = [without_negative(self.columns, row) for row in self.columns.rows]
        self.orders: list[NDArray[np.int64]] = []
        self.settled = False
        self.limit = min(self.bound.value - 1, limit)
        self.count = 0
        self.ids = np.empty(0, np.int64)
        self.steps: Steps | None = None
        self.graph: Graph | None = None

    def room(self, limit: int) -> NDArray[np.int64]:
        """The budgets up to a limit of cost."""
        return np.array([limit - self.bound.value, limit, *(min(row.limit, FAR) for row in self.rows)], np.int64)

    def reach_for(self, at_most: int | None) -> None:
        """Reach further until there are more plans than `at_most`, or the limit asked for is reached.

        Plans and states multiply with the distance from the bound. So each graph reaches twice as far as the last,
        or only as far as is likely to hold a few times the plans wanted, or to fit into memory.
        """
        distance = self.asked - self.bound.value
        part, last, failed = FIRST_PART, _Reached(0.0, 0, 1), 1.0
        for _ in range(MOST_GRAPHS):
            if distance < 0 or self.limit == self.asked or self.stop():
                return
            limit = self.asked if part >= 1.0 else self.bound.value + int(distance * part)
            if not self._reach(limit, at_most):
                failed = part
                part = (last.part + failed) / 2
                continue
            if at_most is not None and self.count > at_most:
                return
            now = _Reached(part, self.count, max(len(self.graph), 1) if self.graph else 1)
            part = now.further(last, at_most)
            if failed < 1.0:
                part = min(part, (now.part + failed) / 2)
            last = now

    def _reach(self, limit: int, at_most: int | None) -> bool:
        """Make the graph up to this limit and count its plans; False if that could not be finished."""
        try:
            ids, steps, graph = self._unfolded(limit)
            count = 0 if at_most is None else self._plans(steps, graph, limit, at_most + 1, fill=False)[0]
        except TooMany:
            return False
        self.ids, self.steps, self.graph, self.limit, self.count = ids, steps, graph, limit, count
        return True

    def _unfolded(self, limit: int) -> tuple[NDArray[np.int64], Steps | None, Graph | None]:
        ids = self._that_fit(limit)
        columns = self.columns.take(ids)
        if any(row.limit < 0 for row in self.rows) or len(np.unique(columns.members)) < columns.practices:
            return ids, None, None
        use = self._use(ids)
        best: tuple[Steps, Graph] | None = None
        most = MOST_STATES
        shared = shared_sets(columns)
        if not self.settled:
            self.orders += [order for order in sweeps(shared) if not any((order == one).all() for one in self.orders)]
        for n, order in enumerate(self.orders):
            steps = steps_of(columns, use, order, shared)
            try:
                graph = self._graph(steps, limit, most)
            except TooMany:
                if self.stop():
                    raise
                continue
            if best is None or len(graph) < most:
                best, most, first = (steps, graph), len(graph), n
        if best is None:
            raise TooMany
        self.settled = most >= TELLING
        self.orders.insert(0, self.orders.pop(first))
        if self.settled:
            del self.orders[1:]
        return ids, *best

    def _graph(self, steps: Steps, limit: int, most: int) -> Graph:
        return unfold(steps, self.room(limit), most_states=most, most_steps=MOST_STEPS, stop=self.stop)

    def _use(self, ids: NDArray[np.int64]) -> NDArray[np.int64]:
        rows = [row.coefficient[ids] for row in self.rows]
        return np.column_stack([self.bound.reduced[ids], self.columns.cost[ids], *rows])

    def _that_fit(self, limit: int) -> NDArray[np.int64]:
        """Sets that can be in a plan up to this limit, as far as a look at each tells."""
        room = limit - self.bound.value
        ids = np.flatnonzero(self.bound.reduced <= room)
        while len(ids):
            if self.stop():
                raise TooMany
            columns = self.columns.take(ids)
            fit = that_fit(_in_order(columns, self._use(ids)), room)
            if len(fit) > 0.9 * len(ids):
                return ids[fit]
            ids = ids[fit]
        return ids

    def _plans(
        self, steps: Steps | None, graph: Graph | None, limit: int, most: int, *, fill: bool
    ) -> tuple[int, NDArray[np.int64], NDArray[np.int64]]:
        """How many plans there are up to a limit (at most `most`), where each begins, and their steps."""
        starts, out = np.zeros(1 if fill else 0, np.int64), np.empty(0, np.int32)
        if steps is None or graph is None or graph.last < 0:
            return 0, starts, out
        deep = steps.practices + 2
        place, at = np.zeros(deep, np.int64), np.zeros(deep, np.int64)
        spent, path = np.zeros((deep, steps.use.shape[1]), np.int64), np.zeros(deep, np.int32)
        filled, depth = np.zeros(2, np.int64), 0
        place[0] = graph.begin[0]
        arrays = (graph.after, graph.begin, graph.end, graph.step, graph.to)
        while depth >= 0 and filled[0] < most:
            if self.stop() and not fill:
                raise TooMany
            if fill and filled[0] + 2 > len(starts):
                starts = np.concatenate((starts, np.zeros(max(1024, len(starts)), np.int64)))
            if fill and filled[1] + deep > len(out):
                out = np.concatenate((out, np.empty(max(64 * deep, len(out)), np.int32)))
            depth = walk(
                arrays, steps.use, self.room(limit), graph.last, most, TURNS, depth, place, at, spent, path, filled,
                out, starts,
            )  # fmt: skip
        count = int(filled[0])
        return count, starts[: count + 1], out[: int(filled[1])]

    def answer(self, at_most: int) -> NearPlans:
        """The plans found, in order."""
        if self.count <= at_most:
            return replace(self._read(self.limit, at_most), complete=self.limit == self.asked)
        limit = self._cost_of(at_most)
        plans = self._read(limit, at_most + TIES)
        if len(plans) == at_most + TIES:  # not all of those tied at the end; the cheaper ones may be among the missing
            plans = self._read(limit - 1, at_most).followed_by(plans.costing(limit))
        return replace(plans.first(at_most), complete=False)

    def _read(self, limit: int, most: int) -> NearPlans:
        """The plans up to a limit, in order; any `most` of them if there are more."""
        return replace(self._sorted(*self._plans(self.steps, self.graph, limit, most, fill=True)), limit=limit)

    def _cost_of(self, rank: int) -> int:
        """Cost of the plan of this rank: the least limit within which there are so many."""
        assert self.graph is not None
        low, high = int(self.graph.after[0, 1]), self.limit
        self.stop = _never  # what was found is handed back
        while low < high:
            middle = (low + high) // 2
            if self._plans(self.steps, self.graph, middle, rank, fill=False)[0] >= rank:
                high = middle
            else:
                low = middle + 1
        return low

    def _sorted(self, count: int, starts: NDArray[np.int64], out: NDArray[np.int32]) -> NearPlans:
        """Plans by cost, then by their groups."""
        if count == 0 or self.steps is None:
            return NearPlans(self.limit, True, *(np.zeros(n, np.int64) for n in (0, 1, 0)))
        mine = self.ids[self.steps.column[out]]
        lengths = np.diff(starts)
        plan = np.repeat(np.arange(count), lengths)
        mine = mine[np.lexsort((self.columns.members[self.columns.starts[mine]], plan))]
        cost = np.add.reduceat(self.columns.cost[mine], starts[:-1])
        by = np.argsort(cost, kind="stable")
        equal = np.flatnonzero(np.diff(cost[by]) == 0)
        if len(equal):
            rank = self._ranks(mine)
            for block in np.split(equal, np.flatnonzero(np.diff(equal) > 1) + 1):
                tied = slice(int(block[0]), int(block[-1]) + 2)
                by[tied] = sorted(by[tied], key=lambda n: rank[:, starts[n] : starts[n + 1]].tobytes())
        offset = np.concatenate(([0], np.cumsum(lengths[by]))).astype(np.int64)
        at = np.repeat(starts[by] - offset[:-1], lengths[by]) + np.arange(offset[-1])
        return NearPlans(self.limit, True, cost[by], offset, self.whole[mine[at]])

    def _ranks(self, mine: NDArray[np.int64]) -> NDArray:
        """Place of each set by its members, and by its position, as bytes that compare like numbers; shape (2, ...)."""
        used, back = np.unique(mine, return_inverse=True)
        groups = [self.columns.group(int(j)) for j in used]
        place = {group: n for n, group in enumerate(sorted(set(groups)))}
        return np.array([[place[group] for group in groups], range(len(used))], ">u4")[:, back]


def _in_order(columns: Columns, use: NDArray[np.int64]) -> Steps:
    """Steps of the practices as they are numbered."""
    return steps_of(columns, use, np.arange(columns.practices), shared_sets(columns))


def sweeps(shared: NDArray[np.float64]) -> list[NDArray[np.int64]]:
    """Orders of the practices in which those that share sets stand close together.

    They follow the slowest way to vary over the practices that changes little between two that share many sets: the
    second eigenvector of the Laplacian (Fiedler 1973), which in space is a sweep along the longest extent. Counts of
    shared sets (see `shared_sets`) are weighted in three ways; each sweep is also given backwards.
    """
    shared = shared.copy()
    np.fill_diagonal(shared, 0.0)
    orders = [_sweep(np.where(shared > 0, shared**power, 0.0)) for power in (0.5, 1.0, 0.0)]
    return [*orders, *(order[::-1].copy() for order in orders)]


def _sweep(weight: NDArray[np.float64]) -> NDArray[np.int64]:
    """Component by component, each along its second eigenvector."""
    label = _components(weight > 0)
    order = []
    for part in range(label.max(initial=-1) + 1):
        ids = np.flatnonzero(label == part)
        inside = weight[np.ix_(ids, ids)]
        if len(ids) > 2:
            vectors = np.linalg.eigh(np.diag(inside.sum(axis=1)) - inside)[1]
            ids = ids[np.argsort(np.round(vectors[:, 1], 9), kind="stable")]
        order.append(ids)
    return np.concatenate(order).astype(np.int64)


def _components(linked: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Number of each one's component."""
    from scipy.sparse import csr_matrix  # noqa: PLC0415
    from scipy.sparse.csgraph import connected_components  # noqa: PLC0415

    return connected_components(csr_matrix(linked), directed=False)[1].astype(np.int64)
