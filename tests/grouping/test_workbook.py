"""Workbooks as a screen reader meets them: where tables stand, how they are marked up, and that no cell can run."""

from __future__ import annotations

import re
import zipfile
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import openpyxl
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl.workbook import Workbook

from grouping.named_table import Column, NamedTable, csv_bytes
from grouping.tables_of_run import plan_files, tables_of_run, write_run_workbook, write_tables
from grouping.workbook import HEADER_ROW, LONGEST_CELL, Cover, safe_text, sheet_name, write_workbook
from grouping.writing import write_table
from tests.grouping.made_run import HOSTILE_NAMES, made_run, scored_run

COVER = Cover(
    "A title", "Draft.", (("Minutes", "By car."), ("Minutes", "On foot."), ("Run", "1")), (("All", "A note."),)
)

NASTY = (
    "=cmd()",
    "+1",
    "-1",
    "@sum",
    "\t=1",
    "{=1}",
    "#N/A",
    "#REF!",
    "http://example.org/x",
    "[words](http://example.org)",
    "mailto:a@example.org",
    "$$note$$",
    "_x202E_turned",
    "_x0000_",
    "\x00\x0b\ufffe\uffff",
    "a\nb",
    "1e5",
    "TRUE",
    "01/02/2024",
    *HOSTILE_NAMES,
)


def table_of(**columns: list) -> NamedTable:
    table = pd.DataFrame(columns)
    return NamedTable("things", "Things: all", "One row a thing.", table, tuple(Column(key, key) for key in columns))


def book_of(folder: Path, *tables: NamedTable, cover: Cover = COVER) -> Workbook:
    write_workbook(folder / "book.xlsx", cover, tables)
    return openpyxl.load_workbook(folder / "book.xlsx")


@pytest.fixture(scope="module")
def run_book(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("book") / "run.xlsx"
    write_run_workbook(made_run(names=(*NASTY, *HOSTILE_NAMES)), path)
    return path


# --------------------------------------------------------------------------------------------------------- accessible


def test_every_sheet_begins_in_a1_and_holds_one_marked_up_table(run_book: Path) -> None:
    book = openpyxl.load_workbook(run_book)
    assert book.sheetnames[:2] == ["Cover", "Contents"]
    names = []
    for sheet in book.worksheets[1:]:
        assert sheet["A1"].value
        assert sheet["A2"].value.startswith("This worksheet contains one table")
        (table,) = sheet.tables.values()
        names.append(table.displayName)
        first, last = table.ref.split(":")
        header = int(re.search(r"\d+", first).group())
        assert first == f"A{header}"
        assert last.endswith(str(sheet.max_row)), "nothing stands below the table"
        assert sheet.max_column == len(table.tableColumns), "nothing stands beside it"
        headers = [cell.value for cell in sheet[header]]
        assert headers == [column.name for column in table.tableColumns]
        assert len({words.casefold() for words in headers}) == len(headers)
        assert all(words and "\n" not in words and len(words) <= 255 for words in headers)
    assert len({name.casefold() for name in names}) == len(names)
    assert all(re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) for name in names)


def test_nothing_is_merged_hidden_frozen_or_behind_a_filter_button(run_book: Path) -> None:
    book = openpyxl.load_workbook(run_book)
    for sheet in book.worksheets:
        assert not sheet.merged_cells.ranges
        assert sheet.freeze_panes is None
        assert sheet.sheet_state == "visible"
        assert not any(one.hidden for one in (*sheet.row_dimensions.values(), *sheet.column_dimensions.values()))
        assert all(table.autoFilter is None for table in sheet.tables.values())
        rows = list(sheet.iter_rows(values_only=True))
        assert all(any(value not in {None, ""} for value in row) for row in rows), sheet.title


def test_the_file_says_its_title_and_its_language(run_book: Path) -> None:
    properties = openpyxl.load_workbook(run_book).properties
    assert properties.title.startswith("Practice groups for ")
    assert properties.language == "en-GB"
    assert properties.creator in {None, ""}


def test_contents_lead_to_every_sheet_and_every_sheet_back(run_book: Path) -> None:
    book = openpyxl.load_workbook(run_book)
    links = [row[0] for row in book["Contents"].iter_rows(min_row=5)]
    assert [cell.value for cell in links] == book.sheetnames[2:]
    assert [cell.hyperlink.location for cell in links] == [f"'{name}'!A1" for name in book.sheetnames[2:]]
    for sheet in book.worksheets[2:]:
        back = [cell.hyperlink.location for row in sheet.iter_rows() for cell in row if cell.hyperlink]
        assert back == ["'Contents'!A1"]


