"""One option as it may be published."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pandas as pd

from geodata.place import Place
from geodata.travel import TravelTimes
from grouping.assess import areas_of
from grouping.impact.disclosure.counts import SMALL
from grouping.impact.result import Impact
from grouping.journeys import Journeys
from grouping.plan import Before
from grouping.problem import GroupingProblem
from grouping.public.figures import public_behind, public_groups, public_headline, public_score
from grouping.public.words import is_private, public_note, without_private_reason
from grouping.result import AssessedOption

MINUTES = ("minutes_routine", "minutes_hub", "minutes_hub_before")


def public_option(
    option: AssessedOption,
    place: Place,
    times: TravelTimes,
    *,
    problem: GroupingProblem | None = None,
    before: Before | None = None,
    impact: Impact | None = None,
    costed: bool = False,
) -> AssessedOption:
    """The option with figures that may be published.

    Parameters
    ----------
    option
        With every figure.
    place, problem
        Already public; their registrations are what the minutes of areas are worked out from. Without a problem those
        of the option are taken, rounded.
    times, before
        Of the run.
    impact
        Already public, or None.
    costed
        Whether the score counts the cost of hubs, or patients of groups that lean on a vulnerable practice. It is not
        told then: what it holds besides is published.
    """
    plan, patients = option.option, float(option.headline.get("patients") or 0.0)
    return replace(
        option,
        option=replace(
            plan,
            objective=math.nan if costed else public_score(plan.objective, patients),
            behind_best=public_behind(plan.behind_best, patients),
        ),
        groups=public_groups(_with_reasons(option.groups), impact, plan.option_id),
        areas=public_areas(option, place, times, problem=problem, before=before),
        notes=_notes(option.notes),
        headline=public_headline(option.headline, impact, plan.option_id),
        verification=_verification(option.verification),
    )


def _with_reasons(groups: pd.DataFrame) -> pd.DataFrame:
    """The table of groups with the reasons of granted exceptions that may be published."""
    return groups.assign(exception=[without_private_reason(str(text)) for text in groups["exception"]])


def _notes(notes: pd.DataFrame) -> pd.DataFrame:
    """Remarks on groups; those that tell of private columns are gone."""
    made = notes.assign(note=[public_note(str(note)) for note in notes["note"]])
    return _kept(made, made["note"])


def _kept(table: pd.DataFrame, texts: pd.Series) -> pd.DataFrame:
    """The rows whose text does not speak of what stays in the house."""
    return table[np.array([not is_private(str(text)) for text in texts], dtype=bool)].reset_index(drop=True)


def _verification(table: pd.DataFrame) -> pd.DataFrame:
    """What was checked and whether it agrees, without the numbers found and without claims about private columns."""
    made = _kept(table, table["claim"]).assign(detail="")
    return made.assign(faults=[()] * len(made)) if "faults" in made else made


def public_areas(
    option: AssessedOption,
    place: Place,
    times: TravelTimes,
    *,
    problem: GroupingProblem | None,
    before: Before | None,
) -> pd.DataFrame:
    """Minutes of each area in whole minutes, of the patients that public registrations know; no number of patients.

    A mean to the hub tells how many of an area's patients go with which group. Worked out from public registrations it
    tells nothing of fewer than 8 patients of a practice, and beside printed means of the communities whole minutes
    leave room for them.
    """
    if problem is None:
        table = option.areas[option.areas["patients"] >= SMALL]
    else:
        journeys = Journeys.of(place, times, problem)
        table = areas_of(option.option.plan, problem, journeys, times, before=before)
        if option.areas["minutes_hub_before"].isna().all():
            table = table.assign(minutes_hub_before=np.nan)
    table = table.drop(columns="patients").reset_index(drop=True)
    return table.assign(**{name: np.floor(table[name] + 0.5) for name in MINUTES if name in table})
