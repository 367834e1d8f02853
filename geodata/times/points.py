"""Read points of any kind, each with an id and a place: what the engine on its own works on.

A table gives `id` and either `easting` and `northing`, or `lon` and `lat`, which state their own coordinate system, or
`x` and `y` with a stated one (the option `--crs`, or a column `crs`). A layer of points gives `id` and its geometry.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray
from pyproj.exceptions import CRSError

from geodata.case import TableSpec
from geodata.errors import Finding, InputProblems
from geodata.locate import LONGITUDE_LATITUDE, outside_britain, transform_points
from geodata.place import BRITISH_NATIONAL_GRID
from geodata.tables.columns import nearest
from geodata.tables.readers import FilePart, read_table
from geodata.tables.schemas import Table, cap_findings, combine, parse_number

PAIRS = (("easting", "northing"), ("lon", "lat"), ("x", "y"))
"""Pairs of columns that say where a point is, in the order in which they are taken."""

OWN_SYSTEM = {"easting": BRITISH_NATIONAL_GRID, "lon": LONGITUDE_LATITUDE}
WEB_MAP = "EPSG:3857"

SAID_HERE = {
    "missing-file": "Check the name and the folder.",
    "header-not-first": "Delete the rows above the column names.",
    "no-header": "Add a first row with the column names, such as id,easting,northing.",
    "header-only": "Save it again with its rows.",
    "old-excel": "Open it in Excel and save it as .xlsx.",
}
"""What to do where the readers would speak of the settings of a case."""

SILENT = frozenset({"unused-columns", "misspelt-column"})
"""What the readers note of columns that nobody asks for here: a table of points may hold anything beside them."""


@dataclass(frozen=True)
class PointTable:
    """P points of a file, in its order.

    Parameters
    ----------
    file
        The file as it was named.
    ids
        Their ids, each once.
    x, y
        Metres in EPSG:27700, shape (P,).
    sha256
        Checksum of the file.
    findings
        What was noticed, short of an error.
    rows
        Row of each point as a spreadsheet counts, shape (P,).
    """

    file: str
    ids: tuple[str, ...]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    sha256: str = ""
    findings: tuple[Finding, ...] = ()
    rows: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))

    def __len__(self) -> int:
        return len(self.ids)


class PointSpec(TableSpec):
    """How to read a file of points; hints name the options of the command instead of the settings of a case."""

    def hint(self, table: str, addition: str) -> str:
        """Say what to add to the command."""
        setting, _, value = addition.partition(" = ")
        value = value.strip('"')
        if setting == "crs":
            return f"Add --crs {value}."
        if setting in {"layer", "sheet"}:
            return f"Name one of them after the file: {self.file}/{value}"
        return "Rename the columns in the file."


def read_points(path: Path | str, crs: str | None = None) -> PointTable:
    """Read points from CSV, Excel, GeoPackage, GeoJSON or Parquet.

    Parameters
    ----------
    path
        The file; one sheet or layer of several is named after it, as in `sites.gpkg/clinics`.
    crs
        Coordinate system of columns `x` and `y`, or of a layer that does not say its own, such as `EPSG:27700`.

    Raises
    ------
    InputProblems
        With every problem of the file: it cannot be read, a column is missing, ids are empty or stand twice, a
        coordinate is no number, is swapped, or lies outside Great Britain.
    """
    table, findings = points_and_findings(path, crs)
    if table is None:
        raise InputProblems(findings)
    return table


def points_and_findings(path: Path | str, crs: str | None = None) -> tuple[PointTable | None, list[Finding]]:
    """Like `read_points`, without raising: None instead of the points where there is an error."""
    if crs is not None:
        try:
            known_crs(crs)
        except ValueError as error:
            fix = f"Write an EPSG code, such as {BRITISH_NATIONAL_GRID} or {LONGITUDE_LATITUDE}."
            return None, [Finding("error", str(path), str(error), fix, value=crs, code="wrong-crs")]
    spec = spec_of(path)
    part, found, source = read_table(Path(), "points", spec)
    findings = [_said_here(finding, spec) for finding in found if finding.code not in SILENT]
    if part is None:
        return None, cap_findings(findings)
    table, more = combine("points", [part], complete=True)
    findings += more
    findings += _check_ids(table, part)
    points, more = _locate(table, part, crs)
    findings = cap_findings(sorted(findings + more, key=lambda finding: finding.row or 0))
    if any(finding.severity == "error" for finding in findings):
        return None, findings
    ids = tuple(str(text) for text in table.raw["id"])
    sha256 = source.sha256 if source else ""
    x, y = points[:, 0].copy(), points[:, 1].copy()
    return PointTable(spec.file, ids, x, y, sha256, tuple(findings), part.rows), findings


def spec_of(path: Path | str) -> PointSpec:
    """How to read a file that is named with its sheet or layer after it (`FILE/NAME`), or without."""
    path = Path(path)
    if not path.exists() and path.parent.is_file():
        excel = path.parent.suffix.lower() in {".xlsx", ".xlsm", ".xls"}
        part = {"sheet": path.name} if excel else {"layer": path.name}
        return PointSpec(file=str(path.parent), **part)
    return PointSpec(file=str(path))


def known_crs(text: str) -> str:
    """The text, if it names a coordinate system.

    Raises
    ------
    ValueError
        When it does not.
    """
    try:
        pyproj.CRS.from_user_input(text)
    except CRSError as error:
        raise ValueError(f"{text} is not a coordinate system that is known here.") from error
    return text


def _said_here(finding: Finding, spec: PointSpec) -> Finding:
    fix = SAID_HERE.get(finding.code, finding.fix)
    if finding.code == "first-sheet":
        names = finding.fix.partition("there are: ")[2].rstrip(".")
        fix = f"To read another one, name it after the file, as in {spec.file}/NAME; there are: {names}."
    if finding.code == "missing-layer" and spec.layer:
        fix = finding.fix.partition(" Correct layer")[0]
    return replace(finding, fix=fix)


# --- Ids ---------------------------------------------------------------------------------------------------------


def _check_ids(table: Table, part: FilePart) -> list[Finding]:
    if "id" not in table.raw:
        used = set(part.spelling.values())
        others = [name for name in part.header if name and name not in used]
        close = nearest("id", others, cutoff=0.5) or (others[0] if others else "")
        fix = f"Call the column that names the points id{f' ({close}?)' if close else ''}."
        message = f"The file has no column id. Its columns are: {', '.join(part.header[:10]) or 'none'}."
        table.sound[:] = False
        return [Finding("error", part.file, message, fix, _header_row(part), "id", code="missing-column")]
    findings, first = [], {}
    for i, text in enumerate(table.raw["id"]):
        if not text:
            fix = "Fill the cell in, or delete the row."
            findings.append(table.finding(i, "id", "The id is empty.", fix, "empty-value", value=""))
        elif text in first:
            message = f"The same id stands in {table.where(first[text])} and here, {table.where(i)}."
            fix = "Keep one of the two rows, or give one of them another id."
            findings.append(table.finding(i, "id", message, fix, "duplicate-code"))
        first.setdefault(text, i)
    return findings


def _header_row(part: FilePart) -> int | None:
    return None if part.geometry is not None else part.spec.header_row or None


# --- Places ------------------------------------------------------------------------------------------------------


@dataclass
class _Places:
    """Where N points are: on the grid, and as the file has it, with the system and the column it was read from."""

    points: NDArray[np.float64]
    given: NDArray[np.float64]
    crs: list[str]
    column: list[str]
    findings: list[Finding] = field(default_factory=list)
    told: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=bool))


def _locate(table: Table, part: FilePart, crs: str | None) -> tuple[NDArray[np.float64], list[Finding]]:
    count = len(table)
    places = _Places(np.full((count, 2), np.nan), np.full((count, 2), np.nan), [""] * count, ["geometry"] * count)
    places.told = np.zeros(count, dtype=bool)
    if part.geometry is not None and not _drawn(table, part, crs, places):
        return places.points, places.findings
    pairs = [pair for pair in PAIRS if all(name in table.raw for name in pair)]
    if part.geometry is None and not pairs:
        return places.points, [*places.findings, _no_pair(table, part)]
    for east, north in pairs:
        _read_pair(table, places, east, north, crs)
    for i in np.flatnonzero(np.isnan(places.points).any(axis=1) & ~places.told):
        columns = pairs[0] if pairs else ("geometry", "geometry")
        message, fix = "Nothing says where this point is.", f"Fill in {columns[0]} and {columns[1]}."
        if not pairs:
            fix = "Draw it in a GIS, or delete the feature."
        places.findings.append(table.finding(int(i), columns[0], message, fix, "no-location", value=""))
    places.findings += _off_the_map(table, places)
    return places.points, places.findings


def _no_pair(table: Table, part: FilePart) -> Finding:
    half = next(((a, b) for pair in PAIRS for a, b in (pair, pair[::-1]) if a in table.raw), None)
    fix = "Add easting and northing, or lon and lat (or x and y, with --crs)."
    message = "The file has no columns that say where its points are."
    if nearest("postcode", part.header, cutoff=0.8):
        fix += " Postcodes alone are not enough here: add the coordinates of Code-Point Open or of the ONS directory."
    if half:
        message = f"The file has a column {part.spelling.get(half[0], half[0])}, but none for {half[1]}."
        close = nearest(half[1], [name for name in part.header if name not in part.spelling.values()], cutoff=0.5)
        fix = f"Add {half[1]}{f', or rename {close} to {half[1]}' if close else ''}."
    table.sound[:] = False
    return Finding("error", part.file, message, fix, _header_row(part), half[1] if half else None, code="no-location")


def _read_pair(table: Table, places: _Places, east: str, north: str, crs: str | None) -> None:
    """Fill the open places from a pair of columns; text that is no number is told."""
    texts = np.column_stack((table.raw[east], table.raw[north]))
    open_rows = np.flatnonzero(np.isnan(places.points).any(axis=1) & ~places.told & (texts != "").any(axis=1))
    numbers = np.full((len(table), 2), np.nan)
    for i in open_rows:
        numbers[i] = _numbers_of(table, places, int(i), (east, north), texts[i])
    ready = open_rows[~places.told[open_rows]]
    if not len(ready):
        return
    systems = _systems(table, places, ready, east, crs, numbers)
    for system in sorted({name for name in systems if name}):
        rows = ready[[name == system for name in systems]]
        places.points[rows] = _moved(numbers[rows], system)
        places.given[rows] = numbers[rows]
        for i in rows.tolist():
            places.crs[i], places.column[i] = system, east


def _numbers_of(
    table: Table, places: _Places, i: int, names: tuple[str, str], texts: Sequence[str]
) -> tuple[float, float]:
    pair = []
    for name, text in zip(names, texts, strict=True):
        number = parse_number(text) if text else None
        degrees_comma = names[0] == "lon" and "," in text
        if not text:
            message = f"Only one of {names[0]} and {names[1]} is filled in."
            places.findings.append(table.finding(i, name, message, "Give both.", "half-location", value=""))
        elif number is None or degrees_comma:
            fix = "Write the number in digits only, with a point before the decimals."
            message = f"{name} must be a number; this is text."
            places.findings.append(table.finding(i, name, message, fix, "not-a-number"))
            number = None
        places.told[i] |= number is None
        pair.append(np.nan if number is None else number)
    return pair[0], pair[1]


def _systems(
    table: Table,
    places: _Places,
    rows: NDArray[np.int64],
    east: str,
    crs: str | None,
    numbers: NDArray[np.float64],
) -> list[str]:
    """Coordinate system of each row: that of the columns, of the column `crs`, or the one given; "" if unknown."""
    if east in OWN_SYSTEM:
        return [OWN_SYSTEM[east]] * len(rows)
    stated = table.raw["crs"][rows] if "crs" in table.raw else np.full(len(rows), "", dtype=object)
    result = [_epsg(text) or crs or "" for text in stated]
    known: dict[str, bool] = {}
    silent = []
    for k, i in enumerate(rows.tolist()):
        name = result[k]
        if name and not known.setdefault(name, _is_known(name)):
            places.told[i] = True
            fix = f"Write an EPSG code, such as {BRITISH_NATIONAL_GRID}."
            message = "This is not a coordinate system that is known here."
            places.findings.append(table.finding(i, "crs", message, fix, "wrong-crs"))
            result[k] = ""
        elif not name:
            silent.append(i)
    if silent:
        places.told[silent] = True
        table.sound[silent] = False
        places.findings.append(_no_crs(table, numbers[silent]))
    return result


def _epsg(text: str) -> str:
    """A coordinate system as a cell names it: a bare number is an EPSG code."""
    return f"EPSG:{text}" if text.isdigit() else text


def _is_known(crs: str) -> bool:
    try:
        known_crs(crs)
    except ValueError:
        return False
    return True


def _no_crs(table: Table, numbers: NDArray[np.float64]) -> Finding:
    part = table.parts[0]
    columns = f"{part.spelling['x']} and {part.spelling['y']}"
    small = bool(np.abs(numbers).max() <= 180)
    on_grid = not small and not outside_britain(numbers).any()
    if small:
        swapped = bool((numbers[:, 0] > 40).all())
        looks = "longitude and latitude" + (", the wrong way round" if swapped else "")
        fix = f"Call them {'lat and lon' if swapped else 'lon and lat'}."
        if not swapped:
            fix = f"Call them lon and lat, or add --crs {LONGITUDE_LATITUDE}."
    elif on_grid:
        looks = "eastings and northings of the British National Grid"
        fix = f"If they are, add --crs {BRITISH_NATIONAL_GRID}, or call the columns easting and northing."
    else:
        looks = "metres, but not of the British National Grid"
        fix = f"Find out the coordinate system and add it, as in --crs {WEB_MAP} (web map)."
    message = f"The columns {columns} do not say their coordinate system; the numbers look like {looks}."
    return Finding("error", part.file, message, fix, _header_row(part), part.spelling["x"], code="no-crs")


def _moved(points: NDArray[np.float64], crs: str) -> NDArray[np.float64]:
    """Points on the British National Grid; one that is nowhere on it lies at infinity."""
    moved = transform_points(points, crs)
    return np.where(np.isfinite(moved).all(axis=1)[:, None], moved, np.inf)


# --- Layers ------------------------------------------------------------------------------------------------------


def _drawn(table: Table, part: FilePart, crs: str | None, places: _Places) -> bool:
    """Fill the places from the geometries of a layer; False where their coordinate system is not known."""
    shapes = part.geometry
    assert shapes is not None
    system = _layer_system(part, crs, places)
    if system is None:
        table.sound[:] = False
        return False
    outlines = 0
    for i, shape in enumerate(shapes):
        if shape is None or shape.is_empty:
            if not any(name in table.raw and table.raw[name][i] for pair in PAIRS for name in pair):
                places.told[i] = True
                fix = "Draw it in a GIS, or delete the feature."
                places.findings.append(
                    table.finding(i, "geometry", "The geometry is empty.", fix, "empty-geometry", value="")
                )
            continue
        if shape.geom_type in {"Polygon", "MultiPolygon"}:
            outlines += 1
        elif shape.geom_type != "Point" and not (shape.geom_type == "MultiPoint" and len(shape.geoms) == 1):
            places.told[i] = True
            message = f"The geometry must be a point; this is {shape.geom_type}."
            fix = "Name another layer, or repair the geometry in a GIS."
            places.findings.append(table.finding(i, "geometry", message, fix, "wrong-geometry", value=""))
            continue
        point = shapely.point_on_surface(shapely.force_2d(shape))
        places.given[i] = point.x, point.y
        places.crs[i] = system
    known = np.isfinite(places.given).all(axis=1)
    places.points[known] = _moved(places.given[known], system)
    if outlines:
        message = f"{outlines} points are drawn as outlines; a point inside each is used."
        places.findings.append(Finding("note", part.file, message, column="geometry", code="outline-site"))
    return True


def _layer_system(part: FilePart, crs: str | None, places: _Places) -> str | None:
    """Coordinate system of a layer: its own, or else the one given."""
    system = part.crs or crs
    bounds = shapely.total_bounds(part.geometry)
    finite = bool(np.isfinite(bounds).all())
    small = finite and bool(np.abs(bounds).max() <= 180)
    fix = f"Add --crs {LONGITUDE_LATITUDE if small else BRITISH_NATIONAL_GRID}, if that is right."
    if system is None:
        looks = "longitude and latitude" if small else "metres, perhaps of the British National Grid"
        message = f"The file does not say its coordinate system; the numbers look like {looks}."
        places.findings.append(Finding("error", part.file, message, fix, column="geometry", code="no-crs"))
        return None
    if not _is_known(system):
        message = "The file's coordinate system is not known here."
        fix = "Save it from your GIS in a known one, such as EPSG:27700."
        places.findings.append(
            Finding("error", part.file, message, fix, column="geometry", value=system[:60], code="wrong-crs")
        )
        return None
    about = pyproj.CRS.from_user_input(system)
    if finite and small != about.is_geographic:
        own = "The file says" if part.crs else "--crs says"
        are = ("degrees", "metres") if about.is_geographic else ("metres", "degrees")
        message = f"{own} that its coordinates are {about.name}, in {are[0]}, but the numbers are {are[1]}."
        fix = "Set the right coordinate system in your GIS and save the file again."
        value = ", ".join(f"{number:.6g}" for number in bounds)
        places.findings.append(
            Finding("error", part.file, message, fix, column="geometry", value=value, code="wrong-crs")
        )
        return None
    return system


# --- Is it there at all? -----------------------------------------------------------------------------------------


def _off_the_map(table: Table, places: _Places) -> list[Finding]:
    """Points outside Great Britain, with the mistake that most likely put them there."""
    known = ~np.isnan(places.points).any(axis=1) & ~places.told
    zero = known & (places.given == 0).all(axis=1)
    findings = []
    for i in np.flatnonzero(zero):
        fix = "Correct it, or delete the row."
        message = "The point is 0, 0: it was probably never placed."
        findings.append(_told(table, places, int(i), message, fix, "zero-location"))
    far = known & ~zero & (outside_britain(places.points) | np.isinf(places.points).any(axis=1))
    found = [_outside(table, places, int(i)) for i in np.flatnonzero(far)]
    if len(found) > 3 and len(found) * 2 > len(table) and len({finding.code for finding in found}) == 1:
        first = found[0]
        message = f"{len(found)} of {len(table)} rows are alike, this is the first: {first.message}"
        found = [replace(first, message=message)]
    return findings + found


def _outside(table: Table, places: _Places, i: int) -> Finding:
    x, y = (float(number) for number in places.given[i])
    degrees = pyproj.CRS.from_user_input(places.crs[i]).is_geographic
    drawn = places.column[i] == "geometry"
    exchange = "Swap them in a GIS (QGIS: Swap X and Y coordinates)" if drawn else "Exchange the two columns"

    def fits(pair: tuple[float, float], crs: str) -> bool:
        if crs == LONGITUDE_LATITUDE and not (abs(pair[0]) <= 180 and abs(pair[1]) <= 90):
            return False
        point = _moved(np.array([pair]), crs)
        return bool(np.isfinite(point).all()) and not outside_britain(point)[0]

    if degrees and fits((y, x), LONGITUDE_LATITUDE):
        message, code = "Longitude and latitude are swapped.", "swapped-coordinates"
        return _told(table, places, i, message, f"{exchange} (longitude is the small number).", code)
    if degrees and fits((-x, y), LONGITUDE_LATITUDE):
        message = "The longitude has lost its minus sign: it lies east of Greenwich."
        return _told(table, places, i, message, f"Write {-x:g}.", "lost-minus")
    grid = "The numbers look like the British National Grid, but are read as another coordinate system."
    if fits((x, y), BRITISH_NATIONAL_GRID) and max(abs(x), abs(y)) > 180:
        fix = {
            "lon": "Call the columns easting and northing.",
            "x": f"Write --crs {BRITISH_NATIONAL_GRID}.",
        }.get(places.column[i], "Set the right coordinate system in your GIS.")
        return _told(table, places, i, grid, fix, "wrong-crs")
    if abs(x) <= 180 and abs(y) <= 90 and fits((x, y), LONGITUDE_LATITUDE):
        message = "The numbers look like longitude and latitude, but are read as metres."
        fix = f"Call the columns lon and lat, or write --crs {LONGITUDE_LATITUDE}."
        return _told(table, places, i, message, fix, "wrong-crs")
    if not degrees and fits((x, y), WEB_MAP):
        message = "The numbers look like web map metres, not the British National Grid."
        fix = f"Call the columns x and y, and add --crs {WEB_MAP}."
        return _told(table, places, i, message, fix, "wrong-crs")
    message = "The point lies outside Great Britain: the coordinates or their system are wrong."
    return _told(table, places, i, message, "Correct the coordinates, or delete the row.", "outside-britain")


def _told(table: Table, places: _Places, i: int, message: str, fix: str, code: str) -> Finding:
    x, y = places.given[i]
    places.told[i] = True
    return table.finding(i, places.column[i], message, fix, code, value=f"{x:.10g}, {y:.10g}")
