"""The tables of what an option needs, in full; what is rounded stands beside what is not."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

import pandas as pd

from grouping.named_table import Column, Kind, NamedTable
from grouping.resources.exact import half_up, plain_number
from grouping.resources.needs import Found, Need, Scenario, WaveNeed
from grouping.resources.ratios import MONEY, POSTS, Ratio

STATED_HERE = "stated for these patients"
COMPARISON = "comparison: stated for other patients, scaled to these"

_ROUNDED = (
    "money in whole pounds (groups add up to the total: largest remainders), posts and hours to one decimal; halves "
    "upwards"
)


def unit_words(ratio: Ratio) -> str:
    """What a figure of this ratio counts."""
    if ratio.kind == MONEY:
        return "pounds a year" if ratio.each_year else "pounds"
    return "full time equivalents" if ratio.kind == POSTS else "hours a week"


def wave_label(resources: Found, wave: int | None) -> str:
    """What a wave is called in a table."""
    if wave is None:
        return "in no wave"
    return resources.wave_names[wave] if wave < len(resources.wave_names) else "after the last wave"


def stated_for(ratio: Ratio, patients: int) -> Fraction | None:
    """What was stated, scaled to these patients; None where nothing is stated."""
    if ratio.stated is None or ratio.stated_patients in {None, patients}:
        return ratio.stated
    return ratio.stated * patients / ratio.stated_patients


def is_comparison(ratio: Ratio, patients: int) -> bool:
    """Whether what was stated was not stated for these patients."""
    return ratio.stated is not None and ratio.stated_patients not in {None, patients}


def tables_of(resources: Found) -> tuple[NamedTable, ...]:
    """Ratios, groups, waves and totals."""
    return _ratios(resources), _groups(resources), _waves(resources), _totals(resources)


def _named(name: str, title: str, holds: str, columns: Sequence[Column], rows: list[tuple[object, ...]]) -> NamedTable:
    frame = pd.DataFrame(rows, columns=[column.key for column in columns], dtype=object)
    return NamedTable(name, title, holds, frame, tuple(columns))


def _ratios(resources: Found) -> NamedTable:
    columns = (
        Column("resource", "Resource", "text"),
        Column("kind", "Kind", "text"),
        Column("amount", "Amount", None, "pounds, full time equivalents, or hours a week, per so many patients"),
        Column("unit", "Unit", "text"),
        Column("per_patients", "Per patients", "people"),
        Column("covered_share", "Share of patients counted", "share"),
        Column("wave", "From wave", "text"),
        Column("years", "Spread over waves", "number", "only money that is needed once"),
        Column("stated", "Stated elsewhere", None, "in the same unit as the totals"),
        Column("stated_patients", "Stated for patients", "people", "empty: for the patients of this plan"),
        Column("source", "Source", "text"),
        Column("given_by", "Given by", "text"),
    )
    given = given_by(resources)
    rows = [
        (
            one.resource, one.kind, plain_number(one.amount), unit_words(one), plain_number(one.per_patients),
            float(one.covered_share), wave_label(resources, one.wave), one.years if one.once else None,
            plain_number(one.stated), one.stated_patients, one.source, given,
        )
        for one in resources.ratios
    ]  # fmt: skip
    return _named(
        "resources-ratios", "Ratios", "One row a ratio: so much per so many patients, from a wave on.", columns, rows
    )


def given_by(resources: Found) -> str:
    """Where the ratios come from; for the public without the name of the planner's file."""
    if resources.built_in:
        return "built in"
    ground = resources.ground
    return "the planner’s table" if ground.run.public else ground.inputs.table("ratios").files


def rounded(ratio: Ratio, value: Fraction) -> Fraction:
    """A figure as it is told: whole pounds, posts and hours to one decimal; halves upwards."""
    return half_up(value, 0 if ratio.kind == MONEY else 1)


def _both(resources: Found) -> list[tuple[str, str, Scenario | None]]:
    """The two times: end of the columns' names, words, and what is needed then."""
    later = resources.projected
    year = "projected" if later is None else f"projected for {later.lists.year}"
    return [("now", "now", resources.now), ("projected", year, later)]


def _figure_columns(end: str, words: str, kind: Kind = "people") -> tuple[Column, ...]:
    return (
        Column(f"patients_{end}", f"Patients, {words}", kind),
        Column(f"needed_{end}", f"Needed, {words}", None, "in the unit of the row, not rounded"),
        Column(f"rounded_{end}", f"Needed, {words}, rounded", None, _ROUNDED),
        Column(f"posts_{end}", f"Whole posts, {words}", "number", "full time equivalents rounded up"),
    )


def _groups(resources: Found) -> NamedTable:
    both = _both(resources)
    columns = (
        Column("group_id", "Group", "text"),
        Column("group", "Name", "text"),
        Column("resource", "Resource", "text"),
        Column("wave", "From wave", "text", "the wave from which the ratio holds, not that of the group"),
        Column("unit", "Unit", "text"),
        *(column for end, words, _ in both for column in _figure_columns(end, words)),
    )
    names = resources.ground.groups["name"]
    rows: list[tuple[object, ...]] = []
    for group in resources.ground.plan.groups:
        for k, ratio in enumerate(resources.ratios):
            figures = [value for _, _, one in both for value in _of_group(one, k, group.group_id)]
            rows.append(
                (
                    group.group_id, str(names[group.group_id]), ratio.resource, wave_label(resources, ratio.wave),
                    unit_words(ratio), *figures,
                )
            )  # fmt: skip
    holds = (
        "One row a group and ratio. Rounded posts and hours of groups need not add up to those of all, which are made "
        "from all patients; whole posts of groups add up to as many or more."
    )
    return _named("resources-groups", "What each group needs", holds, columns, rows)


