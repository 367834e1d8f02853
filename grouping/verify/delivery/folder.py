"""Checks the folder of a programme again: its files, the planner's files, and every cell of a programme made anew."""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Callable
from pathlib import Path

import pandas as pd

from geodata.errors import InputProblems
from geodata.tables.readers import sha256_of
from grouping.named_table import csv_bytes
from grouping.programme.assemble import programme_of
from grouping.programme.folder import PROGRAMME_VERSION, RECORD, TABLES
from grouping.programme.ground import Ground
from grouping.programme.job import open_ground
from grouping.programme.tables import all_tables
from grouping.run_folder import damaged
from grouping.verify.delivery.claims import first_few
from grouping.verify.recheck import COLUMNS, Recheck
from grouping.verify.record import Line, line

CELLS, CLAIMS = "tables", "claims"
"""Stand in the place of an option for the lines of tables, and of claims derived again."""

SLACK = 1e-9
"""Another machine may add fractions in another order."""

AGAIN = "Make the programme again: blueprint programme RUN --out DIR"


def is_programme(folder: Path) -> bool:
    """Whether a folder holds a programme, not a run."""
    return (folder / RECORD).is_file() and not (folder / "run.json").is_file()


def recheck_programme(
    folder: Path,
    *,
    run_dir: Path | None = None,
    settings: Path | None = None,
    case_dir: Path | None = None,
    progress: Callable[[str, str], None] = lambda stage, detail: None,
) -> Recheck:
    """Make a programme anew from its run and the planner's files, and compare.

    Parameters
    ----------
    folder
        A folder that `blueprint programme` has made.
    run_dir, settings
        The run and the planner's file; None for those that the record names. A public record names neither.
    case_dir
        The case of the run; None for the one the run names.
    progress
        Told of each stage.

    Returns
    -------
    Recheck
        One line a claim: the files, the planner's files, every table cell by cell, and what was derived again.

    Raises
    ------
    InputProblems
        The folder is no programme, or its run is not where it was.
    VerificationFailed
        The independent check disagrees with a claim of the programme as it is made now.
    """
    record = _record(folder)
    run_dir = _run_of(folder, record, run_dir)
    named = str(record.get("settings_path") or "")
    settings = settings or ((folder / named) if named else None)
    lines = [_files(folder, record)]
    try:
        ground = open_ground(
            run_dir, str(record["option"]), settings, case_dir=case_dir, progress=progress,
            built_in=not record.get("settings_file") and settings is None,
        )  # fmt: skip
        lines += [_planners_files(ground, record), _run_itself(ground, record)]
        if not lines[-1][3]:  # every table of another run differs: one line says why
            return Recheck(pd.DataFrame(lines, columns=list(COLUMNS)), by_hand=False, what="programme")
        programme = programme_of(ground, public=bool(record["public"]), progress=progress)
    except InputProblems as problems:
        wrong = first_few(str(finding) for finding in problems.findings if finding.severity == "error")
        lines.append(line("the programme can be made anew", wrong or ["it cannot"], ""))
        return Recheck(pd.DataFrame(lines, columns=list(COLUMNS)), by_hand=False, what="programme")
    lines.append(_said(record, {name: list(part.lines) for name, part in programme.parts.items()}))
    now = {table.file: csv_bytes(table.table) for table in all_tables(programme)}
    lines += _tables(folder / TABLES, now)
    lines += [(CLAIMS, "figure", f"{one.part}: {one.claim}", one.agrees, one.detail) for one in programme.checks]
    return Recheck(pd.DataFrame(lines, columns=list(COLUMNS)), by_hand=False, what="programme")


def _record(folder: Path) -> dict:
    path = folder / RECORD
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as trouble:
        raise damaged(str(path), f"{RECORD} cannot be read ({trouble}).", AGAIN) from None
    if not isinstance(record, dict) or record.get("programme_version") != PROGRAMME_VERSION:
        raise damaged(str(path), f"{RECORD} is of another version of this program.", AGAIN)
    missing = sorted({"option", "public", "settings", "inputs", "lines", "files"} - set(record))
    if missing:
        raise damaged(str(path), f"{RECORD} lacks {', '.join(missing)}.", AGAIN)
    return record


def _run_of(folder: Path, record: dict, named: Path | None) -> Path:
    """The run: the one named, else the one the record names."""
    if named is not None:
        return named
    said = str(record.get("run_folder") or "")
    found = (folder / said).resolve()
    if not said or not (found / "run.json").is_file():
        message = "The run this programme was made of is not where it was." if said else (
            "This programme does not name its run, as programmes for publication never do."
        )  # fmt: skip
        raise damaged(str(folder / RECORD), message, "Name the run folder with --run.")
    return found


