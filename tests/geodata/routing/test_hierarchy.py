"""The hierarchy: the answers of Dijkstra's algorithm to the millisecond, on any graph and after any change of times."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from benchmarks.dimacs import read_new_york
from geodata.roads.graph import CLOSED, Attached, Graph
from geodata.routing import _sides, hierarchy, ordering
from geodata.routing.hierarchy import Hierarchy, WeighedHierarchy

MOST = 2**30 - 1
"""Milliseconds from which on times are refused."""


# ------------------------------------------------------------------------------- graphs and references


def build(graph: Graph) -> Hierarchy:
    made = Hierarchy.build(graph.nodes, graph.tail, graph.head, graph.x, graph.y)
    assert made is not None
    return made


def weighed(graph: Graph) -> WeighedHierarchy:
    return build(graph).weigh(graph.ms)


def attached(points: list[list[tuple[int, int]]]) -> Attached:
    ties = [tie for point in points for tie in point]
    offset = np.cumsum([0, *(len(point) for point in points)])
    both = np.array(ties, dtype=np.int64).reshape(-1, 2)
    return Attached(offset, both[:, 0], both[:, 1])


def by_networkx(graph: Graph, starts: Attached, ends: Attached) -> NDArray[np.float64]:
    """With a node for each point, an edge for each tie."""
    network = nx.MultiDiGraph()
    network.add_nodes_from(range(graph.nodes))
    for tail, head, ms in zip(graph.tail.tolist(), graph.head.tolist(), graph.ms.tolist(), strict=True):
        if ms >= 0:
            network.add_edge(tail, head, ms=ms)
    for name, points in (("start", starts), ("end", ends)):
        for point in range(points.points):
            network.add_node((name, point))
            for k in range(points.offset[point], points.offset[point + 1]):
                edge = ((name, point), int(points.node[k]))
                network.add_edge(*(edge if name == "start" else edge[::-1]), ms=int(points.ms[k]))
    table = np.full((starts.points, ends.points), np.inf)
    for a in range(starts.points):
        ms = nx.single_source_dijkstra_path_length(network, ("start", a), weight="ms")
        for b in range(ends.points):
            table[a, b] = ms.get(("end", b), np.inf)
    return table


def by_scipy(graph: Graph, starts: Attached, ends: Attached) -> NDArray[np.float64]:
    """Times and edges counted in one number, so that no weight is zero."""
    edges = graph.nodes + 1
    open_ = (graph.ms >= 0) & (graph.tail != graph.head)
    tail, head, weight = graph.tail[open_], graph.head[open_], graph.ms[open_] * edges + 1.0
    order = np.lexsort((weight, head, tail))
    tail, head, weight = tail[order], head[order], weight[order]
    first = np.ones(len(tail), dtype=bool)
    first[1:] = (tail[1:] != tail[:-1]) | (head[1:] != head[:-1])
    matrix = csr_array((weight[first], (tail[first], head[first])), shape=(graph.nodes, graph.nodes))
    ms = np.floor(dijkstra(matrix, indices=starts.node) / edges) + starts.ms[:, None]
    table = np.full((starts.points, ends.points), np.inf)
    for a in range(starts.points):
        own = ms[starts.offset[a] : starts.offset[a + 1]]
        for b in range(ends.points):
            ties = slice(ends.offset[b], ends.offset[b + 1])
            table[a, b] = (own[:, ends.node[ties]] + ends.ms[ties]).min(initial=np.inf)
    return table


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Few nodes, so that parallel edges, self-loops, islands and blind alleys are common."""
    nodes = draw(st.integers(1, 14))
    node = st.integers(0, nodes - 1)
    ms = st.one_of(st.just(CLOSED), st.just(0), st.integers(0, 5), st.integers(0, 1_000_000))
    edges = draw(st.lists(st.tuples(node, node, ms), max_size=40))
    if draw(st.booleans()):
        edges += [(head, tail, draw(ms)) for tail, head, _ in edges]
    array = np.array(edges, dtype=np.int64).reshape(-1, 3)
    place = st.one_of(st.just(0.0), st.just(np.nan), st.floats(0, 1000))
    x, y = (np.array(draw(st.lists(place, min_size=nodes, max_size=nodes))) for _ in range(2))
    return Graph(nodes, array[:, 0], array[:, 1], array[:, 2], x, y)


@st.composite
def points_on(draw: st.DrawFn, graph: Graph) -> Attached:
    tie = st.tuples(st.integers(0, graph.nodes - 1), st.one_of(st.just(0), st.integers(0, 10_000)))
    return attached(draw(st.lists(st.lists(tie, max_size=3), max_size=6)))


