"""Polygons agree with the times of the places in them."""

from __future__ import annotations

from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geodata.roads import read_roads
from geodata.roads.network import RoadNetwork
from geodata.routing import isochrones as drawn
from geodata.routing.drawing import RoadPoints, RoadShapes
from geodata.routing.isochrones import ANY, CLOSING_M, HOLE_M2, WIDEST_M, WIDTHS_M, areas_inside, isochrones
from geodata.routing.matrix import milliseconds_between
from geodata.routing.snapping import Snapped, joinable_roads, snap
from geodata.travel import TravelMethod, TravelTimes
from tests.geodata.routing.test_drawing import network_of, points_on, road

ROUNDED_M = 6.0
"""Lines are up to 5 m simpler than they are, and their points lie on a grid of half a metre."""

ROUND_END_M = ROUNDED_M + (WIDEST_M + CLOSING_M) * (1 - np.cos(np.pi / 16))
"""Round ends have 16 corners."""

COUNTRY = road("secondary", built_up=0)
ONE_WAY = road("secondary", built_up=0, backward=False)


def every_metre(network: RoadNetwork, step_m: float = 1.0) -> RoadPoints:
    """Places on the roads that homes may stand at, none of them at a junction, where every road may be taken."""
    roads = joinable_roads(network)
    steps = np.maximum(np.ceil(network.road_length_m[roads] / step_m).astype(int), 1)
    number = np.repeat(roads, steps)
    share = np.concatenate([(np.arange(n) + 0.5) / n for n in steps]) if len(roads) else np.zeros(0)
    lines = RoadShapes(network).whole(number)
    places = shapely.line_interpolate_point(lines, share, normalized=True)
    x, y = shapely.get_x(places), shapely.get_y(places)
    codes = tuple(str(i) for i in range(len(x)))
    return RoadPoints(codes, x, y, Snapped(number, share, np.zeros(len(x)), x, y))


def place_ms(network, places, sites, *, towards=True):
    """Milliseconds between places on roads and each site, by the matrices; shape (places, sites)."""
    if towards:
        return milliseconds_between(network, places.snapped, sites.snapped) + sites.access_ms(network)
    return milliseconds_between(network, sites.snapped, places.snapped).T + sites.access_ms(network)


def demand_agreement(network, sites, frame, *, towards=True, step_m=1.0):
    """Every place on a road is inside exactly when its own time is within the limit, but for the strips' widths."""
    places = every_metre(network, step_m)
    points = shapely.points(places.x, places.y)
    by_site = place_ms(network, places, sites, towards=towards)
    by_site = np.column_stack((by_site, by_site.min(axis=1)))
    metres_per_ms = network.access_kmh / 3600
    assert len(frame) == (len(sites.codes) + 1) * frame["minutes"].nunique()
    for row in frame.itertuples():
        ms = by_site[:, [*sites.codes, ANY].index(row.site_code)]
        limit = row.minutes * 60_000
        away = np.nan_to_num(shapely.distance(row.geometry, points), nan=np.inf)  # nothing is near an empty polygon
        for width in WIDTHS_M:  # the deeper inside, the wider the strip around
            sure = ms <= limit - width / metres_per_ms - 1
            assert (away[sure] == 0).all()
        reached = ms <= limit
        assert (away[ms <= limit - 500] <= ROUNDED_M).all()  # half a second is some metres of road
        if not reached.any():  # some metres between two places may still be
            assert row.geometry.area < (2 * WIDEST_M + step_m) ** 2
            continue
        _, far = shapely.STRtree(points[reached]).query_nearest(points, return_distance=True, all_matches=False)
        assert (away[far > WIDEST_M + CLOSING_M + ROUNDED_M + step_m] > 0).all()


