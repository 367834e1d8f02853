"""Yes-or-no questions answered in stages: the best for the first aim, of those the best for the second, and so on.

Stated in PuLP, solved by HiGHS, every stage proven. All aims count in whole numbers, so that "the best" is exact: the
value of a stage is held within half of one in the next. Last come ties: of all answers alike in every aim, the one with
the smallest codes, told by powers of two over a few sites at a time.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import highspy
import numpy as np
import pulp
from numpy.typing import NDArray

AT_A_TIME = 20
"""Sites whose ties are settled in one solve: weights up to 2^19 stay exact beside the solver's tolerances."""

TOLERANCE = 1e-9


@dataclass(frozen=True)
class Row:
    """A constraint: the sum of coefficient x site is at most `most`."""

    name: str
    terms: tuple[tuple[int, float], ...]
    most: float


@dataclass(frozen=True)
class Aim:
    """One stage: what is made most or least, a whole number for each site."""

    name: str
    counts: NDArray[np.int64]
    most: bool


@dataclass(frozen=True)
class Answer:
    """What was chosen, and the proven value of each aim.

    Parameters
    ----------
    chosen
        Bool, shape (N,).
    values
        Proven best value of each aim, in their order.
    solves
        Programmes solved.
    """

    chosen: NDArray[np.bool_]
    values: tuple[int, ...]
    solves: int


def answer_in_stages(title: str, verb: str, codes: Sequence[str], rows: Sequence[Row], aims: Sequence[Aim]) -> Answer:
    """Answer the stages one after the other.

    Parameters
    ----------
    title, verb
        Name of the programme, and how the variables begin (`put_right_J81012`).
    codes
        N sites, sorted by code.
    rows
        What must hold; choosing nothing must be allowed.
    aims
        The stages.

    Raises
    ------
    RuntimeError
        The solver did not prove a stage: a mistake of the program, these programmes are small.
    """
    held = list(rows)
    chosen, values, solves = np.zeros(len(codes), dtype=bool), [], 0
    if not codes:
        return Answer(chosen, tuple(0 for _ in aims), 0)
    for aim in aims:
        chosen = _solve(f"{title}_{aim.name}", verb, codes, held, aim)
        value = int(aim.counts[chosen].sum())
        values.append(value)
        held.append(_held(aim, value))
        solves += 1
    for start in range(0, len(codes), AT_A_TIME):
        aim = _smallest_codes(len(codes), start)
        chosen = _solve(f"{title}_{aim.name}", verb, codes, held, aim)
        held.append(_held(aim, int(aim.counts[chosen].sum())))
        solves += 1
    return Answer(chosen, tuple(values), solves)


def _held(aim: Aim, value: int) -> Row:
    """The value of a stage as a constraint on the next."""
    sign = -1 if aim.most else 1
    terms = tuple((int(i), float(sign * aim.counts[i])) for i in np.flatnonzero(aim.counts))
    return Row(f"hold_{aim.name}", terms, sign * value + 0.5)


def _smallest_codes(number: int, start: int) -> Aim:
    """Of a few sites, the first one weighs more than all after it together."""
    counts = np.zeros(number, dtype=np.int64)
    few = min(AT_A_TIME, number - start)
    counts[start : start + few] = [2 ** (few - 1 - k) for k in range(few)]
    return Aim(f"smallest_codes_{start}", counts, most=True)


def _solve(title: str, verb: str, codes: Sequence[str], rows: Sequence[Row], aim: Aim) -> NDArray[np.bool_]:
    for presolve in ("choose", "off"):
        problem, choose = _state(title, verb, codes, rows, aim)
        solver = pulp.HiGHS(
            msg=False,
            threads=1,
            gapRel=0.0,
            gapAbs=0.5,
            presolve=presolve,
            random_seed=0,
            mip_feasibility_tolerance=TOLERANCE,
            primal_feasibility_tolerance=TOLERANCE,
        )
        # Not problem.solve(): PuLP's reading of the answer raises for some ends of the search.
        solver.createAndConfigureSolver(problem)
        solver.buildSolverModel(problem)
        model = problem.solverModel
        model.run()
        if model.getModelStatus() == highspy.HighsModelStatus.kOptimal:
            values = model.getSolution().col_value
            chosen = np.array([values[one.index] > 0.5 for one in choose], dtype=bool)
            if all(_keeps(row, chosen) for row in rows):
                return chosen
    raise RuntimeError(f"The programme {title} was not solved.")


def _state(
    title: str, verb: str, codes: Sequence[str], rows: Sequence[Row], aim: Aim
) -> tuple[pulp.LpProblem, list[pulp.LpVariable]]:
    """The programme of one stage, with names a person can read in a written `.lp` file."""
    problem = pulp.LpProblem(title, pulp.LpMaximize if aim.most else pulp.LpMinimize)
    safe = [re.sub(r"\W", "_", code)[:60] for code in codes]
    choose = [problem.add_variable(f"{verb}_{i}_{name}", 0, 1, pulp.LpInteger) for i, name in enumerate(safe)]
    problem.setObjective(pulp.LpAffineExpression([(choose[i], int(n)) for i, n in enumerate(aim.counts)]))
    for number, row in enumerate(rows):
        expression = pulp.LpAffineExpression([(choose[i], coefficient) for i, coefficient in row.terms])
        name = f"{re.sub(r'[^0-9A-Za-z]', '_', row.name)[:180]}_{number}"
        problem.addConstraint(pulp.LpConstraint(expression, sense=pulp.LpConstraintLE, rhs=row.most), name)
    return problem, choose


def _keeps(row: Row, chosen: NDArray[np.bool_]) -> bool:
    """Whether whole numbers, not the solver's nearly whole ones, keep a constraint."""
    return sum(coefficient for i, coefficient in row.terms if chosen[i]) <= row.most + 1e-7
