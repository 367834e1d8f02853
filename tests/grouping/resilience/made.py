"""Grounds for the tests: the place worked by hand, and arrays of any shape."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geodata.place import Place
from geodata.travel import TravelTimes
from grouping.assess import assess, best_hub
from grouping.plan import Plan
from grouping.problem import GroupingProblem, build_problem
from grouping.programme.ground import Ground
from grouping.programme.inputs import ProgrammeInputs, read_inputs
from grouping.resilience.facts import Facts
from grouping.result import OptionPlan, Run
from grouping.rules import RuleSet, load_rules
from tests.grouping.hand_worked import EDGES, hand_worked_place, hand_worked_times

PLAN = ((("A", "B"), "B1"), (("C",), "C1"))


def ground_on(
    place: Place, times: TravelTimes, groups: tuple = PLAN, rules: RuleSet | None = None, settings: Path | None = None
) -> Ground:
    """The ground of a plan scored by hand."""
    problem = build_problem(place, times, EDGES, rules or load_rules("dorset-2017"))
    option = assess(OptionPlan("scored", Plan.from_groups(groups), 0.0), problem, place, times, EDGES, by_hand=True)
    run = Run("r", place, times, problem.rules, EDGES, (option,), None, problem=problem, command="score")
    return Ground(run, option, ProgrammeInputs() if settings is None else read_inputs(settings))


def hand_worked_ground(
    *,
    ratings: dict[str, float] | None = None,
    rules: RuleSet | None = None,
    settings: Path | None = None,
    groups: tuple = PLAN,
) -> Ground:
    """A and B in one group with its hub at B's main site, C on its own."""
    place = hand_worked_place()
    if ratings is not None:
        practices = place.practices.assign(vulnerability=[ratings.get(code, np.nan) for code in place.practices.index])
        place = replace(place, practices=practices)
    return ground_on(place, hand_worked_times(), groups, rules, settings)


def settings_file(folder: Path, text: str, **tables: str) -> Path:
    """A programme.toml with its tables beside it."""
    for name, rows in tables.items():
        (folder / f"{name}.csv").write_text(rows, encoding="utf-8")
    path = folder / "programme.toml"
    path.write_text(text, encoding="utf-8")
    return path


def made_facts(minutes: NDArray[np.float64], patients: NDArray[np.float64], places: NDArray[np.float64]) -> Facts:
    """Areas and practices of any number, every practice a group of its own; `minutes` (A, P), `patients` (P, A)."""
    areas, practices = minutes.shape
    codes = tuple(f"P{p:02d}" for p in range(practices))
    nothing, zeros = np.zeros(practices), np.zeros((practices, practices))
    problem = GroupingProblem(
        practice_codes=codes,
        list_size=patients.sum(axis=1).astype(np.int64),
        rural_patients=nothing,
        timed_patients=patients.sum(axis=1),
        patient_minutes=zeros,
        site_codes=codes,
        site_owner=np.arange(practices),
        hub_allowed=np.ones(practices, bool),
        practice_to_site=zeros,
        between_practices=zeros,
        adjacency=zeros > 0,
        locality=("",) * practices,
        current_group=("",) * practices,
        keep_together=("",) * practices,
        rules=load_rules("dorset-2017"),
    )
    return Facts(
        problem=problem,
        groups=Plan.from_groups([((code,), code) for code in codes]).groups,
        member=np.eye(practices, dtype=bool),
        area_codes=tuple(f"E{a:02d}" for a in range(areas)),
        to_site=minutes,
        minutes=minutes,
        patients=patients,
        not_timed=nothing,
        rural=np.zeros(areas, bool),
        older=np.full(areas, np.nan),
        places=places,
        places_given=nothing > 0,
        vulnerable=nothing > 0,
        rated=nothing > 0,
    )


def by_locality(problem: GroupingProblem) -> tuple:
    """A group for each locality, its hub the best of its sites."""
    labels = sorted(set(problem.locality))
    members = [
        tuple(code for code, own in zip(problem.practice_codes, problem.locality, strict=True) if own == label)
        for label in labels
    ]
    return tuple((codes, best_hub(codes, problem)) for codes in members)
