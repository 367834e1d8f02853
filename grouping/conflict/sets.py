"""Groups, and by how much each breaks which rule: any choice of rules is then a matter of leaving groups out.

`Universe` holds the groups with everything that decides whether they are allowed; nothing is listed again when rules
are set aside or get other values. Which groups are worth holding is the business of `grouping.conflict.listing`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from grouping.assess import best_hub
from grouping.candidates import RURAL_SLACK, SHARE_SLACK, Candidates, units_per_minute
from grouping.conflict.kernels import fill_hub_facts, flagged_members, longest_border, longest_pair
from grouping.conflict.rules import KEEPS_SHARE, MAXIMUMS, MINIMUMS, RuleInForce, any_site
from grouping.criteria import (
    NO_ROAD_MINUTES,
    PENCE,
    crosses_localities,
    kept_shares,
    largest_losses,
    main_locality,
    pence,
    size_limits,
    vulnerable_members,
)
from grouping.partition.columns import SideRow
from grouping.problem import Decided, GroupingProblem, LockedGroup


@dataclass(frozen=True)
class Universe:
    """Groups with everything that decides whether a choice of rules allows them.

    Parameters
    ----------
    problem, rules
        The problem, and its rules one by one.
    listed
        N groups; of these only `members`, `starts`, `list_size` and `rural` mean something.
    facts
        Arrays of shape (N,) by name.
    any_site
        Sites that can be a hub once no rule stands against them, bool, shape (S,).
    locked_as
        For each rule that locks groups, which of the N those are, by the number of the rule.
    remarks
        What was not looked at, in plain words.
    """

    problem: GroupingProblem
    rules: tuple[RuleInForce, ...]
    listed: Candidates
    facts: Mapping[str, NDArray[Any]]
    any_site: NDArray[np.bool_]
    locked_as: Mapping[int, NDArray[np.bool_]]
    remarks: tuple[str, ...] = ()
    known_hubs: dict[Any, NDArray[np.float64]] = field(default_factory=dict, compare=False)

    def __len__(self) -> int:
        """Groups."""
        return len(self.listed)

    def take(self, ids: NDArray[np.int64]) -> Universe:
        """Only these groups."""
        return replace(
            self,
            listed=self.listed.take(ids),
            facts={name: values[ids] for name, values in self.facts.items()},
            locked_as={rule: values[ids] for rule, values in self.locked_as.items()},
            known_hubs={},
        )

    # ------------------------------------------------------------------------------------------- what is allowed

    def value(self, number: int) -> NDArray[Any]:
        """By how much each group needs a rule: it breaks it where this is above (a minimum: below) the limit."""
        rule, facts = self.rules[number], self.facts
        if rule.key.startswith("size.") and "practices" not in rule.key:
            return facts["size"]
        named = {
            "size.fewest_practices": "count",
            "size.most_practices": "count",
            "access.max_minutes_between_members": "longest_pair",
            "contiguity.max_minutes_over_border": "longest_border",
            "practices.most_vulnerable_share": "vulnerable",
        }
        return self.kept_share() if rule.key == KEEPS_SHARE else facts[named[rule.key]]

    def kept_share(self, minimum: NDArray[np.int64] | None = None) -> NDArray[np.float64]:
        """Share of its minimum (or of a given one) left to each group after its largest loss; infinite if not asked.

        Not asked are groups below their minimum and practices above their maximum that stand alone.
        """
        facts = self.facts
        minimum = facts["minimum"] if minimum is None else minimum
        asked = (facts["size"] >= minimum) & ~facts["oversize"]
        return np.where(asked, kept_shares(facts["size"], facts["loss"], minimum), np.inf)

    def most_minimum(self, number: int) -> NDArray[np.int64]:
        """The largest value of a minimum that each group reaches, also after its loss if a share of it must be left."""
        facts = self.facts
        share = next((rule.value for rule in self.rules if rule.key == KEEPS_SHARE), 0.0)
        if share <= 0:
            return facts["size"]
        left = np.floor((facts["size"] - facts["loss"]) / share + SHARE_SLACK)
        asked = (facts["loss"] >= 0) & ~facts["oversize"] & self.governed(number)
        return np.where(asked, np.minimum(facts["size"], np.maximum(left, 1)), facts["size"]).astype(np.int64)

    def _minimum_under(self, kept: frozenset[int], at: Mapping[int, float]) -> NDArray[np.int64]:
        """The minimum of each group where only these rules hold, some of them at other values; 0 for none."""
        minimum = self.facts["minimum"].copy()
        for number, rule in enumerate(self.rules):
            if rule.key in MINIMUMS:
                minimum[self.governed(number)] = int(at.get(number, rule.value)) if number in kept else 0
        return minimum

    def governed(self, number: int) -> NDArray[np.bool_]:
        """The groups a minimum or maximum is about."""
        key, facts, label = self.rules[number].key, self.facts, self.rules[number].label
        kind = "own_minimum" if "minimum" in key else "own_maximum"
        if key.startswith("size.locality."):
            return facts[kind] == label
        rural = self.listed.rural
        if key == "size.hard_maximum" and self.problem.rules.size.hard_maximum_rural == 0:
            return facts[kind] == ""
        return (facts[kind] == "") & (rural if key.endswith("rural") else ~rural)

    def below(self, number: int, to: float | None = None) -> NDArray[np.bool_]:
        """Groups below a minimum (at another value), where no exception is granted."""
        limit = self.rules[number].value if to is None else to
        return self.governed(number) & (self.facts["size"] < limit) & ~self.facts["granted"]

    def broken(self, number: int, to: float | None = None) -> NDArray[np.bool_]:
        """Groups that break a rule whatever the other groups of a plan are; not for minimums and rules on hubs."""
        rule, facts = self.rules[number], self.facts
        limit = rule.value if to is None else to
        if rule.key in MAXIMUMS:
            return self.governed(number) & (facts["size"] > limit) & (facts["count"] > 1)
        if rule.key == "size.fewest_practices":
            return (facts["count"] < limit) & ~facts["oversize"]
        if rule.key == "practices.most_vulnerable_share":
            return facts["vulnerable"] > limit + SHARE_SLACK
        if rule.key == KEEPS_SHARE:
            return self.kept_share() < limit - SHARE_SLACK
        if rule.key in {"size.most_practices", "access.max_minutes_between_members"}:
            return self.value(number) > limit
        if rule.key == "contiguity.rule":
            return ~facts["hangs_together"]
        if rule.key == "contiguity.max_minutes_over_border":
            return facts["longest_border"] > limit
        if rule.key == "locality.rule":
            return facts["crosses"]
        if rule.key == "keep_together":
            return self._part_of([p for p, tag in enumerate(self.problem.keep_together) if tag == rule.label])
        if rule.key == "decision":
            return self._against(rule.decided)
        return np.zeros(len(self), bool)

    def holding(self, practices: Sequence[int]) -> NDArray[np.int64]:
        """How many of these practices each group holds."""
        flag = np.zeros(len(self.problem.practice_codes), bool)
        flag[list(practices)] = True
        out = np.empty(len(self), np.int64)
        flagged_members(self.listed.members, self.listed.starts, flag, out)
        return out

    def farthest(self, group: int) -> tuple[int, int]:
        """The two members of a group that are furthest apart."""
        members = self.listed.group(group)
        between = np.nan_to_num(self.problem.between_practices[np.ix_(members, members)], posinf=NO_ROAD_MINUTES)
        a, b = np.unravel_index(int(np.argmax(between)), between.shape)
        return members[int(min(a, b))], members[int(max(a, b))]

    def exactly(self, practices: Sequence[int]) -> NDArray[np.bool_]:
        """The group of just these practices."""
        held = self.holding(practices)
        return (held == len(set(practices))) & (self.facts["count"] == held)

    def _part_of(self, practices: Sequence[int]) -> NDArray[np.bool_]:
        held = self.holding(practices)
        return (held > 0) & (held < len(practices))

    def _against(self, decided: Decided) -> NDArray[np.bool_]:
        broken = np.zeros(len(self), bool)
        for together in decided.together:
            broken |= self._part_of(together)
        for pair in decided.apart:
            broken |= self.holding(pair) == 2
        for lock in decided.locked:
            held = self.holding(lock.members)
            broken |= (held > 0) & ~((held == len(lock.members)) & (self.facts["count"] == held))
        return broken

    def hub_facts(self, kept: frozenset[int], at: Mapping[int, float]) -> NDArray[np.float64]:
        """Least longest drive, least mean minutes and least pence under the rules on hubs among `kept`, (N, 3)."""
        problem, rules = self.problem, self.rules
        count = len(problem.site_codes)
        limits = np.array([np.inf, np.inf])
        allowed, forced = self.any_site.copy(), np.zeros(count, bool)
        for number in kept:
            rule = rules[number]
            value = at.get(number, rule.value)
            if rule.key == "access.max_minutes_to_hub":
                limits[0] = value
            elif rule.key == "access.max_mean_minutes_to_hub":
                limits[1] = value + SHARE_SLACK
            if rule.sites is not None:
                allowed &= np.array(rule.sites)
            if rule.not_hub >= 0:
                allowed[rule.not_hub] = False
            forced[list(rule.decided.hubs)] = True
        owner = problem.site_owner
        order = np.argsort(owner, kind="stable").astype(np.int64)
        per = np.bincount(owner, minlength=len(problem.practice_codes))
        starts = np.concatenate(([0], np.cumsum(per))).astype(np.int64)
        out = np.empty((len(self), 3))
        fill_hub_facts(
            self.listed.members, self.listed.starts, problem.patient_minutes, problem.timed_patients,
            np.minimum(problem.practice_to_site, NO_ROAD_MINUTES), limits, allowed, forced, starts, order,
            pence(problem), out,
        )  # fmt: skip
        return out

    def allowed(
        self, kept: frozenset[int], at: Mapping[int, float] | None = None
    ) -> tuple[NDArray[np.bool_], tuple[SideRow, ...]]:
        """Which groups a choice of rules allows, and its limits on a plan as a whole.

        Parameters
        ----------
        kept
            Numbers of the rules that hold.
        at
            Values in the place of a rule's own, by its number.
        """
        at, rules = at or {}, self.rules
        ok, below, locked = np.ones(len(self), bool), np.zeros(len(self), bool), np.zeros(len(self), bool)
        by_key = {rules[number].key: number for number in kept}
        for number in sorted(kept):
            rule, to = rules[number], at.get(number)
            if rule.key in MINIMUMS:
                below |= self.below(number, to)
            elif rule.key == KEEPS_SHARE:
                limit = rule.value if to is None else to
                ok &= self.kept_share(self._minimum_under(kept, at)) >= limit - SHARE_SLACK
            elif rule.key == "contiguity.max_minutes_over_border" and "contiguity.rule" not in by_key:
                continue
            else:
                ok &= ~self.broken(number, to)
            locked |= self.locked_as.get(number, np.False_)
        for number in kept:
            if rules[number].decided.never_exception:
                ok &= ~(below & (self.holding(rules[number].decided.never_exception) > 0))
        hubs = self.hubs_under(kept, at)
        ok &= np.isfinite(hubs[:, 2])
        others = np.zeros(len(self), bool)
        for number in kept:
            if number in self.locked_as:
                others |= self._against(rules[number].decided)
        ok |= locked & ~others
        rows = self._rows(by_key, at, below, locked, hubs[:, 2])
        if any(row.name == "exceptions_at_most" and row.limit == 0 for row in rows):
            ok &= ~below
            rows = tuple(row for row in rows if row.name != "exceptions_at_most")
        return ok, rows

    def hubs_under(self, kept: frozenset[int], at: Mapping[int, float]) -> NDArray[np.float64]:
        """The same as `hub_facts`, worked out once for each choice of rules on hubs."""
        own = frozenset(number for number in kept if self.rules[number].about_hubs)
        key = (own, tuple(sorted((number, value) for number, value in at.items() if number in own)))
        if key not in self.known_hubs:
            self.known_hubs[key] = self.hub_facts(own, at)
        return self.known_hubs[key]

    def _rows(
        self,
        by_key: Mapping[str, int],
        at: Mapping[int, float],
        below: NDArray[np.bool_],
        locked: NDArray[np.bool_],
        pennies: NDArray[np.float64],
    ) -> tuple[SideRow, ...]:
        def limit(key: str) -> float:
            return at.get(by_key[key], self.rules[by_key[key]].value)

        rows, one = [], np.ones(len(self), np.int64)
        if "exceptions" in by_key:
            rows.append(SideRow("exceptions_at_most", below.astype(np.int64), int(limit("exceptions"))))
        if "locality.most_crossing" in by_key:
            crosses = self.facts["crosses"].astype(np.int64)
            rows.append(SideRow("most_crossing", crosses, int(limit("locality.most_crossing"))))
        if "groups.fewest" in by_key:
            rows.append(SideRow("fewest_groups", -one, -int(limit("groups.fewest"))))
        if "groups.most" in by_key:
            rows.append(SideRow("most_groups", one, int(limit("groups.most"))))
        if "hub.budget" in by_key:
            cost = np.where(np.isfinite(pennies), pennies, 0.0).astype(np.int64)
            cost = np.where(locked, self.facts["locked_pence"], cost)
            rows.append(SideRow("hub_budget", cost, round(limit("hub.budget") * PENCE)))
        return tuple(rows)


# ------------------------------------------------------------------------------------------------------ measuring them


def sets_as_list(problem: GroupingProblem, sets: Sequence[tuple[int, ...]]) -> Candidates:
    """These sets of practices (ascending) as a list; shortfall, hub and cost are not worked out."""
    count, lists = len(sets), problem.list_size
    size = np.array([int(lists[list(one)].sum()) for one in sets], np.int64)
    rural = np.array([float(problem.rural_patients[list(one)].sum()) for one in sets])
    share = np.divide(rural, size, out=np.zeros(count), where=size > 0)
    zeros = np.zeros(count, np.int64)
    return Candidates(
        members=np.array([p for one in sets for p in one], np.int16),
        starts=np.concatenate(([0], np.cumsum([len(one) for one in sets]))).astype(np.int64),
        list_size=size,
        rural=share >= problem.rules.rurality.threshold - RURAL_SLACK,
        shortfall=zeros,
        hub=zeros.astype(np.int32),
        cost=zeros,
        units_per_minute=units_per_minute(problem),
        locked=zeros.astype(bool),
        granted=zeros.astype(bool),
    )


def measured(
    problem: GroupingProblem, rules: tuple[RuleInForce, ...], listed: Candidates, remarks: tuple[str, ...] = ()
) -> Universe:
    """These groups with everything that decides whether they are allowed."""
    members, starts, size = listed.members, listed.starts, listed.list_size
    count = np.diff(starts)
    pair, border = np.empty(len(size)), np.empty(len(size))
    between = np.minimum(problem.between_practices, NO_ROAD_MINUTES)
    longest_pair(members, starts, problem.between_practices, pair)
    longest_border(members, starts, np.where(problem.adjacency, between, np.inf), border)
    label = _main_labels(problem, listed)
    own = problem.rules.size.locality
    with_minimum = np.array([name if name in own and own[name].minimum else "" for name in label[1]], object)
    with_maximum = np.array([name if name in own and own[name].maximum else "" for name in label[1]], object)
    facts: dict[str, NDArray[Any]] = {
        "size": size,
        "count": count,
        "longest_pair": pair,
        "longest_border": border,
        "hangs_together": np.isfinite(border),
        "own_minimum": with_minimum[label[0]],
        "own_maximum": with_maximum[label[0]],
        "crosses": crosses_localities(problem, listed) > 0,
        "vulnerable": vulnerable_members(problem, members, starts) / count,
        "loss": largest_losses(problem, members, starts),
        "minimum": size_limits(problem, members, starts, listed.rural, "minimum"),
        "granted": np.zeros(len(size), bool),
        "locked_pence": np.zeros(len(size), np.int64),
    }
    universe = Universe(problem, rules, listed, facts, any_site(problem, rules), {}, remarks)
    for practices, _ in problem.decided.granted:
        facts["granted"] |= universe.exactly(practices)
    facts["oversize"] = (count == 1) & (size > _maximum(universe))
    locked_as = {}
    for number, rule in enumerate(rules):
        for lock in rule.decided.locked:
            same = universe.exactly(lock.members)
            locked_as[number] = locked_as.get(number, np.False_) | same
            facts["locked_pence"][same] = pence(problem)[_hub_of(problem, lock)]
    return replace(universe, locked_as=locked_as)


def _main_labels(problem: GroupingProblem, listed: Candidates) -> tuple[NDArray[np.int64], tuple[str, ...]]:
    """Main locality of each group as a position in the names; the last, empty one is for none."""
    main, names = main_locality(problem, listed.members, listed.starts)
    return np.where(main < 0, len(names), main), (*names, "")


def _maximum(universe: Universe) -> NDArray[np.int64]:
    """The maximum of each group by its kind and main locality."""
    rules, most = universe.problem.rules, np.zeros(len(universe), np.int64)
    for rural in (False, True):
        most[universe.listed.rural == rural] = rules.size.maximum_for(rural=rural)
    for name, own in rules.size.locality.items():
        if own.maximum:
            most[universe.facts["own_maximum"] == name] = own.maximum
    return most


def _hub_of(problem: GroupingProblem, lock: LockedGroup) -> int:
    if lock.hub >= 0:
        return lock.hub
    return problem.site_codes.index(best_hub(tuple(problem.practice_codes[p] for p in lock.members), problem))
