"""The groups that break a rule, each with its figure, in the words a planner would use."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from grouping.conflict.rules import KEEPS_SHARE, MAXIMUMS, MINIMUMS
from grouping.conflict.sets import Universe
from grouping.conflict.words import Names, in_minutes, kind_of_group, lost_practice, rule_sentence


def concerned_groups(universe: Universe, number: int, words: Names, after: float | None = None) -> list[str]:
    """The groups that break a rule as it is now (and keep it `after` the change), each with its figure."""
    mask = _concerned(universe, number)
    if after is not None and universe.rules[number].key in MINIMUMS:
        mask = mask & ~universe.below(number, after)
    found = np.flatnonzero(mask)
    return [_line(universe, int(j), number, words) for j in found[np.argsort(-_excess(universe, number)[found])]]


def groups_named(universe: Universe, number: int, limit: int) -> list[tuple[int, ...]]:
    """Members of the groups that break a rule, if they are at most so many."""
    found = np.flatnonzero(_concerned(universe, number))
    return [universe.listed.group(int(j)) for j in found] if len(found) <= limit else []


def _excess(universe: Universe, number: int) -> np.ndarray:
    """By how much each group breaks a rule, to tell the worst first."""
    rule = universe.rules[number]
    if rule.key == "exceptions" or rule.key in MINIMUMS:
        return -universe.listed.list_size.astype(float)
    if rule.key == KEEPS_SHARE:
        return -universe.kept_share()
    named_facts = {"access.max_minutes_between_members": "longest_pair", "size.hard_maximum": "size"}
    return universe.facts[named_facts[rule.key]].astype(float) if rule.key in named_facts else np.zeros(len(universe))


def _concerned(universe: Universe, number: int) -> np.ndarray:
    rule, rules = universe.rules[number], universe.rules
    minimums = [n for n, one in enumerate(rules) if one.key in MINIMUMS]
    if rule.key == "exceptions" or rule.decided.never_exception:
        below = np.zeros(len(universe), bool)
        for n in minimums:
            below |= universe.below(n)
        return below & (universe.holding(rule.decided.never_exception) > 0 if rule.decided.never_exception else True)
    if rule.key in MINIMUMS:
        return universe.below(number)
    if rule.key == "locality.most_crossing":
        return universe.facts["crosses"]
    if rule.about_hubs:
        return ~universe.allowed(frozenset({number}))[0]
    return universe.broken(number)


def _line(universe: Universe, j: int, number: int, words: Names) -> str:
    """One group and its figure."""
    rule, facts = universe.rules[number], universe.facts
    members = universe.listed.group(j)
    who = words.listed(members)
    if rule.key == "exceptions" or rule.key in MINIMUMS or rule.decided.never_exception:
        return f"{who} {_short_of(universe, j, number if rule.key in MINIMUMS else _own_minimum(universe, j))}"
    if rule.key in MAXIMUMS:
        size = int(facts["size"][j])
        above = f"{size - int(rule.value):,} above the maximum of {rule.value:,.0f}"
        return f"{who} {_have(members)} {size:,} patients, {above}."
    if rule.key == "access.max_minutes_between_members":
        return f"{who}: {_farthest(universe, j, rule.value, words)}"
    if rule.key == "contiguity.rule":
        return f"{who}: their catchments do not hang together."
    if rule.key == "contiguity.max_minutes_over_border":
        longest = facts["longest_border"][j]
        limit = in_minutes(rule.value)
        return f"{who}: held together only by a border with a drive of {longest:.1f} minutes (limit {limit})."
    if rule.key in {"size.fewest_practices", "size.most_practices"}:
        return f"{who}: {len(members)} {'practice' if len(members) == 1 else 'practices'} (limit {rule.value:g})."
    if rule.key in {"locality.rule", "locality.most_crossing"}:
        names = sorted({universe.problem.locality[p] for p in members} - {""})
        return f"{who}: in {len(names)} localities ({', '.join(names)})."
    if rule.key == "practices.most_vulnerable_share":
        return f"{who}: {facts['vulnerable'][j]:.0%} of the practices are vulnerable (limit {rule.value:.0%})."
    if rule.key == KEEPS_SHARE:
        left, share = int(facts["size"][j] - facts["loss"][j]), universe.kept_share()[j]
        kept = f"{share:.1%} of the minimum of {int(facts['minimum'][j]):,} (limit {100 * rule.value:g}%)"
        return f"{who}: without {lost_practice(words, 'the')} among them {left:,} patients are left, {kept}."
    if rule.about_hubs:
        return f"{who}: {_hub_words(universe, j, number, words)}"
    if rule.key == "keep_together":
        return f"{who}: not together with all practices of the tag {rule.label} ({words.tagged(rule.label)})."
    return f"{who}: against decision {rule.label}."


def _have(members: Sequence[int]) -> str:
    return "has" if len(members) == 1 else "together have"


def _short_of(universe: Universe, j: int, number: int) -> str:
    """By how much a group is below a minimum."""
    rule, size = universe.rules[number], int(universe.facts["size"][j])
    least, kind = int(rule.value), kind_of_group(rule)
    needs = f"{least - size:,} short of the {least:,} that {kind[0].lower() + kind[1:]} needs"
    return f"{_have(universe.listed.group(j))} {size:,} patients, {needs}."


def _farthest(universe: Universe, j: int, limit: float, words: Names) -> str:
    """Which two members are furthest apart."""
    a, b = universe.farthest(j)
    minutes = universe.problem.between_practices[a, b]
    far = "no road joins them" if not np.isfinite(minutes) else f"{minutes:.1f} minutes"
    pair = f"{words.listed([a])} and {words.listed([b])}"
    return f"{pair} are furthest apart ({far}, limit {in_minutes(limit)})."


def _own_minimum(universe: Universe, j: int) -> int:
    return next(n for n, one in enumerate(universe.rules) if one.key in MINIMUMS and universe.governed(n)[j])


def _hub_words(universe: Universe, j: int, number: int, words: Names) -> str:
    rule = universe.rules[number]
    drive, mean, _ = universe.hub_facts(frozenset(), {})[j]
    if rule.key == "access.max_minutes_to_hub":
        return f"from the farthest member at least {drive:.1f} minutes to a hub (limit {in_minutes(rule.value)})."
    if rule.key == "access.max_mean_minutes_to_hub":
        return f"patients need at least {mean:.1f} minutes to a hub on average (limit {in_minutes(rule.value)})."
    return f"no site of theirs can be the hub. {rule_sentence(rule, words)}"
