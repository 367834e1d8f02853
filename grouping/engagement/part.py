"""Puts the log and the history of an option together."""

from __future__ import annotations

from dataclasses import dataclass

from grouping.engagement.difference import difference_of
from grouping.engagement.found import Found, Link
from grouping.engagement.origins import Sources, chain_of, steps_of
from grouping.engagement.remarks import log_of
from grouping.engagement.tables import tables_of
from grouping.engagement.view import EngagementView, view_of
from grouping.engagement.words import lines_of
from grouping.named_table import NamedTable
from grouping.programme.ground import Ground


@dataclass(frozen=True)
class Engagement(Found):
    """What was said, and where the options come from, with its words."""

    @property
    def lines(self) -> tuple[str, ...]:
        """The answer in a few sentences."""
        return lines_of(self)

    @property
    def tables(self) -> tuple[NamedTable, ...]:
        """The tables in full."""
        return tables_of(self)

    @property
    def view(self) -> EngagementView:
        """What the page prints."""
        return view_of(self)


def engagement_of(ground: Ground) -> Engagement:
    """Read the log and work out what changed from plan to plan.

    Parameters
    ----------
    ground
        The option, its run, and the planner's tables `engagement` and `history`; a public one tells only what is
        marked for publication.
    """
    public = ground.run.public
    every = steps_of(ground)
    steps = {key: step for key, step in every.items() if step.public or not public}
    sources = Sources(ground)
    lists = ground.practices["list_size"].astype(int).to_dict()
    links = {}
    for key, step in steps.items():
        before, now = sources.get(step.came_from), sources.get(key)
        known = before is not None and now is not None
        links[key] = Link(step, before, now, difference_of(before.plan, now.plan, lists) if known else None)
    options = [one.option.option_id for one in ground.run.options]
    chains = {option: tuple(step.plan for step in chain_of(option, steps)) for option in options}
    hidden = tuple(option for option in options if option in every and option not in steps)
    return Engagement(ground, log_of(ground), links, chains, hidden)
