"""Minutes between any points on a road file: read, time, write. What `blueprint times` does.

Everything is checked before the long work; the files appear together at the end, or not at all.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely
from numpy.typing import NDArray

from geodata.errors import Finding, InputProblems
from geodata.matrix_file import MatrixFile, whole_file
from geodata.place import BRITISH_NATIONAL_GRID
from geodata.roads.weights import reweigh
from geodata.routing.drawing import roads_frame, snap_frame, write_layers
from geodata.routing.isochrones import isochrones
from geodata.routing.routes import routes
from geodata.times.closures import Closures, close_roads
from geodata.times.inputs import Ends, Given, TimesJob, cover, of_command, roads_around, without_effect
from geodata.times.method_note import method_note
from geodata.times.work import MOST_INSIDE, Work

__all__ = ["TimesDone", "TimesJob", "run_times"]

Tell = Callable[[str, str], None]
Progress = Callable[[int, int], None]
DrawPage = Callable[[Work], str]


@dataclass(frozen=True)
class TimesDone:
    """What was done.

    Parameters
    ----------
    files
        Files written.
    origins, destinations
        How many points there were.
    rows, pairs, reachable
        Rows written; journeys asked for, and those that are possible.
    sentence
        The method in a sentence or two.
    method
        The method as plain values, as in the metadata of the file.
    closed
        For each closure its id and the road in words.
    findings
        What was noticed.
    """

    files: tuple[Path, ...]
    origins: int
    destinations: int
    rows: int
    pairs: int
    reachable: int
    sentence: str
    method: dict[str, object]
    closed: tuple[tuple[str, str], ...] = ()
    findings: tuple[Finding, ...] = ()


def run_times(
    job: TimesJob, *, tell: Tell | None = None, progress: Progress | None = None, draw_page: DrawPage | None = None
) -> TimesDone:
    """Read points and roads, time the journeys, and write them.

    Parameters
    ----------
    job
        What is asked for.
    tell
        Called with each stage and a detail.
    progress
        Called with how many rows of the matrix are done, and of how many.
    draw_page
        Makes the page of a job that asks for one, from its journeys.

    Raises
    ------
    InputProblems
        Everything that is wrong with the inputs, or a file that cannot be written.
    """
    tell, progress = tell or (lambda stage, detail: None), progress or (lambda done, of: None)
    tell("Reading points", ", ".join(dict.fromkeys(path.name for path in (job.origins, job.destinations))))
    given = Given.read(job)
    tell("Reading roads", job.roads.name)
    tables = (given.origins, given.destinations)
    x, y = np.concatenate([table.x for table in tables]), np.concatenate([table.y for table in tables])
    built, checksum = roads_around(
        job.roads, x, y, given.speeds, job.out.parent, bridge_gaps_m=job.bridge_gaps_m, mode=job.mode
    )
    findings = [*given.findings, *(of_command(finding) for finding in built.findings)]
    closures = close_roads(built, given.closed) if given.closed else Closures(np.zeros(0, dtype=bool), ())
    network = reweigh(
        built,
        given.speeds,
        speed_factor=job.speed_factor,
        ferries=job.ferries,
        closed=closures.roads if len(closures.roads) else None,
    )
    findings += without_effect(network, job)
    first, second = Ends.join(network, given.origins), Ends.join(network, given.destinations)
    findings += cover(network, (first, second) if job.destinations != job.origins else (first,))
    work = Work(job, network, given.speeds, first, second, closures.named, checksum)
    try:
        return _written(work, tell, progress, draw_page if job.page else None, tuple(findings))
    except OSError as problem:
        raise InputProblems([_cannot_write(job.out, problem)]) from problem


# --- Writing -----------------------------------------------------------------------------------------------------


def _written(
    work: Work, tell: Tell, progress: Progress, draw_page: DrawPage | None, findings: tuple[Finding, ...]
) -> TimesDone:
    job, (start, stop) = work.job, work.travel
    with ExitStack() as stack:
        part = stack.enter_context(
            MatrixFile(
                job.out,
                start.table.ids,
                stop.table.ids,
                start.metres,
                stop.metres,
                ranked=job.nearest is not None,
            )
        )
        note = stack.enter_context(whole_file(job.note))
        layers = stack.enter_context(whole_file(job.layers)) if job.layers else None
        size = f"{len(start.table):,} x {len(stop.table):,}"
        tell("Timing journeys", size)
        chosen = _nearest_rows(work, part) if job.nearest else _all_rows(work, part, progress)
        if layers is not None:
            tell("Drawing layers", job.layers.name if job.layers else "")
            frames = _frames(work, chosen)
            layers.unlink()
            write_layers(layers, frames)
        method = work.method()
        part.method = method.facts()
        text = method_note(work.network, work.speeds, (work.first.noted(), work.second.noted()), work.noted())
        note.write_text(text, encoding="utf-8", newline="\n")
        if draw_page is not None:
            tell("Drawing the page", job.page_file.name)
            page = stack.enter_context(whole_file(job.page_file))
            page.write_text(draw_page(work), encoding="utf-8", newline="\n")
        tell("Writing", job.out.name)
    return TimesDone(
        job.writes,
        len(work.first.table),
        len(work.second.table),
        part.rows,
        work.pairs,
        work.reachable,
        method.sentence,
        part.method,
        work.closed,
        findings,
    )


def _all_rows(work: Work, file: MatrixFile, progress: Progress) -> None:
    total = len(work.travel[0].table)
    for part, minutes in work.blocks():
        file.add(part.start, minutes)
        work.pairs += minutes.size
        work.reachable += int(np.isfinite(minutes).sum())
        begin, end = np.nonzero(np.isfinite(minutes)) if work.job.isochrones else (np.zeros(0, np.int64),) * 2
        work.note_inside(begin + part.start, end, minutes[begin, end])
        progress(part.stop, total)


def _nearest_rows(work: Work, file: MatrixFile) -> NDArray[np.int64]:
    index, minutes = work.nearest(min(work.job.nearest or 1, len(work.second.table)))
    point, rank = np.nonzero(index >= 0)
    site, found = index[point, rank], minutes[point, rank]
    begin, end = (site, point) if work.job.back else (point, site)
    file.add_ranked(begin, end, rank + 1, found)
    work.pairs, work.reachable = index.size, len(found)
    work.note_inside(begin, end, found)
    return index


def _frames(work: Work, chosen: NDArray[np.int64] | None) -> dict[str, gpd.GeoDataFrame]:
    """The layers that are asked for, and those that show what they rest on."""
    job, (start, stop) = work.job, work.travel
    frames = {}
    if job.routes:
        lines = routes(work.network, start.points, stop.points, _pairs(work, chosen))
        within = ~(lines["minutes"] * 60_000.0 > work.limit_ms)
        frames["routes"] = lines[within.to_numpy()].reset_index(drop=True)
    if job.isochrones:
        around = "from" if job.back else "to"
        shapes = isochrones(work.network, work.second.points, job.isochrones, towards=not job.back)
        if len(work.second.table) == 1:
            shapes = shapes[~shapes["nearest_of_all"]].reset_index(drop=True)
        frames["isochrones"] = shapes.rename(columns={"site_code": around})
        frames["inside"] = _inside(work)
    frames["roads"] = roads_frame(work.network)
    return frames | {"snap_from": snap_frame(start.points), "snap_to": snap_frame(stop.points)}


def _pairs(work: Work, chosen: NDArray[np.int64] | None) -> NDArray[np.int64]:
    """Pairs whose routes are drawn, in the order of the rows; shape (K, 2)."""
    start, stop = work.travel
    if chosen is None:
        return np.indices((len(start.table), len(stop.table))).reshape(2, -1).T
    point, rank = np.nonzero(chosen >= 0)
    site = chosen[point, rank]
    return np.column_stack((site, point) if work.job.back else (point, site))


def _inside(work: Work) -> gpd.GeoDataFrame:
    """The points of the first file within the limits of each of the second, by their own times, not by a polygon.

    One row a pair: `from`, `to`, `minutes`, and `within`, the smallest limit that holds it. Empty where there are more
    pairs than can be listed.
    """
    start, stop = work.travel
    empty = (np.zeros(0, np.int64), np.zeros(0, np.int64), np.zeros(0))
    listed = [*work.inside, empty] if work.listed <= MOST_INSIDE else [empty]
    begin, end, minutes = (np.concatenate(column) for column in zip(*listed, strict=True))
    limits = np.unique(work.job.isochrones)
    own = end if work.job.back else begin
    columns = {
        "from": np.array(start.table.ids, dtype=object)[begin],
        "to": np.array(stop.table.ids, dtype=object)[end],
        "minutes": minutes,
        "within": limits[np.searchsorted(limits, minutes)],
    }
    points = shapely.points(work.first.table.x[own], work.first.table.y[own])
    return gpd.GeoDataFrame(columns, geometry=points, crs=BRITISH_NATIONAL_GRID)


def _cannot_write(path: Path, problem: OSError) -> Finding:
    reason = problem.strerror or str(problem)
    fix = "Close the file where it is open (Excel and GIS keep it locked), or choose another folder."
    return Finding("error", str(path), f"The file cannot be written ({reason}).", fix, code="cannot-write")
