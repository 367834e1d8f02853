"""A run on disk: written whole or not at all, and read back for the check.

The layout is a promise to other tools; the README documents it and `SCHEMA_VERSION` changes when it does.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from geodata.tables.readers import sha256_of
from geodata.travel import write_matrices
from grouping.assess import AREA_COLUMNS, GROUP_COLUMNS
from grouping.escape import spreadsheet_cell
from grouping.impact.about import about_of
from grouping.impact.pack import put_pack
from grouping.plan_file import write_before, write_plan
from grouping.report import write_report
from grouping.result import AssessedOption, Run, SolverReport
from grouping.writing import findings_table, new_folder, refuse_foreign, write_json, write_table

SCHEMA_VERSION = 1
BEFORE_FILE = "before.csv"
"""What hub journeys are compared with: a plan with the hub of every group, or the sites where such services run."""
PLANS_FILE = "near_plans.parquet"
"""All plans nearly as good as the best, see `grouping.near.write_near`."""
PROOF_FILE = "proof.json"
"""The prices that prove the first option (see `grouping.certificate`)."""
IMPACT_FOLDER = "impact"
"""What the options mean for travel (see `grouping.impact.pack`)."""


def write_run(run: Run, out_dir: Path, *, case_dir: Path, put_in: Callable[[Path], None] | None = None) -> Path:
    """Write a run folder; it appears only when everything in it is complete.

    Parameters
    ----------
    run
        The checked result.
    out_dir
        Folder to write. An earlier run there is replaced; any other folder that holds files is left alone.
    case_dir
        The case, recorded relative to the run so that `blueprint verify` finds it.
    put_in
        Writes further files into the unfinished folder (the demonstration puts its case there).

    Raises
    ------
    InputProblems
        The folder holds something else, or cannot be written.
    """
    with new_folder(out_dir, refuse=refuse_foreign_folder) as folder:
        if put_in:
            put_in(folder)
        not_ours = set(folder.rglob("*"))
        run.adjacency.to_csv(folder / "adjacency.csv", index=False, encoding="utf-8", lineterminator="\n")
        findings_table(run.findings).to_csv(folder / "findings.csv", index=False, encoding="utf-8", lineterminator="\n")
        if run.before is not None:
            write_before(run.before, folder / BEFORE_FILE)
        write_matrices(run.times, folder)
        for option in run.options:
            _write_option(option, folder / "options" / option.option.option_id)
        if run.solver is not None and run.solver.proof:
            write_json(run.solver.proof, folder / PROOF_FILE)
        _write_comparisons(run, folder)
        if run.impact is not None:
            put_pack(run.impact, folder / IMPACT_FOLDER, about_of(run))
        write_report(run, folder / "report.html")
        written = sorted(path for path in folder.rglob("*") if path.is_file() and path not in not_ours)
        files = {path.relative_to(folder).as_posix(): sha256_of(path) for path in written}
        write_json(run_record(run, _relative(case_dir, out_dir)) | {"files": files}, folder / "run.json")
    return out_dir


def refuse_foreign_folder(out_dir: Path) -> None:
    """Stop before work begins when `out_dir` holds something that is not a run (see `writing.refuse_foreign`)."""
    refuse_foreign(out_dir, "run.json", "a run")


def run_record(run: Run, case_folder: str) -> dict[str, object]:
    """The content of `run.json`."""
    return {
        "schema_version": SCHEMA_VERSION,
        "run_id": run.run_id,
        "command": run.command,
        "seed": run.seed,
        "case": run.place.name,
        "case_folder": case_folder,
        "made_up": run.place.made_up,
        "rules": run.rules.model_dump(mode="json"),
        "inputs": [asdict(source) for source in run.place.sources],
        "place": {
            "practices": len(run.place.practices),
            "sites": len(run.place.sites),
            "areas": len(run.place.areas),
            "localities": int(run.place.practices["locality"].replace("", None).nunique()),
            "patients": run.place.list_total,
        },
        "travel": {
            "method": run.times.method.kind,
            "estimate": run.times.method.estimate,
            "sentence": run.times.method.sentence,
            "details": run.times.method.details,
        },
        "solver": None if run.solver is None else _solver_record(run.solver),
        "near_optimal": None if run.near is None else run.near.record(),
        "options": [_option_record(option) for option in run.options],
        "findings": {
            severity: sum(finding.severity == severity for finding in run.findings)
            for severity in ("error", "warning", "note")
        },
    }


def _solver_record(solver: SolverReport) -> dict[str, object]:
    """The certificate; the prices behind it stand in a file of their own."""
    return {key: value for key, value in asdict(solver).items() if key != "proof"}


def _option_record(option: AssessedOption) -> dict[str, object]:
    plan = option.option
    return {
        "id": plan.option_id,
        "objective": plan.objective,
        "groups": len(option.groups),
        "verified": option.verified,
        "behind_best": plan.behind_best,
        "band": plan.band,
        "different_from_best": plan.different_from_best,
        "similar": plan.similar,
        "headline": option.headline,
        "notes": option.notes.to_dict("records"),
        "verification": option.verification.to_dict("records"),
        "left_out": option.left_out.to_dict("records"),
        "second_layer": None if option.second_layer is None else option.second_layer.record(),
    }


def _write_comparisons(run: Run, folder: Path) -> None:
    """What options and plans nearly as good have in common, and all of those plans if they were asked for."""
    tables = {"option_differences.csv": run.differences, "prices.csv": run.prices}
    tables["agreement.csv"] = None if run.agreement is None else run.agreement.table
    for name, table in tables.items():
        if table is not None:
            write_table(table, folder / name)
    if run.write_plans is not None:
        run.write_plans(folder / PLANS_FILE)


def _write_option(option: AssessedOption, folder: Path) -> None:
    folder.mkdir(parents=True)
    if option.second_layer is not None:
        write_table(option.second_layer.table, folder / "second_layer.csv")
    write_plan(option.option.plan, folder / "plan.csv")
    groups = option.groups[list(GROUP_COLUMNS)].copy()
    for column in ("name", "exception"):
        groups[column] = groups[column].map(spreadsheet_cell)
    groups.to_csv(folder / "groups.csv", index=False, encoding="utf-8", lineterminator="\n")
    option.areas[list(AREA_COLUMNS)].to_csv(folder / "areas.csv", index=False, encoding="utf-8", lineterminator="\n")


def _relative(case_dir: Path, out_dir: Path) -> str:
    """The case as seen from the run folder, so that both can be moved together; empty when on another drive."""
    try:
        return Path(os.path.relpath(case_dir.resolve(), out_dir.resolve())).as_posix()
    except ValueError:
        return ""
