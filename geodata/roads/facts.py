"""What each road is, apart from its times: everything that is needed to time it anew."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

NO_JUNCTION, GIVE_WAY, THROUGH, ROUNDABOUT = range(4)
"""What a road does where it ends: nothing; gives way to a more important road; passes or joins its equals; enters a
roundabout."""


@dataclass(frozen=True)
class RoadFacts:
    """Facts of R roads. Where a fact has two rows, the first is for going forward and the second for going back.

    Parameters
    ----------
    allowed
        Whether a traveller may go that way, bool, shape (2, R).
    limit_kmh
        Legal limit, NaN where unknown, shape (2, R).
    built_up, dual, roundabout, toll
        Surroundings and form of the road, bool, shape (R,).
    signals, mini_roundabouts, gates
        How many of them are passed on the way, int16, shape (2, R).
    junction
        What happens where the road ends (`NO_JUNCTION`, `GIVE_WAY`, `THROUGH`, `ROUNDABOUT`), int8, shape (2, R).
    crossing_s
        Seconds of a ferry crossing; NaN for roads, and for ferries that state none; shape (R,).
    wait_s
        Wait for a ferry, half of its interval, seconds; NaN for roads and for ferries that state none; shape (R,).
    ferry_share
        Share of a crossing that the road is (1 unless a crossing is in pieces); 0 for roads; shape (R,).
    way_id
        OpenStreetMap's number of the longest way the road was made of, 0 if unknown, int64, shape (R,).
    name
        Position of its name in `RoadNetwork.names`, int64, shape (R,).
    """

    allowed: NDArray[np.bool_]
    limit_kmh: NDArray[np.float64]
    built_up: NDArray[np.bool_]
    dual: NDArray[np.bool_]
    roundabout: NDArray[np.bool_]
    toll: NDArray[np.bool_]
    signals: NDArray[np.int16]
    mini_roundabouts: NDArray[np.int16]
    gates: NDArray[np.int16]
    junction: NDArray[np.int8]
    crossing_s: NDArray[np.float64]
    wait_s: NDArray[np.float64]
    ferry_share: NDArray[np.float64]
    way_id: NDArray[np.int64]
    name: NDArray[np.int64]

    def arrays(self) -> dict[str, NDArray]:
        """Every array by its name, for keeping them in a file."""
        return {one.name: getattr(self, one.name) for one in fields(self)}
