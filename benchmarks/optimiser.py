"""Measure the optimiser: `python -m benchmarks.optimiser [--quick] [--seeds 10] [--boards 5] [--peers 20]`.

20 seeded counties in the shape of Dorset (96 practices; ten seeds, with Gabriel and with Delaunay borders) and 5 boards
of 450 practices, each in a fresh process: groups listed, seconds until they are listed, until the first bound of the
score stands and until the proof is complete (each from the start), gap, peak memory, and all plans within 1% of the
best score. Beside it, on the same rules and cost, two peers: GerryChain's short bursts with the same time (at least
20 s), and a compact assignment model in HiGHS with a time limit. Ratios: a peer's score over ours where its shortfall
and its exceptions are as few, a peer's seconds over ours. Nothing is asserted about seconds; the bars are printed with
what was measured.
"""

from __future__ import annotations

import argparse
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, field

from rich.console import Console
from rich.table import Table

from benchmarks.fresh import WIDTH, do, load_average
from benchmarks.optimiser_peers import missing_peers

MODULE = "benchmarks.optimiser_jobs"
GRAPHS = ("gabriel", "delaunay")
COUNTY, BOARD = 96, 450
COUNTY_SECONDS, BOARD_SECONDS = 300.0, 120.0
BOARD_GRAPHS = ("gabriel", "gabriel", "gabriel", "delaunay", "delaunay")
LEAST_SECONDS = 20.0
"""GerryChain gets our seconds, but at least these."""


@dataclass
class Row:
    """One instance: what we measured and what the peers did."""

    practices: int
    graph: str
    seed: int
    ours: dict[str, object]
    peers: dict[str, dict[str, object]] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """As it stands in the tables."""
        return f"{self.graph} {self.seed}"

    @property
    def solved(self) -> bool:
        """Whether there is a plan."""
        return self.ours["status"] != "none"

    @property
    def value(self) -> tuple[int, int, float]:
        """Shortfall, exceptions and score of our plan."""
        return self.ours["shortfall"], self.ours["exceptions"], self.ours["score"]


def measure(practices: int, graph: str, seed: int, limit: float) -> Row:
    """Our own figures on one instance."""
    return Row(practices, graph, seed, do(("ours", str(practices), graph, str(seed), str(limit)), MODULE))


def ask_peers(row: Row, names: Sequence[str], compact_seconds: float) -> None:
    """Let the peers work on the same instance."""
    instance = (str(row.practices), row.graph, str(row.seed))
    if "gerrychain" in names:
        seconds = max(LEAST_SECONDS, float(row.ours["proof_seconds"]))
        job = ("gerrychain", *instance, str(seconds), str(row.ours["plan_groups"]))
        row.peers["gerrychain"] = do(job, MODULE)
    if "compact" in names:
        row.peers["compact"] = do(("compact", *instance, str(compact_seconds)), MODULE)


