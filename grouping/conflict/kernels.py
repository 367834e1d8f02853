"""Compiled loops that measure by how much sets of practices break rules; arrays in, arrays out."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geodata.compiled import compiled


@compiled
def longest_pair(
    members: NDArray[np.int16], starts: NDArray[np.int64], between: NDArray[np.float64], out: NDArray[np.float64]
) -> None:  # pragma: no cover - compiled
    """Longest minutes between two members of each set."""
    for j in range(len(starts) - 1):
        longest = 0.0
        for i in range(starts[j], starts[j + 1]):
            for k in range(starts[j], i):
                longest = max(longest, between[members[i], members[k]])
        out[j] = longest


@compiled
def longest_border(
    members: NDArray[np.int16], starts: NDArray[np.int64], borders: NDArray[np.float64], out: NDArray[np.float64]
) -> None:  # pragma: no cover - compiled
    """Least limit on minutes over a border with which each set hangs together; infinite where borders do not do it."""
    reach = np.empty(len(borders))
    for j in range(len(starts) - 1):
        a, b = starts[j], starts[j + 1]
        for i in range(a, b):
            reach[members[i]] = np.inf
        reach[members[a]] = 0.0
        longest = 0.0
        for _ in range(a, b):
            nearest = a
            for i in range(a, b):
                here = reach[members[i]]
                if here >= 0 and (reach[members[nearest]] < 0 or here < reach[members[nearest]]):
                    nearest = i
            p = members[nearest]
            longest = max(longest, reach[p])
            reach[p] = -1.0
            for i in range(a, b):
                q = members[i]
                reach[q] = min(reach[q], borders[p, q])
        out[j] = longest


@compiled
def fill_hub_facts(
    members: NDArray[np.int16],
    starts: NDArray[np.int64],
    minutes: NDArray[np.float64],
    timed: NDArray[np.float64],
    to_site: NDArray[np.float64],
    limits: NDArray[np.float64],
    allowed: NDArray[np.bool_],
    forced: NDArray[np.bool_],
    site_starts: NDArray[np.int64],
    sites: NDArray[np.int64],
    pennies: NDArray[np.int64],
    out: NDArray[np.float64],
) -> None:  # pragma: no cover - compiled
    """Of the sites that can be the hub of each set: least longest drive, least mean minutes, least pence.

    `limits` are the most minutes of a drive and on average; a site beyond one of them still gives the least of the
    other's kind. All infinite where no site can be the hub.
    """
    for j in range(len(starts) - 1):
        a, b = starts[j], starts[j + 1]
        for column in range(3):
            out[j, column] = np.inf
        must = 0
        for i in range(a, b):
            for at in range(site_starts[members[i]], site_starts[members[i] + 1]):
                must += forced[sites[at]]
        if must > 1:
            continue
        for i in range(a, b):
            for at in range(site_starts[members[i]], site_starts[members[i] + 1]):
                s = sites[at]
                if not allowed[s] or (must == 1 and not forced[s]):
                    continue
                drive, total, patients = 0.0, 0.0, 0.0
                for k in range(a, b):
                    drive = max(drive, to_site[members[k], s])
                    total += minutes[members[k], s]
                    patients += timed[members[k]]
                if not np.isfinite(total):
                    continue
                mean = total / patients if patients > 0 else 0.0
                if mean <= limits[1]:
                    out[j, 0] = min(out[j, 0], drive)
                if drive <= limits[0]:
                    out[j, 1] = min(out[j, 1], mean)
                if mean <= limits[1] and drive <= limits[0]:
                    out[j, 2] = min(out[j, 2], pennies[s])


@compiled
def flagged_members(
    members: NDArray[np.int16], starts: NDArray[np.int64], flag: NDArray[np.bool_], out: NDArray[np.int64]
) -> None:  # pragma: no cover - compiled
    """How many members of each set carry the flag."""
    for j in range(len(starts) - 1):
        count = 0
        for i in range(starts[j], starts[j + 1]):
            count += flag[members[i]]
        out[j] = count
