"""The linear relaxation over the whole list, and a bound from it that holds exactly.

The programme: choose sets (x = 1) so that every practice is in exactly one, obey side rows "sum of a_j x_j <= limit"
and subset-row cuts "at most one chosen set holds two or more of three given practices", at least total cost. Its linear
relaxation is solved on a small pool of columns by HiGHS; the whole list is then priced against the dual values, sets
with negative reduced cost join the pool, until there is none.

The bound is not the floating-point objective. The dual values are rounded to whole units, every reduced cost of the
whole list is computed in integers, and the prices of practices are lowered until none is negative. Then for every plan

    cost = sum of prices + sum of limit x price (rows, cuts) + reduced costs of its sets + unused room >= the bound

without any tolerance; a set whose reduced cost is above (a known plan's cost - bound) can be in no better plan.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import highspy
import numpy as np
from numpy.typing import NDArray

from grouping.partition.clock import Clock, run_model
from grouping.partition.columns import Columns, Triple
from grouping.partition.kernels import broken_triples, holding_two, least_share, subtract_cuts, subtract_duals

SHARE_PASSES = 8
"""Rounds of sharing out costs for a bound without any linear programme."""

BROKEN = 1.02
"""A triple is worth a cut when sets of more than this weight hold two or more of its practices."""

NO_INDEX = np.empty(0, np.int64)


@dataclass(frozen=True)
class Bound:
    """What the relaxation proves: no plan costs less than `value`.

    Parameters
    ----------
    value
        Sum of `prices`, of row limits x `row_prices`, and of `cut_prices`; whole units.
    reduced
        Cost of each set less the prices of its members, rows and cuts: all >= 0.
    support, weights
        Sets the relaxation uses, and how much of each.
    prices
        Of each practice, int64, shape (P,).
    row_prices
        Of each side row, <= 0.
    cuts, cut_prices
        The cuts with a price, and the price of each, < 0.
    """

    value: int
    reduced: NDArray[np.int64]
    support: NDArray[np.int64]
    weights: NDArray[np.float64]
    prices: NDArray[np.int64]
    row_prices: NDArray[np.int64] = field(default_factory=lambda: NO_INDEX)
    cuts: tuple[Triple, ...] = ()
    cut_prices: NDArray[np.int64] = field(default_factory=lambda: NO_INDEX)

    @property
    def whole(self) -> bool:
        """Whether the relaxation's solution is a plan by itself."""
        return bool(np.all(self.weights > 1 - 1e-6))


