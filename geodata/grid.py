"""The coordinate system of everything inside."""

from __future__ import annotations

BRITISH_NATIONAL_GRID = "EPSG:27700"
"""Everything inside is in metres on this grid, whatever the files used."""
