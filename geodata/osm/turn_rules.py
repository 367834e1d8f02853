"""What an OpenStreetMap relation says about turning from one road into another.

Form: wiki.openstreetmap.org/wiki/Relation:restriction. A restriction applies where a car comes along the `from` way to
the `via` node; it forbids the `to` way, or every other one. What cannot be applied is counted by reason, so that a
reader of the method note knows what was left out.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping
from dataclasses import dataclass

KINDS = ("right_turn", "left_turn", "straight_on", "u_turn")
FORBIDDEN = {*(f"no_{kind}" for kind in KINDS), "no_entry", "no_exit"}
ONLY = {f"only_{kind}" for kind in KINDS[:3]}

VALUE_KEYS = ("restriction:motorcar", "restriction:motor_vehicle", "restriction:vehicle", "restriction")
"""Tags that hold the kind of a restriction for cars, from the most to the least specific."""

CARS = {"motorcar", "motor_vehicle", "vehicle"}
HOURS = ("day_on", "hour_on", "day_off", "hour_off")
"""An older way of saying that a restriction holds at some hours only."""

ROLES = ("from", "via", "to")

SOME_HOURS = "turn restrictions that hold at some hours only"
OTHERS = "turn restrictions for other vehicles than cars"
STRETCH = "turn restrictions over a stretch of road"
U_TURN = "turn restrictions against turning round, which no quickest way does"
UNKNOWN = "turn restrictions of an unknown kind"
INCOMPLETE = "turn restrictions that lack a road or a junction"
MISPLACED = "turn restrictions whose roads do not end at the junction"
NOT_FOR_CARS = "turn restrictions at roads not open to cars"
AT_ODDS = "turn restrictions at odds with each other"


@dataclass(frozen=True)
class TurnRule:
    """One relation.

    Parameters
    ----------
    sources, targets
        Numbers of the ways a car comes from and would take.
    via
        Numbers of the nodes in between: exactly one where the rule can be applied.
    ways
        Numbers of all its ways, those in between as well.
    nested
        Whether a relation stands where a way or a node should: nothing can be made of it.
    only
        Whether the targets are the only ways that may be taken; else they may not.
    reason
        Why it cannot be applied; empty if it can.
    """

    sources: tuple[int, ...]
    targets: tuple[int, ...]
    via: tuple[int, ...]
    ways: tuple[int, ...]
    nested: bool
    only: bool
    reason: str

    def is_whole(self, ways: Container[int], nodes: Container[int]) -> bool:
        """Whether all its roads and junctions are there."""
        named = bool(self.ways) and not self.nested
        return named and all(way in ways for way in self.ways) and all(node in nodes for node in self.via)


def turn_rule(tags: Mapping[str, str], members: Iterable[tuple[str, int, str]]) -> TurnRule:
    """Read a relation of `type = restriction`.

    Parameters
    ----------
    tags
        Its tags.
    members
        Kind (`n`, `w`, `r`), number and role of each member.
    """
    by_role: dict[tuple[str, str], list[int]] = {}
    for kind, number, role in members:
        by_role.setdefault((role, kind), []).append(number)
    sources, targets = by_role.get(("from", "w"), []), by_role.get(("to", "w"), [])
    via, stretch = by_role.get(("via", "n"), []), by_role.get(("via", "w"), [])
    values, reason = _values(tags)
    if not reason:
        several = (len(sources) > 1 and values != {"no_entry"}) or (len(targets) > 1 and values != {"no_exit"})
        if stretch:
            reason = STRETCH
        elif not sources or not targets or len(via) != 1 or several:
            reason = INCOMPLETE
        elif values <= {"no_u_turn", "only_u_turn"} and sources == targets:
            reason = U_TURN
    return TurnRule(
        sources=tuple(sources),
        targets=tuple(targets),
        via=tuple(via),
        ways=(*sources, *stretch, *targets),
        nested=any(kind == "r" for role, kind in by_role if role in ROLES),
        only=bool(values) and values <= ONLY,
        reason=reason,
    )


def _values(tags: Mapping[str, str]) -> tuple[set[str], str]:
    """The kinds that hold for cars at any hour; a reason where there are none."""
    text = next((tags[key] for key in VALUE_KEYS if tags.get(key)), "")
    if not text:
        timed = any(tags.get(f"{key}:conditional") for key in VALUE_KEYS)
        others = any(key.startswith("restriction:") for key in tags)
        return set(), SOME_HOURS if timed else OTHERS if others else UNKNOWN
    if any(tags.get(key) for key in HOURS):
        return set(), SOME_HOURS
    if CARS & {part.strip() for part in tags.get("except", "").lower().split(";")}:
        return set(), OTHERS
    values = {part.strip() for part in text.lower().split(";")}
    if values <= FORBIDDEN or values <= ONLY or values == {"only_u_turn"}:
        return values, ""
    return set(), UNKNOWN


def settle_turns(
    rules: Iterable[TurnRule],
    ends: Mapping[int, tuple[int, int, bool]],
    nodes: Container[int],
    *,
    whole_file: bool,
) -> tuple[list[tuple[int, int, int, int]], dict[str, int]]:
    """Turns to apply, and how many rules are not applied, by reason.

    Parameters
    ----------
    rules
        In any order.
    ends
        For each way that is there: its first and last node, and whether a car may use it.
    nodes
        The nodes that are there.
    whole_file
        Whether all of the file is there; else a rule with a way elsewhere is of no concern and not counted.

    Returns
    -------
    Rows of from way, via node, to way, 1 where this is the only turn allowed; and the counts.
    """
    counts: dict[str, int] = {}
    applied: list[TurnRule] = []
    for rule in rules:
        reason = rule.reason or _misfit(rule, ends)
        if not rule.is_whole(ends, nodes):
            if not whole_file:
                continue
            reason = INCOMPLETE
        if reason:
            counts[reason] = counts.get(reason, 0) + 1
        else:
            applied.append(rule)
    at_odds = _at_odds(applied)
    if at_odds:
        counts[AT_ODDS] = sum(_start(rule) in at_odds for rule in applied if rule.only)
    rows = {
        (source, rule.via[0], target, int(rule.only))
        for rule in applied
        if not (rule.only and _start(rule) in at_odds)
        for source in rule.sources
        for target in rule.targets
    }
    return sorted(rows), dict(sorted(counts.items()))


def _misfit(rule: TurnRule, ends: Mapping[int, tuple[int, int, bool]]) -> str:
    """Why a rule does not fit the roads; empty if it does."""
    members = [ends[way] for way in (*rule.sources, *rule.targets) if way in ends]
    if any(rule.via[0] not in pair[:2] for pair in members):
        return MISPLACED  # a way that runs on through the junction leaves open which of its two arms is meant
    return "" if all(pair[2] for pair in members) else NOT_FOR_CARS


def _start(rule: TurnRule) -> tuple[int, int]:
    return rule.sources[0], rule.via[0]


def _at_odds(rules: list[TurnRule]) -> set[tuple[int, int]]:
    """Roads with two different turns each of which is said to be the only one."""
    targets: dict[tuple[int, int], set[tuple[int, ...]]] = {}
    for rule in rules:
        if rule.only:
            targets.setdefault(_start(rule), set()).add(rule.targets)
    return {start for start, ways in targets.items() if len(ways) > 1}
