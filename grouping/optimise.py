"""The best plan and its proof, one criterion of `objective.order` after the other.

Symbols: candidates g with cost c_g (whole units of 1/1000 patient-minute), shortfall s_g (patients missing to the
minimum), e_g = 1 if s_g > 0. A plan chooses candidates that cover every practice exactly once. With the order that the
rule sets bring, the stages are (`grouping.stages` states them for any order):

1. S* = least sum of s_g; 2. E* = fewest sum of e_g among plans with sum of s_g <= S*; 3. least sum of c_g among plans
with sum of s_g <= S* and sum of e_g <= E*. Limits on a plan as a whole are side rows of every stage.

Before them a first look finds a good plan, or proves that there is none; after them ties are broken by codes.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from importlib.metadata import version
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from geodata.errors import NoPlan
from grouping.by_price import solve_if_large
from grouping.candidates import Candidates, list_candidates
from grouping.certificate import certificate_of, proof_of
from grouping.criteria import COUNT_STEP, UNITS, criterion
from grouping.explain import explanation_of
from grouping.how_many import DEFAULT_MEMORY
from grouping.partition.clock import Clock
from grouping.partition.columns import Columns, SideRow, Triple
from grouping.partition.greedy import greedy_plan
from grouping.partition.pricing import Bound
from grouping.partition.programme import solve_programme
from grouping.partition.search import Found, minimise, price_sums
from grouping.partition.ties import first_by_solving, first_of_equals
from grouping.plan import Plan
from grouping.problem import GroupingProblem
from grouping.result import SolverReport
from grouping.stages import Work, run_stages, with_left_out

Progress = Callable[[str, str], None]
"""Told the stage and a plain line. Where it has a method `live`, that is told each `Standing` (for a live line)."""

LOOK_PRICE = 3_000 * UNITS
"""Patient-minutes a missing patient costs in the first look, which only has to be good, not exact."""

LOOK_PRICES = {"shortfall": LOOK_PRICE, "groups": 2_000 * LOOK_PRICE}
"""What one unit of a criterion costs in the first look, where it goes before the score."""


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
    held
        Best value of each criterion before the score, in whole units (see `grouping.criteria`).
    certificate
        What was proven, stage by stage, as plain values.
    proof
        The prices that prove it, as plain values.
    explanation
        The chain of proof, in plain words.
    whole_within
        Every plan whose score is at most (1 + this) x the best one is made of `candidates`: infinite for a complete
        list of groups, below 0 where nothing is known.
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
    held: dict[str, int] = field(default_factory=dict)
    certificate: dict[str, Any] = field(default_factory=dict)
    proof: dict[str, Any] = field(default_factory=dict)
    whole_within: float = float("inf")

    @property
    def gap(self) -> float:
        """(objective - bound) / |objective|."""
        return max(self.objective - self.bound, 0.0) / abs(self.objective) if self.objective else 0.0

    def report(self, **seconds: float) -> SolverReport:
        """The certificate, with the time of further stages added."""
        return SolverReport(
            name="HiGHS through PuLP, over "
            + ("all groups, searched by prices" if "searched" in self.certificate else "a complete list of groups"),
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
            certificate=self.certificate,
            proof=self.proof,
        )


def solver_version() -> str:
    """Versions of HiGHS and PuLP."""
    return f"HiGHS {version('highspy')}, PuLP {version('pulp')}"


def solve_partition(
    problem: GroupingProblem,
    *,
    candidates: Candidates | None = None,
    time_limit: float | None = None,
    clock: Clock | None = None,
    progress: Progress | None = None,
    memory: float = DEFAULT_MEMORY,
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
    clock
        The time limit as a clock that can also be stopped, instead of `time_limit`.
    progress
        Called with the stage and a plain line about it.
    memory
        Gigabytes for the list of all groups and the search over it. Where that does not do, the groups are searched
        without a list of them all (see `grouping.by_price`).

    Raises
    ------
    NoPlan
        No plan obeys the rules, or none was found in time. The exception's `report` holds the certificate.
    """
    say = progress or (lambda stage, detail: None)
    clock = clock or Clock(time_limit)
    if candidates is None:
        large = solve_if_large(problem, memory=memory, clock=clock, progress=progress or say)
        if large is not None:
            return large
    began = time.perf_counter()
    say("listing", "listing every group the rules allow")
    listed = candidates if candidates is not None else list_candidates(problem)
    seconds = time.perf_counter() - began
    say("listing", f"{len(listed):,} groups listed")
    work = Work.begin(problem, listed, clock, say, getattr(progress, "live", None))
    work.seconds["listing"] = seconds
    _refuse_unplaceable(work)
    _first_look(work)
    run_stages(work)
    return _solution(work)


