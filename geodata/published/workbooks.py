"""Sheets of Excel workbooks (.xlsx, .xlsm, .xls, .xlsb) and OpenDocument ones, as rows of text.

The large ONS workbooks hold several sheets of 35,000 x 190 cells of which one is wanted. To look at the first rows,
calamine is given a copy whose large sheets are cut off after their beginning; only the sheet that is wanted is ever
read whole.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from datetime import datetime, time
from itertools import islice
from typing import Any

import numpy as np
import pyarrow as pa
from python_calamine import CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

from geodata.tables.content import cell_text

Rows = tuple[tuple[str, ...], ...]

SHEET_HEAD_BYTES = 2_000_000
"""How much of a sheet's XML is looked at: ninety rows of 190 cells take about 0.7 MB."""

_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml", re.IGNORECASE)
_HEAVY = re.compile(r"xl/(media|drawings|embeddings|calcChain|printerSettings)\b.*", re.IGNORECASE)
_ROW_END = re.compile(rb"</((?:\w+:)?)row>")


def text_of(value: Any) -> str:
    """A cell as text; a date without a time of day reads 2020-01-31."""
    if isinstance(value, np.datetime64):
        value = None if np.isnat(value) else value.astype("datetime64[us]").item()
    if isinstance(value, datetime) and value.time() == time():
        return value.date().isoformat()
    return cell_text(value)


def texts_of(values: Sequence[Any]) -> pa.Array:
    """A column of cells as text; a column of whole numbers is turned at once."""
    if set(map(type, values)) == {float}:
        numbers = np.array(values)
        if np.all(np.isfinite(numbers) & (numbers == np.trunc(numbers)) & (np.abs(numbers) < 1e15)):
            return pa.array(numbers.astype(np.int64)).cast(pa.string())
    return pa.array([text_of(value) for value in values], pa.string())


def first_rows(data: io.BytesIO, count: int) -> dict[str, Rows]:
    """The first rows of every visible sheet, in the workbook's order.

    Any exception of the libraries is passed on: damaged workbooks fail in many ways.
    """
    book = CalamineWorkbook.from_filelike(_shortened(data))
    found = {}
    for sheet in book.sheets_metadata:
        if sheet.typ == SheetTypeEnum.WorkSheet and sheet.visible == SheetVisibleEnum.Visible:
            rows = islice(_rows(book.get_sheet_by_name(sheet.name)), count)
            found[sheet.name] = tuple(tuple(map(text_of, row)) for row in rows)
    return found


def _shortened(data: io.BytesIO) -> io.BytesIO:
    """The workbook with large sheets cut off after a row near the end of their first `SHEET_HEAD_BYTES`."""
    packed = data.getbuffer()[:4] == b"PK\x03\x04"
    data.seek(0)
    if not packed:
        return data
    short = io.BytesIO()
    with zipfile.ZipFile(data) as archive, zipfile.ZipFile(short, "w") as copy:
        large = [i for i in archive.infolist() if _SHEET.fullmatch(i.filename) and i.file_size > SHEET_HEAD_BYTES]
        if not large:
            data.seek(0)
            return data
        for info in archive.infolist():
            if _HEAVY.fullmatch(info.filename):
                continue
            if info in large:
                with archive.open(info) as stream:
                    copy.writestr(info.filename, _closed(stream.read(SHEET_HEAD_BYTES)))
            else:
                copy.writestr(info.filename, archive.read(info))
    short.seek(0)
    return short


def _closed(head: bytes) -> bytes:
    """The beginning of a sheet's XML up to the end of its last whole row, closed again."""
    ends = list(_ROW_END.finditer(head))
    if not ends:
        return head
    prefix = ends[-1].group(1)
    return head[: ends[-1].end()] + b"</" + prefix + b"sheetData></" + prefix + b"worksheet>"


def sheet_rows(data: io.BytesIO, name: str) -> Iterator[list[Any]]:
    """Every row of a sheet from the first one on, cells as calamine gives them."""
    data.seek(0)
    return _rows(CalamineWorkbook.from_filelike(data).get_sheet_by_name(name))


def _rows(sheet: CalamineSheet) -> Iterator[list[Any]]:
    if sheet.start is None:
        return
    blank = [""] * sheet.start[1]  # calamine begins with the first column that holds anything
    for row in sheet.iter_rows():
        yield blank + row
