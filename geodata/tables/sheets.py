"""Read what a spreadsheet would show: CSV in any of its forms, and Excel workbooks.

Every cell comes out as text, and rows keep the number that a spreadsheet shows.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path
from zipfile import BadZipFile, ZipFile

import numpy as np
import openpyxl
import pandas as pd
from openpyxl.utils.exceptions import InvalidFileException

from geodata.case import TableSpec
from geodata.errors import Finding
from geodata.tables.columns import match_columns, vocabulary
from geodata.tables.content import Content, Unreadable, cell_text, clip, file_error, refuse

HEADER_SEARCH_ROWS = 30
"""How many rows are looked through for a header that does not stand in the first row."""

_DATA_CELL = re.compile(r"[A-Z]\d{5}(\d{3})?|[EWS]\d{8}|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}")
"""A code of a practice or area, or a postcode: no column is called that."""

_MAGIC = (
    (b"PK\x03\x04", "an Excel workbook or a zip archive", ".xlsx"),
    (b"\xd0\xcf\x11\xe0", "an old Excel workbook (.xls)", ".xls"),
    (b"SQLite format 3", "a GeoPackage or another database", ".gpkg"),
    (b"PAR1", "a Parquet file", ".parquet"),
    (b"%PDF", "a PDF", ".pdf"),
)


def read_text_file(path: Path, table: str, spec: TableSpec) -> Content:
    """Read a CSV file, whatever its encoding and separator; raises `Unreadable`."""
    return text_content(path.read_bytes(), path.suffix, table, spec)


def text_content(data: bytes, ending: str, table: str, spec: TableSpec) -> Content:
    """What a CSV file holds, from its bytes and the end of its name; raises `Unreadable`."""
    for magic, what, suffix in _MAGIC:
        if data.startswith(magic):
            refuse(
                spec.file,
                f"The name ends with {ending}, but the content is {what}.",
                f"Open it with the program that made it and save it as CSV UTF-8, or rename it to end with {suffix}.",
                "wrong-format",
            )
    if data.lstrip()[:20].lower().startswith((b"<!doctype", b"<html")):
        refuse(
            spec.file,
            "The content is a web page, not a table: the download went wrong.",
            "Download the file again and open it in a text editor to check it.",
            "wrong-format",
        )
    text, findings = decode_text(data, spec.file)
    if not text.strip():
        refuse(spec.file, "The file holds nothing but blanks.", "Save it again with a header and rows.", "empty-file")
    lines = text.splitlines()
    delimiter = delimiter_of(lines)
    if match := re.fullmatch(r"sep=(.)", lines[0].strip(), re.IGNORECASE):
        delimiter = match.group(1)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, skipinitialspace=True, strict=True)
    cells: list[list[str]] = []
    try:
        cells.extend(reader)
    except csv.Error:
        refuse(
            spec.file,
            "From this row on the quotation marks do not match.",
            'Look for a " that is not closed; a quotation mark inside a name is written twice, "".',
            "bad-quotes",
            row=len(cells) + 1,
            value=clip(lines[min(len(cells), len(lines) - 1)]),
        )
    if match:
        cells[0] = []
    content = _from_cells(cells, table, spec)
    return Content(content.header, content.rows, content.column, findings=findings + content.findings)


def decode_text(data: bytes, file: str) -> tuple[str, list[Finding]]:
    """Text of a file: UTF-8, UTF-16 with its mark, or else Windows-1252, which is reported."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return data.decode("utf-16"), []
        except UnicodeDecodeError:
            refuse(file, "The file looks like UTF-16 text but is damaged.", _RESAVE, "wrong-encoding")
    if b"\x00" in data:
        refuse(
            file,
            "The file is not plain text (it holds zero bytes).",
            _RESAVE,
            "wrong-encoding",
            row=data.count(b"\n", 0, data.index(b"\x00")) + 1,
        )
    try:
        return data.decode("utf-8-sig"), []
    except UnicodeDecodeError as error:
        row = data.count(b"\n", 0, error.start) + 1
    line = data.split(b"\n")[row - 1].rstrip(b"\r")
    try:
        text = data.decode("cp1252")
    except UnicodeDecodeError:
        where = {"row": row, "value": clip(line.decode("latin-1"))}
        refuse(
            file,
            "The file holds characters that are neither UTF-8 nor Windows text.",
            _RESAVE,
            "wrong-encoding",
            **where,
        )
    return text, [
        Finding(
            "warning",
            file,
            "The file is not UTF-8; it was read as Windows text (code page 1252). Check how this row's letters look.",
            _RESAVE,
            row=row,
            value=clip(line.decode("cp1252")),
            code="wrong-encoding",
        )
    ]


_RESAVE = "In Excel: Save as, file type CSV UTF-8 (comma delimited)."


def delimiter_of(lines: Sequence[str]) -> str:
    """The separator that occurs most in the header; where the first line has none, in the lines after it."""
    for line in lines[:HEADER_SEARCH_ROWS]:
        bare = re.sub(r'"[^"]*"', "", line)
        counts = {mark: bare.count(mark) for mark in (",", ";", "\t", "|")}
        best = max(counts, key=lambda mark: counts[mark])
        if counts[best]:
            return best
    return ","


