"""The page of a run on paper: heads of tables again on every page, folded parts open, what needs a screen away."""

from __future__ import annotations

from pathlib import Path

import pypdf
import pytest

from grouping.board_pack import print_pdf
from grouping.page import own_file
from grouping.report import write_report
from tests.grouping.made_run import made_run

pytestmark = pytest.mark.browser


def _pages(chromium: Path, page: Path) -> list[str]:
    pdf = page.with_suffix(".pdf")
    print_pdf(chromium, page, pdf)
    return [" ".join(sheet.extract_text().split()) for sheet in pypdf.PdfReader(pdf).pages]


def test_the_head_of_a_long_table_stands_on_each_page_and_no_row_is_split(chromium: Path, tmp_path: Path) -> None:
    style = own_file("shared.css") + own_file("print.css")
    rows = "".join(f"<tr><th scope='row'>Row {i} begins<br>Row {i} ends</th><td>x</td></tr>" for i in range(120))
    table = f"<table><thead><tr><th scope='col'>What it is</th><th>y</th></tr></thead><tbody>{rows}</tbody></table>"
    page = tmp_path / "table.html"
    text = f"<!doctype html><title>T</title><style>{style}</style><div class='scroll'>{table}</div>"
    page.write_text(text, encoding="utf-8")
    sheets = _pages(chromium, page)
    assert len(sheets) > 1
    for sheet in sheets:
        assert sheet.count("What it is") == 1
    for i in range(120):
        assert [f"Row {i} begins" in sheet for sheet in sheets] == [f"Row {i} ends" in sheet for sheet in sheets]


def test_what_is_folded_on_the_screen_is_open_also_without_a_script(chromium: Path, tmp_path: Path) -> None:
    style = own_file("shared.css") + own_file("print.css")
    folded = "<details><summary>More</summary><p>Folded away</p></details>"
    page = tmp_path / "folded.html"
    page.write_text(f"<!doctype html><title>T</title><style>{style}</style>{folded}", encoding="utf-8")
    assert "Folded away" in _pages(chromium, page)[0]


def test_the_page_of_a_run_prints_every_option_and_nothing_that_needs_a_mouse(chromium: Path, tmp_path: Path) -> None:
    run = made_run()
    write_report(run, tmp_path / "report.html")
    sheets = _pages(chromium, tmp_path / "report.html")
    text = " ".join(sheets)
    for option in run.options:
        for name in option.groups["name"]:
            assert name in text
    for number in range(1, len(run.options) + 1):
        assert f"Option {number}: the groups." in text
    for claim in run.options[0].verification["claim"]:
        assert claim in text  # folded away on the screen
    for absent in ("Option shown", "The interactive map", "Try your own grouping", "Skip to"):
        assert absent not in text
    assert all(len(sheet) > 300 for sheet in sheets[:-1])  # no page stands nearly empty
