"""Roads and reach behind the run made by hand: a trunk road, two A roads, and rings of cells around every hub."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import shapely

from grouping.maps.backdrop import LIMITS, Backdrop, Reach
from grouping.result import Run
from tests.grouping.made_run import CELL_M, COLUMNS, ROWS, SOUTH, WEST

SQUARE_M = 500.0


def with_backdrop(run: Run, *, attribution: str = "Roads © OpenStreetMap contributors") -> Run:
    """The run with a backdrop; ten minutes are five kilometres as the crow flies."""
    east, north = WEST + COLUMNS * CELL_M, SOUTH + ROWS * CELL_M
    trunk = shapely.LineString([(WEST, SOUTH + 7_000), (WEST + 12_000, SOUTH + 9_000), (east, SOUTH + 6_000)])
    other = [
        shapely.LineString([(WEST + 10_000, SOUTH), (WEST + 10_500, north)]),
        shapely.LineString([(WEST + 22_000, SOUTH), (WEST + 21_000, north)]),
    ]
    columns, rows = round(COLUMNS * CELL_M / SQUARE_M), round(ROWS * CELL_M / SQUARE_M)
    x, y = np.meshgrid(
        WEST + (np.arange(columns) + 0.5) * SQUARE_M,
        north - (np.arange(rows) + 0.5) * SQUARE_M,
    )
    classes = {}
    for code in sorted({group.hub_site_code for option in run.options for group in option.option.plan.groups}):
        spot = run.place.sites.geometry[code]
        minutes = np.hypot(x - spot.x, y - spot.y) / 500
        classes[code] = np.searchsorted(LIMITS, minutes).astype(np.int8)
    reach = Reach(WEST, north, SQUARE_M, LIMITS, np.ones((rows, columns), dtype=bool), classes)
    roads = {"trunk": np.array([trunk]), "primary": np.array(other)}
    return replace(run, backdrop=Backdrop(roads, reach, attribution))
