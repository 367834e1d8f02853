"""Patients by practice and small area (LSOA), as NHS England publishes them every quarter.

Layouts: `gp-reg-pat-prac-lsoa-all`, `-male` and `-female` (a row for each practice, LSOA and sex); the yearly tables
before 2017 with a column each for men, women and all; and plain tables of practice, LSOA and patients. Area codes are
kept as they are published: beside English LSOA there are Welsh ones, and marks for homes that could not be placed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geodata.errors import Finding
from geodata.published import cells
from geodata.published.agebands import sex_of
from geodata.published.cells import PRACTICE_CODE, Origin

if TYPE_CHECKING:
    from geodata.published.catalogue import PublishedFile

REGISTRATION_COLUMNS = ("practice_code", "area_code", "patients")

_ENGLAND = re.compile(r"E0[01][0-9]{6}")
_NATIONS = {"W": "Wales", "S": "Scotland", "9": "Northern Ireland", "N": "Northern Ireland"}
_ELSEWHERE = re.compile(r"([WS]0[01][0-9]{6}|N(2[01]|00)[0-9]{6}|95[A-Z0-9]{6,7})")
_NOT_PLACED = "no small area found by the publisher"
"""NO2011: no LSOA of the 2011 census was found for the home (4,448 rows of 2022). It is not Northern Ireland."""


def read_registrations(
    files: PublishedFile | Sequence[PublishedFile], *, only: Collection[str] | None = None
) -> tuple[pd.DataFrame, list[Finding]]:
    """Read the registrations of one date, each patient once; see `registrations_and_files`.

    Returns
    -------
    registrations
        `practice_code, area_code, patients` (integer), one row a pair, sorted. Pseudo-areas such as CLOSED and NO2011,
        and Welsh codes, are kept; see `outside_england` and `home_words`.
    findings
        Malformed codes, withheld counts, repeated rows, a file of one sex without the other, which of several files is
        used.
    """
    rows, _, findings = registrations_and_files(files, only=only)
    return rows, findings


def registrations_and_files(
    files: PublishedFile | Sequence[PublishedFile], *, only: Collection[str] | None = None
) -> tuple[pd.DataFrame, tuple[PublishedFile, ...], list[Finding]]:
    """Read the registrations of one date, each patient once, and say which files they come from.

    Of several files those with the date of the first are used. A file of all patients is preferred; else the files of
    men and of women are added. Rows for all patients and rows for one sex are never added together. A file may be cut
    down to a region: of each practice, the file that counts most patients of it is taken (ties: the largest file).

    Parameters
    ----------
    files
        One recognised file of the kind `registrations`, or several, the wanted date first.
    only
        The practices wanted; None for all of England (about a million rows).

    Returns
    -------
    registrations, files, findings
        As `read_registrations`; `files` are those that some row comes from, the one with most patients first.
    """
    given = [files] if not isinstance(files, Sequence) else list(files)
    wanted = frozenset(cells.tidy_code(code) for code in only) if only is not None else None
    findings: list[Finding] = []
    told: list[_Told] = []
    one_sex: list[tuple[PublishedFile, pd.DataFrame, Origin]] = []
    for file in _best_first([file for file in given if file.vintage == given[0].vintage]):
        if told and _sexes_in_sample(file) < {"male", "female"}:
            continue  # a file of all patients holds these, too
        origin = cells.origin_of(file)
        condition = ("practice_code", wanted) if wanted is not None else None
        rows = parse_rows(file.read(file.columns, only=condition), origin, findings, only=wanted)
        if set(rows["sex"]) in ({"male"}, {"female"}):
            one_sex.append((file, rows, origin))
        else:
            told.append(_Told((file,), _each_patient_once([(rows, origin)], findings)))
    if one_sex and not any(len(one.rows) for one in told):
        rows = _each_patient_once([(rows, origin) for _, rows, origin in one_sex], findings)
        told.append(_Told(tuple(file for file, _, _ in one_sex), rows))
    rows, used = _fullest(told, findings)
    return rows, used, findings


@dataclass(frozen=True)
class _Told:
    """What one file tells, or the files of men and of women together."""

    files: tuple[PublishedFile, ...]
    rows: pd.DataFrame

    @property
    def label(self) -> str:
        return ", ".join(file.table.label for file in self.files)


def _fullest(told: Sequence[_Told], findings: list[Finding]) -> tuple[pd.DataFrame, tuple[PublishedFile, ...]]:
    """Of each practice the rows of the file that counts most patients of it."""
    if not told:
        return pd.DataFrame({"practice_code": [], "area_code": [], "patients": []}).astype({"patients": int}), ()
    told = sorted(told, key=lambda one: (-one.rows["patients"].sum(), one.label))
    if len(told) == 1:
        return told[0].rows, told[0].files
    sums = pd.DataFrame({i: one.rows.groupby("practice_code")["patients"].sum() for i, one in enumerate(told)})
    best = sums.fillna(-1).idxmax(axis=1)  # the first, so the largest file, of equals
    parts = [one.rows[one.rows["practice_code"].map(best) == i] for i, one in enumerate(told)]
    taken = [f"{one.label} for {part['practice_code'].nunique():,}" for one, part in zip(told, parts, strict=True)]
    message = (
        f"{len(told)} files tell registrations of this date. Of each practice the one that counts most patients of it "
        f"is used: {', '.join(taken)} practices."
    )
    fix = "Files cut down to a region miss patients who live elsewhere: leave only the complete ones in the folder."
    findings.append(Finding("note", told[0].label, message, fix, code="several-files"))
    rows = pd.concat(parts, ignore_index=True).sort_values(["practice_code", "area_code"], ignore_index=True)
    return rows, tuple(file for one, part in zip(told, parts, strict=True) if len(part) for file in one.files)


def outside_england(codes: pd.Series[Any]) -> pd.Series[bool]:
    """Which area codes are no census area of England: other nations, pseudo-areas and homes not placed."""
    return ~cells.well_formed(codes.fillna("").astype("str"), _ENGLAND)


def home_words(code: str) -> str:
    """Where an area code outside England is, in words: "Wales", or "no small area found by the publisher (NO2011)"."""
    if _ENGLAND.fullmatch(code):
        return "England"
    if _ELSEWHERE.fullmatch(code):
        return _NATIONS[code[0]]
    return f"{_NOT_PLACED} ({code or 'empty code'})"


def parse_rows(
    raw: pd.DataFrame, origin: Origin, findings: list[Finding], *, only: Collection[str] | None = None
) -> pd.DataFrame:
    """Parse text cells to `practice_code, area_code, sex, patients`, one row for each triple.

    Parameters
    ----------
    raw
        Text cells `practice_code, area_code` and `patients`, or `males` and `females`; perhaps `sex`. The index holds
        the file's rows.
    """
    frame = pd.DataFrame(
        {
            "practice_code": cells.codes(raw["practice_code"]),
            "area_code": cells.codes(raw["area_code"]),
            "sex": cells.by_value(raw["sex"], lambda text: sex_of(text) or "other") if "sex" in raw else "all",
            "patients": _patients(raw, origin, findings),
        },
        index=raw.index,
    )
    if only is not None:
        frame = frame[frame["practice_code"].isin(only)]
    message = "{value} is not the code of a practice; the row is left out."
    fix = "Give the ODS code, such as J81012; a line of totals can be removed."
    frame = cells.well_coded(frame, origin, "practice_code", PRACTICE_CODE, message, fix, findings)
    return _merged(frame, origin, findings)


def _patients(raw: pd.DataFrame, origin: Origin, findings: list[Finding]) -> pd.Series[float]:
    """The patients of each row: of all sexes if the file has that column, else men and women added."""
    columns = ["patients"] if "patients" in raw else [column for column in ("males", "females") if column in raw]
    total = pd.Series(0.0, index=raw.index)
    for column in columns:
        numbers, unread = cells.counts(raw[column])
        findings += cells.tell(
            origin,
            "warning",
            raw[column][unread],
            "{value} is not a count of patients; it counts as none.",
            "Write a whole number.",
            "bad-count",
            column=column,
        )
        withheld = numbers.isna() & ~unread
        if withheld.any():
            findings.append(
                Finding(
                    "warning",
                    origin.file,
                    f"{int(withheld.sum()):,} counts of patients are withheld or empty (first in the row given); they "
                    "count as none.",
                    "Use the complete file of NHS England, which withholds none.",
                    int(withheld.index[withheld][0]),
                    origin.spelled(column),
                    cells.clip(str(raw[column][withheld].iloc[0])),
                    "withheld-count",
                )
            )
        total = total + numbers.fillna(0)
    return total


def _merged(frame: pd.DataFrame, origin: Origin, findings: list[Finding]) -> pd.DataFrame:
    """One row for each practice, area and sex: identical rows once, different ones added."""
    key = ["practice_code", "area_code", "sex"]
    repeated = frame.duplicated(key)
    if repeated.any():
        same = frame.duplicated([*key, "patients"])
        for rows, what, code in (
            (same, "repeated word for word; each is counted once", "duplicate-row"),
            (
                repeated & ~same,
                "for a practice and area that stands here already; their patients are added",
                "split-row",
            ),
        ):
            if rows.any():
                patients = int(frame.loc[rows, "patients"].sum())
                text = f"{int(rows.sum()):,} rows with {patients:,} patients are {what} (first in the row given)."
                row = int(frame.index[rows][0])
                findings.append(Finding("warning", origin.file, text, "Keep one row for each pair.", row, code=code))
        frame = frame[~same].groupby(key, as_index=False, sort=False, observed=True)["patients"].sum()
    return frame


def _best_first(files: Sequence[PublishedFile]) -> list[PublishedFile]:
    """Files that seem to count all patients first; what they really count is known once they are read."""
    return sorted(files, key=lambda file: _sexes_in_sample(file) != {"all"})


def _sexes_in_sample(file: PublishedFile) -> set[str]:
    """The sexes the first records name."""
    at = file.columns.get("sex")
    if at is None:
        return {"all"}
    return {sex_of(record[at]) or "other" for record in file.table.sample if at < len(record)}


def _each_patient_once(read: Sequence[tuple[pd.DataFrame, Origin]], findings: list[Finding]) -> pd.DataFrame:
    """Take the rows of all sexes where a practice has them, else add its sexes."""
    frames = [rows for rows, _ in read]
    rows = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=["sex", *REGISTRATION_COLUMNS])
    everybody = rows["sex"] == "all"
    if not everybody.all():
        told_whole = rows["practice_code"].isin(rows.loc[everybody, "practice_code"].unique())
        rows = rows[everybody | ~told_whole]
    sexes = set(rows["sex"].unique()) - {"other"}
    if len(sexes) == 1 and sexes <= {"male", "female"}:
        findings.append(
            Finding(
                "error",
                ", ".join(origin.file for _, origin in read),
                f"The file counts {'men' if sexes == {'male'} else 'women'} only; half of the patients are missing.",
                "Put the file of the other sex beside it, or the file of all patients (gp-reg-pat-prac-lsoa-all).",
                code="one-sex-only",
            )
        )
        rows = rows.iloc[:0]
    rows = rows.drop_duplicates(["practice_code", "area_code", "sex"])
    summed = rows.groupby(["practice_code", "area_code"], as_index=False, observed=True)["patients"].sum()
    summed = summed.loc[:, list(REGISTRATION_COLUMNS)]
    summed["patients"] = summed["patients"].astype(np.int64)
    return summed.reset_index(drop=True)


def by_nation(registrations: pd.DataFrame) -> Mapping[str, tuple[int, int]]:
    """Rows and patients by where they live, in words, England included; sorted by words."""
    words = cells.by_value(registrations["area_code"], home_words)
    grouped = registrations["patients"].groupby(words)
    return {str(word): (len(part), int(part.sum())) for word, part in grouped}
