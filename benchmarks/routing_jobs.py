"""The searches that are measured: each job makes one engine ready for one graph, ours or a peer's, and searches once.

`python -m benchmarks.routing_jobs search ENGINE MEASURE FOLDER` does one in a process of its own and prints one line of
JSON as `benchmarks.road_jobs` does, with `build_seconds` beside it: what the engine needs once before it can search.
`prepare` writes the graph and the points into the folder, and `search scipy` the answers all others must give.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.dimacs import read_new_york
from benchmarks.peak import peak_mb
from benchmarks.routing_measures import CLOSED_EDGES, COLUMNS, MEASURES, ROWS
from geodata.roads.graph import Attached, Graph

SEED = 0
SLOWER = (1.10, 1.05, 1.20, 0.95)
"""Factors on the times of four classes that the edges fall into at random, in the re-weighted graph."""

SEARCHED = 3
"""Sources that networkx searches from where there are more; the rest is extrapolated."""

AT_ONCE = 32
"""Sources that scipy searches from at a time: its answers for all nodes would fill the memory otherwise."""

PANDANA_UNIT = 8
"""Pandana keeps thousandths of what it is given in 32 bits. Eighths of milliseconds are whole numbers there, and
journeys of up to 9 hours fit."""


# ------------------------------------------------------------------------------------------------------- the engines


@dataclass
class Engine:
    """A way of searching: made ready for a graph once, timed anew, and asked."""

    graph: Graph

    def build(self) -> None:
        """Do what is needed once before the first search."""

    def weigh(self, ms: NDArray[np.int64]) -> None:
        """Time the same edges anew; by default everything is built again."""
        self.graph = replace(self.graph, ms=ms)
        self.build()

    def search(self, sources: NDArray[np.int64], targets: NDArray[np.int64] | None) -> NDArray[np.float64]:
        """Milliseconds, sources x targets (None: every node)."""
        raise NotImplementedError

    def open(self) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64]]:
        """Edges that can be used; of parallel ones all."""
        usable = self.graph.ms >= 0
        return self.graph.tail[usable], self.graph.head[usable], self.graph.ms[usable]


class OursByHierarchy(Engine):
    """`geodata.routing.hierarchy`: an order of the nodes, which does not depend on times, and a sweep."""

    def build(self) -> None:
        from geodata.routing.hierarchy import Hierarchy  # noqa: PLC0415 - as below: each process pays for its engine alone

        graph = self.graph
        self.hierarchy = Hierarchy.build(graph.nodes, graph.tail, graph.head, graph.x, graph.y)
        self.weigh(graph.ms)

    def weigh(self, ms: NDArray[np.int64]) -> None:
        self.weighed = self.hierarchy.weigh(ms)

    def search(self, sources: NDArray[np.int64], targets: NDArray[np.int64] | None) -> NDArray[np.float64]:
        ends = np.arange(self.graph.nodes) if targets is None else targets
        return self.weighed.between(Attached.at_nodes(sources), Attached.at_nodes(ends))


class OursByScipy(Engine):
    """`geodata.routing.scipy_search`: the engine for small work, and the reference."""

    def build(self) -> None:
        from geodata.routing.scipy_search import Search  # noqa: PLC0415

        self.ready = Search(self.graph)

    def search(self, sources: NDArray[np.int64], targets: NDArray[np.int64] | None) -> NDArray[np.float64]:
        if targets is None:
            return self.ready.to_all(Attached.at_nodes(sources), towards=False)
        return self.ready.between(Attached.at_nodes(sources), Attached.at_nodes(targets))


class ScipyPlainly(Engine):
    """A sparse matrix and `scipy.sparse.csgraph.dijkstra`."""

    def build(self) -> None:
        from scipy.sparse import csr_array  # noqa: PLC0415

        tail, head, ms = self.open()
        order = np.lexsort((ms, head, tail))
        tail, head, ms = tail[order], head[order], ms[order]
        first = np.ones(len(tail), dtype=bool)  # the matrix would add parallel edges up
        first[1:] = (tail[1:] != tail[:-1]) | (head[1:] != head[:-1])
        size = (self.graph.nodes, self.graph.nodes)
        self.matrix = csr_array((ms[first].astype(float), (tail[first], head[first])), shape=size)

    def search(self, sources: NDArray[np.int64], targets: NDArray[np.int64] | None) -> NDArray[np.float64]:
        from scipy.sparse.csgraph import dijkstra  # noqa: PLC0415

        found = []
        for low in range(0, len(sources), AT_ONCE):
            ms = dijkstra(self.matrix, indices=sources[low : low + AT_ONCE])
            found.append(ms if targets is None else ms[:, targets])
        return np.concatenate(found)


class Igraph(Engine):
    """`igraph.Graph.distances`."""

    def build(self) -> None:
        import igraph  # noqa: PLC0415

        edges = np.column_stack((self.graph.tail, self.graph.head))
        self.ready = igraph.Graph(n=self.graph.nodes, edges=edges, directed=True)
        self.weigh(self.graph.ms)

    def weigh(self, ms: NDArray[np.int64]) -> None:
        self.weights = np.where(ms >= 0, ms, np.inf).tolist()  # an edge of infinite length is never taken

    def search(self, sources: NDArray[np.int64], targets: NDArray[np.int64] | None) -> NDArray[np.float64]:
        ends = None if targets is None else targets.tolist()
        return np.array(self.ready.distances(sources.tolist(), ends, weights=self.weights, mode="out"))


class Networkit(Engine):
    """`networkit.distance.SPSP`, or `Dijkstra` from one source; on as many threads as it likes."""

    def build(self) -> None:
        import networkit  # noqa: PLC0415

        tail, head, ms = self.open()
        self.ready = networkit.GraphFromCoo(
            (ms.astype(float), (tail, head)), n=self.graph.nodes, weighted=True, directed=True
        )

    def search(self, sources: NDArray[np.int64], targets: NDArray[np.int64] | None) -> NDArray[np.float64]:
        from networkit.distance import SPSP, Dijkstra  # noqa: PLC0415

        if targets is None:
            found = [Dijkstra(self.ready, source, storePaths=False).run() for source in sources.tolist()]
            ms = np.array([one.getDistances() for one in found])
        else:
            # It answers each target once, in an order of its own: asked for one at a time after the search.
            once, position = np.unique(targets, return_inverse=True)
            search = SPSP(self.ready, sources.tolist())
            search.setTargets(once.tolist())
            search.run()
            ms = search.getDistances(asarray=True)[:, position]
        return np.where(ms < np.finfo(float).max, ms, np.inf)


class Pandana(Engine):
    """`pandana.Network.shortest_path_lengths` over all pairs; a contraction hierarchy that is built anew each time."""

    def build(self) -> None:
        import pandana  # noqa: PLC0415
        import pandas as pd  # noqa: PLC0415

        tail, head, ms = self.open()
        with _silent():
            self.ready = pandana.Network(
                pd.Series(self.graph.x),
                pd.Series(self.graph.y),
                pd.Series(tail),
                pd.Series(head),
                pd.DataFrame({"time": ms / PANDANA_UNIT}),
                twoway=False,
            )

    def search(self, sources: NDArray[np.int64], targets: NDArray[np.int64] | None) -> NDArray[np.float64]:
        ends = np.arange(self.graph.nodes) if targets is None else targets
        with _silent():
            found = self.ready.shortest_path_lengths(np.repeat(sources, len(ends)), np.tile(ends, len(sources)))
        units = np.array(found).reshape(len(sources), len(ends))
        return np.where(units < 4_294_967.0, units * PANDANA_UNIT, np.inf)


class Networkx(Engine):
    """`networkx.single_source_dijkstra_path_length`, from a few sources."""

    def build(self) -> None:
        import networkx as nx  # noqa: PLC0415

        self.ready = nx.DiGraph()
        self.ready.add_nodes_from(range(self.graph.nodes))
        self._add()

    def weigh(self, ms: NDArray[np.int64]) -> None:
        self.graph = replace(self.graph, ms=ms)
        self.ready.clear_edges()
        self._add()

    def _add(self) -> None:
        tail, head, ms = self.open()
        order = np.argsort(-ms, kind="stable")  # of parallel edges the last one added, the quickest, stays
        rows = zip(tail[order].tolist(), head[order].tolist(), ms[order].tolist(), strict=True)
        self.ready.add_weighted_edges_from(rows, weight="ms")

    def search(self, sources: NDArray[np.int64], targets: NDArray[np.int64] | None) -> NDArray[np.float64]:
        import networkx as nx  # noqa: PLC0415

        ends = range(self.graph.nodes) if targets is None else targets.tolist()
        rows = []
        for source in sources.tolist():
            found = nx.single_source_dijkstra_path_length(self.ready, source, weight="ms")
            rows.append([found.get(end, np.inf) for end in ends])
        return np.array(rows, dtype=float)


ENGINES: dict[str, type[Engine]] = {
    "scipy": ScipyPlainly,
    "ours": OursByHierarchy,
    "ours-scipy": OursByScipy,
    "igraph": Igraph,
    "networkit": Networkit,
    "pandana": Pandana,
    "networkx": Networkx,
}


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Keep what a library prints from C++ out of our one line of JSON."""
    sys.stdout.flush()
    kept = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        os.dup2(kept, 1)
        os.close(kept)
        os.close(nowhere)


