"""Days as planners write them: 2017-05-31, 31/05/2017, 31 May 2017, or 31-May-17 as spreadsheets do."""

from __future__ import annotations

import re
from datetime import date

_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]00:00(?::00(?:\.0+)?)?)?")
_UK = re.compile(r"(\d{1,2})([/.-])(\d{1,2})\2(\d{4})")
_WORDS = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?[ -]([a-z]{3,9})\.?,?[ -](\d{4}|\d{2})", re.IGNORECASE)

FIX = "Write the day as 2017-05-31, 31/05/2017 or 31 May 2017, or leave the cell empty if it is not known."
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


def day_of(text: str) -> date | None:
    """The day a cell says, ISO or British, with the month as a number or a word; None for anything else.

    A year of two digits is taken for this century, and only beside a word: 03/04/17 can be read in several ways. Times
    of a spreadsheet's cell (`2017-05-31T00:00:00`) are left away.
    """
    text = text.strip()
    if found := _ISO.fullmatch(text):
        year, month, day = (int(found[k]) for k in (1, 2, 3))
    elif found := _UK.fullmatch(text):
        day, month, year = (int(found[k]) for k in (1, 3, 4))
    elif (found := _WORDS.fullmatch(text)) and (month := _month(found[2])):
        day, year = int(found[1]), int(found[3])
        year += 2000 if len(found[3]) == 2 else 0
    else:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def _month(word: str) -> int:
    """The number of a month by its name or the first three letters (or Sept); 0 for anything else."""
    said = "sep" if word.casefold() == "sept" else word.casefold()
    return next((i for i, name in enumerate(MONTHS, 1) if said in {name.casefold(), name[:3].casefold()}), 0)


def day_words(day: date | None) -> str:
    """`31 May 2017`; `no date` for none."""
    return "no date" if day is None else f"{day.day} {MONTHS[day.month - 1]} {day.year}"
