"""Fit one factor on speed per type of road to observed journeys, and tell honestly how well it then agrees.

The quickest route of each journey is found under the speeds as they are; the seconds it spends on each type of road,
and the rest (junctions, ferries, the way to the road, parking), explain its observed time. One factor per type is
fitted, the routes are found anew under the new speeds, and so on until nothing changes.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from geodata.errors import Finding, InputProblems
from geodata.roads.network import RoadNetwork
from geodata.roads.weights import reweigh
from geodata.routing.snapping import Snapped, snap
from geodata.speed_table import DRIVEN_CLASSES, profile_name_is_plain
from geodata.speeds import FERRY, Speeds, load_speeds
from geodata.times.calibrate_fit import HIGHEST, LOWEST, Fit, Quality, fit_factors, penalties, quality, surely_less
from geodata.times.journeys import Routes, routes_of
from geodata.times.observed import Observed, read_observed

__all__ = [
    "Calibration",
    "Observed",
    "RoadType",
    "calibrate",
    "calibrated_speeds",
    "read_observed",
    "report_lines",
    "write_profile",
]

GROUPS = (
    ("motorways and trunk roads", ("motorway", "trunk")),
    ("primary roads", ("primary",)),
    ("secondary roads", ("secondary",)),
    ("tertiary roads", ("tertiary",)),
    ("minor roads and streets", ("unclassified", "residential", "living_street")),
    ("service roads and tracks", ("service", "track")),
)
"""Groups of classes that get one factor in the country and one in built-up areas; slip roads go with their class."""

AROUND = ("rural", "built_up")
PLACES = {"rural": "in the country", "built_up": "in built-up areas"}

LEAST_SHARE = 0.05
"""A type needs at least this share of all computed seconds to get a factor of its own."""

LEAST_JOURNEYS = 10
NOTICED_S = 30.0
"""... and at least `LEAST_JOURNEYS` different journeys that spend `NOTICED_S` seconds on it."""

ALIKE_M = 10.0
"""Journeys from one place to another, to the nearest 10 m, are one journey that was timed several times."""

ROUNDS = 10
SETTLED = 0.002
"""Factors that change by no more than this from one round to the next have settled."""

FOLDS = 5
SNAP_LIMIT_M = 2000.0
SAME_PLACE_M = 50.0
FAR_OFF_PERCENT = 25.0
"""Computed times that are this far off after the fit, on the whole, are no matter of speeds."""

FASTEST_KMH, SLOWEST_KMH = 130.0, 2.0
"""Observed speeds along the straight line beyond these are taken for mistakes."""

SEARCH_TIMES = 5.0
SEARCH_AT_LEAST_S = 7200.0
"""Routes are looked for up to 5 times the longest observed time, and up to two hours at least."""

TOO_FAR = "too far from a road that is joined to the rest"
SAME_PLACE = "start and end at the same place"
TOO_FAST = f"faster than {FASTEST_KMH:.0f} km/h in a straight line"
TOO_SLOW = f"slower than {SLOWEST_KMH:.0f} km/h in a straight line"
NO_ROUTE = "no route in the road network"


@dataclass(frozen=True)
class RoadType:
    """One type of road and its factor.

    Parameters
    ----------
    group
        Position in `GROUPS`.
    around
        `rural` or `built_up`.
    factor
        What the speed is multiplied by; 1 where there is too little evidence.
    low, high, standard_error
        The ends of its 95% interval and its standard error; NaN where it was not fitted.
    share
        Share of all computed seconds that the journeys spend on it before the fit.
    journeys
        How many different journeys spend at least half a minute on it; one that was timed several times counts once.
    fitted
        Whether there was enough evidence.
    """

    group: int
    around: str
    factor: float
    low: float
    high: float
    standard_error: float
    share: float
    journeys: int
    fitted: bool

    @property
    def label(self) -> str:
        """Its name in plain words."""
        return f"{GROUPS[self.group][0]} {PLACES[self.around]}"

    @property
    def classes(self) -> tuple[str, ...]:
        """The road classes it stands for, without their slip roads."""
        return GROUPS[self.group][1]

    @property
    def at_limit(self) -> bool:
        """Whether the factor stands at the end of what is allowed."""
        return self.fitted and (self.factor <= LOWEST + 1e-4 or self.factor >= HIGHEST - 1e-4)


@dataclass(frozen=True)
class Calibration:
    """The fitted factors, and how computed times agree with observed ones.

    Parameters
    ----------
    speeds
        The speeds that the factors multiply.
    source
        File of the observed journeys.
    types
        All types of road.
    before, after
        Agreement of the times by the speeds as they were, and by the fitted ones (routes found anew).
    held_out
        Agreement on journeys that were left out of the fit, a fifth at a time, all journeys from one place together;
        None where there are too few journeys.
    better
        Whether the factors help on journeys they were not fitted to, by more than chance explains (in the penalty
        that the fit uses): the one test that a good fit cannot cheat.
    given, dropped
        How many journeys there were, and why some were not used: reason and number.
    different
        How many of the used ones have a start and an end of their own: repeated ones are no further evidence.
    rounds, settled
        How often routes were found anew, and whether nothing changed in the end.
    used
        Which of the given journeys were used, bool, shape (J,).
    minutes_before, minutes_after
        Computed minutes of the given journeys, NaN where not used, shape (J,).
    """

    speeds: Speeds
    source: str
    types: tuple[RoadType, ...]
    before: Quality
    after: Quality
    held_out: Quality | None
    better: bool
    given: int
    different: int
    dropped: tuple[tuple[str, int], ...]
    rounds: int
    settled: bool
    used: NDArray[np.bool_]
    minutes_before: NDArray[np.float64]
    minutes_after: NDArray[np.float64]


def calibrate(network: RoadNetwork, observed: Observed, speeds: Speeds | None = None) -> Calibration:
    """Fit one factor on speed per type of road to observed journeys.

    A type is a group of classes (`GROUPS`), in the country or built-up. Types with less than 5% of all computed
    seconds, or fewer than 10 different journeys that spend half a minute on them, keep their speed. Journeys between
    the same two places, to the nearest 10 m, are one journey timed several times: it counts once where it is asked how
    much is known (types, intervals, what was left out of the fit). Factors lie between 0.4 and 1.6. The order of the
    journeys does not matter; no random numbers are used.

    Parameters
    ----------
    network
        Roads for cars; it is timed by `speeds` whatever it was timed by before.
    observed
        Observed or published times, from door to door as `geodata.road_times` computes them.
    speeds
        The speeds to start from; by default free flow.

    Raises
    ------
    InputProblems
        No journey can be used.
    ValueError
        The network is for walking, or the arrays of the journeys are of different lengths or hold impossible numbers.
    """
    speeds = speeds or load_speeds()
    _must_be_sound(network, observed)
    order = np.lexsort(
        (observed.weight, observed.minutes, observed.to_y, observed.to_x, observed.from_y, observed.from_x)
    )
    study = _Study(network, observed, order, speeds)
    enough = study.evidence()
    factors, rounds, settled = study.settle(enough)
    fit = study.fit(enough) if enough.any() else None
    computed, held_out = study.computed(), study.held_out(enough)
    first = penalties(study.computed_before, study.seconds)
    return Calibration(
        speeds=speeds,
        source=observed.source,
        types=_types(study, enough, factors, fit),
        before=quality(study.computed_before, study.seconds, study.weight),
        after=quality(computed, study.seconds, study.weight),
        held_out=None if held_out is None else quality(held_out, study.seconds, study.weight),
        better=held_out is not None
        and surely_less(penalties(held_out, study.seconds), first, study.weight, study.pair),
        given=len(observed),
        different=study.different,
        dropped=study.dropped,
        rounds=rounds,
        settled=settled,
        used=study.given(np.ones(len(study.seconds)), 0.0) > 0,
        minutes_before=study.given(study.computed_before / 60.0, np.nan),
        minutes_after=study.given(computed / 60.0, np.nan),
    )


def _must_be_sound(network: RoadNetwork, observed: Observed) -> None:
    if network.mode != "drive":
        raise ValueError("only roads for cars can be calibrated")
    arrays = (observed.from_x, observed.from_y, observed.to_x, observed.to_y, observed.minutes, observed.weight)
    if len({len(values) for values in arrays}) != 1:
        raise ValueError("the arrays of the journeys are of different lengths")
    if not all(np.isfinite(values).all() for values in arrays):
        raise ValueError("places, minutes and weights must be ordinary numbers")
    if (observed.minutes <= 0).any() or (observed.weight <= 0).any():
        raise ValueError("minutes and weights must be more than 0")


class _Study:
    """The journeys that can be used, their routes under the speeds of the moment, and what they spend where."""

    def __init__(self, network: RoadNetwork, observed: Observed, order: NDArray[np.int64], speeds: Speeds) -> None:
        self._speeds, self._count = speeds, len(observed)
        self._base = reweigh(network, speeds)
        self._type = _road_types(self._base)
        driven = reweigh(network, _without_junctions(speeds))
        whole = np.stack((self._base.road_ms_backward, self._base.road_ms_forward)).astype(float)
        moving = np.stack((driven.road_ms_backward, driven.road_ms_forward)).astype(float)
        moving[:, self._type < 0] = 0.0
        self._moving_s, self._fixed_s = moving / 1000.0, (whole - moving) / 1000.0
        start = snap(self._base, observed.from_x[order], observed.from_y[order], SNAP_LIMIT_M)
        end = snap(self._base, observed.to_x[order], observed.to_y[order], SNAP_LIMIT_M)
        reason = _reasons(observed, order, start, end)
        usable = reason == ""
        limit = max(SEARCH_TIMES * 60.0 * float(observed.minutes.max(initial=0.0)), SEARCH_AT_LEAST_S) * 1000.0
        kept = np.flatnonzero(usable)
        routes = routes_of(self._base, start.some(kept), end.some(kept), limit_ms=limit)
        reason[kept[~np.isfinite(routes.ms)]] = NO_ROUTE
        kept = kept[np.isfinite(routes.ms)]
        self.dropped = _counted(reason)
        if not len(kept):
            raise InputProblems([_nothing_left(observed, self.dropped)])
        self._start, self._end = start.some(kept), end.some(kept)
        self._rows = order[kept]
        self.pair = _pairs(observed, self._rows)
        self.different = int(self.pair.max()) + 1
        self.seconds = observed.minutes[self._rows] * 60.0
        self.weight = observed.weight[self._rows]
        legs = [np.rint(ends.distance_m / self._base.access_kmh * 3600.0) for ends in (self._start, self._end)]
        self._legs_s = (legs[0] + legs[1] + self._base.journey_ms) / 1000.0
        self._use(routes_of(self._base, self._start, self._end, limit_ms=limit))
        self.computed_before = self.computed()
        self._at_first = self._on_type.copy()

    def given(self, values: NDArray[np.float64], elsewhere: float) -> NDArray[np.float64]:
        """Values of the used journeys in the order of the file, another value for the rest."""
        result = np.full(self._count, elsewhere)
        result[self._rows] = values
        return result

    def computed(self) -> NDArray[np.float64]:
        """Seconds of each journey by its present route and speeds, as everybody computes them."""
        return self._routes.ms / 1000.0 + self._legs_s

    def evidence(self) -> NDArray[np.bool_]:
        """Which types the journeys tell enough about."""
        return (self.shares() >= LEAST_SHARE) & (self.counts() >= LEAST_JOURNEYS)

    def shares(self) -> NDArray[np.float64]:
        """Share of all computed seconds on each type, by the first routes."""
        total = float((self.weight * self.computed_before).sum())
        return (self.weight[:, None] * self._at_first).sum(axis=0) / total

    def counts(self) -> NDArray[np.int64]:
        """How many different journeys spend a noticeable time on each type, by the first routes."""
        noticed = np.zeros((self.different, self._at_first.shape[1]), dtype=bool)
        journey, kind = np.nonzero(self._at_first >= NOTICED_S)
        noticed[self.pair[journey], kind] = True
        return np.count_nonzero(noticed, axis=0)

    def fit(self, enough: NDArray[np.bool_], some: NDArray[np.bool_] | None = None) -> Fit:
        """Factors of the types with enough evidence, by the present routes of all or some journeys."""
        some = np.ones(len(self.seconds), dtype=bool) if some is None else some
        rest = self._fixed + self._on_type[:, ~enough].sum(axis=1)
        return fit_factors(
            self._on_type[some][:, enough], rest[some], self.seconds[some], self.weight[some], self.pair[some]
        )

    def settle(self, enough: NDArray[np.bool_]) -> tuple[NDArray[np.float64], int, bool]:
        """Fit and find routes anew until the factors stay; the best round counts.

        Returns the factors of all types, how many rounds there were, and whether they settled. The present routes are
        then those of the returned factors.
        """
        factors = np.ones(len(enough))
        if not enough.any():
            return factors, 0, True
        best = (self._cost(), factors, self._routes)
        for number in range(1, ROUNDS + 1):
            new = factors.copy()
            new[enough] = self.fit(enough).factor
            if number > ROUNDS // 2:  # two sets of routes may take turns; half a step ends that
                new = (new + factors) / 2.0
            new = np.round(new, 4)
            change, factors = float(np.abs(new - factors).max()), new
            if number == 1 or change > 0:
                self._use(self._rerouted(factors))
            cost = self._cost()
            if cost < best[0]:
                best = (cost, factors, self._routes)
            if change <= SETTLED:
                break
        self._use(best[2])
        return best[1], number, change <= SETTLED

    def _cost(self) -> float:
        return float(np.average(penalties(self.computed(), self.seconds), weights=self.weight))

    def held_out(self, enough: NDArray[np.bool_]) -> NDArray[np.float64] | None:
        """Seconds of each journey by factors fitted without it, a fifth left out at a time, on the final routes.

        Journeys from one place stay together, for their errors are alike, and repeated ones always do. None where there
        are too few different ones.
        """
        places = np.column_stack((self._start.road.astype(float), self._start.share))
        place = np.unique(places, axis=0, return_inverse=True)[1].ravel()
        fold = (place if place.max() + 1 >= FOLDS else self.pair) % FOLDS
        if self.different < 2 * LEAST_JOURNEYS or not enough.any():
            return None
        computed = np.zeros(len(self.seconds))
        for k in range(FOLDS):
            test = fold == k
            slowness = np.ones(len(enough))
            slowness[enough] = 1.0 / self.fit(enough, ~test).factor
            computed[test] = self._fixed[test] + self._on_type[test] @ slowness
        return computed

    def _rerouted(self, factors: NDArray[np.float64]) -> Routes:
        timed = reweigh(self._base, _with_factors(self._speeds, factors, "calibrated"))
        # The old route is still there and bounds the new one: nothing beyond it needs searching.
        old = self._fixed - self._legs_s + self._on_type @ (1.0 / factors)
        return routes_of(timed, self._start, self._end, limit_ms=float(old.max()) * 1000.0 + 60_000.0)

    def _use(self, routes: Routes) -> None:
        """Make these the present routes: what they spend on each type by the first speeds, and what stays the same."""
        self._routes = routes
        way = routes.forward.astype(int), routes.road
        kind = self._type[routes.road]
        on_road = kind >= 0
        types = 2 * len(GROUPS)
        cell = routes.journey[on_road] * types + kind[on_road]
        moving = (self._moving_s[way] * routes.share)[on_road]
        size = len(self._legs_s)
        self._on_type = np.bincount(cell, moving, minlength=size * types).reshape(size, types)
        self._fixed = self._legs_s + np.bincount(routes.journey, self._fixed_s[way] * routes.share, minlength=size)


def _pairs(observed: Observed, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number of the pair of places that each of these journeys runs between, shape (rows,)."""
    ends = np.column_stack((observed.from_x, observed.from_y, observed.to_x, observed.to_y))[rows]
    return np.unique(np.rint(ends / ALIKE_M), axis=0, return_inverse=True)[1].ravel()


