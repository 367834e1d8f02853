"""What a file holds before its columns are matched, how a cell reads as text, and how a whole file is refused."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata.errors import Finding


@dataclass
class Content:
    """A file before its columns are matched: a header and a way to get a column as text."""

    header: list[str]
    rows: NDArray[np.int64]
    column: Callable[[int], Sequence[Any]]
    geometry: NDArray[np.object_] | None = None
    crs: str | None = None
    findings: list[Finding] = field(default_factory=list)


class Unreadable(Exception):
    """The file cannot be used at all."""

    def __init__(self, *findings: Finding) -> None:
        self.findings = findings
        super().__init__(*findings)


def file_error(file: str, message: str, fix: str, code: str, **where: Any) -> Finding:
    """Make an error about a file."""
    return Finding("error", file, message, fix, code=code, **where)


def refuse(file: str, message: str, fix: str, code: str, **where: Any) -> NoReturn:
    """Refuse the whole file with one error."""
    raise Unreadable(file_error(file, message, fix, code, **where))


def clip(text: str) -> str:
    """Shorten a text for a finding."""
    return text if len(text) <= 60 else text[:57] + "..."


def cell_text(value: Any) -> str:
    """Give a cell as text: whole numbers without a decimal point, nothing as the empty text."""
    if isinstance(value, str):
        return value.strip()
    if value is None or value is pd.NA or value is pd.NaT:
        return ""
    if isinstance(value, bool | np.bool_):
        return "true" if value else "false"
    if isinstance(value, float | np.floating):
        number = float(value)
        if np.isnan(number):
            return ""
        return str(int(number)) if number.is_integer() and abs(number) < 1e15 else repr(number)
    if isinstance(value, int | np.integer):
        return str(int(value))
    if isinstance(value, bytes):
        return value.decode("utf-8", errors="replace").strip()
    return value.isoformat() if hasattr(value, "isoformat") else str(value).strip()
