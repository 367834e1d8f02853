"""Coordinates of published tables: which system they are in, told from their size, and points on the National Grid."""

from __future__ import annotations

import re

import numpy as np
from numpy.typing import NDArray

from geodata.errors import Finding
from geodata.locate import GREAT_BRITAIN_M, LONGITUDE_LATITUDE, outside_britain, transform_points
from geodata.place import BRITISH_NATIONAL_GRID

POINT_KINDS = ("population-weighted", "postcode mean", "geometric")
"""Where an area's point comes from, the best first."""

WEB_MERCATOR = "EPSG:3857"
_WEB_BRITAIN = (-1_000_000.0, 6_300_000.0, 250_000.0, 8_700_000.0)
_DEGREES_BRITAIN = (-9.0, 49.0, 3.0, 61.5)


def guess_system(points: NDArray[np.float64]) -> tuple[str, bool] | None:
    """Coordinate system of points (n, 2), and whether their two columns are swapped; None if no system fits most.

    Longitude and latitude, the National Grid and web-map metres have ranges in Great Britain that do not overlap.
    """
    known = points[np.isfinite(points).all(axis=1) & (points != 0).any(axis=1)]
    if not len(known):
        return None
    boxes = {
        LONGITUDE_LATITUDE: _DEGREES_BRITAIN,
        BRITISH_NATIONAL_GRID: GREAT_BRITAIN_M,
        WEB_MERCATOR: _WEB_BRITAIN,
    }
    for swapped in (False, True):
        x, y = known[:, int(swapped)], known[:, 1 - int(swapped)]
        for system, (west, south, east, north) in boxes.items():
            if ((x >= west) & (x <= east) & (y >= south) & (y <= north)).mean() > 0.5:
                # degrees are numbers on the grid, too (a point in the sea): the box of degrees stands first
                return system, swapped
    return None


def on_the_grid(points: NDArray[np.float64], label: str) -> tuple[NDArray[np.float64], list[Finding]]:
    """Points (n, 2) of a table in metres on EPSG:27700 (NaN where unknown), and what was noticed."""
    nothing = np.full(points.shape, np.nan)
    if not np.isfinite(points).all(axis=1).any():
        return nothing, []
    guess = guess_system(points)
    findings: list[Finding] = []
    if guess is None:
        message = "The coordinates are neither longitude and latitude nor metres in Great Britain; they are not used."
        first = points[np.isfinite(points).all(axis=1)][0]
        fix = "Download the file again in EPSG:27700 or EPSG:4326."
        value = f"{first[0]:.10g}, {first[1]:.10g}"
        return nothing, [Finding("warning", label, message, fix, value=value, code="wrong-crs")]
    system, swapped = guess
    if swapped:
        findings.append(
            Finding("warning", label, "The two columns of coordinates are swapped; they are read the other way round.",
                    "Check the columns.", code="swapped-coordinates")
        )  # fmt: skip
        points = points[:, ::-1]
    absent = ~np.isfinite(points).all(axis=1) | (points == 0).all(axis=1)
    placed = nothing.copy()
    if (~absent).any():
        placed[~absent] = transform_points(points[~absent], system)
    lost = outside_britain(placed) | (~absent & ~np.isfinite(placed).all(axis=1))
    if lost.any():
        message = f"{int(lost.sum()):,} points lie outside Great Britain; they are not used."
        value = ", ".join(f"{number:.10g}" for number in points[lost][0])
        fix = "Check the coordinates."
        findings.append(Finding("warning", label, message, fix, value=value, code="outside-britain"))
        placed[lost] = np.nan
    return placed, findings


def point_kind(file: str, layer: str, column: str, beside_outlines: bool) -> str:
    """Where the points of a table come from.

    The centroids that ONS publishes by themselves are population-weighted, and their columns are called x and y; the
    eastings and northings beside boundaries or in other tables are geometric.
    """
    words = re.sub(r"[^a-z]+", " ", f"{file} {layer}".casefold())
    if re.search(r"pwc|pop(ulation)? ?weighted|pop ?cent", words):
        return "population-weighted"
    if "postcode" in words:
        return "postcode mean"
    if not beside_outlines and (column.casefold() in {"x", "y"} or (not column and "centroid" in words)):
        return "population-weighted"
    return "geometric"
