"""All plans nearly as good as the best: counted, listed, and never more claimed than was looked at.

A plan is nearly as good when every criterion before the score is at its best and its score is at most (1 + tolerance)
times the best one. All of them are listed through `grouping.partition.every`, up to a number that still fits into
memory. Where there are more, the best of them are listed, and `covered` says up to which tolerance that is all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from grouping.candidates import Candidates
from grouping.optimise import Solution
from grouping.partition.clock import Clock
from grouping.partition.every import NearPlans, best_plans, count_plans, every_plan

MOST_PLANS = 200_000
"""Default limit of the list; with some 20 groups a plan it takes 32 MB."""

OWN_SECONDS = 20.0
"""Seconds that a run gives this listing by itself."""

ROWS_AT_ONCE = 20_000
"""Plans turned into rows of the table at once."""

BEST_STEPS = (0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0, 10.0)
"""Tolerances tried one after the other until they hold as many plans as were asked for."""


@dataclass(frozen=True)
class Near:
    """K plans nearly as good as the best, the best first.

    Parameters
    ----------
    tolerance
        What was asked for: 0.01 is 1%.
    covered
        All plans within this tolerance are here; None when time ran out before anything was covered. The plans here are
        then some of those within `tolerance`, not all.
    complete
        Whether that is the tolerance asked for.
    at_most
        Limit of the list.
    stopped
        Whether time ran out.
    proven
        Whether the best plan is proven to be the best.
    best
        Its cost, in units of 1/1000 patient-minute.
    cost
        Of each plan, ascending, int64, shape (K,).
    offset, groups
        Plan k has the groups `groups[offset[k]:offset[k + 1]]`: positions in the list of candidates, int64.
    units_per_minute
        Cost units in a minute per patient.
    counted
        How many plans there are within the tolerance; None where that could not be counted.
    """

    tolerance: float
    covered: float | None
    complete: bool
    at_most: int
    stopped: bool
    proven: bool
    best: int
    cost: NDArray[np.int64]
    offset: NDArray[np.int64]
    groups: NDArray[np.int64]
    units_per_minute: float
    counted: int | None = None

    def __len__(self) -> int:
        """Plans listed."""
        return len(self.cost)

    def plan(self, index: int) -> NDArray[np.int64]:
        """Positions of the groups of one plan."""
        return self.groups[self.offset[index] : self.offset[index + 1]]

    @property
    def behind_best(self) -> NDArray[np.float64]:
        """By which share each plan's score lies above the best one's, shape (K,)."""
        return self.cost / self.best - 1.0 if self.best else np.zeros(len(self))

    @property
    def phrase(self) -> str:
        """The plans as the end of a sentence: "the 6,178 plans within 1% of the best score"."""
        best = "the best score" if self.proven else "the score of the best plan found"
        if self.covered is None:
            how = "in time" if self.stopped else "among the groups kept"
            return f"{len(self):,} of the plans within {percent(self.tolerance)} of {best} (all that were found {how})"
        number = "the only plan" if len(self) == 1 else f"the {len(self):,} plans"
        return f"{number} within {percent(self.covered)} of {best}"

    @property
    def sentence(self) -> str:
        """What was listed, for people."""
        best = "the best score" if self.proven else "the score of the best plan found"
        asked = percent(self.tolerance)
        if self.complete and len(self) <= 1:
            return f"No other plan lies within {asked} of {best}."
        if self.complete:
            return f"{len(self):,} plans lie within {asked} of {best}; all of them are listed."
        if self.covered is None:
            how = "in time" if self.stopped else "for not all groups were kept"
            were = "was" if len(self) == 1 else "were"
            return f"Not all plans within {asked} of {best} could be listed {how}; {len(self):,} {were} found."
        more = f"more than {self.at_most:,}" if self.counted is None else f"{self.counted:,}"
        why = "time ran out" if self.stopped else f"there are {more} within {asked}"
        if not self.stopped and len(self) < self.at_most:
            why = "beyond that the list of groups is not whole"
        if len(self) == 1:
            return f"No other plan lies within {percent(self.covered)} of {best}; {why}."
        return f"All {len(self):,} plans within {percent(self.covered)} of {best} are listed; {why}."

    def record(self) -> dict[str, object]:
        """As `run.json` holds it under `near_optimal`."""
        return {
            "tolerance": self.tolerance,
            "plans": len(self),
            "counted": self.counted,
            "complete": self.complete,
            "covered": self.covered,
            "at_most": self.at_most,
            "stopped": self.stopped,
            "sentence": self.sentence,
            "phrase": self.phrase,
        }


@dataclass(frozen=True)
class NearTold:
    """What a run on disk tells of its plans nearly as good: how many, and in words; not the plans themselves."""

    told: Mapping[str, object]

    def __len__(self) -> int:
        return int(self.told["plans"])

    @property
    def sentence(self) -> str:
        """As `Near.sentence`."""
        return str(self.told["sentence"])

    @property
    def phrase(self) -> str:
        """As `Near.phrase`; runs of earlier versions told how many plans alone."""
        number = "the only plan" if len(self) == 1 else f"the {len(self):,} plans"
        return str(self.told.get("phrase") or f"{number} nearly as good as the best")

    @property
    def covered(self) -> float | None:
        """As `Near.covered`."""
        return self.told["covered"]

    def record(self) -> dict[str, object]:
        """As `Near.record`."""
        return dict(self.told)


def percent(share: float) -> str:
    """A share as a percentage, cut off (never rounded up) after two decimals: 1%, 0.43%."""
    return f"{np.floor(share * 10_000 + 1e-9) / 100:.2f}".rstrip("0").rstrip(".") + "%"


def cost_limit(best: int, tolerance: float) -> int:
    """The largest cost within a tolerance of the best, in whole units."""
    return int(np.floor(best * (1.0 + tolerance)))


def near_plans(
    solution: Solution, tolerance: float, *, at_most: int = MOST_PLANS, count: bool = False, clock: Clock | None = None
) -> Near:
    """List all plans within a tolerance of the best score.

    Parameters
    ----------
    solution
        The best plan with what is needed to look for others.
    tolerance
        Share of the best score.
    at_most
        Most plans to list. Where there are more, the best ones are listed and `covered` is smaller than `tolerance`.
    count
        Whether to count all of them where not all are listed.
    clock
        Ends the listing; what is covered by then is told.
    """
    clock = clock or Clock()
    # Where not all groups were listed, there may be plans of groups that were not kept.
    whole = solution.whole_within >= 0
    reach = min(tolerance, solution.whole_within) if whole else tolerance
    limit = cost_limit(solution.cost, reach)
    found = every_plan(solution.columns, solution.root, limit, at_most=at_most, stop=lambda: clock.over)
    near = _near(solution, found, reach, limit, at_most, stopped=clock.over and not found.complete)
    near = replace(near, tolerance=tolerance, complete=near.complete and whole and reach == tolerance)
    if not whole:
        return replace(near, covered=None)
    if near.complete:
        return replace(near, counted=len(near))
    if not count or near.stopped or reach < tolerance or solution.candidates.set_of is not None:
        return near  # with a choice of hubs a plan would be counted once for each
    return replace(near, counted=count_plans(solution.columns, solution.root, limit, stop=lambda: clock.over))


def k_best(solution: Solution, count: int, *, clock: Clock | None = None) -> Near:
    """List the `count` best plans: exactly the best ones, equals at the end by their codes.

    Fewer come back only when there are no more within 10 times the best score, or when time ran out (`stopped`).
    """
    clock = clock or Clock()
    wanted, steps = count, list(BEST_STEPS)
    while True:
        tolerance = steps[0]
        limit = cost_limit(solution.cost, tolerance)
        found = best_plans(solution.columns, solution.root, wanted, most=limit, stop=lambda: clock.over)
        short = clock.over and len(found.cost) < wanted
        near = _near(solution, found, tolerance, limit, count, stopped=short, covered_only=False)
        if len(near) >= count or clock.over:
            break
        if len(found.cost) >= wanted:  # some differed only in their hubs
            wanted *= 2
        elif len(steps) > 1:
            steps.pop(0)
        else:
            break
    near = _first(near, count)
    return replace(near, proven=near.proven and near.behind_best[-1] <= solution.whole_within)


def _first(near: Near, count: int) -> Near:
    """The first plans only."""
    if len(near) <= count:
        return near
    end = int(near.offset[count])
    return replace(near, cost=near.cost[:count], offset=near.offset[: count + 1], groups=near.groups[:end])


def _near(
    solution: Solution,
    found: NearPlans,
    tolerance: float,
    limit: int,
    at_most: int,
    *,
    stopped: bool,
    covered_only: bool = True,
) -> Near:
    """What was found, in positions of the list of candidates, each partition of the practices once.

    With `covered_only` plans are left out that cost as much as others which are missing.
    """
    cost, offset, groups = found.cost, found.offset, solution.alive[found.groups]
    reach = min(found.limit, limit)
    covers = found.complete or reach >= solution.cost
    if covered_only and covers and not found.complete and len(cost) and int(cost[-1]) > reach:
        some = int(np.searchsorted(cost, reach, side="right"))
        cost, offset, groups = cost[:some], offset[: some + 1], groups[: offset[some]]
    if not len(cost):  # time ran out before anything was found: the best plan is known all the same
        cost, offset = np.array([solution.cost]), np.array([0, len(solution.chosen)])
        groups = _by_smallest(solution.candidates, solution.chosen)
    kept = _first_of_each_partition(solution.candidates, offset, groups)
    cost, offset, groups = _only(kept, cost, offset, groups)
    reached = tolerance if found.complete else max(reach / solution.cost - 1.0 if solution.cost else 0.0, 0.0)
    return Near(
        tolerance=tolerance,
        covered=reached if covers else None,
        complete=found.complete,
        at_most=at_most,
        stopped=stopped,
        proven=solution.status == "optimal",
        best=solution.cost,
        cost=cost.astype(np.int64),
        offset=offset.astype(np.int64),
        groups=groups.astype(np.int64),
        units_per_minute=solution.candidates.units_per_minute,
    )


def _by_smallest(listed: Candidates, chosen: NDArray[np.int64]) -> NDArray[np.int64]:
    """The groups of a plan by their smallest member."""
    return chosen[np.argsort(listed.members[listed.starts[chosen]], kind="stable")]


def _first_of_each_partition(
    listed: Candidates, offset: NDArray[np.int64], groups: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Positions of plans, without those that differ from a cheaper one only in their hubs."""
    if listed.set_of is None:
        return np.arange(len(offset) - 1)
    sets = listed.set_of[groups]
    seen: set[bytes] = set()
    first = []
    for k in range(len(offset) - 1):
        key = sets[offset[k] : offset[k + 1]].tobytes()
        if key not in seen:
            seen.add(key)
            first.append(k)
    return np.array(first, np.int64)


