"""The road network as plain arrays."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from geodata.errors import Finding

NOT_ALLOWED = -1
"""Milliseconds of a direction that a car may not take."""

ARRAYS = (
    "node_x", "node_y", "node_in_main", "road_from", "road_to", "road_ms_forward", "road_ms_backward",
    "road_length_m", "road_class", "road_source", "road_joinable", "geometry_xy", "geometry_offset",
)  # fmt: skip


@dataclass(frozen=True)
class RoadNetwork:
    """A directed, timed road network of N nodes and R roads.

    A road is a stretch of one class, one speed and one set of allowed directions between two nodes. Nodes are
    junctions, dead ends and the places where class, speed or direction changes. Where nothing changes, the pieces of
    road between two neighbouring points are merged, and their times are summed before they are rounded to whole
    milliseconds. So a position along a road by length is also its position by time.

    Parameters
    ----------
    node_x, node_y
        Metres in EPSG:27700, shape (N,).
    node_in_main
        Whether the node belongs to the main part: the largest set of nodes that all reach each other; shape (N,).
    road_from, road_to
        Nodes at the ends, shape (R,).
    road_ms_forward, road_ms_backward
        Milliseconds from `road_from` to `road_to` and back, at least 1; -1 where cars may not go; int64, shape (R,).
        They include the delay at the junction the road leads into.
    road_length_m
        Metres, shape (R,).
    road_class
        Position in `geodata.osm.ROAD_CLASSES`, shape (R,).
    road_source
        Position in `geodata.speeds.SPEED_SOURCES`, shape (R,).
    road_joinable
        Whether a home or a site may lie on it (not on a motorway, in a tunnel, on a ferry), shape (R,).
    geometry_xy, geometry_offset
        Points of all roads, shape (M, 2), and where each road begins in them, shape (R + 1,).
    access_kmh
        Speed between a point and the road it is joined to.
    summary
        Plain figures for pages and `run.json`.
    findings
        What a planner should know: gaps closed, parts cut off.
    """

    node_x: NDArray[np.float64]
    node_y: NDArray[np.float64]
    node_in_main: NDArray[np.bool_]
    road_from: NDArray[np.int64]
    road_to: NDArray[np.int64]
    road_ms_forward: NDArray[np.int64]
    road_ms_backward: NDArray[np.int64]
    road_length_m: NDArray[np.float64]
    road_class: NDArray[np.int8]
    road_source: NDArray[np.int8]
    road_joinable: NDArray[np.bool_]
    geometry_xy: NDArray[np.float64]
    geometry_offset: NDArray[np.int64]
    access_kmh: float
    summary: dict[str, object] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()

    @cached_property
    def _directed(self) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        ahead = np.flatnonzero(self.road_ms_forward >= 0)
        back = np.flatnonzero(self.road_ms_backward >= 0)
        road = np.concatenate((ahead, back))
        forward = np.concatenate((np.ones(len(ahead), dtype=bool), np.zeros(len(back), dtype=bool)))
        order = np.lexsort((~forward, road))
        return road[order], forward[order]

    @property
    def edge_road(self) -> NDArray[np.int64]:
        """Road of each directed edge, shape (E,): one edge for each allowed direction of a road."""
        return self._directed[0]

    @property
    def edge_from(self) -> NDArray[np.int64]:
        """Node each directed edge starts from, shape (E,)."""
        road, forward = self._directed
        return np.where(forward, self.road_from[road], self.road_to[road])

    @property
    def edge_to(self) -> NDArray[np.int64]:
        """Node each directed edge leads to, shape (E,)."""
        road, forward = self._directed
        return np.where(forward, self.road_to[road], self.road_from[road])

    @property
    def edge_ms(self) -> NDArray[np.int64]:
        """Milliseconds of each directed edge, shape (E,)."""
        road, forward = self._directed
        return np.where(forward, self.road_ms_forward[road], self.road_ms_backward[road])

    @property
    def road_kmh(self) -> NDArray[np.float64]:
        """Speed of each road in its faster direction, junction delay included, km/h; for drawing."""
        backward = np.where(self.road_ms_backward < 0, np.iinfo(np.int64).max, self.road_ms_backward)
        forward = np.where(self.road_ms_forward < 0, np.iinfo(np.int64).max, self.road_ms_forward)
        return self.road_length_m / np.minimum(forward, backward) * 3600.0

    def as_networkx(self) -> nx.DiGraph:
        """The same network for networkx, edges with `ms`; of parallel edges the quickest."""
        graph = nx.DiGraph()
        for node, place in enumerate(zip(self.node_x.tolist(), self.node_y.tolist(), strict=True)):
            graph.add_node(node, x=place[0], y=place[1])
        for tail, head, ms in zip(self.edge_from.tolist(), self.edge_to.tolist(), self.edge_ms.tolist(), strict=True):
            if not graph.has_edge(tail, head) or graph[tail][head]["ms"] > ms:
                graph.add_edge(tail, head, ms=ms)
        return graph

    def save(self, path: Path) -> None:
        """Write the network to an `.npz` file."""
        arrays = {name: getattr(self, name) for name in ARRAYS}
        facts = {
            "access_kmh": self.access_kmh,
            "summary": self.summary,
            "findings": [finding.as_dict() for finding in self.findings],
        }
        with path.open("wb") as file:
            np.savez_compressed(file, facts=np.array(json.dumps(facts)), **arrays)

    @classmethod
    def load(cls, path: Path) -> RoadNetwork:
        """Read a network that `save` has written."""
        with np.load(path, allow_pickle=False) as stored:
            facts = json.loads(str(stored["facts"]))
            arrays = {name: stored[name] for name in ARRAYS}
        findings = tuple(Finding(**finding) for finding in facts["findings"])
        return cls(**arrays, access_kmh=facts["access_kmh"], summary=facts["summary"], findings=findings)
