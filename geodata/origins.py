"""The published files that a case was cut out of, as its `sources.csv` tells.

The tables of such a case are files of its own; a reader of a result asks where their figures were published.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, replace
from pathlib import Path

from geodata.case import CaseSettings, case_folder

SOURCES_FILE = "sources.csv"
SOURCE_COLUMNS = ("table", "kind", "file", "sheet", "vintage", "licence", "attribution", "sha256", "rows")
KIND_WORDS = {
    "area_changes": "areas 2011 to 2021",
    "dispensing": "dispensing list",
    "list_sizes": "list sizes",
    "locality_of": "localities by practice",
    "practice_map": "practices by network",
    "shapes": "outlines",
}
"""Kinds of published files whose name is not a plain word."""


@dataclass(frozen=True)
class Origin:
    """One published file, and the tables of the case that hold something of it.

    Parameters
    ----------
    kind
        What the file is, in plain words.
    file, sheet
        Its name, and the sheet or layer.
    vintage, licence, attribution, sha256
        As recorded when the case was cut.
    tables
        Names of the tables.
    """

    kind: str
    file: str
    sheet: str
    vintage: str
    licence: str
    attribution: str
    sha256: str
    tables: tuple[str, ...] = ()


def kind_words(kind: str) -> str:
    """A kind of published file in plain words."""
    return KIND_WORDS.get(kind, kind.replace("_", " "))


def read_origins(case_dir: Path, settings: CaseSettings) -> tuple[Origin, ...]:
    """The published files of a case that was cut (its `case.toml` has `record`), one entry a file and kind.

    Never fails: without the list, or with one that cannot be understood, there are none.
    """
    if not settings.record:
        return ()
    path = (case_folder(case_dir) / settings.record).with_name(SOURCES_FILE)
    try:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            rows = list(csv.DictReader(handle))
    except (OSError, ValueError, csv.Error):
        return ()
    found: dict[Origin, list[str]] = {}
    for row in rows:
        cells = {name: _plain(row.get(name)) for name in SOURCE_COLUMNS}
        if cells["table"] and cells["file"]:
            origin = Origin(
                kind=kind_words(cells["kind"]),
                file=cells["file"],
                sheet=cells["sheet"],
                vintage=cells["vintage"],
                licence=cells["licence"],
                attribution=cells["attribution"],
                sha256=cells["sha256"],
            )
            tables = found.setdefault(origin, [])
            if cells["table"] not in tables:
                tables.append(cells["table"])
    return tuple(replace(origin, tables=tuple(tables)) for origin, tables in found.items())


def _plain(cell: str | None) -> str:
    """A cell without the apostrophe that keeps spreadsheets from running it."""
    text = (cell or "").strip()
    return text[1:] if text.startswith("'") and text[1:2] in {"=", "+", "-", "@"} else text
