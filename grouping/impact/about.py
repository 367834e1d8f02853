"""What an evidence pack says about itself: the place, the rules and the sources its figures rest on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from grouping.report.method import attribution_lines

if TYPE_CHECKING:
    from grouping.prepared import Prepared
    from grouping.result import Run

DRAFT = "Draft for discussion. Not a decision."


@dataclass(frozen=True)
class About:
    """The case behind an impact.

    Parameters
    ----------
    place
        Name of the case.
    made_up
        Whether its data are invented.
    estimate
        Whether minutes by car are straight-line estimates.
    rules
        Title, name and version of the rule set.
    attributions
        Lines that the licences of the inputs ask for.
    sources
        Table, file, date and SHA-256 of each file that was read.
    run_id
        The run the options come from; empty for plans from elsewhere.
    """

    place: str
    made_up: bool = False
    estimate: bool = False
    rules: str = ""
    attributions: tuple[str, ...] = ()
    sources: tuple[tuple[str, str, str, str], ...] = ()
    run_id: str = ""

    @property
    def title(self) -> str:
        """Title of the pack and of its page."""
        return f"Travel-time impact for {self.place}"


def about_of(source: Prepared | Run) -> About:
    """The facts about a prepared case or a run; both hold a place, rules and times."""
    rules = source.rules
    return About(
        place=source.place.name,
        made_up=source.place.made_up,
        estimate=source.times.method.estimate,
        rules=f"{rules.title} ({rules.name}, version {rules.version})",
        attributions=tuple(attribution_lines(source)),
        sources=tuple((one.table, one.file, one.vintage, one.sha256) for one in source.place.sources),
        run_id=getattr(source, "run_id", ""),
    )
