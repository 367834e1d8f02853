"""Which published file a table is, told by its columns and first records (`kinds.toml`), never by its name.

The column names may stand below titles: each of the first rows that could hold names is tried, and the one that fits a
layout with the most columns is taken.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from geodata.published.area_columns import area_columns
from geodata.published.tables import HEADER_SEARCH_ROWS, FoundTable, could_be_header, header_guess
from geodata.tables.columns import plain_name

UNUSED = "unused"
"""Tables that are known and not needed."""

MOSTLY = 0.8
"""A column fits a test when at least this share of its first cells that are not empty do."""

_LAYOUT_KEYS = {
    "name", "title", "publisher", "licence", "attribution", "required", "optional", "any_of", "none_of", "at_least",
    "needs", "dates", "date_columns", "date_cells", "tests", "cells", "columns", "forms", "geometry", "sheet", "areas",
    "report", "beside",
}  # fmt: skip

Patterns = tuple[re.Pattern[str], ...]


@dataclass(frozen=True)
class Layout:
    """One way in which a kind of file is published; see the head of `kinds.toml`."""

    kind: str
    name: str
    title: str
    publisher: str
    licence: str
    attribution: tuple[str, ...]
    required: Mapping[str, Patterns]
    optional: Mapping[str, Patterns]
    any_of: Patterns
    none_of: Patterns
    at_least: tuple[re.Pattern[str], int] | None
    needs: tuple[tuple[str, ...], ...]
    dates: Patterns
    date_columns: tuple[str, ...]
    tests: Mapping[str, re.Pattern[str]]
    cells: tuple[int, int] | None
    columns: Mapping[str, int]
    forms: tuple[str, ...]
    geometry: tuple[str, ...]
    sheet: re.Pattern[str] | None
    areas: bool
    report: bool
    beside: Mapping[str, str]


@dataclass(frozen=True)
class Recognised:
    """What a table is.

    Parameters
    ----------
    table
        The table, with its header where it really stands.
    layout
        The way it is published.
    columns
        Our column -> position, from 0.
    dates
        Positions of columns that say the date of the table.
    """

    table: FoundTable
    layout: Layout
    columns: Mapping[str, int]
    dates: tuple[int, ...]


@cache
def layouts() -> tuple[Layout, ...]:
    """All layouts, in the order in which they are tried."""
    data = tomllib.loads((Path(__file__).parent / "kinds.toml").read_text(encoding="utf-8"))
    return tuple(_layout(kind, about, layout) for kind, about in data.items() for layout in about["layouts"])


def kinds() -> tuple[str, ...]:
    """The kinds of files that are recognised."""
    return tuple(dict.fromkeys(layout.kind for layout in layouts() if layout.kind != UNUSED))


def _layout(kind: str, about: Mapping[str, Any], data: Mapping[str, Any]) -> Layout:
    if unknown := set(data) - _LAYOUT_KEYS:
        raise ValueError(f"kinds.toml, {kind}: {', '.join(sorted(unknown))} is not known")
    told = {key: data.get(key, about[key]) for key in ("title", "publisher", "licence", "attribution")}
    count = data.get("at_least")
    return Layout(
        kind=kind,
        name=data["name"],
        title=told["title"],
        publisher=told["publisher"],
        licence=told["licence"],
        attribution=tuple(told["attribution"]),
        required={ours: _patterns(texts) for ours, texts in data.get("required", {}).items()},
        optional={ours: _patterns(texts) for ours, texts in data.get("optional", {}).items()},
        any_of=_patterns(data.get("any_of", ())),
        none_of=_patterns(data.get("none_of", ())),
        at_least=(re.compile(count[0]), count[1]) if count else None,
        needs=tuple(tuple(need["columns"]) for need in data.get("needs", ())),
        dates=_patterns(data.get("dates", data.get("date_cells", ()))),
        date_columns=tuple(data.get("date_columns", ())),
        tests={ours: re.compile(text, re.IGNORECASE) for ours, text in data.get("tests", {}).items()},
        cells=tuple(data["cells"]) if "cells" in data else None,
        columns={ours: number - 1 for ours, number in data.get("columns", {}).items()},
        forms=tuple(data.get("forms", ())),
        geometry=tuple(data.get("geometry", ())),
        sheet=re.compile(data["sheet"]) if "sheet" in data else None,
        areas=data.get("areas", False),
        report=data.get("report", False),
        beside=data.get("beside", {}),
    )


def _patterns(texts: Sequence[str]) -> Patterns:
    return tuple(re.compile(text) for text in texts)


def recognise(table: FoundTable) -> Recognised | None:
    """Tell which published file a table is; None when it is none of those known.

    Parameters
    ----------
    table
        A table as `find_tables` gives it.
    """
    headers = [(row, _Header(table, row)) for row in _header_rows(table)]
    for layout in layouts():
        if not _stored_so(layout, table):
            continue
        if layout.cells is not None:
            if (found := _without_header(layout, table)) is not None:
                return found
            continue
        fits = [(len(fit[0]), -row, row, fit) for row, header in headers if (fit := _fit(layout, header)) is not None]
        if fits:
            _, _, row, (columns, dates) = max(fits, key=lambda fit: fit[:2])
            return Recognised(table.with_header(0 if layout.report else row), layout, columns, dates)
    return None


class _Header:
    """A row that may hold the column names, and the records below it."""

    def __init__(self, table: FoundTable, row: int) -> None:
        self.table = table.with_header(row)
        self.plain = [plain_name(name) for name in self.table.header]
        self.sample = self.table.sample

    def positions(self, pattern: re.Pattern[str]) -> list[int]:
        return [i for i, name in enumerate(self.plain) if name and pattern.fullmatch(name)]


def _header_rows(table: FoundTable) -> list[int]:
    if table.form in {"layer", "parquet"}:
        return [table.header_row] if table.header_row else []
    return [number for number, row in enumerate(table.top[:HEADER_SEARCH_ROWS], 1) if could_be_header(row)]


def _stored_so(layout: Layout, table: FoundTable) -> bool:
    if layout.forms and table.form not in layout.forms:
        return False
    if layout.geometry and table.geometry not in layout.geometry:
        return False
    return layout.sheet is None or bool(layout.sheet.fullmatch(table.sheet or ""))


def _without_header(layout: Layout, table: FoundTable) -> Recognised | None:
    bare = table.with_header(0)
    low, high = layout.cells or (0, 0)
    if not low <= bare.width <= high or (bare.width and table.form not in {"text", "excel"}):
        return None
    if header_guess(bare.top) or not _tests_hold(layout, layout.columns, bare.sample):
        return None
    return Recognised(bare, layout, layout.columns, ())


def _fit(layout: Layout, header: _Header) -> tuple[dict[str, int], tuple[int, ...]] | None:
    """Our columns and the date columns if a header fits a layout, else None."""
    columns: dict[str, int] = {}
    if layout.areas:
        found = _area_columns(header)
        if found is None:
            return None
        columns = found
    for ours, patterns in (*layout.required.items(), *layout.optional.items()):
        position = _first(header, patterns, set(columns.values()))
        if position is not None:
            columns[ours] = position
        elif ours in layout.required:
            return None
    if layout.any_of and not any(header.positions(pattern) for pattern in layout.any_of):
        return None
    if any(header.positions(pattern) for pattern in layout.none_of):
        return None
    if layout.at_least and len(header.positions(layout.at_least[0])) < layout.at_least[1]:
        return None
    if layout.needs and not any(_has(columns, need) for need in layout.needs):
        return None
    if not _tests_hold(layout, columns, header.sample):
        return None
    for ours, left in layout.beside.items():
        columns[ours] = columns[left] + 1
    dates = tuple(position for pattern in layout.dates for position in header.positions(pattern))
    return columns, dates


def _has(columns: Mapping[str, int], need: tuple[str, ...]) -> bool:
    return any(column in columns for column in need)


def _first(header: _Header, patterns: Patterns, taken: set[int]) -> int | None:
    for pattern in patterns:
        for position in header.positions(pattern):
            if position not in taken:
                return position
    return None


def _area_columns(header: _Header) -> dict[str, int] | None:
    """The columns of a table of small areas that tells something about them, or draws them."""
    table = header.table
    found = area_columns(table.header, header.sample, f"{table.file} {table.sheet or ''} {table.layer or ''}")
    if found is None:
        return None
    tells = found.position or found.ages or found.cars or found.cars_long or table.geometry in {"point", "polygon"}
    return {"area_code": found.code, **found.position} if tells else None


def _tests_hold(layout: Layout, columns: Mapping[str, int], sample: Sequence[Sequence[str]]) -> bool:
    for ours, pattern in layout.tests.items():
        if ours not in columns:
            continue
        at = columns[ours]
        cells = [row[at].strip() for row in sample if at < len(row) and row[at].strip()]
        if not cells or sum(bool(pattern.fullmatch(cell)) for cell in cells) < MOSTLY * len(cells):
            return False
    return True
