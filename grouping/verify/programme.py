"""Bounds and best plans over scored groups, without anything of the optimiser: SciPy's HiGHS called directly.

A plan chooses groups (x = 1) so that every practice is in exactly one, obeys rows "sum of a_j x_j <= limit" and has the
least sum of costs. For any prices of practices, and prices <= 0 of rows and of cuts "at most one chosen group holds two
or more of three practices" (which hold for every plan), every plan costs

    sum of prices + sum of limit x price + sum of reduced costs of its groups + something >= 0,

whatever the prices are and wherever they come from. Everything here is counted in whole numbers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import Bounds, LinearConstraint, linprog, milp
from scipy.sparse import csr_array, vstack

Ints = NDArray[np.int64]
BATCH = 3_000
ROUNDS = 60


@dataclass(frozen=True)
class Row:
    """A limit on a plan as a whole: `sum(adds of the chosen groups) <= limit`."""

    name: str
    adds: Ints
    limit: int


@dataclass(frozen=True)
class Prices:
    """Whole-number prices: of practices (P,), of rows in their order (<= 0), and of cuts with their three practices."""

    practices: Ints
    rows: tuple[int, ...]
    cuts: tuple[tuple[tuple[int, int, int], int], ...] = ()


@dataclass(frozen=True)
class Proven:
    """What prices prove: no plan costs less than `bound`.

    `stated` is what they would prove if no reduced cost were negative; `negative` counts those that are. With prices
    lowered until none is, `reduced` holds what is left of each group's cost (N,), and `shifted` its cost less the
    prices of practices alone: over the groups of any plan it adds up to the plan's cost less the sum of these prices.
    """

    bound: int
    stated: int
    negative: int
    reduced: Ints
    shifted: Ints


def bound_of(members: NDArray[np.uint8], cost: Ints, rows: Sequence[Row], prices: Prices) -> Proven:
    """The bound that prices prove over all groups, in whole numbers.

    Parameters
    ----------
    members
        1 where a practice is in a group, shape (N, P).
    cost
        Whole numbers, shape (N,).
    rows
        Limits on the plan as a whole.
    prices
        Any prices; those of rows and cuts must not be positive.
    """
    shifted = reduced = cost - _sums(members, prices.practices)
    stated = int(prices.practices.sum())
    for row, price in zip(rows, prices.rows, strict=True):
        reduced = reduced - price * row.adds
        stated += price * row.limit
    for three, price in prices.cuts:
        reduced = reduced - price * (members[:, list(three)].sum(axis=1) >= 2)
        stated += price
    negative = np.flatnonzero(reduced < 0)
    bound = stated
    if len(negative):
        # Each practice gives up as much as the group that needs most of it: a plan holds it in one group only.
        inside = members[negative].astype(np.int64)
        share = -(reduced[negative] // inside.sum(axis=1))
        given = (inside * share[:, None]).max(axis=0)
        bound -= int(given.sum())
        reduced, shifted = reduced + _sums(members, given), shifted + _sums(members, given)
    return Proven(bound, stated, len(negative), reduced, shifted)


def _sums(members: NDArray[np.uint8], values: Ints) -> Ints:
    """Sum of a whole number per practice over each group."""
    total = np.zeros(len(members), np.int64)
    for practice in np.flatnonzero(values):
        total += members[:, practice] * values[practice]
    return total


def own_prices(members: NDArray[np.uint8], cost: Ints, rows: Sequence[Row], plan: Ints) -> Prices:
    """Prices found here: the linear relaxation solved over ever more groups, until no group is missing.

    Parameters
    ----------
    members, cost, rows
        As for `bound_of`.
    plan
        Positions of a plan that obeys all rows, to begin with.
    """
    scale = max(1.0, float(np.abs(cost).max(initial=1)) / 1000.0)
    pool = np.zeros(len(cost), bool)
    pool[plan] = True
    pool[members.sum(axis=1) == 1] = True
    prices = Prices(np.zeros(members.shape[1], np.int64), (0,) * len(rows))
    for _ in range(ROUNDS):
        chosen = np.flatnonzero(pool)
        answer = linprog(
            cost[chosen] / scale,
            A_ub=np.array([row.adds[chosen] for row in rows], float) if rows else None,
            b_ub=[row.limit for row in rows] if rows else None,
            A_eq=csr_array(members[chosen].T.astype(np.float64)),
            b_eq=np.ones(members.shape[1]),
            method="highs",
        )
        if answer.status != 0:
            break
        on_rows = answer.ineqlin.marginals if rows else ()
        prices = Prices(
            np.rint(answer.eqlin.marginals * scale).astype(np.int64),
            tuple(min(0, round(float(price) * scale)) for price in on_rows),
        )
        reduced = cost - _sums(members, prices.practices)
        for row, price in zip(rows, prices.rows, strict=True):
            reduced = reduced - price * row.adds
        missing = np.flatnonzero((reduced < 0) & ~pool)
        if len(missing) == 0:
            break
        pool[missing[np.argsort(reduced[missing], kind="stable")[:BATCH]]] = True
    return prices


@dataclass(frozen=True)
class Settled:
    """What the programme found: `optimal`, `none` (there is no plan) or `open` (it did not finish), and the plan."""

    status: str
    chosen: Ints


def best_plan(members: NDArray[np.uint8], cost: Ints, rows: Sequence[Row], *, seconds: float) -> Settled:
    """The plan of least cost over a few groups, by HiGHS as SciPy brings it.

    Parameters
    ----------
    members, cost, rows
        As for `bound_of`; costs less the prices of practices serve as well, and are small numbers.
    seconds
        Time after which it gives up.
    """
    if len(cost) == 0 or not members.any(axis=0).all():
        return Settled("none", np.empty(0, np.int64))
    scale = max(1.0, float(np.abs(cost).max(initial=1)) / 1000.0)
    parts, lower, upper = [csr_array(members.T.astype(np.float64))], [1.0] * members.shape[1], [1.0] * members.shape[1]
    for row in rows:
        size = max(1.0, float(np.abs(row.adds).max(initial=1)) / 100.0)
        parts.append(csr_array((row.adds / size).reshape(1, -1)))
        lower.append(-np.inf)
        upper.append(row.limit / size)
    answer = milp(
        cost / scale,
        constraints=LinearConstraint(vstack(parts), np.array(lower), np.array(upper)),
        integrality=np.ones(len(cost)),
        bounds=Bounds(0, 1),
        options={"mip_rel_gap": 0.0, "time_limit": max(seconds, 1.0)},
    )
    if answer.status == 2:
        return Settled("none", np.empty(0, np.int64))
    if answer.x is None:
        return Settled("open", np.empty(0, np.int64))
    return Settled("optimal" if answer.status == 0 else "open", np.flatnonzero(answer.x > 0.5))
