"""From a case folder to a `Place`: read every table, check each, check them together, locate, and build.

Nothing stops at the first mistake: what is sound is checked further, and all findings come out in one go.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from geodata import crosscheck
from geodata.area_points import AreaPoints, read_area_points
from geodata.case import CaseSettings, Tables, case_folder, settings_and_findings
from geodata.catchments import LEFT_OUT
from geodata.errors import Finding, InputProblems
from geodata.findings_csv import read_findings
from geodata.further_columns import check_further, further_columns, further_values, names_in_files
from geodata.future_people import named_areas, planned_homes, projected_people
from geodata.locate import (
    Located,
    check_area_points,
    check_on_the_map,
    locate,
    plain_postcode,
    postcode_points,
)
from geodata.named_points import point_frame, settle
from geodata.place import BRITISH_NATIONAL_GRID, Place, SourceFile
from geodata.registrations import scaling_findings
from geodata.tables.readers import read_table
from geodata.tables.schemas import Table, cap_findings, check_table, combine
from geodata.transport_table import TransportTable, read_public_transport

AGE_COLUMNS = ("age_65_plus", "age_75_plus", "age_85_plus", "age_children")
"""Columns of the practices that are there only where they are given."""

BUILDING_FIGURES = ("floor_area_m2", "annual_cost", "scheme_year", "investment_cost")
BUILDING_WORDS = ("condition", "suitability", "quality", "utilisation", "tenure", "scheme")
"""Columns of the sites that are there only where they are given."""

READ_LATER = ("area_points", "public_transport")
"""Tables of which only the rows of this case's areas and sites are read."""


@dataclass
class _Reading:
    """The tables of a case while they are checked."""

    settings: CaseSettings
    folder: Path
    tables: dict[str, Table] = field(default_factory=dict)
    sources: list[SourceFile] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def get(self, name: str) -> Table | None:
        return self.tables.get(name)

    def add(self, more: AreaPoints | TransportTable) -> None:
        """Gather what a table that was read later tells."""
        self.findings += more.findings
        self.sources += more.sources


@dataclass(frozen=True)
class _Around:
    """What a case may hold for impact on travel besides; see the fields of `Place`."""

    pharmacies: gpd.GeoDataFrame | None = None
    settlements: gpd.GeoDataFrame | None = None
    housing: pd.DataFrame | None = None
    projections: pd.DataFrame | None = None


def load_place(case_dir: Path) -> Place:
    """Load and check a case.

    Parameters
    ----------
    case_dir
        The case folder, or the path of its `case.toml`.

    Returns
    -------
    Place
        Everything on the British National Grid, sorted by key, with all warnings and notes in `findings`. Its
        registrations are as the file says; `complete_registrations` scales and estimates them.

    Raises
    ------
    InputProblems
        If there is any error; holds all errors, and the warnings and notes besides.
    """
    settings, findings = settings_and_findings(case_dir)
    if settings is None:
        raise InputProblems(findings)
    reading = _Reading(settings, case_folder(case_dir), findings=list(findings))
    _read_tables(reading)
    if settings.record and (case_folder(case_dir) / settings.record).is_file():
        reading.findings += _still_true(read_findings(case_folder(case_dir) / settings.record), settings)
    place = _check_and_build(reading)
    told = cap_findings(reading.findings)
    if place is None or any(finding.severity == "error" for finding in told):
        raise InputProblems(told)
    return place


def _still_true(record: list[Finding], settings: CaseSettings) -> list[Finding]:
    """What the record of a cut says, without "no file of roads" where roads have been named since."""
    return [finding for finding in record if finding.code != "no-roads" or settings.roads.method != "roads"]


def _read_tables(reading: _Reading) -> None:
    named_missing = {finding.value for finding in reading.findings if finding.code == "missing-file"}
    impact = reading.settings.impact
    for name in Tables.model_fields:
        if name in READ_LATER:
            continue
        further = names_in_files(impact) if name == "areas" else {}
        parts, complete = [], True
        for spec in getattr(reading.settings.tables, name):
            if spec.path in named_missing:
                complete = False
                continue
            part, findings, source = read_table(reading.folder, name, spec, further)
            reading.findings += findings
            complete &= part is not None
            if part is not None and source is not None:
                parts.append(part)
                reading.sources.append(source)
        if parts:
            table, findings = combine(name, parts, complete=complete)
            reading.tables[name] = table
            reading.findings += findings
            if name == "areas" and len(table):
                reading.findings += check_further(table, impact)
            reading.findings += check_table(table) if len(table) else []


