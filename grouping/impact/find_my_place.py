"""Find my place: for each community one plain sentence about today and one about each option."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from grouping.impact.communities import OUTSIDE, Communities, figures, levels
from grouping.impact.measures import CLOSE
from grouping.impact.trips import Trip
from grouping.plain_words import option_title

COLUMNS = ("community", "mode", "option", "sentence")

ROUNDING = (
    "Minutes in these sentences are rounded; a difference is worked out before rounding. In brackets stand the minutes "
    "of nine people in ten: one in twenty is nearer still, one in twenty further away, such as somebody who stayed "
    "with a practice far off after moving house."
)
"""Stands once beside the sentences."""

NEAREST, FURTHEST = 0.05, 0.95
"""Shares of the people with a route between whom the range in brackets lies: a single person registered at the other
end of the county would else decide it."""

BY = {"car": "by car", "walk": "on foot", "public-transport": "by public transport"}
"""Modes in a sentence."""

SAME = 1.0
"""Minutes; a smaller difference is "about the same"."""

PeopleText = Callable[[float], str]
"""How a number of people is written; the public pages hide small ones."""


@dataclass(frozen=True)
class OptionTrips:
    """The journeys of one option.

    Parameters
    ----------
    option_id
        Name of the option.
    trips
        (journey, mode) -> the journey.
    group
        Id of the group of each row, empty where the plan does not cover the practice, shape (R,).
    hub
        Name of the hub of each group.
    """

    option_id: str
    trips: Mapping[tuple[str, str], Trip]
    group: NDArray[np.object_]
    hub: Mapping[str, str]


@dataclass(frozen=True)
class _Ground:
    """What all sentences share."""

    communities: Communities
    area: NDArray[np.int64]
    patients: NDArray[np.float64]
    text: PeopleText
    before: str = "today"
    scenario: str = ""

    @property
    def start(self) -> str:
        """How a sentence about today begins."""
        return f"Today ({self.scenario})" if self.scenario else "Today"

    @property
    def number(self) -> int:
        return len(self.communities.names)

    @property
    def here(self) -> NDArray[np.int64]:
        """Community of each row, shape (R,)."""
        return self.communities.of_area[self.area]

    def today(self, trip: Trip | None) -> _Way | None:
        """Journeys before, of everybody, whether or not the plan covers the practice."""
        if trip is None or trip.before is None:
            return None
        level = levels(trip.before, self.patients, self.here, self.number)
        low, high = self._range(trip.before, self.patients)
        nobody = np.zeros(self.number)
        return _Way(level.people, level.no_route, level.mean, low, high, None, nobody, nobody)

    def under(self, trip: Trip | None) -> _Way | None:
        """Journeys under an option; a threshold plays no part in the sentences."""
        if trip is None:
            return None
        found = figures(trip, self.patients, self.communities, self.area, np.inf)
        low, high = self._range(trip.after, np.where(trip.counted, self.patients, 0.0))
        way = (found.people, found.no_route, found.minutes, low, high, found.change, found.lost_route, found.compared)
        return _Way(*way)

    def _range(self, minutes: NDArray[np.float64], patients: NDArray[np.float64]) -> NDArray[np.float64]:
        """Minutes at `NEAREST` and at `FURTHEST` of the people with a route, shape (2, C), NaN without any."""
        routed = np.flatnonzero(~np.isnan(minutes) & (patients > 0))
        rows = routed[np.lexsort((minutes[routed], self.here[routed]))]
        end = np.searchsorted(self.here[rows], np.arange(self.number + 1))
        there = np.flatnonzero(end[1:] > end[:-1])
        reached = np.concatenate([[0.0], np.cumsum(patients[rows])])
        first, total = reached[end[there]], reached[end[there + 1]] - reached[end[there]]
        found = np.full((2, self.number), np.nan)
        for line, share in zip(found, (NEAREST, FURTHEST), strict=True):
            # a hair less than the share, so that the order of adding does not decide
            at = np.searchsorted(reached[1:], first + share * total * (1.0 - 1e-9))
            line[there] = minutes[rows[np.clip(at, end[there], end[there + 1] - 1)]]
        return found


@dataclass(frozen=True)
class _Way:
    """One journey of the people of each community, shape (C,)."""

    people: NDArray[np.float64]
    no_route: NDArray[np.float64]
    mean: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    change: NDArray[np.float64] | None
    lost_route: NDArray[np.float64]
    compared: NDArray[np.float64]

    def level(self, number: int, mode: str) -> str:
        """Whole minutes of one community with their range, where it is one that holds the mean."""
        low, mean, high = (int(np.floor(value[number] + 0.5)) for value in (self.low, self.mean, self.high))
        said = f"{_whole(self.mean[number])} {BY[mode]}"
        if low == high == mean:
            return said
        return f"{said} on average" + (f" ({low} to {high})" if low <= mean <= high else "")

    def partly(self, number: int) -> bool:
        """Whether some people with a route cannot be compared."""
        return bool(self.people[number] - self.no_route[number] - self.compared[number] >= 0.5)


def people_in_words(number: float) -> str:
    """A number of people as a whole number with commas."""
    return f"{round(number):,}"


def place_sentences(
    options: Sequence[OptionTrips],
    patients: NDArray[np.float64],
    area: NDArray[np.int64],
    communities: Communities,
    people_text: PeopleText = people_in_words,
    *,
    before: str = "today",
    under: str = "",
) -> pd.DataFrame:
    """Say for each community how long its journeys are today and under each option, by car and without one.

    Without a car is by public transport where the inputs hold it, else on foot. Routine care and hub services are told
    side by side and never compared with each other.

    Parameters
    ----------
    options
        The options; today is taken from the first.
    patients, area
        Registered patients and position of the area of each row, shape (R,).
    communities
        The communities.
    people_text
        Writes a number of people.
    before
        What the hub journey is compared with: `today` for the sites of today's services; anything else for a plan,
        which nobody shall take for what is there today.
    under
        The scenario all minutes are for; empty for the case as it stands.

    Returns
    -------
    DataFrame
        `COLUMNS`, by community, mode (car first) and option; `option` is empty for today.
    """
    if not options:
        return pd.DataFrame(columns=list(COLUMNS))
    ground = _Ground(communities, area, patients, people_text, before, under)
    without = next((mode for mode in ("public-transport", "walk") if _has(options, mode)), "")
    told: list[tuple[str, str, list[str]]] = []
    for mode in ("car", without):
        on_foot = mode == "public-transport" and _has(options, "walk")
        told.append((mode, "", _today(options[0].trips, mode, ground, on_foot=on_foot)))
        told += [(mode, one.option_id, _option(one, mode, ground, on_foot=on_foot)) for one in options]
    rows = [
        (name, mode or "walk", option, sentences[number])
        for number, name in enumerate(communities.names)
        for mode, option, sentences in told
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS))


def _has(options: Sequence[OptionTrips], mode: str) -> bool:
    return any(by == mode for one in options for _, by in one.trips)


# ------------------------------------------------------------------------------------------------------------- today


def _today(trips: Mapping[tuple[str, str], Trip], mode: str, ground: _Ground, *, on_foot: bool) -> list[str]:
    """Sentence about today of every community."""
    start = ground.start if mode == "car" else f"{ground.start}, without a car"
    if not mode:
        return [f"{start}: {_NOT_GIVEN}."] * ground.number
    own, hub = ground.today(trips.get(("routine", mode))), ground.today(trips.get(("hub", mode)))
    walk = ground.today(trips.get(("routine", "walk"))) if on_foot else None
    return [
        f"{start}: {_routine_today(own, walk, mode, number, ground)}; {_hub_today(hub, mode, number, ground)}."
        for number in range(ground.number)
    ]


_NOT_GIVEN = "minutes on foot and by public transport are not in the inputs"


def _routine_today(own: _Way | None, walk: _Way | None, mode: str, number: int, ground: _Ground) -> str:
    to_own = f"from {_called(ground.communities.names[number])} to their own practice"
    if own is None:
        return f"{to_own} minutes {BY[mode]} are not in the inputs"
    if not np.isnan(own.mean[number]):
        level = own.level(number, mode)
        return f"{to_own} it is {level}{_no_route(own.no_route[number], own.people[number], ground, 'have')}"
    walked = np.nan if walk is None else walk.mean[number]
    foot = "" if np.isnan(walked) else f"; on foot it is {_whole(walked)}"
    return f"{to_own} there is no route {BY[mode]} in the inputs{foot}"


def _hub_today(hub: _Way | None, mode: str, number: int, ground: _Ground) -> str:
    if hub is None:
        return "where hub services run today is not in the inputs (no baseline)"
    there, hub_of = (
        ("today's hub services", "hub today")
        if ground.before == "today"
        else (
            "the hub of the plan it is compared with",
            "hub in that plan",
        )
    )
    if np.isnan(hub.mean[number]):
        return f"to {there} there is no route {BY[mode]} in the inputs"
    level = hub.level(number, mode)
    # a practice that is in none of the groups before has no hub: nothing to travel to
    nobody = _no_route(hub.no_route[number], hub.people[number], ground, "have", f"route or no {hub_of}")
    return f"to {there} it is {level}{nobody}"


# ----------------------------------------------------------------------------------------------------------- options


def _option(one: OptionTrips, mode: str, ground: _Ground, *, on_foot: bool) -> list[str]:
    """Sentence about one option of every community."""
    start = option_title(one.option_id) + ("" if mode == "car" else ", without a car")
    if not mode:
        return [f"{start}: {_NOT_GIVEN}."] * ground.number
    hub = ground.under(one.trips.get(("hub", mode)))
    if hub is None:
        return [f"{start}: minutes {BY[mode]} to the shared hub are not in the inputs."] * ground.number
    walk = ground.under(one.trips.get(("hub", "walk"))) if on_foot else None
    named = _hubs(one, one.trips[("hub", mode)], ground)
    routine = _routine_changes(one.trips.get(("routine", mode)), mode, ground)
    sentences = []
    for number in range(ground.number):
        if hub.people[number] <= 0:
            sentences.append(f"{start}: this plan does not cover the practices of the people who live here.")
            continue
        way = _to_hub(hub, walk, mode, number, ground)
        sentences.append(f"{start}: {named[number]}: {way}{routine[number]}.")
    return sentences


def _hubs(one: OptionTrips, trip: Trip, ground: _Ground) -> list[str]:
    """Which hub most people of each community would use.

    How many people use others is not said: it would be a count of a few people in many places.
    """
    weight = np.where(trip.counted, ground.patients, 0.0)
    ids, of_row = np.unique(one.group.astype(str), return_inverse=True)
    people = np.bincount(ground.here * len(ids) + of_row, weight, ground.number * len(ids))
    people = people.reshape(ground.number, len(ids))
    told = []
    for row in people:
        largest = int(np.argmax(np.round(row, 6)))
        hub = one.hub.get(str(ids[largest]), "not known")
        if (row >= 0.5).sum() <= 1:
            told.append(f"the shared hub would be {hub}")
        elif row[largest] > row.sum() / 2:
            told.append(f"for most people the shared hub would be {hub}")
        else:
            told.append(f"the most common shared hub would be {hub}")
    return told


def _to_hub(hub: _Way, walk: _Way | None, mode: str, number: int, ground: _Ground) -> str:
    if np.isnan(hub.mean[number]):
        on_foot = np.nan if walk is None else walk.mean[number]
        foot = "" if np.isnan(on_foot) else f"; on foot it would be {_whole(on_foot)}"
        return f"there would be no route {BY[mode]} in the inputs{foot}"
    level = hub.level(number, mode)
    without = _no_route(hub.no_route[number], hub.people[number], ground, "would have")
    lost = hub.lost_route[number]
    had = f" ({ground.text(lost)} with a route {ground.before})" if without and lost >= 0.5 else ""
    return f"{level}{_difference(hub, number, ground.before)}{without}{had}"


def _difference(way: _Way, number: int, before: str) -> str:
    if way.change is None:
        return ""  # that there is no baseline is said of today
    if np.isnan(way.change[number]):
        return f", which cannot be compared with {before}" if before == "today" else ", which cannot be compared"
    who = "for those who can be compared " if way.partly(number) else ""
    return f", {who}{_longer(way.change[number], before)}"


def _longer(change: float, before: str) -> str:
    if abs(change) < SAME - CLOSE:
        return f"about the same as {before}"
    return f"{_whole(abs(change))} {'longer' if change > 0 else 'shorter'} than {before}"


def _routine_changes(trip: Trip | None, mode: str, ground: _Ground) -> list[str]:
    """What the site options change about routine care; empty texts where they change nothing."""
    worked = None if trip is None or trip.before is None else ground.under(trip)
    if worked is None or trip is None or worked.change is None:
        return [""] * ground.number
    moved = trip.counted & ~np.isclose(trip.after, trip.before, rtol=0, atol=1e-9, equal_nan=True)
    moved |= trip.counted & trip.apart & ~np.isnan(trip.before)  # no route before and after is nobody's doing
    touched = np.bincount(ground.here, moved & (ground.patients > 0), ground.number) > 0
    apart = np.bincount(ground.here, np.where(trip.apart & trip.counted, ground.patients, 0.0), ground.number)
    told = [""] * ground.number
    for number in np.flatnonzero(touched):
        to_own = "; with the site options it would be, to their own practice,"
        if np.isnan(worked.mean[number]):
            told[number] = f"{to_own} no route {BY[mode]}"
        else:
            level = f"{_whole(worked.mean[number])} {BY[mode]}"
            told[number] = f"{to_own} {level}{_difference(worked, number, 'today')}"
        if apart[number] >= 0.5:
            who = ground.text(apart[number])
            told[number] += f" (the practice of {who} people keeps no site; they use the sites of its group)"
    return told


# ------------------------------------------------------------------------------------------------------------- words


def _called(name: str) -> str:
    return name[0].lower() + name[1:] if name == OUTSIDE else name


def _whole(minutes: float) -> str:
    """Whole minutes; halves go up, as people expect."""
    rounded = int(np.floor(minutes + 0.5))
    if rounded == 0:
        return "less than 1 minute"
    return f"{rounded} minute{'' if rounded == 1 else 's'}"


def _no_route(number: float, people: float, ground: _Ground, have: str, what: str = "route") -> str:
    """A clause about people without a route; empty where there is not even half a person."""
    if number < 0.5:
        return ""
    return f", and {ground.text(number)} of {ground.text(people)} people {have} no {what}"
