"""Reads what the planner says of a programme: the settings and every table they name, all problems told together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import pandas as pd

from geodata.case import CASE_FILE
from geodata.errors import Finding, InputProblems
from geodata.place import SourceFile
from geodata.tables.content import clip
from geodata.tables.readers import read_table
from geodata.tables.schemas import Table, cap_findings, check_table, combine, without_percent
from grouping.programme.settings import PROGRAMME_FILE, ProgrammeSettings, ProgrammeTables, read_programme_settings

PREFIX = "programme_"
"""How the names of these tables begin in the vocabulary of input files."""

LEAN_ON = {"waves": ("milestones", "readiness", "order", "ratios")}
"""Tables that cannot be judged where another one is wrong."""

MOST_OF_A_NAME, MOST_OF_A_TEXT = 200, 5_000
"""Characters of a name that stands in headings and columns, and of a text."""

LONG_TEXTS = frozenset({"said", "practices"})
"""Columns that have to be filled and hold a text all the same."""


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
    raise InputProblems([Finding("error", str(path), "There is no such file.", fix, code="missing-file")])


def read_inputs(path: Path | None, *, refuse: bool = True) -> ProgrammeInputs:
    """Read a settings file and the tables it names.

    Parameters
    ----------
    path
        The settings file; None: everything built in.
    refuse
        Whether errors are raised. Else they stand among `findings`, without the tables they are in and those that
        cannot be judged without these: what else is wrong can then be told together with them.

    Raises
    ------
    InputProblems
        With everything that is wrong in any of the files; of the settings file alone where that cannot be read.
    """
    if path is None:
        return ProgrammeInputs()
    settings = read_programme_settings(path)
    findings: list[Finding] = []
    tables: dict[str, Table] = {}
    sources: list[SourceFile] = []
    wrong: set[str] = set()
    for name in ProgrammeTables.model_fields:
        spec = getattr(settings.tables, name)
        if spec is None:
            continue
        part, told, source = read_table(path.parent, PREFIX + name, spec)
        if part is not None:
            table, more = combine(PREFIX + name, [part], complete=True)
            without_percent(table)
            told = [*told, *more, *check_table(table), *_too_long(table)]
            tables[name] = table
        if any(finding.severity == "error" for finding in told):
            wrong |= {name, *LEAN_ON.get(name, ())}
        findings += [_of_our_file(finding, path.name) for finding in told]
        if source is not None:
            sources.append(source)
    findings = cap_findings(findings)
    if refuse and wrong:
        raise InputProblems(findings)
    tables = {name: table for name, table in tables.items() if name not in wrong}
    return ProgrammeInputs(settings, tables, path.name, path.parent, tuple(sources), tuple(findings))


def _too_long(table: Table) -> list[Finding]:
    """Cells so long that a quotation mark is probably missing: a page and a workbook cannot show them."""
    findings = []
    for column, about in table.about().items():
        limit = MOST_OF_A_TEXT if about.kind == "text" or column in LONG_TEXTS else MOST_OF_A_NAME
        lengths = [len(str(text)) for text in table.raw.get(column, ())]
        for i in [i for i, length in enumerate(lengths) if length > limit]:
            message = f"The cell holds {lengths[i]:,} characters; at most {limit:,} are taken here."
            fix = "Shorten it; or look for a quotation mark that is missing at the end of a text."
            found = table.finding(i, column, message, fix, "cell-too-long", value=clip(table.text(i, column)))
            # What somebody said is not repeated: it may name a person.
            findings.append(found if limit == MOST_OF_A_NAME else replace(found, value=None))
    return findings


def _of_our_file(finding: Finding, file: str) -> Finding:
    """A remark of the readers, which speak of `case.toml`, about a table that the planner's own file names."""
    return replace(
        finding,
        file=finding.file.replace(CASE_FILE, file),
        message=finding.message.replace(CASE_FILE, file).replace(f"table {PREFIX}", "table "),
        fix=finding.fix.replace(CASE_FILE, file),
        column=finding.column and finding.column.replace(f"tables.{PREFIX}", "tables."),
    )