def show(title: str, rows: Sequence[Row], console: Console) -> None:
    """Our own figures."""
    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column("borders, seed", no_wrap=True)
    for column in (
        "groups listed", "list s", "bound s", "its gap", "proof s", "gap", "short", "exc.", "score", "peak MB",
        "within 1%", "all s",
    ):  # fmt: skip
        table.add_column(column, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(row.name, *(_figures(row.ours) if row.solved else [str(row.ours["told"])]))
    solved = [row.ours for row in rows if row.solved]
    if len(solved) > 1:
        table.add_section()
        table.add_row("median", *_figures({key: _middle(solved, key) for key in solved[0]}))
    console.print(table)
    if any(one["searched"] for one in solved):
        console.print(
            "* too many to list: searched by prices, without a list of them all; plans within 1% not looked for"
        )


def _middle(found: Sequence[dict[str, object]], key: str) -> object:
    values = [one[key] for one in found]
    return values[0] if isinstance(values[0], (str, bool)) else statistics.median(values)


def _figures(found: dict[str, object]) -> list[str]:
    covered = float(found["near_covered"])
    listed = f"{int(found['near']):,} listed to {max(covered, 0):.2%}"
    near = f"{int(found['near_counted']):,}" if found["near_counted"] >= 0 else listed
    near = "" if found["searched"] else near
    return [
        ("> " if found["more_groups"] else "") + f"{int(found['groups']):,}" + ("*" if found["searched"] else ""),
        f"{found['list_seconds']:.2f}",
        f"{found['bound_seconds']:.2f}",
        f"{found['bound_gap']:.2%}",
        f"{found['proof_seconds']:.2f}",
        f"{found['gap']:.2%}",
        f"{int(found['shortfall']):,}",
        f"{found['exceptions']:g}",
        f"{found['score']:.4f}",
        f"{found['peak_mb']:.0f}",
        near,
        f"{found['near_seconds']:.2f}",
    ]


def show_peers(rows: Sequence[Row], console: Console) -> None:
    """What the peers found beside ours."""
    table = Table(title="Beside it, on the same rules and the same cost", title_justify="left", title_style="bold")
    table.add_column("borders, seed", no_wrap=True)
    for column in ("ours s", "GerryChain s", "its plan", "compact s", "its plan", "seconds / ours", "how it ended"):
        table.add_column(column, justify="right" if column != "how it ended" else "left")
    for row in rows:
        chain, compact = row.peers.get("gerrychain"), row.peers.get("compact")
        table.add_row(
            row.name,
            f"{row.ours['proof_seconds']:.2f}",
            f"{chain['seconds']:.1f}" if chain else "",
            _against(row, chain),
            f"{compact['seconds']:.1f}" if compact else "",
            _against(row, compact),
            _times(row, compact),
            str(compact["told"]) if compact else "",
        )
    console.print(table)


def _against(row: Row, peer: dict[str, object] | None) -> str:
    """A peer's best plan against ours: its score as a ratio, or by how much it is short."""
    if peer is None:
        return ""
    if peer["best"] is None:
        return "no legal plan"
    shortfall, exceptions, score = peer["best"]
    if (shortfall, exceptions) != row.value[:2]:
        return f"{shortfall - row.value[0]:+,.0f} patients short, {exceptions - row.value[1]:+g} exc."
    return f"score x {score / row.value[2]:.4f}"


def _times(row: Row, peer: dict[str, object] | None) -> str:
    if peer is None:
        return ""
    ended = str(peer["told"]).startswith("proven")
    return f"{'' if ended else '> '}{peer['seconds'] / row.ours['proof_seconds']:.0f}"


def bars(counties: Sequence[Row], boards: Sequence[Row]) -> list[tuple[str, str, bool]]:
    """The bars that were set, what was measured, and whether it is met."""
    found = []
    if counties:
        seconds = [float(row.ours["proof_seconds"]) for row in counties if row.solved]
        proven = sum(row.ours["status"] == "optimal" for row in counties)
        found.append((f"all {len(counties)} counties proven", f"{proven}", proven == len(counties)))
        middle, worst = statistics.median(seconds), max(seconds)
        found.append(("median under 3 s", f"{middle:.2f} s", middle < 3))
        found.append(("worst under 30 s", f"{worst:.2f} s", worst < 30))
        ratios = [
            row.peers["compact"]["seconds"] / row.ours["proof_seconds"] for row in counties if "compact" in row.peers
        ]
        if ratios:
            ratio = statistics.median(ratios)
            told = f"{ratio:.0f} x, over {len(ratios)} (a lower limit where its time ran out)"
            found.append(("at least 10 times faster than the compact model at the median", told, ratio >= 10))
        near = [float(row.ours["near_seconds"]) for row in counties if row.solved]
        counted = sum(row.ours["near_counted"] >= 0 for row in counties if row.solved)
        listed = sum(row.ours["near_covered"] >= 0.01 - 1e-9 for row in counties if row.solved)
        told = f"{max(near):.2f} s at most, {counted} of {len(near)} counted whole, {listed} with every plan listed"
        found.append(("all plans within 1% counted in under 20 s", told, max(near) < 20 and counted == len(near)))
    if boards:
        good = sum(row.solved and row.ours["gap"] <= 0.005 for row in boards)
        slowest = max(float(row.ours.get("proof_seconds", 0.0)) for row in boards)
        told = f"{good} of {len(boards)}, {slowest:.0f} s at most"
        found.append(("boards of 450 proven or within 0.5% in 120 s", told, good == len(boards) and slowest < 130))
        memory = max(float(row.ours.get("peak_mb", 0.0)) for row in boards) / 1024
        found.append(("under 8 GB", f"{memory:.1f} GB", memory < 8))
    return found


def show_bars(counties: Sequence[Row], boards: Sequence[Row], console: Console) -> None:
    """Print the bars."""
    table = Table(title="Bars", title_justify="left", title_style="bold")
    for column in ("bar", "measured", "met"):
        table.add_column(column)
    for bar, told, met in bars(counties, boards):
        table.add_row(bar, told, "yes" if met else "NO")
    console.print(table)


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description="Measure the optimiser on made-up counties and boards.")
    parser.add_argument("--seeds", type=int, default=10, help="counties for each kind of borders")
    parser.add_argument("--boards", type=int, default=5, help="boards of 450 practices, at most 5")
    parser.add_argument("--peers", type=int, default=20, help="counties that the peers work on as well")
    parser.add_argument("--compact-seconds", type=float, default=60.0, help="time limit of the compact model")
    parser.add_argument("--without", nargs="+", choices=("gerrychain", "compact"), default=[], help="leave peers out")
    parser.add_argument("--quick", action="store_true", help="two counties of each kind, one board, peers on two")
    given = parser.parse_args()
    seeds, boards, asked = (2, 1, 2) if given.quick else (given.seeds, given.boards, given.peers)
    absent = missing_peers()
    console = Console(highlight=False)
    console.width = max(console.width, WIDTH)
    console.print(f"Every instance in a fresh process, compiled code loaded before. {load_average()}")
    for name in absent:
        console.print(f'{name} is not installed and is left out: pip install ".[bench]"', markup=False)
    counties = [measure(COUNTY, graph, seed, COUNTY_SECONDS) for graph in GRAPHS for seed in range(seeds)]
    show(f"Counties of {COUNTY} practices", counties, console)
    large = [measure(BOARD, graph, seed, BOARD_SECONDS) for seed, graph in enumerate(BOARD_GRAPHS[:boards])]
    if large:
        show(f"Boards of {BOARD} practices, {BOARD_SECONDS:.0f} s each", large, console)
    names = [name for name in ("gerrychain", "compact") if name not in {*absent, *given.without}]
    # As many of either kind of borders: first seeds first.
    compared = sorted((row for row in counties if row.solved), key=lambda row: row.seed)[:asked] if names else []
    for row in compared:
        ask_peers(row, names, given.compact_seconds)
    if compared:
        show_peers(compared, console)
    show_bars(counties, large, console)


if __name__ == "__main__":
    main()
