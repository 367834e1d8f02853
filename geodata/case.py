"""Read `case.toml`: which files hold the tables, which rules and roads apply, which totals to expect.

Every mistake in the file is collected and told in one go, with the key, the line, the value and what to do about it.
"""

from __future__ import annotations

import difflib
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Literal

import pydantic
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pyproj import CRS
from pyproj.exceptions import CRSError

from geodata.errors import Finding, InputProblems
from geodata.speeds import load_speeds
from geodata.tables.toml_text import WANTED, Keys, beyond_limit, parse_toml, read_text

CASE_FILE = "case.toml"
Scalar = str | bool | int | float

SLOWEST_FACTOR, FASTEST_FACTOR = 0.1, 3.0
"""What all speeds on roads may be multiplied by, in a case and in a command."""

OF_ROADS_ALONE = ("profile", "speeds", "speed_factor", "ferries", "closed")
"""Settings of [roads] that straight lines know nothing of."""


class _Settings(BaseModel):
    """What all settings share: nothing can be changed afterwards, no key may be unknown."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)


def _known_crs(text: Any) -> Any:
    if isinstance(text, str):
        try:
            CRS.from_user_input(text)
        except CRSError as error:
            raise ValueError("is not a coordinate system that is known here") from error
    return text


class TableSpec(_Settings):
    """Where one table (or a part of it) is, and how to read it.

    Parameters
    ----------
    file
        File name, relative to the case folder.
    sheet
        Excel sheet, by name or by number (1 is the first).
    layer
        Layer of a GeoPackage.
    header_row
        Row that holds the column names, for CSV and Excel; 0 for a file without any, whose columns are then named by
        number ("1" is the first).
    crs
        Coordinate system of the x and y columns, or of a layer that does not (or wrongly) say its own.
    columns
        Our column name -> the file's column name.
    where, where_not
        Keep only (leave out) rows with these exact values; a list means any of them.
    defaults
        Our column name -> value for rows where the file gives none.
    join
        True: this file adds columns to the rows of the files before it, by their code, and no rows of its own.
    vintage, licence, attribution
        Shown in the list of sources.
    """

    file: str = Field(min_length=1)
    sheet: str | int | None = None
    layer: str | None = None
    header_row: int = Field(default=1, ge=0)
    crs: Annotated[str | None, BeforeValidator(_known_crs)] = None
    columns: dict[str, str] = Field(default_factory=dict)
    where: dict[str, Scalar | list[Scalar]] = Field(default_factory=dict)
    where_not: dict[str, Scalar | list[Scalar]] = Field(default_factory=dict)
    defaults: dict[str, Scalar] = Field(default_factory=dict)
    join: bool = False
    vintage: str = ""
    licence: str = ""
    attribution: str = ""

    @property
    def path(self) -> str:
        """The file name with forward slashes, so that a case made on Windows can be read elsewhere."""
        return self.file.replace("\\", "/")

    def hint(self, table: str, addition: str) -> str:
        """Say how to write an addition (`crs = "..."`) into `case.toml`: the whole line where the table is one line.

        The tables of a programme stand in `programme.toml`, by their name without `programme_`.
        """
        key = table.removeprefix("programme_")
        where = "case.toml" if key == table else "programme.toml"
        if self.model_fields_set <= {"file"}:
            return f'In {where} write: {key} = {{ file = "{self.file}", {addition} }}'
        return f"In {where} add to this file of tables.{key}: {addition}"


class PublicTransportSpec(TableSpec):
    """A file of journeys by public transport, and what its minutes mean.

    Parameters
    ----------
    departure
        The day and hours of departure, such as `Tue 2026-10-06 07:30-09:30`: without them nobody knows what the
        minutes say.
    percentile
        Which of the departures in that window the minutes speak of: 50 is the middle one.
    made_with
        The program and the timetables, such as `R5 7.1, timetables of 2026-09-01`.
    """

    departure: str = ""
    percentile: int | None = Field(default=None, ge=1, le=99)
    made_with: str = ""


def _as_specs(value: Any) -> Any:
    """The short form (a file name), the long form (one table) and a list of either, all as a list of long forms."""
    parts = value if isinstance(value, list | tuple) else [value]
    return tuple({"file": part} if isinstance(part, str) else part for part in parts)


Specs = Annotated[tuple[TableSpec, ...], BeforeValidator(_as_specs)]
PublicTransportSpecs = Annotated[tuple[PublicTransportSpec, ...], BeforeValidator(_as_specs)]


class Tables(_Settings):
    """The tables of a case; each may be spread over several files."""

    practices: Specs = ()
    sites: Specs = ()
    areas: Specs = ()
    registrations: Specs = ()
    localities: Specs = ()
    locality_of: Specs = ()
    postcodes: Specs = ()
    adjacency: Specs = ()
    area_points: Specs = ()
    public_transport: PublicTransportSpecs = ()
    pharmacies: Specs = ()
    settlements: Specs = ()
    housing: Specs = ()
    projections: Specs = ()


def _as_decisions(value: Any) -> Any:
    """A file name, the long form of a table, or a list of blocks; anything else is told as wrong."""
    if isinstance(value, str) and value:
        return TableSpec(file=value)
    if isinstance(value, dict):
        return TableSpec.model_validate(value)
    return tuple(value) if isinstance(value, list) else value


class RuleSettings(_Settings):
    """The rule set by name (or a `.toml` file beside `case.toml`), single values to override, and what is decided.

    `decisions` are blocks `[[rules.decisions]]`, or a table of them by its file.
    """

    set: str = Field(default="dorset-2017", min_length=1)
    override: dict[str, Any] = Field(default_factory=dict)
    decisions: Annotated[TableSpec | tuple[dict[str, Any], ...], BeforeValidator(_as_decisions)] = ()


class StraightLineSettings(_Settings):
    """Factors of the straight-line method; None means the documented default in `geodata/speeds.toml`."""

    detour_factor_urban: float | None = Field(default=None, ge=1, le=5, strict=False)
    detour_factor_rural: float | None = Field(default=None, ge=1, le=5, strict=False)
    speed_kmh_urban: float | None = Field(default=None, gt=0, le=130, strict=False)
    speed_kmh_rural: float | None = Field(default=None, gt=0, le=130, strict=False)


class RoadSettings(_Settings):
    """How minutes are made. Without `method`: roads if a source or a place is named, else straight lines.

    Parameters
    ----------
    method
        `roads` or `straight-line`.
    source
        Road file in the case folder.
    place
        Place whose roads `blueprint fetch` downloads, instead of a file.
    profile
        Speed profile; None is the only one of `speeds`, else free flow.
    speeds
        Speed table of one's own in the case folder: what differs from the built-in one.
    speed_factor
        Multiplies the speed on every road, 0.1 to 3.
    ferries
        `on`, `queue` (one boat is missed) or `off`.
    closed
        Table in the case folder with a point on each road that is closed.
    bridge_gaps_m
        Gaps between parts of the network up to this length are closed, metres.
    straight_line
        Factors of the straight-line method.
    """

    method: Literal["roads", "straight-line"] = "straight-line"
    source: str | None = Field(default=None, min_length=1)
    place: str | None = Field(default=None, min_length=1)
    profile: str | None = Field(default=None, min_length=1)
    speeds: str | None = Field(default=None, min_length=1)
    speed_factor: float = Field(default=1.0, ge=SLOWEST_FACTOR, le=FASTEST_FACTOR, strict=False)
    ferries: Literal["on", "queue", "off"] = "on"
    closed: str | None = Field(default=None, min_length=1)
    bridge_gaps_m: float = Field(default=15.0, ge=0, le=1000, strict=False)
    straight_line: StraightLineSettings = StraightLineSettings()

    @model_validator(mode="before")
    @classmethod
    def _method_from_source(cls, value: Any) -> Any:
        if isinstance(value, dict) and "method" not in value and (value.get("source") or value.get("place")):
            return {"method": "roads", **value}
        return value


class Totals(_Settings):
    """Figures known from elsewhere, to compare with what was read.

    Parameters
    ----------
    patients, practices, sites
        How many there are.
    floor_area_m2, annual_cost
        Sums over all sites, square metres and pounds a year.
    modern_share, major_investment_share
        Shares of the sites (0 to 1) that are modern, and that need major investment.
    """

    patients: int | None = Field(default=None, ge=0)
    practices: int | None = Field(default=None, ge=0)
    sites: int | None = Field(default=None, ge=0)
    floor_area_m2: float | None = Field(default=None, ge=0, le=1e12, strict=False)
    annual_cost: float | None = Field(default=None, ge=0, le=1e12, strict=False)
    modern_share: float | None = Field(default=None, ge=0, le=1, strict=False)
    major_investment_share: float | None = Field(default=None, ge=0, le=1, strict=False)


class FurtherSettings(_Settings):
    """A column of the areas table to break impact on travel down by.

    Parameters
    ----------
    column
        Name of the column in the file (or in one joined to it).
    kind
        `share` (0 to 1 of the residents), `count` (residents) or `class` (text, one population a word).
    """

    column: str = Field(min_length=1)
    kind: Literal["share", "count", "class"]


Label = Annotated[str, Field(min_length=1)]


class ImpactSettings(_Settings):
    """What impact on travel is worked out for, besides what every case is asked.

    Parameters
    ----------
    columns
        What pages call a group of people -> the column of the areas table that counts them.
    """

    columns: dict[Label, FurtherSettings] = Field(default_factory=dict)


class FetchSpec(_Settings):
    """One `[[fetch]]` entry: a file that `blueprint fetch` downloads into the case folder.

    Parameters
    ----------
    name
        Name to say it by (`--only`).
    kind
        `file`; `features` (a layer of an ArcGIS feature service); `roads` (OpenStreetMap, through Overpass).
    source
        Name of a known published file (`blueprint fetch CASE --list`), instead of `url`.
    url
        Address of the file, or of the layer.
    to
        File name in the folder.
    place
        Place of the roads; without it the surroundings of the case's sites and areas.
    where, out_fields
        Condition and fields of a layer; without them everything.
    expect
        Kind of content, where the file name does not say it.
    sha256
        Hash the file must have.
    licence
        Written into the record of downloads.
    """

    name: str = Field(min_length=1)
    kind: Literal["file", "features", "roads"] = "file"
    source: str | None = Field(default=None, min_length=1)
    url: str | None = Field(default=None, min_length=1)
    to: str | None = Field(default=None, min_length=1)
    place: str | None = Field(default=None, min_length=1)
    where: str | None = Field(default=None, min_length=1)
    out_fields: list[str] = Field(default_factory=list)
    expect: Literal["csv", "zip", "xlsx", "xls", "geojson", "gpkg", "parquet", "pbf", "osm", "graphml"] | None = None
    sha256: str | None = Field(default=None, min_length=1)
    licence: str = ""


def _as_entries(value: Any) -> Any:
    """One `[fetch]` section, or several `[[fetch]]` ones."""
    return tuple(value) if isinstance(value, list) else (value,) if isinstance(value, dict) else value


class CaseSettings(_Settings):
    """What `case.toml` says."""

    schema_version: Literal[1] = 1
    name: str = Field(min_length=1)
    made_up: bool = False
    record: str | None = Field(default=None, min_length=1)
    rules: RuleSettings = RuleSettings()
    roads: RoadSettings = RoadSettings()
    tables: Tables = Tables()
    totals: Totals = Totals()
    impact: ImpactSettings = ImpactSettings()
    fetch: Annotated[tuple[FetchSpec, ...], BeforeValidator(_as_entries)] = ()


def read_case_settings(case_dir: Path) -> CaseSettings:
    """Read and check the `case.toml` of a case.

    Parameters
    ----------
    case_dir
        The case folder, or the path of its `case.toml`.

    Raises
    ------
    InputProblems
        With every mistake found, also files that are named but missing.
    """
    settings, findings = settings_and_findings(case_dir)
    if settings is None or any(finding.severity == "error" for finding in findings):
        raise InputProblems(findings)
    return settings


def case_folder(case_dir: Path) -> Path:
    """The folder of a case that was named by its folder or by its `case.toml`."""
    case_dir = Path(case_dir)
    return case_dir.parent if case_dir.suffix.lower() == ".toml" and not case_dir.is_dir() else case_dir


def settings_and_findings(case_dir: Path) -> tuple[CaseSettings | None, list[Finding]]:
    """The settings as far as they can be read, and every mistake found.

    What is wrong is left out of the settings, so that the tables can be checked in the same run. None means that
    nothing could be read.
    """
    folder = case_folder(case_dir)
    path = Path(case_dir) if folder != Path(case_dir) else folder / CASE_FILE
    text, findings = _read_text(folder, path)
    if text is None:
        return None, findings
    raw, findings = parse_toml(path.name, text)
    if raw is None:
        return None, findings
    book = Keys(path.name, text)
    settings, findings = _validate(raw, book)
    if settings is not None:
        findings += _missing_tables(raw, settings, book)
        findings += _missing_files(folder, settings, book)
        findings += _roads_findings(raw, settings, book)
        findings += _speed_findings(folder, settings, book)
    return settings, findings


def _read_text(folder: Path, path: Path) -> tuple[str | None, list[Finding]]:
    def problem(message: str, fix: str, code: str) -> tuple[None, list[Finding]]:
        return None, [Finding("error", path.name, message, fix, value=str(folder), code=code)]

    if not folder.is_dir():
        return problem(
            "There is no such case folder.",
            "Check the spelling of the path, or make a new case with: blueprint init FOLDER",
            "no-case-folder",
        )
    if not path.is_file():
        return problem(
            "The folder holds no case.toml, so it is not a case.",
            "Name the folder that holds case.toml, or make one with: blueprint init FOLDER",
            "no-case-file",
        )
    return read_text(path)


def _validate(raw: dict[str, Any], book: Keys) -> tuple[CaseSettings | None, list[Finding]]:
    """Validate; then leave out what is wrong and validate what remains."""
    findings: list[Finding] = []
    named: set[tuple[int | str, ...]] = set()
    data = _with_parts(raw)
    for _ in range(6):
        try:
            return CaseSettings.model_validate(data), findings
        except pydantic.ValidationError as error:
            wrong: dict[tuple[int | str, ...], Any] = {}
            for item in error.errors():
                wrong.setdefault(_real_loc(data, tuple(item["loc"]), item["type"] == "missing"), item)
        # A wrong value inside a list is reported for the list as well: the innermost says it best.
        inner = [loc for loc in wrong if not any(other[: len(loc)] == loc and other != loc for other in wrong)]
        findings += [_explain(wrong[loc], loc, book) for loc in inner if loc not in named]
        named.update(inner)
        gone = {loc[:-1] if wrong[loc]["type"] == "missing" else loc for loc in inner}
        if ("name",) in inner and () in gone:
            gone.remove(())
            data["name"] = "(no name)"
        for loc in sorted(gone, key=lambda loc: [f"{part:>9}" for part in loc], reverse=True):
            _remove(data, loc)
    return None, findings


def _with_parts(raw: dict[str, Any]) -> dict[str, Any]:
    """A copy in which every table is a list of long forms, so that wrong parts can be taken out."""

    def copy(value: Any) -> Any:
        if isinstance(value, dict):
            return {key: copy(item) for key, item in value.items()}
        return [copy(item) for item in value] if isinstance(value, list) else value

    data = copy(raw)
    tables = data.get("tables")
    if isinstance(tables, dict):
        for key in set(tables) & set(Tables.model_fields):
            tables[key] = list(_as_specs(tables[key]))
    return data


def _real_loc(data: Any, loc: tuple[int | str, ...], missing: bool) -> tuple[int | str, ...]:
    """The location without what pydantic adds to it (the names of union members)."""
    kept: list[int | str] = []
    for part in loc[:-1] if missing else loc:
        inside = part in data if isinstance(data, dict) else isinstance(data, list) and isinstance(part, int)
        if inside:
            data = data[part]
            kept.append(part)
    return (*kept, loc[-1]) if missing else tuple(kept)


def _remove(data: Any, loc: tuple[int | str, ...]) -> None:
    """Take out one key or list item; from the last to the first, so that the numbers of the others hold."""
    for part in loc[:-1]:
        data = data[part]
    del data[loc[-1]]


_EXAMPLES = {"name": 'name = "Our county"', "file": 'file = "practices.csv"'}
_FURTHER_EXAMPLE = 'column = "no_broadband", kind = "share"'


def _explain(item: Any, loc: tuple[int | str, ...], book: Keys) -> Finding:
    kind, value, key = item["type"], item.get("input"), loc[-1] if loc else ""
    if kind == "extra_forbidden":
        known = _known_keys(loc[:-1])
        close = difflib.get_close_matches(str(key), known, n=1, cutoff=0.7)
        fix = f"Did you mean {close[0]}?" if close else f"Known keys here: {', '.join(known)}. Take this one out."
        return book.finding(loc, f"The key {key} is not known here.", fix, "unknown-key", value)
    if kind == "missing":
        example = _EXAMPLES.get(str(key), f"{key} = ...")
        if loc[:2] == ("impact", "columns"):
            fix = f"Write it between the curly brackets: {{ {_FURTHER_EXAMPLE} }}."
            return book.finding(loc, f"The key {key} is missing.", fix, "missing-key")
        return book.finding(loc, f"The key {key} is missing.", f"Add the line: {example}", "missing-key")
    if loc == ("schema_version",):
        return book.finding(
            loc,
            "This version of the case format is not known; the program reads version 1.",
            "Write schema_version = 1, or use the version of the program that the case was made for.",
            "schema-version",
            value,
        )
    if kind == "literal_error":
        return book.finding(loc, "This value is not known.", f"Write {item['ctx']['expected']}.", "wrong-value", value)
    if kind == "value_error" and key == "crs":
        return book.finding(
            loc,
            "This coordinate system is not known.",
            "Write an EPSG code: EPSG:27700 (British National Grid) or EPSG:4326 (longitude, latitude).",
            "wrong-crs",
            value,
        )
    if kind == "string_too_short":
        return book.finding(loc, "The text is empty.", "Write something between the quotes.", "wrong-value", value)
    if beyond := beyond_limit(item, loc, book):
        return beyond
    wanted = WANTED.get(kind, "another kind of value")
    if len(loc) > 3 and loc[0] == "tables" and loc[-2] in {"where", "where_not", "defaults"}:
        wanted = "text in quotes, a number, or true or false"
    if loc == ("tables", "sites") or (len(loc) == 3 and loc[0] == "tables"):
        wanted = WANTED["tuple_type"]
    if loc == ("impact", "columns"):
        wanted = f'a section [impact.columns] with lines such as "Without broadband" = {{ {_FURTHER_EXAMPLE} }}'
    elif loc[:2] == ("impact", "columns") and len(loc) == 3:
        wanted = f"a pair in curly brackets: {{ {_FURTHER_EXAMPLE} }}"
    if loc[:2] == ("rules", "decisions"):
        wanted = "the name of a table in quotes, or blocks that begin with [[rules.decisions]]"
    return book.finding(loc, f"The value must be {wanted}.", f"Write {wanted}.", "wrong-type", value)


def _known_keys(parent: tuple[int | str, ...]) -> list[str]:
    if parent and parent[0] == "tables" and len(parent) >= 2:
        return sorted((PublicTransportSpec if parent[1] == "public_transport" else TableSpec).model_fields)
    if tuple(parent) == ("rules", "decisions"):
        return sorted(TableSpec.model_fields)
    if parent and parent[0] == "fetch":
        return sorted(FetchSpec.model_fields)
    if len(parent) > 2 and tuple(parent[:2]) == ("impact", "columns"):
        return sorted(FurtherSettings.model_fields)
    models: dict[tuple[str, ...], type[BaseModel]] = {
        (): CaseSettings,
        ("rules",): RuleSettings,
        ("roads",): RoadSettings,
        ("roads", "straight_line"): StraightLineSettings,
        ("tables",): Tables,
        ("totals",): Totals,
        ("impact",): ImpactSettings,
    }
    return sorted(models.get(tuple(str(part) for part in parent), CaseSettings).model_fields)


def _missing_tables(raw: dict[str, Any], settings: CaseSettings, book: Keys) -> list[Finding]:
    given = raw.get("tables")
    given = given if isinstance(given, dict) else {}
    return [
        book.finding(
            ("tables", table),
            f"No file is named for the table {table}.",
            f'Add under [tables] the line: {table} = "{table}.csv"',
            "missing-table",
        )
        for table in ("practices", "sites", "areas")
        if not getattr(settings.tables, table) and table not in given
    ]


def _missing_files(folder: Path, settings: CaseSettings, book: Keys) -> list[Finding]:
    wanted: list[tuple[tuple[object, ...], str]] = []
    for table in Tables.model_fields:
        for number, spec in enumerate(getattr(settings.tables, table)):
            wanted.append((("tables", table, number, "file"), spec.path))
    if settings.roads.method == "roads" and settings.roads.source:
        wanted.append((("roads", "source"), settings.roads.source))
    for key in ("speeds", "closed"):
        if (named := getattr(settings.roads, key)) and settings.roads.method == "roads":
            wanted.append((("roads", key), named.replace("\\", "/")))
    if settings.record:
        wanted.append((("record",), settings.record))
    if settings.rules.set.lower().endswith(".toml"):
        wanted.append((("rules", "set"), settings.rules.set))
    if isinstance(settings.rules.decisions, TableSpec):
        wanted.append((("rules", "decisions"), settings.rules.decisions.path))
    findings = []
    to_come = {(spec.to or "").replace("\\", "/") for spec in settings.fetch}
    for loc, name in wanted:
        if not (folder / name).exists():
            fix = "Download it with: blueprint fetch CASE" if name in to_come else _nearest_file(folder, name)
            findings.append(book.finding(loc, "There is no such file in the case folder.", fix, "missing-file", name))
    return findings


def _nearest_file(folder: Path, name: str) -> str:
    where = (folder / name).parent
    if not where.is_dir():
        return "The folder in this path does not exist: check the path, counted from the folder of case.toml."
    present = sorted(item.name for item in where.iterdir() if item.is_file() and item.name != CASE_FILE)
    by_case = {item.casefold(): item for item in present}
    close = difflib.get_close_matches(Path(name).name.casefold(), list(by_case), n=1, cutoff=0.5)
    if close:
        return f"The nearest name there is {by_case[close[0]]}: correct the name, or copy the file into the folder."
    return "Copy the file into the case folder, or correct its name here."


def _speed_findings(folder: Path, settings: CaseSettings, book: Keys) -> list[Finding]:
    """What is wrong with the speed table and the profile; a missing file is told elsewhere."""
    roads = settings.roads
    own = folder / roads.speeds.replace("\\", "/") if roads.speeds else None
    if own is not None and not own.is_file():
        return []
    try:
        load_speeds(roads.profile, own)
    except InputProblems as problems:
        return [
            book.finding(("roads", "profile"), told.message, told.fix, told.code, roads.profile)
            if told.code == "unknown-profile"
            else told
            for told in problems.findings
        ]
    return []


def _roads_findings(raw: dict[str, Any], settings: CaseSettings, book: Keys) -> list[Finding]:
    roads = raw.get("roads")
    if not isinstance(roads, dict):
        return []
    if settings.roads.method != "roads":
        return _without_roads(settings.roads, book)
    given = [key for key in ("source", "place") if roads.get(key)]
    if len(given) == 1:
        return []
    message = (
        "No source of roads is named."
        if not given
        else "Both a file of roads and a place name are given; one is enough."
    )
    fix = (
        'Add source = "roads.osm.pbf" (a file in the case folder), or write method = "straight-line".'
        if not given
        else "Take out source or place."
    )
    return [book.finding(("roads", "source"), message, fix, "roads-source")]


def _without_roads(roads: RoadSettings, book: Keys) -> list[Finding]:
    """A warning that names what is set for roads and does nothing on straight lines."""
    fields = RoadSettings.model_fields
    idle = [key for key in OF_ROADS_ALONE if getattr(roads, key) != fields[key].default]
    if not idle:
        return []
    told = ", ".join(idle)
    message = f"Minutes are made from straight lines here, so that these settings change nothing: {told}."
    fix = f'Take out {told}; or, for minutes on roads, write method = "roads" and name a source.'
    found = book.finding(("roads", idle[0]), message, fix, "idle-setting", getattr(roads, idle[0]))
    return [replace(found, severity="warning")]
