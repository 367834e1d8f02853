"""The tables of a run as the test of the page looks figures up in them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cached_property

from grouping.impact.words import LIFT
from grouping.named_table import NamedTable, plain_values
from grouping.result import Run
from grouping.tables_of_run import tables_of_run

Checked = Iterator[tuple[int, int, object]]
"""Row and column of a cell, and what it shows."""

MODES = {"car": "by car", "public-transport": "by public transport", "walk": "on foot"}


class Tables:
    """The tables of a run, and how rows of them are found."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.named: dict[str, NamedTable] = {table.name: table for table in tables_of_run(run)}

    def rows(self, name: str, **wanted: object) -> list[dict[str, object]]:
        """Rows of a table whose cells are these."""
        return [row for row in self.records.get(name, []) if all(row[key] == value for key, value in wanted.items())]

    def row(self, name: str, **wanted: object) -> dict[str, object]:
        """The one row whose cells are these."""
        found = self.rows(name, **wanted)
        assert len(found) == 1, (name, wanted, len(found))
        return found[0]

    @cached_property
    def records(self) -> dict[str, list[dict[str, object]]]:
        """Table -> its rows, None for what is not known."""
        made = {}
        for name, table in self.named.items():
            columns = {str(key): plain_values(table.table[key]) for key in table.table.columns}
            made[name] = [dict(zip(columns, line, strict=True)) for line in zip(*columns.values(), strict=True)]
        return made

    def summary(self, **wanted: object) -> list[dict[str, object]]:
        """Rows of the travel summary for the scenario that the page is for."""
        scenarios = {row["scenario"] for row in self.records["impact-summary"]}
        own = self.run.impact.scenario
        return self.rows("impact-summary", scenario=own if own in scenarios else "", **wanted)


def option_of(caption: str) -> str:
    """The option that a caption or a cell names."""
    found = re.search(r"\boption (\d+)", caption, flags=re.I)
    return f"option-{found.group(1)}" if found else "scored"


def mode_of(caption: str) -> str:
    return next(mode for mode, words in MODES.items() if words in caption)


def plain_label(cell: str) -> str:
    """A population without what is said of it by car, and without its mode."""
    cell = cell.removesuffix(f" ({LIFT})")
    return re.sub(rf" \(({'|'.join(MODES.values())})\)$", "", cell)
