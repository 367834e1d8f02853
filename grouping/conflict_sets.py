"""Every group worth looking at when rules conflict, and what each of them breaks.

The rules of a problem are taken one by one (`rules_in_force`). `Universe` lists the groups once, with as many rules set
aside as the list can bear, and works out for each group by how much it breaks which rule. Then any choice of rules, at
any value, is a matter of leaving groups out: nothing is listed again.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata.compiled import compiled
from grouping.assess import best_hub
from grouping.candidates import (
    RURAL_SLACK,
    SHARE_SLACK,
    Candidates,
    count_sets,
    list_candidates,
    units_per_minute,
)
from grouping.criteria import (
    NO_ROAD_MINUTES,
    PENCE,
    crosses_localities,
    main_locality,
    pence,
    vulnerable_members,
)
from grouping.partition.columns import SideRow
from grouping.problem import Decided, GroupingProblem, LockedGroup
from grouping.rules import LocalitySize

MOST_SETS = 1_600_000
"""Groups looked at altogether when rules conflict."""

LEVELS = (0.0, 3.0, 2.0, 1.5, 1.25, 1.1)
"""How far a limit is stretched when setting it aside altogether (0) gives too many groups."""

MINIMUMS = ("size.minimum_urban", "size.minimum_rural", "size.locality.minimum")
MAXIMUMS = ("size.hard_maximum", "size.hard_maximum_rural", "size.locality.maximum")
WIDENING = (MAXIMUMS, ("access.max_minutes_between_members",), ("contiguity.rule",))
"""Rules without which a list of groups can grow beyond any memory; maximums are stretched together."""


@dataclass(frozen=True)
class RuleInForce:
    """One rule that can be relaxed by itself.

    Parameters
    ----------
    key
        Its name in the rule set (`size.minimum_urban`), or `keep_together`, `hub.sites`, `decision`.
    value
        Its limit; 0 where it has none.
    label
        Locality, tag, or number of the decision.
    decided, not_hub
        What a decision decides; the site it rules out as a hub, or -1.
    sites
        Sites that the rule lets be a hub; None for rules that are about something else.
    reason, kind
        Of a decision.
    """

    key: str
    value: float = 0.0
    label: str = ""
    decided: Decided = field(default_factory=Decided)
    not_hub: int = -1
    sites: tuple[bool, ...] | None = None
    reason: str = ""
    kind: str = ""

    @property
    def about_hubs(self) -> bool:
        """Whether it decides which site can be the hub of a group."""
        hub = self.key in {"access.max_minutes_to_hub", "access.max_mean_minutes_to_hub", "hub.committed"}
        return hub or self.sites is not None or bool(self.decided.hubs) or self.not_hub >= 0


@dataclass(frozen=True)
class DecisionInForce:
    """One decision with its number, for `rules_in_force`; `not_hub` is the site it rules out as a hub, or -1."""

    number: int
    kind: str
    decided: Decided
    reason: str = ""
    not_hub: int = -1


def decisions_of(problem: GroupingProblem) -> list[DecisionInForce]:
    """The decisions of a problem one by one, where nobody says which written decision they come from."""
    decided = problem.decided
    single = [("together", Decided(together=(one,))) for one in decided.together]
    single += [("apart", Decided(apart=(one,))) for one in decided.apart]
    single += [("group", Decided(locked=(one,))) for one in decided.locked]
    single += [("no-exception", Decided(never_exception=(one,))) for one in decided.never_exception]
    single += [("hub", Decided(hubs=(one,))) for one in decided.hubs]
    return [DecisionInForce(number, kind, one) for number, (kind, one) in enumerate(single, start=1)]


def rules_in_force(
    problem: GroupingProblem, sites: pd.DataFrame | None = None, decisions: Sequence[DecisionInForce] | None = None
) -> tuple[RuleInForce, ...]:
    """The rules of a problem that can stand in a plan's way, one by one.

    Parameters
    ----------
    problem
        The problem.
    sites
        Table of sites, indexed by code, in the order of the problem: tells which rule keeps a site from being a hub.
    decisions
        The decisions one by one; without them as the problem holds them.
    """
    found = [*_limits(problem), *_hub_rules(problem, sites)]
    tags = sorted({tag for tag in problem.keep_together if tag and problem.keep_together.count(tag) > 1})
    found += [RuleInForce("keep_together", label=tag) for tag in tags]
    committed = _committed(problem, sites)
    for one in decisions_of(problem) if decisions is None else decisions:
        if decisions is None and one.decided.hubs and set(one.decided.hubs) <= set(committed):
            continue
        if (one.decided != Decided() and one.kind != "grant-exception") or one.not_hub >= 0:
            found.append(
                RuleInForce(
                    "decision", label=str(one.number), decided=one.decided, not_hub=one.not_hub, reason=one.reason,
                    kind=one.kind,
                )
            )  # fmt: skip
    return tuple(found)


def _limits(problem: GroupingProblem) -> Iterator[RuleInForce]:
    rules, size = problem.rules, problem.rules.size
    limited = rules.exceptions.limit is not None or problem.decided.never_exception
    if rules.exceptions.limit is not None:
        yield RuleInForce("exceptions", rules.exceptions.limit)
    present = set(problem.locality)
    if limited:
        for kind in ("minimum_urban", "minimum_rural"):
            if getattr(size, kind) > 0:
                yield RuleInForce(f"size.{kind}", getattr(size, kind))
        for name, own in sorted(size.locality.items()):
            if own.minimum > 0 and name in present:
                yield RuleInForce("size.locality.minimum", own.minimum, name)
    yield RuleInForce("size.hard_maximum", size.hard_maximum)
    if size.hard_maximum_rural > 0:
        yield RuleInForce("size.hard_maximum_rural", size.hard_maximum_rural)
    for name, own in sorted(size.locality.items()):
        if own.maximum > 0 and name in present:
            yield RuleInForce("size.locality.maximum", own.maximum, name)
    plain = {
        "size.fewest_practices": size.fewest_practices if size.fewest_practices > 1 else 0,
        "size.most_practices": size.most_practices,
        "access.max_minutes_between_members": rules.access.max_minutes_between_members,
        "access.max_minutes_to_hub": rules.access.max_minutes_to_hub,
        "access.max_mean_minutes_to_hub": rules.access.max_mean_minutes_to_hub,
        "contiguity.rule": rules.contiguity.rule == "catchments",
        "contiguity.max_minutes_over_border": rules.contiguity.rule == "catchments"
        and rules.contiguity.max_minutes_over_border,
        "locality.rule": rules.locality.rule == "inside",
        "groups.fewest": rules.groups.fewest,
        "groups.most": rules.groups.most,
        "hub.budget": rules.hub.budget,
    }
    yield from (RuleInForce(key, value) for key, value in plain.items() if value > 0)
    if rules.locality.most_crossing >= 0:
        yield RuleInForce("locality.most_crossing", rules.locality.most_crossing)
    share = rules.practices.most_vulnerable_share
    if share < 1 and problem.vulnerable is not None and problem.vulnerable.any():
        yield RuleInForce("practices.most_vulnerable_share", share)


def _hub_rules(problem: GroupingProblem, sites: pd.DataFrame | None) -> Iterator[RuleInForce]:
    """Rules about which sites may be a hub, as far as the table of sites tells them apart."""
    rules, left = problem.rules.hub, problem.hub_allowed.copy()
    for name, allowed in _site_masks(problem, sites).items():
        if not allowed.all():
            yield RuleInForce(f"hub.{name}", float(rules.minimum_floor_area_m2), sites=tuple(allowed.tolist()))
            left |= ~allowed
    for decision in problem.rules.decisions:
        site = decision.site.strip().upper()
        if decision.kind == "not-hub" and site in problem.site_codes:
            left[problem.site_codes.index(site)] = True
    own = np.ones(len(left), bool) if sites is None else _own(problem, sites)
    if not (left | ~own).all():
        yield RuleInForce("hub.sites", sites=tuple((left | ~own).tolist()))
    committed = _committed(problem, sites)
    if committed:
        yield RuleInForce("hub.committed", decided=Decided(hubs=committed))


def _own(problem: GroupingProblem, sites: pd.DataFrame) -> NDArray[np.bool_]:
    """Whether each site belongs to a practice."""
    return np.isin(sites["practice_code"].fillna("").astype(str).to_numpy(), problem.practice_codes)


def _site_masks(problem: GroupingProblem, sites: pd.DataFrame | None) -> dict[str, NDArray[np.bool_]]:
    """By rule, the sites it lets be a hub."""
    rules, masks = problem.rules.hub, {}
    if sites is None:
        return masks
    own = _own(problem, sites)
    if rules.kinds:
        named = np.isin(sites["kind"].astype(str).to_numpy(), rules.kinds)
        masks["kinds"] = named & (own | ("community" in rules.kinds))
    if rules.minimum_floor_area_m2 > 0:
        area = _column(sites, "floor_area_m2").astype(float).to_numpy()
        masks["minimum_floor_area_m2"] = np.nan_to_num(area, nan=-1.0) >= rules.minimum_floor_area_m2
    if rules.conditions:
        wanted = [one.strip().casefold() for one in rules.conditions]
        masks["conditions"] = _column(sites, "condition").fillna("").astype(str).str.strip().str.casefold().isin(wanted)
        masks["conditions"] = masks["conditions"].to_numpy()
    return masks


def _column(sites: pd.DataFrame, name: str) -> pd.Series:
    return sites[name] if name in sites else pd.Series(np.nan, sites.index)


def _committed(problem: GroupingProblem, sites: pd.DataFrame | None) -> tuple[int, ...]:
    if sites is None or problem.rules.hub.committed != "hub":
        return ()
    yes = _column(sites, "committed").map(lambda cell: cell is True or cell == 1).to_numpy(bool)
    return tuple(site for site in np.flatnonzero(yes).tolist() if site in problem.decided.hubs)


# ------------------------------------------------------------------------------------------------- rules set aside


def loosened(problem: GroupingProblem, rule: RuleInForce, to: float | None = None) -> GroupingProblem:
    """The problem with one rule at another value, or (None) without it."""
    section, _, name = rule.key.partition(".")
    if rule.key == "keep_together":
        return replace(problem, keep_together=tuple("" if tag == rule.label else tag for tag in problem.keep_together))
    if rule.key in {"decision", "hub.committed"}:
        return _without_decision(problem, rule)
    if rule.sites is not None:
        return replace(problem, hub_allowed=problem.hub_allowed | ~np.array(rule.sites))
    if rule.key.startswith("size.locality."):
        return _locality_size(problem, rule.label, name.partition(".")[2], to)
    if rule.key == "exceptions":
        return _ruled(problem, "exceptions", policy="allowed", at_most=-1 if to is None else int(to))
    return _ruled(problem, section, **{name: _aside(rule, problem) if to is None else _kind_of(rule.value, to)})


def _kind_of(old: float, new: float) -> float:
    return int(new) if isinstance(old, int) and not isinstance(old, bool) else float(new)


def _aside(rule: RuleInForce, problem: GroupingProblem) -> Any:
    """The value with which a rule asks for nothing."""
    if rule.key.startswith("size.hard_maximum"):
        return max(int(problem.list_size.sum()), 1)
    words = {
        "contiguity.rule": "none",
        "locality.rule": "free",
        "locality.most_crossing": -1,
        "practices.most_vulnerable_share": 1.0,
    }
    return words.get(rule.key, 0)


def _ruled(problem: GroupingProblem, section: str, **values: object) -> GroupingProblem:
    changed = getattr(problem.rules, section).model_copy(update=values)
    return replace(problem, rules=problem.rules.model_copy(update={section: changed}))


def _locality_size(problem: GroupingProblem, name: str, which: str, to: float | None) -> GroupingProblem:
    aside = 1 if which == "minimum" else max(int(problem.list_size.sum()), 1)
    own = problem.rules.size.locality[name].model_dump() | {which: aside if to is None else max(int(to), 1)}
    return _ruled(problem, "size", locality={**problem.rules.size.locality, name: LocalitySize(**own)})


def _without_decision(problem: GroupingProblem, rule: RuleInForce) -> GroupingProblem:
    gone, decided = rule.decided, problem.decided
    left = Decided(
        together=tuple(one for one in decided.together if one not in gone.together),
        apart=tuple(one for one in decided.apart if one not in gone.apart),
        locked=tuple(one for one in decided.locked if one.members not in {lock.members for lock in gone.locked}),
        granted=decided.granted,
        never_exception=tuple(one for one in decided.never_exception if one not in gone.never_exception),
        hubs=tuple(one for one in decided.hubs if one not in gone.hubs),
    )
    allowed = problem.hub_allowed.copy()
    if rule.not_hub >= 0:
        allowed[rule.not_hub] = True
    return replace(problem, decided=left, hub_allowed=allowed)


# -------------------------------------------------------------------------------------------------------- the groups


@compiled
def _longest_pair(
    members: NDArray[np.int16], starts: NDArray[np.int64], between: NDArray[np.float64], out: NDArray[np.float64]
) -> None:  # pragma: no cover - compiled
    """Longest minutes between two members of each set."""
    for j in range(len(starts) - 1):
        longest = 0.0
        for i in range(starts[j], starts[j + 1]):
            for k in range(starts[j], i):
                longest = max(longest, between[members[i], members[k]])
        out[j] = longest


@compiled
def _longest_border(
    members: NDArray[np.int16], starts: NDArray[np.int64], borders: NDArray[np.float64], out: NDArray[np.float64]
) -> None:  # pragma: no cover - compiled
    """Least limit on minutes over a border with which each set hangs together; infinite where borders do not do it."""
    reach = np.empty(len(borders))
    for j in range(len(starts) - 1):
        a, b = starts[j], starts[j + 1]
        for i in range(a, b):
            reach[members[i]] = np.inf
        reach[members[a]] = 0.0
        longest = 0.0
        for _ in range(a, b):
            nearest = a
            for i in range(a, b):
                here = reach[members[i]]
                if here >= 0 and (reach[members[nearest]] < 0 or here < reach[members[nearest]]):
                    nearest = i
            p = members[nearest]
            longest = max(longest, reach[p])
            reach[p] = -1.0
            for i in range(a, b):
                q = members[i]
                reach[q] = min(reach[q], borders[p, q])
        out[j] = longest


@compiled
def _hub_facts(
    members: NDArray[np.int16],
    starts: NDArray[np.int64],
    minutes: NDArray[np.float64],
    timed: NDArray[np.float64],
    to_site: NDArray[np.float64],
    limits: NDArray[np.float64],
    allowed: NDArray[np.bool_],
    forced: NDArray[np.bool_],
    site_starts: NDArray[np.int64],
    sites: NDArray[np.int64],
    pennies: NDArray[np.int64],
    out: NDArray[np.float64],
) -> None:  # pragma: no cover - compiled
    """Of the sites that can be the hub of each set: least longest drive, least mean minutes, least pence.

    `limits` are the most minutes of a drive and on average; a site beyond one of them still gives the least of the
    other's kind. All infinite where no site can be the hub.
    """
    for j in range(len(starts) - 1):
        a, b = starts[j], starts[j + 1]
        for column in range(3):
            out[j, column] = np.inf
        must = 0
        for i in range(a, b):
            for at in range(site_starts[members[i]], site_starts[members[i] + 1]):
                must += forced[sites[at]]
        if must > 1:
            continue
        for i in range(a, b):
            for at in range(site_starts[members[i]], site_starts[members[i] + 1]):
                s = sites[at]
                if not allowed[s] or (must == 1 and not forced[s]):
                    continue
                drive, total, patients = 0.0, 0.0, 0.0
                for k in range(a, b):
                    drive = max(drive, to_site[members[k], s])
                    total += minutes[members[k], s]
                    patients += timed[members[k]]
                if not np.isfinite(total):
                    continue
                mean = total / patients if patients > 0 else 0.0
                if mean <= limits[1]:
                    out[j, 0] = min(out[j, 0], drive)
                if drive <= limits[0]:
                    out[j, 1] = min(out[j, 1], mean)
                if mean <= limits[1] and drive <= limits[0]:
                    out[j, 2] = min(out[j, 2], pennies[s])


@compiled
def _partly(
    members: NDArray[np.int16], starts: NDArray[np.int64], flag: NDArray[np.bool_], out: NDArray[np.int64]
) -> None:  # pragma: no cover - compiled
    """How many members of each set carry the flag."""
    for j in range(len(starts) - 1):
        count = 0
        for i in range(starts[j], starts[j + 1]):
            count += flag[members[i]]
        out[j] = count


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
    locked_as
        For each rule that locks groups, which of the N those are, by the number of the rule.
    remarks
        What was not looked at, in plain words.
    """

    problem: GroupingProblem
    rules: tuple[RuleInForce, ...]
    listed: Candidates
    facts: Mapping[str, NDArray[Any]]
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
        return facts[named[rule.key]]

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
        _partly(self.listed.members, self.listed.starts, flag, out)
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
        allowed, forced = np.ones(count, bool), np.zeros(count, bool)
        allowed &= self.facts_of_sites()
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
        _hub_facts(
            self.listed.members, self.listed.starts, problem.patient_minutes, problem.timed_patients,
            np.minimum(problem.practice_to_site, NO_ROAD_MINUTES), limits, allowed, forced, starts, order,
            pence(problem), out,
        )  # fmt: skip
        return out

    def facts_of_sites(self) -> NDArray[np.bool_]:
        """Sites that can be a hub once no rule stands against them: all but those of nobody that no kind allows."""
        aside = self.problem.hub_allowed.copy()
        for rule in self.rules:
            if rule.sites is not None:
                aside |= ~np.array(rule.sites)
            if rule.not_hub >= 0:
                aside[rule.not_hub] = True
        return aside

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


