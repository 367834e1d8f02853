"""A generated country of England's size, for measuring: towns of every size, country roads between them, motorways.

Built straight as arrays. What matters for a search is there: few roads lead out of a place (so that small sets of
junctions separate one region from the next), streets are irregular with dead ends, some are one-way, and roads have
very different speeds. Nothing else about it is real.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import Delaunay

from geodata.roads.graph import CLOSED, Graph

WIDTH_M, HEIGHT_M = 360_000.0, 500_000.0
PLACES = 9_000
JUNCTIONS = 2_100_000
"""About so many; OpenStreetMap's roads of England have two to three million, depending on what is counted."""

SMALLEST, LARGEST = 6, 45_000
"""Junctions of streets in a hamlet and in the largest city."""

SPACING_M = 95.0
DEAD_END = 0.35
"""Dead ends for each junction of streets: closes, drives and yards."""

LEFT_OUT = 0.33
"""Share of streets of a full grid that are not there, but for every fifth line, a main street."""

ONE_WAY = 0.06
COUNTRY_STEP_M = 700.0
"""Between two junctions of a country road, where a lane leads off to a farm."""

CITIES = 70
"""The largest places have motorways between them."""

STREET, MAIN_STREET, LANE, COUNTRY_ROAD, MOTORWAY = 30.0, 42.0, 28.0, 70.0, 105.0
"""km/h, before each road is made up to a fifth slower at random."""


def made_up_england(seed: int = 0, junctions: int = JUNCTIONS) -> Graph:
    """The country as a graph; two directed edges for each road, one of them closed where it is one-way.

    Parameters
    ----------
    seed
        The same seed gives the same country.
    junctions
        About how many; fewer give a smaller country with the same streets.
    """
    rng = np.random.default_rng(seed)
    share = junctions / JUNCTIONS
    places = max(int(PLACES * share), 20)
    scale = np.sqrt(share)
    centre = rng.uniform((0.0, 0.0), (WIDTH_M * scale, HEIGHT_M * scale), (places, 2))
    size = _sizes(places, junctions, rng)
    streets = _streets(centre, size, rng)
    roads = _country_roads(centre, size, streets, rng)
    x, y = (np.concatenate((streets[name], roads[name])) for name in ("x", "y"))
    tail, head, kmh = (np.concatenate((streets[name], roads[name])) for name in ("tail", "head", "kmh"))
    one_way = np.zeros(len(tail), dtype=bool)
    plain = np.flatnonzero(kmh == STREET)
    one_way[plain[rng.random(len(plain)) < ONE_WAY]] = True
    kmh = kmh * rng.uniform(0.8, 1.0, len(kmh))
    metres = np.hypot(x[tail] - x[head], y[tail] - y[head]) * rng.uniform(1.0, 1.25, len(tail))
    ms = np.maximum(np.rint(metres / kmh * 3600), 1).astype(np.int64)
    return _largest_part(
        Graph(
            nodes=len(x),
            tail=np.column_stack((tail, head)).ravel(),
            head=np.column_stack((head, tail)).ravel(),
            ms=np.column_stack((ms, np.where(one_way, CLOSED, ms))).ravel(),
            x=x,
            y=y,
        )
    )


def _largest_part(graph: Graph) -> Graph:
    """The largest set of junctions that all reach each other: streets left out cut a few off, one in sixty."""
    usable = graph.ms >= 0
    ways = csr_array(
        (np.ones(np.count_nonzero(usable), dtype=np.int8), (graph.tail[usable], graph.head[usable])),
        shape=(graph.nodes, graph.nodes),
    )
    part = connected_components(ways, directed=True, connection="strong")[1]
    kept = part == np.argmax(np.bincount(part))
    number = np.cumsum(kept) - 1
    inside = kept[graph.tail] & kept[graph.head]
    return Graph(
        nodes=int(kept.sum()),
        tail=number[graph.tail[inside]],
        head=number[graph.head[inside]],
        ms=graph.ms[inside],
        x=graph.x[kept],
        y=graph.y[kept],
    )


def made_up_points(graph: Graph, rows: int, columns: int, seed: int = 0) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Nodes that stand for sites and for areas: more where more junctions are, none twice.

    Parameters
    ----------
    graph
        The country.
    rows, columns
        How many of each.
    seed
        Of the random choice.
    """
    chosen = np.random.default_rng(seed + 1).choice(graph.nodes, rows + columns, replace=False)
    return chosen[:rows], chosen[rows:]


def _sizes(places: int, junctions: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Junctions of streets in each place, the largest first: a hundred hamlets for one town, as in any country."""
    raw = SMALLEST * rng.pareto(0.95, places) + SMALLEST
    raw = np.minimum(np.sort(raw)[::-1], LARGEST)
    in_streets = 0.88 * junctions / (1.0 + DEAD_END)  # the rest lies along country roads
    for _ in range(20):  # the largest are cut off at LARGEST, so the others grow step by step
        raw = np.clip(raw * in_streets / raw.sum(), SMALLEST, LARGEST)
    return np.rint(raw).astype(np.int64)