# ----------------------------------------------------------------------------------------------------------- the jobs


def prepare(source: str, folder: str) -> dict[str, object]:
    """Write New York, the points and the new times as arrays, so that reading text is no part of any measurement."""
    graph = read_new_york(Path(source))
    rng = np.random.default_rng(SEED)
    points = rng.choice(graph.nodes, ROWS + COLUMNS, replace=False)
    factor = np.array(SLOWER)[rng.integers(0, len(SLOWER), len(graph.ms))]
    again = np.rint(graph.ms * factor).astype(np.int64)
    again[rng.choice(len(again), CLOSED_EDGES, replace=False)] = -1
    np.savez(
        Path(folder) / "problem.npz",
        tail=graph.tail,
        head=graph.head,
        ms=graph.ms,
        x=graph.x,
        y=graph.y,
        again=again,
        sources=points[:ROWS],
        targets=points[ROWS:],
    )
    return {"told": f"{graph.nodes:,} nodes, {len(graph.ms):,} directed edges"}


def search(engine: str, measure: str, folder: str) -> dict[str, object]:
    """Make an engine ready, search once, and compare the answer with scipy's."""
    wanted = MEASURES[measure]
    with np.load(Path(folder) / "problem.npz") as stored:
        graph = Graph(len(stored["x"]), *(stored[name] for name in ("tail", "head", "ms", "x", "y")))
        again, sources, targets = stored["again"], stored["sources"], stored["targets"]
    sources, targets = sources[: wanted.rows], None if wanted.columns is None else targets[: wanted.columns]
    done = sources[:SEARCHED] if engine == "networkx" else sources
    _warm(ENGINES[engine])
    ready = ENGINES[engine](graph)
    began = time.perf_counter()
    ready.build()
    build_seconds = time.perf_counter() - began
    build_mb, cpu, began = peak_mb(), time.process_time(), time.perf_counter()
    if wanted.again:
        ready.weigh(again)
    weigh_seconds = time.perf_counter() - began
    found = ready.search(done, targets)
    seconds, cpu_seconds, peak = time.perf_counter() - began, time.process_time() - cpu, peak_mb()
    return {
        "build_seconds": build_seconds,
        "weigh_seconds": weigh_seconds,
        "seconds": seconds,
        "cpu_seconds": cpu_seconds,
        "peak_mb": peak,
        "ready_mb": build_mb,
        "share": len(done) / len(sources),
        "told": _compare(engine, found, Path(folder) / f"answer-{measure}.npy"),
    }


