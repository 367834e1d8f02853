"""Cut a case out of published files: choose, read, place, compare, and write it whole or not at all."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import geopandas as gpd
import numpy as np
import pandas as pd

from geodata.cut import areas as cut_areas
from geodata.cut import gather, practices, sites
from geodata.cut.choose import Choice, PracticeList, choose, likely_practices
from geodata.cut.gather import NOTHING, Read
from geodata.cut.localities import authorities, localities_of
from geodata.cut.named import refuse_names
from geodata.cut.names import commissioner_name
from geodata.cut.record import Record, count
from geodata.cut.report import CutReport
from geodata.cut.roads import bounds_of, take_roads
from geodata.cut.write import (
    CaseTable,
    new_case_folder,
    refuse_used_folder,
    source_row,
    write_areas,
    write_csv,
    write_layer,
    write_record_files,
    write_settings,
    write_sources,
)
from geodata.errors import Finding, InputProblems
from geodata.load import load_place
from geodata.published.ods import GP_PRACTICE
from geodata.published.postcode_package import ATTRIBUTION, LICENCE, PACKAGE, package_version
from geodata.published.postcodes import read_postcodes
from geodata.roads.kept import road_bounds

if TYPE_CHECKING:
    from geodata.published.catalogue import Catalogue, PublishedFile

OUTLINE_MARGIN_M = 20_000.0
"""Outlines are read this far around the points of the areas."""

PRACTICE_COLUMNS = [
    "practice_code",
    "name",
    "list_size",
    "age_65_plus",
    "age_75_plus",
    "age_85_plus",
    "age_children",
    "locality",
    "dispensing",
    "current_group",
]
AREA_COLUMNS = [
    "name",
    "population",
    "population_65_plus",
    "population_75_plus",
    "population_85_plus",
    "population_children",
    "rural_urban",
    "deprivation_decile",
    "no_car_share",
    "neighbour",
    "x",
    "y",
]


@dataclass
class _Parts:
    """The tables of a case while it is cut."""

    chosen: PracticeList
    choice: Choice
    day: date | None
    record: Record
    practices: pd.DataFrame = field(default_factory=pd.DataFrame)
    sites: pd.DataFrame = field(default_factory=pd.DataFrame)
    areas: pd.DataFrame = field(default_factory=pd.DataFrame)
    registrations: pd.DataFrame = field(default_factory=pd.DataFrame)
    localities: gpd.GeoDataFrame | pd.DataFrame | None = None
    used: dict[str, list[PublishedFile]] = field(default_factory=dict)
    """Table of the case -> published files it was made from."""
    list_vintage: str = ""
    """Date of the list sizes; empty where they are registrations summed."""
    package: bool = False
    """Whether the installed package of postcodes placed a site."""

    def uses(self, table: str, files: Sequence[PublishedFile]) -> None:
        """Note that a table was made from these files."""
        self.used[table] = list(dict.fromkeys([*self.used.get(table, []), *files]))


def cut_case(
    catalogue: Catalogue,
    folder: Path,
    *,
    commissioner: Sequence[str],
    when: date | None = None,
    localities: Path | None = None,
    name: str | None = None,
) -> CutReport:
    """Cut the case of a commissioner out of a folder of published files.

    Parameters
    ----------
    catalogue
        The folder, looked through.
    folder
        The case to write; must not exist or be empty. It appears only when it is complete and can be loaded.
    commissioner
        Codes of commissioners (sub-ICB or CCG, ICB), or of practices.
    when
        The date wanted; None for the newest list of practices. Other files are those nearest to it.
    localities
        A file of the planner's localities: polygons with a name, or practices with a locality.
    name
        Name of the case; None for one made of the codes and the date.

    Returns
    -------
    CutReport
        What was cut, and everything that was left out, merged or estimated, with numbers.

    Raises
    ------
    InputProblems
        An unknown code (with the nearest ones, and where its practices are now), no list of practices of about that
        date, files that cannot be read, a folder that is in use.
    """
    folder = Path(folder)
    refuse_used_folder(folder)
    record = Record(findings=list(catalogue.findings))
    gather.demand_files(catalogue)
    chosen, others = gather.practice_lists(catalogue, when, record)
    likely = likely_practices(commissioner, chosen)
    registrations = gather.registrations(catalogue, chosen.day, likely, record)
    changes = gather.area_changes(catalogue, record)
    registered_areas = set(registrations.rows["area_code"]) if registrations else set()
    year = gather.area_year(catalogue, registered_areas)
    everywhere = gather.all_areas(catalogue, year, changes, registered_areas)
    boards = _boards(everywhere)
    refuse_names(commissioner, catalogue, chosen, boards, everywhere, registrations.rows if registrations else None)
    choice = choose(commissioner, chosen, others, boards, record, folder=catalogue.folder)
    parts = _Parts(chosen, choice, chosen.day, record)
    _take_practices(parts, catalogue, registrations)
    _demand(parts, "has a list size", "Add a file of list sizes, or of registrations, that counts these practices.")
    postcode_areas = _take_sites(parts, catalogue, registrations, everywhere)
    _demand(parts, "can be placed", "Add Code-Point Open or the ONS postcode directory to the folder of files.")
    _take_areas(parts, catalogue, registrations, everywhere, year, changes)
    _describe_practices(parts, catalogue, registrations, others)
    _take_localities(parts, catalogue, everywhere, postcode_areas, localities)
    title = name or _name(catalogue, choice, chosen)
    with new_case_folder(folder) as scratch:
        sources = _write(parts, scratch, title, catalogue, localities)
        place = load_place(scratch)
        files = tuple(sorted(path.name for path in scratch.iterdir()))
    return CutReport(
        folder=folder,
        name=title,
        asked=choice.title,
        vintage=str(chosen.file.vintage),
        practices=len(place.practices),
        patients=place.list_total,
        sites=len(place.sites),
        areas=len(place.areas),
        neighbours=int(place.areas["neighbour"].sum()),
        findings=place.findings,
        left_out=record.left_out,
        sources=pd.DataFrame(sources),
        files=files,
    )


def _demand(parts: _Parts, what: str, fix: str) -> None:
    """Stop where no practice is left."""
    if parts.practices.empty:
        message = f"No practice of {parts.choice.title} {what}."
        problem = Finding("error", parts.chosen.file.table.label, message, fix, code="no-practices")
        raise InputProblems([problem, *(f for f in parts.record.findings if f.severity == "warning")])


def _name(catalogue: Catalogue, choice: Choice, chosen: PracticeList) -> str:
    """Such as "NHS Dorset CCG (11J), 2022"; the codes alone where no file tells the name, or there are several."""
    codes = (*choice.commissioners, *choice.boards)
    known = commissioner_name(catalogue, codes[0], chosen.day) if len(codes) == 1 and not choice.listed else ""
    title = f"{known} ({choice.title})" if known else choice.title
    return f"{title}, {chosen.file.vintage}"


def _boards(areas: pd.DataFrame) -> dict[str, frozenset[str]]:
    """ICB code -> codes of its sub-ICBs, as the areas tell it."""
    if "board" not in areas or "commissioner" not in areas:
        return {}
    told = areas[(areas["board"] != "") & (areas["commissioner"] != "")]
    return {str(board): frozenset(rows) for board, rows in told.groupby("board")["commissioner"]}


# --- Practices -----------------------------------------------------------------------------------------------------


def _take_practices(parts: _Parts, catalogue: Catalogue, registrations: Read) -> None:
    """The practices that have a list, and where their list comes from."""
    codes = parts.choice.practices.index
    lists = gather.list_sizes(catalogue, parts.day, codes, parts.record)
    parts.uses("practices", [parts.chosen.file])
    parts.practices = practices.with_list_sizes(
        parts.choice.practices,
        lists.rows if lists else None,
        _sums(registrations),
        NOTHING if lists else gather.list_sizes(catalogue, None, codes, Record()),
        lists_file=lists.label,
        lists_vintage=lists.vintage,
        registrations_file=registrations.label,
        registrations_vintage=registrations.vintage,
        registrations_far=bool(registrations) and gather.is_far(registrations.files[0], parts.day),
        record=parts.record,
    )
    sources = {finding.code for finding in parts.record.findings}
    parts.list_vintage = lists.vintage if "list-source" in sources else ""
    parts.uses("practices", lists.files if parts.list_vintage else [])
    parts.uses("practices", registrations.files if "list-from-registrations" in sources else [])


def _sums(registrations: Read) -> pd.Series:
    if not registrations:
        return pd.Series(dtype=float)
    return registrations.rows.groupby("practice_code")["patients"].sum()


def _own(parts: _Parts, registrations: Read) -> pd.DataFrame:
    """Registrations of the practices of the case, wherever the patients live."""
    if not registrations:
        return pd.DataFrame({"practice_code": [], "area_code": [], "patients": []}).astype({"patients": float})
    rows = registrations.rows
    return rows[rows["practice_code"].isin(parts.practices.index)]


def _describe_practices(
    parts: _Parts, catalogue: Catalogue, registrations: Read, others: Sequence[PracticeList]
) -> None:
    """Today's networks, dispensing, and how the practices compare with files of other dates."""
    choice, record = parts.choice, parts.record
    networks = gather.networks(catalogue, parts.day, parts.practices.index, record)
    if networks:
        groups = practices.current_groups(
            parts.practices,
            networks.rows,
            commissioners=choice.records_of if not choice.listed else (),
            file=networks.label,
            vintage=networks.vintage,
            record=record,
        )
        parts.practices = parts.practices.assign(current_group=groups)
        parts.uses("practices", networks.files)
    dispensing, codes, counts = gather.dispensing(catalogue, parts.day, choice.everyone, record)
    if dispensing:
        flags = practices.tell_dispensing(
            parts.practices, codes, counts, file=dispensing.label, vintage=dispensing.vintage, record=record
        )
        parts.practices = parts.practices.assign(dispensing=flags)
        parts.uses("practices", dispensing.files)
    if registrations and parts.list_vintage:
        practices.compare_with_registrations(
            parts.practices,
            _sums(registrations),
            vintage=registrations.vintage,
            list_vintage=parts.list_vintage,
            file=registrations.label,
            record=record,
        )
    for other in others:
        practices.tell_changes(
            parts.practices,
            other.open(),
            set(other.rows["practice_code"]),
            commissioners=choice.records_of if not choice.listed else (),
            file=other.file.table.label,
            vintage=str(other.file.vintage),
            record=record,
        )


