"""What each piece of road between two neighbouring points is, before pieces are merged into roads."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from geodata.osm.lines import RoadLines
from geodata.osm.tags import NODE_GATE, NODE_MINI_ROUNDABOUT, NODE_SIGNALS, NODE_SIGNALS_AHEAD, NODE_SIGNALS_BACK
from geodata.roads.gaps import Segments
from geodata.speeds import FERRY, SPEED_SOURCES, Speeds


@dataclass(frozen=True)
class Pieces:
    """Facts of S pieces; the first row of a pair is for going forward, the second for going back.

    Parameters
    ----------
    length_m
        Metres, shape (S,).
    allowed, limit_kmh
        Whether a traveller may go that way, and the legal limit (NaN if unknown), shape (2, S).
    road_class, source
        Positions in `ROAD_CLASSES` and `SPEED_SOURCES`, shape (S,).
    built_up, dual, roundabout, toll, joinable
        As in `geodata.roads.facts.RoadFacts` and `geodata.osm.tags.Way`, shape (S,).
    stands
        Signals, mini-roundabouts and gates at the end of the piece, bool, shape (3, 2, S).
    crossing_s, wait_s, ferry_share
        Its part of a ferry's crossing, wait and whole; NaN, NaN and 0 for roads; shape (S,).
    way, way_id, name
        The way it belongs to, that way's number and name, shape (S,).
    """

    length_m: NDArray[np.float64]
    allowed: NDArray[np.bool_]
    limit_kmh: NDArray[np.float64]
    road_class: NDArray[np.int64]
    source: NDArray[np.int64]
    built_up: NDArray[np.bool_]
    dual: NDArray[np.bool_]
    roundabout: NDArray[np.bool_]
    toll: NDArray[np.bool_]
    joinable: NDArray[np.bool_]
    stands: NDArray[np.bool_]
    crossing_s: NDArray[np.float64]
    wait_s: NDArray[np.float64]
    ferry_share: NDArray[np.float64]
    way_id: NDArray[np.int64]
    name: NDArray[np.int64]

    def natures(self) -> NDArray[np.int64]:
        """Number the kinds of directed piece, shape (2, S): only those with the same number may be merged."""
        shared = (self.name * 32 + self.road_class) * 8 + self.source
        flags = (
            self.joinable, self.roundabout, self.built_up, self.dual, self.toll,
            np.isnan(self.crossing_s), np.isnan(self.wait_s),
        )  # fmt: skip
        for flag in flags:
            shared = shared * 2 + flag
        own = np.rint(np.where(self.allowed & np.isfinite(self.limit_kmh), self.limit_kmh, 0.0) * 1000)
        limits = np.unique(own)  # few are different
        return (shared * 2 + self.allowed) * len(limits) + np.searchsorted(limits, own)


def describe_pieces(
    segments: Segments, is_gap: NDArray[np.bool_], lines: RoadLines, kind: NDArray[np.int8], speeds: Speeds
) -> Pieces:
    """Say what each piece of road is.

    Parameters
    ----------
    segments
        The pieces, closed gaps among them.
    is_gap
        Which of them close a gap: not known to be one-way or limited, and nobody lives there; shape (S,).
    lines
        The ways they come from.
    kind
        What each point does to a car, shape (K,).
    speeds
        Decides what counts as built-up.
    """
    fact = {name: values[segments.way] for name, values in lines.way.items()}
    dx = segments.x[segments.head] - segments.x[segments.tail]
    dy = segments.y[segments.head] - segments.y[segments.tail]
    length = np.hypot(dx, dy)
    limits = np.stack((fact["limit_forward_kmh"], fact["limit_backward_kmh"]))
    limits[:, is_gap] = np.nan
    known = np.fmax(limits[0], limits[1])
    middle = segments.x[segments.tail] + dx / 2, segments.y[segments.tail] + dy / 2
    built_up = speeds.built_up(*middle, length, fact["road_class"], known, fact["built_up"])
    ferry = fact["road_class"] == FERRY
    share = _share_of_crossing(segments.way, length, ferry)
    return Pieces(
        length_m=length,
        allowed=np.stack((fact["forward"] | is_gap, fact["backward"] | is_gap)),
        limit_kmh=limits,
        road_class=fact["road_class"],
        source=_source_of_speed(ferry, known, fact["limit_source"], built_up),
        built_up=built_up,
        dual=fact["dual"],
        roundabout=fact["roundabout"],
        toll=fact["toll"],
        # Told before merging, so that the roads on the sides of a closed gap keep their own fact.
        joinable=fact["joinable"] & ~is_gap,
        stands=_stands(segments, kind),
        crossing_s=np.where(ferry, fact["seconds"] * share, np.nan),
        wait_s=np.where(ferry, fact["wait_seconds"] * share, np.nan),
        ferry_share=share,
        way_id=_of_way(lines.way_id, segments.way),
        name=_of_way(lines.way_name, segments.way),
    )


def _share_of_crossing(
    way: NDArray[np.int64], length: NDArray[np.float64], ferry: NDArray[np.bool_]
) -> NDArray[np.float64]:
    """A stated duration is spread over the pieces of a crossing by their length."""
    share = np.zeros(len(length))
    if ferry.any():
        whole = np.bincount(way[ferry], weights=length[ferry], minlength=int(way.max()) + 1)[way]
        np.divide(length, whole, out=share, where=ferry & (whole > 0))
    return share


def _source_of_speed(
    ferry: NDArray[np.bool_], limit: NDArray[np.float64], told: NDArray[np.int64], built_up: NDArray[np.bool_]
) -> NDArray[np.int64]:
    return np.select(
        [ferry, np.isfinite(limit) & (told == 1), np.isfinite(limit), built_up],
        [SPEED_SOURCES.index(name) for name in ("ferry", "maxspeed", "named limit", "class, built-up")],
        SPEED_SOURCES.index("class, rural"),
    )


def _stands(segments: Segments, kind: NDArray[np.int8]) -> NDArray[np.bool_]:
    at = kind[np.stack((segments.head, segments.tail))]
    signals = (at == NODE_SIGNALS) | (at == np.array([[NODE_SIGNALS_AHEAD], [NODE_SIGNALS_BACK]]))
    return np.stack([signals, at == NODE_MINI_ROUNDABOUT, at == NODE_GATE])


def _of_way(values: NDArray[np.int64], way: NDArray[np.int64]) -> NDArray[np.int64]:
    return values[way] if len(values) else np.zeros(len(way), dtype=np.int64)
