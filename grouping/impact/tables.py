"""The tables of the impact: populations, figures by population and setting, inequality, practices and groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata.place import Place
from grouping.impact.measures import MEASURES, measure, weighted_means
from grouping.impact.people import People
from grouping.impact.trips import Trip, rows_by_practice
from grouping.plan import Plan

SUMMARY_COLUMNS = ("option", "scenario", "journey", "mode", "population", "label", "setting", *MEASURES)
PEOPLE_COLUMNS = ("family", "population", "label", "people", "rural", "urban", "not_known", "carried")
INEQUALITY_COLUMNS = (
    "option",
    "journey",
    "mode",
    "population",
    "label",
    "compared_with",
    "people",
    "people_compared_with",
    "mean",
    "mean_compared_with",
    "gap",
    "ratio",
    "gap_before",
    "gap_after",
)
PRACTICE_COLUMNS = (
    "option",
    "journey",
    "mode",
    "practice_code",
    "name",
    "group_id",
    "setting",
    "people",
    "no_route",
    "mean",
    "people_compared",
    "mean_before",
    "mean_after",
    "change",
)
GROUP_COLUMNS = (
    "option",
    "group_id",
    "name",
    "kind",
    "journey",
    "mode",
    "people",
    "no_route",
    "mean",
    "people_compared",
    "mean_before",
    "mean_after",
    "change",
    "longest",
)

SETTINGS = ("all", "rural", "urban", "not known")

PAIRS = (
    ("rural", "urban"),
    ("age_65_plus", "under_65"),
    ("age_75_plus", "under_75"),
    ("age_85_plus", "under_85"),
    ("children", "not_children"),
    ("no_car", "has_car"),
    ("most_deprived", "less_deprived"),
    ("far_from_pharmacy", "near_pharmacy"),
)
"""Populations whose journeys are held against each other: the first is the one that may be worse off."""

KEY_POPULATIONS = ("all", "age_65_plus", "no_car", "most_deprived", "far_from_pharmacy")
"""What the scenarios are told for."""


def in_settings(people: People) -> dict[str, NDArray[np.bool_]]:
    """The rows of each setting; `not known` only where somebody's home is in no known area."""
    rows = {
        "all": np.ones(len(people.setting), dtype=bool),
        "rural": people.setting == 1.0,
        "urban": people.setting == 0.0,
        "not known": np.isnan(people.setting),
    }
    return {name: mask for name, mask in rows.items() if name != "not known" or people.patients[mask].sum() > 0}


def people_table(people: People) -> pd.DataFrame:
    """Who the patients are: one row a population, and one for each attribute that the inputs do not hold."""
    settings = in_settings(people)
    rows: list[tuple[object, ...]] = [
        (
            one.family,
            one.key,
            one.label,
            float(one.patients.sum()),
            *(float(one.patients[settings[name]].sum()) if name in settings else 0.0 for name in SETTINGS[1:]),
            one.carried,
        )
        for one in people.populations
    ]
    rows += [("", "", label, np.nan, np.nan, np.nan, np.nan, sentence) for label, sentence in people.absent]
    return pd.DataFrame(rows, columns=list(PEOPLE_COLUMNS))


def summary_table(
    option: str,
    trips: Sequence[Trip],
    people: People,
    threshold: float,
    *,
    scenario: str = "",
    keys: Sequence[str] | None = None,
) -> pd.DataFrame:
    """The figures of some journeys by population and setting.

    Parameters
    ----------
    option, scenario
        Written into every row.
    trips
        The journeys.
    people
        Who lives in each row.
    threshold
        Minutes beyond which a journey is long.
    keys
        Only these populations.
    """
    chosen = [one for one in people.populations if keys is None or one.key in keys]
    every = np.column_stack([one.patients for one in chosen])
    parts = []
    for trip in trips:
        for setting, rows in in_settings(people).items():
            figures = pd.DataFrame(measure(trip, np.where(rows[:, None], every, 0.0), threshold))
            figures.insert(0, "setting", setting)
            figures.insert(0, "label", [one.label for one in chosen])
            figures.insert(0, "population", [one.key for one in chosen])
            for name, value in (("mode", trip.mode), ("journey", trip.journey)):
                figures.insert(0, name, value)
            # a population of a setting in which nobody of it lives says nothing
            parts.append(figures[(figures["people"] > 0) | (setting == "all")])
    table = pd.concat(parts, ignore_index=True)
    table.insert(0, "scenario", scenario)
    table.insert(0, "option", option)
    return table[list(SUMMARY_COLUMNS)]


