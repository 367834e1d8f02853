"""The rollout as the page shows it: rows ready to print, and the geometry of its two charts in units of their SVG."""

from __future__ import annotations

from dataclasses import dataclass

from grouping.plain_words import count, cut, listed
from grouping.rollout.explain import order_of, share
from grouping.rollout.result import Found
from grouping.rollout.waves import Wave, position

LABEL, WIDTH, ROW, HEAD = 216, 720, 24, 30
"""Widths of the labels and of the whole timeline, height of a row and of its head."""

NARROWEST = 54
"""Width of a wave below which its name would not fit."""

BAR, HATCH = 14, 7
"""Height of a bar, and distance of the lines of a hatch."""

LONGEST_NAME = 26
"""Letters of a group's name in the timeline; the table has it in full."""

STEP_LEFT, STEP_TOP, STEP_HEIGHT, STEP_FOOT = 46, 26, 160, 28
"""Margins and height of the chart of shares."""

CLOSE = 18
"""Two lines nearer than this leave no room for a figure between them."""


@dataclass(frozen=True)
class Bar:
    """One group in the timeline; a width of 0 means that there is nothing to draw."""

    group_id: str
    label: str
    first: bool
    y: float
    half_x: float
    half_width: float
    hatch: str
    full_x: float
    full_width: float
    words: str


@dataclass(frozen=True)
class Timeline:
    """The timeline: its size, where each wave begins, and the bars in the order of the rollout."""

    width: float
    height: float
    column: float
    waves: tuple[tuple[str, float], ...]
    bars: tuple[Bar, ...]
    words: str


@dataclass(frozen=True)
class Level:
    """Share reached and target of one wave in the chart of steps: heights, and texts with where they stand."""

    name: str
    x: float
    reached_y: float
    reached_text_y: float
    reached: str
    target_y: float | None
    target_text_y: float
    target: str


@dataclass(frozen=True)
class Steps:
    """Share reached against the trajectory: its size, the line, the levels and the lines of the scale."""

    width: float
    height: float
    column: float
    path: str
    levels: tuple[Level, ...]
    scale: tuple[tuple[str, float], ...]
    words: str


@dataclass(frozen=True)
class WaveLine:
    """One row of the table of waves."""

    name: str
    target: str
    reached: str
    patients: str
    other: str
    short: str
    groups: str
    capacity: str


@dataclass(frozen=True)
class GroupLine:
    """One row of the table of groups."""

    group_id: str
    name: str
    patients: str
    below: bool
    first: bool
    start: str
    formed: str
    ready: str
    waiting: str
    reason: str


@dataclass(frozen=True)
class MilestoneLine:
    """One row of the table of milestones."""

    name: str
    wave: str
    share: str
    patients: str
    groups: str
    kept: str
    source: str


@dataclass(frozen=True)
class MissWords:
    """A missed target: its wave and what is said of it."""

    wave: str
    words: tuple[str, ...]


@dataclass(frozen=True)
class RolloutView:
    """Everything the template prints."""

    timeline: Timeline | None
    steps: Steps | None
    waves: tuple[WaveLine, ...]
    groups: tuple[GroupLine, ...]
    milestones: tuple[MilestoneLine, ...]
    misses: tuple[MissWords, ...]
    exceptions: bool
    other_words: str
    firsts: bool
    halves: bool
    first_name: str
    milestone_source: str = ""


def view_of(rollout: Found) -> RolloutView:
    """What the page prints of a rollout; where its years are not told, what the waves and milestones aim at."""
    timeline = _timeline(rollout) if rollout.told else None
    misses = zip(rollout.misses, rollout.missed_words, strict=True)  # none for the public
    return RolloutView(
        timeline=timeline,
        steps=_steps(rollout) if rollout.told else None,
        waves=_wave_lines(rollout) if rollout.told else _aim_lines(rollout),
        groups=_group_lines(rollout),
        milestones=_milestone_lines(rollout),
        milestone_source=_one_source(rollout),
        misses=tuple(MissWords(rollout.waves[miss.wave].name, words) for miss, words in misses),
        exceptions=any(row.below_minimum for row in rollout.groups),
        other_words=f"{'Without' if rollout.exceptions_count else 'With'} groups below their minimum",
        firsts=timeline is not None and any(bar.first for bar in timeline.bars),
        halves=timeline is not None and any(bar.half_width for bar in timeline.bars),
        first_name=rollout.waves[0].name if rollout.waves else "",
    )


def _ordered(rollout: Found) -> list[int]:
    rows = rollout.groups
    return order_of([row.start for row in rows], [row.formed for row in rows], len(rollout.waves))


