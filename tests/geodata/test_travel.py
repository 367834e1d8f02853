"""Minutes of a place: right to the millisecond on roads, stated as an estimate without them."""

from __future__ import annotations

import json
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import geopandas as gpd
import networkx as nx
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import shapely
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from geodata.case_times import travel_times
from geodata.errors import InputProblems
from geodata.osm.lines import LineCollector
from geodata.osm.tags import CLASS_INDEX, Way
from geodata.place import Place
from geodata.road_times import road_times
from geodata.roads import read_roads
from geodata.roads.build import build_network
from geodata.roads.kept import road_bounds
from geodata.roads.network import RoadNetwork
from geodata.routing.snapping import snap
from geodata.speeds import load_speeds
from geodata.straight_line import straight_line_times
from geodata.travel import write_matrices

GRID = "EPSG:27700"


def place_of(
    areas: list[tuple[float, float]], sites: list[tuple[float, float]], rural: list[bool] | None = None
) -> Place:
    shapes = gpd.points_from_xy([a[0] for a in areas], [a[1] for a in areas])
    area_frame = gpd.GeoDataFrame(
        {
            "x": [float(a[0]) for a in areas],
            "y": [float(a[1]) for a in areas],
            "rural": rural or [False] * len(areas),
        },
        index=[f"E{i:03}" for i in range(len(areas))],
        geometry=shapes,
        crs=GRID,
    )
    site_frame = gpd.GeoDataFrame(
        {"name": "site"},
        index=[f"S{i:03}" for i in range(len(sites))],
        geometry=gpd.points_from_xy([s[0] for s in sites], [s[1] for s in sites]),
        crs=GRID,
    )
    nothing = gpd.GeoDataFrame(geometry=[], crs=GRID)
    return Place("Test", nothing, site_frame, area_frame, pd.DataFrame(), nothing)


def network_of(points: dict[int, tuple[float, float]], ways: list[tuple[list[int], Way]]) -> RoadNetwork:
    collector = LineCollector(GRID)
    for keys, way in ways:
        collector.add(keys, [points[k][0] for k in keys], [points[k][1] for k in keys], way)
    return build_network(collector.finish("test"), load_speeds(), bridge_gaps_m=0)


def road(name: str = "secondary", **facts) -> Way:
    return Way(CLASS_INDEX[name], **facts)


def by_networkx(network: RoadNetwork, origin: tuple[float, float], target: tuple[float, float]) -> float:
    """Milliseconds between two points, by an independent search on the network with both points put into it."""
    if origin == target:
        return 0.0
    graph = network.as_networkx()
    both = snap(network, np.array([origin[0], target[0]]), np.array([origin[1], target[1]]))
    (a, b), (pa, pb) = both.road.tolist(), both.share.tolist()
    if a < 0 or b < 0:
        return float("inf")
    legs = sum(round(metres / network.access_kmh * 3600) for metres in both.distance_m.tolist())
    ahead, back = network.road_ms_forward, network.road_ms_backward
    ends = (int(network.road_from[a]), int(network.road_to[a]))
    if ahead[a] >= 0:
        graph.add_edge("start", ends[1], ms=round(int(ahead[a]) * (1 - pa)))
    if back[a] >= 0:
        ms = round(int(back[a]) * pa)
        if not graph.has_edge("start", ends[0]) or graph["start"][ends[0]]["ms"] > ms:
            graph.add_edge("start", ends[0], ms=ms)
    ends = (int(network.road_from[b]), int(network.road_to[b]))
    if ahead[b] >= 0:
        graph.add_edge(ends[0], "end", ms=round(int(ahead[b]) * pb))
    if back[b] >= 0:
        ms = round(int(back[b]) * (1 - pb))
        if not graph.has_edge(ends[1], "end") or graph[ends[1]]["end"]["ms"] > ms:
            graph.add_edge(ends[1], "end", ms=ms)
    # A point at the very end of a road stands on the junction, where every road can be taken.
    for road_, share, tie in ((a, pa, ("start", None)), (b, pb, (None, "end"))):
        for at, node in ((0.0, network.road_from), (1.0, network.road_to)):
            if share == at:
                graph.add_edge(*(int(node[road_]) if name is None else name for name in tie), ms=0)
    if a == b and pb >= pa and ahead[a] >= 0:
        graph.add_edge("start", "end", ms=round(int(ahead[a]) * (pb - pa)))
    if a == b and pb <= pa and back[a] >= 0:
        graph.add_edge("start", "end", ms=round(int(back[a]) * (pa - pb)))
    try:
        return legs + nx.dijkstra_path_length(graph, "start", "end", weight="ms")
    except nx.NetworkXNoPath:
        return float("inf")


