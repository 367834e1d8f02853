"""Our times and osmnx's on the same roads with the same plain speeds, pair by pair, and why any of them differ."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from benchmarks.osmnx_times import AS_IT_COMES, EVERY_JUNCTION, TIMES_SUMMED, OsmnxRoads, read_osmnx
from benchmarks.plain_roads import plain_speeds, write_plain
from geodata.roads import read_roads
from geodata.roads.network import RoadNetwork
from geodata.routing.matrix import milliseconds_between
from geodata.routing.snapping import Snapped, snap

PAIRS = 2_000
TOLERANCE = 0.01
SAME_NODE_M = 0.01
NEAR_ROAD_M = 1_000.0
"""Random places further than this from every road are no homes; they are drawn again."""


@dataclass(frozen=True)
class Compared:
    """Journeys timed by both.

    Parameters
    ----------
    ours, theirs
        Seconds, shape (P,).
    start, stop
        OpenStreetMap's numbers of the nodes between them, shape (P,); empty for journeys between points on roads.
    missing
        Points that lie on no edge of osmnx's.
    """

    ours: NDArray[np.float64]
    theirs: NDArray[np.float64]
    start: NDArray[np.int64]
    stop: NDArray[np.int64]
    missing: int = 0

    @property
    def difference(self) -> NDArray[np.float64]:
        """Share of osmnx's time by which ours differs, shape (P,); `inf` where only one of them finds a way."""
        reached = np.isfinite(self.ours) & np.isfinite(self.theirs)
        off = np.abs(np.where(reached, self.ours, 0.0) - np.where(reached, self.theirs, 0.0))
        share = off / np.maximum(np.where(reached, self.theirs, 1.0), 1e-9)
        return np.where(reached, share, np.where(np.isinf(self.ours) & np.isinf(self.theirs), 0.0, np.inf))


@dataclass(frozen=True)
class Reason:
    """Why some journeys differ by more than the tolerance: one road, and what is told of it on either side."""

    road: str
    reason: str
    pairs: int
    largest: float


