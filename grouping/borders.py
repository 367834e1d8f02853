"""Borders between practices, thinned where they allow more groups than can be searched.

A dense city can have so many small practices side by side that even a flat map of them allows thousands of millions of
groups. Then borders are left out one after the other until few enough remain, first those that matter least: where
other practices lie between the two. Which they are, and how many, is part of the result; the proof is about the rest.
"""

from __future__ import annotations

import heapq
from dataclasses import replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata.catchments import LEFT_OUT
from geodata.errors import Finding
from grouping.candidates import compatible_pairs, count_sets
from grouping.criteria import NO_ROAD_MINUTES
from grouping.problem import GroupingProblem, adjacency_matrix

MOST_SEARCHED = 300_000_000
"""Groups the borders may allow: they are searched, not listed, where they are more than memory holds (see `by_price`).

Measured on 2 cores: 174 million groups of 96 practices are proven in half a minute within 0.6 GB.
"""

LEAST_MINUTES = 0.05
"""A drive counts as at least this long, so that sites in one street can be compared."""

Pair = tuple[int, int]


def kept_borders(edges: pd.DataFrame) -> pd.DataFrame:
    """The borders that are used: all but those marked as left out."""
    return edges[edges["reason"] != LEFT_OUT].reset_index(drop=True)


def fit_borders(
    problem: GroupingProblem, edges: pd.DataFrame, *, at_most: int = MOST_SEARCHED
) -> tuple[GroupingProblem, pd.DataFrame, tuple[Finding, ...]]:
    """Leave out as few borders as needed for the groups to be few enough.

    Borders go in the order of `order_of_leaving`; the number that has to go is found by halving, counting the groups
    without listing them. A planner's own list of neighbours is taken as it is.

    Parameters
    ----------
    problem
        The problem, its adjacency made from all of `edges`.
    edges
        Columns `practice_a`, `practice_b`, `reason`, as `geodata.catchments.borders` gives them.
    at_most
        Most connected sets the borders may allow.

    Returns
    -------
    tuple
        The problem and the edges, those left out marked so in `reason`; and a warning if there are any. Both unchanged
        where there are few enough, and where leaving out borders cannot make them few enough.
    """
    fixed = (edges["reason"] == "planner").any() or problem.rules.contiguity.rule == "none"
    if fixed or count_sets(problem, at_most) <= at_most:
        return problem, edges, ()
    order = order_of_leaving(problem, edges)
    low, high = 1, len(order)
    while low < high:
        middle = (low + high) // 2
        if count_sets(_without(problem, order[:middle]), at_most) <= at_most:
            high = middle
        else:
            low = middle + 1
    thinner = _without(problem, order[:low])
    sets = count_sets(thinner, at_most)
    if not order or sets > at_most:
        return problem, edges, ()
    codes = problem.practice_codes
    gone = {(codes[a], codes[b]) for a, b in order[:low]}
    out = [pair in gone for pair in zip(edges["practice_a"], edges["practice_b"], strict=True)]
    marked = edges.assign(reason=edges["reason"].where(~np.array(out, bool), LEFT_OUT))
    return thinner, marked, (_warning(problem, marked, at_most, sets),)