def inequality_table(option: str, trips: Sequence[Trip], people: People) -> pd.DataFrame:
    """How much longer the journey of one population is than that of everybody else of whom it is known.

    The gap is the mean minutes of the population less those of the others, the ratio the one over the other; both over
    the people with a route. `gap_before` and `gap_after` are the gaps among those with the journey before and after,
    who alone can be compared.
    """
    known = {one.key: one for one in people.populations}
    rows = []
    for trip in trips:
        for key, other in _pairs(people):
            pair = np.column_stack([known[key].patients, known[other].patients])
            pair = np.where(trip.counted[:, None], pair, 0.0)
            mean, against = weighted_means(trip.after, pair)
            before = after = np.full(2, np.nan)
            if trip.before is not None:
                both = np.where(trip.compared[:, None], pair, 0.0)
                before, after = weighted_means(trip.before, both), weighted_means(trip.after, both)
            rows.append(
                (
                    option,
                    trip.journey,
                    trip.mode,
                    key,
                    known[key].label,
                    known[other].label,
                    *(float(total) for total in pair.sum(axis=0)),
                    mean,
                    against,
                    mean - against,
                    mean / against if against > 0 else np.nan,
                    before[0] - before[1],
                    after[0] - after[1],
                )
            )
    return pd.DataFrame(rows, columns=list(INEQUALITY_COLUMNS))


def _pairs(people: People) -> list[tuple[str, str]]:
    """The pairs that the inputs hold, and each further column of shares or counts against the others."""
    keys = {one.key for one in people.populations}
    pairs = [pair for pair in PAIRS if set(pair) <= keys]
    families = dict.fromkeys(one.family for one in people.populations if one.family.startswith("further_"))
    pairs += [(family, f"{family}_others") for family in families if {family, f"{family}_others"} <= keys]
    return pairs


def practices_table(
    option: str, trips: Sequence[Trip], people: People, place: Place, practice: NDArray[np.int64], plan: Plan
) -> pd.DataFrame:
    """What changes for the patients of each practice that the plan covers.

    Parameters
    ----------
    option, trips, people
        As for `summary_table`.
    place
        Practices by name.
    practice
        Position of the practice of each row among the sorted codes, shape (R,).
    plan
        The option.
    """
    codes = [str(code) for code in place.practices.sort_index().index]
    group_of, rows = plan.group_of, []
    of_practice = rows_by_practice(practice, len(codes))
    rural = [_mostly_rural(people, own) for own in of_practice]
    for trip in trips:
        for k, code in enumerate(codes):
            if code in group_of:
                figures = _before_and_after(trip, people.patients, of_practice[k])
                name = str(place.practices.at[code, "name"])
                key = (option, trip.journey, trip.mode, code, name, group_of[code].group_id, rural[k])
                rows.append((*key, *figures[:-1]))
    return pd.DataFrame(rows, columns=list(PRACTICE_COLUMNS))


def _mostly_rural(people: People, rows: NDArray[np.int64]) -> str:
    known = rows[~np.isnan(people.setting[rows])]
    total = people.patients[known].sum()
    if total <= 0:
        return "not known"
    return "rural" if (people.patients[known] * people.setting[known]).sum() >= total / 2 else "urban"


def groups_table(
    option: str,
    trips: Sequence[Trip],
    people: People,
    practice: NDArray[np.int64],
    practice_codes: Sequence[str],
    plan: Plan,
    named: Mapping[str, tuple[str, str]],
) -> pd.DataFrame:
    """What changes for the patients of each group.

    Parameters
    ----------
    option, trips, people, practice, plan
        As for `practices_table`.
    practice_codes
        Sorted codes, which `practice` counts.
    named
        Name and kind of each group.
    """
    position = {code: k for k, code in enumerate(practice_codes)}
    of_practice = rows_by_practice(practice, len(practice_codes))
    rows = []
    for trip in trips:
        for group in plan.groups:
            own = np.concatenate([of_practice[position[code]] for code in group.members])
            figures = _before_and_after(trip, people.patients, own)
            rows.append((option, group.group_id, *named[group.group_id], trip.journey, trip.mode, *figures))
    return pd.DataFrame(rows, columns=list(GROUP_COLUMNS))


def _before_and_after(
    trip: Trip, patients: NDArray[np.float64], rows: NDArray[np.int64]
) -> tuple[float, float, float, float, float, float, float, float]:
    """People, those without a route, mean; those compared, their means before and after and change; longest journey.

    The mean is over all with a route; before, after and change are over those with both journeys.
    """
    weight, after = patients[rows][:, None], trip.after[rows]
    known = ~np.isnan(after)
    compared = before = then = np.nan
    if trip.before is not None:
        both = np.where(trip.compared[rows][:, None], weight, 0.0)
        compared = float(both.sum())
        before, then = (float(weighted_means(minutes[rows], both)[0]) for minutes in (trip.before, trip.after))
    longest = float(after[known & (weight[:, 0] > 0)].max(initial=-np.inf))
    return (
        float(weight.sum()),
        float(weight[~known].sum()),
        float(weighted_means(after, weight)[0]),
        compared,
        before,
        then,
        then - before,
        longest if np.isfinite(longest) else np.nan,
    )