def _of_group(scenario: Scenario | None, k: int, group_id: str) -> tuple[object, ...]:
    if scenario is None:
        return (None,) * 4
    need = scenario.needs[k]
    value = need.groups[group_id]
    told = Fraction(need.pounds[group_id]) if need.ratio.kind == MONEY else rounded(need.ratio, value)
    posts = -(-value.numerator // value.denominator) if need.ratio.kind == POSTS else None
    return scenario.lists.patients[group_id], plain_number(value), plain_number(told), posts


def _waves(resources: Found) -> NamedTable:
    both = _both(resources)
    further = tuple(
        column
        for end, words, _ in both
        for column in (
            *_figure_columns(end, words),
            Column(f"posts_by_group_{end}", f"Whole posts, each group rounding up, {words}", "number"),
            Column(f"everybody_{end}", f"If all groups were at scale, {words}", None, "empty for money paid once"),
        )
    )
    columns = (
        Column("resource", "Resource", "text"),
        Column("wave", "Wave", "text"),
        Column("unit", "Unit", "text"),
        Column("groups", "Groups", "number", "that need it by then; of money paid once: that are paid for then"),
        *further,
    )
    later = (None,) * len(resources.now.waves) if resources.projected is None else resources.projected.waves
    rows = [
        (
            one.ratio.resource, wave_label(resources, one.wave), unit_words(one.ratio), one.groups,
            *_of_wave(one), *_of_wave(other),
        )
        for one, other in zip(resources.now.waves, later, strict=True)
    ]  # fmt: skip
    holds = (
        "One row a resource and wave. Money paid once is what is paid in the wave, in equal parts over its years from "
        "the wave a group starts in, in whole pounds that add up to the total; money a year, posts and hours are what "
        "is needed by then: money from the wave a group starts in, posts and hours from the wave it works at scale in."
    )
    return _named("resources-waves", "What each wave needs", holds, columns, rows)


def _of_wave(one: WaveNeed | None) -> tuple[object, ...]:
    if one is None:
        return (None,) * 6
    return (
        one.patients, plain_number(one.needed), plain_number(rounded(one.ratio, one.needed)), one.posts,
        one.posts_by_group, plain_number(one.everybody),
    )  # fmt: skip


def _totals(resources: Found) -> NamedTable:
    both = _both(resources)
    further = tuple(
        column
        for end, words, _ in both
        for column in (
            *_figure_columns(end, words),
            Column(f"posts_by_group_{end}", f"Whole posts, each group rounding up, {words}", "number"),
            Column(f"per_head_{end}", f"Pounds a head, {words}", "ratio"),
            Column(f"stated_scaled_{end}", f"Stated, for as many patients, {words}", None),
            Column(f"difference_{end}", f"Computed less stated, {words}", None),
        )
    )
    columns = (
        Column("resource", "Resource", "text"),
        Column("wave", "From wave", "text"),
        Column("unit", "Unit", "text"),
        Column("stated", "Stated elsewhere", None),
        Column("stated_patients", "Stated for patients", "people"),
        Column("stated_per_head", "Stated, pounds a head", "ratio"),
        Column("stated_is", "What the stated figure is", "text"),
        *further,
    )
    rows: list[tuple[object, ...]] = []
    for k, ratio in enumerate(resources.ratios):
        figures = [
            value for _, _, one in both for value in (_of_all(one.needs[k], one.lists.total) if one else (None,) * 8)
        ]
        rows.append(
            (ratio.resource, wave_label(resources, ratio.wave), unit_words(ratio), *_stated(resources, ratio), *figures)
        )
    holds = (
        "One row a ratio, for all patients of the plan. A figure stated for other patients is a comparison scaled to "
        "these: nobody has committed it for this place."
    )
    return _named("resources-totals", "What the option needs in total", holds, columns, rows)


def _stated(resources: Found, ratio: Ratio) -> tuple[object, ...]:
    if ratio.stated is None:
        return (None,) * 4
    patients = resources.now.lists.total
    for_patients = ratio.stated_patients or patients
    head = float(ratio.stated / for_patients) if ratio.kind == MONEY and for_patients else None
    is_what = COMPARISON if is_comparison(ratio, patients) else STATED_HERE
    return plain_number(ratio.stated), for_patients, head, is_what


def _of_all(need: Need, patients: int) -> tuple[object, ...]:
    ratio = need.ratio
    posts, by_group = (need.posts, need.posts_by_group) if ratio.kind == POSTS else (None, None)
    head = float(need.total / patients) if ratio.kind == MONEY and patients else None
    stated = stated_for(ratio, patients)
    return (
        patients, plain_number(need.total), plain_number(rounded(ratio, need.total)), posts, by_group, head,
        plain_number(stated), plain_number(None if stated is None else need.total - stated),
    )  # fmt: skip
