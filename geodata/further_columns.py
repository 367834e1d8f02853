"""Columns of the areas table that a case asks for besides the known ones: `[impact.columns]` in `case.toml`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from geodata.case import ImpactSettings
from geodata.errors import Finding
from geodata.place import FurtherColumn
from geodata.tables.columns import nearest
from geodata.tables.schemas import Column, Table, parse_number

MOST_CLASSES = 30
"""A class with more words than this is a name or a code, and no breakdown."""


MOSTLY = 0.5
"""Where more than this share of the cells is wrong in the same way, the setting is."""

PERCENT = 100.0


def further_columns(settings: ImpactSettings) -> tuple[FurtherColumn, ...]:
    """The columns asked for, as the place names them: `further_1`, `further_2`, in the order of the file."""
    asked = enumerate(settings.columns.items(), start=1)
    return tuple(FurtherColumn(label, f"further_{number}", about.kind) for number, (label, about) in asked)


def names_in_files(settings: ImpactSettings) -> dict[str, str]:
    """Our column -> the name it has in the planner's file."""
    asked = zip(further_columns(settings), settings.columns.values(), strict=True)
    return {further.column: about.column for further, about in asked}


_CELLS = {"share": Column("number", low=0, high=1), "count": Column("number", low=0), "class": Column("text")}


def check_further(table: Table, settings: ImpactSettings) -> list[Finding]:
    """Columns that are in no file of the areas table, are empty, or cannot be what `case.toml` says they are.

    Comes before `check_table`, which then checks the cells of those that remain, cell by cell.

    Parameters
    ----------
    table
        The areas; `further` is filled in.
    settings
        What the case asks for.
    """
    if not table.complete:
        return []
    findings: list[Finding] = []
    names = names_in_files(settings)
    remaining: dict[str, Column] = {}
    for further in further_columns(settings):
        name = names[further.column]
        told = _wrong_as_a_whole(table, further, name)
        findings += [] if told is None else [told]
        if told is None or told.severity != "error":
            remaining[further.column] = replace(_CELLS[further.kind], called=name)
    table.further = remaining
    return findings


def _wrong_as_a_whole(table: Table, further: FurtherColumn, name: str) -> Finding | None:
    if further.column not in table.raw:
        return _absent(table, further, name)
    filled = [str(text) for text in table.raw[further.column] if text != ""]
    if not filled:
        message = f"The column {name} is empty in every row."
        fix = f"Fill it in, or take {further.label} out of [impact.columns] in case.toml."
        return table.finding(0, further.column, message, fix, "empty-column", "warning")
    if further.kind == "class":
        return _too_many(table, further, name)
    if further.kind == "count" and "population" not in table.raw:
        message = f"{name} counts residents, and the table has no column population."
        fix = 'Add the column population, or give the share of the residents (kind = "share").'
        return table.finding(0, further.column, message, fix, "count-of-nothing")
    return _another_kind(table, further, name, filled)


def _another_kind(table: Table, further: FurtherColumn, name: str, filled: Sequence[str]) -> Finding | None:
    """One finding where most cells of a column show that it is of another kind than `case.toml` says."""
    numbers = [number for text in filled if (number := parse_number(text)) is not None]
    if len(numbers) < MOSTLY * len(filled):
        message = (
            f'{len(filled) - len(numbers)} of {len(filled)} cells of {name} are text, but kind is "{further.kind}".'
        )
        fix = 'Name a column of numbers. For a column of words write kind = "class" in case.toml.'
    elif further.kind == "share" and sum(number > 1 for number in numbers) > MOSTLY * len(filled):
        over = sum(number > 1 for number in numbers)
        message = f'{over} of {len(filled)} cells of {name} are above 1, but kind is "share": 0 to 1 of the residents.'
        percent = max(numbers) <= PERCENT
        fix = "Divide percentages by 100, so that 12% reads 0.12. " if percent else ""
        fix += 'Where the column counts residents, write kind = "count" in case.toml.'
    else:
        return None
    return table.finding(0, further.column, message, fix, "another-kind")


def _absent(table: Table, further: FurtherColumn, name: str) -> Finding:
    headers = [column for part in table.parts for column in part.header if column]
    close = nearest(name, headers, cutoff=0.5)
    fix = f"The nearest column is {close}: correct the name."
    if close is None:
        listed = ", ".join(dict.fromkeys(headers[:20]))
        fix = f"The columns are: {listed}. Correct the name, or add a file with join = true that has the column."
    where = {"column": f"impact.columns.{further.label}", "value": name}
    message = f"No file of the areas table ({table.files}) has the column {name}."
    return Finding("error", "case.toml", message, fix, code="missing-column", **where)


def _too_many(table: Table, further: FurtherColumn, name: str) -> Finding | None:
    words = {_plain(text) for text in table.raw[further.column]} - {""}
    if len(words) <= MOST_CLASSES:
        return None
    message = f"{name} holds {len(words)} different words; a breakdown may have at most {MOST_CLASSES}."
    fix = 'Name a column of classes. For numbers write kind = "share" or "count" in case.toml.'
    return table.finding(0, further.column, message, fix, "too-many-classes")


def _plain(text: object) -> str:
    return " ".join(str(text).split()).casefold()


def further_values(table: Table, further: FurtherColumn) -> NDArray[np.float64] | list[str]:
    """The cells of one column, shape (n,): numbers (NaN where empty), or words, each in its commonest spelling."""
    if further.kind != "class":
        return table.frame[further.column].to_numpy(dtype=np.float64)
    texts = [" ".join(str(text).split()) for text in table.raw[further.column]]
    spelling: dict[str, str] = {}
    for text, _ in sorted(Counter(texts).items(), key=lambda item: (-item[1], item[0])):
        spelling.setdefault(_plain(text), text)
    return [spelling[_plain(text)] for text in texts]
