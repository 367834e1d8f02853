"""The best plan where the list of all groups does not fit into memory: search for what matters, prove by price.

A short list is made first (borders left out until it fits). Its linear relaxation gives a price for each practice; at
these prices the groups of the *whole* problem are searched for those that cost less than their members' prices
(`partition.chunks`: branches that cannot hold one are left out, with a proof), and these join the list, until there is
none. Then, for every plan, whatever groups it is made of,

    cost >= sum of prices + sum of limit x price (side rows) + sum over practices of min(0, least reduced cost there)

because every group is counted under one of its own practices, and no practice is in two groups. All of this is in whole
numbers. At last every group whose reduced cost lies within (best plan - bound) is searched for: no other can be in a
plan as good. These are few; over them the plan is found, proven and its ties broken as over a complete list, and with
a wider margin the near-optimal plans too. Where they are too many, or time ends, the best plan found is given with the
bound, and it is said that the proof is only a bound.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata.errors import NoPlan
from grouping._kernels import NO_ROUTE
from grouping.borders import order_of_leaving
from grouping.candidates import (
    Candidates,
    apart_from_the_rest,
    borders_that_count,
    compatible_pairs,
    count_sets,
    growth,
    list_candidates,
    penalty_units,
    plan_rows,
    score,
    standing_groups,
)
from grouping.criteria import LARGEST, STEP, criterion, minute_units
from grouping.explain import explanation_of
from grouping.how_many import MOST_COUNTED, Change, changes, how_many, reasons, sets_that_fit
from grouping.partition.chunks import HubSearch, Shape, Space, knapsack_limit
from grouping.partition.clock import Clock
from grouping.partition.columns import Columns, SideRow, Triple
from grouping.partition.pricing import Bound, Relaxation, reduced_costs
from grouping.partition.search import NO_VALUE
from grouping.problem import GroupingProblem
from grouping.stages import natural

if TYPE_CHECKING:
    from grouping.optimise import Solution

Progress = Callable[[str, str], None]

PER_PRACTICE = 300
"""Groups a round of pricing adds at most around one practice."""

START_SETS = 100_000
"""Groups of the short list the search begins with."""

LEAST_HELD = 8
"""Groups for each practice that are always held, however little memory is asked for."""

MOST_NEAR = 1_000_000
"""Groups that are kept at most for plans a little worse than the best."""

HANDFUL = 2_000
"""Groups that are scored at once."""

SLICE = 100_000
"""Groups compared at once when equal ones are sorted out."""

STEPS_PER_HUB = 30_000_000
"""Steps of a search around one hub after which its knapsack limit stands in for the rest (some five seconds)."""

ROUNDS = 200
"""Rounds of pricing after which a stage goes on with the bound it has."""

CUT_ROUNDS = 8
"""Rounds of cuts where the groups within the gap do not fit into memory."""

FORBIDDEN = 1e9
"""Units for each patient below the minimum where no group may be below it."""

PLACED = "placed"
"""The stage before all others: whether there is a plan at all. Every group costs nothing."""


@dataclass(frozen=True)
class _Stage:
    """One criterion to be made small, those before it held at their best."""

    name: str
    held: tuple[tuple[str, int], ...] = ()

    @property
    def step(self) -> int:
        """What the criterion is multiplied by."""
        return STEP.get(self.name, 1)


@dataclass(frozen=True)
class _PricedOut:
    """No plan undercuts `value` (units of the stage) by the prices in `prices`.

    `added` groups joined the short list. `relax` and `last` are the last relaxation over the short list, for cuts.
    """

    value: int
    prices: Bound
    added: int
    relax: Relaxation
    last: Bound


@dataclass
class _Stream:
    """What the stages share: the problem, the short list and a plan in it (positions), and groups that stand apart."""

    problem: GroupingProblem
    listed: Candidates
    apart: Candidates
    most: int
    clock: Clock
    say: Progress
    plan: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    spaces: dict[float, Space] = field(default_factory=dict)
    steps: int = 0
    passes: int = 0
    bounds: dict[str, int] = field(default_factory=dict)
    proven: list[str] = field(default_factory=list)

    def note(self, stage: _Stage, bound: int, *, proven: bool) -> None:
        """Remember what is known of a criterion."""
        self.bounds[stage.name] = bound
        if proven:
            self.proven.append(stage.name)

    # -- what a stage counts -------------------------------------------------------------------------------------

    def cost(self, stage: _Stage, listed: Candidates) -> NDArray[np.int64]:
        """The criterion of each group in whole units."""
        if stage.name == PLACED:
            return np.zeros(len(listed), np.int64)
        return criterion(self.problem, listed, stage.name) * stage.step

    def rows(self, stage: _Stage, listed: Candidates) -> tuple[SideRow, ...]:
        """Limits of the plan as a whole, and the criteria held."""
        held = (
            SideRow(f"held_{name}", criterion(self.problem, listed, name), most)
            for name, most in stage.held
            if name not in LARGEST
        )
        return (*plan_rows(self.problem, listed), *held)

    def possible(self, stage: _Stage, listed: Candidates) -> NDArray[np.bool_]:
        """Which groups the criteria held do not rule out one by one."""
        keep = np.ones(len(listed), bool)
        for name, most in stage.held:
            if most == 0 or name in LARGEST:
                keep &= criterion(self.problem, listed, name) <= most
        return keep

    def columns(self, stage: _Stage, listed: Candidates) -> Columns:
        """Groups as the stage counts them."""
        count = len(self.problem.practice_codes)
        return Columns(count, listed.members, listed.starts, self.cost(stage, listed), self.rows(stage, listed))

    def reduced(self, stage: _Stage, listed: Candidates, prices: Bound) -> NDArray[np.int64]:
        """Cost less prices of every group."""
        columns = self.columns(stage, listed)
        return reduced_costs(columns, prices.prices, prices.row_prices, prices.cuts, prices.cut_prices)

    def space(self, stage: _Stage) -> Space:
        """The groups there are, with the minutes as this criterion counts them."""
        weight = {"score": self.problem.rules.weights.minutes, "minutes": 1.0}.get(stage.name, 0.0)
        if weight not in self.spaces:
            self.spaces[weight] = space_of(self.problem, weight)
        return self.spaces[weight]

    def shape(self, stage: _Stage, prices: Bound) -> tuple[Shape, float]:
        """What a group costs at least for its size alone, and what every group costs at least."""
        weights, per_patient = self.problem.rules.weights, penalty_units(self.problem)
        of_score = stage.name == "score"
        missing, once, base = 0.0, 0.0, 0.0
        outside = weights.outside_preferred * per_patient * of_score
        balance = weights.size_balance * per_patient * of_score
        names = [row.name.removeprefix("held_") for row in self.rows(stage, self.apart)]
        units = [-float(price) for price in prices.row_prices.tolist()]
        for name, unit in zip([stage.name, *names], [float(stage.step), *units], strict=True):
            missing += unit * (name == "shortfall")
            once += unit * (name in {"exceptions", "exceptions_at_most"})
            outside += unit * (name == "outside_preferred")
            balance += unit * (name == "size_balance")
            base += unit * ((name in {"groups", "most_groups"}) - (name == "fewest_groups"))
        none_below = any(name in {"shortfall", "exceptions"} and most == 0 for name, most in stage.held)
        if none_below or self.problem.rules.exceptions.limit == 0:
            missing = FORBIDDEN
        return _shape(self.problem, missing, outside, balance, once), base

    # -- search over all groups ----------------------------------------------------------------------------------

    def cheaper(self, stage: _Stage, prices: Bound) -> tuple[Candidates, int]:
        """Groups that cost less than their prices, the best around each practice; and what they lower the bound by."""
        space = self.space(stage)
        shape, base = self.shape(stage, prices)
        starts, sites = space.sites()
        room = max(4, min(PER_PRACTICE, self.most // (2 * max(len(starts) - 1, 1))))
        parts, lower = [], 0
        for practice in range(len(starts) - 1):
            bag = _Bag(self, stage, prices, -1, room)
            floor = 0
            for hub in sites[starts[practice] : starts[practice + 1]].tolist():
                looking = HubSearch(space, shape, prices.prices, hub, bag.threshold, base=base)
                for chunk in looking:
                    bag.put(chunk.members, chunk.starts)
                    bag.best_only()
                    looking.threshold = bag.threshold
                    if not looking.done and (looking.steps >= STEPS_PER_HUB or self.clock.over):
                        floor = min(floor, int(knapsack_limit(space, shape, prices.prices, hub, base) - space.margin))
                        break
                self.steps += looking.steps
            bag.flush()
            bag.best_only(strictly=True)
            lower += min(floor, bag.least)
            parts += bag.parts
        lower += self._least_apart(stage, prices)
        self.passes += 1
        return (join([one for one, _ in parts]) if parts else self.apart.take(np.empty(0, np.int64))), lower

    def _least_apart(self, stage: _Stage, prices: Bound) -> int:
        """What the groups that are not searched for lower the bound by, each counted under its first practice."""
        least = np.zeros(len(self.problem.practice_codes), np.int64)
        inside = self.possible(stage, self.apart)
        np.minimum.at(
            least, self.apart.members[self.apart.starts[:-1]][inside],
            self.reduced(stage, self.apart, prices)[inside],
        )  # fmt: skip
        return int(least.sum())

    def within(self, stage: _Stage, prices: Bound, limit: int, most: int) -> Candidates | None:
        """All groups whose reduced cost is at most `limit`; None where they are more than `most`, or time ran out."""
        space = self.space(stage)
        shape, base = self.shape(stage, prices)
        bag = _Bag(self, stage, prices, limit, most)
        bag.put_listed(self.apart)
        self.passes += 1
        for hub in np.flatnonzero(space.owner >= 0).tolist():
            looking = HubSearch(space, shape, prices.prices, hub, limit, base=base)
            for chunk in looking:
                bag.put(chunk.members, chunk.starts)
                if bag.held > most or self.clock.over or (looking.steps >= STEPS_PER_HUB and not looking.done):
                    self.steps += looking.steps
                    return None
            self.steps += looking.steps
        bag.flush()
        return join([one for one, _ in bag.parts]) if 0 < bag.held <= most else None

    # -- the short list and its relaxation -----------------------------------------------------------------------

    def price_out(self, stage: _Stage, best: int, triples: Sequence[Triple] = ()) -> _PricedOut:
        """Add groups to the short list until none of all groups is cheaper than its prices, and bound every plan.

        Stops early once the bound, rounded up to a step, reaches `best` units. The bound holds whenever it stops.
        """
        value, prices, added = None, None, 0
        for _ in range(ROUNDS):
            ids = np.flatnonzero(self.possible(stage, self.listed))
            relax = Relaxation(self.columns(stage, self.listed.take(ids)))
            relax.cut(triples)
            relax.add(np.flatnonzero(np.isin(ids, self.plan)))
            last = relax.solve(clock=self.clock)
            found, lower = self.cheaper(stage, last)
            if value is None or last.value + lower > value:
                value, prices = last.value + lower, last
            self.say(stage.name, f"search {self.passes} over all groups: {len(found):,} cheaper ones found")
            if len(found) == 0 or self.clock.over or -(-value // stage.step) * stage.step >= best:
                break
            self._make_room(ids, last, len(found))
            self.listed = join([self.listed, found])
            added += len(found)
        return _PricedOut(value, prices, added, relax, last)

    def _make_room(self, ids: NDArray[np.int64], solved: Bound, more: int) -> None:
        """Take the dearest groups out of the short list where it would outgrow the memory; the plan's stay."""
        room = max(self.most - more, self.most // 2, 1)
        if len(self.listed) <= room:
            return
        keep = np.zeros(len(self.listed), bool)
        keep[ids] = solved.reduced <= np.partition(solved.reduced, min(room, len(ids)) - 1)[min(room, len(ids)) - 1]
        keep[ids[solved.support]] = True
        keep[self.plan] = True
        self.plan = (np.cumsum(keep) - 1)[self.plan]
        self.listed = self.listed.keep(keep)


@dataclass(frozen=True)
class Streamed:
    """What a search over all groups without a list of them established.

    Parameters
    ----------
    solution
        The best plan found, over the groups kept.
    bounds
        For each criterion up to the score: no plan with the earlier ones held has less, in its whole units.
    proven
        The criteria for which the plan is proven over all groups.
    margin
        All plans whose score is at most (1 + margin) x the best are made of groups kept; None if that is not known.
    kept
        Groups that can be in a plan within that margin.
    passes, steps
        Searches over all groups, and groups and parts of groups looked at in them.
    """

    solution: Solution
    bounds: dict[str, int]
    proven: tuple[str, ...]
    margin: float | None
    kept: int
    passes: int
    steps: int

    @property
    def complete(self) -> bool:
        """Whether all criteria are proven over all groups."""
        return len(self.proven) == len(self.bounds)


def solve_streamed(
    problem: GroupingProblem,
    *,
    most: int,
    clock: Clock | None = None,
    progress: Progress | None = None,
) -> Streamed:
    """Find the best plan over all groups without ever listing them all.

    Parameters
    ----------
    problem
        The problem.
    most
        Groups that may be held at a time.
    clock
        The time limit.
    progress
        Called with the stage and a plain line about it.

    Raises
    ------
    NoPlan
        No plan obeys the rules (proven over all groups), or none was found.
    """
    say = progress or (lambda stage, detail: None)
    apart = groups_apart(problem)
    say("short list", "listing some of the groups")
    short = list_candidates(thinned(problem, max(1, min(START_SETS, most // 2))))
    short = join([apart, short.keep(~(short.granted | short.locked | (short.list_size > problem.rules.size.largest)))])
    most = max(most, LEAST_HELD * len(problem.practice_codes))
    stream = _Stream(problem, short, apart, most, clock or Clock(), say)
    best = _some_plan(stream)
    held: list[tuple[str, int]] = []
    order = problem.rules.objective.order
    for name in order[: order.index("score")]:
        best = _settle(stream, _Stage(name, tuple(held)), best)
        held.append((name, best.held[name]))
    return _least_score(stream, _Stage("score", tuple(held)), best)


def _solve(stream: _Stream) -> Solution:
    """The best plan of the short list."""
    from grouping.optimise import solve_partition  # noqa: PLC0415 - it calls this module where a list is too long

    quiet = stream.say
    best = solve_partition(stream.problem, candidates=stream.listed, clock=stream.clock, progress=quiet)
    stream.plan = best.chosen
    return best


def _some_plan(stream: _Stream) -> Solution:
    """The best plan of the short list; where that holds none, groups are added until it does, or none is proven."""
    try:
        return _solve(stream)
    except NoPlan as error:
        none = error
    for added in _more_groups(stream):
        if added is None:
            raise none
        try:
            return _solve(stream)
        except NoPlan as error:
            none = error
    message = "No plan was found among the groups that were looked at; it is not proven that there is none."
    unproven = NoPlan(f"{message}\n{none}")
    report = getattr(none, "report", None)
    unproven.report = report and replace(report, status="stopped")  # type: ignore[attr-defined]
    raise unproven from none


def _more_groups(stream: _Stream) -> Iterator[int | None]:
    """Add groups in which a plan may be: how many each time; None once it is proven that there is no plan at all.

    If groups cost nothing, every plan costs nothing: a bound above that says that there is none.
    """
    stage, triples = _Stage(PLACED), ()
    for turn in range(CUT_ROUNDS + 1):
        priced = stream.price_out(stage, 1, triples)
        if priced.value > 0:
            yield None
            return
        if priced.added:
            yield priced.added
        if turn == 0:
            cheap = stream.price_out(_Stage("score"), NO_VALUE)
            if cheap.added:
                yield cheap.added
            more = stream.within(stage, priced.prices, -priced.value, stream.most)
            if more is not None:
                stream.listed = distinct(stream.problem, join([stream.listed, more]))
                yield len(more)
        if stream.clock.over or not priced.relax.tighten(priced.last):
            return
        triples = tuple(priced.relax.cuts)


def _value(stream: _Stream, stage: _Stage, best: Solution) -> int:
    """What the plan is worth in a criterion, in units."""
    own = stream.cost(stage, best.candidates.take(best.chosen))
    return int(own.max(initial=0) if stage.name in LARGEST else own.sum())


def _settle(stream: _Stream, stage: _Stage, best: Solution) -> Solution:
    """The least of a criterion before the score, with what is proven about it in `stream.bounds`."""
    value, bound = _value(stream, stage, best), 0
    triples: tuple[Triple, ...] = ()
    for _ in range(CUT_ROUNDS + 1):
        if value <= bound or stage.name in LARGEST:
            break
        priced = stream.price_out(stage, value, triples)
        bound = max(bound, -(-priced.value // stage.step) * stage.step)
        if priced.added:
            best = _solve(stream)
            value = _value(stream, stage, best)
        if value <= bound or stream.clock.over:
            break
        better = stream.within(stage, priced.prices, value - stage.step - priced.value, stream.most)
        if better is not None:
            stream.listed = distinct(stream.problem, join([stream.listed, better]))
            best = _solve(stream)
            value = _value(stream, stage, best)
            bound = value if best.status == "optimal" else bound
            break
        if not priced.relax.tighten(priced.last):
            break
        triples = tuple(priced.relax.cuts)
    stream.note(stage, min(bound, value) // stage.step, proven=value <= bound)
    return best


def _least_score(stream: _Stream, stage: _Stage, best: Solution) -> Streamed:
    """The least score, proven over all groups if those within the gap fit into memory."""
    triples: tuple[Triple, ...] = ()
    bound, margin, kept = nearest_bound(stream.problem), None, 0
    for turn in range(CUT_ROUNDS + 1):
        priced = stream.price_out(stage, NO_VALUE, triples)
        bound = max(bound, priced.value)
        if turn == 0 and priced.added:
            best = _solve(stream)
        if stream.clock.over:
            break
        if turn == 0 and best.triples:  # the cuts that helped the short list help here too
            triples = best.triples
            continue
        found = stream.within(stage, priced.prices, best.cost - priced.value, stream.most)
        if found is not None:
            margin, kept = 0.0, len(found)
            stream.listed = distinct(stream.problem, join([found, stream.listed]))
            best = _solve(stream)
            bound = best.cost if best.status == "optimal" else bound
            break
        if not priced.relax.tighten(priced.last):
            break
        triples = tuple(priced.relax.cuts)
    if margin is not None and bound >= best.cost:
        best, margin, kept = _wider(stream, stage, best, kept)
    elif margin is None and bound < best.cost and not stream.clock.over:
        best = _solve(stream)
    stream.note(stage, min(bound, best.cost), proven=bound >= best.cost)
    return Streamed(best, stream.bounds, tuple(stream.proven), margin, kept, stream.passes, stream.steps)


def _wider(stream: _Stream, stage: _Stage, best: Solution, kept: int) -> tuple[Solution, float, int]:
    """All groups of plans a little worse than the best too, as far as they are not too many: (solution, margin, kept).

    The cuts that proved the best plan raise the bound close to it, so that few groups lie within a margin.
    """
    rules, reached, most = stream.problem.rules.options, 0.0, min(stream.most, MOST_NEAR)
    priced = stream.price_out(stage, NO_VALUE, best.triples)
    wider: Candidates | None = None
    for margin in sorted({rules.near, *rules.bands}):
        more = None
        if not stream.clock.over:
            limit = int(np.floor(best.cost * (1 + margin))) - priced.value
            more = stream.within(stage, priced.prices, limit, most)
        if more is None:
            break
        wider, reached = more, margin
    if wider is None:
        return best, 0.0, kept
    stream.listed = distinct(stream.problem, join([wider, stream.listed]))
    again = _solve(stream)
    if again.status != "optimal":
        return best, 0.0, kept
    return again, reached, len(wider)


def nearest_bound(problem: GroupingProblem) -> int:
    """A bound that needs no search: everybody goes to the nearest hub that may share a group with their practice.

    Locked groups and practices above every maximum may go anywhere.
    """
    space = space_of(problem, problem.rules.weights.minutes)
    compatible = compatible_pairs(problem) | np.eye(len(problem.practice_codes), dtype=bool)
    usable = (space.minutes >= 0) & (space.owner >= 0) & compatible[:, space.owner]
    usable[space.sizes > space.maximum] = False
    least = np.where(usable, space.minutes, NO_VALUE).min(axis=1, initial=NO_VALUE)
    return int(least[least < NO_VALUE].sum())


def thinned(problem: GroupingProblem, most: int) -> GroupingProblem:
    """The problem with as many borders as allow at most so many sets; without any border if none do."""
    if count_sets(problem, most) <= most:
        return problem
    adjacency = borders_that_count(problem)
    a, b = np.nonzero(np.triu(adjacency))
    codes = np.array(problem.practice_codes, dtype=object)
    edges = pd.DataFrame({"practice_a": codes[a], "practice_b": codes[b], "reason": ""}, dtype="str")
    rules = problem.rules.model_copy(
        update={"contiguity": problem.rules.contiguity.model_copy(update={"rule": "catchments"})}
    )
    problem = replace(problem, adjacency=adjacency, rules=rules)
    order = [*order_of_leaving(problem, edges)]
    left = set(order)
    order += [pair for pair in zip(a.tolist(), b.tolist(), strict=True) if pair not in left]
    low, high = 0, len(order)
    while low < high:
        middle = (low + high) // 2
        if count_sets(_without(problem, order[:middle]), most) <= most:
            high = middle
        else:
            low = middle + 1
    return _without(problem, order[:low])


def _without(problem: GroupingProblem, pairs: Sequence[tuple[int, int]]) -> GroupingProblem:
    adjacency = problem.adjacency.copy()
    for a, b in pairs:
        adjacency[a, b] = adjacency[b, a] = False
    return replace(problem, adjacency=adjacency)


class _Bag:
    """Groups at or below a threshold, scored by handfuls; never many more than it may hold."""

    def __init__(self, stream: _Stream, stage: _Stage, prices: Bound, threshold: int, most: int) -> None:
        self._stream, self._stage, self._prices, self._most = stream, stage, prices, most
        self._waiting: list[tuple[NDArray[np.int16], NDArray[np.int64]]] = []
        self._waits = 0
        self.parts: list[tuple[Candidates, NDArray[np.int64]]] = []
        self.held = 0
        self.least = 0
        self.threshold = threshold

    def put(self, members: NDArray[np.int16], starts: NDArray[np.int64]) -> None:
        """Take sets; they are scored once there is a handful."""
        if len(starts) > 1:
            self._waiting.append((members, starts))
            self._waits += len(starts) - 1
        if self._waits >= HANDFUL:
            self.flush()

    def flush(self) -> None:
        """Score what waits."""
        if not self._waiting:
            return
        members = np.concatenate([part for part, _ in self._waiting])
        lengths = np.concatenate([np.diff(starts) for _, starts in self._waiting])
        self._waiting, self._waits = [], 0
        starts = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
        listed = score(self._stream.problem, members, starts)
        self.put_listed(listed.keep(~listed.granted))  # granted groups are among those that stand apart

    def put_listed(self, listed: Candidates) -> None:
        """Take groups already scored."""
        listed = listed.keep(self._stream.possible(self._stage, listed))
        reduced = self._stream.reduced(self._stage, listed, self._prices)
        self.least = min(self.least, int(reduced.min(initial=0)))
        keep = reduced <= self.threshold
        if keep.any():
            self.parts.append((listed.keep(keep), reduced[keep]))
            self.held += int(keep.sum())

    def best_only(self, *, strictly: bool = False) -> None:
        """Keep the best, and from now on take none that is worse."""
        if self.held > (1 if strictly else 4) * self._most:
            values = np.concatenate([reduced for _, reduced in self.parts])
            self._drop_above(int(np.partition(values, self._most - 1)[self._most - 1]))

    def _drop_above(self, threshold: int) -> None:
        self.threshold = min(self.threshold, threshold)
        kept = [(listed, reduced, reduced <= self.threshold) for listed, reduced in self.parts]
        self.parts = [(listed.keep(keep), reduced[keep]) for listed, reduced, keep in kept if keep.any()]
        self.held = sum(len(reduced) for _, reduced in self.parts)


def join(parts: Sequence[Candidates]) -> Candidates:
    """Several lists of candidates as one, one after the other."""
    if len(parts) == 1:
        return parts[0]
    values: dict[str, object] = {}
    for each in fields(Candidates):
        own = [getattr(part, each.name) for part in parts]
        if each.name == "starts":
            ends = np.cumsum([0, *(len(part.members) for part in parts)])
            values["starts"] = np.concatenate(
                [[0], *(starts[1:] + end for starts, end in zip(own, ends, strict=False))]
            ).astype(np.int64)
        elif each.name == "set_of" and own[0] is not None:
            firsts = [np.concatenate(([0], np.cumsum(np.diff(one) != 0)))[: len(one)] for one in own]
            ends = np.cumsum([0, *(int(one[-1]) + 1 if len(one) else 0 for one in firsts)])
            values["set_of"] = np.concatenate([one + end for one, end in zip(firsts, ends, strict=False)])
        elif isinstance(own[0], np.ndarray):
            values[each.name] = np.concatenate(own)
        else:
            values[each.name] = own[0]
    return Candidates(**values)


def distinct(problem: GroupingProblem, listed: Candidates) -> Candidates:
    """Each group (with its hub) once, the first of equals, in the same order."""
    count = len(problem.practice_codes)
    keys = np.empty((len(listed), -(-count // 8) + 4), np.uint8)
    for first in range(0, len(listed), SLICE):
        starts = listed.starts[first : first + SLICE + 1]
        held = np.zeros((len(starts) - 1, count), bool)
        held[np.repeat(np.arange(len(held)), np.diff(starts)), listed.members[starts[0] : starts[-1]]] = True
        keys[first : first + len(held), :-4] = np.packbits(held, axis=1)
    keys[:, -4:] = listed.hub.astype("<i4").view(np.uint8).reshape(-1, 4)
    _, ids = np.unique(keys.view(np.dtype((np.void, keys.shape[1]))).ravel(), return_index=True)
    return listed if len(ids) == len(listed) else listed.take(np.sort(ids))


def space_of(problem: GroupingProblem, weight: float) -> Space:
    """What groups there are, as `partition.chunks` reads it; a minute counts `weight`."""
    neighbours, compatible, lists = growth(problem)
    units = minute_units(problem)
    limit = problem.rules.access.max_minutes_to_hub
    out = units >= NO_ROUTE
    if limit > 0:
        out |= problem.practice_to_site > limit
    minutes = np.where(out, -1, np.floor(weight * np.where(out, 0, units))).astype(np.int64)
    return Space(
        neighbours, compatible, lists, problem.rules.size.largest, minutes,
        np.where(problem.hub_allowed, problem.site_owner, -1), problem.rural_patients,
        problem.rules.rurality.threshold, problem.rules.size.most_practices, 64.0 if weight else 0.5,
    )  # fmt: skip


def _shape(problem: GroupingProblem, missing: float, outside: float, balance: float, once: float) -> Shape:
    """Rates by sizes: below the minimum, outside the preferred range, away from the middle."""
    size = problem.rules.size
    own = [limits.minimum for limits in size.locality.values() if limits.minimum]
    urban, rural = min([size.minimum_urban, *own]), min([size.minimum_rural, *own])
    preferred = size.preferred_minimum_urban, size.preferred_minimum_rural
    below = [
        [min(urban, rural), min(preferred), size.middle],
        [urban, preferred[0], size.middle],
        [rural, preferred[1], size.middle],
    ]
    above = [[size.preferred_maximum, size.middle]] * 3
    return Shape(
        np.array(below, np.float64), np.array([missing, outside, balance]),
        np.array(above, np.float64), np.array([outside, balance]), once,
    )  # fmt: skip


def groups_apart(problem: GroupingProblem) -> Candidates:
    """Groups the search does not grow: practices above every maximum, locked groups, and those with a grant."""
    locked = standing_groups(problem)
    granted = [np.array(sorted(set(members)), np.int16) for members, _ in problem.decided.granted]
    granted = [
        members for members in {tuple(one.tolist()): one for one in granted}.values() if _grows(problem, members)
    ]
    sets = [*granted, *apart_from_the_rest(problem, locked)]
    starts = np.cumsum([0, *(len(members) for members in sets)]).astype(np.int64)
    listed = score(problem, np.concatenate([np.empty(0, np.int16), *sets]), starts, locked)
    return listed.keep(listed.granted | listed.locked | (listed.list_size > problem.rules.size.largest))


def _grows(problem: GroupingProblem, members: NDArray[np.int16]) -> bool:
    """Whether a set of practices is one that the search would grow."""
    size = problem.rules.size
    lists = growth(problem)[2][members]
    if lists.sum() > size.largest or (size.most_practices and len(members) > size.most_practices):
        return False
    if not compatible_pairs(problem)[np.ix_(members, members)][~np.eye(len(members), dtype=bool)].all():
        return False
    near, reached = borders_that_count(problem)[np.ix_(members, members)], np.arange(len(members)) == 0
    for _ in members:
        reached = reached | near[reached].any(axis=0)
    return bool(reached.all())


# --------------------------------------------------------------------------------------------------------- in words


def solve_if_large(problem: GroupingProblem, *, memory: float, clock: Clock, progress: Progress) -> Solution | None:
    """The solution without a list of all groups, where that would outgrow the memory; None where it fits.

    Parameters
    ----------
    problem
        The problem.
    memory
        Gigabytes the list and the search over it may take.
    clock
        The time limit.
    progress
        Called with the stage and a plain line about it.

    Raises
    ------
    NoPlan
        As for `solve_streamed`.
    """
    most = sets_that_fit(memory)
    if count_sets(problem, most) <= most:
        return None
    progress("counting", "counting how many groups the rules allow")
    groups = count_sets(problem, MOST_COUNTED)
    progress("counting", f"{how_many(groups)}: too many to list in {memory:g} GB, so they are searched instead")
    told = [
        f"{how_many(groups).capitalize()} hang together and obey the limits on size and minutes. The memory allowed "
        f"({memory:g} GB) holds a list of {most:,}, so they were not listed.",
        *reasons(problem),
    ]
    milder = [] if clock.over else changes(problem, most)
    if milder:
        words = "; ".join(one.words for one in milder)
        told.append(f"Each of these changes alone would make a list that fits: {words}.")
    found = solve_streamed(problem, most=most, clock=clock, progress=progress)
    return _accounted(problem, found, groups, memory, told, milder, clock)


def _accounted(
    problem: GroupingProblem,
    found: Streamed,
    groups: int,
    memory: float,
    told: list[str],
    milder: list[Change],
    clock: Clock,
) -> Solution:
    """The solution with a certificate and an explanation that speak of all groups, not of those kept."""
    best, per_minute = found.solution, found.solution.candidates.units_per_minute
    certificate = dict(best.certificate)
    stages = []
    for each in certificate["stages"]:
        stage, name = each, each["criterion"]
        if name in found.bounds and name not in found.proven:
            unit = natural(name, best.candidates)
            bound = found.bounds[name] if unit == 1 else found.bounds[name] / unit
            stage = {**each, "proven": False, "how": "not proven", "bound": bound}
        stages.append(stage)
    ended = certificate.get("ended_by")
    if not found.complete and ended is None:
        ended = "stopped by hand" if clock.stopped else "time limit" if clock.over else "memory"
    certificate |= {
        "stages": stages,
        "left_out": {},
        "proven": bool(certificate["proven"] and found.complete),
        "ended_by": ended,
        "searched": {
            "groups": min(groups, MOST_COUNTED),
            "more_than_that": groups > MOST_COUNTED,
            "memory_gb": memory,
            "searches": found.passes,
            "steps": found.steps,
            "kept": len(best.candidates),
            "all_within": found.margin,
            "changes": [{"rule": one.rule, "effect": one.words, "groups": one.groups} for one in milder],
        },
    }
    lines = [*told, *_how_searched(found)]
    return replace(
        best,
        bound=min(found.bounds["score"] / per_minute, best.objective),
        status="optimal" if certificate["proven"] else "feasible",
        certificate=certificate,
        proof={},
        whole_within=-1.0 if found.margin is None else found.margin,
        explanation=(*lines, *explanation_of(certificate)[1:]),
    )


def _how_searched(found: Streamed) -> list[str]:
    """What was done instead of listing, and what holds because of it."""
    kept = len(found.solution.candidates)
    lines = [
        f"All of them were searched {found.passes} times for groups that cost less than the prices of their practices "
        f"({found.steps:,} groups and parts of groups were looked at; a branch was left out only where even the best "
        f"possible rest could not bring it below its price). {kept:,} groups were kept in the end.",
    ]
    if found.margin is None:
        lines.append(
            "The groups that could be in a better plan did not all fit into the memory or the time allowed: the plan "
            "is the best of the groups kept, and the proof is only a bound, which holds for all groups."
        )
    else:
        within = f", or up to {found.margin:.0%} worse," if found.margin else ""
        lines.append(
            f"Among them are all {found.kept:,} groups that can be in a plan as good as the best{within} whatever the "
            "other groups of it are. So what is proven over the groups kept holds for all groups."
        )
    if found.margin is None:
        lines.append("Other plans were looked for among the groups kept only: there may be further and better ones.")
    elif found.margin == 0:
        lines.append("Other plans were looked for among the groups kept only: there may be further ones.")
    else:
        lines.append(
            f"Plans more than {found.margin:.0%} worse than the best were looked for among the groups kept only: there "
            "may be further ones."
        )
    return lines
