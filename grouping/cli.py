"""The command `blueprint`: parses, calls and prints; every decision is made elsewhere.

Exit codes: 0 done; 1 a problem in the inputs, or no plan; 2 wrong use of the command.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from grouping.cli_compare import compare
from grouping.cli_explore import explore as explore_commands
from grouping.cli_impact import impact
from grouping.cli_pack import pack
from grouping.cli_programme import programme
from grouping.cli_shared import JsonOption, errors, progress, told
from grouping.cli_times import calibrate, times
from grouping.say import (
    say_check,
    say_cut,
    say_explained,
    say_recheck,
    say_run,
    say_templates,
)

if TYPE_CHECKING:
    from geodata.fetch import Step

app = typer.Typer(
    name="blueprint",
    help="Form, prove and show at-scale groups of GP practices. Nothing leaves this computer.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
CaseArgument = Annotated[Path, typer.Argument(metavar="CASE", help="Folder with case.toml.", show_default=False)]
OutOption = Annotated[Path, typer.Option("--out", help="Folder for the run.", show_default=False)]
RulesOption = Annotated[str | None, typer.Option("--rules", help="Rule set, instead of the one the case names.")]
BeforeOption = Annotated[
    Path | None, typer.Option("--before", help="A plan.csv of today's groups: its hubs are 'before'.")
]


def main() -> None:
    """Run the command with UTF-8 output wherever it is started (Windows consoles default to a code page)."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    try:
        app()
    except KeyboardInterrupt:  # while packages are still being loaded
        typer.echo("Stopped. Nothing was written.", err=True)
        sys.exit(1)


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

    with told(as_json=as_json), tempfile.TemporaryDirectory() as scratch:
        refuse_foreign_folder(out)
        case = write_demo_case(Path(scratch) / "case")
        with progress() as tell:
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
def init(
    case: CaseArgument,
    commissioner: Annotated[
        list[str] | None,
        typer.Option(
            "--commissioner",
            metavar="CODE[,CODE...]",
            help="Cut a case out of published files: a sub-ICB (11J), an ICB (QVV), or codes of practices.",
            show_default=False,
        ),
    ] = None,
    practices: Annotated[
        str | None,
        typer.Option("--practices", help="Codes of practices, or a file with one a line.", show_default=False),
    ] = None,
    files: Annotated[
        Path | None, typer.Option("--files", help="Folder with the published files, unchanged.", show_default=False)
    ] = None,
    when: Annotated[
        str | None, typer.Option("--date", help="Year, month or day wanted. Default: the newest.", show_default=False)
    ] = None,
    localities: Annotated[
        Path | None,
        typer.Option("--localities", help="Polygons with a name, or practices with a locality.", show_default=False),
    ] = None,
    name: Annotated[str | None, typer.Option("--name", help="Name of the case.", show_default=False)] = None,
    as_json: JsonOption = False,
) -> None:
    """Cut a case out of published files; without --commissioner, write commented templates into a new folder."""
    if commissioner or practices:
        if files is None:
            raise typer.BadParameter("name the folder with the published files", param_hint="--files")
        _cut(case, commissioner or [], practices, files, when, localities, name, as_json=as_json)
        return
    given = {"--files": files, "--date": when, "--localities": localities, "--name": name}
    if asked := [option for option, value in given.items() if value is not None]:
        raise typer.BadParameter(f"{', '.join(asked)} needs --commissioner or --practices")
    from geodata.starter import write_templates

    with told(as_json=as_json):
        say_templates(case, write_templates(case), as_json=as_json)


def _cut(
    case: Path,
    commissioner: list[str],
    practices: str | None,
    files: Path,
    when: str | None,
    localities: Path | None,
    name: str | None,
    *,
    as_json: bool,
) -> None:
    from geodata.cut import codes_asked, cut_case, parse_when
    from geodata.published.catalogue import read_catalogue

    with told(as_json=as_json):
        asked, day = codes_asked(commissioner, practices), parse_when(when)
        with progress() as tell:
            tell("Looking through the files", str(files))
            catalogue = read_catalogue(files)
            tell("Cutting the case", ", ".join(asked[:5]) + (" and more" if len(asked) > 5 else ""))
            report = cut_case(catalogue, case, commissioner=asked, when=day, localities=localities, name=name)
        say_cut(report, as_json=as_json)


