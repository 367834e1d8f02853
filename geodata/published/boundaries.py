"""Outlines of published boundary files: mended where they cross themselves, and named."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geodata.errors import Finding, InputProblems
from geodata.tables.columns import plain_name

if TYPE_CHECKING:
    from geodata.published.catalogue import PublishedFile
    from geodata.published.tables import FoundTable

BODY_CODE = re.compile(r"[EWSNK][0-9]{8}")
"""Any nine-character ONS code: wards, local authorities, super output areas."""


def table_of(source: PublishedFile | FoundTable) -> FoundTable:
    """The table of a recognised file; a table is itself."""
    return cast("FoundTable", getattr(source, "table", source))


def mend_outlines(
    shapes: NDArray[np.object_], rows: NDArray[np.int64], label: str
) -> tuple[NDArray[np.object_], list[Finding]]:
    """Outlines that are valid polygons, with a note of how many had to be mended.

    Parameters
    ----------
    shapes
        Polygons (None where empty), shape (n,).
    rows
        Their rows in the file, shape (n,), for the message.
    label
        The file, for the message.

    Returns
    -------
    shapes
        Polygons and multipolygons; None where nothing of an outline remains.
    findings
        One for all mended outlines, one for those that are lost.
    """
    out = np.array([s if _on_the_map(s) else None for s in shapes], dtype=object)
    there = np.array([shape is not None for shape in out], dtype=bool)
    broken = np.zeros(len(out), dtype=bool)
    broken[there] = ~shapely.is_valid(out[there].astype(object))
    flat = there & ~broken
    out[flat] = [s if s.geom_type in {"Polygon", "MultiPolygon"} else None for s in out[flat]]
    out[broken] = [_polygons_of(shapely.make_valid(shape)) for shape in out[broken]]
    findings = []
    if broken.any():
        listed = ", ".join(str(row) for row in rows[broken][:8]) + (" and more" if broken.sum() > 8 else "")
        outlines = "outline that crosses itself was" if broken.sum() == 1 else "outlines that cross themselves were"
        message = f"{int(broken.sum())} {outlines} mended (row {listed})."
        findings.append(Finding("note", label, message, column="geometry", code="mended-geometry"))
    lost = np.array([shape is None for shape in out], dtype=bool)
    if lost.any():
        message = f"{int(lost.sum())} rows have no usable outline; these areas are used without one."
        findings.append(
            Finding("warning", label, message, "Download the boundaries again.", int(rows[lost][0]), "geometry",
                    code="empty-geometry")
        )  # fmt: skip
    return out, findings


def _on_the_map(shape: shapely.Geometry | None) -> bool:
    """Whether there is an outline, and none of its points was lost between coordinate systems."""
    return shape is not None and not shape.is_empty and bool(np.isfinite(shapely.get_coordinates(shape)).all())


def _polygons_of(shape: shapely.Geometry) -> shapely.Geometry | None:
    parts = [part for part in shapely.get_parts(shape) if part.geom_type in {"Polygon", "MultiPolygon"}]
    return shapely.union_all(parts) if parts else None


def join_pieces(keys: pd.Series[Any], shapes: gpd.GeoSeries) -> gpd.GeoSeries:
    """Each outline joined with the others of its key (rows are kept)."""
    repeated = keys.duplicated(keep=False)
    joined = shapes.copy()
    for _, group in shapes[repeated].groupby(keys[repeated]):
        pieces = [piece for piece in group if piece is not None]
        if pieces:
            joined.loc[group.index] = gpd.GeoSeries([shapely.union_all(pieces)] * len(group), index=group.index)
    return joined


def read_outlines(
    file: PublishedFile | FoundTable,
    *,
    name_column: str | None = None,
    bounds: tuple[float, float, float, float] | None = None,
) -> tuple[gpd.GeoDataFrame, list[Finding]]:
    """Read polygons with a name and, where told, a code (wards, local authorities, localities of a planner).

    Parameters
    ----------
    file
        A recognised file or a layer of polygons.
    name_column
        The column that holds the names; None to find it.
    bounds
        Only outlines that touch this box (metres on EPSG:27700).

    Returns
    -------
    frame
        `name`, `code` ("" where the layer has none) and `geometry` in EPSG:27700; one row per name and code.
    findings
        Which column was taken as the name, mended outlines, rows without a name.
    """
    table = table_of(file)
    empty = gpd.GeoDataFrame({"name": [], "code": []}, geometry=[], crs="EPSG:27700")
    position, code, findings = _name_and_code(table, name_column)
    if position is None or any(finding.severity == "error" for finding in findings):
        return empty, findings
    wanted = {"name": position} | ({} if code is None else {"code": code})
    try:
        layer = table.read_shapes(wanted, bounds=bounds)
    except InputProblems as problem:
        return empty, [*findings, *problem.findings]
    frame = pd.DataFrame({"name": layer["name"].map(lambda text: " ".join(str(text).split()))})
    frame["code"] = layer["code"].str.strip().str.upper() if code is not None else ""
    shapes, told = mend_outlines(np.asarray(layer.geometry.array, dtype=object), frame.index.to_numpy(), table.label)
    frame["geometry"] = gpd.GeoSeries(shapes, index=frame.index, crs="EPSG:27700")
    nameless = frame["name"] == ""
    if nameless.any():
        message = f"{int(nameless.sum())} outlines have no name; they are left out."
        row = int(frame.index[nameless][0])
        told.append(
            Finding("warning", table.label, message, "Name them in a GIS.", row, table.header[position], code="no-name")
        )
    frame = frame[~nameless & frame["geometry"].notna()]
    keys = frame["name"] + "\0" + frame["code"]
    if keys.duplicated().any():
        message = f"{int(keys.duplicated().sum())} outlines have the name of another; they are joined."
        told.append(Finding("note", table.label, message, column=table.header[position], code="joined-outlines"))
        frame = frame.assign(geometry=join_pieces(keys, frame["geometry"]))[~keys.duplicated()]
    out = gpd.GeoDataFrame(frame.reset_index(drop=True), geometry="geometry", crs="EPSG:27700")
    return out, [*findings, *told]


_NAME_FIRST = (r"locality(name|nm)?", r"(name|nm)", r".*localit(y|ies).*", r"[a-z]+[0-9]{2}nm", r".*(name|nm)")


def name_position(header: Sequence[str]) -> int | None:
    """Position of the column that most likely holds a locality's name."""
    plain = [plain_name(name) for name in header]
    for pattern in _NAME_FIRST:
        for position, name in enumerate(plain):
            if re.fullmatch(pattern, name):
                return position
    return None


