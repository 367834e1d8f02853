"""How fast a car goes on each stretch of road: limits, classes, surroundings and profiles, read from `speeds.toml`."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geodata.errors import Finding, InputProblems
from geodata.osm.tags import KMH_PER_MPH, ROAD_CLASSES
from geodata.speed_table import DRIVEN_CLASSES, speed_table, speeds_text

__all__ = ["DRIVEN_CLASSES", "FERRY", "RESIDENTIAL", "SPEED_SOURCES", "Speeds", "load_speeds", "speeds_text"]

SPEED_SOURCES = ("maxspeed", "named limit", "class, built-up", "class, rural", "ferry")
"""Where the speed of a road came from; arrays hold the position in this tuple."""

FERRY = ROAD_CLASSES.index("ferry")
RESIDENTIAL = (ROAD_CLASSES.index("residential"), ROAD_CLASSES.index("living_street"))


@dataclass(frozen=True)
class Speeds:
    """The speed table with one profile chosen.

    Parameters
    ----------
    table
        The parsed TOML document.
    profile
        Name of the profile, such as `free-flow`.
    own_text
        The planner's own table as text, where one was merged over the built-in one.
    """

    table: dict[str, Any]
    profile: str = "free-flow"
    own_text: str = ""

    @property
    def version(self) -> str:
        """Version of the table; `2026-1 + my.toml` where a table of one's own was merged over it."""
        return str(self.table["version"])

    @property
    def title(self) -> str:
        """Name of the profile, in plain words."""
        return str(self._profile["title"])

    @property
    def profile_sentence(self) -> str:
        """What the profile stands for, in plain words."""
        return str(self._profile["sentence"])

    @property
    def access_kmh(self) -> float:
        """Speed between a point and the road it is joined to."""
        return float(self._profile.get("access_kmh", self.table["access"]["kmh"]))

    @property
    def parking_seconds(self) -> float:
        """Added once to each journey by car."""
        return 60.0 * float(self._profile.get("parking_minutes", self.table["parking"]["minutes"]))

    @property
    def walk_kmh(self) -> float:
        """Speed on foot."""
        return float(self.table["walk"]["kmh"])

    @property
    def walk_steps_kmh(self) -> float:
        """Speed on foot on steps, along the line on the map."""
        return float(self.table["walk"]["steps_kmh"])

    @property
    def ferry_kmh(self) -> float:
        """Speed of a ferry that states no duration."""
        return float(self.table["ferry"]["kmh"])

    @property
    def ferry_wait_seconds(self) -> float:
        """Wait for a ferry that states no interval."""
        return 60.0 * float(self.table["ferry"]["wait_minutes"])

    def ferry_wait_factor(self, state: str) -> float:
        """What the usual wait for a ferry is multiplied by.

        Parameters
        ----------
        state
            `on` (the usual wait) or `queue` (one boat is missed).

        Raises
        ------
        ValueError
            Any other state: nobody waits for a ferry that does not run.
        """
        if state not in {"on", "queue"}:
            raise ValueError(f"no wait for a ferry that is {state!r}")
        return 1.0 if state == "on" else float(self.table["ferry"]["queue"])

    def sources(self) -> tuple[tuple[str, str], ...]:
        """Where the numbers come from: section of the table and a sentence, for the method note.

        Of the profiles only the chosen one and what it is built on are told.
        """
        found = list(_sources({key: part for key, part in self.table.items() if key != "profile"}))
        name: str | None = self.profile
        while name is not None:
            profile = self.table["profile"][name]
            found += _sources({name: profile}, "profile.")
            name = profile.get("based_on")
        return tuple(found)

    @property
    def _profile(self) -> dict[str, Any]:
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


def _sources(parts: dict[str, Any], above: str = "") -> Iterator[tuple[str, str]]:
    """The sources that the sections of a table name, with a word on what is our own assumption."""
    for name, part in parts.items():
        if isinstance(part, dict):
            if "source" in part:
                source = str(part["source"])
                ours = part.get("assumption") and "ssumption" not in source and "no source" not in source
                yield above + name, source + (" (Our assumption.)" if ours else "")
            yield from _sources(part, f"{above}{name}.")


def load_speeds(profile: str | None = None, path: Path | None = None) -> Speeds:
    """Read the speed table and choose a profile.

    Parameters
    ----------
    profile
        Name of a profile. None: the only profile of the table in `path` if it defines one, else `free-flow`.
    path
        A table of your own (TOML), merged over the built-in one: it may hold only what differs, and profiles.

    Raises
    ------
    InputProblems
        When there is no such profile or the table cannot be used; with every mistake in it.
    """
    merged = speed_table(path)
    if profile is None:
        profile = merged.own_profiles[0] if len(merged.own_profiles) == 1 else "free-flow"
    known = sorted(merged.table["profile"])
    if profile not in known:
        close = difflib.get_close_matches(profile, known, n=1, cutoff=0.6)
        finding = Finding(
            "error",
            "case.toml",
            f"There is no speed profile {profile!r}.",
            (f"Did you mean {close[0]}? " if close else "") + f"Write one of: {', '.join(known)}.",
            column="roads.profile",
            value=profile,
            code="unknown-profile",
        )
        raise InputProblems([finding])
    return Speeds(merged.table, profile, merged.own_text)
