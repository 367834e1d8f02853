"""The page of a programme in a browser, as its readers see it: inside and for the public, wide, narrow and on paper."""

from __future__ import annotations

import re
from collections import Counter
from itertools import pairwise
from pathlib import Path

import pandas as pd
import pytest
from markupsafe import escape
from openpyxl import load_workbook

from grouping.pack import PackChoice, write_run_pack
from grouping.pipeline import run_case
from grouping.programme.assemble import Programme, programme_of
from grouping.programme.folder import write_programme
from grouping.programme.job import open_ground
from grouping.programme.page import render_programme
from grouping.programme.tables import all_tables
from grouping.programme.texts import TITLES
from grouping.report import render_report
from grouping.report.settings import PageSettings
from grouping.runs import write_run
from tests.browsing import accessibility_violations, asks_for_nothing, open_page
from tests.small_case import write_small_case

SETTINGS = """\
[tables]
engagement = "said.csv"
scores = "scores.csv"
history = "history.csv"
[growth]
base_year = 2026
[estates]
modern = ["A"]
major = ["D"]
m2_per_1000 = 60
[site_options]
look = true
budget = 100000
cost_per_m2 = 1000
protect = []
[rollout]
publish_years = true
"""

OPEN_ALL = "document.querySelectorAll('details').forEach(one => { one.open = true; });"

STICKS_OUT = "return document.documentElement.scrollWidth - document.documentElement.clientWidth;"

HIDDEN_ON_PAPER = """
return [...document.querySelectorAll("details table, details dl, details ul, svg")]
  .filter(one => one.getBoundingClientRect().height < 5 && !one.closest("li, .rollout-key")).length;
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two options with everything a planner can say about buildings, homes, scores and what was said."""
    folder = tmp_path_factory.mktemp("page")
    case = write_small_case(folder / "case")
    rated = pd.read_csv(case / "practices.csv", dtype=str).assign(vulnerability=list("12345125"))
    rated.to_csv(case / "practices.csv", index=False)
    sites = pd.read_csv(case / "sites.csv", dtype=str)
    sites.assign(
        condition=list("ABCDABCDD"), floor_area_m2="400", annual_cost="90000", tenure="leased", scheme="", quality="B"
    ).to_csv(case / "sites.csv", index=False)
    homes = "name,x,y,dwellings,year\nWest of the town,402000,102000,300,2029\n"
    (case / "housing.csv").write_text(homes, encoding="utf-8")
    with (case / "case.toml").open("a", encoding="utf-8") as handle:
        handle.write('housing = "housing.csv"\n')
    (case / "programme.toml").write_text(SETTINGS, encoding="utf-8")
    said = [f"2026-05-{day:02d},option-1,Practice manager,Remark {day},It is so now,yes" for day in range(1, 21)]
    (case / "said.csv").write_text("\n".join(["date,option,role,said,changed,public", *said]) + "\n", encoding="utf-8")
    scores = [f"option-{n},{name},{5 + n}" for n in (1, 2) for name in ("Access for all", "Workforce")]
    (case / "scores.csv").write_text("\n".join(["option,criterion,score", *scores]) + "\n", encoding="utf-8")
    (case / "history.csv").write_text("option,came_from\noption-2,option-1\n", encoding="utf-8")
    write_run(run_case(case, options=2), folder / "run", case_dir=case)
    return folder


@pytest.fixture(scope="module")
def programmes(folder: Path) -> dict[str, Programme]:
    """One for use inside, of the second option, which has a history; one for the public."""
    inside = programme_of(open_ground(folder / "run", "B"))
    return {"inside": inside, "public": programme_of(open_ground(folder / "run"), public=True)}


@pytest.fixture(scope="module")
def pages(folder: Path, programmes: dict[str, Programme]) -> dict[str, str]:
    """The pages of both, and the page of the run that holds the programme."""
    found = {name: render_programme(one) for name, one in programmes.items()}
    for name, one in programmes.items():
        choice = PackChoice(public=name == "public", pdf=False, programme=one)
        run = open_ground(folder / "run").run
        write_run_pack(run, folder / f"pack of {name}", choice)
        found[f"pack of {name}"] = (folder / f"pack of {name}" / "report.html").read_text(encoding="utf-8")
    return found


ALL = ("inside", "public", "pack of inside", "pack of public")


@pytest.mark.parametrize("name", ALL)
def test_ids_stand_once_and_every_link_leads_somewhere(pages: dict[str, str], name: str) -> None:
    ids = Counter(re.findall(r'\bid="([^"]+)"', pages[name]))
    assert [one for one, times in ids.items() if times > 1] == []
    unscripted = re.sub(r"<script.*?</script>", "", pages[name], flags=re.DOTALL)
    links = set(re.findall(r'href="#([^"]+)"', unscripted))
    assert links - set(ids) == set()
    named = set(re.findall(r'aria-labelledby="([^"]+)"', pages[name]))
    assert named - set(ids) == set()


@pytest.mark.parametrize("name", ALL)
def test_a_part_is_called_the_same_in_the_contents_in_short_and_above_it(
    pages: dict[str, str], programmes: dict[str, Programme], name: str
) -> None:
    for part in programmes[name.removeprefix("pack of ")].parts:
        assert f'<h2 id="{part}-title">{TITLES[part]}</h2>' in pages[name]
        links = re.findall(rf'<a href="#{part}">([^<]*)</a>', pages[name])
        assert set(links) - {"ratios"} == {TITLES[part]}