def _first_look(work: Work) -> None:
    """A good plan to start from; raises `NoPlan` if it is proven that there is none."""
    began = time.perf_counter()
    work.say("first plan", "looking for a first good plan")
    listed, problem = work.listed, work.problem
    cost = _look_cost(work)
    out = max(problem.rules.size.largest, int(listed.shortfall.max(initial=0))) * LOOK_PRICE
    chosen = with_left_out(work.columns(cost, work.rows), cost, out)
    left_out = np.arange(len(chosen)) >= len(listed)
    known = _everybody_alone(work)
    found = minimise(chosen, work.names, known=known, clock=work.clock, aim="plan")
    if work.clock.over:
        found = _hurried(work, chosen, found)
    plan, bound = found.plan, 0
    if plan is None or left_out[plan].any():
        work.say("first plan", "looking whether there is any plan at all")
        columns = replace(chosen, cost=left_out * COUNT_STEP)
        found = minimise(columns, work.names, step=COUNT_STEP, known=plan, enough=COUNT_STEP, clock=work.clock)
        plan, bound = found.plan, found.bound
    work.seconds["first plan"] = time.perf_counter() - began
    work.most = max(work.most, found.columns)
    if plan is None:
        proven = found.proven or bound >= COUNT_STEP
        raise _no_plan(work, _cannot_obey(work) if proven else _ran_out(work), proven)
    missing = [work.names[j - len(listed)] for j in plan if j >= len(listed)]
    if missing:
        proven = bound >= COUNT_STEP
        raise _no_plan(work, _cannot_place(problem, missing) if proven else _ran_out(work), proven)
    work.plan = plan


def _look_cost(work: Work) -> NDArray[np.int64]:
    """The score, with a price on what goes before it."""
    order = work.problem.rules.objective.order
    cost = work.listed.cost
    for name in order[: order.index("score")]:
        if name in LOOK_PRICES:
            cost = cost + criterion(work.problem, work.listed, name) * LOOK_PRICES[name]
    return cost


def _everybody_alone(work: Work) -> NDArray[np.int64]:
    """Each practice as a group by itself where that is a candidate, else left out (position N + practice)."""
    listed = work.listed
    alone = np.flatnonzero(np.diff(listed.starts) == 1)
    if work.problem.rules.exceptions.limit is not None:
        alone = alone[listed.shortfall[alone] == 0]
    plan = len(listed) + np.arange(len(work.names))
    plan[listed.members[listed.starts[alone]]] = alone
    return plan


def _hurried(work: Work, columns: Columns, found: Found) -> Found:
    """Out of time already: a plan built group by group, if that is better than what the search has."""
    plan = greedy_plan(columns, work.problem.list_size)
    legal = all(int(row.coefficient[plan].sum()) <= row.limit for row in columns.rows)
    value = int(columns.cost[plan].sum())
    return replace(found, plan=plan, value=value) if legal and value < found.value else found


