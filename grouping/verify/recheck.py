"""Check a run folder again, from the inputs up: what `blueprint verify` does."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata.case import read_case_settings
from geodata.errors import InputProblems
from geodata.load import load_place
from geodata.travel import TravelTimes
from grouping.assess import AREA_COLUMNS, GROUP_COLUMNS
from grouping.pipeline import make_ready
from grouping.plan import Before
from grouping.run_folder import before_of, case_of, plan_of, read_json, read_record, read_table, rules_of
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

    `in_full` names what stands under `option` and is to be told line by line even where everything agrees; `what` is
    what was checked: a run, or a programme (see `verify.delivery.folder`).
    """

    lines: pd.DataFrame
    by_hand: bool
    in_full: frozenset[str] = frozenset({DEEP})
    what: str = "run"

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
    record = read_record(run_dir)
    case_dir = case_of(record, run_dir, case_dir)
    settings = read_case_settings(case_dir)
    rules = rules_of(record)
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
    before = before_of(run_dir / BEFORE_FILE) if (run_dir / BEFORE_FILE).is_file() else None
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
        ledger = check_deep(
            read_json(run_dir / PROOF_FILE), first, ground, record["solver"], nearly=nearly, at_most=at_most
        )
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
    written = read_table(run_dir / f"{name}.parquet", MATRIX_COLUMNS, MATRIX_COLUMNS[:2])
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
    written = read_table(run_dir / "adjacency.csv", columns, columns[:2], dtype=str)
    then, now = (set(table[list(columns)].itertuples(index=False, name=None)) for table in (written, edges))
    detail = f"{len({pair[:2] for pair in then ^ now})} borders differ" if then != now else f"{len(now)} borders"
    return [("", "figure", "borders between catchments", then == now, detail)]


def _named(groups: pd.DataFrame) -> dict[str, tuple[str, str]]:
    """Name and kind of each group, as `groups.csv` has them."""
    return {row.group_id: (str(row.name), str(row.kind)) for row in groups.itertuples(index=False)}


def _claims(folder: Path, option: dict, record: dict, before: Before | None) -> Claims:
    groups = read_table(
        folder / "groups.csv", GROUP_COLUMNS, GROUP_COLUMNS[:1], dtype={"group_id": str, "hub_site_code": str}
    )
    areas = read_table(folder / "areas.csv", AREA_COLUMNS, AREA_COLUMNS[:1], dtype={"area_code": str})
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
