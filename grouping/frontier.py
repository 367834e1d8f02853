"""What one aim costs in terms of another: every plan that no other plan beats in both of two criteria, with proof.

Criteria that stand in `objective.order` before both are held at their best. A point (a, b) is on the frontier when no
plan has less of one without more of the other. Points are found by the epsilon-constraint method over the listed
candidates: least a among plans with b at most some limit, then least b among plans with that a; both are proven. The
widest stretch between two known neighbours is looked at next, in its middle first; a stretch is closed when it is
proven that nothing lies inside. When all are closed, the frontier is complete: no point is missing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from grouping.candidates import Candidates, plan_rows
from grouping.criteria import LARGEST, STEP, criterion
from grouping.optimise import Solution, as_plan
from grouping.partition.clock import Clock
from grouping.partition.columns import Columns, SideRow
from grouping.partition.search import price_sums
from grouping.plan import Plan
from grouping.problem import GroupingProblem
from grouping.rules import Criterion
from grouping.stages import MOST_HELD, UNIT, Work, natural, run_stages

NAMES: tuple[str, ...] = get_args(Criterion)
"""Criteria there can be a frontier between."""

MOST_POINTS = 25
"""Default of how many points are looked for."""


@dataclass(frozen=True)
class Point:
    """One plan that no other beats in both: its values in whole units and as a planner reads them; whether proven."""

    first: int
    second: int
    first_shown: float
    second_shown: float
    proven: bool
    plan: Plan


@dataclass(frozen=True)
class Frontier:
    """The points, from the least of the first criterion to the least of the second.

    `complete` says that no point is missing; `held` are the criteria held at their best, with their values.
    """

    first: str
    second: str
    points: tuple[Point, ...]
    complete: bool
    stopped: bool
    held: dict[str, int]

    @property
    def sentence(self) -> str:
        """What was found, for people."""
        between = f"{words(self.first)} and {words(self.second)}"
        if len(self.points) == 1 and self.complete:
            return f"There is nothing to choose between {between}: one plan is best in both (proven)."
        if self.complete:
            return f"There are exactly {len(self.points)} plans worth a look between {between}; no other is missing."
        why = "time ran out" if self.stopped else "there are more"
        sure = "each of them is" if all(point.proven for point in self.points) else "not each of them is"
        return (
            f"{len(self.points)} plans between {between}, spread over the whole range; {sure} proven, but others lie"
            f" between them ({why})."
        )

    @property
    def table(self) -> pd.DataFrame:
        """One row each: `point`, the two criteria in the units of `UNIT`, `groups`, and whether it is `proven`."""
        rows = [
            (n, point.first_shown, point.second_shown, len(point.plan.groups), point.proven)
            for n, point in enumerate(self.points, start=1)
        ]
        table = pd.DataFrame(rows, columns=["point", self.first, self.second, "groups", "proven"])
        return table.astype({"point": "int64", self.first: float, self.second: float, "groups": "int64"})


def words(name: str) -> str:
    """A criterion in words."""
    return name.replace("_", " ")


@dataclass
class _Search:
    """The part of the list that can be in a plan with the earlier criteria held, and what holds them."""

    problem: GroupingProblem
    listed: Candidates
    rows: tuple[SideRow, ...]
    clock: Clock
    value: dict[str, NDArray[np.int64]]
    start: NDArray[np.int64]
    shift: dict[str, NDArray[np.int64]]

    def least(
        self, order: tuple[str, str], most: int | None, start: NDArray[np.int64]
    ) -> tuple[NDArray[np.int64], bool]:
        """Least of the first in the order, then of the second, with at most so much of the second; whether proven."""
        second = order[1]
        listed, rows, ids = self.listed, self.rows, None
        if most is not None and second in LARGEST:
            ids = np.flatnonzero(self.value[second] <= most)
            listed = listed.take(ids)
            rows = tuple(SideRow(row.name, row.coefficient[ids], row.limit) for row in rows)
            start = np.searchsorted(ids, start)
        elif most is not None:
            rows = (*rows, self.at_most(second, most))
        ruled = self.problem.rules
        objective = ruled.objective.model_copy(update={"order": order})
        problem = replace(self.problem, rules=ruled.model_copy(update={"objective": objective}))
        work = Work.begin(problem, listed, self.clock, lambda stage, detail: None, None)
        work.rows, work.plan = rows, np.sort(start)
        run_stages(work)
        if most is None:
            self._remember(work, order[0])
        return (work.plan if ids is None else ids[work.plan]), work.proven

    def _remember(self, work: Work, name: str) -> None:
        """Prices of the practices that explain most of a criterion: a limit on what lies above them is well scaled."""
        stage = work.stages[0]
        if stage.proof is not None and STEP[name] == 1:
            self.shift[name] = stage.proof.prices

    def at_most(self, name: str, most: int) -> SideRow:
        """The row that limits a criterion."""
        value = self.value[name]
        if name in self.shift and int(np.abs(value).max(initial=0)) > MOST_HELD:
            whole = Columns(len(self.problem.practice_codes), self.listed.members, self.listed.starts, value)
            prices = self.shift[name]
            return SideRow(f"at_most_{name}", value - price_sums(whole, prices), most - int(prices.sum()))
        return SideRow(f"at_most_{name}", value, most)

    def total(self, name: str, plan: NDArray[np.int64]) -> int:
        """A criterion of a plan."""
        values = self.value[name][plan]
        return int(values.max() if name in LARGEST else values.sum())


def find_frontier(
    problem: GroupingProblem,
    solution: Solution,
    first: str,
    second: str,
    *,
    most: int = MOST_POINTS,
    clock: Clock | None = None,
    tell: Callable[[str], None] | None = None,
) -> Frontier:
    """Find the plans that no other plan beats in both of two criteria.

    Parameters
    ----------
    problem
        The problem.
    solution
        Its best plan; its list of candidates is used.
    first, second
        Names of criteria (see `grouping.rules.Criterion`).
    most
        Points to look for. Where there are more, those found are spread over the range.
    clock
        Ends the search; points found by then are returned.
    tell
        Told of each point.

    Raises
    ------
    ValueError
        A name is unknown, or both are the same.
    """
    if first not in NAMES or second not in NAMES or first == second:
        raise ValueError(f"name two different ones of {', '.join(NAMES)}")
    search, held = _with_earlier_held(problem, solution, first, second, clock or Clock())
    tell = tell or (lambda text: None)
    points: dict[int, Point] = {}

    def add(plan: NDArray[np.int64], proven: bool) -> Point:
        point = _point(search, first, second, plan, proven)
        points.setdefault(point.first, point)
        tell(f"{words(first)} {point.first_shown:,.6g}, {words(second)} {point.second_shown:,.6g}")
        return point

    plan_a, sure_a = search.least((first, second), None, search.start)
    plan_b, sure_b = search.least((second, first), None, search.start)
    left, right = add(plan_a, sure_a), add(plan_b, sure_b)
    plans = {left.first: plan_a, right.first: plan_b}
    complete = sure_a and sure_b
    gaps = [_Gap(left, right, right.second + 1, left.second - 1)] if right.second < left.second else []
    tried = 0
    while gaps and len(points) < most and tried < 4 * most and not search.clock.over:
        gaps.sort(key=lambda gap: (-gap.width(left, right), gap.left.first))
        gap = gaps.pop(0)
        tried += 1
        limit = gap.high if gap.closing else (gap.low + gap.high) // 2
        plan, sure = search.least((first, second), limit, plans[gap.right.first])
        if not sure:
            complete = False
            break
        a, b = search.total(first, plan), search.total(second, plan)
        if a >= gap.right.first:  # nothing up to this limit: only above it can there be a point
            if limit < gap.high:
                gaps.append(replace(gap, low=limit + 1, closing=True))
            continue
        point = add(plan, sure)
        plans[a] = plan
        gaps += [one for one in (_Gap(gap.left, point, limit + 1, gap.high), _Gap(point, gap.right, gap.low, b - 1))
                 if one.low <= one.high]  # fmt: skip
    found = tuple(points[key] for key in sorted(points))
    return Frontier(first, second, found, complete and not gaps, search.clock.over, held)


@dataclass(frozen=True)
class _Gap:
    """A stretch between two neighbours in which the second criterion can be from `low` to `high`.

    `closing`: nothing was found in its middle, so the whole is looked at next.
    """

    left: Point
    right: Point
    low: int
    high: int
    closing: bool = False

    def width(self, first: Point, last: Point) -> float:
        """Its size as a share of the whole range, in both criteria."""
        wide = (self.right.first - self.left.first) / max(last.first - first.first, 1)
        return wide * (self.high - self.low + 1) / max(first.second - last.second, 1)


def _with_earlier_held(
    problem: GroupingProblem, solution: Solution, first: str, second: str, clock: Clock
) -> tuple[_Search, dict[str, int]]:
    """The candidates and rows that hold every criterion which stands in the order before both."""
    order = problem.rules.objective.order
    places = [order.index(name) for name in (first, second) if name in order]
    earlier = order[: min(places)] if places else order[: order.index("score")]
    listed = solution.candidates
    ids = np.arange(len(listed))
    held: dict[str, int] = {}
    rows: list[SideRow] = []
    for name in earlier:
        value = criterion(problem, listed, name)
        mine = value[solution.chosen]
        best = held[name] = int(mine.max() if name in LARGEST else mine.sum())
        ids = ids[value[ids] <= best]
        if name not in LARGEST and best > 0:
            rows.append(_holding(problem, solution, name, value, best))
    if set(solution.held) == set(earlier):
        ids = np.intersect1d(ids, solution.alive)
    part = listed.take(ids)
    whole = [*plan_rows(problem, part), *(SideRow(row.name, row.coefficient[ids], row.limit) for row in rows)]
    value = {name: criterion(problem, part, name) for name in (first, second)}
    start = np.searchsorted(ids, solution.chosen)
    return _Search(problem, part, tuple(whole), clock, value, start, {}), held


def _holding(problem: GroupingProblem, solution: Solution, name: str, value: NDArray[np.int64], best: int) -> SideRow:
    """The row that holds a criterion at its best; large numbers less what each practice costs in the best plan.

    Every plan covers every practice once, so that taking a price off each practice moves all plans alike.
    """
    if int(np.abs(value).max(initial=0)) <= MOST_HELD:
        return SideRow(f"held_{name}", value, best)
    prices = np.zeros(len(problem.practice_codes), np.int64)
    for j in solution.chosen:
        members = list(solution.candidates.group(int(j)))
        prices[members] = int(value[j]) // len(members)
    listed = solution.candidates
    whole = Columns(len(prices), listed.members, listed.starts, value)
    return SideRow(f"held_{name}", value - price_sums(whole, prices), best - int(prices.sum()))


def _point(search: _Search, first: str, second: str, plan: NDArray[np.int64], proven: bool) -> Point:
    a, b = search.total(first, plan), search.total(second, plan)
    return Point(
        first=a,
        second=b,
        first_shown=a / natural(first, search.listed),
        second_shown=b / natural(second, search.listed),
        proven=proven,
        plan=as_plan(search.problem, search.listed, plan),
    )


def frontier_lines(frontier: Frontier) -> list[str]:
    """The points in lines: what each step along the frontier gives and takes."""
    lines = [frontier.sentence]
    if frontier.held:
        told = ", ".join(f"{words(name)} {value:,}" for name, value in frontier.held.items())
        lines.append(f"Held at their best: {told}.")
    units = f"{words(frontier.first)} ({UNIT[frontier.first]})", f"{words(frontier.second)} ({UNIT[frontier.second]})"
    wide = max(len(units[0]), 12), max(len(units[1]), 12)
    lines.append(f"  {units[0]:>{wide[0]}}  {units[1]:>{wide[1]}}")
    for point in frontier.points:
        shown = _shown(frontier.first, point.first_shown), _shown(frontier.second, point.second_shown)
        lines.append(f"  {shown[0]:>{wide[0]}}  {shown[1]:>{wide[1]}}" + ("" if point.proven else "  not proven"))
    return lines


def _shown(name: str, value: float) -> str:
    return f"{value:,.3f}" if name == "score" else f"{value:,.1f}" if name == "longest_practice" else f"{value:,.0f}"
