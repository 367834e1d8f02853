"""The same roads timed anew: another profile, slower roads, ferries on, off and with a queue, a closed road."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geodata.osm.lines import LineCollector, RoadLines
from geodata.osm.tags import CLASS_INDEX, NODE_GATE, NODE_MINI_ROUNDABOUT, NODE_SIGNALS, Way
from geodata.roads import read_roads
from geodata.roads.build import build_network
from geodata.roads.network import NOT_ALLOWED, RoadNetwork
from geodata.roads.weights import reweigh
from geodata.routing.matrix import milliseconds_between
from geodata.routing.snapping import snap
from geodata.speeds import load_speeds

MINUTE = 60_000


def lines_of(points, ways, kinds=None) -> RoadLines:
    collector = LineCollector("EPSG:27700")
    for number, (keys, way) in enumerate(ways, start=1):
        x, y = [points[k][0] for k in keys], [points[k][1] for k in keys]
        collector.add(keys, x, y, way, way_id=number, name=f"way {number}")
    collector.node_kind |= kinds or {}
    return collector.finish("test")


def road(name: str = "secondary", **facts) -> Way:
    return Way(CLASS_INDEX[name], **facts)


def ferry(**facts) -> Way:
    return road("ferry", joinable=False, bridgeable=False, **facts)


def times(network: RoadNetwork, spots: list[tuple[float, float]]) -> np.ndarray:
    x, y = np.array(spots).T
    snapped = snap(network, x, y)
    return milliseconds_between(network, snapped, snapped) / MINUTE


# -------------------------------------------------------------------------------------------------------- chain ferry

NORTH, SOUTH = (-300.0, 300.0), (-300.0, -300.0)
CROSSING_MIN, HALF_INTERVAL_MIN = 4.0, 10.0


@pytest.fixture
def estuary() -> RoadNetwork:
    """A chain ferry of 4 minutes every 20 over an estuary; by road it is about 40 minutes round the head of it."""
    points = {0: (0.0, 0.0), 1: (0.0, 400.0), 2: (0.0, -400.0), 3: (-900.0, 400.0), 4: (-900.0, -400.0)}
    points |= {5: (22_000.0, 400.0), 6: (22_000.0, -400.0)}
    boat = ferry(seconds=60 * CROSSING_MIN, wait_seconds=60 * HALF_INTERVAL_MIN)
    ways = [([3, 1], road()), ([4, 2], road()), ([1, 0, 2], boat), ([1, 5], road()), ([5, 6], road()), ([6, 2], road())]
    return build_network(lines_of(points, ways), load_speeds(), bridge_gaps_m=0)


def across(network: RoadNetwork) -> tuple[float, float]:
    matrix = times(network, [(-300.0, 400.0), (-300.0, -400.0)])
    return matrix[0, 1], matrix[1, 0]


def test_the_ferry_is_switched_on_off_and_to_queue(estuary):
    speeds = load_speeds()
    on, queue, off = (across(reweigh(estuary, speeds, ferries=state)) for state in ("on", "queue", "off"))
    assert across(estuary) == on
    assert on[0] == pytest.approx(CROSSING_MIN + HALF_INTERVAL_MIN + 0.6, abs=0.4)
    assert queue[0] - on[0] == pytest.approx(2 * HALF_INTERVAL_MIN, abs=1e-3), "one boat is missed"
    assert 38 <= off[0] <= 44
    assert off[0] == pytest.approx(off[1], abs=0.2)


def test_a_ferry_that_states_nothing_takes_the_table(estuary):
    points = {0: (0.0, 0.0), 1: (0.0, 1000.0), 2: (500.0, 0.0), 3: (500.0, 1000.0)}
    ways = [([0, 1], ferry()), ([0, 2], road()), ([1, 3], road())]
    network = build_network(lines_of(points, ways), load_speeds(), bridge_gaps_m=0)
    speeds = load_speeds()
    ms = network.road_ms_forward[network.road_class == CLASS_INDEX["ferry"]]
    assert ms == pytest.approx((1 / speeds.ferry_kmh * 3600 + speeds.ferry_wait_seconds) * 1000, abs=1)


def test_an_island_is_unreachable_while_its_ferry_is_off():
    points = {0: (0.0, 0.0), 1: (0.0, 1000.0), 2: (5000.0, 0.0), 3: (500.0, 1000.0)}
    ways = [([0, 1], ferry(seconds=300.0)), ([0, 2], road()), ([1, 3], road())]
    network = build_network(lines_of(points, ways), load_speeds(), bridge_gaps_m=0)
    spots = [(2000.0, 0.0), (250.0, 1000.0)]
    assert np.isfinite(times(network, spots)).all()
    cut = times(reweigh(network, load_speeds(), ferries="off"), spots)
    assert np.isinf(cut[0, 1]) and np.isinf(cut[1, 0])
    assert cut[0, 0] == cut[1, 1] == 0, "the island's own roads go on as they were"


def test_a_crossing_in_pieces_waits_once():
    points = {0: (0.0, 0.0), 1: (0.0, 500.0), 2: (0.0, 1000.0), 3: (500.0, 0.0), 4: (500.0, 1000.0), 5: (600.0, 500.0)}
    boat = ferry(seconds=600.0, wait_seconds=300.0)
    ways = [([0, 1, 2], boat), ([0, 3], road()), ([2, 4], road()), ([1, 5], ferry(seconds=60.0))]
    network = build_network(lines_of(points, ways), load_speeds(), bridge_gaps_m=0)
    own = np.isin(network.facts.way_id, [1])
    assert own.sum() == 2
    assert network.road_ms_forward[own].sum() == 900_000
    queued = reweigh(network, load_speeds(), ferries="queue")
    assert queued.road_ms_forward[own].sum() == 600_000 + 900_000


# ------------------------------------------------------------------------------------------------------------ closures


def test_a_closed_road_is_gone_round_and_named(estuary):
    boat = estuary.road_class == CLASS_INDEX["ferry"]
    closed = reweigh(estuary, load_speeds(), closed=boat)
    assert across(closed) == across(reweigh(estuary, load_speeds(), ferries="off"))
    assert closed.summary["closed_roads"] == 1
    assert closed.summary["closed"] == ["way 3"]
    assert (closed.road_ms_forward[boat] == NOT_ALLOWED).all()
    again = reweigh(closed, load_speeds())
    assert np.array_equal(again.road_ms_forward, estuary.road_ms_forward)


def test_points_stay_joined_where_they_were(estuary):
    away = reweigh(estuary, load_speeds(), closed=estuary.facts.way_id == 1)
    spot = np.array([-300.0]), np.array([400.0])
    assert snap(away, *spot).road == snap(estuary, *spot).road
    assert np.array_equal(away.node_in_main, estuary.node_in_main)


# -------------------------------------------------------------------------------------------------- speeds and profiles


@pytest.mark.parametrize("factor", [0.5, 0.9, 1.25])
def test_a_factor_on_speeds_leaves_junctions_and_ferries_alone(factor):
    points = {0: (0.0, 0.0), 1: (2000.0, 0.0), 2: (4000.0, 0.0), 3: (2000.0, 900.0), 4: (4000.0, 800.0)}
    ways = [([0, 1], road()), ([1, 2], road()), ([1, 3], road()), ([2, 4], ferry(seconds=60.0, wait_seconds=60.0))]
    network = build_network(lines_of(points, ways, {2: NODE_SIGNALS}), load_speeds(), bridge_gaps_m=0)
    scaled = reweigh(network, load_speeds(), speed_factor=factor)
    bare = build_network(lines_of(points, ways, {2: NODE_SIGNALS}), without_delays(), bridge_gaps_m=0)
    delays = network.road_ms_forward - bare.road_ms_forward
    boat = network.road_class == CLASS_INDEX["ferry"]
    expected = np.where(boat, network.road_ms_forward, bare.road_ms_forward / factor + delays)
    assert scaled.road_ms_forward == pytest.approx(expected, abs=2)
    assert scaled.summary["speed_factor"] == factor


def without_delays():
    speeds = load_speeds()
    nothing = dict.fromkeys(speeds.table["junction_seconds"], 0.0)
    return replace(speeds, table=speeds.table | {"junction_seconds": nothing})


@pytest.mark.parametrize("factor", [1.0, 0.5])
def test_walkers_are_slower_on_steps(factor):
    points = {0: (0.0, 0.0), 1: (900.0011, 0.0), 2: (960.0, 0.0)}
    speeds = load_speeds()
    lines = lines_of(points, [([0, 1], road("footway")), ([1, 2], road("steps"))], {1: NODE_GATE})
    network = reweigh(build_network(lines, speeds, mode="walk"), speeds, speed_factor=factor)
    path, steps = (0, 1) if network.road_length_m[0] > 100 else (1, 0)
    for ms in (network.road_ms_forward, network.road_ms_backward):
        assert ms[path] == round(900.0011 / (speeds.walk_kmh * factor) * 3600), "rounded, not cut"
        assert ms[steps] == round(59.9989 / (speeds.walk_steps_kmh * factor) * 3600)
    assert speeds.walk_steps_kmh < speeds.walk_kmh


def test_parking_is_added_to_journeys_by_car_and_told(tmp_path):
    own = tmp_path / "own.toml"
    text = '[profile.slow]\nbased_on = "free-flow"\nsentence = "our own"\nsource = "us"\nparking_minutes = 7.5\n'
    own.write_text(text, encoding="utf-8")
    lines = lines_of({0: (0.0, 0.0), 1: (2000.0, 0.0)}, [([0, 1], road())])
    for mode, minutes in (("drive", 7.5), ("walk", 0.0)):
        network = reweigh(build_network(lines, load_speeds(), mode=mode), load_speeds("slow", own))
        assert network.summary["parking_minutes"] == minutes
        assert network.journey_ms == minutes * MINUTE


@pytest.mark.parametrize("factor", [0.0, -1.0, float("nan"), float("inf")])
def test_a_factor_is_above_nothing(estuary, factor):
    with pytest.raises(ValueError, match="above 0"):
        reweigh(estuary, load_speeds(), speed_factor=factor)


@st.composite
def any_lines(draw):
    number = draw(st.integers(3, 8))
    points = {i: (float(draw(st.integers(0, 30)) * 100), float(draw(st.integers(0, 30)) * 100)) for i in range(number)}
    limit = st.sampled_from([np.nan, 30.0, 48.28, 96.56])
    ways = []
    for _ in range(draw(st.integers(2, 10))):
        keys = draw(st.lists(st.integers(0, number - 1), min_size=2, max_size=4))
        forward, backward = draw(st.sampled_from([(True, True), (True, False), (False, True)]))
        name = draw(st.sampled_from(["trunk", "primary", "unclassified", "residential", "service", "ferry"]))
        ahead = draw(limit)
        facts = {"limit_forward_kmh": ahead, "limit_backward_kmh": draw(limit), "limit_source": int(ahead == ahead)}
        facts |= {
            "dual": draw(st.booleans()),
            "built_up": draw(st.sampled_from([-1, 0, 1])),
            "toll": draw(st.booleans()),
        }
        if name == "ferry":
            facts = {
                "seconds": draw(st.sampled_from([np.nan, 300.0])),
                "wait_seconds": draw(st.sampled_from([np.nan, 60.0])),
            }
        ways.append((keys, road(name, forward=forward, backward=backward, **facts)))
    kinds = {i: draw(st.sampled_from([0, NODE_SIGNALS, NODE_GATE, NODE_MINI_ROUNDABOUT])) for i in range(number)}
    return points, [*ways, ([0, 1], road())], kinds


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(any_lines(), st.sampled_from(["peak", "winter"]))
def test_timed_anew_it_is_as_if_built_anew(case, profile):
    points, ways, kinds = case
    if points[0] == points[1]:
        points[1] = (points[0][0] + 50.0, points[0][1])
    lines = lines_of(points, ways, kinds)
    speeds = load_speeds(profile)
    anew, built = reweigh(build_network(lines, load_speeds()), speeds), build_network(lines, speeds)
    assert np.array_equal(anew.road_ms_forward, built.road_ms_forward)
    assert np.array_equal(anew.road_ms_backward, built.road_ms_backward)
    assert anew.summary == built.summary


@pytest.mark.real
def test_rutland_timed_anew_is_rutland_built_anew(shared_data):
    path = shared_data / "osm" / "rutland-latest.osm.pbf"
    built = read_roads(path)
    for profile in ("peak", "winter"):
        other = read_roads(path, profile=profile)
        anew = reweigh(built, load_speeds(profile))
        assert np.array_equal(anew.road_ms_forward, other.road_ms_forward)
        assert np.array_equal(anew.road_ms_backward, other.road_ms_backward)
        assert anew.summary == other.summary
    slower = reweigh(built, load_speeds(), speed_factor=0.9)
    both = built.road_ms_forward > 0
    ratio = slower.road_ms_forward[both].sum() / built.road_ms_forward[both].sum()
    assert 1.05 < ratio < 1 / 0.9
