"""The road network as plain arrays."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from geodata.errors import Finding
from geodata.roads.facts import RoadFacts
from geodata.roads.graph import Graph

if TYPE_CHECKING:
    import networkx as nx

NOT_ALLOWED = -1
"""Milliseconds of a direction that a car may not take."""

FACT = "fact_"
ARRAYS = (
    "node_x", "node_y", "node_in_main", "road_from", "road_to", "road_ms_forward", "road_ms_backward",
    "road_length_m", "road_class", "road_source", "road_joinable", "geometry_xy", "geometry_offset", "arrive_forward",
    "arrive_backward", "turn_from", "turn_road", "turn_forward", "copy_of",
)  # fmt: skip


@dataclass
class Standing:
    """What depends on the lie of the roads alone and not on their times: made once, shared by every timing of them.

    Parameters
    ----------
    made
        By the name of what was made.
    """

    made: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class RoadNetwork:
    """A directed, timed road network of N nodes and R roads.

    A road is a stretch of one class, one name, one limit, one kind of surroundings and one set of allowed directions
    between two nodes. Nodes are junctions, dead ends and the places where one of these changes. Where nothing changes,
    the pieces of road between two neighbouring points are merged, and their time is that of the whole, rounded once to
    whole milliseconds. So a position along a road by length is also its position by time.

    Where turns are restricted, a road arrives at a copy of the junction from which the forbidden roads do not leave.

    Parameters
    ----------
    node_x, node_y
        Metres in EPSG:27700, shape (N,).
    node_in_main
        Whether the node belongs to the main part: the largest set of nodes that all reach each other; shape (N,).
    road_from, road_to
        Nodes at the ends, shape (R,).
    road_ms_forward, road_ms_backward
        Milliseconds from `road_from` to `road_to` and back, at least 1; -1 where nobody may go now; int64, shape (R,).
        They include the delay at the junction the road leads into.
    road_length_m
        Metres, shape (R,).
    road_class
        Position in `geodata.osm.tags.ROAD_CLASSES`, shape (R,).
    road_source
        Position in `geodata.speeds.SPEED_SOURCES`, shape (R,).
    road_joinable
        Whether a home or a site may lie on it (not on a motorway, in a tunnel, on a ferry), shape (R,).
    geometry_xy, geometry_offset
        Points of all roads, shape (M, 2), and where each road begins in them, shape (R + 1,).
    arrive_forward, arrive_backward
        Node at which a road taken forward, or back, arrives, shape (R,): `road_to` and `road_from`, or a copy of it.
    turn_from, turn_road, turn_forward
        Roads that leave from copies of nodes, and whether they are taken forward; shape (K,).
    copy_of
        Junction that each node is, or is a copy of, shape (N,); copies come last.
    facts
        What each road is apart from its times.
    names
        Names of roads; `names[0]` is empty.
    access_kmh
        Speed between a point and the road it is joined to.
    journey_ms
        Milliseconds that each journey takes apart from the way (parking).
    mode
        `drive` or `walk`.
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
    arrive_forward: NDArray[np.int64]
    arrive_backward: NDArray[np.int64]
    turn_from: NDArray[np.int64]
    turn_road: NDArray[np.int64]
    turn_forward: NDArray[np.bool_]
    copy_of: NDArray[np.int64]
    facts: RoadFacts
    names: tuple[str, ...] = ("",)
    access_kmh: float = 15.0
    journey_ms: int = 0
    mode: Literal["drive", "walk"] = "drive"
    summary: dict[str, object] = field(default_factory=dict)
    findings: tuple[Finding, ...] = ()
    standing: Standing = field(default_factory=Standing, repr=False, compare=False)

    @cached_property
    def _directed(self) -> dict[str, NDArray]:
        """Every direction of every road, one after the other, then the roads that leave from copies of nodes."""
        roads = np.arange(len(self.road_from))
        road = np.concatenate((np.repeat(roads, 2), self.turn_road))
        forward = np.concatenate((np.tile([True, False], len(roads)), self.turn_forward)).astype(bool)
        start = np.where(forward, self.road_from[road], self.road_to[road])
        start[2 * len(roads) :] = self.turn_from
        return {
            "road": road,
            "forward": forward,
            "from": start,
            "to": np.where(forward, self.arrive_forward[road], self.arrive_backward[road]),
            "ms": np.where(forward, self.road_ms_forward[road], self.road_ms_backward[road]),
        }

    @cached_property
    def _usable(self) -> NDArray[np.int64]:
        return np.flatnonzero(self._directed["ms"] >= 0)

    def graph(self) -> Graph:
        """The network as a graph: the same edges however it is timed, those that cannot be used now marked closed."""
        every = self._directed
        return Graph(len(self.node_x), every["from"], every["to"], every["ms"], self.node_x, self.node_y)

    @property
    def edge_road(self) -> NDArray[np.int64]:
        """Road of each directed edge, shape (E,): one edge for each allowed direction, more where turns are."""
        return self._directed["road"][self._usable]

    @property
    def edge_forward(self) -> NDArray[np.bool_]:
        """Whether each directed edge takes its road forward, shape (E,)."""
        return self._directed["forward"][self._usable]

    @property
    def edge_from(self) -> NDArray[np.int64]:
        """Node each directed edge starts from, shape (E,)."""
        return self._directed["from"][self._usable]

    @property
    def edge_to(self) -> NDArray[np.int64]:
        """Node each directed edge leads to, shape (E,)."""
        return self._directed["to"][self._usable]

    @property
    def edge_ms(self) -> NDArray[np.int64]:
        """Milliseconds of each directed edge, shape (E,)."""
        return self._directed["ms"][self._usable]

    @property
    def road_kmh(self) -> NDArray[np.float64]:
        """Speed of each road in its faster direction, junction delay included, km/h; for drawing."""
        backward = np.where(self.road_ms_backward < 0, np.iinfo(np.int64).max, self.road_ms_backward)
        forward = np.where(self.road_ms_forward < 0, np.iinfo(np.int64).max, self.road_ms_forward)
        return self.road_length_m / np.minimum(forward, backward) * 3600.0

    def as_networkx(self) -> nx.DiGraph:
        """The same network for networkx, edges with `ms`; of parallel edges the quickest."""
        import networkx as nx  # noqa: PLC0415 - slow to import, and only this needs it

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
        arrays |= {FACT + name: values for name, values in self.facts.arrays().items()}
        facts = {
            "access_kmh": self.access_kmh,
            "journey_ms": self.journey_ms,
            "mode": self.mode,
            "names": self.names,
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
            road_facts = {name[len(FACT) :]: stored[name] for name in stored.files if name.startswith(FACT)}
        return cls(
            **arrays,
            facts=RoadFacts(**road_facts),
            names=tuple(facts["names"]),
            access_kmh=facts["access_kmh"],
            journey_ms=facts["journey_ms"],
            mode=facts["mode"],
            summary=facts["summary"],
            findings=tuple(Finding(**finding) for finding in facts["findings"]),
        )
