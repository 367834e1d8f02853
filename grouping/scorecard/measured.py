"""What the inputs measure of each option under the six criteria, and these figures as marks from 0 to 1.

Indicators are those of the page of a run (`grouping.report.criteria`) and a few that a programme adds. Figures become
marks as they are *read*: rounded as the page prints them, so that a reader can do it again with a pencil. The worst
figure of the options gets 0, the best 1, the others lie between in proportion; where all read the same all have 1. The
mark of a criterion is the mean of its indicators. A figure that is not known for one option leaves its indicator out
for all of them, for the scale itself is then not known; it could be anything from 0 to 1 for each.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

from grouping.plain_words import is_missing, listed, option_title
from grouping.report.criteria import criteria_rows
from grouping.report.indicator import Criterion, Indicator, Value, cell
from grouping.result import Run
from grouping.scorecard.names import FULL
from grouping.scorecard.ranking import Mark

METHOD = (
    "Each figure is turned into a mark from 0, the worst of these options, to 1, the best of them, as it is printed; "
    "options that read the same have the same mark, and where all read the same all have 1. The mark of a criterion is "
    "the mean of its figures."
)
WEAKNESS = (
    "These marks depend on which options are compared: with one option more or less they can change, and so can the "
    "order. A difference nobody would notice counts in full if it is the largest among these options. They say nothing "
    "of what is not assessed."
)
"""How marks are made, and what is weak about it, as the page says it."""

_NUMBER = re.compile(r"[-−]?[\d,]*\d(?:\.\d+)?")


@dataclass(frozen=True)
class MarkedIndicator:
    """An indicator with the mark of each option; None where the figures cannot be compared, or no figure is better."""

    indicator: Indicator
    marks: tuple[Fraction, ...] | None

    @property
    def unknown(self) -> bool:
        """Whether it has a direction but is not known for every option."""
        return bool(self.indicator.direction) and self.marks is None


@dataclass(frozen=True)
class MarkedCriterion:
    """A criterion with its indicators and the mark of each option."""

    key: str
    name: str
    indicators: tuple[MarkedIndicator, ...]
    absent: tuple[str, ...]
    marks: tuple[Mark, ...]


@dataclass(frozen=True)
class Further:
    """Figures that other parts of a programme found, by option; an option may be missing.

    Parameters
    ----------
    first_share
        Share of the patients in groups at scale after the first wave.
    patient_waves
        Patients in groups at scale at the end of a wave, summed over the waves.
    breakable
        Patients in groups that would stand below their minimum if one of their practices handed back its contract.
    unproven
        Options whose rollout may not be the best there is: its search ended early.
    """

    first_share: Mapping[str, float]
    patient_waves: Mapping[str, float]
    breakable: Mapping[str, float]
    unproven: tuple[str, ...] = ()


NOTHING_FURTHER = Further({}, {}, {})


def measured(run: Run, further: Further = NOTHING_FURTHER) -> tuple[MarkedCriterion, ...]:
    """The six criteria with their indicators and marks.

    Parameters
    ----------
    run
        The run; of a public one what must stay in the house is no longer in it.
    further
        What other parts found.
    """
    options = [one.option.option_id for one in run.options]
    more = {} if run.public else _further(options, further)
    return tuple(_marked(one, more.get(one.key, []), len(options)) for one in criteria_rows(run))


def _marked(criterion: Criterion, more: Sequence[Indicator | str], options: int) -> MarkedCriterion:
    added = [one for one in more if isinstance(one, Indicator)]
    absent = (*criterion.absent, *(one for one in more if isinstance(one, str)))
    indicators = tuple(MarkedIndicator(one, marks_of(one)) for one in (*criterion.indicators, *added))
    marks = tuple(_mark(indicators, option) for option in range(options))
    return MarkedCriterion(criterion.key, FULL[criterion.key], indicators, absent, marks)


def _mark(indicators: Sequence[MarkedIndicator], option: int) -> Mark:
    """The mean over the indicators that are known; what is not known lies from 0 to 1."""
    known = [one.marks[option] for one in indicators if one.marks is not None]
    unknown = sum(one.unknown for one in indicators)
    if not known:
        return Mark(None, Fraction(0), Fraction(1))
    total = sum(known, Fraction(0))
    number = len(known) + unknown
    return Mark(total / len(known), total / number, (total + unknown) / number)


def marks_of(indicator: Indicator) -> tuple[Fraction, ...] | None:
    """The figures of an indicator as marks from 0 to 1; None where it favours nothing or one is not known."""
    figures = [as_read(value, indicator.kind) for value in indicator.figures]
    known = [figure for figure in figures if figure is not None]
    if not indicator.direction or len(known) < len(figures) or not known:
        return None
    low, high = min(known), max(known)
    if low == high:
        return tuple(Fraction(1) for _ in known)
    up = [(figure - low) / (high - low) for figure in known]
    return tuple(up if indicator.direction == "higher" else [1 - mark for mark in up])


def as_read(value: Value, kind: str) -> Fraction | None:
    """A figure as the page prints it, in the unit that it prints; None for a text, or what is not known."""
    if isinstance(value, str) or is_missing(value):
        return None
    found = _NUMBER.search(cell(value, kind))
    return None if found is None else Fraction(found.group().replace(",", "").replace("−", "-"))


def _further(options: Sequence[str], further: Further) -> dict[str, list[Indicator | str]]:
    """The indicators a programme adds, by criterion; a sentence where one is not known for every option."""

    def made(one: Indicator, found: Mapping[str, float], what: str) -> Indicator | str:
        known = sum(option in found for option in options)
        if known == len(options):
            return one
        told = f"for {known} of {len(options)} options only" if known else "for no option"
        return f"{what}: not assessed; worked out {told}."

    def figures(found: Mapping[str, float]) -> tuple[Value, ...]:
        return tuple(found.get(option) for option in options)

    early = ""
    if further.unproven:
        titles = listed([option_title(option) for option in further.unproven])
        early = f" Not proven for {titles}: the search for the rollout ended early, and a better one may exist."
    breakable = Indicator(
        "breakable",
        "Patients in groups that would fall below their minimum if one of their practices handed back its contract",
        "Each practice is tried alone; its patients go to the nearest practices that could take them. A test of the "
        "plan, not a forecast of any practice.",
        "lower",
        "people",
        "the part on what happens when a practice fails",
        figures(further.breakable),
    )
    first = Indicator(
        "at_scale_first",
        "Share of all patients in groups at scale after the first wave",
        "By the rollout of this option, worked out with the same waves and limits for every option; rounded down."
        + early,
        "higher",
        "reached",
        "the rollout",
        figures(further.first_share),
    )
    waves = Indicator(
        "patient_waves",
        "Patients in groups at scale at the end of a wave, summed over the waves",
        "The sooner groups are at scale, the larger it is. Where waves are years these are patient-years at scale."
        + early,
        "higher",
        "people",
        "the rollout",
        figures(further.patient_waves),
    )
    return {
        "quality": [made(breakable, further.breakable, "What happens when a practice fails")],
        "time": [
            made(first, further.first_share, "Share at scale after the first wave"),
            made(waves, further.patient_waves, "Patients at scale, summed over the waves"),
        ],
    }
