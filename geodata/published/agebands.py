"""Age bands in the published lists: "Male 0-4", "FEMALE_95+", "65_69", "All", a single year."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

Sex = Literal["all", "male", "female", "other"]

OLDEST = 150
"""The upper end of an open band such as 95+."""

_SEXES: dict[str, Sex] = {
    **dict.fromkeys(["male", "males", "men", "m", "man"], "male"),
    **dict.fromkeys(["female", "females", "women", "f", "woman"], "female"),
    **dict.fromkeys(["all", "total", "totals", "persons", "person", "both", "people", "t", "p"], "all"),
    **dict.fromkeys(["other", "unknown", "indeterminate", "unspecified", "u", "i"], "other"),
}
_FILLERS = frozenset(
    ["age", "aged", "ages", "band", "group", "years", "year", "yrs", "yr", "to", "and", "of", "patients", "in"]
)
_OPEN_END = frozenset(["+", "plus", "over", "above", "older"])
_TOKEN = re.compile(r"[a-z]+|[0-9]+|\+|[^a-z0-9+]+")


@dataclass(frozen=True)
class Band:
    """People of one sex from `low` to `high` years, both included; `low` None: of all ages."""

    sex: Sex
    low: int | None
    high: int | None


def sex_of(text: str) -> Sex | None:
    """The sex a cell names, an empty cell meaning all; None where it names none."""
    words = re.findall(r"[a-z]+", text.casefold())
    if not text.strip():
        return "all"
    known = {_SEXES[word] for word in words if word in _SEXES}
    return known.pop() if len(known) == 1 else None


def ages_of(text: str) -> tuple[int, int] | Literal["unread"] | None:
    """The ages a cell names: (low, high), None for all ages, "unread" where it is no age."""
    tokens = _tokens(text)
    numbers = [int(token) for token in tokens if token.isdigit()]
    words = [token for token in tokens if not token.isdigit()]
    if not numbers:
        return None if all(word in _FILLERS or _SEXES.get(word) == "all" for word in words) else "unread"
    if any(word not in _FILLERS and word not in _OPEN_END for word in words):
        return "unread"
    return _span(numbers, open_end=any(word in _OPEN_END for word in words)) or "unread"


def band_of(name: str) -> Band | None:
    """The band a column's name tells, or None: "Male 0-4", "Total_All", "65+", "Female Aged 95 and over"."""
    tokens = _tokens(name)
    words = [token for token in tokens if not token.isdigit()]
    numbers = [int(token) for token in tokens if token.isdigit()]
    sexes = {_SEXES[word] for word in words if len(word) > 1 and word in _SEXES}
    if any(word not in _FILLERS and word not in _OPEN_END and word not in _SEXES for word in words):
        return None
    if len(sexes - {"all"}) > 1 or any(len(word) == 1 and word != "+" for word in words):
        return None
    sex: Sex = next(iter(sexes - {"all"}), "all")
    if not numbers:
        return Band(sex, None, None) if sexes else None
    said_so = bool(sexes) or any(word in _FILLERS for word in words)
    span = _span(numbers, open_end=any(word in _OPEN_END for word in words))
    if span is None or not (said_so or len(numbers) == 2 or span[1] == OLDEST):
        return None
    return Band(sex, *span)


def find_bands(header: Sequence[str], taken: Iterable[int] = ()) -> dict[int, Band]:
    """The bands among a file's columns, by position; columns already known by another name are passed over."""
    known = set(taken)
    found = {at: band_of(name) for at, name in enumerate(header) if at not in known}
    return {at: band for at, band in found.items() if band is not None}


def whole(bands: Mapping[int, Band], sex: Sex) -> dict[int, Band]:
    """The bands of one sex if they follow one another without gap from birth to an open end, else none."""
    mine = {at: band for at, band in bands.items() if band.sex == sex and band.low is not None}
    expected = 0
    for band in sorted(mine.values(), key=lambda band: band.low or 0):
        if band.low != expected or band.high is None:
            return {}
        expected = band.high + 1
    return mine if expected == OLDEST + 1 else {}


def _tokens(text: str) -> list[str]:
    """Words and numbers; separators are dropped."""
    return [token for token in _TOKEN.findall(text.casefold()) if re.fullmatch(r"[a-z]+|[0-9]+|\+", token)]


def _span(numbers: Sequence[int], *, open_end: bool) -> tuple[int, int] | None:
    """From one or two numbers to a span of ages."""
    if len(numbers) == 1 and numbers[0] < OLDEST:
        return numbers[0], OLDEST if open_end else numbers[0]
    if len(numbers) == 2 and numbers[0] <= numbers[1] < OLDEST and not open_end:
        return numbers[0], numbers[1]
    return None
