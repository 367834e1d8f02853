"""All plans nearly as good as the best, counted anew: what settles "together in every one of them"."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from grouping.verify.programme import Ints

MOST_PLANS = 100_000
"""More plans than these are not counted anew: some 30 seconds of work."""


def plans_within(members: NDArray[np.uint8], reduced: Ints, slack: int, at_most: int) -> list[tuple[int, ...]] | None:
    """All ways to put every practice into exactly one group with a sum of reduced costs of at most `slack`.

    Practices are covered one after the other, those in the fewest groups first; what is learned about practices that
    are left (no way to cover them within so much) is kept.

    Parameters
    ----------
    members
        1 where a practice is in a group, shape (N, P).
    reduced
        Reduced costs, >= 0, shape (N,).
    slack
        Most that a plan may use.
    at_most
        Give up at more plans than this.

    Returns
    -------
    list
        Positions of the groups of each plan; None if there are more than `at_most`.
    """
    ids = np.flatnonzero(reduced <= slack)
    order = np.argsort(members[ids].sum(axis=0), kind="stable")
    count = len(order)
    beginning: list[list[tuple[int, int, int]]] = [[] for _ in range(count)]
    for group in ids[np.argsort(reduced[ids], kind="stable")]:
        there = np.flatnonzero(members[group, order])
        mask = sum(1 << int(place) for place in there)
        beginning[int(there[0])].append((int(reduced[group]), mask, int(group)))
    needs: dict[int, int] = {}
    found: list[tuple[int, ...]] = []

    def cover(left: int, room: int, chosen: tuple[int, ...]) -> bool:
        before = len(found)
        for cost, mask, group in beginning[(left & -left).bit_length() - 1]:
            if cost > room:
                break
            if mask & ~left:
                continue
            rest = left & ~mask
            if not rest:
                found.append((*chosen, group))
                if len(found) > at_most:
                    return False
            elif needs.get(rest, 0) <= room - cost and not cover(rest, room - cost, (*chosen, group)):
                return False
        if len(found) == before:
            needs[left] = room + 1
        return True

    return found if cover((1 << count) - 1, slack, ()) else None


def once_each(members: NDArray[np.uint8], plans: list[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """Plans with the same sets of practices once, whatever their hubs."""
    sets, number = np.unique(members, axis=0, return_inverse=True)
    if len(sets) == len(members):
        return plans
    return list({tuple(sorted(int(number[group]) for group in plan)): plan for plan in plans}.values())


def together_counts(members: NDArray[np.uint8], plans: list[tuple[int, ...]]) -> NDArray[np.int64]:
    """In how many of the plans each pair of practices shares a group, shape (P, P)."""
    used, times = np.unique(np.concatenate([np.array(plan) for plan in plans]), return_counts=True)
    inside = members[used].astype(np.float64)
    return np.rint(inside.T @ (inside * times[:, None])).astype(np.int64)
