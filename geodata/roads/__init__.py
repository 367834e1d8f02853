"""From an OpenStreetMap source to a timed road network."""

from __future__ import annotations

from numbers import Integral
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

from geodata.errors import InputProblems
from geodata.osm.files import file_problem, lines_from_graph, read_lines
from geodata.osm.lines import RoadLines
from geodata.osm.select import Bounds
from geodata.osm.tags import Mode
from geodata.roads.build import build_network
from geodata.roads.network import RoadNetwork
from geodata.speeds import Speeds, load_speeds

if TYPE_CHECKING:
    import networkx as nx

__all__ = ["RoadNetwork", "download_place", "read_roads", "roads_file_of_place"]


def __getattr__(name: str) -> object:
    """The two functions about downloads, imported when they are asked for: few need what they bring with them."""
    if name not in {"download_place", "roads_file_of_place"}:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from geodata.osm import download  # noqa: PLC0415

    return getattr(download, name)


def read_roads(
    source: Path | str | nx.MultiDiGraph,
    *,
    bounds: Bounds | None = None,
    bridge_gaps_m: float = 15.0,
    profile: str = "free-flow",
    speeds: Speeds | None = None,
    mode: Mode = "drive",
) -> RoadNetwork:
    """Read a road file, or take a graph of osmnx, and build the network.

    Parameters
    ----------
    source
        `.osm.pbf`, `.osm` (XML), `.graphml` saved by osmnx, or a `.gpkg` of OpenStreetMap lines (layer `network`, or
        the only layer of lines; lines are joined where they share a point); or a graph of osmnx itself, simplified or
        not, in any coordinate reference system. The graph is not changed, and speeds that osmnx has put on it are not
        used: the roads are timed by the speed table, like those of a file.
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
        When the file is missing, unreadable, of an unknown kind or without such roads there, or a graph is not
        one of osmnx.
    """
    is_file = isinstance(source, str | PathLike)
    lines = read_lines(Path(source), bounds, mode) if is_file else _of_graph(source, bounds, mode)
    return build_network(lines, speeds or load_speeds(profile), bridge_gaps_m, mode=mode)


def _of_graph(graph: nx.MultiDiGraph, bounds: Bounds | None, mode: Mode) -> RoadLines:
    name = str(graph.graph.get("name") or "osmnx graph")
    problem = _unfit(graph)
    if problem:
        raise InputProblems([file_problem(name, problem, "Give the graph as osmnx made it, a MultiDiGraph.")])
    if not all(isinstance(node, Integral) for node in graph):
        from networkx import convert_node_labels_to_integers  # noqa: PLC0415 - slow to import, rarely needed

        graph = convert_node_labels_to_integers(graph)
    return lines_from_graph(graph, name, bounds, mode)


def _unfit(graph: nx.MultiDiGraph) -> str:
    """Why a graph cannot be read as roads; empty if it can."""
    if not graph.is_directed():
        return "The graph has no directions, so that nothing tells which way a one-way street runs."
    if not all("x" in data and "y" in data for _, data in graph.nodes(data=True)):
        return "The graph has junctions without a place (`x` and `y`)."
    return "" if graph.number_of_edges() else "The graph holds no road."
