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
from pathlib import Path

from benchmarks.made_up_roads import made_up_lines, made_up_points
from benchmarks.measured import measured
from benchmarks.road_peer import as_matrix, demand_same, join, networkx_search, scipy_search
from geodata.load import load_place
from geodata.place import Place
from geodata.road_times import road_times
from geodata.roads import read_roads
from geodata.roads.build import build_network
from geodata.roads.network import RoadNetwork
from geodata.speeds import load_speeds

SEED = 0
COUNTY_FILE = "county.npz"
"""The network of the generated county, in a folder that stands in for a case."""


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
        ours_times,
        networkx_times,
        scipy_times,
        ours_builds,
        demonstration,
    )
}


if __name__ == "__main__":
    print(json.dumps(JOBS[sys.argv[1]](*sys.argv[2:])))
