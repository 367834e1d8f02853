"""The figures of the plans side by side, each with its difference to the first plan."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from grouping.compare.alike import same_companions
from grouping.compare.comparison import Compared, Comparison, threshold_of
from grouping.impact.words import signed_minutes
from grouping.plain_words import count, is_missing, minutes, plural, signed

NONE = "–"


@dataclass(frozen=True)
class Figure:
    """One figure of all plans.

    Parameters
    ----------
    key
        Short stable name.
    label
        What it is, with its unit.
    values
        Per plan the number, None where it is not known or hidden.
    shown
        Per plan what the page prints.
    changes
        Per plan the difference to the first as it is printed; empty where there is none to be told.
    differences
        The same as a number; None where there is none.
    """

    key: str
    label: str
    values: tuple[float | None, ...]
    shown: tuple[str, ...]
    changes: tuple[str, ...]
    differences: tuple[float | None, ...]


Shape = Callable[[object], str]


def figures_of(comparison: Comparison) -> tuple[Figure, ...]:
    """All figures, in the order they are read."""
    return (
        *_sizes(comparison),
        *_journeys(comparison),
        *_before(comparison),
        *_belonging(comparison),
        *_against_first(comparison),
        _scores(comparison),
    )


def _figure(key: str, label: str, raw: Sequence[object], shape: Shape, change: Shape | None) -> Figure:
    """A figure from what the tables hold, where a hidden number is a text."""
    values = tuple(_number(value) for value in raw)
    shown = tuple(
        value if isinstance(value, str) else NONE if number is None else shape(number)
        for value, number in zip(raw, values, strict=True)
    )
    differences = tuple(_difference(values[0], value, change) for value in values)
    changes = tuple(change(number) if change and number else "" for number in differences)
    return Figure(key, label, values, shown, changes, differences)


def _number(value: object) -> float | None:
    if isinstance(value, str) or value is pd.NA or is_missing(value):
        return None
    return float(value)


def _difference(first: float | None, value: float | None, change: Shape | None) -> float | None:
    """The difference of two figures as they are printed, so that a reader's own sum agrees; None for none."""
    if first is None or value is None or change is None:
        return None
    digits = DIGITS[change]
    return round(round(value, digits) - round(first, digits), digits) or None


def _signed_score(value: float) -> str:
    return f"{'−' if value < 0 else '+'}{abs(value):.3f}"


DIGITS: dict[Shape, int] = {signed: 0, signed_minutes: 1, _signed_score: 3}
"""Decimals of what is printed, by how its difference is written."""


# ----------------------------------------------------------------------------------------------------------- the groups


def _sizes(comparison: Comparison) -> list[Figure]:
    """How many groups, how large, and how many below their minimum."""
    plans = comparison.plans
    heads = [one.option.headline for one in plans]

    def row(key: str, label: str) -> Figure:
        return _figure(key, label, [head.get(key) for head in heads], count, signed)

    groups = row("groups", "Groups")
    kinds = tuple(
        f"{shown} ({head.get('urban_groups', 0)} urban, {head.get('rural_groups', 0)} rural)"
        for shown, head in zip(groups.shown, heads, strict=True)
    )
    practices = [len(one.plan.practice_codes) for one in plans]
    whole = [float(one.option.groups["list_size"].sum()) for one in plans]
    own = "" if comparison.same_rules else ", by its own rule set"
    return [
        _figure("practices", "Practices in the plan", practices, count, signed),
        _figure("patients", "Registered patients in the plan", whole, count, signed),
        replace(groups, shown=kinds),
        row("smallest", "Smallest group, patients"),
        row("largest", "Largest group, patients"),
        row("exceptions", f"Groups below their minimum{own}"),
        row("shortfall", f"Patients short of the minimum in all{own}"),
    ]


# -------------------------------------------------------------------------------------------------------- the journeys


def summary_cell(one: Compared, measure: str, *, population: str = "all", setting: str = "all") -> object:
    """One figure of the journey to the hub by car; None where the tables do not hold it, text where it is hidden."""
    table = one.tables.get("summary")
    if table is None or measure not in table.columns:
        return None
    found = table[
        (table["option"] == one.option_id)
        & (table["scenario"] == one.run.impact.scenario)
        & (table["journey"] == "hub")
        & (table["mode"] == "car")
        & (table["population"] == population)
        & (table["setting"] == setting)
    ]
    return None if found.empty else found[measure].iloc[0]


