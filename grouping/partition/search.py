"""Find the cheapest plan over a list of sets and prove it, one objective at a time.

The chain: the linear relaxation over the whole list gives a bound (`pricing`); the sets closest to it, given
to the final programme (`programme`), give a plan; sets that cannot be in a better plan are discarded by their
reduced cost; cuts raise the bound; and what remains is settled by the final programme, or, where too much remains, by
branching on whether two practices share a group.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from grouping.partition.clock import Clock
from grouping.partition.columns import Columns, SideRow, Triple
from grouping.partition.pricing import Bound, Relaxation
from grouping.partition.programme import solve_programme

FIRST_COLUMNS = 2_500
"""Sets given to the programme that looks for a first good plan."""

FINAL_COLUMNS = 5_000
"""So few sets are settled by the final programme at once; more are first thinned by cuts."""

MOST_COLUMNS = 10_000
"""The final programme never gets more sets than this; beyond, the search branches."""

FIRST_NODES = 300
"""Branch-and-bound nodes spent on a first good plan (a count, not a time, so that runs repeat exactly)."""

CUT_ROUNDS = 12
"""Rounds of cuts before the rest is left to the final programme or to branching."""

PATIENCE = 3
"""Rounds of cuts without a higher bound after which a search for a bound stops."""

LOOSE = 0.001
"""How close to the best of its sets a first plan needs to be, as a share of the cost."""

NEAR = 0.015
"""A first plan this close to the bound is good enough to go on with."""

MOST_REFUSED = 20
"""Answers of the final programme that may break a side row by less than the solver can see, before it is given up."""

Aim = Literal["proof", "plan", "bound"]

Tell = Callable[[int, int | None], None]
"""Told the proven bound and the best value so far (None: no plan yet), in whole units."""


@dataclass
class Found:
    """The cheapest plan found, and what is proven about it.

    `plan` holds positions in the list that was searched (None if no plan is known), `value` its cost, `bound` what no
    plan can undercut, both in whole units. `proven` says that the search is complete: the plan is a cheapest one, or
    there is none. `remaining` are the positions that can be part of a plan as cheap as this one, `last` the bound that
    tells so and `triples` its cuts, `reduced` the reduced costs of the remaining; `root` is the first bound, over the
    whole list. `columns` is the number of sets in the last programme, 0 if none was needed; `solver_bound` is what
    that programme's solver says no plan of its sets goes below (None if there was none).
    """

    plan: NDArray[np.int64] | None
    value: int
    bound: int
    proven: bool
    remaining: NDArray[np.int64]
    reduced: NDArray[np.int64]
    last: Bound
    root: Bound
    triples: tuple[Triple, ...]
    columns: int = 0
    cuts: int = 0
    rounds: int = 0
    branches: int = 0
    solver_bound: float | None = None


NO_VALUE = 1 << 62


@dataclass
class _Search:
    """State of one search; see `minimise`."""

    columns: Columns
    names: Sequence[str]
    step: int
    clock: Clock
    enough: int | None
    good: int | None = None
    aim: Aim = "proof"
    loose: float = LOOSE
    tell: Tell | None = None
    plan: NDArray[np.int64] | None = None
    value: int = NO_VALUE
    used: int = 0
    triples: list[Triple] = field(default_factory=list)
    rounds: int = 0
    branches: int = 0
    solver_bound: float | None = None

    def up(self, bound: int) -> int:
        """A bound on an objective that only takes multiples of `step`."""
        return -(-bound // self.step) * self.step

    def offer(self, plan: NDArray[np.int64]) -> bool:
        """Take a plan if it is one, keeps the side rows and is cheaper."""
        if not self.obeys(plan):
            return False
        value = int(self.columns.cost[plan].sum())
        if value >= self.value:
            return False
        self.plan, self.value = np.sort(plan), value
        return True

    def obeys(self, plan: NDArray[np.int64]) -> bool:
        """Whether these sets cover every practice once and keep the side rows, in whole numbers."""
        if not len(plan):  # a relaxation that only its artificial columns can satisfy has no set in it
            return False
        covered = self.columns.take(plan).members
        if len(covered) != self.columns.practices or len(np.unique(covered)) != len(covered):
            return False
        return all(int(row.coefficient[plan].sum()) <= row.limit for row in self.columns.rows)

    def report(self, bound: int) -> None:
        """Tell how far the search is."""
        if self.tell is not None:
            self.tell(bound, None if self.plan is None else self.value)

    def settled(self, bound: int) -> bool:
        """Whether nothing better than the best plan (or than `enough`) is left to find."""
        if self.good is not None and self.value <= self.good:
            return True
        return self.up(bound) >= self.value or (self.enough is not None and self.up(bound) >= self.enough)

    def proven_value(self) -> int:
        """What a completed search proves: the best value, unless any good plan was enough."""
        return self.value if self.good is None or self.value > self.good else -NO_VALUE

    def pleased(self, relaxed: Bound) -> bool:
        """Whether the plan is good enough for a search that wants no proof."""
        if self.plan is None:
            return False
        if self.good is not None:
            return self.value <= self.good
        return self.value - relaxed.value <= NEAR * abs(relaxed.value)

    def programme(
        self,
        ids: NDArray[np.int64],
        columns: Columns,
        relaxed: Bound,
        relax: Relaxation,
        nodes: int | None,
        loose: float = 0.0,
    ) -> bool:
        """Solve the programme over some sets (`ids`: their positions in the list); whether it was solved to its end."""
        price = columns.cost - price_sums(columns, relaxed.prices)
        unit = max(self.step, 1000)
        self.used = len(ids)
        for number in range(MOST_REFUSED):
            answer = solve_programme(
                columns, self.names, price / unit, cuts=relax.cuts, closeness=max(0.4 * self.step, loose) / unit,
                nodes=nodes, clock=self.clock,
            )  # fmt: skip
            self.solver_bound = answer.bound * unit + float(relaxed.prices.sum())
            if not len(answer.chosen) or self.obeys(ids[answer.chosen]):
                break
            shut = np.isin(np.arange(len(columns)), answer.chosen).astype(np.int64)
            row = SideRow(f"refused_{number}", shut, len(answer.chosen) - 1)
            columns = replace(columns, rows=(*columns.rows, row))
        else:
            return False
        if len(answer.chosen):
            self.offer(ids[answer.chosen])
        return answer.status in {"optimal", "infeasible"}


def price_sums(columns: Columns, prices: NDArray[np.int64]) -> NDArray[np.int64]:
    """Sum of the prices of each set's members."""
    return np.add.reduceat(prices[columns.members], columns.starts[:-1])


