"""Published regions of the 32 Mexican states, made again and proven.

The data are libpysal's example `mexicojoin`. PySAL's spopt tests its max-p heuristic on them (`spopt/tests/test_region/
test_maxp.py`, and the earlier `spopt/tests/test_maxp.py`): queen contiguity, at least 4, 10 or 5 states to a region,
and the labels the heuristic gives. The figures here are what those labels cost as spopt defines it: the sum over all
pairs of states in a region of the city-block distance of their GDP per head. The core is given the same number of
regions and the same least number of states.
"""

from __future__ import annotations

import geopandas
import libpysal
import networkx as nx
import numpy as np
import pytest
from scipy.spatial.distance import pdist, squareform

from grouping.partition import PartitionProblem

SIX = [f"PCGDP{year}" for year in range(1950, 2010, 10)]


@pytest.fixture(scope="module")
def mexico() -> tuple[geopandas.GeoDataFrame, np.ndarray]:
    states = geopandas.read_file(libpysal.examples.get_path("mexicojoin.shp"))
    queen = libpysal.weights.Queen.from_dataframe(states, use_index=False)
    adjacency = np.zeros((len(states), len(states)), bool)
    for state, others in queen.neighbors.items():
        adjacency[state, others] = True
    return states, adjacency


@pytest.mark.parametrize(
    ("columns", "regions", "threshold", "pinned", "optimum"),
    [
        pytest.param(SIX, 8, 4, [2_228_900], 1_642_106, id="basic"),
        pytest.param(["PCGDP2000"], 6, 5, [558_264, 698_896], 516_129, id="one variable"),
        pytest.param(SIX, 3, 10, [5_894_582, 6_685_242], 5_712_686, id="complex"),
    ],
)
def test_proves_regions_at_or_below_what_spopt_pins(
    mexico: tuple, columns: list[str], regions: int, threshold: int, pinned: list[int], optimum: int
) -> None:
    states, adjacency = mexico
    assert len(states) == 32
    assert adjacency.sum() == 2 * 69
    apart = squareform(pdist(states[columns].to_numpy(), metric="cityblock"))
    problem = PartitionProblem(np.ones(32, int), adjacency, apart, lower=threshold, groups=regions)
    best = problem.solve()
    assert best.proven
    assert best.bound == best.cost
    assert best.cost <= min(pinned)
    assert best.cost == optimum
    assert sorted(state for group in best.groups for state in group) == list(range(32))
    assert len(best.groups) == regions
    graph = nx.from_numpy_array(adjacency)
    for group in best.groups:
        assert len(group) >= threshold
        assert nx.is_connected(graph.subgraph(group))
    total = sum(apart[np.ix_(group, group)].sum() / 2 for group in best.groups)
    assert best.cost == pytest.approx(total)
