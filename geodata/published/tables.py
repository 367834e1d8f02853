"""Every table in a folder of downloaded files, and how to read columns of it as text.

A table is a text file, a sheet of a workbook, a Parquet file or a layer of geometries, lying in the folder, in one of
its sub-folders or in a zip archive. Nothing is recognised here: `recognise` says what a table is.

One publication may come as several tables: Code-Point Open is 120 text files in one archive. `find_tables` gives one
`FoundTable` for each of them; `catalogue.read_catalogue` brings them together in one `PublishedFile` whose `tables`
holds them all (`table` is the first) and whose `read(...)` reads all of them into one frame.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, Literal

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import shapely
from python_calamine import PasswordError

from geodata.errors import Finding, InputProblems
from geodata.place import BRITISH_NATIONAL_GRID
from geodata.published import columnar, delimited, layered, workbooks
from geodata.published.archives import Stored, damaged, members, refused, swells
from geodata.tables.content import Unreadable, clip

Form = Literal["text", "excel", "parquet", "layer"]
Geometry = Literal["", "point", "line", "polygon"]

HEADER_SEARCH_ROWS = 40
SAMPLE_ROWS = 50

ROAD_ENDINGS = (".osm.pbf", ".pbf", ".osm", ".osm.bz2", ".osm.gz", ".graphml")
"""Files of roads, which are known by their names and are not opened here."""

_BESIDE = {
    ".shx", ".dbf", ".prj", ".cpg", ".qpj", ".qix", ".sbn", ".sbx", ".qmd", ".xml", ".lyr", ".gpkg-wal", ".gpkg-shm",
    ".md", ".rst", ".pdf", ".doc", ".docx", ".rtf", ".html", ".htm", ".css", ".js", ".png", ".jpg", ".jpeg", ".gif",
    ".svg", ".toml", ".py", ".ipynb", ".sha256", ".md5", ".part", ".tmp",
}  # fmt: skip
"""Parts of shapefiles, documents and pictures: passed over without a word."""

_DATA_CELL = re.compile(
    r"[A-Z]\d{5}(\d{3})?|[EWSNKL]\d{8}|[A-Z]{1,2}\d[A-Z\d]? ?\d[ABD-HJLNP-UW-Z]{2}|"
    r"-?\d+[.,]\d+|\d{5,}|\d\d?[/-]\w+[/-]\d{2,4}",
    re.IGNORECASE,
)
"""A code of a practice, site or area, a postcode, a long or decimal number, a date: no column is called that."""


@dataclass(frozen=True)
class FoundTable:
    """One table in a folder.

    Parameters
    ----------
    file
        Relative to the folder, forward slashes; "onspd.zip/Data/ONSPD.csv" inside an archive.
    path
        The file on disk (the archive itself for its members).
    member, sheet, layer
        Name inside the archive, of the sheet of a workbook, of the layer; None where there is none.
    form
        How it is stored.
    top
        Its first rows as text, with titles and header; for Parquet files and layers the first row holds the names.
    header_row
        Row of the column names as a spreadsheet counts; 0 for a table without names.
    geometry
        "", "point", "line" or "polygon".
    crs
        Coordinate system of the geometries as the file says it; "" when it does not.
    writing
        How a text table is written.
    size
        Bytes of the file, unpacked.
    """

    file: str
    path: Path
    member: str | None
    sheet: str | None
    layer: str | None
    form: Form
    top: tuple[tuple[str, ...], ...]
    header_row: int
    geometry: Geometry = ""
    crs: str = ""
    writing: delimited.Writing | None = None
    size: int = 0

    @property
    def label(self) -> str:
        """Name for messages."""
        part = f", sheet {self.sheet}" if self.sheet else f", layer {self.layer}" if self.layer else ""
        return self.file + part

    @cached_property
    def header(self) -> tuple[str, ...]:
        """Column names as spelled, white space (line breaks too) collapsed; () without a header."""
        if not self.header_row:
            return ()
        return tuple(" ".join(cell.split()) for cell in _row(self.top, self.header_row))

    @cached_property
    def sample(self) -> tuple[tuple[str, ...], ...]:
        """Up to 50 first records as text."""
        return tuple(row for row in self.top[self.header_row :] if any(row))[:SAMPLE_ROWS]

    @cached_property
    def width(self) -> int:
        """Cells in the widest of the header and the first records."""
        return max(map(len, (self.header, *self.sample)), default=0)

    def with_header(self, row: int) -> FoundTable:
        """The same table with its column names in another row (0: none)."""
        return replace(self, header_row=row)

    def read(self, columns: Mapping[str, int], *, only: tuple[str, Collection[str]] | None = None) -> pd.DataFrame:
        """Read some columns of every record.

        Parameters
        ----------
        columns
            Our name -> position, from 0. A record that is shorter has empty cells there.
        only
            One of our names and the codes to keep there, compared without white space and case; other records are
            dropped while reading, so that memory follows what is kept.

        Returns
        -------
        pandas.DataFrame
            Every cell as text without blanks around it ("" if empty, whole numbers without ".0", dates of
            workbooks as 2020-01-31). The index "row" counts as a spreadsheet does; for Parquet files and layers the
            first record is row 2. Records without anything in these columns are left out.

        Raises
        ------
        InputProblems
            When the file is damaged or gone.
        """
        names, positions = list(columns), list(columns.values())
        key = (columns[only[0]], only[1]) if only else None
        table, rows = self._guarded(self._read, positions, key)
        frame = table.rename_columns(names).to_pandas() if names else pd.DataFrame(index=range(len(rows)))
        frame.index = pd.Index(rows, name="row", dtype="int64")
        return frame[(frame != "").any(axis=1)] if names else frame

    def read_shapes(
        self,
        columns: Mapping[str, int],
        *,
        bounds: layered.Bounds | None = None,
        only: tuple[str, Collection[str]] | None = None,
    ) -> gpd.GeoDataFrame:
        """Read some columns and the geometries of a layer or a GeoParquet file.

        Parameters
        ----------
        columns, only
            As for `read`.
        bounds
            Only geometries that touch this box (minx, miny, maxx, maxy in EPSG:27700).

        Returns
        -------
        geopandas.GeoDataFrame
            The columns as text and `geometry` in EPSG:27700 (None where there is none or it is damaged); index "row".

        Raises
        ------
        InputProblems
            When the file is damaged, gone, or holds no geometries.
        """
        frame = self._guarded(self._read_shapes, columns, only)
        if bounds is not None:
            box = shapely.box(*bounds)
            frame = frame[frame.geometry.intersects(box).to_numpy()]
        return frame

    @property
    def stored(self) -> Stored:
        """The file or member of an archive that holds the table."""
        return Stored(self.file, self.path, self.member, self.size)

    def _guarded(self, work, *args):  # type: ignore[no-untyped-def]
        try:
            return work(*args)
        except InputProblems:
            raise
        except Exception as error:  # each library fails on damaged files in ways of its own
            finding = damaged(self.label, error)
            message = finding.message.removesuffix(" It is passed over.")
            detail = clip(" ".join(str(error).split())) or type(error).__name__
            raise InputProblems([replace(finding, severity="error", message=message, value=detail)]) from error

    def _read(self, positions: list[int], only: tuple[int, Collection[str]] | None) -> tuple[pa.Table, np.ndarray]:
        stored = self.stored
        if self.form == "parquet":
            return columnar.read_columns(stored.open, positions, only)
        if self.form == "layer":
            if not self.header:
                raise ValueError("roads are not read as a table")
            table, rows, _ = layered.read_fields(stored.gdal, self.layer or "", positions, only)
            return delimited.stripped(table), rows
        if self.form == "excel":
            return self._read_sheet(positions, only)
        assert self.writing is not None
        return delimited.read_columns(
            stored.open, self.writing, positions, file=self.file, after_row=self.header_row, only=only
        )

    def _read_sheet(
        self, positions: list[int], only: tuple[int, Collection[str]] | None
    ) -> tuple[pa.Table, np.ndarray]:
        codes = {delimited.plain_key(code) for code in only[1]} if only else set()
        kept: list[list[Any]] = []
        numbers: list[int] = []
        rows = workbooks.sheet_rows(self.stored.held(), self.sheet or "")
        for number, row in islice(enumerate(rows, 1), self.header_row, None):
            if only is not None:
                key = workbooks.text_of(row[only[0]]) if only[0] < len(row) else ""
                if delimited.plain_key(key) not in codes:
                    continue
            numbers.append(number)
            kept.append([row[position] if position < len(row) else "" for position in positions])
        columns = list(zip(*kept, strict=True)) if kept else [()] * len(positions)
        table = pa.table({str(i): workbooks.texts_of(column) for i, column in enumerate(columns)})
        return delimited.stripped(table), np.array(numbers, dtype=np.int64)

    def _read_shapes(self, columns: Mapping[str, int], only: tuple[str, Collection[str]] | None) -> gpd.GeoDataFrame:
        if not self.geometry:
            raise ValueError("the table holds no geometries of one kind")
        positions = list(columns.values())
        key = (columns[only[0]], only[1]) if only else None
        if self.form == "parquet":
            table, rows = columnar.read_columns(self.stored.open, positions, key)
            shapes, crs = columnar.read_shapes(self.stored.open)
            shapes = shapes[rows - 2]
        else:
            table, rows, fids = layered.read_fields(self.stored.gdal, self.layer or "", positions, key)
            shapes, crs = layered.read_geometries(self.stored.gdal, self.layer or "", fids, all_of_them=only is None)
        frame = delimited.stripped(table).rename_columns(list(columns)).to_pandas()
        frame.index = pd.Index(rows, name="row", dtype="int64")
        place = gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries(shapes, index=frame.index))
        return layered.on_national_grid(place, crs) if len(place) else place.set_crs(BRITISH_NATIONAL_GRID)


def _row(top: tuple[tuple[str, ...], ...], number: int) -> tuple[str, ...]:
    """A row without its empty end."""
    cells = list(top[number - 1]) if number <= len(top) else []
    while cells and not cells[-1].strip():
        cells.pop()
    return tuple(cells)


# --- Finding -------------------------------------------------------------------------------------------------------


def find_tables(folder: Path) -> tuple[list[FoundTable], list[Finding]]:
    """Find every table of a folder, its sub-folders and their zip archives, sorted by name.

    Hidden files, files that Excel keeps open ("~$...") and sub-folders that this program wrote (they hold `case.toml`
    or `run.json`) are passed over. The header of a text table or sheet is guessed; `recognise` corrects it.

    Returns
    -------
    (tables, findings)
        What was found, and a warning for each file that had to be passed over.
    """
    tables: list[FoundTable] = []
    findings: list[Finding] = []
    for path in _files(folder):
        found, said = tables_of(path, path.relative_to(folder).as_posix())
        tables += found
        findings += said
    return tables, findings


def tables_of(path: Path, file: str = "") -> tuple[list[FoundTable], list[Finding]]:
    """Find the tables of one file, called `file` in messages (its name if that is empty)."""
    tables: list[FoundTable] = []
    findings: list[Finding] = []
    for stored, remarks in _stored(path, file or path.name):
        findings += remarks
        if stored is None:
            continue
        try:
            found, said = _tables_in(stored)
        except Unreadable as problem:
            found, said = [], [_passed_over(finding) for finding in problem.findings]
        except Exception as error:  # damaged files fail in many libraries, in many ways
            found, said = [], [damaged(stored.file, error)]
        tables += found
        findings += said
    return tables, findings


def _files(folder: Path) -> list[Path]:
    found: list[Path] = []
    for path in sorted(folder.iterdir(), key=lambda p: p.name):
        if path.name.startswith((".", "~$")):
            continue
        if path.is_dir():
            if not any((path / name).exists() for name in ("case.toml", "run.json")):
                found += _files(path)
        elif path.is_file() and path.suffix.lower() not in _BESIDE:
            found.append(path)
    return found


def _stored(path: Path, file: str) -> list[tuple[Stored | None, list[Finding]]]:
    """The file itself, or the members of an archive."""
    try:
        size = path.stat().st_size
        head = b""
        if size:
            with path.open("rb") as stream:
                head = stream.read(4)
    except OSError as error:
        return [(None, [damaged(file, error)])]
    if not size:
        return [(None, [refused(file, "The file is empty.", "Download or copy it again.", "empty-file")])]
    whole = Stored(file, path, None, size)
    if head != b"PK\x03\x04" or path.suffix.lower() in {".xlsx", ".xlsm", ".xlsb", ".ods"}:
        return [(whole, [])]
    found, findings = members(path, file)
    if any(stored.member in {"xl/workbook.xml", "xl/workbook.bin", "content.xml"} for stored in found):
        return [(whole, [])]  # a workbook under another name
    rest = [stored for stored in found if stored.suffix not in _BESIDE]
    return [(None, findings), *((stored, []) for stored in rest)]


def _passed_over(finding: Finding) -> Finding:
    return replace(finding, severity="warning", message=f"{finding.message} It is passed over.")


def _tables_in(stored: Stored) -> tuple[list[FoundTable], list[Finding]]:
    name = stored.file.lower()
    if name.endswith(ROAD_ENDINGS):
        return [_table(stored, "layer", ((),), 0, geometry="line")], []
    head = stored.head(delimited.HEAD_BYTES)
    if head.startswith(b"PAR1"):
        top, kind = columnar.look_at(stored.open, SAMPLE_ROWS)
        return [_table(stored, "parquet", top, 1, geometry=kind)], []
    if head.startswith(b"SQLite format 3") or head.startswith(b"\x00\x00\x27\x0a") or _is_geojson(stored, head):
        return _layers(stored)
    if head.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        return _sheets(stored)
    return _text(stored, head)


def _table(stored: Stored, form: Form, top, header_row: int, **more) -> FoundTable:  # type: ignore[no-untyped-def]
    parts = {"sheet": None, "layer": None} | more
    return FoundTable(
        stored.file, stored.path, stored.member, form=form, top=top, header_row=header_row, size=stored.size, **parts
    )


def _is_geojson(stored: Stored, head: bytes) -> bool:
    start = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    return start.startswith(b"{") and (stored.suffix == ".geojson" or b'"features"' in start)


def _layers(stored: Stored) -> tuple[list[FoundTable], list[Finding]]:
    tables: list[FoundTable] = []
    findings: list[Finding] = []
    if missing := _missing_parts(stored):
        message = f"A part of the shapefile is missing: {', '.join(missing)}."
        fix = "Copy all files of the shapefile (.shp, .shx, .dbf, .prj) into the folder, or its zip archive as it is."
        return [], [refused(stored.file, message, fix, "shapefile-part")]
    for layer in layered.list_layers(stored.gdal, SAMPLE_ROWS):
        table = _table(
            stored, "layer", (layer.fields, *layer.sample), 1, layer=layer.name, geometry=layer.geometry, crs=layer.crs
        )
        tables.append(table)
        if layer.geometry and not layer.crs:
            findings.append(
                Finding(
                    "note",
                    table.label,
                    "The layer does not say its coordinate system: degrees are assumed where the numbers are small "
                    "enough, else metres of the National Grid.",
                    "Copy the .prj file beside the shapefile, or save the layer with its system from a GIS.",
                    code="no-crs",
                )
            )
    return tables, findings


def _missing_parts(stored: Stored) -> list[str]:
    if stored.suffix != ".shp" or stored.member is not None:
        return []
    path = stored.path
    parts = [path.with_suffix(suffix) for suffix in (".dbf", ".shx")]
    return [part.name for part in parts if not (part.exists() or part.with_suffix(part.suffix.upper()).exists())]


def _sheets(stored: Stored) -> tuple[list[FoundTable], list[Finding]]:
    tables = []
    data = stored.held()
    if data.getbuffer()[:2] == b"PK" and swells(data):
        message = "Unpacked, the workbook would be larger than any table is."
        return [], [refused(stored.file, message, "Check where it comes from.", "zip-bomb")]
    try:
        sheets = workbooks.first_rows(data, HEADER_SEARCH_ROWS + SAMPLE_ROWS)
    except PasswordError:
        fix = "Save it in Excel without a password."
        return [], [refused(stored.file, "The workbook is protected by a password.", fix, "unreadable-file")]
    for name, rows in sheets.items():
        if any(sum(map(bool, row)) > 1 for row in rows):
            tables.append(_table(stored, "excel", rows, header_guess(rows), sheet=name))
    return tables, []


def _text(stored: Stored, head: bytes) -> tuple[list[FoundTable], list[Finding]]:
    if head.lstrip()[:20].lower().startswith((b"<!doctype", b"<html")):
        message = "The content is a web page, not a table: the download went wrong."
        return [], [refused(stored.file, message, "Download the file again.", "wrong-format")]
    if _is_binary(head):
        message = "The kind of file is not known here."
        return [], [replace(refused(stored.file, message, "", "unknown-format"), severity="note")]
    writing = delimited.look_at(
        head, stored.file, HEADER_SEARCH_ROWS + SAMPLE_ROWS, whole=len(head) < delimited.HEAD_BYTES
    )
    if writing.width < 2 or head.lstrip().startswith((b"{", b"[")):
        return [], []
    top = writing.top
    slim = replace(writing, top=(), findings=())
    return [_table(stored, "text", top, header_guess(top), writing=slim)], list(writing.findings)


def _is_binary(head: bytes) -> bool:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return False
    return b"\x00" in head[:4096]


def header_guess(rows: tuple[tuple[str, ...], ...]) -> int:
    """The first row that is nearly as full as the fullest and holds names only; 0 when records come before one."""
    rows = rows[:HEADER_SEARCH_ROWS]
    fullest = max((sum(map(bool, row)) for row in rows), default=0)
    for number, row in enumerate(rows, 1):
        cells = [cell for cell in row if cell]
        if len(cells) >= max(2, 0.6 * fullest):
            return number if could_be_header(row) else 0
    return 0


def could_be_header(row: tuple[str, ...]) -> bool:
    """Whether a row may hold names: at least two, none of them a code, a postcode, a decimal number or a date."""
    cells = [cell.strip() for cell in row if cell.strip()]
    return len(cells) > 1 and not any(_DATA_CELL.fullmatch(cell) for cell in cells)
