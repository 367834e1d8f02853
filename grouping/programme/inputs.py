"""Reads what the planner says of a programme: the settings and every table they name, all problems told together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from geodata.errors import Finding, InputProblems
from geodata.place import SourceFile
from geodata.tables.readers import read_table
from geodata.tables.schemas import Table, cap_findings, check_table, combine
from grouping.programme.settings import PROGRAMME_FILE, ProgrammeSettings, ProgrammeTables, read_programme_settings

PREFIX = "programme_"
"""How the names of these tables begin in the vocabulary of input files."""


@dataclass(frozen=True)
class ProgrammeInputs:
    """What the planner says of a programme, read and checked by itself.

    Parameters
    ----------
    settings
        Of `programme.toml`, or the built-in ones.
    tables
        The tables that were named, by the field of `ProgrammeTables`: parsed cells in `frame`, the text of the file in
        `raw`; `finding(i, column, message, fix, code)` makes a finding about a cell.
    file
        Name of the settings file; empty where there is none.
    folder
        Where the tables lie; None where there is no file.
    sources
        The files used.
    findings
        Warnings and notes.
    """

    settings: ProgrammeSettings = field(default_factory=ProgrammeSettings)
    tables: Mapping[str, Table] = field(default_factory=dict)
    file: str = ""
    folder: Path | None = None
    sources: tuple[SourceFile, ...] = ()
    findings: tuple[Finding, ...] = ()

    def table(self, name: str) -> Table | None:
        """A table with its cells and findings; None where it was not named."""
        return self.tables.get(name)

    def rows(self, name: str) -> pd.DataFrame | None:
        """The parsed cells of a table in the order of the file; None where it was not named."""
        table = self.tables.get(name)
        return None if table is None else table.frame


def find_programme_file(case_dir: Path, named: Path | None) -> Path | None:
    """The settings file: the one that was named, else `programme.toml` of the case where there is one.

    Raises
    ------
    InputProblems
        The file that was named is not there.
    """
    path = named if named is not None else case_dir / PROGRAMME_FILE
    if path.is_dir():
        path = path / PROGRAMME_FILE
    if path.is_file():
        return path
    if named is None:
        return None
    fix = "Check the spelling of the path, or write a template with: blueprint programme RUN --template FOLDER"
    raise InputProblems([Finding("error", str(named), "There is no such file.", fix, code="missing-file")])


def read_inputs(path: Path | None) -> ProgrammeInputs:
    """Read a settings file and the tables it names.

    Parameters
    ----------
    path
        The settings file; None: everything built in.

    Raises
    ------
    InputProblems
        With everything that is wrong in any of the files.
    """
    if path is None:
        return ProgrammeInputs()
    settings = read_programme_settings(path)
    findings: list[Finding] = []
    tables: dict[str, Table] = {}
    sources: list[SourceFile] = []
    for name in ProgrammeTables.model_fields:
        spec = getattr(settings.tables, name)
        if spec is None:
            continue
        part, told, source = read_table(path.parent, PREFIX + name, spec)
        findings += told
        if part is not None:
            table, told = combine(PREFIX + name, [part], complete=True)
            findings += told + check_table(table)
            tables[name] = table
        if source is not None:
            sources.append(source)
    findings = cap_findings(findings)
    if any(finding.severity == "error" for finding in findings):
        raise InputProblems(findings)
    return ProgrammeInputs(settings, tables, path.name, path.parent, tuple(sources), tuple(findings))
