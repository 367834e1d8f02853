"""The layers of a run as a GeoPackage that QGIS opens already styled (EPSG:27700)."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pyogrio

from grouping.board_pack.layers import Layer, attribution_of, map_layers, run_words, status_of
from grouping.board_pack.styles import layer_style
from grouping.escape import visible
from grouping.result import Run

FIXED_TIME = "2000-01-01T00:00:00.000Z"
"""Stands where a GeoPackage wants the time of the last change: the same run gives the same bytes."""

STYLES_TABLE = """
CREATE TABLE layer_styles (
  id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256), f_table_schema TEXT(256),
  f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, styleSLD TEXT,
  useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30), update_time DATETIME
)
"""
"""As QGIS makes it; it is an attribute table of the GeoPackage."""


def write_geopackage(run: Run, path: Path) -> None:
    """Write the layers with their styles, attribution and draft status.

    Layers: `areas`, `groups`, `localities`, `sites`, `hubs`; one that would be empty is left out. The styles stand in
    `layer_styles`, where QGIS looks for them; attribution and status in the description of every layer and in the
    metadata. The same run gives the same bytes with the same versions of GDAL and SQLite.

    Parameters
    ----------
    run
        The run; what it does not hold is not in the file.
    path
        The file to write; an earlier one is replaced.
    """
    path.unlink(missing_ok=True)
    layers = map_layers(run)
    said = " ".join(part for part in (status_of(run), *attribution_of(run), run_words(run)) if part)
    facts = {
        "TITLE": visible(run.title),
        "STATUS": status_of(run),
        "ATTRIBUTION": "\n".join(attribution_of(run)),
    } | ({"RUN_ID": visible(run.run_id)} if run.run_id else {})
    for layer in layers:
        kind = "Point" if layer.name in {"sites", "hubs"} else "MultiPolygon"
        pyogrio.write_dataframe(
            layer.frame,
            path,
            layer=layer.name,
            driver="GPKG",
            geometry_type=kind,
            append=path.exists(),
            layer_options={
                "GEOMETRY_NAME": "geom",
                "IDENTIFIER": layer.title,
                "DESCRIPTION": f"{layer.words} {said}",
            },
            layer_metadata=facts,
        )
    with closing(sqlite3.connect(path)) as database:
        _add_styles(database, run, layers)
        _settle_times(database)
        database.commit()
        database.execute("VACUUM")


def _add_styles(database: sqlite3.Connection, run: Run, layers: tuple[Layer, ...]) -> None:
    database.execute(STYLES_TABLE)
    database.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change) VALUES "
        "('layer_styles', 'attributes', 'layer_styles', 'How QGIS draws the layers', ?)",
        (FIXED_TIME,),
    )
    for layer in layers:
        style = layer_style(layer, run)
        database.execute(
            "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName, "
            "styleQML, styleSLD, useAsDefault, description, owner, update_time) "
            "VALUES ('', '', ?, 'geom', ?, ?, ?, 1, ?, '', ?)",
            (layer.name, layer.title, style.qml, style.sld, status_of(run), FIXED_TIME),
        )


def _settle_times(database: sqlite3.Connection) -> None:
    """Put the fixed time where the time of writing stood."""
    database.execute("UPDATE gpkg_contents SET last_change = ?", (FIXED_TIME,))
    tables = {row[0] for row in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    if "gpkg_metadata_reference" in tables:
        database.execute("UPDATE gpkg_metadata_reference SET timestamp = ?", (FIXED_TIME,))
