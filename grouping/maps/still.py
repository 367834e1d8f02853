"""The still maps of a run: drawn as SVG for paper, small copies and pages without a script."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import shapely
from numpy.typing import NDArray

from grouping.maps.hatch_lines import Ground, Lines, grounds, hatch_lines
from grouping.maps.hatches import HATCHES, PALETTE
from grouping.maps.letters import group_letters
from grouping.maps.parts import svg_lines, svg_path
from grouping.maps.shapes import GroupShapes, dissolved, drawn_localities, everything, group_shapes
from grouping.result import Run

LETTER_HEIGHT = 54
"""Height of the letters of a static drawing, in drawing units."""

ROAD_KINDS = 2
"""Kinds of road in a static drawing: more would be taken for edges of groups."""

DRAWING_WIDTH = 2_000
"""Width of the static drawing in its own units; heights follow the shape of the place."""


@dataclass(frozen=True)
class DrawnGroup:
    """One group of a static drawing, in drawing units.

    Parameters
    ----------
    group_id, colour, hatch, path
        Its letters, fill, the number of its hatch (position in `HATCHES`), and outline.
    spot, label
        The middle of its area, and where its letters stand: beside it where the middle is crowded.
    hub
        Its hub.
    name
        What it is called besides its letters.
    letters
        What stands on the map for it (see `grouping.maps.letters`).
    """

    group_id: str
    colour: str
    hatch: int
    path: str
    spot: tuple[int, int]
    label: tuple[int, int]
    hub: tuple[int, int]
    name: str = ""
    letters: str = ""

    @property
    def named(self) -> str:
        """Its letters and its name."""
        return f"{self.group_id} {self.name}".rstrip()

    @property
    def apart(self) -> bool:
        """Whether the letters stand so far from the area that a line must join them."""
        return math.hypot(self.label[0] - self.spot[0], self.label[1] - self.spot[1]) > LETTER_HEIGHT


@dataclass(frozen=True)
class DrawnOption:
    """One option of a static drawing."""

    option_id: str
    groups: tuple[DrawnGroup, ...]

    @property
    def grounds(self) -> tuple[Ground, ...]:
        """What each hatch covers."""
        return grounds(self.groups)


@dataclass(frozen=True)
class Drawing:
    """The static maps of a run: what all options share, drawn once, and what differs.

    Parameters
    ----------
    width, height
        Size in drawing units.
    land, localities
        Outlines as SVG path data.
    sites
        Position and kind of each site.
    options
        The groups of each option.
    scale_km, scale_length
        Length of the scale bar, in kilometres and in drawing units.
    main_sites
        Where each practice has its main site.
    roads, attribution
        The most important roads as SVG path data, and whose data they are; empty without any.
    """

    width: int
    height: int
    land: str
    localities: str
    sites: tuple[tuple[int, int, str], ...]
    options: tuple[DrawnOption, ...]
    scale_km: int
    scale_length: int
    main_sites: dict[str, tuple[int, int]]
    roads: str = ""
    attribution: str = ""

    @property
    def hatches(self) -> tuple[Lines | None, ...]:
        """The lines of each hatch over all of the drawing, by its number."""
        return tuple(hatch_lines(hatch, (0, 0, self.width, self.height)) for hatch in HATCHES)


def draw(
    run: Run,
    polygons: NDArray[np.object_],
    colours: Sequence[dict[str, int]],
    shapes: Sequence[GroupShapes] | None = None,
    *,
    extent: tuple[float, float, float, float] | None = None,
) -> Drawing:
    """Draw the static maps; the parameters are those of `map_data`.

    `extent` is what they must hold (west, south, east, north in metres), for maps that stand beside each other; by
    default all of the place.
    """
    place = run.place
    shapes = group_shapes(run, polygons) if shapes is None else shapes
    west, south, east, north = extent or shapely.total_bounds(everything(place, polygons))
    margin = 0.02 * max(east - west, north - south, 1_000.0)
    span_m = max(east - west, 1.0) + 2 * margin
    scale = DRAWING_WIDTH / span_m
    origin = np.array([west - margin, north + margin])

    def path(geometry: shapely.Geometry) -> str:
        return svg_path(geometry, origin, scale)

    def spot(x: float, y: float) -> tuple[int, int]:
        return round((x - origin[0]) * scale), round((origin[1] - y) * scale)

    high = round((max(north - south, 1.0) + 2 * margin) * scale)
    options = []
    for option, colour, shape in zip(run.options, colours, shapes, strict=True):
        ids = list(option.groups["group_id"])
        letters = group_letters(ids)
        middles = [spot(*shape.middles[group_id]) for group_id in ids]
        hubs = [spot(hub.x, hub.y) for hub in place.sites.geometry.loc[option.groups["hub_site_code"]]]
        labels = letters_apart(middles, hubs, list(letters.values()), within=(DRAWING_WIDTH, high))
        groups = tuple(
            DrawnGroup(
                group_id,
                PALETTE[colour[group_id]],
                colour[group_id],
                path(shape.outlines[group_id]),
                middle,
                label,
                hub,
                str(name),
                letters[group_id],
            )
            for group_id, middle, label, hub, name in zip(
                ids, middles, labels, hubs, option.groups["name"], strict=True
            )
        )
        options.append(DrawnOption(option.option.option_id, groups))
    scale_km = max((km for km in (1, 2, 5, 10, 20, 50) if km * 1_000 <= span_m / 4), default=1)
    return Drawing(
        DRAWING_WIDTH,
        high,
        path(dissolved(polygons)),
        "".join(path(shape) for shape in drawn_localities(place)),
        tuple(
            (*spot(point.x, point.y), kind)
            for point, kind in zip(place.sites.geometry, place.sites["kind"], strict=True)
        ),
        tuple(options),
        scale_km,
        round(scale_km * 1_000 * scale),
        {str(code): spot(point.x, point.y) for code, point in place.practices.geometry.items()},
        *_roads(run, origin, scale, high),
    )


def _roads(run: Run, origin: NDArray[np.float64], scale: float, height: int) -> tuple[str, str]:
    """The roads of the two most important kinds there are, inside the drawing, and whose data they are."""
    if run.backdrop is None:
        return "", ""
    kinds = [lines for lines in run.backdrop.roads.values() if len(lines)][:ROAD_KINDS]
    corner = origin + np.array([DRAWING_WIDTH, -height]) / scale
    box = (origin[0], corner[1], corner[0], origin[1])
    paths = [svg_lines(shapely.clip_by_rect(lines, *box), origin, scale) for lines in kinds]
    return "".join(paths), run.backdrop.attribution if any(paths) else ""


def letters_apart(
    middles: Sequence[tuple[int, int]],
    hubs: Sequence[tuple[int, int]],
    ids: Sequence[str],
    *,
    height: float = LETTER_HEIGHT,
    within: tuple[float, float] | None = None,
) -> list[tuple[int, int]]:
    """Put the letters of each group near the middle of its area, where they cover no others and no hub.

    One after the other: the spot with the least cost among the middle and five rings round it. The page's script does
    the same at every zoom. All in drawing units; `height` is that of the letters, `within` the size of the drawing,
    whose edge would cut them off.
    """
    placed: list[tuple[int, int]] = []
    across, down = within or (0.0, 0.0)
    wide = 0.62 * height * max((len(group_id) for group_id in ids), default=3) + 14
    rings = [(0.0, 0.0)] + [
        (1.5 * r * math.cos(math.pi * k / 8), r * math.sin(math.pi * k / 8))
        for r in (0.9, 1.5, 2.3, 3.2, 4.3)
        for k in range(16)
    ]
    for x, y in middles:

        def cost(step: tuple[float, float], x: int = x, y: int = y) -> float:
            at_x, at_y = x + step[0] * height, y + step[1] * height
            letters = sum(abs(at_x - px) < wide and abs(at_y - py) < 1.15 * height for px, py in placed)
            beside = min(at_x, across - at_x) < wide / 2 or min(at_y, down - at_y) < height / 2
            marks = sum(abs(at_x - px) < wide / 2 + 18 and abs(at_y - py) < height / 2 + 18 for px, py in hubs)
            return 100 * (letters + 2 * (within is not None and beside)) + 1.5 * marks + math.hypot(*step)

        step = min(rings, key=cost)
        placed.append((round(x + step[0] * height), round(y + step[1] * height)))
    return placed
