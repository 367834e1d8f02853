"""What a fetch would do, from where and how large, before a byte is downloaded."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import requests
from urllib3.exceptions import HTTPError

from geodata.case import CASE_FILE, case_folder, settings_and_findings
from geodata.errors import Finding, InputProblems
from geodata.fetch.features import Query, count_features
from geodata.fetch.items import Item, choose, items_of_case, national_items
from geodata.fetch.manifest import Fetched, read_manifest
from geodata.fetch.part import Part, sha256_of
from geodata.fetch.web import FetchFailed, Passing, Web

State = Literal["download", "again", "here", "left alone"]

_NOT_NEEDED_YET = {"missing-file", "missing-table", "roads-source"}
"""Mistakes of `case.toml` that a fetch may be about to mend, or that do not concern it."""

_FINAL = {"fetch-not-found", "fetch-certificate", "fetch-no-connection", "fetch-proxy", "fetch-address"}
_SILENT = "the server does not answer at present"


@dataclass(frozen=True)
class Step:
    """What is done about one item.

    Parameters
    ----------
    item
        What is wanted.
    target
        The finished file.
    state
        `download`; `again` (it replaces a file); `here` (fetched earlier, unchanged); `left alone` (a file of that name
        that did not come from there, or was changed since).
    bytes
        Size, where the server tells it.
    features
        Number of features of a layer.
    arrived
        Bytes that are there from an earlier, broken download.
    note
        What is worth knowing, in one sentence.
    """

    item: Item
    target: Path
    state: State
    bytes: int | None = None
    features: int | None = None
    arrived: int = 0
    note: str = ""

    @property
    def wanted(self) -> bool:
        """Whether something is to be downloaded."""
        return self.state in {"download", "again"}


@dataclass(frozen=True)
class Plan:
    """All steps, where they lead and the room there."""

    folder: Path
    case: Path | None
    steps: tuple[Step, ...]
    free: int

    @property
    def wanted(self) -> tuple[Step, ...]:
        """The steps that download something."""
        return tuple(step for step in self.steps if step.wanted)

    @property
    def known_bytes(self) -> int:
        """Sum of the sizes that are told."""
        return sum(step.bytes or 0 for step in self.wanted)

    @property
    def untold(self) -> int:
        """Number of downloads whose size is not told."""
        return sum(step.bytes is None for step in self.wanted)


def wanted_items(
    case: Path, *, files: Path | None = None, national: bool = False, only: Sequence[str] = ()
) -> tuple[Path, Path | None, tuple[Item, ...]]:
    """Where the files go, the case (if there is one), and what is wanted.

    Parameters
    ----------
    case
        A case (folder or its `case.toml`), or any folder, which need not exist, for `national` or `only`.
    files
        Folder for the files, instead of the folder of the case.
    national
        The national files instead of what the case names.
    only
        Names of single items.

    Raises
    ------
    InputProblems
        When `case.toml` has mistakes, an entry has, a name is not known, or nothing is named at all.
    """
    folder = case_folder(case)
    is_case = (folder / CASE_FILE).is_file()
    if not is_case and not national and not only:
        raise InputProblems([_nothing_named(folder)])
    items: tuple[Item, ...] = national_items() if national else ()
    if is_case and not national:
        settings, findings = settings_and_findings(case)
        wrong = [found for found in findings if found.severity == "error" and found.code not in _NOT_NEEDED_YET]
        if settings is None or wrong:
            raise InputProblems(wrong or findings)
        items = items_of_case(settings)
    return files or folder, folder if is_case else None, choose(items, only)


def _nothing_named(folder: Path) -> Finding:
    return Finding(
        "error",
        CASE_FILE,
        "The folder holds no case.toml, so nothing is named for download.",
        "Add --national for the national files, --only NAME for one of them, or --list to see what is known.",
        value=str(folder),
        code="fetch-nothing-named",
    )


def make_plan(folder: Path, case: Path | None, items: Sequence[Item], web: Web, *, again: bool = False) -> Plan:
    """Look at what is there already, and ask the servers how large the rest is.

    Raises
    ------
    InputProblems
        When the folder is a file, or its manifest cannot be understood.
    """
    if folder.exists() and not folder.is_dir():
        message, fix = "This is a file, not a folder.", "Name a folder."
        raise InputProblems([Finding("error", str(folder), message, fix, code="fetch-folder")])
    had = read_manifest(folder)
    with web.hasty() as hasty:
        steps = [_step(item, folder / item.to, had.get(item.to), hasty, again=again) for item in items]
    above = folder
    while not above.exists() and above != above.parent:
        above = above.parent
    return Plan(folder, case, tuple(steps), shutil.disk_usage(above).free)


def _step(item: Item, target: Path, had: Fetched | None, web: Web, *, again: bool) -> Step:
    if target.exists() and not again:
        state, note = _standing(item, target, had)
        return Step(item, target, state, bytes=target.stat().st_size, note=note)
    size, features, note = _ask_size(item, web)
    about = Part(target).about
    arrived = Part(target).size if about.get("url") in {item.url, Query(item.url).layer} else 0
    return Step(item, target, "again" if target.exists() else "download", size, features, arrived, note)


def _standing(item: Item, target: Path, had: Fetched | None) -> tuple[State, str]:
    """What a file that is there already is."""
    if not target.is_file():
        return "left alone", "a folder of that name is there"
    digest = sha256_of(target) if had or item.sha256 else ""
    if item.sha256 and digest == item.sha256.lower():
        return "here", "the file is there with the wanted SHA-256"
    if had is None:
        return "left alone", "a file of that name is there and was not fetched; --again replaces it"
    if digest != had.sha256:
        return "left alone", f"the file was changed after it was fetched on {had.date[:10]}; --again replaces it"
    if (item.kind != "roads" and had.url != item.url) or had.asked != item.asked:
        return "left alone", f"the file was fetched from elsewhere ({had.url or had.asked}); --again replaces it"
    return "here", f"fetched on {had.date[:10]}"


def _ask_size(item: Item, web: Web) -> tuple[int | None, int | None, str]:
    """Bytes, features and a remark. A server that does not tell is no problem yet: only the download decides."""
    if item.kind == "roads":
        return None, None, ""
    try:
        if item.kind == "features":
            return None, count_features(web, Query(item.url, item.where, item.out_fields)), ""
        with web.open(item.url, method="HEAD", headers={"Accept-Encoding": "identity"}) as answer:
            length = answer.headers.get("Content-Length", "")
            return (int(length) if length.isdigit() and int(length) else None), None, ""
    except FetchFailed as failed:
        code = failed.finding.code
        if code == "fetch-given-up":
            return None, None, _SILENT
        # many servers refuse to be asked for the size alone (405, 403, 501) and give the file all the same
        return None, None, failed.finding.message if code in _FINAL or item.kind == "features" else ""
    except Passing:
        return None, None, _SILENT
    except (requests.RequestException, HTTPError) as fault:
        try:
            web.explain(item.url, fault)
        except FetchFailed as failed:
            return None, None, failed.finding.message
        return None, None, _SILENT
