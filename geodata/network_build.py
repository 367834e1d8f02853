"""From drivable ways to a road network: timed, chained to junctions, its parts named."""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from geodata.errors import Finding, InputProblems
from geodata.gaps import Bridge, Segments, close_gaps, label_parts
from geodata.network import NOT_ALLOWED, RoadNetwork
from geodata.osm import NODE_GATE, NODE_MINI_ROUNDABOUT, NODE_SIGNALS, ROAD_CLASSES
from geodata.roadlines import RoadLines
from geodata.speeds import FERRY, SPEED_SOURCES, Speeds

LISTED_PARTS = 20
"""How many cut-off parts are listed one by one, the longest first."""


@dataclass(frozen=True)
class _Mended:
    """Faults of the file: gaps closed, gaps left open that look like faults, roundabouts without a whole ring."""

    bridges: tuple[Bridge, ...]
    suspects: tuple[Bridge, ...]
    broken_rings: int


def build_network(lines: RoadLines, speeds: Speeds, bridge_gaps_m: float = 15.0) -> RoadNetwork:
    """Time the ways, close gaps, merge what lies between junctions and name the parts.

    Parameters
    ----------
    lines
        Drivable ways.
    speeds
        The speed table with a profile.
    bridge_gaps_m
        Longest gap between parts of the network to close, metres; 0 for none.

    Raises
    ------
    InputProblems
        When no way has any length.
    """
    segments = _segments_of(lines)
    if not len(segments.tail):
        message = "The road source holds no drivable road of any length."
        raise InputProblems([Finding("error", lines.source, message, "Use another extract.", code="road-file")])
    lines, broken_rings = _open_broken_roundabouts(lines, segments)
    sealed, kind = lines.sealed, lines.node_kind
    closed = close_gaps(segments, lines.way["bridgeable"][segments.way], sealed, bridge_gaps_m)
    segments = closed.segments
    kind = np.concatenate((kind, np.zeros(len(segments.x) - len(kind), dtype=np.int8)))
    timed = _time_segments(segments, closed.is_gap, lines, kind, speeds)
    chains = _chain(segments, timed)
    return _network_of(
        segments, timed, chains, lines, kind, speeds, _Mended(closed.bridges, closed.suspects, broken_rings)
    )


def _segments_of(lines: RoadLines) -> Segments:
    ends = np.ones(len(lines.way_point), dtype=bool)
    ends[lines.way_offset[1:] - 1] = False
    first = np.flatnonzero(ends)
    tail, head = lines.way_point[first], lines.way_point[first + 1]
    way = np.repeat(np.arange(len(lines.way_offset) - 1), np.diff(lines.way_offset))[first]
    real = tail != head
    return Segments(lines.x, lines.y, tail[real], head[real], way[real])


def _open_broken_roundabouts(lines: RoadLines, segments: Segments) -> tuple[RoadLines, int]:
    """Let cars both ways round a roundabout whose ring is not whole in the file.

    A ring that lacks a piece, taken one way, would cut off every road that is entered past the missing piece. Only
    roundabouts without a `oneway` tag of their own are touched. Returns the ways and how many rings were opened.
    """
    ring = np.flatnonzero(lines.way["implied_one_way"][segments.way])
    if not len(ring):
        return lines, 0
    points, tail, head = len(lines.x), segments.tail[ring], segments.head[ring]
    graph = csr_array((np.ones(len(ring), dtype=np.int8), (tail, head)), shape=(points, points))
    strong = connected_components(graph, directed=True, connection="strong")[1]
    weak = label_parts(points, tail, head)
    broken = np.unique(weak[tail[strong[tail] != strong[head]]])
    ways = segments.way[ring[np.isin(weak[tail], broken)]]
    forward, backward = lines.way["forward"].copy(), lines.way["backward"].copy()
    forward[ways] = backward[ways] = True
    return replace(lines, way=lines.way | {"forward": forward, "backward": backward}), len(broken)


# -------------------------------------------------------------------------------------------------- times of segments


