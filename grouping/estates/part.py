"""The part of a programme on buildings: facts, sums, stated totals beside them, and how they are told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from grouping.estates import words
from grouping.estates.buildings import buildings
from grouping.estates.figures import AllFigures, all_figures
from grouping.estates.grades import FACET_WORDS, Grade, grades
from grouping.estates.stated import Stated, reconcile
from grouping.estates.tables import grades_table, groups_table, sites_table, totals_table
from grouping.estates.view import Shown, grades_shown, groups_shown, sites_shown, stated_shown

if TYPE_CHECKING:
    import pandas as pd

    from grouping.named_table import NamedTable
    from grouping.programme.ground import Ground

TELLING_FIGURES = ("floor_area_m2", "annual_cost", "investment_cost")
TELLING_WORDS = (*FACET_WORDS, "scheme")
"""Columns that say something of a building. Whether a site is committed is known of places that say nothing else."""


@dataclass(frozen=True)
class Estates:
    """What is known of the buildings of a plan.

    Parameters
    ----------
    lines
        The answer in sentences.
    tables
        Tables in full; none where nothing is known.
    known
        Whether anything is known of buildings.
    buildings
        One row a site, see `grouping.estates.buildings.buildings`.
    figures
        Sums by group and in all.
    stated
        The stated totals beside ours; none for the public.
    graded
        Sites by label.
    m2_per_1000
        Floor area that 1,000 patients need, or None.
    public
        Whether it is for publication.
    """

    lines: tuple[str, ...]
    tables: tuple[NamedTable, ...]
    known: bool
    buildings: pd.DataFrame
    figures: AllFigures
    stated: tuple[Stated, ...] = ()
    graded: tuple[Grade, ...] = ()
    m2_per_1000: float | None = None
    public: bool = False

    @property
    def shown(self) -> dict[str, Shown]:
        """The tables as the page prints them: `groups`, `stated`, `grades` and `sites`, as far as there are any."""
        if not self.known:
            return {}
        made = {"groups": groups_shown(self.figures, self.m2_per_1000)}
        if self.stated:
            made["stated"] = stated_shown(self.stated)
        if self.graded:
            made["grades"] = grades_shown(self.graded, len(self.buildings))
        return made | {"sites": sites_shown(self.buildings, public=self.public)}


def estates_of(ground: Ground) -> Estates:
    """What is known of the buildings of an option.

    Parameters
    ----------
    ground
        The option. For the public only what its place still holds: floor areas, and sites that are committed to.
    """
    table = buildings(ground)
    figures, public = all_figures(ground, table), ground.run.public
    told = table[list(TELLING_FIGURES)].notna().any(axis=None) or (table[list(TELLING_WORDS)] != "").any(axis=None)
    if not told:
        return Estates(words.nothing_known(ground), (), False, table, figures, public=public)
    need = ground.settings.estates.m2_per_1000
    stated, graded = reconcile(ground, table, figures), grades(ground, table)
    tables = [groups_table(figures, need), sites_table(table)]
    if stated:
        tables.append(totals_table(stated))
    if graded:
        tables.append(grades_table(graded, len(table)))
    lines = words.sentences(ground, table, figures, stated)
    return Estates(lines, tuple(tables), True, table, figures, stated, graded, need, public)
