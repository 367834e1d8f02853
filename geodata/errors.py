"""What is wrong with an input, said so that a planner can mend it.

A `Finding` is one remark about one cell, row or file. Errors are collected and raised together as `InputProblems`, so
that a planner sees all of them in one go.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any, Literal

Severity = Literal["error", "warning", "note"]


@dataclass(frozen=True)
class Finding:
    """One remark about the inputs.

    Parameters
    ----------
    severity
        `error` stops the run; `warning` may change a result; `note` is for the record.
    file
        Name of the file as written in `case.toml` (empty when it concerns the case as a whole).
    message
        What is the matter, in one plain sentence.
    fix
        What the planner can do about it, in one plain sentence.
    row
        Row as a spreadsheet counts (the header is row 1, so the first record is row 2); None for the whole file.
        For layers of geometries, the same count over the features.
    column
        Column as the file spells it.
    value
        The offending value as text.
    code
        Short stable name of the kind of finding, such as `duplicate-code`.
    """

    severity: Severity
    file: str
    message: str
    fix: str = ""
    row: int | None = None
    column: str | None = None
    value: str | None = None
    code: str = ""

    def __str__(self) -> str:
        """One line: file, row, column, value, message and fix."""
        where = self.file or "case"
        if self.row is not None:
            where += f", row {self.row}"
        if self.column:
            where += f", column {self.column}"
        if self.value is not None:
            where += f", value {self.value!r}"
        return f"{where}: {self.message}" + (f" Fix: {self.fix}" if self.fix else "")

    def as_dict(self) -> dict[str, object]:
        """The finding as a plain dictionary, for JSON and CSV."""
        return asdict(self)


class InputProblems(Exception):
    """The inputs hold at least one error; `findings` tells all of them."""

    def __init__(self, findings: Iterable[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(str(finding) for finding in self.findings))


class NoPlan(Exception):
    """No plan obeys the rules; the message says why and what could be relaxed.

    `report` holds the certificate of the search, `conflict` the explanation (`grouping.conflict.Conflict`); None where
    there is none.
    """

    report: Any = None
    conflict: Any = None


class VerificationFailed(Exception):
    """The independent check disagrees with a result; nothing is written."""
