"""Findings as a CSV file: how a case keeps what was done when it was cut out of published files."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from geodata.errors import Finding

FINDING_COLUMNS = ("severity", "file", "row", "column", "value", "message", "fix", "code")


def write_findings(findings: Sequence[Finding], path: Path) -> None:
    """Write findings, one a row, in the columns of a run's `findings.csv`."""
    table = pd.DataFrame([finding.as_dict() for finding in findings], columns=list(FINDING_COLUMNS))
    table.astype({"row": "Int64"}).to_csv(path, index=False, encoding="utf-8", lineterminator="\n")


def read_findings(path: Path) -> list[Finding]:
    """Read the findings that `write_findings` wrote.

    Never fails: a planner may have opened and saved the file, so that rows that cannot be understood are passed over
    and counted in one warning. An error of that time is a warning now: only what is wrong today stops a run.
    """
    try:
        with path.open(encoding="utf-8-sig", newline="") as handle:
            rows = list(csv.DictReader(handle))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        return [_unreadable(path, f"it cannot be read ({type(error).__name__})")]
    read = [_finding(row) for row in rows]
    findings = [finding for finding in read if finding is not None]
    if unread := len(read) - len(findings):
        findings.append(_unreadable(path, f"{unread} of its {len(read)} rows cannot be understood"))
    return findings


def _finding(row: dict[str, str]) -> Finding | None:
    severity, message, number = row.get("severity"), row.get("message"), row.get("row") or ""
    if severity not in {"error", "warning", "note"} or not message or None in row:
        return None
    return Finding(
        "note" if severity == "note" else "warning",
        row.get("file") or "",
        message,
        row.get("fix") or "",
        int(number) if number.isascii() and number.isdigit() and len(number) < 10 else None,
        row.get("column") or None,
        row.get("value") or None,
        row.get("code") or "",
    )


def _unreadable(path: Path, what: str) -> Finding:
    message = f"This file says how the case was cut, but {what}; the rest of it is shown."
    fix = "Restore the file, or take the line record out of case.toml."
    return Finding("warning", path.name, message, fix, code="unreadable-record")
