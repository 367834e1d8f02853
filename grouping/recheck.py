"""Check a run folder again, from the inputs up: what `blueprint verify` does."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from geodata.case import case_folder, read_case_settings
from geodata.catchments import adjacency_edges
from geodata.errors import Finding, InputProblems
from geodata.load import load_place
from geodata.place import Place
from geodata.timed import time_place
from geodata.travel import TravelTimes
from grouping.plan import Group, Plan
from grouping.rules import RuleSet
from grouping.verify import Claims, verify

MILLISECOND_IN_MINUTES = 1 / 60_000
COLUMNS = ("option", "kind", "claim", "agrees", "detail")


@dataclass(frozen=True)
class Recheck:
    """The lines of the check; `agrees` is whether every figure holds and, for found options, every rule."""

    lines: pd.DataFrame
    by_hand: bool

    @property
    def agrees(self) -> bool:
        """Whether nothing that counts disagrees; broken rules of a plan made by hand are breaches, not errors."""
        counting = self.lines[self.lines["kind"] == "figure"] if self.by_hand else self.lines
        return bool(counting["agrees"].all())


def recheck(run_dir: Path, *, case_dir: Path | None = None) -> Recheck:
    """Re-derive a run from its case.

    Parameters
    ----------
    run_dir
        A run folder.
    case_dir
        The case it was made from; None for the one `run.json` names.

    Raises
    ------
    InputProblems
        The run or the case cannot be read.
    """
    record = _read_record(run_dir)
    case_dir = case_folder(case_dir or _case_of(record, run_dir))
    timed = time_place(load_place(case_dir), read_case_settings(case_dir), case_dir)
    place, times = timed.place, timed.times
    edges = adjacency_edges(place)
    rules = RuleSet.model_validate(record["rules"])
    by_hand = record["command"] == "score"
    lines = [
        *_check_inputs(record, place),
        *_check_matrices(run_dir, times),
        *_check_adjacency(run_dir, edges),
        *_check_certificate(record),
    ]
    for option in record["options"]:
        claims = _claims(run_dir / "options" / option["id"], option, record["solver"])
        table = verify(claims, place, times, edges, rules, partial=by_hand)
        lines += [(option["id"], row.kind, row.claim, row.agrees, row.detail) for row in table.itertuples()]
    return Recheck(pd.DataFrame(lines, columns=list(COLUMNS)), by_hand)


def _problem(file: str, message: str, fix: str) -> InputProblems:
    return InputProblems([Finding("error", file, message, fix, code="run-folder")])


def _read_record(run_dir: Path) -> dict:
    path = run_dir / "run.json"
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise _problem(
            str(run_dir), "this is not a run folder: it holds no run.json.", "Name the folder given to --out."
        ) from None
    except (OSError, ValueError) as trouble:
        raise _problem(str(path), f"run.json cannot be read ({trouble}).", "Run the case again.") from None
    if not isinstance(record, dict) or record.get("schema_version") != 1:
        raise _problem(str(path), "run.json is of another version of this program.", "Run the case again.")
    missing = sorted({"command", "rules", "options", "solver", "inputs"} - set(record))
    if missing:
        raise _problem(str(path), f"run.json lacks {', '.join(missing)}.", "Run the case again.")
    return record


def _case_of(record: dict, run_dir: Path) -> Path:
    named = record.get("case_folder") or ""
    case_dir = (run_dir / named).resolve()
    if not named or not (case_dir / "case.toml").is_file():
        raise _problem(
            "run.json", "the case this run was made from is not where it was.", "Name the case folder with --case."
        )
    return case_dir


def _check_inputs(record: dict, place: Place) -> list[tuple]:
    then = {(source["table"], source["file"]): source["sha256"] for source in record["inputs"]}
    now = {(source.table, source.file): source.sha256 for source in place.sources}
    wrong = sorted({file for (table, file), sha in now.items() if then.get((table, file)) != sha})
    wrong += sorted({file for (table, file) in then if (table, file) not in now})
    detail = f"changed since the run: {', '.join(wrong)}" if wrong else f"{len(now)} files, same sha256"
    return [("", "figure", "the input files are those of the run", not wrong, detail)]


def _read_table(path: Path, **options: object) -> pd.DataFrame:
    try:
        return pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path, encoding="utf-8", **options)
    except FileNotFoundError:
        raise _problem(str(path), "the run lacks this file.", "Run the case again.") from None
    except Exception as trouble:  # whatever a damaged file makes the reader say
        raise _problem(str(path), f"this file cannot be read ({trouble}).", "Run the case again.") from None


def _check_matrices(run_dir: Path, times: TravelTimes) -> list[tuple]:
    lines = []
    for name, rows, matrix in (
        ("minutes_area_to_site", times.area_codes, times.area_to_site),
        ("minutes_between_sites", times.site_codes, times.between_sites),
    ):
        written = _read_table(run_dir / f"{name}.parquet")
        wide = written.pivot(index="from", columns="to", values="minutes")
        wide = wide.reindex(index=list(rows), columns=list(times.site_codes))
        minutes = wide.to_numpy(dtype=float, na_value=np.nan)
        expected = np.where(np.isfinite(matrix), matrix, np.nan)
        off = (np.isnan(minutes) != np.isnan(expected)) | (np.abs(minutes - expected) > MILLISECOND_IN_MINUTES)
        count = int(off.sum())
        detail = f"{count} of {off.size} differ" if count else f"{off.size:,} times agree to the millisecond"
        lines.append(("", "figure", f"{name} is what the roads give", count == 0, detail))
    return lines


def _check_adjacency(run_dir: Path, edges: pd.DataFrame) -> list[tuple]:
    written = _read_table(run_dir / "adjacency.csv", dtype=str)
    then = set(zip(written["practice_a"], written["practice_b"], strict=True))
    now = set(zip(edges["practice_a"], edges["practice_b"], strict=True))
    detail = f"{len(then ^ now)} borders differ" if then != now else f"{len(now)} borders"
    return [("", "figure", "borders between catchments", then == now, detail)]


def _check_certificate(record: dict) -> list[tuple]:
    solver = record["solver"]
    if not solver or solver.get("objective") is None:
        return []
    objective, bound, gap = solver["objective"], solver["bound"], solver["gap"]
    best = min(option["objective"] for option in record["options"])
    wrong = []
    if abs(objective - record["options"][0]["objective"]) > 1e-9:
        wrong.append("the first option's score is not the one proven")
    if bound is not None and gap is not None:
        if abs((objective - bound) / abs(objective) - gap) > 1e-9:
            wrong.append("the gap is not (objective - bound) / |objective|")
        if bound > best + 1e-9:
            wrong.append("an option scores below the proven bound")
    if (solver["status"] == "optimal") != (gap is not None and gap < 1e-6):
        wrong.append("'optimal' and the gap contradict each other")
    return [("", "figure", "the proof's numbers fit together", not wrong, "; ".join(wrong) or f"gap {gap:.2e}")]


def _claims(folder: Path, option: dict, solver: dict | None) -> Claims:
    plan = _read_table(folder / "plan.csv", dtype=str).fillna("")
    groups = _read_table(folder / "groups.csv", dtype={"group_id": str, "hub_site_code": str})
    areas = _read_table(folder / "areas.csv", dtype={"area_code": str})
    members = [
        Group(group_id, tuple(sorted(part["practice_code"])), part["hub_site_code"].iloc[0])
        for group_id, part in plan.groupby("group_id", sort=True)
    ]
    return Claims(
        plan=Plan(tuple(members)),
        groups=groups,
        areas=areas,
        objective=option["objective"],
        shortfall=solver["shortfall"] if solver else None,
        exceptions=solver["exceptions"] if solver else None,
    )
