"""From an OpenStreetMap source to a timed road network."""

from __future__ import annotations

from pathlib import Path

from geodata.osm.download import download_place, roads_file_of_place
from geodata.osm.files import read_lines
from geodata.osm.select import Bounds
from geodata.osm.tags import Mode
from geodata.roads.build import build_network
from geodata.roads.network import RoadNetwork
from geodata.speeds import Speeds, load_speeds

__all__ = ["RoadNetwork", "download_place", "read_roads", "roads_file_of_place"]


def read_roads(
    source: Path | str,
    *,
    bounds: Bounds | None = None,
    bridge_gaps_m: float = 15.0,
    profile: str = "free-flow",
    speeds: Speeds | None = None,
    mode: Mode = "drive",
) -> RoadNetwork:
    """Read a road file and build the network.

    Parameters
    ----------
    source
        `.osm.pbf`, `.osm` (XML), `.graphml` saved by osmnx, or a `.gpkg` of OpenStreetMap lines (layer `network`, or
        the only layer of lines; lines are joined where they share a point).
    bounds
        Only roads that touch this box (minx, miny, maxx, maxy in EPSG:27700, metres).
    bridge_gaps_m
        Close gaps between parts of the network up to this length, metres; 0 closes none.
    profile
        Speed profile: `free-flow`, `peak` or `winter`.
    speeds
        A speed table of your own; it outranks `profile`.
    mode
        `drive`, or `walk` for every way that a person on foot may use.

    Raises
    ------
    InputProblems
        When the file is missing, unreadable, of an unknown kind or without such roads there.
    """
    lines = read_lines(Path(source), bounds, mode)
    return build_network(lines, speeds or load_speeds(profile), bridge_gaps_m, mode=mode)
