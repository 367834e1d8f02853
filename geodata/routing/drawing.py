"""The road network as lines for drawing: roads by source of speed, ways to them, what is cut off; and GeoPackage."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import shapely
from geopandas.array import GeometryDtype
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from geodata.errors import Finding, InputProblems
from geodata.osm.tags import ROAD_CLASSES
from geodata.place import BRITISH_NATIONAL_GRID
from geodata.roads.network import RoadNetwork
from geodata.routing.snapping import Snapped
from geodata.speeds import FERRY, SPEED_SOURCES

SOURCE_WORDS = {
    "maxspeed": "speed limit in the map data",
    "named limit": "named limit in the map data, such as the national limit",
    "class, built-up": "no limit in the map data: class of road, among houses",
    "class, rural": "no limit in the map data: class of road, in the country",
    "ferry": "ferry",
}
"""`SPEED_SOURCES` in words for a legend."""

WALKING = "walking pace"

LAYER_DATE = "2000-01-01T00:00:00.000Z"
"""Date of change that every layer is given, so that the same layers make the same file."""

LAYER_MARK = "Made by blueprint times; the next run with the same name replaces this file."
"""Description of every layer: a file with any other layer is not ours to replace."""


@dataclass(frozen=True)
class RoadPoints:
    """P points with their codes and their places on the roads.

    Parameters
    ----------
    codes
        What each point is called, each once.
    x, y
        The points themselves, metres in EPSG:27700, shape (P,).
    snapped
        Where they are joined to the roads.
    """

    codes: tuple[str, ...]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    snapped: Snapped

    def access_ms(self, network: RoadNetwork) -> NDArray[np.float64]:
        """Milliseconds between each point and its place on the road, as the matrices count them, shape (P,)."""
        return np.rint(self.snapped.distance_m / network.access_kmh * 3600.0)

    def some(self, which: NDArray[np.int64] | slice) -> RoadPoints:
        """Those points alone, in that order."""
        codes = tuple(np.array(self.codes, dtype=object)[which])
        return RoadPoints(codes, self.x[which], self.y[which], self.snapped.some(which))


# ------------------------------------------------------------------------------------------------------ whole and cut


class RoadShapes:
    """The shapes of the roads of a network, whole or cut at shares of their length.

    Parameters
    ----------
    network
        The roads.
    """

    def __init__(self, network: RoadNetwork) -> None:
        self._xy, self._offset = network.geometry_xy, network.geometry_offset

    @cached_property
    def _along(self) -> NDArray[np.float64]:
        """Metres from the first point of all to each point, along one road after the other; grows within a road."""
        step = np.hypot(*np.diff(self._xy, axis=0).T)
        step[self._offset[1:-1] - 1] = 0.0  # from the end of a road to the start of the next
        return np.concatenate(([0.0], np.cumsum(step)))

    def whole(self, roads: NDArray[np.int64]) -> NDArray[np.object_]:
        """Lines of roads, shape (P,); the first point is that of `road_from`."""
        return _lines_of(*self.cut_points(roads, np.zeros(len(roads)), np.ones(len(roads))))

    def cut(
        self, roads: NDArray[np.int64], start: NDArray[np.float64], stop: NDArray[np.float64]
    ) -> NDArray[np.object_]:
        """Lines of parts of roads, from one share of the length to another, shape (P,).

        Parameters
        ----------
        roads, start, stop
            Which road, and from where to where; the line runs backwards where `stop` is the smaller; shape (P,).
        """
        return _lines_of(*self.cut_points(roads, start, stop))

    def cut_points(
        self, roads: NDArray[np.int64], start: NDArray[np.float64], stop: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Points of the same parts, shape (K, 2), and where each part begins in them, shape (P + 1,)."""
        along, first, last = self._along, self._offset[roads], self._offset[roads + 1] - 1
        length = along[last] - along[first]
        low, high = (
            np.where(edge < 1.0, along[first] + np.clip(edge, 0.0, 1.0) * length, along[last])
            for edge in (np.minimum(start, stop), np.maximum(start, stop))
        )
        begin = np.clip(np.searchsorted(along, low, side="right"), first + 1, last)
        end = np.maximum(np.clip(np.searchsorted(along, high, side="left"), first + 1, last), begin)
        size = end - begin + 2
        offset = np.concatenate(([0], np.cumsum(size)))
        part = np.repeat(np.arange(len(roads)), size)
        step = np.arange(offset[-1]) - offset[part]
        backwards = (stop < start)[part]
        step = np.where(backwards, size[part] - 1 - step, step)
        xy = self._xy[np.clip(begin[part] - 1 + step, first[part], last[part])]
        at_low, at_high = step == 0, step == size[part] - 1
        xy[at_low] = self._at(low, begin - 1)[part[at_low]]
        xy[at_high] = self._at(high, end - 1)[part[at_high]]
        return xy, offset

    def _at(self, metres: NDArray[np.float64], before: NDArray[np.int64]) -> NDArray[np.float64]:
        """Places at distances along the roads, between the points `before` and the next."""
        gap = self._along[before + 1] - self._along[before]
        share = np.divide(metres - self._along[before], gap, out=np.zeros(len(gap)), where=gap > 0)
        share = np.clip(share, 0.0, 1.0)[:, None]
        return self._xy[before] * (1.0 - share) + self._xy[before + 1] * share


