"""What the tags of one OpenStreetMap way or node mean for a car."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace

KMH_PER_MPH = 1.609344

ROAD_CLASSES = (
    "motorway",
    "motorway_link",
    "trunk",
    "trunk_link",
    "primary",
    "primary_link",
    "secondary",
    "secondary_link",
    "tertiary",
    "tertiary_link",
    "unclassified",
    "residential",
    "living_street",
    "service",
    "track",
    "ferry",
)
"""Classes of roads in order of importance; arrays hold the position in this tuple."""

CLASS_INDEX = {name: index for index, name in enumerate(ROAD_CLASSES)}

LIMIT_SOURCES = ("none", "maxspeed", "named limit")
"""Where a legal limit came from: nowhere, a number in `maxspeed`, or a name such as `GB:nsl_single`."""

# A service road reaches surgeries, farms and shops and is kept; these kinds of it lead nowhere else.
DROPPED_SERVICE = {"parking_aisle", "driveway", "drive-through", "emergency_access", "slipway"}

CLOSED = {
    "no", "private", "agricultural", "forestry", "emergency", "military", "bus", "psv", "permit", "discouraged",
}  # fmt: skip
# From the most to the least specific: the first tag that is there decides.
ACCESS_KEYS = ("motorcar", "motor_vehicle", "vehicle", "access")
OPENED = {"yes", "designated", "permissive", "destination", "customers", "delivery", "public", "official"}

# Barriers a car cannot pass unless a tag says it may. Gates and cattle grids are passed unless closed to cars.
BLOCKING_BARRIERS = {
    "bollard", "block", "jersey_barrier", "log", "chain", "rope", "cycle_barrier", "motorcycle_barrier",
    "kissing_gate", "hampshire_gate", "stile", "turnstile", "full-height_turnstile", "fence", "wall", "hedge",
    "bus_trap", "sump_buster", "horse_stile", "planter", "debris", "barrier_board", "bar",
}  # fmt: skip
GATES = {"gate", "lift_gate", "swing_gate", "sliding_gate", "toll_booth"}

YES = {"yes", "true", "1", "t"}
REVERSED = {"-1", "reverse"}
NO = {"no", "false", "0"}

# Names of limits in mph. Highway Code, rule 124: built-up 30 (20 in Wales since 17 September 2023), single
# carriageway 60, dual carriageway and motorway 70.
NAMED_LIMITS_MPH = {
    "urban": 30.0,
    "nsl_restricted": 30.0,
    "restricted": 30.0,
    "rural": 60.0,
    "nsl_single": 60.0,
    "single": 60.0,
    "nsl_dual": 70.0,
    "dual": 70.0,
    "motorway": 70.0,
}
NATIONAL = {"national", "nsl"}
WALKING_KMH = 5.0

NODE_PLAIN, NODE_SIGNALS, NODE_MINI_ROUNDABOUT, NODE_GATE, NODE_BLOCKED = range(5)


@dataclass(frozen=True)
class Way:
    """A drivable way.

    Parameters
    ----------
    road_class
        Position in `ROAD_CLASSES`.
    forward, backward
        Whether a car may use it in the order of its points, and against it.
    limit_forward_kmh, limit_backward_kmh
        Legal limit, km/h; NaN where no tag tells.
    limit_source
        Position in `LIMIT_SOURCES`.
    built_up
        1 or 0 where a tag tells whether the way lies among houses, else -1.
    roundabout, dual
        Whether it is part of a roundabout; whether it is one half of a dual carriageway.
    implied_one_way
        Whether it is one-way only because it is part of a roundabout and no tag says otherwise.
    joinable
        Whether a house or a site can lie on it: not on a motorway, in a tunnel or on a ferry.
    bridgeable
        Whether a gap may be closed towards it: nor to a bridge.
    seconds
        Duration of a ferry crossing; NaN for roads.
    wait_seconds
        Wait for a ferry, half of the stated interval; NaN where no interval is stated.
    """

    road_class: int
    forward: bool = True
    backward: bool = True
    limit_forward_kmh: float = math.nan
    limit_backward_kmh: float = math.nan
    limit_source: int = 0
    built_up: int = -1
    roundabout: bool = False
    dual: bool = False
    implied_one_way: bool = False
    joinable: bool = True
    bridgeable: bool = True
    seconds: float = math.nan
    wait_seconds: float = math.nan


def drivable_way(tags: Mapping[str, str]) -> Way | None:
    """Read the tags of a way; None when a car may not use it.

    Parameters
    ----------
    tags
        The tags of the way. Values of other tools (`True`, lists already reduced to one value) are accepted.
    """
    road_class = _road_class(tags)
    if road_class is None:
        return None
    forward, backward = directions(tags)
    if not (forward or backward):
        return None
    tunnel = tags.get("tunnel", "no") not in {"no", ""}
    bridge = tags.get("bridge", "no") not in {"no", ""}
    name = ROAD_CLASSES[road_class]
    if name == "ferry":
        return Way(
            road_class,
            forward,
            backward,
            joinable=False,
            bridgeable=False,
            seconds=_or_nan(parse_duration(tags.get("duration", ""))),
            wait_seconds=_or_nan(parse_duration(tags.get("interval", "")), 0.5),
        )
    roundabout = tags.get("junction", "") in {"roundabout", "circular"}
    fast = name in {"motorway", "motorway_link"}
    way = Way(
        road_class,
        forward,
        backward,
        built_up=_built_up(tags, name),
        roundabout=roundabout,
        dual=_is_dual(tags, name, forward and backward, roundabout),
        implied_one_way=roundabout and not (forward and backward) and not _one_way_tag(tags),
        joinable=not (fast or tunnel),
        bridgeable=not (fast or tunnel or bridge),
    )
    return _with_limits(way, tags)


def _road_class(tags: Mapping[str, str]) -> int | None:
    if tags.get("area") == "yes":
        return None
    access = _access(tags)
    if tags.get("route") == "ferry" or tags.get("highway") == "ferry":
        # Most ferries carry no cars; only one that says so is a road.
        own = next((tags[key] for key in ACCESS_KEYS[:3] if key in tags), "")
        carries_cars = own in OPENED or (not own and "ferry" in tags)
        return CLASS_INDEX["ferry"] if carries_cars and access not in CLOSED else None
    highway = tags.get("highway", "")
    highway = {"road": "unclassified", "minor": "unclassified", "unsurfaced": "track"}.get(highway, highway)
    index = CLASS_INDEX.get(highway)
    if index is None or access in CLOSED:
        return None
    if highway == "service" and tags.get("service", "") in DROPPED_SERVICE:
        return None
    if highway == "track" and access not in OPENED:
        return None
    return index


def _access(tags: Mapping[str, str]) -> str:
    return next((tags[key] for key in ACCESS_KEYS if tags.get(key)), "")


def directions(tags: Mapping[str, str]) -> tuple[bool, bool]:
    """Say whether a car may go forward and backward along the way.

    `oneway:motorcar` and `oneway:motor_vehicle` outrank `oneway`. A motorway and a roundabout are one-way unless they
    say otherwise. `reversible` and `alternating` roads count as open both ways: at some hour they are.
    """
    value = _one_way_tag(tags)
    if value in YES:
        return True, False
    if value in REVERSED:
        return False, True
    implied = tags.get("highway") == "motorway" or tags.get("junction") in {"roundabout", "circular"}
    if implied and value not in NO:
        return True, False
    return True, True


def _one_way_tag(tags: Mapping[str, str]) -> str:
    keys = ("oneway:motorcar", "oneway:motor_vehicle", "oneway")
    return next((tags[key] for key in keys if tags.get(key)), "").strip().lower()


def _is_dual(tags: Mapping[str, str], name: str, both_ways: bool, roundabout: bool) -> bool:
    if tags.get("dual_carriageway") == "yes" or "dual" in tags.get("maxspeed:type", ""):
        return True
    if tags.get("dual_carriageway") == "no" or both_ways or roundabout:
        return False
    return name in {"trunk", "primary"}


def _built_up(tags: Mapping[str, str], name: str) -> int:
    if name in {"residential", "living_street"}:
        return 1
    if tags.get("lit") == "yes" or tags.get("sidewalk", "no") not in {"no", "none", "separate"}:
        return 1
    return -1


def _with_limits(way: Way, tags: Mapping[str, str]) -> Way:
    dual = way.dual or ROAD_CLASSES[way.road_class] == "motorway"
    both = parse_limit(tags.get("maxspeed", ""), dual=dual)
    source = 1 if tags.get("maxspeed", "")[:1].isdigit() else 2
    if both is None:
        source = 2
        for key in ("maxspeed:type", "source:maxspeed", "zone:maxspeed", "zone:traffic"):
            both = parse_limit(tags.get(key, ""), dual=dual, named_only=True)
            if both is not None:
                break
    forward = parse_limit(tags.get("maxspeed:forward", ""), dual=dual) or both
    backward = parse_limit(tags.get("maxspeed:backward", ""), dual=dual) or both
    if forward is None and backward is None:
        return way
    if both is None:
        source = 1
    return replace(way, limit_forward_kmh=_or_nan(forward), limit_backward_kmh=_or_nan(backward), limit_source=source)


def parse_limit(text: str, *, dual: bool = False, named_only: bool = False) -> float | None:
    """Turn the text of a speed limit into km/h; None where it tells no limit.

    Parameters
    ----------
    text
        Such as `30 mph`, `50` (km/h, as OpenStreetMap defines a number without unit), `GB:nsl_single`, `national`,
        `walk`, `20 mph;30 mph` (the lowest counts).
    dual
        Whether `national` means the limit of a dual carriageway (70 mph) rather than a single one (60 mph).
    named_only
        Take names and zones (`GB:20`, mph) only, as `source:maxspeed` and its like hold them.
    """
    values = [_one_limit(part, dual, named_only) for part in re.split(r"[;|]", text.strip().lower())]
    known = [value for value in values if value]
    return min(known) if known else None


def _one_limit(text: str, dual: bool, named_only: bool) -> float | None:
    text = text.strip()
    number = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(mph|km/h|kmh|kph|knots)?", text)
    if number and not named_only:
        factor = {"mph": KMH_PER_MPH, "knots": 1.852}.get(number[2] or "", 1.0)
        return float(number[1]) * factor
    if text in {"walk", "walking"}:
        return WALKING_KMH
    named = re.fullmatch(r"(?:(gb|uk)[a-z-]*[:_])?\s*(.+)", text)
    if not named:
        return None
    country, name = named[1], named[2].replace(":", "_").replace(" ", "_")
    zone = re.fullmatch(r"(?:zone_?)?(\d+)(?:_?mph)?", name)
    if country and zone:
        return float(zone[1]) * KMH_PER_MPH
    if name in NATIONAL:
        return (70.0 if dual else 60.0) * KMH_PER_MPH
    if not country and not name.startswith("nsl"):
        return None
    mph = NAMED_LIMITS_MPH.get(name)
    return mph * KMH_PER_MPH if mph else None


def parse_duration(text: str) -> float | None:
    """Seconds of a duration such as `00:20`, `1:05:00`, `20` (minutes), `20 minutes` or `PT20M`; None if unclear."""
    text = text.strip().upper()
    clock = re.fullmatch(r"(\d+):([0-5]?\d)(?::([0-5]?\d))?", text)
    if clock:
        return 3600.0 * int(clock[1]) + 60.0 * int(clock[2]) + float(clock[3] or 0)
    iso = re.fullmatch(r"PT(?=\d)(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?", text)
    if iso:
        return 3600.0 * int(iso[1] or 0) + 60.0 * int(iso[2] or 0) + float(iso[3] or 0)
    minutes = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(?:M|MIN|MINS|MINUTES)?", text)
    return 60.0 * float(minutes[1]) if minutes else None


def node_kind(tags: Mapping[str, str]) -> int:
    """What a node does to a car that passes it: one of the `NODE_` constants."""
    barrier = tags.get("barrier", "")
    if barrier:
        access = _access(tags)
        if access in CLOSED:
            return NODE_BLOCKED
        if barrier in BLOCKING_BARRIERS and access not in OPENED:
            return NODE_BLOCKED
        if barrier in GATES:
            return NODE_GATE
    highway = tags.get("highway", "")
    if highway == "traffic_signals":
        return NODE_SIGNALS
    return NODE_MINI_ROUNDABOUT if highway == "mini_roundabout" else NODE_PLAIN


def _or_nan(value: float | None, factor: float = 1.0) -> float:
    return math.nan if value is None else value * factor
