"""The same times as others give: to the millisecond on one weighted graph, and osmnx's on the same roads."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from benchmarks.dimacs import read_new_york
from benchmarks.made_up_england import made_up_england, made_up_points
from benchmarks.osmnx_times import AS_IT_COMES, EVERY_JUNCTION, TIMES_SUMMED
from benchmarks.pairs import PAIRS, TOLERANCE, RutlandPairs
from geodata.roads.graph import Attached, Graph
from geodata.roads.network import RoadNetwork
from geodata.routing.hierarchy import Hierarchy
from geodata.routing.matrix import milliseconds_between, row_blocks
from geodata.routing.snapping import Snapped
from tests.geodata.plain_networks import Split, at_first_ends, on_roads, plain_network, split

ENGINES = ("scipy", "hierarchy", "auto")
SHARES = (0.0, 0.25, 1 / 3, 0.5, 0.9, 1.0)


# ------------------------------------------------------------------------------------------------------------ the peers


def by_networkx(graph: Split) -> NDArray[np.float64]:
    ready = nx.MultiDiGraph()
    ready.add_nodes_from(range(graph.size))
    ready.add_weighted_edges_from(graph.edges, weight="ms")
    rows = []
    for start in graph.starts:
        found = nx.single_source_dijkstra_path_length(ready, start, weight="ms")
        rows.append([found.get(end, np.inf) for end in graph.ends])
    return np.array(rows, dtype=float)


def by_scipy(graph: Split) -> NDArray[np.float64]:
    quickest: dict[tuple[int, int], int] = {}
    for tail, head, ms in graph.edges:
        quickest[tail, head] = min(ms, quickest.get((tail, head), ms))
    ends = np.array(list(quickest)).reshape(-1, 2)
    ms = np.array(list(quickest.values()), dtype=float)
    matrix = csr_array((ms, (ends[:, 0], ends[:, 1])), shape=(graph.size, graph.size))
    return dijkstra(matrix, indices=graph.starts)[:, graph.ends]


def by_igraph(graph: Split) -> NDArray[np.float64]:
    igraph = pytest.importorskip("igraph")
    ready = igraph.Graph(n=graph.size, edges=[edge[:2] for edge in graph.edges], directed=True)
    return np.array(ready.distances(graph.starts, graph.ends, weights=[edge[2] for edge in graph.edges], mode="out"))


def by_networkit(graph: Split) -> NDArray[np.float64]:
    networkit = pytest.importorskip("networkit")
    ready = networkit.Graph(graph.size, weighted=True, directed=True)
    for tail, head, ms in graph.edges:
        ready.addEdge(tail, head, float(ms))
    rows = []
    for start in graph.starts:
        search = networkit.distance.Dijkstra(ready, start, storePaths=False).run()
        rows.append([search.distance(end) for end in graph.ends])
    found = np.array(rows)
    return np.where(found < np.finfo(float).max, found, np.inf)


PEERS: dict[str, Callable[[Split], NDArray[np.float64]]] = {
    "networkx": by_networkx,
    "scipy": by_scipy,
    "igraph": by_igraph,
    "networkit": by_networkit,
}
INSTALLED = {name: peer for name, peer in PEERS.items() if importlib.util.find_spec(name)}


def demand_same(network: RoadNetwork, origins: Snapped, destinations: Snapped, peers: list[str]) -> NDArray[np.float64]:
    """Every engine gives every peer's milliseconds; returns them."""
    graph = split(network, origins, destinations)
    expected = {name: INSTALLED[name](graph) for name in peers if name in INSTALLED}
    assert len(expected) >= 2
    for engine in ENGINES:
        ours = milliseconds_between(network, origins, destinations, engine=engine)
        for name, ms in expected.items():
            np.testing.assert_array_equal(ours, ms, err_msg=f"{engine} beside {name}")
    return ours


# -------------------------------------------------------------------------------------------------------- random graphs


