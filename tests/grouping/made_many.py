"""A made-up run with as many groups as wanted: boards are larger than the place made by hand."""

from __future__ import annotations

from unittest import mock

from grouping.result import Run
from tests.grouping import made_run as by_hand

NAMES = ("KNOWLE GREEN MEDICAL", "The Old Brewery Surgery", "WWWWWWWW MMMMMMMM")
COLUMNS = 14


def run_of_many(groups: int, *, names: tuple[str, ...] = NAMES) -> Run:
    """Groups of two practices each, on a grid of squares; three options that differ in their hubs."""
    practices = tuple(
        (f"J{80_001 + i}", names[i % len(names)], i % COLUMNS, i // COLUMNS, 12_000 + 37 * i) for i in range(2 * groups)
    )
    codes = [code for code, *_ in practices]
    pairs = [tuple(codes[2 * i : 2 * i + 2]) for i in range(groups)]
    options = tuple(tuple((pair, pair[hub]) for pair in pairs) for hub in (0, 1, 0))
    with mock.patch.multiple(
        by_hand,
        PRACTICES=practices,
        BRANCHES=(),
        OPTIONS=options,
        COLUMNS=COLUMNS,
        ROWS=max(-(-2 * groups // COLUMNS), 5),
        CELL_M=3_000,
    ):
        return by_hand.made_run()
