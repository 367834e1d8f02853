"""The command `blueprint programme`: from an option of a run to a programme."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from grouping.cli_shared import JsonOption, errors, progress, told


def programme(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.", show_default=False)],
    out: Annotated[Path | None, typer.Option("--out", help="Folder for the programme.", show_default=False)] = None,
    option: Annotated[
        str, typer.Option("--option", help="Option to make a programme of: option-2, 2 or B. Default: the first.")
    ] = "",
    settings: Annotated[
        Path | None,
        typer.Option("--settings", help="The planner's programme.toml. Default: that of the case.", show_default=False),
    ] = None,
    template: Annotated[
        Path | None,
        typer.Option(
            "--template",
            help="Write programme.toml and its tables, filled in for this case, into this folder; then stop.",
            show_default=False,
        ),
    ] = None,
    first_year: Annotated[
        str,
        typer.Option("--first-year", help="With --template: the year the waves begin in, such as 2026/27."),
    ] = "",
    public: Annotated[
        bool,
        typer.Option(
            "--public",
            help="For publication: no readiness, scores, costs or conditions, nothing on practices that fail.",
        ),
    ] = False,
    case: Annotated[
        Path | None, typer.Option("--case", help="The case, when it has moved.", show_default=False)
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make a programme of an option: rollout, resources, growth, buildings, scorecard, resilience, what was said."""
    from grouping.programme.job import make_programme, make_template
    from grouping.programme.say import say_programme, say_template

    if (out is None) == (template is None):
        raise typer.BadParameter("name a folder with --out (or with --template)", param_hint="--out")
    if first_year and template is None:
        raise typer.BadParameter("goes with --template; else write it in programme.toml", param_hint="--first-year")
    with told(as_json=as_json), progress() as tell:
        if template is not None:
            files = make_template(run, template, option=option, first_year=first_year, case_dir=case, progress=tell)
            say_template(files, as_json=as_json)
            return
        made = make_programme(run, out, option=option, settings=settings, public=public, case_dir=case, progress=tell)
        say_programme(errors, made, out, as_json=as_json)
