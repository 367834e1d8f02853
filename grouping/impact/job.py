"""The travel impact of plans from files: what `blueprint impact` does."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from geodata.errors import Finding, InputProblems
from grouping.assess import best_hub
from grouping.impact.about import About, about_of
from grouping.impact.assemble import impact_of, names_of
from grouping.impact.before import OpenHubs, read_any_plan, read_baseline
from grouping.impact.public import public_about, public_impact
from grouping.impact.result import Impact
from grouping.impact.site_options import read_site_options
from grouping.pipeline import Progress, assess_all, prepare
from grouping.plain_words import option_title
from grouping.plan import Plan
from grouping.prepared import Prepared
from grouping.result import AssessedOption, OptionPlan

BREACHES_TOLD = 5
"""So many rules that a plan does not meet are named."""


@dataclass(frozen=True)
class ImpactJob:
    """What was found out about some plans, and the case behind it."""

    impact: Impact
    about: About
    findings: tuple[Finding, ...]


def impact_case(
    case_dir: Path,
    plans: Sequence[Path],
    *,
    rules: str | None = None,
    before: Path | None = None,
    sites: Path | None = None,
    scenario: str = "",
    stress: bool = True,
    public: bool = False,
    progress: Progress = lambda stage, detail: None,
) -> ImpactJob:
    """Read a case and plans, and find out what they mean for travel.

    Parameters
    ----------
    case_dir, rules, progress
        As for `grouping.pipeline.prepare`.
    plans
        Plan files, or folders of runs (all of their options).
    before
        What hub services are compared with: a plan, a run, or a table of sites.
    sites
        A table of site options.
    scenario
        The scenario all figures shall be for; empty for the case as it stands.
    stress
        Whether the plans are also tried under every other scenario.
    public
        Whether small numbers shall be hidden and counts rounded.

    Raises
    ------
    InputProblems
        The inputs or one of the files hold errors; those of all files are told together.
    """
    ready = prepare(case_dir, rules=rules, listing=False, progress=progress)
    hub = partial(best_hub, problem=ready.problem)
    asked: list[Callable[[], object]] = [partial(read_plans, plans, ready)]
    asked += [partial(read_baseline, before, ready.place, hub)] if before is not None else []
    asked += [partial(read_site_options, sites, ready.place, case_dir=ready.case_dir)] if sites is not None else []
    answers = _all_of(asked)
    found, notes = answers[0]
    baseline = answers[1] if before is not None else None
    layer = answers[-1] if sites is not None else None
    progress("Timing every journey", f"plans: {len(found)}, both journeys, by every mode")
    assessed = assess_plans(ready, found)
    impact = impact_of(
        ready,
        found,
        baseline=baseline,
        layer=layer,
        scenario=scenario,
        named=names_of(assessed),
        notes=(*notes, *breach_notes(assessed)),
        **({} if stress else {"scenarios": ()}),
    )
    findings = tuple(dict.fromkeys((*ready.findings, *impact.findings)))
    if public:
        progress("Hiding small numbers", "1 to 7 people, and what they could be worked out from")
        impact = public_impact(impact)
    about = replace(about_of(ready), run_id=_run_of(plans))
    return ImpactJob(impact, public_about(about) if public else about, findings)


def _all_of(asked: Sequence[Callable[[], object]]) -> list:
    """Every answer; what is wrong in any of the files is told together."""
    answers, findings = [], []
    for ask in asked:
        try:
            answers.append(ask())
        except InputProblems as problems:
            findings += problems.findings
    if findings:
        raise InputProblems(findings)
    return answers


def read_plans(paths: Sequence[Path], ready: Prepared) -> tuple[dict[str, Plan], tuple[str, ...]]:
    """Plans by name: a file is called by its name without ending, an option of a run by its id.

    Parameters
    ----------
    paths
        Plan files, or folders of runs.
    ready
        The case.

    Returns
    -------
    The plans, and notes on hubs that were chosen because a plan names none.

    Raises
    ------
    InputProblems
        A plan cannot be read, a folder is no run, or two plans have the same name.
    """
    plans: dict[str, Plan] = {}
    notes: list[str] = []
    findings: list[Finding] = []
    several = sum(path.is_dir() for path in paths) > 1
    for path in paths:
        for name, file in _files_of(path, findings):
            # every run calls its options option-1, option-2, ...
            name = f"{path.resolve().name} {name}" if several and path.is_dir() else name  # noqa: PLW2901
            if name in plans:
                message = f"Two plans are called {name}."
                fix = "Give one of the files, or of the run folders, another name."
                findings.append(_error(path.name, message, fix))
                continue
            try:
                hubs = OpenHubs(partial(best_hub, problem=ready.problem))
                plans[name] = read_any_plan(file, ready.place, hubs)
                notes += [f"{option_title(name)}:{said}"] if (said := hubs.sentence(len(plans[name].groups))) else []
            except InputProblems as problems:
                findings += problems.findings
    if findings:
        raise InputProblems(findings)
    return plans, tuple(notes)


def _files_of(path: Path, findings: list[Finding]) -> list[tuple[str, Path]]:
    """Name and file of each plan that a path stands for."""
    if not path.is_dir():
        # the plan of an option is always called plan.csv: its folder says which option it is
        return [(path.parent.resolve().name if path.name == "plan.csv" else path.stem, path)]
    try:
        record = json.loads((path / "run.json").read_text(encoding="utf-8"))
        names = [str(option["id"]) for option in record["options"]]
    except (OSError, ValueError, LookupError, TypeError):
        message = "This folder is not the folder of a run."
        findings.append(_error(path.name, message, "Name a run folder, or a plan.csv file."))
        return []
    # a name from a file must not lead out of the folder
    inside = [name for name in names if name and Path(name).name == name and name != ".."]
    if not inside:
        message = "The run holds no option that can be read."
        findings.append(_error(path.name, message, "Make the run again, or name a plan.csv file."))
    return [(name, path / "options" / name / "plan.csv") for name in inside]


def _run_of(paths: Sequence[Path]) -> str:
    """The run that all plans are of, empty for plans from elsewhere."""
    if len(paths) != 1 or not paths[0].is_dir():
        return ""
    return str(json.loads((paths[0] / "run.json").read_text(encoding="utf-8")).get("run_id", ""))


def assess_plans(ready: Prepared, plans: dict[str, Plan]) -> list[AssessedOption]:
    """The plans as their own pages show them: names of groups, and rules they do not meet."""
    options = tuple(OptionPlan(name, plan, 0.0) for name, plan in plans.items())
    return list(assess_all(options, ready, None, by_hand=True))


def breach_notes(options: Sequence[AssessedOption]) -> list[str]:
    """Which groups of each plan do not meet a rule."""
    notes = []
    for option in options:
        breaches = option.notes[option.notes["kind"] == "breach"]
        if len(breaches):
            said = [f"{row.group_id}: {str(row.note).removeprefix('Not met: ')}" for row in breaches.itertuples()]
            more = f" And {len(said) - BREACHES_TOLD} more." if len(said) > BREACHES_TOLD else ""
            title = option_title(option.option.option_id)
            notes.append(f"{title} does not meet every rule. {' '.join(said[:BREACHES_TOLD])}{more}")
    return notes


def _error(file: str, message: str, fix: str) -> Finding:
    return Finding("error", file, message, fix, code="plan-file")
