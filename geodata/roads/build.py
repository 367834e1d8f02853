"""From drivable ways to a road network: described, chained to junctions, timed, its parts named."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from geodata.errors import Finding, InputProblems
from geodata.osm.lines import RoadLines
from geodata.osm.tags import (
    NODE_MINI_ROUNDABOUT,
    NODE_SIGNALS,
    NODE_SIGNALS_AHEAD,
    NODE_SIGNALS_BACK,
    ROAD_CLASSES,
)
from geodata.roads.chains import Chains, chain_pieces
from geodata.roads.facts import GIVE_WAY, NO_JUNCTION, ROUNDABOUT, THROUGH, RoadFacts
from geodata.roads.gaps import Segments, close_gaps, label_parts
from geodata.roads.network import RoadNetwork
from geodata.roads.parts import Mended, name_parts
from geodata.roads.pieces import Pieces, describe_pieces
from geodata.roads.turns import Turns, restrict_turns
from geodata.roads.weights import Mode, access_kmh, journey_ms, road_milliseconds
from geodata.speeds import FERRY, Speeds


def build_network(
    lines: RoadLines, speeds: Speeds, bridge_gaps_m: float = 15.0, *, mode: Mode = "drive"
) -> RoadNetwork:
    """Close gaps, merge what lies between junctions, time it and name the parts.

    Parameters
    ----------
    lines
        Ways that may be used.
    speeds
        The speed table with a profile.
    bridge_gaps_m
        Longest gap between parts of the network to close, metres; 0 for none.
    mode
        `drive` or `walk`.

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
    closed = close_gaps(segments, lines.way["bridgeable"][segments.way], lines.sealed, bridge_gaps_m)
    segments = closed.segments
    kind = np.concatenate((lines.node_kind, np.zeros(len(segments.x) - len(lines.node_kind), dtype=np.int8)))
    pieces = describe_pieces(segments, closed.is_gap, lines, kind, speeds)
    turning = np.zeros(len(segments.x), dtype=bool)
    turning[lines.restriction[:, 1]] = mode == "drive"
    chains = chain_pieces(segments, pieces.natures(), pieces.allowed, turning)
    network = _network_of(segments, pieces, chains, lines, kind, speeds, mode)
    return name_parts(network, lines, speeds, Mended(closed.bridges, closed.suspects, broken_rings))


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


# ------------------------------------------------------------------------------------------------- the finished network


def _network_of(
    segments: Segments,
    pieces: Pieces,
    chains: Chains,
    lines: RoadLines,
    kind: NDArray[np.int8],
    speeds: Speeds,
    mode: Mode,
) -> RoadNetwork:
    dart, begin = chains.dart, chains.offset[:-1]
    segment, backwards = dart >> 1, (dart & 1).astype(bool)
    tail = np.where(backwards, segments.head[segment], segments.tail[segment])
    head = np.where(backwards, segments.tail[segment], segments.head[segment])
    start, stop = tail[begin], head[chains.offset[1:] - 1]
    points, ends = np.unique(np.concatenate((start, stop)), return_inverse=True)
    road_from, road_to = (part.astype(np.int64) for part in np.split(ends, 2))
    road_class = pieces.road_class[segment[begin]]
    length = np.add.reduceat(pieces.length_m[segment], begin)
    facts = _facts_of(pieces, chains, kind[points], road_from, road_to, mode)
    turns = _turns(points, road_from, road_to, facts, pieces, chains, lines, mode)
    ms = road_milliseconds(road_class, length, facts, speeds, mode=mode)
    offset, point = _geometry(chains, tail, stop)
    return RoadNetwork(
        node_x=segments.x[points][turns.copy_of],
        node_y=segments.y[points][turns.copy_of],
        node_in_main=np.zeros(len(turns.copy_of), dtype=bool),
        road_from=road_from,
        road_to=road_to,
        road_ms_forward=ms[0],
        road_ms_backward=ms[1],
        road_length_m=length,
        road_class=road_class.astype(np.int8),
        road_source=pieces.source[segment[begin]].astype(np.int8),
        road_joinable=np.logical_and.reduceat(pieces.joinable[segment], begin),
        geometry_xy=np.column_stack((segments.x[point], segments.y[point])),
        geometry_offset=offset,
        arrive_forward=turns.arrive_forward,
        arrive_backward=turns.arrive_backward,
        turn_from=turns.turn_from,
        turn_road=turns.turn_road,
        turn_forward=turns.turn_forward,
        copy_of=turns.copy_of,
        facts=facts,
        names=lines.names,
        access_kmh=access_kmh(speeds, mode),
        journey_ms=journey_ms(speeds, mode),
        mode=mode,
        summary={"turns_restricted": turns.applied, "turns_unclear": turns.unclear},
    )


