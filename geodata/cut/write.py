"""Write the case folder: tables, settings with comments, sources, what was left out. Whole or not at all."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd
import pyogrio

from geodata.case import CASE_FILE
from geodata.cut.record import LEFT_OUT_FILE, RECORD_FILE
from geodata.errors import Finding, InputProblems
from geodata.findings_csv import write_findings
from geodata.origins import SOURCE_COLUMNS, SOURCES_FILE
from geodata.place import BRITISH_NATIONAL_GRID
from geodata.whole_folder import whole_folder

if TYPE_CHECKING:
    from geodata.published.catalogue import PublishedFile

_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


@dataclass(frozen=True)
class CaseTable:
    """One table of the case and the published files it was made from.

    Parameters
    ----------
    name
        `practices`, `sites`, ... as `case.toml` calls it.
    file
        Its file in the case folder.
    settings
        Further settings of the table, such as `crs` or `layer`.
    sources
        The rows of `sources.csv` that it was made from.
    """

    name: str
    file: str
    sources: Sequence[Mapping[str, object]]
    settings: Mapping[str, object] = field(default_factory=dict)

    def entries(self) -> list[str]:
        """Its lines in `case.toml`."""
        lines = [f"file = {toml(self.file)}", *(f"{key} = {toml(value)}" for key, value in self.settings.items())]
        told = {
            "vintage": ", ".join(_once(f"{s['kind']} {s['vintage']}" for s in self.sources)),
            "licence": "; ".join(_once(s["licence"] for s in self.sources)),
            "attribution": "; ".join(_once(s["attribution"] for s in self.sources)),
        }
        return [*lines, *(f"{key} = {toml(text)}" for key, text in told.items() if text)]


def _once(items: Iterable[object]) -> list[str]:
    return [str(item) for item in dict.fromkeys(items) if item]


def new_case_folder(folder: Path) -> AbstractContextManager[Path]:
    """Give a temporary folder beside the case; it takes the case's name at the end, and goes if anything fails.

    Raises
    ------
    InputProblems
        The folder holds files already, or cannot be written.
    """
    return whole_folder(folder, refuse=refuse_used_folder, cannot_write=_cannot_write)


def refuse_used_folder(folder: Path) -> None:
    """Stop before work begins when the folder is a file or holds files."""
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    used = "The folder holds files already; nothing was written."
    message = used if folder.is_dir() else "This is a file, not a folder."
    raise InputProblems([Finding("error", str(folder), message, "Name a new or empty folder.", code="file-exists")])


def _cannot_write(folder: Path, problem: OSError) -> InputProblems:
    message = f"The case cannot be written here ({problem.strerror or problem})."
    fix = "Name a folder in which you may write, on a disk with space."
    return InputProblems([Finding("error", str(folder), message, fix, code="cannot-write")])


# --- Tables --------------------------------------------------------------------------------------------------------


def write_csv(table: pd.DataFrame, path: Path) -> None:
    """Write a table, whole floats without their point; the same bytes on every system."""
    plain = table.copy()
    for column in plain.columns:
        if pd.api.types.is_float_dtype(plain[column]):
            plain[column] = _plain_numbers(plain[column])
    plain.to_csv(path, index=False, encoding="utf-8", lineterminator="\n")


def _plain_numbers(values: pd.Series) -> pd.Series:
    whole = values.dropna()
    if len(whole) == 0 or (whole == whole.round()).all():
        return values.round().astype("Int64")
    return values


def write_areas(areas: pd.DataFrame, folder: Path) -> tuple[str, dict[str, object]]:
    """Write `areas.gpkg` where there are outlines, else `areas.csv`; returns its name and settings.

    An area without an outline among others that have one is a point in the layer.
    """
    if not isinstance(areas, gpd.GeoDataFrame) or areas.geometry.isna().all():
        plain = pd.DataFrame(areas).drop(columns="geometry", errors="ignore")
        write_csv(plain, folder / "areas.csv")
        return "areas.csv", {"crs": BRITISH_NATIONAL_GRID}
    points = gpd.points_from_xy(areas["x"], areas["y"], crs=BRITISH_NATIONAL_GRID)
    shapes = areas.geometry.where(areas.geometry.notna(), gpd.GeoSeries(points, index=areas.index))
    write_layer(areas.set_geometry(shapes.set_crs(BRITISH_NATIONAL_GRID, allow_override=True)), folder / "areas.gpkg")
    return "areas.gpkg", {"layer": "areas", "crs": BRITISH_NATIONAL_GRID}


def write_layer(frame: gpd.GeoDataFrame, path: Path) -> None:
    """Write one layer, named like the file, with the same bytes each time."""
    # A GeoPackage carries the time it was written; a fixed one makes it reproducible.
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": "2000-01-01T00:00:00Z"})
    try:
        frame.to_file(path, layer=path.stem, driver="GPKG")
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})


def write_sources(sources: Sequence[Mapping[str, object]], folder: Path) -> None:
    """Write `sources.csv`: which published file each table was made from."""
    table = pd.DataFrame(list(sources), columns=list(SOURCE_COLUMNS)).astype({"rows": "Int64"})
    _write_for_people(table, folder / SOURCES_FILE)


def write_record_files(findings: Sequence[Finding], left_out: pd.DataFrame, folder: Path) -> None:
    """Write `record.csv` and `left_out.csv`."""
    write_findings(findings, folder / RECORD_FILE)
    _write_for_people(left_out, folder / LEFT_OUT_FILE)


def _write_for_people(table: pd.DataFrame, path: Path) -> None:
    """A table that nobody reads back: cells that a spreadsheet would run as a formula get an apostrophe."""
    safe = table.copy()
    for column in safe.columns:
        if not pd.api.types.is_numeric_dtype(safe[column]):
            safe[column] = [_safe(cell) for cell in safe[column]]
    safe.to_csv(path, index=False, encoding="utf-8", lineterminator="\n", quoting=csv.QUOTE_MINIMAL)


def _safe(cell: object) -> str:
    text = "" if cell is None or cell is pd.NA else str(cell)
    return f"'{text}" if text.startswith(("=", "+", "-", "@")) else text


# --- Settings ------------------------------------------------------------------------------------------------------


def toml(value: object) -> str:
    """A value as TOML writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return json.dumps(_CONTROL.sub(" ", value), ensure_ascii=False)
    return str(value)


