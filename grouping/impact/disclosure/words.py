"""Numbers of people within sentences."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable

from grouping.impact.disclosure.counts import is_small, rounded

SOME = "some"
"""Stands in a sentence for a number of people that is hidden."""

NOT_PUBLISHED = "Minutes for this place are not published: they could tell of a few people who live here or elsewhere."
"""Instead of the sentences about a community whose minutes are hidden."""

_RANGE = re.compile(r" \(\d+ to \d+\)")
_SHARE = re.compile(rf" \({SOME} of [^()]* people\)")
_PERCENT = re.compile(r"(?:(under|over) )?(\d+(?:\.\d+)?)% of patients")
_PAIR = re.compile(r"\b\d[\d,]* of (?=\d[\d,]* (?:people|patients)\b)")
_COUNT = re.compile(r"\b(\d{1,3}(?:,\d{3})+|\d+)(?= (?:(?:registered )?patients|people|person|of them)\b)")


def people_text(number: float) -> str:
    """A number of people as a public sentence gives it: `some` for 1 to 7, else to the nearest 5.

    Only for a number that stands alone; for those of tables see `PublicTables.people_text`.
    """
    return SOME if math.isnan(number) or is_small(number) else f"{int(rounded(number)):,}"


def people_text_of(shown: Iterable[float], hidden: Iterable[float]) -> Callable[[float], str]:
    """Write only numbers that the tables show: any other could be subtracted from them.

    Parameters
    ----------
    shown, hidden
        Exact counts of the tables that are printed, and that are not.
    """
    allowed = {_near(number) for number in shown} - {_near(number) for number in hidden}

    def text(number: float) -> str:
        return people_text(number) if _near(number) in allowed or number < 0.5 else SOME

    return text


def _near(number: float) -> float:
    return round(float(number), 6)


def public_sentence(sentence: str) -> str:
    """A sentence from the inputs or the method with its numbers of people rounded, and shares to whole percent."""
    sentence = _PERCENT.sub(_whole_percent, sentence)
    return _COUNT.sub(lambda found: people_text(float(found[1].replace(",", ""))), sentence)


def _whole_percent(found: re.Match[str]) -> str:
    value = float(found[2])
    if value < 1:
        return "under 1% of patients"
    if value > 99:
        return "over 99% of patients"
    return f"{math.floor(value + 0.5)}% of patients"


def without_counts(sentence: str) -> str:
    """A sentence with `some` for every number of people."""
    return _COUNT.sub(SOME, _PAIR.sub(f"{SOME} of ", sentence))


def tidy(sentence: str) -> str:
    """A sentence without brackets that only say "some of so many people"."""
    return _SHARE.sub("", sentence)


def without_range(sentence: str) -> str:
    """A sentence without the shortest and longest minutes."""
    return _RANGE.sub("", sentence)
