"""Single figures of an option as they may be published.

Where the tables about travel print the same figure, theirs is taken, so that a page never says one thing in two ways.
What they do not hold is hidden and rounded by the same rule.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd

from grouping.impact.disclosure.counts import SMALL, as_minutes, is_small, rounded
from grouping.impact.result import Impact
from grouping.plain_words import is_missing

PARTS = ("", "_rural", "_urban")
"""How figures of all patients, and of those in rural and in urban areas, are called."""

SETTINGS = {"": "all", "_rural": "rural", "_urban": "urban"}
MANY = 200
"""From so many people on a mean of minutes is printed without more ado (see `grouping.impact.disclosure`)."""

COARSE = 2 * (SMALL + 0.5)
"""People that one percent must be, so that seven more or fewer are not seen in it."""

PLAIN = (
    "groups", "urban_groups", "rural_groups", "practices", "exceptions", "shortfall", "smallest", "largest",
    "longest_practice_minutes",
)  # fmt: skip
"""Figures of practices, groups and roads: nothing in them is about where single patients live."""

MEANS = {
    "": "mean_minutes_to_hub",
    "_rural": "mean_minutes_hub_rural",
    "_urban": "mean_minutes_hub_urban",
}
LIMITS = (10, 15, 20, 30, 45)


def public_headline(figures: Mapping[str, object], impact: Impact | None, option_id: str) -> dict[str, object]:
    """The figures of a whole option.

    Parameters
    ----------
    figures
        Exact (`AssessedOption.headline`).
    impact
        Already public, or None.
    option_id
        The option.

    Returns
    -------
    Figures that may be published; one that is hidden is not there.
    """
    made = {key: figures[key] for key in PLAIN if key in figures}
    made |= _by_own_rule(figures)
    if impact is not None:
        made |= _printed(impact, option_id)
    return {key: value for key, value in made.items() if not is_missing(value)}


def _by_own_rule(figures: Mapping[str, object]) -> dict[str, object]:
    """Counts rounded or hidden, shares in whole percent, minutes to 0.1."""
    whole = {part: _number(figures.get(f"patients{part}")) for part in PARTS}
    compared = {part: _number(figures.get(f"patients_compared{part}")) for part in PARTS}
    made: dict[str, object] = {"patients": round(whole[""]) if math.isfinite(whole[""]) else math.nan}
    made |= _parts_of(whole, "patients")
    for key in ("patients_without_route", "patients_estimated"):
        made[key] = _count(_number(figures.get(key)), whole[""])
    rests = [whole[part] - compared[part] for part in PARTS]
    if not any(bool(is_small(rest)) for rest in rests):
        made |= {f"patients_compared{part}": _count(compared[part], whole[part]) for part in PARTS}
    for key, value in figures.items():
        part = next((part for part in PARTS[1:] if key.endswith(part)), "")
        if key.startswith("mean_minutes"):
            made[key] = _minutes(_number(value), whole[part])
        elif key.startswith("share_"):
            of = compared[part] if "longer" in key or "shorter" in key else whole[part]
            made[key] = public_share(_number(value), of)
    return made


def _parts_of(whole: Mapping[str, float], name: str) -> dict[str, object]:
    """Rural and urban patients; both hidden where one of them, or those of neither, are few."""
    rest = whole[""] - whole["_rural"] - whole["_urban"]
    few = any(bool(is_small(value)) for value in (whole["_rural"], whole["_urban"], rest))
    return {f"{name}{part}": math.nan if few else float(rounded(whole[part])) for part in PARTS[1:]}


def _count(value: float, whole: float) -> float:
    """A count rounded to 5; NaN where it or what is left is 1 to 7 people."""
    if math.isnan(value) or is_small(value) or is_small(whole - value):
        return math.nan
    return float(rounded(value))


def public_share(share: float, people: float) -> float:
    """A share in whole percent; NaN where seven people more or fewer would show in it and it tells of so few."""
    if not math.isfinite(share):
        return math.nan
    few = bool(is_small(share * people) | is_small((1 - share) * people))
    if math.isfinite(people) and few and people < 100 * COARSE:
        return math.nan
    return math.floor(100 * share + 0.5) / 100


def _minutes(value: float, people: float) -> float:
    """A mean to 0.1 minutes, to whole ones for fewer than 200 people, none for fewer than 8."""
    if people < SMALL:
        return math.nan
    printed = as_minutes(value, True, in_whole=people < MANY)
    return math.nan if printed is None else float(printed)


def _printed(impact: Impact, option_id: str) -> dict[str, object]:
    """What the public tables about travel print of the same figures; NaN for what they hide."""
    made: dict[str, object] = {}
    for part, setting in SETTINGS.items():
        hub, routine = (_row(impact, option_id, journey, setting) for journey in ("hub", "routine"))
        if hub is not None:
            made[MEANS[part]] = _number(hub["mean"])
            made |= {f"share_within_{limit}_minutes{part}": _number(hub[f"within_{limit}"]) for limit in LIMITS}
            made[f"patients{part}"] = _number(hub["people"])
            if part == "":
                made["patients_without_route"] = _number(hub["no_route"])
            if not is_missing(hub["mean_before"]):  # hidden is not unknown: what these tables hide is not told here
                made[f"mean_minutes_before{part}"] = _number(hub["mean_before"])
                made[f"mean_minutes_compared{part}"] = _number(hub["mean_after"])
                made[f"patients_compared{part}"] = _number(hub["people_compared"])
        if routine is not None:
            made[f"mean_minutes_routine{part}"] = _number(routine["mean"])
            made |= {
                f"share_routine_within_{limit}_minutes{part}": _number(routine[f"within_{limit}"]) for limit in LIMITS
            }
    return made


def _row(impact: Impact, option_id: str, journey: str, setting: str) -> pd.Series | None:
    """The row of the summary for everybody by car, None where there is none."""
    table = impact.tables["summary"]
    own = (
        (table["option"] == option_id)
        & (table["scenario"].fillna("") == "")
        & (table["journey"] == journey)
        & (table["mode"] == "car")
        & (table["population"] == "all")
        & (table["setting"] == setting)
    )
    return table[own].iloc[0] if own.any() else None


def _number(value: object) -> float:
    """A figure; NaN for what is hidden or not known."""
    if value is None or isinstance(value, str) or pd.isna(value):
        return math.nan
    return float(value)


def public_groups(groups: pd.DataFrame, impact: Impact | None, option_id: str) -> pd.DataFrame:
    """The table of groups: list sizes exact as published, rural shares in whole percent, minutes as the tables print.

    Parameters
    ----------
    groups
        `AssessedOption.groups`.
    impact, option_id
        As for `public_headline`.
    """
    lists = groups["list_size"].to_numpy(dtype=float)
    shares = groups["rural_share"].to_numpy(dtype=float)
    printed = _printed_means(impact, option_id)
    means = [
        printed[group_id] if group_id in printed else _minutes(_number(mean), people)
        for group_id, mean, people in zip(groups["group_id"], groups["mean_minutes_to_hub"], lists, strict=True)
    ]
    return groups.assign(
        rural_share=[public_share(share, people) for share, people in zip(shares, lists, strict=True)],
        mean_minutes_to_hub=np.array(means, dtype=float),
        max_practice_minutes=groups["max_practice_minutes"].astype(float).round(1),
    )


def _printed_means(impact: Impact | None, option_id: str) -> dict[str, float]:
    """Group -> mean minutes to its hub by car as the public tables print them."""
    if impact is None or "groups" not in impact.tables:
        return {}
    table = impact.tables["groups"]
    own = table[(table["option"] == option_id) & (table["journey"] == "hub") & (table["mode"] == "car")]
    return {str(row.group_id): _number(row.mean) for row in own.itertuples(index=False)}


def public_behind(share: float, patients: float) -> float:
    """By which share a score lies above the best, rounded up by the rule of `public_score`: it never claims nearer."""
    if not math.isfinite(share):
        return share
    step = 10 ** score_digits(patients)
    return math.ceil(round(share * step, 6)) / step


def public_score(score: float | None, patients: float) -> float | None:
    """A score so rounded that what one patient adds to it is not seen: at most 3 decimals, fewer for few patients."""
    if score is None or not math.isfinite(score):
        return score
    return round(score, score_digits(patients))


def score_digits(patients: float) -> int:
    """Decimals of a score in which one patient's journey is not seen."""
    digits = math.floor(math.log10(patients / 100)) if patients >= 1_000 else 1
    return min(max(digits, 1), 3)
