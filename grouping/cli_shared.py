"""What the commands share: where they speak, how they tell what went wrong, and how far they are."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from geodata.errors import Finding, InputProblems, NoPlan, VerificationFailed
from grouping.say import say_findings, say_problems_json

errors = Console(stderr=True, highlight=False, soft_wrap=True)

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
        errors.print(f"No plan: {problem}", markup=False)
        if as_json:
            say_problems_json([Finding("error", "", str(problem), code="no-plan")])
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


@contextmanager
def progress() -> Iterator[Callable[[str, str], None]]:
    """Tell each stage on standard error: a line a stage, and on a terminal a clock beside the present one."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as bar:
        task = bar.add_task("Starting", total=None)

        def tell(stage: str, detail: str = "") -> None:
            bar.update(task, description=escape(stage))
            errors.print(f"  {stage}: {detail}" if detail else f"  {stage}", style="dim", markup=False)

        yield tell
