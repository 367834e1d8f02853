"""The practices and sites of each group: vulnerable, dispensing, clinical systems, floor area, condition, cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from grouping.plain_words import count
from grouping.report.figure_ground import Columns, Figure, Ground, Kind, part_of


def vulnerable(ground: Ground) -> Columns:
    """Practices with a low rating, and their patients."""
    rated = ground.numbers("vulnerability")
    if ground.hides("vulnerability") or np.isnan(rated).all():
        return []
    limit = ground.rules.practices.vulnerable_up_to
    low = rated <= limit
    source = ground.source("practices")
    means = f"Practices rated {limit} or lower, of 1 (special measures) to 5 (succeeding)"
    return [
        (
            Figure("vulnerable", "Vulnerable practices", "count", "practices", means, source),
            ground.each(lambda group: int(low[group].sum())),
        ),
        (
            Figure("vulnerable_patients", "Their patients", "count", "practices", "Patients on their lists", source),
            ground.each(lambda group: int(ground.lists[group][low[group]].sum())),
        ),
        (
            Figure("not_rated", "Not rated", "count", "practices", "Practices without a rating", source),
            ground.each(lambda group: int(np.isnan(rated[group]).sum())),
        ),
    ]


def dispensing(ground: Ground) -> Columns:
    """Practices that dispense."""
    if "dispensing" not in ground.practices or ground.practices["dispensing"].isna().all():
        return []
    does = np.array(
        [value is not None and not pd.isna(value) and bool(value) for value in ground.practices["dispensing"]]
    )
    means = "Practices that dispense medicines"
    figure = Figure("dispensing", "Dispensing practices", "count", "practices", means, ground.source("practices"))
    return [(figure, ground.each(lambda group: int(does[group].sum())))]


def systems(ground: Ground) -> Columns:
    """Clinical systems, with the patients they cover."""
    labels = ground.words("clinical_system")
    if not any(labels):
        return []

    def told(group: NDArray[np.int64]) -> str:
        return with_patients([labels[i] or "not given" for i in group], ground.lists[group])

    source = ground.source("practices")
    means = "Clinical systems of its practices, with the patients on their lists"
    return [
        (
            Figure("systems_used", "Systems", "count", "practices", "How many different clinical systems", source),
            ground.each(lambda group: len({labels[i] for i in group if labels[i]})),
        ),
        (Figure("clinical_systems", "Clinical systems", "text", "practices", means, source), ground.each(told)),
    ]


def with_patients(labels: Sequence[str], lists: Sequence[float]) -> str:
    """Labels with the patients they cover, most patients first: `System A 12,000; System B 9,000`."""
    totals: dict[str, float] = {}
    for label, listed in zip(labels, lists, strict=True):
        totals[label] = totals.get(label, 0.0) + float(listed)
    return "; ".join(f"{label} {count(totals[label])}" for label in sorted(totals, key=lambda key: (-totals[key], key)))


@dataclass(frozen=True)
class _OfSites:
    """A number that sites have: its column and kind, its head and meaning, and the same for each so many patients."""

    column: str
    kind: Kind
    head: str
    meaning: str
    each: str
    each_head: str
    each_meaning: str
    patients: int


OF_SITES = (
    _OfSites(
        "floor_area_m2",
        "area",
        "Floor area, m²",
        "Floor area of its sites",
        "floor_area_per_1000",
        "m² per 1,000 patients",
        "Floor area per 1,000 patients",
        1_000,
    ),
    _OfSites(
        "annual_cost",
        "money",
        "Cost a year",
        "Annual cost of its sites, in pounds",
        "cost_per_patient",
        "Cost a patient",
        "Annual cost a patient",
        1,
    ),
)


def buildings(ground: Ground) -> Columns:
    """Floor area, condition, cost and commitment of the sites."""
    sites, source = ground.place.sites, ground.source("sites")
    made: Columns = []
    for one in OF_SITES:
        if one.column in sites and not ground.hides(one.column) and _numbers(sites, one.column).notna().any():
            made += _of_sites(one, ground, source)
    return made + _conditions(ground) + _committed(ground)


def _of_sites(one: _OfSites, ground: Ground, source: str) -> Columns:
    """Sum over the sites that have a figure, the same for each so many patients, and how many sites have none."""

    def column(key: str, head: str, kind: Kind, meaning: str) -> Figure:
        return Figure(key, head, kind, "practices", meaning, source)

    sums = ground.each(lambda group: _summed(ground, group, one.column))
    listed = ground.each(lambda group: float(ground.lists[group].sum()))
    per_patient = [
        [
            one.patients * total / patients if patients else np.nan
            for (total, _), patients in zip(of, lists, strict=True)
        ]
        for of, lists in zip(sums, listed, strict=True)
    ]
    return [
        (column(one.column, one.head, one.kind, f"{one.meaning}, of the sites that have a figure"), part_of(sums, 0)),
        (column(one.each, one.each_head, one.kind, f"{one.each_meaning}, over all patients"), per_patient),
        (column(f"{one.column}_unknown", "Sites without", "count", "Sites without it"), part_of(sums, 1)),
    ]


def _numbers(sites: pd.DataFrame, column: str) -> pd.Series:
    return pd.to_numeric(sites[column], errors="coerce")


def _summed(ground: Ground, group: NDArray[np.int64], column: str) -> tuple[float, int]:
    """Sum over the sites of a group that have a figure (NaN if none has), and how many have none."""
    known = _numbers(ground.sites(group), column)
    return (float(known.sum()) if known.notna().any() else np.nan), int(known.isna().sum())


def _conditions(ground: Ground) -> Columns:
    sites = ground.place.sites
    if ground.hides("condition") or "condition" not in sites or not sites["condition"].fillna("").ne("").any():
        return []

    def told(group: NDArray[np.int64]) -> str:
        words = ground.sites(group)["condition"].fillna("").astype(str).str.strip().replace("", "not given")
        numbers = words.value_counts()
        return "; ".join(f"{word} {numbers[word]}" for word in sorted(numbers.index))

    means = "Condition of its sites as the inputs give it, with the number of sites"
    return [(Figure("condition", "Condition", "text", "practices", means, ground.source("sites")), ground.each(told))]


def _committed(ground: Ground) -> Columns:
    sites = ground.place.sites
    if "committed" not in sites or sites["committed"].isna().all():
        return []

    def number(group: NDArray[np.int64]) -> int:
        return sum(not pd.isna(value) and bool(value) for value in ground.sites(group)["committed"])

    means = "Sites with committed investment"
    figure = Figure("committed", "Committed sites", "count", "practices", means, ground.source("sites"))
    return [(figure, ground.each(number))]
