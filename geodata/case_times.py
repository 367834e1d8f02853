"""The travel times a case asks for: on its roads, built once and kept, or on straight lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geodata.errors import Finding, InputProblems
from geodata.homes import homes_of
from geodata.osm.select import Bounds
from geodata.place import Place
from geodata.road_times import FAR_M, TOO_FAR_M, road_times
from geodata.roads import roads_file_of_place
from geodata.roads.cache import CACHE_FOLDER, file_hash
from geodata.roads.kept import MARGIN_M, kept_roads, road_bounds
from geodata.roads.network import RoadNetwork
from geodata.roads.weights import FerryState, Mode, reweigh
from geodata.routing.snapping import joinable_roads
from geodata.speeds import Speeds, load_speeds
from geodata.straight_line import straight_line_times
from geodata.times.closures import close_roads
from geodata.times.method_note import NotedPoints, NotedTimes, method_note
from geodata.times.points import read_points
from geodata.travel import TravelTimes, points_of

LISTED_POINTS = 5


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
        `straight_line` and, optionally, `profile`, `speeds`, `speed_factor`, `ferries` and `closed`.
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
    network = network_of_case(place, settings, case_dir)
    source = str(network.summary["source"])
    if not len(joinable_roads(network)):
        message = "No two roads of the network can be driven both there and back, so that nothing can be timed."
        fix = "Use a more complete extract; look at its `oneway` and `access` tags."
        raise InputProblems([Finding("error", source, message, fix, code="roads-not-connected")])
    times = road_times(network, place)
    note = _method_note(network, settings, Path(case_dir), times, place)
    times = replace(times, method=replace(times.method, note=note))
    over = _over_the_border(place)
    _demand_cover(times, source, over)
    return times, (*network.findings, *_untimed_neighbours(times, source, over), *_snap_findings(times, source))


def _method_note(network: RoadNetwork, settings: Any, case_dir: Path, times: TravelTimes, place: Place) -> str:
    """The whole method of a case's times, from areas to sites."""
    name = road_file_name(settings)
    closed = [("", road) for road in network.summary.get("closed", ())]
    noted = NotedTimes(
        pairs=times.area_to_site.size,
        reachable=int(np.isfinite(times.area_to_site).sum()),
        engine="hierarchy" if network.standing.made.get("hierarchy") else "scipy",
        closed=tuple(closed),
        bridge_gaps_m=float(getattr(settings, "bridge_gaps_m", None) or 0.0),
        roads_sha256=file_hash(case_dir / name, case_dir / CACHE_FOLDER),
        margin_m=MARGIN_M,
        made_up=place.made_up,
        homes=homes_of(place, points_of(place)).in_words,
    )
    points = (
        _noted_points(place, "areas", times.area_snap_m),
        _noted_points(place, "sites", times.site_snap_m),
    )
    return method_note(network, speeds_of_case(settings, case_dir), points, noted)


def _noted_points(place: Place, table: str, snap_m: NDArray[np.float64]) -> NotedPoints:
    """The points of a table as the note tells them, with the file that holds them where it is only one."""
    files = [source for source in place.sources if source.table == table]
    if len(files) == 1:
        return NotedPoints(files[0].file, files[0].sha256, len(snap_m), snap_m)
    return NotedPoints(f"{table} of the case", "", len(snap_m), snap_m)


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


def network_of_case(place: Place, settings: Any, case_dir: Path) -> RoadNetwork:
    """The road network of a case, timed as its settings say; the parameters are those of `travel_times`.

    What is kept in the cache depends on the roads alone: another profile, ferries or closures are timed on it anew.
    """
    folder = Path(case_dir)
    network, speeds = roads_of_case(place, settings, folder)
    timing = Timing.of(settings, closed=closed_roads(network, settings, folder))
    return timing.apply(network, speeds)


@dataclass(frozen=True)
class Timing:
    """What a case says of the times on its roads, apart from the speed table.

    Parameters
    ----------
    speed_factor, ferries, closed
        As in `geodata.roads.weights.reweigh`.
    """

    speed_factor: float = 1.0
    ferries: FerryState = "on"
    closed: NDArray[np.bool_] | None = None

    @classmethod
    def of(cls, settings: Any, closed: NDArray[np.bool_] | None = None) -> Timing:
        """The timing that the `[roads]` settings of a case name, with the roads that are closed."""
        factor = float(getattr(settings, "speed_factor", None) or 1.0)
        return cls(factor, getattr(settings, "ferries", None) or "on", closed)

    def apply(self, network: RoadNetwork, speeds: Speeds) -> RoadNetwork:
        """The roads timed so."""
        return reweigh(network, speeds, speed_factor=self.speed_factor, ferries=self.ferries, closed=self.closed)


