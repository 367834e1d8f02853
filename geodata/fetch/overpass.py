"""Download the roads of a place or of a case from OpenStreetMap (Nominatim and Overpass, through osmnx)."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import shapely
from pyproj import Transformer
from shapely.geometry import Polygon, box

from geodata.errors import InputProblems
from geodata.fetch.part import sha256_of
from geodata.fetch.transfer import Arrived
from geodata.fetch.web import FetchFailed

MARGIN_M = 10_000.0
"""Roads are wanted this far around a case, metres: the quickest way may lead outside."""


def download_roads_of(place: str | Polygon, target: Path) -> tuple[Arrived, str]:
    """Download the roads of a named place or a polygon (longitude, latitude) as a small `.osm.pbf`.

    Returns
    -------
    tuple
        The finished file, and the addresses of the services asked.

    Raises
    ------
    FetchFailed
        When there is no connection, no such place or no road in it.
    """
    from geodata.roads import download_place  # noqa: PLC0415 - osmnx takes seconds to import

    try:
        told = download_place(place, target)
    except InputProblems as problems:
        raise FetchFailed(problems.findings[0]) from problems
    return Arrived(target.stat().st_size, sha256_of(target)), " ".join(cast("tuple[str, ...]", told["urls"]))


def around(bounds: tuple[float, float, float, float]) -> Polygon:
    """The box of a case (EPSG:27700, metres) with its margin, in longitude and latitude."""
    minx, miny, maxx, maxy = bounds
    grown = box(minx - MARGIN_M, miny - MARGIN_M, maxx + MARGIN_M, maxy + MARGIN_M)
    to_degrees = Transformer.from_crs("EPSG:27700", "EPSG:4326", always_xy=True)
    return shapely.transform(grown, to_degrees.transform, interleaved=False)
