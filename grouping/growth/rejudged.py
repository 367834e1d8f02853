"""The options judged again for the lists of a later year: same groups, same hubs, other patients."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from geodata.errors import VerificationFailed
from grouping.assess import assess, score_plan
from grouping.borders import kept_borders
from grouping.growth.lists import Lists, case_then
from grouping.impact.disclosure.counts import as_minutes
from grouping.membership import main_locality, member_indices
from grouping.public.figures import public_score
from grouping.result import AssessedOption

_FIGURES: Mapping[str, Callable[[AssessedOption], float]] = {
    "shortfall": lambda one: float(one.headline["shortfall"]),
    "exceptions": lambda one: float(one.headline["exceptions"]),
    "score": lambda one: round(one.option.objective, 6),
    "minutes": lambda one: round(float(one.headline["mean_minutes_to_hub"]), 6),
    "groups": lambda one: float(one.headline["groups"]),
    "longest_practice": lambda one: round(float(one.headline["longest_practice_minutes"]), 6),
}
"""Criteria of `objective.order` that options are ranked by; others of a rule set are passed over, and that is told."""


@dataclass(frozen=True)
class Rejudged:
    """The options of a run today and in a year.

    Parameters
    ----------
    year
        The year.
    now, then
        The options as the run has them, and for the lists of the year.
    order
        Criteria they are ranked by, first to last.
    passed_over
        Criteria of the rule set that are not.
    ranked
        Whether there are ranks: where the score may not be told there are none.
    """

    year: int
    now: tuple[AssessedOption, ...]
    then: tuple[AssessedOption, ...]
    order: tuple[str, ...]
    passed_over: tuple[str, ...]
    ranked: bool = True

    @property
    def ranks_now(self) -> tuple[int | None, ...]:
        """Rank of each option today; equal figures share one."""
        return self._ranks(self.now)

    @property
    def ranks_then(self) -> tuple[int | None, ...]:
        """Rank of each option in the year."""
        return self._ranks(self.then)

    def _ranks(self, options: Sequence[AssessedOption]) -> tuple[int | None, ...]:
        if not self.ranked:
            return (None,) * len(options)
        keys = [tuple(_FIGURES[name](one) for name in self.order) for one in options]
        return tuple(1 + sum(other < key for other in keys) for key in keys)

    def best(self, ranks: Sequence[int | None]) -> tuple[str, ...]:
        """Ids of the options that come first."""
        return tuple(one.option.option_id for one, rank in zip(self.now, ranks, strict=True) if rank == 1)


def rejudge(lists: Lists, y: int) -> Rejudged:
    """Measure every option of the run on the lists and registrations of a year.

    Each option is assessed as a plan scored by hand is, on the place of that year (see `case_then`); the verifier
    derives its figures again.

    Raises
    ------
    VerificationFailed
        The independent check disagrees with a figure.
    """
    run, case = lists.case.run, case_then(lists, y)
    edges = kept_borders(run.adjacency) if "reason" in run.adjacency else run.adjacency
    then = []
    for one in run.options:
        objective = score_plan(one.option.plan, case.problem, case.journeys)
        option = replace(one.option, objective=objective)
        made = assess(
            option, case.problem, case.place, run.times, edges, journeys=case.journeys, by_hand=True
        )  # fmt: skip
        if not made.verified and not run.public:
            wrong = made.verification[(made.verification["kind"] == "figure") & ~made.verification["agrees"]]
            said = "; ".join(f"{row.claim}: {row.detail}" for row in wrong.itertuples())
            raise VerificationFailed(f"{one.option.option_id}, lists of {lists.forecast.years[y]}: {said}")
        then.append(_public(made, one) if run.public else made)
    order = tuple(name for name in run.rules.objective.order if name in _FIGURES)
    ranked = all(math.isfinite(one.option.objective) for one in run.options)
    return Rejudged(
        lists.forecast.years[y], run.options, tuple(then), order,
        tuple(name for name in run.rules.objective.order if name not in _FIGURES), ranked,
    )  # fmt: skip


def _public(made: AssessedOption, now: AssessedOption) -> AssessedOption:
    """The figures as coarse as those that are published of today."""
    patients = float(made.headline["patients"])
    headline = made.headline | {
        name: as_minutes(float(made.headline[name]), True)
        for name in ("mean_minutes_to_hub", "mean_minutes_hub_rural", "mean_minutes_hub_urban")
    }
    objective = public_score(made.option.objective, patients) if math.isfinite(now.option.objective) else math.nan
    return replace(made, option=replace(made.option, objective=objective), headline=headline)


def above(option: AssessedOption, limit: int) -> int:
    """Groups of an option with more patients than a limit."""
    return int((option.groups["list_size"] > limit).sum())


def below_minimum(option: AssessedOption) -> int:
    """Groups of an option below their minimum, granted exceptions included."""
    return int((option.groups["margin"] < 0).sum())


def above_maximum(option: AssessedOption, lists: Lists, y: int) -> int:
    """Groups of an option above the hard maximum that applies to them, by the lists of a year."""
    problem, kinds = lists.problem(y), option.groups.set_index("group_id")["kind"]
    sizes = option.groups.set_index("group_id")["list_size"]
    count = 0
    for group in option.option.plan.groups:
        locality = main_locality(member_indices(group, problem), problem)
        most = problem.rules.maximum_for(rural=kinds[group.group_id] == "rural", locality=locality)
        count += int(sizes[group.group_id] > most)
    return count


def figures_table(made: Rejudged, lists: Lists, y: int) -> pd.DataFrame:
    """One row an option: figures of today and of the year."""
    rows = []
    preferred = lists.case.run.rules.size.preferred_maximum
    for now, then, rank, later in zip(made.now, made.then, made.ranks_now, made.ranks_then, strict=True):
        row: dict[str, object] = {"option": now.option.option_id, "rank_now": rank, "rank_then": later}
        for suffix, one, at in (("now", now, 0), ("then", then, y)):
            score = one.option.objective
            row |= {
                f"below_minimum_{suffix}": below_minimum(one),
                f"exceptions_{suffix}": int(one.headline["exceptions"]),
                f"shortfall_{suffix}": int(one.headline["shortfall"]),
                f"above_preferred_{suffix}": above(one, preferred),
                f"above_maximum_{suffix}": above_maximum(one, lists, at),
                f"smallest_{suffix}": int(one.headline["smallest"]),
                f"largest_{suffix}": int(one.headline["largest"]),
                f"mean_minutes_{suffix}": float(one.headline["mean_minutes_to_hub"]),
                f"score_{suffix}": float(score) if np.isfinite(score) else math.nan,
            }
        rows.append(row)
    return pd.DataFrame(rows)
