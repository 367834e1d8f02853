"""What a job of timing journeys is given: its settings, its points, its roads, and what is wrong with them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from pyproj import Transformer

from geodata.errors import Finding, InputProblems, Severity
from geodata.locate import LONGITUDE_LATITUDE, transform_points
from geodata.osm.tags import CLASS_INDEX, FERRY_INDEX
from geodata.place import BRITISH_NATIONAL_GRID
from geodata.road_times import FAR_M, TOO_FAR_M
from geodata.roads.cache import CACHE_FOLDER, file_hash
from geodata.roads.kept import kept_roads, road_bounds
from geodata.roads.network import RoadNetwork
from geodata.roads.weights import FerryState, Mode
from geodata.routing.drawing import RoadPoints
from geodata.routing.matrix import Engine
from geodata.routing.snapping import joinable_roads, snap
from geodata.speeds import Speeds, load_speeds
from geodata.times.earlier import earlier_findings
from geodata.times.method_note import NotedPoints
from geodata.times.points import PointTable, points_and_findings

MOST_ROUTES = 2000
"""Routes are for looking at; more of them are a matter for the matrix."""

MOST_ISOCHRONES = 500
"""Points around which isochrones are drawn at most."""

ENOUGH_M = 200_000.0
"""This many metres of road, about a district, hold every usual kind of road and tag if the file tells them."""

LISTED = 5

SAID_HERE = (
    ("set [roads] bridge_gaps_m = 0", "add --bridge-gaps 0"),
    ("[roads] bridge_gaps_m", "--bridge-gaps"),
    ("; a table of your own lies beside case.toml", ""),
    ("in the area of the case", "around the points"),
    ("covers the case and holds `highway` ways.", "covers them and holds `highway` ways, or check their coordinates."),
)
"""What findings say of the settings of a case, and what is said of the options of a command instead."""


@dataclass(frozen=True)
class TimesJob:
    """What is asked for.

    Parameters
    ----------
    roads
        OpenStreetMap file.
    origins, destinations
        Files of points.
    out
        `.parquet` or `.csv`; the method note and the layers stand beside it.
    profile, speeds
        Speed profile, and a speed table of one's own.
    mode, ferries, speed_factor, bridge_gaps_m, engine
        How to travel, and how to search.
    closed
        File of points on closed roads.
    limit_minutes
        What takes longer counts as not reachable.
    nearest
        Only the K nearest destinations of each origin.
    back
        Journeys from the destinations to the origins.
    crs
        Coordinate system of columns x and y.
    routes, isochrones
        Lines of the routes, and polygons of what is within these minutes, in a GeoPackage.
    page
        Whether a page shows how the minutes were made.
    """

    roads: Path
    origins: Path
    destinations: Path
    out: Path
    profile: str | None = None
    speeds: Path | None = None
    mode: Mode = "drive"
    ferries: FerryState = "on"
    speed_factor: float = 1.0
    closed: Path | None = None
    limit_minutes: float | None = None
    nearest: int | None = None
    back: bool = False
    crs: str | None = None
    bridge_gaps_m: float = 15.0
    engine: Engine = "auto"
    routes: bool = False
    isochrones: tuple[float, ...] = ()
    page: bool = False

    @property
    def note(self) -> Path:
        """Where the method note is written."""
        return self.out.with_suffix(".method.md")

    @property
    def layers(self) -> Path | None:
        """Where layers are written; None if none are asked for."""
        return self.out.with_suffix(".gpkg") if self.routes or self.isochrones else None

    @property
    def page_file(self) -> Path:
        """Where the page is written, if one is asked for."""
        return self.out.with_suffix(".html")

    @property
    def writes(self) -> tuple[Path, ...]:
        """Every file that is written."""
        layers, page = [self.layers] if self.layers else [], [self.page_file] if self.page else []
        return (self.out, self.note, *layers, *page)

    @property
    def reads(self) -> tuple[Path, ...]:
        """Every file that is read; a sheet or layer named after a file is not told from it."""
        paths = (self.roads, self.origins, self.destinations, self.closed, self.speeds)
        return tuple(path for one in paths if one is not None for path in (one, one.parent) if not path.is_dir())


@dataclass(frozen=True)
class Given:
    """What the files of the job hold."""

    origins: PointTable
    destinations: PointTable
    closed: PointTable | None
    speeds: Speeds
    findings: tuple[Finding, ...]

    @classmethod
    def read(cls, job: TimesJob) -> Given:
        """Read them all; every problem of every file is told in one go."""
        paths = dict.fromkeys(path for path in (job.origins, job.destinations, job.closed) if path is not None)
        tables = {path: points_and_findings(path, job.crs) for path in paths}
        findings = [finding for _, found in tables.values() for finding in found]
        speeds = None
        try:
            speeds = load_speeds(job.profile, job.speeds)
        except InputProblems as problems:
            findings += [of_command(finding) for finding in problems.findings]
        findings += road_file_findings(job.roads) + earlier_findings(job)
        origins, destinations = tables[job.origins][0], tables[job.destinations][0]
        if origins and destinations:
            findings += _too_many(job, origins, destinations)
        if any(finding.severity == "error" for finding in findings):
            raise InputProblems(findings)
        assert origins and destinations and speeds
        return cls(origins, destinations, tables[job.closed][0] if job.closed else None, speeds, tuple(findings))


def of_command(finding: Finding) -> Finding:
    """A finding that speaks of the settings of a case, as one that speaks of the options of the command."""
    if finding.code == "unknown-profile":
        return replace(finding, file="--profile", column=None)
    message, fix = finding.message, finding.fix
    for of_case, here in SAID_HERE:
        message, fix = message.replace(of_case, here), fix.replace(of_case, here)
    return replace(finding, message=message, fix=fix)


def road_file_findings(path: Path) -> list[Finding]:
    """An error where there is no such road file."""
    if path.is_file():
        return []
    fix = "Check the name and the folder. Extracts of OpenStreetMap by county: https://download.geofabrik.de"
    return [Finding("error", str(path), "There is no such road file.", fix, code="missing-file")]


def _too_many(job: TimesJob, origins: PointTable, destinations: PointTable) -> list[Finding]:
    found = []
    to = min(job.nearest, len(destinations)) if job.nearest else len(destinations)
    if job.routes and len(origins) * to > MOST_ROUTES:
        message = f"{len(origins) * to:,} routes are asked for; at most {MOST_ROUTES:,} are drawn."
        fix = "Leave --routes out, name fewer points, or ask for the nearest only (--nearest 1)."
        found.append(Finding("error", "--routes", message, fix, code="too-many-routes"))
    if job.isochrones and len(destinations) > MOST_ISOCHRONES:
        message = f"Isochrones around {len(destinations):,} points are asked for; at most {MOST_ISOCHRONES} are drawn."
        fix = "Leave --isochrones out, or name fewer points with --to."
        found.append(Finding("error", "--isochrones", message, fix, code="too-many-isochrones"))
    return found


def roads_around(
    path: Path,
    x: NDArray[np.float64],
    y: NDArray[np.float64],
    speeds: Speeds,
    kept_in: Path,
    *,
    bridge_gaps_m: float = 15.0,
    mode: Mode = "drive",
) -> tuple[RoadNetwork, str]:
    """The roads around some points, as kept or built anew, and the checksum of their file.

    They are kept in `.cache` beside the result: a folder of inputs is never written to. Of the speeds only what counts
    as built-up decides how roads are read, so that another "what if" takes the same roads and is timed anew. Where
    nothing can be written there, they are built each time.

    Parameters
    ----------
    path
        The road file.
    x, y
        The points, metres in EPSG:27700, shape (P,).
    speeds
        What the roads are timed by when they are built.
    kept_in
        Folder of the result.
    bridge_gaps_m, mode
        As in `read_roads`.

    Raises
    ------
    InputProblems
        The file cannot be read, or its roads are not connected.
    """
    try:
        content = file_hash(path, kept_in / CACHE_FOLDER)
        network = kept_roads(path, road_bounds(x, y), speeds, kept_in, bridge_gaps_m=bridge_gaps_m, mode=mode)
    except OSError as error:
        message = f"The file cannot be read ({error.strerror or error})."
        fix = "Close it in other programs, and check that you may read it."
        raise InputProblems([Finding("error", str(path), message, fix, code="unreadable-file")]) from error
    except InputProblems as problems:
        raise InputProblems([of_command(finding) for finding in problems.findings]) from problems
    if not len(joinable_roads(network)):
        message = "No two roads of the file can be travelled both there and back, so that nothing can be timed."
        fix = "Use a more complete extract; look at its `oneway` and `access` tags."
        raise InputProblems([Finding("error", path.name, message, fix, code="roads-not-connected")])
    return network, content


def without_effect(network: RoadNetwork, job: TimesJob) -> list[Finding]:
    """What was asked for and the road file cannot give: kinds of ways and tags, and ferries that stay away."""
    source, found = str(network.summary["source"]), []
    lacking = what_is_lacking(network)
    if lacking:
        message = f"The file tells nothing of {' and '.join(lacking)}: minutes by car are less sure."
        fix = "Use an extract with all ways and tags (.osm.pbf); files made for a purpose leave some out."
        found.append(Finding("warning", source, message, fix, code="thin-roads"))
    if job.mode == "walk" and not (network.road_class > FERRY_INDEX).any():
        message = "The file holds no footpath, footway or steps: walkers are timed along its roads alone."
        fix = "Use an extract with every kind of way (.osm.pbf); walks may be far shorter than they are told here."
        found.append(Finding("warning", source, message, fix, code="no-footpaths"))
    if job.ferries != "on" and not network.summary["ferries"]:
        message = "There is no ferry in the roads that were read, so that this changes nothing."
        fix = "If there is one, use a more complete road file."
        severity = "warning" if job.ferries == "queue" else "note"
        found.append(Finding(severity, "--ferries", message, fix, value=job.ferries, code="no-ferries"))
    return found


def what_is_lacking(network: RoadNetwork) -> list[str]:
    """What any region has and the roads for cars of a file do not, in words; nothing of a small piece of road."""
    facts = network.facts
    if network.mode == "walk" or float(network.road_length_m.sum()) < ENOUGH_M:
        return []
    one_way = ~facts.allowed.all(axis=0) & ~facts.roundabout & (network.road_class != CLASS_INDEX["motorway"])
    told = {
        "one-way streets": one_way.any(),
        "service roads, on which many sites lie": (network.road_class == CLASS_INDEX["service"]).any(),
        "speed limits": np.isfinite(facts.limit_kmh).any(),
        "what stands on the roads (traffic lights, gates)": facts.signals.any() or facts.gates.any(),
    }
    return [what for what, there in told.items() if not there]


# --- Points on roads ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Ends:
    """Points of a file on the roads, with the whole milliseconds between each and its road."""

    table: PointTable
    points: RoadPoints
    access_ms: NDArray[np.float64]

    @classmethod
    def join(cls, network: RoadNetwork, table: PointTable) -> Ends:
        """Join the points of a file to their roads."""
        points = RoadPoints(table.ids, table.x, table.y, snap(network, table.x, table.y, TOO_FAR_M))
        return cls(table, points, points.access_ms(network))

    @property
    def metres(self) -> NDArray[np.float64]:
        """Metres to the road, shape (P,)."""
        return self.points.snapped.distance_m

    def noted(self) -> NotedPoints:
        """What the method note tells of the points."""
        return NotedPoints(Path(self.table.file).name, self.table.sha256, len(self.table), self.metres)


def cover(network: RoadNetwork, ends: tuple[Ends, ...]) -> list[Finding]:
    """What to say of points far from the roads; an error where no point of a file is near any."""
    findings = []
    for one in ends:
        lost = np.flatnonzero(~(one.metres <= TOO_FAR_M))
        far = np.flatnonzero((one.metres > FAR_M) & (one.metres <= TOO_FAR_M))
        if len(lost):
            findings.append(_lost(network, one, lost))
        if len(far):
            message = (
                f"{len(far)} of {len(one.table)} points lie more than {FAR_M:g} m from any road: {_named(one, far)}."
            )
            fix = "Check their coordinates; the way to the road counts as a straight line."
            findings.append(_about(one, far[0], "warning", message, fix, "far-from-road"))
    if any(finding.severity == "error" for finding in findings):
        raise InputProblems(findings)
    return findings


def _lost(network: RoadNetwork, ends: Ends, lost: NDArray[np.int64]) -> Finding:
    whole = len(lost) == len(ends.table)
    count = "None" if whole else f"{len(lost)}"
    of = f"{count} of {len(ends.table)} points"
    source = str(network.summary["source"])
    distance = f"within {TOO_FAR_M / 1000:g} km of a road of {source}"
    message = f"{of} lies {distance}." if whole else f"{of} do not lie {distance}: {_named(ends, lost)}."
    if not whole:
        message += " Their journeys are told as not reachable."
    fix = "Use a road file of the whole area, or check the coordinates of these points."
    if guess := _what_would_fit(network, ends, lost):
        fix = f"{guess} Or use a road file of the whole area."
    if whole:
        return Finding("error", ends.table.file, message, fix, code="roads-do-not-cover")
    return _about(ends, lost[0], "warning", message, fix, "roads-do-not-cover")


def _what_would_fit(network: RoadNetwork, ends: Ends, lost: NDArray[np.int64]) -> str:
    """The mistake that would explain why points lie elsewhere, if there is one that does so for all of them."""
    low, high = network.geometry_xy.min(axis=0), network.geometry_xy.max(axis=0)
    swapped = np.column_stack((ends.table.y[lost], ends.table.x[lost]))
    if ((swapped >= low) & (swapped <= high)).all():
        return "With easting and northing exchanged they would lie among the roads: exchange the two columns."
    west = _west_of_greenwich(np.column_stack((ends.table.x[lost], ends.table.y[lost])))
    if ((west >= low) & (west <= high)).all():
        return "With a minus before the longitude they would lie among the roads: write it."
    return ""


def _west_of_greenwich(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Points as they would lie with the sign of their longitude changed, shape (P, 2)."""
    there = Transformer.from_crs(BRITISH_NATIONAL_GRID, LONGITUDE_LATITUDE, always_xy=True)
    lon, lat = there.transform(points[:, 0], points[:, 1])
    return transform_points(np.column_stack((-lon, lat)), LONGITUDE_LATITUDE)


def _named(ends: Ends, which: NDArray[np.int64]) -> str:
    shown = [f"{ends.table.ids[i]} ({_distance(ends.metres[i])})" for i in which[:LISTED]]
    return ", ".join(shown) + (f" and {len(which) - LISTED} more" if len(which) > LISTED else "")


def _distance(metres: float) -> str:
    return f"{metres / 1000:,.1f} km" if np.isfinite(metres) else "no road at all"


def _about(ends: Ends, i: int, severity: Severity, message: str, fix: str, code: str) -> Finding:
    row = int(ends.table.rows[i]) if len(ends.table.rows) else None
    return Finding(severity, ends.table.file, message, fix, row=row, value=ends.table.ids[i], code=code)
