"""Shortest times between points that are joined to roads, in whole milliseconds, by whichever engine suits the size."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from geodata.roads.graph import Graph
from geodata.roads.network import RoadNetwork
from geodata.routing.attach import arriving, leaving
from geodata.routing.scipy_search import Search
from geodata.routing.snapping import Snapped

if TYPE_CHECKING:
    from geodata.routing.hierarchy import Hierarchy

Engine = Literal["auto", "scipy", "hierarchy"]
"""`scipy`: one search from each point of the smaller set (the reference). `hierarchy`: an order of the roads that is
made once for a network and used for each timing of it. Both give the same milliseconds."""

WORK_THAT_PAYS = 50_000_000
"""From so many searches times nodes on, a hierarchy is quicker. scipy does about 7 million of them a second
(`benchmarks.new_york`); a hierarchy takes seconds to make, and a quarter of a minute to compile when it is first used
on a computer."""

ARCS_PER_NODE = 24
"""A road network needs 4 to 8 arcs a node; a graph that needs more than this (a dense grid) is searched by scipy."""

ROWS = 1024


def milliseconds_between(
    network: RoadNetwork,
    origins: Snapped,
    destinations: Snapped,
    *,
    engine: Engine = "auto",
    limit_ms: float = np.inf,
) -> NDArray[np.float64]:
    """Times between points that are joined to roads, without the way to the road.

    Two points on the same road may also be joined along it, where its direction allows.

    Parameters
    ----------
    network
        The roads.
    origins, destinations
        A and B points.
    engine
        How to search; every engine gives the same milliseconds.
    limit_ms
        What takes longer counts as not reached, which saves time.

    Returns
    -------
    Milliseconds (whole numbers) from each origin to each destination, shape (A, B); `inf` where there is no route.
    """
    result = np.empty((len(origins.road), len(destinations.road)))
    for rows, ms in row_blocks(network, origins, destinations, engine=engine, limit_ms=limit_ms):
        result[rows] = ms
    return result


def row_blocks(
    network: RoadNetwork,
    origins: Snapped,
    destinations: Snapped,
    *,
    engine: Engine = "auto",
    limit_ms: float = np.inf,
    rows: int = ROWS,
) -> Iterator[tuple[slice, NDArray[np.float64]]]:
    """The same times block by block, in the order of the origins: memory holds one block at a time.

    Parameters
    ----------
    network, origins, destinations, engine, limit_ms
        As in `milliseconds_between`.
    rows
        Origins in a block.

    Yields
    ------
    Which origins, and their milliseconds, shape (rows, B).
    """
    starts, ends = leaving(network, origins), arriving(network, destinations)
    hierarchy = _hierarchy(network, engine, min(starts.points, ends.points))
    if hierarchy is None:
        blocks = Search(network.graph()).row_blocks(starts, ends, limit_ms=limit_ms, rows=rows)
    else:
        blocks = hierarchy.weigh(network.graph().ms).row_blocks(starts, ends, limit_ms=limit_ms, rows=rows)
    for part, ms in blocks:
        direct = _along_one_road(network, origins.some(part), destinations)
        quickest = np.minimum(ms, direct)
        yield part, np.where(quickest <= limit_ms, quickest, np.inf)


def node_ms(
    network: RoadNetwork, points: Snapped, *, towards: bool = True, limit_ms: float = np.inf
) -> NDArray[np.float64]:
    """Times between every node and each point.

    Parameters
    ----------
    network
        The roads.
    points
        P points joined to them.
    towards
        From the nodes to the points; else from the points to the nodes.
    limit_ms
        What takes longer counts as not reached.

    Returns
    -------
    Milliseconds, shape (P, N); `inf` where there is no route.
    """
    ties = arriving(network, points) if towards else leaving(network, points)
    return Search(network.graph()).to_all(ties, towards=towards, limit_ms=limit_ms)


def hierarchy_of(network: RoadNetwork) -> Hierarchy | None:
    """The hierarchy of a network, made at the first call and shared by all timings of it; None for dense graphs."""
    from geodata.routing.hierarchy import Hierarchy  # noqa: PLC0415 - compiled code, which most cases do not need

    made = network.standing.made
    if "hierarchy" not in made:
        graph: Graph = network.graph()
        made["hierarchy"] = Hierarchy.build(
            graph.nodes, graph.tail, graph.head, graph.x, graph.y, arcs_at_most=ARCS_PER_NODE * max(graph.nodes, 1000)
        )
    return made["hierarchy"]  # type: ignore[return-value]


def _hierarchy(network: RoadNetwork, engine: Engine, searches: int) -> Hierarchy | None:
    if engine == "scipy":
        return None
    if engine == "hierarchy":
        return hierarchy_of(network)
    if network.standing.made.get("hierarchy") is not None:
        return hierarchy_of(network)
    pays = searches * len(network.node_x) >= WORK_THAT_PAYS
    return hierarchy_of(network) if pays else None


def _along_one_road(network: RoadNetwork, origins: Snapped, destinations: Snapped) -> NDArray[np.float64]:
    """Times between points of the same road along it, shape (A, B); `inf` elsewhere."""
    result = np.full((len(origins.road), len(destinations.road)), np.inf)
    a, b, ms = times_along_one_road(network, origins, destinations)
    result[a, b] = ms
    return result


def times_along_one_road(
    network: RoadNetwork, origins: Snapped, destinations: Snapped
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]:
    """Pairs of an origin and a destination on the same road, and their milliseconds along it, `inf` if not allowed."""
    order = np.argsort(destinations.road, kind="stable")
    ranked = destinations.road[order]
    low, high = (np.searchsorted(ranked, origins.road, side=side) for side in ("left", "right"))
    count = np.where(origins.road >= 0, high - low, 0)
    a = np.repeat(np.arange(len(origins.road)), count)
    b = order[np.repeat(low, count) + np.arange(len(a)) - np.repeat(np.cumsum(count) - count, count)]
    road, step = origins.road[a], destinations.share[b] - origins.share[a]
    ahead, back = network.road_ms_forward[road], network.road_ms_backward[road]
    along = np.where((step >= 0) & (ahead >= 0), np.rint(ahead * step), np.inf)
    return a, b, np.minimum(along, np.where((step <= 0) & (back >= 0), np.rint(back * -step), np.inf))
