"""Side rows whose coefficients may be negative, turned into rows in which no choice gives anything back."""

from __future__ import annotations

import numpy as np

from grouping.partition.columns import Columns, SideRow

SCALE = 1000
"""Shares of a coefficient are told apart to a thousandth."""

LARGE = 1 << 40
"""Coefficients from here on are not scaled, so that their sums stay within 64 bits."""


def without_negative(columns: Columns, row: SideRow) -> SideRow:
    """The same row with no negative coefficient: what is used up is never given back.

    Every practice is in exactly one set of a plan. So a number per practice can be taken from the sets that hold it
    and, once, from the limit, and the row says the same of every plan. Taken is each practice's least share of a set,
    which leaves every set at least 0; it also tightens rows such as "at most so many groups".

    Parameters
    ----------
    columns
        The sets.
    row
        A side row over them. Its scale may change.
    """
    scale = SCALE if max(int(np.abs(row.coefficient).max(initial=0)), abs(row.limit)) < LARGE else 1
    lengths = columns.lengths()
    none = np.iinfo(np.int64).max
    least = np.full(columns.practices, none)
    np.minimum.at(least, columns.members, np.repeat(row.coefficient * scale // lengths, lengths))
    least[least == none] = 0
    taken = np.add.reduceat(least[columns.members], columns.starts[:-1]) if len(columns) else least[:0]
    return SideRow(row.name, row.coefficient * scale - taken, row.limit * scale - int(least.sum()))
