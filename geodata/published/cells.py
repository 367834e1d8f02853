"""How single cells of the published NHS tables read: codes, postcodes, dates and counts, in all their spellings.

A cell is parsed once per distinct text, so that a table of a million rows costs no more than its vocabulary.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from geodata.errors import Finding, Severity
from geodata.tables.content import clip

if TYPE_CHECKING:
    from geodata.published.catalogue import PublishedFile

SHOWN_SINGLY = 20
"""Findings of one kind about one column that are told singly; the rest is counted."""

PRACTICE_CODE = re.compile(r"[A-Z][A-Z0-9]{1,2}[0-9]{3}")
"""A practice in the Organisation Data Service: J81012, Y02650, and ALD200 on the Channel Islands."""

SITE_CODE = re.compile(r"[A-Z][A-Z0-9]{4,9}")
"""A branch: its parent's code and three digits (J81006001), or a code of its own."""

EARLIEST, LATEST = date(1850, 1, 1), date(2199, 12, 31)
"""Dates outside this range are misprints."""

_EXCEL_EPOCH = date(1899, 12, 30)
_WRITTEN_DATES = ("%Y-%m-%d", "%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y", "%d%b%Y", "%d-%b-%Y", "%d-%b-%y", "%d %b %Y")
_WRITTEN_DATES += ("%d %B %Y", "%Y/%m/%d", "%d/%m/%y")
_COUNT = re.compile(r"[0-9]{1,12}(\.0*)?|[0-9]{1,3}(,[0-9]{3}){1,3}(\.0*)?")
_WITHHELD = frozenset(
    ["", "*", "**", "-", "--", "\u2013", "\u2014", "c", "[c]", "x", "[x]", ":", "..", "n/a", "na", "null", "suppressed"]
)
_SMALL = re.compile(r"(<|&lt;|less than)\s*[0-9]+")


@dataclass(frozen=True)
class Origin:
    """Where a table came from, for messages: its label, and our columns as the file spells them."""

    file: str
    columns: Mapping[str, str]

    def spelled(self, column: str) -> str:
        """A column as the file spells it."""
        return self.columns.get(column, column)


def origin_of(file: PublishedFile) -> Origin:
    """Where a recognised file's cells come from; columns of a file without header are named by their number."""
    header = file.table.header
    named = {
        ours: header[at] if 0 <= at < len(header) and header[at] else f"column {at + 1}"
        for ours, at in file.columns.items()
    }
    return Origin(file.table.label, named)


def tell(
    origin: Origin,
    severity: Severity,
    values: pd.Series[Any],
    message: str,
    fix: str,
    code: str,
    *,
    column: str | None = None,
) -> list[Finding]:
    """Tell some rows one by one, and count those beyond `SHOWN_SINGLY`.

    Parameters
    ----------
    values
        The offending cells; the index holds the rows as a spreadsheet counts them.
    message, fix
        The sentences of the findings; `{value}` in the message stands for the cell.
    column
        Our column, told as the file spells it.
    """
    name = origin.spelled(column) if column else None
    shown = values.iloc[:SHOWN_SINGLY]
    findings = [
        Finding(
            severity,
            origin.file,
            message.replace("{value}", clip(str(value))),
            fix,
            int(row),
            name,
            clip(str(value)),
            code,
        )
        for row, value in zip(shown.index, shown, strict=True)
    ]
    more = len(values) - len(shown)
    if more:
        text = f"{more:,} more rows like the {len(shown)} above: " + message.replace("{value}", "the cell")
        findings.append(Finding(severity, origin.file, text, fix, column=name, code=code))
    return findings


def by_value(cells: pd.Series[Any], parse: Callable[[str], Any], dtype: Any = object) -> pd.Series[Any]:
    """Parse each distinct text once."""
    numbers, distinct = pd.factorize(cells.fillna("").astype(object))
    parsed = np.empty(len(distinct), dtype=dtype)
    for at, text in enumerate(distinct):
        parsed[at] = parse(str(text))
    return pd.Series(parsed[numbers], index=cells.index, dtype="str" if dtype is object else dtype)


def column(raw: pd.DataFrame, name: str) -> pd.Series[Any]:
    """A column, or empty cells where the file has none."""
    return raw[name] if name in raw else pd.Series("", index=raw.index, dtype="str")


def tidy_code(text: str) -> str:
    """A code in upper case without blanks."""
    return "".join(text.split()).upper()


def tidy_name(text: str) -> str:
    """A name with single blanks and no line breaks."""
    return " ".join(text.split())


