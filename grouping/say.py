"""What the command prints: findings, a run's summary, the check of a run. For people, or as JSON for machines."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from geodata.errors import Finding

if TYPE_CHECKING:
    from grouping.pipeline import Prepared
    from grouping.recheck import Recheck
    from grouping.result import AssessedOption, Run, SolverReport

EXAMPLES_SHOWN = 5
"""Findings of one kind shown before "and n more"; the run's findings.csv holds all."""


def say_findings(console: Console, findings: Sequence[Finding]) -> None:
    """Print every error, then what was noticed beside them."""
    wrong = [finding for finding in findings if finding.severity == "error"]
    others = [finding for finding in findings if finding.severity != "error"]
    console.print(f"{_counted(len(wrong), 'problem')} in the inputs. Nothing was written.")
    for number, finding in enumerate(wrong, start=1):
        console.print(f"{number:>3}. {_place(finding)}", markup=False)
        console.print(f"     {finding.message}", markup=False)
        if finding.fix:
            console.print(f"     Fix: {finding.fix}", markup=False)
    for line in _grouped(others):
        console.print(line, markup=False)


def _counted(number: int, one: str) -> str:
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


def _grouped(findings: Iterable[Finding]) -> list[str]:
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


def _echo_json(record: object) -> None:
    typer.echo(json.dumps(record, indent=2, ensure_ascii=False, allow_nan=False))


def say_problems_json(findings: Sequence[Finding]) -> None:
    """Print what stopped the command as JSON."""
    _echo_json({"problems": [finding.as_dict() for finding in findings]})


def say_check(ready: Prepared, *, as_json: bool) -> None:
    """Print what a case holds and everything noticed about it."""
    place = ready.place
    basis = place.registrations.groupby("basis")["patients"].sum()
    if as_json:
        _echo_json(
            {
                "case": place.name,
                "practices": len(place.practices),
                "sites": len(place.sites),
                "areas": len(place.areas),
                "patients": place.list_total,
                "registrations": {str(name): round(float(total), 3) for name, total in basis.items()},
                "borders": len(ready.edges),
                "travel": ready.times.method.sentence,
                "findings": [finding.as_dict() for finding in ready.findings],
            }
        )
        return
    typer.echo(f"{place.name}: no errors.")
    typer.echo(
        f"  {len(place.practices)} practices on {len(place.sites)} sites, {place.list_total:,} registered patients,"
        f" {len(place.areas)} areas, {place.practices['locality'].replace('', None).nunique()} localities"
    )
    typer.echo("  Registrations: " + ", ".join(f"{total:,.0f} patients {name}" for name, total in basis.items()))
    typer.echo(f"  Travel: {ready.times.method.sentence}")
    for line in _grouped(ready.findings):
        typer.echo(line)


def say_run(run: Run, out: Path, *, as_json: bool, wanted: int = 1) -> None:
    """Print the summary of a run, how many of the options that were asked for it holds, and where its page is."""
    if as_json:
        typer.echo((out / "run.json").read_text(encoding="utf-8"), nl=False)
        return
    typer.echo(f"{run.place.name}, rule set {run.rules.name}, run {run.run_id}")
    solver = run.solver
    if solver is not None:
        typer.echo(
            f"  {_counted(solver.candidates, 'feasible group')} listed; first option {_proof(solver)};"
            f" {_counted(solver.exceptions, 'exception')}, {_counted(solver.shortfall, 'patient')} short of a minimum"
            " in all"
        )
    for option in run.options:
        for line in _option_lines(option, run.rules.options.bands[-1], by_hand=run.command == "score"):
            typer.echo(line)
    if solver is not None and len(run.options) < wanted:
        typer.echo(f"  {len(run.options)} of {wanted} options: {solver.explanation[-1]}")
    warnings = sum(finding.severity == "warning" for finding in run.findings)
    if warnings:
        typer.echo(f"  {_counted(warnings, 'warning')} about the inputs: see {out / 'findings.csv'} or the page")
    typer.echo(f"Page: {out / 'report.html'}")


def _proof(solver: SolverReport) -> str:
    if solver.status == "optimal":
        return f"proven: no plan scores better (gap {solver.gap:.4%})"
    reach = f", by up to {solver.gap:.2%} of the score" if solver.gap is not None and solver.gap < 1 else ""
    return f"not proven: the search was stopped, a better plan may exist{reach}"


def _option_lines(option: AssessedOption, widest_band: float, *, by_hand: bool) -> list[str]:
    figures, plan = option.headline, option.option
    line = (
        f"  {plan.option_id}: {_counted(figures['groups'], 'group')} of {figures['smallest']:,} to"
        f" {figures['largest']:,} patients,"
        f" {figures['mean_minutes_to_hub']:.1f} minutes to the hub on average, score {plan.objective:.3f}"
    )
    if plan.behind_best or plan.different_from_best:
        line += f" (+{plan.behind_best:.1%}; {plan.different_from_best:.0%} of patients with other companions"
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
            f"      {_counted(len(option.left_out), 'practice')} with {total:,} patients {verb} not in the plan"
        )
    return lines


def say_recheck(result: Recheck, *, as_json: bool) -> None:
    """Print each claim with whether the inputs bear it out."""
    if as_json:
        _echo_json({"agrees": result.agrees, "lines": result.lines.to_dict("records")})
        return
    for option, lines in result.lines.groupby("option", sort=False):
        if option and lines["agrees"].all():
            typer.echo(f"  ok      {option}: {len(lines)} claims re-derived from the inputs, all agree")
            continue
        for line in lines.itertuples():
            breach = result.by_hand and line.kind == "rule"
            mark = "ok    " if line.agrees else ("breach" if breach else "WRONG ")
            where = f"{option}: " if option else ""
            typer.echo(f"  {mark}  {where}{line.claim} - {line.detail}")
    typer.echo("Every figure agrees with the inputs." if result.agrees else "The run does NOT agree with its inputs.")
