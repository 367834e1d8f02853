"""What is wrong in the planner's tables of a rollout, measured on the run: all of it, errors and warnings."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pandas as pd

from geodata.errors import Finding
from geodata.tables.columns import nearest
from geodata.tables.schemas import Table
from grouping.plain_words import count, listed, plural
from grouping.programme.ground import Ground
from grouping.rollout.order import NEEDS_WAVE, Conflict, codes_in, conflicts_of, rules_of
from grouping.rollout.question import Question
from grouping.rollout.readiness import readiness_of, ready_position, ready_word
from grouping.rollout.rollout import question_of
from grouping.rollout.waves import Wave, is_year, milestones_of, own_waves, position, waves_of

WORDS = {
    "first": "go first",
    "before": "before",
    "together": "together",
    "not-before": "not before",
    "not-after": "not after",
}


def problems(ground: Ground) -> list[Finding]:
    """Everything that is wrong or worth a look in the rollout's settings and tables."""
    waves = waves_of(ground)
    findings = [*_settings(ground), *_waves(ground, waves), *_milestones(ground, waves), *_readiness(ground, waves)]
    findings += _order(ground, waves)
    return findings + _conflicts(ground, waves)


def _settings(ground: Ground) -> list[Finding]:
    settings, file = ground.settings.rollout, ground.inputs.file
    findings = []
    if settings.first_year and not is_year(settings.first_year):
        message = "first_year is no financial year."
        fix = "Write it like 2027/28, or leave it out."
        findings.append(
            Finding("error", file, message, fix, column="first_year", value=settings.first_year, code="rollout-setting")
        )
    elif settings.first_year and own_waves(ground):
        message = "first_year has no effect: the waves are those of the table of waves."
        findings.append(Finding("warning", file, message, "Take it out.", column="first_year", code="rollout-idle"))
    shares = settings.ready_shares
    if list(shares) != sorted(set(shares), reverse=True):
        message = "ready_shares must fall from one wave to the next."
        fix = "Write them from the largest to the smallest, such as [0.75, 0.5]."
        findings.append(Finding("error", file, message, fix, column="ready_shares", code="rollout-setting"))
    return findings


def _waves(ground: Ground, waves: tuple[Wave, ...]) -> list[Finding]:
    table = ground.inputs.table("waves")
    if table is None:
        return []
    findings, highest = [], 0.0
    for i, wave in enumerate(waves[: len(table)]):
        same = position([one.name for one in waves[:i]], wave.name)
        if same is not None:
            message = f"This wave is the same as that of {table.where(same)}."
            findings.append(table.finding(i, "wave", message, "Keep one of the two rows.", "rollout-wave"))
        if wave.target_share is not None and wave.target_share < highest:
            message = "The target is lower than one of an earlier wave."
            fix = "Check it; waves stand in the order in which they come."
            findings.append(table.finding(i, "target_share", message, fix, "rollout-target", "warning"))
        highest = max(highest, wave.target_share or 0.0)
    return findings


def _milestones(ground: Ground, waves: tuple[Wave, ...]) -> list[Finding]:
    table = ground.inputs.table("milestones")
    if table is None:
        return []
    rows = [(i, one.wave) for i, one in enumerate(milestones_of(ground)[: len(table)])]
    names = [wave.name for wave in waves]
    unknown = [(i, wave) for i, wave in rows if position(names, wave) is None]
    return unknown_waves(table, "wave", unknown, names, len(rows))


def _readiness(ground: Ground, waves: tuple[Wave, ...]) -> list[Finding]:
    table = ground.inputs.table("readiness")
    if table is None:
        return []
    findings, unknown, named = [], [], 0
    for i, row in enumerate(table.frame.to_dict("records")):
        findings += _codes(ground, table, i, "practice_code", [str(row["practice_code"])])
        ready = ready_position(row["ready_from"], waves)
        named += ready is None or ready_word(ready, waves) != "later"
        if ready is None:
            unknown.append((i, str(row["ready_from"])))
    names = [wave.name for wave in waves]
    return findings + unknown_waves(table, "ready_from", unknown, names, named, " You can also write now, or later.")


def _order(ground: Ground, waves: tuple[Wave, ...]) -> list[Finding]:
    table = ground.inputs.table("order")
    if table is None:
        return []
    findings = []
    for i, row in enumerate(table.frame.to_dict("records")):
        kind, after, wave = row["kind"], codes_in(row.get("after")), row.get("wave")
        practices = codes_in(row.get("practices"))
        findings += _codes(ground, table, i, "practices", practices)
        findings += _codes(ground, table, i, "after", after)
        if not practices:
            message, fix = "The row names no practice.", "Write practice codes, separated by blanks."
            findings.append(table.finding(i, "practices", message, fix, "rollout-order"))
        if kind == "before" and not after:
            message = "The row does not say which practices come after."
            findings.append(
                table.finding(i, "after", message, "Write their codes into the column after.", "rollout-order")
            )
        if kind in NEEDS_WAVE:
            if wave is None or pd.isna(wave) or not str(wave).strip():
                message = f"The rule “{WORDS[kind]}” needs a wave."
                findings.append(
                    table.finding(i, "wave", message, "Write its name into the column wave.", "rollout-order")
                )
            elif position([one.name for one in waves], wave) is None:
                findings += unknown_waves(table, "wave", [(i, str(wave))], [one.name for one in waves])
        for column, needed in (("after", kind == "before"), ("wave", kind in NEEDS_WAVE)):
            value = row.get(column)
            if not needed and value is not None and not pd.isna(value) and str(value).strip():
                message = f"The rule “{WORDS[kind]}” does not use the column {column}."
                fix = "Take the cell out, or choose another kind of rule."
                findings.append(table.finding(i, column, message, fix, "rollout-idle", "warning"))
    return findings