def tidy_postcode(text: str) -> str:
    """A postcode as it is written: upper case, one blank before the last three characters."""
    plain = tidy_code(text)
    return f"{plain[:-3]} {plain[-3:]}" if re.fullmatch(r"[A-Z]{1,2}[0-9][A-Z0-9]?[0-9][A-Z]{2}", plain) else plain


def tidy_commissioner(text: str) -> str:
    """A commissioner's code; the prescribing tables write 11J as 11J00."""
    plain = tidy_code(text)
    return plain[:3] if len(plain) == 5 and plain.endswith("00") else plain


def codes(cells: pd.Series[Any]) -> pd.Series[Any]:
    """Codes in upper case without blanks."""
    return by_value(cells, tidy_code)


def names(cells: pd.Series[Any]) -> pd.Series[Any]:
    """Names with single blanks."""
    return by_value(cells, tidy_name)


def postcodes(cells: pd.Series[Any]) -> pd.Series[Any]:
    """Postcodes in upper case, with one blank."""
    return by_value(cells, tidy_postcode)


def well_formed(cells: pd.Series[Any], pattern: re.Pattern[str]) -> pd.Series[bool]:
    """Which codes have the form of their kind."""
    return by_value(cells, lambda text: pattern.fullmatch(text) is not None, bool)


def parse_date(text: str) -> str | None:
    """A date as YYYYMMDD, "" for an empty cell, None for what is no date.

    Read are 20191001, 20191001.0, 2019-10-01 (with a time of day, too), 01/10/2019 (day first), 01OCT2019,
    01-Oct-19, and the day numbers of a spreadsheet (43739).
    """
    plain = tidy_name(text)
    plain = re.sub(r"\.0*$", "", plain)
    if plain.casefold() in {"", "null", "none", "nan", "nat", "n/a", "-"}:
        return ""
    plain = re.sub(r"[T ][0-9]{1,2}:[0-9]{2}(:[0-9]{2}(\.[0-9]+)?)?(Z|[+-][0-9:]+)?$", "", plain)
    found = _as_day(plain)
    return found.strftime("%Y%m%d") if found and EARLIEST <= found <= LATEST else None


def _as_day(plain: str) -> date | None:
    if re.fullmatch(r"[0-9]{8}", plain):
        return _by_format(plain, "%Y%m%d")
    if re.fullmatch(r"[0-9]{5}", plain):
        return _EXCEL_EPOCH + timedelta(days=int(plain))
    for form in _WRITTEN_DATES if re.search(r"[-/. A-Za-z]", plain) else ():
        found = _by_format(plain, form)
        if found:
            return found
    return None


def _by_format(text: str, form: str) -> date | None:
    try:
        return datetime.strptime(text, form).date()  # a calendar day has no time zone
    except ValueError:
        return None


def dates(cells: pd.Series[Any], origin: Origin, column: str, findings: list[Finding]) -> pd.Series[Any]:
    """Dates as YYYYMMDD; what is no date is told and left empty."""
    parsed = by_value(cells, lambda text: "?" if (found := parse_date(text)) is None else found)
    unread = parsed == "?"
    findings += tell(
        origin,
        "warning",
        cells[unread],
        "This is not a date; it is treated as empty.",
        "Write it as 20160229 or 2016-02-29.",
        "bad-date",
        column=column,
    )
    return parsed.mask(unread, "")


def day_text(text: str) -> str:
    """20150930 as 2015-09-30, for people."""
    return f"{text[:4]}-{text[4:6]}-{text[6:]}" if len(text) == 8 else text


def parse_count(text: str) -> float:
    """A count of people: NaN where it is withheld (empty, "*", "-", "<5"), minus infinity where it is no count."""
    plain = text.strip()
    if _COUNT.fullmatch(plain):
        return float(plain.replace(",", ""))
    if plain.casefold() in _WITHHELD or _SMALL.fullmatch(plain.casefold()):
        return math.nan
    return -math.inf


def counts(cells: pd.Series[Any]) -> tuple[pd.Series[float], pd.Series[bool]]:
    """Counts of people, and which cells are no count.

    Returns
    -------
    numbers
        Counts, NaN where they are withheld or no count.
    unread
        Which cells hold something that is neither a count nor a mark for a withheld one.
    """
    numbers = by_value(cells, parse_count, np.float64)
    unread = numbers == -math.inf
    return numbers.mask(unread), unread


def well_coded(
    frame: pd.DataFrame,
    origin: Origin,
    key: str,
    form: re.Pattern[str],
    message: str,
    fix: str,
    findings: list[Finding],
) -> pd.DataFrame:
    """Leave out, and tell, the rows whose code has not the form of a code; `message` may hold `{value}`."""
    good = well_formed(frame[key], form)
    findings += tell(origin, "warning", frame[key][~good], message, fix, "malformed-code", column=key)
    return frame[good]
