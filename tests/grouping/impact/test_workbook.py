"""The workbook: its cover, its sheets, and that numbers are numbers and hostile names are text."""

from __future__ import annotations

from pathlib import Path

import openpyxl
import pandas as pd
import pytest
from openpyxl.workbook import Workbook

from grouping.impact.columns import COLUMN_WORDS
from grouping.impact.pack import pack_tables
from grouping.impact.workbook import routine_once, write_workbook
from grouping.workbook import HEADER_ROW
from tests.grouping.impact.made_impact import ABOUT, made_impact
from tests.grouping.made_run import HOSTILE_NAMES


def book_of(folder: Path, **made: object) -> Workbook:
    impact = made_impact(**made)
    write_workbook(impact, pack_tables(impact), ABOUT, folder / "impact.xlsx")
    return openpyxl.load_workbook(folder / "impact.xlsx")


@pytest.fixture(scope="module")
def book(tmp_path_factory: pytest.TempPathFactory) -> Workbook:
    return book_of(tmp_path_factory.mktemp("book"))


def column(sheet, header: str) -> list:
    headers = [cell.value for cell in sheet[HEADER_ROW]]
    at = headers.index(header)
    return [row[at] for row in sheet.iter_rows(min_row=HEADER_ROW + 1)]


def tables_in(book: Workbook) -> list:
    """The sheets with a table of the pack: not the cover, the contents, the notes, nor the list of columns."""
    return [sheet for sheet in book.worksheets if sheet.title not in {"Cover", "Contents", "Notes", "Columns"}]


def test_the_cover_says_what_it_is_and_the_contents_lead_to_every_sheet(book: Workbook) -> None:
    words = [cell.value for cell in book["Cover"]["A"]]
    assert words[0] == "Travel-time impact for Made-up Vale"
    assert words[1] == "Draft for discussion. Not a decision. Grouping practices closes no site."
    assert "The practices, patients and journeys of this case are invented." in words
    assert any("30 minutes" in text for text in words)
    links = [row[0] for row in book["Contents"].iter_rows(min_row=5)]
    assert [cell.hyperlink.location for cell in links] == [f"'{name}'!A1" for name in book.sheetnames[2:]]


def test_each_sheet_has_one_table_under_what_it_is_and_that_it_is_a_draft(book: Workbook) -> None:
    tables = {name: routine_once(table) for name, table in pack_tables(made_impact()).items()}
    assert len(tables_in(book)) == len(tables)
    for sheet, table in zip(tables_in(book), tables.values(), strict=True):
        assert sheet.max_row == HEADER_ROW + len(table)
        headers = [cell.value for cell in sheet[HEADER_ROW]]
        assert len(set(headers)) == len(table.columns)
        assert "Draft for discussion" in sheet["A4"].value
        assert all(width.width >= 8 for width in sheet.column_dimensions.values())


def test_numbers_are_numbers_with_their_unit_in_the_header(book: Workbook) -> None:
    sheet = book["Journeys by population"]
    means = column(sheet, "Mean (minutes)")
    given = routine_once(made_impact().tables["summary"])["mean"]
    assert [cell.value for cell in means] == pytest.approx([round(value, 3) for value in given])
    assert {cell.number_format for cell in means} == {"0.0"}
    assert {cell.number_format for cell in column(sheet, "Within 30 minutes (share of all people)")} == {"0.0%"}


def test_routine_care_is_listed_once_where_it_is_the_same_under_every_option() -> None:
    rows = [("a", "routine", 3.0), ("a", "hub", 7.0), ("b", "routine", 3.0), ("b", "hub", 8.0)]
    table = pd.DataFrame(rows, columns=["option", "journey", "mean"])
    assert routine_once(table).to_numpy().tolist() == [list(rows[0]), list(rows[1]), list(rows[3])]
    table.loc[2, "mean"] = 4.0
    assert routine_once(table).equals(table)


def test_the_base_of_a_scenario_is_called_by_its_title(book: Workbook, tmp_path: Path) -> None:
    assert column(book["Stress communities"], "The case as it stands (minutes)")
    winter = book_of(tmp_path, scenario="winter")
    assert column(winter["Stress communities"], "Winter roads (minutes)")
    words = {str(cell.value) for sheet in tables_in(winter) for cell in sheet[HEADER_ROW]}
    assert not any("as it stands" in text for text in words)
    cover = [cell.value for cell in winter["Cover"]["A"]]
    assert cover[cover.index("Scenario") + 1].startswith("Winter roads. All figures are for it")


def test_every_column_of_the_tables_has_its_words() -> None:
    for name, table in pack_tables(made_impact(moved=True)).items():
        unknown = set(table.columns) - set(COLUMN_WORDS)
        assert not unknown or name == "site_options", name


def test_hidden_numbers_are_text(tmp_path: Path) -> None:
    book = book_of(tmp_path, public=True)
    people = column(book["Who the patients are"], "People")
    stars = [cell for cell in people if cell.value == "*"]
    assert stars
    assert all(cell.data_type == "s" for cell in stars)
    assert "1 to 7 people" in book["Who the patients are"]["A4"].value


def test_hostile_names_are_text_and_never_formulas(tmp_path: Path) -> None:
    names = ("=cmd()", "#N/A", "-1+1", "x" * 40_000, *HOSTILE_NAMES)
    book = book_of(tmp_path, names=names)
    shown = {cell.value for cell in column(book["Communities"], "Community")}
    assert {"'=cmd()", "#N/A", "'-1+1", "x" * 32_767} <= shown
    types = {cell.data_type for sheet in book.worksheets for row in sheet.iter_rows() for cell in row}
    assert types <= {"s", "n"}


def test_sheets_can_be_read_as_a_table_again(book: Workbook) -> None:
    rows = [[cell.value for cell in row] for row in book["Inequality"].iter_rows(min_row=HEADER_ROW)]
    given = routine_once(made_impact().tables["inequality"])
    at = rows[0].index("Gap (minutes)")
    assert [row[at] for row in rows[1:]] == pytest.approx(given["gap"].tolist(), abs=0.0006)
