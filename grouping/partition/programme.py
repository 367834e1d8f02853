"""The final programme: choose groups so that every practice is in exactly one. Stated in PuLP, solved by HiGHS.

    minimise    sum over groups g of  price_g * group_g
    subject to  cover_p:     sum of group_g over groups with practice p  =  1        every practice p
                row_r:       sum of a_rg * group_g                      <=  limit_r  shortfall, exceptions, ...
                trio_a_b_c:  sum of group_g over groups with two of a, b, c  <=  1   cuts, true of every plan
                group_g in {0, 1}

The objective is each group's cost less fixed prices of its practices. That moves every plan's total by the same
amount, keeps the numbers small, and so lets the solver tell plans apart that differ by a thousandth of a minute.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import highspy
import numpy as np
import pulp
from numpy.typing import NDArray

from grouping.partition.clock import Clock, run_model
from grouping.partition.columns import Columns, Triple

NAMED_MEMBERS = 6
"""Practices spelled out in a group's variable name; a name must stay below the 255 characters of the .lp format."""


FAILED = {
    highspy.HighsModelStatus.kSolveError,
    highspy.HighsModelStatus.kPostsolveError,
    highspy.HighsModelStatus.kPresolveError,
    highspy.HighsModelStatus.kUnknown,
}
"""Ends of HiGHS that say nothing about the programme."""


@dataclass(frozen=True)
class Answer:
    """What the solver found: positions of the chosen sets (empty if none), and how it ended."""

    chosen: NDArray[np.int64]
    status: Literal["optimal", "infeasible", "stopped"]
    bound: float


def state_programme(
    columns: Columns, names: Sequence[str], price: NDArray[np.float64], cuts: Sequence[Triple] = ()
) -> tuple[pulp.LpProblem, list[pulp.LpVariable]]:
    """The programme over these sets, with names a person can read in a written `.lp` file."""
    safe = [re.sub(r"\W", "_", name) for name in names]
    problem = pulp.LpProblem("groups_of_practices", pulp.LpMinimize)
    groups = [columns.group(j) for j in range(len(columns))]
    use = [problem.add_variable(_name(j, group, safe), 0, 1, pulp.LpInteger) for j, group in enumerate(groups)]
    problem.setObjective(pulp.LpAffineExpression(zip(use, price.tolist(), strict=True)))
    holding: list[list[int]] = [[] for _ in range(columns.practices)]
    for j, group in enumerate(groups):
        for practice in group:
            holding[practice].append(j)
    for practice, sets in enumerate(holding):
        _add_row(problem, [(use[j], 1) for j in sets], pulp.LpConstraintEQ, 1, f"cover_{practice}_{safe[practice]}")
    for row in columns.rows:
        terms = [(use[j], int(row.coefficient[j])) for j in np.flatnonzero(row.coefficient)]
        _add_row(problem, terms, pulp.LpConstraintLE, row.limit, re.sub(r"\W", "_", row.name))
    for a, b, c in cuts:
        counts = np.bincount(np.array(holding[a] + holding[b] + holding[c], np.int64), minlength=len(use))
        terms = [(use[j], 1) for j in np.flatnonzero(counts >= 2)]
        _add_row(problem, terms, pulp.LpConstraintLE, 1, f"trio_{a}_{b}_{c}_{safe[a]}_{safe[b]}_{safe[c]}")
    return problem, use


def solve_programme(
    columns: Columns,
    names: Sequence[str],
    price: NDArray[np.float64],
    *,
    cuts: Sequence[Triple] = (),
    closeness: float = 1e-6,
    seconds: float | None = None,
    nodes: int | None = None,
    clock: Clock | None = None,
) -> Answer:
    """State and solve the programme over these sets.

    Parameters
    ----------
    columns
        The sets and side rows.
    names
        Practice codes.
    price
        Objective per set.
    cuts
        Triples for subset-row cuts.
    closeness
        Objective differences below this count as none.
    seconds, nodes
        Limits on time and on branch-and-bound nodes; None for none.
    clock
        Ends the search as well, also while it runs.
    """
    problem, use = state_programme(columns, names, price, cuts)
    options = {"random_seed": 0, "mip_feasibility_tolerance": 1e-7}
    if nodes is not None:
        options["mip_max_nodes"] = nodes
    limit = None if seconds is None else max(seconds, 0.05)
    if clock is not None and clock.limit() is not None:
        limit = max(min(clock.limit(), limit or float("inf")), 0.05)
    for presolve in ("choose", "off"):
        solver = pulp.HiGHS(
            mip=False, msg=False, threads=1, gapRel=0.0, gapAbs=closeness, timeLimit=limit, presolve=presolve, **options
        )
        # Not problem.solve(): PuLP's reading of the answer raises for some ends of the search, and is slow.
        solver.createAndConfigureSolver(problem)
        solver.buildSolverModel(problem)
        whole = np.full(len(use), int(highspy.HighsVarType.kInteger), np.uint8)  # at once: PuLP does it one by one
        problem.solverModel.changeColsIntegrality(len(use), np.arange(len(use), dtype=np.int32), whole)
        run_model(problem.solverModel, clock)
        # Rarely presolve returns an answer that HiGHS itself rejects afterwards; then it is solved without.
        if problem.solverModel.getModelStatus() not in FAILED:
            break
    model = problem.solverModel
    status = model.getModelStatus()
    info = model.getInfo()
    if status in {highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible}:
        return Answer(np.empty(0, np.int64), "infeasible", float("inf"))
    done: Literal["optimal", "stopped"] = "optimal" if status == highspy.HighsModelStatus.kOptimal else "stopped"
    if info.primal_solution_status != 2:  # 2: feasible, in HiGHS's numbering
        return Answer(np.empty(0, np.int64), "stopped", float(info.mip_dual_bound))
    values = model.getSolution().col_value
    chosen = np.array([j for j, variable in enumerate(use) if values[variable.index] > 0.5], np.int64)
    return Answer(chosen, done, float(info.mip_dual_bound))


def _add_row(problem: pulp.LpProblem, terms: list, sense: int, limit: int, name: str) -> None:
    expression = pulp.LpAffineExpression(terms)
    problem.addConstraint(pulp.LpConstraint(expression, sense=sense, rhs=limit), name)


def _name(number: int, group: tuple[int, ...], names: Sequence[str]) -> str:
    """`group_17_J81012_J81045`, shortened when it holds many practices."""
    listed = "_".join(names[p] for p in group[:NAMED_MEMBERS])[:180]
    more = f"_and_{len(group) - NAMED_MEMBERS}_more" if len(group) > NAMED_MEMBERS else ""
    return f"group_{number}_{listed}{more}"
