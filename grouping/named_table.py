"""A table that is handed over: its name, what it holds, and words for every column.

Workbooks, CSV files, the downloads of a page and layers of a map all take their tables in this form.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from grouping.escape import spreadsheet_cell

Kind = Literal["text", "people", "minutes", "share", "ratio", "number", "score", "amount"]
"""How figures of a column are shown. People and amounts are whole with commas, a number is whole without."""

KIND_WORDS: dict[str, str] = {
    "text": "text",
    "people": "people",
    "minutes": "minutes",
    "share": "share (1 is all)",
    "ratio": "ratio",
    "number": "number",
    "score": "minutes per patient",
    "amount": "amount",
}
"""Kinds as a reader is told them."""


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    key
        Its name in the table and in the CSV file.
    words
        Header for people, with the unit.
    kind
        How its figures are shown; None where it is not known, then numbers are shown as they are.
    meaning
        What is counted and where it comes from, where the header does not say it all.
    """

    key: str
    words: str
    kind: Kind | None = None
    meaning: str = ""


@dataclass(frozen=True)
class NamedTable:
    """A table with its words.

    Parameters
    ----------
    name
        Name of its file without `.csv`, such as `groups` or `impact-summary`; unique among the tables handed over.
    title
        What it is called, a few words.
    holds
        What one row is and what it tells, a sentence or two.
    table
        Numbers, texts, and None or NaN where something is not known. Texts are as they came; writers make them
        harmless.
    columns
        One for each column of `table`, in its order.
    stands
        Where the same bytes stand in the folder of a run, such as `impact/summary.csv`; empty for a table that is
        made for handing over.
    """

    name: str
    title: str
    holds: str
    table: pd.DataFrame
    columns: tuple[Column, ...]
    stands: str = ""

    def __post_init__(self) -> None:
        """Refuse a table whose columns have no words: a mistake of the program."""
        if tuple(map(str, self.table.columns)) != tuple(column.key for column in self.columns):
            message = f"the words of table {self.name} are not those of its columns"
            raise ValueError(message)

    @property
    def file(self) -> str:
        """Name of its CSV file."""
        return f"{self.name}.csv"


def csv_bytes(table: pd.DataFrame) -> bytes:
    """A table as the bytes of its CSV file: UTF-8 without a byte order mark, cells harmless in a spreadsheet.

    The bytes are those of the file of the same table in the folder of a run: whole numbers have no decimals where the
    column holds objects, what is not known is empty.
    """
    held = io.StringIO()
    writer = csv.writer(held, lineterminator="\n")
    writer.writerow([spreadsheet_cell(str(column)) for column in table.columns])
    for row in zip(*(plain_values(table[column]) for column in table.columns), strict=True):
        writer.writerow([spreadsheet_cell(cell) if isinstance(cell, str) else cell for cell in row])
    return held.getvalue().encode("utf-8")


def plain_values(column: pd.Series) -> list[object]:
    """The values of a column as Python's own, None for what is not known; -0.0 is 0."""
    values = [value + 0.0 if isinstance(value, float) else value for value in column.tolist()]
    return [None if missing else value for value, missing in zip(values, column.isna(), strict=True)]
