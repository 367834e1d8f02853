"""The layers of a run as GeoJSON, for web maps: longitude and latitude, as RFC 7946 asks."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import shapely

from grouping.board_pack.layers import Layer, attribution_of, map_layers, status_of
from grouping.escape import visible
from grouping.maps.parts import to_degrees
from grouping.plain_words import is_missing
from grouping.result import Run

FILES = ("groups", "areas", "sites")
"""Layers that are written, one file each."""

DECIMALS = 6
"""Of a degree: about ten centimetres, as RFC 7946 (section 11.2) advises."""


def write_geojson(run: Run, folder: Path) -> tuple[Path, ...]:
    """Write `groups.geojson`, `areas.geojson` and `sites.geojson` (EPSG:4326); the same run gives the same bytes.

    Outlines are those of the page, simplified together so that neighbours still meet. Outer rings run against the
    clock (RFC 7946, section 3.1.6). Each collection also carries `attribution`, `status` and `run_id`.

    Parameters
    ----------
    run
        The run; what it does not hold is in no file.
    folder
        An existing folder.

    Returns
    -------
    tuple of pathlib.Path
        The files written.
    """
    layers = {layer.name: layer for layer in map_layers(run, drawn=True)}
    written = []
    for name in FILES:
        if name in layers:
            path = folder / f"{name}.geojson"
            path.write_text(_collection(run, layers[name]), encoding="utf-8", newline="\n")
            written.append(path)
    return tuple(written)


def _collection(run: Run, layer: Layer) -> str:
    """One feature a line, so that two versions can be compared."""
    head = {
        "type": "FeatureCollection",
        "title": layer.title,
        "description": layer.words,
        "status": status_of(run),
        "attribution": list(attribution_of(run)),
    } | ({"run_id": visible(run.run_id)} if run.run_id else {})
    opening = json.dumps(head, ensure_ascii=False, indent=1)[:-2]
    columns = [name for name in layer.frame.columns if name != layer.frame.geometry.name]
    shapes = shapely.transform(layer.frame.geometry.to_numpy(), to_degrees)
    lines = []
    for row, shape in zip(layer.frame[columns].to_dict("records"), shapes, strict=True):
        feature = {
            "type": "Feature",
            "geometry": _geometry(shape),
            "properties": {name: _value(value) for name, value in row.items()},
        }
        lines.append(json.dumps(feature, ensure_ascii=False, allow_nan=False, separators=(",", ":")))
    return opening + ',\n "features": [\n' + ",\n".join(lines) + "\n]}\n"


def _value(value: object) -> object:
    if value is None or value is pd.NA or is_missing(value):
        return None
    return value.item() if hasattr(value, "item") else value


def _geometry(shape: shapely.Geometry | None) -> dict[str, object] | None:
    if shape is None or shape.is_empty:
        return None
    # on the grid of the decimals first: rounding point by point could fold a thin outline over itself
    on_grid = shapely.orient_polygons(shapely.set_precision(shape, 10.0**-DECIMALS), exterior_cw=False)
    return _rounded(shapely.geometry.mapping(on_grid)) if not on_grid.is_empty else None


def _rounded(value: object) -> object:
    if isinstance(value, float):
        return round(value, DECIMALS)
    if isinstance(value, dict):
        return {key: _rounded(entry) for key, entry in value.items()}
    return [_rounded(entry) for entry in value] if isinstance(value, list | tuple) else value
