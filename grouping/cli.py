"""The command `blueprint`: parses, calls and prints; every decision is made elsewhere.

Exit codes: 0 done; 1 a problem in the inputs, or no plan; 2 wrong use of the command.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from geodata.errors import Finding, InputProblems, NoPlan, VerificationFailed
from grouping.say import say_check, say_findings, say_problems_json, say_recheck, say_run

app = typer.Typer(
    name="blueprint",
    help="Form, prove and show at-scale groups of GP practices. Nothing leaves this computer.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
errors = Console(stderr=True, highlight=False, soft_wrap=True)

CaseArgument = Annotated[Path, typer.Argument(metavar="CASE", help="Folder with case.toml.", show_default=False)]
OutOption = Annotated[Path, typer.Option("--out", help="Folder for the run.", show_default=False)]
RulesOption = Annotated[str | None, typer.Option("--rules", help="Rule set, instead of the one the case names.")]
BeforeOption = Annotated[
    Path | None, typer.Option("--before", help="A plan.csv of today's groups: its hubs are 'before'.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for machines on standard output.")]


def main() -> None:
    """Run the command with UTF-8 output wherever it is started (Windows consoles default to a code page)."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    app()


@contextmanager
def _told(*, as_json: bool = False) -> Iterator[None]:
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
def _progress() -> Iterator[Callable[[str, str], None]]:
    """Tell each stage on standard error: a line a stage, and on a terminal a clock beside the present one."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as bar:
        task = bar.add_task("Starting", total=None)

        def tell(stage: str, detail: str = "") -> None:
            bar.update(task, description=escape(stage))
            errors.print(f"  {stage}: {detail}" if detail else f"  {stage}", style="dim", markup=False)

        yield tell


@app.command()
def demo(
    out: Annotated[Path, typer.Option("--out", help="Folder for the run.")] = Path("outputs") / "demo",
    options: Annotated[int, typer.Option("--options", min=1, help="How many options to look for.")] = 5,
    as_json: JsonOption = False,
) -> None:
    """Run the main job on the built-in demonstration (made-up data in the shape of Dorset)."""
    from geodata.demo import write_demo_case
    from grouping.pipeline import run_case
    from grouping.runs import refuse_foreign_folder, write_run

    with _told(as_json=as_json), tempfile.TemporaryDirectory() as scratch:
        refuse_foreign_folder(out)
        case = write_demo_case(Path(scratch) / "case")
        with _progress() as tell:
            run = run_case(case, options=options, progress=tell)
            tell("Writing the run", str(out))
            put_in = _copy_case(case)
            write_run(run, out, case_dir=out / "case", put_in=put_in)
        say_run(run, out, as_json=as_json, wanted=options)


def _copy_case(case: Path) -> Callable[[Path], None]:
    def put_in(folder: Path) -> None:
        shutil.copytree(case, folder / "case", ignore=shutil.ignore_patterns(".cache"))

    return put_in


@app.command()
def init(case: CaseArgument) -> None:
    """Write commented templates of a case into a new folder."""
    from geodata.starter import write_templates

    with _told():
        written = write_templates(case)
        typer.echo(f"Wrote {len(written)} files to {case}:")
        for path in written:
            typer.echo(f"  {path.name}")
        typer.echo(f"Fill them in, then: blueprint check {case}")


@app.command()
def check(case: CaseArgument, rules: RulesOption = None, as_json: JsonOption = False) -> None:
    """Read and time a case without forming groups, and tell everything noticed about the inputs."""
    from grouping.pipeline import prepare

    with _told(as_json=as_json):
        with _progress() as tell:
            ready = prepare(case, rules=rules, progress=tell)
        say_check(ready, as_json=as_json)


@app.command()
def run(
    case: CaseArgument,
    out: OutOption,
    rules: RulesOption = None,
    options: Annotated[int, typer.Option("--options", min=1, help="How many different options to look for.")] = 5,
    time_limit: Annotated[
        float | None, typer.Option("--time-limit", min=0.1, help="Seconds for the optimiser. Default: until proven.")
    ] = None,
    seed: Annotated[
        int,
        typer.Option(
            "--seed",
            min=0,
            help="Recorded with the run. The search draws nothing at random: every seed gives the same result.",
        ),
    ] = 0,
    before: BeforeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find, prove and show blueprint options for a case."""
    from geodata.case import case_folder
    from grouping.pipeline import run_case
    from grouping.runs import refuse_foreign_folder, write_run

    with _told(as_json=as_json):
        refuse_foreign_folder(out)
        with _progress() as tell:
            found = run_case(
                case,
                rules=rules,
                options=options,
                time_limit=time_limit,
                seed=seed,
                before=before,
                progress=tell,
            )
            tell("Writing the run", str(out))
            write_run(found, out, case_dir=case_folder(case))
        say_run(found, out, as_json=as_json, wanted=options)


@app.command()
def score(
    case: CaseArgument,
    plan: Annotated[Path, typer.Option("--plan", help="plan.csv: practice_code,group_id,hub_site_code.")],
    out: OutOption,
    rules: RulesOption = None,
    before: BeforeOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give a plan made by hand the same figures and page. Broken rules are named; nothing is refused."""
    from geodata.case import case_folder
    from grouping.pipeline import score_case
    from grouping.runs import refuse_foreign_folder, write_run

    with _told(as_json=as_json):
        refuse_foreign_folder(out)
        with _progress() as tell:
            scored = score_case(case, plan, rules=rules, before=before, progress=tell)
            tell("Writing the run", str(out))
            write_run(scored, out, case_dir=case_folder(case))
        say_run(scored, out, as_json=as_json)


@app.command()
def verify(
    run_folder: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.", show_default=False)],
    case: Annotated[Path | None, typer.Option("--case", help="The case, when it has moved.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Re-derive every claim of a run from its inputs, by code that shares nothing with the optimiser."""
    from grouping.recheck import recheck

    with _told(as_json=as_json):
        result = recheck(run_folder, case_dir=case)
        say_recheck(result, as_json=as_json)
        if not result.agrees:
            raise typer.Exit(1)


@app.command("rules")
def list_rules() -> None:
    """List the built-in rule sets with their values."""
    from grouping.rules import load_rules, rule_set_names

    for name in rule_set_names():
        rule_set = load_rules(name)
        typer.echo(f"{name} - {rule_set.title}")
        typer.echo(json.dumps(rule_set.model_dump(mode="json"), indent=2, ensure_ascii=False))
