"""The stages that `benchmarks.england` measures, each in a process of its own; one line of JSON each."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import numpy as np

from benchmarks.made_up_england import made_up_england, made_up_points
from benchmarks.measured import measured
from geodata.roads.graph import Attached, Graph

COUNTRY, ORDER, SAMPLE = "country.npz", "hierarchy.npz", "sample.npz"
SEED = 0
SAMPLED = 5
"""Rows of the table that scipy searches as well."""


def country(folder: str) -> dict[str, object]:
    """Generate the country and keep it."""
    made: list[Graph] = []

    def generate() -> str:
        made.append(made_up_england(SEED))
        return f"{made[0].nodes:,} junctions, {len(made[0].ms) // 2:,} roads"

    done = measured(generate)
    graph = made[0]
    np.savez(Path(folder) / COUNTRY, tail=graph.tail, head=graph.head, ms=graph.ms, x=graph.x, y=graph.y)
    return done


def build(folder: str) -> dict[str, object]:
    """Order the junctions and lay the arcs, once for the country."""
    from geodata.routing.hierarchy import Hierarchy  # noqa: PLC0415 - other stages do not pay for it

    graph, made = _country(folder), []
    _compile(Hierarchy)

    def order() -> str:
        made.append(Hierarchy.build(graph.nodes, graph.tail, graph.head, graph.x, graph.y))
        return f"{made[0].arcs:,} arcs, {made[0].arcs / graph.nodes:.1f} for each junction"

    done = measured(order)
    made[0].save(Path(folder) / ORDER)
    return done


def load(folder: str) -> dict[str, object]:
    """Read the hierarchy that was kept."""
    from geodata.routing.hierarchy import Hierarchy  # noqa: PLC0415

    path = Path(folder) / ORDER
    return measured(lambda: f"{path.stat().st_size / 2**20:.0f} MB, {Hierarchy.load(path).arcs:,} arcs")


def weigh(folder: str) -> dict[str, object]:
    """Other times on the standing hierarchy: every road a tenth slower."""
    from geodata.routing.hierarchy import Hierarchy  # noqa: PLC0415

    hierarchy, graph = Hierarchy.load(Path(folder) / ORDER), _country(folder)
    _compile(Hierarchy)
    slower = np.where(graph.ms < 0, graph.ms, np.rint(graph.ms / 0.9).astype(np.int64))
    hierarchy.weigh(graph.ms)  # what hangs on the order alone is made at the first weighing

    def again() -> str:
        hierarchy.weigh(slower)
        return "every time changed"

    return measured(again)


def search(folder: str, rows: str, columns: str, block: str) -> dict[str, object]:
    """A table of times in blocks of rows: each is summed up and dropped, as a planner's is written and dropped."""
    from geodata.routing.hierarchy import Hierarchy  # noqa: PLC0415

    hierarchy, graph = Hierarchy.load(Path(folder) / ORDER), _country(folder)
    _compile(Hierarchy)
    starts, ends = made_up_points(graph, int(rows), int(columns), SEED)
    wanted = np.linspace(0, len(starts) - 1, SAMPLED).astype(np.int64)
    kept: list[np.ndarray] = []
    seconds = {}

    def table() -> str:
        began = time.perf_counter()
        weighed = hierarchy.weigh(graph.ms)
        seconds["weigh_seconds"] = time.perf_counter() - began
        total, reached, longest = 0.0, 0, 0.0
        blocks = weighed.row_blocks(Attached.at_nodes(starts), Attached.at_nodes(ends), rows=int(block))
        for part, ms in blocks:
            there = np.isfinite(ms)
            reached += int(there.sum())
            total += float(ms[there].sum())
            longest = max(longest, float(ms[there].max(initial=0.0)))
            kept.extend(ms[row - part.start].copy() for row in wanted if part.start <= row < part.stop)
        size = len(starts) * len(ends)
        return f"{size:,} times, mean {total / reached / 3.6e6:.2f} h, longest {longest / 3.6e6:.2f} h, " + (
            f"{size - reached:,} out of reach"
        )

    done = measured(table) | seconds
    np.savez(Path(folder) / SAMPLE, ms=np.array(kept), starts=starts[wanted], ends=ends)
    return done


def check(folder: str) -> dict[str, object]:
    """Scipy's search from a few of the rows; stops unless every time is the same."""
    from scipy.sparse import csr_array  # noqa: PLC0415
    from scipy.sparse.csgraph import dijkstra  # noqa: PLC0415

    graph = _country(folder)
    with np.load(Path(folder) / SAMPLE) as stored:
        ours, starts, ends = stored["ms"], stored["starts"], stored["ends"]
    usable = graph.ms >= 0
    tail, head, ms = graph.tail[usable], graph.head[usable], graph.ms[usable]
    order = np.lexsort((ms, head, tail))
    tail, head, ms = tail[order], head[order], ms[order]
    first = np.append(True, (tail[1:] != tail[:-1]) | (head[1:] != head[:-1]))
    matrix = csr_array((ms[first].astype(float), (tail[first], head[first])), shape=(graph.nodes, graph.nodes))
    found = []

    def plainly() -> str:
        found.append(dijkstra(matrix, indices=starts)[:, ends])
        return f"{len(starts)} rows of {len(ends):,}: same to the millisecond"

    done = measured(plainly)
    if not np.array_equal(found[0], ours):
        raise SystemExit(f"{np.count_nonzero(found[0] != ours)} of {ours.size} times differ from scipy's")
    return done


def _country(folder: str) -> Graph:
    with np.load(Path(folder) / COUNTRY) as stored:
        return Graph(len(stored["x"]), *(stored[name] for name in ("tail", "head", "ms", "x", "y")))


def _compile(hierarchy: type) -> None:
    """Load the compiled code (and make it, at the very first run) on a street of three nodes."""
    tail, head = np.array([0, 1, 1, 2]), np.array([1, 0, 2, 1])
    small = hierarchy.build(3, tail, head, np.arange(3.0), np.zeros(3)).weigh(np.array([5, 5, 7, 7]))
    small.between(Attached.at_nodes(np.array([0])), Attached.at_nodes(np.array([2])))


JOBS = {job.__name__: job for job in (country, build, load, weigh, search, check)}


if __name__ == "__main__":
    print(json.dumps(JOBS[sys.argv[1]](*sys.argv[2:])))
