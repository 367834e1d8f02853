"""The tables of a page as a reader meets them, and whether a cell shows a figure as it stands in a table."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from html.parser import HTMLParser

import pandas as pd

from grouping.escape import visible

BY_HALF = 5e-4
"""Tables hold at most three decimals of a figure that the page rounds from all of them."""

FIGURE = re.compile(r"\*|over 99%|under 1%|[+−]?£?\d[\d,]*(?:\.\d+)?%?")
UNKNOWN = {"not known", "–", ""}


@dataclass
class Shown:
    """One table of the page: its section, the option it belongs to, its caption, heads and rows of texts.

    `heads` has one entry a column: the words above (empty without) and the words of the column itself.
    """

    section: str
    option: str
    classes: str
    caption: str = ""
    heads: list[tuple[str, str]] = field(default_factory=list)
    rows: list[list[str]] = field(default_factory=list)

    @property
    def called(self) -> str:
        """Section and caption."""
        return f"{self.section}: {self.caption}"

    @property
    def columns(self) -> list[str]:
        return [words for _, words in self.heads]


class _Reader(HTMLParser):
    """Collects tables; what stands in a script or in an SVG is no text."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, dict[str, str | None]]] = []
        self.tables: list[Shown] = []
        self.into: list[str] | None = None
        self.head_rows: list[list[tuple[str, int, int]]] = []
        self.cell: tuple[int, int] = (1, 1)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag in {"br", "img", "input", "meta", "link", "hr", "path", "rect", "circle", "use"}:
            if tag == "br" and self.into is not None:
                self.into.append(" ")
            return
        self.open.append((tag, given))
        if tag == "table":
            self.tables.append(Shown(self._nearest("section", "id"), self._option(), given.get("class") or ""))
            self.head_rows = []
        elif tag == "tr" and self.tables:
            if self._inside("thead"):
                self.head_rows.append([])
            elif self._inside("table"):
                self.tables[-1].rows.append([])
        elif tag in {"th", "td", "caption"} and self._inside("table"):
            self.into = []
            self.cell = (int(given.get("colspan") or 1), int(given.get("rowspan") or 1))
        elif tag in {"li", "p", "dt", "dd", "div", "ul"} and self.into is not None:
            self.into.append(" ")

    def handle_endtag(self, tag: str) -> None:
        if tag in {"th", "td", "caption"} and self.into is not None:
            text = " ".join("".join(self.into).split())
            self.into = None
            if tag == "caption":
                self.tables[-1].caption = text
            elif self._inside("thead"):
                self.head_rows[-1].append((text, *self.cell))
            else:
                self.tables[-1].rows[-1].append(text)
        if tag == "thead" and self.tables:
            self.tables[-1].heads = _heads(self.head_rows)
        while self._inside(tag):  # what is left open inside ends with it
            name, _ = self.open.pop()
            if name == tag:
                break

    def handle_data(self, data: str) -> None:
        if self.into is not None and not self._inside("script") and not self._inside("svg"):
            self.into.append(data)

    def _inside(self, tag: str) -> bool:
        return any(name == tag for name, _ in self.open)

    def _nearest(self, tag: str, key: str) -> str:
        return next((given[key] or "" for name, given in reversed(self.open) if name == tag and given.get(key)), "")

    def _option(self) -> str:
        return next(
            (given["data-of-option"] or "" for _, given in reversed(self.open) if "data-of-option" in given), ""
        )


def _heads(rows: list[list[tuple[str, int, int]]]) -> list[tuple[str, str]]:
    """Words above and words of each column, from one row of heads or from two."""
    if len(rows) < 2:
        return [("", text) for row in rows for text, over, _ in row for _ in range(over)]
    below = iter([text for text, over, _ in rows[1] for _ in range(over)])
    made = []
    for text, over, down in rows[0]:
        made += [("", text)] if down > 1 else [(text, next(below)) for _ in range(over)]
    return made


def tables_of_page(page: str) -> list[Shown]:
    """Every table of a page, in its order."""
    reader = _Reader()
    reader.feed(page)
    return reader.tables


def figures_in(cell: str) -> list[str]:
    """The figures in a cell, in their order."""
    return FIGURE.findall(cell)


def agrees(cell: str, value: object) -> bool:
    """Whether a cell shows a value.

    Parameters
    ----------
    cell
        The text of the cell.
    value
        A number, which the cell shows rounded; text, which it shows as it is; None or NaN for what is not known; a
        list or a tuple, for a cell with several figures.
    """
    if isinstance(value, list | tuple):
        found = figures_in(cell)
        return len(found) == len(value) and all(agrees(one, own) for one, own in zip(found, value, strict=True))
    if isinstance(value, str):
        return cell == " ".join(visible(value).split())
    if value is None or value is pd.NA or (isinstance(value, float) and math.isnan(value)):
        return cell in UNKNOWN
    if cell in {"over 99%", "under 1%"}:
        return 0.99 < value < 1 if cell == "over 99%" else 0 < value < 0.01
    found = figures_in(cell)
    return len(found) == 1 and _close(found[0], float(value))


def _close(shown: str, value: float) -> bool:
    plain = re.sub(r"[,£%+]", "", shown).replace("−", "-")
    if not re.fullmatch(r"-?\d+(\.\d+)?", plain):
        return False
    scale = 100 if shown.endswith("%") else 1
    unit = 10.0 ** -len(plain.partition(".")[2]) / scale
    return abs(float(plain) / scale - value) <= unit / 2 + BY_HALF


def unchecked(shown: Shown, checked: Sequence[tuple[int, int]]) -> list[str]:
    """Cells with a figure that nothing was compared with."""
    known = set(checked)
    return [
        cell
        for r, row in enumerate(shown.rows)
        for c, cell in enumerate(row)
        if (r, c) not in known and re.search(r"\d|\*", cell)
    ]


class Words(list):
    """Texts of which a cell is made; what is left of it holds no figure."""


class Printed:
    """A figure of a criterion: hidden, unknown or a number with its unit."""

    def __init__(self, value: object, unit: str) -> None:
        self.value, self.unit = value, unit


def holds(cell: str, value: object) -> bool:
    """As `agrees`, for what a source may say besides."""
    if isinstance(value, Words):
        for text in sorted({" ".join(visible(str(text)).split()) for text in value}, key=len, reverse=True):
            cell = cell.replace(text, " ") if text else cell
        return not re.search(r"\d", cell)
    if isinstance(value, Printed):
        return agrees(cell.removesuffix(" m²"), value.value)
    return agrees(cell, value)
