"""Which site is the hub of a group, and what it costs before penalties that do not depend on the hub.

A group's hub is the eligible site of least cost, where cost in patient-minutes is

    minutes x patient-minutes + (worst_practice x longest drive x patients + hub_cost x pounds) x timed / all patients

with the weights of the rule set; ties go to fewer patient-minutes, then to the smaller site code. Where no rule asks
for more than patient-minutes, `candidates` takes a shorter way to the same hub.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from grouping._kernels import NO_ROUTE, choose_hubs, undominated_hubs
from grouping.criteria import PENCE, SHARE_SLACK, drives, minute_units, penalty_units, pence
from grouping.problem import GroupingProblem

HubTerms = tuple[NDArray, ...]
"""What the compiled loops read besides the sets."""


def hub_rules_bind(problem: GroupingProblem) -> bool:
    """Whether the hub is not simply the site of least patient-minutes within `access.max_minutes_to_hub`."""
    weights, rules = problem.rules.weights, problem.rules
    by_limit = rules.access.max_mean_minutes_to_hub > 0 or rules.hub.budget > 0
    return by_limit or bool(problem.decided.hubs) or weights.worst_practice > 0 or weights.hub_cost > 0


def weighed(problem: GroupingProblem, minutes: NDArray[np.int64]) -> NDArray[np.int64]:
    """Patient-minutes in whole units times what a minute counts."""
    weight = problem.rules.weights.minutes
    return minutes if weight == 1 else np.rint(weight * minutes).astype(np.int64)


def possible_hubs(problem: GroupingProblem) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Sites that may be a hub by owning practice: `sites[starts[p]:starts[p + 1]]`."""
    allowed = np.flatnonzero(problem.hub_allowed)
    owner = problem.site_owner[allowed]
    order = np.argsort(owner, kind="stable")
    counts = np.bincount(owner, minlength=len(problem.practice_codes))
    return np.concatenate(([0], np.cumsum(counts))).astype(np.int64), allowed[order].astype(np.int64)


def best_hubs(
    problem: GroupingProblem, members: NDArray[np.int16], starts: NDArray[np.int64], sizes: NDArray[np.int64]
) -> tuple[NDArray[np.int32], NDArray[np.int64]]:
    """The hub of each set under all rules on hubs, and its cost in units.

    Parameters
    ----------
    problem
        The problem.
    members, starts, sizes
        The sets and their patients.

    Returns
    -------
    tuple
        Sites, int32, or `NO_HUB`, or `TWO_FORCED` where two sites of a set must be the hub; costs, int64.
    """
    hub, cost = np.empty(len(sizes), np.int32), np.empty(len(sizes), np.int64)
    choose_hubs(members, starts, sizes, *hub_terms(problem), hub, cost)
    return hub, cost


def hubs_worth_their_money(
    problem: GroupingProblem, members: NDArray[np.int16], starts: NDArray[np.int64], sizes: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int32], NDArray[np.int64]]:
    """Of sets that have a hub: every hub than which none is both of less cost and cheaper.

    Returns
    -------
    tuple
        How many each set has, int64; then sites and costs, those of a set in the order of their cost.
    """
    counts = np.empty(len(sizes), np.int64)
    sets = (members, starts, sizes, *hub_terms(problem), counts)
    undominated_hubs(*sets, np.empty(0, np.int32), np.empty(0, np.int64))
    hub, cost = np.empty(int(counts.sum()), np.int32), np.empty(int(counts.sum()), np.int64)
    undominated_hubs(*sets, hub, cost)
    return counts, hub, cost


def hub_terms(problem: GroupingProblem) -> HubTerms:
    """Minutes, limits, weights and possible hubs, in the order the compiled loops take them."""
    access, weights, per_patient = problem.rules.access, problem.rules.weights, penalty_units(problem)
    limits = np.array([access.max_minutes_to_hub or np.inf, (access.max_mean_minutes_to_hub or np.inf) + SHARE_SLACK])
    units = np.array(
        [weights.minutes, weights.worst_practice * per_patient, weights.hub_cost * per_patient / PENCE], np.float64
    )
    forced = _forced(problem)
    forced_of = np.bincount(problem.site_owner[forced], minlength=len(problem.practice_codes)).astype(np.int64)
    return (
        minute_units(problem), problem.patient_minutes, problem.timed_patients, drives(problem), limits, units,
        pence(problem), *possible_hubs(problem), forced, forced_of,
    )  # fmt: skip


def hub_costs(
    problem: GroupingProblem, group: tuple[int, ...], terms: HubTerms
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Cost, and patient-minutes (from `NO_ROUTE` on: no route), of one group with each site as hub, both shape (S,)."""
    minutes, _, _, to_site, _, weights, site_pence = terms[:7]
    members = list(group)
    totals = minutes[members].sum(axis=0)
    size = int(problem.list_size[members].sum())
    cost = weights[0] * totals + weights[1] * to_site[members].max(axis=0) * size + weights[2] * site_pence
    return np.rint(cost).astype(np.int64), totals


def locked_hub(
    problem: GroupingProblem, group: tuple[int, ...], costs: NDArray[np.int64], totals: NDArray[np.int64]
) -> int:
    """The members' site of least cost; a rule on hubs that would leave none of them is left aside.

    The order in which rules are left aside is that of `assess.best_hub`.
    """
    access, members = problem.rules.access, list(group)
    within = totals < NO_ROUTE
    if access.max_minutes_to_hub > 0:
        within &= (problem.practice_to_site[members] <= access.max_minutes_to_hub).all(axis=0)
    if access.max_mean_minutes_to_hub > 0:
        timed = float(problem.timed_patients[members].sum())
        mean = problem.patient_minutes[members].sum(axis=0) / (timed or np.inf)
        within &= ~(mean > access.max_mean_minutes_to_hub + SHARE_SLACK)
    possible = np.isin(problem.site_owner, members)
    for narrower in (_forced(problem), problem.hub_allowed, within, totals < NO_ROUTE):
        if (possible & narrower).any():
            possible &= narrower
    sites = np.flatnonzero(possible)
    return int(sites[np.lexsort((sites, totals[sites], costs[sites]))[0]])


def _forced(problem: GroupingProblem) -> NDArray[np.bool_]:
    """Whether each site must be the hub of the group of its practice, bool, shape (S,)."""
    forced = np.zeros(len(problem.site_codes), bool)
    forced[list(problem.decided.hubs)] = True
    return forced
