"""Where options come from: the rows of the history, the plans they name, and what is wrong with them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path, PurePosixPath

from geodata.errors import Finding, InputProblems
from geodata.tables.columns import nearest, plain_word
from geodata.tables.schemas import Table
from grouping.assess import best_hub, score_plan
from grouping.engagement.days import FIX, day_of
from grouping.engagement.names import EXAMPLE, TODAY, Known, known_names
from grouping.engagement.persons import names_somebody
from grouping.pipeline import assess_all
from grouping.plain_words import option_title
from grouping.plan import Group, Plan
from grouping.plan_file import read_plan
from grouping.programme.ground import Ground
from grouping.report.today import Today, todays_groups
from grouping.result import AssessedOption, OptionPlan

TABLE = "history"
PLAN = ".csv"


@dataclass(frozen=True)
class Step:
    """One row of the history: a plan and the plan it came from.

    Parameters
    ----------
    plan, came_from
        `option-2`, `today`, or the path of a plan as the row writes it.
    day, reason
        When and why, as the planner says.
    public
        Whether it is marked for publication, and its reason seems to name nobody.
    row
        Position of the row in the table.
    """

    plan: str
    came_from: str
    day: date | None
    reason: str
    public: bool
    row: int


@dataclass(frozen=True)
class Figures:
    """A plan in figures; None for what is not known of it.

    Parameters
    ----------
    mean_minutes
        From home to the hub, over all patients.
    groups, exceptions, smallest, largest
        How many groups, how many below their minimum without a granted exception, and the smallest and largest list.
    """

    mean_minutes: float | None
    groups: int
    exceptions: int | None
    smallest: int
    largest: int


@dataclass(frozen=True)
class Source:
    """A plan that an option is, or came from.

    Parameters
    ----------
    title
        What it is called.
    plan
        The groups.
    names
        Group id -> what the group is called.
    figures
        Its figures.
    """

    title: str
    plan: Plan
    names: Mapping[str, str]
    figures: Figures


@dataclass
class Sources:
    """Finds plans by the names of the history; each is read and measured once."""

    ground: Ground
    held: dict[str, Source | None] = field(default_factory=dict)

    def get(self, key: str) -> Source | None:
        """The plan of a name; None where it cannot be read here (a file, for the public)."""
        if key not in self.held:
            self.held[key] = self._make(key)
        return self.held[key]

    def _make(self, key: str) -> Source | None:
        for one in self.ground.run.options:
            if one.option.option_id == key:
                return _of_option(option_title(key), one)
        if key == TODAY:
            return self._today()
        path = plan_path(self.ground, key)
        if path is None or not path.is_file():
            return None
        return self._measured(title_of(key), read_plan(path, self.ground.run.place, self._find_hub))

    def _find_hub(self, members: tuple[str, ...]) -> str:
        """The site a plan's open hub is taken to be; empty where the case behind the run is not at hand."""
        return "" if self.ground.ready is None else best_hub(members, self.ground.ready.problem)

    def _today(self) -> Source | None:
        today = todays_groups(self.ground.run)
        if not today.groups:
            return None
        plan = plan_of_today(today)
        measured = self._assessed(
            Plan(tuple(Group(g.group_id, g.members, self._find_hub(g.members)) for g in plan.groups))
        )
        figures = _sizes(plan, self.ground)
        if measured is not None:  # hubs of today are not known: nothing is said of minutes
            figures = Figures(
                None, figures.groups, int(measured.headline["exceptions"]), figures.smallest, figures.largest
            )
        return Source(title_of(TODAY), plan, {one.group_id: one.group_id for one in plan.groups}, figures)

    def _measured(self, title: str, plan: Plan) -> Source:
        """A plan by hand; measured as `blueprint score` does where the case is at hand."""
        found = self._assessed(plan)
        if found is not None:
            return _of_option(title, found)
        return Source(title, plan, {one.group_id: one.group_id for one in plan.groups}, _sizes(plan, self.ground))

    def _assessed(self, plan: Plan) -> AssessedOption | None:
        ready = self.ground.ready
        if ready is None:
            return None
        option = OptionPlan("scored", plan, score_plan(plan, ready.problem, ready.journeys))
        return assess_all((option,), ready, None, by_hand=True)[0]


def _of_option(title: str, one: AssessedOption) -> Source:
    names = dict(zip(one.groups["group_id"].astype(str), one.groups["name"].astype(str), strict=True))
    said = one.headline
    mean = said.get("mean_minutes_to_hub")
    known = isinstance(mean, int | float) and math.isfinite(mean)
    figures = Figures(
        float(mean) if known else None,
        len(one.groups),
        int(said["exceptions"]) if "exceptions" in said else None,
        int(one.groups["list_size"].min()),
        int(one.groups["list_size"].max()),
    )
    return Source(
        title, one.option.plan, {key: f"{key} {name}" if name != key else key for key, name in names.items()}, figures
    )


def _sizes(plan: Plan, ground: Ground) -> Figures:
    """What lists alone tell of a plan."""
    lists = ground.practices["list_size"].astype(int)
    sizes = [int(lists.loc[list(one.members)].sum()) for one in plan.groups]
    return Figures(None, len(sizes), None, min(sizes), max(sizes))


def plan_of_today(today: Today) -> Plan:
    """Today's groups as a plan without hubs; the ids are their names."""
    return Plan(tuple(Group(name, codes, "") for name, codes in today.groups.items()))


