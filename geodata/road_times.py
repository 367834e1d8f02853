"""Minutes on a road network."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from geodata.homes import Homes, homes_of
from geodata.place import Place
from geodata.roads.network import RoadNetwork
from geodata.routing.matrix import milliseconds_between
from geodata.routing.snapping import Snapped, snap
from geodata.travel import TravelMethod, TravelTimes, points_of

FAR_M = 500.0
"""Points further than this from a road are a warning."""

FERRIES = {
    "on": "Ferries that carry cars are part of it, with half of their interval as wait.",
    "queue": "Ferries that carry cars are part of it, with a queue: one boat is missed.",
    "off": "Ferries do not run.",
}

TOO_FAR_M = 5000.0
"""Points further than this from every road are not covered by the road file: an error."""


def road_times(network: RoadNetwork, place: Place) -> TravelTimes:
    """Drive times of a place on a road network.

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
    """
    points = points_of(place)
    homes = homes_of(place, points)
    count = len(homes.x)
    x, y = np.append(homes.x, points.site_x), np.append(homes.y, points.site_y)
    origins = snap(network, x, y, TOO_FAR_M)
    from_home, sites = origins.some(slice(None, count)), origins.some(slice(count, None))
    ms = milliseconds_between(network, origins, sites)
    leg = np.rint(origins.distance_m / network.access_kmh * 3600.0)
    ms = ms + leg[:, None] + leg[None, count:] + network.journey_ms
    ms[(x[:, None] == points.site_x) & (y[:, None] == points.site_y)] = 0.0
    minutes = ms / 60_000.0
    area_minutes, area_snap_m = homes.mean(minutes[:count]), homes.mean(from_home.distance_m)
    return TravelTimes(
        points.area_codes,
        points.site_codes,
        area_minutes,
        minutes[count:],
        area_snap_m,
        sites.distance_m,
        _road_method(network, homes, from_home, sites, area_minutes, made_up=place.made_up),
    )


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
    km = facts["km_by_speed_source"]
    tagged = sum(km.get(name, 0.0) for name in ("maxspeed", "named limit")) / max(sum(km.values()), 0.1)
    roads = "made-up roads" if made_up else "OpenStreetMap roads"
    sentence = (
        f"Drive times on {roads} ({facts['source']}{date}): {facts['profile_sentence']}; a known speed "
        f"limit decides the speed on {tagged:.0%} of the road length, the class of road and its surroundings on the "
        f"rest; seconds are added at junctions. Homes and sites are joined to the nearest road at "
        f"{network.access_kmh:g} km/h (half of them within {middle:.0f} m).{_conditions(facts)}"
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


def _conditions(facts: dict[str, object]) -> str:
    """What differs from the usual roads: slower traffic, ferries, closures, parking."""
    said = []
    if facts["ferries"]:
        said.append(FERRIES[str(facts["ferry_state"])])
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
