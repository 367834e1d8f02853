"""What is measured on New York, and by whom: the names that the program and its jobs share. Imports nothing large."""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass

ROWS, COLUMNS = 131, 20_000
CLOSED_EDGES = 50


@dataclass(frozen=True)
class Measure:
    """One table: how many sources and targets (None: every node), and whether the graph is timed anew."""

    title: str
    rows: int
    columns: int | None
    again: bool = False


MEASURES = {
    "one-to-all": Measure("One to all: 1 x 264,346", 1, None),
    "small": Measure("131 x 131", ROWS, ROWS),
    "middle": Measure("131 x 2,500", ROWS, 2_500),
    "large": Measure("131 x 20,000", ROWS, COLUMNS),
    "again": Measure(
        "131 x 20,000 RE-WEIGHTED: every time changed, 50 edges closed; making the new weights is part of the seconds",
        ROWS,
        COLUMNS,
        again=True,
    ),
}

TITLES = {
    "scipy": "scipy used plainly",
    "ours": "ours (hierarchy)",
    "ours-scipy": "ours (scipy engine)",
    "igraph": "igraph",
    "networkit": "networkit",
    "pandana": "pandana",
    "networkx": "networkx",
}
"""Engines in the order in which they are measured: scipy gives the answers that the others are compared with."""

PEERS_TO_INSTALL = ("igraph", "networkit", "pandana")


def missing_peers() -> list[str]:
    """Peers that are not installed."""
    return [name for name in PEERS_TO_INSTALL if importlib.util.find_spec(name) is None]
