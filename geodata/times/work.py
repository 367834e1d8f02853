"""The journeys of a job, block by block: minutes of whole journeys, the nearest points, and what is told of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from geodata.road_times import FAR_M, TOO_FAR_M
from geodata.roads.kept import MARGIN_M
from geodata.roads.network import RoadNetwork
from geodata.routing.matrix import row_blocks
from geodata.routing.nearest import nearest
from geodata.speeds import Speeds
from geodata.times.inputs import Ends, TimesJob
from geodata.times.method_note import NotedTimes, method_sentence
from geodata.times.points import PointTable
from geodata.travel import TravelMethod

MOST_INSIDE = 1_000_000
"""Pairs listed at most as inside an isochrone; the matrix holds them all."""

BLOCK_CELLS = 1_000_000
"""Minutes that are held at a time."""

BLOCK_ROWS = 1024


@dataclass
class Work:
    """The journeys of a job, block by block; counts what is done."""

    job: TimesJob
    network: RoadNetwork
    speeds: Speeds
    first: Ends
    second: Ends
    closed: tuple[tuple[str, str], ...]
    checksum: str
    pairs: int = 0
    reachable: int = 0
    engine: str = "scipy"
    inside: list[tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]] = field(default_factory=list)
    listed: int = 0

    @property
    def limit_ms(self) -> float:
        """Longest journey that counts."""
        return np.inf if self.job.limit_minutes is None else self.job.limit_minutes * 60_000.0

    @property
    def travel(self) -> tuple[Ends, Ends]:
        """Where journeys begin and where they end."""
        return (self.second, self.first) if self.job.back else (self.first, self.second)

    def blocks(self) -> Iterator[tuple[slice, NDArray[np.float64]]]:
        """Minutes of whole journeys, block by block in the order of where they begin; `inf` where there is no way."""
        start, stop = self.travel
        rows = int(np.clip(BLOCK_CELLS // max(len(stop.table), 1), 1, BLOCK_ROWS))
        snapped = start.points.snapped, stop.points.snapped
        for part, ms in row_blocks(self.network, *snapped, engine=self.job.engine, limit_ms=self.limit_ms, rows=rows):
            whole = ms + start.access_ms[part, None] + stop.access_ms + self.network.journey_ms
            here = start.table
            whole[(here.x[part, None] == stop.table.x) & (here.y[part, None] == stop.table.y)] = 0.0
            whole[~(whole <= self.limit_ms)] = np.inf
            yield part, whole / 60_000.0
        made = self.network.standing.made.get("hierarchy") is not None
        self.engine = "hierarchy" if made and self.job.engine != "scipy" else "scipy"

    def nearest(self, k: int) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
        """Positions of the k nearest points of the second file, -1 for none, and minutes; shape (A, k)."""
        index, ms = nearest(
            self.network,
            self.first.points.snapped,
            self.second.points.snapped,
            k,
            towards=not self.job.back,
            limit_ms=self.limit_ms,
            point_ms=_whole(self.first.access_ms) + self.network.journey_ms,
            site_ms=_whole(self.second.access_ms),
            together=_same_place(self.first.table, self.second.table),
        )
        self.engine = "nearest"
        return index, ms / 60_000.0

    def note_inside(self, begin: NDArray[np.int64], end: NDArray[np.int64], minutes: NDArray[np.float64]) -> None:
        """Remember the pairs that lie inside an isochrone."""
        if not self.job.isochrones:
            return
        near = minutes <= max(self.job.isochrones)
        self.listed += int(near.sum())
        if self.listed <= MOST_INSIDE:
            self.inside.append((begin[near], end[near], minutes[near]))

    def noted(self) -> NotedTimes:
        """What the method note tells of the job."""
        return NotedTimes(
            pairs=self.pairs,
            reachable=self.reachable,
            engine=self.engine,
            back=self.job.back,
            limit_minutes=self.job.limit_minutes,
            nearest=self.job.nearest,
            closed=self.closed,
            bridge_gaps_m=self.job.bridge_gaps_m,
            roads_sha256=self.checksum,
            margin_m=MARGIN_M,
            isochrones=self.job.isochrones,
        )

    def method(self) -> TravelMethod:
        """The method as it stands in the metadata of the file."""
        points = {
            name: {"file": one.file, "sha256": one.sha256, "points": one.count, "snap_m": snap_facts(one.snap_m)}
            for name, one in (("from", self.travel[0].noted()), ("to", self.travel[1].noted()))
        }
        details = self.network.summary | {
            "access_kmh": self.network.access_kmh,
            "roads_sha256": self.checksum,
            "bridge_gaps_m": self.job.bridge_gaps_m,
            "points": points,
            "direction": "back" if self.job.back else "there",
            "limit_minutes": self.job.limit_minutes,
            "nearest": self.job.nearest,
            "closures": [list(one) for one in self.closed],
            "engine": self.engine,
            "unreachable_share": round(1.0 - self.reachable / self.pairs, 6) if self.pairs else 0.0,
        }
        return TravelMethod("roads", method_sentence(self.network, self.noted()), details)


def snap_facts(metres: NDArray[np.float64]) -> dict[str, float]:
    """Median, 90th percentile and largest distance to the road, and how many are over 500 m or without a road."""
    known = metres[metres <= TOO_FAR_M]
    spread = np.percentile(known, [50, 90, 100]) if len(known) else np.zeros(3)
    names = ("median", "p90", "max")
    return {name: round(float(value), 1) for name, value in zip(names, spread, strict=True)} | {
        "over_500_m": int((known > FAR_M).sum()),
        "without_road": len(metres) - len(known),
    }


def _whole(ms: NDArray[np.float64]) -> NDArray[np.int64]:
    """Whole milliseconds; 0 for points without a road, which no journey reaches anyway."""
    return np.where(np.isfinite(ms), ms, 0.0).astype(np.int64)


def _same_place(one: PointTable, other: PointTable) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Pairs of points with the same coordinates."""
    places = np.concatenate((np.column_stack((one.x, one.y)), np.column_stack((other.x, other.y))))
    number = np.unique(places, axis=0, return_inverse=True)[1].ravel()
    mine, theirs = number[: len(one)], number[len(one) :]
    order = np.argsort(theirs, kind="stable")
    low, high = (np.searchsorted(theirs[order], mine, side=side) for side in ("left", "right"))
    count = high - low
    a = np.repeat(np.arange(len(one)), count)
    return a, order[np.repeat(low, count) + np.arange(len(a)) - np.repeat(np.cumsum(count) - count, count)]
