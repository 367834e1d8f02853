"""Restricted turns: which junctions a driver may leave by which road, and that nothing else changes."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geodata.osm.lines import LineCollector
from geodata.osm.tags import CLASS_INDEX, Way
from geodata.roads.build import build_network
from geodata.roads.network import RoadNetwork
from geodata.routing.matrix import milliseconds_between, node_ms
from geodata.routing.snapping import Snapped, snap
from geodata.speeds import load_speeds

NO, ONLY = 0, 1
ENGINES = ("scipy", "hierarchy")
CROSS = {0: (0.0, 0.0), 1: (-1000.0, 0.0), 2: (1000.0, 0.0), 3: (0.0, 1000.0), 4: (0.0, -1000.0)}
ARMS = [(11, [1, 0]), (12, [0, 2]), (13, [0, 3]), (14, [0, 4])]


def network_of(points, ways, turns=(), **options) -> RoadNetwork:
    collector = LineCollector("EPSG:27700")
    for number, keys, *facts in ways:
        way = Way(CLASS_INDEX["secondary"], **(facts[0] if facts else {}))
        collector.add(keys, [points[k][0] for k in keys], [points[k][1] for k in keys], way, way_id=number)
    collector.restrictions.extend(turns)
    return build_network(collector.finish("test"), load_speeds(), bridge_gaps_m=0, **options)


def minutes(network: RoadNetwork, start: tuple[float, float], end: tuple[float, float]) -> float:
    spots = snap(network, np.array([start[0], end[0]]), np.array([start[1], end[1]]))
    one, other = (Snapped(*(getattr(spots, f)[i : i + 1] for f in Snapped.__dataclass_fields__)) for i in (0, 1))
    times = {engine: float(milliseconds_between(network, one, other, engine=engine)[0, 0]) for engine in ENGINES}
    assert len(set(times.values())) == 1
    return times["scipy"] / 60_000


WEST, EAST, NORTH, SOUTH = (-500.0, 0.0), (500.0, 0.0), (0.0, 500.0), (0.0, -500.0)


def test_a_forbidden_turn_is_not_taken_and_all_others_are():
    free, bound = network_of(CROSS, ARMS), network_of(CROSS, ARMS, [(11, 0, 13, NO)])
    assert bound.summary["turns_restricted"] == 1
    assert minutes(bound, WEST, EAST) == minutes(free, WEST, EAST)
    assert minutes(bound, SOUTH, NORTH) == minutes(free, SOUTH, NORTH)
    assert minutes(bound, NORTH, WEST) == minutes(free, NORTH, WEST)
    # There is no other way round here than to turn at the end of an arm.
    assert minutes(bound, WEST, NORTH) > minutes(free, WEST, NORTH) + 1


def test_only_one_turn_allowed_forbids_the_others():
    free, bound = network_of(CROSS, ARMS), network_of(CROSS, ARMS, [(11, 0, 12, ONLY)])
    assert minutes(bound, WEST, EAST) == minutes(free, WEST, EAST)
    for target in (NORTH, SOUTH):
        assert minutes(bound, WEST, target) > minutes(free, WEST, target) + 1
        assert minutes(bound, EAST, target) == minutes(free, EAST, target)


def test_the_way_round_is_taken_where_there_is_one():
    points = CROSS | {2: (200.0, 0.0), 5: (200.0, 1000.0), 6: (900.0, 0.0), 4: (0.0, -2000.0)}
    ways = [*ARMS, (15, [2, 5]), (16, [5, 3]), (17, [2, 6])]
    bound = network_of(points, ways, [(11, 0, 13, NO)])
    metres = 500 + 200 + 1000 + 200 + 500
    free = network_of(points, ways)
    assert minutes(bound, WEST, NORTH) / minutes(free, WEST, NORTH) == pytest.approx(metres / 1000, rel=0.05)


def test_nobody_turns_round_in_the_road_next_to_a_restricted_junction():
    points = CROSS | {2: (200.0, 0.0), 6: (900.0, 0.0), 7: (200.0, 900.0), 4: (0.0, -2000.0)}
    ways = [*ARMS, (16, [2, 6]), (17, [2, 7])]
    bound, free = (network_of(points, ways, turns) for turns in ([(11, 0, 13, NO)], []))
    to_the_end_and_back = 500 + 200 + 700 + 700 + 200 + 500
    assert minutes(bound, WEST, NORTH) / minutes(free, WEST, NORTH) == pytest.approx(
        to_the_end_and_back / 1000, rel=0.05
    )


def test_a_point_on_the_forbidden_road_is_reached_by_the_roads_that_may_enter_it():
    bound = network_of(CROSS, ARMS, [(11, 0, 13, NO), (12, 0, 13, NO)])
    assert minutes(bound, SOUTH, (0.0, 1.0)) < minutes(bound, WEST, (0.0, 1.0))
    assert minutes(bound, (0.0, 1.0), WEST) < 1


def test_every_way_into_a_junction_restricted_leaves_it_in_the_main_part():
    turns = [(11, 0, 13, NO), (12, 0, 14, NO), (13, 0, 11, NO), (14, 0, 12, NO)]
    network = network_of(CROSS, ARMS, turns)
    assert network.summary["main_share"] == 1.0
    assert np.isfinite(minutes(network, WEST, NORTH))
    assert minutes(network, (-1.0, 0.0), (0.0, 0.0)) < 0.1, "the junction itself is reached on its copies"


@pytest.mark.parametrize("keys", [[0, 3], [3, 0]])
def test_a_point_on_the_junction_is_reached_by_those_who_may_not_turn_into_its_road(keys):
    bound = network_of(CROSS, [ARMS[0], ARMS[1], (13, keys), ARMS[3]], [(11, 0, 13, NO)])
    (road,) = np.flatnonzero(bound.facts.way_id == 13)
    share = 0.0 if bound.node_y[bound.road_from[road]] == 0 else 1.0
    (west,) = np.flatnonzero(bound.facts.way_id == 11)
    at_junction, start = (
        Snapped(*(np.array([value]) for value in (r, s, 0.0, 0.0, 0.0))) for r, s in ((road, share), (west, 0.5))
    )
    for engine in ENGINES:
        ms = milliseconds_between(bound, start, at_junction, engine=engine)[0, 0]
        into = bound.road_ms_forward if bound.node_x[bound.road_from[west]] < 0 else bound.road_ms_backward
        assert ms == np.rint(into[west] * 0.5)


def test_ways_that_pass_through_or_are_not_there_are_unclear_and_change_nothing():
    ways = [(11, [1, 0, 2]), (13, [0, 3]), (14, [0, 4])]
    network = network_of(CROSS, ways, [(11, 0, 13, NO), (99, 0, 13, NO), (14, 0, 99, ONLY)])
    assert network.summary["turns_restricted"] == 0
    assert network.summary["turns_unclear"] == 3
    assert len(network.turn_road) == 0


def test_on_foot_every_turn_is_free():
    walked = network_of(CROSS, ARMS, [(11, 0, 13, NO)], mode="walk")
    assert len(walked.turn_road) == 0
    assert minutes(walked, WEST, NORTH) == pytest.approx(1.0 / 4.8 * 60, abs=0.01)


def test_pieces_are_not_merged_across_the_place_of_a_turn():
    points = {0: (0.0, 0.0), 1: (-1000.0, 0.0), 2: (1000.0, 0.0)}
    network = network_of(points, [(11, [1, 0]), (12, [0, 2])], [(11, 0, 12, NO)])
    assert len(network.road_from) == 2
    assert network.summary["turns_restricted"] == 1
    assert network.summary["main_share"] == 0.5, "the second road can be left, and not be entered"


@st.composite
def towns(draw):
    """A small grid with random one-way streets and random restricted turns at its junctions."""
    size = draw(st.integers(2, 4))
    points = {r * size + c: (c * 300.0, r * 300.0) for r in range(size) for c in range(size)}
    pairs = [(k, k + 1) for k in points if (k + 1) % size] + [(k, k + size) for k in points if k + size < size * size]
    ways = []
    for number, (a, b) in enumerate(pairs, start=1):
        forward, backward = draw(st.sampled_from([(True, True)] * 3 + [(True, False), (False, True)]))
        ways.append((number, [a, b], {"forward": forward, "backward": backward}))
    ends = {number: set(keys) for number, keys, _ in ways}
    meetings = [(i, k, j) for i in ends for j in ends if i != j for k in ends[i] & ends[j]]
    chosen = draw(st.lists(st.sampled_from(meetings), max_size=6, unique=True))
    turns = [(i, k, j, draw(st.sampled_from([NO, NO, ONLY]))) for i, k, j in chosen]
    return points, ways, turns


@settings(max_examples=80, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(towns())
def test_random_turns_agree_with_a_search_from_street_to_street(case):
    """Independent: a graph whose nodes are the directed streets and whose edges are the allowed turns."""
    points, ways, turns = case
    # Turns of ways that are not there keep every street a road of its own.
    network = network_of(points, ways, [*turns, *((999, k, 999, NO) for k in points)])
    start, end = 0, len(network.road_from) - 1
    streets = nx.DiGraph()
    for road in range(len(network.road_from)):
        if network.road_ms_forward[road] >= 0:
            streets.add_node((road, True), ms=int(network.road_ms_forward[road]))
        if network.road_ms_backward[road] >= 0:
            streets.add_node((road, False), ms=int(network.road_ms_backward[road]))
    key = {place: k for k, place in points.items()}
    at = [key[float(x), float(y)] for x, y in zip(network.node_x, network.node_y, strict=True)]
    tail = {(r, f): at[network.road_from[r] if f else network.road_to[r]] for r, f in streets}
    head = {(r, f): at[network.road_to[r] if f else network.road_from[r]] for r, f in streets}
    way = network.facts.way_id
    restricted = {
        t[1]
        for t in turns
        if _meets(streets, tail, way, t) and any(way[r] == t[0] and head[r, f] == t[1] for r, f in streets)
    }
    for a in streets:
        for b in streets:
            if head[a] != tail[b]:
                continue
            here = [t for t in turns if t[0] == way[a[0]] and t[1] == head[a] and _meets(streets, tail, way, t)]
            banned = any(not only and way[b[0]] == to for _, _, to, only in here)
            bound = any(only and way[b[0]] != to and a[0] != b[0] for _, _, to, only in here)
            round_ = a[0] == b[0] and tail[a] in restricted and _other_way(a, head, tail, streets, turns, way)
            if not banned and not bound and not round_:
                streets.add_edge(a, b)
    middle = Snapped(*(np.array([v]) for v in (end, 0.5, 0.0, 0.0, 0.0)))
    expected = _street_search(streets, start, end, network)
    origin = Snapped(*(np.array([v]) for v in (start, 0.5, 0.0, 0.0, 0.0)))
    assert float(milliseconds_between(network, origin, middle)[0, 0]) == expected
    assert node_ms(network, middle).shape == (1, len(network.node_x))


def _meets(streets, tail, way, turn) -> bool:
    """A restriction counts only where a street of the second way may be taken from the junction."""
    return any(way[r] == turn[2] and tail[r, f] == turn[1] for r, f in streets)


def _other_way(a, head, tail, streets, turns, way) -> bool:
    """Whether a street that is not the same street back may be taken at the end of this one."""
    here = [t for t in turns if t[0] == way[a[0]] and t[1] == head[a] and _meets(streets, tail, way, t)]
    banned = {to for _, _, to, only in here if not only}
    bound = [to for _, _, to, only in here if only]
    onward = {way[b[0]] for b in streets if tail[b] == head[a] and b[0] != a[0]}
    return bool({w for w in onward if w not in banned and all(w == to for to in bound)})


def _street_search(streets, start, end, network) -> float:
    best = np.inf
    if start == end:
        return 0.0
    for first in ((start, True), (start, False)):
        if first not in streets:
            continue
        costs = {first: round(streets.nodes[first]["ms"] * 0.5)}
        found = nx.single_source_dijkstra_path_length(streets, first, weight=lambda a, b, _: streets.nodes[b]["ms"])
        for last in ((end, True), (end, False)):
            if last in found and last != first:
                whole = streets.nodes[last]["ms"]
                best = min(best, costs[first] + found[last] - whole + round(whole * 0.5))
    return best
