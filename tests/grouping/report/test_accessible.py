"""WCAG 2.2 AA on every page that leaves the house, as axe-core in a real browser sees it, wide and on a phone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from grouping.impact.about import about_of
from grouping.pipeline import run_case, score_case
from grouping.public import public_run
from grouping.report import render_report
from grouping.report.impact import render_impact
from grouping.report.locality import locality_page
from grouping.result import Run
from tests.browsing import accessibility_violations, asks_for_nothing, open_page
from tests.grouping.made_run import HOSTILE_NAMES, made_run
from tests.small_case import write_small_case

pytestmark = pytest.mark.browser
WIDTHS = (1280, 320)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Run]:
    """A run of the optimiser with what it is compared with, for the inside and for the public, and a scored plan."""
    folder = tmp_path_factory.mktemp("accessible")
    case = write_small_case(folder / "case")
    before = folder / "before.csv"
    first = run_case(case, options=2)
    lines = [f"{code},{group.group_id}," for code, group in first.options[1].option.plan.group_of.items()]
    before.write_text("practice_code,group_id,hub_site_code\n" + "\n".join(lines), encoding="utf-8")
    compared = run_case(case, options=2, before=before)
    return {"internal": compared, "public": public_run(compared), "scored": score_case(case, before)}


def _pages(runs: dict[str, Run]) -> Iterator[tuple[str, str]]:
    for name, run in runs.items():
        yield name, render_report(run)
        assert run.impact is not None
        yield f"impact of {name}", render_impact(run.impact, about_of(run))
        localities = sorted(set(run.place.practices["locality"].dropna()) - {""})
        yield f"locality of {name}", locality_page(run, localities[0])


@pytest.mark.slow
def test_pages_of_a_run_meet_the_guidelines_ask_for_nothing_and_fit_a_phone(
    browser, runs: dict[str, Run], tmp_path: Path
) -> None:
    for name, page in _pages(runs):
        for width in WIDTHS:
            path = open_page(browser, page, tmp_path, width)
            assert accessibility_violations(browser) == [], f"{name}, {width} pixels wide"
            assert browser.execute_script("return document.documentElement.scrollWidth") <= width, name
            assert asks_for_nothing(browser, path), name


@pytest.mark.parametrize(("height", "stays"), [(720, True), (320, False)])
def test_the_banner_does_not_cover_half_of_a_low_window(browser, tmp_path: Path, height: int, stays: bool) -> None:
    open_page(browser, render_report(made_run()), tmp_path, 320)
    size = {
        "width": 320,
        "height": height,
        "deviceScaleFactor": 1,
        "mobile": False,
    }  # 1280 x 720 seen four times as large
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    browser.execute_script("document.documentElement.style.scrollBehavior = 'auto'; window.scrollTo(0, 2000)")
    bottom = browser.execute_script("return document.querySelector('.banner').getBoundingClientRect().bottom")
    assert (bottom > 0) is stays


@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize(
    "run",
    [
        made_run(),
        made_run(names=HOSTILE_NAMES),
        made_run(points_only=True),
    ],
    ids=["made", "hostile", "points"],
)
def test_odd_runs_meet_the_guidelines(browser, run: Run, width: int, tmp_path: Path) -> None:
    open_page(browser, render_report(run), tmp_path, width)
    assert accessibility_violations(browser) == []
