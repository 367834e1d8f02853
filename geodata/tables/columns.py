"""Which column of a file is meant: our names, the planner's own mapping, and known aliases (`aliases.toml`)."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType


@dataclass(frozen=True)
class Vocabulary:
    """The words of the input files, as `aliases.toml` lists them.

    Parameters
    ----------
    columns
        Table -> our column -> other names.
    required, keys
        Table -> our columns it needs, and those that name a row.
    words
        Kind of word (`kind`, `yes_no`, `vulnerability`, `rural_urban`) -> plain word -> what it means.
    """

    columns: Mapping[str, Mapping[str, tuple[str, ...]]]
    required: Mapping[str, tuple[str, ...]]
    keys: Mapping[str, tuple[str, ...]]
    words: Mapping[str, Mapping[str, str]]


@cache
def vocabulary() -> Vocabulary:
    """Read the words once."""
    text = (Path(__file__).parent / "aliases.toml").read_text(encoding="utf-8")
    data = tomllib.loads(text)
    return Vocabulary(
        columns={t: {c: tuple(names) for c, names in columns.items()} for t, columns in data["columns"].items()},
        required=MappingProxyType({t: tuple(columns) for t, columns in data["required"].items()}),
        keys=MappingProxyType({t: tuple(columns) for t, columns in data["keys"].items()}),
        words={
            kind: {plain_word(word): meaning for meaning, words in meanings.items() for word in words}
            for kind, meanings in data["words"].items()
        },
    )


def plain_name(text: str) -> str:
    """A column name without case, spaces and punctuation; `65+` reads `65plus`."""
    return re.sub(r"[^0-9a-z]", "", text.casefold().replace("+", "plus"))


def plain_word(text: str) -> str:
    """A cell's words without case and punctuation, single spaces."""
    return " ".join(re.sub(r"[^0-9a-z]+", " ", text.casefold().replace("&", " and ")).split())


def nearest(name: str, among: Iterable[str], cutoff: float = 0.6) -> str | None:
    """The most similar of some names, or None."""
    by_plain = {plain_name(other): other for other in among}
    close = difflib.get_close_matches(plain_name(name), list(by_plain), n=1, cutoff=cutoff)
    return by_plain[close[0]] if close else None


@dataclass(frozen=True)
class ColumnMatch:
    """Our column -> position in the file's header, and what the planner's mapping asked for in vain."""

    position: Mapping[str, int]
    unknown_ours: tuple[str, ...]
    absent: Mapping[str, str]


def match_columns(
    table: str, header: Sequence[str], mapping: Mapping[str, str], further: Mapping[str, str] | None = None
) -> ColumnMatch:
    """Find our columns in a header: first by the planner's mapping, then by our names, then by the aliases.

    A column that the mapping names serves only the columns it was named for; an empty name in the mapping says that
    the file has no such column. Columns of `further` (a name of ours -> the file's) are taken where the file has them,
    whatever else they serve.
    """
    ours = vocabulary().columns[table]
    exact = {name: i for i, name in reversed(list(enumerate(header)))}
    plain = {plain_name(name): i for i, name in reversed(list(enumerate(header))) if plain_name(name)}
    position: dict[str, int] = {}
    absent: dict[str, str] = {}
    for column, theirs in mapping.items():
        found = exact.get(theirs, plain.get(plain_name(theirs)))
        if column in ours and theirs and found is not None:
            position[column] = found
        elif column in ours and theirs:
            absent[column] = theirs
    for aliases_too in (False, True):
        taken = set(position.values())
        for column in ours:
            if column in mapping or column in position:
                continue
            for name in (column, *ours[column]) if aliases_too else (column,):
                found = plain.get(plain_name(name))
                if found is not None and found not in taken:
                    position[column] = found
                    taken.add(found)
                    break
    for column, theirs in (further or {}).items():
        found = exact.get(theirs, plain.get(plain_name(theirs)) if plain_name(theirs) else None)
        if found is not None:
            position[column] = found
    return ColumnMatch(position, tuple(c for c in mapping if c not in ours), absent)
