"""The margins of the groups as a drawing: today, and after the single failure that is worst for each."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from grouping.plain_words import cut, plural, signed
from grouping.resilience.result import Chart, Fall

if TYPE_CHECKING:
    from grouping.resilience.assemble import WorkedOut

WIDTH, LEFT, RIGHT, TOP, ROW = 900, 240, 720, 36, 24
"""Of the drawing: its width, where margins begin and end, where the rows begin, and the height of one."""

MOST_LINES = 8
"""Lines of the scale at most."""

LONGEST_NAME = 24
"""Letters of a group's name in the drawing; the table has it in full."""


def chart_of(test: WorkedOut) -> Chart | None:
    """Draw the groups in the order of their fragility.

    Parameters
    ----------
    test
        What was worked out.

    Returns
    -------
    None where no margin is known.
    """
    rows = list(test.fragility.itertuples(index=False))
    today = [float(test.before.margin[0, row.group]) for row in rows]
    after = [None if row.gone_after else float(row.margin_after) for row in rows]
    known = [value for value in (*today, *after) if value is not None and np.isfinite(value)]
    if len(known) < len(rows):
        return None
    step = _step(min(*known, 0.0), max(*known, 1.0))
    low, high = step * math.floor(min(*known, 0.0) / step), step * math.ceil(max(*known, 1.0) / step)

    def at(margin: float) -> float:
        return round(LEFT + (RIGHT - LEFT) * (margin - low) / (high - low), 1)

    falls = []
    for place, row in enumerate(rows):
        group_id = test.facts.groups[row.group].group_id
        end = after[place]
        falls.append(
            Fall(
                group_id,
                cut(str(test.ground.groups.at[group_id, "name"]), LONGEST_NAME),
                TOP + ROW * place + ROW // 2,
                at(today[place]),
                None if end is None else at(end),
                f"{signed(today[place])} → {'none left' if end is None else signed(end)}",
            )
        )
    short = sum(end is None or end < 0 for end in after)
    label = (
        f"Patients above or below the minimum of {plural(len(rows), 'group')}, today and after the worst single "
        f"failure. Below the minimum then: {short}. The same figures are in the table below."
    )
    scale = tuple((at(value), signed(value) if value else "0") for value in range(low, high + 1, step))
    return Chart(WIDTH, TOP + ROW * len(falls) + 10, at(0.0), scale, tuple(falls), label)


def _step(low: float, high: float) -> int:
    """A round distance between the lines of the scale, so that there are not too many."""
    step = 1_000
    while (high - low) / step > MOST_LINES - 2:
        step *= 5 if str(step)[0] == "1" else 2
    return step
