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
from geodata.errors import Finding, InputProblems
from geodata.load import load_place
from geodata.travel import TravelTimes
from grouping.assess import AREA_COLUMNS, GROUP_COLUMNS
from grouping.pipeline import make_ready
from grouping.plan import Before, Group, Plan, ServiceSites
from grouping.plan_file import PLAN_COLUMNS
from grouping.rules import RuleSet
from grouping.runs import BEFORE_FILE, IMPACT_FOLDER, PROOF_FILE
from grouping.verify import Claims, Evidence, verify_plan
from grouping.verify.compared import check_comparisons, nearly_of
from grouping.verify.decided import read_decided_plans
from grouping.verify.deep import check_deep
from grouping.verify.ground import Ground
from grouping.verify.listing import DEEP_LIMIT, too_many
from grouping.verify.partnerships import check_partnerships
from grouping.verify.record import check_options, check_record
from grouping.verify.said import check_lines, check_said
from grouping.verify.travel import Measured, check_travel

MILLISECOND_IN_MINUTES = 1 / 60_000
SNAP_TOLERANCE_M = 0.01
MATRIX_COLUMNS = ("from", "to", "minutes", "reachable", "snap_from_m", "snap_to_m")
DEEP = "deep check"
"""Stands in the place of an option for the claims of the deep check."""

COLUMNS = ("option", "kind", "claim", "agrees", "detail")


@dataclass(frozen=True)
class Recheck:
    """The lines of the check; `agrees` is whether every figure holds and, for found options, every rule.

    `in_full` names what stands under `option` and is to be told line by line even where everything agrees.
    """

    lines: pd.DataFrame
    by_hand: bool
    in_full: frozenset[str] = frozenset({DEEP})

    @property
    def agrees(self) -> bool:
        """Whether nothing that counts disagrees; broken rules of a plan made by hand are breaches, not errors."""
        counting = self.lines[self.lines["kind"] == "figure"] if self.by_hand else self.lines
        return bool(counting["agrees"].all())


def recheck(run_dir: Path, *, case_dir: Path | None = None, deep: bool = False, at_most: int = DEEP_LIMIT) -> Recheck:
    """Re-derive a run from its case.

    Parameters
    ----------
    run_dir
        A run folder.
    case_dir
        The case it was made from; None for the one `run.json` names.
    deep
        Whether to list every group anew and prove the bound by an independent route (see `verify.deep`).
    at_most
        Most sets of practices to list for that.

    Raises
    ------
    InputProblems
        The run or the case cannot be read, or the deep check would have to list more than `at_most` sets.
    """
    record = _read_record(run_dir)
    case_dir = case_folder(case_dir or _case_of(record, run_dir))
    settings = read_case_settings(case_dir)
    rules = _rules_of(record)
    by_hand = record["command"] == "score"
    if deep:
        _refuse_too_long(record, at_most)
    ready = make_ready(case_dir, load_place(case_dir), settings, rules, listing=not by_hand)
    place, times = ready.place, ready.times
    lines = [
        *check_record(record, run_dir, case_dir, settings, place, times),
        *_check_matrices(run_dir, times),
        *_check_adjacency(run_dir, ready.all_edges),
    ]
    before = _before_of(run_dir / BEFORE_FILE) if (run_dir / BEFORE_FILE).is_file() else None
    all_claims = {
        option["id"]: _claims(run_dir / "options" / option["id"], option, record, before)
        for option in record["options"]
    }
    plans = {name: claims.plan for name, claims in all_claims.items()}
    lines += check_said(record, run_dir, ready, list(plans.values()), before)
    lines += check_options(record, plans, place, rules)
    evidence = Evidence(place, times, ready.edges, rules, read_decided_plans(rules, case_dir))
    lines += check_comparisons(record, run_dir, plans, evidence)
    if (run_dir / IMPACT_FOLDER).is_dir():
        measured = Measured.of(place, settings.roads, case_dir, times)
        named = {option: _named(claims.groups) for option, claims in all_claims.items()}
        folder = run_dir / IMPACT_FOLDER
        lines += check_travel(folder, plans, evidence, before, measured=measured, named=named)
    for option in record["options"]:
        claims = all_claims[option["id"]]
        table = verify_plan(claims, evidence, partial=by_hand)
        lines += check_partnerships(option, run_dir / "options" / option["id"], claims.plan, evidence)
        lines += check_lines(option, claims, table, ready, by_hand=by_hand)
        lines += [(option["id"], row.kind, row.claim, row.agrees, row.detail) for row in table.itertuples()]
    if deep and record["solver"] and all_claims:
        first = all_claims[record["options"][0]["id"]].plan
        ground, nearly = Ground.of(evidence), nearly_of(record, run_dir)
        ledger = check_deep(_proof_of(run_dir), first, ground, record["solver"], nearly=nearly, at_most=at_most)
        checked = ledger.table()
        lines += [(DEEP, row.kind, row.claim, row.agrees, row.detail) for row in checked.itertuples()]
    return Recheck(pd.DataFrame(lines, columns=list(COLUMNS)), by_hand)


