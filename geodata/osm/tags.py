"""What the tags of one OpenStreetMap way or node mean for a car, and for somebody on foot.

Who may use a way is in `osmaccess`, how the text of a tag is read in `osmvalues`, turns are in `osmturns`.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from geodata.osm.access import (
    CAR,
    CLOSED,
    OPEN,
    WALKER,
    directions,
    implies_one_way,
    one_way_tag,
    passable,
    permission,
)
from geodata.osm.values import KMH_PER_MPH, NO, REVERSED, YES, parse_duration, parse_limit

__all__ = [
    "CLASS_INDEX",
    "KMH_PER_MPH",
    "LIMIT_SOURCES",
    "NO",
    "NODE_BLOCKED",
    "NODE_GATE",
    "NODE_MINI_ROUNDABOUT",
    "NODE_PLAIN",
    "NODE_SIGNALS",
    "NODE_SIGNALS_AHEAD",
    "NODE_SIGNALS_BACK",
    "READ_WAY",
    "REVERSED",
    "ROAD_CLASSES",
    "WAY_TAGS",
    "YES",
    "Mode",
    "Way",
    "WayReading",
    "directions",
    "drivable_way",
    "implies_one_way",
    "node_kind",
    "parse_duration",
    "parse_limit",
    "road_name",
    "walkable_way",
]

Mode = Literal["drive", "walk"]

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
    "pedestrian",
    "footway",
    "path",
    "bridleway",
    "cycleway",
    "steps",
)
"""Classes of roads, those for cars first, in order of importance; arrays hold the position in this tuple. What comes
after the ferry is for walkers only."""

CLASS_INDEX = {name: index for index, name in enumerate(ROAD_CLASSES)}
FERRY_INDEX = CLASS_INDEX["ferry"]
ALIASES = {"road": "unclassified", "minor": "unclassified", "unsurfaced": "track"}
FOOT_ALIASES = {**ALIASES, "corridor": "footway", "platform": "footway"}

LIMIT_SOURCES = ("none", "maxspeed", "named limit")
"""Where a legal limit came from: nowhere, a number in `maxspeed`, or a name such as `GB:nsl_single`."""

# Service roads. Plain ones, alleys and the like reach surgeries, hospitals, farms and shops and are kept, whether they
# are open to all, to customers or to those who have business there. Parking aisles, driveways and private roads are
# dropped, and the leg from a site to its nearest road, at the pace of a driveway, stands for them. Measured on Rutland
# (2018): half of their ends lie within 31 m (driveways), 24 m (aisles) and 75 m (private roads) of a kept road, nine
# tenths within 168, 39 and 292 m; going along them is at most 86 m longer than the leg for nine tenths, which is about
# 20 seconds. Kept, a quarter of them would be short cuts, as they meet public roads at more than one place; nothing
# tells the private road of a hospital, which a patient may use, from that of a factory. A driveway that a tag opens to
# the public (`access = customers`) is a way in to a surgery or a hospital, and kept.
DROPPED_SERVICE = {"parking_aisle", "driveway", "drive-through", "emergency_access", "slipway"}
KEPT_IF_OPEN = "driveway"

# Barriers a car cannot pass unless a tag says it may. Gates and cattle grids are passed unless closed to cars.
BLOCKING_BARRIERS = {
    "bollard", "block", "jersey_barrier", "log", "chain", "rope", "cycle_barrier", "motorcycle_barrier",
    "kissing_gate", "hampshire_gate", "stile", "turnstile", "full-height_turnstile", "fence", "wall", "hedge",
    "bus_trap", "bus_gate", "sump_buster", "horse_stile", "planter", "debris", "barrier_board", "bar", "bollards",
    "rising_bollard",
}  # fmt: skip
GATES = {"gate", "lift_gate", "swing_gate", "sliding_gate", "toll_booth"}
BLOCKING_WALKERS = {"fence", "wall", "hedge", "city_wall", "retaining_wall", "ditch"}
"""Barriers nobody on foot passes unless a tag says so; gates, stiles, bollards and chains stop no walker."""

NODE_PLAIN, NODE_SIGNALS, NODE_MINI_ROUNDABOUT, NODE_GATE, NODE_BLOCKED, NODE_SIGNALS_AHEAD, NODE_SIGNALS_BACK = range(
    7
)
"""Signals at a stop line hold those who come along the way (`AHEAD`) or against it (`BACK`), not both: else a junction
with a stop line on each arm would be waited for twice."""

LIMIT_NAMES = ("maxspeed:type", "source:maxspeed", "zone:maxspeed", "zone:traffic")
"""Tags that name a limit rather than state it, in the order they are asked."""

TOLL_KEYS = ("toll:motorcar", "toll:motor_vehicle", "toll")

WAY_TAGS = tuple(
    sorted(
        {
            *CAR.used_keys, *WALKER.used_keys, *LIMIT_NAMES, *TOLL_KEYS, "area", "bridge", "bus", "dual_carriageway",
            "duration", "ferry", "highway", "interval", "headway", "junction", "lit", "maxspeed", "maxspeed:backward",
            "maxspeed:forward", "motorroad", "psv", "route", "service", "sidewalk", "smoothness", "tunnel",
        }
    )
)  # fmt: skip
"""Every tag that a reading of a way looks at; the others need not be kept."""


@dataclass(frozen=True)
class Way:
    """A way that a car, or a walker, may use.

    Parameters
    ----------
    road_class
        Position in `ROAD_CLASSES`.
    forward, backward
        Whether it may be used in the order of its points, and against it.
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
    toll
        Whether a car pays for the way.
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
    toll: bool = False


