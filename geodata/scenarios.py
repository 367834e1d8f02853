"""What if: the journeys of a case from homes to sites at the morning peak, in snow, without ferries, faster or slower.

Each scenario changes one thing of the case as it stands; all else (its closed roads, its factor on speeds) stays.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from geodata.case_times import Timing, closed_roads, roads_of_case, speeds_of_case
from geodata.place import Place
from geodata.road_times import Joined, road_times
from geodata.roads.network import RoadNetwork
from geodata.speed_table import PROVENANCE
from geodata.speeds import Speeds, load_speeds
from geodata.straight_line import SpeedFactors, scenario_factors, straight_line_times
from geodata.travel import TravelTimes

PROFILES = ("peak", "winter")
"""Scenarios that are speed profiles of the same name."""

NO_FERRY = "no-ferry"

STEPS = {"slower": 0.9, "faster": 1.1}
"""Factors on all speeds: a round figure of ours for how far all minutes may be off; no publication sets it."""

ALL = (*PROFILES, NO_FERRY, *STEPS)

NOTHING_DIFFERS = "No journey from a home to a site takes longer or shorter under it than in the case as it stands."
NO_FERRY_SENTENCE = "No ferry runs. Journeys go round by road; where there is no way round, there is no route."


@dataclass(frozen=True)
class TimedScenario:
    """One scenario, timed.

    Parameters
    ----------
    name
        One of `ALL`.
    title
        What to call it, in a few words.
    sentence
        What is assumed, with its figures and their source, in plain words.
    times
        Minutes from areas to sites under it; journeys between sites are not timed (NaN). None exactly where nothing
        differs from the case as it stands.
    unchanged
        Why nothing differs; empty where something does.
    """

    name: str
    title: str
    sentence: str
    times: TravelTimes | None
    unchanged: str = ""


def timed_scenarios(
    place: Place, settings: Any, case_dir: Path, names: Sequence[str] = ALL, car: TravelTimes | None = None
) -> tuple[TimedScenario, ...]:
    """Time the journeys of a case under some scenarios.

    On roads these are read and the points joined to them once; each scenario times the same roads anew. On straight
    lines speeds are multiplied by factors of `speeds.toml`, by how rural the two ends of a journey are.

    Parameters
    ----------
    place, settings, case_dir
        As in `geodata.case_times.travel_times`.
    names
        Scenarios, of `ALL`; each is timed once, in this order.
    car
        Minutes of the same place by car as the case stands, if they are known: a scenario with the very same minutes is
        then told as unchanged.

    Returns
    -------
    One for each name.

    Raises
    ------
    ValueError
        There is no scenario of this name.
    InputProblems
        As `travel_times`.
    """
    names = tuple(dict.fromkeys(names))
    unknown = [name for name in names if name not in ALL]
    if unknown:
        raise ValueError(f"no scenario {unknown[0]!r}; there are {', '.join(ALL)}")
    if not names:
        return ()
    if (getattr(settings, "method", None) or "roads") == "straight-line":
        made = _on_straight_lines(place, getattr(settings, "straight_line", None), names)
    else:
        made = _on_roads(place, settings, Path(case_dir), names)
    return tuple(_unless_the_same(one, car) for one in made)


def _unless_the_same(one: TimedScenario, car: TravelTimes | None) -> TimedScenario:
    if one.times is None or car is None or not np.array_equal(one.times.area_to_site, car.area_to_site):
        return one
    return replace(one, times=None, unchanged=NOTHING_DIFFERS)


# --- On roads ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Change:
    """What a scenario changes of the timing of roads, or why it changes nothing."""

    title: str
    sentence: str
    speeds: Speeds
    timing: Timing
    unchanged: str = ""


def _on_roads(place: Place, settings: Any, folder: Path, names: Sequence[str]) -> Iterator[TimedScenario]:
    network, speeds = roads_of_case(place, settings, folder)
    timing = Timing.of(settings, closed_roads(network, settings, folder))
    joined = Joined.of(network, place)
    for name in names:
        if name in PROFILES:
            change = _other_profile(speeds, speeds_of_case(settings, folder, profile=name), timing)
        elif name == NO_FERRY:
            change = _without_ferries(network, speeds, timing)
        else:
            change = _other_speed(name, speeds, timing)
        times = None
        if not change.unchanged:
            timed = change.timing.apply(network, change.speeds)
            times = road_times(timed, place, joined=joined, between_sites=False)
        yield TimedScenario(name, change.title, change.sentence, times, change.unchanged)


def _other_profile(own: Speeds, other: Speeds, timing: Timing) -> _Change:
    profile, source = other.table["profile"][other.profile], dict(other.sources())
    sentence = (
        f"{_capital(other.profile_sentence)}: speeds are multiplied by {_range(profile['built_up'])} among houses and "
        f"by {_range(profile['rural'])} elsewhere, by class of road, and the seconds lost at junctions by "
        f"{profile['junction']:g}. Source: {source[f'profile.{other.profile}']}"
    )
    if own.profile not in {"free-flow", other.profile}:
        sentence += f" This takes the place of the case's own profile ({own.title}), whose factors then do not count."
    unchanged = ""
    if own.profile == other.profile:
        unchanged = f"The case as it stands is timed by this very profile ({own.title}), so that nothing differs."
    return _Change(_capital(other.title), sentence, other, timing, unchanged)


def _without_ferries(network: RoadNetwork, speeds: Speeds, timing: Timing) -> _Change:
    unchanged = ""
    if not network.summary["ferries"]:
        unchanged = (
            f"There is no ferry in the roads of the case ({network.summary['source']}), so that nothing differs."
        )
    elif timing.ferries == "off":
        unchanged = "Ferries do not run in the case as it stands, so that nothing differs."
    return _Change("Ferries do not run", NO_FERRY_SENTENCE, speeds, replace(timing, ferries="off"), unchanged)


def _other_speed(name: str, speeds: Speeds, timing: Timing) -> _Change:
    sentence = f"{_step(name)}; seconds lost at junctions, ferries and the way to the road stay as they are."
    factor = timing.speed_factor * STEPS[name]
    return _Change(_step_title(name), f"{sentence} {ROUND_FIGURE}", speeds, replace(timing, speed_factor=factor))


def _range(factors: dict[str, Any]) -> str:
    """The smallest and largest factor of a profile, in words."""
    numbers = [float(value) for name, value in factors.items() if name not in PROVENANCE]
    low, high = min(numbers), max(numbers)
    return f"{low:g}" if low == high else f"{low:g} to {high:g}"


# --- On straight lines -------------------------------------------------------------------------------------------


def _on_straight_lines(place: Place, settings: object, names: Sequence[str]) -> Iterator[TimedScenario]:
    for name in names:
        if name == NO_FERRY:
            unchanged = "Straight lines know no ferries, so that nothing differs."
            yield TimedScenario(name, "Ferries do not run", NO_FERRY_SENTENCE, None, unchanged)
            continue
        title, sentence, factors = _straight(name)
        times = straight_line_times(place, settings, factors=factors, between_sites=False)
        yield TimedScenario(name, title, sentence, times)


def _straight(name: str) -> tuple[str, str, SpeedFactors]:
    """Title, sentence and factors of a scenario on straight lines."""
    if name in STEPS:
        factors = SpeedFactors(STEPS[name], STEPS[name])
        return _step_title(name), f"{_step(name)}, junctions included. {ROUND_FIGURE}", factors
    factors, speeds = scenario_factors(name), load_speeds(name)
    sentence = (
        f"{_capital(speeds.profile_sentence)}: speeds along straight lines are multiplied by {factors.urban:g} in "
        f"towns and by {factors.rural:g} in the country; a journey between the two counts half as each. Source: "
        f"{factors.source} An estimate."
    )
    return _capital(speeds.title), sentence, factors


# --- Words -------------------------------------------------------------------------------------------------------

ROUND_FIGURE = "A round figure, to see what hangs on the speeds assumed; no publication sets it."


def _step_title(name: str) -> str:
    return f"All speeds {_percent(name)} {'lower' if STEPS[name] < 1 else 'higher'}"


def _step(name: str) -> str:
    return f"{_step_title(name)} than in the case as it stands (multiplied by {STEPS[name]:g})"


def _percent(name: str) -> str:
    return f"{abs(STEPS[name] - 1):.0%}"


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
