"""Everything worked out about growth, before it is put into tables and sentences."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from grouping.growth.crossings import Crossing
from grouping.growth.forecast import Forecast
from grouping.growth.lists import Ages, Lists
from grouping.growth.rejudged import Rejudged
from grouping.growth.sums import Stated
from grouping.growth.timeline import Timeline, position
from grouping.programme.ground import Ground


@dataclass(frozen=True)
class Found:
    """Everything worked out about growth.

    Parameters
    ----------
    ground
        What it was worked out from.
    lists
        Whole lists by year.
    ages
        Patients by age, where the projections know ages.
    crossings
        Every line of every group.
    year
        The year in which the options are judged again.
    rejudged
        The options in that year; None where no later year is known.
    stated
        A stated growth beside ours.
    """

    ground: Ground
    lists: Lists
    ages: tuple[Ages, ...] = ()
    crossings: tuple[Crossing, ...] = ()
    year: int = 0
    rejudged: Rejudged | None = None
    stated: Stated | None = None

    @property
    def forecast(self) -> Forecast:
        """What is added to the registrations."""
        return self.lists.forecast

    @property
    def timeline(self) -> Timeline:
        """The years."""
        return self.lists.forecast.timeline

    @property
    def known(self) -> bool:
        """Whether there is a later year."""
        return self.timeline.moves

    @property
    def at(self) -> int:
        """Position of the year in which the options are judged again."""
        return position(self.timeline, self.year)

    @property
    def public(self) -> bool:
        """Whether it is for publication."""
        return self.ground.run.public


def group_lists(found: Found) -> pd.DataFrame:
    """Whole lists of the groups of the plan, index `group_id`, columns years."""
    made = {group.group_id: found.lists.of_group(group) for group in found.ground.plan.groups}
    return pd.DataFrame(np.array(list(made.values())), index=list(made), columns=list(found.forecast.years))