def milliseconds(matrix: np.ndarray) -> np.ndarray:
    return np.where(np.isfinite(matrix), np.rint(np.where(np.isfinite(matrix), matrix, 0) * 60_000), np.inf)


# ---------------------------------------------------------------------------------------------------------------- roads


@pytest.fixture
def square() -> RoadNetwork:
    """A square of four kilometres with one one-way side, and a spur."""
    points = {0: (0, 0), 1: (1000, 0), 2: (1000, 1000), 3: (0, 1000), 4: (-500, 0)}
    ways = [([0, 1], road(backward=False)), ([1, 2], road()), ([2, 3], road()), ([3, 0], road()), ([4, 0], road())]
    return network_of(points, ways)


def test_home_to_site_is_directed(square):
    times = road_times(square, place_of([(200, 0)], [(800, 0)]))
    there = times.area_to_site[0, 0]
    back = road_times(square, place_of([(800, 0)], [(200, 0)])).area_to_site[0, 0]
    assert there == pytest.approx(0.6, abs=0.3)
    assert back > 4 * there


def test_two_points_on_one_road(square):
    times = road_times(square, place_of([(1000, 300)], [(1000, 600), (1000, 300), (1010, 300)]))
    assert times.area_to_site[0, 0] < 0.5
    assert times.area_to_site[0, 1] == 0
    assert times.area_to_site[0, 2] == pytest.approx(10 / 15 * 3.6 / 60, abs=1e-4)


def test_same_spot_is_zero_and_junctions_are_points_like_others(square):
    times = road_times(square, place_of([(0, 0)], [(0, 0), (0, 0), (50, 50)]))
    assert times.between_sites[0, 1] == times.between_sites[1, 0] == 0
    assert np.array_equal(np.diag(times.between_sites), np.zeros(3))
    assert times.area_to_site[0, 0] == 0
    assert times.between_sites[0, 2] == pytest.approx(times.between_sites[1, 2])
    assert times.site_snap_m == pytest.approx([0, 0, 50])


def test_the_way_to_the_road_counts_at_access_speed(square):
    near, far = place_of([(-400, 0)], [(0, 500)]), place_of([(-400, 0)], [(-150, 500)])
    longer = road_times(square, far).area_to_site[0, 0] - road_times(square, near).area_to_site[0, 0]
    assert longer == pytest.approx(150 / 15 * 3.6 / 60, abs=1e-4)


def test_the_sentence_tells_roads_that_are_made_up(square):
    place = place_of([(200, 0)], [(800, 0)])
    assert road_times(square, place).method.sentence.startswith("Drive times on OpenStreetMap roads (test")
    invented = road_times(square, replace(place, made_up=True)).method.sentence
    assert invented.startswith("Drive times on made-up roads (test")


def test_the_sentence_tells_on_how_much_of_the_roads_a_limit_is_known(square):
    place = place_of([(200, 0)], [(800, 0)])
    assert "decides the speed on 0% of the road length" in road_times(square, place).method.sentence
    limit = {"limit_forward_kmh": 50.0, "limit_backward_kmh": 50.0}
    ways = [([0, 1], road(limit_source=1, **limit)), ([1, 2], road(limit_source=2, **limit)), ([2, 3], road())]
    half = network_of({0: (0, 0), 1: (2000, 0), 2: (5000, 0), 3: (10_000, 0)}, ways)
    assert "decides the speed on 50% of the road length" in road_times(half, place).method.sentence


