"""The rules of a problem one by one, each with what it takes to relax it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from grouping.problem import Decided, GroupingProblem
from grouping.rules import LocalitySize

MINIMUMS = ("size.minimum_urban", "size.minimum_rural", "size.locality.minimum")
KEEPS_SHARE = "resilience.keeps_share"
MAXIMUMS = ("size.hard_maximum", "size.hard_maximum_rural", "size.locality.maximum")


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
    against = [one.not_hub for one in decisions or () if one.not_hub >= 0]
    found = [*_limits(problem), *_hub_rules(problem, sites, against)]
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
    rules = problem.rules
    if rules.exceptions.limit is not None:
        yield RuleInForce("exceptions", rules.exceptions.limit)
    yield from _size_limits(problem)
    size = rules.size
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
    resilience = rules.resilience
    some = resilience.loss_of == "any" or (problem.vulnerable is not None and problem.vulnerable.any())
    if resilience.keeps_share > 0 and some:
        yield RuleInForce(KEEPS_SHARE, resilience.keeps_share)


def _size_limits(problem: GroupingProblem) -> Iterator[RuleInForce]:
    """Minimums, where a group below one is not just any exception; and maximums."""
    size, present = problem.rules.size, set(problem.locality)
    if problem.rules.exceptions.limit is not None or problem.decided.never_exception:
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


def _hub_rules(problem: GroupingProblem, sites: pd.DataFrame | None, against: Sequence[int]) -> Iterator[RuleInForce]:
    """Rules about which sites may be a hub, as far as the table of sites and decisions `against` sites explain it."""
    rules, left = problem.rules.hub, problem.hub_allowed.copy()
    for name, allowed in _site_masks(problem, sites).items():
        if not allowed.all():
            yield RuleInForce(f"hub.{name}", float(rules.minimum_floor_area_m2), sites=tuple(allowed.tolist()))
            left |= ~allowed
    left[list(against)] = True
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


def any_site(problem: GroupingProblem, rules: Sequence[RuleInForce]) -> NDArray[np.bool_]:
    """Sites that can be a hub once none of these rules stands against them, bool, shape (S,)."""
    allowed = problem.hub_allowed.copy()
    for rule in rules:
        if rule.sites is not None:
            allowed |= ~np.array(rule.sites)
        if rule.not_hub >= 0:
            allowed[rule.not_hub] = True
    return allowed
