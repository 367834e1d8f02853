"""Roads of a case: a file of roads in the folder that covers its sites and areas, cut to them."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import osmium
import pandas as pd
import pyogrio
from pyogrio.errors import DataSourceError
from pyproj import Transformer

from geodata.cut.record import Record, listed
from geodata.errors import InputProblems
from geodata.osm.cut import cut_roads
from geodata.place import BRITISH_NATIONAL_GRID

if TYPE_CHECKING:
    from geodata.published.catalogue import Catalogue, PublishedFile

Bounds = tuple[float, float, float, float]
"""West, south, east and north edge in metres (EPSG:27700)."""

_EXTRACTS = (".pbf", ".osm", ".osm.bz2", ".osm.gz")


def bounds_of(*tables: pd.DataFrame) -> Bounds:
    """West, south, east and north edge of all points `x`, `y`, in metres."""
    points = np.concatenate([table[["x", "y"]].to_numpy(dtype=float) for table in tables])
    west, south = np.nanmin(points, axis=0)
    east, north = np.nanmax(points, axis=0)
    return float(west), float(south), float(east), float(north)


def take_roads(
    catalogue: Catalogue, sites: pd.DataFrame, areas: pd.DataFrame, wanted: Bounds, folder: Path, record: Record
) -> tuple[str, PublishedFile] | None:
    """Put the roads of the case into its folder: cut from an OpenStreetMap extract, or a layer of lines as it is.

    Parameters
    ----------
    sites, areas
        What a file must cover to be used: the sites and the areas of the case itself, with `x`, `y`.
    wanted
        What is cut out of it: all points of the case and the margin around them that a run reads.
    folder
        The unfinished case.

    Returns
    -------
    tuple or None
        The file's name in the case and the published file it was made from; None for straight-line minutes.
    """
    for file in catalogue.of("roads"):
        box = _box(file.table.path, file.table.layer)
        if box is not None and (outside := _outside(box, sites, areas)):
            record.note("roads-elsewhere", file.table.label, f"The file of roads is not used: {outside}.")
            continue
        try:
            name, told = _take(file, wanted, folder)
        except InputProblems as problem:
            first = problem.findings[0]
            message = f"The file of roads is not used: {first.message}"
            record.warn("roads-not-used", file.table.label, message, first.fix)
            continue
        if name:
            if box is None:
                told += " Whether it covers the whole case, the file does not say."
            elif not _holds(box, wanted):
                told += " The file ends less than 10 km beyond some sites or areas: ways round outside it are not seen."
            record.note("roads", file.table.label, told)
            return name, file
    message = "No file of roads covers this case: minutes are estimated from straight lines."
    fix = "Put an OpenStreetMap extract (.osm.pbf, download.geofabrik.de) into the folder of files, or see [roads]."
    record.note("no-roads", "", message, fix)
    return None


def _take(file: PublishedFile, wanted: Bounds, folder: Path) -> tuple[str, str]:
    """Write the roads; returns their file name and what was done."""
    path = file.table.path
    name = path.name.lower()
    if name.endswith(_EXTRACTS) and file.table.member is None:
        cut = cut_roads(path, wanted, folder / "roads.osm.pbf")
        return "roads.osm.pbf", f"Roads are cut to the sites and areas of the case: {cut}."
    if name.endswith((".gpkg", ".graphml")) and file.table.member is None:
        target = f"roads{path.suffix.lower()}"
        shutil.copyfile(path, folder / target)
        return target, "Roads are copied as they are."
    return "", ""


def _outside(box: Bounds, sites: pd.DataFrame, areas: pd.DataFrame) -> str:
    """How many sites and areas of the case lie outside a box, in words; empty where none does."""
    parts, every = [], True
    for what, table in (("sites", sites), ("areas", areas)):
        inside = table["x"].between(box[0], box[2]) & table["y"].between(box[1], box[3])
        if out := int((~inside).sum()):
            codes = table["site_code"] if what == "sites" else table.index.to_series()
            parts.append(f"{out} of {len(table)} {what} lie outside it ({listed(codes[~inside], 5)})")
        every &= not inside.any()
    return "it is of another place" if every else " and ".join(parts)


def _holds(box: Bounds, needed: Bounds) -> bool:
    return box[0] <= needed[0] and box[1] <= needed[1] and box[2] >= needed[2] and box[3] >= needed[3]


def _box(path: Path, layer: str | None) -> Bounds | None:
    """The box of an OpenStreetMap extract as its header says it, or of a layer; None where it is not told."""
    if path.suffix.lower() == ".gpkg":
        try:
            about = pyogrio.read_info(path, layer=layer, force_total_bounds=True)
            return _on_the_grid(about["total_bounds"], about["crs"] or BRITISH_NATIONAL_GRID)
        except DataSourceError:
            return None
    if not path.name.lower().endswith(_EXTRACTS):
        return None
    try:
        reader = osmium.io.Reader(str(path), osmium.osm.osm_entity_bits.NOTHING)
        try:
            box = reader.header().box()
        finally:
            reader.close()
    except RuntimeError:
        return None
    if not box.valid():
        return None
    corners = (box.bottom_left.lon, box.bottom_left.lat, box.top_right.lon, box.top_right.lat)
    return _on_the_grid(corners, "EPSG:4326")


def _on_the_grid(box: Bounds, crs: str) -> Bounds:
    west, south, east, north = box
    mover = Transformer.from_crs(crs, BRITISH_NATIONAL_GRID, always_xy=True)
    return mover.transform_bounds(west, south, east, north)
