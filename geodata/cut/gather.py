"""The published files a case is cut from, each read once: which vintage of each kind, and its rows.

What the readers notice goes into the record, with the file's name. Only files of about the right date are taken where
that matters (list sizes); of all others the vintage nearest the list of practices is.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

import pandas as pd

from geodata.cut.choose import WITHIN_MONTHS, PracticeList, day_of, practice_file
from geodata.cut.record import Record
from geodata.errors import Finding, InputProblems
from geodata.published.area_changes import code_year_of, read_area_changes
from geodata.published.area_tables import code_year, read_areas
from geodata.published.areas import combine_areas
from geodata.published.catalogue import DAYS_PER_MONTH
from geodata.published.dispensing import link_dispensing, read_dispensing
from geodata.published.lists import read_lists
from geodata.published.networks import read_networks, read_practice_map
from geodata.published.ods import read_branches, read_practices
from geodata.published.registered import registrations_and_files

if TYPE_CHECKING:
    from geodata.published.catalogue import Catalogue, PublishedFile


@dataclass(frozen=True)
class Read:
    """One kind of file: what was read, and the files it came from (none: the folder holds no such file)."""

    rows: pd.DataFrame
    files: tuple[PublishedFile, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.files)

    @property
    def label(self) -> str:
        """File names, for findings."""
        return ", ".join(file.table.label for file in self.files)

    @property
    def vintage(self) -> str:
        """Vintage of the (first) file."""
        return str(self.files[0].vintage) if self.files else ""


NOTHING = Read(pd.DataFrame())


def demand_files(catalogue: Catalogue) -> None:
    """Stop where the folder lacks what no case can do without, and name all of it at once.

    Raises
    ------
    InputProblems
        No list of practices; neither list sizes nor registrations; no table of areas.
    """
    problems = [
        Finding("error", "", f"The folder holds {what}.", fix, value=str(catalogue.folder), code=code)
        for kinds, what, fix, code in _NEEDED
        if not any(catalogue.of(kind) for kind in kinds)
    ]
    if problems:
        raise InputProblems([*problems, *(f for f in catalogue.findings if f.code == "not-recognised")])


_NEEDED = (
    (
        ("practices",),
        "no list of GP practices",
        "Add epraccur.csv (ODS, NHS England), unchanged.",
        "no-practices-file",
    ),
    (
        ("registrations", "list_sizes"),
        "neither list sizes nor registrations of practices",
        "Add gp-reg-pat-prac-lsoa-all.csv (NHS England, Patients Registered at a GP Practice), unchanged.",
        "no-lists-file",
    ),
    (
        ("areas",),
        "no table that says where the small areas (LSOA) are",
        "Add population-weighted centroids or boundaries of LSOA (ONS Open Geography), unchanged.",
        "no-areas-file",
    ),
)


def is_far(file: PublishedFile, day: date | None) -> bool:
    """Whether a file is more than a year from a day; False where either date is not known."""
    away = file.vintage.days_from(day) if day is not None else None
    return away is not None and away > WITHIN_MONTHS * DAYS_PER_MONTH


def practice_lists(
    catalogue: Catalogue, when: date | None, record: Record
) -> tuple[PracticeList, tuple[PracticeList, ...]]:
    """The list of practices of the date, and all others of the folder, newest first."""
    chosen = practice_file(catalogue, when)
    # What is wrong in a file that is only compared with is not this case's matter: its findings are not kept.
    files = [file for file in catalogue.of("practices") if file is not chosen]
    others = [PracticeList(file, read_practices(file)[0], file.vintage.last) for file in files]
    rows, findings = read_practices(chosen)
    record.findings += findings
    return PracticeList(chosen, rows, day_of(chosen, when)), tuple(others)


def by_nearness(
    catalogue: Catalogue, kind: str, day: date | None, *, within_months: int | None = None
) -> list[tuple[PublishedFile, ...]]:
    """The files of a kind, those of one vintage together, the vintage nearest a day first (no day: the newest)."""
    files = list(catalogue.of(kind))
    if day is not None:
        away = {file: file.vintage.days_from(day) for file in files}
        if within_months is not None:
            far = within_months * DAYS_PER_MONTH
            files = [file for file in files if (days := away[file]) is not None and days <= far]
        files.sort(key=lambda file: days if (days := away[file]) is not None else math.inf)
    groups: dict[tuple[date | None, date | None], list[PublishedFile]] = {}
    for file in files:
        groups.setdefault((file.vintage.first, file.vintage.last), []).append(file)
    return [tuple(group) for group in groups.values()]


def list_sizes(catalogue: Catalogue, day: date | None, codes: Collection[str], record: Record) -> Read:
    """List sizes within a year of the day; the newest where no day is known."""

    def reader(files: Sequence[PublishedFile]) -> tuple[pd.DataFrame, tuple[PublishedFile, ...], list[Finding]]:
        files = [file for file in files if _tells_any(file, codes)] or files
        rows, findings = read_lists(files)
        return rows, tuple(files), findings

    return _covering(reader, by_nearness(catalogue, "list_sizes", day, within_months=WITHIN_MONTHS), codes, record)


def _tells_any(file: PublishedFile, codes: Collection[str]) -> bool:
    """Whether a file holds one of the practices; True where none are known."""
    code = {"practice_code": file.columns["practice_code"]}
    return len(codes) == 0 or len(file.read(code, only=("practice_code", codes))) > 0


def registrations(catalogue: Catalogue, day: date | None, codes: Collection[str], record: Record) -> Read:
    """Registrations of all practices, of the vintage nearest the day."""
    return _covering(registrations_and_files, by_nearness(catalogue, "registrations", day), codes, record)


def branches(catalogue: Catalogue, day: date | None, codes: Collection[str], record: Record) -> Read:
    """Branches of the vintage nearest the day."""
    reader = _joined(read_branches, ["site_code"])
    return _covering(reader, by_nearness(catalogue, "branches", day), codes, record)


def networks(catalogue: Catalogue, day: date | None, codes: Collection[str], record: Record) -> Read:
    """Members of Primary Care Networks; a map of practices where there is no list of networks.

    Of several files that nearest the day is taken, without a day the newest.
    """
    reader = _joined(read_networks, ["practice_code", "network_code", "started", "ended"])
    read = _covering(reader, by_nearness(catalogue, "networks", day), codes, record)
    if read:
        return read
    reader = _joined(read_practice_map, ["practice_code"])
    read = _covering(reader, by_nearness(catalogue, "practice_map", day), codes, record)
    if not read:
        return read
    rows = read.rows[read.rows["network_code"] != ""]
    return Read(rows.assign(started="", ended=""), read.files)


def dispensing(
    catalogue: Catalogue, day: date | None, everyone: pd.DataFrame, record: Record
) -> tuple[Read, set[str], dict[str, int]]:
    """The list of dispensing practices, the open practices linked to it, and how many were linked in which way."""
    groups = by_nearness(catalogue, "dispensing", day)
    read = _first(read_dispensing, groups[0] if groups else (), Record())
    if not read:
        return read, set(), {}
    codes, counts = link_dispensing(read.rows, everyone.reset_index())
    return read, set(codes), dict(counts)


def area_changes(catalogue: Catalogue, record: Record) -> pd.DataFrame | None:
    """The lookup of areas of 2011 and 2021, if the folder has one."""
    files = catalogue.of("area_changes")
    return _first(read_area_changes, files[:1], record).rows if files else None


def area_year(catalogue: Catalogue, codes: Collection[str]) -> int | None:
    """2011 or 2021: which areas the registrations count in; None where neither they nor the tables of areas tell.

    A code of a late number is of 2021. Else the year is that of the tables of areas that know more of the codes.
    """
    if not codes:
        return None
    year = code_year_of(codes).year
    if year is not None:
        return year
    if len(codes) > LARGE:
        return 2011
    known: dict[int, set[str]] = {}
    for file in catalogue.of("areas"):
        of = code_year(file)
        if of is not None and file.table.geometry not in {"polygon", "line"}:
            known.setdefault(of, set()).update(read_areas(file, codes=codes)[0]["area_code"])
    return max(known, key=lambda of: (len(known[of]), -of)) if known else None


LARGE = 20_000
"""So many LSOA without a single code of 2021 are not of 2021."""


def all_areas(
    catalogue: Catalogue, year: int | None, changes: pd.DataFrame | None, like: Iterable[str]
) -> pd.DataFrame:
    """What the tables of areas tell of all areas, without outlines where points are told otherwise.

    Parameters
    ----------
    like
        Codes of registrations: only areas of the same kind (LSOA or output area) are kept.

    Raises
    ------
    InputProblems
        The folder holds no table of areas, or none that says where they are.
    """
    files = catalogue.of("areas")
    plain = [file for file in files if file.table.geometry not in {"polygon", "line"}]
    frame = combine_areas(plain, year=year, changes=changes)[0] if plain else pd.DataFrame()
    if "x" not in frame or frame["x"].isna().all():
        frame = combine_areas(files, year=year, changes=changes)[0] if files else frame
    if "x" in frame:
        frame = frame[frame["x"].notna() & frame["y"].notna()]
    if frame.empty:
        message = "The folder holds no table that says where the small areas (LSOA) are."
        fix = "Add population-weighted centroids or boundaries of LSOA (ONS Open Geography), unchanged."
        raise InputProblems([Finding("error", "", message, fix, value=str(catalogue.folder), code="no-areas-file")])
    kinds = {code[:3] for code in like}
    same = frame.index.str[:3].isin(kinds)
    return frame[same] if same.any() else frame


def case_areas(
    catalogue: Catalogue,
    codes: Collection[str],
    year: int | None,
    changes: pd.DataFrame | None,
    bounds: tuple[float, float, float, float],
    record: Record,
) -> tuple[pd.DataFrame, Mapping[str, PublishedFile]]:
    """Everything told about the areas of the case, outlines included, and which file tells each column."""
    frame, sources, findings = combine_areas(catalogue.of("areas"), codes, year=year, changes=changes, bounds=bounds)
    record.findings += findings
    return frame, sources


Reader = Callable[[Sequence["PublishedFile"]], tuple[pd.DataFrame, tuple["PublishedFile", ...], list[Finding]]]
"""Reads the files of one vintage: the rows, the files they come from, and what was noticed."""


def _covering(
    reader: Reader, groups: Sequence[tuple[PublishedFile, ...]], codes: Collection[str], record: Record
) -> Read:
    """Read the first vintage that tells something about the practices asked for; the first of all if none does.

    A folder can hold files cut down to another region: that they are nearer in time is no reason to use them.
    """
    passed: list[PublishedFile] = []
    first: tuple[Read, list[Finding]] | None = None
    for files in groups:
        rows, used, findings = reader(files)
        read = Read(rows, used or files)
        if first is None:
            first = read, findings
        if len(codes) == 0 or rows["practice_code"].isin(codes).any():
            _keep(findings, record)
            if passed:
                named = ", ".join(f"{file.table.label} ({file.vintage})" for file in passed)
                message = f"{named}: nothing in it about the practices asked for; {read.label} is used instead."
                record.note("other-region", read.label, message, value=read.vintage)
            return read
        passed += files
    if first is None:
        return NOTHING
    _keep(first[1], record)
    return first[0]


def _joined(reader: Callable[[PublishedFile], tuple[pd.DataFrame, list[Finding]]], key: list[str]) -> Reader:
    """Read several files of one vintage as one: the largest first, and from the others what it does not hold."""

    def read(
        files: Sequence[PublishedFile],
    ) -> tuple[pd.DataFrame, tuple[PublishedFile, ...], list[Finding]]:
        told = [(*reader(file), file) for file in files]
        told.sort(key=lambda one: (-len(one[0]), one[2].table.label))
        rows, findings, file = told[0]
        used = [file]
        for other, noticed, file in told[1:]:
            known = pd.MultiIndex.from_frame(rows[key])
            new = other[~pd.MultiIndex.from_frame(other[key]).isin(known)]
            if len(new):
                rows = pd.concat([rows, new], ignore_index=True)
                findings = findings + noticed
                used.append(file)
        return rows, tuple(used), findings

    return read


def _first(
    reader: Callable[[PublishedFile], tuple[pd.DataFrame, list[Finding]]],
    files: tuple[PublishedFile, ...],
    record: Record,
) -> Read:
    if not files:
        return NOTHING
    rows, findings = reader(files[0])
    _keep(findings, record)
    return Read(rows, files[:1])


def _keep(findings: Iterable[Finding], record: Record) -> None:
    """Add what a reader noticed; an error of it stops the cut."""
    findings = list(findings)
    wrong = [finding for finding in findings if finding.severity == "error"]
    if wrong:
        raise InputProblems(wrong)
    record.findings += findings
