"""The map of a check: what was placed where, how far from a road, and what should be looked at.

Colour never speaks alone: sites are squares, areas are circles, and what is flagged carries a triangle.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from grouping.input_check.checked import Checked
from grouping.input_check.placed import LINE_M
from grouping.maps.parts import (
    DEGREE_UNITS,
    MapFrame,
    MapLayer,
    delta_rings,
    render_frame,
    svg_path,
    to_degrees,
)

SNAP_CLASSES = (50, 100, 250, 500)
SNAP_COLOURS = ("#d3e7f2", "#86b9d8", "#4389ba", "#1f568f", "#12284a")
"""Five steps from light to dark, so that they keep their order in greyscale."""

BASIS_WORDS = (
    "from registrations",
    "over a tenth of patients estimated",
    "over half of patients estimated",
    "no patients of the case",
)
BASIS_COLOURS = ("#86b9d8", "#e0b15c", "#a4491c", "#ffffff")

NO_SNAP_COLOUR = "#b9c6cf"
DRAWING_WIDTH = 2_000
KEYBOARD_STOPS = 60
"""Flagged points that the Tab key reaches on the map; with more, only the table below it lists all."""


@dataclass(frozen=True)
class DrawnPoint:
    """One point of the static drawing, in drawing units."""

    x: int
    y: int
    kind: str
    colour: str
    flagged: bool
    neighbour: bool


@dataclass(frozen=True)
class CheckDrawing:
    """The static map of a check; lengths in drawing units, outlines as SVG path data."""

    width: int
    height: int
    land: str
    lines: str
    points: tuple[DrawnPoint, ...]
    scale_km: int
    scale_length: int


def on_the_map(checked: Checked) -> pd.DataFrame:
    """The points that can be drawn, with `snap_class`, `basis_class` (-1 unknown), `patients` and `neighbour`."""
    known = np.isfinite(checked.placed[["easting", "northing"]].to_numpy(dtype=float)).all(axis=1)
    points = checked.placed[known].reset_index(drop=True)
    metres = points["snap_m"].to_numpy(dtype=float)
    step = np.searchsorted(SNAP_CLASSES, metres, side="left")
    basis, patients = _basis_of_areas(checked, points)
    beyond = points["code"].isin(_over_the_border(checked)) & (points["kind"] == "area")
    classes = np.where(np.isfinite(metres), step, -1)
    return points.assign(snap_class=classes, basis_class=basis, patients=patients, neighbour=beyond)


def _over_the_border(checked: Checked) -> set[str]:
    """Codes of the areas of others, which are in the case only because registered patients live there."""
    if checked.loaded is None:
        return set()
    areas = checked.loaded.areas
    return set(areas.index[areas["neighbour"].to_numpy(dtype=bool)].astype(str))


def _basis_of_areas(checked: Checked, points: pd.DataFrame) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Where the homes of each area come from, and how many patients live there; -1 and NaN for sites."""
    nothing = np.full(len(points), -1), np.full(len(points), np.nan)
    if checked.ready is None:
        return nothing
    table = checked.ready.place.registrations
    total = table.groupby("area_code")["patients"].sum()
    guessed = table[table["basis"] == "estimated"].groupby("area_code")["patients"].sum()
    total = points["code"].map(total).fillna(0.0).to_numpy(dtype=float)
    guessed = points["code"].map(guessed).fillna(0.0).to_numpy(dtype=float)
    share = np.divide(guessed, total, out=np.zeros(len(points)), where=total > 0)
    basis = np.select([total <= 0, share > 0.5, share > 0.1], [3, 2, 1], 0)
    area = (points["kind"] == "area").to_numpy()
    return np.where(area, basis, -1), np.where(area, total, np.nan)


def has_snaps(points: pd.DataFrame) -> bool:
    """Whether the points were joined to roads: areas are then coloured by that distance."""
    return bool((points["snap_class"] >= 0).any())


def legend_steps(points: pd.DataFrame) -> dict[str, list[tuple[str, str]]]:
    """Legend of the areas by way of colouring: colour and words; only ways that apply."""
    steps = {}
    if has_snaps(points):
        words = [f"up to {SNAP_CLASSES[0]} m"]
        words += [f"over {low} to {high} m" for low, high in itertools.pairwise(SNAP_CLASSES)]
        words.append(f"over {SNAP_CLASSES[-1]} m")
        steps["snap"] = list(zip(SNAP_COLOURS, words, strict=True))
    used = set(points["basis_class"]) - {-1}
    if used:
        both = list(zip(BASIS_COLOURS, BASIS_WORDS, strict=True))
        steps["basis"] = [both[step] for step in range(len(both)) if step in used]
    return steps


def _colour(points: pd.DataFrame) -> list[str]:
    snap = has_snaps(points)
    colours, column = (SNAP_COLOURS, "snap_class") if snap else (BASIS_COLOURS, "basis_class")
    return [colours[step] if step >= 0 else NO_SNAP_COLOUR for step in points[column]]


def _lines(points: pd.DataFrame) -> NDArray[np.float64]:
    """From each point far from its road to the place on the road, metres, shape (lines, 2, 2)."""
    far = points[(points["snap_m"] > LINE_M) & np.isfinite(points["road_easting"].to_numpy(dtype=float))]
    ends = far[["easting", "northing", "road_easting", "road_northing"]].to_numpy(dtype=float)
    return ends.reshape(-1, 2, 2)