# --- Sites ---------------------------------------------------------------------------------------------------------


def _take_sites(parts: _Parts, catalogue: Catalogue, registrations: Read, everywhere: pd.DataFrame) -> pd.Series:
    """Main sites and branches with their places; returns postcode -> area code where a file tells it."""
    record = parts.record
    branches = gather.branches(catalogue, parts.day, parts.practices.index, record)
    records = sites.site_records(
        parts.practices,
        branches.rows if branches else None,
        everyone=parts.chosen.rows,
        day=parts.day,
        branch_file=branches.label,
        branch_vintage=branches.vintage,
        branch_day=branches.files[0].vintage.last if branches else None,
        record=record,
    )
    files = catalogue.of("postcodes")
    points, findings = read_postcodes(files, set(records["postcode"]) - {""}, package=True)
    points = points.set_index("postcode")
    sites.tell_postcodes(records, points, findings, record)
    parts.sites = sites.place_sites(
        records,
        points,
        _own(parts, registrations),
        everywhere,
        postcode_file=", ".join(dict.fromkeys(file.table.label for file in files)),
        list_sizes=parts.practices["list_size"],
        record=record,
    )
    placed = set(parts.sites.loc[parts.sites["kind"] == "main", "practice_code"])
    parts.practices = parts.practices[parts.practices.index.isin(placed)]
    sites.lost_branches(
        branches.rows if branches else None, _not_in_case(parts), branch_file=branches.label, record=record
    )
    used = set(points["source"])
    parts.uses("sites", [parts.chosen.file, *branches.files, *(f for f in files if f.table.label in used)])
    if (points["how"] == "package").any():
        parts.package = True
    return points["area_code"][points["area_code"] != ""]


