"""Every group the rules allow, listed and scored.

A candidate is a set of practices that hangs together over borders that count, has at most the maximum of its kind and
main locality, no two main sites further apart than `access.max_minutes_between_members`, between `fewest_practices` and
`most_practices` members, not too many vulnerable ones, enough patients left without its largest practice where the
rules ask for that (not of a set below its minimum), holds all practices that must be together or none and no two that
must be apart, obeys the locality rule, and has a site that can be its hub. A single practice above its maximum is a
candidate by itself. A set below its minimum is a candidate with a shortfall, unless exceptions are forbidden; one to
which an exception is granted counts as if it reached its minimum. A group that is locked is a candidate whatever it
breaks, and no other candidate holds one of its practices.

Costs are whole numbers: thousandths of a patient-minute. Sums of them are exact in any order, so ties are real ties
and bounds can be compared without tolerance. Rounding moves a score by less than 1e-6 minutes per patient.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from geodata.errors import Finding, InputProblems
from grouping._kernels import NO_HUB, NO_ROUTE, PARTLY, TWO_FORCED, score_sets
from grouping.criteria import (
    PENCE,
    SHARE_SLACK,
    crosses_localities,
    fragile_patients,
    kept_shares,
    label_codes,
    largest_losses,
    minute_units,
    patients_off_middle,
    patients_outside_largest,
    patients_outside_preferred,
    penalty_units,
    pence,
    size_limits,
    units_per_minute,
    vulnerable_members,
)
from grouping.hub_choice import (
    best_hubs,
    hub_costs,
    hub_rules_bind,
    hub_terms,
    hubs_worth_their_money,
    locked_hub,
    possible_hubs,
    weighed,
)
from grouping.partition.columns import SideRow
from grouping.partition.kernels import connected_sets
from grouping.problem import GroupingProblem, LockedGroup

RURAL_SLACK = 1e-9
"""A rural share counts as reaching the threshold from this far below, so that the order of additions cannot decide."""

MOST_CANDIDATES = 20_000_000
"""Default limit of the list. The list takes about 1.5 GB, the search over 15 million groups was measured at 4.6 GB."""


@dataclass(frozen=True)
class Candidates:
    """All candidates, in a fixed order, over N sets.

    With a budget for hubs a set of practices stands here once for every hub worth its money, one after the other, the
    best first; `set_of` tells which belong together.

    Parameters
    ----------
    members
        Practice indices of all sets, one set after the other, ascending inside a set: int16.
    starts
        Where each set begins in `members`, with the end of the last: int64, shape (N + 1,).
    list_size
        Registered patients, int64, shape (N,).
    rural
        Whether the group is rural, bool, shape (N,).
    shortfall
        Patients missing to the minimum of its kind and main locality, 0 for a regular or granted group: int64, (N,).
    hub
        Site index of the hub: the one of least cost (ties: fewer patient-minutes, then the smaller site code) or one of
        several; int32, shape (N,).
    cost
        Minutes to the hub plus penalties, in units of 1/1000 patient-minute, int64, shape (N,).
    units_per_minute
        Cost units that make one minute per patient of the score.
    locked
        Whether the group stands by decision, bool, shape (N,).
    granted
        Whether it is below its minimum with a granted exception, bool, shape (N,).
    left_out
        Sets that were listed and are no candidates, by the reason in words. A set counts under the first that applies.
    set_of
        Number of the set of practices of each candidate, ascending, int64, shape (N,); None where every candidate is
        a set of its own.
    """

    members: NDArray[np.int16]
    starts: NDArray[np.int64]
    list_size: NDArray[np.int64]
    rural: NDArray[np.bool_]
    shortfall: NDArray[np.int64]
    hub: NDArray[np.int32]
    cost: NDArray[np.int64]
    units_per_minute: float
    locked: NDArray[np.bool_]
    granted: NDArray[np.bool_]
    left_out: dict[str, int] = field(default_factory=dict)
    set_of: NDArray[np.int64] | None = None

    def __len__(self) -> int:
        """Candidates listed."""
        return len(self.list_size)

    @property
    def exception(self) -> NDArray[np.bool_]:
        """Whether each candidate is below its minimum without leave."""
        return self.shortfall > 0

    def group(self, index: int) -> tuple[int, ...]:
        """Practice indices of one candidate, ascending."""
        return tuple(int(p) for p in self.members[self.starts[index] : self.starts[index + 1]])

    def keep(self, mask: NDArray[np.bool_]) -> Candidates:
        """Only the candidates where `mask` is True, in the same order."""
        lengths = np.diff(self.starts)
        return replace(
            self,
            members=self.members[np.repeat(mask, lengths)],
            starts=np.concatenate(([0], np.cumsum(lengths[mask]))).astype(np.int64),
            list_size=self.list_size[mask],
            rural=self.rural[mask],
            shortfall=self.shortfall[mask],
            hub=self.hub[mask],
            cost=self.cost[mask],
            locked=self.locked[mask],
            granted=self.granted[mask],
            set_of=None if self.set_of is None else self.set_of[mask],
        )

    def take(self, ids: NDArray[np.int64]) -> Candidates:
        """These candidates, in this order; one may be taken several times."""
        lengths = np.diff(self.starts)[ids]
        starts = np.concatenate(([0], np.cumsum(lengths))).astype(np.int64)
        at = np.repeat(self.starts[ids] - starts[:-1], lengths) + np.arange(starts[-1])
        return replace(
            self,
            members=self.members[at],
            starts=starts,
            list_size=self.list_size[ids],
            rural=self.rural[ids],
            shortfall=self.shortfall[ids],
            hub=self.hub[ids],
            cost=self.cost[ids],
            locked=self.locked[ids],
            granted=self.granted[ids],
            set_of=None if self.set_of is None else self.set_of[ids],
        )

    def containing(self, count: int) -> NDArray[np.int64]:
        """How many candidates hold each of `count` practices, int64, shape (count,)."""
        return np.bincount(self.members, minlength=count)

    def sets(self) -> NDArray[np.int64]:
        """Number of each candidate's set of practices: equal numbers, equal members. int64, shape (N,)."""
        return np.arange(len(self)) if self.set_of is None else self.set_of


