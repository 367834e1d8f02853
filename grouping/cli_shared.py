"""What the commands share: where they speak, how they tell what went wrong, and how far they are."""

from __future__ import annotations

import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TaskID, TextColumn, TimeElapsedColumn

from geodata.errors import InputProblems, NoPlan, VerificationFailed
from grouping.say import say_findings, say_no_plan, say_problems_json

if TYPE_CHECKING:
    from grouping.stages import Standing

errors = Console(stderr=True, highlight=False, soft_wrap=True)

QUIET_SECONDS = 10.0
"""Least time between two lines about the same search where they cannot replace each other."""

JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for machines on standard output.")]


@contextmanager
def told(*, as_json: bool = False) -> Iterator[None]:
    """Turn what went wrong into a message (and JSON, if wanted) and exit code 1."""
    try:
        yield
    except InputProblems as problems:
        say_findings(errors, problems.findings)
        if as_json:
            say_problems_json(problems.findings)
    except NoPlan as problem:
        say_no_plan(errors, problem, as_json=as_json)
    except VerificationFailed as problem:
        errors.print(
            f"The independent check disagrees with the result, so nothing was written: {problem}\n"
            "This is a fault of the program, not of your inputs: please report it with this message.",
            markup=False,
        )
    except KeyboardInterrupt:
        errors.print("Stopped. Nothing was written.")
    except typer.Exit:
        raise
    except Exception as fault:  # the last net: a planner must not be left with a traceback alone
        errors.print(traceback.format_exc(), style="dim", markup=False)
        errors.print(
            f"The program failed ({type(fault).__name__}), and nothing was written. This is a fault of the program, not"
            " of your inputs: please report it with the lines above.",
            markup=False,
        )
    else:
        return
    raise typer.Exit(1)


class Teller:
    """Tells how far a command is: a line a stage, and on a terminal one more that is updated in place.

    Where standard error is no terminal, how far a search is becomes a line at most every `QUIET_SECONDS`.
    """

    def __init__(self, bar: Progress, task: TaskID) -> None:
        self._bar = bar
        self._task = task
        self._began = self._last = time.monotonic()

    def __call__(self, stage: str, detail: str = "") -> None:
        """Tell a stage."""
        self._last = time.monotonic()
        self._bar.update(self._task, description=escape(stage))
        errors.print(f"  {stage}: {detail}" if detail else f"  {stage}", style="dim", markup=False)

    def live(self, standing: Standing) -> None:
        """Tell how far a search is (see `grouping.stages.Standing`)."""
        line, now = standing_line(standing), time.monotonic()
        self._bar.update(self._task, description=escape(line))
        if not errors.is_terminal and now - self._last >= QUIET_SECONDS:
            self._last = now
            errors.print(f"  {line}, {now - self._began:.0f} seconds so far", style="dim", markup=False)


def standing_line(standing: Standing) -> str:
    """`score, 12,345 groups: bound 9.350, best 9.400, gap 0.53% (0.050)`; short, for a window of 80 columns."""
    size = {"minutes per patient": 3, "minutes": 1}.get(standing.unit, 0)
    parts = []
    if standing.bound is not None:
        parts.append(f"bound {standing.bound:,.{size}f}")
    if standing.best is not None:
        parts.append(f"best {standing.best:,.{size}f}")
    if standing.gap is not None:
        parts.append(f"gap {standing.gap:.2%} ({max(standing.best - standing.bound, 0.0):,.{size}f})")
    return f"{standing.stage.replace('_', ' ')}, {standing.groups:,} groups: {', '.join(parts)}"


@contextmanager
def progress() -> Iterator[Teller]:
    """Tell each stage on standard error: a line a stage, and on a terminal a clock beside the present one."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as bar:
        yield Teller(bar, bar.add_task("Starting", total=None))
