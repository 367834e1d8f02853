r"""The programme of a rollout: which group starts in which wave. Stated in PuLP, solved by HiGHS, proven.

    start_g_w in {0, 1}   group g starts in wave w
    short_w >= 0          patients in at-scale groups that wave w lacks to its target

    once_g:      sum over w of start_g_w                           <=  1          every group
    groups_w:    sum over g of start_g_w                           <=  most groups of w
    patients_w:  sum over g of n_g * start_g_w                     <=  most patients of w
    target_w:    short_w + sum over g, v of scale_g_v_w * n_g * start_g_v  >=  T_w

    first        start_g_0 = 1
    not before w start_g_v = 0 for v < w          not after w    sum over v <= w of start_g_v = 1
    together     start_g_w = start_h_w for all w
    before       sum over v <= w of start_a_v  <=  sum over v < w of start_b_v   for all w (b first, a after)

| symbol | meaning |
|---|---|
| g, h, a, b | groups |
| v, w | waves, counted from 0; W of them |
| n_g | registered patients of group g |
| r_p | wave from which practice p is ready (W: not within these waves) |
| R_g | the largest r_p of group g: a group that starts in v is formed in max(v, R_g) |
| scale_g_v_w | 1 where g counts as one at scale and max(v, R_g) <= w, else 0 |
| T_w | the fewest patients that are the target share of all registered patients of the place, rounded up |

A practice joins in max(start, r_p). Made as small as possible, each held at its best while the next is made small:

0. the shortfall: sum of short_w over the waves with a target;
1. late_weight x (patients of vulnerable practices x waves each waits until it joins; W where it never does)
   + half_weight x (patients of a group x waves from its start until it is formed);
2. patients of groups x waves until they are formed (W where they are not): groups at scale as early as possible;
3. the waves in which groups start, in the order of their ids: among programmes that are equal in all of this, the one
   in which the first group starts earliest, then the second, and so on. Only where all before it is proven: else the
   programme found is one of many anyway, and stands as it was found.

All coefficients are whole numbers (the two weights as the smallest whole numbers of their proportion), so a stage is
proven as soon as the solver's bound lies less than one patient away from the value found. A value is always worked out
anew from the start waves, never taken from the solver.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil, floor
from typing import Literal

import highspy
import numpy as np
import pulp

from grouping.partition.programme import FAILED
from grouping.rollout.question import Question, Rule

MOST_NODES = 1_000
"""Branch-and-bound nodes after which a stage ends with what it has: keeps a run short and, unlike time, repeatable."""

FEWER_NODES = 100
"""The same for the many programmes that only explain."""

TIE_LIMIT = 1_000_000
"""Largest coefficient of the last stage: it is taken in bundles of groups, so that the solver can tell them apart."""

WORDS = (
    "patients short of the targets, summed over the waves",
    "patients waiting in vulnerable practices and in half-formed groups, by wave and weight",
    "patients by waves until their group is formed",
)
"""What the stages make small, as the page says it."""


@dataclass(frozen=True)
class Stage:
    """What one stage made small: its value, what is proven that nothing lies below, and how the search ended."""

    words: str
    value: int
    bound: int
    proven: bool


@dataclass(frozen=True)
class Schedule:
    """The wave in which each group starts (None: not within the waves), and the stages that prove it."""

    start: tuple[int | None, ...]
    stages: tuple[Stage, ...]

    @property
    def proven(self) -> bool:
        """Whether every stage is proven."""
        return all(stage.proven for stage in self.stages)


@dataclass(frozen=True)
class Answer:
    """What the solver found: value by variable (rounded where whole; empty if none), how it ended and its bound."""

    values: dict[str, float]
    status: Literal["optimal", "infeasible", "stopped"]
    bound: float


@dataclass
class Programme:
    """The programme of a question with its variables, before anything is made small.

    Parameters
    ----------
    question
        What is asked.
    extra_groups, extra_patients
        A wave in which more may start than its capacity: `extra` then is the variable for how many more.
    """

    question: Question
    extra_groups: int | None = None
    extra_patients: int | None = None
    problem: pulp.LpProblem = field(init=False)
    start: list[list[pulp.LpVariable]] = field(init=False)
    extra: pulp.LpVariable | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        """State everything that holds whatever is made small."""
        asked = self.question
        self.problem = pulp.LpProblem("rollout", pulp.LpMinimize)
        waves = [f"{w}_{_safe(name)}" for w, name in enumerate(asked.waves)]
        self.start = [
            [self.problem.add_variable(f"start_{g}_{_safe(name)}_in_{wave}", 0, 1, pulp.LpInteger) for wave in waves]
            for g, name in enumerate(asked.groups)
        ]
        for g, name in enumerate(asked.groups):
            self.add([(one, 1) for one in self.start[g]], "<=", 1, f"once_{g}_{_safe(name)}")
        if self.extra_groups is not None or self.extra_patients is not None:
            self.extra = self.problem.add_variable("extra", 0, None, pulp.LpInteger)
        for w, wave in enumerate(waves):
            self._capacity(w, wave)
        for number, rule in enumerate(asked.distinct):
            self._rule(rule, f"rule_{number}_row_{rule.row}_{_safe(rule.kind)}")

    def _capacity(self, w: int, wave: str) -> None:
        asked = self.question
        column = [row[w] for row in self.start]
        if asked.most_groups[w] is not None:
            more = [(self.extra, -1)] if self.extra_groups == w else []
            self.add([(one, 1) for one in column] + more, "<=", asked.most_groups[w], f"groups_{wave}")
        if asked.most_patients[w] is not None:
            more = [(self.extra, -1)] if self.extra_patients == w else []
            terms = [(one, asked.patients(g)) for g, one in enumerate(column)]
            self.add(terms + more, "<=", asked.most_patients[w], f"patients_{wave}")

    def _rule(self, rule: Rule, name: str) -> None:
        span = range(self.question.span)
        for g in rule.groups:
            row = self.start[g]
            if rule.kind == "first":
                self.add([(row[0], 1)], "==", 1, f"{name}_{g}")
            elif rule.kind == "not-before":
                self.add([(row[v], 1) for v in range(rule.wave)], "<=", 0, f"{name}_{g}")
            elif rule.kind == "not-after":
                self.add([(row[v], 1) for v in range(rule.wave + 1)], "==", 1, f"{name}_{g}")
            elif rule.kind == "together" and g != rule.groups[0]:
                for w in span:
                    self.add([(row[w], 1), (self.start[rule.groups[0]][w], -1)], "==", 0, f"{name}_{g}_{w}")
        if rule.kind == "before":
            for b in rule.groups:
                for a in rule.after:
                    for w in span:
                        terms = [(self.start[a][v], 1) for v in range(w + 1)]
                        earlier = [(self.start[b][v], -1) for v in range(w)]
                        self.add(terms + earlier, "<=", 0, f"{name}_{b}_{a}_{w}")

    def add(self, terms: Sequence[tuple], sense: Literal["<=", ">=", "=="], limit: float, name: str) -> None:
        """Add a row; one without terms says nothing."""
        if not terms:
            return
        senses = {"<=": pulp.LpConstraintLE, ">=": pulp.LpConstraintGE, "==": pulp.LpConstraintEQ}
        total: dict = {}
        for variable, number in terms:
            total[variable] = total.get(variable, 0) + number
        row = pulp.LpConstraint(pulp.LpAffineExpression(total), sense=senses[sense], rhs=limit)
        self.problem.addConstraint(row, name)

    def reaching(self, wave: int) -> list[tuple[pulp.LpVariable, int]]:
        """Terms that count the patients in at-scale groups in a wave."""
        asked = self.question
        return [
            (self.start[g][v], asked.patients(g))
            for g in range(len(asked.groups))
            for v in range(wave + 1)
            if asked.reaches(g, v, wave)
        ]

    def leave_out_after(self, wave: int) -> None:
        """Let nothing start after a wave, where only the waves up to it matter and no rule asks for a later start."""
        if any(rule.kind == "not-after" and rule.wave > wave for rule in self.question.rules):
            return
        for row in self.start:
            for one in row[wave + 1 :]:
                one.upBound = 0

    def costing(self, cost: Callable[[int, int], int]) -> tuple[list[tuple[pulp.LpVariable, int]], int]:
        """Terms and constant that add up what each group costs by its start, W where it does not start."""
        span = self.question.span
        terms, constant = [], 0
        for g, row in enumerate(self.start):
            never = cost(g, span)
            constant += never
            terms += [(row[w], cost(g, w) - never) for w in range(span) if cost(g, w) != never]
        return terms, constant

    def minimise(
        self, terms: Sequence[tuple], nodes: int | None = None, known: Mapping[str, float] | None = None
    ) -> Answer:
        """Make a sum small; `nodes` of branch and bound at most (None: as many as a stage may take).

        With `known`, the values of an answer that keeps every row: the search begins there and so never ends without
        one.
        """
        # PuLP wants an objective with terms, also where any answer will do.
        self.problem.setObjective(pulp.LpAffineExpression(list(terms) or [(self.start[0][0], 0)]))
        return _solve(self.problem, MOST_NODES if nodes is None else nodes, known)

    def starts(self, answer: Answer) -> list[int | None]:
        """The wave in which each group starts in an answer, None for none."""
        return [next((w for w, one in enumerate(row) if answer.values[one.name] > 0.5), None) for row in self.start]


def plan_rollout(question: Question) -> Schedule | None:
    """The start of every group, lexicographically the best; None where the rules and capacity leave no programme."""
    if not question.groups or not question.span:
        return Schedule((None,) * len(question.groups), ())
    programme = Programme(question)
    aims = [w for w, target in enumerate(question.targets) if target]
    short = {w: programme.problem.add_variable(f"short_{w}_{_safe(question.waves[w])}", 0) for w in aims}
    for w in aims:
        programme.add(
            [(short[w], 1), *programme.reaching(w)], ">=", question.targets[w], f"target_{w}_{_safe(question.waves[w])}"
        )
    burden, burden_0 = programme.costing(question.burden)
    later, later_0 = programme.costing(question.later)
    steps = (
        ([(short[w], 1) for w in aims], 0, lambda start: shortfall(question, start)),
        (burden, burden_0, lambda start: _total(question, question.burden, start)),
        (later, later_0, lambda start: _total(question, question.later, start)),
    )
    start: list[int | None] | None = None
    known: dict[str, float] | None = None
    stages = []
    for words, (terms, constant, worth) in zip(WORDS, steps, strict=True):
        if start is not None and not terms:  # the same whatever starts when
            stages.append(Stage(words, worth(start), worth(start), proven=True))
            continue
        answer = programme.minimise(terms, known=known)
        if answer.status == "infeasible":
            return None
        if not answer.values and start is None:
            message = "the search for a programme ended without one"
            raise RuntimeError(message)
        if answer.values:
            start = programme.starts(answer)
            reached = reached_patients(question, start)
            # A search that ended early may leave a shortfall larger than it has to be.
            known = answer.values | {short[w].name: max(question.targets[w] - reached[w], 0) for w in aims}
        value = worth(start)
        # Values are whole numbers, so that a bound may be rounded up to one, but for noise in its last digits; that
        # none lies below 0 is all that is known where the search ended before its first bound.
        bound = min(ceil(max(answer.bound + constant, 0.0) - 1e-3), value) if terms else value
        stages.append(Stage(words, value, bound, proven=bound == value))
        programme.add(terms, "<=", value - constant + 0.5, f"held_{len(stages)}")  # whole numbers: half is nothing
    # Where a stage ended early, a later one may have come upon something better in its sum, too.
    values = [worth(start) for _, _, worth in steps]
    stages = [
        Stage(stage.words, value, stage.bound, proven=stage.bound == value)
        for stage, value in zip(stages, values, strict=True)
    ]
    if all(stage.proven for stage in stages):
        start = _break_ties(programme, start, known)
    return Schedule(tuple(start), tuple(stages))


def _break_ties(programme: Programme, start: list[int | None], known: Mapping[str, float] | None) -> list[int | None]:
    """The earliest starts in the order of the groups' ids, in bundles small enough for exact numbers."""
    question, base = programme.question, programme.question.span + 1
    size = max(1, int(np.log(TIE_LIMIT) / np.log(base)))
    for begin in range(0, len(start), size):
        bundle = range(begin, min(begin + size, len(start)))
        terms = [
            (programme.start[g][w], (w - question.span) * base ** (bundle[-1] - g))
            for g in bundle
            for w in range(question.span)
        ]
        answer = programme.minimise(terms, known=known)
        if answer.values:
            start, known = programme.starts(answer), answer.values
        for g in bundle:
            for w, one in enumerate(programme.start[g]):
                one.lowBound = one.upBound = int(start[g] == w)
    return start


