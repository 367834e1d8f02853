"""Refuse columns about single people: the program needs counts only, and what it has not read it cannot pass on.

A column is judged by its name and by what is in it, whether or not the program would use it. Files of practices hold
addresses, postcodes, telephone numbers and dates too: those pass. No message ever says what stands in a cell.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from geodata.errors import Finding
from geodata.tables.columns import plain_name
from geodata.tables.content import cell_text

CODE = "personal-data"
SAMPLE = 2_000
"""Cells of a column that are looked at, evenly spread over its rows."""

FEWEST = 4
"""So many different values at least: one in eleven numbers of ten digits passes the check of NHS numbers by chance."""

NEARLY_ALL = 0.9
FEWEST_DATES = 20
"""Dates of birth are told from dates of opening by how they are spread, which a few do not show."""

YEARS_APART = 50
OLD = 1955
OLD_SHARE = 0.15
DIFFERENT_SHARE = 0.6
"""Dates of birth reach over 50 years, some of them are before 1955, and most of them differ."""

FEWEST_REPEATED = 50
"""Rows without a count, so many of them repeating practice and area, are taken for one row a person."""

_FEW_EACH = 5
"""Postcodes for each practice that may be those of its buildings."""

_PERSON = r"(?:patient|resident|client|carer|service user|next of kin)"
_REACHED = r"(?:addr|address\w*|postcode|post code|pcds?|phone|telephone|tel|mobile|email|e mail)"
_NAMED = (
    r"(?:(?:full|first|fore|last|sur|given|family) )?"
    r"(?:name|names|surname|forename|initials|identifier|id|ref|reference)"
)
_NUMBERS = "NHS numbers"
_BORN = "dates of birth"
_SINGLE = "particulars of single people"
_HOME = "home addresses"
_NAMES: tuple[tuple[str, str], ...] = (
    (_NUMBERS, r"\bnhs (?:number|no|num|nr|id)\b(?! of\b)|\bnhs(?:number|no|num|id)\b"),
    (_NUMBERS, r"\b(?:chi|h c|hospital) (?:number|no)\b|\bmrn\b|\bhcn\b"),
    ("National Insurance numbers", r"\bnino\b|national insurance|\bni (?:number|no)\b"),
    (_BORN, r"\bdob\b|\bd o b\b|\byob\b|\bbirth ?(?:date|day|year)\b|\b(?:date|year) ?of ?birth\b|^born$|\bborn on\b"),
    (_SINGLE, rf"\b{_PERSON}(?: s|s)? (?:home )?(?:{_NAMED}|{_REACHED})\b"),
    (_SINGLE, rf"\b(?:name|{_REACHED}) of (?:the )?{_PERSON}s?\b"),
    (_SINGLE, r"\b(?:pat|person) (?:id|ref|identifier)\b|\bpassport (?:number|no)\b|\bmaiden name\b"),
    (_SINGLE, r"\bnext of kin\b|^patients?(?:home)?(?:name|surname|forename|address|postcode|phone|email|id)$"),
    (_HOME, rf"(?<!care )(?<!nursing )(?<!residential )(?<!retirement )\bhome {_REACHED}\b"),
    (_HOME, r"\bresidential (?:address\w*|postcode)\b|\baddress of residence\b|\bplace of residence\b"),
)
"""What a column is taken to hold by its name, in small words; a care home is nobody's secret."""

_BESIDE = re.compile(
    r"(?:surname|forenames?|(?:first|last|given|family|middle) name|title|sex|gender|street|"
    rf"(?:home )?address\w*(?: line)?(?: ?\d)?|{_REACHED})"
)
"""Columns that are about single people where another column of the file is."""

_HOW_MANY = re.compile(r"\b(?:share|counts?|rate|percent|percentage|proportion|consultations?|clinics?)$")
"""How the name of a column ends that holds numbers or shares of people, whatever comes before."""

