"""Several good plans that really differ, not one plan with a practice moved.

A practice keeps its companions when its group is the same set in both plans. So the patients who keep their companions
against an earlier option are the list sizes of the chosen groups that are groups of that option: one linear row each.
Options are different when at least `options.different_share` of all patients change companions against every earlier
one, inside a band behind the best score, with the least shortfall and the fewest exceptions held.

For each further option the bands are tried from the narrowest, in each first a plan that differs by half, then less,
among the most promising groups. When a wide difference is not found quickly it is passed over; that a band holds no
different plan at all is proven over all groups before the next band is tried. When no band holds one, the next best
distinct plan is given and marked similar; when there is none either, fewer options are returned, with that proof.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from grouping.optimise import Progress, Solution, as_plan, solve_partition
from grouping.partition.clock import Clock
from grouping.partition.columns import Columns, SideRow, Triple
from grouping.partition.search import Found, minimise
from grouping.problem import GroupingProblem
from grouping.result import OptionPlan, SolverReport

SHARES = (0.5, 0.3, 0.2)
"""Shares of patients with other companions that are tried before the rule set's own."""

QUICK_COLUMNS = 30_000
"""Groups among which widely different plans are looked for; the proof that a band is empty uses all."""

LOOSE = 0.003
"""An option needs to be only this close (share of the score) to the best plan that differs as much."""


@dataclass
class _Options:
    """Options found so far, as positions in the list of candidates."""

    problem: GroupingProblem
    best: Solution
    clock: Clock
    chosen: list[NDArray[np.int64]]
    triples: tuple[Triple, ...]
    lines: list[str] = field(default_factory=list)
    columns: int = 0

    @property
    def patients(self) -> int:
        return int(self.problem.list_size.sum())

    def unchanged(self, plan: NDArray[np.int64], other: NDArray[np.int64]) -> int:
        """Patients whose companions are the same in both plans."""
        return int(self.best.candidates.list_size[np.intersect1d(plan, other)].sum())

    def within(self, limit: int | None, most: int | None = None) -> tuple[NDArray[np.int64], Columns]:
        """Candidates that can be in a plan of at most that cost (at most `most`, the closest to the bound)."""
        alive, columns, root = self.best.alive, self.best.columns, self.best.root
        if limit is None:
            return alive, columns
        room = limit - root.value
        if most is not None and most < len(alive):
            room = min(room, int(np.partition(root.reduced, most)[most]))
        keep = np.flatnonzero(root.reduced <= room)
        return alive[keep], columns.take(keep)


def find_options(
    problem: GroupingProblem,
    *,
    count: int = 5,
    time_limit: float | None = None,
    seed: int = 0,
    progress: Progress | None = None,
) -> tuple[tuple[OptionPlan, ...], SolverReport]:
    """Find the best plan, prove it, and find others that differ.

    Parameters
    ----------
    problem
        The problem.
    count
        Options wanted, the best one included.
    time_limit
        Seconds for everything; options found by then are returned.
    seed
        Not used: the search draws nothing at random.
    progress
        Called with the stage and a plain line about it.

    Returns
    -------
    tuple
        The options, the best first, and the certificate of the first.

    Raises
    ------
    NoPlan
        No plan obeys the rules, or none was found in time.
    InputProblems
        There are too many groups to list.
    """
    say = progress or (lambda stage, detail: None)
    clock = Clock(time_limit)
    best = solve_partition(problem, time_limit=time_limit, progress=progress)
    began = time.perf_counter()
    state = _Options(problem, best, clock, [best.chosen], best.triples)
    options = [OptionPlan("option-1", best.plan, best.objective)]
    while len(options) < count:
        say("options", f"looking for option {len(options) + 1}")
        found = _next_different(state) or _next_similar(state)
        if found is None:
            break
        plan, band, similar = found
        state.chosen.append(plan)
        options.append(_option(state, plan, band, similar, len(options) + 1))
    report = best.report(options=time.perf_counter() - began)
    lines = (*report.explanation, *state.lines)
    return tuple(options), SolverReport(**{**vars(report), "explanation": lines})


def different_share(
    problem: GroupingProblem, groups: Sequence[Sequence[str]], others: Sequence[Sequence[str]]
) -> float:
    """Share of patients whose companions differ between two plans, given as lists of member codes."""
    size = dict(zip(problem.practice_codes, problem.list_size.tolist(), strict=True))
    known = {tuple(sorted(group)) for group in others}
    same = sum(size[code] for group in groups if tuple(sorted(group)) in known for code in group)
    return 1.0 - same / max(sum(size.values()), 1)