def _from_cells(cells: list[list[str]], table: str, spec: TableSpec) -> Content:
    """Find the header and the records among the rows of a sheet; row numbers are those a spreadsheet shows."""
    at = spec.header_row - 1
    if at < 0:
        cells = [[str(number + 1) for number in range(max(map(len, cells)))], *cells]
        content = _from_cells(cells, table, spec.model_copy(update={"header_row": 1}))
        return Content(
            content.header, content.rows - 1, content.column, findings=[_moved_up(f) for f in content.findings]
        )
    if at == 0:
        at = next((i for i, row in enumerate(cells) if any(cell.strip() for cell in row)), 0)
    if at >= len(cells) or not any(cell.strip() for cell in cells[at]):
        refuse(spec.file, "There is no header where it is expected.", "Correct header_row.", "no-header", row=at + 1)
    header = [" ".join(cell.split()) for cell in cells[at]]
    better = _better_header(cells, at, table, spec)
    if better is not None:
        refuse(
            spec.file,
            f"The column names seem to stand in row {better + 1}, below a title or notes.",
            f"Delete the rows above them. Or: {spec.hint(table, f'header_row = {better + 1}')}",
            "header-not-first",
            row=better + 1,
            value=clip(", ".join(cell for cell in cells[better] if cell.strip())),
        )
    if not match_columns(table, header, spec.columns).position and any(_DATA_CELL.fullmatch(cell) for cell in header):
        addition = f'header_row = 0, columns = {{ {vocabulary().required[table][0]} = "1" }}'
        refuse(
            spec.file,
            "The file has no row of column names; it begins with data.",
            f"Add such a row. Or name the columns by their number. {spec.hint(table, addition)}",
            "no-header",
            row=at + 1,
            value=clip(", ".join(header[:3])),
        )
    body = [(i + 1, row) for i, row in enumerate(cells) if i > at and any(cell.strip() for cell in row)]
    if not body:
        refuse(
            spec.file,
            "The file has column names but no rows below them.",
            "Save it again with its rows; if nothing applies, take the file out of case.toml.",
            "header-only",
        )
    findings = _row_length_findings(header, body, spec.file)

    def column(position: int) -> list[str]:
        return [row[position].strip() if position < len(row) else "" for _, row in body]

    return Content(header, np.array([number for number, _ in body], dtype=np.int64), column, findings=findings)


def _moved_up(finding: Finding) -> Finding:
    return finding if finding.row is None else replace(finding, row=finding.row - 1)


def _better_header(cells: list[list[str]], at: int, table: str, spec: TableSpec) -> int | None:
    """A later row that has more of the needed columns than the header has, or None."""
    needed = set(vocabulary().required[table])

    def score(row: list[str]) -> int:
        names = [cell.strip() for cell in row]
        return len(needed & set(match_columns(table, names, spec.columns).position))

    if score(cells[at]) == len(needed):
        return None
    candidates = range(at + 1, min(len(cells), at + HEADER_SEARCH_ROWS))
    best = max(candidates, key=lambda i: (score(cells[i]), -i), default=at)
    wins = score(cells[best]) > score(cells[at]) and score(cells[best]) * 2 >= len(needed)
    return best if wins else None


def _row_length_findings(header: list[str], body: list[tuple[int, list[str]]], file: str) -> list[Finding]:
    width = len(header)
    return [
        file_error(
            file,
            f"The row has {len(row)} cells, but there are {width} column names.",
            "A comma inside a name or number needs quotation marks around the cell; or a column name is missing.",
            "too-many-cells",
            row=number,
            value=next(cell.strip() for cell in row[width:] if cell.strip()),
        )
        for number, row in body
        if len(row) > width and any(cell.strip() for cell in row[width:])
    ]


# --- Excel -------------------------------------------------------------------------------------------------------


def read_excel(path: Path, table: str, spec: TableSpec) -> Content:
    """Read one sheet of an Excel workbook; raises `Unreadable`."""
    if path.read_bytes()[:4] == b"\xd0\xcf\x11\xe0":
        refuse(
            spec.file,
            "The workbook is protected by a password, or is an old .xls file under another name.",
            "Save it in Excel without a password as .xlsx.",
            "unreadable-file",
        )
    try:
        with path.open("rb") as handle:
            book = openpyxl.load_workbook(handle, read_only=True, data_only=True)
            name, findings = _sheet_name(book.sheetnames, spec)
            sheet = book[name]
            if not hasattr(sheet, "iter_rows"):
                refuse(
                    spec.file, "The sheet is a chart, not a table.", "Name another sheet.", "missing-sheet", value=name
                )
            sheet.reset_dimensions()
            cells = [[cell_text(value) for value in row] for row in sheet.iter_rows(values_only=True)]
            book.close()
    except (BadZipFile, InvalidFileException, KeyError, ValueError, EOFError) as error:
        refuse(
            spec.file,
            f"The workbook is damaged or is not an Excel file ({type(error).__name__}).",
            "Open it in Excel and save it again as .xlsx.",
            "unreadable-file",
        )
    while cells and not any(cells[-1]):
        cells.pop()
    if not cells and not findings:
        refuse(spec.file, f"The sheet {name} is empty.", "Name the sheet that holds the table.", "empty-file")
    content = _from_sheet(cells, table, spec, book.sheetnames if findings else ())
    content.findings[:0] = [*findings, *_without_result(path, name, cells, content.header, table, spec)]
    return content


