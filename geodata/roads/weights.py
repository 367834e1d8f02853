"""From what a road is to how long it takes: the one place where milliseconds are made, and made anew."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from geodata.osm.tags import ROAD_CLASSES
from geodata.roads.facts import GIVE_WAY, ROUNDABOUT, THROUGH, RoadFacts
from geodata.roads.network import NOT_ALLOWED, RoadNetwork
from geodata.speeds import FERRY, Speeds

FerryState = Literal["on", "queue", "off"]
"""`on`: half of the interval is waited; `queue`: one boat is missed as well; `off`: no ferry runs."""

Mode = Literal["drive", "walk"]
STEPS = ROAD_CLASSES.index("steps") if "steps" in ROAD_CLASSES else len(ROAD_CLASSES)


def road_milliseconds(
    road_class: NDArray[np.integer],
    length_m: NDArray[np.float64],
    facts: RoadFacts,
    speeds: Speeds,
    *,
    mode: Mode = "drive",
    speed_factor: float = 1.0,
    ferries: FerryState = "on",
    closed: NDArray[np.bool_] | None = None,
) -> NDArray[np.int64]:
    """Milliseconds of each road, forward and back.

    Parameters
    ----------
    road_class, length_m
        Position in `ROAD_CLASSES`, and metres; shape (R,).
    facts
        What else each road is.
    speeds
        The speed table with a profile.
    mode
        `drive`, or `walk`: at one pace, without delays at junctions.
    speed_factor
        Multiplies the speed on roads; delays at junctions and ferries keep theirs.
    ferries
        Whether they run, and how long the wait is.
    closed
        Roads that cannot be used, shape (R,).

    Returns
    -------
    At least 1; `NOT_ALLOWED` where a traveller may not go; int64, shape (2, R).

    Raises
    ------
    ValueError
        The factor is not a positive number.
    """
    if not (np.isfinite(speed_factor) and speed_factor > 0):
        raise ValueError("a speed factor is a number above 0")
    if mode == "walk":
        seconds = np.stack([_walked(road_class, length_m, speeds, speed_factor)] * 2)
    else:
        seconds = _driven(road_class, length_m, facts, speeds, speed_factor) + _delays(facts, speeds)
    ferry = road_class == FERRY
    seconds = np.where(ferry, _crossing(length_m, facts, speeds, ferries), seconds)
    usable = facts.allowed
    if ferries == "off":
        usable = usable & ~ferry
    if closed is not None:
        usable = usable & ~closed
    whole = np.maximum(np.rint(np.where(usable, seconds, 0.0) * 1000), 1).astype(np.int64)
    return np.where(usable, whole, NOT_ALLOWED)


def _walked(
    road_class: NDArray[np.integer], length_m: NDArray[np.float64], speeds: Speeds, factor: float
) -> NDArray[np.float64]:
    kmh = np.where(road_class == STEPS, speeds.walk_steps_kmh, speeds.walk_kmh)
    return length_m / (kmh * factor) * 3.6


def _driven(
    road_class: NDArray[np.integer], length_m: NDArray[np.float64], facts: RoadFacts, speeds: Speeds, factor: float
) -> NDArray[np.float64]:
    kmh = [
        speeds.kmh(road_class, limit, facts.built_up, dual=facts.dual, roundabout=facts.roundabout)
        for limit in facts.limit_kmh
    ]
    return length_m / (np.stack(kmh) * factor) * 3.6


def _delays(facts: RoadFacts, speeds: Speeds) -> NDArray[np.float64]:
    """Seconds lost at the end of each road and at what stands along it, shape (2, R)."""
    at_end = np.zeros(4)
    at_end[[GIVE_WAY, THROUGH, ROUNDABOUT]] = [
        speeds.junction_seconds(name) for name in ("give_way", "through", "roundabout")
    ]
    return (
        at_end[facts.junction]
        + facts.signals * speeds.junction_seconds("signals")
        + facts.mini_roundabouts * speeds.junction_seconds("roundabout")
        + facts.gates * speeds.junction_seconds("gate")
    )


def _crossing(
    length_m: NDArray[np.float64], facts: RoadFacts, speeds: Speeds, ferries: FerryState
) -> NDArray[np.float64]:
    crossing = np.where(np.isfinite(facts.crossing_s), facts.crossing_s, length_m / speeds.ferry_kmh * 3.6)
    usual = np.where(np.isfinite(facts.wait_s), facts.wait_s, speeds.ferry_wait_seconds * facts.ferry_share)
    return crossing + usual * (1.0 if ferries == "off" else speeds.ferry_wait_factor(ferries))


def reweigh(
    network: RoadNetwork,
    speeds: Speeds,
    *,
    speed_factor: float = 1.0,
    ferries: FerryState = "on",
    closed: NDArray[np.bool_] | None = None,
) -> RoadNetwork:
    """The same roads timed anew: nothing is read or built again, and points stay joined where they were.

    Nodes, roads and the main part stay as they are, so that two timings of one network can be compared place by
    place. What a closure cuts off cannot be reached then, and is told so by the times.

    Parameters
    ----------
    network
        The roads.
    speeds
        The speed table with a profile.
    speed_factor, ferries, closed
        As in `road_milliseconds`.
    """
    ahead, back = road_milliseconds(
        network.road_class,
        network.road_length_m,
        network.facts,
        speeds,
        mode=network.mode,
        speed_factor=speed_factor,
        ferries=ferries,
        closed=closed,
    )
    summary = network.summary | timing_summary(speeds, network.mode, speed_factor, ferries)
    if closed is not None and closed.any():
        summary["closed_roads"] = int(closed.sum())
        summary["closed"] = sorted({network.names[name] or "unnamed road" for name in network.facts.name[closed]})
    return replace(
        network,
        road_ms_forward=ahead,
        road_ms_backward=back,
        access_kmh=access_kmh(speeds, network.mode),
        journey_ms=journey_ms(speeds, network.mode),
        summary=summary,
    )


def access_kmh(speeds: Speeds, mode: Mode) -> float:
    """Speed between a point and the road it is joined to."""
    return speeds.walk_kmh if mode == "walk" else speeds.access_kmh


def journey_ms(speeds: Speeds, mode: Mode) -> int:
    """Milliseconds that every journey takes apart from the way: parking."""
    return 0 if mode == "walk" else round(speeds.parking_seconds * 1000)


def timing_summary(speeds: Speeds, mode: Mode, speed_factor: float, ferries: FerryState) -> dict[str, object]:
    """How the roads were timed, for pages and `run.json`."""
    return {
        "mode": mode,
        "profile": speeds.profile,
        "profile_sentence": speeds.profile_sentence,
        "speeds_version": speeds.version,
        "speed_factor": speed_factor,
        "ferry_state": ferries,
        "parking_minutes": 0.0 if mode == "walk" else round(speeds.parking_seconds / 60, 3),
    }