def minimise(
    columns: Columns,
    names: Sequence[str],
    *,
    step: int = 1,
    known: NDArray[np.int64] | None = None,
    start: NDArray[np.int64] | None = None,
    enough: int | None = None,
    good: int | None = None,
    clock: Clock | None = None,
    aim: Aim = "proof",
    triples: Sequence[Triple] = (),
    loose: float = LOOSE,
    tell: Tell | None = None,
) -> Found:
    """Find and prove a cheapest plan.

    Parameters
    ----------
    columns
        The sets to choose from, with cost and side rows.
    names
        Practice codes.
    step
        All costs are multiples of this (a bound is rounded up to one).
    known
        A plan to start from.
    start
        Sets to start the relaxation with.
    enough
        Stop as soon as the bound reaches this value.
    good
        Stop as soon as a plan costs no more than this.
    clock
        The time limit.
    aim
        `proof`: go on until the plan is proven to be a cheapest one, or that there is none. `plan`: a good plan is
        wanted, not a proof. `bound`: only a bound is wanted.
    triples
        Cuts to start with.
    loose
        With the aim `plan`: how close to the best of its sets a plan needs to be, as a share of the cost.
    tell
        Told the bound and the best value whenever they may have changed.
    """
    search = _Search(columns, names, step, clock or Clock(), enough, good, aim, loose, tell)
    if known is not None:
        search.offer(np.asarray(known, np.int64))
    everything = np.arange(len(columns))
    relax = Relaxation(columns)
    relax.cut(triples)
    search.triples = list(triples)
    for ids in (start, search.plan):
        if ids is not None:
            relax.add(ids)
    rest = _settle(search, everything, relax)
    proven, bound = rest.done, rest.bound
    if not proven and aim == "proof":
        proven, bound = _finish(search, rest)
    triples = tuple(search.triples)
    left = rest.relaxed.reduced <= search.value - rest.relaxed.value
    return Found(
        search.plan, search.value, min(bound, search.value), proven, rest.ids[left], rest.relaxed.reduced[left],
        rest.relaxed, rest.root, triples, search.used, len(triples), search.rounds, search.branches,
        search.solver_bound,
    )  # fmt: skip


