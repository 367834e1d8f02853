"""What all tests share: where the real files lie, and when a missing one is a failure."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

REPOSITORY = Path(__file__).resolve().parents[1]


def in_ci() -> bool:
    """Whether a missing file or browser must fail the tests instead of skipping them."""
    return os.environ.get("CI", "").lower() in {"1", "true", "yes"}


def absent(reason: str) -> None:
    """Skip outside CI, fail inside it."""
    if in_ci():
        pytest.fail(reason)
    pytest.skip(reason)


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of the real NHS, ONS and OpenStreetMap files, beside the repository."""
    folder = REPOSITORY.parent / "shared" / "data"
    if not folder.is_dir():
        absent("the real files are not here: expected a folder shared/data beside the repository")
    return folder


@pytest.fixture(scope="session")
def chromium() -> Path:
    """The Chromium program."""
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found:
            return Path(found)
    absent("no Chromium is installed: browser tests need one")
    raise AssertionError  # absent() never returns


@pytest.fixture(scope="module")
def browser(chromium: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """Chromium without a window and with its network cut, driven through its own driver: nothing is downloaded."""
    driver_path = shutil.which("chromedriver")
    if driver_path is None:
        absent("no chromedriver is installed: browser tests need one")
    options = webdriver.ChromeOptions()
    options.binary_location = str(chromium)
    for flag in (
        "--headless=new",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--window-size=1280,900",
        f"--user-data-dir={tmp_path_factory.mktemp('chromium')}",
    ):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(driver_path))
    driver.execute_cdp_cmd(
        "Network.emulateNetworkConditions",
        {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0},
    )
    yield driver
    driver.quit()
