"""The two-page summary: what it says, that it asks for nothing, and that it prints on two pages of A4."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from pathlib import Path

import pypdf
import pytest
from selenium.webdriver.common.by import By

from grouping.board_pack import board_files, print_pdf, write_summary
from grouping.board_pack.summary import render_map_page, render_summary
from grouping.plain_words import count
from grouping.report.answer import answer_lines
from grouping.result import Run
from tests.browsing import accessibility_violations, asks_for_nothing, open_page
from tests.grouping.made_run import HOSTILE_NAMES, made_run, scored_run

A4_POINTS = (595.28, 841.89)


@pytest.fixture(scope="module")
def run() -> Run:
    return made_run()


def _words(page: str) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_it_holds_the_five_sentences_the_groups_and_what_it_does_not_say(run: Run) -> None:
    page = render_summary(run, "option-1")
    words = _words(page)
    for sentence in answer_lines(run):
        assert sentence in words
    for row in run.options[0].groups.itertuples():
        assert f"{row.group_id} {row.name}" in words
        assert count(row.list_size) in words
    for said in ("It closes nothing.", "Contains ONS and OS data", run.run_id, "Draft for discussion. Not a decision."):
        assert said in words
    assert "<script" not in page
    assert page == render_summary(run, "option-1")


def test_another_option_speaks_of_itself_and_claims_no_proof(run: Run) -> None:
    words = _words(render_summary(run, "option-2"))
    assert "Option 2 forms 12 practices" in words
    assert "The first option" not in words
    assert "roven" not in words
    assert "its score lies at most 1.2% behind that of option 1" in words


def test_without_travel_impact_it_says_so(run: Run) -> None:
    assert "the travel impact was not worked out" in _words(render_summary(run, "option-1"))


def test_hostile_names_stay_texts() -> None:
    run = made_run(names=HOSTILE_NAMES)
    for page in (render_summary(run, "option-1"), render_map_page(run, "option-1")):
        assert "<script" not in page
        assert "<img" not in page
        assert "&lt;img src=x onerror=alert(1)&gt;" in page
        assert "\u202e" not in page


def test_a_plan_made_by_hand_has_its_summary() -> None:
    assert "The scored plan forms 10 practices" in _words(render_summary(scored_run(), "scored"))


@pytest.mark.browser
def test_both_pages_meet_the_guidelines_ask_for_nothing_and_fit_a_phone(run: Run, browser, tmp_path: Path) -> None:
    for page, width in itertools.product(
        (render_summary(run, "option-1"), render_map_page(run, "option-1")), (1280, 320)
    ):
        path = open_page(browser, page, tmp_path, width)
        assert accessibility_violations(browser) == []
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width
        assert asks_for_nothing(browser, path)
        box = browser.find_element(By.CSS_SELECTOR, "svg.drawing").rect
        assert box["width"] > 200
        assert box["height"] > 150


@pytest.mark.browser
def test_its_pdf_is_two_pages_of_tagged_a4_with_text_to_select(run: Run, chromium: Path, tmp_path: Path) -> None:
    write_summary(run, "option-1", tmp_path / "summary.html")
    print_pdf(chromium, tmp_path / "summary.html", tmp_path / "summary.pdf")
    read = pypdf.PdfReader(tmp_path / "summary.pdf")
    assert len(read.pages) == 2
    for page in read.pages:
        assert (page.mediabox.width, page.mediabox.height) == pytest.approx(A4_POINTS, abs=1)
    root = read.trailer["/Root"]
    assert root["/MarkInfo"]["/Marked"]
    assert "/StructTreeRoot" in root
    assert root["/Lang"] == "en-GB"
    text = " ".join(" ".join(page.extract_text() for page in read.pages).split())
    for sentence in answer_lines(run):
        assert sentence in text
    for page in read.pages:
        assert "Draft for discussion. Not a decision." in " ".join(page.extract_text().split())


@pytest.mark.browser
def test_a_run_of_the_size_of_dorset_fits_on_two_pages(run: Run, chromium: Path, tmp_path: Path) -> None:
    """Twenty-four groups with long names in the table, which is what takes the room."""
    page = render_summary(run, "option-1")
    body = re.search(r"<tbody>\n(<tr>.*?</tr>\n)+", page, re.DOTALL).group(0)
    row = re.search(r"<tr>.*?</tr>", body, re.DOTALL).group(0)
    longer = row.replace("<bdi>", "<bdi>A Rather Long Name, ")
    (tmp_path / "many.html").write_text(page.replace(body, "<tbody>\n" + f"{longer}\n" * 24), encoding="utf-8")
    print_pdf(chromium, tmp_path / "many.html", tmp_path / "many.pdf")
    assert len(pypdf.PdfReader(tmp_path / "many.pdf").pages) == 2


@pytest.mark.browser
def test_board_files_are_all_there(run: Run, chromium: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BLUEPRINT_BROWSER", str(chromium))
    made = board_files(run, tmp_path, option_id="option-2", pdf=True)
    assert made.said == ()
    assert {path.name for path in made.paths} == {path.name for path in tmp_path.iterdir()}
    assert {path.name for path in made.paths} == {
        *("map.png", "map.html", "map.pdf", "summary.html", "summary.pdf", "map.gpkg"),
        *("groups.geojson", "areas.geojson", "sites.geojson"),
    }
    drawn = pypdf.PdfReader(tmp_path / "map.pdf")
    assert len(drawn.pages) == 1
    assert (drawn.pages[0].mediabox.width, drawn.pages[0].mediabox.height) == pytest.approx(A4_POINTS[::-1], abs=1)
    assert drawn.trailer["/Root"]["/MarkInfo"]["/Marked"]
    title = pypdf.PdfReader(tmp_path / "summary.pdf").metadata.title
    assert title.startswith("Practice groups for Made-up Vale: Option 2")


def test_without_a_browser_everything_else_is_written_and_it_is_said(
    run: Run, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("BLUEPRINT_BROWSER", "none")
    made = board_files(replace(run, run_id=""), tmp_path, option_id="option-1", pdf=True)
    assert len(made.said) == 1
    assert "no Chromium, Chrome or Edge was found" in made.said[0]
    assert "Open map.html and summary.html" in made.said[0]
    assert not (tmp_path / "summary.pdf").exists()
    assert (tmp_path / "map.png").exists()


def test_no_pdf_wanted_nothing_said(run: Run, tmp_path: Path) -> None:
    made = board_files(run, tmp_path, option_id="option-1", pdf=False)
    assert made.said == ()
    assert not (tmp_path / "summary.pdf").exists()
