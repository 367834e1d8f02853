"""Drivable ways as they were read, before they become a network: plain arrays, one shape for every kind of file."""

from __future__ import annotations

from array import array
from collections.abc import Sequence
from dataclasses import dataclass, field, fields

import numpy as np
from numpy.typing import NDArray
from pyproj import Transformer

from geodata.grid import BRITISH_NATIONAL_GRID
from geodata.osm.nodes import is_in
from geodata.osm.tags import NODE_PLAIN, Way


@dataclass(frozen=True)
class RoadLines:
    """W drivable ways over K points.

    Parameters
    ----------
    x, y
        Points, metres in EPSG:27700, shape (K,). A point that two ways share joins them.
    node_kind
        What a point does to a car (`geodata.osm.tags.NODE_...`), int8, shape (K,).
    sealed
        Whether a road ends at this point for a reason (a barrier, or it goes on as a path or a private road), so that
        no gap is closed there; bool, shape (K,).
    way_point
        Points of the ways one after the other, shape (M,).
    way_offset
        Where each way begins in `way_point`, shape (W + 1,).
    way
        For each field of `geodata.osm.tags.Way` an array of shape (W,).
    source
        Name of the file or place.
    timestamp
        Date of the data as ISO text, empty if the source does not tell.
    counts
        What was left out, by reason.
    way_id
        OpenStreetMap's number of each way, shape (W,); pieces of one way share it; 0 where the file has none.
    way_name, names
        Position of the name of each way in `names`, shape (W,); `names[0]` is empty.
    restriction
        Turns that are forbidden or the only ones allowed: number of the way the car comes from, point it turns at,
        number of the way it would take, 1 where this is the only turn allowed (else it is forbidden); shape (T, 4).
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
    way_id: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    way_name: NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))
    names: tuple[str, ...] = ("",)
    restriction: NDArray[np.int64] = field(default_factory=lambda: np.zeros((0, 4), dtype=np.int64))


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
        self._sealed: list[NDArray[np.int64]] = [np.zeros(0, dtype=np.int64)]
        self.restrictions: list[tuple[int, int, int, int]] = []
        """From way, key of the point, to way, 1 where it is the only turn allowed."""
        self._way_ids = array("q")
        self._way_names = array("q")
        self._name_at: dict[str, int] = {"": 0}
        self.counts: dict[str, int] = {}

    def count(self, reason: str, number: int = 1) -> None:
        """Count what was left out."""
        self.counts[reason] = self.counts.get(reason, 0) + number

    def seal(self, keys: NDArray[np.int64]) -> None:
        """Let no gap be closed at these points."""
        self._sealed.append(keys)

    def add(
        self,
        keys: Sequence[int],
        x: Sequence[float],
        y: Sequence[float],
        way: Way,
        *,
        way_id: int = 0,
        name: str = "",
    ) -> None:
        """Add one way; `keys` identify its points across ways."""
        if len(keys) < 2:
            self.count("ways of a single point")
            return
        self._keys.extend(keys)
        self._x.extend(x)
        self._y.extend(y)
        self._sizes.append(len(keys))
        self._ways.append(way)
        self._way_ids.append(way_id)
        self._way_names.append(self._name_at.setdefault(name, len(self._name_at)))

    def add_many(
        self,
        keys: NDArray[np.int64],
        x: NDArray[np.float64],
        y: NDArray[np.float64],
        sizes: NDArray[np.int64],
        ways: Sequence[Way],
        way_ids: NDArray[np.int64],
        names: Sequence[str],
    ) -> None:
        """Add W ways of two or more points each; the points of all of them stand one after the other.

        Parameters
        ----------
        keys, x, y
            The points, shape (K,).
        sizes
            How many of them each way has, shape (W,).
        ways, way_ids, names
            What, and which, each way is; W of them.
        """
        self._keys.frombytes(np.asarray(keys, dtype=np.int64).tobytes())
        self._x.frombytes(np.asarray(x, dtype=np.float64).tobytes())
        self._y.frombytes(np.asarray(y, dtype=np.float64).tobytes())
        self._sizes.extend(sizes.tolist())
        self._ways.extend(ways)
        self._way_ids.frombytes(np.asarray(way_ids, dtype=np.int64).tobytes())
        self._way_names.extend([self._name_at.setdefault(name, len(self._name_at)) for name in names])

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
        told = np.array(sorted(self.node_kind), dtype=np.int64)
        here = told[is_in(told, unique)]
        kind[np.searchsorted(unique, here)] = [self.node_kind[key] for key in here.tolist()]
        sealed = is_in(unique, np.sort(np.concatenate(self._sealed)))
        offset = np.concatenate(([0], np.cumsum(self._sizes, dtype=np.int64))).astype(np.int64)
        return RoadLines(
            x=np.asarray(x),
            y=np.asarray(y),
            node_kind=kind,
            sealed=sealed,
            way_point=position.ravel(),
            way_offset=offset,
            way=_facts_of(self._ways),
            source=source,
            timestamp=timestamp,
            counts=self.counts,
            way_id=np.array(self._way_ids, dtype=np.int64),
            way_name=np.array(self._way_names, dtype=np.int64),
            names=tuple(self._name_at),
            restriction=self._restrictions(unique),
        )

    def _restrictions(self, keys: NDArray[np.int64]) -> NDArray[np.int64]:
        """The turns at points that are there, with the key of the point replaced by its number."""
        given = np.array(self.restrictions, dtype=np.int64).reshape(-1, 4)
        if not len(keys):
            return given[:0]
        at = np.minimum(np.searchsorted(keys, given[:, 1]), len(keys) - 1)
        there = keys[at] == given[:, 1]
        given[:, 1] = at
        return given[there]


def _facts_of(ways: list[Way]) -> dict[str, NDArray]:
    """Each field of some ways as an array; many of them are one and the same object."""
    kinds = {id(way): way for way in ways}
    number = {name: position for position, name in enumerate(kinds)}
    at = np.array([number[id(way)] for way in ways], dtype=np.int64)
    return {
        fact.name: np.array([getattr(way, fact.name) for way in kinds.values()], dtype=_dtype(fact.type))[at]
        for fact in fields(Way)
    }


def _dtype(annotation: str) -> type:
    return {"int": np.int64, "float": np.float64, "bool": np.bool_}[annotation]