def test_the_cover_is_read_from_top_to_bottom_in_one_column(tmp_path: Path) -> None:
    cover = book_of(tmp_path, table_of(a=[1]))["Cover"]
    words = [cell.value for cell in cover["A"]]
    assert words == [
        "A title",
        "Draft.",
        "Contents: the list of all sheets",
        "Minutes",
        "By car.",
        "On foot.",
        "Run",
        "1",
    ]
    assert cover.max_column == 1


def test_notes_have_a_sheet_only_where_there_are_some(tmp_path: Path) -> None:
    book = book_of(tmp_path, table_of(a=[1]))
    assert [cell.value for cell in book["Notes"][5]] == ["All", "A note."]
    assert "Notes" not in book_of(tmp_path, table_of(a=[1]), cover=Cover("T", "D")).sheetnames


def test_columns_are_explained_with_their_name_in_the_file(tmp_path: Path) -> None:
    table = NamedTable("t", "T", "", pd.DataFrame({"m": [1.5]}), (Column("m", "Mean", "minutes", "Of all."),))
    row = [cell.value for cell in book_of(tmp_path, table)["Columns"][5]]
    assert row == ["T", "Mean", "t.csv", "m", "minutes", "Of all."]


def test_an_empty_table_says_so_and_stays_a_table(tmp_path: Path) -> None:
    sheet = book_of(tmp_path, table_of(a=[], b=[]))["Things all"]
    assert [cell.value for cell in sheet[HEADER_ROW + 1]] == ["None.", None]
    assert next(iter(sheet.tables.values())).ref == f"A{HEADER_ROW}:B{HEADER_ROW + 1}"
    assert "no rows" in sheet["A2"].value


def test_empty_cells_are_explained_where_there_are_some(tmp_path: Path) -> None:
    assert "empty cell" in book_of(tmp_path, table_of(a=[1.0, np.nan]))["Things all"]["A2"].value
    assert "empty cell" not in book_of(tmp_path, table_of(a=[1.0, 2.0]))["Things all"]["A2"].value


def test_names_of_sheets_and_headers_are_made_unique(tmp_path: Path) -> None:
    long = "A title that is much too long for the name of a sheet"
    tables = [NamedTable("t", title, "", pd.DataFrame({"a": [1], "b": [2]}), (Column("a", "X"), Column("b", "x")))
              for title in (long, long, "Contents", "cover", "History", "[:*?/\\]")]  # fmt: skip
    book = book_of(tmp_path, *tables)
    assert len({name.casefold() for name in book.sheetnames}) == len(book.sheetnames)
    assert all(0 < len(name) <= 31 and not set(name) & set("[]:*?/\\") for name in book.sheetnames)
    assert "History" not in book.sheetnames
    sheet = book.worksheets[3]
    assert [cell.value for cell in sheet[HEADER_ROW]] == ["X", "x (2)"]


# ------------------------------------------------------------------------------------------------------------- harmless


def test_every_cell_is_text_or_a_number_and_only_our_own_links_lead_anywhere(run_book: Path) -> None:
    with zipfile.ZipFile(run_book) as packed:
        parts = {
            name: packed.read(name).decode("utf-8") for name in packed.namelist() if name.endswith((".xml", ".rels"))
        }
    for name, part in parts.items():
        ElementTree.fromstring(part)
        assert "<f>" not in part and "<f " not in part, name
        assert 'TargetMode="External"' not in part, name
    types = set(re.findall(r'<c [^>]*?t="(\w+)"', "".join(parts.values())))
    assert types <= {"inlineStr", "n", "s"}


def test_nasty_names_come_back_as_they_look(tmp_path: Path) -> None:
    sheet = book_of(tmp_path, table_of(name=list(NASTY)))["Things all"]
    shown = [row[0] for row in sheet.iter_rows(min_row=HEADER_ROW + 1)]
    assert {cell.data_type for cell in shown} == {"s"}
    assert not any(cell.hyperlink for cell in shown)
    held = [cell.value for cell in shown]
    assert held == [safe_text(name) for name in NASTY]
    assert not any(value.startswith(("=", "+", "-", "@", "\t")) for value in held)
    assert "_x005F_x202E_turned" in held, "Excel reads _x202E_ as the character itself"
    assert "#N/A" in held