def _check_and_build(reading: _Reading) -> Place | None:
    practices, sites, areas = (reading.get(name) for name in ("practices", "sites", "areas"))
    known, findings = crosscheck.known_practices(practices)
    reading.findings += findings
    mains: dict[str, int] = {}
    if sites is not None:
        mains, findings = crosscheck.check_sites(sites, practices, known)
        reading.findings += findings + crosscheck.check_buildings(sites)
    areas_at = _locate_areas(reading, areas)
    sites_at = _locate_sites(reading, sites, areas, areas_at)
    localities = reading.get("localities")
    reading.findings += crosscheck.check_localities(localities, reading.get("locality_of"), practices, known)
    localities_at = None
    if localities is not None:
        localities_at = locate(localities, polygons=True)
        reading.findings += localities_at.findings
        reading.findings += check_on_the_map(localities, localities_at, None)
    adjacency = reading.get("adjacency")
    if adjacency is not None:
        reading.findings += crosscheck.check_adjacency(adjacency, known)
    registrations = _registrations(reading, practices, areas, known)
    area_points, transport = _read_later(reading, areas_at, mains)
    around = _around(reading, areas, areas_at)
    if any(finding.severity == "error" for finding in reading.findings):
        return None
    if practices is None or sites is None or areas is None or sites_at is None or areas_at is None:
        return None
    if not practices.sound.any():
        message, fix = "No practice with a list size is left.", "Fill in the list sizes."
        reading.findings.append(Finding("error", practices.files, message, fix, code="no-practices"))
        return None
    place = _build(reading, mains, sites_at, areas_at, localities_at, registrations)
    return replace(
        place,
        area_points=area_points.frame,
        public_transport=transport.frame,
        public_transport_facts=transport.facts,
        pharmacies=around.pharmacies,
        settlements=around.settlements,
        housing=around.housing,
        projections=around.projections,
    )


def _read_later(
    reading: _Reading, areas_at: Located | None, mains: dict[str, int]
) -> tuple[AreaPoints, TransportTable]:
    """The points inside areas and the journeys by public transport; nothing of either where the case names none."""
    tables, areas = reading.settings.tables, reading.get("areas")
    missing = {finding.value for finding in reading.findings if finding.code == "missing-file"}
    specs = [spec for spec in tables.area_points if spec.path not in missing]
    postcodes, named = reading.get("postcodes"), bool(tables.postcodes)
    points = read_area_points(reading.folder, specs, areas, areas_at, postcodes, postcodes_named=named)
    journeys = [spec for spec in tables.public_transport if spec.path not in missing]
    transport = read_public_transport(reading.folder, journeys, areas, reading.get("sites"), mains)
    reading.add(points)
    reading.add(transport)
    return points, transport


def _locate_areas(reading: _Reading, areas: Table | None) -> Located | None:
    if areas is None:
        return None
    reading.findings += crosscheck.check_areas(areas)
    at = locate(areas, polygons=True)
    reading.findings += at.findings
    reading.findings += check_on_the_map(areas, at, None)
    reading.findings += check_area_points(areas, at)
    return at


def _locate_sites(
    reading: _Reading, sites: Table | None, areas: Table | None, areas_at: Located | None
) -> Located | None:
    if sites is None:
        return None
    at = _locate_with_postcodes(reading, sites)
    reading.findings += at.findings
    sure = _sure_areas(areas, areas_at)
    near = None if sure is None or areas_at is None else areas_at.points[sure]
    reading.findings += check_on_the_map(sites, at, near)
    return at


