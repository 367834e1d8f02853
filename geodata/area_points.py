"""Points inside areas: where its people live, so that the time of an area is a mean over them, not that of one point.

A table of output areas with their population, or of postcodes, names for each point the area it lies in. Several rows
an area; areas without any keep their own point.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pandas as pd
import pyproj
import shapely
from numpy.typing import NDArray
from pyproj.exceptions import CRSError

from geodata.case import TableSpec
from geodata.errors import Finding, Severity
from geodata.locate import (
    LONGITUDE_LATITUDE,
    Located,
    Points,
    outside_britain,
    plain_postcode,
    transform_points,
)
from geodata.place import BRITISH_NATIONAL_GRID, SourceFile
from geodata.tables.blocks import chosen_rows, one_part, read_in_blocks
from geodata.tables.readers import FilePart
from geodata.tables.schemas import Table, check_table, combine

TABLE = "area_points"
COLUMNS = ("area_code", "x", "y", "weight")

FAR_FROM_POINT_M = 10_000.0
"""A point farther than this from the point of its area is a warning, where the outline of the area is not known."""

FAR_OUTSIDE_M = 2_000.0
"""A point this far outside the outline of its area is a warning."""

MANY_NOT_PLACED = 0.5
"""Up to this share of points may lack a place without a warning: postcodes go out of use."""

MOSTLY = 0.5
"""Where more than this share of rows is wrong in the same way, the whole column is."""

LISTED = 5


@dataclass
class AreaPoints:
    """What was read: `frame` has the columns of `Place.area_points`, or is None."""

    frame: pd.DataFrame | None = None
    findings: list[Finding] = field(default_factory=list)
    sources: list[SourceFile] = field(default_factory=list)


@dataclass(frozen=True)
class _Areas:
    """The areas of the case: their codes, points (A, 2) and outlines (None where only a point is known), shape (A,)."""

    codes: pd.Index
    points: Points
    outline: NDArray[np.object_]


def read_area_points(
    folder: Path,
    specs: Sequence[TableSpec],
    areas: Table | None,
    areas_at: Located | None,
    postcodes: Table | None,
    *,
    postcodes_named: bool = False,
) -> AreaPoints:
    """Read, check and locate the points inside the areas of a case.

    Only rows of the areas of the case are kept while a file is read, so that a table of a whole country may be named.

    Parameters
    ----------
    folder
        The case folder.
    specs
        The files of the table, those that are not there left out.
    areas, areas_at
        The areas and where they are.
    postcodes
        The table of postcodes, for points that give a postcode and no coordinates; None without one.
    postcodes_named
        Whether the case names such a table, so that its absence has been told.
    """
    out = AreaPoints()
    known = _areas(areas, areas_at)
    wanted = None if known is None else set(known.codes)
    parts, unknown = _read(folder, specs, wanted, out)
    if not parts:
        return out
    table, findings = combine(TABLE, parts, complete=len(parts) == len(specs))
    out.findings += findings
    if not len(table):
        out.findings += _only_unknown(table, unknown)
        return out
    out.findings += check_table(table)
    if "area_code" not in table.frame:
        return out
    out.findings += _left_out(table, unknown)
    points, columns = _located(table, postcodes, out, postcodes_named=postcodes_named)
    weight = _weights(table, out)
    if known is None or areas is None or any(finding.severity == "error" for finding in out.findings):
        return out
    area = known.codes.get_indexer(table.frame["area_code"])
    placed = np.isfinite(points).all(axis=1) & (area >= 0)
    out.findings += _far(table, columns, points, area, placed, known)
    used = placed & (weight > 0)
    out.findings += _areas_without(table, areas, known, area[used])
    out.frame = _frame(known, area[used], points[used], weight[used])
    return out


def _areas(areas: Table | None, at: Located | None) -> _Areas | None:
    if areas is None or at is None or not areas.complete or "area_code" not in areas.frame:
        return None
    codes = areas.frame["area_code"].astype(str).to_numpy()
    first = ~pd.Series(codes).duplicated().to_numpy()
    shapes = np.full(len(codes), None, dtype=object) if at.geometry is None else at.geometry.copy()
    drawn = np.array([shape is not None and shapely.get_dimensions(shape) == 2 for shape in shapes], dtype=bool)
    shapes[~drawn] = None
    return _Areas(pd.Index(codes[first]), at.points[first], shapes[first])


# --- Reading -----------------------------------------------------------------------------------------------------


@dataclass
class _Unknown:
    """Rows of areas that are not in the case."""

    rows: int = 0
    codes: set[str] = field(default_factory=set)
    first: tuple[FilePart, int, str] | None = None

    def add(self, part: FilePart, codes: NDArray[np.object_], which: NDArray[np.bool_]) -> None:
        self.rows += int(which.sum())
        self.codes.update(codes[which])
        if self.first is None and which.any():
            i = int(np.flatnonzero(which)[0])
            self.first = part, int(part.rows[i]), str(part.columns["area_code"][i])


def _read(
    folder: Path, specs: Sequence[TableSpec], wanted: set[str] | None, out: AreaPoints
) -> tuple[list[FilePart], _Unknown]:
    parts: list[FilePart] = []
    unknown = _Unknown()
    ids: set[str] | None = None
    for spec in specs:
        kept: list[FilePart] = []

        def take(part: FilePart, kept: list[FilePart] = kept, ids: set[str] | None = ids) -> None:
            kept.append(_of_the_case(part, wanted, ids, unknown))

        part, findings, source = read_in_blocks(folder, TABLE, spec, take)
        out.findings += findings
        if part is None or source is None:
            continue
        parts.append(one_part(kept))
        out.sources.append(source)
        if not spec.join and "point" in parts[-1].columns:
            ids = (ids or set()) | set(parts[-1].columns["point"])
    return parts, unknown


def _of_the_case(part: FilePart, wanted: set[str] | None, ids: set[str] | None, unknown: _Unknown) -> FilePart:
    """The rows of a block that are about areas of the case; of a joined file, those about points of the case."""
    if part.spec.join:
        if ids is None or "point" not in part.columns:
            return part
        return chosen_rows(part, np.array([point in ids for point in part.columns["point"]], dtype=bool))
    if wanted is None or "area_code" not in part.columns:
        return part
    codes = np.array([code.upper() for code in part.columns["area_code"]], dtype=object)
    # An empty cell is kept: the check names its row.
    ours = np.array([not code or code in wanted for code in codes], dtype=bool)
    unknown.add(part, codes, ~ours)
    return chosen_rows(part, ours)


def _only_unknown(table: Table, unknown: _Unknown) -> list[Finding]:
    if unknown.first is None:
        return []
    part, row, code = unknown.first
    message = "No area code of the points is in the areas table."
    fix = "Both must use the same areas of the same year (LSOA 2011 and LSOA 2021 have different codes)."
    others = [name for name in part.header if name and name not in part.spelling.values()]
    if others:
        example = f'columns = {{ area_code = "{others[0]}" }}'
        fix += f" If another column holds the codes of the areas: {part.spec.hint(TABLE, example)}"
    column = part.spelling.get("area_code", "area_code")
    return [Finding("error", table.files, message, fix, row, column, code, "no-match")]


def _left_out(table: Table, unknown: _Unknown) -> list[Finding]:
    if unknown.first is None:
        return []
    part, row, code = unknown.first
    message = (
        f"{_count(unknown.rows, 'point')} in {_count(len(unknown.codes), 'area')} not of this case: left out. This is "
        "the first."
    )
    column = part.spelling.get("area_code", "area_code")
    fix = "Nothing needs doing where the file covers more than the case."
    return [Finding("note", table.files, message, fix, row, column, code, "points-outside-case")]


def _count(number: int, word: str) -> str:
    return f"{number:,} {word}" + ("" if number == 1 else "s")


# --- Where they are ----------------------------------------------------------------------------------------------


def _located(
    table: Table, postcodes: Table | None, out: AreaPoints, *, postcodes_named: bool
) -> tuple[Points, NDArray[np.object_]]:
    """Points (n, 2) on the grid, NaN where unknown, and the column that says so, shape (n,)."""
    points = np.full((len(table), 2), np.nan)
    columns = np.full(len(table), None, dtype=object)
    pairs = [pair for pair in (("x", "y"), ("lon", "lat")) if set(pair) <= set(table.frame)]
    if not pairs and table.geometry is None and "postcode" not in table.frame:
        message = "The file has no columns that say where the points are."
        fix = "Add x and y (easting, northing), or lon and lat, or a postcode; or name them under columns in case.toml."
        header = table.parts[0].spec.header_row or None
        out.findings.append(Finding("error", table.files, message, fix, header, code="no-location"))
        return points, columns
    for pair in pairs:
        _from_columns(table, pair, points, columns, out)
    if table.geometry is not None:
        _from_shapes(table, points, columns, out)
    if "postcode" in table.frame:
        _from_postcodes(table, postcodes, points, columns, out, postcodes_named=postcodes_named)
    points[outside_britain(points)] = np.nan
    waiting = "postcode" in table.frame and postcodes is None and postcodes_named  # that table is to be mended first
    if not waiting and not any(finding.severity == "error" for finding in out.findings):
        out.findings += _not_placed(table, points)
    return points, columns


def _parts_of(table: Table, column: str) -> NDArray[np.int64]:
    """The number of the file that gives a cell, shape (n,)."""
    joined = table.origins[column][0] if column in table.origins else np.full(len(table), -1)
    return np.where(joined >= 0, joined, table.part)


def _from_columns(
    table: Table, names: tuple[str, str], points: Points, columns: NDArray[np.object_], out: AreaPoints
) -> None:
    numbers = table.frame[list(names)].to_numpy(dtype=np.float64)
    zero = (np.abs(numbers) < 1e-9).all(axis=1)  # a place in the sea: a directory's way to say unknown
    open_rows = np.isfinite(numbers).all(axis=1) & ~zero & ~np.isfinite(points).all(axis=1)
    parts = _parts_of(table, names[0])
    for number in sorted(set(parts[open_rows].tolist())):
        here = open_rows & (parts == number)
        crs = LONGITUDE_LATITUDE if names[0] == "lon" else _columns_crs(table.parts[number], numbers[here])
        degrees = pyproj.CRS.from_user_input(crs).is_geographic
        unlike = (np.abs(numbers[here]).max(axis=1) <= 180) != degrees
        if unlike.mean() > MOSTLY:
            out.findings.append(_wrong_system(table, int(np.argmax(here)), names, crs, degrees=degrees))
            continue
        good = here.copy()
        good[here] = ~unlike
        placed = transform_points(numbers[good], crs)
        if degrees and _lost(placed) > MOSTLY >= _lost(transform_points(numbers[good][:, ::-1], crs)):
            i = int(np.argmax(good))
            fix = "Exchange the two columns, or name them rightly under columns in case.toml."
            message = "Longitude and latitude are swapped (longitude is the small number)."
            value = f"{table.text(i, names[0])}, {table.text(i, names[1])}"
            out.findings.append(table.finding(i, names[0], message, fix, "swapped-coordinates", value=value))
            continue
        points[good] = placed
        columns[good] = names[0]


def _lost(points: Points) -> float:
    """Share of points that lie nowhere in Great Britain."""
    return float(np.mean(~np.isfinite(points).all(axis=1) | outside_britain(points)))


def _columns_crs(part: FilePart, numbers: Points) -> str:
    """System of x and y; beside a layer, `crs` speaks of the layer and the columns speak for themselves."""
    if part.geometry is None:
        return part.spec.crs or BRITISH_NATIONAL_GRID
    return LONGITUDE_LATITUDE if np.abs(numbers).max() <= 180 else BRITISH_NATIONAL_GRID


def _wrong_system(table: Table, i: int, names: tuple[str, str], crs: str, *, degrees: bool) -> Finding:
    wanted, found = ("degrees", "metres") if degrees else ("metres", "degrees")
    message = (
        f"The columns {names[0]} and {names[1]} are read as {crs}, in {wanted}, but hold {found}: the coordinate "
        "system is wrong."
    )
    meant = f'crs = "{BRITISH_NATIONAL_GRID if degrees else LONGITUDE_LATITUDE}"'
    fix = table.origin(i, names[0])[0].spec.hint(TABLE, meant)
    fix += " and name the columns x and y." if degrees else " (x is the longitude, y the latitude)."
    value = f"{table.text(i, names[0])}, {table.text(i, names[1])}"
    return table.finding(i, names[0], message, fix, "wrong-crs", value=value)


def _from_shapes(table: Table, points: Points, columns: NDArray[np.object_], out: AreaPoints) -> None:
    shapes = table.geometry
    assert shapes is not None
    parts = _parts_of(table, "geometry")
    there = np.array([shape is not None and not shape.is_empty for shape in shapes], dtype=bool)
    open_rows = there & ~np.isfinite(points).all(axis=1)
    for number in sorted(set(parts[open_rows].tolist())):
        here, part = open_rows & (parts == number), table.parts[number]
        crs = part.spec.crs or part.crs
        try:
            pyproj.CRS.from_user_input(crs)
        except CRSError:
            message = "The file does not say its coordinate system, or names one that is not known here."
            fix = part.spec.hint(TABLE, f'crs = "{BRITISH_NATIONAL_GRID}"')
            out.findings.append(Finding("error", part.file, message, fix, column="geometry", code="no-crs"))
            continue
        inner = shapely.get_coordinates(shapely.point_on_surface(shapely.force_2d(shapes[here])))
        points[here] = transform_points(inner.reshape(-1, 2), str(crs))
        columns[here] = "geometry"


def _from_postcodes(
    table: Table,
    postcodes: Table | None,
    points: Points,
    columns: NDArray[np.object_],
    out: AreaPoints,
    *,
    postcodes_named: bool,
) -> None:
    codes = np.array([plain_postcode(str(text)) for text in table.raw["postcode"]], dtype=object)
    open_rows = ~np.isfinite(points).all(axis=1) & (codes != "")
    if not open_rows.any():
        return
    if postcodes is None or "postcode" not in postcodes.raw:
        if not postcodes_named:
            i = int(np.flatnonzero(open_rows)[0])
            message = "The points have postcodes only, and the case has no table of postcodes."
            fix = "Add x and y to the points, or name a postcode table (OS Code-Point Open) as tables.postcodes."
            out.findings.append(table.finding(i, "postcode", message, fix, "no-postcode-table"))
        return
    listed, at = _postcode_directory(postcodes, set(codes[open_rows]))
    found = listed.get_indexer(codes)
    good = open_rows & (found >= 0)
    points[good] = at[found[good]]
    columns[good] = "postcode"


def _postcode_directory(table: Table, wanted: set[str]) -> tuple[pd.Index, Points]:
    """The postcodes that are asked for and have a place, each once, and their points on the grid."""
    codes = np.array([plain_postcode(str(text)) for text in table.raw["postcode"]], dtype=object)
    rows = np.flatnonzero(np.array([code in wanted for code in codes], dtype=bool))
    pair = next((p for p in (("easting", "northing"), ("lon", "lat")) if set(p) <= set(table.raw)), None)
    if pair is None:  # told where sites are placed, or by the search for the points that then remain
        return pd.Index([], dtype=object), np.zeros((0, 2))
    numbers = np.column_stack([_plain_numbers(table.raw[name][rows]) for name in pair])
    lost = ~np.isfinite(numbers).all(axis=1) | (numbers == 0).all(axis=1)
    lost |= (pair[0] == "lon") & (numbers[:, 1] > 90)
    first = ~pd.Series(np.where(lost, None, codes[rows])).duplicated().to_numpy()
    rows, numbers = rows[first & ~lost], numbers[first & ~lost]
    points = np.full(numbers.shape, np.nan)
    for number in sorted(set(table.part[rows].tolist())):
        here = table.part[rows] == number
        crs = LONGITUDE_LATITUDE if pair[0] == "lon" else table.parts[number].spec.crs or BRITISH_NATIONAL_GRID
        points[here] = transform_points(numbers[here], crs)
    return pd.Index(codes[rows]), points


def _plain_numbers(texts: NDArray[np.object_]) -> NDArray[np.float64]:
    plain = pd.Series(texts, dtype=object).astype(str).str.replace(",", "", regex=False)
    return np.asarray(pd.to_numeric(plain, errors="coerce"), dtype=np.float64)


def _not_placed(table: Table, points: Points) -> list[Finding]:
    lost = np.flatnonzero(~np.isfinite(points).all(axis=1))
    if not len(lost):
        return []
    first = int(lost[0])
    column = next((name for name in ("postcode", "x", "lon", "geometry") if name in table.frame), None)
    if len(lost) == len(table):
        message = "None of the points can be placed."
        fix = "Check that their postcodes are in the postcode table, or that x and y (easting, northing) are filled in."
        return [table.finding(first, column, message, fix, "no-location")]
    message = (
        f"{len(lost):,} of {len(table):,} points have no place (no coordinates in Great Britain, or a postcode that "
        "is not in the postcode table); they are left out. This is the first."
    )
    fix = "Postcodes that are no longer used may be left out; correct the others, or give x and y."
    severity: Severity = "warning" if len(lost) > MANY_NOT_PLACED * len(table) else "note"
    return [table.finding(first, column, message, fix, "points-not-placed", severity)]


# --- Weights -----------------------------------------------------------------------------------------------------


def _weights(table: Table, out: AreaPoints) -> NDArray[np.float64]:
    """The weight of each point, NaN where it has none; all alike without such a column."""
    if "weight" not in table.frame:
        message = "The points have no weight (population or households): all points of an area count alike."
        fix = "Add a column weight, or name one under columns in case.toml."
        header = table.parts[0].spec.header_row or None
        out.findings.append(Finding("note", table.files, message, fix, header, "weight", code="points-alike"))
        return np.ones(len(table))
    weight = table.frame["weight"].to_numpy(dtype=np.float64)
    empty = np.flatnonzero(table.raw["weight"] == "")
    if len(empty) == len(table):
        message = "The column weight is empty in every row."
        fix = "Fill it in, or take it out: then all points of an area count alike."
        out.findings.append(table.finding(0, "weight", message, fix, "empty-value", value=""))
    elif len(empty):
        message = f"{_points(len(empty))} no weight and left out; this is the first."
        fix = "Fill in the population or the households, 0 where nobody lives."
        out.findings.append(table.finding(int(empty[0]), "weight", message, fix, "points-without-weight", "warning"))
    zero = np.flatnonzero(weight == 0)
    if len(zero):
        message = f"{_points(len(zero))} the weight 0 (nobody lives there) and left out; this is the first."
        out.findings.append(table.finding(int(zero[0]), "weight", message, "", "points-of-nobody", "note"))
    return weight


def _points(number: int) -> str:
    return f"{number:,} {'point has' if number == 1 else 'points have'}"


# --- Do they lie in their areas? ---------------------------------------------------------------------------------


def _gaps(points: Points, area: NDArray[np.int64], known: _Areas) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Metres outside the outline of the area, or to its point where there is none; and whether that is too far."""
    gap = np.hypot(*(points - known.points[area]).T)
    shapes = known.outline[area]
    drawn = np.array([shape is not None for shape in shapes], dtype=bool)
    gap[drawn] = shapely.distance(shapely.points(points[drawn]), shapes[drawn])
    return gap, gap > np.where(drawn, FAR_OUTSIDE_M, FAR_FROM_POINT_M)


