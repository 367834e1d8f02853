"""Accessible workbooks: a cover, contents that lead to every sheet, notes, and one table a sheet marked up as a table.

What is done follows the checklist of the Government Analysis Function, "Making spreadsheets accessible": everything
begins in A1 with a title, a sheet says how many tables it holds, every table is marked up with a name of its own and
one header row of unique words, no cell is merged, no row or column is blank or hidden, text wraps, nothing is told by
colour alone, and there are no frozen panes and no filter buttons (Ctrl+Shift+L puts filters on).

Written with openpyxl, which the program needs anyway to read workbooks. The library made for this purpose, gptables
2.0, was tried and left out: it takes cells that look so for formulas, addresses for links and `[words](address)` for
links to anywhere even where xlsxwriter is told to keep texts, stops at a cell with `$$`, leaves cells of more than
32,767 characters out, and needs four further packages. Here a cell from a file is text whatever it looks like.

The same tables give the same bytes: a workbook is a zip file of parts with dates, and these are set to one date.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.utils.indexed_list import IndexedList
from openpyxl.worksheet._write_only import WriteOnlyWorksheet
from openpyxl.worksheet.hyperlink import Hyperlink
from openpyxl.worksheet.table import Table, TableColumn, TableStyleInfo

from grouping.escape import spreadsheet_cell, visible
from grouping.named_table import KIND_WORDS, Kind, NamedTable, plain_values

FORMATS: dict[str, str] = {
    "people": "#,##0",
    "amount": "#,##0",
    "minutes": "0.0",
    "share": "0.0%",
    "ratio": "0.00",
    "number": "0",
    "score": "0.000",
}
"""How numbers of each kind are shown; the cell holds all decimals of the table."""

LONGEST_CELL = 32_767
"""Characters that a cell can hold (Excel's limit, in units of UTF-16)."""

LONGEST_HEADER = 255
"""Characters that the header of a marked up table can hold (Excel's limit)."""

HEADER_ROW = 6
"""A sheet begins with its title, what it contains, what the table holds, its status and the way back."""

COVER, CONTENTS, NOTES, COLUMNS = "Cover", "Contents", "Notes", "Columns"
"""The sheets that come before the tables, and the one after them."""

FILTERS = (
    "Tables stand without filter buttons and frozen panes, for those who use a screen reader or large print. In Excel, "
    "Ctrl+Shift+L puts filters on a table; its headers stay in sight while you scroll."
)
"""What the cover says of them."""

EMPTY = "An empty cell: not known, or there is none."
"""What a sheet with empty cells says of them."""

_ONE_DATE = (1980, 1, 1, 0, 0, 0)  # the first date a zip file can hold
_WIDEST = 60
_NARROWEST = 12
_PLAIN = Font(name="Arial", size=12)
_BOLD = Font(name="Arial", size=12, bold=True)
_TITLE = Font(name="Arial", size=16, bold=True)
_HEAD_FONT = Font(name="Arial", size=12, bold=True, color="FFFFFF")
_HEAD = PatternFill("solid", fgColor="0B3557")
_LINK = Font(name="Arial", size=12, color="0A5796", underline="single")
_WRAPPED = Alignment(vertical="top", wrap_text=True)
_TOP = Alignment(vertical="top")
_RIGHT = Alignment(vertical="top", horizontal="right")


@dataclass(frozen=True)
class Cover:
    """What a workbook says of itself.

    Parameters
    ----------
    title
        Title, also in the properties of the file.
    status
        What stands under the title and on every sheet, such as that it is a draft.
    facts
        A heading and a sentence each; sentences of the same heading that follow one another stand under it once.
    notes
        What a reader must know besides, a word and a sentence each: they get a sheet of their own.
    """

    title: str
    status: str
    facts: tuple[tuple[str, str], ...] = ()
    notes: tuple[tuple[str, str], ...] = ()


def write_workbook(path: Path, cover: Cover, sheets: Sequence[NamedTable]) -> None:
    """Write a workbook.

    Parameters
    ----------
    path
        The file to write.
    cover
        What it says of itself.
    sheets
        The tables, one a sheet, in this order.
    """
    book = Workbook(write_only=True)
    _write_in(book, _PLAIN)
    front = [CONTENTS, *([NOTES] if cover.notes else [])]
    names = _sheet_names([table.title for table in sheets], taken=(COVER, *front, COLUMNS))
    _cover(book.create_sheet(COVER), cover)
    _contents(book.create_sheet(CONTENTS), cover, list(zip(names, sheets, strict=True)))
    if cover.notes:
        _notes(book.create_sheet(NOTES), cover)
    used: set[str] = {"contents", "notes", "columns"}
    for name, table in zip(names, sheets, strict=True):
        _table_sheet(book.create_sheet(name), table, cover, _table_name(table.name, used))
    _columns(book.create_sheet(COLUMNS), list(zip(names, sheets, strict=True)))
    book.properties.title = safe_text(cover.title)
    book.properties.language = "en-GB"
    book.properties.creator = ""
    held = io.BytesIO()
    book.save(held)
    path.write_bytes(_without_dates(held.getvalue()))


def _write_in(book: Workbook, font: Font) -> None:
    """The font of all cells that have none of their own; the library offers no other way than its own lists."""
    book._fonts = IndexedList([font])
    normal = book._named_styles["Normal"]
    normal.font = font
    normal.bind(book)


def safe_text(text: str) -> str:
    """Text as a cell of a workbook can hold it: no formula, nothing hidden, not too long.

    A workbook spells characters as `_x202E_`; a name that holds such letters is written so that they stay letters.
    """
    text = re.sub("[\ufffe\uffff]", "\ufffd", spreadsheet_cell(text))  # these two can stand in no XML file
    text = re.sub(r"_(?=x[0-9A-Fa-f]{4}_)", "_x005F_", text)
    if len(text) <= LONGEST_CELL // 2:
        return text
    return text.encode("utf-16-le")[: 2 * LONGEST_CELL].decode("utf-16-le", errors="ignore")


def sheet_name(title: str) -> str:
    """A title as the name of a sheet: without what Excel refuses, at most 31 characters."""
    name = re.sub(r"[\[\]:*?/\\\x00-\x1f]", " ", visible(title))
    name = re.sub(r"\s+", " ", name)[:31].strip(" '")
    return name if name and name.casefold() != "history" else "Table"


def _sheet_names(titles: Iterable[str], taken: Iterable[str]) -> list[str]:
    """Names of sheets, each only once whatever the case of its letters."""
    used = {name.casefold() for name in taken}
    made = []
    for title in titles:
        name, number = sheet_name(title), 1
        while name.casefold() in used:
            number += 1
            name = f"{sheet_name(title)[: 30 - len(str(number))]} {number}"
        used.add(name.casefold())
        made.append(name)
    return made


def _table_name(name: str, used: set[str]) -> str:
    """Name of a marked up table: letters, digits and underscores, not like the place of a cell, only once."""
    name = "table_" + re.sub(r"\W", "_", name, flags=re.ASCII)[:200]
    number, made = 1, name
    while made.casefold() in used:
        number += 1
        made = f"{name}_{number}"
    used.add(made.casefold())
    return made


def _text(
    sheet: WriteOnlyWorksheet, value: str, font: Font | None = None, alignment: Alignment | None = _TOP
) -> WriteOnlyCell:
    """A cell that holds text whatever it looks like."""
    cell = WriteOnlyCell(sheet, value=safe_text(value))
    cell.data_type = "s"  # "#N/A" would be taken for an error
    if font is not None:
        cell.font = font
    if alignment is not None:
        cell.alignment = alignment
    return cell


def _linked(sheet: WriteOnlyWorksheet, words: str, target: str) -> WriteOnlyCell:
    """Words that lead to the first cell of a sheet of this workbook."""
    cell = _text(sheet, words, _LINK)
    quoted = target.replace("'", "''")
    cell.hyperlink = Hyperlink(ref="A1", location=f"'{quoted}'!A1")  # the writer puts its own place for "ref"
    return cell


def _cover(sheet: WriteOnlyWorksheet, cover: Cover) -> None:
    """Everything in one column, as a screen reader reads it."""
    sheet.column_dimensions["A"].width = 110.0
    sheet.sheet_view.showGridLines = False
    sheet.append([_text(sheet, cover.title, _TITLE, _WRAPPED)])
    sheet.append([_text(sheet, cover.status, _BOLD, _WRAPPED)])
    sheet.append([_linked(sheet, "Contents: the list of all sheets", CONTENTS)])
    before = ""
    for heading, said in cover.facts:
        if heading != before:
            sheet.append([_text(sheet, heading, _BOLD)])
        sheet.append([_text(sheet, said, None, _WRAPPED)])
        before = heading


def _contents(sheet: WriteOnlyWorksheet, cover: Cover, tables: list[tuple[str, NamedTable]]) -> None:
    sheet.append([_text(sheet, "Contents", _TITLE)])
    sheet.append([_text(sheet, "This worksheet contains one table: the sheets of this workbook.")])
    sheet.append([_linked(sheet, "Back to the cover", COVER)])
    others = [(NOTES, "What a reader must know besides.", len(cover.notes))] if cover.notes else []
    last = (COLUMNS, "What each column of each sheet is, and its name in the CSV files.", _number_of_columns(tables))
    rows = [*others, *((name, table.holds, len(table.table)) for name, table in tables), last]
    words = ("Sheet", "What it holds", "Rows")
    cells = [[_linked(sheet, name, name), _text(sheet, holds, None, _WRAPPED), rows] for name, holds, rows in rows]
    _mark_up(sheet, words, cells, "contents", row=4)
    _set_widths(sheet, (36.0, 100.0, 12.0))


def _notes(sheet: WriteOnlyWorksheet, cover: Cover) -> None:
    sheet.append([_text(sheet, "Notes", _TITLE)])
    sheet.append([_text(sheet, "This worksheet contains one table: what a reader must know besides.")])
    sheet.append([_linked(sheet, "Back to the contents", CONTENTS)])
    cells = [[_text(sheet, about), _text(sheet, said, None, _WRAPPED)] for about, said in cover.notes]
    _mark_up(sheet, ("About", "Note"), cells, "notes", row=4)
    _set_widths(sheet, (30.0, 110.0))


def _columns(sheet: WriteOnlyWorksheet, tables: list[tuple[str, NamedTable]]) -> None:
    sheet.append([_text(sheet, "Columns", _TITLE)])
    sheet.append([_text(sheet, f"This worksheet contains one table: what each column of each sheet is. {EMPTY}")])
    sheet.append([_linked(sheet, "Back to the contents", CONTENTS)])
    cells = [
        [
            _text(sheet, name),
            _text(sheet, column.words, None, _WRAPPED),
            _text(sheet, table.file),
            _text(sheet, column.key),
            _text(sheet, KIND_WORDS.get(column.kind or "", "")),
            _text(sheet, column.meaning, None, _WRAPPED) if column.meaning else None,
        ]
        for name, table in tables
        for column in table.columns
    ]
    words = ("Sheet", "Column", "File", "Its name in the file", "What is counted", "What it means")
    _mark_up(sheet, words, cells, "columns", row=4)
    _set_widths(sheet, (36.0, 60.0, 36.0, 36.0, 26.0, 60.0))


def _number_of_columns(tables: list[tuple[str, NamedTable]]) -> int:
    return sum(len(table.columns) for _, table in tables)


def _table_sheet(sheet: WriteOnlyWorksheet, table: NamedTable, cover: Cover, name: str) -> None:
    values = [plain_values(table.table.iloc[:, at]) for at in range(len(table.columns))]
    words = _unique([column.words for column in table.columns])
    widths = [
        _width(header, held, column.kind) for header, held, column in zip(words, values, table.columns, strict=True)
    ]
    sheet.print_title_rows = f"{HEADER_ROW}:{HEADER_ROW}"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    _set_widths(sheet, widths)
    contains = f"This worksheet contains one table, with {_rows(len(table.table))}."
    empty = f" {EMPTY}" if _any_empty(values) else ""
    sheet.append([_text(sheet, table.title, _TITLE)])
    sheet.append([_text(sheet, contains + empty)])
    sheet.append([_text(sheet, table.holds)])
    sheet.append([_text(sheet, cover.status)])
    sheet.append([_linked(sheet, "Back to the contents", CONTENTS)])
    shown = [
        _as_shown(sheet, held, column.kind, width)
        for held, column, width in zip(values, table.columns, widths, strict=True)
    ]
    _mark_up(sheet, words, zip(*shown, strict=True), name, row=HEADER_ROW)


def _rows(number: int) -> str:
    return "no rows" if number == 0 else "one row" if number == 1 else f"{number:,} rows"


def _any_empty(values: list[list[object]]) -> bool:
    return any(value is None or value == "" for held in values for value in held)


def _mark_up(
    sheet: WriteOnlyWorksheet, words: Sequence[str], cells: Iterable[Sequence[object]], name: str, row: int
) -> None:
    """Write a header and rows from a row on, and mark them up as a table; one without rows says so."""
    sheet.append([_header(sheet, header) for header in words])
    last = row
    for line in cells:
        sheet.append(line)
        last += 1
    if last == row:
        sheet.append([_text(sheet, "None.")])
        last += 1
    table = Table(displayName=name, name=name, ref=f"A{row}:{get_column_letter(len(words))}{last}")
    table.tableColumns = [TableColumn(id=at, name=safe_text(header)) for at, header in enumerate(words, start=1)]
    table.tableStyleInfo = TableStyleInfo(name="TableStyleLight1", showRowStripes=True)
    sheet.tables.add(table)  # add_table() warns that columns are added by hand, as they are


def _unique(words: Sequence[str]) -> list[str]:
    """Headers of a marked up table: some words in one line, each only once whatever the case of its letters."""
    used: set[str] = set()
    made = []
    for at, said in enumerate(words, start=1):
        header = " ".join(said.split())[: LONGEST_HEADER - 8] or f"Column {at}"
        number, own = 1, header
        while own.casefold() in used:
            number += 1
            own = f"{header} ({number})"
        used.add(own.casefold())
        made.append(own)
    return made


def _header(sheet: WriteOnlyWorksheet, words: str) -> WriteOnlyCell:
    cell = _text(sheet, words, _HEAD_FONT, _WRAPPED)
    cell.fill = _HEAD
    return cell


def _as_shown(sheet: WriteOnlyWorksheet, values: list[object], kind: Kind | None, width: float) -> list[object]:
    """A column as cells: numbers with their format, texts harmless, nothing for what is not known."""
    shape = FORMATS.get(kind or "", "General")
    made: list[object] = []
    for value in values:
        if value is None or value == "":
            made.append(None)
        elif isinstance(value, bool):
            made.append(_text(sheet, "yes" if value else "no"))
        elif isinstance(value, str):
            aside = kind not in {None, "text"}  # a number that is hidden stands where numbers stand
            made.append(_text(sheet, value, None, _RIGHT if aside else _WRAPPED if len(value) > width else _TOP))
        else:
            cell = WriteOnlyCell(sheet, value=value)
            cell.number_format = shape
            cell.alignment = _TOP
            made.append(cell)
    return made


def _width(header: str, values: list[object], kind: Kind | None) -> float:
    """Width of a column in characters: its longest text up to a limit; headers and longer texts wrap."""
    longest = max((len(value) for value in values if isinstance(value, str)), default=0)
    words = max((len(word) for word in header.split()), default=0)
    return float(min(max(longest + 2, words + 3, _NARROWEST), _WIDEST))


def _set_widths(sheet: WriteOnlyWorksheet, widths: Sequence[float]) -> None:
    for at, width in enumerate(widths, start=1):
        sheet.column_dimensions[get_column_letter(at)].width = width


def _without_dates(book: bytes) -> bytes:
    """The workbook with every date of its parts set to one date."""
    held = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as old, zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            part = old.read(name)
            if name == "docProps/core.xml":
                part = re.sub(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", b"1980-01-01T00:00:00Z", part)
            entry = zipfile.ZipInfo(name, date_time=_ONE_DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 0  # the same on every system
            new.writestr(entry, part)
    return held.getvalue()