@dataclass(frozen=True)
class _Timed:
    """What each of S segments is: seconds both ways (inf where not allowed) and the facts that merging must keep."""

    length_m: NDArray[np.float64]
    seconds: NDArray[np.float64]  # (2, S): forward, backward
    road_class: NDArray[np.int64]
    source: NDArray[np.int64]
    joinable: NDArray[np.bool_]
    roundabout: NDArray[np.bool_]
    nature: NDArray[np.int64]  # (2, S): equal numbers may be merged


def _time_segments(
    segments: Segments, is_gap: NDArray[np.bool_], lines: RoadLines, kind: NDArray[np.int8], speeds: Speeds
) -> _Timed:
    way, fact = segments.way, {name: values[segments.way] for name, values in lines.way.items()}
    dx, dy = (
        segments.x[segments.head] - segments.x[segments.tail],
        segments.y[segments.head] - segments.y[segments.tail],
    )
    length = np.hypot(dx, dy)
    # Nobody lives on a closed gap; told before merging, so that the roads on its sides keep their own fact.
    fact["joinable"] = fact["joinable"] & ~is_gap
    limits = np.stack((fact["limit_forward_kmh"], fact["limit_backward_kmh"]))
    # A closed gap is not known to be one-way or limited.
    limits[:, is_gap] = np.nan
    limit_known = np.fmax(limits[0], limits[1])
    built_up = speeds.built_up(
        segments.x[segments.tail] + dx / 2,
        segments.y[segments.tail] + dy / 2,
        length,
        fact["road_class"],
        limit_known,
        fact["built_up"],
    )
    allowed = np.stack((fact["forward"] | is_gap, fact["backward"] | is_gap))
    kmh = np.stack(
        [
            speeds.kmh(fact["road_class"], limit, built_up, dual=fact["dual"], roundabout=fact["roundabout"])
            for limit in limits
        ]
    )
    ferry = fact["road_class"] == FERRY
    seconds = length / kmh * 3.6
    if ferry.any():
        seconds = _ferry_seconds(seconds, length, ferry, way, fact, speeds)
    at_node = np.zeros(len(segments.x))
    for value, name in ((NODE_SIGNALS, "signals"), (NODE_MINI_ROUNDABOUT, "roundabout"), (NODE_GATE, "gate")):
        at_node[kind == value] = speeds.junction_seconds(name)
    seconds = seconds + np.stack((at_node[segments.head], at_node[segments.tail]))
    seconds = np.where(allowed, seconds, np.inf)
    source = np.select(
        [ferry, np.isfinite(limit_known) & (fact["limit_source"] == 1), np.isfinite(limit_known), built_up],
        [SPEED_SOURCES.index(name) for name in ("ferry", "maxspeed", "named limit", "class, built-up")],
        SPEED_SOURCES.index("class, rural"),
    )
    nature = _natures(np.where(ferry, 0.0, kmh), allowed, fact, source)
    return _Timed(length, seconds, fact["road_class"], source, fact["joinable"], fact["roundabout"], nature)


def _ferry_seconds(
    seconds: NDArray[np.float64],
    length: NDArray[np.float64],
    ferry: NDArray[np.bool_],
    way: NDArray[np.int64],
    fact: dict[str, NDArray],
    speeds: Speeds,
) -> NDArray[np.float64]:
    """Spread a stated duration over the pieces by length, and half of the wait over each half of the crossing."""
    whole = np.bincount(way[ferry], weights=length[ferry], minlength=int(way.max()) + 1)[way]
    share = np.divide(length, whole, out=np.zeros_like(length), where=ferry & (whole > 0))
    wait = np.where(np.isfinite(fact["wait_seconds"]), fact["wait_seconds"], speeds.ferry_wait_seconds)
    crossing = np.where(np.isfinite(fact["seconds"]), fact["seconds"] * share, length / speeds.ferry_kmh * 3.6)
    return np.where(ferry, crossing + wait * share, seconds)


