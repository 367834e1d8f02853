"""Journeys on a graph of osmnx: the graph is osmnx's own, its times are osmnx's own, scipy finds the quickest way."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Transformer
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components, dijkstra

from geodata.osm.tags import KMH_PER_MPH

if TYPE_CHECKING:
    import networkx as nx

NO_NODE = -9999
AT_ONCE = 64
SAME_PLACE_M = 0.001
EVERY_JUNCTION, TIMES_SUMMED, AS_IT_COMES = "unsimplified", "simplified, times summed", "simplified, as it comes"


@dataclass(frozen=True)
class OsmnxRoads:
    """A timed graph of osmnx as arrays.

    Parameters
    ----------
    key
        OpenStreetMap's number of each node, shape (N,).
    x, y
        Metres in EPSG:27700, shape (N,).
    tail, head
        Nodes of each directed edge, shape (E,).
    seconds
        osmnx's travel time of each edge, shape (E,).
    label
        Name, class and speeds of the way or ways of each edge, as a reader would look them up.
    """

    key: NDArray[np.int64]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    tail: NDArray[np.int64]
    head: NDArray[np.int64]
    seconds: NDArray[np.float64]
    label: tuple[str, ...]

    @cached_property
    def matrix(self) -> csr_array:
        """The quickest edge between every two nodes."""
        order = np.lexsort((self.seconds, self.head, self.tail))
        tail, head, seconds = self.tail[order], self.head[order], self.seconds[order]
        first = np.append(True, (tail[1:] != tail[:-1]) | (head[1:] != head[:-1]))
        size = (len(self.key), len(self.key))
        return csr_array((seconds[first], (tail[first], head[first])), shape=size)

    @cached_property
    def in_main(self) -> NDArray[np.bool_]:
        """Nodes of the largest strongly connected part, as `osmnx.truncate.largest_component` takes it."""
        part = connected_components(self.matrix, directed=True, connection="strong")[1]
        return part == np.argmax(np.bincount(part))

    def position(self, keys: NDArray[np.int64]) -> NDArray[np.int64]:
        """Index of each of OpenStreetMap's numbers, -1 where it is no node; shape as given."""
        order = np.argsort(self.key)
        at = np.minimum(np.searchsorted(self.key[order], keys), len(order) - 1)
        return np.where(self.key[order[at]] == keys, order[at], -1)

    def seconds_of_pairs(self, start: NDArray[np.int64], stop: NDArray[np.int64]) -> NDArray[np.float64]:
        """Seconds of each journey from one node to another, shape (P,)."""
        return _pairs(self.matrix, start, stop)

    @cached_property
    def steps(self) -> dict[tuple[int, int], int]:
        """Edge of each step between two of OpenStreetMap's nodes, of several the quickest."""
        order = np.argsort(-self.seconds, kind="stable")
        ends = zip(self.key[self.tail[order]].tolist(), self.key[self.head[order]].tolist(), strict=True)
        return dict(zip(ends, order.tolist(), strict=True))

    def route(self, start: int, stop: int) -> list[int]:
        """OpenStreetMap's numbers of the nodes of the quickest way."""
        _, before = dijkstra(self.matrix, indices=start, return_predecessors=True)
        route = [stop]
        while route[-1] != start:
            route.append(int(before[route[-1]]))
            if route[-1] == NO_NODE:
                return []
        return [int(self.key[node]) for node in reversed(route)]

    def split(self, x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[csr_array, int, NDArray[np.int64]]:
        """Put points into the main part of the graph, each on the edges it lies on.

        Point i becomes the nodes N + 2i, from which journeys start, and N + 2i + 1, at which they end.

        Returns
        -------
        The graph, the first node of the points, and the points that lie on no edge.
        """
        nodes, points = len(self.key), len(x)
        edges = np.flatnonzero(self.in_main[self.tail] & self.in_main[self.head])
        lines = shapely.linestrings(
            np.stack(
                [np.column_stack((self.x[end[edges]], self.y[end[edges]])) for end in (self.tail, self.head)],
                axis=1,
            )
        )
        # All that lie on the same place: both directions of a street, and whatever meets there.
        which, hit = shapely.STRtree(lines).query(shapely.points(x, y), predicate="dwithin", distance=SAME_PLACE_M)
        edge = edges[hit]
        along = shapely.line_locate_point(lines[hit], shapely.points(x[which], y[which]))
        share = np.clip(along / np.maximum(shapely.length(lines[hit]), 1e-9), 0.0, 1.0)
        missing = np.setdiff1d(np.arange(points), which)
        start, end = nodes + 2 * which, nodes + 2 * which + 1
        a, b, direct = _straight_along(which, edge, share, self.seconds)
        tail = np.concatenate((self.tail, start, self.tail[edge], nodes + 2 * a))
        head = np.concatenate((self.head, self.head[edge], end, nodes + 2 * b + 1))
        seconds = np.concatenate((self.seconds, self.seconds[edge] * (1 - share), self.seconds[edge] * share, direct))
        grown = OsmnxRoads(np.arange(nodes + 2 * points), np.empty(0), np.empty(0), tail, head, seconds, ())
        return grown.matrix, nodes, missing

    def seconds_between_points(
        self, x: NDArray[np.float64], y: NDArray[np.float64], pairs: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        """Seconds of each journey between two points on roads, shape (P,), and the points that lie on no edge.

        Parameters
        ----------
        x, y
            Points, metres in EPSG:27700.
        pairs
            Start and end of each journey, shape (P, 2).
        """
        matrix, first, missing = self.split(x, y)
        return _pairs(matrix, first + 2 * pairs[:, 0], first + 2 * pairs[:, 1] + 1), missing


def _straight_along(
    which: NDArray[np.int64], edge: NDArray[np.int64], share: NDArray[np.float64], seconds: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Journeys between two points of the same edge, in its direction."""
    order = np.lexsort((share, edge))
    start, end, time = [], [], []
    for low, high in zip(*_runs(edge[order]), strict=True):
        some = order[low:high]
        for i, a in enumerate(some):
            for b in some[i:]:
                start.append(which[a])
                end.append(which[b])
                time.append(seconds[edge[a]] * (share[b] - share[a]))
    return np.array(start, dtype=np.int64), np.array(end, dtype=np.int64), np.array(time, dtype=float)


def _runs(values: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    begins = np.flatnonzero(np.append(True, values[1:] != values[:-1]))
    return begins, np.append(begins[1:], len(values))


def _pairs(matrix: csr_array, start: NDArray[np.int64], stop: NDArray[np.int64]) -> NDArray[np.float64]:
    result = np.empty(len(start))
    once, position = np.unique(start, return_inverse=True)
    for low in range(0, len(once), AT_ONCE):
        seconds = dijkstra(matrix, indices=once[low : low + AT_ONCE])
        here = np.flatnonzero((position >= low) & (position < low + AT_ONCE))
        result[here] = seconds[position[here] - low, stop[here]]
    return result


def read_osmnx(path: Path, kind: str) -> OsmnxRoads:
    """Read XML with osmnx and time it with osmnx.

    Parameters
    ----------
    path
        The `.osm`.
    kind
        `EVERY_JUNCTION`, `TIMES_SUMMED` (times of the pieces are summed when osmnx simplifies) or `AS_IT_COMES` (osmnx
        simplifies first, and takes the mean of the speeds of the ways it has merged).
    """
    import osmnx  # noqa: PLC0415 - takes seconds to import

    graph = osmnx.graph_from_xml(path, simplify=kind == AS_IT_COMES, retain_all=True)
    graph = osmnx.add_edge_travel_times(osmnx.add_edge_speeds(graph))
    if kind == TIMES_SUMMED:
        graph = osmnx.simplify_graph(graph, edge_attr_aggs={"length": sum, "travel_time": sum})
    return _arrays(graph)


def _arrays(graph: nx.MultiDiGraph) -> OsmnxRoads:
    key = np.array(list(graph.nodes), dtype=np.int64)
    place = np.array([(data["x"], data["y"]) for _, data in graph.nodes(data=True)])
    x, y = Transformer.from_crs("EPSG:4326", "EPSG:27700", always_xy=True).transform(*place.T)
    number = {node: index for index, node in enumerate(graph.nodes)}
    ends = [(number[a], number[b]) for a, b in graph.edges(data=False)]
    tail, head = np.array(ends, dtype=np.int64).T
    every = [data for _, _, data in graph.edges(data=True)]
    seconds = np.array([data["travel_time"] for data in every], dtype=float)
    return OsmnxRoads(key, np.asarray(x), np.asarray(y), tail, head, seconds, tuple(_label(data) for data in every))


def _label(data: dict[str, object]) -> str:
    name = _told(data.get("name")) or _told(data.get("ref")) or "unnamed road"
    kmh = _told(data.get("maxspeed"), lambda text: f"{float(text) / KMH_PER_MPH:.0f}")
    return f"{name} ({_told(data.get('highway'))}), {kmh} mph"


def _told(value: object, form: Callable[[str], str] = str) -> str:
    values = value if isinstance(value, list) else [value]
    return " / ".join(sorted({form(one) for one in values if one is not None}))
