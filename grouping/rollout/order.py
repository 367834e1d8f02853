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
    limits, and the others can be kept. The last row of each is set aside before the next is looked for.
    """
    found = []
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
    return question.without_rules(conflict.rows[-1] for conflict in conflicts), conflicts


def _smallest(question: Question, *, starting: bool) -> Conflict | None:
    """A smallest set of rows and limits that cannot be kept; None where all can."""
    if not question.rules or not question.span or _kept(question, starting=starting):
        return None
    for row in dict.fromkeys(rule.row for rule in question.rules):
        without = question.without_rules([row])
        if not _kept(without, starting=starting):
            question = without
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
