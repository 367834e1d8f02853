"""The criteria in their order over all groups: the best plan, and for which of them it is proven."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from geodata.errors import NoPlan
from grouping.by_price.lists import distinct, join, thinned
from grouping.by_price.space import groups_apart, nearest_bound
from grouping.by_price.stage import PLACED, Stage
from grouping.by_price.stream import Progress, Stream
from grouping.candidates import Candidates, list_candidates
from grouping.criteria import LARGEST
from grouping.partition.clock import Clock
from grouping.partition.columns import Triple
from grouping.partition.search import NO_VALUE
from grouping.problem import GroupingProblem

if TYPE_CHECKING:
    from grouping.optimise import Solution

START_SETS = 100_000
"""Groups of the short list the search begins with."""

LEAST_HELD = 8
"""Groups for each practice that are always held, however little memory is asked for."""

MOST_NEAR = 1_000_000
"""Groups that are kept at most for plans a little worse than the best."""

CUT_ROUNDS = 8
"""Rounds of cuts where the groups within the gap do not fit into memory."""


@dataclass(frozen=True)
class Searched:
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


def solve_by_price(
    problem: GroupingProblem,
    *,
    most: int,
    clock: Clock | None = None,
    progress: Progress | None = None,
) -> Searched:
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
    stream = Stream(problem, short, apart, most, clock or Clock(), say)
    best = _some_plan(stream)
    held: list[tuple[str, int]] = []
    order = problem.rules.objective.order
    for name in order[: order.index("score")]:
        best = _settle(stream, Stage(name, tuple(held)), best)
        held.append((name, best.held[name]))
    return _least_score(stream, Stage("score", tuple(held)), best)


def _solve(stream: Stream) -> Solution:
    """The best plan of the short list."""
    from grouping.optimise import solve_partition  # noqa: PLC0415 - it calls this module where a list is too long

    quiet = stream.say
    best = solve_partition(stream.problem, candidates=stream.listed, clock=stream.clock, progress=quiet)
    stream.plan = best.chosen
    return best


def _some_plan(stream: Stream) -> Solution:
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


def _more_groups(stream: Stream) -> Iterator[int | None]:
    """Add groups in which a plan may be: how many each time; None once it is proven that there is no plan at all.

    If groups cost nothing, every plan costs nothing: a bound above that says that there is none.
    """
    stage, triples = Stage(PLACED), ()
    for turn in range(CUT_ROUNDS + 1):
        priced = stream.price_out(stage, 1, triples)
        if priced.value > 0:
            yield None
            return
        if priced.added:
            yield priced.added
        if turn == 0:
            cheap = stream.price_out(Stage("score"), NO_VALUE)
            if cheap.added:
                yield cheap.added
            more = stream.within(stage, priced.prices, -priced.value, stream.most)
            if more is not None:
                stream.listed = distinct(stream.problem, join([stream.listed, more]))
                yield len(more)
        if stream.clock.over or not priced.relax.tighten(priced.last):
            return
        triples = tuple(priced.relax.cuts)


def _value(stream: Stream, stage: Stage, best: Solution) -> int:
    """What the plan is worth in a criterion, in units."""
    own = stage.cost(stream.problem, best.candidates.take(best.chosen))
    return int(own.max(initial=0) if stage.name in LARGEST else own.sum())


def _settle(stream: Stream, stage: Stage, best: Solution) -> Solution:
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


def _least_score(stream: Stream, stage: Stage, best: Solution) -> Searched:
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
    return Searched(best, stream.bounds, tuple(stream.proven), margin, kept, stream.passes, stream.steps)


def _wider(stream: Stream, stage: Stage, best: Solution, kept: int) -> tuple[Solution, float, int]:
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