def _timeline(rollout: Found) -> Timeline:
    span = max(len(rollout.waves), 1)
    column = max(NARROWEST, (WIDTH - LABEL) // span)
    end = LABEL + column * span
    bars = []
    for place, g in enumerate(_ordered(rollout)):
        row = rollout.groups[g]
        start = span if row.start is None else row.start
        formed = span if row.formed is None else row.formed
        y = HEAD + place * ROW + (ROW - BAR) / 2
        half_x, full_x = LABEL + column * start, LABEL + column * formed
        half = full_x - half_x
        bars.append(
            Bar(
                row.group_id,
                cut(row.name, LONGEST_NAME),
                row.first,
                y,
                half_x + 2,
                max(half - 2, 0) if half else 0,
                _hatch(half_x + 2, y, half - 2) if half else "",
                full_x + 2,
                max(end - full_x - 4, 0),
                _bar_words(rollout, g),
            )
        )
    waves = tuple((wave.name, LABEL + column * w) for w, wave in enumerate(rollout.waves))
    words = " ".join(f"{wave.name}: {_starting(rollout, w)}." for w, wave in enumerate(rollout.waves))
    return Timeline(end, HEAD + ROW * len(bars) + 6, column, waves, tuple(bars), words)


def _starting(rollout: Found, w: int) -> str:
    ids = [row.group_id for row in rollout.groups if row.start == w]
    return f"{listed(ids)} {'starts' if len(ids) == 1 else 'start'}" if ids else "no group starts"


def _bar_words(rollout: Found, g: int) -> str:
    row = rollout.groups[g]
    if row.start is None:
        return "does not start within these waves"
    said = f"starts in {rollout.waves[row.start].name}"
    if row.formed is None:
        return f"{said}, not at scale within these waves"
    return f"{said}, at scale from {rollout.waves[row.formed].name}"


def _hatch(x: float, y: float, width: float) -> str:
    """Slanting lines inside a bar, as a path: a repeated tile would be printed as a picture."""
    parts, offset = [], HATCH - BAR
    while offset < width:
        left, right = max(offset, 0.0), min(offset + BAR, width)
        if right > left:
            parts.append(f"M{x + left:g} {y + BAR - (left - offset):g}L{x + right:g} {y + BAR - (right - offset):g}")
        offset += HATCH
    return "".join(parts)


def _steps(rollout: Found) -> Steps:
    span = max(len(rollout.waves), 1)
    column = max(96, 480 // span)
    bottom = STEP_TOP + STEP_HEIGHT
    levels, path = [], ""
    for w, wave in enumerate(rollout.waves):
        x = STEP_LEFT + column * w
        reached = bottom - STEP_HEIGHT * rollout.reached[w]
        target = None if wave.target_share is None else bottom - STEP_HEIGHT * wave.target_share
        path += f"{'L' if path else 'M'}{x:g} {reached:g}L{x + column:g} {reached:g}"
        levels.append(
            Level(
                wave.name,
                x,
                reached,
                _beside(reached, target, bottom),
                share(rollout.at_scale[w], rollout.total),
                target,
                0.0 if target is None else _beside(target, reached, bottom),
                "" if wave.target_share is None else f"target {100 * wave.target_share:g}%",
            )
        )
    scale = tuple((f"{part}%", bottom - STEP_HEIGHT * part / 100) for part in (0, 25, 50, 75, 100))
    words = " ".join(
        f"{level.name}: {level.reached} reached{', ' + level.target if level.target else ', no target'}."
        for level in levels
    )
    return Steps(STEP_LEFT + column * span + 12, bottom + STEP_FOOT, column, path, tuple(levels), scale, words)


def _beside(own: float, other: float | None, bottom: float) -> float:
    """Height of the figure of a line: above it, or below where another line lies close above it."""
    close = other is not None and 0 < own - other < CLOSE
    return own + 14 if close and own + 18 < bottom else own - 6


def _aim_lines(rollout: Found) -> tuple[WaveLine, ...]:
    return tuple(
        WaveLine(
            wave.name,
            _target_words(wave),
            "",
            "no target" if target is None else count(target),
            "",
            "",
            "",
            _limit_words(wave),
        )
        for wave, target in zip(rollout.waves, rollout.targets, strict=True)
    )


def _target_words(wave: Wave) -> str:
    return "none" if wave.target_share is None else f"{100 * wave.target_share:g}%"


def _limit_words(wave: Wave) -> str:
    limits = []
    if wave.most_groups is not None:
        limits.append(f"{wave.most_groups:,} {'group' if wave.most_groups == 1 else 'groups'}")
    if wave.most_patients is not None:
        limits.append(f"{wave.most_patients:,} patients")
    return " and ".join(limits) or "no limit given"


def _wave_lines(rollout: Found) -> tuple[WaveLine, ...]:
    other = rollout.reached_meeting if rollout.exceptions_count else rollout.reached_all
    lines = []
    for w, wave in enumerate(rollout.waves):
        target, reached = rollout.targets[w], rollout.at_scale[w]
        lines.append(
            WaveLine(
                wave.name,
                _target_words(wave),
                share(reached, rollout.total),
                count(reached),
                share(other[w], rollout.total),
                "no target" if target is None else count(max(target - reached, 0)),
                str(sum(row.start == w for row in rollout.groups)),
                _limit_words(wave),
            )
        )
    return tuple(lines)


def _group_lines(rollout: Found) -> tuple[GroupLine, ...]:
    def name(at: int | None) -> str:
        return "not within these waves" if at is None else rollout.waves[at].name

    return tuple(
        GroupLine(
            row.group_id,
            row.name,
            count(row.patients),
            row.below_minimum,
            row.first,
            name(row.start),
            name(row.formed),
            "" if rollout.public else name(row.ready),
            "" if row.waiting is None else count(row.waiting),
            row.reason,
        )
        for row in (rollout.groups[g] for g in _ordered(rollout))
    )


def _one_source(rollout: Found) -> str:
    """The source of all milestones where they have one and the same; empty where they differ."""
    sources = {row.source for row in rollout.milestones}
    return sources.pop() if len(sources) == 1 else ""


def _milestone_lines(rollout: Found) -> tuple[MilestoneLine, ...]:
    everybody, names = len(rollout.groups), [wave.name for wave in rollout.waves]
    return tuple(
        MilestoneLine(
            row.name,
            row.wave,
            f"{100 * row.target_share:g}%",
            count(row.patients),
            "all groups" if len(row.groups) == everybody else listed(list(row.groups)) if row.groups else "none",
            "not assessed" if row.at_scale is None else "yes" if row.at_scale >= row.patients else "no",
            row.source,
        )
        for row in rollout.milestones
        if position(names, row.wave) is not None  # built-in years say nothing beside waves of the planner's own
    )
