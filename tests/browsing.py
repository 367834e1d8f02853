"""What the tests of all pages do in a browser: open a page from a file, and see that it asks for nothing else."""

from __future__ import annotations

import base64
import gzip
import json
from importlib.resources import files
from pathlib import Path

from selenium import webdriver
from selenium.webdriver.support.ui import WebDriverWait

WCAG = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa")
"""What axe-core calls the rules of WCAG 2.2 AA."""


def open_page(driver: webdriver.Chrome, page: str, folder: Path, width: int = 1280) -> Path:
    """Write a page into a folder and open it by its file, `width` CSS pixels wide; the logs are empty before."""
    path = folder / "page.html"
    path.write_text(page, encoding="utf-8", newline="\n")
    driver.get("about:blank")
    driver.get_log("performance")
    driver.get_log("browser")
    size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    driver.get(path.as_uri())
    _wait_for_the_map(driver)
    return path


def _wait_for_the_map(driver: webdriver.Chrome) -> None:
    """The map of a run is drawn when its data are unpacked; a page without script or without such a map is ready."""
    packed = "document.querySelector('#map-data[type=\"application/gzip\"]')"
    scripted = "document.documentElement.classList.contains('js')"
    settled = "/map-(ready|failed)/.test(document.documentElement.className)"
    WebDriverWait(driver, 10, 0.02).until(
        lambda one: one.execute_script(f"return !{scripted} || !{packed} || {settled}")
    )


def asks_for_nothing(driver: webdriver.Chrome, path: Path) -> bool:
    """Whether nothing stood on the console, and the page was requested and nothing besides it."""
    requested = [
        message["params"]["request"]["url"]
        for entry in driver.get_log("performance")
        if (message := json.loads(entry["message"])["message"])["method"] == "Network.requestWillBeSent"
    ]
    alone = all(url == path.as_uri() or url.startswith("data:") for url in requested)
    return driver.get_log("browser") == [] and bool(requested) and alone


def accessibility_violations(driver: webdriver.Chrome) -> list[str]:
    """What axe-core finds wrong with the page that is open, one line an element; empty when it meets WCAG 2.2 AA."""
    axe = files("axe_playwright_python") / "axe.min.js"  # the package carries axe-core; the browser is ours
    driver.execute_script(axe.read_text(encoding="utf-8"))
    found = driver.execute_async_script(
        "const done = arguments[arguments.length - 1];"
        "axe.run(document, {runOnly: {type: 'tag', values: arguments[0]}, resultTypes: ['violations']})"
        ".then(r => done(r.violations), e => done(String(e)));",
        list(WCAG),
    )
    assert isinstance(found, list), found
    return [
        f"{rule['id']} ({rule['impact']}): {node['target']} {node['html'][:160]} {node['failureSummary']}"
        for rule in found
        for node in rule["nodes"]
    ]


def unpacked(page: str, name: str) -> object:
    """What `grouping.escape.packed_data` put into an element of a page."""
    coded = page.split(f'id="{name}">', 1)[1].split("<", 1)[0]
    return json.loads(gzip.decompress(base64.b64decode(coded)))
