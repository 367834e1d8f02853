"""What was cut, for people and for machines."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from geodata.errors import Finding


@dataclass(frozen=True)
class CutReport:
    """What was cut.

    Parameters
    ----------
    folder
        The case.
    name, asked, vintage
        Its name, what was asked for, and the vintage of the list of practices.
    practices, patients, sites, areas, neighbours
        How many it holds; `areas` includes the `neighbours` over the border.
    findings
        What was done and noticed while cutting, then what the check of the new case says.
    left_out
        The rows of `left_out.csv`.
    sources
        The rows of `sources.csv`.
    files
        Names of the files written, sorted.
    """

    folder: Path
    name: str
    asked: str
    vintage: str
    practices: int
    patients: int
    sites: int
    areas: int
    neighbours: int
    findings: tuple[Finding, ...]
    left_out: pd.DataFrame
    sources: pd.DataFrame
    files: tuple[str, ...]

    def as_dict(self) -> dict[str, object]:
        """The report for machines."""
        counts = {key: getattr(self, key) for key in ("practices", "patients", "sites", "areas", "neighbours")}
        return {
            "case": str(self.folder),
            "name": self.name,
            "asked": self.asked,
            "vintage": self.vintage,
            **counts,
            "files": list(self.files),
            "sources": _records(self.sources),
            "left_out": _records(self.left_out),
            "findings": [finding.as_dict() for finding in self.findings],
        }


def _records(table: pd.DataFrame) -> list[dict[str, object]]:
    """Rows as plain dictionaries, None where nothing is known."""
    rows = table.astype(object).where(table.notna(), None).to_dict("records")
    return [{key: int(v) if isinstance(v, float) and v.is_integer() else v for key, v in row.items()} for row in rows]
