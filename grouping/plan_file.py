"""`plan.csv`: read a plan somebody made by hand, write one a run found."""

from __future__ import annotations

import csv
import difflib
import io
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from geodata.errors import Finding, InputProblems
from geodata.place import Place
from geodata.tables.personal import personal_findings
from geodata.tables.sheets import delimiter_of
from grouping.escape import spreadsheet_cell
from grouping.plan import Before, Group, Plan

PLAN_COLUMNS = ("practice_code", "group_id", "hub_site_code")


@dataclass(frozen=True)
class _Row:
    """One line of the file, with the number a spreadsheet shows beside it."""

    number: int
    practice_code: str
    group_id: str
    hub_site_code: str


def read_plan(path: Path, place: Place, find_hub: object = None) -> Plan:
    """Read a plan by hand: which practice is in which group, and which site is the group's hub.

    Parameters
    ----------
    path
        A CSV file (comma, semicolon or tab) with the columns `practice_code`, `group_id` and (may be empty or absent)
        `hub_site_code`; codes are read without regard to case. The `practices.csv` of a case will do: its column
        `current_group` then tells the groups, and who is in none is left out of the plan.
    place
        The case the plan is for; it may leave practices out (a partial plan).
    find_hub
        Function from the members' codes to a site code, used for groups whose hub the file leaves open.

    Raises
    ------
    InputProblems
        With every unreadable line: missing column, unknown practice or site, a practice in two groups, a practice
        without a group, two hubs in one group.
    """
    rows = _read_rows(path)
    if not {row.practice_code for row in rows} & set(place.practices.index):
        named = f"{path.parent.name}/{path.name}" if path.name == "plan.csv" else path.name
        message = f"none of its {len(rows)} practices is in this case."
        raise InputProblems([_error(named, message, "Is it the plan of another case? Name a plan of this one.")])
    findings = [*_practice_findings(rows, place, path.name), *_hub_findings(rows, place, path.name)]
    if findings:
        raise InputProblems(findings)
    members: dict[str, list[str]] = {}
    hubs: dict[str, str] = {}
    for row in rows:
        members.setdefault(row.group_id, []).append(row.practice_code)
        if row.hub_site_code:
            hubs[row.group_id] = row.hub_site_code
    groups = []
    for group_id in sorted(members):
        codes = tuple(sorted(members[group_id]))
        hub = hubs.get(group_id) or find_hub(codes)
        groups.append(Group(group_id, codes, hub))
    return Plan(tuple(groups))


def write_plan(plan: Plan, path: Path) -> None:
    """Write the plan with one line per practice, sorted by practice code."""
    rows = sorted((code, group.group_id, group.hub_site_code) for group in plan.groups for code in group.members)
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(PLAN_COLUMNS)
        writer.writerows(rows)


def write_before(before: Before, path: Path) -> None:
    """Write what hub journeys are compared with: a plan, or sites (`practice_code` empty: of all patients)."""
    if isinstance(before, Plan):
        write_plan(before, path)
        return
    rows = [(site, "") for site in before.everybody]
    rows += [(site, code) for code in sorted(before.of_practice) for site in before.of_practice[code]]
    with path.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(("site_code", "practice_code"))
        writer.writerows(rows)


def _read_rows(path: Path) -> list[_Row]:
    try:
        text = path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise InputProblems(
            [_error(path.name, "the plan file does not exist.", "Check the path that was given on the command line.")]
        ) from None
    except UnicodeDecodeError:
        raise InputProblems(
            [_error(path.name, "the plan file is not UTF-8 text.", "Save it from Excel as 'CSV UTF-8'.")]
        ) from None
    except OSError as problem:
        raise InputProblems(
            [_error(path.name, f"the plan file cannot be read ({problem.strerror}).", "Close it elsewhere, try again.")]
        ) from None
    body = text.lstrip("\n")
    above = len(text) - len(body)
    text = _out_of_one_column(body)
    _refuse_personal(text, path.name)
    reader = csv.DictReader(io.StringIO(text), delimiter=delimiter_of(text.split("\n")))
    names = ["_".join((name or "").lower().split()) for name in reader.fieldnames or []]
    today = "group_id" not in names  # the practices of a case hold today's groups under this name
    if today:
        names = ["group_id" if name == "current_group" else name for name in names]
    reader.fieldnames = names
    missing = [column for column in PLAN_COLUMNS[:2] if column not in names]
    if missing:
        raise InputProblems(
            [
                _error(
                    path.name,
                    f"the column {column!r} is missing; the file has: {', '.join(names) or 'no header'}.",
                    f"The first line must read {','.join(PLAN_COLUMNS)}.",
                    row=1,
                    column=column,
                )
                for column in missing
            ]
        )
    rows = [_row(above + reader.line_num, record) for record in reader]
    rows = [row for row in rows if row.practice_code or row.group_id or row.hub_site_code]
    if not rows:
        raise InputProblems([_error(path.name, "the plan file holds no line.", "Give one line per practice.")])
    if today:  # a practice that is in no group today is no mistake: the plan does not cover it
        rows = [row for row in rows if row.group_id]
    if not rows:
        message, fix = "no practice is in a group today.", "Fill in current_group, or name a plan file."
        raise InputProblems([_error(path.name, message, fix, column="current_group")])
    return rows


