"""A run of a prepared case with one plan: a group for each locality."""

from __future__ import annotations

from geodata.place import Place
from grouping.assess import assess, best_hub, score_plan
from grouping.journeys import Journeys
from grouping.plan import Plan
from grouping.prepared import Prepared
from grouping.result import OptionPlan, Run


def plan_by_locality(place: Place) -> list[tuple[str, ...]]:
    """The practices of each locality."""
    return [tuple(sorted(codes)) for _, codes in sorted(place.practices.groupby("locality").groups.items())]


def scored(ready: Prepared, groups: list[tuple[str, ...]]) -> Run:
    """The run with these groups, each with its best hub."""
    problem, journeys = ready.problem, Journeys.of(ready.place, ready.times, ready.problem)
    plan = Plan.from_groups([(members, best_hub(members, problem)) for members in groups])
    option = OptionPlan("scored", plan, score_plan(plan, problem, journeys))
    made = assess(option, problem, ready.place, ready.times, ready.edges, journeys=journeys, by_hand=True)
    return Run("made", ready.place, ready.times, ready.rules, ready.all_edges, (made,), None, problem=problem)
