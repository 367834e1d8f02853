"""Cut the roads of one case out of larger and larger OpenStreetMap files: seconds, peak memory and their slopes.

`python -m benchmarks.osm_cut` generates files of 1, 2 and 4 million nodes, in which the case's box holds the same
40,000 nodes, and cuts each in a fresh process; beside ours stand the ways the OpenStreetMap library offers.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.peak import peak_mb

REPOSITORY = Path(__file__).resolve().parents[1]
SIZES = (1, 2, 4)
COUNTRY_MILLIONS = 250
"""About as many nodes as an extract of Great Britain holds."""


def ours_cuts(source: Path, scratch: Path) -> str:
    """Ours: the box is cut into a small file."""
    from benchmarks.made_up_osm import BOX  # noqa: PLC0415 - the parent must stay small
    from geodata.osm.cut import cut_roads  # noqa: PLC0415

    return str(cut_roads(source, BOX, scratch / "cut.osm.pbf"))


def ours_reads(source: Path, scratch: Path) -> str:
    """Ours: the box becomes a timed network at once."""
    from benchmarks.made_up_osm import BOX  # noqa: PLC0415
    from geodata.roads import read_roads  # noqa: PLC0415

    return f"{read_roads(source, bounds=BOX).summary['roads']:,} roads"


def table_in_memory(source: Path, scratch: Path) -> str:
    """The library's table of all positions, in memory."""
    return _ways_in_box(source, "flex_mem")


def table_in_file(source: Path, scratch: Path) -> str:
    """The library's table of all positions, in a file."""
    return _ways_in_box(source, f"sparse_file_array,{scratch / 'positions'}")


def nodes_through_python(source: Path, scratch: Path) -> str:
    """The library hands every node to Python (first pass only)."""
    import osmium  # noqa: PLC0415

    west, south, east, north = _lonlat()
    kept = []
    for node in osmium.FileProcessor(str(source), osmium.osm.NODE):
        place = node.location
        if west <= place.lon <= east and south <= place.lat <= north:
            kept.append(node.id)
    return f"{len(kept):,} nodes"


def library_sets(source: Path, scratch: Path) -> str:
    """The library's sets of numbers, filled with road nodes."""
    import osmium  # noqa: PLC0415

    tracker = osmium.IdTracker()
    roads = osmium.FileProcessor(str(source), osmium.osm.WAY).with_filter(osmium.filter.KeyFilter("highway"))
    for count, way in enumerate(roads):
        if count % 100 == 0:  # one in a hundred is enough to fill them
            tracker.add_references(way)
    return f"{len(tracker.node_ids()):,} nodes"


def _ways_in_box(source: Path, table: str) -> str:
    import osmium  # noqa: PLC0415

    west, south, east, north = _lonlat()
    roads = osmium.filter.KeyFilter("highway", "route").enable_for(osmium.osm.WAY | osmium.osm.NODE)
    found = 0
    for thing in osmium.FileProcessor(str(source)).with_locations(table).with_filter(roads):
        if thing.is_way():
            x, y = [n.lon for n in thing.nodes], [n.lat for n in thing.nodes]
            found += not (max(x) < west or min(x) > east or max(y) < south or min(y) > north)
    return f"{found:,} ways"


def _lonlat() -> tuple[float, float, float, float]:
    from pyproj import Transformer  # noqa: PLC0415

    from benchmarks.made_up_osm import BOX  # noqa: PLC0415

    return Transformer.from_crs("EPSG:27700", "EPSG:4326", always_xy=True).transform_bounds(*BOX)


def write_file(source: Path, scratch: Path) -> str:
    """Generate a file; its name tells the millions of nodes."""
    from benchmarks.made_up_osm import write_made_up_osm  # noqa: PLC0415

    write_made_up_osm(source, round(float(source.name.split("-")[0]) * 1e6))
    return f"{source.stat().st_size / 1e6:.1f} MB"


