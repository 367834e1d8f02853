"""A run folder as a `Run` again, without searching: its plans are read, everything else is derived from the case anew.

Pages, packs and comparisons of an earlier run are made from this. It refuses where the inputs have changed since, for
then the figures would not be those of the run.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from geodata.case import read_case_settings
from geodata.errors import Finding, InputProblems
from geodata.load import load_place
from grouping.agreement import Agreement
from grouping.assess import best_hub, score_plan
from grouping.differences import option_differences
from grouping.impact.before import Baseline, read_baseline
from grouping.near import NearTold
from grouping.partition.clock import Clock
from grouping.pipeline import as_run, assess_all, make_ready, refuse_unverified, run_id, with_partnerships
from grouping.prepared import Prepared
from grouping.result import OptionPlan, Run, SolverReport
from grouping.run_folder import case_of, damaged, plan_of, read_json, read_record, rules_of
from grouping.runs import BEFORE_FILE, IMPACT_FOLDER, PROOF_FILE

OF_THE_BEFORE_FILE = ("before-is-partial", "before-hubs")
"""Codes of findings about a file that the run does not keep as it was."""


@dataclass(frozen=True)
class _Told:
    """What a run folder tells: the record, what `impact.json` says, and the folder."""

    folder: Path
    record: dict
    impact: dict


def _quiet(stage: str, detail: str) -> None:
    """No progress wanted."""


def reopen(
    run_dir: Path, *, case_dir: Path | None = None, progress: Callable[[str, str], None] = _quiet, anyway: bool = False
) -> Run:
    """Make the `Run` of a run folder again; parameters and errors are those of `reopen_with_case`."""
    return reopen_with_case(run_dir, case_dir=case_dir, progress=progress, anyway=anyway)[0]


def reopen_with_case(
    run_dir: Path, *, case_dir: Path | None = None, progress: Callable[[str, str], None] = _quiet, anyway: bool = False
) -> tuple[Run, Prepared]:
    """Make the `Run` of a run folder again, and the prepared case behind it.

    Parameters
    ----------
    run_dir
        The run folder.
    case_dir
        The case it was made from; None for the one `run.json` names.
    progress
        Told of each stage.
    anyway
        Whether to go on where the inputs have changed since the run: its plans are then measured on the inputs of now.

    Raises
    ------
    InputProblems
        The run or the case cannot be read, or the inputs have changed since.
    VerificationFailed
        The independent check disagrees with a figure.
    """
    told = _Told(run_dir, read_record(run_dir), read_json(run_dir / IMPACT_FOLDER / "impact.json") or {})
    record = told.record
    case_dir = case_of(record, run_dir, case_dir)
    by_hand = record["command"] == "score"
    progress("Reading the run", str(run_dir))
    ready = make_ready(
        case_dir,
        load_place(case_dir),
        read_case_settings(case_dir),
        rules_of(record),
        listing=not by_hand,
        progress=progress,
    )
    plans = tuple(_option_plan(told, option) for option in record["options"])
    baseline = _baseline(told, ready)
    if anyway:
        plans = _measured_anew(told, ready, plans)
    else:
        _refuse_changed(told, ready, plans, baseline)
    if baseline is not None:
        ready = replace(ready, findings=(*ready.findings, *baseline.findings))
    progress("Checking every claim", "1 option" if len(plans) == 1 else f"{len(plans)} options")
    options = assess_all(plans, ready, baseline, by_hand=by_hand or anyway)
    refuse_unverified(options)
    if not by_hand:
        options = with_partnerships(options, ready, Clock(None), progress)
    run = as_run(
        ready,
        options,
        baseline,
        solver=_solver(told),
        command=record["command"],
        seed=int(record.get("seed", 0)),
        progress=progress,
        notes=tuple(note for note in told.impact.get("notes", ()) if note.startswith("The plan names no hub")),
    )
    if by_hand:
        return run, ready
    near = None if record.get("near_optimal") is None else NearTold(record["near_optimal"])
    whole = replace(
        run,
        near=near,
        agreement=_agreement(run_dir / "agreement.csv", near),
        differences=option_differences(ready.problem, plans),
        prices=_table(run_dir / "prices.csv"),
    )
    return whole, ready


def _option_plan(told: _Told, option: dict) -> OptionPlan:
    return OptionPlan(
        option_id=option["id"],
        plan=plan_of(told.folder / "options" / option["id"] / "plan.csv"),
        objective=option["objective"],
        behind_best=option["behind_best"],
        band=option["band"],
        different_from_best=option["different_from_best"],
        similar=option["similar"],
    )


def _measured_anew(told: _Told, ready: Prepared, plans: Sequence[OptionPlan]) -> tuple[OptionPlan, ...]:
    """The plans with their score on the inputs of now, which must still hold their practices and hubs."""
    codes, sites = set(ready.problem.practice_codes), set(ready.problem.site_codes)
    for option in plans:
        gone = sorted({*option.plan.practice_codes, *(g.hub_site_code for g in option.plan.groups)} - codes - sites)
        if gone:
            raise damaged(
                str(told.folder),
                f"the case no longer holds {', '.join(gone[:5])}{' and more' if len(gone) > 5 else ''}.",
                "Run the case again.",
            )
    return tuple(replace(one, objective=score_plan(one.plan, ready.problem, ready.journeys)) for one in plans)


def _baseline(told: _Told, ready: Prepared) -> Baseline | None:
    """What the run was compared with: its own copy, with the words and remarks of the file that was given."""
    path = told.folder / BEFORE_FILE
    if not path.is_file():
        return None
    baseline = read_baseline(path, ready.place, lambda members: best_hub(members, ready.problem))
    findings = _table(told.folder / "findings.csv")
    kept = () if findings is None else _findings(findings[findings["code"].isin(OF_THE_BEFORE_FILE)])
    return replace(baseline, sentence=told.impact.get("before") or baseline.sentence, findings=kept)


def _findings(table: pd.DataFrame) -> tuple[Finding, ...]:
    def text(value: object) -> str | None:
        return None if pd.isna(value) else str(value).removeprefix("'")

    return tuple(
        Finding(
            row.severity,
            str(row.file),
            str(row.message),
            str(row.fix),
            row=None if pd.isna(row.row) else int(row.row),
            column=text(row.column),
            value=text(row.value),
            code=str(row.code),
        )
        for row in table.itertuples(index=False)
    )


def _refuse_changed(told: _Told, ready: Prepared, plans: Sequence[OptionPlan], baseline: Baseline | None) -> None:
    """Refuse where a file, a rule or a setting of the case is another than when the run was made."""
    then = {(source["table"], source["file"]): source["sha256"] for source in told.record["inputs"]}
    now = {(source.table, source.file): source.sha256 for source in ready.place.sources}
    changed = sorted({key for key in then.keys() | now.keys() if then.get(key) != now.get(key)})
    fix = "Run the case again, or name the case as it was with --case."
    if changed:
        raise InputProblems(
            [
                Finding("error", file, "this file is not the one that the run was made from.", fix, code="run-folder")
                for _, file in changed
            ]
        )
    before = None if baseline is None else baseline.before
    if run_id(ready, [option.plan for option in plans], before, told.record["command"]) != told.record["run_id"]:
        raise damaged(
            str(told.folder / "run.json"),
            "the settings of the case, or a plan of the run, are not those that the run was made with.",
            fix,
        )


def _solver(told: _Told) -> SolverReport | None:
    solver = told.record["solver"]
    if solver is None:
        return None
    known = {key: value for key, value in solver.items() if key in SolverReport.__dataclass_fields__}
    explanation = tuple(known.pop("explanation", ()))
    return SolverReport(**known, explanation=explanation, proof=read_json(told.folder / PROOF_FILE) or {})


def _agreement(path: Path, near: NearTold | None) -> Agreement | None:
    table = _table(path)
    if table is None or near is None:
        return None
    for column in ("name_a", "name_b"):
        table[column] = table[column].astype(str).str.replace(r"^'(?=[=+\-@\t\r\n])", "", regex=True)
    return Agreement(table, near.phrase, near.covered is not None)


def _table(path: Path) -> pd.DataFrame | None:
    """A table of the run, None where there is none."""
    if not path.is_file():
        return None
    try:
        return pd.read_csv(path, encoding="utf-8", keep_default_na=False, na_values=[""])
    except (OSError, ValueError) as trouble:
        raise damaged(str(path), f"this file cannot be read ({trouble}).", "Run the case again.") from None
