"""Localities of a planner: polygons with a name, or a table that says which practice belongs to which locality."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from geodata.errors import Finding, InputProblems
from geodata.published.boundaries import name_position, read_outlines, table_of
from geodata.published.cells import PRACTICE_CODE, codes, names
from geodata.tables.columns import plain_name

if TYPE_CHECKING:
    from geodata.published.catalogue import PublishedFile
    from geodata.published.tables import FoundTable


@dataclass(frozen=True)
class Localities:
    """Localities as one file tells them; one of the two is None.

    Parameters
    ----------
    polygons
        `name`, `code` and `geometry` (EPSG:27700).
    assignment
        `practice_code` and `locality`, one row per practice.
    name_column
        The column that the names come from, as the file spells it.
    """

    polygons: gpd.GeoDataFrame | None
    assignment: pd.DataFrame | None
    name_column: str


def read_localities(
    source: Path | PublishedFile | FoundTable, name_column: str | None = None, *, layer: str | None = None
) -> tuple[Localities, list[Finding]]:
    """Read localities from a file of polygons or from an assignment table.

    Parameters
    ----------
    source
        A file (or, from a folder that was looked through, one of its tables).
    name_column
        The column of the localities' names; None to find it.
    layer
        Layer or sheet of a file that holds several; None when there is one.

    Raises
    ------
    InputProblems
        When the file is neither, or it cannot be told which column holds the names.
    """
    table = _one_table(source, layer) if isinstance(source, Path) else table_of(source)
    if table.geometry == "polygon":
        polygons, findings = read_outlines(table, name_column=name_column)
        _stop_at_errors(findings)
        if not len(polygons):
            raise InputProblems([_error(table, "The file holds no polygon with a name.", "no-localities")])
        spelled = next((f.column for f in findings if f.code == "name-column" and f.column), name_column or "name")
        return Localities(polygons, None, spelled), findings
    assignment, findings = read_locality_of(table, name_column)
    _stop_at_errors(findings)
    return Localities(None, assignment, name_column or _spelled(findings)), findings


def _spelled(findings: list[Finding]) -> str:
    return next((f.column for f in findings if f.code == "name-column" and f.column), "locality")


def read_locality_of(
    source: PublishedFile | FoundTable, name_column: str | None = None
) -> tuple[pd.DataFrame, list[Finding]]:
    """Read an assignment table.

    Returns
    -------
    frame
        `practice_code`, `locality`; one row per practice, rows without either left out.
    findings
        Which column was taken as the name, practices that stand twice, codes that are no practice's.
    """
    table = table_of(source)
    empty = pd.DataFrame({"practice_code": [], "locality": []}, dtype="str")
    code = _code_position(table)
    if code is None:
        message = "No column of this table holds codes of practices (such as J81012), and it has no polygons."
        return empty, [_error(table, message, "no-practice-code")]
    plain = [plain_name(name) for name in table.header]
    findings: list[Finding] = []
    if name_column is not None:
        name = plain.index(plain_name(name_column)) if plain_name(name_column) in plain else None
        if name is None:
            return empty, [_error(table, "The file has no column of this name.", "missing-column", name_column)]
    else:
        rest = ["" if i == code else header for i, header in enumerate(table.header)]
        name = next((i for i, word in enumerate(plain) if i != code and re.search("localit|planningarea", word)), None)
        if name is None:
            others = [i for i, header in enumerate(rest) if header]
            name = others[0] if len(others) == 1 else None
        if (
            name is None
            and (best := name_position(rest)) is not None
            and not re.search("practice|surgery", plain[best])
        ):
            name = best
        if name is None:
            return empty, [_error(table, "It cannot be told which column holds the locality.", "no-name-column")]
        message = f"The column {table.header[name]} is taken as the locality of each practice."
        findings.append(Finding("note", table.label, message, column=table.header[name], code="name-column"))
    try:
        raw = table.read({"practice_code": code, "locality": name})
    except InputProblems as problem:
        return empty, list(problem.findings)
    frame = pd.DataFrame({"practice_code": codes(raw["practice_code"]), "locality": names(raw["locality"])})
    findings += _odd_rows(frame, table)
    frame = frame[(frame["practice_code"] != "") & (frame["locality"] != "")].drop_duplicates("practice_code")
    if not len(frame):
        findings.append(_error(table, "No row has both a practice and a locality.", "no-localities"))
    return frame.reset_index(drop=True), findings


def _odd_rows(frame: pd.DataFrame, table: FoundTable) -> list[Finding]:
    findings = []
    without = (frame["practice_code"] != "") & (frame["locality"] == "")
    if without.any():
        message = f"{int(without.sum())} practices have no locality in this table."
        row = int(frame.index[without][0])
        value = str(frame["practice_code"][without].iloc[0])
        fix = "Fill it in; they will stand without a locality."
        findings.append(Finding("warning", table.label, message, fix, row, value=value, code="no-locality"))
    odd = (frame["practice_code"] != "") & ~frame["practice_code"].str.fullmatch(PRACTICE_CODE.pattern)
    if odd.any():
        message = f"{int(odd.sum())} codes are not those of practices."
        row = int(frame.index[odd][0])
        value = str(frame["practice_code"][odd].iloc[0])
        fix = "A practice's code is a letter and five characters, such as J81012."
        findings.append(Finding("warning", table.label, message, fix, row, value=value, code="bad-code"))
    pairs = frame[(frame["practice_code"] != "") & (frame["locality"] != "")]
    differ = pairs.groupby("practice_code")["locality"].transform("nunique") > 1
    if differ.any():
        which = sorted(set(pairs["practice_code"][differ]))
        message = f"{len(which)} practices stand in more than one locality; the first row of each counts."
        row = int(pairs.index[differ][0])
        fix = "Keep one row per practice."
        value = ", ".join(which[:5])
        findings.append(Finding("warning", table.label, message, fix, row, value=value, code="duplicate-code"))
    return findings


def _code_position(table: FoundTable) -> int | None:
    for position in range(len(table.header)):
        cells = [row[position] for row in table.sample if position < len(row) and row[position].strip()]
        if cells and sum(bool(PRACTICE_CODE.fullmatch(cell.strip().upper())) for cell in cells) * 2 > len(cells):
            return position
    return None


def _error(table: FoundTable, message: str, code: str, column: str | None = None) -> Finding:
    fix = f"Its columns are: {', '.join(table.header) or 'none'}."
    return Finding("error", table.label, message, fix, column=column, code=code)


def _stop_at_errors(findings: list[Finding]) -> None:
    if any(finding.severity == "error" for finding in findings):
        raise InputProblems(findings)


def _one_table(path: Path, layer: str | None) -> FoundTable:
    """The one table of a file that can hold localities."""
    from geodata.published.tables import tables_of  # noqa: PLC0415 - keeps this module light

    if not path.is_file():
        fix = "Correct the name of the file with the localities."
        raise InputProblems([Finding("error", path.name, "There is no such file.", fix, code="missing-file")])
    tables, findings = tables_of(path)
    if layer is not None:
        tables = [table for table in tables if layer in {table.layer, table.sheet}] or tables
    polygons = [table for table in tables if table.geometry == "polygon"]
    fitting = polygons or [table for table in tables if _code_position(table) is not None]
    if not fitting:
        message = "The file holds neither polygons nor a table of practices and localities."
        fix = "Give polygons with a name, or a table with practice_code and locality."
        problem = Finding("error", path.name, message, fix, code="no-localities")
        raise InputProblems([*findings, problem])
    if len(fitting) > 1:
        listed = ", ".join(str(table.layer or table.sheet) for table in fitting)
        message = "The file holds several layers or sheets that could be the localities."
        one = str(fitting[0].layer or fitting[0].sheet)
        fix = f"Say which one behind the name of the file, as in {path.name}/{one}. It holds: {listed}."
        raise InputProblems([Finding("error", path.name, message, fix, code="missing-layer")])
    return fitting[0]