def _streets(centre: NDArray[np.float64], size: NDArray[np.int64], rng: np.random.Generator) -> dict[str, NDArray]:
    """Streets of all places: shaken grids with streets left out, turned at random, and dead ends."""
    columns = np.ceil(np.sqrt(size)).astype(np.int64)
    first = np.concatenate(([0], np.cumsum(size)))
    place = np.repeat(np.arange(len(size)), size)
    within = np.arange(first[-1]) - first[place]
    column, row = within % columns[place], within // columns[place]
    angle = rng.uniform(0, np.pi / 2, len(size))
    turn = angle[place]
    shaken = rng.uniform(-0.28, 0.28, (2, len(place))) * SPACING_M
    u = (column - columns[place] / 2) * SPACING_M + shaken[0]
    v = (row - columns[place] / 2) * SPACING_M + shaken[1]
    x = centre[place, 0] + u * np.cos(turn) - v * np.sin(turn)
    y = centre[place, 1] + u * np.sin(turn) + v * np.cos(turn)
    node = np.arange(len(place))
    east = node[(column + 1 < columns[place]) & (within + 1 < size[place])]
    north = node[within + columns[place] < size[place]]
    tail = np.concatenate((east, north))
    head = np.concatenate((east + 1, north + columns[place[north]]))
    line = np.concatenate((row[east], column[north]))
    main = line % 5 == 0
    # The first column and every fifth line stay whole, so that hardly anything is cut off.
    kept = main | (rng.random(len(tail)) >= LEFT_OUT)
    ends = node[rng.random(len(node)) < DEAD_END]
    away = rng.uniform(0, 2 * np.pi, len(ends))
    closes = len(node) + np.arange(len(ends))
    return {
        "x": np.append(x, x[ends] + 45.0 * np.cos(away)),
        "y": np.append(y, y[ends] + 45.0 * np.sin(away)),
        "tail": np.concatenate((tail[kept], ends)),
        "head": np.concatenate((head[kept], closes)),
        "kmh": np.concatenate((np.where(main[kept], MAIN_STREET, STREET), np.full(len(ends), LANE))),
        "first": first,
        "columns": columns,
        "turn": angle,
    }


def _country_roads(
    centre: NDArray[np.float64], size: NDArray[np.int64], streets: dict[str, NDArray], rng: np.random.Generator
) -> dict[str, NDArray]:
    """Roads between neighbouring places with lanes to farms along them, and motorways between the cities."""
    pairs = _neighbours(centre)
    # Not every two neighbours have a road: the longest are left out, and some of the others.
    metres = np.hypot(*(centre[pairs[:, 0]] - centre[pairs[:, 1]]).T)
    pairs = pairs[(metres < np.quantile(metres, 0.97)) & (rng.random(len(pairs)) < 0.9)]
    far = _neighbours(centre[:CITIES])
    begins = np.concatenate((pairs[:, 0], far[:, 0]))
    ends = np.concatenate((pairs[:, 1], far[:, 1]))
    fast = np.concatenate((np.zeros(len(pairs), dtype=bool), np.ones(len(far), dtype=bool)))
    start, stop = _gates(begins, ends, centre, streets), _gates(ends, begins, centre, streets)
    x, y = streets["x"], streets["y"]
    metres = np.hypot(x[start] - x[stop], y[start] - y[stop])
    steps = np.maximum(np.rint(metres / np.where(fast, 4000.0, COUNTRY_STEP_M)).astype(np.int64), 1)
    inner = steps - 1
    road = np.repeat(np.arange(len(steps)), inner)
    number = np.arange(len(road)) - np.repeat(np.cumsum(inner) - inner, inner)
    part = (number + 1) / steps[road]
    bend = rng.normal(0, 60.0, (2, len(road)))
    inner_x = x[start[road]] + (x[stop[road]] - x[start[road]]) * part + bend[0]
    inner_y = y[start[road]] + (y[stop[road]] - y[start[road]]) * part + bend[1]
    node = len(x) + np.arange(len(road))
    opening, closing = number == 0, number + 1 == inner[road]
    tail = np.concatenate((start[road[opening]], node[~closing], node[closing], start[inner == 0]))
    head = np.concatenate((node[opening], node[~closing] + 1, stop[road[closing]], stop[inner == 0]))
    of_road = np.concatenate((road[opening], road[~closing], road[closing], np.flatnonzero(inner == 0)))
    farms = node[~fast[road]]
    away = rng.normal(0, 250.0, (2, len(farms)))
    farm = len(x) + len(road) + np.arange(len(farms))
    return {
        "x": np.append(inner_x, inner_x[~fast[road]] + away[0]),
        "y": np.append(inner_y, inner_y[~fast[road]] + away[1]),
        "tail": np.append(tail, farms),
        "head": np.append(head, farm),
        "kmh": np.append(np.where(fast[of_road], MOTORWAY, COUNTRY_ROAD), np.full(len(farms), LANE)),
    }


def _neighbours(centre: NDArray[np.float64]) -> NDArray[np.int64]:
    """Pairs of places that share an edge of the Delaunay triangulation, each once."""
    corner = Delaunay(centre).simplices.astype(np.int64)
    pairs = np.sort(np.concatenate((corner[:, :2], corner[:, 1:], corner[:, ::2])), axis=1)
    return np.unique(pairs, axis=0)


def _gates(
    here: NDArray[np.int64], there: NDArray[np.int64], centre: NDArray[np.float64], streets: dict[str, NDArray]
) -> NDArray[np.int64]:
    """Junction at the edge of one place where the road to another begins: on the side that looks towards it."""
    columns, first, turn = streets["columns"][here], streets["first"][here], streets["turn"][here]
    size = streets["first"][here + 1] - first
    angle = np.arctan2(*(centre[there] - centre[here]).T[::-1]) - turn
    half = (columns - 1) / 2
    reach = half / np.maximum(np.maximum(np.abs(np.cos(angle)), np.abs(np.sin(angle))), 1e-9)
    column = np.clip(np.rint(half + reach * np.cos(angle)), 0, columns - 1).astype(np.int64)
    row = np.clip(np.rint(half + reach * np.sin(angle)), 0, columns - 1).astype(np.int64)
    # Main streets go out into the country: the nearest fifth line.
    column = np.where(row % 5 == 0, column, column // 5 * 5)
    return first + np.minimum(row * columns + column, size - 1)
