"""Whether a problem is too large to list its groups; if so it is searched, and what was done is said in words."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from grouping.by_price.solve import Searched, solve_by_price
from grouping.by_price.stream import Progress
from grouping.candidates import count_sets
from grouping.explain import explanation_of
from grouping.how_many import MOST_COUNTED, Change, changes, how_many, reasons, sets_that_fit
from grouping.partition.clock import Clock
from grouping.problem import GroupingProblem
from grouping.stages import natural

if TYPE_CHECKING:
    from grouping.optimise import Solution


def solve_if_large(problem: GroupingProblem, *, memory: float, clock: Clock, progress: Progress) -> Solution | None:
    """The solution without a list of all groups, where that would outgrow the memory; None where it fits.

    Parameters
    ----------
    problem
        The problem.
    memory
        Gigabytes the list and the search over it may take.
    clock
        The time limit.
    progress
        Called with the stage and a plain line about it.

    Raises
    ------
    NoPlan
        As for `solve_by_price`.
    """
    most = sets_that_fit(memory)
    if count_sets(problem, most) <= most:
        return None
    progress("counting", "counting how many groups the rules allow")
    groups = count_sets(problem, MOST_COUNTED)
    progress("counting", f"{how_many(groups)}: too many to list in {memory:g} GB, so they are searched instead")
    told = [
        f"{how_many(groups).capitalize()} hang together and obey the limits on size and minutes. The memory allowed "
        f"({memory:g} GB) holds a list of {most:,}, so they were not listed.",
        *reasons(problem),
    ]
    milder = [] if clock.over else changes(problem, most)
    if milder:
        words = "; ".join(one.words for one in milder)
        told.append(f"Each of these changes alone would make a list that fits: {words}.")
    found = solve_by_price(problem, most=most, clock=clock, progress=progress)
    return _accounted(found, told, _searched(found, groups, memory, milder), clock)


def _accounted(found: Searched, told: list[str], searched: dict[str, Any], clock: Clock) -> Solution:
    """The solution with a certificate and an explanation that speak of all groups, not of those kept."""
    best = found.solution
    certificate = dict(best.certificate)
    ended = certificate.get("ended_by")
    if not found.complete and ended is None:
        ended = "stopped by hand" if clock.stopped else "time limit" if clock.over else "memory"
    certificate |= {
        "stages": [_over_all_groups(stage, found) for stage in certificate["stages"]],
        "left_out": {},
        "proven": bool(certificate["proven"] and found.complete),
        "ended_by": ended,
        "searched": searched,
    }
    return replace(
        best,
        bound=min(found.bounds["score"] / best.candidates.units_per_minute, best.objective),
        status="optimal" if certificate["proven"] else "feasible",
        certificate=certificate,
        proof={},
        whole_within=-1.0 if found.margin is None else found.margin,
        explanation=(*told, *_how_searched(found), *explanation_of(certificate)[1:]),
    )


def _over_all_groups(stage: dict[str, Any], found: Searched) -> dict[str, Any]:
    """What the certificate says of a criterion, proven only if it is so over all groups."""
    name = stage["criterion"]
    if name not in found.bounds or name in found.proven:
        return stage
    unit = natural(name, found.solution.candidates)
    bound = found.bounds[name] if unit == 1 else found.bounds[name] / unit
    return {**stage, "proven": False, "how": "not proven", "bound": bound}


def _searched(found: Searched, groups: int, memory: float, milder: list[Change]) -> dict[str, Any]:
    """The search in figures, for the certificate."""
    return {
        "groups": min(groups, MOST_COUNTED),
        "more_than_that": groups > MOST_COUNTED,
        "memory_gb": memory,
        "searches": found.passes,
        "steps": found.steps,
        "kept": len(found.solution.candidates),
        "all_within": found.margin,
        "changes": [{"rule": one.rule, "effect": one.words, "groups": one.groups} for one in milder],
    }


def _how_searched(found: Searched) -> list[str]:
    """What was done instead of listing, and what holds because of it."""
    kept = len(found.solution.candidates)
    lines = [
        f"All of them were searched {found.passes} times for groups that cost less than the prices of their practices "
        f"({found.steps:,} groups and parts of groups were looked at; a branch was left out only where even the best "
        f"possible rest could not bring it below its price). {kept:,} groups were kept in the end.",
    ]
    if found.margin is None:
        lines.append(
            "The groups that could be in a better plan did not all fit into the memory or the time allowed: the plan "
            "is the best of the groups kept, and the proof is only a bound, which holds for all groups."
        )
    else:
        within = f", or up to {found.margin:.0%} worse," if found.margin else ""
        lines.append(
            f"Among them are all {found.kept:,} groups that can be in a plan as good as the best{within} whatever the "
            "other groups of it are. So what is proven over the groups kept holds for all groups."
        )
    if found.margin is None:
        lines.append("Other plans were looked for among the groups kept only: there may be further and better ones.")
    elif found.margin == 0:
        lines.append("Other plans were looked for among the groups kept only: there may be further ones.")
    else:
        lines.append(
            f"Plans more than {found.margin:.0%} worse than the best were looked for among the groups kept only: there "
            "may be further ones."
        )
    return lines
