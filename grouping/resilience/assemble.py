"""The whole test of one option."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from grouping.programme.ground import Ground
from grouping.resilience.effects import Groups, groups_after, groups_before
from grouping.resilience.facts import Facts, facts_of
from grouping.resilience.failures import Failures, pair_failures, single_failures
from grouping.resilience.fragility import Outcome, broken_patients, fragility_of
from grouping.resilience.hubs import LostHub, lost_hubs
from grouping.resilience.placing import order_of_pairs, placing_of
from grouping.resilience.result import Resilience
from grouping.resilience.tables import all_tables
from grouping.resilience.trips import Trips, trips_of
from grouping.resilience.view import view_of
from grouping.resilience.words import lines_of


@dataclass(frozen=True)
class Tested:
    """Failures of one kind and all that follows.

    Parameters
    ----------
    outcome
        With the room there is.
    unlimited
        As if every practice had room for everybody.
    trips, trips_unlimited
        The journeys of those who find a place, with the room there is and without limit.
    hubs
        The hubs lost.
    """

    outcome: Outcome
    unlimited: Outcome
    trips: Trips
    trips_unlimited: Trips
    hubs: tuple[LostHub, ...]

    @property
    def failures(self) -> Failures:
        """Which practices fail."""
        return self.outcome.placing.failures


@dataclass(frozen=True)
class WorkedOut:
    """Everything worked out about one option.

    Parameters
    ----------
    ground, facts
        What it was made from.
    before
        The groups as planned.
    single, pairs
        Each practice alone; each vulnerable one with its nearest neighbour.
    fragility
        Groups by fragility (see `fragility_of`).
    """

    ground: Ground
    facts: Facts
    before: Groups
    single: Tested
    pairs: Tested
    fragility: pd.DataFrame

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Name of each practice, by its position."""
        return tuple(self.ground.practices["name"].reindex(list(self.facts.codes)).fillna("").astype(str))


def resilience_of(ground: Ground) -> Resilience:
    """Let every practice of the plan fail, one at a time, and every vulnerable one with its nearest neighbour.

    Not for the public: which practice might fail is no public fact.

    Parameters
    ----------
    ground
        The option and what the planner says.
    """
    test = worked_out(ground)
    return Resilience(
        lines=lines_of(test),
        tables=all_tables(test),
        broken_patients=broken_patients(test.single.outcome, test.before),
        view=view_of(test),
    )


def worked_out(ground: Ground) -> WorkedOut:
    """The figures, before they are put into words and tables.

    Parameters
    ----------
    ground
        The option and what the planner says.
    """
    facts = facts_of(ground)
    order = order_of_pairs(facts, ground.settings.resilience.within_minutes)

    def tested(failures: Failures) -> Tested:
        with_room = placing_of(facts, failures, order)
        unlimited = placing_of(facts, failures, order, unlimited=True)
        return Tested(
            Outcome(with_room, groups_after(with_room)),
            Outcome(unlimited, groups_after(unlimited)),
            trips_of(with_room),
            trips_of(unlimited),
            lost_hubs(ground, with_room),
        )

    before = groups_before(facts)
    single, pairs = tested(single_failures(facts)), tested(pair_failures(facts))
    return WorkedOut(ground, facts, before, single, pairs, fragility_of(single.outcome, pairs.outcome, before))
