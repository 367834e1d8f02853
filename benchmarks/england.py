"""Measure a country of England's size: `python -m benchmarks.england [--runs 1] [--rows 2000] [--columns 35000]`.

At least 2 million junctions, generated; every site to every area, row block by row block, through the hierarchy. Each
stage runs in a fresh process, so that its peak memory is its own. A sample of rows is asserted to be scipy's to the
millisecond; nothing is asserted about time. The national table (9,000 x 35,000) is extrapolated, and said to be.
"""

from __future__ import annotations

import argparse
import tempfile

from rich.console import Console
from rich.table import Table

from benchmarks.fresh import WIDTH, do, load_average, medians

MODULE = "benchmarks.england_jobs"
NATIONAL_ROWS = 9_000


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Measure a generated country of England's size.")
    parser.add_argument("--runs", type=int, default=1, help="at least 1")
    parser.add_argument("--rows", type=int, default=2_000)
    parser.add_argument("--columns", type=int, default=35_000)
    parser.add_argument("--block", type=int, default=256, help="rows at a time")
    given = parser.parse_args()
    console = Console(highlight=False)
    console.width = max(console.width, WIDTH)
    console.print(f"Medians of {max(given.runs, 1)} runs, every stage in a fresh process. {load_average()}")
    with tempfile.TemporaryDirectory() as folder:
        table = f"{given.rows:,} x {given.columns:,}"
        search = ("search", folder, *map(str, (given.rows, given.columns, given.block)))
        stages = {
            "the country is generated": ("country", folder),
            "the hierarchy is built, once for the country": ("build", folder),
            "the hierarchy is read from a file": ("load", folder),
            "new times on it: every road a tenth slower": ("weigh", folder),
            f"{table} in blocks of {given.block} rows, times laid on included": search,
            f"the same by scipy, a sample of rows of {given.columns:,}": ("check", folder),
        }
        done = {what: medians([do(job, MODULE) for _ in range(max(given.runs, 1))]) for what, job in stages.items()}
    show(done, given.rows, given.columns, console)


def show(done: dict[str, dict[str, object]], rows: int, columns: int, console: Console) -> None:
    """Print the stages, and what the national table would take."""
    table = Table(title="A generated country of England's size", title_justify="left", title_style="bold")
    table.add_column("stage")
    for column in ("seconds", "CPU s", "peak MB (before)"):
        table.add_column(column, justify="right", no_wrap=True)
    table.add_column("what came out")
    for what, found in done.items():
        memory = f"{found['peak_mb']:.0f} ({found['ready_mb']:.0f})"
        table.add_row(what, f"{found['seconds']:.2f}", f"{found['cpu_seconds']:.2f}", memory, str(found["told"]))
    whole = next(found for found in done.values() if "weigh_seconds" in found)
    share = rows / NATIONAL_ROWS
    seconds = whole["weigh_seconds"] + (whole["seconds"] - whole["weigh_seconds"]) / share
    table.add_row(
        f"{NATIONAL_ROWS:,} x {columns:,} in blocks, EXTRAPOLATED",
        f"{seconds:.2f}",
        f"{whole['cpu_seconds'] / share:.2f}",
        "the same",
        f"{whole['seconds'] - whole['weigh_seconds']:.2f} s x {1 / share:.1f} + {whole['weigh_seconds']:.2f} s",
    )
    console.print(table)


if __name__ == "__main__":
    main()