def write_settings(
    folder: Path,
    *,
    name: str,
    comment: Sequence[str],
    roads: str | None,
    tables: Sequence[CaseTable],
    totals: Mapping[str, int],
) -> None:
    """Write `case.toml` with comments that say what can be changed.

    Parameters
    ----------
    name
        Name of the case, shown on every page.
    comment
        Lines on where the case comes from.
    roads
        File of roads in the folder, or None for straight-line minutes.
    tables
        The tables, in the order of `case.toml`.
    totals
        What the tables hold now, given as an example of the section `[totals]`.
    """
    lines = [
        *(f"# {_CONTROL.sub(' ', line)}" for line in comment),
        "# Lines that begin with # are remarks. Check the case at any time with:  blueprint check FOLDER",
        "",
        "schema_version = 1",
        f"name = {toml(name)}",
        "made_up = false",
        f"record = {toml(RECORD_FILE)}                # what was done when the case was cut; shown with every result",
        "",
        "[rules]                              # how large a group is, and how far apart its members may be",
        'set = "dorset-2017"                  # or "pcn", "neighbourhood", or a .toml file of your own beside this one',
        "# Groups of 30,000 patients or more (rural: 20,000) and 60,000 at most, 30 minutes between members.",
        "# See all values with: blueprint rules. Single ones are changed here, for example:",
        "# [rules.override.size]",
        "# minimum_urban = 30000",
        "# minimum_rural = 20000",
        "# hard_maximum = 60000",
        "# [rules.override.access]",
        "# max_minutes_between_members = 30",
        "",
        *_roads_lines(roads),
        "",
    ]
    for table in tables:
        lines += [f"[tables.{table.name}]", *table.entries(), ""]
    lines += [
        "# [totals]                           # figures known from elsewhere; compared with the tables by the check"
    ]
    lines += [f"# {key} = {value}" for key, value in totals.items()]
    (folder / CASE_FILE).write_text("\n".join(lines) + "\n", encoding="utf-8", newline="\n")


def _roads_lines(roads: str | None) -> list[str]:
    if roads is not None:
        return [
            "[roads]",
            'method = "roads"                     # or "straight-line": rough estimates without a road network',
            f"source = {toml(roads)}              # cut from the file of roads to the sites and areas of the case",
        ]
    return [
        "[roads]",
        'method = "straight-line"             # rough estimates; for drive times write "roads" and name a source:',
        '# source = "roads.osm.pbf"           # an OpenStreetMap extract (download.geofabrik.de), in this folder',
    ]


def source_row(table: str, file: PublishedFile, rows: int) -> dict[str, object]:
    """One row of `sources.csv` for a published file."""
    found = file.table
    return {
        "table": table,
        "kind": file.kind,
        "file": found.file,
        "sheet": found.sheet or found.layer or "",
        "vintage": str(file.vintage),
        "licence": file.licence,
        "attribution": file.attribution,
        "sha256": file.sha256,
        "rows": rows,
    }
