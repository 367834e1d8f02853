"""Layers of geometries (GeoPackage, GeoJSON, shapefile), on disk or inside a zip archive, through GDAL."""

from __future__ import annotations

import json
import warnings
from collections.abc import Collection, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyogrio
import shapely
from pyproj import CRS

from geodata.place import BRITISH_NATIONAL_GRID
from geodata.published.delimited import plain_key
from geodata.published.workbooks import text_of

Bounds = tuple[float, float, float, float]


@dataclass(frozen=True)
class Layer:
    """One layer: its name, fields, kind of geometry ("", "point", "line", "polygon"), system, and first records."""

    name: str
    fields: tuple[str, ...]
    geometry: str
    crs: str
    sample: tuple[tuple[str, ...], ...]


@contextmanager
def _quiet():
    with warnings.catch_warnings():  # GDAL warns of rings and fields that are checked where they are used
        warnings.simplefilter("ignore")
        yield


def list_layers(source: str, rows: int) -> list[Layer]:
    """Look at every layer; GDAL's exceptions are passed on."""
    with _quiet():
        found = []
        for name, kind in pyogrio.list_layers(source):
            meta, _, wkb, values = pyogrio.raw.read(source, layer=name, max_features=rows)
            kinds = {plain_geometry(kind)} if kind else {""}
            if kinds <= {"mixed"} and wkb is not None:
                kinds = {plain_geometry(g.geom_type) for g in shapely.from_wkb(wkb, on_invalid="ignore") if g}
            sample = tuple(tuple(map(text_of, record)) for record in zip(*values, strict=True)) if values else ()
            found.append(
                Layer(
                    str(name),
                    tuple(" ".join(str(f).split()) for f in meta["fields"]),
                    kinds.pop() if len(kinds) == 1 else "",
                    meta["crs"] or "",
                    sample,
                )
            )
    return found


def plain_geometry(kind: str) -> str:
    """Word for a kind of geometry as GDAL or GeoPandas names it ("MultiPolygon Z" -> "polygon")."""
    text = kind.casefold()
    for word in ("polygon", "point"):
        if word in text:
            return word
    if "line" in text or "curve" in text:
        return "line"
    return "mixed" if text in {"unknown", "geometry", "geometrycollection"} else ""


def read_fields(
    source: str, layer: str, positions: list[int], only: tuple[int, Collection[str]] | None
) -> tuple[pa.Table, np.ndarray, np.ndarray]:
    """Fields of a layer as text, without its geometries.

    Returns
    -------
    (table, rows, fids)
        Columns "0", "1", ... in the order of `positions`; rows counted as a spreadsheet would (the first feature is
        row 2); GDAL's feature identifiers.
    """
    with _quiet():
        names = list(pyogrio.read_info(source, layer=layer)["fields"])
        wanted = sorted({*positions, *([only[0]] if only else [])})
        meta, fids, _, values = pyogrio.raw.read(
            source, layer=layer, columns=[names[p] for p in wanted], read_geometry=False, return_fids=True
        )
    by_name = {str(name): value for name, value in zip(meta["fields"], values, strict=True)}
    texts = {p: [text_of(value) for value in by_name[names[p]]] for p in wanted}
    rows = np.arange(2, len(fids) + 2, dtype=np.int64)
    if only is not None:
        codes = {plain_key(code) for code in only[1]}
        hit = np.array([plain_key(text) in codes for text in texts[only[0]]], dtype=bool)
        texts = {p: [t for t, keep in zip(column, hit, strict=True) if keep] for p, column in texts.items()}
        rows, fids = rows[hit], fids[hit]
    table = pa.table({str(i): pa.array(texts[p], pa.string()) for i, p in enumerate(positions)})
    return table, rows, fids


def read_geometries(source: str, layer: str, fids: np.ndarray, *, all_of_them: bool) -> tuple[np.ndarray, str]:
    """Geometries of some features in the order of their identifiers, and the layer's coordinate system."""
    with _quiet():
        wanted = {} if all_of_them else {"fids": fids}
        meta, found, wkb, _ = pyogrio.raw.read(source, layer=layer, columns=[], return_fids=True, **wanted)
    shapes = shapely.from_wkb(wkb, on_invalid="ignore")
    if not np.array_equal(found, fids):
        place = {int(fid): i for i, fid in enumerate(found)}
        shapes = shapes[[place[int(fid)] for fid in fids]]
    return shapes, meta["crs"] or ""


def on_national_grid(frame: gpd.GeoDataFrame, crs: str) -> gpd.GeoDataFrame:
    """Geometries in EPSG:27700; a layer that does not say its system is judged by its coordinates."""
    frame = frame.set_crs(CRS.from_user_input(crs) if crs else assumed_crs(frame), allow_override=True)
    return frame.to_crs(BRITISH_NATIONAL_GRID)


def assumed_crs(frame: gpd.GeoDataFrame) -> str:
    """Degrees when every coordinate is small enough to be one, else metres of the National Grid."""
    bounds = frame.total_bounds
    small = bool(np.all(np.isfinite(bounds)) and np.abs(bounds[[0, 2]]).max() <= 180 and np.abs(bounds).max() <= 90)
    return "EPSG:4326" if small else BRITISH_NATIONAL_GRID


# --- GeoParquet ----------------------------------------------------------------------------------------------------


def geo_column(metadata: Mapping[bytes, bytes] | None) -> tuple[str, str]:
    """Name of the geometry column of a GeoParquet file and the kind of its geometries; ("", "") without one."""
    if not metadata or b"geo" not in metadata:
        return "", ""
    try:
        about = json.loads(metadata[b"geo"])
        name = str(about["primary_column"])
        kinds = {plain_geometry(str(kind)) for kind in about["columns"][name].get("geometry_types", [])}
    except (ValueError, KeyError, TypeError, AttributeError):
        return "", ""
    return name, kinds.pop() if len(kinds) == 1 else ""