def _out_of_one_column(text: str) -> str:
    """The text, or what stood in it before it was pasted into one column of a spreadsheet: each line in quotes."""
    rows = list(csv.reader(io.StringIO(text)))
    wrapped = bool(rows) and len(rows[0]) == 1 and all(name in rows[0][0].lower() for name in PLAN_COLUMNS[:2])
    return "\n".join(row[0] for row in rows if row) if wrapped and text.startswith('"') else text


def _refuse_personal(text: str, file: str) -> None:
    """Stop where a column of the file is about single people."""
    rows = list(csv.reader(io.StringIO(text), delimiter=delimiter_of(text.split("\n"))))
    header = rows[0] if rows else []
    findings = personal_findings(header, lambda at: [row[at] for row in rows[1:] if at < len(row)], file)
    if findings:
        raise InputProblems(findings)


def _row(number: int, record: Mapping[str, str | None]) -> _Row:
    """One line; codes in capitals, as the tables of a case are read."""
    practice, group, hub = (str(record.get(column) or "").strip() for column in PLAN_COLUMNS)
    return _Row(number, practice.upper(), group, hub.upper())


def _practice_findings(rows: Iterable[_Row], place: Place, file: str) -> list[Finding]:
    findings, first_seen, told = [], {}, set()
    without_list = {finding.value for finding in place.findings if finding.code == "no-list-size"}
    for row in rows:
        cell = {"row": row.number, "column": "practice_code", "value": row.practice_code}
        if row.practice_code in without_list:
            message = "this practice is left out of the case, as its table gives it no list size."
            findings.append(_error(file, message, "Give it a list size there, or take the line out.", **cell))
        elif row.practice_code not in place.practices.index:
            near = difflib.get_close_matches(row.practice_code, list(place.practices.index), n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            findings.append(
                _error(
                    file, "this practice is not in the case.", f"Correct the code or take the line out.{hint}", **cell
                )
            )
        elif row.practice_code in first_seen:
            findings.append(
                _error(
                    file,
                    f"this practice stands in the plan twice, first in row {first_seen[row.practice_code]}.",
                    "A practice is never split: keep one of the lines.",
                    **cell,
                )
            )
        first_seen.setdefault(row.practice_code, row.number)
        if not row.group_id:
            findings.append(
                _error(
                    file,
                    f"practice {row.practice_code} has no group.",
                    "Give the name of its group, or take the line out to leave the practice out of the plan.",
                    row=row.number,
                    column="group_id",
                    value="",
                )
            )
        elif spreadsheet_cell(row.group_id) != row.group_id and row.group_id not in told:
            told.add(row.group_id)
            findings.append(
                _error(
                    file,
                    "a spreadsheet would run this group's name as a formula, or it holds hidden characters.",
                    "Begin the name with a letter or a digit.",
                    row=row.number,
                    column="group_id",
                    value=row.group_id,
                )
            )
    return findings


def _hub_findings(rows: Iterable[_Row], place: Place, file: str) -> list[Finding]:
    findings: list[Finding] = []
    hub_of: Mapping[str, _Row] = {}
    for row in rows:
        if not row.hub_site_code:
            continue
        cell = {"row": row.number, "column": "hub_site_code", "value": row.hub_site_code}
        if row.hub_site_code not in place.sites.index:
            near = difflib.get_close_matches(row.hub_site_code, list(place.sites.index), n=1)
            hint = f" Did you mean {near[0]}?" if near else ""
            findings.append(
                _error(file, "this site is not in the case.", f"Correct it, or leave the cell empty.{hint}", **cell)
            )
        first = hub_of.setdefault(row.group_id, row)
        if first.hub_site_code != row.hub_site_code:
            findings.append(
                _error(
                    file,
                    f"group {row.group_id} has two hubs: {first.hub_site_code} in row {first.number} and this one.",
                    "Give every line of a group the same hub.",
                    **cell,
                )
            )
    return findings


def _error(file: str, message: str, fix: str, **cell: object) -> Finding:
    return Finding(severity="error", file=file, message=message, fix=fix, code="plan-file", **cell)
