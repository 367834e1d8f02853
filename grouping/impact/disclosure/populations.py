"""The public tables of populations: who the patients are, how far they travel, and how options compare."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from grouping.impact.disclosure.cells import COUNTS, IN_LISTS, SHARES
from grouping.impact.disclosure.counts import HIDDEN, SMALL, as_count, is_small, percent, rounded, whole
from grouping.impact.disclosure.minutes import FINE, MANY, WHOLE, Shown
from grouping.impact.disclosure.printing import Decided, Positions, changed, minutes, number
from grouping.impact.disclosure.words import public_sentence
from grouping.impact.stress import RANKED, SAME_MINUTES, SAME_PEOPLE, rank_changes, ranks

IN_PEOPLE = {"people": "all", "rural": "rural", "urban": "urban", "not_known": "not known"}
"""Columns of the table of people and their settings."""


def public_summary(of: Decided) -> pd.DataFrame:
    """Every figure of every population; what the others are worked out from."""
    table = of.table("summary")
    blocks = list(zip(table["option"], table["scenario"], table["journey"], table["mode"], strict=True))
    keys = [("of", p, s) for p, s in zip(table["population"], table["setting"], strict=True)]
    at = of.at(blocks, keys)
    new: dict[str, Sequence[object]] = {"people": of.people(blocks, keys)}
    new |= {measure: of.printed(measure, at) for measure in COUNTS[1:]}
    new |= {share: _shares(of, share, at) for share in SHARES}
    shown = of.shown(table, at, "mean", "mean_before")
    everybody = (table["population"] == "all").to_numpy()
    flags = {"mean": shown.mean, "median": shown.median, "p90": shown.p90, "longest": shown.mean & everybody}
    many = np.nan_to_num(of.counts.value["people_compared"][at])
    flags |= dict.fromkeys(("mean_before", "mean_after", "mean_change"), shown.change)
    flags |= {
        "median_before": shown.change & shown.median & (many / 2 >= SMALL),
        "p90_before": shown.change & shown.p90 & (many / 10 >= SMALL),
    }
    new |= {column: minutes(table, column, may, shown.whole) for column, may in flags.items()}
    new |= _kept_no_site(of, table, at, shown)
    new["change_in_patient_minutes"] = [
        _product(change, people) for change, people in zip(new["mean_change"], new["people_compared"], strict=True)
    ]
    return changed(table, new)


def _kept_no_site(of: Decided, table: pd.DataFrame, at: Positions, shown: Shown) -> dict[str, list[object]]:
    """Mean minutes of those whose practice keeps no site; beside a hidden number only as in `shown_minutes`."""
    kept = np.nan_to_num(of.counts.value["kept_no_site"][at])
    # some of those without a route may be among them
    least = kept - np.nan_to_num(of.counts.value["no_route"][at])
    unsure = shown.whole | of.hidden["kept_no_site_longer_5"][at] | of.hidden["no_route"][at]
    may = shown.mean & ~of.hidden["kept_no_site"][at] & (least >= SMALL) & (~unsure | (least >= WHOLE))
    in_whole = unsure & (least < FINE)
    columns = ("kept_no_site_before", "kept_no_site_after")
    return {column: minutes(table, column, may, in_whole) for column in columns}


def _shares(of: Decided, share: str, at: Positions) -> list[object]:
    """Shares of the people, from rounded counts in whole percent."""
    made: list[object] = []
    stars = of.hidden[share][at] | of.hidden["people"][at]
    for within, people, star in zip(of.counts.value[share][at], of.counts.value["people"][at], stars, strict=True):
        if math.isnan(within) or not people > 0:
            made.append(None)
        elif star or is_small(people):
            made.append(HIDDEN)
        else:
            base = float(rounded(people))
            made.append(percent(float(rounded(within)), base) / 100.0 if base > 0 else None)
    return made


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


def public_people(of: Decided) -> pd.DataFrame:
    """Who the patients are: hidden where the number is hidden in any block."""
    table = of.table("people")
    stars = {name: _hidden_anywhere(of, setting) for name, setting in IN_PEOPLE.items()}
    new: dict[str, list[object]] = {name: [] for name in IN_PEOPLE}
    for row in table.itertuples(index=False):
        for name in IN_PEOPLE:
            value = number(getattr(row, name))
            hide = bool(is_small(value)) or str(row.population) in stars[name]
            exact = of.listed and name == "people" and row.population == "all"
            new[name].append(whole(value) if exact else as_count(value, hide and value > 0))
    new["carried"] = [public_sentence(str(text)) for text in table["carried"]]
    return changed(table, new)


def _hidden_anywhere(of: Decided, setting: str) -> set[str]:
    """Populations whose number in a setting is hidden in any block."""
    flags = of.hidden["people"].any(axis=0)
    return {key[1] for key, n in of.counts.cell_of.items() if key[0] == "of" and key[2] == setting and flags[n]}


def public_inequality(of: Decided, summary: pd.DataFrame) -> pd.DataFrame:
    """Printed rows of the summary held against each other."""
    table = of.table("inequality")
    own = summary[(summary["scenario"] == of.main) & (summary["setting"] == "all")]
    heads = ["option", "journey", "mode"]
    by_key = {tuple(row[[*heads, "population"]]): row for _, row in own.iterrows()}
    by_label = {tuple(row[[*heads, "label"]]): row for _, row in own.iterrows()}
    rows = []
    for _, row in table.iterrows():
        head = tuple(row[heads])
        one, other = by_key.get((*head, row["population"])), by_label.get((*head, row["compared_with"]))
        rows.append(_compared(one, other))
    new = {column: [row[column] for row in rows] for column in rows[0]} if rows else {}
    return changed(table, new)


def _compared(one: pd.Series | None, other: pd.Series | None) -> dict[str, object]:
    people, mean, before, after = (
        [HIDDEN if row is None else row[name] for row in (one, other)]
        for name in ("people", "mean", "mean_before", "mean_after")
    )
    return {
        "people": people[0],
        "people_compared_with": people[1],
        "mean": mean[0],
        "mean_compared_with": mean[1],
        "gap": _gap(*mean),
        "ratio": _ratio(*mean),
        "gap_before": _gap(*before),
        "gap_after": _gap(*after),
    }


def _gap(one: object, other: object) -> object:
    if HIDDEN in (one, other):
        return HIDDEN
    return None if one is None or other is None else round(float(one) - float(other), 1)


def _ratio(one: object, other: object) -> object:
    if HIDDEN in (one, other):
        return HIDDEN
    return None if one is None or not other else round(float(one) / float(other), 2)


def public_list(of: Decided, name: str, code: str) -> pd.DataFrame:
    """Practices or groups."""
    table = of.table(name)
    blocks = of.blocks(table)
    keys = [("by", name, str(one)) for one in table[code]]
    at = of.at(blocks, keys)
    shown = of.shown(table, at, "mean", "mean_before")
    longest = shown.mean & ~of.hidden["no_route"][at] & (of.routed(at) >= MANY)
    new: dict[str, Sequence[object]] = {
        "people": of.people(blocks, keys),
        **{measure: of.printed(measure, at) for measure in IN_LISTS[1:]},
        "mean": minutes(table, "mean", shown.mean, shown.whole),
        **{name: minutes(table, name, shown.change, shown.whole) for name in ("mean_before", "mean_after", "change")},
        "longest": minutes(table, "longest", longest),
    }
    return changed(table, new)


def public_scenarios(of: Decided, summary: pd.DataFrame) -> pd.DataFrame:
    """Options under each scenario: the printed figures of the summary, ranked as they are printed."""
    table = of.table("scenarios")
    own = summary[
        (summary["journey"] == "hub")
        & (summary["mode"] == "car")
        & (summary["population"] == "all")
        & (summary["setting"] == "all")
    ]
    rows = {(row["scenario"], row["option"]): row for _, row in own.iterrows()}
    heads = list(zip(table["scenario"], table["option"], strict=True))
    columns = [column for column in ("mean", "p90", "beyond", "newly_beyond", "mean_change") if column in table]
    new = {column: [rows[head][column] if head in rows else HIDDEN for head in heads] for column in columns}
    return _ranked(changed(table, new))


def _ranked(table: pd.DataFrame) -> pd.DataFrame:
    """Ranks among printed figures; none under a scenario where one of them is hidden."""
    measures = [one for one in RANKED if f"rank_{one[0]}" in table]
    parts: list[pd.DataFrame] = []
    for _, part in table.groupby("scenario", sort=False):
        made = part.copy()
        known = []
        for measure, words in measures:
            hidden = bool((part[measure] == HIDDEN).any())
            tie = SAME_PEOPLE if measure == "beyond" else SAME_MINUTES
            values = np.array([number(value) for value in part[measure]], dtype=float)
            made[f"rank_{measure}"] = pd.Series(
                [HIDDEN] * len(part) if hidden else ranks(values, tie).tolist(), index=part.index, dtype=object
            )
            base = parts[0] if parts else made
            if not hidden and not (base[f"rank_{measure}"] == HIDDEN).any():
                known.append((measure, words))
        if parts and "rank_changes" in made:
            made["rank_changes"] = rank_changes(parts[0], made, known)
        parts.append(made)
    return pd.concat(parts) if parts else table
