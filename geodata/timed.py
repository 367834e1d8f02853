"""A place with its travel times: what the inputs give before anything is grouped."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from geodata.case import CaseSettings, RoadSettings
from geodata.case_times import road_file_name, travel_times
from geodata.errors import Finding
from geodata.place import Place, SourceFile
from geodata.registrations import complete_registrations
from geodata.roads.cache import CACHE_FOLDER, file_hash
from geodata.travel import TravelTimes

OSM_LICENCE = "ODbL 1.0"
OSM_ATTRIBUTION = "\N{COPYRIGHT SIGN} OpenStreetMap contributors"


@dataclass(frozen=True)
class TimedPlace:
    """A place with completed registrations, its minutes, and everything noticed on the way."""

    place: Place
    times: TravelTimes
    findings: tuple[Finding, ...]


def time_place(place: Place, settings: CaseSettings, case_dir: Path) -> TimedPlace:
    """Time all journeys of a place, and complete its registrations by them.

    Parameters
    ----------
    place
        The place as loaded.
    settings
        The settings of its case.
    case_dir
        The case folder.

    Raises
    ------
    InputProblems
        The roads cannot be read, or do not cover the place.
    """
    times, findings = travel_times(place, settings.roads, case_dir)
    roads = _road_source(settings.roads, times, place, case_dir)
    completed = complete_registrations(replace(place, sources=(*place.sources, *roads)), times)
    return TimedPlace(completed, times, (*completed.findings, *findings))


def _road_source(settings: RoadSettings, times: TravelTimes, place: Place, case_dir: Path) -> tuple[SourceFile, ...]:
    """The road file among the sources of the case; nothing for straight lines."""
    if times.method.estimate:
        return ()
    name = road_file_name(settings)
    details = times.method.details
    return (
        SourceFile(
            table="roads",
            file=name,
            sha256=file_hash(case_dir / name, case_dir / CACHE_FOLDER),
            rows=int(details.get("roads", 0)),
            vintage="invented" if place.made_up else str(details.get("timestamp", ""))[:10],
            licence="" if place.made_up else OSM_LICENCE,
            attribution="Made-up roads" if place.made_up else OSM_ATTRIBUTION,
        ),
    )