def _not_in_case(parts: _Parts) -> pd.DataFrame:
    """Records of the commissioner, and practices asked for, that are not in the case, indexed by code, and why."""
    rows, choice = parts.chosen.rows, parts.choice
    asked = rows["practice_code"].isin(choice.practices.index) | choice.holds(rows)
    _, reasons = parts.chosen.judged()
    told = rows["setting"].ne("").any()
    gp = (rows["setting"] == GP_PRACTICE) if told else pd.Series(True, index=rows.index)
    table = pd.DataFrame({"reason": reasons, "gp": gp, "practice_code": rows["practice_code"]})
    return table[asked & ~rows["practice_code"].isin(parts.practices.index)].set_index("practice_code")


# --- Areas ---------------------------------------------------------------------------------------------------------


def _take_areas(
    parts: _Parts,
    catalogue: Catalogue,
    registrations: Read,
    everywhere: pd.DataFrame,
    year: int | None,
    changes: pd.DataFrame | None,
) -> None:
    """The areas of the case and the neighbours over the border, with everything that is told about them."""
    choice, record = parts.choice, parts.record
    rows = registrations.rows if registrations else _own(parts, registrations)
    title, label = choice.title, registrations.label
    home = cut_areas.home_areas(
        everywhere,
        rows,
        lambda: _all_mains(catalogue, choice),
        parts.sites,
        codes=parts.practices.index,
        everyone=choice.everyone.index,
        commissioners=choice.commissioners,
        boards=choice.boards,
        listed_practices=choice.listed,
        title=title,
        file=label,
        record=record,
    )
    own = _own(parts, registrations)
    near = cut_areas.neighbour_areas(everywhere, home, own, parts.sites, title=title, file=label, record=record)
    if registrations:
        cut_areas.tell_residents_elsewhere(home, rows, parts.practices.index, title=title, file=label, record=record)
    cut_areas.tell_far_sites(everywhere.loc[home], parts.sites, title=title, record=record)
    codes = home.union(near)
    if codes.empty:
        message = f"No area is known where patients of {title} live, and none near their main sites."
        fix = "Check that the tables of areas are of the same code year and region as the registrations."
        raise InputProblems([Finding("error", label, message, fix, code="no-areas")])
    west, south, east, north = bounds_of(everywhere.loc[codes])
    bounds = (west - OUTLINE_MARGIN_M, south - OUTLINE_MARGIN_M, east + OUTLINE_MARGIN_M, north + OUTLINE_MARGIN_M)
    areas, sources = gather.case_areas(catalogue, set(codes), year, changes, bounds, record)
    areas = areas[areas["x"].notna() & areas["y"].notna()]
    areas = cut_areas.fill_population(areas, rows, file=label, record=record)
    parts.areas = areas.assign(neighbour=pd.Series("no", index=areas.index).where(~areas.index.isin(near), "yes"))
    parts.registrations = own.sort_values(["practice_code", "area_code"], ignore_index=True)
    told = {*AREA_COLUMNS, "geometry"}
    for column, asked in (("commissioner", choice.commissioners), ("board", choice.boards)):
        if not choice.listed and column in everywhere and everywhere.loc[home, column].isin(asked).any():
            told.add(column)  # says which areas are the case's own
    parts.uses("areas", [file for column, file in sources.items() if column in told])
    parts.uses("registrations", registrations.files)