POPULATIONS = (
    ("age_75_plus", "patients aged 75 and over"),
    ("no_car", "patients without a car"),
    ("most_deprived", "patients in the most deprived areas"),
)
"""Populations whose journeys are told besides those of all."""

JOURNEYS = (
    ("mean", "all", "all", "Mean minutes from home to the hub"),
    ("mean", "all", "rural", "… for patients in rural areas"),
    ("mean", "all", "urban", "… for patients in urban areas"),
    *(("mean", key, "all", f"… for {words}") for key, words in POPULATIONS),
    ("p90", "all", "all", "Nine in ten patients reach the hub within, minutes"),
    ("p90", "all", "rural", "… in rural areas"),
)
"""Figures of the journey to the hub: measure, population, setting and label."""

HEADLINE_KEYS = {
    ("mean", "all", "all"): "mean_minutes_to_hub",
    ("mean", "all", "rural"): "mean_minutes_hub_rural",
    ("mean", "all", "urban"): "mean_minutes_hub_urban",
}
"""Where the same figure stands in an option's headline, for a run without tables of travel."""


def _journeys(comparison: Comparison) -> list[Figure]:
    plans = comparison.plans
    found = [] if comparison.same_people else [_compared_mean(comparison)]
    for measure, population, setting, label in JOURNEYS:
        raw = [_journey(one, measure, population, setting) for one in plans]
        if any(value is not None and not is_missing(value) for value in raw):
            unit = ", estimate" if comparison.estimate and not label.startswith("…") else ""
            key = f"{measure}_{population}_{setting}"
            found.append(_figure(key, label + unit, raw, minutes, signed_minutes))
    found += _beyond(comparison)
    longest = [one.option.headline.get("longest_practice_minutes") for one in plans]
    label = "Longest way from a practice to its hub, minutes"
    return [*found, _figure("longest", label, longest, minutes, signed_minutes)]


def _journey(one: Compared, measure: str, population: str, setting: str) -> object:
    cell = summary_cell(one, measure, population=population, setting=setting)
    if cell is None and (measure, population, setting) in HEADLINE_KEYS:
        return one.option.headline.get(HEADLINE_KEYS[measure, population, setting])
    return cell


def _compared_mean(comparison: Comparison) -> Figure:
    """Mean minutes of the patients of the practices that all plans hold, each plan by its own inputs."""
    means = []
    for one in comparison.plans:
        minutes_of = practice_minutes(one)
        rows = [(minutes_of.get(code), comparison.patients[code]) for code in comparison.codes]
        known = [(value, patients) for value, patients in rows if isinstance(value, float) and np.isfinite(value)]
        total = sum(patients for _, patients in known)
        means.append(sum(value * patients for value, patients in known) / total if total else None)
    label = f"Mean minutes to the hub, the {plural(len(comparison.codes), 'practice')} compared"
    return _figure("mean_compared", label, means, minutes, signed_minutes)


def practice_minutes(one: Compared) -> dict[str, object]:
    """Mean minutes by car to the hub of each practice's patients; a hidden figure is text."""
    table = one.tables.get("practices")
    if table is None or "mean" not in table.columns:
        return {}
    found = table[(table["option"] == one.option_id) & (table["journey"] == "hub") & (table["mode"] == "car")]
    return {
        str(code): value if isinstance(value, str) else float("nan") if is_missing(value) else float(value)
        for code, value in zip(found["practice_code"], found["mean"], strict=True)
    }


def _beyond(comparison: Comparison) -> list[Figure]:
    """Patients whose journey is longer than the threshold."""
    if comparison.hides_counts:
        return []
    limits = list(dict.fromkeys(threshold_of(one) for one in comparison.plans))
    words = " or ".join(f"{limit:g}" for limit in limits)
    rows = [
        ("all", "all", f"Patients beyond {words} minutes of the hub"),
        ("all", "rural", "… in rural areas"),
        *((key, "all", f"… {_of_them(said)}") for key, said in POPULATIONS),
    ]
    found = []
    for population, setting, label in rows:
        raw = [summary_cell(one, "beyond", population=population, setting=setting) for one in comparison.plans]
        if any(value is not None and not is_missing(value) for value in raw):
            change = signed if len(limits) == 1 else None
            found.append(_figure(f"beyond_{population}_{setting}", label, raw, count, change))
    return found


