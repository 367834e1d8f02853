"""The maps of a run: shapes for the page, still drawings for paper, and the frame that Folium makes."""

from grouping.maps.live import LAYERS, folium_frame, map_data
from grouping.maps.parts import MapFrame
from grouping.maps.shapes import (
    MINUTE_CLASSES,
    MINUTE_COLOURS,
    NO_ROUTE_COLOUR,
    PALETTE,
    drawn_areas,
    group_colours,
    group_of_area,
    minute_class,
)
from grouping.maps.still import Drawing, draw

__all__ = [
    "LAYERS",
    "MINUTE_CLASSES",
    "MINUTE_COLOURS",
    "NO_ROUTE_COLOUR",
    "PALETTE",
    "Drawing",
    "MapFrame",
    "draw",
    "drawn_areas",
    "folium_frame",
    "group_colours",
    "group_of_area",
    "map_data",
    "minute_class",
]
