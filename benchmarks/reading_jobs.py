"""Reading that is measured: a road file becomes a timed network, by us or by osmnx.

Apart from `benchmarks.road_jobs` because a process that only reads roads must not hold what other jobs import.
`python -m benchmarks.reading_jobs JOB [ARGUMENT ...]` prints one line of JSON as the jobs there do.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from benchmarks.measured import measured

COPIES_EACH_WAY = (5, 2)
"""The large file holds this many copies of the county, side by side in longitude and in latitude."""

STEP_DEGREES = (0.5, 0.4)
COPY_KEYS = 2_000_000_000_000
"""Numbers of nodes and ways of one copy end below this."""


def cut_to_roads(source: str, *targets: str) -> dict[str, object]:
    """Write the ways that cars may use, and their points, as files that osmnx (XML) and ours can read."""
    import osmium  # noqa: PLC0415 - as everywhere here: a process holds what its own job needs

    from geodata.osm.tags import drivable_way  # noqa: PLC0415

    def cut() -> str:
        ways = 0
        for target in targets:
            ways = 0
            with osmium.BackReferenceWriter(target, ref_src=source, overwrite=True, relation_depth=0) as writer:
                for way in osmium.FileProcessor(source, osmium.osm.WAY):
                    if drivable_way({tag.k: tag.v for tag in way.tags}) is not None:
                        writer.add(way)
                        ways += 1
        return f"{ways:,} ways"

    return measured(cut)


def copy_side_by_side(source: str, *targets: str) -> dict[str, object]:
    """Write a file that holds another many times over, each copy moved; the nodes of all copies come first."""
    import osmium  # noqa: PLC0415
    from osmium.osm.mutable import Node, Way  # noqa: PLC0415

    columns, rows = COPIES_EACH_WAY

    def copy() -> str:
        nodes = [
            (node.id, node.location.lon, node.location.lat, dict(node.tags))
            for node in osmium.FileProcessor(source, osmium.osm.NODE)
        ]
        ways = [
            (way.id, [node.ref for node in way.nodes], dict(way.tags))
            for way in osmium.FileProcessor(source, osmium.osm.WAY)
        ]
        for target in targets:
            with osmium.SimpleWriter(target, overwrite=True) as writer:
                for number in range(columns * rows):
                    east, north = (number % columns) * STEP_DEGREES[0], (number // columns) * STEP_DEGREES[1]
                    for key, lon, lat, tags in nodes:
                        at = (lon - east, lat + north)
                        writer.add_node(Node(id=number * COPY_KEYS + key, version=1, location=at, tags=tags))
                for number in range(columns * rows):
                    first = number * COPY_KEYS
                    for key, refs, tags in ways:
                        at = [first + ref for ref in refs]
                        writer.add_way(Way(id=first + key, version=1, nodes=at, tags=tags))
        return f"{columns * rows * len(nodes):,} nodes in {columns * rows * len(ways):,} ways"

    return measured(copy)


def ours_reads(source: str) -> dict[str, object]:
    """Our reader: timed, gaps closed, main part named."""
    from geodata.roads import read_roads  # noqa: PLC0415

    def read() -> str:
        network = read_roads(Path(source))
        main = int(network.node_in_main.sum())
        km = network.road_length_m.sum() / 1000
        return f"{len(network.node_x):,} nodes ({main:,} in the main part), {km:,.0f} km"

    return measured(read)


def osmnx_reads(source: str, summed: str = "") -> dict[str, object]:
    """The same with osmnx: simplified, projected, timed, main part taken.

    With `summed`, the pieces are timed before osmnx merges them, and their times are summed, as ours are. As it comes,
    it times what it has merged, at the mean of the speeds (`benchmarks.rutland_pairs` tells what that does to times).
    """
    import osmnx  # noqa: PLC0415 - only the peer pays for it

    def read() -> str:
        graph = osmnx.graph_from_xml(Path(source), simplify=not summed, retain_all=True)
        if summed:
            graph = osmnx.add_edge_travel_times(osmnx.add_edge_speeds(graph))
            graph = osmnx.simplify_graph(graph, edge_attr_aggs={"length": sum, "travel_time": sum})
            graph = osmnx.project_graph(graph, to_crs="EPSG:27700")
        else:
            graph = osmnx.project_graph(graph, to_crs="EPSG:27700")
            graph = osmnx.add_edge_travel_times(osmnx.add_edge_speeds(graph))
        main = osmnx.truncate.largest_component(graph, strongly=True)
        # A two-way road is there twice; counting it once is for the reader of the table and costs little.
        both = {frozenset((a, b)): metres for a, b, metres in graph.edges(data="length")}
        km = sum(both.values()) / 1000
        return f"{len(graph):,} nodes ({len(main):,} in the main part), about {km:,.0f} km"

    return measured(read)


JOBS = {job.__name__: job for job in (cut_to_roads, copy_side_by_side, ours_reads, osmnx_reads)}


if __name__ == "__main__":
    print(json.dumps(JOBS[sys.argv[1]](*sys.argv[2:])))