def _bounds(checked: Checked, points: pd.DataFrame) -> tuple[float, float, float, float]:
    shapes = shapely.points(points[["easting", "northing"]].to_numpy(dtype=float))
    west, south, east, north = shapely.total_bounds(np.concatenate([checked.outlines, shapes]))
    return float(west), float(south), float(east), float(north)


def map_data(checked: Checked, points: pd.DataFrame) -> dict[str, object]:
    """Everything the script of the page draws, as plain values for `grouping.escape.script_data`."""
    west, south, east, north = _bounds(checked, points)
    corners = to_degrees(np.array([[west, south], [east, north], [west, north], [east, south]]))
    low, high = corners.min(axis=0), corners.max(axis=0)
    spots = to_degrees(points[["easting", "northing"]].to_numpy(dtype=float))
    lines = to_degrees(_lines(points).reshape(-1, 2)).reshape(-1, 2, 2)
    localities = checked.loaded.localities if checked.loaded is not None else None
    return {
        "units": DEGREE_UNITS,
        "bounds": [[low[1], low[0]], [high[1], high[0]]],
        "snapColours": SNAP_COLOURS,
        "basisColours": BASIS_COLOURS,
        "basisWords": BASIS_WORDS,
        "plain": NO_SNAP_COLOUR,
        "colouring": "snap" if has_snaps(points) else "basis",
        "keyboardStops": KEYBOARD_STOPS,
        "land": [shape for shape in delta_rings(checked.outlines) if shape],
        "localities": [] if localities is None else delta_rings(_rough(localities.geometry.to_numpy())),
        "lines": [[[round(lat, 5), round(lon, 5)] for lon, lat in line] for line in lines.tolist()],
        "points": [
            [
                point.code, point.name, point.kind, point.practice_code, round(lat, 5), round(lon, 5), point.placed_by,
                round(point.snap_m, 1), point.road, int(point.snap_class), int(point.basis_class),
                round(point.patients, 0), point.why, int(point.neighbour),
            ]
            for point, (lon, lat) in zip(points.itertuples(index=False), spots.tolist(), strict=True)
        ],
    }  # fmt: skip


def _rough(shapes: NDArray[np.object_]) -> NDArray[np.object_]:
    """Outlines with less detail, each by itself: they are only a line to find one's way by."""
    if not len(shapes):
        return shapes
    west, south, east, north = shapely.total_bounds(shapes)
    return shapely.simplify(shapes, float(np.clip(max(east - west, north - south) / 1_000, 5.0, 200.0)))


def draw(checked: Checked, points: pd.DataFrame) -> CheckDrawing:
    """Draw the static map; areas first, then sites, what is flagged on top."""
    west, south, east, north = _bounds(checked, points)
    margin = 0.03 * max(east - west, north - south, 1_000.0)
    span = max(east - west, 1.0) + 2 * margin
    scale = DRAWING_WIDTH / span
    origin = np.array([west - margin, north + margin])

    def spot(x: float, y: float) -> tuple[int, int]:
        return round((x - origin[0]) * scale), round((origin[1] - y) * scale)

    drawn = [
        DrawnPoint(
            *spot(point.easting, point.northing), point.kind, colour, point.flagged == "yes", bool(point.neighbour)
        )
        for point, colour in zip(points.itertuples(index=False), _colour(points), strict=True)
    ]
    order = {"area": 0, "mobile": 1, "community": 2, "branch": 3, "main": 4}
    drawn.sort(key=lambda point: order.get(point.kind, 3))
    joins = [(*spot(*start), *spot(*end)) for start, end in _lines(points).tolist()]
    scale_km = max((km for km in (1, 2, 5, 10, 20, 50) if km * 1_000 <= span / 4), default=1)
    return CheckDrawing(
        DRAWING_WIDTH,
        round((max(north - south, 1.0) + 2 * margin) * scale),
        "".join(svg_path(shape, origin, scale) for shape in checked.outlines),
        "".join(f"M{x} {y}L{to_x} {to_y}" for x, y, to_x, to_y in joins),
        tuple(drawn),
        scale_km,
        round(scale_km * 1_000 * scale),
    )


LAYERS = (
    ("land", "Outlines of the areas"),
    ("localities", "Localities"),
    ("areas", "Areas"),
    ("lines", "Lines to the road"),
    ("branches", "Branch and other sites"),
    ("mains", "Main sites"),
    ("flagged", "To look at"),
)
"""Layers of the map from bottom to top, with the names shown in its layer list."""


def folium_frame(points: pd.DataFrame, *, leave_out: Sequence[str] = ()) -> MapFrame:
    """Render the frame of the map with Folium: map, layers, layer list, scale; no tiles, no names."""
    middle = points[["easting", "northing"]].to_numpy(dtype=float)
    lon, lat = to_degrees(((middle.min(axis=0) + middle.max(axis=0)) / 2)[None, :])[0]
    layers = [MapLayer(key, title) for key, title in LAYERS if key not in leave_out]
    centre = (round(float(lat), 5), round(float(lon), 5))
    return render_frame("check", centre, layers, "startCheckMap", max_zoom=17)
