"""What an engagement log and the history of the options come to, before any words."""

from __future__ import annotations

from dataclasses import dataclass

from grouping.engagement.difference import Difference
from grouping.engagement.origins import Source, Step
from grouping.engagement.remarks import Log
from grouping.programme.ground import Ground


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
class Found:
    """What was said, and where the options come from: data alone (see `part.Engagement`).

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
