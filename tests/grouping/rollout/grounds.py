"""Rollouts of the made run, with the planner's tables written and read as a planner's are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pandas as pd

from grouping.programme.ground import Ground
from grouping.programme.inputs import read_inputs
from tests.grouping.made_run import made_run


def ground_with(
    folder: Path, tables: dict[str, str] | None = None, rollout: str = "", names: tuple[str, ...] = (), **columns: dict
) -> Ground:
    """The first option of the made run.

    Parameters
    ----------
    folder
        Where the files are written.
    tables
        By field of `ProgrammeTables`, the text of a CSV file.
    rollout
        Lines of the section `[rollout]`.
    names
        Names of practices and so on.
    columns
        Columns of the practices to fill, value by practice code.
    """
    tables = tables or {}
    for name, text in tables.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    named = "\n".join(f'{name} = "{name}.csv"' for name in tables)
    settings = f"schema_version = 1\n[tables]\n{named}\n[rollout]\n{rollout}\n"
    (folder / "programme.toml").write_text(settings, encoding="utf-8")
    run = made_run(names=names)
    practices = run.place.practices.copy()
    for column, values in columns.items():
        practices[column] = pd.Series(values).reindex(practices.index)
    run = replace(run, place=replace(run.place, practices=practices))
    return Ground(run, run.options[0], read_inputs(folder / "programme.toml"))