def _solution(work: Work) -> Solution:
    """What the stages found, ties broken by codes."""
    listed, scored, per_minute = work.listed, work.scored, work.listed.units_per_minute
    size = _confirm(work)
    ties = _break_ties(work)
    found = scored.found
    cost = int(listed.cost[work.plan].sum())
    stage = next(stage for stage in work.stages if stage.criterion == "score")
    order = work.problem.rules.objective.order
    first = {stage.criterion: stage for stage in work.stages}
    certificate = certificate_of(work, ties=ties, programme=size)
    return Solution(
        plan=as_plan(work.problem, listed, work.plan),
        chosen=work.plan,
        shortfall=int(listed.shortfall[work.plan].sum()),
        exceptions=int(listed.exception[work.plan].sum()),
        cost=cost,
        objective=cost / per_minute,
        bound=min(stage.bound, cost) / per_minute,
        status="optimal" if work.proven else "feasible",
        candidates=listed,
        alive=scored.alive,
        columns=scored.columns,
        root=found.root,
        triples=found.triples,
        programme_columns=size,
        seconds=work.seconds,
        explanation=explanation_of(certificate),
        held={name: first[name].value for name in order[: order.index("score")]},
        certificate=certificate,
        proof=proof_of(work),
    )


def _confirm(work: Work) -> int:
    """Let the final programme repeat the score's proof where the relaxation alone gave it; returns its size."""
    found, columns = work.scored.found, work.scored.columns
    if found.columns or not found.proven:
        return found.columns
    rest = columns.take(found.remaining)
    price = (rest.cost - price_sums(rest, found.last.prices)) / UNITS
    solve_programme(rest, work.names, price, closeness=0.0004, clock=work.clock)
    return len(rest)


def _break_ties(work: Work) -> str:
    """Put the first of equally good plans in the place of the one found, and say what is known of others.

    Equally good is: the same in every criterion of the order. What comes after the score is held by side rows.
    """
    if not work.proven:
        return "Whether another plan is exactly as good was not looked into."
    began = time.perf_counter()
    scored, found = work.scored, work.scored.found
    stays = np.isin(scored.alive[found.remaining], work.alive)
    later = [row for row in work.held if row.name not in {row.name for row in scored.columns.rows} | {"held_score"}]
    kept = found.remaining[stays]
    rest = scored.columns.take(kept)
    ids = scored.alive[kept]
    rows = tuple(SideRow(row.name, row.coefficient[ids], row.limit) for row in later)
    rest = replace(rest, rows=(*rest.rows, *rows))
    first = first_of_equals(rest, found.reduced[stays], found.value - found.last.value, found.value)
    if first is None:
        mine = np.flatnonzero(np.isin(ids, work.plan))
        first = first_by_solving(rest, work.names, found, mine, work.clock)
    work.seconds["ties"] = time.perf_counter() - began
    if first is None:
        return "Whether another plan is exactly as good was not looked into to the end."
    work.plan = np.sort(ids[first])
    return "Of plans that are exactly as good, the first by practice codes is shown."


def as_plan(problem: GroupingProblem, listed: Candidates, chosen: NDArray[np.int64]) -> Plan:
    """The chosen candidates as a plan with codes."""
    codes, sites = problem.practice_codes, problem.site_codes
    return Plan.from_groups((tuple(codes[p] for p in listed.group(int(j))), sites[int(listed.hub[j])]) for j in chosen)


def _refuse_unplaceable(work: Work) -> None:
    """Raise `NoPlan` if some practice is in no candidate at all."""
    problem = work.problem
    missing = np.flatnonzero(work.listed.containing(len(problem.practice_codes)) == 0)
    if len(missing):
        raise _no_plan(work, _cannot_place(problem, [problem.practice_codes[p] for p in missing]), True)


def _ran_out(work: Work) -> str:
    """Nothing found, nothing proven."""
    ended = "the search was stopped" if work.clock.stopped else "the time ran out"
    return f"No plan was found before {ended}; it is not proven that there is none. Allow more time."


def _cannot_obey(work: Work) -> str:
    """The limits on a plan as a whole leave none, whatever the groups."""
    names = ", ".join(row.name.replace("_", " ") for row in work.rows)
    return (
        f"No plan obeys the rules: the limits on a plan as a whole ({names}) leave none.\n"
        "To get a plan, relax one of them (exceptions.at_most, locality.most_crossing, groups.fewest, groups.most, "
        "hub.budget)."
    )


def _cannot_place(problem: GroupingProblem, missing: list[str]) -> str:
    """Which practices are left over, why, and what to try, in plain words."""
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


def _no_plan(work: Work, message: str, proven: bool) -> NoPlan:
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
        explanation=tuple(message.splitlines()),
    )
    return error
