"""Ids of groups in a cell: networks are called "WHALLEY RANGE, FALLOWFIELD PCN", with commas and blanks in them."""

from __future__ import annotations

from collections.abc import Collection

from grouping.verify.delivery.claims import is_missing


def ids_in(text: object, known: Collection[str], between: str) -> list[str]:
    """The ids that a cell lists, read against the ids there are; a part that is none of them as it stands.

    Parameters
    ----------
    text
        The cell; empty or missing for none.
    known
        All ids.
    between
        What stands between two of them; an id may hold it itself.
    """
    rest, found = "" if is_missing(text) else str(text), []
    longest = sorted(known, key=len, reverse=True)
    while rest:
        part = next((one for one in longest if (rest + between).startswith(one + between)), rest.split(between)[0])
        found.append(part)
        rest = rest[len(part) + len(between) :]
    return found