def test_beyond_five_kilometres_there_is_no_route(square):
    times = road_times(square, place_of([(0, 0), (9000, 0)], [(0, 500), (0, 9000)]))
    assert np.isfinite(times.area_to_site).tolist() == [[True, False], [False, False]]
    assert times.between_sites[1, 1] == 0
    assert times.area_snap_m[1] == pytest.approx(8000)
    assert times.method.details["unreachable_share"] == 0.75


def test_codes_are_sorted_and_rows_follow_them(square):
    place = place_of([(0, 0), (1000, 1000)], [(0, 500), (1000, 500)])
    turned = Place(
        "T", place.practices, place.sites.iloc[::-1], place.areas.iloc[::-1], place.registrations, place.localities
    )
    a, b = road_times(square, place), road_times(square, turned)
    assert a.area_codes == b.area_codes == ("E000", "E001")
    assert a.site_codes == b.site_codes == ("S000", "S001")
    assert np.array_equal(a.area_to_site, b.area_to_site)
    assert np.array_equal(a.between_sites, b.between_sites)


def test_many_sites_are_all_reached_as_each_would_be_alone(square):
    spots = [(14.0 * i, 0.0) for i in range(70)]
    times = road_times(square, place_of([(-400, 0)], spots))
    assert np.isfinite(times.area_to_site).all()
    assert (np.diff(times.area_to_site[0]) > 0).all(), "one after the other along the road"
    for number in (0, 31, 32, 63, 64, 69):
        alone = road_times(square, place_of([(-400, 0)], [spots[number]]))
        assert alone.area_to_site[0, 0] == times.area_to_site[0, number]


def test_no_areas_or_no_sites(square):
    assert road_times(square, place_of([], [(0, 0)])).area_to_site.shape == (0, 1)
    assert road_times(square, place_of([(0, 0)], [])).area_to_site.shape == (1, 0)


@st.composite
def random_networks(draw):
    """Small grids of points with random one-way, parallel, crossing and unconnected roads."""
    number = draw(st.integers(3, 9))
    points = {i: (float(draw(st.integers(0, 30)) * 100), float(draw(st.integers(0, 30)) * 100)) for i in range(number)}
    ways = []
    for _ in range(draw(st.integers(2, 16))):
        keys = draw(st.lists(st.integers(0, number - 1), min_size=2, max_size=4))
        direction = draw(st.sampled_from([(True, True), (True, False), (False, True)]))
        name = draw(st.sampled_from(["primary", "unclassified", "residential"]))
        ways.append((keys, road(name, forward=direction[0], backward=direction[1])))
    assume(any(len(set(keys)) > 1 for keys, _ in ways))
    places = st.tuples(st.integers(-5, 35), st.integers(-5, 35)).map(lambda p: (p[0] * 97.0, p[1] * 103.0))
    spots = draw(st.lists(st.one_of(places, st.sampled_from(sorted(points.values()))), min_size=2, max_size=5))
    return points, ways, spots


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(random_networks())
def test_random_networks_agree_with_networkx_to_the_millisecond(case):
    points, ways, spots = case
    network = network_of(points, ways)
    assert (network.edge_ms >= 1).all()
    times = road_times(network, place_of(spots, spots))
    expected = np.array([[by_networkx(network, a, b) for b in spots] for a in spots])
    assert np.array_equal(milliseconds(times.area_to_site), expected)
    assert np.array_equal(times.between_sites, times.area_to_site)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(random_networks())
