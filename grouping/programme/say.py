"""What `blueprint programme` prints: the answer of every part, and where the files are."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import typer
from rich.console import Console

from grouping.plain_words import NO_CLOSURE, option_title
from grouping.programme.folder import PAGE, RECORD, TABLES, WORKBOOK
from grouping.programme.job import Made
from grouping.programme.public import WHAT_STAYS
from grouping.programme.settings import PROGRAMME_FILE
from grouping.programme.texts import TITLES
from grouping.say import grouped


def say_programme(console: Console, made: Made, out: Path, *, as_json: bool) -> None:
    """Print the first sentence of every part, and on standard error what was noticed."""
    programme = made.programme
    for line in grouped(list(programme.findings)):
        console.print(line, markup=False)
    if as_json:
        typer.echo((out / RECORD).read_text(encoding="utf-8"), nl=False)
        return
    ground = programme.ground
    typer.echo(f"Programme of {option_title(ground.option_id).lower()}. {NO_CLOSURE}")
    if ground.run.public:
        typer.echo(f"  {WHAT_STAYS}")
    for name, line in programme.lines.items():
        typer.echo(f"  {TITLES[name]}: {line}")
    if not ground.inputs.file and not ground.run.public:
        typer.echo(
            "  All targets, ratios and readiness are built in. For your own: blueprint programme RUN --template FOLDER"
        )
    tables = sum(name.startswith(f"{TABLES}/") for name in made.files)
    typer.echo(f"Page: {out / PAGE}\nWorkbook: {out / WORKBOOK} (the same tables as CSV in {out / TABLES}: {tables})")


def say_template(files: Sequence[Path], *, as_json: bool) -> None:
    """Print which files were written and what to do with them."""
    if as_json:
        typer.echo(json.dumps([str(path) for path in files], ensure_ascii=False, indent=2))
        return
    for path in files:
        typer.echo(str(path))
    typer.echo(
        f"Edit these tables, take out of {PROGRAMME_FILE} what you do not need, and make the programme again: what each"
        " column takes is said there. In the folder of the case the files are found by themselves; elsewhere name them"
        " with --settings."
    )
