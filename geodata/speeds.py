"""How fast a car goes on each stretch of road: limits, classes, surroundings and profiles, read from `speeds.toml`."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geodata.errors import Finding, InputProblems
from geodata.osm import KMH_PER_MPH, ROAD_CLASSES

SPEED_SOURCES = ("maxspeed", "named limit", "class, built-up", "class, rural", "ferry")
"""Where the speed of a road came from; arrays hold the position in this tuple."""

FERRY = ROAD_CLASSES.index("ferry")
RESIDENTIAL = (ROAD_CLASSES.index("residential"), ROAD_CLASSES.index("living_street"))
DRIVEN_CLASSES = ROAD_CLASSES[:FERRY]


@dataclass(frozen=True)
class Speeds:
    """The speed table with one profile chosen.

    Parameters
    ----------
    table
        The parsed TOML document.
    profile
        Name of the profile, such as `free-flow`.
    """

    table: dict[str, object]
    profile: str = "free-flow"

    @property
    def version(self) -> str:
        """Version of the table."""
        return str(self.table["version"])

    @property
    def profile_sentence(self) -> str:
        """What the profile stands for, in plain words."""
        return str(self._profile["sentence"])

    @property
    def access_kmh(self) -> float:
        """Speed between a point and the road it is joined to."""
        return float(self.table["access"]["kmh"])

    @property
    def ferry_kmh(self) -> float:
        """Speed of a ferry that states no duration."""
        return float(self.table["ferry"]["kmh"])

    @property
    def ferry_wait_seconds(self) -> float:
        """Wait for a ferry that states no interval."""
        return 60.0 * float(self.table["ferry"]["wait_minutes"])

    @property
    def _profile(self) -> dict[str, object]:
        return self.table["profile"][self.profile]

    def junction_seconds(self, kind: str) -> float:
        """Seconds lost at a junction of this kind under the profile."""
        return float(self.table["junction_seconds"][kind]) * float(self._profile["junction"])

    @cached_property
    def _class_kmh(self) -> NDArray[np.float64]:
        """Free-flow km/h, shape (classes, 4): rural, built-up, rural dual, built-up dual."""
        rows = []
        for name in DRIVEN_CLASSES:
            row = self.table["class"][name]
            rural, built_up = row["rural"], row["built_up"]
            rows.append((rural, built_up, row.get("rural_dual", rural), row.get("built_up_dual", built_up)))
        return np.array(rows, dtype=float) * KMH_PER_MPH

    @cached_property
    def _profile_factor(self) -> NDArray[np.float64]:
        """Factor of the profile, shape (classes, 2): rural, built-up. A slip road takes the factor of its class."""
        rows = []
        for name in DRIVEN_CLASSES:
            pair = []
            for around in ("rural", "built_up"):
                factors = self._profile[around]
                pair.append(factors.get(name, factors.get(name.removesuffix("_link"), factors["all"])))
            rows.append(pair)
        return np.array(rows, dtype=float)

    def kmh(
        self,
        road_class: NDArray[np.integer],
        limit_kmh: NDArray[np.float64],
        built_up: NDArray[np.bool_],
        *,
        dual: NDArray[np.bool_],
        roundabout: NDArray[np.bool_],
    ) -> NDArray[np.float64]:
        """Speed of each stretch under the profile.

        All arrays have shape (stretches,).

        Parameters
        ----------
        road_class
            Position in `ROAD_CLASSES`.
        limit_kmh
            Legal limit; NaN where unknown.
        built_up, dual, roundabout
            Surroundings and form of the road.

        Returns
        -------
        km/h; for ferries the default of the table.
        """
        driven = np.minimum(road_class, FERRY - 1)
        around = built_up.astype(int)
        by_class = self._class_kmh[driven, around + 2 * dual]
        ceiling = self._class_kmh[driven, 2 * dual]
        steps = self.table["limit_factor"]
        factor = np.interp(limit_kmh, np.array(steps["limit_mph"]) * KMH_PER_MPH, steps["factor"])
        known = np.isfinite(limit_kmh)
        speed = np.where(known, np.minimum(np.where(known, limit_kmh, 0.0) * factor, ceiling), by_class)
        ring = float(self.table["roundabout"]["ceiling_mph"]) * KMH_PER_MPH
        speed = np.where(roundabout, np.minimum(speed, ring), speed) * self._profile_factor[driven, around]
        return np.where(road_class == FERRY, self.ferry_kmh, speed)

    def built_up(
        self,
        x: NDArray[np.float64],
        y: NDArray[np.float64],
        length_m: NDArray[np.float64],
        road_class: NDArray[np.integer],
        limit_kmh: NDArray[np.float64],
        tagged: NDArray[np.integer],
    ) -> NDArray[np.bool_]:
        """Whether each stretch lies among houses.

        All arrays have shape (stretches,).

        Parameters
        ----------
        x, y
            Middle of the stretch, metres.
        length_m
            Its length.
        road_class
            Position in `ROAD_CLASSES`.
        limit_kmh
            Legal limit, NaN where unknown: decides where known.
        tagged
            1 where tags say built-up, 0 where they say it is not, -1 where they are silent: decides next.
        """
        rule = self.table["built_up"]
        streets = np.isin(road_class, RESIDENTIAL)
        near = _length_nearby(x, y, np.where(streets, length_m, 0.0), float(rule["cell_m"]))
        result = np.where(tagged >= 0, tagged == 1, near >= float(rule["street_m"]))
        known = np.isfinite(limit_kmh)
        return np.where(known, limit_kmh <= float(rule["limit_mph"]) * KMH_PER_MPH, result)


def _length_nearby(
    x: NDArray[np.float64], y: NDArray[np.float64], length_m: NDArray[np.float64], cell_m: float
) -> NDArray[np.float64]:
    """Sum of `length_m` in the 3 x 3 square cells round each point."""
    if not len(x):
        return np.zeros(0)
    # Cells lie on the national grid, not on the extent of the file, so that a larger extract changes nothing.
    column, row = np.floor(x / cell_m).astype(np.int64), np.floor(y / cell_m).astype(np.int64)
    column, row = column - column.min() + 1, row - row.min() + 1
    width = int(column.max()) + 2
    cell = row * width + column
    keys, position = np.unique(cell, return_inverse=True)
    own = np.bincount(position, weights=length_m, minlength=len(keys))
    total = np.zeros(len(keys))
    for shift in (-width - 1, -width, -width + 1, -1, 0, 1, width - 1, width, width + 1):
        at = np.minimum(np.searchsorted(keys, keys + shift), len(keys) - 1)
        total += np.where(keys[at] == keys + shift, own[at], 0.0)
    return total[position]


def load_speeds(profile: str = "free-flow", path: Path | None = None) -> Speeds:
    """Read the speed table and choose a profile.

    Parameters
    ----------
    profile
        Name of a profile in the table.
    path
        A table of your own in the same form; the built-in one by default.

    Raises
    ------
    InputProblems
        When there is no such profile or the file cannot be read.
    """
    name = path.name if path else "speeds.toml"
    try:
        table = tomllib.loads(speeds_text(path))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as problem:
        raise InputProblems(
            [Finding("error", name, f"The speed table cannot be read: {problem}.", "Mend or remove the file.")]
        ) from problem
    if profile not in table.get("profile", {}):
        known = ", ".join(sorted(table.get("profile", {})))
        raise InputProblems(
            [
                Finding(
                    "error",
                    "case.toml",
                    f"There is no speed profile {profile!r}.",
                    f"Write one of: {known}.",
                    column="roads.profile",
                    value=profile,
                    code="unknown-profile",
                )
            ]
        )
    return Speeds(table, profile)


def speeds_text(path: Path | None = None) -> str:
    """Text of the speed table."""
    if path is not None:
        return path.read_text(encoding="utf-8")
    return resources.files("geodata").joinpath("speeds.toml").read_text(encoding="utf-8")
