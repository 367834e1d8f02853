"""The search against an independent solver over every column, with nothing discarded."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.optimize import Bounds, LinearConstraint, milp
from scipy.sparse import csr_matrix

from benchmarks.made_up import made_up_problem
from grouping.candidates import Candidates, list_candidates
from grouping.optimise import solve_partition
from grouping.partition import search
from grouping.partition.columns import Columns
from grouping.partition.kernels import connected_sets
from grouping.partition.search import minimise
from grouping.rules import load_rules

RULES = load_rules("dorset-2017", {"access": {"max_minutes_between_members": 30.0}})


def chosen_by_scipy(listed: Candidates | Columns, practices: int, aims: list[np.ndarray]) -> list[int]:
    """The least of each aim with those before held at their least, over all columns (scipy's own HiGHS)."""
    count = len(listed)
    owner = np.repeat(np.arange(count), np.diff(listed.starts))
    cover = csr_matrix((np.ones(len(owner)), (listed.members.astype(int), owner)), shape=(practices, count))
    limits = [LinearConstraint(cover, 1, 1)]
    best = []
    for aim in aims:
        scale = 1e5 / max(int(aim.max()), 1)
        answer = milp(
            aim * scale, constraints=limits, integrality=np.ones(count), bounds=Bounds(0, 1),
            options={"mip_rel_gap": 0},
        )  # fmt: skip
        assert answer.status == 0
        best.append(int(aim[answer.x > 0.5].sum()))
        limits.append(LinearConstraint(csr_matrix(aim * scale), -np.inf, best[-1] * scale + 1e-3))
    return best


@pytest.mark.slow
@pytest.mark.parametrize("seed", [3])
def test_a_county_of_twenty_thousand_groups(seed: int) -> None:
    problem = made_up_problem(seed, rules=RULES)
    listed = list_candidates(problem)
    assert len(listed) > 18_000
    solution = solve_partition(problem, candidates=listed)
    assert solution.status == "optimal"
    shortfall, exceptions, cost = chosen_by_scipy(
        listed, 96, [listed.shortfall, listed.exception.astype(np.int64), listed.cost]
    )
    assert (solution.shortfall, solution.exceptions) == (shortfall, exceptions)
    # scipy's answer may be off by its own tolerance, ours may not
    assert solution.cost == pytest.approx(cost, rel=1e-7)
    assert solution.cost <= cost


def grid_columns(seed: int) -> Columns:
    """Connected sets of 3 to 5 fields of a 6 x 6 grid whose costs differ by little: many plans close to the best."""
    rng = np.random.default_rng(seed)
    row, column = np.divmod(np.arange(36), 6)
    near = np.abs(np.subtract.outer(row, row)) + np.abs(np.subtract.outer(column, column)) == 1
    none = np.empty(0, np.int16), np.empty(0, np.int64)
    bits = np.array([[sum(1 << int(j) for j in np.flatnonzero(line))] for line in near], np.uint64)
    every = np.full((36, 1), (1 << 36) - 1, np.uint64)
    ones = np.ones(36, np.int64)
    sets, entries = connected_sets(bits, every, ones, 5, 10**6, *none)
    members, starts = np.empty(entries, np.int16), np.zeros(sets + 1, np.int64)
    connected_sets(bits, every, ones, 5, 10**6, members, starts)
    lengths = np.diff(starts)
    columns = Columns(36, members, starts, np.zeros(sets, np.int64)).take(np.flatnonzero(lengths >= 3))
    cost = 1_000_000 * columns.lengths() * (1 + 0.02 * rng.random(len(columns)))
    return replace(columns, cost=cost.astype(np.int64))


@pytest.mark.parametrize("few", [60, 150])
@pytest.mark.parametrize("seed", [2, 3, 4, 5])
def test_first_plans_from_few_groups_do_not_pass_for_proven(
    seed: int, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With so few sets in the first looks, plans a little above the best are found first; only the bound can tell."""
    columns = grid_columns(seed)
    monkeypatch.setattr(search, "FIRST_COLUMNS", few)
    monkeypatch.setattr(search, "FINAL_COLUMNS", 2 * few)
    found = minimise(columns, [f"F{field}" for field in range(36)])
    assert found.proven
    assert found.bound == found.value
    (cost,) = chosen_by_scipy(columns, 36, [columns.cost])
    assert found.value == cost