def _name_and_code(table: FoundTable, wanted: str | None) -> tuple[int | None, int | None, list[Finding]]:
    header = table.header
    code = next(
        (
            i
            for i in range(len(header))
            if (cells := [row[i] for row in table.sample if i < len(row) and row[i]])
            and all(BODY_CODE.fullmatch(cell) for cell in cells)
        ),
        None,
    )
    listed = ", ".join(header) or "none"
    if wanted is not None:
        by_plain = {plain_name(name): i for i, name in reversed(list(enumerate(header)))}
        position = by_plain.get(plain_name(wanted))
        if position is None:
            message = "The file has no column of this name."
            fix = f"Its columns are: {listed}."
            return None, code, [Finding("error", table.label, message, fix, column=wanted, code="missing-column")]
        return position, code, []
    position = name_position(header)
    if position is None:
        texts = [i for i in range(len(header)) if i != code and _wordy(table, i)]
        position = texts[0] if len(texts) == 1 else None
    if position is None:
        fix = f"Say which column holds the names. Its columns are: {listed}."
        message = "It cannot be told which column holds the names of the outlines."
        return None, code, [Finding("error", table.label, message, fix, code="no-name-column")]
    message = f"The column {header[position]} is taken as the name of each outline."
    return position, code, [Finding("note", table.label, message, column=header[position], code="name-column")]


def _wordy(table: FoundTable, position: int) -> bool:
    cells = [row[position] for row in table.sample if position < len(row) and row[position]]
    return bool(cells) and all(re.search(r"[A-Za-z]{3}", cell) for cell in cells)
