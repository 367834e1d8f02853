"""Name the parts of a road network: what can be driven to and from the rest, what is cut off, and what to say of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from geodata.errors import Finding
from geodata.osm.lines import RoadLines
from geodata.osm.tags import ROAD_CLASSES
from geodata.roads.gaps import Bridge, label_parts
from geodata.roads.network import RoadNetwork
from geodata.roads.weights import timing_summary
from geodata.speeds import FERRY, SPEED_SOURCES, Speeds

LISTED_PARTS = 20
"""How many cut-off parts are listed one by one, the longest first."""


@dataclass(frozen=True)
class Mended:
    """Faults of the file: gaps closed, gaps left open that look like faults, roundabouts without a whole ring."""

    bridges: tuple[Bridge, ...]
    suspects: tuple[Bridge, ...]
    broken_rings: int


def name_parts(network: RoadNetwork, lines: RoadLines, speeds: Speeds, mended: Mended) -> RoadNetwork:
    """Find the main part, list what is cut off from it, and sum the network up.

    Parameters
    ----------
    network
        The timed roads.
    lines
        The ways they come from.
    speeds
        The speed table they are timed by.
    mended
        Faults of the file that were mended or found.
    """
    main = _main_part(network)
    weak = label_parts(len(network.node_x), network.road_from, network.road_to)
    inside = main[network.road_from] & main[network.road_to]
    cut_off = _cut_off_parts(network, weak, inside)
    one_way = (network.road_ms_forward < 0) | (network.road_ms_backward < 0)
    length = network.road_length_m
    total = max(float(length.sum()), 1e-9)
    summary: dict[str, object] = {
        "source": lines.source,
        "timestamp": lines.timestamp,
        **timing_summary(speeds, network.mode, 1.0, "on"),
        "nodes": int(np.count_nonzero(network.copy_of == np.arange(len(network.copy_of)))),
        "roads": len(length),
        "edges": len(network.edge_from),
        "km": round(total / 1000, 1),
        "one_way_share": round(float(length[one_way].sum()) / total, 4),
        "km_by_class": _by_name(network.road_class, ROAD_CLASSES, length),
        "km_by_speed_source": _by_name(network.road_source, SPEED_SOURCES, length),
        "roads_by_speed_source": _by_name(network.road_source, SPEED_SOURCES),
        "ferries": int(np.count_nonzero(network.road_class == FERRY)),
        "toll_km": round(float(length[network.facts.toll].sum()) / 1000, 2),
        "components": len(np.unique(weak[network.road_from])),
        "main_nodes": int(np.count_nonzero(main & (network.copy_of == np.arange(len(main))))),
        "main_share": round(float(length[inside].sum()) / total, 4),
        "cut_off_km": round(float(length[~inside].sum()) / 1000, 2),
        "cut_off": cut_off[:LISTED_PARTS],
        "bridges": [asdict(bridge) for bridge in mended.bridges],
        "open_gaps": [asdict(gap) for gap in mended.suspects],
        "broken_roundabouts": mended.broken_rings,
        "left_out": dict(sorted(lines.counts.items())),
    } | network.summary
    findings = _findings(lines.source, mended, cut_off, summary)
    return replace(network, node_in_main=main, summary=summary, findings=findings)


def _main_part(network: RoadNetwork) -> NDArray[np.bool_]:
    """Nodes of the longest set of roads that all reach each other, shape (N,)."""
    nodes = len(network.node_x)
    edges = (np.ones(len(network.edge_from), dtype=np.int8), (network.edge_from, network.edge_to))
    count, strong = connected_components(csr_array(edges, shape=(nodes, nodes)), directed=True, connection="strong")
    # By the edges, because every road into a junction may end at a copy of it; a road taken both ways counts once.
    inside = strong[network.edge_from] == strong[network.edge_to]
    roads = len(network.road_length_m)
    pair = strong[network.edge_from][inside] * np.int64(roads) + network.edge_road[inside]
    part, road = np.divmod(np.unique(pair), roads)
    metres = np.bincount(part, weights=network.road_length_m[road], minlength=count)
    main = strong == int(np.argmax(metres))
    # A junction that is only ever reached at one of its copies belongs to the main part as well.
    main[network.copy_of[main]] = True
    return main


def _by_name(
    values: NDArray[np.int8], names: tuple[str, ...], length_m: NDArray[np.float64] | None = None
) -> dict[str, float]:
    if length_m is None:
        counts = np.bincount(values, minlength=len(names))
        return {name: int(n) for name, n in zip(names, counts, strict=True) if n}
    sums = np.bincount(values, weights=length_m, minlength=len(names)) / 1000
    return {name: round(float(km), 1) for name, km in zip(names, sums, strict=True) if km > 0}


def _cut_off_parts(network: RoadNetwork, weak: NDArray[np.int32], inside: NDArray[np.bool_]) -> list[dict[str, float]]:
    """Connected stretches of road outside the main part, the longest first: kilometres and one place each."""
    outside = np.flatnonzero(~inside)
    if not len(outside):
        return []
    part = label_parts(len(network.node_x), network.road_from[outside], network.road_to[outside])
    label = part[network.road_from[outside]]
    parts, first, position = np.unique(label, return_index=True, return_inverse=True)
    km = np.bincount(position.ravel(), weights=network.road_length_m[outside]) / 1000
    joined = np.zeros(int(weak.max()) + 1, dtype=bool)
    joined[weak[network.road_from[inside]]] = True
    node = network.road_from[outside[first]]
    listed = [
        {
            "km": round(float(km[i]), 2),
            "easting": round(float(network.node_x[node[i]]), 1),
            "northing": round(float(network.node_y[node[i]]), 1),
            "reason": "one-way only" if joined[weak[node[i]]] else "not connected",
        }
        for i in range(len(parts))
    ]
    return sorted(listed, key=lambda part: (-part["km"], part["easting"], part["northing"]))


def _closing(gaps: Sequence[Bridge]) -> int:
    """Whole metres that close these gaps, whose lengths are rounded to a tenth."""
    return math.ceil(max(gap.length_m for gap in gaps) + 0.05)


def _findings(
    source: str, mended: Mended, cut_off: list[dict[str, float]], summary: dict[str, object]
) -> tuple[Finding, ...]:
    findings = [
        Finding(
            "note",
            source,
            f"A gap of {bridge.length_m} m between two parts of the road network was closed near "
            f"E{bridge.easting:.0f} N{bridge.northing:.0f}.",
            "Look at the place on a map; set [roads] bridge_gaps_m = 0 if the gap is real.",
            code="road-gap-closed",
        )
        for bridge in mended.bridges
    ]
    if mended.suspects:
        places = "; ".join(f"{gap.length_m} m at E{gap.easting:.0f} N{gap.northing:.0f}" for gap in mended.suspects[:5])
        findings.append(
            Finding(
                "warning",
                source,
                f"Large parts of the road network come near each other and are not joined there ({places}); journeys "
                "past these places may be far too long.",
                "Look at them on a map; if the road goes on there, use a more complete file, or raise [roads] "
                f"bridge_gaps_m to {_closing(mended.suspects)}: that closes them, and others up to that length.",
                code="road-gap-open",
            )
        )
    if summary["broken_roundabouts"]:
        findings.append(
            Finding(
                "note",
                source,
                f"{summary['broken_roundabouts']} roundabouts lack a part of their ring in the file and are taken as "
                "two-way, so that no road behind them is cut off.",
                "Nothing needs doing; a more complete file would time them a few seconds better.",
                code="road-broken-roundabout",
            )
        )
    if cut_off:
        travelled = "walked" if summary["mode"] == "walk" else "driven"
        longest = "; ".join(
            f"{part['km']} km at E{part['easting']:.0f} N{part['northing']:.0f} ({part['reason']})"
            for part in cut_off[:5]
        )
        findings.append(
            Finding(
                "warning" if float(summary["main_share"]) < 0.95 else "note",
                source,
                f"{summary['cut_off_km']} km of {summary['km']} km of road cannot be {travelled} to and from the rest "
                f"and are not used. Parts cut off in this way: {len(cut_off)}; the longest: {longest}.",
                "Look at them on a map; raise [roads] bridge_gaps_m if a gap in the file cuts them off.",
                code="road-parts-cut-off",
            )
        )
    return tuple(findings)
