"""Minutes without a road network: an estimate from straight lines, marked as one wherever it is shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from geodata.errors import Finding, InputProblems
from geodata.homes import Homes, homes_of
from geodata.place import Place
from geodata.speeds import load_speeds
from geodata.travel import Points, TravelMethod, TravelTimes, points_of

_Ends = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]

AREAS_AT_ONCE = 512
"""Areas that are timed together, so that many points in them need little memory."""


@dataclass(frozen=True)
class SpeedFactors:
    """What speeds on straight lines are multiplied by, in towns and in the country, and where that comes from."""

    urban: float = 1.0
    rural: float = 1.0
    source: str = ""


def scenario_factors(name: str) -> SpeedFactors:
    """The factors of a scenario on straight lines, from `speeds.toml`.

    Parameters
    ----------
    name
        `peak` or `winter`.
    """
    part = load_speeds().table["straight_line"][name]
    return SpeedFactors(float(part["urban"]), float(part["rural"]), str(part["source"]))


def straight_line_times(
    place: Place, settings: object = None, *, factors: SpeedFactors | None = None, between_sites: bool = True
) -> TravelTimes:
    """Estimate drive times from straight lines, for a case without roads.

    Minutes = metres x detour factor / speed. Both depend on how rural the journey is: the share of its two ends that
    are rural (0, 1/2 or 1), with minutes weighted accordingly. An area carries its own rural flag; a site that of the
    area it lies in, or of the nearest area point where areas have no polygons. Where the place has several points in an
    area, the area's time is their weighted mean (`geodata.homes`).

    Parameters
    ----------
    place
        Areas with `x`, `y` and `rural`, sites with point geometry.
    settings
        Anything with the attributes `detour_factor_urban`, `detour_factor_rural`, `speed_kmh_urban`, `speed_kmh_rural`
        (each may be missing or None); the defaults and their sources are in `speeds.toml`.
    factors
        Of a scenario, on these speeds.
    between_sites
        Whether journeys between sites are timed too; else they are NaN.
    """
    values = _straight_line_values(settings)
    if factors is not None:
        values["speed_kmh_urban"] *= factors.urban
        values["speed_kmh_rural"] *= factors.rural
    sentence = (
        f"{_detours(values)} and driven at {values['speed_kmh_urban']:g} km/h in towns and "
        f"{values['speed_kmh_rural']:g} km/h in the country; a journey between the two counts half as each. Estuaries, "
        "hills and missing roads are not seen."
    )
    return _times(place, values, (sentence, {"straight_line": values, "estimate": True}), between_sites=between_sites)


def straight_line_walks(place: Place, settings: object = None) -> TravelTimes:
    """Estimate times on foot from straight lines: the detours are those by car, the pace is that of `speeds.toml`.

    Journeys between sites are not timed (NaN).

    Parameters
    ----------
    place, settings
        As in `straight_line_times`.
    """
    kmh = load_speeds().walk_kmh
    values = _straight_line_values(settings) | {"speed_kmh_urban": kmh, "speed_kmh_rural": kmh}
    sentence = (
        f"{_detours(values)} and walked at {kmh:g} km/h; a journey between the two counts half as each. On foot; many "
        "older people walk more slowly. Estuaries, hills, footpaths and missing roads are not seen."
    )
    details: dict[str, object] = {"straight_line": values, "estimate": True, "mode": "walk"}
    return _times(place, values, (sentence, details), between_sites=False)


def _detours(values: dict[str, float]) -> str:
    return (
        "ESTIMATE without roads: the straight-line distance is multiplied by a detour factor of "
        f"{values['detour_factor_urban']:g} in towns and {values['detour_factor_rural']:g} in the country"
    )


def _times(
    place: Place, values: dict[str, float], said: tuple[str, dict[str, object]], *, between_sites: bool
) -> TravelTimes:
    """Minutes by these values; `said` is the sentence of the method and its details."""
    points = points_of(place)
    homes = homes_of(place, points)
    area_rural = _area_rural(place)
    site_rural = _site_rural(place, points, area_rural)
    sites = points.site_x, points.site_y, site_rural
    count = len(points.site_codes)
    area_minutes = np.empty((homes.areas, count))
    for first in range(0, homes.areas, AREAS_AT_ONCE):
        part = homes.part(first, first + AREAS_AT_ONCE)
        rural = area_rural[first + part.area]
        area_minutes[first : first + part.areas] = part.mean(_minutes((part.x, part.y, rural), sites, values))
    between = _minutes(sites, sites, values) if between_sites else np.full((count, count), np.nan)
    zero = np.zeros(homes.areas), np.zeros(count)
    return TravelTimes(points.area_codes, points.site_codes, area_minutes, between, *zero, _method(homes, *said))


def _method(homes: Homes, sentence: str, details: dict[str, object]) -> TravelMethod:
    if not homes.single:
        sentence += f" {homes.in_words}"
        details = details | {"area_points": len(homes.x)}
    return TravelMethod("straight-line", sentence, details)


def _minutes(origins: _Ends, sites: _Ends, values: dict[str, float]) -> NDArray[np.float64]:
    """Minutes from A origins to B sites, each given by x, y and how rural it is (0 or 1); shape (A, B)."""
    (x, y, rural_from), (site_x, site_y, rural_to) = origins, sites
    metres = np.hypot(x[:, None] - site_x, y[:, None] - site_y)
    rural = (rural_from[:, None] + rural_to[None, :]) / 2.0
    urban_ms = metres * (values["detour_factor_urban"] / values["speed_kmh_urban"] * 3600.0)
    rural_ms = metres * (values["detour_factor_rural"] / values["speed_kmh_rural"] * 3600.0)
    return np.rint((1.0 - rural) * urban_ms + rural * rural_ms) / 60_000.0


def _straight_line_values(settings: object) -> dict[str, float]:
    defaults: dict[str, Any] = load_speeds().table["straight_line"]
    values, problems = {}, []
    for name, default in defaults.items():
        if name in {"source", "assumption"} or isinstance(default, dict):
            continue
        given = getattr(settings, name, None)
        values[name] = float(default if given is None else given)
        if not (np.isfinite(values[name]) and values[name] > 0):
            fix = f"Write a number above 0, or leave it out for {default:g}."
            problems.append(
                Finding(
                    "error", "case.toml", "This must be above 0.", fix, None, f"roads.straight_line.{name}", str(given)
                )
            )
    if problems:
        raise InputProblems(problems)
    return values


def _area_rural(place: Place) -> NDArray[np.float64]:
    return place.areas.sort_index()["rural"].fillna(False).to_numpy(dtype=bool).astype(float)


def _site_rural(place: Place, points: Points, area_rural: NDArray[np.float64]) -> NDArray[np.float64]:
    if not len(points.area_x) or not len(points.site_x):
        return np.zeros(len(points.site_x))
    nearest = cKDTree(np.column_stack((points.area_x, points.area_y))).query(
        np.column_stack((points.site_x, points.site_y))
    )[1]
    shapes = place.areas.sort_index().geometry.to_numpy()
    dots = shapely.points(points.site_x, points.site_y)
    which, area = shapely.STRtree(shapes).query(dots, predicate="intersects")
    polygon = shapely.area(shapes[area]) > 0
    inside = np.full(len(dots), len(shapes), dtype=np.int64)
    np.minimum.at(inside, which[polygon], area[polygon])
    return area_rural[np.where(inside < len(shapes), inside, nearest)]