def test_long_tables_are_folded_away_and_answer_and_charts_are_not(pages: dict[str, str]) -> None:
    shut = re.sub(r"<details>.*?</details>", "", pages["inside"], flags=re.DOTALL)
    assert max(table.count("<tr") for table in re.findall(r"<table.*?</table>", shut, re.DOTALL)) <= 14
    assert pages["inside"].count("<svg") == shut.count("<svg") >= 6
    assert pages["inside"].count("<details>") == pages["inside"].count("</details>") >= 10


def test_pages_are_thrifty(pages: dict[str, str]) -> None:
    assert len(pages["inside"].encode("utf-8")) < 300_000
    assert len(pages["pack of inside"].encode("utf-8")) < 4_900_000


def test_a_programme_too_large_for_the_page_of_the_run_is_told_in_short(
    folder: Path, programmes: dict[str, Programme], pages: dict[str, str]
) -> None:
    run, programme = open_ground(folder / "run").run, programmes["inside"]
    most = len(pages["pack of inside"].encode("utf-8")) - 130_000
    page = render_report(run, PageSettings(tables="tables", programme=programme), most=most)
    assert len(page.encode("utf-8")) <= most
    assert "too large for this page" in page
    assert 'id="resilience"' not in page and 'href="#resilience"' not in page
    for line in programme.lines.values():
        assert str(escape(line)) in page


def test_every_sheet_has_its_title_as_a_name_and_every_column_words(
    folder: Path, programmes: dict[str, Programme]
) -> None:
    for name, programme in programmes.items():
        tables = all_tables(programme)
        titles = [table.title for table in tables]
        assert [title for title in titles if len(title) > 31 or ":" in title] == []
        assert len({title.casefold() for title in titles}) == len(titles)
        for table in tables:
            words = {column.key: column.words for column in table.columns}
            assert [column for column in table.table.columns if not words.get(column)] == [], table.name
            assert [one for one, times in Counter(words.values()).items() if times > 1] == [], table.name
        write_programme(programme, folder / f"programme of {name}")
        book = load_workbook(folder / f"programme of {name}" / "programme.xlsx")
        assert set(titles) <= set(book.sheetnames)
        linked = {cell.hyperlink.location for row in book["Contents"].iter_rows() for cell in row if cell.hyperlink}
        assert {f"'{title}'!A1" for title in titles} <= {place.replace("''", "’") for place in linked}


# --- In a browser ------------------------------------------------------------------------------------------------


@pytest.mark.browser
@pytest.mark.parametrize("name", ["inside", "public"])
@pytest.mark.parametrize("width", [1280, 320])
def test_the_page_asks_for_nothing_fits_and_meets_wcag(
    browser, tmp_path: Path, pages: dict[str, str], name: str, width: int
) -> None:
    path = open_page(browser, pages[name], tmp_path, width)
    assert asks_for_nothing(browser, path)
    assert browser.execute_script(STICKS_OUT) <= 0
    browser.execute_script(OPEN_ALL)
    assert browser.execute_script(STICKS_OUT) <= 0
    assert accessibility_violations(browser) == []


HOW_IT_LOOKS = """
const seen = [];
for (const part of ["rollout", "resources", "growth", "estates", "scorecard", "resilience", "engagement"]) {
  for (const one of document.querySelectorAll("#" + part + " *")) {
    const style = getComputedStyle(one);
    seen.push([one.tagName, one.getAttribute("class"), style.position, style.transform, style.fill, style.color,
      style.display, style.fontSize, style.textAlign].join("|"));
  }
}
return seen;
"""


@pytest.mark.browser
def test_a_section_looks_the_same_on_its_own_page_and_on_that_of_the_run(
    browser, tmp_path: Path, pages: dict[str, str]
) -> None:
    looks = []
    for name in ("inside", "pack of inside"):
        open_page(browser, pages[name], tmp_path)
        looks.append(browser.execute_script(HOW_IT_LOOKS))
    assert len(looks[0]) > 500
    other = [pair for pair in zip(*looks, strict=True) if pair[0] != pair[1]]
    assert other == []


@pytest.mark.browser
@pytest.mark.parametrize("name", ALL)
def test_headings_come_in_order_and_regions_have_names_of_their_own(
    browser, tmp_path: Path, pages: dict[str, str], name: str
) -> None:
    open_page(browser, pages[name], tmp_path)
    tags = browser.execute_script("return [...document.querySelectorAll('h1, h2, h3, h4, h5')].map(one => one.tagName)")
    levels = [int(tag[1]) for tag in tags]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in pairwise(levels))
    regions = browser.execute_script(
        "return [...document.querySelectorAll('[role=region]')].map(one => one.getAttribute('aria-label'))"
    )
    assert [label for label, times in Counter(regions).items() if times > 1] == []


@pytest.mark.browser
@pytest.mark.parametrize("name", ["inside", "public"])
def test_on_paper_all_is_open_and_nothing_is_wider_than_the_sheet(
    browser, tmp_path: Path, pages: dict[str, str], name: str
) -> None:
    open_page(browser, pages[name], tmp_path, 718)  # 190 mm: A4 without its margins
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        assert browser.execute_script(STICKS_OUT) <= 0
        assert browser.execute_script(HIDDEN_ON_PAPER) == 0
        cut = (
            "return [...document.querySelectorAll('table, svg')].filter(one => one.getBoundingClientRect().right > 719)"
        )
        assert browser.execute_script(f"{cut}.map(one => one.className.baseVal || one.outerHTML.slice(0, 120));") == []
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