def _geometry(
    chains: Chains, tail: NDArray[np.int64], stop: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Where each road begins among the points of all roads, and these points."""
    offset = np.concatenate(([0], np.cumsum(np.diff(chains.offset) + 1))).astype(np.int64)
    point = np.empty(offset[-1], dtype=np.int64)
    inner = np.ones(offset[-1], dtype=bool)
    inner[offset[1:] - 1] = False
    point[inner], point[~inner] = tail, stop
    return offset, point


def _facts_of(
    pieces: Pieces,
    chains: Chains,
    kind: NDArray[np.int8],
    road_from: NDArray[np.int64],
    road_to: NDArray[np.int64],
    mode: Mode,
) -> RoadFacts:
    begin = chains.offset[:-1]
    segment, backwards = chains.dart >> 1, chains.dart & 1
    lead, turned = segment[begin], backwards[begin]
    stands = [
        np.stack([np.add.reduceat(each[way, segment].astype(np.int16), begin) for way in (backwards, 1 - backwards)])
        for each in pieces.stands
    ]
    road = np.repeat(np.arange(len(begin)), np.diff(chains.offset))
    road_class, ring = pieces.road_class[lead], pieces.roundabout[lead]
    junction = np.zeros((2, len(begin)), dtype=np.int8)
    if mode == "drive":
        junction = _junctions(len(kind), road_from, road_to, road_class, ring, kind)
    return RoadFacts(
        allowed=np.stack((pieces.allowed[turned, lead], pieces.allowed[1 - turned, lead])),
        limit_kmh=np.stack((pieces.limit_kmh[turned, lead], pieces.limit_kmh[1 - turned, lead])),
        built_up=pieces.built_up[lead],
        dual=pieces.dual[lead],
        roundabout=ring,
        toll=pieces.toll[lead],
        signals=stands[0],
        mini_roundabouts=stands[1],
        gates=stands[2],
        junction=junction,
        crossing_s=np.add.reduceat(pieces.crossing_s[segment], begin),
        wait_s=np.add.reduceat(pieces.wait_s[segment], begin),
        ferry_share=np.add.reduceat(pieces.ferry_share[segment], begin),
        way_id=_longest(road, pieces.way_id[segment], pieces.length_m[segment]),
        name=_longest(road, pieces.name[segment], pieces.length_m[segment]),
    )


def _longest(road: NDArray[np.int64], value: NDArray[np.int64], length_m: NDArray[np.float64]) -> NDArray[np.int64]:
    """The value that holds on most of each road's length; of several as long, the smallest."""
    if not value.any():
        return np.zeros(int(road[-1]) + 1, dtype=np.int64)
    order = np.lexsort((value, road))
    road, value, length_m = road[order], value[order], length_m[order]
    first = np.flatnonzero(np.concatenate(([True], (road[1:] != road[:-1]) | (value[1:] != value[:-1]))))
    total, road, value = np.add.reduceat(length_m, first), road[first], value[first]
    best = np.lexsort((value, -total, road))
    return value[best[np.unique(road[best], return_index=True)[1]]]


def _junctions(
    nodes: int,
    road_from: NDArray[np.int64],
    road_to: NDArray[np.int64],
    road_class: NDArray[np.int64],
    ring: NDArray[np.bool_],
    kind: NDArray[np.int8],
) -> NDArray[np.int8]:
    """What happens where each road leads into a junction, shape (2, R): forward, backward.

    A lesser road gives way to a more important one; joining a motorway or trunk road from its slip road, and every
    place with lights or a mini-roundabout (counted for itself), costs no give-way.
    """
    rank = road_class // 2 * 2  # a slip road ranks with its road
    rank = np.where(road_class > ROAD_CLASSES.index("tertiary_link"), road_class, rank)
    ends = np.concatenate((road_from, road_to))
    degree = np.bincount(ends, minlength=nodes)
    best = np.full(nodes, 99, dtype=np.int64)
    np.minimum.at(best, ends, np.concatenate((rank, rank)))
    on_ring = np.zeros(nodes, dtype=bool)
    on_ring[road_from[ring]] = on_ring[road_to[ring]] = True
    settled = np.isin(kind, (NODE_SIGNALS, NODE_SIGNALS_AHEAD, NODE_SIGNALS_BACK, NODE_MINI_ROUNDABOUT))
    found = []
    for node in (road_to, road_from):
        junction = (degree[node] >= 3) & ~settled[node] & (road_class != FERRY)
        what = np.where(rank > best[node], GIVE_WAY, THROUGH)
        what = np.where(on_ring[node], np.where(ring, NO_JUNCTION, ROUNDABOUT), what)
        found.append(np.where(junction, what, NO_JUNCTION))
    return np.stack(found).astype(np.int8)


def _turns(
    points: NDArray[np.int64],
    road_from: NDArray[np.int64],
    road_to: NDArray[np.int64],
    facts: RoadFacts,
    pieces: Pieces,
    chains: Chains,
    lines: RoadLines,
    mode: Mode,
) -> Turns:
    """The turns of the file at the nodes of the network; on foot none is restricted."""
    given = lines.restriction if mode == "drive" else lines.restriction[:0]
    at = np.minimum(np.searchsorted(points, given[:, 1]), len(points) - 1)
    there = points[at] == given[:, 1]
    given = given[there].copy()
    given[:, 1] = at[there]
    ends = np.stack((chains.offset[:-1], chains.offset[1:] - 1))
    end_way = pieces.way_id[chains.dart[ends] >> 1]
    return restrict_turns(len(points), road_from, road_to, facts.allowed, end_way, given)
