"""What all public tables share: the exact counts, what of them is hidden, and how figures are printed."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from grouping.impact.disclosure.cells import Block, Counts, Key, counts_of, main_scenario, structure_of
from grouping.impact.disclosure.counts import HIDDEN, as_count, as_minutes, whole
from grouping.impact.disclosure.decide import Hidden, decide
from grouping.impact.disclosure.minutes import Shown, shown_minutes

Positions = tuple[NDArray[np.int64], NDArray[np.int64]]
"""Block and cell of each row of a table, shapes (n,)."""


class Decided:
    """The exact tables of a run and what of them may be printed.

    Parameters
    ----------
    tables
        Exact.
    threshold
        Minutes beyond which a journey is long.
    """

    def __init__(self, tables: Mapping[str, pd.DataFrame], threshold: float) -> None:
        self.exact = dict(tables)
        self.threshold = threshold
        self.main = main_scenario(tables["summary"])
        self.listed = self.main == ""
        """Whether the people of practices and groups are their published lists."""
        self.counts: Counts = counts_of(tables)
        structure = structure_of(self.counts, tables)
        self.hidden: Hidden = decide(self.counts, structure, threshold=threshold, listed=self.listed)

    def table(self, name: str) -> pd.DataFrame:
        """An exact table, its rows counted from 0."""
        return self.exact[name].reset_index(drop=True)

    def blocks(self, table: pd.DataFrame) -> list[Block]:
        """Block of each row of a table that is for the main scenario."""
        rows = zip(table["option"], table["journey"], table["mode"], strict=True)
        return [(option, self.main, journey, mode) for option, journey, mode in rows]

    def at(self, blocks: Sequence[Block], keys: Sequence[Key]) -> Positions:
        """Where rows stand among the counts."""
        rows = np.array([self.counts.block_of[block] for block in blocks], dtype=np.int64)
        cells = np.array([self.counts.cell_of[key] for key in keys], dtype=np.int64)
        return rows, cells

    def printed(self, measure: str, at: Positions) -> list[object]:
        """Counts of a measure as they are printed."""
        stars = self.hidden[measure][at]
        return [as_count(v, bool(s)) for v, s in zip(self.counts.value[measure][at], stars, strict=True)]

    def people(self, blocks: Sequence[Block], keys: Sequence[Key]) -> list[object]:
        """Numbers of people; published ones exact."""
        made = self.printed("people", self.at(blocks, keys))
        for i, (block, key) in enumerate(zip(blocks, keys, strict=True)):
            if self.listed and block[1] == "" and (key == ("of", "all", "all") or key[0] == "by"):
                b, n = self.counts.block_of[block], self.counts.cell_of[key]
                made[i] = whole(float(self.counts.value["people"][b, n]))
        return made

    def routed(self, at: Positions) -> NDArray[np.float64]:
        """Exact numbers of people with a route."""
        return self.counts.value["people"][at] - np.nan_to_num(self.counts.value["no_route"][at])

    def longest(self, journey: object, mode: object) -> float:
        """The longest journey by a mode that is printed anywhere."""
        summary = self.exact["summary"]
        own = (summary["journey"] == journey) & (summary["mode"] == mode) & (summary["population"] == "all")
        value = pd.to_numeric(summary.loc[own, "longest"], errors="coerce").max()
        return 0.0 if pd.isna(value) else float(value)

    def shown(self, table: pd.DataFrame, at: Positions, after: str, before: str) -> Shown:
        """Which minutes of a table are printed; `after` and `before` are its columns of mean minutes."""
        parts = {key: np.zeros(len(table), dtype=bool) for key in ("mean", "median", "p90", "change", "whole")}
        journeys = list(zip(table["journey"], table["mode"], strict=True))
        means = {"after": numbers(table, after), "before": numbers(table, before)}
        for one in dict.fromkeys(journeys):
            rows = np.array([own == one for own in journeys], dtype=bool)
            found = shown_minutes(
                self.counts,
                self.hidden,
                (at[0][rows], at[1][rows]),
                {key: values[rows] for key, values in means.items()},
                threshold=self.threshold,
                longest=self.longest(*one),
            )
            for key, values in parts.items():
                values[rows] = getattr(found, key)
        return Shown(**parts)


# ---------------------------------------------------------------------------------------------------- single figures


def number(value: object) -> float:
    """A figure, NaN for what is hidden or not known."""
    return math.nan if value is None or isinstance(value, str) or pd.isna(value) else float(value)


def numbers(table: pd.DataFrame, column: str) -> NDArray[np.float64]:
    """The figures of a column, shape (n,); NaN throughout where there is no such column."""
    if column not in table:
        return np.full(len(table), np.nan)
    return pd.to_numeric(table[column], errors="coerce").to_numpy(dtype=float, na_value=np.nan)


def minutes(
    table: pd.DataFrame, column: str, may: NDArray[np.bool_], in_whole: NDArray[np.bool_] | None = None
) -> list[object]:
    """A column of minutes as it is printed, hidden where it may not be."""
    in_whole = np.zeros(len(table), dtype=bool) if in_whole is None else in_whole
    values = zip(numbers(table, column), may, in_whole, strict=True)
    return [as_minutes(value, bool(m), bool(w)) for value, m, w in values]


def counted(values: NDArray[np.float64], stars: NDArray[np.bool_]) -> list[object]:
    """Counts as they are printed."""
    return [as_count(float(value), bool(star)) for value, star in zip(values, stars, strict=True)]


def hidden_where(values: Sequence[object], stars: Sequence[bool]) -> list[object]:
    """Figures of which some are hidden."""
    return [HIDDEN if star else value for value, star in zip(values, stars, strict=True)]


def changed(table: pd.DataFrame, new: Mapping[str, Sequence[object]]) -> pd.DataFrame:
    """The table with those of its columns replaced that are given; hidden and known figures stand in one column."""
    made = table.copy()
    for column in [name for name in new if name in table]:
        values = new[column]
        made[column] = pd.Series(list(values), index=made.index, dtype=object)
    return made
