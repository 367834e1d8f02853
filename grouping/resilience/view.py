"""What the page prints of the test, figures as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from grouping.plain_words import count, minutes, percent, share_in_words, signed
from grouping.resilience.chart import chart_of
from grouping.resilience.facts import vulnerable_up_to
from grouping.resilience.fragility import ORDER
from grouping.resilience.result import FailureRow, GroupRow, View
from grouping.resilience.tables import group_ids
from grouping.resilience.trips import LONGER_MINUTES
from grouping.resilience.words import hubs_line, room_sentence

if TYPE_CHECKING:
    from grouping.resilience.assemble import Tested, WorkedOut

HARDEST = 10
"""Failures shown on the page; all of them are in the workbook."""


def view_of(test: WorkedOut) -> View:
    """Gather what is shown.

    Parameters
    ----------
    test
        What was worked out.
    """
    facts = test.facts
    rated = bool((facts.rated & facts.of_plan).any())
    unknown = "" if rated else "No practice is rated, so groups are ranked by the other figures alone."
    return View(
        room=room_sentence(test),
        order=ORDER,
        unknown=unknown,
        hubs=hubs_line(test),
        groups=_group_rows(test, rated=rated),
        hardest=_hardest(test, test.single),
        pairs=_hardest(test, test.pairs),
        of_single=len(test.single.failures),
        of_pairs=len(test.pairs.failures),
        within=f"{test.ground.settings.resilience.within_minutes:g}",
        threshold=f"{test.ground.run.rules.impact.threshold_minutes:g}",
        longer=f"{LONGER_MINUTES:g}",
        rated=rated,
        up_to=str(vulnerable_up_to(test.ground)),
        chart=chart_of(test),
    )


def _group_rows(test: WorkedOut, *, rated: bool) -> tuple[GroupRow, ...]:
    rows = []
    for row in test.fragility.itertuples(index=False):
        group = test.facts.groups[row.group]
        worst = "no practice left" if row.gone_after else signed(row.margin_after)
        if not row.gone_after and np.isfinite(row.margin_share_after):
            worst += f" ({_share(row.margin_share_after)})"
        rows.append(
            GroupRow(
                rank=str(row.rank),
                group_id=group.group_id,
                name=str(test.ground.groups.at[group.group_id, "name"]),
                list_size=count(test.before.lists[0, row.group]),
                margin=signed(test.before.margin[0, row.group]),
                vulnerable_share=share_in_words(row.vulnerable_share),
                vulnerable_breaks=str(row.vulnerable_breaks) if rated else "not known",
                below=_own_and_other(row.below_own, row.below_other),
                above=_own_and_other(row.above_own, row.above_other),
                pair_breaks=str(row.pair_breaks) if rated else "not known",
                worst=worst,
                worst_practice=_practice(test, test.single.failures.sets[row.worst][0]),
                without_place=count(row.without_place),
            )
        )
    return tuple(rows)


def _share(share: float) -> str:
    """A share with its sign."""
    return f"{'−' if share < 0 else '+'}{percent(abs(share))}"


def _own_and_other(own: int, other: int) -> str:
    parts = [f"{own} own"] if own else []
    return ", ".join([*parts, f"{other} {'other' if other == 1 else 'others'}"] if other else parts) or "0"


def _practice(test: WorkedOut, at: int) -> str:
    return f"{test.names[at]} ({test.facts.codes[at]})"


def _hardest(test: WorkedOut, tested: Tested) -> tuple[FailureRow, ...]:
    """Most patients without a place first, then by the minutes by which the mean way grows."""
    placing, trips = tested.outcome.placing, tested.trips
    grows = np.nan_to_num(trips.after - trips.before, nan=-np.inf)
    number = len(tested.failures)
    order = np.lexsort((np.arange(number), -np.round(grows, 6), -np.round(placing.without, 6)))
    return tuple(_failure_row(test, tested, f) for f in order[:HARDEST])


def _failure_row(test: WorkedOut, tested: Tested, f: int) -> FailureRow:
    facts, trips, placing = test.facts, tested.trips, tested.outcome.placing
    cause = tested.failures.cause[f]
    patients = trips.placed[f] + placing.without[f] + placing.not_timed[f]
    groups = dict.fromkeys(facts.groups[facts.group_at[p]].group_id for p in cause)
    unlimited, lacking = tested.trips_unlimited, tested.unlimited.placing.without[f]
    return FailureRow(
        practices=tuple(_practice(test, p) for p in cause),
        groups=", ".join(groups),
        patients=count(patients),
        without_place=count(placing.without[f]),
        same_group=share_in_words(trips.same_group[f] / patients if patients > 0 else np.nan),
        minutes=f"{minutes(trips.before[f])} → {minutes(trips.after[f])}",
        longer=count(trips.longer[f]),
        breaks=_breaks(test, tested, f),
        with_room=f"{count(lacking)} without a place; {minutes(unlimited.after[f])} minutes",
    )


def _breaks(test: WorkedOut, tested: Tested, f: int) -> str:
    after, before = tested.outcome.after, test.before
    below, other = after.below(before)[f] & ~after.gone[f], after.other_minimum(before)[f]
    parts = [
        (below & ~other, "below minimum"),
        (below & other, "below the minimum that then applies"),
        (after.gone[f], "no practice left"),
        (after.above(before)[f], "above maximum"),
    ]
    told = [f"{group_ids(test, which)} {words}" for which, words in parts if which.any()]
    return "; ".join(told) or "none"
