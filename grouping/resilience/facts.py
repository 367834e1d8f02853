"""What the test reads: the plan, the registrations and the minutes as arrays."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.sparse import csr_array

from grouping.plan import Group
from grouping.problem import GroupingProblem, build_problem
from grouping.programme.ground import Ground
from grouping.resilience.capacity import places_of


@dataclass(frozen=True)
class Facts:
    """A plan and its patients as arrays over P practices, A areas, S sites and G groups, each in its own order.

    Parameters
    ----------
    problem
        Practices, lists, rural patients, sites and rules.
    groups
        The groups of the plan.
    member
        Whether a practice is in a group, bool, shape (P, G); a practice that the plan leaves out is in none.
    area_codes
        Areas whose homes are timed or could be.
    to_site
        Minutes from an area to a site, `inf` without a route, shape (A, S).
    minutes
        Minutes from an area to the nearest site of a practice, `inf` without a route, shape (A, P).
    patients
        Registered patients with a home that reaches some site, shape (P, A).
    not_timed
        The other patients of each practice, shape (P,).
    rural
        Whether an area is rural, bool, shape (A,).
    older
        Share of residents aged 65 or over, NaN where not known, shape (A,).
    places, places_given
        Patients that each practice could take, and whether the planner's table says so, shape (P,).
    vulnerable
        Whether each practice counts as vulnerable, bool, shape (P,).
    rated
        Whether a rating is known, bool, shape (P,).
    """

    problem: GroupingProblem
    groups: tuple[Group, ...]
    member: NDArray[np.bool_]
    area_codes: tuple[str, ...]
    to_site: NDArray[np.float64]
    minutes: NDArray[np.float64]
    patients: NDArray[np.float64]
    not_timed: NDArray[np.float64]
    rural: NDArray[np.bool_]
    older: NDArray[np.float64]
    places: NDArray[np.float64]
    places_given: NDArray[np.bool_]
    vulnerable: NDArray[np.bool_]
    rated: NDArray[np.bool_]

    @property
    def codes(self) -> tuple[str, ...]:
        """Codes of the practices."""
        return self.problem.practice_codes

    @cached_property
    def of_plan(self) -> NDArray[np.bool_]:
        """Practices that are in a group, bool, shape (P,)."""
        return self.member.any(axis=1)

    @cached_property
    def hub_minutes(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Patient-minutes of each practice to each site, and its patients with a route there, both shape (P, S)."""
        routed, homes = np.isfinite(self.to_site), csr_array(self.patients)
        return homes @ np.where(routed, self.to_site, 0.0), homes @ routed.astype(np.float64)

    @cached_property
    def group_at(self) -> NDArray[np.int64]:
        """Position of the group of each practice, -1 for none, shape (P,)."""
        return np.where(self.of_plan, self.member.argmax(axis=1), -1)


def facts_of(ground: Ground) -> Facts:
    """Gather the arrays.

    Parameters
    ----------
    ground
        The option and what the planner says.
    """
    run = ground.run
    problem = run.problem or build_problem(run.place, run.times, run.adjacency, run.rules)
    codes, times = problem.practice_codes, run.times
    to_site = times.area_to_site[:, pd.Index(times.site_codes).get_indexer(problem.site_codes)]
    patients, elsewhere = _patients(ground, codes)
    reaches = np.isfinite(times.area_to_site).any(axis=1)
    places, given = places_of(ground, codes)
    rating = _ratings(ground, codes)
    areas = run.place.areas.reindex(list(times.area_codes))
    return Facts(
        problem=problem,
        groups=ground.plan.groups,
        member=np.array([[code in group.members for group in ground.plan.groups] for code in codes], dtype=bool),
        area_codes=times.area_codes,
        to_site=to_site,
        minutes=_to_practices(ground, problem, to_site),
        patients=np.where(reaches, patients, 0.0),
        not_timed=elsewhere + np.where(reaches, 0.0, patients).sum(axis=1),
        rural=areas["rural"].astype("boolean").fillna(False).to_numpy(bool),
        older=_older(areas),
        places=places,
        places_given=given,
        vulnerable=rating <= vulnerable_up_to(ground),
        rated=np.isfinite(rating),
    )


def vulnerable_up_to(ground: Ground) -> int:
    """The highest rating that counts as vulnerable: the programme's own, else that of the rule set."""
    own = ground.settings.resilience.vulnerable_up_to
    return ground.run.rules.practices.vulnerable_up_to if own is None else own


def _ratings(ground: Ground, codes: tuple[str, ...]) -> NDArray[np.float64]:
    """Rating of each practice, infinite where it is not known."""
    if "vulnerability" not in ground.practices:
        return np.full(len(codes), np.inf)
    ratings = pd.to_numeric(ground.practices["vulnerability"]).reindex(list(codes))
    return ratings.fillna(np.inf).to_numpy(np.float64)


def _older(areas: pd.DataFrame) -> NDArray[np.float64]:
    """Share of residents aged 65 or over, NaN where it is not known."""
    if "population_65_plus" not in areas:
        return np.full(len(areas), np.nan)
    people = areas["population"].to_numpy(np.float64)
    older = areas["population_65_plus"].to_numpy(np.float64)
    return np.divide(older, people, out=np.full(len(areas), np.nan), where=people > 0)


def _patients(ground: Ground, codes: tuple[str, ...]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Patients by practice and area of the case, shape (P, A), and those from anywhere else, shape (P,)."""
    table, areas = ground.run.place.registrations, ground.run.times.area_codes
    row = pd.Index(codes).get_indexer(table["practice_code"])
    column = pd.Index(areas).get_indexer(table["area_code"])
    count = table["patients"].to_numpy(np.float64)
    known = (row >= 0) & (column >= 0)
    outside = (row >= 0) & (column < 0)
    at = row[known] * len(areas) + column[known]
    patients = np.bincount(at, count[known], minlength=len(codes) * len(areas)).reshape(len(codes), len(areas))
    return patients, np.bincount(row[outside], count[outside], minlength=len(codes))


def _to_practices(ground: Ground, problem: GroupingProblem, to_site: NDArray[np.float64]) -> NDArray[np.float64]:
    """Minutes from each area to the nearest own site of each practice, shape (A, P)."""
    owners = ground.run.place.sites["practice_code"].reindex(list(problem.site_codes)).fillna("").astype(str)
    owner = pd.Index(problem.practice_codes).get_indexer(owners)
    minutes = np.full((len(to_site), len(problem.practice_codes)), np.inf)
    for site in np.flatnonzero(owner >= 0):
        minutes[:, owner[site]] = np.minimum(minutes[:, owner[site]], to_site[:, site])
    return minutes
