"""The map of one option as a picture of 300 dots an inch, for slides and papers: the still map of the page.

Whatever is cut off, the draft status stays: it stands above the map and twice within it.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable
from functools import cache
from pathlib import Path as FilePath
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from grouping import maps
from grouping.board_pack.chosen import Chosen, choose, lead_of
from grouping.board_pack.layers import attribution_of, run_words, status_of
from grouping.escape import visible
from grouping.impact.about import DRAFT
from grouping.maps.hatch_lines import TILE, path_points, strokes
from grouping.maps.hatches import HATCHES, Hatch
from grouping.plain_words import NO_CLOSURE, count
from grouping.result import Run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.path import Path

DOTS_PER_INCH = 300
WIDTH_IN, HEIGHT_IN = 11.69, 8.27
"""A4, landscape."""

INK, QUIET, SEA, LAND, LOCALITY_INK, DRAFT_INK = "#17222c", "#4b5b68", "#dfe9ef", "#ffffff", "#5b2a86", "#3f2f00"
HATCH_INK, ROAD_INK = "#17222c80", "#56636e"

MAP_BOX = (0.025, 0.115, 0.665, 0.765)
"""Left, bottom, width and height of the map, as shares of the picture."""

LEGEND_BOX = (0.7, 0.115, 0.285, 0.765)

SWATCH_TILE_IN = 0.075
"""Side of a tile of a hatch in the legend, in inches."""

SMALLEST_LEGEND = 5.8
"""Smallest letters of the legend, in points, as long as another column makes them larger."""

SHORTEST_NAME = 6
"""Letters of a name in the legend below which nobody would know it: then the letters of the group stand alone."""

SETTINGS = {"font.family": "DejaVu Sans", "path.simplify": False, "text.usetex": False}
"""The font comes with matplotlib, so that the picture looks the same everywhere."""


def write_picture(run: Run, option_id: str, path: FilePath) -> None:
    """Write the map of an option as PNG, A4 landscape at 300 dots an inch.

    The same run gives the same bytes with the same version of matplotlib.

    Parameters
    ----------
    run
        The run.
    option_id
        One of its options.
    path
        The file to write.

    Raises
    ------
    KeyError
        The run has no such option.
    """
    import matplotlib as mpl  # noqa: PLC0415 - only who draws a picture waits for it
    from matplotlib.backends.backend_agg import FigureCanvasAgg  # noqa: PLC0415
    from matplotlib.figure import Figure  # noqa: PLC0415

    chosen = choose(run, option_id)
    plain = {key: value for key, value in mpl.rcParamsDefault.items() if not key.startswith("backend")}
    with mpl.rc_context(plain | SETTINGS):
        figure = Figure(figsize=(WIDTH_IN, HEIGHT_IN), dpi=DOTS_PER_INCH, facecolor="white")
        canvas = FigureCanvasAgg(figure)
        _draw_map(figure, chosen)
        _draw_frame(figure, run, chosen)
        _draw_legend(figure, chosen)
        facts = {"Software": None, "Title": _shown(run.title), "Description": status_of(run)}
        canvas.print_png(path, metadata=facts)


def outlines(path_data: str) -> Path | None:
    """SVG path data of the still map (`M x y l dx dy ...`, with `z` where it closes) as matplotlib's; None if empty."""
    from matplotlib.path import Path  # noqa: PLC0415

    corners, codes = [], []
    for points in path_points(path_data):
        closed = path_data.endswith("z")
        corners.append(np.vstack([points, points[:1]]) if closed else points)
        codes.append([Path.MOVETO, *[Path.LINETO] * (len(points) - 1), *[Path.CLOSEPOLY] * closed])
    return Path(np.vstack(corners), np.concatenate(codes)) if corners else None


# ------------------------------------------------------------------------------------------------------------ the map


def _draw_map(figure: Figure, chosen: Chosen) -> None:
    from matplotlib.patches import PathPatch  # noqa: PLC0415

    drawing = chosen.drawing
    axes = _map_axes(figure, drawing)

    def area(path_data: str, **look: object) -> None:
        path = outlines(path_data)
        if path is not None:
            axes.add_patch(PathPatch(path, **look))

    area(drawing.land, facecolor=LAND, edgecolor="#b4c0ca", linewidth=0.5)
    for group in drawing.options[0].groups:
        _fill(axes, outlines(group.path), HATCHES[chosen.colours[group.group_id]], _points_a_unit(drawing))
    area(drawing.roads, facecolor="none", edgecolor="white", linewidth=1.3)
    area(drawing.roads, facecolor="none", edgecolor=ROAD_INK, linewidth=0.5)
    area(drawing.localities, facecolor="none", edgecolor=LOCALITY_INK, linewidth=0.8, linestyle=(0, (5, 3)))
    _draw_sites(axes, drawing.sites)
    _draw_groups(axes, drawing)
    _draw_scale(axes, drawing)
    _draw_status(axes, drawing, status_of(chosen.run))


