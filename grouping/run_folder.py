"""A run folder, read back: its record, its plans and its tables, as they were written."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from geodata.case import case_folder
from geodata.errors import Finding, InputProblems
from grouping.plan import Before, Group, Plan, ServiceSites
from grouping.plan_file import PLAN_COLUMNS
from grouping.rules import RuleSet

NAME_A_RUN = "Name a folder that “blueprint run” or “blueprint score” has made."

OTHER_FOLDERS = {
    "case.toml": "this is a case, not a run of it.",
    "pack.json": "this is a pack, not the run it was made from.",
    "compare.json": "this is a comparison, not a run.",
}
"""What is most likely to be named instead of a run, by the file that tells it."""


def read_record(run_dir: Path) -> dict:
    """The content of `run.json`.

    Raises
    ------
    InputProblems
        The folder is not a run, or of another version.
    """
    path = run_dir / "run.json"
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise damaged(str(run_dir), _not_a_run(run_dir), NAME_A_RUN) from None
    except (OSError, ValueError) as trouble:
        raise damaged(str(path), f"run.json cannot be read ({trouble}).", "Run the case again.") from None
    if not isinstance(record, dict) or record.get("schema_version") != 1:
        raise damaged(str(path), "run.json is of another version of this program.", "Run the case again.")
    missing = sorted({"command", "rules", "options", "solver", "inputs", "files"} - set(record))
    if missing:
        raise damaged(str(path), f"run.json lacks {', '.join(missing)}.", "Run the case again.")
    return record


def case_of(record: dict, run_dir: Path, named_case: Path | None = None) -> Path:
    """The folder of the case a run was made from: the one named, else the one its record names.

    Raises
    ------
    InputProblems
        It is not there any more.
    """
    if named_case is not None:
        return case_folder(named_case)
    named = record.get("case_folder") or ""
    case_dir = (run_dir / named).resolve()
    if not named or not (case_dir / "case.toml").is_file():
        was = f" ({named}, seen from the run)" if named else ""
        message = f"the case this run was made from is not where it was{was}."
        raise damaged(str(run_dir / "run.json"), message, "Name the case folder with --case.")
    return case_folder(case_dir)


def _not_a_run(folder: Path) -> str:
    """What is said of a folder that holds no `run.json`."""
    if folder.is_file():
        return "this is a file, not a run folder."
    if not folder.exists():
        return "there is no such folder."
    known = (words for name, words in OTHER_FOLDERS.items() if (folder / name).is_file())
    return next(known, "this is not a run folder: it holds no run.json.")


def rules_of(record: dict) -> RuleSet:
    """The rule set of a run."""
    try:
        return RuleSet.model_validate(record["rules"])
    except ValueError as trouble:
        raise damaged("run.json", f"its rules cannot be read ({trouble}).", "Run the case again.") from None


def read_table(path: Path, columns: Sequence[str], key: Sequence[str], **options: object) -> pd.DataFrame:
    """Read a table of the run that has these columns and no two rows with the same key."""
    try:
        if path.suffix == ".parquet":
            table = pd.read_parquet(path)
        else:
            # a group may be called "N/A": only an empty cell is missing
            table = pd.read_csv(path, encoding="utf-8", keep_default_na=False, na_values=[""], **options)
    except FileNotFoundError:
        raise damaged(str(path), "the run lacks this file.", "Run the case again.") from None
    except Exception as trouble:  # whatever a damaged file makes the reader say
        raise damaged(str(path), f"this file cannot be read ({trouble}).", "Run the case again.") from None
    if list(table.columns) != list(columns):
        message = f"the columns are not {', '.join(columns)}."
        raise damaged(str(path), message, "Run the case again.")
    if table.duplicated(list(key)).any():
        raise damaged(str(path), f"two rows have the same {' and '.join(key)}.", "Run the case again.")
    return table


def plan_of(path: Path) -> Plan:
    """A plan as a run has written it.

    Raises
    ------
    InputProblems
        The file is damaged.
    """
    table = read_table(path, PLAN_COLUMNS, PLAN_COLUMNS[:1], dtype=str).fillna("")
    hubs = table.groupby("group_id")["hub_site_code"].nunique()
    if (hubs > 1).any():
        message = f"group {hubs.index[hubs > 1][0]} has more than one hub."
        raise damaged(str(path), message, "Run the case again.")
    return Plan(
        tuple(
            Group(group_id, tuple(sorted(part["practice_code"])), part["hub_site_code"].iloc[0])
            for group_id, part in table.groupby("group_id", sort=True)
        )
    )


def before_of(path: Path) -> Before:
    """What a run was compared with, as it has written it: a plan, or the sites where hub services run today."""
    columns = ("site_code", "practice_code")
    with path.open(encoding="utf-8") as handle:
        if "group_id" in handle.readline():
            return plan_of(path)
    table = read_table(path, columns, columns, dtype=str).fillna("")
    own = table[table["practice_code"] != ""].groupby("practice_code")["site_code"]
    everybody = table.loc[table["practice_code"] == "", "site_code"]
    return ServiceSites(tuple(sorted(everybody)), {code: tuple(sorted(sites)) for code, sites in own})


def damaged(file: str, message: str, fix: str) -> InputProblems:
    """What is said of a run folder that cannot be read."""
    return InputProblems([Finding("error", file, message, fix, code="run-folder")])


def read_json(path: Path) -> dict | None:
    """A record beside `run.json`; None where it is missing or damaged."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None
