"""Numbers of people within sentences."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable

from grouping.impact.disclosure.counts import is_small, rounded
from grouping.impact.disclosure.minutes import MANY

SOME = "some"
"""Stands in a sentence for a number of people that is hidden."""

NOT_PUBLISHED = "Minutes for this place are not published: they could tell of a few people who live here or elsewhere."
"""Instead of the sentences about a community whose minutes are hidden."""

_RANGE = re.compile(r" \(\d+ to \d+\)")
_SHARE = re.compile(rf" \({SOME} of [^()]* people\)")
_PERCENT = re.compile(r"(?:(?:under|over) )?(\d+(?:\.\d+)?)% of (the )?patients")
_PAIR = re.compile(r"\b\d[\d,]* of (?=\d[\d,]* (?:people|patients)\b)")
_NUMBER = r"\d{1,3}(?:,\d{3})+|\d+"
_COUNT = re.compile(rf"\b(?:{_NUMBER})(?= (?:(?:registered )?patients|people|person|of them)\b)")
_THEIR = re.compile(rf"\btheir (?:{_NUMBER}) (?=patients\b)")
_INSTEAD = re.compile(rf": (?:{_NUMBER}) patients instead of (?:{_NUMBER})(?=[.;])")
_GROWTH = re.compile(rf"([+\-\u2212])({_NUMBER}) patients on ({_NUMBER})( \([^()]*%\))?")


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
    """A sentence from the inputs or the method: no number of people but the total, shares in whole percent.

    Its numbers are parts that no table prints: subtracted from printed ones they could tell what is hidden.
    """
    sentence, made, at = _INSTEAD.sub("", _PERCENT.sub(_whole_percent, sentence)), "", 0
    for found in _GROWTH.finditer(sentence):
        made += without_counts(sentence[at : found.start()]) + _growth(found)
        at = found.end()
    return made + without_counts(sentence[at:])


def _growth(found: re.Match[str]) -> str:
    """How many more or fewer patients are assumed on the published total."""
    more, total = float(found[2].replace(",", "")), found[3]
    if more < MANY:
        return f"Fewer than {MANY:g} patients more or less on {total}"
    return f"{found[1]}{int(rounded(more)):,} patients on {total}{found[4] or ''}"


def _whole_percent(found: re.Match[str]) -> str:
    value = float(found[1])
    share = "under 1" if value < 1 else "over 99" if value > 99 else f"{math.floor(value + 0.5)}"
    return f"{share}% of {found[2] or ''}patients"


def without_counts(sentence: str) -> str:
    """A sentence with `some` for every number of people."""
    return _COUNT.sub(SOME, _THEIR.sub("their ", _PAIR.sub(f"{SOME} of ", sentence)))


def tidy(sentence: str) -> str:
    """A sentence without brackets that only say "some of so many people"."""
    return _SHARE.sub("", sentence)


def without_range(sentence: str) -> str:
    """A sentence without the shortest and longest minutes."""
    return _RANGE.sub("", sentence)