def demand_nested_and_valid(frame: gpd.GeoDataFrame):
    assert frame.crs.to_epsg() == 27700
    assert frame.geometry.is_valid.all()
    assert (frame.geometry.geom_type == "MultiPolygon").all()
    assert frame["km2"].tolist() == pytest.approx((frame.area / 1e6).tolist(), abs=0.001)
    for _, rows in frame.groupby("site_code"):
        assert rows["minutes"].is_monotonic_increasing
        for inner, outer in zip(rows.geometry, rows.geometry[1:], strict=False):
            assert inner.is_empty or outer.covers(inner)
    for shape in shapely.get_parts(frame.geometry.to_numpy()):
        assert all(shapely.Polygon(ring).area >= HOLE_M2 - 1 for ring in shape.interiors)


def square_of(frame, code, minutes):
    return frame[(frame["site_code"] == code) & (frame["minutes"] == minutes)].geometry.iloc[0]


# ------------------------------------------------------------------------------------------------- hand-made networks

VILLAGE = {
    0: (0, 0), 1: (2000, 0), 2: (4000, 300), 3: (4000, 3000), 4: (2000, 3000), 5: (0, 3000), 6: (-3000, 200),
    7: (2000, 1500), 8: (2600, 1700), 9: (2500, 2200), 10: (6500, 300), 11: (4300, 4000),
}  # fmt: skip
LANES = [
    ([6, 0, 1], COUNTRY), ([1, 2], ONE_WAY), ([2, 3], road("residential", built_up=1)), ([3, 4], COUNTRY),
    ([4, 5, 0], road("unclassified", built_up=0)), ([1, 7, 4], ONE_WAY), ([7, 8, 9], road("service")),
    ([2, 10], COUNTRY), ([3, 11], road("track")),
]  # fmt: skip


@pytest.mark.parametrize("towards", [True, False])
def test_places_are_inside_exactly_when_their_time_is(towards):
    network = network_of(VILLAGE, LANES, turns=[(1, 1, 2, 0), (6, 4, 5, 0)])
    assert network.summary["turns_restricted"] == 2
    sites = points_on(network, (-1000, 120), (2500, 1900), (5000, 250))
    frame = isochrones(network, sites, (1.5, 3, 5, 8), towards=towards)
    demand_nested_and_valid(frame)
    demand_agreement(network, sites, frame, towards=towards)


def test_each_site_adds_its_own_time():
    network = network_of(VILLAGE, LANES)
    sites = points_on(network, (-1000, 120), (5000, 250))
    usual = isochrones(network, sites, (3,))
    later = isochrones(network, sites, (4,), access_ms=sites.access_ms(network) + 60_000)
    assert shapely.equals_exact(usual.geometry.to_numpy(), later.geometry.to_numpy(), 1.0).all()
    parked = isochrones(replace(network, journey_ms=60_000), sites, (4,))
    assert shapely.equals_exact(usual.geometry.to_numpy(), parked.geometry.to_numpy(), 1.0).all()
    far = isochrones(network, sites, (3,), access_ms=np.array([0.0, np.inf]))
    assert far["km2"].tolist()[0] > 0 and far["km2"].tolist()[1] == 0
    assert far["km2"].tolist()[2] == far["km2"].tolist()[0]


def test_a_place_on_a_one_way_road_leaves_the_way_the_traffic_goes():
    # A long one-way road that leads away from the site; back it goes only by a long way round.
    points = {0: (0, 0), 1: (3000, 0), 2: (3000, 6000), 3: (0, 6000)}
    network = network_of(points, [([0, 1], ONE_WAY), ([1, 2, 3, 0], COUNTRY)])
    site = points_on(network, (0, 10))
    before = shapely.Point(2500, 0)
    to_site, from_site = (square_of(isochrones(network, site, (4,), towards=t), "P0", 4) for t in (True, False))
    assert from_site.contains(before)
    assert not to_site.contains(before)
    assert to_site.distance(before) > 1000


