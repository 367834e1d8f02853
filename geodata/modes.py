"""Minutes without a car: on foot, and by public transport where a table of such journeys is given."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from geodata.case_times import Timing, closed_roads, roads_of_case
from geodata.errors import InputProblems
from geodata.place import Place
from geodata.public_transport import public_transport_times
from geodata.road_times import road_times
from geodata.roads.weights import FerryState
from geodata.routing.snapping import joinable_roads
from geodata.straight_line import straight_line_walks
from geodata.travel import TravelTimes

WALK = "walk"
PUBLIC_TRANSPORT = "public-transport"

NO_TABLE = (
    "Journeys by public transport are not in the inputs: no table of them is given ([tables.public_transport] in "
    "case.toml)."
)
NO_WALKS = "Journeys on foot are not timed: no two ways of the road file can be walked both there and back."


@dataclass(frozen=True)
class Modes:
    """Minutes from areas to sites by each mode but the car; journeys between sites are not timed (NaN, or `inf`).

    Parameters
    ----------
    walk
        On foot; None where nothing can be walked.
    public_transport
        As imported; None without such a table.
    absent
        For each mode that is None its name (`walk`, `public-transport`), and a sentence why.
    """

    walk: TravelTimes | None
    public_transport: TravelTimes | None
    absent: tuple[tuple[str, str], ...] = ()


def mode_times(place: Place, settings: Any, case_dir: Path) -> Modes:
    """Minutes on foot and by public transport.

    On roads, people on foot go along every way of the case's road file that may be walked, at the pace of its speed
    table; the speed profile and factor of the case, which are about traffic, do not slow them. Ferries run for them
    unless the case turns ferries off (a queue of cars does not hold them up), and a road that the case closes is closed
    to them too. On straight lines the detours are those by car.

    Parameters
    ----------
    place, settings, case_dir
        As in `geodata.case_times.travel_times`.

    Raises
    ------
    InputProblems
        The settings are wrong, so that no car could be timed either. What is wrong for walkers alone is told in
        `absent`.
    """
    walk, why = _walks(place, settings, Path(case_dir))
    imported = public_transport_times(place)
    absent = [(WALK, why)] if walk is None else []
    absent += [(PUBLIC_TRANSPORT, NO_TABLE)] if imported is None else []
    return Modes(walk, imported, tuple(absent))


def _walks(place: Place, settings: Any, folder: Path) -> tuple[TravelTimes | None, str]:
    """Minutes on foot, or why there are none."""
    if (getattr(settings, "method", None) or "roads") == "straight-line":
        return straight_line_walks(place, getattr(settings, "straight_line", None)), ""
    try:
        network, speeds = roads_of_case(place, settings, folder, mode="walk")
    except InputProblems as problems:
        told = next(finding for finding in problems.findings if finding.severity == "error")
        return None, f"Journeys on foot are not timed: {told.file}: {told.message}"
    if not len(joinable_roads(network)):
        return None, NO_WALKS
    ferries: FerryState = "off" if getattr(settings, "ferries", None) == "off" else "on"
    closed = closed_roads(network, settings, folder, only_near=True)
    walked = Timing(1.0, ferries, closed).apply(network, speeds)
    times = road_times(walked, place, between_sites=False)
    if not np.isfinite(times.area_to_site).any() and times.area_to_site.size:
        return None, "Journeys on foot are not timed: no home has a way to any site on foot in the road file."
    return times, ""