def test_merging_changes_no_time_between_junctions(case):
    """The merged network against a graph with every point of every way in it: seconds before rounding."""
    points, ways, _ = case
    # Without residential streets nothing is built-up, and a class has one speed.
    street, lane = CLASS_INDEX["residential"], CLASS_INDEX["secondary"]
    ways = [(keys, replace(way, road_class=lane) if way.road_class == street else way) for keys, way in ways]
    network = network_of(points, ways)
    graph = nx.DiGraph()
    speed = {name: seconds_per_metre(name) for name in ("primary", "unclassified", "secondary")}
    names = {CLASS_INDEX[name]: name for name in speed}
    for keys, way in ways:
        for a, b in pairwise(keys):
            length = np.hypot(points[a][0] - points[b][0], points[a][1] - points[b][1])
            cost = length * speed[names[way.road_class]]
            for tail, head, allowed in ((a, b, way.forward), (b, a, way.backward)):
                if allowed and (not graph.has_edge(tail, head) or graph[tail][head]["s"] > cost):
                    graph.add_edge(tail, head, s=cost)
    at = {}
    for node, spot in enumerate(zip(network.node_x.tolist(), network.node_y.tolist(), strict=True)):
        at.setdefault(spot, []).append(node)
    ours = network.as_networkx()
    for a in graph.nodes:
        lengths = nx.single_source_dijkstra_path_length(graph, a, weight="s")
        twins = [k for k in points if points[k] == points[a]]
        if len(twins) > 1 or points[a] not in at:
            continue
        found = nx.single_source_dijkstra_path_length(ours, at[points[a]][0], weight="ms")
        for b, seconds in lengths.items():
            if points[b] in at and sum(points[k] == points[b] for k in points) == 1:
                extra = found[at[points[b]][0]] / 1000 - seconds
                # Up to four seconds are lost at each junction on the way, and nothing is gained.
                assert -0.01 <= extra <= 4.01 * (len(network.node_x) + 1)


def seconds_per_metre(name: str) -> float:
    """The speed of a class in the country, junctions left out."""
    speeds = load_speeds()
    one = speeds.kmh(
        np.array([CLASS_INDEX[name]]),
        np.array([np.nan]),
        np.array([False]),
        dual=np.array([False]),
        roundabout=np.array([False]),
    )
    return 3.6 / float(one[0])


# ------------------------------------------------------------------------------------------------------- straight lines


def test_straight_lines_by_rurality():
    place = place_of([(0, 0), (0, 10_000)], [(1000, 0), (1000, 10_000)], rural=[False, True])
    times = straight_line_times(place)
    assert times.area_to_site[0, 0] == pytest.approx(1.0 * 1.3 / 35 * 60, abs=1e-4)
    assert times.area_to_site[1, 1] == pytest.approx(1.0 * 1.4 / 50 * 60, abs=1e-4)
    metres = np.hypot(1, 10)
    half = (metres * 1.3 / 35 + metres * 1.4 / 50) / 2 * 60
    assert times.area_to_site[0, 1] == pytest.approx(half, abs=1e-4)
    assert times.between_sites[0, 1] == pytest.approx(10 * (1.3 / 35 + 1.4 / 50) / 2 * 60, abs=1e-4)
    assert np.array_equal(np.diag(times.between_sites), [0, 0])
    assert times.method.estimate
    assert "ESTIMATE" in times.method.sentence
    assert np.array_equal(milliseconds(times.area_to_site) / 60_000, times.area_to_site)


def test_a_site_takes_the_rurality_of_the_polygon_it_lies_in():
    place = place_of([(0, 0), (3000, 0)], [(1000, 0)], rural=[False, True])
    shapes = [shapely.box(-500, -500, 500, 500), shapely.box(500, -500, 9000, 500)]
    inside = Place(
        "T",
        place.practices,
        place.sites,
        place.areas.set_geometry(shapes, crs=GRID),
        place.registrations,
        place.localities,
    )
    assert straight_line_times(place).area_to_site[1, 0] > straight_line_times(inside).area_to_site[1, 0]


def test_straight_lines_do_not_depend_on_the_order_of_areas():
    place = place_of([(0, 0), (0, 10_000)], [(1000, 0), (1000, 10_000)], rural=[False, True])
    turned = replace(place, areas=place.areas.iloc[::-1], sites=place.sites.iloc[::-1])
    assert np.array_equal(straight_line_times(turned).area_to_site, straight_line_times(place).area_to_site)


