"""Times of roads and junctions, gaps and parts, worked out by hand to the millisecond."""

from __future__ import annotations

import numpy as np
import pytest

from geodata.osm.lines import LineCollector
from geodata.osm.tags import CLASS_INDEX, KMH_PER_MPH, NODE_GATE, NODE_MINI_ROUNDABOUT, NODE_SIGNALS, Way
from geodata.roads.build import build_network
from geodata.roads.network import NOT_ALLOWED, RoadNetwork
from geodata.speeds import load_speeds

GIVE_WAY, THROUGH, ENTER, SIGNALS, GATE = 4000, 1000, 3000, 8000, 15000

Points = dict[int, tuple[float, float]]


def road(name: str = "secondary", **facts) -> Way:
    return Way(CLASS_INDEX[name], **facts)


def network_of(
    points: Points, ways: list[tuple[list[int], Way]], kinds: dict[int, int] | None = None, **options
) -> RoadNetwork:
    collector = LineCollector("EPSG:27700")
    for keys, way in ways:
        collector.add(keys, [points[k][0] for k in keys], [points[k][1] for k in keys], way)
    collector.node_kind |= kinds or {}
    return build_network(collector.finish("test"), load_speeds(), **options)


def driven_ms(name: str, metres: float, **facts) -> float:
    """Milliseconds of a stretch in the country, junctions left out."""
    limit = facts.pop("limit", np.nan)
    forms = {"dual": False, "roundabout": False} | facts
    kmh = load_speeds().kmh(
        np.array([CLASS_INDEX[name]]),
        np.array([limit]),
        np.array([False]),
        **{key: np.array([value]) for key, value in forms.items()},
    )
    return metres / float(kmh[0]) * 3600


def ms(network: RoadNetwork, start: tuple[float, float], end: tuple[float, float]) -> int:
    """Milliseconds along the one road from a node to another, `NOT_ALLOWED` where it may not be driven so."""
    nodes = list(zip(network.node_x.tolist(), network.node_y.tolist(), strict=True))
    a, b = nodes.index(start), nodes.index(end)
    pairs = list(zip(network.road_from.tolist(), network.road_to.tolist(), strict=True))
    if (a, b) in pairs:
        return int(network.road_ms_forward[pairs.index((a, b))])
    return int(network.road_ms_backward[pairs.index((b, a))])


# ---------------------------------------------------------------------------------------------------------- junctions


def crossing(arm: Way, *, kinds: dict[int, int] | None = None) -> RoadNetwork:
    """A primary road through (0, 0) and an arm that meets it there."""
    points = {0: (0.0, 0.0), 1: (-1000.0, 0.0), 2: (1000.0, 0.0), 3: (0.0, 500.0)}
    return network_of(points, [([1, 0], road("primary")), ([0, 2], road("primary")), ([0, 3], arm)], kinds)


@pytest.mark.parametrize(
    ("name", "delay"),
    [("unclassified", GIVE_WAY), ("secondary", GIVE_WAY), ("primary", THROUGH), ("primary_link", THROUGH)],
)
def test_a_lesser_road_gives_way_where_it_leads_into_a_junction(name: str, delay: int) -> None:
    network = crossing(road(name))
    assert ms(network, (0, 500), (0, 0)) == pytest.approx(driven_ms(name, 500) + delay, abs=1)
    assert ms(network, (0, 0), (0, 500)) == pytest.approx(driven_ms(name, 500), abs=1), "leaving costs nothing"
    assert ms(network, (-1000, 0), (0, 0)) == pytest.approx(driven_ms("primary", 1000) + THROUGH, abs=1)


def test_a_slip_road_of_a_better_road_goes_first() -> None:
    network = crossing(road("trunk_link"))
    assert ms(network, (0, 500), (0, 0)) == pytest.approx(driven_ms("trunk_link", 500) + THROUGH, abs=1)
    assert ms(network, (1000, 0), (0, 0)) == pytest.approx(driven_ms("primary", 1000) + GIVE_WAY, abs=1)


