"""The planner's rules of order: their rows read as rules for the groups of an option, and those that contradict."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from grouping.programme.ground import Ground
from grouping.rollout.model import keepable
from grouping.rollout.question import Question, Rule
from grouping.rollout.waves import Wave, position

NEEDS_WAVE = ("not-before", "not-after")


@dataclass(frozen=True)
class Conflict:
    """Rules and limits that cannot be kept at once, none of which can be missed for that.

    Parameters
    ----------
    rows
        Positions of rows in the planner's table, ascending.
    groups, patients
        Waves whose capacity takes part.
    """

    rows: tuple[int, ...]
    groups: tuple[int, ...] = ()
    patients: tuple[int, ...] = ()


def codes_in(text: object) -> tuple[str, ...]:
    """Practice codes of a cell, separated by blanks, commas or semicolons."""
    if text is None or pd.isna(text):
        return ()
    return tuple(dict.fromkeys(part.upper() for part in re.split(r"[\s,;]+", str(text)) if part))


def rules_of(ground: Ground, waves: tuple[Wave, ...]) -> tuple[Rule, ...]:
    """The rows of the planner's table as rules for groups; rows that say nothing of this option are left out."""
    rows = ground.inputs.rows("order")
    if rows is None:
        return ()
    names = [wave.name for wave in waves]
    rules = []
    for number, row in enumerate(rows.to_dict("records")):
        groups, after = _groups(ground, row.get("practices")), _groups(ground, row.get("after"))
        wave = position(names, row["wave"]) if row["kind"] in NEEDS_WAVE and not pd.isna(row.get("wave")) else None
        if not groups or (row["kind"] == "before" and not after) or (row["kind"] in NEEDS_WAVE and wave is None):
            continue
        reason = row.get("reason")
        said = "" if reason is None or pd.isna(reason) else str(reason).strip()
        after = after if row["kind"] == "before" else ()
        rules.append(Rule(row["kind"], groups, after, -1 if wave is None else wave, number, said))
    return tuple(rules)


def conflicts_of(question: Question) -> tuple[Conflict, ...]:
    """What of the rules cannot be kept: first among themselves, then with the capacity of the waves.

    Among themselves every group that a rule names is taken to start in some wave, however many start: a ring of
    `before` would else be kept by starting none of them. Each conflict is a smallest one: leave out any of its rows or
    limits, and the others can be kept. The last row of each is set aside before the next is looked for. Of rows that
    say the same the first is told.
    """
    found = []
    question = replace(question, rules=question.distinct)
    rest = question.without_capacity()
    while (conflict := _smallest(rest, starting=True)) is not None:
        found.append(conflict)
        rest = rest.without_rules(conflict.rows[-1:])
    rest = replace(question, rules=rest.rules)
    while (conflict := _smallest(rest, starting=False)) is not None:
        found.append(conflict)
        rest = rest.without_rules(conflict.rows[-1:])
    return tuple(sorted(found, key=lambda conflict: conflict.rows))


def keeping(question: Question) -> tuple[Question, tuple[Conflict, ...]]:
    """The question without the rows that contradict earlier ones, and the conflicts."""
    conflicts = conflicts_of(question)
    last = {conflict.rows[-1] for conflict in conflicts}
    aside = {rule.says for rule in question.rules if rule.row in last}
    return replace(question, rules=tuple(rule for rule in question.rules if rule.says not in aside)), conflicts


def _smallest(question: Question, *, starting: bool) -> Conflict | None:
    """A smallest set of rows and limits that cannot be kept; None where all can."""
    if not question.rules or not question.span or _kept(question, starting=starting):
        return None
    question = _fewest_rules(question, starting=starting)
    for what in ("most_groups", "most_patients"):
        for w, limit in enumerate(getattr(question, what)):
            if limit is not None:
                limits = list(getattr(question, what))
                limits[w] = None
                without = replace(question, **{what: tuple(limits)})
                if not _kept(without, starting=starting):
                    question = without
    return Conflict(
        tuple(sorted({rule.row for rule in question.rules})),
        _limited(question.most_groups),
        _limited(question.most_patients),
    )


def _fewest_rules(question: Question, *, starting: bool) -> Question:
    """Rules that cannot be kept, none of which can be missed: each is left out that can be, one after another.

    As fewer rules are never harder to keep, the next one that is needed is found by halving.
    """
    needed: list[Rule] = []
    rest = question.rules
    while rest:
        low, high = 0, len(rest)  # leaving out so many cannot be kept; leaving out so many may be
        while high - low > 1:
            middle = (low + high) // 2
            if _kept(replace(question, rules=(*needed, *rest[middle:])), starting=starting):
                high = middle
            else:
                low = middle
        if high == len(rest) and not _kept(replace(question, rules=tuple(needed)), starting=starting):
            break
        needed.append(rest[high - 1])
        rest = rest[high:]
    return replace(question, rules=tuple(needed))


def _kept(question: Question, *, starting: bool) -> bool:
    named = sorted({g for rule in question.rules for g in (*rule.groups, *rule.after)})
    return keepable(question, named if starting else ())


def _limited(limits: Sequence[int | None]) -> tuple[int, ...]:
    return tuple(w for w, limit in enumerate(limits) if limit is not None)


def _groups(ground: Ground, text: object) -> tuple[int, ...]:
    """Positions of the groups of the practices in a cell, ascending; codes that are not in the option are left out."""
    ids = [group.group_id for group in ground.plan.groups]
    return tuple(
        sorted({ids.index(ground.group_of[code].group_id) for code in codes_in(text) if code in ground.group_of})
    )
