"""The main job, step by step: case -> place -> times -> problem -> options -> checked result."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from geodata.case import CaseSettings, case_folder, settings_and_findings
from geodata.catchments import borders
from geodata.errors import Finding, InputProblems, NoPlan, VerificationFailed
from geodata.load import load_place
from geodata.place import Place
from geodata.timed import time_place
from grouping.agreement import Agreement, agreement_table
from grouping.assess import assess, best_hub, score_plan
from grouping.borders import fit_borders, kept_borders
from grouping.conflict import Conflict, explain_conflict, idle_grants, in_force
from grouping.decisions import decided_by, read_decisions
from grouping.differences import option_differences
from grouping.how_many import DEFAULT_MEMORY
from grouping.impact.assemble import impact_of, names_of
from grouping.impact.before import Baseline, OpenHubs, read_baseline
from grouping.maps.backdrop import backdrop_of
from grouping.near import OWN_SECONDS, Near, OwnTime, near_plans, standalone, write_near
from grouping.optimise import Solution, solve_partition
from grouping.options import find_options
from grouping.partition.clock import Clock
from grouping.plan import Before, Plan
from grouping.plan_file import read_plan
from grouping.prepared import Prepared
from grouping.problem import build_problem
from grouping.result import AssessedOption, OptionPlan, Run, SolverReport
from grouping.rule_findings import rule_findings
from grouping.rules import RuleSet, as_before, load_rules
from grouping.second_layer import form_partnerships
from grouping.stopping import stops_on_interrupt

Progress = Callable[[str, str], None]
"""Called with the stage and a detail whenever something worth telling has happened."""


def _quiet(stage: str, detail: str) -> None:
    """No progress wanted."""


def prepare(case_dir: Path, *, rules: str | None = None, listing: bool = True, progress: Progress = _quiet) -> Prepared:
    """Read a case and make everything the optimiser and the pages need.

    Parameters
    ----------
    case_dir
        Folder with `case.toml`.
    rules
        Name or path of a rule set, instead of the one the case names.
    listing
        Whether groups will be listed: where the borders allow too many, some are then left out.
    progress
        Told of each stage.

    Raises
    ------
    InputProblems
        With everything that is wrong in the inputs.
    """
    progress("Reading the case", str(case_dir))
    loaded, settings, rule_set = _read_all(case_dir, rules)
    return make_ready(case_folder(case_dir), loaded, settings, rule_set, listing=listing, progress=progress)


def make_ready(
    case_dir: Path,
    loaded: Place,
    settings: CaseSettings,
    rule_set: RuleSet,
    *,
    listing: bool = True,
    progress: Progress = _quiet,
) -> Prepared:
    """Time and complete a case that was read, under a rule set; what `blueprint verify` does too.

    Parameters
    ----------
    case_dir, loaded, settings, rule_set
        The case folder, the tables as read, the settings and the rules.
    listing, progress
        As for `prepare`.
    """
    progress("Timing the journeys", f"{len(loaded.areas)} areas x {len(loaded.sites)} sites")
    timed = time_place(loaded, settings, case_dir)
    place, times = timed.place, timed.times
    edges, told = borders(place)
    parts = read_decisions(rule_set, settings.rules, place, case_dir)
    problem = build_problem(place, times, edges, rule_set, decided_by(parts))
    if listing:
        progress("Counting the groups", f"that {len(edges):,} borders between practices allow")
    problem, all_edges, warned = fit_borders(problem, edges) if listing else (problem, edges, ())
    edges = kept_borders(all_edges)
    grants = idle_grants(problem, parts, place.sites.sort_index())
    findings = (*timed.findings, *told, *warned, *rule_findings(place, rule_set), *grants)
    if any(finding.severity == "error" for finding in findings):
        raise InputProblems(findings)
    progress("Place ready", f"practices: {len(place.practices)}, patients: {place.list_total:,}, borders: {len(edges)}")
    return Prepared(
        case_dir=case_dir,
        settings=settings,
        loaded=loaded,
        place=place,
        times=times,
        edges=edges,
        all_edges=all_edges,
        rules=rule_set,
        problem=problem,
        findings=findings,
        decisions=parts,
    )


def _read_all(case_dir: Path, rules: str | None) -> tuple[Place, CaseSettings, RuleSet]:
    """Read tables and rules; what is wrong in either is told together."""
    findings: list[Finding] = []
    place = rule_set = None
    try:
        place = load_place(case_dir)
    except InputProblems as problems:
        findings += problems.findings
    settings, _ = settings_and_findings(case_dir)  # its findings are among those of the place
    if settings is not None:
        try:
            named = rules or settings.rules.set
            own = settings.rules
            rule_set = load_rules(named, own.override, case_folder(case_dir), own.decisions)
        except InputProblems as problems:
            findings += problems.findings
    if place is not None and settings is not None and rule_set is not None:
        try:
            read_decisions(rule_set, settings.rules, place, case_folder(case_dir))
        except InputProblems as problems:
            findings += problems.findings
    if findings or place is None or settings is None or rule_set is None:
        raise InputProblems(dict.fromkeys(findings))
    return place, settings, rule_set


def run_case(
    case_dir: Path,
    *,
    rules: str | None = None,
    options: int = 5,
    time_limit: float | None = None,
    seed: int = 0,
    before: Path | None = None,
    all_plans: bool = False,
    memory: float = DEFAULT_MEMORY,
    progress: Progress = _quiet,
) -> Run:
    """Find, assess and verify blueprint options for a case.

    Parameters
    ----------
    case_dir, rules, progress
        As for `prepare`.
    options
        How many different options to look for.
    time_limit
        Seconds for the optimiser; None for as long as the proof takes.
    seed
        Seed of the solver.
    before
        What hub journeys are compared with: a plan, a run, or a table of the sites where such services run today.
    all_plans
        Whether the run shall hold a table of all plans nearly as good as the best.
    memory
        Gigabytes for the list of groups and the search over it; beyond, groups are searched without a list.

    Raises
    ------
    InputProblems
        The inputs hold errors.
    NoPlan
        No plan obeys the rules.
    VerificationFailed
        The independent check disagrees with a result.
    """
    ready = prepare(case_dir, rules=rules, progress=progress)
    baseline, ready = _read_before(before, ready)
    clock = Clock(time_limit)
    with explains_no_plan(ready, progress), stops_on_interrupt(clock, progress):
        solution = solve_partition(ready.problem, clock=clock, progress=progress, memory=memory)
        near, agreement = _nearly_as_good(ready, solution, clock, progress)
        found, solver = find_options(
            ready.problem,
            count=options,
            seed=seed,
            clock=clock,
            progress=progress,
            solution=solution,
            near=None if near.stopped else near,
        )
    progress("Checking every claim", f"{len(found)} options")
    assessed = assess_all(found, ready, baseline, by_hand=False)
    refuse_unverified(assessed)
    assessed = with_partnerships(assessed, ready, clock, progress)
    run = as_run(ready, assessed, baseline, solver=solver, command="run", seed=seed, progress=progress)
    codes = ready.problem.practice_codes
    return replace(
        run,
        near=near,
        agreement=agreement,
        differences=option_differences(ready.problem, found),
        write_plans=partial(write_near, *standalone(near, solution.candidates), codes) if all_plans else None,
    )


def _nearly_as_good(ready: Prepared, solution: Solution, clock: Clock, progress: Progress) -> tuple[Near, Agreement]:
    """All plans nearly as good as the best, and who is together in them, in seconds of their own."""
    tolerance = ready.rules.options.near
    progress("near plans", f"listing all plans within {tolerance:.2%} of the best score")
    own = OwnTime(min(OWN_SECONDS, clock.left() / 2), clock)
    near = near_plans(solution, tolerance, count=True, clock=own)
    names = ready.place.practices["name"].astype(str).to_dict()
    agreement = agreement_table(ready.problem, solution, near, names, clock=OwnTime(OWN_SECONDS / 2, clock))
    progress("near plans", near.sentence)
    return near, agreement


@contextmanager
def explains_no_plan(ready: Prepared, progress: Progress = _quiet) -> Iterator[None]:
    """Give a `NoPlan` that passes through its `conflict`: why there is no plan, and what would restore one."""
    try:
        yield
    except NoPlan as problem:
        if problem.report is None or problem.report.status == "infeasible":
            problem.conflict = explain_ready(ready, progress=progress)
        raise


def explain_ready(ready: Prepared, *, progress: Progress = _quiet) -> Conflict | None:
    """Why a prepared case has no plan (see `grouping.conflict.explain_conflict`)."""
    sites = ready.place.sites.sort_index()
    names = {**sites["name"].to_dict(), **ready.place.practices["name"].to_dict()}
    decisions = in_force(ready.decisions)
    return explain_conflict(ready.problem, sites=sites, names=names, decisions=decisions, progress=progress)


def score_case(
    case_dir: Path,
    plan: Path,
    *,
    rules: str | None = None,
    before: Path | None = None,
    progress: Progress = _quiet,
) -> Run:
    """Give a plan made by hand the same figures and page; broken rules are named, nothing is refused.

    Raises
    ------
    InputProblems
        The inputs or the plan file hold errors.
    VerificationFailed
        The independent check disagrees with a figure.
    """
    ready = prepare(case_dir, rules=rules, listing=False, progress=progress)
    hubs = OpenHubs(lambda members: best_hub(members, ready.problem))
    by_hand = read_plan(plan, ready.place, hubs)
    progress("Scoring the plan", f"{len(by_hand.practice_codes)} practices in {len(by_hand.groups)} groups")
    baseline, ready = _read_before(before, ready)
    option = OptionPlan("scored", by_hand, score_plan(by_hand, ready.problem, ready.journeys))
    assessed = assess_all((option,), ready, baseline, by_hand=True)
    refuse_unverified(assessed)
    chosen = hubs.sentence(len(by_hand.groups)).strip()
    notes = (chosen,) if chosen else ()
    return as_run(ready, assessed, baseline, solver=None, command="score", seed=0, progress=progress, notes=notes)


def _read_before(path: Path | None, ready: Prepared) -> tuple[Baseline | None, Prepared]:
    """What hub journeys are compared with; whom it leaves out is a finding."""
    if path is None:
        return None, ready
    baseline = read_baseline(path, ready.place, lambda members: best_hub(members, ready.problem))
    return baseline, replace(ready, findings=(*ready.findings, *baseline.findings))


def assess_all(
    options: tuple[OptionPlan, ...], ready: Prepared, baseline: Baseline | None, *, by_hand: bool
) -> tuple[AssessedOption, ...]:
    """Every figure of every option; the parameters are those of `grouping.assess.assess`."""
    journeys = ready.journeys
    return tuple(
        assess(
            option,
            ready.problem,
            ready.place,
            ready.times,
            ready.edges,
            journeys=journeys,
            evidence=ready.evidence,
            before=None if baseline is None else baseline.before,
            by_hand=by_hand,
        )
        for option in options
    )


def with_partnerships(
    options: tuple[AssessedOption, ...], ready: Prepared, clock: Clock, progress: Progress
) -> tuple[AssessedOption, ...]:
    """The options with their groups formed into partnerships, where the rule set asks for them."""
    if not ready.rules.second_layer.minimum:
        return options
    progress("Forming partnerships", f"groups of groups, for {len(options)} options")
    formed = (
        form_partnerships(option.option.plan, ready.problem, ready.times, seconds=clock.limit()) for option in options
    )
    return tuple(replace(option, second_layer=layer) for option, layer in zip(options, formed, strict=True))


def refuse_unverified(options: tuple[AssessedOption, ...]) -> None:
    """Stop where the independent check disagrees with a figure or a rule (`VerificationFailed`)."""
    for option in options:
        if not option.verified:
            wrong = option.verification[~option.verification["agrees"]]
            lines = [f"{row.claim}: {row.detail}" for row in wrong.itertuples()]
            raise VerificationFailed(f"{option.option.option_id}: " + "; ".join(lines))


def as_run(
    ready: Prepared,
    options: tuple[AssessedOption, ...],
    baseline: Baseline | None,
    *,
    solver: SolverReport | None,
    command: str,
    seed: int,
    progress: Progress,
    notes: tuple[str, ...] = (),
) -> Run:
    """Join options, what they mean for travel, and what they rest on."""
    before = None if baseline is None else baseline.before
    progress("Travel impact", "both journeys of every patient, by every mode and under every scenario")
    plans = {option.option.option_id: option.option.plan for option in options}
    impact = impact_of(ready, plans, baseline=baseline, named=names_of(options), notes=notes)
    hubs = {group.hub_site_code for plan in plans.values() for group in plan.groups}
    return Run(
        run_id=run_id(ready, [option.option.plan for option in options], before, command),
        place=ready.place,
        times=ready.times,
        rules=ready.rules,
        adjacency=ready.all_edges,
        options=options,
        solver=solver,
        findings=ready.findings,
        command=command,
        seed=seed,
        before=before,
        impact=impact,
        problem=ready.problem,
        backdrop=backdrop_of(ready, hubs),
    )


def run_id(ready: Prepared, plans: Sequence[Plan], before: Before | None, command: str) -> str:
    """Short name of a run, the same whenever inputs, rules and plans are the same."""
    parts = {
        "command": command,
        "case": ready.place.name,
        "sources": [(source.table, source.sha256) for source in ready.place.sources],
        "rules": as_before(ready.rules.model_dump(mode="json")),
        "roads": ready.settings.roads.model_dump(mode="json"),
        "plans": [_as_lists(plan) for plan in plans],
        "before": None if before is None else _before_as_lists(before),
    }
    return hashlib.sha256(json.dumps(parts, sort_keys=True).encode("utf-8")).hexdigest()[:12]


def _before_as_lists(before: Before) -> list:
    if isinstance(before, Plan):
        return _as_lists(before)
    return [list(before.everybody), sorted((code, list(sites)) for code, sites in before.of_practice.items())]


def _as_lists(plan: Plan) -> list[tuple[str, tuple[str, ...], str]]:
    return [(group.group_id, group.members, group.hub_site_code) for group in plan.groups]
