"""The cumulative curve: which share of people is within so many minutes, drawn as still SVG for rural and urban."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from grouping.impact.columns import WITHIN
from grouping.impact.words import share_cell
from grouping.plain_words import is_missing

WIDTH, HEIGHT = 360, 236
LEFT, RIGHT, TOP, BOTTOM = 40, 84, 14, 40
LAST = WITHIN[-1]
_APART = 15
"""Units between two labels at the end of the lines, so that they do not cover each other."""


@dataclass(frozen=True)
class Line:
    """One line of the drawing: its name, path, spots, and where its label stands."""

    setting: str
    path: str
    spots: tuple[tuple[float, float], ...]
    label: str
    label_y: float


@dataclass(frozen=True)
class Curve:
    """A drawing of one option, its words for who cannot see it, and its figures."""

    lines: tuple[Line, ...]
    words: str
    upright: tuple[tuple[float, str], ...]
    across: tuple[tuple[float, str], ...]
    missing: tuple[str, ...]


def curve_of(title: str, shares: Mapping[str, Mapping[int, object]]) -> Curve:
    """Draw the curve of one option.

    Parameters
    ----------
    title
        Name of the option.
    shares
        Setting (`rural`, `urban`, or `all` where nothing else is known) -> minutes -> share 0-1. A setting of which a
        share is hidden is not drawn.
    """
    drawn = {name: row for name, row in shares.items() if not any(_unknown(row[m]) for m in WITHIN)}
    ends = _labels_apart({name: _y(float(row[LAST])) for name, row in drawn.items()})
    lines = []
    for name, row in drawn.items():
        spots = tuple((_x(m), _y(float(row[m]))) for m in WITHIN)
        path = f"M{_x(0):g} {_y(0):g}" + "".join(f"L{x:g} {y:g}" for x, y in spots)
        label = f"{name} {share_cell(row[LAST])}".replace("over ", ">").replace("under ", "<")  # room is short here
        lines.append(Line(name, path, spots, label, ends[name]))
    said = "; ".join(
        f"{name}: " + ", ".join(f"{share_cell(row[m])} within {m} minutes" for m in WITHIN)
        for name, row in drawn.items()
    )
    return Curve(
        lines=tuple(lines),
        words=f"{title}: share of people within so many minutes of the hub by car. {said}.",
        upright=tuple((_x(m), str(m)) for m in (0, *WITHIN)),
        across=tuple((_y(share), f"{100 * share:.0f}%") for share in (0.0, 0.5, 1.0)),
        missing=tuple(name for name in shares if name not in drawn),
    )


def _unknown(value: object) -> bool:
    return isinstance(value, str) or is_missing(value)


def _x(at: float) -> float:
    return round(LEFT + (WIDTH - LEFT - RIGHT) * at / LAST, 1)


def _y(share: float) -> float:
    return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * share, 1)


def _labels_apart(ends: Mapping[str, float]) -> dict[str, float]:
    """Heights of the labels, from the top down, each clear of the one above."""
    placed: dict[str, float] = {}
    lowest = float("-inf")
    for name in sorted(ends, key=lambda name: (ends[name], name)):
        lowest = max(ends[name] + 4, lowest + _APART)
        placed[name] = lowest
    return placed
