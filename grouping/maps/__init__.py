"""The maps of a run: shapes for the page, still drawings for paper, and the frame that Folium makes."""

from grouping.maps.backdrop import Backdrop, backdrop_of
from grouping.maps.colours import group_colours
from grouping.maps.hatches import CHANGES, HATCHES, PALETTE, Hatch
from grouping.maps.legend import Legend, legend_of
from grouping.maps.letters import group_letters
from grouping.maps.live import LAYERS, TILE_HOST, folium_frame, map_data
from grouping.maps.parts import MapFrame
from grouping.maps.shapes import (
    MINUTE_CLASSES,
    MINUTE_COLOURS,
    NO_ROUTE_COLOUR,
    GroupShapes,
    drawn_areas,
    group_of_area,
    group_shapes,
    minute_class,
)
from grouping.maps.still import Drawing, draw

__all__ = [
    "CHANGES",
    "HATCHES",
    "LAYERS",
    "MINUTE_CLASSES",
    "MINUTE_COLOURS",
    "NO_ROUTE_COLOUR",
    "PALETTE",
    "TILE_HOST",
    "Backdrop",
    "Drawing",
    "GroupShapes",
    "Hatch",
    "Legend",
    "MapFrame",
    "backdrop_of",
    "draw",
    "drawn_areas",
    "folium_frame",
    "group_colours",
    "group_letters",
    "group_of_area",
    "group_shapes",
    "legend_of",
    "map_data",
    "minute_class",
]
