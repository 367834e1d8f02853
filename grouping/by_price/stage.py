"""One criterion of the plan to be made small, and what every group counts for it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grouping.candidates import Candidates, plan_rows
from grouping.criteria import LARGEST, STEP, criterion
from grouping.partition.columns import Columns, SideRow
from grouping.partition.pricing import Bound, reduced_costs
from grouping.problem import GroupingProblem

PLACED = "placed"
"""The stage before all others: whether there is a plan at all. Every group costs nothing."""


@dataclass(frozen=True)
class Stage:
    """One criterion to be made small, those before it held at their best."""

    name: str
    held: tuple[tuple[str, int], ...] = ()

    @property
    def step(self) -> int:
        """What the criterion is multiplied by."""
        return STEP.get(self.name, 1)

    def cost(self, problem: GroupingProblem, listed: Candidates) -> NDArray[np.int64]:
        """The criterion of each group in whole units."""
        if self.name == PLACED:
            return np.zeros(len(listed), np.int64)
        return criterion(problem, listed, self.name) * self.step

    def rows(self, problem: GroupingProblem, listed: Candidates) -> tuple[SideRow, ...]:
        """Limits of the plan as a whole, and the criteria held."""
        held = (
            SideRow(f"held_{name}", criterion(problem, listed, name), most)
            for name, most in self.held
            if name not in LARGEST
        )
        return (*plan_rows(problem, listed), *held)

    def possible(self, problem: GroupingProblem, listed: Candidates) -> NDArray[np.bool_]:
        """Which groups the criteria held do not rule out one by one."""
        keep = np.ones(len(listed), bool)
        for name, most in self.held:
            if most == 0 or name in LARGEST:
                keep &= criterion(problem, listed, name) <= most
        return keep

    def columns(self, problem: GroupingProblem, listed: Candidates) -> Columns:
        """Groups as this stage counts them."""
        count = len(problem.practice_codes)
        return Columns(count, listed.members, listed.starts, self.cost(problem, listed), self.rows(problem, listed))

    def reduced(self, problem: GroupingProblem, listed: Candidates, prices: Bound) -> NDArray[np.int64]:
        """Cost less prices of every group."""
        columns = self.columns(problem, listed)
        return reduced_costs(columns, prices.prices, prices.row_prices, prices.cuts, prices.cut_prices)