def road_like(nodes: int, seed: int, open_share: float = 0.95) -> Graph:
    """Random places joined to their nearest neighbours, some roads one-way, closed, of no length or parallel."""
    rng = np.random.default_rng(seed)
    x, y = rng.uniform(0, 10_000, (2, nodes))
    near = np.argsort(np.hypot(x[:, None] - x, y[:, None] - y), axis=1)[:, 1:4]
    tail, head = np.repeat(np.arange(nodes), 3), near.ravel()
    kept = rng.random(len(tail)) < 0.7
    tail, head = tail[kept], head[kept]
    tail, head = np.concatenate((tail, head)), np.concatenate((head, tail))
    ms = rng.integers(0, 60_000, len(tail))
    ms[rng.random(len(ms)) < 0.05] = 0
    ms[rng.random(len(ms)) > open_share] = CLOSED
    return Graph(nodes, tail, head, ms, x, y)


def some_points(graph: Graph, count: int, seed: int) -> Attached:
    rng = np.random.default_rng(seed)
    ties = rng.integers(0, 3, count)
    return attached(
        [[(int(rng.integers(graph.nodes)), int(rng.integers(0, 5000))) for _ in range(many)] for many in ties.tolist()]
    )


@pytest.fixture
def many_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small graphs are worked on as large ones are: in parts and side by side."""
    monkeypatch.setattr(ordering, "cpu_count", lambda: 3)
    for module in (ordering, hierarchy, _sides):
        monkeypatch.setattr(module, "WORTH_A_THREAD", 50)


# ------------------------------------------------------------------------------------ the same answers


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_equals_networkx_on_any_small_graph(data: st.DataObject) -> None:
    graph = data.draw(graphs())
    starts, ends = data.draw(points_on(graph)), data.draw(points_on(graph))
    expected = by_networkx(graph, starts, ends)
    assert np.array_equal(weighed(graph).between(starts, ends), expected)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_weighed_again_equals_built_anew(data: st.DataObject) -> None:
    graph = data.draw(graphs())
    count = len(graph.tail)
    other = np.array(data.draw(st.lists(st.integers(CLOSED, 1000), min_size=count, max_size=count)), dtype=np.int64)
    changed = Graph(graph.nodes, graph.tail, graph.head, other, graph.x, graph.y)
    everywhere = Attached.at_nodes(np.arange(graph.nodes))
    made = build(graph)
    before = made.weigh(graph.ms)
    table = before.between(everywhere, everywhere)
    again = made.weigh(other)
    assert np.array_equal(again.between(everywhere, everywhere), by_networkx(changed, everywhere, everywhere))
    fresh = weighed(changed)
    assert np.array_equal(again.up, fresh.up)
    assert np.array_equal(again.down, fresh.down)
    assert np.array_equal(before.between(everywhere, everywhere), table)  # the first timing is untouched


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("starts", "ends"), [(3, 200), (200, 3), (97, 101), (1, 1)])
def test_equals_scipy_on_larger_graphs(seed: int, starts: int, ends: int) -> None:
    graph = road_like(600, seed)
    a, b = some_points(graph, starts, seed), some_points(graph, ends, seed + 1)
    table = weighed(graph).between(a, b)
    assert np.array_equal(table, by_scipy(graph, a, b))


@pytest.mark.usefixtures("many_threads")
@pytest.mark.parametrize("lanes", [1, 8, 32])
def test_equals_scipy_however_the_work_is_divided(lanes: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_sides, "LANES", lanes)
    graph = road_like(1500, 9)
    a, b = some_points(graph, 60, 1), some_points(graph, 90, 2)
    expected = by_scipy(graph, a, b)
    ready = weighed(graph)
    assert np.array_equal(ready.between(a, b), expected)
    monkeypatch.setattr(_sides, "LABEL_BYTES", 0)
    assert np.array_equal(ready.between(a, b), expected)


def test_most_of_a_graph_closed() -> None:
    graph = road_like(400, 3, open_share=0.3)
    everywhere = Attached.at_nodes(np.arange(400))
    table = weighed(graph).between(everywhere, everywhere)
    assert np.isinf(table).any()
    assert np.array_equal(table, by_scipy(graph, everywhere, everywhere))


def test_a_ferry_can_be_closed_and_a_detour_is_taken() -> None:
    ways = {(0, 1): 300_000, (1, 2): 60_000, (2, 3): 900_000, (3, 0): 1_500_000}
    tail, head = np.array(list(ways)).T
    ms = np.array(list(ways.values()))
    both = Graph(4, np.append(tail, head), np.append(head, tail), np.append(ms, ms), np.arange(4.0), np.zeros(4))
    made = build(both)
    start, end = Attached.at_nodes(np.array([0])), Attached.at_nodes(np.array([1]))
    assert made.weigh(both.ms).between(start, end).item() == 300_000
    closed = both.ms.copy()
    closed[[0, 4]] = CLOSED
    assert made.weigh(closed).between(start, end).item() == 1_500_000 + 900_000 + 60_000
    closed[[1, 5]] = CLOSED
    assert np.isinf(made.weigh(closed).between(start, end)).all()


def test_of_several_ties_the_best_way_over_any_counts_and_without_a_tie_there_is_none() -> None:
    line = Graph(3, np.array([0, 1]), np.array([1, 2]), np.array([10, 10]), np.arange(3.0), np.zeros(3))
    starts = attached([[(0, 5), (1, 100)], [(0, 5), (1, 0)], [], [(2, 7)]])
    ends = attached([[(2, 1)], [(1, 50), (2, 0)], [(0, 3)], []])
    assert weighed(line).between(starts, ends).tolist() == [
        [26, 25, 8, np.inf],
        [11, 10, 8, np.inf],
        [np.inf, np.inf, np.inf, np.inf],
        [8, 7, np.inf, np.inf],
    ]


# -------------------------------------------------------------------------------------- blocks, limits


@pytest.mark.parametrize("rows", [1, 7, 40, 1000])
def test_blocks_of_rows_make_up_the_table(rows: int) -> None:
    graph = road_like(300, 4)
    a, b = some_points(graph, 40, 1), some_points(graph, 9, 2)
    ready = weighed(graph)
    table = np.full((40, 9), -1.0)
    seen = []
    for part, times in ready.row_blocks(a, b, rows=rows):
        assert times.shape == (part.stop - part.start, 9)
        assert len(times) <= rows
        table[part] = times
        seen += list(range(part.start, part.stop))
    assert seen == list(range(40))
    assert np.array_equal(table, ready.between(a, b))


def test_times_above_the_limit_are_no_times() -> None:
    graph = road_like(300, 4)
    a = some_points(graph, 40, 1)
    ready = weighed(graph)
    table = ready.between(a, a)
    limit = float(np.median(table[np.isfinite(table)]))
    assert (table == limit).any() or (table > limit).any()
    assert np.array_equal(ready.between(a, a, limit_ms=limit), np.where(table <= limit, table, np.inf))


def test_nothing_to_search_from_or_to_or_on() -> None:
    ready = weighed(road_like(50, 1))
    none, one = Attached.at_nodes(np.empty(0, dtype=np.int64)), Attached.at_nodes(np.array([0]))
    assert ready.between(none, one).shape == (0, 1)
    assert ready.between(one, none).shape == (1, 0)
    assert ready.between(none, none).shape == (0, 0)
    assert list(ready.row_blocks(none, one)) == []
    nothing = np.empty(0, dtype=np.int64)
    no_roads = weighed(Graph(2, nothing, nothing, nothing, np.zeros(2), np.zeros(2)))
    both = Attached.at_nodes(np.arange(2))
    assert no_roads.between(both, both).tolist() == [[0, np.inf], [np.inf, 0]]
    empty = weighed(Graph(0, nothing, nothing, nothing, np.zeros(0), np.zeros(0)))
    untied = Attached(np.zeros(3, dtype=np.int64), nothing, nothing)
    assert np.isinf(empty.between(untied, untied)).all()


# ----------------------------------------------------------------------------- built, written and read


def arrays_of(made: Hierarchy) -> list[NDArray]:
    return [getattr(made, field.name) for field in fields(made)]


def test_the_same_graph_gives_the_same_arrays_and_the_same_file(tmp_path: Path) -> None:
    graph = road_like(800, 6)
    one, two = build(graph), build(graph)
    for a, b in zip(arrays_of(one), arrays_of(two), strict=True):
        assert a.dtype == b.dtype
        assert np.array_equal(a, b)
    one.save(tmp_path / "one.npz")
    two.save(tmp_path / "two.npz")
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.npz", "two.npz"]


def test_what_is_written_can_be_read_and_gives_the_same_times(tmp_path: Path) -> None:
    graph = road_like(800, 6)
    made = build(graph)
    made.save(tmp_path / "order.npz")
    read = Hierarchy.load(tmp_path / "order.npz")
    assert read.nodes == 800
    for a, b in zip(arrays_of(made), arrays_of(read), strict=True):
        assert a.dtype == b.dtype
        assert np.array_equal(a, b)
    points = some_points(graph, 30, 1)
    assert np.array_equal(read.weigh(graph.ms).between(points, points), made.weigh(graph.ms).between(points, points))


def test_a_file_of_another_version_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hierarchy, "VERSION", 0)
    build(road_like(20, 1)).save(tmp_path / "old.npz")
    monkeypatch.undo()
    with pytest.raises(ValueError, match=r"old\.npz holds no hierarchy of version"):
        Hierarchy.load(tmp_path / "old.npz")


def test_the_arcs_are_those_of_an_elimination_of_the_nodes_in_their_order() -> None:
    graph = road_like(120, 8)
    made = build(graph)
    left = nx.Graph()
    left.add_nodes_from(range(120))
    left.add_edges_from(zip(made.rank[graph.tail].tolist(), made.rank[graph.head].tolist(), strict=True))
    for node in range(120):
        higher = sorted(left.neighbors(node))
        assert made.head[made.first[node] : made.first[node + 1]].tolist() == higher
        left.remove_node(node)
        left.add_edges_from((a, b) for a in higher for b in higher if a < b)


def test_a_graph_that_would_need_too_many_arcs_is_given_up() -> None:
    graph = road_like(500, 2)
    needed = build(graph).arcs
    parts = graph.nodes, graph.tail, graph.head, graph.x, graph.y
    assert Hierarchy.build(*parts, arcs_at_most=needed - 1) is None
    enough = Hierarchy.build(*parts, arcs_at_most=needed)
    assert enough is not None
    assert enough.arcs == needed


# ------------------------------------------------------------------------------------- what is refused


def test_wrong_numbers_are_refused_in_words() -> None:
    graph = road_like(30, 1)
    made = build(graph)
    with pytest.raises(ValueError, match="as many times"):
        made.weigh(graph.ms[1:])
    with pytest.raises(ValueError, match="whole milliseconds"):
        made.weigh(graph.ms.astype(float))
    for wrong in (-2, MOST):
        ms = graph.ms.copy()
        ms[3] = wrong
        with pytest.raises(ValueError, match="times of edges must be at least 0 ms"):
            made.weigh(ms)
    ready, one = made.weigh(graph.ms), Attached.at_nodes(np.array([0]))
    for node in (-1, 30):
        with pytest.raises(ValueError, match="numbered from 0 to 29"):
            ready.between(Attached.at_nodes(np.array([node])), one)
        with pytest.raises(ValueError, match="numbered from 0 to 29"):
            Hierarchy.build(30, np.array([node]), np.array([0]), graph.x, graph.y)
    for tie in (-1, MOST):
        with pytest.raises(ValueError, match="between a point and its node"):
            ready.between(one, attached([[(0, tie)]]))
    with pytest.raises(ValueError, match="nodes an x and a y each"):
        Hierarchy.build(30, graph.tail, graph.head, graph.x[1:], graph.y)


def long_road(ms: int) -> Graph:
    """Six nodes in a row, one way, and an island."""
    return Graph(7, np.arange(5), np.arange(1, 6), np.full(5, ms), np.arange(7.0), np.zeros(7))


def test_a_journey_longer_than_the_numbers_go_is_refused_not_called_impossible() -> None:
    ready = weighed(long_road(MOST // 3))
    start, near, far, island = (Attached.at_nodes(np.array([node])) for node in (0, 2, 5, 6))
    assert ready.between(start, near).item() == 2 * (MOST // 3)
    with pytest.raises(ValueError, match="12 days"):
        ready.between(start, far)
    assert np.isinf(ready.between(start, island)).all()
    assert np.isinf(ready.between(far, start)).all()
    assert np.isinf(ready.between(start, far, limit_ms=1e9)).all()
    with pytest.raises(ValueError, match="12 days"):
        ready.between(attached([[(0, MOST - 1)]]), near)


def test_the_longest_journey_that_fits() -> None:
    ready = weighed(long_road((MOST - 1) // 5))
    ends = Attached.at_nodes(np.array([5, 6]))
    assert ready.between(Attached.at_nodes(np.array([0])), ends).tolist() == [[5 * ((MOST - 1) // 5), np.inf]]


# ------------------------------------------------------------------------------------------ real roads


@pytest.mark.real
def test_equals_scipy_on_new_york(shared_data: Path) -> None:
    graph = read_new_york(shared_data / "benchmark")
    made = Hierarchy.build(graph.nodes, graph.tail, graph.head, graph.x, graph.y, arcs_at_most=8 * graph.nodes)
    assert made is not None
    rng = np.random.default_rng(2)
    starts = Attached.at_nodes(rng.choice(graph.nodes, 5, replace=False))
    ends = Attached.at_nodes(rng.choice(graph.nodes, 5000, replace=False))
    slower = np.where(rng.random(len(graph.ms)) < 0.001, CLOSED, graph.ms * 11 // 10)
    for ms in (graph.ms, slower):
        timed = Graph(graph.nodes, graph.tail, graph.head, ms, graph.x, graph.y)
        assert np.array_equal(made.weigh(ms).between(starts, ends), by_scipy(timed, starts, ends))
