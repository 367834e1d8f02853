"""The place as it may be published: columns of the inputs that stay in the house are not in it.

What is kept is listed, not what is taken away, so that a column somebody adds later stays in the house until it is
named here.
"""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd

from geodata.place import FurtherColumn, Place, SourceFile
from grouping.impact.disclosure.counts import is_small
from grouping.public.registrations import public_registrations
from grouping.public.words import public_findings

PRACTICE_COLUMNS = (
    "name", "locality", "list_size", "main_site_code", "clinical_system", "dispensing", "current_group",
    "keep_together", "geometry",
)  # fmt: skip
"""Published by NHS Digital, or about the organisation. Not here: vulnerability, and patients by age."""

SITE_COLUMNS = ("practice_code", "name", "kind", "postcode", "floor_area_m2", "committed", "geometry")
"""Not here: condition, suitability and quality of buildings, use of space, tenure, schemes, and any cost."""

AREA_COLUMNS = ("name", "ward", "rural_urban", "rural", "deprivation_decile", "neighbour", "x", "y", "geometry")
RESIDENTS = ("population", "population_65_plus", "population_75_plus", "population_85_plus", "population_children")
"""Residents of areas, as counted."""

HASHED = ("areas", "localities", "postcodes", "pharmacies", "settlements", "public_transport", "roads")
"""Tables whose checksum is published. A file of which all but one column is known can be found by trying until the
checksum is the same: what a practice was rated would be found so. Tables of practices, sites and patients have none;
that of areas has none where a number of residents in it is hidden, or a share rounded."""


def public_place(place: Place) -> Place:
    """The place without what must not leave the house.

    Registrations are those that `public_registrations` leaves. Points inside areas are gone (their weights may be
    patients), and so are the settings of the case. Planned homes, projections and residents of areas are published by
    others; a number of 1 to 7 residents is not known all the same.
    """
    areas = _areas(place.areas, place.further)
    whole = areas.equals(_only(place.areas, tuple(areas.columns)))
    hashed = HASHED if whole else tuple(table for table in HASHED if table != "areas")
    return replace(
        place,
        practices=_only(place.practices, PRACTICE_COLUMNS),
        sites=_only(place.sites, SITE_COLUMNS),
        areas=areas,
        registrations=public_registrations(place.registrations, place.practices["list_size"]),
        adjacency=None,
        findings=public_findings(place.findings),
        sources=tuple(_source(one, hashed) for one in place.sources),
        settings={},
        area_points=None,
    )


def _only(table: gpd.GeoDataFrame, columns: tuple[str, ...]) -> gpd.GeoDataFrame:
    return table[[column for column in table.columns if column in columns]].copy()


def _areas(areas: gpd.GeoDataFrame, further: tuple[FurtherColumn, ...]) -> gpd.GeoDataFrame:
    """The areas; residents of 1 to 7 are not known, shares of them in whole percent."""
    kinds = {one.column: one.kind for one in further}
    made = _only(areas, (*AREA_COLUMNS, *RESIDENTS, "no_car_share", *kinds))
    counts = [name for name in made.columns if name in RESIDENTS or kinds.get(name) == "count"]
    population = pd.to_numeric(made["population"], errors="coerce") if "population" in made else None
    few = {name: _few(made[name], population, name) for name in counts}
    for name in counts:
        if few[name].any():
            made[name] = pd.to_numeric(made[name], errors="coerce").astype(float).mask(few[name])
    for name in [name for name in made.columns if name == "no_car_share" or kinds.get(name) == "share"]:
        made[name] = pd.to_numeric(made[name], errors="coerce").astype(float).round(2)
    return made


def _few(column: pd.Series, population: pd.Series | None, name: str) -> pd.Series:
    """Where a number of residents is 1 to 7, or the rest of the residents is."""
    values = pd.to_numeric(column, errors="coerce")
    few = is_small(values)
    if name != "population" and population is not None:
        few = few | is_small(population - values)
    return pd.Series(np.asarray(few, dtype=bool), index=column.index)


def _source(source: SourceFile, hashed: tuple[str, ...]) -> SourceFile:
    return source if source.table in hashed else replace(source, sha256="")
