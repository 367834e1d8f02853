"""What tags say of who may use a road, in which direction, under which name and for which duration."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geodata.osm.tags import (
    CLASS_INDEX,
    NODE_BLOCKED,
    NODE_GATE,
    NODE_PLAIN,
    ROAD_CLASSES,
    WAY_TAGS,
    directions,
    drivable_way,
    node_kind,
    parse_duration,
    road_name,
    walkable_way,
)

STREET = {"highway": "residential"}


class Asked(dict):
    """Tags that remember which of them were asked for."""

    def __init__(self, *args: object) -> None:
        super().__init__(*args)
        self.keys_asked: set[str] = set()

    def get(self, key, default=None):
        self.keys_asked.add(key)
        return super().get(key, default)

    def __getitem__(self, key):
        self.keys_asked.add(key)
        return super().__getitem__(key)

    def __contains__(self, key):
        self.keys_asked.add(key)
        return super().__contains__(key)


# ---------------------------------------------------------------------- directions


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"oneway": "yes", "oneway:bicycle": "no"}, (True, False)),
        ({"oneway": "no", "oneway:bicycle": "yes"}, (True, True)),
        ({"oneway:bus": "yes"}, (True, True)),
        ({"oneway": "yes", "oneway:psv": "no"}, (True, False)),
        ({"oneway": "yes", "oneway:vehicle": "no"}, (True, True)),
        ({"oneway:vehicle": "yes", "oneway:motorcar": "-1"}, (False, True)),
        ({"oneway:conditional": "yes @ (07:00-09:00)"}, (True, True)),
        ({"oneway": " Yes "}, (True, False)),
        ({"oneway": "True"}, (True, False)),
        ({"oneway": "False"}, (True, True)),
        ({"junction": "jughandle"}, (True, False)),
        ({"junction": "yes"}, (True, True)),
        ({"highway": "motorway_link"}, (True, True)),
        ({"highway": "motorway", "oneway": "reversible"}, (True, True)),
        ({"highway": "motorway", "oneway": "unknown"}, (True, False)),
        ({"highway": "trunk", "motorroad": "yes"}, (True, True)),
    ],
)
def test_one_way_in_other_spellings(tags, expected):
    assert directions(STREET | tags) == expected


@pytest.mark.parametrize(
    ("tags", "expected"),
    [
        ({"vehicle:forward": "no"}, (False, True)),
        ({"motor_vehicle:backward": "no"}, (True, False)),
        ({"access:backward": "private"}, (True, False)),
        ({"access": "no", "motor_vehicle:forward": "yes"}, (True, False)),
        ({"vehicle:backward": "no", "motorcar": "yes"}, (True, True)),
        ({"motor_vehicle": "no", "motor_vehicle:backward": "destination"}, (False, True)),
        ({"oneway": "-1", "vehicle:forward": "no"}, (False, True)),
        ({"motor_vehicle:forward": "bus"}, (False, True)),
        ({"bicycle:backward": "no"}, (True, True)),
    ],
)
def test_a_way_closed_in_one_direction(tags, expected):
    way = drivable_way(STREET | tags)
    assert (way.forward, way.backward) == expected


def test_a_way_that_every_tag_closes_in_one_direction_or_the_other_is_no_road():
    assert drivable_way(STREET | {"oneway": "yes", "vehicle:forward": "no"}) is None
    assert drivable_way(STREET | {"vehicle:forward": "no", "vehicle:backward": "no"}) is None


# ---------------------------------------------------------------------- who may use it


@pytest.mark.parametrize(
    ("tags", "open_to_cars"),
    [
        ({"access": "yes;destination"}, True),
        ({"motor_vehicle": "no;destination"}, True),
        ({"motor_vehicle": "private;permit"}, False),
        ({"motor_vehicle": "agricultural;forestry"}, False),
        ({"access": "private; destination"}, True),
        ({"access": "unknown"}, True),
        ({"motorcar": "unknown", "access": "private"}, False),
        ({"access": "no", "motor_vehicle": "yes"}, True),
        ({"access": "yes", "motorcar": "private"}, False),
        ({"motor_vehicle": "yes", "vehicle": "no", "access": "no"}, True),
        ({"access": "no", "bus": "yes", "bicycle": "yes"}, False),
        ({"motor_vehicle": "psv"}, False),
        ({"motor_vehicle": "bus;taxi"}, False),
        ({"motor_vehicle": "delivery"}, False),
        ({"access": "residents"}, False),
        ({"access": "permissive"}, True),
        ({"access": "customers"}, True),
        ({"motor_vehicle:conditional": "no @ (08:00-18:00)"}, True),
        ({"access": "no", "access:conditional": "yes @ (18:00-08:00)"}, False),
        ({"access": "Private"}, False),
        ({"bicycle": "no", "hgv": "no", "foot": "no"}, True),
        ({"area": "yes"}, False),
        ({"smoothness": "impassable"}, False),
    ],
)
def test_permissions(tags, open_to_cars):
    assert (drivable_way(STREET | tags) is not None) == open_to_cars


@pytest.mark.parametrize(
    "kind",
    ["construction", "proposed", "abandoned", "escape", "raceway", "busway", "bus_guideway", "pedestrian", "path"],
)
def test_kinds_that_are_no_roads_for_cars(kind):
    assert drivable_way({"highway": kind}) is None
    assert drivable_way({"highway": kind, "motor_vehicle": "yes"}) is None


@pytest.mark.parametrize(
    ("tags", "kept"),
    [
        ({}, True),
        ({"service": "alley"}, True),
        ({"access": "customers"}, True),
        ({"access": "permissive"}, True),
        ({"access": "destination"}, True),
        ({"access": "private"}, False),
        ({"access": "private", "motor_vehicle": "permissive"}, True),
        ({"service": "driveway"}, False),
        ({"service": "driveway", "access": "private"}, False),
        ({"service": "driveway", "access": "customers"}, True),
        ({"service": "driveway", "motor_vehicle": "destination"}, True),
        ({"service": "parking_aisle", "access": "customers"}, False),
        ({"service": "drive-through", "access": "yes"}, False),
        ({"service": "emergency_access"}, False),
    ],
)
def test_service_roads_that_lead_to_a_site_are_kept(tags, kept):
    assert (drivable_way({"highway": "service"} | tags) is not None) == kept


@pytest.mark.parametrize(
    ("tags", "kind"),
    [
        ({"barrier": "gate", "locked": "yes"}, NODE_BLOCKED),
        ({"barrier": "gate", "locked": "yes", "motor_vehicle": "yes"}, NODE_GATE),
        ({"barrier": "gate", "locked": "no"}, NODE_GATE),
        ({"barrier": "bollard", "access": "no", "motor_vehicle": "permissive"}, NODE_PLAIN),
        ({"barrier": "bollard", "bicycle": "yes", "foot": "yes"}, NODE_BLOCKED),
        ({"barrier": "toll_booth"}, NODE_GATE),
        ({"barrier": "bus_trap"}, NODE_BLOCKED),
        ({"barrier": "lift_gate", "motor_vehicle": "private"}, NODE_BLOCKED),
        ({"barrier": "height_restrictor"}, NODE_PLAIN),
        ({"barrier": "no", "access": "no"}, NODE_PLAIN),
    ],
)
def test_barriers(tags, kind):
    assert node_kind(tags) == kind


# ---------------------------------------------------------------------- names and tolls


@pytest.mark.parametrize(
    ("tags", "name"),
    [
        ({"ref": "B3157", "name": "Coast Road"}, "B3157 Coast Road"),
        ({"ref": "A303"}, "A303"),
        ({"name": "  High   Street "}, "High Street"),
        ({"ref": "A3055;A3056", "name": "The Mall"}, "A3055/A3056 The Mall"),
        ({"ref": "M5", "name": "M5"}, "M5"),
        ({"ref": "A1", "name": "A1 Great North Road"}, "A1 Great North Road"),
        ({"ref": ";", "name": ""}, ""),
        ({}, ""),
    ],
)
def test_names(tags, name):
    assert road_name(tags) == name


@pytest.mark.parametrize(
    ("tags", "toll"),
    [
        ({"toll": "yes"}, True),
        ({"toll": "no"}, False),
        ({"toll:motorcar": "no", "toll": "yes"}, False),
        ({"toll:motorcar": "yes"}, True),
        ({"toll:hgv": "yes"}, False),
        ({}, False),
    ],
)
def test_tolls(tags, toll):
    assert drivable_way(STREET | tags).toll is toll
    assert drivable_way({"route": "ferry", "motor_vehicle": "yes"} | tags).toll is toll


# ---------------------------------------------------------------------- ferries


@pytest.mark.parametrize(
    ("text", "minutes"),
    [
        ("10-20", 20), ("10\N{EN DASH}20 minutes", 20), ("00:10-00:20", 20), ("00:10;00:25", 25), ("10 to 20 min", 20),
        ("hourly", 60), ("half-hourly", 30), ("Hourly", 60), ("1h", 60), ("1 hour", 60), ("2 hours", 120),
        ("1h30", 90), ("1 h 30 min", 90), ("1 hour and 5 minutes", 65), ("1.5 h", 90), ("0:20 h", 20), ("~20", 20),
        ("PT1H", 60), ("PT90S", 1.5), ("P1DT2H", 1560), ("20 mins", 20), ("7.5", 7.5),
    ],
)  # fmt: skip
def test_durations_in_other_spellings(text, minutes):
    assert parse_duration(text) == pytest.approx(60 * minutes)


@pytest.mark.parametrize("text", ["00:00", "0", "10-", "-", "on demand", "daily", "P", "PT", "1:2:3:4", "h", "10-soon"])
def test_unclear_durations(text):
    assert parse_duration(text) is None


@given(st.text(alphabet="0123456789:-;PTHMS hmin.,~", max_size=12))
def test_any_text_of_a_duration_is_none_or_positive(text):
    seconds = parse_duration(text)
    assert seconds is None or seconds > 0


def test_a_ferry_waits_half_of_its_interval_by_either_key():
    ferry = {"route": "ferry", "motor_vehicle": "yes", "duration": "10-20"}
    way = drivable_way(ferry | {"interval": "00:30"})
    assert (way.seconds, way.wait_seconds) == (1200, 900)
    assert drivable_way(ferry | {"headway": "hourly"}).wait_seconds == 1800
    assert np.isnan(drivable_way(ferry).wait_seconds)
    assert np.isnan(drivable_way(ferry | {"interval": "on demand"}).wait_seconds)


@pytest.mark.parametrize(
    ("tags", "implied"),
    [
        ({"junction": "roundabout"}, True),
        ({"junction": "circular"}, True),
        ({"junction": "roundabout", "oneway": "yes"}, False),
        ({"junction": "roundabout", "oneway": "no"}, False),
        ({"oneway": "yes"}, False),
        ({"highway": "motorway"}, False),
        ({}, False),
    ],
)
def test_only_a_roundabout_that_says_nothing_of_its_direction_may_be_opened_if_it_is_broken(tags, implied):
    way = drivable_way({"highway": "primary"} | tags)
    assert way.implied_one_way is implied
    assert (way.forward, way.backward) == (True, not (implied or "yes" in tags.values() or "highway" in tags))
    assert not walkable_way(tags | {"highway": "footway"}).implied_one_way
    assert not drivable_way({"route": "ferry", "motor_vehicle": "yes", "oneway": "yes"}).implied_one_way


# ---------------------------------------------------------------------- what is looked at


WORDS = ["yes", "no", "private", "destination", "-1", "10", "20 mph", "GB:nsl_single", "ferry", "service", "driveway"]


@given(
    st.fixed_dictionaries(
        {"highway": st.sampled_from([*ROAD_CLASSES, "road", "construction"])},
        optional={key: st.sampled_from(WORDS) for key in WAY_TAGS if key != "highway"},
    )
)
def test_only_the_listed_tags_matter(tags):
    for read in (drivable_way, walkable_way):
        asked = Asked(tags)
        way = read(asked)
        assert asked.keys_asked <= set(WAY_TAGS)
        assert way is None or way.forward or way.backward
        assert way is None or 0 <= way.road_class < len(ROAD_CLASSES)


def test_classes_for_walkers_come_after_those_for_cars():
    assert list(CLASS_INDEX.values()) == list(range(len(ROAD_CLASSES)))
    assert ROAD_CLASSES[:2] == ("motorway", "motorway_link")
    assert ROAD_CLASSES[15:] == ("ferry", "pedestrian", "footway", "path", "bridleway", "cycleway", "steps")
    for name in ROAD_CLASSES[16:]:
        assert drivable_way({"highway": name, "motor_vehicle": "yes"}) is None
