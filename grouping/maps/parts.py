"""Pieces of which maps are made: coordinates and outlines for a page, and Folium's frame without the web."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from typing import ClassVar

import folium
import numpy as np
import pyproj
import shapely
from branca.element import MacroElement
from folium.template import Template
from numpy.typing import NDArray

from geodata.place import BRITISH_NATIONAL_GRID

DEGREE_UNITS = 100_000
"""Coordinates are sent as whole numbers of 1/100,000 degree (about one metre)."""


def to_degrees(metres: NDArray[np.float64]) -> NDArray[np.float64]:
    """Longitude and latitude of points on the national grid, shape (points, 2)."""
    if not len(metres):
        return metres
    return np.column_stack(_grid_to_degrees().transform(metres[:, 0], metres[:, 1]))


@cache
def _grid_to_degrees() -> pyproj.Transformer:
    """Made once: looking it up takes longer than a thousand points."""
    return pyproj.Transformer.from_crs(BRITISH_NATIONAL_GRID, "EPSG:4326", always_xy=True)


def delta_rings(geometries: NDArray[np.object_]) -> list[list[list[list[int]]]]:
    """Per geometry its polygons, per polygon its rings, per ring x, y, then differences, in 1/100,000 degree."""
    shapes = []
    for geometry in shapely.transform(geometries, to_degrees):
        polygons = []
        for polygon in shapely.get_parts(geometry):
            if polygon.geom_type != "Polygon" or polygon.is_empty:
                continue
            rings = [_delta_ring(ring) for ring in (polygon.exterior, *polygon.interiors)]
            if len(rings[0]) >= 6:
                polygons.append([ring for ring in rings if len(ring) >= 6])
        shapes.append(polygons)
    return shapes


def _delta_ring(ring: shapely.LinearRing) -> list[int]:
    units = np.round(shapely.get_coordinates(ring) * DEGREE_UNITS).astype(np.int64)[:-1]
    moved = np.r_[True, np.any(np.diff(units, axis=0) != 0, axis=1)] if len(units) else np.zeros(0, dtype=bool)
    return np.diff(units[moved], axis=0, prepend=np.zeros((1, 2), dtype=np.int64)).ravel().tolist()


def simplified(polygons: NDArray[np.object_], span_m: float) -> NDArray[np.object_]:
    """Simplify polygons together. Whole metres first: reprojected neighbours differ by less, and would not meet."""
    return shapely.coverage_simplify(shapely.set_precision(polygons, 1.0), float(np.clip(span_m / 2_000, 2.0, 100.0)))


def svg_path(geometry: shapely.Geometry, origin: NDArray[np.float64], scale: float) -> str:
    """SVG path data in whole drawing units, relative, without points that fall together."""
    pieces = []
    for polygon in shapely.get_parts(geometry):
        if polygon.geom_type != "Polygon" or polygon.is_empty:
            continue
        for ring in (polygon.exterior, *polygon.interiors):
            points = np.round((shapely.get_coordinates(ring) - origin) * [scale, -scale]).astype(np.int64)[:-1]
            points = points[np.r_[True, np.any(np.diff(points, axis=0) != 0, axis=1)]]
            if len(points) < 3:
                continue
            steps = np.diff(points, axis=0)
            moves = " ".join(f"{dx} {dy}" for dx, dy in steps.tolist()).replace(" -", "-")
            pieces.append(f"M{points[0][0]} {points[0][1]}l{moves}z")
    return "".join(pieces)


def svg_lines(lines: NDArray[np.object_], origin: NDArray[np.float64], scale: float) -> str:
    """SVG path data of lines in whole drawing units, relative, simplified; the shortest are left out."""
    drawn = shapely.transform(lines, lambda xy: (xy - origin) * [scale, -scale])
    parts = shapely.get_parts(shapely.simplify(drawn, 1.5))
    pieces = []
    for part in parts[shapely.get_type_id(parts) == shapely.GeometryType.LINESTRING]:
        points = np.round(shapely.get_coordinates(part)).astype(np.int64)
        points = points[np.r_[True, np.any(np.diff(points, axis=0) != 0, axis=1)]]
        if len(points) > 1:
            moves = " ".join(f"{dx} {dy}" for dx, dy in np.diff(points, axis=0).tolist()).replace(" -", "-")
            pieces.append(f"M{points[0][0]} {points[0][1]}l{moves}")
    return "".join(pieces)


class OfflineMap(folium.Map):
    """A Folium map that names no file on the web: the page carries Leaflet itself."""

    default_js: ClassVar[list[tuple[str, str]]] = []
    default_css: ClassVar[list[tuple[str, str]]] = []


class PageScript(MacroElement):
    """Hands the map, its layers and their list to a function of the page's own script, which fills them from data."""

    _template = Template(
        """
        {% macro script(this, kwargs) %}
            {{ this.function }}({{ this._parent.get_name() }}, {
                {%- for key, layer in this.layers.items() %}
                {{ key|tojson }}: {{ layer.get_name() }},
                {%- endfor %}
            }, {{ this.control.get_name() }});
        {% endmacro %}
        """
    )

    def __init__(self, function: str, layers: dict[str, folium.FeatureGroup], control: folium.LayerControl) -> None:
        super().__init__()
        self._name = "PageScript"
        self.function = function
        self.layers = layers
        self.control = control


@dataclass(frozen=True)
class MapFrame:
    """What Folium renders: the element that holds the map, and the script that makes it."""

    html: str
    script: str


@dataclass(frozen=True)
class MapLayer:
    """A layer of a map: its key in the page's script, its name in the list of layers, whether it is shown at first."""

    key: str
    title: str
    show: bool = True


def render_frame(
    name: str, centre: tuple[float, float], layers: Iterable[MapLayer], fill: str, *, max_zoom: int, min_zoom: int = 5
) -> MapFrame:
    """Render the frame of a map with Folium: map, layers, layer list, scale; no tiles, no names, nothing of the web.

    Parameters
    ----------
    name
        Fixed part of the map's id.
    centre
        Latitude and longitude.
    layers
        From bottom to top.
    fill
        Function of the page's script that fills the layers from the page's data.
    max_zoom, min_zoom
        How near and how far the reader may go.
    """
    frame = OfflineMap(
        location=centre,
        tiles=None,
        zoom_start=10,
        control_scale=True,
        zoom_snap=0.25,
        zoom_delta=0.5,
        max_zoom=max_zoom,
        min_zoom=min_zoom,
        scroll_wheel_zoom=False,
    )
    _name_for_good(frame, name)
    groups = {}
    for layer in layers:
        group = _name_for_good(folium.FeatureGroup(layer.title, show=layer.show), layer.key)
        groups[layer.key] = group.add_to(frame)
    control = _name_for_good(folium.LayerControl(collapsed=True), "layers").add_to(frame)
    _name_for_good(PageScript(fill, groups, control), "fill").add_to(frame)
    figure = frame.get_root()
    figure.render()
    return MapFrame(figure.html.render(), figure.script.render())


def _name_for_good(element: MacroElement, name: str) -> MacroElement:
    """Give an element a fixed id in place of Folium's random one: the same run makes the same page."""
    element._id = name
    return element
