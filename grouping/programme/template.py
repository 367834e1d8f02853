"""Writes the editable tables of a programme, filled in for a case: built-in values, practices and options by name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from geodata.errors import Finding, InputProblems
from grouping.page import own_file
from grouping.programme.settings import PROGRAMME_FILE, ProgrammeTables
from grouping.writing import write_table

SETTINGS = "programme/programme.toml"
"""The commented settings, among the templates."""

EXAMPLES = frozenset({"order", "engagement", "history"})
"""Tables that hold what nobody can know beforehand: they are written as examples."""


def write_template(folder: Path, tables: Mapping[str, pd.DataFrame]) -> tuple[Path, ...]:
    """Write `programme.toml` and its tables into a folder; nothing that is there already is overwritten.

    Parameters
    ----------
    folder
        The case folder, or any other; made if need be.
    tables
        The tables by the field of `ProgrammeTables` (see `grouping.programme.assemble.template_tables`).

    Returns
    -------
    The files written.

    Raises
    ------
    InputProblems
        One of the files is there already, or the folder cannot be written to.
    """
    order = [name for name in ProgrammeTables.model_fields if name in tables]
    paths = [folder / PROGRAMME_FILE, *(folder / file_of(name) for name in order)]
    present = [path.name for path in paths if path.exists()]
    if present:
        message = "The folder holds this file already; nothing was written."
        fix = "Edit the file that is there, or name another folder."
        raise InputProblems([Finding("error", name, message, fix, code="file-exists") for name in present])
    text = own_file(SETTINGS).replace("{tables}", "\n".join(map(_line, order)))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, path in zip(order, paths[1:], strict=True):
            write_table(tables[name], path)
        paths[0].write_text(text, encoding="utf-8", newline="\n")
    except OSError as error:
        message = f"The folder cannot be written to ({error.strerror})."
        fix = "Name a folder in which you may write."
        raise InputProblems([Finding("error", str(folder), message, fix, code="cannot-write")]) from error
    return tuple(paths)


def _line(name: str) -> str:
    """The line that names a table; of an example in a comment, so that an unedited file changes nothing."""
    line = f'{name} = "{file_of(name)}"'
    return f"# {line:<46} # an example: edit it, then take the # away" if name in EXAMPLES else line


def file_of(name: str) -> str:
    """Name of the file of a table: they lie among the tables of the case."""
    return f"programme_{name}.csv"
