""" "Try your own grouping" in a browser: by mouse and by keyboard alone, with every shown figure scored again."""

from __future__ import annotations

import csv
import random
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pandas as pd
import pytest
from selenium import webdriver
from selenium.common.exceptions import ElementClickInterceptedException, TimeoutException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait

from grouping.pipeline import score_case
from grouping.plain_words import count, minutes, signed
from grouping.report import render_report
from grouping.report.group_section import rural_words
from grouping.report.settings import PageSettings
from grouping.result import AssessedOption, Run
from tests.browsing import accessibility_violations, asks_for_nothing, open_page
from tests.grouping.made_run import HOSTILE_NAMES
from tests.small_case import PRACTICES, write_small_case

pytestmark = pytest.mark.browser

DEMO = Path(__file__).parents[3] / "geodata" / "demo" / "case"
HEADER = ["practice_code", "group_id", "hub_site_code"]
FIGURES = ["kind", "share", "practices", "sites", "size", "minimum", "margin", "hub", "mean", "longest"]
READ = """
function texts(row) { return Array.from(row.querySelectorAll("[data-figure]")).map(cell => cell.textContent.trim()); }
var groups = {}, plan = {}, compared = {};
document.querySelectorAll(".try-groups tbody").forEach(function (body) {
  groups[body.dataset.group] = [body.querySelector("th bdi").textContent].concat(texts(body.rows[0]));
});
document.querySelectorAll(".try-plan tr[data-figure]").forEach(function (row) {
  plan[row.dataset.figure] = Array.from(row.querySelectorAll("td")).map(cell => cell.textContent);
});
document.querySelectorAll(".try-compare tbody").forEach(function (body) {
  compared[body.dataset.group] = Array.from(body.rows).map(row => row.cells[0].textContent).concat(
    Array.from(body.rows).slice(1).map(texts));
});
return {
  groups: groups, plan: plan, compared: compared,
  broken: Array.from(document.querySelectorAll(".try-broken li")).map(
    item => [item.dataset.group, item.dataset.claim, item.dataset.what]),
  said: document.getElementById("try-said").textContent, file: document.getElementById("try-csv").value
};
"""


def plan_file(path: Path, rows: list[tuple[str, str]]) -> Path:
    """A plan that names no hubs."""
    pd.DataFrame(rows, columns=HEADER[:2]).to_csv(path, index=False)
    return path


def as_options(*runs: Run) -> Run:
    """The plans of several scored runs as the options of one, without the travel pages."""
    options = tuple(
        replace(run.options[0], option=replace(run.options[0].option, option_id=f"option-{number}"))
        for number, run in enumerate(runs, 1)
    )
    return replace(runs[0], options=options, command="run", impact=None)


