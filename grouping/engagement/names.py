"""What remarks and histories can be about: options, practices and places of the run, by the names people use."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from geodata.tables.columns import plain_name
from grouping.programme.ground import Ground

TODAY = "today"
EXAMPLE = "Example: replace this row."
"""What marks the example row of a template: it is never told as a remark or a history."""

_OPTION = re.compile(r"(?:option)?[ \-_]*(\d{1,4}|[a-z])", re.IGNORECASE)


@dataclass(frozen=True)
class Known:
    """Names of the run.

    Parameters
    ----------
    options
        Ids of the options.
    practices
        Code -> name.
    places
        Names of localities, wards, settlements, areas and groups, sorted.
    buildings
        Names of practices and sites.
    """

    options: tuple[str, ...]
    practices: dict[str, str]
    places: tuple[str, ...]
    buildings: tuple[str, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """All names that may stand in a text."""
        return (*self.places, *self.buildings)

    def option(self, text: str) -> str | None:
        """The id of an option by what people call it: `option-2`, `Option 2`, `2` or `B`; None where it is none."""
        said = text.strip().casefold()
        if said in self.options:
            return said
        found = _OPTION.fullmatch(said)
        if not found:
            return None
        number = found[1] if found[1].isdigit() else str(ord(found[1]) - ord("a") + 1)
        called = f"option-{int(number)}"
        return called if called in self.options else None

    def place(self, text: str) -> str | None:
        """A place as the run spells it; None for one that is not known."""
        return {plain_name(name): name for name in reversed(self.places)}.get(plain_name(text))


def known_names(ground: Ground) -> Known:
    """Gather the names of a run; columns that a public run lacks are left out."""
    place, run = ground.run.place, ground.run
    practices = {str(code): str(name) for code, name in place.practices["name"].items()}
    names: list[str] = [*map(str, place.localities.index), *_texts(place.practices, "locality")]
    names += [*_texts(place.areas, "ward"), *_texts(place.areas, "name"), *map(str, place.areas.index)]
    if place.settlements is not None:
        names += _texts(place.settlements, "name")
    for option in run.options:
        names += [*_texts(option.groups, "name"), *map(str, option.groups["group_id"])]
    return Known(
        tuple(one.option.option_id for one in run.options),
        practices,
        tuple(sorted({name for name in names if plain_name(name)})),
        tuple(sorted({*practices.values(), *_texts(place.sites, "name")})),
    )


def _texts(frame: pd.DataFrame, column: str) -> Iterable[str]:
    """The texts of a column, none where it is missing."""
    if column not in frame:
        return []
    return [str(value).strip() for value in frame[column].dropna().unique() if str(value).strip()]
