"""The page of a check: its order and words, that it needs nothing but itself, and that it works in a browser."""

from __future__ import annotations

import csv
import html
import json
import re
from collections.abc import Iterable
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.common.exceptions import NoAlertPresentException
from selenium.webdriver.common.keys import Keys

from geodata.demo import write_demo_case
from geodata.errors import Finding
from geodata.findings_csv import write_findings
from geodata.origins import SOURCE_COLUMNS
from grouping.escape import visible
from grouping.input_check.checked import check_case
from grouping.input_check.page import input_dates, render_check
from tests.browsing import asks_for_nothing, open_page
from tests.grouping.input_check.test_check import broken_case, edit
from tests.grouping.made_run import HOSTILE_NAMES
from tests.page_text import broken_bones, leads_outside
from tests.small_case import PRACTICES, write_small_case

PLAIN_NAMES = tuple(name for name in HOSTILE_NAMES if "{{" not in name)


def hostile_case(folder: Path, times: int = 1) -> Path:
    """A case whose name, practices and areas have hostile names, one of them in the wrong place."""
    names = {row[0]: (name + " ") * times for row, name in zip(PRACTICES, HOSTILE_NAMES, strict=False)}
    case = write_small_case(folder, names=names)
    toml = (case / "case.toml").read_text(encoding="utf-8")
    toml = toml.replace('"Small case"', json.dumps(HOSTILE_NAMES[0] * times)).replace(
        'areas = "areas.csv"', f'areas = {{ file = "areas.csv", vintage = {json.dumps(HOSTILE_NAMES[4])} }}'
    )
    (case / "case.toml").write_text(toml, encoding="utf-8")
    edit(case / "areas.csv", "Area 0-0", '"' + HOSTILE_NAMES[5].replace('"', '""') + '"')
    return case


def cut_case(folder: Path, hostile: bool = False) -> Path:
    """A case as if it had been cut: with a record, the list of published files and an area over the border."""
    case = hostile_case(folder) if hostile else write_small_case(folder)
    name = HOSTILE_NAMES[0] if hostile else "epraccur_2022.csv"
    odd = HOSTILE_NAMES[1] if hostile else "OGL v3"
    rows = [
        ("practices", "practices", name, "", "2022", odd, "Information from NHS England; Second line", "aa" * 32, 8),
        (
            "practices",
            "list_sizes",
            "lists.xlsx",
            "Sheet1",
            "2016-02",
            odd,
            "Information from NHS England",
            "bb" * 32,
            8,
        ),
        ("sites", "practices", name, "", "2022", odd, "Information from NHS England; Second line", "aa" * 32, 8),
    ]
    write_rows(case / "sources.csv", SOURCE_COLUMNS, rows)
    told = [
        Finding("note", name, "The areas are those that carry its code: 1,452.", value="1452", code="home-areas"),
        Finding("warning", "lists.xlsx", HOSTILE_NAMES[2], HOSTILE_NAMES[3], value=HOSTILE_NAMES[4], code="odd"),
    ]
    write_findings(told if hostile else told[:1], case / "record.csv")
    toml = (case / "case.toml").read_text(encoding="utf-8")
    dated = 'vintage = "practices 2022, list_sizes 2016-02", attribution = "Information from NHS England"'
    toml = toml.replace('practices = "practices.csv"', f'practices = {{ file = "practices.csv", {dated} }}')
    (case / "case.toml").write_text('record = "record.csv"\n' + toml, encoding="utf-8")
    header, *areas = (case / "areas.csv").read_text(encoding="utf-8").splitlines()
    areas = [f"{header},neighbour", f"{areas[0]},yes", *(f"{row},no" for row in areas[1:])]
    (case / "areas.csv").write_text("\n".join(areas) + "\n", encoding="utf-8")
    return case


