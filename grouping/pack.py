"""What is handed over of a run: the page, a page for each locality, a workbook, pictures, a summary for a board, maps.

Everything is made from the run opened again, for the inside or for the public. What a public pack must not hold is
taken out of the run before anything is written (`grouping.public`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from geodata.errors import Finding, InputProblems
from geodata.tables.readers import sha256_of
from grouping.board_pack import board_files
from grouping.escape import visible
from grouping.impact.about import DRAFT, about_of
from grouping.impact.pack import put_pack
from grouping.plain_words import NO_CLOSURE, listed
from grouping.programme.tables import all_tables
from grouping.public import WHAT_IS_LEFT_OUT, public_run
from grouping.report import write_report
from grouping.report.locality import write_locality_pages
from grouping.report.settings import PageSettings
from grouping.result import Run
from grouping.runs import IMPACT_FOLDER
from grouping.tables_of_run import write_run_workbook, write_tables
from grouping.writing import new_folder, refuse_foreign, write_json

if TYPE_CHECKING:
    from grouping.programme.assemble import Programme

PACK_VERSION = 1
RECORD = "pack.json"
PAGE = "report.html"
WORKBOOK = "blueprint.xlsx"
LOCALITIES = "localities"
TABLES = "tables"
PRINTED = ".pdf"
"""How the names of files end that a browser printed: it writes the time into them, so that no two are the same."""


@dataclass(frozen=True)
class PackChoice:
    """What goes into a pack.

    Parameters
    ----------
    public
        Whether it is for publication.
    option
        The option that the summary and the pictures show; empty for the first.
    localities
        Whether a page for each locality is made.
    try_own, online_tiles
        As in `grouping.report.settings.PageSettings`.
    pdf
        Whether the summary is printed by an installed browser.
    programme
        The programme of the option shown, for the same readers; its sections stand on the page, its tables in the
        workbook.
    """

    public: bool = False
    option: str = ""
    localities: bool = False
    try_own: bool = True
    online_tiles: bool = False
    pdf: bool = True
    programme: Programme | None = None


@dataclass(frozen=True)
class Packed:
    """What was written, each file's path within the pack, and what there is to say about it."""

    files: tuple[str, ...]
    said: tuple[str, ...]


def _quiet(stage: str, detail: str) -> None:
    """No progress wanted."""


def write_run_pack(
    run: Run, out_dir: Path, choice: PackChoice = PackChoice(), *, progress: Callable[[str, str], None] = _quiet
) -> Packed:
    """Write a pack; the folder appears only when everything in it is complete.

    Parameters
    ----------
    run
        The run (see `grouping.reopen.reopen`).
    out_dir
        Folder to write. An earlier pack there is replaced; any other folder that holds files is left alone.
    choice
        What goes into it.
    progress
        Told of each part.

    Raises
    ------
    InputProblems
        The option is not in the run, there are no localities, or the folder cannot be written.
    """
    option = _chosen(run, choice)
    run = public_run(run) if choice.public else run
    tiles = choice.online_tiles and not choice.public
    page = PageSettings(try_own=choice.try_own, online_tiles=tiles, tables=TABLES, programme=choice.programme)
    further = () if choice.programme is None else all_tables(choice.programme)
    with new_folder(out_dir, refuse=refuse_foreign_pack) as folder:
        progress("Writing the page", PAGE)
        write_report(run, folder / PAGE, page)
        if run.impact is not None:
            put_pack(run.impact, folder / IMPACT_FOLDER, about_of(run))
        progress("Writing the workbook and the tables", WORKBOOK)
        write_run_workbook(run, folder / WORKBOOK, further)
        write_tables(run, folder / TABLES, further)
        if choice.localities:
            progress("Writing the pages of the localities", LOCALITIES)
            write_locality_pages(run, folder / LOCALITIES)
        progress("Writing the summary, the pictures and the maps", option)
        made = board_files(run, folder, option_id=option, pdf=choice.pdf)
        written = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
        write_json(_record(run, choice, option) | _listed(written), folder / RECORD, spell=visible)
    return Packed(tuple(written), made.said)


def refuse_foreign_pack(out_dir: Path) -> None:
    """Stop before work begins when `out_dir` holds something else than a pack (see `writing.refuse_foreign`)."""
    refuse_foreign(out_dir, RECORD, "a pack")


def _chosen(run: Run, choice: PackChoice) -> str:
    """The option shown; problems with what was asked for are told together."""
    ids = [option.option.option_id for option in run.options]
    problems = _option_problems(ids, choice.option)
    if choice.localities and not run.place.practices["locality"].fillna("").ne("").any():
        message = "the practices of this case are in no locality, so there are no pages to hand over."
        fix = "Leave --localities out, or give the case a table of localities."
        problems.append(Finding("error", "--localities", message, fix, code="pack"))
    if problems:
        raise InputProblems(problems)
    return choice.option or ids[0]


def refuse_unknown_option(record: dict, option: str) -> None:
    """Stop before work begins when a run, by the content of its `run.json`, does not hold the option asked for.

    Raises
    ------
    InputProblems
        It does not, or holds none at all.
    """
    if problems := _option_problems([str(one["id"]) for one in record["options"]], option):
        raise InputProblems(problems)


def _option_problems(ids: list[str], wanted: str) -> list[Finding]:
    if not ids:
        message = "the run has no option: there is nothing to hand over."
        return [Finding("error", "run.json", message, "Run the case again.", code="pack")]
    if wanted and wanted not in ids:
        message = f"the run has no option called {wanted!r}."
        fix = f"The only one is {ids[0]}." if len(ids) == 1 else f"Use one of {listed(ids)}."
        return [Finding("error", "--option", message, fix, value=wanted, code="pack")]
    return []


def _listed(written: dict[str, Path]) -> dict[str, object]:
    """The files with their SHA-256; those printed by a browser by name alone, for each printing has another."""
    promised = {name: sha256_of(path) for name, path in written.items() if not name.endswith(PRINTED)}
    return {"files": promised, "printed": [name for name in written if name not in promised]}


def _record(run: Run, choice: PackChoice, option: str) -> dict[str, object]:
    about = about_of(run)
    return {
        "pack_version": PACK_VERSION,
        "title": run.title,
        "status": DRAFT,
        "said_first": NO_CLOSURE,
        "place": run.place.name,
        "made_up": run.place.made_up,
        "run_id": run.run_id,
        "public": run.public,
        "left_out": WHAT_IS_LEFT_OUT if run.public else "",
        "option_shown": option,
        "localities": choice.localities,
        "programme_of": "" if choice.programme is None else choice.programme.ground.option_id,
        "try_your_own": choice.try_own and not run.public,
        "attributions": list(about.attributions),
    }
