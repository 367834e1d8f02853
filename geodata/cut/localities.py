"""The localities of a case: a file the planner names, an assignment table in the folder, else local authorities."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import pandas as pd

from geodata.cut.record import Record, count
from geodata.cut.sites import plain
from geodata.errors import Finding, InputProblems
from geodata.published.localities import read_localities
from geodata.published.whereabouts import whereabouts

if TYPE_CHECKING:
    from geodata.published.catalogue import PublishedFile


def localities_of(
    source: Path | PublishedFile, codes: Collection[str], label: str, record: Record
) -> gpd.GeoDataFrame | pd.DataFrame:
    """Polygons with a `name`, or the rows `practice_code`, `locality` of the practices of the case.

    A layer or sheet of a file is named behind it, as if it lay in a folder.

    Raises
    ------
    InputProblems
        The file cannot be read, or its table names no practice of the case.
    """
    layer = None
    if isinstance(source, Path) and not source.exists() and source.parent.is_file():
        source, layer = source.parent, source.name  # wards.gpkg/wards2016: one layer of a file
    found, findings = read_localities(source, layer=layer)
    record.findings += findings
    if found.polygons is not None:
        polygons = found.polygons[["name", "geometry"]].sort_values("name", kind="stable", ignore_index=True)
        message = f"Localities by {label}: {count(polygons['name'].nunique(), 'polygon')}."
        record.note("localities", label, message, value=str(polygons["name"].nunique()))
        return polygons
    assert found.assignment is not None
    rows = found.assignment
    ours = rows[rows["practice_code"].isin(set(codes))].sort_values("practice_code", ignore_index=True)
    if ours.empty:
        message = "No practice of the case is in this table of localities."
        fix = "It needs one row a practice: its code (such as J81012) and its locality."
        raise InputProblems([Finding("error", label, message, fix, code="no-match")])
    names = ours["locality"].nunique()
    message = f"Localities by {label}: {names}, for {count(len(ours), 'practice')} of the case"
    others = len(rows) - len(ours)
    message += f"; {count(others, 'practice')} of the table are not in the case." if others else "."
    record.note("localities", label, message, value=str(names))
    return ours


def authorities(sites: pd.DataFrame, areas: pd.DataFrame, postcode_areas: pd.Series, record: Record) -> pd.Series:
    """The local authority each main site stands in; index `practice_code`, empty where it is not known.

    The area of a site is the outline that holds it; else the one its postcode is listed in; else the one whose point is
    nearest, which near a border can be a neighbour's.

    Parameters
    ----------
    sites
        Sites with `kind`, `practice_code`, `postcode`, `x`, `y`.
    areas
        All areas known, indexed by code, with `x`, `y` and `authority`, perhaps `geometry`.
    postcode_areas
        Postcode without blanks -> area code, or empty text.
    """
    main = sites[sites["kind"] == "main"].set_index("practice_code")
    if "authority" not in areas or (areas["authority"] == "").all():
        message = "No table of areas names the local authorities: the practices have no locality."
        fix = "Fill in the column locality of practices.csv, or cut again with --localities FILE."
        record.warn("no-localities", "", message, fix)
        return pd.Series("", index=main.index, dtype=object)
    found = whereabouts(main[["x", "y"]].to_numpy(dtype=float), areas)
    told = plain(main["postcode"]).map(postcode_areas.to_dict()).astype(object).fillna("").to_numpy()
    use = (found["how"] != "inside").to_numpy() & pd.Series(told).isin(areas.index).to_numpy()
    names = found["authority"].where(~use, pd.Series(told).map(areas["authority"]).fillna(""))
    out = pd.Series(names.to_numpy(dtype=object), index=main.index)
    number = out[out != ""].nunique()
    ways = [
        f"{n} by {words}"
        for n, words in (
            (int((~use & (found["how"] == "inside").to_numpy()).sum()), "the outline that holds the main site"),
            (int(use.sum()), "the area of its postcode"),
            (int((~use & (found["how"] == "nearest").to_numpy()).sum()), "the nearest area point"),
        )
        if n
    ]
    message = (
        f"There is no file of localities: the local authority of each main site stands for it, {number} in all "
        f"({'; '.join(sorted(set(out) - {''}))}); {', '.join(ways)}."
    )
    fix = "Cut again with --localities FILE (polygons, or practice codes with localities), or edit practices.csv."
    record.note("authority-localities", "", message, fix, value=str(number))
    return out