def order_of_leaving(problem: GroupingProblem, edges: pd.DataFrame) -> list[Pair]:
    """The order in which borders may be left out; what remains in the end still connects everybody.

    A border between a and b is the less needed, the shorter the way round over other practices is against it:

        need(a, b) = least sum of squared minutes of the legs of a way round / squared minutes from a to b

    Below 1 another practice lies between the two (on one border of a triangle: Gabriel's rule). Only such practices
    count on a way round as fit into one group with both a and b. The border with the least need goes first (ties: the
    longer one), and the needs are taken anew over those that remain. A border without a way round is never left out,
    nor is one inside a building or between practices that must stay together, nor one between practices that cannot
    share a group, which allows nothing.

    Parameters
    ----------
    problem
        Gives the minutes between main sites, the list sizes and the limits on groups.
    edges
        The borders.

    Notes
    -----
    Leaving out a border can only lengthen the ways round of others. So a need computed earlier is a lower limit, and
    only the border that seems the least needed has to be looked at again.
    """
    fits = _fitting_pairs(problem)
    held = adjacency_matrix(edges[edges["reason"] == "same building"], problem.practice_codes)
    tags = np.array(problem.keep_together, dtype=object)
    held |= (tags[:, None] == tags) & (tags != "")
    minutes = np.clip(problem.between_practices, LEAST_MINUTES, NO_ROAD_MINUTES)
    ways = _Ways(problem, np.where(problem.adjacency & fits, minutes**2, np.inf), fits)
    may_go = zip(*np.nonzero(np.triu(problem.adjacency & fits & ~held)), strict=True)
    waiting = [(0.0, -round(float(minutes[a, b]), 6), int(a), int(b)) for a, b in may_go]
    heapq.heapify(waiting)
    order: list[Pair] = []
    while waiting:
        seen, longest, a, b = heapq.heappop(waiting)
        need = ways.need(a, b)
        if not np.isfinite(need):
            continue
        if need > seen and waiting and (need, longest, a, b) > waiting[0]:
            heapq.heappush(waiting, (need, longest, a, b))
            continue
        order.append((a, b))
        ways.leave_out(a, b)
    return order


def _fitting_pairs(problem: GroupingProblem) -> NDArray[np.bool_]:
    """Pairs that may share a group: near enough, and together not above the hard maximum."""
    together = problem.list_size[:, None] + problem.list_size[None, :]
    return compatible_pairs(problem) & (together <= problem.rules.size.largest)


class _Ways:
    """Ways round over the borders that remain; `legs` holds squared minutes, infinite where there is no border."""

    def __init__(self, problem: GroupingProblem, legs: NDArray[np.float64], fits: NDArray[np.bool_]) -> None:
        self._sizes, self._most, self._fits = problem.list_size, problem.rules.size.largest, fits
        self._legs = [
            {int(other): float(row[other]) for other in np.flatnonzero(np.isfinite(row)) if other != practice}
            for practice, row in enumerate(legs)
        ]

    def leave_out(self, a: int, b: int) -> None:
        """Take away a border."""
        del self._legs[a][b], self._legs[b][a]

    def need(self, a: int, b: int) -> float:
        """Least sum of squared minutes from a to b but not over their border, over that border's; infinite if none."""
        room = self._most - self._sizes[a] - self._sizes[b]
        between = self._fits[a] & self._fits[b] & (self._sizes <= room)
        reached: dict[int, float] = {}
        waiting = [(0.0, a)]
        while waiting:
            length, at = heapq.heappop(waiting)
            if at == b:
                return round(length / self._legs[a][b], 9)
            if at in reached:
                continue
            reached[at] = length
            for other, leg in self._legs[at].items():
                own_border = at == a and other == b
                if not own_border and other not in reached and (other == b or between[other]):
                    heapq.heappush(waiting, (length + leg, other))
        return float("inf")


def _without(problem: GroupingProblem, pairs: list[Pair]) -> GroupingProblem:
    """The problem without these borders."""
    adjacency: NDArray[np.bool_] = problem.adjacency.copy()
    for a, b in pairs:
        adjacency[a, b] = adjacency[b, a] = False
    return replace(problem, adjacency=adjacency)


def _warning(problem: GroupingProblem, edges: pd.DataFrame, at_most: int, sets: int) -> Finding:
    practices = len(problem.practice_codes)
    gone = int((edges["reason"] == LEFT_OUT).sum())
    kept = len(edges) - gone
    message = (
        f"The {len(edges):,} borders between {practices:,} practices allow more than {at_most:,} groups, too many to "
        f"search. {gone:,} of them were left out, first those with other practices most clearly in between; {kept:,} "
        f"remain ({2 * kept / practices:.1f} neighbours a practice) and allow {sets:,} groups. What is proven is "
        "proven for the borders that remain: a plan over one that was left out could be better."
    )
    fix = (
        "The borders left out are marked so in adjacency.csv of the run. For a shorter list that needs none left out, "
        "lower size.hard_maximum or access.max_minutes_between_members, or set locality.rule to inside; or name an "
        "adjacency table of your own."
    )
    return Finding("warning", "", message, fix, code="borders-left-out")