def write_rows(path: Path, columns: Iterable[str], rows: Iterable[Iterable[object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(columns)
        writer.writerows(rows)


@pytest.fixture(scope="module")
def demo_page(tmp_path_factory: pytest.TempPathFactory) -> str:
    return render_check(check_case(write_demo_case(tmp_path_factory.mktemp("demo") / "case")))


@pytest.fixture(scope="module")
def broken_page(tmp_path_factory: pytest.TempPathFactory) -> str:
    return render_check(check_case(broken_case(tmp_path_factory.mktemp("broken") / "case")))


@pytest.fixture(scope="module")
def cut_page(tmp_path_factory: pytest.TempPathFactory) -> str:
    return render_check(check_case(cut_case(tmp_path_factory.mktemp("cut") / "case", hostile=True)))


@pytest.fixture(scope="module")
def hostile_page(tmp_path_factory: pytest.TempPathFactory) -> str:
    return render_check(check_case(hostile_case(tmp_path_factory.mktemp("hostile") / "case")))


def text_of(page: str) -> str:
    """The words of a page, without scripts, styles and markup."""
    page = re.sub(r"<(script|style)\b.*?</\1>", " ", page, flags=re.S)
    page = re.sub(r"</?(?:bdi|span|strong|em|a|code)\b[^>]*>", "", page)
    return re.sub(r"\s+", " ", html.unescape(re.sub(r"<[^>]+>", " ", page)))


# ------------------------------------------------------------------------------------------------------- what it says


def test_stands_in_the_order_a_planner_reads(demo_page: str) -> None:
    text = text_of(demo_page)
    order = [
        "Draft for discussion. Not a decision.",
        "Made-up data.",
        "Input check: Demonstration county",
        "Dates of the inputs.",
        "Can run, but read this one warning first.",
        "What was read, beside the figures expected",
        "What was found, and what it would change",
        "Warnings 1 of one kind",
        "What it would change They count in the list sizes and in no minute",
        "Practice by practice",
        "Largest and smallest lists",
        "What was placed where",
        "Points to look at",
        "Metres from each point to its road",
        "Sources and licences",
        "Drive times on made-up roads",
    ]
    places = [text.index(words, text.index("Skip to the verdict")) for words in order]
    assert places == sorted(places)


def test_every_practice_has_its_row_and_every_source_its_file(demo_page: str) -> None:
    text = text_of(demo_page)
    for number in range(1, 97):
        assert f"X81{number:03d}" in text
    for file in (
        "practices.csv",
        "sites.csv",
        "areas.geojson",
        "registrations.csv",
        "localities.geojson",
        "roads.osm.pbf",
    ):
        assert file in text
    assert "766,000 766,000 none" in text


def test_a_case_with_errors_says_so_first_and_what_to_do(broken_page: str) -> None:
    text = text_of(broken_page)
    assert "Cannot run yet: 3 errors must be put right first." in text
    assert text.index("Errors 3 of 3 kinds") < text.index("Practice by practice")
    assert "What to do Write the number in digits only" in text
    assert "1 could not be placed and is not on the map." in text
    assert "Nothing was timed: the inputs hold errors." in text
    assert "Metres from each point" not in text


def test_a_case_without_findings_that_matter_can_run(tmp_path: Path) -> None:
    case = write_demo_case(tmp_path / "case")
    rows = (case / "registrations.csv").read_text(encoding="utf-8").splitlines()
    rows = [row for row in rows if "D09" not in row]
    (case / "registrations.csv").write_text("\n".join(rows) + "\n", encoding="utf-8")
    checked = check_case(case)
    assert checked.verdict == "can run"
    text = text_of(render_check(checked))
    assert "Can run. Nothing was noticed that would change a result." in text


def test_nothing_placed_gives_a_page_without_a_map(tmp_path: Path) -> None:
    case = write_small_case(tmp_path / "case")
    for table in ("sites", "areas"):
        (case / f"{table}.csv").write_text("", encoding="utf-8")
    page = render_check(check_case(case))
    assert "<script" not in page
    assert 'id="map"' not in page
    assert "Harbour Street Surgery" in page


# ------------------------------------------------------------------------------------------------------ how it is made


@pytest.mark.parametrize("which", ["demo_page", "broken_page", "hostile_page", "cut_page"])
def test_has_the_bones_of_an_accessible_page(which: str, request: pytest.FixtureRequest) -> None:
    page = request.getfixturevalue(which)
    assert broken_bones(page) == []


def test_names_no_address_to_load_from_and_allows_its_own_scripts_only(demo_page: str) -> None:
    assert leads_outside(demo_page) == []


def test_hostile_names_are_text_in_the_file(hostile_page: str) -> None:
    text = text_of(hostile_page)
    data = json.loads(re.search(r'id="map-data">(.*?)</script>', hostile_page, flags=re.S).group(1))
    shown = [point[1] for point in data["points"]]
    for name in HOSTILE_NAMES[:8]:
        assert visible(name) in text
        assert visible(name) in shown
    assert "<img src=x" not in hostile_page
    assert "<script>alert" not in hostile_page


# ------------------------------------------------------------------------------- cases cut out of published files


def test_a_cut_case_names_the_published_files_first(tmp_path: Path) -> None:
    checked = check_case(cut_case(tmp_path / "case"))
    page = render_check(checked)
    text = text_of(page)
    assert "epraccur_2022.csv practices 2022 practices, sites OGL v3 Information from NHS England; Second line" in text
    assert "lists.xlsx Sheet1 list sizes 2016-02 practices OGL v3 Information from NHS England" in text
    assert text.index("Published files this case was cut out of") < text.index("Files this check read")
    assert f'title="{"aa" * 32}"' in page
    assert text.count("Second line") == 2  # in the row, and once among the lines of attribution
    assert "as above" in text
    dates = input_dates(checked)
    assert dates[:2] == ("practices: 2022", "list sizes: 2016-02")
    assert "areas: date not stated" in dates


def test_a_figure_that_the_sentence_tells_is_not_told_before_it(tmp_path: Path) -> None:
    text = text_of(render_check(check_case(cut_case(tmp_path / "case"))))
    assert "epraccur_2022.csv: The areas are those that carry its code: 1,452." in text
    assert "value '1452'" not in text


def test_areas_over_the_border_are_counted_and_marked(tmp_path: Path) -> None:
    page = render_check(check_case(cut_case(tmp_path / "case")))
    data = json.loads(re.search(r'id="map-data">(.*?)</script>', page, flags=re.S).group(1))
    assert sum(point[13] for point in data["points"]) == 1
    assert "; 1 of them over the border" in text_of(page)
    assert "area over the border" in text_of(page)


@pytest.mark.parametrize(
    "content", ["", "table,kind\npractices,practices\n", "\x00\x01", '"open', "a,b\n1,2,3,4\n", "table,file\n,\n"]
)
def test_a_ruined_list_of_published_files_does_not_stop_the_page(tmp_path: Path, content: str) -> None:
    case = cut_case(tmp_path / "case")
    (case / "sources.csv").write_text(content, encoding="utf-8")
    assert "Published files this case was cut out of" not in render_check(check_case(case))
    (case / "sources.csv").write_bytes(b"table,file\npractices,\xff\xfe\n")
    assert "Published files this case was cut out of" not in render_check(check_case(case))
    (case / "sources.csv").unlink()
    assert "Files this check read" in render_check(check_case(case))


def test_hostile_published_files_and_records_are_text(tmp_path: Path) -> None:
    page = render_check(check_case(cut_case(tmp_path / "case", hostile=True)))
    text = text_of(page)
    for name in HOSTILE_NAMES[:4]:
        assert visible(name) in text
    assert "<img src=x" not in page
    assert "<script>alert" not in page


# ------------------------------------------------------------------------------------------------------- in a browser


def number(driver: webdriver.Chrome, selector: str) -> int:
    return driver.execute_script("return document.querySelectorAll(arguments[0]).length", selector)


@pytest.mark.browser
def test_opens_without_a_request_or_a_word_on_the_console(browser, demo_page: str, tmp_path: Path) -> None:
    path = open_page(browser, demo_page, tmp_path)
    assert asks_for_nothing(browser, path)


@pytest.mark.browser
def test_every_point_is_drawn_and_lines_lead_to_far_roads(browser, demo_page: str, tmp_path: Path) -> None:
    open_page(browser, demo_page, tmp_path)
    data = json.loads(re.search(r'id="map-data">(.*?)</script>', demo_page, flags=re.S).group(1))
    assert number(browser, ".leaflet-check-areas-pane path") == 449
    assert number(browser, ".leaflet-check-mains-pane .site-mark") == 96
    assert number(browser, ".leaflet-check-branches-pane .site-mark") == 35
    assert number(browser, ".leaflet-check-land-pane path") == 1
    far = sum(point[7] > 100 for point in data["points"])
    assert number(browser, ".leaflet-check-lines-pane path") == far > 0
    before = browser.execute_script(
        "return document.querySelector('.leaflet-check-areas-pane path').getAttribute('fill')"
    )
    browser.execute_script("document.querySelector('input[value=basis]').click()")
    after = browser.execute_script(
        "return document.querySelector('.leaflet-check-areas-pane path').getAttribute('fill')"
    )
    assert before != after
    assert browser.get_log("browser") == []


@pytest.mark.browser
def test_flagged_points_are_reached_and_explained_by_keyboard(browser, broken_page: str, tmp_path: Path) -> None:
    open_page(browser, broken_page, tmp_path)
    assert number(browser, ".flag-mark") == 1
    browser.execute_script("document.querySelector('.after-map a').focus()")
    labels = []
    for _ in range(7):
        browser.switch_to.active_element.send_keys(Keys.TAB)
        labels.append(browser.switch_to.active_element.get_attribute("aria-label") or "")
        if labels[-1].startswith("To look at"):
            break
    assert labels[-1] == "To look at: Mill Lane Practice"
    browser.switch_to.active_element.send_keys(Keys.ENTER)
    popup = browser.find_element("css selector", ".leaflet-popup-content").get_attribute("textContent")
    assert "km from the nearest area" in popup
    assert number(browser, ".flagged tbody tr") == 2, "the table holds the one that is nowhere as well"


@pytest.mark.browser
@pytest.mark.parametrize("width", [320, 390])
def test_nothing_scrolls_sideways_on_a_phone(
    browser, demo_page: str, cut_page: str, tmp_path: Path, width: int
) -> None:
    long_names = render_check(check_case(hostile_case(tmp_path / "case", times=8)))
    for page in (demo_page, cut_page, long_names):
        open_page(browser, page, tmp_path, width)
        assert browser.execute_script("return document.documentElement.scrollWidth") <= width


@pytest.mark.browser
def test_hostile_names_are_text_wherever_the_map_shows_them(browser, hostile_page: str, tmp_path: Path) -> None:
    open_page(browser, hostile_page, tmp_path)
    seen = browser.execute_script(
        """
        const texts = [], pictures = [];
        [feature_group_areas, feature_group_mains].forEach(group => group.eachLayer(layer => {
          layer.openPopup();
          const popup = document.querySelector(".leaflet-popup-content");
          texts.push(popup.textContent);
          pictures.push(popup.querySelectorAll("img, script, svg, a").length);
          layer.closePopup();
          layer.openTooltip();
          texts.push(Array.from(document.querySelectorAll(".leaflet-tooltip")).map(t => t.textContent).join(" "));
          layer.closeTooltip();
        }));
        return [texts, pictures];
        """
    )
    assert sum(seen[1]) == 0
    together = "\n".join(seen[0])
    for name in HOSTILE_NAMES[:8]:
        assert visible(name) in together
    assert number(browser, "img") == 0
    assert browser.get_log("browser") == []
    with pytest.raises(NoAlertPresentException):
        _ = browser.switch_to.alert.text


@pytest.mark.browser
def test_reads_without_scripts_and_prints_the_still_map(browser, demo_page: str, tmp_path: Path) -> None:
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        open_page(browser, demo_page, tmp_path)
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    shown = (
        "return ['.still-map', '.live-map', '.kind'].map(s =>"
        " Array.from(document.querySelectorAll(s)).filter(e => e.offsetHeight > 0).length)"
    )
    assert browser.execute_script(shown) == [1, 0, 2]
    open_page(browser, demo_page, tmp_path)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    printed = browser.execute_script(shown)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert printed == [1, 0, 2]
