"""Under which assumptions a journey is counted: the minutes of the car, and who the people are and where they live."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geodata.errors import Finding
from geodata.place import Place
from geodata.scenarios import ALL as TIMED
from geodata.scenarios import timed_scenarios
from geodata.travel import TravelTimes
from grouping.impact.growth import growth_factors
from grouping.impact.people import People, people_of
from grouping.journeys import Journeys
from grouping.problem import GroupingProblem
from grouping.remarks import rural_localities

GROWING = {"projected": "Projected population", "housing": "Planned housing"}
OTHER_RURAL = "other-rural"
SCENARIOS = (*TIMED, *GROWING, OTHER_RURAL)
"""What every option is tried under."""

Untried = tuple[tuple[str, str], ...]
"""Scenario and why nothing can be said under it."""


@dataclass(frozen=True)
class Conditions:
    """One set of assumptions.

    Parameters
    ----------
    name, title, sentence
        Of the scenario; an empty name is the case as it stands.
    times
        Minutes by car.
    people
        Who lives in each row of the registrations.
    findings
        What of the inputs could not be used for it.
    journeys_differ
        Whether minutes or people differ from the case as it stands; else only how people are divided does.
    """

    name: str
    title: str
    sentence: str
    times: TravelTimes
    people: People
    findings: tuple[Finding, ...] = ()
    journeys_differ: bool = True


@dataclass(frozen=True)
class Usual:
    """What scenarios vary: a timed place and its people."""

    place: Place
    journeys: Journeys
    problem: GroupingProblem
    conditions: Conditions
    roads: object
    case_dir: object


def conditions_of(usual: Usual, names: Iterable[str]) -> tuple[tuple[Conditions, ...], Untried]:
    """The assumptions of some scenarios, and why others cannot be tried.

    Parameters
    ----------
    usual
        The case as it stands.
    names
        Of `SCENARIOS`, in the order wanted.
    """
    names = tuple(dict.fromkeys(names))
    found: dict[str, Conditions] = {}
    untried: dict[str, str] = {}
    timed = [name for name in names if name in TIMED]
    if timed:
        for one in timed_scenarios(usual.place, usual.roads, usual.case_dir, timed, car=usual.conditions.times):
            if one.times is None:
                untried[one.name] = one.unchanged
            else:
                found[one.name] = Conditions(one.name, one.title, one.sentence, one.times, usual.conditions.people)
    for name in names:
        if name in GROWING:
            _grow(usual, name, found, untried)
    if OTHER_RURAL in names:
        _other_rural(usual, found, untried)
    return tuple(found[name] for name in names if name in found), tuple(
        (name, untried[name]) for name in names if name in untried
    )


def _grow(usual: Usual, name: str, found: dict[str, Conditions], untried: dict[str, str]) -> None:
    table = {"projected": usual.place.projections, "housing": usual.place.housing}[name]
    if table is None:
        what = {"projected": "population projections", "housing": "planned housing"}[name]
        untried[name] = f"The inputs hold no {what}."
        return
    each = usual.problem.rules.impact.persons_per_dwelling
    growth = growth_factors(usual.place, usual.journeys, name, persons_per_dwelling=each)
    people = people_of(usual.place, usual.journeys, usual.problem.practice_codes, growth=growth.factor)
    found[name] = Conditions(name, GROWING[name], growth.sentence, usual.conditions.times, people, growth.findings)


def _other_rural(usual: Usual, found: dict[str, Conditions], untried: dict[str, str]) -> None:
    """The second definition: patients are rural where the locality of their practice mostly is."""
    if not any(usual.problem.locality):
        untried[OTHER_RURAL] = "The inputs hold no localities."
        return
    rural = _by_locality(usual.problem)[usual.journeys.practice]
    people = people_of(usual.place, usual.journeys, usual.problem.practice_codes, rural=rural)
    then, now = (float(one.patients[one.setting == 1.0].sum()) for one in (usual.conditions.people, people))
    sentence = (
        "Patients count as rural where most patients of their practice's locality live in rural areas, instead of by "
        f"their own home: {now:,.0f} patients instead of {then:,.0f}. Minutes and people stay the same, so that only "
        "the figures of rural and urban differ; they stand in summary.csv."
    )
    found[OTHER_RURAL] = Conditions(
        OTHER_RURAL, "The other definition of rural", sentence, usual.conditions.times, people, journeys_differ=False
    )


def _by_locality(problem: GroupingProblem) -> NDArray[np.float64]:
    """1 rural, 0 urban, NaN without a locality, of each practice."""
    flags = rural_localities(problem)
    return np.array([float(flags[label]) if label else np.nan for label in problem.locality])
