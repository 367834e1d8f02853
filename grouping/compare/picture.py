"""The plans as small maps beside each other: same extent, same scale, one letter for groups mostly the same."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import shapely
from numpy.typing import NDArray

from grouping import maps
from grouping.compare.comparison import Comparison
from grouping.compare.matched import letter, matched_colours, matched_groups
from grouping.maps.hatch_lines import Ground, Lines, grounds, hatch_lines
from grouping.maps.shapes import everything
from grouping.maps.still import letters_apart

LETTER_HEIGHT = 74
"""Height of the letters in drawing units: the maps are shown at about a quarter of their size."""


@dataclass(frozen=True)
class Lettered:
    """The letter and colour of every group, per plan by group id."""

    letters: tuple[dict[str, str], ...]
    colours: tuple[dict[str, str], ...]
    order: tuple[str, ...]


@dataclass(frozen=True)
class MapGroup:
    """One group on a small map, in drawing units: letter, hatch, outline, hub, middle, and where its letter stands."""

    letter: str
    hatch: int
    path: str
    hub: tuple[int, int]
    spot: tuple[int, int]
    label: tuple[int, int]

    @property
    def apart(self) -> bool:
        """Whether the letter stands so far from the middle that a line must join them."""
        return abs(self.label[0] - self.spot[0]) + abs(self.label[1] - self.spot[1]) > LETTER_HEIGHT


@dataclass(frozen=True)
class SmallMap:
    """The map of one plan."""

    key: str
    title: str
    land: str
    groups: tuple[MapGroup, ...]

    @property
    def grounds(self) -> tuple[Ground, ...]:
        """What each hatch covers."""
        return grounds(self.groups)


@dataclass(frozen=True)
class Pictures:
    """All maps of a comparison.

    Parameters
    ----------
    width, height
        Size of every map in drawing units.
    plans
        The maps.
    scale_km, scale_length
        Length of the scale bar, in kilometres and in drawing units.
    main_sites
        Where each practice of the first plan's place has its main site.
    lettered
        Letters and colours.
    """

    width: int
    height: int
    plans: tuple[SmallMap, ...]
    scale_km: int
    scale_length: int
    main_sites: dict[str, tuple[int, int]]
    lettered: Lettered

    @property
    def hatches(self) -> tuple[Lines | None, ...]:
        """The lines of each hatch over all of a map, by its number."""
        return tuple(hatch_lines(hatch, (0, 0, self.width, self.height)) for hatch in maps.HATCHES)


def pictures(comparison: Comparison) -> Pictures:
    """Draw the plans."""
    shapes = _shapes(comparison)
    numbers = matched_groups([one.plan for one in comparison.plans], comparison.patients)
    positions = _colours(comparison, shapes, numbers)
    lettered = Lettered(
        tuple({group: letter(number) for group, number in one.items()} for one in numbers),
        tuple({group: maps.PALETTE[positions[number]] for group, number in one.items()} for one in numbers),
        tuple(letter(k) for k in range(len(positions))),
    )
    held = [everything(one.run.place, polygons) for one, polygons in zip(comparison.plans, shapes, strict=True)]
    extent = tuple(float(edge) for edge in shapely.total_bounds(np.concatenate(held)))
    drawings = [
        maps.draw(
            replace(one.run, options=(one.option,)),
            polygons,
            [{group: positions[number] for group, number in number_of.items()}],
            extent=extent,
        )
        for one, polygons, number_of in zip(comparison.plans, shapes, numbers, strict=True)
    ]
    first = drawings[0]
    small = tuple(
        SmallMap(one.key, one.title, drawing.land, _map_groups(drawing, letters))
        for one, drawing, letters in zip(comparison.plans, drawings, lettered.letters, strict=True)
    )
    return Pictures(first.width, first.height, small, first.scale_km, first.scale_length, first.main_sites, lettered)


def _shapes(comparison: Comparison) -> list[NDArray[np.object_]]:
    """The areas of each plan's place, simplified once where it is the same."""
    made: dict[int, NDArray[np.object_]] = {}
    for one in comparison.plans:
        key = id(comparison.place if comparison.same_place else one.run.place)
        if key not in made:
            made[key] = maps.drawn_areas(one.run.place.areas)
    return [made[id(comparison.place if comparison.same_place else one.run.place)] for one in comparison.plans]


def _colours(comparison: Comparison, shapes: list[NDArray[np.object_]], numbers: list[dict[str, int]]) -> list[int]:
    of_areas = [
        [number_of.get(group, -1) for group in maps.group_of_area(one.run.place, one.plan)]
        for one, number_of in zip(comparison.plans, numbers, strict=True)
    ]
    how_many = 1 + max(max(one.values()) for one in numbers)
    return matched_colours(shapes, of_areas, how_many)


def _map_groups(drawing: maps.Drawing, letters: dict[str, str]) -> tuple[MapGroup, ...]:
    groups = drawing.options[0].groups
    named = [letters[group.group_id] for group in groups]
    labels = letters_apart(
        [group.spot for group in groups],
        [group.hub for group in groups],
        named,
        height=LETTER_HEIGHT,
        within=(drawing.width, drawing.height),
    )
    return tuple(
        MapGroup(name, group.hatch, group.path, group.hub, group.spot, label)
        for group, name, label in zip(groups, named, labels, strict=True)
    )
