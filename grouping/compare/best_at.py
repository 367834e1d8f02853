"""What each plan is best at, by the indicators of the six criteria; ties are told, nothing is added up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from grouping.compare.comparison import Compared, Comparison, same_for_all, threshold_of
from grouping.plain_words import listed
from grouping.report.criteria import criteria_rows
from grouping.report.indicator import Criterion, Indicator, best_options, cell
from grouping.report.today import todays_groups

NO_WINNER = "Nothing is added up here and no plan is the winner: how much each of these matters is for people to say."

AGAINST_BEFORE = ("share_longer", "share_longer_rural", "share_shorter")
"""Indicators that hold a plan against the hub services of before."""


@dataclass(frozen=True)
class Best:
    """Who is best in one indicator.

    Parameters
    ----------
    criterion
        Name of the criterion it stands under.
    key, label, definition
        The indicator, its label complete in itself.
    word
        What is better: `lowest`, `highest`, `fewest`, `most`, `smallest share of`, `largest share of`.
    shown
        Per plan what is printed.
    plans
        Positions of the plans with the best value as it is printed; all of them where there is no difference.
    """

    criterion: str
    key: str
    label: str
    definition: str
    word: str
    shown: tuple[str, ...]
    plans: tuple[int, ...]

    @property
    def no_difference(self) -> bool:
        """Whether all plans are alike in it."""
        return len(self.plans) == len(self.shown)

    @property
    def said(self) -> str:
        """What a plan is best at, for a sentence: `fewest groups below their minimum`."""
        return f"{self.word} {self.label[:1].lower()}{self.label[1:]}"


def best_at(comparison: Comparison) -> tuple[Best, ...]:
    """The best plans in each indicator in which the plans can be held against each other.

    What is printed alike is alike (`grouping.report.indicator.best_options`). An indicator is left out where it is
    hidden or not known of any plan, or where the plans do not rest on the same patients, minutes, rules or "before",
    whichever it is made from.
    """
    if not comparison.same_people:
        return ()
    found = []
    for criterion, indicator in _joined(comparison):
        best = best_options(indicator)
        if best and _comparable(comparison, criterion, indicator):
            shown = tuple(cell(value, indicator.kind) for value in indicator.figures)
            found.append(
                Best(
                    criterion.name, indicator.key, indicator.label, indicator.definition, _word(indicator), shown, best
                )
            )
    return tuple(found)


def _word(indicator: Indicator) -> str:
    """How the best value of an indicator is called before its label."""
    lower = indicator.direction == "lower"
    if indicator.kind == "share":
        return "smallest share of" if lower else "largest share of"
    if indicator.kind in {"people", "count"} or indicator.label.startswith("Minutes"):
        return "fewest" if lower else "most"
    return "lowest" if lower else "highest"


def not_assessed(comparison: Comparison) -> tuple[str, ...]:
    """What the criteria cannot tell of these plans, a sentence each."""
    return tuple(
        dict.fromkeys(said for criteria in _criteria(comparison.plans) for one in criteria for said in one.absent)
    )


def _criteria(plans: Sequence[Compared]) -> list[tuple[Criterion, ...]]:
    """The criteria of each plan's run, worked out once a run."""
    made: dict[int, tuple[Criterion, ...]] = {}
    for one in plans:
        if id(one.run) not in made:
            made[id(one.run)] = criteria_rows(one.run)
    return [made[id(one.run)] for one in plans]


def _joined(comparison: Comparison) -> Iterator[tuple[Criterion, Indicator]]:
    """Each indicator that all runs tell in the same words, with a figure for each plan."""
    told = [_complete(criteria) for criteria in _criteria(comparison.plans)]
    at = [[option.option.option_id for option in one.run.options].index(one.option_id) for one in comparison.plans]
    for key, (criterion, first) in told[0].items():
        same = [one[key][1] for one in told if key in one]
        if len(same) == len(told) and same_for_all((one.label, one.definition, one.direction) for one in same):
            yield criterion, replace(first, figures=tuple(one.figures[k] for one, k in zip(same, at, strict=True)))


def _complete(criteria: Sequence[Criterion]) -> dict[str, tuple[Criterion, Indicator]]:
    """Indicators by key; a label that goes on from the one before it (`… in rural areas`) is made complete."""
    found = {}
    for criterion in criteria:
        before = ""
        for one in criterion.indicators:
            label = f"{before}, {one.label.removeprefix('… ')}" if one.label.startswith("…") else one.label
            before = before if one.label.startswith("…") else one.label
            found[one.key] = (criterion, replace(one, label=label))
    return found


def _comparable(comparison: Comparison, criterion: Criterion, indicator: Indicator) -> bool:
    """Whether the plans rest on the same in what an indicator is made from."""
    plans = comparison.plans
    if indicator.kind == "people" and comparison.hides_counts:
        return False
    if criterion.key == "access" and not (comparison.same_minutes and same_for_all(map(threshold_of, plans))):
        return False
    if indicator.key in AGAINST_BEFORE:
        return comparison.same_before
    if indicator.key == "leave_most":
        return same_for_all(todays_groups(one.run).groups for one in plans)
    return indicator.key != "exceptions" or comparison.same_rules


def best_lines(comparison: Comparison, bests: Sequence[Best]) -> list[tuple[str, tuple[str, ...], tuple[str, ...]]]:
    """Per plan: its title, what it alone is best at, and what it shares the best figure in with others."""
    lines = []
    for k, one in enumerate(comparison.plans):
        alone = tuple(best.said for best in bests if best.plans == (k,))
        shared = tuple(
            f"{best.said} (as {listed([comparison.plans[other].title for other in best.plans if other != k])})"
            for best in bests
            if k in best.plans and len(best.plans) > 1 and not best.no_difference
        )
        lines.append((one.title, alone, shared))
    return lines


def best_table(comparison: Comparison, bests: Sequence[Best]) -> pd.DataFrame:
    """The same as `best_at.csv` holds it: one row an indicator and plan."""
    rows = [
        (best.criterion, best.key, best.label, best.word, one.title, best.shown[k], _mark(best, k))
        for best in bests
        for k, one in enumerate(comparison.plans)
    ]
    columns = ["criterion", "indicator", "label", "better", "plan", "value", "best"]
    return pd.DataFrame(rows, columns=columns)


def _mark(best: Best, k: int) -> str:
    if best.no_difference:
        return "no difference"
    if k not in best.plans:
        return ""
    return "best" if len(best.plans) == 1 else "tied"