def _conflicts(ground: Ground, waves: tuple[Wave, ...]) -> list[Finding]:
    table = ground.inputs.table("order")
    if table is None or not rules_of(ground, waves):
        return []
    question = question_of(ground, waves, readiness_of(ground, waves))
    return [_conflict(table, question, waves, conflict) for conflict in conflicts_of(question)]


def _conflict(table: Table, question: Question, waves: tuple[Wave, ...], conflict: Conflict) -> Finding:
    rules = {rule.row: rule for rule in question.rules}
    last = conflict.rows[-1]
    told = [
        f"{table.where(row)} ({WORDS[rules[row].kind]}: {_cells(table, row)}; {_groups(question, rules[row].groups)})"
        for row in conflict.rows
    ]
    limits = [
        f"at most {plural(waves[w].most_groups or 0, 'group')} may start in {waves[w].name}" for w in conflict.groups
    ]
    limits += [
        f"groups of at most {count(waves[w].most_patients)} patients may start in {waves[w].name}"
        for w in conflict.patients
    ]
    if len(conflict.rows) == 1 and not limits:
        message = f"The rule in {told[0]} cannot be kept: {_alone(question, last)}"
        fix = "Change the row or take it out."
    elif limits:
        message = (
            f"The rules in {listed(told)} cannot be kept: {listed(limits)}."
            if len(told) > 1
            else (f"The rule in {told[0]} cannot be kept: {listed(limits)}.")
        )
        fix = "Change one of the rows, or the capacity in the table of waves."
    else:
        message = (
            f"The rules in {listed(told)} contradict each other: they cannot all be kept within {len(waves)} waves."
        )
        fix = "Change one of these rows or take it out."
    return table.finding(last, "kind", message, fix, "rollout-conflict")


def _cells(table: Table, row: int) -> str:
    """What a row says, in the words of the file."""
    said = table.text(row, "practices")
    if after := table.text(row, "after"):
        said += f", after {after}"
    if wave := table.text(row, "wave"):
        said += f", {wave}"
    return said


def _groups(question: Question, groups: Iterable[int]) -> str:
    """`group G01`: a rule for a practice is one for the group that it is in."""
    names = [str(question.groups[g]) for g in sorted(set(groups))]
    return f"{'group' if len(names) == 1 else 'groups'} {listed(names)}"


def _alone(question: Question, row: int) -> str:
    rules = [rule for rule in question.rules if rule.row == row]
    both = sorted({g for rule in rules for g in rule.groups if g in rule.after})
    if both:
        groups = [question.groups[g] for g in both]
        word = "group" if len(groups) == 1 else "groups"
        return f"practices of {word} {listed(groups)} stand on both sides."
    return f"there are only {question.span} waves."


def _codes(ground: Ground, table: Table, i: int, column: str, codes: Iterable[str]) -> list[Finding]:
    """Codes that no practice of the place has, and those of practices the option leaves out."""
    findings = []
    known = [str(code) for code in ground.practices.index]
    for code in codes:
        if code in ground.group_of:
            continue
        if code in known:
            message = f"The option has no group with practice {code}: the row says nothing of it."
            findings.append(table.finding(i, column, message, "", "rollout-left-out", "warning"))
        else:
            near = nearest(code, known)
            fix = f"Did you mean {near}?" if near else "Write the code as in the table of practices."
            message = f"There is no practice with the code {code}."
            findings.append(table.finding(i, column, message, fix, "rollout-practice", value=code))
    return findings


def unknown_waves(
    table: Table,
    column: str,
    unknown: Sequence[tuple[int, str]],
    names: Sequence[str],
    of: int = 1,
    more: str = "",
    code: str = "rollout-wave",
) -> list[Finding]:
    """Cells that name no wave: one by one, or all together where not one of several cells names a wave.

    Parameters
    ----------
    table, column
        Where the cells stand.
    unknown
        Row and text of each.
    names
        The waves there are.
    of
        How many cells name a wave, known or not.
    more
        What else may be written.
    code
        Of the findings.
    """
    waves = f"The waves are: {', '.join(names)}."
    if len(unknown) > 1 and len(unknown) == of:  # made for other waves: "did you mean" would name a wrong year
        said = listed(list(dict.fromkeys(value for _, value in unknown)))
        key = table.name.removeprefix("programme_")
        message = f"None of the {of} rows names a wave that there is: they say {said}."
        fix = f"{waves} Write these, or take the line {key} out of programme.toml: what is built in follows the waves."
        return [table.finding(unknown[0][0], column, message, fix + more, code, value="")]
    findings = []
    for i, value in unknown:
        near = None if is_year(value) else nearest(value, names)  # one year is near every other by its letters
        fix = f"Did you mean {near}?" if near else waves
        findings.append(table.finding(i, column, "There is no wave of this name.", fix + more, code, value=value))
    return findings
