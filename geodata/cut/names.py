"""What a commissioner is called, as the published files that name its code also tell its name."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from datetime import date
from typing import TYPE_CHECKING

from geodata.cut.choose import WITHIN_MONTHS
from geodata.errors import InputProblems
from geodata.published.catalogue import DAYS_PER_MONTH
from geodata.tables.columns import plain_name

if TYPE_CHECKING:
    from geodata.published.catalogue import Catalogue, PublishedFile

_TOLD_BY = (
    ("networks", "commissioner"),
    ("practice_map", "commissioner"),
    ("practice_map", "board"),
    ("list_sizes", "commissioner"),
    ("areas", "commissioner"),
    ("areas", "board"),
)
"""Kinds of published files, and their column of codes, in the order in which they are asked."""

_CODE_ENDING = re.compile(r"(code|codeh|cdh|cd)$")
_SMALL = frozenset(["and", "of", "the", "in", "on", "upon", "with", "le", "under", "by"])
_INITIALS = frozenset(["NHS", "CCG", "ICB", "PCT", "STP", "UK"])


def commissioner_name(catalogue: Catalogue, code: str, day: date | None = None) -> str:
    """The name of a sub-ICB (CCG) or ICB in plain capitals, such as "NHS Dorset CCG"; empty where no file tells it.

    Files within a year of the day are asked first: a code may have been kept by a commissioner of another name.
    """
    told = [(file, ours) for kind, ours in _TOLD_BY for file in catalogue.of(kind)]
    for file, ours in sorted(told, key=lambda one: not _within_a_year(one[0], day)):
        for name in _names_in(file, ours, code):
            return in_plain_capitals(name)
    return ""


def all_names(catalogue: Catalogue, codes: Collection[str]) -> dict[str, str]:
    """The names of many commissioners, as far as any file tells them; sorted by code."""
    found: dict[str, str] = {}
    for kind, ours in _TOLD_BY:
        for file in catalogue.of(kind):
            for code, name in _beside(file, ours).items():
                if code in codes:
                    found.setdefault(code, in_plain_capitals(name))
    return dict(sorted(found.items()))


def _beside(file: PublishedFile, ours: str) -> dict[str, str]:
    """Code -> name of every commissioner in a file; of several names of a code the most frequent."""
    at = _columns_of(file, ours)
    if at is None:
        return {}
    try:
        rows = file.read({"code": at[0], "name": at[1]})
    except InputProblems:  # told where the file is read for its own sake
        return {}
    rows = rows[(rows["code"] != "") & (rows["name"] != "")].groupby(["code", "name"], sort=True).size()
    return {str(code): str(name) for code, name in rows.sort_values(kind="stable").index}


def _within_a_year(file: PublishedFile, day: date | None) -> bool:
    away = file.vintage.days_from(day) if day is not None else None
    return away is not None and away <= WITHIN_MONTHS * DAYS_PER_MONTH


def _names_in(file: PublishedFile, ours: str, code: str) -> Iterator[str]:
    """The name beside a code that most rows of a file tell, if its table has such a column."""
    at = _columns_of(file, ours)
    if at is None:
        return
    try:
        rows = file.read({"code": at[0], "name": at[1]}, only=("code", {code, f"{code}00"}))
    except InputProblems:  # told where the file is read for its own sake
        return
    named = rows.loc[rows["name"] != "", "name"].value_counts().sort_index(kind="stable")
    if len(named):
        yield str(named.idxmax())


def _columns_of(file: PublishedFile, ours: str) -> tuple[int, int] | None:
    """Where the codes stand and the names beside them; None where the table has no such columns."""
    at = file.columns.get(ours)
    header = [plain_name(name) for name in file.table.header]
    if at is None or at >= len(header):
        return None
    stem = _CODE_ENDING.sub("", header[at])
    beside = next((i for i, name in enumerate(header) if i != at and name in {f"{stem}name", f"{stem}nm"}), None)
    return None if beside is None else (at, beside)


def in_plain_capitals(name: str) -> str:
    """A name that stands in capitals as it would be written: "NHS STOKE-ON-TRENT CCG" as "NHS Stoke-on-Trent CCG"."""
    name = " ".join(name.split())
    if not name.isupper():
        return name
    words = re.split(r"([ \-&/]+)", name)
    return "".join(_word(word, first=i == 0) for i, word in enumerate(words))


def _word(word: str, *, first: bool) -> str:
    if word in _INITIALS:
        return word
    if word.lower() in _SMALL and not first:
        return word.lower()
    return word.capitalize()
