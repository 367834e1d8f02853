"""Places that are only a name and a point: pharmacies, and settlements that communities are called by.

A list of the whole country may be named: what lies far from every area of the case is left out and told. A place that
cannot be found by its postcode is left out too; places off the map are errors, as they are for sites.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geodata.errors import Finding
from geodata.locate import FAR_FROM_AREAS_M, WORDS, Located, Points, check_near
from geodata.place import BRITISH_NATIONAL_GRID
from geodata.tables.schemas import Table

LEFT_OUT_EFFECT = {
    "pharmacies": "People near them may seem to be far from a pharmacy.",
    "settlements": "Communities without a name of their own may be called by another place.",
    "housing": "Their homes are not counted.",
}
"""What a record that is left out changes."""

_KM = FAR_FROM_AREAS_M / 1000


def settle(
    table: Table,
    at: Located,
    near: Points | None,
    weigh: Callable[[NDArray[np.bool_]], str] = lambda which: "",
) -> tuple[NDArray[np.bool_], list[Finding]]:
    """Which records are of use, and what is said of the others.

    Parameters
    ----------
    table, at
        The records and where they are said to be.
    near
        Points of the areas (m, 2); None if they are not known.
    weigh
        Says what the records of a mask hold, such as `, with 120 homes`.

    Returns
    -------
    tuple
        Records with a place near the case, bool, shape (n,); and the findings.
    """
    lost = [finding for finding in at.findings if finding.code == "unknown-postcode"]
    findings = _one_without_directory([finding for finding in at.findings if finding.code != "unknown-postcode"])
    more, far = check_near(table, at, near)
    findings += more
    placed = np.isfinite(at.points).all(axis=1)
    kept = placed & ~far & table.sound
    wrong = any(finding.severity == "error" for finding in findings)
    if not kept.any() and (lost or far.any()):
        return kept, findings if wrong else [*findings, _none_left(table)]
    if lost:
        findings.append(_without_place(table, lost, weigh(at.told & ~placed)))
    if far.any():
        first = int(np.flatnonzero(far)[0])
        said = f"Left out, because more than {_KM:.0f} km from every area of the case: "
        said += f"{_of_all(int(far.sum()), table)}{weigh(far)}.{_first(int(far.sum()))}"
        fix = "Nothing needs doing where the file covers more than the case."
        findings.append(table.finding(first, _name_column(table), said, fix, "far-left-out", "note"))
    return kept, findings


def _one_without_directory(findings: list[Finding]) -> list[Finding]:
    """One finding for all records that have a postcode and no table of postcodes to find it in."""
    waiting = [finding for finding in findings if finding.code == "no-postcode-table"]
    if len(waiting) < 2:
        return findings
    message = f"{len(waiting):,} rows are alike, this is the first: {waiting[0].message}"
    return [finding for finding in findings if finding not in waiting] + [replace(waiting[0], message=message)]


def _none_left(table: Table) -> Finding:
    said = f"No {WORDS[table.name][0]} can be placed within {_KM:.0f} km of an area of the case."
    fix = "Check that the file is of this part of the country, its coordinate system and its postcodes."
    return table.finding(0, _name_column(table), said, fix, "no-match")


def _without_place(table: Table, lost: list[Finding], weight: str) -> Finding:
    said = "Left out, because the postcode is not in the postcode table, or has no place there (misspelt, or no longer "
    said += f"used): {_of_all(len(lost), table)}{weight}.{_first(len(lost))} {LEFT_OUT_EFFECT[table.name]}"
    fix = "Correct the postcodes, or give x and y (easting, northing). A list of a larger region needs no mending."
    return replace(lost[0], severity="warning", message=said, fix=fix, code="postcode-left-out")


def _of_all(number: int, table: Table) -> str:
    return f"{number:,} of {len(table):,} {WORDS[table.name][len(table) != 1]}"


def _first(number: int) -> str:
    return " This is the first." if number > 1 else ""


def _name_column(table: Table) -> str | None:
    return "name" if "name" in table.raw else None


def point_frame(table: Table, at: Located, kept: NDArray[np.bool_]) -> gpd.GeoDataFrame:
    """`name` and point of the records kept, on the grid, sorted by name and place; the same place twice stands once."""
    names = [" ".join(str(name).split()) for name in table.raw.get("name", np.full(len(table), "", dtype=object))]
    rows = sorted({(names[i], *at.points[i].tolist()) for i in np.flatnonzero(kept).tolist()})
    points = shapely.points(np.array([row[1:] for row in rows], dtype=np.float64).reshape(-1, 2))
    return gpd.GeoDataFrame({"name": [row[0] for row in rows]}, geometry=list(points), crs=BRITISH_NATIONAL_GRID)
