"""Several good plans that really differ, not one plan with a practice moved.

A practice keeps its companions when its group is the same set in both plans. So the patients who keep their companions
against another option are the list sizes of the chosen groups that are groups of that option: one linear row each.
Options are different when at least `options.different_share` of all patients change companions between any two of
them, inside a band behind the best score, with every criterion before the score held at its best.

The bands are tried from the narrowest. In each, further options are looked for one by one: first a plan that differs by
as much as the one before it did, then less, among the most promising groups. When a wide difference is not found
quickly it is passed over; that a band holds no different plan at all is proven over all groups before the next band is
tried. Then options of the band are exchanged as long as the smallest difference between any two grows (see
`grouping.spread`). When no band holds a different plan, the next best distinct plan is given and marked similar; when
there is none either, fewer options are returned, with that proof.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from grouping.near import Near, cost_limit
from grouping.optimise import Progress, Solution, as_plan, solve_partition
from grouping.partition.clock import Clock
from grouping.partition.columns import Columns, SideRow, Triple
from grouping.partition.search import Found, minimise
from grouping.problem import GroupingProblem
from grouping.result import OptionPlan, SolverReport
from grouping.spread import Pool, exchange, smallest_pair

SHARES = (0.9, 0.85, 0.8, 0.75, 0.7, 0.65, 0.6, 0.55, 0.5, 0.4, 0.3, 0.2)
"""Shares of patients with other companions that are tried before the rule set's own."""

FURTHER = 0.02
"""By how much an exchange has to raise the smallest difference to be worth a search."""

SEARCHES = 3
"""Searches for exchanges in a band at most: a count, not a time, so that runs repeat exactly."""

QUICK_COLUMNS = 30_000
"""Groups among which widely different plans are looked for; the proof that a band is empty uses all."""

LOOSE = 0.003
"""An option needs to be only this close (share of the score) to the best plan that differs as much."""

Positions = NDArray[np.int64]


@dataclass
class _Options:
    """Options found so far, as positions in the list of candidates; `bands` has None for the first and similar ones."""

    problem: GroupingProblem
    best: Solution
    clock: Clock
    count: int
    chosen: list[Positions]
    bands: list[float | None]
    triples: tuple[Triple, ...]
    near: Near | None = None
    reach: float = 1.0
    lines: list[str] = field(default_factory=list)
    found: list[Positions] = field(default_factory=list)

    @property
    def patients(self) -> int:
        return int(self.problem.list_size.sum())

    def within(self, limit: int | None, most: int | None = None) -> tuple[Positions, Columns]:
        """Candidates that can be in a plan of at most that cost (at most `most`, the closest to the bound)."""
        alive, columns, root = self.best.alive, self.best.columns, self.best.root
        if limit is None:
            return alive, columns
        room = limit - root.value
        if most is not None and most < len(alive):
            room = min(room, int(np.partition(root.reduced, most)[most]))
        keep = np.flatnonzero(root.reduced <= room)
        return alive[keep], columns.take(keep)

    def cost(self, plan: Positions) -> int:
        """Cost of a plan."""
        return int(self.best.candidates.cost[plan].sum())


