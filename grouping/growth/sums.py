"""Where every person of the tables went: residents and homes of the inputs against patients on the lists."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from grouping.growth.forecast import Forecast, otherwise
from grouping.growth.homes import BUILT, COUNTED, HELD, LATER, OUTSIDE, SET_ASIDE, UNDATED
from grouping.growth.lists import Lists, lists_of
from grouping.growth.timeline import position
from grouping.impact.growth import over_the_border
from grouping.plan import Group
from grouping.programme.ground import Ground
from grouping.programme.settings import GrowthSettings

WAYS = {
    "projections": "Projected residents; homes only where nothing is projected",
    "housing": "Planned homes alone",
    "both": "Projected residents and all planned homes, added up",
}
"""The three ways of counting, which stand beside each other because a projection may or may not hold the homes."""


def sums_table(lists: Lists) -> pd.DataFrame:
    """One row a year: residents of the inputs, patients, and everything between them.

    Notes
    -----
    In every row, exactly (the columns are those of the table):
    `residents_more = residents - residents_today`;
    `patients_by_projection = residents_more - residents_more_without_patients - residents_more_not_used +
    patients_are_not_residents`;
    `homes_people = homes_counted + homes_held + homes_outside + homes_built + homes_later + homes_no_later_year`;
    `patients = patients_today + patients_by_projection + homes_counted`;
    `lists_whole = patients + rounding`.
    """
    forecast = lists.forecast
    rows = []
    for y, year in enumerate(forecast.years):
        row: dict[str, object] = {"year": year, **_residents(forecast, y), **_homes(forecast, y)}
        today = float(forecast.case.problem.list_size.sum())
        exact = float(forecast.lists.iloc[:, y].sum())
        whole = int(lists.whole[y].sum())
        row |= {
            "patients_today": today,
            "patients_projected_areas": _patients_known(forecast),
            "patients": exact,
            "patients_more": exact - today,
            "lists_whole": whole,
            "rounding": whole - exact,
        }
        rows.append(row)
    return pd.DataFrame(rows)


def _patients_known(forecast: Forecast) -> float:
    """Patients of today who live in areas with a projection."""
    if forecast.residents is None:
        return 0.0
    return float(forecast.registered[forecast.residents.known].sum())


def _residents(forecast: Forecast, y: int) -> dict[str, float]:
    """Residents of areas with a projection, and how far the patients follow them."""
    added = float((forecast.case.journeys.patients * forecast.projected[y]).sum())
    residents = forecast.residents
    if residents is None:
        nothing = dict.fromkeys(
            ("residents_today", "residents", "residents_with_patients", "residents_more",
             "residents_more_without_patients", "residents_more_not_used", "patients_are_not_residents"), np.nan,
        )  # fmt: skip
        return {**nothing, "patients_by_projection": added}
    known, somebody = residents.known, forecast.registered > 0
    then, now = np.where(known, residents.people[y], 0.0), np.where(known, residents.people[0], 0.0)
    more = then - now
    without = float(more[~somebody].sum())
    unused = 0.0 if forecast.uses_projections else float(more[somebody].sum())
    return {
        "residents_today": float(now.sum()),
        "residents": float(then.sum()),
        "residents_with_patients": float(then[somebody].sum()),
        "residents_more": float(more.sum()),
        "residents_more_without_patients": without,
        "residents_more_not_used": unused,
        "patients_are_not_residents": added - (float(more.sum()) - without - unused),
        "patients_by_projection": added,
    }


def _homes(forecast: Forecast, y: int) -> dict[str, float]:
    """People of the planned homes, those counted by the year and those who are not."""
    homes = forecast.homes
    if homes is None:
        return dict.fromkeys(
            ("homes_people", "homes_counted", "homes_held", "homes_outside", "homes_built", "homes_later",
             "homes_no_later_year"), 0.0,
        )  # fmt: skip
    counted = float(homes.people[y].sum())
    ever = homes.of_status(COUNTED, UNDATED)
    return {
        "homes_people": float(homes.table["people"].sum()),
        "homes_counted": counted,
        "homes_held": homes.of_status(HELD),
        "homes_outside": homes.of_status(OUTSIDE),
        "homes_built": homes.of_status(BUILT),
        "homes_later": homes.of_status(LATER) + ever - counted,
        "homes_no_later_year": homes.of_status(SET_ASIDE),
    }


@dataclass(frozen=True)
class Stated:
    """A stated growth beside that of the tables.

    Parameters
    ----------
    people, by
        As stated, and for which year.
    year
        The year compared: `by`, or the nearest year known.
    residents
        People more by the tables: residents of the areas of the case as projected, and the people of counted homes.
    patients
        Patients more on the lists.
    held
        People of planned homes that the projections are taken to hold.
    """

    people: int
    by: int
    year: int
    residents: float
    patients: float
    held: float

    @property
    def difference(self) -> float:
        """People of the tables less the stated ones."""
        return self.residents - self.people

    @property
    def share(self) -> float:
        """People of the tables as a share of the stated ones; NaN where nobody is stated."""
        return self.residents / self.people + 0.0 if self.people else float("nan")


def stated_of(forecast: Forecast, settings: GrowthSettings) -> Stated | None:
    """The stated growth, None where none is stated. Areas over the border are not of the case and do not count."""
    if settings.stated_people is None or not forecast.timeline.moves:
        return None
    by = settings.stated_by or forecast.timeline.last
    y = position(forecast.timeline, by)
    own = ~over_the_border(forecast.case.place)
    residents = 0.0
    if forecast.uses_projections and forecast.residents is not None:
        here = forecast.residents.known & own
        residents = float((forecast.residents.people[y] - forecast.residents.people[0])[here].sum())
    counted, held = 0.0, 0.0
    if forecast.homes is not None:
        counted, held = float(forecast.homes.people[y].sum()), forecast.homes.of_status(HELD)
    patients = float(forecast.lists.iloc[:, y].sum() - forecast.lists.iloc[:, 0].sum())
    return Stated(settings.stated_people, by, forecast.years[y], residents + counted, patients, held)


def ways_table(ground: Ground, lists: Lists) -> pd.DataFrame:
    """One row a way of counting: patients more in the last year, and groups beyond their limits."""
    rows = []
    for way, words in WAYS.items():
        made = otherwise(lists.forecast, ground.settings.growth, way)
        then = lists if made is lists.forecast else lists_of(made, public=ground.run.public)
        last = len(then.whole) - 1
        sizes = [(then.of_group(group)[last], _limits(ground, then, group)) for group in ground.plan.groups]
        more = float(made.lists.iloc[:, -1].sum() - made.lists.iloc[:, 0].sum())
        rows.append(
            {
                "way": way,
                "words": words,
                "taken": "yes" if way == lists.forecast.together else "no",
                "last_year": made.timeline.last,
                "patients_more": more,
                "below_minimum": sum(int(size < low) for size, (low, _) in sizes),
                "above_maximum": sum(int(size > high) for size, (_, high) in sizes),
            }
        )
    return pd.DataFrame(rows)


def _limits(ground: Ground, lists: Lists, group: Group) -> tuple[int, int]:
    kind = str(ground.groups.at[group.group_id, "kind"]) if ground.run.public else None
    limits = lists.limits(group, kind)
    return int(limits.minimum[-1]), int(limits.maximum[-1])