def _road_types(network: RoadNetwork) -> NDArray[np.int64]:
    """Type of each road: 2 x group, 1 more if built-up; -1 for ferries. Shape (R,)."""
    group = np.full(FERRY + 1, -1, dtype=np.int64)
    for number, (_, classes) in enumerate(GROUPS):
        for i, name in enumerate(DRIVEN_CLASSES):
            if name.removesuffix("_link") in classes:
                group[i] = number
    own = group[np.minimum(network.road_class.astype(np.int64), FERRY)]
    return np.where(own >= 0, 2 * own + network.facts.built_up.astype(np.int64), -1)


def _without_junctions(speeds: Speeds) -> Speeds:
    table = copy.deepcopy(speeds.table)
    table["profile"][speeds.profile]["junction"] = 0.0
    return replace(speeds, table=table)


def _reasons(observed: Observed, order: NDArray[np.int64], start: Snapped, end: Snapped) -> NDArray[np.object_]:
    """Why each journey cannot be used, "" where it can, in the given order."""
    straight = np.hypot(observed.to_x - observed.from_x, observed.to_y - observed.from_y)[order]
    kmh = straight / 1000.0 / (observed.minutes[order] / 60.0)
    reason = np.full(len(order), "", dtype=object)
    # The last that holds is told: a journey to the same place is slow as well.
    for holds, words in (
        (kmh < SLOWEST_KMH, TOO_SLOW),
        (kmh > FASTEST_KMH, TOO_FAST),
        (straight < SAME_PLACE_M, SAME_PLACE),
        ((start.road < 0) | (end.road < 0), TOO_FAR),
    ):
        reason[holds] = words
    return reason


