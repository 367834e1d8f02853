"""Puts the log and the history of an option together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from grouping.engagement.difference import Difference, difference_of
from grouping.engagement.names import TODAY
from grouping.engagement.origins import PLAN, Source, Sources, Step, chain_of, steps_of
from grouping.engagement.remarks import Log, log_of
from grouping.named_table import NamedTable
from grouping.programme.ground import Ground

if TYPE_CHECKING:
    from grouping.engagement.view import EngagementView


@dataclass(frozen=True)
class Link:
    """One step of the history with what changed in it.

    Parameters
    ----------
    step
        The row of the history.
    before, now
        The plans; None where they cannot be read here.
    difference
        What changed between them; None without one of them.
    """

    step: Step
    before: Source | None
    now: Source | None
    difference: Difference | None


@dataclass(frozen=True)
class Engagement:
    """What was said, and where the options come from.

    Parameters
    ----------
    ground
        The option.
    log
        The remarks that may be told here.
    links
        Every step of the history that may be told, by the plan it led to.
    chains
        Option -> the plans it came from, the earliest first, as keys of `links`; empty for one without a history.
    hidden
        Options whose history is not published.
    """

    ground: Ground
    log: Log
    links: dict[str, Link]
    chains: dict[str, tuple[str, ...]]
    hidden: tuple[str, ...] = ()

    @property
    def lines(self) -> tuple[str, ...]:
        """The answer in a few sentences."""
        from grouping.engagement.words import lines_of  # noqa: PLC0415 - words read what is defined here

        return lines_of(self)

    @property
    def tables(self) -> tuple[NamedTable, ...]:
        """The tables in full."""
        from grouping.engagement.tables import tables_of  # noqa: PLC0415

        return tables_of(self)

    @property
    def view(self) -> EngagementView:
        """What the page prints."""
        from grouping.engagement.view import view_of  # noqa: PLC0415

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


def is_file(key: str) -> bool:
    """Whether a plan of the history is a file, and neither an option nor today's groups."""
    return key != TODAY and key.casefold().endswith(PLAN)
