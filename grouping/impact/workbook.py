"""The workbook of an evidence pack: a cover that says what it is, then one table a sheet, ready to filter and print.

The same impact gives the same bytes: a workbook is a zip file of parts with dates, and these are set to one date.
"""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd
from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet._write_only import WriteOnlyWorksheet
from openpyxl.worksheet.hyperlink import Hyperlink

from grouping.escape import spreadsheet_cell
from grouping.impact.about import DRAFT, About
from grouping.impact.columns import column_words, table_words
from grouping.impact.words import HIDDEN_NOTE, base_title, scenario_sentence
from grouping.plain_words import NO_CLOSURE, option_title

if TYPE_CHECKING:
    from grouping.impact.result import Impact

FORMATS = {"people": "#,##0", "minutes": "0.0", "share": "0.0%", "ratio": "0.00", "number": "0"}
"""How numbers of each kind are shown; the cell holds all decimals of the table."""

LONGEST_CELL = 32_767
"""Characters that a cell of a workbook can hold (Excel's limit)."""

HEADER_ROW = 3
"""A sheet begins with what it holds, then the way back to the cover, then the header."""

_ONE_DATE = (1980, 1, 1, 0, 0, 0)  # the first date a zip file can hold
_WIDEST = 60
_HEAD = PatternFill("solid", fgColor="0B3557")
_HEAD_FONT = Font(bold=True, color="FFFFFF")
_LINK = Font(color="0A5796", underline="single")
_TOP = Alignment(vertical="top", wrap_text=True)


def write_workbook(impact: Impact, tables: Mapping[str, pd.DataFrame], about: About, path: Path) -> None:
    """Write the workbook.

    Parameters
    ----------
    impact
        What the cover tells: the options, the methods, what "before" is.
    tables
        Name -> table with numbers, texts and None (see `grouping.impact.pack.pack_tables`).
    about
        The case behind it.
    path
        The file to write.
    """
    book = Workbook(write_only=True)
    tables = {name: routine_once(table) for name, table in tables.items()}
    sheets = {name: _sheet_name(table_words(name)[0]) for name in tables}
    _cover(book.create_sheet("Cover"), impact, tables, sheets, about)
    for name, table in tables.items():
        _table_sheet(book.create_sheet(sheets[name]), name, table, impact)
    book.properties.title = spreadsheet_cell(about.title)
    book.properties.creator = ""
    held = io.BytesIO()
    book.save(held)
    path.write_bytes(_without_dates(held.getvalue()))


def routine_once(table: pd.DataFrame) -> pd.DataFrame:
    """Routine care only for the first option where it is the same under every one; the CSV has all rows."""
    if not {"journey", "option"} <= set(table.columns):
        return table
    routine = table["journey"] == "routine"
    parts = [part.drop(columns="option") for _, part in table[routine].groupby("option", sort=False)]
    alike = all(part.reset_index(drop=True).equals(parts[0].reset_index(drop=True)) for part in parts[1:])
    return table[~routine | (table["option"] == table["option"].iloc[0])] if len(parts) > 1 and alike else table


def _sheet_name(title: str) -> str:
    """A title as the name of a sheet: without the characters Excel refuses, at most 31 characters."""
    return re.sub(r"[\[\]:*?/\\]", " ", title).replace("  ", " ")[:31]


def _text(sheet: WriteOnlyWorksheet, value: str, *, font: Font | None = None, wrap: bool = False) -> WriteOnlyCell:
    """A cell that holds text whatever it looks like."""
    cell = WriteOnlyCell(sheet, value=spreadsheet_cell(value)[:LONGEST_CELL])
    cell.data_type = "s"  # "#N/A" would be taken for an error
    if font is not None:
        cell.font = font
    if wrap:
        cell.alignment = _TOP
    return cell


def _linked(sheet: WriteOnlyWorksheet, words: str, target: str) -> WriteOnlyCell:
    """Words that lead to the first cell of a sheet of this workbook."""
    cell = _text(sheet, words, font=_LINK)
    quoted = target.replace("'", "''")
    cell.hyperlink = Hyperlink(ref="A1", location=f"'{quoted}'!A1")  # the writer puts its own place for "ref"
    return cell


def _cover(
    sheet: WriteOnlyWorksheet,
    impact: Impact,
    tables: Mapping[str, pd.DataFrame],
    sheets: Mapping[str, str],
    about: About,
) -> None:
    for letter, width in (("A", 34.0), ("B", 100.0), ("C", 12.0)):
        sheet.column_dimensions[letter].width = width
    sheet.sheet_view.showGridLines = False
    bold = Font(bold=True)
    sheet.append([_text(sheet, about.title, font=Font(bold=True, size=18))])
    sheet.append([_text(sheet, f"{DRAFT} {NO_CLOSURE}", font=Font(bold=True, color="A12A1E"))])
    for label, said in cover_facts(impact, about):
        sheet.append([_text(sheet, label, font=bold, wrap=True), _text(sheet, said, wrap=True)])
    sheet.append([])
    sheet.append([_text(sheet, words, font=bold) for words in ("Sheet", "What it holds", "Rows")])
    for name, table in tables.items():
        what = _text(sheet, table_words(name)[1], wrap=True)
        sheet.append([_linked(sheet, sheets[name], sheets[name]), what, len(table)])


