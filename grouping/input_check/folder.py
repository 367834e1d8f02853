"""A check on disk: the page and its tables, written whole or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from geodata.errors import Finding, InputProblems
from grouping.escape import spreadsheet_cell
from grouping.input_check.checked import Checked
from grouping.input_check.kinds import effect_of
from grouping.input_check.page import render_check
from grouping.roads_page.scenes import page_of_case
from grouping.writing import findings_table, new_folder

PAGE, FINDINGS, PLACED, ROADS = "check.html", "findings.csv", "placed.csv", "roads.html"
FOLDER = "check"
"""Folder of a check in its case, unless another is named."""


def write_check(checked: Checked, out_dir: Path, *, roads: bool = True) -> Path:
    """Write `check.html`, `findings.csv` and `placed.csv`; an earlier check in the folder is replaced.

    Parameters
    ----------
    checked
        What the check found.
    out_dir
        The folder.
    roads
        Whether to write `roads.html` as well, which shows how the roads were read; never for a case without roads.

    Returns
    -------
    pathlib.Path
        The page.

    Raises
    ------
    InputProblems
        The folder holds something else, or cannot be written.
    """
    of_roads = page_of_case(checked, home=(PAGE, "input check")) if roads else None
    page = render_check(checked, roads_file="" if of_roads is None else ROADS)
    try:
        with new_folder(out_dir, refuse=refuse_foreign_check) as folder:
            findings = effects_table(checked.findings)
            findings.to_csv(folder / FINDINGS, index=False, encoding="utf-8", lineterminator="\n")
            _placed_table(checked.placed).to_csv(folder / PLACED, index=False, encoding="utf-8", lineterminator="\n")
            (folder / PAGE).write_text(page, encoding="utf-8", newline="\n")
            if of_roads is not None:
                (folder / ROADS).write_text(of_roads, encoding="utf-8", newline="\n")
    except InputProblems as problem:
        if checked.ready is None:  # what is wrong with the case must be told all the same
            raise InputProblems((*checked.findings, *problem.findings)) from problem
        raise
    return out_dir / PAGE


def refuse_foreign_check(out_dir: Path) -> None:
    """Stop before anything is written when `out_dir` holds files that no check has made.

    Raises
    ------
    InputProblems
        It is a file, or holds other files.
    """
    if not out_dir.exists():
        return
    if not out_dir.is_dir():
        message = "this is a file, not a folder."
    elif foreign := sorted({path.name for path in out_dir.iterdir()} - {PAGE, FINDINGS, PLACED, ROADS}):
        message = f"this folder holds files that are not of a check ({foreign[0]}); nothing in it was touched."
    else:
        return
    raise InputProblems(
        [Finding("error", str(out_dir), message, "Name a new folder with --out.", code="output-folder")]
    )


def effects_table(findings: Sequence[Finding]) -> pd.DataFrame:
    """Every finding with what it would change in the result, safe to open in a spreadsheet."""
    return findings_table(findings).assign(effect=[effect_of(finding).effect for finding in findings])


def _placed_table(placed: pd.DataFrame) -> pd.DataFrame:
    table = placed.round({"easting": 1, "northing": 1, "snap_m": 1, "road_easting": 1, "road_northing": 1})
    for column in ("code", "name", "practice_code", "why"):
        table[column] = table[column].map(lambda cell: spreadsheet_cell(str(cell)))
    return table
