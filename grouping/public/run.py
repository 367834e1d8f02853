"""A run as it may be published: everything a page, a workbook or a map of it is made from is made from this alone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from grouping.impact.public import public_impact
from grouping.problem import GroupingProblem, build_problem
from grouping.public.figures import public_score, score_digits
from grouping.public.option import public_option
from grouping.public.place import public_place
from grouping.public.words import (
    PRIVATE_RULES,
    cut_decimals,
    public_findings,
    public_lines,
    public_notes,
    public_reason,
)
from grouping.report.group_figures import all_figures
from grouping.result import Run, SolverReport
from grouping.rules import RuleSet

if TYPE_CHECKING:
    from geodata.place import Place
    from geodata.travel import TravelTimes
    from grouping.impact.result import Impact


def public_run(run: Run) -> Run:
    """The run without what must not leave the house; its rule stands in `grouping.public`.

    Parameters
    ----------
    run
        With every figure. One that is public already is given back.
    """
    if run.public:
        return run
    place, rules = public_place(run.place), _rules(run.rules)
    costed = _counts_what_is_private(rules)
    impact = None if run.impact is None else _impact(run.impact)
    problem = None if run.problem is None else _problem(run.problem, place, run.times, rules)
    options = tuple(
        public_option(option, place, run.times, problem=problem, before=run.before, impact=impact, costed=costed)
        for option in run.options
    )
    made = replace(run, options=options, rules=rules, public=True)
    figures = all_figures(made) if options else None  # people of groups are counted exactly, then hidden and rounded
    return replace(
        made,
        run_id="",
        place=place,
        adjacency=run.adjacency[[name for name in ("practice_a", "practice_b", "reason") if name in run.adjacency]],
        solver=None if run.solver is None else _solver(run.solver, run.place.list_total, costed),
        findings=public_findings(run.findings),
        impact=impact,
        prices=None if costed else _prices(run.prices, run.place.list_total),
        problem=problem,
        figures=figures,
        write_plans=None,
    )


def _rules(rules: RuleSet) -> RuleSet:
    """The rule set; reasons of decisions that speak of what stays in the house are taken out."""
    decisions = tuple(one.model_copy(update={"reason": public_reason(one.reason)}) for one in rules.decisions)
    return rules.model_copy(update={"decisions": decisions})


def _counts_what_is_private(rules: RuleSet) -> bool:
    """Whether the score counts the cost of hubs, or patients of groups that lean on a vulnerable practice."""
    weights = rules.weights
    return weights.hub_cost > 0 or (weights.fragile > 0 and rules.resilience.loss_of == "vulnerable")


def _impact(impact: Impact) -> Impact:
    """The public impact, without notes and findings about private columns."""
    made = public_impact(impact)
    return replace(made, notes=public_notes(made.notes), findings=public_findings(made.findings))


def _problem(problem: GroupingProblem, place: Place, times: TravelTimes, rules: RuleSet) -> GroupingProblem:
    """The arrays made anew from the public place.

    A sum of patient-minutes for each practice and site, with the minutes to these sites, would tell where every patient
    lives: it is made from public registrations here. That is also why a public page leaves out trying a grouping of
    one's own, whose figures must be exact. Which sites may be a hub would tell of their condition.
    """
    hub = rules.hub.model_copy(update={"conditions": ()})
    edges = pd.DataFrame({"practice_a": [], "practice_b": []}, dtype=object)
    made = build_problem(place, times, edges, rules.model_copy(update={"hub": hub}), problem.decided)
    return replace(
        made,
        rules=rules,
        adjacency=problem.adjacency,
        decided=problem.decided,
        vulnerable=None,
        hub_cost=None,
        rural_patients=np.round(made.rural_patients),
    )


def _solver(solver: SolverReport, patients: int, costed: bool) -> SolverReport:
    """The certificate, its score rounded, without prices of practices and lines about private columns.

    A score that counts the cost of hubs or the loss of vulnerable practices is not told, so that it is in no line.
    """
    certificate = {
        key: solver.certificate[key] for key in ("searched", "proven", "ended_by") if key in solver.certificate
    }
    stages = solver.certificate.get("stages", [])
    certificate["stages"] = [{key: stage[key] for key in ("criterion", "proven") if key in stage} for stage in stages]
    return replace(
        solver,
        objective=None if costed else public_score(solver.objective, patients),
        bound=None if costed else public_score(solver.bound, patients),
        explanation=() if costed else public_lines(solver.explanation, score_digits(patients)),
        certificate=certificate,
        proof={},
    )


def _prices(prices: pd.DataFrame | None, patients: int) -> pd.DataFrame | None:
    """The prices of rules, without those of rules about private columns; minutes rounded as scores are."""
    if prices is None or "rule" not in prices:
        return prices
    kept = prices[~prices["rule"].isin(PRIVATE_RULES)].reset_index(drop=True)
    digits = score_digits(patients)
    changes = [name for name in ("score_change", "minutes_change") if name in kept]
    made = {name: kept[name].astype(float).round(digits) for name in changes}
    if "sentence" in kept:
        made["sentence"] = [cut_decimals(str(sentence), digits) for sentence in kept["sentence"]]
    return kept.assign(**made)