def cover_facts(impact: Impact, about: About) -> list[tuple[str, str]]:
    """What the cover says: a label and a sentence each."""
    facts = []
    if about.made_up:
        facts.append(("Made-up data", "The practices, patients and journeys of this case are invented."))
    if about.estimate:
        facts.append(("Estimated minutes", "Minutes by car are straight-line estimates: no road network was used."))
    if impact.public:
        facts.append(("Small numbers", HIDDEN_NOTE))
    facts.append(("Two journeys", "Routine care (home to the own practice) and hub services; never subtracted."))
    facts.append(("Routine care", "Where it is the same under every option, a sheet lists it for the first one alone."))
    facts.append(("Before", impact.baseline or "No baseline was given: journeys to the hub are a level, not a change."))
    facts.append(("Options", ", ".join(option_title(option) for option in impact.option_ids)))
    facts.append(("Threshold", f"{impact.threshold:g} minutes; a longer journey is beyond it."))
    facts.append(("Scenario", scenario_sentence(impact).removeprefix("Scenario: ") or "The case as it stands"))
    facts += [(f"Minutes: {mode}", said) for mode, said in (*impact.modes, *impact.absent_modes)]
    facts += [("Note", note) for note in impact.notes]
    if about.rules:
        facts.append(("Rule set", about.rules))
    if about.run_id:
        facts.append(("Run", about.run_id))
    facts += [("Source", line) for line in about.attributions]
    return facts


def _table_sheet(sheet: WriteOnlyWorksheet, name: str, table: pd.DataFrame, impact: Impact) -> None:
    columns = [str(column) for column in table.columns]
    words = [column_words(column, base_title(impact)) for column in columns]
    shown = [_as_shown(sheet, table[column].tolist(), kind) for column, (_, kind) in zip(columns, words, strict=True)]
    for i, (header, kind) in enumerate(words):
        letter = get_column_letter(i + 1)
        sheet.column_dimensions[letter].width = _width(header, table[columns[i]].tolist(), kind)
    sheet.freeze_panes = f"{get_column_letter(_held_columns(columns) + 1)}{HEADER_ROW + 1}"
    sheet.auto_filter.ref = f"A{HEADER_ROW}:{get_column_letter(max(len(columns), 1))}{HEADER_ROW + len(table)}"
    sheet.print_title_rows = f"{HEADER_ROW}:{HEADER_ROW}"
    sheet.page_setup.orientation = "landscape"
    sheet.page_setup.fitToHeight = 0
    sheet.sheet_properties.pageSetUpPr.fitToPage = True
    hidden = f" {HIDDEN_NOTE}" if impact.public else ""
    sheet.append([_text(sheet, f"{table_words(name)[1]} {DRAFT} {NO_CLOSURE}{hidden}".strip())])
    sheet.append([_linked(sheet, "Back to the cover", "Cover")])
    sheet.append([_header(sheet, header) for header, _ in words])
    for row in zip(*shown, strict=True):
        sheet.append(row)


def _header(sheet: WriteOnlyWorksheet, words: str) -> WriteOnlyCell:
    cell = _text(sheet, words, font=_HEAD_FONT, wrap=True)
    cell.fill = _HEAD
    return cell


def _held_columns(columns: list[str]) -> int:
    """Columns that stay in sight when a sheet is moved sideways: up to the one that names the row, at most three."""
    naming = [i + 1 for i, column in enumerate(columns[:3]) if column in {"option", "community", "label", "title"}]
    return max(naming, default=0)


def _as_shown(sheet: WriteOnlyWorksheet, values: list[object], kind: str | None) -> list[object]:
    """A column as cells: numbers with their format, texts harmless, nothing for None."""
    shape = FORMATS.get(kind or "", "General")
    made: list[object] = []
    for value in values:
        if value is None or value == "":
            made.append(None)
        elif isinstance(value, str):
            made.append(_text(sheet, value) if kind in {None, "text"} else _starred(sheet, value))
        else:
            cell = WriteOnlyCell(sheet, value=value)
            cell.number_format = shape
            made.append(cell)
    return made


def _starred(sheet: WriteOnlyWorksheet, value: str) -> WriteOnlyCell:
    """A number that is hidden: text, on the side where numbers stand."""
    cell = _text(sheet, value)
    cell.alignment = Alignment(horizontal="right")
    return cell


def _width(header: str, values: list[object], kind: str | None) -> float:
    """Width of a column in characters: its longest text up to a limit; headers wrap."""
    longest = max((len(value) for value in values if isinstance(value, str)), default=0)
    words = max((len(word) for word in header.split()), default=0)
    least = 12 if kind not in {None, "text"} else 8
    return float(min(max(longest + 2, words + 3, least), _WIDEST))


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
