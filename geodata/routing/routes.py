"""The quickest way from one point to another: as a line, and in words."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray

from geodata.osm.tags import ROAD_CLASSES
from geodata.place import BRITISH_NATIONAL_GRID
from geodata.roads.network import RoadNetwork
from geodata.routing.attach import arriving, leaving
from geodata.routing.drawing import RoadPoints, RoadShapes
from geodata.routing.matrix import node_ms, times_along_one_road
from geodata.speeds import FERRY

UNNAMED = {
    "motorway": "unnamed motorway",
    "unclassified": "unnamed lane",
    "residential": "unnamed street",
    "living_street": "unnamed street",
    "service": "unnamed service road",
    "track": "unnamed track",
    "ferry": "ferry",
    "pedestrian": "unnamed street",
    "footway": "unnamed footpath",
    "path": "unnamed footpath",
    "bridleway": "unnamed bridleway",
    "cycleway": "unnamed cycleway",
    "steps": "steps",
}
"""What a road without a name is called, by its class; any other is an "unnamed road", or a "slip road"."""

NAMELESS = {*UNNAMED.values(), "unnamed road", "slip road"} - {"ferry"}

ROAD_NUMBER = re.compile(r"([ABM]\d{1,4}(?:\(M\))?)(?:\s|$)")

TRAVEL_WORDS = {"drive": "by car", "walk": "on foot"}

SHORTEST_TOLD_KM = 0.01
MAIN_ROADS = 3
MAIN_SHARE = 0.1
"""A sentence names the longest roads of a way, at most three, each at least a tenth of it."""

AT_ONCE = 8
"""Destinations whose times at all nodes are held at a time."""


def routes(
    network: RoadNetwork, origins: RoadPoints, destinations: RoadPoints, pairs: NDArray[np.int64] | Sequence
) -> gpd.GeoDataFrame:
    """The quickest route of each pair as a line along the roads.

    The parts of a route take exactly the milliseconds that the matrices state. Of several routes that take the same
    time, one is chosen by the order of the roads alone, whatever other pairs are asked for.

    Parameters
    ----------
    network
        The roads.
    origins, destinations
        Where the routes begin and end.
    pairs
        Positions in `origins` and in `destinations`, shape (K, 2).

    Returns
    -------
    EPSG:27700, one row for each pair in its order; columns `from`, `to`, `reachable`, `minutes` (with the ways to the
    road), `km` (along roads), `way` (the roads in their order, each with its length), `mainly` (the longest of them),
    `ferry_km`, `toll` (somewhere on the way), `access_from_m`, `access_to_m` (metres to the roads), `mode`; the line
    along the roads, from the place where the origin is joined to that of the destination; and `leg_from`, `leg_to`,
    the straight ways between them and the points. Where there is no route, or no way to go, lines are empty.
    """
    asked = np.asarray(pairs, dtype=np.int64).reshape(-1, 2)
    found = _find(network, origins, destinations, asked)
    told = _stretches(network, found)
    lengths = told.groupby("route")[["km", "ferry_km"]].sum().reindex(range(len(asked)), fill_value=0.0)
    toll = told.groupby("route")["toll"].any().reindex(range(len(asked)), fill_value=False)
    way, mainly = _in_words(told, len(asked))
    start, end = origins.some(asked[:, 0]), destinations.some(asked[:, 1])
    reachable = np.isfinite(found.ms)
    legs = reachable & ~found.same
    columns = {
        "from": np.array(start.codes, dtype=object),
        "to": np.array(end.codes, dtype=object),
        "reachable": reachable,
        "minutes": np.where(reachable, found.ms, np.nan) / 60_000.0,
        "km": np.where(reachable, np.round(lengths["km"].to_numpy(), 3), np.nan),
        "way": np.array(way, dtype=object),
        "mainly": np.array(mainly, dtype=object),
        "ferry_km": np.where(reachable, np.round(lengths["ferry_km"].to_numpy(), 3), np.nan),
        "toll": toll.to_numpy(dtype=bool),
        "access_from_m": _metres(start),
        "access_to_m": _metres(end),
        "mode": np.array([network.mode] * len(asked), dtype=object),
    }
    frame = gpd.GeoDataFrame(columns, geometry=_lines(network, found), crs=BRITISH_NATIONAL_GRID)
    points = [np.column_stack((each.x, each.y)) for each in (start, start.snapped, end.snapped, end)]
    for name, first, last in (("leg_from", points[0], points[1]), ("leg_to", points[2], points[3])):
        frame[name] = gpd.GeoSeries(_straight(first, last, legs), crs=BRITISH_NATIONAL_GRID)
    return frame


def route_stretches(
    network: RoadNetwork, origins: RoadPoints, destinations: RoadPoints, pairs: NDArray[np.int64] | Sequence
) -> pd.DataFrame:
    """The way of each pair stretch by stretch: roads of one name that follow each other are one stretch.

    The parameters are those of `routes`.

    Returns
    -------
    One row for each stretch, in order; columns `from`, `to`, `stretch` (1 for the first), `name`, `km`, `minutes`,
    `ferry`, `toll`. The minutes of a way leave out those between points and roads, and what every journey takes.
    """
    asked = np.asarray(pairs, dtype=np.int64).reshape(-1, 2)
    told = _stretches(network, _find(network, origins, destinations, asked))
    pair = asked[told["route"].to_numpy(dtype=np.int64)]
    return pd.DataFrame(
        {
            "from": np.array(origins.codes, dtype=object)[pair[:, 0]],
            "to": np.array(destinations.codes, dtype=object)[pair[:, 1]],
            "stretch": told.groupby("route").cumcount().to_numpy() + 1,
            "name": told["name"].to_numpy(),
            "km": told["km"].to_numpy(),
            "minutes": told["ms"].to_numpy() / 60_000.0,
            "ferry": told["ferry_km"].to_numpy() > 0,
            "toll": told["toll"].to_numpy(),
        }
    )


def route_lines(found: gpd.GeoDataFrame) -> gpd.GeoDataFrame:
    """All lines of routes one below the other, for drawing: the roads, and the ways between points and roads.

    Parameters
    ----------
    found
        What `routes` gave.

    Returns
    -------
    Columns `from`, `to`, `part` (`to the road`, `road`, `from the road`) and the line; empty lines are left out.
    """
    parts = []
    for part, column in (("to the road", "leg_from"), ("road", found.geometry.name), ("from the road", "leg_to")):
        frame = found[["from", "to"]].assign(part=part, order=np.arange(len(found)))
        parts.append(gpd.GeoDataFrame(frame, geometry=found[column].to_numpy(), crs=found.crs))
    lines = gpd.GeoDataFrame(pd.concat(parts, ignore_index=True), geometry="geometry", crs=found.crs)
    lines = lines[~lines.geometry.is_empty].sort_values("order", kind="stable", ignore_index=True)
    return lines.drop(columns="order")


def describe_route(row: Mapping[str, Any] | pd.Series) -> str:
    """One plain sentence or two about a row of `routes`.

    Parameters
    ----------
    row
        The row; `from` and `to` are named as they stand there.
    """
    by = TRAVEL_WORDS.get(str(row["mode"]), "")
    if not row["reachable"]:
        return f"There is no way {by} from {row['from']} to {row['to']} on these roads."
    if not row["minutes"]:
        return f"{row['from']} and {row['to']} are at the same place."
    minutes = round(float(row["minutes"]))
    time = {0: "less than a minute", 1: "1 minute"}.get(minutes, f"{minutes} minutes")
    along = f", mainly along {row['mainly']}" if row["mainly"] else ""
    text = f"From {row['from']} to {row['to']} it takes {time} {by} over {_distance(float(row['km']))}{along}."
    if row["ferry_km"] > 0:
        text += f" {_distance(float(row['ferry_km']))} of it is by ferry, with the wait for it counted."
    return text + (" A toll is charged on the way." if row["toll"] else "")


# ----------------------------------------------------------------------------------------------------------- searching


@dataclass(frozen=True)
class _Found:
    """Parts of K routes, in their order: each a part of a road from one share of its length to another.

    `ms` and `same` (both points are the same) are of the routes, shape (K,); the others of the parts.
    """

    ms: NDArray[np.float64]
    same: NDArray[np.bool_]
    route: NDArray[np.int64]
    road: NDArray[np.int64]
    start: NDArray[np.float64]
    stop: NDArray[np.float64]
    part_ms: NDArray[np.int64]


class _Parts:
    """Gathers parts of routes in any order."""

    def __init__(self) -> None:
        self._rows: list[tuple[NDArray, ...]] = []

    def add(self, route: NDArray, step: int, road: NDArray, start: NDArray, stop: NDArray, ms: NDArray) -> None:
        self._rows.append((route, np.full(len(route), step), road, start, stop, ms))

    def in_order(self) -> tuple[NDArray, ...]:
        """Route, road, start, stop and milliseconds; parts of no length are left out."""
        none = tuple(np.zeros(0, dtype=kind) for kind in (np.int64, np.int64, np.int64, float, float, np.int64))
        rows = [*self._rows, none]
        route, step, road, start, stop, ms = (np.concatenate(column) for column in zip(*rows, strict=True))
        order = np.lexsort((step, route))
        order = order[start[order] != stop[order]]
        return route[order], road[order], start[order], stop[order], ms[order].astype(np.int64)


class _Edges:
    """Directed edges that can be used now."""

    def __init__(self, network: RoadNetwork) -> None:
        self.road, self.forward = network.edge_road, network.edge_forward
        self.tail, self.head, self.ms = network.edge_from, network.edge_to, network.edge_ms

    def onward(self, left_ms: NDArray[np.float64]) -> NDArray[np.int64]:
        """The edge to take from each node, by the time left from each node, shape (N,): the first that loses none."""
        quickest = np.flatnonzero(
            np.isfinite(left_ms[self.tail]) & (left_ms[self.tail] == left_ms[self.head] + self.ms)
        )
        result = np.full(len(left_ms), -1)
        result[self.tail[quickest[::-1]]] = quickest[::-1]  # of repeated places the last one written stays
        return result


def _find(network: RoadNetwork, origins: RoadPoints, destinations: RoadPoints, pairs: NDArray[np.int64]) -> _Found:
    """Search against the direction of travel from each destination, then follow the times left to it.

    The time left falls with every road, which takes 1 ms at least, so that following it ends; which of two equally
    quick roads is taken depends on nothing but their order.
    """
    parts, edges = _Parts(), _Edges(network)
    ms = np.full(len(pairs), np.inf)
    ends = np.unique(pairs[:, 1])
    for low in range(0, len(ends), AT_ONCE):
        block = ends[low : low + AT_ONCE]
        left = node_ms(network, destinations.some(block).snapped)
        for end, left_ms in zip(block, left, strict=True):
            which = np.flatnonzero(pairs[:, 1] == end)
            some = origins.some(pairs[which, 0])
            ms[which] = _follow(network, edges, parts, which, some, destinations.some(np.array([end])), left_ms)
    start, end = origins.some(pairs[:, 0]), destinations.some(pairs[:, 1])
    ms = ms + start.access_ms(network) + end.access_ms(network) + network.journey_ms
    same = (start.x == end.x) & (start.y == end.y)
    return _Found(np.where(same, 0.0, ms), same, *parts.in_order())


def _follow(
    network: RoadNetwork,
    edges: _Edges,
    parts: _Parts,
    which: NDArray[np.int64],
    starts: RoadPoints,
    end: RoadPoints,
    left_ms: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Add the parts of the routes `which` from their starts to one end; milliseconds on roads, shape (routes,)."""
    place = starts.snapped
    node, tie_ms = _first_nodes(network, starts, left_ms)
    via = np.where(node >= 0, tie_ms + left_ms[node], np.inf)
    direct = np.full(len(which), np.inf)
    at, _, along = times_along_one_road(network, place, end.snapped)
    direct[at] = along
    straight = np.flatnonzero(np.isfinite(direct) & (direct <= via))
    road = place.road[straight]
    to = np.full(len(straight), end.snapped.share[0])
    parts.add(which[straight], 0, road, place.share[straight], to, direct[straight])

    routed = np.flatnonzero(np.isfinite(via) & (via < direct))
    node, tie_ms, road, share = node[routed], tie_ms[routed], place.road[routed], place.share[routed]
    ahead = (network.arrive_forward[road] == node) & (_part_ms(network.road_ms_forward[road], 1.0 - share) == tie_ms)
    back = (network.arrive_backward[road] == node) & (_part_ms(network.road_ms_backward[road], share) == tie_ms)
    # A point at the very end of a road may leave by any other one: there is no first part then.
    parts.add(which[routed], 0, road, share, np.where(ahead, 1.0, np.where(back, 0.0, share)), tie_ms)
    last_node, steps = _walk(edges, parts, which[routed], node, left_ms, _end_ms(network, end, len(left_ms)))
    road = np.repeat(end.snapped.road, len(routed))
    share, tie_ms, junction = np.repeat(end.snapped.share, len(routed)), left_ms[last_node], network.copy_of[last_node]
    ahead = (network.road_from[road] == junction) & (_part_ms(network.road_ms_forward[road], share) == tie_ms)
    back = (network.road_to[road] == junction) & (_part_ms(network.road_ms_backward[road], 1.0 - share) == tie_ms)
    parts.add(which[routed], steps, road, np.where(ahead, 0.0, np.where(back, 1.0, share)), share, tie_ms)
    return np.minimum(direct, via)


