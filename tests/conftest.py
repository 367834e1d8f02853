"""What all tests share: where the real files lie, and when a missing one is a failure."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

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
