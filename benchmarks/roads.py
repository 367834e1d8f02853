"""Measure the roads and the whole job: `python -m benchmarks.roads [--runs 3] [--shared ../shared/data]`.

Every measurement is made in a fresh process, ours and its peer's in turn, and the median of the runs is printed. The
ratio is the peer's seconds over ours in the same run of this program: 10 means that ours took a tenth of the time.
Memory is the highest that the process ever held (`getrusage` on Linux and macOS, psutil on Windows), and beside it what
it held before the work began. Nothing is asserted about time; the peers' journeys are asserted to be the same.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

REPOSITORY = Path(__file__).resolve().parents[1]
RUTLAND = Path("osm") / "rutland-latest.osm.pbf"
WIDTH = 150
"""Characters of a line where the terminal is narrower, or there is none."""

SEARCHED = 3
"""Sites that networkx searches from in the large county; the rest is extrapolated."""


@dataclass(frozen=True)
class Row:
    """One line of a table: what is measured, by which job, and the job it is compared with."""

    what: str
    job: tuple[str, ...]
    ours: str = ""
    """The line whose seconds this peer's are divided by."""


def do(job: tuple[str, ...]) -> dict[str, object]:
    """Do one job in a fresh process; adds the seconds from its start to its end.

    This process stays small, because Linux counts the memory of the starting process to the new one.
    """
    began = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.road_jobs", *job],
        cwd=REPOSITORY,
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(job)} failed:\n{done.stderr}")
    return json.loads(done.stdout.splitlines()[-1]) | {"whole_seconds": time.perf_counter() - began}


def medians(runs: list[dict[str, object]]) -> dict[str, object]:
    """The median of every figure; of what is told, the last."""
    last = runs[-1]
    return {
        key: value if isinstance(value, str) else statistics.median(run[key] for run in runs)
        for key, value in last.items()
    }


def measure(title: str, rows: list[Row], runs: int, console: Console) -> None:
    """Do every job of a table `runs` times, in turn, and print it."""
    done: dict[str, list[dict[str, object]]] = {row.what: [] for row in rows}
    for _ in range(runs):
        for row in rows:
            done[row.what].append(do(row.job))
    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column("what")
    for column in ("seconds", "CPU s", "peak MB (before)", "ratio"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("what came out")
    middle = {what: medians(results) for what, results in done.items()}
    for row in rows:
        found = middle[row.what]
        share = found["share"]
        seconds = found["seconds"] / share
        ratio = f"{seconds / middle[row.ours]['seconds']:.1f}" if row.ours else ""
        what, told = row.what, str(found["told"])
        if share < 1:
            what += ", EXTRAPOLATED"
            told += f"; {found['seconds']:.2f} s x {1 / share:.1f}"
        table.add_row(
            what,
            f"{seconds:.2f}",
            f"{found['cpu_seconds'] / share:.2f}",
            f"{found['peak_mb']:.0f} ({found['ready_mb']:.0f})",
            ratio,
            told,
        )
    console.print(table)


def measure_reading(shared: Path, scratch: Path, runs: int, console: Console) -> None:
    """Part 1: a road file becomes a timed network."""
    source = shared / RUTLAND
    if not source.is_file():
        console.print(f"1. A road file becomes a network: skipped, there is no {source.name} in {source.parent}.")
        return
    roads = scratch / "roads.osm"
    do(("cut_to_roads", str(source), str(roads)))
    ours = "ours, same XML"
    measure(
        "1. Rutland becomes a timed network (the XML holds the ways that ours keeps; cutting it is not measured)",
        [
            Row("ours, .osm.pbf with everything", ("ours_reads", str(source))),
            Row(ours, ("ours_reads", str(roads))),
            Row("osmnx, same XML", ("osmnx_reads", str(roads)), ours),
        ],
        runs,
        console,
    )


def measure_times(scratch: Path, runs: int, console: Console) -> None:
    """Parts 2 and 3: minutes from areas and sites to sites."""
    from geodata.demo import write_demo_case  # noqa: PLC0415 - see `do`: nothing large is imported here before

    case, ours = str(write_demo_case(scratch / "case")), "ours: joined, searched, put together"
    measure(
        "2. The demonstration: areas x sites and sites x sites in one go (peers: the searches alone)",
        [
            Row(ours, ("ours_times", case)),
            Row("networkx, from every site against travel", ("networkx_times", case), ours),
            Row("scipy, from every area and site", ("scipy_times", case), ours),
        ],
        runs,
        console,
    )
    county = scratch / "county"
    county.mkdir()
    measure(
        "3. A generated county of Dorset's size: 452 areas and 131 sites to 131 sites",
        [
            Row("ours: ways become a network", ("ours_builds", str(county))),
            Row(ours, ("ours_times", str(county))),
            Row(f"networkx, from {SEARCHED} sites", ("networkx_times", str(county), str(SEARCHED)), ours),
        ],
        runs,
        console,
    )


def measure_demonstration(scratch: Path, runs: int, console: Console) -> None:
    """Part 4: `blueprint demo`, by stage."""
    done = [do(("demonstration", str(scratch / "demo"))) for _ in range(runs)]
    stages = [json.loads(str(run["told"])) for run in done]
    solver = [sum(stage.values()) for stage in stages]
    whole = [float(run["whole_seconds"]) for run in done]
    found = medians(done)
    table = Table(title="4. blueprint demo, from start to finished run", title_justify="left", title_style="bold")
    table.add_column("stage")
    table.add_column("seconds", justify="right")
    for stage in stages[0]:
        table.add_row(f"optimiser: {stage}", f"{statistics.median(each[stage] for each in stages):.2f}")
    rest = statistics.median(a - b for a, b in zip(whole, solver, strict=True))
    table.add_row("all else: Python and its libraries, reading, roads, checks, page", f"{rest:.2f}")
    table.add_row("whole", f"{statistics.median(whole):.2f}")
    console.print(table)
    console.print(f"   peak {found['peak_mb']:.0f} MB; {found['cpu_seconds']:.2f} CPU seconds")


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="Measure the roads and the whole job.")
    parser.add_argument("--runs", type=int, default=3, help="at least 1")
    parser.add_argument("--shared", type=Path, default=REPOSITORY.parent / "shared" / "data")
    given = parser.parse_args()
    given.runs = max(given.runs, 1)
    console = Console(highlight=False)
    console.width = max(console.width, WIDTH)
    console.print(f"Medians of {given.runs} runs, each in a fresh process; ratio: the peer's seconds over ours.")
    with tempfile.TemporaryDirectory() as scratch:
        measure_reading(given.shared.resolve(), Path(scratch), given.runs, console)
        measure_times(Path(scratch), given.runs, console)
        measure_demonstration(Path(scratch), given.runs, console)


if __name__ == "__main__":
    main()
