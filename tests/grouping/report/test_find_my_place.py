"""Find my place on the page of a run: packed in the page, unpacked when somebody looks."""

from __future__ import annotations

import base64
import gzip
import json
import re
from pathlib import Path

import pytest
from selenium.webdriver.support.ui import WebDriverWait

from grouping.escape import packed_data, visible
from grouping.impact.about import about_of
from grouping.pipeline import run_case
from grouping.report import render_report
from grouping.report.impact import impact_view
from grouping.result import Run
from tests.browsing import asks_for_nothing, open_page
from tests.small_case import write_small_case

LISTED = "return Array.from(document.querySelectorAll('#impact-place-list > details'))"


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return run_case(write_small_case(tmp_path_factory.mktemp("places") / "case"), options=2)


def test_packed_data_is_what_was_put_in_and_the_same_every_time() -> None:
    value = [["</script><b>", ("=1+1", "\u202eturned")], {"a": float("nan")}]
    packed = packed_data(value)
    assert packed == packed_data(value)
    assert re.fullmatch(r"[A-Za-z0-9+/=]+", packed)
    unpacked = json.loads(gzip.decompress(base64.b64decode(packed)))
    assert unpacked == [["</script><b>", ["=1+1", visible("\u202eturned")]], {"a": None}]


@pytest.mark.browser
def test_every_place_is_found_with_all_its_sentences(browser, run: Run, tmp_path: Path) -> None:
    page = render_report(run)
    assert run.impact is not None
    expected = [[place.name, list(place.sentences)] for place in impact_view(run.impact, about_of(run)).places]
    assert expected
    path = open_page(browser, page, tmp_path)
    assert browser.execute_script(f"{LISTED}.length") == 0
    field = browser.find_element("id", "impact-place")
    field.send_keys(expected[0][0])
    WebDriverWait(browser, 10).until(lambda driver: driver.execute_script(f"{LISTED}.length"))
    found = browser.execute_script(
        f"{LISTED}.map(d => [d.querySelector('summary').textContent,"
        " Array.from(d.querySelectorAll('li')).map(l => l.textContent)])"
    )
    assert found == expected
    opened = browser.execute_script(f"{LISTED}.filter(d => d.open).map(d => d.querySelector('summary').textContent)")
    assert opened == [expected[0][0]] or len(opened) == 0  # a name that others begin with opens none
    assert asks_for_nothing(browser, path)


@pytest.mark.browser
def test_places_stand_in_nobodys_way_before_something_is_typed(browser, run: Run, tmp_path: Path) -> None:
    open_page(browser, render_report(run), tmp_path)
    field = browser.find_element("id", "impact-place")
    browser.execute_script("arguments[0].focus()", field)
    WebDriverWait(browser, 10).until(lambda driver: driver.execute_script(f"{LISTED}.length"))
    assert browser.execute_script(f"{LISTED}.filter(d => !d.hidden).length") == 0
    assert browser.find_element("id", "impact-place-count").text.endswith("Type a part of its name.")
    name = browser.execute_script(f"{LISTED}[0].querySelector('summary').textContent")
    field.send_keys(name)
    assert browser.execute_script(f"{LISTED}.filter(d => !d.hidden).length") >= 1


@pytest.mark.browser
def test_without_script_the_page_says_where_the_sentences_are(browser, run: Run, tmp_path: Path) -> None:
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        open_page(browser, render_report(run), tmp_path)
        told = browser.find_element("css selector", "#impact-places noscript").text
        assert "impact/impact.html" in told
        assert not browser.find_element("id", "impact-place").is_displayed()
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