def _lines_of(xy: NDArray[np.float64], offset: NDArray[np.int64]) -> NDArray[np.object_]:
    count = len(offset) - 1
    if not count:
        return np.array([], dtype=object)
    return shapely.linestrings(xy, indices=np.repeat(np.arange(count), np.diff(offset)))


# --------------------------------------------------------------------------------------------------------- for drawing


def roads_frame(network: RoadNetwork, roads: NDArray[np.int64] | None = None) -> gpd.GeoDataFrame:
    """One line for each road, with what decides its time.

    Parameters
    ----------
    network
        The roads.
    roads
        Which of them; all by default.

    Returns
    -------
    EPSG:27700; columns `road` (its number), `class`, `name`, `way_id` (OpenStreetMap's number, 0 if unknown), `kmh`
    (in the faster direction, delays at junctions included; missing where nobody may go), `speed_source`, `one_way`
    (it runs as the line does), `toll`, `ferry`, `metres`, `in_main` (part of the network that reaches all of itself).
    """
    which = np.arange(len(network.road_from)) if roads is None else np.asarray(roads, dtype=np.int64)
    ahead, back = network.road_ms_forward[which] >= 0, network.road_ms_backward[which] >= 0
    shown = np.where(ahead | back, np.round(network.road_kmh[which], 1), np.nan)
    lines = RoadShapes(network).whole(which)
    against = back & ~ahead
    lines[against] = shapely.reverse(lines[against])
    words = np.array([SOURCE_WORDS.get(name, name) for name in SPEED_SOURCES], dtype=object)
    source = words[network.road_source[which]]
    if network.mode == "walk":
        source = np.where(network.road_class[which] == FERRY, source, WALKING)
    columns = {
        "road": which,
        "class": np.array(ROAD_CLASSES, dtype=object)[network.road_class[which]],
        "name": np.array(network.names, dtype=object)[network.facts.name[which]],
        "way_id": network.facts.way_id[which],
        "kmh": shown,
        "speed_source": source,
        "one_way": ahead != back,
        "toll": network.facts.toll[which],
        "ferry": network.road_class[which] == FERRY,
        "metres": np.round(network.road_length_m[which], 1),
        "in_main": (network.node_in_main[network.road_from] & network.node_in_main[network.road_to])[which],
    }
    return gpd.GeoDataFrame(columns, geometry=lines, crs=BRITISH_NATIONAL_GRID)


def snap_frame(points: RoadPoints) -> gpd.GeoDataFrame:
    """A short line from each point to its place on the road.

    Parameters
    ----------
    points
        The points.

    Returns
    -------
    EPSG:27700; columns `code`, `metres`, `joined` (False where no road is near enough: the line then leads to the
    nearest one, and is missing where there is no road at all).
    """
    snapped = points.snapped
    ends = np.stack((np.column_stack((points.x, points.y)), np.column_stack((snapped.x, snapped.y))), axis=1)
    lines = shapely.linestrings(ends) if len(ends) else np.array([], dtype=object)
    there = np.isfinite(snapped.distance_m)
    columns = {
        "code": np.array(points.codes, dtype=object),
        "metres": np.where(there, np.round(snapped.distance_m, 1), np.nan),
        "joined": snapped.road >= 0,
    }
    return gpd.GeoDataFrame(columns, geometry=np.where(there, lines, None), crs=BRITISH_NATIONAL_GRID)