def find_options(
    problem: GroupingProblem,
    *,
    count: int = 5,
    time_limit: float | None = None,
    clock: Clock | None = None,
    seed: int = 0,
    progress: Progress | None = None,
    solution: Solution | None = None,
    near: Near | None = None,
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
    clock
        The time limit as a clock that can also be stopped, instead of `time_limit`.
    seed
        Not used: the search draws nothing at random.
    progress
        Called with the stage and a plain line about it.
    solution
        The best plan, if it is known already.
    near
        Plans nearly as good, if they were listed: options are chosen among them too.

    Returns
    -------
    tuple
        The options, the best first, then the different ones by their score, then similar ones; and the certificate of
        the first.

    Raises
    ------
    NoPlan
        No plan obeys the rules, or none was found in time.
    InputProblems
        There are too many groups to list.
    """
    say = progress or (lambda stage, detail: None)
    clock = clock or Clock(time_limit)
    best = solution or solve_partition(problem, clock=clock, progress=progress)
    began = time.perf_counter()
    state = _Options(problem, best, clock, count, [best.chosen], [None], best.triples, near)
    for band in problem.rules.options.bands:
        if len(state.chosen) < count and not clock.over:
            say("options", f"looking for options within {band:.0%} of the best score")
            _fill_band(state, band)
    different = len(state.chosen)
    order = [0, *sorted(range(1, different), key=lambda n: (state.cost(state.chosen[n]), state.chosen[n].tolist()))]
    state.chosen = [state.chosen[n] for n in order]
    state.bands = [state.bands[n] for n in order]
    while len(state.chosen) < count:
        say("options", f"looking for option {len(state.chosen) + 1}")
        plan = _next_similar(state)
        if plan is None:
            break
        state.chosen.append(plan)
        state.bands.append(None)
    options = tuple(_option(state, n, similar=n >= different) for n in range(len(state.chosen)))
    report = best.report(options=time.perf_counter() - began)
    lines = (*report.explanation, *state.lines)
    return options, SolverReport(**{**vars(report), "explanation": lines})


def different_share(
    problem: GroupingProblem, groups: Sequence[Sequence[str]], others: Sequence[Sequence[str]]
) -> float:
    """Share of patients whose companions differ between two plans, given as lists of member codes."""
    size = dict(zip(problem.practice_codes, problem.list_size.tolist(), strict=True))
    known = {tuple(sorted(group)) for group in others}
    same = sum(size[code] for group in groups if tuple(sorted(group)) in known for code in group)
    return 1.0 - same / max(sum(size.values()), 1)


def _option(state: _Options, number: int, *, similar: bool) -> OptionPlan:
    """One option as a value."""
    best, plan = state.best, state.chosen[number]
    cost = state.cost(plan)
    as_before = int(best.candidates.list_size[_common(state, plan, best.chosen)].sum())
    return OptionPlan(
        option_id=f"option-{number + 1}",
        plan=as_plan(state.problem, best.candidates, plan),
        objective=cost / best.candidates.units_per_minute if number else best.objective,
        behind_best=cost / best.cost - 1.0 if best.cost and number else 0.0,
        band=state.bands[number],
        different_from_best=1.0 - as_before / max(state.patients, 1) if number else 0.0,
        similar=similar,
    )


def _common(state: _Options, plan: Positions, other: Positions) -> Positions:
    """Groups of one plan that are groups of the other, whatever their hubs."""
    return plan[_same_sets(state, plan, other)]


def _same_sets(state: _Options, ids: Positions, plan: Positions) -> NDArray[np.bool_]:
    """Which candidates are the same set of practices as a group of a plan (they may differ in the hub)."""
    number = state.best.candidates.set_of
    return np.isin(ids, plan) if number is None else np.isin(number[ids], number[plan])


# ----------------------------------------------------------------------------------------- options of a band


def _fill_band(state: _Options, band: float) -> None:
    """Options within a band until there are enough, or until it is proven that there is no further one."""
    state.reach = 1.0
    own: list[int] = []
    while not state.clock.over:
        empty = False
        while len(state.chosen) < state.count and not state.clock.over:
            plan = _next_different(state, band)
            empty = plan is None
            if plan is None:
                break
            own.append(len(state.chosen))
            state.chosen.append(plan)
            state.bands.append(band)
        changed = _spread_out(state, band, own)
        if len(state.chosen) >= state.count or (empty and not changed):
            return
        state.reach = 1.0  # other options than before: there may be room for one more
        if empty:
            state.lines.pop()  # what was said of the band was about the options before the exchange


def _next_different(state: _Options, band: float) -> Positions | None:
    """A plan within the band that differs from all options so far, by as much as is found quickly."""
    least, number = state.problem.rules.options.different_share, len(state.chosen) + 1
    limit = cost_limit(state.best.cost, band)
    alive, columns = state.within(limit, QUICK_COLUMNS)
    for share in (share for share in SHARES if least < share <= state.reach):
        found = _cheapest(state, alive, columns, _differ(state, alive, share), limit, thorough=False)
        if found.plan is not None and found.value <= limit:
            state.reach = share  # with one more option to differ from, no wider difference will be found
            state.found.append(alive[found.plan])
            return alive[found.plan]
        if state.clock.over:
            break
    state.reach = least
    alive, columns = state.within(limit)
    found = _cheapest(state, alive, columns, _differ(state, alive, least), limit, thorough=True)
    if found.plan is not None and found.value <= limit:
        state.found.append(alive[found.plan])
        return alive[found.plan]
    if state.clock.over:
        state.lines.append(f"Time ran out while looking for option {number}.")
    else:
        whole = found.proven and band <= state.best.whole_within
        proof = "proven" if whole else "none was found, which is not a proof"
        state.lines.append(
            f"Looking for option {number}: no further different plan within {band:.0%} of the best score ({proof})."
        )
    return None


def _spread_out(state: _Options, band: float, own: list[int]) -> bool:
    """Exchange the options of a band for others of it as long as they then differ more; whether any was exchanged."""
    if not own:
        return False
    limit = cost_limit(state.best.cost, band)
    before = [plan.tolist() for plan in state.chosen]
    pool = _pool(state, limit)
    state.chosen = exchange(pool, state.chosen, own)
    for _ in range(SEARCHES):
        if state.clock.over or not _search_wider(state, pool, limit, own):
            break
        pool = _pool(state, limit)
        state.chosen = exchange(pool, state.chosen, own)
    return [plan.tolist() for plan in state.chosen] != before


def _search_wider(state: _Options, pool: Pool, limit: int, own: list[int]) -> bool:
    """Look for a plan that, in place of an option, raises the smallest difference; whether there was one."""
    alive, columns = state.within(limit, QUICK_COLUMNS)
    smallest, involved = smallest_pair(pool, state.chosen)
    share = smallest / max(state.patients, 1) + FURTHER
    for n in own:
        others = [plan for m, plan in enumerate(state.chosen) if m != n]
        if n not in involved or share > 1.0 or smallest_pair(pool, others)[0] <= smallest:
            continue
        found = _cheapest(state, alive, columns, _differ(state, alive, share, others), limit, thorough=False)
        if found.plan is not None and found.value <= limit:
            state.chosen[n] = alive[found.plan]
            state.found.append(alive[found.plan])
            return True
    return False


def _pool(state: _Options, limit: int) -> Pool:
    """Plans to choose from: those found by searches, and those nearly as good as the best, up to a cost."""
    plans = [plan for plan in state.found if state.cost(plan) <= limit]
    listed = state.best.candidates
    lengths = [np.array([len(plan) for plan in plans], np.int64)]
    groups = list(plans)
    near = state.near
    if near is not None:
        some = int(np.searchsorted(near.cost, limit, side="right"))
        lengths.append(np.diff(near.offset[: some + 1]))
        groups.append(near.groups[: near.offset[some]])
    whole = np.concatenate(lengths)
    offset = np.concatenate(([0], np.cumsum(whole))).astype(np.int64)
    return Pool(
        offset=offset,
        groups=np.concatenate(groups).astype(np.int64) if groups else np.empty(0, np.int64),
        sizes=listed.list_size,
        patients=state.patients,
        same=lambda plan: _flags(state, plan),
    )


def _flags(state: _Options, plan: Positions) -> NDArray[np.bool_]:
    """For every candidate, whether it is a group of this plan."""
    if state.best.candidates.set_of is not None:
        return _same_sets(state, np.arange(len(state.best.candidates)), plan)
    flags = np.zeros(len(state.best.candidates), bool)
    flags[plan] = True
    return flags


# ------------------------------------------------------------------------------------------------ one search


def _next_similar(state: _Options) -> Positions | None:
    """The next best plan that is none of the earlier ones."""
    number = len(state.chosen) + 1
    if state.clock.over:
        return None
    alive, columns = state.within(None)
    found = _cheapest(state, alive, columns, _distinct(state, alive), None, thorough=True)
    if found.plan is not None:
        return alive[found.plan]
    if found.proven and state.best.whole_within == float("inf"):
        plans = "plan" if number == 2 else "plans"
        state.lines.append(f"There is no further plan{_as_good(state)}: proven, only {number - 1} {plans}.")
    else:
        state.lines.append(f"Time ran out while looking for option {number}.")
    return None


def _as_good(state: _Options) -> str:
    """What a plan must be as good in to be looked at: the criteria before the score, in words."""
    order = state.problem.rules.objective.order
    before = order[: order.index("score")]
    if before == ("shortfall", "exceptions"):
        return " with as little shortfall and as few exceptions"
    return f" as good in {', '.join(name.replace('_', ' ') for name in before)}" if before else ""


def _differ(
    state: _Options, alive: Positions, share: float, others: Sequence[Positions] | None = None
) -> tuple[SideRow, ...]:
    """Rows: at most 1 - share of all patients keep their companions against each other option."""
    most = state.patients - int(np.ceil(share * state.patients - 1e-9))
    sizes = state.best.candidates.list_size[alive]
    return tuple(
        SideRow(f"companions_as_in_option_{n}", np.where(_same_sets(state, alive, plan), sizes, 0), most)
        for n, plan in enumerate(state.chosen if others is None else others, start=1)
    )


def _distinct(state: _Options, alive: Positions) -> tuple[SideRow, ...]:
    """Rows: not all groups of an earlier option."""
    return tuple(
        SideRow(f"groups_of_option_{n}", _same_sets(state, alive, plan).astype(np.int64), len(plan) - 1)
        for n, plan in enumerate(state.chosen, start=1)
    )


def _cheapest(
    state: _Options,
    alive: Positions,
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
    state.triples = found.triples
    return found
