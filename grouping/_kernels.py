"""Compiled loops that score millions of groups of practices; the lists of sets are those of `partition.kernels`."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geodata.compiled import compiled

NO_ROUTE = np.int64(1) << np.int64(50)
"""Stands for "no route" in integer milli-patient-minutes; a sum of up to 4,000 of them still fits 64 bits."""

NO_HUB, PARTLY, TWO_FORCED = -1, -2, -3
"""In the place of a hub: none is possible; only some practices of a tag are there; two sites must be the hub."""


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
    `NO_HUB` where no site can be the hub, `PARTLY` where a set holds only some of the practices that carry one tag
    (`tags`, -1 for none).
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
        hub = NO_HUB if whole else PARTLY
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
def _hub_price(
    group: NDArray[np.int16],
    site: int,
    size: int,
    minutes: NDArray[np.int64],
    exact: NDArray[np.float64],
    timed: NDArray[np.float64],
    to_site: NDArray[np.float64],
    limits: NDArray[np.float64],
    weights: NDArray[np.float64],
    pence: NDArray[np.int64],
) -> tuple[int, int]:  # pragma: no cover - compiled
    """Cost of a site as the hub of a group, and its patient-minutes; (0, -1) where it cannot be."""
    total = np.int64(0)
    minutes_of_all, patients, farthest = 0.0, 0.0, 0.0
    for p in group:
        if to_site[p, site] > limits[0]:
            return np.int64(0), np.int64(-1)
        total += minutes[p, site]
        if total >= NO_ROUTE:
            return np.int64(0), np.int64(-1)
        minutes_of_all += exact[p, site]
        patients += timed[p]
        farthest = max(farthest, to_site[p, site])
    if patients > 0 and minutes_of_all / patients > limits[1]:
        return np.int64(0), np.int64(-1)
    cost = weights[0] * total + weights[1] * farthest * size + weights[2] * pence[site]
    return np.int64(np.rint(cost)), total


@compiled
def choose_hubs(
    members: NDArray[np.int16],
    starts: NDArray[np.int64],
    sizes: NDArray[np.int64],
    minutes: NDArray[np.int64],
    exact: NDArray[np.float64],
    timed: NDArray[np.float64],
    to_site: NDArray[np.float64],
    limits: NDArray[np.float64],
    weights: NDArray[np.float64],
    pence: NDArray[np.int64],
    site_starts: NDArray[np.int64],
    sites: NDArray[np.int64],
    forced: NDArray[np.bool_],
    forced_of: NDArray[np.int64],
    out_hub: NDArray[np.int32],
    out_cost: NDArray[np.int64],
) -> None:  # pragma: no cover - compiled
    """The hub of least cost of every set (ties: fewer patient-minutes, then the smaller site), and that cost.

    Parameters
    ----------
    members, starts, sizes
        The sets and their patients.
    minutes, exact
        Patient-minutes in whole units and as they are, shape (P, S).
    timed
        Timed patients, shape (P,).
    to_site
        Minutes from main sites, finite, shape (P, S).
    limits
        Most minutes from a main site to the hub, and most patient minutes on average; infinite for none.
    weights
        Cost units of a unit of patient-minutes, of a minute of the farthest practice times a patient, of a penny.
    pence
        Yearly cost of a site, shape (S,).
    site_starts, sites
        Possible hubs by owner.
    forced, forced_of
        Whether a site must be the hub, shape (S,), and how many such sites a practice owns, shape (P,).
    out_hub, out_cost
        Filled: site, or `NO_HUB` or `TWO_FORCED`; cost in units.
    """
    for j in range(len(starts) - 1):
        group = members[starts[j] : starts[j + 1]]
        must = np.int64(0)
        for p in group:
            must += forced_of[p]
        hub = TWO_FORCED if must > 1 else NO_HUB
        best, fewest = np.int64(0), np.int64(0)
        if must <= 1:
            for p in group:
                for at in range(site_starts[p], site_starts[p + 1]):
                    s = sites[at]
                    if must and not forced[s]:
                        continue
                    cost, total = _hub_price(
                        group, s, sizes[j], minutes, exact, timed, to_site, limits, weights, pence
                    )  # fmt: skip
                    if total < 0:
                        continue
                    better = hub < 0 or cost < best
                    if not better and cost == best:
                        better = total < fewest or (total == fewest and s < hub)
                    if better:
                        hub, best, fewest = s, cost, total
        out_hub[j] = hub
        out_cost[j] = best


@compiled
def undominated_hubs(
    members: NDArray[np.int16],
    starts: NDArray[np.int64],
    sizes: NDArray[np.int64],
    minutes: NDArray[np.int64],
    exact: NDArray[np.float64],
    timed: NDArray[np.float64],
    to_site: NDArray[np.float64],
    limits: NDArray[np.float64],
    weights: NDArray[np.float64],
    pence: NDArray[np.int64],
    site_starts: NDArray[np.int64],
    sites: NDArray[np.int64],
    forced: NDArray[np.bool_],
    forced_of: NDArray[np.int64],
    out_count: NDArray[np.int64],
    out_hub: NDArray[np.int32],
    out_cost: NDArray[np.int64],
) -> None:  # pragma: no cover - compiled
    """Every hub of every set than which no other is both cheaper to run and cheaper to reach.

    As `choose_hubs`, for sets that have a hub; the hubs of a set stand in the order of their cost, each costs fewer
    pence than the one before. With `out_hub` empty they are only counted.
    """
    fill = len(out_hub) > 0
    most = len(pence)
    hubs, costs, totals = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most, np.int64)
    written = 0
    for j in range(len(starts) - 1):
        group = members[starts[j] : starts[j + 1]]
        must = np.int64(0)
        for p in group:
            must += forced_of[p]
        known = 0
        for p in group:
            for at in range(site_starts[p], site_starts[p + 1]):
                s = sites[at]
                if must and not forced[s]:
                    continue
                cost, total = _hub_price(group, s, sizes[j], minutes, exact, timed, to_site, limits, weights, pence)
                if total < 0:
                    continue
                place = known
                while place > 0:
                    k = place - 1
                    earlier = cost < costs[k]
                    if cost == costs[k]:
                        earlier = total < totals[k] or (total == totals[k] and s < hubs[k])
                    if not earlier:
                        break
                    hubs[place], costs[place], totals[place] = hubs[k], costs[k], totals[k]
                    place = k
                hubs[place], costs[place], totals[place] = s, cost, total
                known += 1
        cheapest = np.int64(1) << np.int64(62)
        found = 0
        for k in range(known):
            if pence[hubs[k]] < cheapest:
                cheapest = pence[hubs[k]]
                if fill:
                    out_hub[written] = hubs[k]
                    out_cost[written] = costs[k]
                written += 1
                found += 1
        out_count[j] = found


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


@compiled
def main_labels(
    members: NDArray[np.int16],
    starts: NDArray[np.int64],
    sizes: NDArray[np.int64],
    labels: NDArray[np.int64],
    out: NDArray[np.int64],
) -> None:  # pragma: no cover - compiled
    """The label (>= 0) most patients of the set have (ties: the smaller one), -1 where nobody has one."""
    for j in range(len(starts) - 1):
        a, b = starts[j], starts[j + 1]
        main = np.int64(-1)
        largest = np.int64(-1)
        for i in range(a, b):
            label = labels[members[i]]
            if label >= 0:
                same = np.int64(0)
                for k in range(a, b):
                    if labels[members[k]] == label:
                        same += sizes[members[k]]
                if same > largest or (same == largest and label < main):
                    main, largest = label, same
        out[j] = main


@compiled
def crossing(
    members: NDArray[np.int16], starts: NDArray[np.int64], labels: NDArray[np.int64], out: NDArray[np.int64]
) -> None:  # pragma: no cover - compiled
    """1 where the members of a set have two different labels (>= 0), else 0."""
    for j in range(len(starts) - 1):
        first = np.int64(-1)
        out[j] = 0
        for i in range(starts[j], starts[j + 1]):
            label = labels[members[i]]
            if label >= 0:
                if first >= 0 and label != first:
                    out[j] = 1
                first = label


@compiled
def flagged(
    members: NDArray[np.int16], starts: NDArray[np.int64], flag: NDArray[np.bool_], out: NDArray[np.int64]
) -> None:  # pragma: no cover - compiled
    """How many members of each set carry the flag."""
    for j in range(len(starts) - 1):
        count = np.int64(0)
        for i in range(starts[j], starts[j + 1]):
            count += flag[members[i]]
        out[j] = count


@compiled
def largest_flagged(
    members: NDArray[np.int16],
    starts: NDArray[np.int64],
    sizes: NDArray[np.int64],
    flag: NDArray[np.bool_],
    out: NDArray[np.int64],
) -> None:  # pragma: no cover - compiled
    """Patients of the largest member of each set that carries the flag, -1 where none does."""
    for j in range(len(starts) - 1):
        largest = np.int64(-1)
        for i in range(starts[j], starts[j + 1]):
            if flag[members[i]]:
                largest = max(largest, sizes[members[i]])
        out[j] = largest


@compiled
def minutes_to_hub(
    members: NDArray[np.int16],
    starts: NDArray[np.int64],
    hub: NDArray[np.int32],
    minutes: NDArray[np.int64],
    out: NDArray[np.int64],
) -> None:  # pragma: no cover - compiled
    """Patient-minutes to the hub of each set, in whole units."""
    for j in range(len(starts) - 1):
        total = np.int64(0)
        for i in range(starts[j], starts[j + 1]):
            total += minutes[members[i], hub[j]]
        out[j] = total


@compiled
def farthest_to_hub(
    members: NDArray[np.int16],
    starts: NDArray[np.int64],
    hub: NDArray[np.int32],
    to_site: NDArray[np.float64],
    out: NDArray[np.float64],
) -> None:  # pragma: no cover - compiled
    """Longest minutes from a member's main site to the hub of each set."""
    for j in range(len(starts) - 1):
        longest = 0.0
        for i in range(starts[j], starts[j + 1]):
            longest = max(longest, to_site[members[i], hub[j]])
        out[j] = longest
