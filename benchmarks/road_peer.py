"""The same journeys the plain way: every point a node of a graph, for networkx and scipy to search."""

from __future__ import annotations

from dataclasses import dataclass

import networkx as nx
import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from geodata.place import Place
from geodata.road_times import TOO_FAR_M, road_times
from geodata.roads.network import RoadNetwork
from geodata.routing.snapping import Snapped, snap
from geodata.travel import points_of


@dataclass(frozen=True)
class Joined:
    """The graph in the direction of travel, with a node for each start and each destination.

    Starts are nodes `("from", i)`, areas before sites; destinations are nodes `("to", j)`. No journey can pass through
    either, so that a road is never taken in two rounded halves. `ours_ms` is what `road_times` gives, starts x sites.
    """

    graph: nx.DiGraph
    origins: int
    sites: int
    leg_ms: NDArray[np.float64]
    journey_ms: int
    same_place: NDArray[np.bool_]
    ours_ms: NDArray[np.float64]


def join(network: RoadNetwork, place: Place) -> Joined:
    """Put the points of a place into the graph of a network."""
    points = points_of(place)
    x, y = np.append(points.area_x, points.site_x), np.append(points.area_y, points.site_y)
    origins = snap(network, x, y, TOO_FAR_M)
    areas, sites = len(points.area_x), len(points.site_x)
    graph = network.as_networkx()
    for start in range(len(x)):
        _add_ends(graph, network, origins, start, ("from", start), arriving=False)
    for site in range(sites):
        _add_ends(graph, network, origins, areas + site, ("to", site), arriving=True)
        _add_along(graph, network, origins, areas + site, site)
    times = road_times(network, place)
    return Joined(
        graph=graph,
        origins=len(x),
        sites=sites,
        leg_ms=np.rint(origins.distance_m / network.access_kmh * 3600.0),
        journey_ms=network.journey_ms,
        same_place=(x[:, None] == points.site_x) & (y[:, None] == points.site_y),
        ours_ms=np.rint(np.vstack((times.area_to_site, times.between_sites)) * 60_000.0),
    )


def _add_ends(
    graph: nx.DiGraph, network: RoadNetwork, points: Snapped, point: int, node: tuple[str, int], *, arriving: bool
) -> None:
    """Tie a point to both ends of its road, where its directions allow; at the very end it stands on the junction."""
    road, share = points.road[point], points.share[point]
    for edge in np.flatnonzero(network.edge_road == road).tolist():
        whole, forward = int(network.edge_ms[edge]), bool(network.edge_forward[edge])
        before = share if forward else 1.0 - share
        if arriving:
            _add_quickest(graph, int(network.edge_from[edge]), node, round(whole * before))
        else:
            _add_quickest(graph, node, int(network.edge_to[edge]), round(whole * (1.0 - before)))
    for end, stands in ((network.road_from[road], share <= 0.0), (network.road_to[road], share >= 1.0)):
        if stands and not arriving:
            _add_quickest(graph, node, int(end), 0)
        if stands and arriving:  # whoever may not turn here is at a copy of the junction, but has arrived as well
            for copy in np.flatnonzero(network.copy_of == end).tolist():
                _add_quickest(graph, copy, node, 0)


def _add_along(graph: nx.DiGraph, network: RoadNetwork, points: Snapped, destination: int, site: int) -> None:
    """Tie the starts on the same road straight to a destination, where the road's directions allow."""
    road = points.road[destination]
    for start in np.flatnonzero(points.road == road).tolist():
        step = points.share[destination] - points.share[start]
        ahead, back = int(network.road_ms_forward[road]), int(network.road_ms_backward[road])
        if step >= 0 and ahead >= 0:
            _add_quickest(graph, ("from", start), ("to", site), round(ahead * step))
        if step <= 0 and back >= 0:
            _add_quickest(graph, ("from", start), ("to", site), round(back * -step))


def _add_quickest(graph: nx.DiGraph, tail: object, head: object, ms: int) -> None:
    if not graph.has_edge(tail, head) or graph[tail][head]["ms"] > ms:
        graph.add_edge(tail, head, ms=ms)


def networkx_search(against: nx.DiGraph, joined: Joined, site: int) -> NDArray[np.float64]:
    """Milliseconds from every start to one site, by one search in the reversed graph."""
    found = nx.single_source_dijkstra_path_length(against, ("to", site), weight="ms")
    return np.array([found.get(("from", start), np.inf) for start in range(joined.origins)], dtype=float)


def as_matrix(joined: Joined) -> csr_array:
    """The graph in the direction of travel for scipy: nodes of roads, then starts, then destinations."""
    return nx.to_scipy_sparse_array(joined.graph, nodelist=_node_list(joined), weight="ms", dtype=float)


def _node_list(joined: Joined) -> list[object]:
    roads = [node for node in joined.graph if not isinstance(node, tuple)]
    starts = [("from", start) for start in range(joined.origins)]
    return [*roads, *starts, *(("to", site) for site in range(joined.sites))]


def scipy_search(matrix: csr_array, joined: Joined) -> NDArray[np.float64]:
    """Milliseconds, sites x starts, by one search forward from every start."""
    size = matrix.shape[0]
    first = size - joined.sites - joined.origins
    ms = np.empty((joined.origins, joined.sites))
    for low in range(0, joined.origins, 32):  # as many at a time as ours, so that memory can be compared
        block = np.arange(low, min(low + 32, joined.origins))
        ms[block] = dijkstra(matrix, indices=first + block)[:, size - joined.sites :]
    return ms.T


def demand_same(joined: Joined, answers: list[NDArray[np.float64]]) -> None:
    """Stop unless the peer's journeys to the first sites are ours, to the millisecond."""
    for site, ms in enumerate(answers):
        legs = joined.leg_ms + joined.leg_ms[joined.origins - joined.sites + site]
        whole = ms + legs + joined.journey_ms
        expected = np.where(joined.same_place[:, site], 0.0, whole)
        different = int(np.count_nonzero(expected != joined.ours_ms[:, site]))
        if different:
            raise SystemExit(f"{different} journeys to site {site} differ from ours")
