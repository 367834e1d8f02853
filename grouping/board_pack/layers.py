"""What a map program gets of a run: groups, areas, sites, localities and hubs as layers of plain values.

Only what a map needs, and nothing about the vulnerability, condition, cost or staff of a practice, in no mode: a file
of layers travels further than the page it was made with.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geodata.catchments import area_polygons
from geodata.place import BRITISH_NATIONAL_GRID, Place
from grouping import maps
from grouping.escape import visible
from grouping.impact.about import DRAFT
from grouping.plain_words import NO_CLOSURE, is_missing
from grouping.report.method import attribution_lines
from grouping.result import AssessedOption, Run

GROUP_FIGURES = (
    "name",
    "kind",
    "practices",
    "sites",
    "list_size",
    "rural_share",
    "minimum",
    "margin",
    "exception",
    "mean_minutes_to_hub",
    "max_practice_minutes",
)
"""Columns of `AssessedOption.groups` that the layer of groups shows, as far as the run holds them."""

AREA_FIGURES = {"minutes_hub": "minutes_to_hub", "minutes_routine": "minutes_to_practice"}
"""Columns of `AssessedOption.areas` and what they are called in the layer of areas, after the option."""

WHOLE_METRE = 1.0
"""Grid on which areas are joined to groups: reprojected neighbours differ by less, and would not meet."""


@dataclass(frozen=True)
class Layer:
    """One layer.

    Parameters
    ----------
    name, title, words
        Its name in files, its title, and what it shows in a sentence.
    frame
        Plain columns (numbers, truth values, texts without hidden characters) and a geometry in `EPSG:27700`.
    """

    name: str
    title: str
    words: str
    frame: gpd.GeoDataFrame


def map_layers(run: Run, *, drawn: bool = False) -> tuple[Layer, ...]:
    """All layers of a run, those that lie below first; one without features is left out.

    Parameters
    ----------
    run
        The run, in public mode without what must not leave the house: nothing is read from anywhere else.
    drawn
        Whether outlines are simplified as on the page (detail below about 1/2000 of the width of the place is dropped)
        instead of as given.
    """
    polygons = maps.drawn_areas(run.place.areas) if drawn else area_polygons(run.place.areas)
    layers = (
        Layer(
            "areas",
            "Areas",
            "Small areas with the group that most of their registered patients are with, and mean minutes by car.",
            _areas(run, polygons),
        ),
        Layer(
            "groups",
            "Groups",
            "The areas in which most registered patients are with a group, joined; one feature a group and option.",
            _groups(run, polygons),
        ),
        Layer("localities", "Localities", "Planning areas of the commissioner.", _localities(run.place)),
        Layer("sites", "Sites", "Sites of practices, with the group of each under every option.", _sites(run)),
        Layer("hubs", "Hubs", "Sites where the shared services of a group run; one feature a group.", _hubs(run)),
    )
    return tuple(layer for layer in layers if len(layer.frame))


def status_of(run: Run) -> str:
    """What must be known of any file that leaves the house, in a few sentences."""
    sentences = [DRAFT, NO_CLOSURE]
    if run.place.made_up:
        sentences.append("Made-up data: practices, patients and journeys are invented.")
    if run.times.method.estimate:
        sentences.append("Minutes are estimates on straight lines.")
    return " ".join(sentences)


def attribution_of(run: Run) -> tuple[str, ...]:
    """What the licences of the inputs ask to be said, each once."""
    parts = [part.strip() for line in attribution_lines(run) for part in line.split(";")]
    return tuple(dict.fromkeys(visible(part) for part in parts if part))


def run_words(run: Run) -> str:
    """Which run it was, in a sentence; a public run has no name."""
    return f"Run {visible(run.run_id)}." if run.run_id else ""


def option_prefix(option: AssessedOption) -> str:
    """How columns of an option begin: `option_1`."""
    return re.sub(r"\W+", "_", option.option.option_id)


def _groups(run: Run, polygons: NDArray[np.object_]) -> gpd.GeoDataFrame:
    parts = []
    on_grid = shapely.set_precision(polygons, WHOLE_METRE)
    for option in run.options:
        groups = option.groups
        belongs = maps.group_of_area(run.place, option.option.plan).to_numpy()
        colours = maps.group_colours(polygons, belongs, list(groups["group_id"]))
        columns: dict[str, object] = {
            "option": [option.option.option_id] * len(groups),
            "group_id": groups["group_id"],
            "colour": [colours[group_id] for group_id in groups["group_id"]],
        }
        columns |= {name: groups[name] for name in GROUP_FIGURES if name in groups}
        hubs = list(groups["hub_site_code"])
        columns |= {"hub_site_code": hubs, "hub": _looked_up(run.place.sites, "name", hubs)}
        shapes = [_many(shapely.union_all(on_grid[belongs == group_id])) for group_id in groups["group_id"]]
        parts.append(_frame(columns, shapes))
    return _together(parts)


def _areas(run: Run, polygons: NDArray[np.object_]) -> gpd.GeoDataFrame:
    areas = run.place.areas
    columns: dict[str, object] = {"area_code": areas.index}
    columns |= {name: areas[name] for name in ("name", "ward", "rural") if name in areas}
    for option in run.options:
        start = option_prefix(option)
        columns[f"{start}_group"] = maps.group_of_area(run.place, option.option.plan)
        figures = option.areas.set_index("area_code").reindex(areas.index)
        columns |= {f"{start}_{said}": figures[name] for name, said in AREA_FIGURES.items() if name in figures}
    return _frame(columns, [_many(shape) for shape in polygons])


def _sites(run: Run) -> gpd.GeoDataFrame:
    sites, practices = run.place.sites, run.place.practices
    owners = list(sites["practice_code"])
    columns: dict[str, object] = {"site_code": sites.index}
    columns |= {name: sites[name] for name in ("name", "kind", "postcode", "practice_code") if name in sites}
    columns["practice"] = _looked_up(practices, "name", owners)
    columns["locality"] = _looked_up(practices, "locality", owners)
    for option in run.options:
        start = option_prefix(option)
        group_of = option.option.plan.group_of
        columns[f"{start}_group"] = [group_of[code].group_id if code in group_of else "" for code in owners]
        columns[f"{start}_hub"] = sites.index.isin(option.groups["hub_site_code"])
    return _frame(columns, list(sites.geometry))


def _localities(place: Place) -> gpd.GeoDataFrame:
    localities = place.localities
    return _frame({"name": localities.index}, [_many(shape) for shape in localities.geometry])


def _hubs(run: Run) -> gpd.GeoDataFrame:
    sites = run.place.sites
    parts = []
    for option in run.options:
        codes = list(option.groups["hub_site_code"])
        columns = {
            "option": [option.option.option_id] * len(codes),
            "group_id": option.groups["group_id"],
            "group": option.groups["name"],
            "site_code": codes,
            "name": _looked_up(sites, "name", codes),
        }
        parts.append(_frame(columns, list(sites.geometry.loc[codes])))
    return _together(parts)


def _looked_up(table: pd.DataFrame, column: str, codes: list[str]) -> list[object]:
    """A column of a table for many codes; None for one that is not in it."""
    return list(table[column].reindex(codes)) if column in table else [None] * len(codes)


def _frame(columns: Mapping[str, object], shapes: list[shapely.Geometry]) -> gpd.GeoDataFrame:
    """A frame of plain values; a column without any value is left out."""
    plain = {
        name: _plain(pd.Series(list(values), dtype=object), 2 if "minutes" in name else 4)
        for name, values in columns.items()
    }
    kept = {name: values for name, values in plain.items() if values.notna().any() or not len(values)}
    return gpd.GeoDataFrame(kept, geometry=gpd.GeoSeries(shapes, crs=BRITISH_NATIONAL_GRID))


def _together(parts: list[gpd.GeoDataFrame]) -> gpd.GeoDataFrame:
    if not parts:
        return _frame({}, [])
    return gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), crs=BRITISH_NATIONAL_GRID)


def _plain(values: pd.Series, decimals: int) -> pd.Series:
    """Whole numbers, numbers of few decimals, truth values, or else texts in which nothing is hidden."""
    known = [value for value in values if not _absent(value)]
    if known and all(isinstance(value, bool | np.bool_) for value in known) and len(known) == len(values):
        return values.astype(bool)
    if known and all(isinstance(value, int | float | np.number) for value in known):
        numbers = pd.to_numeric(values.map(lambda value: np.nan if _absent(value) else float(value)))
        whole = len(known) == len(values) and all(float(value).is_integer() for value in known)
        return numbers.astype("int64") if whole else numbers.round(decimals)
    return values.map(lambda value: None if _absent(value) else visible(_text(value))).astype(object)


def _absent(value: object) -> bool:
    return value is None or value is pd.NA or is_missing(value)


def _text(value: object) -> str:
    if isinstance(value, bool | np.bool_):
        return "yes" if value else "no"
    return str(value)


def _many(shape: shapely.Geometry | None) -> shapely.MultiPolygon | None:
    """A shape as one of many polygons, so that a layer holds one kind of geometry; None for nothing."""
    if shape is None or shape.is_empty:
        return None
    parts = [part for part in shapely.get_parts(shape) if part.geom_type in {"Polygon", "MultiPolygon"}]
    return shapely.MultiPolygon([one for part in parts for one in shapely.get_parts(part)]) if parts else None