def _all_mains(catalogue: Catalogue, choice: Choice) -> pd.DataFrame:
    """Main sites of all open practices of the day, indexed by code; what cannot be placed is passed over."""
    postcodes = sites.plain(choice.everyone["postcode"])
    points, _ = read_postcodes(catalogue.of("postcodes"), set(postcodes) - {""})
    points = points.set_index("postcode")
    return pd.DataFrame({"x": postcodes.map(points["easting"]), "y": postcodes.map(points["northing"])})


# --- Localities ----------------------------------------------------------------------------------------------------


def _take_localities(
    parts: _Parts, catalogue: Catalogue, everywhere: pd.DataFrame, postcode_areas: pd.Series, given: Path | None
) -> None:
    if given is not None:
        given = Path(given)
        label = f"{given.parent.name}/{given.name}" if given.parent.is_file() else given.name
        parts.localities = localities_of(given, parts.practices.index, label, parts.record)
        return
    for file in catalogue.of("locality_of"):
        parts.localities = localities_of(file, parts.practices.index, file.table.label, parts.record)
        parts.uses("locality_of", [file])
        return
    found = authorities(parts.sites, everywhere, postcode_areas, parts.record)
    parts.practices = parts.practices.assign(locality=found.reindex(parts.practices.index).fillna(""))


# --- Writing -------------------------------------------------------------------------------------------------------


