"""Cells of the tables about travel: read as text, compared one by one with what they should hold."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import numpy as np
import pandas as pd

from grouping.escape import spreadsheet_cell
from grouping.verify.record import Line, line

HALF_A_THOUSANDTH = 0.5e-3 + 1e-6
"""The tables hold three decimals; the rest is what adding fractions in another order leaves."""

SHOWN = 6
"""So many wrong cells are told one by one."""

Key = tuple[str, ...]


@dataclass
class Sheet:
    """A table as it was written, all cells as text, and what was found to be wrong with it.

    Parameters
    ----------
    file
        Its name.
    cells
        Text, one row a line; none where it cannot be read.
    wrong
        What is wrong.
    """

    file: str
    cells: pd.DataFrame
    wrong: list[str] = field(default_factory=list)

    @cached_property
    def numbers(self) -> pd.DataFrame:
        """All cells as numbers: NaN for an empty one and for one that is none."""
        return self.cells.apply(pd.to_numeric, errors="coerce").astype(float)

    def keys(self, columns: Sequence[str]) -> list[Key]:
        """The key of each row."""
        return list(self.cells[list(columns)].itertuples(index=False, name=None))

    def at(self, number: int, column: str) -> str:
        """Where a cell stands, with the first line of the file as row 1."""
        return f"{self.file} row {number + 2}, {column}"

    def blame(self, number: int, column: str, should: object) -> None:
        """Note a wrong cell with what it should be."""
        self.wrong.append(f"{self.at(number, column)}: written {_said(self.cells[column].iloc[number])}, {_be(should)}")

    def part(self, **chosen: str) -> pd.DataFrame:
        """Rows with these values, as numbers and with their texts, by their place in the table."""
        which = np.ones(len(self.cells), dtype=bool)
        for column, value in chosen.items():
            which &= (self.cells[column] == value).to_numpy()
        return self.cells[which]

    def line(self, claim: str, checked: str) -> Line:
        """The claim about this table."""
        return line(claim, told(self.wrong), checked)


def told(wrong: Sequence[str]) -> list[str]:
    """The first of many faults, and how many more there are."""
    more = len(wrong) - SHOWN
    return [*wrong[:SHOWN], f"and {more:,} more"] if more > 0 else list(wrong)


def _said(cell: str) -> str:
    return cell or "nothing"


def _be(should: object) -> str:
    if isinstance(should, float):
        return "should be empty" if math.isnan(should) else f"should be {round(should, 3):.12g}"
    return f"should be {should}" if should != "" else "should be empty"


def read_sheet(folder: Path, name: str, columns: Sequence[str]) -> Sheet:
    """Read a table that has these columns and no other; what is not there or damaged is noted as wrong.

    Parameters
    ----------
    folder, name
        The table is `name`.csv in it.
    columns
        Its columns, in any order.
    """
    file, nothing = f"{name}.csv", pd.DataFrame({column: pd.Series(dtype=object) for column in columns})
    try:
        cells = pd.read_csv(folder / file, encoding="utf-8", dtype=str, keep_default_na=False, na_filter=False)
    except FileNotFoundError:
        return Sheet(file, nothing, [f"{file} is missing"])
    except (OSError, ValueError) as trouble:
        return Sheet(file, nothing, [f"{file} cannot be read ({trouble})"])
    missing = [column for column in columns if column not in cells.columns]
    if missing:
        return Sheet(file, nothing, [f"{file} lacks the columns {', '.join(missing)}"])
    more = [str(column) for column in cells.columns if column not in columns]
    wrong = [f"{file} has columns that nothing vouches for: {', '.join(more)}"] if more else []
    return Sheet(file, cells[list(columns)].astype(object).reset_index(drop=True), wrong)


def compare(
    sheet: Sheet,
    expected: pd.DataFrame,
    key: Sequence[str],
    *,
    texts: Sequence[str] = (),
    numbers: Sequence[str] = (),
    rows: Sequence[bool] | None = None,
    also: Mapping[str, str] | None = None,
) -> None:
    """Compare a table with what it should hold, row by row, and note every cell that is not right.

    Parameters
    ----------
    sheet
        The table.
    expected
        What it should hold.
    key
        Columns that tell the rows apart.
    texts, numbers
        Columns to compare.
    rows
        Rows of the table that are compared; None is all.
    also
        Column -> column of `expected` with a second value that is as right.
    """
    at: dict[Key, int] = {}
    for number, name in enumerate(sheet.keys(key)):
        if rows is not None and not rows[number]:
            continue
        if name in at:
            sheet.wrong.append(f"{sheet.file} row {number + 2}: {_called(name)} stands there a second time")
        at.setdefault(name, number)
    wanted = {name: position for position, name in enumerate(zip(*(as_written(expected[k]) for k in key), strict=True))}
    sheet.wrong += [f"{sheet.file}: the row of {_called(name)} is missing" for name in wanted if name not in at]
    sheet.wrong += [
        f"{sheet.file} row {number + 2}: there should be no row of {_called(name)}"
        for name, number in at.items()
        if name not in wanted
    ]
    both = [(number, wanted[name]) for name, number in at.items() if name in wanted]
    written, right = [number for number, _ in both], [position for _, position in both]
    for column in texts:
        _compare_texts(sheet, column, written, expected[column].iloc[right])
    for column in numbers:
        second = expected[(also or {}).get(column, column)].iloc[right]
        _compare_numbers(sheet, column, written, expected[column].iloc[right], second)


def _called(name: Key) -> str:
    return ", ".join(part for part in name if part)


def _compare_texts(sheet: Sheet, column: str, written: Sequence[int], right: pd.Series) -> None:
    cells = sheet.cells[column].tolist()
    for number, should in zip(written, as_written(right), strict=True):
        if cells[number] != should:
            sheet.blame(number, column, should)


def as_written(texts: pd.Series) -> list[str]:
    """Texts as the cells of a table have them: harmless in a spreadsheet."""
    known = {text: spreadsheet_cell(str(text)) for text in texts.unique()}
    return [known[text] for text in texts]


def _compare_numbers(sheet: Sheet, column: str, written: Sequence[int], right: pd.Series, second: pd.Series) -> None:
    cells = sheet.numbers[column].to_numpy()[list(written)]
    empty = (sheet.cells[column] == "").to_numpy()[list(written)]
    agrees = np.zeros(len(cells), dtype=bool)
    for should in (right.to_numpy(dtype=float), second.to_numpy(dtype=float)):
        agrees |= np.where(np.isnan(should), empty, same(cells, should))
    for k in np.flatnonzero(~agrees):
        sheet.blame(written[k], column, float(right.iloc[k]))


def same(written: np.ndarray, should: np.ndarray) -> np.ndarray:
    """Whether written figures are what they should be to three decimals; NaN is the same as nothing."""
    with np.errstate(invalid="ignore"):
        return np.abs(written - should) <= HALF_A_THOUSANDTH + 1e-9 * np.abs(should)
