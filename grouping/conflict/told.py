"""The explanation of a conflict: what it holds, and the lines a planner reads."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from grouping.conflict.changes import SHOWN_GROUPS, Relaxation
from grouping.conflict.words import Names


@dataclass(frozen=True)
class ConflictRule:
    """One rule of a conflict: its name in the rule set, its value (None for yes or no), and what it says."""

    rule: str
    value: float | None
    sentence: str


@dataclass(frozen=True)
class Conflict:
    """Why there is no plan.

    Parameters
    ----------
    rules
        Rules that cannot hold together.
    smallest, irreducible
        Whether it is proven that no smaller set of rules conflicts; whether at least each of them is needed.
    practices
        Codes of practices that cannot all be given a group under all rules of the case.
    practices_smallest
        Whether it is proven that any smaller number of practices can.
    relaxations
        For each of the rules, the least change that restores a plan.
    not_looked_at
        Groups outside the proof, in words; empty where every group was looked at.
    text
        All of this for a planner, line by line.
    """

    rules: tuple[ConflictRule, ...]
    smallest: bool
    irreducible: bool
    practices: tuple[str, ...]
    practices_smallest: bool
    relaxations: tuple[Relaxation, ...]
    not_looked_at: tuple[str, ...]
    text: tuple[str, ...]

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for JSON."""
        return asdict(self)


def conflict_lines(conflict: Conflict, words: Names) -> Iterator[str]:
    """All of a conflict for a planner, line by line."""
    count = len(conflict.rules)
    among = " (among the groups looked at, see the last line)" if conflict.not_looked_at else ""
    if count == 1:
        yield f"This rule alone leaves no plan{among}:"
    elif conflict.smallest:
        yield f"These {count} rules cannot hold together, and no smaller set of rules conflicts{among}:"
    elif conflict.irreducible:
        yield f"These {count} rules cannot hold together; without any one of them the others can:"
    else:
        yield f"These {count} rules cannot hold together (time ran out before a smaller set could be ruled out):"
    yield from (f"  {n}. {rule.sentence}" for n, rule in enumerate(conflict.rules, start=1))
    yield from _practices_text(conflict, words)
    able = [one for one in conflict.relaxations if one.restores]
    if able:
        yield (
            "A plan there is again with this change:"
            if len(able) == 1
            else ("Any one of these changes by itself leaves a plan again:")
        )
        for letter, one in zip("abcdefghijklmnopqrstuvwxyz", able, strict=False):
            unsettled = "" if one.exact else " Whether a smaller change would do was not settled."
            yield f"  {letter}) {one.sentence}{unsettled}"
            yield from (f"     {line}" for line in _plan_text(one))
    else:
        yield "No change of a single one of these rules leaves a plan: two or more have to be changed."
    for one in conflict.relaxations:
        if not one.restores:
            yield f"  -  {one.sentence}"
    if conflict.not_looked_at:
        yield "Not looked at, because there are too many: " + "; ".join(conflict.not_looked_at) + "."


def _further(rule: str, more: int) -> str:
    if rule == "exceptions":
        return f"{more} more {'group stays' if more == 1 else 'groups stay'} below the minimum."
    needs = "group needs" if more == 1 else "groups need"
    return f"{more} more {needs} the changed rule too: it holds for all groups, not only for these."


def _practices_text(conflict: Conflict, words: Names) -> Iterator[str]:
    codes = conflict.practices
    if not codes:
        return
    who = words.practices(codes)
    if len(codes) == 1:
        yield f"It shows at one practice, for which the rules allow no group at all: {who}."
    elif conflict.practices_smallest:
        both = "both" if len(codes) == 2 else "all"
        yield f"It shows at these {len(codes)} practices, which cannot {both} be given a group: {who}."
        yield "  Any smaller number of practices could be given groups, if the others were left out."
    else:
        verb = "stays" if len(codes) == 1 else "stay"
        yield f"In the closest plan found, {verb} without a group: {who}."


def _plan_text(one: Relaxation) -> Iterator[str]:
    if one.plan is None:
        yield "What the best plan would then be was not settled."
    else:
        plan = one.plan
        below = (
            "none below its minimum"
            if not plan.exceptions
            else (
                f"{plan.exceptions} below {'its minimum' if plan.exceptions == 1 else 'their minimums'}"
                f" by {plan.shortfall:,} patients"
            )
        )
        best = "The best plan then has" if plan.proven else "The best plan found in time then has"
        yield f"{best} {plan.groups} groups, {below}, and a score of {plan.score:.2f} minutes per patient."
        yield from plan.concerned[:SHOWN_GROUPS]
        if len(plan.concerned) > SHOWN_GROUPS:
            yield _further(one.rule, len(plan.concerned) - SHOWN_GROUPS)
    if one.setting:
        yield "In case.toml: " + ", ".join(one.setting)
    for codes in one.plan.grants if one.plan else ():
        practices = ", ".join(f'"{code}"' for code in codes)
        yield f'Or for this group alone: [[rules.decisions]], kind = "grant-exception", practices = [{practices}],'
        yield '  reason = "..."'
