"""What the page prints of the log and of where the option comes from."""

from __future__ import annotations

from dataclasses import dataclass

from grouping.engagement.days import day_words
from grouping.engagement.found import Found, Link
from grouping.engagement.origins import Figures, title_of
from grouping.engagement.tables import FIGURES, hub_words, names_of
from grouping.engagement.words import about_words, changed_line, outcome_words, step_title, without_history
from grouping.plain_words import UNKNOWN, count, minutes, option_title, plural

FIRST_REMARKS, MOST_REMARKS, MOST_CHANGES, MOST_GROUPS = 12, 200, 40, 6
"""Remarks that stand open on the page; rows and names of groups that it prints. The rest is in the workbook."""


@dataclass(frozen=True)
class RemarkRow:
    """One remark as the page tells it."""

    day: str
    about: str
    role: str
    said: str
    outcome: str
    status: str


@dataclass(frozen=True)
class ChangeRow:
    """A practice with other companions: from which to which."""

    name: str
    patients: str
    lost: str
    gained: str
    stays: str


@dataclass(frozen=True)
class StepView:
    """One step of the history with its difference.

    Parameters
    ----------
    title, reason
        Where the plan came from, and why.
    lines
        What changed, in sentences; that it is not known where it is not.
    figures
        Words, before, now.
    changes
        Practices with other companions, the first ones.
    more_changes
        How many practices more the tables hold.
    """

    title: str
    reason: str
    lines: tuple[str, ...]
    figures: tuple[tuple[str, str, str], ...]
    changes: tuple[ChangeRow, ...]
    more_changes: int


@dataclass(frozen=True)
class EngagementView:
    """What the page prints."""

    title: str
    first_remarks: tuple[RemarkRow, ...]
    later_remarks: tuple[RemarkRow, ...]
    more_remarks: int
    chain: tuple[str, ...]
    steps: tuple[StepView, ...]
    others: tuple[str, ...]


def view_of(made: Found) -> EngagementView:
    """Gather what the page prints: the log, the steps to its option, and the others in a sentence each."""
    option, public = made.ground.option_id, made.ground.run.public
    remarks = tuple(
        RemarkRow(day_words(one.day), about_words(one), one.role, one.said, outcome_words(one), one.status)
        for one in made.log.remarks[:MOST_REMARKS]
    )
    own = made.chains[option]
    chain: tuple[str, ...] = ()
    if own:
        first = made.links[own[0]].step.came_from
        chain = tuple(title_of(key, public=public) for key in (first, *own))
    return EngagementView(
        option_title(option),
        remarks[:FIRST_REMARKS],
        remarks[FIRST_REMARKS:],
        len(made.log.remarks) - len(remarks),
        chain,
        tuple(_step(made, made.links[key]) for key in own),
        tuple(_other(made, one) for one in made.chains if one != option),
    )


def _other(made: Found, option: str) -> str:
    """Where another option comes from, in a sentence."""
    chain, public = made.chains[option], made.ground.run.public
    if not chain:
        return f"{option_title(option)}: {without_history(made, option)}."
    link = made.links[chain[-1]]
    said = f"{step_title(link, public)}."
    return said if link.difference is None else f"{said} {changed_line(link, public)}"


def _step(made: Found, link: Link) -> StepView:
    public, found = made.ground.run.public, link.difference
    if found is None:
        lines: tuple[str, ...] = ("What changed is not told here: the plan before is not part of this run.",)
        return StepView(step_title(link, public), link.step.reason, lines, (), (), 0)
    lines = (changed_line(link, public), _groups_line(link), *_hub_lines(made, link), *_outside(made, link))
    rows = tuple(_change(made, link, k) for k in range(min(len(found.changes), MOST_CHANGES)))
    figures = tuple(
        (words, _figure(link.before.figures, key, kind), _figure(link.now.figures, key, kind))
        for key, words, kind in FIGURES
    )
    more = len(found.changes) - len(rows)
    return StepView(step_title(link, public), link.step.reason, lines, figures, rows, more)


def _groups_line(link: Link) -> str:
    found = link.difference
    parts = [f"{plural(len(found.unchanged), 'group', start=True)} of the same practices as before"]
    for keys, names, words in ((found.new, link.now.names, "new"), (found.gone, link.before.names, "no more")):
        if keys:
            some = [names[key] for key in keys[:MOST_GROUPS]]
            some += [f"{len(keys) - len(some)} others"] if len(keys) > len(some) else []
            parts.append(f"{len(keys)} {words} ({', '.join(some)})")
    return "; ".join(parts) + "."


def _hub_lines(made: Found, link: Link) -> list[str]:
    moves = link.difference.hubs
    if moves is None:
        return ["Hubs of the plan before are not known, so none is said to have moved."]
    if not moves:
        return ["No hub of a group that is mostly the same moved."]
    return [f"Hub moved, {hub_words(made, link, move)}." for move in moves]


def _outside(made: Found, link: Link) -> list[str]:
    codes = [*link.difference.only_before, *link.difference.only_now]
    if not codes:
        return []
    return [f"In one of the two plans only, and not compared: {', '.join(names_of(made, codes))}."]


def _change(made: Found, link: Link, k: int) -> ChangeRow:
    one = link.difference.changes[k]
    names = made.ground.practices["name"]
    stays = [code for code in one.before if code in one.now]

    def said(codes: tuple[str, ...] | list[str]) -> str:
        return ", ".join(str(names[code]) for code in codes) or "nobody"

    return ChangeRow(str(names[one.code]), count(one.patients), said(one.lost), said(one.gained), said(stays))


def _figure(figures: Figures, key: str, kind: str) -> str:
    value = getattr(figures, key)
    if value is None:
        return UNKNOWN
    return minutes(value) if kind == "minutes" else count(value)
