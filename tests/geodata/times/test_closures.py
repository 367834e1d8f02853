"""Which road a point closes, and what that road is called."""

from __future__ import annotations

import numpy as np
import pytest

from geodata.errors import InputProblems
from geodata.osm.lines import LineCollector
from geodata.osm.tags import CLASS_INDEX, Way
from geodata.roads.build import build_network
from geodata.roads.network import RoadNetwork
from geodata.speeds import load_speeds
from geodata.times.closures import close_roads, road_in_words
from geodata.times.points import PointTable


@pytest.fixture
def network() -> RoadNetwork:
    """A bent road, a short one beside it, a ferry, and a street without a name."""
    collector = LineCollector("EPSG:27700")
    for name, road_class, line in (
        ("Long Lane", "secondary", [(0, 0), (1000, 0), (1000, 1000)]),
        ("Close", "living_street", [(200, 30), (300, 30)]),
        ("Blue Boat", "ferry", [(1000, 1000), (2000, 1000)]),
        ("", "residential", [(2000, 1000), (3000, 1000)]),
    ):
        x, y = zip(*((float(a), float(b)) for a, b in line), strict=True)
        collector.add([hash(place) for place in line], [*x], [*y], Way(CLASS_INDEX[road_class]), name=name)
    return build_network(collector.finish("test"), load_speeds(), bridge_gaps_m=0)


def table(*places: tuple[float, float]) -> PointTable:
    x, y = np.array(places, dtype=float).T
    ids = tuple(f"c{i}" for i in range(len(places)))
    return PointTable("closed.csv", ids, x, y, rows=np.arange(2, 2 + len(places)))


@pytest.mark.parametrize(
    ("place", "words"),
    [
        ((500.0, 10.0), "Long Lane (secondary)"),
        ((250.0, 14.0), "Long Lane (secondary)"),
        ((250.0, 16.0), "Close (living street)"),
        ((950.0, 500.0), "Long Lane (secondary)"),
        ((-50.0, 0.0), "Long Lane (secondary)"),
        ((1500.0, 990.0), "the ferry Blue Boat"),
        ((2500.0, 1050.0), "a road without a name (residential)"),
    ],
)
def test_the_nearest_road_is_closed_up_to_fifty_metres_away(network: RoadNetwork, place, words: str) -> None:
    found = close_roads(network, table(place))
    assert found.named == (("c0", words),)
    assert [road_in_words(network, road) for road in np.flatnonzero(found.roads)] == [words]


def test_several_points_close_several_roads(network: RoadNetwork) -> None:
    found = close_roads(network, table((250.0, 30.0), (2500.0, 1000.0), (260.0, 30.0)))
    assert found.roads.sum() == 2
    assert [name for name, _ in found.named] == ["c0", "c1", "c2"]


def test_every_point_without_a_road_is_told(network: RoadNetwork) -> None:
    with pytest.raises(InputProblems) as caught:
        close_roads(network, table((500.0, -50.1), (500.0, 0.0), (5000.0, 5000.0), (960.0, 949.9)))
    told = [(finding.row, finding.value, finding.code) for finding in caught.value.findings]
    assert told == [(2, "c0", "closure-without-road"), (4, "c2", "closure-without-road")]
