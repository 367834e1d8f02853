"""How lists grow: year by year, by practice and group, and what that does to the groups and options of a run.

Two tables of the case speak of later years. Projections give the residents of areas, in all and by age; a practice
grows with the residents of the areas its patients live in, each row of the registrations by itself. Planned homes bring
people to an area from their year on, who register as the patients there do. Official projections carry past trends
forward and hold no local plan, but new homes are part of those trends: so the two are not added up unless the planner
says so, and the page shows all three ways of counting beside each other.

`timeline` says from which year to which, `residents` and `homes` read the tables, `forecast` joins them with the
registrations, `lists` makes whole lists of it. `crossings` finds the first year a group is on the other side of a line,
`rejudged` measures every option on the lists of a year, `sums` says where every person of the tables went.
"""

from __future__ import annotations

import pandas as pd

from grouping.growth.part import ListGrowth, growth_of, public_growth
from grouping.growth.told import problems
from grouping.programme.ground import Ground

__all__ = ["ListGrowth", "growth_of", "problems", "public_growth", "template_tables"]


def template_tables(ground: Ground) -> dict[str, pd.DataFrame]:
    """No table of `programme.toml` is of this part: projections and homes are tables of the case."""
    return {}