JOBS: dict[str, Callable[[Path, Path], str]] = {
    job.__name__: job
    for job in (
        ours_cuts,
        ours_reads,
        table_in_memory,
        table_in_file,
        nodes_through_python,
        library_sets,
        write_file,
    )
}


def do(job: str, source: Path, scratch: Path) -> dict[str, object]:
    """Do one job in a fresh process; Linux counts the memory of the starting process to it, so this one stays small."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.osm_cut", "--job", job, str(source), str(scratch)],
        cwd=REPOSITORY,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{job} failed:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1])


def run_job(job: str, source: Path, scratch: Path) -> None:
    """What a fresh process does: one job, measured."""
    began, worked = time.perf_counter(), time.process_time()
    told = JOBS[job](source, scratch)
    found = {"seconds": time.perf_counter() - began, "cpu_seconds": time.process_time() - worked}
    print(json.dumps(found | {"peak_mb": peak_mb(), "told": told}))


def measure(sizes: list[float]) -> None:
    """Generate the files, do every job on each and print the table."""
    told = ", ".join(f"{size:g}" for size in sizes)
    print(
        f"The roads of a box with 40,000 nodes, out of files of {told} million nodes. Cells: seconds / CPU s / peak MB."
    )
    print("Slopes are per million nodes: CPU seconds, MB over all sizes, and MB between the two largest (the library")
    print("reads ahead by a fixed amount, which the smallest file does not fill).")
    head = "".join(f"{f'{size:g} million':>20}" for size in sizes)
    print(f"{'':<62}{head}{'CPU s':>8}{'MB':>7}{'MB, last':>10}   what came out")
    with tempfile.TemporaryDirectory() as folder:
        files = [Path(folder) / f"{size:g}-million.osm.pbf" for size in sizes]
        for file in files:
            do("write_file", file, Path(folder))
        for name in JOBS:
            if name != "write_file":
                _print_row(name, sizes, [_fresh(name, file, Path(folder)) for file in files])


def _print_row(name: str, sizes: list[float], results: list[dict[str, object]]) -> None:
    cells, columns = "", {}
    for key in ("seconds", "cpu_seconds", "peak_mb"):
        columns[key] = np.array([float(result[key]) for result in results])
    for seconds, cpu, peak in zip(*columns.values(), strict=True):
        cells += f"{f'{seconds:.1f} / {cpu:.1f} / {peak:.0f}':>20}"
    cpu, mb, last = (
        _slope(sizes, columns["cpu_seconds"]),
        _slope(sizes, columns["peak_mb"]),
        _slope(sizes[-2:], columns["peak_mb"][-2:]),
    )
    title = (JOBS[name].__doc__ or name).rstrip(".")
    print(f"{title:<62}{cells}{cpu:>8.2f}{mb:>7.1f}{last:>10.1f}   {results[-1]['told']}")
    if name == "ours_cuts" and len(sizes) > 1:
        country = columns["cpu_seconds"][-1] + cpu * (COUNTRY_MILLIONS - sizes[-1])
        print(f"   EXTRAPOLATED to a country of {COUNTRY_MILLIONS} million nodes: {country / 60:.1f} CPU minutes")


def _slope(sizes: list[float], values: np.ndarray) -> float:
    return float(np.polyfit(sizes, values, 1)[0]) if len(sizes) > 1 else float("nan")


def _fresh(job: str, source: Path, folder: Path) -> dict[str, object]:
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        return do(job, source, Path(scratch))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Measure cutting roads out of large OpenStreetMap files.")
    parser.add_argument("--millions", type=float, nargs="+", default=list(SIZES), help="sizes of the files")
    parser.add_argument("--job", nargs=3, metavar=("NAME", "SOURCE", "SCRATCH"), help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.job:
        run_job(given.job[0], Path(given.job[1]), Path(given.job[2]))
    else:
        measure(given.millions)


if __name__ == "__main__":
    main()