def shortfall(question: Question, start: Sequence[int | None]) -> int:
    """Patients below the targets, summed over the waves."""
    reached = reached_patients(question, start)
    return sum(max(target - reached[w], 0) for w, target in enumerate(question.targets) if target is not None)


def reached_patients(question: Question, start: Sequence[int | None]) -> tuple[int, ...]:
    """Patients in at-scale groups in each wave."""
    return tuple(
        sum(question.patients(g) for g, s in enumerate(start) if s is not None and question.reaches(g, s, w))
        for w in range(question.span)
    )


def most_in_wave(question: Question, wave: int) -> tuple[int, int]:
    """The most patients found that can be in at-scale groups in one wave, and what is proven that none exceeds.

    The other waves do not matter. The two are the same unless the search ended at its limit of nodes, which a capacity
    in patients can make it do: which groups fill it best is a puzzle of its own.
    """
    if (known := _by_counting(question, wave)) is not None:
        return known, known
    programme = Programme(question)
    terms = programme.reaching(wave)
    if not terms:
        return 0, 0
    programme.leave_out_after(wave)
    answer = programme.minimise([(one, -number) for one, number in terms], FEWER_NODES)
    if not answer.values:  # no programme keeps the rules
        return 0, 0
    found = reached_patients(question, programme.starts(answer))[wave]
    return found, max(found, floor(-answer.bound + 1e-6))


