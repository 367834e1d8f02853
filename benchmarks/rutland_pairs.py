"""Compare our times with osmnx's: `python -m benchmarks.rutland_pairs [--shared ../shared/data]`.

2,000 random journeys in Rutland on the same ways with the same plain speeds (the limit where a tag tells one, else one
speed a class; no delays). First between junctions that both have, so that snapping plays no part, then between random
points. Times must agree within 1% at the 99th percentile, and every journey that differs by more is put down to a road.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.fresh import REPOSITORY, WIDTH
from benchmarks.osmnx_times import AS_IT_COMES, EVERY_JUNCTION, TIMES_SUMMED
from benchmarks.pairs import TOLERANCE, Compared, Reason, RutlandPairs

STEADY = (
    "What is left is the same everywhere: osmnx measures metres on a sphere, ours on the national grid (up to 0.3% in "
    "Rutland, by direction)."
)


def main() -> None:
    """Print the tables; stop where osmnx, doing the same as ours, does not agree with it."""
    parser = argparse.ArgumentParser(description="Compare travel times with osmnx's on Rutland.")
    parser.add_argument("--shared", type=Path, default=REPOSITORY.parent / "shared" / "data")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    console = Console(highlight=False)
    console.width = max(console.width, WIDTH)
    with tempfile.TemporaryDirectory() as scratch:
        both = RutlandPairs(given.shared.resolve() / "osm" / "rutland-latest.osm.pbf", Path(scratch), given.seed)
    tables = {
        f"junctions, osmnx {kind}": (kind, both.between_nodes(kind))
        for kind in (EVERY_JUNCTION, TIMES_SUMMED, AS_IT_COMES)
    }
    tables["random points on roads, osmnx unsimplified"] = ("", both.between_points())
    show(tables, console)
    console.print(STEADY)
    for title, (kind, compared) in tables.items():
        if kind:
            show_reasons(title, both.reasons(kind, compared), console)
    demand_agreement(tables)


def show(tables: dict[str, tuple[str, Compared]], console: Console) -> None:
    """How far the times differ."""
    table = Table(title="Our times beside osmnx's on the same roads with the same speeds", title_justify="left")
    table.add_column("journeys between")
    for column in ("pairs", "mean min", "median", "90th", "99th percentile", "largest", "over 1%"):
        table.add_column(column, justify="right", no_wrap=True)
    for title, (_, compared) in tables.items():
        off = compared.difference
        table.add_row(
            title,
            f"{len(off):,}",
            f"{compared.ours.mean() / 60:.2f}",
            *(f"{np.quantile(off, q):.3%}" for q in (0.5, 0.9, 0.99, 1.0)),
            f"{np.count_nonzero(off > TOLERANCE):,}",
        )
    console.print(table)


def show_reasons(title: str, reasons: list[Reason], console: Console) -> None:
    """Every difference over the tolerance by name."""
    if not reasons:
        console.print(f"{title}: no journey differs by more than {TOLERANCE:.0%}.")
        return
    journeys = sum(reason.pairs for reason in reasons)
    table = Table(title=f"{title}: {journeys:,} journeys differ by more, by the road that decides")
    table.title_justify = "left"
    for column in ("road, and what osmnx has merged", "reason", "journeys", "largest"):
        table.add_column(column)
    for reason in reasons:
        table.add_row(reason.road, reason.reason, f"{reason.pairs:,}", f"{reason.largest:.1%}")
    console.print(table)


def demand_agreement(tables: dict[str, tuple[str, Compared]]) -> None:
    """Stop unless osmnx agrees where it does what ours does: all but its mean of merged speeds."""
    for title, (kind, compared) in tables.items():
        percentile = float(np.quantile(compared.difference, 0.99))
        if kind != AS_IT_COMES and (percentile > TOLERANCE or compared.missing):
            raise SystemExit(f"{title}: {percentile:.2%} at the 99th percentile, {compared.missing} points not found")
        unnamed = 0 if kind else np.count_nonzero(compared.difference > TOLERANCE)
        if unnamed:
            raise SystemExit(f"{title}: {unnamed} journeys differ by more than {TOLERANCE:.0%}, and no road is named")


if __name__ == "__main__":
    main()
