"""The backdrop of a map as plain values for the page's script: main roads as lines, the reach of hubs as runs."""

from __future__ import annotations

import numpy as np
import shapely
from numpy.typing import NDArray

from grouping.maps.backdrop import Backdrop, Reach
from grouping.maps.parts import DEGREE_UNITS, to_degrees

DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def roads_data(backdrop: Backdrop) -> list[dict[str, object]]:
    """Roads by kind, the least important first: each line x, y, then differences, in 1/100,000 degree."""
    return [{"kind": kind, "lines": _delta_lines(lines)} for kind, lines in reversed(backdrop.roads.items())]


def _delta_lines(lines: NDArray[np.object_]) -> list[list[int]]:
    found = []
    for line in shapely.transform(lines, to_degrees):
        units = np.round(shapely.get_coordinates(line) * DEGREE_UNITS).astype(np.int64)
        moved = np.r_[True, np.any(np.diff(units, axis=0) != 0, axis=1)]
        if moved.sum() > 1:
            found.append(np.diff(units[moved], axis=0, prepend=np.zeros((1, 2), dtype=np.int64)).ravel().tolist())
    return found


def reach_data(reach: Reach) -> dict[str, object]:
    """The grid, its four corners in degrees, and the cells of each hub (see `run_lengths`)."""
    rows, columns = reach.land.shape
    east, south = reach.west + columns * reach.cell_m, reach.north - rows * reach.cell_m
    corners = to_degrees(
        np.array([[reach.west, reach.north], [east, reach.north], [reach.west, south], [east, south]])
    ).round(6)
    return {
        "limits": reach.limits,
        "metres": round(reach.cell_m),
        "columns": columns,
        "rows": rows,
        "corners": [[lat, lon] for lon, lat in corners.tolist()],
        "land": run_lengths(reach.land.ravel().astype(np.int8)),
        "cells": {code: run_lengths(found.ravel()) for code, found in reach.classes.items()},
    }


def run_lengths(classes: NDArray[np.int8]) -> str:
    """Cells as text: a capital letter for the class (A the nearest) and how many cells follow with it, in base 36."""
    if not len(classes):
        return ""
    starts = np.flatnonzero(np.r_[True, classes[1:] != classes[:-1]])
    lengths = np.diff(np.r_[starts, len(classes)])
    return "".join(
        chr(ord("A") + int(kind)) + (_base_36(int(length)) if length > 1 else "")
        for kind, length in zip(classes[starts], lengths, strict=True)
    )


def _base_36(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, 36)
        digits = DIGITS[digit] + digits
    return digits
