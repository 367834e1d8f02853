"""Files that stand where a job would write: those of an earlier run may be replaced, those of others never.

Only `--out` is named by the person who asks; the note, the layers and the page get their names from it, so that they
could meet a file that was there for another reason.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from geodata.errors import Finding
from geodata.routing.drawing import LAYER_MARK
from geodata.times.method_note import TITLE

if TYPE_CHECKING:
    from geodata.times.inputs import TimesJob

PAGE_MARK = '<meta name="generator" content="blueprint, how minutes were made">'
"""Stands near the top of every page that this program writes about roads."""

HEAD_BYTES = 4000


def earlier_findings(job: TimesJob) -> list[Finding]:
    """What to say of the files that stand where the job would write, or beside it.

    Parameters
    ----------
    job
        What is asked for.

    Returns
    -------
    An error for each file that would be replaced and was not made by this program; a warning for each file of an
    earlier run that this run leaves as it is.
    """
    layers = job.out.with_suffix(".gpkg")
    candidates = (
        (job.note, "", _made_note, "note"),
        (layers, "--routes or --isochrones", _made_layers, "layers"),
        (job.page_file, "--page", _made_page, "page"),
    )
    findings = []
    for path, option, made_here, what in candidates:
        if not path.exists():
            continue
        if path in job.writes:
            findings += [] if made_here(path) else [_foreign(path)]
        elif made_here(path):
            findings.append(_stale(path, what, option))
    return findings


def _foreign(path: Path) -> Finding:
    message = "This file would be replaced, and holds something that `blueprint times` has not made."
    fix = "Move or rename it, or choose another name with --out."
    return Finding("error", path.name, message, fix, value=str(path), code="foreign-file")


def _stale(path: Path, what: str, option: str) -> Finding:
    message = f"This file ({what}) is from an earlier run and does not show these minutes."
    fix = f"Delete it, or add {option} to have it made anew."
    return Finding("warning", path.name, message, fix, value=str(path), code="earlier-run")


def _made_layers(path: Path) -> bool:
    """Whether every layer of a GeoPackage bears our mark."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as file:
            marks = [mark for (mark,) in file.execute("SELECT description FROM gpkg_contents")]
    except sqlite3.Error:
        return False
    return bool(marks) and all(mark == LAYER_MARK for mark in marks)


def _made_page(path: Path) -> bool:
    return PAGE_MARK.encode() in _head(path)


def _made_note(path: Path) -> bool:
    return _head(path).startswith(TITLE.encode())


def _head(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            return file.read(HEAD_BYTES)
    except OSError:
        return b""
