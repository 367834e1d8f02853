"""What a folder of downloads holds: each published file with its kind, columns, vintage, licence and attribution.

A publication in many parts is one `PublishedFile`: the 120 text files of a Code-Point Open archive (or of the folder it
was unpacked to), or the ONS postcode directory cut up by postcode area. `table` is the first part, `tables` are all of
them, and `read` reads them into one frame. An archive that holds the same publication whole as well (ONSPD does) gives
the whole one only.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from functools import cached_property
from pathlib import Path, PurePosixPath

import pandas as pd

from geodata.errors import Finding, InputProblems
from geodata.published import vintage as vintages
from geodata.published.recognise import UNUSED, Layout, Recognised, recognise
from geodata.published.tables import FoundTable, find_tables
from geodata.published.vintage import Vintage
from geodata.tables.content import clip

DAYS_PER_MONTH = 365.25 / 12

ODS_KINDS = frozenset(["practices", "branches", "networks"])
"""Snapshots whose newest date inside is often much older than the snapshot."""

ENTERED_AHEAD = timedelta(days=92)
"""Closures and changes of network stand in these snapshots up to a quarter before their day."""

_PART = re.compile(r"(?P<series>(?:.*_)?)[a-z]{1,2}", re.IGNORECASE)
"""Name of a file with the postcodes of one postcode area: `ab`, `ONSPD_MAY_2025_UK_AB`."""


@dataclass(frozen=True)
class PublishedFile:
    """A recognised table.

    Parameters
    ----------
    kind
        Such as `practices`; see `kinds.toml`.
    table
        Where it is; the first part of a publication in parts.
    columns
        Our column -> position, from 0.
    vintage
        From when it is.
    title, publisher, licence, attribution
        For the list of sources; several attribution lines are joined by "; ".
    layout
        The way it is published.
    tables
        All parts of the publication.
    """

    kind: str
    table: FoundTable
    columns: Mapping[str, int] = field(hash=False)
    vintage: Vintage
    title: str
    publisher: str
    licence: str
    attribution: str
    layout: str = ""
    tables: tuple[FoundTable, ...] = ()

    @cached_property
    def sha256(self) -> str:
        """Hash of the file on disk: of the archive, when the table lies in one."""
        with self.table.path.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").hexdigest()

    def read(
        self, columns: Mapping[str, int] | None = None, *, only: tuple[str, Collection[str]] | None = None
    ) -> pd.DataFrame:
        """Read all parts into one frame of text; see `FoundTable.read`.

        The index "row" counts within each part. Raises `InputProblems` when a part is damaged.
        """
        wanted = self.columns if columns is None else columns
        frames = [table.read(wanted, only=only) for table in self.tables or (self.table,)]
        return frames[0] if len(frames) == 1 else pd.concat(frames)


@dataclass(frozen=True)
class Catalogue:
    """The published files of a folder, in the order of their names, and what was remarked while looking."""

    folder: Path
    files: tuple[PublishedFile, ...]
    findings: tuple[Finding, ...]

    def of(self, kind: str) -> tuple[PublishedFile, ...]:
        """The files of a kind, newest first; undated ones last, equals by name."""
        return tuple(sorted((file for file in self.files if file.kind == kind), key=_newest_first))

    def nearest(self, kind: str, when: date | None, *, within_months: int | None = None) -> PublishedFile | None:
        """The file of a kind that is nearest to a day; the newer of two that are equally near.

        Parameters
        ----------
        when
            The day; None takes the newest file.
        within_months
            Files that are further away, and undated ones, do not count.
        """
        files = self.of(kind)
        if when is None:
            return files[0] if files else None
        near = [(days, i) for i, file in enumerate(files) if (days := file.vintage.days_from(when)) is not None]
        if within_months is not None:
            near = [pair for pair in near if pair[0] <= within_months * DAYS_PER_MONTH]
        if near:
            return files[min(near)[1]]
        return files[0] if files and within_months is None else None


def _newest_first(file: PublishedFile) -> tuple[int, int, str]:
    last, first = file.vintage.last, file.vintage.first
    return (-last.toordinal() if last else 1, -first.toordinal() if first else 0, file.table.label)


def read_catalogue(folder: Path) -> Catalogue:
    """Look through a folder of downloaded files and recognise them by what they hold.

    Parameters
    ----------
    folder
        The folder; its sub-folders and zip archives are looked into (see `find_tables`).

    Raises
    ------
    InputProblems
        When there is no such folder, or nothing in it is known.
    """
    if not folder.is_dir():
        message = "There is no such folder."
        fix = "Name the folder that holds the downloaded files."
        raise InputProblems([Finding("error", str(folder), message, fix, code="missing-folder")])
    try:
        tables, findings = find_tables(folder)
    except OSError as error:
        message = f"The folder cannot be read ({type(error).__name__})."
        raise InputProblems([Finding("error", str(folder), message, code="missing-folder")]) from error
    known = [(table, recognise(table)) for table in tables]
    groups = _groups([found for _, found in known if found is not None and found.layout.kind != UNUSED])
    groups, doubled = _without_doubles(groups)
    files, twice = _each_file_once([_published(parts) for parts in groups])
    findings += doubled + twice + _unknown(known)
    findings.sort(key=lambda finding: finding.file)
    if not files:
        message = "None of the published files known here was found in the folder."
        fix = (
            "Put the files there as they were downloaded, zipped or not: practices (epraccur), registrations "
            "(gp-reg-pat-prac-lsoa-all) and points or boundaries of LSOA at least."
        )
        problem = Finding("error", folder.name or str(folder), message, fix, code="nothing-known")
        raise InputProblems([problem, *findings])
    return Catalogue(folder, files, tuple(findings))


# --- The same file twice ---------------------------------------------------------------------------------------------


def _each_file_once(files: Sequence[PublishedFile]) -> tuple[tuple[PublishedFile, ...], list[Finding]]:
    """Pass over files with the bytes and the date of another; of the same files that of the shortest name stays."""
    by_size: dict[int, dict[Path, PublishedFile]] = {}
    for file in files:
        by_size.setdefault(file.table.path.stat().st_size, {}).setdefault(file.table.path, file)
    first: dict[tuple[str, str], Path] = {}
    same: dict[Path, Path] = {}
    for group in by_size.values():
        for path, file in sorted(group.items(), key=lambda one: (len(one[0].name), one[0].as_posix())):
            if len(group) > 1 and (kept := first.setdefault((file.sha256, str(file.vintage)), path)) != path:
                same[path] = kept
    findings = [
        Finding("note", path.name, f"The same file as {kept.name}; it is passed over.", code="same-file")
        for path, kept in same.items()
    ]
    return tuple(file for file in files if file.table.path not in same), findings


# --- Publications in parts -----------------------------------------------------------------------------------------


def _groups(found: Iterable[Recognised]) -> list[list[Recognised]]:
    """Parts of one publication together, everything else by itself."""
    groups: dict[tuple[object, ...], list[Recognised]] = {}
    for one in found:
        table = one.table
        name = PurePosixPath(table.file)
        part = _PART.fullmatch(name.stem) if one.layout.kind == "postcodes" and table.form == "text" else None
        key: tuple[object, ...] = (table.label,)
        if part:
            key = (name.parent, part["series"].casefold(), one.layout.name, table.header, tuple(one.columns.items()))
        groups.setdefault(key, []).append(one)
    return list(groups.values())


def _without_doubles(groups: list[list[Recognised]]) -> tuple[list[list[Recognised]], list[Finding]]:
    """Leave out what an archive holds in parts when it holds the same whole, too."""
    whole = {_series(group[0]): group[0].table.label for group in groups if len(group) == 1}
    kept, findings = [], []
    for group in groups:
        twin = whole.get(_series(group[0])) if len(group) > 1 else None
        if twin is None:
            kept.append(group)
            continue
        message = f"These {len(group)} files hold in parts what {twin} holds as a whole; that one is used."
        findings.append(Finding("note", group[0].table.file, message, code="doubled-file"))
    return kept, findings


def _series(one: Recognised) -> tuple[object, ...]:
    """What tells a publication in an archive: the archive, the layout and the header."""
    return (one.table.path if one.table.member else None, one.layout.kind, one.layout.name, one.table.header)


# --- What to say about a file ----------------------------------------------------------------------------------------


def _published(parts: Sequence[Recognised]) -> PublishedFile:
    first = parts[0]
    layout = first.layout
    when = _vintage(first)
    return PublishedFile(
        kind=layout.kind,
        table=first.table,
        columns=first.columns,
        vintage=when,
        title=layout.title,
        publisher=layout.publisher,
        licence=layout.licence,
        attribution=_attribution(layout, when),
        layout=layout.name,
        tables=tuple(part.table for part in parts),
    )


def _attribution(layout: Layout, when: Vintage) -> str:
    year = f" {when.last.year}" if when.last else ""
    return "; ".join(line.replace(" {year}", year) for line in layout.attribution)


def _vintage(found: Recognised) -> Vintage:
    """What the table says about its date, else its name.

    The snapshots of the Organisation Data Service change seldom: the name counts unless it is older than what they
    hold by more than changes are entered ahead of their day.
    """
    table, layout = found.table, found.layout
    sheet = table.sheet or table.layer or ""
    path = PurePosixPath(table.file)
    named = vintages.of_names(sheet, path.stem, *(PurePosixPath(part).stem for part in reversed(path.parent.parts)))
    if layout.kind in ODS_KINDS:
        inside = _newest_inside(found)
        if inside.last and not (named.last and named.last + ENTERED_AHEAD >= inside.last):
            return inside
        return named
    if found.dates:
        stated = vintages.newest(row[at] for row in table.sample for at in found.dates if at < len(row))
        if stated.last:
            return stated
    if layout.report:
        stated = vintages.newest(cell for row in table.top[:10] for cell in row)
        if stated.last:
            return stated
    counted = vintages.of_columns(table.header)
    if counted.last and layout.kind == "areas":
        return counted
    if named.last:
        return named
    return vintages.of_codes(table.header) if layout.kind in {"areas", "area_changes", "shapes"} else vintages.UNDATED


def _newest_inside(found: Recognised) -> Vintage:
    columns = {ours: found.columns[ours] for ours in found.layout.date_columns if ours in found.columns}
    if not columns:
        return vintages.UNDATED
    try:
        frame = found.table.read(columns)
    except InputProblems:  # the reader of the kind tells it
        return vintages.UNDATED
    return vintages.newest(cell for column in frame.columns for cell in frame[column].unique())


def _unknown(known: Iterable[tuple[FoundTable, Recognised | None]]) -> list[Finding]:
    """One note for each file, or archive, of which nothing is known."""
    by_file: dict[tuple[Path, str], list[tuple[FoundTable, bool]]] = {}
    for table, found in known:
        by_file.setdefault((table.path, table.file), []).append((table, found is not None))
    findings = []
    in_archives: dict[Path, list[FoundTable]] = {}
    for tables in by_file.values():
        if any(is_known for _, is_known in tables):
            continue
        table = tables[0][0]
        if table.member is not None:
            in_archives.setdefault(table.path, []).append(table)
            continue
        findings.append(_not_recognised(table.file, "The file is", table))
    for inside in in_archives.values():
        first = inside[0]
        archive = first.file.removesuffix("/" + (first.member or ""))
        if len(inside) == 1:
            findings.append(_not_recognised(first.file, "The file is", first))
        else:
            what = f"{len(inside)} files of the archive are"
            findings.append(_not_recognised(archive, what, first, f" of {PurePosixPath(first.file).name}"))
    return findings


def _not_recognised(file: str, what: str, table: FoundTable, of: str = "") -> Finding:
    names = table.header or next(iter(table.sample), ())
    listed = clip(", ".join(name for name in names[:6] if name)) or "none"
    word = "columns" if table.header else "cells"
    message = f"{what} none of the published files known here; the first {word}{of} are: {listed}."
    return Finding("note", file, message, "It is not used.", code="not-recognised")