def _without_result(
    path: Path, name: str, cells: list[list[str]], header: Sequence[str], table: str, spec: TableSpec
) -> list[Finding]:
    """Formulas whose result is not in the file, as other programs than Excel write them: they would read as empty."""
    with ZipFile(path) as parts:
        sheets = [part for part in parts.namelist() if part.startswith("xl/worksheets/")]
        if not any(b"<f>" in (held := parts.read(part)) or b"<f " in held for part in sheets):
            return []
    used = {at: header[at] for at in match_columns(table, header, spec.columns).position.values()}
    found: dict[int, list[int]] = {}
    with path.open("rb") as handle:
        sheet = openpyxl.load_workbook(handle, read_only=True)[name]
        sheet.reset_dimensions()
        for number, (row, read) in enumerate(zip(sheet.iter_rows(values_only=True), cells, strict=False), start=1):
            for at in used:
                if at < len(row) and str(row[at] or "").startswith("=") and not read[at]:
                    found.setdefault(at, []).append(number)
    message = "The cell holds a formula, but the file does not hold its result"
    fix = "Open the workbook in Excel and save it there, or replace the formulas by their values."
    return [
        file_error(
            spec.file,
            message + (f"; so do {len(rows) - 1} more of this column." if len(rows) > 1 else "."),
            fix,
            "formula-without-result",
            row=rows[0],
            column=used[at],
        )
        for at, rows in found.items()
    ]


NO_TABLE = frozenset({"header-only", "no-header"})


def _from_sheet(cells: list[list[str]], table: str, spec: TableSpec, sheets: Sequence[str]) -> Content:
    """What a sheet holds; where it is the first of several `sheets` by chance alone and no table, the others are named.

    Raises
    ------
    Unreadable
        The sheet holds no table.
    """
    if not sheets:
        return _from_cells(cells, table, spec)
    try:
        content = _from_cells(cells, table, spec) if any(any(row) for row in cells) else None
        if content and not _is_title(content.header, table, spec):
            return content
    except Unreadable as problem:
        if not {finding.code for finding in problem.findings} <= NO_TABLE:
            raise
    first, *others = sheets
    message = f"The first sheet ({first}) holds no table, and no sheet is named. The others are: {', '.join(others)}."
    refuse(spec.file, message, spec.hint(table, f'sheet = "{others[0]}"'), "wrong-sheet")


def _is_title(header: list[str], table: str, spec: TableSpec) -> bool:
    """Whether a header is a line of words above other lines of words."""
    return sum(map(bool, header)) < 2 and not match_columns(table, header, spec.columns).position


def _sheet_name(names: Sequence[str], spec: TableSpec) -> tuple[str, list[Finding]]:
    if spec.sheet is None:
        if len(names) == 1:
            return names[0], []
        message = f"No sheet is named, so the first one ({names[0]}) is read."
        fix = f'To read another one, add sheet = "..." to this file in case.toml; there are: {", ".join(names)}.'
        return names[0], [Finding("note", spec.file, message, fix, code="first-sheet")]
    if isinstance(spec.sheet, int) and 1 <= spec.sheet <= len(names):
        return names[spec.sheet - 1], []
    by_case = {name.casefold().strip(): name for name in names}
    found = by_case.get(str(spec.sheet).casefold().strip())
    if found is None:
        message = "The workbook has no such sheet."
        refuse(spec.file, message, f"Its sheets are: {', '.join(names)}.", "missing-sheet", value=str(spec.sheet))
    return found, []


def read_old_excel(path: Path, table: str, spec: TableSpec) -> Content:
    """Read an `.xls` workbook if a reader for these happens to be installed; raises `Unreadable`."""
    if find_spec("xlrd") is None:
        refuse(
            spec.file,
            "Old Excel workbooks (.xls) cannot be read here.",
            "Open it in Excel and save it as .xlsx, then correct the name in case.toml.",
            "old-excel",
        )
    try:
        with pd.ExcelFile(path, engine="xlrd") as book:
            name, findings = _sheet_name([str(sheet) for sheet in book.sheet_names], spec)
            frame, sheets = book.parse(name, header=None, dtype=object), [str(sheet) for sheet in book.sheet_names]
    except Unreadable:
        raise
    except Exception as error:  # xlrd raises many kinds
        message = f"The workbook is damaged or is not an Excel file ({type(error).__name__})."
        refuse(spec.file, message, "Open it in Excel and save it as .xlsx.", "unreadable-file")
    cells = [[cell_text(value) for value in row] for row in frame.to_numpy()]
    content = _from_sheet(cells, table, spec, sheets if findings else ())
    content.findings[:0] = findings
    return content
