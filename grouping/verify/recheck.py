"""Check a run folder again, from the inputs up: what `blueprint verify` does."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata.case import case_folder, read_case_settings
from geodata.catchments import borders
from geodata.errors import Finding, InputProblems
from geodata.load import load_place
from geodata.timed import time_place
from geodata.travel import TravelTimes
from grouping.assess import AREA_COLUMNS, GROUP_COLUMNS
from grouping.borders import fit_borders, kept_borders
from grouping.plan import Group, Plan
from grouping.plan_file import PLAN_COLUMNS
from grouping.problem import build_problem
from grouping.rules import RuleSet
from grouping.runs import BEFORE_FILE
from grouping.verify import Claims, verify
from grouping.verify.record import check_options, check_record

MILLISECOND_IN_MINUTES = 1 / 60_000
SNAP_TOLERANCE_M = 0.01
MATRIX_COLUMNS = ("from", "to", "minutes", "reachable", "snap_from_m", "snap_to_m")
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
    settings = read_case_settings(case_dir)
    timed = time_place(load_place(case_dir), settings, case_dir)
    place, times = timed.place, timed.times
    rules = _rules_of(record)
    by_hand = record["command"] == "score"
    edges, _ = borders(place)
    if not by_hand:
        _, edges, _ = fit_borders(build_problem(place, times, edges, rules), edges)
    lines = [
        *check_record(record, run_dir, case_dir, settings, place, times),
        *_check_matrices(run_dir, times),
        *_check_adjacency(run_dir, edges),
    ]
    before = _plan_of(run_dir / BEFORE_FILE) if (run_dir / BEFORE_FILE).is_file() else None
    all_claims = {
        option["id"]: _claims(run_dir / "options" / option["id"], option, record["solver"], before)
        for option in record["options"]
    }
    lines += check_options(record, {name: claims.plan for name, claims in all_claims.items()}, place, rules)
    for option in record["options"]:
        claims = all_claims[option["id"]]
        table = verify(claims, place, times, kept_borders(edges), rules, partial=by_hand)
        lines += [(option["id"], row.kind, row.claim, row.agrees, row.detail) for row in table.itertuples()]
    return Recheck(pd.DataFrame(lines, columns=list(COLUMNS)), by_hand)


def _rules_of(record: dict) -> RuleSet:
    try:
        return RuleSet.model_validate(record["rules"])
    except ValueError as trouble:
        raise _problem("run.json", f"its rules cannot be read ({trouble}).", "Run the case again.") from None


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
    missing = sorted({"command", "rules", "options", "solver", "inputs", "files"} - set(record))
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


def _read_table(path: Path, columns: Sequence[str], key: Sequence[str], **options: object) -> pd.DataFrame:
    """Read a table of the run that has these columns and no two rows with the same key."""
    try:
        if path.suffix == ".parquet":
            table = pd.read_parquet(path)
        else:
            # a group may be called "N/A": only an empty cell is missing
            table = pd.read_csv(path, encoding="utf-8", keep_default_na=False, na_values=[""], **options)
    except FileNotFoundError:
        raise _problem(str(path), "the run lacks this file.", "Run the case again.") from None
    except Exception as trouble:  # whatever a damaged file makes the reader say
        raise _problem(str(path), f"this file cannot be read ({trouble}).", "Run the case again.") from None
    if list(table.columns) != list(columns):
        message = f"the columns are not {', '.join(columns)}."
        raise _problem(str(path), message, "Run the case again.")
    if table.duplicated(list(key)).any():
        raise _problem(str(path), f"two rows have the same {' and '.join(key)}.", "Run the case again.")
    return table


def _check_matrices(run_dir: Path, times: TravelTimes) -> list[tuple]:
    areas = ("minutes_area_to_site", times.area_codes, times.area_to_site, times.area_snap_m)
    sites = ("minutes_between_sites", times.site_codes, times.between_sites, times.site_snap_m)
    return [_check_matrix(run_dir, times, *which) for which in (areas, sites)]


def _check_matrix(
    run_dir: Path,
    times: TravelTimes,
    name: str,
    origins: Sequence[str],
    expected: NDArray[np.float64],
    snap_m: NDArray[np.float64],
) -> tuple:
    claim = f"{name} is what the roads give"
    written = _read_table(run_dir / f"{name}.parquet", MATRIX_COLUMNS, MATRIX_COLUMNS[:2])
    pairs = pd.MultiIndex.from_product([list(origins), list(times.site_codes)])
    now = pd.DataFrame(
        {
            "minutes": expected.ravel(),
            "snap_from_m": np.repeat(snap_m, len(times.site_codes)),
            "snap_to_m": np.tile(times.site_snap_m, len(origins)),
        },
        index=pairs,
    )
    then = written.set_index(["from", "to"])
    if len(then) != len(now) or not then.index.isin(now.index).all():
        return ("", "figure", claim, False, "its pairs of places are not those of the case")
    then = then.reindex(now.index)
    reachable = np.isfinite(now["minutes"].to_numpy())
    minutes = then["minutes"].to_numpy(dtype=float, na_value=np.nan)
    off = reachable != then["reachable"].to_numpy(dtype=bool)
    off |= reachable != np.isfinite(minutes)
    off |= np.abs(np.where(reachable, minutes - now["minutes"], 0.0)) > MILLISECOND_IN_MINUTES
    for column in ("snap_from_m", "snap_to_m"):
        off |= np.abs(then[column].to_numpy(dtype=float) - now[column].to_numpy()) > SNAP_TOLERANCE_M
    count = int(off.sum())
    detail = f"{count} of {off.size} differ" if count else f"{off.size:,} times agree to the millisecond"
    return ("", "figure", claim, count == 0, detail)


def _check_adjacency(run_dir: Path, edges: pd.DataFrame) -> list[tuple]:
    columns = ("practice_a", "practice_b", "reason")
    written = _read_table(run_dir / "adjacency.csv", columns, columns[:2], dtype=str)
    then, now = (set(table[list(columns)].itertuples(index=False, name=None)) for table in (written, edges))
    detail = f"{len({pair[:2] for pair in then ^ now})} borders differ" if then != now else f"{len(now)} borders"
    return [("", "figure", "borders between catchments", then == now, detail)]


def _plan_of(path: Path) -> Plan:
    table = _read_table(path, PLAN_COLUMNS, PLAN_COLUMNS[:1], dtype=str).fillna("")
    hubs = table.groupby("group_id")["hub_site_code"].nunique()
    if (hubs > 1).any():
        message = f"group {hubs.index[hubs > 1][0]} has more than one hub."
        raise _problem(str(path), message, "Run the case again.")
    return Plan(
        tuple(
            Group(group_id, tuple(sorted(part["practice_code"])), part["hub_site_code"].iloc[0])
            for group_id, part in table.groupby("group_id", sort=True)
        )
    )


def _claims(folder: Path, option: dict, solver: dict | None, before: Plan | None) -> Claims:
    groups = _read_table(
        folder / "groups.csv", GROUP_COLUMNS, GROUP_COLUMNS[:1], dtype={"group_id": str, "hub_site_code": str}
    )
    areas = _read_table(folder / "areas.csv", AREA_COLUMNS, AREA_COLUMNS[:1], dtype={"area_code": str})
    return Claims(
        plan=_plan_of(folder / "plan.csv"),
        groups=groups,
        areas=areas,
        objective=option["objective"],
        shortfall=solver["shortfall"] if solver else None,
        exceptions=solver["exceptions"] if solver else None,
        headline=option.get("headline"),
        before=before,
    )
