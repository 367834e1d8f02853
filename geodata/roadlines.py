"""Drivable ways as they were read, before they become a network: plain arrays, one shape for every kind of file."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field, fields

import numpy as np
from numpy.typing import NDArray
from pyproj import Transformer

from geodata.osm import NODE_PLAIN, Way
from geodata.place import BRITISH_NATIONAL_GRID


@dataclass(frozen=True)
class RoadLines:
    """W drivable ways over K points.

    Parameters
    ----------
    x, y
        Points, metres in EPSG:27700, shape (K,). A point that two ways share joins them.
    node_kind
        What a point does to a car (`geodata.osm.NODE_...`), int8, shape (K,).
    sealed
        Whether a road ends at this point for a reason (a barrier, or it goes on as a path or a private road), so that
        no gap is closed there; bool, shape (K,).
    way_point
        Points of the ways one after the other, shape (M,).
    way_offset
        Where each way begins in `way_point`, shape (W + 1,).
    way
        For each field of `geodata.osm.Way` an array of shape (W,).
    source
        Name of the file or place.
    timestamp
        Date of the data as ISO text, empty if the source does not tell.
    counts
        What was left out, by reason.
    """

    x: NDArray[np.float64]
    y: NDArray[np.float64]
    node_kind: NDArray[np.int8]
    sealed: NDArray[np.bool_]
    way_point: NDArray[np.int64]
    way_offset: NDArray[np.int64]
    way: dict[str, NDArray]
    source: str
    timestamp: str = ""
    counts: dict[str, int] = field(default_factory=dict)


class LineCollector:
    """Gathers ways point by point and turns them into `RoadLines`.

    Parameters
    ----------
    crs
        Coordinate reference system of the points that will be added.
    """

    def __init__(self, crs: object) -> None:
        self._crs = crs
        self._keys = array("q")  # 8 bytes each: a city has millions of points
        self._x = array("d")
        self._y = array("d")
        self._sizes: list[int] = []
        self._ways: list[Way] = []
        self._fresh_key = -(2**62)  # far below the negative numbers that editors give to new points
        self.node_kind: dict[int, int] = {}
        self.sealed_keys: set[int] = set()
        self.counts: dict[str, int] = {}

    def count(self, reason: str) -> None:
        """Count one thing that was left out."""
        self.counts[reason] = self.counts.get(reason, 0) + 1

    def add(self, keys: Sequence[int], x: Sequence[float], y: Sequence[float], way: Way) -> None:
        """Add one way; `keys` identify its points across ways."""
        if len(keys) < 2:
            self.count("ways of a single point")
            return
        self._keys.extend(keys)
        self._x.extend(x)
        self._y.extend(y)
        self._sizes.append(len(keys))
        self._ways.append(way)

    def fresh_keys(self, number: int) -> list[int]:
        """Keys that no other point has."""
        first = self._fresh_key
        self._fresh_key -= number
        return list(range(first, first - number, -1))

    def finish(self, source: str, timestamp: str = "") -> RoadLines:
        """Number the points, project them and return the arrays."""
        keys = np.array(self._keys, dtype=np.int64)
        unique, first, position = np.unique(keys, return_index=True, return_inverse=True)
        x, y = np.array(self._x, dtype=float)[first], np.array(self._y, dtype=float)[first]
        if len(unique):
            x, y = Transformer.from_crs(self._crs, BRITISH_NATIONAL_GRID, always_xy=True).transform(x, y)
        kind = np.full(len(unique), NODE_PLAIN, dtype=np.int8)
        for key, value in self.node_kind.items():
            at = np.searchsorted(unique, key)
            if at < len(unique) and unique[at] == key:
                kind[at] = value
        ends = np.fromiter(self.sealed_keys, dtype=np.int64, count=len(self.sealed_keys))
        sealed = np.isin(unique, ends, assume_unique=True)
        way = {f.name: np.array([getattr(w, f.name) for w in self._ways], dtype=_dtype(f.type)) for f in fields(Way)}
        offset = np.concatenate(([0], np.cumsum(self._sizes, dtype=np.int64))).astype(np.int64)
        return RoadLines(
            np.asarray(x), np.asarray(y), kind, sealed, position.ravel(), offset, way, source, timestamp, self.counts
        )


def _dtype(annotation: str) -> type:
    return {"int": np.int64, "float": np.float64, "bool": np.bool_}[annotation]
