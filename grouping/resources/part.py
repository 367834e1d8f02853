"""Puts together what the groups of an option need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from grouping.named_table import NamedTable
from grouping.programme.ground import Ground
from grouping.resources.needs import Found, lists_now, lists_projected, scenario_of
from grouping.resources.ratios import ratios_of
from grouping.resources.tables import tables_of
from grouping.resources.view import ResourcesView, view_of
from grouping.resources.words import lines_of

if TYPE_CHECKING:
    from grouping.growth import ListGrowth
    from grouping.rollout import Rollout


@dataclass(frozen=True)
class Resources(Found):
    """What an option needs, with its words."""

    @property
    def lines(self) -> tuple[str, ...]:
        """The answer in a few sentences."""
        return lines_of(self)

    @property
    def tables(self) -> tuple[NamedTable, ...]:
        """The tables in full."""
        return tables_of(self)

    @property
    def view(self) -> ResourcesView:
        """What the page prints."""
        return view_of(self)


def resources_of(ground: Ground, rollout: Rollout, growth: ListGrowth) -> Resources:
    """What the groups of an option need.

    Parameters
    ----------
    ground
        The option, and the planner's table `ratios` (the built-in one where there is none).
    rollout
        When each group starts and is at scale.
    growth
        The lists of the coming years.
    """
    waves = tuple(wave.name for wave in rollout.waves)
    ratios = ratios_of(ground, waves)
    now, later = lists_now(ground), lists_projected(ground, growth)
    return Resources(
        ground,
        ratios,
        ground.inputs.table("ratios") is None,
        waves,
        scenario_of(now, ratios, rollout),
        None if later is None else scenario_of(later, ratios, rollout),
        rollout.told,
    )
