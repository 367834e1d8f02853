"""The roads of one file with plain speeds, for us and for osmnx alike: the same ways, the same km/h on each.

A plain speed is the legal limit where a tag tells one, else that of the class below. No bends, no junctions, no
surroundings: what is left to differ is how a file is read, how roads are joined, and how metres are measured.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import osmium
from numpy.typing import NDArray

from geodata.osm.tags import KMH_PER_MPH, ROAD_CLASSES, drivable_way
from geodata.speeds import Speeds, load_speeds

PLAIN_MPH = {
    "motorway": 70, "motorway_link": 50, "trunk": 60, "trunk_link": 40, "primary": 60, "primary_link": 40,
    "secondary": 50, "secondary_link": 30, "tertiary": 40, "tertiary_link": 30, "unclassified": 40, "residential": 30,
    "living_street": 10, "service": 15, "track": 10,
}  # fmt: skip

SPEED_TAGS = ("maxspeed", "source:maxspeed", "zone:maxspeed", "zone:traffic")
"""Beginnings of the tags that tell of limits."""


@dataclass(frozen=True)
class PlainSpeeds(Speeds):
    """Speeds that osmnx can be given too: limit or class, and no delay anywhere."""

    def kmh(
        self,
        road_class: NDArray[np.integer],
        limit_kmh: NDArray[np.float64],
        built_up: NDArray[np.bool_],
        *,
        dual: NDArray[np.bool_],
        roundabout: NDArray[np.bool_],
    ) -> NDArray[np.float64]:
        """The limit, or the plain speed of the class."""
        by_class = np.array([PLAIN_MPH.get(name, 10) * KMH_PER_MPH for name in ROAD_CLASSES])
        return np.where(np.isfinite(limit_kmh), limit_kmh, by_class[road_class])

    def junction_seconds(self, kind: str) -> float:
        """None."""
        return 0.0


def plain_speeds() -> PlainSpeeds:
    """The built-in table's ferries and walks, and plain speeds on roads."""
    return PlainSpeeds(load_speeds().table)


def write_plain(source: Path, target: Path) -> None:
    """Write the ways that cars may use as XML for osmnx, `maxspeed` being the plain speed of each, km/h.

    Parameters
    ----------
    source
        An OpenStreetMap file.
    target
        The `.osm` to write.
    """
    with osmium.BackReferenceWriter(str(target), ref_src=str(source), overwrite=True, relation_depth=0) as writer:
        for thing in osmium.FileProcessor(str(source), osmium.osm.WAY):
            tags = dict(thing.tags)
            way = drivable_way(tags)
            if way is None:
                continue
            name = ROAD_CLASSES[way.road_class]
            limit = way.limit_forward_kmh
            kmh = PLAIN_MPH[name] * KMH_PER_MPH if math.isnan(limit) else limit
            kept = {key: value for key, value in tags.items() if not key.startswith(SPEED_TAGS)}
            writer.add(thing.replace(tags=kept | {"maxspeed": f"{kmh:.6f}"}))
