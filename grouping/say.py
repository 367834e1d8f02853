"""What the command prints: findings, a run's summary, the check of a run. For people, or as JSON for machines."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from geodata.errors import Finding, NoPlan
from grouping.differences import difference_lines
from grouping.explain import explain, explanation_of
from grouping.input_check.kinds import SEVERITIES, effect_of

if TYPE_CHECKING:
    from geodata.cut import CutReport
    from geodata.fetch import Done, Plan, Source, Step
    from grouping.input_check.checked import Checked
    from grouping.input_check.facts import Count
    from grouping.result import AssessedOption, Run, SolverReport
    from grouping.verify.recheck import Recheck

EXAMPLES_SHOWN = 5
"""Findings of one kind shown before "and n more"; the run's findings.csv holds all."""


def say_findings(console: Console, findings: Sequence[Finding], *, written: str = "Nothing was written.") -> None:
    """Print every error, then what was noticed beside them; `written` says what there is to look at."""
    wrong = [finding for finding in findings if finding.severity == "error"]
    others = [finding for finding in findings if finding.severity != "error"]
    console.print(f"{counted(len(wrong), 'problem')} in the inputs. {written}", markup=False)
    for number, finding in enumerate(wrong, start=1):
        console.print(f"{number:>3}. {_place(finding)}", markup=False)
        console.print(f"     {finding.message}", markup=False)
        if finding.fix:
            console.print(f"     Fix: {finding.fix}", markup=False)
    for line in grouped(others):
        console.print(line, markup=False)


def counted(number: int, one: str) -> str:
    """A number with its word: 1 warning, 2 warnings."""
    return f"{number:,} {one}" if number == 1 else f"{number:,} {one}s"


def _place(finding: Finding) -> str:
    parts = [finding.file or "case"]
    if finding.row is not None:
        parts.append(f"row {finding.row}")
    if finding.column:
        parts.append(f"column {finding.column}")
    if finding.value is not None:
        parts.append(f"value {finding.value!r}")
    return ", ".join(parts)


def grouped(findings: Iterable[Finding]) -> list[str]:
    """Warnings before notes, each kind with its first examples."""
    kinds: dict[tuple[str, str], list[Finding]] = {}
    for finding in findings:
        kinds.setdefault((finding.severity, finding.code), []).append(finding)
    lines = []
    for severity, title in (("warning", "Warnings (may change the result)"), ("note", "Notes")):
        shown = {code: found for (of, code), found in kinds.items() if of == severity}
        if not shown:
            continue
        lines.append(f"{title}:")
        for found in shown.values():
            lines += [f"  - {finding}" for finding in found[:EXAMPLES_SHOWN]]
            if len(found) > EXAMPLES_SHOWN:
                lines.append(f"    ... and {len(found) - EXAMPLES_SHOWN} more of this kind")
    return lines


def echo_json(record: object) -> None:
    """Print a record as JSON."""
    typer.echo(json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False))


def say_no_plan(console: Console, problem: NoPlan, *, as_json: bool) -> None:
    """Print why there is no plan, and what would restore one."""
    conflict = problem.conflict
    first, *rest = str(problem).splitlines() if conflict is None else ("no plan obeys the rules.", *conflict.text)
    console.print(f"No plan: {first}", markup=False)
    for line in rest:
        console.print(line, markup=False)
    if as_json:
        record = [Finding("error", "", str(problem), code="no-plan").as_dict()]
        echo_json({"problems": record, "conflict": conflict and conflict.as_dict()})


def say_problems_json(findings: Sequence[Finding]) -> None:
    """Print what stopped the command as JSON."""
    echo_json({"problems": [finding.as_dict() for finding in findings]})


def say_templates(case: Path, written: Sequence[Path], *, as_json: bool) -> None:
    """Print which templates were written."""
    if as_json:
        echo_json({"case": str(case), "files": [path.name for path in written]})
        return
    typer.echo(f"Wrote {len(written)} files to {case}:")
    for path in written:
        typer.echo(f"  {path.name}")
    typer.echo(f"Fill them in, then: blueprint check {case}")


def say_cut(report: CutReport, *, as_json: bool) -> None:
    """Print what was cut out of the published files, and everything that was done to the records on the way."""
    if as_json:
        echo_json(report.as_dict())
        return
    typer.echo(
        f"{report.name}: {counted(report.practices, 'practice')} on {counted(report.sites, 'site')},"
        f" {counted(report.patients, 'registered patient')}, {counted(report.areas, 'area')}"
        f" ({report.neighbours:,} of them over the border)"
    )
    for table, rows in report.sources.groupby("table", sort=False):
        read = [f"{row.file} ({row.vintage})" for row in rows.itertuples()]
        typer.echo(f"  {table}: {', '.join(read)}")
    if len(report.left_out):
        typer.echo(f"  left out: {counted(len(report.left_out), 'record')}, each with its reason in left_out.csv")
    for line in grouped(report.findings):
        typer.echo(line)
    typer.echo(f"Case: {report.folder}. Nothing needs to be filled in: blueprint run {report.folder} --out RUN")