def _counted(reason: NDArray[np.object_]) -> tuple[tuple[str, int], ...]:
    told = (TOO_FAR, NO_ROUTE, SAME_PLACE, TOO_FAST, TOO_SLOW)
    return tuple((words, int((reason == words).sum())) for words in told if (reason == words).any())


def _nothing_left(observed: Observed, dropped: Sequence[tuple[str, int]]) -> Finding:
    why = ", ".join(f"{words} ({number})" for words, number in dropped) or "the table has no rows"
    fix = "Check the coordinates, and that the road file covers the places."
    if {TOO_FAST, TOO_SLOW} & {words for words, _ in dropped}:
        fix = "Check that the times are in minutes, not seconds or hours. Then: " + fix
    return Finding(
        "error",
        observed.source,
        f"No journey can be compared with the roads: {why}.",
        fix,
        code="no-usable-journeys",
    )


def _types(
    study: _Study, enough: NDArray[np.bool_], factors: NDArray[np.float64], fit: Fit | None
) -> tuple[RoadType, ...]:
    shares, counts = study.shares(), study.counts()
    fitted = np.cumsum(enough) - 1
    result = []
    for i in range(len(enough)):
        spread = (float("nan"),) * 3
        if enough[i] and fit is not None:
            j = int(fitted[i])
            # The interval belongs to the last fit; the factor of the best round may differ in its last digits.
            spread = (min(fit.low[j], factors[i]), max(fit.high[j], factors[i]), fit.standard_error[j])
        around = AROUND[i % 2]
        result.append(
            RoadType(
                i // 2,
                around,
                float(factors[i]),
                *(float(value) for value in spread),
                float(shares[i]),
                int(counts[i]),
                bool(enough[i]),
            )
        )
    return tuple(result)


