"""The buildings of a plan: what is known of every site, what groups have together, and whether stated totals agree.

Everything comes from the sites table: floor area, cost, the labels of a survey of premises in the planner's own scale
(condition, functional suitability, quality or use of space: the facets that such surveys grade), tenure, schemes and
what an investment would cost. Nothing is guessed: a cell that is empty is counted as not known and never as 0, a sum is
that of the sites that tell a figure, and which labels mean "modern" or "needs major investment" is for the planner to
say (`[estates]` in `programme.toml`).

Patients of a practice with several sites are shared over them by the nearest one by car from where they live, by the
registrations. They may well go elsewhere: this is who lives nearest, not who comes.

`buildings` makes the one table that everything reads (site options, too); `figures` sums it up, `stated` compares it
with `[totals]` of the case, `grades` counts labels; `words`, `view` and `tables` tell it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from grouping.estates.buildings import buildings
from grouping.estates.checks import problems
from grouping.estates.part import Estates, estates_of

if TYPE_CHECKING:
    import pandas as pd

    from grouping.programme.ground import Ground

__all__ = ["Estates", "buildings", "estates_of", "problems", "template_tables"]


def template_tables(ground: Ground) -> dict[str, pd.DataFrame]:
    """No table of its own: everything stands in the sites table of the case."""
    return {}