def _natures(
    kmh: NDArray[np.float64], allowed: NDArray[np.bool_], fact: dict[str, NDArray], source: NDArray[np.int64]
) -> NDArray[np.int64]:
    """Number the kinds of directed segment: same class, speed, permission and facts get the same number."""
    shared = (
        fact["road_class"] * 64
        + source * 8
        + fact["joinable"].astype(np.int64) * 4
        + fact["roundabout"].astype(np.int64) * 2
    )
    both = np.concatenate([shared + a.astype(np.int64) for a in allowed])
    speed = np.rint(np.where(allowed, kmh, 0.0) * 1000).astype(np.int64).ravel()
    _, number = np.unique(np.column_stack((both, speed)), axis=0, return_inverse=True)
    return number.reshape(2, -1)


# ---------------------------------------------------------------------------------------------- merging into roads


@dataclass(frozen=True)
class _Chains:
    """Merged segments: `dart` lists them road by road, each as 2 x segment (+ 1 when taken backwards)."""

    dart: NDArray[np.int64]
    offset: NDArray[np.int64]


def _chain(segments: Segments, timed: _Timed) -> _Chains:
    """Merge segments that meet at a point where nothing but the road goes on.

    Each segment is two darts, one a direction. A dart's successor is the dart that continues it across a point of
    degree 2; following successors by repeated doubling finds the last dart of every chain and the steps to it.
    """
    count = 2 * len(segments.tail)
    tail = np.empty(count, dtype=np.int64)
    tail[0::2], tail[1::2] = segments.tail, segments.head
    nature = np.empty(count, dtype=np.int64)
    nature[0::2], nature[1::2] = timed.nature[0], timed.nature[1]
    following = np.arange(count)
    order = np.argsort(tail, kind="stable")
    degree = np.bincount(tail, minlength=len(segments.x))
    start = np.cumsum(degree) - degree
    two = np.flatnonzero(degree == 2)
    a, b = order[start[two]], order[start[two] + 1]
    same = (nature[a ^ 1] == nature[b]) & (nature[b ^ 1] == nature[a]) & ((a ^ 1) != b)
    a, b = a[same], b[same]
    following[a ^ 1], following[b ^ 1] = b, a
    following = _open_rings(following, tail)
    last, steps = _follow(following)
    return _one_direction(last, steps, timed)


