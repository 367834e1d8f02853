"""The rollout of an option with its words, tables and page, and what of it may be published."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

from grouping.named_table import NamedTable
from grouping.rollout.result import Found
from grouping.rollout.say import lines_of
from grouping.rollout.tables import tables_of
from grouping.rollout.view import RolloutView, view_of


@dataclass(frozen=True)
class Rollout(Found):
    """The rollout of one option, with its words."""

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """Two to four plain sentences, the answer first."""
        return lines_of(self)

    @cached_property
    def tables(self) -> tuple[NamedTable, ...]:
        """The tables for workbook, CSV files and audit."""
        return tables_of(self)

    @cached_property
    def view(self) -> RolloutView:
        """What the template prints."""
        return view_of(self)


def public_rollout(rollout: Rollout) -> Rollout:
    """The same schedule without what must not leave the house: reasons, readiness and vulnerable practices.

    Where the waves of the groups may be published (`publishable`), what remains is which group starts when and is at
    scale when, and the shares reached; of the proof only the shortfall. Not which groups the planner wants first, nor
    the most that could be reached: with the lists, which are published, that sum tells which groups are ready by then.

    Else the waves and what they aim at remain. Even the patients reached by a wave would tell which groups these are,
    for hardly ever have two sets of groups the same number of patients.
    """
    made = replace(
        rollout,
        groups=tuple(replace(row, first=False, ready=None, waiting=None, reason="") for row in rollout.groups),
        practices=(),
        question=None,
        stages=rollout.stages[:1],
        misses=(),
        missed_words=(),
        notes=(),
        definitions=tuple((word, what) for word, what in rollout.definitions if word in PUBLIC_DEFINITIONS),
        public=True,
    )
    if rollout.publishable:
        return made
    aims = (replace(row, groups=(), groups_patients=0, groups_practices=0, at_scale=None) for row in rollout.milestones)
    return replace(
        made,
        start={},
        formed={},
        reached=(),
        reached_all=(),
        reached_meeting=(),
        groups=(),
        milestones=tuple(aims),
        stages=(),
        definitions=(),
        first_share=None,
        told=False,
    )


PUBLIC_DEFINITIONS = ("At scale", "Share reached")
"""Words whose definitions tell nothing of readiness."""
