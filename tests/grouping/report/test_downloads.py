"""The tables as files: what the page offers is, byte for byte, what the tables of the run hold."""

from __future__ import annotations

import base64
import gzip
import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from grouping.escape import visible
from grouping.named_table import csv_bytes
from grouping.report import render_report
from grouping.report.downloads import downloads_view
from grouping.report.locality import locality_page
from grouping.tables_of_run import plan_files, tables_of_run
from tests.browsing import asks_for_nothing, open_page
from tests.grouping.made_run import HOSTILE_NAMES, made_run

CAPTURE = """
window.given = [];
URL.createObjectURL = function (blob) { window.given.push({ blob: blob }); return "data:,"; };
document.addEventListener("click", function (event) {
  var link = event.target.closest && event.target.closest("a[download]");
  if (link) { event.preventDefault(); window.given[window.given.length - 1].name = link.download; }
}, true);
"""
"""Keeps what the page hands over, instead of the folder of downloads."""

ALL_GIVEN = """
const done = arguments[arguments.length - 1], wanted = arguments[0];
function look() {
  if (window.given.length < wanted) { setTimeout(look, 20); return; }
  Promise.all(window.given.map(one => one.blob.arrayBuffer().then(held => [one.name, one.blob.type,
    btoa(Array.from(new Uint8Array(held), byte => String.fromCharCode(byte)).join(""))]))).then(done);
}
look();
"""


def packed(page: str) -> dict[str, str]:
    """What stands in the page, unpacked without a browser."""
    held = re.search(r'id="downloads-data">([^<]*)</script>', page).group(1)
    return json.loads(gzip.decompress(base64.b64decode(held)))


def test_every_table_of_the_run_is_offered_with_its_bytes() -> None:
    run = made_run(names=HOSTILE_NAMES)
    given = packed(render_report(run))
    tables = [*plan_files(run), *tables_of_run(run)]
    assert set(given) == {table.file for table in tables}
    for table in tables:
        assert given[table.file].encode("utf-8") == csv_bytes(table.table), table.name


def test_the_largest_tables_are_left_out_and_said_to_be() -> None:
    run = made_run()
    every = downloads_view(run)
    assert every.outside == 0
    fewer = downloads_view(run, most=len(every.packed) // 2)
    assert 0 < fewer.outside < len(fewer.tables)
    outside = {table.file for table in fewer.tables if not table.inside}
    assert "areas.csv" in outside, "the one with most rows"
    assert len(fewer.packed) <= len(every.packed) // 2
    assert [table.file for table in fewer.tables] == [table.file for table in every.tables], "all are named"


def test_the_section_names_every_file_and_how_many_rows_it_has() -> None:
    run = made_run()
    page = render_report(run)
    section = page[page.index('<section id="downloads"') :]
    buttons = re.findall(r'data-file="([^"]+)"', section)
    assert buttons == [table.file for table in [*tables_of_run(run), *plan_files(run)]]
    assert re.search(r'Areas</th>.*?<td class="number">93</td>', section), "31 areas with a patient in three options"
    assert "options/option-1/plan.csv" in section
    public = render_report(replace(run, public=True))
    assert "options/option-1/plan.csv" not in public[public.index('<section id="downloads"') :]
    assert "<noscript>" in section
    assert "What is hidden on this page" not in section


def test_a_page_of_one_locality_offers_no_tables_of_all() -> None:
    run = made_run()
    assert downloads_view(run).tables
    assert 'id="downloads"' not in locality_page(run, "Coast")


def test_the_same_run_packs_the_same_bytes() -> None:
    assert downloads_view(made_run()).packed == downloads_view(made_run()).packed


@pytest.mark.browser
def test_every_button_hands_over_its_file(browser, tmp_path: Path) -> None:
    run = made_run(names=HOSTILE_NAMES)
    path = open_page(browser, render_report(run), tmp_path)
    browser.execute_script(CAPTURE)
    buttons = browser.find_elements("css selector", "#downloads button")
    for button in buttons:
        browser.execute_script("arguments[0].click()", button)
    given = browser.execute_async_script(ALL_GIVEN, len(buttons))
    tables = {table.file: csv_bytes(table.table) for table in [*plan_files(run), *tables_of_run(run)]}
    assert {name for name, _, _ in given} == set(tables)
    for name, kind, held in given:
        assert kind == "text/csv;charset=utf-8"
        assert base64.b64decode(held) == tables[name], name
    assert visible(HOSTILE_NAMES[6]).encode() in tables["plans.csv"]
    assert "was given to your browser" in browser.find_element("id", "downloads-told").text
    assert asks_for_nothing(browser, path)


@pytest.mark.browser
def test_by_keyboard_and_large_enough_to_hit(browser, tmp_path: Path) -> None:
    open_page(browser, render_report(made_run()), tmp_path, 320)
    browser.execute_script(CAPTURE)
    button = browser.find_element("css selector", "#downloads button")
    assert button.size["height"] >= 24
    assert button.accessible_name == "Download options.csv"
    button.send_keys("\n")
    assert len(browser.execute_async_script(ALL_GIVEN, 1)) == 1
    assert browser.execute_script("return document.documentElement.scrollWidth") <= 320


@pytest.mark.browser
def test_a_browser_that_cannot_unpack_is_told_where_the_tables_stand(browser, tmp_path: Path) -> None:
    added = browser.execute_cdp_cmd(
        "Page.addScriptToEvaluateOnNewDocument", {"source": "delete window.DecompressionStream;"}
    )
    try:
        open_page(browser, render_report(made_run()), tmp_path)
    finally:
        browser.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", added)
    assert browser.find_element("id", "downloads-cannot").is_displayed()
    assert not any(button.is_displayed() for button in browser.find_elements("css selector", "#downloads button"))


@pytest.mark.browser
def test_without_script_the_page_says_where_the_tables_stand(browser, tmp_path: Path) -> None:
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        open_page(browser, render_report(made_run()), tmp_path)
        section = browser.find_element("id", "downloads")
        assert "Downloads need JavaScript" in section.text
        assert not any(button.is_displayed() for button in section.find_elements("css selector", "button"))
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
