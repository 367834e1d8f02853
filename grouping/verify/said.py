"""Whether what a run says besides its figures follows from its case: name, findings, remarks, lines of this check."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from grouping.pipeline import run_id
from grouping.plan import Before, Plan
from grouping.prepared import Prepared
from grouping.remarks import remarks
from grouping.verify.figures import Claims
from grouping.verify.record import Line, line
from grouping.writing import findings_table

BEFORE_CODE = "before-is-partial"
HUBS_CODE = "before-hubs"
FINDING_COLUMNS = ("severity", "row", "column", "value", "message", "fix", "code")
"""What is compared of a finding; its file may have another name by now (`--before`)."""


def check_said(record: dict, run_dir: Path, ready: Prepared, plans: list[Plan], before: Before | None) -> list[Line]:
    """Compare the name of the run and its findings with the case as it is now.

    Parameters
    ----------
    record, run_dir
        The content of `run.json`, and the folder it lies in.
    ready
        The case, read and timed again.
    plans, before
        The plans of the run in their order, and what hub journeys are compared with.
    """
    name = run_id(ready, plans, before, record["command"])
    wrong = [f"written {record.get('run_id')}, inputs, rules and plans give {name}"]
    return [
        line("the run is named after its inputs, rules and plans", wrong if record.get("run_id") != name else [], name),
        _findings(record, run_dir, ready, before),
    ]


def _findings(record: dict, run_dir: Path, ready: Prepared, before: Before | None) -> Line:
    now = findings_table(ready.findings)
    if before is not None and _leaves_out(before, ready):
        now = pd.concat([now, pd.DataFrame([{"severity": "warning", "code": BEFORE_CODE}])])
    now = pd.concat([now, _of_the_before_file(run_dir)], ignore_index=True)
    counts = {severity: int((now["severity"] == severity).sum()) for severity in ("error", "warning", "note")}
    wrong = []
    if record.get("findings") != counts:
        wrong.append(f"run.json counts {_counted(record.get('findings'))}, the case gives {_counted(counts)}")
    try:
        then = pd.read_csv(run_dir / "findings.csv", encoding="utf-8", dtype=str, keep_default_na=False)
        missing, more = _rows(now) - _rows(then), _rows(then) - _rows(now)
        wrong += [f"findings.csv lacks: {row[4]}" for row in sorted(missing)]
        wrong += [f"findings.csv has one the case does not give: {row[4]}" for row in sorted(more)]
    except (OSError, ValueError, KeyError) as trouble:
        wrong.append(f"findings.csv cannot be read ({trouble})")
    return line("the findings are those of the case", wrong, _counted(counts))


def _of_the_before_file(run_dir: Path) -> pd.DataFrame:
    """What was noticed in a file that the run does not keep: its own copy of the plan before names every hub."""
    try:
        then = pd.read_csv(run_dir / "findings.csv", encoding="utf-8", dtype=str, keep_default_na=False)
        return then[then["code"] == HUBS_CODE]
    except (OSError, ValueError, KeyError):
        return pd.DataFrame(columns=list(FINDING_COLUMNS))


def _leaves_out(before: Before, ready: Prepared) -> bool:
    """Whether for some practice there is nothing to compare with."""
    if isinstance(before, Plan):
        return set(before.practice_codes) != set(ready.place.practices.index)
    return any(not before.serving(code) for code in ready.place.practices.index)


def _counted(counts: object) -> str:
    if not isinstance(counts, dict):
        return "nothing"
    return ", ".join(f"{number} {severity}s" for severity, number in counts.items())


def _rows(table: pd.DataFrame) -> set[tuple[str, ...]]:
    """Findings as texts, to be compared; of the plan before only that there is one."""
    texts = table[list(FINDING_COLUMNS)].astype(object).where(table[list(FINDING_COLUMNS)].notna(), "").astype(str)
    rows = {tuple(row) for row in texts.itertuples(index=False) if row[6] != BEFORE_CODE}
    return rows | {
        ("", "", "", "", "the plan before is partial", "", code) for code in texts["code"] if code == BEFORE_CODE
    }


def check_lines(option: dict, claims: Claims, table: pd.DataFrame, ready: Prepared, *, by_hand: bool) -> list[Line]:
    """Compare the remarks on the groups of an option, and the lines of its check, with those derived anew.

    Parameters
    ----------
    option
        What `run.json` says of the option.
    claims, table
        Its plan with its tables, and the check of these.
    ready
        The case.
    by_hand
        Whether broken rules are remarks.
    """
    notes = remarks(claims.plan, claims.groups, ready.problem, ready.journeys, table if by_hand else None)
    columns = ("kind", "claim", "agrees", "detail")
    return [
        _same(option, "notes", notes.to_dict("records"), tuple(notes.columns), "remarks on groups"),
        _same(option, "verification", table.to_dict("records"), columns, "lines of the check of the option"),
    ]


def _same(option: dict, key: str, now: list[dict], columns: tuple[str, ...], what: str) -> Line:
    def as_texts(rows: object) -> list[tuple[str, ...]]:
        rows = rows if isinstance(rows, list) else []
        return [tuple(str(row.get(column)) for column in columns) for row in rows if isinstance(row, dict)]

    then, rows = as_texts(option.get(key)), as_texts(now)
    odd = sorted(set(then) ^ set(rows))
    wrong = [f"{len(odd)} differ, first: {' | '.join(odd[0])}"] if odd else []
    if not odd and then != rows:
        wrong = ["their order or number differs"]
    return line(f"{what} are those written in run.json", wrong, str(len(rows)), option["id"])
