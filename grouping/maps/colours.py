"""Which colour each group gets: as few colours as the map needs, and never the same on both sides of a border."""

from __future__ import annotations

from collections.abc import Sequence

import networkx as nx
import numpy as np
import shapely
from numpy.typing import NDArray

from grouping.maps.hatches import HATCHES

STRATEGIES = (("DSATUR", False), ("smallest_last", False), ("smallest_last", True), ("largest_first", True))
"""Orders of networkx in which groups take colours, and whether colours may be exchanged. The first that needs
the fewest colours is taken; with the exchange, five are enough for any map of groups in one piece."""


def group_colours(polygons: NDArray[np.object_], groups: Sequence[str], ids: Sequence[str]) -> dict[str, int]:
    """Position in `PALETTE` for every group, so that groups whose areas touch look different.

    Parameters
    ----------
    polygons, groups
        Areas and the group of each, shape (areas,).
    ids
        All group ids.

    Returns
    -------
    The fewest colours that were found to do. Where all of them are not enough, groups that meet in a corner only may
    look alike; where even that is not enough, as few neighbours as possible.
    """
    numbers = {group_id: number for number, group_id in enumerate(sorted(ids))}
    of_area = np.array([numbers.get(group_id, -1) for group_id in groups], dtype=np.int64)
    left, right = shapely.STRtree(polygons).query(polygons, predicate="intersects")
    border = (left < right) & (of_area[left] != of_area[right]) & (of_area[left] >= 0) & (of_area[right] >= 0)
    left, right = left[border], right[border]
    graph = _graph(len(numbers), of_area[left], of_area[right])
    colours = _fewest(graph)
    if max(colours.values(), default=0) >= len(HATCHES):
        edge = shapely.length(shapely.intersection(polygons[left], polygons[right])) > 0
        graph = _graph(len(numbers), of_area[left[edge]], of_area[right[edge]])
        colours = _least_alike(graph, _fewest(graph))
    # the first group has the first colour, the next that differs the second: small changes keep the picture
    order: dict[int, int] = {}
    return {group_id: order.setdefault(colours[number], len(order)) for group_id, number in numbers.items()}


def _graph(count: int, one: NDArray[np.int64], other: NDArray[np.int64]) -> nx.Graph:
    """Which groups meet. Numbers, not letters, so that no order depends on how texts are hashed."""
    graph = nx.Graph()
    graph.add_nodes_from(range(count))
    pairs = np.sort(np.column_stack((one, other)), axis=1)
    graph.add_edges_from(np.unique(pairs, axis=0).tolist())
    return graph


def _fewest(graph: nx.Graph) -> dict[int, int]:
    found = [nx.coloring.greedy_color(graph, order, interchange=exchange) for order, exchange in STRATEGIES]
    return min(found, key=lambda colours: max(colours.values(), default=0))


def _least_alike(graph: nx.Graph, colours: dict[int, int]) -> dict[int, int]:
    """Colours within the palette: whoever has one beyond it takes the one that the fewest neighbours have."""
    kept = {node: colour for node, colour in colours.items() if colour < len(HATCHES)}
    for node in sorted(set(colours) - set(kept)):
        near = [kept[other] for other in graph[node] if other in kept]
        kept[node] = min(range(len(HATCHES)), key=lambda colour: (near.count(colour), colour))
    return kept
