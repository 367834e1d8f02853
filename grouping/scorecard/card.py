"""The scorecard of a run: what is measured, what was scored, two rankings, and what would change each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from grouping.named_table import NamedTable
from grouping.plain_words import option_title
from grouping.programme.ground import Ground
from grouping.scorecard.judged import Judged, judged_by_figures, judged_by_scores
from grouping.scorecard.measured import Further, MarkedCriterion, measured
from grouping.scorecard.said import EQUAL, Score, Weights, option_ids, scores_of, weights_of
from grouping.scorecard.tables import indicators_table, ranking_table, scores_table, sensitivity_table
from grouping.scorecard.view import View, view_of
from grouping.scorecard.words import answer, weights_in_words, what_changes_it

if TYPE_CHECKING:
    from grouping.resilience import Resilience
    from grouping.rollout import Rollout

ONE_OPTION = "There is only one option, so nothing is ranked."
NO_SCORES = "Nobody has scored the options, so there is no ranking by the planner’s scores."
NOT_PUBLISHED = (
    "What the inputs measure under the six criteria is shown; scores, weights and rankings are not part of the public "
    "version."
)


@dataclass(frozen=True)
class Scorecard:
    """What is known of the options under the six criteria.

    Parameters
    ----------
    lines
        The answer in a few sentences.
    tables
        For the workbook.
    options
        Ids of the options, in the order of the run.
    criteria
        What is measured, with marks.
    scores, weights
        What the planner says.
    rankings
        By the planner's scores, if there are any; and by what is measured. None with one option, or for the public.
    """

    lines: tuple[str, ...]
    tables: tuple[NamedTable, ...]
    options: tuple[str, ...]
    criteria: tuple[MarkedCriterion, ...]
    scores: tuple[Score, ...]
    weights: Weights
    rankings: tuple[Judged, ...]

    @cached_property
    def view(self) -> View:
        """Texts for the page."""
        return view_of(self.options, self.criteria, self.scores, self.weights, self.rankings)


def scorecard_of(ground: Ground, rollouts: Mapping[str, Rollout], resiliences: Mapping[str, Resilience]) -> Scorecard:
    """Put the options of a run side by side under the six criteria.

    Parameters
    ----------
    ground
        The run and what the planner says; of a public one only what may be published is measured, and nothing ranked.
    rollouts, resiliences
        What other parts found, by option id; an option may be missing, and its figures are then not assessed.
    """
    options = option_ids(ground)
    if ground.run.public:
        criteria = measured(ground.run)
        tables = (indicators_table(options, criteria),)
        return Scorecard((NOT_PUBLISHED,), tables, options, criteria, (), EQUAL, ())
    criteria = measured(ground.run, further_of(ground, rollouts, resiliences))
    scores, weights = scores_of(ground), weights_of(ground)
    found = (judged_by_scores(options, scores, weights), judged_by_figures(options, criteria, weights))
    rankings = tuple(one for one in found if one is not None)
    tables = (
        indicators_table(options, criteria),
        *((scores_table(options, scores),) if scores else ()),
        ranking_table(rankings),
        sensitivity_table(rankings),
    )
    return Scorecard(_lines(ground, rankings, scores, weights), tables, options, criteria, scores, weights, rankings)


def further_of(ground: Ground, rollouts: Mapping[str, Rollout], resiliences: Mapping[str, Resilience]) -> Further:
    """The figures of other parts that the scorecard shows: the one place where it looks into them."""
    first, waves, breakable = {}, {}, {}
    for one in ground.run.options:
        option = one.option.option_id
        if option in rollouts and rollouts[option].reached:
            reached = rollouts[option].reached
            first[option] = float(reached[0])
            waves[option] = rollouts[option].total * float(sum(reached))
        if option in resiliences:
            breakable[option] = float(resiliences[option].broken_patients)
    unproven = tuple(option for option, one in rollouts.items() if not one.proven)
    return Further(first, waves, breakable, unproven)


def _lines(
    ground: Ground, rankings: tuple[Judged, ...], scores: tuple[Score, ...], weights: Weights
) -> tuple[str, ...]:
    """The answer first, what it rests on after."""
    if len(ground.run.options) < 2:
        said = f"{ONE_OPTION} What is measured{' and was scored' if scores else ''} stands below."
        return (said, weights_in_words(weights)) if scores else (said,)
    lines = [answer(one) for one in rankings]
    if not any(one.basis == "scores" for one in rankings):
        lines.insert(0, f"{NO_SCORES} {lines.pop()}" if lines else NO_SCORES)
    counted = [one for one in rankings if one.ranking.possible]
    if counted:
        lines.append(f"By {counted[0].words} {what_changes_it(counted[0])}")
    lines.append(weights_in_words(weights) + _own_place(ground, counted))
    return tuple(lines)


def _own_place(ground: Ground, rankings: list[Judged]) -> str:
    """Where the option stands that this programme is made of."""
    told = []
    for one in rankings:
        at = one.ranking.options.index(ground.option_id)
        told.append(f"{one.ranking.ranks[at]} of {len(one.ranking.options)} by {one.words}")
    return (
        f" {option_title(ground.option_id)}, of which this programme is made, ranks {' and '.join(told)}."
        if told
        else ""
    )
