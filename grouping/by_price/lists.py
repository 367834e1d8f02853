"""Lists of groups: a short one to begin with, several as one, each group once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace

import numpy as np
import pandas as pd

from grouping.borders import order_of_leaving
from grouping.candidates import Candidates, borders_that_count, count_sets
from grouping.problem import GroupingProblem

SLICE = 100_000
"""Groups compared at once when equal ones are sorted out."""


def thinned(problem: GroupingProblem, most: int) -> GroupingProblem:
    """The problem with as many borders as allow at most so many sets; without any border if none do."""
    if count_sets(problem, most) <= most:
        return problem
    adjacency = borders_that_count(problem)
    a, b = np.nonzero(np.triu(adjacency))
    codes = np.array(problem.practice_codes, dtype=object)
    edges = pd.DataFrame({"practice_a": codes[a], "practice_b": codes[b], "reason": ""}, dtype="str")
    rules = problem.rules.model_copy(
        update={"contiguity": problem.rules.contiguity.model_copy(update={"rule": "catchments"})}
    )
    problem = replace(problem, adjacency=adjacency, rules=rules)
    order = [*order_of_leaving(problem, edges)]
    left = set(order)
    order += [pair for pair in zip(a.tolist(), b.tolist(), strict=True) if pair not in left]
    low, high = 0, len(order)
    while low < high:
        middle = (low + high) // 2
        if count_sets(_without(problem, order[:middle]), most) <= most:
            high = middle
        else:
            low = middle + 1
    return _without(problem, order[:low])


def _without(problem: GroupingProblem, pairs: Sequence[tuple[int, int]]) -> GroupingProblem:
    adjacency = problem.adjacency.copy()
    for a, b in pairs:
        adjacency[a, b] = adjacency[b, a] = False
    return replace(problem, adjacency=adjacency)


def join(parts: Sequence[Candidates]) -> Candidates:
    """Several lists of candidates as one, one after the other."""
    if len(parts) == 1:
        return parts[0]
    values: dict[str, object] = {}
    for each in fields(Candidates):
        own = [getattr(part, each.name) for part in parts]
        if each.name == "starts":
            ends = np.cumsum([0, *(len(part.members) for part in parts)])
            values["starts"] = np.concatenate(
                [[0], *(starts[1:] + end for starts, end in zip(own, ends, strict=False))]
            ).astype(np.int64)
        elif each.name == "set_of" and own[0] is not None:
            firsts = [np.concatenate(([0], np.cumsum(np.diff(one) != 0)))[: len(one)] for one in own]
            ends = np.cumsum([0, *(int(one[-1]) + 1 if len(one) else 0 for one in firsts)])
            values["set_of"] = np.concatenate([one + end for one, end in zip(firsts, ends, strict=False)])
        elif isinstance(own[0], np.ndarray):
            values[each.name] = np.concatenate(own)
        else:
            values[each.name] = own[0]
    return Candidates(**values)


def distinct(problem: GroupingProblem, listed: Candidates) -> Candidates:
    """Each group (with its hub) once, the first of equals, in the same order."""
    count = len(problem.practice_codes)
    keys = np.empty((len(listed), -(-count // 8) + 4), np.uint8)
    for first in range(0, len(listed), SLICE):
        starts = listed.starts[first : first + SLICE + 1]
        held = np.zeros((len(starts) - 1, count), bool)
        held[np.repeat(np.arange(len(held)), np.diff(starts)), listed.members[starts[0] : starts[-1]]] = True
        keys[first : first + len(held), :-4] = np.packbits(held, axis=1)
    keys[:, -4:] = listed.hub.astype("<i4").view(np.uint8).reshape(-1, 4)
    _, ids = np.unique(keys.view(np.dtype((np.void, keys.shape[1]))).ravel(), return_index=True)
    return listed if len(ids) == len(listed) else listed.take(np.sort(ids))