def _locate_with_postcodes(reading: _Reading, table: Table, elsewhere: np.ndarray | None = None) -> Located:
    """Where the records of a table are, if need be by the case's table of postcodes."""
    directory, postcodes = reading.get("postcodes"), None
    if directory is not None and "postcode" in directory.raw and "postcode" in table.raw:
        wanted = {plain_postcode(text) for text in table.raw["postcode"]} - {""}
        postcodes, findings = postcode_points(directory, wanted)
        reading.findings += findings
    if postcodes is None and reading.settings.tables.postcodes and "postcode" in table.raw:
        # The postcode table could not be read, which is told: no word about each record.
        waiting = _waiting_for_postcodes(table)
        postcodes = {plain_postcode(text): (np.nan, np.nan) for text in table.raw["postcode"][waiting]}
    return locate(table, postcodes, elsewhere=elsewhere)


def _sure_areas(areas: Table | None, areas_at: Located | None) -> np.ndarray | None:
    """Areas whose points can be trusted, bool, shape (A,); None where most cannot: they say nothing about others."""
    if areas is None or areas_at is None or not areas.complete or "area_code" not in areas.frame:
        return None
    sure = np.isfinite(areas_at.points).all(axis=1) & ~areas_at.told
    return sure if sure.sum() * 2 > len(sure) else None


def _around(reading: _Reading, areas: Table | None, areas_at: Located | None) -> _Around:
    """Pharmacies, settlements, planned homes and projections; None of each where the case names no such table."""
    sure = _sure_areas(areas, areas_at)
    codes = points = population = None
    if areas is not None and areas_at is not None and sure is not None:
        codes, points = areas.frame["area_code"].to_numpy(dtype=object)[sure], areas_at.points[sure]
        population = _numbers(areas, "population")[sure]
    named: dict[str, gpd.GeoDataFrame] = {}
    for name in ("pharmacies", "settlements"):
        table = reading.get(name)
        if table is not None and len(table):
            at = _locate_with_postcodes(reading, table)
            kept, findings = settle(table, at, points)
            reading.findings += findings
            named[name] = point_frame(table, at, kept)
    homes = projections = None
    table = reading.get("housing")
    if table is not None and len(table):
        at = _locate_with_postcodes(reading, table, named_areas(table))
        homes, findings = planned_homes(table, at, codes, points)
        reading.findings += findings
    table = reading.get("projections")
    if table is not None and len(table):
        projections, findings = projected_people(table, codes, population)
        reading.findings += findings
    return _Around(named.get("pharmacies"), named.get("settlements"), homes, projections)


def _waiting_for_postcodes(sites: Table) -> np.ndarray:
    return np.array([bool(text) for text in sites.raw["postcode"]], dtype=bool)


def _registrations(
    reading: _Reading, practices: Table | None, areas: Table | None, known: crosscheck.Known
) -> pd.DataFrame:
    table = reading.get("registrations")
    empty = pd.DataFrame({"practice_code": [], "area_code": [], "patients": []}).astype({"patients": float})
    if table is None:
        if not reading.settings.tables.registrations:
            message = "The case has no registrations: where patients live is estimated for every practice."
            fix = "NHS Digital publishes patients by practice and LSOA; name the file as tables.registrations."
            reading.findings.append(Finding("warning", "case.toml", message, fix, code="no-registrations"))
        return empty
    area_codes = None
    if areas is not None and areas.complete and "area_code" in areas.frame:
        area_codes = set(areas.frame["area_code"])
    list_size: dict[str, float] = {}
    if practices is not None and {"practice_code", "list_size"} <= set(practices.frame):
        sound = practices.frame[practices.sound]
        list_size = dict(zip(sound["practice_code"], sound["list_size"], strict=True))
    frame, findings = crosscheck.check_registrations(
        table, known, area_codes, list_size, published=bool(reading.settings.record)
    )
    reading.findings += findings
    if table.sound.all():  # with rows missing, the sums would say nothing
        reading.findings += scaling_findings(list_size, frame, table.files)
    return frame


# --- Building ----------------------------------------------------------------------------------------------------


