"""Reads what is to be compared: opens the runs again, and refuses where they do not rest on the same inputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from geodata.errors import Finding, InputProblems
from grouping.compare.comparison import Compared, Comparison, Unequal
from grouping.compare.inputs import files_of, refuse_unequal, unequal_inputs
from grouping.compare.named import named_plans
from grouping.plain_words import option_title
from grouping.public import public_run
from grouping.reopen import reopen
from grouping.result import Run

Progress = Callable[[str, str], None]


def _quiet(stage: str, detail: str) -> None:
    """No progress wanted."""


def read_comparison(
    words: Sequence[str],
    *,
    case_dir: Path | None = None,
    anyway: bool = False,
    public: bool = False,
    progress: Progress = _quiet,
) -> Comparison:
    """Read two to five plans from run folders.

    Parameters
    ----------
    words
        Run folders, `RUN:option-2` or `RUN/options/option-2` (see `grouping.compare.named.named_plans`).
    case_dir
        The case of all runs, when it has moved.
    anyway
        Whether to compare although the inputs differ.
    public
        Whether what must not leave the house is removed.
    progress
        Told of each stage.

    Raises
    ------
    InputProblems
        A run cannot be read, the inputs differ, or no practice is in all plans.
    """
    named = named_plans(words)
    records = {one.folder: one.record for one in named}
    folders = tuple(records)
    called = _run_titles(folders, public=public)
    unequal = unequal_inputs([files_of(record) for record in records.values()])
    if not anyway:
        refuse_unequal(unequal, [called[folder] for folder in folders])
    runs, remarks = _opened(folders, called, case_dir=case_dir, anyway=anyway, progress=progress)
    if public:
        runs = {folder: public_run(run) for folder, run in runs.items()}
        unequal = tuple(map(_without_hashes, unequal))
    comparison = compare_runs(
        [(runs[one.folder], one.option_id, called[one.folder]) for one in named],
        remarks=remarks,
        public=public,
    )
    return replace(comparison, unequal=unequal, runs=tuple(called[folder] for folder in folders))


def compare_runs(
    chosen: Sequence[tuple[Run, str, str]], *, remarks: Sequence[str] = (), public: bool = False
) -> Comparison:
    """Put plans of runs beside each other.

    Parameters
    ----------
    chosen
        Run, id of the option, and what the run is called.
    remarks
        What is already known not to be the same.
    public
        Whether names of folders are left out.

    Raises
    ------
    InputProblems
        No practice is in all plans.
    """
    several = len({title for _, _, title in chosen}) > 1
    titles = _distinct([_called(option) + (f" of {title}" if several else "") for _, option, title in chosen])
    plans = tuple(
        Compared(
            f"plan-{k}",
            title,
            run,
            next(one for one in run.options if one.option.option_id == option),
            "" if public else folder,
        )
        for k, ((run, option, folder), title) in enumerate(zip(chosen, titles, strict=True), start=1)
    )
    comparison = Comparison(plans, remarks=tuple(remarks), public=public)
    if not comparison.codes:
        message = "no practice is in all of these plans, so there is nothing to compare."
        named = ", ".join(one.title for one in plans)
        raise InputProblems([Finding("error", named, message, "Name plans of the same place.", code="compare")])
    return comparison


def _called(option_id: str) -> str:
    return "Scored plan" if option_id == "scored" else option_title(option_id)


def _run_titles(folders: Sequence[Path], *, public: bool) -> dict[Path, str]:
    """What each run is called: the name of its folder, with as much of its path as tells it from the others."""
    if public:
        return {folder: f"run {k}" for k, folder in enumerate(folders, start=1)}
    parts = {folder: folder.resolve().parts for folder in folders}
    most = max(len(one) for one in parts.values())
    for length in range(1, most + 1):
        titles = {folder: "/".join(one[-length:]) for folder, one in parts.items()}
        if len(set(titles.values())) == len(folders):
            return titles
    return {folder: f"{folder.name} ({k})" for k, folder in enumerate(folders, start=1)}


def _distinct(titles: list[str]) -> list[str]:
    """The same titles, a number behind one that occurs before."""
    return [
        title if titles.index(title) == k else f"{title} ({titles[: k + 1].count(title)})"
        for k, title in enumerate(titles)
    ]


def _opened(
    folders: Sequence[Path], called: dict[Path, str], *, case_dir: Path | None, anyway: bool, progress: Progress
) -> tuple[dict[Path, Run], list[str]]:
    """The runs; where their inputs have changed since and they are compared all the same, that is remarked."""
    runs: dict[Path, Run] = {}
    problems: list[Finding] = []
    remarks: list[str] = []
    for folder in folders:
        try:
            runs[folder] = reopen(folder, case_dir=case_dir, progress=progress)
        except InputProblems as trouble:
            if not anyway or any(finding.code != "run-folder" for finding in trouble.findings):
                problems += trouble.findings
                continue
            try:
                runs[folder] = reopen(folder, case_dir=case_dir, progress=progress, anyway=True)
            except InputProblems as still:
                problems += still.findings
                continue
            remarks.append(
                f"What {called[folder]} was made from has changed since: its plans are measured on the inputs and "
                "settings of now."
            )
    if problems:
        raise InputProblems(dict.fromkeys(problems))
    return runs, remarks


def _without_hashes(one: Unequal) -> Unequal:
    """An input that differs, without checksums: by them a private rating in a table could be found by trying."""
    return Unequal(one.table, tuple(tuple((name, when, "") for name, when, _ in held) for held in one.files))