def _option(state: _Options, plan: NDArray[np.int64], band: float | None, similar: bool, number: int) -> OptionPlan:
    """The option as a value."""
    best = state.best
    cost = int(best.candidates.cost[plan].sum())
    return OptionPlan(
        option_id=f"option-{number}",
        plan=as_plan(state.problem, best.candidates, plan),
        objective=cost / best.candidates.units_per_minute,
        behind_best=cost / best.cost - 1.0 if best.cost else 0.0,
        band=band,
        different_from_best=1.0 - state.unchanged(plan, best.chosen) / max(state.patients, 1),
        similar=similar,
    )


def _next_different(state: _Options) -> tuple[NDArray[np.int64], float, bool] | None:
    """The next option that differs from all earlier ones, in the narrowest band that has one."""
    rules = state.problem.rules.options
    shares = [share for share in SHARES if share > rules.different_share]
    number = len(state.chosen) + 1
    for band in rules.bands:
        limit = int(np.floor(state.best.cost * (1.0 + band)))
        alive, columns = state.within(limit, QUICK_COLUMNS)
        for share in shares:
            found = _cheapest(state, alive, columns, _differ(state, alive, share), limit, thorough=False)
            if found.plan is not None and found.value <= limit:
                return alive[found.plan], band, False
        alive, columns = state.within(limit)
        rows = _differ(state, alive, rules.different_share)
        found = _cheapest(state, alive, columns, rows, limit, thorough=True)
        if found.plan is not None and found.value <= limit:
            return alive[found.plan], band, False
        if state.clock.over:
            state.lines.append(f"Time ran out while looking for option {number}.")
            return None
        proof = "proven" if found.proven else "none was found, which is not a proof"
        state.lines.append(f"Option {number}: no different plan within {band:.0%} of the best score ({proof}).")
    return None


def _next_similar(state: _Options) -> tuple[NDArray[np.int64], None, bool] | None:
    """The next best plan that is none of the earlier ones."""
    number = len(state.chosen) + 1
    if state.clock.over:
        return None
    alive, columns = state.within(None)
    found = _cheapest(state, alive, columns, _distinct(state, alive), None, thorough=True)
    if found.plan is not None:
        return alive[found.plan], None, True
    if found.proven:
        plans = "plan" if number == 2 else "plans"
        state.lines.append(
            "There is no further plan with as little shortfall and as few exceptions: proven, only "
            f"{number - 1} {plans}."
        )
    else:
        state.lines.append(f"Time ran out while looking for option {number}.")
    return None


def _differ(state: _Options, alive: NDArray[np.int64], share: float) -> tuple[SideRow, ...]:
    """Rows: at most 1 - share of all patients keep their companions against each earlier option."""
    most = state.patients - int(np.ceil(share * state.patients - 1e-9))
    sizes = state.best.candidates.list_size[alive]
    return tuple(
        SideRow(f"companions_as_in_option_{n}", np.where(np.isin(alive, plan), sizes, 0), most)
        for n, plan in enumerate(state.chosen, start=1)
    )


def _distinct(state: _Options, alive: NDArray[np.int64]) -> tuple[SideRow, ...]:
    """Rows: not all groups of an earlier option."""
    return tuple(
        SideRow(f"groups_of_option_{n}", np.isin(alive, plan).astype(np.int64), len(plan) - 1)
        for n, plan in enumerate(state.chosen, start=1)
    )


def _cheapest(
    state: _Options,
    alive: NDArray[np.int64],
    columns: Columns,
    rows: tuple[SideRow, ...],
    limit: int | None,
    *,
    thorough: bool,
) -> Found:
    """A cheap plan under further rows; any plan within `limit` will do, and a bound above it ends the search."""
    start = np.flatnonzero(np.isin(alive, np.concatenate(state.chosen)))
    found = minimise(
        Columns(columns.practices, columns.members, columns.starts, columns.cost, (*columns.rows, *rows)),
        state.problem.practice_codes,
        start=start,
        enough=None if limit is None else limit + 1,
        good=limit,
        clock=state.clock,
        aim="proof" if thorough else "plan",
        triples=state.triples,
        loose=LOOSE,
    )
    state.columns = max(state.columns, found.columns)
    state.triples = found.triples
    return found