# ---------------------------------------------------------------------------------------------------- listing them


def universe_of(problem: GroupingProblem, rules: Sequence[RuleInForce], *, at_most: int = MOST_SETS) -> Universe:
    """List the groups worth looking at when rules are set aside, as many as `at_most` allows.

    If all groups that obey no rule at all can be listed, these. Else those that obey the widening rules (the maximum,
    the minutes between members, the borders), and those that break one or two of them, as far as there is room; what
    was not looked at is told in `remarks`.

    Raises
    ------
    InputProblems
        Even the groups that obey the widening rules are too many.
    """
    free = problem
    for rule in rules:
        if not any(rule.key in keys for keys in WIDENING):
            free = loosened(free, rule)
    free = replace(free, hub_allowed=_any_site(problem, rules), decided=Decided())
    widening = [tuple(rule for rule in rules if rule.key in keys) for keys in WIDENING]
    frames, remarks = _frames(free, [one for one in widening if one], at_most)
    listed = [list_candidates(frame) for frame in frames]
    listed.append(sets_as_list(problem, [lock.members for rule in rules for lock in rule.decided.locked]))
    return measured(problem, tuple(rules), _first_of_equals(_joined(listed)), remarks)


def _any_site(problem: GroupingProblem, rules: Sequence[RuleInForce]) -> NDArray[np.bool_]:
    allowed = problem.hub_allowed.copy()
    for rule in rules:
        if rule.sites is not None:
            allowed |= ~np.array(rule.sites)
        if rule.not_hub >= 0:
            allowed[rule.not_hub] = True
    return allowed


