"""An invented bus network, and how long journeys by it take: walk, wait, ride, walk.

The lines and how often they run (`bus_lines.csv`) are invented; they join real places. There is one stop a settlement,
buses run both ways at even intervals, and many villages have none.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict

import networkx as nx
import shapely
from shapely import LineString, Polygon

from geodata.demo._areas import Area, Settlement, read_rows
from geodata.demo._surgeries import Site

LONGEST_MINUTES = 120
"""Longer journeys are left out, as programs that work out such tables do."""

DEPARTURE = "Tue 2026-10-06 09:30-12:30"

WALK_KMH, WALK_DETOUR = 4.8, 1.25
LEAST_WALK_MINUTES = 3.0
LONGEST_WALK_TO_STOP, LONGEST_WALK = 25.0, 35.0
"""Minutes on foot: at least, to or from a stop at most, and all the way at most."""

RIDE_DETOUR = 1.3
RIDE_KMH = {True: 18.0, False: 32.0}
"""Speed of a bus with its stops: between two suburbs, and elsewhere."""

LONGEST_WAIT = 30.0
"""People wait half the interval, but know the time of a bus that comes seldom."""

Point2 = tuple[float, float]


def bus_minutes(
    outline: Polygon, settlements: list[Settlement], areas: list[Area], sites: list[Site]
) -> list[tuple[str, str, int | str]]:
    """Minutes from each area to each site on foot and by bus, 120 at most.

    Parameters
    ----------
    outline
        The county, metres; nobody walks over water.
    settlements
        Places with a stop, where a line names them.
    areas, sites
        Where journeys begin and end.

    Returns
    -------
    list of (str, str, int or str)
        Area code, site code, whole minutes (rounded up). An area from which no site can be reached has one row to
        the nearest site, its minutes empty: it was part of the calculation.
    """
    stops = {place.name: (float(place.easting), float(place.northing)) for place in settlements}
    between = minutes_between_stops(settlements)
    land = outline.buffer(50)
    shapely.prepare(land)
    stops = {name: stops[name] for name in between}
    leaves = [_stops_near((area.x, area.y), stops, land) for area in areas]
    arrives = [_stops_near((site.x, site.y), stops, land) for site in sites]
    rows: list[tuple[str, str, int | str]] = []
    for area, begin in zip(areas, leaves, strict=True):
        at = _minutes_to_stops(begin, between)
        found = 0
        for site, end in zip(sites, arrives, strict=True):
            by_bus = (at[stop] + on_foot for stop, on_foot in end.items() if stop in at)
            minutes = min([_walk((area.x, area.y), (site.x, site.y), land, LONGEST_WALK), *by_bus])
            if minutes <= LONGEST_MINUTES:
                rows.append((area.area_code, site.site_code, math.ceil(minutes - 1e-9)))
                found += 1
        if not found:
            nearest = min(sites, key=lambda site: (math.dist((area.x, area.y), (site.x, site.y)), site.site_code))
            rows.append((area.area_code, nearest.site_code, ""))
    return rows


def minutes_between_stops(settlements: list[Settlement]) -> dict[str, dict[str, float]]:
    """Minutes from stop to stop with every wait, by the quickest way; stops that are not reached are left out."""
    by_name = {place.name: place for place in settlements}
    graph = nx.DiGraph()
    for number, row in enumerate(read_rows("bus_lines.csv")):
        wait = min(LONGEST_WAIT, float(row["every_minutes"]) / 2)
        names = row["stops"].split(";")
        for name in names:
            graph.add_edge(name, (number, name), minutes=wait)
            graph.add_edge((number, name), name, minutes=0.0)
        for one, other in itertools.pairwise(names):
            ride = _ride(by_name[one], by_name[other])
            graph.add_edge((number, one), (number, other), minutes=ride)
            graph.add_edge((number, other), (number, one), minutes=ride)
    between = {}
    for name in (name for name in by_name if name in graph):
        lengths = nx.single_source_dijkstra_path_length(graph, name, cutoff=LONGEST_MINUTES, weight="minutes")
        # from a stop to itself nobody rides
        between[name] = {to: minutes for to, minutes in lengths.items() if to in by_name and to != name}
    return between


def _ride(one: Settlement, other: Settlement) -> float:
    metres = math.dist((one.easting, one.northing), (other.easting, other.northing)) * RIDE_DETOUR
    return metres / (RIDE_KMH[one.kind == other.kind == "suburb"] * 1000 / 60)


def _walk(begin: Point2, end: Point2, land: Polygon, longest: float) -> float:
    """Minutes on foot; `inf` beyond the longest and over water."""
    minutes = max(LEAST_WALK_MINUTES, math.dist(begin, end) * WALK_DETOUR / (WALK_KMH * 1000 / 60))
    if minutes > longest or not land.covers(LineString([begin, end])):
        return math.inf
    return minutes


def _stops_near(spot: Point2, stops: dict[str, Point2], land: Polygon) -> dict[str, float]:
    """Stops within a walk, with its minutes."""
    walks = {name: _walk(spot, stop, land, LONGEST_WALK_TO_STOP) for name, stop in stops.items()}
    return {name: minutes for name, minutes in walks.items() if minutes < math.inf}


def _minutes_to_stops(begin: dict[str, float], between: dict[str, dict[str, float]]) -> dict[str, float]:
    """Quickest minutes to every stop at which a ride may end."""
    at: dict[str, float] = defaultdict(lambda: math.inf)
    for stop, on_foot in begin.items():
        for to, minutes in between[stop].items():
            at[to] = min(at[to], on_foot + minutes)
    return dict(at)
