"""Routes take what the matrices say, run along the roads, and are told in words."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geodata.roads import read_roads
from geodata.roads.network import RoadNetwork
from geodata.routing.drawing import RoadPoints, RoadShapes, write_layers
from geodata.routing.matrix import milliseconds_between
from geodata.routing.routes import describe_route, route_lines, route_stretches, routes
from geodata.routing.snapping import snap
from tests.geodata.routing.test_drawing import network_of, points_on, road

COUNTRY = road("secondary", built_up=0)


def all_pairs(points: RoadPoints) -> np.ndarray:
    count = len(points.codes)
    return np.array([(i, j) for i in range(count) for j in range(count)]).reshape(-1, 2)


def demand_agreement(network: RoadNetwork, points: RoadPoints) -> None:
    """All routes between points: their parts take what the matrix states, their lines join up along allowed roads."""
    pairs = all_pairs(points)
    on_roads = milliseconds_between(network, points.snapped, points.snapped)[pairs[:, 0], pairs[:, 1]]
    legs = points.access_ms(network)[pairs].sum(axis=1) + network.journey_ms
    same = (points.x[pairs[:, 0]] == points.x[pairs[:, 1]]) & (points.y[pairs[:, 0]] == points.y[pairs[:, 1]])
    expected = np.where(same, 0.0, on_roads + legs)
    frame = routes(network, points, points, pairs)
    assert frame["reachable"].tolist() == np.isfinite(expected).tolist()
    assert np.array_equal(frame["minutes"], np.where(np.isfinite(expected), expected / 60_000, np.nan), equal_nan=True)
    told = route_stretches(network, points, points, pairs)
    told["ms"] = np.rint(told["minutes"] * 60_000)
    by_pair = told.groupby(["from", "to"])[["ms", "km"]].sum()
    for row, ms in zip(frame.itertuples(index=False), on_roads, strict=True):
        pair = (row[0], row[1])
        if not row.reachable:
            assert row.geometry.is_empty and row.leg_from.is_empty and pair not in by_pair.index
            continue
        parts = by_pair.loc[pair] if pair in by_pair.index else {"ms": 0, "km": 0}
        assert parts["ms"] == (ms if np.isfinite(ms) else 0)
        assert row.geometry.length == pytest.approx(row.km * 1000, abs=1)
        assert parts["km"] == pytest.approx(row.km, abs=0.001)
    demand_joined_lines(network, points, pairs, frame)


def demand_joined_lines(network, points, pairs, frame) -> None:
    roads = shapely.STRtree(RoadShapes(network).whole(np.arange(len(network.road_from))))
    drawn = np.flatnonzero(~frame.geometry.is_empty)
    lines, start, end = frame.geometry.to_numpy()[drawn], *pairs[drawn].T
    for number, place in ((0, start), (-1, end)):
        at = shapely.points(points.snapped.x[place], points.snapped.y[place])
        assert (shapely.distance(shapely.get_point(lines, number), at) < 0.01).all()
    corners, line = shapely.get_coordinates(lines, return_index=True)
    middles = ((corners[:-1] + corners[1:]) / 2)[np.diff(line) == 0]
    for along in (corners, middles):
        _, away = roads.query_nearest(shapely.points(along), return_distance=True, all_matches=False)
        assert (away < 0.01).all()
    for name, outer, inner in (("leg_from", 0, -1), ("leg_to", -1, 0)):
        legs = frame[name].to_numpy()[drawn]
        there = ~shapely.is_empty(legs)
        touch = shapely.get_point(legs[there], inner)
        assert (shapely.distance(touch, shapely.get_point(lines[there], outer)) < 0.01).all()
        assert shapely.length(legs) == pytest.approx(points.snapped.distance_m[start if outer == 0 else end], abs=1e-6)


# -------------------------------------------------------------------------------------------------- hand-made networks

COAST = {
    0: (0, 0), 1: (3000, 500), 2: (6000, 200), 3: (9000, 0), 4: (9000, 4000), 5: (9000, 4030), 6: (9030, 4060),
    7: (9060, 4030), 8: (9000, 8000), 9: (12_000, 4000), 10: (15_000, 4000), 11: (6000, 900),
}  # fmt: skip
WAYS = [
    ([0, 1, 2], COUNTRY), ([2, 3], road("tertiary", built_up=0)), ([3, 4], road("primary", built_up=0)),
    ([4, 5, 6, 7, 4], road("primary", built_up=0, backward=False, roundabout=True)),
    ([6, 8], road("primary", built_up=0)), ([7, 9], road("unclassified", built_up=0)),
    ([9, 10], road("ferry", joinable=False, seconds=600.0, wait_seconds=300.0, toll=True)),
    ([2, 11], road("residential", built_up=0)),
]  # fmt: skip
NAMES = ["B3157 Coast Road", "B3157 Coast Road", "A354", "", "A354", "", "Chain Ferry", ""]


def coast() -> RoadNetwork:
    return network_of(COAST, WAYS, names=NAMES)


def test_the_way_is_told_by_the_names_of_its_roads():
    network = coast()
    points = points_on(network, (1000, 200), (9000, 7000))
    row = routes(network, points, points, [(0, 1)]).iloc[0]
    assert row["way"] == "B3157 Coast Road 8.0 km, A354 7.0 km"
    assert row["mainly"] == "B3157 Coast Road and A354"
    assert row["km"] == pytest.approx(15.0, abs=0.1)
    assert row["ferry_km"] == 0 and not row["toll"]
    told = route_stretches(network, points, points, [(0, 1)])
    assert told["name"].tolist() == ["B3157 Coast Road", "A354"]
    assert told["stretch"].tolist() == [1, 2]


def test_roads_without_names_are_called_by_their_class():
    network = coast()
    points = points_on(network, (6000, 850), (10_500, 4000), (9025, 4057))
    frame = routes(network, points, points, [(0, 1), (1, 0), (2, 2)])
    assert frame["way"][0].startswith("unnamed street 650 m, B3157 Coast Road 3.0 km, A354 4.1 km, unnamed lane 1.4 km")
    assert frame["mainly"][0] == "B3157 Coast Road and A354"
    assert frame["way"][1].startswith("unnamed lane 1.5 km, A354")
    assert frame["way"][2] == ""


def test_stretches_of_a_few_steps_are_told_only_where_there_is_nothing_else():
    points = {0: (0, 0), 1: (2000, 0), 2: (2006, 0), 3: (4000, 0), 4: (2003, 500)}
    ways = [([0, 1], COUNTRY), ([1, 2], COUNTRY), ([2, 3], COUNTRY), ([2, 4], COUNTRY)]
    network = network_of(points, ways, names=["Long Lane", "Step Bridge", "Far Lane", "Side Lane"])
    places = points_on(network, (0, 0), (4000, 0), (2001, 0), (2004, 0))
    frame = routes(network, places, places, [(0, 1), (2, 3)])
    assert frame["way"].tolist() == ["Long Lane 2.0 km, Far Lane 2.0 km", "Step Bridge 10 m"]


def test_a_ferry_and_its_toll_are_told():
    network = replace(coast(), road_joinable=np.ones(len(coast().road_joinable), dtype=bool))
    points = points_on(network, (9000, 1000), (15_000, 4000))
    row = routes(network, points, points, [(0, 1)]).iloc[0]
    assert row["ferry_km"] == 3.0 and row["toll"]
    assert row["way"].endswith("Chain Ferry 3.0 km")
    text = describe_route(row)
    assert "3.0 km of it is by ferry" in text and "A toll is charged on the way." in text


def test_a_sentence_answers_how_one_gets_there():
    network = coast()
    points = points_on(network, (0, 30), (9000, 7000), (3000, 510), (0, 30), limit_m=500)
    points = replace(points, codes=("Abbotsbury", "Weymouth", "Portesham", "Abbotsbury again"))
    frame = routes(network, points, points, [(0, 1), (0, 2), (0, 3)])
    text = [describe_route(row) for _, row in frame.iterrows()]
    minutes = round(frame["minutes"][0])
    assert text[0] == (
        f"From Abbotsbury to Weymouth it takes {minutes} minutes by car over 16.1 km, mainly along "
        "B3157 Coast Road and A354."
    )
    assert text[2] == "Abbotsbury and Abbotsbury again are at the same place."
    assert describe_route(frame.iloc[0].to_dict()) == text[0]
    short = dict(frame.iloc[0]) | {"minutes": 0.2, "km": 0.123, "mainly": "", "mode": "walk"}
    assert describe_route(short) == "From Abbotsbury to Weymouth it takes less than a minute on foot over 120 m."
    one = short | {"minutes": 1.2}
    assert "it takes 1 minute on foot" in describe_route(one)


def test_a_numbered_road_is_one_road_whatever_its_parts_are_called():
    points = {i: (1000.0 * i, 0.0) for i in range(6)}
    names = ["A3054 Fairlee Road", "A3054 Racecourse", "A3054 Kite Hill", "B3330 High Street", "Star Street"]
    sides = {10 + i: (1000.0 * i, 500.0) for i in range(1, 5)}
    ways = [([i, i + 1], COUNTRY) for i in range(5)] + [([i, 10 + i], COUNTRY) for i in range(1, 5)]
    network = network_of(points | sides, ways, names=names)
    ends = points_on(network, (0, 0), (5000, 0), (2000, 0), (4000, 0))
    frame = routes(network, ends, ends, [(0, 1), (2, 3)])
    assert frame["way"][0].split(", ") == [f"{name} 1.0 km" for name in names]
    assert frame["mainly"][0] == "A3054, B3330 High Street and Star Street"
    assert frame["mainly"][1] == "A3054 Kite Hill and B3330 High Street"


def test_what_cannot_be_reached_is_listed_without_a_line(tmp_path):
    network = coast()
    points = points_on(network, (0, 30), (9000, 7000), (50_000, 50_000), limit_m=500)
    frame = routes(network, points, points, [(0, 2), (2, 1), (0, 1), (2, 2)])
    assert frame["reachable"].tolist() == [False, False, True, True]
    assert frame.geometry.is_empty.tolist() == [True, True, False, True]
    assert frame["minutes"].isna().tolist() == [True, True, False, False]
    assert frame["way"].tolist()[:2] == ["", ""]
    assert describe_route(frame.iloc[0]) == "There is no way by car from P0 to P2 on these roads."
    assert frame["access_to_m"][0] > 500
    lines = route_lines(frame)
    assert lines["part"].tolist() == ["to the road", "road", "from the road"][: len(lines)]
    assert set(zip(lines["from"], lines["to"], strict=True)) == {("P0", "P1")}
    write_layers(tmp_path / "routes.gpkg", {"routes": frame, "lines": lines})
    assert (tmp_path / "routes.gpkg").stat().st_size > 0


def test_no_pairs_and_no_points():
    network = coast()
    points = points_on(network, (0, 30))
    frame = routes(network, points, points, [])
    assert len(frame) == 0 and "way" in frame and frame.crs.to_epsg() == 27700
    assert len(route_stretches(network, points, points, [])) == 0
    assert len(route_lines(frame)) == 0


def test_one_way_roads_are_driven_as_the_traffic_goes():
    points = {0: (0, 0), 1: (2000, 0), 2: (2000, 2000), 3: (0, 2000)}
    ways = [([0, 1], road("secondary", built_up=0, backward=False)), ([1, 2, 3, 0], COUNTRY)]
    network = network_of(points, ways)
    places = points_on(network, (500, 0), (1500, 0))
    there, back = routes(network, places, places, [(0, 1), (1, 0)]).itertuples(index=False)
    assert there.km == pytest.approx(1.0)
    assert back.km == pytest.approx(7.0)
    assert back.geometry.coords[0] == (1500, 0) and back.geometry.coords[1] == (2000, 0)
    demand_agreement(network, places)


def test_a_forbidden_turn_is_not_in_the_line():
    points = {0: (0, 0), 1: (-1000, 0), 2: (1000, 0), 3: (0, 1000), 4: (1000, 1000), 5: (2000, 0), 6: (2000, 1000)}
    ways = [([1, 0], COUNTRY), ([0, 2], COUNTRY), ([0, 3], COUNTRY), ([2, 4], COUNTRY), ([4, 3], COUNTRY)]
    ways += [([2, 5], COUNTRY), ([5, 6, 4], COUNTRY)]
    free, bound = network_of(points, ways), network_of(points, ways, turns=[(1, 0, 3, 0)])
    for network, km in ((free, 1.0), (bound, 4.0)):
        places = points_on(network, (-500, 0), (0, 500), (1000, 500))
        assert routes(network, places, places, [(0, 1)])["km"].tolist() == [km]
        demand_agreement(network, places)


def test_parking_is_part_of_the_minutes():
    network = coast()
    points = points_on(network, (1000, 200), (9000, 7000), (1000, 200))
    usual = routes(network, points, points, [(0, 1), (0, 2)])["minutes"].to_numpy()
    parked = routes(replace(network, journey_ms=120_000), points, points, [(0, 1), (0, 2)])["minutes"].to_numpy()
    assert parked - usual == pytest.approx([2.0, 0.0])


def test_a_route_does_not_depend_on_what_else_is_asked():
    # Two ways round of the same length: one of them, and always the same.
    points = {0: (0, 0), 1: (1000, 1000), 2: (1000, -1000), 3: (2000, 0)}
    ways = [([0, 1, 3], COUNTRY), ([0, 2, 3], COUNTRY), ([0, 3], road("service"))]
    network = network_of(points, ways[:2])
    places = points_on(network, (0, 0), (2000, 0), (1000, 990))
    alone = routes(network, places, places, [(0, 1)])
    pairs = all_pairs(places)[::-1]
    together = routes(network, places, places, pairs)
    same = together[(together["from"] == "P0") & (together["to"] == "P1")]
    assert same.geometry.iloc[0].equals_exact(alone.geometry.iloc[0], 0)
    again = routes(network, places, places, pairs)
    assert shapely.to_wkb(together.geometry.to_numpy()).tolist() == shapely.to_wkb(again.geometry.to_numpy()).tolist()


# --------------------------------------------------------------------------------------------------------- any network


@st.composite
def towns(draw):
    """A few crossings, streets between them (one-way, twice, from a crossing to itself), and forbidden turns."""
    at = {i: (draw(st.integers(0, 20)) * 100.0 + i, draw(st.integers(0, 20)) * 100.0) for i in range(6)}
    loop = {10 + i: (at[i][0] + 150.0, at[i][1] + 70.0) for i in at} | {
        20 + i: (at[i][0] + 150.0, at[i][1]) for i in at
    }
    ends = st.tuples(st.integers(0, 5), st.integers(0, 5))
    ways = []
    for a, b in draw(st.lists(ends, min_size=6, max_size=12)):
        keys = [a, 10 + a, 20 + a, a] if a == b else [a, b]
        both = draw(st.integers(0, 3)) > 0
        ways.append((keys, road(draw(st.sampled_from(["primary", "residential"])), backward=both)))
    ends_of = {number: {keys[0], keys[-1]} for number, (keys, _) in enumerate(ways, 1)}
    meeting = [(i, node, j) for i in ends_of for j in ends_of for node in sorted(ends_of[i] & ends_of[j])]
    turns = draw(st.lists(st.tuples(st.sampled_from(meeting), st.integers(0, 3)), max_size=4))
    spot = st.tuples(st.integers(0, 20), st.integers(0, 20)).map(lambda p: (p[0] * 100.0, p[1] * 100.0))
    spots = draw(st.lists(spot, min_size=3, max_size=6))
    return at | loop, ways, [(*turn, int(only == 3)) for turn, only in turns], spots


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(towns())
def test_any_town_agrees_with_its_matrix(town):
    at, ways, turns, spots = town
    network = network_of(at, ways, turns=turns)
    demand_agreement(network, points_on(network, *spots, limit_m=1500))


# ------------------------------------------------------------------------------------------------------- a real island


@pytest.mark.real
def test_the_isle_of_wight(shared_data):
    network = read_roads(shared_data / "isle-of-wight" / "osm_roads_2023.gpkg", bridge_gaps_m=40)
    rng = np.random.default_rng(7)
    x, y = rng.uniform(434_000, 463_000, 25), rng.uniform(78_000, 95_000, 25)
    points = RoadPoints(tuple(f"P{i}" for i in range(25)), x, y, snap(network, x, y, 2000.0))
    demand_agreement(network, points)
    newport_ryde = points_on(network, (450_000, 89_000), (459_300, 92_500))
    row = routes(network, newport_ryde, newport_ryde, [(0, 1)]).iloc[0]
    assert 10 < row["minutes"] < 25 and 9 < row["km"] < 15
    assert "A3054" in row["way"] or "A3020" in row["way"]