@pytest.fixture(scope="module")
def demo_run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The demonstration, grouped by locality and as it is today."""
    folder = tmp_path_factory.mktemp("plans")
    table = pd.read_csv(DEMO / "practices.csv")
    runs = [
        score_case(
            DEMO, plan_file(folder / f"{column}.csv", list(zip(table["practice_code"], table[column], strict=True)))
        )
        for column in ("locality", "current_group")
    ]
    return as_options(*runs)


@pytest.fixture(scope="module")
def demo_page(demo_run: Run) -> str:
    return render_report(demo_run)


@pytest.fixture(scope="module")
def still(browser: webdriver.Chrome) -> webdriver.Chrome:
    """A browser that scrolls at once, as its owner may ask for."""
    reduced = [{"name": "prefers-reduced-motion", "value": "reduce"}]
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": reduced})
    return browser


def at(driver: webdriver.Chrome, name: str) -> object:
    return driver.find_element(By.ID, f"try-{name}")


def read(driver: webdriver.Chrome) -> dict:
    return driver.execute_script(READ)


def values_of(driver: webdriver.Chrome, name: str) -> list[str]:
    return driver.execute_script("return Array.from(arguments[0].options).map(one => one.value)", at(driver, name))


def move(driver: webdriver.Chrome, practice: str, to: str) -> None:
    """Move a practice by the controls, each chosen by the words it begins with."""
    for name, words in (("practice", practice), ("to", to)):
        select = Select(at(driver, name))
        select.select_by_visible_text(next(one.text for one in select.options if one.text.startswith(words)))
    at(driver, "move").click()


def downloaded(driver: webdriver.Chrome, folder: Path) -> Path:
    """Press the button and wait for the file."""
    driver.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(folder)})
    path = folder / "plan.csv"
    path.unlink(missing_ok=True)
    at(driver, "save").click()
    until = time.monotonic() + 20
    while not path.exists() or path.stat().st_size == 0:
        assert time.monotonic() < until, "no file came"
        time.sleep(0.05)
    return path


def said_by_the_program(option: AssessedOption, run: Run) -> tuple[dict, dict, list]:
    """Groups, whole plan and broken rules as the page prints them, from the tables of the program."""
    groups = {
        row.group_id: [
            f"{row.group_id} {row.name}", row.kind, rural_words(row.rural_share, row.kind, run),
            count(row.practices), count(row.sites), count(row.list_size), count(row.minimum), signed(row.margin),
            str(run.place.sites.at[row.hub_site_code, "name"]),
            minutes(row.mean_minutes_to_hub), minutes(row.max_practice_minutes),
        ]
        for row in option.groups.itertuples()
    }  # fmt: skip
    told = option.headline
    plan = {
        "groups": count(told["groups"]), "rural": count(told["rural_groups"]), "practices": count(told["practices"]),
        "smallest": count(told["smallest"]), "largest": count(told["largest"]), "exceptions": count(told["exceptions"]),
        "shortfall": count(told["shortfall"]), "mean": minutes(told["mean_minutes_to_hub"]),
        "longest": minutes(told["longest_practice_minutes"]), "without": count(told["patients_without_route"]),
    }  # fmt: skip
    broken = option.verification[(option.verification["kind"] == "rule") & ~option.verification["agrees"]]
    faults = [[group_id, claim.claim, what] for claim in broken.itertuples() for group_id, what in claim.faults]
    faults += [["", claim.claim, claim.detail] for claim in broken.itertuples() if not claim.faults]
    return groups, plan, sorted(faults)


def agrees(driver: webdriver.Chrome, case: Path, file: Path, started: AssessedOption) -> None:
    """Score the file with the program and compare every figure that the page shows."""
    scored = score_case(case, file)
    option = scored.options[0]
    page = read(driver)
    groups, plan, broken = said_by_the_program(option, scored)
    shown = {key: [row[0].removesuffix(" (changed)"), *row[1:]] for key, row in page["groups"].items()}
    assert shown == groups
    assert {key: cells[1] for key, cells in page["plan"].items()} == plan
    assert sorted(page["broken"]) == broken
    before, before_plan, _ = said_by_the_program(started, scored)
    assert {key: cells[0] for key, cells in page["plan"].items()} == before_plan
    touched = {group.group_id: group for group in option.option.plan.groups}
    same = {group.group_id for group in started.option.plan.groups if touched.get(group.group_id) == group}
    assert set(page["compared"]) == (set(groups) | set(before)) - same
    for group_id, rows in page["compared"].items():
        now, then = groups.get(group_id), before.get(group_id)
        title = "Option 1" if started.option.option_id == "option-1" else "Option 2"
        if now and then:
            assert rows[:4] == [now[0], title, "This trial", "Change"]
            assert rows[4:6] == [then[1:], now[1:]]
        elif now:
            assert rows == [f"{now[0]}: a new group", "This trial", now[1:]]
        else:
            assert rows == [f"{then[0]}: gone, nobody is in it", title, then[1:]]


# ----------------------------------------------------------------------------------------------------- fifty moves each


@pytest.mark.slow
def test_fifty_random_moves_by_mouse_score_the_same(
    still: webdriver.Chrome, demo_run: Run, demo_page: str, tmp_path: Path
) -> None:
    path = open_page(still, demo_page, tmp_path)
    dice = random.Random(1)
    for number in range(1, 51):
        Select(at(still, "practice")).select_by_value(str(dice.randrange(96)))
        places = values_of(still, "to")
        Select(at(still, "to")).select_by_value("new" if dice.random() < 0.1 else dice.choice(places[1:]))
        at(still, "move").click()
        if number in {1, 17, 50}:
            agrees(still, DEMO, downloaded(still, tmp_path), demo_run.options[0])
    file = (tmp_path / "plan.csv").read_text(encoding="utf-8")
    assert file == read(still)["file"]
    assert len(list(csv.reader(file.splitlines()))) == 97
    assert asks_for_nothing(still, path)


@pytest.mark.slow
def test_fifty_random_moves_by_keyboard_alone_score_the_same(
    still: webdriver.Chrome, demo_run: Run, demo_page: str, tmp_path: Path
) -> None:
    path = open_page(still, demo_page, tmp_path)
    dice = random.Random(2)

    def press(*keys: str) -> None:
        still.switch_to.active_element.send_keys(*keys)

    def focused() -> str:
        return still.switch_to.active_element.get_attribute("id")

    def tab_to(wanted: str, *keys: str) -> None:
        for _ in range(60):
            if focused() == wanted:
                return
            press(*(keys or (Keys.TAB,)))
        raise AssertionError(f"the Tab key does not reach {wanted}, only {focused()}")

    def choose() -> None:
        press(dice.choice([Keys.HOME, Keys.END, Keys.PAGE_DOWN, Keys.PAGE_UP]))
        press(dice.choice([Keys.DOWN, Keys.UP]) * dice.randrange(12))

    for _ in range(60):
        if still.switch_to.active_element.get_attribute("href") == path.as_uri() + "#try":
            break
        press(Keys.TAB)
    press(Keys.ENTER)
    press(Keys.TAB)  # focus is where the link led: the first control of the section is next
    assert focused() == "try-start"
    press(Keys.DOWN)
    tab_to("try-restart")
    press(Keys.SPACE)
    assert "Option 2" in read(still)["said"]
    for number in range(1, 51):
        tab_to("try-practice", *((Keys.SHIFT, Keys.TAB) if focused() == "try-move" else (Keys.TAB,)))
        choose()
        tab_to("try-to")
        choose()
        if not at(still, "to").get_attribute("value"):
            press(Keys.DOWN)
        tab_to("try-move")
        press(Keys.ENTER)
        if number % 10 == 0:  # one step back, and one more move instead of it
            tab_to("try-undo")
            press(Keys.SPACE)
            assert read(still)["said"].startswith("Undone.")
            tab_to("try-practice", Keys.SHIFT, Keys.TAB)
            choose()
            tab_to("try-to")
            press(Keys.END)
            tab_to("try-move")
            press(Keys.ENTER)
    tab_to("try-save")
    still.execute_cdp_cmd("Browser.setDownloadBehavior", {"behavior": "allow", "downloadPath": str(tmp_path)})
    press(Keys.ENTER)
    until = time.monotonic() + 20
    while not (tmp_path / "plan.csv").exists() and time.monotonic() < until:
        time.sleep(0.05)
    agrees(still, DEMO, tmp_path / "plan.csv", demo_run.options[1])
    assert asks_for_nothing(still, path)


# ---------------------------------------------------------------------------------------------------------- small cases


@pytest.fixture
def small(still: webdriver.Chrome, tmp_path: Path) -> Callable[..., tuple[Run, Path]]:
    """Open the page of the small case, under the given groups (practice numbers) and names."""

    def opened(
        *plans: str, names: dict[str, str] | None = None, width: int = 1280, scored: bool = False
    ) -> tuple[Run, Path]:
        case = write_small_case(tmp_path / "case", names=names)
        runs = []
        for number, plan in enumerate(plans):
            rows = [(code, letter) for (code, *_), letter in zip(PRACTICES, plan, strict=True) if letter != "-"]
            runs.append(score_case(case, plan_file(tmp_path / f"plan-{number}.csv", rows)))
        run = replace(runs[0], impact=None) if scored else as_options(*runs)
        open_page(still, render_report(run), tmp_path, width)
        return run, case

    return opened


def test_a_group_that_loses_its_last_member_is_gone_and_comes_back(
    still: webdriver.Chrome, small, tmp_path: Path
) -> None:
    run, case = small("AAABBCCD")
    move(still, "Old Forge Practice", "C ")
    page = read(still)
    assert set(page["groups"]) == {"A", "B", "C"}
    assert page["said"].startswith("Old Forge Practice moved from D to C. D is gone: nobody is in it.")
    assert page["compared"]["D"][0] == "D Hills 2: gone, nobody is in it"
    agrees(still, case, downloaded(still, tmp_path), run.options[0])
    move(still, "Old Forge Practice", "D, empty")
    page = read(still)
    assert page["compared"] == {}
    assert "D is new" in page["said"]


def test_everybody_in_one_group_and_everybody_alone(still: webdriver.Chrome, small, tmp_path: Path) -> None:
    run, case = small("AAABBCCD")
    for _, name, *_ in PRACTICES[3:]:
        move(still, name, "A ")
    assert list(read(still)["groups"]) == ["A"]
    agrees(still, case, downloaded(still, tmp_path), run.options[0])
    for _, name, *_ in PRACTICES[1:]:
        move(still, name, "A new group")
    assert list(read(still)["groups"]) == ["A", *(f"N{number}" for number in range(1, 8))]
    agrees(still, case, downloaded(still, tmp_path), run.options[0])


def test_undo_goes_back_through_moves_resets_and_starts(still: webdriver.Chrome, small) -> None:
    small("AAABBCCD", "AABBCCDD")
    states = [read(still)["file"]]
    move(still, "Castle Road", "B ")
    states.append(read(still)["file"])
    move(still, "Mill Lane", "A new group")
    states.append(read(still)["file"])
    at(still, "reset").click()
    assert read(still)["file"] == states[0]
    assert at(still, "reset").get_attribute("aria-disabled") == "true"
    Select(at(still, "start")).select_by_visible_text("Option 2")
    at(still, "restart").click()  # nothing is moved: nobody is asked
    assert not at(still, "sure").is_displayed()
    assert read(still)["plan"]["groups"][0] == "4"
    second = read(still)["file"]
    assert second not in states
    for wanted in (states[0], states[2], states[1], states[0], states[0]):
        at(still, "undo").click()
        assert read(still)["file"] == wanted
    assert read(still)["said"] == "There is nothing to undo."
    assert at(still, "undo").get_attribute("aria-disabled") == "true"
    assert Select(at(still, "start")).first_selected_option.text == "Option 1"


@pytest.mark.parametrize("to", ["B ", "A new group"])
def test_a_second_click_moves_nobody(still: webdriver.Chrome, small, to: str) -> None:
    small("AAABBCCD")
    move(still, "Castle Road", to)
    made = read(still)["file"]
    at(still, "move").click()
    page = read(still)
    assert page["file"] == made
    assert page["said"] == "Choose where to move Castle Road Surgery first."
    assert still.switch_to.active_element == at(still, "to")
    at(still, "undo").click()
    assert "X00003,A," in read(still)["file"]  # one step, not two


def test_coming_back_to_the_page_shows_one_state_throughout(still: webdriver.Chrome, small) -> None:
    """From the browser's memory or loaded anew: controls, figures and file agree."""
    small("AAABBCCD", "AABBCCDD")
    at(still, "start").send_keys("Option 2")
    at(still, "restart").click()
    move(still, "Castle Road", "A new group")
    at(still, "map").click()
    mine = read(still)["file"]
    still.get("about:blank")
    still.back()
    page = read(still)
    kept = page["file"] == mine
    assert Select(at(still, "start")).first_selected_option.text == ("Option 2" if kept else "Option 1")
    assert at(still, "map").is_selected() == kept
    assert ("N1" in page["groups"]) == kept
    assert bool(page["compared"]) == kept
    move(still, "Old Forge", "A new group")
    assert ("N2" if kept else "N1") in read(still)["groups"]


