"""A case with marked secrets, and everything a file says, so that a test can look for what must not be there."""

from __future__ import annotations

import base64
import csv
import gzip
import re
import sqlite3
import zipfile
import zlib
from pathlib import Path

from tests.small_case import write_small_case

FEW_AREA, FEW = "E50", 3
"""An area in which three patients live, all of one practice, and where nobody else does."""

RATING = "special measures"
CONDITION = "Mouldywall"
COST = 918_273
WHOLE_TIME = "17.3719"
NOTE = "Plimsoll of 4 Quince Cottages"
REASON = "Dr Plimsoll retires next spring"
OPEN_REASON = "They share a building"

SURVEY = {
    "suitability": "Crampedhall", "quality": "Draughtywing", "utilisation": "Bulgingfull", "tenure": "Peppercornlease",
    "scheme": "Ashlarannexe", "investment_cost": "827364",
}  # fmt: skip
"""What else a sites table says of every building."""

SECRETS = (
    RATING, CONDITION, str(COST), f"{COST:,}", WHOLE_TIME, "Plimsoll", "Quince", *SURVEY.values(), "827,364",
)  # fmt: skip
"""Texts that no public file may hold, in whatever case of letters."""


def write_secret_case(folder: Path) -> Path:
    """The small case with ratings, staff, conditions, costs, notes, reasons and an area of three patients."""
    write_small_case(folder)
    _add(folder / "practices.csv", {"vulnerability": [RATING, "4", "5", "", RATING, "3", "2", "4"]})
    _add(folder / "practices.csv", {"gp_whole_time": [WHOLE_TIME] * 8, "notes": [NOTE] * 8})
    _add(
        folder / "sites.csv",
        {"condition": [CONDITION] * 9, "annual_cost": [str(COST)] * 9, "floor_area_m2": ["412"] * 9},
    )
    _add(folder / "sites.csv", {name: [value] * 9 for name, value in SURVEY.items()})
    _few(folder / "registrations.csv")
    with (folder / "case.toml").open("a", encoding="utf-8") as handle:
        handle.write(
            "\n[[rules.decisions]]\n"
            f'kind = "together"\npractices = ["X00001", "X00002"]\nreason = "{REASON}"\n'
            "\n[[rules.decisions]]\n"
            f'kind = "apart"\npractices = ["X00001", "X00008"]\nreason = "{OPEN_REASON}"\n'
            "\n[rules.override.practices]\nmost_vulnerable_share = 0.9\n"
            "\n[rules.override.resilience]\nkeeps_share = 0.317\n"
        )
    return folder


def _add(path: Path, columns: dict[str, list[str]]) -> None:
    with path.open(encoding="utf-8", newline="") as handle:
        rows = list(csv.DictReader(handle))
    for name, values in columns.items():
        for row, value in zip(rows, values, strict=True):
            row[name] = value
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.DictWriter(handle, list(rows[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def _few(path: Path) -> None:
    """Three of a practice's patients live in an area of their own, five and six more in others."""
    with path.open(encoding="utf-8", newline="") as handle:
        rows = [row for row in csv.reader(handle) if row[1] != FEW_AREA]
    rows += [["X00004", FEW_AREA, str(FEW)], ["X00001", "E55", "5"], ["X00006", "E55", "6"]]
    with path.open("w", encoding="utf-8", newline="") as handle:
        csv.writer(handle, lineterminator="\n").writerows(rows)


def said_by(path: Path) -> str:
    """All text a file holds: parts of archives, rows of databases, compressed data, also data inside pages."""
    data = path.read_bytes()
    suffix = path.suffix.lower()
    if suffix == ".xlsx":
        with zipfile.ZipFile(path) as book:
            return "\n".join(book.read(name).decode("utf-8", "replace") for name in book.namelist())
    if suffix == ".gpkg":
        with sqlite3.connect(path) as base:
            base.text_factory = lambda raw: raw.decode("utf-8", "replace")
            names = [row[0] for row in base.execute("select name from sqlite_master where type = 'table'")]
            return "\n".join(str(row) for name in names for row in base.execute(f'select * from "{name}"'))
    if suffix == ".pdf":
        streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", data, re.DOTALL)
        return "\n".join([data.decode("latin-1"), *map(_inflated, streams)])
    text = data.decode("utf-8", "replace" if suffix in {".png", ".svg"} else "strict")
    return "\n".join([text, *packed_inside(text)])


def packed_inside(text: str) -> list[str]:
    """The texts that stand in base64 inside a page, unpacked where they are compressed."""
    found = []
    for piece in re.findall(r"[A-Za-z0-9+/]{40,}={0,2}", text):
        try:
            raw = base64.b64decode(piece + "=" * (-len(piece) % 4))
        except ValueError:
            continue
        found.append((gzip.decompress(raw) if raw.startswith(b"\x1f\x8b") else raw).decode("utf-8", "replace"))
    return found


def _inflated(stream: bytes) -> str:
    try:
        return zlib.decompress(stream).decode("latin-1")
    except zlib.error:
        return ""
