"""Where things are: points and polygons on the British National Grid, and what is said of a place that cannot be right.

A wrong coordinate system, swapped columns or a lost minus sign put a surgery into the sea. Each of these is recognised
and named, because "outside the area" alone helps nobody.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import pyproj
import shapely
from numpy.typing import NDArray
from pyproj.exceptions import CRSError
from scipy.spatial import cKDTree

from geodata.errors import Finding
from geodata.place import BRITISH_NATIONAL_GRID
from geodata.tables.readers import FilePart
from geodata.tables.schemas import Table, parse_number

LONGITUDE_LATITUDE = "EPSG:4326"
FAR_FROM_AREAS_M = 30_000.0
"""A site farther than this from every area is taken for a mistake."""
FAR_FROM_POLYGON_M = 5_000.0
"""A point given for an area may lie this far outside its polygon (a crescent's centroid does)."""
GREAT_BRITAIN_M = (0.0, 0.0, 700_000.0, 1_300_000.0)
"""West, south, east and north edge of the British National Grid."""

WORDS = {
    "sites": ("site", "sites"),
    "areas": ("area", "areas"),
    "localities": ("locality", "localities"),
    "pharmacies": ("pharmacy", "pharmacies"),
    "settlements": ("settlement", "settlements"),
    "housing": ("housing site", "housing sites"),
}
"""Table -> what one of its records, and several, are called."""

BY_POSTCODE = ("sites", "pharmacies", "settlements", "housing")
"""Tables whose records a postcode can place."""

NOWHERE_M = 1e12
"""Stands for a point that cannot be put on the grid; it is refused as lying outside Great Britain."""

Points = NDArray[np.float64]


@dataclass
class Located:
    """Points (n, 2) in metres (NaN where unknown), the numbers as the file gives them, and geometries (or None)."""

    points: Points
    given: Points
    degrees: NDArray[np.bool_]
    geometry: NDArray[np.object_] | None = None
    findings: list[Finding] = field(default_factory=list)
    told: NDArray[np.bool_] = field(default_factory=lambda: np.zeros(0, dtype=bool))


def transform_points(points: Points, crs: str) -> Points:
    """Points (n, 2) from a coordinate system to the British National Grid."""
    if pyproj.CRS.from_user_input(crs) == pyproj.CRS.from_user_input(BRITISH_NATIONAL_GRID):
        return points
    transformer = pyproj.Transformer.from_crs(crs, BRITISH_NATIONAL_GRID, always_xy=True)
    x, y = transformer.transform(points[:, 0], points[:, 1])
    moved = np.column_stack([x, y])
    moved[~np.isfinite(moved).all(axis=1)] = np.nan
    return moved


def locate(
    table: Table,
    postcodes: dict[str, tuple[float, float]] | None = None,
    *,
    polygons: bool = False,
    elsewhere: NDArray[np.bool_] | None = None,
) -> Located:
    """Find where each record of a table is.

    A record's geometry comes first (unless it is an area that also gives its point), then `x` and `y`, then `lon` and
    `lat`, then the postcode.

    Parameters
    ----------
    table
        Checked table of sites, areas or localities.
    postcodes
        Postcode without blanks -> easting and northing; None if the case has no such table.
    polygons
        Whether the table may hold polygons (areas, localities).
    elsewhere
        Records that need no place of their own, because something else says where they are, bool, shape (n,).
    """
    n = len(table)
    spared = np.zeros(n, dtype=bool) if elsewhere is None else elsewhere
    out = Located(np.full((n, 2), np.nan), np.full((n, 2), np.nan), np.zeros(n, dtype=bool))
    out.told = np.zeros(n, dtype=bool)
    if table.geometry is not None:
        _locate_geometries(table, out, polygons)
    from_geometry = np.isfinite(out.points).all(axis=1)
    if polygons:  # a population-weighted point beside a polygon is better than the middle of the polygon
        _locate_columns(table, out, np.ones(n, dtype=bool))
    else:
        _locate_columns(table, out, ~from_geometry)
    if "postcode" in table.frame:
        _locate_postcodes(table, out, postcodes, spared)
    if table.geometry is None and not {"x", "lon", "postcode"} & set(table.frame) and n and not spared.any():
        out.told[:] = True
        out.findings.append(_no_columns(table))
    needs_place = ~np.isfinite(out.points).all(axis=1) & ~out.told & table.sound & ~spared
    for i in np.flatnonzero(needs_place):
        out.findings.append(_nowhere(table, int(i)))
    return out


def _no_columns(table: Table) -> Finding:
    table.sound[:] = False
    wanted = "x and y (easting, northing), or lon and lat" + (", or postcode" if table.name in BY_POSTCODE else "")
    wanted += ", or area_code" if table.name == "housing" else ""
    fix = f"Add {wanted}; or name these columns under columns in case.toml."
    if table.name == "localities":
        fix = "Name a file with polygons; a table of names alone is tables.locality_of (practice_code, locality)."
    message = f"The file has no columns that say where its {WORDS[table.name][1]} are."
    return Finding("error", table.files, message, fix, table.parts[0].spec.header_row or None, code="no-location")


def _nowhere(table: Table, i: int) -> Finding:
    ways = "x and y (easting, northing), or lon and lat"
    ways += ", or a postcode" if table.name in BY_POSTCODE else ""
    ways += ", or the code of its area" if table.name == "housing" else ""
    column = next((name for name in ("x", "y", "lon", "lat", "postcode", "geometry") if name in table.frame), None)
    fix = f"Give {ways}."
    return table.finding(i, column, f"Nothing says where {_label(table, i)} is.", fix, "no-location", value="")


# --- Geometries --------------------------------------------------------------------------------------------------


def _locate_geometries(table: Table, out: Located, polygons: bool) -> None:
    given = table.geometry
    assert given is not None
    shapes = np.full(len(table), None, dtype=object)
    parts = table.origins["geometry"][0] if "geometry" in table.origins else np.full(len(table), -1)
    parts = np.where(parts >= 0, parts, table.part)
    for number in sorted(set(parts.tolist())):
        part = table.parts[number]
        if part.geometry is None:
            continue
        here = np.flatnonzero(parts == number)
        crs, findings = _layer_crs(table.name, part, given[here])
        out.findings += findings
        if crs is None:
            out.told[here] = True
            continue
        shapes[here], native = _on_the_grid(given[here], crs)
        out.given[here] = native
        out.degrees[here] = pyproj.CRS.from_user_input(crs).is_geographic
    _check_shapes(table, out, shapes, polygons)
    filled = np.array([shape is not None for shape in shapes], dtype=bool)
    out.points[filled] = shapely.get_coordinates(shapely.point_on_surface(shapes[filled])).reshape(-1, 2)
    if not polygons:
        outlines = filled & (shapely.get_type_id(shapes) != 0)
        _note_outlines(table, out, outlines)
        shapes = np.where(filled, shapely.points(np.nan_to_num(out.points)), None)
    out.geometry = shapes


def _layer_crs(table: str, part: FilePart, shapes: NDArray[np.object_]) -> tuple[str | None, list[Finding]]:
    """Coordinate system of a layer, and whether its numbers can be of that system."""
    crs, findings = part.spec.crs or part.crs, []
    bounds = shapely.total_bounds(shapes)
    small = bool(np.isfinite(bounds).all() and np.abs(bounds).max() <= 180)
    fix = part.spec.hint(table, f'crs = "{LONGITUDE_LATITUDE if small else BRITISH_NATIONAL_GRID}"')
    if crs is None:
        looks = "longitude and latitude" if small else "metres, perhaps of the British National Grid"
        message = (
            f"The file does not say its coordinate system (a shapefile needs its .prj); the numbers look like {looks}."
        )
        return None, [Finding("error", part.file, message, fix, column="geometry", code="no-crs")]
    try:
        system = pyproj.CRS.from_user_input(crs)
    except CRSError:
        message = "The file's coordinate system is not known here."
        return None, [
            Finding("error", part.file, message, fix, column="geometry", value=str(crs)[:60], code="wrong-crs")
        ]
    label = f"{system.name}" + (f" (EPSG:{code})" if (code := system.to_epsg()) else "")
    if np.isfinite(bounds).all() and small != system.is_geographic:
        what = "degrees" if system.is_geographic else "metres"
        are = "degrees" if small else "metres"
        message = (
            f"The coordinate system is given as {label}, in {what}, but the numbers are {are}: it is the wrong one."
        )
        value = ", ".join(f"{number:.6g}" for number in bounds)
        return None, [Finding("error", part.file, message, fix, column="geometry", value=value, code="wrong-crs")]
    if part.spec.crs and part.crs and system != pyproj.CRS.from_user_input(part.crs):
        message = f"case.toml says {label} and overrides the coordinate system that the file names."
        findings.append(Finding("note", part.file, message, column="geometry", code="crs-override"))
    return crs, findings


def _on_the_grid(shapes: NDArray[np.object_], crs: str) -> tuple[NDArray[np.object_], Points]:
    """Geometries on the grid, and the first point of each as the file has it.

    A geometry with a point that is nowhere on the grid (or no number at all) becomes that one point, at infinity.
    """
    flat = shapely.force_2d(shapes)
    coordinates, owner = shapely.get_coordinates(flat, return_index=True)
    native = np.full((len(shapes), 2), np.nan)
    native[owner[::-1]] = coordinates[::-1]
    moved = transform_points(coordinates, crs)
    lost = np.unique(owner[~np.isfinite(moved).all(axis=1)])
    good = np.setdiff1d(np.arange(len(shapes)), lost)
    out = np.full(len(shapes), None, dtype=object)
    out[good] = shapely.set_coordinates(flat[good].copy(), moved[np.isin(owner, good)])
    out[lost] = shapely.points(NOWHERE_M, NOWHERE_M)
    return out, native


def _check_shapes(table: Table, out: Located, shapes: NDArray[np.object_], polygons: bool) -> None:
    """Empty geometries and wrong kinds are errors; outlines that cross themselves are mended and noted."""
    mended: dict[str, list[str]] = {}
    for i, shape in enumerate(shapes):
        if out.told[i]:
            continue
        has_columns = any(name in table.frame and table.raw[name][i] for name in ("x", "lon", "postcode"))
        if shape is None or shape.is_empty:
            shapes[i] = None
            if table.origin(i, "geometry")[0].geometry is None or (table.name in BY_POSTCODE and has_columns):
                continue
            if _closed_error(table, i):
                out.told[i] = True
                table.sound[i] = False
                continue
            out.told[i] = True
            fix = "Draw it in a GIS, or delete the feature."
            out.findings.append(
                table.finding(i, "geometry", "The geometry is empty.", fix, "empty-geometry", value=_name(table, i))
            )
            continue
        if not shape.is_valid:
            shape = _mend(shape)  # noqa: PLW2901 - the mended outline takes its place
            shapes[i] = shape
            if shape is not None:
                part, row = table.origin(i, "geometry")
                mended.setdefault(part.file, []).append(str(row))
        kind = None if shape is None else shape.geom_type
        allowed = {"Polygon", "MultiPolygon"} | ({"Point"} if table.name != "localities" else set())
        if kind == "MultiPoint" and len(shape.geoms) == 1 and "Point" in allowed:
            shapes[i] = shape.geoms[0]
        elif kind not in allowed:
            shapes[i] = None
            out.told[i] = True
            wanted = "a polygon" if table.name == "localities" else "a polygon or a point" if polygons else "a point"
            message = f"The geometry must be {wanted}; this is {'nothing' if kind is None else kind}."
            fix = "Name another layer, or repair the geometry in a GIS."
            out.findings.append(table.finding(i, "geometry", message, fix, "wrong-geometry", value=_name(table, i)))
    for file, rows in mended.items():
        listed = ", ".join(rows[:8]) + (" and more" if len(rows) > 8 else "")
        outlines = "outline that crosses itself was" if len(rows) == 1 else "outlines that cross themselves were"
        message = f"{len(rows)} {outlines} mended (row {listed})."
        out.findings.append(Finding("note", file, message, column="geometry", code="mended-geometry"))


def _closed_error(table: Table, i: int) -> bool:
    """Whether the reader has already said that this outline is not closed."""
    part, row = table.origin(i, "geometry")
    return row in part.broken


def _name(table: Table, i: int) -> str:
    for column in ("area_code", "site_code", "name"):
        if column in table.raw and table.raw[column][i]:
            return str(table.raw[column][i])
    return ""


def _label(table: Table, i: int) -> str:
    """What a record is called in a sentence, such as `site J81012001 (Westway)`."""
    word = WORDS[table.name][0]
    code = _name(table, i)
    if not code:
        return f"the {word} in {table.where(i)}"
    name = str(table.raw["name"][i]) if "name" in table.raw else ""
    return f"{word} {code}" + (f" ({name})" if name and name != code else "")


def _start(text: str) -> str:
    return text[:1].upper() + text[1:]


def _mend(shape: shapely.Geometry) -> shapely.Geometry | None:
    """A valid outline of the same ground: only its polygons are kept."""
    pieces = [p for p in shapely.get_parts(shapely.make_valid(shape)) if p.geom_type in {"Polygon", "MultiPolygon"}]
    return shapely.union_all(pieces) if pieces else None


def _note_outlines(table: Table, out: Located, outlines: NDArray[np.bool_]) -> None:
    if outlines.any():
        message = f"{int(outlines.sum())} {WORDS[table.name][1]} are drawn as outlines; a point inside each is used."
        code = "outline-site" if table.name == "sites" else "outline-point"
        out.findings.append(Finding("note", table.files, message, column="geometry", code=code))


# --- Columns of coordinates --------------------------------------------------------------------------------------


def _locate_columns(table: Table, out: Located, wanted: NDArray[np.bool_]) -> None:
    done = np.zeros(len(table), dtype=bool)
    for east, north, own in (("x", "y", None), ("lon", "lat", LONGITUDE_LATITUDE)):
        if east not in table.frame or north not in table.frame:
            _half_columns(table, out, east, north)
            continue
        numbers = table.frame[[east, north]].to_numpy(dtype=np.float64)
        both = np.isfinite(numbers).all(axis=1) & wanted & ~done
        alone = np.isfinite(numbers).sum(axis=1) == 1
        for i in np.flatnonzero(alone & wanted & ~done & ~np.isfinite(out.points).all(axis=1)):
            empty = north if np.isfinite(numbers[i, 0]) else east
            if not table.raw[empty][i]:  # text in the cell is told by the schema
                message = f"Only one of {east} and {north} is filled in."
                fix = "Give both, or leave both empty."
                out.findings.append(table.finding(int(i), empty, message, fix, "half-location"))
                out.told[i] = True
        origin = table.origins[east][0] if east in table.origins else np.full(len(table), -1)
        parts = np.where(origin >= 0, origin, table.part)
        for number in sorted(set(parts[both].tolist())):
            here = both & (parts == number)
            crs = own or _columns_crs(table.parts[number], numbers[here])
            _place_columns(table, out, here, numbers, crs, (east, north))
        done |= both


def _half_columns(table: Table, out: Located, east: str, north: str) -> None:
    for have, lack in ((east, north), (north, east)):
        if have in table.frame and lack not in table.frame and not any(table.raw[have] == ""):
            fix = f"Add the column {lack}, or name it under columns in case.toml."
            message = f"The file has the column {have} but not {lack}."
            out.findings.append(Finding("warning", table.files, message, fix, 1, lack, code="half-location"))


def _columns_crs(part: FilePart, numbers: Points) -> str:
    """System of the x and y columns; beside a layer, `crs` speaks of the layer and the columns speak for themselves."""
    if part.geometry is None:
        return part.spec.crs or BRITISH_NATIONAL_GRID
    return LONGITUDE_LATITUDE if np.abs(numbers).max() <= 180 else BRITISH_NATIONAL_GRID


def _place_columns(
    table: Table, out: Located, here: NDArray[np.bool_], numbers: Points, crs: str, names: tuple[str, str]
) -> None:
    degrees = pyproj.CRS.from_user_input(crs).is_geographic
    size = np.abs(numbers).max(axis=1)
    origin_zero = here & (np.abs(numbers) < 1e-9).all(axis=1)
    unlike = here & ~origin_zero & ((size > 180) if degrees else (size <= 180))
    index = np.flatnonzero(unlike)
    if len(index) > 1 and len(index) * 2 > here.sum():
        out.findings.append(_wrong_system(table, index, numbers, degrees, crs, names))
        out.told[index] = True
    else:
        for i in index:
            what = (
                "degrees are expected, this looks like metres"
                if degrees
                else "metres are expected, this looks like degrees"
            )
            fix = "Correct the cell, or move it to the columns lon and lat (degrees) or x and y (metres)."
            out.findings.append(table.finding(int(i), names[0], f"{what[0].upper()}{what[1:]}.", fix, "wrong-crs"))
            out.told[i] = True
    for i in np.flatnonzero(origin_zero):
        fix = "Give the true coordinates, or leave the cells empty and give a postcode."
        message = "The coordinates are 0 and 0, which is a place in the sea."
        out.findings.append(table.finding(int(i), names[0], message, fix, "zero-location", value="0, 0"))
        out.told[i] = True
    good = here & ~unlike & ~origin_zero
    out.points[good] = transform_points(numbers[good], crs)
    out.given[good], out.degrees[good] = numbers[good], degrees
    lost = good & ~np.isfinite(out.points).all(axis=1)
    for i in np.flatnonzero(lost):
        out.findings.append(_outside(table, out, int(i), None, names))


def _wrong_system(
    table: Table, index: NDArray[np.int64], numbers: Points, degrees: bool, crs: str, names: tuple[str, str]
) -> Finding:
    first = int(index[0])
    expected, found = ("degrees", "metres") if degrees else ("metres", "degrees")
    message = (
        f"The columns {names[0]} and {names[1]} are read as {crs}, in {expected}, but {len(index)} rows hold {found}: "
        "the coordinate system is probably wrong."
    )
    spec = table.origin(first, names[0])[0].spec
    meant = BRITISH_NATIONAL_GRID if degrees else LONGITUDE_LATITUDE
    then = " and name the columns x and y." if degrees else " (x is the longitude, y the latitude)."
    fix = spec.hint(table.name, f'crs = "{meant}"') + then
    for i in index[1:]:
        table.sound[i] = False
    value = f"{numbers[first, 0]:.10g}, {numbers[first, 1]:.10g}"
    return table.finding(first, names[0], message, fix, "wrong-crs", value=value)


# --- Postcodes ---------------------------------------------------------------------------------------------------


def plain_postcode(text: str) -> str:
    """A postcode in capitals without blanks."""
    return "".join(text.upper().split())


def postcode_points(table: Table, wanted: set[str]) -> tuple[dict[str, tuple[float, float]] | None, list[Finding]]:
    """Easting and northing of the postcodes that are asked for.

    Postcodes that a directory lists without a place (0, 0, or latitude 99.99) are left out, as if not listed. None if
    the table has no coordinates at all.
    """
    codes = np.array([plain_postcode(text) for text in table.raw["postcode"]], dtype=object)
    rows = np.flatnonzero(np.isin(codes.astype(str), sorted(wanted)))
    for east, north in (("easting", "northing"), ("lon", "lat")):
        if east in table.raw and north in table.raw:
            break
    else:
        message = "The postcode table has no coordinates."
        fix = "It needs the columns easting and northing, or lon and lat; name them under columns in case.toml."
        return None, [Finding("error", table.files, message, fix, 1, "easting", code="missing-column")]
    found: dict[str, tuple[float, float]] = {}
    for i in rows.tolist():
        pair = parse_number(table.text(i, east)), parse_number(table.text(i, north))
        if pair[0] is None or pair[1] is None or (pair[0] == 0 and pair[1] == 0) or (north == "lat" and pair[1] > 90):
            continue
        crs = LONGITUDE_LATITUDE if east == "lon" else table.parts[table.part[i]].spec.crs or BRITISH_NATIONAL_GRID
        point = transform_points(np.array([pair], dtype=np.float64), crs)[0]
        found.setdefault(str(codes[i]), (float(point[0]), float(point[1])))
    return found, []


def _locate_postcodes(
    table: Table, out: Located, postcodes: dict[str, tuple[float, float]] | None, spared: NDArray[np.bool_]
) -> None:
    open_rows = ~np.isfinite(out.points).all(axis=1) & ~out.told
    for i in np.flatnonzero(open_rows):
        postcode = table.raw["postcode"][i]
        if not postcode or not table.sound[i]:
            continue
        if spared[i] and plain_postcode(postcode) not in (postcodes or {}):
            continue
        out.told[i] = True
        if postcodes is None:
            message = f"{_start(_label(table, int(i)))} has a postcode only, and the case has no table of postcodes."
            fix = f"Add x and y for the {WORDS[table.name][0]}, or name a postcode table (OS Code-Point Open) as "
            fix += "tables.postcodes."
            out.findings.append(table.finding(int(i), "postcode", message, fix, "no-postcode-table"))
        elif plain_postcode(postcode) in postcodes:
            out.points[i] = out.given[i] = postcodes[plain_postcode(postcode)]
            out.told[i] = not np.isfinite(out.points[i]).all()  # the postcode table is what has to be mended
        else:
            message = (
                f"The postcode of {_label(table, int(i))} is not in the postcode table, or has no place there "
                "(misspelt, or no longer used)."
            )
            fix = f"Correct it, or give x and y (easting, northing) for this {WORDS[table.name][0]}."
            out.findings.append(table.finding(int(i), "postcode", message, fix, "unknown-postcode"))


# --- Is it there at all? -----------------------------------------------------------------------------------------


def outside_britain(points: Points) -> NDArray[np.bool_]:
    """Whether known points lie off the British National Grid, shape (n,)."""
    west, south, east, north = GREAT_BRITAIN_M
    x, y = points[:, 0], points[:, 1]
    return np.isfinite(x) & ((x < west) | (x > east) | (y < south) | (y > north))


def check_on_the_map(table: Table, out: Located, area_points: Points | None) -> list[Finding]:
    """Points off the grid, or far from every area.

    Parameters
    ----------
    table, out
        The records and where they are said to be.
    area_points
        Points of the areas (m, 2) that sites must be near; None if they are not known.
    """
    tree = None
    if area_points is not None and len(area_points):
        tree = cKDTree(area_points)
    far = outside_britain(out.points)
    if tree is not None:
        known = np.isfinite(out.points).all(axis=1)
        distance = np.zeros(len(out.points))
        distance[known] = tree.query(out.points[known])[0]
        far |= distance > FAR_FROM_AREAS_M
    findings = [
        _outside(table, out, int(i), tree, _used_columns(table, int(i))) for i in np.flatnonzero(far & ~out.told)
    ]
    return _once_if_alike(findings, len(table))


def _once_if_alike(findings: list[Finding], n: int) -> list[Finding]:
    """One finding for all where most records have the same."""
    if len(findings) > 3 and len(findings) * 2 > n and len({f.code for f in findings}) == 1:
        first = findings[0]
        message = f"{len(findings)} of {n} rows are alike, this is the first: {first.message}"
        return [Finding("error", first.file, message, first.fix, first.row, first.column, first.value, first.code)]
    return findings


def check_near(table: Table, out: Located, area_points: Points | None) -> tuple[list[Finding], NDArray[np.bool_]]:
    """Points off the grid are errors; points far from every area are errors only where two numbers were mixed up.

    A list of the whole country may be named: what lies far away is then left out.

    Parameters
    ----------
    table, out
        The records and where they are said to be.
    area_points
        Points of the areas (m, 2); None if they are not known.

    Returns
    -------
    tuple
        The findings, and which records lie far from every area, bool, shape (n,).
    """
    findings = check_on_the_map(table, out, None)
    far = np.zeros(len(table), dtype=bool)
    if area_points is None or not len(area_points):
        return findings, far
    tree = cKDTree(area_points)
    known = np.isfinite(out.points).all(axis=1) & ~out.told
    far[known] = ~_within(tree, out.points[known])
    mixed = np.zeros(len(table), dtype=bool)
    metres, degrees = far & ~out.degrees, far & out.degrees
    mixed[metres] = _within(tree, out.points[metres][:, ::-1])
    mixed[degrees] = _within(tree, transform_points(out.given[degrees] * [-1, 1], LONGITUDE_LATITUDE))
    if far.sum() * 2 > len(table) and mixed.sum() * 2 <= far.sum():
        mixed[:] = False  # a list of the whole country: some of it lies where numbers of ours would, exchanged
    told = [_outside(table, out, int(i), tree, _used_columns(table, int(i))) for i in np.flatnonzero(mixed)]
    return findings + _once_if_alike(told, len(table)), far & ~mixed


def _within(tree: cKDTree, points: Points) -> NDArray[np.bool_]:
    near = np.isfinite(points).all(axis=1)
    near[near] = tree.query(points[near])[0] <= FAR_FROM_AREAS_M
    return near


def _used_columns(table: Table, i: int) -> tuple[str, str]:
    """The columns that say where a record is: the first pair it fills in."""
    for pair in (("x", "y"), ("lon", "lat")):
        if all(name in table.frame and table.raw[name][i] for name in pair):
            return pair
    return ("postcode", "postcode") if "postcode" in table.frame else ("geometry", "geometry")


def _outside(table: Table, out: Located, i: int, tree: cKDTree | None, names: tuple[str, str]) -> Finding:
    x, y = out.given[i]
    value = f"{x:.10g}, {y:.10g}"
    drawn = table.geometry is not None and table.geometry[i] is not None
    exchange = "Exchange the two columns"
    if drawn:
        exchange = "Swap them in a GIS (QGIS: Swap X and Y coordinates)"

    def fits(pair: tuple[float, float], crs: str) -> bool:
        if crs == LONGITUDE_LATITUDE and not (abs(pair[0]) <= 180 and abs(pair[1]) <= 90):
            return False
        point = transform_points(np.array([pair], dtype=np.float64), crs)
        if not np.isfinite(point).all() or outside_britain(point)[0]:
            return False
        return tree is None or bool(tree.query(point[0])[0] <= FAR_FROM_AREAS_M)

    if out.points[i, 0] == NOWHERE_M:
        message = f"The outline of {_label(table, i)} has a point that is nowhere on the map."
        fix, code = "Repair the outline in a GIS, or check its coordinate system.", "outside-britain"
    elif out.degrees[i] and fits((y, x), LONGITUDE_LATITUDE):
        message, fix = (
            "Longitude and latitude are swapped.",
            f"{exchange} (longitude is the small number).",
        )
        code = "swapped-coordinates"
    elif out.degrees[i] and fits((-x, y), LONGITUDE_LATITUDE):
        message, fix = "The longitude has lost its minus sign: it lies east of Greenwich.", f"Write {-x:g}."
        code = "lost-minus"
    elif not out.degrees[i] and fits((x, y), BRITISH_NATIONAL_GRID):
        message = "The numbers look like the British National Grid, but are read as another coordinate system."
        fix = table.origin(i)[0].spec.hint(table.name, f'crs = "{BRITISH_NATIONAL_GRID}"')
        code = "wrong-crs"
    elif not out.degrees[i] and tree is not None and fits((y, x), BRITISH_NATIONAL_GRID):
        message, fix = "Easting and northing seem to be swapped.", f"{exchange}."
        code = "swapped-coordinates"
    elif not out.degrees[i] and fits((x, y), "EPSG:3857"):
        message = (
            "The coordinates look like web map metres, not the British National Grid: the coordinate system is wrong."
        )
        fix, code = table.origin(i)[0].spec.hint(table.name, 'crs = "EPSG:3857"'), "wrong-crs"
    elif outside_britain(out.points[i : i + 1])[0] or not np.isfinite(out.points[i]).all():
        message = f"{_start(_label(table, i))} lies outside Great Britain: the coordinates or their system are wrong."
        fix, code = "Correct the coordinates, or name the right crs of this file in case.toml.", "outside-britain"
    else:
        assert tree is not None
        km = tree.query(out.points[i])[0] / 1000
        message = f"{_start(_label(table, i))} lies {km:,.0f} km from the nearest area of the case."
        fix, code = "Correct the coordinates (or the postcode), or take the row out of the case.", "outside-area"
    out.told[i] = True
    column = names[0] if names[0] in table.frame and table.raw[names[0]][i] else None
    if column is None and "postcode" in table.frame and table.raw["postcode"][i]:
        column = "postcode"
    if column == "postcode":
        value = table.text(i, "postcode")
    return table.finding(i, column or "geometry", message, fix, code, value=value)


def check_area_points(table: Table, out: Located) -> list[Finding]:
    """Points of areas that lie far from the area's own polygon."""
    if out.geometry is None:
        return []
    known = np.isfinite(out.points).all(axis=1) & np.array([shape is not None for shape in out.geometry], dtype=bool)
    gap = np.zeros(len(table))
    gap[known] = shapely.distance(shapely.points(out.points[known]), out.geometry[known])
    findings = []
    for i in np.flatnonzero(gap > FAR_FROM_POLYGON_M):
        x, y = out.given[i]
        message = f"The point given for the area lies {gap[i] / 1000:,.0f} km outside its polygon."
        fix = "Correct x and y, or check the coordinate system of the polygons."
        names = _used_columns(table, int(i))
        value = f"{x:.10g}, {y:.10g}"
        findings.append(table.finding(int(i), names[0], message, fix, "point-outside-area", value=value))
        out.told[i] = True
    return findings