@st.composite
def networks(draw: st.DrawFn) -> RoadNetwork:
    """A few nodes with roads of every awkward kind: one-way, of no length, parallel, rings, islands, closed."""
    nodes = draw(st.integers(2, 9))
    ms = st.one_of(st.just(-1), st.just(0), st.integers(1, 9), st.integers(1_000, 3_600_000))
    road = st.tuples(st.integers(0, nodes - 1), st.integers(0, nodes - 1), ms, ms)
    roads = np.array(draw(st.lists(road, min_size=1, max_size=22)), dtype=np.int64)
    place = st.floats(0, 1000, allow_nan=False)
    x, y = (np.array(draw(st.lists(place, min_size=nodes, max_size=nodes))) for _ in range(2))
    return plain_network(x, y, *roads.T.copy())


@st.composite
def journeys(draw: st.DrawFn) -> tuple[RoadNetwork, Snapped, Snapped]:
    network = draw(networks())
    point = st.tuples(st.integers(0, len(network.road_from) - 1), st.sampled_from(SHARES))
    sides = [draw(st.lists(point, min_size=1, max_size=5)) for _ in range(2)]
    return network, *(on_roads([p[0] for p in side], [p[1] for p in side]) for side in sides)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(journeys())
def test_every_engine_gives_the_peers_milliseconds(drawn: tuple[RoadNetwork, Snapped, Snapped]) -> None:
    demand_same(*drawn, list(PEERS))


