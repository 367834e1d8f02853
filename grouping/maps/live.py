"""The interactive map of a run: what the page's script draws, as plain values, and the frame that Folium makes.

The geometry of the areas is embedded once and shared by all options: an option is a list that says which group each
area goes with. Borders between groups follow from it in the browser. Nothing here puts a name into a script: names
travel as data (`grouping.escape.script_data`) and are shown as text.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geodata.place import Place
from grouping.maps.parts import DEGREE_UNITS, MapFrame, MapLayer, delta_rings, render_frame, to_degrees
from grouping.maps.shapes import (
    MINUTE_CLASSES,
    MINUTE_COLOURS,
    NO_ROUTE_COLOUR,
    PALETTE,
    drawn_localities,
    everything,
    group_of_area,
    label_points,
)
from grouping.result import AssessedOption, Run

LAYERS = (
    ("areas", "Areas"),
    ("borders", "Group borders"),
    ("localities", "Localities"),
    ("sites", "Practice sites"),
    ("hubs", "Hubs"),
    ("labels", "Group labels"),
)
"""Layers of the map from bottom to top, with the names shown in its layer list."""


def map_data(run: Run, polygons: NDArray[np.object_], colours: Sequence[dict[str, int]]) -> dict[str, object]:
    """Everything the script of the page draws, as plain values for `grouping.escape.script_data`.

    Parameters
    ----------
    run
        The run.
    polygons
        What `drawn_areas` returns.
    colours
        What `group_colours` returns, one per option.
    """
    place = run.place
    west, south, east, north = shapely.total_bounds(everything(place, polygons))
    corners = to_degrees(np.array([[west, south], [east, north], [west, north], [east, south]]))
    low, high = corners.min(axis=0), corners.max(axis=0)
    sites = place.sites
    codes = list(place.practices.index)
    spots = to_degrees(shapely.get_coordinates(sites.geometry.to_numpy()))
    owner = pd.Index(codes).get_indexer(sites["practice_code"])
    return {
        "units": DEGREE_UNITS,
        "bounds": [[low[1], low[0]], [high[1], high[0]]],
        "palette": PALETTE,
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
            [code, _text(row.name), int(row.list_size), _text(row.locality)]
            for code, row in zip(
                codes, place.practices[["name", "list_size", "locality"]].itertuples(False), strict=True
            )
        ],
        "sites": [
            [code, _text(name), kind, int(position), round(lat, 5), round(lon, 5)]
            for code, name, kind, position, (lon, lat) in zip(
                sites.index, sites["name"], sites["kind"], owner, spots, strict=True
            )
        ],
        "options": [
            _option_data(option, place, polygons, colour, codes)
            for option, colour in zip(run.options, colours, strict=True)
        ],
    }


def _option_data(
    option: AssessedOption, place: Place, polygons: NDArray[np.object_], colours: dict[str, int], codes: list[str]
) -> dict[str, object]:
    """One option: the group of every area and practice, minutes by area, and the groups themselves."""
    ids = list(option.groups["group_id"])
    belongs = group_of_area(place, option.option.plan)
    group_of = option.option.plan.group_of
    minutes = option.areas.set_index("area_code").reindex(place.areas.index)
    site_at = pd.Index(place.sites.index)
    members = {group.group_id: group.members for group in option.option.plan.groups}
    groups = []
    labels = to_degrees(np.array(label_points(polygons, belongs.to_numpy(), ids, place, option)))
    for row, (lon, lat) in zip(option.groups.itertuples(), labels, strict=True):
        groups.append(
            {
                "id": row.group_id,
                "name": row.name,
                "colour": colours[row.group_id],
                "kind": row.kind,
                "size": int(row.list_size),
                "minimum": int(row.minimum),
                "margin": int(row.margin),
                "exception": row.exception,
                "minutes": _one_decimal(row.mean_minutes_to_hub),
                "longest": _one_decimal(row.max_practice_minutes),
                "hub": int(site_at.get_loc(row.hub_site_code)),
                "members": [codes.index(code) for code in members[row.group_id]],
                "label": [round(lat, 5), round(lon, 5)],
            }
        )
    return {
        "id": option.option.option_id,
        "groups": groups,
        "practiceGroup": [ids.index(group_of[code].group_id) if code in group_of else -1 for code in codes],
        "areaGroup": [ids.index(group_id) if group_id else -1 for group_id in belongs],
        "areaHub": [_one_decimal(value) for value in minutes["minutes_hub"]],
        "areaRoutine": [_one_decimal(value) for value in minutes["minutes_routine"]],
    }


def _one_decimal(value: float) -> float | None:
    return round(float(value), 1) if np.isfinite(value) else None


def _text(value: object) -> str:
    return "" if value is None or (isinstance(value, float) and np.isnan(value)) else str(value)


def _flag(value: object) -> int | None:
    return None if pd.isna(value) else int(bool(value))


def folium_frame(run: Run) -> MapFrame:
    """Render the frame of the interactive map with Folium: map, layers, layer list, scale; no tiles, no names."""
    localities = len(run.place.localities) > 0
    layers = [MapLayer(key, title, show=key != "localities" or localities) for key, title in LAYERS]
    return render_frame("blueprint", _middle(run.place), layers, "startBlueprintMap", max_zoom=16, min_zoom=6)


def _middle(place: Place) -> tuple[float, float]:
    west, south, east, north = shapely.total_bounds(place.sites.geometry.to_numpy())
    lon, lat = to_degrees(np.array([[(west + east) / 2, (south + north) / 2]]))[0]
    return round(float(lat), 5), round(float(lon), 5)
