"""Speeds follow limits, classes, surroundings and profiles."""

from __future__ import annotations

import numpy as np
import pytest

from geodata.errors import InputProblems
from geodata.osm import CLASS_INDEX, KMH_PER_MPH, ROAD_CLASSES
from geodata.speeds import DRIVEN_CLASSES, load_speeds, speeds_text


def kmh(name: str, limit_mph: float = np.nan, *, built_up=False, dual=False, roundabout=False, profile="free-flow"):
    one = np.array([CLASS_INDEX[name]])
    speed = load_speeds(profile).kmh(
        one,
        np.array([limit_mph * KMH_PER_MPH]),
        np.array([built_up]),
        dual=np.array([dual]),
        roundabout=np.array([roundabout]),
    )
    return float(speed[0])


def test_every_class_has_a_speed_and_towns_are_slower():
    for name in DRIVEN_CLASSES:
        assert 5 < kmh(name, built_up=True) <= kmh(name) <= kmh("motorway")


def test_main_roads_are_faster_than_lesser_ones():
    order = ["motorway", "trunk", "primary", "secondary", "tertiary", "unclassified", "service"]
    speeds = [kmh(name) for name in order]
    assert speeds == sorted(speeds, reverse=True)


def test_a_limit_is_never_exceeded_and_lowers_the_speed():
    for name in DRIVEN_CLASSES:
        for mph in (5, 10, 20, 30, 40, 50, 60, 70):
            assert kmh(name, mph) <= mph * KMH_PER_MPH + 1e-9
    assert kmh("primary", 20) < kmh("primary", 30) < kmh("primary", 40) < kmh("primary", 60)


def test_a_lane_signed_sixty_is_not_driven_at_sixty():
    assert kmh("unclassified", 60) == kmh("unclassified")


def test_dual_carriageways_are_faster_and_roundabouts_slower():
    assert kmh("trunk", 70, dual=True) > kmh("trunk", 70)
    assert kmh("primary", 60, roundabout=True) <= 20 * KMH_PER_MPH + 1e-9


def test_where_no_limit_is_known_the_form_of_the_road_decides():
    assert kmh("trunk", dual=True) > kmh("trunk")
    assert kmh("trunk", dual=True, built_up=True) > kmh("trunk", built_up=True)
    assert kmh("living_street", roundabout=True) == kmh("living_street"), "a roundabout makes nothing faster"


def test_a_known_limit_outranks_the_surroundings():
    assert kmh("tertiary", built_up=True) < kmh("tertiary", 40, built_up=True) == kmh("tertiary", 40)


@pytest.mark.parametrize(("built_up", "factor"), [(False, 0.85), (True, 0.65)])
def test_a_profile_knows_town_and_country(built_up: bool, factor: float):
    for limit in (np.nan, 40):
        free = kmh("primary", limit, built_up=built_up)
        assert kmh("primary", limit, built_up=built_up, profile="peak") == pytest.approx(free * factor)


def test_profiles_slow_down_and_leave_the_ferry_alone():
    for profile in ("peak", "winter"):
        assert kmh("primary", built_up=True, profile=profile) < kmh("primary", built_up=True)
        assert kmh("ferry", profile=profile) == kmh("ferry")
        assert load_speeds(profile).junction_seconds("signals") > load_speeds().junction_seconds("signals")
    assert kmh("trunk_link", profile="peak") / kmh("trunk_link") == pytest.approx(
        kmh("trunk", profile="peak") / kmh("trunk")
    )


def test_surroundings_follow_the_limit_then_the_tags_then_the_streets():
    speeds = load_speeds()
    x = np.array([0.0] * 6 + [20_000.0, 0.0, 0.0, 0.0])
    length = np.full(10, 300.0)
    road_class = np.array([CLASS_INDEX["residential"]] * 5 + [CLASS_INDEX["primary"]] * 5)
    limit = np.array([np.nan] * 7 + [50 * KMH_PER_MPH, 30 * KMH_PER_MPH, np.nan])
    tagged = np.array([1] * 5 + [-1, -1, 1, -1, 0])
    built_up = speeds.built_up(x, np.zeros(10), length, road_class, limit, tagged)
    assert built_up.tolist() == [True] * 6 + [False, False, True, False]


def test_every_number_has_a_source():
    text = speeds_text()
    assert text.count("Source:") + text.count("our assumption") + text.count("Our assumption") >= 8
    assert set(load_speeds().table["class"]) == set(ROAD_CLASSES) - {"ferry"}


def test_a_table_of_ones_own(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(speeds_text().replace("kmh = 15.0", "kmh = 5.0"), encoding="utf-8")
    assert load_speeds(path=path).access_kmh == 5.0
    path.write_text("kmh = = 5", encoding="utf-8")
    with pytest.raises(InputProblems, match="cannot be read"):
        load_speeds(path=path)


def test_an_unknown_profile_names_the_known_ones():
    with pytest.raises(InputProblems, match="free-flow, peak, winter"):
        load_speeds("storm")


def surroundings(x: list[float], y: list[float], length: list[float], names: list[str]) -> list[bool]:
    """Whether stretches without limit and tags lie among houses."""
    count = len(x)
    classes = np.array([CLASS_INDEX[name] for name in names])
    none = np.full(count, np.nan)
    found = load_speeds().built_up(np.array(x), np.array(y), np.array(length), classes, none, np.full(count, -1))
    return found.tolist()


def test_streets_in_the_cells_all_round_count_and_other_roads_do_not():
    rule = load_speeds().table["built_up"]
    cell, enough = float(rule["cell_m"]), float(rule["street_m"])
    middle = 100.5 * cell
    for dx in (-1, 0, 1):
        for dy in (-1, 0, 1):
            at = [middle, middle + dx * cell], [middle, middle + dy * cell]
            assert surroundings(*at, [10.0, enough], ["primary", "residential"])[0], (dx, dy)
            assert not surroundings(*at, [10.0, enough], ["primary", "secondary"])[0]
            assert not surroundings(*at, [10.0, enough - 1], ["primary", "residential"])[0]
    for dx, dy in ((2, 0), (0, 2), (-2, 0), (0, -2)):
        at = [middle, middle + dx * cell], [middle, middle + dy * cell]
        assert not surroundings(*at, [10.0, enough], ["primary", "residential"])[0], (dx, dy)


def test_a_limit_of_built_up_roads_is_that_of_the_highway_code():
    speeds = load_speeds()
    limit = float(speeds.table["built_up"]["limit_mph"]) * KMH_PER_MPH
    one = np.array([0.0])
    for kmh_limit, built_up in ((limit, True), (limit + 0.1, False)):
        found = speeds.built_up(one, one, one, np.array([CLASS_INDEX["primary"]]), np.array([kmh_limit]), np.array([0]))
        assert found.tolist() == [built_up]


def test_junctions_cost_more_in_the_peak():
    assert load_speeds("peak").junction_seconds("gate") == 1.5 * load_speeds().junction_seconds("gate")