def test_straight_line_settings():
    place = place_of([(0, 0)], [(1000, 0)])
    given_ = SimpleNamespace(detour_factor_urban=2.0, speed_kmh_urban=None)
    assert straight_line_times(place, given_).area_to_site[0, 0] == pytest.approx(2 / 35 * 60, abs=1e-4)
    with pytest.raises(InputProblems, match="above 0"):
        straight_line_times(place, SimpleNamespace(speed_kmh_rural=0))


# ------------------------------------------------------------------------------------------------------------- a case


def case_settings(**given_) -> SimpleNamespace:
    facts = {"method": "roads", "source": None, "place": None, "bridge_gaps_m": 15, "straight_line": None}
    return SimpleNamespace(**facts | given_)


@pytest.fixture
def case(tmp_path) -> Path:
    lines = [shapely.LineString([(0, 0), (3000, 0)]), shapely.LineString([(3000, 0), (3000, 3000)])]
    frame = gpd.GeoDataFrame({"highway": ["primary", "secondary"]}, geometry=lines, crs=GRID)
    # Moved into Great Britain, so that the margins stay on the grid.
    frame.translate(400_000, 100_000).to_frame("geometry").assign(highway=frame.highway).to_file(
        tmp_path / "roads.gpkg", layer="network"
    )
    return tmp_path


def at(*spots: tuple[float, float]) -> list[tuple[float, float]]:
    return [(400_000 + x, 100_000 + y) for x, y in spots]


def test_a_case_with_roads_is_cached(case):
    place = place_of(at((0, 100)), at((3000, 3000)))
    first, findings = travel_times(place, case_settings(source="roads.gpkg"), case)
    (cached,) = (case / ".cache").glob("roads-*.npz")
    second, again = travel_times(place, case_settings(source="roads.gpkg"), case)
    assert np.array_equal(first.area_to_site, second.area_to_site)
    assert findings == again == ()
    assert first.method == second.method
    cached.write_bytes(b"broken")
    third, _ = travel_times(place, case_settings(source="roads.gpkg"), case)
    assert np.array_equal(first.area_to_site, third.area_to_site)
    winter, _ = travel_times(place, case_settings(source="roads.gpkg", profile="winter"), case)
    assert winter.area_to_site[0, 0] > first.area_to_site[0, 0]
    assert len(list((case / ".cache").glob("roads-*.npz"))) == 1, "the same roads, timed anew"
    assert not list((case / ".cache").glob("*.tmp"))


def test_what_was_cached_serves_only_the_same_question(case):
    place = place_of(at((0, 100)), at((3000, 3000)))
    source = case_settings(source="roads.gpkg")
    first, _ = travel_times(place, source, case)
    for change in (
        lambda: travel_times(place, case_settings(source="roads.gpkg", bridge_gaps_m=0), case),
        lambda: travel_times(place_of(at((0, 100)), at((900, 0), (3000, 4900))), source, case),
    ):
        change()
    assert len(list((case / ".cache").glob("roads-*.npz"))) == 3, "other gaps, and other bounds"
    slow = gpd.read_file(case / "roads.gpkg").assign(highway="track", motor_vehicle="yes")
    slow.to_file(case / "roads.gpkg", layer="network")
    second, _ = travel_times(place, source, case)
    assert second.area_to_site[0, 0] > 1.5 * first.area_to_site[0, 0], "the file has changed"


def test_a_gap_is_kept_open_where_the_case_says_so(case):
    lines = [shapely.LineString(at((0, 0), (1000, 0))), shapely.LineString(at((1010, 0), (3000, 0)))]
    frame = gpd.GeoDataFrame({"highway": "primary"}, index=range(2), geometry=lines, crs=GRID)
    frame.to_file(case / "gap.gpkg", layer="network")
    place = place_of(at((0, 0)), at((3000, 0)))
    open_, _ = travel_times(place, case_settings(source="gap.gpkg", bridge_gaps_m=0), case)
    closed, _ = travel_times(place, case_settings(source="gap.gpkg", bridge_gaps_m=None), case)
    assert open_.method.details["bridges"] == []
    assert [bridge["length_m"] for bridge in closed.method.details["bridges"]] == [10.0]
    assert closed.area_to_site[0, 0] < open_.area_to_site[0, 0]