@dataclass(frozen=True)
class _Rest:
    """What is left of a list of sets: whether nothing better is in it, and what no plan in it undercuts."""

    done: bool
    bound: int
    ids: NDArray[np.int64]
    relax: Relaxation
    relaxed: Bound
    root: Bound


def _settle(search: _Search, ids: NDArray[np.int64], relax: Relaxation, depth: int = 0) -> _Rest:
    """Relax, cut, look and thin until nothing better is left, or until the rest is small or no further cut helps."""
    best_bound, raised, turn = -NO_VALUE, 0, 0
    root: Bound | None = None
    while True:
        before = relax.rounds
        relaxed = relax.solve(clock=search.clock)
        search.rounds += relax.rounds - before
        root = root or relaxed
        if search.up(relaxed.value) > best_bound:
            best_bound, raised = search.up(relaxed.value), turn
        if relaxed.whole:
            search.offer(ids[relaxed.support])
        if depth == 0:
            search.report(best_bound)
        if search.settled(relaxed.value):
            return _Rest(True, best_bound, ids, relax, relaxed, root)
        if search.clock.over or (search.aim == "bound" and turn - raised >= PATIENCE):
            return _Rest(False, best_bound, ids, relax, relaxed, root)
        if _worth_a_look(search, relaxed, turn):
            if _look(search, ids, relax, relaxed, FIRST_COLUMNS) or search.settled(relaxed.value):
                return _Rest(True, max(best_bound, search.proven_value()), ids, relax, relaxed, root)
            if search.aim == "plan" and search.pleased(relaxed):
                return _Rest(False, best_bound, ids, relax, relaxed, root)
        ids, relax, relaxed = _thin(search, ids, relax, relaxed)
        turn += 1
        if (len(ids) <= FINAL_COLUMNS and search.aim == "proof") or turn > CUT_ROUNDS or not relax.tighten(relaxed):
            break
        if depth == 0:
            search.triples = list(relax.cuts)
    if search.aim == "plan":
        for most in (FIRST_COLUMNS, 3 * FIRST_COLUMNS):
            worth = not search.pleased(relaxed) and (most == FIRST_COLUMNS or search.plan is None)
            if worth and not search.clock.over and _look(search, ids, relax, relaxed, most):
                return _Rest(True, search.proven_value(), ids, relax, relaxed, root)
    elif search.aim == "proof" and len(ids) > FINAL_COLUMNS and not search.clock.over:
        if _look(search, ids, relax, relaxed, FIRST_COLUMNS) or search.settled(relaxed.value):
            return _Rest(True, max(best_bound, search.proven_value()), ids, relax, relaxed, root)
        ids, relax, relaxed = _thin(search, ids, relax, relaxed)
    return _Rest(False, best_bound, ids, relax, relaxed, root)


def _finish(search: _Search, rest: _Rest) -> tuple[bool, int]:
    """Settle what is left: (complete, bound). Small lists by the final programme, others split, the lowest bound first.

    A list is split by whether two practices share a group. Because the lowest bound is always taken next, no list is
    worked on that a proof of the best plan does not need.
    """
    number = 0
    waiting = [(rest.bound, number, rest)]
    while waiting:
        bound, _, rest = heapq.heappop(waiting)
        search.report(bound)
        if search.settled(bound):
            return True, max(bound, search.proven_value())
        if search.clock.over:
            return False, bound
        ids, relax, relaxed = _thin(search, rest.ids, rest.relax, rest.relaxed)
        pair = _open_pair(relax.columns, relaxed)
        if len(ids) <= FINAL_COLUMNS or pair is None:
            if not search.programme(ids, relax.columns, relaxed, relax, None):
                return False, bound
            continue
        flag = np.zeros(relax.columns.practices, np.int64)
        flag[list(pair)] = 1
        held = price_sums(relax.columns, flag)
        for half in (held != 1, held != 2):
            search.branches += 1
            number += 1
            part = _settle(search, ids[half], relax.narrowed(half), depth=1)
            if not part.done:
                heapq.heappush(waiting, (max(bound, part.bound), number, part))
    return True, search.proven_value()


