"""The public form of every table."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from grouping.impact.disclosure.cells import (
    COUNTS,
    IN_COMMUNITIES,
    LIVING_THERE,
    SHARES,
    Block,
    Counts,
    Key,
    counts_of,
    main_scenario,
    structure_of,
)
from grouping.impact.disclosure.counts import HIDDEN, SMALL, as_count, as_minutes, is_small, percent, rounded, whole
from grouping.impact.disclosure.decide import Hidden, decide
from grouping.impact.disclosure.minutes import Shown, shown_minutes
from grouping.impact.disclosure.words import (
    NOT_PUBLISHED,
    people_text_of,
    public_sentence,
    tidy,
    without_counts,
    without_range,
)

TellPlaces = Callable[[Callable[[float], str]], pd.DataFrame]

NOTES = (
    "Counts of 1 to 7 people are shown as *. So is any further count from which one of them could be worked out: from "
    "the same table, from other breakdowns, or from another option or scenario.",
    "All other counts of people are rounded to the nearest 5, so that they may not add up; list sizes of practices and "
    "groups are published figures and are exact. Shares are worked out from the rounded counts, in whole percent.",
    "Minutes are rounded to 0.1, for few people to whole ones where they could tell a hidden count, and are hidden for "
    "fewer than 8 people. The longest journey is given for everybody, not for single populations.",
)


@dataclass(frozen=True)
class PublicTables:
    """Tables that may be published.

    Parameters
    ----------
    tables
        As those given; `*` stands for what is hidden, None for what is not known. Counts are whole numbers, shares
        0-1 in whole percent.
    notes
        What was done, in plain sentences.
    hidden
        Table -> how many of its figures are hidden.
    people_text
        Writes the number of people of a sentence beside these tables.
    """

    tables: dict[str, pd.DataFrame]
    notes: tuple[str, ...]
    hidden: dict[str, int]
    people_text: Callable[[float], str]


def public_tables(
    tables: Mapping[str, pd.DataFrame], *, threshold: float = 30.0, tell_places: TellPlaces | None = None
) -> PublicTables:
    """Hide and round what would tell of single people.

    Parameters
    ----------
    tables
        The tables of an impact, exact.
    threshold
        Minutes beyond which a journey is long.
    tell_places
        Makes the table `places` anew, given how a number of people is written; without it the numbers of people in
        its sentences are left out.

    Returns
    -------
    The same tables for publication. The rule stands in `grouping.impact.disclosure`.
    """
    return _Publisher(dict(tables), threshold).all(tell_places)


class _Publisher:
    """Prints one table after another by the same decisions."""

    def __init__(self, tables: dict[str, pd.DataFrame], threshold: float) -> None:
        self.exact = tables
        self.threshold = threshold
        summary = tables["summary"]
        self.main = main_scenario(summary)
        self.listed = self.main == ""
        self.counts: Counts = counts_of(tables)
        structure = structure_of(self.counts, tables)
        self.hidden: Hidden = decide(self.counts, structure, threshold=threshold, listed=self.listed)
        self.told: dict[tuple[str, str, str], tuple[bool, bool]] = {}
        """(community, mode, option) -> whether minutes, and their range, may be told."""

    # ------------------------------------------------------------------------------------------------- helpers

    def at(self, blocks: Sequence[Block], keys: Sequence[Key]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        rows = np.array([self.counts.block_of[block] for block in blocks], dtype=np.int64)
        cells = np.array([self.counts.cell_of[key] for key in keys], dtype=np.int64)
        return rows, cells

    def printed(self, measure: str, at: tuple[NDArray[np.int64], NDArray[np.int64]]) -> list[object]:
        """Counts of a measure as they are printed."""
        stars = self.hidden[measure][at]
        return [as_count(v, bool(s)) for v, s in zip(self.counts.value[measure][at], stars, strict=True)]

    def people(self, blocks: Sequence[Block], keys: Sequence[Key]) -> list[object]:
        """Numbers of people; published ones exact."""
        made = self.printed("people", self.at(blocks, keys))
        for i, (block, key) in enumerate(zip(blocks, keys, strict=True)):
            if self.listed and block[1] == "" and (key == ("of", "all", "all") or key[0] == "by"):
                b, n = self.counts.block_of[block], self.counts.cell_of[key]
                made[i] = whole(float(self.counts.value["people"][b, n]))
        return made

    def longest(self, journey: object, mode: object) -> float:
        """The longest journey by a mode that is printed anywhere."""
        summary = self.exact["summary"]
        own = (summary["journey"] == journey) & (summary["mode"] == mode) & (summary["population"] == "all")
        value = pd.to_numeric(summary.loc[own, "longest"], errors="coerce").max()
        return 0.0 if pd.isna(value) else float(value)

    def shown(
        self, table: pd.DataFrame, at: tuple[NDArray[np.int64], NDArray[np.int64]], names: tuple[str, str]
    ) -> Shown:
        """Which minutes of a table are printed; `names` are its columns of minutes after and before."""
        parts = {key: np.zeros(len(table), dtype=bool) for key in ("mean", "median", "p90", "change", "whole")}
        journeys = list(zip(table["journey"], table["mode"], strict=True))
        means = {key: _numbers(table, name) for key, name in zip(("after", "before"), names, strict=True)}
        if names[0] == "minutes_after" and "people_compared" in table:
            means["of_compared"] = _numbers(table, "people_compared")
        for one in dict.fromkeys(journeys):
            rows = np.array([own == one for own in journeys], dtype=bool)
            found = shown_minutes(
                self.counts,
                self.hidden,
                (at[0][rows], at[1][rows]),
                {key: values[rows] for key, values in means.items()},
                threshold=self.threshold,
                longest=self.longest(*one),
            )
            for key, values in parts.items():
                values[rows] = getattr(found, key)
        return Shown(**parts)

    # ------------------------------------------------------------------------------------------------- tables

    def all(self, tell_places: TellPlaces | None) -> PublicTables:
        """Every table; those that depend on printed figures come after them."""
        made: dict[str, pd.DataFrame] = {}
        made["summary"] = self.summary()
        order = {
            "people": self.populations,
            "inequality": lambda: self.inequality(made["summary"]),
            "practices": lambda: self.lists("practices", "practice_code"),
            "groups": lambda: self.lists("groups", "group_id"),
            "communities": self.communities,
            "scenarios": lambda: self.scenarios(made["summary"]),
            "robust": self.robust,
            "list_changes": self.list_changes,
            "mitigation": self.mitigation,
            "mitigation_sites": self.mitigation_sites,
        }
        for name, make in order.items():
            if name in self.exact:
                made[name] = make()
        text = self.people_text()
        if "places" in self.exact or tell_places is not None:
            made["places"] = self.places(tell_places, text)
        for name, table in self.exact.items():
            made.setdefault(name, table.copy())
        tables = {name: made[name] for name in dict.fromkeys([*self.exact, *made])}
        hidden = {name: int((table.astype(object) == HIDDEN).sum().sum()) for name, table in tables.items()}
        return PublicTables(tables, (*NOTES, _how_much(hidden)), hidden, text)

    def summary(self) -> pd.DataFrame:
        table = self.exact["summary"].reset_index(drop=True)
        blocks = list(zip(table["option"], table["scenario"], table["journey"], table["mode"], strict=True))
        keys = [("of", p, s) for p, s in zip(table["population"], table["setting"], strict=True)]
        at = self.at(blocks, keys)
        shown = self.shown(table, at, ("mean", "mean_before"))
        new: dict[str, Sequence[object]] = {"people": self.people(blocks, keys)}
        for measure in COUNTS[1:]:
            new[measure] = self.printed(measure, at)
        for share in SHARES:
            new[share] = self.shares(share, at)
        everybody = (table["population"] == "all").to_numpy()
        flags = {"mean": shown.mean, "median": shown.median, "p90": shown.p90, "longest": shown.mean & everybody}
        many = np.nan_to_num(self.counts.value["people_compared"][at])
        flags |= dict.fromkeys(("mean_before", "mean_after", "mean_change"), shown.change)
        flags |= {
            "median_before": shown.change & shown.median & (many / 2 >= SMALL),
            "p90_before": shown.change & shown.p90 & (many / 10 >= SMALL),
        }
        for column, may in flags.items():
            new[column] = _minutes(table, column, may, shown.whole)
        new["change_in_patient_minutes"] = [
            _product(change, people) for change, people in zip(new["mean_change"], new["people_compared"], strict=True)
        ]
        return _with(table, new)

    def shares(self, share: str, at: tuple[NDArray[np.int64], NDArray[np.int64]]) -> list[object]:
        """Shares of the people, from rounded counts in whole percent."""
        made: list[object] = []
        people = self.counts.value["people"][at]
        stars = self.hidden[share][at] | self.hidden["people"][at]
        for within, of, star in zip(self.counts.value[share][at], people, stars, strict=True):
            if math.isnan(within) or not of > 0:
                made.append(None)
            elif star or is_small(of):
                made.append(HIDDEN)
            else:
                base = float(rounded(of))
                made.append(percent(float(rounded(within)), base) / 100.0 if base > 0 else None)
        return made

    def populations(self) -> pd.DataFrame:
        """Who the patients are: the people of the block that holds everybody, else rounded beside it."""
        table = self.exact["people"].reset_index(drop=True)
        columns = {"people": "all", "rural": "rural", "urban": "urban", "not_known": "not known"}
        stars = {name: self.any_people(s) for name, s in columns.items()}
        new: dict[str, list[object]] = {name: [] for name in columns}
        for row in table.itertuples(index=False):
            for name in columns:
                value = _number(getattr(row, name))
                hide = bool(is_small(value)) or str(row.population) in stars[name]
                exact = self.listed and name == "people" and row.population == "all"
                new[name].append(whole(value) if exact else as_count(value, hide and value > 0))
        new["carried"] = [public_sentence(str(text)) for text in table["carried"]]
        return _with(table, new)

    def any_people(self, setting: str) -> set[str]:
        """Populations whose number in a setting is hidden in any block."""
        flags = self.hidden["people"].any(axis=0)
        return {key[1] for key, n in self.counts.cell_of.items() if key[0] == "of" and key[2] == setting and flags[n]}

    def inequality(self, summary: pd.DataFrame) -> pd.DataFrame:
        table = self.exact["inequality"].reset_index(drop=True)
        own = summary[(summary["scenario"] == self.main) & (summary["setting"] == "all")]
        heads = ["option", "journey", "mode"]
        by_key = {tuple(row[[*heads, "population"]]): row for _, row in own.iterrows()}
        by_label = {tuple(row[[*heads, "label"]]): row for _, row in own.iterrows()}
        rows = []
        for _, row in table.iterrows():
            head = tuple(row[heads])
            one = by_key.get((*head, row["population"]))
            other = by_label.get((*head, row["compared_with"]))
            rows.append(_compared(one, other))
        new = {column: [row[column] for row in rows] for column in rows[0]} if rows else {}
        return _with(table, {column: values for column, values in new.items() if column in table})

    def lists(self, name: str, code: str) -> pd.DataFrame:
        """Practices or groups."""
        table = self.exact[name].reset_index(drop=True)
        blocks = [
            (o, self.main, j, m) for o, j, m in zip(table["option"], table["journey"], table["mode"], strict=True)
        ]
        keys = [("by", name, str(one)) for one in table[code]]
        at = self.at(blocks, keys)
        routed = self.counts.value["people"][at] - np.nan_to_num(self.counts.value["no_route"][at])
        may = routed >= SMALL
        new: dict[str, Sequence[object]] = {
            "people": self.people(blocks, keys),
            "no_route": self.printed("no_route", at),
        }
        for column in ("mean_before", "mean_after", "change", "longest"):
            if column in table:
                may_this = may & ~self.hidden["no_route"][at] if column == "longest" else may
                new[column] = _minutes(table, column, may_this)
        return _with(table, new)

    def communities(self) -> pd.DataFrame:
        table = self.exact["communities"].reset_index(drop=True)
        blocks = [
            (o, self.main, j, m) for o, j, m in zip(table["option"], table["journey"], table["mode"], strict=True)
        ]
        at = self.at(blocks, [("in", name, "all") for name in table["community"]])
        new: dict[str, Sequence[object]] = {
            measure: self.printed(measure, at) for measure in IN_COMMUNITIES if measure in table
        }
        for key in LIVING_THERE:
            new[key] = self.printed("people", self.at(blocks, [("in", name, key) for name in table["community"]]))
        found = self.shown(table, at, ("minutes_after", "minutes_before"))
        shown = found.mean
        starred = np.logical_or.reduce([self.hidden[measure][at] for measure in IN_COMMUNITIES])
        for column in ("minutes_before", "minutes_after", "change"):
            new[column] = _minutes(table, column, shown, found.whole)
        new["longest"] = _minutes(table, "longest", shown & ~starred)
        new["rank"] = [rank if may else HIDDEN for rank, may in zip(table["rank"].tolist(), shown, strict=True)]
        for row, may, stars in zip(table.itertuples(index=False), shown, starred, strict=True):
            for option in ("", str(row.option)):
                key = (str(row.community), str(row.mode), option)
                before = self.told.get(key, (True, True))
                self.told[key] = (before[0] and bool(may), before[1] and bool(may and not stars))
        public = _with(table, new)
        # the order of the rows would tell the minutes of those that are hidden
        block = {one: n for n, one in enumerate(dict.fromkeys(blocks))}
        order = sorted(
            range(len(public)),
            key=lambda i: (block[blocks[i]], not shown[i], table.at[i, "community"] if not shown[i] else "", i),
        )
        return public.iloc[order].reset_index(drop=True)

    def scenarios(self, summary: pd.DataFrame) -> pd.DataFrame:
        """Options under each scenario: the printed figures of the summary, and ranks where they can be seen there."""
        table = self.exact["scenarios"].reset_index(drop=True)
        own = summary[
            (summary["journey"] == "hub")
            & (summary["mode"] == "car")
            & (summary["population"] == "all")
            & (summary["setting"] == "all")
        ]
        rows = {(row["scenario"], row["option"]): row for _, row in own.iterrows()}
        columns = [column for column in ("mean", "p90", "beyond", "newly_beyond", "mean_change") if column in table]
        heads = list(zip(table["scenario"], table["option"], strict=True))
        new: dict[str, list[object]] = {}
        for column in columns:
            new[column] = [rows[head][column] if head in rows else HIDDEN for head in heads]
        starred = {head[0] for head, value in zip(heads, new.get("beyond", []), strict=False) if value == HIDDEN}
        if "rank_beyond" in table:
            ranks = table["rank_beyond"].tolist()
            new["rank_beyond"] = [HIDDEN if h[0] in starred else rank for h, rank in zip(heads, ranks, strict=True)]
        if "rank_changes" in table and starred:
            new["rank_changes"] = [_without_beyond(str(text)) for text in table["rank_changes"]]
        return _with(table, new)

    def robust(self) -> pd.DataFrame:
        table = self.exact["robust"].reset_index(drop=True)
        stars = self.community_people()
        new: dict[str, list[object]] = {
            "people": [
                as_count(_number(v), bool(is_small(_number(v))) or name in stars)
                for v, name in zip(table["people"], table["community"], strict=True)
            ]
        }
        may = np.array(
            [self.may_tell(name, option) for name, option in zip(table["community"], table["option"], strict=True)],
            dtype=bool,
        )
        for column in ("base", "least", "most"):
            new[column] = _minutes(table, column, may)
        return _with(table, new)

    def list_changes(self) -> pd.DataFrame:
        table = self.exact["list_changes"].reset_index(drop=True)
        may = [self.may_tell(name, option) for name, option in zip(table["community"], table["option"], strict=True)]
        new = {
            column: [value if shown else HIDDEN for value, shown in zip(table[column], may, strict=True)]
            for column in ("rank_base", "rank")
        }
        return _with(table, new)

    def may_tell(self, community: str, option: str) -> bool:
        """Whether the minutes of a community to its hub by car may be told."""
        return self.told.get((community, "car", option), (True, True))[0]

    def community_people(self) -> set[str]:
        """Communities whose number of people is hidden."""
        flags = self.hidden["people"].any(axis=0)
        return {k[1] for k, n in self.counts.cell_of.items() if k[0] == "in" and k[2] == "all" and flags[n]}

    def mitigation(self) -> pd.DataFrame:
        """People who would be served are hidden with those beyond, and where either part of them is small."""
        table = self.exact["mitigation"].reset_index(drop=True)
        beyond, here, in_all = (
            _numbers(table, name) for name in ("people_beyond", "people_served_here", "people_served_all")
        )
        options, sites = table["option"].tolist(), table["site_code"].tolist()
        stars = is_small(beyond) | np.array(
            [self.beyond_hidden(*row) for row in zip(options, table["community"], strict=True)], dtype=bool
        )
        few = (stars | is_small(here) | is_small(beyond - here)) & (here > 0)
        # what all sites together leave, and what a site serves elsewhere
        elsewhere = in_all - pd.Series(here).groupby([table["option"], table["site_code"]]).transform("sum").to_numpy()
        left = self.beyond_in_all(options) - in_all
        shut = set(zip(np.array(options)[few], np.array(sites)[few], strict=True))
        closed = np.array([pair in shut for pair in zip(options, sites, strict=True)], dtype=bool)
        closed |= is_small(in_all) | is_small(in_all - here) | is_small(elsewhere) | is_small(left)
        new: dict[str, Sequence[object]] = {
            "people_beyond": _counts(beyond, stars),
            "people_served_here": _counts(here, few),
            "people_served_all": _counts(in_all, closed & (in_all > 0)),
            "minutes_now": _minutes(table, "minutes_now", ~stars),
            "minutes_to_site": _minutes(table, "minutes_to_site", ~few),
        }
        place = {option: n for n, option in enumerate(dict.fromkeys(options))}
        names = table["community"].tolist()
        # most people first; the order of the others would tell of their numbers
        order = sorted(
            range(len(table)), key=lambda i: (place[options[i]], bool(stars[i]), names[i] if stars[i] else "", i)
        )
        return _with(table, new).iloc[order].reset_index(drop=True)

    def beyond_hidden(self, option: str, community: str) -> bool:
        """Whether the number of people of a community far from their hub by car is hidden."""
        block, key = self.counts.block_of.get((option, self.main, "hub", "car")), ("in", community, "all")
        if block is None or key not in self.counts.cell_of:
            return False
        return bool(self.hidden["beyond"][block, self.counts.cell_of[key]])

    def beyond_in_all(self, options: Sequence[str]) -> NDArray[np.float64]:
        """Everybody far from the hub by car, under each option."""
        cell = self.counts.cell_of.get(("of", "all", "all"))
        blocks = [self.counts.block_of.get((option, self.main, "hub", "car")) for option in options]
        beyond = self.counts.value["beyond"]
        return np.array([np.nan if b is None or cell is None else beyond[b, cell] for b in blocks], dtype=float)

    def mitigation_sites(self) -> pd.DataFrame:
        """Sites one after another: a step that adds few people, or leaves few, hides itself and the running total."""
        table = self.exact["mitigation_sites"].reset_index(drop=True)
        added, in_all = _numbers(table, "people_added"), _numbers(table, "people_in_all")
        few = is_small(added) | is_small(in_all) | is_small(self.beyond_in_all(table["option"].tolist()) - in_all)
        return _with(table, {"people_added": _counts(added, few), "people_in_all": _counts(in_all, few)})

    def people_text(self) -> Callable[[float], str]:
        """Numbers of people of communities that are printed may stand in sentences, others may not."""
        inside = np.array([key[0] == "in" and key[2] == "all" for key in self.counts.keys], dtype=bool)
        shown: list[float] = []
        starred: list[float] = []
        if inside.any():
            value, stars = self.counts.value["people"][:, inside], self.hidden["people"][:, inside]
            shown += value[~stars & ~np.isnan(value)].tolist()
            for measure in IN_COMMUNITIES:
                value, stars = self.counts.value[measure][:, inside], self.hidden[measure][:, inside]
                starred += value[stars].tolist()
        return people_text_of(shown, starred)

    def places(self, tell: TellPlaces | None, text: Callable[[float], str]) -> pd.DataFrame:
        """Sentences without minutes that are hidden in the table of communities, and without other counts."""
        table = (self.exact["places"] if tell is None else tell(text)).reset_index(drop=True)
        sentences = []
        for row in table.itertuples(index=False):
            may, in_range = self.told.get((str(row.community), str(row.mode), str(row.option)), (True, True))
            said = tidy(str(row.sentence)) if tell is not None else without_counts(str(row.sentence))
            sentences.append(NOT_PUBLISHED if not may else said if in_range else without_range(said))
        return _with(table, {"sentence": sentences})


def _how_much(hidden: Mapping[str, int]) -> str:
    return f"{sum(hidden.values()):,} figures in the tables of this pack are hidden."


def _number(value: object) -> float:
    return float("nan") if value is None or pd.isna(value) else float(value)


def _numbers(table: pd.DataFrame, column: str) -> NDArray[np.float64]:
    if column not in table:
        return np.full(len(table), np.nan)
    return pd.to_numeric(table[column], errors="coerce").to_numpy(dtype=float, na_value=np.nan)


def _minutes(
    table: pd.DataFrame, column: str, may: NDArray[np.bool_], in_whole: NDArray[np.bool_] | None = None
) -> list[object]:
    in_whole = np.zeros(len(table), dtype=bool) if in_whole is None else in_whole
    values = zip(_numbers(table, column), may, in_whole, strict=True)
    return [as_minutes(value, bool(m), bool(w)) for value, m, w in values]


def _counts(values: NDArray[np.float64], stars: NDArray[np.bool_]) -> list[object]:
    return [as_count(float(value), bool(star)) for value, star in zip(values, stars, strict=True)]


def _product(change: object, people: object) -> object:
    """Patient-minutes of printed figures, to two digits: they tell nothing that these do not."""
    if change is None or people is None:
        return None
    if HIDDEN in (change, people):
        return HIDDEN
    product = float(change) * float(people)
    if product == 0:
        return 0
    step = 10 ** max(math.floor(math.log10(abs(product))) - 1, 0)
    return int(math.floor(product / step + 0.5) * step)


def _compared(one: pd.Series | None, other: pd.Series | None) -> dict[str, object]:
    """Two printed rows held against each other."""
    people = [HIDDEN if row is None else row["people"] for row in (one, other)]
    mean = [HIDDEN if row is None else row["mean"] for row in (one, other)]
    before = [HIDDEN if row is None else row["mean_before"] for row in (one, other)]
    return {
        "people": people[0],
        "people_compared_with": people[1],
        "mean": mean[0],
        "mean_compared_with": mean[1],
        "gap": _gap(*mean),
        "ratio": _ratio(*mean),
        "gap_before": _gap(*before),
    }


def _gap(one: object, other: object) -> object:
    if HIDDEN in (one, other):
        return HIDDEN
    return None if one is None or other is None else round(float(one) - float(other), 1)


def _ratio(one: object, other: object) -> object:
    if HIDDEN in (one, other):
        return HIDDEN
    return None if one is None or not other else round(float(one) / float(other), 2)


def _without_beyond(text: str) -> str:
    """Changes of rank without those by people beyond the threshold."""
    return "; ".join(part for part in text.split("; ") if "beyond the threshold" not in part)


def _with(table: pd.DataFrame, new: Mapping[str, Sequence[object]]) -> pd.DataFrame:
    """The table with some columns replaced; hidden and known figures stand in one column."""
    made = table.copy()
    for column, values in new.items():
        made[column] = pd.Series(list(values), index=made.index, dtype=object)
    return made