def needs_search(question: Question, wave: int) -> bool:
    """Whether the most that can be reached in a wave is a puzzle: rules of order, or limits in patients until then."""
    return bool(question.rules) or any(limit is not None for limit in question.most_patients[: wave + 1])


def _by_counting(question: Question, wave: int) -> int | None:
    """The most patients in at-scale groups in one wave where that needs no search; None where it does.

    Without rules of order and without limits in patients the largest groups that are ready by then fill the places
    there are; which of the waves until then each starts in does not matter.
    """
    if needs_search(question, wave):
        return None
    limits = question.most_groups[: wave + 1]
    able = (question.patients(g) for g in range(len(question.groups)) if question.reaches(g, 0, wave))
    places = None if None in limits else sum(limits)
    return sum(sorted(able, reverse=True)[:places])


def fewest_more(
    question: Question, wave: int, target: int, at: int, what: Literal["groups", "patients"]
) -> tuple[int, bool] | None:
    """How many more groups (or patients) must be allowed to start in wave `at` for a target; None if none suffice.

    With it, whether fewer would not do: False where the search ended at its limit of nodes.
    """
    programme = Programme(question, **{f"extra_{what}": at})
    programme.leave_out_after(wave)
    programme.add(programme.reaching(wave), ">=", target, "wanted")
    if not programme.reaching(wave):
        return None
    answer = programme.minimise([(programme.extra, 1)], FEWER_NODES)
    if not answer.values:
        return None
    more = round(answer.values["extra"])
    return more, more - answer.bound < 1.0 - 1e-6


