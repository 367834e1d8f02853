"""The tables of a rollout with words for every column; full figures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

import pandas as pd

from grouping.named_table import Column, NamedTable
from grouping.rollout.result import Found

PRIVATE_COLUMNS = ("goes_first", "ready_from", "vulnerable_waiting", "reason", "most_possible")
"""What stays in the house: the planner's order and reasons, and what follows from readiness and ratings alone."""


def tables_of(rollout: Found) -> tuple[NamedTable, ...]:
    """Groups, practices, waves, milestones, and what is in the way of missed targets."""
    if not rollout.told:
        return _aims(rollout), _aimed_milestones(rollout)
    tables = [_groups(rollout)]
    if not rollout.public:
        tables.append(_practices(rollout))
    tables += [_waves(rollout), _milestones(rollout)]
    if not rollout.public:
        tables.append(_proof(rollout))
        if rollout.misses:
            tables.append(_in_the_way(rollout))
    return tuple(tables)


def _aims(rollout: Found) -> NamedTable:
    """The waves without what is reached in them."""
    columns = (
        Column("wave", "Wave", "text"),
        Column("target_share", "Target share", "share", "of the registered patients of the place; empty: no target"),
        Column("target_patients", "Patients wanted", "people", "the fewest that are the target share"),
        Column("most_groups", "Capacity: groups", "number", "empty: no limit"),
        Column("most_patients", "Capacity: patients", "people", "empty: no limit"),
    )
    rows = [
        (wave.name, wave.target_share, rollout.targets[w], wave.most_groups, wave.most_patients)
        for w, wave in enumerate(rollout.waves)
    ]
    holds = f"One row per wave: what it asks for. Waves and targets: {rollout.source}."
    return _table("rollout-waves", "Waves and targets", holds, columns, rows)


def _aimed_milestones(rollout: Found) -> NamedTable:
    """The milestones without the groups that come first."""
    columns = (
        Column("milestone", "Milestone", "text"),
        Column("wave", "By", "text"),
        Column("target_share", "Target share", "share", "of the registered patients of the place"),
        Column("patients", "Patients that is", "people", "the fewest that are the share"),
        Column("source", "Source", "text"),
    )
    rows = [(row.name, row.wave, row.target_share, row.patients, row.source) for row in rollout.milestones]
    holds = "One row per milestone and wave: how many patients its share means."
    return _table("rollout-milestones", "Further milestones", holds, columns, rows)


def wave_name(rollout: Found, at: int | None) -> str | None:
    """Name of a wave; None where something is not within the waves."""
    return None if at is None else rollout.waves[at].name


def _groups(rollout: Found) -> NamedTable:
    columns = [
        Column("group_id", "Group", "text"),
        Column("name", "Name", "text"),
        Column("practices", "Practices", "number"),
        Column("patients", "Registered patients", "people"),
        Column("below_minimum", "Below its minimum", "text", "yes or no"),
        Column("goes_first", "Must go first", "text", "yes where the planner's table of order says so"),
        Column("start", "Starts in", "text", "empty: not within the waves"),
        Column(
            "at_scale_from",
            "At scale from",
            "text",
            "the wave in which its last practice joins; empty: not within the waves",
        ),
    ]
    private = [
        Column("ready_from", "All practices ready from", "text", "empty: not within the waves"),
        Column("vulnerable_waiting", "Vulnerable patients waiting (patients x waves)", "people"),
        Column("reason", "Why then", "text"),
    ]
    rows = [
        (
            row.group_id,
            row.name,
            row.practices,
            row.patients,
            _yes(row.below_minimum),
            _yes(row.first),
            wave_name(rollout, row.start),
            wave_name(rollout, row.formed),
            wave_name(rollout, row.ready),
            row.waiting,
            row.reason,
        )
        for row in rollout.groups
    ]
    holds = "One row per group: when it starts and is at scale."
    made = _table("rollout-groups", "Rollout of the groups", holds, columns + private, rows)
    return _without_private(made) if rollout.public else made


def _without_private(named: NamedTable) -> NamedTable:
    """A table without the columns that stay in the house."""
    kept = tuple(column for column in named.columns if column.key not in PRIVATE_COLUMNS)
    return replace(named, table=named.table[[column.key for column in kept]], columns=kept)


def _practices(rollout: Found) -> NamedTable:
    columns = (
        Column("practice_code", "Practice", "text"),
        Column("name", "Name", "text"),
        Column("group_id", "Group", "text"),
        Column("patients", "Registered patients", "people"),
        Column("ready_from", "Ready from", "text", "empty: not within the waves"),
        Column("by", "By", "text", "the planner's table, or the indicators that are known and those it meets"),
        Column(
            "vulnerable", "Vulnerable", "text", "yes or no; not known where it is not rated, and then counted as no"
        ),
        Column("joins", "Joins in", "text", "empty: not within the waves"),
    )
    rows = [
        (
            row.practice_code,
            row.name,
            row.group_id,
            row.patients,
            wave_name(rollout, row.ready),
            row.by,
            "not known" if row.vulnerable is None else _yes(row.vulnerable),
            wave_name(rollout, row.joins),
        )
        for row in rollout.practices
    ]
    holds = "One row per practice: from when it is ready and why, and when it joins its group."
    return _table("rollout-practices", "Rollout of the practices", holds, columns, rows)


