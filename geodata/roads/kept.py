"""The roads around some points, as kept from an earlier time or built anew."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geodata.osm.select import Bounds
from geodata.osm.tags import Mode
from geodata.roads import read_roads
from geodata.roads.cache import CACHE_FOLDER, file_hash, load_cached, store_cached
from geodata.roads.network import RoadNetwork
from geodata.speeds import Speeds

MARGIN_M = 10_000.0
"""Roads are read this far beyond the points, so that a quick way round outside is not lost."""

CACHE_VERSION = 4
"""Goes up when the same file would give another network, or one with other arrays."""


def road_bounds(x: NDArray[np.float64], y: NDArray[np.float64]) -> Bounds | None:
    """The box within which roads are read: the points and a margin of 10 km, in whole kilometres.

    Parameters
    ----------
    x, y
        Points, metres in EPSG:27700, shape (N,).

    Returns
    -------
    minx, miny, maxx, maxy, metres in EPSG:27700; None where there are no points.
    """
    if not len(x):
        return None
    # Whole kilometres, so that moving one point by a little does not build the network again.
    low = np.floor((np.array([x.min(), y.min()]) - MARGIN_M) / 1000.0) * 1000.0
    high = np.ceil((np.array([x.max(), y.max()]) + MARGIN_M) / 1000.0) * 1000.0
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def kept_roads(
    path: Path,
    bounds: Bounds | None,
    speeds: Speeds,
    folder: Path,
    *,
    bridge_gaps_m: float = 15.0,
    mode: Mode = "drive",
) -> RoadNetwork:
    """The roads of a file within a box, from `.cache` in a folder or built anew and kept there.

    Of the speeds only what counts as built-up decides how roads are read, so that another profile, factor or closure
    takes the same roads and is timed anew. Where nothing can be written, the network is built each time.

    Parameters
    ----------
    path
        The road file.
    bounds
        As in `read_roads`.
    speeds
        What the roads are timed by when they are built.
    folder
        The case, or the folder of the result.
    bridge_gaps_m, mode
        As in `read_roads`.

    Raises
    ------
    InputProblems
        As `read_roads`.
    OSError
        The file is there and cannot be read.
    """
    cache = folder / CACHE_FOLDER
    content = file_hash(path, cache) if path.is_file() else ""
    key = (CACHE_VERSION, content, path.name, bridge_gaps_m, mode, bounds, speeds.table["built_up"])
    digest = hashlib.sha256(json.dumps(key, sort_keys=True).encode("utf-8")).hexdigest()
    kept = cache / f"roads-{digest[:16]}.npz"
    network = load_cached(kept)
    if network is None:
        network = read_roads(path, bounds=bounds, bridge_gaps_m=bridge_gaps_m, speeds=speeds, mode=mode)
        store_cached(network, kept)
    return network
