"""From when a published table is: told by what it holds, else by its name."""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal

from geodata.tables.columns import plain_name

_MONTHS = {name.casefold(): number for number, name in enumerate(calendar.month_name) if name} | {
    name.casefold(): number for number, name in enumerate(calendar.month_abbr) if name
}
_MONTHS["sept"] = 9
_MONTH = "|".join(sorted(_MONTHS, key=len, reverse=True))
_GAP = r"[-_ ./]*"
_YEAR = r"(?P<year>(?:19|20)\d\d)"
_SHORT = r"(?P<year>(?:19|20)\d\d|\d\d)"
_PATTERNS = tuple(
    re.compile(rf"(?<![0-9a-z]){pattern}(?![0-9a-z])")
    for pattern in (
        rf"{_YEAR}[-_./ ]?(?P<month>0[1-9]|1[0-2])[-_./ ]?(?P<day>[0-3]\d)(?:t[\d:.]+z?)?",
        rf"(?P<day>[0-3]?\d){_GAP}(?P<name>{_MONTH}){_GAP}{_SHORT}",
        rf"(?P<day>[0-3]?\d)[-_./](?P<month>0?[1-9]|1[0-2])[-_./]{_YEAR}",
        rf"(?P<name>{_MONTH})[-_ .,/']*{_SHORT}",
        rf"{_YEAR}{_GAP}(?P<name>{_MONTH})",
        rf"{_YEAR}{_GAP}q(?P<quarter>[1-4])",
        rf"q(?P<quarter>[1-4]){_GAP}{_YEAR}",
        rf"{_YEAR}[-_./ ]?(?P<month>0[1-9]|1[0-2])",
        rf"(?:mid)?{_YEAR}",
    )
)
_COUNT_YEAR = re.compile(r"(?:pop(?:ulation)?|mid)\w*?((?:19|20)\d\d)")
_NAMED_YEAR = re.compile(r"\b((?:19|20)\d\d)\b")
_CODE_YEAR = re.compile(r"[a-z]+(\d\d)(?:cd|nm|cdh|code|name)")

Told = Literal["content", "name", "unknown"]


@dataclass(frozen=True)
class Vintage:
    """The days a table speaks for, as narrowly as it is told.

    Parameters
    ----------
    first, last
        First and last day; None when nothing tells.
    told
        By what: what the table holds, the file's name, or nothing.
    """

    first: date | None = None
    last: date | None = None
    told: Told = "unknown"

    def __str__(self) -> str:
        """A day (2021-01-04), a month (2016-02), a quarter (2016 Q1), a year (2022), a span, or "undated"."""
        first, last = self.first, self.last
        if first is None or last is None:
            return "undated"
        if first == last:
            return first.isoformat()
        if first.day == 1 and (last + timedelta(days=1)).day == 1 and first.year == last.year:
            months = last.month - first.month + 1
            if months == 1:
                return f"{first:%Y-%m}"
            if months == 3 and first.month % 3 == 1:
                return f"{first.year} Q{first.month // 3 + 1}"
            if months == 12:
                return str(first.year)
        return f"{first.isoformat()} to {last.isoformat()}"

    def days_from(self, when: date) -> int | None:
        """Days between the span and a day: 0 inside, None when undated."""
        if self.first is None or self.last is None:
            return None
        return max(0, (self.first - when).days, (when - self.last).days)


UNDATED = Vintage()


def when_of(text: str, told: Told = "name") -> Vintage:
    """The most precise date that a text holds; of several equally precise ones the latest.

    Read are 04JAN2021, 2021-01-04, 20210104, 01/04/2016 (day first), April 2021, October-23, MAY_2025, 2016Q1, 2016-02
    and 2022.
    """
    plain = re.sub(r"(?<=[a-z])(?=\d)|(?<=\d)(?=[a-z])", " ", text.casefold().replace("_", " "))
    for candidate in (text.casefold().replace("_", " "), plain):
        for pattern in _PATTERNS:
            spans = [span for match in pattern.finditer(candidate) if (span := _span(match.groupdict()))]
            if spans:
                first, last = max(spans, key=lambda span: (span[1], span[0]))
                return Vintage(first, last, told)
    return UNDATED


def _span(parts: dict[str, str | None]) -> tuple[date, date] | None:
    year = int(parts["year"] or 0)
    year += 2000 if year < 100 else 0
    if not 1900 <= year <= 2100:
        return None
    if parts.get("quarter"):
        start = 3 * int(parts["quarter"] or 1) - 2
        return date(year, start, 1), _month_end(year, start + 2)
    number = parts.get("month")
    month = int(number) if number else _MONTHS.get(parts.get("name") or "")
    if month is None:
        return date(year, 1, 1), date(year, 12, 31)
    if not parts.get("day"):
        return date(year, month, 1), _month_end(year, month)
    try:
        day = date(year, month, int(parts["day"] or 0))
    except ValueError:
        return None
    return day, day


def _month_end(year: int, month: int) -> date:
    return date(year, month, calendar.monthrange(year, month)[1])


def newest(cells: Iterable[str]) -> Vintage:
    """The latest date among cells; cells without a date are passed over."""
    spans = [when_of(cell, "content") for cell in dict.fromkeys(cells) if cell]
    return max((s for s in spans if s.last), key=lambda s: (s.last, s.first), default=UNDATED)


def of_names(*names: str) -> Vintage:
    """The date in the first of several names (a sheet, a file, the archive around it) that holds one."""
    return next((found for name in names if (found := when_of(name)).last), UNDATED)


def of_columns(header: Iterable[str]) -> Vintage:
    """The year of the counts that column names say, such as pop2020."""
    years = [match for name in header for match in _COUNT_YEAR.findall(name.casefold())]
    return _year(max(map(int, years), default=0))


def of_codes(header: Iterable[str]) -> Vintage:
    """The latest year that names of columns say in brackets or in a code: "LSOA code (2011)", WD23CD."""
    plain = [name.casefold() for name in header]
    years = [int(year) for name in plain for year in _NAMED_YEAR.findall(name)]
    years += [2000 + int(match.group(1)) for name in plain if (match := _CODE_YEAR.fullmatch(plain_name(name)))]
    return _year(max((year for year in years if year <= 2060), default=0))


def _year(year: int) -> Vintage:
    return Vintage(date(year, 1, 1), date(year, 12, 31), "content") if year else UNDATED
