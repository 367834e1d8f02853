"""Days as planners write them: 2017-05-31, or 31/05/2017."""

from __future__ import annotations

import re
from datetime import date

_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ]00:00(?::00(?:\.0+)?)?)?")
_UK = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})")

FIX = "Write the day as 2017-05-31 or 31/05/2017, or leave the cell empty if it is not known."
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip


def day_of(text: str) -> date | None:
    """The day a cell says, ISO or British; None for anything else.

    Times of a spreadsheet's cell (`2017-05-31T00:00:00`) are left away.
    """
    text = text.strip()
    if found := _ISO.fullmatch(text):
        year, month, day = (int(found[k]) for k in (1, 2, 3))
    elif found := _UK.fullmatch(text):
        day, month, year = (int(found[k]) for k in (1, 2, 3))
    else:
        return None
    try:
        return date(year, month, day)
    except ValueError:
        return None


def day_words(day: date | None) -> str:
    """`31 May 2017`; `no date` for none."""
    return "no date" if day is None else f"{day.day} {MONTHS[day.month - 1]} {day.year}"
