"""The unfinished file beside its target: `name.part` holds what has arrived, `name.part.json` what is known of it.

A `.part` is never taken for data, and is renamed only when it is complete and right.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from geodata.errors import Finding
from geodata.fetch.web import FetchFailed

ENDING = ".part"


class Part:
    """The unfinished file of one download.

    Parameters
    ----------
    target
        Where the finished file will be.
    """

    def __init__(self, target: Path) -> None:
        self.target = target
        self.path = target.with_name(target.name + ENDING)
        self.about_path = target.with_name(target.name + ENDING + ".json")

    @property
    def size(self) -> int:
        """Bytes that have arrived."""
        return self.path.stat().st_size if self.path.is_file() else 0

    @property
    def about(self) -> dict[str, Any]:
        """What is known of the unfinished file; empty when nothing (or nothing readable) is."""
        try:
            found = json.loads(self.about_path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return found if isinstance(found, dict) else {}

    def note(self, about: Mapping[str, Any]) -> None:
        """Keep what is known of the file that arrives."""
        text = json.dumps(about, indent=2, sort_keys=True) + "\n"
        with self.told():
            self.about_path.write_text(text, encoding="utf-8", newline="\n")

    def drop(self) -> None:
        """Throw away what has arrived."""
        with self.told():
            self.path.unlink(missing_ok=True)
            self.about_path.unlink(missing_ok=True)

    def sha256(self) -> str:
        """Hash of what has arrived."""
        return sha256_of(self.path)

    def finish(self) -> None:
        """Put the finished file in its place; only now does it exist under its name."""
        with self.told():
            self.path.replace(self.target)
            self.about_path.unlink(missing_ok=True)

    @contextlib.contextmanager
    def told(self) -> Iterator[None]:
        """Turn a fault of the disk into a message. Never put a request inside: its faults are of the same kind."""
        try:
            yield
        except OSError as fault:
            raise FetchFailed(
                Finding(
                    "error",
                    self.target.name,
                    f"The file cannot be written ({fault.strerror or fault}).",
                    "Make room on the disk, or close the file in other programs; then run the same command again: it "
                    "goes on with what has arrived.",
                    value=str(self.target),
                    code="fetch-disk",
                )
            ) from fault


def sha256_of(path: Path) -> str:
    """Hash of a file, read in pieces."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
