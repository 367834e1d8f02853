"""The best plan and its proof: least total shortfall, then fewest exceptions, then least score.

Symbols: candidates g with cost c_g (whole units of 1/1000 patient-minute), shortfall s_g (patients missing to the
minimum), e_g = 1 if s_g > 0. A plan chooses candidates that cover every practice exactly once. Stages:

1. S* = least sum of s_g; 2. E* = fewest sum of e_g among plans with sum of s_g <= S*; 3. least sum of c_g among plans
with sum of s_g <= S* and sum of e_g <= E*. A limit on the number of exceptions is a side row of every stage.

A stage hands on only the candidates that can be in a plan as good as its best: those whose reduced cost fits between
the bound and the best value. S* and E* are whole numbers, proven without tolerance.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from geodata.errors import NoPlan
from grouping.candidates import UNITS, Candidates, list_candidates
from grouping.partition.clock import Clock
from grouping.partition.columns import Columns, SideRow, Triple
from grouping.partition.pricing import Bound
from grouping.partition.programme import solve_programme
from grouping.partition.search import NO_VALUE, Aim, Found, minimise, price_sums
from grouping.partition.ties import first_by_solving, first_of_equals
from grouping.plan import Plan
from grouping.problem import GroupingProblem
from grouping.result import SolverReport

Progress = Callable[[str, str], None]

LOOK_PRICE = 3_000 * UNITS
"""Patient-minutes a missing patient costs in the first look, which only has to be good, not exact."""

COUNT_STEP = 1_000_000
"""Units of one exception or one practice left out, so that dual values keep six decimals as whole numbers."""

SHORTFALL_STEP = 1_000
"""Units of one missing patient, for the same reason."""


@dataclass(frozen=True)
class Solution:
    """The best plan, what is proven about it, and what is needed to look for others.

    Parameters
    ----------
    plan
        The groups with their hubs.
    chosen
        Positions of the groups in `candidates`.
    shortfall, exceptions
        Patients missing to the minimums, and the groups that miss some.
    cost
        Cost in units of 1/1000 patient-minute.
    objective, bound
        Score and proven lower bound of it with shortfall and exceptions held, minutes per patient.
    status
        `optimal` if all three stages are proven, else `feasible` (a time limit was reached).
    candidates
        The whole list.
    alive
        Positions in `candidates` that can be in a plan with the same shortfall and exceptions.
    columns
        Those as the score stage saw them, with its side rows.
    root
        The bound of the score stage over `columns`.
    triples
        The cuts of the score stage.
    programme_columns
        Groups given to the final programme.
    seconds
        Time of each stage.
    explanation
        The chain of proof, in plain words.
    """

    plan: Plan
    chosen: NDArray[np.int64]
    shortfall: int
    exceptions: int
    cost: int
    objective: float
    bound: float
    status: Literal["optimal", "feasible"]
    candidates: Candidates
    alive: NDArray[np.int64]
    columns: Columns
    root: Bound
    triples: tuple[Triple, ...]
    programme_columns: int
    seconds: dict[str, float]
    explanation: tuple[str, ...]

    @property
    def gap(self) -> float:
        """(objective - bound) / |objective|."""
        return max(self.objective - self.bound, 0.0) / abs(self.objective) if self.objective else 0.0

    def report(self, **seconds: float) -> SolverReport:
        """The certificate, with the time of further stages added."""
        return SolverReport(
            name="HiGHS through PuLP, over a complete list of groups",
            version=solver_version(),
            status=self.status,
            objective=self.objective,
            bound=self.bound,
            gap=self.gap,
            shortfall=self.shortfall,
            exceptions=self.exceptions,
            candidates=len(self.candidates),
            columns=self.programme_columns,
            seconds={**self.seconds, **seconds},
            explanation=self.explanation,
        )


@dataclass
class _Work:
    """What the stages share while they run."""

    problem: GroupingProblem
    listed: Candidates
    clock: Clock
    say: Progress
    alive: NDArray[np.int64]
    plan: NDArray[np.int64]
    seconds: dict[str, float] = field(default_factory=dict)
    lines: list[str] = field(default_factory=list)
    most: int = 0
    proven: bool = True

    def columns(self, cost: NDArray[np.int64], rows: tuple[SideRow, ...]) -> Columns:
        """The candidates still alive, with a cost (over all candidates) and side rows (over all candidates)."""
        whole = Columns(len(self.problem.practice_codes), self.listed.members, self.listed.starts, cost, rows)
        return whole if len(self.alive) == len(self.listed) else whole.take(self.alive)

    def run(
        self, stage: str, columns: Columns, step: int, *, aim: Aim = "proof", triples: Sequence[Triple] = ()
    ) -> Found:
        """One stage from the best plan so far; keeps the candidates that can be in a plan as good."""
        began = time.perf_counter()
        known = np.searchsorted(self.alive, self.plan)
        found = minimise(
            columns, self.problem.practice_codes, step=step, known=known, clock=self.clock, aim=aim, triples=triples
        )
        self.plan = self.alive[found.plan]
        self.most = max(self.most, found.columns)
        self.proven &= found.proven or aim == "bound"
        self.seconds[stage] = self.seconds.get(stage, 0.0) + time.perf_counter() - began
        return found


def solver_version() -> str:
    """Versions of HiGHS and PuLP."""
    return f"HiGHS {version('highspy')}, PuLP {version('pulp')}"


def solve_partition(
    problem: GroupingProblem,
    *,
    candidates: Candidates | None = None,
    time_limit: float | None = None,
    progress: Progress | None = None,
) -> Solution:
    """Find the best plan and prove it.

    Parameters
    ----------
    problem
        The problem.
    candidates
        The list, if it was already made.
    time_limit
        Seconds after which the best plan so far is returned with its gap. Listing is always finished.
    progress
        Called with the stage and a plain line about it.

    Raises
    ------
    NoPlan
        No plan obeys the rules, or none was found in time. The exception's `report` holds the certificate.
    InputProblems
        The list would be too long.
    """
    say = progress or (lambda stage, detail: None)
    clock = Clock(time_limit)
    began = time.perf_counter()
    say("listing", "listing every group the rules allow")
    listed = candidates if candidates is not None else list_candidates(problem)
    seconds = {"listing": time.perf_counter() - began}
    say("listing", f"{len(listed):,} groups listed")
    none = np.empty(0, np.int64)
    work = _Work(problem, listed, clock, say, np.arange(len(listed)), none, seconds)
    work.lines.append(
        f"{len(listed):,} groups obey the rules and the borders between practices; each was listed and scored, "
        f"{int(listed.exception.sum()):,} of them below their minimum."
    )
    _refuse_unplaceable(work)
    _first_look(work)
    limit = problem.rules.exceptions.limit
    capped = (SideRow("exceptions_at_most", listed.exception.astype(np.int64), limit),) if limit is not None else ()
    shortfall = _least_shortfall(work, capped)
    exceptions = _fewest_exceptions(work, shortfall, capped)
    return _least_score(work, shortfall, exceptions)


def _first_look(work: _Work) -> None:
    """A good plan to start from; raises `NoPlan` if it is proven that there is none."""
    began = time.perf_counter()
    work.say("first plan", "looking for a first good plan")
    listed, problem = work.listed, work.problem
    count, limit = len(problem.practice_codes), problem.rules.exceptions.limit
    out = max(problem.rules.size.hard_maximum, int(listed.shortfall.max(initial=0))) * LOOK_PRICE
    cost = np.concatenate((listed.cost + listed.shortfall * LOOK_PRICE, np.full(count, out)))
    members = np.concatenate((listed.members, np.arange(count, dtype=np.int16)))
    starts = np.concatenate((listed.starts, listed.starts[-1] + 1 + np.arange(count)))
    left_out = np.concatenate((np.zeros(len(listed), np.int64), np.ones(count, np.int64)))
    below = np.concatenate((listed.exception.astype(np.int64), np.zeros(count, np.int64)))
    rows = () if limit is None else (SideRow("exceptions_at_most", below, limit),)
    columns = Columns(count, members, starts, cost, rows)
    known = _everybody_alone(listed, count, exceptions=limit is None)
    found = minimise(columns, problem.practice_codes, known=known, clock=work.clock, aim="plan")
    plan = found.plan
    if left_out[plan].any():
        work.say("first plan", "looking whether there is any plan at all")
        columns = Columns(count, members, starts, left_out * COUNT_STEP, rows)
        found = minimise(
            columns, problem.practice_codes, step=COUNT_STEP, known=plan, enough=COUNT_STEP, clock=work.clock
        )
        plan = found.plan
    work.seconds["first plan"] = time.perf_counter() - began
    work.most = max(work.most, found.columns)
    missing = [problem.practice_codes[j - len(listed)] for j in plan if j >= len(listed)]
    if missing:
        raise _no_plan(work, _cannot_place(problem, missing, found.bound >= COUNT_STEP), found.bound >= COUNT_STEP)
    work.plan = plan


def _everybody_alone(listed: Candidates, count: int, *, exceptions: bool) -> NDArray[np.int64]:
    """Each practice as a group by itself where that is a candidate, else left out (position N + practice)."""
    alone = np.flatnonzero(np.diff(listed.starts) == 1)
    if not exceptions:
        alone = alone[listed.shortfall[alone] == 0]
    plan = len(listed) + np.arange(count)
    plan[listed.members[listed.starts[alone]]] = alone
    return plan


def _least_shortfall(work: _Work, capped: tuple[SideRow, ...]) -> int:
    """Stage 1: the least total shortfall."""
    listed = work.listed
    if int(listed.shortfall[work.plan].sum()) == 0:
        work.alive = np.flatnonzero(listed.shortfall == 0)
        work.seconds["shortfall"] = 0.0
        work.lines.append("A plan without any group below its minimum exists, so the least shortfall is 0.")
        return 0
    work.say("shortfall", "proving the least number of patients missing to the minimums")
    missing = listed.shortfall * SHORTFALL_STEP
    found = work.run("shortfall", work.columns(missing, capped), SHORTFALL_STEP, aim="bound")
    if not found.proven and not work.clock.over:
        # Most groups miss nobody, so the shortfall alone does not tell good groups from poor ones: look for a plan
        # with a good score that reaches the bound.
        began = time.perf_counter()
        reach = (SideRow("total_shortfall", listed.shortfall, found.bound // SHORTFALL_STEP), *capped)
        target = minimise(
            work.columns(listed.cost, reach),
            work.problem.practice_codes,
            good=NO_VALUE - 1,
            clock=work.clock,
            aim="plan",
        )
        work.seconds["shortfall"] += time.perf_counter() - began
        if target.plan is not None:
            work.plan = target.plan
        found = work.run("shortfall", work.columns(missing, capped), SHORTFALL_STEP, triples=found.triples)
    least = found.value // SHORTFALL_STEP
    work.alive = work.alive[found.remaining]
    work.alive = work.alive[listed.shortfall[work.alive] <= least]
    if found.proven:
        work.lines.append(
            f"Least total shortfall: {least:,} patients, proven (bound {-(-found.bound // SHORTFALL_STEP):,}); "
            f"{len(listed) - len(work.alive):,} groups can be in no plan that reaches it and were discarded."
        )
    else:
        work.lines.append(
            f"Total shortfall found: {least:,} patients; time ran out at a proven bound of "
            f"{max(-(-found.bound // SHORTFALL_STEP), 0):,}."
        )
    return least


def _held(work: _Work, shortfall: int, exceptions: int | None) -> tuple[SideRow, ...]:
    """Side rows that hold the stages before at their best (none needed where the shortfall is 0)."""
    listed = work.listed
    rows = []
    if shortfall > 0:
        rows.append(SideRow("total_shortfall", listed.shortfall, shortfall))
        if exceptions is not None:
            rows.append(SideRow("number_of_exceptions", listed.exception.astype(np.int64), exceptions))
    return tuple(rows)


def _fewest_exceptions(work: _Work, shortfall: int, capped: tuple[SideRow, ...]) -> int:
    """Stage 2: the fewest exceptions with the least shortfall."""
    listed = work.listed
    if shortfall == 0:
        work.seconds["exceptions"] = 0.0
        return 0
    work.say("exceptions", "proving the fewest exceptions")
    rows = (*_held(work, shortfall, None), *capped)
    found = work.run("exceptions", work.columns(listed.exception * COUNT_STEP, rows), COUNT_STEP)
    fewest = found.value // COUNT_STEP
    work.alive = work.alive[found.remaining]
    if found.proven:
        work.lines.append(f"Fewest exceptions with that shortfall: {fewest}, proven.")
    else:
        work.lines.append(
            f"Exceptions found: {fewest}; time ran out at a proven bound of {max(found.bound // COUNT_STEP, 0)}."
        )
    return fewest


def _least_score(work: _Work, shortfall: int, exceptions: int) -> Solution:
    """Stage 3: the least score with shortfall and exceptions held, ties broken by codes."""
    listed, problem = work.listed, work.problem
    work.say("score", f"proving the best score over {len(work.alive):,} groups")
    columns = work.columns(listed.cost, _held(work, shortfall, exceptions))
    found = work.run("score", columns, 1)
    size = found.columns or _confirm(work, columns, found)
    per_minute = listed.units_per_minute
    bound = found.value if found.proven else max(found.bound, 0)  # minutes and penalties are never negative
    root = max(found.root.value, 0)
    root_gap = (found.value - root) / found.value if found.value else 0.0
    work.lines.append(
        f"The linear relaxation over {len(columns):,} groups proves that no plan scores below "
        f"{root / per_minute:.6f} minutes per patient ({root_gap:.3%} under the plan found), computed "
        "in whole numbers from its prices."
    )
    if found.cuts:
        work.lines.append(f"{found.cuts} cuts that hold for every plan raised that bound.")
    if found.proven:
        work.lines.append(
            f"All but {len(found.remaining):,} groups cost too much, at these prices, to be in a plan as good; the "
            f"final programme (over {size:,} groups) shows that none is better."
            + (f" {found.branches} branches were needed." if found.branches else "")
        )
    else:
        work.lines.append(
            "Time ran out before the score was proven: the gap says how much better a plan could be at most."
        )
    _break_ties(work, columns, found)
    chosen = work.plan
    return Solution(
        plan=as_plan(problem, listed, chosen),
        chosen=chosen,
        shortfall=shortfall,
        exceptions=exceptions,
        cost=found.value,
        objective=found.value / per_minute,
        bound=bound / per_minute,
        status="optimal" if work.proven else "feasible",
        candidates=listed,
        alive=work.alive,
        columns=columns,
        root=found.root,
        triples=found.triples,
        programme_columns=size,
        seconds=work.seconds,
        explanation=tuple(work.lines),
    )


def _confirm(work: _Work, columns: Columns, found: Found) -> int:
    """Solve the final programme over what is left where the relaxation alone was the proof; returns its size."""
    if not found.proven:
        return 0
    rest = columns.take(found.remaining)
    price = (rest.cost - price_sums(rest, found.last.prices)) / UNITS
    answer = solve_programme(rest, work.problem.practice_codes, price, closeness=0.0004, seconds=work.clock.limit())
    if answer.status == "optimal" and int(rest.cost[answer.chosen].sum()) != found.value:
        raise AssertionError("the final programme and the linear relaxation disagree")
    return len(rest)


def _break_ties(work: _Work, columns: Columns, found: Found) -> None:
    """Put the first of equally good plans in the place of the one found."""
    if not found.proven:
        return
    began = time.perf_counter()
    rest = columns.take(found.remaining)
    first = first_of_equals(rest, found.reduced, found.value - found.last.value, found.value)
    if first is None:
        mine = np.flatnonzero(np.isin(work.alive[found.remaining], work.plan))
        names = work.problem.practice_codes
        first = first_by_solving(rest, names, found, mine, work.clock)
    work.seconds["ties"] = time.perf_counter() - began
    if first is None:
        work.lines.append("Whether another plan has exactly the same score was not looked into to the end.")
    else:
        work.plan = np.sort(work.alive[found.remaining[first]])


def as_plan(problem: GroupingProblem, listed: Candidates, chosen: NDArray[np.int64]) -> Plan:
    """The chosen candidates as a plan with codes."""
    codes, sites = problem.practice_codes, problem.site_codes
    return Plan.from_groups((tuple(codes[p] for p in listed.group(int(j))), sites[int(listed.hub[j])]) for j in chosen)


def _refuse_unplaceable(work: _Work) -> None:
    """Raise `NoPlan` if some practice is in no candidate at all."""
    problem = work.problem
    missing = np.flatnonzero(work.listed.containing(len(problem.practice_codes)) == 0)
    if len(missing):
        raise _no_plan(work, _cannot_place(problem, [problem.practice_codes[p] for p in missing], True), True)


def _cannot_place(problem: GroupingProblem, missing: list[str], proven: bool) -> str:
    """Which practices are left over, why, and what to try, in plain words."""
    if not proven:
        return "No plan was found before the time ran out; it is not proven that there is none. Allow more time."
    number = {code: p for p, code in enumerate(problem.practice_codes)}
    shown = ", ".join(missing[:12]) + (f" and {len(missing) - 12} more" if len(missing) > 12 else "")
    lines = [f"No plan obeys the rules. In the closest one found, these practices stay without a group: {shown}."]
    lines += [f"{code}: {reason}." for code in missing[:12] if (reason := _reason(problem, number[code]))]
    rules = problem.rules
    tries = []
    if rules.exceptions.limit is not None:
        tries.append("allow exceptions (exceptions.policy, exceptions.at_most)")
    if rules.access.max_minutes_between_members > 0:
        tries.append(f"raise access.max_minutes_between_members ({rules.access.max_minutes_between_members:g})")
    if rules.access.max_minutes_to_hub > 0:
        tries.append(f"raise access.max_minutes_to_hub ({rules.access.max_minutes_to_hub:g})")
    if rules.locality.rule == "inside":
        tries.append("let groups cross localities (locality.rule = free)")
    if any(problem.keep_together):
        tries.append("take back keep-together tags")
    if rules.hub.kinds:
        tries.append("allow more kinds of hub (hub.kinds)")
    tries.append("add edges to the adjacency table, or change the size limits")
    return "\n".join([*lines, "To get a plan, try one of these: " + "; ".join(tries) + "."])


def _reason(problem: GroupingProblem, practice: int) -> str:
    """The plainest rule that stands in a practice's way, empty if it only shows in combination."""
    rules = problem.rules
    size = int(problem.list_size[practice])
    own = (problem.site_owner == practice) & problem.hub_allowed
    tag = problem.keep_together[practice]
    together = [p for p, other in enumerate(problem.keep_together) if tag and other == tag]
    if len(together) > 1:
        total = int(problem.list_size[together].sum())
        if total > rules.size.hard_maximum:
            return f"the practices tagged {tag!r} have {total:,} patients, above the hard maximum"
        return f"it must share a group with the other practices tagged {tag!r}, and no allowed group holds them all"
    if not problem.adjacency[practice].any():
        alone = "it has no adjacent practice"
    else:
        limit = rules.access.max_minutes_between_members
        near = problem.adjacency[practice] & ((problem.between_practices[practice] <= limit) | (limit <= 0))
        alone = "" if near.any() else f"every adjacent practice is more than {limit:g} minutes away"
    if alone and not (own & np.isfinite(problem.patient_minutes[practice])).any():
        return f"{alone}, and it has no site that may be a hub and that all its patients reach"
    least = min(rules.size.minimum_urban, rules.size.minimum_rural)
    if alone and size < least and rules.exceptions.limit is not None:
        return f"{alone}, and its {size:,} patients are below the minimum"
    return alone


def _no_plan(work: _Work, message: str, proven: bool) -> NoPlan:
    """The exception, with the certificate as `report`."""
    error = NoPlan(message)
    error.report = SolverReport(  # type: ignore[attr-defined]
        name="HiGHS through PuLP, over a complete list of groups",
        version=solver_version(),
        status="infeasible" if proven else "stopped",
        objective=None,
        bound=None,
        gap=None,
        shortfall=None,
        exceptions=None,
        candidates=len(work.listed),
        columns=work.most,
        seconds=dict(work.seconds),
        explanation=(*work.lines, *message.splitlines()),
    )
    return error
