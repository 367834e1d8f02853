"""The published files a case is cut from, each read once: which vintage of each kind, and its rows.

What the readers notice goes into the record, with the file's name. Only files of about the right date are taken where
that matters (list sizes); of all others the vintage nearest the list of practices is.
"""

from __future__ import annotations

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
from geodata.published.dispensing import link_dispensing, read_dispensing
from geodata.published.lists import read_lists
from geodata.published.networks import read_networks, read_practice_map
from geodata.published.ods import read_branches, read_practices
from geodata.published.registered import read_registrations

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


def nearest(catalogue: Catalogue, kind: str, day: date | None) -> tuple[PublishedFile, ...]:
    """The files of a kind that share the vintage nearest a day; the newest where no day or vintage is known."""
    files = catalogue.of(kind)
    if not files:
        return ()
    first = (catalogue.nearest(kind, day) if day is not None else None) or files[0]
    return (first, *(file for file in files if file is not first and file.vintage == first.vintage))


def list_sizes(catalogue: Catalogue, day: date | None, record: Record) -> Read:
    """List sizes within a year of the day; the newest where no day is known."""
    if day is not None and catalogue.nearest("list_sizes", day, within_months=WITHIN_MONTHS) is None:
        return NOTHING
    files = nearest(catalogue, "list_sizes", day)
    return _read(read_lists, files, record)


def registrations(catalogue: Catalogue, day: date | None, record: Record) -> Read:
    """Registrations of all practices, of the vintage nearest the day."""
    return _read(read_registrations, nearest(catalogue, "registrations", day), record)


def branches(catalogue: Catalogue, day: date | None, record: Record) -> Read:
    """Branches of the vintage nearest the day."""
    return _first(read_branches, nearest(catalogue, "branches", day), record)


def networks(catalogue: Catalogue, day: date | None, record: Record) -> Read:
    """Members of Primary Care Networks, newest first; a map of practices where there is no list of networks.

    Networks are today's groups: the newest file is taken unless the day is known and another is nearer.
    """
    read = _first(read_networks, nearest(catalogue, "networks", day), record)
    if read:
        return read
    read = _first(read_practice_map, nearest(catalogue, "practice_map", day), record)
    if not read:
        return read
    rows = read.rows[read.rows["network_code"] != ""]
    return Read(rows.assign(started="", ended=""), read.files)


def dispensing(
    catalogue: Catalogue, day: date | None, everyone: pd.DataFrame, record: Record
) -> tuple[Read, set[str], dict[str, int]]:
    """The list of dispensing practices, the open practices linked to it, and how many were linked in which way."""
    read = _first(read_dispensing, nearest(catalogue, "dispensing", day), Record())
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


def _read(
    reader: Callable[[Sequence[PublishedFile]], tuple[pd.DataFrame, list[Finding]]],
    files: tuple[PublishedFile, ...],
    record: Record,
) -> Read:
    if not files:
        return NOTHING
    rows, findings = reader(files)
    _keep(findings, record)
    return Read(rows, files)


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
