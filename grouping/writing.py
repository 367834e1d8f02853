"""What all results share: a folder that appears whole or not at all, and tables and records written the same way."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from pathlib import Path

import pandas as pd

from geodata.errors import Finding, InputProblems
from geodata.whole_folder import whole_folder
from grouping.escape import spreadsheet_cell


def new_folder(out_dir: Path, *, refuse: Callable[[Path], None]) -> AbstractContextManager[Path]:
    """Give a temporary folder that becomes `out_dir` at the end (see `geodata.whole_folder`).

    Parameters
    ----------
    out_dir
        The folder to make, or to replace.
    refuse
        Raises `InputProblems` when `out_dir` must not be replaced.
    """
    return whole_folder(out_dir, refuse=refuse, cannot_write=_cannot_write)


def refuse_foreign(out_dir: Path, record: str, what: str) -> None:
    """Stop before work begins when a folder holds something else than an earlier result of its kind.

    Parameters
    ----------
    out_dir
        The folder.
    record
        The file by which such a result is known, such as `run.json`.
    what
        What the result is called: `a run`.

    Raises
    ------
    InputProblems
        It is a file, or holds files but not that record.
    """
    above = next((folder for folder in out_dir.parents if folder.exists()), None)
    if above is not None and not above.is_dir():
        message = f"{above} is a file, so there can be no folder in it."
    elif not out_dir.exists():
        return
    elif not out_dir.is_dir():
        message = "this is a file, not a folder."
    elif (out_dir / record).is_file() or not any(out_dir.iterdir()):
        return
    else:
        message = f"this folder holds files that are not {what}; nothing in it was touched."
    raise InputProblems(
        [Finding("error", str(out_dir), message, "Name a new folder with --out.", code="output-folder")]
    )


def refuse_overlap(run_dir: Path, out_dir: Path, what: str) -> None:
    """Stop where a run and what is made from it would lie in each other: whichever is made anew takes the other away.

    Parameters
    ----------
    run_dir, out_dir
        The run, and the folder to write.
    what
        What is made: `the pack`.

    Raises
    ------
    InputProblems
        One folder is in the other.
    """
    run, out = run_dir.resolve(), out_dir.resolve()
    if out == run:
        message = "this is the run itself."
    elif out.is_relative_to(run):
        message = f"this folder is in the run: the next run written there would take {what} away."
    elif run.is_relative_to(out):
        message = f"the run is in this folder, and would go when {what} replaces what is there."
    else:
        return
    fix = "Name a folder beside the run with --out."
    raise InputProblems([Finding("error", str(out_dir), message, fix, code="output-folder")])


def write_table(table: pd.DataFrame, path: Path) -> None:
    """Write a table so that it can be opened in a spreadsheet: names that begin like a formula are made harmless."""
    safe = table.copy()
    for column in safe.columns:
        if safe[column].dtype == object or isinstance(safe[column].dtype, pd.StringDtype):
            safe[column] = safe[column].map(lambda cell: spreadsheet_cell(cell) if isinstance(cell, str) else cell)
    safe.to_csv(path, index=False, encoding="utf-8", lineterminator="\n")


def findings_table(findings: Sequence[Finding]) -> pd.DataFrame:
    """The findings as `findings.csv` holds them, one row each, safe to open in a spreadsheet."""
    columns = ["severity", "file", "row", "column", "value", "message", "fix", "code"]
    rows = [
        {name: spreadsheet_cell(cell) if isinstance(cell, str) else cell for name, cell in finding.as_dict().items()}
        for finding in findings  # before they stand in a table: its columns cannot hold every text
    ]
    table = pd.DataFrame(rows, columns=columns)
    return table.astype({"row": "Int64"})


def write_json(record: dict[str, object], path: Path, *, spell: Callable[[str], str] = str) -> None:
    """Write a record as JSON; numbers that are none are null, `spell` says how texts are written."""
    text = json.dumps(plain(record, spell), ensure_ascii=False, indent=2, allow_nan=False)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


def plain(value: object, spell: Callable[[str], str] = str) -> object:
    """Numpy numbers as Python's, NaN and infinity as null, tuples as lists."""
    if isinstance(value, dict):
        return {spell(str(key)): plain(item, spell) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item, spell) for item in value]
    if isinstance(value, str):
        return spell(value)
    if hasattr(value, "item"):
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _cannot_write(out_dir: Path, problem: OSError) -> InputProblems:
    reason = problem.strerror or str(problem)
    return InputProblems(
        [
            Finding(
                "error",
                str(out_dir),
                f"the results cannot be written here ({reason}).",
                "Close earlier results that are open in Excel or a browser, or name another folder with --out.",
                code="output-folder",
            )
        ]
    )