def _fill(axes: Axes, path: Path | None, hatch: Hatch, points: float) -> None:
    """An area in its colour with its hatch, the same as on the page; `points` is the size of a drawing unit."""
    from matplotlib.collections import LineCollection  # noqa: PLC0415
    from matplotlib.patches import PathPatch  # noqa: PLC0415

    if path is None:
        return
    axes.add_patch(PathPatch(path, facecolor=hatch.colour, edgecolor="none"))
    if hatch.lines:
        box = path.get_extents()
        tile = _tile(hatch)
        starts = [(box.x0 // TILE * TILE, box.y0 // TILE * TILE), (box.x1, box.y1)]
        at = [np.arange(low, high, TILE) for low, high in zip(*starts, strict=True)]
        corners = np.stack(np.meshgrid(*at), axis=-1).reshape(-1, 1, 1, 2)
        lines = (tile[None] + corners).reshape(-1, 2, 2)
        drawn = LineCollection(lines, colors=HATCH_INK, linewidths=hatch.width * points, capstyle="round")
        axes.add_collection(drawn, autolim=False)
        drawn.set_clip_path(path, axes.transData)
    axes.add_patch(PathPatch(path, facecolor="none", edgecolor="#22303c", linewidth=1.0, joinstyle="round"))


def _tile(hatch: Hatch) -> NDArray[np.float64]:
    """Strokes of a tile, shape (strokes, 2, 2); a dot is a very short one, for one of no length is not drawn."""
    lines = np.array(list(strokes(hatch.lines)), dtype=float)
    lines[:, 1, 0] += 0.5 * (lines[:, 0] == lines[:, 1]).all(axis=1)
    return lines


def _points_a_unit(drawing: maps.Drawing) -> float:
    """How many points (1/72 inch) a drawing unit is on the picture."""
    _, _, wide, high = MAP_BOX
    return 72 * min(wide * WIDTH_IN / drawing.width, high * HEIGHT_IN / drawing.height)


def _map_axes(figure: Figure, drawing: maps.Drawing) -> Axes:
    """Axes in drawing units, as large as the box allows."""
    left, bottom, wide, high = MAP_BOX
    scale = _points_a_unit(drawing) / 72
    share_x, share_y = scale * drawing.width / WIDTH_IN, scale * drawing.height / HEIGHT_IN
    axes = figure.add_axes((left + (wide - share_x) / 2, bottom + (high - share_y), share_x, share_y))
    axes.set(xlim=(0, drawing.width), ylim=(drawing.height, 0), xticks=[], yticks=[], facecolor=SEA)
    for side in axes.spines.values():
        side.set(color="#aebbc6", linewidth=0.8)
    return axes


def _draw_sites(axes: Axes, sites: Iterable[tuple[int, int, str]]) -> None:
    looks = {"main": (INK, "white", 3.6), "branch": ("white", INK, 3.0)}
    for x, y, kind in sites:
        fill, line, size = looks.get(kind, ("#9aa5ae", INK, 3.0))
        axes.plot(x, y, "o", markerfacecolor=fill, markeredgecolor=line, markeredgewidth=0.6, markersize=size)


def _draw_groups(axes: Axes, drawing: maps.Drawing) -> None:
    """Hubs and letters, with a line where the letters stand apart."""
    groups = drawing.options[0].groups
    for group in groups:
        axes.plot(*group.hub, "D", markerfacecolor="white", markeredgecolor=INK, markeredgewidth=1.1, markersize=5)
    for group in groups:
        if group.apart:
            axes.plot(*zip(group.spot, group.label, strict=True), color=INK, linewidth=0.6)
    for group in groups:
        _write(axes, *group.label, group.letters, fontsize=8.5, fontweight="bold", ha="center", va="center", halo=2.4)


def _draw_scale(axes: Axes, drawing: maps.Drawing) -> None:
    x, y = 40, drawing.height - 40
    axes.plot(
        [x, x, x + drawing.scale_length, x + drawing.scale_length], [y - 14, y, y, y - 14], color=INK, linewidth=1
    )
    _write(axes, x + drawing.scale_length + 16, y + 4, f"{drawing.scale_km} km", fontsize=7, va="bottom", halo=1.5)


def _draw_status(axes: Axes, drawing: maps.Drawing, status: str) -> None:
    """Twice within the map, in opposite corners: whoever cuts a piece out takes one of them along."""
    look = {"fontsize": 6.8, "fontweight": "bold", "color": DRAFT_INK, "halo": 2.0}
    lines = "\n".join(textwrap.wrap(status, 62))
    _write(axes, drawing.width - 30, drawing.height - 30, lines, ha="right", va="bottom", **look)
    _write(axes, 30, 30, lines, ha="left", va="top", **look)


# ------------------------------------------------------------------------------------------------ words round the map


def _draw_frame(figure: Figure, run: Run, chosen: Chosen) -> None:
    said = lead_of(chosen.option, estimate=run.times.method.estimate)
    _write(figure, 0.025, 0.965, _short(run.title, 78), fontsize=15, fontweight="bold", va="center")
    _write(figure, 0.025, 0.93, said, fontsize=9, va="center")
    _write(figure, 0.025, 0.9, f"{DRAFT} {NO_CLOSURE}", fontsize=9, fontweight="bold", color=DRAFT_INK, va="center")
    facts = [
        f"{run_words(run)} Rule set: {run.rules.title} ({run.rules.name}, version {run.rules.version}).".strip(),
        *dict.fromkeys([*attribution_of(run), *filter(None, [chosen.drawing.attribution])]),
    ]
    lines = [line for fact in facts for line in textwrap.wrap(_shown(fact), 190)]
    size = 6.0 if len(lines) <= 7 else 6.0 * 7 / len(lines)
    _write(figure, 0.025, 0.1, "\n".join(lines), fontsize=size, color=QUIET, va="top", linespacing=1.25)


def _draw_legend(figure: Figure, chosen: Chosen) -> None:
    """The marks in words, then every group with its colour, hatch, letters and name."""
    axes = figure.add_axes(LEGEND_BOX)
    axes.set(xlim=(0, 1), ylim=(1, 0))
    axes.set_axis_off()
    y = _draw_marks(axes, chosen.drawing)
    groups = list(chosen.option.groups[["group_id", "name", "list_size"]].itertuples(index=False))
    letters = maps.group_letters([group_id for group_id, *_ in groups])
    room = 1 - y - 0.03
    columns = next((number for number in (1, 2, 3) if _legend_size(len(groups), number, room)[1] >= SMALLEST_LEGEND), 4)
    step, size = _legend_size(len(groups), columns, room)
    rows = -(-len(groups) // columns)
    title = "Groups: letters, name, registered patients"
    _write(axes, 0, y + 0.008, title, fontsize=7.5, fontweight="bold", va="center")
    points = (1 / columns - 0.16) * LEGEND_BOX[2] * WIDTH_IN * 72
    for position, (group_id, name, patients) in enumerate(groups):
        x, at = (position // rows) / columns, y + 0.035 + (position % rows) * step
        _draw_swatch(axes, (x, at), step, chosen.colours[group_id])
        words = _name_and_patients(name if letters[group_id] == group_id else group_id, _number(patients), points, size)
        _write(axes, x + 0.07, at, letters[group_id], fontsize=size, fontweight="bold", va="center")
        _write(axes, x + 0.15, at, words, fontsize=size, va="center")


def _legend_size(groups: int, columns: int, room: float) -> tuple[float, float]:
    """Height of a line of the legend, as a share of it, and size of its letters in points."""
    step = min(0.0262, room / max(-(-groups // columns), 1))
    return step, min(6.8, 6.8 * step / 0.0215)


def _name_and_patients(name: object, patients: str, points: float, size: float) -> str:
    """Both in so many points of width; the name loses letters, and stands aside where next to nothing would be left."""
    text = " ".join(_shown(name).split())
    for letters in range(len(text), min(len(text), SHORTEST_NAME) - 1, -1):
        words = f"{_short(text, letters)}, {patients}"
        if _width(words, size) <= points:
            return words
    return patients


def _width(text: str, size: float) -> float:
    """How wide a text is, in points."""
    from matplotlib import font_manager  # noqa: PLC0415

    font = font_manager.get_font(font_manager.findfont("DejaVu Sans"))
    font.set_size(10 * size, 72)  # ten times as large: letters are fitted to whole pixels
    font.set_text(text, 0.0)
    return font.get_width_height()[0] / 640


def _draw_swatch(axes: Axes, at: tuple[float, float], step: float, colour: int) -> None:
    from matplotlib.collections import LineCollection  # noqa: PLC0415
    from matplotlib.patches import Rectangle  # noqa: PLC0415

    corner, (wide, high) = (at[0], at[1] - 0.38 * step), (0.055, 0.76 * step)
    hatch = HATCHES[colour]
    box = Rectangle(corner, wide, high, facecolor=hatch.colour, edgecolor="none")
    axes.add_patch(box)
    if hatch.lines:
        # tiles of a third of the swatch's height, square on paper
        across, down = SWATCH_TILE_IN / (LEGEND_BOX[2] * WIDTH_IN), SWATCH_TILE_IN / (LEGEND_BOX[3] * HEIGHT_IN)
        tile = _tile(hatch) / TILE * [across, down]
        at_x, at_y = np.arange(corner[0], corner[0] + wide, across), np.arange(corner[1], corner[1] + high, down)
        corners = np.stack(np.meshgrid(at_x, at_y), axis=-1).reshape(-1, 1, 1, 2)
        width = hatch.width / TILE * SWATCH_TILE_IN * 72
        drawn = LineCollection((tile[None] + corners).reshape(-1, 2, 2), colors=HATCH_INK, linewidths=width)
        drawn.set_capstyle("round")
        axes.add_collection(drawn, autolim=False)
        drawn.set_clip_path(box)
    axes.add_patch(Rectangle(corner, wide, high, facecolor="none", edgecolor="#22303c", lw=0.5))


def _draw_marks(axes: Axes, drawing: maps.Drawing) -> float:
    """What each mark means; gives the height below them."""
    kinds = {kind for _, _, kind in drawing.sites}
    looks = [("D", "white", INK, 5.0, "hub of a group")]
    looks += [("o", INK, "white", 4.2, "main site of a practice")] if "main" in kinds else []
    looks += [("o", "white", INK, 3.6, "branch site")] if "branch" in kinds else []
    looks += [("o", "#9aa5ae", INK, 3.6, "other site")] if kinds - {"main", "branch"} else []
    y = 0.012
    for mark, fill, line, size, words in looks:
        axes.plot(0.027, y, mark, mfc=fill, mec=line, mew=0.8, ms=size, clip_on=False)
        _write(axes, 0.07, y, words, fontsize=7, va="center")
        y += 0.026
    if drawing.localities:
        axes.plot([0, 0.055], [y, y], color=LOCALITY_INK, linewidth=1, linestyle=(0, (4, 2)))
        _write(axes, 0.07, y, "border of a locality", fontsize=7, va="center")
        y += 0.026
    if drawing.roads:
        axes.plot([0, 0.055], [y, y], color=ROAD_INK, linewidth=0.8)
        _write(axes, 0.07, y, "main road", fontsize=7, va="center")
        y += 0.026
    for line in textwrap.wrap(
        "Colour and hatch show which group most patients of an area are registered with, not where they must go.", 62
    ):
        _write(axes, 0, y, line, fontsize=6.3, color=QUIET, va="center")
        y += 0.022
    return y + 0.015


# ------------------------------------------------------------------------------------------------------------- texts


def _write(target: Axes | Figure, x: float, y: float, words: str, *, halo: float = 0.0, **look: object) -> None:
    """Text as it is: a dollar sign in a name begins no formula; `halo` is a white rim in points."""
    from matplotlib.patheffects import withStroke  # noqa: PLC0415

    look.setdefault("color", INK)
    text = target.text(x, y, _shown(words), parse_math=False, **look)
    if halo:
        text.set_path_effects([withStroke(linewidth=halo, foreground="white")])


def _shown(words: object) -> str:
    """Text in which nothing is hidden and every letter has a shape in the font; others are spelt out."""
    known = _letters_of_font() | {ord("\n")}
    return "".join(letter if ord(letter) in known else f"[U+{ord(letter):04X}]" for letter in visible(str(words)))


@cache
def _letters_of_font() -> frozenset[int]:
    from matplotlib import font_manager  # noqa: PLC0415

    plain = font_manager.findfont("DejaVu Sans")
    bold = font_manager.findfont(font_manager.FontProperties(family="DejaVu Sans", weight="bold"))
    found = [frozenset(font_manager.get_font(name).get_charmap()) for name in (plain, bold)]
    return found[0] & found[1]


def _short(words: object, longest: int) -> str:
    """At most so many letters, an ellipsis where some are left out; the number that tells a name from others stays."""
    text = " ".join(_shown(words).split())
    if len(text) <= longest:
        return text
    ending = re.search(r" \d{1,3}$|$", text).group()
    return text[: max(longest - 1 - len(ending), 1)].rstrip() + "…" + ending


def _number(value: object) -> str:
    return value if isinstance(value, str) else count(value)