class RutlandPairs:
    """The same county read by us and by osmnx.

    Parameters
    ----------
    source
        The `.osm.pbf`: ours reads it as it is; osmnx reads the ways that ours keeps, written as XML.
    scratch
        Folder for that XML.
    seed
        Of the random pairs.
    """

    def __init__(self, source: Path, scratch: Path, seed: int = 0) -> None:
        plain = scratch / "plain.osm"
        write_plain(source, plain)
        # Closing gaps is ours alone.
        self.network: RoadNetwork = read_roads(source, speeds=plain_speeds(), bridge_gaps_m=0)
        self.graphs = {kind: read_osmnx(plain, kind) for kind in (EVERY_JUNCTION, TIMES_SUMMED, AS_IT_COMES)}
        self._rng = np.random.default_rng(seed)
        self.key = self._keys_of(self.network.node_x, self.network.node_y)
        pairs = self._rng.choice(self._common(), (2 * PAIRS, 2))
        self.pairs = pairs[pairs[:, 0] != pairs[:, 1]][:PAIRS]

    def _keys_of(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> NDArray[np.int64]:
        """OpenStreetMap's numbers of the nodes at these places, -1 where there is none."""
        every = self.graphs[EVERY_JUNCTION]
        metres, nearest = cKDTree(np.column_stack((every.x, every.y))).query(np.column_stack((x, y)))
        return np.where(metres < SAME_NODE_M, every.key[nearest], -1)

    def _common(self) -> NDArray[np.int64]:
        """Our nodes that every graph of osmnx has too, all in the main part of each."""
        common = self.network.node_in_main & (self.key >= 0)
        for graph in self.graphs.values():
            at = graph.position(self.key)
            common &= (at >= 0) & graph.in_main[np.maximum(at, 0)]
        return np.flatnonzero(common)

    def between_nodes(self, kind: str) -> Compared:
        """Journeys between the same nodes of both; snapping plays no part."""
        graph, (start, stop) = self.graphs[kind], self.key[self.pairs].T
        ours = _diagonal(self.network, _at_nodes(self.network, self.pairs[:, 0]), self._ends)
        theirs = graph.seconds_of_pairs(graph.position(start), graph.position(stop))
        return Compared(ours, theirs, start, stop)

    @property
    def _ends(self) -> Snapped:
        return _at_nodes(self.network, self.pairs[:, 1])

    def between_points(self) -> Compared:
        """Journeys between random points, from where they are joined to the road by us."""
        points = _random_points(self.network, 2 * PAIRS, self._rng)
        start, stop = (_some(points, part) for part in (slice(0, PAIRS), slice(PAIRS, None)))
        numbers = np.arange(2 * PAIRS).reshape(2, PAIRS).T
        theirs, missing = self.graphs[EVERY_JUNCTION].seconds_between_points(points.x, points.y, numbers)
        none = np.empty(0, dtype=np.int64)
        return Compared(_diagonal(self.network, start, stop), theirs, none, none, len(missing))

    def reasons(self, kind: str, compared: Compared) -> list[Reason]:
        """Why journeys between nodes differ by more than the tolerance, the commonest reason first.

        Where osmnx is quicker, its own way is followed in the reference's times; else the reference's way is followed
        in osmnx's times. The differences along such a way add up to at least the whole difference, so the road that
        holds the largest of them is named. The reference is our own network piece by piece for the unsimplified
        graph, and the graph with times summed for a simplified one (which agrees with ours).
        """
        graph = self.graphs[kind]
        reference = self.our_steps if kind == EVERY_JUNCTION else self.graphs[TIMES_SUMMED]
        found: dict[tuple[str, str], list[float]] = defaultdict(list)
        for pair in np.flatnonzero(compared.difference > TOLERANCE).tolist():
            quicker = compared.theirs[pair] < compared.ours[pair]
            taken, other = (graph, reference) if quicker else (reference, graph)
            ends = taken.position(np.array([compared.start[pair], compared.stop[pair]])).tolist()
            found[_largest_step(taken, other, taken.route(*ends))].append(float(compared.difference[pair]))
        reasons = [Reason(road, why, len(off), max(off)) for (road, why), off in found.items()]
        return sorted(reasons, key=lambda reason: (-reason.pairs, reason.road, reason.reason))

    @property
    def our_steps(self) -> OsmnxRoads:
        """Our network as steps between neighbouring points of OpenStreetMap, in the form of osmnx's graph."""
        network, every = self.network, self.graphs[EVERY_JUNCTION]
        at = every.position(self._keys_of(*network.geometry_xy.T))
        size = np.diff(network.geometry_offset)
        inner = np.ones(len(at), dtype=bool)
        inner[network.geometry_offset[1:] - 1] = False
        first = np.flatnonzero(inner)
        road = np.repeat(np.arange(len(size)), size)[first]
        length = np.hypot(*(network.geometry_xy[first + 1] - network.geometry_xy[first]).T)
        share = length / np.bincount(road, weights=length, minlength=len(size))[road]
        parts = [
            (tail, head, ms[road] * share / 1000.0, ms[road] >= 0)
            for tail, head, ms in (
                (at[first], at[first + 1], network.road_ms_forward),
                (at[first + 1], at[first], network.road_ms_backward),
            )
        ]
        tail, head, seconds, usable = (np.concatenate(columns) for columns in zip(*parts, strict=True))
        usable &= (tail >= 0) & (head >= 0)
        names = [network.names[name] or "unnamed road" for name in np.tile(network.facts.name[road], 2)[usable]]
        return replace(every, tail=tail[usable], head=head[usable], seconds=seconds[usable], label=tuple(names))


def _largest_step(taken: OsmnxRoads, other: OsmnxRoads, route: list[int]) -> tuple[str, str]:
    """The road of a way on which the two differ most, and how."""
    worst, told = -1.0, ("?", "no way was found")
    for step in pairwise(route):
        edge = taken.steps[step]
        if step not in other.steps:
            return taken.label[edge], f"node {step[0]} to {step[1]} is open on one side only"
        twin = other.steps[step]
        off = abs(float(other.seconds[twin] - taken.seconds[edge]))
        if off > worst:
            labels = (taken.label[edge], other.label[twin])
            merged = next((label for label in labels if " / " in label), "")
            why = "osmnx takes the mean of the speeds of the ways it merges" if merged else "other metres or speed"
            worst, told = off, (merged or taken.label[edge], why)
    return told


def _diagonal(network: RoadNetwork, starts: Snapped, ends: Snapped) -> NDArray[np.float64]:
    return milliseconds_between(network, starts, ends, engine="hierarchy").diagonal() / 1000.0


def _some(points: Snapped, which: slice | NDArray[np.bool_]) -> Snapped:
    return Snapped(*(getattr(points, name)[which] for name in ("road", "share", "distance_m", "x", "y")))


def _at_nodes(network: RoadNetwork, nodes: NDArray[np.int64]) -> Snapped:
    """Points that stand on nodes: at the very beginning or end of a road, from which every road there can be taken."""
    roads = len(network.road_from)
    place = np.full(len(network.node_x), -1)
    place[network.road_to] = np.arange(roads, 2 * roads)
    place[network.road_from] = np.arange(roads)
    at = place[nodes]
    zero = np.zeros(len(nodes))
    return Snapped(at % roads, (at >= roads).astype(float), zero, network.node_x[nodes], network.node_y[nodes])


def _random_points(network: RoadNetwork, count: int, rng: np.random.Generator) -> Snapped:
    """Random places near the main part of the network, joined to its roads."""
    x, y = network.node_x[network.node_in_main], network.node_y[network.node_in_main]
    places = rng.uniform((x.min(), y.min()), (x.max(), y.max()), (10 * count, 2))
    joined = snap(network, places[:, 0], places[:, 1])
    return _some(joined, np.flatnonzero(joined.distance_m <= NEAR_ROAD_M)[:count])
