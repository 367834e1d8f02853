"""What `blueprint programme` does: a run is opened again, the planner's tables are read, every part is worked out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from geodata.errors import Finding, InputProblems
from grouping.pack import refuse_unknown_option
from grouping.programme.assemble import Programme, Progress, programme_of, refuse_problems, template_tables
from grouping.programme.folder import refuse_foreign_programme, write_programme
from grouping.programme.ground import Ground
from grouping.programme.inputs import ProgrammeInputs, find_programme_file, read_inputs
from grouping.programme.settings import ProgrammeSettings, RolloutSettings
from grouping.programme.template import write_template
from grouping.reopen import reopen_with_case
from grouping.rollout.waves import is_year
from grouping.run_folder import case_of, read_record
from grouping.writing import refuse_overlap


@dataclass(frozen=True)
class Made:
    """A programme and the files that were written."""

    programme: Programme
    files: tuple[str, ...]


def _quiet(stage: str, detail: str) -> None:
    """No progress wanted."""


def make_programme(
    run_dir: Path,
    out_dir: Path,
    *,
    option: str = "",
    settings: Path | None = None,
    public: bool = False,
    case_dir: Path | None = None,
    progress: Progress = _quiet,
) -> Made:
    """Open a run, work out the programme of an option, and write it.

    Parameters
    ----------
    run_dir, out_dir
        The run, and the folder to write.
    option
        `option-2`, `2` or `B`; empty for the first.
    settings
        The planner's `programme.toml` (or its folder); None for that of the case, if it has one.
    public
        Whether it is for publication.
    case_dir
        The case the run was made from; None for the one it names.
    progress
        Told of each stage.

    Raises
    ------
    InputProblems
        The run, the planner's files or the folder cannot be used.
    VerificationFailed
        The independent check disagrees with a figure.
    """
    refuse_overlap(run_dir, out_dir, "the programme")
    refuse_foreign_programme(out_dir)
    ground = open_ground(run_dir, option, settings, case_dir=case_dir, progress=progress)
    programme = programme_of(ground, public=public, progress=progress)
    progress("Writing the programme", str(out_dir))
    return Made(programme, write_programme(programme, out_dir, run_dir=run_dir))


def make_template(
    run_dir: Path,
    folder: Path,
    *,
    option: str = "",
    first_year: str = "",
    case_dir: Path | None = None,
    progress: Progress = _quiet,
) -> tuple[Path, ...]:
    """Write the editable tables of a programme, filled in for the case of a run.

    Parameters
    ----------
    run_dir, option, case_dir, progress
        As for `make_programme`.
    folder
        Where to write them; nothing there is overwritten.
    first_year
        The first wave, such as `2026/27`, in every table that names waves; empty for that of the strategy.

    Raises
    ------
    InputProblems
        The run cannot be opened, the year is none, or one of the files is there already.
    """
    if first_year and not is_year(first_year):
        message, fix = "This is no financial year.", "Write it like 2026/27."
        raise InputProblems([Finding("error", "--first-year", message, fix, value=first_year, code="rollout-setting")])
    case = case_of(read_record(run_dir), run_dir, case_dir)
    inside = [place for place in (case, run_dir) if folder.resolve().is_relative_to(place.resolve())]
    if inside == [run_dir]:  # the case of a demonstration lies in its run
        message = "this folder is in the run: the next run written there would take the tables away."
        fix = "Name the folder of the case, or another one beside the run, with --template."
        raise InputProblems([Finding("error", str(folder), message, fix, code="output-folder")])
    ground = open_ground(run_dir, option, case_dir=case_dir, progress=progress, built_in=True)
    settings = ProgrammeSettings(rollout=RolloutSettings(first_year=first_year))
    ground = replace(ground, inputs=ProgrammeInputs(settings))
    return write_template(folder, template_tables(ground))


def open_ground(
    run_dir: Path,
    option: str = "",
    settings: Path | None = None,
    *,
    case_dir: Path | None = None,
    progress: Progress = _quiet,
    built_in: bool = False,
) -> Ground:
    """Open a run again with what the planner says of a programme.

    Parameters
    ----------
    run_dir, option, settings, case_dir, progress
        As for `make_programme`.
    built_in
        Whether the planner's file is left aside.

    Raises
    ------
    InputProblems
        The run or the planner's files cannot be used.
    """
    record = read_record(run_dir)
    ids = [str(one["id"]) for one in record["options"]]
    chosen = option_called(option, ids)
    refuse_unknown_option(record, chosen)
    file = None if built_in else find_programme_file(case_of(record, run_dir, case_dir), settings)
    inputs = read_inputs(file, refuse=False)
    run, ready = reopen_with_case(run_dir, case_dir=case_dir, progress=progress)
    assessed = next(one for one in run.options if one.option.option_id == (chosen or ids[0]))
    ground = Ground(run, assessed, inputs, ready)
    if any(finding.severity == "error" for finding in inputs.findings):
        refuse_problems(ground)  # what else is wrong is told with it
    return ground


def option_called(said: str, ids: list[str]) -> str:
    """The id of an option by what people call it: `option-2`, `2`, `option 2` or `B`; as said where it is none."""
    words = said.strip().casefold().replace(" ", "-")
    if not words or words in ids:
        return words
    number = words.removeprefix("option-")
    if number.isdecimal() and f"option-{int(number)}" in ids:
        return f"option-{int(number)}"
    if len(number) == 1 and "a" <= number <= "z" and ord(number) - ord("a") < len(ids):
        return ids[ord(number) - ord("a")]
    return said
