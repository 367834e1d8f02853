"""Finds a browser that can print a page to PDF: an installed Chromium, Chrome or Edge. Nothing is downloaded."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

VARIABLE = "BLUEPRINT_BROWSER"
"""Environment variable that names the program to use, or `none` for none."""

ON_PATH = (
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "microsoft-edge",
    "microsoft-edge-stable",
    "chrome",
    "msedge",
)

UNDER_PROGRAMS = (
    "Microsoft/Edge/Application/msedge.exe",
    "Google/Chrome/Application/chrome.exe",
    "Chromium/Application/chrome.exe",
)
"""Below the folders of programs on Windows; Edge comes with Windows."""

PROGRAM_FOLDERS = ("PROGRAMFILES", "PROGRAMFILES(X86)", "PROGRAMW6432", "LOCALAPPDATA")

IN_APPLICATIONS = (
    "Google Chrome.app/Contents/MacOS/Google Chrome",
    "Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    "Chromium.app/Contents/MacOS/Chromium",
)


def find_browser(
    environment: Mapping[str, str] | None = None, platform: str = sys.platform, applications: Path | None = None
) -> Path | None:
    """Find an installed Chromium, Chrome or Edge.

    What `BLUEPRINT_BROWSER` names comes first, and if it names nothing that is there, no other is taken: whoever sets
    it means that one, or none.

    Parameters
    ----------
    environment
        The environment variables; None for those of this process.
    platform
        As `sys.platform` names it.
    applications
        Folder of the programs on macOS; None for the usual two.

    Returns
    -------
    pathlib.Path or None
        The program, or None where there is none.
    """
    environment = os.environ if environment is None else environment
    named = environment.get(VARIABLE, "").strip()
    if named:
        return _program(named, environment)
    return next(_candidates(environment, platform, applications), None)


def _program(named: str, environment: Mapping[str, str]) -> Path | None:
    """A path to a file, or a name on the path."""
    path = Path(named)
    if path.is_file():
        return path
    found = shutil.which(named, path=environment.get("PATH"))
    return Path(found) if found else None


def _candidates(environment: Mapping[str, str], platform: str, applications: Path | None) -> Iterator[Path]:
    if platform == "win32":
        folders = dict.fromkeys(environment[name] for name in PROGRAM_FOLDERS if environment.get(name))
        places = (Path(folder) / below for below in UNDER_PROGRAMS for folder in folders)
        yield from (place for place in places if place.is_file())
    if platform == "darwin":
        folders = (applications,) if applications else (Path("/Applications"), Path.home() / "Applications")
        places = (folder / below for below in IN_APPLICATIONS for folder in folders)
        yield from (place for place in places if place.is_file())
    for name in ON_PATH:
        found = shutil.which(name, path=environment.get("PATH"))
        if found:
            yield Path(found)
