"""Colours of groups with the hatch that goes with each, and the signs of what grew or shrank, for every drawing.

A map must tell neighbours apart in greyscale and for readers who see colours otherwise, so that a colour never stands
alone: each has its hatch, drawn in dark ink on the light colour. Letters name the group on a white plate.
"""

from __future__ import annotations

from dataclasses import dataclass

INK = "#17222c"


@dataclass(frozen=True)
class Hatch:
    """A tile that is repeated over an area.

    Parameters
    ----------
    colour
        The light ground.
    lines, width
        SVG path data of the strokes inside a tile of 40 by 40, and how wide they are; empty for a plain ground.
    words
        What it looks like, for legends and readers who hear the page.
    """

    colour: str
    lines: str
    width: float
    words: str


HATCHES = (
    Hatch("#a9cdea", "", 0, "plain blue"),
    Hatch("#f7c795", "M-10 10L10 -10M-10 50L50 -10M30 50L50 30", 4, "orange with rising lines"),
    Hatch("#f4eaa8", "M10 10h0M30 30h0", 9, "yellow with dots"),
    Hatch("#b9e0b3", "M-10 -10L50 50M-10 30L10 50M30 -10L50 10", 4, "green with falling lines"),
    Hatch("#e8bfdb", "M-5 10H45M-5 30H45", 4, "pink with level lines"),
    Hatch("#cbc2ec", "M10 -5V45M-5 10H45", 4, "violet with a grid"),
)
"""Grounds on which dark letters keep a contrast of at least 7 to 1, each with a hatch of its own."""

PALETTE = tuple(hatch.colour for hatch in HATCHES)
"""The grounds alone, for marks in tables that carry their letters."""

_PLUS, _MINUS = "M10 4V16M4 10H16M30 24V36M24 30H36", "M4 10H16M24 30H36"

CHANGE_LIMITS = (-10.0, -5.0, -1.0, 1.0, 5.0, 10.0)
"""Minutes between the classes of change. Within one minute counts as no change, as in the tables."""

CHANGES = (
    Hatch("#5d9fd3", _MINUS, 5, "− over 10 minutes nearer"),
    Hatch("#97c2e4", _MINUS, 4, "− over 5 to 10 minutes nearer"),
    Hatch("#cfe2f2", _MINUS, 2.5, "− over 1 to 5 minutes nearer"),
    Hatch("#ffffff", "", 0, "within 1 minute of before"),
    Hatch("#fbe0c4", _PLUS, 2.5, "+ over 1 to 5 minutes further"),
    Hatch("#f3b87c", _PLUS, 4, "+ over 5 to 10 minutes further"),
    Hatch("#e08a3c", _PLUS, 5, "+ over 10 minutes further"),
)
"""Classes of change: minus signs where the hub is nearer than before, plus signs where it is further."""
