"""Routes as pieces of road: as quick as the times say, and made of roads that may be taken that way."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geodata.osm.lines import LineCollector
from geodata.osm.tags import CLASS_INDEX, Way
from geodata.roads import read_roads
from geodata.roads.build import build_network
from geodata.roads.network import RoadNetwork
from geodata.routing.matrix import milliseconds_between
from geodata.routing.snapping import Snapped, snap
from geodata.speeds import load_speeds
from geodata.times.journeys import Routes, routes_of

SIDE = 4


def snapped(network: RoadNetwork, road: list[int], share: list[float]) -> Snapped:
    roads, shares = np.array(road, dtype=np.int64), np.array(share, dtype=float)
    nowhere = np.zeros(len(roads))
    return Snapped(np.where(roads < 0, -1, roads % max(len(network.road_from), 1)), shares, nowhere, nowhere, nowhere)


def check(network: RoadNetwork, routes: Routes, origins: Snapped, destinations: Snapped) -> None:
    """Times are those of the routing, pieces add up to them, and their ends hang together."""
    count = len(origins.road)
    wanted = np.diag(milliseconds_between(network, origins, destinations, engine="scipy"))
    assert np.array_equal(routes.ms, wanted)
    whole = np.where(routes.forward, network.road_ms_forward[routes.road], network.road_ms_backward[routes.road])
    assert (whole[routes.share > 0] >= 0).all()
    assert ((routes.share >= 0) & (routes.share <= 1)).all()
    total = np.bincount(routes.journey, whole * routes.share, minlength=count)
    found = np.isfinite(routes.ms)
    assert np.abs(total - routes.ms)[found].max(initial=0.0) <= 1.0, "two parts of roads are rounded"
    assert found[routes.journey].all()
    assert (np.diff(routes.journey) >= 0).all()
    for j in np.flatnonzero(found):
        of_j = (routes.journey == j) & (routes.share == 1.0)
        start = np.where(routes.forward, network.road_from[routes.road], network.road_to[routes.road])[of_j]
        stop = np.where(routes.forward, network.road_to[routes.road], network.road_from[routes.road])[of_j]
        loose = np.bincount(start, minlength=len(network.node_x)) - np.bincount(stop, minlength=len(network.node_x))
        assert np.abs(loose).sum() <= 2, "whole roads follow each other from one node to another"


@st.composite
def networks(draw: st.DrawFn) -> RoadNetwork:
    """Small grids with one-way streets, parallel roads, islands and forbidden turns."""
    collector = LineCollector("EPSG:27700")
    edges = draw(
        st.lists(
            st.tuples(
                st.integers(0, SIDE * SIDE - 1),
                st.integers(0, SIDE * SIDE - 1),
                st.sampled_from(["primary", "residential", "service"]),
                st.sampled_from([(True, True), (True, False), (False, True)]),
            ).filter(lambda edge: edge[0] != edge[1]),
            min_size=3,
            max_size=24,
        )
    )
    for number, (a, b, name, (forward, backward)) in enumerate(edges, start=1):
        way = Way(CLASS_INDEX[name], forward, backward)
        ends = [a, b]
        collector.add(
            ends,
            [400_000.0 + 300 * (k % SIDE) for k in ends],
            [3e5 + 300 * (k // SIDE) for k in ends],
            way,
            way_id=number,
        )
    for _ in range(draw(st.integers(0, 3))):
        first, second = draw(st.integers(1, len(edges))), draw(st.integers(1, len(edges)))
        shared = set(edges[first - 1][:2]) & set(edges[second - 1][:2])
        if shared:
            collector.restrictions.append((first, min(shared), second, draw(st.integers(0, 1))))
    return build_network(collector.finish("grid"), load_speeds(), bridge_gaps_m=0)


POINTS = st.lists(
    st.tuples(
        st.integers(-1, 40),
        st.sampled_from([0.0, 0.25, 0.5, 1.0]) | st.floats(0, 1),
        st.integers(-1, 40),
        st.sampled_from([0.0, 0.5, 1.0]) | st.floats(0, 1),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=150, deadline=None)
@given(network=networks(), pairs=POINTS, few=st.sampled_from(["origins", "destinations", "neither"]))
def test_routes_are_those_of_the_routing(network: RoadNetwork, pairs: list, few: str):
    if few == "origins":
        pairs = [(*pairs[0][:2], *pair[2:]) for pair in pairs]
    elif few == "destinations":
        pairs = [(*pair[:2], *pairs[0][2:]) for pair in pairs]
    origins = snapped(network, [pair[0] for pair in pairs], [pair[1] for pair in pairs])
    destinations = snapped(network, [pair[2] for pair in pairs], [pair[3] for pair in pairs])
    check(network, routes_of(network, origins, destinations), origins, destinations)


@settings(max_examples=30, deadline=None)
@given(network=networks(), pairs=POINTS, limit_ms=st.sampled_from([0.0, 20_000.0, 90_000.0]))
def test_what_lies_beyond_the_limit_is_not_reached(network: RoadNetwork, pairs: list, limit_ms: float):
    origins = snapped(network, [pair[0] for pair in pairs], [pair[1] for pair in pairs])
    destinations = snapped(network, [pair[2] for pair in pairs], [pair[3] for pair in pairs])
    free = routes_of(network, origins, destinations)
    bound = routes_of(network, origins, destinations, limit_ms=limit_ms)
    assert np.array_equal(bound.ms, np.where(free.ms <= limit_ms, free.ms, np.inf))
    assert np.isfinite(bound.ms[bound.journey]).all()


def test_no_journeys_and_a_journey_along_one_road():
    collector = LineCollector("EPSG:27700")
    collector.add([0, 1], [400_000.0, 401_000.0], [3e5, 3e5], Way(CLASS_INDEX["primary"]))
    network = build_network(collector.finish("line"), load_speeds(), bridge_gaps_m=0)
    nothing = snapped(network, [], [])
    assert len(routes_of(network, nothing, nothing).ms) == 0
    routes = routes_of(network, snapped(network, [0, 0], [0.25, 0.75]), snapped(network, [0, 0], [0.75, 0.5]))
    assert routes.journey.tolist() == [0, 1]
    assert routes.forward.tolist() == [True, False]
    assert routes.share.tolist() == [0.5, 0.25]
    closed = replace(network, road_ms_backward=np.full_like(network.road_ms_backward, -1))
    routes = routes_of(closed, snapped(closed, [0, 0], [0.25, 0.75]), snapped(closed, [0, 0], [0.75, 0.5]))
    assert np.isfinite(routes.ms).tolist() == [True, False]


@pytest.mark.real
def test_routes_on_real_roads(shared_data: Path):
    network = read_roads(shared_data / "osm" / "rutland-latest.osm.pbf")
    rng = np.random.default_rng(4)
    drawn = rng.integers(0, len(network.node_x), (2, 150))
    near = [
        snap(network, network.node_x[nodes] + rng.normal(0, 90, 150), network.node_y[nodes] + rng.normal(0, 90, 150))
        for nodes in drawn
    ]
    check(network, routes_of(network, *near), *near)
