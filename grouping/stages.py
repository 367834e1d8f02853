"""The criteria of `objective.order`, made as small as possible one after the other, each proven before the next.

Symbols: candidates g; a plan chooses some that cover every practice exactly once and obey the limits on a plan as a
whole. For each criterion k of the order in turn, with a_kg its whole number for candidate g:

    v_k = least  sum of a_kg over the plan     among plans with  sum of a_jg <= v_j  for every j before k

`longest_practice` counts the largest a_kg of a plan instead of the sum: v_k is the least threshold at which there is a
plan, found by halving the list of values that occur.

A stage hands on only the candidates that can be in a plan as good as its best: those whose reduced cost fits between
the bound and the best value. It also keeps the prices that prove its bound over all candidates handed to it, so that
somebody else can check the sums (see `published`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from grouping.candidates import Candidates, plan_rows
from grouping.criteria import COUNT_STEP, LARGEST, STEP, criterion
from grouping.partition.clock import Clock
from grouping.partition.columns import Columns, SideRow, Triple
from grouping.partition.pricing import NO_INDEX, Bound, Relaxation, reprice
from grouping.partition.search import NO_VALUE, Aim, Found, Tell, minimise, price_sums
from grouping.problem import GroupingProblem

UNIT = {
    "shortfall": "patients",
    "exceptions": "groups",
    "groups": "groups",
    "score": "minutes per patient",
    "minutes": "patient-minutes",
    "worst_practice": "patient-minutes",
    "longest_practice": "minutes",
    "outside_preferred": "patients",
    "split_locality": "patients",
    "change_of_group": "patients",
    "mixed_systems": "patients",
    "size_balance": "patients",
    "hub_cost": "pounds",
    "fragile": "patients",
}
"""What each criterion counts, in words."""

DIRECT = frozenset({"score", "exceptions", "minutes", "worst_practice"})
"""Criteria that are proven at once; of the others a bound comes first, because they tell few groups from each other."""

MOST_HELD = 1_000_000
"""A criterion with larger numbers is held by what it costs above its prices, which says the same in small numbers."""

LOSS = 0.003
"""Share of the score by which published prices may prove less than the search did; of counts they lose nothing."""

HowProven = Literal["nothing to gain", "prices", "final programme", "branching", "thresholds", "not proven"]


@dataclass(frozen=True)
class Standing:
    """How far a search is, for a line that is updated in place.

    Parameters
    ----------
    stage
        What is made small just now.
    groups
        Groups still looked at.
    best, bound
        The best value so far and what no plan can undercut, None where nothing is known; in `unit`.
    """

    stage: str
    groups: int
    best: float | None = None
    bound: float | None = None
    unit: str = ""

    @property
    def gap(self) -> float | None:
        """(best - bound) / best, None where either is missing."""
        if self.best is None or self.bound is None:
            return None
        return max(self.best - self.bound, 0.0) / abs(self.best) if self.best else 0.0


@dataclass(frozen=True)
class Stage:
    """What one stage found and what is proven about it.

    `value` and `bound` are in whole units of the criterion (see `grouping.criteria`), `step` what one unit is in the
    numbers of `proof`. `before` and `after` count the groups at its start and those that can still be in a plan as
    good. `programme` is the size of the last programme (0: none), `solver_bound` what its solver says, in units.
    `proof` holds the prices (None for `longest_practice`, which has none), `rows` the side rows by name and limit.
    """

    criterion: str
    value: int
    bound: int
    step: int
    proven: bool
    how: HowProven
    before: int
    after: int
    cuts: int = 0
    branches: int = 0
    rounds: int = 0
    programme: int = 0
    solver_bound: float | None = None
    seconds: float = 0.0
    proof: Bound | None = None
    rows: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True)
class Scored:
    """The search of the stage `score`: its columns, where they stand among the candidates, and what it found."""

    columns: Columns
    alive: NDArray[np.int64]
    found: Found


@dataclass
class Work:
    """What the stages share while they run."""

    problem: GroupingProblem
    listed: Candidates
    clock: Clock
    say: Callable[[str, str], None]
    alive: NDArray[np.int64]
    plan: NDArray[np.int64]
    live: Callable[[Standing], None] | None = None
    rows: tuple[SideRow, ...] = ()
    held: list[SideRow] = field(default_factory=list)
    shifted: dict[str, tuple[NDArray[np.int64], int]] = field(default_factory=dict)
    stages: list[Stage] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    most: int = 0
    scored: Scored | None = None
    shown: NDArray[np.int64] | None = None

    @classmethod
    def begin(
        cls,
        problem: GroupingProblem,
        listed: Candidates,
        clock: Clock,
        say: Callable[[str, str], None],
        live: Callable[[Standing], None] | None,
    ) -> Work:
        """Before the first stage: all candidates, no plan yet."""
        everything = np.arange(len(listed))
        rows = plan_rows(problem, listed)
        return cls(problem, listed, clock, say, everything, np.empty(0, np.int64), live, rows, shown=everything)

    @property
    def names(self) -> tuple[str, ...]:
        """Practice codes."""
        return self.problem.practice_codes

    @property
    def proven(self) -> bool:
        """Whether every stage so far is proven."""
        return all(stage.proven for stage in self.stages)

    def side_rows(self) -> tuple[SideRow, ...]:
        """What holds the stages before, and the limits on a plan as a whole that it does not make superfluous."""
        held = {row.name for row in self.held}
        limits = [row for row in self.rows if row.name != "exceptions_at_most" or "held_exceptions" not in held]
        return (*self.held, *(row for row in limits if _can_bind(row, self.alive)))

    def columns(self, cost: NDArray[np.int64], rows: tuple[SideRow, ...]) -> Columns:
        """The candidates still alive, with a cost and side rows that are given over all candidates."""
        return self.among(self.alive, cost, rows)

    def among(self, ids: NDArray[np.int64], cost: NDArray[np.int64], rows: tuple[SideRow, ...]) -> Columns:
        """Some candidates (ascending), with a cost and side rows that are given over all of them."""
        whole = Columns(len(self.names), self.listed.members, self.listed.starts, cost, rows)
        return whole if len(ids) == len(self.listed) else whole.take(ids)

    def tell(self, name: str, groups: int) -> Tell | None:
        """A function that turns whole units into what a planner reads."""
        if self.live is None:
            return None
        live, per = self.live, STEP[name] * natural(name, self.listed)

        def tell(bound: int, best: int | None) -> None:
            least = max(bound, 0) / per
            live(Standing(name, groups, None if best is None else best / per, least, UNIT[name]))

        return tell

    def run(
        self,
        name: str,
        columns: Columns,
        *,
        aim: Aim = "proof",
        triples: Sequence[Triple] = (),
    ) -> Found:
        """One search from the best plan so far."""
        known = np.searchsorted(self.alive, self.plan)
        found = minimise(
            columns, self.names, step=STEP[name], known=known, clock=self.clock, aim=aim, triples=triples,
            tell=self.tell(name, len(columns)),
        )  # fmt: skip
        self.plan = self.alive[found.plan]
        self.most = max(self.most, found.columns)
        return found


def natural(name: str, listed: Candidates) -> float:
    """Whole units of a criterion in one of what `UNIT` names."""
    if name == "score":
        return listed.units_per_minute
    return {"minutes": 1000.0, "worst_practice": 1000.0, "longest_practice": 60_000.0}.get(name, 1.0)


def run_stages(work: Work) -> None:
    """All criteria of the rule set's order, from the plan that `work` holds."""
    for name in work.problem.rules.objective.order:
        began = time.perf_counter()
        stage = _least_largest(work, name) if name in LARGEST else _least_sum(work, name)
        seconds = time.perf_counter() - began
        work.stages.append(replace(stage, seconds=seconds))
        work.seconds[name] = seconds


