"""What `blueprint compare` prints: the answer in a few lines, and where the page is."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import typer

from grouping.compare.basis import remarks
from grouping.compare.folder import PAGE
from grouping.escape import visible
from grouping.plain_words import NO_CLOSURE
from grouping.writing import plain

if TYPE_CHECKING:
    from grouping.compare.page import Worked


def say_compare(worked: Worked, record: dict[str, object], out: Path, *, as_json: bool) -> None:
    """Print the summary of a comparison, or its record for machines."""
    if as_json:
        typer.echo(json.dumps(plain(record, visible), ensure_ascii=False, indent=2, allow_nan=False))
        return
    typer.echo(visible(f"{record['title']}. {NO_CLOSURE}"))
    for line in (*remarks(worked.comparison), *worked.lines):
        typer.echo(visible(f"  {line}"))
    typer.echo(f"Page: {out / PAGE}")