def list_candidates(problem: GroupingProblem, *, at_most: int = MOST_CANDIDATES) -> Candidates:
    """List and score every candidate.

    Parameters
    ----------
    problem
        The problem.
    at_most
        Most connected sets to list. They are counted before any memory is taken.

    Raises
    ------
    InputProblems
        More sets than `at_most`: the message says which rules make the list shorter.
    """
    locked = standing_groups(problem)
    members, starts = _connected(problem, at_most, locked)
    return score(problem, members, starts, locked)


def score(
    problem: GroupingProblem,
    members: NDArray[np.int16],
    starts: NDArray[np.int64],
    locked: tuple[LockedGroup, ...] = (),
) -> Candidates:
    """Those of the given sets that are candidates, scored; the sets are taken to hang together.

    Parameters
    ----------
    problem
        The problem.
    members, starts
        The sets, as in `Candidates`: connected, compatible, at most `size.largest` patients (or a single practice).
    locked
        The groups that are locked; they are the last of the sets.
    """
    listed = _measured(problem, members, starts, locked)
    sieve = _Sieve(listed)
    _drop_by_rules(problem, listed, sieve)
    listed = sieve.rest()
    if hub_rules_bind(problem):
        listed = _with_hubs(problem, listed)
        sieve = _Sieve(listed)
        sieve.drop(listed.hub == TWO_FORCED, "two sites that must be a hub are in one group")
        sieve.drop(listed.hub == NO_HUB, "no site of its practices can be the hub")
        listed = sieve.rest()
    else:
        listed = replace(listed, cost=weighed(problem, listed.cost))
    return _priced(problem, listed, locked)


def rescore(problem: GroupingProblem, listed: Candidates) -> Candidates:
    """The same groups under other weights: their hubs and costs anew, nothing listed again.

    Parameters
    ----------
    problem
        The problem; nothing but its weights differs from the one the groups were listed for.
    listed
        Those groups.
    """
    if listed.set_of is not None:
        first = np.ones(len(listed), bool)
        first[1:] = listed.set_of[1:] != listed.set_of[:-1]
        listed = replace(listed.keep(first), set_of=None)
    locked = standing_groups(problem)
    return _priced(problem, _with_hubs(problem, listed), locked)


