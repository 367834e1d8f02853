"""What the page prints of what an option needs: short tables and small bar charts, ready as texts and numbers."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from grouping.plain_words import UNKNOWN, count
from grouping.resources.needs import Found, Need, Scenario, WaveNeed
from grouping.resources.ratios import MONEY, POSTS, Ratio
from grouping.resources.tables import given_by, is_comparison, stated_for, unit_words, wave_label
from grouping.resources.words import (
    amount_words,
    final_needs,
    pounds,
    ratio_words,
    short_amount,
)

WIDTH, BAR, GAP, LABELS = 360, 22, 10, 120
"""Pixels of a chart: its width, a bar and the space below it, and the room for names of waves."""


@dataclass(frozen=True)
class TotalRow:
    """One ratio for all patients: now, its posts, projected."""

    resource: str
    ratio: str
    wave: str
    now: str
    posts: str
    projected: str
    source: str


@dataclass(frozen=True)
class StatedRow:
    """A figure of the table of computed and stated ones: what it is, for how many patients, and how much a head."""

    resource: str
    what: str
    patients: str
    amount: str
    head: str


@dataclass(frozen=True)
class GroupRow:
    """One group: its patients, and what it needs of each resource in the end."""

    group_id: str
    name: str
    patients: str
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Bar:
    """One bar of a chart: its wave, its length in pixels, its figure."""

    wave: str
    length: float
    top: int
    words: str


@dataclass(frozen=True)
class Chart:
    """The bars of one resource, wave by wave; `words` is what somebody who does not see it is told."""

    title: str
    height: int
    bars: tuple[Bar, ...]
    words: str


@dataclass(frozen=True)
class ResourcesView:
    """What the page prints."""

    totals: tuple[TotalRow, ...]
    stated: tuple[StatedRow, ...]
    heads: tuple[str, ...]
    groups: tuple[GroupRow, ...]
    all_groups: tuple[str, ...]
    group_sums: tuple[str, ...]
    later_groups: tuple[GroupRow, ...]
    later_all: tuple[str, ...]
    year: str
    patients: str
    later_patients: str
    wave_heads: tuple[str, ...]
    waves: tuple[tuple[str, tuple[str, ...]], ...]
    charts: tuple[Chart, ...]
    given: str
    width: int = WIDTH
    labels: int = LABELS
    bar: int = BAR


def view_of(resources: Found) -> ResourcesView:
    """Gather what the page prints."""
    now, later = resources.now, resources.projected
    finals = final_needs(now)
    patients = now.lists.total
    return ResourcesView(
        totals=tuple(_total(resources, k) for k in range(len(resources.ratios))),
        stated=tuple(row for need in now.needs for row in _stated(need, patients)),
        heads=tuple(f"{need.ratio.resource} ({_head_unit(need.ratio)})" for need in finals),
        groups=_groups(resources, now),
        all_groups=_all(now),
        group_sums=_sums(now),
        later_groups=() if later is None else _groups(resources, later),
        later_all=() if later is None else _all(later),
        year="" if later is None else str(later.lists.year),
        patients=count(patients),
        later_patients=UNKNOWN if later is None else count(later.lists.total),
        wave_heads=tuple(f"{need.ratio.resource} ({_head_unit(need.ratio)})" for need in finals),
        waves=_wave_rows(resources) if resources.by_wave else (),
        charts=tuple(_chart(resources, need.ratio) for need in finals if resources.by_wave),
        given=given_by(resources),
    )


def _head_unit(ratio: Ratio) -> str:
    return {"full time equivalents": "FTE, whole posts"}.get(unit_words(ratio), unit_words(ratio))


def _total(resources: Found, k: int) -> TotalRow:
    need = resources.now.needs[k]
    ratio = need.ratio
    posts = "" if ratio.kind != POSTS else f"{need.posts:,} ({need.posts_by_group:,} if each group rounds up)"
    later = UNKNOWN
    if resources.projected is not None:
        then = resources.projected.needs[k]
        later = amount_words(ratio, then.total) + (f", {then.posts:,} posts" if ratio.kind == POSTS else "")
    wave = wave_label(resources, ratio.wave)
    return TotalRow(
        ratio.resource, ratio_words(ratio), wave, amount_words(ratio, need.total), posts, later, ratio.source
    )


def _stated(need: Need, patients: int) -> list[StatedRow]:
    """What is computed, what is stated, and what that would be for the patients of this place."""
    ratio = need.ratio
    if ratio.stated is None:
        return []
    stated_patients = ratio.stated_patients or patients
    rows = [("Computed", patients, need.total), ("Stated", stated_patients, ratio.stated)]
    scaled = stated_for(ratio, patients)
    if is_comparison(ratio, patients):
        rows.append(("Comparison: stated, scaled to the patients here", patients, scaled))
    rows.append(("Computed less stated", patients, need.total - scaled))
    return [
        StatedRow(
            ratio.resource,
            what,
            count(number),
            amount_words(ratio, amount),
            pounds(amount / number, 2) if ratio.kind == MONEY and number else "",
        )
        for what, number, amount in rows
    ]


def _cell(ratio: Ratio, value: Fraction, posts: int | None) -> str:
    return short_amount(ratio, value) + ("" if posts is None else f" ({posts:,})")


def _groups(resources: Found, scenario: Scenario) -> tuple[GroupRow, ...]:
    finals = final_needs(scenario)
    whole = [need.pounds if need.ratio.kind == MONEY else {} for need in finals]
    names = resources.ground.groups["name"]
    rows = []
    for group in resources.ground.plan.groups:
        cells = []
        for need, told in zip(finals, whole, strict=True):
            value = need.groups[group.group_id]
            if need.ratio.kind == MONEY:
                cells.append(pounds(told[group.group_id]))
            else:
                posts = -(-value.numerator // value.denominator) if need.ratio.kind == POSTS else None
                cells.append(_cell(need.ratio, value, posts))
        patients = count(scenario.lists.patients[group.group_id])
        rows.append(GroupRow(group.group_id, str(names[group.group_id]), patients, tuple(cells)))
    return tuple(rows)


def _all(scenario: Scenario) -> tuple[str, ...]:
    """What all groups need together."""
    return tuple(
        _cell(need.ratio, need.total, need.posts if need.ratio.kind == POSTS else None)
        for need in final_needs(scenario)
    )


def _sums(scenario: Scenario) -> tuple[str, ...]:
    """Whole posts of groups added up, under the columns of posts."""
    return tuple(f"{need.posts_by_group:,} posts" if need.ratio.kind == POSTS else "" for need in final_needs(scenario))


def _of_resource(resources: Found, ratio: Ratio) -> list[WaveNeed]:
    return [one for one in resources.now.waves if one.ratio.key == ratio.key]


def _wave_rows(resources: Found) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Waves by resources; what is paid after the last wave, and groups in none, come at the end."""
    finals = final_needs(resources.now)
    last = len(resources.wave_names)
    there = {one.wave for one in resources.now.waves}
    order: list[int | None] = [*range(last), *(one for one in (last, None) if one in there)]
    rows = []
    for wave in order:
        cells = []
        for need in finals:
            found = [one for one in _of_resource(resources, need.ratio) if one.wave == wave]
            cells.append(_cell(need.ratio, found[0].needed, found[0].posts) if found else "–")
        rows.append((wave_label(resources, wave), tuple(cells)))
    return tuple(rows)


def _chart(resources: Found, ratio: Ratio) -> Chart:
    """Horizontal bars, one a wave, in proportion to the largest."""
    rows = [one for one in _of_resource(resources, ratio) if one.wave is not None]
    most = max((one.needed for one in rows), default=Fraction())
    room = WIDTH - LABELS - 90
    bars = tuple(
        Bar(
            wave_label(resources, one.wave),
            round(float(one.needed / most) * room, 1) if most else 0.0,
            k * (BAR + GAP),
            short_amount(ratio, one.needed),
        )
        for k, one in enumerate(rows)
    )
    title = f"{ratio.resource}, {unit_words(ratio)}"
    said = "; ".join(f"{bar.wave} {bar.words}" for bar in bars)
    return Chart(title, len(rows) * (BAR + GAP), bars, f"{title}: {said}. The same figures are in the table of waves.")