def test_switching_the_option_asks_first_when_moves_would_be_put_aside(still: webdriver.Chrome, small) -> None:
    small("AAABBCCD", "AABBCCDD")
    move(still, "Castle Road", "B ")
    mine = read(still)["file"]
    Select(at(still, "start")).select_by_visible_text("Option 2")
    assert read(still)["file"] == mine  # choosing alone does nothing
    at(still, "restart").click()
    assert at(still, "sure-words").text == "Starting from Option 2 puts your moves aside. Start again?"
    assert still.switch_to.active_element == at(still, "sure-yes")
    at(still, "sure-no").click()
    assert read(still)["file"] == mine
    assert Select(at(still, "start")).first_selected_option.text == "Option 1"
    Select(at(still, "start")).select_by_visible_text("Option 2")
    at(still, "restart").click()
    at(still, "sure-yes").click()
    page = read(still)
    assert page["file"] != mine
    assert page["compared"] == {}
    assert not at(still, "sure").is_displayed()


def test_practices_a_plan_leaves_out_can_be_moved_in_and_out(still: webdriver.Chrome, small, tmp_path: Path) -> None:
    run, case = small("AAABB--D", scored=True)
    assert not still.find_elements(By.ID, "try-start")  # one plan: nothing to choose
    assert "In no group and in no total: 2 practices with 17,000 patients" in at(still, "figures").text
    move(still, "Orchard Practice", "D ")
    assert read(still)["plan"]["practices"] == ["6", "7", "+1"]
    scored_again = score_case(case, downloaded(still, tmp_path))
    assert len(scored_again.options[0].left_out) == 1
    groups, plan, broken = said_by_the_program(scored_again.options[0], scored_again)
    page = read(still)
    assert [row[1:] for row in page["groups"].values()] == [row[1:] for row in groups.values()]
    assert {key: cells[1] for key, cells in page["plan"].items()} == plan
    assert sorted(page["broken"]) == broken
    for _, name, *_ in PRACTICES:
        if "in no group" not in next(
            one.text for one in Select(at(still, "practice")).options if one.text.startswith(name)
        ):
            move(still, name, "No group")
    page = read(still)
    assert page["groups"] == {}
    assert page["plan"]["groups"][1] == "0"
    assert page["plan"]["mean"][1] == "not known"
    at(still, "save").click()
    assert read(still)["said"] == "There is nothing to download: nobody is in a group."
    at(still, "undo").click()
    assert len(read(still)["groups"]) == 1
    assert run.command == "score"
    assert still.get_log("browser") == []


