"""Keep built road networks beside a case, and know a large road file again without reading all of it."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import time
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

from geodata.roads.network import RoadNetwork

CACHE_FOLDER = ".cache"
INDEX = "road-files.json"

ALWAYS_READ_BYTES = 64 * 2**20
"""Smaller files are hashed each time (a tenth of a second); of larger ones the index remembers the checksum."""

SETTLED_NS = 3 * 10**9
"""A file changed this shortly before it was hashed may change again within the same tick of the clock."""


def file_hash(path: Path, cache: Path, *, always_read_bytes: int = ALWAYS_READ_BYTES) -> str:
    """SHA-256 of a road file; of a large one from the index of the cache, as long as size and time of change agree.

    Parameters
    ----------
    path
        The file.
    cache
        Folder of the index; where nothing can be written there, the file is read each time.
    always_read_bytes
        Files up to this size are read each time.
    """
    facts = path.stat()
    if facts.st_size <= always_read_bytes:
        return _sha256(path)
    index, key = _read_index(cache / INDEX), path.name
    known = index.get(key)
    if isinstance(known, list) and known[:2] == [facts.st_size, facts.st_mtime_ns] and len(known) == 3:
        return str(known[2])
    digest = _sha256(path)
    after = path.stat()
    same = (facts.st_size, facts.st_mtime_ns) == (after.st_size, after.st_mtime_ns)
    if same and time.time_ns() - facts.st_mtime_ns > SETTLED_NS:
        index[key] = [facts.st_size, facts.st_mtime_ns, digest]
        text = json.dumps(index, indent=1, sort_keys=True)
        _write_whole(cache / INDEX, lambda part: part.write_text(text, encoding="utf-8"))
    return digest


def load_cached(path: Path) -> RoadNetwork | None:
    """The network kept in a file; None if it is absent, half-written or of another version."""
    try:
        return RoadNetwork.load(path)
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, zlib.error):
        return None


def store_cached(network: RoadNetwork, path: Path) -> None:
    """Keep a network in a file; where nothing can be written, it is built anew next time."""
    _write_whole(path, network.save)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _read_index(path: Path) -> dict[str, object]:
    try:
        index = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return index if isinstance(index, dict) else {}


def _write_whole(path: Path, write: Callable[[Path], object]) -> None:
    name = ""
    try:
        path.parent.mkdir(exist_ok=True)
        handle, name = tempfile.mkstemp(suffix=".tmp", dir=path.parent)
        os.close(handle)
        write(Path(name))
        Path(name).replace(path)
    except OSError:
        if name:
            Path(name).unlink(missing_ok=True)
