"""The command `blueprint pack`: what is handed over of a run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from grouping.cli_shared import JsonOption, errors, progress, told


def pack(
    run: Annotated[Path, typer.Argument(metavar="RUN", help="A run folder.", show_default=False)],
    out: Annotated[Path, typer.Option("--out", help="Folder for the pack.", show_default=False)],
    public: Annotated[
        bool,
        typer.Option(
            "--public",
            help="For publication: no cost, condition or vulnerability of single practices, no small numbers.",
        ),
    ] = False,
    option: Annotated[
        str, typer.Option("--option", help="Option that the summary shows, such as option-2. Default: the first.")
    ] = "",
    localities: Annotated[bool, typer.Option("--localities", help="Also a page for each locality.")] = False,
    try_own: Annotated[
        bool, typer.Option("--try/--no-try", help="Let readers try a grouping of their own in the page.")
    ] = True,
    online_tiles: Annotated[
        bool,
        typer.Option("--online-tiles", help="Offer a background map from the web, off until it is ticked; not public."),
    ] = False,
    pdf: Annotated[
        bool, typer.Option("--pdf/--no-pdf", help="Print the summary with an installed Edge, Chrome or Chromium.")
    ] = True,
    programme: Annotated[
        bool,
        typer.Option("--programme", help="Also the programme of the option shown, on the page and in the workbook."),
    ] = False,
    case: Annotated[
        Path | None, typer.Option("--case", help="The case, when it has moved.", show_default=False)
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Make what is handed over of a run: page, locality pages, workbook, pictures, two-page summary, map layers."""
    from grouping.pack import (
        PackChoice,
        refuse_foreign_pack,
        refuse_unknown_option,
        write_run_pack,
    )
    from grouping.reopen import reopen
    from grouping.run_folder import read_record
    from grouping.say_pack import say_pack
    from grouping.writing import refuse_overlap

    if public and online_tiles:
        raise typer.BadParameter("a public page asks nothing of the web", param_hint="--online-tiles")
    with told(as_json=as_json):
        refuse_overlap(run, out, "the pack")
        refuse_foreign_pack(out)
        refuse_unknown_option(read_record(run), option)
        with progress() as tell:
            joined = None
            if programme:
                from grouping.programme.assemble import programme_of
                from grouping.programme.job import open_ground

                ground = open_ground(run, option, case_dir=case, progress=tell)
                opened, joined = ground.run, programme_of(ground, public=public, progress=tell)
            else:
                opened = reopen(run, case_dir=case, progress=tell)
            choice = PackChoice(public, option, localities, try_own, online_tiles, pdf, joined)
            packed = write_run_pack(opened, out, choice, progress=tell)
        say_pack(errors, packed, out, public=public, as_json=as_json)
