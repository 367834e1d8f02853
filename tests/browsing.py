"""What the tests of all pages do in a browser: open a page from a file, and see that it asks for nothing else."""

from __future__ import annotations

import json
from pathlib import Path

from selenium import webdriver


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
    return path


def asks_for_nothing(driver: webdriver.Chrome, path: Path) -> bool:
    """Whether nothing stood on the console, and the page was requested and nothing besides it."""
    requested = [
        message["params"]["request"]["url"]
        for entry in driver.get_log("performance")
        if (message := json.loads(entry["message"])["message"])["method"] == "Network.requestWillBeSent"
    ]
    alone = all(url == path.as_uri() or url.startswith("data:") for url in requested)
    return driver.get_log("browser") == [] and bool(requested) and alone
