"""From a ground to the plain arrays of the question."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from grouping.site_choice.question import Question

if TYPE_CHECKING:
    from grouping.programme.ground import Ground


def question_of(ground: Ground, facts: pd.DataFrame) -> Question:
    """The question about the sites of a case.

    Parameters
    ----------
    ground
        With the case behind the run (`ready`).
    facts
        Buildings (see `grouping.estates.buildings`): `major`, `committed`, `investment_cost`, `floor_area_m2`.
    """
    ready, said = ground.ready, ground.settings.site_options
    journeys, place = ready.journeys, ready.place
    practices = ready.problem.practice_codes
    of_plan = np.array([code in ground.group_of for code in practices], dtype=bool)
    owner = pd.Index(practices).get_indexer(place.sites["practice_code"])
    committed = facts["committed"].to_numpy(dtype=bool)
    major = facts["major"].tolist()
    return Question(
        site_codes=tuple(str(code) for code in place.sites.index),
        practice_codes=practices,
        area_codes=journeys.area_codes,
        owner=owner.astype(np.int64),
        needs=np.array([value is True for value in major], dtype=bool) & ~committed,
        sound=np.array([value is False for value in major], dtype=bool) | committed,
        asked=(owner >= 0) & of_plan[owner],
        cost=cost_of(facts, said.cost_per_m2),
        practice=journeys.practice,
        area=journeys.area,
        patients=journeys.patients,
        minutes=journeys.to_site,
        budget=float(said.budget),
        beyond=float(said.beyond_minutes),
        longer=float(said.longer_minutes),
    )


def cost_of(facts: pd.DataFrame, per_m2: float) -> np.ndarray:
    """Pounds that put each site right: as the sites table says, else floor area x price; NaN where not known."""
    stated = facts["investment_cost"].to_numpy(dtype=float)
    by_area = facts["floor_area_m2"].to_numpy(dtype=float) * per_m2 if per_m2 > 0 else np.full(len(facts), np.nan)
    # no floor area at all is a gap in the table, not a building that costs nothing
    by_area = np.where(by_area > 0, by_area, np.nan)
    return np.where(np.isfinite(stated), stated, by_area)
