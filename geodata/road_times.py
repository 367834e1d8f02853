"""Minutes on a road network."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geodata.homes import Homes, homes_of
from geodata.osm.tags import FERRY_INDEX
from geodata.place import Place
from geodata.roads.network import RoadNetwork
from geodata.routing.matrix import milliseconds_between
from geodata.routing.snapping import Snapped, snap
from geodata.travel import Points, TravelMethod, TravelTimes, points_of

FAR_M = 500.0
"""Points further than this from a road are a warning."""

FERRIES = {
    "on": "Ferries that carry cars are part of it, with half of their interval as wait.",
    "queue": "Ferries that carry cars are part of it, with a queue: one boat is missed.",
    "off": "Ferries do not run.",
}
FOOT_FERRIES = FERRIES | {"on": "Ferries that take people on foot are part of it, with half of their interval as wait."}

TOO_FAR_M = 5000.0
"""Points further than this from every road are not covered by the road file: an error."""


@dataclass(frozen=True)
class Joined:
    """The homes and sites of a place, joined to the roads of a network: the same however these are timed.

    Parameters
    ----------
    points
        Areas and sites, sorted by code.
    homes
        The points of the areas.
    on_roads
        Where the H homes and then the S sites are joined to roads, shape (H + S,).
    """

    points: Points
    homes: Homes
    on_roads: Snapped

    @classmethod
    def of(cls, network: RoadNetwork, place: Place) -> Joined:
        """Join the homes and sites of a place to the nearest roads of a network."""
        points = points_of(place)
        homes = homes_of(place, points)
        x, y = np.append(homes.x, points.site_x), np.append(homes.y, points.site_y)
        return cls(points, homes, snap(network, x, y, TOO_FAR_M))


def road_times(
    network: RoadNetwork, place: Place, *, joined: Joined | None = None, between_sites: bool = True
) -> TravelTimes:
    """Times of a place on a road network, by car or on foot as the network is.

    Each point is joined to the nearest place along the nearest road of the main part of the network; the way there
    counts at the network's access speed. Times are whole milliseconds up to the final division. Two points with the
    same coordinates are 0 minutes apart. A point with no road within 5 km cannot be reached. Where the place has
    several points in an area, the area's time is their weighted mean (`geodata.homes`).

    Parameters
    ----------
    network
        The roads.
    place
        Areas with `x` and `y`, sites with point geometry.
    joined
        The same place joined to the same roads, if that was done before (for another timing of them).
    between_sites
        Whether journeys between sites are timed too; else they are NaN.
    """
    joined = joined or Joined.of(network, place)
    points, homes = joined.points, joined.homes
    count = len(homes.x)
    from_home, sites = joined.on_roads.some(slice(None, count)), joined.on_roads.some(slice(count, None))
    if between_sites:
        minutes = _minutes(network, joined, slice(None))
        site_minutes = minutes[count:]
    else:
        minutes = _minutes(network, joined, slice(None, count))
        site_minutes = np.full((len(points.site_codes),) * 2, np.nan)
    area_minutes, area_snap_m = homes.mean(minutes[:count]), homes.mean(from_home.distance_m)
    return TravelTimes(
        points.area_codes,
        points.site_codes,
        area_minutes,
        site_minutes,
        area_snap_m,
        sites.distance_m,
        _road_method(network, homes, from_home, sites, area_minutes, made_up=place.made_up),
    )


def _minutes(network: RoadNetwork, joined: Joined, which: slice) -> NDArray[np.float64]:
    """Minutes of whole journeys from some of the homes and sites to every site, shape (some, S)."""
    points, homes = joined.points, joined.homes
    origins, sites = joined.on_roads.some(which), joined.on_roads.some(slice(len(homes.x), None))
    ms = milliseconds_between(network, origins, sites)
    leg, site_leg = (np.rint(ends.distance_m / network.access_kmh * 3600.0) for ends in (origins, sites))
    ms = ms + leg[:, None] + site_leg[None, :] + network.journey_ms
    x, y = np.append(homes.x, points.site_x)[which], np.append(homes.y, points.site_y)[which]
    ms[(x[:, None] == points.site_x) & (y[:, None] == points.site_y)] = 0.0
    return ms / 60_000.0


def _road_method(
    network: RoadNetwork,
    homes: Homes,
    from_home: Snapped,
    sites: Snapped,
    minutes: NDArray[np.float64],
    *,
    made_up: bool,
) -> TravelMethod:
    facts = network.summary
    date = f", data of {str(facts['timestamp'])[:10]}" if facts.get("timestamp") else ""
    middle = _spread(np.append(from_home.distance_m, sites.distance_m)).get("median", 0.0)
    roads = ("made-up roads" if made_up else "OpenStreetMap roads") + f" ({facts['source']}{date})"
    sentence = (
        f"{_on_foot(network, roads) if network.mode == 'walk' else _by_car(facts, roads)} Homes and sites are joined "
        f"to the nearest road at {network.access_kmh:g} km/h (half of them within {middle:.0f} m).{_conditions(facts)}"
    )
    if not homes.single:
        sentence += f" {homes.in_words}"
    details = dict(facts) | {
        "access_kmh": network.access_kmh,
        "area_snap_m": _spread(from_home.distance_m),
        "site_snap_m": _spread(sites.distance_m),
        "unreachable_share": round(float(np.mean(~np.isfinite(minutes))), 6) if minutes.size else 0.0,
    }
    return TravelMethod("roads", sentence, details)


def _by_car(facts: dict[str, object], roads: str) -> str:
    km = facts["km_by_speed_source"]
    tagged = sum(km.get(name, 0.0) for name in ("maxspeed", "named limit")) / max(sum(km.values()), 0.1)
    return (
        f"Drive times on {roads}: {facts['profile_sentence']}; a known speed limit decides the speed on {tagged:.0%} "
        "of the road length, the class of road and its surroundings on the rest; seconds are added at junctions."
    )


def _on_foot(network: RoadNetwork, roads: str) -> str:
    """The pace of walkers, and what the file does not tell of their ways."""
    sentence = (
        f"Walking times on {roads}: on foot at {network.access_kmh:g} km/h; many older people walk more "
        "slowly. Hills and waiting to cross a road are not counted."
    )
    if not holds_footpaths(network):
        sentence += (
            " The road file holds no footpath, so that walkers are timed along its roads alone: true walks may be "
            "shorter."
        )
    return sentence


def holds_footpaths(network: RoadNetwork) -> bool:
    """Whether any way of the network is only for people on foot (or cycles): a footpath, steps and the like."""
    return bool((network.road_class > FERRY_INDEX).any())


def _conditions(facts: dict[str, object]) -> str:
    """What differs from the usual roads: slower traffic, ferries, closures, parking."""
    said = []
    if facts["ferries"]:
        said.append((FOOT_FERRIES if facts.get("mode") == "walk" else FERRIES)[str(facts["ferry_state"])])
    if facts["speed_factor"] != 1.0:
        said.append(f"Speeds on all roads are multiplied by {facts['speed_factor']:g}.")
    if facts["parking_minutes"]:
        said.append(f"{facts['parking_minutes']:g} minutes are added to each journey for parking.")
    if closed := facts.get("closed"):
        said.append(f"Closed roads: {', '.join(closed)}.")
    return "".join(f" {sentence}" for sentence in said)


def _spread(metres: NDArray[np.float64]) -> dict[str, float]:
    metres = metres[np.isfinite(metres)]
    if not len(metres):
        return {}
    middle, ninety = np.percentile(metres, [50, 90])
    return {
        "median": round(float(middle), 1),
        "p90": round(float(ninety), 1),
        "max": round(float(metres.max()), 1),
        "over_500_m": int(np.count_nonzero(metres > FAR_M)),
    }
