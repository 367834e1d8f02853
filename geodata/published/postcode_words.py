"""UK postcodes: how they are written, and the sector and district they belong to."""

from __future__ import annotations

import re
from dataclasses import dataclass

_POSTCODE = re.compile(r"(GIR|[A-Z]{1,2}[0-9][A-Z0-9]?)([0-9])([A-Z]{2})")
_LAST_LETTERS = "ABDEFGHJLNPQRSTUWXYZ"
"""Letters of the last two places: C, I, K, M, O and V are never used there (Royal Mail)."""


def plain_postcode(text: str) -> str:
    """A postcode in upper case without blanks: `B1  1AA` and `b1 1aa` read `B11AA`."""
    return "".join(text.split()).upper()


@dataclass(frozen=True)
class PostcodeParts:
    """Parts of a postcode: district `BH22`, sector `BH22 9`, and how it is written, `BH22 9HF`."""

    district: str
    sector: str
    written: str


def postcode_parts(text: str) -> PostcodeParts | None:
    """District and sector of a postcode; None for what is no postcode."""
    match = _POSTCODE.fullmatch(plain_postcode(text))
    if match is None:
        return None
    district, digit, unit = match.groups()
    return PostcodeParts(district, f"{district} {digit}", f"{district} {digit}{unit}")


def postcodes_of(district: str, digits: str = "0123456789") -> list[str]:
    """Every postcode that a district, or some of its sectors, can hold (plain spelling): 400 per sector."""
    return [f"{district}{digit}{a}{b}" for digit in digits for a in _LAST_LETTERS for b in _LAST_LETTERS]