def _can_bind(row: SideRow, ids: NDArray[np.int64]) -> bool:
    """Whether any choice of these sets could break a row."""
    return row.limit < 0 or bool((row.coefficient[ids] > 0).any())


# --------------------------------------------------------------------------------------------------- criteria that sum


def _least_sum(work: Work, name: str) -> Stage:
    """The least sum of a criterion with the earlier ones held."""
    value = criterion(work.problem, work.listed, name)
    if name != "score" and not int(value[work.plan].sum()):
        return _nothing_to_gain(work, name, value)
    work.say(name, SAYING.get(name, f"proving the least {name.replace('_', ' ')}").format(groups=len(work.alive)))
    rows = work.side_rows()
    columns = work.columns(value * STEP[name], rows)
    before = len(columns)
    found = work.run(name, columns) if name in DIRECT else _bound_first(work, name, value, columns, rows)
    if name == "score":
        work.scored = Scored(columns, work.alive, found)
    proof = _published(work, name, value * STEP[name], rows, found)
    least = found.value // STEP[name]
    work.alive = work.alive[found.remaining]
    if name not in DIRECT:
        work.alive = work.alive[value[work.alive] <= least]
    _hold(work, name, value, least, proof)
    return Stage(
        criterion=name,
        value=least,
        bound=least if found.proven else max(-(-found.bound // STEP[name]), 0),
        step=STEP[name],
        proven=found.proven,
        how=_how(found),
        before=before,
        after=len(work.alive),
        cuts=found.cuts,
        branches=found.branches,
        rounds=found.rounds,
        programme=found.columns,
        solver_bound=None if found.solver_bound is None else found.solver_bound / STEP[name],
        proof=_unshifted(work, rows, proof),
        rows=_natural_rows(work, rows),
    )


SAYING = {
    "shortfall": "proving the least number of patients missing to the minimums",
    "exceptions": "proving the fewest exceptions",
    "groups": "proving the fewest groups",
    "score": "proving the best score over {groups:,} groups",
}
"""What is said when a stage begins."""


def _how(found: Found) -> HowProven:
    if not found.proven:
        return "not proven"
    if found.branches:
        return "branching"
    return "final programme" if found.columns else "prices"


def _nothing_to_gain(work: Work, name: str, value: NDArray[np.int64]) -> Stage:
    """The plan at hand has 0 of something that is never below 0: no search, and only groups with 0 stay."""
    before = len(work.alive)
    if value[work.alive].any():
        work.alive = work.alive[value[work.alive] == 0]
    rows = work.side_rows()
    nothing = np.zeros(len(work.names), np.int64)
    free = Bound(0, NO_INDEX, NO_INDEX, np.empty(0), nothing, np.zeros(len(rows), np.int64))
    work.shown = work.shown[value[work.shown] == 0]
    return Stage(
        name, 0, 0, STEP[name], True, "nothing to gain", before, len(work.alive),
        proof=free, rows=_natural_rows(work, rows),
    )  # fmt: skip


def _bound_first(work: Work, name: str, value: NDArray[np.int64], columns: Columns, rows: tuple[SideRow, ...]) -> Found:
    """A bound, a plan that reaches it, and only then a proof.

    Most groups have 0 of such a criterion, so it does not tell good groups from poor ones: what is looked for after
    the bound is a plan with a good score that reaches it.
    """
    found = work.run(name, columns, aim="bound")
    if found.proven or work.clock.over:
        return found
    reach = SideRow(f"reach_{name}", value, found.bound // STEP[name])
    target = minimise(
        work.columns(work.listed.cost, (reach, *rows)),
        work.names,
        good=NO_VALUE - 1,
        clock=work.clock,
        aim="plan",
    )
    if target.plan is not None:
        work.plan = work.alive[target.plan]
    return work.run(name, columns, triples=found.triples)


# ----------------------------------------------------------------------------------------- criteria that are a largest


def _least_largest(work: Work, name: str) -> Stage:
    """The least threshold at which a plan exists, by halving the values that occur; every step is proven."""
    value = criterion(work.problem, work.listed, name)
    before, per = len(work.alive), natural(name, work.listed)
    work.say(name, "proving the least longest drive of a practice")
    known = int(value[work.plan].max())
    steps = np.unique(value[work.alive])
    low = int(np.searchsorted(steps, _needed(work, value)))
    high = int(np.searchsorted(steps, known))
    stuck = False
    while low < high and not work.clock.over and not stuck:
        if work.live is not None:
            work.live(Standing(name, before, steps[high] / per, steps[low] / per, UNIT[name]))
        middle = (low + high) // 2
        plan, none = _plan_within(work, work.alive[value[work.alive] <= steps[middle]])
        if plan is not None:
            work.plan = plan
            high = int(np.searchsorted(steps, int(value[plan].max())))
        elif none:
            low = middle + 1
        else:
            stuck = True
    best, proven = int(steps[high]), low >= high
    work.alive = work.alive[value[work.alive] <= best]
    work.shown = work.shown[value[work.shown] <= best]
    how: HowProven = "thresholds" if proven else "not proven"
    return Stage(name, best, int(steps[low]), STEP[name], proven, how, before, len(work.alive))


def _needed(work: Work, value: NDArray[np.int64]) -> int:
    """The largest, over practices, of the least value of a group that holds it: no plan stays below."""
    columns = work.columns(value, ())
    least = np.full(columns.practices, NO_VALUE, np.int64)
    np.minimum.at(least, columns.members, np.repeat(columns.cost, columns.lengths()))
    return int(least.max(initial=0))


def _plan_within(work: Work, ids: NDArray[np.int64]) -> tuple[NDArray[np.int64] | None, bool]:
    """A plan of these candidates, or whether it is proven that there is none."""
    rows = work.side_rows()
    columns = work.among(ids, work.listed.cost, rows)
    if (np.bincount(columns.members, minlength=columns.practices) == 0).any():
        return None, True
    whole = with_left_out(columns, np.zeros(len(columns), np.int64), COUNT_STEP)
    seen = minimise(whole, work.names, step=COUNT_STEP, enough=COUNT_STEP, clock=work.clock, aim="bound")
    if seen.bound >= COUNT_STEP:
        return None, True
    if seen.plan is not None and int(whole.cost[seen.plan].sum()) == 0:
        return ids[seen.plan], False
    good = minimise(columns, work.names, good=NO_VALUE - 1, clock=work.clock, aim="plan")
    if good.plan is not None:
        return ids[good.plan], False
    sure = minimise(whole, work.names, step=COUNT_STEP, enough=COUNT_STEP, clock=work.clock, triples=seen.triples)
    if sure.plan is not None and int(whole.cost[sure.plan].sum()) == 0:
        return ids[sure.plan], False
    return None, sure.bound >= COUNT_STEP or (sure.proven and sure.plan is None)


def with_left_out(columns: Columns, cost: NDArray[np.int64], price: int) -> Columns:
    """The same sets at another cost, and after them each practice by itself as left out, at a price."""
    count = columns.practices
    rows = tuple(
        SideRow(row.name, np.concatenate((row.coefficient, np.zeros(count, np.int64))), row.limit)
        for row in columns.rows
    )
    return Columns(
        count,
        np.concatenate((columns.members, np.arange(count, dtype=np.int16))),
        np.concatenate((columns.starts, columns.starts[-1] + 1 + np.arange(count))),
        np.concatenate((cost, np.full(count, price, np.int64))),
        rows,
    )


# ---------------------------------------------------------------------------------------------- holding and publishing


def _hold(work: Work, name: str, value: NDArray[np.int64], least: int, proof: Bound) -> None:
    """Hold a criterion at what was found while the next ones are made small."""
    if least == 0:
        work.alive = work.alive[value[work.alive] == 0]
        return
    row = SideRow(f"held_{name}", value, least)
    if STEP[name] == 1 and int(value[work.alive].max(initial=0)) > MOST_HELD:
        whole = Columns(len(work.names), work.listed.members, work.listed.starts, value)
        work.shifted[row.name] = (proof.prices, least)
        row = SideRow(row.name, value - price_sums(whole, proof.prices), least - int(proof.prices.sum()))
    work.held.append(row)


def _published(work: Work, name: str, cost: NDArray[np.int64], rows: tuple[SideRow, ...], found: Found) -> Bound:
    """Prices that prove a bound over every candidate handed to this stage, in whole numbers.

    The search itself works on ever fewer candidates: its last prices need not hold for those it has discarded on the
    way. Here they are made to hold for all of `work.shown`: the candidates whose reduced cost, by the published prices
    of each earlier stage, was at most that stage's value less the bound of its prices. So the published prices alone
    say which candidates each stage has to look at.
    """
    columns = work.among(work.shown, cost, rows)
    bound = max((reprice(columns, one) for one in (found.last, found.root)), key=lambda one: one.value)
    may_lose = LOSS * abs(found.value) if STEP[name] == 1 else 0.0
    if found.last.value - bound.value > may_lose and not work.clock.over:
        relax = Relaxation(columns)
        relax.cut(found.last.cuts)
        relax.add(np.searchsorted(work.shown, work.plan))
        near = np.flatnonzero(bound.reduced <= max(found.value - bound.value, 0))
        relax.add(near[np.argsort(bound.reduced[near], kind="stable")][: 4 * relax.batch])
        again = relax.solve(clock=work.clock)
        bound = again if again.value > bound.value else bound
    work.shown = work.shown[bound.reduced <= found.value - bound.value]
    return bound


def _unshifted(work: Work, rows: tuple[SideRow, ...], bound: Bound) -> Bound:
    """Only the prices of a proof, for side rows in their natural numbers: practices take up what was shifted."""
    prices = bound.prices
    for row, price in zip(rows, bound.row_prices.tolist(), strict=True):
        if row.name in work.shifted:
            prices = prices - price * work.shifted[row.name][0]
    return replace(bound, prices=prices, reduced=NO_INDEX, support=NO_INDEX, weights=np.empty(0))


def _natural_rows(work: Work, rows: tuple[SideRow, ...]) -> tuple[tuple[str, int], ...]:
    """Side rows by name, with the limits a planner knows."""
    return tuple((row.name, work.shifted[row.name][1] if row.name in work.shifted else row.limit) for row in rows)
