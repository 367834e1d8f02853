"""What `blueprint pack` prints: what was made, and where it is."""

from __future__ import annotations

from pathlib import Path

import typer
from rich.console import Console

from grouping.pack import PAGE, RECORD, Packed
from grouping.plain_words import NO_CLOSURE
from grouping.public import WHAT_IS_LEFT_OUT


def say_pack(console: Console, packed: Packed, out: Path, *, public: bool, as_json: bool) -> None:
    """Print what the pack holds, and on standard error what could not be made."""
    for sentence in packed.said:
        console.print(sentence, markup=False)
    if as_json:
        typer.echo((out / RECORD).read_text(encoding="utf-8"), nl=False)
        return
    typer.echo(f"{'Public pack' if public else 'Pack, for use inside'}: {len(packed.files)} files. {NO_CLOSURE}")
    if public:
        typer.echo(f"  {WHAT_IS_LEFT_OUT}")
    for name in packed.files:
        if "/" not in name:
            typer.echo(f"  {out / name}")
    folders: dict[str, int] = {}
    for name in packed.files:
        if "/" in name:
            folders[name.split("/")[0]] = folders.get(name.split("/")[0], 0) + 1
    for folder, number in folders.items():
        typer.echo(f"  {out / folder}: {number} files")
    typer.echo(f"Page: {out / PAGE}")