def test_closures_of_a_case_are_told_without_its_folder(case):
    place = place_of(at((0, 0)), at((500, 0)))
    for x, code in (("400000", "closure-without-road"), ("", "half-location")):
        (case / "shut.csv").write_text(f"id,easting,northing\nworks,{x},300000\n", encoding="utf-8")
        with pytest.raises(InputProblems) as caught:
            travel_times(place, case_settings(source="roads.gpkg", closed="shut.csv"), case)
        assert [(one.code, one.file) for one in caught.value.findings] == [(code, "shut.csv")]


def test_roads_that_a_case_closes_are_told_and_not_driven(case):
    lines = [shapely.LineString(pair) for pair in pairwise(at((0, 0), (3000, 0), (3000, 3000), (0, 3000), (0, 0)))]
    frame = gpd.GeoDataFrame({"highway": "primary", "name": ["Low Road", "B", "C", ""]}, geometry=lines, crs=GRID)
    frame.to_file(case / "square.gpkg", layer="network")
    (case / "shut.csv").write_text("id,easting,northing\nworks,401500,100020\n", encoding="utf-8")
    place = place_of(at((0, 0)), at((3000, 0)))
    free, _ = travel_times(place, case_settings(source="square.gpkg"), case)
    shut, _ = travel_times(place, case_settings(source="square.gpkg", closed="shut.csv"), case)
    assert shut.area_to_site[0, 0] == pytest.approx(3 * free.area_to_site[0, 0], rel=0.02)
    assert shut.method.sentence.endswith("Closed roads: Low Road.")
    assert "Closed roads" not in free.method.sentence


def test_a_factor_on_speeds_is_told_where_there_is_one(case):
    place = place_of(at((0, 0)), at((3000, 0)))
    usual, _ = travel_times(place, case_settings(source="roads.gpkg"), case)
    slower, _ = travel_times(place, case_settings(source="roads.gpkg", speed_factor=0.8), case)
    assert "Speeds on all roads are multiplied by 0.8." in slower.method.sentence
    assert "multiplied" not in usual.method.sentence
    assert slower.area_to_site[0, 0] == pytest.approx(usual.area_to_site[0, 0] / 0.8, rel=0.02)


def test_a_way_round_outside_the_points_of_the_case_is_used(case):
    corners = at((0, 0), (0, 6000), (3000, 6000), (3000, 0))
    lines = [shapely.LineString(pair) for pair in pairwise(corners)]
    frame = gpd.GeoDataFrame({"highway": "primary"}, index=range(3), geometry=lines, crs=GRID)
    frame.to_file(case / "round.gpkg", layer="network")
    times, _ = travel_times(place_of(at((0, 0)), at((3000, 0))), case_settings(source="round.gpkg"), case)
    assert times.site_snap_m.tolist() == [0.0], "all three roads were read"
    assert 10 < times.area_to_site[0, 0] < 25


def test_the_method_says_how_it_was_timed(case):
    lines = [shapely.LineString(pair) for pair in pairwise(at((0, 0), (3000, 0), (3500, 0), (9000, 0)))]
    facts = {
        "highway": ["primary", None, "primary"],
        "route": [None, "ferry", None],
        "maxspeed": ["30 mph", None, "GB:nsl_single"],
    }
    facts |= {"motor_vehicle": [None, "yes", None]}
    gpd.GeoDataFrame(facts, geometry=lines, crs=GRID).to_file(case / "ferry.gpkg", layer="network")
    place = place_of(at((0, 300), (0, 700), (0, 800)), at((9000, 500), (9000, 501), (100, 0)))
    times, _ = travel_times(place, case_settings(source="ferry.gpkg"), case)
    assert "Ferries that carry cars are part of it" in times.method.sentence
    assert "decides the speed on 94% of the road length" in times.method.sentence
    assert times.method.details["area_snap_m"] == {"median": 700.0, "p90": 780.0, "max": 800.0, "over_500_m": 2}
    assert times.method.details["site_snap_m"]["over_500_m"] == 1
    plain, _ = travel_times(place_of(at((0, 0)), at((3000, 0))), case_settings(source="roads.gpkg"), case)
    assert "Ferries" not in plain.method.sentence