def plan_rows(problem: GroupingProblem, listed: Candidates) -> tuple[SideRow, ...]:
    """The limits on a plan as a whole: exceptions, groups across localities, number of groups, budget for hubs.

    Only those that are set. A lower limit is stated as `- sum <= - limit`, so coefficients may be negative.
    """
    rules, rows = problem.rules, []
    if rules.exceptions.limit is not None:
        rows.append(SideRow("exceptions_at_most", listed.exception.astype(np.int64), rules.exceptions.limit))
    if rules.locality.most_crossing >= 0:
        rows.append(SideRow("most_crossing", crosses_localities(problem, listed), rules.locality.most_crossing))
    if rules.groups.fewest > 0:
        rows.append(SideRow("fewest_groups", np.full(len(listed), -1, np.int64), -rules.groups.fewest))
    if rules.groups.most > 0:
        rows.append(SideRow("most_groups", np.ones(len(listed), np.int64), rules.groups.most))
    if rules.hub.budget > 0:
        rows.append(SideRow("hub_budget", pence(problem)[listed.hub], round(rules.hub.budget * PENCE)))
    return tuple(rows)


def count_sets(problem: GroupingProblem, at_most: int = MOST_CANDIDATES) -> int:
    """How many connected sets there are to list, without listing them; `at_most` + 1 stands for more than `at_most`."""
    nothing = np.empty(0, np.int16), np.empty(0, np.int64)
    return _connected_sets(problem, at_most, *nothing)[0]


# ------------------------------------------------------------------------------------------------------------- listing


def standing_groups(problem: GroupingProblem) -> tuple[LockedGroup, ...]:
    """The locked groups, each set once; none of those that overlap without being the same, for no plan holds both."""
    first: dict[tuple[int, ...], LockedGroup] = {}
    for lock in problem.decided.locked:
        first.setdefault(tuple(sorted(set(lock.members))), lock)
    counts = np.bincount([p for members in first for p in members], minlength=1)
    return tuple(
        replace(lock, members=members) for members, lock in first.items() if all(counts[p] == 1 for p in members)
    )


def _connected(
    problem: GroupingProblem, at_most: int, locked: tuple[LockedGroup, ...]
) -> tuple[NDArray[np.int16], NDArray[np.int64]]:
    """All connected sets within the limits that subsets inherit, then oversize practices, then the locked groups."""
    nothing = np.empty(0, np.int16), np.empty(0, np.int64)
    sets, entries = _connected_sets(problem, at_most, *nothing)
    if sets > at_most:
        raise InputProblems([_too_many(problem, at_most)])
    more = apart_from_the_rest(problem, locked)
    ends = np.cumsum([len(one) for one in more], dtype=np.int64)
    members = np.empty(entries + (int(ends[-1]) if more else 0), np.int16)
    starts = np.empty(sets + 1 + len(more), np.int64)
    _connected_sets(problem, at_most, members[:entries], starts[: sets + 1])
    if more:
        members[entries:] = np.concatenate(more)
        starts[sets + 1 :] = entries + ends
    return members, starts


def apart_from_the_rest(problem: GroupingProblem, locked: tuple[LockedGroup, ...]) -> list[NDArray[np.int16]]:
    """Groups that are not grown from others: practices above every maximum, each alone, then the locked groups."""
    oversize = np.flatnonzero((problem.list_size > problem.rules.size.largest) & ~_standing(problem)).astype(np.int16)
    return [np.array([p], np.int16) for p in oversize] + [np.array(lock.members, np.int16) for lock in locked]


def _connected_sets(
    problem: GroupingProblem, at_most: int, members: NDArray[np.int16], starts: NDArray[np.int64]
) -> tuple[int, int]:
    """Count the connected sets and their members, and fill the two arrays unless they are empty."""
    neighbours, compatible, lists = growth(problem)
    size = problem.rules.size
    return connected_sets(neighbours, compatible, lists, size.largest, at_most, members, starts, size.most_practices)


def growth(problem: GroupingProblem) -> tuple[NDArray[np.uint64], NDArray[np.uint64], NDArray[np.int64]]:
    """How sets grow: bit sets of neighbours and of compatible practices, shape (P, words), and patients, shape (P,)."""
    # A practice that is larger than any group may be is passed over: so the locked ones are taken out.
    lists = np.where(_standing(problem), problem.rules.size.largest + 1, problem.list_size)
    return _bits(borders_that_count(problem)), _bits(compatible_pairs(problem)), lists


def _standing(problem: GroupingProblem) -> NDArray[np.bool_]:
    """Whether each practice is in a group that is locked, bool, shape (P,)."""
    standing = np.zeros(len(problem.practice_codes), bool)
    for lock in problem.decided.locked:
        standing[list(lock.members)] = True
    return standing


