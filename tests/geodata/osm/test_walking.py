"""Road files become the network that somebody on foot can use."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from geodata.errors import InputProblems
from geodata.osm.cut import cut_roads
from geodata.osm.files import read_lines
from geodata.osm.lines import RoadLines
from geodata.osm.tags import NODE_BLOCKED, NODE_PLAIN, ROAD_CLASSES, node_kind, walkable_way
from tests.geodata.osm_files import write_pbf

E, N = 450_000.0, 300_000.0
BOX = (E, N, E + 5_000, N + 5_000)


def classes_of(lines: RoadLines) -> dict[str, int]:
    return dict(Counter(ROAD_CLASSES[i] for i in lines.way["road_class"].tolist()))


def same_lines(one: RoadLines, other: RoadLines) -> bool:
    arrays = ("x", "y", "node_kind", "sealed", "way_point", "way_offset", "way_id", "way_name", "restriction")
    alike = all(np.array_equal(getattr(one, name), getattr(other, name)) for name in arrays)
    ways = all(np.array_equal(one.way[k], other.way[k], equal_nan=one.way[k].dtype.kind == "f") for k in one.way)
    return alike and ways and one.names == other.names and one.counts == other.counts


@pytest.mark.parametrize(
    ("tags", "road_class"),
    [
        ({"highway": "footway"}, "footway"),
        ({"highway": "path"}, "path"),
        ({"highway": "steps"}, "steps"),
        ({"highway": "bridleway"}, "bridleway"),
        ({"highway": "cycleway"}, "cycleway"),
        ({"highway": "cycleway", "foot": "no"}, None),
        ({"highway": "pedestrian"}, "pedestrian"),
        ({"highway": "pedestrian", "area": "yes"}, "pedestrian"),
        ({"highway": "service", "area": "yes"}, None),
        ({"highway": "track"}, "track"),
        ({"highway": "track", "access": "private", "foot": "designated"}, "track"),
        ({"highway": "track", "access": "private"}, None),
        ({"highway": "service", "service": "parking_aisle"}, "service"),
        ({"highway": "residential", "motor_vehicle": "no"}, "residential"),
        ({"highway": "residential", "vehicle": "private"}, "residential"),
        ({"highway": "residential", "access": "no"}, None),
        ({"highway": "residential", "access": "no", "foot": "permissive"}, "residential"),
        ({"highway": "residential", "access": "no", "bus": "yes"}, "residential"),
        ({"highway": "residential", "access": "psv"}, "residential"),
        ({"highway": "trunk"}, "trunk"),
        ({"highway": "primary", "sidewalk": "no"}, "primary"),
        ({"highway": "trunk", "motorroad": "yes"}, None),
        ({"highway": "trunk", "motorroad": "yes", "foot": "yes"}, "trunk"),
        ({"highway": "trunk", "foot": "no"}, None),
        ({"highway": "path", "foot": "private"}, None),
        ({"highway": "path", "foot": "unknown"}, "path"),
        ({"highway": "primary", "foot": "use_sidepath"}, "primary"),
        ({"highway": "motorway"}, None),
        ({"highway": "motorway_link", "foot": "yes"}, None),
        ({"highway": "construction"}, None),
        ({"highway": "proposed", "foot": "yes"}, None),
        ({"highway": "corridor"}, "footway"),
        ({"highway": "platform"}, "footway"),
        ({"route": "ferry"}, "ferry"),
        ({"route": "ferry", "foot": "yes", "motor_vehicle": "no"}, "ferry"),
        ({"route": "ferry", "foot": "no", "motor_vehicle": "yes"}, None),
        ({"route": "ferry", "access": "private"}, None),
        ({"route": "bus"}, None),
        ({"railway": "rail"}, None),
    ],
)
def test_what_can_be_walked(tags, road_class):
    way = walkable_way(tags)
    assert (way and ROAD_CLASSES[way.road_class]) == road_class


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"oneway": "yes"}, (True, True)),
        ({"junction": "roundabout"}, (True, True)),
        ({"oneway": "-1", "vehicle:backward": "no"}, (True, True)),
        ({"oneway:foot": "yes"}, (True, False)),
        ({"oneway:foot": "-1"}, (False, True)),
        ({"foot:backward": "no"}, (True, False)),
    ],
)
def test_walkers_go_both_ways(tags, expected):
    way = walkable_way({"highway": "residential"} | tags)
    assert (way.forward, way.backward) == expected


def test_a_foot_ferry_has_its_duration_and_wait():
    way = walkable_way({"route": "ferry", "duration": "PT5M", "interval": "00:20"})
    assert (way.seconds, way.wait_seconds, way.joinable) == (300, 600, False)


@pytest.mark.parametrize(
    ("tags", "kind"),
    [
        ({"barrier": "gate"}, NODE_PLAIN),
        ({"barrier": "bollard"}, NODE_PLAIN),
        ({"barrier": "stile"}, NODE_PLAIN),
        ({"barrier": "gate", "motor_vehicle": "no"}, NODE_PLAIN),
        ({"barrier": "gate", "access": "private"}, NODE_BLOCKED),
        ({"barrier": "gate", "access": "private", "foot": "yes"}, NODE_PLAIN),
        ({"barrier": "gate", "locked": "yes"}, NODE_BLOCKED),
        ({"barrier": "gate", "locked": "yes", "foot": "yes"}, NODE_PLAIN),
        ({"barrier": "kissing_gate", "foot": "no"}, NODE_BLOCKED),
        ({"barrier": "fence"}, NODE_BLOCKED),
        ({"barrier": "wall"}, NODE_BLOCKED),
        ({"barrier": "wall", "foot": "yes"}, NODE_PLAIN),
        ({"highway": "traffic_signals"}, NODE_PLAIN),
        ({}, NODE_PLAIN),
    ],
)
def test_what_stops_a_walker(tags, kind):
    assert node_kind(tags, "walk") == kind


@pytest.fixture
def village(tmp_path) -> Path:
    """A street, a one-way lane, a path through a stile and a wall, a motorway, a foot ferry and a car ferry."""
    places = [(100, 100), (900, 100), (900, 900), (100, 900), (500, 500), (2_000, 900), (2_500, 900), (3_000, 900)]
    nodes = {10 * i: (E + x, N + y) for i, (x, y) in enumerate(places, 1)}
    ways = [
        (1, [10, 20], {"highway": "residential", "name": "High Street", "oneway": "yes"}),
        (2, [20, 50, 40], {"highway": "footway"}),
        (3, [10, 50], {"highway": "path"}),
        (4, [20, 30], {"highway": "motorway"}),
        (5, [30, 60], {"route": "ferry", "foot": "yes", "duration": "10"}),
        (6, [60, 70, 80], {"route": "ferry", "motor_vehicle": "yes", "foot": "no"}),
        (7, [40, 30], {"highway": "steps"}),
    ]
    return write_pbf(tmp_path / "village.osm.pbf", nodes, ways, {50: {"barrier": "stile"}})


def test_two_networks_of_one_file(village):
    walk, drive = read_lines(village, mode="walk"), read_lines(village)
    assert classes_of(walk) == {"residential": 1, "footway": 1, "path": 1, "ferry": 1, "steps": 1}
    assert classes_of(drive) == {"residential": 1, "motorway": 1, "ferry": 1}
    assert walk.way_id.tolist() == [1, 2, 3, 5, 7]
    assert walk.way["backward"].all()
    assert not drive.way["backward"][0]
    assert walk.counts == {"ways not open to walkers": 1}, "the motorway; a ferry for cars is no highway"
    assert walk.names[walk.way_name[0]] == "High Street"
    assert (walk.node_kind == NODE_PLAIN).all(), "a stile stops nobody on foot"


def test_a_wall_cuts_a_path(tmp_path):
    nodes = {1: (E, N), 2: (E + 100, N), 3: (E + 200, N)}
    path = [(1, [1, 2, 3], {"highway": "path"})]
    whole = read_lines(write_pbf(tmp_path / "a.osm.pbf", nodes, path, {2: {"barrier": "gate"}}), mode="walk")
    torn = read_lines(write_pbf(tmp_path / "b.osm.pbf", nodes, path, {2: {"barrier": "wall"}}), mode="walk")
    assert (len(whole.way_id), len(torn.way_id)) == (1, 2)
    assert torn.counts["barriers"] == 1


def test_the_cut_serves_walkers_too(village, tmp_path):
    cut = cut_roads(village, BOX, tmp_path / "out" / "village.osm.pbf").file
    for mode in ("drive", "walk"):
        assert same_lines(read_lines(village, BOX, mode), read_lines(cut, BOX, mode))
    assert 5 in read_lines(cut, BOX, "walk").way_id


def test_a_file_without_paths_or_roads(tmp_path):
    motorway = [(1, [1, 2], {"highway": "motorway"})]
    path = write_pbf(tmp_path / "m.osm.pbf", {1: (E, N), 2: (E + 100, N)}, motorway)
    assert len(read_lines(path).way_id) == 1
    with pytest.raises(InputProblems, match="no way open to walkers in it"):
        read_lines(path, mode="walk")


@pytest.mark.real
def test_rutland_by_class(shared_data):
    source = shared_data / "osm" / "rutland-latest.osm.pbf"
    drive, walk = read_lines(source), read_lines(source, mode="walk")
    cars, feet = classes_of(drive), classes_of(walk)
    assert cars["trunk"] > 150
    assert cars["residential"] > 1_000
    assert 600 < cars["service"] < 800, "without aisles, driveways and private roads"
    assert set(cars) <= set(ROAD_CLASSES[:15]), "no ferry in Rutland, and no path for cars"
    assert feet["footway"] > 700
    assert feet["steps"] == 9
    assert feet["bridleway"] > 100
    assert feet["service"] > cars["service"], "a walker may cross a car park"
    assert feet["track"] > 10 * cars["track"]
    assert walk.way["forward"].all()
    assert walk.way["backward"].all()
    assert len(walk.restriction) == 0
