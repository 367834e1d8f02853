"""What the cut did with every record it did not take as it stands: told with numbers, and listed one by one.

A `Record` is filled while a case is cut. Its findings become `record.csv` in the case (and are shown with the case from
then on), its rows become `left_out.csv`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import pandas as pd

from geodata.errors import Finding, Severity

RECORD_FILE = "record.csv"
LEFT_OUT_FILE = "left_out.csv"
LEFT_OUT_COLUMNS = ("table", "code", "name", "postcode", "patients", "reason")


@dataclass
class Record:
    """Findings and left-out rows, in the order in which they came up."""

    findings: list[Finding] = field(default_factory=list)
    rows: list[dict[str, object]] = field(default_factory=list)

    def note(self, code: str, file: str, message: str, fix: str = "", value: str | None = None) -> None:
        """For the record only."""
        self._tell("note", code, file, message, fix, value)

    def warn(self, code: str, file: str, message: str, fix: str = "", value: str | None = None) -> None:
        """Something that may change a result."""
        self._tell("warning", code, file, message, fix, value)

    def _tell(self, severity: Severity, code: str, file: str, message: str, fix: str, value: str | None) -> None:
        self.findings.append(Finding(severity, file, message, fix, value=value, code=code))

    def leave_out(
        self, table: str, code: str, reason: str, *, name: str = "", postcode: str = "", patients: float | None = None
    ) -> None:
        """One record that is not in the case, or not as a record of its own."""
        count = None if patients is None or pd.isna(patients) else int(patients)
        cells = (table, code, name, postcode, count, reason)
        self.rows.append(dict(zip(LEFT_OUT_COLUMNS, cells, strict=True)))

    def codes(self, table: str) -> set[str]:
        """Codes of one table that are left out already."""
        return {str(row["code"]) for row in self.rows if row["table"] == table}

    @property
    def left_out(self) -> pd.DataFrame:
        """The rows in the columns of `left_out.csv`, sorted by table and code."""
        table = pd.DataFrame(self.rows, columns=list(LEFT_OUT_COLUMNS)).astype({"patients": "Int64"})
        return table.sort_values(["table", "code", "reason"], ignore_index=True)


def count(number: float, one: str, many: str | None = None) -> str:
    """A number with its word: 1 practice, 2 practices, 1,200 patients."""
    return f"{number:,.0f} {one if number == 1 else many or one + 's'}"


def listed(items: Iterable[str], most: int = 12) -> str:
    """The first items, and how many more there are."""
    items = list(items)
    return ", ".join(items[:most]) + (f" and {len(items) - most} more" if len(items) > most else "")