def _warm(engine: type[Engine]) -> None:
    """Import the engine's library and load its compiled code by a search on a street of three nodes."""
    tail, head = np.array([0, 1, 1, 2]), np.array([1, 0, 2, 1])
    small = engine(Graph(3, tail, head, np.array([5, 5, 7, 7]), np.arange(3.0), np.zeros(3)))
    small.build()
    small.weigh(np.array([5, 5, -1, 7]))
    small.search(np.array([0, 2]), np.array([1, 2]))
    small.search(np.array([0]), None)


def _compare(engine: str, found: NDArray[np.float64], answer: Path) -> str:
    """Stop unless the answer is scipy's to the millisecond; scipy's own is kept."""
    if engine == "scipy" and not answer.is_file():
        np.save(answer, found)
    expected = np.load(answer)[: len(found)]
    different = int(np.count_nonzero(np.rint(found) != expected))
    if different:
        raise SystemExit(f"{engine}: {different} of {found.size} times differ from scipy's")
    reached = np.isfinite(expected)
    off = float(np.abs(found[reached] - expected[reached]).max())
    told = f"{found.size:,} times, mean {expected[reached].mean() / 60_000:.2f} min, "
    told += "same to the millisecond" if off == 0 else f"same once rounded (off by up to {off:.3f} ms before)"
    return told + (f"; {int((~reached).sum()):,} out of reach" if not reached.all() else "")


JOBS: dict[str, Callable[..., dict[str, object]]] = {job.__name__: job for job in (prepare, search)}


if __name__ == "__main__":
    print(json.dumps(JOBS[sys.argv[1]](*sys.argv[2:])))
