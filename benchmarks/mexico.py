"""Regions of the 32 Mexican states, ours beside spopt's max-p heuristic: `python -m benchmarks.mexico [--runs 3]`.

The cases are those of spopt's own tests (queen contiguity; the number of regions is what the heuristic finds). Cost is
spopt's: the sum over pairs of states in a region of the city-block distance of their GDP per head. Ours is proven;
spopt gives no bound. Both run here, one after the other; without spopt (`pip install -e .[bench]`) only ours.
"""

from __future__ import annotations

import argparse
import statistics
import time

import geopandas
import libpysal
import numpy as np
from scipy.spatial.distance import pdist, squareform

from grouping.partition import PartitionProblem

try:
    from spopt.region import MaxPHeuristic
except ImportError:
    MaxPHeuristic = None

SIX = [f"PCGDP{year}" for year in range(1950, 2010, 10)]
CASES = {
    "six years, 4 states": (SIX, 8, 4, 2, 123456),
    "one year, 5 states": (["PCGDP2000"], 6, 5, 5, 1999),
    "six years, 10 states": (SIX, 3, 10, 5, 1999),
}
"""Columns, regions, least states of a region, and the heuristic's `top_n` and random seed in spopt's tests."""


def spopt_cost(states: geopandas.GeoDataFrame, queen: object, case: tuple, apart: np.ndarray) -> tuple[int, float]:
    """Number of regions and cost of the heuristic's answer."""
    columns, _, least, top_n, seed = case
    np.random.seed(seed)  # noqa: NPY002 - the heuristic draws from numpy's global generator
    model = MaxPHeuristic(states, queen, columns, "count", least, top_n)
    model.solve()
    labels = np.asarray(model.labels_)
    groups = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    return len(groups), float(sum(apart[np.ix_(group, group)].sum() / 2 for group in groups))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Regions of the Mexican states, beside spopt.")
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    states = geopandas.read_file(libpysal.examples.get_path("mexicojoin.shp"))
    states["count"] = 1
    queen = libpysal.weights.Queen.from_dataframe(states, use_index=False)
    adjacency = np.zeros((len(states), len(states)), bool)
    for state, others in queen.neighbors.items():
        adjacency[state, others] = True
    PartitionProblem([1, 1, 1], None, np.ones((3, 3)), lower=1).every(0.1)  # compile
    print("case                   regions    listed  our cost  proven  seconds | spopt cost regions  seconds    ratio")
    for name, case in CASES.items():
        columns, regions, least, *_ = case
        apart = squareform(pdist(states[columns].to_numpy(), metric="cityblock"))
        ours, theirs = [], []
        for _ in range(given.runs):
            began = time.perf_counter()
            problem = PartitionProblem(np.ones(len(states), int), adjacency, apart, lower=least, groups=regions)
            best = problem.solve()
            ours.append(time.perf_counter() - began)
        row = f"{name:22} {regions:7} {best.listed:9,} {best.cost:9,.0f}  {best.proven!s:6}"
        row += f" {statistics.median(ours):8.2f}"
        if MaxPHeuristic is not None:
            for _ in range(given.runs):
                began = time.perf_counter()
                found, cost = spopt_cost(states, queen, case, apart)
                theirs.append(time.perf_counter() - began)
            row += f" | {cost:10,.0f} {found:7} {statistics.median(theirs):8.2f} {cost / best.cost:8.3f}"
        print(row, flush=True)


if __name__ == "__main__":
    main()
