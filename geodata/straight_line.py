"""Minutes without a road network: an estimate from straight lines, marked as one wherever it is shown."""

from __future__ import annotations

from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from geodata.errors import Finding, InputProblems
from geodata.place import Place
from geodata.speeds import load_speeds
from geodata.travel import Points, TravelMethod, TravelTimes, points_of


def straight_line_times(place: Place, settings: object = None) -> TravelTimes:
    """Estimate drive times from straight lines, for a case without roads.

    Minutes = metres x detour factor / speed. Both depend on how rural the journey is: the share of its two ends that
    are rural (0, 1/2 or 1), with minutes weighted accordingly. An area carries its own rural flag; a site that of the
    area it lies in, or of the nearest area point where areas have no polygons.

    Parameters
    ----------
    place
        Areas with `x`, `y` and `rural`, sites with point geometry.
    settings
        Anything with the attributes `detour_factor_urban`, `detour_factor_rural`, `speed_kmh_urban`, `speed_kmh_rural`
        (each may be missing or None); the defaults and their sources are in `speeds.toml`.
    """
    points = points_of(place)
    values = _straight_line_values(settings)
    area_rural = _area_rural(place)
    site_rural = _site_rural(place, points, area_rural)
    x, y = np.append(points.area_x, points.site_x), np.append(points.area_y, points.site_y)
    metres = np.hypot(x[:, None] - points.site_x, y[:, None] - points.site_y)
    rural = (np.append(area_rural, site_rural)[:, None] + site_rural[None, :]) / 2.0
    urban_ms = metres * (values["detour_factor_urban"] / values["speed_kmh_urban"] * 3600.0)
    rural_ms = metres * (values["detour_factor_rural"] / values["speed_kmh_rural"] * 3600.0)
    minutes = np.rint((1.0 - rural) * urban_ms + rural * rural_ms) / 60_000.0
    count = len(points.area_codes)
    sentence = (
        "ESTIMATE without roads: the straight-line distance is multiplied by a detour factor of "
        f"{values['detour_factor_urban']:g} in towns and {values['detour_factor_rural']:g} in the country and driven "
        f"at {values['speed_kmh_urban']:g} km/h in towns and {values['speed_kmh_rural']:g} km/h in the country; a "
        "journey between the two counts half as each. Estuaries, hills and missing roads are not seen."
    )
    method = TravelMethod("straight-line", sentence, {"straight_line": values, "estimate": True})
    zero = np.zeros(count), np.zeros(len(points.site_codes))
    return TravelTimes(points.area_codes, points.site_codes, minutes[:count], minutes[count:], *zero, method)


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
