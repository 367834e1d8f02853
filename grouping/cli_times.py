"""The commands that use the engine for minutes on its own: `times` and `calibrate`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from grouping.cli_shared import JsonOption, errors, progress, told

if TYPE_CHECKING:
    from geodata.times.work import Work

RoadsOption = Annotated[
    Path,
    typer.Option("--roads", help="OpenStreetMap file: .osm.pbf, .osm, .graphml or .gpkg.", show_default=False),
]
ProfileOption = Annotated[
    str | None,
    typer.Option("--profile", help="Speed profile: free-flow, peak, winter, or one of your own.", show_default=False),
]
SpeedsOption = Annotated[
    Path | None,
    typer.Option("--speeds", help="A speed table of your own (.toml) with what differs.", show_default=False),
]
CrsOption = Annotated[
    str | None,
    typer.Option("--crs", help="Coordinate system of columns x and y, such as EPSG:27700.", show_default=False),
]
LONGEST_ISOCHRONE = 24 * 60
LONGEST_LIMIT = 7 * 24 * 60

GapsOption = Annotated[
    float, typer.Option("--bridge-gaps", min=0, metavar="M", help="Close gaps in the roads up to this many metres.")
]


def times(
    roads: RoadsOption,
    origins: Annotated[
        Path,
        typer.Option(
            "--from", help="Points: id with easting,northing or lon,lat (or x,y and --crs).", show_default=False
        ),
    ],
    destinations: Annotated[Path, typer.Option("--to", help="Points; may be the same file.", show_default=False)],
    out: Annotated[Path, typer.Option("--out", help="The minutes: .parquet or .csv.", show_default=False)],
    profile: ProfileOption = None,
    speeds: SpeedsOption = None,
    mode: Annotated[Literal["drive", "walk"], typer.Option("--mode", help="By car or on foot.")] = "drive",
    ferries: Annotated[
        Literal["on", "queue", "off"], typer.Option("--ferries", help="Run, run with a queue, or do not run.")
    ] = "on",
    speed_factor: Annotated[
        float, typer.Option("--speed-factor", help="Multiplies all speeds on roads, 0.1 to 3: 0.9 is a tenth slower.")
    ] = 1.0,
    closed: Annotated[
        Path | None, typer.Option("--closed", help="Points on roads that are closed.", show_default=False)
    ] = None,
    limit: Annotated[
        float | None,
        typer.Option("--limit", metavar="MINUTES", help="Longer journeys count as not reachable.", show_default=False),
    ] = None,
    nearest: Annotated[
        int | None,
        typer.Option("--nearest", min=1, metavar="K", help="Only the K nearest of --to.", show_default=False),
    ] = None,
    back: Annotated[bool, typer.Option("--back", help="Time the way back: from --to to --from.")] = False,
    crs: CrsOption = None,
    bridge_gaps: GapsOption = 15.0,
    engine: Annotated[
        Literal["auto", "scipy", "hierarchy"], typer.Option("--engine", help="How to search; the minutes are the same.")
    ] = "auto",
    routes: Annotated[bool, typer.Option("--routes", help="Also write the routes as lines (GeoPackage).")] = False,
    isochrones: Annotated[
        str | None,
        typer.Option(
            "--isochrones",
            metavar="MINUTES",
            help="Also write what lies within 10,20,30 minutes of each of --to (GeoPackage).",
            show_default=False,
        ),
    ] = None,
    page: Annotated[
        bool, typer.Option("--page", help="Also write a page that shows how the minutes were made (.html).")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Minutes between any points on a road file, and a note of how they were made."""
    limits = _minutes(isochrones)
    _refuse_wrong_numbers(speed_factor, limit, bridge_gaps)
    _refuse_wrong_name(out)
    from geodata.times.job import TimesJob, run_times
    from grouping.say_times import say_times

    job = TimesJob(
        roads=roads,
        origins=origins,
        destinations=destinations,
        out=out,
        profile=profile,
        speeds=speeds,
        mode=mode,
        ferries=ferries,
        speed_factor=speed_factor,
        closed=closed,
        limit_minutes=limit,
        nearest=nearest,
        back=back,
        crs=_known_crs(crs),
        bridge_gaps_m=bridge_gaps,
        engine=engine,
        routes=routes,
        isochrones=limits,
        page=page,
    )
    _refuse_overwriting(job.reads, job.writes)
    with told(as_json=as_json):
        with _rows() as (tell, done):
            finished = run_times(job, tell=tell, progress=done, draw_page=_page_of_times)
        say_times(errors, finished, as_json=as_json)


def _page_of_times(work: Work) -> str:
    from grouping.roads_page.scenes import page_of_times

    return page_of_times(work)


