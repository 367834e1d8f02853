"""The folder of a programme: page, workbook, its tables as CSV, and a record. It appears whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path

from geodata.tables.readers import sha256_of
from grouping.escape import visible
from grouping.impact.about import DRAFT, about_of
from grouping.named_table import csv_bytes
from grouping.plain_words import NO_CLOSURE, option_title
from grouping.programme.assemble import Programme
from grouping.programme.page import render_programme
from grouping.programme.public import WHAT_STAYS, told_settings
from grouping.programme.tables import all_tables
from grouping.programme.texts import TITLES
from grouping.workbook import FILTERS, Cover, write_workbook
from grouping.writing import new_folder, refuse_foreign, write_json

PROGRAMME_VERSION = 1
RECORD = "programme.json"
PAGE = "programme.html"
WORKBOOK = "programme.xlsx"
TABLES = "tables"


def write_programme(programme: Programme, out_dir: Path, *, run_dir: Path | None = None) -> tuple[str, ...]:
    """Write a programme; the folder appears only when everything in it is complete.

    Parameters
    ----------
    programme
        The programme, worked out (see `grouping.programme.assemble.programme_of`).
    out_dir
        The folder to write. An earlier programme there is replaced; any other folder that holds files is left alone.
    run_dir
        The run it was made of: its place, and that of the planner's file, are recorded so that it can be made anew. A
        public programme names neither.

    Returns
    -------
    The path of each file within the folder.

    Raises
    ------
    InputProblems
        The folder holds something else, or cannot be written.
    """
    with new_folder(out_dir, refuse=refuse_foreign_programme) as folder:
        (folder / PAGE).write_text(render_programme(programme), encoding="utf-8", newline="\n")
        tables = all_tables(programme)
        write_workbook(folder / WORKBOOK, _cover(programme), tables)
        (folder / TABLES).mkdir()
        for table in tables:
            (folder / TABLES / table.file).write_bytes(csv_bytes(table.table))
        written = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
        record = _record(programme) | _made_from(programme, run_dir, out_dir)
        record |= {"files": {name: sha256_of(path) for name, path in written.items()}}
        write_json(record, folder / RECORD, spell=visible)
    return (*written, RECORD)


def refuse_foreign_programme(out_dir: Path) -> None:
    """Stop before work begins when `out_dir` holds something else (see `writing.refuse_foreign`)."""
    refuse_foreign(out_dir, RECORD, "a programme")


def _cover(programme: Programme) -> Cover:
    ground, about = programme.ground, about_of(programme.ground.run)
    facts = [("In short", line) for line in programme.lines.values()]
    if about.made_up:
        facts.append(("Made-up data", "The practices, patients and journeys of this case are invented."))
    if about.estimate:
        facts.append(("Estimated minutes", "Minutes by car are straight-line estimates: no road network was used."))
    facts += [("Option", option_title(ground.option_id)), ("Rule set", about.rules)]
    facts += [("Run", about.run_id)] if about.run_id else []
    facts += [("Source", line) for line in about.attributions]
    facts += [("Left out", WHAT_STAYS)] if ground.run.public else []
    facts.append(("Filters", FILTERS))
    notes = tuple((TITLES[name], line) for name, part in programme.parts.items() for line in part.lines)
    return Cover(programme.title, f"{DRAFT} {NO_CLOSURE}", tuple(facts), notes)


def _made_from(programme: Programme, run_dir: Path | None, out_dir: Path) -> dict[str, object]:
    """Where the run and the planner's file lie, seen from the programme; empty where that is not to be told."""
    inputs = programme.ground.inputs
    if programme.ground.run.public or run_dir is None:
        return {"run_folder": "", "settings_path": ""}
    settings = "" if inputs.folder is None else _seen_from(inputs.folder / inputs.file, out_dir)
    return {"run_folder": _seen_from(run_dir, out_dir), "settings_path": settings}


def _seen_from(path: Path, out_dir: Path) -> str:
    """A path relative to the programme, so that both can be moved together; empty when on another drive."""
    try:
        return Path(os.path.relpath(path.resolve(), out_dir.resolve())).as_posix()
    except ValueError:
        return ""


def _record(programme: Programme) -> dict[str, object]:
    ground, about = programme.ground, about_of(programme.ground.run)
    inputs = ground.inputs
    return {
        "programme_version": PROGRAMME_VERSION,
        "title": programme.title,
        "status": DRAFT,
        "said_first": NO_CLOSURE,
        "place": ground.run.place.name,
        "made_up": ground.run.place.made_up,
        "run_id": ground.run.run_id,
        "option": ground.option_id,
        "public": ground.run.public,
        "settings_file": inputs.file,
        "settings": told_settings(inputs.settings) if ground.run.public else inputs.settings.model_dump(mode="json"),
        "inputs": [
            {"table": one.table, "file": one.file, "sha256": one.sha256, "rows": one.rows} for one in inputs.sources
        ],
        "lines": {name: list(part.lines) for name, part in programme.parts.items()},
        "claims_checked": len(programme.checks),
        "attributions": list(about.attributions),
    }