@app.command()
def check(
    case: CaseArgument,
    out: Annotated[
        Path | None, typer.Option("--out", help="Folder for the page and its tables. Default: CASE/check.")
    ] = None,
    rules: RulesOption = None,
    roads: Annotated[
        bool, typer.Option("--roads/--no-roads", help="Also write a page that shows how the roads were read.")
    ] = True,
    as_json: JsonOption = False,
) -> None:
    """Check the inputs of a case without forming groups, and write the page a planner takes to the practices."""
    from geodata.case import case_folder
    from grouping.input_check.checked import check_case
    from grouping.input_check.facts import counts
    from grouping.input_check.folder import FOLDER, refuse_foreign_check, write_check

    with told(as_json=as_json):
        folder = out or case_folder(case) / FOLDER
        refuse_foreign_check(folder)
        with progress() as tell:
            checked = check_case(case, rules=rules, progress=tell)
            tell("Writing the pages", str(folder))
            page = write_check(checked, folder, roads=roads)
        say_check(errors, checked, counts(checked), page, as_json=as_json)
        if checked.verdict == "cannot run yet":
            raise typer.Exit(1)


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
    all_plans: Annotated[
        bool, typer.Option("--all-plans", help="Also write all plans nearly as good as the best (near_plans.parquet).")
    ] = False,
    memory: Annotated[
        float,
        typer.Option(
            "--memory",
            min=0.001,
            metavar="GB",
            help="Memory for the list of all groups. Where they are more, they are searched without a list.",
        ),
    ] = 1.5,
    explain: Annotated[
        bool, typer.Option("--explain", help="Afterwards print the chain of proof in plain words.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Find, prove and show blueprint options for a case. Ctrl-C ends the search with the best plan so far."""
    from geodata.case import case_folder
    from grouping.pipeline import run_case
    from grouping.runs import refuse_foreign_folder, write_run

    with told(as_json=as_json):
        refuse_foreign_folder(out)
        with progress() as tell:
            found = run_case(
                case,
                rules=rules,
                options=options,
                time_limit=time_limit,
                seed=seed,
                before=before,
                all_plans=all_plans,
                memory=memory,
                progress=tell,
            )
            tell("Writing the run", str(out))
            write_run(found, out, case_dir=case_folder(case))
        say_run(found, out, as_json=as_json, wanted=options)
        if explain and found.solver is not None:
            say_explained(found.solver, as_json=as_json)


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

    with told(as_json=as_json):
        refuse_foreign_folder(out)
        with progress() as tell:
            scored = score_case(case, plan, rules=rules, before=before, progress=tell)
            tell("Writing the run", str(out))
            write_run(scored, out, case_dir=case_folder(case))
        say_run(scored, out, as_json=as_json)


@app.command()
def verify(
    run_folder: Annotated[
        Path, typer.Argument(metavar="RUN", help="A run folder, or a programme's.", show_default=False)
    ],
    case: Annotated[Path | None, typer.Option("--case", help="The case, when it has moved.")] = None,
    run_of: Annotated[
        Path | None, typer.Option("--run", help="The run of a programme, when it has moved or is not named.")
    ] = None,
    settings: Annotated[
        Path | None, typer.Option("--settings", help="The programme.toml of a programme, when it has moved.")
    ] = None,
    deep: Annotated[bool, typer.Option("--deep", help="List every group anew and prove the bound once more.")] = False,
    deep_limit: Annotated[
        int | None, typer.Option("--deep-limit", min=1, help="Most sets of practices to list for --deep (3,000,000).")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Re-derive every claim of a run or programme from its inputs, by code that shares nothing with what made it."""
    from grouping.verify.delivery.folder import is_programme, recheck_programme
    from grouping.verify.listing import DEEP_LIMIT
    from grouping.verify.recheck import recheck

    deep = deep or deep_limit is not None
    of_programme = is_programme(run_folder)
    if of_programme and deep:
        raise typer.BadParameter("is for runs, not for programmes", param_hint="--deep")
    if not of_programme and (run_of is not None or settings is not None):
        raise typer.BadParameter("is for programmes, not for runs", param_hint="--run" if run_of else "--settings")
    with told(as_json=as_json):
        if of_programme:
            result = recheck_programme(run_folder, run_dir=run_of, settings=settings, case_dir=case)
        else:
            result = recheck(run_folder, case_dir=case, deep=deep, at_most=deep_limit or DEEP_LIMIT)
        say_recheck(result, as_json=as_json)
        if not result.agrees:
            raise typer.Exit(1)


@app.command()
def fetch(
    case: Annotated[
        Path,
        typer.Argument(metavar="CASE", help="A case, or any folder with --national or --only.", show_default=False),
    ],
    files: Annotated[
        Path | None, typer.Option("--files", help="Folder for the files. Default: the CASE folder.", show_default=False)
    ] = None,
    only: Annotated[
        list[str] | None, typer.Option("--only", help="Only this one, by name; may be repeated.", show_default=False)
    ] = None,
    national: Annotated[
        bool, typer.Option("--national", help="The national files that init reads, instead of what the case names.")
    ] = False,
    list_known: Annotated[bool, typer.Option("--list", help="Print the known published files; asks nothing.")] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Download also what is there already, and replace it.")
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask before downloading.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Stop after the plan.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Download what a case names, or the national files: the only command that uses the network."""
    from geodata.fetch import Web, known_sources, make_plan, perform, wanted_items
    from grouping.say import say_fetch_json, say_fetch_plan, say_fetched, say_sources

    with told(as_json=as_json):
        if list_known:
            say_sources(known_sources(), as_json=as_json)
            return
        folder, in_case, items = wanted_items(case, files=files, national=national, only=only or ())
        with Web(tell=lambda text: errors.print(f"    {text}", style="dim", markup=False)) as web:
            plan = make_plan(folder, in_case, items, web, again=again)
            if not as_json:
                by_hand = [source for source in known_sources() if not source.item.url] if national and not only else []
                say_fetch_plan(plan, by_hand)
            if dry_run or not plan.wanted:
                if as_json:
                    say_fetch_json(plan, None)
                return
            if not yes:
                _ask_before_download(as_json=as_json, plan_as_json=lambda: say_fetch_json(plan, None))
            try:
                with _downloads() as tell:
                    done = perform(plan, web, tell=tell)
            except KeyboardInterrupt:
                errors.print("Stopped. What has arrived is kept (.part) and goes on with the same command.")
                raise typer.Exit(1) from None
        if as_json:
            say_fetch_json(plan, done)
        say_fetched(errors, plan, done, quiet=as_json)
        if any(one.problem for one in done):
            raise typer.Exit(1)


def _on_terminal() -> bool:
    return sys.stdin.isatty()


def _ask_before_download(*, as_json: bool, plan_as_json: Callable[[], None]) -> None:
    """Go on only with a yes. Without a terminal nobody can give it: the command needs `--yes` (exit code 2)."""
    if not _on_terminal():
        if as_json:
            plan_as_json()
        errors.print("Nothing was downloaded: nobody can be asked here. Add --yes to download this.")
        raise typer.Exit(2)
    try:
        agreed = typer.confirm("Download this?", err=True)
    except typer.Abort:
        agreed = False
    if not agreed:
        errors.print("Nothing was downloaded.")
        raise typer.Exit(1)


@contextmanager
def _downloads() -> Iterator[Callable[[Step, int, int | None], None]]:
    """Name each download on standard error, and on a terminal show how far it is."""
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as bar:
        task = bar.add_task("Starting", total=None)
        named: set[str] = set()

        def tell(step: Step, so_far: int, total: int | None) -> None:
            if step.item.to not in named:
                named.add(step.item.to)
                errors.print(f"  Downloading {step.item.to}", style="dim", markup=False)
            unit, size = ("features", 1) if step.item.kind == "features" else ("MB", 10**6)
            of = f" of {total / size:,.0f}" if total else ""
            bar.update(task, description=escape(f"{step.item.to}: {so_far / size:,.0f}{of} {unit}"))

        yield tell


app.command()(impact)
app.command()(compare)
app.command()(pack)
app.command()(programme)
app.command()(times)
app.command()(calibrate)
app.add_typer(explore_commands, name="explore")


@app.command("rules")
def list_rules() -> None:
    """List the built-in rule sets with their values."""
    from grouping.rules import load_rules, rule_set_names

    for name in rule_set_names():
        rule_set = load_rules(name)
        typer.echo(f"{name} - {rule_set.title}")
        typer.echo(json.dumps(rule_set.model_dump(mode="json"), indent=2, ensure_ascii=False))