def keepable(question: Question, starting: Sequence[int] = ()) -> bool:
    """Whether the rules and the capacity can be kept at once, with these groups starting in some wave."""
    programme = Programme(question)
    for g in starting:
        programme.add([(one, 1) for one in programme.start[g]], "==", 1, f"starts_{g}")
    return programme.minimise([]).status != "infeasible"


def _total(question: Question, cost: Callable[[int, int], int], start: Sequence[int | None]) -> int:
    return sum(cost(g, question.span if s is None else s) for g, s in enumerate(start))


def _solve(problem: pulp.LpProblem, nodes: int, known: Mapping[str, float] | None = None) -> Answer:
    """Solve with HiGHS; with many more nodes where nothing at all was found within the limit."""
    answer = _solve_within(problem, nodes, known)
    if answer.status != "stopped" or answer.values or known is not None:
        return answer
    return _solve_within(problem, 50 * nodes)


def _solve_within(problem: pulp.LpProblem, nodes: int, known: Mapping[str, float] | None = None) -> Answer:
    options = {"random_seed": 0, "mip_feasibility_tolerance": 1e-7, "mip_max_nodes": nodes}
    for presolve in ("choose", "off"):
        solver = pulp.HiGHS(mip=True, msg=False, threads=1, gapRel=0.0, gapAbs=0.5, presolve=presolve, **options)
        # Not problem.solve(): PuLP's reading of the answer raises for some ends of the search.
        solver.createAndConfigureSolver(problem)
        solver.buildSolverModel(problem)
        if known is not None:
            problem.solverModel.setSolution(_beginning(problem, known))
        problem.solverModel.run()
        # Rarely presolve returns an answer that HiGHS itself rejects afterwards; then it is solved without.
        if problem.solverModel.getModelStatus() not in FAILED:
            break
    model = problem.solverModel
    status, info = model.getModelStatus(), model.getInfo()
    if status in {highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible}:
        return Answer({}, "infeasible", float("inf"))
    done: Literal["optimal", "stopped"] = "optimal" if status == highspy.HighsModelStatus.kOptimal else "stopped"
    if info.primal_solution_status != 2:  # 2: feasible, in HiGHS's numbering
        return Answer({}, "stopped", float(info.mip_dual_bound))
    found = model.getSolution().col_value
    whole = {one.name: float(round(found[one.index])) for one in problem.variables() if one.isInteger()}
    values = {one.name: found[one.index] for one in problem.variables()} | whole
    return Answer(values, done, float(info.mip_dual_bound))


def _beginning(problem: pulp.LpProblem, known: Mapping[str, float]) -> highspy.HighsSolution:
    """A known answer in the solver's order of variables."""
    values = [0.0] * problem.numVariables()
    for one in problem.variables():
        values[one.index] = known[one.name]
    solution = highspy.HighsSolution()
    solution.col_value = values
    return solution


def _safe(name: str) -> str:
    return re.sub(r"\W", "_", name)[:40]