def roads_of_case(place: Place, settings: Any, case_dir: Path, *, mode: Mode = "drive") -> tuple[RoadNetwork, Speeds]:
    """The roads of a case as kept or read, not yet timed as its settings say, and its speed table.

    Parameters
    ----------
    place, settings, case_dir
        As in `travel_times`.
    mode
        `drive`, or `walk` for every way that a person on foot may use.

    Raises
    ------
    InputProblems
        As `travel_times`.
    """
    folder = Path(case_dir)
    gaps = getattr(settings, "bridge_gaps_m", None)
    gaps = 15.0 if gaps is None else float(gaps)
    speeds = speeds_of_case(settings, folder)  # a mistake in it is told before the long work
    name = road_file_name(settings)
    path = folder / name
    if not path.is_file() and not getattr(settings, "source", None):
        raise InputProblems([_not_fetched(str(settings.place), name)])
    network = kept_roads(path, _bounds(place), speeds, folder, bridge_gaps_m=gaps, mode=mode)
    # The name in the settings, whatever the same content was called when it was cached.
    findings = tuple(replace(finding, file=name) for finding in network.findings)
    return replace(network, summary=network.summary | {"source": name}, findings=findings), speeds


def speeds_of_case(settings: Any, case_dir: Path, *, profile: str | None = None) -> Speeds:
    """The speed table of a case with its profile, or with another.

    Parameters
    ----------
    settings
        The `[roads]` settings.
    case_dir
        Folder of the case.
    profile
        Another profile than the settings name.

    Raises
    ------
    InputProblems
        The table cannot be used, or there is no such profile.
    """
    own = getattr(settings, "speeds", None)
    return load_speeds(profile or getattr(settings, "profile", None), Path(case_dir) / _slashed(own) if own else None)


def closed_roads(
    network: RoadNetwork, settings: Any, case_dir: Path, *, only_near: bool = False
) -> NDArray[np.bool_] | None:
    """Which roads of a network the case closes, bool, shape (R,); None where it closes none.

    Parameters
    ----------
    network
        The roads.
    settings, case_dir
        As in `travel_times`.
    only_near
        Leave out points without a road nearby instead of telling them as mistakes: where a road for cars is closed,
        people on foot may have no way at all.

    Raises
    ------
    InputProblems
        The table cannot be read, or (unless `only_near`) a point in it has no road nearby.
    """
    name = getattr(settings, "closed", None)
    if not name:
        return None
    path = Path(case_dir) / _slashed(name)
    try:
        return close_roads(network, read_points(path), only_near=only_near).roads
    except InputProblems as problems:
        # The name in the settings: results and messages of a case do not tell where its folder is.
        told = [replace(one, file=name) if one.file == str(path) else one for one in problems.findings]
        raise InputProblems(told) from problems


def _slashed(name: str) -> str:
    return str(name).replace("\\", "/")


def road_file_name(settings: Any) -> str:
    """Name of the road file of a case, seen from its folder: the one named, or the one downloaded for its place.

    Parameters
    ----------
    settings
        The `[roads]` settings.

    Raises
    ------
    InputProblems
        When neither a file nor a place is named.
    """
    source, town = getattr(settings, "source", None), getattr(settings, "place", None)
    if source or town:
        return str(source) if source else roads_file_of_place(str(town))
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


def _not_fetched(town: str, name: str) -> Finding:
    return Finding(
        "error",
        "case.toml",
        f"The roads of this place have not been downloaded: there is no {name} in the case folder.",
        "Run: blueprint fetch CASE (with this case folder; it is the only command that uses the network). Or name an "
        "OpenStreetMap extract in [roads] source.",
        column="roads.place",
        value=town,
        code="roads-not-fetched",
    )


def _bounds(place: Place) -> Bounds | None:
    points = points_of(place)
    return road_bounds(np.append(points.area_x, points.site_x), np.append(points.area_y, points.site_y))


def _over_the_border(place: Place) -> NDArray[np.bool_]:
    """Areas of others that stand in the case only because some of its patients live there; shape (areas,)."""
    if "neighbour" not in place.areas:
        return np.zeros(len(place.areas), dtype=bool)
    return place.areas["neighbour"].to_numpy(dtype=bool)


def _untimed_neighbours(times: TravelTimes, source: str, over: NDArray[np.bool_]) -> tuple[Finding, ...]:
    """An extract of a county ends at its border: homes beyond it are told, and not timed."""
    far = np.flatnonzero(over & ~(times.area_snap_m <= TOO_FAR_M))
    if not len(far):
        return ()
    codes = times.area_codes
    message = (
        f"{len(far)} of {int(over.sum())} areas over the border lie more than {TOO_FAR_M / 1000:g} km from any road "
        f"of the file: {_names(codes, times.area_snap_m, far)}. Patients who live there are counted, but not timed."
    )
    fix = "Use an OpenStreetMap extract that reaches beyond the border."
    return (Finding("warning", source, message, fix, value=codes[far[0]], code="neighbours-without-roads"),)


def _demand_cover(times: TravelTimes, source: str, over: NDArray[np.bool_]) -> None:
    problems = []
    for what, codes, metres in (
        ("areas", times.area_codes, np.where(over, 0.0, times.area_snap_m)),
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
        far = np.flatnonzero((metres > FAR_M) & (metres <= TOO_FAR_M))
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