# ----------------------------------------------------------------------------------------------------------- profiles


def calibrated_speeds(calibration: Calibration, name: str = "calibrated") -> Speeds:
    """The speeds with the fitted factors, as a profile of this name.

    Parameters
    ----------
    calibration
        What `calibrate` gave.
    name
        Name of the new profile.
    """
    factors = np.array([kind.factor for kind in calibration.types])
    made = _with_factors(calibration.speeds, factors, name)
    made.table["profile"][name] |= _facts(calibration)
    return made


def _with_factors(speeds: Speeds, factors: NDArray[np.float64], name: str) -> Speeds:
    table = dict(speeds.table)
    base = table["profile"][speeds.profile]
    changed = _changed_factors(speeds, factors)
    profile = base | {"based_on": speeds.profile} | {around: base[around] | changed[around] for around in AROUND}
    table["profile"] = table["profile"] | {name: profile}
    return replace(speeds, table=table, profile=name)


def _changed_factors(speeds: Speeds, factors: NDArray[np.float64]) -> dict[str, dict[str, float]]:
    """Factor of each class as the new profile has it, where the type's is not 1.

    A slip road takes the factor of its class, and is named only where the profile that the new one is built on does.
    """
    profile = speeds.table["profile"][speeds.profile]
    result: dict[str, dict[str, float]] = {around: {} for around in AROUND}
    for i, factor in enumerate(factors.tolist()):
        around = AROUND[i % 2]
        of_base = profile[around]
        for name in GROUPS[i // 2][1] if factor != 1.0 else ():
            base = of_base.get(name, of_base["all"])
            result[around][name] = _rounded(base * factor)
            if f"{name}_link" in of_base:
                result[around][f"{name}_link"] = _rounded(of_base[f"{name}_link"] * factor)
    return result


def _rounded(factor: float) -> float:
    return round(min(max(float(factor), 0.05), 3.0), 4)


def _facts(calibration: Calibration) -> dict[str, object]:
    """What a profile says of itself: title, sentence, source, and the figures of the fit."""
    base = calibration.speeds
    journeys = calibration.before.journeys
    held_out = calibration.held_out
    source = (
        f"Fitted to {journeys} observed journeys{_of_which(calibration)}"
        + (f" of {_plain(calibration.source)}" if calibration.source else "")
        + f", starting from the profile {base.profile} of speed table {_plain(base.version)}: half of the computed "
        f"times are within {calibration.after.median_error:.1f} minutes of the observed ones "
        f"(before: {calibration.before.median_error:.1f}"
        + (f"; on journeys left out of the fit: {held_out.median_error:.1f})." if held_out else ").")
    )
    fit: dict[str, object] = {"journeys": journeys, "journeys_given": calibration.given}
    fit |= {"journeys_different": calibration.different} if calibration.different < journeys else {}
    for when, figures in (("before", calibration.before), ("after", calibration.after), ("held_out", held_out)):
        if figures is not None:
            of_when = {key: round(value, 4) for key, value in asdict(figures).items() if key != "journeys"}
            fit |= {f"{key}_{when}": value for key, value in of_when.items() if np.isfinite(value)}
    return {
        "title": f"{_plain(base.title)}, calibrated",
        "sentence": f"speeds fitted to {journeys} observed journeys, starting from the profile {base.profile}",
        "source": source,
        "assumption": False,
        "fit": fit,
    }


def _of_which(calibration: Calibration) -> str:
    """How many journeys are different, in brackets, where some are repeated."""
    repeated = calibration.different < calibration.before.journeys
    return f" ({calibration.different:,} of them different)" if repeated else ""


def _plain(text: str) -> str:
    """A text that can stand in a TOML file on one line."""
    return "".join(sign if sign.isprintable() else " " for sign in text)


def write_profile(calibration: Calibration, path: Path, name: str) -> None:
    """Write the fitted speeds as a speed table with one profile, which `load_speeds` reads.

    Where the speeds came from a table of the planner's own, that table stands in the file as well, so that the profile
    means the same. The same calibration gives the same bytes. An existing file is replaced.

    Parameters
    ----------
    calibration
        What `calibrate` gave.
    path
        File to write (`.toml`).
    name
        Name of the profile: letters, digits, hyphens and spaces.

    Raises
    ------
    InputProblems
        The name cannot be used or is taken, or the file cannot be written.
    """
    base = calibration.speeds
    if not profile_name_is_plain(name):
        fix = "Use letters, digits, hyphens and spaces, at most 60."
        raise InputProblems(
            [Finding("error", path.name, "A profile cannot have this name.", fix, value=name, code="wrong-value")]
        )
    if name in base.table["profile"]:
        message = "There is a profile of this name already."
        raise InputProblems([Finding("error", path.name, message, "Choose another.", value=name, code="wrong-value")])
    own = base.own_text.rstrip("\r\n") + "\n\n" if base.own_text else ""
    temporary = path.with_name(f".{path.name}.tmp")
    try:
        temporary.write_text(own + _profile_text(calibration, name), encoding="utf-8", newline="\n")
        load_speeds(name, temporary)  # what was written can be read, or nothing is left behind
        temporary.replace(path)
    except InputProblems as problems:
        raise InputProblems([replace(finding, file=path.name) for finding in problems.findings]) from problems
    except OSError as error:
        fix = "Choose another folder, or close the file in other programs."
        message = f"The profile cannot be written ({error.strerror or error})."
        raise InputProblems(
            [Finding("error", path.name, message, fix, value=str(path), code="cannot-write")]
        ) from error
    finally:
        temporary.unlink(missing_ok=True)


def _profile_text(calibration: Calibration, name: str) -> str:
    factors = np.array([kind.factor for kind in calibration.types])
    facts = _facts(calibration)
    section = f"profile.{name if re.fullmatch(r'[A-Za-z0-9_-]+', name) else _toml(name)}"
    lines = [
        "# A speed profile fitted to observed journeys. Factors multiply the speeds of the speed table; those of the",
        "# profile it is based on are already in them.",
        f"[{section}]",
        f"based_on = {_toml(calibration.speeds.profile)}",
        *(f"{key} = {_toml(facts[key])}" for key in ("title", "sentence", "source", "assumption")),
    ]
    for around, changed in _changed_factors(calibration.speeds, factors).items():
        if changed:
            lines += [f"[{section}.{around}]", *(f"{key} = {_toml(value)}" for key, value in changed.items())]
    lines += [f"[{section}.fit]", *(f"{key} = {_toml(value)}" for key, value in facts["fit"].items())]
    return "\n".join(lines) + "\n"


def _toml(value: object) -> str:
    """A value as TOML writes it; its strings are those of JSON."""
    return json.dumps(value, ensure_ascii=False)


# -------------------------------------------------------------------------------------------------------------- report


def report_lines(calibration: Calibration) -> list[str]:
    """What was fitted and how well it agrees, in plain words, one fact a line."""
    used = calibration.before.journeys
    lines = [f"Journeys: {calibration.given:,} given, {used:,} used{_of_which(calibration)}."]
    if calibration.different < used:
        lines.append("  Journeys between the same two places count once where it is asked how much they tell.")
    lines += [f"  left out, {words}: {number:,}" for words, number in calibration.dropped]
    lines += [
        f"Speeds before: profile {calibration.speeds.profile}, table {calibration.speeds.version}.",
        *_quality_lines("Before", calibration.before),
        *_quality_lines("After", calibration.after),
    ]
    if calibration.held_out is None:
        lines.append("On journeys left out of the fit: not known, there are too few different journeys.")
    else:
        lines += _quality_lines("On journeys left out of the fit", calibration.held_out)
    lines.append("Factors on speed (below 1 is slower than before), with their 95% interval:")
    lines += [f"  {_type_line(kind)}" for kind in calibration.types]
    return lines + _verdict(calibration)


def _quality_lines(when: str, figures: Quality) -> list[str]:
    way = "too long" if figures.bias_percent >= 0 else "too short"
    r2 = f", R2 {figures.r2:.2f}" if np.isfinite(figures.r2) else ""
    return [
        f"{when}: computed times are {abs(figures.bias_percent):.1f}% {way} on the whole; half are within "
        f"{figures.median_error:.1f} minutes of the observed ones, 90% within {figures.p90_error:.1f}; "
        f"root mean square error {figures.rmse:.1f} minutes{r2}."
    ]


def _type_line(kind: RoadType) -> str:
    evidence = f"{kind.share:.0%} of the time, {kind.journeys:,} different journeys"
    if kind.fitted:
        limit = "; at the limit of what is allowed: look into it" if kind.at_limit else ""
        return f"{kind.label}: x {kind.factor:.2f} ({kind.low:.2f} to {kind.high:.2f}), from {evidence}{limit}"
    missing = []
    if kind.share < LEAST_SHARE:
        missing.append(f"{LEAST_SHARE:.0%} of the time")
    if kind.journeys < LEAST_JOURNEYS:
        missing.append(f"{LEAST_JOURNEYS} different journeys")
    return f"{kind.label}: unchanged, too little evidence ({evidence}; it needs {' and '.join(missing)})"


def _verdict(calibration: Calibration) -> list[str]:
    if not any(kind.fitted for kind in calibration.types):
        return ["Nothing was fitted: no type of road has enough evidence."]
    lines = []
    unchanged = sum(kind.share for kind in calibration.types if not kind.fitted)
    if unchanged >= LEAST_SHARE:
        lines.append(
            f"{unchanged:.0%} of the time is on types that are left unchanged; if their speeds are wrong as well, the "
            "other factors make up for a part of it."
        )
    if not calibration.settled:
        lines.append(f"The routes had not settled after {calibration.rounds} rounds; the best round is used.")
    if calibration.held_out is None:
        lines.append("Too few journeys to test the factors on others: use them with care.")
    elif abs(calibration.held_out.bias_percent) > FAR_OFF_PERCENT:
        lines.append(
            f"Computed times are still {abs(calibration.held_out.bias_percent):.0f}% off: no speeds explain these "
            "journeys. Check their unit and their coordinates, and keep the old speeds until then."
        )
    elif calibration.better:
        lines.append("The factors also help on journeys they were not fitted to.")
    else:
        lines.append("The factors do NOT clearly help on journeys they were not fitted to: keep the old speeds.")
    return lines
