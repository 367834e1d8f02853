"""Read layers of geometries (GeoPackage, GeoJSON, shapefile, ...), and Parquet with or without them."""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pyogrio
import shapely

from geodata.case import TableSpec
from geodata.errors import Finding
from geodata.tables.content import Content, clip, file_error, refuse
from geodata.tables.sheets import decode_text


def read_layer(path: Path, table: str, spec: TableSpec) -> Content:
    """Read one layer of geometries; raises `Unreadable`."""
    file = spec.file
    findings: list[Finding] = []
    if path.suffix.lower() in {".geojson", ".json"}:
        findings += _geojson_findings(path, file)
    if path.suffix.lower() == ".shp":
        _shapefile_parts(path, file)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            layers = {str(name): kind for name, kind in pyogrio.list_layers(path)}
    except Exception as error:  # GDAL raises many kinds
        message = f"The file cannot be opened as a layer of geometries ({clip(str(error))})."
        refuse(file, message, "Open it in a GIS and save it again, for example as GeoPackage.", "unreadable-file")
    layer = _layer_name(layers, table, spec)
    try:
        with warnings.catch_warnings():  # what GDAL warns of (rings that are not closed) is checked here
            warnings.simplefilter("ignore", RuntimeWarning)
            meta, _, wkb, values = pyogrio.raw.read(path, layer=layer)
    except Exception as error:  # GDAL raises many kinds
        message = f"The layer {layer} cannot be read ({clip(str(error))})."
        refuse(file, message, "Open it in a GIS and save it again, for example as GeoPackage.", "unreadable-file")
    count = len(wkb) if wkb is not None else len(values[0]) if values else 0
    if not count:
        refuse(file, f"The layer {layer} holds no features.", "Save it again with its features.", "header-only")
    rows = np.arange(2, count + 2, dtype=np.int64)
    geometry = None
    if wkb is not None:
        geometry = shapely.from_wkb(wkb, on_invalid="ignore")
        lost = [i for i in range(count) if wkb[i] is not None and geometry[i] is None]
        already = {finding.row for finding in findings}
        findings += [_not_closed(file, i) for i in lost if i + 2 not in already]
    return Content([str(name) for name in meta["fields"]], rows, lambda i: values[i], geometry, meta["crs"], findings)


def _layer_name(layers: dict[str, Any], table: str, spec: TableSpec) -> str:
    names = ", ".join(layers) or "none"
    if not layers:
        refuse(spec.file, "The file holds no layers.", "Save it again from your GIS.", "empty-file")
    if spec.layer is not None:
        if spec.layer in layers:
            return spec.layer
        by_case = {name.casefold(): name for name in layers}
        if spec.layer.casefold() in by_case:
            return by_case[spec.layer.casefold()]
        fix = f"Its layers are: {names}. Correct layer = ... in case.toml."
        refuse(spec.file, "The file has no such layer.", fix, "missing-layer", value=spec.layer)
    if len(layers) == 1:
        return next(iter(layers))
    if table in layers:
        return table
    addition = f'layer = "{next(iter(layers))}"'
    fix = f"{spec.hint(table, addition)} (its layers are: {names})."
    refuse(spec.file, "The file holds several layers, and none is named.", fix, "missing-layer")


def _shapefile_parts(path: Path, file: str) -> None:
    missing = [s for s in (".dbf", ".shx") if not any(path.with_suffix(c).exists() for c in (s, s.upper()))]
    if missing:
        refuse(
            file,
            f"A part of the shapefile is missing: {', '.join(path.with_suffix(s).name for s in missing)}.",
            "Copy all files of the shapefile (.shp, .shx, .dbf, .prj) into the folder.",
            "shapefile-part",
        )


def _not_closed(file: str, number: int) -> Finding:
    return file_error(
        file,
        f"The polygon of feature {number + 1} is not closed or is damaged: its first and last points differ.",
        "Repeat the first point at the end of the ring, or repair it in a GIS (QGIS: Fix geometries).",
        "polygon-not-closed",
        row=number + 2,
        column="geometry",
    )


def _geojson_findings(path: Path, file: str) -> list[Finding]:
    """What GDAL would silently mend or drop: broken JSON, rings that are not closed."""
    text, _ = decode_text(path.read_bytes(), file)
    try:
        data = json.loads(text)
    except json.JSONDecodeError as error:
        lines = text.splitlines()
        refuse(
            file,
            f"The file is not valid GeoJSON ({error.msg}).",
            "It may be cut off: save or download it again.",
            "bad-json",
            row=error.lineno,
            value=clip(lines[error.lineno - 1].strip()) if error.lineno <= len(lines) else None,
        )
    features = data.get("features") if isinstance(data, dict) else None
    if not isinstance(features, list):
        refuse(file, "The file is JSON, but not a list of features.", "Save it as GeoJSON in a GIS.", "bad-json")
    if not features:
        refuse(file, "The file holds no features.", "Save it again with its features.", "header-only")
    found = []
    for i, feature in enumerate(features):
        try:
            closed = _rings_closed(feature)
        except (TypeError, KeyError, AttributeError):  # numbers or text where lists of points belong
            closed = False
        if not closed:
            found.append(_not_closed(file, i))
    return found


def _rings_closed(feature: Any) -> bool:
    geometry = feature.get("geometry") if isinstance(feature, dict) else None
    if not isinstance(geometry, dict):
        return True
    coordinates = geometry.get("coordinates") or []
    if geometry.get("type") == "Polygon":
        rings = coordinates
    elif geometry.get("type") == "MultiPolygon":
        rings = [ring for polygon in coordinates for ring in polygon]
    else:
        return True
    return all(len(ring) >= 4 and ring[0] == ring[-1] for ring in rings)


# --- Parquet -----------------------------------------------------------------------------------------------------


def read_parquet(path: Path, spec: TableSpec) -> Content:
    """Read Parquet or GeoParquet; raises `Unreadable`."""
    try:
        table = pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        refuse(
            spec.file,
            f"The file is damaged or is not Parquet ({type(error).__name__}).",
            "Save it again from where it came from.",
            "unreadable-file",
        )
    if not table.num_rows:
        refuse(spec.file, "The file has columns but no rows.", "Save it again with its rows.", "header-only")
    geometry, crs, geometry_column = None, None, None
    if b"geo" in (table.schema.metadata or {}):
        meta = json.loads(table.schema.metadata[b"geo"])
        geometry_column = meta["primary_column"]
        about = meta["columns"][geometry_column]
        if about.get("encoding") != "WKB":
            fix = "Save it with geometry encoding WKB, or as GeoPackage."
            refuse(spec.file, "The geometries are stored in a way that is not read here.", fix, "unknown-format")
        crs = json.dumps(about["crs"]) if about.get("crs") else None if "crs" in about else "OGC:CRS84"
        geometry = shapely.from_wkb(table[geometry_column].to_numpy(zero_copy_only=False), on_invalid="ignore")
    names = [name for name in table.column_names if name != geometry_column]

    def column(position: int) -> Sequence[Any]:
        values: Sequence[Any] = table[names[position]].to_pylist()
        return values

    return Content(names, np.arange(2, table.num_rows + 2, dtype=np.int64), column, geometry, crs)