def _refuse_too_long(record: dict, at_most: int) -> None:
    """Say how long the deep check would take before anything is done, where the run itself has listed too much."""
    solver = record["solver"] or {}
    searched = (solver.get("certificate") or {}).get("searched")  # groups that were searched without a list of them
    listed = searched.get("groups") if isinstance(searched, dict) else solver.get("candidates")
    if isinstance(listed, int) and listed > at_most:
        raise InputProblems([too_many(listed, at_most, f"{listed:,}")])


def _proof_of(run_dir: Path) -> dict | None:
    try:
        proof = json.loads((run_dir / PROOF_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None  # told as a claim that does not hold
    return proof if isinstance(proof, dict) else None


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


def _named(groups: pd.DataFrame) -> dict[str, tuple[str, str]]:
    """Name and kind of each group, as `groups.csv` has them."""
    return {row.group_id: (str(row.name), str(row.kind)) for row in groups.itertuples(index=False)}


def _before_of(path: Path) -> Before:
    """What a run was compared with, as it has written it: a plan, or the sites where hub services run today."""
    columns = ("site_code", "practice_code")
    with path.open(encoding="utf-8") as handle:
        if "group_id" in handle.readline():
            return plan_of(path)
    table = _read_table(path, columns, columns, dtype=str).fillna("")
    own = table[table["practice_code"] != ""].groupby("practice_code")["site_code"]
    everybody = table.loc[table["practice_code"] == "", "site_code"]
    return ServiceSites(tuple(sorted(everybody)), {code: tuple(sorted(sites)) for code, sites in own})


def plan_of(path: Path) -> Plan:
    """A plan as a run has written it.

    Raises
    ------
    InputProblems
        The file is damaged.
    """
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


def _claims(folder: Path, option: dict, record: dict, before: Before | None) -> Claims:
    groups = _read_table(
        folder / "groups.csv", GROUP_COLUMNS, GROUP_COLUMNS[:1], dtype={"group_id": str, "hub_site_code": str}
    )
    areas = _read_table(folder / "areas.csv", AREA_COLUMNS, AREA_COLUMNS[:1], dtype={"area_code": str})
    shortfall, exceptions = (_proven_or_said(name, option, record) for name in ("shortfall", "exceptions"))
    return Claims(
        plan=plan_of(folder / "plan.csv"),
        groups=groups,
        areas=areas,
        objective=option["objective"],
        shortfall=shortfall,
        exceptions=exceptions,
        headline=option.get("headline"),
        before=before,
    )


def _proven_or_said(name: str, option: dict, record: dict) -> int | None:
    """What the proof says (of options after the first only what comes before the score); else what the option says."""
    solver, order = record["solver"], list(record["rules"]["objective"]["order"])
    if solver and (option is record["options"][0] or name in order[: order.index("score")]):
        return solver[name]
    return (option.get("headline") or {}).get(name)