WayReading = Callable[[Mapping[str, str]], Way | None]
"""What a way is to a traveller; None when it is closed to them."""


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
    forward, backward = passable(tags, CAR, directions(tags))
    if not (forward or backward):
        return None
    if road_class == FERRY_INDEX:
        return _ferry(tags, forward, backward)
    tunnel, bridge = _is_set(tags, "tunnel"), _is_set(tags, "bridge")
    name = ROAD_CLASSES[road_class]
    roundabout = tags.get("junction", "") in {"roundabout", "circular"}
    fast = name in {"motorway", "motorway_link"}
    way = Way(
        road_class,
        forward,
        backward,
        built_up=_built_up(tags, name),
        roundabout=roundabout,
        dual=_is_dual(tags, name, forward and backward, roundabout),
        implied_one_way=roundabout and not (forward and backward) and not one_way_tag(tags),
        joinable=not (fast or tunnel),
        bridgeable=not (fast or tunnel or bridge),
        toll=_is_toll(tags),
    )
    return _with_limits(way, tags)


def walkable_way(tags: Mapping[str, str]) -> Way | None:
    """Read the tags of a way; None when nobody on foot may use it.

    Everything but motorways is open to walkers unless a tag closes it to them (`foot`, else `access`): roads with and
    without a pavement, service roads, tracks, paths, steps, bridleways and cycle tracks (by British custom), and
    ferries, which take walkers unless they say otherwise. What is closed to vehicles only is open. Walkers go both
    ways; only `oneway:foot` and the like bind them. Of a square drawn as an area the edge can be walked.

    Parameters
    ----------
    tags
        As for `drivable_way`.
    """
    if _is_bus_street(tags):
        tags = {key: value for key, value in tags.items() if key != "access"}
    road_class = _foot_class(tags)
    if road_class is None:
        return None
    value = one_way_tag(tags, WALKER)
    forward, backward = passable(tags, WALKER, (value not in REVERSED, value not in YES))
    if not (forward or backward):
        return None
    if road_class == FERRY_INDEX:
        return _ferry(tags, forward, backward)
    tunnel, bridge = _is_set(tags, "tunnel"), _is_set(tags, "bridge")
    return Way(road_class, forward, backward, joinable=not tunnel, bridgeable=not (tunnel or bridge))


READ_WAY: dict[Mode, WayReading] = {"drive": drivable_way, "walk": walkable_way}


def road_name(tags: Mapping[str, str]) -> str:
    """The number and name of a road, such as `B3157 Coast Road`; empty where it has neither.

    Of a road with several numbers (`A3055;A3056`) all are told: `A3055/A3056`.
    """
    ref, name = (" ".join(tags.get(key, "").split()) for key in ("ref", "name"))
    ref = "/".join(part.strip() for part in ref.split(";") if part.strip())
    if not ref or name == ref or name.startswith(f"{ref} "):
        return name
    return f"{ref} {name}".rstrip()


