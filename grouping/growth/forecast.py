"""Patients more or fewer in every row of the registrations and every year, by projections and planned homes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata.place import Place
from grouping.borders import kept_borders
from grouping.growth.homes import Homes, homes_of
from grouping.growth.residents import Residents, residents_of
from grouping.growth.timeline import Timeline, timeline_of
from grouping.impact.growth import patients_of_areas
from grouping.journeys import Journeys
from grouping.problem import Decided, GroupingProblem, build_problem
from grouping.programme.ground import Ground
from grouping.programme.settings import GrowthSettings
from grouping.result import Run


@dataclass(frozen=True)
class Case:
    """The registrations that lists are carried forward by.

    Parameters
    ----------
    run
        The run; for the public the public one.
    problem, journeys
        Its arrays, and its registrations joined with minutes: P practices, R rows.
    """

    run: Run
    problem: GroupingProblem
    journeys: Journeys

    @classmethod
    def of(cls, ground: Ground) -> Case:
        """The case of a ground, its arrays made anew where the run holds none."""
        run = ground.run
        if ground.ready is not None:
            return cls(run, ground.ready.problem, ground.ready.journeys)
        problem = run.problem or problem_for(run, run.place, Decided())
        return cls(run, problem, Journeys.of(run.place, run.times, problem))

    @property
    def place(self) -> Place:
        """The place, its registrations completed."""
        return self.run.place

    @cached_property
    def at(self) -> NDArray[np.int64]:
        """Position of the area of each row among the areas of the case, -1 for none, shape (R,)."""
        return self.place.areas.index.get_indexer(list(self.journeys.area_codes))[self.journeys.area]

    def of_rows(self, of_area: NDArray[np.float64], instead: float) -> NDArray[np.float64]:
        """Figures of the areas, shape (..., A), for the rows, shape (..., R)."""
        return np.where(self.at >= 0, of_area[..., np.maximum(self.at, 0)], instead)

    def of_practices(self, of_rows: NDArray[np.float64]) -> NDArray[np.float64]:
        """Sums over the rows of each practice, shape (P,)."""
        return np.bincount(self.journeys.practice, of_rows, minlength=len(self.problem.practice_codes))


def problem_for(run: Run, place: Place, decided: Decided) -> GroupingProblem:
    """The arrays of a place under the rules and borders of a run."""
    edges = run.adjacency
    kept = kept_borders(edges) if "reason" in edges else edges
    return build_problem(place, run.times, kept, run.rules, decided)


@dataclass(frozen=True)
class Forecast:
    """What is added to every row of the registrations, in patients for each patient of today.

    Parameters
    ----------
    case, timeline
        What it was made from.
    together
        What counts (see `GrowthSettings`).
    persons
        People in a planned home.
    residents, homes
        Projected residents and planned homes; None where the case has none, or none later than its lists.
    registered
        Registered patients living in each area, shape (A,).
    projected
        By projected residents, shape (Y, R); all 0 where they do not count.
    housed
        By planned homes, shape (Y, R).
    """

    case: Case
    timeline: Timeline
    together: str
    persons: float
    residents: Residents | None
    homes: Homes | None
    registered: NDArray[np.float64]
    projected: NDArray[np.float64]
    housed: NDArray[np.float64]

    @property
    def more(self) -> NDArray[np.float64]:
        """Both, shape (Y, R)."""
        return self.projected + self.housed

    @cached_property
    def lists(self) -> pd.DataFrame:
        """Patients of every practice of the case by year, not rounded; in the first year the lists of today."""
        today = self.case.problem.list_size.astype(float)
        patients = self.case.journeys.patients
        made = {year: today + self.case.of_practices(patients * self.more[y]) for y, year in enumerate(self.years)}
        return pd.DataFrame(made, index=pd.Index(self.case.problem.practice_codes, name="practice_code"))

    @property
    def years(self) -> tuple[int, ...]:
        """The years."""
        return self.timeline.years

    @property
    def uses_projections(self) -> bool:
        """Whether projected residents count."""
        return self.together != "housing" and self.residents is not None


def forecast_of(case: Case, settings: GrowthSettings, timeline: Timeline | None = None) -> Forecast:
    """What the tables of a case add to its registrations.

    Parameters
    ----------
    case
        With projections, planned homes, both or none.
    settings
        Of `programme.toml`.
    timeline
        The years; None for those of the tables.
    """
    timeline = timeline or timeline_of(case.place, settings)
    persons = settings.persons_per_dwelling or case.run.rules.impact.persons_per_dwelling
    registered = patients_of_areas(case.place, case.journeys)
    residents = residents_of(case.place, timeline)
    nowhere = np.zeros(len(case.place.areas), dtype=bool)
    held = residents.known if residents is not None and settings.together == "projections" else nowhere
    homes = homes_of(case.place, timeline, registered, persons, held)
    nothing = np.zeros((len(timeline.years), len(case.journeys.patients)))
    projected = housed = nothing
    if residents is not None and settings.together != "housing":
        projected = case.of_rows(residents.factor, 1.0) - 1.0
    if homes is not None:
        each = np.divide(homes.people, registered, out=np.zeros_like(homes.people), where=registered > 0)
        housed = case.of_rows(each, 0.0)
    return Forecast(case, timeline, settings.together, persons, residents, homes, registered, projected, housed)


def otherwise(forecast: Forecast, settings: GrowthSettings, together: str) -> Forecast:
    """The same case where something else counts, over the same years."""
    if together == forecast.together:
        return forecast
    return forecast_of(forecast.case, settings.model_copy(update={"together": together}), forecast.timeline)
