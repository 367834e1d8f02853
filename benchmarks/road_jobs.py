"""The road work that is measured: each job is one piece of work, ours or a peer's, made ready and done once.

`python -m benchmarks.road_jobs JOB [ARGUMENT ...]` does one in a process of its own and prints one line of JSON:
`seconds` (clock), `cpu_seconds` (processor), `peak_mb`, `ready_mb` (the peak before the work began: Python, the
libraries and the prepared inputs), `share` of the whole work that was done, and `told` (what came out).
"""

from __future__ import annotations

import contextlib
import json
import runpy
import sys
import time
from collections.abc import Callable
from pathlib import Path

import osmium

from benchmarks.made_up_roads import made_up_lines, made_up_points
from benchmarks.peak import peak_mb
from benchmarks.road_peer import as_matrix, demand_same, join, networkx_search, scipy_search
from geodata.load import load_place
from geodata.network import RoadNetwork
from geodata.network_build import build_network
from geodata.osm import drivable_way
from geodata.place import Place
from geodata.road_times import road_times
from geodata.roads import read_roads
from geodata.speeds import load_speeds

SEED = 0
COUNTY_FILE = "county.npz"
"""The network of the generated county, in a folder that stands in for a case."""


def measured(work: Callable[[], str]) -> dict[str, object]:
    """Do a prepared piece of work and measure it; it returns what to tell."""
    ready_mb, cpu, began = peak_mb(), time.process_time(), time.perf_counter()
    told = work()
    seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - cpu
    return {
        "seconds": seconds,
        "cpu_seconds": cpu_seconds,
        "peak_mb": peak_mb(),
        "ready_mb": ready_mb,
        "share": 1.0,
        "told": told,
    }


# ------------------------------------------------------------------------------------------- a file becomes a network


def cut_to_roads(source: str, target: str) -> dict[str, object]:
    """Write the ways that cars may use, and their points, as the XML that osmnx reads."""

    def cut() -> str:
        ways = 0
        with osmium.BackReferenceWriter(target, ref_src=source, overwrite=True, relation_depth=0) as writer:
            for way in osmium.FileProcessor(source, osmium.osm.WAY):
                if drivable_way({tag.k: tag.v for tag in way.tags}) is not None:
                    writer.add(way)
                    ways += 1
        return f"{ways:,} ways"

    return measured(cut)


def ours_reads(source: str) -> dict[str, object]:
    """Our reader: timed, gaps closed, main part named."""

    def read() -> str:
        network = read_roads(Path(source))
        main = int(network.node_in_main.sum())
        km = network.road_length_m.sum() / 1000
        return f"{len(network.node_x):,} nodes ({main:,} in the main part), {km:,.0f} km"

    return measured(read)


def osmnx_reads(source: str) -> dict[str, object]:
    """The same with osmnx: simplified, projected, timed, main part taken."""
    import osmnx  # noqa: PLC0415 - only the peer pays for it

    def read() -> str:
        graph = osmnx.project_graph(osmnx.graph_from_xml(Path(source), retain_all=True), to_crs="EPSG:27700")
        graph = osmnx.add_edge_travel_times(osmnx.add_edge_speeds(graph))
        main = osmnx.truncate.largest_component(graph, strongly=True)
        # A two-way road is there twice; counting it once is for the reader of the table and costs little.
        both = {frozenset((a, b)): metres for a, b, metres in graph.edges(data="length")}
        km = sum(both.values()) / 1000
        return f"{len(graph):,} nodes ({len(main):,} in the main part), about {km:,.0f} km"

    return measured(read)


# ---------------------------------------------------------------------------------------------------- minutes on roads


def ours_times(folder: str) -> dict[str, object]:
    """Minutes from areas and sites to sites by `road_times`: joined to the roads, searched, put together."""
    network, place = _network_and_place(folder)

    def search() -> str:
        times = road_times(network, place)
        pairs = times.area_to_site.size + times.between_sites.size
        return f"{pairs:,} journeys, areas to sites {times.area_to_site.mean():.2f} min on average"

    return measured(search)


def networkx_times(folder: str, sites: str = "") -> dict[str, object]:
    """The same milliseconds with networkx on points joined by us: the searches alone are measured.

    They run against the direction of travel, as ours do, once for each site; with `sites`, for so many of them only.
    """
    joined = join(*_network_and_place(folder))
    against = joined.graph.reverse(copy=True)
    count = int(sites or joined.sites)
    answers = []

    def search() -> str:
        answers.extend(networkx_search(against, joined, site) for site in range(count))
        return f"{count} searches on {len(against):,} nodes"

    done = measured(search)
    demand_same(joined, answers)
    return done | {"share": count / joined.sites, "told": f"{done['told']}, same to the millisecond"}


def scipy_times(folder: str) -> dict[str, object]:
    """The same with scipy used plainly: a search forward from every area and every site."""
    joined = join(*_network_and_place(folder))
    matrix = as_matrix(joined)
    answers = []

    def search() -> str:
        answers.extend(scipy_search(matrix, joined))
        return f"{joined.origins} searches on {matrix.shape[0]:,} nodes"

    done = measured(search)
    demand_same(joined, answers)
    return done | {"told": f"{done['told']}, same to the millisecond"}


def ours_builds(folder: str) -> dict[str, object]:
    """The ways of a generated county become a timed network, which is then kept in a folder."""
    lines, speeds = made_up_lines(SEED), load_speeds()
    built = []

    def build() -> str:
        built.append(build_network(lines, speeds))
        return f"{len(built[0].node_x):,} nodes, {len(built[0].road_from):,} roads"

    done = measured(build)
    built[0].save(Path(folder) / COUNTY_FILE)
    return done


def _network_and_place(folder: str) -> tuple[RoadNetwork, Place]:
    """Of a case, or of the generated county where `ours_builds` has kept it."""
    county = Path(folder) / COUNTY_FILE
    if county.is_file():
        return RoadNetwork.load(county), made_up_points(SEED)
    return read_roads(Path(folder) / "roads.osm.pbf"), load_place(Path(folder))


# ------------------------------------------------------------------------------------------------------- the whole job


def demonstration(folder: str) -> dict[str, object]:
    """`blueprint demo` as a planner starts it, but for the start of Python, which the caller's clock adds."""

    def run() -> str:
        sys.argv = ["blueprint", "demo", "--out", folder]
        with contextlib.suppress(SystemExit), contextlib.redirect_stdout(sys.stderr):
            runpy.run_module("grouping", run_name="__main__")
        solver = json.loads((Path(folder) / "run.json").read_text(encoding="utf-8"))["solver"]
        return json.dumps(solver["seconds"])

    return measured(run) | {"cpu_seconds": time.process_time()}  # from the start of the process


JOBS = {
    job.__name__: job
    for job in (
        cut_to_roads,
        ours_reads,
        osmnx_reads,
        ours_times,
        networkx_times,
        scipy_times,
        ours_builds,
        demonstration,
    )
}


if __name__ == "__main__":
    print(json.dumps(JOBS[sys.argv[1]](*sys.argv[2:])))
