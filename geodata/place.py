"""The one immutable object that says what the place is: practices, sites, localities, areas, registrations."""

from __future__ import annotations

from dataclasses import dataclass, field

import geopandas as gpd
import pandas as pd

from geodata.errors import Finding
from geodata.grid import BRITISH_NATIONAL_GRID  # noqa: F401 - others take it from here

SITE_KINDS = ("main", "branch", "community", "mobile")


@dataclass(frozen=True)
class SourceFile:
    """Where a table came from, for the page's list of sources and for `run.json`."""

    table: str
    file: str
    sha256: str
    rows: int
    vintage: str = ""
    licence: str = ""
    attribution: str = ""


@dataclass(frozen=True)
class TransportFacts:
    """What imported minutes by public transport mean, as the case states it.

    Parameters
    ----------
    departure
        Day and hours of departure, such as `Tue 2026-10-06 07:30-09:30`; empty if it is not stated.
    percentile
        Which of the departures in the window the minutes speak of; None if it is not stated.
    made_with
        Program and timetables.
    """

    departure: str = ""
    percentile: int | None = None
    made_with: str = ""

    def window(self) -> str:
        """Departure and percentile in words."""
        said = f"leaving {self.departure}" if self.departure else "the hour of departure is not stated"
        if self.percentile == 50:
            return f"{said}, the middle one of the departures"
        if self.percentile is not None:
            return f"{said}, {self.percentile} of 100 departures are at least as quick"
        return said


@dataclass(frozen=True)
class FurtherColumn:
    """A column of the areas table that the case asks to be broken down by, as `[impact.columns]` names it.

    Parameters
    ----------
    label
        What pages call it, in the planner's words.
    column
        Name of the column in `Place.areas`: `further_1`, `further_2` and so on, in the order of `case.toml`.
    kind
        `share` (0 to 1 of the residents), `count` (residents; never more than the population) or `class` (text).
    """

    label: str
    column: str
    kind: str


@dataclass(frozen=True)
class Place:
    """What a case holds, checked and located.

    All frames are sorted by their key, all geometries are in `EPSG:27700` (metres).

    Parameters
    ----------
    name
        Name of the case.
    practices
        Index `practice_code`; columns `name`, `locality` (text, may be empty), `list_size` (int), `main_site_code`,
        `vulnerability` (1-5 or NaN), `clinical_system`, `current_group`, `keep_together` (text, may be empty),
        `dispensing` (bool or None) and any age bands given; geometry: the point of the main site.
    sites
        Index `site_code`; columns `practice_code` (empty for community and mobile sites of nobody), `name`, `kind`,
        `postcode`, and where given `floor_area_m2`, `annual_cost`, `investment_cost` (pounds), `scheme_year` (NaN where
        a cell is empty), `condition`, `suitability`, `quality`, `utilisation`, `tenure`, `scheme` (text, may be empty;
        `utilisation` is a share such as 0.85 or a word), `committed` (bool or None); geometry: point.
    areas
        Index `area_code`; columns `name`, `population`, `population_65_plus`, `population_75_plus`,
        `population_85_plus`, `population_children` (NaN if not given), `ward` (text, may be empty), `rural_urban`
        (class as text), `rural` (bool), `deprivation_decile`, `no_car_share` (NaN if not given), the columns of
        `further` (NaN or empty text if not given), `neighbour` (bool: an area of others, over the border, where
        registered patients live), `x`, `y` (the population-weighted point, metres); geometry: polygon or, without
        polygons, the point.
    registrations
        One row per practice and area with a patient: `practice_code`, `area_code`, `patients` (float), `basis`
        (`published`, `scaled` or `estimated`). As loaded they are what the file says;
        `registrations.complete_registrations` scales them to the list sizes and estimates the missing ones. An
        `area_code` need not be in `areas`: such patients are counted but cannot be timed.
    localities
        Index `name`; geometry polygons, or no rows.
    adjacency
        The planner's own edge list (`practice_a`, `practice_b`) or None.
    area_points
        Points inside areas whose times are averaged (`area_code`, `x`, `y` in metres, `weight` above 0), sorted, or
        None.
    public_transport
        Minutes by public transport (`area_code`, `site_code`, `minutes`, `reachable`), one row a pair, sorted, or None.
        `minutes` is `inf` where there is no way; a pair without a row is not reachable either.
    public_transport_facts
        Their departure window, percentile and program, or None.
    pharmacies, settlements
        Column `name` (text, may be empty for a pharmacy); geometry: point. None where the case names no such table.
    housing
        Planned homes: `name` (may be empty), `x`, `y` (metres), `dwellings`, `year` (NaN if not given), or None. A row
        given by its area's code stands at that area's point.
    projections
        Projected residents: `area_code`, `year`, `population` and, where given, `population_65_plus`,
        `population_75_plus`, `population_85_plus`, `population_children` (NaN for an empty cell), sorted, or None.
    further
        Columns of `areas` that the case asks to be broken down by.
    findings
        All warnings and notes from reading and checking.
    sources
        The files used.
    made_up
        True for invented data: every page says so.
    """

    name: str
    practices: gpd.GeoDataFrame
    sites: gpd.GeoDataFrame
    areas: gpd.GeoDataFrame
    registrations: pd.DataFrame
    localities: gpd.GeoDataFrame
    adjacency: pd.DataFrame | None = None
    findings: tuple[Finding, ...] = ()
    sources: tuple[SourceFile, ...] = ()
    made_up: bool = False
    settings: dict[str, object] = field(default_factory=dict)
    area_points: pd.DataFrame | None = None
    public_transport: pd.DataFrame | None = None
    public_transport_facts: TransportFacts | None = None
    pharmacies: gpd.GeoDataFrame | None = None
    settlements: gpd.GeoDataFrame | None = None
    housing: pd.DataFrame | None = None
    projections: pd.DataFrame | None = None
    further: tuple[FurtherColumn, ...] = ()

    @property
    def list_total(self) -> int:
        """Registered patients of all practices."""
        return int(self.practices["list_size"].sum())