def test_a_case_that_cannot_be_written_to_still_runs(case):
    (case / ".cache").write_text("in the way", encoding="utf-8")
    times, _ = travel_times(place_of(at((0, 100)), at((3000, 3000))), case_settings(source="roads.gpkg"), case)
    assert np.isfinite(times.area_to_site).all()


def test_points_far_from_roads_are_told(case):
    place = place_of(at((0, 0), (0, 800)), at((3000, 3000)))
    _, findings = travel_times(place, case_settings(source="roads.gpkg"), case)
    (finding,) = findings
    assert finding.severity == "warning"
    assert finding.message == "1 of 2 areas lie more than 500 m from any road: E001 (800 m)."


def test_roads_that_do_not_cover_the_case(case):
    place = place_of(at((0, 0), (0, 9000), (0, 8000)), at((3000, 3000), (9000, 9000)))
    with pytest.raises(InputProblems) as caught:
        travel_times(place, case_settings(source="roads.gpkg"), case)
    areas, sites = caught.value.findings
    assert "2 of 3 areas lie more than 5 km from any road: E001 (6708 m), E002 (5831 m)" in areas.message
    assert "1 of 2 sites" in sites.message
    assert areas.file == "roads.gpkg"


def test_a_case_without_a_usable_source(case):
    place = place_of(at((0, 0)), at((3000, 3000)))
    for facts, message in (
        ({}, "Neither a road file nor a place"),
        ({"source": "none.osm.pbf"}, "no such road file"),
        ({"source": "roads.gpkg", "profile": "gale"}, "no speed profile"),
    ):
        with pytest.raises(InputProblems, match=message):
            travel_times(place, case_settings(**facts), case)
    elsewhere = place_of([(200_000, 700_000)], [(200_000, 700_100)])
    with pytest.raises(InputProblems, match="no drivable road in the area of the case"):
        travel_times(elsewhere, case_settings(source="roads.gpkg"), case)


def test_a_case_whose_roads_are_all_one_way_islands(case):
    lines = [shapely.LineString([(400_000, 100_000 + 500 * i), (403_000, 100_000 + 500 * i)]) for i in range(3)]
    frame = gpd.GeoDataFrame({"highway": "primary", "oneway": "yes"}, index=range(3), geometry=lines, crs=GRID)
    frame.to_file(case / "islands.gpkg", layer="network")
    with pytest.raises(InputProblems, match="both there and back"):
        travel_times(place_of(at((0, 0)), at((3000, 0))), case_settings(source="islands.gpkg"), case)


def test_a_case_on_straight_lines_warns(case):
    times, findings = travel_times(place_of(at((0, 0)), at((3000, 3000))), case_settings(method="straight-line"), case)
    assert times.method.estimate
    assert [finding.code for finding in findings] == ["straight-line"]


# ------------------------------------------------------------------------------------------------------------ matrices


