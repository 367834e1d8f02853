"""Joins the parts of a programme: each works on the same ground, some on what another has found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

from geodata.errors import Finding, InputProblems
from geodata.tables.schemas import cap_findings
from grouping import engagement, estates, growth, resilience, resources, rollout, scorecard, site_choice
from grouping.named_table import NamedTable
from grouping.programme.ground import Ground
from grouping.programme.public import public_ground
from grouping.verify.delivery import Check, checks_of, refuse_disagreement

Progress = Callable[[str, str], None]


class Part(Protocol):
    """What every part can tell."""

    lines: tuple[str, ...]
    tables: tuple[NamedTable, ...]


MODULES = (rollout, resources, growth, estates, site_choice, scorecard, resilience, engagement)
"""The parts in the order of the page."""


@dataclass(frozen=True)
class Programme:
    """What one option of a run would mean as a programme.

    Parameters
    ----------
    ground
        What it was made from; of a public programme the public ground.
    parts
        Name of the part -> what it found, in the order of the page.
    findings
        Warnings and notes about the planner's tables.
    checks
        Claims of its tables that were derived again (see `grouping.verify.delivery`).
    """

    ground: Ground
    parts: dict[str, Part]
    findings: tuple[Finding, ...] = ()
    checks: tuple[Check, ...] = ()

    @property
    def title(self) -> str:
        """What its page and workbook are called."""
        return f"A programme for {self.ground.run.place.name}"

    @property
    def lines(self) -> dict[str, str]:
        """The answer: the first sentence of every part."""
        return {name: part.lines[0] for name, part in self.parts.items() if part.lines}

    @property
    def tables(self) -> tuple[NamedTable, ...]:
        """All tables, in the order of the parts."""
        return tuple(table for part in self.parts.values() for table in part.tables)


def _quiet(stage: str, detail: str) -> None:
    """No progress wanted."""


def programme_of(ground: Ground, *, public: bool = False, progress: Progress = _quiet) -> Programme:
    """Work out every part.

    Parameters
    ----------
    ground
        An option of a run, with everything; for the public, too: what may be told is decided at the end.
    public
        Whether it is for publication.
    progress
        Told of each part.

    Raises
    ------
    InputProblems
        The planner's tables do not fit the run; the problems of all of them are told together.
    VerificationFailed
        The independent check disagrees with a claim.
    """
    findings = refuse_problems(ground)
    progress("Carrying lists forward", "from today to the last year known")
    grown = growth.growth_of(ground)
    progress("Planning the rollout", f"{len(ground.plan.groups)} groups")
    own = rollout.rollout_of(ground)
    if public:
        inside = {"rollout": own, "growth": grown}
        _checked(Programme(ground, inside), progress)  # with all that is known; below only what may be told
        return _checked(_public(ground, inside), progress)
    rollouts = {  # what is in the way of a target is told of this option alone
        name: own if name == ground.option_id else rollout.rollout_of(ground.of(one), explain=False)
        for one in ground.run.options
        for name in [one.option.option_id]
    }
    progress("Trying every practice", "what follows when one hands back its contract")
    tried = {one.option.option_id: resilience.resilience_of(ground.of(one)) for one in ground.run.options}
    progress("Looking at buildings and scores", "as far as the inputs tell")
    parts: dict[str, Part | None] = {
        "rollout": own,
        "resources": resources.resources_of(ground, own, grown),
        "growth": grown,
        "estates": estates.estates_of(ground),
        "site_choice": site_choice.site_choice_of(ground),
        "scorecard": scorecard.scorecard_of(ground, rollouts, tried),
        "resilience": tried[ground.option_id],
        "engagement": engagement.engagement_of(ground),
    }
    found = {name: part for name, part in parts.items() if part is not None}
    return _checked(Programme(ground, found, findings), progress)


def _checked(programme: Programme, progress: Progress) -> Programme:
    """The programme with the claims that were derived again; stops where one does not agree."""
    progress("Checking every claim", "from the run and the planner's tables")
    checks = checks_of(programme)
    refuse_disagreement(checks)
    return replace(programme, checks=checks)


def _public(ground: Ground, inside: dict[str, Part]) -> Programme:
    """The parts that may be published: what is worked out of public figures, or of figures that may be told."""
    outside = public_ground(ground)
    planned, grown = rollout.public_rollout(inside["rollout"]), growth.public_growth(inside["growth"])
    parts: dict[str, Part] = {
        "rollout": planned,
        "resources": resources.resources_of(outside, planned, grown),
        "growth": grown,
        "estates": estates.estates_of(outside),
        "scorecard": scorecard.scorecard_of(outside, {}, {}),
        "engagement": engagement.engagement_of(outside),
    }
    return Programme(outside, parts)


def refuse_problems(ground: Ground) -> tuple[Finding, ...]:
    """What is noticed about the planner's tables.

    Raises
    ------
    InputProblems
        There are errors: those of reading the tables, and those of all parts, together.
    """
    read = ground.inputs.findings
    unread = any(finding.severity == "error" for finding in read)  # whose tables are not among the inputs
    found = [told for module in MODULES for told in module.problems(ground)]
    findings = cap_findings([*read, *(told for told in found if told.severity == "error" or not unread)])
    if any(finding.severity == "error" for finding in findings):
        raise InputProblems(findings)
    return tuple(findings)


def template_tables(ground: Ground) -> dict[str, object]:
    """The editable tables of all parts, by the field of `ProgrammeTables`, filled in for this case."""
    found: dict[str, object] = {}
    for module in MODULES:
        found |= module.template_tables(ground)
    return found
