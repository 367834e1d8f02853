"""Where each published count belongs: blocks of tables, cells within them, and what can be added up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from grouping.impact.disclosure.counts import BASE, SOMEBODY
from grouping.impact.disclosure.sums import Split, Sum
from grouping.impact.measures import WITHIN

SIDES = ("rural", "urban", "not known")
WORSE_OFF = (
    "age_65_plus", "age_75_plus", "age_85_plus", "children", "no_car", "most_deprived", "far_from_pharmacy",
)  # fmt: skip
REST = ("under_", "not_", "has_car", "less_deprived", "near_pharmacy")
"""Populations that the tables are read for, and how those begin that are all others."""

PART_OF = {
    "most_deprived": tuple(f"decile_{n}" for n in (1, 2)),
    "less_deprived": tuple(f"decile_{n}" for n in range(3, 11)),
    "deprived_unknown": ("decile_unknown",),
}
"""Populations that are the sum of populations of another breakdown."""

LIVING_THERE = ("age_65_plus", "no_car", "most_deprived")
"""Populations counted in the table of communities."""

SHARES = tuple(f"within_{minutes}" for minutes in WITHIN)
COUNTS = (
    "people", "no_route", "people_compared", "longer_5", "longer_10", "longer_15", "longer_20", "shorter_5",
    "newly_beyond", "no_longer_beyond", "beyond", "lost_route", "gained_route", "kept_no_site", "kept_no_site_longer_5",
)  # fmt: skip
MEASURES = (*COUNTS, *SHARES)
"""What is counted in `summary`; shares stand here as the people they are of."""

IN_COMMUNITIES = ("people", "no_route", "people_compared", "newly_beyond", "beyond")
"""What is counted for each community; a column that is not there is not printed."""

IN_LISTS = ("people", "no_route", "people_compared")
"""What is counted for each practice and group."""

Block = tuple[str, str, str, str]
"""Option, scenario, journey and mode."""

Key = tuple[str, ...]
"""What a cell is: `("of", population, setting)`, `("in", community, population)` or `("by", table, code)`."""

SLACK = BASE / 2
"""Parts that miss their total by fewer people are as good as a sum: rounding would not show it."""


@dataclass
class Counts:
    """All counts of a run: one row a block, one column a cell.

    Parameters
    ----------
    blocks, keys
        What the B rows and N columns are.
    value
        Measure -> exact counts, NaN where nothing is printed, shape (B, N).
    """

    blocks: list[Block]
    keys: list[Key]
    value: dict[str, NDArray[np.float64]]
    block_of: dict[Block, int] = field(init=False)
    cell_of: dict[Key, int] = field(init=False)

    def __post_init__(self) -> None:
        self.block_of = {block: row for row, block in enumerate(self.blocks)}
        self.cell_of = {key: column for column, key in enumerate(self.keys)}


def counts_of(tables: Mapping[str, pd.DataFrame]) -> Counts:
    """Every count of the tables that others can be compared with."""
    summary, communities = tables["summary"], tables.get("communities")
    entries: list[tuple[Block, Key, str, float]] = []
    heads = list(zip(_blocks(summary), summary["population"], summary["setting"], strict=True))
    for measure in MEASURES:
        values = _numbers(summary, measure)
        if measure in SHARES:
            # nobody is within anything of an empty population
            values = values * _numbers(summary, "people")
        entries += [(block, ("of", p, s), measure, v) for (block, p, s), v in zip(heads, values, strict=True)]
    main = main_scenario(summary)
    if communities is not None:
        blocks = _blocks(communities, main)
        for measure in IN_COMMUNITIES:
            values = zip(blocks, communities["community"], _numbers(communities, measure), strict=True)
            entries += [(block, ("in", name, "all"), measure, v) for block, name, v in values]
        for key in LIVING_THERE:
            values = zip(blocks, communities["community"], _numbers(communities, key), strict=True)
            entries += [(block, ("in", name, key), "people", v) for block, name, v in values]
    for name, code in (("groups", "group_id"), ("practices", "practice_code")):
        table = tables.get(name)
        if table is not None:
            for measure in IN_LISTS:
                values = zip(_blocks(table, main), table[code], _numbers(table, measure), strict=True)
                entries += [(block, ("by", name, str(one)), measure, v) for block, one, v in values]
    return _counts(entries)


def main_scenario(summary: pd.DataFrame) -> str:
    """The scenario that all other tables are for: the first of the summary."""
    return str(summary["scenario"].iloc[0]) if len(summary) else ""


def _blocks(table: pd.DataFrame, scenario: str | None = None) -> list[Block]:
    scenarios = table["scenario"] if scenario is None else [scenario] * len(table)
    return list(zip(table["option"], scenarios, table["journey"], table["mode"], strict=True))


def _numbers(table: pd.DataFrame, column: str) -> NDArray[np.float64]:
    if column not in table:
        return np.full(len(table), np.nan)
    return pd.to_numeric(table[column], errors="coerce").to_numpy(dtype=float, na_value=np.nan)


def _counts(entries: Sequence[tuple[Block, Key, str, float]]) -> Counts:
    blocks = list(dict.fromkeys(entry[0] for entry in entries))
    keys = list(dict.fromkeys(entry[1] for entry in entries))
    counts = Counts(blocks, keys, {measure: np.full((len(blocks), len(keys)), np.nan) for measure in MEASURES})
    for block, key, measure, value in entries:
        counts.value[measure][counts.block_of[block], counts.cell_of[key]] = value
    return counts


@dataclass(frozen=True)
class Structure:
    """What can be added up, whatever the measure; positions of cells."""

    sums: tuple[Sum, ...]
    splits: tuple[Split, ...]
    wanted: NDArray[np.int64]
    """How much a reader wants each cell, 0 the least, shape (N,)."""

    def within(self, value: NDArray[np.float64]) -> tuple[list[Sum], list[Split], NDArray[np.int64]]:
        """What one measure of one block adds up to, and how much each of its cells is wanted.

        A cell that is all of another one (the only part with people, or the only side) is wanted as much as that one.
        """
        there = ~np.isnan(value)
        sums = []
        for one in self.sums:
            parts = one.parts[there[one.parts]]
            if not len(parts) or not there[one.total]:
                continue
            more = value[parts].sum() - value[one.total]
            if more >= -SLACK and (one.bound or more <= SLACK):
                sums.append(Sum(one.total, parts, one.bound))
        splits = [Split(s.whole, s.sides[there[s.sides]]) for s in self.splits if there[s.whole]]
        splits = [split for split in splits if len(split.sides)]
        wanted = self._wanted(value, sums, splits)
        return sorted(sums, key=lambda one: int(wanted[one.total])), splits, wanted

    def _wanted(self, value: NDArray[np.float64], sums: Sequence[Sum], splits: Sequence[Split]) -> NDArray[np.int64]:
        wanted = self.wanted.copy()
        groups = [(one.total, one.parts) for one in sums] + [(one.whole, one.sides) for one in splits]
        somebody = value >= SOMEBODY
        alone = [(whole, parts[somebody[parts]][0]) for whole, parts in groups if somebody[parts].sum() == 1]
        for _ in range(3):
            for one, other in alone:
                wanted[one] = wanted[other] = max(wanted[one], wanted[other])
        return wanted


def structure_of(counts: Counts, tables: Mapping[str, pd.DataFrame]) -> Structure:
    """The sums of breakdowns, communities, groups and practices."""
    cell = counts.cell_of
    populations = list(dict.fromkeys(key[1] for key in counts.keys if key[0] == "of"))
    sums: list[tuple[Key, list[Key]]] = []
    # the smaller sums first: what is hidden for them may do for the larger ones
    for whole, parts in PART_OF.items():
        for setting in ("all", *SIDES):
            sums.append((("of", whole, setting), [("of", part, setting) for part in parts]))
    for parts in _breakdowns(tables, populations).values():
        for setting in ("all", *SIDES):
            sums.append((("of", "all", setting), [("of", part, setting) for part in parts]))
    for side in ("rural", "urban"):
        sums.append((("of", "all", side), [("of", side, "all")]))
    sums.append((("of", "all", "not known"), [("of", "setting_unknown", "all")]))
    sums += _of_communities(tables.get("communities"))
    sums += _of_groups(tables.get("groups"), tables.get("practices"))
    found = [
        Sum(
            cell[total],
            np.array([cell[part] for part in parts if part in cell], dtype=np.int64),
            bound=total[2] != "all" and parts[0][0] == "in",
        )
        for total, parts in sums
        if total in cell and any(part in cell for part in parts)
    ]
    splits = [
        Split(cell["of", p, "all"], np.array(sides, dtype=np.int64))
        for p in populations
        if ("of", p, "all") in cell and (sides := [cell["of", p, s] for s in SIDES if ("of", p, s) in cell])
    ]
    return Structure(tuple(found), tuple(splits), np.array([_how_wanted(key) for key in counts.keys], dtype=np.int64))


def _how_wanted(key: Key) -> int:
    """How much a reader wants a cell: the rest of a breakdown least, everybody in either setting most."""
    kind, name, place = key
    if kind != "of":
        return 2 if kind == "by" else 1
    rank = 3 if name in {"all", "rural", "urban"} else 2 if name in WORSE_OFF else 0 if name.startswith(REST) else 1
    # what is said for rural and urban together is wanted more than one side of it
    return 2 * rank + (place == "all")


def _breakdowns(tables: Mapping[str, pd.DataFrame], populations: Sequence[str]) -> dict[str, list[str]]:
    """Family -> its populations."""
    table = tables.get("people")
    families: dict[str, list[str]] = {}
    if table is not None:
        for family, population in zip(table["family"], table["population"], strict=True):
            if family and population in populations and population != "all":
                families.setdefault(str(family), []).append(str(population))
    return families


def _of_communities(table: pd.DataFrame | None) -> list[tuple[Key, list[Key]]]:
    """Communities add up to everybody, those of a setting (with the mixed ones) to that setting."""
    if table is None:
        return []
    setting = dict(zip(table["community"], table["setting"], strict=True))
    sums: list[tuple[Key, list[Key]]] = []
    for population in ("all", *LIVING_THERE):
        for side in ("rural", "urban", "not known"):
            inside = [("in", name, population) for name, own in setting.items() if own in {side, "mixed"}]
            sums.append((("of", population, side), inside))
        sums.append((("of", population, "all"), [("in", name, population) for name in setting]))
    return sums


def _of_groups(groups: pd.DataFrame | None, practices: pd.DataFrame | None) -> list[tuple[Key, list[Key]]]:
    """Groups add up to everybody, practices to their group.

    Group ids are those of an option, so the sums of all options stand beside each other: a sum whose cells another
    option does not hold, or that does not add up there, falls away (`Structure.within`).
    """
    sums: list[tuple[Key, list[Key]]] = []
    if groups is not None:
        sums.append((("of", "all", "all"), [("by", "groups", str(one)) for one in dict.fromkeys(groups["group_id"])]))
    if practices is not None:
        sums.append(
            (("of", "all", "all"), [("by", "practices", str(one)) for one in dict.fromkeys(practices["practice_code"])])
        )
        pairs = dict.fromkeys(zip(practices["option"], practices["group_id"], practices["practice_code"], strict=True))
        members: dict[tuple[str, str], list[Key]] = {}
        for option, group, code in pairs:
            members.setdefault((str(option), str(group)), []).append(("by", "practices", str(code)))
        sums += [(("by", "groups", group), parts) for (_, group), parts in members.items()]
    return sums