def cut_off_frame(network: RoadNetwork) -> gpd.GeoDataFrame:
    """Roads outside the main part: they cannot be driven to and from the rest, and no point is joined to them.

    Parameters
    ----------
    network
        The roads.

    Returns
    -------
    The columns of `roads_frame`, and `part` (connected stretches, 1 for the longest), `part_km`, and `reason`
    (`one-way only` where it is joined to the main part, else `not connected`).
    """
    inside = network.node_in_main[network.road_from] & network.node_in_main[network.road_to]
    outside = np.flatnonzero(~inside)
    part = _together(network, outside)[network.road_from[outside]]
    anywhere = _together(network, np.arange(len(inside)))
    joined = np.isin(anywhere[network.road_from[outside]], anywhere[network.road_from[inside]])
    parts, first, position = np.unique(part, return_index=True, return_inverse=True)
    km = np.bincount(position, weights=network.road_length_m[outside], minlength=len(parts)) / 1000.0
    rank = np.empty(len(parts), dtype=np.int64)
    rank[np.lexsort((first, -km))] = np.arange(1, len(parts) + 1)
    frame = roads_frame(network, outside).drop(columns="in_main")
    frame["part"], frame["part_km"] = rank[position], np.round(km[position], 3)
    frame["reason"] = np.where(joined, "one-way only", "not connected").astype(object)
    frame = frame.sort_values(["part", "road"], ignore_index=True)
    return frame[[*(name for name in frame.columns if name != "geometry"), "geometry"]]


def _together(network: RoadNetwork, roads: NDArray[np.int64]) -> NDArray[np.int32]:
    """Label of the connected stretch each node belongs to when only those roads are there."""
    size = len(network.node_x)
    ends = (network.road_from[roads], network.road_to[roads])
    return connected_components(csr_array((np.ones(len(roads), dtype=np.int8), ends), shape=(size, size)), False)[1]


# ---------------------------------------------------------------------------------------------------------- GeoPackage


def write_layers(path: Path, layers: Mapping[str, gpd.GeoDataFrame]) -> None:
    """Write frames as layers of one GeoPackage, whole or not at all; an earlier file of that name is replaced.

    The same layers make the same file: every layer is given the same date of change. Each is described by `LAYER_MARK`.
    Of several columns of geometries the active one is written.

    Parameters
    ----------
    path
        The file, `.gpkg`.
    layers
        Frames by the name of their layer.

    Raises
    ------
    InputProblems
        When the file cannot be written.
    """
    path = Path(path)
    before = {"OGR_CURRENT_DATE": pyogrio.get_gdal_config_option("OGR_CURRENT_DATE")}
    try:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": LAYER_DATE})
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{path.stem}-", dir=path.parent) as folder:
            whole = Path(folder) / path.name
            for name, frame in layers.items():
                _write_layer(whole, name, frame)
            whole.replace(path)
    except (OSError, pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError) as problem:
        fix = "Close the file where it is open (a GIS keeps it locked), or choose another folder."
        message = f"The layers cannot be written ({problem})."
        raise InputProblems([Finding("error", path.name, message, fix, code="cannot-write")]) from problem
    finally:
        pyogrio.set_gdal_config_options(before)


def _write_layer(path: Path, name: str, frame: gpd.GeoDataFrame) -> None:
    active = frame.geometry.name
    others = [c for c in frame.columns if c != active and isinstance(frame[c].dtype, GeometryDtype)]
    plain = frame.drop(columns=others)
    # A layer of one kind says so: programs decide by that how to draw it.
    kinds = set(plain.geometry.dropna().geom_type)
    single = {kind.removeprefix("Multi") for kind in kinds}
    multi = kinds != single
    kind = ("Multi" if multi else "") + single.pop() if len(single) == 1 else "Unknown"
    pyogrio.write_dataframe(
        plain,
        path,
        layer=name,
        driver="GPKG",
        geometry_type=kind,
        promote_to_multi=multi and kind != "Unknown",
        append=path.exists(),
        layer_options={"DESCRIPTION": LAYER_MARK},
    )
