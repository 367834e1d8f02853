"""Communities: the areas that share a name people know, and what a plan does to the journeys from each of them."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from geodata.place import Place
from grouping.impact.measures import CLOSE, beyond

if TYPE_CHECKING:
    from grouping.impact.people import People
    from grouping.impact.trips import Trip

OUTSIDE = "Homes outside the area of this case"
"""The one community of all areas with registered patients that the inputs do not hold."""

COLUMNS = (
    "option",
    "journey",
    "mode",
    "community",
    "areas",
    "setting",
    "people",
    "age_65_plus",
    "no_car",
    "most_deprived",
    "no_route",
    "minutes",
    "people_compared",
    "minutes_before",
    "minutes_after",
    "change",
    "longest",
    "newly_beyond",
    "beyond",
    "rank",
)

WHO_LIVES_THERE = (
    ("age_65_plus", "age_65_plus_unknown"),
    ("no_car", "no_car_unknown"),
    ("most_deprived", "deprived_unknown"),
)
"""Populations counted for each community, each with the part of its family that is not known."""

SAME_MINUTES = 6
"""Decimals of a minute that decide a rank: what differs by less is noise of the arithmetic."""


@dataclass(frozen=True)
class Communities:
    """The communities of a case.

    Parameters
    ----------
    names
        Their names, sorted, C of them.
    of_area
        Position in `names` of each area with registered patients, shape (A,).
    areas
        Codes of the areas of each community, sorted.
    setting
        `rural`, `urban`, `mixed` or `not known`, one for each community.
    """

    names: tuple[str, ...]
    of_area: NDArray[np.int64]
    areas: tuple[tuple[str, ...], ...]
    setting: tuple[str, ...]


@dataclass(frozen=True)
class Levels:
    """How long the journeys of each community are; every array has the shape (C,), NaN where nobody has a route.

    Parameters
    ----------
    people
        Registered patients who live there.
    no_route
        Those of them without a route.
    mean, longest
        Minutes of those with a route.
    """

    people: NDArray[np.float64]
    no_route: NDArray[np.float64]
    mean: NDArray[np.float64]
    longest: NDArray[np.float64]


@dataclass(frozen=True)
class Figures:
    """What a plan does to the journeys of each community; every array has the shape (C,).

    Parameters
    ----------
    people, no_route
        Registered patients who live there, and those of them without a route under the plan.
    minutes
        Mean minutes under the plan of all with a route, NaN where nobody has one.
    minutes_before, minutes_after, change
        Mean minutes of the people compared, those with a route before and after, and their mean change; NaN where
        nobody is compared. Without a baseline `change` is None and the others are NaN.
    longest
        Minutes under the plan, of all with a route.
    beyond, newly_beyond
        People with more minutes than the threshold under the plan, and those of them who had not before.
    lost_route
        People with a route before and none under the plan.
    compared
        People with a route before and under the plan; 0 without a baseline.
    ranked
        Whether enough people live there for it to be called one of the worst, bool.
    """

    people: NDArray[np.float64]
    no_route: NDArray[np.float64]
    minutes: NDArray[np.float64]
    minutes_before: NDArray[np.float64]
    minutes_after: NDArray[np.float64]
    change: NDArray[np.float64] | None
    longest: NDArray[np.float64]
    beyond: NDArray[np.float64]
    newly_beyond: NDArray[np.float64]
    lost_route: NDArray[np.float64]
    compared: NDArray[np.float64]
    ranked: NDArray[np.bool_]

    def measure(self) -> NDArray[np.float64]:
        """What a community is judged by, shape (C,): the change with a baseline, else the minutes."""
        return self.minutes if self.change is None else self.change


# -------------------------------------------------------------------------------------------- which there are


def communities_of(place: Place, area_codes: tuple[str, ...]) -> Communities:
    """Find the communities of the areas where registered patients live.

    A community is the areas that share a ward. An area without a ward stands for itself under its own name (with its
    code where another has the same name); one without a name counts to the nearest settlement, `near ...`; without
    settlements its code has to do. Areas the inputs do not hold are one community, `OUTSIDE`.

    Parameters
    ----------
    place
        The case; `areas` with `name`, `x`, `y`, `rural` and, where given, `ward`; `settlements` where given.
    area_codes
        All areas with a registered patient, A of them.
    """
    label = _labels(place)
    called = [label.get(code, OUTSIDE) for code in area_codes]
    names = tuple(sorted(set(called)))
    position = {name: number for number, name in enumerate(names)}
    members: list[list[str]] = [[] for _ in names]
    for code, name in zip(area_codes, called, strict=True):
        members[position[name]].append(code)
    rural = place.areas["rural"].to_dict()
    return Communities(
        names=names,
        of_area=np.array([position[name] for name in called], dtype=np.int64),
        areas=tuple(tuple(sorted(codes)) for codes in members),
        setting=tuple(_setting([rural.get(code) for code in codes]) for codes in members),
    )


def _labels(place: Place) -> dict[str, str]:
    """Name of the community of every area in the inputs."""
    codes = [str(code) for code in place.areas.index]
    wards, names = _one_spelling(_texts(place.areas, "ward")), _texts(place.areas, "name")
    unnamed = np.array([not ward and not name for ward, name in zip(wards, names, strict=True)], dtype=bool)
    near = iter(_near_settlement(place, unnamed))
    shared = [ward or (next(near) if without else "") for ward, without in zip(wards, unnamed, strict=True)]
    alone = Counter(name for name, ward in zip(names, wards, strict=True) if name and not ward)
    # an area must not slip into a ward or another area that merely has the same name
    taken = {text for text in shared if text} | {OUTSIDE}
    label = {}
    for code, together, name in zip(codes, shared, names, strict=True):
        unclear = bool(name) and (alone[name] > 1 or name in taken)
        label[code] = together or (f"{name} ({code})" if unclear else name) or code
    return label


def _texts(table: pd.DataFrame, column: str) -> list[str]:
    """Texts of a column without stray blanks; empty where there is nothing, or no such column."""
    if column not in table:
        return [""] * len(table)
    return ["" if pd.isna(value) else " ".join(str(value).split()) for value in table[column]]


def _one_spelling(names: list[str]) -> list[str]:
    """Names that differ only in capitals and blanks as one: the spelling that stands first."""
    plain = [" ".join(name.split()) for name in names]
    first: dict[str, str] = {}
    for name in plain:
        first.setdefault(name.casefold(), name)
    return [first[name.casefold()] for name in plain]


def _near_settlement(place: Place, which: NDArray[np.bool_]) -> list[str]:
    """`near <settlement>` for some of the areas, empty texts without settlements."""
    settlements = getattr(place, "settlements", None)
    named = [] if settlements is None else _texts(settlements, "name")
    known = sorted((name, point.x, point.y) for name, point in zip(named, _points(settlements), strict=True) if name)
    if not known or not which.any():
        return [""] * int(which.sum())
    tree = cKDTree(np.array([(x, y) for _, x, y in known]))
    _, nearest = tree.query(place.areas.loc[which, ["x", "y"]].to_numpy(dtype=float))
    return [f"near {known[number][0]}" for number in np.atleast_1d(nearest)]


def _points(settlements: object) -> list:
    return [] if settlements is None else list(settlements.geometry)


def _setting(rural: list[object]) -> str:
    """Setting of areas by those of them whose setting is known."""
    known = {bool(value) for value in rural if value is not None and not pd.isna(value)}
    if not known:
        return "not known"
    if len(known) > 1:
        return "mixed"
    return "rural" if known.pop() else "urban"


# ----------------------------------------------------------------------------------------------------------- figures


def levels(
    minutes: NDArray[np.float64], patients: NDArray[np.float64], of_row: NDArray[np.int64], communities: int
) -> Levels:
    """Minutes of each community, weighted by patients.

    Parameters
    ----------
    minutes, patients, of_row
        Minutes (NaN without a route), registered patients and community of each row, shape (R,).
    communities
        How many communities there are (C).
    """
    people = _summed(of_row, patients, communities)
    routed = ~np.isnan(minutes) & (patients > 0)
    longest = np.full(communities, -np.inf)
    np.maximum.at(longest, of_row[routed], minutes[routed])
    return Levels(
        people=people,
        no_route=_summed(of_row[~routed], patients[~routed], communities),
        mean=_mean(minutes, np.where(routed, patients, 0.0), of_row, communities),
        longest=np.where(np.isfinite(longest), longest, np.nan),
    )


def _summed(of_row: NDArray[np.int64], weights: NDArray[np.float64], communities: int) -> NDArray[np.float64]:
    """Sum by community; a float also where there is no row at all, for which numpy gives whole numbers."""
    return np.bincount(of_row, weights, communities).astype(float)


def _mean(
    values: NDArray[np.float64], weights: NDArray[np.float64], of_row: NDArray[np.int64], communities: int
) -> NDArray[np.float64]:
    """Weighted mean by community, NaN without weight; values without weight may be NaN."""
    total = _summed(of_row, weights, communities)
    summed = _summed(of_row, np.where(weights > 0, values, 0.0) * weights, communities)
    return np.divide(summed, total, out=np.full(communities, np.nan), where=total > 0)


def figures(
    trip: Trip,
    patients: NDArray[np.float64],
    communities: Communities,
    area: NDArray[np.int64],
    threshold: float,
    least_people: float = 0.0,
) -> Figures:
    """Work out what a plan does to the journeys of each community.

    Parameters
    ----------
    trip
        The journeys under the plan and before. Only its counted rows enter.
    patients, area
        Registered patients and position of the area of each row, shape (R,).
    communities
        The communities, C of them.
    threshold
        Minutes a journey should not exceed.
    least_people
        Communities where fewer registered patients live are not ranked: some homes in another county are no community
        of this plan.
    """
    here, number = communities.of_area[area], len(communities.names)
    weight = np.where(trip.counted, patients, 0.0)
    after = levels(trip.after, weight, here, number)
    routed = ~np.isnan(trip.after)
    far = beyond(trip.after, threshold)
    nobody = np.zeros(number)
    if trip.before is None:
        change, newly, lost, people_compared = None, nobody, nobody, nobody
        means = (np.full(number, np.nan),) * 2
    else:
        had = ~np.isnan(trip.before)
        both = np.where(routed & had, weight, 0.0)
        change = _mean(trip.after - trip.before, both, here, number)
        people_compared = _summed(here, both, number)
        means = tuple(_mean(minutes, both, here, number) for minutes in (trip.before, trip.after))
        newly = _summed(here, weight * (far & (trip.before <= threshold + CLOSE)), number)
        lost = _summed(here, weight * (had & ~routed), number)
    return Figures(
        people=after.people,
        no_route=after.no_route,
        minutes=after.mean,
        minutes_before=means[0],
        minutes_after=means[1],
        change=change,
        longest=after.longest,
        beyond=_summed(here, weight * far, number),
        newly_beyond=newly,
        lost_route=lost,
        compared=people_compared,
        ranked=after.people >= least_people,
    )


def worst_first(worked: Figures) -> NDArray[np.int64]:
    """Order communities from the worst to the best, shape (C,).

    The largest change where there is a baseline, else the most minutes; equal changes by the minutes (where nothing
    changes anywhere, an order by name alone would say nothing), then by name. What is not ranked comes after all
    others, and what cannot be judged is last.
    """
    keys = [np.round(values, SAME_MINUTES) for values in (worked.minutes, worked.measure())]
    minutes, measure = (np.where(np.isnan(values), np.inf, -values) for values in keys)
    return np.lexsort((np.where(np.isinf(measure), 0.0, minutes), measure, ~worked.ranked, np.isinf(measure)))


def community_table(
    option_id: str,
    trip: Trip,
    people: People,
    communities: Communities,
    threshold: float,
    *,
    area: NDArray[np.int64],
    least_people: float = 0.0,
) -> pd.DataFrame:
    """Make the table of communities of one option, one journey and one mode.

    Communities where nobody is counted (a partial plan) are left out. What the inputs do not hold about the people of
    a community is NaN. Rank 1 is the worst: the largest change where there is a baseline, else the most minutes; equal
    changes by the minutes, then by name; where nobody has a route to judge by, the rank is among the last and
    `no_route` says so.

    Parameters
    ----------
    option_id
        Name of the option.
    trip, people
        Its journeys and who makes them, rows as in `Journeys`.
    communities, area
        The communities, and the position of the area of each row (`Journeys.area`), shape (R,).
    threshold
        Minutes a journey should not exceed.

    Returns
    -------
    DataFrame
        `COLUMNS`, sorted by rank.
    """
    worked = figures(trip, people.patients, communities, area, threshold, least_people)
    order = worst_first(worked)
    here = communities.of_area[area]
    unknown = np.full(len(communities.names), np.nan)
    table = pd.DataFrame(
        {
            "option": option_id,
            "journey": trip.journey,
            "mode": trip.mode,
            "community": list(communities.names),
            "areas": [" ".join(codes) for codes in communities.areas],
            "setting": list(communities.setting),
            "people": worked.people,
            **{key: _living(people, key, rest, trip.counted, here, worked.people) for key, rest in WHO_LIVES_THERE},
            "no_route": worked.no_route,
            "minutes": worked.minutes,
            "people_compared": unknown if worked.change is None else worked.compared,
            "minutes_before": worked.minutes_before,
            "minutes_after": worked.minutes_after,
            "change": unknown if worked.change is None else worked.change,
            "longest": worked.longest,
            "newly_beyond": unknown if worked.change is None else worked.newly_beyond,
            "beyond": worked.beyond,
        },
    ).iloc[order[worked.people[order] > 0]]
    table = table.reset_index(drop=True)
    table["rank"] = np.arange(1, len(table) + 1)
    return table[list(COLUMNS)]


def _living(
    people: People,
    key: str,
    rest: str,
    counted: NDArray[np.bool_],
    here: NDArray[np.int64],
    all_people: NDArray[np.float64],
) -> NDArray[np.float64]:
    """People of a population in each community; NaN where it is known of nobody who lives there."""
    known = {population.key: population.patients for population in people.populations}
    number = len(all_people)
    if key not in known:
        return np.full(number, np.nan)
    count = _summed(here, np.where(counted, known[key], 0.0), number)
    if rest not in known:
        return count
    not_known = _summed(here, np.where(counted, known[rest], 0.0), number)
    return np.where(all_people - not_known > 1e-6, count, np.nan)
