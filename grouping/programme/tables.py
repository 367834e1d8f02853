"""The tables of a programme, for its workbook, its folder and a pack."""

from __future__ import annotations

from typing import TYPE_CHECKING

from grouping.named_table import NamedTable
from grouping.programme.texts import TITLES
from grouping.tables_of_run import words_of
from grouping.verify.delivery import checks_table
from grouping.writing import findings_table

if TYPE_CHECKING:
    from grouping.programme.assemble import Programme

FINDINGS = "programme-findings"


def all_tables(programme: Programme) -> list[NamedTable]:
    """The tables of the parts that hold anything, what was noticed about the planner's tables, and what was checked."""
    tables = [table for table in programme.tables if len(table.table)]
    if programme.findings:
        found = findings_table(programme.findings)
        tables.append(
            NamedTable(
                FINDINGS,
                "Findings of the programme",
                "One row a remark on the planner's tables.",
                found,
                words_of(found),
            )
        )
    if programme.checks:
        tables.append(checks_table(programme.checks, TITLES))
    return tables
