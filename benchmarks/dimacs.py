"""Read road networks of the 9th DIMACS Implementation Challenge (Demetrescu, Goldberg and Johnson 2009)."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np
import pandas as pd

from geodata.roads.graph import Graph

NEW_YORK = "USA-road-{what}.NY.{ending}.gz"
MS_PER_UNIT = 4
"""The files state times without a unit: tenths of metres over 1.0, 0.8, 0.6 or 0.4 by class of road. At 4 ms a unit the
best class goes at 90 km/h and a street at 36 km/h. A choice, so that times are whole milliseconds; nothing hangs on
it."""

EARTH_M = 6_371_009.0


def read_new_york(folder: Path) -> Graph:
    """New York: 264,346 nodes and 733,846 directed edges with travel times.

    Parameters
    ----------
    folder
        Where `USA-road-t.NY.gr.gz` and `USA-road-d.NY.co.gz` lie.

    Raises
    ------
    FileNotFoundError
        One of them is not there.
    """
    arcs = _lines(folder / NEW_YORK.format(what="t", ending="gr"), "a")
    places = _lines(folder / NEW_YORK.format(what="d", ending="co"), "v")
    lon, lat = np.empty((2, len(places)))
    lon[places[:, 0] - 1], lat[places[:, 0] - 1] = places[:, 1] / 1e6, places[:, 2] / 1e6
    # Plain metres east and north of the middle: they only guide in which order a hierarchy takes the nodes.
    middle = np.radians(lat.mean())
    return Graph(
        nodes=len(places),
        tail=arcs[:, 0] - 1,
        head=arcs[:, 1] - 1,
        ms=arcs[:, 2] * MS_PER_UNIT,
        x=np.radians(lon - lon.mean()) * np.cos(middle) * EARTH_M,
        y=np.radians(lat - lat.mean()) * EARTH_M,
    )


def _lines(path: Path, kind: str) -> np.ndarray:
    """Numbers of the lines that begin with `kind`, shape (lines, 3)."""
    with gzip.open(path, "rt", encoding="ascii") as file:
        head = next(number for number, line in enumerate(file) if line.startswith(f"{kind} "))
    table = pd.read_csv(
        path, sep=" ", header=None, skiprows=head, usecols=[1, 2, 3], dtype=np.int64, compression="gzip"
    )
    return table.to_numpy()
