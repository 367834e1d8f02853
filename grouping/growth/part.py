"""The part of a programme about growth: lists by year, what crosses which line, and the options judged again."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property

import pandas as pd

from grouping.growth.crossings import crossings_of
from grouping.growth.forecast import Case, forecast_of
from grouping.growth.found import Found
from grouping.growth.lines import lines_of
from grouping.growth.lists import ages_of, lists_of
from grouping.growth.rejudged import rejudge
from grouping.growth.sums import stated_of
from grouping.growth.tables import tables_of
from grouping.growth.timeline import position
from grouping.growth.view import View, view_of
from grouping.named_table import NamedTable
from grouping.programme.ground import Ground
from grouping.programme.public import public_ground


@dataclass(frozen=True)
class ListGrowth:
    """Lists carried forward.

    Parameters
    ----------
    years
        From the year of today's lists (0 where it is not known) to the last one known, every year.
    lists
        Registered patients, index `practice_code` (the practices of the plan), columns years. Those of the first year
        are the lists of today, to the last bit; later ones are not rounded (for the public to the nearest 5).
    known
        Whether the case holds anything of later years; if not there is the first year only.
    lines
        The answer in sentences.
    tables
        `growth-practices`, `growth-groups`, `growth-crossings`, `growth-options`, `growth-sums`, `growth-ways`,
        `growth-homes` and `growth-stated`, those there is something for.
    found
        What they were made from.
    """

    years: tuple[int, ...]
    lists: pd.DataFrame
    known: bool
    lines: tuple[str, ...]
    tables: tuple[NamedTable, ...]
    found: Found = field(repr=False, compare=False)

    @cached_property
    def view(self) -> View:
        """The texts of the page."""
        return view_of(self.found)


def growth_of(ground: Ground) -> ListGrowth:
    """Carry the lists of a run forward, and judge its groups and options by them.

    Parameters
    ----------
    ground
        An option of a run and what the planner says. Of a public ground everything is worked out from the registrations
        that may be published.

    Raises
    ------
    VerificationFailed
        The independent check disagrees with a figure of an option judged again.
    """
    settings = ground.settings.growth
    forecast = forecast_of(Case.of(ground), settings)
    lists = lists_of(forecast, public=ground.run.public)
    found = Found(ground, lists)
    if forecast.timeline.moves:
        year = forecast.years[position(forecast.timeline, settings.year or forecast.timeline.last)]
        found = Found(
            ground,
            lists,
            ages_of(forecast),
            crossings_of(ground, lists),
            year,
            rejudge(lists, position(forecast.timeline, year)),
            stated_of(forecast, settings),
        )
    shown = forecast.lists
    if ground.run.public:
        shown = pd.DataFrame(lists.whole.T.astype(float), index=shown.index, columns=shown.columns)
    table = shown.loc[list(ground.plan.practice_codes)]
    return ListGrowth(
        forecast.years, table, forecast.timeline.moves, lines_of(found), tables_of(found), found
    )  # fmt: skip


def public_growth(grown: ListGrowth) -> ListGrowth:
    """The growth as it may be published: worked out anew from the public registrations.

    A list of later years tells how many patients a practice has in an area where homes are planned; rounding it would
    not hide that. From registrations without small counts it tells no more than these do.
    """
    if grown.found.public:
        return grown
    return growth_of(public_ground(grown.found.ground))
