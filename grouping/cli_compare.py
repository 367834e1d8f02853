"""The command `blueprint compare`: two to five plans held against each other."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from grouping.cli_shared import JsonOption, progress, told


def compare(
    runs: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN...",
            help="Two to five run folders or options (RUN:option-2). A run alone stands for its first option; if it is"
            " the only one, for all its options.",
            show_default=False,
        ),
    ],
    out: Annotated[Path, typer.Option("--out", help="Folder for the page and its tables.", show_default=False)],
    anyway: Annotated[
        bool,
        typer.Option("--anyway", help="Compare although the inputs differ; the page then says what differs."),
    ] = False,
    case: Annotated[
        Path | None, typer.Option("--case", help="The case of all runs, when it has moved.", show_default=False)
    ] = None,
    public: Annotated[
        bool, typer.Option("--public", help="For publication: without what must not leave the house.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Hold two to five plans against each other: where they agree, where they differ, what each is best at."""
    from grouping.compare.chosen import read_comparison
    from grouping.compare.folder import refuse_foreign_comparison, write_comparison
    from grouping.compare.named import named_plans
    from grouping.compare.page import work_out
    from grouping.say_compare import say_compare
    from grouping.writing import refuse_overlap

    with told(as_json=as_json):
        refuse_foreign_comparison(out)
        for one in named_plans(runs):
            refuse_overlap(one.folder, out, "the comparison")
        with progress() as tell:
            comparison = read_comparison(runs, case_dir=case, anyway=anyway, public=public, progress=tell)
            tell("Comparing", f"{len(comparison.plans)} plans")
            worked = work_out(comparison)
            tell("Writing the page", str(out))
            record = write_comparison(worked, out)
        say_compare(worked, record, out, as_json=as_json)
