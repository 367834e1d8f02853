"""Every group with its hub and what it adds to each criterion of a plan, by products of matrices."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from grouping.verify.ground import UNITS, Ground
from grouping.verify.listing import grown_sets, members_matrix

CHUNK = 20_000
SLACK = 1e-9
NO_ROAD = 1e6
"""Minutes that stand for a drive without a road, where a number is needed."""

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Scored:
    """N groups: who is in them (N, P), their hub (N,), and by name what each adds to a criterion or limit (N,)."""

    members: NDArray[np.uint8]
    hub: Ints
    adds: dict[str, Ints]

    def __len__(self) -> int:
        """How many groups; with a budget, a set of practices counts once for each hub worth its money."""
        return len(self.hub)

    def keep(self, mask: Mask) -> Scored:
        """Only some of them."""
        return Scored(self.members[mask], self.hub[mask], {name: values[mask] for name, values in self.adds.items()})


def list_groups(ground: Ground, at_most: int) -> Scored:
    """List every group the rules allow, with its hub and its figures.

    Raises
    ------
    InputProblems
        More than `at_most` sets hang together.
    """
    members = members_matrix(grown_sets(ground, at_most), len(ground.codes))
    parts = [_score(members[start : start + CHUNK], ground) for start in range(0, len(members), CHUNK)]
    return Scored(
        np.concatenate([part.members for part in parts]),
        np.concatenate([part.hub for part in parts]),
        {name: np.concatenate([part.adds[name] for part in parts]) for name in parts[0].adds},
    )


@dataclass(frozen=True)
class _Sets:
    """Some sets, with what follows from their members."""

    members: NDArray[np.uint8]
    inside: Floats
    size: Floats
    rural: Mask
    minimum: Floats
    shortfall: Floats
    locked: Mask

    def keep(self, mask: Mask) -> _Sets:
        return _Sets(*(getattr(self, name)[mask] for name in self.__dataclass_fields__))


def _score(members: NDArray[np.uint8], ground: Ground) -> Scored:
    sets, allowed = _measured(members, ground)
    sets = sets.keep(allowed | sets.locked)
    which, hub, cost = _with_hubs(sets, ground)
    sets = sets.keep(which)
    return Scored(sets.members, hub, _figures(sets, hub, cost, ground))


# ------------------------------------------------------------------------------------------------- who may be a group


def _measured(members: NDArray[np.uint8], ground: Ground) -> tuple[_Sets, Mask]:
    """Size, kind and shortfall of each set, and whether its practices may form a group."""
    rules, inside = ground.rules, members.astype(np.float64)
    count, size = inside.sum(axis=1), inside @ ground.list_size.astype(np.float64)
    share = np.divide(inside @ ground.rural, size, out=np.zeros(len(size)), where=size > 0)
    rural = share >= rules.rurality.threshold - SLACK
    minimum, maximum = _limits(inside, rural, ground)
    shortfall = np.maximum(minimum - size, 0.0)
    for granted in ground.granted:
        shortfall[_exactly(members, granted)] = 0.0
    locked = np.zeros(len(members), bool)
    for one, _ in ground.locked:
        locked |= _exactly(members, one)
    allowed = (size <= maximum) | (count == 1)
    oversize = (size > maximum) & (count == 1)
    allowed &= (count >= rules.size.fewest_practices) | oversize
    if rules.size.most_practices:
        allowed &= count <= rules.size.most_practices
    allowed &= inside @ ground.vulnerable / count <= rules.practices.most_vulnerable_share + SLACK
    allowed &= (_left(inside, minimum, ground) >= rules.resilience.keeps_share - SLACK) | (size < minimum) | oversize
    for together in ground.together:
        there = members[:, sorted(together)].sum(axis=1)
        allowed &= (there == 0) | (there == len(together))
    if ground.never_exception:
        allowed &= (shortfall == 0) | (members[:, sorted(ground.never_exception)].sum(axis=1) == 0)
    if rules.exceptions.policy == "forbidden" or rules.exceptions.at_most == 0:
        allowed &= shortfall == 0
    return _Sets(members, inside, size, rural, minimum, shortfall, locked), allowed


def _left(inside: Floats, minimum: Floats, ground: Ground) -> Floats:
    """Share of its minimum each set has after its largest loss; infinite where it loses nobody or has no minimum."""
    lists = ground.list_size.astype(np.float64)
    gone = np.ones(len(lists), bool) if ground.rules.resilience.loss_of == "any" else ground.vulnerable
    each = np.where((inside > 0) & gone, lists, -1.0)
    loss, size = each.max(axis=1, initial=-1.0), inside @ lists
    share = (size - loss) / np.where(minimum > 1, minimum, 1.0)
    return np.where((loss < 0) | (minimum <= 1), np.inf, share)


def _exactly(members: NDArray[np.uint8], wanted: frozenset[int]) -> Mask:
    row = np.zeros(members.shape[1], np.uint8)
    row[sorted(wanted)] = 1
    return (members == row).all(axis=1)


def _limits(inside: Floats, rural: Mask, ground: Ground) -> tuple[Floats, Floats]:
    """Fewest and most patients, by kind and main locality."""
    size = ground.rules.size
    minimum = np.where(rural, size.minimum_rural, size.minimum_urban).astype(np.float64)
    maximum = np.where(rural, size.hard_maximum_rural or size.hard_maximum, size.hard_maximum).astype(np.float64)
    if size.locality:
        names, by_label = _by_label(inside, ground.locality, ground)
        main = np.array([*names, ""])[np.where(_labelled(inside, ground.locality), by_label.argmax(axis=1), len(names))]
        for name, own in size.locality.items():
            minimum = np.where((main == name) & (own.minimum > 0), own.minimum, minimum)
            maximum = np.where((main == name) & (own.maximum > 0), own.maximum, maximum)
    return minimum, maximum


def _labelled(inside: Floats, labels: Sequence[str]) -> Mask:
    return inside @ np.array([bool(label) for label in labels], np.float64) > 0


def _by_label(inside: Floats, labels: Sequence[str], ground: Ground) -> tuple[list[str], Floats]:
    """Sorted labels, and the patients of each set by label (one column of zeros where there is no label)."""
    names = sorted({label for label in labels if label})
    own = np.array([[label == name for name in names] or [False] for label in labels], np.float64)
    return names, inside @ (own * ground.list_size[:, None])


# ------------------------------------------------------------------------------------------------------------ the hubs


def _with_hubs(sets: _Sets, ground: Ground) -> tuple[Ints, Ints, Ints]:
    """Which set, which hub and the cost of that hub in whole units, for each group."""
    routed, minutes = _minutes(sets, ground)
    cost = _hub_cost(sets, minutes, ground)
    possible = _possible(sets, routed, minutes, ground)
    for members, named in ground.locked:
        for at in np.flatnonzero(_exactly(sets.members, members)):
            possible[at] = _hubs_of_locked(members, named, routed[at], _near(sets, minutes, ground)[at], ground)
    if ground.rules.hub.budget <= 0:
        least = np.where(possible, cost, np.inf).min(axis=1, keepdims=True)
        hubs = np.where(possible & (cost == least), minutes, np.inf).argmin(axis=1)
        which = np.flatnonzero(possible.any(axis=1))
        return which, hubs[which], cost[which, hubs[which]].astype(np.int64)
    order = np.lexsort(
        (np.broadcast_to(np.arange(cost.shape[1]), cost.shape), minutes, np.where(possible, cost, np.inf))
    )
    ranked = np.take_along_axis(possible, order, axis=1)
    pence = np.where(ranked, np.rint(ground.pounds * 100)[order], np.inf)
    before = np.minimum.accumulate(np.column_stack((np.full(len(pence), np.inf), pence[:, :-1])), axis=1)
    worth = ranked & (pence < before)
    for at in np.flatnonzero(sets.locked):
        worth[at, 1:] = False
    which, place = np.nonzero(worth)
    hub = order[which, place]
    return which, hub, cost[which, hub].astype(np.int64)


def _minutes(sets: _Sets, ground: Ground) -> tuple[Mask, Floats]:
    """Whether every timed patient reaches each site, and the patient-minutes to it in whole units; (sets, sites)."""
    blocked = ~np.isfinite(ground.minutes)
    units = np.rint(np.where(blocked, 0.0, ground.minutes) * UNITS)
    return sets.inside @ blocked.astype(np.float64) == 0, sets.inside @ units


def _hub_cost(sets: _Sets, minutes: Floats, ground: Ground) -> Floats:
    """Whole units of cost of each site as the hub of each set."""
    weights, per_patient = ground.rules.weights, _units_per_patient(ground)
    cost = weights.minutes * minutes
    if weights.worst_practice > 0:
        cost = cost + weights.worst_practice * _longest_to_all(sets, ground) * sets.size[:, None] * per_patient
    return np.rint(cost + weights.hub_cost * ground.pounds * per_patient)


def _units_per_patient(ground: Ground) -> float:
    return ground.units_per_minute / max(float(ground.list_size.sum()), 1.0)


def _longest_to_all(sets: _Sets, ground: Ground) -> Floats:
    drive = np.minimum(ground.drive, NO_ROAD)
    return np.column_stack([(sets.inside * drive[:, site]).max(axis=1) for site in range(drive.shape[1])])


def _near(sets: _Sets, minutes: Floats, ground: Ground) -> Mask:
    """Whether each site keeps the limits on minutes to the hub."""
    access = ground.rules.access
    near = np.ones(minutes.shape, bool)
    if access.max_minutes_to_hub > 0:
        near &= sets.inside @ (ground.drive > access.max_minutes_to_hub).astype(np.float64) == 0
    if access.max_mean_minutes_to_hub > 0:
        timed = (sets.inside @ ground.timed)[:, None]
        exact = sets.inside @ np.where(np.isfinite(ground.minutes), ground.minutes, 0.0)
        mean = np.divide(exact, timed, out=np.zeros_like(exact), where=timed > 0)
        near &= mean <= access.max_mean_minutes_to_hub + SLACK
    return near


def _owned(sets: _Sets, ground: Ground, sites: Mask) -> Mask:
    """Which of these sites belong to a member of each set."""
    return (sets.members[:, ground.owner] > 0) & sites


def _possible(sets: _Sets, routed: Mask, minutes: Floats, ground: Ground) -> Mask:
    """Which sites may be the hub of each set."""
    possible = _owned(sets, ground, ground.allowed) & routed & _near(sets, minutes, ground)
    if ground.hubs:
        wanted = np.zeros(len(ground.sites), bool)
        wanted[sorted(ground.hubs)] = True
        mine = _owned(sets, ground, wanted)
        number = mine.sum(axis=1)
        possible = np.where((number == 0)[:, None], possible, possible & mine & (number == 1)[:, None])
    return possible


def _hubs_of_locked(members: frozenset[int], named: int, routed: Mask, near: Mask, ground: Ground) -> Mask:
    """The hub named for a locked group; else each rule on hubs holds for it as long as a site is left."""
    possible = np.isin(ground.owner, sorted(members))
    if named >= 0:
        return (np.arange(len(possible)) == named) & routed
    wanted = np.isin(np.arange(len(possible)), sorted(ground.hubs))
    for narrower in (wanted, ground.allowed, near & routed, routed):
        if (possible & narrower).any():
            possible = possible & narrower
    return possible & routed


# -------------------------------------------------------------------------------------------------------- the criteria


def _figures(sets: _Sets, hub: Ints, hub_cost: Ints, ground: Ground) -> dict[str, Ints]:
    """What each group adds to every criterion of the order and every limit on a plan as a whole, in whole units."""
    size, weights = ground.rules.size, ground.rules.weights
    preferred = np.where(sets.rural, size.preferred_minimum_rural, size.preferred_minimum_urban)
    middle = size.target or (size.preferred_minimum_urban + size.preferred_maximum) // 2
    drive = np.minimum(ground.drive, NO_ROAD)
    longest = np.array([drive[row > 0, site].max() for row, site in zip(sets.members, hub, strict=True)], np.float64)
    affected = {
        "outside_preferred": np.maximum(sets.size - size.preferred_maximum, 0) + np.maximum(preferred - sets.size, 0),
        "split_locality": _outside_largest(sets, ground.locality, ground),
        "change_of_group": _outside_largest(sets, ground.current_group, ground),
        "mixed_systems": _outside_largest(sets, ground.clinical_system, ground),
        "size_balance": np.abs(sets.size - middle),
        "fragile": np.where(_left(sets.inside, sets.minimum, ground) < 1, sets.size, 0.0),
    }
    penalty = sum(getattr(weights, name) * patients for name, patients in affected.items())
    units = np.rint(np.where(np.isfinite(ground.minutes), ground.minutes, 0.0) * UNITS)
    localities = sorted({label for label in ground.locality if label})
    here = [[float(label == name) for name in localities] or [0.0] for label in ground.locality]
    exact = affected | {
        "shortfall": sets.shortfall,
        "exceptions": sets.shortfall > 0,
        "groups": np.ones(len(hub)),
        "score": hub_cost + np.rint(penalty * _units_per_patient(ground)),
        "minutes": (sets.inside * units[:, hub].T).sum(axis=1),
        "worst_practice": longest * sets.size * UNITS,
        "hub_cost": np.rint(ground.pounds)[hub],
        "pence": np.rint(ground.pounds * 100)[hub],
        "longest_practice": longest * 60_000,
        "crossing": (sets.inside @ np.array(here) > 0).sum(axis=1) > 1,
    }
    return {name: np.rint(values).astype(np.int64) for name, values in exact.items()}


def _outside_largest(sets: _Sets, labels: Sequence[str], ground: Ground) -> Floats:
    """Patients with another label than the largest part of their group; those without a label do not count."""
    _, by_label = _by_label(sets.inside, labels, ground)
    return by_label.sum(axis=1) - by_label.max(axis=1)
