"""The maps of the page in a browser: layers, keys, a reader's own grouping, and what stands inside pictures."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from selenium import webdriver
from selenium.common.exceptions import NoAlertPresentException
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from grouping import maps
from grouping.escape import visible
from grouping.problem import build_problem
from grouping.report import render_report
from grouping.report.settings import PageSettings
from grouping.result import Run
from tests.browsing import accessibility_violations, asks_for_nothing, open_page, unpacked
from tests.grouping.made_backdrop import with_backdrop
from tests.grouping.made_run import HOSTILE_NAMES, made_run

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def page() -> str:
    return render_report(with_backdrop(made_run()))


@pytest.fixture(scope="module")
def tried() -> str:
    """The page of a run that readers can try groupings of their own on."""
    run = made_run()
    pairs = itertools.combinations(run.place.practices.index, 2)
    edges = pd.DataFrame([(*pair, "edge") for pair in pairs], columns=["practice_a", "practice_b", "reason"])
    problem = build_problem(run.place, run.times, edges, run.rules)
    return render_report(replace(with_backdrop(run), problem=problem))


def compared(run: Run) -> Run:
    """The run against a baseline: minutes before in a row of steps, one area without, far below and far above."""
    steps = np.array([np.nan, -12.0, -10.0, -5.0, -1.0, 0.0, 1.0, 1.1, 5.1, 10.1])
    options = []
    for option in run.options:
        areas = option.areas.copy()
        areas["minutes_hub_before"] = areas["minutes_hub"] - np.resize(steps, len(areas))
        options.append(replace(option, areas=areas))
    return replace(run, options=tuple(options))


def _count(driver: webdriver.Chrome, selector: str) -> int:
    return driver.execute_script("return document.querySelectorAll(arguments[0]).length", selector)


def _choose(driver: webdriver.Chrome, name: str, position: int) -> None:
    script = "document.querySelectorAll(`input[name=${arguments[0]}]`)[arguments[1]].click()"
    driver.execute_script(script, name, position)


def _fills(driver: webdriver.Chrome) -> list[str]:
    return driver.execute_script("return feature_group_areas.getLayers().map(l => l.getElement().getAttribute('fill'))")


# ------------------------------------------------------------------------------------------------- layers and colours


@pytest.mark.parametrize("points_only", [False, True])
def test_the_map_is_drawn_for_every_option_and_asks_for_nothing(browser, tmp_path: Path, points_only: bool) -> None:
    path = open_page(browser, render_report(with_backdrop(made_run(points_only=points_only))), tmp_path)
    for position, labels in enumerate((5, 5, 4)):
        _choose(browser, "option-at-map", position)
        assert _count(browser, ".leaflet-plan-areas-pane path") == 30
        assert _count(browser, ".leaflet-plan-sites-pane path") == 12
        assert _count(browser, ".leaflet-plan-branches-pane path") == 4
        assert _count(browser, ".leaflet-plan-borders-pane path") == 2
        assert _count(browser, ".leaflet-plan-localities-pane path") == 3
        assert _count(browser, ".leaflet-plan-roads-pane path") == 2
        assert _count(browser, ".leaflet-plan-reach-pane path") == 0
        assert _count(browser, ".group-label") == _count(browser, ".hub-mark") == labels
        shown = "Array.from(document.querySelectorAll('article.option')).filter(o => o.offsetHeight > 0).map(o => o.id)"
        assert browser.execute_script(f"return {shown}") == [f"option-{position + 1}"]
        assert browser.find_element("id", "map-option").text == f"Option {position + 1}"
    inside = browser.execute_script(
        "const m = document.querySelector('.folium-map').getBoundingClientRect();"
        "return Array.from(document.querySelectorAll('.leaflet-plan-areas-pane path')).every(p => {"
        "const b = p.getBoundingClientRect(); return b.left >= m.left && b.right <= m.right && b.top >= m.top"
        " && b.bottom <= m.bottom && b.width > 5; })"
    )
    assert inside
    _choose(browser, "colouring", 1)
    assert _fills(browser).count(maps.NO_ROUTE_COLOUR) == 1  # the area without a route
    assert asks_for_nothing(browser, path)


def test_groups_have_a_colour_and_a_hatch(browser, page: str, tmp_path: Path) -> None:
    open_page(browser, page, tmp_path)
    run = made_run()
    polygons = maps.drawn_areas(run.place.areas)
    (shape, *_) = maps.group_shapes(run, polygons)
    colour = maps.group_colours(polygons, shape.of_area, list(shape.outlines))
    assert _fills(browser) == [f"url(#group-{colour[group]})" if group else "#ffffff" for group in shape.of_area]
    for number, hatch in enumerate(maps.HATCHES):
        assert (
            browser.execute_script(
                "return Array.from(document.getElementById(arguments[0]).children).map(p => p.getAttribute('fill'))",
                f"group-{number}",
            )
            == [hatch.colour, "none"][: 2 if hatch.lines else 1]
        )


def test_change_is_offered_with_a_baseline_only_and_carries_its_sign(browser, page: str, tmp_path: Path) -> None:
    open_page(browser, page, tmp_path)
    assert _count(browser, "input[name=colouring]") == 2
    assert "Change from before" not in page
    run = compared(made_run())
    open_page(browser, render_report(run), tmp_path)
    _choose(browser, "colouring", 2)
    codes = list(run.place.areas.index)
    table = run.options[0].areas.set_index("area_code").reindex(codes)
    expected = []
    for now, before in zip(table["minutes_hub"], table["minutes_hub_before"], strict=True):
        change = round(now - before, 6)
        if np.isnan(change):
            expected.append(maps.NO_ROUTE_COLOUR)
            continue
        # by hand: minus signs from 0 to 2, none within a minute, plus signs from 4 to 6
        step = sum(change >= limit for limit in (-10, -5, -1)) + sum(change > limit for limit in (1, 5, 10))
        expected.append(f"url(#change-{step})")
    assert _fills(browser) == expected
    legend = browser.find_element("css selector", ".change-legend").text
    assert "− over 10 minutes nearer" in legend
    assert "+ over 10 minutes further" in legend
    assert "− over 1 to 5 minutes nearer" in legend
    popup = browser.execute_script(
        "feature_group_areas.getLayers()[arguments[0]].openPopup();"
        "return document.querySelector('.leaflet-popup-content').textContent",
        expected.index("url(#change-6)"),
    )
    assert re.search(r"Minutes to the hub before\d+\.\d \(\+1\d\.\d now\)", popup)


def test_the_reach_of_hubs_is_off_then_three_lines_and_a_hub_shows_its_own(browser, page: str, tmp_path: Path) -> None:
    open_page(browser, page, tmp_path)
    assert _count(browser, ".leaflet-plan-reach-pane path") == 0
    browser.execute_script("map_blueprint.addLayer(feature_group_reach)")
    dashes = browser.execute_script(
        "return Array.from(document.querySelectorAll('.leaflet-plan-reach-pane path[stroke=\"#0b2f6b\"]'))"
        ".map(p => p.getAttribute('stroke-dasharray'))"
    )
    assert len(dashes) == len(set(dashes))
    assert None in dashes
    # ten minutes are five kilometres: the line around one hub is ten kilometres wide
    wide = browser.execute_script(
        "feature_group_hubs.getLayers()[1].openPopup();"
        "const lines = feature_group_reach.getLayers()"
        ".filter(l => l.options.color === '#0b2f6b' && !l.options.dashArray);"
        "const box = lines[0].getBounds(), hub = feature_group_hubs.getLayers()[1].getLatLng();"
        "return [map_blueprint.distance(box.getSouthWest(), box.getSouthEast()), box.contains(hub)]"
    )
    assert wide[0] == pytest.approx(10_000, abs=1_000)
    assert wide[1]
    browser.execute_script("map_blueprint.closePopup(); map_blueprint.removeLayer(feature_group_reach)")
    assert _count(browser, ".leaflet-plan-reach-pane path") == 0


def test_whose_roads_they_are_stands_on_the_map_while_they_are_shown(browser, page: str, tmp_path: Path) -> None:
    open_page(browser, page, tmp_path)
    credit = browser.find_element("css selector", ".leaflet-control-attribution")
    assert credit.text == "Roads © OpenStreetMap contributors"
    browser.execute_script("map_blueprint.removeLayer(feature_group_roads)")
    assert credit.text == ""
    assert "Roads © OpenStreetMap contributors" in browser.find_element("css selector", ".still-map svg").text


def test_without_roads_there_are_no_layers_of_them(browser, tmp_path: Path) -> None:
    open_page(browser, render_report(made_run(estimate=True)), tmp_path)
    names = browser.execute_script(
        "return Array.from(document.querySelectorAll('.leaflet-control-layers label')).map(l => l.textContent.trim())"
    )
    assert names == [
        "Areas", "Edges of groups", "Edges of localities", "Branch and other sites", "Main sites", "Hubs",
        "Letters of groups",
    ]  # fmt: skip
    assert "OpenStreetMap contributors" not in browser.find_element("id", "map").text


def test_hidden_figures_are_shown_as_they_are(browser, tmp_path: Path) -> None:
    run = made_run()
    first = run.options[0]
    areas = first.areas.astype({"minutes_hub": object})
    areas.loc[0, "minutes_hub"] = "*"
    groups = first.groups.astype({"list_size": object}).drop(columns=["max_practice_minutes"])
    groups.loc[0, "list_size"] = "*"
    polygons = maps.drawn_areas(run.place.areas)
    hidden = replace(run, options=(replace(first, areas=areas, groups=groups),))
    (shape,) = maps.group_shapes(hidden, polygons)
    colours = maps.group_colours(polygons, shape.of_area, list(shape.outlines))
    (option,) = maps.map_data(hidden, polygons, [colours], (shape,))["options"]
    assert option["areaHub"][0] == "*"
    assert option["groups"][0]["size"] == "*"
    assert option["groups"][0]["longest"] is None


# ---------------------------------------------------------------------------------------------------------------- keys


def test_the_map_is_passed_in_two_stops(browser, page: str, tmp_path: Path) -> None:
    open_page(browser, page, tmp_path)
    choice = browser.find_element("css selector", "input[name=colouring]")
    choice.send_keys(Keys.TAB)
    assert browser.switch_to.active_element.get_attribute("href").endswith("#after-map")
    browser.switch_to.active_element.send_keys(Keys.TAB)
    assert "folium-map" in browser.switch_to.active_element.get_attribute("class")
    browser.switch_to.active_element.send_keys(Keys.TAB)
    past = browser.execute_script(
        "return document.querySelector('.live-map').compareDocumentPosition(document.activeElement)"
        " & Node.DOCUMENT_POSITION_FOLLOWING"
    )
    assert past
    assert not browser.execute_script("return document.querySelector('.live-map').contains(document.activeElement)")


def test_layers_are_chosen_by_keys_and_escape_leads_back(browser, page: str, tmp_path: Path) -> None:
    open_page(browser, page, tmp_path)
    box = browser.find_element("css selector", ".folium-map")
    assert box.get_attribute("role") == "application"
    said = browser.find_element("id", box.get_attribute("aria-describedby"))
    assert said.is_displayed()
    assert "L opens the list of layers" in said.text
    box.send_keys("l")
    first = browser.switch_to.active_element
    assert first.get_attribute("type") == "checkbox"
    assert first.is_displayed()
    first.send_keys(Keys.ARROW_DOWN)
    second = browser.switch_to.active_element
    assert second != first
    assert _count(browser, ".leaflet-plan-roads-pane path") == 2
    second.send_keys(Keys.SPACE)
    assert _count(browser, ".leaflet-plan-roads-pane path") == 0
    assert browser.switch_to.active_element == second
    second.send_keys(Keys.ESCAPE)
    assert browser.switch_to.active_element == box
    assert not second.is_displayed()


def test_keys_move_and_zoom_without_animation_where_less_movement_is_asked_for(
    browser, page: str, tmp_path: Path
) -> None:
    calm = {"media": "", "features": [{"name": "prefers-reduced-motion", "value": "reduce"}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", calm)
    try:
        open_page(browser, page, tmp_path)
        box = browser.find_element("css selector", ".folium-map")
        zoom, west = browser.execute_script("return [map_blueprint.getZoom(), map_blueprint.getCenter().lng]")
        box.send_keys(Keys.ADD)
        assert browser.execute_script("return map_blueprint.getZoom()") > zoom
        box.send_keys(Keys.ARROW_RIGHT)
        assert browser.execute_script("return map_blueprint.getCenter().lng") > west
        box.send_keys(Keys.SUBTRACT)
        assert browser.execute_script("return map_blueprint.getZoom()") == zoom
    finally:
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})


def test_escape_closes_a_popup(browser, page: str, tmp_path: Path) -> None:
    open_page(browser, page, tmp_path)
    box = browser.find_element("css selector", ".folium-map")
    open_now = "return feature_group_hubs.getLayers()[0].isPopupOpen()"
    browser.execute_script("feature_group_hubs.getLayers()[0].openPopup()")
    assert browser.execute_script(open_now) is True
    box.send_keys(Keys.ESCAPE)
    assert browser.execute_script(open_now) is False


def test_everything_to_press_is_large_enough(browser, page: str, tmp_path: Path) -> None:
    open_page(browser, page, tmp_path, 320)
    browser.execute_script("layer_control_layers.expand(); feature_group_hubs.getLayers()[0].openPopup()")
    sizes = browser.execute_script(
        "return Array.from(document.querySelectorAll('.leaflet-bar a, .leaflet-control-layers label,"
        " .leaflet-popup-close-button, #map .switch label, .after-map a')).map(e => {"
        " const b = e.getBoundingClientRect(); return [e.className || e.tagName, b.width, b.height]; })"
    )
    assert len(sizes) > 10
    assert [size for size in sizes if min(size[1:]) < 24] == []
    assert browser.execute_script(
        "const m = document.querySelector('#map');return m.scrollWidth <= 320 && m.getBoundingClientRect().right <= 320"
    )


def test_on_a_phone_what_scrolls_in_the_map_can_be_scrolled_by_keys_and_facts_stay_inside(
    browser, page: str, tmp_path: Path
) -> None:
    calm = {"media": "", "features": [{"name": "prefers-reduced-motion", "value": "reduce"}]}
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", calm)  # what fades in has little contrast for a moment
    open_page(browser, page, tmp_path, 320)
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": []})
    browser.find_element("css selector", ".folium-map").send_keys("l")
    assert accessibility_violations(browser) == []
    browser.switch_to.active_element.send_keys(Keys.ARROW_DOWN)
    stops = "return Array.from(document.querySelectorAll('.leaflet-control-layers input')).map(e => e.tabIndex)"
    assert sorted(set(browser.execute_script(stops))) == [-1, 0]
    assert browser.execute_script("return document.activeElement.tabIndex") == 0
    browser.switch_to.active_element.send_keys(Keys.ESCAPE)
    browser.execute_script("feature_group_hubs.getLayers()[0].openPopup()")
    assert accessibility_violations(browser) == []
    left, right = browser.execute_script(
        "const map = document.querySelector('.folium-map').getBoundingClientRect(),"
        " popup = document.querySelector('.leaflet-popup').getBoundingClientRect();"
        "return [popup.left - map.left, map.right - popup.right];"
    )
    assert min(left, right) >= 0


def test_shapes_of_the_map_are_silent_for_who_hears_the_page(browser, page: str, tmp_path: Path) -> None:
    open_page(browser, page, tmp_path)
    nodes = browser.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    heard = [
        (node["role"]["value"], node.get("name", {}).get("value", "")) for node in nodes if not node.get("ignored")
    ]
    assert ("application", "Interactive map") in heard
    assert [role for role, name in heard if role in {"image", "graphics-symbol", "SvgRoot"} and not name] == []


# ----------------------------------------------------------------------------------------------------- a trial


def _trial(option: int, *, on: bool = True) -> dict[str, object]:
    """The groups of an option as the trial tells them."""
    run = made_run()
    plan = run.options[option].option.plan
    ids = [group.group_id for group in plan.groups]
    return {
        "on": on,
        "groupOf": [ids.index(plan.group_of[code].group_id) for code in run.place.practices.index],
        "groups": [
            {"id": group.group_id, "name": "tried", "colour": number % 6, "hub": group.hub_site_code}
            for number, group in enumerate(plan.groups)
        ],
    }


def _tell(driver: webdriver.Chrome, detail: dict[str, object]) -> None:
    driver.execute_script("document.dispatchEvent(new CustomEvent('trial-changed', {detail: arguments[0]}))", detail)


def test_a_trial_is_drawn_as_its_groups_are_and_gives_way_to_the_option(browser, tried: str, tmp_path: Path) -> None:
    open_page(browser, tried, tmp_path)
    before = _fills(browser)
    _tell(browser, _trial(1))
    run = made_run()
    plan = run.options[1].option.plan
    ids = [group.group_id for group in plan.groups]
    belongs = maps.group_of_area(run.place, plan)
    assert _fills(browser) == [f"url(#group-{ids.index(group) % 6})" if group else "#ffffff" for group in belongs]
    assert browser.find_element("id", "map-option").text == "Your trial, not a proposal"
    assert _count(browser, ".group-label") == len(ids)
    hubs = browser.execute_script(
        "return feature_group_hubs.getLayers().map(l => [l.getLatLng().lat, l.getLatLng().lng])"
    )
    places = run.place.sites.geometry.to_crs("EPSG:4326").loc[[group.hub_site_code for group in plan.groups]]
    assert np.allclose(hubs, np.column_stack((places.y, places.x)), atol=1e-5)
    _tell(browser, _trial(1, on=False))
    assert _fills(browser) == before
    assert browser.find_element("id", "map-option").text == "Option 1"


def test_areas_of_a_trial_go_with_most_registrations_and_ties_with_the_smaller_id(
    browser, tried: str, tmp_path: Path
) -> None:
    open_page(browser, tried, tmp_path)
    areas = [[0, 50, 1, 50], [0, 49, 1, 50], [0, 30, 1, 40, 1, 11], [], [3, 10]]
    # practices 0 and 2 in the group at 1 (G01), practice 1 in the group at 0 (G02), practice 3 in none
    found = browser.execute_script("return areasOfTrial(arguments[0], [1, 0, 1, -1], ['G02', 'G01'])", areas)
    assert found == [1, 0, 1, -1, -1]


@pytest.mark.browser
def test_groups_of_a_trial_with_whole_names_are_numbered_on_the_map(browser, tried: str, tmp_path: Path) -> None:
    open_page(browser, tried, tmp_path)
    trial = _trial(0)
    named = [group | {"id": f"Network of {group['id']}"} for group in trial["groups"]]
    _tell(browser, trial | {"groups": named})
    letters = "return Array.from(document.querySelectorAll('.group-label')).map(label => label.textContent)"
    assert browser.execute_script(letters) == [str(number) for number in range(1, len(named) + 1)]
    _tell(browser, trial)
    assert browser.execute_script(letters) == [group["id"] for group in trial["groups"]]


def test_the_patients_of_areas_are_there_only_where_a_trial_is(browser, tried: str) -> None:
    run = made_run()
    assert "areaPractices" in unpacked(tried, "map-data")
    assert "areaPractices" not in unpacked(render_report(run, PageSettings(try_own=False)), "map-data")
    polygons = maps.drawn_areas(run.place.areas)
    shapes = maps.group_shapes(run, polygons)
    colours = [maps.group_colours(polygons, shape.of_area, list(shape.outlines)) for shape in shapes]
    told = maps.map_data(run, polygons, colours, shapes, try_own=True)["areaPractices"]
    table = run.place.registrations.set_index(["area_code", "practice_code"])["patients"]
    for code, flat in zip(run.place.areas.index, told, strict=True):
        practices = np.cumsum(flat[::2])
        for practice, tenths in zip(practices, flat[1::2], strict=True):
            assert tenths / 10 == pytest.approx(table[code, run.place.practices.index[practice]], abs=0.05)
        assert sum(flat[1::2]) / 10 == pytest.approx(table[code].sum(), abs=0.05 * len(table[code]))
    assert "areaPractices" not in maps.map_data(replace(run, public=True), polygons, colours, shapes, try_own=True)


def test_a_click_on_a_site_chooses_its_practice_only_during_a_trial(browser, tried: str, tmp_path: Path) -> None:
    open_page(browser, tried, tmp_path)
    browser.execute_script(
        "window.heard = []; document.addEventListener('practice-chosen', e => window.heard.push(e.detail))"
    )
    click = "feature_group_sites.getLayers()[3].fire('click', {latlng: feature_group_sites.getLayers()[3].getLatLng()})"
    browser.execute_script(click)
    assert browser.execute_script("return window.heard") == []
    _tell(browser, _trial(0))
    browser.execute_script(click)
    assert browser.execute_script("return window.heard") == ["J80004"]


# ------------------------------------------------------------------------------------------------ nothing from the web


def test_the_map_is_offered_for_a_trial_only_where_it_can_draw_one(browser, tried: str, tmp_path: Path) -> None:
    open_page(browser, tried, tmp_path)
    WebDriverWait(browser, 10).until(lambda driver: driver.find_element("id", "try-map").is_displayed())
    old = browser.execute_cdp_cmd(
        "Page.addScriptToEvaluateOnNewDocument", {"source": "delete window.DecompressionStream"}
    )
    try:
        open_page(browser, tried, tmp_path)
    finally:
        browser.execute_cdp_cmd("Page.removeScriptToEvaluateOnNewDocument", old)
    assert not browser.find_element("id", "try-map").is_displayed()
    assert browser.find_element("id", "try-move").is_displayed()  # all else works


def test_a_street_map_is_offered_only_when_asked_for_and_never_in_public(browser, page: str, tmp_path: Path) -> None:
    assert "tile.openstreetmap.org" not in page
    public = replace(made_run(), public=True)
    assert "tile.openstreetmap.org" not in render_report(public, PageSettings(online_tiles=True, try_own=False))
    online = render_report(made_run(), PageSettings(online_tiles=True))
    assert "img-src data: https://tile.openstreetmap.org;" in online
    path = open_page(browser, online, tmp_path)
    assert browser.execute_script("return map_blueprint.hasLayer(feature_group_tiles)") is False
    assert "off" in browser.find_element("css selector", "#map .notice.needs-script").text
    assert asks_for_nothing(browser, path)
    browser.execute_script("map_blueprint.addLayer(feature_group_tiles)")
    asked = browser.execute_script("return Array.from(document.querySelectorAll('.leaflet-tile')).map(t => t.src)")
    assert asked
    assert all(address.startswith("https://tile.openstreetmap.org/") for address in asked)
    assert "© OpenStreetMap contributors" in browser.find_element("css selector", ".leaflet-control-attribution").text


def test_the_frame_is_the_same_every_time_and_names_no_address() -> None:
    run = with_backdrop(made_run())
    first, second = maps.folium_frame(run), maps.folium_frame(run)
    assert first == second
    assert "http" not in first.html + first.script
    assert "L.map(" in first.script
    assert "L.control.layers(" in first.script


def test_hostile_names_are_text_wherever_the_map_shows_them(browser, tmp_path: Path) -> None:
    open_page(browser, render_report(with_backdrop(made_run(names=HOSTILE_NAMES))), tmp_path)
    seen = browser.execute_script(
        """
        const layers = [feature_group_areas, feature_group_sites, feature_group_branches, feature_group_hubs];
        const texts = [], pictures = [];
        layers.forEach(group => group.eachLayer(layer => {
          layer.openPopup();
          const popup = document.querySelector(".leaflet-popup-content");
          texts.push(popup.textContent);
          pictures.push(popup.querySelectorAll("img, script, svg, a").length);
          layer.closePopup();
          layer.openTooltip();
          texts.push(Array.from(document.querySelectorAll(".leaflet-tooltip")).map(t => t.textContent).join(" "));
          pictures.push(document.querySelectorAll(".leaflet-tooltip img, .leaflet-tooltip script").length);
          layer.closeTooltip();
        }));
        return [texts, pictures];
        """
    )
    assert sum(seen[1]) == 0
    together = "\n".join(seen[0])
    for name in HOSTILE_NAMES:
        assert visible(name) in together
    labels = browser.execute_script(
        "return Array.from(document.querySelectorAll('svg[role=img]')).map(s => s.getAttribute('aria-label')).join()"
    )
    assert visible(HOSTILE_NAMES[0]) in labels
    assert browser.title.startswith("Practice groups for " + HOSTILE_NAMES[0])
    assert _count(browser, "img") == 0
    assert browser.get_log("browser") == []  # no alert, no refused script
    with pytest.raises(NoAlertPresentException):
        _ = browser.switch_to.alert.text


# --------------------------------------------------------------------------------------------------------- still maps


def test_every_still_map_names_its_groups(page: str) -> None:
    run = made_run()
    labels = re.findall(r'<svg class="drawing"[^>]*role="img" aria-label="([^"]+)"', page)
    assert len(labels) >= 2 * len(run.options)
    for number, option in enumerate(run.options):
        told = [label for label in labels if label.startswith(f"Option {number + 1}: map of the areas")]
        assert len(told) == 2  # the large one and the small one beside the others
        for row in option.groups.itertuples():
            assert any(f"{row.group_id} {row.name}" in label for label in told)
            assert all(row.group_id in label for label in told)
    assert all("Draft for discussion. Not a decision." in label and "Made-up data." in label for label in labels)


def test_groups_of_a_still_map_have_hatch_and_letters(page: str) -> None:
    run = made_run()
    assert "<pattern" not in page  # Chromium prints a pattern as one picture for every shape
    assert set(re.findall(r' id="hatch-(\d)"', page)) == {str(k) for k, hatch in enumerate(maps.HATCHES) if hatch.lines}
    for option in run.options:
        name = option.option.option_id
        drawn = page[
            page.index(f'<g id="drawn-{name}"') : page.index('<g stroke="#17222c"', page.index(f'<g id="drawn-{name}"'))
        ]
        grounds = re.findall(rf'<use href="#ground-{name}-(\d)" fill="([^"]+)"', drawn)
        assert grounds and all(maps.HATCHES[int(number)].colour == colour for number, colour in grounds)
        for number, _colour in grounds:
            cut = f'<use href="#hatch-{number}" clip-path="url(#cut-{name}-{number})"/>'
            assert (cut in drawn) == bool(maps.HATCHES[int(number)].lines)
        shapes = re.findall(rf'<path id="ground-{name}-\d" d="([^"]+)"', drawn)
        assert sum(shape.count("z") for shape in shapes) >= len(option.groups)


CORNERS = """
const shown = Array.from(document.querySelectorAll('svg.drawing')).filter(s => s.getBoundingClientRect().width > 0);
return shown.map(svg => {
  const box = svg.getBoundingClientRect(), quarters = {};
  svg.querySelectorAll('text').forEach(text => {
    const at = text.getBoundingClientRect();
    if (!at.width || !/Draft/.test(text.textContent)) { return; }
    const half = (low, high, from, to) => high <= (from + to) / 2 + 1 ? 0 : low >= (from + to) / 2 - 1 ? 1 : 'across';
    const where = [half(at.left, at.right, box.left, box.right), half(at.top, at.bottom, box.top, box.bottom)].join();
    const inside = at.left >= box.left && at.right <= box.right && at.top >= box.top && at.bottom <= box.bottom;
    const lines = text.querySelectorAll('tspan').length || 1;
    quarters[where] = [inside, at.height / lines, text.textContent];
  });
  return quarters;
});
"""


@pytest.mark.parametrize("width", [1280, 390, 320])
def test_whichever_half_of_a_picture_is_cut_away_the_other_says_what_it_is(
    browser, page: str, tmp_path: Path, width: int
) -> None:
    open_page(browser, page, tmp_path, width)
    pictures = browser.execute_script(CORNERS)
    assert len(pictures) >= 4
    for quarters in pictures:
        assert set(quarters) == {"0,0", "1,0", "0,1", "1,1"}
        for inside, height, text in quarters.values():
            assert inside
            assert height >= 8.5
            assert "Draft for discussion" in text
            assert re.search("closes no site", text, flags=re.IGNORECASE)
            assert re.search("Made-up data|Made up", text)


def test_strips_of_a_map_are_slim_on_paper_and_on_wide_screens_and_the_map_is_whole(
    browser, page: str, tmp_path: Path
) -> None:
    shares = (
        "return Array.from(document.querySelectorAll('.still-map .drawing')).filter(s => s.clientWidth).map(s => {"
        " const box = s.getBoundingClientRect(), land = s.querySelector('use').getBoundingClientRect();"
        " const view = s.viewBox.baseVal, unit = box.width / view.width;"
        " return [view.height, box.height / unit, land.top - box.top, box.bottom - land.bottom]; })"
    )
    for width, media in ((1280, ""), (703, "print")):
        open_page(browser, page, tmp_path, width)
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media})
        found = browser.execute_script(shares)
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
        assert found
        for whole, shown, above, below in found:
            assert 100 < whole - shown < 160  # the outer part of both strips is cut away, nothing else
            assert above > 0
            assert below > 0
    open_page(browser, page, tmp_path, 320)
    for whole, shown, above, below in browser.execute_script(shares):
        assert abs(whole - shown) < 2  # where words are large, nothing is
        assert min(above, below) > 0


def test_reads_without_scripts_and_prints_every_map_whole(browser, page: str, tmp_path: Path) -> None:
    count = (
        "return ['article.option', '.still-map', '.live-map', '#map noscript'].map(s =>"
        " Array.from(document.querySelectorAll(s)).filter(e => e.offsetHeight > 0).length)"
    )
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": True})
    try:
        open_page(browser, page, tmp_path)
    finally:
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})
    assert browser.execute_script(count)[:3] == [3, 3, 0]
    assert "needs JavaScript" in browser.find_element("css selector", "#map noscript").get_attribute("textContent")
    open_page(browser, page, tmp_path, 703)  # the width of A4 within its margins
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    printed = browser.execute_script(count)
    boxes = browser.execute_script(
        "return Array.from(document.querySelectorAll('svg.drawing')).map(s => {"
        " const b = s.getBoundingClientRect(); return [b.left, b.right, b.height]; })"
    )
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
    assert printed[:3] == [3, 3, 0]
    assert all(left >= 0 and right <= 704 and 0 < height < 1000 for left, right, height in boxes)


def test_a_popup_that_grows_stays_on_the_map(browser, tried: str, tmp_path: Path) -> None:
    open_page(browser, tried, tmp_path)
    _tell(browser, _trial(0))
    above = browser.execute_script(
        "document.addEventListener('practice-chosen', () => {"
        " const more = document.createElement('p'); more.style.height = '300px';"
        " document.querySelector('.leaflet-popup-content').appendChild(more); });"
        "const site = feature_group_sites.getLayers()[7];"
        "site.fire('click', {latlng: site.getLatLng()});"
        "const popup = document.querySelector('.leaflet-popup').getBoundingClientRect();"
        "return popup.top - map_blueprint.getContainer().getBoundingClientRect().top"
    )
    assert above >= 0
