"""The hand-worked place as the ground of a programme, with any tables of later years."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pandas as pd

from geodata.place import Place, SourceFile
from geodata.tables.readers import FilePart
from geodata.tables.schemas import Table
from grouping.assess import assess, score_plan
from grouping.growth.forecast import Case
from grouping.journeys import Journeys
from grouping.plan import Plan
from grouping.problem import build_problem
from grouping.programme.ground import Ground
from grouping.programme.inputs import ProgrammeInputs
from grouping.programme.settings import ProgrammeSettings
from grouping.result import OptionPlan, Run
from grouping.rules import RuleSet, load_rules
from tests.grouping.hand_worked import EDGES, hand_worked_place, hand_worked_times

NAN = float("nan")
SOURCES = (
    SourceFile("practices", "practices.csv", "0" * 64, 3, vintage="2025-04"),
    SourceFile("projections", "people-to-come.csv", "0" * 64, 1),
    SourceFile("housing", "homes-to-come.csv", "0" * 64, 1),
)
PLANS = (
    Plan.from_groups([(("A",), "A1"), (("B", "C"), "B1")]),
    Plan.from_groups([(("A", "B"), "A1"), (("C",), "C1")]),
)


def projections(*rows: tuple, ages: tuple[str, ...] = ()) -> pd.DataFrame:
    """A table of projections: area, year, population and the ages named."""
    return pd.DataFrame(rows, columns=["area_code", "year", "population", *ages])


def housing(*rows: tuple[str, float, float, float, float]) -> pd.DataFrame:
    """A table of planned homes: name, x, y, dwellings, year."""
    return pd.DataFrame(rows, columns=["name", "x", "y", "dwellings", "year"])


def place(areas: dict[str, list] | None = None, *, vintage: str = "2025-04", **tables: object) -> Place:
    """Residents R1 9,000, U1 20,000, U2 12,000, X 100; patients R1 11,400, U1 18,000, U2 12,000, X 100, OUT 500."""
    bare = hand_worked_place()
    sources = (replace(SOURCES[0], vintage=vintage), *SOURCES[1:])
    return replace(bare, areas=bare.areas.assign(**(areas or {})), sources=sources, **tables)


def rule_set(**override: dict) -> RuleSet:
    """`dorset-2017` without penalties, minimums of 25,000 urban and 20,000 rural."""
    size = {"minimum_urban": 25_000, "preferred_minimum_urban": 25_000} | override.pop("size", {})
    weights = {"outside_preferred": 0, "split_locality": 0, "change_of_group": 0}
    return load_rules("dorset-2017", override={"weights": weights, "size": size, **override})


def run_of(of: Place, rules: RuleSet | None = None) -> Run:
    """A run with both plans of three practices."""
    rules, times = rules or rule_set(), hand_worked_times()
    problem = build_problem(of, times, EDGES, rules)
    journeys = Journeys.of(of, times, problem)
    options = []
    for number, plan in enumerate(PLANS, start=1):
        option = OptionPlan(f"option-{number}", plan, score_plan(plan, problem, journeys))
        options.append(assess(option, problem, of, times, EDGES, journeys=journeys, by_hand=True))
    return Run("made", of, times, rules, EDGES, tuple(options), None, problem=problem)


def capacity(*rows: tuple[str, float]) -> Table:
    """A table of places as the planner gives it."""
    frame = pd.DataFrame(rows, columns=["practice_code", "places"])
    return Table("programme_capacity", frame, list[FilePart](), frame.index.to_numpy(), frame.index.to_numpy())


def ground(of: Place, *, rules: RuleSet | None = None, tables: dict | None = None, **settings: object) -> Ground:
    """The ground of the first option; `settings` are those of the section growth, `estates` of its own."""
    estates = settings.pop("estates", {})
    said = ProgrammeSettings.model_validate({"growth": settings, "estates": estates})
    run = run_of(of, rules)
    return Ground(run, run.options[0], ProgrammeInputs(said, tables or {}, file="programme.toml"))


@cache
def _bare_run() -> Run:
    return run_of(place())


def case_of(of: Place) -> Case:
    """A case with the arrays of the bare place: for tables that change neither lists nor registrations."""
    run = _bare_run()
    return Case.of(Ground(replace(run, place=of), run.options[0]))
