"""Groups of groups: the groups of a plan, taken as practices, are formed into larger ones by the same proof.

A larger group is called a *partnership* in files and pages. Its members are groups of the plan, whole; it is connected
where its groups have practices next to each other; its hub is the hub of one of its groups, the one with the fewest
patient-minutes. Sizes and the limit between hubs come from `[second_layer]` of the rule set, and as in the first layer
the least total shortfall is sought first, then the fewest exceptions, then the least minutes to the hub.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata.travel import TravelTimes
from grouping.membership import member_indices
from grouping.optimise import Progress, Solution, solve_partition
from grouping.plan import Plan
from grouping.problem import GroupingProblem
from grouping.rules import RuleSet

LARGEST = 3
"""Without a maximum of its own a partnership holds at most this many times the minimum: our default, which only keeps
the list of possible partnerships short. Twice the minimum could always be two partnerships."""

COLUMNS = (
    "partnership_id",
    "groups",
    "group_ids",
    "practices",
    "list_size",
    "minimum",
    "margin",
    "hub_site_code",
    "mean_minutes_to_hub",
    "longest_minutes_between_hubs",
)
"""Columns of `second_layer.csv`."""


@dataclass(frozen=True)
class SecondLayer:
    """Partnerships of the groups of one plan.

    Parameters
    ----------
    table
        One row per partnership, columns `COLUMNS`; `group_ids` are joined by blanks.
    shortfall, exceptions
        Patients missing to the minimum, and the partnerships that miss some.
    status, gap
        As for the first layer.
    """

    table: pd.DataFrame
    shortfall: int
    exceptions: int
    status: str
    gap: float

    def record(self) -> dict[str, object]:
        """What `run.json` holds of it; the partnerships stand in `second_layer.csv`."""
        return {
            "partnerships": len(self.table),
            "shortfall": self.shortfall,
            "exceptions": self.exceptions,
            "status": self.status,
            "gap": self.gap,
        }


def form_partnerships(
    plan: Plan,
    problem: GroupingProblem,
    times: TravelTimes,
    *,
    seconds: float | None = None,
    progress: Progress | None = None,
) -> SecondLayer | None:
    """Form the groups of a plan into partnerships; None if the rule set asks for none.

    Parameters
    ----------
    plan
        The plan.
    problem
        The problem it is a plan of.
    times
        Minutes between sites.
    seconds, progress
        Time limit and progress, as in `solve_partition`.

    Raises
    ------
    NoPlan
        Time ran out before any partition was found.
    """
    if not problem.rules.second_layer.minimum:
        return None
    upper = _problem_of_groups(plan, problem, times)
    solution = solve_partition(upper, time_limit=seconds, progress=progress)
    return SecondLayer(
        _table(solution, upper, plan), solution.shortfall, solution.exceptions, solution.status, solution.gap
    )


def _problem_of_groups(plan: Plan, problem: GroupingProblem, times: TravelTimes) -> GroupingProblem:
    """The problem whose practices are the groups of a plan and whose sites are their hubs."""
    members = [member_indices(group, problem) for group in plan.groups]
    belongs = np.zeros((len(members), len(problem.practice_codes)))
    for number, index in enumerate(members):
        belongs[number, index] = 1.0
    hubs = np.array([problem.site_codes.index(group.hub_site_code) for group in plan.groups])
    at = pd.Index(times.site_codes).get_indexer([problem.site_codes[hub] for hub in hubs])
    to_hub = times.between_sites[np.ix_(at, at)]
    order = np.argsort(hubs)  # sites stand in the order of their codes
    adjacent = belongs @ problem.adjacency @ belongs.T > 0
    np.fill_diagonal(adjacent, False)
    return GroupingProblem(
        practice_codes=tuple(group.group_id for group in plan.groups),
        list_size=np.rint(belongs @ problem.list_size).astype(np.int64),
        rural_patients=belongs @ problem.rural_patients,
        timed_patients=belongs @ problem.timed_patients,
        patient_minutes=_summed(belongs, problem.patient_minutes[:, hubs[order]]),
        site_codes=tuple(problem.site_codes[hub] for hub in hubs[order]),
        site_owner=order.astype(np.int64),
        hub_allowed=np.ones(len(hubs), dtype=bool),
        practice_to_site=to_hub[:, order],
        between_practices=np.maximum(to_hub, to_hub.T),
        adjacency=adjacent,
        locality=("",) * len(members),
        current_group=("",) * len(members),
        keep_together=("",) * len(members),
        rules=_rules_of_partnerships(problem.rules),
    )


def _summed(belongs: NDArray[np.float64], minutes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Patient-minutes of each group; `inf` where one of its practices has no route."""
    blocked = ~np.isfinite(minutes)
    total = belongs @ np.where(blocked, 0.0, minutes)
    total[belongs @ blocked.astype(np.float64) > 0] = np.inf
    return total


def _rules_of_partnerships(rules: RuleSet) -> RuleSet:
    layer = rules.second_layer
    most = layer.maximum or LARGEST * layer.minimum
    return RuleSet.model_validate(
        {
            "name": rules.name,
            "version": rules.version,
            "title": rules.title,
            "size": {
                "minimum_urban": layer.minimum,
                "minimum_rural": layer.minimum,
                "preferred_minimum_urban": 0,
                "preferred_minimum_rural": 0,
                "preferred_maximum": most,
                "hard_maximum": most,
            },
            "rurality": rules.rurality.model_dump(),
            "access": {"max_minutes_between_members": layer.max_minutes_between_hubs},
            "weights": {"outside_preferred": 0.0, "split_locality": 0.0},
        }
    )


def _table(solution: Solution, upper: GroupingProblem, plan: Plan) -> pd.DataFrame:
    practices = {group.group_id: len(group.members) for group in plan.groups}
    rows = []
    for partnership in solution.plan.groups:
        index = member_indices(partnership, upper)
        hub = upper.site_codes.index(partnership.hub_site_code)
        listed = int(upper.list_size[index].sum())
        minimum = upper.rules.size.minimum_urban
        timed = float(upper.timed_patients[index].sum())
        rows.append(
            (
                partnership.group_id.replace("G", "P"),
                len(index),
                " ".join(partnership.members),
                sum(practices[group_id] for group_id in partnership.members),
                listed,
                minimum,
                listed - minimum,
                partnership.hub_site_code,
                round(float(upper.patient_minutes[index, hub].sum()) / timed, 3) if timed else np.nan,
                round(float(upper.between_practices[np.ix_(index, index)].max()), 3),
            )
        )
    return pd.DataFrame(rows, columns=list(COLUMNS))