def _waves(rollout: Found) -> NamedTable:
    columns = (
        Column("wave", "Wave", "text"),
        Column("target_share", "Target share", "share", "of the registered patients of the place; empty: no target"),
        Column("reached_share", "Share reached", "share", "of groups at scale by the end of the wave"),
        Column("patients", "Patients in at-scale groups", "people"),
        Column("patients_with_exceptions", "With groups below their minimum", "people"),
        Column("patients_without_exceptions", "Without groups below their minimum", "people"),
        Column("target_patients", "Patients wanted", "people", "the fewest that are the target share"),
        Column("shortfall", "Patients short", "people"),
        Column("most_possible", "Most possible in this wave alone", "people", "where the target is missed"),
        Column("groups_starting", "Groups starting", "number"),
        Column("patients_starting", "Patients of groups starting", "people"),
        Column("most_groups", "Capacity: groups", "number", "empty: no limit"),
        Column("most_patients", "Capacity: patients", "people", "empty: no limit"),
    )
    most = {miss.wave: miss.most for miss in rollout.misses}
    rows = []
    for w, wave in enumerate(rollout.waves):
        starting = [row for row in rollout.groups if row.start == w]
        target = rollout.targets[w]
        rows.append(
            (
                wave.name,
                wave.target_share,
                rollout.reached[w],
                rollout.at_scale[w],
                rollout.reached_all[w],
                rollout.reached_meeting[w],
                target,
                None if target is None else max(target - rollout.at_scale[w], 0),
                most.get(w),
                len(starting),
                sum(row.patients for row in starting),
                wave.most_groups,
                wave.most_patients,
            )
        )
    holds = f"One row per wave: what it asks for, what is reached, how many start. Waves and targets: {rollout.source}."
    made = _table("rollout-waves", "Waves and targets", holds, columns, rows)
    return _without_private(made) if rollout.public else made


def _milestones(rollout: Found) -> NamedTable:
    columns = (
        Column("milestone", "Milestone", "text"),
        Column("wave", "By", "text"),
        Column("target_share", "Target share", "share", "of the registered patients of the place"),
        Column("patients", "Patients that is", "people", "the fewest that are the share"),
        Column(
            "groups", "Groups that come first", "text", "by the order of the rollout, until they hold as many patients"
        ),
        Column("groups_patients", "Their patients", "people"),
        Column("groups_practices", "Their practices", "number"),
        Column("at_scale", "Patients in at-scale groups then", "people", "empty: the rollout has no wave of that name"),
        Column("kept", "At-scale groups hold as many", "text", "yes, no, or not assessed"),
        Column("source", "Source", "text"),
    )
    rows = [
        (
            row.name,
            row.wave,
            row.target_share,
            row.patients,
            "; ".join(row.groups),
            row.groups_patients,
            row.groups_practices,
            row.at_scale,
            "not assessed" if row.at_scale is None else _yes(row.at_scale >= row.patients),
            row.source,
        )
        for row in rollout.milestones
    ]
    holds = (
        "One row per milestone and wave: how many patients its share means, and which groups would come first by the "
        "order of the rollout."
    )
    return _table("rollout-milestones", "Further milestones", holds, columns, rows)


def _proof(rollout: Found) -> NamedTable:
    columns = (
        Column("step", "Step", "number"),
        Column(
            "made_small", "What is made as small as possible", "text", "each with those above it held at their best"
        ),
        Column("value", "Value", "amount"),
        Column("bound", "Nothing lies below", "amount"),
        Column("proven", "Proven", "text"),
    )
    rows = [
        (i, stage.words, stage.value, stage.bound, _yes(stage.proven))
        for i, stage in enumerate(rollout.stages, start=1)
    ]
    holds = (
        "One row per step. Programmes that are equal in all of them are told apart by the groups' ids: the first group "
        "as early as possible, then the second, and so on."
    )
    return _table("rollout-proof", "What was made small", holds, columns, rows)


def _in_the_way(rollout: Found) -> NamedTable:
    columns = (
        Column("wave", "Wave", "text"),
        Column("target_patients", "Patients wanted", "people"),
        Column("lifted", "What is lifted", "text"),
        Column(
            "most",
            "Most possible then",
            "people",
            "in this wave alone, or the most found; with more capacity: at least as many as wanted",
        ),
        Column("share", "Share of all patients", "share"),
        Column("restores", "Target within reach", "text"),
    )
    rows = []
    for miss in rollout.misses:
        name, wanted = rollout.waves[miss.wave].name, miss.target
        rows.append((name, wanted, "nothing", miss.most, _share(miss.most, rollout.total), _yes(miss.alone)))
        rows += [
            (name, wanted, one.words, one.most, _share(one.most, rollout.total), _yes(one.restores))
            for one in miss.changes
        ]
    holds = "One row per missed target and thing lifted, each by a programme of its own."
    return _table("rollout-in-the-way", "In the way of missed targets", holds, columns, rows)


def _share(patients: int, total: int) -> float | None:
    return patients / total if total else None


def _yes(told: bool) -> str:
    return "yes" if told else "no"


def _table(name: str, title: str, holds: str, columns: Iterable[Column], rows: list[tuple]) -> NamedTable:
    columns = tuple(columns)
    # Columns of objects keep whole numbers whole beside cells that are empty.
    frame = pd.DataFrame(rows, columns=[column.key for column in columns], dtype=object)
    return NamedTable(name, title, holds, frame, columns)
