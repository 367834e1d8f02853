"""The page of a comparison: what it says, what hostile names do to it, and that it works in a browser."""

from __future__ import annotations

import csv
import html
import re
from pathlib import Path

import pytest
from selenium.common.exceptions import NoAlertPresentException
from selenium.webdriver.common.keys import Keys

from grouping.compare.folder import write_comparison
from grouping.compare.page import Worked, render_comparison, work_out
from grouping.escape import visible
from tests.browsing import accessibility_violations, asks_for_nothing, open_page
from tests.grouping.compare.made_comparison import comparison_of, run_with_borders
from tests.grouping.made_run import HOSTILE_NAMES

FORMULAS = ("=cmd()|' /C calc'!A0", "+1+1", "-1", "@SUM(A1)")


@pytest.fixture(scope="module")
def worked() -> Worked:
    return work_out(comparison_of())


@pytest.fixture(scope="module")
def page(worked: Worked) -> str:
    return render_comparison(worked)


def _text(page: str) -> str:
    page = re.sub(r"<style\b.*?</style>", " ", page, flags=re.S)
    page = re.sub(r"</?(?:bdi|span|strong|em|a|code)\b[^>]*>", "", page)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


def test_says_first_that_it_is_a_draft_and_closes_nothing_in_every_picture_too(page: str) -> None:
    text = _text(page)
    assert text.index("Draft for discussion. Not a decision.") < text.index("In short")
    pictures = re.findall(r'<svg class="drawing".*?</svg>', page, flags=re.S)
    assert "<pattern" not in page  # Chromium prints a pattern as one picture for every shape
    assert len(pictures) == 4
    for picture in pictures:
        assert "Draft for discussion. Not a decision." in _text(picture)
        assert "Grouping practices closes no site. Made-up data." in _text(picture)


def test_all_maps_have_the_same_extent_and_one_letter_for_mostly_the_same_group(page: str, worked: Worked) -> None:
    assert len(set(re.findall(r'<svg class="drawing" viewBox="([^"]+)"', page))) == 1
    first, second, third = worked.pictures.plans
    assert [group.letter for group in first.groups] == [group.letter for group in second.groups] == list("ABCDE")
    assert [group.letter for group in third.groups] == ["A", "C", "B", "D"]
    hatch = {group.letter: group.hatch for group in first.groups}
    assert all(hatch[group.letter] == group.hatch for group in (*second.groups, *third.groups))


def test_every_figure_of_the_page_stands_in_its_table(page: str, worked: Worked, tmp_path: Path) -> None:
    write_comparison(worked, tmp_path / "out")
    with (tmp_path / "out" / "figures.csv").open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    table = re.search(r'id="figures".*?<tbody>(.*?)</tbody>', page, flags=re.S)
    assert table is not None
    cells = [_text(cell).strip() for cell in re.findall(r"<td[^>]*>(.*?)</td>", table.group(1), flags=re.S)]
    assert [cell.split(" ")[0] for cell in cells] == [row["shown"].split(" ")[0] for row in rows]
    assert len(cells) == 3 * len(worked.figures)
    for cell, row in zip(cells, rows, strict=True):
        said = re.fullmatch(r"(?:.*\D )?([+−][\d,.]+)", cell.removeprefix(row["shown"]).strip())
        told = float(said.group(1).replace("−", "-").replace(",", "")) if said else 0.0
        assert told == float(row["difference_to_first"] or 0), row
        if row["value"] and re.fullmatch(r"[\d,.]+", row["shown"]):
            assert abs(float(row["value"]) - float(row["shown"].replace(",", ""))) <= 0.5


def test_never_names_a_winner(page: str) -> None:
    text = _text(page)
    assert "Nothing is added up here and no plan is the winner" in text
    assert not re.search(r"\boptimal\b|the best plan|recommended", text, flags=re.I)


def test_the_same_comparison_gives_the_same_files(worked: Worked, tmp_path: Path) -> None:
    record = write_comparison(worked, tmp_path / "one")
    assert record["files"] == write_comparison(work_out(comparison_of()), tmp_path / "two")["files"]
    assert {path.name for path in (tmp_path / "one").iterdir()} == {*record["files"], "compare.json"}


def test_hostile_names_are_text_on_the_page_and_in_every_table(tmp_path: Path) -> None:
    names = (*HOSTILE_NAMES[:6], *FORMULAS, *HOSTILE_NAMES[6:])
    worked = work_out(comparison_of(run=run_with_borders(names=names)))
    page = render_comparison(worked)
    assert "<script" not in page and "<img" not in page and "onerror=alert(1)>" not in page
    assert "\u202e" not in page and "[U+202E]" in page
    write_comparison(worked, tmp_path / "out")
    for path in sorted((tmp_path / "out").glob("*.csv")):
        with path.open(encoding="utf-8", newline="") as handle:
            for row in csv.reader(handle):
                for cell in row:
                    number = re.fullmatch(r"[+\-−]?[\d.,]+", cell)
                    assert number or not cell.startswith(("=", "+", "-", "@", "\t", "\r")), (path.name, cell)
    text = _text(page)
    assert all(re.sub(r"\s+", " ", visible(name)) in text for name in names[:8])


@pytest.mark.browser
@pytest.mark.parametrize("width", [1280, 320])
def test_accessible_alone_and_never_wider_than_the_window(browser, page: str, tmp_path: Path, width: int) -> None:
    path = open_page(browser, page, tmp_path, width)
    assert browser.execute_script("return document.documentElement.scrollWidth") <= width
    assert asks_for_nothing(browser, path)
    assert accessibility_violations(browser) == []


@pytest.mark.browser
def test_the_first_tab_stop_leads_to_the_answer(browser, page: str, tmp_path: Path) -> None:
    open_page(browser, page, tmp_path)
    browser.switch_to.active_element.send_keys(Keys.TAB)
    assert browser.switch_to.active_element.get_attribute("class") == "skip"
    browser.switch_to.active_element.send_keys(Keys.ENTER)
    assert browser.execute_script("return location.hash") == "#main"


@pytest.mark.browser
def test_hostile_names_run_nothing(browser, tmp_path: Path) -> None:
    page = render_comparison(work_out(comparison_of(run=run_with_borders(names=HOSTILE_NAMES))))
    path = open_page(browser, page, tmp_path)
    assert asks_for_nothing(browser, path)
    with pytest.raises(NoAlertPresentException):
        browser.switch_to.alert.accept()
    assert len(browser.find_elements("css selector", "main img, main script")) == 0
    assert browser.find_element("css selector", "h1").text.startswith("Plans for <img src=x onerror=alert(1)>")
