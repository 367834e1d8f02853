"""Times between points and nodes, worked out by hand: the direction of travel, limits, blocks."""

from __future__ import annotations

import numpy as np
import pytest

from geodata.roads.network import RoadNetwork
from geodata.routing.attach import arriving, leaving
from geodata.routing.matrix import milliseconds_between, node_ms, row_blocks
from geodata.routing.scipy_search import Search
from tests.geodata.plain_networks import on_roads, plain_network

NO = -1
INF = float("inf")


@pytest.fixture
def triangle() -> RoadNetwork:
    """Roads 0 -> 1 (one-way, 100 s), 1 - 2 (40 s there, 60 s back) and 2 -> 0 (one-way, 10 s)."""
    x, y = np.array([0.0, 1000.0, 500.0]), np.array([0.0, 0.0, 800.0])
    ahead, back = np.array([100_000, 40_000, 10_000]), np.array([NO, 60_000, NO])
    return plain_network(x, y, np.array([0, 1, 2]), np.array([1, 2, 0]), ahead, back)


def test_from_points_to_nodes_and_from_nodes_to_points(triangle: RoadNetwork) -> None:
    points = on_roads([0, 1], [0.25, 0.5])
    away = node_ms(triangle, points, towards=False)
    assert away.tolist() == [[75_000 + 50_000, 75_000, 75_000 + 40_000], [20_000 + 10_000, 30_000, 20_000]]
    towards = node_ms(triangle, points, towards=True)
    assert towards.tolist() == [[25_000, 40_000 + 10_000 + 25_000, 10_000 + 25_000], [120_000, 20_000, 30_000]]


def test_what_takes_longer_than_the_limit_is_not_reached(triangle: RoadNetwork) -> None:
    points = on_roads([1], [0.5])
    assert node_ms(triangle, points, towards=False, limit_ms=20_000).tolist() == [[INF, INF, 20_000]]
    assert node_ms(triangle, points, towards=False, limit_ms=19_999).tolist() == [[INF, INF, INF]]
    homes, sites = on_roads([0, 1, 0], [0.5, 0.0, 0.7]), on_roads([0, 1], [0.6, 1.0])
    whole = [[10_000, 90_000], [110_000, 40_000], [30_000 + 40_000 + 10_000 + 60_000, 70_000]]
    for engine in ("scipy", "hierarchy"):
        assert milliseconds_between(triangle, homes, sites, engine=engine).tolist() == whole
        near = milliseconds_between(triangle, homes, sites, engine=engine, limit_ms=40_000)
        assert near.tolist() == [[10_000, INF], [INF, 40_000], [INF, INF]]


def test_the_reference_search_takes_any_number_of_starts_and_ends(triangle: RoadNetwork) -> None:
    three, two = on_roads([0, 1, 0], [0.5, 0.0, 0.7]), on_roads([2, 2], [0.5, 1.0])
    for origins, destinations in ((three, two), (two, three)):
        found = Search(triangle.graph()).between(leaving(triangle, origins), arriving(triangle, destinations))
        assert found.tolist() == milliseconds_between(triangle, origins, destinations, engine="scipy").tolist()


@pytest.mark.parametrize("engine", ["scipy", "hierarchy"])
@pytest.mark.parametrize("rows", [1, 2, 3, 5])
def test_blocks_are_the_rows_in_order(triangle: RoadNetwork, engine: str, rows: int) -> None:
    many, few = on_roads([0, 1, 2, 0, 1], [0.1, 0.2, 0.3, 0.9, 0.8]), on_roads([2, 0, 1], [0.5, 0.5, 0.5])
    for origins, destinations in ((many, few), (few, many)):
        whole = milliseconds_between(triangle, origins, destinations, engine=engine)
        blocks = list(row_blocks(triangle, origins, destinations, engine=engine, rows=rows))
        starts = [part.start for part, _ in blocks]
        assert starts == list(range(0, len(origins.road), rows))
        assert np.array_equal(np.concatenate([ms for _, ms in blocks]), whole)
