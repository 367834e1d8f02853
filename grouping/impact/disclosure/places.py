"""The public tables of communities: their figures, how sure those are, and the sentences of "find my place"."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from grouping.impact.disclosure.cells import IN_COMMUNITIES, LIVING_THERE, Block
from grouping.impact.disclosure.counts import HIDDEN, SMALL, SOMEBODY, as_count, is_small
from grouping.impact.disclosure.minutes import MANY, Shown
from grouping.impact.disclosure.printing import Decided, Positions, changed, hidden_where, minutes, number
from grouping.impact.disclosure.words import NOT_PUBLISHED, people_text_of, tidy, without_counts, without_range
from grouping.impact.find_my_place import NEAREST

FEW_THERE = 50.0
"""Means are printed of so many people of a community. The minutes from one place to a site can be worked out by
anybody, so that a mean of fewer tells how they divide between practices: of 15 people, 12 and 3."""

SAME = 1e-6
"""Minutes that differ by less are the same."""

PeopleText = Callable[[float], str]
TellPlaces = Callable[[PeopleText], pd.DataFrame]


@dataclass(frozen=True)
class Telling:
    """What may be told of the minutes of a community by a mode under an option; True by default."""

    minutes: bool = True
    in_whole: bool = False
    in_range: bool = True

    def __and__(self, other: Telling) -> Telling:
        return Telling(
            self.minutes and other.minutes, self.in_whole or other.in_whole, self.in_range and other.in_range
        )


@dataclass(frozen=True)
class PublicCommunities:
    """The public table of communities.

    Parameters
    ----------
    table
        The table.
    telling
        (community, mode, option) -> what may be told of its minutes; the option is empty for today.
    rank
        (community, option) -> its rank by the journey to the hub by car, or `*`.
    """

    table: pd.DataFrame
    telling: dict[tuple[str, str, str], Telling] = field(default_factory=dict)
    rank: dict[tuple[str, str], object] = field(default_factory=dict)

    def of(self, community: object, option: object, mode: object = "car") -> Telling:
        """What may be told of a community under an option."""
        return self.telling.get((str(community), str(mode), str(option)), Telling())


def public_communities(of: Decided) -> PublicCommunities:
    """Communities, ranked by what is printed of them; those without printed minutes stand last and have no rank."""
    table = of.table("communities")
    blocks, names = of.blocks(table), table["community"].tolist()
    at = of.at(blocks, [("in", name, "all") for name in names])
    new: dict[str, Sequence[object]] = {name: of.printed(name, at) for name in IN_COMMUNITIES if name in table}
    for key in LIVING_THERE:
        new[key] = of.printed("people", of.at(blocks, [("in", name, key) for name in names]))
    shown = _of_enough(of.shown(table, at, "minutes", "minutes_before"), of.routed(at))
    starred = np.logical_or.reduce([of.hidden[measure][at] for measure in IN_COMMUNITIES])
    new["minutes"] = minutes(table, "minutes", shown.mean, shown.whole)
    for column in ("minutes_before", "minutes_after", "change"):
        new[column] = minutes(table, column, shown.change, shown.whole)
    new["longest"] = minutes(table, "longest", shown.mean & ~starred & (of.routed(at) >= MANY))
    public = _ranked(changed(table, new), blocks, _tiers(table, blocks))
    telling = _telling(of, table, at, shown, starred)
    by_car = public[(public["journey"] == "hub") & (public["mode"] == "car")]
    rank = {(str(r.community), str(r.option)): r.rank for r in by_car.itertuples(index=False)}
    return PublicCommunities(public, telling, rank)


def _of_enough(shown: Shown, routed: NDArray[np.float64]) -> Shown:
    """What is printed of the minutes of communities: nothing where few people live."""
    enough = routed >= FEW_THERE
    return replace(shown, mean=shown.mean & enough, change=shown.change & enough)


def _tiers(table: pd.DataFrame, blocks: Sequence[Block]) -> NDArray[np.int64]:
    """Communities that come after all others though their figures are worse, such as very small ones, shape (n,).

    Each time the figures rise along the exact ranks a new tier begins.
    """
    measure = _measure(table, blocks)
    tiers = np.zeros(len(table), dtype=np.int64)
    last: dict[Block, tuple[float, int]] = {}
    for i in np.argsort(pd.to_numeric(table["rank"]).to_numpy(dtype=float), kind="stable"):
        before, tier = last.get(blocks[i], (np.inf, 0))
        tiers[i] = tier + (measure[i] > before + SAME)
        last[blocks[i]] = (before if np.isnan(measure[i]) else measure[i], tiers[i])
    return tiers


def _measure(table: pd.DataFrame, blocks: Sequence[Block]) -> NDArray[np.float64]:
    """What communities are judged by: the change where there is a baseline, else the minutes, shape (n,)."""
    change, level = (table[name].map(number).to_numpy(dtype=float, copy=True) for name in ("change", "minutes"))
    compared = {block for block, value in zip(blocks, table["change"], strict=True) if not _missing(value)}
    return np.where([block in compared for block in blocks], change, level)


def _missing(value: object) -> bool:
    return value is None or (not isinstance(value, str) and pd.isna(value))


def _ranked(public: pd.DataFrame, blocks: Sequence[Block], tiers: NDArray[np.int64]) -> pd.DataFrame:
    """Worst first by printed figures: exact ones, and gaps in the ranks, would tell of those that are hidden."""
    measure = _measure(public, blocks)
    level = public["minutes"].map(number).to_numpy(dtype=float)
    place = {block: n for n, block in enumerate(dict.fromkeys(blocks))}
    names = public["community"].astype(str).tolist()
    judged = ~np.isnan(measure)

    def worst(i: int) -> tuple:
        figures = (-measure[i], -level[i] if not np.isnan(level[i]) else np.inf) if judged[i] else ()
        return (place[blocks[i]], not judged[i], tiers[i] if judged[i] else 0, *figures, names[i])

    order = sorted(range(len(public)), key=worst)
    public = public.iloc[order].reset_index(drop=True)
    block = pd.Series([place[blocks[i]] for i in order], dtype=int)
    rank = (block.groupby(block).cumcount() + 1).tolist()
    return changed(public, {"rank": hidden_where(rank, (~judged[order]).tolist())})


def _telling(
    of: Decided, table: pd.DataFrame, at: Positions, shown: Shown, starred: NDArray[np.bool_]
) -> dict[tuple[str, str, str], Telling]:
    """What may be told; of today what may be told under every option, of both journeys together."""
    few = of.routed(at) * NEAREST < SMALL
    compared = np.nan_to_num(of.counts.value["people_compared"][at]) >= SOMEBODY
    telling: dict[tuple[str, str, str], Telling] = {}
    rows = zip(table["community"], table["mode"], table["option"], strict=True)
    for i, (community, mode, option) in enumerate(rows):
        may = bool(shown.mean[i] and (shown.change[i] or not compared[i]))
        own = Telling(may, bool(shown.whole[i]), may and not (starred[i] or few[i]))
        for when in ("", str(option)):
            key = (str(community), str(mode), when)
            telling[key] = telling.get(key, Telling()) & own
    return telling


def public_robust(of: Decided, communities: PublicCommunities) -> pd.DataFrame:
    """Worse off under every assumption or not; communities without printed minutes are left out."""
    table = of.table("robust")
    told = [communities.of(*pair) for pair in zip(table["community"], table["option"], strict=True)]
    keep = np.array([one.minutes for one in told], dtype=bool)
    table = table[keep].reset_index(drop=True)
    in_whole = np.array([one.in_whole for one in told], dtype=bool)[keep]
    stars = _hidden_people(of)
    people = [
        as_count(number(v), bool(is_small(number(v))) or name in stars)
        for v, name in zip(table["people"], table["community"], strict=True)
    ]
    every = np.ones(len(table), dtype=bool)
    new = {column: minutes(table, column, every, in_whole) for column in ("base", "least", "most")}
    public = changed(table, {"people": people, **new})
    # the order is that of the printed figures: exact ones would tell more
    place = {option: n for n, option in enumerate(dict.fromkeys(table["option"]))}
    base = public["base"].map(number).to_numpy(dtype=float)
    worst = np.where(np.isnan(base), np.inf, -base)
    order = sorted(
        range(len(public)), key=lambda i: (place[table.at[i, "option"]], worst[i], str(table.at[i, "community"]))
    )
    return public.iloc[order].reset_index(drop=True)


def public_list_changes(of: Decided, communities: PublicCommunities) -> pd.DataFrame:
    """Who enters or leaves the list of the worst; communities without printed minutes are left out.

    The rank as it stands is the printed one; a rank under a scenario counts everybody, so it is hidden where some
    communities are.
    """
    table = of.table("list_changes")
    pairs = list(zip(table["community"].astype(str), table["option"].astype(str), strict=True))
    keep = np.array([communities.of(*pair).minutes for pair in pairs], dtype=bool)
    table, pairs = table[keep].reset_index(drop=True), [pair for pair, kept in zip(pairs, keep, strict=True) if kept]
    short = {option for (_, option), rank in communities.rank.items() if rank == HIDDEN}
    base = [
        communities.rank.get(pair, HIDDEN) if not pd.isna(rank) else None
        for pair, rank in zip(pairs, table["rank_base"], strict=True)
    ]
    rank = hidden_where(table["rank"].tolist(), [option in short for _, option in pairs])
    return changed(table, {"rank_base": base, "rank": rank})


def _hidden_people(of: Decided) -> set[str]:
    """Communities whose number of people is hidden."""
    flags = of.hidden["people"].any(axis=0)
    return {key[1] for key, n in of.counts.cell_of.items() if key[0] == "in" and key[2] == "all" and flags[n]}


def people_text_for(of: Decided) -> PeopleText:
    """Numbers of people of communities that are printed may stand in sentences, others may not."""
    inside = np.array([key[0] == "in" and key[2] == "all" for key in of.counts.keys], dtype=bool)
    shown: list[float] = []
    starred: list[float] = []
    if inside.any():
        value, stars = of.counts.value["people"][:, inside], of.hidden["people"][:, inside]
        shown += value[~stars & ~np.isnan(value)].tolist()
        for measure in IN_COMMUNITIES:
            value, stars = of.counts.value[measure][:, inside], of.hidden[measure][:, inside]
            starred += value[stars].tolist()
    return people_text_of(shown, starred)


def public_places(
    of: Decided, communities: PublicCommunities, tell: TellPlaces | None, text: PeopleText
) -> pd.DataFrame:
    """Sentences without minutes that are hidden in the table of communities, and without other counts."""
    table = (of.exact["places"] if tell is None else tell(text)).reset_index(drop=True)
    sentences = []
    for row in table.itertuples(index=False):
        may = communities.of(row.community, row.option, row.mode)
        said = tidy(str(row.sentence)) if tell is not None else without_counts(str(row.sentence))
        sentences.append(NOT_PUBLISHED if not may.minutes else said if may.in_range else without_range(said))
    return changed(table, {"sentence": sentences})