def test_hostile_names_stay_words(still: webdriver.Chrome, small, tmp_path: Path) -> None:
    names = {code: name for (code, *_), name in zip(PRACTICES, HOSTILE_NAMES, strict=False)}
    run, case = small("AAABBCCD", names=names)
    shown = Select(at(still, "practice")).options
    assert any(one.text.startswith("<img src=x onerror=alert(1)>") for one in shown)
    move(still, "<img src=x", "B ")
    assert "<img src=x onerror=alert(1)> moved from A to B." in read(still)["said"]
    assert not still.find_elements(By.CSS_SELECTOR, "#try img")
    agrees(still, case, downloaded(still, tmp_path), run.options[0])
    assert still.get_log("browser") == []


def test_hostile_codes_come_back_as_the_case_has_them(still: webdriver.Chrome, tmp_path: Path) -> None:
    """Commas, quotation marks, formulas, marks of direction and tags in codes: the file names the same practices."""
    case = write_small_case(tmp_path / "case")
    hostile = {"X00001": 'X,"1;', "X00002": "X|;=2", "X00003": "X\u200b\u202e3", "X00004": "<B>&AMP;"}
    for path in case.glob("*.csv"):
        table = pd.read_csv(path, dtype=str, keep_default_na=False)
        for column in table.columns.intersection(["practice_code", "site_code"]):
            table[column] = table[column].replace(hostile | {f"{old}-1": f"{new}-1" for old, new in hostile.items()})
        table.to_csv(path, index=False)
    codes = [*hostile.values(), *(code for code, *_ in PRACTICES[4:])]
    run = as_options(score_case(case, plan_file(tmp_path / "plan-0.csv", list(zip(codes, "AAABBCCD", strict=True)))))
    open_page(still, render_report(run), tmp_path)
    move(still, "Castle Road", "D ")
    agrees(still, case, downloaded(still, tmp_path), run.options[0])
    assert {row[0] for row in csv.reader(read(still)["file"].splitlines()[1:])} == set(codes)
    assert still.get_log("browser") == []


