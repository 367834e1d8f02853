"""Minutes without a road network: an estimate from straight lines, marked as one wherever it is shown."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from geodata.errors import Finding, InputProblems
from geodata.homes import homes_of
from geodata.place import Place
from geodata.speeds import load_speeds
from geodata.travel import Points, TravelMethod, TravelTimes, points_of

_Ends = tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]

AREAS_AT_ONCE = 512
"""Areas that are timed together, so that many points in them need little memory."""


def straight_line_times(place: Place, settings: object = None) -> TravelTimes:
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
    """
    points = points_of(place)
    homes = homes_of(place, points)
    values = _straight_line_values(settings)
    area_rural = _area_rural(place)
    site_rural = _site_rural(place, points, area_rural)
    sites = points.site_x, points.site_y, site_rural
    area_minutes = np.empty((homes.areas, len(points.site_codes)))
    for first in range(0, homes.areas, AREAS_AT_ONCE):
        part = homes.part(first, first + AREAS_AT_ONCE)
        rural = area_rural[first + part.area]
        area_minutes[first : first + part.areas] = part.mean(_minutes((part.x, part.y, rural), sites, values))
    between_sites = _minutes(sites, sites, values)
    sentence = (
        "ESTIMATE without roads: the straight-line distance is multiplied by a detour factor of "
        f"{values['detour_factor_urban']:g} in towns and {values['detour_factor_rural']:g} in the country and driven "
        f"at {values['speed_kmh_urban']:g} km/h in towns and {values['speed_kmh_rural']:g} km/h in the country; a "
        "journey between the two counts half as each. Estuaries, hills and missing roads are not seen."
    )
    details: dict[str, object] = {"straight_line": values, "estimate": True}
    if not homes.single:
        sentence += f" {homes.in_words}"
        details["area_points"] = len(homes.x)
    method = TravelMethod("straight-line", sentence, details)
    zero = np.zeros(homes.areas), np.zeros(len(points.site_codes))
    return TravelTimes(points.area_codes, points.site_codes, area_minutes, between_sites, *zero, method)


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
        if name in {"source", "assumption"}:
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
