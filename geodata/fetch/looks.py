"""Whether what arrived is what was asked for: a login page or an error page is never taken for data."""

from __future__ import annotations

import zipfile
from pathlib import Path

HEAD_BYTES = 4096

BY_ENDING = {
    ".csv": "csv",
    ".txt": "csv",
    ".tsv": "csv",
    ".zip": "zip",
    ".xlsx": "xlsx",
    ".xls": "xls",
    ".geojson": "geojson",
    ".gpkg": "gpkg",
    ".parquet": "parquet",
    ".pbf": "pbf",
    ".osm": "osm",
    ".graphml": "graphml",
}
"""What a file name promises; `expect` in an entry outranks it."""

_WORDS = {
    "csv": "a table as text (CSV)",
    "zip": "a ZIP archive",
    "xlsx": "an Excel workbook (.xlsx)",
    "xls": "an old Excel workbook (.xls)",
    "geojson": "GeoJSON",
    "gpkg": "a GeoPackage",
    "parquet": "a Parquet file",
    "pbf": "an OpenStreetMap extract (.osm.pbf)",
    "osm": "OpenStreetMap XML",
    "graphml": "GraphML",
}
_MAGIC = {
    "zip": (b"PK\x03\x04", b"PK\x05\x06"),
    "xlsx": (b"PK\x03\x04",),
    "xls": (b"\xd0\xcf\x11\xe0",),
    "gpkg": (b"SQLite format 3\x00",),
    "parquet": (b"PAR1",),
}


def expected(name: str, expect: str | None) -> str | None:
    """What kind of content a file must have; None where the name does not say."""
    return expect or BY_ENDING.get(Path(name).suffix.lower())


def wrong_head(head: bytes, expect: str | None) -> str | None:
    """Say what is wrong with the first bytes of a file, or None.

    Parameters
    ----------
    head
        Up to `HEAD_BYTES` first bytes.
    expect
        One of the kinds of `BY_ENDING`, or None to refuse web pages only.
    """
    if not head.strip():
        return "nothing but an empty answer arrived"
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")[:HEAD_BYTES]
    if _is_page(start):
        return "a web page arrived (a login page or an error page)"
    if expect is None:
        return None
    if expect in _MAGIC:
        good = head.startswith(_MAGIC[expect])
    elif expect == "pbf":
        good = b"OSMHeader" in head[:64]
    elif expect == "geojson":
        good = start.startswith(b"{")
    elif expect in {"osm", "graphml"}:
        good = start.startswith(b"<")
    else:
        good = _is_text_table(head)
    return None if good else f"what arrived is not {_WORDS[expect]}"


def wrong_file(path: Path, expect: str | None) -> str | None:
    """Say what is wrong with a whole file, or None: also archives and GeoJSON that end too early."""
    with path.open("rb") as handle:
        head = handle.read(HEAD_BYTES)
        handle.seek(max(0, path.stat().st_size - HEAD_BYTES))
        tail = handle.read()
    wrong = wrong_head(head, expect)
    if wrong:
        return wrong
    if expect in {"zip", "xlsx"}:
        return _wrong_archive(path, expect)
    if expect == "geojson" and not (tail.rstrip().endswith(b"}") and b"Feature" in head):
        return "what arrived is not GeoJSON, or it ends too early"
    if expect == "parquet" and not tail.endswith(b"PAR1"):
        return "the Parquet file ends too early"
    return None


def cut_table(path: Path, expect: str | None) -> str | None:
    """Say whether a table ends in the middle of a line. Asked only where the server did not tell the length.

    A last line without a line break and with fewer separators than the first is taken for a cut one.
    """
    if expect != "csv":
        return None
    with path.open("rb") as handle:
        first = handle.readline(HEAD_BYTES)
        handle.seek(max(0, path.stat().st_size - HEAD_BYTES))
        last = handle.read().rsplit(b"\n", 1)[-1]
    mark = max((b",", b";", b"\t", b"|"), key=first.count)
    if last.strip() and last.count(mark) < first.count(mark):
        return "the table ends in the middle of a line, and the server did not say how long it is"
    return None


def _is_page(start: bytes) -> bool:
    low = start[:512].lower()
    return low.startswith((b"<!doctype html", b"<html", b"<head", b"<body", b"<script")) or (
        low.startswith((b"<?xml", b"<!--")) and b"<html" in low
    )


def _is_text_table(head: bytes) -> bool:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return True
    first = head.lstrip(b"\xef\xbb\xbf\r\n ").split(b"\n", 1)[0]
    # JSON and XML are how services say what went wrong
    return b"\x00" not in head and not first.startswith((b"{", b"[{", b"<")) and any(c in first for c in b",;\t|")


def _wrong_archive(path: Path, expect: str) -> str | None:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        return "the archive is damaged or ends too early"
    if expect == "xlsx" and "[Content_Types].xml" not in names:
        return f"what arrived is not {_WORDS['xlsx']}"
    return None