def _write(
    parts: _Parts, folder: Path, title: str, catalogue: Catalogue, given: Path | None
) -> list[dict[str, object]]:
    """Write all files of the case; returns the rows of `sources.csv`."""
    table = parts.practices.rename_axis("practice_code").reset_index()
    table = table[[column for column in PRACTICE_COLUMNS if column in table and _told(table[column])]]
    write_csv(table, folder / "practices.csv")
    write_csv(parts.sites, folder / "sites.csv")
    columns = [column for column in AREA_COLUMNS if column in parts.areas and _told(parts.areas[column])]
    if "geometry" in parts.areas:
        columns.append("geometry")
    areas_file, areas_settings = write_areas(parts.areas[columns].rename_axis("area_code").reset_index(), folder)
    own = parts.areas[parts.areas["neighbour"] == "no"]
    everything = pd.concat([parts.sites[["x", "y"]], parts.areas[["x", "y"]]]).to_numpy(dtype=float)
    around = road_bounds(*everything[np.isfinite(everything).all(axis=1)].T)
    roads = take_roads(catalogue, parts.sites, own, around, folder, parts.record)
    rows = {"practices": len(table), "sites": len(parts.sites), "areas": len(parts.areas)}
    tables = [("practices", "practices.csv", {}), ("sites", "sites.csv", {"crs": "EPSG:27700"})]
    tables.append(("areas", areas_file, areas_settings))
    if len(parts.registrations):
        write_csv(parts.registrations, folder / "registrations.csv")
        rows["registrations"] = len(parts.registrations)
        tables.append(("registrations", "registrations.csv", {}))
    if isinstance(parts.localities, gpd.GeoDataFrame):
        write_layer(parts.localities, folder / "localities.gpkg")
        rows["localities"] = len(parts.localities)
        tables.append(("localities", "localities.gpkg", {"layer": "localities"}))
        parts.used["localities"] = parts.used.pop("locality_of", [])
    elif parts.localities is not None:
        write_csv(parts.localities, folder / "locality_of.csv")
        rows["locality_of"] = len(parts.localities)
        tables.append(("locality_of", "locality_of.csv", {}))
    sources = {name: [source_row(name, file, rows[name]) for file in parts.used.get(name, [])] for name, _, _ in tables}
    if parts.package:
        sources["sites"].append(_package_row())
    if given is not None:
        name = "localities" if isinstance(parts.localities, gpd.GeoDataFrame) else "locality_of"
        sources[name].append(_given_row(name, Path(given), rows[name]))
    every = [row for name, _, _ in tables for row in sources[name]]
    if roads is not None:
        every.append(source_row("roads", roads[1], 0))
    totals = {"patients": int(parts.practices["list_size"].sum()), "practices": len(table), "sites": len(parts.sites)}
    write_settings(
        folder,
        name=title,
        comment=_comment(parts, title),
        roads=roads[0] if roads else None,
        tables=[CaseTable(name, file, sources[name], settings) for name, file, settings in tables],
        totals=totals,
    )
    write_sources(every, folder)
    write_record_files(parts.record.findings, parts.record.left_out, folder)
    return every


def _package_row() -> dict[str, object]:
    """The installed package of postcodes as a row of `sources.csv`."""
    about = {"kind": "postcodes", "file": f"installed package {PACKAGE}", "vintage": package_version() or ""}
    return {"table": "sites", **about, "licence": LICENCE, "attribution": ATTRIBUTION, "sha256": "", "sheet": ""}


def _given_row(table: str, given: Path, rows: int) -> dict[str, object]:
    """The planner's own file of localities as a row of `sources.csv`; its date and licence are not known here."""
    path, layer = (given.parent, given.name) if given.parent.is_file() else (given, "")
    with path.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    about = {"kind": "localities", "file": path.name, "sheet": layer, "vintage": "undated", "rows": rows}
    return {"table": table, **about, "licence": "", "attribution": "", "sha256": sha256}


def _told(values: pd.Series) -> bool:
    """Whether a column says anything at all."""
    return bool((values.notna() & (values.astype(object) != "")).any())


def _comment(parts: _Parts, title: str) -> list[str]:
    return [
        f"{title}: {count(len(parts.practices), 'practice')} on {count(len(parts.sites), 'site')}.",
        "Cut out of published files: sources.csv says which, record.csv what was done, left_out.csv what is not in the",
        "case, and why.",
    ]