def _open_pair(columns: Columns, relaxed: Bound) -> tuple[int, int] | None:
    """The two practices about which the relaxation is least decided whether they share a group."""
    matrix = columns.take(relaxed.support).incidence()
    shared = (matrix * relaxed.weights[:, None]).T @ matrix
    np.fill_diagonal(shared, 0.0)
    away = np.where((shared > 1e-6) & (shared < 1 - 1e-6), np.abs(shared - 0.5), np.inf)
    a, b = np.unravel_index(int(np.argmin(away)), away.shape)
    return (int(a), int(b)) if np.isfinite(away[a, b]) else None


def _worth_a_look(search: _Search, relaxed: Bound, turn: int) -> bool:
    """Whether to look for a plan now: at first, and now and then while cuts bring the relaxation closer to one."""
    if search.aim == "bound":
        return False
    if search.aim == "plan" or search.plan is None:
        return turn % 3 == 0
    few = int((relaxed.reduced <= search.value - relaxed.value).sum()) <= FINAL_COLUMNS
    return not few and turn % 4 == 0


def _look(search: _Search, ids: NDArray[np.int64], relax: Relaxation, relaxed: Bound, most: int) -> bool:
    """Solve the programme over the most promising sets; whether that already settles the whole list.

    It does when the plan found is no further above the bound than the sets left out are.
    """
    chosen, horizon = _promising(search, ids, relax, relaxed, most)
    whole = len(chosen) == len(ids)
    nodes = None if whole else FIRST_NODES
    loose = search.loose * abs(relaxed.value) if search.aim == "plan" and not whole else 0.0
    done = search.programme(ids[chosen], relax.columns.take(chosen), relaxed, relax, nodes, loose)
    if whole:
        return done
    return done and not loose and search.value - relaxed.value <= horizon


def _promising(
    search: _Search, ids: NDArray[np.int64], relax: Relaxation, relaxed: Bound, most: int
) -> tuple[NDArray[np.int64], int]:
    """The sets of least reduced cost, with the best plan's; and the least reduced cost of those left out."""
    reduced = relaxed.reduced
    if len(ids) <= most:
        return np.arange(len(ids)), NO_VALUE
    horizon = int(np.partition(reduced, most)[most])
    chosen = np.flatnonzero(reduced < horizon)
    if len(chosen) < most:
        # Many sets share the same reduced cost: those in the pool are the ones the relaxation picked.
        chosen = np.unique(np.concatenate((chosen, relax.pool[reduced[relax.pool] <= horizon][:most])))
    if search.plan is not None:
        place = np.minimum(np.searchsorted(ids, search.plan), len(ids) - 1)
        chosen = np.unique(np.concatenate((chosen, place[ids[place] == search.plan])))
    return chosen, horizon


def _thin(
    search: _Search, ids: NDArray[np.int64], relax: Relaxation, relaxed: Bound
) -> tuple[NDArray[np.int64], Relaxation, Bound]:
    """Discard the sets that can be in no plan as cheap as the best."""
    keep = relaxed.reduced <= search.value - relaxed.value
    if keep.sum() > 0.8 * len(ids):
        return ids, relax, relaxed
    number = np.cumsum(keep) - 1
    stays = keep[relaxed.support]
    thinner = replace(
        relaxed, reduced=relaxed.reduced[keep], support=number[relaxed.support[stays]], weights=relaxed.weights[stays]
    )
    return ids[keep], relax.narrowed(keep), thinner
