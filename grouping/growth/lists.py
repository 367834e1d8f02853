"""Lists of practices and groups by year in whole patients, and the limits that then apply to a group."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata.place import Place
from grouping.growth.forecast import Case, Forecast, problem_for
from grouping.growth.residents import residents_of
from grouping.impact.disclosure.counts import rounded
from grouping.impact.people import people_of
from grouping.journeys import Journeys
from grouping.membership import main_locality, member_indices, rural_share
from grouping.plan import Group
from grouping.problem import GroupingProblem

AGES = (
    ("age_65_plus", "population_65_plus", "65 and over"),
    ("age_75_plus", "population_75_plus", "75 and over"),
    ("age_85_plus", "population_85_plus", "85 and over"),
    ("age_children", "population_children", "children"),
)
"""Ages of patients, the residents they grow with, and what they are called."""


@dataclass(frozen=True)
class Limits:
    """What the rules ask of a group in every year, shape (Y,) each: kind, minimum and maximum."""

    rural: NDArray[np.bool_]
    minimum: NDArray[np.int64]
    maximum: NDArray[np.int64]


@dataclass(frozen=True)
class Lists:
    """Whole lists of P practices in Y years.

    Parameters
    ----------
    forecast
        What they were made from.
    whole
        Patients, int64, shape (Y, P); for the public later years are rounded to 5.
    rural
        Share of the patients of each practice who live in rural areas, shape (Y, P).
    """

    forecast: Forecast
    whole: NDArray[np.int64]
    rural: NDArray[np.float64]

    @property
    def case(self) -> Case:
        """The case they are of."""
        return self.forecast.case

    def problem(self, y: int) -> GroupingProblem:
        """The problem with the lists and rural patients of a year; its minutes are those of today."""
        return replace(
            self.case.problem, list_size=self.whole[y], rural_patients=self.rural[y] * self.whole[y]
        )  # fmt: skip

    def of_group(self, group: Group) -> NDArray[np.int64]:
        """List of a group in every year, shape (Y,)."""
        return self.whole[:, member_indices(group, self.case.problem)].sum(axis=1)

    def limits(self, group: Group, kind: str | None = None) -> Limits:
        """What the rules ask of a group in every year.

        Parameters
        ----------
        group
            The group.
        kind
            Kind of the group that is published, `rural` or `urban`, for the public, whose registrations are rounded:
            it holds until the share crosses the threshold by them. None for the kind they give.
        """
        index, rules = member_indices(group, self.case.problem), self.case.run.rules
        rural, minimum, maximum = [], [], []
        for y in range(len(self.whole)):
            problem = self.problem(y)
            is_rural = rural_share(index, problem) >= rules.rurality.threshold - 1e-9
            rural.append(is_rural)
        if kind is not None:
            rural = [(kind == "rural") if one == rural[0] else one for one in rural]
        for y, one in enumerate(rural):
            locality = main_locality(index, self.problem(y))
            minimum.append(rules.minimum_for(rural=one, locality=locality))
            maximum.append(rules.maximum_for(rural=one, locality=locality))
        return Limits(np.array(rural), np.array(minimum, np.int64), np.array(maximum, np.int64))


def lists_of(forecast: Forecast, *, public: bool = False) -> Lists:
    """The whole lists of a forecast.

    Parameters
    ----------
    forecast
        Patients more in every row and year.
    public
        Whether derived lists are rounded to the nearest 5; lists of today are published.
    """
    case = forecast.case
    exact = forecast.lists.to_numpy(dtype=float).T
    whole = np.rint(exact)
    if public:
        whole[1:] = np.where(exact[1:] == exact[0], exact[0], rounded(exact[1:]))
    journeys = case.journeys
    now = np.divide(
        case.problem.rural_patients, case.problem.list_size, out=np.zeros(exact.shape[1]),
        where=case.problem.list_size > 0,
    )  # fmt: skip
    shares = np.empty_like(exact)
    for y, more in enumerate(forecast.more):
        patients = journeys.patients * (1.0 + more)
        inside = case.of_practices(np.where(journeys.rural == 1.0, patients, 0.0))
        outside = case.of_practices(np.where(journeys.rural == 0.0, patients, 0.0))
        share = np.divide(inside, inside + outside, out=now.copy(), where=inside + outside > 0)
        shares[y] = np.where((outside == 0) & (inside > 0), 1.0, np.clip(share, 0.0, 1.0))
    shares[0] = now
    return Lists(forecast, whole.astype(np.int64), shares)


def place_then(lists: Lists, y: int) -> Place:
    """The place with the lists and registrations of a year, as somebody would write them into its tables by hand.

    Registrations are scaled to the whole lists, as registrations of another date are.
    """
    case, table = lists.case, lists.case.place.registrations
    then = table["patients"].to_numpy(dtype=float) * (1.0 + lists.forecast.more[y])
    of = case.journeys.practice
    sums = case.of_practices(then)[of]
    size = lists.whole[y].astype(float)[of]
    scaled = np.divide(then, sums, out=np.zeros(len(then)), where=sums > 0) * size
    patients = np.where(np.isclose(sums, size, rtol=1e-12, atol=0), then, scaled)
    practices = case.place.practices.copy()
    practices["list_size"] = pd.Series(lists.whole[y], index=list(case.problem.practice_codes)).reindex(practices.index)
    kept = patients > 0
    return replace(
        case.place, practices=practices, registrations=table.assign(patients=patients)[kept].reset_index(drop=True)
    )


def case_then(lists: Lists, y: int) -> Case:
    """The case of a year, with arrays made anew from its place: lists and registrations differ, minutes do not."""
    place, run = place_then(lists, y), lists.case.run
    problem = problem_for(run, place, lists.case.problem.decided)
    return Case(replace(run, place=place), problem, Journeys.of(place, run.times, problem))


@dataclass(frozen=True)
class Ages:
    """Patients of one age in every year.

    Parameters
    ----------
    key, words
        Such as `age_65_plus` and "65 and over".
    people
        Of each practice, shape (Y, P).
    """

    key: str
    words: str
    people: NDArray[np.float64]


def ages_of(forecast: Forecast) -> tuple[Ages, ...]:
    """Patients by age, of those ages that the projections and the case know.

    Patients of an age grow as the residents of that age in their area are projected to, where these are known, else as
    all residents of the area; nobody is more than everybody. People of planned homes are of the ages of the area.
    """
    case = forecast.case
    if not forecast.uses_projections:
        return ()
    found = []
    people = people_of(case.place, case.journeys, case.problem.practice_codes)
    populations = {one.key: one for one in people.populations}
    for key, column, words in AGES:
        residents = residents_of(case.place, forecast.timeline, column)
        if residents is None or key not in populations or not residents.known.any():
            continue
        here = case.of_rows(residents.known.astype(float), 0.0) > 0
        own = np.where(here, case.of_rows(residents.factor, 1.0) - 1.0, forecast.projected)
        now = populations[key].patients
        everybody = case.journeys.patients * (1.0 + forecast.more)
        then = np.minimum(now * (1.0 + own + forecast.housed), np.maximum(everybody, 0.0))
        then[0] = now
        found.append(Ages(key, words, np.array([case.of_practices(row) for row in then])))
    return tuple(found)


def in_words(codes: Sequence[str], most: int = 5) -> str:
    """Codes for a sentence: the first ones, and how many more."""
    more = len(codes) - most
    return ", ".join(codes[:most]) + (f" and {more:,} more" if more > 0 else "")