def _frames(
    free: GroupingProblem, widening: Sequence[tuple[RuleInForce, ...]], at_most: int
) -> tuple[list[GroupingProblem], tuple[str, ...]]:
    """Problems whose groups are to be listed, and what is in none of them."""
    whole = free
    for rule in itertools.chain.from_iterable(widening):
        whole = loosened(whole, rule)
    if count_sets(whole, at_most) <= at_most:
        return [whole], ()
    frames, remarks = [free], []
    base = count_sets(free, at_most)
    left = at_most - base
    for place, together in enumerate(widening):
        room = max(left, 0) // (len(widening) - place)
        for frame, remark in _stretches(free, together):
            more = count_sets(frame, room + base) - base
            if more <= room:
                frames.append(frame)
                left -= more
                remarks += [remark] if remark else []
                break
        else:
            remarks.append(_BEYOND[together[0].key])
    if len(frames) > 2:
        remarks.append("groups that go beyond two of these at once: maximum, minutes between members, borders")
    return frames, tuple(remarks)


_BEYOND = {
    "size.hard_maximum": "groups above their maximum",
    "access.max_minutes_between_members": "groups with members further apart than allowed",
    "contiguity.rule": "groups that do not hang together",
}


def _stretches(free: GroupingProblem, together: tuple[RuleInForce, ...]) -> Iterator[tuple[GroupingProblem, str]]:
    """The problem with widening rules set aside, or stretched less and less; and what that leaves out."""
    first = together[0]
    if first.key == "contiguity.rule":
        yield loosened(free, first), ""
        step = free.adjacency.astype(np.int64)
        wider = free.adjacency | (step @ step > 0)
        np.fill_diagonal(wider, False)
        for limit in (np.inf, 30.0, 20.0, 15.0, 10.0):
            near = free.adjacency | (wider & (free.between_practices <= limit))
            within = "" if limit == np.inf else f" and the drive over it is at most {limit:g} minutes"
            yield replace(free, adjacency=near), f"groups with a gap, unless it is one practice wide{within}"
        return
    for level in LEVELS:
        frame = free
        for rule in together:
            frame = loosened(frame, rule, rule.value * level if level else None)
        to = first.value * level
        what = "patients" if first.key in MAXIMUMS else "minutes between two members"
        yield frame, f"groups of more than {to:,.0f} {what}" if level else ""


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


