"""One published table of postcodes: its layout, and what it says, as rows.

Read are Code-Point Open (the 120 files without header of Ordnance Survey's archive, its GeoPackage, or tables with a
header), the ONS Postcode Directory and the National Statistics Postcode Lookup with the column names of before and
since 2025, and lists that give the small area of a postcode but not its place.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geodata.errors import Finding, InputProblems
from geodata.locate import outside_britain
from geodata.published.area_columns import code_columns, full_year
from geodata.published.area_tables import to_numbers
from geodata.published.cells import by_value
from geodata.published.coordinates import on_the_grid
from geodata.published.postcode_words import plain_postcode, postcode_parts
from geodata.tables.columns import plain_name

if TYPE_CHECKING:
    from geodata.published.catalogue import PublishedFile
    from geodata.published.tables import FoundTable

_POSTCODE_NAMES = ("pcds", "pcd8", "pcd2", "pcd7", "pcd", "postcode", "pc", "postcodeunit", "unitpostcode")
_EAST = ("oseast1m", "east1m", "eastings?", "ea", "x(coord(inate)?)?", "bnge")
_NORTH = ("osnrth1m", "north1m", "northings?", "no", "y(coord(inate)?)?", "bngn")
_LON, _LAT = ("long?", "longitude", "lng"), ("lat", "latitude")
_ENDED = ("doterm", "terminated", "dateoftermination")
_QUALITY = ("positionalqualityindicator", "quality", "pq", "gridind", "osgrdind")
_NO_PLACE = frozenset(["90", "9"])
"""Quality 90 of Code-Point Open and grid indicator 9 of ONS: no coordinate."""
_WRITTEN = r"\s*[A-Za-z]{1,2}[0-9][A-Za-z0-9]?\s*[0-9][A-Za-z]{2}\s*"


@dataclass(frozen=True)
class PostcodeLayout:
    """Positions of our columns in one table; `areas` are those of small areas: (position, level, year)."""

    postcode: int
    east: int | None = None
    north: int | None = None
    degrees: bool = False
    ended: int | None = None
    quality: int | None = None
    areas: tuple[tuple[int, str, int | None], ...] = ()
    points: bool = False

    @property
    def places(self) -> bool:
        """Whether the table says where postcodes are."""
        return self.points or self.east is not None

    def area(self, level: str | None, year: int | None) -> int | None:
        """Position of a column of area codes: of this level and year if told, the latest otherwise."""
        ranked = sorted(
            (a for a in self.areas if level is None or a[1] == level),
            key=lambda a: (a[2] != year, a[1] != "LSOA", -(a[2] or 0), a[0]),
        )
        return ranked[0][0] if ranked else None


def layout_of(table: FoundTable) -> PostcodeLayout | None:
    """Where a table holds postcodes and what else it tells; None when it holds none."""
    plain = [plain_name(name) for name in table.header]
    width = max([len(plain), *(len(row) for row in table.sample)], default=0)
    holds = [i for i in range(width) if _holds_postcodes(table, i)]
    if not holds:
        return None
    if not plain:  # Code-Point Open as Ordnance Survey publishes it: postcode, quality, easting, northing, ...
        return PostcodeLayout(holds[0], holds[0] + 2, holds[0] + 3, quality=holds[0] + 1) if width >= 4 else None
    by_name = [plain.index(name) for name in _POSTCODE_NAMES if name in plain and plain.index(name) in holds]
    postcode = (by_name or holds)[0]

    def find(patterns: Sequence[str]) -> int | None:
        return next((i for p in patterns for i, name in enumerate(plain) if re.fullmatch(p, name)), None)

    east, north, degrees = find(_EAST), find(_NORTH), False
    if east is None or north is None:
        east, north, degrees = find(_LON), find(_LAT), True
    if east is None or north is None:
        east = north = None
    areas = tuple(
        (i, level, full_year(m.group(1)) if (m := re.search(r"(?<![0-9])(20[12]1|[12]1)(?![0-9])", plain[i])) else None)
        for i, level in code_columns(table.header, table.sample).items()
        if i < len(plain) and not re.search("01(cd)?$|2001", plain[i])
    )
    points = table.geometry == "point"
    return PostcodeLayout(postcode, east, north, degrees, find(_ENDED), find(_QUALITY), areas, points and east is None)


def _holds_postcodes(table: FoundTable, position: int) -> bool:
    cells = [row[position] for row in table.sample if position < len(row) and row[position].strip()]
    return bool(cells) and sum(bool(re.fullmatch(_WRITTEN, cell)) for cell in cells) * 2 > len(cells)


# --- Reading ---------------------------------------------------------------------------------------------------------


def read_postcode_rows(
    file: PublishedFile, *, only: Collection[str] | None = None, code_year: int | None = None
) -> tuple[pd.DataFrame, list[Finding]]:
    """Read what one file says about postcodes, without looking for neighbours.

    Parameters
    ----------
    file
        A recognised file of the kind `postcodes`.
    only
        Postcodes to keep while reading, in any spelling; None for all.
    code_year
        2011 or 2021: which area codes to give where the file has both; None for the latest.

    Returns
    -------
    frame
        `postcode` (no blanks), `easting`, `northing` (metres on EPSG:27700, NaN where it has none), `terminated`
        (year and month, "" while in use), `area_code` (LSOA if told, else output area) and `output_area`.
    findings
        Files that cannot be read, coordinates off the map.
    """
    frames: list[pd.DataFrame] = []
    findings: list[Finding] = []
    for table in file.tables or (file.table,):
        layout = layout_of(table)
        if layout is None:
            continue
        try:
            frames.append(_rows(table, layout, only, code_year, findings))
        except InputProblems as problem:
            findings += problem.findings
    if not frames:
        return no_rows(), findings
    return pd.concat(frames, ignore_index=True), findings


def no_rows() -> pd.DataFrame:
    """What `read_postcode_rows` gives of an empty file."""
    texts = {column: pd.Series([], dtype="str") for column in ("postcode", "terminated", "area_code", "output_area")}
    return pd.DataFrame({**texts, "easting": pd.Series([], dtype=float), "northing": pd.Series([], dtype=float)})


def _rows(
    table: FoundTable,
    layout: PostcodeLayout,
    only: Collection[str] | None,
    code_year: int | None,
    findings: list[Finding],
) -> pd.DataFrame:
    wanted = {"postcode": layout.postcode}
    area, output_area = layout.area(None, code_year), layout.area("OA", code_year)
    optional = {
        "east": layout.east,
        "north": layout.north,
        "terminated": layout.ended,
        "quality": layout.quality,
        "area_code": area,
        "output_area": output_area,
    }
    wanted.update({name: position for name, position in optional.items() if position is not None})
    keep = None if only is None else ("postcode", only)
    raw, points = _cells(table, layout, wanted, keep)
    proper = by_value(raw["postcode"], lambda text: postcode_parts(text) is not None, bool).to_numpy()
    raw, points = raw[proper], points[proper]
    out = pd.DataFrame({"postcode": by_value(raw["postcode"], plain_postcode)})
    if layout.degrees and layout.east is not None:
        points, told = on_the_grid(points, table.label)
        findings += told
    nowhere = ~np.isfinite(points).all(axis=1) | (points == 0).any(axis=1)
    if "quality" in raw:
        nowhere |= raw["quality"].isin(list(_NO_PLACE)).to_numpy()
    nowhere |= out["postcode"].str.startswith("BT").to_numpy(dtype=bool)  # Northern Ireland has a grid of its own
    outside = outside_britain(points) & ~nowhere
    if outside.any():
        message = f"{int(outside.sum()):,} postcodes have a coordinate outside Great Britain; it is not used."
        where = np.flatnonzero(outside)[0]
        value = f"{points[where, 0]:.10g}, {points[where, 1]:.10g}"
        fix = "Check that the columns hold easting and northing."
        row = int(raw.index[where])
        findings.append(Finding("warning", table.label, message, fix, row, value=value, code="outside-britain"))
    points[nowhere | outside] = np.nan
    out["easting"], out["northing"] = points[:, 0], points[:, 1]
    out["terminated"] = by_value(raw["terminated"], _month) if "terminated" in raw else ""
    for column in ("area_code", "output_area"):
        out[column] = raw[column].str.upper() if column in raw else ""
    return out


def _cells(
    table: FoundTable, layout: PostcodeLayout, wanted: dict[str, int], only: tuple[str, Collection[str]] | None
) -> tuple[pd.DataFrame, np.ndarray[Any, Any]]:
    """Text cells, and the points (n, 2) as the file has them."""
    if layout.points:
        layer = table.read_shapes(wanted, only=only)
        shapes = layer.geometry
        there = shapes.notna().to_numpy() & ~shapes.is_empty.to_numpy()
        points = np.full((len(layer), 2), np.nan)
        middle = shapes[there].centroid
        points[there] = np.column_stack([middle.x, middle.y])
        return pd.DataFrame(layer.drop(columns=layer.geometry.name)), points
    raw = table.read(wanted, only=only)
    if "east" not in raw:
        return raw, np.full((len(raw), 2), np.nan)
    return raw, np.column_stack([to_numbers(raw[name])[0].to_numpy(dtype=np.float64) for name in ("east", "north")])


def _month(text: str) -> str:
    """`200006` of a date of termination in any spelling; "" for an empty cell."""
    digits = re.sub(r"[^0-9]", "", re.split("[T ]", text.strip(), maxsplit=1)[0])
    return digits[:6] if len(digits) >= 6 and digits != "000000" else ""