def _follow(following: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    last = following.copy()
    steps = (following != np.arange(len(following))).astype(np.int64)
    for _ in range(max(len(following), 2).bit_length()):
        further = last[last]
        if np.array_equal(further, last):
            break
        steps = steps + steps[last]
        last = further
    return last, steps


def _open_rings(following: NDArray[np.int64], tail: NDArray[np.int64]) -> NDArray[np.int64]:
    """Break rings that have no junction at all at their point with the smallest number."""
    own = np.arange(len(following))
    last, _ = _follow(following)
    ringed = np.flatnonzero(following[last] != last)
    if not len(ringed):
        return following
    graph = csr_array((np.ones(len(ringed), dtype=np.int8), (ringed, following[ringed])), shape=(len(following),) * 2)
    label = connected_components(graph, directed=False)[1]
    smallest = np.full(label.max() + 1, np.iinfo(np.int64).max)
    np.minimum.at(smallest, label[ringed], tail[ringed])
    cut = ringed[tail[following[ringed]] == smallest[label[ringed]]]
    result = following.copy()
    result[cut] = own[cut]
    return result


def _one_direction(last: NDArray[np.int64], steps: NDArray[np.int64], timed: _Timed) -> _Chains:
    """Keep one of the two directions of every chain: the allowed one, else that of the smaller last dart."""
    order = np.lexsort((-steps, last))
    ends, begin = np.unique(last[order], return_index=True)
    first = order[begin]
    partner = last[first ^ 1]
    # The partner chain runs the other way; its last dart is the reverse of our first.
    open_here = np.isfinite(timed.seconds[ends & 1, ends >> 1])
    open_there = np.isfinite(timed.seconds[partner & 1, partner >> 1])
    keep = (open_here & ~open_there) | ((open_here == open_there) & (ends <= partner))
    size = np.diff(np.append(begin, len(order)))
    kept = order[np.repeat(keep, size)]
    return _Chains(kept, np.concatenate(([0], np.cumsum(size[keep]))))


# ------------------------------------------------------------------------------------------------- the finished network


def _network_of(
    segments: Segments,
    timed: _Timed,
    chains: _Chains,
    lines: RoadLines,
    kind: NDArray[np.int8],
    speeds: Speeds,
    mended: _Mended,
) -> RoadNetwork:
    dart, begin = chains.dart, chains.offset[:-1]
    segment, backwards = dart >> 1, (dart & 1).astype(bool)
    tail = np.where(backwards, segments.head[segment], segments.tail[segment])
    head = np.where(backwards, segments.tail[segment], segments.head[segment])
    closing = chains.offset[1:] - 1
    start, stop = tail[begin], head[closing]
    nodes, ends = np.unique(np.concatenate((start, stop)), return_inverse=True)
    road_from, road_to = ends[: len(begin)], ends[len(begin) :]
    lead = segment[begin]
    seconds = np.stack(
        [
            np.add.reduceat(timed.seconds[backwards.astype(int), segment], begin),
            np.add.reduceat(timed.seconds[(~backwards).astype(int), segment], begin),
        ]
    )
    road_class, ring = timed.road_class[lead], timed.roundabout[lead]
    seconds += _junction_delays(len(nodes), road_from, road_to, road_class, ring, kind[nodes], speeds)
    ms = np.where(
        np.isfinite(seconds), np.maximum(np.rint(np.where(np.isfinite(seconds), seconds, 0) * 1000), 1), NOT_ALLOWED
    )
    size = np.diff(chains.offset)
    offset = np.concatenate(([0], np.cumsum(size + 1)))
    point = np.empty(offset[-1], dtype=np.int64)
    inner = np.ones(offset[-1], dtype=bool)
    inner[offset[1:] - 1] = False
    point[inner], point[~inner] = tail, stop
    network = RoadNetwork(
        node_x=segments.x[nodes],
        node_y=segments.y[nodes],
        node_in_main=np.zeros(len(nodes), dtype=bool),
        road_from=road_from.astype(np.int64),
        road_to=road_to.astype(np.int64),
        road_ms_forward=ms[0].astype(np.int64),
        road_ms_backward=ms[1].astype(np.int64),
        road_length_m=np.add.reduceat(timed.length_m[segment], begin),
        road_class=road_class.astype(np.int8),
        road_source=timed.source[lead].astype(np.int8),
        road_joinable=np.logical_and.reduceat(timed.joinable[segment], begin),
        geometry_xy=np.column_stack((segments.x[point], segments.y[point])),
        geometry_offset=offset.astype(np.int64),
        access_kmh=speeds.access_kmh,
    )
    return _name_parts(network, lines, speeds, mended)


def _junction_delays(
    nodes: int,
    road_from: NDArray[np.int64],
    road_to: NDArray[np.int64],
    road_class: NDArray[np.int64],
    ring: NDArray[np.bool_],
    kind: NDArray[np.int8],
    speeds: Speeds,
) -> NDArray[np.float64]:
    """Seconds lost where each road leads into a junction, shape (2, R): forward, backward.

    A lesser road gives way to a more important one; joining a motorway or trunk road from its slip road, and every
    place with lights or a mini-roundabout (already counted there), costs no give-way.
    """
    rank = road_class // 2 * 2  # a slip road ranks with its road
    rank = np.where(road_class > ROAD_CLASSES.index("tertiary_link"), road_class, rank)
    ends = np.concatenate((road_from, road_to))
    degree = np.bincount(ends, minlength=nodes)
    best = np.full(nodes, 99, dtype=np.int64)
    np.minimum.at(best, ends, np.concatenate((rank, rank)))
    on_ring = np.zeros(nodes, dtype=bool)
    on_ring[road_from[ring]] = on_ring[road_to[ring]] = True
    settled = (kind == NODE_SIGNALS) | (kind == NODE_MINI_ROUNDABOUT)
    give_way, through, enter = (speeds.junction_seconds(name) for name in ("give_way", "through", "roundabout"))
    delays = []
    for node in (road_to, road_from):
        junction = (degree[node] >= 3) & ~settled[node] & (road_class != FERRY)
        delay = np.where(rank > best[node], give_way, through)
        delay = np.where(on_ring[node], np.where(ring, 0.0, enter), delay)
        delays.append(np.where(junction, delay, 0.0))
    return np.stack(delays)


def _name_parts(network: RoadNetwork, lines: RoadLines, speeds: Speeds, mended: _Mended) -> RoadNetwork:
    nodes = len(network.node_x)
    graph = csr_array(
        (np.ones(len(network.edge_from), dtype=np.int8), (network.edge_from, network.edge_to)), shape=(nodes, nodes)
    )
    strong_count, strong = connected_components(graph, directed=True, connection="strong")
    weak = label_parts(nodes, network.road_from, network.road_to)
    in_one = strong[network.road_from] == strong[network.road_to]
    km = np.bincount(strong[network.road_from[in_one]], weights=network.road_length_m[in_one], minlength=strong_count)
    main = strong == int(np.argmax(km))
    inside = main[network.road_from] & main[network.road_to]
    cut_off = _cut_off_parts(network, weak, inside)
    one_way = (network.road_ms_forward < 0) | (network.road_ms_backward < 0)
    length = network.road_length_m
    total = max(float(length.sum()), 1e-9)
    summary: dict[str, object] = {
        "source": lines.source,
        "timestamp": lines.timestamp,
        "profile": speeds.profile,
        "profile_sentence": speeds.profile_sentence,
        "speeds_version": speeds.version,
        "nodes": nodes,
        "roads": len(length),
        "edges": len(network.edge_from),
        "km": round(total / 1000, 1),
        "one_way_share": round(float(length[one_way].sum()) / total, 4),
        "km_by_class": _by_name(network.road_class, ROAD_CLASSES, length),
        "km_by_speed_source": _by_name(network.road_source, SPEED_SOURCES, length),
        "roads_by_speed_source": _by_name(network.road_source, SPEED_SOURCES),
        "ferries": int(np.count_nonzero(network.road_class == FERRY)),
        "components": int(weak.max(initial=-1)) + 1,
        "main_nodes": int(main.sum()),
        "main_share": round(float(length[inside].sum()) / total, 4),
        "cut_off_km": round(float(length[~inside].sum()) / 1000, 2),
        "cut_off": cut_off[:LISTED_PARTS],
        "bridges": [asdict(bridge) for bridge in mended.bridges],
        "open_gaps": [asdict(gap) for gap in mended.suspects],
        "broken_roundabouts": mended.broken_rings,
        "left_out": dict(sorted(lines.counts.items())),
    }
    findings = _findings(lines.source, mended, cut_off, summary)
    return replace(network, node_in_main=main, summary=summary, findings=findings)


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


def _findings(
    source: str, mended: _Mended, cut_off: list[dict[str, float]], summary: dict[str, object]
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
                "Look at them on a map; if the road goes on, use a more complete file or raise [roads] bridge_gaps_m.",
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
        longest = "; ".join(
            f"{part['km']} km at E{part['easting']:.0f} N{part['northing']:.0f} ({part['reason']})"
            for part in cut_off[:5]
        )
        findings.append(
            Finding(
                "warning" if float(summary["main_share"]) < 0.95 else "note",
                source,
                f"{summary['cut_off_km']} km of {summary['km']} km of road cannot be driven to and from the rest and "
                f"are not used. Parts cut off in this way: {len(cut_off)}; the longest: {longest}.",
                "Look at them on a map; raise [roads] bridge_gaps_m if a gap in the file cuts them off.",
                code="road-parts-cut-off",
            )
        )
    return tuple(findings)
