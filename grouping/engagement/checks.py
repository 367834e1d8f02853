"""What is wrong with the planner's log and history, and the tables to begin them with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from geodata.errors import Finding
from geodata.tables.columns import nearest
from geodata.tables.schemas import Table
from grouping.engagement import origins, remarks
from grouping.engagement.days import FIX, day_of
from grouping.engagement.names import EXAMPLE, TODAY, Known, known_names
from grouping.engagement.persons import looks_like_a_person, names_somebody, reached_by
from grouping.plain_words import listed
from grouping.programme.ground import Ground
from grouping.report.today import todays_groups

_COUNTED_BLANK = "The remark is counted all the same; correct the name, or leave the cell empty."
MOST_NAMES = 8
"""How many unknown places are named."""

LOG_TEXTS = ("option", "practice_code", *remarks.TEXTS)
HISTORY_TEXTS = ("option", "came_from", "reason")


def problems(ground: Ground) -> list[Finding]:
    """Cross-checks of the log and the history with the run; all of them, in the order of the files."""
    known = known_names(ground)
    findings: list[Finding] = []
    log = ground.inputs.table(remarks.TABLE)
    if log is not None:
        examples = [k for k in range(len(log)) if log.text(k, "said") == EXAMPLE]
        findings += [_example(log, k, "said") for k in examples]
        own = [k for k in range(len(log)) if k not in examples]
        for k in own:
            findings += [*_persons(log, k, LOG_TEXTS, known), *_about(log, k, known), *_answered(log, k)]
        findings += _places(log, own, known)
    history = ground.inputs.table(origins.TABLE)
    if history is not None:
        for k in range(len(history)):
            if history.text(k, "reason") == EXAMPLE:
                findings.append(_example(history, k, "reason"))
                continue
            findings += _persons(history, k, HISTORY_TEXTS, known)
    return findings + origins.history_problems(ground, known)


def _example(table: Table, k: int, column: str) -> Finding:
    message = "This is the example row of the template; it is left out."
    return table.finding(k, column, message, "Write your own rows in its place.", "log-example", "note")


def _persons(table: Table, k: int, columns: tuple[str, ...], known: Known) -> list[Finding]:
    """Errors for what tells who a person is; what stands in the cell is never repeated."""
    findings = []
    for column in columns:
        text = table.text(k, column)
        if what := reached_by(text):
            message = f"The cell holds {what}: the log is kept by role, not by person."
            fix = "Take it out; say who spoke by their role, such as Practice manager, Swanage."
            findings.append(_unsaid(table.finding(k, column, message, fix, "person-in-log")))
        elif column == "role" and looks_like_a_person(text, known.names):
            message = "The role looks like the name of a person."
            fix = "Write the role instead, such as Practice manager, Swanage, or Chair of the patient group."
            findings.append(_unsaid(table.finding(k, column, message, fix, "person-in-log")))
        elif column != "role" and names_somebody(text, known.names):
            message = "The text seems to name a person (a title and a surname)."
            fix = "Write the role instead. A remark that names somebody is never published."
            findings.append(_unsaid(table.finding(k, column, message, fix, "person-named", "warning")))
    return findings


def _unsaid(finding: Finding) -> Finding:
    """The finding without what stands in the cell."""
    return replace(finding, value=None)


def _about(table: Table, k: int, known: Known) -> list[Finding]:
    """Whether day, option and practice of a remark are known."""
    findings = []
    if table.text(k, "date") and day_of(table.text(k, "date")) is None:
        findings.append(table.finding(k, "date", "This is no day that can be read.", FIX, "bad-day"))
    option, code = table.text(k, "option"), table.text(k, "practice_code")
    if option and known.option(option) is None:
        close = nearest(option, known.options)
        fix = f"Did you mean {close}? " if close else f"The options are {', '.join(known.options)}. "
        findings.append(_unknown(table, k, "option", "The run has no option of this name.", fix))
    if code and code.upper() not in known.practices:
        close = nearest(code, known.practices)
        fix = f"Did you mean {close} ({known.practices[close]})? " if close else ""
        findings.append(_unknown(table, k, "practice_code", "The run has no practice of this code.", fix))
    return findings


def _places(table: Table, rows: Sequence[int], known: Known) -> list[Finding]:
    """Places that the run does not know: one by one, and together where many are like no name of the run."""
    findings, strange = [], []
    for k in rows:
        place = table.text(k, "place")
        if not place or known.place(place) is not None:
            continue
        close = nearest(place, known.places)
        if close or reached_by(place):
            message = "The run knows no locality, ward, settlement, area or group of this name."
            fix = f"Did you mean {close}? " if close else ""
            findings.append(_unknown(table, k, "place", message, fix))
        else:
            strange.append(k)
    if strange:
        names = list(dict.fromkeys(table.text(k, "place") for k in strange))
        rest = len(names) - MOST_NAMES
        said = listed(names if rest <= 0 else [*names[:MOST_NAMES], f"{rest} more"])
        message = f"The run knows no locality, ward, settlement, area or group called {said}."
        fix = "Nothing is left out. A name that is right can stay; correct it, or leave the cell empty."
        made = table.finding(strange[0], "place", message, fix, "log-unknown", "warning")
        findings.append(replace(made, value=None) if len(names) > 1 else made)
    return findings


def _unknown(table: Table, k: int, column: str, message: str, fix: str) -> Finding:
    finding = table.finding(k, column, message, fix + _COUNTED_BLANK, "log-unknown", "warning")
    return _unsaid(finding) if reached_by(table.text(k, column)) else finding


def _answered(table: Table, k: int) -> list[Finding]:
    if table.text(k, "changed").strip() or table.text(k, "why_not").strip():
        return []
    message = "Nobody has answered this yet: neither what changed nor why not is told. It is counted as open."
    fix = "Fill in changed, or why_not."
    return [replace(table.finding(k, "changed", message, fix, "log-open", "warning"), value=None)]


def template_tables(ground: Ground) -> dict[str, pd.DataFrame]:
    """A log and, where something is known to have been there before, a history, each with one row as an example."""
    log = pd.DataFrame(
        [("", "", "", "", "Chair of the patient group", EXAMPLE, "", "", "no")],
        columns=["date", "option", "practice_code", "place", "role", "said", "changed", "why_not", "public"],
    )
    tables = {remarks.TABLE: log}
    if todays_groups(ground.run).groups:
        row = (ground.option_id, TODAY, "", EXAMPLE, "no")
        columns = ["option", "came_from", "date", "reason", "public"]
        tables[origins.TABLE] = pd.DataFrame([row], columns=columns)
    return tables