def test_the_map_is_told_of_the_trial_and_tells_of_practices(still: webdriver.Chrome, small) -> None:
    small("AAABBCCD")
    still.execute_script(
        "window.heard = []; document.addEventListener('trial-changed', event => heard.push(event.detail));"
    )
    move(still, "Castle Road", "A new group")
    assert still.execute_script("return heard") == []  # not asked for
    at(still, "map").click()
    move(still, "Mill Lane", "N1 ")
    at(still, "map").click()
    on, moved, off = still.execute_script("return heard")
    assert [on["on"], moved["on"], off["on"]] == [True, True, False]
    assert moved["groupOf"] == [0, 4, 4, 1, 1, 2, 2, 3]
    assert [group["id"] for group in moved["groups"]] == ["A", "B", "C", "D", "N1"]
    assert moved["groups"][4]["hub"] in {"X00002-1", "X00003-1"}
    still.execute_script("document.dispatchEvent(new CustomEvent('practice-chosen', {detail: 'X00006'}))")
    assert Select(at(still, "practice")).first_selected_option.text.startswith("Mill Lane")  # the map is not asked
    at(still, "map").click()
    still.execute_script("document.dispatchEvent(new CustomEvent('practice-chosen', {detail: 'X00006'}))")
    assert Select(at(still, "practice")).first_selected_option.text.startswith("Orchard Practice")
    assert still.switch_to.active_element == at(still, "to")


