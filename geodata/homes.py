"""Where the people of each area start from: one point, or several whose times are averaged."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from geodata.place import Place
from geodata.travel import Points

LEAST_SHARE = 0.5
"""An area is reached only if at least this share of its weight is: a mean over the rest would hide who is cut off."""

RULE = (
    "The time of an area is the weighted mean over its points that can reach the site; the area counts as reached only "
    "if at least half of the weight of its points is."
)


@dataclass(frozen=True)
class Homes:
    """P points of A areas.

    Parameters
    ----------
    area
        Position of the area of each point, ascending, shape (P,).
    x, y
        Metres in EPSG:27700, shape (P,).
    weight
        People (or any other weight above 0) at each point, shape (P,).
    areas
        A.
    """

    area: NDArray[np.int64]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    weight: NDArray[np.float64]
    areas: int

    @property
    def single(self) -> bool:
        """Whether every area is one point."""
        return len(self.area) == self.areas

    @property
    def in_words(self) -> str:
        """How many points the areas have, and the rule for several; empty where every area is one point."""
        if self.single:
            return ""
        each = np.bincount(self.area, minlength=self.areas)
        several, alone = int((each > 1).sum()), int((each == 1).sum())
        which = f"areas with several: {several:,}" + (f", with one: {alone:,}" if alone else "")
        return f"{len(self.area):,} points stand for the homes of {self.areas:,} areas ({which}). {RULE}"

    def labels(self, codes: Sequence[str]) -> tuple[str, ...]:
        """What to call each point: the code of its area, and which of how many it is where there are several.

        Parameters
        ----------
        codes
            Codes of the areas, shape (A,).
        """
        each = np.bincount(self.area, minlength=self.areas)
        number = np.arange(len(self.area)) - (np.cumsum(each) - each)[self.area] + 1
        return tuple(
            codes[area] if each[area] == 1 else f"{codes[area]}, point {n} of {each[area]}"
            for area, n in zip(self.area.tolist(), number.tolist(), strict=True)
        )

    def part(self, first: int, last: int) -> Homes:
        """The points of the areas from `first` up to, without, `last`, numbered from 0."""
        last = min(last, self.areas)
        at = slice(*np.searchsorted(self.area, (first, last)))
        return Homes(self.area[at] - first, self.x[at], self.y[at], self.weight[at], last - first)

    def mean(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """The weighted mean over the points of each area.

        Points without a value are left out of the mean; an area where they hold more than half of the weight has none.

        Parameters
        ----------
        values
            Minutes or metres of each point, `inf` where there are none, shape (P, ...).

        Returns
        -------
        Shape (A, ...).
        """
        if self.single:
            return values
        weight = np.broadcast_to(self.weight.reshape(-1, *[1] * (values.ndim - 1)), values.shape)
        known = np.isfinite(values)
        begin = np.searchsorted(self.area, np.arange(self.areas))
        whole = np.add.reduceat(weight, begin)
        reached = np.add.reduceat(np.where(known, weight, 0.0), begin)
        total = np.add.reduceat(np.where(known, values, 0.0) * weight, begin)
        mean = np.divide(total, reached, out=np.full(total.shape, np.inf), where=reached > 0)
        return np.where(reached >= LEAST_SHARE * whole, mean, np.inf)


def homes_of(place: Place, points: Points) -> Homes:
    """The points of the areas of a place: those of its table of area points, else the area's own.

    Parameters
    ----------
    place
        The place.
    points
        Its areas, sorted by code (`geodata.travel.points_of`).
    """
    count = len(points.area_codes)
    own = Homes(np.arange(count), points.area_x, points.area_y, np.ones(count), count)
    table = place.area_points
    if table is None or not len(table):
        return own
    at = pd.Index(points.area_codes).get_indexer(table["area_code"])
    known = at >= 0
    without = np.setdiff1d(np.arange(count), at[known])
    area = np.concatenate((at[known], without))
    order = np.argsort(area, kind="stable")
    columns = (
        np.concatenate((table[name].to_numpy(dtype=float)[known], instead[without]))[order]
        for name, instead in (("x", own.x), ("y", own.y), ("weight", own.weight))
    )
    return Homes(area[order], *columns, count)
