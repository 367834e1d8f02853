"""The tables of what was said and of where options come from, in full."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from grouping.engagement.difference import Difference, HubMove
from grouping.engagement.found import Found, Link
from grouping.engagement.origins import Figures, Source, title_of
from grouping.engagement.words import STATUS_WORDS, without_history
from grouping.named_table import Column, NamedTable

FIGURES = (
    ("mean_minutes", "Mean minutes to the hub", "minutes"),
    ("groups", "Groups", "number"),
    ("exceptions", "Exceptions", "number"),
    ("smallest", "Smallest group", "people"),
    ("largest", "Largest group", "people"),
)
"""Figures of a plan: attribute of `Figures`, words, kind."""


def tables_of(made: Found) -> tuple[NamedTable, ...]:
    """The log, the history, and who changed companions."""
    return _log(made), _history(made), _changes(made)


def _named(name: str, title: str, holds: str, columns: Sequence[Column], rows: list[tuple[object, ...]]) -> NamedTable:
    frame = pd.DataFrame(rows, columns=[column.key for column in columns], dtype=object)
    return NamedTable(name, title, holds, frame, tuple(columns))


def _log(made: Found) -> NamedTable:
    columns = [
        Column("date", "Date", "text"),
        Column("option", "Option", "text"),
        Column("practice_code", "Practice", "text"),
        Column("practice", "Name of the practice", "text"),
        Column("place", "Place", "text"),
        Column("role", "Said by (role)", "text"),
        Column("said", "What was said", "text"),
        Column("changed", "What changed", "text"),
        Column("why_not", "If not, why not", "text"),
        Column("status", "What became of it", "text"),
    ]
    rows: list[tuple[object, ...]] = [
        (
            "" if one.day is None else one.day.isoformat(), one.option, one.practice_code, one.practice, one.place,
            one.role, one.said, one.changed, one.why_not, STATUS_WORDS[one.status],
        )
        for one in made.log.remarks
    ]  # fmt: skip
    if not made.ground.run.public:
        columns.append(Column("public", "To be published", "text"))
        rows = [(*row, "yes" if one.public else "no") for row, one in zip(rows, made.log.remarks, strict=True)]
    return _named("engagement-log", "What was said", "One row a remark, by day; people by their role.", columns, rows)


def _history(made: Found) -> NamedTable:
    columns = (
        Column("option", "Plan", "text"),
        Column("came_from", "Came from", "text"),
        Column("date", "Date", "text"),
        Column("reason", "Reason", "text"),
        Column("practices_changed", "Practices with other companions", "number"),
        Column("patients_changed", "Their patients", "people"),
        Column("share_changed", "Share of patients", "share"),
        Column("groups_unchanged", "Groups of the same practices", "text"),
        Column("groups_new", "New groups", "text"),
        Column("groups_gone", "Groups that are no more", "text"),
        Column("hubs_moved", "Hubs that moved", "text", "between groups that share most patients; empty: not known"),
        Column("not_in_both", "Practices not in both plans", "text"),
        *(Column(f"{key}_{end}", f"{words}, {end}", kind) for key, words, kind in FIGURES for end in ("before", "now")),
    )
    public = made.ground.run.public
    rows: list[tuple[object, ...]] = []
    for option, chain in made.chains.items():
        if not chain:
            rows.append((option, without_history(made, option), *(None,) * (len(columns) - 2)))
    for link in _ordered(made):
        step = link.step
        rows.append(
            (
                step.plan if not public else title_of(step.plan, public=public),
                title_of(step.came_from, public=public),
                "" if step.day is None else step.day.isoformat(),
                step.reason,
                *_difference(made, link),
                *_figures(link.before, link.now),
            )
        )
    holds = "One row a step: a plan, the plan it came from, and what changed. Options without a history say so."
    return _named("engagement-history", "Where options come from", holds, columns, rows)


def _ordered(made: Found) -> list[Link]:
    """Steps, each chain from its beginning, option by option; each step once."""
    keys = [key for chain in made.chains.values() for key in chain]
    return [made.links[key] for key in dict.fromkeys([*keys, *made.links])]


def _difference(made: Found, link: Link) -> tuple[object, ...]:
    found = link.difference
    if found is None:
        return (None,) * 8
    before, now = link.before.names, link.now.names
    return (
        len(found.changes),
        found.patients,
        found.share,
        "; ".join(now[key] for key in found.unchanged),
        "; ".join(now[key] for key in found.new),
        "; ".join(before[key] for key in found.gone),
        None if found.hubs is None else "; ".join(hub_words(made, link, one) for one in found.hubs),
        "; ".join(names_of(made, [*found.only_before, *found.only_now])),
    )


def hub_words(made: Found, link: Link, move: HubMove) -> str:
    """A hub that moved, by names: `G01 West: from Old Surgery to New Surgery`."""
    sites = made.ground.run.place.sites["name"]
    return f"{link.now.names[move.group_now]}: from {sites[move.hub_before]} to {sites[move.hub_now]}"


def names_of(made: Found, codes: Sequence[str]) -> list[str]:
    """Practices by name and code."""
    names = made.ground.practices["name"]
    return [f"{names[code]} ({code})" for code in codes]


def _figures(before: Source | None, now: Source | None) -> tuple[object, ...]:
    return tuple(_figure(one, key) for key, _, _ in FIGURES for one in (before, now))


def _figure(source: Source | None, key: str) -> object:
    figures: Figures | None = None if source is None else source.figures
    return None if figures is None else getattr(figures, key)


def _changes(made: Found) -> NamedTable:
    columns = (
        Column("option", "Plan", "text"),
        Column("came_from", "Came from", "text"),
        Column("practice_code", "Practice", "text"),
        Column("name", "Name", "text"),
        Column("patients", "Patients", "people"),
        Column("group_before", "Group before", "text"),
        Column("group_now", "Group now", "text"),
        Column("companions_before", "Companions before", "text"),
        Column("companions_now", "Companions now", "text"),
        Column("gained", "Companions gained", "text"),
        Column("lost", "Companions lost", "text"),
    )
    public = made.ground.run.public
    names = made.ground.practices["name"]
    rows: list[tuple[object, ...]] = []
    for link in _ordered(made):
        found: Difference | None = link.difference
        if found is None:
            continue
        was, here = link.before.plan.group_of, link.now.plan.group_of
        for one in found.changes:
            rows.append(
                (
                    title_of(link.step.plan, public=public) if public else link.step.plan,
                    title_of(link.step.came_from, public=public),
                    one.code,
                    str(names[one.code]),
                    one.patients,
                    link.before.names[was[one.code].group_id],
                    link.now.names[here[one.code].group_id],
                    *("; ".join(names_of(made, codes)) for codes in (one.before, one.now, one.gained, one.lost)),
                )
            )
    holds = (
        "One row a practice whose companions (the other practices of its group) are not those of the plan before, most "
        "patients first within a step."
    )
    return _named("engagement-changes", "Who changed companions", holds, columns, rows)