def test_matrices_are_written_alike_each_time(square, tmp_path):
    times = road_times(square, place_of([(0, 0), (9000, 0)], [(0, 500), (1000, 500)]))
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        write_matrices(times, tmp_path / name)
    for name in ("minutes_between_sites.parquet", "minutes_area_to_site.parquet"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    table = pq.read_table(tmp_path / "a" / "minutes_area_to_site.parquet")
    assert table.column_names == ["from", "to", "minutes", "reachable", "snap_from_m", "snap_to_m"]
    assert table["from"].to_pylist() == ["E000", "E000", "E001", "E001"]
    assert table["to"].to_pylist() == ["S000", "S001", "S000", "S001"]
    assert table["reachable"].to_pylist() == [True, True, False, False]
    assert table["minutes"].to_pylist()[2:] == [None, None]
    assert table["minutes"].to_pylist()[0] == times.area_to_site[0, 0]
    assert table["snap_from_m"].to_pylist()[3] == pytest.approx(8000)
    method = json.loads(table.schema.metadata[b"travel_method"])
    assert method["kind"] == "roads"
    assert method["details"]["profile"] == "free-flow"


# ---------------------------------------------------------------------------------------------------------- real files


@pytest.fixture(scope="module")
def island(shared_data) -> Place:
    folder = shared_data / "isle-of-wight"
    columns = ["code", "name", "easting", "northing"]
    frames = [pd.read_csv(folder / f)[columns] for f in ("practices_2016Q1.csv", "branches_2017-08.csv")]
    sites = pd.concat(frames).set_index("code").sort_index()
    sites = gpd.GeoDataFrame(sites, geometry=gpd.points_from_xy(sites.easting, sites.northing), crs=GRID)
    areas = gpd.read_file(folder / "lsoa11.gpkg").to_crs(GRID).set_index("lsoa11_code").sort_index()
    areas = areas.assign(
        x=areas.BNG_E.astype(float), y=areas.BNG_N.astype(float), rural=areas.ruc.str.startswith("Rural")
    )
    nothing = gpd.GeoDataFrame(geometry=[], crs=GRID)
    return Place("Isle of Wight", nothing, sites, areas, pd.DataFrame(), nothing)


@pytest.mark.real
def test_island_is_reachable_in_plausible_minutes(island, shared_data):
    network = read_roads(shared_data / "isle-of-wight" / "osm_roads_2023.gpkg")
    times = road_times(network, island)
    assert times.area_to_site.shape == (89, 23)
    assert np.isfinite(times.area_to_site).all()
    assert np.isfinite(times.between_sites).all()
    code = {name: times.site_codes.index(name) for name in ("J84019", "J84005", "J84014", "J84015", "J84007")}
    freshwater, ryde, newport, cowes, st_helens = code.values()
    assert 33 < times.between_sites[freshwater, ryde] < 45
    assert 12 < times.between_sites[newport, ryde] < 20
    assert 7 < times.between_sites[newport, cowes] < 15
    # The file lacks a piece of road between St Helens and Ryde (33 m); with that gap closed the detour goes.
    assert times.between_sites[st_helens, ryde] > 25
    assert any(gap["length_m"] < 37 for gap in network.summary["open_gaps"])
    wider = read_roads(shared_data / "isle-of-wight" / "osm_roads_2023.gpkg", bridge_gaps_m=37)
    assert 8 < road_times(wider, island).between_sites[st_helens, ryde] < 16


@pytest.mark.real
def test_rutland_agrees_with_networkx_on_random_pairs(shared_data):
    network = read_roads(shared_data / "osm" / "rutland-latest.osm.pbf")
    random = np.random.default_rng(7)
    inside = random.choice(np.flatnonzero(network.node_in_main), 60, replace=False)
    spots = [
        (float(network.node_x[n] + random.normal(0, 150)), float(network.node_y[n] + random.normal(0, 150)))
        for n in inside
    ]
    spots[0] = (float(network.node_x[inside[0]]), float(network.node_y[inside[0]]))
    homes, sites = spots[:40], spots[40:]
    times = road_times(network, place_of(homes, sites))
    pairs = random.integers(0, (40, 20), size=(25, 2))
    expected = [by_networkx(network, homes[a], sites[b]) for a, b in pairs]
    assert milliseconds(times.area_to_site[pairs[:, 0], pairs[:, 1]]).tolist() == expected


def test_roads_are_read_ten_kilometres_beyond_the_points_in_whole_kilometres():
    x, y = np.array([401_500.0, 420_000.0, 410_999.0]), np.array([91_001.0, 99_000.0, 80_999.0])
    assert road_bounds(x, y) == (391_000.0, 70_000.0, 430_000.0, 109_000.0)
    assert road_bounds(x[:1], y[:1]) == (391_000.0, 81_000.0, 412_000.0, 102_000.0)
    assert road_bounds(x[:0], y[:0]) is None