@pytest.mark.parametrize(("kind", "delay"), [(NODE_SIGNALS, SIGNALS), (NODE_MINI_ROUNDABOUT, ENTER)])
def test_lights_and_mini_roundabouts_take_the_place_of_the_give_way(kind: int, delay: int) -> None:
    network = crossing(road("unclassified"), kinds={0: kind})
    assert ms(network, (0, 500), (0, 0)) == pytest.approx(driven_ms("unclassified", 500) + delay, abs=1)
    assert ms(network, (0, 0), (0, 500)) == pytest.approx(driven_ms("unclassified", 500), abs=1)
    assert ms(network, (1000, 0), (0, 0)) == pytest.approx(driven_ms("primary", 1000) + delay, abs=1)


@pytest.mark.parametrize(("kind", "delay"), [(NODE_SIGNALS, SIGNALS), (NODE_GATE, GATE)])
def test_what_stands_between_junctions_is_passed_once_each_way(kind: int, delay: int) -> None:
    points = {0: (0.0, 0.0), 1: (400.0, 0.0), 2: (1000.0, 0.0)}
    network = network_of(points, [([0, 1, 2], road())], {1: kind})
    for start, end in (((0, 0), (1000, 0)), ((1000, 0), (0, 0))):
        assert ms(network, start, end) == pytest.approx(driven_ms("secondary", 1000) + delay, abs=1)


def test_where_only_the_class_changes_nothing_is_lost() -> None:
    points = {0: (0.0, 0.0), 1: (400.0, 0.0), 2: (1000.0, 0.0)}
    network = network_of(points, [([0, 1], road("primary")), ([1, 2], road("unclassified"))])
    assert ms(network, (1000, 0), (400, 0)) == pytest.approx(driven_ms("unclassified", 600), abs=1)


def test_a_roundabout_is_entered_once_and_then_free() -> None:
    points = {0: (0.0, 0.0), 1: (30.0, 30.0), 2: (60.0, 0.0), 3: (30.0, -30.0), 4: (-500.0, 0.0), 5: (560.0, 0.0)}
    ring = road("primary", backward=False, roundabout=True, implied_one_way=True)
    ways = [([0, 1, 2, 3, 0], ring), ([4, 0], road("primary")), ([2, 5], road("primary"))]
    network = network_of(points, ways)
    half = driven_ms("primary", 4 * np.hypot(30, 30) / 2, roundabout=True)
    assert ms(network, (-500, 0), (0, 0)) == pytest.approx(driven_ms("primary", 500) + ENTER, abs=1)
    assert ms(network, (0, 0), (60, 0)) == pytest.approx(half, abs=1)
    assert ms(network, (60, 0), (560, 0)) == pytest.approx(driven_ms("primary", 500), abs=1)
    assert network.summary["broken_roundabouts"] == 0


def test_a_landing_stage_is_no_junction_for_the_ferry() -> None:
    points = {0: (0.0, 0.0), 1: (-500.0, 0.0), 2: (0.0, -500.0), 3: (600.0, 0.0), 4: (1100.0, 0.0)}
    ferry = road("ferry", joinable=False, bridgeable=False, seconds=300.0, wait_seconds=600.0)
    network = network_of(points, [([1, 0], road()), ([2, 0], road()), ([0, 3], ferry), ([3, 4], road())])
    assert ms(network, (600, 0), (0, 0)) == ms(network, (0, 0), (600, 0)) == 900_000


def test_each_direction_has_its_own_limit() -> None:
    points = {0: (0.0, 0.0), 1: (1000.0, 0.0)}
    slow, fast = 40 * KMH_PER_MPH, 50 * KMH_PER_MPH
    way = road("primary", limit_forward_kmh=slow, limit_backward_kmh=fast, limit_source=1)
    network = network_of(points, [([0, 1], way)])
    assert network.road_kmh[0] == pytest.approx(3_600_000 / driven_ms("primary", 1000, limit=fast), abs=0.01)
    turned = road("primary", limit_forward_kmh=fast, limit_backward_kmh=slow, limit_source=1)
    against = network_of(points, [([0, 1], turned)])
    assert against.road_kmh[0] == network.road_kmh[0], "of the faster direction, whichever that is"
    assert ms(network, (0, 0), (1000, 0)) == pytest.approx(driven_ms("primary", 1000, limit=slow), abs=1)
    assert ms(network, (1000, 0), (0, 0)) == pytest.approx(driven_ms("primary", 1000, limit=fast), abs=1)