@dataclass
class Relaxation:
    """Linear relaxation that can be tightened by cuts and narrowed to fewer columns."""

    columns: Columns
    cuts: list[Triple] = field(default_factory=list, init=False)
    batch: int = 1500
    rounds: int = 0

    def __post_init__(self) -> None:
        self._cut_set: set[Triple] = set()
        self._pool = np.empty(0, np.int64)
        self._in_pool = np.zeros(len(self.columns), bool)
        self._known: Bound | None = None
        self._scale = 1.0 / max(1.0, float(np.abs(self.columns.cost).max(initial=1)) / 1000.0)
        self._penalty = 1000.0 * max(10.0, min(self.columns.practices, 100))
        self._build()

    def _build(self) -> None:
        """Rows of practices and side rows, each with a dear artificial column, so that there always is a solution."""
        model = highspy.Highs()
        model.setOptionValue("output_flag", False)
        model.setOptionValue("threads", 1)
        model.setOptionValue("random_seed", 0)
        model.setOptionValue("presolve", "off")
        count = self.columns.practices
        for _ in range(count):
            model.addRow(1.0, 1.0, 0, np.empty(0, np.int32), np.empty(0))
        self._row_scale = []
        for row in self.columns.rows:
            factor = 1.0 / max(1.0, float(np.abs(row.coefficient).max(initial=1)) / 10.0)
            self._row_scale.append(factor)
            model.addRow(-highspy.kHighsInf, row.limit * factor, 0, np.empty(0, np.int32), np.empty(0))
        for practice in range(count):
            model.addCol(self._penalty, 0.0, highspy.kHighsInf, 1, np.array([practice], np.int32), np.ones(1))
        unmet = [number for number, row in enumerate(self.columns.rows) if row.limit < 0]
        for number in unmet:
            where = np.array([count + number], np.int32)
            model.addCol(self._penalty, 0.0, highspy.kHighsInf, 1, where, -np.ones(1))
        self._artificial = count + len(unmet)
        self._model = model

    def add(self, ids: NDArray[np.int64] | Sequence[int]) -> None:
        """Put these sets into the pool (those already in it are passed over)."""
        ids = np.unique(np.asarray(ids, np.int64))
        ids = ids[~self._in_pool[ids]]
        if len(ids) == 0:
            return
        self._in_pool[ids] = True
        self._pool = np.concatenate((self._pool, ids))
        chosen = self.columns.take(ids)
        rows, cols, values = self._entries(chosen)
        order = np.lexsort((rows, cols))
        rows, cols, values = rows[order], cols[order], values[order]
        starts = np.searchsorted(cols, np.arange(len(ids))).astype(np.int32)
        self._model.addCols(
            len(ids), chosen.cost * self._scale, np.zeros(len(ids)), np.full(len(ids), highspy.kHighsInf),
            len(rows), starts, rows.astype(np.int32), values,
        )  # fmt: skip

    def _entries(self, chosen: Columns) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
        """Rows, columns and values of some sets in the master programme."""
        count = self.columns.practices
        rows = [chosen.members.astype(np.int64)]
        cols = [np.repeat(np.arange(len(chosen)), chosen.lengths())]
        values = [np.ones(len(rows[0]))]
        for number, row in enumerate(chosen.rows):
            there = np.flatnonzero(row.coefficient)
            rows.append(np.full(len(there), count + number))
            cols.append(there)
            values.append(row.coefficient[there] * self._row_scale[number])
        base = count + len(chosen.rows)
        for number, triple in enumerate(self.cuts):
            there = holding_two(chosen.members, chosen.starts, *triple)
            rows.append(np.full(len(there), base + number))
            cols.append(there)
            values.append(np.ones(len(there)))
        return np.concatenate(rows), np.concatenate(cols), np.concatenate(values)

    def solve(self, *, clock: Clock | None = None) -> Bound:
        """Price until no set of the whole list has a negative reduced cost, and return the exact bound.

        When time runs out the bound is still valid, only weaker.
        """
        smallest = max(1, int(1e-7 * float(np.abs(self.columns.cost).max(initial=1))))
        if clock is not None and clock.over:
            return self._at_least_shared(self._known)
        while True:
            run_model(self._model, clock)
            self.rounds += 1
            if self._model.getModelStatus() == highspy.HighsModelStatus.kInterrupt:
                return self._at_least_shared(self._known)
            solution = self._model.getSolution()
            duals, values = np.asarray(solution.row_dual), np.asarray(solution.col_value)
            reduced, prices, rows = self._price(duals)
            short = np.flatnonzero(reduced < -smallest)
            short = short[~self._in_pool[short]]
            over = clock is not None and clock.over
            if len(short) == 0 or over:
                known, now = self._known, self._bound(values, reduced, prices, rows)
                self._known = now if known is None or now.value >= known.value else replace_prices(now, known)
                return self._at_least_shared(self._known) if len(short) else self._known
            self.add(self._choose(short, reduced))

    def _at_least_shared(self, known: Bound | None) -> Bound:
        """The better of a bound cut short and one that needs no linear programme."""
        shared = shared_bound(self.columns)
        if known is None:
            return shared
        return known if known.value >= shared.value else replace_prices(known, shared)

    def _choose(self, short: NDArray[np.int64], reduced: NDArray[np.int64]) -> NDArray[np.int64]:
        """The most promising sets, not too many around the same practice."""
        if len(short) <= self.batch:
            return short
        value = reduced[short]
        wide = min(len(short), self.batch * 8)
        best = np.argpartition(value, wide - 1)[:wide]
        best = best[np.lexsort((short[best], value[best]))]
        ids = short[best]
        return _spread(self.columns, ids, self.batch)

    def _price(self, duals: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Integer reduced costs of the whole list, prices of practices, prices of rows and cuts (<= 0)."""
        count, columns = self.columns.practices, self.columns
        prices = np.rint(duals[:count] / self._scale).astype(np.int64)
        factors = np.concatenate((np.asarray(self._row_scale, float), np.ones(len(self.cuts))))
        rows = np.minimum(np.rint(duals[count:] * factors / self._scale), 0).astype(np.int64)
        reduced = reduced_costs(columns, prices, rows[: len(columns.rows)], self.cuts, rows[len(columns.rows) :])
        return reduced, prices, rows

    def _bound(
        self,
        values: NDArray[np.float64],
        reduced: NDArray[np.int64],
        prices: NDArray[np.int64],
        rows: NDArray[np.int64],
    ) -> Bound:
        """The bound of these prices, with what the relaxation's solution uses."""
        count = len(self.columns.rows)
        weights = values[self._artificial :]
        used = weights > 1e-7
        priced = np.flatnonzero(rows[count:])
        cuts = tuple(self.cuts[n] for n in priced)
        bound = lowered(self.columns, reduced, prices, rows[:count], cuts, rows[count:][priced])
        return replace(bound, support=self._pool[used], weights=weights[used])

    def tighten(self, bound: Bound, most: int = 60) -> int:
        """Add the subset-row cuts the last solution breaks most; returns how many."""
        triples = violated_triples(self.columns.take(bound.support), bound.weights, most)
        known = self._cut_set
        fresh = [triple for triple in triples if triple not in known]
        self.cut(fresh)
        return len(fresh)

    def cut(self, triples: Sequence[Triple]) -> None:
        """Add these cuts (those known already are passed over)."""
        pool = self.columns.take(self._pool)
        for triple in triples:
            if triple in self._cut_set:
                continue
            self._cut_set.add(triple)
            self.cuts.append(triple)
            position = holding_two(pool.members, pool.starts, *triple)
            self._model.addRow(
                -highspy.kHighsInf, 1.0, len(position),
                (position + self._artificial).astype(np.int32), np.ones(len(position)),
            )  # fmt: skip

    def narrowed(self, keep: NDArray[np.bool_]) -> Relaxation:
        """The same relaxation over fewer sets, with its cuts and pool."""
        ids = np.flatnonzero(keep)
        other = Relaxation(self.columns.take(ids), batch=self.batch, rounds=self.rounds)
        number = np.cumsum(keep) - 1
        other.add(number[self._pool[keep[self._pool]]])
        other.cut(self.cuts)
        return other

    @property
    def pool(self) -> NDArray[np.int64]:
        """Sets in the pool."""
        return self._pool


def reduced_costs(
    columns: Columns,
    prices: NDArray[np.int64],
    row_prices: NDArray[np.int64],
    cuts: Sequence[Triple],
    cut_prices: NDArray[np.int64],
) -> NDArray[np.int64]:
    """Cost of every set less the prices of its members, of the side rows and of the cuts, in whole numbers."""
    reduced = np.empty(len(columns), np.int64)
    subtract_duals(columns.members, columns.starts, columns.cost, prices, reduced)
    for price, row in zip(row_prices.tolist(), columns.rows, strict=True):
        if price:
            reduced -= price * row.coefficient
    priced = np.flatnonzero(cut_prices)
    if len(priced):
        triples = np.sort(np.array([cuts[n] for n in priced], np.int64).reshape(-1, 3), axis=1)
        order = np.lexsort(triples.T[::-1])
        dear = cut_prices[priced][order]
        subtract_cuts(columns.members, columns.starts, columns.practices, triples[order], dear, reduced)
    return reduced


def lowered(
    columns: Columns,
    reduced: NDArray[np.int64],
    prices: NDArray[np.int64],
    row_prices: NDArray[np.int64],
    cuts: tuple[Triple, ...],
    cut_prices: NDArray[np.int64],
) -> Bound:
    """Lower the prices of practices until no reduced cost is negative; their sum is then a bound without tolerance."""
    negative = np.flatnonzero(reduced < 0)
    if len(negative):
        chosen = columns.take(negative)
        lengths = chosen.lengths()
        share = -(reduced[negative] // lengths)
        lower = np.zeros(columns.practices, np.int64)
        np.maximum.at(lower, chosen.members, np.repeat(share, lengths))
        prices = prices - lower
        extra = np.empty(len(columns), np.int64)
        subtract_duals(columns.members, columns.starts, reduced, -lower, extra)
        reduced = extra
    limits = [row.limit for row in columns.rows]
    value = int(prices.sum()) + int(cut_prices.sum())
    value += sum(int(price) * limit for price, limit in zip(row_prices, limits, strict=True))
    return Bound(value, reduced, NO_INDEX, np.empty(0), prices, row_prices, cuts, cut_prices)


def reprice(columns: Columns, bound: Bound) -> Bound:
    """The bound that the same prices prove over other sets (with the same side rows)."""
    reduced = reduced_costs(columns, bound.prices, bound.row_prices, bound.cuts, bound.cut_prices)
    return lowered(columns, reduced, bound.prices, bound.row_prices, bound.cuts, bound.cut_prices)


def shared_bound(columns: Columns) -> Bound:
    """A bound without a linear programme: each practice pays its least share of a set that holds it.

    The shares of a set sum to no more than its cost, so the least shares are prices. They begin equal; the next round
    shares out by the prices of the last.
    """
    weights = np.ones(columns.practices)
    best: NDArray[np.int64] | None = None
    for _ in range(SHARE_PASSES):
        prices = np.empty(columns.practices, np.int64)
        least_share(columns.members, columns.starts, columns.cost, weights, prices)
        if best is None or prices.sum() > best.sum():
            best = prices
        weights = np.sqrt(weights * np.maximum(prices / max(float(prices.mean()), 1.0), 1e-3))
    none = np.zeros(len(columns.rows), np.int64)
    reduced = reduced_costs(columns, best, none, (), NO_INDEX)
    return lowered(columns, reduced, best, none, (), NO_INDEX)


def replace_prices(bound: Bound, other: Bound) -> Bound:
    """The solution of one bound with the prices of another."""
    return replace(other, support=bound.support, weights=bound.weights)


def _spread(columns: Columns, ids: NDArray[np.int64], batch: int) -> NDArray[np.int64]:
    """The first of `ids`, but so that every practice is in about equally many."""
    limit = max(8, 8 * batch // max(columns.practices, 1))
    chosen = columns.take(ids)
    order = np.argsort(chosen.members, kind="stable")
    owner = np.repeat(np.arange(len(ids)), chosen.lengths())[order]
    practice = chosen.members[order]
    first = np.searchsorted(practice, np.arange(columns.practices))
    rank = np.arange(len(practice)) - first[practice]
    wanted = np.zeros(len(ids), bool)
    wanted[owner[rank < max(1, limit // 4)]] = True
    picked = np.flatnonzero(wanted)[: batch * 2]
    return ids[picked]


def violated_triples(columns: Columns, weights: NDArray[np.float64], most: int) -> list[Triple]:
    """Three practices, two or more of which are held by sets of total weight above 1, the worst first."""
    matrix = columns.incidence()
    shared = (matrix * weights[:, None]).T @ matrix.astype(np.float64)
    np.fill_diagonal(shared, 0.0)
    split = np.flatnonzero(((shared > 1e-6) & (shared < 1 - 1e-6)).any(axis=1))
    if len(split) < 3:
        return []
    triples, totals = broken_triples(
        columns.members, columns.starts, weights, shared, split, _linked(shared, split), BROKEN
    )
    i, j, k = triples.T
    order = np.lexsort((k, j, i, -np.round(totals, 6)))[:most]
    return [(int(a), int(b), int(c)) for a, b, c in triples[order]]


def _linked(shared: NDArray[np.float64], split: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Pairs of practices in `split` that share some set, bool, shape (P, P)."""
    inside = np.zeros(len(shared), bool)
    inside[split] = True
    return (shared > 1e-6) & inside[:, None] & inside