def plan_path(ground: Ground, key: str) -> Path | None:
    """Where the file of a plan lies; None for what is no file, or where the planner's folder is not at hand."""
    if not key.casefold().endswith(PLAN) or ground.inputs.folder is None:
        return None
    return ground.inputs.folder / key


def title_of(key: str, *, public: bool = False) -> str:
    """What a plan is called: an option, today's groups, or the name of its file (for the public an earlier draft)."""
    if key == TODAY:
        return "today’s groups"
    if key.casefold().endswith(PLAN):
        return "an earlier draft" if public else f"the plan {PurePosixPath(key.replace(chr(92), '/')).name}"
    return option_title(key)


def key_of(text: str, known: Known) -> str | None:
    """A plan as the history names it; None for what is neither an option, nor today, nor a file of a plan."""
    text = text.strip()
    if plain_word(text) in {TODAY, "todays groups", "today s groups", "current group", "current groups"}:
        return TODAY
    if text.casefold().endswith(PLAN):
        return PurePosixPath(text.replace("\\", "/")).as_posix()
    return known.option(text)


def steps_of(ground: Ground) -> dict[str, Step]:
    """The history by plan; rows that cannot be understood (see `problems`) are left out."""
    table = ground.inputs.table(TABLE)
    if table is None:
        return {}
    known = known_names(ground)
    found: dict[str, Step] = {}
    for k in range(len(table)):
        plan, origin = key_of(table.text(k, "option"), known), key_of(table.text(k, "came_from"), known)
        if plan in {None, TODAY} or origin is None or table.text(k, "reason") == EXAMPLE:
            continue
        public = "public" in table.frame and str(table.frame["public"].iloc[k]) == "yes"
        public = public and not names_somebody(table.text(k, "reason"), known.names)
        day = day_of(table.text(k, "date"))
        found.setdefault(plan, Step(plan, origin, day, table.text(k, "reason").strip(), public, k))
    return found


def chain_of(plan: str, steps: Mapping[str, Step]) -> list[Step]:
    """The steps that led to a plan, the earliest first; a circle is left where it closes."""
    found: list[Step] = []
    seen = {plan}
    while plan in steps:
        found.append(steps[plan])
        plan = steps[plan].came_from
        if plan in seen:
            break
        seen.add(plan)
    return found[::-1]


# ----------------------------------------------------------------------------------------------------------- problems


def history_problems(ground: Ground, known: Known) -> list[Finding]:
    """What is wrong in the table of the history."""
    table = ground.inputs.table(TABLE)
    if table is None:
        return []
    findings: list[Finding] = []
    first: dict[str, int] = {}
    for k in range(len(table)):
        if table.text(k, "reason") == EXAMPLE:
            continue
        findings += _row(ground, table, k, known)
        plan = key_of(table.text(k, "option"), known)
        if plan is not None and first.setdefault(plan, k) != k:
            message = f"The history of this plan stands in {table.where(first[plan])} and here, {table.where(k)}."
            fix = "A plan comes from one other: keep one of the rows."
            findings.append(table.finding(k, "option", message, fix, "history-twice"))
    return findings + _circles(ground, table)


def _row(ground: Ground, table: Table, k: int, known: Known) -> list[Finding]:
    findings = []
    if table.text(k, "date") and day_of(table.text(k, "date")) is None:
        findings.append(table.finding(k, "date", "This is no day that can be read.", FIX, "bad-day"))
    for column in ("option", "came_from"):
        text = table.text(k, column)
        key = key_of(text, known)
        if not text:
            continue
        if key is None or (key == TODAY and column == "option"):
            close = nearest(text, (*known.options, TODAY))
            fix = f"Did you mean {close}? " if close else ""
            fix += (
                f"Write one of {', '.join(known.options)}{', today' if column == 'came_from' else ''}, or a plan.csv."
            )
            findings.append(table.finding(k, column, "There is no plan of this name.", fix, "history-plan"))
        elif key == TODAY and not todays_groups(ground.run).groups:
            message = "Today's groups are not in the inputs."
            fix = "Give the column current_group in the table of practices, or name a plan.csv."
            findings.append(table.finding(k, column, message, fix, "history-plan"))
        elif key.casefold().endswith(PLAN):
            findings += _file(ground, table, k, column, key)
    return findings


def _file(ground: Ground, table: Table, k: int, column: str, key: str) -> list[Finding]:
    """Whether the file of a plan can be read."""
    path = plan_path(ground, key)
    if path is None:
        return []
    if not path.is_file():
        message = "There is no such file beside the settings."
        return [table.finding(k, column, message, "Write its path from the folder of programme.toml.", "history-plan")]
    try:
        read_plan(path, ground.run.place, lambda _: "")
    except InputProblems as trouble:
        return list(trouble.findings)
    return []


def _circles(ground: Ground, table: Table) -> list[Finding]:
    """One error for every circle: a plan that came from itself, by whatever way."""
    steps = steps_of(ground)
    findings, told = [], set()
    for start in steps:
        way, at = [start], steps[start].came_from
        while at in steps and at not in way:
            way.append(at)
            at = steps[at].came_from
        if at != start or frozenset(way) in told:
            continue
        told.add(frozenset(way))
        row = max(steps[plan].row for plan in way)
        said = " from ".join(title_of(plan) for plan in [*way, start])
        message = f"The history goes in a circle: {said}."
        fix = "Name the plan that was there first, or take one of the rows out."
        findings.append(table.finding(row, "came_from", message, fix, "history-circle"))
    return findings