def test_a_site_on_the_map_offers_to_move_its_practice(still: webdriver.Chrome, small) -> None:
    small("AAABBCCD")
    at(still, "map").click()
    assert still.find_element(By.ID, "map-option").text == "Your trial, not a proposal"
    still.execute_script("document.querySelector('.map-box').scrollIntoView({block: 'center'})")
    for site in still.find_elements(By.CSS_SELECTOR, ".leaflet-plan-sites-pane path"):
        with suppress(ElementClickInterceptedException):  # the mark of a hub may lie on its site
            site.click()
            break
    choice = still.find_element(By.CSS_SELECTOR, "#map .leaflet-popup-content .try-choice")
    name, where = Select(at(still, "practice")).first_selected_option.text.split(", now in ")
    Select(choice.find_element(By.TAG_NAME, "select")).select_by_visible_text("A new group")
    choice.find_element(By.TAG_NAME, "button").click()
    assert read(still)["said"].startswith(f"{name.split(' (')[0]} moved from {where} to N1.")
    assert "leaflet-container" in still.switch_to.active_element.get_attribute("class")
    letters = [one.text for one in still.find_elements(By.CSS_SELECTOR, "#map .group-label")]
    assert "N1" in letters
    assert still.get_log("browser") == []


def test_a_practice_is_moved_by_touch_on_a_phone(still: webdriver.Chrome, small) -> None:
    small("AAABBCCD", width=320)
    still.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": True, "maxTouchPoints": 1})

    def tap(element: object) -> None:
        middle = "const r = arguments[0].getBoundingClientRect(); return {x: r.x + r.width / 2, y: r.y + r.height / 2}"
        point = still.execute_script(middle, element)
        for kind, points in (("touchStart", [point]), ("touchEnd", [])):
            still.execute_cdp_cmd("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def offered() -> list:
        return still.find_elements(By.CSS_SELECTOR, "#map .leaflet-popup-content .try-choice")

    try:
        still.execute_script("arguments[0].scrollIntoView({block: 'center'})", at(still, "map"))
        tap(at(still, "map"))
        still.execute_script("document.querySelector('.map-box').scrollIntoView({block: 'center'})")
        for site in still.find_elements(By.CSS_SELECTOR, ".leaflet-plan-sites-pane path"):
            tap(site)
            with suppress(TimeoutException):  # the mark of a hub may lie on its site
                WebDriverWait(still, 1, 0.05).until(lambda _: offered())
                break
        (choice,) = offered()
        chosen = Select(at(still, "practice")).first_selected_option.text.split(" (")[0]
        assert choice.find_element(By.TAG_NAME, "label").text.startswith(f"Move {chosen} to")
        button = choice.find_element(By.TAG_NAME, "button")
        outside = still.execute_script(
            "const [map, head, foot] = ['.leaflet-container', '.leaflet-popup-close-button', '.try-choice button']"
            ".map(name => document.querySelector('#map ' + name).getBoundingClientRect());"
            "return head.top < map.top || head.right > map.right || foot.bottom > map.bottom"
        )
        assert not outside  # its name, its close button and what it offers are on the map
        tap(button)
        WebDriverWait(still, 5, 0.05).until(lambda one: "Choose where" in read(one)["said"])
        Select(choice.find_element(By.TAG_NAME, "select")).select_by_visible_text("A new group")
        tap(button)
        WebDriverWait(still, 5, 0.05).until(lambda one: "to N1. " in read(one)["said"])
        assert not offered()
        assert still.execute_script("return document.documentElement.scrollWidth") <= 320
    finally:
        still.execute_cdp_cmd("Emulation.setTouchEmulationEnabled", {"enabled": False})
    assert still.get_log("browser") == []


def test_a_practice_is_chosen_from_the_list_of_its_group(still: webdriver.Chrome, small) -> None:
    small("AAABBCCD")
    body = still.find_element(By.CSS_SELECTOR, ".try-groups tbody[data-group=C]")
    body.find_element(By.TAG_NAME, "summary").click()
    next(one for one in body.find_elements(By.TAG_NAME, "button") if "Meadow View" in one.text).click()
    assert Select(at(still, "practice")).first_selected_option.text.startswith("Meadow View Surgery (X00007), now in C")
    move(still, "Meadow View", "D ")
    again = still.find_element(By.CSS_SELECTOR, ".try-groups tbody[data-group=C] details")
    assert again.get_attribute("open")  # what a reader has opened stays open


def test_the_section_can_be_used_by_all_and_fits_a_phone(still: webdriver.Chrome, small) -> None:
    small("AAABBCCD", "AABBCCDD", width=320)
    move(still, "Castle Road", "A new group")
    move(still, "Old Forge", "C ")
    Select(at(still, "start")).select_by_visible_text("Option 2")
    at(still, "restart").click()
    still.find_element(By.CSS_SELECTOR, ".try-groups summary").click()
    still.execute_script("document.querySelectorAll('main > section:not(#try)').forEach(part => part.remove())")
    assert still.execute_script("return document.documentElement.scrollWidth") <= 320
    small_targets = still.execute_script(
        "return Array.from(document.querySelectorAll('#try button, #try select, #try summary, #try input'))"
        ".filter(e => e.offsetParent && Math.min(e.offsetHeight, e.offsetWidth) < 20).map(e => e.outerHTML)"
    )
    assert small_targets == []
    assert accessibility_violations(still) == []


def test_printing_shows_the_trial_and_no_controls(still: webdriver.Chrome, small) -> None:
    small("AAABBCCD")
    move(still, "Castle Road", "B ")
    features = [{"name": "prefers-reduced-motion", "value": "reduce"}]
    still.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print", "features": features})
    try:
        assert still.find_element(By.CSS_SELECTOR, ".try-compare").is_displayed()
        assert not at(still, "move").is_displayed()
        assert "This is a trial, not a proposal." in still.find_element(By.ID, "try").text
    finally:
        still.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": features})


def test_without_script_the_section_says_that_it_needs_it(still: webdriver.Chrome, small, tmp_path: Path) -> None:
    small("AAABBCCD")
    still.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        still.refresh()
        section = still.find_element(By.ID, "try")
        assert "Trying a grouping needs JavaScript, which is off here." in section.text
        assert "Grouping practices closes no site." in section.text
        assert not still.find_element(By.ID, "try-move").is_displayed()
    finally:
        still.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def test_a_page_may_come_without_the_section(demo_run: Run) -> None:
    for page in (render_report(demo_run, PageSettings(try_own=False)), render_report(replace(demo_run, problem=None))):
        assert 'id="try"' not in page
        assert "tryFigures" not in page
        assert 'href="#try"' not in page
