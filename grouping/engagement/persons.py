"""Tells a person from a role, and finds what reaches a single person: email addresses, telephone and NHS numbers.

The log names roles, so that nobody who spoke at a meeting can be found in it. What is told here is a guess by words; it
leans towards roles where a known place or a word such as "practice manager" stands in the text.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from geodata.tables.personal import holds_personal_number

_EMAIL = re.compile(r"(?<![^\s@<>,;])[^\s@<>,;]+\s?@\s?[^\s@<>,;]+\.[^\s@<>,;]+")
"""It begins where a word does: tried from every letter, a long text without blanks would take minutes."""
_PHONE = re.compile(
    r"(?<![\d.,/])(?:\+\s?44\s?(?:\(0\)\s?)?\d{2,4}|\(?0\d{2,4}\)?)[\s-]{0,2}\d{2,4}[\s-]?\d{2,4}(?:[\s-]?\d{2,4})?(?![\d/])"
)
"""Numbers as they are dialled in Britain: an area or mobile code, then blocks; ten or eleven digits in all."""

_TITLE = re.compile(
    r"\b(dr|mr|mrs|ms|miss|mx|prof|professor|sir|dame|rev|revd|reverend|canon|cllr|cllrs|councillor|lady|lord)\b\.?\s+"
    r"([^\W\d_][\w'’.-]*)((?:[ ]+[\w'’.-]+)*)",
    re.IGNORECASE,
)
_CERTAIN = frozenset({"dr", "mr", "mrs", "ms", "mx", "prof"})
"""Titles that nothing but a name follows, however it is written."""

_IN_TEXT = re.compile(r"\b(?:Dr|Mr|Mrs|Ms|Miss|Mx|Prof|Cllr|Councillor)\b\.?\s+(?:[A-Z]\.?\s+)*[A-Z][a-z'’-]+")
_TURNED = re.compile(r"[^\W\d_][\w'’-]+,\s*(?:[A-Z]\.?[ ]?){1,3}")
_INITIALS = re.compile(r"(?:[A-Z]\.?|(?:[A-Z]\.){2,4})")
_SURNAME = re.compile(r"[A-Z][a-z'’-]+[\w'’-]*")
_PARTS = re.compile(r"[,;:()/|]|\s[-–—]\s")
FEWEST_DIGITS, MOST_DIGITS = 10, 13
SHORTEST_NAME = 3
"""Names of so few letters are not looked for within a text."""


@dataclass(frozen=True)
class _Words:
    """The words of `person_words.toml`."""

    role: frozenset[str]
    place: frozenset[str]
    between: frozenset[str]
    first_names: frozenset[str]


@cache
def _words() -> _Words:
    text = (files("grouping") / "engagement" / "person_words.toml").read_text(encoding="utf-8")
    return _Words(**{name: frozenset(value.split()) for name, value in tomllib.loads(text).items()})


def reached_by(text: str) -> str:
    """What of a text reaches or numbers a single person: the kind in words, empty for nothing."""
    text = _plain(text)
    if _EMAIL.search(text):
        return "an email address"
    if holds_personal_number(text):
        return "a number like an NHS or National Insurance number"
    for found in _PHONE.finditer(text):
        if FEWEST_DIGITS <= sum(mark.isdigit() for mark in found.group()) <= MOST_DIGITS:
            return "a telephone number"
    return ""


def names_somebody(text: str, known: Iterable[str] = ()) -> bool:
    """Whether a free text seems to name a person: a title and a surname, outside the names that are known.

    Parameters
    ----------
    text
        What was said, or what became of it.
    known
        Names of practices, sites and places, which may be those of people.
    """
    return _IN_TEXT.search(_without(_plain(text), known)) is not None


def looks_like_a_person(role: str, known: Iterable[str] = ()) -> bool:
    """Whether a role is rather the name of a person.

    A title and a surname, initials and a surname, a common first name and a surname, or nothing but two or three names
    that speak of no role and of no known place. "Practice manager, Swanage", "Chair of the patient group" and
    "Councillor for Beaminster ward" are roles.

    Parameters
    ----------
    role
        The text of the cell.
    known
        Names of practices, sites and places.
    """
    text = _plain(role)
    known = list(known)
    left = _without(text, known)
    # a practice may have the name of its doctor: beside a role it is the practice that is meant, alone it is not
    text = left if _tokens(left) & _words().role else text
    if _titled(text) or (_TURNED.fullmatch(text) and not _tokens(text) & _words().role):
        return True
    parts = [part.split() for part in _PARTS.split(text) if part.strip()]
    if any(_initials(part) or _first_name(part) for part in parts):
        return True
    return _only_names(text, parts, known)


def _plain(text: str) -> str:
    """A text with plain digits and blanks, without characters that are not seen."""
    text = unicodedata.normalize("NFKC", text)
    return " ".join("".join(mark for mark in text if unicodedata.category(mark) != "Cf").split())


def _without(text: str, known: Iterable[str]) -> str:
    """A text without the names that are known, the longest first."""
    said = text.casefold()
    there = {_plain(name) for name in known if len(name) > SHORTEST_NAME and name.casefold() in said}
    for name in sorted(there, key=lambda one: (-len(one), one)):
        if name:
            text = re.sub(rf"(?<!\w){re.escape(name)}(?!\w)", " , ", text, flags=re.IGNORECASE)
    return text


def _word(token: str) -> str:
    return token.strip(".,;:()'’\"").removesuffix("'s").removesuffix("’s").casefold()


def _tokens(text: str) -> set[str]:
    return {_word(token) for token in re.split(r"[\s,;:()/|]+", text)}


def _titled(text: str) -> bool:
    words = _words()
    for found in _TITLE.finditer(text):
        title, name, rest = found[1].casefold(), found[2], found[3]
        if _word(name) in words.between | words.role or (title not in _CERTAIN and not name[:1].isupper()):
            continue
        after = {_word(token) for token in rest.split()}
        if title in _CERTAIN or not after & (words.role | words.place):
            return True
    return False


def _initials(part: list[str]) -> bool:
    """`J Smith`, `J. A. Smith`, `Smith J`; but not `A Swanage resident`."""
    words = _words()
    common = words.role | words.place
    for k, token in enumerate(part):
        if not _INITIALS.fullmatch(token) or (
            k == 0 and token == "A" and {_word(one) for one in part[1:]} & words.role
        ):
            continue
        beside = [*part[k + 1 : k + 2], *(part[k - 1 : k] if k == len(part) - 1 else [])]
        if any(_SURNAME.fullmatch(one) and _word(one) not in common and len(one) > 2 for one in beside):
            return True
    return False


def _first_name(part: list[str]) -> bool:
    """A common first name and a surname, or a first name and nothing else."""
    words = _words()
    tokens = [_word(token) for token in part]
    if set(tokens) & words.place:
        return False
    if len(tokens) == 1:
        return tokens[0] in words.first_names
    alone = len(tokens) in {2, 3} and not set(tokens) & (words.role | words.between)
    for one, surname, written in zip(tokens, tokens[1:], part[1:], strict=False):
        named = one in words.first_names and surname not in words.role | words.between
        if named and (alone or written[:1].isupper()):
            return True
    return False


def _only_names(text: str, parts: list[list[str]], known: list[str]) -> bool:
    """Two or three words with capitals, none of a role, and no place that is known."""
    words = _words()
    if len(parts) != 1 or len(parts[0]) not in {2, 3} or not all(_SURNAME.fullmatch(token) for token in parts[0]):
        return False
    if {_word(token) for token in parts[0]} & (words.role | words.place | words.between):
        return False
    return text.casefold() not in {_plain(name).casefold() for name in known}
