"""The public tables of prompts: existing sites near people who would be far from their hub."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from grouping.impact.disclosure.counts import is_small
from grouping.impact.disclosure.printing import Decided, changed, counted, minutes, number, numbers


def public_mitigation(of: Decided) -> pd.DataFrame:
    """People who would be served are hidden with those beyond, and where either part of them is small."""
    table = of.table("mitigation")
    beyond, here, in_all = (
        numbers(table, name) for name in ("people_beyond", "people_served_here", "people_served_all")
    )
    pairs = list(zip(table["option"], table["community"], strict=True))
    stars = is_small(beyond) | np.array([_beyond_hidden(of, *pair) for pair in pairs], dtype=bool)
    few = (stars | is_small(here) | is_small(beyond - here)) & (here > 0)
    closed = _closed(of, table, few)
    new: dict[str, Sequence[object]] = {
        "people_beyond": counted(beyond, stars),
        "people_served_here": counted(here, few),
        "people_served_all": counted(in_all, closed & (in_all > 0)),
        "minutes_now": minutes(table, "minutes_now", ~stars),
        "minutes_to_site": minutes(table, "minutes_to_site", ~few),
    }
    public = changed(table, new)
    # most people first as they are printed: any other order would tell of their numbers
    place = {option: n for n, option in enumerate(dict.fromkeys(table["option"]))}
    most = public["people_beyond"].map(number).to_numpy(dtype=float)
    key = np.where(np.isnan(most), np.inf, -most)
    order = sorted(range(len(table)), key=lambda i: (place[pairs[i][0]], key[i], str(pairs[i][1])))
    return public.iloc[order].reset_index(drop=True)


def _closed(of: Decided, table: pd.DataFrame, few: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Rows of sites whose total is hidden: for what it leaves, what it serves elsewhere, or what is hidden of it."""
    here, in_all = numbers(table, "people_served_here"), numbers(table, "people_served_all")
    listed = pd.Series(here).groupby([table["option"], table["site_code"]]).transform("sum").to_numpy()
    left = beyond_in_all(of, table["option"].tolist()) - in_all
    sites = list(zip(table["option"], table["site_code"], strict=True))
    shut = {site for site, star in zip(sites, few, strict=True) if star}
    closed = np.array([site in shut for site in sites], dtype=bool)
    return closed | is_small(in_all) | is_small(in_all - here) | is_small(in_all - listed) | is_small(left)


def _beyond_hidden(of: Decided, option: str, community: str) -> bool:
    """Whether the number of people of a community far from their hub by car is hidden."""
    block, key = of.counts.block_of.get((option, of.main, "hub", "car")), ("in", community, "all")
    if block is None or key not in of.counts.cell_of:
        return False
    return bool(of.hidden["beyond"][block, of.counts.cell_of[key]])


def beyond_in_all(of: Decided, options: Sequence[str]) -> NDArray[np.float64]:
    """Everybody far from the hub by car under each of some options, shape (n,)."""
    cell = of.counts.cell_of.get(("of", "all", "all"))
    blocks = [of.counts.block_of.get((option, of.main, "hub", "car")) for option in options]
    beyond = of.counts.value["beyond"]
    return np.array([np.nan if b is None or cell is None else beyond[b, cell] for b in blocks], dtype=float)


def public_mitigation_sites(of: Decided) -> pd.DataFrame:
    """Sites one after another: a step that adds few people, or leaves few, hides itself and the running total."""
    table = of.table("mitigation_sites")
    added, in_all = numbers(table, "people_added"), numbers(table, "people_in_all")
    few = is_small(added) | is_small(in_all) | is_small(beyond_in_all(of, table["option"].tolist()) - in_all)
    return changed(table, {"people_added": counted(added, few), "people_in_all": counted(in_all, few)})