def _part_ms(whole: NDArray[np.int64], share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Milliseconds of a share of a road, as ties to nodes count them; -1 where not allowed."""
    return np.where(whole >= 0, np.rint(whole * share), -1.0)


def _first_nodes(
    network: RoadNetwork, starts: RoadPoints, left_ms: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Node by which each point leaves its road, -1 where none leads to the end, and the time to it."""
    ties = leaving(network, starts.snapped)
    point = np.repeat(np.arange(ties.points), np.diff(ties.offset))
    total = ties.ms + left_ms[ties.node]
    order = np.lexsort((np.arange(len(total)), total, point))
    _, first = np.unique(point[order], return_index=True)
    best = order[first]
    best = best[np.isfinite(total[best])]
    node, ms = np.full(ties.points, -1), np.full(ties.points, np.inf)
    node[point[best]], ms[point[best]] = ties.node[best], ties.ms[best]
    return node, ms


def _end_ms(network: RoadNetwork, end: RoadPoints, nodes: int) -> NDArray[np.float64]:
    """Time from each node straight to the end, along its own road; `inf` from nodes that are not on it."""
    ties = arriving(network, end.snapped)
    result = np.full(nodes, np.inf)
    np.minimum.at(result, ties.node, ties.ms)
    return result


def _walk(
    edges: _Edges,
    parts: _Parts,
    which: NDArray[np.int64],
    node: NDArray[np.int64],
    left_ms: NDArray[np.float64],
    end_ms: NDArray[np.float64],
) -> tuple[NDArray[np.int64], int]:
    """Go from node to node, all routes at once, until the end is next; the last nodes, and the steps of the longest."""
    onward = edges.onward(left_ms)
    node, step = node.copy(), 1
    going = np.flatnonzero(left_ms[node] != end_ms[node])
    while len(going):
        edge = onward[node[going]]
        forward = edges.forward[edge]
        parts.add(
            which[going], step, edges.road[edge], np.where(forward, 0.0, 1.0), forward.astype(float), edges.ms[edge]
        )
        node[going] = edges.head[edge]
        going = going[left_ms[node[going]] != end_ms[node[going]]]
        step += 1
    return node, step


# ----------------------------------------------------------------------------------------------------- lines and words


def _lines(network: RoadNetwork, found: _Found) -> NDArray[np.object_]:
    """One line for each route, its parts joined; empty where there are none."""
    lines = np.repeat(shapely.LineString(), len(found.ms))
    if not len(found.route):
        return lines
    xy, offset = RoadShapes(network).cut_points(found.road, found.start, found.stop)
    route = np.repeat(found.route, np.diff(offset))
    fresh = np.ones(len(xy), dtype=bool)
    fresh[1:] = (route[1:] != route[:-1]) | (xy[1:] != xy[:-1]).any(axis=1)
    xy, route = xy[fresh], route[fresh]
    drawn = np.bincount(route, minlength=len(lines)) > 1
    some = drawn[route]
    rank = np.cumsum(drawn) - 1
    lines[drawn] = shapely.linestrings(xy[some], indices=rank[route[some]])
    return lines


def _metres(points: RoadPoints) -> NDArray[np.float64]:
    metres = points.snapped.distance_m
    return np.where(np.isfinite(metres), np.round(metres, 1), np.nan)


def _straight(first: NDArray[np.float64], last: NDArray[np.float64], there: NDArray[np.bool_]) -> NDArray[np.object_]:
    lines = np.repeat(shapely.LineString(), len(first))
    drawn = there & (first != last).any(axis=1)
    if drawn.any():
        lines[drawn] = shapely.linestrings(np.stack((first[drawn], last[drawn]), axis=1))
    return lines


def _stretches(network: RoadNetwork, found: _Found) -> pd.DataFrame:
    """Parts of one name that follow each other put together; columns `route`, `name`, `km`, `ms`, `ferry_km`, `toll`.

    A roundabout without a name belongs to the road before it, or to the one after it where the way begins on it.
    """
    facts, road = network.facts, found.road
    ferry = network.road_class[road] == FERRY
    metres = np.abs(found.stop - found.start) * network.road_length_m[road]
    given = np.array(network.names, dtype=object)[facts.name[road]]
    by_class = np.array([_unnamed(name) for name in ROAD_CLASSES], dtype=object)[network.road_class[road]]
    name = pd.Series(np.where(given != "", given, by_class), dtype=object)
    route = pd.Series(found.route)
    passed = name.mask((given == "") & facts.roundabout[road])
    passed = passed.groupby(route).ffill().groupby(route).bfill()
    name = passed.fillna("unnamed road")
    new = (name != name.shift()) | (route != route.shift()) | (pd.Series(ferry) != pd.Series(ferry).shift())
    table = pd.DataFrame(
        {
            "route": route,
            "name": name.where(~ferry | name.str.contains("ferry", case=False), name + " (ferry)"),
            "km": metres / 1000.0,
            "ms": found.part_ms,
            "ferry_km": np.where(ferry, metres / 1000.0, 0.0),
            "toll": facts.toll[road],
        }
    )
    how = {"route": "first", "name": "first", "km": "sum", "ms": "sum", "ferry_km": "sum", "toll": "any"}
    return table.groupby(new.cumsum().to_numpy(), sort=True).agg(how).reset_index(drop=True)


def _unnamed(road_class: str) -> str:
    return "slip road" if road_class.endswith("_link") else UNNAMED.get(road_class, "unnamed road")


def _in_words(told: pd.DataFrame, count: int) -> tuple[list[str], list[str]]:
    """For each route its stretches with their lengths, and the names of its longest roads."""
    stretches: list[list[tuple[str, float]]] = [[] for _ in range(count)]
    for route, name, km in zip(told["route"], told["name"], told["km"], strict=True):
        stretches[int(route)].append((str(name), float(km)))
    return [_way(parts) for parts in stretches], [_mainly(parts) for parts in stretches]


def _way(parts: list[tuple[str, float]]) -> str:
    long = [(name, km) for name, km in parts if km >= SHORTEST_TOLD_KM]
    return ", ".join(f"{name} {_distance(km)}" for name, km in long or parts)


def _mainly(parts: list[tuple[str, float]]) -> str:
    """The longest roads in the order they come in; a numbered road is one, however its stretches are called."""
    named = [part for part in parts if part[0] not in NAMELESS] or parts
    km: dict[str, float] = {}
    names: dict[str, set[str]] = {}
    for name, length in named:
        number = ROAD_NUMBER.match(name)
        key = number[1] if number else name
        km[key] = km.get(key, 0.0) + length
        names.setdefault(key, set()).add(name)
    least = MAIN_SHARE * sum(length for _, length in parts)
    longest = sorted((key for key in km if km[key] >= least), key=lambda key: -km[key])[:MAIN_ROADS]
    told = [next(iter(names[key])) if len(names[key]) == 1 else key for key in km if key in longest]
    return " and ".join([", ".join(told[:-1]), told[-1]] if len(told) > 1 else told)


def _distance(km: float) -> str:
    """Kilometres with one decimal, below one kilometre metres in tens."""
    if km < 0.995:
        return f"{max(round(km * 100) * 10, 10)} m"
    return f"{km:.1f} km"