_APART = r"[ .\-]{1,2}"
_NHS = re.compile(
    rf"(?<![\d.,])(?:\d{{10}}(?:\.0+)?|\d{{3}}{_APART}\d{{3}}{_APART}\d{{4}}|\d{{4}}{_APART}\d{{3}}{_APART}\d{{3}}"
    rf"|\d{{9}}{_APART}\d|\d(?:,\d{{3}}){{3}})(?!\d)"
)
"""Ten digits that stand by themselves, in one or in three parts, also inside a text."""

_CALLED_NHS = re.compile(r"\bnhs\W{0,3}(?:no|num|number|id)?\W{0,3}$", re.IGNORECASE)
_EXPONENT = re.compile(r"\d\.\d{9}e\+?0?9", re.IGNORECASE)
_NINO = re.compile(r"[A-CEGHJ-PR-TW-Z]{2}[ -]?\d{2}[ -]?\d{2}[ -]?\d{2}[ -]?[A-D]", re.IGNORECASE)
_POSTCODE = re.compile(r"[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2}", re.IGNORECASE)
_DATES = (
    (re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})(?:[T ].*)?"), (0, 1, 2)),
    (re.compile(r"(\d{4})[/.](\d{1,2})[/.](\d{1,2})"), (0, 1, 2)),
    (re.compile(r"(\d{4})(\d{2})(\d{2})"), (0, 1, 2)),
    (re.compile(r"(\d{2})(\d{2})(\d{4})"), (2, 1, 0)),
    (re.compile(r"(\d{1,2}) ?[/.-] ?(\d{1,2}) ?[/.-] ?(\d{4}|\d{2})(?: .*)?"), (2, 1, 0)),
    (re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4}|\d{2})(?: .*)?"), (2, 0, 1)),
)
"""How dates are written, and where year, month and day stand; the first that makes a day is taken."""

_NAMED_MONTH = (
    (
        re.compile(r"(?:[a-z]+,? )?(\d{1,2})(?:st|nd|rd|th)?[ -]?([a-z]{3})[a-z]*\.?,?[ -]?(\d{4}|\d{2})", re.I),
        (2, 1, 0),
    ),
    (re.compile(r"([a-z]{3})[a-z]*\.? (\d{1,2})(?:st|nd|rd|th)?,? (\d{4}|\d{2})", re.I), (2, 0, 1)),
)
_CENTURY = 30
"""A year of two digits from here on is of the last century."""

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


@dataclass(frozen=True)
class _Found:
    """What a column seems to hold, and why."""

    what: str
    why: str


def personal_findings(
    header: Sequence[str], column: Callable[[int], Sequence[Any]], file: str, *, row: int | None = 1
) -> list[Finding]:
    """One error for every column that seems to hold data of single people.

    Parameters
    ----------
    header
        Names of all columns of the file.
    column
        Gives the cells of a column by its position.
    file
        Name of the file, for the findings.
    row
        Row of the header, for the findings.
    """
    found: dict[int, _Found] = {}
    for position, name in enumerate(header):
        about = _by_name(name) or _by_header_cell(name) or _by_content(_sample(column(position)))
        if about is not None:
            found[position] = about
    if found:
        found |= {
            position: _Found("particulars of single people", "it stands beside a column that is about single people")
            for position, name in enumerate(header)
            if position not in found and _BESIDE.fullmatch(_words(name))
        }
    return [_finding(header, position, about, file, row) for position, about in sorted(found.items())]


def one_row_a_person(keys: Sequence[Sequence[str]], file: str) -> list[Finding]:
    """An error where rows without a count repeat the same practice and area again and again.

    Parameters
    ----------
    keys
        The columns that name a row, equally long.
    file
        Name of the file.
    """
    rows = list(zip(*keys, strict=True))
    repeated = len(rows) - len(set(rows))
    if repeated < FEWEST_REPEATED or repeated < 0.2 * len(rows):
        return []
    message = (
        f"The table looks like one row a person: it has no count of patients, and {repeated:,} of {len(rows):,} rows "
        "repeat a practice and area."
    )
    fix = "Give one row for each practice and area with the number of patients; the program needs counts only."
    return [Finding("error", file, message, fix, code=CODE)]