def borders_that_count(problem: GroupingProblem) -> NDArray[np.bool_]:
    """Which practices count as neighbours under the contiguity rule, bool, shape (P, P)."""
    rules = problem.rules.contiguity
    if rules.rule == "none":
        return ~np.eye(len(problem.practice_codes), dtype=bool)
    if rules.max_minutes_over_border > 0:
        return problem.adjacency & (problem.between_practices <= rules.max_minutes_over_border)
    return problem.adjacency


def compatible_pairs(problem: GroupingProblem) -> NDArray[np.bool_]:
    """Which pairs of practices may share a group at all, bool, shape (P, P)."""
    limit = problem.rules.access.max_minutes_between_members
    count = len(problem.practice_codes)
    compatible = problem.between_practices <= limit if limit > 0 else np.ones((count, count), bool)
    if problem.rules.locality.rule == "inside":
        labels = label_codes(problem.locality, count)
        compatible &= (labels[:, None] == labels) | (labels[:, None] < 0) | (labels < 0)
    for a, b in problem.decided.apart:
        compatible[a, b] = compatible[b, a] = False
    return compatible


def _too_many(problem: GroupingProblem, at_most: int) -> Finding:
    neighbours = borders_that_count(problem).sum() / max(len(problem.practice_codes), 1)
    message = (
        f"more than {at_most:,} groups obey the rules, too many to list (each practice has {neighbours:.1f} neighbours "
        f"on average, a group may have {problem.rules.size.largest:,} patients)"
    )
    fix = (
        "Lower size.hard_maximum or access.max_minutes_between_members, set locality.rule to inside, "
        "or take edges out of the adjacency table."
    )
    if problem.rules.contiguity.rule == "none":
        fix = 'Set contiguity.rule to "catchments", so that groups must hang together. ' + fix
    return Finding("error", "", message, fix, code="too-many-candidates")