@settings(max_examples=75, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(journeys(), st.data())
def test_other_times_on_the_same_roads_give_the_peers_milliseconds(
    drawn: tuple[RoadNetwork, Snapped, Snapped], data: st.DataObject
) -> None:
    network, origins, destinations = drawn
    milliseconds_between(network, origins, destinations, engine="hierarchy")
    made = network.standing.made["hierarchy"]
    roads = len(network.road_from)
    ms = st.lists(st.integers(-1, 5_000), min_size=roads, max_size=roads)
    ahead, back = (np.array(data.draw(ms), dtype=np.int64) for _ in range(2))
    timed_anew = replace(network, road_ms_forward=ahead, road_ms_backward=back)
    demand_same(timed_anew, origins, destinations, ["networkx", "scipy"])
    assert timed_anew.standing.made["hierarchy"] is made


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(journeys(), st.integers(0, 4_000_000), st.integers(1, 3))
def test_a_time_limit_cuts_the_same_journeys_off_in_blocks_of_any_size(
    drawn: tuple[RoadNetwork, Snapped, Snapped], limit: int, rows: int
) -> None:
    network, origins, destinations = drawn
    whole = by_networkx(split(network, origins, destinations))
    expected = np.where(whole <= limit, whole, np.inf)
    for engine in ENGINES:
        blocks = row_blocks(network, origins, destinations, engine=engine, limit_ms=limit, rows=rows)
        np.testing.assert_array_equal(np.vstack([ms for _, ms in blocks]), expected)


def test_an_island_a_one_way_street_and_a_parallel_road() -> None:
    # 0 -> 1 one way, and a slower way beside it both ways; 2 is an island with a ring of no length
    roads = np.array([(0, 1, 100, -1), (0, 1, 250, 250), (2, 2, 0, 0)], dtype=np.int64)
    network = plain_network(np.array([0.0, 100.0, 900.0]), np.zeros(3), *roads.T.copy())
    points = on_roads([0, 1, 2], [0.0, 1.0, 0.0])
    ms = demand_same(network, points, points, list(PEERS))
    np.testing.assert_array_equal(ms, [[0, 100, np.inf], [250, 0, np.inf], [np.inf, np.inf, 0]])


# ------------------------------------------------------------------------------------------------- large plain networks


def test_a_generated_country_is_the_same_each_time_and_has_the_same_times() -> None:
    graph, again = made_up_england(junctions=20_000), made_up_england(junctions=20_000)
    for name in ("tail", "head", "ms", "x", "y"):
        np.testing.assert_array_equal(getattr(graph, name), getattr(again, name))
    assert graph.nodes > 15_000
    sites, areas = made_up_points(graph, 12, 700)
    hierarchy = Hierarchy.build(graph.nodes, graph.tail, graph.head, graph.x, graph.y)
    weighed = hierarchy.weigh(graph.ms)
    blocks = weighed.row_blocks(Attached.at_nodes(sites), Attached.at_nodes(areas), rows=5)
    expected = _scipy_from(graph, sites)[:, areas]
    assert np.isfinite(expected).all()
    np.testing.assert_array_equal(np.vstack([ms for _, ms in blocks]), expected)


def _scipy_from(graph: Graph, starts: NDArray[np.int64]) -> NDArray[np.float64]:
    usable = graph.ms >= 0
    tail, head, ms = graph.tail[usable], graph.head[usable], graph.ms[usable].astype(float)
    order = np.lexsort((ms, head, tail))
    tail, head, ms = tail[order], head[order], ms[order]
    first = np.append(True, (tail[1:] != tail[:-1]) | (head[1:] != head[:-1]))
    matrix = csr_array((ms[first], (tail[first], head[first])), shape=(graph.nodes, graph.nodes))
    return dijkstra(matrix, indices=starts)


def _networkx_from(graph: Graph, start: int, ends: NDArray[np.int64]) -> list[float]:
    ready = nx.MultiDiGraph()
    usable = graph.ms >= 0
    edges = (array[usable].tolist() for array in (graph.tail, graph.head, graph.ms))
    ready.add_weighted_edges_from(zip(*edges, strict=True), weight="ms")
    found = nx.single_source_dijkstra_path_length(ready, start, weight="ms")
    return [found.get(end, np.inf) for end in ends.tolist()]


@pytest.mark.real
@pytest.mark.slow
def test_new_york_as_it_is_and_with_other_times(shared_data: Path) -> None:
    graph = read_new_york(shared_data / "benchmark")
    assert (graph.nodes, len(graph.ms)) == (264_346, 733_846)
    closed = np.full(len(graph.ms), -1)
    network = plain_network(graph.x, graph.y, graph.tail, graph.head, graph.ms, closed)
    rng = np.random.default_rng(1)
    roads = rng.choice(len(graph.ms), 420, replace=False)
    origins, destinations = at_first_ends(roads[:20]), at_first_ends(roads[20:])
    slower = np.rint(graph.ms * rng.choice([1.1, 1.3], len(graph.ms))).astype(np.int64)
    slower[rng.choice(len(slower), 100, replace=False)] = -1
    starts, ends = graph.tail[origins.road], graph.tail[destinations.road]
    for timed in (network, replace(network, road_ms_forward=slower)):
        expected = _scipy_from(replace(graph, ms=timed.road_ms_forward), starts)[:, ends]
        for engine in ("scipy", "hierarchy"):
            ours = milliseconds_between(timed, origins, destinations, engine=engine)
            np.testing.assert_array_equal(ours, expected, err_msg=engine)
    assert _networkx_from(replace(graph, ms=slower), int(starts[0]), ends) == expected[0].tolist()
    assert expected.min() >= 0
    assert expected.max() > 60 * 60_000


# --------------------------------------------------------------------------------------------------------------- osmnx


@pytest.mark.real
@pytest.mark.slow
def test_rutland_agrees_with_osmnx(shared_data: Path, tmp_path: Path) -> None:
    both = RutlandPairs(shared_data / "osm" / "rutland-latest.osm.pbf", tmp_path)
    for kind in (EVERY_JUNCTION, TIMES_SUMMED):
        compared = both.between_nodes(kind)
        assert len(compared.ours) == PAIRS
        assert np.quantile(compared.difference, 0.99) <= TOLERANCE
        assert sum(reason.pairs for reason in both.reasons(kind, compared)) == (compared.difference > TOLERANCE).sum()
    compared = both.between_points()
    assert compared.missing == 0
    assert np.quantile(compared.difference, 0.99) <= TOLERANCE
    # What osmnx does unless told otherwise differs, and each journey that does is put down to merged speeds.
    compared = both.between_nodes(AS_IT_COMES)
    reasons = both.reasons(AS_IT_COMES, compared)
    assert sum(reason.pairs for reason in reasons) == np.count_nonzero(compared.difference > TOLERANCE)
    assert {reason.reason for reason in reasons} <= {"osmnx takes the mean of the speeds of the ways it merges"}
