"""Which columns of a published table of small areas tell what (the words stand in `area_columns.toml`)."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from geodata.published.ages import AgeColumns, age_columns
from geodata.tables.columns import plain_name

AREA_CODE = re.compile(r"[EWS]0[01][0-9]{6}")
"""Code of an output area (`E00...`) or of a lower-layer super output area (`E01...`); `S` are Scottish data zones."""

LAST_LSOA_2011 = "E01033768"
"""The last code of an English LSOA of 2011; areas that were changed for 2021 were given later ones."""

TEXT_COLUMNS = ("name", "rural_urban", "authority_code", "authority", "commissioner", "board")
COUNT_COLUMNS = (
    "population",
    "population_65_plus",
    "population_75_plus",
    "population_85_plus",
    "population_children",
)
NUMBER_COLUMNS = (*COUNT_COLUMNS, "deprivation_decile", "no_car_share", "x", "y")
AREA_COLUMNS = (
    "name",
    *COUNT_COLUMNS,
    "rural_urban",
    "deprivation_decile",
    "no_car_share",
    "x",
    "y",
    "point_kind",
    "authority_code",
    "authority",
    "commissioner",
    "board",
)
"""The columns of a table of areas, in the order they are written."""

_MOSTLY = 0.5
"""A column holds area codes when at least this share of its sampled cells does."""


@dataclass(frozen=True)
class AreaColumns:
    """Where a table tells what.

    Parameters
    ----------
    code
        Position of the column of area codes.
    level
        `OA` or `LSOA`.
    position
        Our column -> position.
    year
        Our column -> year its name says.
    code_year
        2011 or 2021, or None when nothing in the table's names says.
    ages
        Columns of population by age.
    cars
        Positions of households without a car, of all households (or those with cars), for a share.
    cars_long
        Positions of the number-of-cars code and of the count, when the table has a row for each.
    """

    code: int
    level: str
    position: dict[str, int] = field(default_factory=dict)
    year: dict[str, int] = field(default_factory=dict)
    code_year: int | None = None
    ages: AgeColumns | None = None
    cars: tuple[int, tuple[int, ...], bool] | None = None
    cars_long: tuple[int, int] | None = None


@cache
def _words() -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / "area_columns.toml").read_text(encoding="utf-8"))


def full_year(digits: str | None) -> int | None:
    """2011 for `11` and `2011`; None for nothing."""
    return None if not digits else int(digits) if len(digits) == 4 else 2000 + int(digits)


def _find(plain: Sequence[str], patterns: Sequence[str]) -> tuple[int, int | None] | None:
    """Position and year of the column that fits the first pattern that any fits; the latest year, then the first."""
    for pattern in patterns:
        found = []
        for position, name in enumerate(plain):
            if match := re.fullmatch(pattern, name):
                found.append((-(full_year(match.groupdict().get("year")) or 0), position))
        if found:
            year, position = min(found)
            return position, -year or None
    return None


def _all(plain: Sequence[str], patterns: Sequence[str]) -> tuple[int, ...]:
    return tuple(i for i, name in enumerate(plain) if any(re.fullmatch(pattern, name) for pattern in patterns))


def code_columns(header: Sequence[str], sample: Sequence[Sequence[str]]) -> dict[int, str]:
    """Positions of the columns that hold codes of small areas, with their level (`OA`, `LSOA`)."""
    width = max([len(header), *(len(row) for row in sample)], default=0)
    found = {}
    for position in range(width):
        cells = [row[position].strip() for row in sample if position < len(row) and row[position].strip()]
        codes = [match.group(0) for cell in cells if (match := AREA_CODE.match(cell))]
        if codes and len(codes) >= _MOSTLY * len(cells):
            found[position] = "OA" if sum(code[2] == "0" for code in codes) * 2 > len(codes) else "LSOA"
    return found


def area_columns(header: Sequence[str], sample: Sequence[Sequence[str]], place: str = "") -> AreaColumns | None:
    """What a table of small areas tells, and where; None when it holds no codes of small areas.

    Parameters
    ----------
    header
        Names of the columns.
    sample
        Some of its records, as text.
    place
        Names of the file and sheet or layer: they may say the year of the codes, or that one sex is counted.
    """
    codes = code_columns(header, sample)
    plain = [plain_name(name) for name in header]
    if not codes:
        return None
    code = _code_column(codes, plain)
    position: dict[str, int] = {}
    year: dict[str, int] = {}
    for column in (*NUMBER_COLUMNS, "lon", "lat", *TEXT_COLUMNS):
        if (found := _find(plain, _words()[column])) and found[0] not in {code, *position.values()}:
            position[column] = found[0]
            if found[1] is not None:
                year[column] = found[1]
    for one, other in (("x", "y"), ("lon", "lat")):
        if (one in position) != (other in position):
            position.pop(one, None)
            position.pop(other, None)
    ages = age_columns(header)
    if ages is not None:
        for column in COUNT_COLUMNS:  # a column such as "75" is an age here, and "0" to "90+" are no deciles
            if position.get(column) in ages.positions:
                del position[column]
        if "population" not in position and (total := _all(plain, ("total",))):
            position["population"] = total[0]
    if one_sex(place):
        ages = None
        for column in COUNT_COLUMNS:
            position.pop(column, None)
    mid = _mid_year(place)
    if mid is not None and (ages is not None or "population" in position):
        for column in COUNT_COLUMNS:
            year.setdefault(column, mid)
    return AreaColumns(
        code,
        codes[code],
        position,
        year,
        _code_year(header, plain, code, place, sample),
        ages,
        _car_columns(plain),
        _car_rows(plain),
    )


def _code_column(codes: dict[int, str], plain: Sequence[str]) -> int:
    """The column that names a row: output areas before super output areas, the later year, then the first."""
    year = {
        i: full_year(m.group(1)) if (m := re.search(r"(20[12]1|[12]1)", name)) else 0 for i, name in enumerate(plain)
    }
    return min(codes, key=lambda i: (codes[i] != "OA", -(year.get(i) or 0), i))


_YEAR_OF_CODES = re.compile(r"(?:lsoa|oa|outputareas?)[a-z]*(2011|2021|11|21)(?![0-9])|(2011|2021)[a-z]*outputarea")


def _code_year(
    header: Sequence[str], plain: Sequence[str], code: int, place: str, sample: Sequence[Sequence[str]]
) -> int | None:
    if any(row[code].strip()[:9] > LAST_LSOA_2011 for row in sample if code < len(row) and row[code][:3] == "E01"):
        return 2021
    names = [plain[code] if code < len(plain) else "", *plain, plain_name(place)]
    for name in names:
        if match := _YEAR_OF_CODES.search(name):
            return full_year(match.group(1) or match.group(2))
    if any(re.fullmatch(r"carorvanavailability[0-9]+categories(code)?", name) for name in plain):
        return 2021  # "create a custom dataset" holds the census of 2021
    date = next((i for i, name in enumerate(plain) if name == "date"), None)
    dates = {row[date].strip() for row in sample if date is not None and date < len(row)}
    if dates in ({"2011"}, {"2021"}):
        return int(dates.pop())
    mid = _mid_year(place)
    return None if mid is None else 2011 if mid <= 2020 else 2021


def _mid_year(place: str) -> int | None:
    """The year of `Mid-2022 LSOA 2021`."""
    match = re.search(r"mid[-_ ]?(20[0-9]{2})", place.casefold())
    return int(match.group(1)) if match else None


def one_sex(place: str) -> bool:
    """Whether a sheet is named for men or women only (`Mid-2020 Males`)."""
    words = set(re.findall(r"[a-z]+", place.casefold()))
    return bool(words & {"male", "males", "female", "females"}) and not {"males", "females"} <= words


def _car_columns(plain: Sequence[str]) -> tuple[int, tuple[int, ...], bool] | None:
    words = _words()["cars"]
    none = _all(plain, words["none"])
    total = _all(plain, words["total"])
    some = _all(plain, words["some"])
    if len(none) != 1 or not (total or some):
        return None
    return (none[0], (total[0],), True) if total else (none[0], some, False)


def _car_rows(plain: Sequence[str]) -> tuple[int, int] | None:
    words = _words()["cars_long"]
    category, count = _all(plain, words["category"]), _all(plain, words["count"])
    return (category[0], count[0]) if category and count else None
