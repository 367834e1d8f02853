"""When each group crosses a line: its minimum, the preferred and the hard maximum, and what its practices can hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from grouping.growth.lists import Limits, Lists, in_words
from grouping.plain_words import percent
from grouping.plan import Group
from grouping.programme.ground import Ground

MINIMUM, PREFERRED, HARD, PLACES, FLOOR = "minimum", "preferred maximum", "hard maximum", "places", "floor area"
LIMITS: dict[str, str] = {
    MINIMUM: "Minimum",
    PREFERRED: "Preferred maximum",
    HARD: "Hard maximum",
    PLACES: "Capacity: today’s list and the places its practices still have",
    FLOOR: "Capacity: floor area of its sites",
}
"""The lines and what they are called, in the order of the tables."""


@dataclass(frozen=True)
class Crossing:
    """One line of one group.

    Parameters
    ----------
    group_id, limit
        Which.
    year
        The first year in which it is on the other side than today; None for none.
    lists, lines
        List of the group and the line in every year, shape (Y,); no lines where not known.
    above
        Whether the list is above (for the minimum: at least) the line, shape (Y,).
    note
        What is to be said besides: that the group turns rural or urban, or why a capacity is not known.
    """

    group_id: str
    limit: str
    year: int | None
    lists: NDArray[np.int64]
    lines: NDArray[np.float64] | None
    above: NDArray[np.bool_] | None
    years: tuple[int, ...]
    note: str = ""

    @property
    def known(self) -> bool:
        """Whether there is a line."""
        return self.lines is not None

    def state(self, y: int) -> str:
        """On which side of the line a year is."""
        if self.above is None:
            return "not known"
        if self.limit == MINIMUM:
            return "at or above" if self.above[y] else "below"
        return "above" if self.above[y] else "within"

    @property
    def at(self) -> int | None:
        """Position of the year of crossing."""
        return None if self.year is None else self.years.index(self.year)

    @property
    def _line_moved(self) -> bool:
        """Whether it is the line that crosses the list: by the line of today nothing would."""
        if self.at is None or self.lines is None or self.above is None or self.lines[self.at] == self.lines[0]:
            return False
        listed, line = self.lists[self.at], self.lines[0]
        return bool((listed >= line if self.limit == MINIMUM else listed > line) == self.above[0])

    @property
    def words(self) -> str:
        """What happens, such as `rises above 50,000 in 2031 (list 50,120)`."""
        if self.above is None or self.lines is None:
            return f"not known: {self.note}"
        if self.at is None:
            ends = f"stays so to {self.years[-1]}" if len(self.years) > 1 else "no later year is known"
            return f"{self.state(0)} today, {ends}"
        line, listed = f"{self.lines[self.at]:,.0f}", f"list {self.lists[self.at]:,}"
        side = self.above[self.at]
        if self._line_moved:
            where = self.state(self.at) + (" its minimum" if self.limit == MINIMUM else " its maximum")
            said = f"is {where} from {self.year} on, which is {line} then instead of {self.lines[0]:,.0f} ({listed})"
        else:
            doing = "reaches" if self.limit == MINIMUM else "rises above"
            if not side:
                doing = "falls below" if self.limit == MINIMUM else "comes back within"
            said = f"{doing} {line} in {self.year} ({listed})"
        if self.above[-1] != self.above[self.at]:
            said += f", and is {self.state(-1)} it again in {self.years[-1]}"
        return said


def crossings_of(ground: Ground, lists: Lists) -> tuple[Crossing, ...]:
    """Every line of every group of the plan, by group, then by line.

    The list of a group is known for every year (straight lines between the years projected, homes from their year on),
    so that the first year on the other side of a line is found to the year.
    """
    found: list[Crossing] = []
    for group in ground.plan.groups:
        listed, size = lists.of_group(group), lists.case.run.rules.size
        kind = str(ground.groups.at[group.group_id, "kind"]) if ground.run.public else None
        limits = lists.limits(group, kind)
        preferred = np.full(len(listed), size.preferred_maximum)
        found += [
            _crossing(group, MINIMUM, listed, limits.minimum, lists, listed >= limits.minimum, _changes(limits, lists)),
            _crossing(group, PREFERRED, listed, preferred, lists, listed > preferred),
            _crossing(group, HARD, listed, limits.maximum, lists, listed > limits.maximum, _changes(limits, lists)),
        ]
        for limit, capacity in (PLACES, _places(ground, group)), (FLOOR, _floor(ground, group)):
            if isinstance(capacity, str):
                found.append(Crossing(group.group_id, limit, None, listed, None, None, lists.forecast.years, capacity))
            elif capacity is not None:
                line = np.full(len(listed), capacity)
                found.append(_crossing(group, limit, listed, line, lists, listed > line))
    return tuple(found)


def _crossing(
    group: Group,
    limit: str,
    listed: NDArray[np.int64],
    line: NDArray,
    lists: Lists,
    above: NDArray[np.bool_],
    note: str = "",
) -> Crossing:
    other = np.flatnonzero(above != above[0])
    years = lists.forecast.years
    year = years[int(other[0])] if len(other) else None
    return Crossing(group.group_id, limit, year, listed, line.astype(float), above, years, note)


def _changes(limits: Limits, lists: Lists) -> str:
    """That a group turns rural or urban, from which year on; empty where it does not."""
    other = np.flatnonzero(limits.rural != limits.rural[0])
    if not len(other):
        return ""
    y = int(other[0])
    least = percent(lists.case.run.rules.rurality.threshold)
    share = f"{least} or more" if limits.rural[y] else f"fewer than {least}"
    kind = "rural" if limits.rural[y] else "urban"
    return f"it counts as {kind} from {lists.forecast.years[y]} on, when {share} of its patients live in rural areas"


def _places(ground: Ground, group: Group) -> float | str | None:
    """Today's lists and the places still free; the words why not, or None where the planner gives no table."""
    table = ground.inputs.rows("capacity")
    if table is None:
        return None
    places = dict(zip(table["practice_code"], table["places"].astype(float), strict=True))
    lacking = [code for code in group.members if not np.isfinite(places.get(code, np.nan))]
    if lacking:
        return f"no places are given for {in_words(lacking)}"
    return float(ground.lists.loc[list(group.members)].sum() + sum(places[code] for code in group.members))


def _floor(ground: Ground, group: Group) -> float | str | None:
    """Patients that the floor area of a group's sites is enough for, by the planner's square metres per 1,000."""
    each = ground.settings.estates.m2_per_1000
    if each is None or ground.run.public:
        return None
    sites = ground.run.place.sites
    own = sites[sites["practice_code"].isin(group.members)]
    area = own["floor_area_m2"] if "floor_area_m2" in own else pd.Series(np.nan, index=own.index)
    lacking = [str(code) for code in own.index[pd.to_numeric(area).isna()]]
    if lacking:
        return f"no floor area is given for {in_words(lacking)}"
    return float(pd.to_numeric(area).sum() / each * 1000.0)


def of_limit(crossings: Sequence[Crossing], limit: str) -> list[Crossing]:
    """The crossings of one line, by group."""
    return [one for one in crossings if one.limit == limit]
