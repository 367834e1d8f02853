"""Minutes from areas to sites and between sites."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import shapely
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from geodata.errors import Finding, InputProblems
from geodata.network import RoadNetwork
from geodata.roads import download_roads, read_roads
from geodata.routing import milliseconds_between
from geodata.snapping import Snapped, joinable_roads, snap
from geodata.speeds import load_speeds, speeds_text

if TYPE_CHECKING:
    from geodata.place import Place

FAR_M = 500.0
"""Points further than this from a road are a warning."""

TOO_FAR_M = 5000.0
"""Points further than this from every road are not covered by the road file: an error."""

MARGIN_M = 10_000.0
"""Roads are read this far beyond the points of the case, so that a quick way round outside is not lost."""

CACHE_VERSION = 1
LISTED_POINTS = 5


@dataclass(frozen=True)
class TravelMethod:
    """How the minutes were made; printed beside every minute that is shown.

    Parameters
    ----------
    kind
        `roads` or `straight-line`.
    sentence
        One plain sentence for the page.
    details
        Figures for `run.json`: source, date, profile, edges by source of speed, snap statistics, bridged gaps, ...
    """

    kind: Literal["roads", "straight-line"]
    sentence: str
    details: dict[str, object] = field(default_factory=dict)

    @property
    def estimate(self) -> bool:
        """Whether no road network was used, so that every page must mark its minutes as an estimate."""
        return self.kind == "straight-line"


@dataclass(frozen=True)
class TravelTimes:
    """Minutes by car, directed from home to site.

    Parameters
    ----------
    area_codes, site_codes
        Labels of the rows and columns, sorted.
    area_to_site
        Minutes, shape (areas, sites); `inf` where there is no route.
    between_sites
        Minutes, shape (sites, sites), from row to column; `inf` where there is no route.
    area_snap_m, site_snap_m
        Metres from each point to the road it was snapped to, shape (areas,) and (sites,); 0 on straight lines.
    method
        How they were made.
    """

    area_codes: tuple[str, ...]
    site_codes: tuple[str, ...]
    area_to_site: NDArray[np.float64]
    between_sites: NDArray[np.float64]
    area_snap_m: NDArray[np.float64]
    site_snap_m: NDArray[np.float64]
    method: TravelMethod


@dataclass(frozen=True)
class _Points:
    """The points of a place, each set sorted by code."""

    area_codes: tuple[str, ...]
    area_x: NDArray[np.float64]
    area_y: NDArray[np.float64]
    site_codes: tuple[str, ...]
    site_x: NDArray[np.float64]
    site_y: NDArray[np.float64]


def _points(place: Place) -> _Points:
    areas, sites = place.areas.sort_index(), place.sites.sort_index()
    return _Points(
        tuple(str(code) for code in areas.index),
        areas["x"].to_numpy(dtype=float),
        areas["y"].to_numpy(dtype=float),
        tuple(str(code) for code in sites.index),
        sites.geometry.x.to_numpy(dtype=float),
        sites.geometry.y.to_numpy(dtype=float),
    )


# ------------------------------------------------------------------------------------------------------------ on roads


def road_times(network: RoadNetwork, place: Place) -> TravelTimes:
    """Drive times of a place on a road network.

    Each point is joined to the nearest place along the nearest road of the main part of the network; the way there
    counts at the network's access speed. Times are whole milliseconds up to the final division. Two points with the
    same coordinates are 0 minutes apart. A point with no road within 5 km cannot be reached.

    Parameters
    ----------
    network
        The roads.
    place
        Areas with `x` and `y`, sites with point geometry.
    """
    points = _points(place)
    areas = snap(network, points.area_x, points.area_y, TOO_FAR_M)
    sites = snap(network, points.site_x, points.site_y, TOO_FAR_M)
    origins = _both(areas, sites)
    ms = milliseconds_between(network, origins, sites)
    leg = np.rint(origins.distance_m / network.access_kmh * 3600.0)
    ms = ms + leg[:, None] + leg[None, len(points.area_codes) :]
    x, y = np.append(points.area_x, points.site_x), np.append(points.area_y, points.site_y)
    ms[(x[:, None] == points.site_x) & (y[:, None] == points.site_y)] = 0.0
    minutes = ms / 60_000.0
    count = len(points.area_codes)
    return TravelTimes(
        points.area_codes,
        points.site_codes,
        minutes[:count],
        minutes[count:],
        areas.distance_m,
        sites.distance_m,
        _road_method(network, areas, sites, minutes[:count], made_up=place.made_up),
    )


def _both(first: Snapped, second: Snapped) -> Snapped:
    return Snapped(
        *(np.append(getattr(first, n), getattr(second, n)) for n in ("road", "share", "distance_m", "x", "y"))
    )


def _road_method(
    network: RoadNetwork, areas: Snapped, sites: Snapped, minutes: NDArray[np.float64], *, made_up: bool
) -> TravelMethod:
    facts = network.summary
    date = f", data of {str(facts['timestamp'])[:10]}" if facts.get("timestamp") else ""
    middle = _spread(np.append(areas.distance_m, sites.distance_m)).get("median", 0.0)
    km = facts["km_by_speed_source"]
    tagged = sum(km.get(name, 0.0) for name in ("maxspeed", "named limit")) / max(sum(km.values()), 0.1)
    ferry = " Ferries that carry cars are part of it, with half of their interval as wait." if facts["ferries"] else ""
    roads = "made-up roads" if made_up else "OpenStreetMap roads"
    sentence = (
        f"Drive times on {roads} ({facts['source']}{date}): {facts['profile_sentence']}; a known speed "
        f"limit decides the speed on {tagged:.0%} of the road length, the class of road and its surroundings on the "
        f"rest; seconds are added at junctions. Homes and sites are joined to the nearest road at "
        f"{network.access_kmh:g} km/h (half of them within {middle:.0f} m).{ferry}"
    )
    details = dict(facts) | {
        "access_kmh": network.access_kmh,
        "area_snap_m": _spread(areas.distance_m),
        "site_snap_m": _spread(sites.distance_m),
        "unreachable_share": round(float(np.mean(~np.isfinite(minutes))), 6) if minutes.size else 0.0,
    }
    return TravelMethod("roads", sentence, details)


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


# ------------------------------------------------------------------------------------------------------ straight lines


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
    points = _points(place)
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


def _site_rural(place: Place, points: _Points, area_rural: NDArray[np.float64]) -> NDArray[np.float64]:
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


# ---------------------------------------------------------------------------------------------------------- for a case


def travel_times(place: Place, settings: Any, case_dir: Path) -> tuple[TravelTimes, tuple[Finding, ...]]:
    """Travel times of a case, by the method its settings name.

    The network built from a road file is kept in `.cache` beside the case and used again as long as the file, the
    settings and the speeds stay the same. Where nothing can be written there, it is built each time.

    Parameters
    ----------
    place
        The checked inputs.
    settings
        The `[roads]` settings: `method` (`roads` or `straight-line`), `source` or `place`, `bridge_gaps_m`,
        `straight_line` and, optionally, `profile`.
    case_dir
        Folder of the case; `source` is relative to it.

    Returns
    -------
    The times, and what a planner should know about them.

    Raises
    ------
    InputProblems
        When the road source is missing, unreadable or does not cover the case.
    """
    method = getattr(settings, "method", None) or "roads"
    if method == "straight-line":
        return straight_line_times(place, getattr(settings, "straight_line", None)), (_straight_line_finding(),)
    network = _network_for(place, settings, case_dir)
    source = str(network.summary["source"])
    if not len(joinable_roads(network)):
        message = "No two roads of the network can be driven both there and back, so that nothing can be timed."
        fix = "Use a more complete extract; look at its `oneway` and `access` tags."
        raise InputProblems([Finding("error", source, message, fix, code="roads-not-connected")])
    times = road_times(network, place)
    _demand_cover(times, source)
    return times, (*network.findings, *_snap_findings(times, source))


def _straight_line_finding() -> Finding:
    return Finding(
        "warning",
        "case.toml",
        "All travel times are estimates from straight lines, not drive times on roads.",
        "Name an OpenStreetMap extract of the county in [roads] source for drive times.",
        column="roads.method",
        value="straight-line",
        code="straight-line",
    )


def _network_for(place: Place, settings: Any, case_dir: Path) -> RoadNetwork:
    source, town = getattr(settings, "source", None), getattr(settings, "place", None)
    gaps = getattr(settings, "bridge_gaps_m", None)
    gaps = 15.0 if gaps is None else float(gaps)
    profile = getattr(settings, "profile", None) or "free-flow"
    load_speeds(profile)  # an unknown profile is told before the long work
    if not source and not town:
        raise InputProblems(
            [
                Finding(
                    "error",
                    "case.toml",
                    "Neither a road file nor a place to download is named.",
                    'Write [roads] source = "roads.osm.pbf" or place = "Dorset, England", or method = "straight-line".',
                    column="roads.source",
                    code="road-file",
                )
            ]
        )
    bounds = _bounds(place)
    path = Path(case_dir) / source if source else None
    key = _cache_key(path, town, gaps, profile, bounds)
    cached = Path(case_dir) / ".cache" / f"roads-{key}.npz"
    network = _load_cached(cached)
    if network is None:
        if path is not None:
            network = read_roads(path, bounds=bounds, bridge_gaps_m=gaps, profile=profile)
        else:
            network = download_roads(town, bridge_gaps_m=gaps, profile=profile)
        _store_cached(network, cached)
    if source:  # the name in the settings, whatever the same content was called when it was cached
        findings = tuple(replace(finding, file=str(source)) for finding in network.findings)
        network = replace(network, summary=network.summary | {"source": str(source)}, findings=findings)
    return network


def _bounds(place: Place) -> tuple[float, float, float, float] | None:
    points = _points(place)
    x, y = np.append(points.area_x, points.site_x), np.append(points.area_y, points.site_y)
    if not len(x):
        return None
    # Whole kilometres, so that moving one point by a little does not build the network again.
    low = np.floor((np.array([x.min(), y.min()]) - MARGIN_M) / 1000.0) * 1000.0
    high = np.ceil((np.array([x.max(), y.max()]) + MARGIN_M) / 1000.0) * 1000.0
    return float(low[0]), float(low[1]), float(high[0]), float(high[1])


def _cache_key(path: Path | None, town: str | None, gaps: float, profile: str, bounds: tuple[float, ...] | None) -> str:
    content = ""
    if path is not None and path.is_file():
        with path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
    name = path.name if path is not None else town
    table = hashlib.sha256(speeds_text().encode("utf-8")).hexdigest()
    parts = (CACHE_VERSION, content, name, gaps, profile, bounds, table)
    return hashlib.sha256(json.dumps(parts).encode("utf-8")).hexdigest()[:16]


def _load_cached(path: Path) -> RoadNetwork | None:
    try:
        return RoadNetwork.load(path)
    except (OSError, ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, zlib.error):
        return None  # absent, half-written or of another version: build it again


def _store_cached(network: RoadNetwork, path: Path) -> None:
    handle, name = None, ""
    try:
        path.parent.mkdir(exist_ok=True)
        handle, name = tempfile.mkstemp(suffix=".tmp", dir=path.parent)
        os.close(handle)
        network.save(Path(name))
        Path(name).replace(path)
    except OSError:
        if name:
            Path(name).unlink(missing_ok=True)


def _demand_cover(times: TravelTimes, source: str) -> None:
    problems = []
    for what, codes, metres in (
        ("areas", times.area_codes, times.area_snap_m),
        ("sites", times.site_codes, times.site_snap_m),
    ):
        far = np.flatnonzero(~(metres <= TOO_FAR_M))
        if not len(far):
            continue
        message = (
            f"The roads do not cover the case: {len(far)} of {len(codes)} {what} lie more than {TOO_FAR_M / 1000:g} km "
            f"from any road: {_names(codes, metres, far)}."
        )
        fix = "Use an OpenStreetMap extract of the whole area, or check the coordinates of these points."
        problems.append(Finding("error", source, message, fix, value=codes[far[0]], code="roads-do-not-cover"))
    if problems:
        raise InputProblems(problems)


def _snap_findings(times: TravelTimes, source: str) -> tuple[Finding, ...]:
    findings = []
    for what, codes, metres in (
        ("areas", times.area_codes, times.area_snap_m),
        ("sites", times.site_codes, times.site_snap_m),
    ):
        far = np.flatnonzero(metres > FAR_M)
        if len(far):
            names = _names(codes, metres, far)
            message = f"{len(far)} of {len(codes)} {what} lie more than {FAR_M:g} m from any road: {names}."
            fix = "Check their coordinates; for areas, give population-weighted points."
            findings.append(Finding("warning", source, message, fix, value=codes[far[0]], code="far-from-road"))
    return tuple(findings)


def _names(codes: Sequence[str], metres: NDArray[np.float64], which: NDArray[np.int64]) -> str:
    worst = which[np.lexsort((which, -metres[which]))]
    listed = ", ".join(
        f"{codes[i]} ({metres[i]:.0f} m)" if np.isfinite(metres[i]) else codes[i] for i in worst[:LISTED_POINTS]
    )
    return listed + (f" and {len(worst) - LISTED_POINTS} more" if len(worst) > LISTED_POINTS else "")


# ------------------------------------------------------------------------------------------------------------ to a file


def write_matrices(times: TravelTimes, folder: Path) -> None:
    """Write `minutes_between_sites.parquet` and `minutes_area_to_site.parquet`.

    Columns `from, to, minutes, reachable, snap_from_m, snap_to_m`, one row per pair in the order of the codes;
    `minutes` is null where there is no route. How the minutes were made is in the metadata of the file, key
    `travel_method` (JSON). The same times give the same bytes.
    """
    _write_matrix(
        Path(folder) / "minutes_between_sites.parquet",
        (times.site_codes, times.site_codes),
        times.between_sites,
        (times.site_snap_m, times.site_snap_m),
        times.method,
    )
    _write_matrix(
        Path(folder) / "minutes_area_to_site.parquet",
        (times.area_codes, times.site_codes),
        times.area_to_site,
        (times.area_snap_m, times.site_snap_m),
        times.method,
    )


def _write_matrix(
    path: Path,
    codes: tuple[tuple[str, ...], tuple[str, ...]],
    minutes: NDArray[np.float64],
    snap_m: tuple[NDArray[np.float64], NDArray[np.float64]],
    method: TravelMethod,
) -> None:
    rows, columns = minutes.shape
    flat = minutes.ravel()
    reachable = np.isfinite(flat)
    facts = {"kind": method.kind, "sentence": method.sentence, "details": method.details}
    table = pa.table(
        {
            "from": pa.array(np.repeat(np.array(codes[0], dtype=object), columns), pa.string()),
            "to": pa.array(np.tile(np.array(codes[1], dtype=object), rows), pa.string()),
            "minutes": pa.array(flat, pa.float64(), mask=~reachable),
            "reachable": pa.array(reachable, pa.bool_()),
            "snap_from_m": pa.array(np.repeat(snap_m[0], columns), pa.float64()),
            "snap_to_m": pa.array(np.tile(snap_m[1], rows), pa.float64()),
        }
    ).replace_schema_metadata({"travel_method": json.dumps(facts, sort_keys=True, ensure_ascii=False)})
    pq.write_table(table, path, compression="zstd")
