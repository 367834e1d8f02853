"""Speeds follow limits, classes, surroundings and profiles."""

from __future__ import annotations

import numpy as np
import pytest

from geodata.errors import InputProblems
from geodata.osm.tags import CLASS_INDEX, KMH_PER_MPH
from geodata.osm.values import NAMED_LIMITS_MPH, parse_limit
from geodata.speeds import DRIVEN_CLASSES, load_speeds


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


def test_every_section_says_where_its_numbers_come_from():
    table = load_speeds().table
    for name, part in table.items():
        for section in part.values() if name == "profile" else [part]:
            if isinstance(section, dict):
                assert len(section["source"]) > 20, name
                assert section["source"].endswith("."), name
                assert isinstance(section.get("assumption", False), bool)
    assert {name for name, row in table["class"].items() if isinstance(row, dict)} == set(DRIVEN_CLASSES)


def test_sources_tell_of_the_chosen_profile_only():
    sources = dict(load_speeds("winter").sources())
    assert {"limits", "limit_factor", "class", "walk", "profile.winter"} <= set(sources)
    assert not {"profile.peak", "profile.free-flow"} & set(sources)
    assert "Federal Highway" in sources["profile.winter"]
    assert sources["access"].endswith("(Our assumption.)")
    assert not sources["walk"].endswith("(Our assumption.)"), "the sentence says itself which part is ours"


def test_limits_by_name_are_those_that_the_reader_uses():
    limits = load_speeds().table["limits"]
    assert {name: float(limits[meaning]) for name, meaning in limits["names"].items()} == NAMED_LIMITS_MPH
    assert (limits["built_up"], limits["single"], limits["dual"], limits["motorway"]) == (30, 60, 70, 70)


def test_limits_themselves_hold_whatever_a_road_is_called():
    assert parse_limit("GB:zone:20") == pytest.approx(load_speeds().table["limits"]["zone_20"] * KMH_PER_MPH)


def test_waits_walks_and_parking_have_plain_numbers():
    speeds = load_speeds()
    assert (speeds.ferry_wait_factor("on"), speeds.ferry_wait_factor("queue")) == (1.0, 3.0)
    with pytest.raises(ValueError, match="off"):
        speeds.ferry_wait_factor("off")
    assert (speeds.walk_kmh, speeds.walk_steps_kmh, speeds.parking_seconds) == (4.8, 2.4, 0.0)
    assert (speeds.title, load_speeds("peak").title) == ("free flow", "weekday morning peak")


def test_an_unknown_profile_names_the_known_ones():
    with pytest.raises(InputProblems, match="free-flow, peak, winter"):
        load_speeds("storm")
    with pytest.raises(InputProblems, match="Did you mean winter"):
        load_speeds("wintr")


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
