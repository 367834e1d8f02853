"""Write a generated `.osm.pbf` of any size: villages of ways with about ten nodes, the same few of them in one box."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import osmium
from osmium.osm.mutable import Node, Way
from pyproj import Transformer

BOX = (400_000.0, 150_000.0, 420_000.0, 170_000.0)
"""The case's box, metres in EPSG:27700."""

COUNTRY = (-5.0, 50.5, 1.0, 56.0)
NODES_PER_WAY = 10
WAYS_PER_VILLAGE = 20
VILLAGES_IN_BOX = 200
LARGEST_KEY = 12_000_000_000
"""Numbers of nodes run this far, as today's do: what grows with the largest number shows at every size."""

TAGS = (
    {"highway": "residential", "name": "Made-up Street", "maxspeed": "30 mph"},
    {"building": "yes"},
    {"building": "house", "source": "invented"},
    {"highway": "unclassified", "name": "Made-up Lane"},
    {"landuse": "meadow"},
    {"building": "yes"},
    {"highway": "footway"},
    {"waterway": "stream"},
)
"""Of real ways about a quarter to a third carry `highway`."""


def write_made_up_osm(path: Path, nodes: int, seed: int = 0) -> None:
    """Write about `nodes` nodes in ways; villages lie anywhere in the country, 200 of them (40,000 nodes) in the box.

    Parameters
    ----------
    path
        The `.osm.pbf` to write.
    nodes
        How many, at least 40,000.
    seed
        Of the random numbers; the same seed gives the same file.
    """
    rng = np.random.default_rng(seed)
    ways = max(nodes // NODES_PER_WAY, VILLAGES_IN_BOX * WAYS_PER_VILLAGE)
    # People draw a way in one go, so its nodes carry numbers in a row; between ways the numbers jump.
    first = np.sort(rng.choice(LARGEST_KEY // (2 * NODES_PER_WAY), ways, replace=False)) * 2 * NODES_PER_WAY + 1
    x, y = _places(rng, ways)
    header = osmium.io.Header()
    header.set("sorting", "Type_then_ID")
    header.set("generator", "made-up")
    header.add_box(osmium.osm.Box(*COUNTRY))
    with osmium.SimpleWriter(str(path), header=header) as writer:
        for node in _nodes(first, x, y):
            writer.add_node(node)
        for way in range(ways):
            keys = range(int(first[way]), int(first[way]) + NODES_PER_WAY)
            begins = [] if way % WAYS_PER_VILLAGE == 0 else [int(first[way - way % WAYS_PER_VILLAGE]) + way % 10]
            writer.add_way(Way(id=way + 1, version=1, nodes=[*begins, *keys], tags=TAGS[way % len(TAGS)]))


def _places(rng: np.random.Generator, ways: int) -> tuple[np.ndarray, np.ndarray]:
    """Longitude and latitude of every node, shape (ways, nodes of a way)."""
    villages = -(-ways // WAYS_PER_VILLAGE)
    lon, lat = rng.uniform(COUNTRY[0], COUNTRY[2], villages), rng.uniform(COUNTRY[1], COUNTRY[3], villages)
    inside = rng.permutation(villages)[:VILLAGES_IN_BOX]
    east, north = rng.uniform(BOX[0], BOX[2], len(inside)), rng.uniform(BOX[1], BOX[3], len(inside))
    to_degrees = Transformer.from_crs("EPSG:27700", "EPSG:4326", always_xy=True)
    lon[inside], lat[inside] = to_degrees.transform(east, north)
    of_way = np.arange(ways) // WAYS_PER_VILLAGE
    steps = rng.normal(0, 2e-4, (2, ways, NODES_PER_WAY)).cumsum(axis=2)
    return lon[of_way, None] + steps[0], lat[of_way, None] + steps[1]


def _nodes(first: np.ndarray, x: np.ndarray, y: np.ndarray) -> Iterator[Node]:
    for way, key in enumerate(first.tolist()):
        for at, place in enumerate(zip(x[way].tolist(), y[way].tolist(), strict=True)):
            crossing = {"highway": "traffic_signals"} if at == 0 and way % 50 == 0 else None
            yield Node(id=key + at, version=1, location=place, tags=crossing)
