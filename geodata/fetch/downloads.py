"""Carry out a plan: one download after another, each recorded as soon as it is complete."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from geodata.errors import Finding, InputProblems
from geodata.fetch.features import Query, download_features
from geodata.fetch.lock import only_one
from geodata.fetch.looks import expected
from geodata.fetch.manifest import Fetched, read_manifest, write_manifest
from geodata.fetch.overpass import around, download_roads_of
from geodata.fetch.plan import Plan, Step
from geodata.fetch.transfer import Arrived, download_file
from geodata.fetch.web import FetchFailed, Web

Tell = Callable[[Step, int, int | None], None]


@dataclass(frozen=True)
class Done:
    """How one step ended: a record of the manifest, or what went wrong."""

    step: Step
    fetched: Fetched | None
    problem: Finding | None = None


def utc_now() -> datetime:
    """Now, in UTC."""
    return datetime.now(UTC)


def perform(plan: Plan, web: Web, *, tell: Tell | None = None, now: Callable[[], datetime] = utc_now) -> list[Done]:
    """Download what the plan says. One that fails does not stop the others.

    Parameters
    ----------
    plan
        The plan.
    web
        The session.
    tell
        Told step, done so far and done in all (bytes, or features of a layer).
    now
        Clock for the dates of the manifest.

    Returns
    -------
    One `Done` for each step that downloads something.

    Raises
    ------
    InputProblems
        When the folder cannot be made, has no room for what the servers announce, or another fetch is at work in it.
    """
    wanted = plan.wanted
    if plan.known_bytes > plan.free:
        raise InputProblems([_no_room(plan)])
    try:
        plan.folder.mkdir(parents=True, exist_ok=True)
    except OSError as fault:
        message = f"The folder cannot be made ({fault.strerror})."
        fix = "Name a folder in which you may write."
        raise InputProblems([Finding("error", str(plan.folder), message, fix, code="cannot-write")]) from fault
    with only_one(plan.folder):
        return [_done(plan, step, web, tell, now) for step in wanted]


def _done(plan: Plan, step: Step, web: Web, tell: Tell | None, now: Callable[[], datetime]) -> Done:
    try:
        arrived, url = _download(plan, step, web, tell)
        return Done(step, _record(plan, step, arrived, url, now()))
    except FetchFailed as failed:
        return Done(step, None, replace(failed.finding, file=step.item.to))


def _download(plan: Plan, step: Step, web: Web, tell: Tell | None) -> tuple[Arrived, str]:
    item = step.item

    def told(so_far: int, total: int | None) -> None:
        if tell:
            tell(step, so_far, total)

    told(0, None)
    if item.kind == "features":
        query = Query(item.url, item.where, item.out_fields)
        return download_features(web, query, step.target, tell=told), item.url
    if item.kind == "roads":
        return download_roads_of(item.place or around(_bounds_of_case(plan.case)), step.target)
    expect = expected(item.to, item.expect)
    arrived = download_file(web, item.url, step.target, expect=expect, sha256=item.sha256, tell=told)
    return arrived, item.url


def _bounds_of_case(case: Path | None) -> tuple[float, float, float, float]:
    """The box of the sites and areas of a case, metres on EPSG:27700."""
    from geodata.load import load_place  # noqa: PLC0415 - needed for roads without a place only

    if case is None:
        problem = Finding(
            "error", "case.toml", "Roads without a place need a case.", "Write place.", code="fetch-entry"
        )
        raise FetchFailed(problem)
    try:
        place = load_place(case)
    except InputProblems as problems:
        raise FetchFailed(
            Finding(
                "error",
                "case.toml",
                "Which roads are needed follows from the sites and areas of the case, and the case has problems: "
                f"{problems.findings[0].message}",
                "Mend the case first (blueprint check tells all problems), or write place in the entry.",
                code="fetch-case",
            )
        ) from problems
    boxes = [frame.total_bounds for frame in (place.sites, place.areas)]
    x0, y0, x1, y1 = (pick(float(one[at]) for one in boxes) for at, pick in enumerate((min, min, max, max)))
    return x0, y0, x1, y1


def _record(plan: Plan, step: Step, arrived: Arrived, url: str, when: datetime) -> Fetched:
    item = step.item
    fetched = Fetched(
        item.name,
        url,
        item.to,
        when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        arrived.bytes,
        arrived.sha256,
        item.licence,
        item.publisher,
        item.asked,
    )
    try:
        write_manifest(plan.folder, read_manifest(plan.folder) | {item.to: fetched})
    except OSError as fault:
        message = f"The file is complete, but the record of downloads cannot be written ({fault.strerror})."
        fix = "Close fetched.json in other programs and run the same command with --again."
        raise FetchFailed(Finding("error", item.to, message, fix, code="fetch-disk")) from fault
    return fetched


def _no_room(plan: Plan) -> Finding:
    return Finding(
        "error",
        str(plan.folder),
        f"The downloads need {plan.known_bytes:,} bytes, and the disk has {plan.free:,} free.",
        "Make room, or name a folder on another disk with --files.",
        code="fetch-disk",
    )
