"""The workbook of an evidence pack: what its cover says, and its tables as sheets (see `grouping.workbook`)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import pandas as pd

from grouping import workbook
from grouping.impact.about import DRAFT, About
from grouping.impact.columns import column_words, table_words
from grouping.impact.words import HIDDEN_NOTE, base_title, scenario_sentence
from grouping.named_table import Column, NamedTable
from grouping.plain_words import NO_CLOSURE, option_title

if TYPE_CHECKING:
    from grouping.impact.result import Impact


def write_workbook(impact: Impact, tables: Mapping[str, pd.DataFrame], about: About, path: Path) -> None:
    """Write the workbook.

    Parameters
    ----------
    impact
        What the cover tells: the options, the methods, what "before" is.
    tables
        Name -> table with numbers, texts and None (see `grouping.impact.pack.pack_tables`).
    about
        The case behind it.
    path
        The file to write.
    """
    hidden = f" {HIDDEN_NOTE}" if impact.public else ""
    cover = workbook.Cover(
        title=about.title,
        status=f"{DRAFT} {NO_CLOSURE}{hidden}",
        facts=(*cover_facts(impact, about), ("Filters", workbook.FILTERS)),
        notes=tuple(("Figures", note) for note in impact.notes),
    )
    workbook.write_workbook(path, cover, impact_tables(impact, tables))


def impact_tables(impact: Impact, tables: Mapping[str, pd.DataFrame], *, once: bool = True) -> list[NamedTable]:
    """The tables of a pack with their words.

    Parameters
    ----------
    impact
        What their figures are for.
    tables
        Name -> table, as `grouping.impact.pack.pack_tables` makes them.
    once
        Whether routine care is listed for the first option alone where it is the same under every one (see
        `routine_once`): for reading, while the CSV files hold all rows.
    """
    base = base_title(impact)
    made = []
    for name, whole in tables.items():
        table = routine_once(whole) if once else whole
        title, holds = table_words(name)
        columns = tuple(Column(str(key), *column_words(str(key), base)) for key in table.columns)
        made.append(NamedTable(name, title, holds, table, columns, stands=f"{name}.csv"))
    return made


def routine_once(table: pd.DataFrame) -> pd.DataFrame:
    """Routine care only for the first option where it is the same under every one; the CSV has all rows."""
    if not {"journey", "option"} <= set(table.columns):
        return table
    routine = table["journey"] == "routine"
    parts = [part.drop(columns="option") for _, part in table[routine].groupby("option", sort=False)]
    alike = all(part.reset_index(drop=True).equals(parts[0].reset_index(drop=True)) for part in parts[1:])
    return table[~routine | (table["option"] == table["option"].iloc[0])] if len(parts) > 1 and alike else table


def cover_facts(impact: Impact, about: About) -> list[tuple[str, str]]:
    """What the cover says: a heading and a sentence each."""
    facts = []
    if about.made_up:
        facts.append(("Made-up data", "The practices, patients and journeys of this case are invented."))
    if about.estimate:
        facts.append(("Estimated minutes", "Minutes by car are straight-line estimates: no road network was used."))
    if impact.public:
        facts.append(("Small numbers", HIDDEN_NOTE))
    facts.append(("Two journeys", "Routine care (home to the own practice) and hub services; never subtracted."))
    facts.append(("Routine care", "Where it is the same under every option, a sheet lists it for the first one alone."))
    facts.append(("Before", impact.baseline or "No baseline was given: journeys to the hub are a level, not a change."))
    facts.append(("Options", ", ".join(option_title(option) for option in impact.option_ids)))
    facts.append(("Threshold", f"{impact.threshold:g} minutes; a longer journey is beyond it."))
    facts.append(("Scenario", scenario_sentence(impact).removeprefix("Scenario: ") or "The case as it stands"))
    facts += [(f"Minutes: {mode}", said) for mode, said in (*impact.modes, *impact.absent_modes)]
    if about.rules:
        facts.append(("Rule set", about.rules))
    if about.run_id:
        facts.append(("Run", about.run_id))
    facts += [("Source", line) for line in about.attributions]
    return facts
