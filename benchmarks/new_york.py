"""Measure shortest times on New York: `python -m benchmarks.new_york [--runs 3] [--engines scipy ours ...]`.

Every measurement is made in a fresh process, the engines in turn, and the median of the runs is printed. Seconds are
those of the search on a graph that stands ready; in the last table they hold the new weights as well, and for an engine
that can only start afresh (scipy, networkit, pandana) its making. The ratio is scipy's seconds over the engine's in the
same run of this program: 10 means a tenth of scipy's time. What an engine needs once before its first search stands
apart, as `build s`. Memory is the highest that the process ever held, and beside it what it held before the search.
Nothing is asserted about time; every answer is asserted to be scipy's to the millisecond.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.fresh import REPOSITORY, WIDTH, do, load_average, medians
from benchmarks.routing_measures import MEASURES, TITLES, missing_peers

MODULE = "benchmarks.routing_jobs"
COLUMNS = ("seconds", "CPU s", "ratio", "build s", "peak MB (before)")


def compare(measure: str, title: str, engines: dict[str, str], folder: str, runs: int, console: Console) -> None:
    """Do one search with every engine `runs` times, in turn, and print the table."""
    done: dict[str, list[dict[str, object]]] = {name: [] for name in engines}
    for _ in range(runs):
        for name in engines:
            done[name].append(do(("search", name, measure, folder), MODULE))
    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column("engine")
    for column in COLUMNS:
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("what came out")
    middle = {name: medians(results) for name, results in done.items()}
    for name, found in middle.items():
        # Only the search is a part of the whole; new weights are made once.
        seconds, cpu = (
            found["weigh_seconds"] + max(found[key] - found["weigh_seconds"], 0.0) / found["share"]
            for key in ("seconds", "cpu_seconds")
        )
        ratio = middle["scipy"]["seconds"] / seconds
        what, told = engines[name], str(found["told"])
        if found["share"] < 1:
            what += ", EXTRAPOLATED"
            told += f"; from {found['share']:.1%} of the sources"
        if found["weigh_seconds"] > 1e-4:
            told += f"; of it new weights {found['weigh_seconds']:.3f} s"
        table.add_row(
            what,
            f"{seconds:.3f}",
            f"{cpu:.3f}",
            f"{ratio:.0f}" if ratio >= 10 else f"{ratio:.2f}",
            f"{found['build_seconds']:.2f}",
            f"{found['peak_mb']:.0f} ({found['ready_mb']:.0f})",
            told,
        )
    console.print(table)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="Measure shortest times on New York.")
    parser.add_argument("--runs", type=int, default=3, help="at least 1")
    parser.add_argument("--shared", type=Path, default=REPOSITORY.parent / "shared" / "data")
    parser.add_argument("--engines", nargs="+", choices=sorted(TITLES), default=list(TITLES))
    parser.add_argument("--measures", nargs="+", choices=list(MEASURES), default=list(MEASURES))
    given = parser.parse_args()
    console = Console(highlight=False)
    console.width = max(console.width, WIDTH)
    absent = missing_peers()
    for name in absent:
        console.print(f"{name} is not installed and is left out: pip install -e .[bench]")
    # Scipy comes first: its answers are what the others are compared with.
    engines = {name: TITLES[name] for name in TITLES if name not in absent and name in {"scipy", *given.engines}}
    with tempfile.TemporaryDirectory() as folder:
        told = do(("prepare", str(given.shared.resolve() / "benchmark"), folder), MODULE)["told"]
        console.print(f"New York: {told}. Medians of {max(given.runs, 1)} runs, each in a fresh process.")
        console.print(f"Ratio: scipy's seconds over the engine's. {load_average()}")
        for name in given.measures:
            compare(name, MEASURES[name].title, engines, folder, max(given.runs, 1), console)


if __name__ == "__main__":
    main()
