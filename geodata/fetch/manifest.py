"""`fetched.json`: what was downloaded into a folder, from where and when, with its hash and licence."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from geodata.errors import Finding, InputProblems

MANIFEST = "fetched.json"
VERSION = 1


@dataclass(frozen=True)
class Fetched:
    """One file that was downloaded.

    Parameters
    ----------
    name
        Name of the entry.
    url
        Address it came from, for roads the services asked.
    file
        File name in the folder.
    date
        When it was complete, UTC, as `2026-03-01T09:30:00Z`.
    bytes, sha256
        Size and hash of the file.
    licence, publisher
        As the entry or the list of known sources says.
    asked
        What decides the content beside the address: condition and fields of a layer, place of the roads.
    """

    name: str
    url: str
    file: str
    date: str
    bytes: int
    sha256: str
    licence: str = ""
    publisher: str = ""
    asked: str = ""


def read_manifest(folder: Path) -> dict[str, Fetched]:
    """What was downloaded into a folder, by file name; empty without a manifest.

    Raises
    ------
    InputProblems
        When the manifest cannot be understood.
    """
    path = folder / MANIFEST
    if not path.is_file():
        return {}
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        files = [_entry(entry) for entry in record["files"]]
        return {entry.file: entry for entry in files}
    except (OSError, ValueError, KeyError, TypeError) as fault:
        raise InputProblems(
            [
                Finding(
                    "error",
                    MANIFEST,
                    "The record of what was downloaded cannot be understood.",
                    "It was changed by hand or damaged: rename it. Files that are there are then left alone; --again "
                    "downloads them anew.",
                    value=str(path),
                    code="fetch-manifest",
                )
            ]
        ) from fault


def _entry(entry: dict[str, object]) -> Fetched:
    """One entry; TypeError when a value is of another kind than was written."""
    if not all(isinstance(value, int if key == "bytes" else str) for key, value in entry.items()):
        raise TypeError(entry)
    return Fetched(**entry)  # type: ignore[arg-type]


def write_manifest(folder: Path, files: Mapping[str, Fetched]) -> None:
    """Write the manifest, sorted by file name; it is replaced in one step."""
    record = {"schema_version": VERSION, "files": [asdict(files[name]) for name in sorted(files)]}
    scratch = folder / (MANIFEST + ".part")
    scratch.write_text(json.dumps(record, indent=2, ensure_ascii=False) + "\n", encoding="utf-8", newline="\n")
    scratch.replace(folder / MANIFEST)