def node_kind(tags: Mapping[str, str], mode: Mode = "drive") -> int:
    """What a node does to a traveller who passes it: one of the `NODE_` constants.

    Walkers are stopped by walls and by what is locked or closed to them; nothing else is told of them, as their pace
    is one average over crossings and gates.
    """
    barrier = tags.get("barrier", "")
    who, blocking = (CAR, BLOCKING_BARRIERS) if mode == "drive" else (WALKER, BLOCKING_WALKERS)
    if barrier and barrier != "no":
        said = permission(tags, who)
        if said == CLOSED or (said != OPEN and (barrier in blocking or tags.get("locked") == "yes")):
            return NODE_BLOCKED
        if barrier in GATES and mode == "drive":
            return NODE_GATE
    if mode == "walk":
        return NODE_PLAIN
    highway = tags.get("highway", "")
    if highway == "traffic_signals":
        side = tags.get("traffic_signals:direction", "")
        return {"forward": NODE_SIGNALS_AHEAD, "backward": NODE_SIGNALS_BACK}.get(side, NODE_SIGNALS)
    return NODE_MINI_ROUNDABOUT if highway == "mini_roundabout" else NODE_PLAIN


# ---------------------------------------------------------------------------------------------- classes


def _road_class(tags: Mapping[str, str]) -> int | None:
    """Class of a road for cars. What is being built, planned, abandoned or for races or buses only has none."""
    if tags.get("area") == "yes" or tags.get("smoothness") == "impassable":
        return None
    said = permission(tags, CAR)
    if _is_ferry(tags):
        # Most ferries carry no cars; only one that says so is a road.
        own = permission(tags, CAR, keys=CAR.keys[:3])
        carries_cars = own == OPEN or (not own and ("ferry" in tags or _drawn_as_road(tags)))
        return FERRY_INDEX if carries_cars and said != CLOSED else None
    highway = tags.get("highway", "")
    highway = ALIASES.get(highway, highway)
    index = CLASS_INDEX.get(highway, FERRY_INDEX)
    if index >= FERRY_INDEX or (said == CLOSED and not _opens_one_side(tags)):
        return None
    if highway == "service":
        kind = tags.get("service", "")
        if kind in DROPPED_SERVICE and not (kind == KEPT_IF_OPEN and said == OPEN):
            return None
    return None if highway == "track" and said != OPEN else index


def _opens_one_side(tags: Mapping[str, str]) -> bool:
    """Whether a way closed to cars is opened to them in one direction (`vehicle = no`, `vehicle:forward = yes`)."""
    return any(permission(tags, CAR, side) == OPEN for side in ("forward", "backward"))


def _foot_class(tags: Mapping[str, str]) -> int | None:
    said = permission(tags, WALKER)
    if said == CLOSED:
        return None
    if _is_ferry(tags):
        return FERRY_INDEX
    highway = tags.get("highway", "")
    highway = FOOT_ALIASES.get(highway, highway)
    index = CLASS_INDEX.get(highway)
    if index is None or highway in {"motorway", "motorway_link", "ferry"}:
        return None
    if tags.get("motorroad") == "yes" and said != OPEN:
        return None  # a special road, such as the A55: closed to walkers by law
    return None if tags.get("area") == "yes" and index < FERRY_INDEX else index


def _is_ferry(tags: Mapping[str, str]) -> bool:
    return tags.get("route") == "ferry" or tags.get("highway") == "ferry"


def _drawn_as_road(tags: Mapping[str, str]) -> bool:
    return CLASS_INDEX.get(tags.get("highway", ""), FERRY_INDEX) < FERRY_INDEX


def _is_bus_street(tags: Mapping[str, str]) -> bool:
    """Whether `access = no` is said of cars, as on a high street that buses use; walkers go there."""
    return not tags.get("foot") and tags.get("access") == "no" and "yes" in {tags.get("bus"), tags.get("psv")}


def _is_set(tags: Mapping[str, str], key: str) -> bool:
    return tags.get(key, "no") not in {"no", ""}


def _is_toll(tags: Mapping[str, str]) -> bool:
    return next((tags[key] for key in TOLL_KEYS if tags.get(key)), "no").strip().lower() in YES


def _ferry(tags: Mapping[str, str], forward: bool, backward: bool) -> Way:
    interval = parse_duration(tags.get("interval") or tags.get("headway") or "")
    return Way(
        FERRY_INDEX,
        forward,
        backward,
        joinable=False,
        bridgeable=False,
        seconds=_or_nan(parse_duration(tags.get("duration", ""))),
        wait_seconds=_or_nan(interval, 0.5),
        toll=_is_toll(tags),
    )


# ------------------------------------------------------------------------------ surroundings, form and limits of roads


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
        for key in LIMIT_NAMES:
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


def _or_nan(value: float | None, factor: float = 1.0) -> float:
    return math.nan if value is None else value * factor