def _build(
    reading: _Reading,
    mains: dict[str, int],
    sites_at: Located,
    areas_at: Located,
    localities_at: Located | None,
    registrations: pd.DataFrame,
) -> Place:
    settings = reading.settings
    sites = _sites_frame(reading.tables["sites"], mains, sites_at)
    areas = _areas_frame(reading, areas_at)
    localities = _localities_frame(reading, localities_at)
    practices = _practices_frame(reading, mains, sites_at, localities)
    adjacency = None
    if (edges := reading.get("adjacency")) is not None:
        used = edges.sound
        if "reason" in edges.frame:  # the list of a run also names the borders that were not used
            used = used & (edges.frame["reason"] != LEFT_OUT).to_numpy()
        adjacency = edges.frame.loc[used, ["practice_a", "practice_b"]].reset_index(drop=True)
    totals = crosscheck.check_totals(settings.totals, int(practices["list_size"].sum()), len(practices), sites)
    reading.findings += totals
    return Place(
        name=settings.name,
        practices=practices,
        sites=sites,
        areas=areas,
        registrations=registrations.assign(basis="published").astype({"patients": float}),
        localities=localities,
        adjacency=adjacency,
        findings=tuple(cap_findings(reading.findings)),
        sources=tuple(reading.sources),
        made_up=settings.made_up,
        settings=settings.model_dump(mode="json"),
        further=further_columns(settings.impact),
    )


def _text(table: Table, column: str) -> list[str]:
    if column not in table.frame:
        return [""] * len(table)
    return [str(value) for value in table.frame[column]]


def _numbers(table: Table, column: str) -> np.ndarray:
    if column not in table.frame:
        return np.full(len(table), np.nan)
    return table.frame[column].to_numpy(dtype=np.float64)


def _yes_no(table: Table, column: str) -> pd.Series:
    words = _text(table, column)
    return pd.Series([{"yes": True, "no": False}.get(word) for word in words], dtype=object)


def _framed(columns: dict[str, object], key: str, geometry: Iterable[object]) -> gpd.GeoDataFrame:
    frame = gpd.GeoDataFrame(columns, geometry=list(geometry), crs=BRITISH_NATIONAL_GRID)
    return frame.set_index(key).sort_index()


def _practices_frame(
    reading: _Reading, mains: dict[str, int], sites_at: Located, localities: gpd.GeoDataFrame
) -> gpd.GeoDataFrame:
    table, sites = reading.tables["practices"], reading.tables["sites"]
    codes = _text(table, "practice_code")
    keep = table.sound
    main = np.array([mains.get(code, 0) for code in codes], dtype=np.int64)
    points = sites_at.points[main]
    columns: dict[str, object] = {
        "practice_code": codes,
        "name": _text(table, "name"),
        "locality": _localities_of(reading, codes, points, localities, keep),
        "list_size": np.nan_to_num(_numbers(table, "list_size")).astype(np.int64),
        "main_site_code": [str(sites.frame["site_code"].iloc[i]) for i in main],
        "vulnerability": [float(text) if text else np.nan for text in _text(table, "vulnerability")],
        "clinical_system": _text(table, "clinical_system"),
        "current_group": _text(table, "current_group"),
        "keep_together": _text(table, "keep_together"),
        "dispensing": _yes_no(table, "dispensing"),
    }
    columns |= {name: _numbers(table, name) for name in AGE_COLUMNS if name in table.frame}
    frame = gpd.GeoDataFrame(columns, geometry=list(shapely.points(points)), crs=BRITISH_NATIONAL_GRID)
    return frame[keep].set_index("practice_code").sort_index()


def _localities_of(
    reading: _Reading, codes: list[str], points: np.ndarray, localities: gpd.GeoDataFrame, keep: np.ndarray
) -> list[str]:
    """The locality of each practice: the assignment table, else its own column, else the polygon of its main site."""
    spelling = {name.casefold(): name for name in localities.index}
    assigned: dict[str, str] = {}
    if (table := reading.get("locality_of")) is not None:
        assigned = dict(zip(table.frame["practice_code"], table.raw["locality"], strict=True))
    own = _text(reading.tables["practices"], "locality")
    inside = [""] * len(codes)
    if len(localities):
        inside = _polygon_of(reading, codes, points, localities, keep, assigned, own)
    chosen = [assigned.get(code) or own[i] or inside[i] for i, code in enumerate(codes)]
    return [spelling.get(name.casefold(), name) for name in chosen]