def calibrate(
    roads: RoadsOption,
    observed: Annotated[
        Path,
        typer.Option(
            "--times",
            help="Observed journeys: from_lon,from_lat,to_lon,to_lat,minutes (or from_easting and so on).",
            show_default=False,
        ),
    ],
    out: Annotated[Path, typer.Option("--out", help="The profile: a .toml for --speeds.", show_default=False)],
    profile: ProfileOption = None,
    speeds: SpeedsOption = None,
    name: Annotated[str, typer.Option("--name", help="Name of the new profile.")] = "calibrated",
    crs: CrsOption = None,
    bridge_gaps: GapsOption = 15.0,
    as_json: JsonOption = False,
) -> None:
    """Fit speeds by type of road to observed journeys, tell how well they agree, and write them as a profile."""
    _refuse_wrong_numbers(1.0, None, bridge_gaps)
    if out.suffix.lower() != ".toml":
        raise typer.BadParameter(f"{out.name} must end with .toml", param_hint="--out")
    _refuse_overwriting([path for path in (roads, observed, speeds) if path is not None], [out])
    from geodata.times.calibrate_job import CalibrateJob, run_calibrate
    from grouping.say_times import say_calibration

    job = CalibrateJob(
        roads=roads,
        observed=observed,
        out=out,
        profile=profile,
        speeds=speeds,
        name=name,
        crs=_known_crs(crs),
        bridge_gaps_m=bridge_gaps,
    )
    with told(as_json=as_json):
        with progress() as tell:
            done = run_calibrate(job, tell=tell)
        say_calibration(errors, done, as_json=as_json)


# --- Wrong use of the command ------------------------------------------------------------------------------------


def _minutes(text: str | None) -> tuple[float, ...]:
    """Limits of isochrones: numbers with commas between them."""
    if text is None:
        return ()
    try:
        numbers = tuple(float(part) for part in text.split(",") if part.strip())
    except ValueError:
        numbers = ()
    if not numbers or not all(0 < number < LONGEST_ISOCHRONE for number in numbers):
        wanted = f"minutes above 0 and under {LONGEST_ISOCHRONE:,}, with commas between them, such as 10,20,30"
        message = f"{text!r} will not do; write {wanted}"
        raise typer.BadParameter(message, param_hint="--isochrones")
    return tuple(sorted(set(numbers)))


def _refuse_wrong_numbers(speed_factor: float, limit: float | None, bridge_gaps: float) -> None:
    from geodata.case import FASTEST_FACTOR, SLOWEST_FACTOR

    if not speed_factor >= SLOWEST_FACTOR:
        raise typer.BadParameter(f"The number must be at least {SLOWEST_FACTOR:g}.", param_hint="--speed-factor")
    if not speed_factor <= FASTEST_FACTOR:
        raise typer.BadParameter(f"The number must be at most {FASTEST_FACTOR:g}.", param_hint="--speed-factor")
    if limit is not None and not 0 < limit < LONGEST_LIMIT:
        message = f"{limit:g} is not above 0 and under {LONGEST_LIMIT:,} minutes (a week)"
        raise typer.BadParameter(message, param_hint="--limit")
    if not 0 <= bridge_gaps <= 1000:
        raise typer.BadParameter(f"{bridge_gaps:g} is not between 0 and 1000 metres", param_hint="--bridge-gaps")


def _refuse_wrong_name(out: Path) -> None:
    from geodata.matrix_file import kind_of

    if kind_of(out) is None:
        raise typer.BadParameter(f"{out.name} must end with .parquet or .csv", param_hint="--out")
    if out.is_dir():
        raise typer.BadParameter(f"{out} is a folder", param_hint="--out")


def _known_crs(crs: str | None) -> str | None:
    from geodata.times.points import known_crs

    try:
        return None if crs is None else known_crs(crs)
    except ValueError as error:
        raise typer.BadParameter(f"{error} Write an EPSG code, such as EPSG:27700.", param_hint="--crs") from error


def _refuse_overwriting(reads: list[Path] | tuple[Path, ...], writes: list[Path] | tuple[Path, ...]) -> None:
    """A result never replaces what it was made of."""
    given = {path.resolve() for path in reads}
    for path in writes:
        if path.resolve() in given:
            raise typer.BadParameter(
                f"this would replace {path}, which is read; choose another name", param_hint="--out"
            )


# --- Progress ----------------------------------------------------------------------------------------------------


@contextmanager
def _rows() -> Iterator[tuple[Callable[[str, str], None], Callable[[int, int], None]]]:
    """Tell each stage on standard error: a line a stage, and on a terminal a bar of the rows that are done."""
    columns = (TextColumn("  {task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as bar:
        task: list[TaskID] = []

        def tell(stage: str, detail: str = "") -> None:
            errors.print(f"  {stage}: {detail}" if detail else f"  {stage}", style="dim", markup=False)

        def done(rows: int, of: int) -> None:
            if not task:
                task.append(bar.add_task("points", total=of))
            bar.update(task[0], completed=rows)

        yield tell, done