def _far(
    table: Table,
    columns: NDArray[np.object_],
    points: Points,
    area: NDArray[np.int64],
    placed: NDArray[np.bool_],
    known: _Areas,
) -> list[Finding]:
    rows = np.flatnonzero(placed)
    gap, far = _gaps(points[rows], area[rows], known)
    if far.sum() > MOSTLY * len(rows):
        return [_most_are_far(table, columns, points, area, rows, int(rows[np.argmax(far)]), int(far.sum()), known)]
    findings = []
    for i, metres in zip(rows[far].tolist(), gap[far].tolist(), strict=True):
        code = known.codes[area[i]]
        where = f"outside the area {code}" if known.outline[area[i]] is not None else f"from the point of area {code}"
        message = f"The point lies {metres / 1000:,.0f} km {where}."
        fix = "Check its coordinates (or its postcode) and its area code; it is used as it is."
        value = _value(table, columns, i)
        findings.append(table.finding(i, columns[i], message, fix, "point-far-from-area", "warning", value))
    return findings


def _value(table: Table, columns: NDArray[np.object_], i: int) -> str:
    pair = {"x": ("x", "y"), "lon": ("lon", "lat"), "postcode": ("postcode",)}.get(columns[i], ())
    return ", ".join(table.text(i, name) for name in pair)