def test_a_lone_road_ends_where_the_time_does():
    network = network_of({0: (0, 0), 1: (20_000, 0)}, [([0, 1], COUNTRY)])
    site = points_on(network, (10_000, 0))
    frame = isochrones(network, site, (4, 8))
    metres = network.road_length_m[0] / network.road_ms_forward[0] * 60_000
    for minutes, shape in zip((4, 8), frame.geometry, strict=False):
        west, south, east, north = shape.bounds
        tip = WIDTHS_M[-1] + ROUNDED_M
        assert east == pytest.approx(10_000 + minutes * metres, abs=tip)
        assert west == pytest.approx(10_000 - minutes * metres, abs=tip)
        assert (south, north) == pytest.approx((-WIDEST_M, WIDEST_M), abs=1)


def test_the_time_left_decides_how_far_from_the_road_a_home_may_be():
    network = network_of({0: (0, 0), 1: (20_000, 0)}, [([0, 1], COUNTRY)])
    shape = square_of(isochrones(network, points_on(network, (0, 0)), (5,)), "P0", 5)
    metres_per_ms = network.road_length_m[0] / network.road_ms_forward[0]
    for width in WIDTHS_M[:-1]:
        full = 5 * 60_000 - width / network.access_kmh * 3600
        at = full * metres_per_ms
        assert shape.distance(shapely.Point(at - 30, width - 2)) == 0
        assert not shape.contains(shapely.Point(at + width + CLOSING_M, width))


def test_a_ring_road_leaves_a_hole_and_a_small_ring_none():
    def ring(radius):
        turn = np.linspace(0, 2 * np.pi, 73)[:-1]
        points = {i: (radius * np.cos(a), radius * np.sin(a)) for i, a in enumerate(turn)}
        network = network_of(points, [([*range(72), 0], COUNTRY)])
        return square_of(isochrones(network, points_on(network, (radius, 0)), (30,)), "P0", 30)

    big, small, filled = ring(1500.0), ring(WIDEST_M + 300), ring(WIDEST_M + CLOSING_M - 20)
    assert len(big.geoms) == 1 and len(big.geoms[0].interiors) == 1
    hole = shapely.Polygon(big.geoms[0].interiors[0])
    assert hole.area == pytest.approx(np.pi * (1500 - WIDEST_M) ** 2, rel=0.02)
    assert len(small.geoms[0].interiors) == int(np.pi * 300**2 >= HOLE_M2)
    assert len(filled.geoms[0].interiors) == 0


def test_gaps_are_closed_only_where_they_are_narrow():
    def across(gap):
        points = {0: (0, 0), 1: (6000, 0), 2: (0, gap), 3: (6000, gap), 4: (-200, gap / 2)}
        network = network_of(points, [([0, 1], COUNTRY), ([2, 3], COUNTRY), ([0, 4, 2], COUNTRY)])
        return square_of(isochrones(network, points_on(network, (0, 0)), (15,)), "P0", 15)

    narrow, wide = 2 * (WIDEST_M + CLOSING_M) - 20, 2 * (WIDEST_M + CLOSING_M) + 20
    assert across(narrow).contains(shapely.Point(3000, narrow / 2))
    assert not across(wide).contains(shapely.Point(3000, wide / 2))


def test_nobody_lives_on_motorways_and_cut_off_roads():
    points = {0: (0, 0), 1: (8000, 0), 2: (9000, 0), 3: (-1000, 0), 4: (4000, 900), 5: (5000, 900)}
    ways = [([3, 0], COUNTRY), ([0, 1], road("motorway", joinable=False)), ([1, 2], COUNTRY), ([4, 5], COUNTRY)]
    network = network_of(points, ways)
    shape = square_of(isochrones(network, points_on(network, (-500, 0)), (20,)), "P0", 20)
    assert len(shape.geoms) == 2
    assert shape.contains(shapely.Point(8500, 0)) and not shape.intersects(shapely.box(1000, -500, 7000, 2000))


