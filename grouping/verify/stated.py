"""What a run says of its proof, read with care: `proof.json`, and the certificate in `run.json`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from grouping.verify.programme import Prices, Row

COUNT_STEP, PATIENT_STEP = 1_000_000, 1_000
STEPS = {"exceptions": COUNT_STEP, "groups": COUNT_STEP} | dict.fromkeys(
    ("score", "minutes", "worst_practice", "longest_practice"), 1
)
"""By what a criterion is multiplied so that prices, whole numbers too, can be exact enough; others: `PATIENT_STEP`."""

ROUNDED = frozenset({"score", "minutes", "worst_practice", "longest_practice"})
"""Criteria that are rounded to whole units group by group: sums may differ by a unit a practice."""

LARGEST_PRICE = 2**50
"""Larger prices than this mean nothing, and their sums would not fit."""

WORDS = {
    "shortfall": "patients missing to the minimums",
    "exceptions": "exceptions",
    "groups": "groups",
    "score": "minutes per patient",
    "minutes": "patient-minutes",
    "worst_practice": "patient-minutes of the worst practices",
    "longest_practice": "minutes for the practice farthest from its hub",
    "outside_preferred": "patients outside the preferred sizes",
    "split_locality": "patients outside the main locality of their group",
    "change_of_group": "patients who change groups",
    "mixed_systems": "patients on another clinical system than most of their group",
    "size_balance": "patients off the size aimed at",
    "hub_cost": "pounds a year for hubs",
    "fragile": "patients of groups too small without their largest (or largest vulnerable) practice",
}


def searched(solver: Mapping[str, Any]) -> bool:
    """Whether the run says that it searched the groups without listing them."""
    certificate = solver.get("certificate")
    return isinstance(certificate, Mapping) and bool(certificate.get("searched"))


def stages_of(proof: Mapping[str, Any] | None) -> list[Mapping[str, Any]]:
    """The stages of a proof, as far as they can be read."""
    stages = proof.get("stages") if isinstance(proof, Mapping) else None
    return [stage for stage in stages if isinstance(stage, Mapping)] if isinstance(stages, list) else []


def read_prices(stage: Mapping[str, Any], rows: Sequence[Row], codes: Sequence[str]) -> tuple[Prices, list[str]]:
    """The prices of a stage for these rows, and what is wrong with them: foreign rows, other limits, wrong signs.

    Parameters
    ----------
    stage
        One stage of the proof.
    rows
        The limits on a plan as a whole, and what earlier stages hold.
    codes
        P practice codes.

    Raises
    ------
    KeyError, TypeError, ValueError, OverflowError
        Something is missing or is no number.
    """
    wrong = []
    at = {code: number for number, code in enumerate(codes)}
    written = stage["prices"]
    if set(written) != set(codes):
        wrong.append(f"{len(set(written) ^ set(codes))} practices have no price or should have none")
    practices = np.array([int(written.get(code, 0)) for code in codes], np.int64)
    known = {row.name: row for row in rows}
    on_rows = dict.fromkeys(known, 0)
    for row in stage.get("rows", ()):
        name, limit, price = str(row["name"]), int(row["limit"]), int(row["price"])
        if name not in known:
            wrong += [f"there is no limit {name!r}"] if price else []
        elif price and abs(limit - known[name].limit) > (len(codes) if name[5:] in ROUNDED else 0):
            wrong.append(f"the limit {name} is {known[name].limit:,}, not {limit:,}")
        if price > 0:
            wrong.append(f"the price of {name} is above 0")
        on_rows[name] = price
    cuts = []
    for cut in stage.get("cuts", ()):
        three, price = tuple(at[code] for code in cut["practices"]), int(cut["price"])
        if len(set(three)) != 3 or price > 0:
            wrong.append(f"{cut} is no cut that holds for every plan")
        cuts.append((three, price))
    if np.abs(practices).max(initial=0) > LARGEST_PRICE or any(
        abs(price) > LARGEST_PRICE for price in [*on_rows.values(), *(price for _, price in cuts)]
    ):
        wrong.append("a price is beyond all costs")
    return Prices(practices, tuple(on_rows[row.name] for row in rows), tuple(cuts)), wrong


def step_of(name: str) -> int:
    """By what a criterion is multiplied in the proof."""
    return STEPS.get(name, PATIENT_STEP)


def in_units(number: object, step: int) -> int | None:
    """A number of the proof in units of its criterion; None if it is none."""
    return number // step if isinstance(number, int) and number % step == 0 else None
