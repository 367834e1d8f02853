"""Points are joined along the nearest usable road."""

from __future__ import annotations

import numpy as np
import pytest

from geodata.osm.lines import LineCollector
from geodata.osm.tags import CLASS_INDEX, Way
from geodata.roads.build import build_network
from geodata.roads.network import RoadNetwork
from geodata.routing.snapping import snap
from geodata.speeds import load_speeds


def network_of(points: dict[int, tuple[float, float]], ways: list[tuple[list[int], Way]], **kwargs) -> RoadNetwork:
    collector = LineCollector("EPSG:27700")
    for keys, way in ways:
        collector.add(keys, [points[k][0] for k in keys], [points[k][1] for k in keys], way)
    return build_network(collector.finish("test"), load_speeds(), **kwargs)


def road(name: str = "secondary", **facts) -> Way:
    return Way(CLASS_INDEX[name], **facts)


def test_the_place_lies_along_the_road_and_the_distance_is_told():
    network = network_of({0: (0, 0), 1: (400, 0), 2: (1000, 0)}, [([0, 1, 2], road())])
    joined = snap(network, np.array([250.0, -30.0, 1000.0]), np.array([40.0, 40.0, 0.0]))
    assert joined.distance_m == pytest.approx([40, 50, 0])
    assert joined.x == pytest.approx([250, 0, 1000])
    along = joined.share * network.road_length_m[joined.road]
    start = network.node_x[network.road_from[joined.road]]
    assert np.abs(start - along) == pytest.approx([250, 0, 1000])


def test_only_roads_of_the_main_part_are_used():
    points = {0: (0, 0), 1: (1000, 0), 2: (400, 100), 3: (600, 100), 4: (0, 300), 5: (1000, 300)}
    ways = [([0, 1], road()), ([2, 3], road()), ([4, 5], road(backward=False))]
    joined = snap(network_of(points, ways), np.array([500.0, 500.0]), np.array([99.0, 299.0]))
    assert joined.distance_m == pytest.approx([99, 299])


def test_motorways_tunnels_and_ferries_are_passed_over():
    points = {0: (0, 0), 1: (1000, 0), 2: (1000, 500), 3: (0, 500)}
    ways = [([0, 1], road("motorway", joinable=False)), ([1, 2], road()), ([2, 3], road()), ([3, 0], road())]
    joined = snap(network_of(points, ways), np.array([500.0]), np.array([100.0]))
    assert joined.distance_m == pytest.approx([400])


def test_too_far_is_joined_to_none_but_the_distance_is_told():
    joined = snap(network_of({0: (0, 0), 1: (1000, 0)}, [([0, 1], road())]), np.array([0.0]), np.array([900.0]), 500.0)
    assert joined.road.tolist() == [-1]
    assert joined.distance_m == pytest.approx([900])


def test_no_points_and_ties():
    network = network_of(
        {0: (0, 0), 1: (1000, 0), 2: (0, 100), 3: (1000, 100), 4: (0, 50)},
        [([0, 1], road()), ([2, 3], road()), ([0, 4, 2], road("tertiary"))],
    )
    assert len(snap(network, np.zeros(0), np.zeros(0)).road) == 0
    joined = snap(network, np.array([500.0, 1000.0]), np.array([50.0, 50.0]))
    assert joined.distance_m == pytest.approx([50, 50])
    level = np.flatnonzero(network.node_y[network.road_from] == network.node_y[network.road_to]).tolist()
    assert len(level) == 2
    assert joined.road.tolist() == [min(level)] * 2, "half way between two roads: the first of them"


def test_a_road_just_at_the_limit_is_near_enough():
    network = network_of({0: (0, 0), 1: (1000, 0)}, [([0, 1], road())])
    joined = snap(network, np.array([400.0, 400.0]), np.array([500.0, 500.01]), 500.0)
    assert joined.road.tolist() == [0, -1]


def test_without_a_road_that_may_be_joined_there_is_none():
    network = network_of({0: (0, 0), 1: (1000, 0)}, [([0, 1], road(joinable=False))])
    joined = snap(network, np.array([5.0, 6.0]), np.array([7.0, 8.0]))
    assert joined.road.tolist() == [-1, -1]
    assert np.isinf(joined.distance_m).all()
    assert (joined.x.tolist(), joined.y.tolist()) == ([5.0, 6.0], [7.0, 8.0])