def test_the_nearest_of_all_is_what_any_of_them_reaches():
    network = network_of(VILLAGE, LANES)
    frame = isochrones(network, points_on(network, (-1000, 120), (5000, 250)), (2, 4))
    for minutes in (2, 4):
        both = shapely.union(square_of(frame, "P0", minutes), square_of(frame, "P1", minutes))
        together = square_of(frame, ANY, minutes)
        assert shapely.difference(both, together.buffer(ROUNDED_M)).area < 1
        assert shapely.difference(together, both.buffer(CLOSING_M + ROUNDED_M)).area < HOLE_M2


def test_a_site_without_a_road_reaches_nothing():
    network = network_of(VILLAGE, LANES)
    sites = points_on(network, (0, 50_000), (5000, 250), limit_m=1000)
    frame = isochrones(network, sites, (2, 4))
    assert frame["site_code"].tolist() == ["P0", "P0", "P1", "P1", ANY, ANY]
    assert frame["km2"].tolist()[:2] == [0, 0]
    assert frame.geometry.iloc[0].is_empty
    assert frame.geometry.iloc[2].equals(frame.geometry.iloc[4])
    none = isochrones(network, points_on(network), (2,))
    assert none["site_code"].tolist() == [ANY] and none["km2"].tolist() == [0]


def test_the_same_input_gives_the_same_polygons_and_limits_need_no_order():
    network = network_of(VILLAGE, LANES)
    sites = points_on(network, (-1000, 120), (5000, 250))
    one, other = isochrones(network, sites, (2, 4)), isochrones(network, sites, (4, 2, 4))
    assert shapely.to_wkb(one.geometry.to_numpy()).tolist() == shapely.to_wkb(other.geometry.to_numpy()).tolist()


@pytest.mark.parametrize("minutes", [(), (0,), (-5, 10), (float("nan"),), (float("inf"),)])
def test_limits_that_are_none_are_refused(minutes):
    network = network_of(VILLAGE, LANES)
    with pytest.raises(ValueError, match="above 0"):
        isochrones(network, points_on(network, (0, 0)), minutes)


# --------------------------------------------------------------------------------------------------------- any network

SIDE_M = 1600.0
"""Wide enough that every block of roads leaves a hole that is kept."""


@st.composite
def grids(draw):
    """Some of the streets of a grid of 4 x 3, some of them one-way, and two places on it."""
    at = {i * 3 + j: (i * SIDE_M, j * SIDE_M) for i in range(4) for j in range(3)}
    streets = [(a, b) for a in at for b in (a + 3, a + 1) if b in at and (b != a + 1 or a % 3 < 2)]
    chosen = draw(st.lists(st.sampled_from(streets), min_size=3, unique=True))
    kinds = ["secondary", "residential", "unclassified"]
    ways = [
        (
            list(pair),
            road(
                draw(st.sampled_from(kinds)),
                built_up=0,
                forward=draw(st.booleans()) or True,
                backward=draw(st.booleans()),
            ),
        )
        for pair in chosen
    ]
    spot = st.tuples(st.floats(0, 3 * SIDE_M), st.floats(0, 2 * SIDE_M))
    return at, ways, draw(st.lists(spot, min_size=1, max_size=2))


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(grids(), st.booleans())
def test_any_grid_agrees_with_its_times(grid, towards):
    at, ways, spots = grid
    network = network_of(at, ways)
    sites = points_on(network, *spots)
    frame = isochrones(network, sites, (1, 2, 4, 7), towards=towards)
    demand_nested_and_valid(frame)
    demand_agreement(network, sites, frame, towards=towards, step_m=20.0)


# ----------------------------------------------------------------------------------------------------------- the table


def times_of(area_to_site) -> TravelTimes:
    matrix = np.asarray(area_to_site, dtype=float)
    areas, sites = matrix.shape
    return TravelTimes(
        tuple(f"A{i}" for i in range(areas)),
        tuple(f"S{i}" for i in range(sites)),
        matrix,
        np.zeros((sites, sites)),
        np.zeros(areas),
        np.zeros(sites),
        TravelMethod("roads", ""),
    )


