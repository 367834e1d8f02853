"""Search over all groups of a problem by price, and the short list that grows by what it finds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from grouping.by_price.bag import Bag
from grouping.by_price.lists import join
from grouping.by_price.space import shape_of, space_of
from grouping.by_price.stage import Stage
from grouping.candidates import Candidates
from grouping.partition.chunks import HubSearch, Shape, Space, knapsack_limit
from grouping.partition.clock import Clock
from grouping.partition.columns import Triple
from grouping.partition.pricing import Bound, Relaxation
from grouping.problem import GroupingProblem

Progress = Callable[[str, str], None]
"""Told the stage and a plain line."""

PER_PRACTICE = 300
"""Groups a round of pricing adds at most around one practice."""

STEPS_PER_HUB = 30_000_000
"""Steps of a search around one hub after which its knapsack limit stands in for the rest (some five seconds)."""

ROUNDS = 200
"""Rounds of pricing after which a stage goes on with the bound it has."""


@dataclass(frozen=True)
class PricedOut:
    """No plan undercuts `value` (units of the stage) by the prices in `prices`.

    `added` groups joined the short list. `relax` and `last` are the last relaxation over the short list, for cuts.
    """

    value: int
    prices: Bound
    added: int
    relax: Relaxation
    last: Bound


@dataclass
class Stream:
    """What the stages share: the problem, the short list and a plan in it (positions), and groups that stand apart."""

    problem: GroupingProblem
    listed: Candidates
    apart: Candidates
    most: int
    clock: Clock
    say: Progress
    plan: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    spaces: dict[float, Space] = field(default_factory=dict)
    steps: int = 0
    passes: int = 0
    bounds: dict[str, int] = field(default_factory=dict)
    proven: list[str] = field(default_factory=list)

    def note(self, stage: Stage, bound: int, *, proven: bool) -> None:
        """Remember what is known of a criterion."""
        self.bounds[stage.name] = bound
        if proven:
            self.proven.append(stage.name)

    def space(self, stage: Stage) -> Space:
        """The groups there are, with the minutes as this criterion counts them."""
        weight = {"score": self.problem.rules.weights.minutes, "minutes": 1.0}.get(stage.name, 0.0)
        if weight not in self.spaces:
            self.spaces[weight] = space_of(self.problem, weight)
        return self.spaces[weight]

    # -- search over all groups ----------------------------------------------------------------------------------

    def cheaper(self, stage: Stage, prices: Bound) -> tuple[Candidates, int]:
        """Groups that cost less than their prices, the best around each practice; and what they lower the bound by."""
        space = self.space(stage)
        shape, base = shape_of(self.problem, stage, prices, self.apart)
        starts, sites = space.sites()
        room = max(4, min(PER_PRACTICE, self.most // (2 * max(len(starts) - 1, 1))))
        parts, lower = [], 0
        for practice in range(len(starts) - 1):
            bag = Bag(self.problem, stage, prices, -1, room)
            floor = 0
            for hub in sites[starts[practice] : starts[practice + 1]].tolist():
                floor = min(floor, self._around(hub, bag, space, shape, prices, base))
            bag.flush()
            bag.best_only(strictly=True)
            lower += min(floor, bag.least)
            parts += bag.parts
        lower += self._least_apart(stage, prices)
        self.passes += 1
        return (join([one for one, _ in parts]) if parts else self.apart.take(np.empty(0, np.int64))), lower

    def _around(self, hub: int, bag: Bag, space: Space, shape: Shape, prices: Bound, base: float) -> int:
        """Put the cheaper groups with one hub into the bag; what those not looked at may lower the bound by."""
        looking, floor = HubSearch(space, shape, prices.prices, hub, bag.threshold, base=base), 0
        for chunk in looking:
            bag.put(chunk.members, chunk.starts)
            bag.best_only()
            looking.threshold = bag.threshold
            if not looking.done and (looking.steps >= STEPS_PER_HUB or self.clock.over):
                floor = min(floor, int(knapsack_limit(space, shape, prices.prices, hub, base) - space.margin))
                break
        self.steps += looking.steps
        return floor

    def _least_apart(self, stage: Stage, prices: Bound) -> int:
        """What the groups that are not searched for lower the bound by, each counted under its first practice."""
        least = np.zeros(len(self.problem.practice_codes), np.int64)
        inside = stage.possible(self.problem, self.apart)
        np.minimum.at(
            least, self.apart.members[self.apart.starts[:-1]][inside],
            stage.reduced(self.problem, self.apart, prices)[inside],
        )  # fmt: skip
        return int(least.sum())

    def within(self, stage: Stage, prices: Bound, limit: int, most: int) -> Candidates | None:
        """All groups whose reduced cost is at most `limit`; None where they are more than `most`, or time ran out."""
        space = self.space(stage)
        shape, base = shape_of(self.problem, stage, prices, self.apart)
        bag = Bag(self.problem, stage, prices, limit, most)
        bag.put_listed(self.apart)
        self.passes += 1
        for hub in np.flatnonzero(space.owner >= 0).tolist():
            looking = HubSearch(space, shape, prices.prices, hub, limit, base=base)
            for chunk in looking:
                bag.put(chunk.members, chunk.starts)
                if bag.held > most or self.clock.over or (looking.steps >= STEPS_PER_HUB and not looking.done):
                    self.steps += looking.steps
                    return None
            self.steps += looking.steps
        bag.flush()
        return bag.candidates() if 0 < bag.held <= most else None

    # -- the short list and its relaxation -----------------------------------------------------------------------

    def price_out(self, stage: Stage, best: int, triples: Sequence[Triple] = ()) -> PricedOut:
        """Add groups to the short list until none of all groups is cheaper than its prices, and bound every plan.

        Stops early once the bound, rounded up to a step, reaches `best` units. The bound holds whenever it stops.
        """
        value, prices, added = None, None, 0
        for _ in range(ROUNDS):
            ids = np.flatnonzero(stage.possible(self.problem, self.listed))
            relax = Relaxation(stage.columns(self.problem, self.listed.take(ids)))
            relax.cut(triples)
            relax.add(np.flatnonzero(np.isin(ids, self.plan)))
            last = relax.solve(clock=self.clock)
            found, lower = self.cheaper(stage, last)
            if value is None or last.value + lower > value:
                value, prices = last.value + lower, last
            self.say(stage.name, f"search {self.passes} over all groups: {len(found):,} cheaper ones found")
            if len(found) == 0 or self.clock.over or -(-value // stage.step) * stage.step >= best:
                break
            self._make_room(ids, last, len(found))
            self.listed = join([self.listed, found])
            added += len(found)
        return PricedOut(value, prices, added, relax, last)

    def _make_room(self, ids: NDArray[np.int64], solved: Bound, more: int) -> None:
        """Take the dearest groups out of the short list where it would outgrow the memory; the plan's stay."""
        room = max(self.most - more, self.most // 2, 1)
        if len(self.listed) <= room:
            return
        keep = np.zeros(len(self.listed), bool)
        keep[ids] = solved.reduced <= np.partition(solved.reduced, min(room, len(ids)) - 1)[min(room, len(ids)) - 1]
        keep[ids[solved.support]] = True
        keep[self.plan] = True
        self.plan = (np.cumsum(keep) - 1)[self.plan]
        self.listed = self.listed.keep(keep)