def say_check(console: Console, checked: Checked, read: Sequence[Count], page: Path, *, as_json: bool) -> None:
    """Print the verdict of a check, what was read, and where the page is; errors in full on the console for errors."""
    if checked.ready is None:
        say_findings(console, checked.findings, written=f"The case cannot run yet. Page: {page}")
    if as_json:
        echo_json(_check_record(checked, page))
        return
    if checked.ready is None:
        return
    place = checked.ready.place
    typer.echo(f"{place.name}: {checked.verdict}.")
    for line in read:
        expected = "" if line.expected is None else f", expected {line.expected:,}"
        remark = f" ({line.remark})" if line.remark else ""
        typer.echo(f"  {line.label}: {line.number:,.0f}{expected}{remark}")
    typer.echo(f"  Travel: {checked.ready.times.method.sentence}")
    numbers = ", ".join(counted(checked.number(severity), severity) for severity in SEVERITIES[1:])
    typer.echo(f"  Findings: {numbers}")
    for kind in checked.kinds:
        if kind.severity == "warning":
            typer.echo(f"  - {kind.number:,} x {kind.what}")
    typer.echo(f"Page: {page}")


def _check_record(checked: Checked, page: Path) -> dict[str, object]:
    """The check as plain values; what stopped the case stands under `problems`, as with every command."""
    findings = [finding.as_dict() | {"effect": effect_of(finding).effect} for finding in checked.findings]
    record: dict[str, object] = {"case": checked.settings.name, "verdict": checked.verdict, "page": str(page)}
    if checked.ready is None:
        return record | {"problems": findings}
    place = checked.ready.place
    basis = place.registrations.groupby("basis")["patients"].sum()
    return record | {
        "practices": len(place.practices),
        "sites": len(place.sites),
        "areas": len(place.areas),
        "patients": place.list_total,
        "registrations": {str(name): round(float(total), 3) for name, total in basis.items()},
        "borders": len(checked.ready.edges),
        "travel": checked.ready.times.method.sentence,
        "findings": findings,
    }


def _looked_at(solver: SolverReport) -> str:
    """How many groups were listed, or searched without a list of them all."""
    kept = counted(solver.candidates, "feasible group")
    return f"{solver.searched} searched without listing them all, {kept} kept" if solver.searched else f"{kept} listed"


def say_run(run: Run, out: Path, *, as_json: bool, wanted: int = 1) -> None:
    """Print the summary of a run, how many of the options that were asked for it holds, and where its page is."""
    if as_json:
        typer.echo((out / "run.json").read_text(encoding="utf-8"), nl=False)
        return
    typer.echo(f"{run.place.name}, rule set {run.rules.name}, run {run.run_id}")
    solver = run.solver
    if solver is not None:
        typer.echo(
            f"  {_looked_at(solver)}; first option {_proof(solver)};"
            f" {counted(solver.exceptions, 'exception')}, {counted(solver.shortfall, 'patient')} short of a minimum"
            " in all"
        )
    for option in run.options:
        for line in _option_lines(option, run.rules.options.bands[-1], by_hand=run.command == "score"):
            typer.echo(line)
    if run.differences is not None:
        for line in difference_lines(run.differences):
            typer.echo(line)
    if run.near is not None:
        typer.echo(f"  {run.near.sentence}")
    if run.agreement is not None:
        typer.echo(f"  {run.agreement.sentence} See {out / 'agreement.csv'}")
    if solver is not None and len(run.options) < wanted:
        typer.echo(f"  {len(run.options)} of {wanted} options: {_why_fewer(solver)}")
    warnings = sum(finding.severity == "warning" for finding in run.findings)
    if warnings:
        typer.echo(f"  {counted(warnings, 'warning')} about the inputs: see {out / 'findings.csv'} or the page")
    typer.echo(f"Page: {out / 'report.html'}")


def _proof(solver: SolverReport) -> str:
    if solver.status == "optimal":
        return f"proven: no plan scores better (gap {solver.gap:.4%})"
    ended = {"stopped by hand": "the search was stopped by hand", "time limit": "the time limit ended the search"}
    why = ended.get(str(solver.certificate.get("ended_by")), "the search was stopped")
    reach = f", by up to {solver.gap:.2%} of the score" if solver.gap is not None and solver.gap < 1 else ""
    before = [one for one in solver.certificate.get("stages", ()) if not one["proven"] and one["criterion"] != "score"]
    also = ", and also one with " + " or ".join(_fewer(one["criterion"]) for one in before) if before else ""
    return f"not proven: {why}, a better plan may exist{reach}{also}"