def _bits(matrix: NDArray[np.bool_]) -> NDArray[np.uint64]:
    """Rows of a square bool matrix as bit sets, shape (P, words)."""
    count = len(matrix)
    padded = np.zeros((count, -(-max(count, 1) // 64) * 64), bool)
    padded[:, :count] = matrix
    return np.packbits(padded, axis=1, bitorder="little").view("<u8").astype(np.uint64)


# ------------------------------------------------------------------------------------------------------------ measuring


def _measured(
    problem: GroupingProblem, members: NDArray[np.int16], starts: NDArray[np.int64], locked: tuple[LockedGroup, ...]
) -> Candidates:
    """Every set with its size, kind and shortfall; its hub and cost by patient-minutes alone. The last are locked."""
    count = len(starts) - 1
    size, rural_patients = np.empty(count, np.int64), np.empty(count)
    hub, cost = np.empty(count, np.int32), np.empty(count, np.int64)
    tags = _tags(problem)
    _score(problem, members, starts, tags, size, rural_patients, hub, cost)
    share = np.divide(rural_patients, size, out=np.zeros(count), where=size > 0)
    rural = share >= problem.rules.rurality.threshold - RURAL_SLACK
    shortfall = np.maximum(size_limits(problem, members, starts, rural, "minimum") - size, 0)
    stands = np.zeros(count, bool)
    stands[count - len(locked) :] = True
    granted = _granted(problem, members, starts, size)
    granted &= shortfall > 0
    shortfall[granted] = 0
    return Candidates(
        members, starts, size, rural, shortfall, hub, cost, units_per_minute(problem), stands, granted
    )  # fmt: skip


def _score(
    problem: GroupingProblem,
    members: NDArray[np.int16],
    starts: NDArray[np.int64],
    tags: NDArray[np.int64],
    size: NDArray[np.int64],
    rural_patients: NDArray[np.float64],
    hub: NDArray[np.int32],
    cost: NDArray[np.int64],
) -> None:
    """Fill the last four arrays."""
    limit = problem.rules.access.max_minutes_to_hub
    near = problem.practice_to_site <= limit if limit > 0 else np.ones(problem.practice_to_site.shape, bool)
    score_sets(
        members, starts, problem.list_size, problem.rural_patients, tags, np.bincount(tags[tags >= 0], minlength=1),
        minute_units(problem), near, *possible_hubs(problem), size, rural_patients, hub, cost,
    )  # fmt: skip


def _tags(problem: GroupingProblem) -> NDArray[np.int64]:
    """Practices with the same number (>= 0) share a group: by their tag, by a decision, or by a chain of these."""
    count = len(problem.practice_codes)
    codes = label_codes(problem.keep_together, count)
    sets = [np.flatnonzero(codes == tag) for tag in range(int(codes.max(initial=-1)) + 1)]
    sets += [np.array(together, np.int64) for together in problem.decided.together]
    tags = np.full(count, -1, np.int64)
    for number, together in enumerate(sets):
        linked = np.unique(tags[together])
        tags[np.isin(tags, linked[linked >= 0])] = number
        tags[together] = number
    return label_codes(tuple(f"{tag:09d}" if tag >= 0 else "" for tag in tags), count)


def _granted(
    problem: GroupingProblem, members: NDArray[np.int16], starts: NDArray[np.int64], size: NDArray[np.int64]
) -> NDArray[np.bool_]:
    """Whether each set is one to which a planner has granted an exception."""
    granted = np.zeros(len(size), bool)
    lengths = np.diff(starts) if problem.decided.granted else None
    for practices, _ in problem.decided.granted:
        wanted = np.unique(np.array(practices, np.int64))
        same_size = (lengths == len(wanted)) & (size == problem.list_size[wanted].sum())
        for j in np.flatnonzero(same_size):
            granted[j] = np.array_equal(members[starts[j] : starts[j + 1]], wanted)
    return granted


class _Sieve:
    """Candidates of which some are dropped, each for a reason that is counted; locked ones stay."""

    def __init__(self, listed: Candidates) -> None:
        self._listed = listed
        self._keep = np.ones(len(listed), bool)
        self._left_out = dict(listed.left_out)

    def drop(self, mask: NDArray[np.bool_], reason: str) -> None:
        """Drop the candidates where `mask` is True, unless they are locked or dropped already."""
        gone = mask & self._keep & ~self._listed.locked
        number = int(np.count_nonzero(gone))
        if number:
            self._keep &= ~gone
            self._left_out[reason] = self._left_out.get(reason, 0) + number

    def rest(self) -> Candidates:
        """Those that were not dropped."""
        rest = replace(self._listed, left_out=self._left_out)
        return rest if self._keep.all() else rest.keep(self._keep)


def _drop_by_rules(problem: GroupingProblem, listed: Candidates, sieve: _Sieve) -> None:
    """Drop what a rule on a single group forbids, all but the rules on hubs that need a choice."""
    rules, lengths = problem.rules, np.diff(listed.starts)
    sieve.drop(listed.hub == PARTLY, "only some of the practices that must be together")
    alone = lengths == 1
    if rules.size.hard_maximum_rural or rules.size.locality or rules.size.fewest_practices > 1:
        most = size_limits(problem, listed.members, listed.starts, listed.rural, "maximum")
        sieve.drop((listed.list_size > most) & ~alone, "above the maximum of its kind or locality")
        few = (lengths < rules.size.fewest_practices) & ~(alone & (listed.list_size > most))  # oversize stands alone
        sieve.drop(few, "fewer practices than size.fewest_practices")
    if rules.size.most_practices:
        sieve.drop(lengths > rules.size.most_practices, "more practices than size.most_practices")
    if rules.practices.most_vulnerable_share < 1:
        share = vulnerable_members(problem, listed.members, listed.starts) / lengths
        most_share = rules.practices.most_vulnerable_share + SHARE_SLACK
        sieve.drop(share > most_share, "too many vulnerable practices")
    if rules.resilience.keeps_share > 0:
        whose = "largest vulnerable practice" if rules.resilience.loss_of == "vulnerable" else "largest practice"
        sieve.drop(_left_with_too_few(problem, listed), f"too few patients are left without its {whose}")
    if rules.exceptions.limit == 0:
        sieve.drop(listed.shortfall > 0, "below its minimum, and no exception is allowed")
    if problem.decided.never_exception:
        never = np.zeros(len(problem.practice_codes), bool)
        never[list(problem.decided.never_exception)] = True
        held = np.logical_or.reduceat(never[listed.members], listed.starts[:-1])
        sieve.drop(held & (listed.shortfall > 0), "below its minimum with a practice that may be in no exception")
    sieve.drop(listed.hub == NO_HUB, "no site of its practices can be the hub")


def _left_with_too_few(problem: GroupingProblem, listed: Candidates) -> NDArray[np.bool_]:
    """Whether each group has less than `resilience.keeps_share` of its minimum left after its largest loss.

    Not asked of a group below its minimum, with or without a grant, and of a single practice above its maximum.
    """
    members, starts, size = listed.members, listed.starts, listed.list_size
    minimum = size_limits(problem, members, starts, listed.rural, "minimum")
    oversize = (np.diff(starts) == 1) & (size > size_limits(problem, members, starts, listed.rural, "maximum"))
    share = kept_shares(size, largest_losses(problem, members, starts), minimum)
    return (share < problem.rules.resilience.keeps_share - SHARE_SLACK) & (size >= minimum) & ~oversize


# ----------------------------------------------------------------------------------------------------- hubs and costs


def _with_hubs(problem: GroupingProblem, listed: Candidates) -> Candidates:
    """Every candidate with its best hub under all rules on hubs and its cost before penalties."""
    if hub_rules_bind(problem):
        hub, cost = best_hubs(problem, listed.members, listed.starts, listed.list_size)
        return replace(listed, hub=hub, cost=cost)
    count = len(listed)
    hub, cost = np.empty(count, np.int32), np.empty(count, np.int64)
    tags = np.full(len(problem.practice_codes), -1, np.int64)
    _score(problem, listed.members, listed.starts, tags, np.empty(count, np.int64), np.empty(count), hub, cost)
    return replace(listed, hub=hub, cost=weighed(problem, cost))


def _priced(problem: GroupingProblem, listed: Candidates, locked: tuple[LockedGroup, ...]) -> Candidates:
    """The candidates with their whole cost: to that of their hubs the penalties are added."""
    if locked:
        listed = _with_locked_hubs(problem, listed, {lock.members: lock for lock in locked})
    if problem.rules.hub.budget > 0:
        listed = _one_for_each_hub(problem, listed)
    cost = _penalties(problem, listed)
    cost += listed.cost
    return replace(listed, cost=cost)


def _with_locked_hubs(
    problem: GroupingProblem, listed: Candidates, locked: dict[tuple[int, ...], LockedGroup]
) -> Candidates:
    """The locked groups with the hub named, else the best of their sites; without those that nobody could get to."""
    terms = hub_terms(problem)
    hub, cost, keep = listed.hub.copy(), listed.cost.copy(), np.ones(len(listed), bool)
    for j in np.flatnonzero(listed.locked):
        costs, totals = hub_costs(problem, listed.group(int(j)), terms)
        site = locked[listed.group(int(j))].hub
        site = site if site >= 0 else locked_hub(problem, listed.group(int(j)), costs, totals)
        hub[j], cost[j], keep[j] = site, costs[site], totals[site] < NO_ROUTE
    listed = replace(listed, hub=hub, cost=cost)
    if keep.all():
        return listed
    reason = "locked, but some of its patients have no route to its hub"
    return replace(listed, left_out={**listed.left_out, reason: int((~keep).sum())}).keep(keep)


def _one_for_each_hub(problem: GroupingProblem, listed: Candidates) -> Candidates:
    """Each set once for every hub worth its money; locked groups, which are the last, keep the hub they have."""
    free = int(np.count_nonzero(~listed.locked))
    starts = listed.starts[: free + 1]
    counts, hub, cost = hubs_worth_their_money(problem, listed.members, starts, listed.list_size[:free])
    columns = np.concatenate((np.repeat(np.arange(free), counts), np.arange(free, len(listed))))
    hub, cost = np.concatenate((hub, listed.hub[free:])), np.concatenate((cost, listed.cost[free:]))
    return replace(listed.take(columns), hub=hub, cost=cost, set_of=columns)


def _penalties(problem: GroupingProblem, listed: Candidates) -> NDArray[np.int64]:
    """Weight x patients affected / all patients, in cost units, rounded once per candidate."""
    weights = problem.rules.weights
    total = weights.outside_preferred * patients_outside_preferred(problem, listed).astype(np.float64)
    for weight, labels in (
        (weights.split_locality, problem.locality),
        (weights.change_of_group, problem.current_group),
        (weights.mixed_systems, problem.clinical_system),
    ):
        if weight > 0 and labels is not None and any(labels):
            total += weight * patients_outside_largest(problem, listed, labels)
    if weights.size_balance > 0:
        total += weights.size_balance * patients_off_middle(problem, listed)
    if weights.fragile > 0:
        total += weights.fragile * fragile_patients(problem, listed)
    return np.rint(total * penalty_units(problem)).astype(np.int64)
