"""Any partition problem with a size rule, on plain arrays: weights, neighbours, the cost of a group.

Planning is one use of it; forming regions or districts is another. Every group the rules allow is listed, so the answer
is proven over all of them, and the same list gives every plan that is nearly as good.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from geodata.errors import NoPlan
from grouping.partition.clock import Clock
from grouping.partition.columns import Columns, SideRow
from grouping.partition.every import every_plan
from grouping.partition.kernels import connected_sets, pair_sums
from grouping.partition.search import Found, minimise
from grouping.partition.ties import first_of_equals

MOST_GROUPS = 20_000_000
"""Groups listed at most, unless told otherwise."""

FINEST = 1_000_000_000
"""Costs are told apart to this share of the largest one, rounded to a power of ten."""

Cost = Callable[[NDArray[np.int16], NDArray[np.int64]], NDArray]


@dataclass(frozen=True)
class Partition:
    """A division into groups.

    Parameters
    ----------
    groups
        The units of each group, ascending; groups by their smallest unit.
    cost
        Sum of the groups' costs.
    bound
        No division costs less.
    proven
        Whether it is a cheapest one (costs are compared as multiples of the problem's resolution).
    listed
        How many groups were listed.
    """

    groups: tuple[tuple[int, ...], ...]
    cost: float
    bound: float
    proven: bool
    listed: int

    @property
    def gap(self) -> float:
        """(cost - bound) / |cost|, 0 when proven."""
        return 0.0 if self.proven or not self.cost else max(self.cost - self.bound, 0.0) / abs(self.cost)

    def labels(self) -> NDArray[np.int64]:
        """Number of each unit's group, shape (P,)."""
        labels = np.empty(sum(len(group) for group in self.groups), np.int64)
        for number, group in enumerate(self.groups):
            labels[list(group)] = number
        return labels


@dataclass(frozen=True)
class Partitions:
    """Divisions by cost. `tolerance` is the share above the best up to which they are `complete`."""

    partitions: tuple[Partition, ...]
    tolerance: float
    complete: bool

    def __len__(self) -> int:
        """How many."""
        return len(self.partitions)


class PartitionProblem:
    """Divide units into connected groups of a given weight at least cost, and prove it.

    ========  ==========================================================================
    symbol    meaning
    ========  ==========================================================================
    P         number of units
    w_i       weight of unit i, a whole number >= 0 (`weights`)
    E         pairs of units that are neighbours (`adjacency`)
    K         pairs of units that may share a group (`compatible`)
    L, U      least and greatest weight of a group (`lower`, `upper`)
    a, b      fewest and most groups (`groups`)
    G         all sets g with L <= sum of w_i over g <= U, every pair in K, connected in E
    c_g       cost of group g (`cost`)
    x_g       1 if g is a group of the division, else 0
    ========  ==========================================================================

    ::

        minimise    sum of c_g x_g                     over g in G
        subject to  sum of x_g over g with unit i = 1  for every unit i
                    a <= sum of x_g <= b
                    x_g in {0, 1}

    Parameters
    ----------
    weights
        Whole numbers >= 0, shape (P,).
    adjacency
        Boolean, symmetric, shape (P, P); None: any set counts as connected.
    cost
        A matrix, shape (P, P), symmetric: a group costs the sum over its pairs, each pair once, and its units' diagonal
        entries. Or a function of `members` and `starts`, which returns the cost of every group at once: group j holds
        units `members[starts[j]:starts[j + 1]]`, ascending. `of_each` makes one of a function of a single group.
    lower, upper
        Least and greatest weight of a group; None for no upper limit.
    groups
        Number of groups, or the fewest and the most; None for any number.
    compatible
        Boolean, symmetric, shape (P, P); None: all.
    resolution
        Costs are rounded to multiples of this, so that they can be added and compared without error. Default: 1 if all
        costs are whole numbers, else the power of ten next to a thousand-millionth of the largest cost. A division of
        n groups is then at most n / 2 resolutions from its true cost.
    at_most
        Groups listed at most.

    Raises
    ------
    ValueError
        Arrays of the wrong shape or kind, a cost that is not a number, or more groups than `at_most`.

    Notes
    -----
    Groups are listed by growing connected sets. The programme is solved over all of them by column pricing, cuts over
    three units (Jepsen, Petersen, Spoorendonk and Pisinger, Operations Research 56, 2008) and discarding by reduced
    cost; what is left goes to HiGHS. Bounds are computed in whole numbers.

    Examples
    --------
    Six towns along a road, with so many people in each; groups of at least 10, as short as possible:

    >>> import numpy as np
    >>> from grouping.partition import PartitionProblem
    >>> people = [4, 7, 3, 6, 5, 9]
    >>> km = np.array([0, 10, 14, 30, 33, 50])
    >>> road = np.abs(np.subtract.outer(np.arange(6), np.arange(6))) == 1
    >>> apart = np.abs(np.subtract.outer(km, km))
    >>> problem = PartitionProblem(people, road, apart, lower=10)
    >>> best = problem.solve()
    >>> best.groups
    ((0, 1, 2), (3, 4, 5))
    >>> best.cost, best.proven
    (68.0, True)
    >>> [plan.cost for plan in problem.every(1.0).partitions]
    [68.0, 111.0, 121.0]
    """

    def __init__(
        self,
        weights: Sequence[int] | NDArray,
        adjacency: NDArray | None,
        cost: NDArray | Cost,
        *,
        lower: int = 0,
        upper: int | None = None,
        groups: int | tuple[int, int] | None = None,
        compatible: NDArray | None = None,
        resolution: float | None = None,
        at_most: int = MOST_GROUPS,
    ) -> None:
        self.weights = _whole(weights)
        count = len(self.weights)
        self.fewest, self.most = (groups, groups) if isinstance(groups, int) else groups or (1, count)
        neighbours = _square("adjacency", adjacency, count)
        allowed = _square("compatible", compatible, count)
        total = int(self.weights.sum())
        upper = total if upper is None else min(int(upper), total)
        upper = min(upper, total - (self.fewest - 1) * int(lower))  # what the other groups need at least
        members, starts = _listed(neighbours, allowed, self.weights, upper, at_most)
        weight = np.add.reduceat(self.weights[members], starts[:-1]) if len(members) else np.empty(0, np.int64)
        ids = np.flatnonzero(weight >= lower)
        listed = Columns(count, members, starts, np.zeros(len(weight), np.int64)).take(ids)
        self.resolution, self._step, units = _in_units(_costs(cost, listed), resolution)
        self._columns = Columns(count, listed.members, listed.starts, units, self._rows(len(ids)))
        self._found: Found | None = None

    def __len__(self) -> int:
        """How many groups the rules allow."""
        return len(self._columns)

    def _rows(self, size: int) -> tuple[SideRow, ...]:
        rows = []
        if self.most < len(self.weights):
            rows.append(SideRow("most_groups", np.ones(size, np.int64), self.most))
        if self.fewest > 1:
            rows.append(SideRow("fewest_groups", np.full(size, -1, np.int64), -self.fewest))
        return tuple(rows)

    def solve(self, *, seconds: float | None = None) -> Partition:
        """The cheapest division, with its proof; of equally cheap ones the one whose sorted groups come first.

        Parameters
        ----------
        seconds
            Time limit; the best division so far is then returned, with what is proven about it.

        Raises
        ------
        NoPlan
            There is none, or none was found in time; the message says which.
        """
        columns = self._columns
        if len(np.unique(columns.members)) < columns.practices:
            missing = np.setdiff1d(np.arange(columns.practices), columns.members)
            raise NoPlan(f"No group is allowed that holds unit {', '.join(map(str, missing[:10]))}.")
        names = [str(unit) for unit in range(columns.practices)]
        found = minimise(columns, names, step=self._step, clock=Clock(seconds))
        if found.plan is None:
            reason = "there is none" if found.proven else "none was found in the time given"
            raise NoPlan(f"No division into groups obeys the rules: {reason}.")
        self._found = found
        plan = found.plan
        if found.proven:
            rest = columns.take(found.remaining)
            first = first_of_equals(rest, found.reduced, found.value - found.last.value, found.value)
            plan = plan if first is None else found.remaining[first]
        return self._partition(plan, found.value, found.value if found.proven else found.bound, proven=found.proven)

    def every(self, tolerance: float, *, at_most: int = 200_000) -> Partitions:
        """Every division that costs at most (1 + tolerance) times the best, by cost.

        Parameters
        ----------
        tolerance
            Share of the best cost (of its absolute value).
        at_most
            Most divisions to return; if there are more, the cheapest ones.

        Raises
        ------
        NoPlan
            There is none.
        """
        if self._found is None or not self._found.proven:
            self.solve()
        found = self._found
        assert found is not None
        limit = found.value + int(abs(found.value) * tolerance)
        near = every_plan(self._columns, found.root, limit, at_most=at_most)
        plans = tuple(
            self._partition(near.plan(n), int(near.cost[n]), found.value, proven=int(near.cost[n]) == found.value)
            for n in range(len(near))
        )
        covered = (near.limit - found.value) / abs(found.value) if found.value else 0.0
        return Partitions(plans, tolerance if near.complete else max(covered, 0.0), near.complete)

    def _partition(self, plan: NDArray[np.int64], value: int, bound: int, *, proven: bool) -> Partition:
        groups = tuple(sorted(self._columns.group(int(j)) for j in plan))
        unit = self.resolution / self._step
        return Partition(groups, value * unit, bound * unit, proven, len(self))


def of_each(function: Callable[[tuple[int, ...]], float]) -> Cost:
    """The cost of every group from a function of one group (its units, ascending). Slow for millions of groups."""

    def cost(members: NDArray[np.int16], starts: NDArray[np.int64]) -> NDArray[np.float64]:
        units = members.tolist()
        return np.array([function(tuple(units[a:b])) for a, b in pairwise(starts)], float)

    return cost


def _whole(weights: Sequence[int] | NDArray) -> NDArray[np.int64]:
    """Weights as whole numbers."""
    given = np.asarray(weights)
    whole = given.astype(np.int64) if given.dtype.kind in "iuf" and np.isfinite(given).all() else None
    if whole is None or given.ndim != 1 or not len(given) or (whole != given).any() or (whole < 0).any():
        raise ValueError("weights must be whole numbers of 0 or more, one for each unit")
    return whole


def _square(name: str, matrix: NDArray | None, count: int) -> NDArray[np.bool_]:
    """A symmetric boolean matrix; all true for None."""
    if matrix is None:
        return np.ones((count, count), bool)
    given = np.asarray(matrix).astype(bool)
    if given.shape != (count, count) or (given != given.T).any():
        raise ValueError(f"{name} must be symmetric and of shape ({count}, {count})")
    return given


def _listed(
    neighbours: NDArray[np.bool_], allowed: NDArray[np.bool_], weights: NDArray[np.int64], upper: int, at_most: int
) -> tuple[NDArray[np.int16], NDArray[np.int64]]:
    """All connected sets of allowed pairs up to the greatest weight."""
    bits = [_bit_sets(matrix) for matrix in (neighbours, allowed)]
    none = np.empty(0, np.int16), np.empty(0, np.int64)
    sets, entries = connected_sets(*bits, weights, upper, at_most, *none)
    if sets > at_most:
        raise ValueError(f"more than {at_most:,} groups are allowed: lower the upper limit, or drop neighbours")
    members, starts = np.empty(entries, np.int16), np.zeros(sets + 1, np.int64)
    connected_sets(*bits, weights, upper, at_most, members, starts)
    return members, starts


def _bit_sets(matrix: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """Each row as a bit set without its own place, shape (P, words)."""
    count = len(matrix)
    other = matrix & ~np.eye(count, dtype=bool)
    wide = np.zeros((count, (count + 63) // 64 * 64), np.uint64)
    wide[:, :count] = other
    return np.bitwise_or.reduce(wide.reshape(count, -1, 64) << np.arange(64, dtype=np.uint64), axis=2)


def _costs(cost: NDArray | Cost, listed: Columns) -> NDArray:
    """The cost of every group."""
    if callable(cost):
        values = np.asarray(cost(listed.members, listed.starts))
    else:
        matrix = np.asarray(cost)
        count = listed.practices
        if matrix.shape != (count, count) or not np.array_equal(matrix, matrix.T, equal_nan=True):
            raise ValueError(f"a cost matrix must be symmetric and of shape ({count}, {count})")
        values = np.empty(len(listed), matrix.dtype if matrix.dtype.kind == "f" else np.int64)
        pair_sums(listed.members, listed.starts, matrix.astype(values.dtype), values)
    if values.shape != (len(listed),) or values.dtype.kind not in "iuf" or not np.isfinite(values).all():
        raise ValueError("cost must give one finite number for each group")
    return values


def _in_units(values: NDArray, resolution: float | None) -> tuple[float, int, NDArray[np.int64]]:
    """Resolution, units per resolution, and the costs in units.

    There are several units to a resolution where costs are small numbers, so that prices, which are whole numbers of
    units, can be told apart finely enough.
    """
    largest = float(np.abs(values).max(initial=0))
    if resolution is None:
        whole = values.dtype.kind in "iu" or (largest < 2**53 and (values == np.rint(values)).all())
        resolution = 1.0 if whole else 10.0 ** np.ceil(np.log10(largest / FINEST))
    if not resolution > 0 or largest / resolution > 1 << 50:
        raise ValueError("resolution must be above 0, and not finer than the largest cost / 1e15")
    multiples = np.rint(values / resolution).astype(np.int64)
    step = max(1, FINEST // max(int(np.abs(multiples).max(initial=0)), 1))
    return float(resolution), min(step, 1_000_000), multiples * min(step, 1_000_000)