def _why_fewer(solver: SolverReport) -> str:
    """What the search for options said last, after the chain of proof of the first."""
    chain = len(explanation_of(solver.certificate)) if solver.certificate else 0
    said = solver.explanation[chain:]
    return said[-1] if said else "the search ended before more could be looked for."


def _fewer(criterion: str) -> str:
    return {"shortfall": "fewer patients short of a minimum", "exceptions": "fewer groups below their minimum"}.get(
        criterion, f"less in {criterion.replace('_', ' ')}"
    )


def say_explained(solver: SolverReport, *, as_json: bool) -> None:
    """Print the chain of proof in plain words; on standard error where standard output is for machines."""
    for line in explain(solver.certificate, solver.explanation, solver.seconds):
        typer.echo(line, err=as_json)


def _option_lines(option: AssessedOption, widest_band: float, *, by_hand: bool) -> list[str]:
    figures, plan = option.headline, option.option
    line = (
        f"  {plan.option_id}: {counted(figures['groups'], 'group')} of {figures['smallest']:,} to"
        f" {figures['largest']:,} patients,"
        f" {figures['mean_minutes_to_hub']:.1f} minutes to the hub on average, score {plan.objective:.3f}"
    )
    if plan.behind_best or plan.different_from_best:
        more = plan.objective * plan.behind_best / (1.0 + plan.behind_best)
        line += f" (+{more:.3f} minutes, {plan.behind_best:.1%};"
        line += f" {plan.different_from_best:.0%} of patients with other companions"
        line += f"; the next best, as none that really differs lies within {widest_band:.0%})" if plan.similar else ")"
    line += ", verified" if option.verified else ", NOT verified"
    lines = [line]
    word = "below minimum" if by_hand else "exception"
    lines += [f"      {word}: {text}" for text in option.groups["exception"] if text]
    lines += [
        f"      breach, {note.group_id}: {note.note}" for note in option.notes.itertuples() if note.kind == "breach"
    ]
    if len(option.left_out):
        total = int(option.left_out["list_size"].sum())
        verb = "is" if len(option.left_out) == 1 else "are"
        lines.append(
            f"      {counted(len(option.left_out), 'practice')} with {total:,} patients {verb} not in the plan"
        )
    return lines


def say_recheck(result: Recheck, *, as_json: bool) -> None:
    """Print each claim with whether the inputs bear it out."""
    if as_json:
        echo_json({"agrees": result.agrees, "lines": result.lines.to_dict("records")})
        return
    for option, lines in result.lines.groupby("option", sort=False):
        if option and option not in result.in_full and lines["agrees"].all():
            typer.echo(f"  ok      {option}: {len(lines)} claims re-derived from the inputs, all agree")
            continue
        for line in lines.itertuples():
            breach = result.by_hand and line.kind == "rule"
            mark = "ok    " if line.agrees else ("breach" if breach else "WRONG ")
            where = f"{option}: " if option else ""
            typer.echo(f"  {mark}  {where}{line.claim} - {line.detail}")
    wrong = f"The {result.what} does NOT agree with its inputs."
    typer.echo("Every figure agrees with the inputs." if result.agrees else wrong)


# ---------------------------------------------------------------------------------------------------------- fetch


def say_sources(sources: Sequence[Source], *, as_json: bool) -> None:
    """Print the published files whose place is known: what each is for, its address, and whether that is confirmed."""
    if as_json:
        echo_json({"sources": [asdict(source.item) | {"parts": list(source.parts)} for source in sources]})
        return
    typer.echo("Published files this program knows the place of. Nothing was asked or downloaded.")
    for source in sources:
        item = source.item
        name = f"{item.name}-COUNTY" if source.parts else item.name
        marks = [mark for mark, holds in (("national", item.national), ("NOT CHECKED", not item.checked)) if holds]
        typer.echo("")
        typer.echo(f"{name}: {item.title}" + (f" [{', '.join(marks)}]" if marks else ""))
        typer.echo(f"  for       {item.purpose}")
        typer.echo(f"  from      {item.publisher}; {item.licence}" + (f"; {item.size}" if item.size else ""))
        if item.url:
            typer.echo(f"  address   {item.url.replace('{part}', 'COUNTY')}")
            typer.echo(f"  saved as  {item.to.replace('{part}', 'COUNTY')}")
        else:
            typer.echo("  address   changes with every publication: download it by hand, or paste it into [[fetch]]")
        typer.echo(f"  page      {item.page}")
        if source.parts:
            typer.echo(f"  counties  {', '.join(source.parts)}")
    typer.echo("")
    typer.echo("national: downloaded by --national. Any one with an address: --only NAME.")
    typer.echo("NOT CHECKED: the address could not be confirmed; look at the page first.")


