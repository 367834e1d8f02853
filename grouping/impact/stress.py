"""Does it still hold when an assumption changes? Ranks of the options and the worst-off communities, by scenario."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from grouping.assess import NOTICED_MINUTES
from grouping.impact.communities import Communities, Figures, worst_first
from grouping.impact.measures import CLOSE
from grouping.plain_words import listed, option_title

RANKED = (("mean", "mean minutes"), ("p90", "the 90th percentile"), ("beyond", "people beyond the threshold"))
"""Figures the options are ranked by, least first, with their names in words."""

SAME_MINUTES = 0.005
"""Minutes that differ by less are a tie: the tables print two or three decimals."""

SAME_PEOPLE = 0.5
"""People that differ by less are a tie: nobody is half a person."""

WORSE_MINUTES = NOTICED_MINUTES
"""A community is worse off from more than so many minutes on."""

SCENARIO_COLUMNS = (
    "scenario",
    "title",
    "option",
    "mean",
    "p90",
    "beyond",
    "newly_beyond",
    "mean_change",
    "rank_mean",
    "rank_p90",
    "rank_beyond",
    "rank_changes",
)
ROBUST_COLUMNS = (
    "option",
    "community",
    "setting",
    "people",
    "base",
    "least",
    "most",
    "scenarios_worse",
    "scenarios",
    "robust",
)
LIST_COLUMNS = ("scenario", "option", "community", "setting", "list_change", "rank_base", "rank")

ByScenario = Mapping[str, Mapping[str, Figures]]
"""Scenario -> option -> figures of the communities; the first scenario is the base, the case as it stands."""


# -------------------------------------------------------------------------------------------------- ranks of options


def ranking_table(summary: pd.DataFrame, titles: Mapping[str, str]) -> pd.DataFrame:
    """Rank the options under each scenario and say what changes against the first one.

    Speaks of the journey to the hub by car, of all registered patients.

    Parameters
    ----------
    summary
        The table `summary` with the rows of every scenario.
    titles
        Scenario -> its title, the base first; a scenario without rows is left out.

    Returns
    -------
    DataFrame
        `SCENARIO_COLUMNS`. Rank 1 is the least; options that differ by less than `SAME_MINUTES` or `SAME_PEOPLE` from
        the best of a tie share its rank, and a figure that is not known comes last. An option that covers fewer people
        than others has no rank. `rank_changes` stands with the
        option that moves ahead.
    """
    rows = summary[
        (summary["journey"] == "hub")
        & (summary["mode"] == "car")
        & (summary["population"] == "all")
        & (summary["setting"] == "all")
    ]
    parts: list[pd.DataFrame] = []
    for name, title in titles.items():
        part = rows[rows["scenario"] == name].copy()
        if part.empty:
            continue
        part["title"] = title
        people = part["people"].to_numpy(dtype=float)
        whole = people > people.max() - SAME_PEOPLE  # a plan that leaves people out would lead by it
        for measure, _ in RANKED:
            tie = SAME_PEOPLE if measure == "beyond" else SAME_MINUTES
            rank = ranks(np.where(whole, part[measure].to_numpy(dtype=float), np.nan), tie)
            part[f"rank_{measure}"] = rank if whole.all() else np.where(whole, rank, np.nan)
        part["rank_changes"] = rank_changes(parts[0], part) if parts else ""
        parts.append(part[list(SCENARIO_COLUMNS)])
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(SCENARIO_COLUMNS))


def ranks(values: NDArray[np.float64], tie: float) -> NDArray[np.int64]:
    """Rank values from the least (1) on; ties share the better rank and the next rank is then skipped.

    Parameters
    ----------
    values
        Shape (n,); NaN comes last, all of them sharing one rank.
    tie
        A value that lies less than this above the least of a tie belongs to it.
    """
    rank = np.zeros(len(values), dtype=np.int64)
    first, at = math.nan, 0
    for place, number in enumerate(np.argsort(values, kind="stable"), start=1):
        value = values[number]
        same = value - first < tie or (math.isnan(value) and at > 0 and math.isnan(first))
        if not same:
            first, at = value, place
        rank[number] = at
    return rank


def rank_changes(base: pd.DataFrame, now: pd.DataFrame, measures: Sequence[tuple[str, str]] = RANKED) -> list[str]:
    """For each option of a scenario: which others it passes, compared with the base.

    Parameters
    ----------
    base, now
        Rows of the base and of the scenario with `option` and a column `rank_...` for each of the measures.
    measures
        Figures and their names in words.
    """
    told = []
    for option in now["option"]:
        said = []
        for measure, words in measures:
            before = dict(zip(base["option"], base[f"rank_{measure}"], strict=True))
            after = dict(zip(now["option"], now[f"rank_{measure}"], strict=True))
            passed: dict[str, list[str]] = {}
            for other in now["option"]:
                if other != option and {other, option} <= before.keys():
                    passed.setdefault(_passing(option, other, before, after), []).append(other)
            said += [
                f"{option_title(option)} {verb} {listed([option_title(other) for other in others])} on {words}"
                for verb, others in passed.items()
                if verb
            ]
        told.append("; ".join(said))
    return told


def _passing(option: str, other: str, before: dict[str, int], after: dict[str, int]) -> str:
    """How one option gains on another; empty where it does not."""
    then, now = np.sign(before[option] - before[other]), np.sign(after[option] - after[other])
    if not now < then:  # also where one of them has no rank
        return ""
    if now < 0:
        return "overtakes" if then > 0 else "moves ahead of"
    return "draws level with"


# --------------------------------------------------------------------------------------------- communities worse off


def robust_table(figures: ByScenario, communities: Communities, threshold: float) -> pd.DataFrame:
    """Find the communities that are worse off under the base or any scenario, and whether they are under every one.

    Worse off is, with a baseline, a mean change of more than `WORSE_MINUTES`, or nobody having a route any more where
    there was one before; without a baseline a mean of more minutes than the threshold, or no route under the scenario
    where there is one in the base. Communities that are not ranked are left out.

    Parameters
    ----------
    figures
        Figures of the communities, the base first.
    communities
        The communities.
    threshold
        Minutes a journey should not exceed.

    Returns
    -------
    DataFrame
        `ROBUST_COLUMNS`, by option, then the worst in the base first (ties by name). `people` are those of the base;
        `base`, `least` and `most` are changes in minutes, or minutes without a baseline, `least` and `most` over the
        base and all scenarios; `scenarios` counts the base too.
    """
    base = next(iter(figures.values()), {})
    parts = []
    for option in base:
        under = [scenario[option] for scenario in figures.values() if option in scenario]
        measure = np.array([one.measure() for one in under])
        worse = np.array([_worse(one, under[0], threshold) & under[0].ranked for one in under])
        order = worst_first(under[0])
        chosen = order[worse.any(axis=0)[order]]
        names = np.array(communities.names, dtype=object)
        parts.append(
            pd.DataFrame(
                {
                    "option": option,
                    "community": names[chosen],
                    "setting": np.array(communities.setting, dtype=object)[chosen],
                    "people": under[0].people[chosen],
                    "base": measure[0][chosen],
                    "least": np.fmin.reduce(measure)[chosen],
                    "most": np.fmax.reduce(measure)[chosen],
                    "scenarios_worse": worse.sum(axis=0)[chosen],
                    "scenarios": len(under),
                    "robust": worse.all(axis=0)[chosen],
                },
                columns=list(ROBUST_COLUMNS),
            )
        )
    return pd.concat(parts, ignore_index=True) if parts else pd.DataFrame(columns=list(ROBUST_COLUMNS))


def _worse(figures: Figures, base: Figures, threshold: float) -> NDArray[np.bool_]:
    """Which communities are worse off, shape (C,); comparisons with NaN are false."""
    nowhere = np.isnan(figures.minutes)
    if figures.change is None:
        return (figures.minutes > threshold + CLOSE) | (nowhere & ~np.isnan(base.minutes))
    return (figures.change > WORSE_MINUTES + CLOSE) | (nowhere & (figures.lost_route > 0))


# ------------------------------------------------------------------------------------------------ the list of the worst


def list_changes(figures: ByScenario, communities: Communities, worst: int) -> pd.DataFrame:
    """Tell which communities enter or leave the list of the worst under each scenario.

    Parameters
    ----------
    figures
        Figures of the communities, the base first.
    communities
        The communities.
    worst
        How many communities the list holds.

    Returns
    -------
    DataFrame
        `LIST_COLUMNS`, by scenario and option; `list_change` is `enters` or `leaves`, a rank is NaN where nobody has a
        route to judge by. A scenario under which the list stays the same has no row.
    """
    rows: list[tuple[object, ...]] = []
    base = next(iter(figures.values()), {})
    for name in tuple(figures)[1:]:
        for option in (option for option in figures[name] if option in base):
            before, now = _community_ranks(base[option]), _community_ranks(figures[name][option])
            was, is_now = before <= worst, now <= worst  # NaN is not
            for words, which, by in (("enters", ~was & is_now, now), ("leaves", was & ~is_now, before)):
                for number in sorted(np.flatnonzero(which), key=by.__getitem__):
                    place = (communities.names[number], communities.setting[number], words)
                    rows.append((name, option, *place, before[number], now[number]))
    return pd.DataFrame(rows, columns=list(LIST_COLUMNS))


def _community_ranks(figures: Figures) -> NDArray[np.float64]:
    """Ranks of the communities, shape (C,): 1 the worst, NaN where nobody has a route to judge by."""
    measure = figures.measure()
    order = worst_first(figures)
    rank = np.empty(len(measure))
    rank[order] = np.arange(1, len(order) + 1)
    rank[np.isnan(measure) | ~figures.ranked] = np.nan
    return rank