@given(st.text(st.characters(), max_size=40), st.text(max_size=60))
@settings(max_examples=150, deadline=None)
def test_any_text_can_be_written_and_none_runs(name: str, title: str) -> None:
    text = safe_text(name)
    assert not text.startswith(("=", "+", "-", "@", "\t", "\r", "\n"))
    assert not set(text) & set("\x00\x0b\u202e\u200b\ufeff\ufffe\uffff\ud800")
    called = sheet_name(title)
    assert 0 < len(called) <= 31
    assert not set(called) & set("[]:*?/\\")


def test_long_texts_are_cut_where_excel_would_refuse_them() -> None:
    assert safe_text("x" * 40_000) == "x" * LONGEST_CELL
    assert len(safe_text("\U0001f600" * 40_000).encode("utf-16-le")) // 2 <= LONGEST_CELL


# -------------------------------------------------------------------------------------------------------- the run's own


def test_figures_of_the_sheets_are_those_of_the_run(tmp_path: Path) -> None:
    run = made_run()
    write_run_workbook(run, tmp_path / "run.xlsx")
    book = openpyxl.load_workbook(tmp_path / "run.xlsx")
    rows = [[cell.value for cell in row] for row in book["Groups"].iter_rows(min_row=HEADER_ROW)]
    groups = pd.DataFrame(rows[1:], columns=rows[0])
    given = pd.concat([option.groups for option in run.options], ignore_index=True)
    assert groups["Registered patients"].tolist() == given["list_size"].tolist()
    assert groups["Home to hub, mean (minutes)"].tolist() == pytest.approx(
        given["mean_minutes_to_hub"].tolist(), abs=1e-6
    )
    assert groups["Option"].tolist() == [o.option.option_id for o in run.options for _ in range(len(o.groups))]
    rows = [[cell.value for cell in row] for row in book["Areas"].iter_rows(min_row=HEADER_ROW + 1)]
    assert len(rows) == sum(len(option.areas) for option in run.options)


@pytest.mark.parametrize("run", [made_run(), scored_run(), made_run(estimate=True, points_only=True)])
def test_every_column_of_a_run_has_its_words_and_kind(run: object) -> None:
    tables = tables_of_run(run)
    assert {"options", "groups", "plans", "areas", "rules", "sources"} <= {table.name for table in tables}
    names = [table.name for table in [*tables, *plan_files(run)]]
    assert len(set(names)) == len(names)
    for table in tables:
        assert table.title and table.holds and len(table.table), table.name
        assert all(column.words and column.kind for column in table.columns), table.name


def test_a_run_without_options_has_its_rules_and_sources(tmp_path: Path) -> None:
    run = replace(made_run(), options=())
    assert {"rules", "sources", "findings"} == {table.name for table in tables_of_run(run)}
    write_run_workbook(run, tmp_path / "run.xlsx")
    assert "Rule set" in openpyxl.load_workbook(tmp_path / "run.xlsx").sheetnames


def test_the_same_run_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_run_workbook(made_run(), tmp_path / f"{name}.xlsx")
        write_tables(made_run(), tmp_path / name)
    assert (tmp_path / "one.xlsx").read_bytes() == (tmp_path / "two.xlsx").read_bytes()
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert "option-2-plan.csv" in files and "groups.csv" in files
    assert all((tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes() for name in files)


# ------------------------------------------------------------------------------------------------------------------ csv


def test_a_csv_has_the_bytes_of_the_file_in_the_run_folder(tmp_path: Path) -> None:
    table = pd.DataFrame(
        {"name": [*NASTY, None], "n": range(len(NASTY) + 1), "x": [0.1, np.nan] + [1.0] * (len(NASTY) - 1)}
    )
    table["flag"] = table["n"] > 3
    write_table(table, tmp_path / "t.csv")
    assert csv_bytes(table) == (tmp_path / "t.csv").read_bytes()


def test_whole_numbers_stay_whole_where_some_are_missing_or_hidden() -> None:
    table = pd.DataFrame({"people": pd.Series([12, None, "*", 3.5], dtype=object)})
    assert csv_bytes(table) == b'people\n12\n""\n*\n3.5\n'


def test_a_table_without_words_for_a_column_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="words of table t"):
        NamedTable("t", "T", "", pd.DataFrame({"a": [1]}), ())
