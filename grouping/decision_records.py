"""Decisions as a case writes them: blocks in `case.toml`, or a table that a planner keeps in a spreadsheet."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geodata.case import CASE_FILE, TableSpec
from geodata.errors import Finding
from geodata.place import SourceFile
from geodata.tables.readers import read_table
from geodata.tables.toml_text import Keys, read_text

LISTS = {"practices": r"[;,\s]+", "except_localities": r"\s*[;|]\s*"}
"""Keys that hold several entries, and what stands between them in a cell. Names of localities may hold spaces."""


@dataclass(frozen=True)
class DecisionRecord:
    """One decision as written, and where: its number (1 is the first of the case), the file, and the row or line."""

    values: Mapping[str, Any]
    number: int
    file: str
    row: int | None


def read_records(
    written: TableSpec | Sequence[Mapping[str, Any]], folder: Path | None
) -> tuple[tuple[DecisionRecord, ...], list[Finding], SourceFile | None]:
    """Read the decisions of a case.

    Parameters
    ----------
    written
        The setting `decisions` under `[rules]`: blocks, or the file of a table.
    folder
        The case folder.

    Returns
    -------
    tuple
        The decisions in their order, errors and warnings about the table, and its entry for the list of sources.
    """
    if isinstance(written, TableSpec):
        return _from_table(written, folder or Path())
    lines = _lines(folder) if written else None
    return (
        tuple(
            DecisionRecord(_tidy(block), number + 1, CASE_FILE, lines and lines.row(("rules", "decisions", number)))
            for number, block in enumerate(written)
        ),
        [],
        None,
    )


def _lines(folder: Path | None) -> Keys | None:
    path = (folder or Path()) / CASE_FILE
    text = read_text(path)[0] if path.is_file() else None
    return None if text is None else Keys(CASE_FILE, text)


def _from_table(spec: TableSpec, folder: Path) -> tuple[tuple[DecisionRecord, ...], list[Finding], SourceFile | None]:
    if not (folder / spec.path).is_file():  # told with the other files that case.toml names
        return (), [], None
    part, findings, source = read_table(folder, "decisions", spec)
    if part is None:
        return (), findings, None
    records = []
    for at, row in enumerate(part.rows):
        values = {key: str(cells[at]) for key, cells in part.columns.items() if cells[at]}
        records.append(DecisionRecord(_tidy(values), at + 1, spec.file, int(row)))
    if "kind" not in part.columns:
        message = "The table of decisions has no column kind, which says what is decided."
        fix = "Name its columns kind, practices, site, reason, plan, except_localities."
        findings.append(Finding("error", spec.file, message, fix, spec.header_row or None, "kind", code="decision"))
        return (), findings, source
    return tuple(records), [told for told in findings if told.severity != "note"], source


def _tidy(values: Mapping[str, Any]) -> dict[str, Any]:
    """Lists in one text split, codes in capitals, the kind as a word of ours (also from "Grant exception")."""
    tidy = dict(values)
    for key, between in LISTS.items():
        if isinstance(tidy.get(key), str):
            tidy[key] = [part for part in re.split(between, tidy[key].strip()) if part]
    if isinstance(tidy.get("kind"), str):
        tidy["kind"] = re.sub(r"[\s_]+", "-", tidy["kind"].strip().lower())
    if isinstance(tidy.get("practices"), list):
        tidy["practices"] = [code.strip().upper() if isinstance(code, str) else code for code in tidy["practices"]]
    if isinstance(tidy.get("site"), str):
        tidy["site"] = tidy["site"].strip().upper()
    return tidy
