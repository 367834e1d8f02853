"""Compiled loops that score millions of groups of practices; the lists of sets are those of `partition.kernels`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geodata.compiled import compiled

NO_ROUTE = np.int64(1) << np.int64(50)
"""Stands for "no route" in integer milli-patient-minutes; a sum of up to 4,000 of them still fits 64 bits."""


@compiled
def score_sets(
    members: NDArray[np.int16],
    starts: NDArray[np.int64],
    sizes: NDArray[np.int64],
    rural: NDArray[np.float64],
    tags: NDArray[np.int64],
    tag_counts: NDArray[np.int64],
    minutes: NDArray[np.int64],
    near: NDArray[np.bool_],
    site_starts: NDArray[np.int64],
    sites: NDArray[np.int64],
    out_size: NDArray[np.int64],
    out_rural: NDArray[np.float64],
    out_hub: NDArray[np.int32],
    out_cost: NDArray[np.int64],
) -> None:  # pragma: no cover - compiled
    """Patients, rural patients, best hub and its patient-minutes of every set.

    `sites[site_starts[p]:site_starts[p + 1]]` are the possible hubs that practice p brings; `minutes` (P, S) the
    milli-patient-minutes, `near` (P, S) whether the hub limit is kept. Ties go to the smaller site index. `out_hub` is
    -1 where no site can be the hub, or where a set holds only some of the practices that carry one tag (`tags`, -1 for
    none).
    """
    for j in range(len(starts) - 1):
        a, b = starts[j], starts[j + 1]
        size = np.int64(0)
        countryside = 0.0
        whole = True
        for i in range(a, b):
            p = members[i]
            size += sizes[p]
            countryside += rural[p]
            tag = tags[p]
            if tag >= 0:
                together = 0
                for k in range(a, b):
                    if tags[members[k]] == tag:
                        together += 1
                if together != tag_counts[tag]:
                    whole = False
        best = NO_ROUTE
        hub = -1
        if whole:
            for i in range(a, b):
                for at in range(site_starts[members[i]], site_starts[members[i] + 1]):
                    s = sites[at]
                    total = np.int64(0)
                    for k in range(a, b):
                        p = members[k]
                        total += minutes[p, s] if near[p, s] else NO_ROUTE
                        if total > best:
                            break
                    if total < best or (total == best and total < NO_ROUTE and s < hub):
                        best = total
                        hub = s
        out_size[j] = size
        out_rural[j] = countryside
        out_hub[j] = hub
        out_cost[j] = best


@compiled
def outside_largest(
    members: NDArray[np.int16],
    starts: NDArray[np.int64],
    sizes: NDArray[np.int64],
    labels: NDArray[np.int64],
    out: NDArray[np.int64],
) -> None:  # pragma: no cover - compiled
    """Patients with a label (>= 0) other than the one most patients of the set have."""
    for j in range(len(starts) - 1):
        a, b = starts[j], starts[j + 1]
        labelled = np.int64(0)
        largest = np.int64(0)
        for i in range(a, b):
            label = labels[members[i]]
            if label >= 0:
                labelled += sizes[members[i]]
                same = np.int64(0)
                for k in range(a, b):
                    if labels[members[k]] == label:
                        same += sizes[members[k]]
                largest = max(largest, same)
        out[j] = labelled - largest
