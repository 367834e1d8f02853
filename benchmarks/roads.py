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
import tempfile
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.fresh import REPOSITORY, WIDTH, do, load_average, medians

JOBS = "benchmarks.road_jobs"
READING = "benchmarks.reading_jobs"
READING_NOTE = (
    "All hold the ways that ours keeps; cutting them out and writing them is not measured. osmnx: read, simplify, "
    "project, speeds, times, largest strong part. Times summed: the pieces are timed before they are merged, as ours "
    "are; as it comes, osmnx takes the mean of the speeds of what it merged. Ours: all of it, gaps closed, built-up "
    "places found and delays at junctions added as well. Of it work: the peak above Python with its libraries. The "
    "last three are times over: osmnx as it comes / with times summed."
)
RUTLAND = Path("osm") / "rutland-latest.osm.pbf"

SEARCHED = 3
"""Sites that networkx searches from in the large county; the rest is extrapolated."""


@dataclass(frozen=True)
class Row:
    """One line of a table: what is measured, by which job, and the job it is compared with."""

    what: str
    job: tuple[str, ...]
    ours: str = ""
    """The line whose seconds this peer's are divided by."""


def repeated(rows: list[Row], runs: int, module: str) -> dict[str, dict[str, object]]:
    """Do every job of a table `runs` times, in turn; the medians."""
    done: dict[str, list[dict[str, object]]] = {row.what: [] for row in rows}
    for _ in range(runs):
        for row in rows:
            done[row.what].append(do(row.job, module))
    return {what: medians(results) for what, results in done.items()}


def measure(title: str, rows: list[Row], runs: int, console: Console) -> None:
    """Do every job of a table `runs` times, in turn, and print it."""
    middle = repeated(rows, runs, JOBS)
    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column("what")
    for column in ("seconds", "CPU s", "peak MB (before)", "ratio"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("what came out")
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
    """Part 1: a road file becomes a timed network, of one county and of ten side by side."""
    source = shared / RUTLAND
    if not source.is_file():
        console.print(f"1. A road file becomes a network: skipped, there is no {source.name} in {source.parent}.")
        return
    roads = [str(scratch / name) for name in ("roads.osm", "roads.osm.pbf")]
    many = [str(scratch / name) for name in ("ten.osm", "ten.osm.pbf")]
    do(("cut_to_roads", str(source), *roads), READING)
    do(("copy_side_by_side", roads[1], *many), READING)
    for number, title, (xml, pbf), extra in (
        ("1a", "Rutland", roads, [Row("ours, .osm.pbf with all else in it", ("ours_reads", str(source)))]),
        ("1b", "Ten copies of Rutland side by side", many, []),
    ):
        measure_beside_osmnx(f"{number}. {title} becomes a timed network", xml, pbf, extra, runs, console)


def measure_beside_osmnx(title: str, xml: str, pbf: str, extra: list[Row], runs: int, console: Console) -> None:
    """One table of part 1: both formats of the same ways, and how many times more osmnx needs."""
    rows = [
        Row("osmnx as it comes, XML", ("osmnx_reads", xml)),
        Row("osmnx, times summed, XML", ("osmnx_reads", xml, "summed")),
        Row("ours, same XML", ("ours_reads", xml)),
        Row("ours, same ways as .osm.pbf", ("ours_reads", pbf)),
        *extra,
    ]
    middle = repeated(rows, runs, READING)
    table = Table(title=title, title_justify="left", title_style="bold", caption_justify="left", caption=READING_NOTE)
    table.add_column("what")
    for column in ("seconds", "CPU s", "peak MB", "of it work", "osmnx slower", "more memory", "more for work"):
        table.add_column(column, justify="right")
    table.add_column("what came out")
    peers = [middle[row.what] for row in rows[:2]]
    for row in rows:
        found = middle[row.what]
        ratios = [
            " / ".join(f"{figure(peer) / max(figure(found), 1e-9):.1f}" for peer in peers)
            for figure in (lambda one: one["seconds"], lambda one: one["peak_mb"], _work_mb)
        ]
        table.add_row(
            row.what,
            f"{found['seconds']:.3f}",
            f"{found['cpu_seconds']:.3f}",
            f"{found['peak_mb']:.0f}",
            f"{_work_mb(found):.0f}",
            *([""] * 3 if row in rows[:2] else ratios),
            str(found["told"]),
        )
    console.print(table)


def _work_mb(found: dict[str, object]) -> float:
    """What the work added to Python and its libraries."""
    return float(found["peak_mb"]) - float(found["ready_mb"])


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
    done = [do(("demonstration", str(scratch / "demo")), JOBS) for _ in range(runs)]
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
    parser.add_argument("--reading-only", action="store_true", help="part 1 alone")
    given = parser.parse_args()
    given.runs = max(given.runs, 1)
    console = Console(highlight=False)
    console.width = max(console.width, WIDTH)
    console.print(f"Medians of {given.runs} runs, each in a fresh process; ratio: the peer's seconds over ours.")
    with tempfile.TemporaryDirectory() as scratch:
        console.print(load_average())
        measure_reading(given.shared.resolve(), Path(scratch), given.runs, console)
        if given.reading_only:
            return
        measure_times(Path(scratch), given.runs, console)
        measure_demonstration(Path(scratch), given.runs, console)


if __name__ == "__main__":
    main()
