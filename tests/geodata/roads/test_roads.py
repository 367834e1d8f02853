"""Road files become the network that cars can use."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import networkx as nx
import numpy as np
import osmium
import osmnx
import pytest
import shapely
from pyproj import Transformer

from geodata.errors import InputProblems
from geodata.osm.tags import (
    KMH_PER_MPH,
    NODE_BLOCKED,
    NODE_GATE,
    NODE_MINI_ROUNDABOUT,
    NODE_PLAIN,
    NODE_SIGNALS,
    directions,
    drivable_way,
    node_kind,
    parse_duration,
    parse_limit,
)
from geodata.roads import read_roads
from geodata.roads.network import RoadNetwork

EAST, NORTH = 450_050.0, 90_050.0
STEP = 230.0
WHEN = "2024-05-06T07:08:09Z"
TO_LONLAT = Transformer.from_crs("EPSG:27700", "EPSG:4326", always_xy=True)


def write_osm(path: Path, points: dict[int, tuple[float, float]], ways: list[tuple], node_tags: dict | None = None):
    """Write an OSM XML file; points in metres from (EAST, NORTH), ways as (nodes, tags)."""
    node_tags = node_tags or {}
    rows = ['<?xml version="1.0" encoding="UTF-8"?>', '<osm version="0.6" generator="test">']
    for key, (x, y) in sorted(points.items()):
        lon, lat = TO_LONLAT.transform(EAST + x, NORTH + y)
        tags = "".join(f'<tag k="{k}" v="{v}"/>' for k, v in node_tags.get(key, {}).items())
        rows.append(f'<node id="{key}" version="1" timestamp="{WHEN}" lon="{lon:.9f}" lat="{lat:.9f}">{tags}</node>')
    for number, (nodes, tags) in enumerate(ways, 1):
        refs = "".join(f'<nd ref="{n}"/>' for n in nodes)
        text = "".join(f'<tag k="{k}" v="{v}"/>' for k, v in tags.items())
        rows.append(f'<way id="{number}" version="1" timestamp="{WHEN}">{refs}{text}</way>')
    rows.append("</osm>")
    path.write_text("\n".join(rows), encoding="utf-8")
    return path


def node_at(network: RoadNetwork, x: float, y: float) -> int:
    away = np.hypot(network.node_x - EAST - x, network.node_y - NORTH - y)
    assert away.min() < 0.5, (x, y, away.min())
    return int(np.argmin(away))


def minutes(network: RoadNetwork, start: tuple[float, float], end: tuple[float, float]) -> float:
    graph = network.as_networkx()
    try:
        ms = nx.shortest_path_length(graph, node_at(network, *start), node_at(network, *end), weight="ms")
    except nx.NetworkXNoPath:
        return float("inf")
    return ms / 60_000


# ---------------------------------------------------------------------- tags


@pytest.mark.parametrize("value", ["yes", "true", "1", "True", "YES"])
def test_one_way_forward(value):
    assert directions({"highway": "residential", "oneway": value}) == (True, False)


@pytest.mark.parametrize("value", ["-1", "reverse"])
def test_one_way_backward(value):
    assert directions({"highway": "residential", "oneway": value}) == (False, True)


@pytest.mark.parametrize("value", ["no", "false", "0", "", "alternating", "reversible"])
def test_both_ways(value):
    assert directions({"highway": "residential", "oneway": value}) == (True, True)


def test_one_way_is_implied_by_roundabouts_and_motorways():
    assert directions({"highway": "primary", "junction": "roundabout"}) == (True, False)
    assert directions({"highway": "primary", "junction": "circular"}) == (True, False)
    assert directions({"highway": "motorway"}) == (True, False)
    assert directions({"highway": "motorway", "oneway": "no"}) == (True, True)
    assert directions({"highway": "motorway", "oneway": "-1"}) == (False, True)
    assert directions({"highway": "primary", "oneway": "yes", "oneway:motorcar": "no"}) == (True, True)


@pytest.mark.parametrize(
    ("text", "mph"),
    [
        ("30 mph", 30), ("30mph", 30), ("GB:nsl_single", 60), ("GB:nsl_dual", 70), ("UK:nsl_single", 60),
        ("gb:national", 60), ("national", 60), ("GB:motorway", 70), ("GB:urban", 30), ("GB:20", 20), ("GB:zone20", 20),
        ("GB_nsl:single", 60), ("20 mph;30 mph", 20),
    ],
)  # fmt: skip
def test_limits_in_mph(text, mph):
    assert parse_limit(text) == pytest.approx(mph * KMH_PER_MPH)


def test_other_limits():
    assert parse_limit("50") == 50
    assert parse_limit("walk") == 5
    assert parse_limit("national", dual=True) == pytest.approx(70 * KMH_PER_MPH)
    for text in ("", "none", "signals", "variable", "fast", "DE:urban:x", "sign", "survey", "Stats19", "0"):
        assert parse_limit(text) is None, text


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("00:20", 1200), ("1:05:30", 3930), ("20", 1200), ("PT20M", 1200), ("PT1H5M", 3900), ("20 min", 1200)],
)
def test_durations(text, seconds):
    assert parse_duration(text) == seconds


def test_the_tags_that_speak_of_cars_outrank_the_others():
    assert directions({"highway": "primary", "oneway": "no", "oneway:motor_vehicle": "yes"}) == (True, False)
    assert directions({"highway": "primary", "junction": "roundabout", "oneway": "no"}) == (True, True)
    assert drivable_way({"highway": "residential", "access": "yes", "vehicle": "no"}) is None
    assert drivable_way({"highway": "residential", "vehicle": "no", "motor_vehicle": "yes"}) is not None
    assert drivable_way({"highway": "residential", "motor_vehicle": "yes", "motorcar": "no"}) is None


@pytest.mark.parametrize(
    ("barrier", "kind"),
    [
        ({"barrier": "bollard"}, NODE_BLOCKED),
        ({"barrier": "bollard", "motor_vehicle": "yes"}, NODE_PLAIN),
        ({"barrier": "lift_gate", "access": "private"}, NODE_BLOCKED),
        ({"barrier": "gate"}, NODE_GATE),
        ({"barrier": "cattle_grid"}, NODE_PLAIN),
        ({"barrier": "cattle_grid", "access": "no"}, NODE_BLOCKED),
        ({"highway": "traffic_signals"}, NODE_SIGNALS),
        ({"highway": "mini_roundabout"}, NODE_MINI_ROUNDABOUT),
        ({}, NODE_PLAIN),
    ],
)
def test_what_stands_on_a_road(barrier, kind):
    assert node_kind(barrier) == kind


def test_where_homes_can_lie_and_gaps_can_be_closed():
    road = {"highway": "primary"}
    for tags, joinable, bridgeable in (
        (road, True, True),
        (road | {"bridge": "yes"}, True, False),
        (road | {"bridge": "no", "tunnel": "no"}, True, True),
        (road | {"tunnel": "yes"}, False, False),
        ({"highway": "motorway_link"}, False, False),
        ({"route": "ferry", "motor_vehicle": "yes"}, False, False),
    ):
        way = drivable_way(tags)
        assert (way.joinable, way.bridgeable) == (joinable, bridgeable), tags


def test_each_direction_reads_its_own_limit():
    tags = {"highway": "primary", "maxspeed": "50", "maxspeed:forward": "30"}
    way = drivable_way(tags)
    assert (way.limit_forward_kmh, way.limit_backward_kmh) == (30, 50)
    way = drivable_way({"highway": "primary", "maxspeed:backward": "20 mph"})
    assert np.isnan(way.limit_forward_kmh)
    assert way.limit_backward_kmh == pytest.approx(20 * KMH_PER_MPH)
    assert way.limit_source == 1


def test_a_source_of_a_limit_is_no_number_of_kmh():
    assert parse_limit("30", named_only=True) is None
    assert parse_limit("GB:30", named_only=True) == pytest.approx(30 * KMH_PER_MPH)
    assert np.isnan(drivable_way({"highway": "primary", "source:maxspeed": "2017"}).limit_forward_kmh)
    named = drivable_way({"highway": "primary", "source:maxspeed": "GB:nsl_single"})
    assert named.limit_forward_kmh == pytest.approx(60 * KMH_PER_MPH)
    assert named.limit_source == 2


def test_halves_of_dual_carriageways_are_known_by_being_one_way_main_roads():
    assert drivable_way({"highway": "trunk", "oneway": "yes"}).dual
    assert not drivable_way({"highway": "trunk"}).dual
    assert not drivable_way({"highway": "tertiary", "oneway": "yes"}).dual
    assert not drivable_way({"highway": "primary", "junction": "roundabout"}).dual
    assert drivable_way({"highway": "secondary", "dual_carriageway": "yes"}).dual
    national = {"highway": "trunk", "maxspeed": "national"}
    assert drivable_way(national | {"oneway": "yes"}).limit_forward_kmh == pytest.approx(70 * KMH_PER_MPH)
    assert drivable_way(national).limit_forward_kmh == pytest.approx(60 * KMH_PER_MPH)


@pytest.mark.parametrize(
    ("tags", "carries_cars"),
    [
        ({"route": "ferry", "access": "yes"}, False),
        ({"route": "ferry", "foot": "yes"}, False),
        ({"highway": "primary", "route": "ferry", "ferry": "primary"}, True),
        ({"route": "ferry", "ferry": "trunk", "motor_vehicle": "no"}, False),
        ({"route": "ferry", "motorcar": "yes"}, True),
    ],
)
def test_a_ferry_carries_cars_only_if_it_says_so(tags, carries_cars):
    assert (drivable_way(tags) is not None) == carries_cars


def test_unclear_durations():
    for text in ("", "soon", "PT", "1:99", "-5"):
        assert parse_duration(text) is None


@pytest.mark.parametrize(
    "tags",
    [
        {"highway": "footway"},
        {"highway": "service", "service": "parking_aisle"},
        {"highway": "service", "service": "driveway"},
        {"highway": "residential", "access": "private"},
        {"highway": "residential", "access": "yes", "motor_vehicle": "no"},
        {"highway": "track"},
        {"highway": "construction"},
        {"highway": "pedestrian", "area": "yes"},
        {"route": "ferry"},
        {"route": "ferry", "motor_vehicle": "no"},
        {"railway": "rail"},
        {},
    ],
)
def test_not_for_cars(tags):
    assert drivable_way(tags) is None


@pytest.mark.parametrize(
    "tags",
    [
        {"highway": "service"},
        {"highway": "service", "service": "alley"},
        {"highway": "residential", "access": "destination"},
        {"highway": "residential", "access": "no", "motorcar": "yes"},
        {"highway": "track", "motor_vehicle": "yes"},
        {"highway": "road"},
        {"route": "ferry", "motor_vehicle": "yes"},
    ],
)
def test_for_cars(tags):
    assert drivable_way(tags) is not None


# ---------------------------------------------------------------------- shape of the network


def test_pieces_between_junctions_are_merged_and_their_times_summed(tmp_path):
    points = {i: (100.0 * i, 0.0) for i in range(6)} | {9: (300.0, 500.0)}
    tags = {"highway": "tertiary", "maxspeed": "40 mph"}
    network = read_roads(
        write_osm(tmp_path / "r.osm", points, [([0, 1, 2], tags), ([2, 3, 4, 5], tags), ([3, 9], tags)])
    )
    assert network.summary["nodes"] == 4
    assert network.summary["roads"] == 3
    assert network.summary["edges"] == 6
    assert network.road_length_m.sum() == pytest.approx(1000, rel=1e-3)
    assert (network.edge_ms >= 1).all()
    assert network.edge_ms.dtype.kind == "i"
    assert network.summary["timestamp"] == WHEN


def test_a_change_of_speed_is_not_averaged(tmp_path):
    points = {0: (0, 0), 1: (1000, 0), 2: (2000, 0)}
    ways = [
        ([0, 1], {"highway": "primary", "maxspeed": "20 mph"}),
        ([1, 2], {"highway": "primary", "maxspeed": "60 mph"}),
    ]
    network = read_roads(write_osm(tmp_path / "r.osm", points, ways))
    assert network.summary["roads"] == 2
    slow, fast = minutes(network, (0, 0), (1000, 0)), minutes(network, (1000, 0), (2000, 0))
    assert slow > 2 * fast
    assert minutes(network, (0, 0), (2000, 0)) == pytest.approx(slow + fast)


def test_one_way_streets_cost_the_way_round(tmp_path):
    points = {0: (0, 0), 1: (1000, 0), 2: (1000, 1000), 3: (0, 1000), 4: (-500, 0), 5: (1100, 0)}
    street = {"highway": "residential"}
    ways = [
        ([0, 1], street | {"oneway": "yes"}),
        ([2, 1], street | {"oneway": "-1"}),
        ([2, 3], street | {"oneway": "1"}),
    ]
    ways += [([3, 0], street), ([4, 0], street), ([1, 5], street)]
    network = read_roads(write_osm(tmp_path / "r.osm", points, ways))
    there, back = minutes(network, (0, 0), (1000, 0)), minutes(network, (1000, 0), (0, 0))
    assert back == pytest.approx(3 * there, rel=0.05)
    assert network.summary["main_share"] == 1.0


def test_barriers_and_private_roads_stop_cars_and_are_not_bridged(tmp_path):
    points = {0: (0, 0), 1: (500, 0), 2: (1000, 0), 3: (0, 3000), 4: (1000, 3000), 5: (-100, 0), 6: (1100, 0)}
    street = {"highway": "unclassified"}
    ways = [([5, 0, 1, 2, 6], street), ([0, 3], street), ([3, 4], street), ([4, 2], street)]
    open_road = read_roads(write_osm(tmp_path / "a.osm", points, ways))
    shut = read_roads(write_osm(tmp_path / "b.osm", points, ways, {1: {"barrier": "bollard"}}))
    gate = read_roads(write_osm(tmp_path / "c.osm", points, ways, {1: {"barrier": "gate"}}))
    locked = read_roads(write_osm(tmp_path / "d.osm", points, ways, {1: {"barrier": "gate", "access": "private"}}))
    direct = minutes(open_road, (0, 0), (1000, 0))
    assert minutes(shut, (0, 0), (1000, 0)) > 4 * direct
    assert minutes(locked, (0, 0), (1000, 0)) > 4 * direct
    assert direct < minutes(gate, (0, 0), (1000, 0)) < direct + 0.5
    assert shut.summary["bridges"] == []


def test_ferry_takes_its_duration_and_half_of_its_interval(tmp_path):
    points = {0: (0, 0), 1: (1000, 0), 2: (1200, 0), 3: (1400, 0), 4: (2400, 0)}
    road = {"highway": "secondary"}
    ferry = {"route": "ferry", "motor_vehicle": "yes", "duration": "00:05", "interval": "00:20"}
    network = read_roads(write_osm(tmp_path / "r.osm", points, [([0, 1], road), ([1, 2, 3], ferry), ([3, 4], road)]))
    assert network.summary["ferries"] == 1
    assert minutes(network, (1000, 0), (1400, 0)) == pytest.approx(15.0, abs=0.01)


def test_parallel_roads_keep_their_geometry_and_the_quickest_time(tmp_path):
    points = {0: (0, 0), 1: (1000, 0), 2: (500, 400), 3: (-100, 0), 4: (1100, 0)}
    road = {"highway": "secondary"}
    ways = [([0, 1], road), ([0, 2, 1], road), ([3, 0], road), ([1, 4], road)]
    network = read_roads(write_osm(tmp_path / "r.osm", points, ways))
    between = np.flatnonzero(
        np.isclose(network.road_length_m, 1000, rtol=0.01) | np.isclose(network.road_length_m, 1280, rtol=0.01)
    )
    assert len(between) == 2
    assert minutes(network, (0, 0), (1000, 0)) == pytest.approx(network.road_ms_forward[between].min() / 60_000)


def test_a_ring_without_any_junction_is_a_road(tmp_path):
    points = {0: (0, 0), 1: (100, 0), 2: (100, 100), 3: (0, 100)}
    network = read_roads(write_osm(tmp_path / "r.osm", points, [([0, 1, 2, 3, 0], {"highway": "residential"})]))
    assert network.road_length_m.sum() == pytest.approx(400, rel=1e-3)
    assert network.summary["main_share"] == 1.0


def test_small_gaps_are_closed_and_told(tmp_path):
    points = {0: (0, 0), 1: (1000, 0), 2: (1009, 0), 3: (2000, 0), 4: (500, 40), 5: (500, 900)}
    road = {"highway": "unclassified"}
    path = write_osm(tmp_path / "r.osm", points, [([0, 1], road), ([2, 3], road), ([4, 5], road)])
    network = read_roads(path)
    assert [bridge["length_m"] for bridge in network.summary["bridges"]] == [9.0]
    assert network.summary["bridges"][0]["easting"] == pytest.approx(EAST + 1004.5, abs=1)
    assert minutes(network, (0, 0), (2000, 0)) < 3
    told = [finding for finding in network.findings if finding.code == "road-gap-closed"]
    assert len(told) == 1
    assert "9.0 m" in told[0].message
    assert network.summary["components"] == 2
    assert network.summary["cut_off"][0]["km"] == pytest.approx(0.86, abs=0.01)
    wider = read_roads(path, bridge_gaps_m=45)
    assert len(wider.summary["bridges"]) == 2
    assert minutes(wider, (500, 900), (2000, 0)) < 5
    assert read_roads(path, bridge_gaps_m=0).summary["components"] == 3


def test_no_gap_is_closed_to_a_motorway_or_where_a_path_goes_on(tmp_path):
    points = {0: (0, 0), 1: (2000, 0), 2: (500, 8), 3: (500, 900), 4: (1000, 900), 5: (1000, 905), 6: (1500, 905)}
    ways = [([0, 1], {"highway": "motorway", "oneway": "no"}), ([2, 3, 4], {"highway": "unclassified"})]
    ways += [([5, 6], {"highway": "unclassified"}), ([4, 5], {"highway": "footway"})]
    assert read_roads(write_osm(tmp_path / "r.osm", points, ways)).summary["bridges"] == []


def test_a_roundabout_without_a_whole_ring_is_opened(tmp_path):
    points = {0: (0, 0), 1: (20, 0), 2: (40, 20), 3: (-500, 0), 4: (540, 20)}
    ring = {"highway": "primary", "junction": "roundabout"}
    ways = [([0, 1], ring), ([1, 2], ring), ([3, 0], {"highway": "primary"}), ([2, 4], {"highway": "primary"})]
    network = read_roads(write_osm(tmp_path / "r.osm", points, ways))
    assert network.summary["broken_roundabouts"] == 1
    assert network.summary["main_share"] == 1.0
    assert np.isfinite(minutes(network, (540, 20), (-500, 0)))


def test_one_way_islands_are_listed_and_not_used(tmp_path):
    points = {0: (0, 0), 1: (1000, 0), 2: (0, 500), 3: (1000, 500)}
    ways = [([0, 1], {"highway": "primary", "oneway": "yes"}), ([2, 3], {"highway": "primary", "oneway": "-1"})]
    network = read_roads(write_osm(tmp_path / "r.osm", points, ways))
    assert network.summary["cut_off_km"] == pytest.approx(2.0, abs=0.01)
    (finding,) = [finding for finding in network.findings if finding.code == "road-parts-cut-off"]
    assert "Parts cut off in this way: 2;" in finding.message


def test_bounds_keep_what_touches_them(tmp_path):
    points = {0: (0, 0), 1: (1000, 0), 2: (50_000, 0), 3: (51_000, 0)}
    road = {"highway": "unclassified"}
    path = write_osm(tmp_path / "r.osm", points, [([0, 1], road), ([2, 3], road)])
    assert read_roads(path).summary["roads"] == 2
    assert read_roads(path, bounds=(EAST + 500, NORTH - 100, EAST + 600, NORTH + 100)).summary["roads"] == 1
    with pytest.raises(InputProblems, match="in the area of the case"):
        read_roads(path, bounds=(0, 0, 100, 100))


def test_saved_and_loaded_again_it_is_the_same(tmp_path):
    points = {0: (0, 0), 1: (1000, 0), 2: (1009, 0), 3: (2000, 0)}
    network = read_roads(
        write_osm(tmp_path / "r.osm", points, [([0, 1], {"highway": "primary"}), ([2, 3], {"highway": "primary"})])
    )
    network.save(tmp_path / "r.npz")
    again = RoadNetwork.load(tmp_path / "r.npz")
    assert again.summary == network.summary
    assert again.findings == network.findings
    assert np.array_equal(again.edge_ms, network.edge_ms)
    assert np.array_equal(again.geometry_xy, network.geometry_xy)


def test_files_of_editors_with_negative_numbers_or_ways_first(tmp_path):
    road = {"highway": "primary"}
    plain = write_osm(tmp_path / "p.osm", {3: (0, 0), 2: (500, 0), 1: (900, 0)}, [([3, 2, 1], road)])
    negative = write_osm(tmp_path / "n.osm", {-3: (0, 0), -2: (500, 0), -1: (900, 0)}, [([-3, -2, -1], road)])
    rows = plain.read_text(encoding="utf-8").splitlines()
    mixed = tmp_path / "m.osm"
    mixed.write_text("\n".join([*rows[:2], rows[-2], *rows[2:-2], rows[-1]]), encoding="utf-8")
    for path in (plain, negative, mixed):
        assert read_roads(path).summary["km"] == 0.9
    shut = write_osm(
        tmp_path / "s.osm",
        {-3: (0, 0), -2: (500, 0), -1: (900, 0)},
        [([-3, -2, -1], road)],
        {-2: {"barrier": "bollard"}},
    )
    assert read_roads(shut).summary["components"] == 2


# ---------------------------------------------------------------------- other kinds of files


@pytest.fixture
def town(tmp_path) -> Path:
    points = {i + 10 * j: (STEP * i, STEP * j) for i in range(5) for j in range(5)}
    ways = [([i + 10 * j for i in range(5)], {"highway": "residential", "maxspeed": "20 mph"}) for j in range(5)]
    ways += [([i + 10 * j for j in range(5)], {"highway": "tertiary"}) for i in range(4)]
    ways += [([4 + 10 * j for j in range(5)], {"highway": "tertiary", "oneway": "yes"})]
    return write_osm(tmp_path / "town.osm", points, ways)


def all_minutes(network: RoadNetwork) -> np.ndarray:
    places = [(STEP * i, STEP * j) for i in range(5) for j in range(5)]
    return np.array([[minutes(network, a, b) for b in places[::4]] for a in places[::3]])


def test_pbf_graphml_and_geopackage_say_the_same(town, tmp_path):
    expected = all_minutes(read_roads(town))
    with osmium.SimpleWriter(str(tmp_path / "town.osm.pbf")) as writer:
        for thing in osmium.FileProcessor(str(town)):
            writer.add(thing)
    assert np.array_equal(all_minutes(read_roads(tmp_path / "town.osm.pbf")), expected)

    lines, rows = [], []
    for way in osmium.FileProcessor(str(town)).with_locations():
        if way.is_way():
            lines.append(shapely.LineString([(n.lon, n.lat) for n in way.nodes]))
            rows.append(
                {"highway": way.tags["highway"], "oneway": way.tags.get("oneway"), "maxspeed": way.tags.get("maxspeed")}
            )
    frame = gpd.GeoDataFrame(rows, geometry=lines, crs="EPSG:4326")
    frame.to_file(tmp_path / "town.gpkg", layer="anything")
    assert np.allclose(all_minutes(read_roads(tmp_path / "town.gpkg")), expected, atol=1e-4)
    frame.to_crs("EPSG:27700").to_file(tmp_path / "metres.gpkg", layer="network")
    frame.to_file(tmp_path / "metres.gpkg", layer="other")
    assert np.allclose(all_minutes(read_roads(tmp_path / "metres.gpkg")), expected, atol=1e-4)

    graph = osmnx.graph_from_xml(town, simplify=False, retain_all=True)
    osmnx.save_graphml(graph, tmp_path / "town.graphml")
    assert np.allclose(all_minutes(read_roads(tmp_path / "town.graphml")), expected, atol=1e-4)
    osmnx.save_graphml(osmnx.simplify_graph(graph), tmp_path / "simple.graphml")
    simple = read_roads(tmp_path / "simple.graphml")  # osmnx has merged the corners away
    assert minutes(simple, (STEP, 0), (3 * STEP, 4 * STEP)) == pytest.approx(
        minutes(read_roads(town), (STEP, 0), (3 * STEP, 4 * STEP)), abs=1e-3
    )
    osmnx.save_graphml(osmnx.project_graph(graph, to_crs="EPSG:27700"), tmp_path / "projected.graphml")
    assert np.allclose(all_minutes(read_roads(tmp_path / "projected.graphml")), expected, atol=1e-4)


def test_a_motorway_in_a_graph_of_osmnx_is_one_way(tmp_path):
    points = {i: (STEP * i, STEP * j) for i, j in ((0, 0), (1, 0), (2, 0), (3, 1), (4, 0), (5, 0), (6, 1))}
    motorway, trunk = {"highway": "motorway", "ref": "M5"}, {"highway": "trunk"}  # osmnx takes both as two-way
    ways = [([0, 1, 2], motorway), ([2, 3, 4], motorway), ([4, 0], trunk), ([4, 5], trunk), ([6, 0], trunk)]
    source = write_osm(tmp_path / "m.osm", points, ways)
    expected = read_roads(source)
    assert np.isfinite(minutes(expected, (0, 0), (4 * STEP, 0)))
    graph = osmnx.graph_from_xml(source, simplify=False, retain_all=True)
    for name, saved in (("plain", graph), ("simple", osmnx.simplify_graph(graph))):
        osmnx.save_graphml(saved, tmp_path / f"{name}.graphml")
        network = read_roads(tmp_path / f"{name}.graphml")
        assert network.summary["one_way_share"] == expected.summary["one_way_share"]
        for ends in (((0, 0), (4 * STEP, 0)), ((4 * STEP, 0), (0, 0))):
            assert minutes(network, *ends) == pytest.approx(minutes(expected, *ends), abs=1e-3)


def test_other_tags_of_gdal_are_read(tmp_path):
    line = shapely.LineString([(EAST, NORTH), (EAST + 1000, NORTH)])
    row = {"highway": ["primary"], "other_tags": ['"maxspeed"=>"20 mph","oneway"=>"yes"']}
    gpd.GeoDataFrame(row, geometry=[line], crs="EPSG:27700").to_file(tmp_path / "r.gpkg", layer="lines")
    network = read_roads(tmp_path / "r.gpkg")
    assert network.summary["one_way_share"] == 1.0
    assert network.summary["roads_by_speed_source"] == {"maxspeed": 1}


# ---------------------------------------------------------------------- what fails


def bad_file(tmp_path: Path, name: str, content: bytes) -> Path:
    (tmp_path / name).write_bytes(content)
    return tmp_path / name


@pytest.mark.parametrize("name", ["r.osm.pbf", "r.osm", "r.graphml", "r.gpkg"])
@pytest.mark.parametrize("content", [b"", b"not a road file\n", b"\x00\x01\x02\x03" * 500, b"PK\x03\x04", b"<osm>"])
def test_files_that_are_no_road_files(tmp_path, name, content):
    with pytest.raises(InputProblems) as caught:
        read_roads(bad_file(tmp_path, name, content))
    (finding,) = caught.value.findings
    assert finding.file == name
    assert finding.message
    assert not finding.message.endswith("..")
    assert finding.fix


def test_missing_and_unknown_files(tmp_path):
    with pytest.raises(InputProblems, match="no such road file"):
        read_roads(tmp_path / "none.osm.pbf")
    with pytest.raises(InputProblems, match="not known"):
        read_roads(bad_file(tmp_path, "roads.doc", b"x"))
    with pytest.raises(InputProblems, match="no such road file"):
        read_roads(tmp_path)


def test_a_file_without_roads(tmp_path):
    path = write_osm(
        tmp_path / "r.osm", {0: (0, 0), 1: (9, 9)}, [([0, 1], {"building": "yes"}), ([0, 1], {"highway": "footway"})]
    )
    with pytest.raises(InputProblems, match="no drivable road"):
        read_roads(path)
    with osmium.SimpleWriter(str(tmp_path / "r.osm.pbf")) as writer:
        for thing in osmium.FileProcessor(str(path)):
            writer.add(thing)
    with pytest.raises(InputProblems, match="no drivable road"):
        read_roads(tmp_path / "r.osm.pbf")


def test_geopackages_that_cannot_be_roads(tmp_path):
    line = gpd.GeoDataFrame({"name": ["x"]}, geometry=[shapely.LineString([(0, 0), (1, 1)])], crs="EPSG:27700")
    line.to_file(tmp_path / "a.gpkg", layer="one")
    with pytest.raises(InputProblems, match="no column `highway`"):
        read_roads(tmp_path / "a.gpkg")
    line.to_file(tmp_path / "a.gpkg", layer="two")
    with pytest.raises(InputProblems, match="several layers of lines: one, two"):
        read_roads(tmp_path / "a.gpkg")
    gpd.GeoDataFrame({"highway": ["x"]}, geometry=[shapely.Point(0, 0)], crs="EPSG:27700").to_file(tmp_path / "b.gpkg")
    with pytest.raises(InputProblems, match="no layer of lines"):
        read_roads(tmp_path / "b.gpkg")


def test_unknown_profile(town):
    with pytest.raises(InputProblems, match="no speed profile"):
        read_roads(town, profile="gale")


# ---------------------------------------------------------------------- real files


@pytest.mark.real
def test_rutland(shared_data):
    network = read_roads(shared_data / "osm" / "rutland-latest.osm.pbf")
    facts = network.summary
    assert facts["timestamp"].startswith("2018-02-27")
    assert 0.03 < facts["one_way_share"] < 0.15
    assert facts["main_share"] > 0.95
    assert facts["roads_by_speed_source"]["maxspeed"] > 300
    assert 700 < facts["km"] < 900
    assert facts["edges"] > facts["roads"]
    joined = nx.number_strongly_connected_components(network.as_networkx())
    assert joined > 1
    largest = max(nx.strongly_connected_components(network.as_networkx()), key=len)
    assert largest == set(np.flatnonzero(network.node_in_main).tolist())


@pytest.mark.real
def test_island_gap_is_mended_and_told(shared_data):
    source = shared_data / "isle-of-wight" / "osm_roads_2023.gpkg"
    torn = read_roads(source, bridge_gaps_m=0)
    assert torn.summary["components"] == 59
    network = read_roads(source)
    near = [
        bridge
        for bridge in network.summary["bridges"]
        if abs(bridge["easting"] - 459_423) < 15 and abs(bridge["northing"] - 83_904) < 15
    ]
    assert len(near) == 1
    assert 10 < near[0]["length_m"] < 11.5
    assert network.summary["main_share"] > 0.97 > torn.summary["main_share"]
    assert any("10.7 m" in finding.message for finding in network.findings)