def _polygon_of(
    reading: _Reading,
    codes: list[str],
    points: np.ndarray,
    localities: gpd.GeoDataFrame,
    keep: np.ndarray,
    assigned: dict[str, str],
    own: list[str],
) -> list[str]:
    """Name of the polygon that holds each point (the first by name where two do), empty if none does."""
    tree = shapely.STRtree(localities.geometry.to_numpy())
    which, polygon = tree.query(shapely.points(points), predicate="intersects")
    found: dict[int, int] = {}
    for i, p in zip(which.tolist(), polygon.tolist(), strict=True):
        found[i] = min(found.get(i, p), p)
    files = reading.tables["localities"].files
    for i, code in enumerate(codes):
        if keep[i] and i not in found and not assigned.get(code) and not own[i]:
            message = f"The main site of practice {code} lies in no locality; its locality stays empty."
            fix = "Name its locality in the practices table, or extend the polygon."
            reading.findings.append(Finding("note", files, message, fix, value=code, code="outside-localities"))
    return [str(localities.index[found[i]]) if i in found else "" for i in range(len(codes))]


def _sites_frame(table: Table, mains: dict[str, int], at: Located) -> gpd.GeoDataFrame:
    kinds = _text(table, "kind")
    for i in mains.values():
        kinds[i] = "main"
    columns: dict[str, object] = {
        "site_code": _text(table, "site_code"),
        "practice_code": _text(table, "practice_code"),
        "name": _text(table, "name"),
        "kind": kinds,
        "postcode": [" ".join(text.upper().split()) for text in _text(table, "postcode")],
    }
    columns |= {name: _numbers(table, name) for name in BUILDING_FIGURES if name in table.frame}
    columns |= {name: _text(table, name) for name in BUILDING_WORDS if name in table.frame}
    columns |= {"committed": _yes_no(table, "committed")} if "committed" in table.frame else {}
    frame = gpd.GeoDataFrame(columns, geometry=list(shapely.points(at.points)), crs=BRITISH_NATIONAL_GRID)
    return frame[table.sound].set_index("site_code").sort_index()


def _areas_frame(reading: _Reading, at: Located) -> gpd.GeoDataFrame:
    table = reading.tables["areas"]
    points = shapely.points(at.points)
    shapes = points if at.geometry is None else np.where([g is None for g in at.geometry], points, at.geometry)
    words = _text(table, "rural_urban")
    columns: dict[str, object] = {
        "area_code": _text(table, "area_code"),
        "name": _text(table, "name"),
        "population": _numbers(table, "population"),
        "population_65_plus": _numbers(table, "population_65_plus"),
        "population_75_plus": _numbers(table, "population_75_plus"),
        "population_85_plus": _numbers(table, "population_85_plus"),
        "population_children": _numbers(table, "population_children"),
        "ward": [" ".join(text.split()) for text in _text(table, "ward")],
        "rural_urban": [str(text) for text in table.raw.get("rural_urban", words)],
        "rural": np.array([word == "rural" for word in words], dtype=bool),
        "deprivation_decile": _numbers(table, "deprivation_decile"),
        "no_car_share": _numbers(table, "no_car_share"),
        "neighbour": np.array([word == "yes" for word in _text(table, "neighbour")], dtype=bool),
        "x": at.points[:, 0],
        "y": at.points[:, 1],
    }
    columns |= {item.column: further_values(table, item) for item in further_columns(reading.settings.impact)}
    return _framed(columns, "area_code", shapes)


def _localities_frame(reading: _Reading, at: Located | None) -> gpd.GeoDataFrame:
    """One polygon a locality: several features of one name are put together, which is noted."""
    table = reading.get("localities")
    if table is None or at is None or at.geometry is None:
        return gpd.GeoDataFrame({"name": []}, geometry=[], crs=BRITISH_NATIONAL_GRID).set_index("name")
    names = [str(name) for name in table.frame["name"]]
    frame = gpd.GeoDataFrame({"name": names}, geometry=list(at.geometry), crs=BRITISH_NATIONAL_GRID)
    if frame["name"].duplicated().any():
        message = (
            f"{len(frame)} features make {frame['name'].nunique()} localities: those of one name are put together."
        )
        reading.findings.append(Finding("note", table.files, message, code="localities-merged"))
        frame = frame.dissolve("name")
    else:
        frame = frame.set_index("name")
    return frame.sort_index()