def patients_by_postcode(
    practices: Sequence[str],
    header: Sequence[str],
    column: Callable[[int], Sequence[Any]],
    file: str,
    *,
    row: int | None = 1,
) -> list[Finding]:
    """An error for a column of a table of patients that holds full postcodes, many for one practice.

    Parameters
    ----------
    practices
        The practice of each row.
    header, column, file, row
        As for `personal_findings`.
    """
    few = _FEW_EACH * len(set(practices))
    findings = []
    for position in range(len(header)):
        cells = _sample(column(position))
        if len(set(cells)) > few and _most(cells, lambda cell: _POSTCODE.fullmatch(cell) is not None):
            why = f"{_how_many(cells)} are like AA9 9AA, many for one practice"
            findings.append(_finding(header, position, _Found("postcodes of patients", why), file, row))
    return findings


def _finding(header: Sequence[str], position: int, about: _Found, file: str, row: int | None) -> Finding:
    """The error; a column whose name is itself such a value is named by its number."""
    name = header[position]
    called = f"number {position + 1}" if _by_header_cell(name) is not None else name
    return Finding(
        "error",
        file,
        f"This column seems to hold {about.what}: {about.why}. Nothing of the file was read.",
        "Remove the column from the file; the program needs counts only.",
        row=row,
        column=called,
        code=CODE,
    )


def _words(name: str) -> str:
    """A name as small words with single blanks: `NHSNumber`, `nhs_number` and `NHS No.` alike."""
    split = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", " ", str(name).replace("#", " number "))
    return " ".join(re.sub(r"[^0-9a-z]+", " ", split.casefold()).split())


def _by_name(name: str) -> _Found | None:
    for words in dict.fromkeys((_words(name), plain_name(str(name)))):
        for what, pattern in _NAMES:
            if re.search(pattern, words) and not (what in {_SINGLE, _HOME} and _HOW_MANY.search(words)):
                return _Found(what, "its name says so")
    return None


def without_personal_value(finding: Finding) -> Finding:
    """The finding without its value where that holds a number of a single person."""
    return replace(finding, value=None) if holds_personal_number(finding.value or "") else finding


def holds_personal_number(text: str) -> bool:
    """Whether a text holds a number that passes the check of NHS numbers, or is like a National Insurance number."""
    text = _as_typed(text)
    return _NINO.search(text) is not None or any(map(is_nhs_number, _numbers_in(text)))


def _numbers_in(text: str) -> list[str]:
    """Numbers of ten digits within a text, as it writes them."""
    return [_without_decimals(found.group()) for found in _NHS.finditer(text)]


def _without_decimals(number: str) -> str:
    return number[:10] if number[:10].isdigit() else number


def _as_typed(text: str) -> str:
    """A text with plain digits, blanks and hyphens, and without characters that are not seen."""
    text = unicodedata.normalize("NFKC", text)
    text = "".join(mark for mark in text if unicodedata.category(mark) != "Cf")
    return re.sub(r"[\u2010-\u2015\u2212]", "-", text)


def _by_header_cell(name: str) -> _Found | None:
    """A file without column names begins with the data themselves."""
    text = _as_typed(str(name)).strip()
    if _NHS.fullmatch(text) and is_nhs_number(text):
        return _Found("NHS numbers", "in the place of its name stands a number of ten digits that is one")
    if _NINO.fullmatch(text):
        return _Found("National Insurance numbers", "in the place of its name stands one")
    return None


