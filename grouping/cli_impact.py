"""The command `blueprint impact`: who would travel further, who less far, and what it rests on."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from grouping.cli_shared import JsonOption, errors, progress, told

# those of `grouping.impact.conditions`, which is too heavy to import before a command runs; a test compares them
SCENARIO_NAMES = ("peak", "winter", "no-ferry", "slower", "faster", "projected", "housing", "other-rural")


def impact(
    case: Annotated[Path, typer.Argument(metavar="CASE", help="Folder with case.toml.", show_default=False)],
    plan: Annotated[
        list[Path],
        typer.Option(
            "--plan", help="A plan.csv, or a run folder (all its options); may be repeated.", show_default=False
        ),
    ],
    out: Annotated[Path, typer.Option("--out", help="Folder for the evidence pack.", show_default=False)],
    before: Annotated[
        Path | None,
        typer.Option(
            "--before",
            help="What hub services are compared with: a plan of today's groups, or a table of the sites where such "
            "services run today (site_code).",
            show_default=False,
        ),
    ] = None,
    sites: Annotated[
        Path | None,
        typer.Option("--sites", help="Sites that open, move or are considered further.", show_default=False),
    ] = None,
    scenario: Annotated[
        str,
        typer.Option("--scenario", help=f"All figures under one of: {', '.join(SCENARIO_NAMES)}.", show_default=False),
    ] = "",
    stress: Annotated[
        bool, typer.Option("--stress/--no-stress", help="Try the plans under every scenario besides.")
    ] = True,
    public: Annotated[
        bool, typer.Option("--public", help="For publication: hide small numbers, round counts of people to 5.")
    ] = False,
    rules: Annotated[str | None, typer.Option("--rules", help="Rule set, instead of the one the case names.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Show what plans mean for travel: by community and population, before and after, and how sure that is."""
    from grouping.impact.job import impact_case
    from grouping.impact.pack import refuse_foreign_pack, write_pack
    from grouping.say_impact import say_impact

    if scenario and scenario not in SCENARIO_NAMES:
        raise typer.BadParameter(f"use one of {', '.join(SCENARIO_NAMES)}", param_hint="--scenario")
    with told(as_json=as_json):
        refuse_foreign_pack(out)
        with progress() as tell:
            job = impact_case(
                case,
                plan,
                rules=rules,
                before=before,
                sites=sites,
                scenario=scenario,
                stress=stress,
                public=public,
                progress=tell,
            )
            tell("Writing the evidence pack", str(out))
            write_pack(job.impact, out, job.about)
        say_impact(errors, job, out, as_json=as_json)