def _joined(lists: Sequence[Candidates]) -> Candidates:
    """Several lists, one after the other."""
    first = lists[0]
    ends = np.cumsum([0, *(len(one.members) for one in lists)])
    starts = [one.starts[:-1] + end for one, end in zip(lists, ends, strict=False)]
    arrays = {
        name: np.concatenate([getattr(one, name) for one in lists])
        for name in ("members", "list_size", "rural", "shortfall", "hub", "cost", "locked", "granted")
    }
    return replace(first, starts=np.concatenate([*starts, ends[-1:]]).astype(np.int64), set_of=None, **arrays)


def _first_of_equals(listed: Candidates) -> Candidates:
    """Each set of practices once: sets are told apart by two sums of random numbers of their members."""
    drawn = np.random.default_rng(20_17).integers(0, 1 << 62, (int(listed.members.max(initial=0)) + 1, 2))
    owner = np.repeat(np.arange(len(listed)), np.diff(listed.starts))
    marks = np.zeros((len(listed), 2), np.int64)
    for column in range(2):
        np.add.at(marks[:, column], owner, drawn[listed.members, column])
    order = np.lexsort((np.arange(len(listed)), marks[:, 1], marks[:, 0]))
    again = np.zeros(len(listed), bool)
    again[order[1:]] = (marks[order[1:]] == marks[order[:-1]]).all(axis=1)
    return listed.keep(~again)


def measured(
    problem: GroupingProblem, rules: tuple[RuleInForce, ...], listed: Candidates, remarks: tuple[str, ...] = ()
) -> Universe:
    """These groups with everything that decides whether they are allowed."""
    members, starts, size = listed.members, listed.starts, listed.list_size
    count = np.diff(starts)
    pair, border = np.empty(len(size)), np.empty(len(size))
    between = np.minimum(problem.between_practices, NO_ROAD_MINUTES)
    _longest_pair(members, starts, problem.between_practices, pair)
    _longest_border(members, starts, np.where(problem.adjacency, between, np.inf), border)
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
        "granted": np.zeros(len(size), bool),
        "locked_pence": np.zeros(len(size), np.int64),
    }
    universe = Universe(problem, rules, listed, facts, {}, remarks)
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