def _most_are_far(
    table: Table,
    columns: NDArray[np.object_],
    points: Points,
    area: NDArray[np.int64],
    rows: NDArray[np.int64],
    first: int,
    number: int,
    known: _Areas,
) -> Finding:
    swapped = _gaps(points[rows][:, ::-1], area[rows], known)[1]
    message = f"{number:,} of {len(rows):,} points lie far from their areas, this is the first: "
    if swapped.sum() <= MOSTLY * len(rows):
        message, code = message + "easting and northing seem to be swapped.", "swapped-coordinates"
        fix = "Exchange the two columns, or name them rightly under columns in case.toml."
    else:
        message, code = message + "the coordinates, their system or the area codes are wrong.", "points-elsewhere"
        fix = (
            "Check crs in case.toml, and that the column area_code holds the area the point lies in. "
            f"{BRITISH_NATIONAL_GRID} is eastings and northings, {LONGITUDE_LATITUDE} longitude and latitude."
        )
    return table.finding(first, columns[first], message, fix, code, value=_value(table, columns, first))


def _areas_without(table: Table, areas: Table, known: _Areas, used: NDArray[np.int64]) -> list[Finding]:
    without = np.setdiff1d(np.arange(len(known.codes)), used)
    if not len(without):
        return []
    codes = sorted(str(known.codes[i]) for i in without)
    listed = ", ".join(codes[:LISTED]) + (f" and {len(codes) - LISTED} more" if len(codes) > LISTED else "")
    use = "uses its own point" if len(codes) == 1 else "use their own point"
    message = f"{len(codes):,} of {_count(len(known.codes), 'area')} {'has' if len(codes) == 1 else 'have'} no point "
    message += f"in this table and {use}: {listed}."
    fix = "Add points for them, if there are any."
    return [Finding("note", table.files, message, fix, value=codes[0], code="areas-without-points")]


def _frame(known: _Areas, area: NDArray[np.int64], points: Points, weight: NDArray[np.float64]) -> pd.DataFrame:
    frame = pd.DataFrame(
        {"area_code": known.codes.to_numpy()[area].astype(str), "x": points[:, 0], "y": points[:, 1], "weight": weight}
    )
    return frame.sort_values(list(COLUMNS), ignore_index=True)
