"""Read one file of a table: CSV, Excel, GeoPackage, GeoJSON, shapefile, Parquet and GeoParquet.

Every cell comes out as text, so that the checks can name what a cell says ("12O5") and leading zeros survive. Rows keep
the number a spreadsheet shows. What keeps a file from being read becomes a finding.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geodata.case import Scalar, TableSpec
from geodata.errors import Finding
from geodata.place import SourceFile
from geodata.tables.columns import match_columns, nearest, plain_name, vocabulary
from geodata.tables.content import Content, Unreadable, cell_text, file_error, refuse
from geodata.tables.layers import read_layer, read_parquet
from geodata.tables.personal import one_row_a_person, patients_by_postcode, personal_findings, without_personal_value
from geodata.tables.sheets import read_excel, read_old_excel, read_text_file

TEXT_FILES = (".csv", ".txt", ".tsv")
EXCEL_FILES = (".xlsx", ".xlsm")
LAYER_FILES = (".gpkg", ".geojson", ".json", ".shp", ".fgb", ".gml", ".kml")
PARQUET_FILES = (".parquet", ".geoparquet", ".pq")

_CLOSE = "Close it in Excel or other programs, check that you may read it, or save it again."


@dataclass(frozen=True)
class FilePart:
    """What one file gives to a table.

    Parameters
    ----------
    file
        Name as written in `case.toml`.
    spec
        The settings it was read with.
    columns
        Our column -> text of every row ("" where empty), object arrays of one length.
    spelling
        Our column -> the file's own spelling.
    rows
        Row numbers as a spreadsheet counts (header = 1), shape (n,).
    geometry
        Shapely geometries (None where empty), shape (n,); None without geometries.
    crs
        Coordinate system of the geometries, as the file says it.
    left_out
        Keys of the rows left out by `where` and `where_not`.
    header
        All column names of the file.
    broken
        Rows that have a finding already: their outline is not closed, or they have too many cells.
    """

    file: str
    spec: TableSpec
    columns: dict[str, NDArray[np.object_]]
    spelling: dict[str, str]
    rows: NDArray[np.int64]
    geometry: NDArray[np.object_] | None = None
    crs: str | None = None
    left_out: frozenset[str] = frozenset()
    header: tuple[str, ...] = ()
    broken: frozenset[int] = frozenset()


def read_table(
    folder: Path, table: str, spec: TableSpec, further: Mapping[str, str] | None = None
) -> tuple[FilePart | None, list[Finding], SourceFile | None]:
    """Read one file of a table.

    Parameters
    ----------
    folder
        The case folder.
    table
        `practices`, `sites`, `areas`, ...: decides which columns are looked for.
    spec
        The file and how to read it.
    further
        Columns beyond those of the table, a name of ours -> the file's; taken where the file has them.

    Returns
    -------
    tuple
        What was read (None if nothing could be), all findings, and the entry for the list of sources.
    """
    path = folder / spec.path
    try:
        _must_be_a_file(path, spec.file)
        content = _read_content(path, table, spec)
        refuse_personal(content, table, spec)
        part, findings = match_content(content, table, spec, further)
        source = SourceFile(
            table, spec.file, sha256_of(path), len(part.rows), spec.vintage, spec.licence, spec.attribution
        )
    except Unreadable as problem:
        return None, [without_personal_value(finding) for finding in problem.findings], None
    except (OSError, MemoryError) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        return None, [file_error(spec.file, f"The file cannot be read ({reason}).", _CLOSE, "unreadable-file")], None
    return part, content.findings + findings, source


def sha256_of(path: Path) -> str:
    """Checksum of a file; for a shapefile, of its parts `.shp`, `.dbf`, `.shx`, `.prj`, `.cpg` one after another."""
    paths = [path]
    if path.suffix.lower() == ".shp":
        paths += [path.with_suffix(suffix) for suffix in (".dbf", ".shx", ".prj", ".cpg")]
    digest = hashlib.sha256()
    for part in paths:
        if part.exists():
            with part.open("rb") as handle:
                while block := handle.read(1 << 20):
                    digest.update(block)
    return digest.hexdigest()


def _must_be_a_file(path: Path, file: str) -> None:
    if path.is_dir():
        refuse(file, "This is a folder, not a file.", "Name a file inside it.", "unreadable-file")
    if not path.exists():
        fix = "Copy it beside the file that names it, or correct its name."
        refuse(file, "There is no such file.", fix, "missing-file")
    if path.stat().st_size == 0:
        refuse(file, "The file is empty (0 bytes).", "Save it again from where it came from.", "empty-file")


def _read_content(path: Path, table: str, spec: TableSpec) -> Content:
    suffix = path.suffix.lower()
    if suffix in TEXT_FILES:
        return read_text_file(path, table, spec)
    if suffix in EXCEL_FILES:
        return read_excel(path, table, spec)
    if suffix == ".xls":
        return read_old_excel(path, table, spec)
    if suffix in LAYER_FILES:
        return read_layer(path, table, spec)
    if suffix in PARQUET_FILES:
        return read_parquet(path, spec)
    known = ", ".join((*TEXT_FILES, *EXCEL_FILES, *LAYER_FILES, *PARQUET_FILES))
    refuse(
        spec.file,
        f"Files that end with {suffix or 'nothing'} cannot be read.",
        f"Save it as one of: {known}.",
        "unknown-format",
        value=path.name,
    )


def refuse_personal(content: Content, table: str, spec: TableSpec) -> None:
    """Refuse a file with columns about single people (`Unreadable`); none of its cells is told."""
    row = spec.header_row or None
    findings = personal_findings(content.header, content.column, spec.file, row=row)
    if table == "registrations" and not findings:
        findings = _single_patients(content, spec, row)
    if findings:
        raise Unreadable(*findings)


def _single_patients(content: Content, spec: TableSpec, row: int | None) -> list[Finding]:
    """What makes a table of registrations one of single patients: a row for each, or their postcodes."""
    at = match_columns("registrations", content.header, spec.columns).position
    if "practice_code" not in at:
        return []
    practices = _as_text(content.column(at["practice_code"])).tolist()
    findings = patients_by_postcode(practices, content.header, content.column, spec.file, row=row)
    if "area_code" in at and "patients" not in at and "patients" not in spec.defaults:
        findings += one_row_a_person((practices, _as_text(content.column(at["area_code"])).tolist()), spec.file)
    return findings


# --- Columns and rows --------------------------------------------------------------------------------------------


def match_content(
    content: Content, table: str, spec: TableSpec, further: Mapping[str, str] | None = None
) -> tuple[FilePart, list[Finding]]:
    """The columns and rows of a file that a table asks for, and what was noticed; raises `Unreadable`."""
    findings = _duplicate_headers(content.header, table, spec, further)
    match = match_columns(table, content.header, spec.columns, further)
    findings += _mapping_findings(match.unknown_ours, match.absent, table, content.header, spec)
    columns = {name: _as_text(content.column(at)) for name, at in match.position.items()}
    keep, more = _filter(content, spec)
    findings += more
    findings += _ignored(content.header, set(match.position.values()), set(match.position), table, spec)
    defaults = {name: cell_text(value) for name, value in spec.defaults.items()}
    ours = vocabulary().columns[table]
    for name in [name for name in defaults if name not in ours]:
        close = nearest(name, ours)
        fix = f"Did you mean {close}?" if close else f"The columns of this table are: {', '.join(ours)}."
        message = f"Under defaults, case.toml names {name}, which is not a column of the table {table}."
        findings.append(
            file_error("case.toml", message, fix, "unknown-column", column=f"tables.{table}.defaults", value=name)
        )
        del defaults[name]
    key = vocabulary().keys[table][:1]
    left_out = frozenset(columns[key[0]][~keep]) if key and key[0] in columns else frozenset()
    for name, value in defaults.items():
        given = columns.get(name)
        filled = np.full(len(content.rows), value, dtype=object)
        columns[name] = filled if given is None else np.where(given == "", filled, given)
    part = FilePart(
        spec.file,
        spec,
        {name: values[keep] for name, values in columns.items()},
        {name: content.header[at] for name, at in match.position.items()},
        content.rows[keep],
        None if content.geometry is None else content.geometry[keep],
        content.crs,
        left_out,
        tuple(content.header),
        frozenset(
            f.row for f in content.findings if f.code in {"polygon-not-closed", "too-many-cells"} and f.row is not None
        ),
    )
    return part, findings


def _as_text(values: Sequence[Any]) -> NDArray[np.object_]:
    out = np.empty(len(values), dtype=object)
    out[:] = [value.strip() if isinstance(value, str) else cell_text(value) for value in values]
    return out


def _duplicate_headers(
    header: Sequence[str], table: str, spec: TableSpec, further: Mapping[str, str] | None
) -> list[Finding]:
    """Two columns of one name matter only where we would have to choose between them."""
    used = {header[at] for at in match_columns(table, header, spec.columns, further).position.values()}
    seen: dict[str, int] = {}
    findings = []
    for number, name in enumerate(header, start=1):
        plain = plain_name(name)
        if plain and plain in seen and any(plain == plain_name(other) for other in used):
            findings.append(
                file_error(
                    spec.file,
                    f"Two columns have the same name (columns {seen[plain]} and {number}).",
                    "Rename or delete one of them.",
                    "duplicate-column",
                    row=spec.header_row or None,
                    column=name,
                    value=name,
                )
            )
        seen.setdefault(plain, number)
    return findings


def _mapping_findings(
    unknown: Iterable[str], absent: Any, table: str, header: Sequence[str], spec: TableSpec
) -> list[Finding]:
    findings = []
    ours = vocabulary().columns[table]
    for name in unknown:
        close = nearest(name, ours)
        fix = f"Did you mean {close}?" if close else f"The columns of this table are: {', '.join(ours)}."
        message = f"Under columns, case.toml names {name}, which is not a column of the table {table}."
        where = {"column": f"tables.{table}.columns", "value": name}
        findings.append(file_error("case.toml", message, fix, "unknown-column", **where))
    for name, theirs in absent.items():
        findings.append(
            file_error(
                spec.file,
                f"The file has no column {theirs}, which case.toml names for {name}.",
                _nearest_column(theirs, header),
                "missing-column",
                row=spec.header_row or None,
                column=theirs,
            )
        )
    return findings


def _nearest_column(name: str, header: Sequence[str]) -> str:
    close = nearest(name, [column for column in header if column], cutoff=0.5)
    if close:
        return f"The nearest column in the file is {close}: correct the name."
    return f"The columns of the file are: {', '.join(column for column in header[:20] if column)}."


def _filter(content: Content, spec: TableSpec) -> tuple[NDArray[np.bool_], list[Finding]]:
    keep = np.ones(len(content.rows), dtype=bool)
    findings = []
    plain = {plain_name(name): i for i, name in reversed(list(enumerate(content.header)))}
    exact = {name: i for i, name in reversed(list(enumerate(content.header)))}
    for setting, wanted in (("where", spec.where), ("where_not", spec.where_not)):
        for name, values in wanted.items():
            at = exact.get(name, plain.get(plain_name(name)))
            if at is None:
                message = f"The file has no column {name}, which {setting} in case.toml asks for."
                fix = _nearest_column(name, content.header)
                findings.append(
                    file_error(spec.file, message, fix, "missing-column", row=spec.header_row or None, column=name)
                )
                continue
            options: list[Scalar] = values if isinstance(values, list) else [values]
            inside = np.isin(_as_text(content.column(at)).astype(str), [cell_text(value) for value in options])
            keep &= inside if setting == "where" else ~inside
    if not keep.any():
        message = "No row is left after where and where_not in case.toml."
        asked = ", ".join(f"{name} = {value}" for name, value in {**spec.where, **spec.where_not}.items())
        refuse(spec.file, message, "Correct the values asked for, or take where out.", "nothing-left", value=asked)
    return keep, findings


def _digits(name: str) -> str:
    return "".join(character for character in name if character.isdigit())


def _ignored(header: Sequence[str], used: set[int], found: set[str], table: str, spec: TableSpec) -> list[Finding]:
    """A note on columns nobody asked for; a warning on one that is nearly a name we know."""
    asked = {plain_name(name) for name in (*spec.where, *spec.where_not)}
    rest = [name for i, name in enumerate(header) if i not in used and name and plain_name(name) not in asked]
    findings = []
    required = set(vocabulary().required[table])
    open_columns = [name for name in vocabulary().columns[table] if name not in found | required | set(spec.columns)]
    for name in list(rest):
        # Another number is another column: 18+ is not a misspelt 85+.
        alike = [column for column in open_columns if len(column) > 4 and _digits(column) == _digits(name)]
        close = nearest(name, alike, cutoff=0.86)
        if close:
            message = f"The column is not known and is left out; it looks like {close}."
            fix = f"If {close} is meant, correct the name; otherwise nothing needs doing."
            findings.append(
                Finding(
                    "warning", spec.file, message, fix, row=spec.header_row or None, column=name, code="misspelt-column"
                )
            )
            rest.remove(name)
    if rest:
        listed = ", ".join(rest[:12]) + (f" and {len(rest) - 12} more" if len(rest) > 12 else "")
        message = f"Columns that are not used: {listed}."
        findings.append(Finding("note", spec.file, message, code="unused-columns"))
    return findings
