"""Read a table that is named on the command line as the tables of a case are read, whatever its format.

What the readers say of a file is written for `case.toml`; a file that stands outside it is told without that name.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from geodata.case import TableSpec
from geodata.errors import Finding, InputProblems
from geodata.tables.columns import vocabulary
from geodata.tables.readers import FilePart, read_table


def read_own_table(path: Path, table: str) -> tuple[FilePart, list[Finding]]:
    """Read one file: CSV with any separator, the first sheet of a workbook, a layer, Parquet.

    Parameters
    ----------
    path
        The file.
    table
        `site_options` or `services`: decides which columns are looked for.

    Returns
    -------
    tuple
        What was read, and what was noticed; errors about single rows are among it.

    Raises
    ------
    InputProblems
        Nothing could be read.
    """
    path = Path(path)
    part, findings, _ = read_table(path.parent, table, TableSpec(file=path.name))
    findings = own_words(findings, table)
    if part is None:
        raise InputProblems(findings)
    return part, findings


def own_words(findings: Iterable[Finding], table: str) -> list[Finding]:
    """The same findings without advice about `case.toml`, in which this file does not stand."""
    return [replace(finding, fix=_own_fix(finding, table)) for finding in findings]


def _own_fix(finding: Finding, table: str) -> str:
    if finding.code == "missing-file":
        return "Check the path that was given on the command line."
    if "case.toml" not in finding.fix and "tables." not in finding.fix:
        return finding.fix
    if finding.code == "first-sheet":
        return "Put the table on the first sheet if another one is meant."
    kept = [_before_the_setting(part) for part in re.split(r"(?<=[.)]) (?=[A-Z(])", finding.fix)]
    listed = ", ".join(vocabulary().columns[table])
    return " ".join(part for part in kept if part) or f"The columns may be: {listed}."


def _before_the_setting(sentence: str) -> str:
    """The clauses of a sentence that stand before its word of `case.toml`; empty where it begins with that."""
    if "case.toml" not in sentence and "tables." not in sentence:
        return sentence
    at = re.search(r"case\.toml|tables\.", sentence).start()
    cut = max(sentence.rfind(mark, 0, at) for mark in (",", ";"))
    return f"{sentence[:cut]}." if cut > 0 and not sentence.startswith(("Or:", "In case.toml")) else ""