def _sample(values: Sequence[Any]) -> list[str]:
    """Cells as text, evenly spread over the column, without empty ones."""
    step = max(1, -(-len(values) // SAMPLE))
    cells = (cell_text(value) for value in values[::step])
    return [cell for cell in cells if cell]


def _by_content(cells: list[str]) -> _Found | None:
    # whatever a person is known by has digits: words such as "unknown" between them do not count
    cells = [_as_typed(cell).strip("'\"=; ") for cell in cells if any(mark.isdigit() for mark in cell)]
    numbers, called = _ten_digits(cells)
    if called:
        return _Found("NHS numbers", "a cell holds a number that is called so and passes the check of NHS numbers")
    if len(set(numbers)) >= FEWEST and _most(numbers, is_nhs_number):
        return _Found("NHS numbers", f"{_how_many(numbers)} like 999 999 9999 pass the check of NHS numbers")
    if len(set(cells)) < FEWEST:
        return None
    if _most(cells, lambda cell: _NINO.fullmatch(cell) is not None):
        return _Found("National Insurance numbers", f"{_how_many(cells)} are like AA 99 99 99 A")
    if len(cells) >= FEWEST_DATES and _like_births(cells):
        return _Found("dates of birth", f"{_how_many(cells)} are days spread over a lifetime")
    return None


def _ten_digits(cells: Sequence[str]) -> tuple[list[str], bool]:
    """Numbers of ten digits, also inside texts, and whether one that passes the check is called an NHS number."""
    numbers: list[str] = []
    called = False
    for cell in cells:
        if _EXPONENT.fullmatch(cell):
            numbers.append(f"{float(cell):.0f}")
            continue
        for found in _NHS.finditer(cell):
            number = _without_decimals(found.group())
            numbers.append(number)
            called |= _CALLED_NHS.search(cell[: found.start()]) is not None and is_nhs_number(number)
    return numbers, called


def _how_many(cells: Iterable[str]) -> str:
    return f"nearly all of {len(list(cells)):,} cells looked at"


def _most(cells: Sequence[str], test: Callable[[str], bool]) -> bool:
    """Whether nearly all cells pass; gives up as soon as too many have not."""
    most_failed = len(cells) * (1 - NEARLY_ALL)
    failed = 0
    for cell in cells:
        if not test(cell):
            failed += 1
            if failed > most_failed:
                return False
    return True


def is_nhs_number(text: str) -> bool:
    """Whether ten digits (blanks and hyphens allowed) pass the modulus 11 check of NHS numbers.

    Source: NHS Data Model and Dictionary, NHS NUMBER: weights 10 to 2, eleven less the remainder is the last digit.
    """
    digits = [int(mark) for mark in text if mark.isdigit()]
    if len(digits) != 10 or len(set(digits)) == 1:
        return False
    check = 11 - sum(weight * digit for weight, digit in zip(range(10, 1, -1), digits, strict=False)) % 11
    return (0 if check == 11 else check) == digits[9]


def _like_births(cells: Sequence[str]) -> bool:
    if not _most(cells, lambda cell: _day(cell) is not None):
        return False
    days = [day for cell in cells if (day := _day(cell)) is not None]
    years = [day.year for day in days]
    return (
        min(years) >= 1900
        and max(years) - min(years) >= YEARS_APART
        and sum(year < OLD for year in years) >= OLD_SHARE * len(years)
        and len(set(days)) >= DIFFERENT_SHARE * len(days)
    )


def _day(text: str) -> date | None:
    """A day, None for anything else."""
    for pattern, order in (*_DATES, *_NAMED_MONTH):
        if (found := pattern.fullmatch(text)) and (day := _as_date(*(found[part + 1] for part in order))):
            return day
    return None


def _as_date(year: str, month: str, day: str) -> date | None:
    """The day that three texts stand for; the month is a number or begins like its name."""
    if not month.isdigit():
        month = str(_MONTHS.index(month.casefold()) + 1) if month.casefold() in _MONTHS else "0"
    full = int(year) if len(year) > 2 else int(year) + (1900 if int(year) >= _CENTURY else 2000)
    try:
        return date(full, int(month), int(day))
    except ValueError:
        return None
