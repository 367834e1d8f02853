"""What `blueprint times` and `blueprint calibrate` print: for people, or as JSON for machines."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import typer
from rich.console import Console

from geodata.errors import Finding
from geodata.times.calibrate import report_lines
from grouping.say import counted, echo_json, grouped

if TYPE_CHECKING:
    from geodata.times.calibrate_job import CalibrateDone
    from geodata.times.job import TimesDone


def say_times(console: Console, done: TimesDone, *, as_json: bool) -> None:
    """Print how many journeys were timed, how, and where they are; what was noticed on the console."""
    _noticed(console, done.findings)
    if as_json:
        echo_json(
            {
                "files": [str(path) for path in done.files],
                "from": done.origins,
                "to": done.destinations,
                "rows": done.rows,
                "journeys": done.pairs,
                "reachable": done.reachable,
                "method": done.method,
                "findings": [finding.as_dict() for finding in done.findings],
            }
        )
        return
    lost = done.pairs - done.reachable
    typer.echo(done.sentence)
    typer.echo(f"  {counted(done.pairs, 'journey')}, {lost:,} of them not reachable" + _over(done))
    for name, road in done.closed:
        typer.echo(f"  closed ({name}): {road}")
    typer.echo(f"Minutes: {done.files[0]} ({counted(done.rows, 'row')})")
    typer.echo(f"Method: {done.files[1]}")
    for file in done.files[2:]:
        typer.echo(f"{'Page' if file.suffix == '.html' else 'Layers'}: {file}")
    if done.files[0].suffix.lower() == ".csv" and done.rows >= SHEET_ROWS:
        typer.echo(f"A spreadsheet shows {SHEET_ROWS:,} rows at most; write .parquet, or use --nearest or --limit.")


SHEET_ROWS = 1_048_576
"""Rows of a sheet in Excel."""


def _over(done: TimesDone) -> str:
    limit = done.method["details"]["limit_minutes"]
    return "" if limit is None else f" within {limit:g} minutes"


def say_calibration(console: Console, done: CalibrateDone, *, as_json: bool) -> None:
    """Print how well the speeds agree before and after, the factors, and where the profile is."""
    _noticed(console, done.findings)
    if as_json:
        echo_json(_calibration_record(done))
        return
    for line in report_lines(done.calibration):
        typer.echo(line)
    use = f" Use it with: --speeds {done.file} --profile {_quoted(done.name)}"
    if not any(kind.fitted for kind in done.calibration.types):
        use = " Its speeds are those from before."
    typer.echo(f"Profile {done.name}: {done.file}.{use}")


def _quoted(name: str) -> str:
    return f'"{name}"' if " " in name else name


def _calibration_record(done: CalibrateDone) -> dict[str, object]:
    found = done.calibration
    fit = {"before": found.before, "after": found.after, "held_out": found.held_out}
    return {
        "file": str(done.file),
        "profile": done.name,
        "based_on": found.speeds.profile,
        "journeys_given": found.given,
        "journeys_different": found.different,
        "journeys_left_out": [{"reason": reason, "journeys": number} for reason, number in found.dropped],
        "fit": {when: None if quality is None else _plain(asdict(quality)) for when, quality in fit.items()},
        "better_on_others": found.better,
        "settled": found.settled,
        "factors": [{"type": kind.label, "classes": kind.classes} | _plain(asdict(kind)) for kind in found.types],
        "findings": [finding.as_dict() for finding in done.findings],
    }


def _plain(values: dict[str, object]) -> dict[str, object]:
    """Numbers that are not known as null."""
    return {
        key: None if isinstance(value, float) and not math.isfinite(value) else value for key, value in values.items()
    }


def _noticed(console: Console, findings: Sequence[Finding]) -> None:
    for line in grouped(findings):
        console.print(line, markup=False)
