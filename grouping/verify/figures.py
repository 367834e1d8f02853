"""Whether the figures written about a plan are what the inputs give."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from geodata.place import Place
from grouping.plan import Before, Plan
from grouping.verify.ledger import Ledger
from grouping.verify.tables import (
    Facts,
    before_headline,
    group_headline,
    journey_headline,
    means_by_area,
    score_of,
)

MINUTES_TOLERANCE = 0.002
"""Minutes are written with three decimals; a written figure may differ by its rounding."""

SHARE_TOLERANCE = 1e-5
OBJECTIVE_TOLERANCE = 1e-5
HEADLINE_TOLERANCE = 1e-6


@dataclass(frozen=True)
class Claims:
    """What was written about a plan and is now to be checked."""

    plan: Plan
    groups: pd.DataFrame
    areas: pd.DataFrame
    objective: float | None = None
    shortfall: int | None = None
    exceptions: int | None = None
    headline: Mapping[str, object] | None = None
    before: Before | None = None


def check_partition(ledger: Ledger, plan: Plan, place: Place, partial: bool) -> None:
    """Every practice of the case in exactly one group, or left out of a partial plan."""
    codes = [code for group in plan.groups for code in group.members]
    twice = sorted({code for code in codes if codes.count(code) > 1})
    unknown = sorted(set(codes) - set(place.practices.index))
    missing = sorted(set(place.practices.index) - set(codes))
    wrong = []
    if twice:
        wrong.append(f"in more than one group: {', '.join(twice)}")
    if unknown:
        wrong.append(f"not in the inputs: {', '.join(unknown)}")
    if missing and not partial:
        wrong.append(f"in no group: {', '.join(missing)}")
    done = f"{len(codes)} practices in {len(plan.groups)} groups"
    if missing and partial:
        done += f"; {len(missing)} left out of the plan and of every total"
    ledger.note("figure", "every practice is in exactly one group", wrong, done)


def _same(written: object, derived: object, tolerance: float) -> bool:
    if isinstance(derived, str):
        return str(written) == derived
    left = math.nan if written is None or pd.isna(written) else float(written)
    right = float(derived)
    if math.isnan(left) or math.isnan(right):
        return math.isnan(left) and math.isnan(right)
    return abs(left - right) <= tolerance


def check_group_figures(ledger: Ledger, written: pd.DataFrame, derived: pd.DataFrame) -> None:
    """The columns of `groups.csv`."""
    table = written.set_index("group_id")
    absent = sorted(set(derived.index) ^ set(table.index))
    ledger.note(
        "figure",
        "the group table names every group",
        [f"differs for {', '.join(absent)}"] if absent else [],
        f"{len(derived)} groups",
    )
    both = derived.index.intersection(table.index)
    for columns, tolerance, claim in (
        (("practices", "sites", "list_size"), 0.0, "practices, sites and list sizes of each group"),
        (("rural_share",), SHARE_TOLERANCE, "rural share of each group"),
        (("kind", "minimum", "margin"), 0.0, "which minimum applies and by what margin"),
        (("hub_site_code",), 0.0, "hub of each group"),
        (
            ("mean_minutes_to_hub", "max_practice_minutes"),
            MINUTES_TOLERANCE,
            "minutes to the hub of each group",
        ),
    ):
        wrong = [
            f"{group_id} {column}: written {table.at[group_id, column]}, inputs give {derived.at[group_id, column]}"
            for group_id in both
            for column in columns
            if not _same(table.at[group_id, column], derived.at[group_id, column], tolerance)
        ]
        ledger.note("figure", claim, wrong, f"{len(both)} groups agree")


def check_exceptions_named(ledger: Ledger, written: pd.DataFrame, derived: pd.DataFrame) -> None:
    """A group below its minimum says by how much (and, if that was granted, why), the others say nothing."""
    told = written.set_index("group_id")["exception"].astype(object).fillna("").astype(str)
    wrong, named, granted = [], 0, 0
    for group_id, row in derived.iterrows():
        text, short = told.get(group_id, ""), max(-int(row["margin"]), 0)
        reason = None if pd.isna(row["granted"]) else row["granted"]  # beside a reason, pandas holds None as NaN
        named += short > 0 and reason is None
        granted += short > 0 and reason is not None
        if bool(text) != (short > 0) or (short and f"{short:,} short" not in text):
            wrong.append(f"{group_id}: {short:,} patients short, written {text or 'nothing'!r}")
        elif short and (reason is not None) != text.lstrip("'").startswith("Granted exception"):
            wrong.append(f"{group_id}: {'granted' if reason else 'nobody granted it'}, written {text!r}")
        elif short and reason and reason not in text:
            wrong.append(f"{group_id}: granted because {reason!r}, written {text!r}")
    done = f"{named} exceptions" + (f", {granted} granted ones" if granted else "")
    ledger.note("figure", "exceptions are named with their shortfall", wrong, done)


def check_area_figures(ledger: Ledger, written: pd.DataFrame, journeys: pd.DataFrame) -> None:
    """The columns of `areas.csv`."""
    table = written.set_index("area_code")
    patients = journeys.groupby("area_code")["patients"].sum()
    wrong = []
    if set(patients.index) != set(table.index):
        wrong.append(f"{len(set(patients.index) ^ set(table.index))} areas differ")
    both = patients.index.intersection(table.index)
    off = [code for code in both if abs(patients[code] - table.at[code, "patients"]) > 1e-4]
    if off:
        wrong.append(f"patients differ in {len(off)} areas, first {off[0]}")
    ledger.note("figure", "patients of each area", wrong, f"{len(both)} areas, {patients.sum():,.0f} patients")
    for column in ("minutes_routine", "minutes_hub", "minutes_hub_before"):
        means = means_by_area(journeys, column)
        off = [code for code in both if not _same(table.at[code, column], means[code], MINUTES_TOLERANCE)]
        ledger.note(
            "figure",
            f"{column} of each area",
            [f"differs in {len(off)} areas, first {off[0]}"] if off else [],
            f"{len(both)} areas agree",
        )


def check_totals(ledger: Ledger, claims: Claims, facts: Facts) -> None:
    """Shortfall, exceptions and score of the plan."""
    short = facts.groups[facts.groups["shortfall"] > 0]
    if claims.shortfall is not None:
        total = int(short["shortfall"].sum())
        ledger.note(
            "figure",
            "total shortfall",
            [f"claimed {claims.shortfall}, inputs give {total}"] if total != claims.shortfall else [],
            f"{total:,} patients",
        )
    if claims.exceptions is not None:
        ledger.note(
            "figure",
            "number of exceptions",
            [f"claimed {claims.exceptions}, inputs give {len(short)}"] if len(short) != claims.exceptions else [],
            f"{len(short)} groups",
        )
    if claims.objective is not None:
        score = score_of(facts)
        agrees = score == claims.objective or _same(claims.objective, score, OBJECTIVE_TOLERANCE)
        ledger.note(
            "figure",
            "score",
            [] if agrees else [f"claimed {claims.objective:.6f}, inputs give {score:.6f}"],
            f"{score:.4f} minutes per patient",
        )


def check_headline(
    ledger: Ledger, written: Mapping[str, object], derived: pd.DataFrame, journeys: pd.DataFrame, *, with_before: bool
) -> None:
    """The figures of the whole plan, as `run.json` and the page show them."""
    figures = group_headline(derived) | journey_headline(journeys)
    if with_before:
        figures |= before_headline(journeys)
    wrong = [
        f"{key}: written {written.get(key)}, inputs give {value}"
        for key, value in figures.items()
        if not _same(written.get(key), value, _headline_tolerance(key, value))
    ]
    wrong += [f"{key} is not derived from the inputs" for key in sorted(set(written) - set(figures))]
    ledger.note("figure", "figures of the whole plan", wrong, f"{len(figures)} figures agree")


def _headline_tolerance(key: str, value: float) -> float:
    """The longest minutes come from the group table, which is rounded; the rest is written in full."""
    return MINUTES_TOLERANCE if key == "longest_practice_minutes" else HEADLINE_TOLERANCE * max(1.0, abs(value))
