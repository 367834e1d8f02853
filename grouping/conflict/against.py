"""What stands against one group: one that somebody asks for, or one that was granted an exception."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from geodata.errors import Finding
from grouping.conflict.concerned import concerned_groups
from grouping.conflict.rules import MINIMUMS, DecisionInForce, RuleInForce, rules_in_force
from grouping.conflict.sets import Universe, measured, sets_as_list
from grouping.conflict.words import Names
from grouping.decisions import Part
from grouping.problem import GroupingProblem


@dataclass(frozen=True)
class Breach:
    """A rule that a group breaks, with its figures in words."""

    rule: str
    sentence: str


def in_force(parts: Sequence[Part]) -> list[DecisionInForce]:
    """Written decisions as `explain_conflict` takes them."""
    return [
        DecisionInForce(
            part.position.number, part.decision.kind, part.decided, part.decision.reason.strip(), part.not_hub
        )
        for part in parts
    ]


def why_not(
    problem: GroupingProblem,
    practices: Sequence[str],
    *,
    sites: pd.DataFrame | None = None,
    names: Mapping[str, str] | None = None,
    decisions: Sequence[DecisionInForce] | None = None,
) -> tuple[Breach, ...]:
    """Which rules a group of just these practices would break, with figures; none if it is allowed.

    Parameters
    ----------
    practices
        Codes of practices of the problem.
    problem, sites, names, decisions
        As for `explain_conflict`. That a group is below its minimum is told also where exceptions are allowed.
    """
    members = tuple(sorted({problem.practice_codes.index(code) for code in practices}))
    rules = _with_minimums(problem, rules_in_force(problem, sites, decisions))
    universe = measured(problem, rules, sets_as_list(problem, [members]))
    words = Names(problem, names or {})
    locking = [number for number, one in universe.locked_as.items() if bool(one[0])]
    if locking:
        return ()
    numbers = [n for n in range(len(rules)) if _breaks(universe, n)]
    lines = [Breach(rules[n].key, concerned_groups(universe, n, words)[0]) for n in numbers]
    hubs = frozenset(n for n, rule in enumerate(rules) if rule.about_hubs)
    if not numbers and not universe.allowed(hubs)[0][0]:
        lines.append(Breach("hub", "No site of these practices can be the hub under the rules about hubs together."))
    return tuple(lines)


def why_lines(
    problem: GroupingProblem, practices: Sequence[str], breaches: Sequence[Breach], names: Mapping[str, str]
) -> list[str]:
    """What `why_not` found, for a planner, line by line."""
    words = Names(problem, names)
    index = {code: p for p, code in enumerate(problem.practice_codes)}
    who = words.listed(sorted(index[code] for code in set(practices)))
    if not breaches:
        return [f"No rule stands against {who} as a group by itself. Whether a plan holds it is told by the run."]
    lines = [f"{who} as a group:", *(f"  - {one.sentence}" for one in breaches)]
    if all("minimum" in one.rule for one in breaches) and problem.rules.exceptions.limit != 0:
        lines.append("Exceptions are allowed, so it could stand as one; plans with less shortfall come before it.")
    return lines


def idle_grants(
    problem: GroupingProblem, parts: Sequence[Part], sites: pd.DataFrame | None = None
) -> tuple[Finding, ...]:
    """Granted exceptions that can never be used because the group breaks another rule, or that nobody needs.

    Parameters
    ----------
    problem
        The problem made with these decisions.
    parts
        The decisions one by one.
    sites
        As for `explain_conflict`.
    """
    findings = []
    without = replace(problem, decided=replace(problem.decided, granted=()))
    for part in parts:
        for members, _ in part.decided.granted:
            codes = [problem.practice_codes[p] for p in members]
            cell = {"row": part.position.row, "column": "practices", "value": ", ".join(codes)}
            start, file = f"decision {part.position.number}: ", part.position.file
            breaches = why_not(without, codes, sites=sites, decisions=in_force(parts))
            for one in breaches:
                if "minimum" not in one.rule:
                    message = f"{start}the exception granted here can never be used. {one.sentence}"
                    fix = 'Change that rule, or write kind = "group" to let the group stand whatever it breaks.'
                    findings.append(Finding("error", file, message, fix, code="decision", **cell))
            if not breaches:
                size = int(problem.list_size[list(members)].sum())
                message = f"{start}with {size:,} patients this group needs no exception."
                findings.append(
                    Finding("warning", file, message, "Take the decision out.", code="idle-decision", **cell)
                )
    return tuple(findings)


def _with_minimums(problem: GroupingProblem, rules: tuple[RuleInForce, ...]) -> tuple[RuleInForce, ...]:
    """The rules with the minimums, which count for nothing while any number of exceptions is allowed."""
    if any(rule.key in MINIMUMS for rule in rules):
        return rules
    forbidden = problem.rules.exceptions.model_copy(update={"policy": "forbidden"})
    strict = replace(problem, rules=problem.rules.model_copy(update={"exceptions": forbidden}))
    return tuple(rule for rule in rules_in_force(strict) if rule.key in MINIMUMS) + rules


def _breaks(universe: Universe, number: int) -> bool:
    """Whether the only group of a universe breaks a rule by itself."""
    rule = universe.rules[number]
    if rule.key in MINIMUMS:
        return bool(universe.below(number)[0])
    if rule.about_hubs:
        return not universe.allowed(frozenset({number}))[0][0]
    if rule.key == "contiguity.max_minutes_over_border" and not universe.facts["hangs_together"][0]:
        return False
    if rule.key == "decision" and rule.decided.never_exception:
        minimums = [n for n, one in enumerate(universe.rules) if one.key in MINIMUMS]
        held = universe.holding(rule.decided.never_exception)[0] > 0
        return bool(held and any(universe.below(n)[0] for n in minimums))
    return bool(universe.broken(number)[0])
