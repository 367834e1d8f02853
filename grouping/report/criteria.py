"""The options against the six criteria used for reconfiguration: what the inputs tell under each, and what they do not.

First the data (`criteria_rows`: criteria, their indicators, a figure for each option), then texts (`criteria_view`).
Nothing is added up: the criteria are not weighed against each other, no option is called the best, and where the inputs
hold nothing the page says "not assessed". What is worked out under each criterion stands in `grouping.report.evidence`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from grouping.plain_words import option_title
from grouping.report import evidence
from grouping.report.indicator import Criterion, Indicator, best_in_words, cell
from grouping.result import Run

__all__ = ["Criterion", "Indicator", "criteria_rows", "criteria_texts", "criteria_view"]

SIX: tuple[tuple[str, str, Callable[[evidence.Ground], list[Indicator | str]]], ...] = (
    ("quality", "Quality", evidence.quality),
    ("access", "Access", evidence.access),
    ("affordability", "Affordability and value for money", evidence.affordability),
    ("workforce", "Workforce", evidence.workforce),
    ("time", "Time to deliver", evidence.time_to_deliver),
    ("other", "Other: research and education", evidence.other),
)
"""Key, name and what is told of each of the criteria used for reconfiguring services, in their order."""


@dataclass(frozen=True)
class IndicatorText:
    """An indicator as texts: one cell an option, and which options it favours, in words."""

    label: str
    definition: str
    direction: str
    source: str
    cells: tuple[str, ...]
    best: str


@dataclass(frozen=True)
class CriterionText:
    """A criterion as texts."""

    key: str
    name: str
    rows: tuple[IndicatorText, ...]
    absent: tuple[str, ...]


def criteria_rows(run: Run) -> tuple[Criterion, ...]:
    """The six criteria with a figure of every indicator for each option of the run.

    Parameters
    ----------
    run
        The run; in public mode what must stay in the house is no longer in it, and such indicators say so.
    """
    if not run.options:
        return ()
    ground = evidence.Ground(run)
    return tuple(_criterion(key, name, tell(ground)) for key, name, tell in SIX)


def _criterion(key: str, name: str, told: Sequence[Indicator | str]) -> Criterion:
    """Indicators, and the sentences about what is absent, each in its place."""
    return Criterion(
        key,
        name,
        tuple(one for one in told if isinstance(one, Indicator)),
        tuple(one for one in told if isinstance(one, str)),
    )


def criteria_view(run: Run) -> tuple[CriterionText, ...]:
    """The criteria as texts for the page."""
    titles = [option_title(option.option.option_id) for option in run.options]
    return criteria_texts(criteria_rows(run), titles)


def criteria_texts(criteria: Iterable[Criterion], titles: Sequence[str]) -> tuple[CriterionText, ...]:
    """Criteria as texts; `titles` is what the options are called, in the order of the figures."""
    return tuple(
        CriterionText(
            one.key,
            one.name,
            tuple(
                IndicatorText(
                    indicator.label,
                    indicator.definition,
                    f"{indicator.direction} is better" if indicator.direction else "neither is better",
                    indicator.source,
                    tuple(cell(value, indicator.kind) for value in indicator.figures),
                    best_in_words(indicator, titles),
                )
                for indicator in one.indicators
            ),
            one.absent,
        )
        for one in criteria
    )