def say_fetch_plan(plan: Plan, by_hand: Sequence[Source] = ()) -> None:
    """Print what would be downloaded, from where and how large, and what is there already."""
    if plan.wanted:
        typer.echo(f"Into {plan.folder}:")
    for step in plan.wanted:
        typer.echo(
            f"  {step.item.to}  ({_size_of(step)})" + ("  replaces the file there" if step.state == "again" else "")
        )
        typer.echo(f"      from {step.item.url or _openstreetmap(step)}")
        if not step.item.checked:
            typer.echo(f"      the address is not confirmed; page: {step.item.page}")
        if step.arrived:
            typer.echo(f"      {_bytes(step.arrived)} have arrived earlier")
        if step.note:
            typer.echo(f"      {step.note}")
    for step in plan.steps:
        if step.state == "here":
            typer.echo(f"  {step.item.to}  already here ({step.note})")
        elif step.state == "left alone":
            typer.echo(f"  {step.item.to}  left alone: {step.note}")
    if plan.wanted:
        parts = [_bytes(plan.known_bytes)] if plan.known_bytes else []
        parts += [f"{counted(plan.untold, 'download')} of untold size"] if plan.untold else []
        total = " and ".join(parts)
        typer.echo(f"{counted(len(plan.wanted), 'file')}, {total}; {_bytes(plan.free)} free on the disk.")
    else:
        typer.echo("Nothing to download.")
    for source in by_hand:
        typer.echo(f"By hand, as its address changes: {source.item.title}: {source.item.page}")


def _openstreetmap(step: Step) -> str:
    return f"OpenStreetMap (Nominatim and Overpass): {step.item.place or 'the surroundings of the case'}"


def _size_of(step: Step) -> str:
    if step.features is not None:
        return counted(step.features, "feature")
    if step.bytes is not None:
        return _bytes(step.bytes)
    return f"size not told, {step.item.size}" if step.item.size else "size not told"


def _bytes(number: int) -> str:
    """Bytes for people: 812 bytes, 3.4 MB, 1.9 GB."""
    for unit, size in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if number >= size:
            return f"{number / size:,.1f} {unit}"
    return counted(number, "byte")


def say_fetched(console: Console, plan: Plan, done: Sequence[Done], *, quiet: bool = False) -> None:
    """Print what arrived (unless quiet), and for each failure the address, what happened and what to do."""
    for one in done:
        if one.fetched and not quiet:
            typer.echo(f"  {one.fetched.file}  {_bytes(one.fetched.bytes)}, SHA-256 {one.fetched.sha256[:12]}...")
    arrived = sum(one.fetched is not None for one in done)
    if arrived and not quiet:
        typer.echo(f"{counted(arrived, 'file')} downloaded; recorded in {plan.folder / 'fetched.json'}")
    failed = [(one.step.item.page, one.problem) for one in done if one.problem]
    if failed:
        console.print(f"{counted(len(failed), 'download')} failed. Nothing half-finished stands under its name.")
    for number, (page, problem) in enumerate(failed, start=1):
        console.print(f"{number:>3}. {problem.file}: {problem.message}", markup=False)
        if problem.value:
            console.print(f"     Asked: {problem.value}", markup=False)
        if page:
            console.print(f"     Publisher's page: {page}", markup=False)
        console.print(f"     Fix: {problem.fix}", markup=False)


def say_fetch_json(plan: Plan, done: Sequence[Done] | None) -> None:
    """Print the plan, and what came of it, as JSON."""
    record: dict[str, object] = {
        "folder": str(plan.folder),
        "free_bytes": plan.free,
        "known_bytes": plan.known_bytes,
        "steps": [
            {
                "name": step.item.name,
                "kind": step.item.kind,
                "url": step.item.url,
                "file": step.item.to,
                "state": step.state,
                "bytes": step.bytes,
                "features": step.features,
                "arrived_bytes": step.arrived,
                "licence": step.item.licence,
                "note": step.note,
            }
            for step in plan.steps
        ],
    }
    if done is not None:
        record["fetched"] = [asdict(one.fetched) for one in done if one.fetched]
        record["problems"] = [one.problem.as_dict() for one in done if one.problem]
    echo_json(record)