def _files(folder: Path, record: dict) -> Line:
    wrong = []
    for name, sha256 in record["files"].items():
        if not (folder / name).is_file():
            wrong.append(f"{name} is missing")
        elif sha256_of(folder / name) != sha256:
            wrong.append(f"{name} was changed")
    there = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {RECORD}
    wrong += [f"{name} is not of this programme" for name in sorted(there - set(record["files"]))]
    return line("the files are as they were written", first_few(wrong), f"{len(record['files'])} files, same sha256")


def _run_itself(ground: Ground, record: dict) -> Line:
    """Whether the run is the one the programme was made of; a public record does not name it."""
    then, now = str(record.get("run_id") or ""), ground.run.run_id
    wrong = [f"it was made again since: then {then}, now {now}. {AGAIN}"] if then not in {"", now} else []
    return line("the run is the one that the programme was made of", wrong, then)


def _planners_files(ground: Ground, record: dict) -> Line:
    """The planner's settings and tables; of a public programme, which names no table, the settings that are told."""
    inputs = ground.inputs
    wrong = []
    if inputs.file != record.get("settings_file"):
        wrong.append(
            f"settings were read from {record.get('settings_file') or 'nothing'}, now {inputs.file or 'nothing'}"
        )
    if not record["public"]:
        then = {(one["table"], one["file"]): one["sha256"] for one in record["inputs"]}
        now = {(one.table, one.file): one.sha256 for one in inputs.sources}
        wrong += [
            f"{file} was changed"
            for (table, file) in sorted(set(then) & set(now))
            if then[table, file] != now[table, file]
        ]
        wrong += [f"{file} is no longer used" for _, file in sorted(set(then) - set(now))]
        wrong += [f"{file} is new" for _, file in sorted(set(now) - set(then))]
        said, held = record["settings"], inputs.settings.model_dump(mode="json")
        for section in sorted(set(said) | set(held)):
            a, b = said.get(section), held.get(section)
            if a != b:
                wrong += _keys(section, a, b)
    return line("the planner's files are those of the programme", first_few(wrong), f"{len(inputs.sources)} tables")


def _keys(section: str, then: object, now: object) -> list[str]:
    if not isinstance(then, dict) or not isinstance(now, dict):
        return [f"{section}: written {then!r}, now {now!r}"]
    return [
        f"{section}.{key}: written {then.get(key)!r}, now {now.get(key)!r}"
        for key in sorted(set(then) | set(now))
        if then.get(key) != now.get(key)
    ]


def _said(record: dict, now: dict[str, list[str]]) -> Line:
    then = record["lines"]
    wrong = [
        f"{part}: written {a!r}, made anew {b!r}"
        for part in sorted(set(then) | set(now))
        for a, b in _beside(then.get(part, []), now.get(part, []))
        if a != b
    ]
    return line(
        "the sentences are those of the programme made anew", first_few(wrong), f"{sum(map(len, now.values()))}"
    )


def _beside(one: list, other: list) -> list[tuple]:
    longest = max(len(one), len(other))
    return list(zip(one + [None] * (longest - len(one)), other + [None] * (longest - len(other)), strict=True))


def _tables(folder: Path, now: dict[str, bytes]) -> list[Line]:
    there = {path.name for path in folder.glob("*.csv")} if folder.is_dir() else set()
    lines = []
    for name in sorted(there | set(now)):
        if name not in now:
            wrong, checked = ["the programme made anew has no such table"], ""
        elif name not in there:
            wrong, checked = ["the table is missing"], ""
        else:
            wrong, checked = _cells(_parsed((folder / name).read_bytes()), _parsed(now[name]))
        lines.append((CELLS, "figure", name.removesuffix(".csv"), not wrong, "; ".join(first_few(wrong)) or checked))
    return lines


def _parsed(held: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(held.decode("utf-8-sig", errors="replace"))))


def _cells(then: list[list[str]], now: list[list[str]]) -> tuple[list[str], str]:
    """What differs, by row (as a spreadsheet counts), its first cell, column and both values."""
    if not then or not now or then[0] != now[0]:
        return ["its columns are not those of the programme made anew"], ""
    columns, wrong = now[0], []
    if len(then) != len(now):
        wrong.append(f"{len(then) - 1} rows, made anew {len(now) - 1}")
    for number, (a, b) in enumerate(zip(then[1:], now[1:], strict=False), start=2):
        if len(a) != len(b):
            wrong.append(f"row {number}: {len(a)} cells, made anew {len(b)}")
            continue
        wrong += [
            f"row {number} ({b[0]}), {column}: written {x or 'nothing'}, made anew {y or 'nothing'}"
            for column, x, y in zip(columns, a, b, strict=True)
            if x != y and not _alike(x, y)
        ]
    return wrong, f"{len(now) - 1} rows, {(len(now) - 1) * len(columns)} cells"


def _alike(one: str, other: str) -> bool:
    """Whether two cells are the same figure but for the last bits."""
    try:
        return math.isclose(float(one), float(other), rel_tol=SLACK, abs_tol=SLACK)
    except ValueError:
        return False