def test_the_middle_of_a_stretch_says_whether_it_lies_among_houses() -> None:
    points = {0: (0.0, 0.0), 1: (0.0, 4000.0)} | {2 + i: (100.0 * (i % 8), 1900.0 + 200 * (i // 8)) for i in range(16)}
    streets = [([2 + i for i in range(8)], road("residential")), ([10 + i for i in range(8)], road("residential"))]
    town, country = (network_of(points, [([0, 1], road("primary")), *more], bridge_gaps_m=0) for more in (streets, []))
    assert ms(town, (0, 0), (0, 4000)) > 1.3 * ms(country, (0, 0), (0, 4000))


def test_networkx_gets_the_places_and_of_two_ways_the_quicker() -> None:
    points = {0: (0.0, 0.0), 1: (1000.0, 200.0), 2: (500.0, 900.0)}
    network = network_of(points, [([0, 1], road("primary")), ([0, 2, 1], road("primary", backward=False))])
    graph = network.as_networkx()
    at = {(facts["x"], facts["y"]): node for node, facts in graph.nodes(data=True)}
    assert set(at) == {points[0], points[1]}
    a, b = at[points[0]], at[points[1]]
    assert graph[a][b]["ms"] == graph[b][a]["ms"] == min(network.road_ms_forward)


def test_no_road_takes_no_time() -> None:
    points = {0: (0.0, 0.0), 1: (0.001, 0.0), 2: (1000.0, 0.0)}
    network = network_of(points, [([0, 1], road("primary")), ([1, 2], road("secondary"))])
    assert ms(network, (0, 0), (0.001, 0)) == 1


# --------------------------------------------------------------------------------------------------------------- gaps


def test_a_closed_gap_is_two_way_unlimited_and_nobody_lives_on_it() -> None:
    points = {0: (0.0, 0.0), 1: (1000.0, 0.0), 2: (1010.0, 0.0), 3: (2000.0, 0.0)}
    way = road(backward=False, limit_forward_kmh=10.0, limit_backward_kmh=10.0, limit_source=1)
    network = network_of(points, [([0, 1], way), ([2, 3], way)])
    for start, end in (((1000, 0), (1010, 0)), ((1010, 0), (1000, 0))):
        assert ms(network, start, end) == pytest.approx(driven_ms("secondary", 10), abs=1)
    assert ms(network, (1000, 0), (0, 0)) == NOT_ALLOWED
    (gap,) = np.flatnonzero(network.road_length_m < 11)
    assert not network.road_joinable[gap]
    assert network.road_joinable.sum() == 2


def test_the_roads_on_both_sides_of_a_closed_gap_can_still_be_lived_on() -> None:
    points = {0: (0.0, 0.0), 1: (1000.0, 0.0), 2: (1010.0, 0.0), 3: (2000.0, 0.0)}
    network = network_of(points, [([0, 1], road()), ([2, 3], road())])
    assert sorted(network.road_length_m[network.road_joinable].round(6)) == [990.0, 1000.0]
    assert network.summary["main_share"] == 1.0


@pytest.mark.parametrize(("gap_m", "closed"), [(15.0, 1), (15.01, 0)])
def test_a_gap_as_wide_as_the_tolerance_is_closed(gap_m: float, closed: int) -> None:
    points = {0: (0.0, 0.0), 1: (1000.0, 0.0), 2: (500.0, gap_m), 3: (500.0, 900.0)}
    assert len(network_of(points, [([0, 1], road()), ([2, 3], road())]).summary["bridges"]) == closed


@pytest.mark.parametrize("fixed", [0, 1])
def test_no_gap_is_closed_from_or_to_a_bridge(fixed: int) -> None:
    points = {0: (0.0, 0.0), 1: (1000.0, 0.0), 2: (500.0, 8.0), 3: (500.0, 900.0)}
    ways = [([0, 1], road(bridgeable=fixed != 0)), ([2, 3], road(bridgeable=fixed != 1))]
    assert network_of(points, ways).summary["bridges"] == []


def test_gaps_from_both_sides_split_a_road_in_the_order_along_it() -> None:
    points = {0: (0.0, 0.0), 1: (1000.0, 0.0), 2: (700.0, 5.0), 3: (700.0, 905.0), 4: (300.0, -9.0), 5: (300.0, -909.0)}
    network = network_of(points, [([0, 1], road()), ([2, 3], road()), ([4, 5], road())])
    assert [bridge["length_m"] for bridge in network.summary["bridges"]] == [5.0, 9.0]
    assert network.road_length_m.sum() == pytest.approx(1000 + 900 + 900 + 5 + 9)
    assert network.summary["components"] == 1


@pytest.mark.parametrize(("x", "length"), [(4.0, 10.8), (30.0, 10.0)])
def test_a_gap_ends_at_the_end_of_a_road_if_that_is_hardly_further(x: float, length: float) -> None:
    points = {0: (0.0, 0.0), 1: (1000.0, 0.0), 2: (x, 10.0), 3: (x, 900.0)}
    network = network_of(points, [([0, 1], road()), ([2, 3], road())])
    assert [bridge["length_m"] for bridge in network.summary["bridges"]] == [length]


def test_a_ring_without_ends_is_joined_once() -> None:
    ring = {10: (400.0, 8.0), 11: (600.0, 8.0), 12: (600.0, 200.0), 13: (400.0, 200.0)}
    network = network_of({0: (0.0, 0.0), 1: (1000.0, 0.0)} | ring, [([0, 1], road()), ([10, 11, 12, 13, 10], road())])
    assert [bridge["length_m"] for bridge in network.summary["bridges"]] == [8.0]
    assert network.summary["main_share"] == 1.0


@pytest.mark.parametrize(("km", "told"), [(5.0, True), (4.9, False)])
def test_a_gap_left_open_between_two_large_parts_is_warned_of(km: float, told: bool) -> None:
    points = {0: (0.0, 0.0), 1: (6000.0, 0.0), 2: (3000.0, 30.0), 3: (3000.0, 30.0 + 1000 * km)}
    network = network_of(points, [([0, 1], road()), ([2, 3], road())])
    assert network.summary["bridges"] == []
    warned = [f for f in network.findings if f.code == "road-gap-open"]
    assert [f.severity for f in warned] == ["warning"] * told
    assert all("30.0 m at E3000 N30" in f.message for f in warned)


def test_the_value_that_is_told_closes_every_gap_that_is_told() -> None:
    points = {0: (0.0, 0.0), 1: (6000.0, 0.0), 2: (3000.0, 42.43), 3: (3000.0, 8000.0), 4: (100.0, -20.0),
              5: (100.0, -8000.0)}  # fmt: skip
    ways = [([0, 1], road()), ([2, 3], road()), ([4, 5], road())]
    (told,) = [f for f in network_of(points, ways).findings if f.code == "road-gap-open"]
    assert "raise [roads] bridge_gaps_m to 43:" in told.fix
    wider = network_of(points, ways, bridge_gaps_m=43)
    assert len(wider.summary["bridges"]) == 2
    assert not [f for f in wider.findings if f.code == "road-gap-open"]
    assert wider.summary["main_share"] == 1.0


# -------------------------------------------------------------------------------------------------------------- parts


def test_the_main_part_is_the_one_with_most_road_not_with_most_pieces() -> None:
    star = {i: (50_000.0 + 100 * np.cos(i), 100 * np.sin(i)) for i in range(1, 7)} | {0: (50_000.0, 0.0)}
    points = star | {10: (0.0, 0.0), 11: (9000.0, 0.0)}
    network = network_of(points, [*(([0, i], road()) for i in range(1, 7)), ([10, 11], road())])
    assert network.node_x[network.node_in_main].tolist() == [0.0, 9000.0]
    (part,) = network.summary["cut_off"]
    assert (part["km"], part["reason"]) == (0.6, "not connected")


def test_roads_that_only_lead_out_do_not_make_a_part_the_longest() -> None:
    points = {0: (0.0, 0.0), 1: (9000.0, 0.0), 2: (0.0, 5000.0), 3: (5000.0, 5000.0)}
    points |= {4: (5000.0, 8000.0), 5: (5000.0, 2000.0)}
    outward = [([3, 4], road(backward=False)), ([3, 5], road(backward=False))]
    inward = [([4, 3], road(backward=False)), ([5, 3], road(backward=False))]
    for spurs in (outward, inward):
        network = network_of(points, [([0, 1], road()), ([2, 3], road()), *spurs])
        assert network.node_x[network.node_in_main].tolist() == [0.0, 9000.0]


def test_kilometres_cut_off_are_told_to_ten_metres() -> None:
    points = {0: (0.0, 0.0), 1: (60_000.0, 0.0), 2: (0.0, 9000.0), 3: (41_230.0, 9000.0)}
    network = network_of(points, [([0, 1], road()), ([2, 3], road())])
    assert network.summary["cut_off_km"] == network.summary["cut_off"][0]["km"] == 41.23
    assert "41.23 km of 101.2 km of road cannot be driven to" in network.findings[0].message


def test_the_longest_part_that_is_cut_off_comes_first() -> None:
    ends = [(0.0, 100.0), (2000.0, 3000.0), (4000.0, 4600.0)]
    points = {0: (0.0, 0.0), 1: (9000.0, 0.0)}
    points |= {2 * i + side: (x, 5000.0) for i, pair in enumerate(ends, 1) for side, x in enumerate(pair)}
    network = network_of(points, [([2 * i, 2 * i + 1], road()) for i in range(4)])
    assert [part["km"] for part in network.summary["cut_off"]] == [1.0, 0.6, 0.1]


def test_a_street_that_leads_in_and_never_out_is_cut_off() -> None:
    points = {0: (0.0, 0.0), 1: (9000.0, 0.0), 2: (4000.0, 2000.0), 3: (4000.0, 0.0)}
    ways = [([0, 3, 1], road()), ([3, 2], road(backward=False))]
    network = network_of(points, ways)
    assert network.node_in_main[network.node_y > 0].tolist() == [False]
    assert network.summary["main_share"] == pytest.approx(9 / 11, abs=1e-4)
    (part,) = network.summary["cut_off"]
    assert (part["km"], part["reason"]) == (2.0, "one-way only")
    (finding,) = [f for f in network.findings if f.code == "road-parts-cut-off"]
    assert finding.severity == "warning", "more than a twentieth of all road"


# ------------------------------------------------------------------------------------------------------- merged roads


@pytest.mark.parametrize("one_way", [False, True])
def test_a_ring_that_meets_no_other_road_is_one_road(one_way: bool) -> None:
    points = {0: (0.0, 0.0), 1: (300.0, 0.0), 2: (300.0, 400.0), 3: (0.0, 400.0), 4: (-50.0, 200.0)}
    network = network_of(points, [([2, 3, 4, 0, 1, 2], road(backward=not one_way))])
    assert network.road_from.tolist() == network.road_to.tolist() == [0]
    assert (network.node_x[0], network.node_y[0]) == (0.0, 0.0), "the point with the smallest number"
    assert network.road_length_m[0] == pytest.approx(300 + 400 + 300 + 2 * np.hypot(50, 200))
    assert network.geometry_xy[[0, -1]].tolist() == [[0.0, 0.0]] * 2
    assert sorted(map(tuple, network.geometry_xy[1:])) == sorted(points.values())
    there, back = network.road_ms_forward[0], network.road_ms_backward[0]
    assert there == pytest.approx(driven_ms("secondary", network.road_length_m[0]), abs=1)
    assert back == (NOT_ALLOWED if one_way else there)
    assert network.summary["main_share"] == 1.0


def test_a_merged_road_has_the_number_of_the_way_that_most_of_it_is() -> None:
    collector = LineCollector("EPSG:27700")
    for number, xs in ((30, (0, 300)), (20, (300, 500, 700)), (10, (700, 1000))):
        collector.add([*xs], [float(x) for x in xs], [0.0] * len(xs), road(), way_id=number)
    network = build_network(collector.finish("test"), load_speeds())
    assert network.facts.way_id.tolist() == [20]