def test_areas_inside_are_told_by_their_own_time():
    table = areas_inside(times_of([[4.0, 12.0], [10.0, np.inf], [np.inf, 10.001]]), (10, 5))
    rows = [tuple(row) for row in table.itertuples(index=False)]
    assert list(table.columns) == ["area_code", "site_code", "nearest_of_all", "minutes_limit", "minutes"]
    assert rows == [
        ("A0", "S0", False, 5, 4.0), ("A0", ANY, True, 5, 4.0),
        ("A0", "S0", False, 10, 4.0), ("A1", "S0", False, 10, 10.0), ("A0", ANY, True, 10, 4.0),
        ("A1", ANY, True, 10, 10.0),
    ]  # fmt: skip
    assert len(areas_inside(times_of(np.zeros((0, 2))))) == 0
    assert len(areas_inside(times_of(np.zeros((2, 0))))) == 0


# ------------------------------------------------------------------------------------------------------- a real island


@pytest.mark.real
def test_the_isle_of_wight(shared_data):
    network = read_roads(shared_data / "isle-of-wight" / "osm_roads_2023.gpkg", bridge_gaps_m=40)
    areas = gpd.read_file(shared_data / "isle-of-wight" / "lsoa11.gpkg").to_crs(27700).geometry
    x, y = (get(areas.representative_point().to_numpy()) for get in (shapely.get_x, shapely.get_y))
    homes = RoadPoints(tuple(str(i) for i in range(len(x))), x, y, snap(network, x, y))
    sites = points_on(network, (450_000, 89_000), (459_300, 92_500), (434_000, 87_000))
    limits = (10, 20, 30)
    frame = isochrones(network, sites, limits)
    demand_nested_and_valid(frame)
    ms = milliseconds_between(network, homes.snapped, sites.snapped) + sites.access_ms(network)
    ms = np.column_stack((ms, ms.min(axis=1)))
    minutes = (ms + homes.access_ms(network)[:, None]) / 60_000
    points, away_m = shapely.points(x, y), homes.snapped.distance_m
    told: list[pd.DataFrame] = []
    for number, code in enumerate([*sites.codes, ANY]):
        for limit in limits:
            shape = square_of(frame, code, limit)
            metres = shapely.distance(shape, points)
            left_m = np.maximum(limit * 60_000 - ms[:, number], 0) * network.access_kmh / 3600
            strip = np.max([np.where(left_m >= width, width, 0) for width in WIDTHS_M], axis=0)
            inside = minutes[:, number] <= limit
            assert (metres[inside] <= np.maximum(away_m - strip, 0)[inside] + ROUND_END_M).all()
            told.append(pd.DataFrame({"left": limit - minutes[:, number], "in": metres == 0, "away": away_m}))
    every = pd.concat(told)
    by_road = every[every["away"] <= WIDEST_M]
    assert by_road.loc[by_road["left"] > 0.5, "in"].mean() > 0.99
    assert every.loc[every["left"] < -1, "in"].mean() < 0.02
    assert len(every[every["left"] > 0.5]) > 300 and len(every[every["left"] < -1]) > 150


def test_what_lies_in_a_small_hole_becomes_part_of_what_surrounds_it():
    small, large = shapely.box(100, 100, 300, 300), shapely.box(1000, 1000, 1900, 1900)
    around = shapely.box(0, 0, 2000, 2000) - small - large
    islands = [shapely.box(150, 150, 200, 200), shapely.box(1100, 1100, 1300, 1300), shapely.box(5000, 0, 5100, 90)]
    whole = drawn._without_small_holes(shapely.MultiPolygon([around, *islands]))
    assert whole.is_valid
    assert whole.geom_type == "MultiPolygon"
    assert sorted(part.area for part in whole.geoms) == [9000.0, 40_000.0, 2000.0**2 - 900.0**2]
    assert whole.area == pytest.approx(shapely.union_all(list(whole.geoms)).area), "nothing is counted twice"
