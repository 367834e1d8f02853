"""The interactive map of a run: what the page's script draws, as plain values, and the frame that Folium makes.

The geometry of the areas is embedded once and shared by all options: an option is a list that says which group each
area goes with. Borders between groups follow from it in the browser. Nothing here puts a name into a script: names
travel as data (`grouping.escape.script_data`) and are shown as text.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geodata.place import Place
from grouping.maps.behind import reach_data, roads_data
from grouping.maps.hatches import CHANGE_LIMITS, CHANGES, HATCHES
from grouping.maps.letters import group_letters
from grouping.maps.parts import DEGREE_UNITS, MapFrame, MapLayer, delta_rings, render_frame, to_degrees
from grouping.maps.shapes import (
    MINUTE_CLASSES,
    MINUTE_COLOURS,
    NO_ROUTE_COLOUR,
    GroupShapes,
    drawn_localities,
    everything,
    group_shapes,
)
from grouping.result import AssessedOption, Run

LAYERS = (
    ("tiles", "Street map from the internet", False),
    ("areas", "Areas", True),
    ("roads", "Main roads", True),
    ("borders", "Edges of groups", True),
    ("localities", "Edges of localities", True),
    ("reach", "10, 20 and 30 minutes around hubs", False),
    ("branches", "Branch and other sites", True),
    ("sites", "Main sites", True),
    ("hubs", "Hubs", True),
    ("labels", "Letters of groups", True),
)
"""Layers of the map from bottom to top: key, name in its layer list, and whether it is shown at first."""

TILES = "https://tile.openstreetmap.org/{z}/{x}/{y}.png"
TILE_HOST = "https://tile.openstreetmap.org"
"""Where the street map comes from; the only address that a page with this layer may ask, and only once it is ticked."""


def map_data(
    run: Run,
    polygons: NDArray[np.object_],
    colours: Sequence[dict[str, int]],
    shapes: Sequence[GroupShapes] | None = None,
    *,
    try_own: bool = False,
    tiles: bool = False,
) -> dict[str, object]:
    """Everything the script of the page draws, as plain values for `grouping.escape.script_data`.

    Parameters
    ----------
    run
        The run.
    polygons
        What `drawn_areas` returns.
    colours
        What `group_colours` returns, one per option.
    shapes
        What `group_shapes` returns; made here when it is None.
    try_own
        Whether areas carry the patients of each practice, to draw a reader's own grouping by; never in public.
    tiles
        Whether a street map from the internet is offered.
    """
    place = run.place
    shapes = group_shapes(run, polygons) if shapes is None else shapes
    options = [
        _option_data(option, place, shape, colour)
        for option, shape, colour in zip(run.options, shapes, colours, strict=True)
    ]
    _say_once(options, ("areaRoutine", "areaBefore"))
    data: dict[str, object] = {
        "units": DEGREE_UNITS,
        "bounds": _bounds(place, polygons),
        "hatches": [[hatch.colour, hatch.lines, hatch.width] for hatch in HATCHES],
        "changes": [[hatch.colour, hatch.lines, hatch.width] for hatch in CHANGES],
        "minuteClasses": MINUTE_CLASSES,
        "minuteColours": MINUTE_COLOURS,
        "noRoute": NO_ROUTE_COLOUR,
        "estimate": run.times.method.estimate,
        "areas": [
            [code, _text(name), _flag(rural), shape]
            for code, name, rural, shape in zip(
                place.areas.index, place.areas["name"], place.areas["rural"], delta_rings(polygons), strict=True
            )
        ],
        "localities": [
            [str(name), shape]
            for name, shape in zip(place.localities.index, delta_rings(drawn_localities(place)), strict=True)
        ],
        "practices": [
            [code, _text(row.name), _whole(row.list_size), _text(row.locality)]
            for code, row in zip(
                place.practices.index, place.practices[["name", "list_size", "locality"]].itertuples(False), strict=True
            )
        ],
        "sites": _sites(place),
        "options": options,
    }
    if run.backdrop is not None:
        data |= {
            "roads": roads_data(run.backdrop),
            "reach": reach_data(run.backdrop.reach),
            "attribution": run.backdrop.attribution,
        }
    if try_own and not run.public:  # patients of a practice in an area leave the house neither here nor elsewhere
        data["areaPractices"] = area_practices(place)
    if tiles and not run.public:
        data["tiles"] = TILES
    return data


def _bounds(place: Place, polygons: NDArray[np.object_]) -> list[list[float]]:
    west, south, east, north = shapely.total_bounds(everything(place, polygons))
    corners = to_degrees(np.array([[west, south], [east, north], [west, north], [east, south]]))
    low, high = corners.min(axis=0), corners.max(axis=0)
    return [[low[1], low[0]], [high[1], high[0]]]


def _sites(place: Place) -> list[list[object]]:
    sites = place.sites
    spots = to_degrees(shapely.get_coordinates(sites.geometry.to_numpy()))
    owner = pd.Index(place.practices.index).get_indexer(sites["practice_code"])
    return [
        [code, _text(name), kind, int(position), round(lat, 5), round(lon, 5)]
        for code, name, kind, position, (lon, lat) in zip(
            sites.index, sites["name"], sites["kind"], owner, spots, strict=True
        )
    ]


def _option_data(
    option: AssessedOption, place: Place, shape: GroupShapes, colours: dict[str, int]
) -> dict[str, object]:
    """One option: the group of every area and practice, minutes by area, and the groups themselves."""
    codes = list(place.practices.index)
    ids = list(option.groups["group_id"])
    group_of = option.option.plan.group_of
    areas = option.areas.set_index("area_code").reindex(place.areas.index)
    at = {group_id: position for position, group_id in enumerate(ids)}
    found: dict[str, object] = {
        "id": option.option.option_id,
        "groups": _groups(option, place, shape, colours),
        "practiceGroup": [at[group_of[code].group_id] if code in group_of else -1 for code in codes],
        "areaGroup": [at.get(group_id, -1) for group_id in shape.of_area],
        "areaHub": _column(areas, "minutes_hub"),
        "areaRoutine": _column(areas, "minutes_routine"),
    }
    classes = change_classes(areas)
    if max(classes, default=-1) >= 0:
        found |= {"areaBefore": _column(areas, "minutes_hub_before"), "areaChange": classes}
    return found


def _groups(
    option: AssessedOption, place: Place, shape: GroupShapes, colours: dict[str, int]
) -> list[dict[str, object]]:
    site_at = pd.Index(place.sites.index)
    practice_at = {code: position for position, code in enumerate(place.practices.index)}
    members = {group.group_id: group.members for group in option.option.plan.groups}
    found = []
    rows = option.groups.to_dict("records")
    short = group_letters([row["group_id"] for row in rows])
    labels = to_degrees(np.array([shape.middles[row["group_id"]] for row in rows]).reshape(-1, 2))
    for row, (lon, lat) in zip(rows, labels, strict=True):
        group_id = row["group_id"]
        found.append(
            ({"short": short[group_id]} if short[group_id] != group_id else {})
            | {
                "id": group_id,
                "name": row["name"],
                "colour": colours[group_id],
                "kind": _text(row.get("kind")),
                "size": _whole(row.get("list_size")),
                "minimum": _whole(row.get("minimum")),
                "margin": _whole(row.get("margin")),
                "exception": _text(row.get("exception")),
                "minutes": _figure(row.get("mean_minutes_to_hub")),
                "longest": _figure(row.get("max_practice_minutes")),
                "hub": int(site_at.get_loc(row["hub_site_code"])),
                "members": [practice_at[code] for code in members[group_id]],
                "label": [round(lat, 5), round(lon, 5)],
            }
        )
    return found


def change_classes(areas: pd.DataFrame) -> list[int]:
    """Class of the change of minutes to the hub in each area: position in `CHANGES`, -1 where it is not known.

    Parameters
    ----------
    areas
        Columns `minutes_hub` and, where there is a baseline, `minutes_hub_before`.
    """
    if "minutes_hub_before" not in areas:
        return [-1] * len(areas)
    now, before = (pd.to_numeric(areas[name], errors="coerce") for name in ("minutes_hub", "minutes_hub_before"))
    change = (now - before).to_numpy(dtype=float).round(6)
    # whatever lies on a limit belongs to the class nearer to "no change"
    low = np.searchsorted(CHANGE_LIMITS[:3], change, side="right")
    high = 3 + np.searchsorted(CHANGE_LIMITS[3:], change, side="left")
    found = np.where(change < 0, low, high)
    return np.where(np.isfinite(change), found, -1).astype(int).tolist()


def area_practices(place: Place) -> list[list[int]]:
    """Patients of each practice in each area: practice, tenths of patients, then the steps to the next practice.

    Parameters
    ----------
    place
        The place.
    """
    table = place.registrations
    patients = pd.to_numeric(table["patients"], errors="coerce").fillna(0.0)
    area = place.areas.index.get_indexer(table["area_code"])
    practice = place.practices.index.get_indexer(table["practice_code"])
    tenths = (patients * 10).round().astype(int).to_numpy()
    kept = (area >= 0) & (practice >= 0) & (tenths > 0)
    found: list[list[int]] = [[] for _ in place.areas.index]
    last = [0] * len(found)
    order = np.lexsort((practice, area))
    for row in order[kept[order]].tolist():
        position = int(practice[row])
        found[area[row]] += [position - last[area[row]], int(tenths[row])]
        last[area[row]] = position
    return found


def _say_once(options: Sequence[dict[str, object]], names: Iterable[str]) -> None:
    """Leave out of later options what is the same as in the first."""
    for option in options[1:]:
        for name in names:
            if name in option and option[name] == options[0].get(name):
                del option[name]


def _column(table: pd.DataFrame, name: str) -> list[float | str | None]:
    return [_figure(value) for value in table[name]] if name in table else [None] * len(table)


def _figure(value: object) -> float | str | None:
    """Minutes to one decimal; None where there are none; the text that stands for a hidden figure."""
    if isinstance(value, str):
        return value
    return None if value is None or not np.isfinite(value) else round(float(value), 1)  # type: ignore[call-overload, arg-type]


def _whole(value: object) -> int | str | None:
    if isinstance(value, str):
        return value
    return None if value is None or pd.isna(value) else int(value)  # type: ignore[call-overload]


def _text(value: object) -> str:
    return "" if value is None or pd.isna(value) else str(value)  # type: ignore[call-overload]


def _flag(value: object) -> int | None:
    return None if pd.isna(value) else int(bool(value))  # type: ignore[call-overload]


def folium_frame(run: Run, *, tiles: bool = False) -> MapFrame:
    """Render the frame of the interactive map with Folium: map, layers, layer list, scale; no address and no names.

    Parameters
    ----------
    run
        The run.
    tiles
        Whether a street map from the internet is offered; never on a public page.
    """
    absent = set()
    if not len(run.place.localities):
        absent.add("localities")
    if run.backdrop is None:
        absent |= {"roads", "reach"}
    if not tiles or run.public:
        absent.add("tiles")
    layers = [MapLayer(key, title, show=show) for key, title, show in LAYERS if key not in absent]
    return render_frame("blueprint", _middle(run.place), layers, "startBlueprintMap", max_zoom=16, min_zoom=6)


def _middle(place: Place) -> tuple[float, float]:
    west, south, east, north = shapely.total_bounds(place.sites.geometry.to_numpy())
    lon, lat = to_degrees(np.array([[(west + east) / 2, (south + north) / 2]]))[0]
    return round(float(lat), 5), round(float(lon), 5)