def _only(
    kept: NDArray[np.int64], cost: NDArray[np.int64], offset: NDArray[np.int64], groups: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
    """Some of the plans, in their order."""
    if len(kept) == len(cost):
        return cost, offset, groups
    lengths = np.diff(offset)[kept]
    starts = np.concatenate(([0], np.cumsum(lengths)))
    at = np.repeat(offset[kept] - starts[:-1], lengths) + np.arange(starts[-1])
    return cost[kept], starts, groups[at]


class OwnTime(Clock):
    """Seconds of its own inside another clock: over when either is.

    Parameters
    ----------
    seconds
        The own limit.
    outer
        The other clock.
    """

    def __init__(self, seconds: float, outer: Clock) -> None:
        super().__init__(min(seconds, outer.left()))
        self._outer = outer

    @property
    def stopped(self) -> bool:
        """Whether somebody asked to stop."""
        return super().stopped or self._outer.stopped

    @property
    def over(self) -> bool:
        """Whether the time is used up, or somebody asked to stop."""
        return super().over or self._outer.over

    def left(self) -> float:
        """Seconds left."""
        return min(super().left(), self._outer.left())


# --------------------------------------------------------------------------------------------- as a table


def standalone(near: Near, listed: Candidates) -> tuple[Near, Candidates]:
    """The same plans over a list that holds only the groups they use, for keeping when the list is let go."""
    used, place = np.unique(near.groups, return_inverse=True)
    return replace(near, groups=place.astype(np.int64)), listed.take(used)


def write_near(near: Near, listed: Candidates, codes: Sequence[str], path: Path) -> None:
    """Write the plans as a Parquet file, one row each.

    Columns: `plan` (1 is the best), `score` (minutes per patient), `behind_best` (share), and one int16 column for each
    practice, named by its code: the number of its group in this plan, groups numbered by their smallest code from 1.
    """
    schema = pa.schema(
        [("plan", pa.int32()), ("score", pa.float64()), ("behind_best", pa.float64())]
        + [(code, pa.int16()) for code in codes]
    )
    with pq.ParquetWriter(path, schema, compression="zstd") as writer:
        for low, labels in group_numbers(near, listed, len(codes)):
            high = low + len(labels)
            columns = [
                pa.array(np.arange(low + 1, high + 1), pa.int32()),
                pa.array(near.cost[low:high] / near.units_per_minute),
                pa.array(near.behind_best[low:high]),
                *(pa.array(labels[:, p]) for p in range(len(codes))),
            ]
            writer.write_table(pa.table(columns, schema=schema))


def group_numbers(near: Near, listed: Candidates, practices: int) -> Iterator[tuple[int, NDArray[np.int16]]]:
    """The plans in portions: the first one's position, and the group of each practice, int16, shape (some, P)."""
    lengths = np.diff(listed.starts)
    for low in range(0, len(near), ROWS_AT_ONCE):
        high = min(low + ROWS_AT_ONCE, len(near))
        offset = near.offset[low : high + 1]
        groups = near.groups[offset[0] : offset[-1]]
        sizes = lengths[groups]
        number = np.arange(len(groups)) - np.repeat(offset[:-1] - offset[0], np.diff(offset)) + 1
        plan = np.repeat(np.arange(high - low), np.diff(offset))
        ends = np.cumsum(sizes)
        at = np.repeat(listed.starts[groups] - (ends - sizes), sizes) + np.arange(ends[-1])
        labels = np.zeros((high - low, practices), np.int16)
        labels[np.repeat(plan, sizes), listed.members[at]] = np.repeat(number, sizes)
        yield low, labels


def rank_table(near: Near, listed: Candidates, list_size: NDArray[np.int64], codes: Sequence[str]) -> pd.DataFrame:
    """The plans by rank: `plan`, `score`, `behind_best`, `groups`, `different_share`.

    `different_share` is the share of patients whose companions differ from those in the best plan; then the group of
    each practice by its number, in a column named by its code.
    """
    counts = np.diff(near.offset)
    first = np.isin(near.groups, near.plan(0))
    kept = np.add.reduceat(np.where(first, listed.list_size[near.groups], 0), near.offset[:-1])
    table = pd.DataFrame(
        {
            "plan": np.arange(1, len(near) + 1),
            "score": near.cost / near.units_per_minute,
            "behind_best": near.behind_best,
            "groups": counts,
            "different_share": 1.0 - kept / max(int(list_size.sum()), 1),
        }
    )
    labels = np.concatenate([part for _, part in group_numbers(near, listed, len(codes))])
    return pd.concat([table, pd.DataFrame(labels, columns=list(codes))], axis=1)


def rank_lines(near: Near, table: pd.DataFrame, *, most: int = 25) -> list[str]:
    """The plans by rank, in lines."""
    sure = "in this order, proven" if near.proven and not near.stopped else "the search was cut short: not proven"
    lines = [f"The {len(near):,} best plans ({sure}):" if len(near) > 1 else f"Only one plan ({sure}):"]
    for row in table.head(most).itertuples():
        behind = (row.score - table["score"].iloc[0], 100 * row.behind_best)
        more = (
            f"  +{behind[0]:.4f} minutes, {behind[1]:.3f}%; {row.different_share:.0%} of patients with other companions"
        )
        lines.append(f"  {row.plan:>5}  score {row.score:.4f}, {row.groups} groups{more if row.plan > 1 else ''}")
    if len(table) > most:
        lines.append(f"  ... and {len(table) - most:,} more")
    return lines