def _of_them(said: str) -> str:
    return said.replace("patients ", "", 1)


def _before(comparison: Comparison) -> list[Figure]:
    """Against the hub services of before, where all plans have the same."""
    if not comparison.same_before or comparison.hides_counts:
        return []
    return [
        _figure(key, label, [summary_cell(one, key) for one in comparison.plans], count, signed)
        for key, label in (
            ("longer_5", "Patients more than 5 minutes further from the hub than before"),
            ("shorter_5", "Patients more than 5 minutes nearer to the hub than before"),
        )
    ]


# -------------------------------------------------------------------------------------------------- who works with whom


BELONGING = (
    ("locality", "Patients outside the largest locality of their group"),
    ("current_group", "Patients who are not from the largest of today’s groups in theirs"),
    ("clinical_system", "Patients on another clinical system than most of their group"),
)
"""Attributes of practices that a group may mix: column and label."""


def _belonging(comparison: Comparison) -> list[Figure]:
    """How far groups mix localities, today's groups and clinical systems, as far as the inputs hold them."""
    found = []
    for column, label in BELONGING:
        raw = [_outside_largest(one, column) for one in comparison.plans]
        if any(value is not None for value in raw):
            found.append(_figure(column, label, raw, count, signed))
    return found


def _outside_largest(one: Compared, column: str) -> float | None:
    """Patients whose label is another than the largest of their group; None where no practice has a label."""
    practices = one.run.place.practices
    if column not in practices.columns:
        return None
    labels = practices[column].fillna("").astype(str)
    if not labels.ne("").any():
        return None
    outside = 0.0
    for group in one.plan.groups:
        members = practices.loc[list(group.members), "list_size"].astype(float)
        named = labels.loc[list(group.members)]
        sums = members[named != ""].groupby(named[named != ""]).sum()
        outside += float(sums.sum() - sums.max()) if len(sums) else 0.0
    return outside


def _against_first(comparison: Comparison) -> list[Figure]:
    """Practices and patients with other companions than in the first plan."""
    first, patients = comparison.partitions[0], comparison.patients
    total = sum(patients.values())
    changed = [sum(other[code] != first[code] for code in first) for other in comparison.partitions]
    moved = [total - same_companions(first, other, patients) for other in comparison.partitions]
    title = comparison.plans[0].title
    rows = (
        ("changed_practices", f"Practices with other companions than in {title}", changed),
        ("changed_patients", f"Patients of these practices (other companions than in {title})", moved),
    )
    return [
        Figure(
            key,
            label,
            tuple(float(value) for value in raw),
            (NONE, *(count(value) for value in raw[1:])),
            ("",) * len(raw),
            (None,) * len(raw),
        )
        for key, label, raw in rows
    ]


def _scores(comparison: Comparison) -> Figure:
    """The score of each plan by the rule set it was made with."""
    raw = [one.option.option.objective for one in comparison.plans]
    same = comparison.same_rules and comparison.same_people and comparison.same_minutes
    own = "" if comparison.same_rules else ", by its own rule set"
    found = _figure(
        "score", f"Score, minutes per patient{own}", raw, lambda value: f"{value:.3f}", _signed_score if same else None
    )
    if comparison.same_rules:
        return found
    named = (f"{text} ({one.run.rules.name})" for text, one in zip(found.shown, comparison.plans, strict=True))
    return replace(found, shown=tuple(named))


def figures_table(comparison: Comparison, figures: Sequence[Figure]) -> pd.DataFrame:
    """The figures as `figures.csv` holds them: one row a figure and plan, numbers and what the page prints."""
    rows = [
        (figure.key, figure.label, one.title, value, shown, difference)
        for figure in figures
        for one, value, shown, difference in zip(
            comparison.plans, figure.values, figure.shown, figure.differences, strict=True
        )
    ]
    table = pd.DataFrame(rows, columns=["figure", "label", "plan", "value", "shown", "difference_to_first"])
    return table.round({"value": 6})
