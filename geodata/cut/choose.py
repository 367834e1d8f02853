"""Which practices a case holds: the list of practices nearest the date, and a commissioner's open practices in it.

A commissioner is named by its sub-ICB (formerly CCG) code, by its ICB code, or by the codes of practices. Codes come
and go: where one is unknown at the date, what became of its practices is looked up in the other lists of the folder, so
that the planner is told the code, or the practices, to ask for instead.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import pandas as pd

from geodata.cut.record import Record, count, listed
from geodata.errors import Finding, InputProblems
from geodata.published.cells import PRACTICE_CODE
from geodata.published.ods import SETTINGS, open_practices

if TYPE_CHECKING:
    from geodata.published.catalogue import Catalogue, PublishedFile

WITHIN_MONTHS = 12
"""A list of practices, or of list sizes, of another date is used up to this far away."""


@dataclass(frozen=True)
class PracticeList:
    """One published list of practices: the file, its rows, and the day it speaks of (None: not known)."""

    file: PublishedFile
    rows: pd.DataFrame
    day: date | None

    @property
    def label(self) -> str:
        """File and vintage, for messages."""
        return f"{self.file.table.label} ({self.file.vintage})"

    def judged(self) -> tuple[pd.Series, pd.Series]:
        """Which rows are open GP practices on that day, and why the others are not."""
        return open_practices(self.rows, self.day, as_of=self.file.vintage.last)

    def open(self) -> pd.DataFrame:
        """The GP practices that are open on that day, indexed by code."""
        return self.rows[self.judged()[0]].set_index("practice_code").sort_index()


@dataclass(frozen=True)
class Choice:
    """The practices of a case.

    Parameters
    ----------
    practices
        Open GP practices chosen, indexed by code, sorted.
    everyone
        All open GP practices of that day, of all commissioners, indexed by code.
    commissioners, boards
        Codes of sub-ICBs (CCGs) and of ICBs that were asked for.
    records_of
        Codes of commissioners whose every record was asked for: those named, and those of the ICBs named.
    listed
        Whether any practice was asked for by its own code.
    """

    practices: pd.DataFrame
    everyone: pd.DataFrame
    commissioners: tuple[str, ...]
    boards: tuple[str, ...]
    records_of: frozenset[str]
    listed: bool

    def holds(self, rows: pd.DataFrame) -> pd.Series[bool]:
        """Which records of a list of practices, open or not, are of the commissioners that were asked for.

        Closed records often carry only one of the two codes of today: that of the commissioner or that of the ICB.
        """
        return rows["commissioner"].isin(self.records_of) | rows["board"].isin(self.boards)

    @property
    def title(self) -> str:
        """What was asked for, in a few words."""
        codes = (*self.commissioners, *self.boards)
        whole = self.practices["commissioner"].isin(self.records_of)
        rest = count((~whole).sum(), "listed practice") if self.listed else ""
        return " and ".join([*codes, *([rest] if rest else [])])


def practice_file(catalogue: Catalogue, when: date | None) -> PublishedFile:
    """The list of practices nearest a date, or the newest.

    Raises
    ------
    InputProblems
        The folder holds none, or none within a year of the date.
    """
    files = catalogue.of("practices")
    if not files:
        _refuse(
            "no-practices-file",
            "The folder holds no list of GP practices.",
            "Add epraccur.csv (ODS, NHS England), unchanged.",
            str(catalogue.folder),
        )
    if when is None:
        return files[0]
    found = catalogue.nearest("practices", when, within_months=WITHIN_MONTHS)
    if found is None:
        held = listed(f"{file.table.label} ({file.vintage})" for file in files)
        _refuse(
            "no-practices-of-date",
            f"No list of GP practices lies within {WITHIN_MONTHS} months of {when:%Y-%m}. The folder holds: {held}.",
            "Name one of these dates with --date, or add the list of practices of that time.",
            f"{when:%Y-%m}",
        )
    return found


def day_of(file: PublishedFile, when: date | None) -> date | None:
    """The day a list is read for: its own last day, or the date asked for where that lies before the list."""
    if when is not None and file.vintage.first is not None and when < file.vintage.first:
        return when
    return file.vintage.last


def likely_practices(asked: Sequence[str], chosen: PracticeList) -> frozenset[str]:
    """The open practices that the codes name by what the list itself tells; none for a board that only areas know."""
    everyone = chosen.open()
    codes = {code.strip().upper() for code in asked}
    named = everyone.index.isin(codes) | everyone["commissioner"].isin(codes) | everyone["board"].isin(codes)
    return frozenset(everyone.index[named])


def choose(
    asked: Sequence[str],
    chosen: PracticeList,
    others: Sequence[PracticeList],
    boards: Mapping[str, frozenset[str]],
    record: Record,
    *,
    folder: Path,
) -> Choice:
    """Find the practices that were asked for.

    Parameters
    ----------
    asked
        Codes of commissioners (sub-ICB, ICB) or practices, in any mixture.
    chosen
        The list of practices of the date.
    others
        The other lists of the folder, for codes that are not known at the date.
    boards
        ICB code -> sub-ICB codes, as the areas tell it.
    record
        Takes the finding on how many records were looked at.
    folder
        The folder of published files, for the command that a message proposes.

    Raises
    ------
    InputProblems
        A code is unknown at the date, or no code was given.
    """
    everyone = chosen.open()
    codes = list(dict.fromkeys(code.strip().upper() for code in asked if code.strip()))
    if not codes:
        _refuse("no-commissioner", "No commissioner and no practice was named.", "Add --commissioner CODE.", "")
    wanted: set[str] = set()
    commissioners: list[str] = []
    icbs: list[str] = []
    problems: list[Finding] = []
    by_code = False
    for code in codes:
        if code in everyone.index:
            wanted.add(code)
            by_code = True
        elif len(members := everyone.index[everyone["commissioner"] == code]):
            wanted.update(members)
            commissioners.append(code)
        elif len(members := of_board(everyone, code, boards)):
            wanted.update(members)
            icbs.append(code)
        else:
            problems.append(_unknown(code, chosen, everyone, others, boards, folder))
    if problems:
        raise InputProblems(problems)
    practices = everyone.loc[sorted(wanted)]
    of_icbs = {of for code in icbs for of in everyone.loc[of_board(everyone, code, boards), "commissioner"]}
    records_of = frozenset({*commissioners, *of_icbs})
    # A practice named beside its own commissioner adds nothing.
    by_code &= not practices["commissioner"].isin(records_of).all()
    choice = Choice(practices, everyone, tuple(commissioners), tuple(icbs), records_of, by_code)
    _tell_choice(choice, chosen, record)
    return choice


def of_board(everyone: pd.DataFrame, code: str, boards: Mapping[str, frozenset[str]]) -> pd.Index:
    """Open practices of an ICB, by its own code or by those of its sub-ICBs."""
    own = everyone.index[everyone["board"] == code]
    return own if len(own) else everyone.index[everyone["commissioner"].isin(boards.get(code, frozenset()))]


def _tell_choice(choice: Choice, chosen: PracticeList, record: Record) -> None:
    """Say how many records the commissioner has, and why the others are not open GP practices."""
    rows = chosen.rows
    number = len(choice.practices)
    if not (choice.commissioners or choice.boards):
        message = f"{count(number, 'practice')} named by code, all open GP practices."
        record.note("practices-chosen", chosen.file.table.label, message, value=str(number))
        return
    theirs = choice.holds(rows)
    is_open, reasons = chosen.judged()
    for index, row in rows[theirs & ~is_open].iterrows():
        record.leave_out("practices", row["practice_code"], reasons[index], name=row["name"], postcode=row["postcode"])
    other = theirs & reasons.str.startswith(("prescribing setting", "role "))
    shut = int((theirs & ~is_open & ~other).sum())
    kinds = rows.loc[other, "setting"].map(_setting_words).value_counts()
    told = ", ".join(f"{n} {kind}" for kind, n in kinds.sort_index().items())
    message = (
        f"Records of {choice.title}: {int(theirs.sum())}. Open GP practices: {int((theirs & is_open).sum())}; closed, "
        f"dormant or proposed: {shut}; no GP practice: {int(other.sum())}"
    )
    message += f" ({told})." if told else "."
    message += " left_out.csv lists those that are no open GP practice." if (theirs & ~is_open).any() else ""
    record.note("practices-chosen", chosen.file.table.label, message, value=str(number))


def _setting_words(text: str) -> str:
    """A prescribing setting, or the role that newer files give instead, in words."""
    return SETTINGS.get(text) or (f"role {text}" if text.startswith("RO") else f"setting {text or 'not told'}")


# --- Codes that are not known --------------------------------------------------------------------------------------


def _unknown(
    code: str,
    chosen: PracticeList,
    everyone: pd.DataFrame,
    others: Sequence[PracticeList],
    boards: Mapping[str, frozenset[str]],
    folder: Path,
) -> Finding:
    label = chosen.label
    if PRACTICE_CODE.fullmatch(code):
        return _unknown_practice(code, chosen, everyone)
    for other in others:
        then = other.open()
        members = then.index[then["commissioner"] == code]
        members = members if len(members) else of_board(then, code, boards)
        if len(members):
            return _gone(code, members, then, other, chosen, everyone, folder)
    known = sorted({*everyone["commissioner"], *everyone["board"], *boards} - {""})
    close = difflib.get_close_matches(code, known, n=5, cutoff=0.5)
    fix = f"The nearest codes are {', '.join(close)}." if close else f"Known codes are such as {listed(known, 8)}."
    message = f"No open GP practice of {label} has {code} as its commissioner or board."
    return Finding("error", chosen.file.table.label, message, fix, value=code, code="unknown-commissioner")


def _unknown_practice(code: str, chosen: PracticeList, everyone: pd.DataFrame) -> Finding:
    here = chosen.rows["practice_code"] == code
    if here.any():
        reason = chosen.judged()[1][here].iloc[0]
        name = chosen.rows.loc[here, "name"].iloc[0]
        message = f"{code} ({name}) is not an open GP practice in {chosen.label}: {reason}."
        fix = "Take it out, or choose another date with --date."
        return Finding("error", chosen.file.table.label, message, fix, value=code, code="practice-not-open")
    close = difflib.get_close_matches(code, list(everyone.index), n=3, cutoff=0.6)
    fix = f"The nearest codes are {', '.join(close)}." if close else "Correct the code."
    message = f"There is no practice {code} in {chosen.label}."
    return Finding("error", chosen.file.table.label, message, fix, value=code, code="unknown-practice")


def _gone(
    code: str,
    members: pd.Index,
    then: pd.DataFrame,
    other: PracticeList,
    chosen: PracticeList,
    everyone: pd.DataFrame,
    folder: Path,
) -> Finding:
    """The code was in use at another date: say where its practices are now, and how to ask for them."""
    here = sorted(set(members) & set(everyone.index))
    numbers = everyone.loc[here, "commissioner"].value_counts()
    where = numbers.sort_index().sort_values(ascending=False, kind="stable")
    parts = listed((f"{n} under {name}" for name, n in where.items()), 8)
    message = (
        f"{code} has no open GP practice in {chosen.label}. In {other.label} it had {count(len(members), 'practice')}; "
        + (f"{len(here)} of them are open here: {parts}." if here else "none of them is open here.")
    )
    fix = f"For that date: --commissioner {code}{date_words(other.file)}."
    if here:
        command = f"blueprint init CASE --commissioner {','.join(here)} --files {_quoted(folder)}"
        command += date_words(chosen.file)
        fix += (
            f" For the same practices here: {command}. For the present commissioner: --commissioner {where.index[0]}."
        )
    return Finding("error", chosen.file.table.label, message, fix, value=code, code="former-commissioner")


def date_words(file: PublishedFile) -> str:
    """The vintage as an option of the command, with a blank before it; empty where it is not known."""
    first, last = file.vintage.first, file.vintage.last
    if first is None or last is None:
        return ""
    same_month = (first.year, first.month) == (last.year, last.month)
    return f" --date {first:%Y-%m}" if same_month or first.year != last.year else f" --date {first:%Y}"


def _quoted(folder: Path) -> str:
    text = folder.as_posix()
    return f'"{text}"' if " " in text else text


def _refuse(code: str, message: str, fix: str, value: str) -> NoReturn:
    raise InputProblems([Finding("error", "", message, fix, value=value or None, code=code)])
