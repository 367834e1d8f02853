"""The order of the nodes: every node once, the same every time, and few arcs on graphs that are like roads."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from geodata.routing import ordering
from geodata.routing.hierarchy import Hierarchy
from geodata.routing.ordering import dissection_order, neighbour_lists, side_by_side

Edges = tuple[NDArray[np.int64], NDArray[np.int64]]


def both_ways(pairs: list[tuple[int, int]]) -> Edges:
    ends = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    return np.concatenate((ends[:, 0], ends[:, 1])), np.concatenate((ends[:, 1], ends[:, 0]))


def grid(columns: int, rows: int, left_out: float = 0.0) -> tuple[int, Edges, NDArray, NDArray]:
    place = np.arange(columns * rows).reshape(rows, columns)
    pairs = np.column_stack(
        (
            np.concatenate((place[:, :-1].ravel(), place[:-1].ravel())),
            np.concatenate((place[:, 1:].ravel(), place[1:].ravel())),
        )
    )
    rng = np.random.default_rng(5)
    pairs = pairs[rng.random(len(pairs)) >= left_out]
    x, y = place.ravel() % columns * 100.0, place.ravel() // columns * 100.0
    return columns * rows, both_ways(pairs.tolist()), x, y


def arcs(nodes: int, edges: Edges, x: NDArray, y: NDArray) -> int:
    hierarchy = Hierarchy.build(nodes, *edges, x, y)
    assert hierarchy is not None
    return hierarchy.arcs


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=40))
def test_neighbours_are_different_ascending_and_on_both_sides(pairs: list[tuple[int, int]]) -> None:
    ends = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    first, neighbour = neighbour_lists(10, ends[:, 0], ends[:, 1])
    for node in range(10):
        expected = {b for a, b in pairs if a == node} | {a for a, b in pairs if b == node}
        assert neighbour[first[node] : first[node + 1]].tolist() == sorted(expected - {node})


@settings(max_examples=40, deadline=None)
@given(
    st.integers(1, 300),
    st.floats(0.0, 4.0),
    st.sampled_from(["places", "equal", "unknown", "endless", "some unknown", "one line"]),
    st.integers(0, 1000),
)
def test_every_node_once_and_always_the_same(nodes: int, density: float, places: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    ends = rng.integers(0, nodes, (2, int(nodes * density)))
    x, y = rng.uniform(0, 1000, (2, nodes))
    if places == "equal":
        x[:], y[:] = 5.0, 5.0
    elif places == "unknown":
        x[:], y[:] = np.nan, np.nan
    elif places == "endless":
        x[:], y[:] = np.inf, -np.inf
    elif places == "some unknown":
        x[rng.random(nodes) < 0.3] = np.nan
    elif places == "one line":
        y[:] = 0.0
    lists = neighbour_lists(nodes, *ends)
    order = dissection_order(*lists, x, y)
    assert np.sort(order).tolist() == list(range(nodes))
    assert np.array_equal(order, dissection_order(*lists, x, y))


def test_the_order_does_not_depend_on_how_many_parts_are_worked_on_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    nodes, edges, x, y = grid(60, 50, left_out=0.2)
    lists = neighbour_lists(nodes, *edges)
    monkeypatch.setattr(ordering, "WORTH_A_THREAD", 100)
    monkeypatch.setattr(ordering, "cpu_count", lambda: 1)
    alone = dissection_order(*lists, x, y)
    monkeypatch.setattr(ordering, "cpu_count", lambda: 4)
    assert np.array_equal(alone, dissection_order(*lists, x, y))


@pytest.mark.parametrize("graph", [nx.path_graph(3000), nx.balanced_tree(3, 6), nx.star_graph(500)])
def test_a_tree_needs_few_arcs_beside_its_edges(graph: nx.Graph) -> None:
    nodes = graph.number_of_nodes()
    places = np.random.default_rng(1).uniform(0, 1, (2, nodes))
    edges = both_ways(list(graph.edges))
    assert arcs(nodes, edges, *places) <= 2 * nodes


def test_a_long_chain_becomes_a_low_tree() -> None:
    nodes = 5000
    line = np.arange(nodes, dtype=float)
    hierarchy = Hierarchy.build(nodes, *both_ways(list(nx.path_graph(nodes).edges)), line, line)
    assert hierarchy is not None
    depth = np.zeros(nodes, dtype=int)
    for node in range(nodes - 2, -1, -1):
        depth[node] = depth[hierarchy.parent[node]] + 1
    assert depth.max() < 60


def test_separators_keep_the_arcs_of_a_grid_few() -> None:
    nodes, edges, x, y = grid(60, 60)
    # Taken row by row, every node would have 60 arcs; nested dissection needs about 31/4 log2(60) (George, 1973).
    assert arcs(nodes, edges, x, y) < 22 * nodes


def test_towns_joined_by_few_roads_are_cut_between_the_towns() -> None:
    towns, side = 9, 12
    nodes, (tail, head), x, y = grid(side, side)
    rng = np.random.default_rng(3)
    tails, heads, xs, ys = [], [], [], []
    for town in range(towns):
        tails.append(tail + town * nodes)
        heads.append(head + town * nodes)
        xs.append(x + town % 3 * 10_000)
        ys.append(y + town // 3 * 10_000)
    roads = [
        (a * nodes + int(rng.integers(nodes)), (a + 1) * nodes + int(rng.integers(nodes))) for a in range(towns - 1)
    ]
    more_tail, more_head = both_ways(roads)
    edges = np.concatenate((*tails, more_tail)), np.concatenate((*heads, more_head))
    alone = arcs(nodes, (tail, head), x, y)
    together = arcs(towns * nodes, edges, np.concatenate(xs), np.concatenate(ys))
    assert together < 1.25 * towns * alone


def test_pieces_that_are_not_joined_share_no_arc() -> None:
    nodes, (tail, head), x, y = grid(15, 15)
    twice = np.concatenate((tail, tail + nodes)), np.concatenate((head, head + nodes))
    hierarchy = Hierarchy.build(2 * nodes, *twice, np.concatenate((x, x)), np.concatenate((y, y)))
    assert hierarchy is not None
    piece = np.empty(2 * nodes, dtype=int)
    piece[hierarchy.rank] = np.arange(2 * nodes) // nodes
    tails = np.repeat(np.arange(2 * nodes), np.diff(hierarchy.first))
    assert (piece[tails] == piece[hierarchy.head]).all()
    assert (hierarchy.parent < 0).sum() == 2


def test_jobs_come_back_in_order_and_errors_are_raised() -> None:
    assert side_by_side(lambda job: job * job, range(9)) == [job * job for job in range(9)]
    assert side_by_side(len, []) == []
    with pytest.raises(ZeroDivisionError):
        side_by_side(lambda job: 1 // job, [1, 0, 2])
