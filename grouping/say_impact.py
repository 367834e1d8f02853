"""What `blueprint impact` prints: the answer in a few lines, what was noticed, and where the page is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
import typer
from rich.console import Console

from grouping.impact.pack import PAGE, RECORD
from grouping.impact.words import scenario_sentence
from grouping.plain_words import NO_CLOSURE, option_title
from grouping.say import counted, grouped

if TYPE_CHECKING:
    from grouping.impact.job import ImpactJob


def say_impact(console: Console, job: ImpactJob, out: Path, *, as_json: bool) -> None:
    """Print the summary of an impact, and on standard error what was noticed in the files."""
    for line in grouped([one for one in job.impact.findings if one.severity != "error"]):
        console.print(line, markup=False)
    if as_json:
        typer.echo((out / RECORD).read_text(encoding="utf-8"), nl=False)
        return
    impact = job.impact
    typer.echo(f"{job.about.place}: travel impact of {counted(len(impact.option_ids), 'plan')}. {NO_CLOSURE}")
    if impact.scenario:
        typer.echo(f"  {scenario_sentence(impact).strip()}")
    typer.echo(f"  {impact.baseline or 'No baseline was given: only how long the journeys would be, no change.'}")
    for line in _option_lines(impact.tables["summary"], impact.scenario, impact.threshold):
        typer.echo(line)
    for note in impact.notes:
        typer.echo(f"  {note}")
    for _, why in impact.absent_modes:
        typer.echo(f"  {why}")
    typer.echo(f"Page: {out / PAGE}")


def _option_lines(summary: pd.DataFrame, scenario: str, threshold: float) -> list[str]:
    """The journey to the hub by car of all patients, a line an option."""
    chosen = summary[
        (summary["scenario"] == scenario)
        & (summary["journey"] == "hub")
        & (summary["mode"] == "car")
        & (summary["population"] == "all")
        & (summary["setting"] == "all")
    ]
    lines = []
    for row in chosen.itertuples(index=False):
        line = f"  {option_title(row.option)}: {_number(row.mean, 1)} minutes by car to the hub on average, "
        line += f"{_number(row.beyond)} of {_number(row.people)} people beyond {threshold:g} minutes"
        if not _missing(row.mean_change):
            line += f"; more than 5 minutes longer than before: {_number(row.longer_5)}"
            line += f", more than 5 minutes shorter: {_number(row.shorter_5)}"
            line += f" (of {_number(row.people_compared)} people compared)"
        lines.append(line)
    return lines


def _missing(value: object) -> bool:
    return value is None or (not isinstance(value, str) and pd.isna(value))


def _number(value: object, digits: int = 0) -> str:
    """A number for people; what is hidden in public mode stays as it is."""
    if isinstance(value, str):
        return value
    return "unknown" if _missing(value) else f"{float(value):,.{digits}f}"
